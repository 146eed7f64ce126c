//! A sub-site wants more than a password carries, and the person has nothing stronger yet: they make a passkey on the way
//! and come back to the sub-site with the level that it asked for. In a real browser with an authenticator of its own
//! (WebDriver's virtual authenticator); and without JavaScript, where there are no passkeys, what is said and the way back.

use acceptance::browser::{Browser, Scripts};
use acceptance::journey::{prove_phone, resident};
use acceptance::people::Person;
use acceptance::world::{Kind, Setup, World};
use serde_json::Value;

use super::browser::{allow, become_person};
use super::closing::look;
use super::factors::{confirms, give_authenticator};

/// Somebody whom a certificate has proven, at a browser, signed in with no more than a code by SMS.
async fn well_proven(world: &World, language: &str, scripts: Scripts) -> (Browser, Person) {
    let (mut visitor, person) = resident(world).await;
    visitor.open("/verify/certificate").await;
    prove_phone(&mut visitor, world, &person).await;
    visitor.sees("verify-certificate");
    let text = visitor.page.text_of("[data-challenge]");
    let (certificate, signature) = world.outside.sign(&person, &text).await;
    visitor
        .fill("certificate", &certificate)
        .fill("signature", &signature)
        .press("")
        .await;
    visitor.sees("account-level");
    let browser = Browser::open(language, scripts).await;
    browser.go(&world.at("/sign-in")).await;
    become_person(&browser, &visitor).await;
    (browser, person)
}

/// Begins at the sub-site with a demand for level 3.
async fn demands(browser: &Browser, site: &str, language: &str, scripts: Scripts) {
    browser.go(&format!("{site}/start?acr=3&essential=1")).await;
    browser.sees("sign-in-more").await;
    look(browser, scripts).await;
    assert_eq!(browser.attribute("html", "lang").await, language);
    assert!(
        browser.text("main button[value=passkey]").await.is_none(),
        "there is none to ask for"
    );
}

/// What the sub-site read in the token.
async fn claims(browser: &Browser, site: &str) -> Value {
    browser.go(&format!("{site}/developer")).await;
    let claims = browser.words("#id-token-claims").await;
    serde_json::from_str(&claims).expect("claims")
}

async fn makes_a_passkey_on_the_way(kind: Kind, language: &str) {
    let world = Setup::new(kind).start().await;
    let (browser, person) = well_proven(&world, language, Scripts::On).await;
    give_authenticator(&browser).await;
    let hefei = world.sites()[0].clone();
    demands(&browser, &hefei, language, Scripts::On).await;
    for width in [360, 768, 1366] {
        browser.resize(width, 800).await;
        browser.does_not_scroll_sideways().await;
    }
    browser.screenshot(&format!("{language}-stronger-1")).await;

    // Where one is made, and back.
    browser
        .click_through("main a[href^='/account/security/passkeys']")
        .await;
    browser.sees("account-passkeys").await;
    look(&browser, Scripts::On).await;
    browser
        .click_through("main a[href^='/account/security/passkeys/new']")
        .await;
    confirms(&browser, &person).await;
    browser.sees("account-passkey-new").await;
    look(&browser, Scripts::On).await;
    browser.click("main form .buttons button").await;
    browser.find("main [data-onward]").await;
    browser.sees("account-passkeys").await;
    look(&browser, Scripts::On).await;
    browser.screenshot(&format!("{language}-stronger-2")).await;
    browser.click_through("main [data-onward]").await;

    // Just the passkey is asked for, and the request of the sub-site goes on.
    browser.sees("sign-in-more").await;
    look(&browser, Scripts::On).await;
    browser.click_through("main button[value=passkey]").await;
    browser.sees("sign-in-more").await;
    look(&browser, Scripts::On).await;
    browser.click("main button[value=passkey]").await;
    allow(&browser).await;
    browser.sees("home").await;
    assert!(browser.place().await.starts_with(&hefei));
    assert_eq!(browser.attribute("#level", "data-level").await, "3");
    let claims = claims(&browser, &hefei).await;
    assert_eq!(claims["acr"], "urn:denizen:loa:3");
    let methods = claims["amr"].to_string();
    for method in ["sms", "hwk", "mfa"] {
        assert!(methods.contains(&format!("\"{method}\"")), "{method}: {methods}");
    }

    // The next sub-site finds the sign-in as strong as it is.
    let yichang = world.sites()[1].clone();
    browser.go(&format!("{yichang}/start?acr=3&essential=1")).await;
    allow(&browser).await;
    browser.sees("home").await;
    assert_eq!(browser.attribute("#level", "data-level").await, "3");
}

#[tokio::test]
async fn a_passkey_is_made_on_the_way_to_a_sub_site_that_wants_more_on_sqlite() {
    makes_a_passkey_on_the_way(Kind::Sqlite, "zh-CN").await;
}

#[tokio::test]
async fn a_passkey_is_made_on_the_way_to_a_sub_site_that_wants_more_on_postgresql() {
    if let Some(kind) = Kind::postgres_if_at_hand() {
        makes_a_passkey_on_the_way(kind, "vi").await;
    }
}

#[tokio::test]
async fn without_javascript_not_now_leads_back_to_the_sub_site() {
    let world = World::any().await;
    let (browser, _) = well_proven(&world, "en", Scripts::Off).await;
    let hefei = world.sites()[0].clone();
    demands(&browser, &hefei, "en", Scripts::Off).await;
    browser.click_through("main button[name=decline]").await;
    browser.sees("level-needed").await;
    assert!(browser.place().await.starts_with(&hefei));
    assert_eq!(
        browser.words("#error-code").await,
        "unmet_authentication_requirements"
    );
}
