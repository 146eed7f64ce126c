//! Pictures of a document in a real browser, with and without JavaScript; and two accounts of one person that become
//! one.

use std::path::PathBuf;

use acceptance::browser::{Browser, Scripts};
use acceptance::journey::{ask_for_code, confirm, resident};
use acceptance::people::Person;
use acceptance::visitor::Visitor;
use acceptance::world::{Kind, Setup, World};

use super::browser::{become_person, submit};

/// A picture as a camera makes it.
fn picture(folder: &tempfile::TempDir, name: &str) -> PathBuf {
    let path = folder.path().join(name);
    let drawn = image::RgbImage::from_fn(640, 480, |x, y| {
        let light = u8::try_from((x / 4 + y / 4) % 256).unwrap_or_default();
        image::Rgb([light, 255 - light, 128])
    });
    drawn.save(&path).expect("a picture");
    path
}

async fn pick(browser: &Browser, name: &str, path: &std::path::Path) {
    let field = browser.find(&format!("main input[type=file][name={name}]")).await;
    field
        .send_keys(path.to_str().expect("a plain path"))
        .await
        .expect("a field that takes a file");
}

/// Proves the phone where that is asked first.
pub(super) async fn prove_phone(browser: &Browser, world: &World, phone: &str) {
    if browser.page().await == "verify-confirm-phone" {
        let before = world.outside.message_count(phone).await;
        browser.click_through("main button[name=resend]").await;
        let code = world.outside.code(phone, before + 1).await;
        browser.fill("code", &code).await;
        submit(browser).await;
    }
}

async fn send_pictures(language: &str, scripts: Scripts) {
    let world = World::any().await;
    let (visitor, person) = resident(&world).await;
    let browser = Browser::open(language, scripts).await;
    browser.resize(360, 740).await;
    browser.go(&world.at("/sign-in")).await;
    become_person(&browser, &visitor).await;
    browser.go(&world.at("/account/level?want=2")).await;
    browser.sees("account-level").await;
    browser.keeps_the_rules().await;
    browser
        .click_through("main a[href^='/verify/document-review']")
        .await;
    prove_phone(&browser, &world, &person.phone).await;
    browser.sees("verify-document-review").await;
    browser.keeps_the_rules().await;

    // One picture is missing: what is there stays.
    let folder = tempfile::tempdir().expect("a folder");
    let (jpeg, png) = (picture(&folder, "front.jpg"), picture(&folder, "back.png"));
    pick(&browser, "front", &jpeg).await;
    pick(&browser, "back", &png).await;
    browser.click("main input[name=store_pictures]").await;
    submit(&browser).await;
    browser.sees("verify-document-review").await;
    assert_eq!(
        browser.attribute("#portrait-error", "data-error").await,
        "review-picture-missing"
    );
    assert!(browser.text("#front-error").await.is_none());
    browser.screenshot(&format!("{language}-document-review")).await;
    pick(&browser, "portrait", &jpeg).await;
    submit(&browser).await;
    browser.sees("account-case").await;
    browser.keeps_the_rules().await;
    let state = browser.attribute("main .panel", "data-state").await;
    assert_eq!(state, "in_review");
    browser.screenshot(&format!("{language}-case")).await;
    assert!(!browser.words("main").await.contains(&person.citizen_id));

    // Taken back: asked once more, and gone.
    browser.click_through("main a[href$='/withdraw']").await;
    browser.sees("account-case-withdraw").await;
    browser.keeps_the_rules().await;
    submit(&browser).await;
    browser.sees("account-case").await;
    let state = browser.attribute("main .panel", "data-state").await;
    assert_eq!(state, "replaced");
    let picture = browser.attribute("main [data-picture]", "data-picture").await;
    assert_eq!(picture, "deleted");
}

#[tokio::test]
async fn three_pictures_are_sent_from_a_small_phone_and_taken_back() {
    send_pictures("zh-CN", Scripts::On).await;
}

#[tokio::test]
async fn pictures_are_sent_without_javascript_in_vietnamese() {
    send_pictures("vi", Scripts::Off).await;
}

/// Registers a second account of somebody, with another phone.
async fn second_account(world: &World, person: &Person) -> (Visitor, Person) {
    let second = Person {
        phone: Person::new().phone,
        ..person.clone()
    };
    let mut visitor = Visitor::new(world);
    ask_for_code(&mut visitor, world, &second.phone).await;
    confirm(&mut visitor, world, &second).await;
    visitor.sees("verify-population-register");
    (visitor, second)
}

async fn two_accounts(kind: Kind) {
    let world = Setup::new(kind).start().await;
    let (_, person) = resident(&world).await;
    let (visitor, second) = second_account(&world, &person).await;
    let browser = Browser::open("en", Scripts::On).await;
    browser.go(&world.at("/sign-in")).await;
    become_person(&browser, &visitor).await;
    browser.go(&world.at("/verify/population-register")).await;
    prove_phone(&browser, &world, &second.phone).await;
    browser.sees("verify-population-register").await;
    browser.fill("name", &person.name).await;
    browser.fill("citizen_id", &person.citizen_id).await;
    submit(&browser).await;
    browser.sees("verify-conflict").await;
    assert!(!browser.words("main").await.contains(&person.phone[7..]));
    browser.click_through("main a[href^='/verify/conflict/']").await;
    browser.sees("verify-conflict").await;
    browser.keeps_the_rules().await;
    browser.screenshot("conflict-prove").await;

    let before = world.outside.message_count(&person.phone).await;
    browser.fill("identifier", &person.phone).await;
    browser.fill("password", &person.password).await;
    submit(&browser).await;
    browser.sees("verify-conflict-join").await;
    browser.keeps_the_rules().await;
    browser.screenshot("conflict-join").await;
    let code = world.outside.code(&person.phone, before + 1).await;
    browser.fill("code", &code).await;
    browser.click("main input[name=phone][value=keep]").await;
    let button = browser.find("main form .buttons button").await;
    drop(button.scroll_into_view().await);
    acceptance::wait::until_true(
        "the button to wake up",
        std::time::Duration::from_secs(10),
        || async { button.is_enabled().await.unwrap_or(false) },
    )
    .await;
    submit(&browser).await;
    browser.sees("account-level").await;
    let level = browser.attribute("main .panel[data-level]", "data-level").await;
    assert_eq!(level, "1", "the older account with what is verified");
    for phone in [&person.phone, &second.phone] {
        let all = world.outside.messages(phone).await;
        let told = |one: &serde_json::Value| {
            let text = one["text"].as_str().unwrap_or_default();
            text.contains("/verify/objection")
        };
        assert!(all.iter().any(told), "{all:?}");
    }
    // The newer account is nobody's any more.
    let mut gone = Visitor::new(&world);
    acceptance::journey::sign_in(&mut gone, &second.phone, &second.password).await;
    gone.sees("sign-in");
}

#[tokio::test]
async fn source_ah_24_two_accounts_of_one_person_become_one_on_sqlite() {
    two_accounts(Kind::Sqlite).await;
}

#[tokio::test]
async fn source_ah_24_two_accounts_of_one_person_become_one_on_postgresql() {
    if let Some(kind) = Kind::postgres_if_at_hand() {
        two_accounts(kind).await;
    }
}
