//! A person decides where a register cannot: a resident whose name the register writes differently asks for a review,
//! an operator who has just enrolled with a password and codes asks for pictures, looks at them and approves, and the
//! sub-site reads level 2. In real browsers.

use acceptance::browser::{Browser, Scripts};
use acceptance::journey::{prove_name, register};
use acceptance::people::Person;
use acceptance::visitor::Visitor;
use acceptance::wait;
use acceptance::world::{Kind, Setup, World};
use chrono::{TimeDelta, Utc};
use model::ids::OperatorId;
use model::language::Language;
use model::rng::Rng;
use model::secret::Token;
use store::operators::{self, Link, NewOperator};

use super::browser::{allow, become_person, submit};

/// What an operator chooses.
const PASSWORD: &str = "Harbour-042-lantern";

/// Makes an operator as the command does, and answers the address of the link.
pub(super) async fn invite(world: &World, login: &str) -> String {
    invite_as(world, (login, "Li Wen"), "reviewer").await
}

/// The same for somebody of another name or role.
pub(super) async fn invite_as(world: &World, (login, name): (&str, &str), role: &str) -> String {
    let (now, rng) = (Utc::now(), Rng::system());
    let token = Token::generate(&rng);
    let new = NewOperator {
        id: OperatorId::new(now, &rng),
        login,
        name,
        roles: &[role],
        language: Language::En,
        link: Link {
            hash: token.hash(),
            expires_at: now + TimeDelta::hours(1),
            by: None,
        },
        now,
    };
    operators::create(&world.store().read(), &new)
        .await
        .expect("an operator");
    world.at(&format!("/operator/enrol?token={}", token.expose()))
}

/// The code that an authenticator shows for a secret that was spelled out.
fn code_of(spelled: &str) -> String {
    let secret = totp_rs::Secret::try_from_base32(spelled.replace(' ', "")).expect("a secret");
    let time = u64::try_from(Utc::now().timestamp()).expect("a time");
    let totp = totp_rs::Builder::new()
        .with_secret(secret)
        .build()
        .expect("an authenticator");
    totp.generate(time).to_string()
}

/// An operator with a password and codes, signed in.
async fn operator(world: &World) -> Browser {
    let browser = Browser::open("en", Scripts::On).await;
    enrol(&browser, &invite(world, "li.wen").await).await;
    browser.go(&world.at("/operator/queue")).await;
    browser.sees("operator-queue").await;
    browser
}

/// Follows the link of an invitation, chooses a password and codes, and is signed in.
pub(super) async fn enrol(browser: &Browser, link: &str) {
    browser.go(link).await;
    browser.sees("operator-enrol").await;
    browser.fill("password", PASSWORD).await;
    browser.fill("password_again", PASSWORD).await;
    submit(browser).await;
    browser.sees("operator-enrol-factor").await;
    let secret = browser
        .run("return document.querySelector('[data-secret]').textContent")
        .await;
    let code = code_of(secret.as_str().expect("a secret"));
    browser.fill("code", &code).await;
    submit(browser).await;
}

/// Takes the next case by the button of the page.
async fn take_next(browser: &Browser) {
    browser
        .click_through("main form[action='/operator/queue'] button")
        .await;
    browser.sees("operator-case").await;
    browser.keeps_the_rules().await;
}

pub(super) async fn decide(browser: &Browser, choice: &str) {
    browser
        .click(&format!("main input[name=choice][value='{choice}']"))
        .await;
    browser.click_through("main form[action$='/decide'] button").await;
    browser.sees("operator-case").await;
}

async fn messages(world: &World, person: &Person, more_than: usize) -> usize {
    wait::until("a message", std::time::Duration::from_secs(20), || async {
        let count = world.outside.message_count(&person.phone).await;
        (count > more_than).then_some(count)
    })
    .await
}

/// A resident whom the register denies, with the number of the case that they asked somebody to look at.
async fn denied(world: &World) -> (Visitor, Person, String) {
    let person = world.outside.person().await;
    let typed = Person {
        name: "欧阳建国".to_owned(),
        ..person.clone()
    };
    let mut visitor = Visitor::new(world);
    register(&mut visitor, world, &person).await;
    prove_name(&mut visitor, &typed).await;
    visitor.press("review").await;
    visitor.sees("verify-review");
    let number = visitor
        .page
        .get("[data-case]")
        .attribute("data-case")
        .expect("a case");
    (visitor, typed, number)
}

async fn journey(kind: Kind, language: &str) {
    let world = Setup::new(kind).start().await;
    let (visitor, person, number) = denied(&world).await;
    let desk = operator(&world).await;

    // The operator needs pictures.
    take_next(&desk).await;
    assert!(desk.words("main [data-facts]").await.contains(&person.citizen_id));
    let before = world.outside.message_count(&person.phone).await;
    decide(&desk, "ask:part_missing").await;
    let before = messages(&world, &person, before).await;

    // The resident is told and sends them.
    let browser = Browser::open(language, Scripts::On).await;
    browser.go(&world.at("/sign-in")).await;
    let card = browser.screenshot(&format!("review-{language}-card")).await;
    become_person(&browser, &visitor).await;
    browser.go(&world.at(&format!("/account/cases/{number}"))).await;
    browser.sees("account-case").await;
    browser.keeps_the_rules().await;
    browser.screenshot(&format!("review-{language}-1-asked")).await;
    for part in ["front", "back", "portrait"] {
        let picker = browser.find(&format!("main input[name={part}]")).await;
        picker
            .send_keys(card.to_str().expect("a path"))
            .await
            .expect("a picture");
    }
    browser.click("main input[name=store_pictures]").await;
    browser
        .click_through("main form[action$='/answer'] .buttons button")
        .await;

    // The operator looks at them and approves.
    desk.go(&world.at("/operator/queue")).await;
    take_next(&desk).await;
    let shown = desk
        .run("return [...document.querySelectorAll('main figure img')].map(i => i.complete && i.naturalWidth > 0)")
        .await;
    assert_eq!(shown, serde_json::json!([true, true, true]));
    assert_eq!(desk.attribute("main [data-would]", "data-would").await, "2");
    desk.screenshot(&format!("review-{language}-2-desk")).await;
    decide(&desk, "approve:name_variant").await;
    messages(&world, &person, before).await;

    // The resident reads every step, and the sub-site reads level 2.
    browser.go(&world.at(&format!("/account/cases/{number}"))).await;
    browser.screenshot(&format!("review-{language}-3-history")).await;
    for step in ["looked", "looked_at_picture", "approved"] {
        let role = format!("main [data-happening='{step}'] [data-role]");
        assert!(!browser.words(&role).await.is_empty(), "in which role");
    }
    let hefei = world.sites()[0].clone();
    browser.go(&hefei).await;
    browser.sees("home").await;
    browser.click_through("#sign-in").await;
    allow(&browser).await;
    browser.sees("home").await;
    assert_eq!(browser.attribute("#level", "data-level").await, "2");
}

#[tokio::test]
async fn source_vn_14_a_reviewer_settles_what_the_register_cannot_on_sqlite() {
    journey(Kind::Sqlite, "zh-CN").await;
}

#[tokio::test]
async fn source_vn_14_a_reviewer_settles_what_the_register_cannot_on_postgresql() {
    if let Some(kind) = Kind::postgres_if_at_hand() {
        journey(kind, "vi").await;
    }
}
