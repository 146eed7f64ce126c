//! What a sub-site does at each address.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::Response;

use super::pages::{
    Developer, Frame, Home, LevelNeeded, Me, ProblemPage, ServicePage, SignedOut, TokenView, level_name,
    render,
};
use super::relying_party::{Answer, Failure};
use super::session::{SignedIn, Wish};
use super::{Service, Site, start};
use crate::texts::{self, Words};
use crate::wire::{self, Parameters};

/// Errors with which a provider answers a question that was not to show a page.
const SILENT_ERRORS: [&str; 4] = [
    "login_required",
    "interaction_required",
    "consent_required",
    "account_selection_required",
];

/// One request of a browser.
struct Visit {
    w: Words,
    query: Parameters,
    /// Whether a parameter came twice.
    repeated: bool,
    session: Option<String>,
    path: String,
    /// The language was chosen with this request and is to be remembered.
    language_chosen: bool,
}

impl Visit {
    fn new(site: &Site, headers: &HeaderMap, uri: &Uri) -> Self {
        let query = Parameters::of_uri(uri);
        let repeated = query.is_none();
        let query = query.unwrap_or_default();
        let remembered = wire::cookie(headers, site.0.city.language_cookie());
        let language = texts::choose(query.value("lang"), remembered.as_deref(), headers);
        Self {
            w: Words::in_language(language),
            language_chosen: query.value("lang").is_some(),
            query,
            repeated,
            session: wire::cookie(headers, site.0.city.session_cookie()),
            path: uri.path().to_owned(),
        }
    }

    fn signed_in(&self, site: &Site) -> Option<Arc<SignedIn>> {
        site.0
            .sessions
            .with(self.session.as_deref(), |session| session.signed_in.clone())
            .flatten()
    }

    fn level(&self, site: &Site) -> Option<u8> {
        self.signed_in(site)?.level()
    }

    /// The frame of a page whose title is the text `title`.
    fn frame(&self, site: &Site, page: &'static str, title: &str) -> Frame {
        let notice = site
            .0
            .sessions
            .with(self.session.as_deref(), |session| session.notice.take())
            .flatten();
        Frame {
            w: self.w,
            city: site.0.city.key(),
            page,
            title: self.w.say(title),
            // Answers to requests are used up: another language for them starts at home.
            path: if matches!(page, "problem" | "level-needed") {
                "/".to_owned()
            } else {
                self.path.clone()
            },
            me: self.signed_in(site).map(|signed_in| Me::of(&signed_in, self.w)),
            notice: notice.map(|key| self.w.say(key)),
        }
    }

    /// Finishes an answer with the cookies that belong to it.
    fn answer(&self, site: &Site, mut response: Response, session: Option<&str>) -> Response {
        let mut cookies = Vec::new();
        if let Some(id) = session {
            cookies.push(format!(
                "{}={id}; Path=/; HttpOnly; SameSite=Lax",
                site.0.city.session_cookie()
            ));
        }
        if self.language_chosen {
            let (name, tag) = (site.0.city.language_cookie(), self.w.tag());
            cookies.push(format!(
                "{name}={tag}; Path=/; HttpOnly; SameSite=Lax; Max-Age=31536000"
            ));
        }
        for cookie in cookies {
            if let Ok(value) = HeaderValue::from_str(&cookie) {
                response.headers_mut().append(header::SET_COOKIE, value);
            }
        }
        response
    }

    fn problem(&self, site: &Site, status: StatusCode, failure: Failure) -> Response {
        let advice = format!("problem-{}", failure.code.replace('_', "-"));
        let page = ProblemPage {
            f: self.frame(site, "problem", "problem-title"),
            advice: self
                .w
                .find(&advice)
                .unwrap_or_else(|| self.w.say("problem-other")),
            code: failure.code,
            description: failure.description,
        };
        self.answer(site, render(site, status, &page), None)
    }

    fn level_needed(&self, site: &Site, needed: u8, retry: String, failure: Option<Failure>) -> Response {
        let have = match self.level(site) {
            Some(level) => self.w.format(
                "level-needed-have",
                [("level", level.to_string()), ("name", level_name(self.w, level))],
            ),
            None => self.w.say("level-needed-have-none"),
        };
        let (error, description) =
            failure.map_or((None, None), |failure| (Some(failure.code), failure.description));
        let page = LevelNeeded {
            f: self.frame(site, "level-needed", "level-needed-title"),
            needs: self.w.format(
                "level-needed-needs",
                [
                    ("level", needed.to_string()),
                    ("name", level_name(self.w, needed)),
                ],
            ),
            needed,
            have,
            retry,
            error,
            description,
        };
        self.answer(site, render(site, StatusCode::FORBIDDEN, &page), None)
    }
}

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
    match site.0.party.start(wish, visit.w.tag()).await {
        Ok((url, pending)) => {
            let id = site.0.sessions.remember(visit.session.as_deref(), pending);
            visit.answer(&site, wire::see_other(url.as_str()), Some(&id))
        }
        Err(failure) => {
            tracing::warn!(
                code = failure.code,
                description = failure.description,
                "a request could not be started"
            );
            visit.problem(&site, StatusCode::BAD_GATEWAY, failure)
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
        Ok(signed_in) => {
            // A new session id, so that one that was planted before signing in is worth nothing.
            let id = site.0.sessions.renew(visit.session.as_deref());
            site.0
                .sessions
                .with(Some(&id), |session| session.signed_in = Some(Arc::new(signed_in)));
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
        let retry = service.map_or_else(
            || format!("/start?acr={needed}&essential=1"),
            |service| format!("/start?service={}", service.key()),
        );
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
