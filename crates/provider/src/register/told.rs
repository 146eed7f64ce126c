//! What is told of a registration: every registered value, those that we filled in too (RFC 7591 section 3.2.1).

use std::collections::BTreeMap;

use model::client::Client;
use model::ladder::Level;
use model::language::{Language, LocalizedText};
use model::scope::Scope;
use serde_json::{Map, Value, json};

use super::refusal::Refusal;
use super::sector::host;
use super::sent::Sent;

/// Its name for people; in a language that it does not speak, the one without a language.
pub(super) struct Names {
    plain: String,
    in_language: Vec<(Language, String)>,
}

impl Names {
    pub(super) fn read(sent: &Sent, redirects: &[String]) -> Result<Self, Refusal> {
        let mut in_language = Vec::new();
        for language in Language::ALL {
            if let Some(name) = sent.in_language("client_name", language)? {
                in_language.push((language, name));
            }
        }
        let plain = sent
            .text("client_name")?
            .or_else(|| in_language.first().map(|(_, name)| name.clone()))
            .or_else(|| redirects.first().and_then(|uri| host(uri)))
            .unwrap_or_default();
        Ok(Self { plain, in_language })
    }

    pub(super) fn text(&self) -> LocalizedText {
        let name = |wanted| {
            let own = self.in_language.iter().find(|(language, _)| *language == wanted);
            own.map_or(self.plain.as_str(), |(_, name)| name)
        };
        LocalizedText::new(name(Language::ZhCn), name(Language::En), name(Language::Vi))
    }
}

/// What is registered and has no place in the sub-site itself.
pub(super) struct More {
    pub(super) native: bool,
    pub(super) levels: Vec<Level>,
    pub(super) names: Names,
    pub(super) purposes: BTreeMap<Scope, LocalizedText>,
    pub(super) software: [(&'static str, Option<String>); 2],
}

/// Every registered value, those that we filled in too (RFC 7591 section 3.2.1).
pub(super) fn tell(client: &Client, more: More) -> Map<String, Value> {
    let mut told = Map::new();
    let mut put = |key: &str, value: Value| {
        let empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        if !empty {
            told.insert(key.to_owned(), value);
        }
    };
    put("redirect_uris", json!(client.redirect_uris));
    put(
        "post_logout_redirect_uris",
        json!(client.post_logout_redirect_uris),
    );
    put(
        "application_type",
        json!(if more.native { "native" } else { "web" }),
    );
    put("response_types", json!(["code"]));
    put("response_modes", json!(client.response_modes));
    put("grant_types", json!(client.grant_types));
    put("scope", json!(client.scopes.to_string()));
    put("token_endpoint_auth_method", json!(client.auth_method));
    put(
        "token_endpoint_auth_signing_alg",
        json!(client.token_endpoint_auth_signing_alg),
    );
    put("jwks", json!(client.jwks));
    put("jwks_uri", json!(client.jwks_uri));
    put("subject_type", json!(client.subject_type));
    put("sector_identifier_uri", json!(client.sector_identifier_uri));
    put(
        "id_token_signed_response_alg",
        json!(client.id_token_signed_response_alg),
    );
    put(
        "userinfo_signed_response_alg",
        json!(client.userinfo_signed_response_alg),
    );
    put(
        "request_object_signing_alg",
        json!(client.request_object_signing_alg),
    );
    put(
        "require_signed_request_object",
        json!(client.require_signed_request_object),
    );
    put(
        "require_pushed_authorization_requests",
        json!(client.require_pushed_authorization_requests),
    );
    put("dpop_bound_access_tokens", json!(client.dpop_bound_access_tokens));
    put("default_max_age", json!(client.default_max_age));
    put("require_auth_time", json!(client.require_auth_time));
    let levels: Vec<_> = more.levels.into_iter().map(Level::acr).collect();
    put("default_acr_values", json!(levels));
    put("initiate_login_uri", json!(client.initiate_login_uri));
    put("backchannel_logout_uri", json!(client.backchannel_logout_uri));
    put("frontchannel_logout_uri", json!(client.frontchannel_logout_uri));
    if client.backchannel_logout_uri.is_some() {
        put(
            "backchannel_logout_session_required",
            json!(client.backchannel_logout_session_required),
        );
    }
    if client.frontchannel_logout_uri.is_some() {
        put(
            "frontchannel_logout_session_required",
            json!(client.frontchannel_logout_session_required),
        );
    }
    put("client_name", json!(more.names.plain));
    for (language, name) in more.names.in_language {
        put(&format!("client_name#{language}"), json!(name));
    }
    put("client_uri", json!(client.client_uri));
    put("logo_uri", json!(client.logo_uri));
    put("policy_uri", json!(client.policy_uri));
    put("tos_uri", json!(client.tos_uri));
    put("contacts", json!(client.contacts));
    if !more.purposes.is_empty() {
        put("purpose", json!(more.purposes));
    }
    for (key, value) in more.software {
        put(key, json!(value));
    }
    told
}
