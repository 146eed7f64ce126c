//! Where a verification case stands: one state machine for checks by a source and for decisions by people.
//!
//! ```text
//! started -> checking -> passed | mismatch | not_found | conflict | restricted
//!                     -> unavailable -> checking …        (asked again by itself) | expired
//! mismatch, not_found, conflict -> in_review -> approved | rejected
//!                                  in_review <-> needs_more_information -> expired
//!                                  rejected -> appealed -> approved | rejected
//! restricted -> approved | rejected; rejected -> restricted    (looked at again)
//! ```
//!
//! What this does not do: it does not know who may move a case; see `account::evidence` and the operators' pages.

use serde::{Deserialize, Serialize};

/// Where a case stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Typed, and kept while another page comes first; nobody was asked yet.
    Started,
    /// The source is being asked. Should the node stop in the middle, the case is taken up again.
    Checking,
    /// The source did not answer; it is asked again by itself.
    Unavailable,
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
    /// The person who decides waits for something from its owner.
    NeedsMoreInformation,
    /// A person has decided that it is so; there is evidence.
    Approved,
    /// A person has decided that it is not so.
    Rejected,
    /// Its owner does not agree: another person decides.
    Appealed,
    /// A newer case took its place, or its owner took it back.
    Replaced,
    /// The source never answered, or its owner did not.
    Expired,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::Started,
        Self::Checking,
        Self::Unavailable,
        Self::Passed,
        Self::Mismatch,
        Self::NotFound,
        Self::Conflict,
        Self::Restricted,
        Self::InReview,
        Self::NeedsMoreInformation,
        Self::Approved,
        Self::Rejected,
        Self::Appealed,
        Self::Replaced,
        Self::Expired,
    ];

    /// The word in the database. Two are older than the state's name: `draft` and `waiting`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Started => "draft",
            Self::Checking => "checking",
            Self::Unavailable => "waiting",
            Self::Passed => "passed",
            Self::Mismatch => "mismatch",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::Restricted => "restricted",
            Self::InReview => "in_review",
            Self::NeedsMoreInformation => "needs_more_information",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Appealed => "appealed",
            Self::Replaced => "replaced",
            Self::Expired => "expired",
        }
    }

    /// Reads the word in the database.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// Whether a case may move from here to there: the table of the machine.
    pub const fn may_become(self, to: Self) -> bool {
        match self {
            Self::Started => matches!(
                to,
                Self::Checking | Self::InReview | Self::Replaced | Self::Expired
            ),
            Self::Checking => matches!(
                to,
                Self::Passed
                    | Self::Mismatch
                    | Self::NotFound
                    | Self::Conflict
                    | Self::Restricted
                    | Self::Unavailable
                    | Self::NeedsMoreInformation
                    | Self::Replaced
                    | Self::Expired
            ),
            Self::Unavailable => matches!(
                to,
                Self::Checking
                    | Self::Passed
                    | Self::Mismatch
                    | Self::NotFound
                    | Self::Conflict
                    | Self::Restricted
                    | Self::NeedsMoreInformation
                    | Self::Replaced
                    | Self::Expired
            ),
            Self::Mismatch | Self::NotFound | Self::Conflict => {
                matches!(to, Self::InReview | Self::Replaced | Self::Expired)
            }
            Self::Restricted => matches!(to, Self::Approved | Self::Rejected),
            Self::InReview => matches!(
                to,
                Self::NeedsMoreInformation | Self::Approved | Self::Rejected | Self::Replaced | Self::Expired
            ),
            Self::NeedsMoreInformation => {
                matches!(
                    to,
                    Self::InReview | Self::Checking | Self::Replaced | Self::Expired
                )
            }
            // The owner of a frozen account cannot appeal: an operator has the case looked at again.
            Self::Rejected => matches!(to, Self::Appealed | Self::Restricted),
            Self::Appealed => matches!(
                to,
                Self::NeedsMoreInformation | Self::Approved | Self::Rejected | Self::Replaced
            ),
            Self::Passed | Self::Approved | Self::Replaced | Self::Expired => false,
        }
    }

    /// Whether something still happens to the case.
    pub const fn is_open(self) -> bool {
        matches!(
            self,
            Self::Checking
                | Self::Unavailable
                | Self::InReview
                | Self::NeedsMoreInformation
                | Self::Appealed
                | Self::Restricted
        )
    }

    /// Whether it waits for an operator.
    pub const fn is_queued(self) -> bool {
        matches!(self, Self::InReview | Self::Appealed | Self::Restricted)
    }

    /// Whether what was typed is still needed: for the next try, or for the person who decides.
    pub const fn keeps_input(self) -> bool {
        !matches!(
            self,
            Self::Passed | Self::Approved | Self::Replaced | Self::Expired
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_that_has_ended_goes_nowhere_and_none_becomes_what_it_is() {
        for state in State::ALL {
            assert!(!state.may_become(state), "{state:?}");
            let onward = State::ALL.into_iter().any(|to| state.may_become(to));
            assert!(onward || !state.is_open(), "{state:?} is open and leads nowhere");
            assert_eq!(State::parse(state.as_str()), Some(state));
        }
        for ended in [State::Passed, State::Approved, State::Replaced, State::Expired] {
            assert!(State::ALL.into_iter().all(|to| !ended.may_become(to)));
            assert!(!ended.keeps_input());
        }
        assert_eq!(State::parse("Passed"), None);
    }

    #[test]
    fn attack_251_only_an_answer_or_a_person_makes_evidence() {
        for state in State::ALL {
            let asked = matches!(state, State::Checking | State::Unavailable);
            assert_eq!(state.may_become(State::Passed), asked, "{state:?}");
            let decided = state.is_queued();
            assert_eq!(state.may_become(State::Approved), decided, "{state:?}");
        }
    }

    #[test]
    fn every_state_can_be_reached() {
        for to in State::ALL.into_iter().filter(|to| *to != State::Started) {
            assert!(State::ALL.into_iter().any(|from| from.may_become(to)), "{to:?}");
        }
    }
}
