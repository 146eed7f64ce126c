//! What every page and every layer needs, built once at start.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use model::clock::Clock;
use model::language::Language;
use model::rng::Rng;
use url::Url;

use crate::branding::Branding;
use crate::client_address::TrustedProxies;
use crate::cookies::CookieMode;
use crate::csrf::CsrfKey;
use crate::language::{Args, MESSAGES, Messages, Texts, TextsError};

/// What a [`Kit`] is made from.
#[derive(Debug)]
pub struct KitConfig {
    /// The issuer. Links, cookies and the host check go by it and never by the request (A191).
    pub base_url: Url,
    /// Names, help contact, time zone.
    pub branding: Branding,
    /// The texts of all crates.
    pub texts: Texts,
    /// The key of the forms' proof, the same on every node.
    pub csrf_key: CsrfKey,
    /// The proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: TrustedProxies,
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub rng: Rng,
}

/// Why a kit cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum KitError {
    /// The issuer has no host, or another scheme than http and https.
    #[error("issuer must be an http or https address with a host")]
    Issuer,
    /// The texts are broken.
    #[error(transparent)]
    Texts(#[from] TextsError),
}

#[derive(Debug)]
struct Inner {
    config: KitConfig,
    mode: CookieMode,
    authority: String,
    origin: String,
}

/// The shared kit. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Kit(Arc<Inner>);

impl Kit {
    /// Builds the kit.
    pub fn new(config: KitConfig) -> Result<Self, KitError> {
        let mode = match config.base_url.scheme() {
            "https" => CookieMode::Secure,
            "http" => CookieMode::Development,
            _ => return Err(KitError::Issuer),
        };
        let host = config.base_url.host_str().ok_or(KitError::Issuer)?;
        let authority = match config.base_url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        let origin = config.base_url.origin().ascii_serialization();
        Ok(Self(Arc::new(Inner {
            config,
            mode,
            authority,
            origin,
        })))
    }

    /// A kit for the tests and examples of the crates: `http://localhost:8080`, default branding, fixed key,
    /// seeded randomness, this crate's texts and the given ones.
    pub fn for_tests(messages: &[Messages], clock: Clock) -> Result<Self, KitError> {
        Self::for_tests_of(messages, clock, Branding::default())
    }

    /// The same for a province of its own.
    pub fn for_tests_of(messages: &[Messages], clock: Clock, branding: Branding) -> Result<Self, KitError> {
        let mut sources = vec![MESSAGES];
        sources.extend_from_slice(messages);
        Self::new(KitConfig {
            base_url: Url::parse("http://localhost:8080").map_err(|_| KitError::Issuer)?,
            branding,
            texts: Texts::new(&sources)?,
            csrf_key: CsrfKey::new([7; 32]),
            trusted_proxies: TrustedProxies::default(),
            clock,
            rng: Rng::seeded(1),
        })
    }

    /// The issuer.
    pub fn base_url(&self) -> &Url {
        &self.0.config.base_url
    }

    /// The issuer's origin, `https://id.example.gov.cn`.
    pub fn origin(&self) -> &str {
        &self.0.origin
    }

    /// The issuer's host, with the port unless it is the scheme's own: what `Host` must say.
    pub fn authority(&self) -> &str {
        &self.0.authority
    }

    /// Names, help contact, time zone.
    pub fn branding(&self) -> &Branding {
        &self.0.config.branding
    }

    /// Which form the cookies take.
    pub fn cookie_mode(&self) -> CookieMode {
        self.0.mode
    }

    /// The key of the forms' proof.
    pub fn csrf_key(&self) -> &CsrfKey {
        &self.0.config.csrf_key
    }

    /// The proxies whose `X-Forwarded-For` is believed.
    pub fn trusted_proxies(&self) -> &TrustedProxies {
        &self.0.config.trusted_proxies
    }

    /// All texts.
    pub fn texts(&self) -> &Texts {
        &self.0.config.texts
    }

    /// One text.
    pub fn t(&self, language: Language, key: &str, args: Args<'_>) -> String {
        self.texts().get(language, key, args)
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.0.config.clock
    }

    /// Now.
    pub fn now(&self) -> DateTime<Utc> {
        self.0.config.clock.now()
    }

    /// The day, where the people are.
    pub fn today(&self) -> NaiveDate {
        self.now().with_timezone(&self.branding().zone()).date_naive()
    }

    /// The last second of a day, where the people are.
    pub fn end_of(&self, day: NaiveDate) -> Option<DateTime<Utc>> {
        let end = day
            .and_hms_opt(23, 59, 59)?
            .and_local_timezone(self.branding().zone());
        end.single().map(|end| end.with_timezone(&Utc))
    }

    /// Randomness.
    pub fn rng(&self) -> &Rng {
        &self.0.config.rng
    }
}
