//! Links that were sent to people. Only the hash of a link's value is kept; a link works once, for one purpose, one
//! account and one address, and until its time is over, whether or not it was swept by then (A231, A238, A239).

use chrono::{DateTime, Utc};
use model::ids::AccountId;
use model::link::{LinkToken, Purpose};
use model::notice::Contact;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use uuid::Uuid;

use crate::entity::account_link;
use crate::error::StoreError;
use crate::tx::Tx;
use crate::vault::Index;

/// A link as it is made.
#[derive(Debug)]
pub struct NewLink<'a> {
    /// Its value, of which the hash is kept.
    pub token: &'a LinkToken,
    /// What it is for.
    pub purpose: Purpose,
    /// Whose it is.
    pub account: AccountId,
    /// What it is about: a change, a registration.
    pub about: Option<Uuid>,
    /// The phone or the address that it confirms.
    pub target: Option<&'a Contact>,
    /// Now.
    pub now: DateTime<Utc>,
    /// Until when it works.
    pub expires_at: DateTime<Utc>,
}

/// A link that works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// What it is for.
    pub purpose: Purpose,
    /// Whose it is.
    pub account: AccountId,
    /// What it is about.
    pub about: Option<Uuid>,
    target_index: Option<Vec<u8>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Until when it works.
    pub expires_at: DateTime<Utc>,
}

impl Link {
    /// Whether it was made for this phone or address.
    pub fn is_for(&self, tx: &Tx, contact: &Contact) -> bool {
        self.target_index.as_deref() == Some(index(tx, contact).as_slice())
    }
}

fn index(tx: &Tx, contact: &Contact) -> Vec<u8> {
    let kind = match contact {
        Contact::Phone(_) => Index::Phone,
        Contact::Email(_) => Index::Email,
    };
    tx.vault().index(kind, contact.address()).to_vec()
}

/// Stores a link.
pub async fn make(tx: &Tx, new: &NewLink<'_>) -> Result<(), StoreError> {
    let row = account_link::ActiveModel {
        token_hash: Set(new.token.hash().as_bytes().to_vec()),
        purpose: Set(new.purpose.as_str().to_owned()),
        account_id: Set(new.account.as_uuid()),
        about: Set(new.about),
        target_index: Set(new.target.map(|contact| index(tx, contact))),
        created_at: Set(new.now),
        expires_at: Set(new.expires_at),
        used_at: Set(None),
    };
    account_link::Entity::insert(row)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// A link that works now, without using it.
pub async fn look(tx: &Tx, token: &LinkToken, now: DateTime<Utc>) -> Result<Option<Link>, StoreError> {
    let row = account_link::Entity::find_by_id(token.hash().as_bytes().to_vec())
        .filter(account_link::Column::UsedAt.is_null())
        .filter(account_link::Column::ExpiresAt.gt(now))
        .one(tx)
        .await?;
    row.map(from_row).transpose()
}

/// Uses a link up, and answers what it was; `None` when it was used, is over or never was. Of many at a time one gets it.
pub async fn take(
    tx: &Tx,
    token: &LinkToken,
    purpose: Purpose,
    now: DateTime<Utc>,
) -> Result<Option<Link>, StoreError> {
    let hash = token.hash().as_bytes().to_vec();
    let used = account_link::Entity::update_many()
        .col_expr(account_link::Column::UsedAt, Expr::value(now))
        .filter(account_link::Column::TokenHash.eq(hash.clone()))
        .filter(account_link::Column::Purpose.eq(purpose.as_str()))
        .filter(account_link::Column::UsedAt.is_null())
        .filter(account_link::Column::ExpiresAt.gt(now))
        .exec(tx)
        .await?;
    if used.rows_affected != 1 {
        return Ok(None);
    }
    let row = account_link::Entity::find_by_id(hash).one(tx).await?;
    row.map(from_row).transpose()
}

/// Ends the links of an account that are about one thing, or all of one purpose; answers how many.
pub async fn end(
    tx: &Tx,
    account: AccountId,
    (purpose, about): (Purpose, Option<Uuid>),
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    let mut links = account_link::Entity::update_many()
        .col_expr(account_link::Column::UsedAt, Expr::value(now))
        .filter(account_link::Column::AccountId.eq(account.as_uuid()))
        .filter(account_link::Column::Purpose.eq(purpose.as_str()))
        .filter(account_link::Column::UsedAt.is_null());
    if let Some(about) = about {
        links = links.filter(account_link::Column::About.eq(about));
    }
    Ok(links.exec(tx).await?.rows_affected)
}

/// Ends every link of an account: it is closed.
pub async fn end_all(tx: &Tx, account: AccountId, now: DateTime<Utc>) -> Result<u64, StoreError> {
    let ended = account_link::Entity::update_many()
        .col_expr(account_link::Column::UsedAt, Expr::value(now))
        .filter(account_link::Column::AccountId.eq(account.as_uuid()))
        .filter(account_link::Column::UsedAt.is_null())
        .exec(tx)
        .await?;
    Ok(ended.rows_affected)
}

fn from_row(row: account_link::Model) -> Result<Link, StoreError> {
    Ok(Link {
        purpose: Purpose::parse(&row.purpose).ok_or(StoreError::Malformed("account_link.purpose"))?,
        account: AccountId::from_uuid(row.account_id),
        about: row.about,
        target_index: row.target_index,
        created_at: row.created_at,
        expires_at: row.expires_at,
    })
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use model::email::Email;
    use model::phone::Phone;
    use model::rng::Rng;

    use super::*;
    use crate::testing::stores;

    fn account() -> AccountId {
        AccountId::new(crate::testing::start_time(), &Rng::system())
    }

    async fn link(tx: &Tx, account: AccountId, purpose: Purpose, target: Option<&Contact>) -> LinkToken {
        let (now, token) = (crate::testing::start_time(), LinkToken::generate(&Rng::system()));
        let new = NewLink {
            token: &token,
            purpose,
            account,
            about: Some(Uuid::nil()),
            target,
            now,
            expires_at: now + TimeDelta::hours(24),
        };
        make(tx, &new).await.unwrap();
        token
    }

    #[tokio::test]
    async fn attack_231_239_of_many_who_use_a_link_at_once_one_gets_it() {
        for test in stores().await {
            let (account, now) = (account(), test.clock.now());
            let token = link(&test.store.read(), account, Purpose::NotMe, None).await;
            let mut nodes = tokio::task::JoinSet::new();
            for _ in 0..32 {
                let (store, token) = (test.store.clone(), token.clone());
                nodes.spawn(async move {
                    let taken = take(&store.read(), &token, Purpose::NotMe, now).await.unwrap();
                    usize::from(taken.is_some_and(|link| link.account == account))
                });
            }
            let won: usize = nodes.join_all().await.into_iter().sum();
            assert_eq!(won, 1, "{}", test.database.kind());
            assert!(look(&test.store.read(), &token, now).await.unwrap().is_none());
        }
    }

    #[tokio::test]
    async fn attack_231_238_a_link_is_nothing_for_another_purpose_another_address_or_after_its_time() {
        for test in stores().await {
            let (tx, now) = (test.store.read(), test.clock.now());
            let email = |text| Contact::Email(Email::parse(text).unwrap());
            let (mine, other) = (email("a@example.com"), email("b@example.com"));
            let token = link(&tx, account(), Purpose::ConfirmEmail, Some(&mine)).await;
            let late = now + TimeDelta::hours(24);
            assert!(
                take(&tx, &token, Purpose::ActivateEmail, now)
                    .await
                    .unwrap()
                    .is_none()
            );
            assert!(
                take(&tx, &token, Purpose::ConfirmEmail, late)
                    .await
                    .unwrap()
                    .is_none()
            );
            assert!(look(&tx, &token, late).await.unwrap().is_none(), "swept or not");
            let stranger = LinkToken::generate(&Rng::system());
            assert!(look(&tx, &stranger, now).await.unwrap().is_none());
            let seen = look(&tx, &token, now).await.unwrap().unwrap();
            assert!(seen.is_for(&tx, &mine) && !seen.is_for(&tx, &other));
            let phone = Contact::Phone(Phone::parse("13800001234").unwrap());
            assert!(!seen.is_for(&tx, &phone));
            assert_eq!(
                take(&tx, &token, Purpose::ConfirmEmail, now).await.unwrap(),
                Some(seen)
            );
        }
    }

    #[tokio::test]
    async fn ended_links_do_not_work_and_those_of_others_stay() {
        for test in stores().await {
            let (tx, now) = (test.store.read(), test.clock.now());
            let (mine, other) = (account(), account());
            let undo = link(&tx, mine, Purpose::UndoChange, None).await;
            let not_me = link(&tx, mine, Purpose::NotMe, None).await;
            let theirs = link(&tx, other, Purpose::UndoChange, None).await;
            let elsewhere = Some(Uuid::max());
            assert_eq!(
                end(&tx, mine, (Purpose::UndoChange, elsewhere), now)
                    .await
                    .unwrap(),
                0
            );
            assert_eq!(
                end(&tx, mine, (Purpose::UndoChange, Some(Uuid::nil())), now)
                    .await
                    .unwrap(),
                1
            );
            assert!(look(&tx, &undo, now).await.unwrap().is_none());
            assert!(look(&tx, &not_me, now).await.unwrap().is_some());
            assert_eq!(end_all(&tx, mine, now).await.unwrap(), 1);
            assert!(look(&tx, &theirs, now).await.unwrap().is_some());
        }
    }
}
