//! Registering by name, e-mail and phone (VN-16 to VN-18) in a real browser, with and without JavaScript: the link of the
//! mail is opened in another browser, where a button activates the account; then it is used. And the list of what a
//! resident was told.

use acceptance::browser::{Browser, Scripts};
use acceptance::people::Person;
use acceptance::visitor::Visitor;
use acceptance::world::World;
use chrono::TimeDelta;

use super::browser::{become_person, submit};

/// The link in a mail.
fn link_in(text: &str) -> String {
    let start = text.find("/link/").expect("a link");
    let end = text[start..]
        .find(char::is_whitespace)
        .map_or(text.len(), |end| start + end);
    text[start..end].to_owned()
}

async fn look(browser: &Browser) {
    browser.keeps_the_rules().await;
    browser.does_not_scroll_sideways().await;
}

/// Somebody with a mailbox of their own.
fn person() -> (Person, String) {
    let person = Person::new();
    let mailbox = format!("an.{}@example.vn", person.phone);
    (person, mailbox)
}

async fn journey(world: &World, language: &str, scripts: Scripts) {
    let (person, mailbox) = person();
    let browser = Browser::open(language, scripts).await;
    browser.go(&world.at("/register")).await;
    browser.sees("register").await;
    browser.click_through("main a[href^='/register/email']").await;
    browser.sees("register-email").await;
    look(&browser).await;
    browser.fill("name", "Nguyễn Văn An").await;
    browser.fill("email", &mailbox).await;
    browser.fill("phone", &person.phone).await;
    let id = browser.attribute("main input[name=captcha_id]", "value").await;
    browser.fill("captcha", &world.outside.captcha(&id).await).await;
    submit(&browser).await;
    browser.sees("register-confirm").await;
    let code = world.outside.code(&person.phone, 1).await;
    browser.fill("sms_code", &code).await;
    browser.fill("password", &person.password).await;
    browser.fill("password_again", &person.password).await;
    browser.click("main input[name=agree]").await;
    submit(&browser).await;
    browser.sees("register-activation").await;
    look(&browser).await;

    let link = link_in(&world.outside.mail(&mailbox, 1).await);
    // What looks at mail follows links, too.
    let mut scanner = Visitor::new(world);
    scanner.open(&link).await;
    scanner.sees("link");
    let other = Browser::open(language, scripts).await;
    other.go(&world.at(&link)).await;
    other.sees("link").await;
    look(&other).await;
    submit(&other).await;
    other.sees("link-done").await;
    look(&other).await;
    other.go(&world.at(&link)).await;
    other.sees("link-over").await;
    look(&other).await;

    browser.go(&world.at("/sign-in")).await;
    browser.fill("identifier", &mailbox).await;
    browser.fill("password", &person.password).await;
    submit(&browser).await;
    browser.sees("account").await;
    browser.go(&world.at("/account/notices")).await;
    browser.sees("account-notices").await;
    look(&browser).await;
    assert_eq!(
        browser.attribute("[data-notice=activated]", "data-notice").await,
        "activated"
    );
    browser.go(&world.at("/account/notices/preferences")).await;
    browser.sees("account-notices-preferences").await;
    look(&browser).await;
    browser.click("main input[name=level-email]").await;
    submit(&browser).await;
    browser.sees("account-notices-preferences").await;
    assert!(browser.text("main .notice.success").await.is_some());
}

#[tokio::test]
async fn source_vn_17_an_account_is_activated_from_a_mail_in_another_browser() {
    for world in World::shared().await {
        journey(&world, "vi", Scripts::On).await;
    }
}

#[tokio::test]
async fn source_vn_17_without_javascript_it_is_the_same() {
    let world = World::any().await;
    journey(&world, "en", Scripts::Off).await;
}

#[tokio::test]
async fn the_link_of_another_browser_shows_nothing_of_whoever_is_signed_in_there() {
    let world = World::any().await;
    let (visitor, _) = acceptance::journey::newcomer(&world).await;
    let browser = Browser::open("en", Scripts::On).await;
    browser.go(&world.at("/sign-in")).await;
    become_person(&browser, &visitor).await;
    browser.go(&world.at("/link/AAAAAAAAAAAAAAAAAAAAAA")).await;
    browser.sees("link-over").await;
    look(&browser).await;
    browser.go(&world.at("/account")).await;
    browser.sees("account").await;
}

#[tokio::test]
async fn a_mail_server_that_is_away_for_a_while_costs_a_while() {
    for kind in acceptance::world::Kind::all() {
        let world = acceptance::world::Setup::new(kind).with_own_clock().start().await;
        let (person, mailbox) = person();
        world.outside.fault("smtp", "down").await;
        let mut visitor = Visitor::new(&world);
        visitor.open("/register/email").await;
        let captcha = acceptance::journey::read_captcha(&visitor, &world).await;
        visitor
            .fill("name", "Nguyễn Văn An")
            .fill("email", &mailbox)
            .fill("phone", &person.phone)
            .fill("captcha", &captcha)
            .press("")
            .await;
        acceptance::journey::confirm(&mut visitor, &world, &person).await;
        visitor.sees("register-activation");
        world.outside.fault("smtp", "none").await;
        for _ in 0..3 {
            world.advance(TimeDelta::seconds(65));
        }
        let link = link_in(&world.outside.mail(&mailbox, 1).await);
        visitor.open(&link).await;
        visitor.sees("link");
        visitor.press("").await;
        visitor.sees("link-done");
    }
}
