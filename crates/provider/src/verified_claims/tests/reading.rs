//! What a sub-site may write, and what is refused.

use proptest::prelude::*;
use serde_json::{Value, json};
use store::requested::RequestedVerified;

use crate::authorize::claims_request::ClaimsRequest;
use crate::error::{AuthorizeError, ErrorCode};
use crate::verified_claims::request::read;

fn parse(verified: &Value) -> Result<RequestedVerified, AuthorizeError> {
    let whole = json!({ "userinfo": { "verified_claims": verified } });
    ClaimsRequest::parse(&whole.to_string()).map(|parsed| parsed.claims.verified_userinfo)
}

#[test]
fn what_asks_for_nothing_is_no_error() {
    for nothing in [
        Value::Null,
        json!({}),
        json!({ "essential": false }),
        json!({ "essential": true, "purpose": "x" }),
        json!([]),
        json!([{}, {}]),
    ] {
        assert_eq!(
            parse(&nothing).map(|read| read.elements),
            Ok(Vec::new()),
            "{nothing}"
        );
    }
}

#[test]
fn null_members_survive_and_unknown_ones_are_left_out() {
    let read = parse(&json!({
        "verification": { "trust_framework": null, "time": null, "of_the_future": { "value": 1 } },
        "claims": { "name": null, "x y\u{1f600}": { "essential": true }, "birthdate": {}, "gender": { "essential": false } },
    }))
    .unwrap();
    let kept = serde_json::to_value(&read).unwrap();
    assert_eq!(
        kept,
        json!({
            "listed": false,
            "elements": [{
                "verification": { "members": { "trust_framework": { "value": {} }, "time": { "value": {} } } },
                "claims": { "name": {}, "birthdate": {}, "gender": {} },
            }],
        })
    );
    assert_eq!(serde_json::from_value::<RequestedVerified>(kept).unwrap(), read);
}

#[test]
fn values_ages_and_alternatives_are_read() {
    let asked = json!([{
        "verification": {
            "trust_framework": { "value": "a", "values": ["b", "c"] },
            "time": { "max_age": 63_113_852 },
            "evidence": [
                { "type": { "value": "document" }, "document_details": { "date_of_expiry": { "max_age": 1.5 } } },
                { "type": { "value": "passenger_list" }, "cabin": null },
            ],
        },
        "claims": null,
    }]);
    let kept = serde_json::to_value(parse(&asked).unwrap()).unwrap();
    let verification = &kept["elements"][0]["verification"]["members"];
    assert_eq!(kept["listed"], true);
    assert_eq!(
        verification["trust_framework"]["value"]["values"],
        json!(["a", "b", "c"])
    );
    assert_eq!(verification["time"]["value"]["max_age"], 63_113_852);
    let entries = &verification["evidence"]["entries"];
    let age = &entries[0]["members"]["document_details"]["members"]["date_of_expiry"]["value"]["max_age"];
    assert_eq!(*age, 1);
    assert_eq!(
        entries[1],
        json!({ "members": { "type": { "value": { "values": [null] } } } }),
        "a type that there is not fits nothing"
    );
}

#[test]
fn attack_307_a_wrong_shape_is_an_error_of_the_request() {
    let element =
        |verification: Value, claims: Value| json!({ "verification": verification, "claims": claims });
    let framework = |more: Value| {
        let mut verification = json!({ "trust_framework": null });
        for (name, value) in more.as_object().unwrap() {
            verification[name] = value.clone();
        }
        element(verification, json!({}))
    };
    let entry = |entry: Value| framework(json!({ "evidence": [entry] }));
    let many: Vec<_> = (0..9).map(|_| framework(json!({}))).collect();
    let entries: Vec<_> = (0..17)
        .map(|_| json!({ "type": { "value": "document" } }))
        .collect();
    for bad in [
        json!("x"),
        json!(1),
        json!(["x"]),
        json!({ "essential": "yes" }),
        json!({ "claims": { "name": null } }),
        element(json!({}), json!({ "name": null })),
        element(json!("x"), json!({})),
        element(Value::Null, json!({})),
        element(json!({ "trust_framework": "x" }), json!({})),
        element(json!({ "trust_framework": { "values": "x" } }), json!({})),
        element(json!({ "trust_framework": { "values": [] } }), json!({})),
        element(json!({ "trust_framework": null }), json!([])),
        element(json!({ "trust_framework": null }), json!({ "name": 1 })),
        element(
            json!({ "trust_framework": null }),
            json!({ "name": { "essential": 1 } }),
        ),
        framework(json!({ "time": { "max_age": -1 } })),
        framework(json!({ "time": { "max_age": "1" } })),
        framework(json!({ "evidence": {} })),
        entry(json!({})),
        entry(json!({ "type": null })),
        entry(json!({ "type": { "values": ["document"] } })),
        entry(json!({ "type": { "value": "document", "values": ["vouch"] } })),
        entry(json!({ "type": { "value": "document" }, "check_details": {} })),
        entry(json!({ "type": { "value": "document" }, "document_details": [] })),
        framework(json!({ "evidence": entries })),
        json!(many),
    ] {
        let refused = parse(&bad).map_err(|error| error.row().code);
        assert_eq!(refused, Err(ErrorCode::InvalidRequest), "{bad}");
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let word = prop::sample::select(vec![
        "verification",
        "claims",
        "trust_framework",
        "time",
        "evidence",
        "type",
        "value",
        "values",
        "max_age",
        "essential",
        "check_details",
        "check_method",
        "document_details",
        "document",
        "vouch",
        "name",
        "birthdate",
        "assurance_level",
        "assurance_process",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        word.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((word.clone(), inner), 0..5).prop_map(|members| {
                Value::Object(
                    members
                        .into_iter()
                        .map(|(name, value)| (name.to_owned(), value))
                        .collect(),
                )
            }),
        ]
    })
}

proptest! {
    #[test]
    fn anything_is_read_or_refused_and_what_is_read_is_kept_as_it_was(asked in any_json()) {
        if let Ok(read) = read(Some(&asked)) {
            let kept = serde_json::to_string(&read).unwrap();
            prop_assert_eq!(serde_json::from_str::<RequestedVerified>(&kept).unwrap(), read);
        }
    }
}
