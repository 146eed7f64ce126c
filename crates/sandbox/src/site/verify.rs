//! What a sub-site checks of an ID token: OpenID Connect Core 1.0 sections 3.1.3.7 and 12.2.

use chrono::TimeDelta;
use openidconnect::core::{CoreJsonWebKey, CoreJwsSigningAlgorithm};
use openidconnect::{
    AccessTokenHash, ClaimsVerificationError, IdTokenVerifier, Nonce, OAuth2TokenResponse as _,
    SignatureVerificationError, TokenResponse as _,
};

use super::failure::Failure;
use super::protocol::{Metadata, Party, Tokens};
use super::session::{Pending, SignedIn};

/// By how much clocks may differ.
const LEEWAY: TimeDelta = TimeDelta::seconds(30);

/// The tokens that answer an authorization request.
pub(super) fn tokens(
    party: &Party,
    metadata: &Metadata,
    tokens: &Tokens,
    pending: &Pending,
) -> Result<(), Failure> {
    let id_token = tokens
        .id_token()
        .ok_or_else(|| Failure::new("invalid_id_token", "there is none".to_owned()))?;
    let verifier = verifier(party, metadata);
    let claims = id_token
        .claims(&verifier, &Nonce::new(pending.nonce.clone()))
        .map_err(claims_failure)?;
    if let Some(expected) = claims.access_token_hash() {
        let algorithm = id_token
            .signing_alg()
            .map_err(|error| Failure::because("invalid_id_token", error))?;
        let key = id_token
            .signing_key(&verifier)
            .map_err(|error| Failure::because("invalid_id_token", error))?;
        let actual = AccessTokenHash::from_token(tokens.access_token(), algorithm, key)
            .map_err(|error| Failure::because("invalid_id_token", error))?;
        if actual != *expected {
            return Err(Failure::new(
                "invalid_id_token",
                "at_hash is another token's".to_owned(),
            ));
        }
    }
    if let Some(seconds) = pending.wish.max_age_seconds {
        let limit = TimeDelta::seconds(i64::try_from(seconds).unwrap_or(i64::MAX / 1000)) + LEEWAY;
        let age = claims.auth_time().map(|at| pending.started_at - at);
        if age.is_none_or(|age| age > limit) {
            return Err(Failure::new(
                "auth_time_too_old",
                "signed in longer ago than max_age".to_owned(),
            ));
        }
    }
    let reached = claims
        .auth_context_ref()
        .and_then(|acr| super::level_of_acr(acr.as_str()));
    if pending.wish.essential && reached < pending.wish.level {
        return Err(Failure::new(
            "acr_too_low",
            "an essential level was not reached".to_owned(),
        ));
    }
    Ok(())
}

/// The ID token that a refresh may bring: it has no nonce, and it must be the same person and the same sign-in.
pub(super) fn renewed(
    party: &Party,
    metadata: &Metadata,
    tokens: &Tokens,
    signed_in: &SignedIn,
) -> Result<(), Failure> {
    let Some(id_token) = tokens.id_token() else {
        return Ok(());
    };
    let verifier = verifier(party, metadata);
    let claims = id_token
        .claims(&verifier, |_: Option<&Nonce>| Ok(()))
        .map_err(claims_failure)?;
    let auth_time = claims.auth_time().map(|at| at.timestamp());
    let before = signed_in
        .claims
        .get("auth_time")
        .and_then(serde_json::Value::as_i64);
    if claims.subject().as_str() != signed_in.subject || (auth_time.is_some() && auth_time != before) {
        return Err(Failure::new(
            "invalid_id_token",
            "the refreshed token is of another sign-in".to_owned(),
        ));
    }
    Ok(())
}

fn verifier<'p>(party: &'p Party, metadata: &Metadata) -> IdTokenVerifier<'p, CoreJsonWebKey> {
    // Never an HMAC with our own secret, whatever the metadata say.
    let algorithms = metadata
        .id_token_signing_alg_values_supported()
        .iter()
        .filter(|alg| is_asymmetric(alg))
        .cloned();
    party.id_token_verifier().set_allowed_algs(algorithms)
}

fn claims_failure(error: ClaimsVerificationError) -> Failure {
    match error {
        ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey) => {
            Failure::because("unknown_key", error)
        }
        other => Failure::because("invalid_id_token", other),
    }
}

const fn is_asymmetric(algorithm: &CoreJwsSigningAlgorithm) -> bool {
    use CoreJwsSigningAlgorithm as Alg;
    matches!(
        algorithm,
        Alg::EcdsaP256Sha256
            | Alg::EcdsaP384Sha384
            | Alg::RsaSsaPkcs1V15Sha256
            | Alg::RsaSsaPssSha256
            | Alg::EdDsa
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_signatures_that_a_public_key_can_check_are_taken() {
        assert!(is_asymmetric(&CoreJwsSigningAlgorithm::EcdsaP256Sha256));
        assert!(!is_asymmetric(&CoreJwsSigningAlgorithm::HmacSha256));
        assert!(!is_asymmetric(&CoreJwsSigningAlgorithm::None));
    }
}
