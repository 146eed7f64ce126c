//! Names of sign-ins (`sid`, OpenID Connect Front- and Back-Channel Logout): another for each sub-site, so that two
//! sub-sites, even of one sector, cannot join visits by it.

use std::fmt;

use model::client::Client;
use model::ids::SessionId;
use store::vault::Vault;
use zeroize::Zeroizing;

use crate::subject::keyed;

/// The key of session names.
pub struct Sids(Zeroizing<[u8; 32]>);

impl fmt::Debug for Sids {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sids(…)")
    }
}

impl Sids {
    /// Derives the key.
    pub fn new(vault: &Vault) -> Self {
        Self(vault.derive("sid"))
    }

    /// The `sid` of a sign-in for one client.
    pub fn sid(&self, client: &Client, session: SessionId) -> String {
        keyed(
            &self.0,
            client.client_id.as_str().as_bytes(),
            session.as_uuid().as_bytes(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[tokio::test]
    async fn sites_of_one_sector_cannot_join_visits_by_sid() {
        let world = testing::world().await;
        let hefei = testing::client("hefei");
        let mut sister = testing::client("hefei-transport");
        sister.sector = hefei.sector.clone();
        let sids = Sids::new(world.store.vault());
        let session = SessionId::new(world.now(), world.store.rng());
        assert_ne!(sids.sid(&hefei, session), sids.sid(&sister, session));
        assert_eq!(sids.sid(&hefei, session), sids.sid(&hefei, session));
    }
}
