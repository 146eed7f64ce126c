//! Access tokens as texts: opaque handles, and signed ones that resource servers read themselves (RFC 9068).
//!
//! Whatever its look, a resident's token has a row under the hash of its text, and the row decides here. A signed token
//! that a client got in its own name (`client_credentials`) has none: its signature decides, and the list of revoked
//! identifiers. The name of a resident in a signed token is the one that the client knows anyway, because the client can
//! read the token; a resource server that asks us about it is told the same one and no second.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use jose::sign::TokenType;
use model::ids::ClientId;
use model::secret::{Sensitive, Token, TokenHash};
use serde::Serialize;
use serde_json::{Value, json};

use crate::Service;
use crate::clients::Registered;

/// The longest text that is looked at; `jose` has the same limit.
const BYTES_MAX: usize = 16 * 1024;

/// How a token must be presented (RFC 6750, RFC 9449 section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Whoever has it may use it.
    Bearer,
    /// With a proof by the key to which it is bound.
    Dpop,
}

impl Kind {
    /// The kind of a token that is bound to this key, if to any.
    pub const fn of(jkt: Option<&String>) -> Self {
        if jkt.is_some() { Self::Dpop } else { Self::Bearer }
    }

    /// The word in `token_type` and in the `Authorization` header.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::Dpop => "DPoP",
        }
    }
}

/// What somebody presents as an access token, in one of the two shapes that ours have.
#[derive(Debug)]
pub struct Presented<'a> {
    /// The hash under which a row would be.
    pub hash: TokenHash,
    /// The text, when it looks like a signed token.
    pub signed: Option<Sensitive<&'a str>>,
}

impl<'a> Presented<'a> {
    /// `None` for what cannot be a token of ours; nothing is looked up then (A094).
    pub fn read(text: &'a str) -> Option<Self> {
        let signed = text.len() <= BYTES_MAX && text.bytes().filter(|byte| *byte == b'.').count() == 2;
        let hash = if signed {
            TokenHash::of(text)
        } else {
            Token::parse(text)?.hash()
        };
        Some(Self {
            hash,
            signed: signed.then_some(Sensitive::new(text)),
        })
    }
}

/// The claims of a signed token (RFC 9068 section 2.2).
#[derive(Debug, Serialize)]
pub struct Claims<'a> {
    /// The issuer.
    pub iss: &'a str,
    /// Whom it is about: the person, or the client itself.
    pub sub: String,
    /// Whom it is for.
    pub aud: Value,
    /// When it ends.
    pub exp: i64,
    /// When it was made.
    pub iat: i64,
    /// Its identifier.
    pub jti: &'a str,
    /// To whom it was issued.
    pub client_id: &'a str,
    /// What it is good for.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub scope: &'a str,
    /// When the person signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// At which level.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// How.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<&'static str>,
    /// To which key it is bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Value>,
}

/// The member `cnf` for a key (RFC 9449 section 6.1).
pub fn confirmation(jkt: Option<&str>) -> Option<Value> {
    jkt.map(|jkt| json!({ "jkt": jkt }))
}

/// The member `aud`: the resources, or the provider itself.
pub fn audience(issuer: &str, resources: &[String]) -> Value {
    match resources {
        [] => issuer.into(),
        [one] => one.as_str().into(),
        several => several.into(),
    }
}

/// A new identifier of 128 random bits.
pub fn new_jti(service: &Service) -> String {
    URL_SAFE_NO_PAD.encode(service.store().rng().bytes::<16>())
}

/// Signs a token with the algorithm that the client takes.
pub fn sign(service: &Service, site: &Registered, claims: &Claims<'_>) -> Option<String> {
    let claims = serde_json::to_string(claims).ok()?;
    let alg = site.client().id_token_signed_response_alg;
    service
        .ring()
        .sign(alg, TokenType::AccessToken, &claims)
        .inspect_err(|error| tracing::error!(cause = %error, "no access token could be signed"))
        .ok()
}

/// A token that a client got in its own name, with a signature of ours and in its time. Whether it was revoked is in the
/// store.
#[derive(Clone, Debug)]
pub struct OwnName {
    /// The client, which is also whom it is about.
    pub client_id: ClientId,
    /// Whom it is for.
    pub audience: Vec<String>,
    /// What it is good for.
    pub scope: Option<String>,
    /// Its identifier.
    pub jti: String,
    /// When it was made.
    pub issued_at: i64,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
    /// To which key it is bound.
    pub jkt: Option<String>,
}

/// Reads such a token. A resident's token is none: its row is what counts, and it had one.
pub fn read_own_name(service: &Service, text: &str) -> Option<OwnName> {
    let verified = service
        .ring()
        .access_token(text, service.issuer(), service.now())
        .inspect_err(|error| tracing::info!(cause = %error, "a signed access token is refused"))
        .ok()?;
    let claims = verified.claims();
    let text_of = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
    let client = text_of("client_id")?;
    let of_a_person = ["auth_time", "acr", "amr"]
        .into_iter()
        .any(|name| claims.contains_key(name));
    if of_a_person || text_of("sub")? != client {
        return None;
    }
    let audience = match claims.get("aud")? {
        Value::String(one) => vec![one.clone()],
        Value::Array(several) => several
            .iter()
            .map(|one| one.as_str().map(str::to_owned))
            .collect::<Option<_>>()?,
        _ => return None,
    };
    Some(OwnName {
        client_id: ClientId::parse(&client).ok()?,
        audience,
        scope: text_of("scope"),
        jti: text_of("jti")?,
        issued_at: claims.get("iat").and_then(Value::as_i64)?,
        expires_at: verified.expires_at(),
        jkt: claims
            .get("cnf")
            .and_then(|cnf| cnf.get("jkt"))
            .and_then(Value::as_str)
            .map(str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attack_093_094_only_the_two_shapes_of_ours_are_looked_up() {
        let (short, long) = ("a".repeat(42), "a".repeat(44));
        for bad in ["", "a", "a.b", "a.b.c.d", &short, &long, "a b"] {
            assert!(Presented::read(bad).is_none(), "{bad:?}");
        }
        assert!(Presented::read(&format!("{}..", "a".repeat(BYTES_MAX))).is_none());
        assert!(Presented::read("a.b.c").is_some_and(|token| token.signed.is_some()));
    }

    #[test]
    fn one_resource_is_a_string_and_several_are_a_list() {
        let names = ["https://a.example".to_owned(), "https://b.example".to_owned()];
        assert_eq!(audience("https://p.example", &[]), json!("https://p.example"));
        assert_eq!(
            audience("https://p.example", &names[..1]),
            json!("https://a.example")
        );
        assert_eq!(audience("https://p.example", &names), json!(names));
    }
}
