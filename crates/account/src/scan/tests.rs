//! Scanning to sign in, through the real router, on every database at hand.

use axum::http::StatusCode;
use chrono::TimeDelta;
use model::authn::{Method, Methods};
use model::standing::{Answer, Entry, Status};

use crate::signin::testing::{interrupted, live, resident, signed_in, wants};
use crate::testing::{Browser, Seen, World, worlds, worlds_with};

mod own;

const PHONE: &str = "13800000001";
const OTHER: &str = "13900000002";

/// A device that waits: its browser, its page, the path for the phone, and the number.
struct Device {
    browser: Browser,
    page: Seen,
    path: String,
    number: String,
}

async fn waiting(world: &World) -> Device {
    waiting_in(world.browser()).await
}

async fn waiting_in(mut browser: Browser) -> Device {
    let sign_in = browser.get("/sign-in").await;
    let begun = browser
        .post("/sign-in/scan", &form(&sign_in, "/sign-in/scan"), &[])
        .await;
    let page = browser.get(&begun.location.expect("a page to wait on")).await;
    assert_eq!(page.page(), Some("sign-in-scan"), "{}", page.body);
    let after = |mark: &str| {
        let rest = page.body.split_once(mark).expect("shown").1;
        rest.split(['"', '<']).next().unwrap().to_owned()
    };
    let code = after("/scan/");
    let number = after("data-number=\"");
    Device {
        path: format!("/scan/{code}"),
        number,
        browser,
        page,
    }
}

/// The form of a page that posts to this path, as a page of its own.
fn form(seen: &Seen, action: &str) -> Seen {
    let forms = seen.body.split("<form").skip(1);
    let found = forms
        .into_iter()
        .find(|form| form.contains(&format!("action=\"{action}\"")));
    Seen {
        body: format!("<main><form{}", found.expect("a form")),
        ..seen.clone()
    }
}

/// The phone answers.
async fn answer(phone: &mut Browser, path: &str, number: &str, decision: &str) -> Seen {
    let page = phone.get(path).await;
    phone
        .post(path, &page, &[("number", number), ("decision", decision)])
        .await
}

async fn finish(device: &mut Device) -> Seen {
    let code = device.path.trim_start_matches("/scan/").to_owned();
    let page = form(&device.page, "/sign-in/scan/finish");
    device
        .browser
        .post("/sign-in/scan/finish", &page, &[("code", &code)])
        .await
}

#[tokio::test]
async fn a_phone_lets_a_device_in_with_the_number_that_it_shows_and_the_owner_is_told() {
    for world in worlds().await {
        let account = resident(&world, PHONE).await;
        let mut phone = signed_in(&world, PHONE).await;
        let mut device = waiting(&world).await;
        let early = finish(&mut device).await;
        assert!(
            early.location.unwrap().starts_with("/sign-in/scan?code="),
            "not yet"
        );
        assert!(live(&world, &device.browser).await.is_none());

        let asked = phone.get(&device.path).await;
        assert_eq!(asked.page(), Some("scan"), "{}", asked.body);
        assert!(
            !asked.body.contains(&format!(">{}<", device.number)),
            "the phone does not know the number"
        );
        let (path, number) = (device.path.clone(), device.number.clone());
        let allowed = answer(&mut phone, &path, &number, "allow").await;
        assert_eq!(allowed.page(), Some("scan-over"), "{}", allowed.body);

        let done = finish(&mut device).await;
        assert_eq!(done.location.as_deref(), Some("/account"), "{}", world.kind);
        let session = live(&world, &device.browser).await.unwrap();
        assert_eq!(session.account.id, account);
        assert_eq!(session.methods, Methods::new([Method::Password, Method::Scan]));
        // What the phone was signed in with is no proof on this device: nothing that asks for one opens.
        for page in [
            "/account/export",
            "/account/security/passkeys/new",
            "/account/security/password",
        ] {
            let asked = device.browser.get(page).await.location.unwrap_or_default();
            assert!(asked.starts_with("/account/confirm?"), "{page}: {asked}");
        }
        // The second click finds the sign-in there.
        assert_eq!(finish(&mut device).await.location.as_deref(), Some("/account"));
        let notices = store::notices::list(&world.service.store().read(), account, (0, 50))
            .await
            .unwrap();
        assert!(
            notices
                .iter()
                .any(|one| one.kind == model::notice::Kind::ScanApproved)
        );
    }
}

#[tokio::test]
async fn a_wrong_number_or_a_refusal_is_the_end_and_signs_nobody_in() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        let mut phone = signed_in(&world, PHONE).await;
        for decision in ["allow", "deny"] {
            let mut device = waiting(&world).await;
            let wrong = if device.number == "10" { "11" } else { "10" };
            let (path, number) = (device.path.clone(), device.number.clone());
            for missing in ["", "1", "123", "ab", "１２"] {
                let again = answer(&mut phone, &path, missing, "allow").await;
                assert_eq!(
                    again.status,
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "{missing}: nothing was tried"
                );
            }
            answer(&mut phone, &path, wrong, decision).await;
            let second = phone.get(&path).await;
            assert_eq!(second.page(), Some("scan-over"), "no second number is tried");
            // Nor by a form that was open before.
            let stale = phone.get("/account/security").await;
            phone
                .post(&path, &stale, &[("number", &number), ("decision", "allow")])
                .await;
            let over = finish(&mut device).await;
            assert!(over.location.is_some() || over.page() == Some("sign-in-scan-over"));
            assert!(
                live(&world, &device.browser).await.is_none(),
                "{decision} {}",
                world.kind
            );
        }
    }
}

#[tokio::test]
async fn a_code_is_used_by_its_own_browser_in_its_time_and_answered_by_a_signed_in_phone() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        let mut phone = signed_in(&world, PHONE).await;
        let mut device = waiting(&world).await;
        let (path, number) = (device.path.clone(), device.number.clone());
        let stranger = world.browser().get(&path).await;
        assert!(
            stranger.location.unwrap().starts_with("/sign-in"),
            "a phone signs in first"
        );
        // The device cannot answer for itself, even by somebody who signs in on it.
        let mut same = signed_in(&world, PHONE).await;
        same.cookies.extend(
            device
                .browser
                .cookies
                .iter()
                .filter(|(name, _)| name.contains("browser"))
                .map(|(n, v)| (n.clone(), v.clone())),
        );
        let itself = same.get(&path).await;
        assert_eq!(itself.page(), Some("scan-over"), "{}", itself.body);
        answer(&mut phone, &path, &number, "allow").await;
        let mut thief = waiting(&world).await;
        thief.path.clone_from(&device.path);
        finish(&mut thief).await;
        assert!(live(&world, &thief.browser).await.is_none(), "another browser");
        world.clock.advance(TimeDelta::seconds(301));
        finish(&mut device).await;
        assert!(live(&world, &device.browser).await.is_none(), "too late");
        for strange in ["/scan/x", "/scan/%00", &format!("/scan/{}", "A".repeat(43))] {
            let seen = phone.get(strange).await;
            assert!(
                seen.status == StatusCode::NOT_FOUND || seen.page() == Some("scan-over"),
                "{strange}"
            );
        }
    }
}

#[tokio::test]
async fn an_answer_needs_a_fresh_proof_on_the_phone_and_its_sign_in_must_hold() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        resident(&world, OTHER).await;
        let mut phone = signed_in(&world, PHONE).await;
        let mut device = waiting(&world).await;
        let (path, number) = (device.path.clone(), device.number.clone());
        answer(&mut phone, &path, &number, "allow").await;
        let own = live(&world, &phone).await.unwrap();
        let now = world.clock.now();
        store::sessions::end(&world.service.store().read(), own.id, now)
            .await
            .unwrap();
        finish(&mut device).await;
        assert!(
            live(&world, &device.browser).await.is_none(),
            "the phone signed out meanwhile"
        );
        let mut old = signed_in(&world, OTHER).await;
        world.clock.advance(TimeDelta::minutes(11));
        let device = waiting(&world).await;
        let asked = old.get(&device.path).await;
        assert!(asked.location.unwrap().starts_with("/account/confirm?"));
    }
}

#[tokio::test]
async fn the_first_look_of_a_phone_gives_its_owner_the_whole_time_once() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        let mut phone = signed_in(&world, PHONE).await;
        let mut device = waiting(&world).await;
        let (path, number) = (device.path.clone(), device.number.clone());
        // The device's own browser is no phone, and a look at a code that is none changes nothing.
        device.browser.get(&path).await;
        let none = format!("/scan/{}", "A".repeat(43));
        phone.get(&none).await;
        // A messenger that looks what is behind the code is nobody's phone, and takes nothing away.
        let asked = world.browser().get(&path).await;
        assert!(asked.location.unwrap().starts_with("/sign-in"));
        world.clock.advance(TimeDelta::seconds(290));
        phone.get(&path).await;
        world.clock.advance(TimeDelta::seconds(290));
        let asked = phone.get(&path).await;
        assert_eq!(asked.page(), Some("scan"), "{}: {}", world.kind, asked.body);
        answer(&mut phone, &path, &number, "allow").await;
        world.clock.advance(TimeDelta::seconds(9));
        finish(&mut device).await;
        assert!(live(&world, &device.browser).await.is_some(), "{}", world.kind);

        let device = waiting(&world).await;
        for seconds in [290, 290] {
            world.clock.advance(TimeDelta::seconds(seconds));
            phone.get(&device.path).await;
        }
        world.clock.advance(TimeDelta::seconds(11));
        let over = phone.get(&device.path).await;
        assert!(over.page() != Some("scan"), "once: {:?}", over.page());
    }
}

#[tokio::test]
async fn where_many_share_an_address_the_page_says_so_and_keeps_the_way_back() {
    let mut config = crate::Config::default();
    config.scan.address_per_hour = 2;
    for world in worlds_with(config).await {
        let mut browser = world.browser();
        browser.get("/sign-in").await;
        let id = interrupted(&world, &browser, wants(None, None)).await;
        let sign_in = browser
            .get(&format!("/sign-in?interaction={}", id.expose()))
            .await;
        let begin = form(&sign_in, "/sign-in/scan");
        for _ in 0..2 {
            let begun = browser.post("/sign-in/scan", &begin, &[]).await;
            assert!(begun.location.is_some(), "{}", begun.body);
        }
        let refused = browser.post("/sign-in/scan", &begin, &[]).await;
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS, "{}", world.kind);
        assert_eq!(refused.page(), Some("sign-in-scan-busy"));
        let back = format!("/sign-in?interaction={}", id.expose());
        assert!(
            refused.body.contains(&format!("href=\"{back}\"")),
            "{}",
            refused.body
        );
        assert_eq!(browser.get(&back).await.page(), Some("sign-in"));
        world.clock.advance(TimeDelta::hours(1));
        let again = browser.post("/sign-in/scan", &begin, &[]).await;
        assert!(again.location.is_some(), "{}", again.body);
    }
}

#[tokio::test]
async fn attack_203_a_phone_and_a_device_are_let_on_as_the_table_says_in_every_standing() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        for status in Status::ALL {
            world.clock.advance(TimeDelta::hours(2));
            world.test.set_status(id, Status::Active).await.unwrap();
            let mut phone = signed_in(&world, PHONE).await;
            let (mut allowed, waits) = (waiting(&world).await, waiting(&world).await);
            let (path, number) = (allowed.path.clone(), allowed.number.clone());
            answer(&mut phone, &path, &number, "allow").await;
            // The account leaves its standing after the phone has answered, and before the device goes on.
            world.test.set_status(id, status).await.unwrap();
            let expected = model::standing::answer(status, Entry::Scan) == Answer::Yes;
            let done = finish(&mut allowed).await;
            assert_eq!(
                done.location.as_deref() == Some("/account"),
                expected,
                "{status:?}"
            );
            assert_eq!(
                live(&world, &allowed.browser).await.is_some(),
                expected,
                "{}",
                world.kind
            );
            let asked = phone.get(&waits.path).await;
            assert_eq!(
                asked.page() == Some("scan"),
                expected,
                "{status:?}: {:?}",
                asked.location
            );
        }
    }
}
