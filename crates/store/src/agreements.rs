//! Who accepted which version of which agreement, in which language, with the hash of the very text (NA-08).

use chrono::{DateTime, Utc};
use model::ids::AccountId;
use model::language::Language;
use model::rng::Rng;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict, Order, Query};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};

use crate::entity::{account, agreement_acceptance, agreement_told};
use crate::error::StoreError;
use crate::tx::Tx;

/// The most acceptances that a list shows.
const LIST_MAX: u64 = 50;

/// What somebody answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// They agree.
    Accepted,
    /// They do not. It is kept so that nobody is asked as if they had not answered.
    Refused,
}

impl Answer {
    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
        }
    }

    fn parse(word: &str) -> Result<Self, StoreError> {
        [Self::Accepted, Self::Refused]
            .into_iter()
            .find(|answer| answer.as_str() == word)
            .ok_or(StoreError::Malformed("agreement_acceptance.answer"))
    }
}

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
    /// What they answered.
    pub answer: Answer,
    /// When.
    pub at: DateTime<Utc>,
}

/// Stores an answer.
pub async fn answer(tx: &Tx, rng: &Rng, acceptance: &Acceptance) -> Result<(), StoreError> {
    let row = agreement_acceptance::ActiveModel {
        id: Set(rng.uuid_v7(acceptance.at)),
        account_id: Set(acceptance.account.as_uuid()),
        agreement: Set(acceptance.agreement.clone()),
        version: Set(acceptance.version.clone()),
        language: Set(acceptance.language.tag().to_owned()),
        text_hash: Set(acceptance.text_hash.to_vec()),
        answer: Set(acceptance.answer.as_str().to_owned()),
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
                answer: Answer::parse(&row.answer)?,
                at: row.accepted_at,
            })
        })
        .collect()
}

/// The version of the newest acceptance of an agreement, as a column of a query over accounts.
pub(crate) fn column(agreement: &str) -> Expr {
    let owner = (account::Entity, account::Column::Id);
    let of = |column| (agreement_acceptance::Entity, column);
    let newest = Query::select()
        .column(of(agreement_acceptance::Column::Version))
        .from(agreement_acceptance::Entity)
        .and_where(Expr::col(of(agreement_acceptance::Column::AccountId)).equals(owner))
        .and_where(Expr::col(of(agreement_acceptance::Column::Agreement)).eq(agreement))
        .and_where(Expr::col(of(agreement_acceptance::Column::Answer)).eq(Answer::Accepted.as_str()))
        .order_by(of(agreement_acceptance::Column::AcceptedAt), Order::Desc)
        .limit(1)
        .take();
    Expr::SubQuery(None, Box::new(newest.into()))
}

/// The version of the newest acceptance of an agreement.
pub async fn newest_accepted(
    tx: &Tx,
    account: AccountId,
    agreement: &str,
) -> Result<Option<String>, StoreError> {
    Ok(agreement_acceptance::Entity::find()
        .select_only()
        .column(agreement_acceptance::Column::Version)
        .filter(agreement_acceptance::Column::AccountId.eq(account.as_uuid()))
        .filter(agreement_acceptance::Column::Agreement.eq(agreement))
        .filter(agreement_acceptance::Column::Answer.eq(Answer::Accepted.as_str()))
        .order_by_desc(agreement_acceptance::Column::AcceptedAt)
        .into_tuple::<String>()
        .one(tx)
        .await?)
}

/// Notes that an account is told of a version; `false` where it was told before.
pub async fn told(
    tx: &Tx,
    rng: &Rng,
    account: AccountId,
    (agreement, version): (&str, &str),
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let row = agreement_told::ActiveModel {
        id: Set(rng.uuid_v7(now)),
        account_id: Set(account.as_uuid()),
        agreement: Set(agreement.to_owned()),
        version: Set(version.to_owned()),
        told_at: Set(now),
        put_off_until: Set(None),
    };
    let once = OnConflict::columns([
        agreement_told::Column::AccountId,
        agreement_told::Column::Agreement,
        agreement_told::Column::Version,
    ])
    .do_nothing()
    .to_owned();
    let written = agreement_told::Entity::insert(row)
        .on_conflict(once)
        .exec_without_returning(tx)
        .await?;
    Ok(written == 1)
}

/// Notes that an account does not want to answer a version before a time. It counts as told, too. Once more: the later time
/// counts.
pub async fn put_off(
    tx: &Tx,
    rng: &Rng,
    account: AccountId,
    (agreement, version): (&str, &str),
    (now, until): (DateTime<Utc>, DateTime<Utc>),
) -> Result<(), StoreError> {
    let row = agreement_told::ActiveModel {
        id: Set(rng.uuid_v7(now)),
        account_id: Set(account.as_uuid()),
        agreement: Set(agreement.to_owned()),
        version: Set(version.to_owned()),
        told_at: Set(now),
        put_off_until: Set(Some(until)),
    };
    let again = OnConflict::columns([
        agreement_told::Column::AccountId,
        agreement_told::Column::Agreement,
        agreement_told::Column::Version,
    ])
    .update_column(agreement_told::Column::PutOffUntil)
    .to_owned();
    agreement_told::Entity::insert(row)
        .on_conflict(again)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// The version of an agreement that is put off at a time, as a column of a query over accounts.
pub(crate) fn put_off_column(agreement: &str, now: DateTime<Utc>) -> Expr {
    let owner = (account::Entity, account::Column::Id);
    let of = |column| (agreement_told::Entity, column);
    let newest = Query::select()
        .column(of(agreement_told::Column::Version))
        .from(agreement_told::Entity)
        .and_where(Expr::col(of(agreement_told::Column::AccountId)).equals(owner))
        .and_where(Expr::col(of(agreement_told::Column::Agreement)).eq(agreement))
        .and_where(Expr::col(of(agreement_told::Column::PutOffUntil)).gt(now))
        .order_by(of(agreement_told::Column::PutOffUntil), Order::Desc)
        .limit(1)
        .take();
    Expr::SubQuery(None, Box::new(newest.into()))
}

/// The versions of an agreement that an account was told of.
pub async fn list_told(tx: &Tx, account: AccountId, agreement: &str) -> Result<Vec<String>, StoreError> {
    Ok(agreement_told::Entity::find()
        .select_only()
        .column(agreement_told::Column::Version)
        .filter(agreement_told::Column::AccountId.eq(account.as_uuid()))
        .filter(agreement_told::Column::Agreement.eq(agreement))
        .limit(LIST_MAX)
        .into_tuple::<String>()
        .all(tx)
        .await?)
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
                answer: Answer::Accepted,
                at: test.clock.now(),
            };
            answer(&tx, &rng, &accepted).await.unwrap();
            let refused = Acceptance {
                version: "2026-2".to_owned(),
                answer: Answer::Refused,
                at: test.clock.now() + chrono::TimeDelta::days(1),
                ..accepted.clone()
            };
            answer(&tx, &rng, &refused).await.unwrap();
            let account = accepted.account;
            assert_eq!(list(&tx, account).await.unwrap(), [refused, accepted]);
            let newest = newest_accepted(&tx, account, "resident").await.unwrap();
            assert_eq!(newest.as_deref(), Some("2026-1"), "a refusal is no acceptance");
        }
    }

    #[tokio::test]
    async fn source_na_45_somebody_is_told_of_a_version_once() {
        for test in stores().await {
            let (tx, rng, now) = (test.store.read(), Rng::system(), test.clock.now());
            let account = AccountId::new(now, &rng);
            for (version, new) in [("2", true), ("2", false), ("3", true)] {
                assert_eq!(
                    told(&tx, &rng, account, ("resident", version), now)
                        .await
                        .unwrap(),
                    new,
                    "{version}"
                );
            }
            let mut versions = list_told(&tx, account, "resident").await.unwrap();
            versions.sort();
            assert_eq!(versions, ["2", "3"]);
        }
    }

    #[tokio::test]
    async fn source_na_39_what_is_put_off_counts_as_told_and_the_later_time_counts() {
        for test in stores().await {
            let (tx, rng, now) = (test.store.read(), Rng::system(), test.clock.now());
            let account = AccountId::new(now, &rng);
            let which = ("resident", "2");
            for hours in [24, 30] {
                let until = (now, now + chrono::TimeDelta::hours(hours));
                put_off(&tx, &rng, account, which, until).await.unwrap();
            }
            assert!(!told(&tx, &rng, account, which, now).await.unwrap());
            let rows = agreement_told::Entity::find()
                .filter(agreement_told::Column::AccountId.eq(account.as_uuid()))
                .all(&tx)
                .await
                .unwrap();
            let until: Vec<_> = rows.iter().map(|row| row.put_off_until).collect();
            assert_eq!(until, [Some(now + chrono::TimeDelta::hours(30))]);
        }
    }
}
