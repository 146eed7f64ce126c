//! Who asks for the sign-out, where the browser goes afterwards, and whether the resident has to be asked
//! (OpenID Connect RP-Initiated Logout 1.0, sections 2 and 3).
//!
//! The address must be registered byte for byte by the client that the hint or `client_id` names; without either
//! nobody is sent anywhere (A166).

use std::sync::Arc;

use http::StatusCode;
use serde::{Deserialize, Serialize};
use store::clients::StoredClient;
use url::Url;
use web::extract::RawParams;
use web::paths::LocalPath;
use web::{Problem, Visit};

use model::ids::{AccountId, ClientId, SessionId};
use model::language::Language;

use crate::Service;
use crate::authorize::hint;
use crate::authorize::request::STATE_BYTES_MAX;
use crate::router::paths;

/// How many tags of `ui_locales` are considered.
const UI_LOCALES_MAX: usize = 8;

/// Why the request ends on a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogoutFault {
    /// A parameter is there twice.
    #[error("a parameter is repeated")]
    Repeated,
    /// `state` could not be sent back whole.
    #[error("state is longer than 1024 bytes")]
    StateTooLong,
    /// The hint is not a token of ours.
    #[error("id_token_hint is not an ID token of ours")]
    HintRefused,
    /// No such client, or it is switched off.
    #[error("the client is not known")]
    ClientUnknown,
    /// `client_id` is not the client to which the hint was issued.
    #[error("client_id is not the hint's")]
    ClientMismatch,
    /// There is an address, and nothing says whose it is.
    #[error("post_logout_redirect_uri without id_token_hint and client_id")]
    AddressOfNobody,
    /// Not one of the client's addresses, byte for byte.
    #[error("post_logout_redirect_uri is not registered")]
    AddressNotRegistered,
    /// The form that a sub-site sent waited too long for the browser, or is none of ours.
    #[error("continue is not a request of ours, or too old")]
    TooOld,
}

impl From<LogoutFault> for Problem {
    fn from(fault: LogoutFault) -> Self {
        // Signing out stays possible, without the way back.
        Self::new(StatusCode::BAD_REQUEST, "logout-request")
            .link(LocalPath::known(paths::END_SESSION), "logout-here")
            .caused_by(fault)
    }
}

/// The parameters, each at most once and with a value.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked<'a> {
    /// An ID token that the client has of the resident.
    pub id_token_hint: Option<&'a str>,
    /// The client.
    pub client_id: Option<&'a str>,
    /// Where to go afterwards.
    pub post_logout_redirect_uri: Option<&'a str>,
    /// Comes back with the browser.
    pub state: Option<&'a str>,
    /// The languages of the pages.
    pub ui_locales: Option<&'a str>,
    /// A form of the sub-site that goes on here, see [`super::detour`].
    pub kept: Option<&'a str>,
}

impl<'a> Asked<'a> {
    /// Reads the parameters, from wherever they are.
    pub fn read(params: &'a RawParams) -> Result<Self, LogoutFault> {
        let one = |name| match params.one(name) {
            Ok(value) => Ok(value.filter(|value| !value.is_empty())),
            Err(_) => Err(LogoutFault::Repeated),
        };
        // Who is to be signed out is known by the cookie; the hint about them is looked at and not needed.
        one("logout_hint")?;
        Ok(Self {
            id_token_hint: one("id_token_hint")?,
            client_id: one("client_id")?,
            post_logout_redirect_uri: one("post_logout_redirect_uri")?,
            state: one("state")?,
            ui_locales: one("ui_locales")?,
            kept: one("continue")?,
        })
    }
}

/// A request that may be done.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// Who asks, if anybody does.
    pub client: Option<Arc<StoredClient>>,
    /// Where to go afterwards: a registered address.
    pub back: Option<Url>,
    /// The person and the sign-in that the hint names.
    pub(super) hinted: Option<Hinted>,
    /// The language that was asked for.
    pub(super) language: Option<Language>,
}

/// The person and the sign-in that a good hint names.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Hinted {
    #[serde(rename = "p")]
    subject: String,
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    sid: Option<String>,
}

impl Wish {
    /// Checks a request.
    pub fn check(service: &Service, asked: &Asked<'_>) -> Result<Self, LogoutFault> {
        let hint = match asked.id_token_hint {
            Some(token) => Some(hint::read(service, token).ok_or(LogoutFault::HintRefused)?),
            None => None,
        };
        let issued_to = match hint.as_ref().map(|hint| hint.audience()) {
            Some(audience) => Some(*audience.first().ok_or(LogoutFault::HintRefused)?),
            None => None,
        };
        if let (Some(named), Some(issued_to)) = (asked.client_id, issued_to)
            && named != issued_to
        {
            return Err(LogoutFault::ClientMismatch);
        }
        let client = match asked.client_id.or(issued_to) {
            Some(id) => Some(find(service, id)?),
            None => None,
        };
        let back = asked
            .post_logout_redirect_uri
            .map(|uri| back(client.as_deref(), uri, asked.state))
            .transpose()?;
        let hinted = hint.as_ref().and_then(|hint| {
            Some(Hinted {
                subject: hint.subject()?.to_owned(),
                sid: hint.text("sid").map(str::to_owned),
            })
        });
        Ok(Self {
            client,
            back,
            hinted,
            language: None,
        })
    }

    /// Speaks the language that was asked for, unless the person chose one; the page afterwards does, too.
    pub(super) fn speak(&mut self, visit: &mut Visit, ui_locales: Option<&str>) {
        let tags = ui_locales.unwrap_or_default().split(' ').take(UI_LOCALES_MAX);
        self.language = tags.into_iter().find_map(Language::from_tag);
        if let Some(language) = self.language {
            visit.prefer_language(language);
        }
    }

    /// Takes over what a hint vouched for that was checked before.
    pub(super) fn believe(&mut self, hinted: Hinted) {
        self.hinted = Some(hinted);
    }

    /// Whether the hint names this sign-in or its owner, so that the request is known to come from a site that the
    /// resident was signed in at. Otherwise anybody's page could have sent it (A165).
    pub fn is_vouched_for(&self, service: &Service, account: AccountId, session: SessionId) -> bool {
        let (Some(stored), Some(hinted)) = (&self.client, &self.hinted) else {
            return false;
        };
        let same_person = hinted.subject == service.subject(&stored.client, account);
        let same_sign_in = hinted.sid.as_deref() == Some(service.sid(&stored.client, session).as_str());
        same_person || same_sign_in
    }
}

fn find(service: &Service, id: &str) -> Result<Arc<StoredClient>, LogoutFault> {
    let id = ClientId::parse(id).map_err(|_| LogoutFault::ClientUnknown)?;
    service
        .client(&id)
        .filter(|stored| !stored.client.disabled)
        .ok_or(LogoutFault::ClientUnknown)
}

fn back(client: Option<&StoredClient>, uri: &str, state: Option<&str>) -> Result<Url, LogoutFault> {
    let registered = &client
        .ok_or(LogoutFault::AddressOfNobody)?
        .client
        .post_logout_redirect_uris;
    if !registered.iter().any(|registered| registered == uri) {
        return Err(LogoutFault::AddressNotRegistered);
    }
    let mut back = Url::parse(uri).map_err(|_| LogoutFault::AddressNotRegistered)?;
    if let Some(state) = state {
        if state.len() > STATE_BYTES_MAX {
            return Err(LogoutFault::StateTooLong);
        }
        back.query_pairs_mut().append_pair("state", state);
    }
    Ok(back)
}
