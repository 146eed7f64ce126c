//! What a sub-site does at each address.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::Response;

use super::failure::Failure;
use super::files::File;
use super::pages::{Developer, Home, ServicePage, SignedOut, TokenView, render};
use super::relying_party::Answer;
use super::session::Wish;
use super::visit::Visit;
use super::{Service, Site, start};
use crate::wire;

/// Errors with which a provider answers a question that was not to show a page.
const SILENT_ERRORS: [&str; 4] = [
    "login_required",
    "interaction_required",
    "consent_required",
    "account_selection_required",
];

/// `GET /`
pub(super) async fn home(State(site): State<Site>, headers: HeaderMap, uri: Uri) -> Response {
    let visit = Visit::new(&site, &headers, &uri);
    if visit.query.value("silent") == Some("1") && visit.signed_in(&site).is_none() {
        return wire::see_other("/start?prompt=none");
    }
    let page = Home::new(visit.frame(&site, "home", "site-home-title"));
    visit.answer(&site, render(&site, StatusCode::OK, &page), None)
}

/// `GET /services/{service}`: the service, or the way to the level it needs.
pub(super) async fn service(
    State(site): State<Site>,
    Path(key): Path<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let visit = Visit::new(&site, &headers, &uri);
    let Some(service) = Service::ALL.into_iter().find(|service| service.key() == key) else {
        return visit.problem(&site, StatusCode::NOT_FOUND, Failure::new("not_found", None));
    };
    let enough = service.level() == 0 || visit.level(&site).is_some_and(|level| level >= service.level());
    let start = format!("/start?service={}", service.key());
    if !enough {
        return match visit.query.value("asked") {
            Some(_) => visit.level_needed(&site, service.level(), start, None),
            None => wire::see_other(&start),
        };
    }
    let page = match service {
        Service::Guide => "service-open",
        Service::Bills => "service-level-1",
        Service::ProvidentFund => "service-level-2",
    };
    let frame = visit.frame(&site, page, &format!("service-{}", service.key()));
    visit.answer(
        &site,
        render(&site, StatusCode::OK, &ServicePage::new(frame, service)),
        None,
    )
}

/// `GET /start`: begins an authorization request. Without parameters, what the sign-in button asks for.
pub(super) async fn begin(State(site): State<Site>, headers: HeaderMap, uri: Uri) -> Response {
    let visit = Visit::new(&site, &headers, &uri);
    let wish = if visit.repeated {
        None
    } else {
        start::read(&visit.query, &site.0.scopes)
    };
    let Some(wish) = wish else {
        let failure = Failure::new("invalid_start", None);
        return visit.problem(&site, StatusCode::BAD_REQUEST, failure);
    };
    send_to_provider(&site, &visit, wish).await
}

/// Sends the browser to the provider with a wish.
pub(super) async fn send_to_provider(site: &Site, visit: &Visit, wish: Wish) -> Response {
    match site.0.party.start(wish, visit.w.tag()).await {
        Ok((url, pending)) => {
            let id = site.0.sessions.remember(visit.session.as_deref(), pending);
            visit.answer(site, wire::see_other(url.as_str()), Some(&id))
        }
        Err(failure) => {
            tracing::warn!(
                code = failure.code,
                description = failure.description,
                "a request could not be started"
            );
            visit.problem(site, StatusCode::BAD_GATEWAY, failure)
        }
    }
}

/// `GET /callback`: the provider's answer.
pub(super) async fn callback(State(site): State<Site>, headers: HeaderMap, uri: Uri) -> Response {
    let visit = Visit::new(&site, &headers, &uri);
    let query = &visit.query;
    let pending = query
        .value("state")
        .and_then(|state| site.0.sessions.take(visit.session.as_deref(), state));
    let Some(pending) = pending else {
        return visit.problem(
            &site,
            StatusCode::BAD_REQUEST,
            Failure::new("state_mismatch", None),
        );
    };
    let text = |name: &str| query.value(name).map(str::to_owned);
    let answer = Answer {
        code: text("code"),
        issuer: text("iss"),
        error: text("error"),
        error_description: text("error_description"),
    };
    match site.0.party.finish(&pending, answer).await {
        Ok((mut signed_in, grant)) => {
            // A new session id, so that one that was planted before signing in is worth nothing.
            let id = site.0.sessions.renew(visit.session.as_deref());
            site.0.sessions.with(Some(&id), |session| {
                let before = session.signed_in.take();
                signed_in.keep_userinfo_of(before.as_deref());
                session.signed_in = Some(Arc::new(signed_in));
                session.grant = Some(grant);
                session.ended = None;
            });
            visit.answer(&site, wire::see_other(&pending.wish.return_to), Some(&id))
        }
        Err(failure) => refused(&site, &visit, &pending.wish, failure),
    }
}

/// What the resident sees when there was no sign-in.
fn refused(site: &Site, visit: &Visit, wish: &Wish, failure: Failure) -> Response {
    if wish.silent() && SILENT_ERRORS.contains(&failure.code.as_str()) {
        let id = site.0.sessions.with_or_new(visit.session.as_deref(), |session| {
            session.notice = Some("site-notice-not-signed-in");
        });
        return visit.answer(site, wire::see_other("/"), Some(&id));
    }
    tracing::info!(
        code = failure.code,
        description = failure.description,
        "a sign-in did not come about"
    );
    if let (Some(needed), "unmet_authentication_requirements" | "acr_too_low") =
        (wish.level, failure.code.as_str())
    {
        let service = Service::ALL
            .into_iter()
            .find(|service| wish.return_to.starts_with(&service.path()));
        let file = File::ALL
            .into_iter()
            .find(|file| wish.return_to.starts_with(&file.path()));
        let retry = match (service, file) {
            (Some(service), _) => format!("/start?service={}", service.key()),
            (None, Some(file)) => file.path(),
            (None, None) => format!("/start?acr={needed}&essential=1"),
        };
        return visit.level_needed(site, needed, retry, Some(failure));
    }
    let status = match failure.code.as_str() {
        "access_denied" => StatusCode::FORBIDDEN,
        "provider_unreachable" | "server_error" | "temporarily_unavailable" => StatusCode::BAD_GATEWAY,
        _ => StatusCode::BAD_REQUEST,
    };
    visit.problem(site, status, failure)
}

/// `POST /sign-out`: here first, then at the provider.
pub(super) async fn sign_out(State(site): State<Site>, headers: HeaderMap, uri: Uri) -> Response {
    let visit = Visit::new(&site, &headers, &uri);
    if !is_own_form(&site, &headers) {
        return visit.problem(&site, StatusCode::FORBIDDEN, Failure::new("foreign_form", None));
    }
    let Some(signed_in) = visit.signed_in(&site) else {
        return wire::see_other("/signed-out");
    };
    let state = openidconnect::CsrfToken::new_random();
    let id = site.0.sessions.renew(visit.session.as_deref());
    site.0.sessions.with(Some(&id), |session| {
        session.signed_in = None;
        session.grant = None;
        session.sign_out_state = Some(state.secret().clone());
    });
    let to = match site
        .0
        .party
        .sign_out(&signed_in.id_token, state.secret(), visit.w.tag())
        .await
    {
        Ok(Some(url)) => url.to_string(),
        Ok(None) => "/signed-out".to_owned(),
        Err(failure) => {
            tracing::warn!(code = failure.code, "the provider could not be asked to sign out");
            "/signed-out".to_owned()
        }
    };
    visit.answer(&site, wire::see_other(&to), Some(&id))
}

/// Whether a form was sent by a page of this very site. Its neighbours on other ports are "same site" to a browser, so
/// the cookie alone does not tell.
fn is_own_form(site: &Site, headers: &HeaderMap) -> bool {
    let says = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let origin = says("origin").is_none_or(|origin| origin == site.0.base_url);
    let fetch = says("sec-fetch-site").is_none_or(|from| matches!(from, "same-origin" | "none"));
    origin && fetch
}

/// `GET /signed-out`: where the provider sends the browser afterwards.
pub(super) async fn signed_out(State(site): State<Site>, headers: HeaderMap, uri: Uri) -> Response {
    let visit = Visit::new(&site, &headers, &uri);
    let expected = site
        .0
        .sessions
        .with(visit.session.as_deref(), |session| session.sign_out_state.take())
        .flatten();
    let confirmed = expected.is_some() && expected.as_deref() == visit.query.value("state");
    let page = SignedOut {
        f: visit.frame(&site, "signed-out", "signed-out-title"),
        confirmed,
    };
    visit.answer(&site, render(&site, StatusCode::OK, &page), None)
}

/// `GET /developer`: the token as it came.
pub(super) async fn developer(State(site): State<Site>, headers: HeaderMap, uri: Uri) -> Response {
    let visit = Visit::new(&site, &headers, &uri);
    let page = Developer {
        f: visit.frame(&site, "developer", "developer-title"),
        token: visit.signed_in(&site).map(|signed_in| TokenView::of(&signed_in)),
    };
    visit.answer(&site, render(&site, StatusCode::OK, &page), None)
}

/// Every other address.
pub(super) async fn not_found(State(site): State<Site>, headers: HeaderMap, uri: Uri) -> Response {
    let visit = Visit::new(&site, &headers, &uri);
    visit.problem(&site, StatusCode::NOT_FOUND, Failure::new("not_found", None))
}

/// Brings browsers that came by another name of this host (`localhost` for `127.0.0.1`) to the registered one, where
/// the cookies and the redirect address are.
pub(super) async fn by_its_name(State(site): State<Site>, request: Request, next: Next) -> Response {
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let own = site.0.base_url.split_once("://").map(|(_, host)| host);
    if request.method() == Method::GET && host.is_some() && host != own {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        return wire::see_other(&format!("{}{path}", site.0.base_url));
    }
    next.run(request).await
}
