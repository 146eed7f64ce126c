//! The level endpoint, `/api/level/v1`: what a person lacks for a level, for the programs of a sub-site.
//!
//! A sub-site asks about somebody it knows: by POST with its own proof and the person's `sub`, or by GET with an access
//! token of that person. It is told the level now, when it lapses, and which ways up there are, by the names of their
//! sources; never what was typed, tried or refused. All of it only while the registration has `assurance` and the person
//! allows it. Whoever is not known, has agreed to nothing or is not in use is one answer (A125).
//!
//! This is an interface of our own; `docs/relying-parties-in-depth.md` describes it. It raises nothing: a level is raised by the
//! person, on the page that the answer names.
//!
//! Statements: by `sub` three, two counters and the person; by token two. An assertion or a proof adds one, and ways up
//! add one: which sources are open.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, SecondsFormat, Utc};
use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderValue, StatusCode};
use model::client::{AccountKind, Client};
use model::evidence::{Evidence, SourceId};
use model::ladder::{Level, Road};
use model::scope::{Scope, ScopeSet};
use serde::Serialize;
use store::throttles::{self, Rule};
use store::{StoreError, Tx, subjects, tokens};
use web::extract::{RawParams, RawParamsError};

use crate::access_token::Presented;
use crate::bearer::{Refused, Sent};
use crate::claims::Permitted;
use crate::client_auth::{self, Caller, Endpoint, Origin, Refusal};
use crate::error::{LevelError, UserinfoError};
use crate::router::paths;
use crate::{Service, dpop, wire};

/// What one client may ask in all.
const OF_CLIENT: Rule = Rule {
    name: "level-client",
    limit: 600,
    window_seconds: 60,
};
/// What one client may ask about one person.
const OF_PERSON: Rule = Rule {
    name: "level-person",
    limit: 30,
    window_seconds: 600,
};
/// The most ways up that are told.
const ROADS_MAX: usize = 20;
/// The longest name that is looked up; ours are shorter.
const SUBJECT_BYTES_MAX: usize = 100;

#[derive(Debug, Serialize)]
struct Answer {
    sub: String,
    identity_level: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity_lapses_at: Option<String>,
    wanted: u8,
    reached: bool,
    missing: Vec<Way>,
    /// Where the person raises it; the sub-site's own request is the better way, because it comes back from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    raise_uri: Option<String>,
}

/// One way up: all of these sources, and whether each of them can be gone to at present, as the person's own page says.
#[derive(Debug, Serialize)]
struct Way {
    level: u8,
    sources: Vec<SourceId>,
    open: bool,
}

/// `POST /api/level/v1`: a sub-site with its own proof.
pub async fn of_subject(
    State(service): State<Service>,
    origin: Origin,
    headers: HeaderMap,
    params: Result<RawParams, RawParamsError>,
) -> Response {
    let endpoint = Endpoint::Level;
    let caller = match client_auth::authenticate(&service, endpoint, origin, &headers, params).await {
        Ok(caller) => caller,
        Err(refusal) => return refusal.into_response(),
    };
    match look(&service, &caller).await {
        Ok(answer) => wire::private(StatusCode::OK, &answer),
        Err(refusal) => caller.settle(&service, refusal).await.into_response(),
    }
}

async fn look(service: &Service, caller: &Caller) -> Result<Answer, Refusal> {
    let (client, form, tx) = (caller.client(), caller.form(), service.store().read());
    caller.admit(&tx).await?;
    let subject = form.one("sub").ok_or(LevelError::SubjectMissing)?;
    let wanted = wanted(client, form.one("level"))?;
    let id = &client.client_id;
    count(service, &tx, &OF_CLIENT, id.as_str()).await?;
    // A name that cannot be one of ours makes no row.
    let known = if subject.len() <= SUBJECT_BYTES_MAX {
        count(service, &tx, &OF_PERSON, &format!("{id}\u{0}{subject}")).await?;
        subjects::find(&tx, id, subject).await.map_err(LevelError::from)?
    } else {
        None
    };
    let known = known.filter(|known| may_know(client, &known.allowed));
    let known = known.ok_or(LevelError::UnknownPerson)?;
    let about = About {
        service,
        kind: known.account.kind,
        evidence: &known.evidence,
        now: service.now(),
    };
    let answer = about.answer(subject.to_owned(), wanted).await;
    Ok(answer.map_err(LevelError::from)?)
}

async fn count(service: &Service, tx: &Tx, rule: &Rule, key: &str) -> Result<(), Refusal> {
    let now = service.now();
    let count = throttles::hit(tx, rule, key, now)
        .await
        .map_err(LevelError::from)?;
    if !count.exceeded() {
        return Ok(());
    }
    tracing::warn!(counter = rule.name, "too many questions about levels");
    let seconds = HeaderValue::from(count.retry_after_seconds(now));
    Err(Refusal::from(LevelError::TooMany).with_header(RETRY_AFTER, seconds))
}

/// `GET /api/level/v1`: an access token of the person.
pub async fn of_token(
    State(service): State<Service>,
    headers: HeaderMap,
    params: Result<RawParams, RawParamsError>,
) -> Response {
    let response = match look_by_token(&service, &headers, params).await {
        Ok(answer) => wire::private(StatusCode::OK, &answer),
        Err(Stopped::Bearer(refused)) => refused.into_response("a question about a level is refused"),
        Err(Stopped::Other(refusal)) => refusal.into_response(),
    };
    dpop::offer(&service, &headers, response)
}

/// A fault of the token, which has a challenge, or another one.
enum Stopped {
    Bearer(Refused),
    Other(Refusal),
}

impl<R: Into<Refused>> From<R> for Stopped {
    fn from(refused: R) -> Self {
        Self::Bearer(refused.into())
    }
}

async fn look_by_token(
    service: &Service,
    headers: &HeaderMap,
    params: Result<RawParams, RawParamsError>,
) -> Result<Answer, Stopped> {
    let other = |error: LevelError| Stopped::Other(error.into());
    let asked = params.as_ref().ok().and_then(|params| {
        let mut levels = params.query.iter().filter(|(name, _)| name == "level");
        let first = levels.next().map(|(_, level)| level.clone());
        first.filter(|_| levels.next().is_none())
    });
    let sent = Sent::read(headers, params)?;
    let presented = Presented::read(sent.token.expose()).ok_or(UserinfoError::TokenRefused)?;
    let (tx, now) = (service.store().read(), service.now());
    let live = tokens::find_live(&tx, &presented.hash, now)
        .await?
        .ok_or(UserinfoError::TokenRefused)?;
    let stored = service.client(&live.client_id).ok_or(UserinfoError::ClientGone)?;
    let client = &stored.client;
    if client.disabled {
        return Err(UserinfoError::ClientGone.into());
    }
    if !live.details.resources.is_empty() {
        return Err(UserinfoError::OtherAudience.into());
    }
    let here = ("GET", paths::LEVEL);
    sent.show(service, &tx, (here, headers), live.details.jkt.as_ref())
        .await?;
    let wanted = wanted(client, asked.as_deref()).map_err(other)?;
    let allowed = live.holder.allowed.as_ref();
    Permitted::today(&live.details.scopes, client, live.grant, allowed)
        .filter(|permitted| permitted.scopes.contains(Scope::Assurance))
        .ok_or_else(|| other(LevelError::NotForLevels))?;
    let subject = service.subject(client, live.holder.account.id);
    count(
        service,
        &tx,
        &OF_PERSON,
        &format!("{}\u{0}{subject}", client.client_id),
    )
    .await
    .map_err(Stopped::Other)?;
    let about = About {
        service,
        kind: live.holder.account.kind,
        evidence: &live.holder.evidence,
        now,
    };
    Ok(about.answer(subject, wanted).await?)
}

/// The level that is asked about, by its number or its `acr` value.
fn wanted(client: &Client, text: Option<&str>) -> Result<Level, LevelError> {
    let text = text.ok_or(LevelError::LevelMalformed)?;
    let numbers = |text: &str| {
        Level::ALL
            .into_iter()
            .find(|level| level.number().to_string() == text)
    };
    let level = numbers(text)
        .or_else(|| Level::from_acr(text))
        .ok_or(LevelError::LevelMalformed)?;
    if client.ceiling_level.is_some_and(|ceiling| level > ceiling) {
        return Err(LevelError::LevelNotAllowed);
    }
    Ok(level)
}

/// Whether registration and person let the client know levels today.
pub(crate) fn may_know(client: &Client, allowed: &ScopeSet) -> bool {
    client.scopes.contains(Scope::Assurance) && allowed.contains(Scope::Assurance)
}

/// The person at this moment.
struct About<'a> {
    service: &'a Service,
    kind: AccountKind,
    evidence: &'a [Evidence],
    now: DateTime<Utc>,
}

impl About<'_> {
    async fn answer(&self, sub: String, wanted: Level) -> Result<Answer, StoreError> {
        let ladder = self.service.ladder();
        let level = ladder.level(self.kind, self.evidence, self.now);
        let roads = ladder.roads(self.kind, wanted, self.evidence, self.now);
        let reached = level.level >= wanted;
        let number = wanted.number();
        let page = || format!("{}/account/level?want={number}", self.service.issuer());
        let open = if roads.is_empty() {
            BTreeSet::new()
        } else {
            self.service.open_sources().await?
        };
        Ok(Answer {
            sub,
            identity_level: level.level.number(),
            identity_lapses_at: level
                .lapses_at
                .map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true)),
            wanted: number,
            reached,
            missing: roads
                .into_iter()
                .take(ROADS_MAX)
                .map(|road| way(road, &open))
                .collect(),
            raise_uri: (!reached).then(page),
        })
    }
}

fn way(road: Road, open: &BTreeSet<SourceId>) -> Way {
    Way {
        open: road.sources.iter().all(|source| open.contains(source)),
        level: road.level.number(),
        sources: road.sources,
    }
}

#[cfg(test)]
mod tests;
