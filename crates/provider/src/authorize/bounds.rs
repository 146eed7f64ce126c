//! How much anybody can put aside here before a sign-in: each request is a row, and nobody is known yet (A311).
//!
//! Three counters: the network, the /48 around it where that is IPv6 (a customer is often given 256 networks, and
//! sometimes 65,536), and the sub-site. A network over its limit does not use up what all others share. When a
//! sub-site's total is used up all the same, only who had more than a small share of it is refused: a flood out of many
//! networks does not shut the sub-site's residents out. The rows stay bounded, because at a multiple of the total
//! everybody is refused.

use chrono::{DateTime, Utc};
use store::throttles::{self, Count, Rule};
use store::{StoreError, Tx};
use web::client_address::ClientAddress;

/// How many networks' worth a /48 has, and how many totals' worth a sub-site has in the end.
const FACTOR: i64 = 4;

/// How much in one window.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// From one network.
    pub network: Rule,
    /// The name of the counter of the networks around it.
    pub around: &'static str,
    /// What a network may have had when the sub-site's total is used up.
    pub share: i64,
    /// To one sub-site, wherever it comes from.
    pub client: Rule,
}

/// How many requests are put aside in ten minutes: 1200 of one network, because a whole office may be behind one
/// address; to one sub-site 50 a second, more than its residents sign in.
pub(crate) const ASIDE: Bounds = Bounds {
    network: Rule {
        name: "interaction_address",
        limit: 1200,
        window_seconds: 600,
    },
    around: "interaction_address_48",
    share: 20,
    client: Rule {
        name: "interaction_client",
        limit: 30_000,
        window_seconds: 600,
    },
};

impl Bounds {
    fn around(&self) -> Rule {
        Rule {
            name: self.around,
            limit: self.network.limit * FACTOR,
            ..self.network
        }
    }

    /// Counts one, in order up to the first counter that is over its limit; the name of that counter when this one is
    /// refused.
    pub(crate) async fn count(
        &self,
        tx: &Tx,
        from: ClientAddress,
        client: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<(&'static str, Count)>, StoreError> {
        let near = throttles::hit(tx, &self.network, &from.network().to_string(), now).await?;
        if near.exceeded() {
            return Ok(Some((self.network.name, near)));
        }
        let mut modest = near.count <= self.share;
        if let Some(around) = from.network_around() {
            let far = throttles::hit(tx, &self.around(), &around.to_string(), now).await?;
            if far.exceeded() {
                return Ok(Some((self.around, far)));
            }
            modest &= far.count <= self.share * FACTOR;
        }
        let all = throttles::hit(tx, &self.client, client, now).await?;
        if !all.exceeded() || (modest && all.count <= all.limit * FACTOR) {
            return Ok(None);
        }
        if !modest {
            // Who is refused for the own share does not use up what is left for the others.
            throttles::give_back(tx, &self.client, client, now).await?;
        }
        Ok(Some((self.client.name, all)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    const SMALL: Bounds = Bounds {
        network: Rule {
            name: "network",
            limit: 5,
            window_seconds: 60,
        },
        around: "around",
        share: 1,
        client: Rule {
            name: "client",
            limit: 30,
            window_seconds: 60,
        },
    };

    struct Site {
        tx: Tx,
        now: DateTime<Utc>,
    }

    impl Site {
        async fn each() -> Vec<(testing::World, Self)> {
            let mut each = Vec::new();
            for world in testing::worlds().await {
                let (tx, now) = (world.store.read(), world.now());
                each.push((world, Self { tx, now }));
            }
            each
        }

        /// The counter that refuses one more request from an address.
        async fn hit(&self, from: &str) -> Option<&'static str> {
            let from = ClientAddress(from.parse().unwrap());
            let over = SMALL.count(&self.tx, from, "hefei", self.now).await.unwrap();
            over.map(|(name, _)| name)
        }

        async fn total(&self) -> i64 {
            let count = throttles::look(&self.tx, &SMALL.client, "hefei", self.now).await;
            count.unwrap().count
        }
    }

    #[tokio::test]
    async fn attack_311_a_network_over_its_limit_does_not_use_up_what_a_sub_site_has() {
        for (_world, site) in Site::each().await {
            for _ in 0..5 {
                assert_eq!(site.hit("192.0.2.1").await, None);
            }
            for _ in 0..50 {
                assert_eq!(site.hit("192.0.2.1").await, Some("network"));
            }
            assert_eq!(site.total().await, 5);
        }
    }

    #[tokio::test]
    async fn attack_311_the_many_networks_of_one_ipv6_customer_do_not_shut_a_sub_site() {
        for (_world, site) in Site::each().await {
            // 256 networks of a /56, each within its own limit.
            for network in 0..256 {
                site.hit(&format!("2001:db8:1:ff{network:02x}::7")).await;
            }
            assert_eq!(site.hit("2001:db8:1:1::7").await, Some("around"));
            assert_eq!(site.total().await, 20);
            // The customer next to it, and somebody with IPv4.
            assert_eq!(site.hit("2001:db8:2:1::7").await, None);
            assert_eq!(site.hit("192.0.2.1").await, None);
        }
    }

    #[tokio::test]
    async fn attack_311_a_flood_from_many_networks_leaves_room_for_newcomers_up_to_a_hard_limit() {
        for (_world, site) in Site::each().await {
            for customer in 1..=2 {
                for request in 0..20 {
                    let from = format!("2001:db8:{customer}:{request}::7");
                    let over = site.hit(&from).await;
                    let full = customer == 2 && request >= 10;
                    assert_eq!(over, full.then_some("client"), "{from}");
                }
            }
            // Who is refused uses nothing up.
            for request in 0..200 {
                let over = site.hit(&format!("2001:db8:2:{request:x}::8")).await;
                assert!(over.is_some(), "{request}");
            }
            assert_eq!(site.total().await, 30);
            // A resident comes in once more than nobody, and not for ever.
            assert_eq!(site.hit("192.0.2.1").await, None);
            assert_eq!(site.hit("192.0.2.1").await, Some("client"));
            assert_eq!(site.hit("2001:db8:3:1::7").await, None);
            // However many networks there are, the rows are bounded.
            for last in 0..88 {
                assert_eq!(site.hit(&format!("198.51.100.{last}")).await, None, "{last}");
            }
            assert_eq!(site.total().await, 120);
            assert_eq!(site.hit("203.0.113.1").await, Some("client"));
        }
    }

    #[test]
    fn a_newcomer_has_a_share_and_the_counters_differ() {
        let around = ASIDE.around();
        assert_eq!((around.limit, around.window_seconds), (4800, 600));
        assert!(ASIDE.share * FACTOR < around.limit && around.limit * FACTOR < ASIDE.client.limit);
        assert!(around.name != ASIDE.network.name && around.name != ASIDE.client.name);
    }
}
