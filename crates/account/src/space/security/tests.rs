//! What the owner sees of their account's history, and what "this wasn't me" does, through the real router.

use axum::http::StatusCode;
use chrono::TimeDelta;
use model::ids::{AccountId, ClientId, HappeningId, SessionId};
use model::ladder::Level;
use model::standing::Status;
use store::history::{NewEntry, What};
use store::status_events::{self, AccountEvent, Said};

use crate::factors::testing::confirm;
use crate::history::Happening;
use crate::signin::testing::{PASSWORD, live, resident, signed_in};
use crate::testing::{World, worlds};

const PHONE: &str = "13800000001";
const OTHER: &str = "13900000002";
const NOT_ME: &str = "/account/security/not-me";
const HISTORY: &str = "/account/security/history";

/// Something that happened to the account in another sign-in.
async fn happened(world: &World, account: AccountId, what: What) -> HappeningId {
    let (tx, rng, now) = (
        world.service.store().read(),
        world.service.rng(),
        world.clock.now(),
    );
    let new = NewEntry {
        account,
        what,
        at: now,
        session: Some(SessionId::new(now, rng)),
        client: None,
        methods: None,
        level: None,
        place: None,
    };
    store::history::record(&tx, rng, &new).await.unwrap()
}

async fn status(world: &World, account: AccountId) -> Status {
    let tx = world.service.store().read();
    store::accounts::find(&tx, account).await.unwrap().unwrap().status
}

#[tokio::test]
async fn whatever_somebody_may_have_done_can_be_disowned() {
    for world in worlds().await {
        let account = resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        for what in [
            What::Exported,
            What::RecoveryStarted,
            What::ClosingStarted,
            What::DeviceForgotten,
            What::Visited,
            What::FactorAdded,
        ] {
            let id = happened(&world, account, what).await;
            let page = browser.get(HISTORY).await;
            let link = format!("{NOT_ME}?entry={id}");
            assert!(page.body.contains(&link), "{what:?}: {}", page.body);
            assert_eq!(
                browser.get(&link).await.page(),
                Some("account-not-me"),
                "{what:?}"
            );
        }
        // What nobody in a browser did, nobody disowns.
        for what in [What::Suspended, What::Released, What::SignedOut] {
            let id = happened(&world, account, what).await;
            let page = browser.get(HISTORY).await;
            assert!(!page.body.contains(&format!("entry={id}")), "{what:?}");
        }
    }
}

#[tokio::test]
async fn locking_from_a_sign_in_asks_for_a_recent_proof() {
    for world in worlds().await {
        let account = resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let entry = happened(&world, account, What::SignedIn).await.to_string();
        let page = format!("{NOT_ME}?entry={entry}");
        let fields = [("entry", entry.as_str()), ("hold", "yes")];
        world.clock.advance(TimeDelta::minutes(11));
        let ask = browser.get(&page).await;
        let asked = browser.post(NOT_ME, &ask, &fields).await;
        let to = asked.location.expect("another page first");
        assert!(to.starts_with("/account/confirm?"), "{to}");
        assert_eq!(status(&world, account).await, Status::Active, "{}", world.kind);
        assert!(live(&world, &browser).await.is_some());
        let proof = [("method", "password"), ("password", PASSWORD)];
        let back = confirm(&mut browser, &to, &proof).await;
        let back = back.location.expect("the page again");
        assert_eq!(back, format!("{page}&confirmed=yes"));
        let ask = browser.get(&back).await;
        assert_eq!(
            status(&world, account).await,
            Status::Active,
            "a press is still needed"
        );
        let held = browser.post(NOT_ME, &ask, &fields).await;
        assert_eq!(held.page(), Some("account-held"), "{}", held.body);
        assert_eq!(status(&world, account).await, Status::Held, "{}", world.kind);
        assert!(live(&world, &browser).await.is_none());
        // The form of another tab, once more: nothing is left that it could do.
        let again = browser.post(NOT_ME, &ask, &fields).await;
        assert!(again.location.is_some() || again.status.is_client_error());
    }
}

#[tokio::test]
async fn ending_other_sign_ins_needs_no_proof_and_only_ones_own_entries_are_there() {
    for world in worlds().await {
        let (mine, theirs) = (resident(&world, PHONE).await, resident(&world, OTHER).await);
        let mut browser = signed_in(&world, PHONE).await;
        let entry = happened(&world, mine, What::SignedIn).await.to_string();
        let foreign = happened(&world, theirs, What::SignedIn).await.to_string();
        let ask = browser.get(&format!("{NOT_ME}?entry={entry}")).await;
        for bad in [foreign.as_str(), "", "x", "00000000-0000-0000-0000-000000000000"] {
            for hold in [&[("entry", bad)][..], &[("entry", bad), ("hold", "yes")]] {
                let seen = browser.post(NOT_ME, &ask, hold).await;
                assert_eq!(seen.status, StatusCode::NOT_FOUND, "A261: {bad}");
            }
        }
        assert_eq!(status(&world, theirs).await, Status::Active);
        world.clock.advance(TimeDelta::minutes(11));
        let done = browser.post(NOT_ME, &ask, &[("entry", &entry)]).await;
        assert!(done.location.unwrap().ends_with("done=yes"), "{}", world.kind);
    }
}

#[tokio::test]
async fn visits_are_shown_exported_and_erased_at_closing() {
    for world in worlds().await {
        let account = resident(&world, PHONE).await;
        world.site("hefei", false, None).await;
        let mut browser = signed_in(&world, PHONE).await;
        let session = live(&world, &browser).await.unwrap();
        let (client, tx) = (ClientId::parse("hefei").unwrap(), world.service.store().read());
        let happening = Happening::new(account, What::Visited)
            .in_session(session.id)
            .for_client(Some(&client))
            .by(&session.methods)
            .at_level(Level::new(2).unwrap());
        let visit = crate::testing::visit(&world).await;
        for new in [true, false, false] {
            let written = crate::history::note_visit(&tx, world.service.rng(), &visit, &happening).await;
            assert_eq!(written.unwrap(), new, "{}", world.kind);
        }
        let page = browser.get(HISTORY).await;
        assert_eq!(page.body.matches("data-what=\"visited\"").count(), 1);
        assert!(
            page.body.contains("Hefei") && page.body.contains("<dd>2</dd>"),
            "{}",
            page.body
        );
        let document = browser.get("/account/export.json").await;
        let document: serde_json::Value = serde_json::from_str(&document.body).unwrap();
        let visits: Vec<_> = document["history"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|one| one["what"] == "visited")
            .collect();
        assert_eq!(visits.len(), 1);
        assert_eq!(visits[0]["client"], "hefei");
        assert_eq!(visits[0]["level"], 2);
        store::erasure::forget(&tx, account, model::closing::Kept::SignIns)
            .await
            .unwrap();
        assert!(store::history::list(&tx, account, None).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_sign_in_for_a_sub_site_and_its_answer_are_one_line() {
    for world in worlds().await {
        let account = resident(&world, PHONE).await;
        let (client, tx) = (ClientId::parse("hefei").unwrap(), world.service.store().read());
        let visit = crate::testing::visit(&world).await;
        let session = SessionId::new(world.clock.now(), world.service.rng());
        let methods = model::authn::Methods::new([model::authn::Method::Password]);
        let about = |what| {
            Happening::new(account, what)
                .in_session(session)
                .for_client(Some(&client))
                .by(&methods)
                .at_level(Level::new(1).unwrap())
        };
        let service = &world.service;
        let rng = service.rng();
        crate::history::note_sign_in(service, &tx, &visit, &about(What::SignedIn))
            .await
            .unwrap();
        assert!(
            !crate::history::note_visit(&tx, rng, &visit, &about(What::Visited))
                .await
                .unwrap()
        );
        // Signing in once more is a line of its own, whatever was there before.
        crate::history::note_sign_in(service, &tx, &visit, &about(What::SignedIn))
            .await
            .unwrap();
        let all = store::history::list(&tx, account, None).await.unwrap();
        let whats: Vec<_> = all.iter().map(|one| one.what).collect();
        assert_eq!(whats, [What::SignedIn, What::SignedIn], "{}", world.kind);
    }
}

#[tokio::test]
async fn where_one_sign_in_ends_no_site_hears_that_all_have() {
    for world in worlds().await {
        let account = resident(&world, PHONE).await;
        world.site("hefei", true, None).await;
        world.grant(account, "hefei", "openid").await;
        let heard = async || {
            let tx = world.service.store().read();
            let rows = status_events::of_account(&tx, account).await.unwrap();
            rows.iter()
                .filter(|(notice, _)| {
                    matches!(&notice.said, Said::Account(one) if one.what == AccountEvent::SessionsRevoked)
                })
                .count()
        };
        let (mut here, there) = (signed_in(&world, PHONE).await, signed_in(&world, PHONE).await);
        let other = live(&world, &there).await.unwrap().id.to_string();
        let page = here.get("/account/security").await;
        here.post("/account/security/end", &page, &[("session", &other)])
            .await;
        assert!(live(&world, &there).await.is_none());
        let mut third = signed_in(&world, PHONE).await;
        let ask = third.get("/sign-out").await;
        third.post("/sign-out", &ask, &[]).await;
        assert_eq!(heard().await, 0, "{}", world.kind);
        signed_in(&world, PHONE).await;
        here.post("/account/security/end", &page, &[("others", "yes")])
            .await;
        assert_eq!(heard().await, 1, "{}", world.kind);
    }
}
