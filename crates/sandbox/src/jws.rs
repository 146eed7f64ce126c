//! Signed tokens in compact form (RFC 7515 section 7.1, RFC 7519), checked with the `openidconnect` crate's keys: what the
//! resource server and the logout receivers need, and the proofs and assertions that a site makes with its own key.
//!
//! Only signatures that a public key can check are known here: nothing without a signature, no shared secrets
//! (RFC 8725 section 3.1). Encrypted tokens are not read.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use model::rng::Rng;
use model::secret::TokenHash;
use openidconnect::core::{CoreEdDsaPrivateSigningKey, CoreJsonWebKey, CoreJwsSigningAlgorithm};
use openidconnect::{JsonWebKey as _, PrivateSigningKey as _};
use serde_json::{Map, Value, json};

/// The longest token that is read.
const TOKEN_MAX_BYTES: usize = 16 * 1024;

/// The algorithms that are believed, by their registered names.
pub(crate) const ALGORITHMS: [&str; 4] = ["ES256", "PS256", "EdDSA", "RS256"];

/// A token whose signature has not been looked at.
pub(crate) struct Compact {
    pub header: Map<String, Value>,
    claims: Map<String, Value>,
    signed: String,
    signature: Vec<u8>,
}

impl Compact {
    /// Takes a token apart; `None` when it is no signed token of JSON objects.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.len() > TOKEN_MAX_BYTES {
            return None;
        }
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let object = |part: &str| {
            let bytes = URL_SAFE_NO_PAD.decode(part).ok()?;
            serde_json::from_slice::<Map<String, Value>>(&bytes).ok()
        };
        Some(Self {
            header: object(header)?,
            claims: object(claims)?,
            signed: signed.to_owned(),
            signature: URL_SAFE_NO_PAD.decode(signature).ok()?,
        })
    }

    /// Whether the text looks like a token of this form rather than like an opaque value.
    pub(crate) fn looks_like_one(text: &str) -> bool {
        text.split('.').count() == 3
    }

    /// A member of the header that is text.
    pub(crate) fn header_text(&self, name: &str) -> Option<&str> {
        self.header.get(name)?.as_str()
    }

    /// Whether the token says that it is of this type (RFC 8725 section 3.11); `application/` may be left out.
    pub(crate) fn is_of_type(&self, wanted: &str) -> bool {
        self.header_text("typ").is_some_and(|typ| {
            let typ = typ.to_ascii_lowercase();
            typ.strip_prefix("application/").unwrap_or(&typ) == wanted
        })
    }

    /// The algorithm, when it is one that is believed and nothing critical is unknown.
    fn algorithm(&self) -> Option<CoreJwsSigningAlgorithm> {
        if self.header.contains_key("crit") || self.header.contains_key("b64") {
            return None;
        }
        let name = self.header_text("alg")?;
        ALGORITHMS
            .contains(&name)
            .then(|| serde_json::from_value(json!(name)).ok())?
    }

    /// The claims, when this key made the signature.
    pub(crate) fn verify(&self, key: &CoreJsonWebKey) -> Option<&Map<String, Value>> {
        let algorithm = self.algorithm()?;
        key.verify_signature(&algorithm, self.signed.as_bytes(), &self.signature)
            .ok()?;
        Some(&self.claims)
    }

    /// The claims, when one of these keys made the signature: the named one, or any when none is named.
    pub(crate) fn verify_with(&self, keys: &[CoreJsonWebKey]) -> Option<&Map<String, Value>> {
        let kid = self.header_text("kid");
        keys.iter()
            .filter(|key| kid.is_none() || key.key_id().map(|id| id.as_str()) == kid)
            .find_map(|key| self.verify(key))
    }

    /// Whether one of these keys has the name that the token gives.
    pub(crate) fn names_one_of(&self, keys: &[CoreJsonWebKey]) -> bool {
        let kid = self.header_text("kid");
        keys.iter()
            .any(|key| kid.is_none() || key.key_id().map(|id| id.as_str()) == kid)
    }
}

/// SHA-256 of a text, in base64url.
pub(crate) fn sha256(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(TokenHash::of(text).as_bytes())
}

/// The thumbprint of a public key (RFC 7638 section 3); `None` for a kind of key that is not known.
pub(crate) fn thumbprint(jwk: &Map<String, Value>) -> Option<String> {
    let members: &[&str] = match jwk.get("kty")?.as_str()? {
        "EC" => &["crv", "kty", "x", "y"],
        "OKP" => &["crv", "kty", "x"],
        "RSA" => &["e", "kty", "n"],
        _ => return None,
    };
    let mut parts = Vec::new();
    for name in members {
        parts.push(format!("\"{name}\":{}", json!(jwk.get(*name)?.as_str()?)));
    }
    Some(sha256(&format!("{{{}}}", parts.join(","))))
}

/// An Ed25519 key of a site's own.
pub(crate) struct OwnKey {
    key: CoreEdDsaPrivateSigningKey,
    /// The public half.
    pub jwk: Map<String, Value>,
    /// The thumbprint of the public half, which is also its name.
    pub kid: String,
}

impl OwnKey {
    /// A new key.
    pub(crate) fn generate(rng: &Rng) -> anyhow::Result<Self> {
        Self::from_seed(&rng.bytes::<32>())
    }

    /// The key of a seed in base64url.
    pub(crate) fn from_text(seed: &str) -> anyhow::Result<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(seed).unwrap_or_default();
        let seed = <[u8; 32]>::try_from(bytes)
            .map_err(|_| anyhow::anyhow!("the seed of a key is 32 bytes in base64url"))?;
        Self::from_seed(&seed)
    }

    fn from_seed(seed: &[u8; 32]) -> anyhow::Result<Self> {
        // PKCS #8 of an Ed25519 key is a fixed prefix and the seed (RFC 8410 section 7).
        let mut der = vec![
            0x30, 0x2e, 0x02, 0x01, 0, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
        ];
        der.extend(seed);
        let (begin, end) = ("-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----");
        let pem = format!("{begin}\n{}\n{end}\n", STANDARD.encode(der));
        let key = CoreEdDsaPrivateSigningKey::from_ed25519_pem(&pem, None).map_err(anyhow::Error::msg)?;
        let Value::Object(public) = serde_json::to_value(key.as_verification_key())? else {
            anyhow::bail!("a public key is no object");
        };
        let jwk: Map<String, Value> = public
            .into_iter()
            .filter(|(name, _)| ["kty", "crv", "x"].contains(&name.as_str()))
            .collect();
        let kid = thumbprint(&jwk).ok_or_else(|| anyhow::anyhow!("a public key lacks members"))?;
        Ok(Self { key, jwk, kid })
    }

    /// A signed token over these claims; `header` is what it says beside the algorithm.
    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> anyhow::Result<String> {
        let mut header = header.as_object().cloned().unwrap_or_default();
        header.insert("alg".to_owned(), json!("EdDSA"));
        let part = |object: &[u8]| URL_SAFE_NO_PAD.encode(object);
        let signed = format!(
            "{}.{}",
            part(&serde_json::to_vec(&header)?),
            part(claims.to_string().as_bytes())
        );
        let signature = self
            .key
            .sign(&CoreJwsSigningAlgorithm::EdDsa, signed.as_bytes())?;
        Ok(format!("{signed}.{}", part(&signature)))
    }
}

/// The public half of a seed's key as a set, for a client's registration.
pub(crate) fn public_set(seed: &str) -> anyhow::Result<Value> {
    let key = OwnKey::from_text(seed)?;
    let mut jwk = key.jwk;
    jwk.insert("kid".to_owned(), json!(key.kid));
    jwk.insert("use".to_owned(), json!("sig"));
    jwk.insert("alg".to_owned(), json!("EdDSA"));
    Ok(json!({ "keys": [jwk] }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> OwnKey {
        OwnKey::generate(&Rng::seeded(1)).unwrap()
    }

    fn public(key: &OwnKey) -> CoreJsonWebKey {
        serde_json::from_value(Value::Object(key.jwk.clone())).unwrap()
    }

    #[test]
    fn what_a_key_signed_it_verifies_and_nothing_else() {
        let (mine, other) = (key(), OwnKey::generate(&Rng::seeded(2)).unwrap());
        let token = mine
            .sign(&json!({ "typ": "at+jwt" }), &json!({ "sub": "p" }))
            .unwrap();
        let parsed = Compact::parse(&token).unwrap();
        assert!(parsed.is_of_type("at+jwt") && !parsed.is_of_type("jwt"));
        assert_eq!(parsed.verify(&public(&mine)).unwrap()["sub"], "p");
        assert!(parsed.verify(&public(&other)).is_none());
        let (signed, _) = token.rsplit_once('.').unwrap();
        assert!(
            Compact::parse(&format!("{signed}."))
                .unwrap()
                .verify(&public(&mine))
                .is_none()
        );
    }

    #[test]
    fn attack_103_109_no_signature_shared_secrets_and_critical_unknowns_are_refused() {
        let mine = key();
        for header in [
            json!({ "alg": "none" }),
            json!({ "alg": "HS256" }),
            json!({ "alg": "nOnE" }),
        ] {
            let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
            let token = format!("{}.{}.AAAA", part(&header), part(&json!({})));
            assert!(
                Compact::parse(&token).unwrap().verify(&public(&mine)).is_none(),
                "{header}"
            );
        }
        let token = mine.sign(&json!({ "crit": ["x"] }), &json!({})).unwrap();
        assert!(Compact::parse(&token).unwrap().verify(&public(&mine)).is_none());
    }

    #[test]
    fn the_thumbprint_is_the_one_of_rfc_8037_appendix_a_3() {
        let jwk =
            json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });
        assert_eq!(
            thumbprint(jwk.as_object().unwrap()).as_deref(),
            Some("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")
        );
    }
}
