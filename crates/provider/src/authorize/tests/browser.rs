//! A browser in front of a test provider: cookies, redirects, and a resident who can sign in.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use axum::Router;
use axum::body::Body;
use chrono::TimeDelta;
use http::header::{CONTENT_TYPE, COOKIE, HOST, LOCATION, SET_COOKIE};
use http::{HeaderMap, Request, StatusCode};
use model::authn::{Method, Methods};
use model::ids::{AccountId, SessionId};
use model::interaction::{Answers, Interaction, InteractionId};
use model::secret::Token;
use prometheus_client::registry::Registry;
use store::sessions::NewSession;
use tower::ServiceExt as _;
use url::Url;
use web::metrics::HttpMetrics;
use web::middleware::{Hosts, Outer};

use crate::testing::{CHALLENGE, World, redirect_uri};

/// What came back.
pub struct Seen {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Seen {
    /// Where the browser is sent.
    pub fn location(&self) -> &str {
        self.headers
            .get(LOCATION)
            .map_or("", |value| value.to_str().expect("text"))
    }

    /// The answer at a sub-site's address: its parameters.
    pub fn at(&self, address: &str) -> BTreeMap<String, String> {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.body);
        let location = Url::parse(self.location()).expect("an address");
        let mut plain = location.clone();
        plain.set_query(None);
        assert_eq!(plain.as_str(), address);
        location.query_pairs().into_owned().collect()
    }

    /// The answer at a sub-site's usual address.
    pub fn reply(&self, client: &str) -> BTreeMap<String, String> {
        self.at(&redirect_uri(client))
    }

    /// The error at the sub-site, or what was there instead.
    pub fn error(&self, client: &str) -> String {
        let reply = self.reply(client);
        assert!(!reply.contains_key("code"), "an error has no code");
        assert_eq!(reply["iss"], "http://localhost:8080");
        let description = &reply["error_description"];
        assert!(
            description
                .bytes()
                .all(|byte| matches!(byte, 0x20..=0x7e) && byte != b'"' && byte != b'\\')
        );
        reply["error"].clone()
    }

    pub fn code(&self, client: &str) -> String {
        let reply = self.reply(client);
        reply
            .get("code")
            .unwrap_or_else(|| panic!("no code: {reply:?}"))
            .clone()
    }

    /// The page of ours that asks, and the interaction it carries.
    pub fn asks(&self, page: &str) -> InteractionId {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.body);
        let location = Url::parse("http://localhost:8080")
            .expect("base")
            .join(self.location())
            .expect("an address");
        assert_eq!(location.path(), page, "{}", self.location());
        assert_eq!(location.host_str(), Some("localhost"));
        let mut pairs = location.query_pairs();
        let id = pairs.find_map(|(name, value)| (name == "interaction").then(|| value.into_owned()));
        InteractionId::parse(&id.expect("an interaction")).expect("a handle")
    }

    /// A problem page: nobody is sent anywhere, nothing of the request is repeated.
    pub fn is_page(&self, code: &str) {
        assert!(
            self.headers.get(LOCATION).is_none(),
            "sent to {}",
            self.location()
        );
        assert_eq!(self.status, StatusCode::BAD_REQUEST, "{}", self.body);
        assert!(
            self.body.contains(&format!("data-code=\"{code}\"")),
            "{}",
            self.body
        );
        assert!(
            !self.body.contains(&format!("problem-{code}")),
            "the texts are there"
        );
        let number = self.headers["x-request-id"].to_str().expect("text");
        assert!(
            self.body.contains(number),
            "the correlation number is on the page"
        );
        assert!(!self.body.contains("evil"), "nothing of the request is repeated");
    }
}

/// One browser. Its cookies are its own; the provider behind it may be shared.
pub struct Browser<'a> {
    pub world: &'a World,
    router: Router,
    cookies: Rc<RefCell<BTreeMap<String, String>>>,
}

impl<'a> Browser<'a> {
    /// A browser that nobody is signed in with.
    pub fn new(world: &'a World) -> Self {
        let metrics = HttpMetrics::register(&mut Registry::default());
        let kit = world.service.kit().clone();
        let outer = Outer {
            kit,
            metrics,
            hosts: Hosts::Issuer,
            programs: &crate::router::PROGRAMS,
            request_timeout_ms: 15_000,
        };
        let router = web::middleware::outer(crate::router(world.service.clone()), outer);
        Self {
            world,
            router,
            cookies: Rc::default(),
        }
    }

    /// A browser with a fresh sign-in of the world's resident.
    pub async fn signed_in(world: &'a World) -> Self {
        let browser = Self::new(world);
        browser.sign_in(world.account).await;
        browser
    }

    /// What the sign-in page would do.
    pub async fn sign_in(&self, account: AccountId) -> SessionId {
        let (now, rng) = (self.world.now(), self.world.store.rng());
        let (id, token) = (SessionId::new(now, rng), Token::generate(rng));
        let session = NewSession {
            id,
            token_hash: token.hash(),
            account,
            methods: Methods::new([Method::Password]),
            public_computer: false,
            now,
            expires_at: now + TimeDelta::hours(12),
            device: "a browser".to_owned(),
        };
        store::sessions::create(&self.world.store.read(), &session)
            .await
            .expect("signed in");
        self.cookies
            .borrow_mut()
            .insert("denizen_session".to_owned(), token.expose().to_owned());
        id
    }

    /// Whether the browser holds a session cookie.
    pub fn holds_session(&self) -> bool {
        self.cookies.borrow().contains_key("denizen_session")
    }

    pub fn set_cookie(&self, name: &str, value: &str) {
        self.cookies
            .borrow_mut()
            .insert(name.to_owned(), value.to_owned());
    }

    /// An empty form with headers that say where it comes from.
    pub async fn send_with(&self, path: &str, headers: &[(&str, &str)]) -> Seen {
        let mut request = Request::post(path).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request, String::new(), true).await
    }

    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.borrow().get(name).cloned()
    }

    pub async fn get(&self, path: &str) -> Seen {
        self.send(Request::get(path), String::new(), true).await
    }

    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Seen {
        self.post_with(path, fields, true).await
    }

    /// A form that another site's page sends: without our cookies, which are `SameSite=Lax`, but with those of the
    /// parent domain that are not. Whatever is answered, the cookies that drafts hang on are not replaced.
    pub async fn post_from_outside(&self, path: &str, fields: &[(&str, &str)]) -> Seen {
        let before = self.cookies.borrow().clone();
        let seen = self.post_with(path, fields, false).await;
        assert_eq!(
            *self.cookies.borrow(),
            before,
            "{path}: a cookie of ours is replaced"
        );
        seen
    }

    async fn post_with(&self, path: &str, fields: &[(&str, &str)], cookies: bool) -> Seen {
        let request = Request::post(path).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(
            request,
            serde_urlencoded::to_string(fields).expect("a form"),
            cookies,
        )
        .await
    }

    async fn send(&self, request: http::request::Builder, body: String, with_cookies: bool) -> Seen {
        let mut request = request
            .header(HOST, "localhost:8080")
            .header("accept-language", "en");
        let line: Vec<_> = self
            .cookies
            .borrow()
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        if !with_cookies {
            request = request.header(COOKIE, "_ga=GA1.2.3; denizen_lb=node-1");
        } else if !line.is_empty() {
            request = request.header(COOKIE, line.join("; "));
        }
        let request = request.body(Body::from(body)).expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        for line in parts.headers.get_all(SET_COOKIE) {
            self.keep(line.to_str().expect("text"));
        }
        let bytes = axum::body::to_bytes(body, 1 << 20).await.expect("a body");
        Seen {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    fn keep(&self, line: &str) {
        let (pair, rest) = line.split_once(';').unwrap_or((line, ""));
        let (name, value) = pair.split_once('=').expect("a cookie");
        if rest.contains("Max-Age=0") {
            self.cookies.borrow_mut().remove(name);
        } else {
            self.cookies
                .borrow_mut()
                .insert(name.to_owned(), value.to_owned());
        }
    }

    /// A usual request of a sub-site with some parameters changed; an empty value leaves the parameter out.
    pub async fn authorize(&self, client: &str, changes: &[(&str, &str)]) -> Seen {
        self.get(&authorize_path(client, changes)).await
    }

    /// Comes back from a page.
    pub async fn resume(&self, id: &InteractionId) -> Seen {
        self.get(&model::interaction::resume_path(id)).await
    }

    /// What a page would store.
    pub async fn answer(&self, id: &InteractionId, change: impl FnOnce(&mut Answers)) {
        let mut answers = self.interaction(id).await.answers;
        change(&mut answers);
        assert!(
            store::interactions::answer(&self.world.store.read(), id, &answers)
                .await
                .expect("stored")
        );
    }

    /// What is stored of an interrupted request.
    pub async fn interaction(&self, id: &InteractionId) -> Interaction {
        let browser = Token::parse(&self.cookie("denizen_browser").expect("a browser")).expect("a token");
        let found = store::interactions::find(&self.world.store.read(), id, &browser.hash()).await;
        found.expect("read").expect("an interaction of this browser")
    }
}

/// The address of a usual request with some parameters changed; an empty value leaves the parameter out.
pub fn authorize_path(client: &str, changes: &[(&str, &str)]) -> String {
    format!(
        "/authorize?{}",
        serde_urlencoded::to_string(parameters(client, changes)).expect("a query")
    )
}

/// The parameters of a usual request with some changed.
pub fn parameters(client: &str, changes: &[(&str, &str)]) -> Vec<(String, String)> {
    let redirect = redirect_uri(client);
    let usual = [
        ("client_id", client),
        ("redirect_uri", redirect.as_str()),
        ("response_type", "code"),
        ("scope", "openid"),
        ("state", "a state"),
        ("nonce", "n-0S6_WzA2Mj"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    usual
        .into_iter()
        .filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name))
        .chain(changes.iter().copied().filter(|(_, value)| !value.is_empty()))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}
