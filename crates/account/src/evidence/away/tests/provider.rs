//! An OpenID provider at the end of a real connection, which is good or wrong as a test wants it, and journeys to it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use jose::key::PrivateKey;
use jose::sign::craft;
use model::clock::Clock;
use model::rng::Rng;
use model::secret::Sensitive;
use serde_json::{Map, Value, json};

use super::*;
use crate::evidence::port::{Definition, Outside};
use crate::evidence::sources;

/// What the provider does.
#[derive(Default)]
pub(super) struct Script {
    /// Claims of the identity token that are changed; null takes one away.
    pub(super) claims: Map<String, Value>,
    /// The header's algorithm, where the token says another than it is signed with.
    pub(super) header: Option<Value>,
    /// Signs with a key that is not published.
    pub(super) other_key: bool,
    pub(super) user: Value,
    pub(super) metadata: Map<String, Value>,
    pub(super) token_status: Option<u16>,
    pub(super) hangs: bool,
    /// What the token endpoint was sent, and with which authorization.
    pub(super) asked: Vec<(String, String)>,
    /// How often metadata were read.
    pub(super) read: u32,
    pub(super) nonce: String,
}

pub(super) struct Inner {
    pub(super) url: Mutex<String>,
    pub(super) key: PrivateKey,
    pub(super) other: PrivateKey,
    pub(super) clock: Clock,
    pub(super) script: Mutex<Script>,
}

/// A provider at the end of a real connection.
#[derive(Clone)]
pub(super) struct Provider(pub(super) Arc<Inner>);

impl Provider {
    pub(super) async fn start(clock: &Clock) -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let key = || PrivateKey::generate(model::client::SigningAlg::Es256).unwrap();
        let provider = Self(Arc::new(Inner {
            url: Mutex::new(format!("http://{}", listener.local_addr().unwrap())),
            key: key(),
            other: key(),
            clock: clock.clone(),
            script: Mutex::default(),
        }));
        let router = axum::Router::new()
            .route("/.well-known/openid-configuration", get(metadata))
            .route("/jwks", get(jwks))
            .route("/token", post(token))
            .route("/user", get(user))
            .with_state(provider.clone());
        #[expect(clippy::disallowed_methods, reason = "the other end of a test's connection")]
        tokio::spawn(async move { axum::serve(listener, router).await });
        provider
    }

    pub(super) fn url(&self) -> String {
        self.0.url.lock().unwrap().clone()
    }

    pub(super) fn set(&self, change: impl FnOnce(&mut Script)) {
        change(&mut self.0.script.lock().unwrap());
    }
}

async fn metadata(State(provider): State<Provider>) -> String {
    let url = provider.url();
    let mut document = json!({
        "issuer": url,
        "authorization_endpoint": format!("{url}/authorize"),
        "token_endpoint": format!("{url}/token"),
        "userinfo_endpoint": format!("{url}/user"),
        "jwks_uri": format!("{url}/jwks"),
        "authorization_response_iss_parameter_supported": true,
    });
    let mut script = provider.0.script.lock().unwrap();
    script.read += 1;
    change(&mut document, &script.metadata);
    document.to_string()
}

fn change(document: &mut Value, changes: &Map<String, Value>) {
    let object = document.as_object_mut().unwrap();
    for (name, value) in changes {
        if value.is_null() {
            object.remove(name);
        } else {
            object.insert(name.clone(), value.clone());
        }
    }
}

async fn jwks(State(provider): State<Provider>) -> String {
    json!({ "keys": [provider.0.key.public().to_value()] }).to_string()
}

async fn token(State(provider): State<Provider>, headers: HeaderMap, body: String) -> (StatusCode, String) {
    let hangs = provider.0.script.lock().unwrap().hangs;
    if hangs {
        std::future::pending::<()>().await;
    }
    let mut script = provider.0.script.lock().unwrap();
    let shown = headers
        .get("authorization")
        .map(|value| value.to_str().unwrap().to_owned());
    script.asked.push((body, shown.unwrap_or_default()));
    if let Some(status) = script.token_status {
        return (
            StatusCode::from_u16(status).unwrap(),
            json!({ "error": "invalid_grant" }).to_string(),
        );
    }
    let now = provider.0.clock.now().timestamp();
    let mut claims = json!({
        "iss": provider.url(), "sub": "them", "aud": "denizen", "exp": now + 300, "iat": now, "auth_time": now,
        "nonce": script.nonce, "name": NAME, "citizen_id": NUMBER, "acr": "real-person",
    });
    change(&mut claims, &script.claims);
    let key = if script.other_key {
        &provider.0.other
    } else {
        &provider.0.key
    };
    let header = script
        .header
        .clone()
        .unwrap_or_else(|| json!({ "alg": "ES256", "kid": provider.0.key.kid() }));
    let token = craft(key, &header.to_string(), &claims.to_string()).unwrap();
    let document = json!({ "access_token": "at-1", "token_type": "Bearer", "id_token": token });
    (StatusCode::OK, document.to_string())
}

async fn user(State(provider): State<Provider>, headers: HeaderMap) -> (StatusCode, String) {
    let good = headers
        .get("authorization")
        .is_some_and(|value| value == "Bearer at-1");
    let status = if good {
        StatusCode::OK
    } else {
        StatusCode::UNAUTHORIZED
    };
    (status, provider.0.script.lock().unwrap().user.to_string())
}

fn outside(clock: &Clock) -> Outside {
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none());
    Outside {
        client: client.build().unwrap(),
        base_url: Url::parse("https://id.example").unwrap(),
        clock: clock.clone(),
        rng: Rng::system(),
    }
}

pub(super) fn entry(url: &str, settings: &str) -> Entry {
    Entry {
        url: Some(Url::parse(url).unwrap()),
        key: Some(Sensitive::new("secret-1".to_owned())),
        time_limit: Duration::from_secs(3),
        settings: toml::from_str(settings).unwrap(),
        ..Entry::default()
    }
}

pub(super) fn connect(source: &Definition, entry: &Entry, clock: &Clock) -> Result<Arc<dyn Away>, String> {
    match (source.connect)(entry, &outside(clock))? {
        Adapter::Away(away) => Ok(away),
        other => panic!("{other:?}"),
    }
}

pub(super) const PARTNER: &str =
    "partner = { zh-CN = '甲', en = 'A', vi = 'A' }\npartner_id = 'a'\nclient_id = 'denizen'\n";

pub(super) fn bank(provider: &Provider, clock: &Clock) -> Arc<dyn Away> {
    let settings = format!("kind = 'oidc'\n{PARTNER}");
    connect(
        &sources::trusted_sign_in::SOURCE,
        &entry(&provider.url(), &settings),
        clock,
    )
    .unwrap()
}

pub(super) fn province(provider: &Provider, clock: &Clock) -> Arc<dyn Away> {
    let settings = format!("{PARTNER}levels = {{ 'real-person' = 3, 'in-person' = 4, 'real-name' = 1 }}\n");
    let source = &sources::other_province_level_3::SOURCE;
    connect(source, &entry(&provider.url(), &settings), clock).unwrap()
}

/// What is brought back, as parameters; `ISS` stands for the provider's own name.
pub(super) type Brought<'a> = &'a [(&'a str, &'a str)];

pub(super) const GOOD: Brought<'static> = &[("code", "c-1"), ("iss", "ISS")];

pub(super) struct Trip {
    pub(super) to: BTreeMap<String, String>,
    pub(super) arrived: Result<Arrival, Astray>,
}

/// There and back.
pub(super) async fn trip(provider: &Provider, party: &dyn Away, brought: Brought<'_>) -> Trip {
    let return_to = Url::parse("https://id.example/verify/x/back").unwrap();
    let traveller = Traveller {
        state: "state-1",
        return_to: &return_to,
        stated: None,
        language: "vi",
    };
    let departure = party.leave(&traveller).await.unwrap();
    let to: BTreeMap<String, String> = departure.to.query_pairs().into_owned().collect();
    provider.set(|script| script.nonce.clone_from(&to["nonce"]));
    let url = provider.url();
    let real = |value: &&str| {
        if *value == "ISS" {
            url.clone()
        } else {
            (*value).to_owned()
        }
    };
    let parameters = brought
        .iter()
        .map(|(name, value)| ((*name).to_owned(), real(value)))
        .collect();
    let back = Back {
        parameters: &parameters,
        kept: &departure.kept,
        return_to: &return_to,
        stated: None,
    };
    Trip {
        arrived: party.arrive(&back).await,
        to,
    }
}

pub(super) fn clock() -> Clock {
    Clock::manual(store::testing::start_time())
}
