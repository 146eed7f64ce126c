//! The programs that a world knows beside the sandbox's two sub-sites: one for each way of being registered.

use std::fmt;
use std::sync::Arc;

use jose::key::PrivateKey;
use jose::ring::{KeyState, Ring};
use jose::sign::TokenType;
use model::client::SigningAlg;
use serde_json::{Value, json};

/// A client's own key.
#[derive(Clone)]
pub struct Key {
    ring: Arc<Ring>,
    /// The public half, as a key set.
    pub jwks: Value,
}

impl Key {
    /// A new key for ES256.
    pub fn new() -> Self {
        let key = PrivateKey::generate(SigningAlg::Es256).expect("a key");
        let ring = Ring::new([(KeyState::Current, key)]).expect("a ring");
        let jwks = serde_json::from_slice(&ring.jwks()).expect("JSON");
        Self {
            ring: Arc::new(ring),
            jwks,
        }
    }

    /// A signed token over claims.
    pub fn sign(&self, claims: &Value) -> String {
        self.ring
            .sign(SigningAlg::Es256, TokenType::Jwt, &claims.to_string())
            .expect("a signature")
    }
}

impl Default for Key {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

/// How a program proves itself at the token endpoint.
#[derive(Clone, Debug)]
pub enum Proof {
    /// The secret in the `Authorization` header.
    Basic(String),
    /// The secret in the form.
    Post(String),
    /// A signed assertion.
    Key(Key),
    /// Nothing: a public client.
    None,
}

/// A registered program.
#[derive(Clone, Debug)]
pub struct TestClient {
    /// Its name on the wire.
    pub id: String,
    /// Where answers go. Nobody listens there.
    pub redirect_uri: String,
    /// How it proves itself.
    pub proof: Proof,
    /// Whether its ID tokens are signed with RS256.
    pub rs256: bool,
    sector: String,
    more: String,
}

impl TestClient {
    fn new(id: &str, proof: Proof) -> Self {
        Self {
            id: id.to_owned(),
            redirect_uri: format!("https://{id}.site.example/callback"),
            proof,
            rs256: false,
            sector: id.to_owned(),
            more: String::new(),
        }
    }

    /// One whose file is written elsewhere.
    pub fn registered(id: &str, redirect_uri: &str, proof: Proof, rs256: bool) -> Self {
        Self {
            redirect_uri: redirect_uri.to_owned(),
            rs256,
            ..Self::new(id, proof)
        }
    }

    fn secret(id: &str) -> String {
        format!("{id}-secret-of-more-than-43-characters-0123456789abcdef")
    }

    fn basic(id: &str) -> Self {
        Self::new(id, Proof::Basic(Self::secret(id)))
    }

    fn in_sector(mut self, sector: &str) -> Self {
        sector.clone_into(&mut self.sector);
        self
    }

    fn with(mut self, line: &str) -> Self {
        self.more.push_str(line);
        self.more.push('\n');
        self
    }

    /// Every program of a world.
    pub fn all() -> Vec<Self> {
        let mut rs256 = Self::new("rs256", Proof::Post(Self::secret("rs256")));
        rs256 = rs256.with("id_token_signed_response_alg = \"RS256\"");
        rs256.rs256 = true;
        let mut query = Self::basic("query");
        query.redirect_uri.push_str("?site=1&empty=");
        vec![
            Self::basic("basic"),
            Self::basic("sibling").in_sector("basic"),
            Self::basic("stranger"),
            Self::new("public", Proof::None),
            Self::new("key", Proof::Key(Key::new())),
            rs256,
            Self::basic("nonce").with("code_protection = \"nonce\""),
            Self::basic("floor").with("floor_level = 1"),
            Self::basic("wish").with("default_level = 1"),
            Self::basic("ceiling").with("ceiling_level = 1"),
            Self::basic("disabled").with("disabled = true"),
            Self::basic("frugal").with("scopes = [\"openid\"]"),
            query,
        ]
    }

    /// Its file in `clients.d`, and the secret in the file beside it.
    pub fn files(&self) -> (String, Option<String>) {
        let (id, sector) = (&self.id, &self.sector);
        let method = match &self.proof {
            Proof::Basic(_) => "client_secret_basic",
            Proof::Post(_) => "client_secret_post",
            Proof::Key(_) => "private_key_jwt",
            Proof::None => "none",
        };
        let mut text = format!(
            "client_id = \"{id}\"\n\
             name = {{ zh-CN = \"测试分站 {id}\", en = \"Test site {id}\", vi = \"Cổng thử {id}\" }}\n\
             agency = {{ zh-CN = \"测试机关\", en = \"Test agency\", vi = \"Cơ quan thử\" }}\n\
             sector = \"{sector}\"\n\
             redirect_uris = [\"{}\", \"https://{id}.site.example/second\"]\n\
             post_logout_redirect_uris = [\"https://{id}.site.example/out\"]\n\
             auth_method = \"{method}\"\n",
            self.redirect_uri
        );
        if !self.more.contains("scopes = ") {
            text.push_str("scopes = [\"openid\", \"assurance\", \"seals\", \"profile\", \"real_name\", \"id_number\", \"phone\"]\n");
        }
        text.push_str(&self.more);
        let secret = match &self.proof {
            Proof::Basic(secret) | Proof::Post(secret) => Some(secret.clone()),
            Proof::Key(_) | Proof::None => None,
        };
        if secret.is_some() {
            text.push_str(&format!("secret_file = \"{id}.secret\"\n"));
        }
        if let Proof::Key(key) = &self.proof {
            text.push_str("[[jwks.keys]]\n");
            for (name, value) in key.jwks["keys"][0].as_object().expect("a key") {
                text.push_str(&format!("{name} = {value}\n"));
            }
        }
        if !self.more.contains("scopes = ") {
            text.push_str(&purposes());
        }
        (text, secret)
    }

    /// The registration as a program would read it.
    pub fn described(&self) -> Value {
        json!({ "id": self.id, "redirect_uri": self.redirect_uri })
    }
}

/// Why the scopes are asked for, in three languages.
pub(crate) fn purposes() -> String {
    let mut text = "[purpose]\n".to_owned();
    for scope in ["assurance", "seals", "profile", "real_name", "id_number", "phone"] {
        text.push_str(&format!(
            "{scope} = {{ zh-CN = \"用于测试 {scope}\", en = \"To test {scope}\", vi = \"Để thử {scope}\" }}\n"
        ));
    }
    text
}
