//! May this client ask this? The request against the registration. Pure.

use chrono::TimeDelta;
use model::client::{Client, CodeProtection, GrantType, is_redirect_uri_of_fapi};
use model::scope::{Scope, ScopeSet};

use crate::authorize::level::LevelDemand;
use crate::authorize::redirect::RedirectTrusted;
use crate::authorize::request::{Request, Way};
use crate::claims::scope_of;
use crate::error::AuthorizeError;
use crate::verified_claims;

/// What the registration adds to a request, and what it takes away without an error: a sign-in's greatest age where the
/// request names none, and `offline_access` for clients that get no refresh tokens (OpenID Connect Core 11).
pub(super) fn complete(request: &mut Request, client: &Client) {
    let age = client.default_max_age.and_then(TimeDelta::try_seconds);
    request.max_age = request.max_age.or(age);
    if !(client.may_use(GrantType::RefreshToken) && client.scopes.contains(Scope::OfflineAccess)) {
        request.scopes = request.scopes.without(&offline());
    }
}

/// Way, mode, scopes, code protection, resources and level within what is registered; answers which level the request
/// needs.
pub(super) fn level_within(
    request: &Request,
    redirect: &RedirectTrusted,
) -> Result<LevelDemand, AuthorizeError> {
    let client = redirect.client();
    if !client.may_use(GrantType::AuthorizationCode) {
        return Err(AuthorizeError::GrantNotAllowed);
    }
    way(redirect.raw().way(), client)?;
    if !client.response_modes.contains(&request.response_mode) {
        return Err(AuthorizeError::ResponseModeNotAllowed);
    }
    if client.profile.is_fapi() {
        fapi(redirect)?;
    }
    if !client.scopes.covers(&request.scopes) {
        return Err(AuthorizeError::ScopeNotAllowed);
    }
    if !request
        .resources
        .iter()
        .all(|resource| client.resources.contains(resource))
    {
        return Err(AuthorizeError::ResourceNotAllowed);
    }
    let pkce_only = client.code_protection == CodeProtection::Pkce || client.profile.is_fapi();
    if pkce_only && request.code_challenge.is_none() {
        return Err(AuthorizeError::ChallengeMissing);
    }
    if !pkce_only && request.nonce.is_none() {
        return Err(AuthorizeError::NonceMissing);
    }
    LevelDemand::of(&request.level, client)
}

fn way(way: &Way, client: &Client) -> Result<(), AuthorizeError> {
    if client.must_push() && way.pushed.is_none() {
        return Err(AuthorizeError::NotPushed);
    }
    if client.require_signed_request_object && !way.signed {
        return Err(AuthorizeError::NotSigned);
    }
    Ok(())
}

/// What FAPI 2.0 Security Profile section 5.3.2 asks beyond what is asked of everybody. A registration that breaks it is
/// refused when it is made; this holds if one is there all the same.
fn fapi(redirect: &RedirectTrusted) -> Result<(), AuthorizeError> {
    let safe = is_redirect_uri_of_fapi(redirect.redirect_uri());
    if safe && redirect.client().auth_method.is_confidential() {
        Ok(())
    } else {
        Err(AuthorizeError::ProfileBroken)
    }
}

/// The people whom the request names, by the names under which the client knows them: one set for each place where it
/// names some, and only who is in all of them will do (OpenID Connect Core 3.1.2.1, 5.5.1).
pub(super) fn subjects(
    request: &Request,
    hint: impl FnOnce(&str) -> Result<String, AuthorizeError>,
) -> Result<Vec<Vec<String>>, AuthorizeError> {
    let hinted = request.id_token_hint.as_deref().map(hint).transpose()?;
    let hinted = hinted.map(|subject| vec![subject]);
    Ok(hinted
        .into_iter()
        .chain(request.claims.subjects.clone())
        .collect())
}

/// What would be released and is the resident's to decide: scopes, and single claims by the scopes that they
/// belong to, within the registration. Access that outlives the sign-in is asked about only where the request demands
/// that consent be asked for (OpenID Connect Core 11); where it was allowed before, it needs no question.
pub(super) fn releasable(request: &Request, client: &Client) -> ScopeSet {
    let claims = &request.claims.claims;
    let names = claims.id_token.keys().chain(claims.userinfo.keys());
    let single: ScopeSet = names.filter_map(|name| scope_of(client, name)).collect();
    let verified = [&claims.verified_id_token, &claims.verified_userinfo].map(verified_claims::scopes_of);
    let single = verified.iter().fold(single, |all, some| all.union(some));
    let scopes = if request.prompt.consent {
        request.scopes.clone()
    } else {
        request.scopes.without(&offline())
    };
    consent::ask::releasable(client, &scopes.union(&single))
}

fn offline() -> ScopeSet {
    ScopeSet::from_iter([Scope::OfflineAccess])
}
