//! The rules of selection, on data of their own.

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use serde_json::{Value, json};
use store::requested::{Limits, Wish};

use super::{asked, everything, schema};
use crate::verified_claims::choose::{Choice, choose, value};
use crate::verified_claims::{request, shape};

fn now() -> DateTime<Utc> {
    "2026-06-01T12:00:00Z".parse().unwrap()
}

fn data() -> Value {
    let check = |method: &str, id: &str| json!({ "check_method": method, "check_id": id, "organization": "o", "time": "2026-05-01T00:00:00Z" });
    json!({
        "trust_framework": "f", "assurance_level": "level2", "time": "2026-05-02T00:00:00Z", "verification_process": "p",
        "evidence": [
            { "type": "document", "check_details": [check("vri", "1"), check("pvr", "1")],
              "document_details": { "type": "idcard", "date_of_expiry": "2026-05-31" } },
            { "type": "document", "check_details": [check("data", "2")],
              "document_details": { "type": "driving_permit", "issuer": { "country_code": "CHN" } } },
            { "type": "electronic_record", "record": { "type": "bank_account" } },
        ],
    })
}

fn wish(verification: Value) -> Wish {
    let asked = json!({ "verification": verification, "claims": {} });
    let read = request::read(Some(&asked)).unwrap();
    read.elements[0].verification.clone()
}

fn chosen(verification: Value) -> Choice {
    choose(&wish(verification), &shape::VERIFICATION, Some(&data()), now())
}

#[test]
fn entries_are_alternatives_and_templates_for_all_that_they_take() {
    let told = chosen(json!({ "trust_framework": null, "evidence": [
        { "type": { "value": "document" }, "document_details": { "type": null } },
        { "type": { "value": "document" }, "check_details": [{ "check_method": { "value": "vri" }, "check_id": null }] },
    ] }));
    let expected = json!({ "trust_framework": "f", "evidence": [
        { "type": "document", "document_details": { "type": "idcard" },
          "check_details": [{ "check_method": "vri", "check_id": "1" }] },
        { "type": "document", "document_details": { "type": "driving_permit" } },
    ] });
    assert_eq!(told, Choice::Told(expected));
}

#[test]
fn what_would_be_invalid_is_left_out_up_to_where_it_is_valid() {
    // A document without its type, a check without its method: asked for like that, they cannot be told.
    let told = chosen(json!({ "trust_framework": null, "evidence": [
        { "type": { "value": "document" }, "document_details": { "date_of_expiry": null }, "check_details": [{ "time": null }] },
    ] }));
    let expected =
        json!({ "trust_framework": "f", "evidence": [{ "type": "document" }, { "type": "document" }] });
    assert_eq!(told, Choice::Told(expected));
    let without = wish(json!({ "trust_framework": null, "time": null }));
    assert_eq!(
        choose(
            &without,
            &shape::VERIFICATION,
            Some(&json!({ "time": "x" })),
            now()
        ),
        Choice::Nothing
    );
}

#[test]
fn the_last_second_of_a_date_counts() {
    let limit = |max_age: u64| Limits {
        values: Vec::new(),
        max_age: Some(max_age),
    };
    let date = json!("2026-05-31");
    let half_a_day_and_a_second = 12 * 3600 + 1;
    assert_eq!(
        value(&limit(half_a_day_and_a_second), Some(&date), now()),
        Choice::Told(date.clone())
    );
    assert_eq!(
        value(&limit(half_a_day_and_a_second - 1), Some(&date), now()),
        Choice::Unmet
    );
    let ahead = json!("2036-01-01");
    assert_eq!(
        value(&limit(0), Some(&ahead), now()),
        Choice::Told(ahead.clone()),
        "not past"
    );
    for no_date in [json!("x"), json!(5), json!("2026-13-01")] {
        assert_eq!(
            value(&limit(u64::MAX), Some(&no_date), now()),
            Choice::Unmet,
            "{no_date}"
        );
    }
    let moment = json!((now() - TimeDelta::seconds(60)).to_rfc3339());
    assert_eq!(
        value(&limit(60), Some(&moment), now()),
        Choice::Told(moment.clone())
    );
    assert_eq!(value(&limit(59), Some(&moment), now()), Choice::Unmet);
}

#[test]
fn null_asks_for_a_member_as_a_whole() {
    let Choice::Told(told) = chosen(json!({ "trust_framework": null, "evidence": null })) else {
        panic!("told");
    };
    assert_eq!(told["evidence"], data()["evidence"]);
    assert_eq!(told.as_object().unwrap().len(), 2);
    let document = chosen(
        json!({ "trust_framework": null, "evidence": [{ "type": { "value": "document" }, "document_details": null }] }),
    );
    let Choice::Told(told) = document else {
        panic!("told")
    };
    assert_eq!(
        told["evidence"][0]["document_details"],
        data()["evidence"][0]["document_details"]
    );
}

/// Requests made of the one for everything, with members taken out and demands put in.
fn any_request() -> impl Strategy<Value = Value> {
    prop::collection::vec((0_usize..60, 0_usize..6), 0..14).prop_map(|changes| {
        let mut request = everything();
        for (place, change) in changes {
            let mut paths = Vec::new();
            walk(&request, String::new(), &mut paths);
            let path = &paths[place % paths.len()];
            let (parent, name) = path.rsplit_once('/').unwrap();
            let Some(Value::Object(parent)) = request.pointer_mut(parent) else {
                continue;
            };
            if [
                "type",
                "value",
                "values",
                "essential",
                "max_age",
                "trust_framework",
                "verification",
                "claims",
            ]
            .contains(&name)
            {
                continue;
            }
            match change {
                0 | 1 => drop(parent.remove(name)),
                2 => drop(parent.insert(name.to_owned(), Value::Null)),
                3 if parent[name].is_null() => {
                    drop(parent.insert(name.to_owned(), json!({ "value": "data" })));
                }
                4 if parent[name].is_null() => {
                    drop(parent.insert(name.to_owned(), json!({ "essential": true })));
                }
                5 if parent[name].is_null() => {
                    drop(parent.insert(name.to_owned(), json!({ "max_age": 86_400 })));
                }
                _ => {}
            }
        }
        request
    })
}

fn walk(value: &Value, at: String, paths: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                paths.push(format!("{at}/{name}"));
                walk(value, format!("{at}/{name}"), paths);
            }
        }
        Value::Array(list) => {
            for (place, value) in list.iter().enumerate() {
                walk(value, format!("{at}/{place}"), paths);
            }
        }
        _ => {}
    }
}

proptest! {
    #[test]
    fn whatever_is_asked_the_answer_is_valid_and_no_more_than_that(request in any_request()) {
        let Ok(read) = request::read(Some(&request)) else {
            // A request that says nothing is refused or no request; both are read elsewhere.
            return Ok(());
        };
        let verification = &read.elements[0].verification;
        if let Choice::Told(told) = choose(verification, &shape::VERIFICATION, Some(&data()), now()) {
            let element = json!({ "verification": told, "claims": {} });
            prop_assert_eq!(schema::faults(&element), Vec::<String>::new());
            asked::no_more_than(&request, &element);
        }
    }
}
