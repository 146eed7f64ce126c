//! A provider on a fresh database with one resident, for the tests of this crate.

mod agreed;
mod holder;
mod keys;
mod outside;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Request, StatusCode};
use model::authn::{Method, Methods};
use model::citizen_id::CitizenId;
use model::client::{AccountKind, Client};
use model::clock::Clock;
use model::evidence::{Evidence, SourceId};
use model::ids::{AccountId, ClientId, EvidenceId, GrantId, SessionId};
use model::ladder::Level;
use model::language::{Language, LocalizedText};
use model::person_name::PersonName;
use model::phone::Phone;
use model::scope::{Scope, ScopeSet};
use model::secret::{Token, TokenHash};
use serde_json::Value;
use store::Store;
use store::accounts::NewAccount;
use store::clients::StoredClient;
use store::codes::{CodeDetails, NewCode, RequestedClaims};
use store::evidence::NewEvidence;
use store::grants::Grant;
use store::sessions::NewSession;
use store::testing::TestStore;
use tower::ServiceExt as _;
use web::Kit;

use crate::{Config, Service};

pub use agreed::rules;
pub use holder::Holder;
pub use keys::generate;
pub use outside::outbound;

pub const SECRET: &str = "a secret of 256 random bits";
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub const NAME: &str = "王小明";
pub const CITIZEN_ID: &str = "11010519491231002X";

/// A sub-site of its own sector with `client_secret_basic` and every scope that is about the person.
pub fn client(id: &str) -> Client {
    let text = || LocalizedText::new("合肥", "Hefei", "Hợp Phì");
    let about_the_person = || {
        Scope::OFFERED
            .into_iter()
            .filter(|scope| *scope != Scope::OfflineAccess)
    };
    let document = serde_json::json!({
        "client_id": id, "name": text(), "agency": text(), "sector": format!("sector-of-{id}"),
        "redirect_uris": [redirect_uri(id)], "auth_method": "client_secret_basic", "scopes": [],
    });
    Client {
        scopes: about_the_person().collect(),
        purpose: about_the_person().map(|scope| (scope, text())).collect(),
        ..serde_json::from_value(document).unwrap()
    }
}

pub fn redirect_uri(id: &str) -> String {
    format!("https://{id}.example/callback")
}

/// A provider, its database and one resident at level 1 with one sign-in.
pub struct World {
    pub service: Service,
    pub store: Store,
    pub clock: Clock,
    pub account: AccountId,
    pub session: SessionId,
    pub grant: GrantId,
    router: Router,
    pub test: Arc<TestStore>,
}

/// On SQLite.
pub async fn world() -> World {
    worlds().await.swap_remove(0)
}

/// On each database at hand.
pub async fn worlds() -> Vec<World> {
    worlds_with(Config::default()).await
}

/// On each database at hand, with other settings.
pub async fn worlds_with(config: Config) -> Vec<World> {
    let mut worlds = Vec::new();
    for test in store::testing::stores().await {
        worlds.push(World::new(test, config.clone()).await);
    }
    worlds
}

/// On SQLite, with other settings.
pub async fn world_with(config: Config) -> World {
    World::new(store::testing::stores().await.swap_remove(0), config).await
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub json: Value,
}

impl Answer {
    pub fn error(&self) -> &str {
        self.json["error"].as_str().unwrap_or("no error")
    }
}

impl World {
    async fn new(test: TestStore, config: Config) -> Self {
        let (store, clock) = (test.store.clone(), test.clock.clone());
        let kit = Kit::for_tests(&[crate::MESSAGES, account::MESSAGES], clock.clone()).unwrap();
        let service = Service::new(config, store.clone(), kit, rules(), outbound())
            .await
            .unwrap();
        let now = clock.now();
        let world = Self {
            router: crate::router(service.clone()),
            service,
            account: AccountId::new(now, store.rng()),
            session: SessionId::new(now, store.rng()),
            grant: GrantId::new(now, store.rng()),
            store,
            clock,
            test: Arc::new(test),
        };
        world.register_resident().await;
        for id in ["hefei", "wuhu"] {
            world.apply(client(id)).await;
            world.decide(id, Scope::OFFERED).await;
        }
        world
    }

    /// The names of everything in the audit log.
    pub async fn audited(&self) -> Vec<String> {
        let rows = self.test.audited().await.unwrap();
        rows.into_iter().map(|(event, ..)| event).collect()
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Another node on the same database.
    pub async fn other_node(&self) -> Router {
        let kit = self.service.kit().clone();
        crate::router(
            Service::new(
                self.service.config().clone(),
                self.store.clone(),
                kit,
                rules(),
                outbound(),
            )
            .await
            .unwrap(),
        )
    }

    pub fn node(&self) -> Router {
        self.router.clone()
    }

    async fn register_resident(&self) {
        let (tx, now) = (self.store.read(), self.now());
        let new = NewAccount {
            id: self.account,
            kind: AccountKind::Resident,
            language: Language::ZhCn,
            phone: Phone::parse("13800138000").unwrap(),
            created_at: now,
        };
        store::accounts::create(&tx, &new).await.unwrap();
        self.accept_agreement(self.account).await;
        let number = CitizenId::parse_strict(CITIZEN_ID, now.date_naive()).unwrap();
        let name = PersonName::parse(NAME).unwrap();
        store::accounts::set_identity(&tx, self.account, (&name, &number), now)
            .await
            .unwrap();
        self.prove("phone_sms").await;
        self.clock.advance(TimeDelta::days(3));
        self.prove("population_register").await;
        let now = self.now();
        let session = NewSession {
            id: self.session,
            token_hash: Token::generate(self.store.rng()).hash(),
            account: self.account,
            methods: Methods::new([Method::Password, Method::Sms]),
            public_computer: false,
            now,
            expires_at: now + TimeDelta::hours(12),
            device: "a browser".to_owned(),
        };
        store::sessions::create(&tx, &session).await.unwrap();
    }

    /// A resident with nothing but a phone.
    pub async fn another_resident(&self, phone: &str) -> AccountId {
        let new = NewAccount {
            id: AccountId::new(self.now(), self.store.rng()),
            kind: AccountKind::Resident,
            language: Language::En,
            phone: Phone::parse(phone).unwrap(),
            created_at: self.now(),
        };
        store::accounts::create(&self.store.read(), &new).await.unwrap();
        self.accept_agreement(new.id).await;
        new.id
    }

    pub async fn prove(&self, source: &str) {
        self.prove_with(source, None, model::evidence::Details::default())
            .await;
    }

    pub async fn prove_with(
        &self,
        source: &str,
        case: Option<model::ids::CaseId>,
        details: model::evidence::Details,
    ) -> EvidenceId {
        let source = SourceId::parse(source).unwrap();
        let now = self.now();
        let expires_at = self.service.ladder().expiry(&source, now);
        let id = EvidenceId::new(now, self.store.rng());
        let evidence = Evidence {
            id,
            source,
            issued_at: now,
            expires_at,
            ended_at: None,
        };
        let new = NewEvidence {
            evidence,
            account: self.account,
            reference: None,
            case,
            details,
        };
        store::evidence::record(&self.store.read(), &new).await.unwrap();
        id
    }

    /// Registers or changes a sub-site whose secret is [`SECRET`].
    pub async fn apply(&self, client: Client) {
        let secret_hash = client.auth_method.uses_secret().then(|| TokenHash::of(SECRET));
        let stored = StoredClient::new(client, secret_hash);
        store::clients::put(&self.store.read(), &stored, self.now())
            .await
            .unwrap();
        self.service.refresh().await.unwrap();
    }

    /// The resident allows a sub-site some scopes.
    pub async fn decide(&self, id: &str, scopes: impl IntoIterator<Item = Scope>) -> GrantId {
        let allowed: ScopeSet = scopes.into_iter().collect();
        let grant = Grant {
            id: GrantId::new(self.now(), self.store.rng()),
            client_id: ClientId::parse(id).unwrap(),
            asked: allowed.clone(),
            allowed,
            receipt: Value::Null,
            created_at: self.now(),
            revoked_at: None,
        };
        let tx = self.store.read();
        store::grants::put(&tx, self.account, &grant).await.unwrap();
        // As the page does on which the resident decides.
        if let Some(site) = self.service.client(&grant.client_id) {
            let subject = self.service.subject(&site.client, self.account);
            store::grants::note_subject(&tx, grant.id, &subject)
                .await
                .unwrap();
        }
        grant.id
    }

    pub fn details(&self, scopes: impl IntoIterator<Item = Scope>) -> CodeDetails {
        let methods = Methods::new([Method::Password, Method::Sms]);
        CodeDetails {
            scopes: scopes.into_iter().collect(),
            nonce: Some("n-0S6_WzA2Mj".to_owned()),
            acr: Level::new(1).unwrap(),
            acr_essential: false,
            identity_level: Level::new(1).unwrap(),
            strength: methods.strength(),
            methods,
            auth_time: self.now() - TimeDelta::minutes(5),
            auth_time_requested: false,
            claims: RequestedClaims::default(),
            grant: Some(self.grant),
            jkt: None,
            resources: Vec::new(),
        }
    }

    pub async fn issue(&self, id: &str, details: &CodeDetails) -> String {
        self.issue_with(id, details, Some(CHALLENGE)).await
    }

    pub async fn issue_with(&self, id: &str, details: &CodeDetails, challenge: Option<&str>) -> String {
        let code = Token::generate(self.store.rng());
        let new = NewCode {
            code: &code,
            client_id: &ClientId::parse(id).unwrap(),
            account: self.account,
            session: self.session,
            redirect_uri: &redirect_uri(id),
            code_challenge: challenge,
            details,
            now: self.now(),
            expires_at: self.now() + self.service.code_life(),
        };
        store::codes::issue(&self.store.read(), &new).await.unwrap();
        code.expose().to_owned()
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        let json = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Answer {
            status: parts.status,
            headers: parts.headers,
            json,
        }
    }

    /// A token request: `authorization` is the header's value, `fields` the form.
    pub async fn token(&self, authorization: Option<&str>, fields: &[(&str, &str)]) -> Answer {
        self.send(token_request(authorization, fields)).await
    }

    /// Redeems a code as the client does that it was issued to.
    pub async fn redeem(&self, id: &str, code: &str) -> Answer {
        self.token(Some(&basic(id, SECRET)), &fields(id, code)).await
    }

    pub async fn userinfo(&self, token: &str) -> Answer {
        let request = Request::get("/userinfo").header("authorization", format!("Bearer {token}"));
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }
}

pub fn token_request(authorization: Option<&str>, fields: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::post("/token").header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    if let Some(authorization) = authorization {
        request = request.header("authorization", authorization);
    }
    request
        .body(Body::from(serde_urlencoded::to_string(fields).unwrap()))
        .unwrap()
}

pub fn basic(id: &str, secret: &str) -> String {
    let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", encode(id), encode(secret));
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
}

/// The form that redeems a code; `redirect_uri` leaks a few bytes, as tests may.
pub fn fields<'a>(id: &str, code: &'a str) -> [(&'static str, &'a str); 4] {
    let redirect: &'static str = Box::leak(redirect_uri(id).into_boxed_str());
    [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", redirect),
        ("code_verifier", VERIFIER),
    ]
}

/// The claims of a token, unverified.
pub fn claims(jwt: &str) -> Value {
    let payload = jwt.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}
