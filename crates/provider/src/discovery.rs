//! What the provider can do, for programs (OpenID Connect Discovery 1.0 section 3, RFC 8414 section 2).
//!
//! One table, [`TABLE`]: a member's name and where its value comes from, which is always the constant that routes or
//! validates. So nothing is promised that is refused, and a new endpoint or algorithm is one row here or one value
//! there. Both well-known addresses give the same document, made once at the start.
//!
//! Where a default of the standard says something else than we do, the member is there (`request_uri_parameter_supported`).

use std::collections::BTreeSet;

use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use model::client::{AuthMethod, GrantType, ResponseMode, SigningAlg, SubjectType};
use model::ladder::{Ladder, Level};
use model::language::Language;
use model::scope::Scope;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::claims::{Claim, PROTOCOL_CLAIMS};
use crate::client_auth::Endpoint;
use crate::router::paths;
use crate::verified_claims::{self, VerifiedClaim, kinds};
use crate::{Config, Service, dpop, logout};

/// The values of `prompt` (OpenID Connect Core 3.1.2.1, Initiating User Registration via OpenID Connect 1.0).
pub const PROMPTS: [&str; 5] = ["none", "login", "consent", "select_account", "create"];

const CACHE: &str = "public, max-age=3600";

/// What a value may depend on.
#[derive(Clone, Copy, Debug)]
pub struct Offer<'a> {
    /// The issuer.
    pub issuer: &'a str,
    /// The settings.
    pub config: &'a Config,
    /// The rules of levels, which say what there is evidence of.
    pub ladder: &'a Ladder,
}

/// Where a value comes from; null leaves the member out.
type Source = fn(&Offer<'_>) -> Value;

/// Every member. A new endpoint, method or algorithm is a row here, or a value of the constant that a row names.
pub const TABLE: &[(&str, Source)] = &[
    ("issuer", |offer| offer.issuer.into()),
    // Where.
    ("authorization_endpoint", |offer| offer.at(paths::AUTHORIZE)),
    ("pushed_authorization_request_endpoint", |offer| {
        offer.at(Endpoint::PushedRequest.path())
    }),
    ("token_endpoint", |offer| offer.at(Endpoint::Token.path())),
    ("introspection_endpoint", |offer| {
        offer.at(Endpoint::Introspection.path())
    }),
    ("revocation_endpoint", |offer| {
        offer.at(Endpoint::Revocation.path())
    }),
    ("userinfo_endpoint", |offer| offer.at(paths::USERINFO)),
    // Our own: what a person lacks for a level.
    ("level_endpoint", |offer| offer.at(Endpoint::Level.path())),
    ("jwks_uri", |offer| offer.at(paths::JWKS)),
    ("end_session_endpoint", |offer| offer.at(paths::END_SESSION)),
    ("registration_endpoint", |offer| {
        let enabled = offer.config.registration.enabled;
        enabled.then(|| offer.at(paths::REGISTRATION)).into()
    }),
    // What may be asked for.
    ("scopes_supported", |_| list(Scope::OFFERED.map(Scope::as_str))),
    ("claims_supported", |_| {
        let own = Claim::ALL.map(Claim::name).into_iter();
        list(
            PROTOCOL_CLAIMS
                .into_iter()
                .chain(own)
                .chain([verified_claims::NAME]),
        )
    }),
    ("claim_types_supported", |_| list(["normal"])),
    ("claims_parameter_supported", |_| true.into()),
    ("acr_values_supported", |_| list(Level::ALL.map(Level::acr))),
    ("subject_types_supported", |offer| {
        let public = offer.config.public_subjects.then_some(SubjectType::Public);
        list(
            [SubjectType::Pairwise]
                .into_iter()
                .chain(public)
                .map(SubjectType::as_str),
        )
    }),
    ("ui_locales_supported", |_| list(Language::ALL.map(Language::tag))),
    ("prompt_values_supported", |_| list(PROMPTS)),
    // What is proven (OpenID Connect for Identity Assurance 1.0 section 7).
    ("verified_claims_supported", |_| true.into()),
    ("trust_frameworks_supported", |offer| {
        list([offer.config.verified_claims.trust_framework.as_str()])
    }),
    ("claims_in_verified_claims_supported", |_| {
        list(VerifiedClaim::ALL.map(VerifiedClaim::name))
    }),
    ("evidence_supported", |offer| some(kinds::evidence(offer.ladder))),
    ("documents_supported", |offer| {
        some(kinds::documents(offer.ladder))
    }),
    ("documents_check_methods_supported", |offer| {
        some(kinds::document_methods(offer.ladder))
    }),
    ("electronic_records_supported", |offer| {
        some(kinds::records(offer.ladder))
    }),
    // How it is asked and answered.
    ("response_types_supported", |_| list(["code"])),
    ("response_modes_supported", |_| {
        list(ResponseMode::ALL.map(ResponseMode::as_str))
    }),
    ("code_challenge_methods_supported", |_| list(["S256"])),
    ("authorization_response_iss_parameter_supported", |_| true.into()),
    ("request_parameter_supported", |_| true.into()),
    ("request_object_signing_alg_values_supported", |_| {
        algs(&jose::alg::ACCEPTED)
    }),
    // An address of one's own. The handle of a pushed request is none.
    ("request_uri_parameter_supported", |_| false.into()),
    ("require_request_uri_registration", |_| false.into()),
    ("require_signed_request_object", |_| false.into()),
    ("require_pushed_authorization_requests", |_| false.into()),
    // What is given, to whom.
    ("grant_types_supported", |_| {
        list(GrantType::ALL.map(GrantType::as_str))
    }),
    ("id_token_signing_alg_values_supported", |_| {
        algs(&SigningAlg::OFFERED)
    }),
    ("userinfo_signing_alg_values_supported", |_| {
        algs(&SigningAlg::OFFERED)
    }),
    ("dpop_signing_alg_values_supported", |_| algs(&dpop::ALGS)),
    ("tls_client_certificate_bound_access_tokens", |_| false.into()),
    // Who are you?
    ("token_endpoint_auth_methods_supported", |_| {
        methods(Endpoint::Token)
    }),
    ("token_endpoint_auth_signing_alg_values_supported", |_| {
        assertion_algs(Endpoint::Token)
    }),
    ("introspection_endpoint_auth_methods_supported", |_| {
        methods(Endpoint::Introspection)
    }),
    ("introspection_endpoint_auth_signing_alg_values_supported", |_| {
        assertion_algs(Endpoint::Introspection)
    }),
    ("revocation_endpoint_auth_methods_supported", |_| {
        methods(Endpoint::Revocation)
    }),
    ("revocation_endpoint_auth_signing_alg_values_supported", |_| {
        assertion_algs(Endpoint::Revocation)
    }),
    ("level_endpoint_auth_methods_supported", |_| {
        methods(Endpoint::Level)
    }),
    ("level_endpoint_auth_signing_alg_values_supported", |_| {
        assertion_algs(Endpoint::Level)
    }),
    // And afterwards.
    ("backchannel_logout_supported", |_| {
        logout::BACKCHANNEL_LOGOUT_SUPPORTED.into()
    }),
    ("backchannel_logout_session_supported", |_| {
        logout::BACKCHANNEL_LOGOUT_SESSION_SUPPORTED.into()
    }),
    ("frontchannel_logout_supported", |_| {
        logout::FRONTCHANNEL_LOGOUT_SUPPORTED.into()
    }),
    ("frontchannel_logout_session_supported", |_| {
        logout::FRONTCHANNEL_LOGOUT_SESSION_SUPPORTED.into()
    }),
    // For the people who build sub-sites.
    ("service_documentation", |offer| {
        offer.config.pages.documentation.clone().into()
    }),
    ("op_policy_uri", |offer| offer.config.pages.policy.clone().into()),
    ("op_tos_uri", |offer| offer.config.pages.terms.clone().into()),
];

/// Pages of the operator for the people who build sub-sites. `[provider.pages]` of the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pages {
    /// How to connect a sub-site.
    pub documentation: Option<String>,
    /// What sub-sites may do with what they are told.
    pub policy: Option<String>,
    /// The terms of use for sub-sites.
    pub terms: Option<String>,
}

impl Pages {
    /// What is wrong with the section.
    pub fn faults(&self) -> Vec<(&'static str, &'static str)> {
        [
            ("documentation", &self.documentation),
            ("policy", &self.policy),
            ("terms", &self.terms),
        ]
        .into_iter()
        .filter(|(_, page)| page.as_ref().is_some_and(|page| !is_web_address(page)))
        .map(|(key, _)| (key, "write an address that begins with https://"))
        .collect()
    }
}

fn is_web_address(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| url.scheme() == "https" && url.as_str().len() <= 500)
}

impl Offer<'_> {
    fn at(&self, path: &str) -> Value {
        format!("{}{path}", self.issuer).into()
    }
}

/// How clients may prove themselves at an endpoint.
fn methods(endpoint: Endpoint) -> Value {
    list(offered(endpoint).map(AuthMethod::as_str))
}

fn offered(endpoint: Endpoint) -> impl Iterator<Item = AuthMethod> {
    AuthMethod::ALL
        .into_iter()
        .filter(move |method| method.is_confidential() || endpoint.takes_public_clients())
}

/// What the assertions of those methods may be signed with.
fn assertion_algs(endpoint: Endpoint) -> Value {
    let of = |method| match method {
        AuthMethod::PrivateKeyJwt => jose::alg::ACCEPTED.iter().map(|alg| alg.name()).collect(),
        AuthMethod::ClientSecretJwt => vec![jose::mac::ALG],
        AuthMethod::ClientSecretBasic | AuthMethod::ClientSecretPost | AuthMethod::None => Vec::new(),
    };
    list(offered(endpoint).flat_map(of))
}

/// A list that is left out when it is empty.
fn some(values: BTreeSet<String>) -> Value {
    if values.is_empty() {
        return Value::Null;
    }
    list(values)
}

fn list<T: Into<Value>>(values: impl IntoIterator<Item = T>) -> Value {
    values.into_iter().map(Into::into).collect()
}

fn algs(algs: &[SigningAlg]) -> Value {
    list(algs.iter().map(|alg| alg.name()))
}

/// The document.
pub fn metadata(offer: &Offer<'_>) -> Vec<u8> {
    let members: Map<String, Value> = TABLE
        .iter()
        .map(|(name, source)| ((*name).to_owned(), source(offer)))
        .filter(|(_, value)| !value.is_null())
        .collect();
    Value::Object(members).to_string().into_bytes()
}

/// `GET /.well-known/openid-configuration` and `GET /.well-known/oauth-authorization-server`
pub async fn document(State(service): State<Service>, headers: HeaderMap) -> Response {
    service.metadata().answer(&headers, CACHE)
}

#[cfg(test)]
mod tests;
