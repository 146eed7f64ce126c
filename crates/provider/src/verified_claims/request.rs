//! `verified_claims` in the `claims` parameter (OpenID Connect for Identity Assurance 1.0, sections 5.3 to 5.6), read once
//! into what codes and tokens keep.
//!
//! `null` asks for a member as it is, `value`, `values` and `max_age` limit it, several entries of a list are alternatives.
//! `essential` is read and changes nothing (5.7). Unknown members and claims are left out here, so that what is kept is
//! small; a wrong shape is an error, because a condition that is not understood must not be passed over. The caller limits
//! the length and the depth of the whole parameter.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use store::requested::{Limits, RequestedVerified, VerifiedElement, Wish};

use super::VerifiedClaim;
use super::shape::{self, EVIDENCE, Shape, VERIFICATION};
use crate::error::AuthorizeError;

/// The most elements of one request.
const ELEMENTS_MAX: usize = 8;
/// The most entries of one list in an element.
const ENTRIES_MAX: usize = 16;
/// The most values of one member.
const VALUES_MAX: usize = 32;

type Read<T> = Result<T, AuthorizeError>;

const MALFORMED: AuthorizeError = AuthorizeError::VerifiedClaimsMalformed;

/// Reads `verified_claims` as it stands in one place; what asks for nothing is nothing.
pub fn read(asked: Option<&Value>) -> Read<RequestedVerified> {
    let (listed, elements) = match asked {
        None | Some(Value::Null) => return Ok(RequestedVerified::default()),
        Some(Value::Array(elements)) if elements.len() <= ELEMENTS_MAX => (true, elements.as_slice()),
        Some(element @ Value::Object(_)) => (false, std::slice::from_ref(element)),
        Some(_) => return Err(MALFORMED),
    };
    let elements: Read<Vec<_>> = elements
        .iter()
        .filter_map(|one| element(one).transpose())
        .collect();
    Ok(RequestedVerified {
        listed,
        elements: elements?,
    })
}

fn element(asked: &Value) -> Read<Option<VerifiedElement>> {
    let Value::Object(members) = asked else {
        return Err(MALFORMED);
    };
    essential(members)?;
    if !members.contains_key("verification") && !members.contains_key("claims") {
        return Ok(None);
    }
    let verification = members.get("verification").ok_or(MALFORMED)?;
    if verification.get("trust_framework").is_none() {
        return Err(MALFORMED);
    }
    Ok(Some(VerifiedElement {
        verification: wish(&VERIFICATION, verification)?.ok_or(MALFORMED)?,
        claims: claims(members.get("claims"))?,
    }))
}

fn claims(asked: Option<&Value>) -> Read<BTreeMap<String, Limits>> {
    match asked {
        None | Some(Value::Null) => Ok(BTreeMap::new()),
        Some(Value::Object(claims)) => {
            let mut known = BTreeMap::new();
            for (name, how) in claims {
                let limits = limits(how)?;
                if VerifiedClaim::from_name(name).is_some() {
                    known.insert(name.clone(), limits);
                }
            }
            Ok(known)
        }
        Some(_) => Err(MALFORMED),
    }
}

/// What is wanted of a member; `None` where that is nothing.
fn wish(shape: &Shape, asked: &Value) -> Read<Option<Wish>> {
    match (shape, asked) {
        (Shape::Text, how) => {
            let read = limits(how)?;
            // An age is a limit of dates.
            Ok(Some(Wish::Value(Limits {
                max_age: None,
                ..read
            })))
        }
        (Shape::Date, how) => Ok(Some(Wish::Value(limits(how)?))),
        (Shape::Unavailable, how) => Ok(is_strict(how).then(unattainable)),
        (Shape::Object(..) | Shape::List(_) | Shape::Evidence, Value::Null) => Ok(whole(shape)),
        (Shape::Object(known, _), Value::Object(members)) => Ok(Some(Wish::Members(wishes(known, members)?))),
        (Shape::List(of), Value::Array(entries)) if entries.len() <= ENTRIES_MAX => {
            let read: Read<Vec<_>> = entries.iter().map(|entry| wish(of, entry)).collect();
            let read: Vec<_> = read?.into_iter().flatten().collect();
            Ok((!read.is_empty()).then_some(Wish::Entries(read)))
        }
        (Shape::Evidence, Value::Object(members)) => evidence(members).map(Some),
        (Shape::Object(..) | Shape::List(_) | Shape::Evidence, _) => Err(MALFORMED),
    }
}

fn wishes(known: &[(&str, Shape)], members: &Map<String, Value>) -> Read<BTreeMap<String, Wish>> {
    let mut wishes = BTreeMap::new();
    for (name, shape) in known {
        let wanted = members.get(*name).map(|asked| wish(shape, asked)).transpose()?;
        if let Some(wanted) = wanted.flatten() {
            wishes.insert((*name).to_owned(), wanted);
        }
    }
    Ok(wishes)
}

/// A filter over evidence names the type with `value` and in no other way (5.4).
fn evidence(members: &Map<String, Value>) -> Read<Wish> {
    let kind = members.get("type").ok_or(MALFORMED)?;
    let name = kind.get("value").and_then(Value::as_str).ok_or(MALFORMED)?;
    if kind.get("values").is_some() {
        return Err(MALFORMED);
    }
    let Some(Shape::Object(known, _)) = shape::evidence(name) else {
        return Ok(Wish::Members(BTreeMap::from([(
            "type".to_owned(),
            unattainable(),
        )])));
    };
    Ok(Wish::Members(wishes(known, members)?))
}

/// Everything of a member that was asked for with `null`.
fn whole(shape: &Shape) -> Option<Wish> {
    match shape {
        Shape::Text | Shape::Date => Some(Wish::Value(Limits::default())),
        Shape::Object(known, _) => {
            let members = known
                .iter()
                .filter_map(|(name, shape)| Some(((*name).to_owned(), whole(shape)?)));
            Some(Wish::Members(members.collect()))
        }
        Shape::List(of) => match of {
            Shape::Evidence => {
                let kinds = EVIDENCE.iter().filter_map(|(name, shape)| {
                    let Some(Wish::Members(mut members)) = whole(shape) else {
                        return None;
                    };
                    let only = Limits {
                        values: vec![(*name).into()],
                        max_age: None,
                    };
                    members.insert("type".to_owned(), Wish::Value(only));
                    Some(Wish::Members(members))
                });
                Some(Wish::Entries(kinds.collect()))
            }
            one => Some(Wish::Entries(vec![whole(one)?])),
        },
        Shape::Evidence | Shape::Unavailable => None,
    }
}

/// How one value is asked for.
fn limits(how: &Value) -> Read<Limits> {
    let members = match how {
        Value::Null => return Ok(Limits::default()),
        Value::Object(members) => members,
        _ => return Err(MALFORMED),
    };
    essential(members)?;
    let list: &[Value] = match members.get("values") {
        None => &[],
        Some(Value::Array(list)) if (1..=VALUES_MAX).contains(&list.len()) => list,
        Some(_) => return Err(MALFORMED),
    };
    Ok(Limits {
        values: members.get("value").into_iter().chain(list).cloned().collect(),
        max_age: members.get("max_age").map(max_age).transpose()?,
    })
}

fn essential(members: &Map<String, Value>) -> Read<()> {
    match members.get("essential") {
        None | Some(Value::Bool(_)) => Ok(()),
        Some(_) => Err(MALFORMED),
    }
}

/// A JSON number (5.5.2); part of a second is nothing.
fn max_age(value: &Value) -> Read<u64> {
    let whole = value.as_u64();
    let rounded = || value.as_f64().filter(|age| *age >= 0.0);
    match (whole, rounded()) {
        (Some(age), _) => Ok(age),
        (None, Some(age)) => format!("{:.0}", age.floor().min(1e15))
            .parse()
            .map_err(|_| MALFORMED),
        (None, None) => Err(MALFORMED),
    }
}

/// Whether there is a condition anywhere in what we do not have.
fn is_strict(how: &Value) -> bool {
    match how {
        Value::Object(members) => members
            .iter()
            .any(|(name, value)| matches!(name.as_str(), "value" | "values" | "max_age") || is_strict(value)),
        Value::Array(entries) => entries.iter().any(is_strict),
        _ => false,
    }
}

/// A condition that nothing fulfils.
fn unattainable() -> Wish {
    Wish::Value(Limits {
        values: vec![Value::Null],
        max_age: None,
    })
}
