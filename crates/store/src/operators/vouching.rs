//! Who vouches for whom: whoever makes a link to enrol by could open it themselves. So two operators agree as two people
//! only where nobody stands behind both.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use model::ids::OperatorId;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QuerySelect as _};
use uuid::Uuid;

use crate::entity::case_review;
use crate::entity::operator::{Column, Entity};
use crate::error::StoreError;
use crate::standing_changes;
use crate::tx::Tx;

/// An operator, who made their link, who made that one's, and so on until the command line.
fn behind(made_by: &BTreeMap<Uuid, Uuid>, of: OperatorId) -> BTreeSet<Uuid> {
    let mut chain = BTreeSet::new();
    let mut next = Some(of.as_uuid());
    while let Some(one) = next
        && chain.insert(one)
    {
        next = made_by.get(&one).copied();
    }
    chain
}

/// Whether an operator can be the other person that a decision needs, after these took part in it: they are none of them,
/// neither vouched for the other, and nobody for both, directly or through others. Links of the command line stand for
/// nobody. Whatever takes two people asks this where it is decided: cases, ending an account, objections, recovery at a
/// counter.
pub async fn independent(
    tx: &Tx,
    one: OperatorId,
    others: impl IntoIterator<Item = OperatorId>,
) -> Result<bool, StoreError> {
    let made = Entity::find()
        .select_only()
        .column(Column::Id)
        .column(Column::VouchedBy)
        .filter(Column::VouchedBy.is_not_null())
        .into_tuple::<(Uuid, Uuid)>()
        .all(tx)
        .await?;
    let made_by = made.into_iter().collect();
    let mine = behind(&made_by, one);
    let mut others = others.into_iter();
    Ok(others.all(|other| mine.is_disjoint(&behind(&made_by, other))))
}

/// Takes back what an operator proposed, and gives back the cases that they hold.
pub(super) async fn let_go(tx: &Tx, id: OperatorId, now: DateTime<Utc>) -> Result<(), StoreError> {
    use case_review::Column as Review;
    case_review::Entity::update_many()
        .col_expr(Review::ProposedBy, Expr::value(None::<Uuid>))
        .col_expr(Review::Proposed, Expr::value(None::<String>))
        .col_expr(Review::ProposedReason, Expr::value(None::<String>))
        .col_expr(Review::UpdatedAt, Expr::value(now))
        .filter(Review::ProposedBy.eq(id.as_uuid()))
        .filter(Review::DecidedAt.is_null())
        .exec(tx)
        .await?;
    case_review::Entity::update_many()
        .col_expr(Review::ClaimedBy, Expr::value(None::<Uuid>))
        .col_expr(Review::ClaimedUntil, Expr::value(None::<DateTime<Utc>>))
        .col_expr(Review::UpdatedAt, Expr::value(now))
        .filter(Review::ClaimedBy.eq(id.as_uuid()))
        .exec(tx)
        .await?;
    standing_changes::let_go(tx, id, now).await
}
