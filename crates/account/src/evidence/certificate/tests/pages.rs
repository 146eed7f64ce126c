//! The page, through the real router: a challenge belongs to one sign-in and counts once (A285b), and a certificate raises
//! only whom it names.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use model::clock::Clock;
use model::evidence::SourceId;
use model::ids::AccountId;
use model::rng::Rng;
use openssl::x509::X509;
use store::accounts;
use tempfile::TempDir;
use url::Url;

use super::super::{Authorities, Settings};
use super::ca::{self, Ca, Holder, NAME, NUMBER, Wanted};
use crate::Config;
use crate::ageing::{recheck, worker};
use crate::evidence::port::{Adapter, Entry, Outside};
use crate::evidence::source::tests::Scripted;
use crate::evidence::source::{POPULATION_REGISTER, Word};
use crate::evidence::{Sources, breaker};
use crate::signin::testing::{resident, signed_in};
use crate::testing::{Browser, Seen, World, worlds_with_sources};

const HERE: &str = "/verify/certificate";
const PHONE: &str = "13800000001";

/// An authority with its files, and worlds that accept its certificates.
struct Town {
    folder: TempDir,
    ca: Ca,
    worlds: Vec<World>,
}

impl Town {
    async fn new() -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        let now = store::testing::start_time();
        let (ca, folder) = (Ca::root(now), tempfile::tempdir().unwrap());
        ca::write(
            folder.path(),
            &[&ca],
            &[("list.crl", ca.list(&[], now - TimeDelta::hours(1)))],
        );
        let make = || {
            let settings: Settings = toml::from_str(&ca::settings(&["list.crl"])).unwrap();
            let entry = Entry {
                folder: folder.path().to_owned(),
                time_limit: Duration::from_secs(3),
                ..Entry::default()
            };
            let outside = Outside {
                client: reqwest::Client::builder().build().unwrap(),
                base_url: Url::parse("http://localhost").unwrap(),
                clock: Clock::system(),
                rng: Rng::system(),
            };
            let authorities = Authorities::read(settings, &entry, &outside).unwrap();
            let register = Adapter::Asked(Arc::new(Scripted::saying(Word::Match)));
            let certificates = Adapter::Certificate(Arc::new(authorities));
            let named = [(POPULATION_REGISTER, register), ("certificate", certificates)];
            let named =
                named.map(|(name, adapter)| (SourceId::parse(name).unwrap(), adapter, Entry::default()));
            Sources::with(named, breaker::Limits::default())
        };
        let worlds = worlds_with_sources(Config::default(), make).await;
        Self { folder, ca, worlds }
    }

    /// A new list, which revokes.
    fn revoke(&self, certificate: &X509, at: chrono::DateTime<chrono::Utc>) {
        let list = self.ca.list(&[certificate], at);
        std::fs::write(self.folder.path().join("list.crl"), list).unwrap();
    }
}

/// A browser whose person has just proven the phone.
async fn arrived(world: &World, phone: &str) -> Browser {
    resident(world, phone).await;
    let mut browser = signed_in(world, phone).await;
    let page = browser.get(HERE).await;
    let page = browser
        .get(page.location.as_deref().expect("the phone first"))
        .await;
    assert_eq!(page.page(), Some("verify-confirm-phone"), "{}", page.body);
    let fields = [("resend", "yes"), ("then", "certificate")];
    let sent = browser.post("/verify/confirm-phone", &page, &fields).await;
    let page = browser.get(sent.location.as_deref().expect("sent")).await;
    let code = world.code(&format!("+86{phone}")).await;
    let fields = [("code", code.as_str()), ("then", "certificate")];
    let done = browser.post("/verify/confirm-phone", &page, &fields).await;
    assert_eq!(done.location.as_deref(), Some(HERE), "{}", done.body);
    browser
}

/// The text to sign.
fn text(seen: &Seen) -> String {
    let (_, rest) = seen.body.split_once("data-challenge>").expect("a challenge");
    rest.split('<')
        .next()
        .unwrap()
        .replace("&#x2F;", "/")
        .replace("&amp;", "&")
}

async fn send(browser: &mut Browser, seen: &Seen, (certificate, signature): (&str, &str)) -> Seen {
    let nonce = seen.hidden("challenge").expect("a nonce").to_owned();
    let fields = [
        ("challenge", nonce.as_str()),
        ("certificate", certificate),
        ("signature", signature),
    ];
    browser.post(HERE, seen, &fields).await
}

/// Signs what the page says and sends it.
async fn answer(browser: &mut Browser, holder: &Holder) -> Seen {
    let page = browser.get(HERE).await;
    assert_eq!(page.page(), Some("verify-certificate"), "{}", page.body);
    let signature = holder.sign(&text(&page));
    send(browser, &page, (&holder.pem(), &signature)).await
}

fn said(seen: &Seen) -> Option<&str> {
    seen.location
        .as_deref()?
        .split_once("said=")
        .map(|(_, word)| word)
}

async fn account(world: &World, phone: &str) -> accounts::Account {
    let phone = model::phone::Phone::parse(phone).unwrap();
    let tx = world.service.store().read();
    accounts::find_by_phone(&tx, &phone).await.unwrap().unwrap()
}

async fn level(world: &World, phone: &str) -> u8 {
    let account = account(world, phone).await;
    let tx = world.service.store().read();
    let level = crate::evidence::level_of(&world.service, &tx, &account)
        .await
        .unwrap();
    level.level.number()
}

async fn held(world: &World, id: AccountId) -> Vec<model::evidence::Evidence> {
    let tx = world.service.store().read();
    let mut held = store::evidence::list(&tx, id).await.unwrap();
    held.retain(|piece| piece.source.as_str() == "certificate");
    held
}

#[tokio::test]
async fn source_hb_49_a_certificate_raises_whom_it_names_to_level_4_until_it_ends() {
    let town = Town::new().await;
    for world in &town.worlds {
        let mut browser = arrived(world, PHONE).await;
        let done = answer(&mut browser, &town.ca.person()).await;
        let location = done.location.clone().unwrap_or_default();
        assert!(location.contains("done=yes"), "{}: {location}", world.kind);
        let account = account(world, PHONE).await;
        assert_eq!(account.citizen_id.as_ref().unwrap().as_str(), NUMBER);
        assert_eq!(account.name.as_ref().unwrap().as_str(), NAME);
        assert_eq!(level(world, PHONE).await, 4);
        let end = town.ca.now + TimeDelta::days(300);
        assert_eq!(held(world, account.id).await[0].expires_at, Some(end));
        let again = browser.get(HERE).await;
        assert!(again.location.is_some(), "there is nothing left to do here");
    }
}

#[tokio::test]
async fn attack_285b_a_challenge_counts_once_in_time_and_for_its_own_sign_in() {
    let town = Town::new().await;
    for world in &town.worlds {
        let mut victim = arrived(world, PHONE).await;
        let other_phone = "13900000002";
        let mut attacker = arrived(world, other_phone).await;
        let holder = town.ca.person();
        // Signed by the victim for the victim's sign-in, sent by somebody else.
        let page = victim.get(HERE).await;
        let (text, pem) = (text(&page), holder.pem());
        assert!(
            text.contains(";account=138****0001;"),
            "whose level it raises: {text}"
        );
        let signature = holder.sign(&text);
        let own_page = attacker.get(HERE).await;
        let nonce = page.hidden("challenge").unwrap().to_owned();
        let stolen = [
            ("challenge", nonce.as_str()),
            ("certificate", pem.as_str()),
            ("signature", signature.as_str()),
        ];
        let seen = attacker.post(HERE, &own_page, &stolen).await;
        assert_eq!(said(&seen), Some("lost"), "{}", seen.body);
        // A signature over one's own challenge is none over another.
        let seen = send(&mut attacker, &own_page, (&pem, &signature)).await;
        assert_eq!(said(&seen), Some("signature"));
        // Once used, a challenge is used, right or wrong.
        let seen = send(&mut attacker, &own_page, (&pem, &signature)).await;
        assert_eq!(said(&seen), Some("used"));
        // Too late.
        world.clock.advance(TimeDelta::minutes(10));
        let seen = send(&mut victim, &page, (&pem, &signature)).await;
        assert!(
            matches!(said(&seen), Some("too-late") | None),
            "{:?}",
            seen.location
        );
        assert_eq!(level(world, PHONE).await, 0, "{}", world.kind);
        assert_eq!(level(world, other_phone).await, 0);
    }
}

#[tokio::test]
async fn attack_285b_the_same_answer_sent_twice_at_once_counts_once() {
    let town = Town::new().await;
    for world in &town.worlds {
        let mut browser = arrived(world, PHONE).await;
        let holder = town.ca.person();
        let page = browser.get(HERE).await;
        let (pem, signature) = (holder.pem(), holder.sign(&text(&page)));
        let mut twin = browser.clone();
        let (one, two) = tokio::join!(
            send(&mut browser, &page, (&pem, &signature)),
            send(&mut twin, &page, (&pem, &signature))
        );
        let both = [said(&one), said(&two)];
        assert!(both.contains(&None), "{both:?}");
        assert_eq!(level(world, PHONE).await, 4, "{}", world.kind);
        let account = account(world, PHONE).await;
        assert_eq!(held(world, account.id).await.len(), 1);
    }
}

#[tokio::test]
async fn attack_285a_a_certificate_of_another_person_raises_nobody() {
    let town = Town::new().await;
    for world in &town.worlds {
        let mut browser = arrived(world, PHONE).await;
        let first = answer(&mut browser, &town.ca.person()).await;
        assert_eq!(said(&first), None);
        // The number is proven: somebody else's account stays as it was.
        let other_phone = "13900000002";
        let mut other = arrived(world, other_phone).await;
        let seen = answer(&mut other, &town.ca.person()).await;
        assert_eq!(
            seen.page(),
            Some("verify-conflict"),
            "{:?} {}",
            seen.location,
            seen.body
        );
        assert_eq!(level(world, other_phone).await, 0);
        // The account has a name: another person's certificate does not change it.
        let account = account(world, PHONE).await;
        let tx = world.service.store().read();
        let certificate = SourceId::parse("certificate").unwrap();
        let end = (world.clock.now(), "test");
        store::evidence::end_source(&tx, account.id, &certificate, end)
            .await
            .unwrap();
        let stranger = town.ca.issue(Wanted {
            names: vec!["李四"],
            extensions: vec![ca::number_extension("11010519491231002X")],
            ..Wanted::good(town.ca.now)
        });
        let seen = answer(&mut browser, &stranger).await;
        assert_eq!(said(&seen), Some("differs"), "{}", seen.body);
        assert!(held(world, account.id).await.is_empty(), "{}", world.kind);
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_typed_again_and_the_challenge_is_good_still() {
    let town = Town::new().await;
    let world = &town.worlds[0];
    let mut browser = arrived(world, PHONE).await;
    let holder = town.ca.person();
    let page = browser.get(HERE).await;
    let seen = send(&mut browser, &page, ("no certificate", "§")).await;
    assert_eq!(seen.status, 422);
    assert!(seen.body.contains("no certificate"), "what was typed stays");
    assert_eq!(text(&seen), text(&page));
    let signature = holder.sign(&text(&seen));
    let done = send(&mut browser, &seen, (&holder.pem(), &signature)).await;
    assert_eq!(said(&done), None, "{}", done.body);
    assert_eq!(level(world, PHONE).await, 4);
}

#[tokio::test]
async fn a_certificate_that_is_revoked_later_loses_its_evidence_at_the_recheck_and_the_level_falls() {
    let town = Town::new().await;
    for world in &town.worlds {
        let mut browser = arrived(world, PHONE).await;
        let holder = town.ca.person();
        answer(&mut browser, &holder).await;
        assert_eq!(level(world, PHONE).await, 4);
        assert_eq!(recheck::certificates(&world.service).await.unwrap(), 0);
        world.clock.advance(TimeDelta::hours(2));
        town.revoke(&holder.certificate, world.clock.now());
        assert_eq!(
            recheck::certificates(&world.service).await.unwrap(),
            1,
            "{}",
            world.kind
        );
        assert_eq!(recheck::certificates(&world.service).await.unwrap(), 0, "once");
        assert_eq!(level(world, PHONE).await, 1, "the register's word stays");
        worker::look_due(&world.service).await.unwrap();
        let audited = world.test.audited().await.unwrap();
        let ended = audited
            .iter()
            .find(|(event, ..)| event == "evidence_ended")
            .expect("an entry");
        assert_eq!(ended.2["reason"], "certificate_revoked");
        let fresh = ca_list(&town, world);
        std::fs::write(town.folder.path().join("list.crl"), fresh).unwrap();
    }
}

/// A list for the next world, which begins at the start again.
fn ca_list(town: &Town, _world: &World) -> Vec<u8> {
    town.ca.list(&[], town.ca.now - TimeDelta::hours(1))
}

#[tokio::test]
async fn looking_at_the_page_again_and_again_does_not_close_the_road_for_the_day() {
    let town = Town::new().await;
    for world in &town.worlds {
        let mut browser = arrived(world, PHONE).await;
        for _ in 0..70 {
            assert_eq!(browser.get(HERE).await.page(), Some("verify-certificate"));
        }
        let done = answer(&mut browser, &town.ca.person()).await;
        assert_eq!(said(&done), None, "{}: {}", world.kind, done.body);
        assert_eq!(level(world, PHONE).await, 4);
    }
}

/// A node takes the answer to a challenge, and stops before it has settled anything.
async fn a_node_that_stops(world: &World, browser: &Browser, page: &Seen) -> store::round_trips::Lease {
    let session = crate::signin::testing::live(world, browser).await.unwrap();
    let nonce = model::secret::Token::parse(page.hidden("challenge").unwrap()).unwrap();
    let browser = model::secret::TokenHash::of(browser.cookies.get("denizen_browser").unwrap());
    let source = SourceId::parse("certificate").unwrap();
    let who = store::round_trips::Traveller {
        account: session.account.id,
        errand: store::round_trips::Errand::Evidence(session.id),
        browser: &browser,
        source: &source,
    };
    let taken = crate::evidence::trip::take(&world.service, &nonce.hash(), &who, |_| None).await;
    taken.unwrap().unwrap().lease
}

#[tokio::test]
async fn attack_285b_an_answer_whose_node_stopped_is_good_for_the_same_sign_in_until_it_is_settled() {
    let town = Town::new().await;
    let lease = TimeDelta::seconds(crate::evidence::filing::LEASE_SECONDS);
    for world in &town.worlds {
        let mut browser = arrived(world, PHONE).await;
        let holder = town.ca.person();
        let page = browser.get(HERE).await;
        let (pem, signature) = (holder.pem(), holder.sign(&text(&page)));
        let stopped = a_node_that_stops(world, &browser, &page).await;
        // Until its lease is over the answer waits where it was typed.
        let seen = send(&mut browser, &page, (&pem, &signature)).await;
        assert_eq!(seen.status, 422, "{}", world.kind);
        assert!(seen.body.contains("being checked right now"), "{}", seen.body);
        assert_eq!(text(&seen), text(&page));
        assert!(
            seen.body.contains(pem.lines().nth(1).unwrap()),
            "what was typed stays"
        );
        assert_eq!(level(world, PHONE).await, 0);
        world.clock.advance(lease);
        // Not for another sign-in of the same person.
        let mut other = signed_in(world, PHONE).await;
        let seen = other.get(HERE).await;
        assert!(seen.location.is_some(), "the phone first");
        let mut twin = browser.clone();
        let (one, two) = tokio::join!(
            send(&mut browser, &page, (&pem, &signature)),
            send(&mut twin, &page, (&pem, &signature))
        );
        let gone = |seen: &Seen| seen.location.as_deref().is_some_and(|to| to.contains("done=yes"));
        assert!(gone(&one) || gone(&two), "{} {}", one.body, two.body);
        assert_eq!(level(world, PHONE).await, 4, "{}", world.kind);
        let account = account(world, PHONE).await;
        assert_eq!(held(world, account.id).await.len(), 1);
        // The node that was thought to have stopped has nothing to say any more.
        let tx = world.service.store().read();
        assert!(!store::round_trips::settle(&tx, &stopped, b"").await.unwrap());
        let source = SourceId::parse("certificate").unwrap();
        let end = (world.clock.now(), "test");
        store::evidence::end_source(&tx, account.id, &source, end)
            .await
            .unwrap();
        world.clock.advance(lease);
        let mut late = if gone(&one) { browser } else { twin };
        let seen = send(&mut late, &page, (&pem, &signature)).await;
        assert_eq!(said(&seen), Some("used"), "{:?} {}", seen.location, seen.body);
        assert!(held(world, account.id).await.is_empty(), "{}", world.kind);
    }
}

#[tokio::test]
async fn attack_251_a_check_that_was_overtaken_counts_no_try() {
    let town = Town::new().await;
    for world in &town.worlds {
        let mut browser = arrived(world, PHONE).await;
        let page = browser.get(HERE).await;
        let stranger = town.ca.issue(Wanted {
            names: vec!["李四"],
            extensions: vec![ca::number_extension("11010519491231002X")],
            ..Wanted::good(town.ca.now)
        });
        answer(&mut browser, &town.ca.person()).await;
        let owner = account(world, PHONE).await;
        let tx = world.service.store().read();
        let source = SourceId::parse("certificate").unwrap();
        let end = (world.clock.now(), "test");
        store::evidence::end_source(&tx, owner.id, &source, end)
            .await
            .unwrap();
        let attempt = crate::evidence::check::Attempt {
            account: owner.id,
            source: source.clone(),
            facts: crate::evidence::source::tests::facts(),
            request_id: None,
        };
        let facts = store::cases::Input {
            name: owner.name.clone().unwrap(),
            citizen_id: owner.citizen_id.clone().unwrap(),
            ..attempt.facts.clone()
        };
        let attempt = crate::evidence::check::Attempt { facts, ..attempt };
        let tries = || async {
            let left = crate::evidence::tries::left(&world.service, &attempt).await;
            left.unwrap()
        };
        let before = tries().await;
        let stale = a_node_that_stops(world, &browser, &page).await;
        assert!(store::round_trips::settle(&tx, &stale, b"").await.unwrap());
        let trip = crate::evidence::trip::Trip::new(stale);
        let reply = crate::evidence::source::Reply::bare(Word::Mismatch);
        let settled = crate::evidence::check::take_in(&world.service, &attempt, &trip, reply).await;
        assert_eq!(settled.unwrap(), None, "{}", world.kind);
        assert_eq!(tries().await, before, "{}", world.kind);
        // In time it is one.
        let seen = answer(&mut browser, &stranger).await;
        assert_eq!(said(&seen), Some("differs"), "{}", seen.body);
        assert_eq!(tries().await, before - 1);
    }
}
