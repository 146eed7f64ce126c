//! Other names for our own identifiers: one that goes outside is another in each scope, so that nobody joins two scopes by
//! it, and we can tell from it which row is meant.
//!
//! An identifier is one block of AES-256 under a key of the scope. It is no secret and no proof: whoever asks by such a
//! name still has to be allowed to.

use aes_gcm::aes::Aes256;
use aes_gcm::aes::cipher::{BlockCipherDecrypt as _, BlockCipherEncrypt as _, KeyInit as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use crate::vault::Vault;

/// The names of one scope.
pub struct Aliases(Aes256);

impl std::fmt::Debug for Aliases {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Aliases(…)")
    }
}

impl Aliases {
    /// The names of a scope; `what` keeps kinds of identifiers apart.
    pub fn of(vault: &Vault, what: &str, scope: &str) -> Self {
        let key = vault.derive(&format!("alias {what}\u{0}{scope}"));
        Self(Aes256::new(&(*key).into()))
    }

    /// The name of an identifier.
    pub fn name(&self, id: Uuid) -> String {
        let mut block = id.into_bytes().into();
        self.0.encrypt_block(&mut block);
        URL_SAFE_NO_PAD.encode(block)
    }

    /// The identifier that a name of this scope may stand for. Any name stands for one; whether it exists is another
    /// question.
    pub fn identifier(&self, name: &str) -> Option<Uuid> {
        let bytes = URL_SAFE_NO_PAD.decode(name).ok()?;
        let mut block = <[u8; 16]>::try_from(bytes.as_slice()).ok()?.into();
        self.0.decrypt_block(&mut block);
        Some(Uuid::from_bytes(block.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::stores;

    #[tokio::test]
    async fn attack_125_an_identifier_has_another_name_in_each_scope_and_we_find_it_again() {
        for test in stores().await {
            let vault = test.store.vault();
            let [hefei, wuhu] = ["hefei", "wuhu"].map(|scope| Aliases::of(vault, "case", scope));
            let id = test.store.rng().uuid_v7(test.clock.now());
            let name = hefei.name(id);
            assert_eq!(name.len(), 22);
            assert_eq!(hefei.identifier(&name), Some(id));
            assert_ne!(wuhu.name(id), name);
            assert_ne!(wuhu.identifier(&name), Some(id));
            assert_ne!(Aliases::of(vault, "check", "hefei").name(id), name);
            assert_eq!(
                Aliases::of(vault, "case", "hefei").name(id),
                name,
                "on every node"
            );
            for bad in ["", "x", "AAAA", &"A".repeat(23), &"*".repeat(22)] {
                assert_eq!(hefei.identifier(bad), None, "{bad}");
            }
        }
    }
}
