//! What a sub-site is told about an account: that its level fell, or that something happened to the account itself. The
//! words are those of OpenID RISC and CAEP; why it happened is nobody's business there.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{LEVEL_CHANGED, LevelFell};
use crate::error::StoreError;

/// Something that a sub-site is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// The level fell.
    Fell(LevelFell),
    /// Something happened to the account.
    Account(Happened),
}

/// What happens to accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AccountEvent {
    /// It cannot be used for now, or for good: sign-ins of the sub-site's own should end.
    Disabled,
    /// It can be used again.
    Enabled,
    /// It is gone, with everything in it; its name comes to nobody again.
    Purged,
    /// A password or another factor was made, changed or taken away.
    CredentialChanged,
    /// Every sign-in of the person ended.
    SessionsRevoked,
}

impl AccountEvent {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Disabled,
        Self::Enabled,
        Self::Purged,
        Self::CredentialChanged,
        Self::SessionsRevoked,
    ];

    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Disabled => "account_disabled",
            Self::Enabled => "account_enabled",
            Self::Purged => "account_purged",
            Self::CredentialChanged => "credential_change",
            Self::SessionsRevoked => "sessions_revoked",
        }
    }
}

/// A factor, in the words of CAEP 1.0 section 3.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Credential {
    /// A password.
    Password,
    /// A phone that codes go to.
    PhoneSms,
    /// An authenticator application.
    App,
    /// A passkey.
    #[serde(rename = "fido2-platform")]
    Passkey,
}

/// What became of a factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CredentialStep {
    /// There is a new one.
    Create,
    /// There is another in its place.
    Update,
    /// It is gone.
    Delete,
}

/// Something that happened to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Happened {
    /// What.
    pub what: AccountEvent,
    /// When.
    pub at: DateTime<Utc>,
    /// The factor, where it was one.
    pub credential: Option<(Credential, CredentialStep)>,
}

impl Happened {
    /// Something without a factor.
    pub const fn new(what: AccountEvent, at: DateTime<Utc>) -> Self {
        Self {
            what,
            at,
            credential: None,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Details {
    at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    credential: Option<(Credential, CredentialStep)>,
}

impl Said {
    /// When it happened.
    pub const fn at(&self) -> DateTime<Utc> {
        match self {
            Self::Fell(fell) => fell.at,
            Self::Account(happened) => happened.at,
        }
    }

    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Fell(_) => LEVEL_CHANGED,
            Self::Account(happened) => happened.what.as_str(),
        }
    }

    pub(super) fn details(&self) -> Result<String, StoreError> {
        let text = match self {
            Self::Fell(fell) => serde_json::to_string(fell),
            Self::Account(happened) => serde_json::to_string(&Details {
                at: happened.at,
                credential: happened.credential,
            }),
        };
        text.map_err(|_| StoreError::Malformed("status_event.details"))
    }

    pub(super) fn read(kind: &str, details: &str) -> Result<Self, StoreError> {
        let malformed = |_| StoreError::Malformed("status_event.details");
        if kind == LEVEL_CHANGED {
            return serde_json::from_str(details).map(Self::Fell).map_err(malformed);
        }
        let what = AccountEvent::ALL.into_iter().find(|what| what.as_str() == kind);
        let what = what.ok_or(StoreError::Malformed("status_event.kind"))?;
        let details: Details = serde_json::from_str(details).map_err(malformed)?;
        Ok(Self::Account(Happened {
            what,
            at: details.at,
            credential: details.credential,
        }))
    }
}
