//! What every server of the world shares on the wire: parameters, JSON, cookies, headers, and the client for requests
//! that go out. Small by intention; the provider's own, stricter kit is not used here, so that the two stay independent.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context as _;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The longest request body that the world reads.
pub(crate) const BODY_LIMIT_BYTES: usize = 64 * 1024;

/// The longest answer that is read.
pub(crate) const ANSWER_MAX_BYTES: usize = 1024 * 1024;

/// Query parameters or form fields, each at most once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parameters(BTreeMap<String, String>);

impl Parameters {
    /// The parameters of an address; `None` when one is repeated (RFC 6749 section 3.1).
    pub(crate) fn of_uri(uri: &Uri) -> Option<Self> {
        Self::decode(uri.query().unwrap_or_default().as_bytes())
    }

    /// The fields of a form; `None` when one is repeated.
    pub(crate) fn of_form(body: &[u8]) -> Option<Self> {
        Self::decode(body)
    }

    fn decode(encoded: &[u8]) -> Option<Self> {
        let mut all = BTreeMap::new();
        for (name, value) in url::form_urlencoded::parse(encoded) {
            if all.insert(name.into_owned(), value.into_owned()).is_some() {
                return None;
            }
        }
        Some(Self(all))
    }

    /// One value; an empty one counts as absent.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }
}

/// An answer in JSON.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(bytes) => {
            let headers = [
                (header::CONTENT_TYPE, "application/json"),
                (header::CACHE_CONTROL, "no-store"),
            ];
            (status, headers, bytes).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "an answer could not be written as JSON");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// The sandbox's own error document.
pub(crate) fn refusal(status: StatusCode, error: &'static str, detail: impl Into<String>) -> Response {
    #[derive(Serialize)]
    struct Refusal {
        error: &'static str,
        detail: String,
    }
    json(
        status,
        &Refusal {
            error,
            detail: detail.into(),
        },
    )
}

/// Reads a JSON body, or says what is wrong with it.
#[expect(clippy::result_large_err, reason = "the error is the answer, sent at once")]
pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Response> {
    serde_json::from_slice(body).map_err(|error| {
        refusal(
            StatusCode::BAD_REQUEST,
            "bad_request",
            format!("the body: {error}"),
        )
    })
}

/// A page, with the headers that keep it from being framed, cached or scripted.
pub(crate) fn page(status: StatusCode, html: String, form_targets: &str) -> Response {
    let policy = format!(
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'{form_targets}; base-uri 'none'; \
         frame-ancestors 'none'"
    );
    let mut response = (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response();
    let headers = response.headers_mut();
    let fixed: [(HeaderName, &'static str); 3] = [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Ok(value) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, value);
    }
    response
}

/// A stylesheet that is compiled in.
pub(crate) fn stylesheet(css: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "max-age=60"),
    ];
    (headers, css).into_response()
}

/// Sends the browser somewhere else with a GET.
pub(crate) fn see_other(location: &str) -> Response {
    match HeaderValue::from_str(location) {
        Ok(value) => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::SEE_OTHER;
            response.headers_mut().insert(header::LOCATION, value);
            response
                .headers_mut()
                .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            response
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Whether the caller is a browser that would rather have a page.
pub(crate) fn wants_html(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}

/// One cookie's value; two of one name are none, because nobody knows which is the right one.
pub(crate) fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let mut found = headers
        .get_all(header::COOKIE)
        .into_iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned());
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// Whether the request carries this bearer key.
pub(crate) fn has_key(headers: &HeaderMap, key: &str) -> bool {
    headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .is_some_and(|given| given == key)
}

/// The client for everything that the world asks of the provider: no redirects, no proxy, a time limit.
pub(crate) fn outbound() -> anyhow::Result<reqwest::Client> {
    // reqwest is built without a TLS provider of its own; a second installation is refused and does no harm.
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .pool_idle_timeout(Duration::from_millis(1500))
        .connect_timeout(Duration::from_secs(5))
        .timeout(Duration::from_secs(20))
        .user_agent("denizen-sandbox")
        .build()
        .context("building the client for outgoing requests")
}

/// The body of an answer; `None` when it breaks off or is longer than this.
pub(crate) async fn read(mut response: reqwest::Response, limit: usize) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.ok()? {
        body.extend_from_slice(&chunk);
        if body.len() > limit {
            return None;
        }
    }
    Some(body)
}

/// A text as it is written in a form, which is how the parts of basic authentication are written (RFC 6749 section 2.3.1).
pub(crate) fn form_encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attack_003_a_repeated_parameter_is_refused() {
        let once = Parameters::of_uri(&Uri::from_static("/callback?state=a&code=b")).unwrap();
        assert_eq!(once.value("state"), Some("a"));
        assert!(Parameters::of_uri(&Uri::from_static("/callback?state=a&state=b")).is_none());
    }

    #[test]
    fn attack_155_two_cookies_of_one_name_are_none() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=1; b=2"));
        assert_eq!(cookie(&headers, "b").as_deref(), Some("2"));
        headers.append(header::COOKIE, HeaderValue::from_static("b=3"));
        assert_eq!(cookie(&headers, "b"), None);
    }
}
