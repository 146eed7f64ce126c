//! Sign-ins of browsers. The cookie's value is stored as its hash; limits hold on the server (A163).

use chrono::{DateTime, TimeDelta, Utc};
use model::authn::Methods;
use model::ids::{AccountId, ClientId, SessionId};
use model::secret::TokenHash;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};

use crate::accounts::{self, Account, Status};
use crate::entity::{access_token, account, authorization_code, session};
use crate::error::StoreError;
use crate::tx::Tx;
use crate::vault::Column;

/// How often the time of last use is written, at most.
const TOUCH_SECONDS: i64 = 60;

/// The most sessions that a list shows.
const LIST_MAX: u64 = 50;

/// How long sign-ins last.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Ends after so much time without use, in minutes.
    pub idle_minutes: i64,
    /// Ends in any case, in minutes.
    pub absolute_minutes: i64,
    /// The same on a public computer (HB-68).
    pub public_idle_minutes: i64,
    /// The same on a public computer.
    pub public_absolute_minutes: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            idle_minutes: 60,
            absolute_minutes: 720,
            public_idle_minutes: 10,
            public_absolute_minutes: 60,
        }
    }
}

impl Limits {
    /// When a sign-in ends in any case.
    pub fn expires_at(&self, now: DateTime<Utc>, public_computer: bool) -> DateTime<Utc> {
        let minutes = if public_computer {
            self.public_absolute_minutes
        } else {
            self.absolute_minutes
        };
        now + TimeDelta::minutes(minutes)
    }

    fn idle(&self, public_computer: bool) -> TimeDelta {
        TimeDelta::minutes(if public_computer {
            self.public_idle_minutes
        } else {
            self.idle_minutes
        })
    }
}

/// A sign-in that holds, with the account it belongs to.
#[derive(Clone, Debug)]
pub struct LiveSession {
    /// Its identifier.
    pub id: SessionId,
    /// Whose it is.
    pub account: Account,
    /// How the person signed in.
    pub methods: Methods,
    /// When the person last proved it.
    pub auth_time: DateTime<Utc>,
    /// Whether the computer is shared with others.
    pub public_computer: bool,
    /// When the sign-in began.
    pub created_at: DateTime<Utc>,
    /// When it ends in any case.
    pub expires_at: DateTime<Utc>,
}

/// What a new sign-in is stored with.
#[derive(Debug)]
pub struct NewSession {
    /// Its identifier.
    pub id: SessionId,
    /// The cookie's hash.
    pub token_hash: TokenHash,
    /// Whose it is.
    pub account: AccountId,
    /// How the person signed in.
    pub methods: Methods,
    /// Whether the computer is shared with others.
    pub public_computer: bool,
    /// Now.
    pub now: DateTime<Utc>,
    /// When it ends in any case.
    pub expires_at: DateTime<Utc>,
    /// What the browser says it is, for the person's own list.
    pub device: String,
}

/// Whether a sign-in may begin: only for an account that is in use. Until the caller's transaction ends nobody freezes
/// or closes the account, so that whoever does ends this sign-in too.
pub async fn may_begin(tx: &Tx, account: AccountId) -> Result<bool, StoreError> {
    let in_use = account::Entity::find_by_id(account.as_uuid())
        .select_only()
        .column(account::Column::Id)
        .filter(account::Column::Status.eq(Status::Active.as_str()))
        .lock_shared()
        .into_tuple::<uuid::Uuid>()
        .one(tx)
        .await?;
    Ok(in_use.is_some())
}

/// Stores a sign-in. Ask [`may_begin`] in the same transaction first.
pub async fn create(tx: &Tx, new: &NewSession) -> Result<(), StoreError> {
    let id = new.id.as_uuid();
    let methods =
        serde_json::to_string(&new.methods).map_err(|_| StoreError::Malformed("session.methods"))?;
    let row = session::ActiveModel {
        id: Set(id),
        token_hash: Set(new.token_hash.as_bytes().to_vec()),
        account_id: Set(new.account.as_uuid()),
        methods: Set(methods),
        public_computer: Set(new.public_computer),
        auth_time: Set(new.now),
        created_at: Set(new.now),
        last_seen_at: Set(new.now),
        expires_at: Set(new.expires_at),
        ended_at: Set(None),
        device_sealed: Set(Some(tx.vault().seal(
            Column::SessionDevice,
            id.as_bytes(),
            new.device.as_bytes(),
        )?)),
    };
    session::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// The sign-in that a cookie stands for, when it holds and its account is in use. Notes the use, rarely.
pub async fn find_live(
    tx: &Tx,
    token: &TokenHash,
    limits: &Limits,
    now: DateTime<Utc>,
) -> Result<Option<LiveSession>, StoreError> {
    let found = session::Entity::find()
        .filter(session::Column::TokenHash.eq(token.as_bytes().to_vec()))
        .filter(session::Column::EndedAt.is_null())
        .filter(session::Column::ExpiresAt.gt(now))
        .filter(account::Column::Status.eq(Status::Active.as_str()))
        .find_also_related(account::Entity)
        .one(tx)
        .await?;
    let Some((row, Some(owner))) = found else {
        return Ok(None);
    };
    if row.last_seen_at + limits.idle(row.public_computer) <= now {
        return Ok(None);
    }
    if row.last_seen_at + TimeDelta::seconds(TOUCH_SECONDS) < now {
        session::Entity::update_many()
            .col_expr(session::Column::LastSeenAt, Expr::value(now))
            .filter(session::Column::Id.eq(row.id))
            .exec(tx)
            .await?;
    }
    from_row(tx, row, owner).map(Some)
}

/// Whose sign-in a cookie stood for that lapsed by itself, not long ago. It gives no right to anything.
pub async fn find_lapsed(
    tx: &Tx,
    token: &TokenHash,
    now: DateTime<Utc>,
) -> Result<Option<AccountId>, StoreError> {
    let account = session::Entity::find()
        .select_only()
        .column(session::Column::AccountId)
        .filter(session::Column::TokenHash.eq(token.as_bytes().to_vec()))
        .filter(session::Column::EndedAt.is_null())
        .filter(session::Column::ExpiresAt.gt(now - TimeDelta::days(1)))
        .into_tuple::<uuid::Uuid>()
        .one(tx)
        .await?;
    Ok(account.map(AccountId::from_uuid))
}

/// Ends a sign-in, and with it every code and token that it gave (A058).
pub async fn end(tx: &Tx, id: SessionId, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let ended = session::Entity::update_many()
        .col_expr(session::Column::EndedAt, Expr::value(now))
        .filter(session::Column::Id.eq(id.as_uuid()))
        .filter(session::Column::EndedAt.is_null())
        .exec(tx)
        .await?;
    authorization_code::Entity::update_many()
        .col_expr(authorization_code::Column::RevokedAt, Expr::value(now))
        .filter(authorization_code::Column::SessionId.eq(id.as_uuid()))
        .filter(authorization_code::Column::RevokedAt.is_null())
        .exec(tx)
        .await?;
    access_token::Entity::update_many()
        .col_expr(access_token::Column::RevokedAt, Expr::value(now))
        .filter(access_token::Column::SessionId.eq(id.as_uuid()))
        .filter(access_token::Column::RevokedAt.is_null())
        .exec(tx)
        .await?;
    Ok(ended.rows_affected == 1)
}

/// The sub-sites that redeemed a code of a sign-in: where the person may have a sign-in of the site's own.
pub async fn sites(tx: &Tx, id: SessionId) -> Result<Vec<ClientId>, StoreError> {
    let names: Vec<String> = authorization_code::Entity::find()
        .select_only()
        .column(authorization_code::Column::ClientId)
        .filter(authorization_code::Column::SessionId.eq(id.as_uuid()))
        .filter(authorization_code::Column::UsedAt.is_not_null())
        .group_by(authorization_code::Column::ClientId)
        .order_by_asc(authorization_code::Column::ClientId)
        .limit(LIST_MAX)
        .into_tuple()
        .all(tx)
        .await?;
    let name = |name: String| {
        ClientId::parse(&name).map_err(|_| StoreError::Malformed("authorization_code.client_id"))
    };
    names.into_iter().map(name).collect()
}

/// What a sign-in becomes when its person proves more: always under a new cookie (A151).
#[derive(Debug)]
pub struct Renewal<'a> {
    /// The new cookie's hash; the old cookie is dead.
    pub token_hash: TokenHash,
    /// How the person signed in, with what was added.
    pub methods: &'a Methods,
    /// When the person last proved it.
    pub auth_time: DateTime<Utc>,
}

/// Puts a sign-in under a new cookie. Codes and tokens that it gave stay.
pub async fn renew(tx: &Tx, id: SessionId, new: &Renewal<'_>) -> Result<bool, StoreError> {
    let methods = serde_json::to_string(new.methods).map_err(|_| StoreError::Malformed("session.methods"))?;
    let renewed = session::Entity::update_many()
        .col_expr(
            session::Column::TokenHash,
            Expr::value(new.token_hash.as_bytes().to_vec()),
        )
        .col_expr(session::Column::Methods, Expr::value(methods))
        .col_expr(session::Column::AuthTime, Expr::value(new.auth_time))
        .filter(session::Column::Id.eq(id.as_uuid()))
        .filter(session::Column::EndedAt.is_null())
        .exec(tx)
        .await?;
    Ok(renewed.rows_affected == 1)
}

/// Begins a sign-in anew when its own person signs in once more in the same browser: new cookie, factors, times and
/// device. Codes and tokens that it gave stay.
pub async fn begin_again(tx: &Tx, new: &NewSession) -> Result<bool, StoreError> {
    let id = new.id.as_uuid();
    let methods =
        serde_json::to_string(&new.methods).map_err(|_| StoreError::Malformed("session.methods"))?;
    let device = tx
        .vault()
        .seal(Column::SessionDevice, id.as_bytes(), new.device.as_bytes())?;
    let renewed = session::Entity::update_many()
        .col_expr(
            session::Column::TokenHash,
            Expr::value(new.token_hash.as_bytes().to_vec()),
        )
        .col_expr(session::Column::Methods, Expr::value(methods))
        .col_expr(session::Column::PublicComputer, Expr::value(new.public_computer))
        .col_expr(session::Column::AuthTime, Expr::value(new.now))
        .col_expr(session::Column::LastSeenAt, Expr::value(new.now))
        .col_expr(session::Column::ExpiresAt, Expr::value(new.expires_at))
        .col_expr(session::Column::DeviceSealed, Expr::value(Some(device)))
        .filter(session::Column::Id.eq(id))
        .filter(session::Column::AccountId.eq(new.account.as_uuid()))
        .filter(session::Column::EndedAt.is_null())
        .exec(tx)
        .await?;
    Ok(renewed.rows_affected == 1)
}

/// Ends every sign-in of an account but the one to keep, with every code and token that they gave.
pub async fn end_all(
    tx: &Tx,
    account: AccountId,
    keep: Option<SessionId>,
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    // No session has the nil identifier, so that nothing is kept by it.
    let kept = keep.map_or_else(uuid::Uuid::nil, SessionId::as_uuid);
    let ended = session::Entity::update_many()
        .col_expr(session::Column::EndedAt, Expr::value(now))
        .filter(session::Column::AccountId.eq(account.as_uuid()))
        .filter(session::Column::Id.ne(kept))
        .filter(session::Column::EndedAt.is_null())
        .exec(tx)
        .await?;
    authorization_code::Entity::update_many()
        .col_expr(authorization_code::Column::RevokedAt, Expr::value(now))
        .filter(authorization_code::Column::AccountId.eq(account.as_uuid()))
        .filter(authorization_code::Column::SessionId.ne(kept))
        .filter(authorization_code::Column::RevokedAt.is_null())
        .exec(tx)
        .await?;
    access_token::Entity::update_many()
        .col_expr(access_token::Column::RevokedAt, Expr::value(now))
        .filter(access_token::Column::AccountId.eq(account.as_uuid()))
        .filter(access_token::Column::SessionId.ne(kept))
        .filter(access_token::Column::RevokedAt.is_null())
        .exec(tx)
        .await?;
    Ok(ended.rows_affected)
}

/// A sign-in as its owner's list shows it.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its identifier.
    pub id: SessionId,
    /// What the browser said it was.
    pub device: String,
    /// How the person signed in.
    pub methods: Methods,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to the minute.
    pub last_seen_at: DateTime<Utc>,
}

/// The sign-ins of an account that hold, newest first.
pub async fn list(
    tx: &Tx,
    account: AccountId,
    limits: &Limits,
    now: DateTime<Utc>,
) -> Result<Vec<Listed>, StoreError> {
    let used_since = |public_computer| {
        session::Column::PublicComputer
            .eq(public_computer)
            .and(session::Column::LastSeenAt.gt(now - limits.idle(public_computer)))
    };
    let rows = session::Entity::find()
        .filter(session::Column::AccountId.eq(account.as_uuid()))
        .filter(session::Column::EndedAt.is_null())
        .filter(session::Column::ExpiresAt.gt(now))
        .filter(used_since(false).or(used_since(true)))
        .order_by_desc(session::Column::CreatedAt)
        .limit(LIST_MAX)
        .all(tx)
        .await?;
    rows.into_iter()
        .map(|row| {
            let device = row
                .device_sealed
                .map(|sealed| {
                    tx.vault()
                        .open_text(Column::SessionDevice, row.id.as_bytes(), &sealed)
                })
                .transpose()?;
            Ok(Listed {
                id: SessionId::from_uuid(row.id),
                device: device.unwrap_or_default(),
                methods: methods(&row.methods)?,
                created_at: row.created_at,
                last_seen_at: row.last_seen_at,
            })
        })
        .collect()
}

fn methods(text: &str) -> Result<Methods, StoreError> {
    serde_json::from_str(text).map_err(|_| StoreError::Malformed("session.methods"))
}

fn from_row(tx: &Tx, row: session::Model, owner: account::Model) -> Result<LiveSession, StoreError> {
    Ok(LiveSession {
        id: SessionId::from_uuid(row.id),
        account: accounts::from_row(tx, owner)?,
        methods: methods(&row.methods)?,
        auth_time: row.auth_time,
        public_computer: row.public_computer,
        created_at: row.created_at,
        expires_at: row.expires_at,
    })
}

#[cfg(test)]
mod tests {
    use model::authn::Method;
    use model::client::AccountKind;
    use model::language::Language;
    use model::phone::Phone;
    use model::secret::Token;

    use super::*;
    use crate::testing::{TestStore, stores};

    async fn person(test: &TestStore) -> AccountId {
        let (now, rng) = (test.clock.now(), test.store.rng());
        let id = AccountId::new(now, rng);
        let phone = Phone::parse(&format!("139{:08}", rng.below(100_000_000))).unwrap();
        let new = accounts::NewAccount {
            id,
            kind: AccountKind::Resident,
            language: Language::En,
            phone,
            created_at: now,
        };
        accounts::create(&test.store.read(), &new).await.unwrap();
        id
    }

    async fn sign_in(test: &TestStore, account: AccountId) -> (SessionId, TokenHash) {
        let (now, rng) = (test.clock.now(), test.store.rng());
        let new = NewSession {
            id: SessionId::new(now, rng),
            token_hash: Token::generate(rng).hash(),
            account,
            methods: Methods::new([Method::Password]),
            public_computer: false,
            now,
            expires_at: now + TimeDelta::hours(12),
            device: "Firefox, Linux".to_owned(),
        };
        create(&test.store.read(), &new).await.unwrap();
        (new.id, new.token_hash)
    }

    async fn is_live(test: &TestStore, token: &TokenHash) -> bool {
        let limits = Limits::default();
        find_live(&test.store.read(), token, &limits, test.clock.now())
            .await
            .unwrap()
            .is_some()
    }

    #[tokio::test]
    async fn attack_151_a_renewed_session_has_a_new_cookie_and_the_old_one_is_dead() {
        for test in stores().await {
            let (id, old) = sign_in(&test, person(&test).await).await;
            let new = Token::generate(test.store.rng()).hash();
            let methods = Methods::new([Method::Password, Method::Sms]);
            let renewal = Renewal {
                token_hash: new,
                methods: &methods,
                auth_time: test.clock.now(),
            };
            assert!(renew(&test.store.read(), id, &renewal).await.unwrap());
            assert!(
                !is_live(&test, &old).await && is_live(&test, &new).await,
                "{}",
                test.database.kind()
            );
            end(&test.store.read(), id, test.clock.now()).await.unwrap();
            assert!(
                !renew(&test.store.read(), id, &renewal).await.unwrap(),
                "an ended session stays ended"
            );
        }
    }

    #[tokio::test]
    async fn only_an_account_in_use_may_begin_a_sign_in() {
        for test in stores().await {
            let id = person(&test).await;
            assert!(
                may_begin(&test.store.read(), id).await.unwrap(),
                "{}",
                test.database.kind()
            );
            assert!(
                accounts::freeze(&test.store.read(), id, test.clock.now())
                    .await
                    .unwrap()
            );
            assert!(!may_begin(&test.store.read(), id).await.unwrap());
            let nobody = AccountId::new(test.clock.now(), test.store.rng());
            assert!(!may_begin(&test.store.read(), nobody).await.unwrap());
        }
    }

    #[tokio::test]
    async fn attack_151_a_sign_in_that_begins_again_has_a_new_cookie_and_new_times_for_its_own_account_only()
    {
        for test in stores().await {
            let (mine, other) = (person(&test).await, person(&test).await);
            let (id, old) = sign_in(&test, mine).await;
            test.clock.advance(TimeDelta::minutes(50));
            let now = test.clock.now();
            let again = |account| NewSession {
                id,
                token_hash: Token::generate(test.store.rng()).hash(),
                account,
                methods: Methods::new([Method::Sms]),
                public_computer: true,
                now,
                expires_at: now + TimeDelta::hours(1),
                device: "Edge, Windows".to_owned(),
            };
            let (foreign, own) = (again(other), again(mine));
            let tx = test.store.read();
            assert!(!begin_again(&tx, &foreign).await.unwrap());
            assert!(begin_again(&tx, &own).await.unwrap());
            assert!(!is_live(&test, &old).await);
            let live = find_live(&tx, &own.token_hash, &Limits::default(), now)
                .await
                .unwrap()
                .unwrap();
            assert_eq!((live.id, live.auth_time, live.public_computer), (id, now, true));
            assert_eq!(
                (live.methods, live.expires_at),
                (own.methods.clone(), own.expires_at)
            );
            let list = list(&tx, mine, &Limits::default(), now).await.unwrap();
            assert_eq!(list[0].device, "Edge, Windows");
            end(&tx, id, now).await.unwrap();
            assert!(
                !begin_again(&tx, &own).await.unwrap(),
                "an ended session stays ended"
            );
        }
    }

    #[tokio::test]
    async fn a_sign_in_that_was_not_used_for_too_long_is_not_listed() {
        for test in stores().await {
            let mine = person(&test).await;
            sign_in(&test, mine).await;
            let count = async || {
                let (tx, now) = (test.store.read(), test.clock.now());
                list(&tx, mine, &Limits::default(), now).await.unwrap().len()
            };
            test.clock.advance(TimeDelta::minutes(59));
            assert_eq!(count().await, 1);
            test.clock.advance(TimeDelta::minutes(1));
            assert_eq!(count().await, 0, "{}", test.database.kind());
        }
    }

    #[tokio::test]
    async fn all_sessions_of_one_account_end_but_the_one_to_keep() {
        for test in stores().await {
            let (mine, other) = (person(&test).await, person(&test).await);
            let (kept, kept_token) = sign_in(&test, mine).await;
            let (_, first) = sign_in(&test, mine).await;
            let (_, foreign) = sign_in(&test, other).await;
            let (tx, now) = (test.store.read(), test.clock.now());
            assert_eq!(end_all(&tx, mine, Some(kept), now).await.unwrap(), 1);
            assert!(is_live(&test, &kept_token).await && !is_live(&test, &first).await);
            assert_eq!(end_all(&tx, mine, None, now).await.unwrap(), 1);
            assert!(!is_live(&test, &kept_token).await && is_live(&test, &foreign).await);
        }
    }

    #[tokio::test]
    async fn attack_163_idle_and_absolute_limits_hold_on_the_server() {
        for test in stores().await {
            let (_, token) = sign_in(&test, person(&test).await).await;
            for _ in 0..13 {
                test.clock.advance(TimeDelta::minutes(50));
                assert!(is_live(&test, &token).await, "in use");
            }
            test.clock.advance(TimeDelta::minutes(59));
            assert!(is_live(&test, &token).await);
            test.clock.advance(TimeDelta::minutes(12));
            assert!(!is_live(&test, &token).await, "twelve hours are over");
            let (_, idle) = sign_in(&test, person(&test).await).await;
            test.clock.advance(TimeDelta::minutes(60));
            assert!(!is_live(&test, &idle).await);
        }
    }
}
