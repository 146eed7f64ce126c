//! The hash chain over the audit log. Each row's hash covers the row and the hash before it; where the chain ends is
//! written down in `audit_head` under a key of the vault, which the database does not hold. So a row that was
//! changed or taken out is found, rows cut off the end are found, and so is a chain that was computed anew.
//!
//! What it does not find: the whole database put back to an earlier state, head and all. For that the head is also
//! in the program's log, which belongs on another machine.

use std::fmt::Write as _;
use std::time::Duration;

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{CaseStatement, Expr, OnConflict};
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::connect::Store;
use crate::entity::{audit, audit_head};
use crate::error::StoreError;
use crate::tx::Tx;

/// The most rows that get their place in one go.
const BATCH: u64 = 500;

/// Between full batches others may write: SQLite has one writer.
const PAUSE: Duration = Duration::from_millis(10);

/// The name of the one row of `audit_head`, and what its key is derived for.
const HEAD: &str = "audit head";

/// Where the chain ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Head {
    position: i64,
    hash: Vec<u8>,
}

impl Head {
    fn mac(&self, tx: &Tx) -> [u8; 32] {
        tx.vault()
            .mac(HEAD, &[&self.position.to_be_bytes()[..], &self.hash].concat())
    }

    fn follow(&mut self, row: &audit::Model) {
        self.position += 1;
        self.hash = link(&self.hash, self.position, row);
    }

    fn hex(&self) -> String {
        self.hash.iter().fold(String::new(), |mut text, byte| {
            // Writing to a string does not fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

/// What is written down about the end of the chain.
enum Known {
    /// Nothing.
    Nothing,
    /// Something that this program did not write.
    Forged,
    /// Where the chain ends.
    Head(Head),
}

async fn known(tx: &Tx) -> Result<Known, StoreError> {
    let Some(row) = audit_head::Entity::find_by_id(HEAD).one(tx).await? else {
        return Ok(Known::Nothing);
    };
    let head = Head {
        position: row.position,
        hash: row.chain_hash,
    };
    let ours = bool::from(head.mac(tx).as_slice().ct_eq(&row.mac));
    Ok(if ours { Known::Head(head) } else { Known::Forged })
}

async fn write_down(tx: &Tx, head: &Head) -> Result<(), StoreError> {
    let row = audit_head::ActiveModel {
        name: Set(HEAD.to_owned()),
        position: Set(head.position),
        chain_hash: Set(head.hash.clone()),
        mac: Set(head.mac(tx).to_vec()),
    };
    let columns = [
        audit_head::Column::Position,
        audit_head::Column::ChainHash,
        audit_head::Column::Mac,
    ];
    audit_head::Entity::insert(row)
        .on_conflict(
            OnConflict::column(audit_head::Column::Name)
                .update_columns(columns)
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Gives all rows without a place the next places in the chain; answers how many. One node at a time does it.
///
/// The chain goes on from where it is written down to end, never from the last row that is there: otherwise a cut
/// end would be sealed over. Where that is missing or was not written by us, nothing is sealed any more.
pub async fn seal(store: &Store) -> Result<u64, StoreError> {
    let mut sealed = 0;
    loop {
        let batch = seal_batch(store).await?;
        sealed += batch;
        if batch < BATCH {
            return Ok(sealed);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn seal_batch(store: &Store) -> Result<u64, StoreError> {
    let waiting = audit::Entity::find().filter(audit::Column::Position.is_null());
    if waiting.clone().one(&store.read()).await?.is_none() {
        return Ok(0);
    }
    let tx = store.begin().await?;
    crate::dialect::lock_chain(&tx).await?;
    let mut head = match known(&tx).await? {
        Known::Head(head) => head,
        Known::Nothing if first_sealed(&tx).await?.is_none() => Head::default(),
        Known::Nothing | Known::Forged => return Err(StoreError::Sealed("audit_head.mac")),
    };
    let rows = waiting
        .order_by_asc(audit::Column::Id)
        .limit(BATCH)
        .all(&tx)
        .await?;
    if rows.is_empty() {
        return Ok(0); // another node was faster
    }
    let (mut positions, mut hashes) = (CaseStatement::new(), CaseStatement::new());
    for row in &rows {
        head.follow(row);
        positions = positions.case(audit::Column::Id.eq(row.id), Expr::value(head.position));
        hashes = hashes.case(audit::Column::Id.eq(row.id), Expr::value(head.hash.clone()));
    }
    let sealed = audit::Entity::update_many()
        .col_expr(audit::Column::Position, positions.into())
        .col_expr(audit::Column::ChainHash, hashes.into())
        .filter(audit::Column::Id.is_in(rows.iter().map(|row| row.id)))
        .exec(&tx)
        .await?
        .rows_affected;
    write_down(&tx, &head).await?;
    tx.commit().await?;
    tracing::info!(position = head.position, hash = head.hex(), "audit chain head");
    Ok(sealed)
}

async fn first_sealed(tx: &Tx) -> Result<Option<audit::Model>, StoreError> {
    Ok(audit::Entity::find()
        .filter(audit::Column::Position.is_not_null())
        .one(tx)
        .await?)
}

/// What a check of the chain found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every row is as it was written, and none is missing.
    Whole {
        /// Rows in the chain.
        sealed: i64,
        /// Rows that wait for their place and that nothing protects yet.
        waiting: u64,
        /// The hash of the last row in hexadecimal digits, as the program's log has it.
        head: String,
    },
    /// The row at this place was changed, or one before it is missing.
    Broken {
        /// The first place that is wrong.
        position: i64,
    },
    /// Rows are missing at the end.
    Cut {
        /// The last place that is there.
        sealed: i64,
        /// The last place that there was.
        head: i64,
    },
    /// Where the chain ends is not written down, or somebody else wrote it.
    HeadForged,
    /// The chain holds together up to this place, but is not the one that was written.
    Rebuilt {
        /// The place that is written down.
        position: i64,
    },
}

/// Walks the chain from its beginning.
pub async fn verify(tx: &Tx) -> Result<Verdict, StoreError> {
    let mut walked = Head::default();
    let mut seen = None;
    loop {
        let rows = audit::Entity::find()
            .filter(audit::Column::Position.gt(walked.position))
            .order_by_asc(audit::Column::Position)
            .limit(BATCH)
            .all(tx)
            .await?;
        for row in &rows {
            walked.follow(row);
            if row.position != Some(walked.position) || row.chain_hash.as_ref() != Some(&walked.hash) {
                return Ok(Verdict::Broken {
                    position: walked.position,
                });
            }
        }
        if !rows.is_empty() {
            continue;
        }
        // The head is read after the rows: it covers all of them, and more where a node sealed in between.
        let head = match known(tx).await? {
            Known::Head(head) => head,
            Known::Nothing if walked.position == 0 => Head::default(),
            Known::Nothing | Known::Forged => return Ok(Verdict::HeadForged),
        };
        if head == walked {
            let waiting = audit::Entity::find()
                .filter(audit::Column::Position.is_null())
                .count(tx)
                .await?;
            return Ok(Verdict::Whole {
                sealed: walked.position,
                waiting,
                head: walked.hex(),
            });
        }
        if head.position == walked.position {
            return Ok(Verdict::Rebuilt {
                position: head.position,
            });
        }
        if head.position < walked.position {
            return Ok(Verdict::Broken {
                position: head.position + 1,
            });
        }
        if seen.as_ref() == Some(&head) {
            return Ok(Verdict::Cut {
                sealed: walked.position,
                head: head.position,
            });
        }
        seen = Some(head);
    }
}

/// The hash of one row: of the one before, the place, and every column. Lengths stand before the values, so that
/// no two rows read the same.
fn link(before: &[u8], position: i64, row: &audit::Model) -> Vec<u8> {
    let mut hash = Sha256::new();
    let mut add = |value: &[u8]| {
        hash.update(u64::try_from(value.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(value);
    };
    add(before);
    add(&position.to_be_bytes());
    add(row.id.as_bytes());
    add(&row.at.timestamp_micros().to_be_bytes());
    add(row.event.as_bytes());
    add(row
        .account_id
        .map(|id| id.to_string())
        .unwrap_or_default()
        .as_bytes());
    add(row.client_id.as_deref().unwrap_or_default().as_bytes());
    add(row
        .session_id
        .map(|id| id.to_string())
        .unwrap_or_default()
        .as_bytes());
    add(row.request_id.as_deref().unwrap_or_default().as_bytes());
    add(row.details.as_bytes());
    hash.finalize().to_vec()
}

#[cfg(test)]
mod tests;
