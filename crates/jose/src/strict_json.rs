//! JSON in which nothing is said twice.
//!
//! RFC 8259 leaves open what two members of one name mean, and readers differ; whoever gets one reader to check the
//! first and another to use the second has won (RFC 8725 section 2.4). So a repeated member is an error at every
//! depth. The rest is serde_json: nesting ends at 128, text must be UTF-8, nothing may follow the value.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Why some bytes are not the object that was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StrictJsonError {
    /// Not JSON, nested too deeply, or followed by something.
    #[error("not JSON")]
    NotJson,
    /// One object has two members of the same name.
    #[error("a member occurs twice")]
    DuplicateMember,
    /// JSON, but no object.
    #[error("not a JSON object")]
    NotAnObject,
}

/// Reads one object. The caller limits the length.
pub fn object(bytes: &[u8]) -> Result<Map<String, Value>, StrictJsonError> {
    match serde_json::from_slice::<Strict>(bytes) {
        Ok(Strict(Value::Object(map))) => Ok(map),
        Ok(Strict(_)) => Err(StrictJsonError::NotAnObject),
        // The visitor takes every kind of value, so the only error of its own is the repeated member.
        Err(error) if error.is_data() => Err(StrictJsonError::DuplicateMember),
        Err(_) => Err(StrictJsonError::NotJson),
    }
}

struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Strict;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without repeated members")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Strict, E> {
        Ok(Strict(Value::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Strict, E> {
        Ok(Strict(Value::from(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Strict, E> {
        Ok(Strict(Value::from(value)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Strict, E> {
        Ok(Strict(Value::from(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Strict, E> {
        Ok(Strict(Value::from(value)))
    }

    fn visit_string<E>(self, value: String) -> Result<Strict, E> {
        Ok(Strict(Value::String(value)))
    }

    fn visit_unit<E>(self) -> Result<Strict, E> {
        Ok(Strict(Value::Null))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Strict, A::Error> {
        let mut items = Vec::new();
        while let Some(Strict(item)) = seq.next_element()? {
            items.push(item);
        }
        Ok(Strict(Value::Array(items)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Strict, A::Error> {
        let mut map = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if map.contains_key(&name) {
                return Err(A::Error::custom("a member occurs twice"));
            }
            let Strict(value) = members.next_value()?;
            map.insert(name, value);
        }
        Ok(Strict(Value::Object(map)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn attack_110_a_repeated_member_is_refused_at_every_depth() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"b":2,"a":3}"#,
            r#"{"x":{"a":1,"a":2}}"#,
            r#"{"x":[0,{"a":1,"a":2}]}"#,
            // The same name, spelt with an escape.
            r#"{"alg":1,"\u0061lg":2}"#,
        ] {
            assert_eq!(
                object(text.as_bytes()),
                Err(StrictJsonError::DuplicateMember),
                "{text}"
            );
        }
        assert!(object(br#"{"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}],"A":0}"#).is_ok());
    }

    #[test]
    fn attack_118_deep_nesting_is_refused() {
        for text in ["[".repeat(100_000), r#"{"a":"#.repeat(100_000)] {
            assert_eq!(object(text.as_bytes()), Err(StrictJsonError::NotJson));
        }
    }

    #[test]
    fn what_is_not_one_object_is_refused() {
        for text in [
            "",
            "{",
            "{}{}",
            "{} x",
            "\u{feff}{}",
            "{'a':1}",
            "{\"a\":1,}",
            "{\"a\":\"\\ud800\"}",
            "{\"a\":1e999}",
        ] {
            assert_eq!(object(text.as_bytes()), Err(StrictJsonError::NotJson), "{text}");
        }
        assert_eq!(object(b"{\"a\":\"\xff\"}"), Err(StrictJsonError::NotJson));
        for text in ["[]", "1", "null", "\"a\""] {
            assert_eq!(
                object(text.as_bytes()),
                Err(StrictJsonError::NotAnObject),
                "{text}"
            );
        }
    }

    proptest! {
        #[test]
        fn agrees_with_serde_json_where_nothing_is_repeated(a in "\\PC*", n: i64, f in -1e9..1e9_f64, b: bool) {
            let text = serde_json::json!({ "a": a, "n": n, "f": f, "b": [b, null, { "n": n }] }).to_string();
            let theirs: Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(Ok(theirs), object(text.as_bytes()).map(Value::Object));
        }

        #[test]
        fn never_panics(bytes: Vec<u8>) {
            let _ = object(&bytes);
        }
    }
}
