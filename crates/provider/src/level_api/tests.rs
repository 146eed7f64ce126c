//! Who is told what about whom.

use std::collections::BTreeSet;

use axum::body::Body;
use http::Request;
use model::client::AuthMethod;
use model::evidence::SourceId;
use model::ladder::Level;
use model::scope::{Scope, ScopeSet};
use serde_json::json;

use crate::router::paths;
use crate::testing::{self, Answer, SECRET, World, basic};

async fn ask(world: &World, client: &str, sub: &str, level: &str) -> Answer {
    let body = serde_urlencoded::to_string([("sub", sub), ("level", level)]).unwrap();
    let request = Request::post(paths::LEVEL)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("authorization", basic(client, SECRET));
    world.send(request.body(body.into()).unwrap()).await
}

async fn ask_with(world: &World, token: &str, query: &str) -> Answer {
    let request =
        Request::get(format!("{}{query}", paths::LEVEL)).header("authorization", format!("Bearer {token}"));
    world.send(request.body(Body::empty()).unwrap()).await
}

fn subject(world: &World, client: &str) -> String {
    world.service.subject(&testing::client(client), world.account)
}

#[tokio::test]
async fn a_sub_site_is_told_what_is_missing_by_the_names_of_sources_and_which_ways_are_open() {
    for world in testing::worlds().await {
        world
            .service
            .tell_open_sources(async || Ok(BTreeSet::from([SourceId::parse("bank_card").unwrap()])));
        let sub = subject(&world, "hefei");
        let answer = ask(&world, "hefei", &sub, "2").await;
        assert_eq!(answer.status, 200, "{}", answer.json);
        assert_eq!(answer.headers["cache-control"], "no-store");
        assert_eq!(answer.json["sub"], sub);
        assert_eq!(answer.json["identity_level"], 1);
        assert_eq!(answer.json["identity_lapses_at"], "2031-06-03T08:00:00Z");
        assert_eq!(
            (&answer.json["wanted"], &answer.json["reached"]),
            (&json!(2), &json!(false))
        );
        assert_eq!(
            answer.json["raise_uri"],
            "http://localhost:8080/account/level?want=2"
        );
        let missing = answer.json["missing"].as_array().unwrap();
        for way in missing {
            assert_eq!(
                way["open"] == true,
                way["sources"] == json!(["bank_card"]),
                "{way}"
            );
        }
        assert!(missing.iter().any(|way| way["open"] == true));
        let reached = ask(&world, "hefei", &sub, "urn:denizen:loa:1").await.json;
        assert_eq!(
            (&reached["reached"], &reached["missing"]),
            (&json!(true), &json!([]))
        );
        assert!(reached.get("raise_uri").is_none());
    }
}

#[tokio::test]
async fn attack_125_whoever_is_not_known_or_agreed_to_nothing_is_one_answer() {
    for world in testing::worlds().await {
        let sub = subject(&world, "hefei");
        let nobody = ask(&world, "hefei", "p.nobody", "2").await;
        assert_eq!((nobody.status.as_u16(), nobody.error()), (404, "unknown_person"));
        let same = |answer: Answer, case: &str| {
            assert_eq!(
                (answer.status, &answer.json),
                (nobody.status, &nobody.json),
                "{case}"
            );
        };
        same(ask(&world, "wuhu", &sub, "2").await, "the name of another sector");
        same(ask(&world, "hefei", &"x".repeat(500), "2").await, "long");
        world.decide("hefei", [Scope::Phone]).await;
        same(ask(&world, "hefei", &sub, "2").await, "levels were not allowed");
        world.decide("hefei", Scope::OFFERED).await;
        assert_eq!(ask(&world, "hefei", &sub, "2").await.status, 200);
        let mut site = testing::client("hefei");
        site.scopes = ScopeSet::from_iter([Scope::Openid, Scope::Phone]);
        world.apply(site).await;
        same(ask(&world, "hefei", &sub, "2").await, "not in the registration");
    }
}

#[tokio::test]
async fn only_who_proves_itself_asks_and_only_within_its_registration_and_not_without_end() {
    let world = testing::world().await;
    let sub = subject(&world, "hefei");
    let refused = |answer: Answer| (answer.status.as_u16(), answer.error().to_owned());
    for level in ["", "5", "02", "high"] {
        assert_eq!(
            refused(ask(&world, "hefei", &sub, level).await).0,
            400,
            "{level:?}"
        );
    }
    assert_eq!(
        refused(ask(&world, "hefei", "", "2").await),
        (400, "invalid_request".to_owned())
    );
    let mut site = testing::client("hefei");
    site.ceiling_level = Level::new(2);
    world.apply(site).await;
    assert_eq!(
        refused(ask(&world, "hefei", &sub, "3").await),
        (400, "invalid_request".to_owned())
    );
    let mut last = ask(&world, "hefei", &sub, "2").await;
    for _ in 0..30 {
        last = ask(&world, "hefei", &sub, "2").await;
    }
    assert_eq!(last.status, 429);
    assert!(last.headers.contains_key("retry-after"));
    let mut public = testing::client("wuhu");
    public.auth_method = AuthMethod::None;
    world.apply(public).await;
    assert_eq!(
        ask(&world, "wuhu", &subject(&world, "wuhu"), "2").await.status,
        401
    );
}

#[tokio::test]
async fn an_access_token_of_the_person_will_do_if_it_reaches_that_far() {
    for world in testing::worlds().await {
        let token = async |scopes: &[Scope]| {
            let code = world.issue("hefei", &world.details(scopes.iter().copied())).await;
            let answer = world.redeem("hefei", &code).await;
            answer.json["access_token"].as_str().unwrap().to_owned()
        };
        let full = token(&[Scope::Openid, Scope::Assurance]).await;
        let answer = ask_with(&world, &full, "?level=2").await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json["identity_level"]),
            (200, &json!(1))
        );
        assert_eq!(answer.json["sub"], subject(&world, "hefei"));
        let plain = ask_with(&world, &token(&[Scope::Openid]).await, "?level=2").await;
        assert_eq!(
            (plain.status.as_u16(), plain.error()),
            (403, "insufficient_scope")
        );
        assert_eq!(ask_with(&world, &full, "").await.status, 400);
        assert_eq!(ask_with(&world, &full, "?level=2&level=3").await.status, 400);
        assert_eq!(ask_with(&world, "made up", "?level=2").await.status, 401);
    }
}
