//! Identifiers that are good once: of client assertions (RFC 7523 section 3 point 7, A071) and of proofs of possession
//! (RFC 9449 section 11.1).

use chrono::{DateTime, Utc};
use model::ids::ClientId;
use model::secret::TokenHash;
use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait as _;
use sea_orm::sea_query::OnConflict;

use crate::entity::client_assertion::{ActiveModel, Column, Entity};
use crate::error::StoreError;
use crate::tx::Tx;

/// Notes that a client used an identifier; false when it was used before. It has to be remembered until the
/// assertion would be refused by age.
pub async fn spend(
    tx: &Tx,
    client: &ClientId,
    jti: &str,
    remember_until: DateTime<Utc>,
) -> Result<bool, StoreError> {
    // Client ids have no NUL and are not empty, so no two pairs give one text.
    note(tx, &format!("{client}\u{0}{jti}"), remember_until).await
}

/// Notes that the holder of a key used an identifier; false when it was used before.
pub async fn spend_proof(
    tx: &Tx,
    thumbprint: &str,
    jti: &str,
    remember_until: DateTime<Utc>,
) -> Result<bool, StoreError> {
    note(tx, &format!("\u{0}{thumbprint}\u{0}{jti}"), remember_until).await
}

async fn note(tx: &Tx, text: &str, remember_until: DateTime<Utc>) -> Result<bool, StoreError> {
    let hash = TokenHash::of(text);
    let row = ActiveModel {
        jti_hash: Set(hash.as_bytes().to_vec()),
        expires_at: Set(remember_until),
    };
    let inserted = Entity::insert(row)
        .on_conflict(OnConflict::column(Column::JtiHash).do_nothing().to_owned())
        .exec_without_returning(tx)
        .await?;
    Ok(inserted == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[tokio::test]
    async fn attack_071_an_identifier_is_good_once_for_each_client() {
        for test in testing::stores().await {
            let (tx, until) = (test.store.read(), testing::start_time());
            let [one, two] = ["one", "two"].map(|id| ClientId::parse(id).expect("id"));
            assert!(spend(&tx, &one, "a", until).await.expect("first"));
            assert!(!spend(&tx, &one, "a", until).await.expect("again"));
            assert!(spend(&tx, &two, "a", until).await.expect("other client"));
            assert!(spend(&tx, &one, "b", until).await.expect("other identifier"));
        }
    }

    #[tokio::test]
    async fn a_proof_of_possession_is_good_once_for_each_key() {
        for test in testing::stores().await {
            let (tx, until) = (test.store.read(), testing::start_time());
            let one = ClientId::parse("one").expect("id");
            assert!(spend_proof(&tx, "one", "a", until).await.expect("first"));
            assert!(!spend_proof(&tx, "one", "a", until).await.expect("again"));
            assert!(spend_proof(&tx, "two", "a", until).await.expect("other key"));
            assert!(
                spend(&tx, &one, "a", until).await.expect("an assertion"),
                "a client is no key"
            );
        }
    }
}
