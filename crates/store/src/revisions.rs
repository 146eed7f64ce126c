//! Counters that tell caches on every node to look again. A node reads them every second or two.

use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait as _;
use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict};

use crate::entity::revision;
use crate::error::StoreError;
use crate::tx::Tx;

/// What a cache may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revision {
    /// Sub-sites.
    Clients,
    /// Signing keys.
    Keys,
}

impl Revision {
    const fn name(self) -> &'static str {
        match self {
            Self::Clients => "clients",
            Self::Keys => "keys",
        }
    }
}

/// Tells every cache to look again.
pub async fn raise(tx: &Tx, revision: Revision) -> Result<(), StoreError> {
    let row = revision::ActiveModel {
        name: Set(revision.name().to_owned()),
        number: Set(1),
    };
    let more = Expr::col((revision::Entity, revision::Column::Number)).add(1);
    revision::Entity::insert(row)
        .on_conflict(
            OnConflict::column(revision::Column::Name)
                .value(revision::Column::Number, more)
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Where the counter stands.
pub async fn number(tx: &Tx, revision: Revision) -> Result<i64, StoreError> {
    let row = revision::Entity::find_by_id(revision.name()).one(tx).await?;
    Ok(row.map_or(0, |row| row.number))
}
