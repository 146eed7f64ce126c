//! What was sent, as a sub-site: every rule of a file holds, and those of whoever was approved by nobody
//! (OpenID Connect Dynamic Client Registration 1.0 section 2, RFC 7591 section 2).
//!
//! A change is read like a new registration, so that no way around leads to a state that nobody could register
//! (A145). What is not offered is refused by name rather than left out: a client that goes on without what it asked
//! for would find out at its first sign-in. What nobody knows is left out, and so it is not in the answer.

use std::collections::{BTreeMap, BTreeSet};

use model::client::{
    AccessTokenFormat, AccountKind, AuthMethod, Client, CodeProtection, GrantType, Profile, ResponseMode,
    SigningAlg, SubjectType,
};
use model::ids::ClientId;
use model::ladder::Level;
use model::language::LocalizedText;
use model::scope::{Scope, ScopeSet};
use serde_json::{Map, Value, json};

use super::config::Config;
use super::refusal::Refusal;
use super::sector::{self, is_loopback};
use super::sent::Sent;
use super::told::{More, Names, tell};
use crate::error::RegisterError;

/// What depends on more than what was sent.
pub(super) struct Rules<'a> {
    pub(super) config: &'a Config,
    /// Whether one subject for all clients may be asked for.
    pub(super) public_subjects: bool,
    /// Whether plain http is refused.
    pub(super) production: bool,
    /// Why a scope is asked for where the client does not say.
    pub(super) purpose: LocalizedText,
}

/// Who asks: a new client, or one that is there already.
pub(super) struct Who {
    pub(super) client_id: ClientId,
    /// To whom the operator gave the permission.
    pub(super) agency: LocalizedText,
}

/// A registration that may stand, and the members that are told in the answer.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) client: Client,
    pub(super) metadata: Map<String, Value>,
}

/// Members that ask for what is not offered (Registration 1.0 section 2, RFC 8705, JARM). The value that would ask for
/// nothing is allowed.
const NOT_OFFERED: [&str; 11] = [
    "id_token_encrypted_response_alg",
    "id_token_encrypted_response_enc",
    "userinfo_encrypted_response_alg",
    "userinfo_encrypted_response_enc",
    "request_object_encryption_alg",
    "request_object_encryption_enc",
    "authorization_signed_response_alg",
    "authorization_encrypted_response_alg",
    "authorization_encrypted_response_enc",
    "request_uris",
    "tls_client_certificate_bound_access_tokens",
];

const ALGS: &str = "write ES256, RS256, PS256 or EdDSA";

/// Reads and checks everything but the document of the sector, which is elsewhere.
pub(super) fn read(sent: &Sent, rules: &Rules<'_>, who: Who) -> Result<Site, Refusal> {
    refuse_what_is_not_offered(sent)?;
    let text = |key| sent.text(key);
    let list = |key| sent.list(key).map(Option::unwrap_or_default);
    let yes = |key| sent.flag(key).map(Option::unwrap_or_default);
    let native = is_native(sent)?;
    let redirect_uris = list("redirect_uris")?;
    let grant_types = grant_types(sent)?;
    let scopes = scopes(sent, rules.config, &grant_types)?;
    let levels = levels(sent, rules.config)?;
    let names = Names::read(sent, &redirect_uris)?;
    let subject_type = subject_type(sent, rules.public_subjects)?;
    let sector_identifier_uri = text("sector_identifier_uri")?;
    let sector = sector::of(
        &who.client_id,
        subject_type,
        sector_identifier_uri.as_deref(),
        &redirect_uris,
    )?;
    let named_purposes = purposes(sent, &scopes)?;
    let algs = Algs::read(sent)?;
    let auth_method = auth_method(sent)?;
    let client = Client {
        client_id: who.client_id,
        name: names.text(),
        agency: who.agency,
        sector,
        redirect_uris,
        post_logout_redirect_uris: list("post_logout_redirect_uris")?,
        home_uri: None,
        auth_method,
        jwks: jwks(sent)?,
        purpose: why(&scopes, &named_purposes, &rules.purpose),
        scopes,
        default_level: levels.first().copied(),
        floor_level: None,
        ceiling_level: rules.config.ceiling_level,
        account_kinds: vec![AccountKind::Resident],
        profile: Profile::Oidc,
        code_protection: if auth_method.is_confidential() {
            rules.config.code_protection
        } else {
            CodeProtection::Pkce
        },
        id_token_signed_response_alg: algs.id_token,
        grant_types,
        response_modes: response_modes(sent)?,
        jwks_uri: text("jwks_uri")?,
        subject_type,
        sector_identifier_uri,
        token_endpoint_auth_signing_alg: text("token_endpoint_auth_signing_alg")?,
        request_object_signing_alg: algs.request_object,
        require_signed_request_object: yes("require_signed_request_object")?,
        require_pushed_authorization_requests: yes("require_pushed_authorization_requests")?,
        dpop_bound_access_tokens: yes("dpop_bound_access_tokens")?,
        userinfo_signed_response_alg: algs.userinfo,
        access_token_format: AccessTokenFormat::default(),
        service_scopes: Vec::new(),
        resources: Vec::new(),
        serves_resources: Vec::new(),
        backchannel_logout_uri: text("backchannel_logout_uri")?,
        backchannel_logout_session_required: yes("backchannel_logout_session_required")?,
        frontchannel_logout_uri: text("frontchannel_logout_uri")?,
        frontchannel_logout_session_required: yes("frontchannel_logout_session_required")?,
        events_uri: None,
        level_names: None,
        default_max_age: sent.number("default_max_age")?,
        require_auth_time: yes("require_auth_time")?,
        initiate_login_uri: text("initiate_login_uri")?,
        client_uri: text("client_uri")?,
        logo_uri: text("logo_uri")?,
        policy_uri: text("policy_uri")?,
        tos_uri: text("tos_uri")?,
        contacts: list("contacts")?,
        disabled: false,
    };
    check(&client, rules, native)?;
    let more = More {
        native,
        levels,
        names,
        purposes: named_purposes,
        software: [
            ("software_id", text("software_id")?),
            ("software_version", text("software_version")?),
        ],
    };
    Ok(Site {
        metadata: tell(&client, more),
        client,
    })
}

/// The rules of every sub-site, then those of keys and of native applications.
fn check(client: &Client, rules: &Rules<'_>, native: bool) -> Result<(), Refusal> {
    let faults = client.faults(rules.production);
    // RFC 7591 has a code of its own for redirect addresses, so they are looked at first.
    let (addresses, others): (Vec<_>, Vec<_>) =
        faults.into_iter().partition(|fault| fault.key == "redirect_uris");
    if let Some(fault) = addresses.into_iter().next() {
        return Err(fault.into());
    }
    // Registration 1.0 section 2: on the person's own device is where applications are, and not web sites.
    if rules.production && !native && client.redirect_uris.iter().any(|uri| is_loopback(uri)) {
        let problem = "a web application is not on the device of the person; see application_type";
        return Err(Refusal::about(
            RegisterError::RedirectUri,
            "redirect_uris",
            problem,
        ));
    }
    if let Some(fault) = others.into_iter().next() {
        return Err(fault.into());
    }
    if let Err(error) = crate::clients::check_keys(client) {
        return Err(Refusal::member("jwks", &error.to_string()));
    }
    Ok(())
}

fn refuse_what_is_not_offered(sent: &Sent) -> Result<(), Refusal> {
    if let Some(statement) = sent.text("software_statement")? {
        let error = match statement.split('.').count() {
            3 => RegisterError::StatementUnapproved,
            _ => RegisterError::StatementMalformed,
        };
        return Err(error.into());
    }
    for key in NOT_OFFERED {
        let nothing = |value: &Value| *value == json!(false) || *value == json!([]);
        if sent.value(key).is_some_and(|value| !nothing(value)) {
            let problem = match key {
                "request_uris" => "request objects are not fetched; push the request instead (RFC 9126)",
                _ => "is not offered",
            };
            return Err(Refusal::member(key, problem));
        }
    }
    let response_types = sent.list("response_types")?.unwrap_or_default();
    if response_types.iter().any(|kind| kind != "code") {
        return Err(Refusal::member(
            "response_types",
            "only code is offered; no tokens travel through the browser",
        ));
    }
    Ok(())
}

fn is_native(sent: &Sent) -> Result<bool, Refusal> {
    let read = |word: &str| match word {
        "web" => Some(false),
        "native" => Some(true),
        _ => None,
    };
    Ok(sent
        .word("application_type", read, "write web or native")?
        .unwrap_or(false))
}

fn grant_types(sent: &Sent) -> Result<Vec<GrantType>, Refusal> {
    let known = "authorization_code and refresh_token are open to clients that register themselves";
    let read = |word: &str| GrantType::from_word(word).filter(|grant| *grant != GrantType::ClientCredentials);
    let grants = sent
        .words("grant_types", read, known)?
        .unwrap_or_else(|| vec![GrantType::AuthorizationCode]);
    let set: BTreeSet<_> = grants.into_iter().collect();
    Ok(set.into_iter().collect())
}

/// What is asked for must have been approved by the operator, word for word (A147). Whoever asks for nothing gets
/// what is open to everybody.
fn scopes(sent: &Sent, config: &Config, grants: &[GrantType]) -> Result<ScopeSet, Refusal> {
    let Some(text) = sent.text("scope")? else {
        let refreshes = grants.contains(&GrantType::RefreshToken);
        let open = config.scopes.iter();
        return Ok(open
            .filter(|scope| refreshes || *scope != Scope::OfflineAccess)
            .collect());
    };
    let read = |word: &str| {
        Scope::parse(word)
            .filter(|scope| config.scopes.contains(*scope))
            .ok_or_else(|| {
                let problem = "a scope is not open to clients that register themselves";
                Refusal::about(RegisterError::NotApproved, "scope", problem)
            })
    };
    text.split(' ')
        .filter(|word| !word.is_empty())
        .map(read)
        .collect()
}

/// The levels that the client wishes for, each of which it must be able to ask for (A147).
fn levels(sent: &Sent, config: &Config) -> Result<Vec<Level>, Refusal> {
    let levels = sent
        .words(
            "default_acr_values",
            Level::from_acr,
            "is not one of acr_values_supported",
        )?
        .unwrap_or_default();
    if levels
        .iter()
        .any(|level| config.ceiling_level.is_some_and(|most| *level > most))
    {
        let problem = "a level is not open to clients that register themselves";
        return Err(Refusal::about(
            RegisterError::NotApproved,
            "default_acr_values",
            problem,
        ));
    }
    Ok(levels)
}

fn subject_type(sent: &Sent, public_subjects: bool) -> Result<SubjectType, Refusal> {
    let read = |word: &str| {
        [SubjectType::Pairwise, SubjectType::Public]
            .into_iter()
            .find(|kind| kind.as_str() == word)
    };
    let kind = sent
        .word("subject_type", read, "write pairwise or public")?
        .unwrap_or_default();
    if kind == SubjectType::Public && !public_subjects {
        return Err(Refusal::about(
            RegisterError::NotApproved,
            "subject_type",
            "only pairwise is offered",
        ));
    }
    Ok(kind)
}

fn jwks(sent: &Sent) -> Result<Option<Value>, Refusal> {
    match sent.value("jwks") {
        Some(value) if value.is_object() => Ok(Some(value.clone())),
        Some(_) => Err(Refusal::member("jwks", "must be a JWK set")),
        None => Ok(None),
    }
}

/// Why scopes are asked for, in the words that people read: a member of our own, named like that of the files.
fn purposes(sent: &Sent, scopes: &ScopeSet) -> Result<BTreeMap<Scope, LocalizedText>, Refusal> {
    let Some(value) = sent.value("purpose") else {
        return Ok(BTreeMap::new());
    };
    let problem = "write a text in zh-CN, en and vi for each scope";
    let mut purposes: BTreeMap<Scope, LocalizedText> =
        serde_json::from_value(value.clone()).map_err(|_| Refusal::member("purpose", problem))?;
    purposes.retain(|scope, _| scopes.contains(*scope));
    Ok(purposes)
}

fn auth_method(sent: &Sent) -> Result<AuthMethod, Refusal> {
    let known = "is not one of the methods that are offered";
    let method = sent.word("token_endpoint_auth_method", AuthMethod::from_name, known)?;
    Ok(method.unwrap_or(AuthMethod::ClientSecretBasic))
}

fn response_modes(sent: &Sent) -> Result<Vec<ResponseMode>, Refusal> {
    let known = "write query, form_post or both";
    let modes = sent.words("response_modes", ResponseMode::from_word, known)?;
    Ok(modes.unwrap_or_else(|| ResponseMode::ALL.to_vec()))
}

/// A purpose for every scope that releases something.
fn why(
    scopes: &ScopeSet,
    named: &BTreeMap<Scope, LocalizedText>,
    otherwise: &LocalizedText,
) -> BTreeMap<Scope, LocalizedText> {
    let asking = scopes.iter().filter(|scope| scope.releases_personal_data());
    let purpose = |scope| named.get(&scope).unwrap_or(otherwise).clone();
    asking.map(|scope| (scope, purpose(scope))).collect()
}

struct Algs {
    id_token: SigningAlg,
    userinfo: Option<SigningAlg>,
    request_object: Option<SigningAlg>,
}

impl Algs {
    /// RS256 is what an ID token has when nothing else is asked for (Registration 1.0 section 2).
    fn read(sent: &Sent) -> Result<Self, Refusal> {
        let alg = |key| sent.word(key, SigningAlg::from_name, ALGS);
        Ok(Self {
            id_token: alg("id_token_signed_response_alg")?.unwrap_or(SigningAlg::Rs256),
            userinfo: alg("userinfo_signed_response_alg")?,
            request_object: alg("request_object_signing_alg")?,
        })
    }
}
