//! What changes, where a change stands, and how one ends.

use crate::error::StoreError;

/// What changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The phone.
    Phone,
    /// The e-mail address.
    Email,
    /// The user name.
    Username,
    /// A new password after a recovery, or what a counter allows.
    Recovery,
    /// The account closes.
    Closing,
    /// The phone leaves the account, because somebody else has it now.
    NumberDispute,
    /// A factor that its owner has lost goes.
    Factor,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Phone,
        Self::Email,
        Self::Username,
        Self::Recovery,
        Self::Closing,
        Self::NumberDispute,
        Self::Factor,
    ];

    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Email => "email",
            Self::Username => "username",
            Self::Recovery => "recovery",
            Self::Closing => "closing",
            Self::NumberDispute => "number_dispute",
            Self::Factor => "factor",
        }
    }

    pub(super) fn parse(word: &str) -> Result<Self, StoreError> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == word)
            .ok_or(StoreError::Malformed("account_change.kind"))
    }
}

/// Where a change stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Somebody has to agree first; no time makes it happen.
    Proposed,
    /// It happens when its time comes.
    Waiting,
    /// It has happened.
    Applied,
    /// It did not happen and will not, or was taken back.
    Ended,
}

impl State {
    const ALL: [Self; 4] = [Self::Proposed, Self::Waiting, Self::Applied, Self::Ended];

    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Waiting => "waiting",
            Self::Applied => "applied",
            Self::Ended => "ended",
        }
    }

    pub(super) fn parse(word: &str) -> Result<Self, StoreError> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == word)
            .ok_or(StoreError::Malformed("account_change.state"))
    }
}

/// How a change ended, if it did not just happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum How {
    /// The owner stopped it on a page of the account, or by signing in.
    Stopped,
    /// The owner said by a link that it was not them.
    NotMe,
    /// It was taken back after it had happened.
    Undone,
    /// A newer one took its place.
    Replaced,
    /// When its time came it was not possible any more.
    Failed,
    /// Nobody agreed in time, or somebody refused.
    Refused,
    /// What it allowed was used, or its time is over.
    Used,
}

impl How {
    const ALL: [Self; 7] = [
        Self::Stopped,
        Self::NotMe,
        Self::Undone,
        Self::Replaced,
        Self::Failed,
        Self::Refused,
        Self::Used,
    ];

    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::NotMe => "not_me",
            Self::Undone => "undone",
            Self::Replaced => "replaced",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::Used => "used",
        }
    }

    pub(super) fn parse(word: &str) -> Result<Self, StoreError> {
        Self::ALL
            .into_iter()
            .find(|how| how.as_str() == word)
            .ok_or(StoreError::Malformed("account_change.ended_how"))
    }
}
