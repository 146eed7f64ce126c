//! The registers: what they know, in which form they want it, and how they fail.

use reqwest::header::AUTHORIZATION;
use serde_json::{Value, json};

use crate::{World, two};

#[tokio::test]
async fn source_the_population_register_answers_in_the_four_words_of_its_contract() {
    let world = World::start().await;
    for (name, number, expected) in [
        ("张明远", "340000199003070012", "match"),
        ("买买提·吐尔逊", "34000019930510007X", "match"),
        ("𠮷某", "340000199003071234", "match"),
        ("张明", "340000199003070012", "mismatch"),
        ("买买提•吐尔逊", "34000019930510007X", "mismatch"),
        ("买买提·吐尔逊", "34000019930510007x", "not_found"),
        ("陈秀兰", "440000196801019983", "mismatch"),
        ("郑未来", "370000198707120111", "not_found"),
        ("赵德海", "510000194203150016", "restricted"),
        ("赵海", "510000194203150016", "mismatch"),
        ("孙立群", "21000019790918013X", "restricted"),
    ] {
        let (status, answer) = world.ask("population-register", two(name, number)).await;
        assert_eq!(
            (status, answer["result"].as_str()),
            (200, Some(expected)),
            "{name} {number}"
        );
        assert!(
            answer["reference"]
                .as_str()
                .is_some_and(|reference| !reference.is_empty())
        );
        assert_eq!(answer.get("status").is_some(), expected == "match");
    }
    let (status, _) = world
        .ask("population-register", two("褚思远", "350000199309200280"))
        .await;
    assert_eq!(status, 503);
}

#[tokio::test]
async fn source_registers_refuse_callers_without_their_key_and_bodies_they_cannot_read() {
    let world = World::start().await;
    for key in ["", "Bearer wrong", "Bearer sandbox-gateway-key"] {
        let url = world.url("/sources/population-register/check");
        let request = world
            .client
            .post(url)
            .header(AUTHORIZATION, key)
            .json(&two("张明远", "340000199003070012"));
        assert_eq!(request.send().await.unwrap().status(), 401);
    }
    assert_eq!(
        world
            .ask("population-register", json!({ "name": "张明远" }))
            .await
            .0,
        400
    );
    assert_eq!(
        world
            .ask("population-register", json!("x".repeat(100_000)))
            .await
            .0,
        413
    );
}

#[tokio::test]
async fn source_the_operator_wants_the_phone_in_that_persons_own_name() {
    let world = World::start().await;
    let ask = async |name: &str, id: &str, phone: &str| {
        let (_, answer) = world
            .ask(
                "mobile-operator",
                json!({ "name": name, "citizen_id": id, "phone": phone }),
            )
            .await;
        answer["result"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        ask("张明远", "340000199003070012", "+8613800000001").await,
        "match"
    );
    assert_eq!(
        ask("张明远", "340000199003070012", "+8613800000002").await,
        "mismatch"
    );
    assert_eq!(
        ask("冯雨桐", "43000019910517026X", "+8613800000017").await,
        "mismatch"
    );
    assert_eq!(
        ask("某", "11010519491231002X", "+8613800000017").await,
        "not_found"
    );
}

/// The card of 张明远, his phone, and his entries in the further registers.
const CARD: &str = "6200000000000000018";

#[tokio::test]
async fn source_na_20_26_further_registers_want_everything_to_agree_and_their_own_form() {
    let world = World::start().await;
    let about = |more: Value| {
        let mut body = two("张明远", "340000199003070012");
        for (key, value) in more.as_object().unwrap() {
            body[key] = value.clone();
        }
        body
    };
    let cases = [
        (
            "bank-card",
            json!({ "phone": "+8613800000001", "card": CARD }),
            Ok("match"),
        ),
        (
            "bank-card",
            json!({ "phone": "+8613800000002", "card": CARD }),
            Ok("mismatch"),
        ),
        (
            "bank-card",
            json!({ "phone": "+8613800000001", "card": "6200000000000000026" }),
            Ok("mismatch"),
        ),
        (
            "bank-card",
            json!({ "phone": "+8613800000001", "card": "6200000000000000017" }),
            Err(400),
        ),
        (
            "bank-card",
            json!({ "phone": "+8613800000001", "card": "6200 0000 0000 0000 018" }),
            Err(400),
        ),
        (
            "bank-card",
            json!({ "phone": "13800000001", "card": CARD }),
            Err(400),
        ),
        ("bank-card", json!({ "card": CARD }), Err(400)),
        ("social-security", json!({ "account": "AH3400001" }), Ok("match")),
        (
            "social-security",
            json!({ "account": "AH3400002" }),
            Ok("mismatch"),
        ),
        ("social-security", json!({ "account": "ah3400001" }), Err(400)),
        (
            "provident-fund",
            json!({ "account": "055100000001" }),
            Ok("match"),
        ),
        (
            "provident-fund",
            json!({ "account": "55100000001" }),
            Ok("mismatch"),
        ),
        ("provident-fund", json!({ "account": "0551-0000001" }), Err(400)),
        (
            "driving-licence",
            json!({ "file_number": "340100000001" }),
            Ok("match"),
        ),
        (
            "driving-licence",
            json!({ "file_number": "340100000002" }),
            Ok("mismatch"),
        ),
        (
            "driving-licence",
            json!({ "file_number": "34010000001" }),
            Err(400),
        ),
        (
            "driving-licence",
            json!({ "file_number": "340100000001", "extra": 1 }),
            Err(400),
        ),
        ("vehicle-register", json!({ "plate": "皖A10001" }), Ok("match")),
    ];
    for (source, more, expected) in cases {
        let (status, answer) = world.ask(source, about(more.clone())).await;
        match expected {
            Ok(word) => assert_eq!(
                (status, &answer["result"]),
                (200, &json!(word)),
                "{source} {more}"
            ),
            Err(refusal) => assert_eq!(status, refusal, "{source} {more}"),
        }
        let mut other = about(more.clone());
        other["name"] = json!("张明");
        if expected == Ok("match") {
            assert_eq!(world.ask(source, other).await.1["result"], "mismatch", "{source}");
        }
    }
    for (source, more) in [
        ("bank-card", json!({ "phone": "+8613800000007", "card": CARD })),
        ("social-security", json!({ "account": "AH3400001" })),
        ("provident-fund", json!({ "account": "055100000001" })),
        ("driving-licence", json!({ "file_number": "340100000001" })),
    ] {
        let mut unknown = about(more);
        unknown["name"] = json!("WONG KA MING");
        unknown["citizen_id"] = json!("810000199003070015");
        assert_eq!(
            world.ask(source, unknown).await.1["result"],
            "not_found",
            "{source}"
        );
    }
    let journal = world.get("/journal?route=bank-card").await.to_string();
    assert!(
        journal.contains("****0018") && !journal.contains(CARD),
        "{journal}"
    );
}

#[tokio::test]
async fn source_the_population_register_compares_the_dates_of_the_card_where_they_are_given() {
    let world = World::start().await;
    let with = |name, id, from: &str, until: &str| {
        let mut body = two(name, id);
        body["document_issued_on"] = json!(from);
        body["document_expires_on"] = json!(until);
        body
    };
    for (body, expected) in [
        (
            with("张明远", "340000199003070012", "2016-05-04", "2036-05-04"),
            "match",
        ),
        (
            with("李静宜", "420000198511150022", "2020-01-01", "long_term"),
            "match",
        ),
        (
            with("张明远", "340000199003070012", "2016-05-05", "2036-05-04"),
            "mismatch",
        ),
        (
            with("张明远", "340000199003070012", "2016-05-04", "long_term"),
            "mismatch",
        ),
        (
            with("冯雨桐", "43000019910517026X", "2010-01-01", "2020-01-01"),
            "mismatch",
        ),
        (
            with("WONG KA MING", "810000199003070015", "2016-05-04", "2036-05-04"),
            "mismatch",
        ),
    ] {
        let (status, answer) = world.ask("population-register", body.clone()).await;
        assert_eq!((status, &answer["result"]), (200, &json!(expected)), "{body}");
    }
    let mut half = two("张明远", "340000199003070012");
    half["document_issued_on"] = json!("2016-05-04");
    assert_eq!(world.ask("population-register", half).await.0, 400);
    let spelled = with("张明远", "340000199003070012", "2016-5-4", "2036-05-04");
    assert_eq!(world.ask("population-register", spelled).await.0, 400);
}

#[tokio::test]
async fn every_register_can_be_made_to_fail_in_every_way_without_touching_the_others() {
    let world = World::start().await;
    let body = json!({ "name": "张明远", "citizen_id": "340000199003070012", "account": "055100000001" });
    let kinds = [
        ("hang", None),
        ("down", Some(503)),
        ("500", Some(500)),
        ("redirect", Some(303)),
        ("garbage", Some(200)),
        ("wrong", Some(200)),
        ("refused", Some(403)),
        ("quota", Some(429)),
        ("empty", Some(200)),
        ("huge", Some(200)),
        ("twice", Some(200)),
    ];
    for route in [
        "population-register",
        "mobile-operator",
        "bank-card",
        "social-security",
        "provident-fund",
        "driving-licence",
        "vehicle-register",
        "enterprise-register",
    ] {
        for (fault, status) in kinds.into_iter().filter(|(_, status)| status.is_some()) {
            world.fault(route, fault, 1).await;
            let client = reqwest::Client::builder()
                .no_proxy()
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .unwrap();
            let response = client
                .post(world.url(&format!("/sources/{route}/check")))
                .header(AUTHORIZATION, "Bearer sandbox-sources-key")
                .json(&body)
                .send()
                .await
                .unwrap();
            assert_eq!(Some(response.status().as_u16()), status, "{route} {fault}");
        }
        world.fault(route, "cut", 1).await;
        let response = world
            .client
            .post(world.url(&format!("/sources/{route}/check")))
            .header(AUTHORIZATION, "Bearer sandbox-sources-key")
            .json(&body)
            .send()
            .await;
        let cut = match response {
            Ok(response) => response.bytes().await.is_err(),
            Err(_) => true,
        };
        assert!(cut, "{route}");
        assert_eq!(world.get("/faults").await, json!([]), "{route}");
    }
}

#[tokio::test]
async fn source_the_enterprise_register_knows_names_codes_and_representatives() {
    let world = World::start().await;
    let base = json!({ "name": "安徽示例科技有限公司", "credit_code": "91340000MA00TE5T27" });
    assert_eq!(
        world.ask("enterprise-register", base.clone()).await.1["result"],
        "match"
    );
    let mut with = base.clone();
    with["legal_representative"] = two("张明远", "340000199003070012");
    assert_eq!(
        world.ask("enterprise-register", with.clone()).await.1["result"],
        "match"
    );
    with["legal_representative"] = two("李静宜", "420000198511150022");
    assert_eq!(
        world.ask("enterprise-register", with).await.1["result"],
        "mismatch"
    );
    let cancelled = json!({ "name": "安徽示例村股份经济合作社", "credit_code": "N2340000MF00000482" });
    assert_eq!(
        world.ask("enterprise-register", cancelled).await.1["result"],
        "restricted"
    );
}
