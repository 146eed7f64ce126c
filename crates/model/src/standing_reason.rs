//! Why an account's standing changes: a closed list. A reason is chosen and never typed, so that it can be counted,
//! translated and appealed, and holds no personal data.

use crate::standing::Status;

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $word:literal for $($status:ident)|*;)*) => {
        /// Why.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason {
            $($(#[$doc])* $name,)*
        }

        impl Reason {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The word in the database and in forms.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// The key of its text for operators.
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => concat!("standing-reason-", $word),)* }
            }

            /// The key of what the person is told.
            pub const fn told(self) -> &'static str {
                match self { $(Self::$name => concat!("standing-told-", $word),)* }
            }

            /// Whether operators may take an account to this standing for it.
            pub fn is_for(self, to: Status) -> bool {
                let allowed: &[Status] = match self { $(Self::$name => &[$(Status::$status),*],)* };
                allowed.contains(&to)
            }
        }
    };
}

reasons! {
    /// Somebody else seems to use it.
    Hijacked = "hijacked" for Suspended;
    /// The person asked for it.
    OwnerAsked = "owner_asked" for Suspended | Active;
    /// The account was given to others.
    Shared = "shared" for Suspended | Terminated;
    /// It was opened or raised with somebody else's identity or false documents.
    FalseIdentity = "false_identity" for Suspended | Terminated;
    /// It was used against the law or the agreement.
    Misuse = "misuse" for Suspended | Terminated;
    /// A court or an authority ordered it.
    AuthorityOrdered = "authority_ordered" for Suspended | Terminated;
    /// What it was suspended or ended for was not so.
    Mistake = "mistake" for Active;
    /// What it was suspended for is settled.
    Settled = "settled" for Active;
    /// An appeal was granted. Chosen by no operator: it comes with the decision.
    AppealGranted = "appeal_granted" for;
    /// The owner said that it was not them.
    NotMe = "not_me" for;
    /// The owner has proven who they are.
    OwnerProved = "owner_proved" for;
    /// The time of a suspension is over.
    TimeOver = "time_over" for;
}

impl Reason {
    /// Reads a word; `None` for what is not on the list.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.as_str() == word)
    }

    /// The reasons for which operators may take an account there, in the order in which they are offered.
    pub fn for_status(to: Status) -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(move |reason| reason.is_for(to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_read_back_and_operators_have_reasons_for_what_they_may_do_and_nothing_else() {
        for reason in Reason::ALL {
            assert_eq!(Reason::parse(reason.as_str()), Some(*reason));
        }
        for status in Status::ALL {
            let some = Reason::for_status(status).count() > 0;
            let theirs = matches!(status, Status::Suspended | Status::Terminated | Status::Active);
            assert_eq!(some, theirs, "{status:?}");
        }
    }
}
