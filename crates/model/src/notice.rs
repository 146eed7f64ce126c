//! What people are told about their account: a closed list of kinds, by which channels, and which of it they can switch
//! off. The words are in the catalogue, `notice-KIND` and `notice-KIND-text`, one set for every channel.

use std::fmt;

use crate::email::Email;
use crate::phone::Phone;

/// A way to reach a person outside of our pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// A text message.
    Sms,
    /// A mail.
    Email,
}

impl Channel {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Sms, Self::Email];

    /// The word in the database and in forms.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::Email => "email",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.as_str() == word)
    }
}

/// Where a person can be reached.
#[derive(Clone, PartialEq, Eq)]
pub enum Contact {
    /// By text message.
    Phone(Phone),
    /// By mail.
    Email(Email),
}

impl Contact {
    /// By which channel.
    pub const fn channel(&self) -> Channel {
        match self {
            Self::Phone(_) => Channel::Sms,
            Self::Email(_) => Channel::Email,
        }
    }

    /// The number or the address.
    pub fn address(&self) -> &str {
        match self {
            Self::Phone(phone) => phone.e164(),
            Self::Email(email) => email.as_str(),
        }
    }

    /// Enough for the owner to recognise it.
    pub fn masked(&self) -> String {
        match self {
            Self::Phone(phone) => phone.masked(),
            Self::Email(email) => email.masked(),
        }
    }
}

impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Contact({}: …)", self.channel().as_str())
    }
}

/// What a notice is about, for the person's choices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// What touches who can use the account: always told by every channel.
    Security,
    /// Sign-ins from new devices.
    SignIns,
    /// The level: that it is about to lapse, what became of a check.
    Level,
    /// The terms.
    Terms,
}

impl Topic {
    /// All of them, in the order of the page.
    pub const ALL: [Self; 4] = [Self::Security, Self::SignIns, Self::Level, Self::Terms];

    /// The word in the database, in forms and in keys of texts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Security => "security",
            Self::SignIns => "sign-ins",
            Self::Level => "level",
            Self::Terms => "terms",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.as_str() == word)
    }

    /// Whether people can switch it off.
    pub const fn is_optional(self) -> bool {
        !matches!(self, Self::Security)
    }

    /// Whether it is sent by a channel as long as the person has not chosen. What is not sent is on the page.
    pub const fn by_default(self, channel: Channel) -> bool {
        match self {
            Self::Security | Self::SignIns => true,
            // One text message before a level lapses; mails only for those who want them.
            Self::Level => matches!(channel, Channel::Sms),
            Self::Terms => matches!(channel, Channel::Email),
        }
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $topic:ident, [$($arg:literal),*];)*) => {
        /// What a person is told.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            $($(#[$doc])* $name,)*
        }

        impl Kind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The key of its title, which is also the name of its template at gateways. `-text` at its end is the key
            /// of the text.
            pub const fn key(self) -> &'static str {
                match self {
                    $(Self::$name => concat!("notice-", $word),)*
                }
            }

            /// The key of its text.
            pub const fn text_key(self) -> &'static str {
                match self {
                    $(Self::$name => concat!("notice-", $word, "-text"),)*
                }
            }

            /// The word in the database.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }

            /// What fills its text, by name. Nothing that anybody typed (A222). `moment` and `day` are RFC 3339.
            pub const fn args(self) -> &'static [&'static str] {
                match self {
                    $(Self::$name => &[$($arg),*],)*
                }
            }

            /// What it is about.
            pub const fn topic(self) -> Topic {
                match self {
                    $(Self::$name => Topic::$topic,)*
                }
            }
        }
    };
}

kinds! {
    /// A sign-in with a browser that was not known.
    NewDevice = "new-device", SignIns, ["device", "network"];
    /// A computer was signed in by scanning with a phone.
    ScanApproved = "scan-approved", SignIns, ["device", "network"];
    /// The password is another one.
    PasswordChanged = "password-changed", Security, [];
    /// A factor was added.
    FactorAdded = "factor-added", Security, ["factor"];
    /// A factor was removed.
    FactorRemoved = "factor-removed", Security, ["factor"];
    /// A factor is going to be removed.
    FactorRemoving = "factor-removing", Security, ["factor", "day"];
    /// A factor has another name.
    FactorRenamed = "factor-renamed", Security, ["factor"];
    /// New recovery codes were made; older ones are void.
    CodesMade = "codes-made", Security, [];
    /// A recovery code was used.
    CodeUsed = "code-used", Security, ["left"];
    /// Somebody wants to get back into the account.
    RecoveryStarted = "recovery-started", Security, ["moment"];
    /// Somebody is about to show their face to get back into the account.
    RecoveryByFace = "recovery-by-face", Security, [];
    /// Somebody got back into the account and chose a new password.
    RecoveryDone = "recovery-done", Security, [];
    /// Getting back into the account was stopped.
    RecoveryStopped = "recovery-stopped", Security, [];
    /// The phone is going to be another one.
    PhoneChanging = "phone-changing", Security, ["moment"];
    /// The phone is another one.
    PhoneChanged = "phone-changed", Security, ["phone"];
    /// The e-mail address is going to be another one.
    EmailChanging = "email-changing", Security, ["moment"];
    /// The e-mail address is another one, or gone.
    EmailChanged = "email-changed", Security, ["email"];
    /// The user name is another one.
    UsernameChanged = "username-changed", Security, [];
    /// A change of phone, address or user name was taken back.
    ChangeUndone = "change-undone", Security, [];
    /// Something that was going to happen, and that the owner was told of, did not.
    ChangeEnded = "change-ended", Security, [];
    /// Somebody else has proven the phone: it is going to leave the account.
    NumberDisputed = "number-disputed", Security, ["moment"];
    /// The phone has left the account, because somebody else has proven it.
    NumberGone = "number-gone", Security, [];
    /// The owner said that it was not them: nobody can use the account.
    Held = "held", Security, [];
    /// The account is going to be closed.
    ClosingStarted = "closing-started", Security, ["day"];
    /// The account stays.
    ClosingStopped = "closing-stopped", Security, [];
    /// The account is closed.
    Closed = "closed", Security, [];
    /// Operators stopped the account.
    Suspended = "suspended", Security, ["reason"];
    /// The account can be used again.
    Restored = "restored", Security, [];
    /// Operators ended the account.
    Terminated = "terminated", Security, ["reason"];
    /// Operators lifted what they did, or its time is over; the account is out of use as it was before.
    Lifted = "lifted", Security, ["stays"];
    /// An objection was decided.
    AppealDecided = "appeal-decided", Security, ["outcome"];
    /// Rules were added to the terms.
    AgreementSupplement = "agreement-supplement", Terms, ["agreement", "day"];
    /// The terms change and have to be accepted.
    AgreementMaterial = "agreement-material", Security, ["agreement", "day"];
    /// A level is going to lapse.
    LevelLapses = "level-lapses", Level, ["level", "day", "page"];
    /// The account is activated.
    Activated = "activated", Security, [];
    /// What one's own data are was exported.
    DataExported = "data-exported", Security, [];
}

impl Kind {
    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == word)
    }

    /// Whether it goes out by every channel, whatever the person chose.
    pub const fn is_required(self) -> bool {
        !self.topic().is_optional()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn words_are_read_back_and_differ() {
        let words: BTreeSet<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
        assert_eq!(words.len(), Kind::ALL.len());
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.as_str()), Some(*kind));
            assert_eq!(kind.text_key(), format!("{}-text", kind.key()));
        }
        for topic in Topic::ALL {
            assert_eq!(Topic::parse(topic.as_str()), Some(topic));
        }
        for channel in Channel::ALL {
            assert_eq!(Channel::parse(channel.as_str()), Some(channel));
        }
        assert_eq!(Kind::parse("PasswordChanged"), None);
    }

    #[test]
    fn attack_235_what_touches_who_can_use_the_account_cannot_be_switched_off() {
        for kind in [
            Kind::PasswordChanged,
            Kind::FactorRemoving,
            Kind::RecoveryStarted,
            Kind::PhoneChanging,
            Kind::EmailChanged,
            Kind::ClosingStarted,
        ] {
            assert!(kind.is_required(), "{kind:?}");
        }
        assert!(
            Channel::ALL
                .iter()
                .all(|channel| Topic::Security.by_default(*channel))
        );
        assert!(!Kind::NewDevice.is_required());
    }

    #[test]
    fn attack_290_a_contact_is_not_printed() {
        let contact = Contact::Email(Email::parse("zhang@example.com").unwrap());
        assert_eq!(format!("{contact:?}"), "Contact(email: …)");
        assert_eq!(contact.masked(), "z***@example.com");
    }
}
