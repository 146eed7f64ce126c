//! Signing in with a second factor, and the page of one's own security, in a real browser without JavaScript: a sign-in
//! that was somebody else's ends, an application is asked for after the password, and the history says so.

use acceptance::browser::{Browser, Scripts};
use acceptance::journey::{newcomer, sign_in};
use acceptance::people::Person;
use acceptance::visitor::Visitor;
use acceptance::world::{Kind, Setup, World};
use chrono::TimeDelta;

use super::browser::{become_person, submit};
use super::factors::{code, confirms, secret};

/// Says that the only other sign-in was somebody else's.
async fn disowns(browser: &Browser, world: &World) {
    browser.go(&world.at("/account/security")).await;
    browser.sees("account-security").await;
    browser.keeps_the_rules().await;
    browser
        .click_through("main a[href*='/account/security/not-me']")
        .await;
    browser.sees("account-not-me").await;
    browser.keeps_the_rules().await;
    submit(browser).await;
    browser.sees("account-not-me-done").await;
    browser.keeps_the_rules().await;
}

/// Sets an application up; its secret.
async fn enrols(browser: &Browser, world: &World, person: &Person) -> Vec<u8> {
    browser.go(&world.at("/account/security/authenticator/new")).await;
    confirms(browser, person).await;
    browser.sees("account-authenticator-new").await;
    let secret = secret(browser).await;
    browser.fill("code", &code(&secret, world.clock.now())).await;
    submit(browser).await;
    browser.sees("account-authenticator").await;
    secret
}

async fn journey(kind: Kind) {
    let world = Setup::new(kind).with_own_clock().start().await;
    let (visitor, person) = newcomer(&world).await;
    let mut stranger = Visitor::new(&world);
    sign_in(&mut stranger, &person.phone, &person.password).await;
    stranger.open("/account").await;
    stranger.sees("account");

    let browser = Browser::open("en", Scripts::Off).await;
    browser.go(&world.at("/sign-in")).await;
    become_person(&browser, &visitor).await;
    disowns(&browser, &world).await;
    stranger.open("/account").await;
    stranger.sees("sign-in");

    let secret = enrols(&browser, &world, &person).await;
    browser.click_through("form.leave button").await;
    browser.go(&world.at("/sign-in")).await;
    browser.sees("sign-in").await;
    browser.fill("identifier", &person.phone).await;
    browser.fill("password", &person.password).await;
    submit(&browser).await;
    browser.sees("sign-in-second").await;
    browser.keeps_the_rules().await;
    // The code that set the application up was used (A217).
    browser.fill("code", &code(&secret, world.clock.now())).await;
    submit(&browser).await;
    browser.sees("sign-in-second").await;
    assert!(browser.text(".summary").await.is_some(), "it says why");
    world.advance(TimeDelta::seconds(31));
    browser.fill("code", &code(&secret, world.clock.now())).await;
    submit(&browser).await;
    browser.sees("account").await;

    browser.go(&world.at("/account/security/history")).await;
    browser.sees("account-security-history").await;
    browser.keeps_the_rules().await;
    let newest = browser.attribute("[data-history] li", "data-what").await;
    assert_eq!(newest, "signed-in");
}

#[tokio::test]
async fn a_strange_sign_in_ends_and_the_next_one_needs_the_application() {
    for kind in Kind::all() {
        journey(kind).await;
    }
}
