//! What the pages of a sub-site show, and the templates that show it.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::Value;

use super::files::{File, Line};
use super::session::{Ended, Fell, SignedIn};
use super::{Service, Site};
use crate::texts::Words;
use crate::wire;

/// What is on every page.
pub(super) struct Frame {
    pub w: Words,
    pub city: &'static str,
    /// The page's name for scripts and tests.
    pub page: &'static str,
    pub title: String,
    /// Where the language links lead.
    pub path: String,
    pub me: Option<Me>,
    pub notice: Option<String>,
    /// That the provider signed the person out here.
    pub ended: Option<EndedView>,
}

/// That the provider signed the person out here, as a page shows it.
pub(super) struct EndedView {
    pub channel: &'static str,
    pub at: String,
    pub words: String,
}

impl EndedView {
    pub(super) fn of(ended: &Ended, w: Words) -> Self {
        Self {
            channel: ended.channel.word(),
            at: ended.at.to_rfc3339_opts(SecondsFormat::Secs, true),
            words: w.with("site-ended", "time", clock_time(ended.at)),
        }
    }
}

/// A time of day in the cities' time zone.
pub(super) fn clock_time(at: DateTime<Utc>) -> String {
    (at + TimeDelta::hours(8)).format("%H:%M").to_string()
}

impl Frame {
    /// A text of this city.
    pub(super) fn of_city(&self, what: &str) -> String {
        self.w.say(&format!("city-{}-{what}", self.city))
    }
}

/// The resident as every page's head shows them.
pub(super) struct Me {
    pub subject: String,
    pub name: String,
    pub level: Option<u8>,
    pub level_name: String,
    pub seals: Vec<Seal>,
    pub verified_on: Option<String>,
    pub lapses_on: Option<String>,
    /// That the level fell since the sign-in.
    pub fell: Option<FellView>,
}

/// That the level fell, as a page shows it.
pub(super) struct FellView {
    pub level: u8,
    pub at: String,
    pub words: String,
}

impl FellView {
    fn of(fell: Fell, w: Words) -> Self {
        let words = [
            ("level", fell.level.to_string()),
            ("name", level_name(w, fell.level)),
            ("time", clock_time(fell.at)),
        ];
        Self {
            level: fell.level,
            at: fell.at.to_rfc3339_opts(SecondsFormat::Secs, true),
            words: w.format("site-level-fell", words),
        }
    }
}

/// One dated piece of evidence.
pub(super) struct Seal {
    pub source: String,
    pub name: String,
    pub at: String,
}

impl Me {
    pub(super) fn of(signed_in: &SignedIn, w: Words) -> Self {
        let level = signed_in.level();
        let seals = signed_in
            .claim("seals")
            .and_then(Value::as_array)
            .map(Vec::as_slice)
            .unwrap_or_default();
        Self {
            subject: signed_in.subject.clone(),
            name: signed_in
                .name()
                .map_or_else(|| w.say("site-resident"), str::to_owned),
            level,
            level_name: level.map_or_else(|| w.say("level-unknown"), |level| level_name(w, level)),
            seals: seals.iter().filter_map(|seal| Seal::of(seal, w)).collect(),
            verified_on: signed_in.text_claim("identity_verified_at").map(day),
            lapses_on: signed_in.text_claim("identity_lapses_at").map(day),
            fell: signed_in.fell.map(|fell| FellView::of(fell, w)),
        }
    }
}

impl Seal {
    fn of(seal: &Value, w: Words) -> Option<Self> {
        let source = seal.get("source")?.as_str()?;
        let key = format!("seal-{}", source.replace('_', "-"));
        Some(Self {
            name: w.find(&key).unwrap_or_else(|| source.to_owned()),
            source: source.to_owned(),
            at: seal
                .get("at")
                .and_then(Value::as_str)
                .map(day)
                .unwrap_or_default(),
        })
    }
}

/// The day of a date or a time.
fn day(text: &str) -> String {
    text.split('T').next().unwrap_or(text).to_owned()
}

/// A level's name.
pub(super) fn level_name(w: Words, level: u8) -> String {
    w.say(&format!("level-{}", level.min(4)))
}

/// A service as a card.
pub(super) struct Card {
    pub key: &'static str,
    pub path: String,
    pub name: String,
    pub about: String,
    pub level: u8,
    pub level_name: String,
}

impl Card {
    fn of(service: Service, w: Words) -> Self {
        Self {
            key: service.key(),
            path: service.path(),
            name: w.say(&format!("service-{}", service.key())),
            about: w.say(&format!("service-{}-about", service.key())),
            level: service.level(),
            level_name: level_name(w, service.level()),
        }
    }
}

#[derive(Template)]
#[template(path = "site/home.html")]
pub(super) struct Home {
    pub f: Frame,
    pub cards: Vec<Card>,
    /// What the records office has.
    pub files: Vec<FileLink>,
}

/// A file at the records office, as a link.
pub(super) struct FileLink {
    pub key: &'static str,
    pub path: String,
    pub name: String,
    pub about: String,
}

impl Home {
    pub(super) fn new(f: Frame) -> Self {
        Self {
            cards: Service::ALL
                .into_iter()
                .map(|service| Card::of(service, f.w))
                .collect(),
            files: File::ALL
                .into_iter()
                .map(|file| FileLink {
                    key: file.key(),
                    path: file.path(),
                    name: f.w.say(&format!("file-{}", file.key())),
                    about: f.w.say(&format!("file-{}-about", file.key())),
                })
                .collect(),
            f,
        }
    }
}

#[derive(Template)]
#[template(path = "site/service.html")]
pub(super) struct ServicePage {
    pub f: Frame,
    pub card: Card,
    /// What the service shows: what it is, and a figure.
    pub rows: Vec<(String, String)>,
}

impl ServicePage {
    pub(super) fn new(f: Frame, service: Service) -> Self {
        let rows = (1..=4)
            .map(|n| {
                let key = format!("service-{}-row-{n}", service.key());
                (f.w.say(&key), f.w.say(&format!("{key}-value")))
            })
            .collect();
        Self {
            card: Card::of(service, f.w),
            rows,
            f,
        }
    }
}

/// What the records office says about the resident.
#[derive(Template)]
#[template(path = "site/file.html")]
pub(super) struct FilePage {
    pub f: Frame,
    pub key: &'static str,
    pub about: String,
    pub lines: Vec<Line>,
    /// How the office was shown who asks.
    pub level: Option<u8>,
    pub level_name: String,
    pub signed_in_at: String,
    pub token_form: String,
    /// How the office checked the token.
    pub token: Vec<String>,
    pub bound: bool,
}

#[derive(Template)]
#[template(path = "site/level_needed.html")]
pub(super) struct LevelNeeded {
    pub f: Frame,
    pub needed: u8,
    /// What to say about the level that is needed.
    pub needs: String,
    /// What to say about the level there is.
    pub have: String,
    /// What the button says.
    pub raise: String,
    /// Where to try again.
    pub retry: String,
    pub error: Option<String>,
    pub description: Option<String>,
}

#[derive(Template)]
#[template(path = "site/problem.html")]
pub(super) struct ProblemPage {
    pub f: Frame,
    pub code: String,
    pub advice: String,
    pub description: Option<String>,
}

#[derive(Template)]
#[template(path = "site/signed_out.html")]
pub(super) struct SignedOut {
    pub f: Frame,
    /// Whether the provider sent the browser back from its own sign-out.
    pub confirmed: bool,
}

#[derive(Template)]
#[template(path = "site/developer.html")]
pub(super) struct Developer {
    pub f: Frame,
    pub token: Option<TokenView>,
}

/// The developer's view of a sign-in.
pub(super) struct TokenView {
    pub raw: String,
    pub header: String,
    pub claims: String,
    pub userinfo: String,
    pub response: String,
}

impl TokenView {
    pub(super) fn of(signed_in: &SignedIn) -> Self {
        let pretty = |value: &Value| serde_json::to_string_pretty(value).unwrap_or_default();
        let failed = || signed_in.userinfo_error.clone().unwrap_or_default();
        Self {
            raw: signed_in.id_token.clone(),
            header: pretty(&signed_in.header),
            claims: pretty(&signed_in.claims),
            userinfo: signed_in.userinfo.as_ref().map_or_else(failed, pretty),
            response: pretty(&signed_in.token_response),
        }
    }
}

/// Makes the page.
pub(super) fn render(site: &Site, status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => wire::page(status, html, &format!(" {}", site.0.provider_origin)),
        Err(error) => {
            tracing::error!(%error, "a page could not be made");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
