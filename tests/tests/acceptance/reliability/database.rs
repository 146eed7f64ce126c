//! The database goes away and comes back (R05), and two nodes share one.

use std::time::{Duration, Instant};

use acceptance::engine;
use acceptance::journey::{code_for, newcomer};
use acceptance::party::Party;
use acceptance::visitor::Visitor;
use acceptance::wait;
use acceptance::world::{Kind, Setup};

#[tokio::test]
async fn a_cut_database_is_said_honestly_and_heals_by_itself() {
    let Some(kind) = Kind::postgres_if_at_hand() else {
        return;
    };
    let world = Setup::new(kind).wired().start().await;
    let wire = world.wire.as_ref().expect("a wire");
    let (mut visitor, _) = newcomer(&world).await;
    let party = Party::new(&world, "basic");
    let ask = party.ask();
    let code = code_for(&mut visitor, &party, &ask).await;
    let healed = visitor.clone();

    wire.cut();
    for path in ["/account", "/register", "/account/sharing"] {
        visitor.open(path).await;
        assert_eq!(visitor.status.as_u16(), 503, "{path}: {}", visitor.page.words());
        visitor.sees_problem(503);
        assert!(visitor.headers.contains_key("retry-after"), "{path}");
    }
    visitor.open(&party.ask().url()).await;
    match visitor.away {
        Some(_) => {
            let error = visitor.answer().get("error").cloned().unwrap_or_default();
            assert!(
                ["temporarily_unavailable", "server_error"].contains(&error.as_str()),
                "{error}"
            );
        }
        None => {
            visitor.sees_problem(503);
        }
    }
    let refused = party.redeem(&code, &ask).await;
    assert_eq!(
        refused.status.as_u16(),
        503,
        "never a success, never the client's fault: {}",
        refused.body
    );
    // Keys and metadata need no database.
    for path in ["/jwks.json", "/.well-known/openid-configuration"] {
        let answer = engine::send(world.http.get(world.at(path)))
            .await
            .expect("an answer");
        assert_eq!(answer.status().as_u16(), 200, "{path}");
    }
    let ready = engine::send(world.http.get(format!("{}/health/ready", world.operations())))
        .await
        .expect("an answer");
    assert_eq!(ready.status().as_u16(), 503);

    wire.mend();
    let began = Instant::now();
    wait::until_true("the database to be back", Duration::from_secs(10), || async {
        let mut visitor = healed.clone();
        visitor.open("/account").await;
        visitor.page.name() == "account"
    })
    .await;
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!(
        party.redeem(&code, &ask).await.status.as_u16(),
        200,
        "the code was not lost"
    );
}

#[tokio::test]
async fn what_one_node_ends_is_ended_on_the_other() {
    let Some(kind) = Kind::postgres_if_at_hand() else {
        return;
    };
    let world = Setup::new(kind).with_two_nodes().start().await;
    let balancer = world.balancer.as_ref().expect("two nodes");
    let (mut visitor, person) = newcomer(&world).await;
    let party = Party::new(&world, "basic");
    let token = acceptance::journey::tokens_for(&mut visitor, &party, &party.ask()).await;
    balancer.only(Some(0));
    visitor.open("/account").await;
    let elsewhere = visitor.clone();
    visitor.press_action("/sign-out").await;
    balancer.only(Some(1));
    assert_eq!(party.userinfo(token.access_token()).await.status.as_u16(), 401);
    let mut elsewhere = elsewhere;
    elsewhere.open("/account").await;
    elsewhere.sees("sign-in");
    // Failures on one node count on the other.
    for attempt in 0..4 {
        balancer.only(Some(attempt % 2));
        let mut guesser = Visitor::new(&world);
        guesser.open("/sign-in").await;
        guesser
            .fill("identifier", &person.phone)
            .fill("password", "wrong-password-1")
            .press("")
            .await;
        assert_eq!(
            guesser.page.form_with("captcha").is_some(),
            attempt >= 2,
            "try {attempt}"
        );
    }
}
