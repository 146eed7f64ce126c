//! City sub-sites: independent relying parties, built on the `openidconnect` crate, that know the provider from its
//! discovery document alone. Each is a small service portal with something for everybody, something for residents whose
//! name is real (level 1) and something that needs a second source (level 2).

mod credential;
mod developer;
mod events;
mod failure;
mod files;
mod handlers;
mod logout;
mod logout_token;
mod pages;
mod protocol;
mod relying_party;
mod sender;
mod session;
mod start;
mod verify;
mod visit;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use model::clock::Clock;
use model::rng::Rng;
use serde::Deserialize;

use crate::config::SiteConfig;
use crate::issuer::Issuer;
use crate::wire;
use crate::world::World;
use logout_token::Spent;
use relying_party::RelyingParty;
use session::Sessions;

/// A city that has a sub-site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum City {
    /// 合肥市, Anhui.
    Hefei,
    /// 宜昌市, Hubei.
    Yichang,
    /// 南宁市, Guangxi.
    Nanning,
}

impl City {
    /// The city in keys of texts, in class names and in names of cookies.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Hefei => "hefei",
            Self::Yichang => "yichang",
            Self::Nanning => "nanning",
        }
    }

    /// The cookie of the session. Ports don't separate cookies, so each site has names of its own.
    const fn session_cookie(self) -> &'static str {
        match self {
            Self::Hefei => "hefei_session",
            Self::Yichang => "yichang_session",
            Self::Nanning => "nanning_session",
        }
    }

    /// The cookie that remembers the language.
    const fn language_cookie(self) -> &'static str {
        match self {
            Self::Hefei => "hefei_lang",
            Self::Yichang => "yichang_lang",
            Self::Nanning => "nanning_lang",
        }
    }
}

/// Something that the city offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Service {
    /// 办事指南, for everybody.
    Guide,
    /// 缴费查询, level 1.
    Bills,
    /// 公积金提取, level 2.
    ProvidentFund,
}

impl Service {
    const ALL: [Self; 3] = [Self::Guide, Self::Bills, Self::ProvidentFund];

    /// The service in keys of texts and in its address.
    const fn key(self) -> &'static str {
        match self {
            Self::Guide => "guide",
            Self::Bills => "bills",
            Self::ProvidentFund => "provident-fund",
        }
    }

    /// The identity level that it needs.
    const fn level(self) -> u8 {
        match self {
            Self::Guide => 0,
            Self::Bills => 1,
            Self::ProvidentFund => 2,
        }
    }

    /// Whether a lower level is an error or merely a pity.
    const fn essential(self) -> bool {
        matches!(self, Self::ProvidentFund)
    }

    fn path(self) -> String {
        format!("/services/{}", self.key())
    }
}

/// What is around a sub-site.
pub(crate) struct Around {
    /// The provider.
    pub issuer: String,
    /// The site's own address.
    pub base_url: String,
    /// The records office's address.
    pub records: String,
    /// The world, whose switches for faults and whose journal it shares.
    pub world: World,
    pub clock: Clock,
}

/// One running sub-site; a cheap handle.
#[derive(Clone)]
struct Site(Arc<Inner>);

struct Inner {
    city: City,
    base_url: String,
    /// The provider's origin, which forms may lead to and which may show the front-channel page in a frame.
    provider_origin: String,
    scopes: Vec<String>,
    party: RelyingParty,
    sessions: Sessions,
    /// The records office's address and its name as a resource.
    records: String,
    resource: String,
    issuer: Issuer,
    client_id: String,
    logout_tokens: Spent,
    /// The events that were taken.
    events: Spent,
    world: World,
    clock: Clock,
}

/// Everything that a sub-site answers.
pub(crate) fn router(config: SiteConfig, around: Around) -> anyhow::Result<Router> {
    let Around {
        issuer,
        base_url,
        records,
        world,
        clock,
    } = around;
    let site = Site(Arc::new(Inner {
        city: config.city,
        provider_origin: url::Url::parse(&issuer)?.origin().ascii_serialization(),
        scopes: config.scopes.clone(),
        party: RelyingParty::new(&config, &base_url, &issuer, clock.clone())?,
        sessions: Sessions::new(clock.clone(), Rng::system()),
        resource: crate::records::resource(&records),
        records,
        issuer: Issuer::new(&issuer, wire::outbound()?),
        client_id: config.client_id,
        logout_tokens: Spent::default(),
        events: Spent::default(),
        world,
        base_url,
        clock,
    }));
    Ok(Router::new()
        .route("/", get(handlers::home))
        .route("/services/{service}", get(handlers::service))
        .route("/start", get(handlers::begin))
        .route("/callback", get(handlers::callback))
        .route("/sign-out", post(handlers::sign_out))
        .route("/signed-out", get(handlers::signed_out))
        .route("/backchannel-logout", post(logout::backchannel))
        .route("/frontchannel-logout", get(logout::frontchannel))
        .route("/events", post(events::receive))
        .route("/my/{file}", get(files::show))
        .route("/developer", get(handlers::developer))
        .route(
            "/assets/site.css",
            get(async || wire::stylesheet(include_str!("../../assets/site.css"))),
        )
        .route("/health", get(async || "ok"))
        .fallback(handlers::not_found)
        .layer(DefaultBodyLimit::max(wire::BODY_LIMIT_BYTES))
        .layer(axum::middleware::from_fn_with_state(
            site.clone(),
            handlers::by_its_name,
        ))
        .with_state(site))
}

/// The level that an `acr` value stands for.
fn level_of_acr(acr: &str) -> Option<u8> {
    acr.strip_prefix("urn:denizen:loa:")?
        .parse()
        .ok()
        .filter(|level| *level <= 4)
}

/// The `acr` value of a level.
fn acr_of_level(level: u8) -> String {
    format!("urn:denizen:loa:{level}")
}
