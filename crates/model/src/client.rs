//! Sub-sites: the relying parties as operators register them, one file each in `clients.d/`
//! (metadata names after OpenID Connect Dynamic Client Registration 1.0 section 2 where they exist).

use std::collections::BTreeMap;

use serde::de::{Deserializer, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use crate::ids::ClientId;
use crate::ladder::Level;
use crate::language::LocalizedText;
use crate::scope::{Scope, ScopeSet};

/// The most redirect addresses a sub-site may register.
pub const REDIRECT_URIS_MAX: usize = 20;

/// The kinds of account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountKind {
    /// A natural person.
    Resident,
    /// A legal person.
    Organisation,
}

impl AccountKind {
    /// The word in forms and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Resident => "resident",
            Self::Organisation => "organisation",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Resident, Self::Organisation]
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }
}

/// How a client proves itself at the token endpoint (RFC 6749 section 2.3, OpenID Connect Core section 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthMethod {
    /// The secret in the `Authorization` header.
    ClientSecretBasic,
    /// The secret in the form.
    ClientSecretPost,
    /// An assertion signed with the client's key (RFC 7523).
    PrivateKeyJwt,
    /// A public client; PKCE is what protects it.
    None,
}

impl AuthMethod {
    /// Every method offered.
    pub const ALL: [Self; 4] = [
        Self::ClientSecretBasic,
        Self::ClientSecretPost,
        Self::PrivateKeyJwt,
        Self::None,
    ];

    /// The name in metadata.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::PrivateKeyJwt => "private_key_jwt",
            Self::None => "none",
        }
    }

    /// Whether the client holds a credential.
    pub const fn is_confidential(self) -> bool {
        !matches!(self, Self::None)
    }

    /// Whether the credential is a shared secret.
    pub const fn uses_secret(self) -> bool {
        matches!(self, Self::ClientSecretBasic | Self::ClientSecretPost)
    }
}

/// A signature algorithm for tokens that we make (RFC 7518).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum SigningAlg {
    /// ECDSA on P-256, the default.
    #[default]
    #[serde(rename = "ES256")]
    Es256,
    /// RSA PKCS #1 v1.5, for clients that know nothing else.
    #[serde(rename = "RS256")]
    Rs256,
    /// RSA-PSS.
    #[serde(rename = "PS256")]
    Ps256,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl SigningAlg {
    /// Every algorithm there is.
    pub const ALL: [Self; 4] = [Self::Es256, Self::Rs256, Self::Ps256, Self::EdDsa];

    /// The algorithms that ID tokens are signed with; a key exists for each.
    pub const OFFERED: [Self; 2] = [Self::Es256, Self::Rs256];

    /// The registered name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
            Self::EdDsa => "EdDSA",
        }
    }

    /// Reads the registered name; exact case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|alg| alg.name() == name)
    }
}

/// Which rules a client's requests must keep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Profile {
    /// OpenID Connect with PKCE.
    #[default]
    #[serde(rename = "oidc")]
    Oidc,
}

/// What protects a client's authorization code from being injected (RFC 9700 section 2.1.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CodeProtection {
    /// PKCE with S256 is required.
    #[default]
    Pkce,
    /// A confidential client of an older make relies on `nonce`, which is then required; PKCE may be used.
    Nonce,
}

/// A sub-site. Reading one is strict, because a misspelt key of a file would be a rule that nobody keeps; what was
/// stored is read with [`Client::from_document`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// Its name on the wire.
    pub client_id: ClientId,
    /// Its name for people.
    pub name: LocalizedText,
    /// The agency that runs it.
    pub agency: LocalizedText,
    /// The sector (a city) within which subjects are the same.
    pub sector: String,
    /// Where answers may be sent; compared byte for byte.
    pub redirect_uris: Vec<String>,
    /// Where the browser may be sent after signing out.
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    /// The page to which people can be sent back when a request can't be continued.
    #[serde(default)]
    pub home_uri: Option<String>,
    /// How it proves itself.
    pub auth_method: AuthMethod,
    /// Its public keys, for `private_key_jwt`.
    #[serde(default)]
    pub jwks: Option<serde_json::Value>,
    /// What it may ask for.
    pub scopes: ScopeSet,
    /// Why it asks, for each scope that releases something.
    #[serde(default)]
    pub purpose: BTreeMap<Scope, LocalizedText>,
    /// The level that is asked when a request names none.
    #[serde(default)]
    pub default_level: Option<Level>,
    /// Below this level nobody gets a code.
    #[serde(default)]
    pub floor_level: Option<Level>,
    /// The highest level it may ask for.
    #[serde(default)]
    pub ceiling_level: Option<Level>,
    /// Which kinds of account may sign in there.
    #[serde(default = "residents_only")]
    pub account_kinds: Vec<AccountKind>,
    /// The rules its requests keep.
    #[serde(default)]
    pub profile: Profile,
    /// What protects its codes.
    #[serde(default)]
    pub code_protection: CodeProtection,
    /// The algorithm of its ID tokens.
    #[serde(default)]
    pub id_token_signed_response_alg: SigningAlg,
    /// Whether it is switched off.
    #[serde(default)]
    pub disabled: bool,
}

fn residents_only() -> Vec<AccountKind> {
    vec![AccountKind::Resident]
}

/// What is wrong with a sub-site's registration: the key, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {problem}")]
pub struct ClientFault {
    /// The key in the file.
    pub key: &'static str,
    /// What is wrong and what would be right.
    pub problem: String,
}

impl Client {
    /// Reads a registration as it is stored. A newer release writes members that this one does not know; they are
    /// left out, so that both can run on one database. A value that is not understood stays an error: it could be a
    /// rule that this release would break.
    pub fn from_document(document: &str) -> Result<Self, serde_json::Error> {
        Self::deserialize(KnownMembers(serde_json::from_str(document)?))
    }

    /// Every fault of the registration, so that one look mends the file. `production` refuses plain http for
    /// everything but loopback addresses.
    pub fn faults(&self, production: bool) -> Vec<ClientFault> {
        let mut faults = Vec::new();
        let mut fault = |key, problem: String| faults.push(ClientFault { key, problem });
        for (key, list) in [
            ("redirect_uris", &self.redirect_uris),
            ("post_logout_redirect_uris", &self.post_logout_redirect_uris),
        ] {
            if list.len() > REDIRECT_URIS_MAX {
                fault(key, format!("at most {REDIRECT_URIS_MAX} addresses"));
            }
            for uri in list {
                if let Err(problem) = check_redirect_uri(uri, production) {
                    fault(key, format!("{uri:?} {problem}"));
                }
            }
        }
        if self.redirect_uris.is_empty() {
            fault("redirect_uris", "name at least one address".to_owned());
        }
        if let Some(uri) = &self.home_uri
            && let Err(problem) = check_redirect_uri(uri, production)
        {
            fault("home_uri", format!("{uri:?} {problem}"));
        }
        if self.sector.is_empty() || self.sector.len() > 255 || self.sector.chars().any(char::is_control) {
            fault(
                "sector",
                "write 1 to 255 characters, for example the city's code or host name".to_owned(),
            );
        }
        for (key, text) in [("name", &self.name), ("agency", &self.agency)] {
            if text
                .texts()
                .iter()
                .any(|text| text.trim().is_empty() || text.chars().count() > 100)
            {
                fault(
                    key,
                    "write 1 to 100 characters in each of zh-CN, en and vi".to_owned(),
                );
            }
        }
        if !self.scopes.contains(Scope::Openid) {
            fault("scopes", "openid is missing".to_owned());
        }
        for scope in self.scopes.iter() {
            if !Scope::OFFERED.contains(&scope) {
                fault("scopes", format!("{scope} is not offered yet"));
            }
            if scope.releases_personal_data() && !self.purpose.contains_key(&scope) {
                fault(
                    "purpose",
                    format!("say why {scope} is asked for, in zh-CN, en and vi"),
                );
            }
        }
        if self.auth_method == AuthMethod::PrivateKeyJwt && self.jwks.is_none() {
            fault("jwks", "private_key_jwt needs the public keys".to_owned());
        }
        if self.code_protection == CodeProtection::Nonce && !self.auth_method.is_confidential() {
            fault("code_protection", "a public client must use pkce".to_owned());
        }
        if !SigningAlg::OFFERED.contains(&self.id_token_signed_response_alg) {
            fault("id_token_signed_response_alg", "write ES256 or RS256".to_owned());
        }
        if self.account_kinds.is_empty() {
            fault("account_kinds", "name resident, organisation or both".to_owned());
        }
        if let (Some(floor), Some(ceiling)) = (self.floor_level, self.ceiling_level)
            && floor > ceiling
        {
            fault("floor_level", "is above ceiling_level".to_owned());
        }
        faults
    }

    /// Whether the address is registered, byte for byte (RFC 9700 section 2.1).
    pub fn redirects_to(&self, uri: &str) -> bool {
        self.redirect_uris.iter().any(|registered| registered == uri)
    }
}

/// A JSON object without the members that the type which is read from it does not have.
struct KnownMembers(Map<String, Value>);

impl<'de> Deserializer<'de> for KnownMembers {
    type Error = serde_json::Error;

    fn deserialize_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.0.retain(|member, _| fields.contains(&member.as_str()));
        Value::Object(self.0).deserialize_struct(name, fields, visitor)
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        Value::Object(self.0).deserialize_any(visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// Whether an address is fit to be registered as a place to send browsers to.
pub fn check_redirect_uri(uri: &str, production: bool) -> Result<(), &'static str> {
    if uri.len() > 500 {
        return Err("is longer than 500 characters");
    }
    if uri.chars().any(|c| !c.is_ascii_graphic() || c == '\\') {
        return Err("has characters that do not belong into an address");
    }
    let parsed = Url::parse(uri).map_err(|_| "is not an absolute address")?;
    if parsed.as_str() != uri && parsed.as_str() != format!("{uri}/") {
        return Err("is not in its normal form");
    }
    if parsed.fragment().is_some() {
        return Err("has a fragment");
    }
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return Err("has user information");
    }
    let loopback = match parsed.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => {
            if name.split('.').any(|label| label.starts_with("xn--")) {
                return Err("has an internationalised host name; register the plain one");
            }
            name == "localhost"
        }
        None => return Err("has no host"),
    };
    match parsed.scheme() {
        "https" => Ok(()),
        "http" if loopback || !production => Ok(()),
        "http" => Err("must be https"),
        _ => Err("must be http or https"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Value {
        let text = serde_json::json!({ "zh-CN": "合肥", "en": "Hefei", "vi": "Hợp Phì" });
        serde_json::json!({
            "client_id": "hefei", "name": text, "agency": text, "sector": "hefei", "scopes": ["openid"],
            "redirect_uris": ["https://hefei.example/callback"], "auth_method": "none",
        })
    }

    #[test]
    fn files_are_read_strictly_and_stored_registrations_of_a_newer_release_too_are_read() {
        let known: Client = serde_json::from_value(document()).expect("a client");
        let written = serde_json::to_string(&known).expect("JSON");
        assert_eq!(Client::from_document(&written).expect("reads back"), known);

        let mut newer = document();
        newer["jwks_uri"] = Value::Null;
        assert!(
            serde_json::from_value::<Client>(newer.clone()).is_err(),
            "a file with it is refused"
        );
        assert_eq!(Client::from_document(&newer.to_string()).expect("reads"), known);

        for (member, value) in [("profile", "fapi2"), ("auth_method", "tls_client_auth")] {
            let mut unknown = document();
            unknown[member] = value.into();
            assert!(Client::from_document(&unknown.to_string()).is_err(), "{member}");
        }
        for broken in ["", "{", "[]", "null", "{}"] {
            assert!(Client::from_document(broken).is_err(), "{broken:?}");
        }
    }

    #[test]
    fn attack_013_only_web_addresses_can_be_registered() {
        for bad in [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "https://a.example/cb#x",
            "https://user@a.example/cb",
            "https://a.example\\cb",
            "https://a.example/cb\n",
            "/cb",
            "https://",
            "http://site.example/cb",
        ] {
            assert!(check_redirect_uri(bad, true).is_err(), "{bad:?}");
        }
        for good in [
            "https://a.example/cb",
            "https://a.example/cb?x=1",
            "http://127.0.0.1:8101/callback",
        ] {
            assert_eq!(check_redirect_uri(good, true), Ok(()), "{good:?}");
        }
    }

    #[test]
    fn attack_014_015_look_alikes_and_odd_hosts_are_refused() {
        for bad in [
            "https://xn--80ak6aa92e.example/cb",
            "https://аpple.example/cb",
            "https://a。example/cb",
            "https://2130706433/cb",
            "https://0x7f.1/cb",
            "https://[fe80::1%25eth0]/cb",
            "https://A.example/cb",
            "https://a.example/x/../cb",
        ] {
            assert!(check_redirect_uri(bad, true).is_err(), "{bad:?}");
        }
    }
}
