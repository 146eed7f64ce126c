//! Keys and hand-made tokens for this crate's tests.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use josekit::jws::JwsSigner;
use model::client::SigningAlg;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::key::PrivateKey;
use crate::key_set::PublicKeySet;

type Exports = BTreeMap<(SigningAlg, usize), Zeroizing<Vec<u8>>>;

/// Two keys for each algorithm, made once a run.
static KEYS: LazyLock<Exports> = LazyLock::new(|| {
    let all = SigningAlg::ALL.into_iter().flat_map(|alg| [(alg, 0), (alg, 1)]);
    all.map(|(alg, n)| ((alg, n), PrivateKey::generate(alg).unwrap().export()))
        .collect()
});

/// The first test key of an algorithm.
pub(crate) fn key(alg: SigningAlg) -> PrivateKey {
    PrivateKey::import(&KEYS[&(alg, 0)]).unwrap()
}

/// The second test key of an algorithm.
pub(crate) fn other_key(alg: SigningAlg) -> PrivateKey {
    PrivateKey::import(&KEYS[&(alg, 1)]).unwrap()
}

/// A key set with the public parts of some keys.
pub(crate) fn set_of(keys: &[&PrivateKey]) -> PublicKeySet {
    let keys: Vec<_> = keys.iter().map(|key| key.public().to_value()).collect();
    PublicKeySet::from_value(&json!({ "keys": keys })).unwrap()
}

/// A token with any header and payload, signed by any signer over what is written.
pub(crate) fn craft(header: &str, payload: &str, signer: &dyn JwsSigner) -> String {
    let input = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(payload)
    );
    let signature = signer.sign(input.as_bytes()).unwrap();
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// The usual header of a key.
pub(crate) fn header(key: &PrivateKey) -> Value {
    json!({ "alg": key.alg().name(), "kid": key.kid(), "typ": "JWT" })
}

/// When the tests take place.
pub(crate) fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}
