//! What sub-sites are told of a level that fell, on both databases and on two nodes.

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use http::StatusCode;
use model::client::{Client, SigningAlg};
use model::ids::{ClientId, StatusEventId};
use model::ladder::Level;
use model::scope::Scope;
use serde_json::{Value, json};
use store::status_events::{self, Cause, LevelFell, Notice, Said, State};

use crate::letters::{Counters, NoAnswer, Outgoing, Worker};
use crate::testing::{self, World};

mod accounts;

/// The sub-sites' side: what came in, and what they answer; 0 is no answer.
#[derive(Clone)]
struct Receiver {
    seen: Arc<Mutex<Vec<(String, String)>>>,
    status: Arc<Mutex<u16>>,
}

impl Receiver {
    fn saying(status: u16) -> Self {
        Self {
            seen: Arc::default(),
            status: Arc::new(Mutex::new(status)),
        }
    }

    fn say(&self, status: u16) {
        *self.status.lock().unwrap() = status;
    }

    fn outgoing(&self) -> Outgoing {
        let receiver = self.clone();
        Outgoing::new(move |uri, token| {
            receiver.seen.lock().unwrap().push((uri, token));
            let status = *receiver.status.lock().unwrap();
            async move {
                match status {
                    0 => Err(NoAnswer("no answer".to_owned())),
                    status => Ok(StatusCode::from_u16(status).unwrap()),
                }
            }
        })
    }

    fn tokens(&self) -> Vec<String> {
        self.seen
            .lock()
            .unwrap()
            .iter()
            .map(|(_, token)| token.clone())
            .collect()
    }
}

fn listening(id: &str) -> Client {
    let mut client = testing::client(id);
    client.events_uri = Some(format!("https://{id}.example/events"));
    client
}

fn level(number: u8) -> Level {
    Level::new(number).unwrap()
}

async fn put(world: &World, id: &str, dates: bool) -> Notice {
    let now = world.now();
    let notice = Notice {
        id: StatusEventId::new(now, world.store.rng()),
        client: ClientId::parse(id).unwrap(),
        account: world.account,
        said: Said::Fell(LevelFell {
            from: level(2),
            to: level(1),
            at: now - TimeDelta::minutes(5),
            cause: Cause::Lapsed,
            verified_at: Some(now - TimeDelta::days(3)),
            lapses_at: Some(now + TimeDelta::days(700)),
            dates,
        }),
        created_at: now,
    };
    status_events::put(&world.store.read(), std::slice::from_ref(&notice))
        .await
        .unwrap();
    notice
}

fn worker(world: &World, receiver: &Receiver) -> (Worker<Notice>, Counters) {
    let counters = Counters::default();
    (
        Worker::new(world.service.clone(), receiver.outgoing(), counters.clone()),
        counters,
    )
}

async fn round(worker: &mut Worker<Notice>) {
    worker.begin().await.unwrap();
    worker.finish().await;
}

async fn states(world: &World) -> Vec<State> {
    let rows = status_events::of_account(&world.store.read(), world.account)
        .await
        .unwrap();
    rows.into_iter().map(|(_, state)| state).collect()
}

fn part(token: &str, number: usize) -> Value {
    let part = token.split('.').nth(number).expect("a part");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
}

#[tokio::test]
async fn rfc_8417_the_event_says_levels_and_times_under_the_pairwise_name_and_nothing_personal() {
    for world in testing::worlds().await {
        for (id, alg) in [("hefei", SigningAlg::Es256), ("wuhu", SigningAlg::Rs256)] {
            let mut client = listening(id);
            client.id_token_signed_response_alg = alg;
            world.apply(client).await;
            put(&world, id, true).await;
        }
        let receiver = Receiver::saying(202);
        let (mut worker, counters) = worker(&world, &receiver);
        round(&mut worker).await;
        assert_eq!(counters.of("confirmed"), 2);
        assert_eq!(states(&world).await, [State::Confirmed, State::Confirmed]);
        let mut tokens = receiver.tokens();
        tokens.sort_by_key(|token| part(token, 1)["aud"].as_str().unwrap().to_owned());
        let [hefei, wuhu] = tokens.as_slice() else {
            panic!("{} tokens", tokens.len())
        };
        assert_eq!(part(hefei, 0)["typ"], "secevent+jwt");
        assert_eq!(
            (&part(hefei, 0)["alg"], &part(wuhu, 0)["alg"]),
            (&json!("ES256"), &json!("RS256"))
        );
        let (said, other) = (part(hefei, 1), part(wuhu, 1));
        let client = listening("hefei");
        let iso = |at: chrono::DateTime<chrono::Utc>| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        let (now, fell) = (world.now(), world.now() - TimeDelta::minutes(5));
        let issuer = world.service.issuer();
        assert_eq!(
            said,
            json!({
                "iss": issuer, "aud": "hefei", "iat": now.timestamp(), "toe": fell.timestamp(), "jti": said["jti"],
                "sub_id": { "format": "iss_sub", "iss": issuer, "sub": world.service.subject(&client, world.account) },
                "events": {
                    "urn:denizen:event:identity-level-changed": {
                        "acr": "urn:denizen:loa:1", "previous_acr": "urn:denizen:loa:2", "reason": "lapsed",
                        "at": iso(fell), "identity_level": 1, "previous_identity_level": 2,
                        "identity_verified_at": iso(now - TimeDelta::days(3)),
                        "identity_lapses_at": iso(now + TimeDelta::days(700)),
                    },
                    "https://schemas.openid.net/secevent/caep/event-type/assurance-level-change": {
                        "namespace": "urn:denizen:loa", "current_level": "1", "previous_level": "2",
                        "change_direction": "decrease", "initiating_entity": "policy",
                        "event_timestamp": fell.timestamp(),
                    },
                },
            })
        );
        assert_ne!(said["jti"], other["jti"], "attack 286: nothing to join people by");
        assert_ne!(said["sub_id"]["sub"], other["sub_id"]["sub"]);
        let text = said.to_string();
        for secret in [testing::NAME, testing::CITIZEN_ID, "13800138000"] {
            assert!(!text.contains(secret));
        }
    }
}

#[tokio::test]
async fn a_sub_site_that_knows_only_an_acr_is_told_no_dates() {
    let world = testing::world().await;
    world.apply(listening("hefei")).await;
    put(&world, "hefei", false).await;
    let receiver = Receiver::saying(200);
    let (mut worker, _) = worker(&world, &receiver);
    round(&mut worker).await;
    let said = part(&receiver.tokens()[0], 1);
    let ours = &said["events"]["urn:denizen:event:identity-level-changed"];
    let mut members: Vec<_> = ours.as_object().unwrap().keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(members, ["acr", "at", "previous_acr", "reason"]);
}

#[tokio::test]
async fn what_fails_is_told_again_with_the_same_jti_and_after_a_day_not_any_more() {
    for world in testing::worlds().await {
        world.apply(listening("hefei")).await;
        put(&world, "hefei", true).await;
        let receiver = Receiver::saying(503);
        let (mut worker, counters) = worker(&world, &receiver);
        round(&mut worker).await;
        round(&mut worker).await;
        assert_eq!(
            receiver.tokens().len(),
            1,
            "{}: not at once",
            world.test.database.kind()
        );
        world.clock.advance(TimeDelta::seconds(13));
        receiver.say(0);
        round(&mut worker).await;
        world.clock.advance(TimeDelta::minutes(1));
        receiver.say(202);
        round(&mut worker).await;
        let jtis: std::collections::BTreeSet<_> = receiver
            .tokens()
            .iter()
            .map(|token| part(token, 1)["jti"].to_string())
            .collect();
        assert_eq!((receiver.tokens().len(), jtis.len()), (3, 1));
        assert_eq!((counters.of("retried"), counters.of("confirmed")), (2, 1));

        put(&world, "hefei", true).await;
        receiver.say(500);
        round(&mut worker).await;
        world.clock.advance(TimeDelta::hours(24));
        round(&mut worker).await;
        assert_eq!(states(&world).await, [State::Confirmed, State::Dead]);
        assert_eq!(counters.of("given_up"), 1);
        let audited = world.audited().await;
        let dead = audited
            .iter()
            .filter(|event| *event == "status_event_not_confirmed");
        assert_eq!(dead.count(), 1);
    }
}

#[tokio::test]
async fn two_nodes_tell_once() {
    for world in testing::worlds().await {
        world.apply(listening("hefei")).await;
        put(&world, "hefei", true).await;
        let receiver = Receiver::saying(202);
        let (mut one, _) = worker(&world, &receiver);
        let (mut two, _) = worker(&world, &receiver);
        let (first, second) = tokio::join!(one.begin(), two.begin());
        first.unwrap();
        second.unwrap();
        one.finish().await;
        two.finish().await;
        assert_eq!(receiver.tokens().len(), 1, "{}", world.test.database.kind());
    }
}

#[tokio::test]
async fn nobody_is_told_who_refused_who_does_not_ask_any_more_or_whom_the_person_does_not_allow_it() {
    for world in testing::worlds().await {
        world.apply(listening("hefei")).await;
        let receiver = Receiver::saying(400);
        let (mut worker, counters) = worker(&world, &receiver);
        put(&world, "hefei", true).await;
        round(&mut worker).await;
        assert_eq!((receiver.tokens().len(), counters.of("refused")), (1, 1));

        put(&world, "hefei", true).await;
        world.decide("hefei", [Scope::Openid, Scope::Phone]).await;
        round(&mut worker).await;
        put(&world, "hefei", false).await;
        world.apply(testing::client("hefei")).await;
        round(&mut worker).await;
        put(&world, "unknown", false).await;
        round(&mut worker).await;
        assert_eq!((receiver.tokens().len(), counters.of("not_wanted")), (1, 3));
        assert!(states(&world).await.iter().all(|state| *state == State::Dead));
    }
}

#[tokio::test]
async fn over_the_wire_the_token_is_the_whole_body_and_a_redirect_is_not_followed() {
    let world = testing::world().await;
    let client = world.service.outbound().clone();
    let refused = Outgoing::document(&client)
        .post("http://169.254.169.254/events".to_owned(), "t".to_owned())
        .await;
    assert!(
        refused.is_err(),
        "attack 136: only addresses that are public or listed"
    );
}
