//! The program is killed at the moment at which somebody comes back from another party (R01): nothing is lost by it, and
//! nothing counts twice.

use std::time::Duration;

use acceptance::engine;
use acceptance::journey::{level, prove_phone, resident};
use acceptance::people::Person;
use acceptance::visitor::Visitor;
use acceptance::wait;
use acceptance::world::{Kind, Setup, World};
use store::Store;

const PAGE: &str = "/verify/trusted-sign-in";

/// Leaves for the payment app; where to, and where it comes back to.
async fn leave(visitor: &mut Visitor, world: &World, person: &Person) -> (String, String) {
    visitor.open(PAGE).await;
    prove_phone(visitor, world, person).await;
    visitor.sees("verify-trusted-sign-in");
    visitor.press("").await;
    let away = visitor.away.clone().expect("the payment app");
    let state = away.query_pairs().find(|(name, _)| name == "state");
    let (_, state) = state.expect("a value that comes back");
    (away.to_string(), format!("{PAGE}/back?state={state}"))
}

/// Says at the payment app who one is, and goes back.
async fn agree(visitor: Visitor, world: &World, (away, person): (&str, &Person)) -> Visitor {
    let mut visitor = visitor.knows(world.outside.base());
    visitor.open(away).await;
    visitor.sees("vendor-payment");
    visitor.fill("person", &person.citizen_id);
    visitor.press("decision=allow").await;
    visitor
}

/// The program's own database, from here.
async fn database(world: &World) -> Store {
    engine::run({
        let (url, clock) = (world.database.url.clone(), world.clock.clone());
        async move { store::testing::open_at(&url, &clock).await.expect("the database") }
    })
    .await
}

/// Goes away and comes back to a node that is killed while it asks the payment app by one of its routes; the address of
/// the return.
async fn killed_at_the_return(
    world: &mut World,
    (visitor, person): (&mut Visitor, &Person),
    route: &str,
) -> String {
    world.outside.stall_once(route).await;
    let (away, back) = leave(visitor, world, person).await;
    let gone = visitor.clone().knows(world.outside.base());
    let number = person.citizen_id.clone();
    // Its browser sees a connection that breaks.
    let waiting = tokio::spawn(async move {
        let mut gone = gone;
        gone.open(&away).await;
        gone.fill("person", &number);
        gone.press("decision=allow").await;
    });
    let store = database(world).await;
    wait::until_true("the return to be looked at", Duration::from_secs(20), || async {
        let store = store.clone();
        let under_way =
            engine::run(async move { store::testing::returns_under_way(&store).await.expect("a count") });
        // Not a moment before: a stall that nobody met would meet whoever asks next.
        under_way.await == 1 && world.outside.has_stalled(route).await
    })
    .await;
    world.process(0).kill();
    assert!(waiting.await.is_err(), "nobody was answered");
    world.process(0).restart().await;
    visitor.open(&back).await;
    visitor.sees("verify-trusted-sign-in");
    assert!(
        visitor.page.words().contains("being looked at"),
        "the lease is not over: {}",
        visitor.page.words()
    );
    let now = world.clock.now();
    engine::run(async move {
        store::testing::end_leases(&store, now)
            .await
            .expect("time goes by")
    })
    .await;
    back
}

#[tokio::test]
async fn a_return_whose_node_was_killed_is_gone_on_with_and_raises_once() {
    for kind in Kind::all() {
        let mut world = Setup::new(kind).in_processes().start().await;
        let (mut visitor, person) = resident(&world).await;
        let back = killed_at_the_return(&mut world, (&mut visitor, &person), "payment-token").await;
        visitor.open(&back).await;
        visitor.sees("account-level");
        assert_eq!(level(&mut visitor).await, 2);
        visitor.open(&back).await;
        visitor.sees("account-level");
        assert_eq!(level(&mut visitor).await, 2, "a replay changes nothing");
    }
}

#[tokio::test]
async fn a_return_that_was_spent_at_the_party_before_the_kill_says_so_and_begins_again() {
    for kind in Kind::all() {
        let mut world = Setup::new(kind).in_processes().start().await;
        let (mut visitor, person) = resident(&world).await;
        // The code is redeemed; who it is about is asked for, and never heard.
        let back = killed_at_the_return(&mut world, (&mut visitor, &person), "payment-user").await;
        visitor.open(&back).await;
        visitor.sees("verify-trusted-sign-in");
        let words = visitor.page.words();
        assert!(
            words.contains("did not come through") && words.contains("does not count as a try"),
            "{words}"
        );
        assert_eq!(level(&mut visitor).await, 1);
        let (away, _) = leave(&mut visitor, &world, &person).await;
        let mut visitor = agree(visitor, &world, (&away, &person)).await;
        assert_eq!(level(&mut visitor).await, 2);
    }
}
