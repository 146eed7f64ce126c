//! Signing out because a sub-site says so: the end session endpoint (OpenID Connect RP-Initiated Logout 1.0).
//!
//! A sub-site that shows an ID token of the person who is signed in here is believed at once; everybody else's word
//! leads to a page that asks (A165). Afterwards the browser goes back to a registered address, or sees a page that
//! says honestly what signing out here does not reach.
//!
//! What it does not do: tell the other sub-sites (back-channel and front-channel logout).

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, Method};
use model::event::Event;
use model::ids::ClientId;
use model::language::Language;
use serde::Deserialize;
use store::StoreError;
use store::audit::{self, Entry};
use store::sessions::{self, LiveSession};
use web::extract::{Form, FormName, RawParams};
use web::form::{Button, Errors, FormPage, Words};
use web::paths::LocalPath;
use web::{Markup, Page, Problem, Visit};

use crate::Service;
use crate::authorize::detour::{self, ADDRESS_BYTES_MAX};
use crate::router::paths;

pub mod request;
#[cfg(test)]
mod tests;

use request::{Asked, Wish};

/// `GET /logout` and `POST /logout`.
pub async fn logout(
    State(service): State<Service>,
    mut visit: Visit,
    method: Method,
    headers: HeaderMap,
    params: RawParams,
) -> Result<Response, Problem> {
    let asked = Asked::read(&params);
    if method == Method::POST && !detour::has_our_cookies(service.kit(), &headers) {
        return Ok(as_get(&service, &asked.unwrap_or_default()));
    }
    let asked = asked?;
    let wish = Wish::check(&service, &asked)?;
    if let Some(language) = asked
        .ui_locales
        .and_then(|tags| tags.split(' ').find_map(Language::from_tag))
    {
        visit.prefer_language(language);
    }
    match current(&service, &visit).await.map_err(Problem::unavailable)? {
        Some(session) if !wish.is_vouched_for(&service, &session) => {
            Ok(confirm(&mut visit, &session, &asked, &wish))
        }
        session => end(&service, &mut visit, session.as_ref(), &wish)
            .await
            .map_err(Problem::unavailable),
    }
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
}

impl FormName for Confirmed {
    const FORM: &'static str = "logout";
}

/// `POST /logout/confirm`: the resident said yes. What the form carried is checked again.
pub async fn confirmed(
    State(service): State<Service>,
    mut visit: Visit,
    Form(form): Form<Confirmed>,
) -> Result<Response, Problem> {
    let asked = Asked {
        client_id: form.client_id.as_deref(),
        post_logout_redirect_uri: form.post_logout_redirect_uri.as_deref(),
        state: form.state.as_deref(),
        ..Asked::default()
    };
    let wish = Wish::check(&service, &asked)?;
    let session = current(&service, &visit).await.map_err(Problem::unavailable)?;
    end(&service, &mut visit, session.as_ref(), &wish)
        .await
        .map_err(Problem::unavailable)
}

/// A sub-site's POST comes without our cookies (`SameSite=Lax`), so that nobody would seem to be signed in. The
/// navigation that follows a redirect has them; what is wrong with the request is said there. The ID token stays out
/// of the address; the resident is asked instead.
fn as_get(service: &Service, asked: &Asked<'_>) -> Response {
    let wish = Wish::check(service, asked).unwrap_or_default();
    let hinted = wish.client.map(|stored| stored.client.client_id.to_string());
    let path = [
        ("client_id", hinted.as_deref().or(asked.client_id)),
        ("post_logout_redirect_uri", asked.post_logout_redirect_uri),
        ("state", asked.state),
        ("ui_locales", asked.ui_locales.filter(|tags| tags.len() <= 128)),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
    .fold(LocalPath::known(paths::END_SESSION), |path, (name, value)| {
        path.with(name, value)
    });
    let fits = path.as_str().len() <= ADDRESS_BYTES_MAX;
    detour::redirect(if fits { path.as_str() } else { paths::END_SESSION })
}

async fn current(service: &Service, visit: &Visit) -> Result<Option<LiveSession>, StoreError> {
    let Some(token) = visit.session_token() else {
        return Ok(None);
    };
    let limits = &service.config().sessions;
    sessions::find_live(&service.store().read(), &token.hash(), limits, service.now()).await
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
        .markup(Markup::from_rendered(text))
        .markup(Markup::from_rendered(stay))
        .button(Button::primary("logout-confirm-yes"));
    visit.form(
        Page::new("logout", Words::key("logout-confirm-title")),
        &form,
        &Errors::none(),
    )
}

/// Ends the sign-in, if there is one, with every code and token that it gave, and shows the way on.
async fn end(
    service: &Service,
    visit: &mut Visit,
    session: Option<&LiveSession>,
    wish: &Wish,
) -> Result<Response, StoreError> {
    let mut sites = Vec::new();
    if let Some(session) = session {
        let tx = service.store().begin().await?;
        sites = sessions::sites(&tx, session.id).await?;
        if sessions::end(&tx, session.id, service.now()).await? {
            let mut entry = Entry::new(Event::SignedOut, service.now());
            entry = entry.account(session.account.id).session(session.id);
            entry.client = wish.client.as_ref().map(|stored| stored.client.client_id.clone());
            entry.request_id = Some(visit.request_id().to_owned());
            audit::record(&tx, service.store().rng(), entry).await?;
        }
        tx.commit().await?;
    }
    if visit.session_token().is_some() {
        visit.end_session();
    }
    Ok(match &wish.back {
        Some(back) => visit.redirect_outside(back),
        None => signed_out(service, visit, &sites),
    })
}

#[derive(Template)]
#[template(path = "signed-out.html")]
struct SignedOut {
    text: String,
    sites_text: String,
    sites: Vec<(String, Option<String>)>,
    shared: String,
}

fn signed_out(service: &Service, visit: &Visit, sites: &[ClientId]) -> Response {
    let sites: Vec<_> = sites
        .iter()
        .filter_map(|id| service.client(id))
        .map(|stored| {
            (
                stored.client.name.in_language(visit.language()).to_owned(),
                stored.client.home_uri.clone(),
            )
        })
        .collect();
    let content = SignedOut {
        text: visit.t("logout-done-text"),
        sites_text: visit.t(if sites.is_empty() {
            "logout-done-sites-maybe"
        } else {
            "logout-done-sites"
        }),
        sites,
        shared: visit.t("logout-done-shared"),
    };
    visit.page("signed-out", "logout-done-title", &content)
}
