//! Looking after a registration (RFC 7592): show, change and forget, each with the registration token of this client.
//!
//! Read from the database and not from this node's memory, because the registration may have been made on another
//! node a moment ago.

use std::collections::BTreeSet;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use http::{HeaderMap, StatusCode};
use model::client::Client;
use model::ids::ClientId;
use model::secret::{Token, TokenHash};
use serde_json::{Map, Value, json};
use store::clients::{self, Dynamic, StoredClient};
use store::throttles::{self, Rule};
use store::{Tx, audit};
use web::extract::{JsonBody, RawParamsError};

use super::refusal::Refusal;
use super::secret::Secret;
use super::sent::Sent;
use super::site::{self, Who};
use super::{answer, bearer, bytes, entry, look_again, rules, sector};
use crate::client_auth::Origin;
use crate::error::RegisterError;
use crate::{Service, wire};

/// Members that a change must not hold (RFC 7592 section 2.2).
const OURS: [&str; 4] = [
    "registration_access_token",
    "registration_client_uri",
    "client_secret_expires_at",
    "client_id_issued_at",
];

/// Changes of one client that end what it was given.
const ENDING_CHANGES: Rule = Rule {
    name: "registration_ending",
    limit: 5,
    window_seconds: 3600,
};

/// `GET` of a registration.
pub async fn show(
    State(service): State<Service>,
    origin: Origin,
    path: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Response {
    match read(&service, &origin, &named(path), &headers).await {
        Ok(answer) => wire::private(StatusCode::OK, &answer),
        Err(refusal) => refusal.into_response(),
    }
}

/// `PUT` of a registration.
pub async fn change(
    State(service): State<Service>,
    origin: Origin,
    path: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Result<JsonBody, RawParamsError>,
) -> Response {
    match put(&service, &origin, &named(path), &headers, body).await {
        Ok(answer) => wire::private(StatusCode::OK, &answer),
        Err(refusal) => refusal.into_response(),
    }
}

/// `DELETE` of a registration.
pub async fn forget(
    State(service): State<Service>,
    origin: Origin,
    path: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Response {
    match delete(&service, &origin, &named(path), &headers).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

/// The name in the address; one that cannot be read is nobody's.
fn named(path: Result<Path<String>, PathRejection>) -> String {
    path.map(|Path(id)| id).unwrap_or_default()
}

/// A registration whose token was presented.
struct Own {
    stored: StoredClient,
    dynamic: Dynamic,
    token: Token,
}

/// Unknown, somebody else's, of a file, switched off: one answer (A150).
async fn own(service: &Service, origin: &Origin, id: &str, headers: &HeaderMap) -> Result<Own, Refusal> {
    let token = match bearer::read(headers) {
        Ok(token) => token,
        Err(error) => return Err(bearer::refused(service, origin, error).await),
    };
    let stored = match ClientId::parse(id) {
        Ok(id) => clients::find_stored(&service.store().read(), &id).await?,
        Err(_) => None,
    };
    match stored.and_then(|stored| held_by(stored, &token.hash())) {
        Some((stored, dynamic)) => Ok(Own {
            stored,
            dynamic,
            token,
        }),
        None => Err(bearer::refused(service, origin, RegisterError::TokenRefused).await),
    }
}

fn held_by(stored: StoredClient, token: &TokenHash) -> Option<(StoredClient, Dynamic)> {
    let dynamic = stored.dynamic.clone()?;
    (dynamic.token_hash == *token && !stored.client.disabled).then_some((stored, dynamic))
}

/// The same once more for a change, in whose transaction nothing else happens to the registration.
async fn still_own(tx: &Tx, own: &Own) -> Result<StoredClient, Refusal> {
    let stored = clients::find_to_change(tx, &own.stored.client.client_id).await?;
    let held = stored.and_then(|stored| held_by(stored, &own.dynamic.token_hash));
    held.map(|(stored, _)| stored)
        .ok_or_else(|| RegisterError::TokenRefused.into())
}

async fn read(
    service: &Service,
    origin: &Origin,
    id: &str,
    headers: &HeaderMap,
) -> Result<Map<String, Value>, Refusal> {
    let own = own(service, origin, id, headers).await?;
    let metadata = serde_json::from_str(&own.dynamic.metadata).map_err(|_| RegisterError::Broken)?;
    Ok(answer(service, &own.stored, metadata, &own.token))
}

async fn put(
    service: &Service,
    origin: &Origin,
    id: &str,
    headers: &HeaderMap,
    body: Result<JsonBody, RawParamsError>,
) -> Result<Map<String, Value>, Refusal> {
    let own = own(service, origin, id, headers).await?;
    super::limit(service, &own.dynamic.token_hash).await?;
    let sent = Sent::read(&bytes(body)?)?;
    check_names(&sent, &own, service)?;
    let who = Who {
        client_id: own.stored.client.client_id.clone(),
        agency: own.stored.client.agency.clone(),
    };
    let mut site = site::read(&sent, &rules(service), who)?;
    keep_what_operators_said(&own.stored.client, &mut site.client);
    sector::check_own(service, &site.client).await?;

    let (store, now) = (service.store(), service.now());
    let config = &service.config().registration;
    let tx = store.begin().await?;
    let old = still_own(&tx, &own).await?;
    let secret = Secret::after(&old, site.client.auth_method, config, now, store.rng());
    let mut metadata = site.metadata;
    metadata.insert("client_id".to_owned(), json!(site.client.client_id));
    let issued_at = serde_json::from_str::<Map<String, Value>>(&own.dynamic.metadata)
        .ok()
        .and_then(|mut metadata| metadata.remove("client_id_issued_at"));
    if let Some(issued_at) = issued_at {
        metadata.insert("client_id_issued_at".to_owned(), issued_at);
    }
    let mut stored = StoredClient::new(site.client, None);
    stored.dynamic = Some(Dynamic {
        token_hash: own.dynamic.token_hash,
        metadata: Value::Object(metadata.clone()).to_string(),
    });
    secret.put_into(&mut stored);
    let ends = Ends::of(&old.client, &stored.client);
    if ends != Ends::Nothing {
        few(&tx, &stored.client.client_id, now).await?;
    }
    clients::put(&tx, &stored, now).await?;
    match ends {
        Ends::Nothing => {}
        Ends::Tokens => {
            store::subjects::follow(&tx, &old.client, &stored.client).await?;
            clients::revoke_tokens(&tx, &stored.client.client_id, now).await?;
        }
        Ends::Consents => {
            clients::revoke_grants(&tx, &stored.client.client_id, now).await?;
        }
    }
    let details = json!({
        "change": "changed", "by": "registration token", "new_secret": secret.shown.is_some(),
        "ended": ends.word(),
    });
    let entry = entry(service, origin, &stored.client.client_id).details(details);
    audit::record(&tx, store.rng(), entry).await?;
    tx.commit().await?;
    look_again(service).await;
    let mut answer = answer(service, &stored, metadata, &own.token);
    if let Some(shown) = secret.shown {
        answer.insert("client_secret".to_owned(), json!(shown.expose()));
    }
    Ok(answer)
}

/// A change names its client, does not say what only we say, and repeats the secret rightly or not at all (RFC 7592
/// section 2.2).
fn check_names(sent: &Sent, own: &Own, service: &Service) -> Result<(), Refusal> {
    for key in OURS {
        if sent.has(key) {
            return Err(Refusal::about(
                RegisterError::NotYours,
                key,
                "must not be in a change",
            ));
        }
    }
    if sent.text("client_id")?.as_deref() != Some(own.stored.client.client_id.as_str()) {
        return Err(Refusal::member(
            "client_id",
            "must be the one of this registration",
        ));
    }
    if let Some(secret) = sent.text("client_secret")?
        && !own.stored.accepts_secret(&TokenHash::of(&secret), service.now())
    {
        return Err(Refusal::member("client_secret", "cannot be chosen; leave it out"));
    }
    Ok(())
}

/// What has no word in the metadata is not the client's to say.
fn keep_what_operators_said(old: &Client, new: &mut Client) {
    new.floor_level = old.floor_level;
    new.account_kinds.clone_from(&old.account_kinds);
    new.disabled = old.disabled;
}

/// What a change ends of what the client was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ends {
    Nothing,
    /// Codes and tokens.
    Tokens,
    /// What people consented to, too.
    Consents,
}

impl Ends {
    /// People consented to what they were shown: who asks, for what, and where they are sent.
    fn of(old: &Client, new: &Client) -> Self {
        let shown = |client: &Client| (client.name.clone(), client.agency.clone(), client.sector.clone());
        // A scope that is dropped could come back with another reason.
        let mut reasons = old.purpose.iter();
        let other_reason = reasons.any(|(scope, reason)| new.purpose.get(scope) != Some(reason));
        if shown(old) != shown(new) || places(old) != places(new) || other_reason {
            Self::Consents
        } else if clients::is_another_party(old, new) {
            Self::Tokens
        } else {
            Self::Nothing
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Tokens => "tokens",
            Self::Consents => "consents and tokens",
        }
    }
}

/// The hosts to which answers are sent; of an app, which has none, its scheme.
fn places(client: &Client) -> BTreeSet<String> {
    let place = |uri: &String| {
        let url = url::Url::parse(uri).ok();
        url.map_or_else(
            || uri.clone(),
            |url| format!("{}://{}", url.scheme(), url.host_str().unwrap_or_default()),
        )
    };
    client.redirect_uris.iter().map(place).collect()
}

/// Changes that end something are work for the database, and nobody needs many.
async fn few(tx: &Tx, id: &ClientId, now: DateTime<Utc>) -> Result<(), Refusal> {
    let count = throttles::hit(tx, &ENDING_CHANGES, id.as_str(), now).await?;
    if count.exceeded() {
        return Err(Refusal::later(count.retry_after_seconds(now)));
    }
    Ok(())
}

async fn delete(service: &Service, origin: &Origin, id: &str, headers: &HeaderMap) -> Result<(), Refusal> {
    let own = own(service, origin, id, headers).await?;
    let (store, now) = (service.store(), service.now());
    let id = own.stored.client.client_id.clone();
    let tx = store.begin().await?;
    still_own(&tx, &own).await?;
    clients::remove(&tx, &BTreeSet::from([id.clone()]), now).await?;
    let details = json!({ "change": "removed", "by": "registration token" });
    audit::record(&tx, store.rng(), entry(service, origin, &id).details(details)).await?;
    tx.commit().await?;
    look_again(service).await;
    Ok(())
}
