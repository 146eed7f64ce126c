//! Sign-ins of browsers. The cookie's value is stored as its hash; limits hold on the server (A163).

mod end;
mod renew;

use chrono::{DateTime, TimeDelta, Utc};
use model::authn::Methods;
use model::evidence::Evidence;
use model::ids::{AccountId, ClientId, SessionId};
use model::secret::TokenHash;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, FromQueryResult as _, IdenStatic as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _, QueryTrait as _, SelectA, SelectB, SelectTwo,
};

pub use self::end::{end, end_all, sites};
pub use self::renew::{Renewal, begin_again, put_under, renew};
use crate::accounts::{self, Account, Status};
use crate::agreements;
use crate::entity::{account, session};
use crate::error::StoreError;
use crate::evidence;
use crate::grants::{self, Grant};
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
        network_sealed: Set(None),
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
    let Some((row, Some(owner))) = live(token, now).one(tx).await? else {
        return Ok(None);
    };
    if !use_now(tx, &row, limits, now).await? {
        return Ok(None);
    }
    from_row(tx, row, owner).map(Some)
}

fn live(token: &TokenHash, now: DateTime<Utc>) -> SelectTwo<session::Entity, account::Entity> {
    session::Entity::find()
        .filter(session::Column::TokenHash.eq(token.as_bytes().to_vec()))
        .filter(session::Column::EndedAt.is_null())
        .filter(session::Column::ExpiresAt.gt(now))
        .filter(account::Column::Status.eq(Status::Active.as_str()))
        .find_also_related(account::Entity)
}

/// Whether the sign-in was not left alone for too long; notes that it is used.
async fn use_now(
    tx: &Tx,
    row: &session::Model,
    limits: &Limits,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    if row.last_seen_at + limits.idle(row.public_computer) <= now {
        return Ok(false);
    }
    if row.last_seen_at + TimeDelta::seconds(TOUCH_SECONDS) < now {
        session::Entity::update_many()
            .col_expr(session::Column::LastSeenAt, Expr::value(now))
            .filter(session::Column::Id.eq(row.id))
            .exec(tx)
            .await?;
    }
    Ok(true)
}

/// What a sub-site's request is decided on.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The sign-in.
    pub session: LiveSession,
    /// The account's evidence that has not ended, newest first.
    pub evidence: Vec<Evidence>,
    /// The decision about the sub-site that holds.
    pub grant: Option<Grant>,
    /// The version of the agreement that they accepted last.
    pub agreed: Option<String>,
    /// The version of it that they have put off for now.
    pub put_off: Option<String>,
}

/// [`find_live`] with everything that a request of a sub-site is decided on. One statement, and rarely the note of
/// the use.
pub async fn find_standing(
    tx: &Tx,
    token: &TokenHash,
    (client, agreement): (&ClientId, &str),
    limits: &Limits,
    now: DateTime<Utc>,
) -> Result<Option<Standing>, StoreError> {
    const EVIDENCE: &str = "evidence_today";
    const GRANT: &str = "grant_today";
    const AGREED: &str = "agreed_today";
    const PUT_OFF: &str = "put_off_today";
    let backend = tx.get_database_backend();
    let query = live(token, now)
        .expr_as(evidence::column(backend), EVIDENCE)
        .expr_as(grants::column(backend, client), GRANT)
        .expr_as(agreements::column(agreement), AGREED)
        .expr_as(agreements::put_off_column(agreement, now), PUT_OFF)
        .into_query();
    let Some(found) = tx.query_one_raw(backend.build(&query)).await? else {
        return Ok(None);
    };
    let row = session::Model::from_query_result(&found, SelectA.as_str())?;
    let owner = account::Model::from_query_result(&found, SelectB.as_str())?;
    if !use_now(tx, &row, limits, now).await? {
        return Ok(None);
    }
    let column = |name| found.try_get::<Option<String>>("", name);
    Ok(Some(Standing {
        session: from_row(tx, row, owner)?,
        evidence: evidence::from_column(column(EVIDENCE)?.as_deref())?.0,
        grant: grants::from_column(column(GRANT)?.as_deref())?,
        agreed: column(AGREED)?,
        put_off: column(PUT_OFF)?,
    }))
}

/// A sign-in that ended by its time, not by anybody's doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lapsed {
    /// Its identifier.
    pub id: SessionId,
    /// Whose it was.
    pub account: AccountId,
    /// Whether the computer is shared with others.
    pub public_computer: bool,
}

/// The sign-in that a cookie stood for and that lapsed by itself, not long ago, or that may
/// hold still. It gives no right to anything.
pub async fn find_lapsed(
    tx: &Tx,
    token: &TokenHash,
    now: DateTime<Utc>,
) -> Result<Option<Lapsed>, StoreError> {
    let found = session::Entity::find()
        .select_only()
        .column(session::Column::Id)
        .column(session::Column::AccountId)
        .column(session::Column::PublicComputer)
        .filter(session::Column::TokenHash.eq(token.as_bytes().to_vec()))
        .filter(session::Column::EndedAt.is_null())
        .filter(session::Column::ExpiresAt.gt(now - TimeDelta::days(1)))
        .into_tuple::<(uuid::Uuid, uuid::Uuid, bool)>()
        .one(tx)
        .await?;
    Ok(found.map(|(id, account, public_computer)| Lapsed {
        id: SessionId::from_uuid(id),
        account: AccountId::from_uuid(account),
        public_computer,
    }))
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
mod tests;
