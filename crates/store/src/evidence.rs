//! Evidence: dated facts about accounts. Levels are computed from it, never stored.

use chrono::{DateTime, Utc};
use model::evidence::{Evidence, SourceId};
use model::ids::{AccountId, CaseId, EvidenceId};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait as _, Order, Query};
use sea_orm::{
    ColumnTrait as _, DatabaseBackend, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use crate::dialect;
use crate::entity::{account, evidence};
use crate::error::StoreError;
use crate::tx::Tx;

/// The most pieces of evidence that are looked at; older ones of the same source are ended when new come.
const LIST_MAX: u64 = 100;

/// A piece of evidence to be stored.
#[derive(Clone, Debug)]
pub struct NewEvidence {
    /// The evidence.
    pub evidence: Evidence,
    /// Whom it is about.
    pub account: AccountId,
    /// The source's own reference.
    pub reference: Option<String>,
    /// The case that it came out of.
    pub case: Option<CaseId>,
}

/// Stores evidence. What the account had from the same source ends: evidence is replaced, not edited (HB-22).
pub async fn record(tx: &Tx, new: &NewEvidence) -> Result<(), StoreError> {
    end_source(
        tx,
        new.account,
        &new.evidence.source,
        (new.evidence.issued_at, "replaced"),
    )
    .await?;
    let row = evidence::ActiveModel {
        id: Set(new.evidence.id.as_uuid()),
        account_id: Set(new.account.as_uuid()),
        source: Set(new.evidence.source.as_str().to_owned()),
        issued_at: Set(new.evidence.issued_at),
        expires_at: Set(new.evidence.expires_at),
        ended_at: Set(new.evidence.ended_at),
        ended_reason: Set(None),
        reference: Set(new.reference.clone()),
        case_id: Set(new.case.map(CaseId::as_uuid)),
    };
    evidence::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// Ends what an account has from a source; answers how many pieces.
pub async fn end_source(
    tx: &Tx,
    account: AccountId,
    source: &SourceId,
    (now, reason): (DateTime<Utc>, &'static str),
) -> Result<u64, StoreError> {
    let ended = evidence::Entity::update_many()
        .col_expr(evidence::Column::EndedAt, Expr::value(now))
        .col_expr(evidence::Column::EndedReason, Expr::value(reason))
        .filter(evidence::Column::AccountId.eq(account.as_uuid()))
        .filter(evidence::Column::Source.eq(source.as_str()))
        .filter(evidence::Column::EndedAt.is_null())
        .exec(tx)
        .await?;
    Ok(ended.rows_affected)
}

/// The evidence about an account that has not ended, newest first; some of it may have lapsed.
pub async fn list(tx: &Tx, account: AccountId) -> Result<Vec<Evidence>, StoreError> {
    let rows = evidence::Entity::find()
        .filter(evidence::Column::AccountId.eq(account.as_uuid()))
        .filter(evidence::Column::EndedAt.is_null())
        .order_by_desc(evidence::Column::IssuedAt)
        .limit(LIST_MAX)
        .all(tx)
        .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Evidence {
                id: EvidenceId::from_uuid(row.id),
                source: SourceId::parse(&row.source).map_err(|_| StoreError::Malformed("evidence.source"))?,
                issued_at: row.issued_at,
                expires_at: row.expires_at,
                ended_at: row.ended_at,
            })
        })
        .collect()
}

/// What [`list`] answers, as a column of a statement about an account: read it with [`from_column`].
pub(crate) fn column(backend: DatabaseBackend) -> Expr {
    let owner = (account::Entity, account::Column::Id);
    let pieces = Query::select()
        .columns([
            evidence::Column::Id,
            evidence::Column::Source,
            evidence::Column::IssuedAt,
            evidence::Column::ExpiresAt,
        ])
        .from(evidence::Entity)
        .and_where(Expr::col((evidence::Entity, evidence::Column::AccountId)).equals(owner))
        .and_where(Expr::col((evidence::Entity, evidence::Column::EndedAt)).is_null())
        .order_by((evidence::Entity, evidence::Column::IssuedAt), Order::Desc)
        .limit(LIST_MAX)
        .take();
    let all = Query::select()
        .expr(Expr::cust(dialect::evidence_as_json(backend)))
        .from_subquery(pieces, "piece")
        .take();
    Expr::SubQuery(None, Box::new(all.into()))
}

/// Reads what [`column`] gave.
pub(crate) fn from_column(text: Option<&str>) -> Result<Vec<Evidence>, StoreError> {
    type Piece = (Uuid, String, DateTime<Utc>, Option<DateTime<Utc>>);
    let malformed = |_| StoreError::Malformed("evidence");
    let pieces: Vec<Piece> = serde_json::from_str(text.unwrap_or("[]")).map_err(malformed)?;
    let mut evidence = Vec::with_capacity(pieces.len());
    for (id, source, issued_at, expires_at) in pieces {
        evidence.push(Evidence {
            id: EvidenceId::from_uuid(id),
            source: SourceId::parse(&source).map_err(|_| StoreError::Malformed("evidence.source"))?,
            issued_at,
            expires_at,
            ended_at: None,
        });
    }
    // A list of rows within a row has no order of its own.
    evidence.sort_by_key(|piece| std::cmp::Reverse(piece.issued_at));
    Ok(evidence)
}
