//! A device that waits for a signed-in phone to let it in. The phone's answer and the device's use of it are one guarded
//! statement each, whose row count is the answer: one answer, one sign-in, on however many nodes.

use chrono::{DateTime, Utc};
use model::authn::Methods;
use model::ids::{AccountId, SessionId};
use model::secret::TokenHash;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QuerySelect as _};
use uuid::Uuid;

use crate::entity::scan::{ActiveModel, Column, Entity, Model};
use crate::entity::session;
use crate::error::StoreError;
use crate::tx::Tx;
use crate::vault;

/// What the phone answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The device may sign in.
    Allowed,
    /// It may not, or the number was wrong.
    Denied,
}

impl Decision {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Denied => "denied",
        }
    }

    fn parse(word: &str) -> Result<Self, StoreError> {
        [Self::Allowed, Self::Denied]
            .into_iter()
            .find(|decision| decision.as_str() == word)
            .ok_or(StoreError::Malformed("scan.decision"))
    }
}

/// A device that begins to wait.
#[derive(Clone, Debug)]
pub struct NewScan<'a> {
    /// The hash of what the code holds.
    pub id: &'a TokenHash,
    /// The device's browser.
    pub browser: &'a TokenHash,
    /// The number that it shows.
    pub number: i32,
    /// What the phone shows of it; sealed.
    pub details: &'a str,
    /// Now.
    pub now: DateTime<Utc>,
    /// From when on it is too late.
    pub expires_at: DateTime<Utc>,
}

/// A device that waits, or waited.
#[derive(Clone, Debug)]
pub struct Scan {
    /// The device's browser.
    pub browser: TokenHash,
    /// The number that it shows.
    pub number: i32,
    /// What the phone shows of it.
    pub details: String,
    /// From when on it is too late.
    pub expires_at: DateTime<Utc>,
    /// What the phone answered.
    pub decision: Option<Decision>,
}

/// A sign-in that a phone allowed, taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Whose it is.
    pub account: AccountId,
    /// How the person had signed in on the phone.
    pub methods: Methods,
}

/// Stores a device that waits.
pub async fn put(tx: &Tx, new: &NewScan<'_>) -> Result<(), StoreError> {
    let id = new.id.as_bytes();
    let row = ActiveModel {
        id_hash: Set(id.to_vec()),
        browser_hash: Set(new.browser.as_bytes().to_vec()),
        number: Set(new.number),
        details_sealed: Set(tx
            .vault()
            .seal(vault::Column::ScanDetails, id, new.details.as_bytes())?),
        created_at: Set(new.now),
        expires_at: Set(new.expires_at),
        account_id: Set(None),
        session_id: Set(None),
        decided_at: Set(None),
        decision: Set(None),
        used_at: Set(None),
        looked_at: Set(None),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// One that is neither used nor too late.
pub async fn find(tx: &Tx, id: &TokenHash, now: DateTime<Utc>) -> Result<Option<Scan>, StoreError> {
    let row = Entity::find_by_id(id.as_bytes().to_vec())
        .filter(Column::ExpiresAt.gt(now))
        .filter(Column::UsedAt.is_null())
        .one(tx)
        .await?;
    row.map(|row| read(tx, row)).transpose()
}

fn read(tx: &Tx, row: Model) -> Result<Scan, StoreError> {
    let details = tx
        .vault()
        .open_text(vault::Column::ScanDetails, &row.id_hash, &row.details_sealed)?;
    Ok(Scan {
        browser: TokenHash::from_bytes(&row.browser_hash)
            .ok_or(StoreError::Malformed("scan.browser_hash"))?,
        number: row.number,
        details,
        expires_at: row.expires_at,
        decision: row.decision.as_deref().map(Decision::parse).transpose()?,
    })
}

/// A phone looks at a device that waits, for the first time: it gets its own time from now on, once. `false` where somebody
/// looked before, answered or it is too late; and the device's own browser is no phone.
pub async fn look(
    tx: &Tx,
    id: &TokenHash,
    browser: &TokenHash,
    (now, until): (DateTime<Utc>, DateTime<Utc>),
) -> Result<bool, StoreError> {
    let looked = Entity::update_many()
        .col_expr(Column::LookedAt, Expr::value(now))
        .col_expr(Column::ExpiresAt, Expr::value(until))
        .filter(Column::IdHash.eq(id.as_bytes().to_vec()))
        .filter(Column::BrowserHash.ne(browser.as_bytes().to_vec()))
        .filter(Column::LookedAt.is_null())
        .filter(Column::DecidedAt.is_null())
        .filter(Column::UsedAt.is_null())
        .filter(Column::ExpiresAt.gt(now))
        .exec(tx)
        .await?;
    Ok(looked.rows_affected == 1)
}

/// The phone's answer, once. With the wrong number it is a refusal, and nobody can try another number. `None` where
/// somebody answered already or it is too late.
pub async fn decide(
    tx: &Tx,
    id: &TokenHash,
    (account, session): (AccountId, SessionId),
    number: Option<i32>,
    now: DateTime<Utc>,
) -> Result<Option<Decision>, StoreError> {
    let open = || {
        Entity::update_many()
            .col_expr(Column::AccountId, Expr::value(account.as_uuid()))
            .col_expr(Column::SessionId, Expr::value(session.as_uuid()))
            .col_expr(Column::DecidedAt, Expr::value(now))
            .filter(Column::IdHash.eq(id.as_bytes().to_vec()))
            .filter(Column::DecidedAt.is_null())
            .filter(Column::UsedAt.is_null())
            .filter(Column::ExpiresAt.gt(now))
    };
    if let Some(number) = number {
        let allowed = open()
            .col_expr(Column::Decision, Expr::value(Decision::Allowed.as_str()))
            .filter(Column::Number.eq(number))
            .exec(tx)
            .await?;
        if allowed.rows_affected == 1 {
            return Ok(Some(Decision::Allowed));
        }
    }
    let denied = open()
        .col_expr(Column::Decision, Expr::value(Decision::Denied.as_str()))
        .exec(tx)
        .await?;
    Ok((denied.rows_affected == 1).then_some(Decision::Denied))
}

/// Uses what a phone allowed, once, in the browser that waits, while the phone's own sign-in holds.
pub async fn take(
    tx: &Tx,
    id: &TokenHash,
    browser: &TokenHash,
    now: DateTime<Utc>,
) -> Result<Option<Taken>, StoreError> {
    let used = Entity::update_many()
        .col_expr(Column::UsedAt, Expr::value(now))
        .filter(Column::IdHash.eq(id.as_bytes().to_vec()))
        .filter(Column::BrowserHash.eq(browser.as_bytes().to_vec()))
        .filter(Column::Decision.eq(Decision::Allowed.as_str()))
        .filter(Column::UsedAt.is_null())
        .filter(Column::ExpiresAt.gt(now))
        .exec(tx)
        .await?;
    if used.rows_affected != 1 {
        return Ok(None);
    }
    let row = Entity::find_by_id(id.as_bytes().to_vec()).one(tx).await?;
    let Some((account, session)) = row.and_then(|row| row.account_id.zip(row.session_id)) else {
        return Ok(None);
    };
    let methods = session::Entity::find_by_id(session)
        .select_only()
        .column(session::Column::AccountId)
        .column(session::Column::Methods)
        .filter(session::Column::EndedAt.is_null())
        .filter(session::Column::ExpiresAt.gt(now))
        .into_tuple::<(Uuid, String)>()
        .one(tx)
        .await?;
    let Some((owner, methods)) = methods.filter(|(owner, _)| *owner == account) else {
        return Ok(None);
    };
    Ok(Some(Taken {
        account: AccountId::from_uuid(owner),
        methods: serde_json::from_str(&methods).map_err(|_| StoreError::Malformed("session.methods"))?,
    }))
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use model::authn::Method;
    use model::rng::Rng;
    use model::secret::Token;

    use super::*;
    use crate::sessions::{self, NewSession};
    use crate::testing::{TestStore, stores};

    struct Waiting {
        id: TokenHash,
        browser: TokenHash,
        phone: (AccountId, SessionId),
    }

    async fn waiting(test: &TestStore) -> Waiting {
        let (tx, rng, now) = (test.store.read(), Rng::system(), test.clock.now());
        let hash = || Token::generate(&rng).hash();
        let (id, browser) = (hash(), hash());
        let new = NewScan {
            id: &id,
            browser: &browser,
            number: 42,
            details: "{}",
            now,
            expires_at: now + TimeDelta::seconds(120),
        };
        put(&tx, &new).await.unwrap();
        let session = NewSession {
            id: SessionId::new(now, &rng),
            token_hash: hash(),
            account: AccountId::new(now, &rng),
            methods: Methods::new([Method::Password, Method::Sms]),
            public_computer: false,
            now,
            expires_at: now + TimeDelta::hours(1),
            device: "phone".to_owned(),
        };
        sessions::create(&tx, &session).await.unwrap();
        Waiting {
            id,
            browser,
            phone: (session.account, session.id),
        }
    }

    #[tokio::test]
    async fn a_phone_answers_once_and_its_answer_is_used_once_by_the_browser_that_waits() {
        for test in stores().await {
            let (tx, now) = (test.store.read(), test.clock.now());
            let one = waiting(&test).await;
            assert!(
                take(&tx, &one.id, &one.browser, now).await.unwrap().is_none(),
                "before"
            );
            let answered = decide(&tx, &one.id, one.phone, Some(42), now).await.unwrap();
            assert_eq!(answered, Some(Decision::Allowed));
            let again = decide(&tx, &one.id, one.phone, None, now).await.unwrap();
            assert_eq!(again, None);
            let other = Token::generate(&Rng::system()).hash();
            assert!(
                take(&tx, &one.id, &other, now).await.unwrap().is_none(),
                "another browser"
            );
            let taken = take(&tx, &one.id, &one.browser, now).await.unwrap().unwrap();
            assert_eq!(taken.account, one.phone.0);
            assert!(take(&tx, &one.id, &one.browser, now).await.unwrap().is_none());
            assert!(find(&tx, &one.id, now).await.unwrap().is_none());
        }
    }

    #[tokio::test]
    async fn a_wrong_number_is_the_end_of_it() {
        for test in stores().await {
            let (tx, now) = (test.store.read(), test.clock.now());
            let one = waiting(&test).await;
            let wrong = decide(&tx, &one.id, one.phone, Some(41), now).await.unwrap();
            assert_eq!(wrong, Some(Decision::Denied));
            assert_eq!(
                decide(&tx, &one.id, one.phone, Some(42), now).await.unwrap(),
                None
            );
            assert!(take(&tx, &one.id, &one.browser, now).await.unwrap().is_none());
        }
    }

    #[tokio::test]
    async fn what_is_too_late_or_whose_phone_signed_out_signs_nobody_in() {
        for test in stores().await {
            let (tx, now) = (test.store.read(), test.clock.now());
            let late = now + TimeDelta::seconds(120);
            let one = waiting(&test).await;
            assert_eq!(
                decide(&tx, &one.id, one.phone, Some(42), late).await.unwrap(),
                None
            );
            decide(&tx, &one.id, one.phone, Some(42), now).await.unwrap();
            assert!(take(&tx, &one.id, &one.browser, late).await.unwrap().is_none());
            let two = waiting(&test).await;
            decide(&tx, &two.id, two.phone, Some(42), now).await.unwrap();
            sessions::end(&tx, two.phone.1, now).await.unwrap();
            assert!(take(&tx, &two.id, &two.browser, now).await.unwrap().is_none());
        }
    }

    #[tokio::test]
    async fn of_many_that_use_an_answer_at_once_one_does() {
        for test in stores().await {
            let now = test.clock.now();
            let one = waiting(&test).await;
            decide(&test.store.read(), &one.id, one.phone, Some(42), now)
                .await
                .unwrap();
            let mut tries = tokio::task::JoinSet::new();
            for _ in 0..8 {
                let (store, id, browser) = (test.store.clone(), one.id, one.browser);
                tries.spawn(async move { take(&store.read(), &id, &browser, now).await.unwrap().is_some() });
            }
            let won = tries.join_all().await.into_iter().filter(|won| *won).count();
            assert_eq!(won, 1, "{}", test.database.kind());
        }
    }

    #[tokio::test]
    async fn the_first_look_of_a_phone_gives_more_time_once_and_none_to_what_is_over() {
        for test in stores().await {
            let (tx, now) = (test.store.read(), test.clock.now());
            let one = waiting(&test).await;
            let until = now + TimeDelta::seconds(220);
            let phone = Token::generate(&Rng::system()).hash();
            let look = async |browser: &TokenHash, at, until| {
                look(&tx, &one.id, browser, (at, until)).await.unwrap()
            };
            assert!(!look(&one.browser, now, until).await, "the device itself");
            assert!(
                !look(&phone, now + TimeDelta::seconds(120), until).await,
                "too late"
            );
            assert!(look(&phone, now, until).await);
            assert!(!look(&phone, now, until + TimeDelta::hours(1)).await, "once");
            let found = find(&tx, &one.id, now).await.unwrap().unwrap();
            assert_eq!(found.expires_at, until, "{}", test.database.kind());
            let two = waiting(&test).await;
            decide(&tx, &two.id, two.phone, None, now).await.unwrap();
            let answered = super::look(&tx, &two.id, &phone, (now, until)).await.unwrap();
            assert!(!answered, "answered");
        }
    }
}
