//! The worker that tells sub-sites (Back-Channel Logout 1.0), on one node and on two.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use http::StatusCode;
use model::client::{Client, SigningAlg};
use model::ids::SessionId;
use serde_json::{Value, json};
use store::letters::Ending;
use store::logouts::{Site, State};

use super::{confirm, id_token, site};
use crate::authorize::tests::browser::Browser;
use crate::letters::{Counters, NoAnswer, Outgoing, Worker};
use crate::testing::{self, World};

/// What a sub-site does when it is told.
#[derive(Clone, Copy)]
enum Manner {
    Says(u16),
    Hangs,
    Breaks,
    Panics,
}

/// The sub-sites' side: who was told what, and how each behaves.
#[derive(Clone, Default)]
struct Receivers {
    manners: Arc<Mutex<BTreeMap<String, Manner>>>,
    seen: Arc<Mutex<Vec<(String, String)>>>,
}

impl Receivers {
    fn behave(&self, id: &str, manner: Manner) {
        self.manners.lock().unwrap().insert(uri(id), manner);
    }

    fn outgoing(&self) -> Outgoing {
        let receivers = self.clone();
        Outgoing::new(move |uri, token| {
            let manner = receivers.manners.lock().unwrap().get(&uri).copied();
            receivers.seen.lock().unwrap().push((uri, token));
            async move {
                match manner.unwrap_or(Manner::Says(200)) {
                    Manner::Says(status) => Ok(StatusCode::from_u16(status).unwrap()),
                    Manner::Hangs => std::future::pending().await,
                    Manner::Breaks => Err(NoAnswer("no answer".to_owned())),
                    Manner::Panics => panic!("the request goes wrong"),
                }
            }
        })
    }

    fn times(&self, id: &str) -> usize {
        self.seen
            .lock()
            .unwrap()
            .iter()
            .filter(|(to, _)| *to == uri(id))
            .count()
    }

    fn tokens(&self, id: &str) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        seen.iter()
            .filter(|(to, _)| *to == uri(id))
            .map(|(_, token)| token.clone())
            .collect()
    }
}

fn uri(id: &str) -> String {
    format!("https://{id}.example/told")
}

fn told(id: &str) -> Client {
    let mut client = site(id);
    client.backchannel_logout_uri = Some(uri(id));
    client
}

fn worker(world: &World, receivers: &Receivers) -> (Worker<Site>, Counters) {
    let counters = Counters::default();
    (
        Worker::new(world.service.clone(), receivers.outgoing(), counters.clone()),
        counters,
    )
}

async fn round(worker: &mut Worker<Site>) {
    worker.begin().await.expect("rows");
    worker.finish().await;
}

async fn states(world: &World, session: SessionId) -> Vec<(String, State)> {
    let rows = store::logouts::of_session(&world.store.read(), session)
        .await
        .expect("rows");
    rows.into_iter()
        .map(|(client, state)| (client.to_string(), state))
        .collect()
}

/// A sign-in at some sub-sites that its person ended.
async fn ended(world: &World, sites: &[&str]) -> SessionId {
    let browser = Browser::new(world);
    let session = browser.sign_in(world.account).await;
    for id in sites {
        id_token(&browser, id).await;
    }
    confirm(&browser, &[]).await;
    session
}

fn part(token: &str, number: usize) -> Value {
    let part = token.split('.').nth(number).expect("a part");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
}

#[tokio::test]
async fn a_logout_token_says_exactly_what_the_standard_asks_and_is_signed_as_id_tokens_are() {
    for world in testing::worlds().await {
        for (id, alg) in [("hefei", SigningAlg::Es256), ("wuhu", SigningAlg::Rs256)] {
            let mut client = told(id);
            client.id_token_signed_response_alg = alg;
            world.apply(client).await;
        }
        let browser = Browser::new(&world);
        browser.sign_in(world.account).await;
        let id_tokens = [
            id_token(&browser, "hefei").await,
            id_token(&browser, "wuhu").await,
        ];
        confirm(&browser, &[]).await;
        let receivers = Receivers::default();
        let (mut worker, counters) = worker(&world, &receivers);
        round(&mut worker).await;
        assert_eq!(counters.of("confirmed"), 2);
        for (id, id_token) in ["hefei", "wuhu"].into_iter().zip(id_tokens) {
            let tokens = receivers.tokens(id);
            assert_eq!(tokens.len(), 1);
            let (header, claims, of_id) = (part(&tokens[0], 0), part(&tokens[0], 1), part(&id_token, 1));
            assert_eq!(header["typ"], "logout+jwt");
            assert_eq!(header["alg"], part(&id_token, 0)["alg"]);
            assert_eq!(header["kid"], part(&id_token, 0)["kid"]);
            let names: Vec<_> = claims.as_object().unwrap().keys().cloned().collect();
            let mut expected = ["iss", "sub", "aud", "iat", "exp", "jti", "sid", "events"].map(str::to_owned);
            expected.sort();
            let mut names = names;
            names.sort();
            assert_eq!(names, expected, "no nonce, nothing else");
            assert_eq!(
                claims["events"],
                json!({ "http://schemas.openid.net/event/backchannel-logout": {} })
            );
            for name in ["iss", "sub", "aud", "sid"] {
                assert_eq!(claims[name], of_id[name], "{name} as in the ID token");
            }
            let now = world.now().timestamp();
            assert_eq!(claims["iat"], now);
            assert_eq!(claims["exp"], now + 120);
            assert!(claims["jti"].as_str().unwrap().len() >= 22);
            // It is no hint, and no token of any other kind.
            let seen = super::logout(&Browser::new(&world), &[("id_token_hint", &tokens[0])]).await;
            seen.is_page("logout-request");
        }
    }
}

#[tokio::test]
async fn answers_are_noted_and_what_is_no_answer_is_told_again_with_a_new_token() {
    for world in testing::worlds().await {
        for id in ["hefei", "wuhu"] {
            world.apply(told(id)).await;
        }
        let session = ended(&world, &["hefei", "wuhu"]).await;
        let receivers = Receivers::default();
        receivers.behave("hefei", Manner::Says(503));
        receivers.behave("wuhu", Manner::Says(400));
        let (mut worker, counters) = worker(&world, &receivers);
        round(&mut worker).await;
        let seen = states(&world, session).await;
        assert_eq!(seen[0].1, State::Open(1));
        assert_eq!(seen[1].1, State::Ended(Ending::Refused));
        world.clock.advance(TimeDelta::seconds(9));
        round(&mut worker).await;
        assert_eq!(
            (receivers.times("hefei"), receivers.times("wuhu")),
            (1, 1),
            "not yet"
        );
        receivers.behave("hefei", Manner::Says(204));
        world.clock.advance(TimeDelta::seconds(4));
        round(&mut worker).await;
        assert_eq!(states(&world, session).await[0].1, State::Confirmed);
        let tokens = receivers.tokens("hefei");
        assert_eq!(tokens.len(), 2);
        assert_ne!(part(&tokens[0], 1)["jti"], part(&tokens[1], 1)["jti"]);
        world.clock.advance(TimeDelta::hours(25));
        round(&mut worker).await;
        assert_eq!((receivers.times("hefei"), receivers.times("wuhu")), (2, 1));
        assert_eq!(
            (
                counters.of("retried"),
                counters.of("refused"),
                counters.of("confirmed")
            ),
            (1, 1, 1)
        );
        let audited = world.audited().await;
        let of = |kind: &str| audited.iter().filter(|event| event.as_str() == kind).count();
        assert_eq!((of("logout_not_confirmed"), of("signed_out")), (1, 1));
    }
}

#[tokio::test]
async fn a_sub_site_that_never_answers_is_given_up_and_the_audit_log_says_so() {
    let world = testing::world().await;
    world.apply(told("hefei")).await;
    let session = ended(&world, &["hefei"]).await;
    let receivers = Receivers::default();
    receivers.behave("hefei", Manner::Breaks);
    let (mut worker, counters) = worker(&world, &receivers);
    for _ in 0..=36 {
        round(&mut worker).await;
        world.clock.advance(TimeDelta::minutes(40));
    }
    assert_eq!(receivers.times("hefei"), 9);
    assert_eq!(states(&world, session).await[0].1, State::Ended(Ending::NoAnswer));
    assert_eq!((counters.of("retried"), counters.of("given_up")), (8, 1));
    let dead = world
        .audited()
        .await
        .into_iter()
        .filter(|event| event == "logout_not_confirmed");
    assert_eq!(dead.count(), 1);
}

#[tokio::test]
async fn a_sub_site_that_this_node_does_not_know_yet_is_told() {
    for world in testing::worlds().await {
        world.decide("wuhu", [model::scope::Scope::Openid]).await;
        let session = ended(&world, &["wuhu"]).await;
        // Another node changed it a moment ago: there is no address in this node's memory.
        let stored = store::clients::StoredClient::new(told("wuhu"), None);
        store::clients::put(&world.store.read(), &stored, world.now())
            .await
            .unwrap();
        let receivers = Receivers::default();
        let (mut worker, counters) = worker(&world, &receivers);
        round(&mut worker).await;
        assert_eq!(states(&world, session).await[0].1, State::Confirmed);
        assert_eq!((receivers.times("wuhu"), counters.of("not_supported")), (1, 0));
    }
}

#[tokio::test]
async fn a_sub_site_without_an_address_is_noted_as_such_and_nobody_is_asked() {
    let world = testing::world().await;
    let session = ended(&world, &["hefei"]).await;
    let receivers = Receivers::default();
    let (mut worker, counters) = worker(&world, &receivers);
    round(&mut worker).await;
    assert_eq!(
        states(&world, session).await[0].1,
        State::Ended(Ending::NotSupported)
    );
    assert_eq!(
        (receivers.seen.lock().unwrap().len(), counters.of("not_supported")),
        (0, 1)
    );
}

#[tokio::test]
async fn attack_167_317_sub_sites_that_hang_delay_nobody_else() {
    for world in testing::worlds().await {
        let names: Vec<String> = (0..12).map(|number| format!("site-{number}")).collect();
        for id in &names {
            world.apply(told(id)).await;
            world.decide(id, model::scope::Scope::OFFERED).await;
        }
        let receivers = Receivers::default();
        for id in &names[..6] {
            receivers.behave(id, Manner::Hangs);
        }
        let ids: Vec<&str> = names.iter().map(String::as_str).collect();
        let session = ended(&world, &ids).await;
        let (mut worker, _) = worker(&world, &receivers);
        worker.begin().await.expect("rows");
        // The healthy ones end while the others hang.
        tokio::time::timeout(Duration::from_secs(20), async {
            loop {
                let confirmed = states(&world, session).await;
                if confirmed
                    .iter()
                    .filter(|(_, state)| *state == State::Confirmed)
                    .count()
                    == 6
                {
                    break;
                }
                worker.ended().await;
            }
        })
        .await
        .expect("the healthy ones are told");
        assert!(worker.is_busy(), "six still hang");
        // And so does whoever signs out next.
        let next = ended(&world, &ids[6..]).await;
        worker.begin().await.expect("rows");
        tokio::time::timeout(Duration::from_secs(20), async {
            while states(&world, next)
                .await
                .iter()
                .any(|(_, state)| *state != State::Confirmed)
            {
                worker.ended().await;
            }
        })
        .await
        .expect("told while the others hang");
    }
}

#[tokio::test]
async fn a_request_that_goes_wrong_gives_its_place_back() {
    let world = testing::world().await;
    world.apply(told("hefei")).await;
    let receivers = Receivers::default();
    receivers.behave("hefei", Manner::Panics);
    let session = ended(&world, &["hefei"]).await;
    let (mut worker, _) = worker(&world, &receivers);
    round(&mut worker).await;
    assert_eq!(states(&world, session).await[0].1, State::Open(1));
    receivers.behave("hefei", Manner::Says(200));
    world.clock.advance(TimeDelta::seconds(30));
    round(&mut worker).await;
    assert_eq!(states(&world, session).await[0].1, State::Confirmed);
}

#[tokio::test]
async fn two_nodes_tell_each_sub_site_once() {
    for world in testing::worlds().await {
        for id in ["hefei", "wuhu"] {
            world.apply(told(id)).await;
        }
        let receivers = Receivers::default();
        let mut sessions = Vec::new();
        for _ in 0..5 {
            sessions.push(ended(&world, &["hefei", "wuhu"]).await);
        }
        let (mut one, _) = worker(&world, &receivers);
        let (mut two, _) = worker(&world, &receivers);
        for _ in 0..5 {
            tokio::join!(round(&mut one), round(&mut two));
        }
        assert_eq!((receivers.times("hefei"), receivers.times("wuhu")), (5, 5));
        for session in sessions {
            for (client, state) in states(&world, session).await {
                assert_eq!(state, State::Confirmed, "{client}");
            }
        }
    }
}

#[tokio::test]
async fn a_node_that_dies_after_the_commit_or_in_the_middle_is_replaced_by_another_after_the_lease() {
    for world in testing::worlds().await {
        world.apply(told("hefei")).await;
        let receivers = Receivers::default();
        // The node that ended the sign-in dies at once: it has no worker here.
        let session = ended(&world, &["hefei"]).await;
        receivers.behave("hefei", Manner::Hangs);
        let (mut dying, _) = worker(&world, &receivers);
        dying.begin().await.expect("rows");
        tokio::task::yield_now().await;
        drop(dying);
        receivers.behave("hefei", Manner::Says(200));
        let (mut other, _) = worker(&world, &receivers);
        world.clock.advance(TimeDelta::seconds(29));
        let before = receivers.times("hefei");
        round(&mut other).await;
        assert_eq!(receivers.times("hefei"), before, "never twice within the lease");
        world.clock.advance(TimeDelta::seconds(1));
        round(&mut other).await;
        assert_eq!(states(&world, session).await[0].1, State::Confirmed);
    }
}

#[tokio::test]
async fn the_worker_of_a_running_node_tells_at_once_and_finishes_before_it_stops() {
    let world = testing::world().await;
    world.apply(told("hefei")).await;
    let receivers = Receivers::default();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let counters = Counters::default();
    let running = super::super::run(
        world.service.clone(),
        receivers.outgoing(),
        counters.clone(),
        async { drop(stopped.await) },
    );
    let work = async {
        let session = ended(&world, &["hefei"]).await;
        tokio::time::timeout(Duration::from_secs(20), async {
            while states(&world, session).await[0].1 != State::Confirmed {
                tokio::task::yield_now().await;
            }
        })
        .await
        .expect("told");
        stop.send(()).expect("still running");
    };
    tokio::join!(running, work);
    assert_eq!(counters.of("confirmed"), 1);
}
