//! The document, value by value.

use super::*;
use crate::authorize::request::{Raw, Request};
use crate::error::AuthorizeError;
use crate::testing;

#[test]
fn discovery_says_what_is_offered() {
    let document: serde_json::Value = serde_json::from_slice(&metadata(&Offer {
        issuer: "https://id.example.gov",
        config: &Config::default(),
        ladder: &Ladder::from_toml(model::ladder::DEFAULT_TOML).unwrap(),
    }))
    .unwrap();
    insta::assert_json_snapshot!(document);
}
#[test]
fn every_prompt_that_is_promised_is_understood() {
    let parse = |prompt: &str| {
        let pairs = [("response_type", "code"), ("scope", "openid"), ("prompt", prompt)];
        Request::parse(&Raw::new(
            pairs.map(|(name, value)| (name.to_owned(), value.to_owned())),
        ))
    };
    for prompt in PROMPTS {
        assert!(parse(prompt).is_ok(), "{prompt}");
    }
    assert_eq!(parse("other"), Err(AuthorizeError::PromptUnknown));
}
#[tokio::test]
async fn public_documents_may_be_kept_and_attack_123_have_no_private_key() {
    let world = testing::world().await;
    let openid = world.get(paths::OPENID_CONFIGURATION).await;
    let oauth = world.get(paths::OAUTH_METADATA).await;
    let jwks = world.get(paths::JWKS).await;
    assert_eq!(openid.json, oauth.json);
    assert_eq!(openid.json["issuer"], "http://localhost:8080");
    assert_eq!(openid.json["jwks_uri"], "http://localhost:8080/jwks.json");
    for answer in [&openid, &oauth, &jwks] {
        assert_eq!(answer.status, 200);
        assert_eq!(answer.headers["content-type"], "application/json");
        assert!(
            answer.headers["cache-control"]
                .to_str()
                .unwrap()
                .starts_with("public, max-age=")
        );
    }
    let keys = jwks.json["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 8, "current and next of each algorithm");
    for key in keys {
        assert!(
            ["d", "p", "q", "dp", "dq", "qi", "k"]
                .iter()
                .all(|name| key.get(name).is_none())
        );
        assert_eq!(key["use"], "sig");
    }
}

#[tokio::test]
async fn whatever_programs_call_is_advertised_and_whatever_is_advertised_is_there() {
    for enabled in [false, true] {
        let mut config = Config::default();
        config.registration.enabled = enabled;
        let world = testing::world_with(config).await;
        let document = world.get(paths::OPENID_CONFIGURATION).await.json;
        let places: Vec<_> = document
            .as_object()
            .unwrap()
            .iter()
            .filter(|(name, _)| name.ends_with("_endpoint") || *name == "jwks_uri")
            .map(|(_, place)| {
                place
                    .as_str()
                    .unwrap()
                    .strip_prefix("http://localhost:8080")
                    .unwrap()
            })
            .collect();
        for place in &places {
            assert_ne!(world.get(place).await.status, 404, "{place} is advertised");
        }
        let called = crate::router::PROGRAMS
            .into_iter()
            .filter(|path| !path.ends_with('/'));
        for path in called.filter(|path| enabled || *path != paths::REGISTRATION) {
            assert!(places.contains(&path), "{path} is not advertised");
        }
        let registration = world.get(paths::REGISTRATION).await.status;
        assert_eq!(
            registration == 404,
            !enabled,
            "A143: not there unless it is switched on"
        );
    }
}

#[test]
fn what_is_configured_is_said_and_what_is_not_is_left_out() {
    let config = Config {
        public_subjects: true,
        pages: Pages {
            documentation: Some("https://id.example.gov/docs".to_owned()),
            ..Pages::default()
        },
        ..Config::default()
    };
    let offer = Offer {
        issuer: "https://id.example.gov",
        config: &config,
        ladder: &Ladder::from_toml(model::ladder::DEFAULT_TOML).unwrap(),
    };
    let document: serde_json::Value = serde_json::from_slice(&metadata(&offer)).unwrap();
    assert_eq!(
        document["subject_types_supported"],
        serde_json::json!(["pairwise", "public"])
    );
    assert_eq!(document["service_documentation"], "https://id.example.gov/docs");
    for absent in ["op_policy_uri", "op_tos_uri", "registration_endpoint"] {
        assert!(document.get(absent).is_none(), "{absent}");
    }
    assert_eq!(config.pages.faults(), []);
    for bad in ["http://id.example.gov", "docs", "javascript:alert(1)"] {
        let pages = Pages {
            policy: Some(bad.to_owned()),
            ..Pages::default()
        };
        assert_eq!(pages.faults().len(), 1, "{bad}");
    }
}
