//! A provider just large enough to answer a sub-site: discovery, keys, token and userinfo endpoints. What the browser
//! would carry between the two, the tests carry themselves.

pub mod stage;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use model::clock::Clock;
use openidconnect::core::{
    CoreEdDsaPrivateSigningKey, CoreGenderClaim, CoreJsonWebKeySet, CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
};
use openidconnect::{
    AccessToken, AdditionalClaims, Audience, AuthenticationContextClass, IdToken, IdTokenClaims, IssuerUrl,
    JsonWebKeyId, Nonce, PkceCodeChallenge, PkceCodeVerifier, PrivateSigningKey as _, StandardClaims,
    SubjectIdentifier,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What the provider will say next.
#[derive(Clone, Debug)]
pub struct Script {
    pub issuer: String,
    pub nonce: String,
    pub challenge: String,
    pub acr: Option<u8>,
    pub auth_time: Option<DateTime<Utc>>,
    /// The seed of the key that signs.
    pub key: u8,
    /// The seed of the key that is published.
    pub published_key: u8,
    /// How the last token request proved itself.
    pub seen_authorization: Option<String>,
    pub seen_form: BTreeMap<String, String>,
    /// The proof of a key that came with it.
    pub seen_proof: Option<String>,
    /// How many requests there were to the token endpoint.
    pub token_requests: usize,
    /// The access token to give out, and for how long.
    pub access_token: String,
    pub access_seconds: i64,
    pub refresh_token: Option<String>,
    /// What the provider says about tokens it is asked about.
    pub introspection: Value,
    /// The parameters that were pushed last.
    pub pushed: BTreeMap<String, String>,
    /// A nonce that proofs must have.
    pub dpop_nonce: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Others {
    #[serde(flatten)]
    all: BTreeMap<String, Value>,
}
impl AdditionalClaims for Others {}

#[derive(Clone)]
pub struct Provider {
    pub issuer: String,
    script: Arc<Mutex<Script>>,
}

impl Provider {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test's own server, gone with the test's runtime"
    )]
    pub async fn start() -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let script = Script {
            issuer: issuer.clone(),
            nonce: String::new(),
            challenge: String::new(),
            acr: Some(1),
            auth_time: None,
            key: 1,
            published_key: 1,
            seen_authorization: None,
            seen_form: BTreeMap::new(),
            seen_proof: None,
            token_requests: 0,
            access_token: "access".to_owned(),
            access_seconds: 300,
            refresh_token: None,
            introspection: json!({ "active": false }),
            pushed: BTreeMap::new(),
            dpop_nonce: None,
        };
        let provider = Self {
            issuer,
            script: Arc::new(Mutex::new(script)),
        };
        let router = axum::Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/jwks.json", get(keys))
            .route("/token", post(token))
            .route("/userinfo", get(userinfo))
            .route("/introspect", post(introspect))
            .route("/par", post(push))
            .with_state(provider.clone());
        drop(tokio::spawn(async move { axum::serve(listener, router).await }));
        provider
    }

    pub fn change(&self, change: impl FnOnce(&mut Script)) {
        change(&mut self.script.lock().unwrap());
    }

    /// A token of this provider's.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let seed = self.script().key;
        let mut header = header.clone();
        header["alg"] = json!("EdDSA");
        header["kid"] = json!(format!("k{seed}"));
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(claims));
        let signature = key(seed)
            .sign(&CoreJwsSigningAlgorithm::EdDsa, signed.as_bytes())
            .unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    pub fn script(&self) -> Script {
        self.script.lock().unwrap().clone()
    }
}

fn key(seed: u8) -> CoreEdDsaPrivateSigningKey {
    // PKCS #8 of an Ed25519 key is a fixed prefix and the seed (RFC 8410 section 7).
    let mut der = vec![
        0x30, 0x2e, 0x02, 0x01, 0, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
    ];
    der.extend([seed; 32]);
    let (begin, end) = ("-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----");
    let pem = format!("{begin}\n{}\n{end}\n", STANDARD.encode(der));
    CoreEdDsaPrivateSigningKey::from_ed25519_pem(&pem, Some(JsonWebKeyId::new(format!("k{seed}")))).unwrap()
}

async fn discovery(State(provider): State<Provider>) -> Response {
    let issuer = &provider.issuer;
    answer(&json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "userinfo_endpoint": format!("{issuer}/userinfo"),
        "end_session_endpoint": format!("{issuer}/logout"),
        "jwks_uri": format!("{issuer}/jwks.json"),
        "introspection_endpoint": format!("{issuer}/introspect"),
        "pushed_authorization_request_endpoint": format!("{issuer}/par"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["EdDSA", "ES256", "HS256"],
        "authorization_response_iss_parameter_supported": true,
    }))
}

async fn keys(State(provider): State<Provider>) -> Response {
    let set = CoreJsonWebKeySet::new(vec![key(provider.script().published_key).as_verification_key()]);
    answer(&serde_json::to_value(set).unwrap())
}

async fn token(State(provider): State<Provider>, headers: HeaderMap, body: String) -> Response {
    let form: BTreeMap<String, String> = url::form_urlencoded::parse(body.as_bytes())
        .into_owned()
        .collect();
    let authorization = headers
        .get(header::AUTHORIZATION)
        .map(|value| value.to_str().unwrap().to_owned());
    let proof = headers
        .get("dpop")
        .map(|value| value.to_str().unwrap().to_owned());
    provider.change(|script| {
        script.seen_authorization = authorization;
        script.seen_form = form.clone();
        script.seen_proof.clone_from(&proof);
        script.token_requests += 1;
    });
    let script = provider.script();
    if let (Some(nonce), Some(proof)) = (&script.dpop_nonce, &proof)
        && claims_of(proof)["nonce"] != json!(nonce)
    {
        let refusal = answer(&json!({ "error": "use_dpop_nonce" }));
        let headers = [("dpop-nonce", nonce.clone())];
        return (StatusCode::BAD_REQUEST, headers, refusal).into_response();
    }
    let kind = if proof.is_some() { "DPoP" } else { "Bearer" };
    if form["grant_type"] == "refresh_token" {
        if form.get("refresh_token") != script.refresh_token.as_ref() {
            let refusal = answer(&json!({ "error": "invalid_grant" }));
            return (StatusCode::BAD_REQUEST, refusal).into_response();
        }
        return answer(&json!({
            "access_token": script.access_token, "token_type": kind, "expires_in": script.access_seconds,
        }));
    }
    let verifier = PkceCodeVerifier::new(form.get("code_verifier").cloned().unwrap_or_default());
    if PkceCodeChallenge::from_code_verifier_sha256(&verifier).as_str() != script.challenge {
        let refusal = json!({ "error": "invalid_grant", "error_description": "PKCE" });
        return (StatusCode::BAD_REQUEST, answer(&refusal)).into_response();
    }
    let access_token = AccessToken::new(script.access_token.clone());
    let now = Clock::system().now();
    let client_id = form.get("client_id").map_or("hefei-portal", String::as_str);
    let others = json!({
        "sid": "s.1",
        "identity_verified_at": "2026-05-04T09:30:00Z",
        "identity_lapses_at": "2028-05-04T09:30:00Z",
        "seals": [{ "source": "population_register", "at": "2026-05-04" }, { "source": "moon", "at": "2026-05-05" }],
    });
    let claims = IdTokenClaims::new(
        IssuerUrl::new(script.issuer.clone()).unwrap(),
        vec![Audience::new(client_id.to_owned())],
        now + TimeDelta::minutes(5),
        now,
        StandardClaims::<CoreGenderClaim>::new(SubjectIdentifier::new("p.1".to_owned())),
        serde_json::from_value::<Others>(others).unwrap(),
    )
    .set_nonce(Some(Nonce::new(script.nonce)))
    .set_auth_time(script.auth_time)
    .set_auth_context_ref(
        script
            .acr
            .map(|n| AuthenticationContextClass::new(format!("urn:denizen:loa:{n}"))),
    );
    let id_token: IdToken<
        Others,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    > = IdToken::new(
        claims,
        &key(script.key),
        CoreJwsSigningAlgorithm::EdDsa,
        Some(&access_token),
        None,
    )
    .unwrap();
    let mut document = json!({
        "access_token": script.access_token, "token_type": kind, "expires_in": script.access_seconds,
        "scope": "openid seals", "id_token": id_token.to_string(),
    });
    if let Some(token) = script.refresh_token {
        document["refresh_token"] = json!(token);
    }
    answer(&document)
}

/// What a token says, whoever signed it.
pub fn claims_of(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

async fn introspect(State(provider): State<Provider>, headers: HeaderMap) -> Response {
    let own = headers
        .get(header::AUTHORIZATION)
        .is_some_and(|value| value.to_str().unwrap().starts_with("Basic "));
    if !own {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    answer(&provider.script().introspection)
}

async fn push(State(provider): State<Provider>, body: String) -> Response {
    let form = url::form_urlencoded::parse(body.as_bytes())
        .into_owned()
        .collect();
    provider.change(|script| script.pushed = form);
    let document = json!({ "request_uri": "urn:ietf:params:oauth:request_uri:1", "expires_in": 60 });
    (StatusCode::CREATED, answer(&document)).into_response()
}

async fn userinfo() -> Response {
    answer(&json!({ "sub": "p.1", "real_name": "张明远<", "phone_number": "+8613800000001" }))
}

fn answer(body: &Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}
