//! Plan "config": metadata and keys.

use std::collections::BTreeSet;

use acceptance::party::answer;
use serde_json::Value;

use super::suite::Suite;

#[tokio::test]
async fn plan_config_the_issuer_is_the_address_that_it_was_fetched_from() {
    let suite = Suite::any().await;
    let metadata = suite.metadata().await;
    assert_eq!(metadata["issuer"], suite.world.issuer);
    let other = answer(
        suite
            .world
            .http
            .get(suite.world.at("/.well-known/oauth-authorization-server")),
    )
    .await;
    assert_eq!(other.body, metadata);
    let type_ = other.headers["content-type"].to_str().expect("ASCII");
    assert!(type_.starts_with("application/json"), "{type_}");
}

#[tokio::test]
async fn plan_config_every_endpoint_is_an_address_of_ours() {
    let suite = Suite::any().await;
    let metadata = suite.metadata().await;
    let members = metadata.as_object().expect("an object");
    let addresses: Vec<_> = members
        .iter()
        .filter(|(name, _)| name.ends_with("_endpoint") || *name == "jwks_uri")
        .collect();
    assert!(addresses.len() >= 9, "{addresses:?}");
    for (name, address) in addresses {
        let address = url::Url::parse(address.as_str().expect("text")).expect("an address");
        assert_eq!(
            address.origin().ascii_serialization(),
            suite.world.issuer,
            "{name}"
        );
        assert!(
            address.query().is_none() && address.fragment().is_none(),
            "{name}"
        );
    }
}

#[tokio::test]
async fn plan_config_lists_are_not_empty_and_flags_are_said() {
    let suite = Suite::any().await;
    let metadata = suite.metadata().await;
    for (name, value) in metadata.as_object().expect("an object") {
        if let Some(list) = value.as_array() {
            let different: BTreeSet<String> = list.iter().map(Value::to_string).collect();
            assert!(
                !list.is_empty() && different.len() == list.len(),
                "{name}: {list:?}"
            );
        }
    }
    for name in [
        "request_parameter_supported",
        "request_uri_parameter_supported",
        "claims_parameter_supported",
    ] {
        assert!(
            metadata[name].is_boolean(),
            "{name}: a default would speak otherwise"
        );
    }
    for name in [
        "backchannel_logout_supported",
        "backchannel_logout_session_supported",
        "frontchannel_logout_supported",
        "frontchannel_logout_session_supported",
        "authorization_response_iss_parameter_supported",
    ] {
        assert_eq!(metadata[name], true, "{name}");
    }
}

#[tokio::test]
async fn plan_config_rs256_is_there_for_whoever_knows_nothing_else() {
    let suite = Suite::any().await;
    let metadata = suite.metadata().await;
    for name in [
        "id_token_signing_alg_values_supported",
        "request_object_signing_alg_values_supported",
        "userinfo_signing_alg_values_supported",
    ] {
        let list = metadata[name].as_array().expect("a list");
        assert!(list.contains(&"RS256".into()), "{name}: {list:?}");
        assert!(!list.contains(&"none".into()), "{name}: {list:?}");
    }
}

#[tokio::test]
async fn plan_config_languages_are_in_their_canonical_form() {
    let suite = Suite::any().await;
    assert_eq!(
        suite.metadata().await["ui_locales_supported"],
        serde_json::json!(["zh-CN", "en", "vi"])
    );
}

#[tokio::test]
async fn plan_config_keys_are_public_distinct_and_long_enough() {
    let suite = Suite::any().await;
    let address = suite.metadata().await["jwks_uri"]
        .as_str()
        .expect("an address")
        .to_owned();
    let set = answer(suite.world.http.get(address)).await.body;
    let keys = set["keys"].as_array().expect("keys");
    let names: BTreeSet<&str> = keys.iter().map(|key| key["kid"].as_str().expect("kid")).collect();
    assert_eq!(names.len(), keys.len());
    for key in keys {
        for private in ["d", "p", "q", "dp", "dq", "qi", "k", "oth"] {
            assert!(key.get(private).is_none(), "{private}");
        }
        match key["kty"].as_str() {
            // 2048 bits are 342 characters of base64url.
            Some("RSA") => assert!(key["n"].as_str().expect("n").len() >= 342),
            Some("EC") => assert_eq!(key["crv"], "P-256"),
            Some("OKP") => assert_eq!(key["crv"], "Ed25519"),
            other => panic!("{other:?}"),
        }
    }
}
