//! What sub-sites are told of accounts themselves, in the words of OpenID RISC 1.0 and CAEP 1.0.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use model::ids::{ClientId, StatusEventId};
use serde_json::{Value, json};
use store::status_events::{self, AccountEvent, Credential, CredentialStep, Happened, Notice, Said, State};

use super::{Receiver, listening, part, round, states, worker};
use crate::testing::{self, World};

const RISC: &str = "https://schemas.openid.net/secevent/risc/event-type";
const CAEP: &str = "https://schemas.openid.net/secevent/caep/event-type";

/// Puts one down for a sub-site, and answers the token that it gets.
async fn sent(world: &World, receiver: &Receiver, id: &str, happened: Happened) -> String {
    let notice = Notice {
        id: StatusEventId::new(world.now(), world.store.rng()),
        client: ClientId::parse(id).unwrap(),
        account: world.account,
        said: Said::Account(happened),
        created_at: world.now(),
    };
    status_events::put(&world.store.read(), std::slice::from_ref(&notice))
        .await
        .unwrap();
    let (mut worker, counters) = worker(world, receiver);
    round(&mut worker).await;
    assert_eq!(counters.of("confirmed"), 1, "{happened:?}");
    receiver.tokens().pop().unwrap()
}

fn changed(credential: Credential, step: CredentialStep, world: &World) -> Happened {
    Happened {
        credential: Some((credential, step)),
        ..Happened::new(AccountEvent::CredentialChanged, world.now())
    }
}

#[tokio::test]
async fn openid_risc_and_caep_each_event_says_what_happened_and_never_why() {
    for world in testing::worlds().await {
        world.apply(listening("hefei")).await;
        let receiver = Receiver::saying(202);
        let at = world.now() - TimeDelta::minutes(5);
        let seconds = at.timestamp();
        let cases = [
            (
                AccountEvent::Disabled,
                format!("{RISC}/account-disabled"),
                json!({}),
            ),
            (
                AccountEvent::Enabled,
                format!("{RISC}/account-enabled"),
                json!({}),
            ),
            (AccountEvent::Purged, format!("{RISC}/account-purged"), json!({})),
            (
                AccountEvent::SessionsRevoked,
                format!("{CAEP}/session-revoked"),
                json!({ "event_timestamp": seconds }),
            ),
        ];
        let (issuer, client) = (world.service.issuer(), listening("hefei"));
        for (what, name, event) in cases {
            let token = sent(&world, &receiver, "hefei", Happened::new(what, at)).await;
            assert_eq!(part(&token, 0)["typ"], "secevent+jwt", "RFC 8417 section 2.3");
            let said = part(&token, 1);
            let expected = json!({
                "iss": issuer, "aud": "hefei", "iat": world.now().timestamp(), "toe": seconds, "jti": said["jti"],
                "sub_id": { "format": "iss_sub", "iss": issuer, "sub": world.service.subject(&client, world.account) },
                "events": { name: event },
            });
            assert_eq!(said, expected, "{}", world.test.database.kind());
            assert!(said["jti"].is_string());
        }
        assert!(
            states(&world)
                .await
                .iter()
                .all(|state| *state == State::Confirmed)
        );
    }
}

#[tokio::test]
async fn openid_caep_3_3_a_credential_change_says_which_kind_and_which_step() {
    let world = testing::world().await;
    world.apply(listening("hefei")).await;
    let receiver = Receiver::saying(202);
    for (credential, step, words) in [
        (
            Credential::Password,
            CredentialStep::Update,
            ("password", "update"),
        ),
        (
            Credential::PhoneSms,
            CredentialStep::Update,
            ("phone-sms", "update"),
        ),
        (Credential::App, CredentialStep::Create, ("app", "create")),
        (
            Credential::Passkey,
            CredentialStep::Delete,
            ("fido2-platform", "delete"),
        ),
    ] {
        let happened = changed(credential, step, &world);
        let said = part(&sent(&world, &receiver, "hefei", happened).await, 1);
        let event = json!({
            "credential_type": words.0, "change_type": words.1, "event_timestamp": world.now().timestamp(),
        });
        assert_eq!(
            said["events"],
            json!({ format!("{CAEP}/credential-change"): event })
        );
    }
}

#[tokio::test]
async fn attack_286_each_site_hears_of_a_person_under_its_own_name_and_nothing_joins_the_two() {
    for world in testing::worlds().await {
        let receiver = Receiver::saying(202);
        let mut heard = Vec::new();
        for id in ["hefei", "wuhu"] {
            world.apply(listening(id)).await;
            let happened = Happened::new(AccountEvent::Disabled, world.now());
            heard.push(part(&sent(&world, &receiver, id, happened).await, 1));
        }
        let [one, other] = heard.as_slice() else {
            panic!("two")
        };
        assert_ne!(one["sub_id"]["sub"], other["sub_id"]["sub"]);
        assert_ne!(one["jti"], other["jti"]);
        let account = world.account.to_string();
        for said in [one, other].map(Value::to_string) {
            for secret in [
                testing::NAME,
                testing::CITIZEN_ID,
                "13800138000",
                account.as_str(),
            ] {
                assert!(!said.contains(secret), "{}", world.test.database.kind());
            }
        }
    }
}

#[tokio::test]
async fn only_sites_that_listen_and_that_the_person_uses_are_told() {
    for world in testing::worlds().await {
        // The person uses hefei and wuhu; wuhu does not listen. Nobody has been at the third, and the fourth is off.
        world.apply(listening("hefei")).await;
        world.apply(listening("never-used")).await;
        let mut off = listening("off");
        off.disabled = true;
        world.apply(off).await;
        world.decide("off", []).await;
        let tx = world.store.read();
        let sites = status_events::knowing(&tx, world.account).await.unwrap();
        let names: BTreeSet<_> = sites.iter().map(ClientId::as_str).collect();
        assert!(names.contains("hefei") && names.contains("wuhu") && !names.contains("never-used"));
        let happened = Happened::new(AccountEvent::SessionsRevoked, world.now());
        status_events::tell(
            &tx,
            world.store.rng(),
            (world.account, &sites),
            &happened,
            world.now(),
        )
        .await
        .unwrap();
        let receiver = Receiver::saying(202);
        let (mut worker, counters) = worker(&world, &receiver);
        round(&mut worker).await;
        let told: Vec<_> = receiver
            .tokens()
            .iter()
            .map(|token| part(token, 1)["aud"].clone())
            .collect();
        assert_eq!(told, [json!("hefei")], "{}", world.test.database.kind());
        assert_eq!(counters.of("confirmed"), 1);
    }
}
