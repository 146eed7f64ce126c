//! A phone lets another device in, in two real browsers: the device comes from a sub-site, the phone opens the address
//! that it shows and types its number, and the sub-site reads in the token how it was done.

use std::time::Duration;

use acceptance::browser::{Browser, Scripts};
use acceptance::journey::resident;
use acceptance::people::Person;
use acceptance::wait;
use acceptance::world::World;
use serde_json::{Value, json};

use super::browser::{allow, become_person, submit};

async fn look(browser: &Browser, scripts: Scripts) {
    browser.keeps_the_rules().await;
    if scripts == Scripts::On {
        browser.does_not_scroll_sideways().await;
    }
}

/// A device that waits: where the phone goes, and the number that it shows.
struct Waiting {
    address: String,
    number: String,
}

/// From the page of the sign-in to the page that waits.
async fn begin(device: &Browser, scripts: Scripts) -> Waiting {
    device.sees("sign-in").await;
    device
        .click_through("main form[action='/sign-in/scan'] button")
        .await;
    device.sees("sign-in-scan").await;
    look(device, scripts).await;
    Waiting {
        address: device.words("main .break").await,
        number: device.attribute("main [data-number]", "data-number").await,
    }
}

async fn from_the_sub_site(world: &World, device: &Browser, scripts: Scripts) -> Waiting {
    device.go(&world.sites()[0]).await;
    device.sees("home").await;
    device.click_through("#sign-in").await;
    begin(device, scripts).await
}

/// A phone in the hand of a resident who is signed in on it.
async fn phone_of(world: &World, language: &str, scripts: Scripts) -> (Browser, Person) {
    let (visitor, person) = resident(world).await;
    let phone = Browser::open(language, scripts).await;
    phone.resize(360, 740).await;
    phone.go(&world.at("/sign-in")).await;
    become_person(&phone, &visitor).await;
    (phone, person)
}

/// The phone says who asks for what, and not the number.
async fn is_asked(phone: &Browser, waiting: &Waiting, scripts: Scripts) {
    phone.go(&waiting.address).await;
    phone.sees("scan").await;
    look(phone, scripts).await;
    assert_eq!(phone.attribute("main [name=number]", "value").await, "");
    assert!(phone.text("main [data-number]").await.is_none());
}

async fn answers(phone: &Browser, number: &str, decision: &str) -> String {
    phone.fill("number", number).await;
    phone
        .click_through(&format!("main button[name=decision][value={decision}]"))
        .await;
    phone.sees("scan-over").await;
    phone.keeps_the_rules().await;
    phone.words("main").await
}

/// The claims of the ID token that the sub-site got.
async fn claims(world: &World, device: &Browser) -> Value {
    device.go(&format!("{}/developer", world.sites()[0])).await;
    let claims = device.words("#id-token-claims").await;
    serde_json::from_str(&claims).expect("claims")
}

/// Goes on where the phone has allowed it, and is at the sub-site.
async fn continues(device: &Browser) {
    device
        .click_through("main form[action='/sign-in/scan/finish'] .buttons button")
        .await;
    allow(device).await;
    device.sees("home").await;
}

async fn lets_in(world: &World, language: &str) {
    let (phone, person) = phone_of(world, language, Scripts::On).await;
    let device = Browser::open(language, Scripts::On).await;
    let waiting = from_the_sub_site(world, &device, Scripts::On).await;
    device.screenshot(&format!("{language}-scan-device")).await;
    for width in [360, 768, 1366] {
        device.resize(width, 800).await;
        device.does_not_scroll_sideways().await;
    }

    // Too early: the page says that it waits, and nobody is signed in.
    device
        .click_through("main form[action='/sign-in/scan/finish'] .buttons button")
        .await;
    device.sees("sign-in-scan").await;

    is_asked(&phone, &waiting, Scripts::On).await;
    phone.screenshot(&format!("{language}-scan-phone")).await;
    // Something that is no number is asked for again, and costs nothing.
    phone.fill("number", "1").await;
    phone
        .click_through("main button[name=decision][value=allow]")
        .await;
    phone.sees("scan").await;
    look(&phone, Scripts::On).await;
    phone.find("main .error-summary, main [role=alert]").await;
    answers(&phone, &waiting.number, "allow").await;

    // The page of the device notices by itself.
    device.find("#scan-state .notice.success").await;
    assert_eq!(device.page().await, "sign-in-scan", "it does not jump");
    continues(&device).await;
    assert_eq!(device.words("#name").await, person.name);
    let claims = claims(world, &device).await;
    let methods: Vec<&str> = claims["amr"]
        .as_array()
        .expect("methods")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert!(methods.contains(&"mca"), "{methods:?}");
    assert!(
        methods.contains(&"sms"),
        "as the phone was signed in: {methods:?}"
    );

    // The owner sees it, and was told.
    phone.go(&world.at("/account/notices")).await;
    phone.find("[data-notice=scan-approved]").await;
    phone.go(&waiting.address).await;
    phone.sees("scan-over").await;
}

#[tokio::test]
async fn a_phone_lets_a_device_in_and_the_sub_site_reads_how() {
    for (world, language) in World::shared().await.into_iter().zip(["en", "zh-CN"]) {
        lets_in(&world, language).await;
    }
}

#[tokio::test]
async fn without_javascript_a_phone_that_signs_in_first_lets_a_device_in() {
    let world = World::any().await;
    let (_, person) = resident(&world).await;
    let device = Browser::open("vi", Scripts::Off).await;
    let waiting = from_the_sub_site(&world, &device, Scripts::Off).await;
    let phone = Browser::open("vi", Scripts::Off).await;
    phone.go(&waiting.address).await;
    phone.sees("sign-in").await;
    phone.fill("identifier", &person.phone).await;
    phone.fill("password", &person.password).await;
    submit(&phone).await;
    phone.sees("scan").await;
    phone.keeps_the_rules().await;
    answers(&phone, &waiting.number, "allow").await;
    continues(&device).await;
    let methods = claims(&world, &device).await["amr"].to_string();
    assert!(methods.contains("\"mca\""), "{methods}");
}

/// What the phone refused, or got wrong, is over at the device too; another way leads on from there.
async fn is_refused(world: &World, scripts: Scripts, wrong: bool) {
    let (phone, person) = phone_of(world, "en", scripts).await;
    let device = Browser::open("en", scripts).await;
    let waiting = from_the_sub_site(world, &device, scripts).await;
    is_asked(&phone, &waiting, scripts).await;
    if wrong {
        let other = if waiting.number == "10" { "11" } else { "10" };
        let said = answers(&phone, other, "allow").await;
        assert!(said.contains("The number was wrong"), "{said}");
    } else {
        let said = answers(&phone, "", "deny").await;
        assert!(said.contains("You refused"), "{said}");
    }
    if scripts == Scripts::Off {
        device
            .click_through("main form[action='/sign-in/scan/finish'] .buttons button")
            .await;
    }
    wait::until("the device to hear of it", Duration::from_secs(20), || async {
        (device.page().await == "sign-in-scan-over").then_some(())
    })
    .await;
    look(&device, scripts).await;
    assert!(device.words("main").await.contains("refused"));
    phone.go(&waiting.address).await;
    phone.sees("scan-over").await;

    // Back to the sign-in, and on to the sub-site by the password.
    device.click_through("main a[href^='/sign-in']").await;
    device.sees("sign-in").await;
    device.fill("identifier", &person.phone).await;
    device.fill("password", &person.password).await;
    submit(&device).await;
    allow(&device).await;
    device.sees("home").await;
    let methods = claims(world, &device).await["amr"].to_string();
    assert!(!methods.contains("mca"), "{methods}");
}

#[tokio::test]
async fn a_phone_refuses_and_the_device_hears_of_it() {
    is_refused(&*World::any().await, Scripts::On, false).await;
}

#[tokio::test]
async fn a_wrong_number_is_the_end_of_it_without_javascript_too() {
    is_refused(&*World::any().await, Scripts::Off, true).await;
}

#[tokio::test]
async fn the_sandbox_picks_up_the_phone_of_a_test_resident() {
    let world = World::any().await;
    let resident = world.outside.resident(1).await;
    let device = Browser::open("en", Scripts::Off).await;
    for answer in ["ignore", "deny", "allow"] {
        let waiting = from_the_sub_site(&world, &device, Scripts::Off).await;
        let approval = json!({
            "phone": resident["phone"], "answer": answer, "address": waiting.address, "number": waiting.number,
        });
        let done = world.outside.approve(approval).await;
        assert_eq!(done["answer"], answer);
        if answer == "ignore" {
            assert_eq!(done["page"], Value::Null, "{done}");
        } else {
            assert_eq!(done["page"], "scan-over", "{done}");
        }
    }
    continues(&device).await;
    assert_eq!(
        device.words("#name").await,
        resident["name"].as_str().expect("a name")
    );
}
