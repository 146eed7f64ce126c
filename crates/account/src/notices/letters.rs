//! Mails to an address that somebody typed: the link that proves it, or the word that it has an account. Anybody can type any
//! address, so each gets few of them, whoever asks ([`admit`]).

use chrono::TimeDelta;
use model::email::Email;
use model::ids::MessageId;
use model::language::Language;
use model::secret::Sensitive;
use store::outbox::{Channel, NewMessage};
use store::throttles::{self, Rule};
use store::{StoreError, Tx};
use web::language::Value;

use super::texts::Text;
use super::words;
use crate::Service;

const HOUR_SECONDS: i64 = 3600;
const DAY_SECONDS: i64 = 24 * HOUR_SECONDS;
/// How long a mail may take to arrive, in hours.
const MESSAGE_HOURS: i64 = 24;

/// A mail.
#[derive(Debug)]
pub struct Letter {
    /// What it says.
    pub text: Text,
    /// In which language.
    pub language: Language,
    /// What fills the text beside `service`. Nothing that anybody typed (A222).
    pub args: Vec<(&'static str, Value)>,
}

/// Whom a mail goes to.
#[derive(Clone, Copy, Debug)]
pub enum To<'a> {
    /// This mailbox.
    Mailbox(&'a Email),
    /// Nobody, with the work of a mail to this mailbox, which does not count as one: who asks must not see that there is
    /// nothing to send (A203).
    Nobody(&'a Email),
}

/// Counts a mail to a mailbox that somebody typed; `false` when it got too many. One count for whoever asks and whatever for:
/// nobody floods a stranger's mailbox by asking at several places (A221).
pub(crate) async fn admit(service: &Service, tx: &Tx, to: To<'_>) -> Result<bool, StoreError> {
    let (config, now) = (&service.config().email, service.now());
    let counted = match to {
        To::Mailbox(email) => email.as_str().to_owned(),
        To::Nobody(email) => format!("nobody:{}", email.as_str()),
    };
    for (name, limit, window_seconds) in [
        ("mail_unproven_hour", config.unproven_per_hour, HOUR_SECONDS),
        ("mail_unproven_day", config.unproven_per_day, DAY_SECONDS),
    ] {
        let rule = Rule {
            name,
            limit,
            window_seconds,
        };
        if throttles::hit(tx, &rule, &counted, now).await?.exceeded() {
            tracing::warn!(limit = name, "mail refused");
            return Ok(false);
        }
    }
    Ok(true)
}

/// Writes a mail in the caller's transaction; `false`, and nothing, when the address got too many. After the commit call
/// [`Service::kick_delivery`].
pub async fn write(service: &Service, tx: &Tx, to: To<'_>, letter: &Letter) -> Result<bool, StoreError> {
    if !admit(service, tx, to).await? {
        return Ok(false);
    }
    let (now, kit) = (service.now(), service.kit());
    let address = match to {
        To::Mailbox(email) | To::Nobody(email) => email.as_str(),
    };
    let name = kit.branding().service_name.in_language(letter.language);
    let mut args: Vec<(&str, Value)> = vec![("service", name.into())];
    args.extend(letter.args.iter().cloned());
    let subject = kit.t(letter.language, &letter.text.subject_key(), &args);
    let text = kit.t(letter.language, &letter.text.text_key(), &args);
    let message = NewMessage {
        id: MessageId::new(now, service.rng()),
        channel: Channel::Email,
        template: letter.text.template(),
        recipient: Sensitive::new(address),
        text: Sensitive::new(words::mail(kit, letter.language, &subject, &[Some(text)])),
        now,
        expires_at: now + TimeDelta::hours(MESSAGE_HOURS),
    };
    match to {
        To::Mailbox(_) => store::outbox::put(tx, &message).await?,
        To::Nobody(_) => store::outbox::put_for_nobody(tx, &message).await?,
    }
    Ok(true)
}
