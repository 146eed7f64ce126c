//! The roads to a higher level that a person walks alone or at a counter, in a real browser: bank card, social security,
//! provident fund, driving licence, certificate, counter. Each from the page of levels to the token of a sub-site, and
//! once with something wrong on the way.

use std::time::Duration;

use acceptance::browser::{Browser, Scripts};
use acceptance::journey::{prove_name, register};
use acceptance::people::Person;
use acceptance::visitor::Visitor;
use acceptance::wait;
use acceptance::world::{Kind, Setup, World};
use serde_json::{Value, json};

use super::browser::{allow, become_person, seals, submit};
use super::resident_cases::prove_phone;
use super::review::{decide, enrol, invite_as};

/// A road that is one form with one number.
struct Road {
    source: &'static str,
    field: &'static str,
    /// A number that could be somebody's, and is not this person's.
    wrong: &'static str,
    right: &'static str,
    /// Whether a wrong number is shown again.
    kept: bool,
}

const FORMS: [Road; 4] = [
    Road {
        source: "bank_card",
        field: "card",
        wrong: "4111111111111111",
        right: "6200000000000000018",
        kept: false,
    },
    Road {
        source: "social_security",
        field: "account",
        wrong: "AH3400002",
        right: "AH3400001",
        kept: true,
    },
    Road {
        source: "provident_fund",
        field: "account",
        wrong: "055100000002",
        right: "055100000001",
        kept: true,
    },
    Road {
        source: "driving_licence",
        field: "file_number",
        wrong: "340100000002",
        right: "340100000001",
        kept: true,
    },
];

/// A resident of level 1 who holds everything, signed in in the browser. What the browser knew before is forgotten.
async fn resident(browser: &Browser, world: &World) -> Person {
    let person = Person::new();
    let [card, social, fund, licence] = FORMS.map(|road| road.right);
    let holdings = json!({
        "bank_card": { "number": card },
        "social_security": social,
        "provident_fund": fund,
        "driving_licence": licence,
    });
    world
        .outside
        .add_as(&person, json!({ "holdings": holdings }))
        .await;
    let mut visitor = Visitor::new(world);
    register(&mut visitor, world, &person).await;
    prove_name(&mut visitor, &person).await;
    visitor.sees("account-level");
    browser.go(&world.at("/sign-in")).await;
    browser
        .driver()
        .delete_all_cookies()
        .await
        .expect("a fresh browser");
    become_person(browser, &visitor).await;
    person
}

/// From the page of levels to the page of a road, with the phone proven where that is asked first.
async fn take(browser: &Browser, world: &World, person: &Person, (want, source): (u8, &str)) {
    let slug = source.replace('_', "-");
    browser
        .go(&world.at(&format!("/account/level?want={want}")))
        .await;
    browser.sees("account-level").await;
    browser
        .click_through(&format!("main a[href^='/verify/{slug}']"))
        .await;
    prove_phone(browser, world, &person.phone).await;
    browser.sees(&format!("verify-{slug}")).await;
    look(browser).await;
}

async fn look(browser: &Browser) {
    browser.keeps_the_rules().await;
    browser.does_not_scroll_sideways().await;
}

/// What stands in a field.
async fn value(browser: &Browser, field: &str) -> Value {
    let script = format!("return document.querySelector(\"main [name='{field}']\").value");
    browser.run(&script).await
}

/// The sub-site's token says the level, and by which source.
async fn sub_site_reads(browser: &Browser, world: &World, (level, source): (u8, &str)) {
    let site = &world.sites()[0];
    browser.go(&format!("{site}/start?return_to=/developer")).await;
    allow(browser).await;
    browser.sees("developer").await;
    let claims: Value = serde_json::from_str(&browser.words("#id-token-claims").await).expect("claims");
    assert_eq!(claims["identity_level"], level, "{source}: {claims}");
    // A password and a code carry a level no further than 2 (`caps` of the ladder).
    let carried = level.min(2);
    assert_eq!(claims["acr"], format!("urn:denizen:loa:{carried}"), "{source}");
    let seals = seals(browser).await;
    assert!(seals.iter().any(|seal| seal == source), "{source}: {seals:?}");
}

async fn a_form(browser: &Browser, world: &World, road: &Road) {
    let person = resident(browser, world).await;
    take(browser, world, &person, (2, road.source)).await;
    browser.fill(road.field, road.wrong).await;
    submit(browser).await;
    browser
        .sees(&format!("verify-{}", road.source.replace('_', "-")))
        .await;
    look(browser).await;
    browser.find("#summary-title").await;
    let shown = if road.kept { road.wrong } else { "" };
    assert_eq!(value(browser, road.field).await, shown, "{}", road.source);
    if !road.kept {
        let script = format!(
            "return document.documentElement.outerHTML.includes('{}')",
            road.wrong
        );
        assert_eq!(browser.run(&script).await, false, "nowhere on the page");
    }
    browser.fill(road.field, road.right).await;
    browser.click_through("main button[name=confirm]").await;
    browser.sees("account-level").await;
    assert_eq!(
        browser.attribute("[data-level]", "data-level").await,
        "2",
        "{}",
        road.source
    );
    sub_site_reads(browser, world, (2, road.source)).await;
}

#[tokio::test]
async fn source_na_20_to_25_card_social_security_fund_and_licence_raise_to_level_2_in_a_browser() {
    let world = World::any().await;
    let browser = Browser::open("zh-CN", Scripts::On).await;
    for road in &FORMS {
        a_form(&browser, &world, road).await;
    }
}

/// What the software of a USB key gives back for a text: the certificate, and the signature.
async fn sign(browser: &Browser, world: &World, person: &Person, text: &str) -> (String, String) {
    let driver = browser.driver();
    let page = driver.window().await.expect("the page");
    let key = driver.new_tab().await.expect("another window");
    driver.switch_to_window(key).await.expect("the other window");
    browser.go(&format!("{}/authority", world.outside.base())).await;
    browser.sees("authority").await;
    browser
        .click(&format!(
            "select[name=citizen_id] option[value='{}']",
            person.citizen_id
        ))
        .await;
    browser.fill("challenge", text).await;
    browser.click_through("main button").await;
    browser.sees("authority-signed").await;
    let signed = browser
        .run("return ['certificate', 'signature'].map(id => document.getElementById(id).value)")
        .await;
    driver.close_window().await.expect("a closed window");
    driver.switch_to_window(page).await.expect("the page again");
    let [certificate, signature] = [0, 1].map(|index| signed[index].as_str().expect("text").to_owned());
    (certificate, signature)
}

async fn by_certificate(browser: &Browser, world: &World) {
    let person = resident(browser, world).await;
    take(browser, world, &person, (4, "certificate")).await;
    let text = browser.words("[data-challenge]").await;
    assert!(!text.contains(&person.phone) && !text.contains(&person.name));
    let (certificate, signature) = sign(browser, world, &person, &text).await;
    browser.fill("certificate", &certificate).await;
    browser.fill("signature", "not a signature!").await;
    submit(browser).await;
    browser.sees("verify-certificate").await;
    look(browser).await;
    assert_eq!(
        browser.words("[data-challenge]").await,
        text,
        "still the same text"
    );
    assert_eq!(value(browser, "signature").await, "not a signature!");
    let kept = value(browser, "certificate").await;
    assert_eq!(kept.as_str().expect("text").trim(), certificate.trim());
    browser.fill("signature", &signature).await;
    submit(browser).await;
    browser.sees("account-level").await;
    assert_eq!(browser.attribute("[data-level]", "data-level").await, "4");
    sub_site_reads(browser, world, (4, "certificate")).await;
}

/// Fills in what an operator sees before them, and the code that the person reads out.
async fn at_the_counter(browser: &Browser, world: &World, person: &Person) {
    browser.go(&world.at("/operator/counter")).await;
    browser.sees("operator-counter").await;
    look(browser).await;
    for (field, typed) in [
        ("who", person.phone.as_str()),
        ("name", "欧阳建国"),
        ("citizen_id", &person.citizen_id),
        ("document_expires", "2036-01-01"),
    ] {
        browser.fill(field, typed).await;
    }
    for choice in [
        "input[name=document][value=idcard]",
        "input[name=same_person]",
        "input[name=genuine]",
    ] {
        browser.click(&format!("main {choice}")).await;
    }
    let before = world.outside.message_count(&person.phone).await;
    submit(browser).await;
    let code = world.outside.code(&person.phone, before + 1).await;
    // The register knows another name: the page keeps what was typed.
    browser.fill("code", &code).await;
    submit(browser).await;
    browser.sees("operator-counter").await;
    look(browser).await;
    browser.find("#summary-title").await;
    assert_eq!(value(browser, "name").await, "欧阳建国");
    assert_eq!(value(browser, "document_expires").await, "2036-01-01");
    browser.fill("name", &person.name).await;
    browser.fill("code", &code).await;
    submit(browser).await;
    browser.sees("operator-case").await;
}

async fn by_counter(browser: &Browser, world: &World) {
    let person = resident(browser, world).await;
    browser.go(&world.at("/account/level?want=4")).await;
    browser.sees("account-level").await;
    browser.click_through("main a[href^='/verify/counter']").await;
    browser.sees("verify-counter").await;
    look(browser).await;
    enrol(browser, &invite_as(world, ("sun.li", "Sun Li"), "reviewer").await).await;
    at_the_counter(browser, world, &person).await;
    let case = browser.place().await;
    browser.go(&world.at("/account/level")).await;
    browser.sees("account-level").await;
    assert_eq!(
        browser.attribute("[data-level]", "data-level").await,
        "1",
        "one person does not decide"
    );
    enrol(
        browser,
        &invite_as(world, ("wu.fang", "Wu Fang"), "senior_reviewer").await,
    )
    .await;
    browser.go(&case).await;
    browser.sees("operator-case").await;
    browser.click_through("main form[action$='/claim'] button").await;
    look(browser).await;
    assert_eq!(browser.attribute("main [data-would]", "data-would").await, "4");
    let before = world.outside.message_count(&person.phone).await;
    decide(browser, "confirm").await;
    wait::until("a message", Duration::from_secs(20), || async {
        (world.outside.message_count(&person.phone).await > before).then_some(())
    })
    .await;
    browser.go(&world.at("/account/level")).await;
    browser.sees("account-level").await;
    assert_eq!(browser.attribute("[data-level]", "data-level").await, "4");
    sub_site_reads(browser, world, (4, "counter")).await;
}

#[tokio::test]
async fn certificate_and_counter_raise_to_level_4_in_a_browser() {
    let kind = Kind::postgres_if_at_hand().unwrap_or(Kind::Sqlite);
    let world = Setup::new(kind).start().await;
    let browser = Browser::open("vi", Scripts::On).await;
    by_certificate(&browser, &world).await;
    by_counter(&browser, &world).await;
}
