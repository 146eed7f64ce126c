//! The refresh token grant (RFC 6749 section 6, OpenID Connect Core 12, RFC 9700 section 4.14).
//!
//! Everything is looked at first and signed outside of any transaction; then one guarded statement uses the token. So a
//! request for too much (A091) costs nothing, a node that signs keeps nobody waiting, and of several at once one wins.
//! Public clients get another token each time (decision 0012); when a used one comes again, its family is revoked, and
//! the resident is told (A087). How much of all that is written down is limited, see [`written`].
//!
//! Statements: the token with whom it is about, the use, the access token, the entry in the audit log: four, and one more
//! for each of an assertion, a proof of possession and a new refresh token.

use account::notices::texts::{Sms, Text};
use chrono::{DateTime, TimeDelta, Utc};
use model::event::Event;
use model::scope::{Scope, ScopeSet};
use model::secret::Token;
use store::Tx;
use store::accounts::Account;
use store::audit::{self, Entry};
use store::codes::CodeDetails;
use store::outbox;
use store::refresh::{self, Kept, Life, Reach, Use, Worthless};
use store::throttles::Rule;

use super::mint::{self, Asked, Basis, Minted, Prepared};
use super::possession::Possession;
use super::{resource, written};
use crate::Service;
use crate::client_auth::{Caller, Form, Refusal};
use crate::error::TokenError;

/// For how long the notice of a replay is of use.
const NOTICE_HOURS: i64 = 24;

/// What a client sends to refresh.
#[derive(Debug)]
pub(super) struct RefreshRequest {
    token: Token,
    /// Fewer scopes than were granted, or the same.
    scopes: Option<ScopeSet>,
}

impl RefreshRequest {
    pub(super) fn read(form: &Form) -> Result<Self, TokenError> {
        let token = form.one("refresh_token").ok_or(TokenError::RefreshTokenMissing)?;
        Ok(Self {
            // What cannot be a refresh token of ours is not looked up (A093, A094).
            token: Token::parse(token).ok_or(TokenError::RefreshUnknown)?,
            scopes: form.one("scope").map(scopes).transpose()?,
        })
    }
}

/// Words that are no scopes of ours are left out, as in the request that began it all.
fn scopes(text: &str) -> Result<ScopeSet, TokenError> {
    let scopes: ScopeSet = text.split(' ').filter_map(Scope::parse).collect();
    if scopes.is_empty() {
        return Err(TokenError::ScopeGrown);
    }
    Ok(scopes)
}

/// How long the first refresh token of a family lives.
pub(super) fn life(service: &Service, now: DateTime<Utc>) -> Life {
    let expires_at = now + TimeDelta::days(service.config().refresh_days);
    Life {
        started_at: now,
        idle_expires_at: idle(service, expires_at, now),
        expires_at,
    }
}

fn idle(service: &Service, expires_at: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
    Ord::min(
        now + TimeDelta::days(service.config().refresh_idle_days),
        expires_at,
    )
}

/// What a refresh token says, made from what the code said: no nonce, and bound to the key of a client that has nothing
/// else to prove itself with (RFC 9449 section 5).
pub(super) fn details(caller: &Caller, code: &CodeDetails, possession: &Possession) -> CodeDetails {
    let confidential = caller.client().auth_method.is_confidential();
    CodeDetails {
        nonce: None,
        jkt: possession.jkt().filter(|_| !confidential).map(str::to_owned),
        ..code.clone()
    }
}

/// Uses a refresh token and mints what it gives.
pub(super) async fn redeem(
    service: &Service,
    caller: &Caller,
    possession: &Possession,
    request: RefreshRequest,
) -> Result<Minted, Refusal> {
    let now = service.now();
    let read = service.store().read();
    let kept = refresh::find(&read, &request.token.hash())
        .await
        .map_err(TokenError::from)?
        .ok_or(TokenError::RefreshUnknown)?;
    let asking = Asking {
        service,
        caller,
        possession,
        now,
    };
    if let Some(worthless) = kept.fault(&caller.client().client_id, now) {
        return asking.refuse(&kept, worthless.into()).await;
    }
    let prepared = match asking.prepare(&kept, &request) {
        Ok(prepared) => prepared,
        Err(error @ (TokenError::FootingLost | TokenError::LevelLost)) => {
            return asking.refuse(&kept, error).await;
        }
        Err(error) => return Err(error.into()),
    };
    drop(read);
    asking.take(&kept, prepared, &request).await
}

/// One request for new tokens.
struct Asking<'a> {
    service: &'a Service,
    caller: &'a Caller,
    possession: &'a Possession,
    now: DateTime<Utc>,
}

impl Asking<'_> {
    /// Decides and signs; nothing is spent yet.
    fn prepare(&self, kept: &Kept, request: &RefreshRequest) -> Result<Prepared, TokenError> {
        self.possession.fits(kept.details.jkt.as_ref())?;
        if request
            .scopes
            .as_ref()
            .is_some_and(|asked| !kept.details.scopes.covers(asked))
        {
            return Err(TokenError::ScopeGrown);
        }
        let resources = resource::within(
            self.caller.form(),
            &kept.details.resources,
            &self.caller.client().resources,
        )?;
        let basis = Basis {
            holder: &kept.holder,
            session: kept.session(),
            details: &kept.details,
        };
        let asked = Asked {
            scopes: request.scopes.as_ref(),
            resources: &resources,
            jkt: self.possession.jkt(),
        };
        mint::prepare(self.service, self.caller.registered(), &basis, asked, self.now)
    }

    /// Uses the token and stores what it gives, all or nothing; a token that was worth nothing after all is refused.
    async fn take(
        &self,
        kept: &Kept,
        prepared: Prepared,
        request: &RefreshRequest,
    ) -> Result<Minted, Refusal> {
        let (service, now) = (self.service, self.now);
        let tx = service.store().begin().await.map_err(TokenError::from)?;
        self.caller.admit(&tx).await?;
        self.possession.spend(&tx).await?;
        let public = !self.caller.client().auth_method.is_confidential();
        let idle_expires_at = idle(service, kept.life.expires_at, now);
        let reach = if prepared.offline {
            Reach::Beyond
        } else {
            Reach::SignIn
        };
        let how = if public {
            Use::Spend
        } else {
            Use::Keep(idle_expires_at)
        };
        let won = refresh::redeem(&tx, kept, (reach, how), now)
            .await
            .map_err(TokenError::from)?;
        let Some(grounds) = won else {
            let again = refresh::find(&tx, &request.token.hash())
                .await
                .map_err(TokenError::from)?;
            let fault = again.and_then(|again| again.fault(&self.caller.client().client_id, now));
            let error = self
                .explain(&tx, kept, fault.unwrap_or(Worthless::FootingLost).into())
                .await?;
            tx.commit().await.map_err(TokenError::from)?;
            return Err(error.into());
        };
        let life = Life {
            idle_expires_at,
            ..kept.life
        };
        // A public client that begins to show a key is bound to it from then on.
        let lasting = details(self.caller, &kept.details, self.possession);
        let next = public.then_some((life, &lasting));
        let minted = mint::keep(service, &tx, prepared, &grounds, next, now).await?;
        self.record(&tx, self.entry(Event::TokenRefreshed, kept)).await?;
        tx.commit().await.map_err(TokenError::from)?;
        Ok(minted)
    }

    /// Refuses in a transaction of its own; a client without a credential in none, when enough was written already.
    async fn refuse(&self, kept: &Kept, error: TokenError) -> Result<Minted, Refusal> {
        if !self.caller.client().auth_method.is_confidential() {
            let (read, key) = (self.service.store().read(), written::key(kept.family()));
            let enough = written::is_enough(&read, rule(error), &key, self.now).await;
            if enough.map_err(TokenError::from)? {
                return Err(error.into());
            }
        }
        let tx = self.service.store().begin().await.map_err(TokenError::from)?;
        self.caller.admit(&tx).await?;
        self.possession.spend(&tx).await?;
        let error = self.explain(&tx, kept, error).await?;
        tx.commit().await.map_err(TokenError::from)?;
        Err(error.into())
    }

    /// Writes down why, and what a replay makes necessary.
    async fn explain(&self, tx: &Tx, kept: &Kept, error: TokenError) -> Result<TokenError, TokenError> {
        let presented_by = &self.caller.client().client_id;
        let key = written::key(kept.family());
        if error != TokenError::RefreshReplayed {
            if written::one_more(tx, rule(error), &key, self.now).await? {
                let details =
                    serde_json::json!({ "reason": format!("{error:?}"), "presented_by": presented_by });
                let entry = self.entry(Event::RefreshRefused, kept).details(details);
                self.record(tx, entry).await?;
            }
            return Ok(error);
        }
        let revoked = refresh::revoke_family(tx, kept.family(), self.now).await?;
        let within = written::one_more(tx, rule(error), &key, self.now).await?;
        // Told once: a family that is dead already was told of.
        let account = &kept.holder.account;
        let tell = revoked.refresh_tokens > 0
            && written::one_more(tx, &written::TOLD, &account.id.to_string(), self.now).await?;
        if within || revoked.all() > 0 {
            let details =
                serde_json::json!({ "revoked_tokens": revoked.all(), "presented_by": presented_by });
            let entry = self.entry(Event::RefreshReplayed, kept).details(details);
            self.record(tx, entry).await?;
        }
        if tell {
            self.notify(tx, account, kept).await?;
        }
        Ok(error)
    }

    async fn notify(&self, tx: &Tx, account: &Account, kept: &Kept) -> Result<(), TokenError> {
        let Some(phone) = &account.phone else {
            return Ok(());
        };
        let (kit, language) = (self.service.kit(), account.language);
        let site = self.service.client(kept.client_id());
        let site = site
            .as_ref()
            .map_or("", |site| site.client.name.in_language(language));
        let sms = Sms {
            text: Text::RefreshReplayed,
            language,
            args: &[("site", site.into())],
            to: phone,
            expires_at: self.now + TimeDelta::hours(NOTICE_HOURS),
        };
        Ok(outbox::put(tx, &sms.message(kit)).await?)
    }

    fn entry(&self, event: Event, kept: &Kept) -> Entry {
        let mut entry = Entry::new(event, self.now)
            .account(kept.holder.account.id)
            .client(kept.client_id())
            .session(kept.session());
        entry.request_id.clone_from(&self.caller.origin().request_id);
        entry
    }

    async fn record(&self, tx: &Tx, entry: Entry) -> Result<(), TokenError> {
        Ok(audit::record(tx, self.service.store().rng(), entry).await?)
    }
}

/// Under which rule a refusal is written down.
fn rule(error: TokenError) -> &'static Rule {
    if error == TokenError::RefreshReplayed {
        &written::REPLAYED
    } else {
        &written::REFUSED
    }
}

impl From<Worthless> for TokenError {
    fn from(worthless: Worthless) -> Self {
        match worthless {
            Worthless::OtherClient => Self::RefreshOfOtherClient,
            Worthless::Used => Self::RefreshReplayed,
            Worthless::Revoked => Self::RefreshRevoked,
            Worthless::Expired => Self::RefreshExpired,
            Worthless::FootingLost => Self::FootingLost,
        }
    }
}
