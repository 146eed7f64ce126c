//! What an account proves itself with beside SMS: password, authenticator application, passkeys, printed recovery
//! codes. Enrolled, renamed and removed below `/account/security`, each time with a fresh proof of the strongest kind that
//! the account has (A225) and a notice by every channel (A235).
//!
//! - `totp`, `passkey`, `codes` the kinds; `tries` how often one may guess
//! - `panel` the list on `/account/security`
//! - `authenticator`, `keys`, `sheet` the pages; `add` what adding has in common; `remove` taking one away
//!
//! Signing in, recovering and proving once more use [`of`], [`verify_totp`], [`verify_code`], [`begin_passkey`] and
//! [`finish_passkey`]. What this does not do: it signs nobody in.

use axum::Router;
use axum::routing::get;
use chrono::{DateTime, Utc};
use model::ids::AccountId;
use serde::Deserialize;
use store::accounts::Account;
use store::factors::{Factor, Kind};
use store::recovery_codes::{self, Sheet};
use store::{StoreError, Tx};

use crate::Service;

mod add;
mod authenticator;
mod codes;
pub(crate) mod doubtful;
pub(crate) mod finish;
mod keys;
mod list;
mod panel;
pub mod passkey;
pub(crate) mod qr;
pub(crate) mod remove;
mod rename;
mod sheet;
pub mod totp;
pub(crate) mod tries;

pub use panel::panel;
pub use passkey::{Asked, Refused, Used, begin_passkey, finish_passkey};
pub use tries::Tried;

/// The `factors` section.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// From this age on a page says that the password is old, in days; 0 never does.
    pub password_suggest_days: i64,
    /// For how long that is put off by "remind me later", in days.
    pub password_later_days: i64,
    /// How long the removal of a factor waits that its owner cannot prove any more, in hours.
    pub lost_hours: i64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            password_suggest_days: 730,
            password_later_days: 90,
            lost_hours: 24,
        }
    }
}

impl Config {
    /// What is wrong with the section.
    pub fn faults(&self) -> Vec<(&'static str, &'static str)> {
        let mut faults = Vec::new();
        if !(0..=36_500).contains(&self.password_suggest_days) {
            faults.push(("password_suggest_days", "write a number from 0 to 36500"));
        }
        if !(1..=3_650).contains(&self.password_later_days) {
            faults.push(("password_later_days", "write a number from 1 to 3650"));
        }
        if !(24..=720).contains(&self.lost_hours) {
            faults.push(("lost_hours", "write a number from 24 to 720"));
        }
        faults
    }
}

/// What an account can prove itself with.
#[derive(Clone, Debug)]
pub struct Enrolled {
    /// When the password was last changed, if there is one.
    pub password: Option<DateTime<Utc>>,
    /// Authenticator applications, oldest first.
    pub totp: Vec<Factor>,
    /// Passkeys, oldest first.
    pub passkeys: Vec<Factor>,
    /// The sheet of recovery codes.
    pub sheet: Option<Sheet>,
    /// How many recovery codes can still be used.
    pub codes_left: u64,
    /// Whether there is a proven phone.
    pub phone: bool,
}

impl Enrolled {
    /// Whether a password alone does not sign in: the account has a second factor of its own.
    pub const fn two_step(&self) -> bool {
        !self.totp.is_empty() || !self.passkeys.is_empty()
    }
}

/// What an account can prove itself with.
pub async fn of(tx: &Tx, account: &Account) -> Result<Enrolled, StoreError> {
    let all = store::factors::list(tx, account.id).await?;
    let (totp, passkeys) = all.into_iter().partition(|one| one.kind == Kind::Totp);
    let password = store::credentials::find_password(tx, account.id).await?;
    let sheet = recovery_codes::find(tx, account.id).await?;
    Ok(Enrolled {
        password: password.map(|password| password.changed_at),
        totp,
        passkeys,
        sheet,
        codes_left: sheet.map_or(0, |sheet| sheet.left),
        phone: account.phone.is_some(),
    })
}

/// Tries a code of one of the account's authenticator applications. Counts the try: ask outside of a transaction.
pub async fn verify_totp(service: &Service, account: AccountId, typed: &str) -> Result<Tried, StoreError> {
    verify_totp_older(service, account, typed, None).await
}

/// The same with those alone that were set up before a moment.
pub(crate) async fn verify_totp_older(
    service: &Service,
    account: AccountId,
    typed: &str,
    before: Option<DateTime<Utc>>,
) -> Result<Tried, StoreError> {
    let Some(code) = crate::otp::read_code(typed) else {
        return Ok(Tried::Unreadable);
    };
    if let Some(stopped) = tries::count(service, account, tries::What::Totp).await? {
        return Ok(stopped);
    }
    let (tx, now) = (service.store().read(), service.now());
    let all = store::factors::list(&tx, account).await?;
    // All are compared, so that the time does not tell which it was.
    let right: Vec<_> = all
        .iter()
        .filter(|one| one.kind == Kind::Totp)
        .filter(|one| before.is_none_or(|before| one.created_at < before))
        .filter_map(|one| Some((one.id, totp::step_of(&one.secret, code.expose(), now)?)))
        .collect();
    // The same code of two applications is one in a million: the first is used up.
    let Some((id, step)) = right.first() else {
        return Ok(Tried::Wrong);
    };
    if !store::factors::use_step(&tx, *id, *step, now).await? {
        return Ok(Tried::Used);
    }
    tries::forgive(service, account, tries::What::Totp).await?;
    Ok(Tried::Right)
}

/// Tries a printed recovery code, which is used up when it is right. Counts the try: ask outside of a transaction.
pub async fn verify_code(service: &Service, account: AccountId, typed: &str) -> Result<Tried, StoreError> {
    let Some(code) = codes::read(typed) else {
        return Ok(Tried::Unreadable);
    };
    if let Some(stopped) = tries::count(service, account, tries::What::Code).await? {
        return Ok(stopped);
    }
    let tx = service.store().read();
    if !recovery_codes::redeem(&tx, account, &code, service.now()).await? {
        let used = recovery_codes::was_used(&tx, account, &code).await?;
        return Ok(if used { Tried::Used } else { Tried::Wrong });
    }
    tries::forgive(service, account, tries::What::Code).await?;
    Ok(Tried::Right)
}

/// The pages below `/account/security`.
pub(crate) fn routes() -> Router<Service> {
    Router::new()
        .merge(crate::password::pages::routes())
        .merge(list::routes())
        .route("/account/security/authenticator", get(authenticator::show))
        .route(
            "/account/security/authenticator/new",
            get(authenticator::show_new).post(authenticator::submit_new),
        )
        .route("/account/security/passkeys", get(keys::show))
        .route(
            "/account/security/passkeys/new",
            get(keys::show_new).post(keys::submit_new),
        )
        .route("/account/security/codes", get(sheet::show).post(sheet::make))
        .route(
            "/account/security/codes/sheet",
            get(sheet::show_sheet).post(sheet::kept),
        )
}

#[cfg(test)]
pub(crate) mod soft;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
