//! Mails to an address that nobody has proven yet: the link that proves it, or the word that it has an account. Anybody
//! can type any address, so each gets few of them.

use chrono::TimeDelta;
use model::email::Email;
use model::ids::MessageId;
use model::language::Language;
use model::secret::Sensitive;
use store::outbox::{Channel, NewMessage};
use store::throttles::{self, Rule};
use store::{StoreError, Tx};
use web::language::Value;

use super::words;
use crate::Service;

const HOUR_SECONDS: i64 = 3600;
const DAY_SECONDS: i64 = 24 * HOUR_SECONDS;
/// How long a mail may take to arrive, in hours.
const MESSAGE_HOURS: i64 = 24;

/// A mail.
#[derive(Debug)]
pub struct Letter {
    /// Its name, which is the key of its subject; `-text` at its end is the key of its text.
    pub template: &'static str,
    /// In which language.
    pub language: Language,
    /// What fills the text beside `service`. Nothing that anybody typed (A222).
    pub args: Vec<(&'static str, Value)>,
}

/// Writes a mail in the caller's transaction; `false`, and nothing, when the address got too many. After the commit call
/// [`Service::kick_delivery`].
pub async fn write(service: &Service, tx: &Tx, to: &Email, letter: &Letter) -> Result<bool, StoreError> {
    let (config, now, kit) = (&service.config().email, service.now(), service.kit());
    for (name, limit, window_seconds) in [
        ("mail_unproven_hour", config.unproven_per_hour, HOUR_SECONDS),
        ("mail_unproven_day", config.unproven_per_day, DAY_SECONDS),
    ] {
        let rule = Rule {
            name,
            limit,
            window_seconds,
        };
        if throttles::hit(tx, &rule, to.as_str(), now).await?.exceeded() {
            tracing::warn!(limit = name, "mail refused");
            return Ok(false);
        }
    }
    let name = kit.branding().service_name.in_language(letter.language);
    let mut args: Vec<(&str, Value)> = vec![("service", name.into())];
    args.extend(letter.args.iter().cloned());
    let subject = kit.t(letter.language, letter.template, &args);
    let text = kit.t(letter.language, &format!("{}-text", letter.template), &args);
    let message = NewMessage {
        id: MessageId::new(now, service.rng()),
        channel: Channel::Email,
        template: letter.template,
        recipient: Sensitive::new(to.as_str()),
        text: Sensitive::new(words::mail(kit, letter.language, &subject, &[Some(text)])),
        now,
        expires_at: now + TimeDelta::hours(MESSAGE_HOURS),
    };
    store::outbox::put(tx, &message).await?;
    Ok(true)
}
