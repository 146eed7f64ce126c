//! Who accepted which version of which agreement, in which language, with the hash of the very text (NA-08).

use chrono::{DateTime, Utc};
use model::ids::AccountId;
use model::language::Language;
use model::rng::Rng;
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};

use crate::entity::agreement_acceptance;
use crate::error::StoreError;
use crate::tx::Tx;

/// The most acceptances that a list shows.
const LIST_MAX: u64 = 50;

/// One acceptance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acceptance {
    /// Who accepted.
    pub account: AccountId,
    /// The agreement.
    pub agreement: String,
    /// Its version.
    pub version: String,
    /// The language that it was read in.
    pub language: Language,
    /// SHA-256 of the text that was read.
    pub text_hash: [u8; 32],
    /// When.
    pub at: DateTime<Utc>,
}

/// Stores an acceptance.
pub async fn accept(tx: &Tx, rng: &Rng, acceptance: &Acceptance) -> Result<(), StoreError> {
    let row = agreement_acceptance::ActiveModel {
        id: Set(rng.uuid_v7(acceptance.at)),
        account_id: Set(acceptance.account.as_uuid()),
        agreement: Set(acceptance.agreement.clone()),
        version: Set(acceptance.version.clone()),
        language: Set(acceptance.language.tag().to_owned()),
        text_hash: Set(acceptance.text_hash.to_vec()),
        accepted_at: Set(acceptance.at),
    };
    agreement_acceptance::Entity::insert(row)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// What an account has accepted, newest first.
pub async fn list(tx: &Tx, account: AccountId) -> Result<Vec<Acceptance>, StoreError> {
    let rows = agreement_acceptance::Entity::find()
        .filter(agreement_acceptance::Column::AccountId.eq(account.as_uuid()))
        .order_by_desc(agreement_acceptance::Column::AcceptedAt)
        .limit(LIST_MAX)
        .all(tx)
        .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Acceptance {
                account,
                agreement: row.agreement,
                version: row.version,
                language: Language::from_tag(&row.language)
                    .ok_or(StoreError::Malformed("agreement_acceptance.language"))?,
                text_hash: row
                    .text_hash
                    .try_into()
                    .map_err(|_| StoreError::Malformed("agreement_acceptance.text_hash"))?,
                at: row.accepted_at,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::stores;

    #[tokio::test]
    async fn source_na_08_an_acceptance_says_who_what_version_which_text_and_when() {
        for test in stores().await {
            let (tx, rng) = (test.store.read(), Rng::system());
            let accepted = Acceptance {
                account: AccountId::new(test.clock.now(), &rng),
                agreement: "resident".to_owned(),
                version: "2026-1".to_owned(),
                language: Language::ZhCn,
                text_hash: [7; 32],
                at: test.clock.now(),
            };
            accept(&tx, &rng, &accepted).await.unwrap();
            assert_eq!(list(&tx, accepted.account).await.unwrap(), [accepted]);
        }
    }
}
