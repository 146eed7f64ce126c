//! The adapter for sources that are asked over HTTP with a JSON document and a bearer key. It always answers, within
//! its time limit: whatever cannot be understood is `unavailable`, never a pass (A251).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use model::secret::Sensitive;
use reqwest::{Client, Response, StatusCode};
use serde::{Deserialize, Serialize};
use store::cases::Input;
use url::Url;

use super::port::{Adapter, Entry, Outside};
use super::source::{Reply, Source, Word};

/// The longest answer that is read, in bytes.
const ANSWER_BYTES: usize = 16 * 1024;

/// Where a source is and how it is asked.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// The address of its check.
    pub url: Url,
    /// The bearer key.
    pub key: Sensitive<String>,
    /// How long an answer may take, in milliseconds.
    #[serde(default = "time_limit_ms")]
    pub time_limit_ms: u64,
}

const fn time_limit_ms() -> u64 {
    3000
}

/// A source behind HTTP.
#[derive(Debug)]
pub struct HttpSource {
    endpoint: Endpoint,
    client: Client,
}

impl From<Endpoint> for Entry {
    fn from(endpoint: Endpoint) -> Self {
        Self {
            url: Some(endpoint.url),
            key: Some(endpoint.key),
            time_limit: Duration::from_millis(endpoint.time_limit_ms),
            ..Self::default()
        }
    }
}

/// The adapter of a source that is asked like this; for [`super::port::Definition::connect`].
pub fn connect(entry: &Entry, outside: &Outside) -> Result<Adapter, String> {
    let url = entry
        .url
        .clone()
        .ok_or("url is missing: where is the source asked?")?;
    let key = entry
        .key
        .clone()
        .ok_or("key_file is missing: which file has its bearer key?")?;
    if let Some((setting, _)) = entry.settings.iter().next() {
        return Err(format!(
            "settings.{setting} is not known; this source has no settings"
        ));
    }
    let endpoint = Endpoint {
        url,
        key,
        time_limit_ms: u64::try_from(entry.time_limit.as_millis()).unwrap_or(u64::MAX),
    };
    let source = HttpSource::new(endpoint, outside.client.clone());
    Ok(Adapter::Asked(Arc::new(source)))
}

/// The facts, and whatever else the source compares under the names that its own file gives.
#[derive(Serialize)]
struct Question<'a> {
    name: &'a str,
    citizen_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<&'a str>,
    #[serde(flatten)]
    more: BTreeMap<&'a str, &'a str>,
}

#[derive(Deserialize)]
struct Answer {
    result: String,
    #[serde(default)]
    reference: Option<String>,
    #[serde(default)]
    status: Option<String>,
}

impl HttpSource {
    /// A source that is asked with the guarded client that the server made.
    pub const fn new(endpoint: Endpoint, client: Client) -> Self {
        Self { endpoint, client }
    }

    async fn exchange(&self, facts: &Input) -> Result<Reply, reqwest::Error> {
        let question = Question {
            name: facts.name.as_str(),
            citizen_id: facts.citizen_id.as_str(),
            phone: facts.phone.as_ref().map(model::phone::Phone::e164),
            more: facts
                .more
                .iter()
                .map(|(name, factor)| (name, factor.value.expose().as_str()))
                .collect(),
        };
        let request = self
            .client
            .post(self.endpoint.url.clone())
            .bearer_auth(self.endpoint.key.expose());
        let response = request.json(&question).send().await?;
        let status = response.status();
        if matches!(
            status,
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::PAYMENT_REQUIRED
        ) {
            return Ok(Reply::bare(Word::Refused));
        }
        if status != StatusCode::OK {
            return Ok(Reply::bare(Word::Unavailable));
        }
        Ok(understand(&read(response).await?))
    }
}

#[async_trait]
impl Source for HttpSource {
    async fn ask(&self, facts: &Input) -> Reply {
        let limit = Duration::from_millis(self.endpoint.time_limit_ms);
        let host = self.endpoint.url.host_str().unwrap_or_default();
        match tokio::time::timeout(limit, self.exchange(facts)).await {
            Ok(Ok(reply)) => reply,
            Ok(Err(error)) => {
                let error = error.without_url();
                tracing::warn!(host, %error, "source did not answer");
                Reply::bare(Word::Unavailable)
            }
            Err(_) => {
                tracing::warn!(
                    host,
                    limit_ms = self.endpoint.time_limit_ms,
                    "source took too long"
                );
                Reply::bare(Word::Unavailable)
            }
        }
    }
}

/// The body, as far as it is not too long; an answer that is too long is empty and so not understood.
async fn read(mut response: Response) -> Result<Vec<u8>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > ANSWER_BYTES {
            return Ok(Vec::new());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The words of a source for a record that is of nobody who could sign in: somebody must look at the account.
const RESTRICTED: [&str; 3] = ["deceased", "cancelled", "locked"];

/// Reads an answer. A match counts only when the record is in normal order, where the source says so; a word for its
/// state that is not known is no reason to freeze an account, and no match.
fn understand(body: &[u8]) -> Reply {
    let Ok(answer) = serde_json::from_slice::<Answer>(body) else {
        return Reply::bare(Word::Unavailable);
    };
    let word = match (answer.result.as_str(), answer.status.as_deref()) {
        ("match", None | Some("normal")) => Word::Match,
        ("mismatch", _) => Word::Mismatch,
        ("not_found", _) => Word::NotFound,
        ("restricted", _) => Word::Restricted,
        ("match", Some(status)) if RESTRICTED.contains(&status) => Word::Restricted,
        ("match", Some(status)) => {
            // Only what is a plain word: whatever else a source may write there is not for a log.
            let plain = status.len() <= 30 && status.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
            let status = if plain { status } else { "" };
            tracing::error!(
                status,
                "the state of a record that a source answered is not known"
            );
            Word::Unavailable
        }
        _ => Word::Unavailable,
    };
    Reply::bare(word).with_reference(answer.reference)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attack_251_what_is_not_understood_is_unavailable() {
        for garbage in [
            "",
            "{}",
            "[]",
            "null",
            "\"match\"",
            "<html>match</html>",
            "{\"result\":true}",
            "{\"result\":\"MATCH\"}",
            "{\"result\":\"match \"}",
            "{\"result\":\"ok\"}",
            "{\"result\":[\"match\"]}",
            "{\"result\":\"match\"",
            "{\"result\":\"match\",\"result\":\"mismatch\"}",
        ] {
            assert_eq!(
                understand(garbage.as_bytes()).word,
                Word::Unavailable,
                "{garbage}"
            );
        }
        assert_eq!(understand(b"\xff\xfe").word, Word::Unavailable);
    }

    #[test]
    fn the_words_of_the_register_are_understood() {
        let word = |text: &str| understand(text.as_bytes()).word;
        assert_eq!(
            word("{\"result\":\"match\",\"reference\":\"R1\",\"status\":\"normal\"}"),
            Word::Match
        );
        for (status, seen) in [
            ("deceased", Word::Restricted),
            ("cancelled", Word::Restricted),
            ("locked", Word::Restricted),
            // A new word of a vendor freezes nobody (A251).
            ("valid", Word::Unavailable),
            ("suspended", Word::Unavailable),
            ("Locked", Word::Unavailable),
            ("", Word::Unavailable),
        ] {
            let text = format!("{{\"result\":\"match\",\"status\":\"{status}\"}}");
            assert_eq!(word(&text), seen, "{status}");
        }
        assert_eq!(word("{\"result\":\"mismatch\"}"), Word::Mismatch);
        assert_eq!(word("{\"result\":\"not_found\"}"), Word::NotFound);
        assert_eq!(word("{\"result\":\"restricted\"}"), Word::Restricted);
    }

    /// A source at the end of a real connection, which answers as the handler says.
    async fn source(answer: axum::routing::MethodRouter, time_limit_ms: u64) -> HttpSource {
        drop(rustls::crypto::ring::default_provider().install_default());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/check", listener.local_addr().unwrap());
        let router = axum::Router::new().route("/check", answer);
        #[expect(clippy::disallowed_methods, reason = "the other end of a test's connection")]
        tokio::spawn(async move { axum::serve(listener, router).await });
        let key = Sensitive::new("key-1".to_owned());
        let endpoint = Endpoint {
            url: Url::parse(&url).unwrap(),
            key,
            time_limit_ms,
        };
        HttpSource::new(endpoint, Client::builder().no_proxy().build().unwrap())
    }

    async fn word(answer: axum::routing::MethodRouter) -> Word {
        source(answer, 5000)
            .await
            .ask(&crate::evidence::source::tests::facts())
            .await
            .word
    }

    #[tokio::test]
    async fn a_real_exchange_carries_the_facts_and_the_key_and_brings_the_reference() {
        let check = |headers: axum::http::HeaderMap, body: String| async move {
            let asked: serde_json::Value = serde_json::from_str(&body).unwrap();
            let expected = serde_json::json!({ "name": "张明远", "citizen_id": "340000199003070012" });
            let good = asked == expected && headers["authorization"] == "Bearer key-1";
            if good {
                "{\"result\":\"match\",\"reference\":\"R-1\"}"
            } else {
                "{\"result\":\"mismatch\"}"
            }
        };
        let source = source(axum::routing::post(check), 5000).await;
        let reply = source.ask(&crate::evidence::source::tests::facts()).await;
        assert_eq!(
            reply,
            Reply::bare(Word::Match).with_reference(Some("R-1".to_owned()))
        );
    }

    #[tokio::test]
    async fn attack_251_faults_on_the_wire_are_unavailable_and_a_refusal_is_refused() {
        use axum::routing::post;
        let yes = "{\"result\":\"match\"}";
        for status in [500, 502, 503, 429, 404, 301, 204, 202] {
            let status = axum::http::StatusCode::from_u16(status).unwrap();
            assert_eq!(
                word(post(move || async move { (status, yes) })).await,
                Word::Unavailable,
                "{status}"
            );
        }
        for status in [401, 402, 403] {
            let status = axum::http::StatusCode::from_u16(status).unwrap();
            assert_eq!(
                word(post(move || async move { (status, yes) })).await,
                Word::Refused,
                "{status}"
            );
        }
        let long = format!("{yes}{}", " ".repeat(ANSWER_BYTES));
        assert_eq!(word(post(move || async move { long })).await, Word::Unavailable);
        assert_eq!(word(post(move || async move { yes })).await, Word::Match);
    }

    #[tokio::test]
    async fn attack_251_a_source_that_never_answers_is_unavailable_after_its_time_limit() {
        let silent = axum::routing::post(|| async { std::future::pending::<String>().await });
        let reply = source(silent, 50)
            .await
            .ask(&crate::evidence::source::tests::facts())
            .await;
        assert_eq!(reply, Reply::bare(Word::Unavailable));
        let nobody = Endpoint {
            url: Url::parse("http://127.0.0.1:1/check").unwrap(),
            key: Sensitive::new(String::new()),
            time_limit_ms: 5000,
        };
        let nobody = HttpSource::new(nobody, Client::builder().no_proxy().build().unwrap());
        let reply = nobody.ask(&crate::evidence::source::tests::facts()).await;
        assert_eq!(reply, Reply::bare(Word::Unavailable));
    }
}
