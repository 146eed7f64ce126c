//! OpenID providers over real connections: a good one, and every way in which one can be wrong.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::provider::{GOOD, PARTNER, Provider, bank, clock, connect, entry, province, trip};
use super::*;
use crate::evidence::port::Definition;
use crate::evidence::sources;

#[tokio::test]
async fn source_hb_28_state_nonce_pkce_and_least_scope_go_out_and_the_secret_stays_out_of_addresses() {
    let clock = clock();
    let provider = Provider::start(&clock).await;
    let trip = trip(&provider, province(&provider, &clock).as_ref(), GOOD).await;
    let arrival = trip.arrived.unwrap();
    assert_eq!(
        (arrival.reply.word, arrival.said),
        (Word::Match, Some(pair(NAME, NUMBER)))
    );
    assert_eq!(arrival.reply.details.method.as_deref(), Some("real-person"));
    let to = trip.to;
    assert_eq!(
        (to["state"].as_str(), to["scope"].as_str()),
        ("state-1", "openid profile")
    );
    assert_eq!(
        (to["prompt"].as_str(), to["ui_locales"].as_str()),
        ("login", "vi")
    );
    assert_eq!(
        to["acr_values"], "in-person real-person",
        "what is worth level 3, and no less"
    );
    assert!(
        to["nonce"].len() >= 43 && to["code_challenge"].len() == 43 && to["code_challenge_method"] == "S256"
    );
    assert!(!to.values().any(|value| value.contains("secret-1")));
    provider.set(|script| {
        let (body, shown) = &script.asked[0];
        assert!(
            body.contains("code_verifier=") && body.contains("redirect_uri=") && !body.contains("secret-1")
        );
        assert!(shown.starts_with("Basic "));
    });
}

#[tokio::test]
async fn attack_250_a_level_is_what_our_table_makes_of_it_and_never_more_than_three() {
    let clock = clock();
    let provider = Provider::start(&clock).await;
    let party = province(&provider, &clock);
    for (acr, word) in [
        (json!("real-person"), Word::Match),
        (json!("in-person"), Word::Match),
        (json!("real-name"), Word::NotFound),
        (json!("urn:denizen:loa:4"), Word::NotFound),
        (json!("REAL-PERSON"), Word::NotFound),
        (json!("real-person in-person"), Word::NotFound),
        (json!(4), Word::NotFound),
        (json!(["in-person"]), Word::NotFound),
        (Value::Null, Word::NotFound),
    ] {
        provider.set(|script| drop(script.claims.insert("acr".to_owned(), acr.clone())));
        let arrival = trip(&provider, party.as_ref(), GOOD).await.arrived.unwrap();
        assert_eq!(arrival.reply.word, word, "{acr}");
    }
}

#[tokio::test]
async fn attack_250_name_and_number_of_a_province_come_from_the_signed_token_alone() {
    let clock = clock();
    let provider = Provider::start(&clock).await;
    provider.set(|script| {
        script.claims.insert("citizen_id".to_owned(), Value::Null);
        script.user = json!({ "sub": "them", "name": NAME, "citizen_id": NUMBER });
    });
    let arrival = trip(&provider, province(&provider, &clock).as_ref(), GOOD)
        .await
        .arrived
        .unwrap();
    assert_eq!(arrival.said, None);
    // A bank may tell them at its user endpoint, about the same person only.
    let party = bank(&provider, &clock);
    let arrival = trip(&provider, party.as_ref(), GOOD).await.arrived.unwrap();
    assert_eq!(arrival.said, Some(pair(NAME, NUMBER)));
    provider.set(|script| script.user = json!({ "sub": "somebody", "name": NAME, "citizen_id": NUMBER }));
    let arrived = trip(&provider, party.as_ref(), GOOD).await.arrived;
    assert_eq!(arrived.unwrap_err(), Astray::NotRight);
    // Not in their normal form they name nobody (A245, A246).
    provider.set(|script| {
        script.user = json!({ "sub": "them", "name": NAME, "citizen_id": "34000019930510007x" });
    });
    let arrival = trip(&provider, party.as_ref(), GOOD).await.arrived.unwrap();
    assert_eq!(arrival.said, None);
}

#[tokio::test]
async fn attack_270_an_identity_token_that_is_not_for_this_journey_is_refused() {
    let clock = clock();
    let provider = Provider::start(&clock).await;
    let party = bank(&provider, &clock);
    let now = clock.now().timestamp();
    for (name, value) in [
        ("nonce", json!("another")),
        ("nonce", Value::Null),
        ("aud", json!("somebody-else")),
        ("aud", json!(["denizen", "somebody-else"])),
        ("azp", json!("somebody-else")),
        ("iss", json!("https://elsewhere.example")),
        ("iss", Value::Null),
        ("exp", json!(now - 61)),
        ("exp", Value::Null),
        ("iat", json!(now + 3600)),
        ("iat", Value::Null),
        ("sub", Value::Null),
        ("auth_time", json!(now - 3600)),
        ("auth_time", Value::Null),
    ] {
        provider.set(|script| script.claims = [(name.to_owned(), value.clone())].into_iter().collect());
        let arrived = trip(&provider, party.as_ref(), GOOD).await.arrived;
        assert_eq!(arrived.map(drop), Err(Astray::NotRight), "{name} {value}");
    }
    provider.set(|script| {
        script.claims = json!({ "aud": ["denizen", "x"], "azp": "denizen" })
            .as_object()
            .unwrap()
            .clone();
    });
    assert!(trip(&provider, party.as_ref(), GOOD).await.arrived.is_ok());
}

#[tokio::test]
async fn attack_103_unsigned_foreign_and_confused_signatures_are_refused() {
    let clock = clock();
    let provider = Provider::start(&clock).await;
    let party = bank(&provider, &clock);
    let kid = provider.0.key.kid().to_owned();
    for header in [
        json!({ "alg": "none" }),
        json!({ "alg": "HS256", "kid": kid }),
        json!({ "alg": "RS256", "kid": kid }),
        json!({ "alg": "ES256", "kid": kid, "crit": ["b64"], "b64": false }),
        json!({ "alg": "ES256", "kid": "unknown" }),
        json!({ "alg": "ES256", "kid": kid, "typ": "at+jwt" }),
    ] {
        provider.set(|script| script.header = Some(header.clone()));
        let arrived = trip(&provider, party.as_ref(), GOOD).await.arrived;
        assert_eq!(arrived.map(drop), Err(Astray::NotRight), "{header}");
    }
    provider.set(|script| (script.header, script.other_key) = (None, true));
    let arrived = trip(&provider, party.as_ref(), GOOD).await.arrived;
    assert_eq!(arrived.map(drop), Err(Astray::NotRight));
}

#[tokio::test]
async fn attack_142_unknown_keys_make_one_look_a_minute() {
    let clock = clock();
    let provider = Provider::start(&clock).await;
    let party = bank(&provider, &clock);
    provider.set(|script| script.header = Some(json!({ "alg": "ES256", "kid": "unknown" })));
    for _ in 0..5 {
        trip(&provider, party.as_ref(), GOOD).await;
    }
    provider.set(|script| assert_eq!(script.read, 2, "once, and once for the key"));
    clock.advance(TimeDelta::seconds(61));
    trip(&provider, party.as_ref(), GOOD).await;
    provider.set(|script| assert_eq!(script.read, 3));
}

#[tokio::test]
async fn attack_092_the_answer_of_another_issuer_is_not_redeemed() {
    let clock = clock();
    let provider = Provider::start(&clock).await;
    let party = bank(&provider, &clock);
    for brought in [
        &[("code", "c-1"), ("iss", "https://elsewhere.example")][..],
        &[("code", "c-1")],
        &[("iss", "ISS")],
        &[("code", ""), ("iss", "ISS")],
        &[("code", "a b"), ("iss", "ISS")],
        &[("error", "server_error"), ("iss", "ISS")],
    ] {
        let arrived = trip(&provider, party.as_ref(), brought).await.arrived;
        assert_eq!(arrived.map(drop), Err(Astray::NotRight), "{brought:?}");
    }
    provider.set(|script| assert!(script.asked.is_empty(), "no code went out"));
    let denied = trip(
        &provider,
        party.as_ref(),
        &[("error", "access_denied"), ("iss", "ISS")],
    )
    .await;
    assert_eq!(denied.arrived.map(drop), Err(Astray::Cancelled));
    // One that does not say that it says so may be silent, and still not lie.
    let silent = Provider::start(&clock).await;
    silent.set(|script| {
        let says = "authorization_response_iss_parameter_supported".to_owned();
        script.metadata.insert(says, Value::Null);
    });
    let party = bank(&silent, &clock);
    assert!(
        trip(&silent, party.as_ref(), &[("code", "c-1")])
            .await
            .arrived
            .is_ok()
    );
    let lied = trip(
        &silent,
        party.as_ref(),
        &[("code", "c-1"), ("iss", "https://elsewhere.example")],
    )
    .await;
    assert_eq!(lied.arrived.map(drop), Err(Astray::NotRight));
}

#[tokio::test]
async fn attack_251_faults_on_the_wire_are_no_pass_and_told_apart_from_a_wrong_code() {
    let clock = clock();
    let provider = Provider::start(&clock).await;
    let party = bank(&provider, &clock);
    for (status, astray) in [
        (400, Astray::NotRight),
        (401, Astray::Unasked(Word::Refused)),
        (403, Astray::Unasked(Word::Refused)),
        (500, Astray::Unasked(Word::Unavailable)),
        (503, Astray::Unasked(Word::Unavailable)),
        (302, Astray::Unasked(Word::Unavailable)),
    ] {
        provider.set(|script| script.token_status = Some(status));
        let arrived = trip(&provider, party.as_ref(), GOOD).await.arrived;
        assert_eq!(arrived.map(drop), Err(astray), "{status}");
    }
    provider.set(|script| (script.token_status, script.hangs) = (None, true));
    let settings = format!("kind = 'oidc'\n{PARTNER}");
    let hasty = Entry {
        time_limit: Duration::from_millis(50),
        ..entry(&provider.url(), &settings)
    };
    let party = connect(&sources::trusted_sign_in::SOURCE, &hasty, &clock).unwrap();
    let arrived = trip(&provider, party.as_ref(), GOOD).await.arrived;
    assert_eq!(arrived.map(drop), Err(Astray::Unasked(Word::Unavailable)));
}

#[tokio::test]
async fn attack_136_metadata_that_lie_send_nobody_anywhere() {
    let clock = clock();
    for (name, value) in [
        ("issuer", json!("https://elsewhere.example")),
        ("authorization_endpoint", json!("javascript:alert(1)")),
        ("authorization_endpoint", Value::Null),
        ("token_endpoint", json!("file:///etc/passwd")),
        ("jwks_uri", json!(7)),
    ] {
        let provider = Provider::start(&clock).await;
        provider.set(|script| drop(script.metadata.insert(name.to_owned(), value.clone())));
        let return_to = Url::parse("https://id.example/verify/x/back").unwrap();
        let traveller = Traveller {
            state: "s",
            return_to: &return_to,
            stated: None,
            language: "en",
        };
        let refused = bank(&provider, &clock).leave(&traveller).await.map(drop);
        assert_eq!(
            refused.map_err(|reply| reply.word),
            Err(Word::Unavailable),
            "{name} {value}"
        );
    }
}

#[test]
fn settings_with_a_fault_are_told_before_anybody_is_sent() {
    let clock = clock();
    let province = &sources::other_province_level_3::SOURCE;
    let fault = |source: &Definition, settings: &str| {
        connect(source, &entry("https://p.example", settings), &clock)
            .map(drop)
            .unwrap_err()
    };
    let levels = |table: &str| fault(province, &format!("{PARTNER}levels = {table}\n"));
    assert!(levels("{ 'x' = 5 }").contains("no level of ours"));
    assert!(levels("{ 'x' = 2 }").contains("worth level 3"));
    assert!(fault(province, PARTNER).contains("levels"));
    let trusted = &sources::trusted_sign_in::SOURCE;
    assert!(fault(trusted, PARTNER).contains("kind"));
    assert!(fault(trusted, &format!("kind = 'wechat'\n{PARTNER}")).contains("wechat"));
    let named = PARTNER.replace("'a'", "'A B'");
    assert!(fault(trusted, &format!("kind = 'oidc'\n{named}")).contains("partner_id"));
}
