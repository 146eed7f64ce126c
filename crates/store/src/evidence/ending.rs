//! Evidence that ends, and evidence whose end is taken back.

use chrono::{DateTime, Utc};
use model::evidence::SourceId;
use model::ids::{AccountId, EvidenceId};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use crate::entity::evidence;
use crate::error::StoreError;
use crate::level_watch;
use crate::tx::Tx;

/// Ends what an account has from a source; answers how many pieces.
pub async fn end_source(
    tx: &Tx,
    account: AccountId,
    source: &SourceId,
    (now, reason): (DateTime<Utc>, &'static str),
) -> Result<u64, StoreError> {
    let these = evidence::Column::Source.eq(source.as_str());
    let ended = end(tx, account, these, (now, reason)).await?;
    if ended > 0 {
        level_watch::wake(tx, account, now).await?;
    }
    Ok(ended)
}

/// Ends some pieces of what an account has; answers how many.
pub async fn end_pieces(
    tx: &Tx,
    account: AccountId,
    pieces: &[EvidenceId],
    (now, reason): (DateTime<Utc>, &'static str),
) -> Result<u64, StoreError> {
    let these = evidence::Column::Id.is_in(pieces.iter().map(|id| id.as_uuid()));
    let ended = end(tx, account, these, (now, reason)).await?;
    if ended > 0 {
        level_watch::wake(tx, account, now).await?;
    }
    Ok(ended)
}

/// Ends everything that an account has; answers how many pieces.
pub async fn end_all(
    tx: &Tx,
    account: AccountId,
    (now, reason): (DateTime<Utc>, &'static str),
) -> Result<u64, StoreError> {
    let all = evidence::Column::Id.is_not_null();
    let ended = end(tx, account, all, (now, reason)).await?;
    if ended > 0 {
        level_watch::wake(tx, account, now).await?;
    }
    Ok(ended)
}

/// Takes the end of some pieces back that ended for one of these reasons: what they are about is again as it was. They
/// are as old as they were. Answers how many.
pub async fn restore(
    tx: &Tx,
    account: AccountId,
    pieces: &[EvidenceId],
    (now, reasons): (DateTime<Utc>, &[&'static str]),
) -> Result<u64, StoreError> {
    let restored = evidence::Entity::update_many()
        .col_expr(evidence::Column::EndedAt, Expr::value(None::<DateTime<Utc>>))
        .col_expr(evidence::Column::EndedReason, Expr::value(None::<String>))
        .filter(evidence::Column::AccountId.eq(account.as_uuid()))
        .filter(evidence::Column::Id.is_in(pieces.iter().map(|id| id.as_uuid())))
        .filter(evidence::Column::EndedAt.is_not_null())
        .filter(evidence::Column::EndedReason.is_in(reasons.iter().copied()))
        .exec(tx)
        .await?;
    if restored.rows_affected > 0 {
        level_watch::wake(tx, account, now).await?;
    }
    Ok(restored.rows_affected)
}

/// Whether something of what an account had ended for one of these reasons since a moment.
pub async fn has_ended(
    tx: &Tx,
    account: AccountId,
    (since, reasons): (DateTime<Utc>, &[&'static str]),
) -> Result<bool, StoreError> {
    let row = evidence::Entity::find()
        .filter(evidence::Column::AccountId.eq(account.as_uuid()))
        .filter(evidence::Column::EndedAt.gte(since))
        .filter(evidence::Column::EndedReason.is_in(reasons.iter().copied()))
        .one(tx)
        .await?;
    Ok(row.is_some())
}

/// Ends what holds of an account's evidence.
pub(super) async fn end(
    tx: &Tx,
    account: AccountId,
    these: Expr,
    (now, reason): (DateTime<Utc>, &'static str),
) -> Result<u64, StoreError> {
    let ended = evidence::Entity::update_many()
        .col_expr(evidence::Column::EndedAt, Expr::value(now))
        .col_expr(evidence::Column::EndedReason, Expr::value(reason))
        .filter(evidence::Column::AccountId.eq(account.as_uuid()))
        .filter(these)
        .filter(evidence::Column::EndedAt.is_null())
        .exec(tx)
        .await?;
    Ok(ended.rows_affected)
}
