//! The claims of a payload against what was wanted (RFC 7519 section 4.1).

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::{Audience, Demand, Part, Subject, VerifyError};
use crate::strict_json;

/// The longest `sub` (OpenID Connect Core 2), in bytes.
const SUBJECT_BYTES_MAX: usize = 255;
/// The longest `jti`, in bytes.
const TOKEN_ID_BYTES_MAX: usize = 256;
/// The last second of the year 9999.
const LATEST: i64 = 253_402_300_799;

/// Whether an expiry that has passed is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expiry {
    Enforced,
    MayHavePassed,
}

/// What the claims must be. Mandatory, as [`super::Verification`] is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) subject: Subject<'a>,
    pub(crate) audience: Audience<'a>,
    pub(crate) issued_at: Demand,
    pub(crate) token_id: Demand,
    pub(crate) now: DateTime<Utc>,
    pub(crate) leeway: Duration,
    pub(crate) max_age: Duration,
}

/// The claims of a payload.
pub(crate) struct Claims(Map<String, Value>);

impl Claims {
    pub(crate) fn parse(payload: &[u8]) -> Result<Self, VerifyError> {
        let map = strict_json::object(payload);
        map.map(Self).map_err(|error| VerifyError::NotStrictJson {
            part: Part::Payload,
            error,
        })
    }

    pub(crate) fn into_map(self) -> Map<String, Value> {
        self.0
    }

    /// Everything that was wanted; returns `exp`.
    pub(crate) fn check(&self, wanted: &Wanted<'_>) -> Result<DateTime<Utc>, VerifyError> {
        let &Wanted {
            now, leeway, max_age, ..
        } = wanted;
        self.check_issuer(wanted.issuer)?;
        self.check_subject(wanted.subject)?;
        self.check_audience(wanted.audience)?;
        let expires_at = self.check_expiry(Expiry::Enforced, now, leeway, max_age)?;
        self.check_not_before(now, leeway)?;
        self.check_issued_at(wanted.issued_at, now, leeway, max_age)?;
        self.check_token_id(wanted.token_id)?;
        Ok(expires_at)
    }

    pub(super) fn check_issuer(&self, wanted: &str) -> Result<(), VerifyError> {
        let issuer = self.text("iss")?.ok_or(VerifyError::ClaimMissing("iss"))?;
        if issuer == wanted {
            Ok(())
        } else {
            Err(VerifyError::IssuerMismatch)
        }
    }

    pub(super) fn check_subject(&self, wanted: Subject<'_>) -> Result<(), VerifyError> {
        let subject = self.text("sub")?;
        if subject.is_some_and(|subject| subject.is_empty() || subject.len() > SUBJECT_BYTES_MAX) {
            return Err(VerifyError::ClaimMalformed("sub"));
        }
        match (wanted, subject) {
            (Subject::Exactly(wanted), Some(subject)) if subject != wanted => {
                Err(VerifyError::SubjectMismatch)
            }
            (Subject::Exactly(_) | Subject::Reported, None) => Err(VerifyError::ClaimMissing("sub")),
            _ => Ok(()),
        }
    }

    fn check_audience(&self, wanted: Audience<'_>) -> Result<(), VerifyError> {
        let audience = self.0.get("aud").ok_or(VerifyError::ClaimMissing("aud"))?;
        let right = match (wanted, audience) {
            (Audience::ExactlyOneOf(list) | Audience::Contains(list), Value::String(one)) => {
                list.contains(&one.as_str())
            }
            (Audience::ExactlyOneOf(_), Value::Array(_)) => false,
            (Audience::Contains(list), Value::Array(several)) => {
                let several: Option<Vec<_>> = several.iter().map(Value::as_str).collect();
                let several = several.ok_or(VerifyError::ClaimMalformed("aud"))?;
                several.iter().any(|one| list.contains(one))
            }
            _ => return Err(VerifyError::ClaimMalformed("aud")),
        };
        if right {
            Ok(())
        } else {
            Err(VerifyError::AudienceMismatch)
        }
    }

    pub(super) fn check_expiry(
        &self,
        expiry: Expiry,
        now: DateTime<Utc>,
        leeway: Duration,
        max_age: Duration,
    ) -> Result<DateTime<Utc>, VerifyError> {
        let at = self.instant("exp")?.ok_or(VerifyError::ClaimMissing("exp"))?;
        let (now, leeway) = (now.timestamp(), seconds(leeway));
        // "On or after" (RFC 7519 section 4.1.4).
        if expiry == Expiry::Enforced && now >= at.saturating_add(leeway) {
            return Err(VerifyError::Expired);
        }
        if at > now.saturating_add(seconds(max_age)).saturating_add(leeway) {
            return Err(VerifyError::ExpiresTooLate);
        }
        DateTime::from_timestamp(at, 0).ok_or(VerifyError::ClaimMalformed("exp"))
    }

    fn check_not_before(&self, now: DateTime<Utc>, leeway: Duration) -> Result<(), VerifyError> {
        match self.instant("nbf")? {
            Some(at) if at > now.timestamp().saturating_add(seconds(leeway)) => Err(VerifyError::NotYetValid),
            _ => Ok(()),
        }
    }

    pub(crate) fn check_issued_at(
        &self,
        demand: Demand,
        now: DateTime<Utc>,
        leeway: Duration,
        max_age: Duration,
    ) -> Result<(), VerifyError> {
        let Some(at) = self.instant("iat")? else {
            return absent("iat", demand);
        };
        let (now, leeway) = (now.timestamp(), seconds(leeway));
        if at > now.saturating_add(leeway) {
            Err(VerifyError::IssuedInFuture)
        } else if at < now.saturating_sub(seconds(max_age)).saturating_sub(leeway) {
            Err(VerifyError::TooOld)
        } else {
            Ok(())
        }
    }

    pub(crate) fn check_token_id(&self, demand: Demand) -> Result<(), VerifyError> {
        match self.text("jti")? {
            None => absent("jti", demand),
            Some(id) if (1..=TOKEN_ID_BYTES_MAX).contains(&id.len()) => Ok(()),
            Some(_) => Err(VerifyError::ClaimMalformed("jti")),
        }
    }

    pub(crate) fn text(&self, name: &'static str) -> Result<Option<&str>, VerifyError> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::String(value)) => Ok(Some(value)),
            Some(_) => Err(VerifyError::ClaimMalformed(name)),
        }
    }

    /// A NumericDate in whole seconds; RFC 7519 section 2 allows a fraction, which is cut off.
    pub(crate) fn instant(&self, name: &'static str) -> Result<Option<i64>, VerifyError> {
        let Some(value) = self.0.get(name) else {
            return Ok(None);
        };
        let whole = value.as_i64().or_else(|| {
            let fraction = value
                .as_f64()
                .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
            fraction.and_then(|at| i64::try_from(at.as_secs()).ok())
        });
        match whole {
            Some(at) if (0..=LATEST).contains(&at) => Ok(Some(at)),
            _ => Err(VerifyError::ClaimMalformed(name)),
        }
    }
}

const fn absent(name: &'static str, demand: Demand) -> Result<(), VerifyError> {
    match demand {
        Demand::Required => Err(VerifyError::ClaimMissing(name)),
        Demand::IfPresent => Ok(()),
    }
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}
