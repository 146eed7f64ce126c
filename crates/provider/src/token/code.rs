//! The authorization code grant (RFC 6749 section 4.1.3, RFC 7636 section 4.6).
//!
//! The code is redeemed first, by one guarded statement, and compared afterwards: once the rightful client has
//! presented it, it is spent whether redirect address and verifier fit or not, so nobody tries twice (A043, A055). A
//! code that another client presents stays good for its own. Everything is committed, refused or not, because a
//! replay revokes (A041).
//!
//! What the code gives is read, decided and signed before that and outside of any transaction, so that a node that signs
//! keeps nobody waiting; it is thrown away when the redemption says no.
//!
//! Statements: the code with whom it is about, the redemption, the access token, the entry in the audit log: four, and
//! one more for each of an assertion, a proof of possession and a refresh token.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use model::event::Event;
use model::secret::{Sensitive, Token};
use sha2::{Digest as _, Sha256};
use store::Tx;
use store::audit::{self, Entry};
use store::codes::{self, Redeemed, Redemption, Replay, Worthless};
use subtle::ConstantTimeEq as _;

use super::mint::{self, Asked, Basis, Minted, Prepared};
use super::possession::Possession;
use super::{refresh, resource, written};
use crate::Service;
use crate::client_auth::{Caller, Form, Refusal};
use crate::clients::Registered;
use crate::error::TokenError;

/// What a client sends to redeem a code.
#[derive(Debug)]
pub(super) struct CodeRequest {
    code: Token,
    redirect_uri: String,
    verifier: Option<Sensitive<String>>,
}

impl CodeRequest {
    pub(super) fn read(form: &Form) -> Result<Self, TokenError> {
        let code = form.one("code").ok_or(TokenError::CodeMissing)?;
        let redirect_uri = form.one("redirect_uri").ok_or(TokenError::RedirectMissing)?;
        Ok(Self {
            // What cannot be a code of ours is not looked up (A047).
            code: Token::parse(code).ok_or(TokenError::CodeUnknown)?,
            redirect_uri: redirect_uri.to_owned(),
            verifier: form
                .one("code_verifier")
                .map(|verifier| Sensitive::new(verifier.to_owned())),
        })
    }
}

/// Redeems a code and mints what it gives.
pub(super) async fn redeem(
    service: &Service,
    caller: &Caller,
    possession: &Possession,
    request: CodeRequest,
) -> Result<Minted, Refusal> {
    let now = service.now();
    let prepared = prepare(service, caller, possession, &request, now).await;
    if let Err(error @ (TokenError::StoreFailed | TokenError::CodeUnknown | TokenError::CodeReplayed)) =
        prepared
    {
        return Err(error.into());
    }
    let tx = service.store().begin().await.map_err(TokenError::from)?;
    caller.admit(&tx).await?;
    possession.spend(&tx).await?;
    let outcome = decide(service, &tx, (caller, possession), &request, (prepared, now)).await;
    // A failing store is the one case in which nothing of it should have happened.
    if !matches!(outcome, Err(TokenError::StoreFailed)) {
        tx.commit().await.map_err(TokenError::from)?;
    }
    Ok(outcome?)
}

/// What the code would give. Why it gives nothing is said by the redemption first.
async fn prepare(
    service: &Service,
    caller: &Caller,
    possession: &Possession,
    request: &CodeRequest,
    now: DateTime<Utc>,
) -> Result<Prepared, TokenError> {
    let (site, tx) = (caller.registered(), service.store().read());
    let kept = codes::find(&tx, &request.code.hash(), &site.client().client_id).await?;
    let Some(kept) = kept else {
        return Err(given_to_nobody(caller, &tx, request, now).await?);
    };
    let resources = resource::within(caller.form(), &kept.details.resources, &site.client().resources)?;
    let basis = Basis {
        holder: &kept.holder,
        session: kept.session,
        details: &kept.details,
    };
    let asked = Asked {
        scopes: None,
        resources: &resources,
        jkt: possession.jkt(),
    };
    mint::prepare(service, site, &basis, asked, now)
}

/// What a code is that is not this client's to redeem. In the name of a client without a credential anybody can come, so a
/// code that never was ends here and nothing is written for it: neither a transaction nor a proof that costs nothing to
/// make. What may be a replay goes on, because that revokes; one that came too often has nothing left to revoke.
async fn given_to_nobody(
    caller: &Caller,
    tx: &Tx,
    request: &CodeRequest,
    now: DateTime<Utc>,
) -> Result<TokenError, TokenError> {
    let (confidential, code) = (caller.client().auth_method.is_confidential(), request.code.hash());
    if confidential {
        return Ok(TokenError::FootingLost);
    }
    if !codes::is_known(tx, &code).await? {
        return Ok(TokenError::CodeUnknown);
    }
    if written::is_enough(tx, &written::REPLAYED, &replay_key(request), now).await? {
        return Ok(TokenError::CodeReplayed);
    }
    Ok(TokenError::FootingLost)
}

/// Counted apart from used refresh tokens of the family.
fn replay_key(request: &CodeRequest) -> String {
    format!("code {}", written::key(&request.code.hash()))
}

async fn decide(
    service: &Service,
    tx: &Tx,
    (caller, possession): (&Caller, &Possession),
    request: &CodeRequest,
    (prepared, now): (Result<Prepared, TokenError>, DateTime<Utc>),
) -> Result<Minted, TokenError> {
    let site = caller.registered();
    let redeemed = match codes::redeem(tx, &request.code.hash(), &site.client().client_id, now).await? {
        Redemption::Redeemed(redeemed) => *redeemed,
        Redemption::Replayed(replay) => {
            let within = written::one_more(tx, &written::REPLAYED, &replay_key(request), now).await?;
            if within || replay.revoked_tokens > 0 {
                record_replay(service, tx, caller, &replay, now).await?;
            }
            return Err(TokenError::CodeReplayed);
        }
        Redemption::Refused(worthless) => return Err(worthless.into()),
    };
    let details = &redeemed.details;
    let fits = compare(site, &redeemed, request).and_then(|()| possession.fits(details.jkt.as_ref()));
    let given = fits.and(prepared);
    let event = given.as_ref().map_or(Event::CodeRefused, |_| Event::CodeRedeemed);
    let mut entry = Entry::new(event, now)
        .account(redeemed.account)
        .client(&redeemed.client_id)
        .session(redeemed.session);
    // It is spent, so this is written once.
    if let Err(error) = &given {
        entry = entry.details(serde_json::json!({ "reason": format!("{error:?}") }));
    }
    entry.request_id.clone_from(&caller.origin().request_id);
    audit::record(tx, service.store().rng(), entry).await?;
    let prepared = given?;
    let lasting = refresh::details(caller, details, possession);
    let next = mint::gives_refresh_tokens(site).then(|| (refresh::life(service, now), &lasting));
    mint::keep(service, tx, prepared, &redeemed.grounds(), next, now).await
}

async fn record_replay(
    service: &Service,
    tx: &Tx,
    caller: &Caller,
    replay: &Replay,
    now: DateTime<Utc>,
) -> Result<(), TokenError> {
    let details = serde_json::json!({
        "revoked_tokens": replay.revoked_tokens,
        "presented_by": caller.client().client_id,
    });
    let mut entry = Entry::new(Event::CodeReplayed, now)
        .account(replay.account)
        .client(&replay.client_id)
        .session(replay.session)
        .details(details);
    entry.request_id.clone_from(&caller.origin().request_id);
    Ok(audit::record(tx, service.store().rng(), entry).await?)
}

/// Whether the code is used where, and by whom, it was asked for.
fn compare(site: &Registered, redeemed: &Redeemed, request: &CodeRequest) -> Result<(), TokenError> {
    if redeemed.redirect_uri != request.redirect_uri {
        return Err(TokenError::RedirectMismatch);
    }
    match (&redeemed.code_challenge, &request.verifier) {
        // FAPI 2.0 (section 5.3.2.2) knows no code without PKCE.
        (None, None) if site.client().profile.is_fapi() => Err(TokenError::VerifierMissing),
        (None, None) => Ok(()),
        (Some(_), None) => Err(TokenError::VerifierMissing),
        (None, Some(_)) => Err(TokenError::VerifierUnexpected),
        (Some(challenge), Some(verifier)) if verifier_fits(challenge, verifier.expose()) => Ok(()),
        (Some(_), Some(_)) => Err(TokenError::VerifierMismatch),
    }
}

/// RFC 7636 section 4.6, method S256. Only verifiers of the prescribed form are looked at (section 4.1).
fn verifier_fits(challenge: &str, verifier: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let well_formed = (43..=128).contains(&verifier.len()) && verifier.bytes().all(allowed);
    let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
    well_formed && bool::from(hash.as_bytes().ct_eq(challenge.as_bytes()))
}

impl From<Worthless> for TokenError {
    fn from(worthless: Worthless) -> Self {
        match worthless {
            Worthless::Unknown => Self::CodeUnknown,
            Worthless::OtherClient => Self::CodeOfOtherClient,
            Worthless::Expired => Self::CodeExpired,
            Worthless::Revoked => Self::CodeRevoked,
            Worthless::FootingLost => Self::FootingLost,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_7636_appendix_b_fits_and_nothing_near_it() {
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert!(verifier_fits(challenge, verifier));
        assert!(!verifier_fits(challenge, &format!("{verifier}A")));
        assert!(
            !verifier_fits(verifier, verifier),
            "attack_050: plain is no method of ours"
        );
        assert!(!verifier_fits(challenge, ""));
        let short = "a".repeat(42);
        assert!(!verifier_fits(
            &URL_SAFE_NO_PAD.encode(Sha256::digest(&short)),
            &short
        ));
    }
}
