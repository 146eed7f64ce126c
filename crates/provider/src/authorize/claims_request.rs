//! The `claims` parameter: single claims asked for by name (OpenID Connect Core 5.5).
//!
//! Read strictly: at most 8 KiB, no member twice, the shapes of the specification. Claims that we do not know are left
//! out and are no error (5.5.1). `verified_claims` has a form of its own ([`crate::verified_claims::request`]). `value` and
//! `values` say which values are of use: `sub` then names the only people who will do, `acr` the levels, and any other
//! claim is left out where it is told when it has another value. What this does not do: decide whether the client may
//! have a claim; see [`super::steps`].

use std::collections::BTreeMap;

use jose::strict_json;
use serde_json::{Map, Value};
use store::codes::{RequestedClaim, RequestedClaims};

use crate::error::AuthorizeError;
use crate::verified_claims::{NAME, request};

/// The longest parameter, in bytes (A307).
const BYTES_MAX: usize = 8 * 1024;
/// The most claims asked for in one place.
const CLAIMS_MAX: usize = 100;
/// The longest claim name, in bytes.
const NAME_BYTES_MAX: usize = 128;
/// The most values of one claim.
const VALUES_MAX: usize = 32;

/// What the parameter asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClaimsRequest {
    /// Claims by name.
    pub claims: RequestedClaims,
    /// `id_token.acr`.
    pub acr: Option<AcrClaim>,
    /// `sub` with values: for each place where it stands, the only people who will do.
    pub subjects: Vec<Vec<String>>,
}

/// How `acr` is asked for (5.5.1.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AcrClaim {
    /// Whether one of the values is demanded.
    pub essential: bool,
    /// The values, in order of preference.
    pub values: Vec<String>,
}

impl ClaimsRequest {
    /// Reads the parameter.
    pub fn parse(text: &str) -> Result<Self, AuthorizeError> {
        if text.len() > BYTES_MAX {
            return Err(AuthorizeError::ClaimsTooLong);
        }
        let root = strict_json::object(text.as_bytes()).map_err(|_| AuthorizeError::ClaimsNotJson)?;
        let id_token = place(&root, "id_token")?;
        let userinfo = place(&root, "userinfo")?;
        Ok(Self {
            acr: asked(id_token, "acr").map(acr).transpose()?,
            subjects: subjects([id_token, userinfo])?,
            claims: RequestedClaims {
                id_token: names(id_token)?,
                userinfo: names(userinfo)?,
                verified_id_token: request::read(asked(id_token, NAME))?,
                verified_userinfo: request::read(asked(userinfo, NAME))?,
            },
        })
    }
}

/// The object for one place of delivery; nothing and `null` ask for nothing.
fn place<'a>(
    root: &'a Map<String, Value>,
    name: &'static str,
) -> Result<Option<&'a Map<String, Value>>, AuthorizeError> {
    match root.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(claims)) if claims.len() <= CLAIMS_MAX => Ok(Some(claims)),
        Some(_) => Err(AuthorizeError::ClaimsMalformed),
    }
}

fn asked<'a>(place: Option<&'a Map<String, Value>>, name: &str) -> Option<&'a Value> {
    place.and_then(|claims| claims.get(name))
}

fn names(place: Option<&Map<String, Value>>) -> Result<BTreeMap<String, RequestedClaim>, AuthorizeError> {
    let mut names = BTreeMap::new();
    for (name, how) in place.into_iter().flatten().filter(|(name, _)| *name != NAME) {
        if name.len() > NAME_BYTES_MAX {
            return Err(AuthorizeError::ClaimsMalformed);
        }
        names.insert(
            name.clone(),
            RequestedClaim {
                essential: essential(how)?,
                values: values(how)?.cloned().collect(),
            },
        );
    }
    Ok(names)
}

/// `value` and `values` together, in the order of preference.
fn values(how: &Value) -> Result<impl Iterator<Item = &Value>, AuthorizeError> {
    let list = match how.get("values") {
        None => [].iter(),
        Some(Value::Array(list)) if list.len() <= VALUES_MAX => list.iter(),
        Some(_) => return Err(AuthorizeError::ClaimsMalformed),
    };
    Ok(how.get("value").into_iter().chain(list))
}

/// The same where every value has to be a text.
fn texts(how: &Value) -> Result<Vec<String>, AuthorizeError> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let texts: Option<Vec<_>> = values(how)?.map(text).collect();
    texts.ok_or(AuthorizeError::ClaimsMalformed)
}

fn essential(how: &Value) -> Result<bool, AuthorizeError> {
    match how {
        Value::Null => Ok(false),
        Value::Object(members) => match members.get("essential") {
            None => Ok(false),
            Some(Value::Bool(essential)) => Ok(*essential),
            Some(_) => Err(AuthorizeError::ClaimsMalformed),
        },
        _ => Err(AuthorizeError::ClaimsMalformed),
    }
}

fn acr(how: &Value) -> Result<AcrClaim, AuthorizeError> {
    Ok(AcrClaim {
        essential: essential(how)?,
        values: texts(how)?,
    })
}

fn subjects(places: [Option<&Map<String, Value>>; 2]) -> Result<Vec<Vec<String>>, AuthorizeError> {
    let claims = places.into_iter().filter_map(|place| asked(place, "sub"));
    let sets: Result<Vec<_>, _> = claims.map(texts).collect();
    Ok(sets?.into_iter().filter(|set| !set.is_empty()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorCode;

    #[test]
    fn what_is_asked_is_read_and_what_is_unknown_is_no_error() {
        let parsed = ClaimsRequest::parse(
            r#"{"userinfo":{"name":{"essential":true},"x y":null},"other":5,
                "id_token":{"auth_time":{"essential":true},"verified_claims":[{}],"sub":{"value":"p.1"},
                "acr":{"essential":true,"value":"a","values":["b"]}}}"#,
        )
        .expect("reads");
        assert_eq!(
            parsed.acr,
            Some(AcrClaim {
                essential: true,
                values: vec!["a".to_owned(), "b".to_owned()]
            })
        );
        assert_eq!(parsed.subjects, [["p.1"]]);
        assert!(parsed.claims.userinfo["name"].essential);
        assert_eq!(parsed.claims.userinfo["x y"], RequestedClaim::default());
        assert_eq!(
            parsed.claims.id_token.keys().collect::<Vec<_>>(),
            ["acr", "auth_time", "sub"]
        );
        assert_eq!(
            ClaimsRequest::parse(r#"{"id_token":null}"#),
            Ok(ClaimsRequest::default())
        );
    }

    #[test]
    fn values_are_read_wherever_they_stand() {
        let parsed = ClaimsRequest::parse(
            r#"{"userinfo":{"sub":{"values":["p.1","p.2"]},"locale":{"values":["vi",7],"value":"en"}},
                "id_token":{"sub":{"essential":true,"value":"p.1"},"acr":{"values":["a"]}}}"#,
        )
        .expect("reads");
        assert_eq!(parsed.subjects, [vec!["p.1"], vec!["p.1", "p.2"]]);
        let locale = &parsed.claims.userinfo["locale"];
        assert_eq!(locale.values, ["en".into(), "vi".into(), serde_json::json!(7)]);
        assert!(locale.takes(&"vi".into()) && !locale.takes(&"zh-CN".into()));
        assert!(RequestedClaim::default().takes(&"anything".into()));
        let none = ClaimsRequest::parse(r#"{"id_token":{"sub":{"essential":true},"acr":null}}"#);
        assert_eq!(none.expect("reads").subjects, Vec::<Vec<String>>::new());
    }

    #[test]
    fn attack_305_deep_nesting_and_huge_numbers_in_claims_are_refused() {
        let deep = 2000;
        for bad in [
            format!(r#"{{"id_token":{}"#, "[".repeat(deep)),
            format!("{}{}", r#"{"userinfo":"#.repeat(600), "}".repeat(600)),
            format!(
                r#"{{"userinfo":{{"locale":{{"value":{}1{}}}}}}}"#,
                "[".repeat(deep),
                "]".repeat(deep)
            ),
            r#"{"id_token":{"auth_time":{"value":1e999999}}}"#.to_owned(),
        ] {
            let refused = ClaimsRequest::parse(&bad).map_err(|error| error.row().code);
            assert_eq!(refused, Err(ErrorCode::InvalidRequest), "{bad:.60}");
        }
        let digits = format!(r#"{{"id_token":{{"x":{{"value":{}}}}}}}"#, "9".repeat(5000));
        let _ = ClaimsRequest::parse(&digits);
    }

    #[test]
    fn attack_307_large_or_malformed_claims_are_refused() {
        let long = format!(r#"{{"userinfo":{{"{}":null}}}}"#, "a".repeat(200));
        let many: Vec<_> = (0..=CLAIMS_MAX).map(|n| format!("\"c{n}\":null")).collect();
        for bad in [
            "",
            "x",
            "[]",
            "{} {}",
            r#"{"id_token":[]}"#,
            r#"{"id_token":{"acr":1}}"#,
            r#"{"id_token":{"acr":{"essential":1}}}"#,
            r#"{"id_token":{"acr":{"value":2}}}"#,
            r#"{"id_token":{"acr":{"values":"x"}}}"#,
            r#"{"id_token":{"sub":{"value":1}}}"#,
            r#"{"id_token":{"acr":null,"acr":null}}"#,
            &format!(r#"{{"userinfo":{{{}}}}}"#, many.join(",")),
            &long,
            &" ".repeat(64 * 1024),
            &"[".repeat(5000),
        ] {
            let refused = ClaimsRequest::parse(bad).map_err(|error| error.row().code);
            assert_eq!(refused, Err(ErrorCode::InvalidRequest), "{bad:.60}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[\\{\\}\\[\\]\":,a-z_0-9 ]{0,80}") {
            let _ = ClaimsRequest::parse(&text);
        }
    }
}
