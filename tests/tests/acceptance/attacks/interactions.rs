//! A request that is under way belongs to the browser that started it.

use acceptance::journey::{newcomer, sign_in};
use acceptance::party::Party;
use acceptance::visitor::Visitor;
use acceptance::world::World;

#[tokio::test]
async fn attack_037_a_link_into_somebody_elses_request_shows_a_page() {
    for world in World::shared().await {
        let party = Party::new(&world, "basic");
        let mut attacker = Visitor::new(&world);
        attacker
            .open(&party.ask().with("scope", "openid phone").url())
            .await;
        let interaction = attacker.page.value("interaction").expect("the handle");
        let (mut victim, person) = newcomer(&world).await;
        for path in ["/consent", "/authorize/resume"] {
            victim.open(&format!("{path}?interaction={interaction}")).await;
            assert_eq!(victim.away, None, "{path}");
            victim.sees_problem(400);
        }
        // Signing in through the planted link gives the attacker nothing.
        let mut other = Visitor::new(&world);
        other.open(&format!("/sign-in?interaction={interaction}")).await;
        if other.page.name() == "sign-in" {
            sign_in(&mut other, &person.phone, &person.password).await;
        }
        assert_eq!(other.away, None, "no code for a request of another browser");
        attacker
            .open(&format!("/authorize/resume?interaction={interaction}"))
            .await;
        assert_eq!(attacker.away, None);
        attacker.sees("sign-in");
    }
}

#[tokio::test]
async fn an_answered_request_is_answered_again_only_for_a_second_click() {
    for kind in acceptance::world::Kind::all() {
        let world = acceptance::world::Setup::new(kind).with_own_clock().start().await;
        let (_, person) = newcomer(&world).await;
        let party = Party::new(&world, "basic");
        let mut visitor = Visitor::new(&world);
        let ask = party.ask();
        visitor.open(&ask.url()).await;
        let interaction = visitor.page.value("interaction").expect("the handle");
        sign_in(&mut visitor, &person.phone, &person.password).await;
        if visitor.away.is_none() {
            acceptance::journey::allow(&mut visitor).await;
        }
        let code = party.code(&visitor, &ask);
        let again = format!("/authorize/resume?interaction={interaction}");
        visitor.open(&again).await;
        let second = party.code(&visitor, &ask);
        assert_ne!(code, second, "a fresh code for the second click");
        world.advance(chrono::TimeDelta::seconds(31));
        visitor.open(&again).await;
        assert_eq!(visitor.away, None);
        visitor.sees("request-over");
        assert_eq!(visitor.status.as_u16(), 410);
    }
}
