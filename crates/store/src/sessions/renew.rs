//! What a sign-in becomes: its person proves more, or signs in once more in the same browser.

use chrono::{DateTime, Utc};
use model::authn::Methods;
use model::ids::SessionId;
use model::secret::TokenHash;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use super::NewSession;
use crate::entity::session;
use crate::error::StoreError;
use crate::tx::Tx;
use crate::vault::Column;

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

/// Puts a sign-in under another cookie; nothing else about it changes.
pub async fn put_under(tx: &Tx, id: SessionId, token: &TokenHash) -> Result<bool, StoreError> {
    let moved = session::Entity::update_many()
        .col_expr(session::Column::TokenHash, Expr::value(token.as_bytes().to_vec()))
        .filter(session::Column::Id.eq(id.as_uuid()))
        .filter(session::Column::EndedAt.is_null())
        .exec(tx)
        .await?;
    Ok(moved.rows_affected == 1)
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
