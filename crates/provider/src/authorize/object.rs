//! Request objects by value: the parameters of a request, signed by the client (RFC 9101, OpenID Connect Core 6.1).
//!
//! Only what stands inside counts; `iss` is the client, `aud` has us in it, and `exp` is at most an hour away. Under
//! FAPI `nbf` must be there, too, and at most an hour old. Unsigned, encrypted and symmetrically signed objects are not
//! taken. It does not look at what is asked: the parameters go the same way as any.

use std::time::Duration;

use jose::verify::{Audience, Demand, Subject, Typ, Verification, Verified, verify};
use model::client::{Client, SigningAlg};
use serde_json::Value;

use crate::Service;
use crate::authorize::raw::{KNOWN, REPEATABLE, Raw, Way};
use crate::client_keys;
use crate::clients::Registered;
use crate::error::AuthorizeError;

/// What `typ` may be; a client assertion for the token endpoint may say `JWT` as well and is told apart by `sub`.
const TYPES: [&str; 2] = ["oauth-authz-req+jwt", "JWT"];
/// The longest life, in seconds.
const LIFE_SECONDS: u64 = 3600;
/// How far a client's clock may be from ours, in seconds.
const LEEWAY_SECONDS: u64 = 15;

/// Reads a request object of a client.
pub(crate) async fn read(service: &Service, client: &Registered, jwt: &str) -> Result<Raw, AuthorizeError> {
    let verified = check(service, client, jwt).await?;
    if verified.subject() == Some(client.client().client_id.as_str()) {
        // That is how assertions look that prove a client, and such a one is no request (RFC 9101 section 10.8).
        return Err(AuthorizeError::ObjectRefused);
    }
    parameters(&verified, client.client())
}

async fn check(service: &Service, client: &Registered, jwt: &str) -> Result<Verified, AuthorizeError> {
    let registration = client.client();
    let refused = |error: &dyn std::fmt::Display| {
        tracing::info!(client = %registration.client_id, cause = %error, "a request object is refused");
        AuthorizeError::ObjectRefused
    };
    let verified = client_keys::verify(service, client, |keys| {
        let wanted = Verification {
            keys,
            algs: algs(registration),
            typ: Typ::AbsentOrOneOf(&TYPES),
            issuer: registration.client_id.as_str(),
            subject: Subject::Optional,
            audience: Audience::Contains(&[service.issuer()]),
            issued_at: Demand::IfPresent,
            token_id: Demand::IfPresent,
            now: service.now(),
            leeway: Duration::from_secs(LEEWAY_SECONDS),
            max_age: Duration::from_secs(LIFE_SECONDS),
        };
        verify(jwt, &wanted)
    })
    .await
    .map_err(|error| refused(&error))?;
    if registration.profile.is_fapi() {
        check_not_before(&verified, service.now().timestamp()).map_err(|text| refused(&text))?;
    }
    Ok(verified)
}

/// The algorithms that this client's objects may be signed with.
fn algs(client: &Client) -> &[SigningAlg] {
    let offered: &[SigningAlg] = if client.profile.is_fapi() {
        &SigningAlg::FAPI
    } else {
        &jose::alg::ACCEPTED
    };
    match &client.request_object_signing_alg {
        None => offered,
        Some(alg) if offered.contains(alg) => std::slice::from_ref(alg),
        Some(_) => &[],
    }
}

/// That `nbf` is not still to come has been checked.
fn check_not_before(verified: &Verified, now: i64) -> Result<(), &'static str> {
    let at = verified
        .claims()
        .get("nbf")
        .and_then(Value::as_i64)
        .ok_or("nbf is missing")?;
    let oldest = now.saturating_sub(i64::try_from(LIFE_SECONDS + LEEWAY_SECONDS).unwrap_or(i64::MAX));
    let latest = at.saturating_add(i64::try_from(LIFE_SECONDS).unwrap_or(i64::MAX));
    if at < oldest {
        Err("nbf is too old")
    } else if verified.expires_at().timestamp() > latest {
        Err("the object lives too long")
    } else {
        Ok(())
    }
}

fn parameters(verified: &Verified, client: &Client) -> Result<Raw, AuthorizeError> {
    let id = client.client_id.as_str();
    match verified.claims().get("client_id") {
        // `iss` said who it is.
        None if !client.profile.is_fapi() => {}
        Some(Value::String(inside)) if inside == id => {}
        _ => return Err(AuthorizeError::ObjectOfOther),
    }
    let mut pairs = vec![("client_id".to_owned(), id.to_owned())];
    for (name, value) in verified.claims() {
        if !KNOWN.contains(&name.as_str()) || name == "client_id" {
            continue;
        }
        for text in texts(name, value)? {
            pairs.push((name.clone(), text));
        }
    }
    Ok(Raw::new(pairs).by(Way {
        pushed: None,
        signed: true,
    }))
}

/// The parameter as it would stand in an address.
fn texts(name: &str, value: &Value) -> Result<Vec<String>, AuthorizeError> {
    let one = match (name, value) {
        ("request" | "request_uri", _) => return Err(AuthorizeError::ObjectNested),
        (_, Value::String(text)) => text.clone(),
        ("max_age", Value::Number(seconds)) => seconds.to_string(),
        ("claims", Value::Object(_)) => value.to_string(),
        (REPEATABLE, Value::Array(several)) => {
            let texts = several.iter().map(|text| text.as_str().map(str::to_owned));
            return texts
                .collect::<Option<_>>()
                .ok_or(AuthorizeError::ObjectMalformed);
        }
        _ => return Err(AuthorizeError::ObjectMalformed),
    };
    Ok(vec![one])
}
