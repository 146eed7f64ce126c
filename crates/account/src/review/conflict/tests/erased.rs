//! The account that a join closed, when the time to object is over (NA-41).

use model::closing::Kept;
use store::status_events::{self, AccountEvent, Said};
use store::{changes, retained};

use super::*;
use crate::changes::worker::apply_due;
use crate::review::conflict::objection;

/// Two accounts, of which the newer one uses a sub-site that listens and has what a person leaves behind; joined.
async fn joined(world: &World, phone: &str) -> Two {
    let two = two(world).await;
    world.site("hefei", true, None).await;
    world.grant(two.new, "hefei", "openid").await;
    let mut browser = signed_in(world, NEW).await;
    let page = browser.get("/account/contact/username").await;
    browser
        .post("/account/contact/username", &page, &[("username", "zhang.wei")])
        .await;
    let mut browser = halfway(world, &two).await;
    let done = join(world, &mut browser, &two, phone).await;
    assert!(done.location.is_some(), "{}", done.body);
    two
}

/// What the sub-site was told of the newer account.
async fn heard(world: &World, id: AccountId) -> Vec<AccountEvent> {
    let tx = world.service.store().read();
    let rows = status_events::of_account(&tx, id).await.unwrap();
    let mut heard: Vec<AccountEvent> = rows
        .into_iter()
        .filter_map(|(notice, _)| match notice.said {
            Said::Account(happened) => Some(happened.what),
            Said::Fell(_) => None,
        })
        .filter(|what| matches!(what, AccountEvent::Disabled | AccountEvent::Purged))
        .collect();
    heard.sort_unstable();
    heard
}

async fn is_whole(world: &World, id: AccountId) -> bool {
    let tx = world.service.store().read();
    let password = store::credentials::find_password(&tx, id).await.unwrap();
    let shell = account(world, id).await;
    password.is_some() && shell.phone.is_some() && shell.username.is_some()
}

async fn is_empty(world: &World, id: AccountId) -> bool {
    let tx = world.service.store().read();
    let password = store::credentials::find_password(&tx, id).await.unwrap();
    let shell = account(world, id).await;
    let nothing = shell.phone.is_none() && shell.username.is_none() && shell.email.is_none();
    password.is_none() && nothing && shell.status == Status::Closed
}

#[tokio::test]
async fn source_na_41_after_the_time_to_object_the_account_that_a_join_closed_is_erased_and_not_before() {
    for phone in ["keep", "replace"] {
        for world in worlds().await {
            let two = joined(&world, phone).await;
            assert_eq!(account(&world, two.new).await.status, Status::Closed);
            assert_eq!(heard(&world, two.new).await, [AccountEvent::Disabled]);
            world.clock.advance(TimeDelta::hours(72) - TimeDelta::seconds(1));
            assert_eq!(apply_due(&world.service).await.unwrap(), 0);
            assert!(is_whole(&world, two.new).await, "nothing before, {}", world.kind);
            world.clock.advance(TimeDelta::seconds(1));
            let told = world.sms_count().await;
            // Two nodes at once: one of them does it.
            let (one, other) = tokio::join!(apply_due(&world.service), apply_due(&world.service));
            assert_eq!(one.unwrap() + other.unwrap(), 1, "{}", world.kind);
            assert_eq!(apply_due(&world.service).await.unwrap(), 0, "once");
            assert!(is_empty(&world, two.new).await, "{phone} {}", world.kind);
            assert_eq!(
                heard(&world, two.new).await,
                [AccountEvent::Disabled, AccountEvent::Purged]
            );
            let tx = world.service.store().read();
            let kept = retained::list(&tx, two.new).await.unwrap();
            assert!(kept.iter().any(|one| one.what == Kept::SignIns));
            assert_eq!(world.sms_count().await, told, "who was joined heard of it then");
            // The other one is as it was.
            let stayed = account(&world, two.old).await;
            assert_eq!(stayed.status, Status::Active);
            assert!(stayed.phone.is_some() && stayed.citizen_id.is_some());
            world.clock.advance(TimeDelta::days(1200));
            crate::closing::forget_due(&world.service).await.unwrap();
            assert!(retained::list(&tx, two.new).await.unwrap().is_empty());
        }
    }
}

#[tokio::test]
async fn what_waited_for_the_account_that_a_join_closes_does_not_happen() {
    for world in worlds().await {
        let two = two(&world).await;
        let mut browser = signed_in(&world, NEW).await;
        let page = browser.get("/account/contact/email").await;
        browser
            .post("/account/contact/email", &page, &[("email", "li@example.com")])
            .await;
        let mut browser = halfway(&world, &two).await;
        join(&world, &mut browser, &two, "keep").await;
        let tx = world.service.store().read();
        let open = changes::find_open(&tx, two.new, changes::Kind::Email).await;
        assert!(open.unwrap().is_none(), "{}", world.kind);
    }
}

/// Whoever has the old phone objects; the reference of the case that waits for people.
async fn object(world: &World, two: &Two) -> String {
    let word = word(world, OLD_E164).await;
    let mut anybody = world.browser();
    let page = anybody.get("/verify/objection").await;
    let fields = [("case", two.case.number.as_str()), ("word", word.as_str())];
    let done = anybody.post("/verify/objection", &page, &fields).await;
    assert_eq!(done.page(), Some("verify-objection-done"), "{}", done.body);
    assert_eq!(account(world, two.old).await.status, Status::Frozen);
    let tx = world.service.store().read();
    let all = cases::list_all(&tx, two.old).await.unwrap();
    let filed = all.iter().find(|case| case.state == cases::State::Restricted);
    let reference = cases::find_reference(&tx, filed.unwrap().id).await;
    reference.unwrap().expect("which join it is about")
}

/// Two operators open the account that stayed.
async fn open(world: &World, two: &Two, reference: &str) {
    let tx = world.service.store().begin().await.unwrap();
    let now = world.clock.now();
    assert!(accounts::unfreeze(&tx, two.old, now).await.unwrap());
    objection::refused(&world.service, &tx, reference).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn attack_266_an_objection_in_time_keeps_what_was_joined_until_somebody_has_looked() {
    for world in worlds().await {
        let two = joined(&world, "replace").await;
        world.clock.advance(TimeDelta::hours(71));
        let reference = object(&world, &two).await;
        // Nobody decides, or one keeps it frozen: what was joined is there as long as that is so.
        for days in [179, 2, 200] {
            world.clock.advance(TimeDelta::days(days));
            assert_eq!(apply_due(&world.service).await.unwrap(), 0);
            assert!(is_whole(&world, two.new).await, "{days} {}", world.kind);
        }
        open(&world, &two, &reference).await;
        assert_eq!(apply_due(&world.service).await.unwrap(), 1);
        assert!(is_empty(&world, two.new).await, "{}", world.kind);
    }
}

#[tokio::test]
async fn an_objection_that_people_refuse_brings_the_erasing_forward_to_the_usual_time() {
    for world in worlds().await {
        let two = joined(&world, "keep").await;
        world.clock.advance(TimeDelta::hours(70));
        let reference = object(&world, &two).await;
        open(&world, &two, &reference).await;
        world.clock.advance(TimeDelta::hours(2) - TimeDelta::seconds(1));
        assert_eq!(apply_due(&world.service).await.unwrap(), 0);
        assert!(is_whole(&world, two.new).await, "not before, {}", world.kind);
        world.clock.advance(TimeDelta::seconds(1));
        // Frozen again for another reason: that is no objection.
        let tx = world.service.store().read();
        assert!(accounts::freeze(&tx, two.old, world.clock.now()).await.unwrap());
        assert_eq!(apply_due(&world.service).await.unwrap(), 1);
        assert!(is_empty(&world, two.new).await, "{}", world.kind);
    }
}
