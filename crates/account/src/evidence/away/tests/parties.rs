//! A payment app and a company that compares faces, over real connections.

use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use model::clock::Clock;
use serde_json::{Map, Value, json};

use super::provider::{connect, entry};
use super::*;
use crate::evidence::sources;

/// What the other side answers to each path, and what it was asked.
#[derive(Clone, Default)]
struct Other(Arc<Mutex<(Answers, Vec<Asked>)>>);

/// Path and body.
type Asked = (String, String);

/// Status and document, by path.
type Answers = BTreeMap<String, (u16, Value)>;

impl Other {
    async fn start() -> (Self, String) {
        drop(rustls::crypto::ring::default_provider().install_default());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let other = Self::default();
        let router = axum::Router::new()
            .route("/{*path}", post(answer))
            .with_state(other.clone());
        #[expect(clippy::disallowed_methods, reason = "the other end of a test's connection")]
        tokio::spawn(async move { axum::serve(listener, router).await });
        (other, url)
    }

    fn answers(&self, path: &str, status: u16, document: Value) {
        self.0
            .lock()
            .unwrap()
            .0
            .insert(path.to_owned(), (status, document));
    }

    fn asked(&self) -> Vec<(String, String)> {
        self.0.lock().unwrap().1.clone()
    }
}

async fn answer(
    State(other): State<Other>,
    axum::extract::Path(path): axum::extract::Path<String>,
    headers: HeaderMap,
    body: String,
) -> (StatusCode, String) {
    let mut inner = other.0.lock().unwrap();
    let shown = headers
        .get("authorization")
        .map(|value| value.to_str().unwrap().to_owned());
    inner.1.push((body, shown.unwrap_or_default()));
    let (status, document) = inner.0.get(&path).cloned().unwrap_or((404, Value::Null));
    (StatusCode::from_u16(status).unwrap(), document.to_string())
}

fn clock() -> Clock {
    Clock::manual(store::testing::start_time())
}

const PARTNER: &str = "partner = { zh-CN = '甲', en = 'A', vi = 'A' }\npartner_id = 'alipay'\n";

fn wallet(url: &str) -> Arc<dyn Away> {
    let settings = format!(
        "kind = 'oauth2-alipay'\napp_id = 'app-1'\nauthorize_url = '{url}/authorize'\ntoken_url = '{url}/token'\n\
         user_url = '{url}/user'\n{PARTNER}"
    );
    connect(
        &sources::trusted_sign_in::SOURCE,
        &entry(url, &settings),
        &clock(),
    )
    .unwrap()
}

fn camera(url: &str) -> Arc<dyn Away> {
    let settings = format!("keeps_days = 30\n{PARTNER}");
    connect(
        &sources::face::SOURCE,
        &entry(&format!("{url}/face"), &settings),
        &clock(),
    )
    .unwrap()
}

async fn go(party: &dyn Away) -> Result<Departure, Reply> {
    let (name, number) = pair(NAME, NUMBER);
    let traveller = Traveller {
        state: "state-1",
        return_to: &Url::parse("https://id.example/verify/x/back").unwrap(),
        stated: Some((&name, &number)),
        language: "en",
    };
    party.leave(&traveller).await
}

async fn come(party: &dyn Away, departure: &Departure, brought: &[(&str, &str)]) -> Result<Arrival, Astray> {
    let parameters = brought
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let (name, number) = pair(NAME, NUMBER);
    let back = Back {
        parameters: &parameters,
        kept: &departure.kept,
        return_to: &Url::parse("https://id.example/verify/x/back").unwrap(),
        stated: Some((&name, &number)),
    };
    party.arrive(&back).await
}

fn user(changes: Value) -> Value {
    let mut user = json!({ "code": "10000", "user_id": "u-1", "is_certified": "T", "user_name": NAME,
        "cert_type": "IDENTITY_CARD", "cert_no": NUMBER });
    let changes: Map<String, Value> = changes.as_object().unwrap().clone();
    for (name, value) in changes {
        user[name] = value;
    }
    user
}

#[tokio::test]
async fn source_hb_30_the_payment_app_counts_only_with_name_and_number_of_a_certified_customer() {
    let (other, url) = Other::start().await;
    let party = wallet(&url);
    other.answers("token", 200, json!({ "access_token": "at-1", "user_id": "u-1" }));
    for (changes, word, named) in [
        (json!({}), Word::Match, true),
        // Not granted to this app, as since 2019-12-24 by default (facts 3.2).
        (
            json!({ "cert_no": null, "user_name": null, "is_certified": null }),
            Word::Match,
            false,
        ),
        (json!({ "cert_no": null }), Word::Match, false),
        (json!({ "is_certified": "F" }), Word::NotFound, true),
        (json!({ "is_certified": "" }), Word::Match, true),
        (json!({ "cert_type": "PASSPORT" }), Word::Match, false),
        (json!({ "cert_no": "3400************12" }), Word::Match, false),
    ] {
        other.answers("user", 200, user(changes.clone()));
        let departure = go(party.as_ref()).await.unwrap();
        let arrival = come(
            party.as_ref(),
            &departure,
            &[("auth_code", "c-1"), ("app_id", "app-1")],
        )
        .await
        .unwrap();
        assert_eq!(
            (arrival.reply.word, arrival.said.is_some()),
            (word, named),
            "{changes}"
        );
        assert_eq!(arrival.reply.details.partner.as_deref(), Some("alipay"));
        let reference = arrival.reply.reference.unwrap();
        assert!(!reference.contains("u-1") && reference.len() == 43);
    }
}

#[tokio::test]
async fn attack_270_the_payment_app_is_asked_by_post_with_the_secret_and_only_about_its_own_code() {
    let (other, url) = Other::start().await;
    let party = wallet(&url);
    other.answers("token", 200, json!({ "access_token": "at-1", "user_id": "u-1" }));
    other.answers("user", 200, user(json!({ "user_id": "u-2" })));
    let departure = go(party.as_ref()).await.unwrap();
    let to: BTreeMap<String, String> = departure.to.query_pairs().into_owned().collect();
    assert_eq!(
        (to["state"].as_str(), to["scope"].as_str()),
        ("state-1", "auth_user")
    );
    assert!(!departure.to.as_str().contains("secret-1") && !departure.to.as_str().contains(NUMBER));
    for (brought, astray) in [
        (
            &[("auth_code", "c-1"), ("app_id", "another")][..],
            Astray::NotRight,
        ),
        (&[("app_id", "app-1")], Astray::NotRight),
        (&[("error", "access_denied")], Astray::Cancelled),
        // The user document is about somebody else than the token.
        (&[("auth_code", "c-1"), ("app_id", "app-1")], Astray::NotRight),
    ] {
        let arrived = come(party.as_ref(), &departure, brought).await;
        assert_eq!(arrived.map(drop), Err(astray), "{brought:?}");
    }
    let asked = other.asked();
    assert_eq!(asked.len(), 2, "nothing went out for the first three");
    assert!(asked[0].0.contains("app_secret=secret-1") && asked[0].0.contains("code=c-1"));
    other.answers("token", 400, json!({ "sub_code": "invalid" }));
    let arrived = come(party.as_ref(), &departure, &[("auth_code", "c-1")]).await;
    assert_eq!(arrived.map(drop), Err(Astray::NotRight));
    other.answers("token", 503, json!({}));
    let arrived = come(party.as_ref(), &departure, &[("auth_code", "c-1")]).await;
    assert_eq!(arrived.map(drop), Err(Astray::Unasked(Word::Unavailable)));
}

/// A check that has begun.
async fn begun(other: &Other, url: &str, party: &dyn Away) -> (Departure, String) {
    other.answers(
        "face/start",
        200,
        json!({ "certify_id": "F-1", "url": format!("{url}/face/checks/F-1") }),
    );
    let departure = go(party).await.unwrap();
    let question: Value = serde_json::from_str(&other.asked().last().unwrap().0).unwrap();
    (departure, question["reference"].as_str().unwrap().to_owned())
}

fn result(reference: &str, changes: Value) -> Value {
    let mut result = json!({ "certify_id": "F-1", "reference": reference, "state": "passed", "name": NAME,
        "citizen_id": NUMBER });
    for (name, value) in changes.as_object().unwrap().clone() {
        result[name] = value;
    }
    result
}

#[tokio::test]
async fn a_face_is_begun_with_the_stated_pair_and_its_result_is_fetched_by_us() {
    let (other, url) = Other::start().await;
    let party = camera(&url);
    let (departure, reference) = begun(&other, &url, party.as_ref()).await;
    let (question, shown) = other.asked().last().unwrap().clone();
    let question: Value = serde_json::from_str(&question).unwrap();
    assert_eq!(
        (&question["name"], &question["citizen_id"]),
        (&json!(NAME), &json!(NUMBER))
    );
    assert_eq!(
        question["return_url"],
        "https://id.example/verify/x/back?state=state-1"
    );
    assert_eq!(shown, "Bearer secret-1");
    assert_eq!(
        departure.to.as_str(),
        format!("{url}/face/checks/F-1"),
        "nothing about the person in the address"
    );
    other.answers("face/result", 200, result(&reference, json!({})));
    let arrival = come(
        party.as_ref(),
        &departure,
        &[("certify_id", "F-1"), ("passed", "T")],
    )
    .await
    .unwrap();
    assert_eq!(
        (arrival.reply.word, arrival.said),
        (Word::Match, Some(pair(NAME, NUMBER)))
    );
    assert_eq!(arrival.reply.reference.as_deref(), Some("F-1"));
}

#[tokio::test]
async fn attack_250_a_result_of_another_check_or_person_or_word_is_none() {
    let (other, url) = Other::start().await;
    let party = camera(&url);
    let (departure, reference) = begun(&other, &url, party.as_ref()).await;
    for (changes, expected) in [
        (json!({ "certify_id": "F-2" }), Err(Astray::NotRight)),
        (json!({ "reference": "another" }), Err(Astray::NotRight)),
        (json!({ "reference": "" }), Err(Astray::NotRight)),
        (json!({ "certify_id": null }), Err(Astray::NotRight)),
        (json!({ "state": "pending" }), Err(Astray::NotRight)),
        (json!({ "state": "PASSED" }), Err(Astray::NotRight)),
        (json!({ "state": true }), Err(Astray::NotRight)),
        (json!({ "state": "cancelled" }), Err(Astray::Cancelled)),
        (
            json!({ "state": "failed", "reason": "face_differs" }),
            Ok((Word::Mismatch, true)),
        ),
        (json!({ "state": "failed" }), Ok((Word::Mismatch, true))),
        (
            json!({ "state": "failed", "reason": "restricted" }),
            Ok((Word::Restricted, true)),
        ),
        (json!({ "citizen_id": null }), Ok((Word::Match, false))),
    ] {
        other.answers("face/result", 200, result(&reference, changes.clone()));
        let arrived = come(party.as_ref(), &departure, &[]).await;
        let seen = arrived.map(|arrival| (arrival.reply.word, arrival.said.is_some()));
        assert_eq!(seen, expected, "{changes}");
    }
    other.answers(
        "face/result",
        200,
        result(&reference, json!({ "citizen_id": "420000198511150022" })),
    );
    let arrival = come(party.as_ref(), &departure, &[]).await.unwrap();
    assert_ne!(
        arrival.said,
        Some(pair(NAME, NUMBER)),
        "whose it is, is seen to where it is settled"
    );
    let brought = come(party.as_ref(), &departure, &[("certify_id", "F-2")]).await;
    assert_eq!(brought.map(drop), Err(Astray::NotRight));
    for (status, astray) in [(503, Word::Unavailable), (401, Word::Refused)] {
        other.answers("face/result", status, json!({ "state": "passed" }));
        let arrived = come(party.as_ref(), &departure, &[]).await;
        assert_eq!(arrived.map(drop), Err(Astray::Unasked(astray)));
    }
}

#[tokio::test]
async fn attack_011_a_company_that_was_broken_into_sends_nobody_elsewhere() {
    let (other, url) = Other::start().await;
    let party = camera(&url);
    for to in [
        "https://evil.example/x",
        "javascript:alert(1)",
        "//evil.example",
        "",
        "http://127.0.0.1:1/x",
    ] {
        other.answers("face/start", 200, json!({ "certify_id": "F-1", "url": to }));
        let refused = go(party.as_ref()).await.map(drop);
        assert_eq!(
            refused.map_err(|reply| reply.word),
            Err(Word::Unavailable),
            "{to}"
        );
    }
    other.answers(
        "face/start",
        200,
        json!({ "url": format!("{url}/face/checks/F-1") }),
    );
    assert!(go(party.as_ref()).await.is_err(), "without a number of the check");
}
