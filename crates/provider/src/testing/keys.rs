//! Signing keys that databases of one test process share.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};

use jose::key::{KeyError, PrivateKey};
use model::client::SigningAlg;
use store::Store;

/// A key that no one has made for this database yet. Databases share keys, because making an RSA key takes longer than
/// any test.
pub fn generate(store: &Store, alg: SigningAlg) -> Result<PrivateKey, KeyError> {
    type Cell = Arc<OnceLock<zeroize::Zeroizing<Vec<u8>>>>;
    static MADE: Mutex<BTreeMap<SigningAlg, Vec<Cell>>> = Mutex::new(BTreeMap::new());
    static GIVEN: Mutex<BTreeMap<(usize, SigningAlg), usize>> = Mutex::new(BTreeMap::new());
    let database = std::ptr::from_ref(store.vault()).addr();
    let number = {
        let mut given = GIVEN.lock().unwrap();
        let given = given.entry((database, alg)).or_default();
        *given += 1;
        *given - 1
    };
    let cell = {
        let mut made = MADE.lock().unwrap();
        let made = made.entry(alg).or_default();
        while made.len() <= number {
            made.push(Cell::default());
        }
        made[number].clone()
    };
    PrivateKey::import(cell.get_or_init(|| PrivateKey::generate(alg).unwrap().export()))
}
