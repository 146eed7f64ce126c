//! What a redeemed code or refresh token gives: an access token, an ID token (OpenID Connect Core 2, 3.1.3.3, 12.2), and
//! a refresh token where the client may have one.
//!
//! In two steps. [`prepare`] decides and signs, from what was read, without the database. [`keep`] stores, and takes
//! [`Grounds`], which only redemption can make. The level is computed from the evidence of this moment, and `acr` says
//! neither more than that, nor more than was promised when the code was issued, nor more than the client's ceiling of
//! today. What is told may be a lower name that was
//! demanded, so the client's floor is compared with what is held and not with what is told.

use chrono::{DateTime, TimeDelta, Utc};
use jose::alg::at_hash;
use jose::sign::TokenType;
use model::client::{AccessTokenFormat, GrantType};
use model::ids::SessionId;
use model::ladder::Level;
use model::scope::{Scope, ScopeSet};
use model::secret::{Sensitive, Token, TokenHash};
use serde::Serialize;
use serde_json::{Map, Value};
use store::Tx;
use store::codes::CodeDetails;
use store::holders::Holder;
use store::refresh::{self, Life, NewRefreshToken};
use store::tokens::{self, Grounds, NewAccessToken, TokenDetails};

use crate::Service;
use crate::access_token::{self, Claims, Kind};
use crate::claims::{Facts, Permitted, Place, Wanted};
use crate::clients::Registered;
use crate::error::TokenError;
use crate::telling::Telling;

/// What is sent.
#[derive(Debug)]
pub(super) struct Minted {
    pub(super) access_token: Sensitive<String>,
    pub(super) kind: Kind,
    pub(super) expires_in_seconds: i64,
    pub(super) scope: String,
    pub(super) id_token: Option<Sensitive<String>>,
    pub(super) refresh_token: Option<Token>,
}

/// What is known about whom, from which sign-in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Basis<'a> {
    pub(super) holder: &'a Holder,
    pub(super) session: SessionId,
    pub(super) details: &'a CodeDetails,
}

/// What is wanted of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    /// Fewer scopes than were granted.
    pub(super) scopes: Option<&'a ScopeSet>,
    /// Whom the access token is for; nobody means the provider itself.
    pub(super) resources: &'a [String],
    /// The key that was shown.
    pub(super) jkt: Option<&'a str>,
}

/// Everything but the rows.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) minted: Minted,
    access: TokenHash,
    details: TokenDetails,
    expires_at: DateTime<Utc>,
    /// Whether access goes on when the sign-in is over.
    pub(super) offline: bool,
}

#[derive(Serialize)]
struct IdToken<'a> {
    iss: &'a str,
    sub: &'a str,
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

/// Decides what may be given and signs it.
pub(super) fn prepare(
    service: &Service,
    site: &Registered,
    basis: &Basis<'_>,
    asked: Asked<'_>,
    now: DateTime<Utc>,
) -> Result<Prepared, TokenError> {
    let (client, details) = (site.client(), basis.details);
    let allowed = basis.holder.allowed.as_ref();
    let whole =
        Permitted::today(&details.scopes, client, details.grant, allowed).ok_or(TokenError::FootingLost)?;
    let offline = whole.scopes.contains(Scope::OfflineAccess);
    let permitted = asked
        .scopes
        .map_or_else(|| whole.clone(), |scopes| whole.narrowed(scopes));
    let mut telling = Telling {
        service,
        client,
        holder: basis.holder,
        permitted: &permitted,
        strength: details.strength,
        acr: Level::REGISTERED,
        now,
    };
    let acr = reached(service, site, details, &telling.facts())?;
    telling.acr = acr;
    let expires_at = end(service, basis, offline, now)?;

    let access = Access {
        basis,
        asked,
        scopes: &permitted.scopes,
        acr,
        expires_at,
        sub: service.subject(client, basis.holder.account.id),
        now,
    };
    let (text, jti) = access.write(service, site)?;
    let wanted = Wanted {
        place: Place::IdToken,
        permitted: &permitted,
        requested: &details.claims.id_token,
    };
    let id_token = IdToken {
        iss: service.issuer(),
        sub: &access.sub,
        aud: client.client_id.as_str(),
        exp: now.timestamp() + service.config().id_token_seconds,
        iat: now.timestamp(),
        auth_time: details.auth_time.timestamp(),
        nonce: details.nonce.as_deref(),
        acr: acr.acr(),
        amr: details.methods.amr(),
        sid: service.sid(client, basis.session),
        at_hash: at_hash(client.id_token_signed_response_alg, &text),
        released: telling.tell(&wanted, &details.claims.verified_id_token),
    };
    // Only an answer about who somebody is has an ID token.
    let id_token = permitted
        .scopes
        .contains(Scope::Openid)
        .then(|| sign(service, site, &id_token));
    let details = access.details(jti);
    Ok(Prepared {
        minted: Minted {
            kind: Kind::of(details.jkt.as_ref()),
            expires_in_seconds: (expires_at - now).num_seconds(),
            scope: permitted.scopes.to_string(),
            id_token: id_token.transpose()?.map(Sensitive::new),
            refresh_token: None,
            access_token: Sensitive::new(text.clone()),
        },
        access: TokenHash::of(&text),
        details,
        expires_at,
        offline,
    })
}

/// The level that the tokens say.
fn reached(
    service: &Service,
    site: &Registered,
    details: &CodeDetails,
    facts: &Facts<'_>,
) -> Result<Level, TokenError> {
    let held = service.ladder().acr(facts.level().level, details.strength);
    // A level that was demanded is not lowered either (OpenID Connect Core 5.5.1.1).
    let demanded = Some(details.acr).filter(|_| details.acr_essential);
    let needed = site.client().floor_level.max(demanded);
    if needed.is_some_and(|needed| held < needed) {
        return Err(TokenError::LevelLost);
    }
    // Nor does an answer of long ago say more than the client may ask for today.
    let ceiling = site.client().ceiling_level.unwrap_or(details.acr);
    if demanded.is_some_and(|demanded| demanded > ceiling) {
        return Err(TokenError::LevelLost);
    }
    Ok(Ord::min(details.acr, held).min(ceiling))
}

/// When the access token ends: with the sign-in at the latest, unless access goes beyond it.
fn end(
    service: &Service,
    basis: &Basis<'_>,
    offline: bool,
    now: DateTime<Utc>,
) -> Result<DateTime<Utc>, TokenError> {
    let over = basis.holder.sign_in_over.ok_or(TokenError::FootingLost)?;
    let own = now + TimeDelta::seconds(service.config().access_token_seconds);
    let end = if offline { own } else { Ord::min(own, over) };
    // Not even a second would be left.
    if end < now + TimeDelta::seconds(1) {
        return Err(TokenError::FootingLost);
    }
    Ok(end)
}

/// An access token in the making.
struct Access<'a> {
    basis: &'a Basis<'a>,
    asked: Asked<'a>,
    scopes: &'a ScopeSet,
    acr: Level,
    expires_at: DateTime<Utc>,
    sub: String,
    now: DateTime<Utc>,
}

impl Access<'_> {
    /// Its text, and its identifier if it is a signed one.
    fn write(&self, service: &Service, site: &Registered) -> Result<(String, Option<String>), TokenError> {
        let client = site.client();
        if client.access_token_format == AccessTokenFormat::Opaque && self.asked.resources.is_empty() {
            return Ok((Token::generate(service.store().rng()).expose().to_owned(), None));
        }
        let (jti, details) = (access_token::new_jti(service), self.basis.details);
        let claims = Claims {
            iss: service.issuer(),
            sub: self.sub.clone(),
            aud: access_token::audience(service.issuer(), self.asked.resources),
            exp: self.expires_at.timestamp(),
            iat: self.now.timestamp(),
            jti: &jti,
            client_id: client.client_id.as_str(),
            scope: &self.scopes.to_string(),
            auth_time: Some(details.auth_time.timestamp()),
            acr: Some(self.acr.acr()),
            amr: details.methods.amr(),
            cnf: access_token::confirmation(self.asked.jkt),
        };
        let text = access_token::sign(service, site, &claims).ok_or(TokenError::NotSigned)?;
        Ok((text, Some(jti)))
    }

    fn details(&self, jti: Option<String>) -> TokenDetails {
        let details = self.basis.details;
        TokenDetails {
            scopes: self.scopes.clone(),
            acr: self.acr,
            strength: details.strength,
            methods: details.methods.clone(),
            auth_time: details.auth_time,
            claims: details.claims.userinfo.clone(),
            verified_claims: details.claims.verified_userinfo.clone(),
            jkt: self.asked.jkt.map(str::to_owned),
            resources: self.asked.resources.to_vec(),
            jti,
        }
    }
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

/// Whether a client is given refresh tokens.
pub(super) fn gives_refresh_tokens(site: &Registered) -> bool {
    site.client().may_use(GrantType::RefreshToken)
}

/// Stores the access token, and a refresh token where there is to be one. One statement for each.
pub(super) async fn keep(
    service: &Service,
    tx: &Tx,
    mut prepared: Prepared,
    grounds: &Grounds,
    next: Option<(Life, &CodeDetails)>,
    now: DateTime<Utc>,
) -> Result<Minted, TokenError> {
    let new = NewAccessToken {
        hash: prepared.access,
        grounds,
        details: &prepared.details,
        now,
        expires_at: prepared.expires_at,
    };
    tokens::issue(tx, &new).await?;
    if let Some((life, details)) = next {
        let token = Token::generate(service.store().rng());
        let new = NewRefreshToken {
            token: &token,
            grounds,
            details,
            life,
            now,
        };
        refresh::issue(tx, &new).await?;
        prepared.minted.refresh_token = Some(token);
    }
    Ok(prepared.minted)
}
