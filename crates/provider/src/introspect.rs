//! Token introspection (RFC 7662): what a token is worth now, for resource servers that do not read signed ones or must
//! know of a sign-out at once.
//!
//! Only clients that prove themselves are answered, and only about tokens that are theirs to judge: those issued to
//! them, and access tokens for a resource that they serve (`serves_resources`; a token that names none is for the
//! provider itself, whose name is the issuer). Whatever else it is, the answer is `{"active":false}` and nothing more
//! (A083, A098). `sub` of an opaque token is the name under which the one who asks knows the person, which is another
//! than the sub-site's when they are of two sectors. `sub` of a signed token is the one that stands in it, which whoever
//! holds the token reads anyway: a second name for the same token would join the names of two sectors (A125).
//!
//! Statements: one for a resident's access token, two for a refresh token or a client's own token. An assertion adds
//! one.

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use model::client::Client;
use model::ids::ClientId;
use model::scope::Scope;
use serde::Serialize;
use serde_json::Value;
use store::refresh::{Kept, Reach};
use store::tokens::LiveToken;
use store::{Tx, refresh, revoked, tokens};
use web::extract::{RawParams, RawParamsError};

use crate::access_token::{self, Kind, OwnName, Presented};
use crate::claims::Permitted;
use crate::client_auth::{self, Caller, Endpoint, Origin, Refusal};
use crate::error::IntrospectError;
use crate::{Service, wire};

/// The answer (RFC 7662 section 2.2).
#[derive(Debug, Default, Serialize)]
struct Answer {
    active: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iat: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amr: Option<Vec<&'static str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cnf: Option<Value>,
}

/// `POST /introspect`
pub async fn introspect(
    State(service): State<Service>,
    origin: Origin,
    headers: HeaderMap,
    params: Result<RawParams, RawParamsError>,
) -> Response {
    let endpoint = Endpoint::Introspection;
    let caller = match client_auth::authenticate(&service, endpoint, origin, &headers, params).await {
        Ok(caller) => caller,
        Err(refusal) => return refusal.into_response(),
    };
    match look(&service, &caller).await {
        Ok(answer) => wire::private(StatusCode::OK, &answer.unwrap_or_default()),
        Err(refusal) => caller.settle(&service, refusal).await.into_response(),
    }
}

async fn look(service: &Service, caller: &Caller) -> Result<Option<Answer>, Refusal> {
    // `token_type_hint` is not looked at: there are few places to look, and a wrong one must not matter.
    let token = caller.form().one("token").ok_or(IntrospectError::TokenMissing)?;
    let tx = service.store().read();
    caller.admit(&tx).await?;
    let asking = Asking {
        service,
        client: caller.client(),
    };
    let answer = match Presented::read(token) {
        Some(presented) => asking
            .find(&tx, &presented)
            .await
            .map_err(IntrospectError::from)?,
        None => None,
    };
    if answer.is_none() {
        tracing::info!(client = %caller.client().client_id, "a token is not active for who asks");
    }
    Ok(answer)
}

/// Who asks.
struct Asking<'a> {
    service: &'a Service,
    client: &'a Client,
}

impl Asking<'_> {
    async fn find(&self, tx: &Tx, token: &Presented<'_>) -> Result<Option<Answer>, store::StoreError> {
        if let Some(live) = tokens::find_live(tx, &token.hash, self.service.now()).await? {
            return Ok(self.resident(&live));
        }
        let Some(text) = &token.signed else {
            let kept = refresh::find(tx, &token.hash).await?;
            return Ok(kept.and_then(|kept| self.refresh_token(&kept)));
        };
        let Some(own) = access_token::read_own_name(self.service, text.expose()) else {
            return Ok(None);
        };
        let for_whom = self.is_judge(&own.client_id, &own.audience) && self.is_in_use(&own.client_id);
        if !for_whom || revoked::holds(tx, &own.jti).await? {
            return Ok(None);
        }
        Ok(Some(self.own_name(own)))
    }

    /// Whether a token is this client's to judge.
    fn is_judge(&self, issued_to: &ClientId, audience: &[String]) -> bool {
        let served = |resource: &str| self.client.serves_resources.iter().any(|one| one == resource);
        let for_it = match audience {
            [] => served(self.service.issuer()),
            resources => resources.iter().any(|resource| served(resource)),
        };
        *issued_to == self.client.client_id || for_it
    }

    fn is_in_use(&self, id: &ClientId) -> bool {
        self.service
            .client(id)
            .is_some_and(|stored| !stored.client.disabled)
    }

    fn resident(&self, live: &LiveToken) -> Option<Answer> {
        let details = &live.details;
        if !self.is_judge(&live.client_id, &details.resources) || !self.is_in_use(&live.client_id) {
            return None;
        }
        let site = self.service.client(&live.client_id)?;
        let allowed = live.holder.allowed.as_ref();
        let permitted = Permitted::today(&details.scopes, &site.client, live.grant, allowed)?;
        // A signed token has an identifier, and the name in it is that of the client to which it was issued.
        let whose = if details.jti.is_some() {
            &site.client
        } else {
            self.client
        };
        Some(Answer {
            active: true,
            scope: Some(permitted.scopes.to_string()),
            client_id: Some(live.client_id.as_str().to_owned()),
            sub: Some(self.service.subject(whose, live.holder.account.id)),
            aud: Some(access_token::audience(self.service.issuer(), &details.resources)),
            iss: Some(self.service.issuer().to_owned()),
            iat: Some(live.created_at.timestamp()),
            exp: Some(live.expires_at.timestamp()),
            jti: details.jti.clone(),
            token_type: Some(Kind::of(details.jkt.as_ref()).as_str()),
            auth_time: Some(details.auth_time.timestamp()),
            acr: Some(details.acr.acr()),
            amr: Some(details.methods.amr()),
            cnf: access_token::confirmation(details.jkt.as_deref()),
        })
    }

    /// A refresh token is for the one to whom it was issued and nobody else.
    fn refresh_token(&self, kept: &Kept) -> Option<Answer> {
        let (now, id) = (self.service.now(), &self.client.client_id);
        if kept.fault(id, now).is_some() {
            return None;
        }
        let allowed = kept.holder.allowed.as_ref();
        let permitted = Permitted::today(&kept.details.scopes, self.client, kept.grant(), allowed)?;
        let offline = permitted.scopes.contains(Scope::OfflineAccess);
        if !kept.stands(if offline { Reach::Beyond } else { Reach::SignIn }, now) {
            return None;
        }
        let exp = Ord::min(kept.life.idle_expires_at, kept.life.expires_at);
        Some(Answer {
            active: true,
            scope: Some(permitted.scopes.to_string()),
            client_id: Some(id.as_str().to_owned()),
            sub: Some(self.service.subject(self.client, kept.holder.account.id)),
            iss: Some(self.service.issuer().to_owned()),
            iat: Some(kept.created_at.timestamp()),
            exp: Some(exp.timestamp()),
            auth_time: Some(kept.details.auth_time.timestamp()),
            cnf: access_token::confirmation(kept.details.jkt.as_deref()),
            ..Answer::default()
        })
    }

    fn own_name(&self, own: OwnName) -> Answer {
        let aud = match own.audience.as_slice() {
            [one] => Value::from(one.as_str()),
            several => several.into(),
        };
        Answer {
            active: true,
            scope: own.scope,
            sub: Some(own.client_id.as_str().to_owned()),
            client_id: Some(own.client_id.into()),
            aud: Some(aud),
            iss: Some(self.service.issuer().to_owned()),
            iat: Some(own.issued_at),
            exp: Some(own.expires_at.timestamp()),
            jti: Some(own.jti),
            token_type: Some(Kind::of(own.jkt.as_ref()).as_str()),
            cnf: access_token::confirmation(own.jkt.as_deref()),
            ..Answer::default()
        }
    }
}

#[cfg(test)]
mod tests;
