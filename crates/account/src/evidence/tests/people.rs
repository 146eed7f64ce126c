//! What people of the province decide becomes evidence: theirs alone, never over another account's number, never for an
//! account that is not in use, with an end, a case and an entry in the audit log.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use model::citizen_id::CitizenId;
use model::evidence::{Details, Evidence};
use model::ids::{CaseId, EvidenceId};
use model::person_name::PersonName;
use store::audit::read::{Filter, read};
use store::cases::Input;
use store::evidence::NewEvidence;

use super::*;
use crate::evidence::decided::{self, Decided, Decision};
use crate::evidence::source::tests::facts;
use crate::signin::testing::resident;
use crate::testing::worlds;

fn decision(world: &World, account: AccountId, source: &str) -> Decision {
    Decision {
        account,
        case: CaseId::new(world.clock.now(), world.service.rng()),
        source: SourceId::parse(source).unwrap(),
        facts: facts(),
        until: None,
        details: Details::default(),
    }
}

/// Records a decision in a transaction of its own, as the operator's page does.
async fn decide(world: &World, decision: &Decision) -> Decided {
    let tx = world.service.store().begin().await.unwrap();
    let decided = decided::record(&world.service, &tx, decision).await.unwrap();
    tx.commit().await.unwrap();
    decided
}

async fn held(world: &World, account: AccountId) -> Vec<Evidence> {
    let tx = world.service.store().read();
    let held = store::evidence::list(&tx, account).await.unwrap();
    held.into_iter()
        .filter(|piece| piece.source.as_str() != "phone_sms")
        .collect()
}

/// What the audit log says about an account.
async fn audited(world: &World, account: AccountId) -> Vec<(String, String)> {
    let filter = Filter {
        account: Some(account),
        ..Filter::default()
    };
    let entries = read(&world.service.store().read(), &filter).await.unwrap();
    entries
        .into_iter()
        .map(|entry| (entry.event, entry.details))
        .collect()
}

fn input(name: &str, number: &str) -> Input {
    Input {
        name: PersonName::parse(name).unwrap(),
        citizen_id: CitizenId::parse(number, store::testing::start_time().date_naive()).unwrap(),
        ..facts()
    }
}

async fn identify(world: &World, account: AccountId, facts: &Input) {
    let (tx, now) = (world.service.store().read(), world.clock.now());
    let identity = (&facts.name, &facts.citizen_id);
    assert!(accounts::set_identity(&tx, account, identity, now).await.unwrap());
}

#[tokio::test]
async fn attack_246_people_decide_about_their_own_sources_and_every_other_speaks_for_itself() {
    let of_people = [
        "document_review",
        "register_review",
        "counter",
        "operator_override_1",
        "operator_override_2",
        "operator_override_3",
    ];
    for name in of_people {
        assert!(decided::is_of_people(&SourceId::parse(name).unwrap()), "{name}");
    }
    let mut others = vec![
        "phone_sms",
        "email_link",
        "operator",
        "overview",
        "peer_review",
        "counters",
    ];
    let listed = crate::evidence::sources::ALL.iter().map(|one| one.id);
    others.extend(listed.filter(|id| !of_people.contains(id)));
    assert!(others.contains(&"mobile_operator") && others.contains(&"population_register"));
    for world in worlds().await {
        let account = resident(&world, PHONE).await;
        for name in &others {
            assert!(!decided::is_of_people(&SourceId::parse(name).unwrap()), "{name}");
            let decided = decide(&world, &decision(&world, account, name)).await;
            assert_eq!(decided, Decided::Gone, "{name} {}", world.kind);
        }
        assert!(held(&world, account).await.is_empty() && audited(&world, account).await.is_empty());
        for name in of_people {
            let decided = decide(&world, &decision(&world, account, name)).await;
            assert!(matches!(decided, Decided::Recorded(_)), "{name}");
        }
        assert_eq!(held(&world, account).await.len(), of_people.len());
    }
}

#[tokio::test]
async fn attack_243_a_decision_never_takes_a_number_from_the_account_that_has_proven_it() {
    for world in worlds().await {
        let (owner, other) = (resident(&world, PHONE).await, resident(&world, OTHER).await);
        identify(&world, owner, &facts()).await;
        let decided = decide(&world, &decision(&world, other, "document_review")).await;
        assert_eq!(decided, Decided::Conflict, "{}", world.kind);
        assert!(held(&world, other).await.is_empty() && audited(&world, other).await.is_empty());
        let tx = world.service.store().read();
        let other = accounts::find(&tx, other).await.unwrap().unwrap();
        assert!(other.citizen_id.is_none() && other.name.is_none());
        let owner = accounts::find(&tx, owner).await.unwrap().unwrap();
        assert_eq!(owner.citizen_id, Some(facts().citizen_id));
    }
}

#[tokio::test]
async fn a_decision_about_an_account_with_another_number_or_not_in_use_writes_nothing() {
    for world in worlds().await {
        let (proven, frozen) = (resident(&world, PHONE).await, resident(&world, OTHER).await);
        identify(&world, proven, &input(NAME, "420000198511150022")).await;
        let (tx, now) = (world.service.store().read(), world.clock.now());
        assert!(accounts::freeze(&tx, frozen, now).await.unwrap());
        for account in [proven, frozen] {
            let mut decision = decision(&world, account, "register_review");
            decision.facts = input("李静宜", NUMBER);
            let decided = decide(&world, &decision).await;
            assert_eq!(decided, Decided::Gone, "{}", world.kind);
            assert!(held(&world, account).await.is_empty() && audited(&world, account).await.is_empty());
        }
        let proven = accounts::find(&tx, proven).await.unwrap().unwrap();
        assert_eq!(proven.name.unwrap().as_str(), NAME);
        assert_eq!(proven.citizen_id.unwrap().as_str(), "420000198511150022");
    }
}

#[tokio::test]
async fn a_decision_counts_until_the_earlier_of_its_own_end_and_the_ladders() {
    for world in worlds().await {
        let account = resident(&world, PHONE).await;
        let now = world.clock.now();
        let day = |days| now + TimeDelta::days(days);
        for (until, expires) in [(None, 730), (Some(10), 10), (Some(4000), 730)] {
            let mut decision = decision(&world, account, "document_review");
            decision.until = until.map(day);
            decide(&world, &decision).await;
            let [piece] = <[Evidence; 1]>::try_from(held(&world, account).await).unwrap();
            assert_eq!(piece.expires_at, Some(day(expires)), "{until:?} {}", world.kind);
            assert_eq!(piece.issued_at, now);
        }
    }
}

#[tokio::test]
async fn a_decision_keeps_its_case_and_what_was_looked_at_and_the_audit_log_says_whose_it_is() {
    for world in worlds().await {
        let account = resident(&world, PHONE).await;
        let mut decision = decision(&world, account, "counter");
        decision.details.document = Some("idcard".to_owned());
        let Decided::Recorded(id) = decide(&world, &decision).await else {
            panic!("recorded")
        };
        let tx = world.service.store().read();
        let detailed = store::evidence::list_with_details(&tx, account).await.unwrap();
        let piece = detailed.iter().find(|piece| piece.evidence.id == id).unwrap();
        assert_eq!(piece.details, decision.details, "{}", world.kind);
        assert_eq!(world.test.case_of(id).await.unwrap(), Some(decision.case));
        let said = (
            "evidence_recorded".to_owned(),
            "{\"source\":\"counter\"}".to_owned(),
        );
        assert_eq!(audited(&world, account).await, [said]);
        let owner = accounts::find(&tx, account).await.unwrap().unwrap();
        assert_eq!(owner.citizen_id, Some(facts().citizen_id));
    }
}

/// Evidence of the register, as somebody else's transaction writes it.
fn registered(world: &World, account: AccountId, now: DateTime<Utc>) -> NewEvidence {
    let evidence = Evidence {
        id: EvidenceId::new(now, world.service.rng()),
        source: SourceId::parse(POPULATION_REGISTER).unwrap(),
        issued_at: now,
        expires_at: None,
        ended_at: None,
    };
    NewEvidence {
        evidence,
        account,
        reference: None,
        case: None,
        details: Details::default(),
    }
}

#[tokio::test]
async fn a_decision_waits_for_who_is_writing_a_name_into_the_account_and_ends_what_was_proven_for_it() {
    for world in worlds().await {
        let account = resident(&world, PHONE).await;
        let now = world.clock.now();
        let tx = world.service.store().begin().await.unwrap();
        accounts::take_turns(&tx, account).await.unwrap();
        let first = input("张远", NUMBER);
        let identity = (&first.name, &first.citizen_id);
        assert!(accounts::set_identity(&tx, account, identity, now).await.unwrap());
        let piece = registered(&world, account, now);
        store::evidence::record(&tx, &piece).await.unwrap();
        let decision = decision(&world, account, "document_review");
        let deciding = decide(&world, &decision);
        tokio::pin!(deciding);
        let waiting = tokio::time::timeout(Duration::from_millis(200), &mut deciding).await;
        assert!(waiting.is_err(), "{}: it is not decided meanwhile", world.kind);
        tx.commit().await.unwrap();
        assert!(matches!(deciding.await, Decided::Recorded(_)));
        let held = held(&world, account).await;
        let held: Vec<&str> = held.iter().map(|piece| piece.source.as_str()).collect();
        assert_eq!(held, ["document_review"], "{}", world.kind);
    }
}
