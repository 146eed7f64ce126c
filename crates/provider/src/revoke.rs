//! Token revocation (RFC 7009): a client gives back what it does not need any more.
//!
//! A refresh token takes its whole family along, access tokens too; an access token goes alone. The answer is 200 with
//! nothing in it whether there was such a token or not, and for a token of another client nothing happens (A085). Only
//! when the store fails is it 503, because then the token may still be good (A086). `token_type_hint` is not looked at.
//! A client without a credential can be anybody, so what was never a token of its own is answered without a transaction.
//!
//! Statements: one for an access token or a client's own, five for a refresh token, and the entry in the audit log; an
//! assertion adds one, and a public client one or two to look first.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderValue, StatusCode};
use model::event::Event;
use serde_json::json;
use store::audit::{self, Entry};
use store::{StoreError, Tx, refresh, revoked, tokens};
use web::extract::{RawParams, RawParamsError};

use crate::Service;
use crate::access_token::{self, Presented};
use crate::client_auth::{self, Caller, Endpoint, Origin, Refusal};
use crate::error::RevokeError;

/// `POST /revoke`
pub async fn revoke(
    State(service): State<Service>,
    origin: Origin,
    headers: HeaderMap,
    params: Result<RawParams, RawParamsError>,
) -> Response {
    let endpoint = Endpoint::Revocation;
    let caller = match client_auth::authenticate(&service, endpoint, origin, &headers, params).await {
        Ok(caller) => caller,
        Err(refusal) => return refusal.into_response(),
    };
    match give_back(&service, &caller).await {
        Ok(()) => {
            let mut response = StatusCode::OK.into_response();
            let no_store = HeaderValue::from_static("no-store");
            response.headers_mut().insert(CACHE_CONTROL, no_store);
            response
        }
        Err(refusal) => caller.settle(&service, refusal).await.into_response(),
    }
}

async fn give_back(service: &Service, caller: &Caller) -> Result<(), Refusal> {
    let token = caller.form().one("token").ok_or(RevokeError::TokenMissing)?;
    let presented = Presented::read(token);
    let giving = Giving {
        service,
        caller,
        now: service.now(),
    };
    if !caller.client().auth_method.is_confidential() {
        let Some(presented) = &presented else {
            return Ok(());
        };
        if !giving.is_own(presented).await.map_err(RevokeError::from)? {
            return Ok(());
        }
    }
    let tx = service.store().begin().await.map_err(RevokeError::from)?;
    caller.admit(&tx).await?;
    if let Some(presented) = &presented {
        giving.back(&tx, presented).await.map_err(RevokeError::from)?;
    }
    tx.commit().await.map_err(RevokeError::from)?;
    Ok(())
}

struct Giving<'a> {
    service: &'a Service,
    caller: &'a Caller,
    now: DateTime<Utc>,
}

impl Giving<'_> {
    /// Whether there is or was such a token of this client.
    async fn is_own(&self, token: &Presented<'_>) -> Result<bool, StoreError> {
        let (client, tx) = (&self.caller.client().client_id, self.service.store().read());
        if tokens::is_known(&tx, &token.hash, client).await? {
            return Ok(true);
        }
        let Some(text) = &token.signed else {
            let kept = refresh::find(&tx, &token.hash).await?;
            return Ok(kept.is_some_and(|kept| kept.client_id() == client));
        };
        let own = access_token::read_own_name(self.service, text.expose());
        Ok(own.is_some_and(|own| own.client_id == *client))
    }

    async fn back(&self, tx: &Tx, token: &Presented<'_>) -> Result<(), StoreError> {
        let client = &self.caller.client().client_id;
        if let Some(text) = &token.signed
            && let Some(own) = access_token::read_own_name(self.service, text.expose())
        {
            if own.client_id == *client && revoked::add(tx, &own.jti, own.expires_at).await? {
                let details = json!({ "token": "client_credentials", "jti": own.jti });
                self.record(tx, self.entry().details(details)).await?;
            }
            return Ok(());
        }
        if let Some(gone) = tokens::revoke(tx, &token.hash, client, self.now).await? {
            let entry = self.entry().account(gone.account).session(gone.session);
            return self
                .record(tx, entry.details(json!({ "token": "access_token" })))
                .await;
        }
        if token.signed.is_some() {
            return Ok(());
        }
        let kept = refresh::find(tx, &token.hash).await?;
        if let Some(kept) = kept.filter(|kept| kept.client_id() == client) {
            let gone = refresh::revoke_family(tx, kept.family(), self.now).await?;
            if gone.all() > 0 {
                let details = json!({ "token": "refresh_token", "revoked_tokens": gone.all() });
                let entry = self
                    .entry()
                    .account(kept.holder.account.id)
                    .session(kept.session());
                self.record(tx, entry.details(details)).await?;
            }
        }
        Ok(())
    }

    fn entry(&self) -> Entry {
        let mut entry = Entry::new(Event::TokenRevoked, self.now).client(&self.caller.client().client_id);
        entry.request_id.clone_from(&self.caller.origin().request_id);
        entry
    }

    async fn record(&self, tx: &Tx, entry: Entry) -> Result<(), StoreError> {
        audit::record(tx, self.service.store().rng(), entry).await
    }
}

#[cfg(test)]
mod tests;
