use model::client::SigningAlg;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::key::PrivateKey;
use crate::testing::{craft, key, now, other_key};

const URL: &str = "https://id.example/token";
const TOKEN: &str = "an-access-token";

fn bare(key: &PrivateKey) -> Value {
    let mut jwk = key.public().to_value();
    for name in ["kid", "use", "alg"] {
        jwk.as_object_mut().unwrap().remove(name);
    }
    jwk
}

fn header(key: &PrivateKey) -> Value {
    json!({ "typ": "dpop+jwt", "alg": key.alg().name(), "jwk": bare(key) })
}

fn claims() -> Value {
    json!({
        "jti": "e1j3V_bKic8-LAEB", "htm": "POST", "htu": URL, "iat": now().timestamp(), "ath": token_hash(TOKEN),
        "something": { "else": true },
    })
}

fn check(proof: &str) -> Result<Proof, ProofError> {
    verify(
        proof,
        &Demanded {
            method: "POST",
            url: URL,
            access_token: Some(TOKEN),
            now: now(),
            leeway: Duration::from_secs(30),
            max_age: Duration::from_mins(2),
        },
    )
}

fn with(change: impl FnOnce(&mut Value, &mut Value)) -> Result<Proof, ProofError> {
    let key = key(SigningAlg::Es256);
    let (mut header, mut claims) = (header(&key), claims());
    change(&mut header, &mut claims);
    check(&craft(&header.to_string(), &claims.to_string(), &*key.signer()))
}

fn member(name: &str, value: Value) -> Result<Proof, ProofError> {
    with(|_, claims| match value {
        Value::Null => {
            claims.as_object_mut().unwrap().remove(name);
        }
        value => claims[name] = value,
    })
}

#[test]
fn a_proof_names_the_thumbprint_of_its_key() {
    for alg in ALGS {
        let key = key(alg);
        let proof = check(&craft(
            &header(&key).to_string(),
            &claims().to_string(),
            &*key.signer(),
        ))
        .unwrap();
        assert_eq!(proof.thumbprint, key.kid(), "our key ids are thumbprints");
        assert!(is_thumbprint(&proof.thumbprint));
        assert_eq!(proof.token_id, "e1j3V_bKic8-LAEB");
        assert_eq!(proof.nonce, None);
        assert_eq!(proof.expires_at, now() + TimeDelta::seconds(151));
    }
    assert_eq!(member("nonce", json!("n")).unwrap().nonce.as_deref(), Some("n"));
}

#[test]
fn attack_071_a_proof_is_remembered_until_the_last_moment_in_which_it_is_taken() {
    let key = key(SigningAlg::Es256);
    let proof = craft(&header(&key).to_string(), &claims().to_string(), &*key.signer());
    let at = |milliseconds: i64| {
        let now = now() + TimeDelta::milliseconds(milliseconds);
        let wanted = Demanded {
            method: "POST",
            url: URL,
            access_token: Some(TOKEN),
            now,
            leeway: Duration::from_secs(30),
            max_age: Duration::from_mins(2),
        };
        verify(&proof, &wanted).map(|proof| proof.expires_at > now)
    };
    assert_eq!(at(0), Ok(true));
    assert_eq!(at(150_999), Ok(true), "and not yet forgotten");
    assert_eq!(at(151_000), Err(VerifyError::TooOld.into()));
}

/// The example of RFC 9449 section 4.1, from its time.
#[test]
fn the_example_of_rfc_9449_is_a_proof() {
    let proof = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg";
    let wanted = Demanded {
        method: "POST",
        url: "https://server.example.com/token",
        access_token: None,
        now: DateTime::from_timestamp(1_562_262_616, 0).unwrap(),
        leeway: Duration::ZERO,
        max_age: Duration::ZERO,
    };
    let verified = verify(proof, &wanted).unwrap();
    assert_eq!(verified.thumbprint, "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
}

#[test]
fn methods_and_addresses_are_those_of_the_request() {
    for same in [
        URL,
        "https://id.example/token?a=b",
        "https://id.example/token#x",
        "https://id.example:443/token",
        "HTTPS://ID.Example/token",
    ] {
        assert!(member("htu", json!(same)).is_ok(), "{same}");
    }
    for other in [
        "",
        "token",
        "/token",
        "https://id.example/",
        "https://id.example/token/",
        "https://id.example/Token",
        "https://id.example:8443/token",
        "http://id.example/token",
        "https://other.example/token",
        "https://id.example@other.example/token",
        "https://user@id.example/token",
    ] {
        assert_eq!(
            member("htu", json!(other)),
            Err(ProofError::UrlMismatch),
            "{other}"
        );
    }
    for method in ["GET", "post", "", "POST "] {
        assert_eq!(
            member("htm", json!(method)),
            Err(ProofError::MethodMismatch),
            "{method}"
        );
    }
    for name in ["htm", "htu", "iat", "jti", "ath"] {
        assert_eq!(
            member(name, Value::Null),
            Err(VerifyError::ClaimMissing(name).into())
        );
    }
}

#[test]
fn a_proof_is_fresh_and_for_this_access_token() {
    let at = now().timestamp();
    for fresh in [at - 10, at + 10, at - 120] {
        assert!(member("iat", json!(fresh)).is_ok());
    }
    for stale in [at - 3600, at + 3600, at - 151, at + 31, -1] {
        assert!(member("iat", json!(stale)).is_err(), "{stale}");
    }
    for hash in [token_hash("another"), String::new(), TOKEN.to_owned()] {
        assert_eq!(member("ath", json!(hash)), Err(ProofError::TokenMismatch));
    }
    for (name, value) in [
        ("jti", json!("")),
        ("jti", json!(1)),
        ("jti", json!("j".repeat(257))),
    ] {
        assert!(member(name, value).is_err());
    }
    assert!(member("nonce", json!("n".repeat(257))).is_err());
}

#[test]
fn the_header_is_that_of_a_proof() {
    for typ in [json!("JWT"), json!("dpop"), json!(""), json!(1)] {
        assert!(with(|header, _| header["typ"] = typ).is_err());
    }
    assert_eq!(
        with(|header, _| {
            header.as_object_mut().unwrap().remove("typ");
        }),
        Err(VerifyError::TypMismatch.into())
    );
    for alg in ["none", "RS256", "HS256", "ES384", "es256", ""] {
        assert_eq!(
            with(|header, _| header["alg"] = json!(alg)),
            Err(VerifyError::AlgNotAccepted.into()),
            "{alg}"
        );
    }
    assert_eq!(
        with(|header, _| header["alg"] = json!("EdDSA")),
        Err(VerifyError::AlgNotForKey.into())
    );
    for name in REFUSED_MEMBERS {
        assert_eq!(
            with(|header, _| header[name] = json!([])),
            Err(VerifyError::HeaderMemberRefused(name).into())
        );
    }
}

#[test]
fn attack_106_the_key_is_public_whole_and_the_one_that_signed() {
    assert_eq!(
        with(|header, _| {
            header.as_object_mut().unwrap().remove("jwk");
        }),
        Err(ProofError::KeyMissing)
    );
    for jwk in [json!("x"), json!([]), json!(1)] {
        assert!(with(|header, _| header["jwk"] = jwk).is_err());
    }
    assert_eq!(
        with(|header, _| header["jwk"]["d"] = json!("AAAA")),
        Err(KeyFault::PrivateMember("d").into())
    );
    assert_eq!(
        with(|header, _| header["jwk"] = json!({ "kty": "oct", "k": "AAAA" })),
        Err(KeyFault::Symmetric.into())
    );
    assert_eq!(
        with(|header, _| header["jwk"] = bare(&other_key(SigningAlg::Es256))),
        Err(VerifyError::SignatureWrong.into())
    );
    for (name, value) in [("use", "enc"), ("alg", "ES384"), ("crv", "P-384"), ("kty", "XX")] {
        assert_eq!(
            with(|header, _| header["jwk"][name] = json!(value)),
            Err(ProofError::KeyUnsupported),
            "{name}"
        );
    }
    // Attack 115: a point that is not on the curve.
    assert_eq!(
        with(|header, _| header["jwk"]["y"] = header["jwk"]["x"].clone()),
        Err(KeyFault::WeakPoint.into())
    );
    let rsa = key(SigningAlg::Rs256);
    let mut header = header(&rsa);
    header["alg"] = json!("PS256");
    let rs256 = craft(&header.to_string(), &claims().to_string(), &*rsa.signer());
    assert_eq!(
        check(&rs256),
        Err(VerifyError::SignatureWrong.into()),
        "RS256 under the name of PS256"
    );
}

#[test]
fn attack_110_118_a_proof_says_nothing_twice_and_is_short() {
    let key = key(SigningAlg::Es256);
    let twice = claims().to_string().replacen('{', r#"{"htm":"GET","#, 1);
    assert!(check(&craft(&header(&key).to_string(), &twice, &*key.signer())).is_err());
    let key_twice = header(&key).to_string().replacen('{', r#"{"jwk":{},"#, 1);
    assert!(check(&craft(&key_twice, &claims().to_string(), &*key.signer())).is_err());
    let long = member("something", json!("x".repeat(1 << 20)));
    assert_eq!(long, Err(VerifyError::TooLong(crate::verify::Part::Token).into()));
    for bad in ["", ".", "..", "...", "a.b.c"] {
        assert!(check(bad).is_err());
    }
}

#[test]
fn a_thumbprint_has_one_spelling() {
    let good = key(SigningAlg::Es256).kid().to_owned();
    assert!(is_thumbprint(&good));
    for bad in [
        "",
        "a",
        &format!("{good}="),
        &good.replace(|_| true, "+"),
        good.trim_end_matches(|_| true),
    ] {
        assert!(!is_thumbprint(bad), "{bad}");
    }
}

proptest! {
    #[test]
    fn whatever_is_sent_nothing_panics(proof in "\\PC{0,120}", url in "\\PC{0,60}") {
        prop_assert!(check(&proof).is_err());
        prop_assert!(!same_address(&url, URL) || url.to_ascii_lowercase().contains("id.example"));
    }
}
