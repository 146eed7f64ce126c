//! Tokens of our own that come back to us. Their audience is somebody else, so the caller looks at it.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::claims::{Claims, Expiry};
use super::{Demand, Subject, Typ, Verified, VerifyError, check_typ, verify_signature};
use crate::key_set::PublicKeySet;

/// See [`crate::ring::Ring::id_token_hint`].
pub(crate) fn id_token_hint(
    keys: &PublicKeySet,
    token: &str,
    issuer: &str,
    now: DateTime<Utc>,
    leeway: Duration,
) -> Result<Verified, VerifyError> {
    let (header, payload) = verify_signature(token, keys, &crate::alg::ACCEPTED)?;
    check_typ(header.typ.as_deref(), Typ::OneOf(&["JWT"]))?;
    let claims = Claims::parse(&payload)?;
    claims.check_issuer(issuer)?;
    claims.check_subject(Subject::Reported)?;
    claims.check_issued_at(Demand::Required, now, leeway, Duration::MAX)?;
    let expires_at = claims.check_expiry(Expiry::MayHavePassed, now, leeway, Duration::MAX)?;
    let hint = Verified {
        header,
        claims: claims.into_map(),
        expires_at,
    };
    if hint.audience().is_empty() {
        Err(VerifyError::ClaimMissing("aud"))
    } else {
        Ok(hint)
    }
}

/// See [`crate::ring::Ring::access_token`].
pub(crate) fn access_token(
    keys: &PublicKeySet,
    token: &str,
    issuer: &str,
    now: DateTime<Utc>,
) -> Result<Verified, VerifyError> {
    let (header, payload) = verify_signature(token, keys, &crate::alg::ACCEPTED)?;
    check_typ(header.typ.as_deref(), Typ::OneOf(&["at+jwt"]))?;
    let claims = Claims::parse(&payload)?;
    claims.check_issuer(issuer)?;
    claims.check_subject(Subject::Reported)?;
    claims.check_token_id(Demand::Required)?;
    // Our own clock made it, perhaps on another node.
    let expires_at = claims.check_expiry(Expiry::Enforced, now, Duration::ZERO, Duration::MAX)?;
    let token = Verified {
        header,
        claims: claims.into_map(),
        expires_at,
    };
    if token.audience().is_empty() {
        Err(VerifyError::ClaimMissing("aud"))
    } else {
        Ok(token)
    }
}
