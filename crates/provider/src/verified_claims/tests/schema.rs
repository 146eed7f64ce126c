//! What a valid answer is: the rules of OpenID Identity Assurance Schema Definition 1.0 section 5 as a JSON Schema of our
//! own (`schema.json`), stricter than the standard where we tell less than it allows, and a reader of the few keywords
//! that it uses. A keyword that the reader does not know is a failure, so that no rule is passed over.

use chrono::{DateTime, NaiveDate};
use serde_json::{Value, json};

/// What is wrong with one element of `verified_claims`; nothing when it is valid.
pub fn faults(element: &Value) -> Vec<String> {
    let schema: Value = serde_json::from_str(include_str!("schema.json")).unwrap();
    let mut faults = Vec::new();
    check(&schema, &schema, element, "$", &mut faults);
    faults
}

fn check(root: &Value, rules: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
    for (keyword, rule) in rules.as_object().unwrap() {
        let good = match keyword.as_str() {
            "$defs" | "required" | "additionalProperties" => true,
            "$ref" => {
                let name = rule.as_str().unwrap().strip_prefix("#/$defs/").unwrap();
                check(root, &root["$defs"][name], value, at, faults);
                true
            }
            "type" => match rule.as_str().unwrap() {
                "object" => object(rules, value, at, faults),
                "array" => value.is_array(),
                "string" => value.is_string(),
                other => panic!("the type {other} is not read"),
            },
            "properties" => {
                for (name, rule) in rule.as_object().unwrap() {
                    if let Some(member) = value.get(name) {
                        check(root, rule, member, &format!("{at}.{name}"), faults);
                    }
                }
                true
            }
            "items" => {
                for (place, entry) in value.as_array().into_iter().flatten().enumerate() {
                    check(root, rule, entry, &format!("{at}[{place}]"), faults);
                }
                true
            }
            "minItems" => value.as_array().is_none_or(|list| !list.is_empty()),
            "minLength" => value.as_str().is_none_or(|text| !text.is_empty()),
            "enum" => rule.as_array().unwrap().contains(value),
            "const" => rule == value,
            "pattern" => value
                .as_str()
                .is_some_and(|text| text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase())),
            "format" => value.as_str().is_some_and(|text| match rule.as_str().unwrap() {
                "date" => text.len() == 10 && text.parse::<NaiveDate>().is_ok(),
                "date-time" => DateTime::parse_from_rfc3339(text).is_ok() && text.ends_with('Z'),
                other => panic!("the format {other} is not read"),
            }),
            "anyOf" => rule.as_array().unwrap().iter().any(|one| {
                let mut found = Vec::new();
                check(root, one, value, at, &mut found);
                found.is_empty()
            }),
            other => panic!("the keyword {other} is not read"),
        };
        if !good {
            faults.push(format!("{at}: {keyword}"));
        }
    }
}

fn object(rules: &Value, value: &Value, at: &str, faults: &mut Vec<String>) -> bool {
    let Some(members) = value.as_object() else {
        return false;
    };
    for required in rules["required"].as_array().into_iter().flatten() {
        if !members.contains_key(required.as_str().unwrap()) {
            faults.push(format!("{at}: {required} is missing"));
        }
    }
    assert_eq!(
        rules["additionalProperties"], false,
        "{at}: every object is closed"
    );
    for name in members.keys() {
        if rules["properties"].get(name).is_none() {
            faults.push(format!("{at}: {name} is not allowed"));
        }
    }
    true
}

#[test]
fn the_reader_of_the_schema_finds_what_is_wrong() {
    let right = json!({
        "verification": {
            "trust_framework": "x", "time": "2026-05-04T09:30:00Z",
            "evidence": [
                { "type": "document", "check_details": [{ "check_method": "data" }],
                  "document_details": { "type": "idcard", "date_of_expiry": "2036-01-01" } },
                { "type": "electronic_record", "record": { "type": "bank_account" } },
                { "type": "vouch", "attestation": { "type": "digital_attestation" } },
                { "type": "electronic_signature", "signature_type": "a", "issuer": "b", "serial_number": "1" },
            ],
        },
        "claims": {},
    });
    assert_eq!(faults(&right), Vec::<String>::new());
    // The standard's own cases of failure, and some more.
    for (path, value) in [
        ("/claims", None),
        ("/verification", None),
        ("/verification/trust_framework", None),
        ("/verification/time", Some(json!("2026-05-04"))),
        ("/verification/time", Some(json!("2026-05-04T09:30:00+08:00"))),
        ("/verification/evidence", Some(json!([]))),
        ("/verification/evidence/0/type", Some(json!("id_document"))),
        ("/verification/evidence/0/type", None),
        ("/verification/evidence/0/check_details", Some(json!([]))),
        ("/verification/evidence/0/check_details/0/check_method", None),
        ("/verification/evidence/0/document_details/type", None),
        (
            "/verification/evidence/0/document_details/date_of_expiry",
            Some(json!("2036-1-1")),
        ),
        ("/verification/evidence/1/record/type", None),
        ("/verification/evidence/2/attestation/type", None),
        ("/verification/evidence/3/serial_number", None),
        ("/claims/name", Some(Value::Null)),
        ("/claims/given_name", Some(json!("x"))),
    ] {
        let mut wrong = right.clone();
        let (parent, name) = path.rsplit_once('/').unwrap();
        let parent = wrong.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        match &value {
            None => drop(parent.remove(name)),
            Some(value) => drop(parent.insert(name.to_owned(), value.clone())),
        }
        assert!(!faults(&wrong).is_empty(), "{path} {value:?}");
    }
}
