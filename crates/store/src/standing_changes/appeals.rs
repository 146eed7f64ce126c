//! Objections to a change of standing: one against each, decided once, by somebody who had no part in it.

use chrono::{DateTime, Utc};
use model::ids::{AccountId, AppealId, OperatorId, StandingChangeId};
use model::secret::Sensitive;
use model::standing::Status;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Condition, Expr, OnConflict, Query};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};

use super::{Change, WAITING_MAX, find};
use crate::entity::{account, standing_appeal, standing_change};
use crate::error::StoreError;
use crate::operators::independent;
use crate::tx::Tx;
use crate::vault::Column;

/// How an appeal ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The account is used again.
    Granted,
    /// The decision stands.
    Refused,
}

impl Outcome {
    /// The word in the database and in forms.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::Refused => "refused",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Granted, Self::Refused]
            .into_iter()
            .find(|outcome| outcome.as_str() == word)
    }
}

/// An appeal.
#[derive(Clone, Debug)]
pub struct Appeal {
    /// Its identifier.
    pub id: AppealId,
    /// Against which change.
    pub change: StandingChangeId,
    /// Of which account.
    pub account: AccountId,
    /// What the person says.
    pub text: Sensitive<String>,
    /// When.
    pub at: DateTime<Utc>,
    /// How it ended, and when.
    pub decided: Option<(Outcome, DateTime<Utc>)>,
}

/// Stores an appeal; `false` when there is one against that change already.
pub async fn appeal(tx: &Tx, new: &Appeal) -> Result<bool, StoreError> {
    let id = new.id.as_uuid();
    let row = standing_appeal::ActiveModel {
        id: Set(id),
        change_id: Set(new.change.as_uuid()),
        account_id: Set(new.account.as_uuid()),
        text_sealed: Set(tx
            .vault()
            .seal(Column::AppealText, id.as_bytes(), new.text.expose().as_bytes())?),
        at: Set(new.at),
        decided_by: Set(None),
        decided_at: Set(None),
        outcome: Set(None),
        reply: Set(None),
    };
    let inserted = standing_appeal::Entity::insert(row)
        .on_conflict(
            OnConflict::column(standing_appeal::Column::ChangeId)
                .do_nothing()
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await?;
    Ok(inserted == 1)
}

/// The appeals that nobody has decided and somebody can, oldest first: the account is still stopped.
pub async fn open_appeals(tx: &Tx) -> Result<Vec<Appeal>, StoreError> {
    let stopped = [Status::Suspended, Status::Terminated].map(Status::as_str);
    let accounts = Query::select()
        .column(account::Column::Id)
        .from(account::Entity)
        .and_where(account::Column::Status.is_in(stopped))
        .take();
    let rows = standing_appeal::Entity::find()
        .filter(standing_appeal::Column::DecidedAt.is_null())
        .filter(standing_appeal::Column::AccountId.in_subquery(accounts))
        .order_by_asc(standing_appeal::Column::At)
        .limit(WAITING_MAX)
        .all(tx)
        .await?;
    rows.into_iter().map(|row| read_appeal(tx, row)).collect()
}

/// The appeals of an account, oldest first: at most one against each change.
pub async fn appeals_of(tx: &Tx, account: AccountId) -> Result<Vec<Appeal>, StoreError> {
    let rows = standing_appeal::Entity::find()
        .filter(standing_appeal::Column::AccountId.eq(account.as_uuid()))
        .order_by_asc(standing_appeal::Column::At)
        .all(tx)
        .await?;
    rows.into_iter().map(|row| read_appeal(tx, row)).collect()
}

/// The appeal against a change.
pub async fn appeal_against(tx: &Tx, change: StandingChangeId) -> Result<Option<Appeal>, StoreError> {
    let row = standing_appeal::Entity::find()
        .filter(standing_appeal::Column::ChangeId.eq(change.as_uuid()))
        .one(tx)
        .await?;
    row.map(|row| read_appeal(tx, row)).transpose()
}

/// Decides an appeal, once, and never by whoever took part in what it is against, or is not [independent] of them.
pub async fn decide(
    tx: &Tx,
    id: AppealId,
    (operator, outcome, reply): (OperatorId, Outcome, &str),
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let me = operator.as_uuid();
    let appeal = standing_appeal::Entity::find_by_id(id.as_uuid()).one(tx).await?;
    let against = match appeal {
        Some(appeal) => find(tx, StandingChangeId::from_uuid(appeal.change_id)).await?,
        None => None,
    };
    if !independent(tx, operator, against.iter().flat_map(Change::operators)).await? {
        return Ok(false);
    }
    let mine = Query::select()
        .column(standing_change::Column::Id)
        .from(standing_change::Entity)
        .cond_where(
            Condition::any()
                .add(standing_change::Column::OperatorId.eq(me))
                .add(standing_change::Column::SecondOperatorId.eq(me)),
        )
        .take();
    let decided = standing_appeal::Entity::update_many()
        .col_expr(standing_appeal::Column::DecidedBy, Expr::value(me))
        .col_expr(standing_appeal::Column::DecidedAt, Expr::value(now))
        .col_expr(standing_appeal::Column::Outcome, Expr::value(outcome.as_str()))
        .col_expr(standing_appeal::Column::Reply, Expr::value(reply))
        .filter(standing_appeal::Column::Id.eq(id.as_uuid()))
        .filter(standing_appeal::Column::DecidedAt.is_null())
        .filter(standing_appeal::Column::ChangeId.not_in_subquery(mine))
        .exec(tx)
        .await?;
    Ok(decided.rows_affected == 1)
}

/// Ends the appeals of an account that is used again anyhow, or against what another decision has overtaken.
pub async fn settle_appeals(
    tx: &Tx,
    account: AccountId,
    outcome: Outcome,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    standing_appeal::Entity::update_many()
        .col_expr(standing_appeal::Column::DecidedAt, Expr::value(now))
        .col_expr(standing_appeal::Column::Outcome, Expr::value(outcome.as_str()))
        .filter(standing_appeal::Column::AccountId.eq(account.as_uuid()))
        .filter(standing_appeal::Column::DecidedAt.is_null())
        .exec(tx)
        .await?;
    Ok(())
}

fn read_appeal(tx: &Tx, row: standing_appeal::Model) -> Result<Appeal, StoreError> {
    let text = tx
        .vault()
        .open_text(Column::AppealText, row.id.as_bytes(), &row.text_sealed)?;
    let outcome = row.outcome.as_deref().and_then(Outcome::parse);
    Ok(Appeal {
        id: AppealId::from_uuid(row.id),
        change: StandingChangeId::from_uuid(row.change_id),
        account: AccountId::from_uuid(row.account_id),
        text: Sensitive::new(text),
        at: row.at,
        decided: outcome.zip(row.decided_at),
    })
}
