//! Sub-sites' requests that wait for the resident, bound to the browser that brought them (A037).

use chrono::{DateTime, TimeDelta, Utc};
use model::ids::ClientId;
use model::interaction::{Answers, Interaction, InteractionId, LIFE_MINUTES, Wants};
use model::secret::TokenHash;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QuerySelect as _};
use serde::{Deserialize, Serialize};

use crate::entity::interaction;
use crate::error::StoreError;
use crate::tx::Tx;
use crate::vault::Column;

#[derive(Serialize, Deserialize)]
struct Sealed {
    parameters: Vec<(String, String)>,
    wants: Wants,
}

/// Stores a request that waits.
pub async fn create(tx: &Tx, new: &Interaction, browser: &TokenHash) -> Result<(), StoreError> {
    let key = new.id.hash();
    let request = Sealed {
        parameters: new.parameters.clone(),
        wants: new.wants.clone(),
    };
    let request = serde_json::to_vec(&request).map_err(|_| StoreError::Malformed("interaction.request"))?;
    let row = interaction::ActiveModel {
        id_hash: Set(key.as_bytes().to_vec()),
        browser_hash: Set(browser.as_bytes().to_vec()),
        client_id: Set(new.client_id.as_str().to_owned()),
        request_sealed: Set(tx
            .vault()
            .seal(Column::InteractionRequest, key.as_bytes(), &request)?),
        answers: Set(answers_text(&new.answers)?),
        created_at: Set(new.created_at),
        expires_at: Set(new.created_at + TimeDelta::minutes(LIFE_MINUTES)),
        finished_at: Set(None),
    };
    interaction::Entity::insert(row)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// A request of this browser. Whether it can still be answered, `Interaction::is_open` says.
pub async fn find(
    tx: &Tx,
    id: &InteractionId,
    browser: &TokenHash,
) -> Result<Option<Interaction>, StoreError> {
    let key = id.hash();
    let row = interaction::Entity::find_by_id(key.as_bytes().to_vec())
        .filter(interaction::Column::BrowserHash.eq(browser.as_bytes().to_vec()))
        .one(tx)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let request = tx
        .vault()
        .open(Column::InteractionRequest, key.as_bytes(), &row.request_sealed)?;
    let request: Sealed =
        serde_json::from_slice(&request).map_err(|_| StoreError::Malformed("interaction.request"))?;
    Ok(Some(Interaction {
        id: id.clone(),
        client_id: ClientId::parse(&row.client_id)
            .map_err(|_| StoreError::Malformed("interaction.client_id"))?,
        parameters: request.parameters,
        wants: request.wants,
        answers: serde_json::from_str(&row.answers)
            .map_err(|_| StoreError::Malformed("interaction.answers"))?,
        created_at: row.created_at,
        finished_at: row.finished_at,
    }))
}

/// Changes what the request wants of the resident, as it becomes known step by step.
pub async fn set_wants(tx: &Tx, interaction: &Interaction, wants: &Wants) -> Result<bool, StoreError> {
    let key = interaction.id.hash();
    let request = Sealed {
        parameters: interaction.parameters.clone(),
        wants: wants.clone(),
    };
    let request = serde_json::to_vec(&request).map_err(|_| StoreError::Malformed("interaction.request"))?;
    let sealed = tx
        .vault()
        .seal(Column::InteractionRequest, key.as_bytes(), &request)?;
    let changed = interaction::Entity::update_many()
        .col_expr(interaction::Column::RequestSealed, Expr::value(sealed))
        .filter(interaction::Column::IdHash.eq(key.as_bytes().to_vec()))
        .exec(tx)
        .await?;
    Ok(changed.rows_affected == 1)
}

/// Stores what the resident answered.
pub async fn answer(tx: &Tx, id: &InteractionId, answers: &Answers) -> Result<bool, StoreError> {
    let changed = interaction::Entity::update_many()
        .col_expr(interaction::Column::Answers, Expr::value(answers_text(answers)?))
        .filter(interaction::Column::IdHash.eq(id.hash().as_bytes().to_vec()))
        .exec(tx)
        .await?;
    Ok(changed.rows_affected == 1)
}

/// Notes that the request was answered; the first time counts.
pub async fn finish(tx: &Tx, id: &InteractionId, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let changed = interaction::Entity::update_many()
        .col_expr(interaction::Column::FinishedAt, Expr::value(now))
        .filter(interaction::Column::IdHash.eq(id.hash().as_bytes().to_vec()))
        .filter(interaction::Column::FinishedAt.is_null())
        .exec(tx)
        .await?;
    Ok(changed.rows_affected == 1)
}

/// The most requests of one browser that are looked at when its person signs out.
const WAITING_MAX: u64 = 50;

/// Notes on every request that waits in a browser that its person signed out: they leave the browser's name behind
/// with the sign-out, and another tab may still show one. Part of the sign-out's own transaction.
pub async fn leave_behind(tx: &Tx, browser: &TokenHash, now: DateTime<Utc>) -> Result<(), StoreError> {
    let waiting = interaction::Entity::find()
        .filter(interaction::Column::BrowserHash.eq(browser.as_bytes().to_vec()))
        .filter(interaction::Column::ExpiresAt.gt(now))
        .filter(interaction::Column::FinishedAt.is_null())
        .limit(WAITING_MAX)
        .all(tx)
        .await?;
    for row in waiting {
        let answers: Answers =
            serde_json::from_str(&row.answers).map_err(|_| StoreError::Malformed("interaction.answers"))?;
        let answers = Answers {
            signed_out: true,
            ..answers
        };
        interaction::Entity::update_many()
            .col_expr(interaction::Column::Answers, Expr::value(answers_text(&answers)?))
            .filter(interaction::Column::IdHash.eq(row.id_hash))
            .exec(tx)
            .await?;
    }
    Ok(())
}

/// The sub-site whose request was left behind by a sign-out; `None` for every other request. Nothing else of it is
/// told, because its browser cannot be known any more.
pub async fn find_left_behind(tx: &Tx, id: &InteractionId) -> Result<Option<ClientId>, StoreError> {
    let row = interaction::Entity::find_by_id(id.hash().as_bytes().to_vec())
        .one(tx)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let answers: Answers =
        serde_json::from_str(&row.answers).map_err(|_| StoreError::Malformed("interaction.answers"))?;
    if !answers.signed_out {
        return Ok(None);
    }
    ClientId::parse(&row.client_id)
        .map(Some)
        .map_err(|_| StoreError::Malformed("interaction.client_id"))
}

fn answers_text(answers: &Answers) -> Result<String, StoreError> {
    serde_json::to_string(answers).map_err(|_| StoreError::Malformed("interaction.answers"))
}
