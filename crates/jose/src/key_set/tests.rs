use model::client::SigningAlg;
use serde_json::json;

use super::*;
use crate::testing::key;

fn jwk(alg: SigningAlg) -> Value {
    key(alg).public().to_value()
}

fn with(mut jwk: Value, name: &str, value: impl Into<Value>) -> Value {
    jwk[name] = value.into();
    jwk
}

fn without(mut jwk: Value, name: &str) -> Value {
    jwk.as_object_mut().unwrap().remove(name);
    jwk
}

fn read(keys: &[Value]) -> Result<PublicKeySet, KeySetError> {
    PublicKeySet::from_json(json!({ "keys": keys }).to_string().as_bytes())
}

fn fault(key: Value) -> KeyFault {
    match read(&[key]) {
        Err(KeySetError::Key { index: 0, fault }) => fault,
        other => panic!("{other:?}"),
    }
}

#[test]
fn all_four_algorithms_are_read() {
    let set = read(&SigningAlg::ALL.map(jwk)).unwrap();
    assert_eq!(set.len(), 4);
    assert!(!set.is_empty());
}

#[test]
fn attack_107_a_duplicate_kid_is_refused() {
    let other = with(jwk(SigningAlg::Rs256), "kid", key(SigningAlg::Es256).kid());
    assert_eq!(
        read(&[jwk(SigningAlg::Es256), other]).unwrap_err(),
        KeySetError::DuplicateKid
    );
    // Also when one of the two is of no use to us.
    let encryption = with(
        with(jwk(SigningAlg::Rs256), "kid", key(SigningAlg::Es256).kid()),
        "use",
        "enc",
    );
    assert_eq!(
        read(&[jwk(SigningAlg::Es256), encryption]).unwrap_err(),
        KeySetError::DuplicateKid
    );
}

#[test]
fn attack_107_a_kid_that_is_long_or_odd_is_refused() {
    for kid in [
        "",
        "a b",
        "x'; DROP TABLE keys;--",
        "a\0b",
        &"k".repeat(129),
        &"k".repeat(60_000),
    ] {
        assert_eq!(
            fault(with(jwk(SigningAlg::Es256), "kid", kid)),
            KeyFault::KidNotAllowed,
            "{kid:.20}"
        );
    }
    assert_eq!(
        fault(with(jwk(SigningAlg::Es256), "kid", 7)),
        KeyFault::Malformed("kid")
    );
}

#[test]
fn attack_123_private_and_symmetric_keys_are_refused() {
    let private: Value = serde_json::from_slice(&key(SigningAlg::Es256).export()).unwrap();
    assert_eq!(fault(private), KeyFault::PrivateMember("d"));
    for name in PRIVATE_MEMBERS {
        assert_eq!(
            fault(with(jwk(SigningAlg::Rs256), name, "AA")),
            KeyFault::PrivateMember(name)
        );
        // In a key that we would pass over, too.
        let encryption = with(jwk(SigningAlg::Rs256), "use", "enc");
        assert_eq!(
            fault(with(encryption, name, Value::Null)),
            KeyFault::PrivateMember(name)
        );
    }
    let secret = json!({ "kty": "oct", "alg": "HS256", "k": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" });
    assert_eq!(fault(secret), KeyFault::Symmetric);
}

#[test]
fn weak_rsa_keys_are_refused() {
    let modulus = |bytes: usize| {
        let mut n = vec![0xc5; bytes];
        n[bytes - 1] |= 1;
        base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, n)
    };
    let rsa = || jwk(SigningAlg::Rs256);
    for bytes in [1, 128, 255, 513, 2048] {
        assert_eq!(
            fault(with(rsa(), "n", modulus(bytes))),
            KeyFault::RsaSize,
            "{bytes}"
        );
    }
    for bytes in [256, 384, 512] {
        assert!(read(&[with(rsa(), "n", modulus(bytes))]).is_ok(), "{bytes}");
    }
    for e in ["AQ", "Aw", "AQAA", "AAEB", "AQAAAAE", "AQAC"] {
        let fault = fault(with(rsa(), "e", e));
        assert!(
            matches!(fault, KeyFault::RsaExponent | KeyFault::Malformed("e")),
            "{e}: {fault:?}"
        );
    }
    let padded = format!("AAAA{}", rsa()["n"].as_str().unwrap());
    assert_eq!(fault(with(rsa(), "n", padded)), KeyFault::Malformed("n"));
}

#[test]
fn points_off_the_curve_and_of_small_order_are_refused() {
    let ec = || jwk(SigningAlg::Es256);
    let zero = "A".repeat(43);
    assert_eq!(fault(with(ec(), "y", ec()["x"].clone())), KeyFault::WeakPoint);
    assert_eq!(
        fault(with(with(ec(), "x", zero.clone()), "y", zero.clone())),
        KeyFault::WeakPoint
    );
    assert_eq!(fault(with(ec(), "x", "AAAA")), KeyFault::Malformed("x"));
    assert_eq!(fault(with(ec(), "x", "")), KeyFault::Malformed("x"));
    assert_eq!(fault(without(ec(), "y")), KeyFault::Missing("y"));
    assert_eq!(
        fault(with(jwk(SigningAlg::EdDsa), "x", zero)),
        KeyFault::WeakPoint
    );
    assert_eq!(
        fault(with(jwk(SigningAlg::EdDsa), "x", "AAAA")),
        KeyFault::Malformed("x")
    );
}

#[test]
fn keys_that_are_not_for_us_are_passed_over() {
    let others = [
        with(without(jwk(SigningAlg::Rs256), "kid"), "use", "enc"),
        with(without(jwk(SigningAlg::Rs256), "kid"), "alg", "RSA-OAEP-256"),
        with(without(jwk(SigningAlg::Rs256), "kid"), "alg", "ES256"),
        with(without(jwk(SigningAlg::Es256), "kid"), "crv", "P-384"),
        with(
            without(jwk(SigningAlg::Es256), "kid"),
            "key_ops",
            json!(["deriveKey"]),
        ),
        with(without(jwk(SigningAlg::EdDsa), "kid"), "crv", "X25519"),
        json!({ "kty": "AKP", "alg": "ML-DSA-44", "pub": "AAAA" }),
    ];
    assert_eq!(read(&others).unwrap_err(), KeySetError::NoUsableKey);
    let mut all = others.to_vec();
    all.push(jwk(SigningAlg::Es256));
    assert_eq!(read(&all).unwrap().len(), 1);
}

#[test]
fn sets_that_are_none_are_refused() {
    let es256 = jwk(SigningAlg::Es256);
    for text in [r#"{"keys":{}}"#, "{}", r#"{"keys":[1]}"#, r#"{"keys":null}"#] {
        assert_eq!(
            PublicKeySet::from_json(text.as_bytes()).unwrap_err(),
            KeySetError::NotAKeySet,
            "{text}"
        );
    }
    assert_eq!(
        PublicKeySet::from_value(&json!([])).unwrap_err(),
        KeySetError::NotAKeySet
    );
    assert_eq!(read(&[]).unwrap_err(), KeySetError::NoUsableKey);
    assert_eq!(
        read(&vec![without(es256.clone(), "kid"); 17]).unwrap_err(),
        KeySetError::TooManyKeys
    );
    let long = format!("{}{}", " ".repeat(SET_BYTES_MAX), json!({ "keys": [es256] }));
    assert_eq!(
        PublicKeySet::from_json(long.as_bytes()).unwrap_err(),
        KeySetError::TooLong
    );
}

#[test]
fn attack_110_a_repeated_member_in_a_key_is_refused() {
    let text = r#"{"keys":[{"kty":"EC","kty":"EC"}]}"#;
    let error = strict_json::StrictJsonError::DuplicateMember;
    assert_eq!(
        PublicKeySet::from_json(text.as_bytes()).unwrap_err(),
        KeySetError::NotStrictJson(error)
    );
}

#[test]
fn without_a_kid_one_key_must_fit() {
    let header = |alg, kid: Option<&str>| Header {
        alg,
        kid: kid.map(str::to_owned),
        typ: None,
    };
    let es256 = jwk(SigningAlg::Es256);
    let one = read(&[es256.clone(), jwk(SigningAlg::EdDsa)]).unwrap();
    assert!(one.select(&header(SigningAlg::Es256, None)).is_ok());
    assert_eq!(
        one.select(&header(SigningAlg::Rs256, None)).unwrap_err(),
        VerifyError::UnknownKey
    );
    assert_eq!(
        one.select(&header(SigningAlg::Es256, Some("other"))).unwrap_err(),
        VerifyError::UnknownKey
    );
    let two = read(&[es256.clone(), with(es256, "kid", "second")]).unwrap();
    assert_eq!(
        two.select(&header(SigningAlg::Es256, None)).unwrap_err(),
        VerifyError::KidRequired
    );
    assert!(two.select(&header(SigningAlg::Es256, Some("second"))).is_ok());
}

#[test]
fn an_rsa_key_without_alg_is_for_both_rsa_algorithms() {
    let set = read(&[without(jwk(SigningAlg::Rs256), "alg")]).unwrap();
    for (alg, fits) in [
        (SigningAlg::Rs256, true),
        (SigningAlg::Ps256, true),
        (SigningAlg::Es256, false),
        (SigningAlg::EdDsa, false),
    ] {
        assert_eq!(
            set.select(&Header {
                alg,
                kid: None,
                typ: None
            })
            .is_ok(),
            fits,
            "{alg:?}"
        );
    }
}
