//! What a client presents: exactly one method (RFC 6749 section 2.3). Nothing is checked yet.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use model::ids::ClientId;
use model::secret::Sensitive;
use serde::Deserialize;

use super::form::Form;
use crate::error::ClientAuthError;

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The longest assertion that is looked into for its issuer; `jose` has the same limit for the whole.
const ASSERTION_BYTES: usize = 16 * 1024;

/// What a client presented.
pub(super) struct Presented {
    /// `None` when the name is none that could be registered.
    client: Option<ClientId>,
    pub(super) credential: Credential,
}

impl fmt::Debug for Presented {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Presented")
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}

pub(super) enum Credential {
    Basic(Sensitive<String>),
    Post(Sensitive<String>),
    Assertion(Sensitive<String>),
    None,
}

impl Presented {
    /// Reads the request; more than one method is an error of the request itself (A063, A065).
    pub(super) fn read(headers: &HeaderMap, form: &Form) -> Result<Self, ClientAuthError> {
        let basic = headers.contains_key(AUTHORIZATION);
        let post = form.one("client_secret");
        let assertion = form.has("client_assertion") || form.has("client_assertion_type");
        if u8::from(basic) + u8::from(form.has("client_secret")) + u8::from(assertion) > 1 {
            return Err(several(form));
        }
        let named = form.one("client_id");
        if basic {
            let (id, secret) = read_basic(headers).ok_or(ClientAuthError::ClientRefused)?;
            if named.is_some_and(|named| named != id) {
                return Err(ClientAuthError::SeveralMethods);
            }
            return Ok(Self {
                client: ClientId::parse(&id).ok(),
                credential: Credential::Basic(secret),
            });
        }
        if assertion {
            let jwt = form
                .one("client_assertion")
                .ok_or(ClientAuthError::ClientRefused)?;
            if form.one("client_assertion_type") != Some(JWT_BEARER) {
                return Err(ClientAuthError::ClientRefused);
            }
            let client = named.map_or_else(|| issuer_of(jwt), |named| ClientId::parse(named).ok());
            let credential = Credential::Assertion(Sensitive::new(jwt.to_owned()));
            return Ok(Self { client, credential });
        }
        let client = ClientId::parse(named.ok_or(ClientAuthError::ClientMissing)?).ok();
        let credential = match post {
            Some(secret) => Credential::Post(Sensitive::new(secret.to_owned())),
            None => Credential::None,
        };
        Ok(Self { client, credential })
    }

    /// The name presented, if it is one.
    pub(super) const fn client_id(&self) -> Option<&ClientId> {
        self.client.as_ref()
    }
}

/// Two methods at once are a fault of the request (A063). If one is an assertion that nobody signed, that is a proof
/// that is wrong, whatever came with it (A065).
fn several(form: &Form) -> ClientAuthError {
    let unsigned = |jwt: &str| {
        jwt.rsplit_once('.')
            .is_none_or(|(_, signature)| signature.is_empty())
    };
    if form.one("client_assertion").is_some_and(unsigned) {
        ClientAuthError::ClientRefused
    } else {
        ClientAuthError::SeveralMethods
    }
}

/// Name and secret of the `Authorization` header, both form-encoded (RFC 6749 section 2.3.1). Strict: one header, one
/// space, canonical base64, UTF-8, proper percent-encoding (A066).
fn read_basic(headers: &HeaderMap) -> Option<(String, Sensitive<String>)> {
    let mut lines = headers.get_all(AUTHORIZATION).iter();
    let (line, None) = (lines.next()?, lines.next()) else {
        return None;
    };
    let (scheme, encoded) = line.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((form_decode(id)?, Sensitive::new(form_decode(secret)?)))
}

/// One form-encoded value; `None` where a lenient decoder would guess.
fn form_decode(encoded: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => hex_digit(rest.next()?)? << 4 | hex_digit(rest.next()?)?,
            b' '..=b'~' => byte,
            _ => return None,
        });
    }
    let text = String::from_utf8(bytes).ok()?;
    (!text.is_empty() && !text.chars().any(char::is_control)).then_some(text)
}

fn hex_digit(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

/// The name in an assertion that nobody has verified yet, to find the keys by.
fn issuer_of(jwt: &str) -> Option<ClientId> {
    #[derive(Deserialize)]
    struct Named {
        iss: ClientId,
    }
    let payload = jwt.split('.').nth(1).filter(|_| jwt.len() <= ASSERTION_BYTES)?;
    let payload = URL_SAFE_NO_PAD.decode(payload).ok()?;
    serde_json::from_slice::<Named>(&payload)
        .ok()
        .map(|named| named.iss)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attack_066_names_and_secrets_are_decoded_strictly() {
        assert_eq!(form_decode("a-b_c.d~e").as_deref(), Some("a-b_c.d~e"));
        assert_eq!(form_decode("a%2Db+c%3a").as_deref(), Some("a-b c:"));
        assert_eq!(form_decode("%E5%90%88").as_deref(), Some("合"));
        for bad in ["", "%", "%2", "%zz", "%ff", "a\n", "%00", "合"] {
            assert_eq!(form_decode(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn the_name_in_an_assertion_is_read_without_trusting_anything() {
        let jwt = |payload: &str| format!("e30.{}.x", URL_SAFE_NO_PAD.encode(payload));
        assert_eq!(
            issuer_of(&jwt(r#"{"iss":"hefei"}"#)).map(String::from).as_deref(),
            Some("hefei")
        );
        for bad in [
            "",
            "a",
            "a.b",
            "..",
            &jwt("{}"),
            &jwt(r#"{"iss":7}"#),
            &jwt(r#"{"iss":"a b"}"#),
        ] {
            assert_eq!(issuer_of(bad), None, "{bad}");
        }
        assert_eq!(issuer_of(&jwt(&format!("{}[", "[".repeat(100_000)))), None);
    }
    proptest::proptest! {
        #[test]
        fn whatever_a_client_encodes_is_decoded_and_nothing_panics(
            id in "[A-Za-z0-9._-]{1,20}",
            secret in "[ -~\u{80}-\u{ffff}]{1,40}",
            noise in "\\PC{0,60}",
        ) {
            let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            let header = |value: String| {
                HeaderMap::from_iter(http::HeaderValue::try_from(value).ok().map(|value| (AUTHORIZATION, value)))
            };
            let pair = STANDARD.encode(format!("{}:{}", encode(&id), encode(&secret)));
            let read = read_basic(&header(format!("Basic {pair}")));
            if secret.chars().any(char::is_control) {
                proptest::prop_assert!(read.is_none());
            } else {
                proptest::prop_assert_eq!(read, Some((id, Sensitive::new(secret))));
            }
            let _ = read_basic(&header(format!("Basic {}", STANDARD.encode(&noise))));
            let _ = read_basic(&header(noise.clone()));
            let _ = issuer_of(&noise);
        }
    }
}
