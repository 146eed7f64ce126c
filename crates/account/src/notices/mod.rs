//! Telling people what happened to their account: by text message, by mail, and on a page of their own.
//!
//! [`tell`] writes all of it in the caller's transaction, in the account's language; the words are one set for every
//! channel (`words`). What touches who can use an account goes out by every channel there is, whatever the person chose
//! (A235); other notices by the channels that they want, and not at night. Each phone and each address gets so many
//! messages a day and no more (A221): what is over the limit stands on the page alone. Nothing that anybody typed is in a
//! message (A222).
//!
//! - `words` how a notice reads
//! - `texts` everything else that is sent: one list, one home
//! - `letters` mails to addresses that nobody has proven yet
//! - `pages` `/account/notices` and the choices
//!
//! After the commit call [`Service::kick_delivery`]. What this does not do: one-time codes, which are `otp`'s.

use std::cmp::Ordering;

use axum::Router;
use axum::routing::{get, post};
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use model::ids::{MessageId, NoticeId};
use model::notice::{Channel, Topic};
use model::secret::Sensitive;
use serde::Deserialize;
use store::accounts::Account;
use store::notices::{Args, Wishes};
use store::outbox::NewMessage;
use store::throttles::{self, Rule};
use store::{StoreError, Tx};

use crate::Service;

pub mod letters;
mod pages;
#[cfg(test)]
mod tests;
pub mod texts;
pub(crate) mod words;

pub use model::notice::{Contact, Kind};

/// How long a message may take to arrive, in hours.
const MESSAGE_HOURS: i64 = 24;
const DAY_SECONDS: i64 = 24 * 3600;

/// The `notices` section.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How many notices one phone is sent in a day. The rest is on the page.
    pub sms_per_day: i64,
    /// How many notices one e-mail address is sent in a day.
    pub email_per_day: i64,
    /// How many notices that people can switch off one phone or address is sent in a day, beside those.
    pub optional_per_day: i64,
    /// For how many days a "this wasn't me" link works.
    pub not_me_days: i64,
    /// From this hour on notices that people can switch off wait until the morning, in the province's time.
    pub quiet_from_hour: u32,
    /// Until this hour. The same hour as `quiet_from_hour`: there is no quiet time.
    pub quiet_until_hour: u32,
    /// For how many days notices stay on the page.
    pub keep_days: i64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            sms_per_day: 20,
            email_per_day: 40,
            optional_per_day: 6,
            not_me_days: 7,
            quiet_from_hour: 22,
            quiet_until_hour: 8,
            keep_days: 400,
        }
    }
}

impl Config {
    /// What is wrong with the section: each key with what it must be.
    pub fn faults(&self) -> Vec<(&'static str, &'static str)> {
        let mut faults = Vec::new();
        let mut demand = |good: bool, key, what| {
            if !good {
                faults.push((key, what));
            }
        };
        demand(
            (1..=1000).contains(&self.sms_per_day),
            "sms_per_day",
            "must be 1 to 1000",
        );
        demand(
            (1..=1000).contains(&self.email_per_day),
            "email_per_day",
            "must be 1 to 1000",
        );
        demand(
            (1..=1000).contains(&self.optional_per_day),
            "optional_per_day",
            "must be 1 to 1000",
        );
        demand(
            (1..=60).contains(&self.not_me_days),
            "not_me_days",
            "must be 1 to 60",
        );
        demand(self.quiet_from_hour < 24, "quiet_from_hour", "must be 0 to 23");
        demand(self.quiet_until_hour < 24, "quiet_until_hour", "must be 0 to 23");
        demand(
            (30..=3650).contains(&self.keep_days),
            "keep_days",
            "must be 30 to 3650",
        );
        faults
    }
}

/// What a person is told.
#[derive(Clone, Debug)]
pub struct Told<'a> {
    /// What.
    pub kind: Kind,
    /// What fills its text: the names of [`Kind::args`]. [`moment`], [`day`] and [`key`] make values that are put into words in
    /// the language of whoever reads. Nothing that anybody typed (A222).
    pub args: &'a [(&'static str, String)],
    /// A link to put into the message, and never onto the page: "this wasn't me", "undo", "appeal".
    pub link: Option<String>,
    /// A phone or an address that is not told, because it is the one that acts. Where there is no other, it is.
    pub not_by: Option<Contact>,
}

impl Told<'_> {
    /// A notice without anything to fill in.
    pub const fn of(kind: Kind) -> Self {
        Self {
            kind,
            args: &[],
            link: None,
            not_by: None,
        }
    }
}

/// A value for [`Told::args`] that is a moment: `moment` shows day and time, `day` the day alone.
pub fn moment(at: DateTime<Utc>) -> String {
    at.to_rfc3339()
}

/// A value for [`Told::args`] that is a day of the province, whatever its zone.
pub fn day(day: NaiveDate) -> String {
    day.to_string()
}

/// A value for [`Told::args`] that is a text of the catalogue.
pub fn key(key: &str) -> String {
    format!("{KEY}{key}")
}

/// In front of the key of a text.
const KEY: &str = "key:";

/// Tells a person, in the caller's transaction: on their page, by SMS and by mail. An account without phone and address
/// has the page.
pub async fn tell(service: &Service, tx: &Tx, account: &Account, told: &Told<'_>) -> Result<(), StoreError> {
    let (now, rng) = (service.now(), service.rng());
    let args: Args = told
        .args
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect();
    let id = NoticeId::new(now, rng);
    store::notices::put(tx, account.id, (id, told.kind), &args, now).await?;
    let wishes = if told.kind.is_required() {
        Wishes::default()
    } else {
        store::notices::wishes(tx, account.id).await?
    };
    for contact in recipients(account, told.not_by.as_ref()) {
        if wishes.wants(told.kind.topic(), contact.channel()) {
            send(service, tx, account, told, &contact).await?;
        }
    }
    Ok(())
}

/// Tells a phone or an address that is not the account's, or not any more: the one that a change takes away. Not on the
/// page, whatever the person chose.
pub async fn tell_contact(
    service: &Service,
    tx: &Tx,
    account: &Account,
    told: &Told<'_>,
    contact: &Contact,
) -> Result<(), StoreError> {
    send(service, tx, account, told, contact).await
}

/// Where an account can be reached; without one of them, unless it is the only one.
fn recipients(account: &Account, not_by: Option<&Contact>) -> Vec<Contact> {
    let phone = account.phone.clone().map(Contact::Phone);
    let email = account.email.clone().map(Contact::Email);
    let all: Vec<Contact> = phone.into_iter().chain(email).collect();
    let others: Vec<Contact> = all
        .iter()
        .filter(|contact| Some(*contact) != not_by)
        .cloned()
        .collect();
    if others.is_empty() { all } else { others }
}

async fn send(
    service: &Service,
    tx: &Tx,
    account: &Account,
    told: &Told<'_>,
    contact: &Contact,
) -> Result<(), StoreError> {
    let now = service.now();
    if !within_limit(service, tx, told.kind, (contact, now)).await? {
        tracing::warn!(
            kind = told.kind.as_str(),
            channel = contact.channel().as_str(),
            "notice not sent: too many"
        );
        return Ok(());
    }
    if let (Contact::Phone(phone), Topic::SignIns) = (contact, told.kind.topic()) {
        crate::otp::count_notice(service, tx, phone).await?;
    }
    let due = if told.kind.is_required() {
        now
    } else {
        after_quiet_time(service, now)
    };
    let message = NewMessage {
        id: MessageId::new(now, service.rng()),
        channel: match contact.channel() {
            Channel::Sms => store::outbox::Channel::Sms,
            Channel::Email => store::outbox::Channel::Email,
        },
        template: told.kind.key(),
        recipient: Sensitive::new(contact.address()),
        text: Sensitive::new(words::message(
            service.kit(),
            account.language,
            told,
            contact.channel(),
        )),
        now,
        expires_at: due + TimeDelta::hours(MESSAGE_HOURS),
    };
    store::outbox::put_for(tx, &message, due).await
}

/// Counts one message to a phone or an address. What people can switch off has a count of its own: whoever causes very
/// much of it, by signing in again and again, keeps nobody from hearing of what matters (A235).
async fn within_limit(
    service: &Service,
    tx: &Tx,
    kind: Kind,
    (contact, now): (&Contact, DateTime<Utc>),
) -> Result<bool, StoreError> {
    let config = &service.config().notices;
    let (name, limit) = match (contact.channel(), kind.is_required()) {
        (Channel::Sms, true) => ("notice_sms_day", config.sms_per_day),
        (Channel::Email, true) => ("notice_email_day", config.email_per_day),
        (Channel::Sms, false) => ("notice_sms_optional_day", config.optional_per_day),
        (Channel::Email, false) => ("notice_email_optional_day", config.optional_per_day),
    };
    let rule = Rule {
        name,
        limit,
        window_seconds: DAY_SECONDS,
    };
    Ok(!throttles::hit(tx, &rule, contact.address(), now)
        .await?
        .exceeded())
}

/// Now, or the end of the night.
fn after_quiet_time(service: &Service, now: DateTime<Utc>) -> DateTime<Utc> {
    let config = &service.config().notices;
    let zone = service.kit().branding().zone();
    quiet_until(
        (config.quiet_from_hour, config.quiet_until_hour),
        now.with_timezone(&zone),
    )
    .map_or(now, |until| until.with_timezone(&Utc))
}

/// When the quiet time ends that a moment lies in.
fn quiet_until<Z: chrono::TimeZone>((from, until): (u32, u32), at: DateTime<Z>) -> Option<DateTime<Z>> {
    let (from, until) = (
        NaiveTime::from_hms_opt(from, 0, 0)?,
        NaiveTime::from_hms_opt(until, 0, 0)?,
    );
    let time = at.time();
    let (quiet, tomorrow) = match from.cmp(&until) {
        Ordering::Less => (time >= from && time < until, false),
        Ordering::Greater => (time >= from || time < until, time >= from),
        Ordering::Equal => (false, false),
    };
    let day = if tomorrow {
        at.date_naive().succ_opt()?
    } else {
        at.date_naive()
    };
    quiet
        .then(|| day.and_time(until).and_local_timezone(at.timezone()).single())
        .flatten()
}

/// Deletes notices whose time on the page is over; answers how many.
pub async fn sweep(service: &Service) -> Result<u64, StoreError> {
    let before = service.now() - TimeDelta::days(service.config().notices.keep_days);
    store::notices::forget_before(&service.store().read(), before).await
}

/// The pages.
pub fn routes() -> Router<Service> {
    Router::new()
        .route("/account/notices", get(pages::list))
        .route("/account/notices/read", post(pages::read))
        .route(
            "/account/notices/preferences",
            get(pages::preferences).post(pages::choose),
        )
}
