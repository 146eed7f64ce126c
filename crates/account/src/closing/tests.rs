use chrono::TimeDelta;
use model::closing::Kept;
use model::ids::AccountId;
use store::accounts::{self, Account, Status};
use store::{changes, retained};

use crate::changes::worker::apply_due;
use crate::signin::testing::{PASSWORD, live, resident, sign_in, signed_in};
use crate::testing::{Browser, Seen, World, worlds};

const PHONE: &str = "13800000001";
const TO: &str = "+8613800000001";

async fn account(world: &World, id: AccountId) -> Account {
    let tx = world.service.store().read();
    accounts::find(&tx, id).await.unwrap().unwrap()
}

async fn close(browser: &mut Browser) -> Seen {
    let page = browser.get("/account/close").await;
    assert_eq!(page.page(), Some("account-close"), "{:?}", page.location);
    let fields = [("understood", "yes")];
    browser.post("/account/close", &page, &fields).await
}

/// Signs in to a closing account; the page that offers to keep it.
async fn offer(world: &World) -> (Browser, Seen) {
    let mut browser = world.browser();
    let seen = sign_in(&mut browser, PHONE, PASSWORD).await;
    let to = seen.location.expect("the offer");
    assert!(to.starts_with("/account/close/keep?step="), "{to}");
    let page = browser.get(&to).await;
    assert_eq!(page.page(), Some("account-close-keep"));
    (browser, page)
}

async fn keep(browser: &mut Browser, page: &Seen) -> Seen {
    let step = page.hidden("step").unwrap().to_owned();
    browser
        .post("/account/close/keep", page, &[("step", &step)])
        .await
}

#[tokio::test]
async fn source_na_40_closing_ends_every_sign_in_and_can_be_stopped_by_signing_in_until_its_day() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        let (mut here, there) = (signed_in(&world, PHONE).await, signed_in(&world, PHONE).await);
        let page = here.get("/account/close").await;
        assert!(
            page.body.contains("data-kept=\"sign_ins\""),
            "listed before one decides"
        );
        let again = here.post("/account/close", &page, &[]).await;
        assert_eq!((again.status.as_u16(), again.errors().len()), (422, 1));
        let done = close(&mut here).await;
        assert_eq!(done.location.as_deref(), Some("/account/close/done"));
        assert_eq!(
            here.get("/account/close/done").await.page(),
            Some("account-close-done")
        );
        assert!(live(&world, &here).await.is_none() && live(&world, &there).await.is_none());
        assert_eq!(
            account(&world, id).await.status,
            Status::Closing,
            "{}",
            world.kind
        );
        let told = world.newest_sms(TO).await.unwrap();
        assert!(told.contains("/link/"), "this wasn't me: {told}");
        // The wrong password is answered as ever.
        let wrong = sign_in(&mut world.browser(), PHONE, "not-the-password").await;
        assert_eq!(wrong.page(), Some("sign-in"));
        let (mut browser, page) = offer(&world).await;
        assert!(live(&world, &browser).await.is_none(), "an offer, not a sign-in");
        let kept = keep(&mut browser, &page).await;
        assert_eq!(kept.page(), Some("account-close-kept"), "{}", kept.body);
        assert_eq!(
            keep(&mut browser, &page).await.page(),
            Some("account-close-over"),
            "once"
        );
        assert_eq!(account(&world, id).await.status, Status::Active);
        world.clock.advance(TimeDelta::days(30));
        apply_due(&world.service).await.unwrap();
        assert_eq!(
            account(&world, id).await.status,
            Status::Active,
            "stopped for good"
        );
        signed_in(&world, PHONE).await;
    }
}

#[tokio::test]
async fn source_na_41_after_its_days_nothing_is_left_but_what_is_kept_and_registering_again_is_another_account()
 {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        close(&mut signed_in(&world, PHONE).await).await;
        world.clock.advance(TimeDelta::days(7) - TimeDelta::seconds(1));
        assert_eq!(apply_due(&world.service).await.unwrap(), 0, "not yet");
        world.clock.advance(TimeDelta::seconds(1));
        assert_eq!(apply_due(&world.service).await.unwrap(), 1);
        assert_eq!(apply_due(&world.service).await.unwrap(), 0, "once");
        let shell = account(&world, id).await;
        assert_eq!(shell.status, Status::Closed);
        assert!(shell.phone.is_none() && shell.name.is_none());
        let tx = world.service.store().read();
        let password = store::credentials::find_password(&tx, id).await.unwrap();
        assert!(password.is_none() && store::evidence::list(&tx, id).await.unwrap().is_empty());
        let kept = retained::list(&tx, id).await.unwrap();
        let whats: Vec<Kept> = kept.iter().map(|one| one.what).collect();
        assert!(
            whats.contains(&Kept::SignIns) && !whats.contains(&Kept::Decisions),
            "{whats:?}"
        );
        let wrong = sign_in(&mut world.browser(), PHONE, PASSWORD).await;
        assert_eq!(wrong.page(), Some("sign-in"), "A203: as if it never was");
        let new = resident(&world, PHONE).await;
        assert_ne!(new, id, "A126");
        assert!(account(&world, new).await.citizen_id.is_none(), "level 0");
        world.clock.advance(TimeDelta::days(1200));
        super::forget_due(&world.service).await.unwrap();
        assert!(
            retained::list(&tx, id).await.unwrap().is_empty(),
            "{}",
            world.kind
        );
    }
}

#[tokio::test]
async fn of_keeping_and_closing_at_the_same_moment_one_happens() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        close(&mut signed_in(&world, PHONE).await).await;
        let (mut browser, page) = offer(&world).await;
        // The offer is old by then; it still competes on the guarded statements below.
        world.clock.advance(TimeDelta::minutes(1));
        let tx = world.service.store().read();
        let closing = changes::find_open(&tx, id, changes::Kind::Closing)
            .await
            .unwrap()
            .unwrap();
        changes::amend(&tx, closing.id, None, world.clock.now())
            .await
            .unwrap();
        let (kept, applied) = tokio::join!(keep(&mut browser, &page), apply_due(&world.service));
        let kept = kept.page() == Some("account-close-kept");
        assert_ne!(kept, applied.unwrap() == 1, "{}", world.kind);
        let status = account(&world, id).await.status;
        assert_eq!(status == Status::Active, kept);
        assert_eq!(status == Status::Closed, !kept);
    }
}

#[tokio::test]
async fn attack_273_the_offer_is_nothing_in_another_browser_and_for_a_stranger() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        close(&mut signed_in(&world, PHONE).await).await;
        let (_, page) = offer(&world).await;
        let step = page.hidden("step").unwrap().to_owned();
        let mut other = world.browser();
        let seen = other.get(&format!("/account/close/keep?step={step}")).await;
        assert_eq!(seen.location.as_deref(), Some("/sign-in"));
        let form = other.get("/sign-in").await;
        let refused = other.post("/account/close/keep", &form, &[("step", &step)]).await;
        assert!(!refused.status.is_success(), "{}", refused.status);
        assert_eq!(
            account(&world, id).await.status,
            Status::Closing,
            "{}",
            world.kind
        );
        for strange in ["", "?step=", "?step=x"] {
            let seen = other.get(&format!("/account/close/keep{strange}")).await;
            assert_eq!(seen.location.as_deref(), Some("/sign-in"));
        }
    }
}

#[test]
fn the_defaults_have_no_faults_and_every_bound_is_watched() {
    assert!(super::Config::default().faults().is_empty());
    let wrong = super::Config {
        cooling_off_days: 0,
        keep_sign_ins_days: -1,
        keep_agreements_days: 9000,
        ..super::Config::default()
    };
    assert_eq!(wrong.faults().len(), 3);
}
