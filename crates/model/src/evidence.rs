//! Evidence: dated facts that support a level, each from one source. What a source is worth, and for how long, is
//! the ladder's business ([`crate::ladder`]).

use std::fmt;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::EvidenceId;

/// The longest name of a source.
const SOURCE_BYTES_MAX: usize = 40;

/// How far the clocks of two nodes may differ. Evidence that one node has just stored must not be "from the
/// future" for the node that answers the next request.
const CLOCK_LEEWAY_SECONDS: i64 = 5;

/// The name of a source that can check a fact, `population_register`: 1 to 40 of `a-z 0-9 _`, a letter first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SourceId(String);

/// The text is not the name of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("a source is named with 1 to 40 of a-z, 0-9 and _, and begins with a letter")]
pub struct InvalidSourceId;

impl SourceId {
    /// Parses the name of a source.
    pub fn parse(text: &str) -> Result<Self, InvalidSourceId> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let good = text.len() <= SOURCE_BYTES_MAX
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.bytes().all(allowed);
        if good {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidSourceId)
        }
    }

    /// The name in claims, configuration and the database.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for SourceId {
    type Error = InvalidSourceId;
    fn try_from(text: String) -> Result<Self, InvalidSourceId> {
        Self::parse(&text)
    }
}

impl From<SourceId> for String {
    fn from(id: SourceId) -> Self {
        id.0
    }
}

impl std::str::FromStr for SourceId {
    type Err = InvalidSourceId;
    fn from_str(text: &str) -> Result<Self, InvalidSourceId> {
        Self::parse(text)
    }
}

impl fmt::Display for SourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One dated fact. It holds no personal data: what was compared stays with the case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Its identifier.
    pub id: EvidenceId,
    /// Who checked.
    pub source: SourceId,
    /// When the source said so.
    pub issued_at: DateTime<Utc>,
    /// When it stops counting by age; `None` for what does not age.
    pub expires_at: Option<DateTime<Utc>>,
    /// When an event ended it: a phone replaced, a certificate revoked, an operator's decision.
    pub ended_at: Option<DateTime<Utc>>,
}

/// What else is known of a piece of evidence: never personal data, only how it was gained.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Details {
    /// The kind of document that was looked at, `idcard`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
    /// The last day on which that document is valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document_expires: Option<NaiveDate>,
    /// The party that vouched, as the configuration names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partner: Option<String>,
    /// The level or method in the words of that party.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// A certificate's issuer, hashed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// A certificate's serial number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
}

impl Evidence {
    /// Whether the evidence counts now: issued, not expired, not ended.
    pub fn holds_at(&self, now: DateTime<Utc>) -> bool {
        let issued = self.issued_at <= now + TimeDelta::seconds(CLOCK_LEEWAY_SECONDS);
        issued && self.ends_at().is_none_or(|end| now < end)
    }

    /// The first moment at which it no longer counts.
    pub fn ends_at(&self) -> Option<DateTime<Utc>> {
        earlier(self.expires_at, self.ended_at)
    }
}

/// The earlier of two ends, where `None` is never.
pub(crate) fn earlier(a: Option<DateTime<Utc>>, b: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    fn evidence(expires: Option<i64>, ended: Option<i64>) -> Evidence {
        Evidence {
            id: EvidenceId::from_uuid(Uuid::nil()),
            source: SourceId::parse("population_register").unwrap(),
            issued_at: at(1000),
            expires_at: expires.map(at),
            ended_at: ended.map(at),
        }
    }

    #[test]
    fn evidence_holds_from_its_issue_to_the_first_of_its_ends() {
        assert!(!evidence(None, None).holds_at(at(994)));
        assert!(
            evidence(None, None).holds_at(at(996)),
            "the clocks of two nodes differ a little"
        );
        assert!(evidence(None, None).holds_at(at(i64::from(u32::MAX))));
        assert!(evidence(Some(2000), None).holds_at(at(1999)));
        assert!(!evidence(Some(2000), None).holds_at(at(2000)));
        assert!(!evidence(Some(2000), Some(1500)).holds_at(at(1500)));
        assert!(!evidence(Some(2000), Some(1000)).holds_at(at(1000)));
    }

    #[test]
    fn sources_have_short_plain_names() {
        assert!(SourceId::parse("phone_sms").is_ok());
        assert!(SourceId::parse(&"a".repeat(40)).is_ok());
        for bad in [
            "",
            "Phone",
            "phone-sms",
            "1st",
            "_x",
            "电话",
            "a b",
            &"a".repeat(41),
            &"a".repeat(1 << 20),
        ] {
            assert_eq!(SourceId::parse(bad), Err(InvalidSourceId));
        }
    }

    #[test]
    fn a_source_is_its_name_in_files_and_in_the_database() {
        let id = SourceId::parse("phone_sms").unwrap();
        assert_eq!((id.as_str(), id.to_string().as_str()), ("phone_sms", "phone_sms"));
        assert_eq!(String::from(id.clone()), "phone_sms");
        assert_eq!(SourceId::try_from("phone_sms".to_owned()), Ok(id.clone()));
        assert_eq!(serde_json::to_string(&id).unwrap(), "\"phone_sms\"");
        assert_eq!(serde_json::from_str::<SourceId>("\"phone_sms\"").unwrap(), id);
        assert!(serde_json::from_str::<SourceId>("\"Phone\"").is_err());
    }

    #[test]
    fn the_end_is_the_first_of_two_and_never_without_one() {
        assert_eq!(evidence(None, None).ends_at(), None);
        assert_eq!(evidence(Some(5), None).ends_at(), Some(at(5)));
        assert_eq!(evidence(None, Some(6)).ends_at(), Some(at(6)));
        assert_eq!(evidence(Some(5), Some(6)).ends_at(), Some(at(5)));
        assert_eq!(evidence(Some(7), Some(6)).ends_at(), Some(at(6)));
        assert!(!evidence(None, None).holds_at(at(1000 - 6)));
        assert!(
            evidence(None, None).holds_at(at(1000 - 5)),
            "five seconds are allowed for"
        );
    }

    proptest! {
        #[test]
        fn parsing_a_source_never_panics_and_what_parses_parses_again(text in "\\PC{0,50}|[a-z_0-9]{0,45}") {
            if let Ok(source) = SourceId::parse(&text) {
                prop_assert_eq!(source.as_str().parse(), Ok(source.clone()));
            }
        }
    }
}
