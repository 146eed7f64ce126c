//! One-time codes of an authenticator application: RFC 6238 with what all of them support, SHA-1, six digits, 30
//! seconds. A step before and a step after are taken, because clocks differ; that none is taken twice is
//! the stores' business:
//! `store::factors::use_step` and `store::operators::use_step`.

use chrono::{DateTime, Utc};
use model::rng::Rng;
use totp_rs::{Builder, Totp};
use web::Markup;
use zeroize::Zeroizing;

use super::qr;

/// The bytes of a secret (RFC 4226 section 4 recommends 160 bits).
const SECRET_BYTES: usize = 20;
/// A new secret.
pub fn new_secret(rng: &Rng) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(rng.bytes::<SECRET_BYTES>().to_vec())
}

fn build(secret: &[u8], issuer: &str, login: &str) -> Option<Totp> {
    let issuer: String = issuer.chars().filter(|c| *c != ':').collect();
    Builder::new()
        .with_secret(secret.to_vec())
        .with_issuer(Some(issuer))
        .with_account_name(login.to_owned())
        .build()
        .ok()
}

/// The step that a code belongs to, if it is one of this time. Codes of all steps are compared in constant time.
pub fn step_of(secret: &[u8], code: &str, now: DateTime<Utc>) -> Option<i64> {
    let time = u64::try_from(now.timestamp()).ok()?;
    let step = build(secret, "", "")?.check(code, time)?;
    i64::try_from(step).ok()
}

/// The code of a moment: what the person's application shows.
#[doc(hidden)]
pub fn code_at(secret: &[u8], now: DateTime<Utc>) -> String {
    let time = u64::try_from(now.timestamp()).unwrap_or_default();
    build(secret, "", "").map_or_else(String::new, |totp| totp.generate(time).to_string())
}

/// The step of a moment.
#[doc(hidden)]
pub fn step_at(now: DateTime<Utc>) -> i64 {
    now.timestamp().div_euclid(30)
}

/// The secret as people type it: base32 in groups of four.
pub fn spelled(secret: &[u8]) -> Option<String> {
    let text = build(secret, "", "")?.secret().to_base32();
    let letters: Vec<char> = text.chars().collect();
    let groups: Vec<String> = letters.chunks(4).map(|four| four.iter().collect()).collect();
    Some(groups.join(" "))
}

/// The picture that an application reads.
pub fn picture(secret: &[u8], issuer: &str, login: &str, label: &str) -> Option<Markup> {
    let url = Zeroizing::new(build(secret, issuer, login)?.to_url().ok()?);
    qr::picture(&url, label)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    /// RFC 6238, appendix B, SHA-1; the last six of its eight digits.
    #[test]
    fn codes_are_those_of_rfc_6238() {
        let secret = b"12345678901234567890";
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_234_567_890, "005924"),
            (20_000_000_000, "353130"),
        ] {
            let now = DateTime::from_timestamp(seconds, 0).unwrap();
            assert_eq!(code_at(secret, now), code);
            assert_eq!(step_of(secret, code, now), Some(step_at(now)));
        }
    }

    #[test]
    fn a_code_holds_for_the_steps_beside_its_own_and_no_longer() {
        let (secret, now) = (new_secret(&Rng::seeded(5)), store::testing::start_time());
        let code = code_at(&secret, now);
        for (seconds, holds) in [(-60, false), (-30, true), (0, true), (30, true), (60, false)] {
            let at = now + TimeDelta::seconds(seconds);
            assert_eq!(step_of(&secret, &code, at).is_some(), holds, "{seconds}");
        }
        for wrong in ["", "12345", "1234567", "abcdef", "１２３４５６"] {
            assert_eq!(step_of(&secret, wrong, now), None, "{wrong}");
        }
    }

    #[test]
    fn the_secret_is_spelled_in_groups_and_drawn() {
        let secret = new_secret(&Rng::seeded(5));
        let spelled = spelled(&secret).unwrap();
        assert_eq!(spelled.len(), 32 + 7);
        let picture = picture(&secret, "安徽: Denizen", "wang.li", "QR").unwrap();
        assert!(picture.as_str().starts_with("<svg") && picture.as_str().contains("M4 4h1v1h-1z"));
        assert!(!picture.as_str().contains("otpauth"));
    }
}
