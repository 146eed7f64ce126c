//! Whether an answer holds anything that was not asked for.

use serde_json::Value;

/// The elements of `verified_claims`, asked for or told.
pub fn elements(value: &Value) -> Vec<&Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(list) => list.iter().collect(),
        one => vec![one],
    }
}

/// Every member of each element told is asked for by one element of the request.
pub fn no_more_than(request: &Value, told: &Value) {
    assert_eq!(
        told.is_array(),
        request.is_array() && !told.is_null(),
        "as a list when asked so"
    );
    for element in elements(told) {
        let fits = elements(request).into_iter().any(|asked| within(asked, element));
        assert!(fits, "{element:#}\nis more than\n{request:#}");
    }
}

fn within(asked: &Value, told: &Value) -> bool {
    match (asked, told) {
        // Asked for as a whole, or within limits.
        (Value::Null, _) | (Value::Object(_), Value::String(_)) => true,
        (Value::Object(asked), Value::Object(told)) => told
            .iter()
            .all(|(name, value)| asked.get(name).is_some_and(|asked| within(asked, value))),
        (Value::Array(asked), Value::Array(told)) => told
            .iter()
            .all(|entry| asked.iter().any(|asked| within(asked, entry))),
        _ => false,
    }
}
