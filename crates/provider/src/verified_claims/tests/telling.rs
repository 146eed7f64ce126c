//! What is told, by a provider with a database: in the ID token and at userinfo, within registration and consent.

use chrono::{NaiveDate, TimeDelta};
use model::client::GrantType;
use model::evidence::Details;
use model::ids::CaseId;
use model::ladder::Level;
use model::scope::{Scope, ScopeSet};
use serde_json::{Value, json};

use super::{asked, everything, schema};
use crate::authorize::claims_request::ClaimsRequest;
use crate::authorize::tests::browser::Browser;
use crate::testing::{self, Answer, CITIZEN_ID, NAME, World, claims};

pub(super) const FRAMEWORK: &str = "cn_province_realname";

/// What is told at userinfo to `hefei`, whose file and resident allow everything.
pub(super) async fn at_userinfo(world: &World, request: &Value) -> Value {
    let (_, userinfo) = both(
        world,
        "hefei",
        &json!({ "userinfo": { "verified_claims": request } }),
    )
    .await;
    userinfo
}

/// What is told in both places.
async fn both(world: &World, client: &str, parameter: &Value) -> (Value, Value) {
    let browser = Browser::signed_in(world).await;
    let (scope, parameter) = ("openid", parameter.to_string());
    let seen = browser
        .authorize(client, &[("scope", scope), ("claims", &parameter)])
        .await;
    let answer = world.redeem(client, &seen.code(client)).await;
    told(world, &answer, &parameter).await
}

async fn told(world: &World, answer: &Answer, parameter: &str) -> (Value, Value) {
    let token = answer.json["access_token"]
        .as_str()
        .unwrap_or_else(|| panic!("{}", answer.json));
    let id_token = claims(answer.json["id_token"].as_str().unwrap())["verified_claims"].clone();
    let userinfo = world.userinfo(token).await.json["verified_claims"].clone();
    let parameter: Value = serde_json::from_str(parameter).unwrap();
    for (place, told) in [("id_token", &id_token), ("userinfo", &userinfo)] {
        asked::no_more_than(&parameter[place]["verified_claims"], told);
        for element in asked::elements(told) {
            assert_eq!(schema::faults(element), Vec::<String>::new(), "{element:#}");
        }
    }
    (id_token, userinfo)
}

/// At level 2: a register with the document's dates, and a bank.
async fn proven(world: &World) {
    world.clock.advance(TimeDelta::days(1));
    let idcard = Details {
        document: Some("idcard".to_owned()),
        document_expires: NaiveDate::from_ymd_opt(2036, 1, 1),
        ..Details::default()
    };
    let case = CaseId::new(world.now(), world.store.rng());
    world.prove_with("population_register", Some(case), idcard).await;
    world.clock.advance(TimeDelta::hours(1));
    let case = CaseId::new(world.now(), world.store.rng());
    world
        .prove_with("bank_card", Some(case), Details::default())
        .await;
}

#[tokio::test]
async fn the_example_of_the_documents_is_answered_like_this() {
    for world in testing::worlds().await {
        proven(&world).await;
        let mut answer = at_userinfo(&world, &everything()).await;
        // References are random in each run.
        assert_eq!(
            answer["verification"]["verification_process"]
                .as_str()
                .unwrap()
                .len(),
            22
        );
        answer["verification"]["verification_process"] = "…".into();
        for evidence in answer["verification"]["evidence"].as_array_mut().unwrap() {
            assert_eq!(
                evidence["check_details"][0]["check_id"].as_str().unwrap().len(),
                22
            );
            evidence["check_details"][0]["check_id"] = "…".into();
        }
        let expected = json!({
            "verification": {
                "trust_framework": FRAMEWORK,
                "assurance_level": "level2",
                "time": "2026-06-05T09:00:00Z",
                "verification_process": "…",
                "evidence": [
                    {
                        "type": "document",
                        "check_details": [{
                            "check_method": "data", "organization": "population register", "check_id": "…",
                            "time": "2026-06-05T08:00:00Z",
                        }],
                        "document_details": {
                            "type": "idcard", "issuer": { "country_code": "CHN" }, "date_of_expiry": "2036-01-01",
                        },
                    },
                    {
                        "type": "electronic_record",
                        "check_details": [{
                            "check_method": "data", "organization": "bank", "check_id": "…",
                            "time": "2026-06-05T09:00:00Z",
                        }],
                        "record": {
                            "type": "bank_account", "source": { "name": "bank", "country_code": "CHN" },
                            "date_of_expiry": "2028-06-04",
                        },
                    },
                ],
            },
            "claims": {
                "name": NAME, "id_number": CITIZEN_ID, "birthdate": "1949-12-31", "gender": "female",
            },
        });
        assert_eq!(answer, expected);
    }
}

#[tokio::test]
async fn each_place_is_told_what_was_asked_for_there() {
    let world = testing::world().await;
    let of = |claim: &str| json!({ "verification": { "trust_framework": null }, "claims": { claim: { "essential": true } } });
    let parameter = json!({
        "id_token": { "verified_claims": of("birthdate"), "acr": null },
        "userinfo": { "verified_claims": of("name"), "locale": null },
    });
    let (id_token, userinfo) = both(&world, "hefei", &parameter).await;
    let told = |claims: Value| json!({ "verification": { "trust_framework": FRAMEWORK }, "claims": claims });
    assert_eq!(id_token, told(json!({ "birthdate": "1949-12-31" })));
    assert_eq!(userinfo, told(json!({ "name": NAME })));
    let only_there = json!({ "id_token": { "verified_claims": of("name") } });
    assert_eq!(both(&world, "hefei", &only_there).await.1, Value::Null);
    let nothing = json!({ "userinfo": { "verified_claims": null }, "id_token": { "verified_claims": {} } });
    assert_eq!(both(&world, "hefei", &nothing).await, (Value::Null, Value::Null));
}

#[tokio::test]
async fn a_demand_about_the_verification_that_does_not_hold_takes_everything_and_is_no_error() {
    let world = testing::world().await;
    proven(&world).await;
    world.clock.advance(TimeDelta::days(10));
    let day = 24 * 3600;
    let entry = |kind: &str| json!({ "evidence": [{ "type": { "value": kind } }] });
    for (met, demand) in [
        (true, json!({ "trust_framework": { "value": FRAMEWORK } })),
        (
            true,
            json!({ "trust_framework": { "values": ["x", FRAMEWORK], "essential": true } }),
        ),
        (
            false,
            json!({ "trust_framework": { "value": "x", "essential": true } }),
        ),
        (
            true,
            json!({ "assurance_level": { "values": ["level2", "level3"] } }),
        ),
        (false, json!({ "assurance_level": { "value": "level3" } })),
        (false, json!({ "assurance_level": { "value": "very_high" } })),
        (true, json!({ "time": { "max_age": 11 * day } })),
        (false, json!({ "time": { "max_age": 9 * day } })),
        (true, json!({ "time": { "max_age": 1e300 } })),
        (true, entry("document")),
        (true, entry("electronic_record")),
        (false, entry("vouch")),
        (false, entry("electronic_signature")),
        (false, entry("passenger_list")),
        (
            true,
            json!({ "evidence": [{ "type": { "value": "vouch" } }, { "type": { "value": "document" } }] }),
        ),
        (
            false,
            json!({ "evidence": [{ "type": { "value": "document" }, "check_details": [{ "check_method": { "value": "pipp" } }] }] }),
        ),
        (
            true,
            json!({ "evidence": [{ "type": { "value": "document" }, "check_details": [{ "check_method": { "value": "pipp" } }, { "check_method": { "value": "data" } }] }] }),
        ),
        (
            false,
            json!({ "evidence": [{ "type": { "value": "document" }, "document_details": { "type": { "values": ["passport"] } } }] }),
        ),
        (
            false,
            json!({ "evidence": [{ "type": { "value": "document" }, "document_details": { "type": null, "document_number": { "value": "1" } } }] }),
        ),
        (
            false,
            json!({ "evidence": [{ "type": { "value": "document" }, "derived_claims": { "name": { "value": NAME } } }] }),
        ),
        (
            false,
            json!({ "assurance_process": { "procedure": { "value": "x" } } }),
        ),
        (
            false,
            json!({ "assurance_process": { "assurance_details": [{ "assurance_type": { "value": "x" } }] } }),
        ),
        (
            true,
            json!({ "assurance_process": { "procedure": null }, "of_the_future": { "value": "x" } }),
        ),
    ] {
        let mut verification = json!({ "trust_framework": null });
        for (name, value) in demand.as_object().unwrap() {
            verification[name] = value.clone();
        }
        let told = at_userinfo(
            &world,
            &json!({ "verification": verification, "claims": { "name": null } }),
        )
        .await;
        assert_eq!(told["claims"]["name"] == NAME, met, "{demand}: {told}");
        assert_eq!(told.is_null(), !met, "{demand}: {told}");
    }
}

#[tokio::test]
async fn a_demand_about_a_claim_takes_that_claim_alone() {
    let world = testing::world().await;
    let request = json!({
        "verification": { "trust_framework": null },
        "claims": {
            "name": { "value": "李四", "essential": true }, "gender": { "values": ["female", "male"] },
            "birthdate": { "max_age": 567_993_600 }, "nationalities": { "essential": true }, "given_name": null,
        },
    });
    let told = at_userinfo(&world, &request).await;
    assert_eq!(
        told["claims"],
        json!({ "gender": "female" }),
        "older than 18 years: not told"
    );
}

#[tokio::test]
async fn several_elements_are_answered_each_for_itself() {
    let world = testing::world().await;
    proven(&world).await;
    let of = |level: &str, claim: &str| {
        json!({ "verification": { "trust_framework": null, "assurance_level": { "value": level }, "time": null },
                "claims": { claim: null } })
    };
    let told = at_userinfo(
        &world,
        &json!([
            of("level1", "gender"),
            of("level3", "id_number"),
            of("level2", "name")
        ]),
    )
    .await;
    let element = |level: &str, time: &str, claims: Value| json!({ "verification": { "trust_framework": FRAMEWORK, "assurance_level": level, "time": time }, "claims": claims });
    let expected = json!([
        // A lower level is told by its own name, and since when it has been held.
        element("level1", "2026-06-05T08:00:00Z", json!({ "gender": "female" })),
        element("level2", "2026-06-05T09:00:00Z", json!({ "name": NAME })),
    ]);
    assert_eq!(told, expected);
    assert_eq!(
        at_userinfo(&world, &json!([of("level4", "name")])).await,
        Value::Null
    );
}

#[tokio::test]
async fn attack_099_registration_and_consent_rule_and_a_demand_tells_nothing_about_what_may_not_be_told() {
    for world in testing::worlds().await {
        let all = json!({ "userinfo": { "verified_claims": everything() } }).to_string();
        let parsed = ClaimsRequest::parse(&all).unwrap();
        let tell = async |scopes: &[Scope], element: Value| {
            let mut site = testing::client("hefei");
            site.scopes = scopes.iter().copied().collect::<ScopeSet>();
            world.apply(site).await;
            at_userinfo(&world, &element).await
        };
        assert_eq!(parsed.claims.verified_userinfo.elements.len(), 1);
        let ask = |verification: Value| json!({ "verification": verification, "claims": { "name": null, "birthdate": null } });
        let plain = ask(json!({ "trust_framework": null, "assurance_level": null, "time": null }));
        let name = json!({ "verification": { "trust_framework": FRAMEWORK }, "claims": { "name": NAME } });
        assert_eq!(tell(&[Scope::Openid, Scope::RealName], plain.clone()).await, name);
        assert_eq!(tell(&[Scope::Openid], plain.clone()).await, Value::Null);
        // Whether the demand holds would say what the level is.
        for level in ["level1", "level4"] {
            let demand = ask(json!({ "trust_framework": null, "assurance_level": { "value": level } }));
            assert_eq!(tell(&[Scope::Openid, Scope::RealName], demand).await, Value::Null);
        }
        let evidence =
            ask(json!({ "trust_framework": null, "evidence": [{ "type": { "value": "document" } }] }));
        let without_seals = [Scope::Openid, Scope::RealName, Scope::Assurance];
        assert_eq!(tell(&without_seals, evidence).await, Value::Null);
        let nothing_but = json!({ "verification": { "trust_framework": null }, "claims": {} });
        let verified = json!({ "verification": { "trust_framework": FRAMEWORK }, "claims": {} });
        assert_eq!(
            tell(&[Scope::Openid, Scope::Assurance], nothing_but.clone()).await,
            verified
        );
        assert_eq!(
            tell(&[Scope::Openid, Scope::RealName], nothing_but).await,
            Value::Null
        );
    }
}

#[tokio::test]
async fn what_was_not_decided_yet_is_asked_and_what_is_taken_back_is_not_told() {
    let world = testing::world().await;
    world.decide("hefei", [Scope::Phone]).await;
    let parameter = json!({ "userinfo": { "verified_claims": everything() } }).to_string();
    let browser = Browser::signed_in(&world).await;
    let seen = browser
        .authorize("hefei", &[("scope", "openid"), ("claims", &parameter)])
        .await;
    let id = seen.asks("/consent");
    let wants = browser.interaction(&id).await.wants;
    assert_eq!(wants.scopes.to_string(), "assurance seals real_name id_number");
    world.decide("hefei", Scope::OFFERED).await;
    let seen = browser
        .authorize("hefei", &[("scope", "openid"), ("claims", &parameter)])
        .await;
    let answer = world.redeem("hefei", &seen.code("hefei")).await;
    assert_eq!(told(&world, &answer, &parameter).await.1["claims"]["name"], NAME);
    world
        .decide("hefei", [Scope::Assurance, Scope::Seals, Scope::IdNumber])
        .await;
    let after = told(&world, &answer, &parameter).await.1;
    assert_eq!(after["claims"].get("name"), None);
    assert_eq!(after["claims"]["id_number"], CITIZEN_ID);
}

#[tokio::test]
async fn attack_125_references_are_other_ones_in_each_sector_and_lead_us_back() {
    for world in testing::worlds().await {
        world.clock.advance(TimeDelta::days(1));
        let case = CaseId::new(world.now(), world.store.rng());
        let evidence = world
            .prove_with("population_register", Some(case), Details::default())
            .await;
        let parameter = json!({ "userinfo": { "verified_claims": everything() } });
        let of = async |client: &str| {
            let told = both(&world, client, &parameter).await.1["verification"].clone();
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            (
                text(&told["verification_process"]),
                text(&told["evidence"][0]["check_details"][0]["check_id"]),
            )
        };
        let (hefei, wuhu) = (of("hefei").await, of("wuhu").await);
        assert!(hefei.0 != wuhu.0 && hefei.1 != wuhu.1);
        let names = crate::verified_claims::references(&world.service, &testing::client("hefei"));
        assert_eq!(names.identifier(&hefei.0), Some(case.as_uuid()));
        assert_eq!(names.identifier(&hefei.1), Some(evidence.as_uuid()));
    }
}

#[tokio::test]
async fn nobody_is_verified_at_the_lowest_level_and_a_lapse_shows_at_the_next_token() {
    for world in testing::worlds().await {
        let mut site = testing::client("hefei");
        site.grant_types = vec![GrantType::AuthorizationCode, GrantType::RefreshToken];
        site.scopes.insert(Scope::OfflineAccess);
        world.apply(site).await;
        let parameter = json!({ "id_token": { "verified_claims": everything() } }).to_string();
        let browser = Browser::signed_in(&world).await;
        let asked = [
            ("scope", "openid assurance offline_access"),
            ("claims", parameter.as_str()),
        ];
        let seen = browser.authorize("hefei", &asked).await;
        let answer = world.redeem("hefei", &seen.code("hefei")).await;
        let (first, _) = told(&world, &answer, &parameter).await;
        assert_eq!(first["verification"]["assurance_level"], "level1");
        let refresh = async || {
            let token = answer.json["refresh_token"].as_str().unwrap();
            let fields = [("grant_type", "refresh_token"), ("refresh_token", token)];
            let basic = testing::basic("hefei", testing::SECRET);
            let answer = world.token(Some(&basic), &fields).await;
            told(&world, &answer, &parameter).await.0
        };
        assert_eq!(refresh().await["claims"]["name"], NAME);
        // An event, and not age: the register says that the number does not hold any more.
        let source = model::evidence::SourceId::parse("population_register").unwrap();
        store::evidence::end_source(&world.store.read(), world.account, &source, (world.now(), "test"))
            .await
            .unwrap();
        assert_eq!(
            refresh().await,
            Value::Null,
            "the name is in the account, but nothing proves it today"
        );
    }
}

#[tokio::test]
async fn a_ceiling_of_the_registration_holds_here_too() {
    let world = testing::world().await;
    proven(&world).await;
    let mut site = testing::client("hefei");
    site.ceiling_level = Level::new(1);
    world.apply(site).await;
    let told = at_userinfo(&world, &everything()).await;
    assert_eq!(told["verification"]["assurance_level"], "level1");
    assert_eq!(told["verification"]["time"], "2026-06-05T08:00:00Z");
}
