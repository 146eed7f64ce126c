//! Signatures and algorithms; shapes and claims are in the files below.

mod claims;
mod shape;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use josekit::jwk::Jwk;
use josekit::jwk::KeyPair as _;
use josekit::jwk::alg::ec::EcKeyPair;
use josekit::jwk::alg::rsa::RsaKeyPair;
use josekit::jws::HS256;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::alg::ACCEPTED;
use crate::key::PrivateKey;
use crate::testing::{craft, header, key, now, other_key, set_of};

const CLIENT: &str = "city-demo";
const ISSUER: &str = "https://id.example.gov";

/// What the token endpoint wants of a client assertion (RFC 7523 section 3).
fn assertion(keys: &PublicKeySet) -> Verification<'_> {
    Verification {
        keys,
        algs: &ACCEPTED,
        typ: Typ::AbsentOrOneOf(&["JWT", "client-authentication+jwt"]),
        issuer: CLIENT,
        subject: Subject::Exactly(CLIENT),
        audience: Audience::ExactlyOneOf(&[ISSUER]),
        issued_at: Demand::IfPresent,
        token_id: Demand::Required,
        now: now(),
        leeway: Duration::from_secs(30),
        max_age: Duration::from_mins(10),
    }
}

fn claims() -> Value {
    let at = now().timestamp();
    json!({ "iss": CLIENT, "sub": CLIENT, "aud": ISSUER, "jti": "n-1", "iat": at, "exp": at + 60 })
}

fn with(mut value: Value, name: &str, member: Value) -> Value {
    value[name] = member;
    value
}

fn without(mut value: Value, name: &str) -> Value {
    value.as_object_mut().unwrap().remove(name);
    value
}

/// A right token, but for its header.
fn with_header(key: &PrivateKey, header: &str) -> String {
    craft(header, &claims().to_string(), &*key.signer())
}

fn refusal(token: &str, keys: &PublicKeySet) -> VerifyError {
    verify(token, &assertion(keys)).unwrap_err()
}

/// Checks a token with these claims by the usual rules.
fn outcome(claims: &Value) -> Result<Verified, VerifyError> {
    let key = key(SigningAlg::Es256);
    let token = craft(&header(&key).to_string(), &claims.to_string(), &*key.signer());
    verify(&token, &assertion(&set_of(&[&key])))
}

#[test]
fn a_client_assertion_round_trips_with_each_algorithm() {
    for alg in ACCEPTED {
        let key = key(alg);
        let keys = set_of(&[&key, &other_key(alg)]);
        let token = with_header(&key, &header(&key).to_string());
        let verified = verify(&token, &assertion(&keys)).unwrap();
        assert_eq!(verified.token_id(), Some("n-1"));
        assert_eq!(verified.subject(), Some(CLIENT));
        assert_eq!(verified.audience(), [ISSUER]);
        assert_eq!(verified.expires_at().timestamp(), now().timestamp() + 60);
        assert_eq!(
            verified.header(),
            &Header {
                alg,
                kid: Some(key.kid().to_owned()),
                typ: Some("JWT".to_owned())
            }
        );
        assert!(
            !format!("{verified:?}").contains(CLIENT),
            "claims are not for logs"
        );

        let wrong = with_header(&other_key(alg), &header(&key).to_string());
        assert_eq!(refusal(&wrong, &keys), VerifyError::SignatureWrong, "{alg:?}");
        let elsewhere = set_of(&[&other_key(alg)]);
        assert_eq!(refusal(&token, &elsewhere), VerifyError::UnknownKey);
    }
}

#[test]
fn attack_103_alg_none_in_every_spelling_is_refused() {
    let key = key(SigningAlg::Es256);
    let keys = set_of(&[&key]);
    let spellings = [
        json!("none"),
        json!("None"),
        json!("NONE"),
        json!("nOnE"),
        json!(" none"),
        json!("none "),
        json!("none\u{0}"),
        json!("n\u{43e}ne"),
        json!(""),
        json!("null"),
        json!("ES256,none"),
        json!("es256"),
    ];
    for alg in spellings {
        let text = json!({ "alg": alg, "kid": key.kid() }).to_string();
        assert_eq!(
            refusal(&with_header(&key, &text), &keys),
            VerifyError::AlgNotAccepted,
            "{text}"
        );
        let signed = with_header(&key, &text);
        let (input, _) = signed.rsplit_once('.').unwrap();
        assert_eq!(
            refusal(&format!("{input}."), &keys),
            VerifyError::AlgNotAccepted,
            "{text}"
        );
        assert_eq!(refusal(input, &keys), VerifyError::NotThreeParts, "{text}");
    }
    for alg in [
        json!(null),
        json!(0),
        json!(256),
        json!(true),
        json!(["ES256"]),
        json!({ "a": "ES256" }),
    ] {
        let text = json!({ "alg": alg, "kid": key.kid() }).to_string();
        let expected = VerifyError::HeaderMemberMalformed("alg");
        assert_eq!(refusal(&with_header(&key, &text), &keys), expected, "{text}");
    }
    for text in [
        json!({ "kid": key.kid() }).to_string(),
        json!({ "Alg": "ES256" }).to_string(),
        "{}".to_owned(),
    ] {
        assert_eq!(
            refusal(&with_header(&key, &text), &keys),
            VerifyError::AlgNotAccepted,
            "{text}"
        );
    }
}

#[test]
fn attack_069_hs256_with_our_public_key_as_secret_is_refused() {
    for alg in [SigningAlg::Rs256, SigningAlg::Es256] {
        let key = key(alg);
        let keys = set_of(&[&key]);
        let jwk = Jwk::from_bytes(&*key.export()).unwrap();
        let (pem, der) = if alg == SigningAlg::Es256 {
            let pair = EcKeyPair::from_jwk(&jwk).unwrap();
            (pair.to_pem_public_key(), pair.to_der_public_key())
        } else {
            let pair = RsaKeyPair::from_jwk(&jwk).unwrap();
            (pair.to_pem_public_key(), pair.to_der_public_key())
        };
        let public = key.public().to_value().to_string().into_bytes();
        for secret in [pem, der, public, key.kid().as_bytes().to_vec()] {
            let signer = HS256.signer_from_bytes(&secret).unwrap();
            for name in ["HS256", "HS384", "HS512", "hs256"] {
                let header = json!({ "alg": name, "kid": key.kid(), "typ": "JWT" }).to_string();
                let token = craft(&header, &claims().to_string(), &signer);
                assert_eq!(refusal(&token, &keys), VerifyError::AlgNotAccepted);
            }
            let honest = craft(&header(&key).to_string(), &claims().to_string(), &signer);
            assert_eq!(refusal(&honest, &keys), VerifyError::SignatureMalformed);
        }
    }
}

#[test]
fn attack_103_the_algorithm_must_be_the_keys_and_the_callers() {
    let rs256 = key(SigningAlg::Rs256);
    let es256 = key(SigningAlg::Es256);
    let keys = set_of(&[&rs256, &es256]);
    // The same RSA key, asked to verify the other RSA algorithm.
    for name in ["PS256", "ES256", "EdDSA"] {
        let text = json!({ "alg": name, "kid": rs256.kid() }).to_string();
        assert_eq!(
            refusal(&with_header(&rs256, &text), &keys),
            VerifyError::AlgNotForKey,
            "{name}"
        );
    }
    let token = with_header(&rs256, &header(&rs256).to_string());
    let wanted = Verification {
        algs: &[SigningAlg::Es256, SigningAlg::Ps256],
        ..assertion(&keys)
    };
    assert_eq!(verify(&token, &wanted).unwrap_err(), VerifyError::AlgNotAccepted);
    assert_eq!(
        verify(&token, &Verification { algs: &[], ..wanted }).unwrap_err(),
        VerifyError::AlgNotAccepted
    );
}

#[test]
fn attack_105_es256_signatures_of_zero_or_out_of_range_are_refused() {
    let key = key(SigningAlg::Es256);
    let keys = set_of(&[&key]);
    let token = with_header(&key, &header(&key).to_string());
    let (input, signature) = token.rsplit_once('.').unwrap();
    let good = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let (r, s) = good.split_at(32);
    let (zero, order, all) = ([0; 32], P256_ORDER, [0xff; 32]);
    let forged = [
        [zero.as_slice(), &zero].concat(),
        [r, &zero].concat(),
        [&zero, s].concat(),
        [order.as_slice(), s].concat(),
        [r, order.as_slice()].concat(),
        [all.as_slice(), &all].concat(),
        [&[0], good.as_slice()].concat(),
        [good.as_slice(), &[0]].concat(),
        r.to_vec(),
        Vec::new(),
    ];
    for signature in forged {
        let token = format!("{input}.{}", URL_SAFE_NO_PAD.encode(&signature));
        assert_eq!(
            refusal(&token, &keys),
            VerifyError::SignatureMalformed,
            "{signature:x?}"
        );
    }
    let mut tiny = [0; 64];
    (tiny[31], tiny[63]) = (1, 1);
    let token = format!("{input}.{}", URL_SAFE_NO_PAD.encode(tiny));
    assert_eq!(refusal(&token, &keys), VerifyError::SignatureWrong);
}

#[test]
fn signatures_of_the_wrong_length_are_refused_for_each_algorithm() {
    for alg in ACCEPTED {
        let key = key(alg);
        let keys = set_of(&[&key]);
        let token = with_header(&key, &header(&key).to_string());
        let (input, _) = token.rsplit_once('.').unwrap();
        for length in [0, 1, 63, 65, 255, 257, 511, 512, 513, 4096] {
            let token = format!("{input}.{}", URL_SAFE_NO_PAD.encode(vec![0xff; length]));
            let error = refusal(&token, &keys);
            assert!(
                matches!(
                    error,
                    VerifyError::SignatureMalformed | VerifyError::SignatureWrong
                ),
                "{error:?}"
            );
        }
    }
}

#[test]
fn attack_102_the_examples_of_the_standards_verify() {
    let check = |jwk: &str, token: &str| {
        let keys = PublicKeySet::from_json(format!(r#"{{"keys":[{jwk}]}}"#).as_bytes()).unwrap();
        verify_signature(token, &keys, &ACCEPTED).map(|(_, payload)| payload)
    };
    // RFC 7515 appendix A.3.
    let payload = check(
        r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#,
        "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
    );
    assert!(payload.unwrap().starts_with(br#"{"iss":"joe","#));
    // RFC 8037 appendix A.4.
    let payload = check(
        r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
        "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
    );
    assert_eq!(payload.unwrap(), b"Example of Ed25519 signing");
}

proptest! {
    #[test]
    fn never_panics(token in "\\PC*", head in "\\PC*", body in "\\PC*", signature: Vec<u8>) {
        let keys = set_of(&[&key(SigningAlg::Es256)]);
        let wanted = assertion(&keys);
        prop_assert!(verify(&token, &wanted).is_err());
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let token = format!("{}.{}.{}", encode(head.as_bytes()), encode(body.as_bytes()), encode(&signature));
        prop_assert!(verify(&token, &wanted).is_err());
    }

    #[test]
    fn any_changed_character_is_refused(at in 0_usize..400, to in "[A-Za-z0-9_.=-]") {
        let key = key(SigningAlg::EdDsa);
        let keys = set_of(&[&key]);
        let token = with_header(&key, &header(&key).to_string());
        let mut changed: Vec<char> = token.chars().collect();
        let at = at % changed.len();
        changed[at] = to.chars().next().unwrap();
        let changed: String = changed.into_iter().collect();
        prop_assert_eq!(verify(&changed, &assertion(&keys)).is_ok(), changed == token);
    }
}
