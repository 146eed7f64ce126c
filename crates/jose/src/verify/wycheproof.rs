//! Project Wycheproof's JWS and JWK vectors through this crate's own verification. The corpus lies beside the
//! repository, not in it; where it is missing these tests say so and pass.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::*;
use crate::alg::ACCEPTED;
use crate::mac::{self, Secret};

/// Vectors marked valid that we refuse, by `tcId`, with the reason.
const JWS_DIFFERENCES: [(&str, &[u64]); 5] = [
    (
        "HS256: symmetric keys are not accepted in key sets; see the next test for secrets",
        &[1, 348, 352, 357, 358, 359, 372, 373, 376, 377],
    ),
    (
        "RS384, RS512: not on the list",
        &[264, 265, 266, 267, 268, 269, 270, 271],
    ),
    (
        "PS384, PS512: not on the list",
        &[320, 321, 322, 323, 325, 326, 327, 328],
    ),
    ("the key says PS256, the token PS384", &[346, 350]),
    (
        "the key says ES521, which is no algorithm, and P-521 is not on the list",
        &[347, 351],
    ),
];

/// The same for key sets.
const JWK_DIFFERENCES: [(&str, &[u64]); 1] = [(
    "HS256, HS384, HS512: symmetric keys are not accepted",
    &[2, 13, 14, 15],
)];

/// HS256 vectors that end otherwise than marked. Two invalid ones have the same text as a valid one (357), so the
/// corpus contradicts itself; two valid ones have foreign characters in base64, which we read in one spelling only.
const MAC_DIFFERENCES: [u64; 4] = [367, 370, 372, 373];

/// The same for the vectors that mix signed and encrypted tokens.
const MIXED_DIFFERENCES: [(&str, &[u64]); 2] = [
    ("HS256: symmetric keys are not accepted in key sets", &[1, 48]),
    ("encrypted tokens are not accepted", &[50, 67]),
];

fn vectors(name: &str) -> Option<Value> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors"));
    if let Ok(text) = std::fs::read(folder.join(name)) {
        return Some(serde_json::from_slice(&text).unwrap());
    }
    eprintln!("skipped: {} is not there", folder.join(name).display());
    assert!(
        !folder.exists(),
        "the folder of vectors is there, but {name} is not"
    );
    None
}

/// The token of a vector, signed or encrypted; some are in the JSON serialisation.
fn token_of(test: &Value) -> String {
    let token = test.get("jws").unwrap_or(&test["jwe"]);
    token.as_str().map_or_else(|| token.to_string(), str::to_owned)
}

/// Runs every vector; returns how many there were, how many we accepted, and where we differ.
fn run(file: &Value, key_set: impl Fn(&Value) -> Value) -> (usize, usize, Vec<u64>) {
    let (mut count, mut accepted, mut differing) = (0, 0, Vec::new());
    for group in file["testGroups"].as_array().unwrap() {
        let keys = group
            .get("public")
            .filter(|key| !key.is_null())
            .unwrap_or(&group["private"]);
        let keys = PublicKeySet::from_json(key_set(keys).to_string().as_bytes());
        for test in group["tests"].as_array().unwrap() {
            let jws = token_of(test);
            let ours = keys
                .as_ref()
                .is_ok_and(|keys| match verify_signature(&jws, keys, &ACCEPTED) {
                    Ok(_) => true,
                    Err(error) => {
                        assert_ne!(error, VerifyError::Library, "a panic in tcId {}", test["tcId"]);
                        false
                    }
                });
            count += 1;
            accepted += usize::from(ours);
            if ours != (test["result"] == "valid") {
                differing.push(test["tcId"].as_u64().unwrap());
            }
        }
    }
    (count, accepted, differing)
}

fn known(differences: &[(&str, &[u64])]) -> Vec<u64> {
    let mut known: Vec<_> = differences
        .iter()
        .flat_map(|(_, ids)| ids.iter().copied())
        .collect();
    known.sort_unstable();
    known
}

#[test]
fn attack_101_wycheproof_jws_vectors_end_as_marked() {
    let Some(file) = vectors("wycheproof_json_web_signature_test.json") else {
        return;
    };
    let (count, accepted, differing) = run(&file, |key| json!({ "keys": [key] }));
    assert_eq!(count, 401);
    assert_eq!(differing, known(&JWS_DIFFERENCES));
    assert!(
        accepted >= 15,
        "RS256, PS256 and ES256 are among them: {accepted}"
    );
}

#[test]
fn attack_101_wycheproof_jwk_vectors_end_as_marked() {
    let Some(file) = vectors("wycheproof_json_web_key_test.json") else {
        return;
    };
    let (count, accepted, differing) = run(&file, Value::clone);
    assert_eq!(count, 26);
    assert_eq!(differing, known(&JWK_DIFFERENCES));
    assert_eq!(accepted, 1, "the one plain RS256 set");
}

#[test]
fn attack_101_wycheproof_hs256_vectors_end_as_marked_with_a_registered_secret() {
    let Some(file) = vectors("wycheproof_json_web_signature_test.json") else {
        return;
    };
    let (mut count, mut accepted) = (0, 0);
    for group in file["testGroups"].as_array().unwrap() {
        if group["private"]["kty"] != "oct" {
            continue;
        }
        let secret = URL_SAFE_NO_PAD
            .decode(group["private"]["k"].as_str().unwrap())
            .unwrap();
        let secret = Secret::new(&secret).unwrap();
        for test in group["tests"].as_array().unwrap() {
            let ours = mac::signed_with(&token_of(test), std::slice::from_ref(&secret)).is_ok();
            count += 1;
            accepted += usize::from(ours);
            let id = test["tcId"].as_u64().unwrap();
            let marked = test["result"] == "valid";
            assert_eq!(ours, marked != MAC_DIFFERENCES.contains(&id), "tcId {id}");
        }
    }
    assert_eq!((count, accepted), (40, 10));
}

/// Not one is decrypted, so there is nothing that padding, tags, initialisation vectors, compression or iteration
/// counts could do to us; and all look the same from outside.
#[test]
fn attack_101_111_113_114_115_wycheproof_encrypted_vectors_are_all_refused_at_their_shape() {
    let Some(file) = vectors("wycheproof_json_web_encryption_test.json") else {
        return;
    };
    let key = crate::testing::key(SigningAlg::Es256);
    let keys = crate::testing::set_of(&[&key]);
    let secret = Secret::new(&[7; 32]).unwrap();
    let mut count = 0;
    for test in file["testGroups"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|group| group["tests"].as_array().unwrap())
    {
        let token = token_of(test);
        let id = &test["tcId"];
        let refusals = [
            verify_signature(&token, &keys, &ACCEPTED)
                .map(|_| ())
                .unwrap_err(),
            mac::signed_with(&token, std::slice::from_ref(&secret))
                .map(|_| ())
                .unwrap_err(),
        ];
        for refusal in refusals {
            assert_eq!(refusal, VerifyError::NotThreeParts, "tcId {id}");
        }
        count += 1;
    }
    assert_eq!(count, 139);
}

#[test]
fn attack_101_wycheproof_mixed_vectors_end_as_marked() {
    let Some(file) = vectors("wycheproof_json_web_crypto_test.json") else {
        return;
    };
    let (count, accepted, differing) = run(&file, |key| json!({ "keys": [key] }));
    assert_eq!(count, 83);
    assert_eq!(differing, known(&MIXED_DIFFERENCES));
    assert!(accepted >= 2, "RS256 and ES256 are among them: {accepted}");
}
