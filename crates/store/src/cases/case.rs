//! What a case is: where it stands, what was typed, its number.

use chrono::{DateTime, Utc};
use model::citizen_id::CitizenId;
use model::evidence::SourceId;
use model::ids::{AccountId, CaseId};
use model::person_name::PersonName;
use model::phone::Phone;
use model::rng::Rng;
use serde::{Deserialize, Serialize};

use crate::error::StoreError;

/// Where a case stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The source did not answer; it is asked again by itself.
    Waiting,
    /// Everything agreed; there is evidence.
    Passed,
    /// The source knows the number, and something differs.
    Mismatch,
    /// The source does not know the number.
    NotFound,
    /// The number is proven by another account.
    Conflict,
    /// The source says that the record is locked, cancelled or of somebody who died: an operator must look.
    Restricted,
    /// A person decides.
    InReview,
    /// A newer case took its place.
    Replaced,
    /// The source never answered.
    Expired,
    /// Typed, and kept while another page comes first; nobody was asked yet.
    Draft,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Waiting,
        Self::Passed,
        Self::Mismatch,
        Self::NotFound,
        Self::Conflict,
        Self::Restricted,
        Self::InReview,
        Self::Replaced,
        Self::Expired,
        Self::Draft,
    ];

    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Passed => "passed",
            Self::Mismatch => "mismatch",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::Restricted => "restricted",
            Self::InReview => "in_review",
            Self::Replaced => "replaced",
            Self::Expired => "expired",
            Self::Draft => "draft",
        }
    }

    /// Whether something still happens to the case.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Waiting | Self::InReview | Self::Restricted)
    }

    /// Whether what was typed is still needed: for the next try, or for the person who decides.
    pub(super) const fn keeps_input(self) -> bool {
        matches!(
            self,
            Self::Waiting
                | Self::InReview
                | Self::Restricted
                | Self::Mismatch
                | Self::NotFound
                | Self::Conflict
                | Self::Draft
        )
    }

    pub(super) fn parse(word: &str) -> Result<Self, StoreError> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == word)
            .ok_or(StoreError::Malformed("verification_case.state"))
    }
}

/// What is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// The name.
    pub name: PersonName,
    /// The citizen ID number.
    pub citizen_id: CitizenId,
    /// The phone, where the source compares it.
    pub phone: Option<Phone>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct SealedInput {
    pub(super) name: String,
    pub(super) citizen_id: String,
    pub(super) phone: Option<String>,
}

/// The number under which people speak of a case, `260601-48291375`. No secret: it is always looked up together
/// with the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseNumber(String);

impl CaseNumber {
    /// A new number.
    pub fn generate(now: DateTime<Utc>, rng: &Rng) -> Self {
        Self(format!("{}-{:08}", now.format("%y%m%d"), rng.below(100_000_000)))
    }

    /// Reads a number that a page sent back.
    pub fn parse(text: &str) -> Option<Self> {
        let (day, serial) = text.split_once('-')?;
        let digits =
            |part: &str, length| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
        (digits(day, 6) && digits(serial, 8)).then(|| Self(text.to_owned()))
    }

    /// The number as people see it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A case to be stored.
#[derive(Clone, Debug)]
pub struct NewCase {
    /// Its identifier.
    pub id: CaseId,
    /// The number for people.
    pub number: CaseNumber,
    /// Whose it is.
    pub account: AccountId,
    /// Who was asked.
    pub source: SourceId,
    /// Where it stands.
    pub state: State,
    /// What was compared.
    pub input: Input,
    /// When the source is asked again.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// The source's own reference.
    pub reference: Option<String>,
    /// Now.
    pub created_at: DateTime<Utc>,
}

/// A case.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its identifier.
    pub id: CaseId,
    /// The number for people.
    pub number: CaseNumber,
    /// Whose it is.
    pub account: AccountId,
    /// Who was asked.
    pub source: SourceId,
    /// Where it stands.
    pub state: State,
    /// What was compared, while it is needed.
    pub input: Option<Input>,
    /// How often the source was asked again.
    pub attempts: u32,
    /// When it was opened.
    pub created_at: DateTime<Utc>,
    /// When its state last changed.
    pub updated_at: DateTime<Utc>,
}
