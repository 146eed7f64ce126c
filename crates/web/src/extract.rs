//! What handlers take out of a request: typed forms and queries, or the raw parameters with every repetition.
//!
//! Strict where people's programs err and attackers try: a field that is known is refused when it is there twice, a
//! body must be `application/x-www-form-urlencoded` and valid UTF-8, and the number of fields is limited. Unknown
//! fields are ignored, so that an older page can post to a newer program.

use axum::extract::{FromRef, FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::de::DeserializeOwned;

use model::interaction::InteractionId;

use crate::csrf;
use crate::listen::BodyFault;
use crate::page::{Facts, Kit, Visit};
use crate::paths::LocalPath;
use crate::problem::Problem;

mod upload;

pub use upload::{Picked, Sent, Upload, UploadLimits};

/// How many fields a form or a query may have.
pub const FIELDS: usize = 200;
/// How large a form may be, in bytes, where the listener's own limit is not smaller.
pub const FORM_BYTES: usize = 64 * 1024;

/// Names the form that a type receives: the name that [`crate::form::FormPage`] was made with. The proof in the
/// hidden field is bound to it.
pub trait FormName {
    /// The name.
    const FORM: &'static str;
}

/// A form of ours, sent back by the browser that it was made for: content type, CSRF proof and fields are checked.
#[derive(Clone, Copy, Debug)]
pub struct Form<T>(pub T);

impl<T, S> FromRequest<S> for Form<T>
where
    T: DeserializeOwned + FormName,
    S: Send + Sync,
    Kit: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let visit = Visit::read(Kit::from_ref(state), Facts::of(&parts));
        let body = form_body(&parts.headers, body).await?;
        let fields = pairs(&body)?;
        let named = |name| {
            fields
                .iter()
                .filter(move |field| field.0 == name)
                .map(|field| &field.1)
        };
        let proofs: Vec<&String> = named(csrf::FIELD).take(2).collect();
        let proven = match proofs.as_slice() {
            [one] => visit.check_csrf(T::FORM, one),
            _ => Err(Problem::form_expired().caused_by("no csrf field, or two")),
        };
        // Whoever was in the middle of a sub-site's request finds back to it, or learns what became of it.
        proven.map_err(|problem| {
            let asked = parts.uri.query().unwrap_or_default();
            let asked = asked_interaction(asked).or_else(|| named("interaction").next().cloned());
            match asked.and_then(|id| InteractionId::parse(&id)) {
                Some(id) => problem.link(resume(&id), "web-form-expired-on"),
                None => problem,
            }
        })?;
        Ok(Self(typed(&body)?))
    }
}

fn asked_interaction(query: &str) -> Option<String> {
    url::form_urlencoded::parse(query.as_bytes())
        .take(FIELDS)
        .find_map(|(name, value)| (name == "interaction").then(|| value.into_owned()))
}

fn resume(id: &InteractionId) -> LocalPath {
    LocalPath::known("/authorize/resume").with("interaction", id.expose())
}

/// The query of a request.
#[derive(Clone, Copy, Debug)]
pub struct Query<T>(pub T);

impl<T, S> FromRequestParts<S> for Query<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default().as_bytes();
        pairs(query)?;
        Ok(Self(typed(query)?))
    }
}

/// The parameters of a request as they came, in order and with repetitions: for the protocol's endpoints, which have
/// their own errors. Take `Result<RawParams, RawParamsError>` to answer the errors yourself.
#[derive(Clone, Debug, Default)]
pub struct RawParams {
    /// Parameters of the query.
    pub query: Vec<(String, String)>,
    /// Parameters of the body; empty when there is no body.
    pub body: Vec<(String, String)>,
}

/// A parameter is there more than once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a parameter is repeated")]
pub struct Repeated;

/// Why parameters cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RawParamsError {
    /// There is a body, and it is not a form.
    #[error("the body is not application/x-www-form-urlencoded")]
    ContentType,
    /// The body is over the limit.
    #[error("the body is too large")]
    TooLarge,
    /// More than [`FIELDS`] parameters.
    #[error("too many parameters")]
    TooMany,
    /// The text is not valid UTF-8 after decoding.
    #[error("a parameter is not UTF-8")]
    NotUtf8,
    /// The connection broke or was too slow.
    #[error("the body did not arrive")]
    Incomplete,
}

impl From<RawParamsError> for Problem {
    fn from(error: RawParamsError) -> Self {
        let (status, code) = match error {
            RawParamsError::ContentType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "content-type"),
            RawParamsError::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too-large"),
            RawParamsError::TooMany | RawParamsError::NotUtf8 => (StatusCode::BAD_REQUEST, "bad-request"),
            RawParamsError::Incomplete => (StatusCode::REQUEST_TIMEOUT, "too-slow"),
        };
        Self::new(status, code).caused_by(error)
    }
}

impl IntoResponse for RawParamsError {
    fn into_response(self) -> Response {
        Problem::from(self).into_response()
    }
}

impl RawParams {
    /// Query and body together, query first.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.query
            .iter()
            .chain(&self.body)
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The parameters of the method in use: the body of a POST, the query of anything else.
    pub fn into_pairs(self, method: &Method) -> Vec<(String, String)> {
        if method == Method::POST {
            self.body
        } else {
            self.query
        }
    }

    /// One parameter, from wherever it is; an error when it is there more than once.
    pub fn one(&self, name: &str) -> Result<Option<&str>, Repeated> {
        let mut values = self.all().filter(|(key, _)| *key == name).map(|(_, value)| value);
        match (values.next(), values.next()) {
            (value, None) => Ok(value),
            _ => Err(Repeated),
        }
    }
}

impl<S: Send + Sync> FromRequest<S> for RawParams {
    type Rejection = RawParamsError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, RawParamsError> {
        let (parts, body) = request.into_parts();
        let query = pairs(parts.uri.query().unwrap_or_default().as_bytes())?;
        let body = collect(body).await?;
        if body.is_empty() {
            return Ok(Self {
                query,
                body: Vec::new(),
            });
        }
        if !is_form(&parts.headers) {
            return Err(RawParamsError::ContentType);
        }
        Ok(Self {
            query,
            body: pairs(&body)?,
        })
    }
}

/// The body of a request that must be JSON, as it came and not read yet: readers differ in what they make of members
/// that are there twice. Take `Result<JsonBody, RawParamsError>` to answer the errors yourself.
#[derive(Clone, Debug)]
pub struct JsonBody(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for JsonBody {
    type Rejection = RawParamsError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, RawParamsError> {
        let (parts, body) = request.into_parts();
        if !is_of_type(&parts.headers, "application/json") {
            return Err(RawParamsError::ContentType);
        }
        collect(body).await.map(Self)
    }
}

async fn form_body(headers: &HeaderMap, body: axum::body::Body) -> Result<Bytes, RawParamsError> {
    if is_form(headers) {
        collect(body).await
    } else {
        Err(RawParamsError::ContentType)
    }
}

async fn collect(body: axum::body::Body) -> Result<Bytes, RawParamsError> {
    match Limited::new(body, FORM_BYTES).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if is_too_large(&*error) => Err(RawParamsError::TooLarge),
        Err(_) => Err(RawParamsError::Incomplete),
    }
}

/// The listener's own limit may have struck first, wrapped in axum's error.
fn is_too_large(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(current) = next {
        if current.is::<LengthLimitError>() || current.downcast_ref() == Some(&BodyFault::TooLarge) {
            return true;
        }
        next = current.source();
    }
    false
}

fn is_form(headers: &HeaderMap) -> bool {
    is_of_type(headers, "application/x-www-form-urlencoded")
}

fn is_of_type(headers: &HeaderMap, wanted: &str) -> bool {
    let mut lines = headers.get_all(CONTENT_TYPE).iter();
    let (Some(line), None) = (lines.next(), lines.next()) else {
        return false;
    };
    let kind = line
        .to_str()
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default();
    kind.trim().eq_ignore_ascii_case(wanted)
}

fn pairs(encoded: &[u8]) -> Result<Vec<(String, String)>, RawParamsError> {
    let count = encoded.split(|byte| *byte == b'&').count();
    if count > FIELDS {
        return Err(RawParamsError::TooMany);
    }
    let mut list = Vec::with_capacity(count);
    for pair in encoded
        .split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty())
    {
        let mut halves = pair.splitn(2, |byte| *byte == b'=');
        let name = decode(halves.next().unwrap_or_default())?;
        let value = decode(halves.next().unwrap_or_default())?;
        list.push((name, value));
    }
    Ok(list)
}

/// One name or value of a form, decoded; unlike the standard's decoder, which replaces what is not UTF-8.
fn decode(encoded: &[u8]) -> Result<String, RawParamsError> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'+' => bytes.push(b' '),
            b'%' => match after {
                [high, low, tail @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                    bytes.push(nibble(*high) << 4 | nibble(*low));
                    rest = tail;
                }
                _ => bytes.push(b'%'),
            },
            other => bytes.push(*other),
        }
    }
    String::from_utf8(bytes).map_err(|_| RawParamsError::NotUtf8)
}

const fn nibble(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => digit.wrapping_sub(b'A').wrapping_add(10),
    }
}

fn typed<T: DeserializeOwned>(encoded: &[u8]) -> Result<T, Problem> {
    // The derived code refuses a field that is there twice, and names only our own fields in its errors.
    serde_urlencoded::from_bytes(encoded)
        .map_err(|_| Problem::bad_request().caused_by("fields missing or repeated"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    struct Sample {
        name: String,
        #[serde(default)]
        note: Option<String>,
    }

    fn post(kind: &str, body: impl Into<Body>) -> Request {
        Request::post("/x?q=1&q=2")
            .header(CONTENT_TYPE, kind)
            .body(body.into())
            .unwrap()
    }

    const KIND: &str = "application/x-www-form-urlencoded";

    #[test]
    fn a_known_field_sent_twice_is_refused_and_an_unknown_one_is_ignored() {
        assert!(typed::<Sample>(b"name=a&name=b").is_err());
        assert!(typed::<Sample>(b"name=a&note=1&note=2").is_err());
        let sample: Sample = typed(b"name=%E5%90%88&other=1&other=2").unwrap();
        assert_eq!((sample.name.as_str(), sample.note), ("合", None));
    }

    #[tokio::test]
    async fn raw_parameters_keep_order_and_repetitions() {
        let params = RawParams::from_request(post(KIND, "a=1&b=&a=2&c=x%20y+z"), &())
            .await
            .unwrap();
        assert_eq!(params.query.len(), 2);
        assert_eq!(params.one("q"), Err(Repeated));
        assert_eq!(params.one("a"), Err(Repeated));
        assert_eq!(params.one("b"), Ok(Some("")));
        assert_eq!(params.one("c"), Ok(Some("x y z")));
        assert_eq!(params.one("d"), Ok(None));
    }

    #[tokio::test]
    async fn a_body_that_is_no_form_is_refused() {
        for kind in [
            "text/plain",
            "application/json",
            "multipart/form-data; boundary=x",
            "",
        ] {
            let result = RawParams::from_request(post(kind, "a=1"), &()).await;
            assert_eq!(result.unwrap_err(), RawParamsError::ContentType, "{kind}");
        }
        let with_charset = format!("{KIND}; charset=UTF-8");
        assert!(
            RawParams::from_request(post(&with_charset, "a=1"), &())
                .await
                .is_ok()
        );
    }

    #[tokio::test]
    async fn limits_hold_for_size_count_and_text() {
        let large = RawParams::from_request(post(KIND, "a".repeat(FORM_BYTES + 1)), &()).await;
        assert_eq!(large.unwrap_err(), RawParamsError::TooLarge);
        let many = RawParams::from_request(post(KIND, "a=1&".repeat(FIELDS + 1)), &()).await;
        assert_eq!(many.unwrap_err(), RawParamsError::TooMany);
        let broken = RawParams::from_request(post(KIND, "a=%ff"), &()).await;
        assert_eq!(broken.unwrap_err(), RawParamsError::NotUtf8);
    }

    proptest::proptest! {
        #[test]
        fn valid_text_decodes_as_the_standard_says(text in "[a-zA-Z0-9%+&=\u{80}-\u{ffff}]{0,40}") {
            let ours = pairs(text.as_bytes());
            let theirs: Vec<(String, String)> = url::form_urlencoded::parse(text.as_bytes()).into_owned().collect();
            if let Ok(ours) = ours {
                proptest::prop_assert_eq!(ours, theirs);
            }
        }
    }
}
