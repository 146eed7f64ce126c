//! A sub-site's form that asks for a sign-out, answered where our cookies are.
//!
//! A POST from another site comes without our cookies (`SameSite=Lax`), so that nobody would seem to be signed in. The
//! navigation that follows a redirect has them. The ID token of the form is read here and stays out of the address:
//! what it vouches for travels sealed, good for a moment.

use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use model::ids::ClientId;
use serde::{Deserialize, Serialize};
use store::StoreError;
use store::vault::Column;
use web::paths::LocalPath;

use super::request::{Asked, Hinted, LogoutFault, Wish};
use crate::Service;
use crate::authorize::detour::{ADDRESS_BYTES_MAX, redirect};
use crate::router::paths;

/// How long the redirect may take, in seconds.
const WAIT_SECONDS: i64 = 120;

/// The longest `ui_locales` that is passed on.
const LOCALES_BYTES_MAX: usize = 128;

/// A request whose hint was good, on its way to the navigation with our cookies.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Kept {
    #[serde(rename = "t")]
    at: DateTime<Utc>,
    #[serde(rename = "c")]
    client: ClientId,
    #[serde(rename = "h")]
    hinted: Hinted,
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    uri: Option<String>,
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    locales: Option<String>,
}

impl Kept {
    /// Reads what was kept; `None` when it is not ours, or waited too long.
    pub(super) fn open(service: &Service, text: &str) -> Option<Self> {
        let sealed = URL_SAFE_NO_PAD.decode(text).ok()?;
        let plain = service
            .store()
            .vault()
            .open(Column::SignOutRequest, &[], &sealed)
            .ok()?;
        let kept: Self = serde_json::from_slice(&plain).ok()?;
        (service.now() < kept.at + TimeDelta::seconds(WAIT_SECONDS)).then_some(kept)
    }

    fn seal(&self, service: &Service) -> Result<String, StoreError> {
        let plain = serde_json::to_vec(self).map_err(|_| StoreError::Malformed("sign-out request"))?;
        let sealed = service
            .store()
            .vault()
            .seal(Column::SignOutRequest, &[], &plain)?;
        Ok(URL_SAFE_NO_PAD.encode(sealed))
    }

    /// The request. Everything in it is checked again.
    pub(super) fn asked(&self) -> Asked<'_> {
        Asked {
            client_id: Some(self.client.as_str()),
            post_logout_redirect_uri: self.uri.as_deref(),
            state: self.state.as_deref(),
            ui_locales: self.locales.as_deref(),
            ..Asked::default()
        }
    }

    /// What the hint vouched for.
    pub(super) fn hinted(&self) -> Hinted {
        self.hinted.clone()
    }
}

/// Answers a form that came without our cookies: with a redirect and never with a cookie.
pub(super) fn answer(service: &Service, asked: &Asked<'_>) -> Result<Response, StoreError> {
    let asked = Asked {
        ui_locales: asked.ui_locales.filter(|tags| tags.len() <= LOCALES_BYTES_MAX),
        ..*asked
    };
    let wish = Wish::check(service, &asked);
    if let Ok(Wish {
        client: Some(client),
        hinted: Some(hinted),
        ..
    }) = &wish
    {
        let kept = Kept {
            at: service.now(),
            client: client.client.client_id.clone(),
            hinted: hinted.clone(),
            uri: asked.post_logout_redirect_uri.map(str::to_owned),
            state: asked.state.map(str::to_owned),
            locales: asked.ui_locales.map(str::to_owned),
        };
        let path = LocalPath::known(paths::END_SESSION).with("continue", &kept.seal(service)?);
        if path.as_str().len() <= ADDRESS_BYTES_MAX {
            return Ok(redirect(path.as_str()));
        }
    }
    // What is wrong with the request is said there; after a hint that is none of ours nobody is sent back.
    let refused = matches!(wish, Err(LogoutFault::HintRefused));
    let path = [
        ("client_id", asked.client_id),
        (
            "post_logout_redirect_uri",
            asked.post_logout_redirect_uri.filter(|_| !refused),
        ),
        ("state", asked.state.filter(|_| !refused)),
        ("ui_locales", asked.ui_locales),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
    .fold(LocalPath::known(paths::END_SESSION), |path, (name, value)| {
        path.with(name, value)
    });
    let fits = path.as_str().len() <= ADDRESS_BYTES_MAX;
    Ok(redirect(if fits { path.as_str() } else { paths::END_SESSION }))
}
