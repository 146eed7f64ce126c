//! What happened to a case, for its owner and for operators: every look, every step, every decision. Written in the
//! transaction of what it tells of; never changed.

use chrono::{DateTime, Utc};
use model::ids::{AccountId, CaseId, HistoryId, OperatorId};
use model::review::{Happening, Reason};
use model::rng::Rng;
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};

use crate::entity::case_history::{ActiveModel, Column, Entity, Model};
use crate::error::StoreError;
use crate::tx::Tx;

/// The most entries that a list shows.
const LIST_MAX: u64 = 200;

/// Something that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// To which case.
    pub case: CaseId,
    /// Whose case it is.
    pub account: AccountId,
    /// What.
    pub what: Happening,
    /// When.
    pub at: DateTime<Utc>,
    /// Who did it; `None` for the owner and for what happens by itself.
    pub operator: Option<OperatorId>,
    /// Why.
    pub reason: Option<Reason>,
}

impl Entry {
    /// Something that the owner did, or that happened by itself.
    pub const fn new((case, account): (CaseId, AccountId), what: Happening, at: DateTime<Utc>) -> Self {
        Self {
            case,
            account,
            what,
            at,
            operator: None,
            reason: None,
        }
    }

    /// Says which operator did it.
    #[must_use]
    pub const fn by(mut self, operator: OperatorId) -> Self {
        self.operator = Some(operator);
        self
    }

    /// Says why.
    #[must_use]
    pub const fn because(mut self, reason: Option<Reason>) -> Self {
        self.reason = reason;
        self
    }
}

/// Writes what happened.
pub async fn record(tx: &Tx, rng: &Rng, entry: &Entry) -> Result<(), StoreError> {
    let row = ActiveModel {
        id: Set(HistoryId::new(entry.at, rng).as_uuid()),
        case_id: Set(entry.case.as_uuid()),
        account_id: Set(entry.account.as_uuid()),
        at: Set(entry.at),
        what: Set(entry.what.as_str().to_owned()),
        operator_id: Set(entry.operator.map(OperatorId::as_uuid)),
        reason: Set(entry.reason.map(|reason| reason.as_str().to_owned())),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// The history of a case, newest first.
pub async fn list(tx: &Tx, case: CaseId) -> Result<Vec<Entry>, StoreError> {
    let rows = Entity::find()
        .filter(Column::CaseId.eq(case.as_uuid()))
        .order_by_desc(Column::At)
        .order_by_desc(Column::Id)
        .limit(LIST_MAX)
        .all(tx)
        .await?;
    rows.iter().map(from_row).collect()
}

fn from_row(row: &Model) -> Result<Entry, StoreError> {
    let reason = |word: &String| Reason::parse(word).ok_or(StoreError::Malformed("case_history.reason"));
    Ok(Entry {
        case: CaseId::from_uuid(row.case_id),
        account: AccountId::from_uuid(row.account_id),
        what: Happening::parse(&row.what).ok_or(StoreError::Malformed("case_history.what"))?,
        at: row.at,
        operator: row.operator_id.map(OperatorId::from_uuid),
        reason: row.reason.as_ref().map(reason).transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::stores;

    #[tokio::test]
    async fn a_history_is_read_newest_first_and_only_of_its_case() {
        for test in stores().await {
            let (tx, now, rng) = (test.store.read(), test.clock.now(), Rng::system());
            let account = AccountId::new(now, &rng);
            let (one, other) = (CaseId::new(now, &rng), CaseId::new(now, &rng));
            let by = OperatorId::new(now, &rng);
            let filed = Entry::new((one, account), Happening::Filed, now);
            let asked = Entry::new(
                (one, account),
                Happening::AskedForMore,
                now + chrono::TimeDelta::seconds(1),
            )
            .by(by)
            .because(Some(Reason::NotLegible));
            for entry in [
                &filed,
                &asked,
                &Entry::new((other, account), Happening::Filed, now),
            ] {
                record(&tx, &rng, entry).await.unwrap();
            }
            assert_eq!(list(&tx, one).await.unwrap(), [asked, filed]);
        }
    }
}
