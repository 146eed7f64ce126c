//! Typed identifiers. Rows carry time-ordered UUIDs (version 7); what leaves towards sub-sites is never one of
//! these, because their time must not leak.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::rng::Rng;

macro_rules! uuid_id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new identifier whose order is that of creation.
            pub fn new(now: DateTime<Utc>, rng: &Rng) -> Self {
                Self(rng.uuid_v7(now))
            }

            /// Takes over an identifier that was stored.
            pub const fn from_uuid(id: Uuid) -> Self {
                Self(id)
            }

            /// The stored form.
            pub const fn as_uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                if text.len() != 36 {
                    return Err(InvalidId);
                }
                Uuid::parse_str(text).map(Self).map_err(|_| InvalidId)
            }
        }
    )*};
}

uuid_id! {
    /// An account of a resident or an organisation.
    AccountId;
    /// A browser's sign-in.
    SessionId;
    /// One dated fact that supports a level.
    EvidenceId;
    /// One attempt to gain evidence.
    CaseId;
    /// What a person allowed a sub-site to be told.
    GrantId;
    /// A registration that is under way.
    RegistrationId;
    /// A message that waits for delivery.
    MessageId;
    /// A one-time code that was sent.
    OtpId;
    /// A picture captcha.
    CaptchaId;
    /// A person who works at the province's console.
    OperatorId;
    /// An operator's sign-in.
    OperatorSessionId;
    /// A passkey of an operator.
    OperatorPasskeyId;
    /// Something that happened to a case.
    HistoryId;
    /// A factor beside the password.
    FactorId;
    /// A change of an account that waits, or can still be undone.
    ChangeId;
    /// A notice on the page of an account.
    NoticeId;
    /// Something that happened to an account.
    HappeningId;
    /// A change of an account's standing.
    StandingChangeId;
    /// An appeal against a change of standing.
    AppealId;
    /// A picture that was sent for a case.
    ImageId;
    /// Something a sub-site is to be told about an account.
    StatusEventId;
}

/// The text is not an identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier")]
pub struct InvalidId;

/// The name under which a sub-site is registered: 1 to 64 of `A-Z a-z 0-9 . _ -`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClientId(String);

impl ClientId {
    /// Parses a client identifier.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if text.is_empty() || text.len() > 64 || !text.chars().all(allowed) {
            return Err(InvalidId);
        }
        Ok(Self(text.to_owned()))
    }

    /// The identifier as sent on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ClientId {
    type Error = InvalidId;
    fn try_from(text: String) -> Result<Self, InvalidId> {
        Self::parse(&text)
    }
}

impl From<ClientId> for String {
    fn from(id: ClientId) -> Self {
        id.0
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_ids_are_short_plain_words() {
        assert!(ClientId::parse("hefei-portal").is_ok());
        for bad in ["", "a b", "a\n", "合肥", "a/b", &"x".repeat(65)] {
            assert!(ClientId::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn identifiers_read_back_and_refuse_other_spellings() {
        let id = AccountId::new(DateTime::UNIX_EPOCH, &Rng::seeded(1));
        assert_eq!(id.to_string().parse(), Ok(id));
        assert!("{0}".parse::<AccountId>().is_err());
        assert!(id.as_uuid().simple().to_string().parse::<AccountId>().is_err());
    }
}
