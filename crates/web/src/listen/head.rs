//! What the head of a request must look like, checked on the raw bytes (RFC 9112).
//!
//! Stricter than hyper, where hyper is lenient or forgets what it saw: lines end in CR LF, no line is folded, there
//! is exactly one host, at most one length, and no length beside a transfer encoding. How the body is framed is
//! read here as well, so that the guard knows where the next head begins.

use crate::listen::Limits;

/// How many bytes follow the head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// This many.
    Length(u64),
    /// Chunks.
    Chunked,
}

/// Why a head is refused: the status line of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    BadRequest(&'static str),
    HeadTooLarge,
    UrlTooLong,
    TooSlow,
}

impl Refusal {
    pub(super) const fn status_line(self) -> &'static str {
        match self {
            Self::BadRequest(_) => "400 Bad Request",
            Self::HeadTooLarge => "431 Request Header Fields Too Large",
            Self::UrlTooLong => "414 URI Too Long",
            Self::TooSlow => "408 Request Timeout",
        }
    }

    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::BadRequest(reason) => reason,
            Self::HeadTooLarge => "head too large",
            Self::UrlTooLong => "address too long",
            Self::TooSlow => "head too slow",
        }
    }
}

/// Where the head ends: the index after the empty line. `None` while it is not complete. What was looked at before
/// is not looked at again, so that a head in many small pieces costs no more than one in a large one.
pub(super) fn end(bytes: &[u8], looked_at: usize) -> Option<usize> {
    let from = looked_at.saturating_sub(3);
    let fresh = bytes.get(from..)?;
    fresh
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .map(|index| from + index + 4)
}

/// Looks for what makes an unfinished head hopeless, so that it is answered at once.
pub(super) fn refuse_early(bytes: &[u8], looked_at: usize, limits: &Limits) -> Option<Refusal> {
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let complete = line.len() < bytes.len();
    if !complete && line.len() > limits.url_bytes + 64 {
        return Some(Refusal::UrlTooLong);
    }
    if bytes.len() > limits.header_bytes {
        return Some(if target_is_long(line, limits) {
            Refusal::UrlTooLong
        } else {
            Refusal::HeadTooLarge
        });
    }
    let fresh = bytes.get(looked_at.saturating_sub(1)..).unwrap_or_default();
    // One byte of overlap: a carriage return there is judged by what follows, a line feed there was judged before.
    let overlap = if looked_at > 0 {
        fresh.strip_prefix(b"\n").unwrap_or(fresh)
    } else {
        fresh
    };
    has_bare_line_end(overlap).then_some(Refusal::BadRequest("line end without carriage return"))
}

fn target_is_long(line: &[u8], limits: &Limits) -> bool {
    line.split(|byte| *byte == b' ')
        .nth(1)
        .is_some_and(|target| target.len() > limits.url_bytes)
}

/// A line feed that does not follow a carriage return, or a carriage return that no line feed follows.
fn has_bare_line_end(bytes: &[u8]) -> bool {
    let mut before = 0_u8;
    for byte in bytes {
        if (*byte == b'\n') != (before == b'\r') {
            return true;
        }
        before = *byte;
    }
    false
}

/// Checks a complete head, its empty line included.
pub(super) fn inspect(head: &[u8], limits: &Limits) -> Result<Framing, Refusal> {
    if head.len() > limits.header_bytes {
        return Err(refuse_early(head, 0, limits).unwrap_or(Refusal::HeadTooLarge));
    }
    if has_bare_line_end(head) || head.contains(&0) {
        return Err(Refusal::BadRequest("line end without carriage return"));
    }
    let mut lines = head
        .split(|byte| *byte == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    request_line(lines.next().unwrap_or_default(), limits)?;
    let mut seen = Seen::default();
    for line in lines.filter(|line| !line.is_empty()) {
        seen.lines += 1;
        if seen.lines > limits.headers {
            return Err(Refusal::HeadTooLarge);
        }
        seen.header(line)?;
    }
    seen.framing()
}

fn request_line(line: &[u8], limits: &Limits) -> Result<(), Refusal> {
    if target_is_long(line, limits) {
        return Err(Refusal::UrlTooLong);
    }
    let mut words = line.split(|byte| *byte == b' ');
    let (method, target, version) = (words.next(), words.next(), words.next());
    let whole = words.next().is_none()
        && method.is_some_and(|method| !method.is_empty() && method.iter().all(u8::is_ascii_alphabetic))
        && target.is_some_and(|target| !target.is_empty() && target.iter().all(u8::is_ascii_graphic));
    match version {
        Some(b"HTTP/1.1" | b"HTTP/1.0") if whole => Ok(()),
        _ => Err(Refusal::BadRequest("request line")),
    }
}

#[derive(Default)]
struct Seen {
    lines: usize,
    hosts: u32,
    length: Option<u64>,
    lengths: u32,
    encodings: u32,
    chunked: bool,
}

impl Seen {
    fn header(&mut self, line: &[u8]) -> Result<(), Refusal> {
        let mut halves = line.splitn(2, |byte| *byte == b':');
        let (Some(name), Some(value)) = (halves.next(), halves.next()) else {
            return Err(Refusal::BadRequest("header line without colon"));
        };
        // A space before the colon or at the start (a folded line) makes no token.
        if name.is_empty() || !name.iter().all(|byte| is_token(*byte)) {
            return Err(Refusal::BadRequest("header name"));
        }
        let value = value.trim_ascii();
        if name.eq_ignore_ascii_case(b"host") {
            self.hosts += 1;
        } else if name.eq_ignore_ascii_case(b"content-length") {
            self.lengths += 1;
            self.length = decimal(value);
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            self.encodings += 1;
            self.chunked = value.eq_ignore_ascii_case(b"chunked");
        }
        Ok(())
    }

    fn framing(&self) -> Result<Framing, Refusal> {
        if self.hosts != 1 {
            return Err(Refusal::BadRequest("exactly one host is needed"));
        }
        match (self.lengths, self.encodings) {
            (0, 0) => Ok(Framing::Length(0)),
            (1, 0) => self
                .length
                .map(Framing::Length)
                .ok_or(Refusal::BadRequest("content length")),
            (0, 1) if self.chunked => Ok(Framing::Chunked),
            (0, _) => Err(Refusal::BadRequest("transfer encoding")),
            _ => Err(Refusal::BadRequest("more than one length")),
        }
    }
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn decimal(value: &[u8]) -> Option<u64> {
    if value.is_empty() || value.len() > 18 || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(value).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the guard would say to a head that comes in pieces.
    fn in_pieces(bytes: &[u8], step: usize) -> Result<Option<Framing>, Refusal> {
        let limits = Limits::default();
        let mut looked_at = 0;
        for length in (0..bytes.len())
            .step_by(step)
            .map(|start| (start + step).min(bytes.len()))
        {
            let so_far = &bytes[..length];
            if let Some(end) = end(so_far, looked_at) {
                return inspect(&so_far[..end], &limits).map(Some);
            }
            if let Some(refusal) = refuse_early(so_far, looked_at, &limits) {
                return Err(refusal);
            }
            looked_at = length;
        }
        Ok(None)
    }

    #[test]
    fn attack_198_a_head_is_judged_the_same_however_it_is_cut() {
        let heads: [(&[u8], bool); 6] = [
            (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", true),
            (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n\r\n", true),
            (b"GET / HTTP/1.1\nHost: a\r\n\r\n", false),
            (b"GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n", false),
            (b"GET / HTTP/1.1\r\nHost: a\r\n\nX: y\r\n\r\n", false),
            (b"GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", false),
        ];
        for (head, right) in heads {
            for step in 1..=head.len() {
                assert_eq!(
                    in_pieces(head, step).is_ok(),
                    right,
                    "{} by {step}",
                    head.escape_ascii()
                );
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_judged_without_harm(bytes in proptest::collection::vec(0_u8.., 0..400), step in 1_usize..50) {
            let _ = in_pieces(&bytes, step);
            let _ = inspect(&bytes, &Limits::default());
        }

        #[test]
        fn what_is_taken_names_one_host_and_one_length(
            lines in proptest::collection::vec("(Host|Content-Length|Transfer-Encoding|X):( ?)(1|chunked|a)", 0..5),
        ) {
            let head = format!("POST / HTTP/1.1\r\n{}\r\n\r\n", lines.join("\r\n"));
            if inspect(head.as_bytes(), &Limits::default()).is_ok() {
                let count = |name: &str| lines.iter().filter(|line| line.starts_with(name)).count();
                proptest::prop_assert_eq!(count("Host"), 1);
                proptest::prop_assert!(count("Content-Length") + count("Transfer-Encoding") <= 1);
            }
        }
    }
}
