//! What refused proofs leave behind.

use super::super::refusal::{WRITTEN, WRITTEN_OF_NETWORK};
use super::*;

async fn wrong(world: &World, address: &str, id: &str) -> u16 {
    let sent = Sent::secret(id, "wrong");
    let refusal = sent.from(world, address, Endpoint::Token).await.unwrap_err();
    assert_eq!(refusal.row().code.as_str(), "invalid_client");
    refusal.row().status.as_u16()
}

/// Refusals in the audit log, and how many rows say that there are more.
async fn written(world: &World) -> (usize, usize) {
    let rows = world.test.audited().await.unwrap();
    let refused: Vec<_> = rows
        .iter()
        .filter(|(event, ..)| event == "client_refused")
        .collect();
    let more = refused
        .iter()
        .filter(|(_, client, details)| client.is_none() && details["counter"].is_string());
    (refused.len() - more.clone().count(), more.count())
}

#[tokio::test]
async fn attack_311_refusals_do_not_fill_the_audit_log_whoever_they_name_and_wherever_they_come_from() {
    for world in testing::worlds().await {
        // One network that walks through the names.
        world
            .test
            .fill(&WRITTEN_OF_NETWORK, "192.0.2.1", 2)
            .await
            .unwrap();
        for id in ["hefei", "wuhu", "hefei", "wuhu", "nobody", "anhui"] {
            assert_eq!(
                wrong(&world, "192.0.2.1", id).await,
                401,
                "the answer is the same"
            );
        }
        assert_eq!(written(&world).await, (2, 1));
        assert_eq!(wrong(&world, "192.0.2.2", "hefei").await, 401);
        assert_eq!(written(&world).await, (3, 1), "another network");
        // Many networks, each of which asks once.
        world.test.fill(&WRITTEN, "", 1).await.unwrap();
        for network in 0..5 {
            let address = format!("2001:db8:0:{network}::1");
            assert_eq!(wrong(&world, &address, "hefei").await, 401);
        }
        assert_eq!(written(&world).await, (4, 2));
        // Who proves itself is let in all the while.
        let right = Sent::secret("hefei", testing::SECRET);
        assert!(right.taken(&world, Endpoint::Token).await);
        world.clock.advance(chrono::TimeDelta::minutes(5));
        assert_eq!(wrong(&world, "192.0.2.1", "hefei").await, 401);
        assert_eq!(written(&world).await, (5, 2), "a new window");
    }
}
