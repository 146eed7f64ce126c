//! What the provider tells about a resident while nobody looks: signed events (RFC 8417) pushed to this address
//! (RFC 8935), about a person under the name that they have here (RFC 9493). A level that fell lowers what the
//! resident's sign-in here is good for, at once; the next sign-in says what is true then. An account that is disabled or
//! gone (OpenID RISC 1.0), and sessions that were revoked (CAEP 1.0), end the sign-ins from before. Other events are taken
//! and written down, and nothing follows from them.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use super::Site;
use super::session::Fell;
use crate::jws::Compact;
use crate::wire;
use crate::world::{self, Entry, Route};

/// The media type of a signed event (RFC 8417 section 7.2).
const MEDIA_TYPE: &str = "application/secevent+jwt";
/// The provider's own word for a level that fell.
const LEVEL_CHANGED: &str = "urn:denizen:event:identity-level-changed";
/// What ends the sign-ins of a resident.
const ENDS: [&str; 3] = [
    "https://schemas.openid.net/secevent/risc/event-type/account-disabled",
    "https://schemas.openid.net/secevent/risc/event-type/account-purged",
    "https://schemas.openid.net/secevent/caep/event-type/session-revoked",
];
/// By how much clocks may differ.
const LEEWAY: TimeDelta = TimeDelta::seconds(30);
/// How old an event may be: the provider tries for a day.
const AGE_MAX: TimeDelta = TimeDelta::hours(25);

/// Why an event is not taken (RFC 8935 section 2.4), or cannot be looked at now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    Request(&'static str),
    Key(&'static str),
    Issuer,
    Audience,
    Later,
}

impl Refusal {
    fn parts(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::Request(why) => (StatusCode::BAD_REQUEST, "invalid_request", why),
            Self::Key(why) => (StatusCode::BAD_REQUEST, "invalid_key", why),
            Self::Issuer => (
                StatusCode::BAD_REQUEST,
                "invalid_issuer",
                "iss is another provider",
            ),
            Self::Audience => (StatusCode::BAD_REQUEST, "invalid_audience", "aud is another site"),
            Self::Later => (
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "the provider's keys cannot be had",
            ),
        }
    }
}

/// An event that is good.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Event {
    jti: String,
    subject: String,
    /// What happened, by the names of the events.
    kinds: Vec<String>,
    /// The level that it fell to, where that is what happened.
    fell: Option<Fell>,
    /// When it happened.
    at: DateTime<Utc>,
}

impl Event {
    fn ends(&self) -> bool {
        self.kinds.iter().any(|kind| ENDS.contains(&kind.as_str()))
    }
}

/// Who an event must be for.
struct Expected<'a> {
    issuer: &'a str,
    client_id: &'a str,
    now: DateTime<Utc>,
}

/// `POST /events`
pub(super) async fn receive(State(site): State<Site>, headers: HeaderMap, body: Bytes) -> Response {
    if let Some((status, outcome, response)) = world::fault(&site.0.world, Route::Events).await {
        record(&site, status, outcome, &Value::Null);
        return response;
    }
    let event = match read(&site, &headers, &body).await {
        Ok(event) => event,
        Err(refusal) => {
            let (status, code, why) = refusal.parts();
            record(&site, status, why, &Value::Null);
            return wire::json(status, &json!({ "err": code, "description": why }));
        }
    };
    let mut about = json!({ "sub": event.subject, "jti": event.jti, "events": event.kinds });
    // The same event again is confirmed again, and nothing follows from it.
    let outcome = if !site.0.events.take(&event.jti, site.0.clock.now()) {
        "known"
    } else if let Some(fell) = event.fell {
        let level = fell.level;
        let lowered = site.0.sessions.lower(&event.subject, fell);
        note(
            &mut about,
            &[("level", level.into()), ("lowered", lowered.into())],
        );
        "level_fell"
    } else if event.ends() {
        let ended = site.0.sessions.end_before(&event.subject, event.at);
        note(&mut about, &[("ended", ended.into())]);
        "ended"
    } else {
        "noted"
    };
    record(&site, StatusCode::ACCEPTED, outcome, &about);
    (StatusCode::ACCEPTED, [(header::CACHE_CONTROL, "no-store")]).into_response()
}

fn note(about: &mut Value, members: &[(&str, Value)]) {
    if let Some(about) = about.as_object_mut() {
        about.extend(
            members
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone())),
        );
    }
}

async fn read(site: &Site, headers: &HeaderMap, body: &[u8]) -> Result<Event, Refusal> {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    if !kind.is_some_and(|kind| kind.eq_ignore_ascii_case(MEDIA_TYPE)) {
        return Err(Refusal::Request("not a signed event"));
    }
    let token = std::str::from_utf8(body).ok().and_then(Compact::parse);
    let token = token.ok_or(Refusal::Request("not a signed token"))?;
    // An ID token or a logout token of the same provider is no event (RFC 8417 section 2.3).
    if !token.is_of_type("secevent+jwt") {
        return Err(Refusal::Request("typ is not secevent+jwt"));
    }
    let claims = site.0.issuer.verify(&token).await;
    let claims = claims
        .map_err(|_| Refusal::Later)?
        .ok_or(Refusal::Key("the signature is not the provider's"))?;
    let expected = Expected {
        issuer: &site.0.issuer.name,
        client_id: &site.0.client_id,
        now: site.0.clock.now(),
    };
    check(&claims, &expected)
}

/// The claims of an event whose signature is the provider's.
fn check(claims: &Map<String, Value>, expected: &Expected<'_>) -> Result<Event, Refusal> {
    let text = |of: &Value, name: &str| {
        let text = of.get(name).and_then(Value::as_str);
        text.filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let all = Value::Object(claims.clone());
    if text(&all, "iss").as_deref() != Some(expected.issuer) {
        return Err(Refusal::Issuer);
    }
    let audience = match claims.get("aud") {
        Some(Value::String(one)) => one == expected.client_id,
        Some(Value::Array(many)) => many.iter().any(|one| one.as_str() == Some(expected.client_id)),
        _ => false,
    };
    if !audience {
        return Err(Refusal::Audience);
    }
    let moment = |name: &str| DateTime::from_timestamp(claims.get(name)?.as_i64()?, 0);
    let made_at = moment("iat").ok_or(Refusal::Request("iat is missing"))?;
    if made_at > expected.now + LEEWAY || expected.now - made_at > AGE_MAX {
        return Err(Refusal::Request("iat is not of late"));
    }
    let jti = text(&all, "jti").filter(|jti| jti.len() <= 200);
    let jti = jti.ok_or(Refusal::Request("jti is missing"))?;
    let about = claims.get("sub_id").cloned().unwrap_or_default();
    if text(&about, "format").as_deref() != Some("iss_sub") {
        return Err(Refusal::Request("sub_id names nobody by iss_sub"));
    }
    if text(&about, "iss").as_deref() != Some(expected.issuer) {
        return Err(Refusal::Issuer);
    }
    let subject = text(&about, "sub").ok_or(Refusal::Request("sub_id has no sub"))?;
    let events = claims.get("events").and_then(Value::as_object);
    let events = events
        .filter(|events| !events.is_empty() && events.values().all(Value::is_object))
        .ok_or(Refusal::Request("events is no object of objects"))?;
    let at = moment("toe").unwrap_or(made_at);
    let fell = events
        .get(LEVEL_CHANGED)
        .map(|event| {
            let level = text(event, "acr").and_then(|acr| super::level_of_acr(&acr));
            let level = level.ok_or(Refusal::Request("the event says no level"))?;
            Ok(Fell { level, at })
        })
        .transpose()?;
    Ok(Event {
        jti,
        subject,
        kinds: events.keys().cloned().collect(),
        fell,
        at,
    })
}

/// Writes into the world's journal what came.
fn record(site: &Site, status: StatusCode, outcome: &str, about: &Value) {
    let at = site.0.clock.now();
    let request = json!({ "site": site.0.city.key(), "about": about });
    tracing::info!(site = site.0.city.key(), %status, outcome, "the provider tells of an event");
    site.0.world.journal().record(Entry {
        at,
        route: Route::Events,
        request,
        status: status.as_u16(),
        outcome: outcome.to_owned(),
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "https://op.example";

    fn now() -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
    }

    fn good() -> Value {
        let at = now().timestamp();
        json!({
            "iss": ISSUER, "aud": "site", "iat": at, "toe": at - 7, "jti": "1",
            "sub_id": { "format": "iss_sub", "iss": ISSUER, "sub": "p" },
            "events": { LEVEL_CHANGED: { "acr": "urn:denizen:loa:1", "previous_acr": "urn:denizen:loa:2" } },
        })
    }

    fn checked(claims: &Value) -> Result<Event, Refusal> {
        let expected = Expected {
            issuer: ISSUER,
            client_id: "site",
            now: now(),
        };
        check(claims.as_object().unwrap(), &expected)
    }

    #[test]
    fn a_level_that_fell_is_read_with_its_time() {
        let event = checked(&good()).unwrap();
        let at = now() - TimeDelta::seconds(7);
        assert_eq!(
            (event.subject.as_str(), event.fell),
            ("p", Some(Fell { level: 1, at }))
        );
        let mut other = good();
        other["events"] =
            json!({ "https://schemas.openid.net/secevent/risc/event-type/account-disabled": {} });
        assert_eq!(checked(&other).unwrap().fell, None, "taken, and nothing follows");
    }

    #[test]
    fn attack_121_only_a_whole_event_for_this_site_from_this_provider_lowers_anything() {
        let at = now().timestamp();
        for (member, value) in [
            ("iss", json!("https://evil.example")),
            ("iss", Value::Null),
            ("aud", json!("other")),
            ("aud", json!(["other"])),
            ("iat", json!(at - 26 * 3600)),
            ("iat", json!(at + 3_600)),
            ("iat", Value::Null),
            ("jti", Value::Null),
            ("jti", json!("")),
            ("jti", json!("x".repeat(201))),
            ("sub_id", Value::Null),
            ("sub_id", json!({ "format": "email", "email": "a@b.example" })),
            (
                "sub_id",
                json!({ "format": "iss_sub", "iss": "https://evil.example", "sub": "p" }),
            ),
            ("sub_id", json!({ "format": "iss_sub", "iss": ISSUER })),
            ("events", json!({})),
            ("events", json!({ LEVEL_CHANGED: "x" })),
            ("events", json!({ LEVEL_CHANGED: { "acr": "urn:other:1" } })),
            ("events", json!({ LEVEL_CHANGED: { "acr": "urn:denizen:loa:9" } })),
        ] {
            let mut claims = good();
            claims[member] = value.clone();
            assert!(checked(&claims).is_err(), "{member} = {value}");
        }
    }
}
