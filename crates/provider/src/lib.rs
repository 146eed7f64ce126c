//! The OpenID Provider: endpoints, tokens and sign-out. The only crate that speaks OpenID words.
//!
//! | Question | Module | Standard |
//! | --- | --- | --- |
//! | which address is whose | [`router`] | |
//! | what can it do, for programs | [`discovery`], [`jwks`] | Discovery 1.0, RFC 8414, RFC 7517 |
//! | who may use it | [`clients`] | |
//! | who is this client, really | [`client_auth`], [`client_keys`] | RFC 6749 2.3, RFC 7523 |
//! | does the sender hold the key | [`dpop`] | RFC 9449 |
//! | may this be asked, what is asked of the resident, what is the answer | [`authorize`] | OpenID Connect Core 3.1.2, RFC 9207 |
//! | what is deposited before the browser comes | [`par`] | RFC 9126 |
//! | what does a code give | [`token`] | RFC 6749 4.1.3, RFC 7636, OpenID Connect Core 3.1.3 |
//! | what is told about a resident, where | [`claims`], [`userinfo`] | OpenID Connect Core 5 |
//! | what does a person lack for a level | [`level_api`] | |
//! | what is proven, and how | [`verified_claims`] | OpenID Connect for Identity Assurance 1.0 |
//! | under which names | [`subject`], [`sid`] | OpenID Connect Core 8.1, Back-Channel Logout |
//! | how does a sign-in end, who is told | [`logout`] | RP-Initiated, Back-Channel, Front-Channel Logout 1.0 |
//! | how does a client register itself | [`register`] | RFC 7591, RFC 7592, Dynamic Client Registration 1.0 |
//! | which keys sign | [`keys`] | OpenID Connect Core 10.1.1 |
//! | what is said when something is refused | [`error`] | RFC 6749 5.2, RFC 6750 3.1 |

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Arc;

use account::agreements::Agreements;
use axum::extract::FromRef;
use chrono::{DateTime, TimeDelta, Utc};
use jose::ring::Ring;
use model::client::Client;
use model::evidence::SourceId;
use model::ids::{AccountId, ClientId, SessionId};
use model::ladder::Ladder;
use model::language::Language;
use store::clients::StoredClient;
use store::{Store, StoreError};
use web::Kit;
use web::outbound::Guarded;

mod access_token;
pub mod authorize;
mod bearer;
pub mod claims;
pub mod client_auth;
pub mod client_keys;
pub mod clients;
pub mod discovery;
pub mod dpop;
pub mod error;
pub mod events;
pub mod introspect;
pub mod jwks;
pub mod keys;
pub mod letters;
pub mod level_api;
pub mod logout;
pub mod par;
pub mod register;
pub mod revoke;
pub mod router;
pub mod sid;
#[cfg(test)]
mod statements;
pub mod subject;
pub mod telling;
#[cfg(test)]
mod testing;
pub mod token;
pub mod userinfo;
pub mod verified_claims;
mod wire;

pub use router::router;

use clients::{Clients, Registered};
use keys::{Keys, KeysError};

/// The texts of this crate's pages.
pub const MESSAGES: web::language::Messages = &[
    (Language::ZhCn, include_str!("../locales/zh-CN/provider.ftl")),
    (Language::En, include_str!("../locales/en/provider.ftl")),
    (Language::Vi, include_str!("../locales/vi/provider.ftl")),
];

/// How long things live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// An authorization code, in seconds (A046).
    pub code_seconds: i64,
    /// How long a pushed request can be begun with, in seconds.
    pub pushed_request_seconds: i64,
    /// An access token, in seconds.
    pub access_token_seconds: i64,
    /// An ID token, in seconds.
    pub id_token_seconds: i64,
    /// A refresh token that is not used, in days.
    pub refresh_idle_days: i64,
    /// A family of refresh tokens, used or not, in days.
    pub refresh_days: i64,
    /// Whether proofs of possession must have a nonce of ours.
    pub dpop_nonces: dpop::Nonces,
    /// Whether clients may ask for one subject that is the same at all of them.
    pub public_subjects: bool,
    /// Under which names verifications are told.
    pub verified_claims: verified_claims::Config,
    /// Pages for the people who build sub-sites.
    pub pages: discovery::Pages,
    /// What clients that register themselves may do.
    pub registration: register::Config,
    /// A sign-in.
    pub sessions: store::sessions::Limits,
    /// How sub-sites are told of sign-outs.
    pub logout: letters::Config,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            code_seconds: 60,
            pushed_request_seconds: 90,
            access_token_seconds: 600,
            id_token_seconds: 300,
            refresh_idle_days: 14,
            refresh_days: 90,
            dpop_nonces: dpop::Nonces::default(),
            public_subjects: false,
            verified_claims: verified_claims::Config::default(),
            pages: discovery::Pages::default(),
            registration: register::Config::default(),
            sessions: store::sessions::Limits::default(),
            logout: letters::Config::default(),
        }
    }
}

/// How long a retiring key stays published by default, in hours: longer than any sign-in, so that an ID token of
/// its beginning is still a good hint at its end.
pub const KEY_RETIREMENT_HOURS: i64 = 24;

/// Why the provider cannot start or refresh.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The keys.
    #[error(transparent)]
    Keys(#[from] KeysError),
}

/// The provider. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Service(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: Config,
    store: Store,
    kit: Kit,
    ladder: Arc<Ladder>,
    agreements: Agreements,
    issuer: String,
    metadata: wire::Document,
    clients: Clients,
    keys: Keys,
    subjects: subject::Subjects,
    sids: sid::Sids,
    outbound: Guarded,
    nonce_key: dpop::NonceKey,
    logouts: tokio::sync::Notify,
    open_sources: std::sync::OnceLock<OpenSources>,
}

/// Which sources can be asked at present.
struct OpenSources(Box<dyn Fn() -> Asking + Send + Sync>);

type Asking = Pin<Box<dyn Future<Output = Result<BTreeSet<SourceId>, StoreError>> + Send>>;

impl std::fmt::Debug for OpenSources {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OpenSources(…)")
    }
}

/// The rules that the province sets in files of their own.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The ladder of levels.
    pub ladder: Arc<Ladder>,
    /// The agreements that people accept.
    pub agreements: Agreements,
}

impl Service {
    /// Starts the provider: makes the first keys if there are none, reads keys and sub-sites.
    pub async fn new(
        config: Config,
        store: Store,
        kit: Kit,
        rules: Rules,
        outbound: Guarded,
    ) -> Result<Self, ServiceError> {
        let Rules { ladder, agreements } = rules;
        // The issuer is compared byte for byte by sub-sites, so it has one spelling: without the slash at the end.
        let issuer = kit.base_url().as_str().trim_end_matches('/').to_owned();
        let inner = Inner {
            metadata: wire::Document::of(&discovery::metadata(&discovery::Offer {
                issuer: &issuer,
                config: &config,
                ladder: &ladder,
            })),
            clients: Clients::load(&store).await?,
            keys: Keys::start(&store).await?,
            subjects: subject::Subjects::new(store.vault()),
            sids: sid::Sids::new(store.vault()),
            logouts: tokio::sync::Notify::new(),
            open_sources: std::sync::OnceLock::new(),
            outbound,
            nonce_key: dpop::NonceKey::new(store.vault()),
            config,
            store,
            kit,
            ladder,
            agreements,
            issuer,
        };
        Ok(Self(Arc::new(inner)))
    }

    /// Looks whether sub-sites or keys changed, on this node or another. Called every second or two, and after each
    /// change on this node. Each is looked at whatever became of the other.
    pub async fn refresh(&self) -> Result<(), ServiceError> {
        let clients = self.0.clients.refresh(&self.0.store).await;
        let keys = self.0.keys.refresh(&self.0.store).await;
        clients?;
        keys?;
        Ok(())
    }

    /// How long things live.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// The database.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// The HTTP kit.
    pub fn kit(&self) -> &Kit {
        &self.0.kit
    }

    /// The rules of levels.
    /// The agreements that people accept.
    pub fn agreements(&self) -> &Agreements {
        &self.0.agreements
    }

    /// The ladder of levels.
    pub fn ladder(&self) -> &Ladder {
        &self.0.ladder
    }

    /// The issuer, exactly as in tokens and metadata.
    pub fn issuer(&self) -> &str {
        &self.0.issuer
    }

    /// The client for addresses that sub-sites wrote down.
    pub fn outbound(&self) -> &Guarded {
        &self.0.outbound
    }

    /// Now.
    pub fn now(&self) -> DateTime<Utc> {
        self.0.store.clock().now()
    }

    /// How long a code lives.
    pub fn code_life(&self) -> TimeDelta {
        TimeDelta::seconds(self.0.config.code_seconds)
    }

    /// A sub-site, disabled or not; `None` when it is unknown or was removed.
    pub fn client(&self, id: &ClientId) -> Option<Arc<StoredClient>> {
        self.0.clients.find(id).map(|registered| registered.stored)
    }

    /// The keys of this moment.
    pub fn ring(&self) -> Arc<Ring> {
        self.0.keys.ring().load()
    }

    /// The `sub` of an account for a client.
    pub fn subject(&self, client: &Client, account: AccountId) -> String {
        self.0.subjects.subject(client, account)
    }

    /// The `sid` of a sign-in for a client.
    pub fn sid(&self, client: &Client, session: SessionId) -> String {
        self.0.sids.sid(client, session)
    }

    /// Says once who knows which sources can be asked at present: accounts do, and the provider only repeats it.
    pub fn tell_open_sources<F>(&self, ask: impl Fn() -> F + Send + Sync + 'static)
    where
        F: Future<Output = Result<BTreeSet<SourceId>, StoreError>> + Send + 'static,
    {
        let ask = OpenSources(Box::new(move || Box::pin(ask())));
        if self.0.open_sources.set(ask).is_err() {
            tracing::error!("which sources are open was said twice");
        }
    }

    /// The sources that can be asked at present; none as long as nobody said who knows.
    pub(crate) async fn open_sources(&self) -> Result<BTreeSet<SourceId>, StoreError> {
        match self.0.open_sources.get() {
            Some(open) => open.0().await,
            None => Ok(BTreeSet::new()),
        }
    }

    /// Tells this node's worker that sub-sites may have to be told of a sign-out.
    pub(crate) fn tell_sites(&self) {
        self.0.logouts.notify_one();
    }

    /// Completes when this node knows of a sign-out that sub-sites are to be told of.
    pub(crate) async fn logouts_due(&self) {
        self.0.logouts.notified().await;
    }

    pub(crate) fn nonce_key(&self) -> &dpop::NonceKey {
        &self.0.nonce_key
    }

    pub(crate) fn registered(&self, id: &ClientId) -> Option<Registered> {
        self.0.clients.find(id)
    }

    pub(crate) fn metadata(&self) -> &wire::Document {
        &self.0.metadata
    }

    pub(crate) fn key_set(&self) -> Arc<wire::Document> {
        self.0.keys.document()
    }
}

impl FromRef<Service> for Kit {
    fn from_ref(service: &Service) -> Self {
        service.kit().clone()
    }
}
