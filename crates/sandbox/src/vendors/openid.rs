//! Two OpenID providers with one behaviour (OpenID Connect Core 1.0, Discovery 1.0, RFC 7636, RFC 9207): a bank, which
//! tells name and number at its user endpoint, and another province, which says a level and tells name and number in
//! the signed identity token.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::identity::{self, Grant, Request};
use super::lies::Lie;
use super::{CLIENT_ID, Party, is_providers, pages, random};
use crate::wire::{self, Parameters};
use crate::world::{Entry, Route, World, fault};

const SECRET: (&str, &str) = ("client_id", "client_secret");

/// The name of a provider, which is also where its metadata are.
pub(super) fn issuer(world: &World, party: Party) -> String {
    format!("{}/vendors/{}", world.base_url(), party.word())
}

/// The words that the province has for its levels, lowest first.
pub(super) const LEVELS: [&str; 4] = [
    "urn:neighbour:level:registered",
    "urn:neighbour:level:real-name",
    "urn:neighbour:level:real-person",
    "urn:neighbour:level:in-person",
];

enum Server {
    Metadata,
    Keys,
    Token,
    User,
}

impl Server {
    /// The switch of a provider's server; `None` for a party that has no such server.
    const fn route(&self, party: Party) -> Option<Route> {
        Some(match (party, self) {
            (Party::Payment, _) => return None,
            (Party::Bank, Self::Metadata) => Route::BankMetadata,
            (Party::Bank, Self::Keys) => Route::BankKeys,
            (Party::Bank, Self::Token) => Route::BankToken,
            (Party::Bank, Self::User) => Route::BankUser,
            (Party::Province, Self::Metadata) => Route::ProvinceMetadata,
            (Party::Province, Self::Keys) => Route::ProvinceKeys,
            (Party::Province, Self::Token) => Route::ProvinceToken,
            (Party::Province, Self::User) => Route::ProvinceUser,
        })
    }
}

/// The switch of a server, or the answer that there is none, or that of its fault.
async fn reached(world: &World, party: Party, server: &Server) -> Result<Route, Response> {
    let Some(route) = server.route(party) else {
        return Err(wire::refusal(
            StatusCode::NOT_FOUND,
            "not_found",
            "no OpenID provider",
        ));
    };
    match fault(world, route).await {
        Some((status, outcome, response)) => {
            record(world, route, status, outcome);
            Err(response)
        }
        None => Ok(route),
    }
}

/// `GET /vendors/{party}/.well-known/openid-configuration`
pub(super) async fn metadata(State(world): State<World>, Path(party): Path<Party>) -> Response {
    let route = match reached(&world, party, &Server::Metadata).await {
        Ok(route) => route,
        Err(response) => return response,
    };
    record(&world, route, StatusCode::OK, "metadata");
    let issuer = issuer(&world, party);
    let at = |path: &str| format!("{issuer}/{path}");
    let document = json!({
        "issuer": issuer,
        "authorization_endpoint": at("authorize"),
        "token_endpoint": at("token"),
        "userinfo_endpoint": at("user"),
        "jwks_uri": at("jwks"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["EdDSA"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
        "acr_values_supported": if party == Party::Province { LEVELS.as_slice() } else { &[] },
    });
    wire::json(StatusCode::OK, &document)
}

/// `GET /vendors/{party}/jwks`
pub(super) async fn jwks(State(world): State<World>, Path(party): Path<Party>) -> Response {
    let route = match reached(&world, party, &Server::Keys).await {
        Ok(route) => route,
        Err(response) => return response,
    };
    record(&world, route, StatusCode::OK, "keys");
    let key = &world.vendors().key;
    let mut jwk = key.jwk.clone();
    for (name, value) in [("kid", key.kid.as_str()), ("use", "sig"), ("alg", "EdDSA")] {
        jwk.insert(name.to_owned(), json!(value));
    }
    wire::json(StatusCode::OK, &json!({ "keys": [jwk] }))
}

/// `GET /vendors/{party}/authorize`
pub(super) async fn authorize(
    State(world): State<World>,
    Path(party): Path<Party>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let query = Parameters::of_uri(&uri).unwrap_or_default();
    let text = |name: &str| query.value(name).map(str::to_owned);
    let redirect_uri = text("redirect_uri").filter(|address| is_providers(&world, address));
    let right = party != Party::Payment
        && query.value("client_id") == Some(CLIENT_ID)
        && query.value("response_type") == Some("code")
        && query.value("code_challenge_method") == Some("S256");
    let scope = text("scope").filter(|scope| scope.split(' ').any(|word| word == "openid"));
    let (true, Some(redirect_uri), Some(state), Some(nonce), Some(challenge), Some(scope)) = (
        right,
        redirect_uri,
        text("state"),
        text("nonce"),
        text("code_challenge"),
        scope,
    ) else {
        return pages::refused(&headers, &query);
    };
    let request = Request {
        party,
        redirect_uri,
        state,
        nonce: Some(nonce),
        challenge: Some(challenge),
        scope,
    };
    identity::ask(&world, &headers, &query, request)
}

/// `POST /vendors/{party}/token`
pub(super) async fn token(
    State(world): State<World>,
    Path(party): Path<Party>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let route = match reached(&world, party, &Server::Token).await {
        Ok(route) => route,
        Err(response) => return response,
    };
    let form = Parameters::of_form(&body).unwrap_or_default();
    let refuse = |status: StatusCode, error: &str| {
        record(&world, route, status, error);
        wire::json(status, &json!({ "error": error }))
    };
    if !identity::shows_secret(&world, &headers, &form, SECRET) {
        return refuse(StatusCode::UNAUTHORIZED, "invalid_client");
    }
    if form.value("grant_type") != Some("authorization_code") {
        return refuse(StatusCode::BAD_REQUEST, "unsupported_grant_type");
    }
    let grant = match identity::redeem(&world, party, form.value("code"), &form) {
        Ok(grant) => grant,
        Err(error) => return refuse(StatusCode::BAD_REQUEST, error),
    };
    let Ok(identity_token) = identity_token(&world, &grant) else {
        return refuse(StatusCode::INTERNAL_SERVER_ERROR, "server_error");
    };
    let token = random(&world);
    world.vendors().tokens.put(token.clone(), grant);
    record(&world, route, StatusCode::OK, "token");
    let document = json!({
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": 300,
        "id_token": identity_token,
    });
    wire::json(StatusCode::OK, &document)
}

fn identity_token(world: &World, grant: &Grant) -> anyhow::Result<String> {
    let (own, now) = (
        issuer(world, grant.request.party),
        world.clock().now().timestamp(),
    );
    let when = |lie: Lie, wrong: &str, right: &str| {
        if grant.lie == lie {
            wrong.to_owned()
        } else {
            right.to_owned()
        }
    };
    let expires = if grant.lie == Lie::Expired {
        now - 3600
    } else {
        now + 300
    };
    let mut claims = json!({
        "iss": when(Lie::WrongIssuer, "https://elsewhere.example", &own),
        "sub": grant.subject(),
        "aud": when(Lie::WrongAudience, "somebody-else", CLIENT_ID),
        "exp": expires,
        "iat": Ord::min(now, expires),
        "auth_time": if grant.lie == Lie::OldSignIn { now - 86_400 } else { now },
        "nonce": when(Lie::WrongNonce, "bm9uY2U", grant.request.nonce.as_deref().unwrap_or_default()),
    });
    if let Some(fields) = claims.as_object_mut()
        && grant.request.party == Party::Province
    {
        let told = [
            ("acr", grant.acr.as_deref()),
            ("name", grant.name()),
            ("citizen_id", grant.number()),
        ];
        for (name, value) in told {
            if let Some(value) = value {
                fields.insert(name.to_owned(), json!(value));
            }
        }
    }
    if grant.lie == Lie::Unsigned {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        return Ok(format!("{}.{}.", part(&json!({ "alg": "none" })), part(&claims)));
    }
    let vendors = world.vendors();
    let key = if grant.lie == Lie::OtherKey {
        &vendors.other_key
    } else {
        &vendors.key
    };
    key.sign(&json!({ "typ": "JWT", "kid": vendors.key.kid }), &claims)
}

/// `GET /vendors/{party}/user`
pub(super) async fn user(
    State(world): State<World>,
    Path(party): Path<Party>,
    headers: HeaderMap,
) -> Response {
    let route = match reached(&world, party, &Server::User).await {
        Ok(route) => route,
        Err(response) => return response,
    };
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    let grant = token.and_then(|token| world.vendors().tokens.find(token));
    let Some(grant) = grant.filter(|grant| grant.request.party == party) else {
        record(&world, route, StatusCode::UNAUTHORIZED, "invalid_token");
        return wire::refusal(
            StatusCode::UNAUTHORIZED,
            "invalid_token",
            "an access token is needed",
        );
    };
    record(&world, route, StatusCode::OK, "user");
    let subject = if grant.lie == Lie::OtherSubject {
        random(&world)
    } else {
        grant.subject()
    };
    let mut document = json!({ "sub": subject });
    if let Some(fields) = document.as_object_mut() {
        for (name, value) in [("name", grant.name()), ("citizen_id", grant.number())] {
            if let Some(value) = value {
                fields.insert(name.to_owned(), json!(value));
            }
        }
    }
    wire::json(StatusCode::OK, &document)
}

/// What was asked is not written down: it is a secret.
fn record(world: &World, route: Route, status: StatusCode, outcome: &str) {
    world.journal().record(Entry {
        at: world.clock().now(),
        route,
        request: Value::Null,
        status: status.as_u16(),
        outcome: outcome.to_owned(),
    });
}
