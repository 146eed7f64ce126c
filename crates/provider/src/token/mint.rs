//! What a redeemed code gives: an opaque access token and an ID token (OpenID Connect Core 2, 3.1.3.3).
//!
//! Takes a [`Redeemed`], which only `store::codes::redeem` can make. The level is computed from the evidence of this
//! moment, and `acr` says neither more than that nor more than was promised when the code was issued. What is told may
//! be a lower name that was demanded, so the client's floor is compared with what is held and not with what is told.

use chrono::{DateTime, TimeDelta, Utc};
use jose::alg::at_hash;
use jose::sign::TokenType;
use model::ladder::Level;
use model::scope::ScopeSet;
use model::secret::Token;
use serde::Serialize;
use serde_json::{Map, Value};
use store::codes::Redeemed;
use store::tokens::{self, NewAccessToken, TokenDetails};
use store::{Tx, accounts, evidence, grants};

use crate::Service;
use crate::claims::{Facts, Permitted, Place, Wanted};
use crate::clients::Registered;
use crate::error::TokenError;

/// What is sent.
#[derive(Debug)]
pub(super) struct Minted {
    pub(super) access_token: Token,
    pub(super) expires_in_seconds: i64,
    pub(super) scopes: ScopeSet,
    pub(super) id_token: String,
}

#[derive(Serialize)]
struct IdToken<'a> {
    iss: &'a str,
    sub: String,
    aud: &'a str,
    exp: i64,
    iat: i64,
    auth_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
    acr: String,
    amr: Vec<&'static str>,
    sid: String,
    at_hash: String,
    #[serde(flatten)]
    released: Map<String, Value>,
}

/// Mints both tokens and stores the access token.
pub(super) async fn mint(
    service: &Service,
    tx: &Tx,
    site: &Registered,
    redeemed: Redeemed,
    now: DateTime<Utc>,
) -> Result<Minted, TokenError> {
    let (client, details) = (site.client(), &redeemed.details);
    let account = accounts::find(tx, redeemed.account)
        .await?
        .ok_or(TokenError::CodeFootingLost)?;
    let evidence = evidence::list(tx, redeemed.account).await?;
    let decision = match details.grant {
        Some(_) => grants::find_active(tx, redeemed.account, &client.client_id).await?,
        None => None,
    };
    let permitted = Permitted::today(&details.scopes, client, details.grant, decision.as_ref())
        .ok_or(TokenError::CodeFootingLost)?;
    let strength = details.strength;
    let facts = Facts {
        account: &account,
        evidence: &evidence,
        strength,
        ladder: service.ladder(),
        now,
    };
    let held = service.ladder().acr(facts.level().level, strength);
    // A level that was demanded is not lowered either (OpenID Connect Core 5.5.1.1).
    let demanded = Some(details.acr).filter(|_| details.acr_essential);
    if client
        .floor_level
        .max(demanded)
        .is_some_and(|needed| held < needed)
    {
        return Err(TokenError::LevelLost);
    }
    let acr = Ord::min(details.acr, held);

    let access_token = Token::generate(service.store().rng());
    let wanted = Wanted {
        place: Place::IdToken,
        permitted: &permitted,
        requested: &details.claims.id_token,
    };
    let id_token = IdToken {
        iss: service.issuer(),
        sub: service.subject(client, redeemed.account),
        aud: client.client_id.as_str(),
        exp: now.timestamp() + service.config().id_token_seconds,
        iat: now.timestamp(),
        auth_time: details.auth_time.timestamp(),
        nonce: details.nonce.as_deref(),
        acr: acr.acr(),
        amr: details.methods.amr(),
        sid: service.sid(client, redeemed.session),
        at_hash: at_hash(client.id_token_signed_response_alg, access_token.expose()),
        released: facts.tell(&wanted),
    };
    let id_token = sign(service, site, &id_token)?;
    keep(
        service,
        tx,
        (&redeemed, &access_token),
        (&permitted.scopes, acr),
        now,
    )
    .await?;
    Ok(Minted {
        access_token,
        expires_in_seconds: service.config().access_token_seconds,
        scopes: permitted.scopes,
        id_token,
    })
}

fn sign(service: &Service, site: &Registered, claims: &IdToken<'_>) -> Result<String, TokenError> {
    let claims = serde_json::to_string(claims).map_err(|_| TokenError::NotSigned)?;
    let alg = site.client().id_token_signed_response_alg;
    service
        .ring()
        .sign(alg, TokenType::Jwt, &claims)
        .map_err(|error| {
            tracing::error!(cause = %error, "no ID token could be signed");
            TokenError::NotSigned
        })
}

async fn keep(
    service: &Service,
    tx: &Tx,
    (redeemed, token): (&Redeemed, &Token),
    (scopes, acr): (&ScopeSet, Level),
    now: DateTime<Utc>,
) -> Result<(), TokenError> {
    let details = TokenDetails {
        scopes: scopes.clone(),
        acr,
        strength: redeemed.details.strength,
        methods: redeemed.details.methods.clone(),
        auth_time: redeemed.details.auth_time,
        claims: redeemed.details.claims.userinfo.clone(),
    };
    let new = NewAccessToken {
        hash: token.hash(),
        code: redeemed,
        details: &details,
        now,
        expires_at: now + TimeDelta::seconds(service.config().access_token_seconds),
    };
    Ok(tokens::issue(tx, &new).await?)
}
