//! What a case is: where it stands, what was typed, its number.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use model::citizen_id::CitizenId;
use model::evidence::SourceId;
use model::ids::{AccountId, CaseId};
use model::person_name::PersonName;
use model::phone::Phone;
use model::rng::Rng;
use model::secret::Sensitive;
use serde::{Deserialize, Serialize};

pub use model::case::State;

/// What is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// The name.
    pub name: PersonName,
    /// The citizen ID number.
    pub citizen_id: CitizenId,
    /// The phone, where the source compares it.
    pub phone: Option<Phone>,
    /// What else the source compares.
    pub more: Factors,
}

/// Something else that a source compares: an account number, a file number, a date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Factor {
    /// Its value, as the source wants it.
    pub value: Sensitive<String>,
    /// Whether it may be stored, sealed, while the case needs it. A bank card may not.
    pub kept: bool,
}

/// Further factors by name, as the source's own file names them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Factors(BTreeMap<String, Factor>);

impl Factors {
    /// None.
    pub const fn none() -> Self {
        Self(BTreeMap::new())
    }

    /// With one more.
    #[must_use]
    pub fn with(mut self, name: &str, value: String, kept: bool) -> Self {
        let value = Sensitive::new(value);
        self.0.insert(name.to_owned(), Factor { value, kept });
        self
    }

    /// One of them.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|factor| factor.value.expose().as_str())
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Factor)> {
        self.0.iter().map(|(name, factor)| (name.as_str(), factor))
    }

    /// Those that may be stored.
    #[must_use]
    pub fn kept(&self) -> Self {
        let kept = self.0.iter().filter(|(_, factor)| factor.kept);
        Self(
            kept.map(|(name, factor)| (name.clone(), factor.clone()))
                .collect(),
        )
    }

    /// Whether all of them may be stored.
    pub fn all_kept(&self) -> bool {
        self.0.values().all(|factor| factor.kept)
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct SealedInput {
    pub(super) name: String,
    pub(super) citizen_id: String,
    pub(super) phone: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) more: BTreeMap<String, String>,
}

impl SealedInput {
    pub(super) fn of(input: &Input) -> Self {
        let kept = input.more.iter().filter(|(_, factor)| factor.kept);
        Self {
            name: input.name.as_str().to_owned(),
            citizen_id: input.citizen_id.as_str().to_owned(),
            phone: input.phone.as_ref().map(|phone| phone.e164().to_owned()),
            more: kept
                .map(|(name, factor)| (name.to_owned(), factor.value.expose().clone()))
                .collect(),
        }
    }

    pub(super) fn factors(self) -> Factors {
        self.more
            .into_iter()
            .fold(Factors::none(), |all, (name, value)| all.with(&name, value, true))
    }
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
