//! The secret of a client that registered itself: made here, shown once, kept as a hash; sealed where the client
//! signs with it.

use chrono::{DateTime, TimeDelta, Utc};
use model::client::AuthMethod;
use model::rng::Rng;
use model::secret::{Sensitive, Token, TokenHash};
use store::clients::{PreviousSecret, StoredClient};

use super::config::Config;

/// A change gives a new secret when the old one ends within so many days, or within the last quarter of a life that is
/// short: so that the change after it does not give another.
const RENEWAL_DAYS_MAX: i64 = 30;

/// How long before its end a secret is renewed.
fn renewal(config: &Config) -> TimeDelta {
    let most = TimeDelta::days(RENEWAL_DAYS_MAX);
    match config.secret_days {
        // Secrets had an end once and have none now.
        0 => most,
        days => most.min(TimeDelta::hours(i64::from(days) * 6)),
    }
}

/// The secret that a client has after its registration or a change.
#[derive(Debug)]
pub(super) struct Secret {
    hash: Option<TokenHash>,
    plain: Option<Sensitive<String>>,
    expires_at: Option<DateTime<Utc>>,
    previous: Option<PreviousSecret>,
    /// The value, when it is new: for the answer that makes it, and for no other (A149).
    pub(super) shown: Option<Token>,
}

impl Secret {
    const NONE: Self = Self {
        hash: None,
        plain: None,
        expires_at: None,
        previous: None,
        shown: None,
    };

    /// Of a new client.
    pub(super) fn first(method: AuthMethod, config: &Config, now: DateTime<Utc>, rng: &Rng) -> Self {
        if !method.uses_secret() {
            return Self::NONE;
        }
        let token = Token::generate(rng);
        let days = TimeDelta::days(i64::from(config.secret_days));
        Self {
            hash: Some(token.hash()),
            plain: method
                .needs_plain_secret()
                .then(|| Sensitive::new(token.expose().to_owned())),
            expires_at: (config.secret_days > 0).then(|| now + days),
            previous: None,
            shown: Some(token),
        }
    }

    /// After a change. The secret stays, unless there is none, or it ends soon, or it is needed itself and only its
    /// hash was kept. One that is replaced for its age is good to its end.
    pub(super) fn after(
        old: &StoredClient,
        method: AuthMethod,
        config: &Config,
        now: DateTime<Utc>,
        rng: &Rng,
    ) -> Self {
        if !method.uses_secret() {
            return Self::NONE;
        }
        let ends_soon = old
            .secret_expires_at
            .is_some_and(|end| end < now + renewal(config));
        let usable = old.secret_hash.is_some() && (!method.needs_plain_secret() || old.secret.is_some());
        if usable && !ends_soon {
            return Self {
                hash: old.secret_hash,
                plain: old.secret.clone().filter(|_| method.needs_plain_secret()),
                expires_at: old.secret_expires_at,
                previous: old.previous.clone(),
                shown: None,
            };
        }
        let previous = old.secret_hash.zip(old.secret_expires_at);
        Self {
            previous: previous.filter(|_| usable).map(|(hash, until)| PreviousSecret {
                hash,
                secret: old.secret.clone().filter(|_| method.needs_plain_secret()),
                until,
            }),
            ..Self::first(method, config, now, rng)
        }
    }

    pub(super) fn put_into(&self, stored: &mut StoredClient) {
        stored.secret_hash = self.hash;
        stored.secret.clone_from(&self.plain);
        stored.secret_expires_at = self.expires_at;
        stored.previous.clone_from(&self.previous);
    }
}
