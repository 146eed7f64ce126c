use axum::response::IntoResponse as _;
use chrono::TimeDelta;
use http::StatusCode;
use serde_json::{Value, json};

use super::*;
use crate::testing::{self, Holder, World};

const URL: &str = "http://localhost:8080/token";

fn headers(proofs: &[String]) -> HeaderMap {
    proofs
        .iter()
        .map(|proof| (PROOF, HeaderValue::try_from(proof.as_str()).unwrap()))
        .collect()
}

fn read(world: &World, proof: String) -> Result<Option<Proof>, DpopError> {
    Proof::read(&world.service, &headers(&[proof]), ("POST", "/token"), None)
}

#[tokio::test]
async fn a_proof_is_for_one_request_and_good_once_on_every_node() {
    for world in testing::worlds().await {
        let holder = Holder::new();
        let proof = holder.proof(("POST", URL), world.now());
        let first = read(&world, proof.clone()).unwrap().unwrap();
        assert_eq!(first.jkt, holder.jkt());
        first.spend(&world.store.read()).await.unwrap();
        let second = read(&world, proof.clone()).unwrap().unwrap();
        assert_eq!(
            second.spend(&world.store.read()).await,
            Err(DpopError::ProofReplayed)
        );
        // Another key may use the same words.
        let other = Holder::new().proof_with(("POST", URL), world.now(), |_, claims| {
            claims["jti"] = testing::claims(&proof)["jti"].clone();
        });
        let other = read(&world, other).unwrap().unwrap();
        other.spend(&world.store.read()).await.unwrap();
    }
}

#[tokio::test]
async fn what_is_remembered_outlives_the_proof() {
    let world = testing::world().await;
    let proof = Holder::new().proof(("POST", URL), world.now());
    let first = read(&world, proof.clone()).unwrap().unwrap();
    first.spend(&world.store.read()).await.unwrap();
    for _ in 0..20 {
        world.clock.advance(TimeDelta::seconds(10));
        store::cleanup::sweep(&world.store.read(), world.now())
            .await
            .unwrap();
        match read(&world, proof.clone()) {
            Ok(proof) => {
                let again = proof.unwrap().spend(&world.store.read()).await;
                assert_eq!(again, Err(DpopError::ProofReplayed));
            }
            Err(error) => assert_eq!(error, DpopError::ProofRefused, "too old"),
        }
    }
    assert_eq!(read(&world, proof).map(|_| ()), Err(DpopError::ProofRefused));
}

#[tokio::test]
async fn one_header_one_request_and_a_fresh_signature() {
    let world = testing::world().await;
    let (holder, now) = (Holder::new(), world.now());
    let good = || holder.proof(("POST", URL), now);
    assert!(
        Proof::read(&world.service, &HeaderMap::new(), ("POST", "/token"), None)
            .unwrap()
            .is_none()
    );
    let two = headers(&[good(), good()]);
    let outcome = Proof::read(&world.service, &two, ("POST", "/token"), None);
    assert_eq!(outcome.map(|_| ()), Err(DpopError::SeveralProofs));
    for (case, proof) in [
        ("another method", holder.proof(("GET", URL), now)),
        (
            "another address",
            holder.proof(("POST", "http://localhost:8080/userinfo"), now),
        ),
        (
            "another provider",
            holder.proof(("POST", "http://other.example/token"), now),
        ),
        (
            "an hour old",
            holder.proof(("POST", URL), now - TimeDelta::hours(1)),
        ),
        (
            "an hour ahead",
            holder.proof(("POST", URL), now + TimeDelta::hours(1)),
        ),
        ("nothing", String::new()),
        ("two in one line", format!("{}, {}", good(), good())),
    ] {
        assert_eq!(
            read(&world, proof).map(|_| ()),
            Err(DpopError::ProofRefused),
            "{case}"
        );
    }
    for near in [-10, 10] {
        assert!(
            read(
                &world,
                holder.proof(("POST", URL), now + TimeDelta::seconds(near))
            )
            .is_ok()
        );
    }
    let spelled = holder.proof(("POST", "HTTP://LOCALHOST:8080/token?a=b#c"), now);
    assert!(read(&world, spelled).is_ok());
}

#[tokio::test]
async fn a_proof_for_an_access_token_names_it() {
    let world = testing::world().await;
    let (holder, now) = (Holder::new(), world.now());
    let at = ("GET", "http://localhost:8080/userinfo");
    let read = |proof: String| {
        Proof::read(
            &world.service,
            &headers(&[proof]),
            ("GET", "/userinfo"),
            Some("token"),
        )
        .map(|_| ())
    };
    assert_eq!(read(holder.proof_for(at, "token", now)), Ok(()));
    for proof in [
        holder.proof(at, now),
        holder.proof_for(at, "other", now),
        holder.proof_with(at, now, |_, claims| claims["ath"] = Value::Null),
    ] {
        assert_eq!(read(proof), Err(DpopError::ProofRefused));
    }
}

#[tokio::test]
async fn nonces_are_ours_fresh_and_known_to_every_node() {
    let world = testing::world().await;
    let (holder, key) = (Holder::new(), world.service.nonce_key());
    let with = |nonce: &str| {
        let nonce = json!(nonce);
        read(
            &world,
            holder.proof_with(("POST", URL), world.now(), |_, claims| claims["nonce"] = nonce),
        )
        .map(|_| ())
    };
    let nonce = key.make(world.now());
    assert_eq!(with(&nonce), Ok(()));
    for foreign in [
        "",
        "x",
        &nonce.replace(|c: char| c.is_ascii_lowercase(), "a"),
        &format!("{nonce}A"),
    ] {
        assert_eq!(with(foreign), Err(DpopError::NonceStale), "{foreign}");
    }
    world.clock.advance(TimeDelta::seconds(NONCE_TURN_SECONDS));
    assert_ne!(key.make(world.now()), nonce, "they rotate");
    assert_eq!(with(&nonce), Ok(()), "and overlap");
    world
        .clock
        .advance(TimeDelta::seconds(NONCE_TURN_SECONDS * NONCE_TURNS));
    assert_eq!(with(&nonce), Err(DpopError::NonceStale));
    let other = NonceKey::new(world.store.vault());
    assert!(
        key.knows(&other.make(world.now()), world.now()),
        "another node makes the same"
    );
    assert_eq!(format!("{other:?}"), "NonceKey(…)");
}

#[tokio::test]
async fn an_answer_to_a_proof_brings_a_nonce() {
    let world = testing::world().await;
    let answer = || StatusCode::OK.into_response();
    let with = headers(&[Holder::new().proof(("POST", URL), world.now())]);
    let nonce = offer(&world.service, &with, answer()).headers()[NONCE]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(world.service.nonce_key().knows(&nonce, world.now()));
    assert!(
        !offer(&world.service, &HeaderMap::new(), answer())
            .headers()
            .contains_key(NONCE)
    );
    let challenge = challenge("use_dpop_nonce", "use the nonce").unwrap();
    assert_eq!(
        challenge,
        "DPoP error=\"use_dpop_nonce\", error_description=\"use the nonce\", algs=\"PS256 ES256 EdDSA\""
    );
}

#[tokio::test]
async fn where_nonces_are_required_a_proof_without_one_is_told_so() {
    let world = testing::world_with(crate::Config {
        dpop_nonces: Nonces::Required,
        ..crate::Config::default()
    })
    .await;
    let holder = Holder::new();
    let bare = holder.proof(("POST", URL), world.now());
    assert_eq!(read(&world, bare).map(|_| ()), Err(DpopError::NonceMissing));
    assert_eq!(DpopError::NonceMissing.row().code.as_str(), "use_dpop_nonce");
    let nonce = json!(world.service.nonce_key().make(world.now()));
    let proof = holder.proof_with(("POST", URL), world.now(), |_, claims| claims["nonce"] = nonce);
    assert!(read(&world, proof).is_ok());
}
