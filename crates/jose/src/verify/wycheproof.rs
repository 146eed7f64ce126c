//! Project Wycheproof's JWS and JWK vectors through this crate's own verification. The corpus lies beside the
//! repository, not in it; where it is missing these tests say so and pass.

use std::path::Path;

use serde_json::{Value, json};

use super::*;
use crate::alg::ACCEPTED;

/// Vectors marked valid that we refuse, by `tcId`, with the reason.
const JWS_DIFFERENCES: [(&str, &[u64]); 5] = [
    (
        "HS256: symmetric keys are not accepted",
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
            let jws = test["jws"]
                .as_str()
                .map_or_else(|| test["jws"].to_string(), str::to_owned);
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
