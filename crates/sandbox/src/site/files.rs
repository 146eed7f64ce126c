//! "My records" and "my tax file": pages that show what the records office says, asked with the resident's access token.
//!
//! What stands between may be a token for the office (RFC 8707), a fresh one (a refresh), or a better or more recent
//! sign-in, which the office asks for (RFC 9470): the browser goes to the provider with exactly what was asked, and comes
//! back here. Each way is gone once; what does not help then is shown.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use openidconnect::HttpResponse;
use serde_json::Value;

use super::failure::Failure;
use super::handlers::send_to_provider;
use super::pages::{FilePage, clock_time, level_name, render};
use super::session::{Grant, Wish};
use super::visit::{Visit, Wanted};
use super::{Site, level_of_acr};

/// An access token that lapses within this is renewed before it is used.
const ALMOST: TimeDelta = TimeDelta::seconds(5);

/// What the records office has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum File {
    Records,
    TaxFile,
}

impl File {
    pub(super) const ALL: [Self; 2] = [Self::Records, Self::TaxFile];

    /// The file in keys of texts and in addresses, here and at the office.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Records => "records",
            Self::TaxFile => "tax-file",
        }
    }

    pub(super) fn path(self) -> String {
        format!("/my/{}", self.key())
    }
}

/// What the office says.
enum Told {
    /// The document.
    Content(Value),
    /// The token does not do.
    TokenRefused(String),
    /// The person must be proven better or again.
    MoreNeeded(Challenge),
    /// Anything else.
    Failed(Failure),
}

/// What RFC 9470 section 3 lets a resource server ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Challenge {
    acr_values: Vec<String>,
    max_age_seconds: Option<u64>,
}

impl Challenge {
    /// The wish that an authorization request takes from it.
    fn wish(&self, site: &Site, file: File) -> Wish {
        Wish {
            level: self.level(),
            acr_values: self.acr_values.clone(),
            max_age_seconds: self.max_age_seconds,
            ..usual(site, file, "step-up")
        }
    }

    fn level(&self) -> Option<u8> {
        self.acr_values.iter().find_map(|acr| level_of_acr(acr))
    }
}

/// A request for a token for the office; `way` is remembered, so that no way is gone twice.
fn usual(site: &Site, file: File, way: &str) -> Wish {
    Wish {
        scopes: site.0.scopes.clone(),
        resource: Some(site.0.resource.clone()),
        return_to: format!("{}?asked={way}", file.path()),
        ..Wish::default()
    }
}

/// `GET /my/{file}`
pub(super) async fn show(
    State(site): State<Site>,
    Path(key): Path<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let visit = Visit::new(&site, &headers, &uri);
    let Some(file) = File::ALL.into_iter().find(|file| file.key() == key) else {
        return visit.problem(&site, StatusCode::NOT_FOUND, Failure::new("not_found", None));
    };
    let asked = visit.query.value("asked");
    let Some(grant) = grant_for_office(&site, &visit).await else {
        return match asked {
            None => send_to_provider(&site, &visit, usual(&site, file, "token")).await,
            Some(_) => visit.problem(&site, StatusCode::FORBIDDEN, Failure::new("no_token", None)),
        };
    };
    let mut told = ask(&site, file, &grant).await;
    if let Told::TokenRefused(_) = told
        && let Some(renewed) = renew(&site, &visit, &grant).await
    {
        told = ask(&site, file, &renewed).await;
    }
    match told {
        Told::Content(document) => {
            let page = FilePage::new(
                visit.frame(&site, page_name(file), &format!("file-{}", file.key())),
                file,
                &document,
            );
            visit.answer(&site, render(&site, StatusCode::OK, &page), None)
        }
        Told::MoreNeeded(challenge) if asked == Some("step-up") => {
            still_needed(&site, &visit, file, &challenge)
        }
        Told::MoreNeeded(challenge) => send_to_provider(&site, &visit, challenge.wish(&site, file)).await,
        Told::TokenRefused(_) if asked.is_none() => {
            send_to_provider(&site, &visit, usual(&site, file, "token")).await
        }
        Told::TokenRefused(why) => {
            let failure = Failure::new("records_refused", why);
            visit.problem(&site, StatusCode::BAD_GATEWAY, failure)
        }
        Told::Failed(failure) => visit.problem(&site, StatusCode::BAD_GATEWAY, failure),
    }
}

const fn page_name(file: File) -> &'static str {
    match file {
        File::Records => "my-records",
        File::TaxFile => "my-tax-file",
    }
}

/// The person came back without what the office needs: say so, and let them try again.
fn still_needed(site: &Site, visit: &Visit, file: File, challenge: &Challenge) -> Response {
    let failure = Failure::new("insufficient_user_authentication", None);
    let have = visit.signed_in(site).and_then(|signed_in| signed_in.level());
    let wanted = match challenge.level() {
        Some(level) if have.is_none_or(|have| have < level) => {
            return visit.level_needed(site, level, file.path(), Some(failure));
        }
        level => Wanted {
            level: level.unwrap_or_default(),
            needs: visit.w.say("file-recent-needed"),
            raise: visit.w.say("problem-again"),
            retry: file.path(),
        },
    };
    visit.more_needed(site, wanted, Some(failure))
}

/// The session's token for the office, renewed when it is about to lapse.
async fn grant_for_office(site: &Site, visit: &Visit) -> Option<Grant> {
    let grant = site
        .0
        .sessions
        .with(visit.session.as_deref(), |session| session.grant.clone())
        .flatten()
        .filter(|grant| grant.resource.as_ref() == Some(&site.0.resource))?;
    let lapses = grant
        .expires_at
        .is_some_and(|at| at - ALMOST <= site.0.clock.now());
    if lapses {
        return renew(site, visit, &grant).await;
    }
    Some(grant)
}

/// A fresh access token, kept in the session.
async fn renew(site: &Site, visit: &Visit, grant: &Grant) -> Option<Grant> {
    let signed_in = visit.signed_in(site)?;
    match site.0.party.refresh(&signed_in, grant).await {
        Ok(renewed) => {
            site.0.sessions.with(visit.session.as_deref(), |session| {
                session.grant = Some(renewed.clone());
            });
            Some(renewed)
        }
        Err(failure) => {
            tracing::info!(code = failure.code, "an access token could not be renewed");
            None
        }
    }
}

async fn ask(site: &Site, file: File, grant: &Grant) -> Told {
    let url = format!("{}/api/{}", site.0.records, file.key());
    match site.0.party.ask(&url, &grant.access_token).await {
        Ok(answer) => read(&answer),
        Err(failure) => Told::Failed(failure),
    }
}

fn read(answer: &HttpResponse) -> Told {
    if answer.status().is_success() {
        return match serde_json::from_slice(answer.body()) {
            Ok(document) => Told::Content(document),
            Err(error) => Told::Failed(Failure::because("records_unreachable", error)),
        };
    }
    let challenges = answer.headers().get_all(header::WWW_AUTHENTICATE);
    for challenge in challenges.iter().filter_map(|value| value.to_str().ok()) {
        let members = members(challenge);
        let value = |name: &str| {
            members
                .iter()
                .find(|(member, _)| member.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.as_str())
        };
        match value("error") {
            Some("insufficient_user_authentication") => {
                return Told::MoreNeeded(Challenge {
                    acr_values: value("acr_values")
                        .unwrap_or_default()
                        .split_whitespace()
                        .map(str::to_owned)
                        .collect(),
                    max_age_seconds: value("max_age").and_then(|seconds| seconds.parse().ok()),
                });
            }
            Some("invalid_token") => {
                return Told::TokenRefused(value("error_description").unwrap_or_default().to_owned());
            }
            Some(error) => {
                let description = value("error_description").map(str::to_owned);
                return Told::Failed(Failure::new(error, description));
            }
            None => {}
        }
    }
    let status = format!("the records office answered {}", answer.status());
    Told::Failed(Failure::new("records_unreachable", status))
}

/// The members of a challenge: `Scheme name="value", name=value` (RFC 9110 section 11.6.1).
fn members(challenge: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = challenge.trim_start();
    // The scheme stands before the first blank, unless there is nothing else.
    rest = rest.split_once(' ').map_or("", |(_scheme, rest)| rest);
    while let Some((name, after)) = rest.split_once('=') {
        let name = name.trim_matches([' ', ',']).to_owned();
        let (value, left) = if let Some(quoted) = after.strip_prefix('"') {
            quoted_value(quoted)
        } else {
            let (value, left) = after.split_once(',').unwrap_or((after, ""));
            (value.trim().to_owned(), left)
        };
        found.push((name, value));
        rest = left;
    }
    found
}

/// What stands up to the closing quotation mark, and what comes after it.
fn quoted_value(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match c {
            '"' => break,
            '\\' => value.extend(characters.next()),
            other => value.push(other),
        }
    }
    (value, characters.as_str())
}

/// A line of a file as the page shows it.
pub(super) struct Line {
    pub key: String,
    pub name: String,
    pub value: String,
}

impl FilePage {
    fn new(f: super::pages::Frame, file: File, document: &Value) -> Self {
        let w = f.w;
        let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
        let items = document.get("items").and_then(Value::as_array);
        let given = document.get("given").cloned().unwrap_or_default();
        let level = given.get("acr").and_then(Value::as_str).and_then(level_of_acr);
        let signed_in_at = given
            .get("auth_time")
            .and_then(Value::as_i64)
            .and_then(|seconds| DateTime::<Utc>::from_timestamp(seconds, 0));
        let token = given.get("token").cloned().unwrap_or_default();
        let says = |name: &str| token.get(name).and_then(Value::as_bool).unwrap_or_default();
        Self {
            about: w.say(&format!("file-{}-about", file.key())),
            key: file.key(),
            lines: items
                .into_iter()
                .flatten()
                .map(|item| {
                    let key = text(item.get("key"));
                    Line {
                        name: w
                            .find(&format!("file-{}-{key}", file.key()))
                            .unwrap_or_else(|| key.clone()),
                        value: text(item.get("value")),
                        key,
                    }
                })
                .collect(),
            level,
            level_name: level.map_or_else(|| w.say("level-unknown"), |level| level_name(w, level)),
            signed_in_at: signed_in_at.map(clock_time).unwrap_or_default(),
            token_form: text(token.get("form")),
            token: [
                ("file-token-jwt", token.get("form") == Some(&Value::from("jwt"))),
                ("file-token-asked", says("asked")),
                ("file-token-bound", says("bound")),
            ]
            .into_iter()
            .filter(|(_, holds)| *holds)
            .map(|(key, _)| w.say(key))
            .collect(),
            bound: says("bound"),
            f,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, challenge: &str) -> HttpResponse {
        openidconnect::http::Response::builder()
            .status(status)
            .header("www-authenticate", challenge)
            .body(Vec::new())
            .unwrap()
    }

    #[test]
    fn a_challenge_is_read_as_it_was_meant() {
        let challenge = "Bearer error=\"insufficient_user_authentication\", error_description=\"say \\\"hi\\\", \
                         a=b\", acr_values=\"urn:denizen:loa:2 other\", max_age=300";
        let Told::MoreNeeded(found) = read(&answer(401, challenge)) else {
            panic!("a challenge");
        };
        assert_eq!(found.acr_values, ["urn:denizen:loa:2", "other"]);
        assert_eq!(found.max_age_seconds, Some(300));
        assert_eq!(found.level(), Some(2));
        assert_eq!(members(challenge)[1].1, "say \"hi\", a=b");
        for broken in [
            "Bearer",
            "",
            "Bearer error",
            "Bearer =",
            "Bearer error=\"x",
            "=\"\\",
        ] {
            let _ = members(broken);
        }
    }

    #[test]
    fn other_refusals_are_told_apart() {
        assert!(matches!(
            read(&answer(401, "DPoP error=\"invalid_token\", error_description=\"lapsed\"")),
            Told::TokenRefused(why) if why == "lapsed"
        ));
        assert!(matches!(
            read(&answer(403, "Bearer error=\"insufficient_scope\"")),
            Told::Failed(failure) if failure.code == "insufficient_scope"
        ));
        assert!(matches!(
            read(&answer(503, "Bearer")),
            Told::Failed(failure) if failure.code == "records_unreachable"
        ));
    }
}
