//! Client assertions made with a registered secret: `client_secret_jwt` (OpenID Connect Core 9, RFC 7518 section 3.2).
//!
//! The one place where a symmetric signature is accepted, and `HS256` the one kind. Nothing here takes a key set, and
//! nothing elsewhere takes a [`Secret`], so a public key cannot become a secret by way of a header. The library behind
//! it is `hmac`, whose comparison takes the same time wherever the difference lies.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::compact::{Parts, REFUSED_MEMBERS, plain_kid, refuse_members, text};
use crate::verify::{Audience, Claims, Demand, Subject, Typ, VerifyError, Wanted, check_typ};

/// The name of the algorithm.
pub const ALG: &str = "HS256";

/// The shortest secret, in bytes (RFC 7518 section 3.2).
pub const SECRET_BYTES_MIN: usize = 32;

/// A secret that is registered for a client.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes over a registered secret; `None` when it is too short to make signatures with.
    pub fn new(secret: &[u8]) -> Option<Self> {
        (secret.len() >= SECRET_BYTES_MIN).then(|| Self(Zeroizing::new(secret.to_vec())))
    }

    fn made(&self, text: &str, signature: &[u8]) -> bool {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else {
            return false;
        };
        mac.update(text.as_bytes());
        mac.verify_slice(signature).is_ok()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What an assertion must be. All of it is mandatory.
#[derive(Clone, Copy, Debug)]
pub struct MacVerification<'a> {
    /// The client's secrets: one, or two while one is being replaced.
    pub secrets: &'a [Secret],
    /// What `typ` may be.
    pub typ: Typ<'a>,
    /// `iss` and `sub`: the client.
    pub client: &'a str,
    /// What `aud` may be: one of these, as one string.
    pub audiences: &'a [&'a str],
    /// The time now.
    pub now: DateTime<Utc>,
    /// How far the sender's clock may be from ours.
    pub leeway: Duration,
    /// The longest time since `iat`, and the longest time until `exp`.
    pub max_age: Duration,
}

/// An assertion that is what it had to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asserted {
    /// `jti`.
    pub token_id: String,
    /// `exp`, without leeway.
    pub expires_at: DateTime<Utc>,
}

/// Checks one assertion.
pub fn verify(token: &str, wanted: &MacVerification<'_>) -> Result<Asserted, VerifyError> {
    let parts = signed_with(token, wanted.secrets)?;
    check_typ(text(&parts.header, "typ")?, wanted.typ)?;
    let claims = Claims::parse(&parts.payload)?;
    let expires_at = claims.check(&Wanted {
        issuer: wanted.client,
        subject: Subject::Exactly(wanted.client),
        audience: Audience::ExactlyOneOf(wanted.audiences),
        issued_at: Demand::IfPresent,
        token_id: Demand::Required,
        now: wanted.now,
        leeway: wanted.leeway,
        max_age: wanted.max_age,
    })?;
    let token_id = claims.text("jti")?.ok_or(VerifyError::ClaimMissing("jti"))?;
    Ok(Asserted {
        token_id: token_id.to_owned(),
        expires_at,
    })
}

/// A token that one of the secrets signed. Says nothing about what it is.
pub(crate) fn signed_with<'a>(token: &'a str, secrets: &[Secret]) -> Result<Parts<'a>, VerifyError> {
    let parts = Parts::split(token)?;
    refuse_members(&parts.header, &REFUSED_MEMBERS)?;
    if text(&parts.header, "alg")? != Some(ALG) {
        return Err(VerifyError::AlgNotAccepted);
    }
    plain_kid(&parts.header)?;
    if parts.signature.len() != 32 {
        return Err(VerifyError::SignatureMalformed);
    }
    // Each is tried, so that the time does not tell which one it was.
    let fitting = secrets
        .iter()
        .filter(|secret| secret.made(parts.signing_input, &parts.signature))
        .count();
    if fitting == 0 {
        return Err(VerifyError::SignatureWrong);
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use model::client::SigningAlg;
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::{key, now};

    const SECRET: &[u8] = b"a registered secret of more than 256 bits";

    fn token(header: &Value, claims: &Value, secret: &[u8]) -> String {
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let input = format!("{}.{}", encode(header), encode(claims));
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
        mac.update(input.as_bytes());
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    }

    fn claims() -> Value {
        let now = now().timestamp();
        json!({ "iss": "hefei", "sub": "hefei", "aud": "https://id.example", "jti": "1", "exp": now + 60 })
    }

    fn check(token: &str, secrets: &[&[u8]]) -> Result<Asserted, VerifyError> {
        let secrets: Vec<_> = secrets
            .iter()
            .map(|secret| Secret::new(secret).unwrap())
            .collect();
        verify(
            token,
            &MacVerification {
                secrets: &secrets,
                typ: Typ::AbsentOrOneOf(&["JWT"]),
                client: "hefei",
                audiences: &["https://id.example"],
                now: now(),
                leeway: Duration::from_secs(15),
                max_age: Duration::from_mins(10),
            },
        )
    }

    #[test]
    fn an_assertion_of_either_secret_is_good_while_one_replaces_the_other() {
        let other: &[u8] = b"the secret that comes after the other one";
        let header = json!({ "alg": "HS256" });
        for secret in [SECRET, other] {
            let asserted = check(&token(&header, &claims(), secret), &[SECRET, other]).unwrap();
            assert_eq!(asserted.token_id, "1");
        }
        let old = token(&header, &claims(), other);
        assert_eq!(check(&old, &[SECRET]), Err(VerifyError::SignatureWrong));
        assert_eq!(check(&old, &[]), Err(VerifyError::SignatureWrong));
        assert!(Secret::new(b"short").is_none());
        assert_eq!(format!("{:?}", Secret::new(SECRET).unwrap()), "Secret(…)");
    }

    #[test]
    fn attack_103_no_other_algorithm_is_an_assertion_with_a_secret() {
        let good = token(&json!({ "alg": "HS256" }), &claims(), SECRET);
        for alg in [
            "none", "None", "HS384", "HS512", "hs256", "ES256", "RS256", "", "HS256 ",
        ] {
            let token = token(&json!({ "alg": alg }), &claims(), SECRET);
            assert_eq!(
                check(&token, &[SECRET]),
                Err(VerifyError::AlgNotAccepted),
                "{alg:?}"
            );
        }
        for alg in [json!(256), json!(null), json!(["HS256"])] {
            let token = token(&json!({ "alg": alg }), &claims(), SECRET);
            assert!(check(&token, &[SECRET]).is_err());
        }
        let (signed, signature) = good.rsplit_once('.').unwrap();
        let half = signature.get(..signature.len() / 2).unwrap();
        for bad in [
            format!("{signed}."),
            format!("{signed}.AAAA"),
            format!("{signed}.{half}"),
            signed.to_owned(),
        ] {
            assert!(check(&bad, &[SECRET]).is_err(), "{bad}");
        }
    }

    #[test]
    fn attack_069_our_public_key_is_no_secret() {
        let public = key(SigningAlg::Rs256).public().to_value().to_string();
        let forged = token(&json!({ "alg": "HS256" }), &claims(), public.as_bytes());
        assert_eq!(check(&forged, &[SECRET]), Err(VerifyError::SignatureWrong));
    }

    #[test]
    fn attack_106_109_members_that_bring_keys_or_change_what_is_signed_are_refused() {
        for name in REFUSED_MEMBERS {
            let mut header = json!({ "alg": "HS256" });
            header[name] = json!(["b64"]);
            assert_eq!(
                check(&token(&header, &claims(), SECRET), &[SECRET]),
                Err(VerifyError::HeaderMemberRefused(name))
            );
        }
        let kid = json!({ "alg": "HS256", "kid": "../../etc/passwd\0" });
        assert_eq!(
            check(&token(&kid, &claims(), SECRET), &[SECRET]),
            Err(VerifyError::KidNotAllowed)
        );
    }

    #[test]
    fn attack_070_claims_are_held_to_the_same_rules_as_with_keys() {
        let at = now().timestamp();
        for (name, value) in [
            ("aud", json!(["https://id.example"])),
            ("aud", json!("https://other.example")),
            ("iss", json!("wuhu")),
            ("sub", json!("wuhu")),
            ("sub", Value::Null),
            ("jti", Value::Null),
            ("jti", json!("")),
            ("exp", json!(at - 300)),
            ("exp", json!(at + 660)),
            ("exp", Value::Null),
            ("nbf", json!(at + 61)),
            ("iat", json!(at + 61)),
        ] {
            let mut claims = claims();
            claims[name] = value.clone();
            let token = token(&json!({ "alg": "HS256" }), &claims, SECRET);
            assert!(check(&token, &[SECRET]).is_err(), "{name}: {value}");
        }
        let mut ahead = claims();
        ahead["nbf"] = json!(at + 8);
        ahead["iat"] = json!(at + 8);
        assert!(check(&token(&json!({ "alg": "HS256" }), &ahead, SECRET), &[SECRET]).is_ok());
    }

    #[test]
    fn attack_110_118_what_is_said_twice_and_what_is_deep_is_refused() {
        let input = |payload: &str| {
            let input = format!(
                "{}.{}",
                URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256"}"#),
                URL_SAFE_NO_PAD.encode(payload)
            );
            let mut mac = Hmac::<Sha256>::new_from_slice(SECRET).unwrap();
            mac.update(input.as_bytes());
            format!("{input}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
        };
        let twice = claims().to_string().replacen('{', r#"{"jti":"0","#, 1);
        assert!(check(&input(&twice), &[SECRET]).is_err());
        assert!(check(&input(&"[".repeat(10_000)), &[SECRET]).is_err());
        assert!(check(&input(&" ".repeat(1 << 20)), &[SECRET]).is_err());
    }
}
