//! A phone number was changed, and its owner takes that back by the link in the message to the old phone, in another
//! browser that is not signed in: everybody is out, the old number signs in, and the new one does not. With and without
//! JavaScript.

use acceptance::browser::{Browser, Scripts};
use acceptance::journey::{newcomer, sign_in};
use acceptance::people::Person;
use acceptance::visitor::Visitor;
use acceptance::wait;
use acceptance::world::World;

use super::browser::{become_person, submit};
use super::closing::look;
use super::factors::confirms;

/// Gives the account another phone, which takes a code from both; how many messages the old one had before.
async fn change(
    browser: &Browser,
    world: &World,
    (person, new): (&Person, &Person),
    scripts: Scripts,
) -> usize {
    browser.go(&world.at("/account/contact")).await;
    browser.sees("account-contact").await;
    look(browser, scripts).await;
    browser
        .click_through("main a[href='/account/contact/phone']")
        .await;
    confirms(browser, person).await;
    browser.sees("contact-phone").await;
    look(browser, scripts).await;
    let before = world.outside.message_count(&person.phone).await;
    browser.fill("phone", &new.phone).await;
    submit(browser).await;
    browser.sees("contact-phone-code").await;
    look(browser, scripts).await;
    let own = world.outside.code(&person.phone, before + 1).await;
    let other = world.outside.code(&new.phone, 1).await;
    browser.fill("new_code", &other).await;
    browser.fill("old_code", &own).await;
    let before = world.outside.message_count(&person.phone).await;
    submit(browser).await;
    browser.sees("account-contact").await;
    assert!(
        browser.text("main .notice.success").await.is_some(),
        "it is changed"
    );
    before
}

/// The link in a message to a phone, after so many others.
async fn link(world: &World, person: &Person, after: usize) -> String {
    let text = wait::until("a link", std::time::Duration::from_secs(20), || async {
        let mut all = world.outside.messages(&person.phone).await;
        all.truncate(all.len().saturating_sub(after));
        let texts = all.iter().filter_map(|message| message["text"].as_str());
        texts
            .into_iter()
            .find(|text| text.contains("/link/"))
            .map(str::to_owned)
    })
    .await;
    let start = text.find("http").expect("an address");
    let link = text[start..].split_whitespace().next().expect("an address");
    link.to_owned()
}

async fn is_taken_back(world: &World, language: &str, scripts: Scripts) {
    let (visitor, person) = newcomer(world).await;
    let new = Person::new();
    let browser = Browser::open(language, scripts).await;
    browser.go(&world.at("/sign-in")).await;
    become_person(&browser, &visitor).await;
    let had = change(&browser, world, (&person, &new), scripts).await;
    let mut before = Visitor::new(world);
    sign_in(&mut before, &person.phone, &person.password).await;
    before.sees("sign-in");

    let link = link(world, &person, had).await;
    let mut scanner = Visitor::new(world);
    scanner.open(&link).await;
    scanner.sees("link");
    let other = Browser::open(language, scripts).await;
    other.go(&link).await;
    other.sees("link").await;
    look(&other, scripts).await;
    if scripts == Scripts::On {
        for width in [360, 768, 1366] {
            other.resize(width, 800).await;
            other.does_not_scroll_sideways().await;
        }
    }
    other.screenshot(&format!("{language}-undo")).await;
    submit(&other).await;
    other.sees("link-done").await;
    look(&other, scripts).await;
    other.go(&link).await;
    other.sees("link-over").await;
    look(&other, scripts).await;

    // Whoever changed it is out, and comes in with neither the new number nor the old sign-in.
    browser.go(&world.at("/account")).await;
    browser.sees("sign-in").await;
    let mut thief = Visitor::new(world);
    sign_in(&mut thief, &new.phone, &person.password).await;
    thief.sees("sign-in");
    browser.fill("identifier", &person.phone).await;
    browser.fill("password", &person.password).await;
    submit(&browser).await;
    browser.sees("account").await;
    browser.go(&world.at("/account/security/history")).await;
    browser.sees("account-security-history").await;
    look(&browser, scripts).await;
    browser.find("[data-history] li[data-what=change-undone]").await;
}

#[tokio::test]
async fn attack_235_a_changed_phone_is_taken_back_by_the_link_in_another_browser() {
    for (world, language) in World::shared().await.into_iter().zip(["en", "zh-CN"]) {
        is_taken_back(&world, language, Scripts::On).await;
    }
}

#[tokio::test]
async fn attack_235_without_javascript_a_changed_phone_is_taken_back_as_well() {
    is_taken_back(&*World::any().await, "vi", Scripts::Off).await;
}
