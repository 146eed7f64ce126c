use serde_json::json;

use super::*;
use crate::testing::{key, other_key};

#[test]
fn a_key_leaves_and_comes_back_the_same() {
    for alg in SigningAlg::ALL {
        let first = key(alg);
        let again = PrivateKey::import(&first.export()).unwrap();
        assert_eq!(again.public(), first.public());
        assert_eq!(again.alg(), alg);
        assert_eq!(again.kid(), first.public.material.thumbprint());
        assert_eq!(again.kid().len(), 43);
        assert_ne!(again.kid(), other_key(alg).kid());
    }
}

#[test]
fn rsa_keys_have_2048_bits_and_the_usual_exponent() {
    let jwk = key(SigningAlg::Ps256).public().to_value();
    assert_eq!(jwk["n"].as_str().unwrap().len(), 342);
    assert_eq!(jwk["e"], "AQAB");
}

#[test]
fn attack_123_a_public_key_has_its_public_members_and_no_others() {
    let names = |alg| {
        let value = key(alg).public().to_value();
        let mut names: Vec<_> = value.as_object().unwrap().keys().cloned().collect();
        names.sort();
        names.join(" ")
    };
    assert_eq!(names(SigningAlg::Es256), "alg crv kid kty use x y");
    assert_eq!(names(SigningAlg::EdDsa), "alg crv kid kty use x");
    assert_eq!(names(SigningAlg::Rs256), "alg e kid kty n use");
    assert_eq!(names(SigningAlg::Ps256), "alg e kid kty n use");
    assert_eq!(key(SigningAlg::Ps256).public().to_value()["alg"], "PS256");
}

#[test]
fn debug_shows_nothing_private() {
    let key = key(SigningAlg::Es256);
    let private: Value = serde_json::from_slice(&key.export()).unwrap();
    let shown = format!("{key:?}");
    assert!(shown.contains(key.kid()));
    assert!(!shown.contains(private["d"].as_str().unwrap()));
}

#[test]
fn a_stored_key_that_was_changed_is_refused() {
    let stored = |alg| serde_json::from_slice::<Value>(&key(alg).export()).unwrap();
    let import = |jwk: &Value| PrivateKey::import(jwk.to_string().as_bytes()).unwrap_err();

    let mut renamed = stored(SigningAlg::Es256);
    renamed["kid"] = json!("another");
    assert_eq!(import(&renamed), KeyError::KidMismatch);

    let mut mixed = stored(SigningAlg::EdDsa);
    let other: Value = serde_json::from_slice(&other_key(SigningAlg::EdDsa).export()).unwrap();
    mixed["d"] = other["d"].clone();
    assert_eq!(import(&mixed), KeyError::PartsDiffer);

    let mut relabelled = stored(SigningAlg::Es256);
    relabelled["alg"] = json!("RS256");
    assert_eq!(import(&relabelled), KeyError::Unsupported);

    let mut public = stored(SigningAlg::Rs256);
    public.as_object_mut().unwrap().remove("qi");
    assert_eq!(import(&public), KeyError::Fault(KeyFault::Missing("qi")));

    for text in [
        "",
        "{}",
        r#"{"kty":"oct","k":"AAAA","alg":"HS256"}"#,
        r#"{"kty":"EC","kty":"EC"}"#,
    ] {
        assert!(PrivateKey::import(text.as_bytes()).is_err(), "{text}");
    }
}

#[test]
fn private_members_of_any_length_are_an_error_and_no_panic() {
    for alg in SigningAlg::ALL {
        for odd in [
            "",
            "AA",
            "A",
            "====",
            &"A".repeat(43),
            &"_".repeat(43),
            &"A".repeat(5000),
        ] {
            let mut jwk: Value = serde_json::from_slice(&key(alg).export()).unwrap();
            // All of them: OpenSSL does without some of an RSA key's.
            for name in PRIVATE_MEMBERS {
                jwk[name] = json!(odd);
            }
            assert!(
                PrivateKey::import(jwk.to_string().as_bytes()).is_err(),
                "{alg:?} {odd:?}"
            );
        }
    }
}
