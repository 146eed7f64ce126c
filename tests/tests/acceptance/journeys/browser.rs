//! The main journey in a real browser, on both databases; and the same without JavaScript.

use acceptance::browser::{Browser, Scripts};
use acceptance::people::Person;
use acceptance::world::{Kind, Setup, World};

/// Types what the picture shows; the sandbox was told.
async fn type_captcha(browser: &Browser, world: &World) {
    let id = browser.attribute("main input[name=captcha_id]", "value").await;
    browser.fill("captcha", &world.outside.captcha(&id).await).await;
}

pub(super) async fn submit(browser: &Browser) {
    browser
        .click_through("main form .buttons button:first-of-type")
        .await;
}

/// From the sub-site's front page to the question for the real name.
async fn register(browser: &Browser, world: &World, person: &Person) {
    browser.sees("sign-in").await;
    look(browser).await;
    browser.click_through("main a[href^='/register']").await;
    browser.sees("register").await;
    look(browser).await;
    browser.fill("phone", &person.phone).await;
    type_captcha(browser, world).await;
    submit(browser).await;
    browser.sees("register-confirm").await;
    look(browser).await;
    let code = world.outside.code(&person.phone, 1).await;
    browser.fill("sms_code", &code).await;
    browser.fill("password", &person.password).await;
    assert_eq!(
        browser.attribute(".meter", "data-score").await,
        "3",
        "the strength meter speaks"
    );
    browser.fill("password_again", &person.password).await;
    browser.click("main input[name=agree]").await;
    submit(browser).await;
    browser.sees("verify-population-register").await;
    look(browser).await;
}

/// The rules of every page, and on a phone no scrolling sideways.
async fn look(browser: &Browser) {
    browser.keeps_the_rules().await;
    browser.does_not_scroll_sideways().await;
}

async fn level(browser: &Browser) -> String {
    browser.attribute("#level", "data-level").await
}

pub(super) async fn seals(browser: &Browser) -> Vec<String> {
    let list = browser.find("#seals").await;
    let mut found = Vec::new();
    for seal in list
        .find_all(thirtyfour::By::Css("[data-source]"))
        .await
        .expect("seals")
    {
        found.push(
            seal.attr("data-source")
                .await
                .expect("an element")
                .unwrap_or_default(),
        );
    }
    found
}

/// Agrees; the button takes presses once it was visible for half a second (A159).
pub(super) async fn allow(browser: &Browser) {
    browser.sees("consent").await;
    wake(browser).await;
    browser.click_through(ALLOW).await;
}

const ALLOW: &str = "button[name=decision][value=allow]";

/// Brings the button into view and waits until it takes presses.
async fn wake(browser: &Browser) {
    browser
        .find(ALLOW)
        .await
        .scroll_into_view()
        .await
        .expect("a button that can be seen");
    acceptance::wait::until_true(
        "the consent button to wake up",
        std::time::Duration::from_secs(10),
        || async { browser.find(ALLOW).await.is_enabled().await.unwrap_or(false) },
    )
    .await;
}

#[tokio::test]
async fn attack_159_the_consent_button_sleeps_until_it_was_seen() {
    let world = World::any().await;
    let (visitor, _) = acceptance::journey::newcomer(&world).await;
    let browser = Browser::open("en", Scripts::On).await;
    browser.resize(500, 320).await;
    browser.go(&world.at("/sign-in")).await;
    become_person(&browser, &visitor).await;
    let party = acceptance::party::Party::new(&world, "basic");
    browser
        .go(&party.ask().with("scope", "openid phone real_name").url())
        .await;
    browser.sees("consent").await;
    assert!(
        !browser.find(ALLOW).await.is_enabled().await.unwrap(),
        "below the fold: nobody has seen it"
    );
    assert!(
        browser
            .find("button[name=decision][value=deny]")
            .await
            .is_enabled()
            .await
            .unwrap(),
        "saying no is always possible"
    );
    wake(&browser).await;
}

/// Takes over the session of a person without a browser.
pub(super) async fn become_person(browser: &Browser, visitor: &acceptance::visitor::Visitor) {
    for name in ["denizen_session", "denizen_browser"] {
        let value = visitor.cookie(name).expect("a cookie");
        let cookie = thirtyfour::Cookie::new(name, value);
        browser.driver().add_cookie(cookie).await.expect("a cookie");
    }
}

async fn journey(kind: Kind, language: &str) {
    let world = Setup::new(kind).start().await;
    let person = world.outside.person().await;
    let [hefei, yichang] = [0, 1].map(|index| world.sites()[index].clone());
    let browser = Browser::open(language, Scripts::On).await;

    // A sub-site that has never seen this browser.
    browser.go(&hefei).await;
    browser.sees("home").await;
    browser.screenshot(&format!("{language}-1-sub-site")).await;
    browser.click_through("#sign-in").await;
    browser.screenshot(&format!("{language}-2-sign-in")).await;
    register(&browser, &world, &person).await;
    browser.screenshot(&format!("{language}-3-real-name")).await;
    browser.fill("name", &person.name).await;
    browser.fill("citizen_id", &person.citizen_id).await;
    submit(&browser).await;
    browser.sees("consent").await;
    look(&browser).await;
    browser.screenshot(&format!("{language}-4-consent")).await;
    allow(&browser).await;
    browser.sees("home").await;
    browser.screenshot(&format!("{language}-5-recognised")).await;
    assert_eq!(level(&browser).await, "1");
    assert_eq!(seals(&browser).await, ["phone_sms", "population_register"]);
    assert_eq!(browser.words("#name").await, person.name);
    let subject = browser.words("#subject").await;

    // The second sub-site recognises the browser; once consent is given, without any page.
    browser.go(&yichang).await;
    browser.click_through("#sign-in").await;
    allow(&browser).await;
    browser.sees("home").await;
    assert_ne!(browser.words("#subject").await, subject);
    browser
        .driver()
        .delete_all_cookies()
        .await
        .expect("the sub-site forgets");
    browser.go(&format!("{yichang}/?silent=1")).await;
    browser.sees("home").await;
    assert_eq!(level(&browser).await, "1");

    // Level 2: what is missing, and back to the interrupted service.
    browser.go(&hefei).await;
    browser.click_through("#sign-in").await;
    browser.click_through("#service-level-2").await;
    browser.sees("account-level").await;
    look(&browser).await;
    browser.screenshot(&format!("{language}-6-level")).await;
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
    look(&browser).await;
    browser.click_through("main button[name=confirm]").await;
    browser.sees("service-level-2").await;
    assert_eq!(level(&browser).await, "2");
    assert_eq!(
        browser.words("#subject").await,
        subject,
        "the same name at the same city"
    );

    // What was shared, and taking it back.
    for (page, path) in [
        ("account", "/account"),
        ("account-security", "/account/security"),
        ("account-sharing", "/account/sharing"),
    ] {
        browser.go(&world.at(path)).await;
        browser.sees(page).await;
        look(&browser).await;
    }
    browser.screenshot(&format!("{language}-7-sharing")).await;
    browser.click_through("main form button").await;
    browser.sees("account-sharing").await;

    // Signing out at a sub-site signs out at the provider.
    browser.go(&hefei).await;
    browser.click_through("#sign-out").await;
    browser.sees("signed-out").await;
    browser.go(&world.at("/account")).await;
    browser.sees("sign-in").await;
}

#[tokio::test]
async fn the_journey_in_a_browser_on_sqlite() {
    journey(Kind::Sqlite, "zh-CN").await;
}

#[tokio::test]
async fn the_journey_in_a_browser_on_postgresql() {
    if let Some(kind) = Kind::postgres_if_at_hand() {
        journey(kind, "en").await;
    }
}

#[tokio::test]
async fn the_journey_works_without_javascript_in_vietnamese() {
    let world = World::any().await;
    let person = world.outside.person().await;
    let browser = Browser::open("vi", Scripts::Off).await;
    let hefei = world.sites()[0].clone();
    browser.go(&hefei).await;
    browser.click_through("#sign-in").await;
    browser.sees("sign-in").await;
    assert_eq!(browser.attribute("html", "lang").await, "vi");
    browser.click_through("main a[href^='/register']").await;
    browser.sees("register").await;
    browser.fill("phone", &person.phone).await;
    type_captcha(&browser, &world).await;
    submit(&browser).await;
    browser.sees("register-confirm").await;
    browser
        .fill("sms_code", &world.outside.code(&person.phone, 1).await)
        .await;
    browser.fill("password", &person.password).await;
    browser.fill("password_again", &person.password).await;
    browser.click("main input[name=agree]").await;
    submit(&browser).await;
    browser.sees("verify-population-register").await;
    browser.keeps_the_rules().await;
    browser.click_through("main button[name=skip]").await;
    browser.sees("consent").await;
    browser.click_through("button[name=decision][value=allow]").await;
    browser.sees("home").await;
    assert_eq!(level(&browser).await, "0");
}

#[tokio::test]
async fn no_page_scrolls_sideways_on_a_small_phone_in_any_language_or_print() {
    let world = World::any().await;
    let (visitor, _) = acceptance::journey::resident(&world).await;
    let browser = Browser::open("zh-CN", Scripts::On).await;
    browser.resize(360, 740).await;
    for language in ["zh-CN", "en", "vi"] {
        for print in ["normal", "large"] {
            browser.go(&world.at("/sign-in")).await;
            browser
                .click_through(&format!("header button[name=language][value='{language}']"))
                .await;
            if let Ok(button) = browser
                .driver()
                .find(thirtyfour::By::Css(format!(
                    "header button[name=print][value={print}]"
                )))
                .await
            {
                drop(button);
                browser
                    .click_through(&format!("header button[name=print][value={print}]"))
                    .await;
            }
            for path in [
                "/sign-in",
                "/register",
                "/agreements/resident",
                "/logout",
                "/no-such-page",
            ] {
                browser.go(&world.at(path)).await;
                look(&browser).await;
            }
            browser.screenshot(&format!("phone-{language}-{print}")).await;
        }
    }
    // The pages of somebody who is signed in, with the session of the person above.
    become_person(&browser, &visitor).await;
    for path in [
        "/account",
        "/account/level?want=2",
        "/account/security",
        "/account/sharing",
        "/verify/mobile-operator",
    ] {
        browser.go(&world.at(path)).await;
        look(&browser).await;
        browser
            .screenshot(&format!("phone{}", path.replace(['/', '?', '='], "-")))
            .await;
    }
}
