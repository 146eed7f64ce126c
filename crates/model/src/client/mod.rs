//! Sub-sites: the relying parties as operators register them, one file each in `clients.d/`
//! (metadata names after OpenID Connect Dynamic Client Registration 1.0 section 2 where they exist).

use std::collections::BTreeMap;

use serde::de::{Deserializer, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::ids::ClientId;
use crate::ladder::Level;
use crate::language::LocalizedText;
use crate::scope::{Scope, ScopeSet};

mod address;
mod faults;
mod level_names;
mod words;

pub use address::{check_redirect_uri, has_plain_host, is_redirect_uri_of_fapi};
pub use faults::{ClientFault, REDIRECT_URIS_MAX};
pub use level_names::{LevelName, LevelNames};
pub use words::{
    AccessTokenFormat, AccountKind, AuthMethod, CodeProtection, GrantType, Profile, ResponseMode, SigningAlg,
    SubjectType,
};

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
    /// The highest level it may ask for, and the highest that its tokens name.
    #[serde(default)]
    pub ceiling_level: Option<Level>,
    /// An older system's names of the levels, told beside ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level_names: Option<LevelNames>,
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
    /// What it may present at the token endpoint.
    #[serde(default = "codes_only")]
    pub grant_types: Vec<GrantType>,
    /// How its authorization responses may travel.
    #[serde(default = "every_mode")]
    pub response_modes: Vec<ResponseMode>,
    /// Where its public keys are, instead of `jwks`.
    #[serde(default)]
    pub jwks_uri: Option<String>,
    /// Whether sub-sites know a person by different names.
    #[serde(default)]
    pub subject_type: SubjectType,
    /// A document that lists the redirect addresses of the sector (OpenID Connect Core 8.1).
    #[serde(default)]
    pub sector_identifier_uri: Option<String>,
    /// The only algorithm of its assertions; nothing means any that its method allows.
    #[serde(default)]
    pub token_endpoint_auth_signing_alg: Option<String>,
    /// The only algorithm of its request objects.
    #[serde(default)]
    pub request_object_signing_alg: Option<SigningAlg>,
    /// Whether its requests must be signed (RFC 9101 section 10.5).
    #[serde(default)]
    pub require_signed_request_object: bool,
    /// Whether its requests must be pushed (RFC 9126 section 6).
    #[serde(default)]
    pub require_pushed_authorization_requests: bool,
    /// Whether its access tokens are bound to a key of its own (RFC 9449 section 5.2).
    #[serde(default)]
    pub dpop_bound_access_tokens: bool,
    /// The algorithm of its userinfo answers; nothing means plain JSON.
    #[serde(default)]
    pub userinfo_signed_response_alg: Option<SigningAlg>,
    /// What its access tokens look like.
    #[serde(default)]
    pub access_token_format: AccessTokenFormat,
    /// What it may ask for in its own name (`client_credentials`).
    #[serde(default)]
    pub service_scopes: Vec<String>,
    /// The resources that it may ask tokens for (RFC 8707).
    #[serde(default)]
    pub resources: Vec<String>,
    /// The resources that it serves: it may ask what tokens for them mean (RFC 7662).
    #[serde(default)]
    pub serves_resources: Vec<String>,
    /// Where it is told that a sign-in ended (OpenID Connect Back-Channel Logout 2.2).
    #[serde(default)]
    pub backchannel_logout_uri: Option<String>,
    /// Whether it must be told which sign-in.
    #[serde(default = "yes")]
    pub backchannel_logout_session_required: bool,
    /// The page that ends its own sign-in inside a frame (OpenID Connect Front-Channel Logout 2).
    #[serde(default)]
    pub frontchannel_logout_uri: Option<String>,
    /// Whether it must be told which sign-in.
    #[serde(default = "yes")]
    pub frontchannel_logout_session_required: bool,
    /// Where it is told that a level fell (RFC 8935).
    #[serde(default)]
    pub events_uri: Option<String>,
    /// How old a sign-in may be when a request does not say, in seconds.
    #[serde(default)]
    pub default_max_age: Option<i64>,
    /// Whether ID tokens must say when the sign-in was.
    #[serde(default)]
    pub require_auth_time: bool,
    /// Where a sign-in can be started from elsewhere (OpenID Connect Core 4).
    #[serde(default)]
    pub initiate_login_uri: Option<String>,
    /// Its own page.
    #[serde(default)]
    pub client_uri: Option<String>,
    /// Its picture.
    #[serde(default)]
    pub logo_uri: Option<String>,
    /// What it does with data.
    #[serde(default)]
    pub policy_uri: Option<String>,
    /// Its terms.
    #[serde(default)]
    pub tos_uri: Option<String>,
    /// Mailboxes of the people who run it.
    #[serde(default)]
    pub contacts: Vec<String>,
    /// Whether it is switched off.
    #[serde(default)]
    pub disabled: bool,
}

fn codes_only() -> Vec<GrantType> {
    vec![GrantType::AuthorizationCode]
}

fn every_mode() -> Vec<ResponseMode> {
    ResponseMode::ALL.to_vec()
}

const fn yes() -> bool {
    true
}

fn residents_only() -> Vec<AccountKind> {
    vec![AccountKind::Resident]
}

impl Client {
    /// Reads a registration as it is stored. A newer release writes members that this one does not know; they are
    /// left out, so that both can run on one database. A value that is not understood stays an error: it could be a
    /// rule that this release would break.
    pub fn from_document(document: &str) -> Result<Self, serde_json::Error> {
        Self::deserialize(KnownMembers(serde_json::from_str(document)?))
    }

    /// Whether it may present this at the token endpoint.
    pub fn may_use(&self, grant: GrantType) -> bool {
        self.grant_types.contains(&grant)
    }

    /// Whether its access tokens must be bound to a key.
    pub const fn binds_tokens(&self) -> bool {
        self.dpop_bound_access_tokens || self.profile.is_fapi()
    }

    /// Whether its requests must be pushed.
    pub const fn must_push(&self) -> bool {
        self.require_pushed_authorization_requests || self.profile.is_fapi()
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
        newer["a_later_member"] = Value::Null;
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
}
