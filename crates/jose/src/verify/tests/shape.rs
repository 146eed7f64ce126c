//! Shapes and headers.

use super::*;

#[test]
fn attack_106_and_109_headers_that_bring_keys_or_change_the_input_are_refused() {
    let key = key(SigningAlg::Es256);
    let keys = set_of(&[&key]);
    let attacker = other_key(SigningAlg::Es256);
    for (name, value) in [
        ("jwk", attacker.public().to_value()),
        ("jku", json!("https://evil.example/jwks.json")),
        ("x5u", json!("https://evil.example/cert.pem")),
        ("x5c", json!(["MIIB"])),
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("b64", json!(false)),
        ("b64", json!(true)),
    ] {
        let text = with(header(&key), name, value).to_string();
        // Refused from the attacker, and from the honest sender too.
        for signer in [&attacker, &key] {
            let expected = VerifyError::HeaderMemberRefused(name);
            assert_eq!(refusal(&with_header(signer, &text), &keys), expected, "{text}");
        }
    }
    // A detached payload (RFC 7515 appendix F) is an empty one.
    let token = with_header(&key, &header(&key).to_string());
    let [head, _, signature] = token.split('.').collect::<Vec<_>>()[..] else {
        panic!()
    };
    assert_eq!(
        refusal(&format!("{head}..{signature}"), &keys),
        VerifyError::SignatureWrong
    );
}

#[test]
fn members_that_do_not_matter_are_passed_over() {
    let key = key(SigningAlg::Es256);
    let text = with(with(header(&key), "x5t#S256", json!("AAAA")), "cty", json!("x")).to_string();
    assert!(verify(&with_header(&key, &text), &assertion(&set_of(&[&key]))).is_ok());
}

#[test]
fn attack_107_key_ids_reach_nothing_but_a_comparison() {
    let key = key(SigningAlg::Es256);
    let keys = set_of(&[&key]);
    let kid = |kid: &str| {
        refusal(
            &with_header(&key, &with(header(&key), "kid", json!(kid)).to_string()),
            &keys,
        )
    };
    for odd in [
        "' OR 1=1 --",
        "a\u{0}b",
        "a b",
        "\\\\host\\share",
        "",
        "钥匙",
        &"k".repeat(129),
    ] {
        assert_eq!(kid(odd), VerifyError::KidNotAllowed, "{odd:?}");
    }
    for unknown in [
        "../../dev/null",
        "/etc/passwd",
        "https://evil.example/k",
        &key.kid().to_lowercase(),
    ] {
        assert_eq!(kid(unknown), VerifyError::UnknownKey, "{unknown:?}");
    }
    assert_eq!(kid(&"k".repeat(1 << 20)), VerifyError::TooLong(Part::Token));
    let number = with(header(&key), "kid", json!(1)).to_string();
    assert_eq!(
        refusal(&with_header(&key, &number), &keys),
        VerifyError::HeaderMemberMalformed("kid")
    );
}

#[test]
fn attack_110_repeated_members_are_refused() {
    let key = key(SigningAlg::Es256);
    let keys = set_of(&[&key]);
    let twice = |part| VerifyError::NotStrictJson {
        part,
        error: StrictJsonError::DuplicateMember,
    };
    let kid = key.kid();
    for text in [
        format!(r#"{{"alg":"none","alg":"ES256","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"ES256","kid":"x","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"ES256","kid":"{kid}","x":{{"a":1,"a":1}}}}"#),
    ] {
        assert_eq!(
            refusal(&with_header(&key, &text), &keys),
            twice(Part::Header),
            "{text}"
        );
    }
    let payload = claims()
        .to_string()
        .replacen('{', r#"{"sub":"somebody else","#, 1);
    let token = craft(&header(&key).to_string(), &payload, &*key.signer());
    assert_eq!(refusal(&token, &keys), twice(Part::Payload));
}

#[test]
fn attack_118_oversize_and_nested_tokens_are_refused() {
    let key = key(SigningAlg::Es256);
    let keys = set_of(&[&key]);
    assert_eq!(
        refusal(&"a".repeat(1 << 20), &keys),
        VerifyError::TooLong(Part::Token)
    );
    assert_eq!(refusal(&"a.".repeat(8192), &keys), VerifyError::NotThreeParts);
    let long = with(claims(), "x", json!("x".repeat(12_288))).to_string();
    let token = craft(&header(&key).to_string(), &long, &*key.signer());
    assert_eq!(refusal(&token, &keys), VerifyError::TooLong(Part::Token));
    let text = with(header(&key), "x", json!("x".repeat(1600))).to_string();
    assert_eq!(
        refusal(&with_header(&key, &text), &keys),
        VerifyError::TooLong(Part::Header)
    );
    let deep = format!(r#"{{"a":{}1{}}}"#, "[".repeat(5000), "]".repeat(5000));
    let token = craft(&header(&key).to_string(), &deep, &*key.signer());
    let error = StrictJsonError::NotJson;
    assert_eq!(
        refusal(&token, &keys),
        VerifyError::NotStrictJson {
            part: Part::Payload,
            error
        }
    );
}

#[test]
fn base64_has_one_spelling_only() {
    let key = key(SigningAlg::Es256);
    let keys = set_of(&[&key]);
    let token = with_header(&key, &header(&key).to_string());
    let [head, body, signature] = token.split('.').collect::<Vec<_>>()[..] else {
        panic!()
    };
    for (spelling, part) in [
        (format!("{head}=.{body}.{signature}"), Part::Header),
        (format!(" {head}.{body}.{signature}"), Part::Header),
        (format!("{head}.{body}\n.{signature}"), Part::Payload),
        (format!("{head}.{body}.{signature}=="), Part::Signature),
        (format!("{head}.{body}.+{signature}"), Part::Signature),
    ] {
        assert_eq!(
            refusal(&spelling, &keys),
            VerifyError::NotBase64Url(part),
            "{spelling}"
        );
    }
    // 64 bytes leave four bits of the last character unused; set, they would make a second spelling.
    let mut stray = token.clone();
    let last = stray.pop().unwrap();
    stray.push(char::from(u8::try_from(last).unwrap() + 1));
    assert_eq!(refusal(&stray, &keys), VerifyError::NotBase64Url(Part::Signature));
    for shape in [
        "",
        ".",
        "..",
        "...",
        &format!("{token}."),
        &format!(".{token}"),
        &token.replace('.', ""),
    ] {
        assert!(verify(shape, &assertion(&keys)).is_err(), "{shape}");
    }
}

/// Nothing encrypted is accepted, so nothing of it is decrypted, derived or inflated: all of these end at their shape.
#[test]
fn attack_111_113_114_115_117_encrypted_tokens_end_at_their_shape() {
    let key = key(SigningAlg::Es256);
    let keys = set_of(&[&key]);
    let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let inner = encode(&claims().to_string());
    for header in [
        r#"{"alg":"dir","enc":"A256GCM"}"#,
        r#"{"alg":"RSA1_5","enc":"A128CBC-HS256"}"#,
        r#"{"alg":"RSA-OAEP-256","enc":"A256GCM","zip":"DEF","cty":"JWT"}"#,
        r#"{"alg":"A256KW","enc":"A256CBC-HS512"}"#,
        r#"{"alg":"PBES2-HS256+A128KW","enc":"A128GCM","p2c":1000000,"p2s":"AAAA"}"#,
        r#"{"alg":"PBES2-HS256+A128KW","enc":"A128GCM","p2c":1000000000000,"p2s":"AAAA"}"#,
        r#"{"alg":"ECDH-ES","enc":"A128GCM","epk":{"kty":"EC","crv":"P-256","x":"AAAA","y":"AAAA"}}"#,
        r#"{"alg":"ES256","enc":"A128GCM"}"#,
    ] {
        for iv in [0, 1, 8, 12, 16, 64] {
            for tag in 0..=16 {
                let [iv, tag] = [iv, tag].map(|bytes| URL_SAFE_NO_PAD.encode(vec![0_u8; bytes]));
                let token = format!("{}.AAAA.{iv}.{inner}.{tag}", encode(header));
                assert_eq!(refusal(&token, &keys), VerifyError::NotThreeParts, "{header}");
            }
        }
        // With three parts it is a signed token of no algorithm.
        let token = format!("{}.{inner}.AAAA", encode(header));
        assert!(matches!(
            refusal(&token, &keys),
            VerifyError::AlgNotAccepted | VerifyError::UnknownKey | VerifyError::SignatureMalformed
        ));
    }
    for json in [
        r#"{"protected":"e30","iv":"","ciphertext":"AAAA","tag":""}"#,
        r#"{"payload":"e30","signatures":[]}"#,
    ] {
        assert_eq!(refusal(json, &keys), VerifyError::NotThreeParts);
    }
}

#[test]
fn attack_118_a_token_in_a_token_is_a_claim_and_costs_nothing() {
    let key = key(SigningAlg::Es256);
    let keys = set_of(&[&key]);
    // Twenty layers, each the payload of the next: only the outermost is looked at, and it is no JSON object.
    let mut token = craft(&header(&key).to_string(), &claims().to_string(), &*key.signer());
    for _ in 0..20 {
        token = craft(&header(&key).to_string(), &token, &*key.signer());
        if token.len() > 16 * 1024 {
            break;
        }
        assert!(matches!(
            refusal(&token, &keys),
            VerifyError::NotStrictJson {
                part: Part::Payload,
                ..
            }
        ));
    }
    assert_eq!(refusal(&token, &keys), VerifyError::TooLong(Part::Token));
}
