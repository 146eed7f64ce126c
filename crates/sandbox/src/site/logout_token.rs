//! Logout tokens (OpenID Connect Back-Channel Logout 1.0 section 2.4) and everything that makes one good (section 2.6).

use std::collections::HashMap;
use std::sync::Mutex;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value};

use super::session::Whose;
use crate::world::lock;

/// By how much clocks may differ.
const LEEWAY: TimeDelta = TimeDelta::seconds(30);
/// How old a token may be.
const AGE_MAX: TimeDelta = TimeDelta::minutes(10);
/// How many tokens are remembered.
const SPENT_MAX: usize = 10_000;
/// The event that makes a token a logout token.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// The identifiers of the tokens that were taken.
#[derive(Default)]
pub(super) struct Spent(Mutex<HashMap<String, DateTime<Utc>>>);

impl Spent {
    /// Takes a token once.
    pub(super) fn take(&self, jti: &str, now: DateTime<Utc>) -> bool {
        let mut spent = lock(&self.0);
        if spent.len() >= SPENT_MAX {
            spent.retain(|_, at| now - *at <= AGE_MAX + LEEWAY);
        }
        spent.len() < SPENT_MAX && spent.insert(jti.to_owned(), now).is_none()
    }
}

/// Who a token speaks for.
pub(super) struct Expected<'a> {
    pub issuer: &'a str,
    pub client_id: &'a str,
    pub now: DateTime<Utc>,
}

/// The claims of a token whose signature is the provider's, as what is to be done; else what is wrong with it.
/// `jti` is left to be spent by the caller, once all else is right.
pub(super) fn check(
    claims: &Map<String, Value>,
    expected: &Expected<'_>,
) -> Result<(Whose, String), &'static str> {
    let text = |name: &str| {
        claims
            .get(name)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    };
    if text("iss") != Some(expected.issuer) {
        return Err("iss is another provider");
    }
    let audience = match claims.get("aud") {
        Some(Value::String(one)) => one == expected.client_id,
        Some(Value::Array(many)) => many.iter().any(|one| one.as_str() == Some(expected.client_id)),
        _ => false,
    };
    if !audience {
        return Err("aud is another site");
    }
    let moment = |name: &str| DateTime::from_timestamp(claims.get(name)?.as_i64()?, 0);
    let made_at = moment("iat").ok_or("iat is missing")?;
    if made_at > expected.now + LEEWAY || expected.now - made_at > AGE_MAX {
        return Err("iat is not of late");
    }
    if moment("exp").ok_or("exp is missing")? + LEEWAY <= expected.now {
        return Err("the token has lapsed");
    }
    let event = claims
        .get("events")
        .and_then(|events| events.get(EVENT))
        .ok_or("events names no logout")?;
    if !event.is_object() {
        return Err("events is no object of objects");
    }
    if claims.contains_key("nonce") {
        return Err("a logout token has no nonce");
    }
    for name in ["sub", "sid"] {
        if claims.contains_key(name) && text(name).is_none() {
            return Err("sub and sid are texts");
        }
    }
    let whose = Whose {
        subject: text("sub").map(str::to_owned),
        sid: text("sid").map(str::to_owned),
    };
    if whose.subject.is_none() && whose.sid.is_none() {
        return Err("neither sub nor sid");
    }
    let jti = text("jti")
        .filter(|jti| jti.len() <= 200)
        .ok_or("jti is missing")?;
    Ok((whose, jti.to_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
    }

    fn good() -> Value {
        json!({
            "iss": "https://op.example", "aud": "site", "iat": now().timestamp(), "exp": now().timestamp() + 120,
            "jti": "1", "sub": "p", "sid": "s", "events": { EVENT: {} },
        })
    }

    fn checked(claims: &Value) -> Result<(Whose, String), &'static str> {
        let expected = Expected {
            issuer: "https://op.example",
            client_id: "site",
            now: now(),
        };
        check(claims.as_object().unwrap(), &expected)
    }

    #[test]
    fn attack_121_only_a_whole_logout_token_ends_anything() {
        let whose = Whose {
            subject: Some("p".to_owned()),
            sid: Some("s".to_owned()),
        };
        assert_eq!(checked(&good()), Ok((whose, "1".to_owned())));
        let long_ago = now().timestamp() - 3_600;
        for (member, value) in [
            ("iss", json!("https://evil.example")),
            ("aud", json!("other")),
            ("aud", json!(["other"])),
            ("iat", json!(long_ago)),
            ("iat", json!(now().timestamp() + 3_600)),
            ("iat", Value::Null),
            ("exp", json!(long_ago)),
            ("exp", Value::Null),
            ("jti", Value::Null),
            ("jti", json!("")),
            ("nonce", json!("n")),
            ("events", json!({})),
            ("events", json!({ EVENT: "x" })),
            ("events", json!({ "http://schemas.openid.net/event/other": {} })),
            ("sub", json!(7)),
        ] {
            let mut claims = good();
            claims[member] = value.clone();
            assert!(checked(&claims).is_err(), "{member} = {value}");
        }
        let mut nobody = good();
        nobody.as_object_mut().unwrap().remove("sub");
        assert!(checked(&nobody).is_ok(), "sid alone will do");
        nobody.as_object_mut().unwrap().remove("sid");
        assert_eq!(checked(&nobody), Err("neither sub nor sid"));
    }

    #[test]
    fn a_token_is_taken_once() {
        let spent = Spent::default();
        assert!(spent.take("1", now()) && !spent.take("1", now()) && spent.take("2", now()));
    }
}
