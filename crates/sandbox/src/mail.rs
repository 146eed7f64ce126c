//! Reads the text out of a mail message: enough of RFC 5322, 2045, 2046 and 2047 for what programs send. Attachments
//! and HTML alternatives are left out.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// How deep parts may lie within parts.
const DEPTH_MAX: u8 = 5;

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What a person would read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Letter {
    pub subject: Option<String>,
    pub text: String,
}

/// Reads a whole message; what can't be understood is shown as it came.
pub(crate) fn read(message: &[u8]) -> Letter {
    let message = String::from_utf8_lossy(message).replace("\r\n", "\n");
    let (headers, _) = split(&message);
    let subject = header(&headers, "subject").map(|value| decode_words(&value));
    let text = text_of(&message, 0).unwrap_or_else(|| message.clone());
    Letter {
        subject,
        text: text.trim_end().to_owned(),
    }
}

type Headers = Vec<(String, String)>;

/// Headers, unfolded, and body.
fn split(entity: &str) -> (Headers, &str) {
    let (head, body) = match entity.strip_prefix('\n') {
        Some(body) => ("", body),
        None => entity.split_once("\n\n").unwrap_or((entity, "")),
    };
    let mut headers: Headers = Vec::new();
    for line in head.lines() {
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = headers.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            headers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    (headers, body)
}

fn header(headers: &Headers, name: &str) -> Option<String> {
    headers
        .iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.clone())
}

/// The first plain text within an entity.
fn text_of(entity: &str, depth: u8) -> Option<String> {
    let (headers, body) = split(entity);
    let kind = header(&headers, "content-type").unwrap_or_else(|| "text/plain".to_owned());
    let lower = kind.to_ascii_lowercase();
    if lower.starts_with("multipart/") && depth < DEPTH_MAX {
        let delimiter = format!("--{}", parameter(&kind, "boundary")?);
        // What stands before the first delimiter is no part; what follows the closing one is none either.
        let mut parts = format!("\n{body}")
            .split(&format!("\n{delimiter}"))
            .skip(1)
            .map(str::to_owned)
            .collect::<Vec<_>>();
        parts.retain(|part| !part.starts_with("--"));
        return parts
            .iter()
            .find_map(|part| text_of(part.split_once('\n')?.1, depth + 1));
    }
    if !lower.starts_with("text/plain") {
        return None;
    }
    let encoding = header(&headers, "content-transfer-encoding")
        .unwrap_or_default()
        .to_ascii_lowercase();
    Some(match encoding.as_str() {
        "base64" => from_base64(body).unwrap_or_else(|| body.to_owned()),
        "quoted-printable" => String::from_utf8_lossy(&from_quoted(body, false)).into_owned(),
        _ => body.to_owned(),
    })
}

fn parameter(value: &str, name: &str) -> Option<String> {
    value.split(';').skip(1).find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        key.trim()
            .eq_ignore_ascii_case(name)
            .then(|| value.trim().trim_matches('"').to_owned())
    })
}

fn from_base64(text: &str) -> Option<String> {
    let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    LENIENT
        .decode(compact)
        .ok()
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// Quoted-printable (RFC 2045 section 6.7); in headers an underscore is a space.
fn from_quoted(text: &str, in_header: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('=') {
        push_plain(&mut out, before, in_header);
        if let Some(next) = after.strip_prefix('\n') {
            rest = next;
        } else if let Some((byte, next)) = hex_pair(after) {
            out.push(byte);
            rest = next;
        } else {
            out.push(b'=');
            rest = after;
        }
    }
    push_plain(&mut out, rest, in_header);
    out
}

fn hex_pair(text: &str) -> Option<(u8, &str)> {
    let (pair, rest) = text.split_at_checked(2)?;
    Some((u8::from_str_radix(pair, 16).ok()?, rest))
}

fn push_plain(out: &mut Vec<u8>, text: &str, in_header: bool) {
    out.extend(
        text.bytes()
            .map(|byte| if in_header && byte == b'_' { b' ' } else { byte }),
    );
}

/// Encoded words (RFC 2047), UTF-8 only; the space between two of them is not part of the text.
fn decode_words(value: &str) -> String {
    let mut out = String::new();
    let mut rest = value;
    while let Some((before, after)) = rest.split_once("=?") {
        let Some((word, next)) = decode_word(after) else {
            out.push_str(before);
            out.push_str("=?");
            rest = after;
            continue;
        };
        if !before.trim().is_empty() || out.is_empty() {
            out.push_str(before);
        }
        out.push_str(&word);
        rest = next;
    }
    out.push_str(rest);
    out
}

fn decode_word(text: &str) -> Option<(String, &str)> {
    let (charset, text) = text.split_once('?')?;
    let (encoding, text) = text.split_once('?')?;
    let (content, rest) = text.split_once("?=")?;
    let known = charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("us-ascii");
    let word = match encoding {
        "B" | "b" if known => from_base64(content)?,
        "Q" | "q" if known => String::from_utf8_lossy(&from_quoted(content, true)).into_owned(),
        _ => return None,
    };
    Some((word, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_message_in_eight_bits_is_read_as_it_is() {
        let letter = read("Subject: 验证\r\nFrom: a@b\r\n\r\n您的验证码是 123456\r\n".as_bytes());
        assert_eq!(
            letter,
            Letter {
                subject: Some("验证".to_owned()),
                text: "您的验证码是 123456".to_owned()
            }
        );
    }

    #[test]
    fn encoded_subjects_and_bodies_are_decoded() {
        let letter = read(
            b"Subject: =?utf-8?b?6aqM6K+B?=\r\n =?UTF-8?Q?_code_=E7=A0=81?= x\r\nContent-Type: text/plain; charset=utf-8\r\n\
              Content-Transfer-Encoding: quoted-printable\r\n\r\nhttp://h/?a=3D=E7=A0=\r\n=81 =zz\r\n",
        );
        assert_eq!(letter.subject.as_deref(), Some("验证 code 码 x"));
        assert_eq!(letter.text, "http://h/?a=码 =zz");
    }

    #[test]
    fn the_plain_part_of_nested_multiparts_is_found() {
        let letter = read(
            b"Content-Type: multipart/mixed; boundary=\"out\"\r\n\r\npreamble\r\n--out\r\nContent-Type: multipart/alternative;\r\n \
              boundary=in\r\n\r\n--in\r\nContent-Type: text/html\r\n\r\n<b>no</b>\r\n--in\r\nContent-Type: text/plain\r\n\
              Content-Transfer-Encoding: base64\r\n\r\nNjU0\r\nMzIx\r\n--in--\r\n--out--\r\nepilogue",
        );
        assert_eq!(letter.text, "654321");
    }

    #[test]
    fn nothing_that_is_sent_makes_it_fail() {
        for message in [
            "",
            "\n",
            "x",
            "Content-Type: multipart/mixed\n\n--",
            "Subject: =?\n\n",
            "Subject: =?x?b?%?=\n\n=",
            "\n=",
        ] {
            let _ = read(message.as_bytes());
        }
        let mut deep = String::new();
        for n in 0..50 {
            deep = format!("{deep}Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n");
        }
        assert!(
            read(deep.as_bytes()).text.contains("b49"),
            "too deep to follow: shown as it came"
        );
    }
}
