//! What the provider can do, for programs (OpenID Connect Discovery 1.0 section 3, RFC 8414 section 2, RFC 9207
//! section 3). Made once, from the tables that route and validate, so that it cannot promise anything else.
//!
//! What is not offered is said where leaving it out would promise it: `request_uri_parameter_supported` is true when
//! it is missing.

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use model::client::{AuthMethod, SigningAlg};
use model::ladder::Level;
use model::language::Language;
use model::scope::Scope;
use serde::Serialize;

use crate::claims::{Claim, PROTOCOL_CLAIMS};
use crate::router::paths;
use crate::token::GrantType;
use crate::{Service, wire};

/// The values of `prompt` (OpenID Connect Core 3.1.2.1, Initiating User Registration via OpenID Connect 1.0).
pub const PROMPTS: [&str; 5] = ["none", "login", "consent", "select_account", "create"];

const CACHE: &str = "public, max-age=3600";

#[derive(Serialize)]
struct Metadata<'a> {
    issuer: &'a str,
    authorization_endpoint: String,
    token_endpoint: String,
    userinfo_endpoint: String,
    jwks_uri: String,
    end_session_endpoint: String,
    scopes_supported: Vec<&'static str>,
    response_types_supported: [&'static str; 1],
    response_modes_supported: [&'static str; 1],
    grant_types_supported: Vec<&'static str>,
    subject_types_supported: [&'static str; 1],
    id_token_signing_alg_values_supported: Vec<&'static str>,
    token_endpoint_auth_methods_supported: Vec<&'static str>,
    token_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    code_challenge_methods_supported: [&'static str; 1],
    acr_values_supported: Vec<String>,
    claim_types_supported: [&'static str; 1],
    claims_supported: Vec<&'static str>,
    ui_locales_supported: Vec<&'static str>,
    prompt_values_supported: [&'static str; 5],
    claims_parameter_supported: bool,
    request_parameter_supported: bool,
    request_uri_parameter_supported: bool,
    authorization_response_iss_parameter_supported: bool,
}

/// The document for an issuer.
pub fn metadata(issuer: &str) -> Bytes {
    let at = |path: &str| format!("{issuer}{path}");
    let names = |algs: &[SigningAlg]| algs.iter().map(|alg| alg.name()).collect::<Vec<_>>();
    let metadata = Metadata {
        issuer,
        authorization_endpoint: at(paths::AUTHORIZE),
        token_endpoint: at(paths::TOKEN),
        userinfo_endpoint: at(paths::USERINFO),
        jwks_uri: at(paths::JWKS),
        end_session_endpoint: at(paths::END_SESSION),
        scopes_supported: Scope::OFFERED.map(Scope::as_str).to_vec(),
        response_types_supported: ["code"],
        response_modes_supported: ["query"],
        grant_types_supported: GrantType::ALL.map(GrantType::as_str).to_vec(),
        subject_types_supported: ["pairwise"],
        id_token_signing_alg_values_supported: names(&SigningAlg::OFFERED),
        token_endpoint_auth_methods_supported: AuthMethod::ALL.map(AuthMethod::as_str).to_vec(),
        token_endpoint_auth_signing_alg_values_supported: names(&jose::alg::ACCEPTED),
        code_challenge_methods_supported: ["S256"],
        acr_values_supported: Level::ALL.map(Level::acr).to_vec(),
        claim_types_supported: ["normal"],
        claims_supported: PROTOCOL_CLAIMS
            .into_iter()
            .chain(Claim::ALL.map(Claim::name))
            .collect(),
        ui_locales_supported: Language::ALL.map(Language::tag).to_vec(),
        prompt_values_supported: PROMPTS,
        claims_parameter_supported: true,
        request_parameter_supported: false,
        request_uri_parameter_supported: false,
        authorization_response_iss_parameter_supported: true,
    };
    // A struct of strings always serialises.
    serde_json::to_vec(&metadata).unwrap_or_default().into()
}

/// `GET /.well-known/openid-configuration` and `GET /.well-known/oauth-authorization-server`
pub async fn document(State(service): State<Service>) -> Response {
    wire::public(service.metadata(), CACHE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authorize::request::{Raw, Request};
    use crate::error::AuthorizeError;
    use crate::testing;

    #[test]
    fn discovery_says_what_is_offered() {
        let document: serde_json::Value =
            serde_json::from_slice(&metadata("https://id.example.gov")).unwrap();
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
        assert_eq!(keys.len(), 4, "current and next, ES256 and RS256");
        for key in keys {
            assert!(
                ["d", "p", "q", "dp", "dq", "qi", "k"]
                    .iter()
                    .all(|name| key.get(name).is_none())
            );
            assert_eq!(key["use"], "sig");
        }
    }
}
