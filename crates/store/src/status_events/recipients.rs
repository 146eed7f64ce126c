//! Who is told that a level fell: sub-sites with an `events_uri` that know it from us. Either the person lets them know
//! levels (`assurance`), or a sign-in or a refresh token that still holds told them an `acr`.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use model::client::Client;
use model::ids::StatusEventId;
use model::ids::{AccountId, ClientId};
use model::ladder::Level;
use model::rng::Rng;
use model::scope::{Scope, ScopeSet};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QuerySelect as _};
use serde::Deserialize;
use uuid::Uuid;

use super::{Happened, Notice, Said};
use crate::entity::{account_history, authorization_code, client, consent_grant, refresh_token};
use crate::error::StoreError;
use crate::tx::Tx;

/// The most rows of one kind that are read for a batch of accounts.
const ROWS_MAX: u64 = 20_000;

/// How a sub-site knows a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// The person lets it know levels and their dates.
    Levels,
    /// Nothing but the `acr` of tokens, at most this one.
    Acr(Level),
}

/// A sub-site that is to be told.
#[derive(Clone, Debug)]
pub struct Recipient {
    /// The sub-site.
    pub client: Client,
    /// How it knows the level.
    pub told: Told,
}

type Known = BTreeMap<(AccountId, ClientId), Told>;

/// Who is to be told about each account. Four statements for all of them.
pub async fn recipients(
    tx: &Tx,
    accounts: &[AccountId],
    now: DateTime<Utc>,
) -> Result<BTreeMap<AccountId, Vec<Recipient>>, StoreError> {
    let ids: Vec<Uuid> = accounts.iter().map(|account| account.as_uuid()).collect();
    let mut recipients: BTreeMap<AccountId, Vec<Recipient>> = BTreeMap::new();
    if ids.is_empty() {
        return Ok(recipients);
    }
    let mut known = Known::new();
    told_acr(tx, &ids, now, &mut known).await?;
    let grants: Vec<(Uuid, String, String)> = consent_grant::Entity::find()
        .select_only()
        .columns([
            consent_grant::Column::AccountId,
            consent_grant::Column::ClientId,
            consent_grant::Column::Allowed,
        ])
        .filter(consent_grant::Column::AccountId.is_in(ids))
        .filter(consent_grant::Column::RevokedAt.is_null())
        .limit(ROWS_MAX)
        .into_tuple()
        .all(tx)
        .await?;
    for (account, client, allowed) in grants {
        if ScopeSet::parse_lenient(&allowed).contains(Scope::Assurance)
            && let Ok(client) = ClientId::parse(&client)
        {
            known.insert((AccountId::from_uuid(account), client), Told::Levels);
        }
    }
    let clients = listening(tx, known.keys().map(|(_, client)| client).collect()).await?;
    for ((account, id), told) in known {
        if let Some(client) = clients.get(&id) {
            recipients.entry(account).or_default().push(Recipient {
                client: client.clone(),
                told,
            });
        }
    }
    Ok(recipients)
}

/// What codes and refresh tokens say, as far as it matters here.
#[derive(Deserialize)]
struct Promise {
    acr: Level,
}

/// Sub-sites that were told an `acr` by what still holds.
async fn told_acr(tx: &Tx, ids: &[Uuid], now: DateTime<Utc>, known: &mut Known) -> Result<(), StoreError> {
    type Row = (Uuid, String, String);
    let mut rows: Vec<Row> = authorization_code::Entity::find()
        .select_only()
        .columns([
            authorization_code::Column::AccountId,
            authorization_code::Column::ClientId,
            authorization_code::Column::Details,
        ])
        .filter(authorization_code::Column::AccountId.is_in(ids.iter().copied()))
        .filter(authorization_code::Column::UsedAt.is_not_null())
        .filter(authorization_code::Column::RevokedAt.is_null())
        .limit(ROWS_MAX)
        .into_tuple()
        .all(tx)
        .await?;
    let refreshing: Vec<Row> = refresh_token::Entity::find()
        .select_only()
        .columns([
            refresh_token::Column::AccountId,
            refresh_token::Column::ClientId,
            refresh_token::Column::Details,
        ])
        .filter(refresh_token::Column::AccountId.is_in(ids.iter().copied()))
        .filter(refresh_token::Column::RevokedAt.is_null())
        .filter(refresh_token::Column::UsedAt.is_null())
        .filter(refresh_token::Column::ExpiresAt.gt(now))
        .limit(ROWS_MAX)
        .into_tuple()
        .all(tx)
        .await?;
    rows.extend(refreshing);
    for (account, client, details) in rows {
        let (Ok(promise), Ok(client)) = (
            serde_json::from_str::<Promise>(&details),
            ClientId::parse(&client),
        ) else {
            continue;
        };
        let told = known
            .entry((AccountId::from_uuid(account), client))
            .or_insert(Told::Acr(promise.acr));
        if let Told::Acr(level) = told {
            *level = promise.acr.max(*level);
        }
    }
    Ok(())
}

/// The sub-sites among these that are in use and want to be told.
async fn listening(tx: &Tx, ids: BTreeSet<&ClientId>) -> Result<BTreeMap<ClientId, Client>, StoreError> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows = client::Entity::find()
        .filter(client::Column::ClientId.is_in(ids.into_iter().map(ClientId::as_str)))
        .filter(client::Column::RemovedAt.is_null())
        .all(tx)
        .await?;
    let clients = rows
        .iter()
        .filter_map(|row| Client::from_document(&row.document).ok());
    Ok(clients
        .filter(|client| client.events_uri.is_some() && !client.disabled)
        .map(|client| (client.client_id.clone(), client))
        .collect())
}

/// The most sub-sites of one person that are told.
const SITES_MAX: u64 = 1000;

/// The sub-sites that know a person from us: by a consent that holds, or by a sign-in that they got a code of. Ask before
/// sign-ins and consents end. Four statements.
pub async fn knowing(tx: &Tx, account: AccountId) -> Result<BTreeSet<ClientId>, StoreError> {
    let who = account.as_uuid();
    let mut names: Vec<String> = consent_grant::Entity::find()
        .select_only()
        .column(consent_grant::Column::ClientId)
        .distinct()
        .filter(consent_grant::Column::AccountId.eq(who))
        .filter(consent_grant::Column::RevokedAt.is_null())
        .limit(SITES_MAX)
        .into_tuple()
        .all(tx)
        .await?;
    let codes: Vec<String> = authorization_code::Entity::find()
        .select_only()
        .column(authorization_code::Column::ClientId)
        .distinct()
        .filter(authorization_code::Column::AccountId.eq(who))
        .filter(authorization_code::Column::UsedAt.is_not_null())
        .limit(SITES_MAX)
        .into_tuple()
        .all(tx)
        .await?;
    let refreshing: Vec<String> = refresh_token::Entity::find()
        .select_only()
        .column(refresh_token::Column::ClientId)
        .distinct()
        .filter(refresh_token::Column::AccountId.eq(who))
        .filter(refresh_token::Column::RevokedAt.is_null())
        .filter(refresh_token::Column::UsedAt.is_null())
        .limit(SITES_MAX)
        .into_tuple()
        .all(tx)
        .await?;
    // Codes are forgotten after a day; the person's own list knows longer where they signed in.
    let signed_in: Vec<Option<String>> = account_history::Entity::find()
        .select_only()
        .column(account_history::Column::ClientId)
        .distinct()
        .filter(account_history::Column::AccountId.eq(who))
        .filter(account_history::Column::ClientId.is_not_null())
        .limit(SITES_MAX)
        .into_tuple()
        .all(tx)
        .await?;
    names.extend(codes);
    names.extend(refreshing);
    names.extend(signed_in.into_iter().flatten());
    Ok(names
        .iter()
        .filter_map(|name| ClientId::parse(name).ok())
        .collect())
}

/// Writes down that sub-sites are to be told what happened to an account: those among them that listen.
pub async fn tell(
    tx: &Tx,
    rng: &Rng,
    (account, sites): (AccountId, &BTreeSet<ClientId>),
    happened: &Happened,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let clients = listening(tx, sites.iter().collect()).await?;
    let notices: Vec<Notice> = clients
        .into_keys()
        .map(|client| Notice {
            id: StatusEventId::new(now, rng),
            client,
            account,
            said: Said::Account(*happened),
            created_at: now,
        })
        .collect();
    super::put(tx, &notices).await
}
