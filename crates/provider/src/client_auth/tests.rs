//! How clients prove themselves at every endpoint, by profile and by method.

mod assertions;
mod refusals;
mod secrets;

use http::{HeaderMap, HeaderName, HeaderValue};
use jose::key::PrivateKey;
use jose::ring::{KeyState, Ring};
use jose::sign::TokenType;
use model::client::{AuthMethod, Client, Profile, SigningAlg};
use model::secret::{Sensitive, TokenHash};
use serde_json::{Value, json};
use store::clients::StoredClient;
use web::client_address::ClientAddress;
use web::extract::RawParams;

use super::*;
use crate::testing::{self, World, basic};

const ISSUER: &str = "http://localhost:8080";
const KIND: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What a client sends, to no endpoint in particular.
#[derive(Clone, Default)]
struct Sent {
    headers: HeaderMap,
    fields: Vec<(String, String)>,
}

impl Sent {
    fn header(mut self, name: &str, value: &str) -> Self {
        let name = HeaderName::try_from(name).unwrap();
        self.headers.append(name, HeaderValue::try_from(value).unwrap());
        self
    }

    fn field(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    fn assertion(jwt: &str) -> Self {
        Self::default()
            .field("client_assertion", jwt)
            .field("client_assertion_type", KIND)
    }

    fn secret(id: &str, secret: &str) -> Self {
        Self::default().header("authorization", &basic(id, secret))
    }

    async fn to(self, world: &World, endpoint: Endpoint) -> Result<Caller, Refusal> {
        self.from(world, "192.0.2.1", endpoint).await
    }

    async fn from(self, world: &World, address: &str, endpoint: Endpoint) -> Result<Caller, Refusal> {
        let origin = Origin {
            address: ClientAddress(address.parse().unwrap()),
            request_id: None,
        };
        let params = RawParams {
            query: Vec::new(),
            body: self.fields,
        };
        authenticate(&world.service, endpoint, origin, &self.headers, Ok(params)).await
    }

    async fn taken(self, world: &World, endpoint: Endpoint) -> bool {
        match self.to(world, endpoint).await {
            Ok(_) => true,
            Err(refusal) => {
                assert_eq!(refusal.row().code.as_str(), "invalid_client");
                false
            }
        }
    }
}

/// A key of a client.
struct Key(Ring, SigningAlg);

impl Key {
    fn new(alg: SigningAlg) -> Self {
        let key = PrivateKey::generate(alg).unwrap();
        Self(Ring::new([(KeyState::Current, key)]).unwrap(), alg)
    }

    fn jwks(&self) -> Value {
        serde_json::from_slice(&self.0.jwks()).unwrap()
    }

    fn sign(&self, claims: &Value) -> String {
        self.0.sign(self.1, TokenType::Jwt, &claims.to_string()).unwrap()
    }
}

fn claims(world: &World) -> Value {
    let now = world.now();
    let jti = world.store.rng().uuid_v7(now).to_string();
    json!({ "iss": "hefei", "sub": "hefei", "aud": ISSUER, "jti": jti, "iat": now.timestamp(),
            "exp": now.timestamp() + 60 })
}

fn with_key(key: &Key, profile: Profile) -> Client {
    let mut client = testing::client("hefei");
    client.auth_method = AuthMethod::PrivateKeyJwt;
    client.profile = profile;
    client.jwks = Some(key.jwks());
    client
}

#[tokio::test]
async fn a_client_is_known_at_every_endpoint_and_without_a_credential_not_at_introspection() {
    for world in testing::worlds().await {
        for endpoint in Endpoint::ALL {
            let sent = Sent::secret("hefei", testing::SECRET);
            let caller = sent.to(&world, endpoint).await.unwrap();
            assert_eq!(caller.client().client_id.as_str(), "hefei");
        }
        let mut client = testing::client("hefei");
        client.auth_method = AuthMethod::None;
        world.apply(client).await;
        for endpoint in Endpoint::ALL {
            let named = Sent::default().field("client_id", "hefei");
            assert_eq!(
                named.taken(&world, endpoint).await,
                !matches!(endpoint, Endpoint::Introspection | Endpoint::Level),
                "{endpoint:?}"
            );
        }
    }
}

#[tokio::test]
async fn attack_073_074_195_a_header_that_claims_a_certificate_is_not_looked_at() {
    let world = testing::world().await;
    for (name, value) in [
        ("x-client-cert", "MIIB"),
        ("x_client_cert", "MIIB"),
        ("x-ssl-client-cert", "-----BEGIN%20CERTIFICATE-----"),
        ("x-ssl-client-verify", "SUCCESS"),
        ("x-ssl-client-s-dn", "CN=hefei"),
        ("ssl-client-cert", "MIIB"),
        ("ssl_client_verify", "SUCCESS"),
        (
            concat!("x-", "forwarded-client-cert"),
            "By=x;Hash=y;Subject=\"CN=hefei\"",
        ),
        ("client-cert", ":MIIB:"),
        ("x-amzn-mtls-clientcert", "MIIB"),
        ("x-arr-clientcert", "MIIB"),
    ] {
        let sent = Sent::default().header(name, value).field("client_id", "hefei");
        assert!(!sent.taken(&world, Endpoint::Token).await, "{name}");
        // Nor does one spoil a proof that is right, or lend it another client's name.
        let sent = Sent::secret("hefei", testing::SECRET).header(name, value);
        let caller = sent.to(&world, Endpoint::Token).await.unwrap();
        assert_eq!(caller.client().client_id.as_str(), "hefei");
    }
}

#[tokio::test]
async fn attack_065_a_secret_does_not_save_an_assertion_that_nobody_signed() {
    let world = testing::world().await;
    for unsigned in [
        "e30.e30.",
        "e30",
        "x",
        "eyJhbGciOiJub25lIn0.eyJpc3MiOiJoZWZlaSJ9.",
    ] {
        let both = Sent::assertion(unsigned);
        let in_form = both
            .clone()
            .field("client_id", "hefei")
            .field("client_secret", testing::SECRET);
        assert!(!in_form.taken(&world, Endpoint::Token).await);
        let in_header = both.header("authorization", &basic("hefei", testing::SECRET));
        assert!(!in_header.taken(&world, Endpoint::Token).await);
    }
    let signed = Sent::assertion("e30.e30.AAAA").header("authorization", &basic("hefei", testing::SECRET));
    let refusal = signed.to(&world, Endpoint::Token).await.unwrap_err();
    assert_eq!(refusal.row().code.as_str(), "invalid_request", "attack_063");
}

#[tokio::test]
async fn only_resource_may_be_repeated_and_not_often() {
    let world = testing::world().await;
    let sent = |name: &str, times: usize| {
        let sent = Sent::secret("hefei", testing::SECRET);
        (0..times).fold(sent, |sent, n| {
            sent.field(name, &format!("https://api.example/{n}"))
        })
    };
    let caller = sent("resource", 3).to(&world, Endpoint::Token).await.unwrap();
    assert_eq!(caller.form().all("resource").len(), 3);
    for (name, times) in [("resource", 17), ("scope", 2), ("audience", 2)] {
        let refusal = sent(name, times).to(&world, Endpoint::Token).await.unwrap_err();
        assert_eq!(
            refusal.row().code.as_str(),
            "invalid_request",
            "{name} {times} times"
        );
    }
}
