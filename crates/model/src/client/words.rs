//! The words that a registration is made of: kinds of account, methods, algorithms, profiles, grant types.

use serde::{Deserialize, Serialize};

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
    /// An assertion made with the secret (`HS256`).
    ClientSecretJwt,
    /// An assertion signed with the client's key (RFC 7523).
    PrivateKeyJwt,
    /// A public client; PKCE is what protects it.
    None,
}

impl AuthMethod {
    /// Every method offered.
    pub const ALL: [Self; 5] = [
        Self::ClientSecretBasic,
        Self::ClientSecretPost,
        Self::ClientSecretJwt,
        Self::PrivateKeyJwt,
        Self::None,
    ];

    /// The name in metadata.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::ClientSecretJwt => "client_secret_jwt",
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
        matches!(
            self,
            Self::ClientSecretBasic | Self::ClientSecretPost | Self::ClientSecretJwt
        )
    }

    /// Whether the secret itself is needed to check a proof, and not only its hash.
    pub const fn needs_plain_secret(self) -> bool {
        matches!(self, Self::ClientSecretJwt)
    }

    /// Reads the name in metadata; exact case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == name)
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

    /// The algorithms that tokens are signed with; a key exists for each.
    pub const OFFERED: [Self; 4] = Self::ALL;

    /// The algorithms that FAPI 2.0 allows (Security Profile 5.4).
    pub const FAPI: [Self; 3] = [Self::Ps256, Self::Es256, Self::EdDsa];

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
    /// FAPI 2.0 Security Profile: pushed requests, PKCE, keys instead of secrets, bound tokens.
    #[serde(rename = "fapi2-security")]
    Fapi2Security,
}

impl Profile {
    /// Whether the rules of FAPI 2.0 hold.
    pub const fn is_fapi(self) -> bool {
        matches!(self, Self::Fapi2Security)
    }
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

/// What a client presents at the token endpoint (RFC 6749 section 1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    /// RFC 6749 section 4.1.
    AuthorizationCode,
    /// RFC 6749 section 6.
    RefreshToken,
    /// RFC 6749 section 4.4.
    ClientCredentials,
}

impl GrantType {
    /// Every grant type offered.
    pub const ALL: [Self; 3] = [
        Self::AuthorizationCode,
        Self::RefreshToken,
        Self::ClientCredentials,
    ];

    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
        }
    }

    /// Reads the word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grant| grant.as_str() == word)
    }
}

/// How an authorization response travels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    /// In the query of the redirect address.
    #[default]
    Query,
    /// As a form that the browser posts (OAuth 2.0 Form Post Response Mode).
    FormPost,
}

impl ResponseMode {
    /// Every mode offered.
    pub const ALL: [Self; 2] = [Self::Query, Self::FormPost];

    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::FormPost => "form_post",
        }
    }

    /// Reads the word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == word)
    }
}

/// Whether sub-sites know a person by different names (OpenID Connect Core 8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectType {
    /// Another name in each sector.
    #[default]
    Pairwise,
    /// One name for all clients of this type; only where the operator allows it.
    Public,
}

impl SubjectType {
    /// The word in metadata.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pairwise => "pairwise",
            Self::Public => "public",
        }
    }
}

/// What access tokens for a client look like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessTokenFormat {
    /// A random handle; resource servers ask us what it means (RFC 7662).
    #[default]
    Opaque,
    /// A signed token that resource servers read themselves (RFC 9068).
    Jwt,
}
