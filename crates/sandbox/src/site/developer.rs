//! What the developers' page shows of a token response that has been checked.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::{OAuth2TokenResponse as _, TokenResponse as _};
use serde_json::{Value, json};

use super::failure::Failure;
use super::protocol::Tokens;
use super::session::SignedIn;

/// What the developer's page shows of a token response that has been checked.
pub(super) fn describe(tokens: &Tokens) -> Result<SignedIn, Failure> {
    let raw = tokens.id_token().map(ToString::to_string).unwrap_or_default();
    let mut parts = raw.split('.').map(decode_part);
    let (header, claims) = (parts.next().flatten(), parts.next().flatten());
    let claims = claims.ok_or_else(|| Failure::new("invalid_id_token", "not a signed token".to_owned()))?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
    let granted: Option<Vec<&str>> = tokens
        .scopes()
        .map(|scopes| scopes.iter().map(|scope| scope.as_str()).collect());
    Ok(SignedIn {
        subject: text("sub").unwrap_or_default(),
        acr: text("acr"),
        header: header.unwrap_or_default(),
        userinfo: None,
        userinfo_error: None,
        token_response: json!({
            "token_type": tokens.token_type(),
            "expires_in": tokens.expires_in().map(|life| life.as_secs()),
            "scope": granted.map(|scopes| scopes.join(" ")),
            "access_token": format!("({} characters, not shown)", tokens.access_token().secret().len()),
            "refresh_token": tokens.refresh_token().map(|_| "(not shown)"),
        }),
        id_token: raw,
        claims,
        fell: None,
    })
}

fn decode_part(part: &str) -> Option<Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_token_that_are_no_json_are_none() {
        assert_eq!(decode_part("eyJhIjoxfQ"), Some(json!({ "a": 1 })));
        assert_eq!(decode_part("!"), None);
        assert_eq!(decode_part(""), None);
    }
}
