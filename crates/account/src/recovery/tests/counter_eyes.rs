//! The two operators of a recovery at the counter: who can be the second one, for which account, and what their word ends.

use model::secret::TokenHash;
use model::standing::{Answer, Entry, answer};
use store::ceremonies::{self, Handle, NewCeremony, Purpose};
use store::changes::{self, How, Kind, NewChange, State};
use store::history::{self, What};

use super::*;

const FRESH: &str = "+8613900005678";

async fn account(world: &World, id: AccountId) -> accounts::Account {
    let tx = world.service.store().read();
    accounts::find(&tx, id).await.unwrap().unwrap()
}

/// A real-named resident.
async fn named(world: &World) -> AccountId {
    let id = resident(world, PHONE).await;
    name(world, id, Some(EMAIL)).await;
    id
}

/// What one operator proposes for an account.
async fn proposed(world: &World, id: AccountId, by: OperatorId) -> model::ids::ChangeId {
    let seen = SeenThere {
        operator: by,
        document: "idcard".to_owned(),
        phone: FRESH.to_owned(),
        before: None,
    };
    let account = account(world, id).await;
    assert!(
        counter::propose(&world.service, "r-1", &account, &seen)
            .await
            .unwrap()
    );
    let waiting = counter::proposals(&world.service).await.unwrap();
    waiting.iter().find(|one| one.account == id).unwrap().id
}

async fn agree(world: &World, id: model::ids::ChangeId, by: (OperatorId, &str)) -> Outcome {
    counter::agree(&world.service, "r-2", id, by).await.unwrap()
}

async fn operator(world: &World, login: &str, by: Option<OperatorId>) -> OperatorId {
    world.test.operator((login, "Operator"), by).await.unwrap()
}

async fn written(world: &World, id: AccountId, what: What) -> usize {
    let tx = world.service.store().read();
    let list = history::list(&tx, id, None).await.unwrap();
    list.iter().filter(|entry| entry.what == what).count()
}

#[tokio::test]
async fn attack_241_the_second_operator_is_another_person_who_is_not_the_owner() {
    for world in worlds().await {
        let id = named(&world).await;
        let root = operator(&world, "root", None).await;
        let one = operator(&world, "one", Some(root)).await;
        let beside = operator(&world, "beside", Some(root)).await;
        let below = operator(&world, "below", Some(one)).await;
        let other = operator(&world, "other", None).await;
        let change = proposed(&world, id, one).await;
        assert_eq!(written(&world, id, What::RecoveryStarted).await, 1);
        for (by, expected) in [
            ((one, "Operator"), Outcome::Own),
            // One person behind both, or one behind the other.
            ((root, "Operator"), Outcome::SameVoucher),
            ((beside, "Operator"), Outcome::SameVoucher),
            ((below, "Operator"), Outcome::SameVoucher),
            // Their own account, however the name is written.
            ((other, NAME), Outcome::OwnName),
            ((other, "Operator"), Outcome::Done),
            // A second click, and somebody who was slower.
            ((other, "Operator"), Outcome::Gone),
            ((one, "Operator"), Outcome::Gone),
        ] {
            assert_eq!(agree(&world, change, by).await, expected, "{} {by:?}", world.kind);
            let phone = account(&world, id).await.phone.unwrap();
            let changed = matches!(expected, Outcome::Done | Outcome::Gone);
            assert_eq!(phone.e164() == FRESH, changed, "{expected:?}");
        }
    }
}

#[tokio::test]
async fn attack_241_of_many_operators_who_agree_and_refuse_at_once_one_decides() {
    for world in worlds().await {
        let id = named(&world).await;
        let one = operator(&world, "one", None).await;
        let change = proposed(&world, id, one).await;
        let mut all = tokio::task::JoinSet::new();
        for number in 0..6 {
            let (service, other) = (
                world.service.clone(),
                operator(&world, &format!("o{number}"), None).await,
            );
            all.spawn(async move {
                let done = if number % 2 == 0 {
                    counter::agree(&service, "r-2", change, (other, "Operator")).await
                } else {
                    counter::refuse(&service, "r-2", change, other).await
                };
                (number % 2 == 0, done.unwrap())
            });
        }
        let done: Vec<bool> = all
            .join_all()
            .await
            .into_iter()
            .filter(|(_, outcome)| *outcome == Outcome::Done)
            .map(|(agreed, _)| agreed)
            .collect();
        assert_eq!(done.len(), 1, "{}", world.kind);
        let phone = account(&world, id).await.phone.unwrap();
        assert_eq!(phone.e164() == FRESH, done[0]);
    }
}

#[tokio::test]
async fn attack_205_241_the_second_word_counts_in_the_standings_that_the_table_says() {
    for world in worlds().await {
        let (one, two) = (
            operator(&world, "one", None).await,
            operator(&world, "two", None).await,
        );
        for status in Status::ALL {
            let id = named(&world).await;
            let change = proposed(&world, id, one).await;
            // It became another one since the first operator looked.
            world.test.set_status(id, status).await.unwrap();
            let outcome = agree(&world, change, (two, "Operator")).await;
            let expected = if answer(status, Entry::Counter) == Answer::AsIfUnknown {
                Outcome::Gone
            } else {
                Outcome::Done
            };
            assert_eq!(outcome, expected, "{status:?} {}", world.kind);
            let phone = account(&world, id).await.phone.unwrap();
            assert_eq!(phone.e164() == FRESH, expected == Outcome::Done, "{status:?}");
            assert_eq!(account(&world, id).await.status, status, "nothing opens by it");
            // The next resident has the same numbers.
            world.test.set_status(id, Status::Closed).await.unwrap();
            let tx = world.service.store().read();
            store::erasure::erase(&tx, id, &[], world.clock.now())
                .await
                .unwrap();
        }
    }
}

#[tokio::test]
async fn attack_241_a_proposal_that_was_replaced_withdrawn_or_let_go_is_agreed_to_by_nobody() {
    for world in worlds().await {
        let id = named(&world).await;
        let (one, two) = (
            operator(&world, "one", None).await,
            operator(&world, "two", None).await,
        );
        let old = proposed(&world, id, one).await;
        let new = proposed(&world, id, one).await;
        assert_eq!(
            agree(&world, old, (two, "Operator")).await,
            Outcome::Gone,
            "a stale page"
        );
        let taken = counter::refuse(&world.service, "r-3", new, one).await.unwrap();
        assert_eq!(taken, Outcome::Done);
        assert_eq!(agree(&world, new, (two, "Operator")).await, Outcome::Gone);
        assert_eq!(written(&world, id, What::RecoveryStopped).await, 1);
        let mail = world.newest_mail(EMAIL).await.unwrap();
        assert!(mail.contains("was stopped"), "{mail}");
        let events = world.test.audited().await.unwrap();
        let steps = events.iter().filter(|(event, ..)| event == "counter_recovery");
        let withdrawn = steps.filter(|(.., details)| details["step"] == "withdrawn");
        assert_eq!(withdrawn.count(), 1, "{}", world.kind);
        // Of an operator who is let in no more.
        let third = proposed(&world, id, one).await;
        let tx = world.service.store().begin().await.unwrap();
        counter::let_go(&tx, one, world.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        assert!(counter::proposals(&world.service).await.unwrap().is_empty());
        assert_eq!(agree(&world, third, (two, "Operator")).await, Outcome::Gone);
        pass(&world, 0).await;
        assert_eq!(
            written(&world, id, What::RecoveryStopped).await,
            2,
            "the owner is told"
        );
        assert_eq!(account(&world, id).await.phone.unwrap().e164(), E164);
    }
}

#[tokio::test]
async fn attack_235_241_what_somebody_else_began_ends_when_two_operators_give_the_account_back() {
    for world in worlds().await {
        let id = named(&world).await;
        let (now, rng) = (world.clock.now(), world.service.rng());
        let begun = async |kind| {
            let new = NewChange {
                id: model::ids::ChangeId::new(now, rng),
                account: id,
                kind,
                state: State::Waiting,
                details: Some("{}"),
                now,
                effective_at: now + TimeDelta::days(3),
                reversible_until: None,
            };
            let tx = world.service.store().read();
            assert!(changes::begin(&tx, &new).await.unwrap());
            new.id
        };
        // A thief waits for another address and for a factor to go, has half a sign-in, and a page of theirs is open.
        let theirs = [begun(Kind::Email).await, begun(Kind::Factor).await];
        let thief = signed_in(&world, PHONE).await;
        let browser = TokenHash::of("the browser of the thief");
        let purposes = [Purpose::SignIn, Purpose::ContactChange, Purpose::NewPasskey];
        for purpose in purposes {
            let handle = TokenHash::of(&format!("{purpose:?}"));
            let life = (now, now + TimeDelta::minutes(30));
            let new = NewCeremony {
                account: Some(id),
                ..NewCeremony::new(&handle, (&browser, purpose), life)
            };
            let tx = world.service.store().read();
            ceremonies::put(&tx, &new).await.unwrap();
        }
        let (one, two) = (
            operator(&world, "one", None).await,
            operator(&world, "two", None).await,
        );
        let change = proposed(&world, id, one).await;
        assert_eq!(agree(&world, change, (two, "Operator")).await, Outcome::Done);
        let tx = world.service.store().read();
        for id in theirs {
            let ended = changes::find(&tx, id).await.unwrap().unwrap();
            assert_eq!(
                ended.ended_how,
                Some(How::Replaced),
                "{:?} {}",
                ended.kind,
                world.kind
            );
        }
        assert!(live(&world, &thief).await.is_none());
        for purpose in purposes {
            let handle = TokenHash::of(&format!("{purpose:?}"));
            let at = Handle {
                id: &handle,
                browser: &browser,
                purpose,
            };
            assert!(
                ceremonies::look(&tx, at, now).await.unwrap().is_none(),
                "{purpose:?}"
            );
        }
        let mail = world.newest_mail(EMAIL).await.unwrap();
        assert!(mail.contains("/link/"), "{mail}");
    }
}

/// So many proposals of one operator, each for an account of its own.
async fn many(world: &World, by: OperatorId, count: u32) {
    let (tx, now, rng) = (
        world.service.store().read(),
        world.clock.now(),
        world.service.rng(),
    );
    for number in 0..count {
        let account = AccountId::new(now, rng);
        let new = accounts::NewAccount {
            id: account,
            kind: model::client::AccountKind::Resident,
            language: model::language::Language::En,
            phone: Phone::parse(&format!("138{number:08}")).unwrap(),
            created_at: now,
        };
        accounts::create(&tx, &new).await.unwrap();
        let seen = SeenThere {
            operator: by,
            document: "idcard".to_owned(),
            phone: FRESH.to_owned(),
            before: None,
        };
        let details = serde_json::to_string(&seen).unwrap();
        let new = NewChange {
            id: model::ids::ChangeId::new(now, rng),
            account,
            kind: Kind::Recovery,
            state: State::Proposed,
            details: Some(&details),
            now,
            effective_at: now + TimeDelta::hours(1),
            reversible_until: Some(now + TimeDelta::hours(2)),
        };
        assert!(changes::begin(&tx, &new).await.unwrap());
    }
}

#[tokio::test]
async fn attack_241_what_an_operator_proposed_behind_a_page_of_others_is_seen_and_taken_back() {
    for world in worlds().await {
        let id = named(&world).await;
        let (busy, one, two) = (
            operator(&world, "busy", None).await,
            operator(&world, "one", None).await,
            operator(&world, "two", None).await,
        );
        many(&world, busy, 60).await;
        let change = proposed(&world, id, one).await;
        let tx = world.service.store().read();
        counter::let_go(&tx, one, world.clock.now()).await.unwrap();
        let left = counter::proposals(&world.service).await.unwrap();
        assert_eq!(left.len(), 60, "{}", world.kind);
        assert!(left.iter().all(|waits| waits.seen.operator == busy));
        assert_eq!(agree(&world, change, (two, "Operator")).await, Outcome::Gone);
    }
}

#[tokio::test]
async fn attack_241_a_proposal_of_an_operator_who_is_disabled_is_agreed_to_by_nobody_even_where_it_is_still_there()
 {
    for world in worlds().await {
        let id = named(&world).await;
        let (one, two) = (
            operator(&world, "one", None).await,
            operator(&world, "two", None).await,
        );
        let change = proposed(&world, id, one).await;
        let tx = world.service.store().begin().await.unwrap();
        let done = store::operators::disable(&tx, one, world.clock.now())
            .await
            .unwrap();
        assert_eq!(done, store::operators::Changed::Done);
        tx.commit().await.unwrap();
        assert_eq!(agree(&world, change, (two, "Operator")).await, Outcome::Gone);
        assert_eq!(
            account(&world, id).await.phone.unwrap().e164(),
            E164,
            "{}",
            world.kind
        );
    }
}
