use chrono::TimeDelta;
use model::ids::{AccountId, OperatorId};
use model::standing::Status;
use model::standing_reason::Reason;
use store::accounts::{self, Account};
use store::standing_changes::{self, Outcome};

use super::{Because, By};
use crate::signin::testing::{PASSWORD, live, resident, sign_in, signed_in};
use crate::testing::{Browser, Seen, World, link_in, worlds};

mod before;
mod links;
mod table;
mod told;

const PHONE: &str = "13800000001";
const TO: &str = "+8613800000001";
const NOBODY: &str = "13900000009";

async fn account(world: &World, id: AccountId) -> Account {
    let tx = world.service.store().read();
    accounts::find(&tx, id).await.unwrap().unwrap()
}

fn operator(world: &World) -> OperatorId {
    OperatorId::new(world.clock.now(), world.service.rng())
}

async fn suspend(world: &World, id: AccountId, because: &Because) -> bool {
    let before = account(world, id).await;
    let tx = world.service.store().begin().await.unwrap();
    let done = super::suspend(&world.service, &tx, &before, because)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    done
}

fn misuse(world: &World) -> Because {
    Because::of(Reason::Misuse, By::Operator(operator(world)))
}

async fn begin(browser: &mut Browser, phone: &str) -> Seen {
    let page = browser.get("/appeal").await;
    let captcha = browser.look_at_captcha(&page).await;
    let fields = [("phone", phone), ("captcha", captcha.as_str())];
    browser.post("/appeal", &page, &fields).await
}

#[tokio::test]
async fn source_na_37_a_suspended_account_is_out_at_once_and_looks_like_nobodys() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        let browser = signed_in(&world, PHONE).await;
        assert!(suspend(&world, id, &misuse(&world)).await);
        assert!(live(&world, &browser).await.is_none());
        assert!(!suspend(&world, id, &misuse(&world)).await, "once");
        let right = sign_in(&mut world.browser(), PHONE, PASSWORD).await;
        let nobody = sign_in(&mut world.browser(), NOBODY, PASSWORD).await;
        assert_eq!((right.status, right.page()), (nobody.status, nobody.page()));
        assert_eq!(right.errors(), nobody.errors(), "A203, {}", world.kind);
        let told = world.newest_sms(TO).await.unwrap();
        assert!(told.contains("/link/"), "how to object: {told}");
    }
}

#[tokio::test]
async fn a_suspension_ends_with_its_time_and_gives_back_the_standing_of_before() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        let until = world.clock.now() + TimeDelta::days(3);
        for (before, after) in [
            (Status::Active, Status::Active),
            (Status::Frozen, Status::Frozen),
            (Status::Held, Status::Held),
        ] {
            world.test.set_status(id, before).await.unwrap();
            let because = Because {
                until: Some(until),
                ..misuse(&world)
            };
            assert!(suspend(&world, id, &because).await);
            if before == Status::Active {
                assert_eq!(super::worker::end_due(&world.service).await.unwrap(), 0);
                world.clock.advance(TimeDelta::days(3));
            }
            assert_eq!(super::worker::end_due(&world.service).await.unwrap(), 1);
            assert_eq!(account(&world, id).await.status, after, "{}", world.kind);
        }
    }
}

#[tokio::test]
async fn the_link_in_the_notice_objects_once_and_another_operator_brings_the_account_back() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        let because = misuse(&world);
        assert!(suspend(&world, id, &because).await);
        let told = world.newest_sms(TO).await.unwrap();
        let mut browser = world.browser();
        let led = browser.get(&link_in(&told)).await.location.expect("the page");
        let page = browser.get(&led).await;
        assert_eq!(page.page(), Some("appeal-write"), "{led}");
        let link = page.hidden("link").unwrap().to_owned();
        let empty = browser
            .post("/appeal/link", &page, &[("link", &link), ("text", " ")])
            .await;
        assert_eq!(empty.errors(), ["appeal-text-missing"]);
        let fields = [("link", link.as_str()), ("text", "It was my brother.")];
        let done = browser.post("/appeal/link", &page, &fields).await;
        assert_eq!(done.page(), Some("appeal-done"), "{}", done.body);
        let again = browser.post("/appeal/link", &page, &fields).await;
        assert_eq!(again.page(), Some("appeal-over"));
        assert_eq!(browser.get(&led).await.page(), Some("appeal-over"));
        let tx = world.service.store().read();
        let open = standing_changes::open_appeals(&tx).await.unwrap();
        let [appeal] = open.as_slice() else {
            panic!("{} appeals", open.len())
        };
        let By::Operator(first) = because.by else {
            panic!("an operator")
        };
        for (by, expected) in [
            (first, false),
            (operator(&world), true),
            (operator(&world), false),
        ] {
            let tx = world.service.store().begin().await.unwrap();
            let decision = (by, Outcome::Granted);
            let decided = super::decide(&world.service, &tx, appeal, decision).await;
            assert_eq!(decided.unwrap(), expected.then_some(Status::Active));
            tx.commit().await.unwrap();
        }
        assert_eq!(account(&world, id).await.status, Status::Active, "{}", world.kind);
        signed_in(&world, PHONE).await;
    }
}

#[tokio::test]
async fn attack_203_objecting_by_phone_looks_the_same_whoever_has_the_phone() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        let active = begin(&mut world.browser(), PHONE).await;
        let nobody = begin(&mut world.browser(), NOBODY).await;
        world.clock.advance(TimeDelta::hours(2));
        assert!(suspend(&world, id, &misuse(&world)).await);
        let mut browser = world.browser();
        let suspended = begin(&mut browser, PHONE).await;
        for seen in [&active, &nobody, &suspended] {
            assert_eq!(seen.location.as_deref(), Some("/appeal/code"), "{}", seen.body);
        }
        let code = world.code(TO).await;
        let page = browser.get("/appeal/code").await;
        // Nothing is jumped over (A233).
        assert_eq!(
            browser.get("/appeal/write").await.location.as_deref(),
            Some("/appeal/code")
        );
        let wrong = browser.post("/appeal/code", &page, &[("code", "000000x")]).await;
        assert_eq!(wrong.errors(), ["appeal-code-wrong"]);
        let right = browser.post("/appeal/code", &page, &[("code", &code)]).await;
        assert_eq!(right.location.as_deref(), Some("/appeal/write"));
        let page = browser.get("/appeal/write").await;
        let done = browser
            .post("/appeal/write", &page, &[("text", "Please look again.")])
            .await;
        assert_eq!(done.page(), Some("appeal-done"));
        let again = browser
            .post("/appeal/write", &page, &[("text", "Once more.")])
            .await;
        assert_eq!(again.location.as_deref(), Some("/appeal?ended=yes"));
        assert_eq!(
            account(&world, id).await.status,
            Status::Suspended,
            "{}",
            world.kind
        );
        assert!(
            live(&world, &browser).await.is_none(),
            "nobody is signed in by it"
        );
    }
}

#[test]
fn the_defaults_have_no_faults_and_every_bound_is_watched() {
    assert!(super::Config::default().faults().is_empty());
    let wrong = super::Config {
        appeal_days: 1,
        proposal_days: 0,
        suspend_days_max: 0,
    };
    assert_eq!(wrong.faults().len(), 3);
}
