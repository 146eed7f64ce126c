//! A sub-site that signs: its key, its request objects, its assertions.

use jose::key::PrivateKey;
use jose::ring::{KeyState, Ring};
use jose::sign::TokenType;
use model::client::{AuthMethod, Client, Profile, SigningAlg};
use serde_json::{Value, json};

use super::browser::parameters;
use crate::testing::{self, World};

/// The key of a sub-site.
pub struct Signer {
    key: PrivateKey,
    ring: Ring,
    alg: SigningAlg,
}

impl Signer {
    pub fn new(alg: SigningAlg) -> Self {
        let key = PrivateKey::generate(alg).expect("a key");
        let again = PrivateKey::import(&key.export()).expect("the same key");
        Self {
            ring: Ring::new([(KeyState::Current, again)]).expect("a ring"),
            key,
            alg,
        }
    }

    /// The sub-site with this key.
    pub fn client(&self, id: &str) -> Client {
        Client {
            jwks: Some(json!({ "keys": [self.key.public().to_value()] })),
            ..testing::client(id)
        }
    }

    /// The sub-site under FAPI 2.0.
    pub fn fapi(&self, id: &str) -> Client {
        Client {
            auth_method: AuthMethod::PrivateKeyJwt,
            profile: Profile::Fapi2Security,
            ..self.client(id)
        }
    }

    pub fn sign(&self, claims: &Value) -> String {
        self.sign_as(TokenType::Jwt, claims)
    }

    pub fn sign_as(&self, kind: TokenType, claims: &Value) -> String {
        self.ring
            .sign(self.alg, kind, &claims.to_string())
            .expect("signed")
    }

    /// With a header of one's own.
    pub fn sign_with(&self, header: &Value, claims: &Value) -> String {
        jose::sign::craft(&self.key, &header.to_string(), &claims.to_string()).expect("signed")
    }

    /// A usual request object with some members changed; `null` leaves one out.
    pub fn object(&self, world: &World, id: &str, changes: &[(&str, Value)]) -> String {
        self.sign(&object(world, id, changes))
    }

    /// An assertion that proves the sub-site.
    pub fn assertion(&self, world: &World, id: &str) -> String {
        let now = world.now().timestamp();
        self.sign(&json!({
            "iss": id, "sub": id, "aud": world.service.issuer(), "iat": now, "exp": now + 60,
            "jti": world.store.rng().uuid_v7(world.now()).to_string(),
        }))
    }
}

/// The claims of a usual request object with some changed; `null` leaves one out.
pub fn object(world: &World, id: &str, changes: &[(&str, Value)]) -> Value {
    let now = world.now().timestamp();
    let mut claims = json!({
        "iss": id, "aud": world.service.issuer(), "exp": now + 300, "nbf": now, "iat": now,
    });
    for (name, value) in parameters(id, &[("state", "inside")]) {
        claims[name] = value.into();
    }
    for (name, value) in changes {
        claims[*name] = value.clone();
    }
    let members = claims.as_object_mut().expect("an object");
    members.retain(|_, value| !value.is_null());
    claims
}
