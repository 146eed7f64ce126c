//! What a resident agreed to and what is kept about them: the list of agreements, a later version that asks for an answer
//! on the way to a sub-site, and one's own data as a page and as a document. In a real browser.

use acceptance::browser::{Browser, Scripts};
use acceptance::engine;
use acceptance::journey::resident;
use acceptance::people::Person;
use acceptance::world::{Kind, Setup, World};
use chrono::{TimeDelta, Utc};
use serde_json::Value;

use super::browser::{allow, become_person, submit};

async fn look(browser: &Browser) {
    browser.keeps_the_rules().await;
    browser.does_not_scroll_sideways().await;
}

/// The second version, which changes what matters.
fn second_version() -> String {
    let day = (Utc::now() + TimeDelta::days(20)).date_naive();
    format!(
        "id = \"resident\"\nversion = \"next\"\neffective = \"{day}\"\nclass = \"material\"\ngrace_days = 30\n\
         title = {{ zh-CN = \"新协议\", en = \"The next agreement\", vi = \"Thỏa thuận mới\" }}\n\
         summary = {{ zh-CN = \"增加了一条\", en = \"One clause more\", vi = \"Thêm một điều\" }}\n\
         text = {{ zh-CN = \"resident-2026-1.zh-CN.txt\", en = \"resident-2026-1.en.txt\", vi = \"resident-2026-1.vi.txt\" }}\n"
    )
}

async fn sign_in_at(browser: &Browser, site: &str, person: &Person) {
    browser.go(site).await;
    browser.click_through("#sign-in").await;
    browser.sees("sign-in").await;
    browser.fill("identifier", &person.phone).await;
    browser.fill("password", &person.password).await;
    submit(browser).await;
}

async fn agreements(kind: Kind) {
    let world = Setup::new(kind)
        .with_own_clock()
        .with_file("agreements/resident-next.toml", &second_version())
        .start()
        .await;
    let (visitor, person) = resident(&world).await;
    let browser = Browser::open("en", Scripts::On).await;
    browser.go(&world.at("/sign-in")).await;
    become_person(&browser, &visitor).await;
    browser.go(&world.at("/account")).await;
    browser.sees("account").await;
    look(&browser).await;
    browser.click_through("main a[href='/account/agreements']").await;
    browser.sees("account-agreements").await;
    look(&browser).await;
    let words = browser.words("main").await;
    assert!(words.contains("One clause more"), "what comes: {words}");
    assert!(words.contains("2026-1"), "what was accepted: {words}");
    browser.screenshot("agreements").await;
    browser.click_through("main a[href*='version=2026-1']").await;
    browser.sees("agreement").await;
    look(&browser).await;

    // Its day comes: on the way to a sub-site somebody refuses, reads again, accepts, and arrives.
    world.advance(TimeDelta::days(21));
    browser
        .driver()
        .delete_all_cookies()
        .await
        .expect("a fresh browser");
    let hefei = world.sites()[0].clone();
    sign_in_at(&browser, &hefei, &person).await;
    browser.sees("agreement-change").await;
    look(&browser).await;
    browser.screenshot("agreement-change").await;
    browser.click_through("main button[value=accept]").await;
    browser.sees("agreement-change").await;
    browser.click_through("main button[value=refuse]").await;
    browser.sees("agreement-refused").await;
    look(&browser).await;
    assert!(browser.text("main a[href='/account/export']").await.is_some());
    assert!(browser.text("main a[href='/account/close']").await.is_some());
    browser
        .click_through("main a[href^='/account/agreements/change']")
        .await;
    browser.sees("agreement-change").await;
    browser.click("main input[name=agree]").await;
    browser.click_through("main button[value=accept]").await;
    allow(&browser).await;
    browser.sees("home").await;
    browser.go(&world.at("/account/agreements")).await;
    browser.sees("account-agreements").await;
    look(&browser).await;
    let words = browser.words("main").await;
    assert!(
        words.contains("next") && words.contains("refused"),
        "both answers: {words}"
    );
}

#[tokio::test]
async fn source_na_39_a_later_agreement_is_refused_read_again_and_accepted_on_the_way_to_a_sub_site() {
    for kind in Kind::all() {
        agreements(kind).await;
    }
}

/// What the page with the new version offers.
async fn is_asked(browser: &Browser, scripts: Scripts, later: bool) {
    browser.sees("agreement-change").await;
    browser.keeps_the_rules().await;
    if scripts == Scripts::On {
        for width in [360, 768, 1366] {
            browser.resize(width, 800).await;
            browser.does_not_scroll_sideways().await;
        }
    }
    let button = browser.text("main button[value=later]").await;
    assert_eq!(button.is_some(), later, "whether it can be put off");
}

async fn agree(browser: &Browser, scripts: Scripts) {
    if scripts == Scripts::On {
        return allow(browser).await;
    }
    browser.sees("consent").await;
    browser.click_through("button[name=decision][value=allow]").await;
}

async fn later(kind: Kind, language: &str, scripts: Scripts) {
    let world = Setup::new(kind)
        .with_own_clock()
        .with_file("agreements/resident-next.toml", &second_version())
        .start()
        .await;
    let (_, person) = resident(&world).await;
    let [hefei, yichang] = [0, 1].map(|index| world.sites()[index].clone());
    let browser = Browser::open(language, scripts).await;
    world.advance(TimeDelta::days(21));
    sign_in_at(&browser, &hefei, &person).await;
    is_asked(&browser, scripts, true).await;
    assert_eq!(browser.attribute("html", "lang").await, language);
    browser.screenshot(&format!("{language}-agreement-later")).await;
    browser.click_through("main button[value=later]").await;
    agree(&browser, scripts).await;
    browser.sees("home").await;
    assert!(browser.place().await.starts_with(&hefei));

    // Whoever has said "later" is left alone for the day, at the next sub-site, too.
    browser.go(&yichang).await;
    browser.click_through("#sign-in").await;
    agree(&browser, scripts).await;
    browser.sees("home").await;
    assert!(browser.place().await.starts_with(&yichang));

    // The next day it is asked once more; when its days are over there is no "later".
    for (days, later) in [(1, true), (30, false)] {
        world.advance(TimeDelta::days(days) + TimeDelta::hours(1));
        let cookies = browser.driver().delete_all_cookies().await;
        cookies.expect("a fresh browser");
        browser.go(&world.at("/sign-in")).await;
        let cookies = browser.driver().delete_all_cookies().await;
        cookies.expect("a fresh browser");
        sign_in_at(&browser, &hefei, &person).await;
        is_asked(&browser, scripts, later).await;
    }
    browser.click("main input[name=agree]").await;
    browser.click_through("main button[value=accept]").await;
    browser.sees("home").await;
}

#[tokio::test]
async fn source_na_39_a_later_agreement_is_put_off_on_the_way_to_a_sub_site_until_its_days_are_over_on_sqlite()
 {
    later(Kind::Sqlite, "zh-CN", Scripts::On).await;
}

#[tokio::test]
async fn source_na_39_a_later_agreement_is_put_off_without_javascript_on_postgresql() {
    if let Some(kind) = Kind::postgres_if_at_hand() {
        later(kind, "vi", Scripts::Off).await;
    }
}

async fn export(world: &World, language: &str, scripts: Scripts) {
    let (visitor, person) = resident(world).await;
    let browser = Browser::open(language, scripts).await;
    browser.go(&world.at("/sign-in")).await;
    become_person(&browser, &visitor).await;
    browser.go(&world.at("/account")).await;
    browser.click_through("main a[href='/account/export']").await;
    browser.sees("account-export").await;
    browser.keeps_the_rules().await;
    if scripts == Scripts::On {
        for width in [360, 768, 1366] {
            browser.resize(width, 800).await;
            browser.does_not_scroll_sideways().await;
        }
        browser.screenshot(&format!("{language}-export")).await;
    }
    let words = browser.words("main").await;
    for known in [&person.name, &person.citizen_id, &person.e164()] {
        assert!(words.contains(known.as_str()), "{known} is on the page: {words}");
    }
    let href = browser.attribute("main a[download]", "href").await;
    assert_eq!(href, "/account/export.json");

    let cookies = ["session", "browser"].map(|name| {
        let name = format!("denizen_{name}");
        let value = visitor.cookie(&name).expect("a cookie");
        format!("{}={value}", visitor.cookie_name(&name))
    });
    let request = world
        .http
        .get(world.at(&href))
        .header("cookie", cookies.join("; "));
    let answer = engine::send(request).await.expect("an answer");
    assert_eq!(answer.status().as_u16(), 200);
    let header = |name: &str| answer.headers()[name].to_str().expect("text").to_owned();
    assert_eq!(header("content-type"), "application/json");
    assert!(header("content-disposition").starts_with("attachment"));
    assert!(header("cache-control").contains("no-store"));
    let document: Value = serde_json::from_str(&answer.text().await.expect("a body")).expect("JSON");
    let account = &document["account"];
    assert_eq!(account["verified_name"], person.name.as_str());
    assert_eq!(account["citizen_id"], person.citizen_id.as_str());
    assert_eq!(account["phone"], person.e164().as_str());
    assert_eq!(document["agreements"][0]["version"], "2026-1");
    assert!(!document.to_string().contains(&person.password));

    // Nobody else gets it.
    let stranger = engine::send(world.http.get(world.at(&href)))
        .await
        .expect("an answer");
    assert!(stranger.status().is_redirection(), "{}", stranger.status());
}

#[tokio::test]
async fn source_na_44_ones_own_data_are_a_page_and_a_document() {
    for (world, language) in World::shared().await.into_iter().zip(["zh-CN", "vi"]) {
        export(&world, language, Scripts::On).await;
    }
}

#[tokio::test]
async fn source_na_44_without_javascript_the_data_are_the_same() {
    export(&*World::any().await, "en", Scripts::Off).await;
}
