//! A world with the clients that the plans want.

use std::sync::Arc;

use acceptance::clients::{Key, Proof, TestClient};
use acceptance::journey::allow;
use acceptance::party::{Ask, Party, TokenAnswer, answer, assertion_fields, random_text};
use acceptance::relying::Registration;
use acceptance::visitor::Visitor;
use acceptance::world::{Kind, Setup, World};
use jose::key::PrivateKey;
use jose::sign::craft;
use model::client::SigningAlg;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

static SUITES: [OnceCell<Arc<Suite>>; 2] = [OnceCell::const_new(), OnceCell::const_new()];

/// What the plans' clients may ask for.
const SCOPES: &str = r#"["openid", "profile", "phone", "real_name", "assurance", "offline_access"]"#;

/// A world, and the keys of its clients.
pub(super) struct Suite {
    pub(super) world: World,
    pub(super) keys: Vec<(String, PrivateKey)>,
}

impl Suite {
    /// One for each kind of database, shared by tests with people of their own.
    pub(super) async fn all() -> Vec<Arc<Self>> {
        let mut all = Vec::new();
        for (kind, cell) in Kind::all().into_iter().zip(&SUITES) {
            let suite = cell.get_or_init(|| async { Arc::new(Self::start(kind, None).await) });
            all.push(Arc::clone(suite.await));
        }
        all
    }

    /// The same for what has nothing to do with the database.
    pub(super) async fn any() -> Arc<Self> {
        Self::all().await.swap_remove(0)
    }

    /// One with a clock of its own.
    pub(super) async fn with_own_clock(kind: Kind) -> Self {
        Self::start(kind, Some(())).await
    }

    async fn start(kind: Kind, own_clock: Option<()>) -> Self {
        let mut setup = Setup::new(kind)
            .with("[provider]\npublic_subjects = true\n[provider.registration]\nenabled = true\n");
        if own_clock.is_some() {
            setup = setup.with_own_clock();
        }
        let plain = |id: &str, method| {
            registration(id, method)
                .with("grant_types = [\"authorization_code\", \"refresh_token\"]")
                .with("code_protection = \"nonce\"\nid_token_signed_response_alg = \"RS256\"")
        };
        let mut clients = Vec::new();
        for (id, method) in [
            ("plan-basic", "client_secret_basic"),
            ("plan-second", "client_secret_post"),
        ] {
            let registration = plain(id, method);
            let secret = registration.secret().expect("a secret");
            let proof = match method {
                "client_secret_basic" => Proof::Basic(secret),
                _ => Proof::Post(secret),
            };
            setup = registration.apply(setup);
            clients.push(TestClient::registered(id, &redirect_uri(id), proof, true));
        }
        let mut keys = Vec::new();
        for id in ["fapi-first", "fapi-second", "plan-object"] {
            let key = PrivateKey::generate(SigningAlg::Es256).expect("a key");
            let mut registration = registration(id, "private_key_jwt").with_key(key.public().to_value());
            if id.starts_with("fapi") {
                registration = registration
                    .with("profile = \"fapi2-security\"")
                    .with("grant_types = [\"authorization_code\", \"refresh_token\"]");
            } else {
                registration = registration.with_scopes("[\"openid\", \"assurance\"]");
            }
            setup = registration.apply(setup);
            clients.push(TestClient::registered(
                id,
                &redirect_uri(id),
                Proof::Key(Key::new()),
                false,
            ));
            keys.push((id.to_owned(), key));
        }
        let mut world = setup.start().await;
        world.clients.extend(clients);
        Self { world, keys }
    }

    /// A client's key.
    pub(super) fn key(&self, client: &str) -> &PrivateKey {
        let found = self.keys.iter().find(|(id, _)| id == client);
        &found.expect("a client with a key").1
    }

    /// What a client with a key says of itself; `change` may spoil it.
    pub(super) fn assertion(
        &self,
        client: &str,
        change: impl FnOnce(&mut Value, &mut Value),
    ) -> Vec<(String, String)> {
        let now = self.now();
        let mut header = json!({ "alg": "ES256", "kid": self.key(client).kid() });
        let mut claims = json!({
            "iss": client, "sub": client, "aud": self.world.issuer, "jti": random_text(),
            "iat": now, "nbf": now, "exp": now + 60,
        });
        change(&mut header, &mut claims);
        let jwt = craft(self.key(client), &header.to_string(), &claims.to_string()).expect("a signature");
        assertion_fields(&jwt)
    }

    /// What the provider's clock says.
    pub(super) fn now(&self) -> i64 {
        self.world.clock.now().timestamp()
    }

    /// The document of discovery.
    pub(super) async fn metadata(&self) -> Value {
        let url = self.world.at("/.well-known/openid-configuration");
        answer(self.world.http.get(url)).await.body
    }
}

fn registration(id: &str, method: &'static str) -> Registration {
    Registration::new(id, &format!("https://{id}.site.example"), method).with_scopes(SCOPES)
}

fn redirect_uri(id: &str) -> String {
    format!("https://{id}.site.example/callback")
}

/// The request of a plan without PKCE.
pub(super) fn plain(party: &Party) -> Ask {
    party
        .ask()
        .without("code_challenge")
        .without("code_challenge_method")
}

/// Takes a request to its tokens, agreeing where that is asked.
pub(super) async fn tokens(visitor: &mut Visitor, party: &Party, ask: &Ask) -> TokenAnswer {
    visitor.open(&ask.url()).await;
    if visitor.away.is_none() {
        allow(visitor).await;
    }
    let code = party.code(visitor, ask);
    let given = party.redeem(&code, ask).await;
    assert_eq!(given.status.as_u16(), 200, "{}", given.body);
    given
}

/// A token is at least 128 bits long and varied.
#[track_caller]
pub(super) fn is_unguessable(token: &str) {
    let different: std::collections::BTreeSet<char> = token.chars().collect();
    assert!(token.len() >= 22 && different.len() >= 12, "{token}");
    assert!(token.chars().all(|c| c.is_ascii_graphic()), "{token}");
}
