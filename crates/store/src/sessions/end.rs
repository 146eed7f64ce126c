//! How a sign-in ends: with it every code and token that it gave (A058), and the sub-sites that know of it are to be
//! told (OpenID Connect Back-Channel Logout 1.0). All of it is in the caller's transaction, whoever ends the sign-in:
//! its owner here or elsewhere, another person in the same browser, or a freeze.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use model::ids::{AccountId, ClientId, SessionId};
use sea_orm::sea_query::{Expr, SelectStatement};
use sea_orm::{
    ColumnTrait as _, Condition, EntityTrait as _, QueryFilter as _, QuerySelect as _, QueryTrait as _,
};
use uuid::Uuid;

use crate::entity::{access_token, authorization_code, refresh_token, session};
use crate::error::StoreError;
use crate::logouts::{self, Site};
use crate::tx::Tx;
use crate::{refresh, tokens};

/// The most sub-sites of one account that are looked for: far more than one person signs in to in half a day.
const SITES_MAX: u64 = 1000;

/// Ends a sign-in, and with it every code and token that it gave.
pub async fn end(tx: &Tx, id: SessionId, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let one = Condition::all().add(session::Column::Id.eq(id.as_uuid()));
    Ok(end_where(tx, &one, now).await? == 1)
}

/// Ends every sign-in of an account but the one to keep, with every code and token that they gave.
pub async fn end_all(
    tx: &Tx,
    account: AccountId,
    keep: Option<SessionId>,
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    // No session has the nil identifier, so that nothing is kept by it.
    let kept = keep.map_or_else(Uuid::nil, SessionId::as_uuid);
    let all = Condition::all()
        .add(session::Column::AccountId.eq(account.as_uuid()))
        .add(session::Column::Id.ne(kept));
    end_where(tx, &all, now).await
}

/// The order matters: once the codes are revoked nobody redeems one, and what was redeemed before is seen.
async fn end_where(tx: &Tx, which: &Condition, now: DateTime<Utc>) -> Result<u64, StoreError> {
    let ended = session::Entity::update_many()
        .col_expr(session::Column::EndedAt, Expr::value(now))
        .filter(which.clone())
        .filter(session::Column::EndedAt.is_null())
        .exec(tx)
        .await?
        .rows_affected;
    let sessions = || {
        session::Entity::find()
            .select_only()
            .column(session::Column::Id)
            .filter(which.clone())
            .into_query()
    };
    authorization_code::Entity::update_many()
        .col_expr(authorization_code::Column::RevokedAt, Expr::value(now))
        .filter(authorization_code::Column::SessionId.in_subquery(sessions()))
        .filter(authorization_code::Column::RevokedAt.is_null())
        .exec(tx)
        .await?;
    if ended > 0 {
        let just_ended = session::Entity::find()
            .select_only()
            .column(session::Column::Id)
            .filter(which.clone())
            .filter(session::Column::EndedAt.eq(now))
            .into_query();
        logouts::put(tx, &known_to(tx, just_ended).await?, now).await?;
    }
    // After the look at who holds one.
    refresh_token::Entity::update_many()
        .col_expr(refresh_token::Column::RevokedAt, Expr::value(now))
        .filter(refresh_token::Column::SessionId.in_subquery(sessions()))
        .filter(refresh_token::Column::RevokedAt.is_null())
        .filter(refresh::worth_revoking(now))
        .exec(tx)
        .await?;
    // Refresh tokens before access tokens: whoever revokes both takes them in this order, so that nobody waits in a
    // circle.
    access_token::Entity::update_many()
        .col_expr(access_token::Column::RevokedAt, Expr::value(now))
        .filter(access_token::Column::SessionId.in_subquery(sessions()))
        .filter(access_token::Column::RevokedAt.is_null())
        .filter(tokens::worth_revoking(now))
        .exec(tx)
        .await?;
    Ok(ended)
}

/// The sub-sites that redeemed a code of a sign-in or hold a refresh token of it: where the person may have a sign-in
/// of the site's own.
pub async fn sites(tx: &Tx, id: SessionId) -> Result<Vec<ClientId>, StoreError> {
    let one = session::Entity::find()
        .select_only()
        .column(session::Column::Id)
        .filter(session::Column::Id.eq(id.as_uuid()))
        .into_query();
    let known = known_to(tx, one).await?;
    Ok(known.into_iter().map(|site| site.client).collect())
}

async fn known_to(tx: &Tx, sessions: SelectStatement) -> Result<BTreeSet<Site>, StoreError> {
    let mut rows: Vec<(Uuid, Uuid, String)> = authorization_code::Entity::find()
        .select_only()
        .column(authorization_code::Column::SessionId)
        .column(authorization_code::Column::AccountId)
        .column(authorization_code::Column::ClientId)
        .distinct()
        .filter(authorization_code::Column::SessionId.in_subquery(sessions.clone()))
        .filter(authorization_code::Column::UsedAt.is_not_null())
        .limit(SITES_MAX)
        .into_tuple()
        .all(tx)
        .await?;
    let holders: Vec<(Uuid, Uuid, String)> = refresh_token::Entity::find()
        .select_only()
        .column(refresh_token::Column::SessionId)
        .column(refresh_token::Column::AccountId)
        .column(refresh_token::Column::ClientId)
        .distinct()
        .filter(refresh_token::Column::SessionId.in_subquery(sessions))
        .filter(refresh_token::Column::RevokedAt.is_null())
        .filter(refresh_token::Column::UsedAt.is_null())
        .limit(SITES_MAX)
        .into_tuple()
        .all(tx)
        .await?;
    rows.extend(holders);
    rows.into_iter()
        .map(|(session, account, client)| {
            Ok(Site {
                client: ClientId::parse(&client)
                    .map_err(|_| StoreError::Malformed("authorization_code.client_id"))?,
                session: SessionId::from_uuid(session),
                account: AccountId::from_uuid(account),
            })
        })
        .collect()
}
