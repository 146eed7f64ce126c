//! Whom a token is about, in one statement: the account, what the person allows the sub-site today, and when the
//! sign-in is over.

use chrono::{DateTime, Utc};
use model::ids::{AccountId, ClientId, SessionId};
use model::scope::ScopeSet;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ConnectionTrait as _, EntityTrait as _, FromQueryResult as _, QueryResult, QuerySelect as _, QueryTrait as _,
};

use crate::accounts::{self, Account};
use crate::entity::{account, consent_grant, session};
use crate::error::StoreError;
use crate::standing;
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

/// Reads all of it. One statement.
pub async fn find(
    tx: &Tx,
    account: AccountId,
    client: &ClientId,
    session: SessionId,
) -> Result<Option<Holder>, StoreError> {
    let over = Expr::col((session::Entity, session::Column::Id)).eq(session.as_uuid());
    let owner = Expr::col((consent_grant::Entity, consent_grant::Column::AccountId)).eq(account.as_uuid());
    let site = Expr::col((consent_grant::Entity, consent_grant::Column::ClientId)).eq(client.as_str());
    let query = account::Entity::find_by_id(account.as_uuid())
        .expr_as(standing::allowed(owner, site), ALLOWED)
        .expr_as(standing::sign_in_over(over), SIGN_IN_OVER)
        .into_query();
    let Some(row) = tx.query_one_raw(tx.get_database_backend().build(&query)).await? else {
        return Ok(None);
    };
    let owner = account::Model::from_query_result(&row, "")?;
    from_row(tx, &row, owner).map(Some)
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
