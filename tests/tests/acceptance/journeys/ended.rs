//! Two operators end an account; its owner, who has nothing but the phone, objects at `/appeal`, a third operator grants it,
//! and the owner signs in again, at the sub-site, too. In real browsers, with and without JavaScript.

use acceptance::browser::{Browser, Scripts};
use acceptance::people::Person;
use acceptance::world::{Kind, Setup, World};

use super::browser::submit;
use super::closing::{
    arrive, at_a_browser, find, grants, is_back, is_out, look, message, press_awake, senior, sign_in_here,
    standing, told,
};

/// The first operator proposes it: nothing happens yet.
async fn proposes(desk: &Browser, person: &Person) -> String {
    let page = find(desk, person).await;
    desk.click_through("main form[action$='/terminate'] .buttons button")
        .await;
    assert_eq!(standing(desk).await, "active", "a reason is missing");
    assert!(desk.text(".summary").await.is_some(), "it says so");
    desk.click("main input[name=terminate_reason]").await;
    desk.fill("terminate_note", "Sold, as the buyer says").await;
    desk.click_through("main form[action$='/terminate'] .buttons button")
        .await;
    assert_eq!(standing(desk).await, "active", "one is not enough");
    assert!(
        desk.text("main form[action$='/agree']").await.is_none(),
        "nobody agrees with themselves"
    );
    page
}

/// The second one agrees.
async fn agrees(desk: &Browser, page: &str) {
    desk.go(page).await;
    assert_eq!(standing(desk).await, "active");
    assert!(desk.words("main").await.contains("Sold, as the buyer says"));
    press_awake(desk, "main form[action$='/agree'] .buttons button").await;
    assert_eq!(standing(desk).await, "terminated");
}

/// The owner objects with the phone alone.
async fn objects(browser: &Browser, world: &World, person: &Person, (language, scripts): (&str, Scripts)) {
    browser.go(&world.at("/appeal")).await;
    browser.sees("appeal").await;
    look(browser, scripts).await;
    assert_eq!(browser.attribute("html", "lang").await, language);
    browser.fill("phone", &person.phone).await;
    let id = browser.attribute("main input[name=captcha_id]", "value").await;
    browser.fill("captcha", &world.outside.captcha(&id).await).await;
    let before = world.outside.message_count(&person.phone).await;
    submit(browser).await;
    browser.sees("appeal-code").await;
    look(browser, scripts).await;
    let code = world.outside.code(&person.phone, before + 1).await;
    browser.fill("code", &code).await;
    submit(browser).await;
    browser.sees("appeal-write").await;
    look(browser, scripts).await;
    if scripts == Scripts::On {
        for width in [360, 768, 1366] {
            browser.resize(width, 800).await;
            browser.does_not_scroll_sideways().await;
        }
    }
    browser.screenshot(&format!("{language}-appeal-write")).await;
    browser.fill("text", "I sold nothing. It is mine.").await;
    submit(browser).await;
    browser.sees("appeal-done").await;
    look(browser, scripts).await;
    browser.go(&world.at("/account")).await;
    browser.sees("sign-in").await;
}

async fn is_ended_and_comes_back(kind: Kind, language: &str, scripts: Scripts) {
    let world = Setup::new(kind).start().await;
    let (browser, _, person) = at_a_browser(&world, language, scripts).await;
    let hefei = world.sites()[0].clone();
    browser.go(&hefei).await;
    browser.click_through("#sign-in").await;
    let subject = arrive(&browser, &hefei).await;

    let first = senior(&world, ("li.wen", "Li Wen")).await;
    let page = proposes(&first, &person).await;
    browser.go(&world.at("/account")).await;
    browser.sees("account").await;
    let second = senior(&world, ("wei.lan", "Wei Lan")).await;
    agrees(&second, &page).await;
    second.screenshot(&format!("{language}-terminated")).await;
    told(&world, ("hefei", &subject), "/account-disabled").await;
    is_out(&browser, &hefei).await;
    message(&world, &person, "/link/").await;
    browser.click_through("#sign-in").await;
    sign_in_here(&browser, &person).await;
    browser.sees("sign-in").await;

    objects(&browser, &world, &person, (language, scripts)).await;
    // Nobody who took part decides.
    for desk in [&first, &second] {
        desk.go(&page).await;
        assert_eq!(standing(desk).await, "terminated");
        assert!(desk.words("main blockquote").await.contains("I sold nothing"));
        assert!(desk.text("main form[action$='/appeal']").await.is_none());
    }
    let third = senior(&world, ("tran.hoa", "Tran Hoa")).await;
    third.click_through("main [data-appeal] a").await;
    assert_eq!(standing(&third).await, "terminated");
    grants(&third).await;
    is_back(&world, (&browser, &person), (&hefei, &subject)).await;
}

#[tokio::test]
async fn source_na_37_two_operators_end_an_account_and_an_objection_by_phone_brings_it_back_on_sqlite() {
    is_ended_and_comes_back(Kind::Sqlite, "zh-CN", Scripts::On).await;
}

#[tokio::test]
async fn source_na_37_two_operators_end_an_account_and_an_objection_by_phone_brings_it_back_on_postgresql() {
    if let Some(kind) = Kind::postgres_if_at_hand() {
        is_ended_and_comes_back(kind, "en", Scripts::Off).await;
    }
}
