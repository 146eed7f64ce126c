//! Getting back into an account through the real router, on every database at hand.

use std::sync::Arc;

use axum::http::StatusCode;
use chrono::TimeDelta;
use model::citizen_id::CitizenId;
use model::email::Email;
use model::evidence::{Details, Evidence, SourceId};
use model::ids::{AccountId, EvidenceId, OperatorId};
use model::person_name::PersonName;
use model::phone::Phone;
use model::standing::Status;
use store::accounts;
use store::evidence::NewEvidence;

use super::counter::{self, Outcome, Seen as SeenThere};
use crate::Config;
use crate::changes::worker;
use crate::evidence::source::tests::Scripted;
use crate::evidence::source::{MOBILE_OPERATOR, Source, Word};
use crate::evidence::{Sources, breaker};
use crate::signin::testing::{PASSWORD, live, resident, sign_in, signed_in};
use crate::testing::{Browser, Seen, World, link_in, worlds, worlds_with_sources};

mod counter_eyes;
mod counter_time;
mod doubts;
mod face;
mod held;
mod history;
mod locked;
mod number;
mod recycled;

const PHONE: &str = "13800001234";
const E164: &str = "+8613800001234";
const NEW: &str = "wqzplm83";
const EMAIL: &str = "zhang@example.com";
const NAME: &str = "张明远";
const NUMBER: &str = "340000199003070012";

async fn begin(browser: &mut Browser, phone: &str) -> Seen {
    let page = browser.get("/recover").await;
    let captcha = browser.look_at_captcha(&page).await;
    browser
        .post("/recover", &page, &[("phone", phone), ("captcha", &captcha)])
        .await
}

async fn code(browser: &mut Browser, code: &str) -> Seen {
    let page = browser.get("/recover/code").await;
    browser.post("/recover/code", &page, &[("sms_code", code)]).await
}

async fn choose(browser: &mut Browser) -> Seen {
    let page = browser.get("/recover/password").await;
    let fields = [("password", NEW), ("password_again", NEW)];
    browser.post("/recover/password", &page, &fields).await
}

/// A browser that has proven the phone.
async fn proven(world: &World) -> Browser {
    let mut browser = world.browser();
    begin(&mut browser, PHONE).await;
    let seen = code(&mut browser, &world.code(E164).await).await;
    assert_eq!(seen.location.as_deref(), Some("/recover/proof"), "{}", seen.body);
    browser
}

async fn signs_in(world: &World, password: &str) -> bool {
    let mut browser = world.browser();
    sign_in(&mut browser, PHONE, password).await;
    live(world, &browser).await.is_some()
}

/// Proves a name for an account, with an address where one is wanted.
async fn name(world: &World, id: AccountId, email: Option<&str>) {
    let (tx, now) = (world.service.store().read(), world.clock.now());
    let number = CitizenId::parse(NUMBER, now.date_naive()).unwrap();
    let name = PersonName::parse(NAME).unwrap();
    assert!(
        accounts::set_identity(&tx, id, (&name, &number), now)
            .await
            .unwrap()
    );
    for source in ["population_register", "bank_card"] {
        let evidence = Evidence {
            id: EvidenceId::new(now, world.service.rng()),
            source: SourceId::parse(source).unwrap(),
            issued_at: now,
            expires_at: None,
            ended_at: None,
        };
        let new = NewEvidence {
            evidence,
            account: id,
            reference: None,
            case: None,
            details: Details::default(),
        };
        store::evidence::record(&tx, &new).await.unwrap();
    }
    if let Some(email) = email {
        let email = Email::parse(email).unwrap();
        assert!(
            accounts::set_email(&tx, id, (None, Some(&email)), now)
                .await
                .unwrap()
        );
    }
}

async fn level(world: &World, id: AccountId) -> String {
    let tx = world.service.store().read();
    let account = accounts::find(&tx, id).await.unwrap().unwrap();
    let level = crate::evidence::level_of(&world.service, &tx, &account).await;
    format!("{:?}", level.unwrap().level)
}

async fn status(world: &World, id: AccountId) -> Status {
    let tx = world.service.store().read();
    accounts::find(&tx, id).await.unwrap().unwrap().status
}

async fn pass(world: &World, hours: i64) {
    world.clock.advance(TimeDelta::hours(hours));
    worker::apply_due(&world.service).await.unwrap();
}

#[tokio::test]
async fn source_hb_34_37_phone_code_and_a_new_password_end_every_other_sign_in() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        let elsewhere = signed_in(&world, PHONE).await;
        let mut browser = proven(&world).await;
        let seen = browser.get("/recover/proof").await;
        assert_eq!(
            seen.location.as_deref(),
            Some("/recover/password"),
            "{}",
            world.kind
        );
        let done = choose(&mut browser).await;
        assert_eq!(done.location.as_deref(), Some("/recover/done"), "{}", done.body);
        assert_eq!(browser.get("/recover/done").await.page(), Some("recover-done"));
        assert!(
            live(&world, &browser).await.is_none(),
            "A234: nobody is signed in by it"
        );
        assert!(live(&world, &elsewhere).await.is_none());
        assert!(signs_in(&world, NEW).await && !signs_in(&world, PASSWORD).await);
        let told = world.newest_sms(E164).await.unwrap();
        assert!(told.contains("/link/"), "{told}");
    }
}

#[tokio::test]
async fn attack_203_205_a_phone_without_an_account_is_led_through_the_same_pages() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        let mut seen = Vec::new();
        for phone in [PHONE, "13900005678"] {
            let before = world.sms_count().await;
            let mut browser = world.browser();
            let sent = begin(&mut browser, phone).await;
            let page = browser.get("/recover/code").await;
            let wrong = code(&mut browser, "000000").await;
            let ahead = browser.get("/recover/password").await;
            let masked = Phone::parse(phone).unwrap().masked();
            let text = |seen: &Seen| {
                let main = seen.body.split_once("<h1").map(|(_, rest)| rest.to_owned());
                let main = main.unwrap_or_default().replace(&masked, "PHONE");
                let hidden = ["csrf", "draft"].map(|name| seen.hidden(name).unwrap_or("").to_owned());
                hidden
                    .iter()
                    .filter(|value| !value.is_empty())
                    .fold(main, |main, value| main.replace(value.as_str(), ""))
            };
            seen.push((
                (sent.status, sent.location),
                (page.status, text(&page)),
                (wrong.status, text(&wrong)),
                (ahead.status, ahead.location),
                world.sms_count().await - before,
            ));
        }
        assert_eq!(seen[0], seen[1], "{}", world.kind);
        let told = world.newest_sms("+8613900005678").await.unwrap();
        assert!(!told.chars().any(|c| c.is_ascii_digit()), "{told}");
    }
}

#[tokio::test]
async fn attack_223_233_nobody_jumps_to_the_new_password_without_the_proof() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        name(&world, id, Some(EMAIL)).await;
        let mut browser = world.browser();
        for path in [
            "/recover/code",
            "/recover/proof",
            "/recover/password",
            "/recover/done",
        ] {
            let seen = browser.get(path).await;
            assert_eq!(seen.location.as_deref(), Some("/recover?ended=yes"), "{path}");
        }
        begin(&mut browser, PHONE).await;
        let form = browser.get("/recover/code").await;
        let fields = [("password", NEW), ("password_again", NEW)];
        let jumped = browser.post("/recover/password", &form, &fields).await;
        assert_ne!(jumped.location.as_deref(), Some("/recover/done"));
        // With the phone proven, a real-name account still needs more.
        code(&mut browser, &world.code(E164).await).await;
        let page = browser.get("/recover/proof").await;
        let seen = browser.get("/recover/password").await;
        assert_eq!(seen.location.as_deref(), Some("/recover/proof"));
        browser.post("/recover/password", &page, &fields).await;
        assert!(signs_in(&world, PASSWORD).await && !signs_in(&world, NEW).await);
    }
}

#[tokio::test]
async fn attack_234_235_237_the_phone_alone_waits_everybody_is_told_and_the_level_falls() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        name(&world, id, Some(EMAIL)).await;
        let before = level(&world, id).await;
        let mut browser = proven(&world).await;
        let page = browser.get("/recover/proof").await;
        assert_eq!(page.page(), Some("recover-proof"), "{:?}", page.location);
        assert!(!page.body.contains("zhang@") && !page.body.contains(NAME), "A237");
        browser.post("/recover/proof", &page, &[("way", "wait")]).await;
        let done = choose(&mut browser).await;
        assert_eq!(done.location.as_deref(), Some("/recover/done"), "{}", done.body);
        assert_eq!(browser.get("/recover/done").await.page(), Some("recover-waits"));
        let mail = world.newest_mail(EMAIL).await.unwrap();
        assert!(mail.contains("/link/"), "{mail}");
        let sms = world.newest_sms(E164).await.unwrap();
        assert!(!sms.contains("/link/"), "the phone that acts gets no link: {sms}");
        pass(&world, 23).await;
        assert!(!signs_in(&world, NEW).await);
        assert_eq!(level(&world, id).await, before);
        pass(&world, 1).await;
        assert!(!signs_in(&world, PASSWORD).await && signs_in(&world, NEW).await);
        assert_ne!(level(&world, id).await, before, "{}", world.kind);
    }
}

#[tokio::test]
async fn attack_235_this_was_not_me_stops_the_recovery_and_holds_the_account() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        name(&world, id, Some(EMAIL)).await;
        let mut browser = proven(&world).await;
        let page = browser.get("/recover/proof").await;
        browser.post("/recover/proof", &page, &[("way", "wait")]).await;
        choose(&mut browser).await;
        let link = link_in(&world.newest_mail(EMAIL).await.unwrap());
        let owner_here = signed_in(&world, PHONE).await;
        let mut owner = world.browser();
        let page = owner.get(&link).await;
        let done = owner.post(&link, &page, &[]).await;
        assert_eq!(done.status, StatusCode::OK, "{}", done.body);
        assert_eq!(status(&world, id).await, Status::Held);
        assert!(live(&world, &owner_here).await.is_none());
        pass(&world, 48).await;
        assert!(!signs_in(&world, NEW).await && !signs_in(&world, PASSWORD).await);
        // Held: neither the mailbox nor waiting opens it.
        let mut again = proven(&world).await;
        let page = again.get("/recover/proof").await;
        for way in ["wait", "send-email", "email"] {
            let seen = again.post("/recover/proof", &page, &[("way", way)]).await;
            assert_eq!(seen.location, None, "{way}");
        }
    }
}

#[tokio::test]
async fn attack_234_a_code_by_mail_beside_the_phone_gives_the_account_back_at_once_and_the_level_of_a_phone()
{
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        name(&world, id, Some(EMAIL)).await;
        let before = level(&world, id).await;
        let mut browser = proven(&world).await;
        let page = browser.get("/recover/proof").await;
        let sent = browser
            .post("/recover/proof", &page, &[("way", "send-email")])
            .await;
        let mail = world.newest_mail(EMAIL).await.unwrap();
        let code = mail
            .split(|c: char| !c.is_ascii_digit())
            .find(|run| run.len() == 6)
            .unwrap()
            .to_owned();
        let wrong = if code == "000000" { "000001" } else { "000000" };
        let fields = [("way", "email"), ("email_code", wrong)];
        let refused = browser.post("/recover/proof", &sent, &fields).await;
        assert_eq!(refused.errors(), ["register-code-wrong"], "{}", refused.body);
        let fields = [("way", "email"), ("email_code", code.as_str())];
        let right = browser.post("/recover/proof", &sent, &fields).await;
        assert_eq!(
            right.location.as_deref(),
            Some("/recover/password"),
            "{}",
            right.body
        );
        choose(&mut browser).await;
        assert!(signs_in(&world, NEW).await, "{}", world.kind);
        assert_eq!(
            (before.as_str(), level(&world, id).await.as_str()),
            ("Level(2)", "Level(1)")
        );
    }
}

/// Worlds whose mobile operator says what the test wants.
async fn with_operator(word: Word) -> Vec<World> {
    worlds_with_sources(Config::default(), || {
        let script: Arc<dyn Source> = Arc::new(Scripted::saying(word));
        let source = SourceId::parse(MOBILE_OPERATOR).unwrap();
        Sources::new([(source, script)], breaker::Limits::default())
    })
    .await
}

#[tokio::test]
async fn attack_231_a_proof_counts_once_and_not_after_the_password_was_changed() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        let mut browser = proven(&world).await;
        let page = browser.get("/recover/password").await;
        let fields = [("password", NEW), ("password_again", NEW)];
        let mut clicks = tokio::task::JoinSet::new();
        for _ in 0..6 {
            let (mut browser, page) = (browser.clone(), page.clone());
            clicks.spawn(async move { browser.post("/recover/password", &page, &fields).await.location });
        }
        for location in clicks.join_all().await {
            assert_eq!(location.as_deref(), Some("/recover/done"), "{}", world.kind);
        }
        let recovered = world.test.audited().await.unwrap();
        let recovered = recovered
            .iter()
            .filter(|(event, ..)| event == "account_recovered")
            .count();
        assert_eq!(recovered, 1);
        // Another browser had proven the phone before the owner chose a password.
        world.clock.advance(TimeDelta::seconds(61));
        let mut late = proven(&world).await;
        let page = late.get("/recover/password").await;
        world.clock.advance(TimeDelta::seconds(61));
        let tx = world.service.store().read();
        let phc = store::credentials::find_password(&tx, id)
            .await
            .unwrap()
            .unwrap()
            .phc;
        store::credentials::change_password(&tx, id, &phc, world.clock.now())
            .await
            .unwrap();
        let fields = [("password", "another77x"), ("password_again", "another77x")];
        let seen = late.post("/recover/password", &page, &fields).await;
        assert_eq!(seen.location.as_deref(), Some("/recover?ended=yes"));
        assert!(signs_in(&world, NEW).await);
    }
}

#[tokio::test]
async fn attack_237_a_number_that_changed_hands_leaves_the_account_after_days_and_opens_nothing() {
    for (objects, has_phone) in [(false, false), (true, true)] {
        for world in worlds().await {
            let id = resident(&world, PHONE).await;
            name(&world, id, Some(EMAIL)).await;
            let mut browser = proven(&world).await;
            let page = browser.get("/recover/number").await;
            assert_eq!(page.page(), Some("recover-number"));
            let done = browser.post("/recover/number", &page, &[]).await;
            assert_eq!(done.location.as_deref(), Some("/recover/done"));
            assert_eq!(browser.get("/recover/done").await.page(), Some("recover-waits"));
            if objects {
                let link = link_in(&world.newest_mail(EMAIL).await.unwrap());
                let mut owner = world.browser();
                let page = owner.get(&link).await;
                owner.post(&link, &page, &[]).await;
            }
            pass(&world, 6 * 24).await;
            let phone = Phone::parse(PHONE).unwrap();
            let tx = world.service.store().read();
            assert!(accounts::find_by_phone(&tx, &phone).await.unwrap().is_some());
            pass(&world, 24).await;
            let found = accounts::find_by_phone(&tx, &phone).await.unwrap();
            assert_eq!(found.is_some(), has_phone, "{}", world.kind);
            assert_eq!(status(&world, id).await, Status::Active);
            assert!(live(&world, &browser).await.is_none());
        }
    }
}

#[tokio::test]
async fn attack_241_at_a_counter_two_operators_agree_and_the_owner_is_told() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        name(&world, id, Some(EMAIL)).await;
        let (now, rng) = (world.clock.now(), world.service.rng());
        let (one, two) = (OperatorId::new(now, rng), OperatorId::new(now, rng));
        let account = accounts::find(&world.service.store().read(), id)
            .await
            .unwrap()
            .unwrap();
        let seen = SeenThere {
            operator: one,
            document: "idcard".to_owned(),
            phone: "+8613900005678".to_owned(),
            before: None,
        };
        assert!(
            counter::propose(&world.service, "r-1", &account, &seen)
                .await
                .unwrap()
        );
        let mail = world.newest_mail(EMAIL).await.unwrap();
        assert!(mail.contains("/link/"), "{mail}");
        let waiting = counter::proposals(&world.service).await.unwrap();
        assert_eq!(waiting.len(), 1);
        let agree = async |who| {
            counter::agree(&world.service, "r-2", waiting[0].id, (who, "Operator"))
                .await
                .unwrap()
        };
        assert_eq!(agree(one).await, Outcome::Own);
        assert_eq!(agree(two).await, Outcome::Done, "{}", world.kind);
        assert_eq!(agree(two).await, Outcome::Gone);
        let phone = Phone::parse("13900005678").unwrap();
        let found = accounts::find_by_phone(&world.service.store().read(), &phone).await;
        assert_eq!(found.unwrap().map(|account| account.id), Some(id));
        // The person chooses the password alone, with the phone that was proven.
        let mut browser = world.browser();
        begin(&mut browser, "13900005678").await;
        code(&mut browser, &world.code("+8613900005678").await).await;
        assert_eq!(
            browser.get("/recover/proof").await.location.as_deref(),
            Some("/recover/password")
        );
        choose(&mut browser).await;
        let mut other = world.browser();
        sign_in(&mut other, "13900005678", NEW).await;
        assert!(live(&world, &other).await.is_some());
        let events = world.test.audited().await.unwrap();
        let counted = events
            .iter()
            .filter(|(event, ..)| event == "counter_recovery")
            .count();
        assert_eq!(counted, 2);
    }
}
