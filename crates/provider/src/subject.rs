//! Names under which sub-sites know residents (OpenID Connect Core 8): pairwise, one for each sector; or public, one for
//! all sub-sites that were registered so, where the operator allows that.
//!
//! A sector is what the registration's `sector` says, or the host of its `sector_identifier_uri` if it has one, so that a
//! sub-site which names a document shares names with the other sites of that host and no others. A sub-site that had
//! none and gets one knows its residents by other names from then on, unless its `sector` said `https://` and that host.
//!
//! A keyed hash of sector and account: nothing to store, the same on every node and for good, and without the key
//! neither joined across sectors nor traced back to the account (A125). A closed account never comes back under its
//! identifier, so its subject does not either (A126).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use model::client::{Client, SubjectType};
use model::ids::AccountId;
use sha2::Sha256;
use store::vault::Vault;
use url::Url;
use zeroize::Zeroizing;

/// The keys of subjects. Public names have one of their own, so no sector can be named such that its names are theirs.
pub struct Subjects {
    pairwise: Zeroizing<[u8; 32]>,
    public: Zeroizing<[u8; 32]>,
}

impl fmt::Debug for Subjects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Subjects(…)")
    }
}

impl Subjects {
    /// Derives the keys.
    pub fn new(vault: &Vault) -> Self {
        Self {
            pairwise: vault.derive("subject"),
            public: vault.derive("public subject"),
        }
    }

    /// The `sub` of an account for a client.
    pub fn subject(&self, client: &Client, account: AccountId) -> String {
        let id = account.as_uuid();
        match client.subject_type {
            SubjectType::Pairwise => {
                format!(
                    "p.{}",
                    keyed(&self.pairwise, sector(client).as_bytes(), id.as_bytes())
                )
            }
            SubjectType::Public => format!("u.{}", keyed(&self.public, b"", id.as_bytes())),
        }
    }
}

/// The sector of a client. A host is written as an address, so that it is no file's sector by accident; an address
/// without a host is refused at registration.
fn sector(client: &Client) -> String {
    let document = client.sector_identifier_uri.as_deref();
    let host = document.and_then(|uri| Some(format!("https://{}", Url::parse(uri).ok()?.host_str()?)));
    host.unwrap_or_else(|| client.sector.clone())
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
        assert_eq!(
            names.subject(&hefei, one),
            Subjects::new(world.store.vault()).subject(&hefei, one),
            "the same on every node"
        );
    }

    #[tokio::test]
    async fn attack_125_the_host_of_a_sectors_document_is_the_sector_and_files_without_one_stay_as_they_are()
    {
        let world = testing::world().await;
        let names = Subjects::new(world.store.vault());
        let one = AccountId::new(world.now(), world.store.rng());
        let mut old = testing::client("hefei");
        old.sector = "https://city.example".to_owned();
        let known = names.subject(&old, one);
        let with = |id: &str, uri: &str| {
            let mut client = testing::client(id);
            client.sector_identifier_uri = Some(uri.to_owned());
            client
        };
        let first = with("wuhu", "https://city.example/sites.json");
        let second = with("bengbu", "https://city.example/other.json");
        let stranger = with("huaibei", "https://city.example.evil.example/sites.json");
        assert_eq!(names.subject(&old, one), known);
        assert_eq!(names.subject(&first, one), names.subject(&second, one));
        assert_eq!(
            names.subject(&first, one),
            known,
            "the host is the sector of the file"
        );
        assert_ne!(names.subject(&stranger, one), known);
    }

    #[tokio::test]
    async fn attack_125_a_public_subject_is_one_for_all_that_were_registered_so_and_no_pairwise_one() {
        let world = testing::world().await;
        let names = Subjects::new(world.store.vault());
        let [one, two] = [0, 1].map(|_| AccountId::new(world.now(), world.store.rng()));
        let public = |id: &str| {
            let mut client = testing::client(id);
            client.subject_type = SubjectType::Public;
            client
        };
        let (hefei, wuhu) = (public("hefei"), public("wuhu"));
        assert_eq!(names.subject(&hefei, one), names.subject(&wuhu, one));
        assert_ne!(names.subject(&hefei, one), names.subject(&hefei, two));
        let mut empty = testing::client("hefei");
        empty.sector = String::new();
        assert_ne!(
            names
                .subject(&empty, one)
                .split_once('.')
                .map(|(_, name)| name.to_owned()),
            names
                .subject(&hefei, one)
                .split_once('.')
                .map(|(_, name)| name.to_owned())
        );
    }

    #[tokio::test]
    async fn attack_126_a_person_who_comes_back_with_a_new_account_has_a_new_subject() {
        let world = testing::world().await;
        let (client, names) = (testing::client("hefei"), Subjects::new(world.store.vault()));
        let again = AccountId::new(world.now(), world.store.rng());
        assert_ne!(
            names.subject(&client, world.account),
            names.subject(&client, again)
        );
    }
}
