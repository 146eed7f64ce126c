//! Who may see what: the token is read, checked, and held against what the address needs.

use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value};

use super::Office;
use super::refusal::{Refusal, Scheme};
use crate::dpop::{ProofFault, Target};
use crate::jws::Compact;
use crate::wire;

/// By how much clocks may differ.
const LEEWAY: TimeDelta = TimeDelta::seconds(10);
/// The longest token that is looked at.
const TOKEN_MAX_BYTES: usize = 8 * 1024;

/// The `acr` value of a level.
pub(super) fn acr(level: u8) -> String {
    format!("urn:denizen:loa:{level}")
}

/// What an address needs of the person.
#[derive(Clone, Copy, Debug)]
pub(super) struct Need {
    pub level: u8,
    pub max_age_seconds: Option<i64>,
    /// Whether the provider is asked about signed tokens too, because one that was revoked must not do.
    pub asks: bool,
}

impl Need {
    /// For the records: a real name.
    pub(super) const RECORDS: Self = Self {
        level: 1,
        max_age_seconds: None,
        asks: false,
    };
}

/// How a token was understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Jwt,
    Opaque,
}

impl Form {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Jwt => "jwt",
            Self::Opaque => "opaque",
        }
    }
}

/// Whose token it is, for whom it was made, and how well the person is proven.
#[derive(Clone, Debug)]
pub(super) struct Holder {
    pub subject: String,
    pub client_id: String,
    pub level: Option<u8>,
    pub auth_time: Option<DateTime<Utc>>,
    pub form: Form,
    /// Whether the token is bound to a key.
    pub bound: bool,
    /// Whether the provider was asked about it.
    pub asked: bool,
}

/// Whether the request came with a proof, whose sender wants the next nonce.
pub(super) fn is_proven(request: &Parts) -> bool {
    request.headers.contains_key("dpop")
}

/// Lets a request in, or says why not.
pub(super) async fn admit(office: &Office, request: &Parts, need: Need) -> Result<Holder, Refusal> {
    let (scheme, token) = presented(request)?;
    let (claims, form) = if Compact::looks_like_one(&token) {
        (own_check(office, scheme, &token).await?, Form::Jwt)
    } else {
        (introspect(office, scheme, &token).await?, Form::Opaque)
    };
    let bound = check_binding(office, request, scheme, &token, &claims)?;
    let mut holder = holder(&claims, form, bound).ok_or(Refusal::Token(scheme, "the token names nobody"))?;
    check_person(office, scheme, &holder, need)?;
    if need.asks && form == Form::Jwt {
        introspect(office, scheme, &token).await?;
        holder.asked = true;
    }
    Ok(holder)
}

/// The token, from the `Authorization` header and nowhere else (RFC 6750 section 2.1).
fn presented(request: &Parts) -> Result<(Scheme, String), Refusal> {
    let in_query = request.uri.query().is_some_and(|query| {
        url::form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "access_token")
    });
    if in_query {
        return Err(Refusal::Malformed("a token does not belong into an address"));
    }
    let mut all = request.headers.get_all(header::AUTHORIZATION).into_iter();
    let Some(value) = all.next() else {
        return Err(Refusal::NoToken);
    };
    if all.next().is_some() {
        return Err(Refusal::Malformed("more than one Authorization header"));
    }
    let value = value
        .to_str()
        .map_err(|_| Refusal::Malformed("the Authorization header is no text"))?;
    let (word, token) = value.split_once(' ').unwrap_or((value, ""));
    let scheme = match word.to_ascii_lowercase().as_str() {
        "bearer" => Scheme::Bearer,
        "dpop" => Scheme::Dpop,
        _ => return Err(Refusal::NoToken),
    };
    let token = token.trim();
    let fits = |c: char| c.is_ascii_alphanumeric() || "-._~+/=".contains(c);
    if token.is_empty() || token.len() > TOKEN_MAX_BYTES || !token.chars().all(fits) {
        return Err(Refusal::Token(scheme, "that is no token"));
    }
    Ok((scheme, token.to_owned()))
}

/// A JWT access token: RFC 9068 section 4.
async fn own_check(office: &Office, scheme: Scheme, token: &str) -> Result<Map<String, Value>, Refusal> {
    let refused = |why| Refusal::Token(scheme, why);
    let parsed = Compact::parse(token).ok_or(refused("the token cannot be read"))?;
    if !parsed.is_of_type("at+jwt") {
        return Err(refused("the token is no access token"));
    }
    let claims = office
        .0
        .issuer
        .verify(&parsed)
        .await
        .map_err(|_| Refusal::Unavailable)?
        .ok_or(refused("the signature is not the provider's"))?;
    for needed in ["iss", "exp", "aud", "sub", "client_id", "iat", "jti"] {
        if !claims.contains_key(needed) {
            return Err(refused("the token lacks a claim"));
        }
    }
    check_claims(office, scheme, &claims)?;
    Ok(claims)
}

/// An opaque token: the provider is asked (RFC 7662), as the server of this resource.
async fn introspect(office: &Office, scheme: Scheme, token: &str) -> Result<Map<String, Value>, Refusal> {
    let endpoint = office
        .0
        .issuer
        .endpoint("introspection_endpoint")
        .await
        .map_err(|_| Refusal::Unavailable)?
        .ok_or(Refusal::Unavailable)?;
    let config = &office.0.config;
    let response = office
        .0
        .http
        .post(endpoint)
        .basic_auth(
            wire::form_encoded(&config.client_id),
            Some(wire::form_encoded(&config.client_secret)),
        )
        .form(&[("token", token), ("token_type_hint", "access_token")])
        .send()
        .await
        .map_err(|error| {
            tracing::warn!(error = %error.without_url(), "the provider could not be asked about a token");
            Refusal::Unavailable
        })?;
    let status = response.status();
    let body = wire::read(response, wire::ANSWER_MAX_BYTES).await;
    let claims = body.and_then(|body| serde_json::from_slice::<Map<String, Value>>(&body).ok());
    let Some(claims) = claims.filter(|_| status.is_success()) else {
        tracing::warn!(%status, "the provider does not answer about tokens");
        return Err(Refusal::Unavailable);
    };
    if claims.get("active") != Some(&Value::Bool(true)) {
        return Err(Refusal::Token(scheme, "the token is not good or not any more"));
    }
    check_claims(office, scheme, &claims)?;
    Ok(claims)
}

/// What holds for both forms: whose, for whom, and since and until when.
fn check_claims(office: &Office, scheme: Scheme, claims: &Map<String, Value>) -> Result<(), Refusal> {
    let refused = |why| Err(Refusal::Token(scheme, why));
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("iss").is_some_and(|issuer| issuer != office.0.issuer.name) {
        return refused("the token is another provider's");
    }
    let audience = match claims.get("aud") {
        Some(Value::String(one)) => *one == office.0.resource,
        Some(Value::Array(many)) => many
            .iter()
            .any(|one| one.as_str() == Some(office.0.resource.as_str())),
        _ => false,
    };
    if !audience {
        return refused("the token is for another resource");
    }
    let now = office.0.clock.now();
    if moment(claims, "exp").is_none_or(|at| at + LEEWAY <= now) {
        return refused("the token has lapsed");
    }
    if moment(claims, "nbf").is_some_and(|at| at - LEEWAY > now) {
        return refused("the token is not good yet");
    }
    Ok(())
}

/// RFC 9449 section 7: a bound token comes with a proof of its key, in its own scheme, and no other token does.
fn check_binding(
    office: &Office,
    request: &Parts,
    scheme: Scheme,
    token: &str,
    claims: &Map<String, Value>,
) -> Result<bool, Refusal> {
    let wanted = claims
        .get("cnf")
        .and_then(|confirmation| confirmation.get("jkt"))
        .and_then(Value::as_str);
    match (scheme, wanted) {
        (Scheme::Bearer, None) => return Ok(false),
        (Scheme::Bearer, Some(_)) => {
            return Err(Refusal::Token(
                scheme,
                "the token is bound to a key; show it as DPoP",
            ));
        }
        (Scheme::Dpop, None) => {
            return Err(Refusal::Token(scheme, "the token is bound to no key"));
        }
        (Scheme::Dpop, Some(_)) => {}
    }
    let proof = only_proof(&request.headers)?;
    let target = Target {
        method: request.method.as_str(),
        url: &format!("{}{}", office.0.base_url, request.uri.path()),
        token,
    };
    let jkt = office
        .0
        .proofs
        .check(proof, &target)
        .map_err(|fault| match fault {
            ProofFault::Invalid(why) => Refusal::Proof(why),
            ProofFault::NonceNeeded => Refusal::NonceNeeded,
        })?;
    if Some(jkt.as_str()) != wanted {
        return Err(Refusal::Token(scheme, "the token is bound to another key"));
    }
    Ok(true)
}

fn only_proof(headers: &HeaderMap) -> Result<&str, Refusal> {
    let mut all = headers.get_all("dpop").into_iter();
    let first = all
        .next()
        .and_then(|value| value.to_str().ok())
        .ok_or(Refusal::Proof("there is no proof"))?;
    match all.next() {
        None => Ok(first),
        Some(_) => Err(Refusal::Proof("there is more than one proof")),
    }
}

fn holder(claims: &Map<String, Value>, form: Form, bound: bool) -> Option<Holder> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    Some(Holder {
        subject: text("sub")?.to_owned(),
        client_id: text("client_id")?.to_owned(),
        level: text("acr").and_then(|acr| acr.strip_prefix("urn:denizen:loa:")?.parse().ok()),
        auth_time: moment(claims, "auth_time"),
        form,
        bound,
        asked: form == Form::Opaque,
    })
}

/// RFC 9470 section 3: how well, and how lately.
fn check_person(office: &Office, scheme: Scheme, holder: &Holder, need: Need) -> Result<(), Refusal> {
    let refused = |why| {
        Err(Refusal::Authentication {
            scheme,
            level: need.level,
            max_age_seconds: need.max_age_seconds,
            why,
        })
    };
    if holder.level.is_none_or(|level| level < need.level) {
        return refused("a higher identity level is needed");
    }
    if let Some(seconds) = need.max_age_seconds {
        let age = holder.auth_time.map(|at| office.0.clock.now() - at);
        if age.is_none_or(|age| age > TimeDelta::seconds(seconds) + LEEWAY) {
            return refused("a more recent sign-in is needed");
        }
    }
    Ok(())
}

fn moment(claims: &Map<String, Value>, name: &str) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(claims.get(name)?.as_i64()?, 0)
}
