//! One request of one browser: language, cookies, correlation number, and the answers that go back to it.

mod console;

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};

use axum::extract::{FromRef, FromRequestParts};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, NaiveDate, Utc};
use http::header::{ACCEPT_LANGUAGE, LOCATION, SET_COOKIE, USER_AGENT};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode, Uri};
use model::language::Language;
use model::secret::{Token, TokenHash};

use crate::client_address::ClientAddress;
use crate::cookies::{self, Cookie, Preferences, Sent};
use crate::csrf;
use crate::form::Errors;
use crate::language::{Args, dates, negotiate};
use crate::markup::{Markup, escape};
use crate::middleware::RequestId;
use crate::page::{Device, Kit, Page};
use crate::paths::LocalPath;
use crate::problem::Problem;

pub use self::console::Navigation;

/// What a visit is read from; also kept by the outer layer to render problems after the request is consumed.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    pub(crate) headers: HeaderMap,
    pub(crate) uri: Uri,
    pub(crate) request_id: RequestId,
    pub(crate) client: ClientAddress,
}

impl Facts {
    pub(crate) fn of(parts: &Parts) -> Self {
        let unknown = ClientAddress(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        Self {
            headers: parts.headers.clone(),
            uri: parts.uri.clone(),
            request_id: parts.extensions.get().cloned().unwrap_or_default(),
            client: parts.extensions.get().copied().unwrap_or(unknown),
        }
    }
}

/// One request of one browser. An extractor for every state that a [`Kit`] can be taken from.
#[derive(Clone, Debug)]
pub struct Visit {
    kit: Kit,
    language: Language,
    preferences: Preferences,
    browser: Token,
    session: Option<Token>,
    operator: Option<Token>,
    known_as: Option<Token>,
    request_id: RequestId,
    client: ClientAddress,
    device: Device,
    path: String,
    query: String,
    cookies: Vec<HeaderValue>,
    signed_in: Option<String>,
    navigation: Option<Navigation>,
}

impl<S> FromRequestParts<S> for Visit
where
    S: Send + Sync,
    Kit: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        Ok(Self::read(Kit::from_ref(state), Facts::of(parts)))
    }
}

impl Visit {
    pub(crate) fn read(kit: Kit, facts: Facts) -> Self {
        let mode = kit.cookie_mode();
        let mut cookies = Vec::new();
        let mut read = |cookie| match cookies::read(&facts.headers, mode, cookie) {
            Sent::Nothing => None,
            Sent::One(value) => Some(value),
            Sent::Several => {
                tracing::warn!(cookie = cookie.name(mode), "several cookies of one name refused");
                cookies.push(cookies::clear(mode, cookie));
                None
            }
        };
        let session = read(Cookie::Session).and_then(|value| Token::parse(&value));
        let operator = read(Cookie::Operator).and_then(|value| Token::parse(&value));
        let known_as = read(Cookie::Device).and_then(|value| Token::parse(&value));
        let preferences = read(Cookie::Preferences)
            .map(|value| Preferences::parse(&value))
            .unwrap_or_default();
        let browser = read(Cookie::Browser).and_then(|value| Token::parse(&value));
        let browser = browser.unwrap_or_else(|| {
            let token = Token::generate(kit.rng());
            let name = Cookie::Browser.name(mode);
            cookies.retain(|line| !line.as_bytes().starts_with(name.as_bytes()));
            cookies.push(cookies::set_token(
                mode,
                Cookie::Browser,
                &token,
                Some(cookies::BROWSER_SECONDS),
            ));
            token
        });
        let header = |name| {
            facts
                .headers
                .get(name)
                .and_then(|value: &HeaderValue| value.to_str().ok())
        };
        let query = facts.uri.query().unwrap_or_default();
        let asked = query_value(query, "ui_locales").or_else(|| query_value(query, "lang"));
        let language = negotiate::choose(asked.as_deref(), preferences.language, header(ACCEPT_LANGUAGE));
        Self {
            language,
            preferences,
            browser,
            session,
            operator,
            known_as,
            request_id: facts.request_id,
            client: facts.client,
            device: Device::of(header(USER_AGENT).unwrap_or_default()),
            path: facts.uri.path().to_owned(),
            query: query.to_owned(),
            cookies,
            signed_in: None,
            navigation: None,
            kit,
        }
    }

    /// The shared kit.
    pub const fn kit(&self) -> &Kit {
        &self.kit
    }

    /// The language of the page.
    pub const fn language(&self) -> Language {
        self.language
    }

    /// Speaks another language from here on: the one that an interrupted request's `ui_locales` asked for.
    /// What the person chose on a page wins over it.
    pub fn prefer_language(&mut self, language: Language) {
        if self.preferences.language.is_none() {
            self.language = language;
        }
    }

    /// Whether print is large.
    pub const fn large_print(&self) -> bool {
        self.preferences.large_print
    }

    /// What is remembered of the browser. The browser's own secret is never needed.
    pub fn browser_hash(&self) -> TokenHash {
        self.browser.hash()
    }

    /// The session's bearer value, if the browser sent exactly one that looks like one.
    pub const fn session_token(&self) -> Option<&Token> {
        self.session.as_ref()
    }

    /// The correlation number of this request.
    pub fn request_id(&self) -> &str {
        self.request_id.as_str()
    }

    /// The network address that limits go by.
    pub const fn client_address(&self) -> ClientAddress {
        self.client
    }

    /// The kind of browser, for lists that the person reads.
    pub const fn device(&self) -> Device {
        self.device
    }

    /// What the device was given when somebody signed in from it before.
    pub const fn device_token(&self) -> Option<&Token> {
        self.known_as.as_ref()
    }

    /// Has the device remember that somebody signed in from it.
    pub fn remember_device(&mut self, token: &Token) {
        let mode = self.kit.cookie_mode();
        let age = Some(cookies::DEVICE_SECONDS);
        self.replace_cookie(
            Cookie::Device,
            cookies::set_token(mode, Cookie::Device, token, age),
        );
        self.known_as = Some(token.clone());
    }

    /// The path of the request, without its query.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The path with its query, if it is one to come back to.
    pub fn here(&self) -> Option<LocalPath> {
        let text = if self.query.is_empty() {
            self.path.clone()
        } else {
            format!("{}?{}", self.path, self.query)
        };
        LocalPath::parse(&text).ok()
    }

    /// Leaves the query out of [`Self::here`]: pages about a request that was refused repeat nothing of it.
    pub(crate) fn forget_query(&mut self) {
        self.query.clear();
    }

    /// Now.
    pub fn now(&self) -> DateTime<Utc> {
        self.kit.now()
    }

    /// A text.
    pub fn t(&self, key: &str) -> String {
        self.kit.t(self.language, key, &[])
    }

    /// A text with values.
    pub fn t_with(&self, key: &str, args: Args<'_>) -> String {
        self.kit.t(self.language, key, args)
    }

    /// A moment in the province's time, as people write it.
    pub fn moment(&self, at: DateTime<Utc>) -> String {
        dates::moment(self.language, at, self.kit.branding().zone())
    }

    /// The day of a moment in the province's time, as people write it.
    pub fn day(&self, at: DateTime<Utc>) -> String {
        self.date(at.with_timezone(&self.kit.branding().zone()).date_naive())
    }

    /// A day as people write it.
    pub fn date(&self, day: NaiveDate) -> String {
        dates::date(self.language, day)
    }

    /// The hidden field that proves that a form is ours. For forms in templates; `FormPage` has it built in.
    pub fn csrf_field(&self, form: &str) -> Markup {
        let token = self.kit.csrf_key().token(&self.browser.hash(), form);
        Markup::from_rendered(format!(
            "<input type=\"hidden\" name=\"{}\" value=\"{}\">",
            csrf::FIELD,
            escape(&token)
        ))
    }

    /// Whether a form that came back is ours. [`crate::extract::Form`] has asked already.
    pub fn check_csrf(&self, form: &str, sent: &str) -> Result<(), Problem> {
        if self.kit.csrf_key().holds(&self.browser.hash(), form, sent) {
            Ok(())
        } else {
            Err(Problem::form_expired().caused_by("csrf token does not hold"))
        }
    }

    /// Shows the navigation of the signed-in space, with a name for the person (masked as the caller decides).
    pub fn set_signed_in(&mut self, name: impl Into<String>) {
        self.signed_in = Some(name.into());
    }

    /// The person's name in the navigation, if somebody is signed in.
    pub fn signed_in(&self) -> Option<&str> {
        self.signed_in.as_deref()
    }

    /// Gives the browser a session. `max_age_seconds` of `None` ends with the browser: a public computer.
    pub fn start_session(&mut self, token: &Token, max_age_seconds: Option<i64>) {
        let mode = self.kit.cookie_mode();
        self.replace_cookie(
            Cookie::Session,
            cookies::set_token(mode, Cookie::Session, token, max_age_seconds),
        );
        self.session = Some(token.clone());
    }

    /// Makes the browser forget the session and everything that was bound to the browser token.
    pub fn end_session(&mut self) {
        let mode = self.kit.cookie_mode();
        self.replace_cookie(Cookie::Session, cookies::clear(mode, Cookie::Session));
        self.session = None;
        self.signed_in = None;
        self.renew_browser();
    }

    /// Gives the browser a new token, so that nothing from before is bound to it any more.
    pub fn renew_browser(&mut self) {
        self.browser = Token::generate(self.kit.rng());
        let age = Some(cookies::BROWSER_SECONDS);
        let line = cookies::set_token(self.kit.cookie_mode(), Cookie::Browser, &self.browser, age);
        self.replace_cookie(Cookie::Browser, line);
    }

    pub(crate) fn remember(&mut self, preferences: Preferences) {
        let mode = self.kit.cookie_mode();
        let age = Some(cookies::PREFERENCES_SECONDS);
        let line = cookies::set(mode, Cookie::Preferences, &preferences.to_value(), age);
        self.replace_cookie(Cookie::Preferences, line);
        self.preferences = preferences;
    }

    pub(crate) const fn preferences(&self) -> Preferences {
        self.preferences
    }

    fn replace_cookie(&mut self, cookie: Cookie, line: HeaderValue) {
        let name = format!("{}=", cookie.name(self.kit.cookie_mode()));
        self.cookies
            .retain(|old| !old.as_bytes().starts_with(name.as_bytes()));
        self.cookies.push(line);
    }

    /// A page with status 200: its name in `data-page`, the key of its title, its content.
    pub fn page(&self, name: &'static str, title: &'static str, content: &impl askama::Template) -> Response {
        self.render(Page::new(name, title), content)
    }

    /// A page with more to say: status, errors, arguments of the title.
    pub fn render(&self, page: Page, content: &impl askama::Template) -> Response {
        match content.render() {
            Ok(html) => self.render_markup(page, &Markup::from_rendered(html)),
            Err(error) => Problem::internal(error).into_response(),
        }
    }

    /// A page whose content is markup already, such as a [`crate::form::FormPage`].
    pub fn render_markup(&self, page: Page, content: &Markup) -> Response {
        self.with_cookies(page.respond(self, content))
    }

    /// A page that shows only a form.
    pub fn form(&self, page: Page, form: &crate::form::FormPage, errors: &Errors) -> Response {
        let content = form.render(self, errors);
        self.render_markup(page.errors(errors.clone()), &content)
    }

    /// 303 to a path of ours.
    pub fn redirect(&self, to: &LocalPath) -> Response {
        self.redirect_to(to.as_str())
    }

    /// 303 to any address. The caller has proven it: a registered redirect URI, never a request's word.
    pub fn redirect_outside(&self, to: &url::Url) -> Response {
        self.redirect_to(to.as_str())
    }

    fn redirect_to(&self, to: &str) -> Response {
        let Ok(location) = HeaderValue::from_str(to) else {
            return Problem::internal("redirect target is not fit for a header").into_response();
        };
        self.with_cookies((StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response())
    }

    /// Puts the cookies of this visit on a response that was made elsewhere.
    pub fn with_cookies(&self, mut response: Response) -> Response {
        for line in &self.cookies {
            response.headers_mut().append(SET_COOKIE, line.clone());
        }
        response
    }
}

/// The first value of a parameter in a query, decoded.
fn query_value(query: &str, name: &str) -> Option<String> {
    if query.is_empty() {
        return None;
    }
    url::form_urlencoded::parse(query.as_bytes())
        .take(crate::extract::FIELDS)
        .find_map(|(key, value)| (key == name).then(|| value.into_owned()))
}
