//! A forgotten password and a new number, in a real browser, with and without JavaScript.

use acceptance::browser::{Browser, Scripts};
use acceptance::journey::{newcomer, resident, sign_in};
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
