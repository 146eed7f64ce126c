//! Clients that register themselves (RFC 7591, OpenID Connect Dynamic Client Registration 1.0) and look after their
//! registration (RFC 7592).
//!
//! Off unless the operator switches it on, and open to nobody even then: each registration uses up a permission that
//! the operator made and handed over, the initial access token (A143). What a client may register is what a file may
//! say, within what the operator opened to everybody ([`Config`]). The registration token is the key to one
//! registration; with the wrong one nobody learns whether there is such a client (A150). A secret is shown in the
//! answer that makes it and never again (A149).
//!
//! What it does not do: software statements, and the members that ask for what is not offered ([`site`]).

mod bearer;
mod config;
mod manage;
mod refusal;
mod secret;
pub mod sector;
mod sent;
mod site;
#[cfg(test)]
mod tests;
mod told;

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, StatusCode};
use model::event::Event;
use model::ids::ClientId;
use model::language::{Language, LocalizedText};
use model::secret::{Token, TokenHash};
use serde_json::{Map, Value, json};
use store::audit::{self, Entry};
use store::clients::{Dynamic, StoredClient};
use store::throttles::{self, Rule};
use store::{clients, initial_tokens};
use web::extract::{JsonBody, RawParamsError};

pub use config::Config;
pub use manage::{change, forget, show};

use crate::client_auth::Origin;
use crate::error::RegisterError;
use crate::router::paths;
use crate::{Service, wire};
use refusal::Refusal;
use secret::Secret;
use sent::Sent;
use site::{Rules, Site, Who};

/// Tries with one permission: each may fetch a document from an address that the client chooses.
const TRIES: Rule = Rule {
    name: "registration",
    limit: 60,
    window_seconds: 300,
};

/// `POST` to the registration endpoint.
pub async fn register(
    State(service): State<Service>,
    origin: Origin,
    headers: HeaderMap,
    body: Result<JsonBody, RawParamsError>,
) -> Response {
    match create(&service, &origin, &headers, body).await {
        Ok(answer) => wire::private(StatusCode::CREATED, &answer),
        Err(refusal) => refusal.into_response(),
    }
}

async fn create(
    service: &Service,
    origin: &Origin,
    headers: &HeaderMap,
    body: Result<JsonBody, RawParamsError>,
) -> Result<Map<String, Value>, Refusal> {
    let (tx, now) = (service.store().read(), service.now());
    let permission = match bearer::read(headers) {
        Ok(token) => initial_tokens::look(&tx, &token.hash(), now)
            .await?
            .map(|found| (token.hash(), found))
            .ok_or(RegisterError::TokenRefused),
        Err(error) => Err(error),
    };
    let (token, permission) = match permission {
        Ok(permission) => permission,
        Err(error) => return Err(bearer::refused(service, origin, error).await),
    };
    limit(service, &token).await?;
    let sent = Sent::read(&bytes(body)?)?;
    let who = Who {
        client_id: new_id(service)?,
        agency: in_every_language(&permission.label),
    };
    let site = site::read(&sent, &rules(service), who)?;
    sector::check_own(service, &site.client).await?;
    keep_new(service, origin, &token, &permission.label, site).await
}

async fn limit(service: &Service, token: &TokenHash) -> Result<(), Refusal> {
    let (tx, now) = (service.store().read(), service.now());
    let key = URL_SAFE_NO_PAD.encode(token.as_bytes());
    let count = throttles::hit(&tx, &TRIES, &key, now).await?;
    if count.exceeded() {
        return Err(Refusal::later(count.retry_after_seconds(now)));
    }
    Ok(())
}

/// Uses the permission up once and stores the client, or neither.
async fn keep_new(
    service: &Service,
    origin: &Origin,
    permission: &TokenHash,
    label: &str,
    site: Site,
) -> Result<Map<String, Value>, Refusal> {
    let (store, now) = (service.store(), service.now());
    let config = &service.config().registration;
    let token = Token::generate(store.rng());
    let secret = Secret::first(site.client.auth_method, config, now, store.rng());
    let mut metadata = site.metadata;
    let id = site.client.client_id.clone();
    metadata.insert("client_id".to_owned(), json!(id));
    metadata.insert("client_id_issued_at".to_owned(), json!(now.timestamp()));
    let mut stored = StoredClient::new(site.client, None);
    stored.dynamic = Some(Dynamic {
        token_hash: token.hash(),
        metadata: Value::Object(metadata.clone()).to_string(),
    });
    secret.put_into(&mut stored);

    let tx = store.begin().await?;
    if clients::count_dynamic_to_add(&tx).await? >= u64::from(config.clients_max)
        || clients::count(&tx).await? >= clients::CLIENTS_MAX
    {
        return Err(RegisterError::TooManyClients.into());
    }
    if !initial_tokens::spend(&tx, permission, now).await? {
        return Err(RegisterError::TokenRefused.into());
    }
    clients::put(&tx, &stored, now).await?;
    let details = json!({ "change": "registered", "permission": label });
    audit::record(&tx, store.rng(), entry(service, origin, &id).details(details)).await?;
    tx.commit().await?;
    look_again(service).await;
    let mut answer = answer(service, &stored, metadata, &token);
    if let Some(shown) = secret.shown {
        answer.insert("client_secret".to_owned(), json!(shown.expose()));
    }
    Ok(answer)
}

/// What every answer holds: the registered values, and how to come back. Never the secret (A149).
fn answer(
    service: &Service,
    stored: &StoredClient,
    mut metadata: Map<String, Value>,
    token: &Token,
) -> Map<String, Value> {
    if stored.client.auth_method.uses_secret() {
        let end = stored.secret_expires_at.map_or(0, |end| end.timestamp());
        metadata.insert("client_secret_expires_at".to_owned(), json!(end));
    }
    let uri = format!(
        "{}{}/{}",
        service.issuer(),
        paths::REGISTRATION,
        stored.client.client_id
    );
    metadata.insert("registration_client_uri".to_owned(), json!(uri));
    metadata.insert("registration_access_token".to_owned(), json!(token.expose()));
    metadata
}

fn bytes(body: Result<JsonBody, RawParamsError>) -> Result<Bytes, RegisterError> {
    body.map(|JsonBody(bytes)| bytes).map_err(|error| match error {
        RawParamsError::ContentType => RegisterError::NotJsonType,
        RawParamsError::TooLarge => RegisterError::TooLarge,
        RawParamsError::TooMany | RawParamsError::NotUtf8 | RawParamsError::Incomplete => {
            RegisterError::Unreadable
        }
    })
}

fn rules(service: &Service) -> Rules<'_> {
    let text = |language| service.kit().t(language, "registration-purpose", &[]);
    Rules {
        config: &service.config().registration,
        public_subjects: service.config().public_subjects,
        // A provider without TLS is on a developer's computer, and so are its clients.
        production: service.issuer().starts_with("https://"),
        purpose: LocalizedText::new(text(Language::ZhCn), text(Language::En), text(Language::Vi)),
    }
}

/// A name that nobody chose and nobody can guess; the prefix tells people that no file has it.
fn new_id(service: &Service) -> Result<ClientId, RegisterError> {
    let random = Token::generate(service.store().rng());
    ClientId::parse(&format!("dyn-{}", random.expose())).map_err(|_| RegisterError::Broken)
}

fn in_every_language(text: &str) -> LocalizedText {
    LocalizedText::new(text, text, text)
}

fn entry(service: &Service, origin: &Origin, id: &ClientId) -> Entry {
    let mut entry = Entry::new(Event::ClientChanged, service.now()).client(id);
    entry.request_id.clone_from(&origin.request_id);
    entry
}

/// This node knows at once, the others within a second or two.
async fn look_again(service: &Service) {
    if let Err(error) = service.refresh().await {
        tracing::warn!(cause = %error, "the new state of a registration is read a moment later");
    }
}
