//! Signing out because a sub-site says so: the end session endpoint (OpenID Connect RP-Initiated Logout 1.0), and
//! what the other sub-sites are told.
//!
//! A sub-site that shows an ID token of the person who is signed in here is believed at once; everybody else's word
//! leads to a page that asks (A165). Afterwards the browser goes back to a registered address, or sees a page that
//! says honestly what signing out here reached.
//!
//! | Question | Module | Standard |
//! | --- | --- | --- |
//! | may this be asked, where does the browser go | [`request`], [`detour`] | RP-Initiated Logout 1.0, 2 and 3 |
//! | how does the sign-in end | [`end`] | |
//! | what do sub-sites' servers learn | [`token`], [`deliver`], [`crate::letters`] | Back-Channel Logout 1.0 |
//! | what does the browser tell sub-sites | [`front`] | Front-Channel Logout 1.0 |
//! | what does the person see | [`page`] | |
//!
//! What it does not do: watch sign-ins from a frame (OpenID Connect Session Management 1.0); browsers keep the cookies
//! away that it needs, and it opens a channel to every page (A174).

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, Method};
use serde::Deserialize;
use store::StoreError;
use store::sessions::{self, Lapsed, LiveSession};
use web::extract::{Form, FormName, RawParams};
use web::form::{Button, Errors, FormPage, Words};
use web::paths::LocalPath;
use web::{Markup, Page, Problem, Visit};

use crate::Service;
use crate::authorize::detour::has_our_cookies;
use crate::router::paths;

pub mod deliver;
mod detour;
mod end;
mod front;
mod page;
pub mod request;
#[cfg(test)]
mod tests;
mod token;

pub use deliver::run;
pub use page::signed_out;

use end::Ending;
use request::{Asked, Wish};

/// For discovery (Back-Channel Logout 2.1): sub-sites can be told directly, and always of which sign-in.
pub const BACKCHANNEL_LOGOUT_SUPPORTED: bool = true;
/// Logout tokens always have a `sid`.
pub const BACKCHANNEL_LOGOUT_SESSION_SUPPORTED: bool = true;
/// For discovery (Front-Channel Logout 3): sub-sites can be told in frames, and always of which sign-in.
pub const FRONTCHANNEL_LOGOUT_SUPPORTED: bool = true;
/// Frames always have `iss` and `sid`.
pub const FRONTCHANNEL_LOGOUT_SESSION_SUPPORTED: bool = true;

/// `GET /logout` and `POST /logout`.
pub async fn logout(
    State(service): State<Service>,
    mut visit: Visit,
    method: Method,
    headers: HeaderMap,
    params: RawParams,
) -> Result<Response, Problem> {
    let asked = Asked::read(&params);
    if method == Method::POST && !has_our_cookies(service.kit(), &headers) {
        return detour::answer(&service, &asked.unwrap_or_default()).map_err(Problem::internal);
    }
    let asked = asked?;
    let kept = match asked.kept {
        Some(text) => Some(detour::Kept::open(&service, text).ok_or(request::LogoutFault::TooOld)?),
        None => None,
    };
    let asked = kept.as_ref().map_or(asked, detour::Kept::asked);
    let mut wish = Wish::check(&service, &asked)?;
    if let Some(kept) = &kept {
        wish.believe(kept.hinted());
    }
    wish.speak(&mut visit, asked.ui_locales);
    let ending = match current(&service, &visit).await.map_err(Problem::unavailable)? {
        Some(session) => {
            let (account, id) = (session.account.id, session.id);
            if !wish.is_vouched_for(&service, account, id) {
                return Ok(confirm(&mut visit, &session, &asked, &wish));
            }
            Some(Ending::from(&session))
        }
        // Sub-sites still know of a sign-in that lapsed by itself.
        None => lapsed(&service, &visit)
            .await
            .map_err(Problem::unavailable)?
            .filter(|lapsed| wish.is_vouched_for(&service, lapsed.account, lapsed.id))
            .map(Ending::from),
    };
    end::end(&service, &mut visit, ending, &wish)
        .await
        .map_err(Problem::unavailable)
}

/// The form of the page that asks.
#[derive(Debug, Deserialize)]
pub struct Confirmed {
    #[serde(default)]
    client_id: Option<String>,
    #[serde(default)]
    post_logout_redirect_uri: Option<String>,
    #[serde(default)]
    state: Option<String>,
    #[serde(default)]
    ui_locales: Option<String>,
}

impl FormName for Confirmed {
    const FORM: &'static str = "logout";
}

/// `POST /logout/confirm`: the resident said yes. What the form carried is checked again. What is signed out already
/// needs no proof: another tab was faster, and with it the form lost its own.
pub async fn confirmed(
    State(service): State<Service>,
    mut visit: Visit,
    form: Result<Form<Confirmed>, Problem>,
) -> Result<Response, Problem> {
    let session = current(&service, &visit).await.map_err(Problem::unavailable)?;
    if form.is_err() && session.is_none() {
        return Ok(visit.redirect(&LocalPath::known(paths::SIGNED_OUT)));
    }
    let Form(form) = form?;
    let asked = Asked {
        client_id: form.client_id.as_deref(),
        post_logout_redirect_uri: form.post_logout_redirect_uri.as_deref(),
        state: form.state.as_deref(),
        ui_locales: form.ui_locales.as_deref(),
        ..Asked::default()
    };
    let mut wish = Wish::check(&service, &asked)?;
    wish.speak(&mut visit, asked.ui_locales);
    let ending = match session {
        Some(session) => Some(Ending::from(&session)),
        None => lapsed(&service, &visit)
            .await
            .map_err(Problem::unavailable)?
            .map(Ending::from),
    };
    end::end(&service, &mut visit, ending, &wish)
        .await
        .map_err(Problem::unavailable)
}

async fn current(service: &Service, visit: &Visit) -> Result<Option<LiveSession>, StoreError> {
    let Some(token) = visit.session_token() else {
        return Ok(None);
    };
    let limits = &service.config().sessions;
    sessions::find_live(&service.store().read(), &token.hash(), limits, service.now()).await
}

async fn lapsed(service: &Service, visit: &Visit) -> Result<Option<Lapsed>, StoreError> {
    let Some(token) = visit.session_token() else {
        return Ok(None);
    };
    sessions::find_lapsed(&service.store().read(), &token.hash(), service.now()).await
}

fn confirm(visit: &mut Visit, session: &LiveSession, asked: &Asked<'_>, wish: &Wish) -> Response {
    visit.set_signed_in(session.account.masked_name());
    let site = wish
        .client
        .as_ref()
        .map(|stored| stored.client.name.in_language(visit.language()));
    let text = match site {
        Some(site) => visit.t_with("logout-confirm-site", &[("site", site.into())]),
        None => visit.t("logout-confirm-text"),
    };
    let text = format!("<p class=\"lead\">{}</p>", Markup::text(&text));
    let stay = format!(
        "<p><a href=\"/account\">{}</a></p>",
        Markup::text(&visit.t("logout-confirm-stay"))
    );
    let client = wish
        .client
        .as_ref()
        .map(|stored| stored.client.client_id.as_str());
    let form = FormPage::new(Confirmed::FORM, LocalPath::known(paths::END_SESSION_CONFIRM))
        .hidden_if("client_id", client)
        .hidden_if("post_logout_redirect_uri", asked.post_logout_redirect_uri)
        .hidden_if("state", asked.state)
        .hidden_if("ui_locales", asked.ui_locales)
        .markup(Markup::from_rendered(text))
        .markup(Markup::from_rendered(stay))
        .button(Button::primary("logout-confirm-yes"));
    visit.form(
        Page::new("logout", Words::key("logout-confirm-title")),
        &form,
        &Errors::none(),
    )
}
