//! Registrations under way: what a browser has told so far. A draft belongs to one browser and lives for an hour,
//! so that a lost connection costs nothing; phone numbers in it are sealed.

use chrono::{DateTime, Utc};
use model::client::AccountKind;
use model::email::Email;
use model::ids::{AccountId, RegistrationId};
use model::language::Language;
use model::person_name::PersonName;
use model::phone::Phone;
use model::secret::TokenHash;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};

use crate::entity::registration;
use crate::error::StoreError;
use crate::tx::Tx;
use crate::vault::{Column, Index};

/// A registration of one browser.
#[derive(Clone, Debug)]
pub struct Registration {
    /// Its identifier.
    pub id: RegistrationId,
    /// What is being registered.
    pub kind: AccountKind,
    /// The language of messages.
    pub language: Language,
    /// The phone that was typed; proven only when the registration is complete.
    pub phone: Phone,
    /// The e-mail address and the name that were typed, where one registers by e-mail. Nobody has proven them.
    pub mail: Option<ByEmail>,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// The account that came out of it.
    pub account: Option<AccountId>,
}

/// What is typed beside the phone by those who register by e-mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByEmail {
    /// The address.
    pub email: Email,
    /// The name, declared.
    pub name: PersonName,
}

/// What a registration begins with.
#[derive(Debug)]
pub struct NewRegistration<'a> {
    /// Its identifier.
    pub id: RegistrationId,
    /// The browser that it belongs to.
    pub browser: &'a TokenHash,
    /// What is being registered.
    pub kind: AccountKind,
    /// The language of messages.
    pub language: Language,
    /// The phone.
    pub phone: &'a Phone,
    /// Address and name, where one registers by e-mail.
    pub mail: Option<&'a ByEmail>,
    /// Now.
    pub now: DateTime<Utc>,
    /// When the draft is forgotten.
    pub expires_at: DateTime<Utc>,
}

/// Begins a registration; the browser's earlier draft is forgotten.
pub async fn begin(tx: &Tx, new: &NewRegistration<'_>) -> Result<(), StoreError> {
    let browser = new.browser.as_bytes().to_vec();
    registration::Entity::delete_many()
        .filter(registration::Column::BrowserHash.eq(browser.clone()))
        .filter(registration::Column::AccountId.is_null())
        .exec(tx)
        .await?;
    let id = new.id.as_uuid();
    let phone = new.phone.e164();
    let seal = |column, text: &str| tx.vault().seal(column, id.as_bytes(), text.as_bytes());
    let row = registration::ActiveModel {
        id: Set(id),
        browser_hash: Set(browser),
        kind: Set(new.kind.as_str().to_owned()),
        language: Set(new.language.tag().to_owned()),
        phone_sealed: Set(seal(Column::RegistrationPhone, phone)?),
        phone_index: Set(tx.vault().index(Index::Phone, phone).to_vec()),
        email_sealed: Set(new
            .mail
            .map(|mail| seal(Column::RegistrationEmail, mail.email.as_str()))
            .transpose()?),
        email_index: Set(new.mail.map(|mail| email_index(tx, &mail.email))),
        name_sealed: Set(new
            .mail
            .map(|mail| seal(Column::RegistrationName, mail.name.as_str()))
            .transpose()?),
        created_at: Set(new.now),
        expires_at: Set(new.expires_at),
        account_id: Set(None),
    };
    registration::Entity::insert(row)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Goes on with a draft whose phone was typed again: it is remembered until `expires_at`. `false` when it is
/// complete or forgotten meanwhile.
pub async fn prolong(
    tx: &Tx,
    id: RegistrationId,
    (now, expires_at): (DateTime<Utc>, DateTime<Utc>),
) -> Result<bool, StoreError> {
    let changed = registration::Entity::update_many()
        .col_expr(registration::Column::ExpiresAt, Expr::value(expires_at))
        .filter(registration::Column::Id.eq(id.as_uuid()))
        .filter(registration::Column::AccountId.is_null())
        .filter(registration::Column::ExpiresAt.gt(now))
        .exec(tx)
        .await?;
    Ok(changed.rows_affected == 1)
}

/// The newest registration of a browser that is not forgotten, complete or not.
pub async fn find(
    tx: &Tx,
    browser: &TokenHash,
    now: DateTime<Utc>,
) -> Result<Option<Registration>, StoreError> {
    let row = registration::Entity::find()
        .filter(registration::Column::BrowserHash.eq(browser.as_bytes().to_vec()))
        .filter(registration::Column::ExpiresAt.gt(now))
        .order_by_desc(registration::Column::CreatedAt)
        .order_by_desc(registration::Column::Id)
        .one(tx)
        .await?;
    row.map(|row| from_row(tx, row)).transpose()
}

/// Notes the account that came out of a registration; once, and only while the draft lives.
pub async fn complete(
    tx: &Tx,
    id: RegistrationId,
    account: AccountId,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let changed = registration::Entity::update_many()
        .col_expr(registration::Column::AccountId, Expr::value(account.as_uuid()))
        .filter(registration::Column::Id.eq(id.as_uuid()))
        .filter(registration::Column::AccountId.is_null())
        .filter(registration::Column::ExpiresAt.gt(now))
        .exec(tx)
        .await?;
    Ok(changed.rows_affected == 1)
}

/// Keeps a registration that made an account for longer: its address is not confirmed yet.
pub async fn keep_until(tx: &Tx, id: RegistrationId, expires_at: DateTime<Utc>) -> Result<(), StoreError> {
    registration::Entity::update_many()
        .col_expr(registration::Column::ExpiresAt, Expr::value(expires_at))
        .filter(registration::Column::Id.eq(id.as_uuid()))
        .exec(tx)
        .await?;
    Ok(())
}

/// A registration that made an account whose address is not confirmed yet.
pub async fn find_waiting(
    tx: &Tx,
    id: RegistrationId,
    now: DateTime<Utc>,
) -> Result<Option<Registration>, StoreError> {
    let row = registration::Entity::find_by_id(id.as_uuid())
        .filter(registration::Column::AccountId.is_not_null())
        .filter(registration::Column::EmailIndex.is_not_null())
        .filter(registration::Column::ExpiresAt.gt(now))
        .one(tx)
        .await?;
    row.map(|row| from_row(tx, row)).transpose()
}

/// The registrations that wait for this address to be confirmed, newest first, at most `limit`.
pub async fn list_waiting(
    tx: &Tx,
    email: &Email,
    (now, limit): (DateTime<Utc>, u64),
) -> Result<Vec<Registration>, StoreError> {
    let rows = registration::Entity::find()
        .filter(registration::Column::EmailIndex.eq(email_index(tx, email)))
        .filter(registration::Column::AccountId.is_not_null())
        .filter(registration::Column::ExpiresAt.gt(now))
        .order_by_desc(registration::Column::CreatedAt)
        .limit(limit)
        .all(tx)
        .await?;
    rows.into_iter().map(|row| from_row(tx, row)).collect()
}

/// Forgets a registration: everything in it has been done.
pub async fn forget(tx: &Tx, id: RegistrationId) -> Result<(), StoreError> {
    registration::Entity::delete_by_id(id.as_uuid()).exec(tx).await?;
    Ok(())
}

fn email_index(tx: &Tx, email: &Email) -> Vec<u8> {
    tx.vault().index(Index::Email, email.as_str()).to_vec()
}

fn from_row(tx: &Tx, row: registration::Model) -> Result<Registration, StoreError> {
    let phone = tx
        .vault()
        .open_text(Column::RegistrationPhone, row.id.as_bytes(), &row.phone_sealed)?;
    let open = |column, sealed: Option<Vec<u8>>| {
        sealed
            .map(|sealed| tx.vault().open_text(column, row.id.as_bytes(), &sealed))
            .transpose()
    };
    let email = open(Column::RegistrationEmail, row.email_sealed)?;
    let name = open(Column::RegistrationName, row.name_sealed)?;
    let mail = match (email, name) {
        (Some(email), Some(name)) => Some(ByEmail {
            email: Email::parse(&email).map_err(|_| StoreError::Malformed("registration.email"))?,
            name: PersonName::parse(&name).map_err(|_| StoreError::Malformed("registration.name"))?,
        }),
        _ => None,
    };
    Ok(Registration {
        id: RegistrationId::from_uuid(row.id),
        kind: AccountKind::parse(&row.kind).ok_or(StoreError::Malformed("registration.kind"))?,
        language: Language::from_tag(&row.language).ok_or(StoreError::Malformed("registration.language"))?,
        phone: Phone::parse(&phone).map_err(|_| StoreError::Malformed("registration.phone"))?,
        mail,
        created_at: row.created_at,
        account: row.account_id.map(AccountId::from_uuid),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::stores;
    use chrono::TimeDelta;
    use model::rng::Rng;
    use model::secret::Token;

    async fn begun(tx: &Tx, browser: &TokenHash, phone: &str, now: DateTime<Utc>) -> RegistrationId {
        begun_with(tx, browser, phone, (None, now)).await
    }

    async fn begun_with(
        tx: &Tx,
        browser: &TokenHash,
        phone: &str,
        (mail, now): (Option<&ByEmail>, DateTime<Utc>),
    ) -> RegistrationId {
        let id = RegistrationId::new(now, &Rng::system());
        let phone = Phone::parse(phone).unwrap();
        let new = NewRegistration {
            id,
            browser,
            kind: AccountKind::Resident,
            language: Language::Vi,
            phone: &phone,
            mail,
            now,
            expires_at: now + TimeDelta::hours(1),
        };
        begin(tx, &new).await.unwrap();
        id
    }

    #[tokio::test]
    async fn a_draft_belongs_to_one_browser_and_is_forgotten_after_its_time() {
        for test in stores().await {
            let (tx, now) = (test.store.read(), test.clock.now());
            let mine = Token::generate(&Rng::system()).hash();
            let other = Token::generate(&Rng::system()).hash();
            begun(&tx, &mine, "13800000001", now).await;
            begun(&tx, &mine, "13800000002", now + TimeDelta::seconds(1)).await;
            let found = find(&tx, &mine, now).await.unwrap().unwrap();
            assert_eq!(found.phone.e164(), "+8613800000002");
            assert_eq!((found.language, found.account), (Language::Vi, None));
            assert!(find(&tx, &other, now).await.unwrap().is_none());
            assert!(
                find(&tx, &mine, now + TimeDelta::minutes(61))
                    .await
                    .unwrap()
                    .is_none()
            );
        }
    }

    #[tokio::test]
    async fn source_vn_16_address_and_name_are_kept_until_the_address_is_confirmed() {
        for test in stores().await {
            let (tx, now) = (test.store.read(), test.clock.now());
            let browser = Token::generate(&Rng::system()).hash();
            let mail = ByEmail {
                email: Email::parse("an@example.vn").unwrap(),
                name: PersonName::parse("Nguyễn Văn An").unwrap(),
            };
            let id = begun_with(&tx, &browser, "13800000005", (Some(&mail), now)).await;
            assert_eq!(
                find(&tx, &browser, now).await.unwrap().unwrap().mail.as_ref(),
                Some(&mail)
            );
            assert!(
                find_waiting(&tx, id, now).await.unwrap().is_none(),
                "there is no account yet"
            );
            let account = AccountId::new(now, &Rng::system());
            assert!(complete(&tx, id, account, now).await.unwrap());
            let until = now + TimeDelta::days(3);
            keep_until(&tx, id, until).await.unwrap();
            let later = until - TimeDelta::seconds(1);
            let waiting = list_waiting(&tx, &mail.email, (later, 3)).await.unwrap();
            assert_eq!(
                waiting.iter().map(|one| one.account).collect::<Vec<_>>(),
                [Some(account)]
            );
            let other = Email::parse("binh@example.vn").unwrap();
            assert!(list_waiting(&tx, &other, (later, 3)).await.unwrap().is_empty());
            assert!(
                list_waiting(&tx, &mail.email, (until, 3))
                    .await
                    .unwrap()
                    .is_empty()
            );
            forget(&tx, id).await.unwrap();
            assert!(find_waiting(&tx, id, now).await.unwrap().is_none());
        }
    }

    #[tokio::test]
    async fn a_draft_is_prolonged_while_it_is_one() {
        for test in stores().await {
            let (tx, now) = (test.store.read(), test.clock.now());
            let browser = Token::generate(&Rng::system()).hash();
            let id = begun(&tx, &browser, "13800000004", now).await;
            let later = now + TimeDelta::minutes(50);
            let until = later + TimeDelta::hours(1);
            assert!(prolong(&tx, id, (later, until)).await.unwrap());
            let at = now + TimeDelta::minutes(100);
            assert_eq!(find(&tx, &browser, at).await.unwrap().unwrap().id, id);
            assert!(
                !prolong(&tx, id, (until, until + TimeDelta::hours(1)))
                    .await
                    .unwrap()
            );
            let account = AccountId::new(now, &Rng::system());
            assert!(complete(&tx, id, account, at).await.unwrap());
            assert!(!prolong(&tx, id, (at, until)).await.unwrap());
        }
    }

    #[tokio::test]
    async fn a_registration_is_completed_once_however_many_try() {
        for test in stores().await {
            let now = test.clock.now();
            let browser = Token::generate(&Rng::system()).hash();
            let id = begun(&test.store.read(), &browser, "13800000003", now).await;
            let mut tries = tokio::task::JoinSet::new();
            for _ in 0..32 {
                let store = test.store.clone();
                tries.spawn(async move {
                    let account = AccountId::new(now, &Rng::system());
                    complete(&store.read(), id, account, now).await.unwrap()
                });
            }
            let won = tries.join_all().await.into_iter().filter(|won| *won).count();
            assert_eq!(won, 1, "{}", test.database.kind());
            assert!(
                find(&test.store.read(), &browser, now)
                    .await
                    .unwrap()
                    .unwrap()
                    .account
                    .is_some()
            );
        }
    }
}
