//! What a source is: something outside that is asked whether facts agree, and answers in one of seven ways
//! (`facts/domain.md` 3.3). An eighth, invalid input, never reaches a source: our own checks come first.
//!
//! [`Verified`] is the only thing that evidence is made from, and only [`judge`] makes it, out of a source's own
//! word that everything agreed.

use std::fmt;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use model::evidence::{Details, SourceId};
use store::cases::Input;

/// The source that compares name and citizen ID number.
pub const POPULATION_REGISTER: &str = "population_register";
/// The source that compares name, citizen ID number and phone.
pub const MOBILE_OPERATOR: &str = "mobile_operator";

/// The longest reference of a source that is kept, in bytes.
const REFERENCE_BYTES: usize = 120;

/// What a source said, normalised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// All facts agree.
    Match,
    /// The number is known, and something differs.
    Mismatch,
    /// The number is not known there.
    NotFound,
    /// Dead, cancelled or locked.
    Restricted,
    /// No answer, or none that can be understood. Never a pass, never a failed try (A251).
    Unavailable,
    /// The source does not serve us: key, quota, allow-list. For the person the same as unavailable.
    Refused,
}

impl Word {
    /// The word in logs and in the audit log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Match => "match",
            Self::Mismatch => "mismatch",
            Self::NotFound => "not_found",
            Self::Restricted => "restricted",
            Self::Unavailable => "unavailable",
            Self::Refused => "refused",
        }
    }
}

/// What came back from a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// What it said.
    pub word: Word,
    /// Its own number for the answer.
    pub reference: Option<String>,
    /// Until when it vouches at most; the ladder's life may end earlier.
    pub until: Option<DateTime<Utc>>,
    /// How it knows.
    pub details: Details,
}

impl Reply {
    /// An answer and nothing more.
    pub fn bare(word: Word) -> Self {
        Self {
            word,
            reference: None,
            until: None,
            details: Details::default(),
        }
    }

    /// With the source's own number.
    #[must_use]
    pub fn with_reference(mut self, reference: Option<String>) -> Self {
        self.reference = reference;
        self
    }
}

/// A source that can be asked. Adapters keep their own time limit and always answer.
#[async_trait]
pub trait Source: Send + Sync + fmt::Debug {
    /// Asks whether the facts agree.
    async fn ask(&self, facts: &Input) -> Reply;
}

/// Facts that a source has confirmed. Nothing but a source's check makes one.
///
/// ```compile_fail,E0451
/// fn forge(source: model::evidence::SourceId, facts: store::cases::Input) -> account::evidence::source::Verified {
///     account::evidence::source::Verified {
///         source, facts, reference: None, until: None, details: Default::default()
///     }
/// }
/// ```
#[derive(Debug)]
pub struct Verified {
    source: SourceId,
    facts: Input,
    reference: Option<String>,
    until: Option<DateTime<Utc>>,
    details: Details,
}

impl Verified {
    /// Who confirmed them.
    pub const fn source(&self) -> &SourceId {
        &self.source
    }

    /// What was confirmed.
    pub const fn facts(&self) -> &Input {
        &self.facts
    }

    /// The source's own number for the answer.
    pub fn reference(&self) -> Option<&str> {
        self.reference.as_deref()
    }

    /// Until when the source vouches at most.
    pub const fn until(&self) -> Option<DateTime<Utc>> {
        self.until
    }

    /// How the source knows.
    pub const fn details(&self) -> &Details {
        &self.details
    }
}

/// The outcome of a check.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "one for each answer, matched at once")]
pub enum Finding {
    /// Confirmed.
    Match(Verified),
    /// Not confirmed, and why.
    Not(Denial),
}

/// Why facts are not confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// Something differs.
    Mismatch,
    /// The number is not known.
    NotFound,
    /// The record is locked, cancelled or of somebody who died.
    Restricted,
    /// Not checked.
    Unavailable,
}

impl Denial {
    /// Whether it was a try. What was not checked never counts (A251).
    pub const fn counts(self) -> bool {
        !matches!(self, Self::Unavailable)
    }
}

/// Turns a source's reply into a finding.
pub(super) fn judge(source: &SourceId, facts: &Input, reply: Reply) -> Finding {
    Finding::Not(match reply.word {
        Word::Match => {
            return Finding::Match(Verified {
                source: source.clone(),
                facts: facts.clone(),
                reference: reply.reference.filter(|text| is_plain_reference(text)),
                until: reply.until,
                details: reply.details,
            });
        }
        Word::Mismatch => Denial::Mismatch,
        Word::NotFound => Denial::NotFound,
        Word::Restricted => Denial::Restricted,
        Word::Unavailable | Word::Refused => Denial::Unavailable,
    })
}

/// References are shown to operators; what a broken source puts there is not kept.
fn is_plain_reference(text: &str) -> bool {
    !text.is_empty() && text.len() <= REFERENCE_BYTES && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicU32, Ordering};

    use chrono::NaiveDate;
    use model::citizen_id::CitizenId;
    use model::person_name::PersonName;

    use super::*;

    /// A source that says what the test tells it to, and counts how often it was asked.
    #[derive(Debug)]
    pub(crate) struct Scripted {
        word: Mutex<Word>,
        seen: Mutex<Vec<Input>>,
        pub(crate) asked: AtomicU32,
    }

    impl Scripted {
        pub(crate) fn saying(word: Word) -> Self {
            Self {
                word: Mutex::new(word),
                seen: Mutex::default(),
                asked: AtomicU32::new(0),
            }
        }

        /// What it was asked last.
        pub(crate) fn newest(&self) -> Option<Input> {
            self.seen.lock().unwrap().last().cloned()
        }

        pub(crate) fn say(&self, word: Word) {
            *self.word.lock().unwrap() = word;
        }
    }

    #[async_trait]
    impl Source for Scripted {
        async fn ask(&self, facts: &Input) -> Reply {
            self.asked.fetch_add(1, Ordering::SeqCst);
            self.seen.lock().unwrap().push(facts.clone());
            Reply::bare(*self.word.lock().unwrap()).with_reference(Some("REG-1".to_owned()))
        }
    }

    pub(crate) fn facts() -> Input {
        let today = NaiveDate::from_ymd_opt(2026, 6, 1).unwrap();
        Input {
            name: PersonName::parse("张明远").unwrap(),
            citizen_id: CitizenId::parse("340000199003070012", today).unwrap(),
            phone: None,
            more: store::cases::Factors::none(),
        }
    }

    #[test]
    fn attack_251_only_the_word_match_is_a_pass_and_an_outage_is_no_try() {
        let source = SourceId::parse(POPULATION_REGISTER).unwrap();
        for word in [
            Word::Mismatch,
            Word::NotFound,
            Word::Restricted,
            Word::Unavailable,
            Word::Refused,
            Word::Match,
        ] {
            let finding = judge(&source, &facts(), Reply::bare(word));
            assert_eq!(
                matches!(finding, Finding::Match(_)),
                word == Word::Match,
                "{word:?}"
            );
            if let Finding::Not(denial) = finding {
                let no_try = matches!(word, Word::Unavailable | Word::Refused);
                assert_eq!(denial.counts(), !no_try, "{word:?}");
            }
        }
    }

    #[test]
    fn a_finding_holds_what_was_asked_and_what_came_back_and_nothing_else() {
        let source = SourceId::parse(MOBILE_OPERATOR).unwrap();
        let until = DateTime::from_timestamp(1_800_000_000, 0);
        let details = Details {
            partner: Some("partner".to_owned()),
            ..Details::default()
        };
        let reply = Reply {
            until,
            details: details.clone(),
            ..Reply::bare(Word::Match)
        };
        let Finding::Match(verified) = judge(&source, &facts(), reply) else {
            panic!("a match")
        };
        assert_eq!((verified.source(), verified.facts()), (&source, &facts()));
        assert_eq!((verified.until(), verified.details()), (until, &details));
        assert_eq!(verified.reference(), None);
    }

    #[test]
    fn every_word_has_a_name_of_its_own_in_logs() {
        let words = [
            Word::Match,
            Word::Mismatch,
            Word::NotFound,
            Word::Restricted,
            Word::Unavailable,
            Word::Refused,
        ];
        assert_eq!(
            words.map(Word::as_str),
            [
                "match",
                "mismatch",
                "not_found",
                "restricted",
                "unavailable",
                "refused"
            ]
        );
    }

    #[test]
    fn a_reference_that_is_not_plain_is_dropped() {
        let source = SourceId::parse(POPULATION_REGISTER).unwrap();
        let kept = |reference: &str| {
            let reply = Reply::bare(Word::Match).with_reference(Some(reference.to_owned()));
            match judge(&source, &facts(), reply) {
                Finding::Match(verified) => verified.reference().map(str::to_owned),
                Finding::Not(_) => panic!("a match"),
            }
        };
        assert_eq!(kept("REG-20260601-1"), Some("REG-20260601-1".to_owned()));
        let longest = "x".repeat(120);
        assert_eq!(kept(&longest), Some(longest.clone()));
        for bad in ["", "a b", "<script>\n", "张", &"x".repeat(121)] {
            assert_eq!(kept(bad), None, "{bad}");
        }
    }
}
