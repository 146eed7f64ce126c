//! What happened to an account, for its owner: where it was signed in from, and what was changed about it. Written in the
//! transaction of what it tells of, and never changed. Device and network are sealed.

use chrono::{DateTime, NaiveDate, Utc};
use model::authn::Methods;
use model::ids::{AccountId, ClientId, HappeningId, SessionId};
use model::ladder::Level;
use model::rng::Rng;
use model::secret::TokenHash;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};
use serde::{Deserialize, Serialize};

use crate::entity::account_history::{ActiveModel, Column as Field, Entity, Model};
use crate::error::StoreError;
use crate::tx::Tx;
use crate::vault::Column;

/// The most entries that one list shows.
pub const PAGE: u64 = 30;

/// Declares the closed list of what can happen, with the word of each.
macro_rules! what {
    ($($(#[$doc:meta])* $name:ident => $word:literal;)*) => {
        /// What happened.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum What { $($(#[$doc])* $name,)* }

        impl What {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The word in the database; with `history-what-` before it, the key of its text.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }
    };
}

what! {
    /// The account was made.
    Registered => "registered";
    /// Somebody signed in.
    SignedIn => "signed-in";
    /// A sub-site was visited from a sign-in that was there.
    Visited => "visited";
    /// A sign-in was made stronger by another factor.
    Strengthened => "strengthened";
    /// A sign-in was ended here.
    SignedOut => "signed-out";
    /// A sign-in was ended from another one.
    Ended => "ended";
    /// All other sign-ins were ended.
    OthersEnded => "others-ended";
    /// The owner said that a sign-in was not theirs.
    Disowned => "disowned";
    /// The owner forgot a device.
    DeviceForgotten => "device-forgotten";
    /// A password was set or changed.
    PasswordChanged => "password-changed";
    /// A factor was added.
    FactorAdded => "factor-added";
    /// A factor was renamed.
    FactorRenamed => "factor-renamed";
    /// The removal of a factor began and waits.
    FactorRemoving => "factor-removing";
    /// A removal that waited was stopped: the factor stays.
    FactorKept => "factor-kept";
    /// A factor was removed.
    FactorRemoved => "factor-removed";
    /// Recovery codes were made.
    CodesMade => "codes-made";
    /// A recovery code was used.
    CodeUsed => "code-used";
    /// A recovery began and waits.
    RecoveryStarted => "recovery-started";
    /// The account was recovered.
    Recovered => "recovered";
    /// A recovery was stopped.
    RecoveryStopped => "recovery-stopped";
    /// A phone, an e-mail address or a user name is to change.
    ContactChanging => "contact-changing";
    /// A phone, an e-mail address or a user name was changed.
    ContactChanged => "contact-changed";
    /// A change was taken back.
    ChangeUndone => "change-undone";
    /// Something that was going to happen did not.
    ChangeEnded => "change-ended";
    /// The account was held at its owner's word.
    Held => "held";
    /// The account is in use again.
    Released => "released";
    /// Closing began.
    ClosingStarted => "closing-started";
    /// Closing was stopped.
    ClosingStopped => "closing-stopped";
    /// Operators suspended the account.
    Suspended => "suspended";
    /// Operators ended the account.
    Terminated => "terminated";
    /// Operators lifted what they did; the account is as little in use as it was before.
    Lifted => "lifted";
    /// An agreement was answered.
    AgreementAnswered => "agreement-answered";
    /// The owner got a copy of their data.
    Exported => "exported";
    /// Another device's sign-in was approved by scanning.
    ScanApproved => "scan-approved";
    /// Staff looked the account up.
    LookedUp => "looked-up";
}

impl What {
    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|what| what.as_str() == word)
    }
}

/// Where it was done from, as far as the browser says and the network shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Browser and system.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub device: String,
    /// The network address that limits go by.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub network: String,
}

/// Something that happened.
#[derive(Clone, Debug)]
pub struct NewEntry<'a> {
    /// To which account.
    pub account: AccountId,
    /// What.
    pub what: What,
    /// When.
    pub at: DateTime<Utc>,
    /// In which sign-in.
    pub session: Option<SessionId>,
    /// On the way to which sub-site.
    pub client: Option<&'a ClientId>,
    /// By which factors.
    pub methods: Option<&'a Methods>,
    /// At which level a token would have been.
    pub level: Option<Level>,
    /// From where; `None` for what no browser did.
    pub place: Option<Place>,
}

/// An entry as it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its identifier, which continues a list.
    pub id: HappeningId,
    /// What.
    pub what: What,
    /// When.
    pub at: DateTime<Utc>,
    /// In which sign-in.
    pub session: Option<SessionId>,
    /// On the way to which sub-site.
    pub client: Option<ClientId>,
    /// By which factors.
    pub methods: Option<Methods>,
    /// At which level a token would have been.
    pub level: Option<Level>,
    /// From where.
    pub place: Option<Place>,
}

/// Writes what happened.
pub async fn record(tx: &Tx, rng: &Rng, new: &NewEntry<'_>) -> Result<HappeningId, StoreError> {
    let (id, row) = row(tx, rng, new)?;
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(id)
}

/// Writes that a sub-site was visited from a sign-in, once for all visits of a day at the same level: one statement, which
/// writes nothing where the row is there. `false` in that case.
pub async fn record_visit(
    tx: &Tx,
    rng: &Rng,
    new: &NewEntry<'_>,
    day: NaiveDate,
) -> Result<bool, StoreError> {
    let (_, mut row) = row(tx, rng, new)?;
    row.visit_key = Set(Some(visit_key(new, day)));
    let once = OnConflict::column(Field::VisitKey).do_nothing().to_owned();
    let written = Entity::insert(row)
        .on_conflict(once)
        .exec_without_returning(tx)
        .await?;
    Ok(written == 1)
}

/// What visits have in common that are one row. A hash: it is compared and never read.
fn visit_key(new: &NewEntry<'_>, day: NaiveDate) -> Vec<u8> {
    let session = new.session.map(SessionId::as_uuid).unwrap_or_default();
    let client = new.client.map(ClientId::as_str).unwrap_or_default();
    let level = new.level.map(Level::number).unwrap_or_default();
    let key = format!(
        "visit\u{0}{}\u{0}{session}\u{0}{client}\u{0}{day}\u{0}{level}",
        new.account
    );
    TokenHash::of(&key).as_bytes().to_vec()
}

fn row(tx: &Tx, rng: &Rng, new: &NewEntry<'_>) -> Result<(HappeningId, ActiveModel), StoreError> {
    let id = HappeningId::new(new.at, rng);
    let methods = new.methods.map(serde_json::to_string).transpose();
    let methods = methods.map_err(|_| StoreError::Malformed("account_history.methods"))?;
    let details = match &new.place {
        Some(place) => {
            let text =
                serde_json::to_vec(place).map_err(|_| StoreError::Malformed("account_history.details"))?;
            let key = id.as_uuid();
            Some(tx.vault().seal(Column::HistoryDetails, key.as_bytes(), &text)?)
        }
        None => None,
    };
    let row = ActiveModel {
        id: Set(id.as_uuid()),
        account_id: Set(new.account.as_uuid()),
        at: Set(new.at),
        what: Set(new.what.as_str().to_owned()),
        session_id: Set(new.session.map(SessionId::as_uuid)),
        client_id: Set(new.client.map(|client| client.as_str().to_owned())),
        methods: Set(methods),
        level: Set(new.level.map(|level| i32::from(level.number()))),
        details_sealed: Set(details),
        visit_key: Set(None),
    };
    Ok((id, row))
}

/// A page of what happened to an account, newest first, older than an entry of it.
pub async fn list(
    tx: &Tx,
    account: AccountId,
    older_than: Option<HappeningId>,
) -> Result<Vec<Entry>, StoreError> {
    let mut query = Entity::find().filter(Field::AccountId.eq(account.as_uuid()));
    if let Some(last) = older_than {
        query = query.filter(Field::Id.lt(last.as_uuid()));
    }
    let rows = query.order_by_desc(Field::Id).limit(PAGE).all(tx).await?;
    Ok(readable(tx, rows))
}

/// The newest entries of an account, all of them up to a number.
pub async fn newest(tx: &Tx, account: AccountId, max: u64) -> Result<Vec<Entry>, StoreError> {
    let rows = Entity::find()
        .filter(Field::AccountId.eq(account.as_uuid()))
        .order_by_desc(Field::Id)
        .limit(max)
        .all(tx)
        .await?;
    Ok(readable(tx, rows))
}

/// Whether something happened to an account since a time.
pub async fn has(
    tx: &Tx,
    account: AccountId,
    (what, since): (What, DateTime<Utc>),
) -> Result<bool, StoreError> {
    let count = Entity::find()
        .filter(Field::AccountId.eq(account.as_uuid()))
        .filter(Field::What.eq(what.as_str()))
        .filter(Field::At.gte(since))
        .count(tx)
        .await?;
    Ok(count > 0)
}

/// Without those that a newer release has written: they do not take the others away.
fn readable(tx: &Tx, rows: Vec<Model>) -> Vec<Entry> {
    let entries = rows.into_iter().filter_map(|row| {
        let id = row.id;
        read(tx, row)
            .inspect_err(|error| tracing::error!(entry = %id, %error, "an entry of a history cannot be read"))
            .ok()
    });
    entries.collect()
}

/// One entry of an account; nothing for that of another account.
pub async fn find(tx: &Tx, account: AccountId, id: HappeningId) -> Result<Option<Entry>, StoreError> {
    let row = Entity::find_by_id(id.as_uuid())
        .filter(Field::AccountId.eq(account.as_uuid()))
        .one(tx)
        .await?;
    row.map(|row| read(tx, row)).transpose()
}

/// How the given sign-ins of an account began, newest first.
pub async fn beginnings(
    tx: &Tx,
    account: AccountId,
    sessions: &[SessionId],
) -> Result<Vec<Entry>, StoreError> {
    let rows = Entity::find()
        .filter(Field::AccountId.eq(account.as_uuid()))
        .filter(Field::What.eq(What::SignedIn.as_str()))
        .filter(Field::SessionId.is_in(sessions.iter().map(|id| id.as_uuid())))
        .order_by_desc(Field::Id)
        .limit(200)
        .all(tx)
        .await?;
    rows.into_iter().map(|row| read(tx, row)).collect()
}

fn read(tx: &Tx, row: Model) -> Result<Entry, StoreError> {
    let malformed = |what| move || StoreError::Malformed(what);
    let place = match row.details_sealed {
        Some(sealed) => {
            let text = tx
                .vault()
                .open_text(Column::HistoryDetails, row.id.as_bytes(), &sealed)?;
            let place = serde_json::from_str(&text);
            Some(place.map_err(|_| StoreError::Malformed("account_history.details"))?)
        }
        None => None,
    };
    let methods = row.methods.as_deref().map(serde_json::from_str).transpose();
    let client = row.client_id.as_deref().map(ClientId::parse).transpose();
    let level = row.level.map(|level| {
        u8::try_from(level)
            .ok()
            .and_then(Level::new)
            .ok_or_else(malformed("account_history.level"))
    });
    Ok(Entry {
        id: HappeningId::from_uuid(row.id),
        what: What::parse(&row.what).ok_or_else(malformed("account_history.what"))?,
        at: row.at,
        session: row.session_id.map(SessionId::from_uuid),
        client: client.map_err(|_| StoreError::Malformed("account_history.client_id"))?,
        methods: methods.map_err(|_| StoreError::Malformed("account_history.methods"))?,
        level: level.transpose()?,
        place,
    })
}

/// Forgets what happened before a time, at most `limit` entries; answers how many went.
pub async fn forget_before(tx: &Tx, before: DateTime<Utc>, limit: u64) -> Result<u64, StoreError> {
    let old: Vec<uuid::Uuid> = Entity::find()
        .select_only()
        .column(Field::Id)
        .filter(Field::At.lt(before))
        .limit(limit)
        .into_tuple()
        .all(tx)
        .await?;
    if old.is_empty() {
        return Ok(0);
    }
    let gone = Entity::delete_many()
        .filter(Field::Id.is_in(old))
        .exec(tx)
        .await?;
    Ok(gone.rows_affected)
}

/// Forgets all of an account: it is closed.
pub async fn forget_all(tx: &Tx, account: AccountId) -> Result<u64, StoreError> {
    let gone = Entity::delete_many()
        .filter(Field::AccountId.eq(account.as_uuid()))
        .exec(tx)
        .await?;
    Ok(gone.rows_affected)
}

#[cfg(test)]
#[path = "history/tests.rs"]
mod tests;
