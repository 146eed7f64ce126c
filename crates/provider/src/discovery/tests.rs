//! The document, value by value.

use super::*;
use crate::authorize::request::{Raw, Request};
use crate::error::AuthorizeError;
use crate::testing;

#[test]
fn discovery_says_what_is_offered() {
    let document: serde_json::Value =
        serde_json::from_slice(&metadata(&Offer {
            issuer: "https://id.example.gov",
            config: &Config::default(),
        })).unwrap();
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
