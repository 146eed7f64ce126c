//! Pushed authorization requests (RFC 9126): what a sub-site deposited under a handle, until it is answered or over.
//!
//! A handle may be looked at as often as the person opens the page; it is spent by one guarded statement in the
//! transaction that answers the request, whose row count is the answer (A134). It does not read the parameters: they
//! are sealed here as they were pushed.

use chrono::{DateTime, Utc};
use model::ids::ClientId;
use model::secret::TokenHash;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use crate::entity::pushed_request::{ActiveModel, Column, Entity};
use crate::error::StoreError;
use crate::tx::Tx;
use crate::vault;

/// A request to be deposited.
#[derive(Debug)]
pub struct NewPushed<'a> {
    /// The hash of its handle.
    pub handle: TokenHash,
    /// Who pushed it.
    pub client_id: &'a ClientId,
    /// The parameters, in order.
    pub parameters: &'a [(String, String)],
    /// The key that its code will be bound to (RFC 9449 section 10.1).
    pub jkt: Option<&'a str>,
    /// Now.
    pub now: DateTime<Utc>,
    /// From when on nobody can begin with it.
    pub expires_at: DateTime<Utc>,
}

/// A request that was deposited.
#[derive(Clone)]
pub struct Pushed {
    /// Who pushed it.
    pub client_id: ClientId,
    /// The parameters, in order.
    pub parameters: Vec<(String, String)>,
    /// The key that its code will be bound to.
    pub jkt: Option<String>,
    /// From when on nobody can begin with it.
    pub expires_at: DateTime<Utc>,
    /// When it was answered.
    pub used_at: Option<DateTime<Utc>>,
}

impl std::fmt::Debug for Pushed {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Parameters are about people.
        out.debug_struct("Pushed")
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// Deposits a request.
pub async fn create(tx: &Tx, new: &NewPushed<'_>) -> Result<(), StoreError> {
    let request =
        serde_json::to_vec(new.parameters).map_err(|_| StoreError::Malformed("pushed_request.request"))?;
    let key = new.handle.as_bytes();
    let row = ActiveModel {
        handle_hash: Set(key.to_vec()),
        client_id: Set(new.client_id.as_str().to_owned()),
        request_sealed: Set(tx.vault().seal(vault::Column::PushedRequest, key, &request)?),
        jkt: Set(new.jkt.map(str::to_owned)),
        created_at: Set(new.now),
        expires_at: Set(new.expires_at),
        used_at: Set(None),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// Looks at a request. Whose it is and whether it is still good, the caller compares.
pub async fn find(tx: &Tx, handle: &TokenHash) -> Result<Option<Pushed>, StoreError> {
    let key = handle.as_bytes();
    let Some(row) = Entity::find_by_id(key.to_vec()).one(tx).await? else {
        return Ok(None);
    };
    let request = tx
        .vault()
        .open(vault::Column::PushedRequest, key, &row.request_sealed)?;
    Ok(Some(Pushed {
        client_id: ClientId::parse(&row.client_id)
            .map_err(|_| StoreError::Malformed("pushed_request.client_id"))?,
        parameters: serde_json::from_slice(&request)
            .map_err(|_| StoreError::Malformed("pushed_request.request"))?,
        jkt: row.jkt,
        expires_at: row.expires_at,
        used_at: row.used_at,
    }))
}

/// Spends a handle; false when it was spent before, or is gone. Its time counts when a person begins with it and not
/// here: signing in may take longer.
pub async fn spend(tx: &Tx, handle: &TokenHash, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let spent = Entity::update_many()
        .col_expr(Column::UsedAt, Expr::value(now))
        .filter(Column::HandleHash.eq(handle.as_bytes().to_vec()))
        .filter(Column::UsedAt.is_null())
        .exec(tx)
        .await?;
    Ok(spent.rows_affected == 1)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use model::secret::Token;

    use super::*;
    use crate::testing;

    #[tokio::test]
    async fn attack_134_a_handle_is_spent_once_whoever_tries_at_the_same_time() {
        for test in testing::stores().await {
            let (now, token) = (test.clock.now(), Token::generate(test.store.rng()));
            let client = ClientId::parse("hefei").expect("an id");
            let parameters = [("scope".to_owned(), "openid".to_owned())];
            let new = NewPushed {
                handle: token.hash(),
                client_id: &client,
                parameters: &parameters,
                jkt: Some("a thumbprint"),
                now,
                expires_at: now + TimeDelta::seconds(90),
            };
            let tx = test.store.read();
            create(&tx, &new).await.expect("deposited");
            for _ in 0..2 {
                let found = find(&tx, &token.hash()).await.expect("read").expect("there");
                assert_eq!(found.parameters, parameters);
                assert_eq!(found.jkt.as_deref(), Some("a thumbprint"));
                assert_eq!((found.client_id.as_str(), found.used_at), ("hefei", None));
                assert!(!format!("{found:?}").contains("openid"));
            }
            let hash = token.hash();
            let (one, two) = tokio::join!(spend(&tx, &hash, now), spend(&tx, &hash, now));
            assert!(one.expect("answered") ^ two.expect("answered"));
            let found = find(&tx, &hash).await.expect("read").expect("there");
            assert_eq!(found.used_at, Some(now));
            let other = TokenHash::of("a guess");
            assert!(find(&tx, &other).await.expect("read").is_none());
            assert!(!spend(&tx, &other, now).await.expect("answered"));
        }
    }

    #[tokio::test]
    async fn attack_311_pushed_requests_are_swept_when_nobody_can_answer_them_any_more() {
        for test in testing::stores().await {
            let (now, tx) = (test.clock.now(), test.store.read());
            let client = ClientId::parse("hefei").expect("an id");
            let token = Token::generate(test.store.rng());
            let new = NewPushed {
                handle: token.hash(),
                client_id: &client,
                parameters: &[],
                jkt: None,
                now,
                expires_at: now + TimeDelta::seconds(90),
            };
            create(&tx, &new).await.expect("deposited");
            // Who began with it in time may take as long as an interrupted request waits.
            let last = now + TimeDelta::minutes(model::interaction::LIFE_MINUTES);
            crate::cleanup::sweep(&tx, last).await.expect("swept");
            assert!(find(&tx, &token.hash()).await.expect("read").is_some());
            let over = last + TimeDelta::hours(1);
            assert!(crate::cleanup::sweep(&tx, over).await.expect("swept") > 0);
            assert!(find(&tx, &token.hash()).await.expect("read").is_none());
        }
    }
}
