//! Pictures that somebody sent for a case: sealed, opened for whoever decides the case, and deleted on schedule. What is
//! left of a deleted picture is that there was one.

use chrono::{DateTime, Utc};
use model::case::State;
use model::ids::{AccountId, CaseId, ImageId};
use model::rng::Rng;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Condition, Expr, ExprTrait as _, Query};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};
use zeroize::Zeroizing;

use crate::entity::case_image::{ActiveModel, Column, Entity, Model};
use crate::entity::verification_case;
use crate::error::StoreError;
use crate::tx::Tx;
use crate::vault;

/// The most pictures of a case that are looked at, deleted ones included.
const LIST_MAX: u64 = 40;
/// The most pictures that one sweep deletes.
const BATCH: u64 = 200;

/// What a picture shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The side of the card with the portrait.
    Front,
    /// The other side.
    Back,
    /// The person's face.
    Portrait,
    /// Something else that was asked for.
    Other,
}

impl Part {
    /// All of them, in the order of the page.
    pub const ALL: [Self; 4] = [Self::Front, Self::Back, Self::Portrait, Self::Other];

    /// The word in the database and in forms.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Front => "front",
            Self::Back => "back",
            Self::Portrait => "portrait",
            Self::Other => "other",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.as_str() == word)
    }
}

/// A picture to be stored.
#[derive(Clone, Copy)]
pub struct NewImage<'a> {
    /// For which case.
    pub case: CaseId,
    /// Whose case it is.
    pub account: AccountId,
    /// What it shows.
    pub part: Part,
    /// The picture, made anew by ourselves.
    pub picture: &'a [u8],
    /// Now.
    pub now: DateTime<Utc>,
    /// When it is deleted in any case.
    pub delete_after: DateTime<Utc>,
}

impl std::fmt::Debug for NewImage<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewImage")
            .field("case", &self.case)
            .field("part", &self.part)
            .finish_non_exhaustive()
    }
}

/// A picture of a case, without its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Its identifier.
    pub id: ImageId,
    /// What it shows.
    pub part: Part,
    /// When it was sent.
    pub created_at: DateTime<Utc>,
    /// When it is deleted in any case.
    pub delete_after: DateTime<Utc>,
    /// When it was deleted.
    pub deleted_at: Option<DateTime<Utc>>,
}

/// Stores a picture. It takes the place of the one of the same part, which is deleted.
pub async fn put(tx: &Tx, rng: &Rng, new: &NewImage<'_>) -> Result<ImageId, StoreError> {
    let same = Condition::all()
        .add(Column::CaseId.eq(new.case.as_uuid()))
        .add(Column::Part.eq(new.part.as_str()));
    delete(tx, same, new.now).await?;
    let id = ImageId::new(new.now, rng);
    let sealed = tx
        .vault()
        .seal(vault::Column::CaseImage, id.as_uuid().as_bytes(), new.picture)?;
    let row = ActiveModel {
        id: Set(id.as_uuid()),
        case_id: Set(new.case.as_uuid()),
        account_id: Set(new.account.as_uuid()),
        part: Set(new.part.as_str().to_owned()),
        image_sealed: Set(Some(sealed)),
        bytes: Set(i32::try_from(new.picture.len()).unwrap_or(i32::MAX)),
        created_at: Set(new.now),
        delete_after: Set(new.delete_after),
        deleted_at: Set(None),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(id)
}

/// The pictures of a case, the newest first, deleted ones included.
pub async fn list(tx: &Tx, case: CaseId) -> Result<Vec<Image>, StoreError> {
    type Row = (
        uuid::Uuid,
        String,
        DateTime<Utc>,
        DateTime<Utc>,
        Option<DateTime<Utc>>,
    );
    // Without the column that is large.
    let rows: Vec<Row> = Entity::find()
        .select_only()
        .columns([
            Column::Id,
            Column::Part,
            Column::CreatedAt,
            Column::DeleteAfter,
            Column::DeletedAt,
        ])
        .filter(Column::CaseId.eq(case.as_uuid()))
        .order_by_desc(Column::CreatedAt)
        .order_by_desc(Column::Id)
        .limit(LIST_MAX)
        .into_tuple()
        .all(tx)
        .await?;
    rows.into_iter()
        .map(|(id, part, created_at, delete_after, deleted_at)| {
            Ok(Image {
                id: ImageId::from_uuid(id),
                part: Part::parse(&part).ok_or(StoreError::Malformed("case_image.part"))?,
                created_at,
                delete_after,
                deleted_at,
            })
        })
        .collect()
}

/// A picture of a case; nothing for one of another case, or one that is deleted. Who may see it is the caller's
/// business.
pub async fn open(tx: &Tx, case: CaseId, id: ImageId) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
    let row: Option<Model> = Entity::find_by_id(id.as_uuid())
        .filter(Column::CaseId.eq(case.as_uuid()))
        .filter(Column::DeletedAt.is_null())
        .one(tx)
        .await?;
    let Some(sealed) = row.and_then(|row| row.image_sealed) else {
        return Ok(None);
    };
    let place = (vault::Column::CaseImage, id.as_uuid());
    tx.vault().open(place.0, place.1.as_bytes(), &sealed).map(Some)
}

/// Says when the pictures of a case are deleted in any case: later than a draft's, once the case is filed.
pub async fn keep_until(tx: &Tx, case: CaseId, delete_after: DateTime<Utc>) -> Result<(), StoreError> {
    Entity::update_many()
        .col_expr(Column::DeleteAfter, Expr::value(delete_after))
        .filter(Column::CaseId.eq(case.as_uuid()))
        .filter(Column::DeletedAt.is_null())
        .exec(tx)
        .await?;
    Ok(())
}

/// Deletes the pictures of a case at once; answers how many.
pub async fn delete_of_case(tx: &Tx, case: CaseId, now: DateTime<Utc>) -> Result<u64, StoreError> {
    delete(tx, Condition::all().add(Column::CaseId.eq(case.as_uuid())), now).await
}

/// Deletes the pictures of every case of an account at once.
pub async fn delete_of_account(tx: &Tx, account: AccountId, now: DateTime<Utc>) -> Result<u64, StoreError> {
    let all = Condition::all().add(Column::AccountId.eq(account.as_uuid()));
    delete(tx, all, now).await
}

/// Deletes what is due: pictures whose own time is over, those of cases that ended before a time, and those of cases
/// that are not there any more. At most a batch; answers how many, so that it can be called again.
pub async fn sweep(tx: &Tx, (now, ended_before): (DateTime<Utc>, DateTime<Utc>)) -> Result<u64, StoreError> {
    let ended = State::ALL.into_iter().filter(|state| !keeps_pictures(*state));
    let over = Query::select()
        .column(verification_case::Column::Id)
        .from(verification_case::Entity)
        .and_where(verification_case::Column::State.is_in(ended.map(State::as_str)))
        .and_where(verification_case::Column::UpdatedAt.lt(ended_before))
        .take();
    let there = Query::select()
        .expr(Expr::value(1))
        .from(verification_case::Entity)
        .and_where(
            Expr::col((verification_case::Entity, verification_case::Column::Id))
                .equals((Entity, Column::CaseId)),
        )
        .take();
    let due = Condition::any()
        .add(Column::DeleteAfter.lte(now))
        .add(Column::CaseId.in_subquery(over))
        .add(Expr::exists(there).not());
    let some: Vec<uuid::Uuid> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::DeletedAt.is_null())
        .filter(due)
        .limit(BATCH)
        .into_tuple()
        .all(tx)
        .await?;
    if some.is_empty() {
        return Ok(0);
    }
    delete(tx, Condition::all().add(Column::Id.is_in(some)), now).await
}

/// Whether pictures of a case are still needed, or may be: an appeal is possible for a while after a rejection.
const fn keeps_pictures(state: State) -> bool {
    state.is_open() || matches!(state, State::Started)
}

async fn delete(tx: &Tx, which: Condition, now: DateTime<Utc>) -> Result<u64, StoreError> {
    let deleted = Entity::update_many()
        .col_expr(Column::ImageSealed, Expr::value(None::<Vec<u8>>))
        .col_expr(Column::DeletedAt, Expr::value(now))
        .filter(which)
        .filter(Column::DeletedAt.is_null())
        .exec(tx)
        .await?;
    Ok(deleted.rows_affected)
}

#[cfg(test)]
mod tests;
