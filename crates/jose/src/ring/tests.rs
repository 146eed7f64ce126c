use serde_json::Value;

use super::*;
use crate::testing::{craft, header, key, now, other_key};

const ISSUER: &str = "https://id.example.gov";
const LEEWAY: Duration = Duration::from_secs(30);

fn claims(expires_in: i64) -> String {
    let at = now().timestamp();
    json!({ "iss": ISSUER, "sub": "s", "aud": ["site"], "iat": at - 600, "exp": at + expires_in }).to_string()
}

fn published(ring: &Ring) -> Vec<(String, String)> {
    let jwks: Value = serde_json::from_slice(&ring.jwks()).unwrap();
    let text = |key: &Value, name: &str| key[name].as_str().unwrap().to_owned();
    jwks["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| (text(key, "kid"), text(key, "alg")))
        .collect()
}

#[test]
fn signs_with_each_algorithm_and_says_so_in_the_header() {
    let ring = Ring::new(SigningAlg::ALL.map(|alg| (KeyState::Current, key(alg)))).unwrap();
    assert_eq!(ring.algs(), SigningAlg::ALL);
    for alg in SigningAlg::ALL {
        let token = ring.sign(alg, TokenType::Jwt, &claims(60)).unwrap();
        let hint = ring.id_token_hint(&token, ISSUER, now(), LEEWAY).unwrap();
        assert_eq!(hint.header().alg, alg);
        assert_eq!(hint.header().kid.as_deref(), ring.current_kid(alg));
        assert_eq!(hint.header().typ.as_deref(), Some("JWT"));
        assert_eq!((hint.subject(), hint.audience()), (Some("s"), vec!["site"]));
    }
}

#[test]
fn without_a_current_key_nothing_is_signed() {
    let ring = Ring::new([(KeyState::Next, key(SigningAlg::Es256))]).unwrap();
    let refused = ring.sign(SigningAlg::Es256, TokenType::Jwt, "{}");
    assert_eq!(refused, Err(SignError::NoCurrentKey(SigningAlg::Es256)));
    let empty = Ring::new([]).unwrap();
    assert_eq!(&*empty.jwks(), br#"{"keys":[]}"#);
}

#[test]
fn at_most_one_key_is_current_for_an_algorithm() {
    let (one, two) = (key(SigningAlg::Es256), other_key(SigningAlg::Es256));
    let error = Ring::new([(KeyState::Current, one), (KeyState::Current, two)]).unwrap_err();
    assert_eq!(error, RingError::TwoCurrent(SigningAlg::Es256));
    let twice = [
        (KeyState::Current, key(SigningAlg::Es256)),
        (KeyState::Retiring, key(SigningAlg::Es256)),
    ];
    assert_eq!(Ring::new(twice).unwrap_err(), RingError::DuplicateKey);
    // RS256 and PS256 are two algorithms, each with its own key.
    let both = [SigningAlg::Rs256, SigningAlg::Ps256].map(|alg| (KeyState::Current, key(alg)));
    assert!(Ring::new(both).is_ok());
}

#[test]
fn attack_122_a_retiring_key_verifies_and_a_dead_one_does_not() {
    let old = || key(SigningAlg::Es256);
    let new = || other_key(SigningAlg::Es256);
    let before = Ring::new([(KeyState::Current, old()), (KeyState::Next, new())]).unwrap();
    let token = before
        .sign(SigningAlg::Es256, TokenType::Jwt, &claims(60))
        .unwrap();
    let early = craft(&header(&new()).to_string(), &claims(60), &*new().signer());

    let during = Ring::new([(KeyState::Retiring, old()), (KeyState::Current, new())]).unwrap();
    let after = Ring::new([(KeyState::Dead, old()), (KeyState::Current, new())]).unwrap();
    for (ring, expected) in [
        (&before, Ok(())),
        (&during, Ok(())),
        (&after, Err(VerifyError::UnknownKey)),
    ] {
        assert_eq!(
            ring.id_token_hint(&token, ISSUER, now(), LEEWAY).map(drop),
            expected
        );
        assert!(
            ring.id_token_hint(&early, ISSUER, now(), LEEWAY).is_ok(),
            "signed by a node that moved on first"
        );
    }
    assert_eq!(during.current_kid(SigningAlg::Es256), Some(new().kid()));
    let kids = |ring: &Ring| {
        published(ring)
            .into_iter()
            .map(|(kid, _)| kid)
            .collect::<Vec<_>>()
    };
    assert_eq!(kids(&before), [old().kid(), new().kid()]);
    assert_eq!(
        kids(&during),
        [new().kid(), old().kid()],
        "the one that signs comes first"
    );
    assert_eq!(kids(&after), [new().kid()]);
}

#[test]
fn attack_123_the_published_set_has_no_private_members() {
    let keys = SigningAlg::ALL
        .into_iter()
        .flat_map(|alg| [(KeyState::Current, key(alg)), (KeyState::Next, other_key(alg))]);
    let ring = Ring::new(keys).unwrap();
    let jwks: Value = serde_json::from_slice(&ring.jwks()).unwrap();
    let allowed = ["kty", "crv", "x", "y", "n", "e", "kid", "use", "alg"];
    for key in jwks["keys"].as_array().unwrap() {
        assert!(
            key.as_object()
                .unwrap()
                .keys()
                .all(|name| allowed.contains(&name.as_str())),
            "{key}"
        );
        assert_eq!(key["use"], "sig");
    }
    // What we publish, we would accept from anybody.
    assert_eq!(PublicKeySet::from_json(&ring.jwks()).unwrap().len(), 8);
}

#[test]
fn a_hint_may_have_expired_but_must_be_an_id_token_of_ours() {
    let ring = Ring::new([(KeyState::Current, key(SigningAlg::Es256))]).unwrap();
    let read = |token: &str| ring.id_token_hint(token, ISSUER, now(), LEEWAY).map(drop);
    let sign = |typ, claims: &str| ring.sign(SigningAlg::Es256, typ, claims).unwrap();

    assert_eq!(read(&sign(TokenType::Jwt, &claims(-500))), Ok(()));
    for typ in [
        TokenType::LogoutToken,
        TokenType::AccessToken,
        TokenType::SecurityEvent,
    ] {
        assert_eq!(
            read(&sign(typ, &claims(60))),
            Err(VerifyError::TypMismatch),
            "attack 121: {typ:?}"
        );
    }
    let changed = |name: &str, value: Value| {
        let mut claims: Value = serde_json::from_str(&claims(60)).unwrap();
        claims[name] = value;
        read(&sign(TokenType::Jwt, &claims.to_string()))
    };
    assert_eq!(
        changed("iss", json!("https://evil.example")),
        Err(VerifyError::IssuerMismatch)
    );
    assert_eq!(changed("sub", json!(1)), Err(VerifyError::ClaimMalformed("sub")));
    assert_eq!(changed("aud", json!([])), Err(VerifyError::ClaimMissing("aud")));
    assert_eq!(
        changed("iat", json!(now().timestamp() + 31)),
        Err(VerifyError::IssuedInFuture)
    );
    assert_eq!(
        changed("exp", json!("soon")),
        Err(VerifyError::ClaimMalformed("exp"))
    );
    let foreign = other_key(SigningAlg::Es256);
    let forged = craft(
        &header(&key(SigningAlg::Es256)).to_string(),
        &claims(60),
        &*foreign.signer(),
    );
    assert_eq!(read(&forged), Err(VerifyError::SignatureWrong));
}

#[test]
fn a_shared_ring_is_replaced_whole_for_every_clone() {
    let shared = SharedRing::new(Ring::new([(KeyState::Current, key(SigningAlg::Es256))]).unwrap());
    let clone = shared.clone();
    let held = clone.load();
    shared.replace(Ring::new([(KeyState::Current, other_key(SigningAlg::Es256))]).unwrap());
    assert_eq!(
        held.current_kid(SigningAlg::Es256),
        Some(key(SigningAlg::Es256).kid())
    );
    assert_eq!(
        clone.load().current_kid(SigningAlg::Es256),
        Some(other_key(SigningAlg::Es256).kid())
    );
}

#[test]
fn states_have_names_that_read_back() {
    for state in KeyState::ALL {
        assert_eq!(KeyState::from_name(state.name()), Some(state));
    }
    assert_eq!(KeyState::from_name("Current"), None);
}
