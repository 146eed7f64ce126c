//! A console on a fresh database, operators who are enrolled already, and a browser without script. For the tests of this
//! crate.

mod accounts;

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use axum::http::{Request, StatusCode};
use chrono::TimeDelta;
use model::clock::Clock;
use model::ids::{OperatorId, OperatorSessionId};
use model::language::Language;
use model::secret::Token;
use store::operators::signins::{self, NewSignIn, Stage};
use store::operators::{self, Link, NewOperator, Totp};
use store::testing::{TestStore, stores};
use tower::ServiceExt as _;
use web::client_address::ClientAddress;
use web::csrf::CsrfKey;
use web::{Kit, KitConfig};

use crate::roles::Role;
use crate::{Config, MESSAGES, Service, router, totp};

/// The password of every operator of a test.
pub(crate) const PASSWORD: &str = "Harbour-042-lantern";

/// The name of the console's cookie.
pub(crate) const COOKIE_NAME: &str = "denizen_operator";

/// A console of its own for one test.
pub(crate) struct World {
    pub(crate) service: Service,
    pub(crate) clock: Clock,
    pub(crate) kind: &'static str,
    pub(crate) test: TestStore,
}

/// An operator who is enrolled with a password and codes.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) id: OperatorId,
    pub(crate) login: String,
    pub(crate) secret: Vec<u8>,
}

/// One world for each database at hand.
pub(crate) async fn worlds() -> Vec<World> {
    worlds_with(Config::default()).await
}

/// The same with settings.
pub(crate) async fn worlds_with(config: Config) -> Vec<World> {
    let stores = stores().await.into_iter();
    stores.map(|test| World::new(test, config.clone())).collect()
}

impl World {
    fn new(test: TestStore, config: Config) -> Self {
        let mut texts = vec![web::language::MESSAGES, MESSAGES];
        texts.extend(accounts::texts());
        let kit = Kit::new(KitConfig {
            base_url: "http://localhost:8080".parse().unwrap(),
            branding: web::branding::Branding::default(),
            texts: web::language::Texts::new(&texts).unwrap(),
            csrf_key: CsrfKey::new([7; 32]),
            trusted_proxies: web::client_address::TrustedProxies::default(),
            clock: test.clock.clone(),
            rng: test.store.rng().clone(),
        })
        .unwrap();
        Self {
            service: Service::new(config, accounts::service(&test, kit)),
            clock: test.clock.clone(),
            kind: test.database.kind(),
            test,
        }
    }

    /// A browser that has never been here.
    pub(crate) fn browser(&self) -> Browser {
        Browser {
            router: router(self.service.clone()),
            cookies: BTreeMap::new(),
            headers: Vec::new(),
            address: std::net::Ipv4Addr::new(10, 0, 0, 7).into(),
        }
    }

    /// An operator who is enrolled, by a link of the command line.
    pub(crate) async fn operator(&self, login: &str, roles: &[Role]) -> Person {
        let name = format!("Name of {login}");
        self.operator_by((login, &name), roles, None).await
    }

    /// The same with another name, and perhaps by a link that another operator made.
    pub(crate) async fn operator_by(
        &self,
        (login, name): (&str, &str),
        roles: &[Role],
        by: Option<OperatorId>,
    ) -> Person {
        let (tx, now, rng) = (self.service.store().read(), self.clock.now(), self.service.rng());
        let (id, link) = (OperatorId::new(now, rng), Token::generate(rng));
        let roles: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
        let new = NewOperator {
            id,
            login,
            name,
            roles: &roles,
            language: Language::En,
            link: Link {
                hash: link.hash(),
                expires_at: now + TimeDelta::hours(1),
                by,
            },
            now,
        };
        operators::create(&tx, &new).await.unwrap();
        let typed = account::password::Password::typed(PASSWORD).unwrap();
        let hashed = self.service.account().hashing().hash(&typed).await.unwrap();
        let chosen = operators::choose_password(&tx, (id, &link.hash()), hashed.as_str(), now).await;
        assert!(chosen.unwrap());
        let totp = Totp {
            secret: totp::new_secret(rng),
            step: totp::step_at(now) - 5,
        };
        assert!(
            operators::finish_enrolling(&tx, id, Some(&totp), now)
                .await
                .unwrap()
        );
        Person {
            id,
            login: login.to_owned(),
            secret: totp.secret.to_vec(),
        }
    }

    /// A browser in which an operator with these roles has just signed in.
    pub(crate) async fn signed_in(&self, login: &str, roles: &[Role]) -> (Browser, Person) {
        let person = self.operator(login, roles).await;
        (self.browser_of(&person).await, person)
    }

    /// A browser in which an operator has just signed in.
    pub(crate) async fn browser_of(&self, person: &Person) -> Browser {
        let (now, rng) = (self.clock.now(), self.service.rng());
        let token = Token::generate(rng);
        let new = NewSignIn {
            id: OperatorSessionId::new(now, rng),
            token_hash: token.hash(),
            operator: Some(person.id),
            stage: Stage::Full,
            now,
            expires_at: now + TimeDelta::hours(12),
        };
        signins::create(&self.service.store().read(), &new).await.unwrap();
        let mut browser = self.browser();
        browser
            .cookies
            .insert(COOKIE_NAME.to_owned(), token.expose().to_owned());
        browser
    }

    /// The code that a person's application shows now.
    pub(crate) fn code(&self, person: &Person) -> String {
        totp::code_at(&person.secret, self.clock.now())
    }

    /// Lets time go by.
    pub(crate) fn wait(&self, seconds: i64) {
        self.clock.advance(TimeDelta::seconds(seconds));
    }
}

/// What a browser sees.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) status: StatusCode,
    pub(crate) location: Option<String>,
    pub(crate) set_cookie: Vec<String>,
    pub(crate) body: String,
    pub(crate) bytes: Vec<u8>,
}

impl Seen {
    /// The value of a hidden field in the main part of the page.
    pub(crate) fn hidden(&self, name: &str) -> Option<String> {
        hidden(self.main(), name)
    }

    /// The page without header and navigation.
    pub(crate) fn main(&self) -> &str {
        self.body
            .split_once("<main")
            .map_or(self.body.as_str(), |(_, main)| main)
    }

    /// The codes of the errors at the fields.
    pub(crate) fn errors(&self) -> Vec<&str> {
        let after = self.body.split("data-error=\"").skip(1);
        after.filter_map(|rest| rest.split('"').next()).collect()
    }

    /// The name of the page.
    pub(crate) fn page(&self) -> Option<&str> {
        self.body.split_once("data-page=\"")?.1.split('"').next()
    }

    /// The form that is sent to an address.
    pub(crate) fn form(&self, action: &str) -> Option<&str> {
        let (_, rest) = self.body.split_once(&format!("action=\"{action}\""))?;
        rest.split("</form>").next()
    }
}

fn hidden(html: &str, name: &str) -> Option<String> {
    let (_, rest) = html.split_once(&format!("type=\"hidden\" name=\"{name}\" value=\""))?;
    rest.split('"').next().map(str::to_owned)
}

/// A browser without script.
#[derive(Clone)]
pub(crate) struct Browser {
    router: Router,
    pub(crate) cookies: BTreeMap<String, String>,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) address: std::net::IpAddr,
}

impl Browser {
    pub(crate) async fn get(&mut self, path: &str) -> Seen {
        let request = self.request(Request::get(path)).body(Body::empty()).unwrap();
        self.send(request).await
    }

    /// Follows redirects until there is a page.
    pub(crate) async fn follow(&mut self, seen: Seen) -> Seen {
        let mut seen = seen;
        for _ in 0..5 {
            match seen.location.take() {
                Some(path) if seen.status.is_redirection() => seen = self.get(&path).await,
                _ => return seen,
            }
        }
        seen
    }

    /// Sends the form of a page that leads to this path: its hidden fields with the given ones.
    pub(crate) async fn post(&mut self, path: &str, seen: &Seen, fields: &[(&str, &str)]) -> Seen {
        let form = seen
            .form(path)
            .unwrap_or_else(|| panic!("no form to {path} in {}", seen.body));
        let names = ["csrf", "return_to", "token", "credential"];
        let given = |name: &str| fields.iter().any(|(given, _)| *given == name);
        let hidden = names.iter().filter(|name| !given(name));
        let hidden: Vec<(&str, String)> = hidden
            .filter_map(|name| Some((*name, hidden_in(form, name)?)))
            .collect();
        let pairs = hidden.iter().map(|(name, value)| (*name, value.as_str()));
        let pairs: Vec<_> = pairs.chain(fields.iter().copied()).collect();
        self.post_raw(path, &pairs).await
    }

    /// Sends exactly these fields.
    pub(crate) async fn post_raw(&mut self, path: &str, fields: &[(&str, &str)]) -> Seen {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let request = self.request(Request::post(path));
        let request = request
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(body));
        self.send(request.unwrap()).await
    }

    fn request(&self, builder: axum::http::request::Builder) -> axum::http::request::Builder {
        let pairs = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
        let pairs: Vec<_> = pairs.collect();
        let builder = builder
            .header(COOKIE, pairs.join("; "))
            .header("accept-language", "en");
        self.headers
            .iter()
            .fold(builder, |builder, (name, value)| builder.header(*name, value))
    }

    pub(crate) async fn send(&mut self, mut request: Request<Body>) -> Seen {
        request.extensions_mut().insert(ClientAddress(self.address));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let lines = response.headers().get_all(SET_COOKIE).iter();
        let set_cookie: Vec<String> = lines.map(|line| line.to_str().unwrap().to_owned()).collect();
        for line in &set_cookie {
            let (name, rest) = line.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            if line.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let location = response.headers().get(LOCATION);
        let location = location.map(|value| value.to_str().unwrap().to_owned());
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), 8 << 20).await.unwrap();
        Seen {
            status,
            location,
            set_cookie,
            body: String::from_utf8_lossy(&body).into_owned(),
            bytes: body.to_vec(),
        }
    }

    /// Signs in with password and code.
    pub(crate) async fn sign_in(&mut self, world: &World, person: &Person) -> Seen {
        let seen = self.give_password(&person.login, PASSWORD).await;
        let page = self.follow(seen).await;
        let code = world.code(person);
        self.post("/operator/sign-in/code", &page, &[("code", &code)])
            .await
    }

    /// Gives login and password.
    pub(crate) async fn give_password(&mut self, login: &str, password: &str) -> Seen {
        let page = self.get("/operator/sign-in").await;
        let fields = [("login", login), ("password", password)];
        self.post("/operator/sign-in", &page, &fields).await
    }
}

fn hidden_in(form: &str, name: &str) -> Option<String> {
    hidden(form, name)
}
