//! A forgotten password and a new number, in a real browser, with and without JavaScript.

use acceptance::browser::{Browser, Scripts};
use acceptance::journey::{level, newcomer, resident, sign_in};
use acceptance::people::Person;
use acceptance::visitor::Visitor;
use acceptance::world::World;

use super::browser::{become_person, submit};

const NEW: &str = "wqzplm83";

/// From the sign-in page to the code in the message.
async fn prove_phone(browser: &Browser, world: &World, person: &Person) {
    browser.go(&world.at("/sign-in")).await;
    browser.click_through("main a[href^='/recover']").await;
    browser.sees("recover").await;
    browser.keeps_the_rules().await;
    browser.fill("phone", &person.phone).await;
    let id = browser.attribute("main input[name=captcha_id]", "value").await;
    browser.fill("captcha", &world.outside.captcha(&id).await).await;
    let before = world.outside.message_count(&person.phone).await;
    submit(browser).await;
    browser.sees("recover-code").await;
    browser.keeps_the_rules().await;
    let code = world.outside.code(&person.phone, before + 1).await;
    browser.fill("sms_code", &code).await;
    submit(browser).await;
}

async fn choose(browser: &Browser) {
    browser.sees("recover-password").await;
    browser.keeps_the_rules().await;
    browser.fill("password", NEW).await;
    browser.fill("password_again", NEW).await;
    submit(browser).await;
}

/// The account is of today and has nothing but its phone; an older one waits (`account::recovery::tests::recycled`).
async fn forgotten(language: &str, scripts: Scripts) {
    let world = World::any().await;
    let (_, person) = newcomer(&world).await;
    let browser = Browser::open(language, scripts).await;
    browser.resize(360, 740).await;
    prove_phone(&browser, &world, &person).await;
    choose(&browser).await;
    browser.sees("recover-done").await;
    browser.keeps_the_rules().await;
    browser.screenshot(&format!("{language}-recover-done")).await;
    let mut visitor = Visitor::new(&world);
    sign_in(&mut visitor, &person.phone, NEW).await;
    visitor.open("/account").await;
    visitor.sees("account");
}

#[tokio::test]
async fn source_hb_34_a_forgotten_password_is_replaced_without_javascript() {
    forgotten("zh-CN", Scripts::Off).await;
}

#[tokio::test]
async fn source_hb_34_a_forgotten_password_is_replaced_in_vietnamese() {
    forgotten("vi", Scripts::On).await;
}

#[tokio::test]
async fn attack_237_a_real_name_account_asks_for_more_than_its_phone() {
    let world = World::any().await;
    let (_, person) = resident(&world).await;
    let browser = Browser::open("en", Scripts::On).await;
    prove_phone(&browser, &world, &person).await;
    browser.sees("recover-proof").await;
    browser.keeps_the_rules().await;
    assert!(!browser.words("main").await.contains(&person.name));
    browser.fill("name", &person.name).await;
    browser.fill("citizen_id", &person.citizen_id).await;
    browser
        .click_through("main button[name=way][value=identity]")
        .await;
    choose(&browser).await;
    browser.sees("recover-done").await;
}

/// Says that a sign-in was somebody else's, and has the account locked.
async fn lock(visitor: &mut Visitor, person: &Person) {
    visitor.open("/account/security/history").await;
    let links = visitor.page.all("a").into_iter();
    let mut pages = links.filter_map(|link| link.attribute("href"));
    let not_me = pages.find(|page| page.contains("/account/security/not-me"));
    visitor
        .open(&not_me.expect("a sign-in that was not theirs"))
        .await;
    visitor.sees("account-not-me");
    visitor.press("hold").await;
    if visitor.page.name() == "account-confirm" {
        visitor.fill("password", &person.password).press("").await;
        visitor.sees("account-not-me");
        visitor.press("hold").await;
    }
    visitor.sees("account-held");
}

async fn face_opens_a_locked_account(language: &str, scripts: Scripts) {
    let world = World::any().await;
    let (mut visitor, person) = resident(&world).await;
    let before = level(&mut visitor).await;
    let mut stranger = Visitor::new(&world);
    sign_in(&mut stranger, &person.phone, &person.password).await;
    lock(&mut visitor, &person).await;
    stranger.open("/account").await;
    stranger.sees("sign-in");
    let browser = Browser::open(language, scripts).await;
    browser.resize(360, 740).await;
    prove_phone(&browser, &world, &person).await;
    browser.sees("recover-proof").await;
    browser.keeps_the_rules().await;
    browser.click_through("main button[name=way][value=person]").await;
    browser.sees("recover-face").await;
    browser.keeps_the_rules().await;
    browser.does_not_scroll_sideways().await;
    browser.screenshot(&format!("{language}-recover-face")).await;
    // Whoever gives up there finds every way as it was.
    for answer in ["cancels", "passes"] {
        browser.fill("name", &person.name).await;
        browser.fill("citizen_id", &person.citizen_id).await;
        browser.click("main input[name=agree]").await;
        submit(&browser).await;
        browser.sees("vendor-face").await;
        browser.click_through(&format!("button[value={answer}]")).await;
        if answer == "cancels" {
            browser.sees("recover-face").await;
            browser.keeps_the_rules().await;
            assert!(!browser.place().await.contains("certify_id"));
        }
    }
    choose(&browser).await;
    browser.sees("recover-done").await;
    let mut owner = Visitor::new(&world);
    sign_in(&mut owner, &person.phone, NEW).await;
    assert_eq!(level(&mut owner).await, before, "a recovery raises nothing");
}

#[tokio::test]
async fn attack_235_a_locked_account_opens_to_its_owners_face() {
    face_opens_a_locked_account("zh-CN", Scripts::On).await;
}

#[tokio::test]
async fn attack_235_a_locked_account_opens_to_its_owners_face_without_javascript() {
    face_opens_a_locked_account("vi", Scripts::Off).await;
}

#[tokio::test]
async fn the_page_of_phone_address_and_user_name_changes_them() {
    let world = World::any().await;
    let (visitor, _) = newcomer(&world).await;
    let browser = Browser::open("en", Scripts::Off).await;
    browser.go(&world.at("/sign-in")).await;
    become_person(&browser, &visitor).await;
    browser.go(&world.at("/account/contact")).await;
    browser.sees("account-contact").await;
    browser.keeps_the_rules().await;
    browser
        .click_through("main a[href='/account/contact/username']")
        .await;
    browser.sees("contact-username").await;
    browser.keeps_the_rules().await;
    let name = format!("wei.{}x", Person::new().phone.trim_start_matches('+'));
    browser.fill("username", &name).await;
    submit(&browser).await;
    browser.sees("account-contact").await;
    browser.keeps_the_rules().await;
    assert!(browser.words("main").await.contains(&name));
}
