//! Forms with files, `multipart/form-data` (RFC 7578). Nothing is read before the handler says so: who is nobody here, or
//! sends too often, is turned away before their pictures take memory.
//!
//! The proof of the form has to be the first part. Names and types that the browser gives to files are not looked at:
//! what a file is shows in its content, which is the handler's business.

use std::time::Duration;

use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request};
use bytes::{Bytes, BytesMut};
use http::StatusCode;
use tokio::time::{Instant, timeout_at};

use super::{RawParamsError, is_of_type, is_too_large};
use crate::csrf;
use crate::page::Visit;
use crate::problem::Problem;

/// How much of one file, and of one text, is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UploadLimits {
    /// Of a file, in bytes.
    pub file_bytes: usize,
    /// Of a text, in bytes.
    pub text_bytes: usize,
    /// How many parts there may be.
    pub parts: usize,
    /// How fast it has to come in on average, in bytes a second, after a grace.
    pub least_rate: u32,
}

/// For so long a form may come in as slowly as it likes.
const GRACE: Duration = Duration::from_secs(10);

/// How a form comes in: what is slower than it may be is given up, because its place is somebody else's as well.
struct Pace {
    began: Instant,
    came: u64,
    least_rate: u32,
}

impl Pace {
    fn new(limits: &UploadLimits) -> Self {
        Self {
            began: Instant::now(),
            came: 0,
            least_rate: limits.least_rate.max(1),
        }
    }

    /// What comes next, unless it takes too long for what has come so far.
    async fn next<T>(
        &self,
        coming: impl Future<Output = Result<Option<T>, MultipartError>>,
    ) -> Result<Option<T>, Problem> {
        let seconds = self.came.div_euclid(u64::from(self.least_rate));
        let until = self.began + GRACE + Duration::from_secs(seconds);
        match timeout_at(until, coming).await {
            Ok(come) => come.map_err(broken),
            Err(_) => Err(RawParamsError::Incomplete.into()),
        }
    }

    async fn piece(&mut self, field: &mut Field<'_>) -> Result<Option<Bytes>, Problem> {
        let piece = self.next(field.chunk()).await?;
        let size = piece.as_ref().map_or(0, Bytes::len);
        self.came = self.came.saturating_add(u64::try_from(size).unwrap_or(u64::MAX));
        Ok(piece)
    }
}

/// A form with files that is not read yet.
#[derive(Debug)]
pub struct Upload(Multipart);

/// A file that was picked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Picked {
    /// Its content.
    Content(Bytes),
    /// Larger than a file may be; the rest of the form was read all the same.
    TooLarge,
}

/// What a form with files sent. `Debug` shows names alone.
#[derive(Clone, Default)]
pub struct Sent {
    texts: Vec<(String, String)>,
    files: Vec<(String, Picked)>,
}

impl std::fmt::Debug for Sent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let texts: Vec<&String> = self.texts.iter().map(|(name, _)| name).collect();
        let files: Vec<&String> = self.files.iter().map(|(name, _)| name).collect();
        f.debug_struct("Sent")
            .field("texts", &texts)
            .field("files", &files)
            .finish()
    }
}

impl Sent {
    /// A text; empty when it is not there.
    pub fn text(&self, name: &str) -> &str {
        let mut texts = self.texts.iter();
        texts
            .find(|(known, _)| known == name)
            .map_or("", |(_, text)| text.as_str())
    }

    /// A text that is there and not empty.
    pub fn find(&self, name: &str) -> Option<&str> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    /// A file; nothing when none was picked.
    pub fn file(&self, name: &str) -> Option<&Picked> {
        let mut files = self.files.iter();
        files.find(|(known, _)| known == name).map(|(_, picked)| picked)
    }

    fn has(&self, name: &str) -> bool {
        let texts = self.texts.iter().any(|(known, _)| known == name);
        texts || self.files.iter().any(|(known, _)| known == name)
    }
}

impl<S: Send + Sync> FromRequest<S> for Upload {
    type Rejection = Problem;

    async fn from_request(mut request: Request, state: &S) -> Result<Self, Problem> {
        if !is_of_type(request.headers(), "multipart/form-data") {
            return Err(RawParamsError::ContentType.into());
        }
        // The listener counts what comes in; axum's own, smaller limit is for bodies that are kept as a whole.
        DefaultBodyLimit::disable().apply(&mut request);
        Multipart::from_request(request, state)
            .await
            .map(Self)
            .map_err(|error| Problem::bad_request().caused_by(error))
    }
}

impl Upload {
    /// Reads the form of this name. A part that is there twice, a part without a name, and text that is not UTF-8 are
    /// refused.
    pub async fn read(mut self, visit: &Visit, form: &str, limits: &UploadLimits) -> Result<Sent, Problem> {
        let mut pace = Pace::new(limits);
        if let Err(problem) = self.check(visit, form, limits, &mut pace).await {
            self.drop_rest(&mut pace).await;
            return Err(problem);
        }
        let mut sent = Sent::default();
        for _ in 0..=limits.parts {
            let Some(field) = pace.next(self.0.next_field()).await? else {
                return Ok(sent);
            };
            let name = field.name().unwrap_or_default().to_owned();
            if name.is_empty() || sent.has(&name) {
                return Err(Problem::bad_request().caused_by("a part has no name, or that of another"));
            }
            if field.file_name().is_some() {
                if let Some(picked) = file_of(field, limits.file_bytes, &mut pace).await? {
                    sent.files.push((name, picked));
                }
            } else {
                sent.texts
                    .push((name, text_of(field, limits.text_bytes, &mut pace).await?));
            }
        }
        Err(RawParamsError::TooMany.into())
    }

    async fn check(
        &mut self,
        visit: &Visit,
        form: &str,
        limits: &UploadLimits,
        pace: &mut Pace,
    ) -> Result<(), Problem> {
        match pace.next(self.0.next_field()).await? {
            Some(field) if field.name() == Some(csrf::FIELD) && field.file_name().is_none() => {
                let proof = text_of(field, limits.text_bytes, pace).await?;
                visit.check_csrf(form, &proof)
            }
            _ => Err(Problem::form_expired().caused_by("the proof is not the first part")),
        }
    }

    /// What [`Self::discard`] does, for no longer than the form may take.
    async fn drop_rest(mut self, pace: &mut Pace) {
        while let Ok(Some(mut field)) = pace.next(self.0.next_field()).await {
            while let Ok(Some(_)) = pace.piece(&mut field).await {}
        }
    }

    /// Reads on without keeping anything: a browser that is cut off while it sends does not see the answer.
    pub async fn discard(mut self) {
        while let Ok(Some(mut field)) = self.0.next_field().await {
            while let Ok(Some(_)) = field.chunk().await {}
        }
    }
}

async fn text_of(mut field: Field<'_>, limit: usize, pace: &mut Pace) -> Result<String, Problem> {
    let mut text = Vec::new();
    while let Some(piece) = pace.piece(&mut field).await? {
        text.extend_from_slice(&piece);
        if text.len() > limit {
            return Err(RawParamsError::TooLarge.into());
        }
    }
    String::from_utf8(text).map_err(|_| RawParamsError::NotUtf8.into())
}

/// A browser sends an empty file without a name where none was picked.
async fn file_of(mut field: Field<'_>, limit: usize, pace: &mut Pace) -> Result<Option<Picked>, Problem> {
    let (mut content, mut large) = (BytesMut::new(), false);
    while let Some(piece) = pace.piece(&mut field).await? {
        large = large || content.len().saturating_add(piece.len()) > limit;
        if large {
            content = BytesMut::new();
        } else {
            content.extend_from_slice(&piece);
        }
    }
    Ok(if large {
        Some(Picked::TooLarge)
    } else {
        (!content.is_empty()).then(|| Picked::Content(content.freeze()))
    })
}

fn broken(error: MultipartError) -> Problem {
    if is_too_large(&error) || error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return RawParamsError::TooLarge.into();
    }
    Problem::bad_request().caused_by(error)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http::header::{CONTENT_TYPE, COOKIE};
    use model::clock::Clock;

    use super::*;
    use crate::page::{Facts, Kit};

    const LIMITS: UploadLimits = UploadLimits {
        file_bytes: 10,
        text_bytes: 100,
        parts: 4,
        least_rate: 1024,
    };

    fn request(kind: &str, body: impl Into<Body>) -> Request {
        Request::post("/x")
            .header(CONTENT_TYPE, kind)
            .body(body.into())
            .unwrap()
    }

    fn visit() -> Visit {
        let kit = Kit::for_tests(&[], Clock::manual(chrono::DateTime::UNIX_EPOCH)).unwrap();
        let cookie = format!("denizen_browser={}", "b".repeat(43));
        let request = Request::get("/x").header(COOKIE, cookie).body(()).unwrap();
        Visit::read(kit, Facts::of(&request.into_parts().0))
    }

    fn proof(form: &str) -> String {
        let visit = visit();
        visit.kit().csrf_key().token(&visit.browser_hash(), form)
    }

    fn part(name: &str, file: Option<&str>, content: &str) -> String {
        let file = file.map(|file| format!("; filename=\"{file}\""));
        let file = file.unwrap_or_default();
        format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{content}\r\n")
    }

    async fn read(parts: &[String]) -> Result<Sent, Problem> {
        let body = format!("{}--x--\r\n", parts.concat());
        let upload = Upload::from_request(request("multipart/form-data; boundary=x", body), &()).await;
        // One key for page and form: a kit for tests has always the same.
        upload?.read(&visit(), "pictures", &LIMITS).await
    }

    #[tokio::test]
    async fn texts_and_files_are_told_apart_and_an_empty_file_is_none() {
        let sent = read(&[
            part("csrf", None, &proof("pictures")),
            part("name", None, "张"),
            part("front", Some("a.png"), "12345"),
            part("back", Some(""), ""),
            part("face", Some("../../etc/passwd"), "12345678901"),
        ])
        .await
        .unwrap();
        let texts = (sent.text("name"), sent.text("none"), sent.find("none"));
        assert_eq!(texts, ("张", "", None));
        let five = Picked::Content(Bytes::from_static(b"12345"));
        assert_eq!(sent.file("front"), Some(&five));
        assert_eq!(sent.file("back"), None);
        assert_eq!(sent.file("face"), Some(&Picked::TooLarge));
        assert!(!format!("{sent:?}").contains('张'));
    }

    #[tokio::test]
    async fn attack_154_without_the_proof_in_front_nothing_is_taken() {
        for parts in [
            vec![],
            vec![part("csrf", None, "wrong")],
            vec![part("csrf", None, &proof("other"))],
            vec![
                part("front", Some("a"), "1"),
                part("csrf", None, &proof("pictures")),
            ],
            vec![part("csrf", Some("csrf"), &proof("pictures"))],
        ] {
            assert!(read(&parts).await.is_err(), "{parts:?}");
        }
    }

    #[tokio::test]
    async fn attack_301_a_form_that_trickles_in_is_given_up_and_one_that_comes_steadily_is_read() {
        let minute = Duration::from_mins(1);
        let pace = |came| Pace {
            began: Instant::now() - minute,
            came,
            least_rate: 1024,
        };
        let never = || std::future::pending::<Result<Option<Bytes>, MultipartError>>();
        let slow = pace(50 * 1024).next(never()).await.unwrap_err();
        assert_eq!(slow.status(), StatusCode::REQUEST_TIMEOUT);
        let steady = pace(60 * 1024);
        assert!(
            timeout_at(Instant::now(), steady.next(never())).await.is_err(),
            "it is waited for"
        );
        // What is not kept has no more time than the rest, and is counted like it.
        let whole = format!("{}--x--\r\n", part("front", Some("a"), &"1".repeat(2000)));
        let request = request("multipart/form-data; boundary=x", whole);
        let upload = Upload::from_request(request, &()).await.unwrap();
        let mut counted = pace(0);
        upload.drop_rest(&mut counted).await;
        assert_eq!(counted.came, 2000);
    }

    #[tokio::test]
    async fn attack_310_broken_and_endless_forms_are_refused() {
        let csrf = part("csrf", None, &proof("pictures"));
        let with = |parts: Vec<String>| [vec![csrf.clone()], parts].concat();
        let many = (0..5).map(|index| part(&format!("n{index}"), None, "1"));
        for parts in [
            vec![part("a", None, "1"), part("a", None, "2")],
            vec![part("a", None, &"1".repeat(101))],
            vec![part("", None, "1")],
            many.collect(),
        ] {
            assert!(read(&with(parts.clone())).await.is_err(), "{parts:?}");
        }
        let cut = format!("{csrf}--x\r\nContent-Disposition: form-data; name=\"a\"");
        let upload = Upload::from_request(request("multipart/form-data; boundary=x", cut), &()).await;
        assert!(upload.unwrap().read(&visit(), "pictures", &LIMITS).await.is_err());
        for kind in [
            "multipart/form-data",
            "application/x-www-form-urlencoded",
            "multipart/mixed; boundary=x",
        ] {
            assert!(
                Upload::from_request(request(kind, ""), &()).await.is_err(),
                "{kind}"
            );
        }
    }
}
