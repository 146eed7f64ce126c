//! `id_token_hint`: an ID token of ours, perhaps expired, that names a person (OpenID Connect Core 3.1.2.1,
//! RP-Initiated Logout 2). It never proves that somebody is signed in.

use std::time::Duration;

use jose::verify::Verified;
use model::client::Client;

use crate::Service;
use crate::error::AuthorizeError;

/// How far the clocks of our own nodes may be apart.
const LEEWAY: Duration = Duration::from_mins(1);

/// Reads a hint; `None` when it is not an ID token of ours. Why not is for the log.
pub fn read(service: &Service, token: &str) -> Option<Verified> {
    match service
        .ring()
        .id_token_hint(token, service.issuer(), service.now(), LEEWAY)
    {
        Ok(hint) => Some(hint),
        Err(error) => {
            tracing::info!(cause = %error, "an id_token_hint is refused");
            None
        }
    }
}

/// The subject of a hint that was issued to this client. A hint of another client names nobody here: its subject may
/// belong to another sector.
pub fn subject(service: &Service, token: &str, client: &Client) -> Result<String, AuthorizeError> {
    read(service, token)
        .filter(|hint| hint.audience().contains(&client.client_id.as_str()))
        .and_then(|hint| hint.subject().map(str::to_owned))
        .ok_or(AuthorizeError::HintRefused)
}
