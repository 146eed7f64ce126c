//! What residents usually do, each step with a look at where it leads.

use crate::party::{Ask, Party, TokenAnswer};
use crate::people::Person;
use crate::visitor::Visitor;
use crate::world::World;

/// The first page of registering, as far as the code that is sent.
pub async fn ask_for_code(visitor: &mut Visitor, world: &World, phone: &str) {
    if visitor.page.name() != "register" {
        visitor.open("/register").await;
    }
    visitor.sees("register");
    let captcha = read_captcha(visitor, world).await;
    visitor
        .fill("kind", "resident")
        .fill("phone", phone)
        .fill("captcha", &captcha)
        .press("")
        .await;
}

/// What the captcha on the page shows.
pub async fn read_captcha(visitor: &Visitor, world: &World) -> String {
    let id = visitor.page.value("captcha_id").expect("a captcha on the page");
    world.outside.captcha(&id).await
}

/// The second page of registering.
pub async fn confirm(visitor: &mut Visitor, world: &World, person: &Person) {
    visitor.sees("register-confirm");
    let sent = world.outside.message_count(&person.phone).await.max(1);
    let code = world.outside.code(&person.phone, sent).await;
    visitor
        .fill("sms_code", &code)
        .fill("password", &person.password)
        .fill("password_again", &person.password)
        .fill("agree", "")
        .press("")
        .await;
}

/// Registers, from the page that is shown or from the beginning, up to the question for the real name.
pub async fn register(visitor: &mut Visitor, world: &World, person: &Person) {
    ask_for_code(visitor, world, &person.phone).await;
    confirm(visitor, world, person).await;
    visitor.sees("verify-population-register");
}

/// Gives name and number on the page that asks for them.
pub async fn prove_name(visitor: &mut Visitor, person: &Person) {
    visitor.sees("verify-population-register");
    visitor
        .fill("name", &person.name)
        .fill("citizen_id", &person.citizen_id)
        .press("")
        .await;
}

/// Proves the phone again where that is asked before the level is raised.
pub async fn prove_phone(visitor: &mut Visitor, world: &World, person: &Person) {
    if visitor.page.name() == "verify-confirm-phone" {
        let before = world.outside.message_count(&person.phone).await;
        visitor.press("resend").await;
        let code = world.outside.code(&person.phone, before + 1).await;
        visitor.fill("code", &code).press("").await;
    }
}

/// Lets the operator compare, on the page that asks.
pub async fn second_source(visitor: &mut Visitor) {
    visitor.sees("verify-mobile-operator");
    visitor.press("confirm").await;
}

/// Signs in, from the page that is shown or from the beginning.
pub async fn sign_in(visitor: &mut Visitor, identifier: &str, password: &str) {
    if visitor.page.name() != "sign-in" {
        visitor.open("/sign-in").await;
    }
    visitor.sees("sign-in");
    visitor
        .fill("identifier", identifier)
        .fill("password", password)
        .press("")
        .await;
}

/// Agrees on the page that asks for consent.
pub async fn allow(visitor: &mut Visitor) {
    visitor.sees("consent");
    visitor.press("decision=allow").await;
}

/// A resident who has just registered and skipped the rest: level 0, signed in.
pub async fn newcomer(world: &World) -> (Visitor, Person) {
    let person = world.outside.person().await;
    let mut visitor = Visitor::new(world);
    register(&mut visitor, world, &person).await;
    visitor.press("skip").await;
    (visitor, person)
}

/// A resident of level 1, signed in.
pub async fn resident(world: &World) -> (Visitor, Person) {
    let person = world.outside.person().await;
    let mut visitor = Visitor::new(world);
    register(&mut visitor, world, &person).await;
    prove_name(&mut visitor, &person).await;
    visitor.sees("account-level");
    (visitor, person)
}

/// A resident of level 2, signed in.
pub async fn well_known(world: &World) -> (Visitor, Person) {
    let (mut visitor, person) = resident(world).await;
    visitor.open("/verify/mobile-operator").await;
    prove_phone(&mut visitor, world, &person).await;
    second_source(&mut visitor).await;
    visitor.sees("account-level");
    (visitor, person)
}

/// The level that the person's own page shows.
pub async fn level(visitor: &mut Visitor) -> u8 {
    visitor.open("/account").await;
    visitor.sees("account");
    let level = visitor
        .page
        .get("[data-level]")
        .attribute("data-level")
        .expect("a level");
    level.parse().expect("a number")
}

/// Takes a request of a program to its answer, agreeing where that is asked, and answers the code.
pub async fn code_for(visitor: &mut Visitor, party: &Party, ask: &Ask) -> String {
    visitor.open(&ask.url()).await;
    if visitor.away.is_none() {
        allow(visitor).await;
    }
    party.code(visitor, ask)
}

/// The same, and redeems the code.
pub async fn tokens_for(visitor: &mut Visitor, party: &Party, ask: &Ask) -> TokenAnswer {
    let code = code_for(visitor, party, ask).await;
    let answer = party.redeem(&code, ask).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.body);
    answer
}
