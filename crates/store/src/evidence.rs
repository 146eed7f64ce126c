//! Evidence: dated facts about accounts. Levels are computed from it, never stored.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use model::evidence::{Details, Evidence, SourceId};
use model::ids::{AccountId, CaseId, EvidenceId};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait as _, Order, Query};
use sea_orm::{
    ColumnTrait as _, DatabaseBackend, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use crate::entity::{account, evidence};
use crate::error::StoreError;
use crate::tx::Tx;
use crate::{dialect, level_watch};

mod ending;

use ending::end;
pub use ending::{end_all, end_pieces, end_source, has_ended, restore};

/// The most pieces of evidence that are looked at; older ones of the same source are ended when new come.
const LIST_MAX: u64 = 100;

/// The most pieces that ended lately that are read for a batch of accounts.
const ENDED_MAX: u64 = 10_000;

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
    /// How it was gained.
    pub details: Details,
}

/// Stores evidence. What the account had from the same source ends: evidence is replaced, not edited (HB-22). Like
/// everything here that changes evidence, it has the account's level looked at.
pub async fn record(tx: &Tx, new: &NewEvidence) -> Result<(), StoreError> {
    let (now, source) = (new.evidence.issued_at, &new.evidence.source);
    end(
        tx,
        new.account,
        evidence::Column::Source.eq(source.as_str()),
        (now, "replaced"),
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
        details: Set(details(&new.details)?),
    };
    evidence::Entity::insert(row).exec_without_returning(tx).await?;
    level_watch::wake(tx, new.account, now).await
}

/// Details as they are stored; nothing when there is nothing to say.
fn details(details: &Details) -> Result<Option<String>, StoreError> {
    if *details == Details::default() {
        return Ok(None);
    }
    serde_json::to_string(details)
        .map(Some)
        .map_err(|_| StoreError::Malformed("evidence.details"))
}

/// Forgets how an account's evidence was gained, once the account is closed. That it was there stays: tokens were given
/// because of it.
pub(crate) async fn forget_background(tx: &Tx, account: AccountId) -> Result<(), StoreError> {
    evidence::Entity::update_many()
        .col_expr(evidence::Column::Details, Expr::value(None::<String>))
        .col_expr(evidence::Column::Reference, Expr::value(None::<String>))
        .filter(evidence::Column::AccountId.eq(account.as_uuid()))
        .exec(tx)
        .await?;
    Ok(())
}

/// Deletes an account's evidence, once nothing keeps it any more.
pub(crate) async fn delete_of(tx: &Tx, account: AccountId) -> Result<(), StoreError> {
    evidence::Entity::delete_many()
        .filter(evidence::Column::AccountId.eq(account.as_uuid()))
        .exec(tx)
        .await?;
    Ok(())
}

/// What [`list`] answers, for many accounts at once.
pub(crate) async fn list_of_many(
    tx: &Tx,
    accounts: &[Uuid],
) -> Result<BTreeMap<AccountId, Vec<Evidence>>, StoreError> {
    let rows = evidence::Entity::find()
        .filter(evidence::Column::AccountId.is_in(accounts.iter().copied()))
        .filter(evidence::Column::EndedAt.is_null())
        .order_by_desc(evidence::Column::IssuedAt)
        .all(tx)
        .await?;
    let mut lists: BTreeMap<AccountId, Vec<Evidence>> = BTreeMap::new();
    for row in rows {
        let account = AccountId::from_uuid(row.account_id);
        lists.entry(account).or_default().push(from_row(row)?);
    }
    Ok(lists)
}

/// What ended after a moment, for many accounts at once: at most [`ENDED_MAX`] pieces, those that ended last.
pub(crate) async fn ended_of_many(
    tx: &Tx,
    accounts: &[Uuid],
    since: DateTime<Utc>,
) -> Result<BTreeMap<AccountId, Vec<Evidence>>, StoreError> {
    let rows = evidence::Entity::find()
        .filter(evidence::Column::AccountId.is_in(accounts.iter().copied()))
        .filter(evidence::Column::EndedAt.gt(since))
        .order_by_desc(evidence::Column::EndedAt)
        .limit(ENDED_MAX)
        .all(tx)
        .await?;
    let mut lists: BTreeMap<AccountId, Vec<Evidence>> = BTreeMap::new();
    for row in rows {
        let account = AccountId::from_uuid(row.account_id);
        lists.entry(account).or_default().push(from_row(row)?);
    }
    Ok(lists)
}

/// A piece of evidence with what is known of how it was gained.
#[derive(Clone, Debug)]
pub struct Detailed {
    /// Whose it is.
    pub account: AccountId,
    /// The piece.
    pub evidence: Evidence,
    /// How it was gained.
    pub details: Details,
}

/// What holds of one source for all accounts, in the order of its identifiers, after one of them: for rechecks that walk
/// over all of it. Pieces whose details cannot be read are left out, and the log says so.
pub async fn page_of_source(
    tx: &Tx,
    source: &SourceId,
    (issued_before, now): (DateTime<Utc>, DateTime<Utc>),
    (after, limit): (Option<EvidenceId>, u64),
) -> Result<(Vec<Detailed>, Option<EvidenceId>), StoreError> {
    let mut query = evidence::Entity::find()
        .filter(evidence::Column::Source.eq(source.as_str()))
        .filter(evidence::Column::EndedAt.is_null())
        .filter(evidence::Column::IssuedAt.lte(issued_before))
        .filter(
            evidence::Column::ExpiresAt
                .is_null()
                .or(evidence::Column::ExpiresAt.gt(now)),
        );
    if let Some(after) = after {
        query = query.filter(evidence::Column::Id.gt(after.as_uuid()));
    }
    let rows = query
        .order_by_asc(evidence::Column::Id)
        .limit(limit)
        .all(tx)
        .await?;
    let last = rows.last().map(|row| EvidenceId::from_uuid(row.id));
    let mut page = Vec::with_capacity(rows.len());
    for row in rows {
        page.extend(detailed(row)?);
    }
    Ok((page, last))
}

/// What [`list`] answers, with how each piece was gained.
pub async fn list_with_details(tx: &Tx, account: AccountId) -> Result<Vec<Detailed>, StoreError> {
    let rows = evidence::Entity::find()
        .filter(evidence::Column::AccountId.eq(account.as_uuid()))
        .filter(evidence::Column::EndedAt.is_null())
        .order_by_desc(evidence::Column::IssuedAt)
        .limit(LIST_MAX)
        .all(tx)
        .await?;
    let pieces = rows.into_iter().map(detailed);
    pieces.filter_map(Result::transpose).collect()
}

/// A piece with its details; `None` when those cannot be read.
fn detailed(row: evidence::Model) -> Result<Option<Detailed>, StoreError> {
    let details = match row.details.as_deref().map(serde_json::from_str::<Details>) {
        None => Details::default(),
        Some(Ok(details)) => details,
        Some(Err(error)) => {
            tracing::error!(evidence = %row.id, %error, "details of evidence cannot be read");
            return Ok(None);
        }
    };
    Ok(Some(Detailed {
        account: AccountId::from_uuid(row.account_id),
        details,
        evidence: from_row(row)?,
    }))
}

fn from_row(row: evidence::Model) -> Result<Evidence, StoreError> {
    Ok(Evidence {
        id: EvidenceId::from_uuid(row.id),
        source: SourceId::parse(&row.source).map_err(|_| StoreError::Malformed("evidence.source"))?,
        issued_at: row.issued_at,
        expires_at: row.expires_at,
        ended_at: row.ended_at,
    })
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
    rows.into_iter().map(from_row).collect()
}

/// How a piece of evidence was gained, for those who ask for proof of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Background {
    /// The case that it came out of.
    pub case: Option<CaseId>,
    /// The source's own reference.
    pub reference: Option<String>,
    /// The rest.
    pub details: Details,
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
            evidence::Column::CaseId,
            evidence::Column::Reference,
            evidence::Column::Details,
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

/// Reads what [`column`] gave: the evidence, newest first, and how each piece was gained, where anything is known.
pub(crate) fn from_column(
    text: Option<&str>,
) -> Result<(Vec<Evidence>, BTreeMap<EvidenceId, Background>), StoreError> {
    type Piece = (
        Uuid,
        String,
        DateTime<Utc>,
        Option<DateTime<Utc>>,
        Option<Uuid>,
        Option<String>,
        Option<String>,
    );
    let malformed = |_| StoreError::Malformed("evidence");
    let pieces: Vec<Piece> = serde_json::from_str(text.unwrap_or("[]")).map_err(malformed)?;
    let mut evidence = Vec::with_capacity(pieces.len());
    let mut backgrounds = BTreeMap::new();
    for (id, source, issued_at, expires_at, case, reference, details) in pieces {
        let id = EvidenceId::from_uuid(id);
        if case.is_some() || reference.is_some() || details.is_some() {
            let background = Background {
                case: case.map(CaseId::from_uuid),
                reference,
                details: details.map(|text| read_details(id, &text)).unwrap_or_default(),
            };
            backgrounds.insert(id, background);
        }
        evidence.push(Evidence {
            id,
            source: SourceId::parse(&source).map_err(|_| StoreError::Malformed("evidence.source"))?,
            issued_at,
            expires_at,
            ended_at: None,
        });
    }
    // A list of rows within a row has no order of its own.
    evidence.sort_by_key(|piece| std::cmp::Reverse(piece.issued_at));
    Ok((evidence, backgrounds))
}

/// A newer release may write what this one cannot read; the level does not hang on it.
fn read_details(id: EvidenceId, text: &str) -> Details {
    serde_json::from_str(text).unwrap_or_else(|error| {
        tracing::error!(evidence = %id, %error, "details of evidence cannot be read");
        Details::default()
    })
}
