//! How a relying party is registered: its file in `clients.d`, and the same for the program itself.

use serde_json::{Value, json};

use crate::clients::purposes;
use crate::world::Setup;

/// The scopes that a relying party of these tests may ask for.
const SCOPES: &str = r#"["openid", "assurance", "seals", "profile", "real_name", "id_number", "phone"]"#;

/// A registration.
#[derive(Clone, Debug)]
pub struct Registration {
    /// The name on the wire, which is also the name within the program.
    pub id: String,
    base: String,
    method: &'static str,
    scopes: String,
    key: Option<Value>,
    lines: String,
    settings: Value,
}

impl Registration {
    /// A client whose pages are under an address, and how it proves itself.
    pub fn new(id: &str, base: &str, method: &'static str) -> Self {
        Self {
            id: id.to_owned(),
            base: base.to_owned(),
            method,
            scopes: SCOPES.to_owned(),
            key: None,
            lines: String::new(),
            settings: json!({ "scope": "openid assurance seals phone real_name" }),
        }
    }

    /// With a line of its file, such as `grant_types = […]`.
    pub fn with(mut self, line: &str) -> Self {
        self.lines.push_str(line);
        self.lines.push('\n');
        self
    }

    /// With a public key of its own, by value.
    pub fn with_key(mut self, key: Value) -> Self {
        self.key = Some(key);
        self
    }

    /// With another list of scopes, as TOML.
    pub fn with_scopes(mut self, scopes: &str) -> Self {
        scopes.clone_into(&mut self.scopes);
        self
    }

    /// With something that only the program has to know.
    pub fn knowing(mut self, name: &str, value: Value) -> Self {
        self.settings[name] = value;
        self
    }

    /// The secret, for methods that have one.
    pub fn secret(&self) -> Option<String> {
        self.method
            .starts_with("client_secret")
            .then(|| format!("{}-secret-of-more-than-43-characters-0123456789abcdef", self.id))
    }

    /// Puts the files into a world that is to be made.
    pub fn apply(&self, setup: Setup) -> Setup {
        let (text, secret) = self.files();
        let setup = setup.with_file(&format!("clients.d/{}.toml", self.id), &text);
        match secret {
            Some(secret) => setup.with_file(&format!("clients.d/{}.secret", self.id), &secret),
            None => setup,
        }
    }

    /// Its file, and the secret in the file beside it.
    pub fn files(&self) -> (String, Option<String>) {
        let Self {
            id,
            base,
            method,
            scopes,
            ..
        } = self;
        let secret = self.secret();
        let mut text = format!(
            "client_id = \"{id}\"\n\
             name = {{ zh-CN = \"测试分站 {id}\", en = \"Test site {id}\", vi = \"Cổng thử {id}\" }}\n\
             agency = {{ zh-CN = \"测试机关\", en = \"Test agency\", vi = \"Cơ quan thử\" }}\n\
             sector = \"{id}\"\n\
             redirect_uris = [\"{base}/callback\"]\n\
             post_logout_redirect_uris = [\"{base}/signed-out\"]\n\
             auth_method = \"{method}\"\n\
             scopes = {scopes}\n"
        );
        if secret.is_some() {
            text.push_str(&format!("secret_file = \"{id}.secret\"\n"));
        }
        text.push_str(&self.lines);
        if let Some(key) = &self.key {
            text.push_str("[[jwks.keys]]\n");
            for (name, value) in key.as_object().expect("a key") {
                text.push_str(&format!("{name} = {value}\n"));
            }
        }
        text.push_str(&purposes());
        (text, secret)
    }

    /// What the program must know.
    pub fn settings(&self, issuer: &str) -> Value {
        let mut settings = self.settings.clone();
        settings["issuer"] = issuer.into();
        settings["client_id"] = self.id.clone().into();
        settings["method"] = self.method.into();
        if let Some(secret) = self.secret() {
            settings["client_secret"] = secret.into();
        }
        settings
    }
}
