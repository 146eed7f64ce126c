//! Signed access tokens that have no row of their own and were revoked before their time (RFC 7009). They are known by
//! their identifier and not by their text: of one ECDSA signature there are two valid spellings.

use chrono::{DateTime, Utc};
use model::secret::TokenHash;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{EntityTrait as _, PaginatorTrait as _};

use crate::entity::revoked_token::{ActiveModel, Column, Entity};
use crate::error::StoreError;
use crate::tx::Tx;

/// Notes that a token is revoked, for as long as it would have lived; false when it was noted before.
pub async fn add(tx: &Tx, jti: &str, expires_at: DateTime<Utc>) -> Result<bool, StoreError> {
    let row = ActiveModel {
        token_hash: Set(TokenHash::of(jti).as_bytes().to_vec()),
        expires_at: Set(expires_at),
    };
    let inserted = Entity::insert(row)
        .on_conflict(OnConflict::column(Column::TokenHash).do_nothing().to_owned())
        .exec_without_returning(tx)
        .await?;
    Ok(inserted == 1)
}

/// Whether a token was revoked. One statement.
pub async fn holds(tx: &Tx, jti: &str) -> Result<bool, StoreError> {
    let count = Entity::find_by_id(TokenHash::of(jti).as_bytes().to_vec())
        .count(tx)
        .await?;
    Ok(count > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[tokio::test]
    async fn a_revoked_token_is_known_by_its_identifier() {
        for test in testing::stores().await {
            let (tx, until) = (test.store.read(), testing::start_time());
            assert!(!holds(&tx, "one").await.expect("looked up"));
            assert!(add(&tx, "one", until).await.expect("added"));
            assert!(!add(&tx, "one", until).await.expect("again"));
            assert!(holds(&tx, "one").await.expect("looked up"));
            assert!(!holds(&tx, "two").await.expect("looked up"));
        }
    }
}
