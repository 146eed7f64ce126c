use axum::http::StatusCode;
use model::client::AccountKind;
use model::ids::AccountId;
use model::language::Language;
use model::phone::Phone;
use model::standing::{Answer, Entry, Status, answer};
use store::accounts::{self, NewAccount};

use crate::roles::Role;
use crate::testing::{Browser, Seen, World, worlds};

mod eyes;

const PHONE: &str = "13800000001";

async fn resident(world: &World) -> AccountId {
    let (tx, now) = (world.service.store().read(), world.clock.now());
    let new = NewAccount {
        id: AccountId::new(now, world.service.rng()),
        kind: AccountKind::Resident,
        language: Language::En,
        phone: Phone::parse(PHONE).unwrap(),
        created_at: now,
    };
    accounts::create(&tx, &new).await.unwrap();
    new.id
}

async fn status(world: &World, id: AccountId) -> Status {
    let tx = world.service.store().read();
    accounts::find(&tx, id).await.unwrap().unwrap().status
}

fn at(id: AccountId, step: &str) -> String {
    format!("/operator/standing/{id}{step}")
}

async fn act(browser: &mut Browser, id: AccountId, step: &str, fields: &[(&str, &str)]) -> Seen {
    let page = browser.get(&at(id, "")).await;
    let path = at(id, step);
    let change = page.form(&path).and_then(|form| {
        let (_, rest) = form.split_once("name=\"change\" value=\"")?;
        rest.split('"').next().map(str::to_owned)
    });
    let mut all = fields.to_vec();
    if let Some(change) = &change {
        all.push(("change", change));
    }
    browser.post(&path, &page, &all).await
}

#[tokio::test]
async fn source_na_37_one_operator_suspends_with_a_reason_and_brings_back() {
    for world in worlds().await {
        let id = resident(&world).await;
        let (mut browser, _) = world.signed_in("lin", &[Role::SeniorReviewer]).await;
        let list = browser.get("/operator/standing").await;
        let missing = browser
            .post("/operator/standing", &list, &[("who", "13900000009")])
            .await;
        assert_eq!(missing.errors(), ["standing-who-unknown"]);
        let found = browser.post("/operator/standing", &list, &[("who", PHONE)]).await;
        assert_eq!(found.location, Some(at(id, "")));
        let page = browser.get(&at(id, "")).await;
        assert!(page.body.contains("data-standing=\"active\""), "{}", page.body);
        assert!(!page.body.contains(PHONE), "masked");
        let none = act(&mut browser, id, "/suspend", &[]).await;
        assert_eq!(none.errors(), ["standing-reason-missing"]);
        let odd = [("suspend_reason", "misuse"), ("suspend_days", "0")];
        assert_eq!(
            act(&mut browser, id, "/suspend", &odd).await.errors(),
            ["standing-days-wrong"]
        );
        assert_eq!(status(&world, id).await, Status::Active);
        let good = [
            ("suspend_reason", "misuse"),
            ("suspend_note", "seen twice"),
            ("suspend_days", ""),
        ];
        let done = act(&mut browser, id, "/suspend", &good).await;
        assert_eq!(done.location, Some(at(id, "?done=yes")));
        assert_eq!(status(&world, id).await, Status::Suspended);
        let back = act(&mut browser, id, "/restore", &[("restore_reason", "settled")]).await;
        assert_eq!(back.location, Some(at(id, "?done=yes")));
        assert_eq!(status(&world, id).await, Status::Active, "{}", world.kind);
        let events = world.test.audited().await.unwrap();
        let count = |name: &str| events.iter().filter(|(event, _, _)| event == name).count();
        assert_eq!(count("standing_changed"), 2);
        assert!(count("standing_looked_at") > 0, "every look is written down");
    }
}

#[tokio::test]
async fn attack_241_ending_an_account_takes_two_operators() {
    for world in worlds().await {
        let id = resident(&world).await;
        let (mut one, _) = world.signed_in("one", &[Role::SeniorReviewer]).await;
        let (mut two, _) = world.signed_in("two", &[Role::SeniorReviewer]).await;
        let (mut three, _) = world.signed_in("three", &[Role::SeniorReviewer]).await;
        act(
            &mut one,
            id,
            "/terminate",
            &[("terminate_reason", "false_identity")],
        )
        .await;
        assert_eq!(
            status(&world, id).await,
            Status::Active,
            "a proposal changes nothing"
        );
        let own = one.get(&at(id, "")).await;
        assert!(own.form(&at(id, "/agree")).is_none(), "not by oneself");
        // Not by a form that is made up either.
        let other = two.get(&at(id, "")).await;
        let form = other.form(&at(id, "/agree")).unwrap();
        let change = form.split_once("name=\"change\" value=\"").unwrap().1;
        let change = change.split('"').next().unwrap().to_owned();
        let csrf = own.hidden("csrf").unwrap_or_default();
        let forged = one
            .post_raw(&at(id, "/agree"), &[("csrf", &csrf), ("change", &change)])
            .await;
        assert_ne!(forged.location, Some(at(id, "?done=yes")));
        assert_eq!(status(&world, id).await, Status::Active);
        let (a, b) = tokio::join!(
            act(&mut two, id, "/agree", &[]),
            act(&mut three, id, "/agree", &[])
        );
        let done = [a, b]
            .iter()
            .filter(|seen| seen.location == Some(at(id, "?done=yes")))
            .count();
        assert_eq!(done, 1, "{}", world.kind);
        assert_eq!(status(&world, id).await, Status::Terminated);
        let page = three.get(&at(id, "")).await;
        assert!(
            page.form(&at(id, "/restore")).is_none(),
            "an objection alone brings it back"
        );
    }
}

#[tokio::test]
async fn attack_259_other_roles_see_no_accounts_and_a_stranger_signs_in() {
    for world in worlds().await {
        let id = resident(&world).await;
        for role in [Role::Reviewer, Role::Auditor, Role::Administrator] {
            let (mut browser, _) = world.signed_in(role.as_str(), &[role]).await;
            for path in ["/operator/standing".to_owned(), at(id, "")] {
                assert_eq!(
                    browser.get(&path).await.status,
                    StatusCode::FORBIDDEN,
                    "{role:?} {path}"
                );
            }
        }
        let seen = world.browser().get(&at(id, "")).await;
        assert!(seen.location.unwrap_or_default().starts_with("/operator/sign-in"));
        let (mut browser, _) = world.signed_in("lin", &[Role::SeniorReviewer]).await;
        for strange in ["x", "01890a5d-ac96-774b-bcce-b302099a8057"] {
            let seen = browser.get(&format!("/operator/standing/{strange}")).await;
            assert_eq!(seen.status, StatusCode::NOT_FOUND, "{strange}");
        }
        world.wait(16 * 60);
        let stale = act(&mut browser, id, "/suspend", &[("suspend_reason", "misuse")]).await;
        let to = stale.location.unwrap_or_default();
        assert!(to.starts_with("/operator/confirm"), "A162: {to}");
        assert_eq!(status(&world, id).await, Status::Active, "{}", world.kind);
    }
}

#[tokio::test]
async fn operators_see_an_account_in_every_standing_as_the_table_says() {
    for world in worlds().await {
        let id = resident(&world).await;
        let (mut browser, _) = world.signed_in("lin", &[Role::SeniorReviewer]).await;
        for status in Status::ALL {
            world.test.set_status(id, status).await.unwrap();
            assert_eq!(answer(status, Entry::Operator), Answer::Yes);
            let page = browser.get(&at(id, "")).await;
            let shown = format!("data-standing=\"{}\"", status.as_str());
            assert!(page.body.contains(&shown), "{status:?}: {}", page.body);
        }
    }
}
