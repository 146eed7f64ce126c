//! Two nodes on one PostgreSQL: a journey goes on whichever of them answers.

use acceptance::journey::{allow, ask_for_code, confirm, prove_name, prove_phone, second_source};
use acceptance::party::Party;
use acceptance::visitor::Visitor;
use acceptance::world::{Kind, Setup};

#[tokio::test]
async fn two_nodes_answer_the_requests_of_one_journey_in_turn() {
    let Some(kind) = Kind::postgres_if_at_hand() else {
        return;
    };
    let world = Setup::new(kind).with_two_nodes().start().await;
    let person = world.outside.person().await;
    let mut visitor = Visitor::new(&world);
    visitor
        .open(&format!("{}/start?acr=2&essential=1", world.sites()[0]))
        .await;
    visitor.sees("sign-in");
    let links = visitor
        .page
        .all("a")
        .into_iter()
        .filter_map(|link| link.attribute("href"));
    let register = links
        .into_iter()
        .find(|href| href.starts_with("/register"))
        .expect("a way in");
    visitor.open(&register).await;
    ask_for_code(&mut visitor, &world, &person.phone).await;
    confirm(&mut visitor, &world, &person).await;
    prove_name(&mut visitor, &person).await;
    visitor.sees("account-level");
    let links = visitor
        .page
        .all("a")
        .into_iter()
        .filter_map(|link| link.attribute("href"));
    let operator = links
        .into_iter()
        .find(|href| href.starts_with("/verify/mobile-operator"))
        .expect("a road");
    visitor.open(&operator).await;
    prove_phone(&mut visitor, &world, &person).await;
    second_source(&mut visitor).await;
    allow(&mut visitor).await;
    visitor.sees("home");
    assert_eq!(
        visitor.page.get("#level").attribute("data-level").as_deref(),
        Some("2")
    );
    let given = world.balancer.as_ref().expect("two nodes").given();
    assert!(given.iter().all(|count| *count >= 8), "both took part: {given:?}");
}

#[tokio::test]
async fn attack_042_a_code_sent_to_both_nodes_at_once_is_redeemed_once() {
    let Some(kind) = Kind::postgres_if_at_hand() else {
        return;
    };
    let world = Setup::new(kind).with_two_nodes().start().await;
    let (mut visitor, _) = acceptance::journey::newcomer(&world).await;
    let party = Party::new(&world, "basic");
    for _ in 0..10 {
        let ask = party.ask();
        visitor.open(&ask.url()).await;
        if visitor.away.is_none() {
            allow(&mut visitor).await;
        }
        let code = party.code(&visitor, &ask);
        let tries = (0..32).map(|_| {
            let (party, code, ask) = (party.clone(), code.clone(), ask.clone());
            tokio::spawn(async move { party.redeem(&code, &ask).await })
        });
        let mut won = Vec::new();
        for one in tries.collect::<Vec<_>>() {
            let answer = one.await.expect("no panic");
            match answer.status.as_u16() {
                200 => won.push(answer.access_token().to_owned()),
                _ => answer.is_error(400, "invalid_grant"),
            }
        }
        assert_eq!(won.len(), 1, "exactly one wins");
        let token = won.pop().expect("one");
        let after = party.userinfo(&token).await;
        assert_eq!(
            after.status.as_u16(),
            401,
            "A041: the replay has revoked what the first use gave"
        );
    }
}
