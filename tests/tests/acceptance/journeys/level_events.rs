//! A level falls, and the sub-sites that ask to be told hear of it (RFC 8417, RFC 8935): the program in a process of its
//! own, a certificate that its authority revokes, and the sandbox's three sub-sites.

use std::time::Duration;

use acceptance::journey::{allow, prove_phone, resident};
use acceptance::people::Person;
use acceptance::visitor::Visitor;
use acceptance::wait;
use acceptance::world::{Kind, Setup, World};
use serde_json::Value;

/// How long a worker may take to look at a level, and another one to tell of it.
const TOLD_LIMIT: Duration = Duration::from_secs(40);

/// To level 4 by a certificate.
async fn by_certificate(visitor: &mut Visitor, world: &World, person: &Person) {
    visitor.open("/verify/certificate").await;
    prove_phone(visitor, world, person).await;
    visitor.sees("verify-certificate");
    let text = visitor.page.text_of("[data-challenge]");
    let (certificate, signature) = world.outside.sign(person, &text).await;
    visitor
        .fill("certificate", &certificate)
        .fill("signature", &signature)
        .press("")
        .await;
    visitor.sees("account-level");
}

async fn arrive(visitor: &mut Visitor, site: &str) -> String {
    visitor.open(&format!("{site}/start")).await;
    allow(visitor).await;
    visitor.sees("home");
    visitor.page.text_of("#subject")
}

fn level_at_site(visitor: &Visitor) -> Option<String> {
    visitor.page.get("#level").attribute("data-level")
}

/// Waits until the worker has looked at the new level: a fall is one from a level that was seen.
async fn the_level_is_seen(world: &World) {
    let store = world.database.open(&world.clock).await.expect("the database");
    wait::until("the level to be looked at", TOLD_LIMIT, || async {
        let due = store::level_watch::is_any_due(&store.read(), chrono::Utc::now()).await;
        (!due.expect("a look")).then_some(())
    })
    .await;
    store.close().await.expect("closed");
}

async fn a_level_falls(kind: Kind) {
    let mut world = Setup::new(kind).in_processes().start().await;
    let (mut visitor, person) = resident(&world).await;
    by_certificate(&mut visitor, &world, &person).await;
    let [hefei, yichang, _] = [0, 1, 2].map(|index| world.sites()[index].clone());
    let mut subjects = Vec::new();
    for site in [&hefei, &yichang] {
        subjects.push(arrive(&mut visitor, site).await);
        assert_eq!(
            level_at_site(&visitor).as_deref(),
            Some("2"),
            "what a password carries"
        );
    }
    assert!(world.outside.journal("events").await.is_empty());
    the_level_is_seen(&world).await;

    world.outside.revoke(&person).await;
    // Revocation lists are walked over when a node starts, and every hour.
    world.process(0).restart().await;
    let told = wait::until("two sites to be told", TOLD_LIMIT, || async {
        let told = world.outside.journal("events").await;
        (told.len() >= 2).then_some(told)
    })
    .await;
    let of = |site: &str| -> Vec<&Value> {
        let entries = told.iter().map(|entry| &entry["request"]);
        entries.filter(|request| request["site"] == site).collect()
    };
    for (site, subject) in [("hefei", &subjects[0]), ("yichang", &subjects[1])] {
        let [request] = of(site)[..] else {
            panic!("{site} is told once: {told:?}")
        };
        let about = &request["about"];
        assert_eq!(about["sub"], subject.as_str(), "under the name that it knows");
        assert_eq!(
            (&about["level"], &about["lowered"]),
            (&1.into(), &1.into()),
            "{about}"
        );
    }
    assert_ne!(of("hefei")[0]["about"]["jti"], of("yichang")[0]["about"]["jti"]);
    assert!(of("nanning").is_empty(), "who holds no grant is told nothing");
    for entry in &told {
        assert_eq!(
            (&entry["status"], &entry["outcome"]),
            (&202.into(), &"level_fell".into())
        );
        let text = entry.to_string();
        for secret in [&person.name, &person.citizen_id, &person.phone] {
            assert!(!text.contains(secret.as_str()));
        }
    }

    // The page says so, what needed level 2 is closed, and signing in again says what is true now.
    visitor.open(&hefei).await;
    assert_eq!(level_at_site(&visitor).as_deref(), Some("1"));
    let said = visitor.page.get("#level-fell").attribute("data-level");
    assert_eq!(said.as_deref(), Some("1"));
    visitor
        .open(&format!("{hefei}/services/provident-fund?asked=yes"))
        .await;
    visitor.sees("level-needed");
    visitor.open(&format!("{hefei}/start")).await;
    visitor.sees("home");
    assert_eq!(level_at_site(&visitor).as_deref(), Some("1"));
    assert!(visitor.page.find("#level-fell").is_none());
}

#[tokio::test]
async fn sub_sites_that_asked_and_hold_a_grant_hear_at_once_that_a_level_fell_on_sqlite() {
    a_level_falls(Kind::Sqlite).await;
}

#[tokio::test]
async fn sub_sites_that_asked_and_hold_a_grant_hear_at_once_that_a_level_fell_on_postgresql() {
    if let Some(kind) = Kind::postgres_if_at_hand() {
        a_level_falls(kind).await;
    }
}

#[tokio::test]
async fn attack_121_what_is_no_event_of_the_provider_for_this_site_lowers_nothing() {
    let world = World::any().await;
    let (mut visitor, _) = resident(&world).await;
    let hefei = world.sites()[0].clone();
    let subject = arrive(&mut visitor, &hefei).await;
    visitor.open(&format!("{hefei}/developer")).await;
    let id_token = visitor.page.text_of("#raw-id-token");
    let forged = acceptance::clients::Key::new().sign(&serde_json::json!({
        "iss": world.issuer, "aud": "hefei-portal", "iat": chrono::Utc::now().timestamp(), "jti": "1",
        "sub_id": { "format": "iss_sub", "iss": world.issuer, "sub": subject },
        "events": { "urn:denizen:event:identity-level-changed": { "acr": "urn:denizen:loa:0" } },
    }));
    for (kind, body) in [
        ("application/secevent+jwt", id_token.as_str()),
        ("application/secevent+jwt", &forged),
        ("application/secevent+jwt", "garbage"),
        ("application/jwt", &forged),
    ] {
        let request = world
            .http
            .post(format!("{hefei}/events"))
            .header("content-type", kind)
            .body(body.to_owned());
        let answer = acceptance::engine::send(request).await.expect("an answer");
        assert_eq!(answer.status().as_u16(), 400, "{kind}");
    }
    visitor.open(&hefei).await;
    assert_eq!(level_at_site(&visitor).as_deref(), Some("1"));
}
