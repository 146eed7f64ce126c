//! Whom a token is about, as part of the statement that reads the token: the account, what the person allows the
//! sub-site today, and when the sign-in is over.

use chrono::{DateTime, Utc};
use model::scope::ScopeSet;
use sea_orm::QueryResult;

use crate::accounts::{self, Account};
use crate::entity::account;
use crate::error::StoreError;
use crate::tx::Tx;

/// The names of the columns that are computed.
pub(crate) const ALLOWED: &str = "allowed_today";
pub(crate) const SIGN_IN_OVER: &str = "sign_in_over";

/// Whom a token is about.
#[derive(Clone, Debug)]
pub struct Holder {
    /// The account.
    pub account: Account,
    /// What the person allows the sub-site today; `None` when nothing was decided or it was taken back.
    pub allowed: Option<ScopeSet>,
    /// When the sign-in is over; `None` when somebody ended it or its row is gone.
    pub sign_in_over: Option<DateTime<Utc>>,
}

/// The computed columns of a row, with the account.
pub(crate) fn from_row(tx: &Tx, row: &QueryResult, owner: account::Model) -> Result<Holder, StoreError> {
    let allowed: Option<String> = row.try_get("", ALLOWED)?;
    Ok(Holder {
        account: accounts::from_row(tx, owner)?,
        allowed: allowed.as_deref().map(ScopeSet::parse_lenient),
        sign_in_over: row.try_get("", SIGN_IN_OVER)?,
    })
}
