//! Whom a token is about, as part of the statement that reads the token: the account, its evidence, what the person
//! allows the sub-site today, and when the sign-in is over. Round trips are what a request costs, so it is one.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use model::evidence::Evidence;
use model::ids::EvidenceId;
use model::scope::ScopeSet;
use sea_orm::sea_query::IntoColumnRef;
use sea_orm::{ConnectionTrait as _, QueryResult, QuerySelect};

use crate::accounts::{self, Account};
use crate::entity::account;
use crate::error::StoreError;
use crate::evidence::{self, Background};
use crate::standing::{self, Footing};
use crate::tx::Tx;

/// The names of the columns that are computed.
const ALLOWED: &str = "allowed_today";
const SIGN_IN_OVER: &str = "sign_in_over";
const EVIDENCE: &str = "evidence_today";

/// Adds the computed columns to a statement that is joined with the account.
pub(crate) fn select<S: QuerySelect, C: IntoColumnRef + Copy>(query: S, tx: &Tx, row: &Footing<C>) -> S {
    query
        .expr_as(standing::allowed(row), ALLOWED)
        .expr_as(standing::sign_in_over(row), SIGN_IN_OVER)
        .expr_as(evidence::column(tx.get_database_backend()), EVIDENCE)
}

/// Whom a token is about.
#[derive(Clone, Debug)]
pub struct Holder {
    /// The account.
    pub account: Account,
    /// The account's evidence that has not ended, newest first.
    pub evidence: Vec<Evidence>,
    /// How each piece was gained, where anything is known of it.
    pub backgrounds: BTreeMap<EvidenceId, Background>,
    /// What the person allows the sub-site today; `None` when nothing was decided or it was taken back.
    pub allowed: Option<ScopeSet>,
    /// When the sign-in is over; `None` when somebody ended it or its row is gone.
    pub sign_in_over: Option<DateTime<Utc>>,
}

/// The computed columns of a row, with the account.
pub(crate) fn from_row(tx: &Tx, row: &QueryResult, owner: account::Model) -> Result<Holder, StoreError> {
    let allowed: Option<String> = row.try_get("", ALLOWED)?;
    let held: Option<String> = row.try_get("", EVIDENCE)?;
    let (evidence, backgrounds) = evidence::from_column(held.as_deref())?;
    Ok(Holder {
        account: accounts::from_row(tx, owner)?,
        evidence,
        backgrounds,
        allowed: allowed.as_deref().map(ScopeSet::parse_lenient),
        sign_in_over: row.try_get("", SIGN_IN_OVER)?,
    })
}
