//! The provider ends a sign-in here: from server to server (OpenID Connect Back-Channel Logout 1.0 section 2.5) and
//! through a frame in the browser (Front-Channel Logout 1.0 section 2). Neither sees this site's cookies: the session is
//! found by the name that the provider gave the sign-in (`sid`).

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::logout_token::{self, Expected};
use super::session::{Channel, Whose};
use super::{City, Site};
use crate::jws::Compact;
use crate::wire::{self, Parameters};
use crate::world::{self, Entry, Route};

/// `POST /backchannel-logout`
pub(super) async fn backchannel(State(site): State<Site>, headers: HeaderMap, body: Bytes) -> Response {
    let own = match site.0.city {
        City::Hefei => Route::BackchannelLogoutHefei,
        City::Yichang => Route::BackchannelLogoutYichang,
        City::Nanning => Route::BackchannelLogoutNanning,
    };
    for route in [own, Route::BackchannelLogout] {
        if let Some((status, outcome, response)) = world::fault(&site.0.world, route).await {
            record(&site, Route::BackchannelLogout, status, outcome, Value::Null);
            return response;
        }
    }
    match told(&site, &headers, &body).await {
        Ok((whose, ended)) => {
            let about = json!({ "sub": whose.subject, "sid": whose.sid, "ended": ended });
            record(&site, Route::BackchannelLogout, StatusCode::OK, "ended", about);
            (StatusCode::OK, [(header::CACHE_CONTROL, "no-store")]).into_response()
        }
        Err((status, why)) => {
            record(&site, Route::BackchannelLogout, status, why, Value::Null);
            let document = json!({ "error": "invalid_request", "error_description": why });
            wire::json(status, &document)
        }
    }
}

/// Reads the token and ends what it names.
async fn told(
    site: &Site,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(Whose, usize), (StatusCode, &'static str)> {
    let bad = |why| (StatusCode::BAD_REQUEST, why);
    let is_form = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    let form = Parameters::of_form(body).filter(|_| is_form);
    let form = form.ok_or(bad("not a form"))?;
    let token = form.value("logout_token").ok_or(bad("no logout_token"))?;
    let token = Compact::parse(token).ok_or(bad("not a signed token"))?;
    if !token.is_of_type("logout+jwt") {
        return Err(bad("typ is not logout+jwt"));
    }
    let claims = site
        .0
        .issuer
        .verify(&token)
        .await
        .map_err(|_| {
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "the provider's keys cannot be had",
            )
        })?
        .ok_or(bad("the signature is not the provider's"))?;
    let now = site.0.clock.now();
    let expected = Expected {
        issuer: &site.0.issuer.name,
        client_id: &site.0.client_id,
        now,
    };
    let (whose, jti) = logout_token::check(&claims, &expected).map_err(bad)?;
    if !site.0.logout_tokens.take(&jti, now) {
        return Err(bad("the token was used already"));
    }
    let ended = site.0.sessions.end(&whose, Channel::Back);
    Ok((whose, ended))
}

/// `GET /frontchannel-logout?iss=…&sid=…`, in a frame of the provider's page.
pub(super) async fn frontchannel(State(site): State<Site>, uri: Uri) -> Response {
    if let Some((status, outcome, response)) = world::fault(&site.0.world, Route::FrontchannelLogout).await {
        record(&site, Route::FrontchannelLogout, status, outcome, Value::Null);
        return response;
    }
    let query = Parameters::of_uri(&uri).unwrap_or_default();
    let sid = query.value("sid").map(str::to_owned);
    let (status, outcome) = if query.value("iss") != Some(&site.0.issuer.name) {
        (StatusCode::BAD_REQUEST, "iss is another provider")
    } else if sid.is_none() {
        (StatusCode::BAD_REQUEST, "no sid")
    } else {
        (StatusCode::OK, "ended")
    };
    let mut ended = 0;
    if status == StatusCode::OK {
        let whose = Whose {
            subject: None,
            sid: sid.clone(),
        };
        ended = site.0.sessions.end(&whose, Channel::Front);
    }
    let about = json!({ "sid": sid, "ended": ended });
    record(&site, Route::FrontchannelLogout, status, outcome, about);
    framed(&site, status)
}

/// An empty page that the provider, and nobody else, may show in a frame, and that no cache keeps (section 3).
fn framed(site: &Site, status: StatusCode) -> Response {
    let html = "<!doctype html><html lang=\"en\"><head><title>-</title></head><body></body></html>";
    let mut response = wire::page(status, html.to_owned(), "");
    let policy = format!("default-src 'none'; frame-ancestors {}", site.0.provider_origin);
    if let Ok(value) = HeaderValue::from_str(&policy) {
        response
            .headers_mut()
            .insert(header::CONTENT_SECURITY_POLICY, value);
    }
    response
}

/// Writes into the world's journal what came.
fn record(site: &Site, route: Route, status: StatusCode, outcome: &str, about: Value) {
    let at = site.0.clock.now();
    let request = json!({ "site": site.0.city.key(), "about": about });
    tracing::info!(site = site.0.city.key(), %status, outcome, "the provider ends a sign-in");
    site.0.world.journal().record(Entry {
        at,
        route,
        request,
        status: status.as_u16(),
        outcome: outcome.to_owned(),
    });
}
