//! Every text that is sent and is no notice: one-time codes, verifications and reviews, and mails with a link or a code. A
//! closed list, with what fills each; the words are in `messages.ftl`, in the frames of notices. Their names are the names
//! of templates at gateways.

use chrono::{DateTime, Utc};
use model::ids::MessageId;
use model::language::Language;
use model::notice::Channel;
use model::phone::Phone;
use model::secret::Sensitive;
use store::outbox::{self, NewMessage};
use web::Kit;
use web::language::{Args, Value};

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $channel:ident, [$($arg:literal),*];)*) => {
        /// A text that is sent and is no notice.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Text {
            $($(#[$doc])* $name,)*
        }

        impl Text {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The name of its template at gateways.
            pub const fn template(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }

            /// By which channel it goes.
            pub const fn channel(self) -> Channel {
                match self {
                    $(Self::$name => Channel::$channel,)*
                }
            }

            /// What fills it, by name; nothing that anybody typed (A222). Only what has a `link` or a `page` among them leads
            /// anywhere.
            pub const fn args(self) -> &'static [&'static str] {
                match self {
                    $(Self::$name => &[$($arg),*],)*
                }
            }
        }
    };
}

texts! {
    /// A code to register.
    CodeRegistration = "sms-code-registration", Sms, ["code", "minutes"];
    /// A code to sign in.
    CodeSignIn = "sms-code-sign-in", Sms, ["code", "minutes"];
    /// A code before one's identity is checked.
    CodeRaiseLevel = "sms-code-raise-level", Sms, ["code", "minutes"];
    /// A code to get back into an account.
    CodeRecovery = "sms-code-recovery", Sms, ["code", "minutes"];
    /// A code to the phone that an account gets.
    CodeNewPhone = "sms-code-new-phone", Sms, ["code", "minutes"];
    /// A code to the phone that an account loses.
    CodeOldPhone = "sms-code-old-phone", Sms, ["code", "minutes"];
    /// A code to join two accounts.
    CodeJoin = "sms-code-join", Sms, ["code", "minutes"];
    /// A code to object to a decision.
    CodeAppeal = "sms-code-appeal", Sms, ["code", "minutes"];
    /// Instead of a code: the phone has an account.
    HasAccount = "sms-has-account", Sms, ["page"];
    /// Instead of a code: the phone's account waits for its mailbox.
    AccountWaits = "sms-account-waits", Sms, ["page"];
    /// Instead of a code: the phone has no account.
    NoAccount = "sms-no-account", Sms, [];
    /// Instead of a code: there is nothing to object to.
    NoAppeal = "sms-no-appeal", Sms, [];
    /// A check was passed.
    VerifyPassed = "sms-verify-passed", Sms, [];
    /// A check has a result that does not pass by itself.
    VerifyAnswered = "sms-verify-answered", Sms, [];
    /// A check cannot be done online.
    VerifyRestricted = "sms-verify-restricted", Sms, [];
    /// A check was given up.
    VerifyExpired = "sms-verify-expired", Sms, [];
    /// A check lacks something that is stored nowhere.
    VerifyTypeAgain = "sms-verify-type-again", Sms, [];
    /// A case was approved.
    ReviewApproved = "sms-review-approved", Sms, [];
    /// A case was not approved.
    ReviewRejected = "sms-review-rejected", Sms, [];
    /// A case needs something.
    ReviewMore = "sms-review-more", Sms, [];
    /// A case ended for want of an answer.
    ReviewExpired = "sms-review-expired", Sms, [];
    /// Two accounts were joined.
    AccountsJoined = "sms-accounts-joined", Sms, ["case", "hours", "page", "word"];
    /// A used refresh token was shown again.
    RefreshReplayed = "sms-refresh-replayed", Sms, ["site"];
    /// The link that activates an account.
    MailActivate = "mail-activate", Email, ["hours", "link"];
    /// Instead of that link: the address has an account.
    MailHasAccount = "mail-has-account", Email, [];
    /// A code to get back into an account.
    MailRecovery = "recover-mail", Email, ["code", "minutes"];
    /// The link for an address that an account gets. It stands below the text.
    MailNewAddress = "contact-mail-new", Email, ["hours"];
    /// The link for an address that an account loses. It stands below the text.
    MailOldAddress = "contact-mail-old", Email, ["hours"];
}

impl Text {
    /// The key of a mail's subject.
    pub fn subject_key(self) -> String {
        match self {
            Self::MailActivate | Self::MailHasAccount => self.template().to_owned(),
            _ => format!("{}-subject", self.template()),
        }
    }

    /// The key of its words.
    pub fn text_key(self) -> String {
        match self.channel() {
            Channel::Sms => self.template().to_owned(),
            Channel::Email => format!("{}-text", self.template()),
        }
    }

    /// What a text message says: the name of the service, which is how people tell a real one, and the words.
    pub fn sms(self, kit: &Kit, language: Language, args: Args<'_>) -> String {
        let words = kit.t(language, &self.text_key(), args);
        let service = kit.branding().service_name.in_language(language);
        let frame = [("service", Value::from(service)), ("text", Value::from(words))];
        kit.t(language, "notice-frame-sms", &frame)
    }
}

/// A text message.
#[derive(Debug)]
pub struct Sms<'a> {
    /// What it says.
    pub text: Text,
    /// In which language.
    pub language: Language,
    /// What fills it.
    pub args: Args<'a>,
    /// Whom it goes to.
    pub to: &'a Phone,
    /// After this it is of no use.
    pub expires_at: DateTime<Utc>,
}

impl<'a> Sms<'a> {
    /// The message for the outbox.
    pub fn message(&self, kit: &Kit) -> NewMessage<'a> {
        let now = kit.now();
        NewMessage {
            id: MessageId::new(now, kit.rng()),
            channel: outbox::Channel::Sms,
            template: self.text.template(),
            recipient: Sensitive::new(self.to.e164()),
            text: Sensitive::new(self.text.sms(kit, self.language, self.args)),
            now,
            expires_at: self.expires_at,
        }
    }
}
