//! The end of an account, in real browsers: somebody closes it, thinks again and keeps it, closes it for good, and is
//! somebody new afterwards; an operator suspends one, its owner objects by the link in the message, and another operator
//! brings it back. The sub-site is told each time, and what it holds is dead.

use std::time::Duration;

use acceptance::browser::{Browser, Scripts};
use acceptance::journey::{self, allow as allow_without_script, resident};
use acceptance::party::Party;
use acceptance::people::Person;
use acceptance::visitor::Visitor;
use acceptance::wait;
use acceptance::world::{Kind, Setup, World};
use chrono::TimeDelta;
use serde_json::Value;

use super::browser::{allow, become_person, submit};
use super::review::{enrol, invite_as};

/// How long a worker may take to tell a sub-site or to finish a closing.
const WORK_LIMIT: Duration = Duration::from_secs(40);

pub(super) async fn look(browser: &Browser, scripts: Scripts) {
    browser.keeps_the_rules().await;
    if scripts == Scripts::On {
        browser.does_not_scroll_sideways().await;
    }
}

/// Somebody with a real name at a browser.
pub(super) async fn at_a_browser(
    world: &World,
    language: &str,
    scripts: Scripts,
) -> (Browser, Visitor, Person) {
    let (visitor, person) = resident(world).await;
    let browser = Browser::open(language, scripts).await;
    browser.go(&world.at("/sign-in")).await;
    become_person(&browser, &visitor).await;
    (browser, visitor, person)
}

/// Signs in at the sub-site as far as the provider lets somebody who is signed in there; answers the name by which the
/// sub-site knows them.
pub(super) async fn arrive(browser: &Browser, site: &str) -> String {
    wait::until("the sub-site or its consent", WORK_LIMIT, || async {
        let page = browser.page().await;
        (page == "consent" || page == "home").then_some(())
    })
    .await;
    if browser.page().await == "consent" {
        allow(browser).await;
    }
    browser.sees("home").await;
    assert!(browser.place().await.starts_with(site));
    browser.words("#subject").await
}

pub(super) async fn sign_in_here(browser: &Browser, person: &Person) {
    browser.sees("sign-in").await;
    browser.fill("identifier", &person.phone).await;
    browser.fill("password", &person.password).await;
    submit(browser).await;
}

/// Grants the objection that is looked at.
pub(super) async fn grants(desk: &Browser) {
    desk.click("main input[name=outcome][value=granted]").await;
    desk.click_through("main form[action$='/appeal'] .buttons button")
        .await;
    assert_eq!(standing(desk).await, "active");
}

/// The owner and the site are told, and the account signs in there as before.
pub(super) async fn is_back(
    world: &World,
    (browser, person): (&Browser, &Person),
    (hefei, subject): (&str, &str),
) {
    message(world, person, "it was granted").await;
    told(world, ("hefei", subject), "/account-enabled").await;
    browser.go(hefei).await;
    browser.click_through("#sign-in").await;
    sign_in_here(browser, person).await;
    assert_eq!(arrive(browser, hefei).await, subject, "the same account");
}

/// Waits until a sub-site was told of an event about somebody, and answers what it made of it.
pub(super) async fn told(world: &World, (site, subject): (&str, &str), event: &str) -> Value {
    let what = format!("{site} to be told {event}");
    wait::until(&what, WORK_LIMIT, || async {
        let all = world.outside.journal("events").await;
        all.into_iter().find(|entry| {
            let (request, about) = (&entry["request"], &entry["request"]["about"]);
            let kinds = about["events"].as_array();
            request["site"] == site
                && about["sub"] == subject
                && kinds.is_some_and(|kinds| {
                    kinds
                        .iter()
                        .any(|kind| kind.as_str().is_some_and(|kind| kind.ends_with(event)))
                })
        })
    })
    .await
}

/// Waits for a message that says something.
pub(super) async fn message(world: &World, person: &Person, says: &str) -> String {
    let what = format!("a message that says {says:?}");
    wait::until(&what, WORK_LIMIT, || async {
        let all = world.outside.messages(&person.phone).await;
        let texts = all.iter().filter_map(|message| message["text"].as_str());
        texts
            .into_iter()
            .find(|text| text.contains(says))
            .map(str::to_owned)
    })
    .await
}

/// The sub-site's page says that the provider ended the sign-in.
pub(super) async fn is_out(browser: &Browser, site: &str) {
    browser.go(site).await;
    browser.sees("home").await;
    browser.find("#ended-by-provider").await;
    assert_eq!(browser.text("#subject").await, None);
}

/// Presses the button that sleeps until it was seen (A159).
pub(super) async fn press_awake(browser: &Browser, css: &str) {
    drop(browser.find(css).await.scroll_into_view().await);
    wait::until_true("the button to wake up", Duration::from_secs(10), || async {
        browser.find(css).await.is_enabled().await.unwrap_or(false)
    })
    .await;
    browser.click_through(css).await;
}

/// Closes the account, after proof of who is there.
async fn close(browser: &Browser, person: &Person, scripts: Scripts) {
    if browser.page().await == "account-confirm" {
        look(browser, scripts).await;
        browser.fill("password", &person.password).await;
        submit(browser).await;
    }
    browser.sees("account-close").await;
    look(browser, scripts).await;
    browser.screenshot("account-close").await;
    assert!(browser.text("main [data-kept=sign_ins]").await.is_some());
    browser.click("main input[name=understood]").await;
    press_awake(browser, "main form .buttons button.danger").await;
    browser.sees("account-close-done").await;
    look(browser, scripts).await;
}

/// Signs in from the sub-site while the account is being closed, keeps it, and is back at the sub-site.
async fn keep(browser: &Browser, site: &str, person: &Person, scripts: Scripts) -> String {
    browser.click_through("#sign-in").await;
    sign_in_here(browser, person).await;
    browser.sees("account-close-keep").await;
    look(browser, scripts).await;
    submit(browser).await;
    browser.sees("account-close-kept").await;
    look(browser, scripts).await;
    browser.click_through("main a[href^='/sign-in']").await;
    sign_in_here(browser, person).await;
    arrive(browser, site).await
}

/// A token of a program, with what it opens.
async fn token_of(world: &World, visitor: &mut Visitor) -> (Party, String) {
    let party = Party::new(world, "basic");
    let ask = party.ask();
    let tokens = journey::tokens_for(visitor, &party, &ask).await;
    let token = tokens.access_token().to_owned();
    assert_eq!(party.userinfo(&token).await.status.as_u16(), 200);
    (party, token)
}

async fn closes_keeps_and_closes_for_good(kind: Kind, language: &str) {
    let world = Setup::new(kind).with_own_clock().start().await;
    let (browser, mut visitor, person) = at_a_browser(&world, language, Scripts::On).await;
    let hefei = world.sites()[0].clone();
    browser.go(&hefei).await;
    browser.click_through("#sign-in").await;
    let subject = arrive(&browser, &hefei).await;
    let (party, token) = token_of(&world, &mut visitor).await;

    // The way there from one's own page; what closing means; and everything is dead.
    browser.go(&world.at("/account")).await;
    browser.sees("account").await;
    browser.click_through("main a[href='/account/close']").await;
    close(&browser, &person, Scripts::On).await;
    told(&world, ("hefei", &subject), "/account-disabled").await;
    is_out(&browser, &hefei).await;
    assert_eq!(party.userinfo(&token).await.status.as_u16(), 401);
    visitor.open("/account").await;
    visitor.sees("sign-in");

    // Signing in leads to the offer, and with it the person goes on to where they wanted to go.
    assert_eq!(
        keep(&browser, &hefei, &person, Scripts::On).await,
        subject,
        "the same account"
    );
    told(&world, ("hefei", &subject), "/account-enabled").await;
    assert_eq!(
        party.userinfo(&token).await.status.as_u16(),
        401,
        "what ended stays ended"
    );

    // And once more, for good.
    world.advance(TimeDelta::minutes(1));
    browser.go(&world.at("/account/close")).await;
    close(&browser, &person, Scripts::On).await;
    world.advance(TimeDelta::days(7) + TimeDelta::minutes(1));
    message(&world, &person, "Your account is closed").await;
    told(&world, ("hefei", &subject), "/account-purged").await;
    browser.go(&world.at("/sign-in")).await;
    sign_in_here(&browser, &person).await;
    browser.sees("sign-in").await;
    assert!(
        browser.text("main form").await.is_some(),
        "A203: as if it never was"
    );

    // The same phone again: somebody else, at level 0.
    let mut visitor = Visitor::new(&world);
    let before = world.outside.message_count(&person.phone).await;
    journey::ask_for_code(&mut visitor, &world, &person.phone).await;
    visitor.sees("register-confirm");
    let code = world.outside.code(&person.phone, before + 1).await;
    visitor
        .fill("sms_code", &code)
        .fill("password", &person.password)
        .fill("password_again", &person.password)
        .fill("agree", "")
        .press("")
        .await;
    visitor.sees("verify-population-register");
    visitor.press("skip").await;
    assert_eq!(journey::level(&mut visitor).await, 0, "registering again");
    visitor.open(&format!("{hefei}/start")).await;
    allow_without_script(&mut visitor).await;
    visitor.sees("home");
    assert_ne!(
        visitor.page.text_of("#subject"),
        subject,
        "A126: nobody gets the old name"
    );
}

#[tokio::test]
async fn source_na_40_41_a_resident_closes_keeps_and_closes_for_good_on_sqlite() {
    closes_keeps_and_closes_for_good(Kind::Sqlite, "en").await;
}

#[tokio::test]
async fn source_na_40_41_a_resident_closes_keeps_and_closes_for_good_on_postgresql() {
    if let Some(kind) = Kind::postgres_if_at_hand() {
        closes_keeps_and_closes_for_good(kind, "zh-CN").await;
    }
}

#[tokio::test]
async fn source_na_40_without_javascript_an_account_is_closed_and_kept() {
    let world = World::any().await;
    let (browser, _, person) = at_a_browser(&world, "vi", Scripts::Off).await;
    let hefei = world.sites()[0].clone();
    browser.go(&hefei).await;
    browser.click_through("#sign-in").await;
    let subject = arrive(&browser, &hefei).await;
    browser.go(&world.at("/account/close")).await;
    close(&browser, &person, Scripts::Off).await;
    told(&world, ("hefei", &subject), "/account-disabled").await;
    is_out(&browser, &hefei).await;
    assert_eq!(keep(&browser, &hefei, &person, Scripts::Off).await, subject);
}

/// An operator who may suspend and bring back.
pub(super) async fn senior(world: &World, (login, name): (&str, &str)) -> Browser {
    let browser = Browser::open("en", Scripts::On).await;
    enrol(
        &browser,
        &invite_as(world, (login, name), "senior_reviewer").await,
    )
    .await;
    browser.go(&world.at("/operator/standing")).await;
    browser.sees("operator-standing").await;
    look(&browser, Scripts::On).await;
    browser
}

pub(super) async fn standing(browser: &Browser) -> String {
    browser.sees("operator-standing-account").await;
    look(browser, Scripts::On).await;
    browser.attribute("main [data-standing]", "data-standing").await
}

/// Finds the account of a phone; answers its page.
pub(super) async fn find(desk: &Browser, person: &Person) -> String {
    desk.fill("who", &person.phone).await;
    submit(desk).await;
    assert_eq!(standing(desk).await, "active");
    assert!(!desk.words("main").await.contains(&person.phone), "masked");
    desk.place().await
}

/// Finds the account of a phone and suspends it; answers the page.
async fn suspend(desk: &Browser, person: &Person) -> String {
    let page = find(desk, person).await;
    // A note that was typed is there again when the reason is missing.
    desk.fill("suspend_note", "Seen twice at the counter").await;
    desk.click_through("main form[action$='/suspend'] .buttons button")
        .await;
    assert_eq!(standing(desk).await, "active");
    let note = desk.find("main [name=suspend_note]").await;
    assert_eq!(
        note.prop("value").await.expect("a field").as_deref(),
        Some("Seen twice at the counter")
    );
    desk.click("main input[name=suspend_reason][value=misuse]").await;
    desk.click_through("main form[action$='/suspend'] .buttons button")
        .await;
    assert_eq!(standing(desk).await, "suspended");
    page
}

/// The owner follows the link of the message and objects.
async fn object(browser: &Browser, link: &str, language: &str) {
    browser.go(link).await;
    browser.sees("appeal-write").await;
    look(browser, Scripts::On).await;
    browser.screenshot(&format!("{language}-appeal")).await;
    browser.fill("text", "It was me, both times.").await;
    submit(browser).await;
    browser.sees("appeal-done").await;
    look(browser, Scripts::On).await;
    browser.go(link).await;
    browser.sees("link-over").await;
    look(browser, Scripts::On).await;
}

async fn is_suspended_and_restored(kind: Kind, language: &str) {
    let world = Setup::new(kind).start().await;
    let (browser, mut visitor, person) = at_a_browser(&world, language, Scripts::On).await;
    let hefei = world.sites()[0].clone();
    browser.go(&hefei).await;
    browser.click_through("#sign-in").await;
    let subject = arrive(&browser, &hefei).await;
    let (party, token) = token_of(&world, &mut visitor).await;

    let desk = senior(&world, ("li.wen", "Li Wen")).await;
    let page = suspend(&desk, &person).await;
    desk.screenshot(&format!("{language}-suspended")).await;
    told(&world, ("hefei", &subject), "/account-disabled").await;
    is_out(&browser, &hefei).await;
    assert_eq!(party.userinfo(&token).await.status.as_u16(), 401);
    browser.click_through("#sign-in").await;
    sign_in_here(&browser, &person).await;
    browser.sees("sign-in").await;

    let said = message(&world, &person, "/link/").await;
    assert!(
        said.contains("against the law or the agreement"),
        "the reason: {said}"
    );
    let start = said.find("http").expect("an address");
    let link = said[start..].split_whitespace().next().expect("an address");
    object(&browser, link, language).await;

    // Whoever suspended does not decide about the objection; somebody else does.
    desk.go(&page).await;
    assert!(desk.words("main blockquote").await.contains("It was me"));
    assert!(desk.text("main form[action$='/appeal']").await.is_none());
    let other = senior(&world, ("wei.lan", "Wei Lan")).await;
    other.click_through("main [data-appeal] a").await;
    assert_eq!(standing(&other).await, "suspended");
    assert!(other.words("main blockquote").await.contains("It was me"));
    other.screenshot(&format!("{language}-objection")).await;
    grants(&other).await;
    is_back(&world, (&browser, &person), (&hefei, &subject)).await;
}

#[tokio::test]
async fn source_na_37_an_operator_suspends_the_owner_objects_and_another_restores_on_sqlite() {
    is_suspended_and_restored(Kind::Sqlite, "vi").await;
}

#[tokio::test]
async fn source_na_37_an_operator_suspends_the_owner_objects_and_another_restores_on_postgresql() {
    if let Some(kind) = Kind::postgres_if_at_hand() {
        is_suspended_and_restored(kind, "en").await;
    }
}
