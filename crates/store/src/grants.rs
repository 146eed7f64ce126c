//! What residents allowed sub-sites to be told. One grant a person and sub-site holds at a time; a new decision
//! replaces it, a withdrawal ends it and everything that was given under it (A059).

use chrono::{DateTime, Utc};
use model::ids::{AccountId, ClientId, GrantId};
use model::scope::ScopeSet;
use model::secret::TokenHash;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait as _, Query};
use sea_orm::{
    ColumnTrait as _, DatabaseBackend, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use crate::entity::{access_token, account, authorization_code, consent_grant};
use crate::error::StoreError;
use crate::tx::Tx;
use crate::{accounts, dialect, refresh, tokens};

/// The most grants that a list shows.
const LIST_MAX: u64 = 500;

/// A decision that holds or held.
#[derive(Clone, Debug)]
pub struct Grant {
    /// Its identifier, which is the receipt's number.
    pub id: GrantId,
    /// To which sub-site.
    pub client_id: ClientId,
    /// What may be told.
    pub allowed: ScopeSet,
    /// What was asked when the person decided; what is in here and not allowed was declined.
    pub asked: ScopeSet,
    /// Proof of the decision, as JSON.
    pub receipt: serde_json::Value,
    /// When the person decided.
    pub created_at: DateTime<Utc>,
    /// When it was taken back or replaced.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// The decision that holds.
pub async fn find_active(
    tx: &Tx,
    account: AccountId,
    client: &ClientId,
) -> Result<Option<Grant>, StoreError> {
    let row = consent_grant::Entity::find()
        .filter(consent_grant::Column::AccountId.eq(account.as_uuid()))
        .filter(consent_grant::Column::ClientId.eq(client.as_str()))
        .filter(consent_grant::Column::RevokedAt.is_null())
        .one(tx)
        .await?;
    row.map(from_row).transpose()
}

/// The decision that holds, as a column of a statement about an account: read it with [`from_column`].
pub(crate) fn column(backend: DatabaseBackend, client: &ClientId) -> Expr {
    let owner = (account::Entity, account::Column::Id);
    let grant = Query::select()
        .expr(Expr::cust(dialect::grant_as_json(backend)))
        .from(consent_grant::Entity)
        .and_where(Expr::col((consent_grant::Entity, consent_grant::Column::AccountId)).equals(owner))
        .and_where(Expr::col((consent_grant::Entity, consent_grant::Column::ClientId)).eq(client.as_str()))
        .and_where(Expr::col((consent_grant::Entity, consent_grant::Column::RevokedAt)).is_null())
        .limit(1)
        .take();
    Expr::SubQuery(None, Box::new(grant.into()))
}

/// Reads what [`column`] gave.
pub(crate) fn from_column(text: Option<&str>) -> Result<Option<Grant>, StoreError> {
    type Columns = (Uuid, String, String, String, String, DateTime<Utc>);
    let Some(text) = text else {
        return Ok(None);
    };
    let (id, client_id, allowed, asked, receipt, created_at): Columns =
        serde_json::from_str(text).map_err(|_| StoreError::Malformed("grant"))?;
    from_parts((id, &client_id), (&allowed, &asked, &receipt), (created_at, None)).map(Some)
}

/// One grant of an account, holding or not.
pub async fn find(tx: &Tx, account: AccountId, id: GrantId) -> Result<Option<Grant>, StoreError> {
    let row = consent_grant::Entity::find_by_id(id.as_uuid())
        .filter(consent_grant::Column::AccountId.eq(account.as_uuid()))
        .one(tx)
        .await?;
    row.map(from_row).transpose()
}

/// The decisions of an account, the holding ones first, then by time.
pub async fn list(tx: &Tx, account: AccountId) -> Result<Vec<Grant>, StoreError> {
    let rows = consent_grant::Entity::find()
        .filter(consent_grant::Column::AccountId.eq(account.as_uuid()))
        .order_by_desc(consent_grant::Column::CreatedAt)
        .limit(LIST_MAX)
        .all(tx)
        .await?;
    rows.into_iter().map(from_row).collect()
}

/// The decision that holds, for one that takes its place: a second decision of the same person waits from here
/// until the transaction ends, and then finds the first.
pub async fn find_to_replace(
    tx: &Tx,
    account: AccountId,
    client: &ClientId,
) -> Result<Option<Grant>, StoreError> {
    accounts::take_turns(tx, account).await?;
    find_active(tx, account, client).await
}

/// Stores a decision in place of the one before. Tokens given under the one before go on until they expire;
/// what they may read is looked up at each use.
pub async fn put(tx: &Tx, account: AccountId, grant: &Grant) -> Result<(), StoreError> {
    accounts::take_turns(tx, account).await?;
    consent_grant::Entity::update_many()
        .col_expr(consent_grant::Column::RevokedAt, Expr::value(grant.created_at))
        .filter(consent_grant::Column::AccountId.eq(account.as_uuid()))
        .filter(consent_grant::Column::ClientId.eq(grant.client_id.as_str()))
        .filter(consent_grant::Column::RevokedAt.is_null())
        .exec(tx)
        .await?;
    let row = consent_grant::ActiveModel {
        id: Set(grant.id.as_uuid()),
        account_id: Set(account.as_uuid()),
        client_id: Set(grant.client_id.as_str().to_owned()),
        allowed: Set(grant.allowed.to_string()),
        asked: Set(grant.asked.to_string()),
        receipt: Set(grant.receipt.to_string()),
        created_at: Set(grant.created_at),
        revoked_at: Set(None),
        subject_hash: Set(None),
    };
    consent_grant::Entity::insert(row)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Notes the name under which the sub-site of a decision knows the person, so that it can ask by that name; see
/// [`crate::subjects::find`].
pub async fn note_subject(tx: &Tx, id: GrantId, subject: &str) -> Result<(), StoreError> {
    let hash = TokenHash::of(subject).as_bytes().to_vec();
    consent_grant::Entity::update_many()
        .col_expr(consent_grant::Column::SubjectHash, Expr::value(hash))
        .filter(consent_grant::Column::Id.eq(id.as_uuid()))
        .exec(tx)
        .await?;
    Ok(())
}

/// Takes a decision back: codes and tokens of this person at this sub-site end with it.
pub async fn revoke(
    tx: &Tx,
    account: AccountId,
    id: GrantId,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let Some(grant) = find(tx, account, id).await? else {
        return Ok(false);
    };
    let revoked = consent_grant::Entity::update_many()
        .col_expr(consent_grant::Column::RevokedAt, Expr::value(now))
        .filter(consent_grant::Column::Id.eq(id.as_uuid()))
        .filter(consent_grant::Column::RevokedAt.is_null())
        .exec(tx)
        .await?;
    if revoked.rows_affected == 0 {
        return Ok(false);
    }
    authorization_code::Entity::update_many()
        .col_expr(authorization_code::Column::RevokedAt, Expr::value(now))
        .filter(authorization_code::Column::AccountId.eq(account.as_uuid()))
        .filter(authorization_code::Column::ClientId.eq(grant.client_id.as_str()))
        .filter(authorization_code::Column::RevokedAt.is_null())
        .exec(tx)
        .await?;
    refresh::revoke_of_grant(tx, account, &grant.client_id, now).await?;
    access_token::Entity::update_many()
        .col_expr(access_token::Column::RevokedAt, Expr::value(now))
        .filter(access_token::Column::AccountId.eq(account.as_uuid()))
        .filter(access_token::Column::ClientId.eq(grant.client_id.as_str()))
        .filter(access_token::Column::RevokedAt.is_null())
        .filter(tokens::worth_revoking(now))
        .exec(tx)
        .await?;
    Ok(true)
}

fn from_row(row: consent_grant::Model) -> Result<Grant, StoreError> {
    from_parts(
        (row.id, &row.client_id),
        (&row.allowed, &row.asked, &row.receipt),
        (row.created_at, row.revoked_at),
    )
}

fn from_parts(
    (id, client_id): (Uuid, &str),
    (allowed, asked, receipt): (&str, &str, &str),
    (created_at, revoked_at): (DateTime<Utc>, Option<DateTime<Utc>>),
) -> Result<Grant, StoreError> {
    Ok(Grant {
        id: GrantId::from_uuid(id),
        client_id: ClientId::parse(client_id).map_err(|_| StoreError::Malformed("grant.client_id"))?,
        allowed: ScopeSet::parse_lenient(allowed),
        asked: ScopeSet::parse_lenient(asked),
        receipt: serde_json::from_str(receipt).map_err(|_| StoreError::Malformed("grant.receipt"))?,
        created_at,
        revoked_at,
    })
}

#[cfg(test)]
mod tests {
    use model::client::AccountKind;
    use model::language::Language;
    use model::phone::Phone;
    use sea_orm::{ConnectionTrait as _, Statement};

    use super::*;
    use crate::accounts::NewAccount;
    use crate::testing::{self, TestStore};

    async fn account(test: &TestStore, phone: &str) -> AccountId {
        let now = test.clock.now();
        let new = NewAccount {
            id: AccountId::new(now, test.store.rng()),
            kind: AccountKind::Resident,
            language: Language::ZhCn,
            phone: Phone::parse(phone).expect("a phone"),
            created_at: now,
        };
        accounts::create(&test.store.read(), &new).await.expect("created");
        new.id
    }

    fn grant(test: &TestStore, allowed: &str) -> Grant {
        let now = test.clock.now();
        Grant {
            id: GrantId::new(now, test.store.rng()),
            client_id: ClientId::parse("hefei").expect("an id"),
            allowed: ScopeSet::parse_lenient(allowed),
            asked: ScopeSet::parse_lenient(allowed),
            receipt: serde_json::json!({}),
            created_at: now,
            revoked_at: None,
        }
    }

    /// Reads what holds, adds to it and stores it, as the page does.
    async fn decide(test: &TestStore, account: AccountId, allowed: &str) -> Result<(), StoreError> {
        let tx = test.store.begin().await?;
        let mut grant = grant(test, allowed);
        if let Some(before) = find_to_replace(&tx, account, &grant.client_id).await? {
            grant.allowed = grant.allowed.union(&before.allowed);
        }
        put(&tx, account, &grant).await?;
        tx.commit().await
    }

    #[tokio::test]
    async fn two_decisions_at_once_are_both_stored_and_the_later_knows_the_earlier() {
        for test in testing::stores().await {
            let rounds = [
                ("phone", "email"),
                ("profile", "address"),
                ("assurance", "real_name"),
            ];
            for (number, (one, two)) in rounds.into_iter().enumerate() {
                let phone = format!("1380013800{number}");
                let account = account(&test, &phone).await;
                let (first, second) = tokio::join!(decide(&test, account, one), decide(&test, account, two));
                first.unwrap_or_else(|error| panic!("{}: first: {error}", test.database.kind()));
                second.unwrap_or_else(|error| panic!("{}: second: {error}", test.database.kind()));
                let grants = list(&test.store.read(), account).await.expect("listed");
                let holding: Vec<_> = grants.iter().filter(|grant| grant.revoked_at.is_none()).collect();
                let [holding] = holding.as_slice() else {
                    panic!("{} hold", holding.len())
                };
                assert_eq!(grants.len(), 2);
                assert_eq!(holding.allowed, ScopeSet::parse_lenient(&format!("{one} {two}")));
            }
        }
    }

    #[tokio::test]
    async fn what_a_withdrawal_ends_is_found_by_an_index() {
        for test in testing::stores().await {
            let explain = if test.database.kind() == "sqlite" {
                "EXPLAIN QUERY PLAN"
            } else {
                "EXPLAIN"
            };
            let tx = test.store.begin().await.expect("begun");
            if test.database.kind() == "postgres" {
                // An empty table is read from end to end unless that is forbidden.
                tx.execute_unprepared("SET LOCAL enable_seqscan = off")
                    .await
                    .expect("set");
            }
            for table in ["authorization_code", "access_token", "refresh_token"] {
                let id = uuid::Uuid::nil();
                let sql = format!(
                    "{explain} UPDATE {table} SET details = '' \
                     WHERE account_id = '{id}' AND client_id = 'x' AND revoked_at IS NULL"
                );
                let statement = Statement::from_string(tx.get_database_backend(), sql);
                let rows = tx.query_all_raw(statement).await.expect("explained");
                let column = if test.database.kind() == "sqlite" {
                    "detail"
                } else {
                    "QUERY PLAN"
                };
                let plan: Vec<String> = rows
                    .iter()
                    .map(|row| row.try_get("", column).expect("a line"))
                    .collect();
                let index = format!("ix_{table}_account_id_client_id");
                assert!(
                    plan.join("\n").contains(&index),
                    "{}: {plan:?}",
                    test.database.kind()
                );
            }
        }
    }
}
