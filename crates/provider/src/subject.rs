//! Names under which sub-sites know residents (OpenID Connect Core 8.1): pairwise, one for each sector.
//!
//! A keyed hash of sector and account: nothing to store, the same on every node and for good, and without the key
//! neither joined across sectors nor traced back to the account (A125). A closed account never comes back under its
//! identifier, so its subject does not either (A126).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use model::client::Client;
use model::ids::AccountId;
use sha2::Sha256;
use store::vault::Vault;
use zeroize::Zeroizing;

/// The key of subjects.
pub struct Subjects(Zeroizing<[u8; 32]>);

impl fmt::Debug for Subjects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Subjects(…)")
    }
}

impl Subjects {
    /// Derives the key.
    pub fn new(vault: &Vault) -> Self {
        Self(vault.derive("subject"))
    }

    /// The `sub` of an account for all sub-sites of a client's sector.
    pub fn subject(&self, client: &Client, account: AccountId) -> String {
        format!(
            "p.{}",
            keyed(&self.0, client.sector.as_bytes(), account.as_uuid().as_bytes())
        )
    }
}

/// Sectors and client ids have no NUL and identifiers have one length, so no two pairs give one input.
pub(crate) fn keyed(key: &[u8; 32], scope: &[u8], id: &[u8; 16]) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return String::new(); // HMAC takes keys of any length
    };
    mac.update(scope);
    mac.update(&[0]);
    mac.update(id);
    URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[tokio::test]
    async fn attack_125_subjects_differ_by_person_and_by_sector_and_nothing_else() {
        let world = testing::world().await;
        let (hefei, wuhu) = (testing::client("hefei"), testing::client("wuhu"));
        let mut sister = testing::client("hefei-transport");
        sister.sector = hefei.sector.clone();
        let [one, two] = [0, 1].map(|_| AccountId::new(world.now(), world.store.rng()));
        let names = Subjects::new(world.store.vault());
        assert_ne!(names.subject(&hefei, one), names.subject(&hefei, two));
        assert_ne!(names.subject(&hefei, one), names.subject(&wuhu, one));
        assert_eq!(names.subject(&hefei, one), names.subject(&sister, one));
        assert_eq!(names.subject(&hefei, one).len(), 45);
    }
}
