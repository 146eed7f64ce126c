//! Telling sub-sites of sign-outs while nodes die, and by two nodes side by side (R26): what was committed is told, by
//! whichever node is there, and by one of them only.

use std::time::Duration;

use acceptance::journey::{allow, newcomer};
use acceptance::visitor::Visitor;
use acceptance::wait;
use acceptance::world::{Kind, Setup, World};

/// The shortest lease that goes with the shortest limit.
const QUICK: &str = "[provider.backchannel_logout]\ntimeout_ms = 1000\nlease_seconds = 6";

/// A lease, a pause and a new start, with a whole test run on the same computer.
const TOLD_LIMIT: Duration = Duration::from_mins(1);

async fn arrive(visitor: &mut Visitor, site: &str) {
    visitor.open(&format!("{site}/start")).await;
    if visitor.page.name() == "consent" {
        allow(visitor).await;
    }
    visitor.sees("home");
}

async fn sign_out(visitor: &mut Visitor) {
    visitor.open("/logout").await;
    visitor.press("").await;
    visitor.sees("signed-out");
}

/// Waits until a sub-site has learned that the sign-in ended.
async fn is_told(visitor: &mut Visitor, site: &str) {
    let began = std::time::Instant::now();
    loop {
        visitor.open(site).await;
        if visitor.page.find("#ended-by-provider").is_some() {
            return;
        }
        assert!(began.elapsed() < TOLD_LIMIT, "{site} was not told");
        wait::pause().await;
    }
}

/// What sub-sites were told about one person's sign-ins, of every node.
async fn journal(world: &World) -> Vec<String> {
    let address = format!("{}/journal", world.outside.base());
    let entries: Vec<serde_json::Value> = acceptance::engine::http(false)
        .get(address)
        .send()
        .await
        .expect("a journal")
        .json()
        .await
        .expect("JSON");
    let of_ours = entries
        .iter()
        .filter(|entry| entry["route"] == "backchannel-logout" && entry["outcome"] == "ended");
    of_ours.map(|entry| entry["request"].to_string()).collect()
}

#[tokio::test]
async fn a_node_that_is_killed_before_a_sub_site_has_answered_tells_it_after_the_restart() {
    for kind in Kind::all() {
        let mut world = Setup::new(kind).with(QUICK).in_processes().start().await;
        let (mut visitor, _) = newcomer(&world).await;
        let [hefei, yichang] = [0, 1].map(|index| world.sites()[index].clone());
        arrive(&mut visitor, &hefei).await;
        arrive(&mut visitor, &yichang).await;
        world.outside.fault("backchannel-logout", "hang").await;
        sign_out(&mut visitor).await;
        // The sign-out is committed and said; whether the first request has begun, nobody knows.
        world.process(0).kill();
        world.outside.fault("backchannel-logout", "none").await;
        world.process(0).restart().await;
        is_told(&mut visitor, &hefei).await;
        is_told(&mut visitor, &yichang).await;
    }
}

#[tokio::test]
async fn two_nodes_tell_each_sub_site_of_each_sign_in_once() {
    let Some(kind) = Kind::postgres_if_at_hand() else {
        return;
    };
    let world = Setup::new(kind).with_two_nodes().start().await;
    let sites = world.sites().to_vec();
    for _ in 0..4 {
        let (mut visitor, _) = newcomer(&world).await;
        for site in &sites {
            arrive(&mut visitor, site).await;
        }
        sign_out(&mut visitor).await;
        for site in &sites {
            is_told(&mut visitor, site).await;
        }
    }
    let mut told = journal(&world).await;
    let all = told.len();
    told.sort();
    told.dedup();
    assert_eq!((all, told.len()), (4 * sites.len(), 4 * sites.len()), "{told:?}");
}
