//! May this client ask this? The request against the registration. Pure.

use model::client::{Client, CodeProtection};
use model::scope::ScopeSet;

use crate::authorize::level::LevelDemand;
use crate::authorize::request::Request;
use crate::claims::scope_of;
use crate::error::AuthorizeError;

/// Scopes, code protection and level within what is registered; answers which level the request needs.
pub(super) fn level_within(request: &Request, client: &Client) -> Result<LevelDemand, AuthorizeError> {
    if !client.scopes.covers(&request.scopes) {
        return Err(AuthorizeError::ScopeNotAllowed);
    }
    match client.code_protection {
        CodeProtection::Pkce if request.code_challenge.is_none() => Err(AuthorizeError::ChallengeMissing),
        CodeProtection::Nonce if request.nonce.is_none() => Err(AuthorizeError::NonceMissing),
        CodeProtection::Pkce | CodeProtection::Nonce => LevelDemand::of(&request.level, client),
    }
}

/// The people whom the request names, by the names under which the client knows them: all must be the same person,
/// and only that one will do (OpenID Connect Core 3.1.2.1, 5.5.1).
pub(super) fn subjects(
    request: &Request,
    hint: impl FnOnce(&str) -> Result<String, AuthorizeError>,
) -> Result<Vec<String>, AuthorizeError> {
    let hinted = request.id_token_hint.as_deref().map(hint).transpose()?;
    Ok(hinted.into_iter().chain(request.claims.subject.clone()).collect())
}

/// What would be released and is the resident's to decide: scopes, and single claims by the scopes that they
/// belong to, within the registration.
pub(super) fn releasable(request: &Request, client: &Client) -> ScopeSet {
    let claims = &request.claims.claims;
    let names = claims.id_token.keys().chain(claims.userinfo.keys());
    let single: ScopeSet = names.filter_map(|name| scope_of(name)).collect();
    consent::ask::releasable(client, &request.scopes.union(&single))
}
