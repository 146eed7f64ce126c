//! Logout tokens (OpenID Connect Back-Channel Logout 1.0 section 2.4).

use chrono::{DateTime, Utc};
use jose::sign::{SignError, TokenType};
use model::client::Client;
use model::secret::Token;
use serde::Serialize;
use store::logouts::Site;

use crate::Service;

/// How long a logout token is good, in seconds; section 2.4 recommends at most two minutes. Every attempt has a
/// token of its own.
pub const LIFE_SECONDS: i64 = 120;

/// No nonce: its absence tells a logout token from an ID token.
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: String,
    aud: &'a str,
    iat: i64,
    exp: i64,
    jti: &'a str,
    sid: String,
    events: Events,
}

/// Exactly one member, whose value is an empty object.
#[derive(Serialize)]
struct Events {
    #[serde(rename = "http://schemas.openid.net/event/backchannel-logout")]
    logout: Nothing,
}

#[derive(Serialize)]
struct Nothing {}

/// A token that tells a sub-site of the end of one sign-in of one person, signed as its ID tokens are.
pub fn mint(
    service: &Service,
    client: &Client,
    site: &Site,
    now: DateTime<Utc>,
) -> Result<String, SignError> {
    let jti = Token::generate(service.store().rng());
    let claims = Claims {
        iss: service.issuer(),
        sub: service.subject(client, site.account),
        aud: client.client_id.as_str(),
        iat: now.timestamp(),
        exp: now.timestamp().saturating_add(LIFE_SECONDS),
        jti: jti.expose(),
        sid: service.sid(client, site.session),
        events: Events { logout: Nothing {} },
    };
    // Strings and numbers always make JSON.
    let claims = serde_json::to_string(&claims).map_err(|_| SignError::Library)?;
    service.ring().sign(
        client.id_token_signed_response_alg,
        TokenType::LogoutToken,
        &claims,
    )
}
