//! A program of a sub-site. It says exactly what it is told to say, right or wrong, and checks what it hears.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use jose::key_set::PublicKeySet;
use jose::verify::{Audience, Demand, Subject, Typ, Verification};
use model::client::SigningAlg;
use rand::Rng as _;
use reqwest::header::HeaderMap;
use reqwest::{Client, StatusCode};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::clients::{Proof, TestClient};
use crate::engine;
use crate::people::network_address;
use crate::visitor::Visitor;
use crate::world::World;

/// Random text of 43 characters, as good for a state as for a verifier.
pub fn random_text() -> String {
    let mut bytes = [0_u8; 32];
    rand::rng().fill_bytes(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The S256 challenge of a verifier (RFC 7636 section 4.2).
pub fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}

/// A program with its registration.
#[derive(Clone, Debug)]
pub struct Party {
    /// How it is registered.
    pub client: TestClient,
    /// The provider.
    pub issuer: String,
    /// Where the token endpoint is, as metadata say.
    pub token_endpoint: String,
    /// Where the userinfo endpoint is.
    pub userinfo_endpoint: String,
    /// The authorization endpoint.
    pub authorization_endpoint: String,
    /// The network address that the provider sees.
    pub address: String,
    http: Client,
}

/// An authorization request, and what must be remembered until it is answered.
#[derive(Clone, Debug)]
pub struct Ask {
    endpoint: String,
    /// Its parameters, in order.
    pub parameters: Vec<(String, String)>,
    /// The PKCE verifier.
    pub verifier: String,
    /// The state.
    pub state: String,
    /// The nonce.
    pub nonce: String,
}

impl Ask {
    /// Sets a parameter, in place of one of that name.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        match self.parameters.iter_mut().find(|(other, _)| other == name) {
            Some((_, old)) => value.clone_into(old),
            None => self.parameters.push((name.to_owned(), value.to_owned())),
        }
        self
    }

    /// Adds a parameter, even if it is there.
    pub fn also(mut self, name: &str, value: &str) -> Self {
        self.parameters.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Leaves a parameter out.
    pub fn without(mut self, name: &str) -> Self {
        self.parameters.retain(|(other, _)| other != name);
        self
    }

    /// Demands a level: that or an error.
    pub fn demanding(self, level: u8) -> Self {
        let acr = format!("urn:denizen:loa:{level}");
        let claims = serde_json::json!({ "id_token": { "acr": { "essential": true, "values": [acr] } } });
        self.with("claims", &claims.to_string())
    }

    /// The address to send the browser to.
    pub fn url(&self) -> String {
        let mut url = Url::parse(&self.endpoint).expect("an address");
        url.query_pairs_mut().extend_pairs(&self.parameters);
        url.to_string()
    }
}

/// What the token endpoint answered.
#[derive(Clone, Debug)]
pub struct TokenAnswer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The document; null when it was none.
    pub body: Value,
}

impl TokenAnswer {
    /// The error's code.
    pub fn error(&self) -> &str {
        self.body["error"].as_str().unwrap_or("none")
    }

    /// The access token.
    #[track_caller]
    pub fn access_token(&self) -> &str {
        self.body["access_token"]
            .as_str()
            .unwrap_or_else(|| panic!("no access token: {} {}", self.status, self.body))
    }

    /// The ID token.
    #[track_caller]
    pub fn id_token(&self) -> &str {
        self.body["id_token"]
            .as_str()
            .unwrap_or_else(|| panic!("no ID token: {} {}", self.status, self.body))
    }

    /// Fails unless this is the error, said the way RFC 6749 section 5.2 wants it.
    #[track_caller]
    pub fn is_error(&self, status: u16, error: &str) {
        assert_eq!(
            (self.status.as_u16(), self.error()),
            (status, error),
            "{}",
            self.body
        );
        self.is_careful();
        let fields: Vec<&String> = self.body.as_object().expect("an object").keys().collect();
        let known = ["error", "error_description", "error_uri"];
        assert!(
            fields.iter().all(|name| known.contains(&name.as_str())),
            "{fields:?}"
        );
    }

    /// Fails unless nobody may keep the answer.
    #[track_caller]
    pub fn is_careful(&self) {
        assert_eq!(self.headers["cache-control"], "no-store");
        assert_eq!(
            self.headers["content-type"].to_str().unwrap().split(';').next(),
            Some("application/json")
        );
    }
}

impl Party {
    /// One of the world's programs, by its name there.
    pub fn new(world: &World, client_id: &str) -> Self {
        let client = world.clients.iter().find(|client| client.id == client_id);
        Self {
            client: client
                .unwrap_or_else(|| panic!("no client {client_id} in this world"))
                .clone(),
            issuer: world.issuer.clone(),
            token_endpoint: format!("{}/token", world.issuer),
            userinfo_endpoint: format!("{}/userinfo", world.issuer),
            authorization_endpoint: format!("{}/authorize", world.issuer),
            address: network_address(),
            http: world.http.clone(),
        }
    }

    /// An ordinary request: code, PKCE, state, nonce, and nothing but who it is.
    pub fn ask(&self) -> Ask {
        let (verifier, state, nonce) = (random_text(), random_text(), random_text());
        let mut ask = Ask {
            endpoint: self.authorization_endpoint.clone(),
            parameters: Vec::new(),
            verifier,
            state,
            nonce,
        };
        for (name, value) in [
            ("response_type", "code".to_owned()),
            ("client_id", self.client.id.clone()),
            ("redirect_uri", self.client.redirect_uri.clone()),
            ("scope", "openid".to_owned()),
            ("state", ask.state.clone()),
            ("nonce", ask.nonce.clone()),
            ("code_challenge", challenge(&ask.verifier)),
            ("code_challenge_method", "S256".to_owned()),
        ] {
            ask.parameters.push((name.to_owned(), value));
        }
        ask
    }

    /// The code that an answer brings, after looking at the rest of it.
    #[track_caller]
    pub fn code(&self, visitor: &Visitor, ask: &Ask) -> String {
        let answer = visitor.answer();
        assert!(
            visitor
                .away
                .as_ref()
                .unwrap()
                .as_str()
                .starts_with(&self.client.redirect_uri)
        );
        assert_eq!(answer.get("iss"), Some(&self.issuer), "{answer:?}");
        assert_eq!(answer.get("state"), Some(&ask.state), "{answer:?}");
        answer
            .get("code")
            .unwrap_or_else(|| panic!("no code: {answer:?}"))
            .clone()
    }

    /// Fails unless the answer is this error, back at the redirect address with state and issuer and nothing else.
    #[track_caller]
    pub fn is_refused(&self, visitor: &Visitor, ask: &Ask, error: &str) {
        let answer = visitor.answer();
        assert!(
            visitor
                .away
                .as_ref()
                .unwrap()
                .as_str()
                .starts_with(&self.client.redirect_uri)
        );
        assert_eq!(answer.get("error").map(String::as_str), Some(error), "{answer:?}");
        assert_eq!(answer.get("iss"), Some(&self.issuer), "{answer:?}");
        let sent = ask
            .parameters
            .iter()
            .filter(|(name, _)| name == "state")
            .collect::<Vec<_>>();
        if let [(_, state)] = sent.as_slice() {
            assert_eq!(answer.get("state"), Some(state), "{answer:?}");
        }
        let known = ["error", "error_description", "error_uri", "state", "iss"];
        assert!(
            answer.keys().all(|name| known.contains(&name.as_str())),
            "{answer:?}"
        );
        let description = answer
            .get("error_description")
            .map(String::as_str)
            .unwrap_or_default();
        let fit = |c: char| matches!(c, ' '..='!' | '#'..='[' | ']'..='~');
        assert!(description.chars().all(fit), "{description}");
    }

    /// The fields of an ordinary redemption.
    pub fn redemption(&self, code: &str, ask: &Ask) -> Vec<(String, String)> {
        let mut fields = vec![
            ("grant_type".to_owned(), "authorization_code".to_owned()),
            ("code".to_owned(), code.to_owned()),
            ("redirect_uri".to_owned(), self.client.redirect_uri.clone()),
        ];
        if ask.parameters.iter().any(|(name, _)| name == "code_challenge") {
            fields.push(("code_verifier".to_owned(), ask.verifier.clone()));
        }
        fields
    }

    /// Redeems a code as the registration says.
    pub async fn redeem(&self, code: &str, ask: &Ask) -> TokenAnswer {
        self.token(self.redemption(code, ask)).await
    }

    /// Asks the token endpoint with the proof that is registered.
    pub async fn token(&self, mut fields: Vec<(String, String)>) -> TokenAnswer {
        let mut headers = Vec::new();
        match &self.client.proof {
            Proof::Basic(secret) => {
                headers.push(("authorization".to_owned(), basic(&self.client.id, secret)))
            }
            Proof::Post(secret) => {
                fields.push(("client_id".to_owned(), self.client.id.clone()));
                fields.push(("client_secret".to_owned(), secret.clone()));
            }
            Proof::Key(_) => fields.extend(self.assertion_fields(&self.assertion_claims(Utc::now()))),
            Proof::None => fields.push(("client_id".to_owned(), self.client.id.clone())),
        }
        self.token_with(&fields, &headers).await
    }

    /// Asks the token endpoint with exactly this.
    pub async fn token_with(&self, fields: &[(String, String)], headers: &[(String, String)]) -> TokenAnswer {
        let mut request = self.http.post(&self.token_endpoint).form(fields);
        request = request.header("x-forwarded-for", &self.address);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        answer(request).await
    }

    /// What a right assertion says (RFC 7523 section 3).
    pub fn assertion_claims(&self, now: DateTime<Utc>) -> Value {
        serde_json::json!({
            "iss": self.client.id, "sub": self.client.id, "aud": self.issuer, "jti": random_text(),
            "iat": now.timestamp(), "exp": now.timestamp() + 60,
        })
    }

    /// An assertion over claims, signed with the registered key, as fields.
    pub fn assertion_fields(&self, claims: &Value) -> Vec<(String, String)> {
        let Proof::Key(key) = &self.client.proof else {
            panic!("{} has no key", self.client.id)
        };
        assertion_fields(&key.sign(claims))
    }

    /// Signs nothing; answers what the userinfo endpoint says to a token.
    pub async fn userinfo(&self, access_token: &str) -> TokenAnswer {
        answer(self.http.get(&self.userinfo_endpoint).bearer_auth(access_token)).await
    }

    /// Checks an ID token with the provider's published keys and answers its claims.
    pub async fn claims(&self, id_token: &str, nonce: Option<&str>) -> Map<String, Value> {
        self.claims_at(id_token, nonce, Utc::now()).await
    }

    /// The same at another time.
    pub async fn claims_at(
        &self,
        id_token: &str,
        nonce: Option<&str>,
        now: DateTime<Utc>,
    ) -> Map<String, Value> {
        let jwks = engine::send(self.http.get(format!("{}/jwks.json", self.issuer)))
            .await
            .expect("keys");
        let keys = PublicKeySet::from_json(&jwks.bytes().await.expect("keys")).expect("a key set");
        let algs: &[SigningAlg] = if self.client.rs256 {
            &[SigningAlg::Rs256]
        } else {
            &[SigningAlg::Es256]
        };
        let verified = jose::verify::verify(
            id_token,
            &Verification {
                keys: &keys,
                algs,
                typ: Typ::AbsentOrOneOf(&["JWT"]),
                issuer: &self.issuer,
                subject: Subject::Reported,
                audience: Audience::Contains(&[&self.client.id]),
                issued_at: Demand::Required,
                token_id: Demand::IfPresent,
                now,
                leeway: Duration::from_secs(5),
                max_age: Duration::from_secs(24 * 3600),
            },
        );
        let claims = verified.expect("a good ID token").claims().clone();
        assert_eq!(
            claims.get("nonce").and_then(Value::as_str),
            nonce,
            "the nonce that was sent"
        );
        claims
    }
}

/// Sends a request and reads the answer.
pub async fn answer(request: reqwest::RequestBuilder) -> TokenAnswer {
    let answer = engine::send(request).await.expect("an answer");
    let (status, headers) = (answer.status(), answer.headers().clone());
    let text = answer.text().await.expect("a body");
    TokenAnswer {
        status,
        headers,
        body: serde_json::from_str(&text).unwrap_or(Value::Null),
    }
}

/// HTTP Basic credentials as RFC 6749 section 2.3.1 wants them: both parts form-encoded first.
pub fn basic(id: &str, secret: &str) -> String {
    let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", encode(id), encode(secret));
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
}

/// An assertion as form fields.
pub fn assertion_fields(assertion: &str) -> Vec<(String, String)> {
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    vec![
        ("client_assertion_type".to_owned(), kind.to_owned()),
        ("client_assertion".to_owned(), assertion.to_owned()),
    ]
}

/// The claims of a token that nobody checks here.
pub fn peek(token: &str) -> BTreeMap<String, Value> {
    let payload = token.split('.').nth(1).expect("three parts");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).expect("base64url")).expect("JSON")
}
