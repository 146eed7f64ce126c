//! What one browser does in several requests: half a sign-in, half a recovery, a passkey that is being asked for.
//!
//! A ceremony is found by the hash of its handle and only by the browser and for the purpose that it was begun with
//! (A223, A285b). It is taken once, by one guarded statement whose row count is the answer (A217); what it holds is
//! sealed, and forgotten with the taking.

use chrono::{DateTime, Utc};
use model::authn::Methods;
use model::ids::{AccountId, SessionId};
use model::secret::TokenHash;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use zeroize::Zeroizing;

use crate::entity::ceremony::{ActiveModel, Column, Entity, Model};
use crate::error::StoreError;
use crate::tx::Tx;
use crate::vault;

/// What a ceremony is for. One begun for something else is not found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// The first factor of a sign-in was right; another is missing.
    SignIn,
    /// A passkey of anybody is asked for at the sign-in.
    PasskeySignIn,
    /// A factor is added to a sign-in because a sub-site wants a stronger one.
    MoreProof,
    /// A passkey is asked for before something that a stolen sign-in must not do.
    Confirm,
    /// What was proven again a moment ago.
    Confirmed,
    /// A passkey is being made.
    NewPasskey,
    /// The secret of an authenticator application that is being set up.
    NewAuthenticator,
    /// Recovery codes that were just made, for the page that shows them.
    NewCodes,
    /// A recovery.
    Recovery,
    /// A change of phone, e-mail address or user name.
    ContactChange,
    /// The right password for an account that is being closed: whether to keep it.
    Keep,
    /// What somebody has to say against a decision of operators.
    Appeal,
    /// A form did its work a moment ago: where the same form, sent once more, leads.
    Done,
}

impl Purpose {
    /// The stored name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::PasskeySignIn => "passkey_sign_in",
            Self::MoreProof => "more_proof",
            Self::Confirm => "confirm",
            Self::Confirmed => "confirmed",
            Self::NewPasskey => "new_passkey",
            Self::NewAuthenticator => "new_authenticator",
            Self::NewCodes => "new_codes",
            Self::Recovery => "recovery",
            Self::ContactChange => "contact_change",
            Self::Keep => "keep",
            Self::Appeal => "appeal",
            Self::Done => "done",
        }
    }
}

/// A ceremony that begins.
#[derive(Clone, Debug)]
pub struct NewCeremony<'a> {
    /// The hash of its handle.
    pub id: &'a TokenHash,
    /// The browser.
    pub browser: &'a TokenHash,
    /// What it is for.
    pub purpose: Purpose,
    /// Whose it is, if that is known.
    pub account: Option<AccountId>,
    /// The sign-in that it belongs to, if there is one.
    pub session: Option<SessionId>,
    /// What was proven so far.
    pub methods: Methods,
    /// What is needed later; sealed. Empty for nothing.
    pub state: &'a [u8],
    /// Where the person goes afterwards.
    pub onward: &'a str,
    /// Whether the computer is shared with others.
    pub public_computer: bool,
    /// Now.
    pub now: DateTime<Utc>,
    /// From when on it is too late.
    pub expires_at: DateTime<Utc>,
}

impl<'a> NewCeremony<'a> {
    /// A ceremony of a browser that nothing else is known of.
    pub fn new(
        id: &'a TokenHash,
        (browser, purpose): (&'a TokenHash, Purpose),
        (now, expires_at): (DateTime<Utc>, DateTime<Utc>),
    ) -> Self {
        Self {
            id,
            browser,
            purpose,
            account: None,
            session: None,
            methods: Methods::default(),
            state: &[],
            onward: "",
            public_computer: false,
            now,
            expires_at,
        }
    }
}

/// A ceremony that is under way.
#[derive(Clone, Debug)]
pub struct Ceremony {
    /// Whose it is, if that is known.
    pub account: Option<AccountId>,
    /// The sign-in that it belongs to.
    pub session: Option<SessionId>,
    /// What was proven so far.
    pub methods: Methods,
    /// What was kept.
    pub state: Zeroizing<Vec<u8>>,
    /// Where the person goes afterwards.
    pub onward: String,
    /// Whether the computer is shared with others.
    pub public_computer: bool,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// From when on it is too late.
    pub expires_at: DateTime<Utc>,
}

/// Which ceremony: the hash of its handle, the browser and what it is for.
#[derive(Clone, Copy, Debug)]
pub struct Handle<'a> {
    /// The hash of the handle.
    pub id: &'a TokenHash,
    /// The browser.
    pub browser: &'a TokenHash,
    /// What it is for.
    pub purpose: Purpose,
}

/// Stores a ceremony, in the place of an earlier one with the same handle.
pub async fn put(tx: &Tx, new: &NewCeremony<'_>) -> Result<(), StoreError> {
    let key = new.id.as_bytes();
    let methods =
        serde_json::to_string(&new.methods).map_err(|_| StoreError::Malformed("ceremony.methods"))?;
    let row = ActiveModel {
        id_hash: Set(key.to_vec()),
        browser_hash: Set(new.browser.as_bytes().to_vec()),
        purpose: Set(new.purpose.as_str().to_owned()),
        account_id: Set(new.account.map(AccountId::as_uuid)),
        session_id: Set(new.session.map(SessionId::as_uuid)),
        methods: Set(methods),
        state_sealed: Set(Some(tx.vault().seal(vault::Column::Ceremony, key, new.state)?)),
        onward: Set(new.onward.to_owned()),
        public_computer: Set(new.public_computer),
        created_at: Set(new.now),
        expires_at: Set(new.expires_at),
        used_at: Set(None),
    };
    let again = OnConflict::column(Column::IdHash)
        .update_columns([
            Column::BrowserHash,
            Column::Purpose,
            Column::AccountId,
            Column::SessionId,
            Column::Methods,
            Column::StateSealed,
            Column::Onward,
            Column::PublicComputer,
            Column::CreatedAt,
            Column::ExpiresAt,
            Column::UsedAt,
        ])
        .to_owned();
    Entity::insert(row)
        .on_conflict(again)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

fn live(handle: Handle<'_>, now: DateTime<Utc>) -> sea_orm::Condition {
    sea_orm::Condition::all()
        .add(Column::IdHash.eq(handle.id.as_bytes().to_vec()))
        .add(Column::BrowserHash.eq(handle.browser.as_bytes().to_vec()))
        .add(Column::Purpose.eq(handle.purpose.as_str()))
        .add(Column::UsedAt.is_null())
        .add(Column::ExpiresAt.gt(now))
}

/// A ceremony that is under way; it stays.
pub async fn look(tx: &Tx, handle: Handle<'_>, now: DateTime<Utc>) -> Result<Option<Ceremony>, StoreError> {
    let row = Entity::find().filter(live(handle, now)).one(tx).await?;
    row.map(|row| from_row(tx, row)).transpose()
}

/// Takes a ceremony: of several takers one gets it.
pub async fn take(tx: &Tx, handle: Handle<'_>, now: DateTime<Utc>) -> Result<Option<Ceremony>, StoreError> {
    let Some(row) = Entity::find().filter(live(handle, now)).one(tx).await? else {
        return Ok(None);
    };
    // Whoever kept something in it meanwhile is not overlooked.
    let taken = Entity::update_many()
        .col_expr(Column::UsedAt, Expr::value(now))
        .col_expr(Column::StateSealed, Expr::value(None::<Vec<u8>>))
        .filter(live(handle, now))
        .filter(Column::StateSealed.eq(row.state_sealed.clone()))
        .exec(tx)
        .await?;
    if taken.rows_affected == 1 {
        from_row(tx, row).map(Some)
    } else {
        Ok(None)
    }
}

/// What a step of a ceremony adds.
#[derive(Clone, Debug)]
pub struct Step<'a> {
    /// Whose it is from now on.
    pub account: Option<AccountId>,
    /// What was proven so far.
    pub methods: &'a Methods,
    /// What is needed later.
    pub state: &'a [u8],
}

/// Keeps what a step has brought, as long as nobody has taken the ceremony.
pub async fn advance(
    tx: &Tx,
    handle: Handle<'_>,
    step: &Step<'_>,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let methods =
        serde_json::to_string(step.methods).map_err(|_| StoreError::Malformed("ceremony.methods"))?;
    let sealed = tx
        .vault()
        .seal(vault::Column::Ceremony, handle.id.as_bytes(), step.state)?;
    let kept = Entity::update_many()
        .col_expr(
            Column::AccountId,
            Expr::value(step.account.map(AccountId::as_uuid)),
        )
        .col_expr(Column::Methods, Expr::value(methods))
        .col_expr(Column::StateSealed, Expr::value(Some(sealed)))
        .filter(live(handle, now))
        .exec(tx)
        .await?;
    Ok(kept.rows_affected == 1)
}

/// Which of these are under way: for a few handles at once, all of one browser and purpose. The places of those found.
pub async fn which(
    tx: &Tx,
    ids: &[TokenHash],
    (browser, purpose): (&TokenHash, Purpose),
    now: DateTime<Utc>,
) -> Result<Vec<usize>, StoreError> {
    let keys = ids.iter().map(|id| id.as_bytes().to_vec());
    let rows = Entity::find()
        .filter(Column::IdHash.is_in(keys))
        .filter(Column::BrowserHash.eq(browser.as_bytes().to_vec()))
        .filter(Column::Purpose.eq(purpose.as_str()))
        .filter(Column::UsedAt.is_null())
        .filter(Column::ExpiresAt.gt(now))
        .all(tx)
        .await?;
    let found = ids.iter().enumerate().filter(|(_, id)| {
        rows.iter()
            .any(|row| TokenHash::from_bytes(&row.id_hash).as_ref() == Some(id))
    });
    Ok(found.map(|(place, _)| place).collect())
}

/// Ends everything that is under way for an account, in whichever browser.
pub async fn end_of_account(tx: &Tx, account: AccountId, now: DateTime<Utc>) -> Result<u64, StoreError> {
    let ended = Entity::update_many()
        .col_expr(Column::UsedAt, Expr::value(now))
        .col_expr(Column::StateSealed, Expr::value(None::<Vec<u8>>))
        .filter(Column::AccountId.eq(account.as_uuid()))
        .filter(Column::UsedAt.is_null())
        .exec(tx)
        .await?;
    Ok(ended.rows_affected)
}

/// Ends what is under way for an account for these purposes, in whichever browser.
pub async fn end_of_account_for(
    tx: &Tx,
    account: AccountId,
    purposes: &[Purpose],
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    let names = purposes.iter().map(|purpose| purpose.as_str());
    let ended = Entity::update_many()
        .col_expr(Column::UsedAt, Expr::value(now))
        .col_expr(Column::StateSealed, Expr::value(None::<Vec<u8>>))
        .filter(Column::AccountId.eq(account.as_uuid()))
        .filter(Column::Purpose.is_in(names))
        .filter(Column::UsedAt.is_null())
        .exec(tx)
        .await?;
    Ok(ended.rows_affected)
}

fn from_row(tx: &Tx, row: Model) -> Result<Ceremony, StoreError> {
    let malformed = |_| StoreError::Malformed("ceremony.methods");
    let state = row
        .state_sealed
        .map(|sealed| tx.vault().open(vault::Column::Ceremony, &row.id_hash, &sealed))
        .transpose()?;
    Ok(Ceremony {
        account: row.account_id.map(AccountId::from_uuid),
        session: row.session_id.map(SessionId::from_uuid),
        methods: serde_json::from_str(&row.methods).map_err(malformed)?,
        state: state.unwrap_or_default(),
        onward: row.onward,
        public_computer: row.public_computer,
        created_at: row.created_at,
        expires_at: row.expires_at,
    })
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use model::authn::Method;
    use model::rng::Rng;
    use model::secret::Token;

    use super::*;
    use crate::testing::stores;

    #[tokio::test]
    async fn attack_223_a_ceremony_is_found_in_its_browser_for_its_purpose_and_in_its_time() {
        for test in stores().await {
            let (tx, now, rng) = (test.store.read(), test.clock.now(), Rng::system());
            let (id, browser, other) = (
                Token::generate(&rng).hash(),
                Token::generate(&rng).hash(),
                Token::generate(&rng).hash(),
            );
            let ends = now + TimeDelta::minutes(5);
            let new = NewCeremony {
                methods: Methods::new([Method::Password]),
                state: b"what the page asked",
                onward: "/account",
                ..NewCeremony::new(&id, (&browser, Purpose::SignIn), (now, ends))
            };
            put(&tx, &new).await.unwrap();
            let handle = Handle {
                id: &id,
                browser: &browser,
                purpose: Purpose::SignIn,
            };
            for (strange, at) in [
                (
                    Handle {
                        browser: &other,
                        ..handle
                    },
                    now,
                ),
                (Handle { id: &other, ..handle }, now),
                (
                    Handle {
                        purpose: Purpose::Recovery,
                        ..handle
                    },
                    now,
                ),
                (handle, ends),
            ] {
                assert!(look(&tx, strange, at).await.unwrap().is_none());
                assert!(take(&tx, strange, at).await.unwrap().is_none());
                let step = Step {
                    account: None,
                    methods: &Methods::default(),
                    state: b"",
                };
                assert!(!advance(&tx, strange, &step, at).await.unwrap());
            }
            let found = which(&tx, &[other, id], (&browser, Purpose::SignIn), now).await;
            assert_eq!(found.unwrap(), [1], "{}", test.database.kind());
            let taken = take(&tx, handle, now).await.unwrap().unwrap();
            assert_eq!(taken.state.as_slice(), b"what the page asked");
            assert!(taken.methods.contains(Method::Password));
            assert!(take(&tx, handle, now).await.unwrap().is_none());
            let row = Entity::find_by_id(id.as_bytes().to_vec()).one(&tx).await;
            assert!(row.unwrap().unwrap().state_sealed.is_none(), "forgotten");
        }
    }

    #[tokio::test]
    async fn attack_217_of_32_takers_one_gets_it() {
        for test in stores().await {
            let (now, rng) = (test.clock.now(), Rng::system());
            let (id, browser) = (Token::generate(&rng).hash(), Token::generate(&rng).hash());
            let ends = now + TimeDelta::minutes(5);
            let new = NewCeremony::new(&id, (&browser, Purpose::Confirm), (now, ends));
            put(&test.store.read(), &new).await.unwrap();
            let mut tries = tokio::task::JoinSet::new();
            for _ in 0..32 {
                let store = test.store.clone();
                tries.spawn(async move {
                    let handle = Handle {
                        id: &id,
                        browser: &browser,
                        purpose: Purpose::Confirm,
                    };
                    take(&store.read(), handle, now).await.unwrap().is_some()
                });
            }
            let taken = tries.join_all().await.into_iter().filter(|taken| *taken).count();
            assert_eq!(taken, 1, "{}", test.database.kind());
        }
    }

    #[tokio::test]
    async fn a_step_is_kept_and_an_account_ends_all_of_its_own() {
        for test in stores().await {
            let (tx, now, rng) = (test.store.read(), test.clock.now(), Rng::system());
            let (id, browser) = (Token::generate(&rng).hash(), Token::generate(&rng).hash());
            let ends = now + TimeDelta::minutes(5);
            let handle = Handle {
                id: &id,
                browser: &browser,
                purpose: Purpose::Recovery,
            };
            let new = NewCeremony::new(&id, (&browser, Purpose::Recovery), (now, ends));
            put(&tx, &new).await.unwrap();
            let account = AccountId::new(now, &rng);
            let step = Step {
                account: Some(account),
                methods: &Methods::new([Method::Sms]),
                state: b"second",
            };
            assert!(advance(&tx, handle, &step, now).await.unwrap());
            let seen = look(&tx, handle, now).await.unwrap().unwrap();
            assert_eq!(
                (seen.account, seen.state.as_slice()),
                (Some(account), &b"second"[..])
            );
            assert_eq!(end_of_account(&tx, account, now).await.unwrap(), 1);
            assert!(look(&tx, handle, now).await.unwrap().is_none());
        }
    }
}
