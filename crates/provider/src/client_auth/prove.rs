//! Whether what a client presents is what is registered for it (OpenID Connect Core 9, RFC 7523 section 3).
//!
//! A proof is checked without the database; that an assertion is used once is a row, see [`super::Caller::admit`].
//! Secrets are 256 random bits, so a hash and a comparison in constant time are enough. Clients under FAPI 2.0 prove
//! themselves with `private_key_jwt` and nothing else (FAPI 2.0 Security Profile 5.3.2.1, 5.4).

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use jose::mac::{self, MacVerification, Secret};
use jose::verify::{self, Audience, Demand, Subject, Typ, Verification, VerifyError};
use model::client::{AuthMethod, Client, SigningAlg};
use model::secret::TokenHash;

use super::Endpoint;
use super::present::{Credential, Presented};
use crate::Service;
use crate::client_keys;
use crate::clients::Registered;
use crate::error::ClientAuthError;

/// How far a client's clock may be from ours.
const LEEWAY_SECONDS: u64 = 15;
/// The longest life of an assertion under FAPI 2.0.
const FAPI_LIFE: Duration = Duration::from_mins(10);
/// The longest life of any other. Authlib, for one, asks for an hour unless it is told otherwise.
const PLAIN_LIFE: Duration = Duration::from_hours(1);

/// What must not be used a second time.
#[derive(Debug)]
pub(super) struct Once {
    pub(super) jti: String,
    pub(super) remember_until: DateTime<Utc>,
}

/// What `typ` of an assertion may be.
const TYP: Typ<'static> = Typ::AbsentOrOneOf(&["JWT", "client-authentication+jwt"]);

/// Checks the proof. Whoever is unknown gets the same answer as whoever is wrong. For a secret the work is the same but
/// for one comparison of hashes; an assertion of somebody unknown is refused before its signature is looked at, so its
/// time may tell that the name is unknown. Names of sub-sites are no secret: each stands in the address that its
/// residents are sent to.
pub(super) async fn prove(
    service: &Service,
    endpoint: Endpoint,
    presented: &Presented,
) -> Result<(Registered, Option<Once>), ClientAuthError> {
    let registered = presented.client_id().and_then(|id| service.registered(id));
    let once = match &presented.credential {
        Credential::Basic(secret) | Credential::Post(secret) => {
            check_secret(service, secret.expose(), registered.as_ref())?;
            None
        }
        Credential::Assertion(jwt) => {
            let registered = registered.as_ref().ok_or(ClientAuthError::ClientRefused)?;
            Some(check_assertion(service, endpoint, jwt.expose(), registered).await?)
        }
        Credential::None if endpoint.takes_public_clients() => None,
        Credential::None => return Err(ClientAuthError::PublicRefused),
    };
    match registered {
        Some(registered) if may_be(registered.client(), &presented.credential) => Ok((registered, once)),
        _ => Err(ClientAuthError::ClientRefused),
    }
}

fn may_be(client: &Client, credential: &Credential) -> bool {
    let method = match (credential, client.auth_method) {
        (Credential::Basic(_), _) => AuthMethod::ClientSecretBasic,
        (Credential::Post(_), _) => AuthMethod::ClientSecretPost,
        // Which of the two an assertion is was settled by the registration, when it was checked.
        (Credential::Assertion(_), AuthMethod::ClientSecretJwt) => AuthMethod::ClientSecretJwt,
        (Credential::Assertion(_), _) => AuthMethod::PrivateKeyJwt,
        (Credential::None, _) => AuthMethod::None,
    };
    let allowed = !client.profile.is_fapi() || method == AuthMethod::PrivateKeyJwt;
    client.auth_method == method && allowed && !client.disabled
}

fn check_secret(
    service: &Service,
    secret: &str,
    registered: Option<&Registered>,
) -> Result<(), ClientAuthError> {
    let sent = TokenHash::of(secret);
    let now = service.now();
    if registered.is_some_and(|registered| registered.stored.accepts_secret(&sent, now)) {
        Ok(())
    } else {
        Err(ClientAuthError::ClientRefused)
    }
}

/// RFC 7523 section 3.
async fn check_assertion(
    service: &Service,
    endpoint: Endpoint,
    jwt: &str,
    registered: &Registered,
) -> Result<Once, ClientAuthError> {
    let client = registered.client();
    let audiences = audiences(service, endpoint, client);
    let audiences: Vec<&str> = audiences.iter().map(String::as_str).collect();
    let outcome = match client.auth_method {
        AuthMethod::PrivateKeyJwt => with_key(service, jwt, registered, &audiences).await,
        AuthMethod::ClientSecretJwt => with_secret(service, jwt, registered, &audiences),
        _ => return Err(ClientAuthError::ClientRefused),
    };
    let (jti, expires_at) = outcome.map_err(|error| {
        tracing::info!(client = %client.client_id, cause = %error, "client assertion refused");
        ClientAuthError::ClientRefused
    })?;
    Ok(Once {
        jti,
        remember_until: expires_at + TimeDelta::seconds(LEEWAY_SECONDS.cast_signed()),
    })
}

/// What `aud` may be, as one string: a list could be good at two places (A070). Under FAPI 2.0 that is the issuer.
/// Sub-sites of plain OpenID Connect may name the token endpoint (OpenID Connect Core 9) or the endpoint that they call.
fn audiences(service: &Service, endpoint: Endpoint, client: &Client) -> Vec<String> {
    let issuer = service.issuer();
    if client.profile.is_fapi() {
        return vec![issuer.to_owned()];
    }
    let at = |endpoint: Endpoint| format!("{issuer}{}", endpoint.path());
    vec![issuer.to_owned(), at(Endpoint::Token), at(endpoint)]
}

async fn with_key(
    service: &Service,
    jwt: &str,
    registered: &Registered,
    audiences: &[&str],
) -> Result<(String, DateTime<Utc>), VerifyError> {
    let client = registered.client();
    let id = client.client_id.as_str();
    let algs = algs(client);
    let verified = client_keys::verify(service, registered, |keys| {
        verify::verify(
            jwt,
            &Verification {
                keys,
                algs: &algs,
                typ: TYP,
                issuer: id,
                subject: Subject::Exactly(id),
                audience: Audience::ExactlyOneOf(audiences),
                issued_at: Demand::IfPresent,
                token_id: Demand::Required,
                now: service.now(),
                leeway: Duration::from_secs(LEEWAY_SECONDS),
                max_age: life(client),
            },
        )
    })
    .await?;
    let jti = verified.token_id().unwrap_or_default().to_owned();
    Ok((jti, verified.expires_at()))
}

const fn life(client: &Client) -> Duration {
    if client.profile.is_fapi() {
        FAPI_LIFE
    } else {
        PLAIN_LIFE
    }
}

/// The algorithms that a client may sign assertions with.
fn algs(client: &Client) -> Vec<SigningAlg> {
    let allowed: &[SigningAlg] = if client.profile.is_fapi() {
        &SigningAlg::FAPI
    } else {
        &jose::alg::ACCEPTED
    };
    let registered = client.token_endpoint_auth_signing_alg.as_deref();
    let fits = |alg: &SigningAlg| registered.is_none_or(|name| name == alg.name());
    allowed.iter().copied().filter(fits).collect()
}

fn with_secret(
    service: &Service,
    jwt: &str,
    registered: &Registered,
    audiences: &[&str],
) -> Result<(String, DateTime<Utc>), VerifyError> {
    let client = registered.client();
    if client
        .token_endpoint_auth_signing_alg
        .as_deref()
        .is_some_and(|name| name != mac::ALG)
    {
        return Err(VerifyError::AlgNotAccepted);
    }
    let secrets: Vec<Secret> = registered
        .stored
        .signing_secrets(service.now())
        .filter_map(|secret| Secret::new(secret.expose().as_bytes()))
        .collect();
    let asserted = mac::verify(
        jwt,
        &MacVerification {
            secrets: &secrets,
            typ: TYP,
            client: client.client_id.as_str(),
            audiences,
            now: service.now(),
            leeway: Duration::from_secs(LEEWAY_SECONDS),
            max_age: life(client),
        },
    )?;
    Ok((asserted.token_id, asserted.expires_at))
}
