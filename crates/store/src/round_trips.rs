//! Browsers that were sent to another party and are to come back: a company that compares faces, a trusted sign-in,
//! another province. Texts that certificates are to sign are of the same kind.
//!
//! The value that comes back (`state`) is stored as a hash. It is bound to the account, the browser, the source and the
//! errand that it left on, which is evidence for a sign-in or one recovery, and is taken by one guarded statement whose row
//! count is the answer: of two that come back with it one is looked at (A270, A271). What is kept for the return is sealed.
//!
//! | row | `used_at` | `leased_until` | kept |
//! |---|---|---|---|
//! | away | | | what the return needs |
//! | taken, being looked at | set | set | the same |
//! | settled | set | | nothing, or where the person was on the way to |
//!
//! Whoever takes a return has a lease on it. What comes of it is written together with [`settle`], which holds only as
//! long as the lease is theirs; a node that stops before that leaves the return to whoever of the same browser comes
//! again once the lease is over, once for each lease. What is settled stays settled.

use chrono::{DateTime, TimeDelta, Utc};
use model::evidence::SourceId;
use model::ids::{AccountId, ChangeId, SessionId};
use model::secret::TokenHash;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, Condition, EntityTrait as _, QueryFilter as _};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::entity::round_trip::{ActiveModel, Column, Entity, Model};
use crate::error::StoreError;
use crate::tx::Tx;
use crate::vault;

/// For how long after the end of its lease a return that was not settled may be taken again, in minutes.
const AGAIN_MINUTES: i64 = 5;

/// What a browser leaves for. Who left on one errand does not come back on another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errand {
    /// Evidence for the account of this sign-in.
    Evidence(SessionId),
    /// This recovery of the account. Nobody is signed in.
    Recovery(ChangeId),
}

impl Errand {
    const fn id(self) -> Uuid {
        match self {
            Self::Evidence(session) => session.as_uuid(),
            Self::Recovery(draft) => draft.as_uuid(),
        }
    }

    /// The stored name. The first errand has none: there was no other in older releases.
    const fn name(self) -> Option<&'static str> {
        match self {
            Self::Evidence(_) => None,
            Self::Recovery(_) => Some("recovery"),
        }
    }
}

/// Who leaves, and who comes back.
#[derive(Clone, Debug)]
pub struct Traveller<'a> {
    /// The account.
    pub account: AccountId,
    /// The errand.
    pub errand: Errand,
    /// The browser.
    pub browser: &'a TokenHash,
    /// The source that it left for.
    pub source: &'a SourceId,
}

/// A browser is about to leave.
#[derive(Debug)]
pub struct NewRoundTrip<'a> {
    /// The hash of what must come back.
    pub state: &'a TokenHash,
    /// Who leaves.
    pub traveller: Traveller<'a>,
    /// What is needed on return.
    pub kept: &'a [u8],
    /// Now.
    pub now: DateTime<Utc>,
    /// From when on it is too late to come back.
    pub expires_at: DateTime<Utc>,
}

/// Why somebody who comes back is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Nobody left with this value for this source.
    Unknown,
    /// Somebody came back with it before, and that was dealt with.
    Used,
    /// Somebody came back with it a moment ago, and that is being looked at.
    Busy,
    /// Too late.
    Expired,
    /// It left in another browser.
    OtherBrowser,
    /// It left when another account was signed in.
    OtherAccount,
    /// It left in an earlier sign-in or recovery, or on another errand.
    OtherErrand,
}

/// Stores a departure.
pub async fn begin(tx: &Tx, new: &NewRoundTrip<'_>) -> Result<(), StoreError> {
    let key = new.state.as_bytes();
    let row = ActiveModel {
        state_hash: Set(key.to_vec()),
        account_id: Set(new.traveller.account.as_uuid()),
        session_id: Set(new.traveller.errand.id()),
        errand: Set(new.traveller.errand.name().map(str::to_owned)),
        browser_hash: Set(new.traveller.browser.as_bytes().to_vec()),
        source: Set(new.traveller.source.as_str().to_owned()),
        kept_sealed: Set(tx.vault().seal(vault::Column::RoundTrip, key, new.kept)?),
        created_at: Set(new.now),
        expires_at: Set(new.expires_at),
        leased_until: Set(None),
        used_at: Set(None),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// The right to settle one return.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    state: TokenHash,
    until: DateTime<Utc>,
}

/// A return that was taken.
#[derive(Debug)]
pub struct Taken {
    /// The right to settle it.
    pub lease: Lease,
    /// What was kept for it.
    pub kept: Zeroizing<Vec<u8>>,
    /// Whether somebody took it before and did not come to an end with it.
    pub again: bool,
}

/// Takes a return for as long as the lease is. What `add` makes of what was kept is kept for whoever has to take it
/// again; `None` leaves it as it is.
pub async fn take(
    tx: &Tx,
    state: &TokenHash,
    who: &Traveller<'_>,
    (now, until): (DateTime<Utc>, DateTime<Utc>),
    add: impl FnOnce(&[u8]) -> Option<Zeroizing<Vec<u8>>> + Send,
) -> Result<Result<Taken, Refused>, StoreError> {
    let key = state.as_bytes();
    let Some(row) = Entity::find_by_id(key.to_vec()).one(tx).await? else {
        return Ok(Err(Refused::Unknown));
    };
    if let Some(refused) = refusal(&row, who, now) {
        return Ok(Err(refused));
    }
    let again = row.leased_until.is_some();
    let mut kept = tx.vault().open(vault::Column::RoundTrip, key, &row.kept_sealed)?;
    let added = if again { None } else { add(&kept) };
    let sealed = match added {
        Some(added) => {
            kept = added;
            tx.vault().seal(vault::Column::RoundTrip, key, &kept)?
        }
        None => row.kept_sealed.clone(),
    };
    let free = Condition::any()
        .add(
            Condition::all()
                .add(Column::UsedAt.is_null())
                .add(Column::ExpiresAt.gt(now)),
        )
        .add(Column::LeasedUntil.lte(now));
    let taken = Entity::update_many()
        .col_expr(Column::UsedAt, Expr::value(row.used_at.unwrap_or(now)))
        .col_expr(Column::LeasedUntil, Expr::value(until))
        .col_expr(Column::KeptSealed, Expr::value(sealed))
        .filter(owned(state, who))
        .filter(free)
        // What was read is what is there: nobody took it, settled it or put it back in between.
        .filter(Column::KeptSealed.eq(row.kept_sealed))
        .exec(tx)
        .await?;
    Ok(if taken.rows_affected == 1 {
        let lease = Lease { state: *state, until };
        Ok(Taken { lease, kept, again })
    } else {
        Err(Refused::Busy)
    })
}

/// Says that a return is dealt with, in the transaction that writes what came of it; `false` when the lease is not the
/// caller's any more, who then must not write anything. What was kept is forgotten but for `left`, which is for whoever
/// reloads and must have nothing about the person in it.
pub async fn settle(tx: &Tx, lease: &Lease, left: &[u8]) -> Result<bool, StoreError> {
    let key = lease.state.as_bytes();
    let sealed = if left.is_empty() {
        Vec::new()
    } else {
        tx.vault().seal(vault::Column::RoundTrip, key, left)?
    };
    let settled = Entity::update_many()
        .col_expr(Column::LeasedUntil, Expr::value(None::<DateTime<Utc>>))
        .col_expr(Column::KeptSealed, Expr::value(sealed))
        .filter(held(lease))
        .exec(tx)
        .await?;
    Ok(settled.rows_affected == 1)
}

/// Puts a return that was taken back, because the other party could not be asked what it says: the same browser may come
/// with the same value again, until its time is over.
pub async fn put_back(tx: &Tx, lease: &Lease, kept: &[u8], now: DateTime<Utc>) -> Result<bool, StoreError> {
    let key = lease.state.as_bytes();
    let sealed = tx.vault().seal(vault::Column::RoundTrip, key, kept)?;
    let opened = Entity::update_many()
        .col_expr(Column::UsedAt, Expr::value(None::<DateTime<Utc>>))
        .col_expr(Column::LeasedUntil, Expr::value(None::<DateTime<Utc>>))
        .col_expr(Column::KeptSealed, Expr::value(sealed))
        .filter(held(lease))
        .filter(Column::ExpiresAt.gt(now))
        .exec(tx)
        .await?;
    Ok(opened.rows_affected == 1)
}

/// What is kept of a return that was not let in, for the same traveller: while it is looked at all of it, afterwards what
/// [`settle`] left.
pub async fn find_kept(
    tx: &Tx,
    state: &TokenHash,
    who: &Traveller<'_>,
) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
    let row = Entity::find().filter(owned(state, who)).one(tx).await?;
    let sealed = row.map(|row| row.kept_sealed).filter(|sealed| !sealed.is_empty());
    let open = |sealed: Vec<u8>| {
        tx.vault()
            .open(vault::Column::RoundTrip, state.as_bytes(), &sealed)
    };
    sealed.map(open).transpose()
}

fn owned(state: &TokenHash, who: &Traveller<'_>) -> Condition {
    let errand = match who.errand.name() {
        None => Column::Errand.is_null(),
        Some(name) => Column::Errand.eq(name),
    };
    Condition::all()
        .add(errand)
        .add(Column::StateHash.eq(state.as_bytes().to_vec()))
        .add(Column::AccountId.eq(who.account.as_uuid()))
        .add(Column::SessionId.eq(who.errand.id()))
        .add(Column::BrowserHash.eq(who.browser.as_bytes().to_vec()))
        .add(Column::Source.eq(who.source.as_str()))
}

/// Every lease on a return ends later than the one before.
fn held(lease: &Lease) -> Condition {
    Condition::all()
        .add(Column::StateHash.eq(lease.state.as_bytes().to_vec()))
        .add(Column::LeasedUntil.eq(lease.until))
}

/// The browser first: to a stranger's browser nothing is told of whose it was.
fn refusal(row: &Model, who: &Traveller<'_>, now: DateTime<Utc>) -> Option<Refused> {
    if row.source != who.source.as_str() {
        return Some(Refused::Unknown);
    }
    if TokenHash::from_bytes(&row.browser_hash).as_ref() != Some(who.browser) {
        return Some(Refused::OtherBrowser);
    }
    if row.account_id != who.account.as_uuid() {
        return Some(Refused::OtherAccount);
    }
    if row.session_id != who.errand.id() || row.errand.as_deref() != who.errand.name() {
        return Some(Refused::OtherErrand);
    }
    match (row.used_at, row.leased_until) {
        (None, _) => (row.expires_at <= now).then_some(Refused::Expired),
        (Some(_), None) => Some(Refused::Used),
        (Some(_), Some(until)) if now < until => Some(Refused::Busy),
        (Some(_), Some(until)) => {
            (until + TimeDelta::minutes(AGAIN_MINUTES) <= now).then_some(Refused::Expired)
        }
    }
}

#[cfg(test)]
mod tests;
