//! What every call to another party has in common: a time limit over the whole exchange, a limit on the answer, one
//! JSON object in which nothing is said twice, and words for what went wrong. Addresses and bodies reach no log: they
//! carry codes, tokens and people.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use model::citizen_id::CitizenId;
use model::person_name::PersonName;
use model::secret::TokenHash;
use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Map, Value};
use url::Url;

use crate::evidence::port::Astray;
use crate::evidence::source::Word;

/// The longest answer that is read, in bytes.
const ANSWER_BYTES: usize = 64 * 1024;
/// The longest code, token or other text of a party that is taken, in bytes.
const TEXT_BYTES: usize = 16 * 1024;

/// Asks for a JSON object. Whatever is none is `unavailable`, and a party that does not serve us `refused` (A251). That it
/// does not take a code is no sign of illness: anybody's browser can bring a wrong one back.
pub(in crate::evidence) async fn object(
    request: RequestBuilder,
    limit: Duration,
    party: &str,
) -> Result<Map<String, Value>, Astray> {
    if let Ok(outcome) = tokio::time::timeout(limit, exchange(request, party)).await {
        return outcome;
    }
    tracing::warn!(party, "took too long");
    Err(Word::Unavailable.into())
}

async fn exchange(request: RequestBuilder, party: &str) -> Result<Map<String, Value>, Astray> {
    let failed = |error: reqwest::Error| {
        tracing::warn!(party, error = %error.without_url(), "did not answer");
        Astray::from(Word::Unavailable)
    };
    let mut response = request.send().await.map_err(failed)?;
    match response.status() {
        StatusCode::OK => {}
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::PAYMENT_REQUIRED => {
            tracing::error!(party, "refuses to serve us: secret, contract or allow-list");
            return Err(Word::Refused.into());
        }
        StatusCode::BAD_REQUEST => {
            tracing::warn!(party, "does not take what was brought back");
            return Err(Astray::NotRight);
        }
        status => {
            tracing::warn!(party, %status, "answered with an error");
            return Err(Word::Unavailable.into());
        }
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        if body.len() + chunk.len() > ANSWER_BYTES {
            return Err(Word::Unavailable.into());
        }
        body.extend_from_slice(&chunk);
    }
    jose::strict_json::object(&body).map_err(|error| {
        tracing::warn!(party, %error, "the answer is no JSON object");
        Word::Unavailable.into()
    })
}

/// A member that is a text with something in it.
pub(in crate::evidence) fn text<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    let text = object.get(name)?.as_str()?;
    (!text.is_empty() && text.len() <= TEXT_BYTES).then_some(text)
}

/// The name and number that a party returned, as machines write them. What is not in its normal form is nothing: to
/// guess at it could make two people one (A245, A246).
pub(in crate::evidence) fn person(
    name: Option<&str>,
    number: Option<&str>,
    now: DateTime<Utc>,
) -> Option<(PersonName, CitizenId)> {
    // A day ahead of UTC at most: nobody is born tomorrow.
    let today: NaiveDate = now.date_naive().succ_opt()?;
    let name = PersonName::parse_strict(name?).ok()?;
    let number = CitizenId::parse_strict(number?, today).ok()?;
    Some((name, number))
}

/// A party's own name for a person, as operators may see it: nobody can be found by it elsewhere.
pub(in crate::evidence) fn reference(party: &str, subject: &str) -> String {
    use base64::Engine as _;
    let hash = TokenHash::of(&format!("{party}\u{0}{subject}"));
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(hash.as_bytes())
}

/// An address that a party names, if it is as safe as the party's own: https, or http where the party itself is.
pub(in crate::evidence) fn address(text: &str, party: &Url) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let safe = url.scheme() == "https" || (url.scheme() == "http" && party.scheme() == "http");
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    (safe && plain && url.has_host()).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attack_136_an_address_that_a_party_names_is_as_safe_as_its_own() {
        let (https, http) = (
            Url::parse("https://a.example").unwrap(),
            Url::parse("http://localhost:1").unwrap(),
        );
        assert!(address("https://b.example/x", &https).is_some());
        assert!(address("http://localhost:1/x", &http).is_some());
        for bad in [
            "http://b.example/x",
            "javascript:alert(1)",
            "file:///etc/passwd",
            "https://u:p@b.example/",
            "https://b.example/#x",
            "data:text/html,x",
            "/x",
            "",
        ] {
            assert!(address(bad, &https).is_none(), "{bad}");
        }
    }

    #[test]
    fn attack_245_246_what_a_machine_did_not_write_in_its_normal_form_names_nobody() {
        let now = store::testing::start_time();
        let named = |name, number| person(Some(name), Some(number), now).is_some();
        assert!(named("买买提·吐尔逊", "34000019930510007X"));
        for (name, number) in [
            ("买买提•吐尔逊", "34000019930510007X"),
            ("买买提·吐尔逊", "34000019930510007x"),
            (" 买买提·吐尔逊", "34000019930510007X"),
            ("买买提·吐尔逊", "340000199305100070"),
            ("买\u{202e}提", "34000019930510007X"),
            ("", "34000019930510007X"),
            ("张*", "3400************7X"),
        ] {
            assert!(!named(name, number), "{name} {number}");
        }
        assert!(person(None, Some("34000019930510007X"), now).is_none());
        assert!(person(Some("张明远"), None, now).is_none());
    }
}
