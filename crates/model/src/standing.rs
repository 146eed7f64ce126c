//! The standing of an account, and what each way in answers in each: one table, which every way in asks.
//!
//! Somebody at a page who has not proven anything yet is never told the standing (A203): whatever is not
//! [`Answer::Yes`] looks like an account that does not exist, unless the table says what the rightful owner is offered
//! after the proof.

/// Whether an account can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Registered by e-mail; the address is not confirmed yet.
    Pending,
    /// In use.
    Active,
    /// Its owner said that somebody else used it; opens again with proof of identity.
    Held,
    /// A register says that the person is dead or the number cancelled; an operator looks at it.
    Frozen,
    /// Operators stopped it for a time or until they decide.
    Suspended,
    /// Its owner closes it; the days in which they may think again run.
    Closing,
    /// Operators ended it for good.
    Terminated,
    /// Gone for good.
    Closed,
}

impl Status {
    /// All of them, in the order of a life.
    pub const ALL: [Self; 8] = [
        Self::Pending,
        Self::Active,
        Self::Held,
        Self::Frozen,
        Self::Suspended,
        Self::Closing,
        Self::Terminated,
        Self::Closed,
    ];

    /// The word in the database, in events and in documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Held => "held",
            Self::Frozen => "frozen",
            Self::Suspended => "suspended",
            Self::Closing => "closing",
            Self::Terminated => "terminated",
            Self::Closed => "closed",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// Whether an account may go from here to there.
    pub const fn may_become(self, to: Self) -> bool {
        use Status::{Active, Closed, Closing, Frozen, Held, Pending, Suspended, Terminated};
        matches!(
            (self, to),
            (Pending, Active | Closed)
                | (Active, Held | Frozen | Suspended | Closing | Terminated | Closed)
                | (Held, Active | Frozen | Suspended | Closing | Terminated)
                | (Frozen, Active | Suspended | Terminated | Closed)
                | (Suspended, Active | Held | Frozen | Terminated | Closing)
                | (Closing, Active | Held | Frozen | Suspended | Terminated | Closed)
                | (Terminated, Active | Held | Frozen | Closing | Closed)
        )
    }
}

/// A way in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Entry {
    /// An identifier and a password, with whatever steps follow.
    SignIn,
    /// A passkey without a password before it.
    Passkey,
    /// "I forgot my password".
    Recovery,
    /// A sign-in that another party vouches for.
    TrustedSignIn,
    /// A signed-in phone that approves another device, or that device.
    Scan,
    /// A sign-in that is there already, and every token that hangs on it.
    Session,
    /// The link that makes an account usable.
    ActivateLink,
    /// The link that confirms a new address.
    ConfirmLink,
    /// The link that says "this wasn't me".
    NotMeLink,
    /// The link that stops a change or takes it back.
    UndoLink,
    /// Objecting to a decision, by its link or with the phone.
    Appeal,
    /// The owner in person at a counter.
    Counter,
    /// Registering with an identifier that the account holds.
    Register,
    /// An operator at the console.
    Operator,
}

impl Entry {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::SignIn,
        Self::Passkey,
        Self::Recovery,
        Self::TrustedSignIn,
        Self::Scan,
        Self::Session,
        Self::ActivateLink,
        Self::ConfirmLink,
        Self::NotMeLink,
        Self::UndoLink,
        Self::Appeal,
        Self::Counter,
        Self::Register,
        Self::Operator,
    ];

    /// The word in documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::Passkey => "passkey",
            Self::Recovery => "recovery",
            Self::TrustedSignIn => "trusted sign-in (not offered yet)",
            Self::Scan => "scan",
            Self::Session => "session",
            Self::ActivateLink => "link: activate",
            Self::ConfirmLink => "link: confirm an address",
            Self::NotMeLink => "link: this wasn't me",
            Self::UndoLink => "link: undo a change",
            Self::Appeal => "objection",
            Self::Counter => "counter",
            Self::Register => "register",
            Self::Operator => "operator",
        }
    }
}

/// What a way in answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Answer {
    /// As usual.
    Yes,
    /// After the right proof: only the page on which closing can be stopped.
    OnlyToKeep,
    /// Only what makes the account usable at all: the activation link, asked for again.
    OnlyToActivate,
    /// Only together with proof of identity beyond a phone.
    OnlyWithIdentity,
    /// Whoever proves the phone gets nothing of the account, but can say that the number is theirs and the account is not.
    OnlyTheNumber,
    /// Whoever has the phone is told that it has an account; the page is that of a phone without one.
    HasAccount,
    /// Exactly as for an account that does not exist.
    AsIfUnknown,
}

impl Answer {
    /// The word in documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "as usual",
            Self::OnlyToKeep => "only to keep the account",
            Self::OnlyToActivate => "only to activate",
            Self::OnlyWithIdentity => "only with proof of identity",
            Self::OnlyTheNumber => "only the number",
            Self::HasAccount => "the phone is told",
            Self::AsIfUnknown => "as if unknown",
        }
    }
}

/// What a way in answers for an account in this standing.
#[expect(clippy::match_same_arms, reason = "a line for each rule reads like the table")]
pub const fn answer(status: Status, entry: Entry) -> Answer {
    use Answer::{AsIfUnknown, HasAccount, OnlyTheNumber, OnlyToActivate, OnlyToKeep, OnlyWithIdentity, Yes};
    match (status, entry) {
        // Nothing is left of it that anybody could come in by; operators see that it was there.
        (Status::Closed, Entry::Operator) => Yes,
        (Status::Closed, _) => AsIfUnknown,
        (_, Entry::Operator) => Yes,
        (Status::Pending, Entry::ActivateLink | Entry::Register) => OnlyToActivate,
        // A phone that has an account is not free for another.
        (_, Entry::Register) => HasAccount,
        // There is nothing to activate, and no decision to object to.
        (Status::Active, Entry::ActivateLink | Entry::Appeal) => AsIfUnknown,
        (Status::Active, _) => Yes,
        (Status::Closing, Entry::SignIn | Entry::Passkey) => OnlyToKeep,
        // It can be held instead of closed; and where it is held, what the link is about is taken back all the same.
        (Status::Closing | Status::Held, Entry::NotMeLink) => Yes,
        (Status::Held, Entry::Recovery | Entry::Counter) => OnlyWithIdentity,
        // The account stays shut, but nobody's number is shut up in it (A237).
        (_, Entry::Recovery) => OnlyTheNumber,
        // Stopping what somebody else has done to it.
        (
            Status::Held | Status::Frozen | Status::Suspended | Status::Terminated | Status::Closing,
            Entry::UndoLink,
        )
        | (Status::Suspended | Status::Terminated, Entry::Appeal) => Yes,
        _ => AsIfUnknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_back_and_differ() {
        for status in Status::ALL {
            assert_eq!(Status::parse(status.as_str()), Some(status));
        }
        assert_eq!(Status::parse("Active"), None);
    }

    #[test]
    fn nobody_comes_back_from_closed_and_nobody_stays_where_they_are() {
        for status in Status::ALL {
            assert!(!Status::Closed.may_become(status));
            assert!(!status.may_become(status));
        }
    }

    #[test]
    fn attack_203_only_an_active_account_gets_a_session_by_any_way_in() {
        let ways_in = [
            Entry::SignIn,
            Entry::Passkey,
            Entry::TrustedSignIn,
            Entry::Scan,
            Entry::Session,
        ];
        for status in Status::ALL {
            for entry in ways_in {
                assert_eq!(
                    answer(status, entry) == Answer::Yes,
                    status == Status::Active,
                    "{status:?} {entry:?}"
                );
            }
        }
    }
}
