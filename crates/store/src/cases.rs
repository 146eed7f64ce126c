//! Verification cases: one attempt to gain evidence each, automatic or waiting for a person. What was typed is
//! sealed, and forgotten as soon as the case has ended.

use chrono::{DateTime, Utc};
use model::citizen_id::CitizenId;
use model::evidence::SourceId;
use model::ids::{AccountId, CaseId};
use model::person_name::PersonName;
use model::phone::Phone;
use model::rng::Rng;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};
use serde::{Deserialize, Serialize};

use crate::entity::verification_case;
use crate::error::StoreError;
use crate::tx::Tx;
use crate::vault::{Column, Index};

/// The most cases that a list shows.
const LIST_MAX: u64 = 20;

/// Where a case stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The source did not answer; it is asked again by itself.
    Waiting,
    /// Everything agreed; there is evidence.
    Passed,
    /// The source knows the number, and something differs.
    Mismatch,
    /// The source does not know the number.
    NotFound,
    /// The number is proven by another account.
    Conflict,
    /// The source says that the record is locked, cancelled or of somebody who died: an operator must look.
    Restricted,
    /// A person decides.
    InReview,
    /// A newer case took its place.
    Replaced,
    /// The source never answered.
    Expired,
    /// Typed, and kept while another page comes first; nobody was asked yet.
    Draft,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Waiting,
        Self::Passed,
        Self::Mismatch,
        Self::NotFound,
        Self::Conflict,
        Self::Restricted,
        Self::InReview,
        Self::Replaced,
        Self::Expired,
        Self::Draft,
    ];

    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Passed => "passed",
            Self::Mismatch => "mismatch",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::Restricted => "restricted",
            Self::InReview => "in_review",
            Self::Replaced => "replaced",
            Self::Expired => "expired",
            Self::Draft => "draft",
        }
    }

    /// Whether something still happens to the case.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Waiting | Self::InReview | Self::Restricted)
    }

    /// Whether what was typed is still needed: for the next try, or for the person who decides.
    const fn keeps_input(self) -> bool {
        matches!(
            self,
            Self::Waiting
                | Self::InReview
                | Self::Restricted
                | Self::Mismatch
                | Self::NotFound
                | Self::Conflict
                | Self::Draft
        )
    }

    fn parse(word: &str) -> Result<Self, StoreError> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == word)
            .ok_or(StoreError::Malformed("verification_case.state"))
    }
}

/// What is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// The name.
    pub name: PersonName,
    /// The citizen ID number.
    pub citizen_id: CitizenId,
    /// The phone, where the source compares it.
    pub phone: Option<Phone>,
}

#[derive(Serialize, Deserialize)]
struct SealedInput {
    name: String,
    citizen_id: String,
    phone: Option<String>,
}

/// The number under which people speak of a case, `260601-48291375`. No secret: it is always looked up together
/// with the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseNumber(String);

impl CaseNumber {
    /// A new number.
    pub fn generate(now: DateTime<Utc>, rng: &Rng) -> Self {
        Self(format!("{}-{:08}", now.format("%y%m%d"), rng.below(100_000_000)))
    }

    /// Reads a number that a page sent back.
    pub fn parse(text: &str) -> Option<Self> {
        let (day, serial) = text.split_once('-')?;
        let digits =
            |part: &str, length| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
        (digits(day, 6) && digits(serial, 8)).then(|| Self(text.to_owned()))
    }

    /// The number as people see it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A case to be stored.
#[derive(Clone, Debug)]
pub struct NewCase {
    /// Its identifier.
    pub id: CaseId,
    /// The number for people.
    pub number: CaseNumber,
    /// Whose it is.
    pub account: AccountId,
    /// Who was asked.
    pub source: SourceId,
    /// Where it stands.
    pub state: State,
    /// What was compared.
    pub input: Input,
    /// When the source is asked again.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// The source's own reference.
    pub reference: Option<String>,
    /// Now.
    pub created_at: DateTime<Utc>,
}

/// A case.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its identifier.
    pub id: CaseId,
    /// The number for people.
    pub number: CaseNumber,
    /// Whose it is.
    pub account: AccountId,
    /// Who was asked.
    pub source: SourceId,
    /// Where it stands.
    pub state: State,
    /// What was compared, while it is needed.
    pub input: Option<Input>,
    /// How often the source was asked again.
    pub attempts: u32,
    /// When it was opened.
    pub created_at: DateTime<Utc>,
    /// When its state last changed.
    pub updated_at: DateTime<Utc>,
}

/// Stores a case; `false`, and nothing is stored, when another case has its number already: try another number.
pub async fn create(tx: &Tx, new: &NewCase) -> Result<bool, StoreError> {
    let id = new.id.as_uuid();
    let input = if new.state.keeps_input() {
        Some(seal(tx, new.id, &new.input)?)
    } else {
        None
    };
    let row = verification_case::ActiveModel {
        id: Set(id),
        number: Set(new.number.as_str().to_owned()),
        account_id: Set(new.account.as_uuid()),
        source: Set(new.source.as_str().to_owned()),
        state: Set(new.state.as_str().to_owned()),
        input_sealed: Set(input),
        subject_index: Set(Some(
            tx.vault()
                .index(Index::CitizenId, new.input.citizen_id.as_str())
                .to_vec(),
        )),
        attempts: Set(0),
        next_attempt_at: Set(new.next_attempt_at),
        reference: Set(new.reference.clone()),
        created_at: Set(new.created_at),
        updated_at: Set(new.created_at),
    };
    // Said to the statement, because a violated index would end the caller's transaction.
    let inserted = verification_case::Entity::insert(row)
        .on_conflict(
            OnConflict::column(verification_case::Column::Number)
                .do_nothing()
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await?;
    Ok(inserted == 1)
}

/// A case of an account by its number.
pub async fn find(tx: &Tx, account: AccountId, number: &CaseNumber) -> Result<Option<Case>, StoreError> {
    let row = verification_case::Entity::find()
        .filter(verification_case::Column::Number.eq(number.as_str()))
        .filter(verification_case::Column::AccountId.eq(account.as_uuid()))
        .one(tx)
        .await?;
    row.map(|row| from_row(tx, row)).transpose()
}

/// The cases of an account to which something still happens, newest first.
pub async fn list_open(tx: &Tx, account: AccountId) -> Result<Vec<Case>, StoreError> {
    let open = State::ALL
        .into_iter()
        .filter(|state| state.is_open())
        .map(State::as_str);
    let rows = verification_case::Entity::find()
        .filter(verification_case::Column::AccountId.eq(account.as_uuid()))
        .filter(verification_case::Column::State.is_in(open))
        .order_by_desc(verification_case::Column::CreatedAt)
        .limit(LIST_MAX)
        .all(tx)
        .await?;
    rows.into_iter().map(|row| from_row(tx, row)).collect()
}

/// The cases of an account that a source has denied since a time, newest first.
pub async fn list_denied(tx: &Tx, account: AccountId, since: DateTime<Utc>) -> Result<Vec<Case>, StoreError> {
    let denied = [State::Mismatch, State::NotFound, State::Conflict].map(State::as_str);
    let rows = verification_case::Entity::find()
        .filter(verification_case::Column::AccountId.eq(account.as_uuid()))
        .filter(verification_case::Column::State.is_in(denied))
        .filter(verification_case::Column::UpdatedAt.gt(since))
        .order_by_desc(verification_case::Column::UpdatedAt)
        .limit(LIST_MAX)
        .all(tx)
        .await?;
    rows.into_iter().map(|row| from_row(tx, row)).collect()
}

/// The newest case of an account about a number at a source since a time, whatever became of it.
pub async fn find_newest(
    tx: &Tx,
    account: AccountId,
    (source, number): (&SourceId, &CitizenId),
    since: DateTime<Utc>,
) -> Result<Option<Case>, StoreError> {
    let subject = tx.vault().index(Index::CitizenId, number.as_str()).to_vec();
    let row = verification_case::Entity::find()
        .filter(verification_case::Column::AccountId.eq(account.as_uuid()))
        .filter(verification_case::Column::Source.eq(source.as_str()))
        .filter(verification_case::Column::SubjectIndex.eq(subject))
        .filter(verification_case::Column::State.ne(State::Draft.as_str()))
        .filter(verification_case::Column::UpdatedAt.gt(since))
        .order_by_desc(verification_case::Column::UpdatedAt)
        .one(tx)
        .await?;
    row.map(|row| from_row(tx, row)).transpose()
}

/// What an account typed for a source before another page came first.
pub async fn find_draft(
    tx: &Tx,
    account: AccountId,
    source: &SourceId,
    now: DateTime<Utc>,
) -> Result<Option<Input>, StoreError> {
    let row = verification_case::Entity::find()
        .filter(verification_case::Column::AccountId.eq(account.as_uuid()))
        .filter(verification_case::Column::Source.eq(source.as_str()))
        .filter(verification_case::Column::State.eq(State::Draft.as_str()))
        .filter(verification_case::Column::NextAttemptAt.gt(now))
        .order_by_desc(verification_case::Column::CreatedAt)
        .one(tx)
        .await?;
    Ok(row.map(|row| open(tx, &row)).transpose()?.flatten())
}

/// Forgets what an account typed for a source in advance.
pub async fn forget_draft(tx: &Tx, account: AccountId, source: &SourceId) -> Result<(), StoreError> {
    verification_case::Entity::delete_many()
        .filter(verification_case::Column::AccountId.eq(account.as_uuid()))
        .filter(verification_case::Column::Source.eq(source.as_str()))
        .filter(verification_case::Column::State.eq(State::Draft.as_str()))
        .exec(tx)
        .await?;
    Ok(())
}

/// Forgets every draft whose time, kept where other cases have that of their next try, is over.
pub async fn forget_old_drafts(tx: &Tx, now: DateTime<Utc>) -> Result<u64, StoreError> {
    let forgotten = verification_case::Entity::delete_many()
        .filter(verification_case::Column::NextAttemptAt.lte(now))
        .filter(verification_case::Column::State.eq(State::Draft.as_str()))
        .exec(tx)
        .await?;
    Ok(forgotten.rows_affected)
}

/// The newest case of an account in which a source denied a number since a time.
pub async fn find_denied(
    tx: &Tx,
    account: AccountId,
    (source, number): (&SourceId, &CitizenId),
    since: DateTime<Utc>,
) -> Result<Option<Case>, StoreError> {
    let subject = tx.vault().index(Index::CitizenId, number.as_str()).to_vec();
    let denied = [State::Mismatch, State::NotFound].map(State::as_str);
    let row = verification_case::Entity::find()
        .filter(verification_case::Column::AccountId.eq(account.as_uuid()))
        .filter(verification_case::Column::Source.eq(source.as_str()))
        .filter(verification_case::Column::SubjectIndex.eq(subject))
        .filter(verification_case::Column::State.is_in(denied))
        .filter(verification_case::Column::UpdatedAt.gt(since))
        .order_by_desc(verification_case::Column::CreatedAt)
        .one(tx)
        .await?;
    row.map(|row| from_row(tx, row)).transpose()
}

/// Moves a case on, if it is still in the state that the caller saw. What was typed goes when it is of no more use.
pub async fn change(
    tx: &Tx,
    id: CaseId,
    (from, to): (State, State),
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let mut update = verification_case::Entity::update_many()
        .col_expr(verification_case::Column::State, Expr::value(to.as_str()))
        .col_expr(
            verification_case::Column::NextAttemptAt,
            Expr::value(None::<DateTime<Utc>>),
        )
        .col_expr(verification_case::Column::UpdatedAt, Expr::value(now))
        .filter(verification_case::Column::Id.eq(id.as_uuid()))
        .filter(verification_case::Column::State.eq(from.as_str()));
    if !to.keeps_input() {
        update = update.col_expr(
            verification_case::Column::InputSealed,
            Expr::value(None::<Vec<u8>>),
        );
    }
    Ok(update.exec(tx).await?.rows_affected == 1)
}

/// Ends what still waits for a source on behalf of an account, because something newer takes its place.
pub async fn replace_waiting(
    tx: &Tx,
    account: AccountId,
    source: &SourceId,
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    let changed = verification_case::Entity::update_many()
        .col_expr(
            verification_case::Column::State,
            Expr::value(State::Replaced.as_str()),
        )
        .col_expr(
            verification_case::Column::InputSealed,
            Expr::value(None::<Vec<u8>>),
        )
        .col_expr(
            verification_case::Column::NextAttemptAt,
            Expr::value(None::<DateTime<Utc>>),
        )
        .col_expr(verification_case::Column::UpdatedAt, Expr::value(now))
        .filter(verification_case::Column::AccountId.eq(account.as_uuid()))
        .filter(verification_case::Column::Source.eq(source.as_str()))
        .filter(verification_case::Column::State.eq(State::Waiting.as_str()))
        .exec(tx)
        .await?;
    Ok(changed.rows_affected)
}

/// Takes cases whose next try is due, at most `limit` of them. Each is taken by one node only: the next try moves
/// to `again_at` in the statement that takes it, and comes by itself should this node stop before the answer.
pub async fn claim_due(
    tx: &Tx,
    (now, again_at): (DateTime<Utc>, DateTime<Utc>),
    limit: u64,
) -> Result<Vec<Case>, StoreError> {
    let due = verification_case::Entity::find()
        .filter(verification_case::Column::State.eq(State::Waiting.as_str()))
        .filter(verification_case::Column::NextAttemptAt.lte(now))
        .order_by_asc(verification_case::Column::NextAttemptAt)
        .limit(limit)
        .all(tx)
        .await?;
    let mut claimed = Vec::with_capacity(due.len());
    for row in due {
        let taken = verification_case::Entity::update_many()
            .col_expr(verification_case::Column::NextAttemptAt, Expr::value(again_at))
            .col_expr(
                verification_case::Column::Attempts,
                Expr::col(verification_case::Column::Attempts).add(1),
            )
            .filter(verification_case::Column::Id.eq(row.id))
            .filter(verification_case::Column::State.eq(State::Waiting.as_str()))
            .filter(verification_case::Column::NextAttemptAt.lte(now))
            .exec(tx)
            .await?;
        if taken.rows_affected == 1 {
            let mut case = from_row(tx, row)?;
            case.attempts += 1;
            claimed.push(case);
        }
    }
    Ok(claimed)
}

/// Says when a case that still waits is tried again.
pub async fn postpone(tx: &Tx, id: CaseId, next_attempt_at: DateTime<Utc>) -> Result<bool, StoreError> {
    let changed = verification_case::Entity::update_many()
        .col_expr(
            verification_case::Column::NextAttemptAt,
            Expr::value(next_attempt_at),
        )
        .filter(verification_case::Column::Id.eq(id.as_uuid()))
        .filter(verification_case::Column::State.eq(State::Waiting.as_str()))
        .exec(tx)
        .await?;
    Ok(changed.rows_affected == 1)
}

/// Forgets what was typed for cases that were denied before a time and that nobody asked to have looked at. For the
/// cleanup; answers how many.
pub async fn forget_inputs(tx: &Tx, before: DateTime<Utc>) -> Result<u64, StoreError> {
    let denied = [State::Mismatch, State::NotFound, State::Conflict].map(State::as_str);
    let forgotten = verification_case::Entity::update_many()
        .col_expr(
            verification_case::Column::InputSealed,
            Expr::value(None::<Vec<u8>>),
        )
        .filter(verification_case::Column::State.is_in(denied))
        .filter(verification_case::Column::InputSealed.is_not_null())
        .filter(verification_case::Column::UpdatedAt.lt(before))
        .exec(tx)
        .await?;
    Ok(forgotten.rows_affected)
}

fn seal(tx: &Tx, id: CaseId, input: &Input) -> Result<Vec<u8>, StoreError> {
    let plain = SealedInput {
        name: input.name.as_str().to_owned(),
        citizen_id: input.citizen_id.as_str().to_owned(),
        phone: input.phone.as_ref().map(|phone| phone.e164().to_owned()),
    };
    let plain = zeroize::Zeroizing::new(serde_json::to_vec(&plain).map_err(|_| BAD_INPUT)?);
    tx.vault()
        .seal(Column::CaseInput, id.as_uuid().as_bytes(), &plain)
}

const BAD_INPUT: StoreError = StoreError::Malformed("verification_case.input");

fn open(tx: &Tx, row: &verification_case::Model) -> Result<Option<Input>, StoreError> {
    let Some(sealed) = &row.input_sealed else {
        return Ok(None);
    };
    let plain = tx.vault().open(Column::CaseInput, row.id.as_bytes(), sealed)?;
    let plain: SealedInput = serde_json::from_slice(&plain).map_err(|_| BAD_INPUT)?;
    let phone = plain
        .phone
        .map(|text| Phone::parse(&text))
        .transpose()
        .map_err(|_| BAD_INPUT)?;
    Ok(Some(Input {
        name: PersonName::parse(&plain.name).map_err(|_| BAD_INPUT)?,
        citizen_id: CitizenId::parse_strict(&plain.citizen_id, row.updated_at.date_naive())
            .map_err(|_| BAD_INPUT)?,
        phone,
    }))
}

fn from_row(tx: &Tx, row: verification_case::Model) -> Result<Case, StoreError> {
    let input = open(tx, &row)?;
    Ok(Case {
        id: CaseId::from_uuid(row.id),
        number: CaseNumber::parse(&row.number).ok_or(StoreError::Malformed("verification_case.number"))?,
        account: AccountId::from_uuid(row.account_id),
        source: SourceId::parse(&row.source)
            .map_err(|_| StoreError::Malformed("verification_case.source"))?,
        state: State::parse(&row.state)?,
        input,
        attempts: u32::try_from(row.attempts).unwrap_or_default(),
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::testing::{self, TestStore};

    fn input(test: &TestStore) -> Input {
        let today = test.clock.now().date_naive();
        Input {
            name: PersonName::parse("张明远").unwrap(),
            citizen_id: CitizenId::parse("340000199003070012", today).unwrap(),
            phone: Some(Phone::parse("+8613800000001").unwrap()),
        }
    }

    async fn case(test: &TestStore, state: State, next: Option<i64>) -> NewCase {
        let (now, rng) = (test.clock.now(), test.store.rng());
        let new = NewCase {
            id: CaseId::new(now, rng),
            number: CaseNumber::generate(now, rng),
            account: AccountId::new(now, rng),
            source: SourceId::parse("population_register").unwrap(),
            state,
            input: input(test),
            next_attempt_at: next.map(|seconds| now + TimeDelta::seconds(seconds)),
            reference: None,
            created_at: now,
        };
        assert!(create(&test.store.read(), &new).await.unwrap());
        new
    }

    async fn load(test: &TestStore, new: &NewCase) -> Case {
        find(&test.store.read(), new.account, &new.number)
            .await
            .unwrap()
            .unwrap()
    }

    #[tokio::test]
    async fn what_was_typed_comes_back_while_it_is_needed_and_goes_with_the_end_of_the_case() {
        for test in testing::stores().await {
            let waiting = case(&test, State::Waiting, Some(60)).await;
            assert_eq!(load(&test, &waiting).await.input, Some(input(&test)));
            let tx = test.store.read();
            let passed = (State::Waiting, State::Passed);
            assert!(change(&tx, waiting.id, passed, test.clock.now()).await.unwrap());
            assert!(
                !change(&tx, waiting.id, passed, test.clock.now()).await.unwrap(),
                "moved once"
            );
            let ended = load(&test, &waiting).await;
            assert_eq!((ended.state, ended.input), (State::Passed, None));
            assert!(
                load(&test, &case(&test, State::Passed, None).await)
                    .await
                    .input
                    .is_none()
            );
        }
    }

    #[tokio::test]
    async fn attack_261_a_case_is_found_only_by_its_own_account() {
        for test in testing::stores().await {
            let mine = case(&test, State::InReview, None).await;
            let other = AccountId::new(test.clock.now(), test.store.rng());
            assert!(
                find(&test.store.read(), other, &mine.number)
                    .await
                    .unwrap()
                    .is_none()
            );
            assert_eq!(
                list_open(&test.store.read(), mine.account).await.unwrap().len(),
                1
            );
            assert!(list_open(&test.store.read(), other).await.unwrap().is_empty());
        }
    }

    #[tokio::test]
    async fn a_due_case_is_taken_by_one_of_two_nodes_and_again_only_when_due_again() {
        for test in testing::stores().await {
            let new = case(&test, State::Waiting, Some(60)).await;
            let (one, two) = (test.store.read(), test.store.read());
            let claim = |at: DateTime<Utc>| (at, at + TimeDelta::seconds(120));
            let early = claim_due(&one, claim(test.clock.now()), 10).await.unwrap();
            assert!(early.is_empty(), "not due yet");
            test.clock.advance(TimeDelta::seconds(61));
            let now = test.clock.now();
            let (first, second) =
                tokio::join!(claim_due(&one, claim(now), 10), claim_due(&two, claim(now), 10));
            let taken: Vec<Case> = first.unwrap().into_iter().chain(second.unwrap()).collect();
            assert_eq!(taken.len(), 1);
            assert_eq!((taken[0].id, taken[0].attempts), (new.id, 1));
            test.clock.advance(TimeDelta::seconds(121));
            let again = claim_due(&one, claim(test.clock.now()), 10).await.unwrap();
            assert_eq!(again[0].attempts, 2);
        }
    }

    #[tokio::test]
    async fn a_newer_case_takes_the_place_of_a_waiting_one() {
        for test in testing::stores().await {
            let old = case(&test, State::Waiting, Some(0)).await;
            let (tx, now) = (test.store.read(), test.clock.now());
            assert_eq!(
                replace_waiting(&tx, old.account, &old.source, now).await.unwrap(),
                1
            );
            assert!(claim_due(&tx, (now, now), 10).await.unwrap().is_empty());
            assert!(!postpone(&tx, old.id, now).await.unwrap());
            assert_eq!(load(&test, &old).await.state, State::Replaced);
        }
    }

    #[tokio::test]
    async fn what_was_typed_for_a_denied_case_is_forgotten_in_time_and_a_review_keeps_it() {
        for test in testing::stores().await {
            let denied = case(&test, State::Mismatch, None).await;
            let review = case(&test, State::InReview, None).await;
            let tx = test.store.read();
            assert_eq!(forget_inputs(&tx, test.clock.now()).await.unwrap(), 0);
            assert_eq!(
                forget_inputs(&tx, test.clock.now() + TimeDelta::seconds(1))
                    .await
                    .unwrap(),
                1
            );
            assert!(load(&test, &denied).await.input.is_none());
            assert!(load(&test, &review).await.input.is_some());
        }
    }

    #[tokio::test]
    async fn a_number_that_is_taken_is_refused_and_the_transaction_goes_on() {
        for test in testing::stores().await {
            let first = case(&test, State::Mismatch, None).await;
            let tx = test.store.begin().await.unwrap();
            let id = CaseId::new(test.clock.now(), test.store.rng());
            let mut second = NewCase {
                id,
                account: AccountId::new(test.clock.now(), test.store.rng()),
                ..first.clone()
            };
            assert!(!create(&tx, &second).await.unwrap(), "{}", test.database.kind());
            second.number = CaseNumber::parse("260601-00000001").unwrap();
            assert!(create(&tx, &second).await.unwrap());
            tx.commit().await.unwrap();
            assert_eq!(load(&test, &first).await.id, first.id);
            assert_eq!(load(&test, &second).await.id, id);
        }
    }

    #[tokio::test]
    async fn denied_cases_are_listed_for_a_time_whenever_they_were_denied() {
        for test in testing::stores().await {
            let waiting = case(&test, State::Waiting, Some(60)).await;
            let (tx, start) = (test.store.read(), test.clock.now());
            test.clock.advance(TimeDelta::days(1));
            let denied = (State::Waiting, State::NotFound);
            assert!(change(&tx, waiting.id, denied, test.clock.now()).await.unwrap());
            let since = start + TimeDelta::hours(1);
            let list = list_denied(&tx, waiting.account, since).await.unwrap();
            assert_eq!(
                (list.len(), list[0].id),
                (1, waiting.id),
                "{}",
                test.database.kind()
            );
            assert!(
                list_denied(&tx, waiting.account, test.clock.now())
                    .await
                    .unwrap()
                    .is_empty()
            );
            let other = case(&test, State::Waiting, None).await;
            assert!(list_denied(&tx, other.account, start).await.unwrap().is_empty());
        }
    }

    #[tokio::test]
    async fn a_draft_comes_back_for_its_time_and_is_no_case_for_anybody_else() {
        for test in testing::stores().await {
            let draft = case(&test, State::Draft, Some(60)).await;
            let (tx, now) = (test.store.read(), test.clock.now());
            let found = async |at| find_draft(&tx, draft.account, &draft.source, at).await.unwrap();
            assert_eq!(found(now).await, Some(input(&test)), "{}", test.database.kind());
            let over = now + TimeDelta::seconds(60);
            assert_eq!(found(over).await, None);
            assert!(
                claim_due(&tx, (over, over), 10).await.unwrap().is_empty(),
                "nobody asks by itself"
            );
            assert!(list_open(&tx, draft.account).await.unwrap().is_empty());
            assert_eq!(forget_old_drafts(&tx, now).await.unwrap(), 0);
            assert_eq!(forget_old_drafts(&tx, over).await.unwrap(), 1);
            let draft = case(&test, State::Draft, Some(60)).await;
            forget_draft(&tx, draft.account, &draft.source).await.unwrap();
            assert_eq!(
                find_draft(&tx, draft.account, &draft.source, now).await.unwrap(),
                None
            );
        }
    }

    #[test]
    fn case_numbers_read_back_and_nothing_else_does() {
        let number = CaseNumber::generate(testing::start_time(), &Rng::seeded(1));
        assert_eq!(CaseNumber::parse(number.as_str()), Some(number));
        for bad in [
            "",
            "260601",
            "260601-1",
            "２60601-12345678",
            "260601-12345678x",
            "-",
        ] {
            assert_eq!(CaseNumber::parse(bad), None, "{bad}");
        }
    }
}
