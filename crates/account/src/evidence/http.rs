//! The adapter for sources that are asked over HTTP with a JSON document and a bearer key. It always answers, within
//! its time limit: whatever cannot be understood is `unavailable`, never a pass (A251).

use std::time::Duration;

use async_trait::async_trait;
use model::secret::Sensitive;
use reqwest::{Client, Response, StatusCode};
use serde::{Deserialize, Serialize};
use store::cases::Input;
use url::Url;

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

#[derive(Serialize)]
struct Question<'a> {
    name: &'a str,
    citizen_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<&'a str>,
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
        };
        let request = self.client.post(self.endpoint.url.clone()).bearer_auth(self.endpoint.key.expose());
        let response = request.json(&question).send().await?;
        let status = response.status();
        if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::PAYMENT_REQUIRED) {
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
                tracing::warn!(host, limit_ms = self.endpoint.time_limit_ms, "source took too long");
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

/// Reads an answer. A match counts only when the record is in normal order, where the source says so.
fn understand(body: &[u8]) -> Reply {
    let Ok(answer) = serde_json::from_slice::<Answer>(body) else { return Reply::bare(Word::Unavailable) };
    let normal = answer.status.as_deref().is_none_or(|status| status == "normal");
    let word = match answer.result.as_str() {
        "match" if normal => Word::Match,
        "mismatch" => Word::Mismatch,
        "not_found" => Word::NotFound,
        "restricted" => Word::Restricted,
        // A match with a record that is not in order says that it is in no order we know.
        "match" => Word::Restricted,
        _ => Word::Unavailable,
    };
    Reply { word, reference: answer.reference }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attack_251_what_is_not_understood_is_unavailable() {
        for garbage in [
            "", "{}", "[]", "null", "\"match\"", "<html>match</html>", "{\"result\":true}", "{\"result\":\"MATCH\"}",
            "{\"result\":\"match \"}", "{\"result\":\"ok\"}", "{\"result\":[\"match\"]}", "{\"result\":\"match\"",
            "{\"result\":\"match\",\"result\":\"mismatch\"}",
        ] {
            assert_eq!(understand(garbage.as_bytes()).word, Word::Unavailable, "{garbage}");
        }
        assert_eq!(understand(b"\xff\xfe").word, Word::Unavailable);
    }

    #[test]
    fn the_words_of_the_register_are_understood() {
        let word = |text: &str| understand(text.as_bytes()).word;
        assert_eq!(word("{\"result\":\"match\",\"reference\":\"R1\",\"status\":\"normal\"}"), Word::Match);
        assert_eq!(word("{\"result\":\"match\",\"status\":\"locked\"}"), Word::Restricted);
        assert_eq!(word("{\"result\":\"mismatch\"}"), Word::Mismatch);
        assert_eq!(word("{\"result\":\"not_found\"}"), Word::NotFound);
        assert_eq!(word("{\"result\":\"restricted\"}"), Word::Restricted);
    }
}
