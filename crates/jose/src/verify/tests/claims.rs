//! Kinds of token and claims.

use super::*;

#[test]
fn attack_093_a_token_of_another_kind_is_refused() {
    let key = key(SigningAlg::Es256);
    let keys = set_of(&[&key]);
    let typ = |typ: Value| {
        let token = with_header(&key, &with(header(&key), "typ", typ).to_string());
        verify(&token, &assertion(&keys)).map(drop)
    };
    for right in ["JWT", "jwt", "application/jwt", "client-authentication+jwt"] {
        assert_eq!(typ(json!(right)), Ok(()), "{right}");
    }
    for wrong in [
        "",
        "at+jwt",
        "logout+jwt",
        "JWT ",
        "text/jwt",
        "application/x/jwt",
        "application/",
    ] {
        assert_eq!(typ(json!(wrong)), Err(VerifyError::TypMismatch), "{wrong}");
    }
    assert_eq!(
        typ(json!(["JWT"])),
        Err(VerifyError::HeaderMemberMalformed("typ"))
    );
    let token = with_header(&key, &without(header(&key), "typ").to_string());
    assert!(verify(&token, &assertion(&keys)).is_ok());
    let strict = Verification {
        typ: Typ::OneOf(&["JWT"]),
        ..assertion(&keys)
    };
    assert_eq!(verify(&token, &strict).unwrap_err(), VerifyError::TypMismatch);
}

#[test]
fn attack_070_the_audience_is_one_string_and_ours() {
    let aud = |aud: Value| outcome(&with(claims(), "aud", aud)).map(drop);
    assert_eq!(aud(json!(ISSUER)), Ok(()));
    for other in [
        json!("https://id.example.gov/"),
        json!("https://id.example.gov/token"),
        json!("https://other.example"),
        json!([ISSUER]),
        json!([ISSUER, "https://other.example"]),
        json!([]),
        json!(""),
    ] {
        assert_eq!(aud(other.clone()), Err(VerifyError::AudienceMismatch), "{other}");
    }
    assert_eq!(aud(json!(null)), Err(VerifyError::ClaimMalformed("aud")));
    assert_eq!(
        outcome(&without(claims(), "aud")).unwrap_err(),
        VerifyError::ClaimMissing("aud")
    );

    let key = key(SigningAlg::Es256);
    let keys = set_of(&[&key]);
    let contains = Verification {
        audience: Audience::Contains(&[ISSUER, "https://b"]),
        ..assertion(&keys)
    };
    let check = |aud: Value| {
        let claims = with(claims(), "aud", aud).to_string();
        verify(
            &craft(&header(&key).to_string(), &claims, &*key.signer()),
            &contains,
        )
        .map(drop)
    };
    assert_eq!(check(json!(["https://a", "https://b"])), Ok(()));
    assert_eq!(check(json!("https://b")), Ok(()));
    assert_eq!(check(json!(["https://a"])), Err(VerifyError::AudienceMismatch));
    assert_eq!(
        check(json!(["https://b", 1])),
        Err(VerifyError::ClaimMalformed("aud"))
    );
}

#[test]
fn issuer_subject_and_token_id_are_demanded() {
    for (name, value, expected) in [
        ("iss", json!("other"), VerifyError::IssuerMismatch),
        ("iss", json!([CLIENT]), VerifyError::ClaimMalformed("iss")),
        ("sub", json!("other"), VerifyError::SubjectMismatch),
        ("sub", json!(""), VerifyError::ClaimMalformed("sub")),
        ("sub", json!("s".repeat(256)), VerifyError::ClaimMalformed("sub")),
        ("jti", json!(""), VerifyError::ClaimMalformed("jti")),
        ("jti", json!(7), VerifyError::ClaimMalformed("jti")),
        ("jti", json!("j".repeat(257)), VerifyError::ClaimMalformed("jti")),
    ] {
        assert_eq!(outcome(&with(claims(), name, value)).unwrap_err(), expected);
    }
    for name in ["iss", "sub", "aud", "exp", "jti"] {
        assert_eq!(
            outcome(&without(claims(), name)).unwrap_err(),
            VerifyError::ClaimMissing(name)
        );
    }
    assert!(outcome(&without(claims(), "iat")).is_ok(), "not demanded here");
    let key = key(SigningAlg::Es256);
    let keys = set_of(&[&key]);
    let token = craft(
        &header(&key).to_string(),
        &without(claims(), "iat").to_string(),
        &*key.signer(),
    );
    let strict = Verification {
        issued_at: Demand::Required,
        ..assertion(&keys)
    };
    assert_eq!(
        verify(&token, &strict).unwrap_err(),
        VerifyError::ClaimMissing("iat")
    );
}

#[test]
fn times_are_checked_with_leeway_on_both_sides() {
    let at = now().timestamp();
    let time = |name: &str, value: Value| outcome(&with(claims(), name, value)).map(drop);
    for (name, offset, expected) in [
        ("exp", -29, Ok(())),
        ("exp", -30, Err(VerifyError::Expired)),
        ("exp", 630, Ok(())),
        ("exp", 631, Err(VerifyError::ExpiresTooLate)),
        ("nbf", 30, Ok(())),
        ("nbf", 31, Err(VerifyError::NotYetValid)),
        ("iat", 30, Ok(())),
        ("iat", 31, Err(VerifyError::IssuedInFuture)),
        ("iat", -630, Ok(())),
        ("iat", -631, Err(VerifyError::TooOld)),
    ] {
        assert_eq!(time(name, json!(at + offset)), expected, "{name} {offset}");
    }
    assert_eq!(
        time("exp", json!(1_800_000_060.75)),
        Ok(()),
        "a fraction is allowed"
    );
    for name in ["exp", "nbf", "iat"] {
        for odd in [
            json!("1800000060"),
            json!(-1),
            json!(1e300),
            json!(u64::MAX),
            json!(i64::MAX),
            json!(null),
            json!(true),
        ] {
            assert_eq!(
                time(name, odd.clone()),
                Err(VerifyError::ClaimMalformed(name)),
                "{name} {odd}"
            );
        }
    }
}

#[test]
fn a_payload_that_is_no_object_is_refused() {
    let key = key(SigningAlg::Es256);
    let keys = set_of(&[&key]);
    let refused = |payload: &str| refusal(&craft(&header(&key).to_string(), payload, &*key.signer()), &keys);
    let error = |error| VerifyError::NotStrictJson {
        part: Part::Payload,
        error,
    };
    assert_eq!(refused(""), error(StrictJsonError::NotJson));
    assert_eq!(refused("{}x"), error(StrictJsonError::NotJson));
    assert_eq!(refused("[]"), error(StrictJsonError::NotAnObject));
    assert_eq!(
        refused(" {} "),
        VerifyError::ClaimMissing("iss"),
        "white space is JSON"
    );
}
