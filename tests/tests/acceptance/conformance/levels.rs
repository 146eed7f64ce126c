//! How a sub-site asks for a level, and what it gets.

use acceptance::journey::{
    allow, code_for, newcomer, prove_name, prove_phone, resident, second_source, tokens_for, well_known,
};
use acceptance::party::{Party, peek};
use acceptance::visitor::Visitor;
use acceptance::world::World;
use serde_json::Value;

const LEVELS: [&str; 3] = ["urn:denizen:loa:0", "urn:denizen:loa:1", "urn:denizen:loa:2"];

fn acr(token: &str) -> Value {
    peek(token)["acr"].clone()
}

async fn go(visitor: &mut Visitor, path: &str) {
    let links = visitor
        .page
        .all("a")
        .into_iter()
        .filter_map(|link| link.attribute("href"));
    let href = links
        .into_iter()
        .find(|href| href.starts_with(path))
        .unwrap_or_else(|| panic!("no way to {path}"));
    visitor.open(&href).await;
}

#[tokio::test]
async fn a_wished_level_is_reached_or_what_there_is_comes_back() {
    for world in World::shared().await {
        let party = Party::new(&world, "basic");
        let (mut visitor, person) = newcomer(&world).await;
        tokens_for(&mut visitor, &party, &party.ask()).await;
        let ask = party.ask().with("acr_values", LEVELS[1]);
        visitor.open(&ask.url()).await;
        visitor.sees("account-level");
        visitor.press("decline").await;
        let code = party.code(&visitor, &ask);
        assert_eq!(acr(party.redeem(&code, &ask).await.id_token()), LEVELS[0]);

        let ask = party.ask().with("acr_values", LEVELS[1]);
        visitor.open(&ask.url()).await;
        go(&mut visitor, "/verify/population-register").await;
        prove_phone(&mut visitor, &world, &person).await;
        prove_name(&mut visitor, &person).await;
        let code = party.code(&visitor, &ask);
        assert_eq!(
            acr(party.redeem(&code, &ask).await.id_token()),
            LEVELS[1],
            "back at the interrupted request"
        );
    }
}

#[tokio::test]
async fn a_demanded_level_is_reached_or_the_request_fails() {
    for world in World::shared().await {
        let party = Party::new(&world, "basic");
        let (mut visitor, person) = resident(&world).await;
        let ask = party.ask().demanding(2);
        visitor.open(&ask.url()).await;
        visitor.sees("account-level");
        visitor.press("decline").await;
        party.is_refused(&visitor, &ask, "unmet_authentication_requirements");
        let silent = party.ask().demanding(2).with("prompt", "none");
        visitor.open(&silent.url()).await;
        party.is_refused(&visitor, &silent, "consent_required");
        tokens_for(&mut visitor, &party, &party.ask()).await;
        visitor.open(&silent.url()).await;
        party.is_refused(&visitor, &silent, "interaction_required");

        let ask = party.ask().demanding(2);
        visitor.open(&ask.url()).await;
        go(&mut visitor, "/verify/mobile-operator").await;
        prove_phone(&mut visitor, &world, &person).await;
        second_source(&mut visitor).await;
        if visitor.away.is_none() {
            allow(&mut visitor).await;
        }
        let code = party.code(&visitor, &ask);
        assert_eq!(acr(party.redeem(&code, &ask).await.id_token()), LEVELS[2]);
    }
}

#[tokio::test]
async fn a_floor_keeps_out_whoever_is_below_it_and_a_default_asks_for_more() {
    for world in World::shared().await {
        let (mut visitor, person) = newcomer(&world).await;
        let (floor, wish) = (Party::new(&world, "floor"), Party::new(&world, "wish"));
        let ask = floor.ask();
        visitor.open(&ask.url()).await;
        visitor.sees("account-level");
        visitor.press("decline").await;
        party_refused(&floor, &visitor, &ask);

        let ask = wish.ask();
        visitor.open(&ask.url()).await;
        visitor.sees("account-level");
        visitor.press("decline").await;
        if visitor.away.is_none() {
            allow(&mut visitor).await;
        }
        wish.code(&visitor, &ask);

        visitor.open(&floor.ask().url()).await;
        go(&mut visitor, "/verify/population-register").await;
        prove_phone(&mut visitor, &world, &person).await;
        prove_name(&mut visitor, &person).await;
        if visitor.away.is_none() {
            allow(&mut visitor).await;
        }
        assert!(visitor.answer().contains_key("code"));
    }
}

fn party_refused(party: &Party, visitor: &Visitor, ask: &acceptance::party::Ask) {
    let error = visitor.answer()["error"].clone();
    assert!(
        ["access_denied", "unmet_authentication_requirements"].contains(&error.as_str()),
        "{error}"
    );
    party.is_refused(visitor, ask, &error);
}

#[tokio::test]
async fn a_level_that_is_there_is_given_whatever_was_asked() {
    for world in World::shared().await {
        let party = Party::new(&world, "basic");
        let (mut visitor, _) = well_known(&world).await;
        for values in [
            "",
            LEVELS[0],
            LEVELS[1],
            LEVELS[2],
            &LEVELS.join(" "),
            "silver urn:denizen:loa:1",
        ] {
            let ask = party.ask().with("acr_values", values);
            let answer = tokens_for(&mut visitor, &party, &ask).await;
            let given = acr(answer.id_token());
            assert!(
                LEVELS.contains(&given.as_str().expect("acr")),
                "{values}: {given}"
            );
        }
        // The claims parameter is exact: one of the values.
        for level in 0..=2 {
            let answer = tokens_for(&mut visitor, &party, &party.ask().demanding(level)).await;
            let given = acr(answer.id_token());
            assert!(
                given.as_str() >= Some(LEVELS[usize::from(level)]),
                "{level}: {given}"
            );
        }
    }
}

#[tokio::test]
async fn attack_030_nobody_may_ask_for_more_than_the_registration_allows() {
    let world = World::any().await;
    let (mut visitor, _) = well_known(&world).await;
    let party = Party::new(&world, "ceiling");
    for ask in [
        party.ask().with("acr_values", LEVELS[2]),
        party.ask().demanding(2),
    ] {
        visitor.open(&ask.url()).await;
        party.is_refused(&visitor, &ask, "access_denied");
    }
    code_for(&mut visitor, &party, &party.ask().with("acr_values", LEVELS[1])).await;
}

#[tokio::test]
async fn attack_031_no_claim_is_higher_than_what_was_proven() {
    let world = World::any().await;
    let party = Party::new(&world, "basic");
    let (mut visitor, _) = newcomer(&world).await;
    for ask in [
        party.ask().with("acr_values", "urn:denizen:loa:9 gold"),
        party.ask().with("acr_values", ""),
        party
            .ask()
            .with("claims", r#"{"id_token":{"acr":{"values":["gold"]}}}"#),
    ] {
        let answer = tokens_for(&mut visitor, &party, &ask).await;
        assert_eq!(acr(answer.id_token()), LEVELS[0]);
    }
    for values in [r#"["urn:denizen:loa:9"]"#, r#"["gold"]"#] {
        let claims = format!(r#"{{"id_token":{{"acr":{{"essential":true,"values":{values}}}}}}}"#);
        let ask = party.ask().with("claims", &claims);
        visitor.open(&ask.url()).await;
        party.is_refused(&visitor, &ask, "unmet_authentication_requirements");
    }
    for broken in [
        "{",
        "[]",
        r#"{"id_token":[]}"#,
        r#"{"id_token":{"acr":{"essential":"yes"}}}"#,
    ] {
        let ask = party.ask().with("claims", broken);
        visitor.open(&ask.url()).await;
        party.is_refused(&visitor, &ask, "invalid_request");
    }
}
