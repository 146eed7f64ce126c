//! Two accounts that prove one number, through the real router and on every database at hand (A243, A247, AH-24).

use axum::http::StatusCode;
use chrono::TimeDelta;
use model::case::State;
use model::citizen_id::CitizenId;
use model::evidence::{Details, Evidence, SourceId};
use model::ids::{AccountId, CaseId, EvidenceId};
use model::person_name::PersonName;
use model::phone::Phone;
use store::accounts::{self, Account, Status};
use store::cases::{self, Case, CaseNumber, Factors, Input, NewCase};
use store::evidence::NewEvidence;

use crate::signin::testing::{PASSWORD, live, resident, sign_in, signed_in};
use crate::testing::{Browser, Seen, World, worlds};

mod attacks;
mod erased;

const OLD: &str = "13900000002";
const NEW: &str = "13800000001";
const OLD_E164: &str = "+8613900000002";
const NEW_E164: &str = "+8613800000001";
const NAME: &str = "张明远";
const NUMBER: &str = "340000199003070012";

fn facts() -> Input {
    let today = store::testing::start_time().date_naive();
    Input {
        name: PersonName::parse(NAME).unwrap(),
        citizen_id: CitizenId::parse(NUMBER, today).unwrap(),
        phone: None,
        more: Factors::none(),
    }
}

/// Two accounts, the older of which has proven the number that the newer one tried.
struct Two {
    old: AccountId,
    new: AccountId,
    case: Case,
}

async fn two(world: &World) -> Two {
    let (service, now) = (&world.service, world.clock.now());
    let (old, new) = (resident(world, OLD).await, resident(world, NEW).await);
    let tx = service.store().read();
    let facts = facts();
    let identity = (&facts.name, &facts.citizen_id);
    assert!(accounts::set_identity(&tx, old, identity, now).await.unwrap());
    for source in ["population_register", "mobile_operator"] {
        prove(world, old, source).await;
    }
    let case = NewCase {
        id: CaseId::new(now, service.rng()),
        number: CaseNumber::generate(now, service.rng()),
        account: new,
        source: SourceId::parse("population_register").unwrap(),
        state: State::Conflict,
        input: facts,
        next_attempt_at: None,
        reference: None,
        created_at: now,
    };
    assert!(cases::create(&tx, &case).await.unwrap());
    let case = cases::find(&tx, new, &case.number).await.unwrap().unwrap();
    Two { old, new, case }
}

async fn prove(world: &World, account: AccountId, source: &str) {
    let now = world.clock.now();
    let evidence = NewEvidence {
        evidence: Evidence {
            id: EvidenceId::new(now, world.service.rng()),
            source: SourceId::parse(source).unwrap(),
            issued_at: now,
            expires_at: None,
            ended_at: None,
        },
        account,
        reference: None,
        case: None,
        details: Details::default(),
    };
    store::evidence::record(&world.service.store().read(), &evidence)
        .await
        .unwrap();
}

fn page_of(case: &Case) -> String {
    format!("/verify/conflict/{}", case.number.as_str())
}

async fn account(world: &World, id: AccountId) -> Account {
    let tx = world.service.store().read();
    accounts::find(&tx, id).await.unwrap().unwrap()
}

async fn level(world: &World, id: AccountId) -> u8 {
    let (account, tx) = (account(world, id).await, world.service.store().read());
    let level = crate::evidence::level_of(&world.service, &tx, &account).await;
    level.unwrap().level.number()
}

/// The first page, filled in.
async fn show_password(browser: &mut Browser, two: &Two, identifier: &str, password: &str) -> Seen {
    let page = browser.get(&page_of(&two.case)).await;
    assert_eq!(page.page(), Some("verify-conflict"), "{}", page.body);
    let fields = [("identifier", identifier), ("password", password)];
    browser.post(&page_of(&two.case), &page, &fields).await
}

/// The second page, filled in with the code that was sent.
async fn join(world: &World, browser: &mut Browser, two: &Two, phone: &str) -> Seen {
    let page = browser.get(&page_of(&two.case)).await;
    assert_eq!(page.page(), Some("verify-conflict-join"), "{}", page.body);
    let code = world.code(OLD_E164).await;
    let to = format!("{}/join", page_of(&two.case));
    browser
        .post(&to, &page, &[("code", &code), ("phone", phone)])
        .await
}

/// A browser of the newer account in which the older one's password was right.
async fn halfway(world: &World, two: &Two) -> Browser {
    let mut browser = signed_in(world, NEW).await;
    let seen = show_password(&mut browser, two, OLD, PASSWORD).await;
    assert_eq!(seen.location, Some(page_of(&two.case)), "{}", seen.body);
    browser
}

/// The word that objects, from the newest message to a phone.
async fn word(world: &World, phone: &str) -> String {
    let text = world.newest_sms(phone).await.expect("a message");
    let word = text
        .split(|c: char| !c.is_ascii_alphanumeric())
        .find(|part| part.len() == 12 && part.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit()));
    word.unwrap_or_else(|| panic!("no word in {text}")).to_owned()
}

#[tokio::test]
async fn source_ah_24_whoever_owns_both_accounts_joins_them_and_the_older_one_stays() {
    for world in worlds().await {
        let two = two(&world).await;
        let elsewhere = signed_in(&world, NEW).await;
        let before = level(&world, two.old).await;
        let mut browser = halfway(&world, &two).await;
        let page = browser.get(&page_of(&two.case)).await;
        assert!(page.body.contains("139****0002") && page.body.contains("138****0001"));
        assert!(!page.body.contains(NAME) && !page.body.contains(NUMBER));
        let done = join(&world, &mut browser, &two, "keep").await;
        assert_eq!(
            done.location.as_deref(),
            Some("/account/level?joined=yes"),
            "{}",
            done.body
        );
        let (old, new) = (account(&world, two.old).await, account(&world, two.new).await);
        assert_eq!(
            (old.status, new.status),
            (Status::Active, Status::Closed),
            "{}",
            world.kind
        );
        assert_eq!(old.phone, Some(Phone::parse(OLD).unwrap()));
        assert_eq!(level(&world, two.old).await, before, "nothing is lost");
        assert_eq!(live(&world, &browser).await.unwrap().account.id, two.old);
        assert!(
            live(&world, &elsewhere).await.is_none(),
            "every sign-in of the newer one ends"
        );
        let tx = world.service.store().read();
        let held = store::evidence::list(&tx, two.new).await.unwrap();
        assert!(held.is_empty());
        let case = cases::find(&tx, two.new, &two.case.number)
            .await
            .unwrap()
            .unwrap();
        assert_eq!((case.state, case.input), (State::Replaced, None));
        for phone in [OLD_E164, NEW_E164] {
            let told = world.newest_sms(phone).await.unwrap();
            assert!(
                told.contains("joined") && told.contains("/verify/objection"),
                "{told}"
            );
        }
        let refused = sign_in(&mut world.browser(), NEW, PASSWORD).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        let level = browser.get("/account/level?joined=yes").await;
        assert!(level.body.contains("two accounts are one"), "{}", level.body);
        let events: Vec<String> = world
            .test
            .audited()
            .await
            .unwrap()
            .into_iter()
            .map(|one| one.0)
            .collect();
        assert!(
            events.contains(&"accounts_joined".to_owned()) && events.contains(&"account_closed".to_owned())
        );
    }
}

#[tokio::test]
async fn the_person_chooses_the_phone_and_what_was_compared_with_the_old_one_ends() {
    for world in worlds().await {
        let two = two(&world).await;
        let proven_at = world.clock.now();
        world.test.clock.advance(TimeDelta::days(10));
        let elsewhere = signed_in(&world, OLD).await;
        let before = level(&world, two.old).await;
        let mut browser = halfway(&world, &two).await;
        let done = join(&world, &mut browser, &two, "replace").await;
        assert_eq!(
            done.location.as_deref(),
            Some("/account/level?joined=yes"),
            "{}",
            done.body
        );
        let (old, new) = (account(&world, two.old).await, account(&world, two.new).await);
        assert_eq!(old.phone, Some(Phone::parse(NEW).unwrap()));
        assert_eq!(
            new.phone,
            Some(Phone::parse(OLD).unwrap()),
            "kept, so that it can be taken back"
        );
        assert!(level(&world, two.old).await < before, "{}", world.kind);
        let tx = world.service.store().read();
        let held = store::evidence::list(&tx, two.old).await.unwrap();
        let mut codes = held.iter().filter(|piece| piece.source.as_str() == "phone_sms");
        let code = codes.next().map(|piece| piece.issued_at);
        assert_eq!(
            (code, codes.count()),
            (Some(proven_at), 0),
            "no code went to it today"
        );
        assert!(
            live(&world, &elsewhere).await.is_none(),
            "whoever has the old phone signs in again"
        );
        assert_eq!(live(&world, &browser).await.unwrap().account.id, two.old);
        let again = sign_in(&mut world.browser(), NEW, PASSWORD).await;
        assert_eq!(again.location.as_deref(), Some("/account"));
        let gone = sign_in(&mut world.browser(), OLD, PASSWORD).await;
        assert_eq!(gone.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
}

#[tokio::test]
async fn no_choice_is_made_for_the_person_and_a_wrong_code_joins_nothing() {
    for world in worlds().await {
        let two = two(&world).await;
        let mut browser = halfway(&world, &two).await;
        let page = browser.get(&page_of(&two.case)).await;
        assert!(!page.body.contains(" checked"), "{}", page.body);
        let to = format!("{}/join", page_of(&two.case));
        let code = world.code(OLD_E164).await;
        let seen = browser.post(&to, &page, &[("code", &code)]).await;
        assert_eq!(seen.errors(), ["conflict-phone-missing"]);
        let wrong = if code == "000000" { "000001" } else { "000000" };
        let seen = browser
            .post(&to, &page, &[("code", wrong), ("phone", "keep")])
            .await;
        assert_eq!(seen.errors(), ["evidence-code-wrong"]);
        assert_eq!(account(&world, two.new).await.status, Status::Active);
        assert_eq!(
            browser
                .post(&to, &page, &[("code", &code), ("phone", "keep")])
                .await
                .status,
            303
        );
        assert_eq!(
            account(&world, two.new).await.status,
            Status::Closed,
            "{}",
            world.kind
        );
    }
}

#[tokio::test]
async fn a_code_whose_time_is_over_leads_back_to_the_beginning() {
    for world in worlds().await {
        let two = two(&world).await;
        let mut browser = halfway(&world, &two).await;
        let page = browser.get(&page_of(&two.case)).await;
        let code = world.code(OLD_E164).await;
        world.test.clock.advance(TimeDelta::minutes(6));
        let to = format!("{}/join", page_of(&two.case));
        let late = browser
            .post(&to, &page, &[("code", &code), ("phone", "keep")])
            .await;
        assert_eq!(late.location, Some(page_of(&two.case)));
        assert_eq!(
            browser.get(&page_of(&two.case)).await.page(),
            Some("verify-conflict")
        );
        assert_eq!(
            account(&world, two.new).await.status,
            Status::Active,
            "{}",
            world.kind
        );
    }
}

#[tokio::test]
async fn a_person_decides_where_the_factors_are_out_of_reach() {
    for world in worlds().await {
        let two = two(&world).await;
        let mut browser = signed_in(&world, NEW).await;
        let page = browser.get(&page_of(&two.case)).await;
        let form = page.body.split("/verify/review").nth(1).expect("a form");
        let form = Seen {
            body: form.to_owned(),
            ..page.clone()
        };
        let number = two.case.number.as_str();
        let filed = browser
            .post("/verify/review", &form, &[("case", number), ("review", "yes")])
            .await;
        assert_eq!(filed.page(), Some("verify-review"), "{}", filed.body);
        let tx = world.service.store().read();
        let case = cases::find(&tx, two.new, &two.case.number)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(case.state, State::InReview);
        let review = store::case_reviews::find_review(&tx, case.id)
            .await
            .unwrap()
            .unwrap();
        assert!(review.level.number() >= 3, "two people decide whose number it is");
        let shown = browser.get(&page_of(&two.case)).await;
        assert_eq!(
            shown.location,
            Some(format!("/account/cases/{number}")),
            "{}",
            world.kind
        );
    }
}

#[tokio::test]
async fn once_the_older_account_is_gone_the_way_is_free() {
    for world in worlds().await {
        let two = two(&world).await;
        let tx = world.service.store().read();
        assert!(
            store::joins::close(&tx, two.old, world.clock.now())
                .await
                .unwrap()
        );
        let mut browser = signed_in(&world, NEW).await;
        let page = browser.get(&page_of(&two.case)).await;
        assert_eq!(page.page(), Some("verify-conflict-free"), "{}", page.body);
    }
}
