//! Step-up (RFC 9470): a sub-site calls the records office with a resident's token; the office wants the person proven
//! better or again; the sub-site sends the person to the provider with exactly that, and shows the file when they are
//! back. In a real browser with and without JavaScript, and page by page at each of the three sub-sites.

use acceptance::browser::{Browser, Scripts};
use acceptance::journey::{allow, prove_phone, resident, second_source, sign_in, well_known};
use acceptance::people::Person;
use acceptance::visitor::Visitor;
use acceptance::world::{Kind, Setup, World};
use chrono::TimeDelta;

use super::browser::{become_person, submit};

/// The level and the form of the token that the office was shown.
fn given(visitor: &Visitor) -> (String, String) {
    let shown = visitor.page.get("#file-given");
    let attribute = |name: &str| shown.attribute(name).unwrap_or_default();
    (attribute("data-level"), attribute("data-token"))
}

/// Signs in at a sub-site with a session at the provider, agreeing where that is asked.
async fn arrive(visitor: &mut Visitor, site: &str) {
    visitor.open(&format!("{site}/start")).await;
    if visitor.page.name() == "consent" {
        allow(visitor).await;
    }
    visitor.sees("home");
}

/// The parameters of the last request that a sub-site sent to the provider by the browser.
fn asked(visitor: &Visitor) -> Vec<(String, String)> {
    let requests = visitor.history.iter().rev();
    let request = requests
        .map(|hop| &hop.url)
        .find(|url| url.path() == "/authorize");
    let request = request.expect("a request to the provider");
    request.query_pairs().into_owned().collect()
}

#[tokio::test]
async fn the_records_open_at_once_and_the_tax_file_after_a_step_up() {
    for world in World::shared().await {
        let (mut visitor, person) = resident(&world).await;
        let hefei = world.sites()[0].clone();
        arrive(&mut visitor, &hefei).await;
        visitor.open(&format!("{hefei}/my/records")).await;
        visitor.sees("my-records");
        assert_eq!(given(&visitor), ("1".to_owned(), "jwt".to_owned()));

        visitor.open(&format!("{hefei}/my/tax-file")).await;
        visitor.sees("account-level");
        let sent = asked(&visitor);
        for (name, value) in [("acr_values", "urn:denizen:loa:2"), ("max_age", "300")] {
            assert!(
                sent.contains(&(name.to_owned(), value.to_owned())),
                "{name}: {sent:?}"
            );
        }
        raise(&mut visitor, &world, &person).await;
        visitor.sees("my-tax-file");
        assert_eq!(given(&visitor).0, "2");

        // Nothing more is asked the next time.
        visitor.open(&format!("{hefei}/my/tax-file")).await;
        visitor.sees("my-tax-file");
        assert_eq!(visitor.hops.len(), 1, "{:#?}", visitor.hops);
    }
}

/// From the page that shows the roads to level 2 to its end.
async fn raise(visitor: &mut Visitor, world: &World, person: &Person) {
    let links = visitor.page.all("a").into_iter();
    let mut links = links.filter_map(|link| link.attribute("href"));
    let road = links
        .find(|href| href.starts_with("/verify/mobile-operator"))
        .expect("a road");
    visitor.open(&road).await;
    prove_phone(visitor, world, person).await;
    second_source(visitor).await;
}

#[tokio::test]
async fn whoever_does_not_want_more_than_level_1_is_told_and_not_asked_round_and_round() {
    for world in World::shared().await {
        let (mut visitor, _) = resident(&world).await;
        let yichang = world.sites()[1].clone();
        arrive(&mut visitor, &yichang).await;
        visitor.open(&format!("{yichang}/my/tax-file")).await;
        visitor.sees("account-level");
        visitor.press("decline").await;
        visitor.sees("level-needed");
        assert_eq!(
            visitor.page.text_of("#error-code"),
            "insufficient_user_authentication"
        );
        visitor.open(&format!("{yichang}/my/records")).await;
        visitor.sees("my-records");
    }
}

#[tokio::test]
async fn an_old_sign_in_is_renewed_for_the_tax_file_and_not_for_the_records() {
    for kind in Kind::all() {
        let world = Setup::new(kind).with_own_clock().start().await;
        let (mut visitor, person) = well_known(&world).await;
        let hefei = world.sites()[0].clone();
        arrive(&mut visitor, &hefei).await;
        visitor.open(&format!("{hefei}/my/tax-file")).await;
        visitor.sees("my-tax-file");

        // The access token lapses; the sub-site gets another one without the browser.
        world.advance(TimeDelta::minutes(12));
        visitor.open(&format!("{hefei}/my/records")).await;
        visitor.sees("my-records");
        assert_eq!(visitor.hops.len(), 1, "{:#?}", visitor.hops);

        visitor.open(&format!("{hefei}/my/tax-file")).await;
        visitor.sees("sign-in");
        sign_in(&mut visitor, &person.phone, &person.password).await;
        visitor.sees("my-tax-file");
    }
}

#[tokio::test]
async fn a_client_of_fapi_2_shows_the_tax_file_with_a_token_that_is_bound_to_its_key() {
    for world in World::shared().await {
        let (mut visitor, person) = resident(&world).await;
        let nanning = world.sites()[2].clone();
        arrive(&mut visitor, &nanning).await;
        let names: Vec<String> = asked(&visitor).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["client_id", "request_uri"], "the rest was pushed");
        visitor.open(&format!("{nanning}/my/tax-file")).await;
        visitor.sees("account-level");
        raise(&mut visitor, &world, &person).await;
        visitor.sees("my-tax-file");
        assert_eq!(given(&visitor).0, "2");
        assert_eq!(
            visitor.page.get("#file-given").attribute("data-bound").as_deref(),
            Some("true")
        );
    }
}

/// From a sub-site's front page to the tax file, by clicks.
async fn in_a_browser(world: &World, language: &str, scripts: Scripts) {
    let (visitor, person) = resident(world).await;
    let hefei = world.sites()[0].clone();
    let browser = Browser::open(language, scripts).await;
    browser.go(&world.at("/sign-in")).await;
    become_person(&browser, &visitor).await;
    browser.go(&hefei).await;
    browser.sees("home").await;
    browser.click_through("#sign-in").await;
    super::browser::allow(&browser).await;
    browser.sees("home").await;
    browser.click_through("#my-records").await;
    browser.sees("my-records").await;
    browser.keeps_the_rules().await;
    browser.go(&hefei).await;
    browser.click_through("#my-tax-file").await;
    browser.sees("account-level").await;
    assert_eq!(browser.attribute("html", "lang").await, language);
    browser.screenshot(&format!("step-up-{language}-1-level")).await;
    browser
        .click_through("main a[href^='/verify/mobile-operator']")
        .await;
    if browser.page().await == "verify-confirm-phone" {
        let before = world.outside.message_count(&person.phone).await;
        browser.click_through("main button[name=resend]").await;
        let code = world.outside.code(&person.phone, before + 1).await;
        browser.fill("code", &code).await;
        submit(&browser).await;
    }
    browser.sees("verify-mobile-operator").await;
    browser.click_through("main button[name=confirm]").await;
    browser.sees("my-tax-file").await;
    browser.keeps_the_rules().await;
    browser.screenshot(&format!("step-up-{language}-2-file")).await;
    assert_eq!(browser.attribute("#file-given", "data-level").await, "2");
    assert_eq!(browser.attribute("html", "lang").await, language);
}

#[tokio::test]
async fn a_step_up_in_a_browser_on_sqlite() {
    let world = Setup::new(Kind::Sqlite).start().await;
    in_a_browser(&world, "zh-CN", Scripts::On).await;
}

#[tokio::test]
async fn a_step_up_in_a_browser_on_postgresql() {
    if let Some(kind) = Kind::postgres_if_at_hand() {
        let world = Setup::new(kind).start().await;
        in_a_browser(&world, "en", Scripts::On).await;
    }
}

#[tokio::test]
async fn a_step_up_without_javascript_in_vietnamese() {
    for world in World::shared().await {
        in_a_browser(&world, "vi", Scripts::Off).await;
    }
}
