//! What of a verification is told: what was asked for, if everything that was demanded of it holds (OpenID Connect for
//! Identity Assurance 1.0, sections 5.4, 5.5 and 5.7). Pure.
//!
//! A demand that is not met takes everything with it, and never is an error; what we do not have is left out; what would be
//! invalid without a member that is left out is left out itself, up to where it is valid.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use serde_json::{Map, Value};
use store::requested::{Limits, Wish};

use super::shape::{self, Shape};

/// What is told of one member.
#[derive(Clone, Debug, PartialEq)]
pub enum Choice {
    /// What was demanded does not hold.
    Unmet,
    /// Nothing, which is no obstacle.
    Nothing,
    /// This.
    Told(Value),
}

/// Chooses from what there is.
pub fn choose(wish: &Wish, shape: &Shape, data: Option<&Value>, now: DateTime<Utc>) -> Choice {
    let chosen = match (wish, shape) {
        (Wish::Value(limits), _) => value(limits, data, now),
        (Wish::Members(wishes), Shape::Object(known, required)) => {
            let member = |name: &str| Some((name.to_owned(), wishes.get(name)?));
            let wanted = known
                .iter()
                .filter_map(|(name, shape)| Some((member(name)?, shape)));
            members(wanted, required, data, now)
        }
        (Wish::Members(_), Shape::Evidence) => {
            let kind = data.and_then(|data| data.get("type")).and_then(Value::as_str);
            match kind.and_then(shape::evidence) {
                Some(shape) => choose(wish, shape, data, now),
                None => Choice::Nothing,
            }
        }
        (Wish::Entries(wishes), Shape::List(of)) => entries(wishes, of, data, now),
        // What was kept by another release.
        (Wish::Members(_) | Wish::Entries(_), _) => Choice::Nothing,
    };
    match chosen {
        Choice::Nothing if data.is_none() && wish.is_strict() => Choice::Unmet,
        chosen => chosen,
    }
}

/// Whether a value is within its limits; it is told whole or not at all.
pub fn value(limits: &Limits, data: Option<&Value>, now: DateTime<Utc>) -> Choice {
    let Some(value) = data else {
        return Choice::Nothing;
    };
    let named = limits.values.is_empty() || limits.values.contains(value);
    let fresh = limits.max_age.is_none_or(|age| is_within(value, age, now));
    if named && fresh {
        Choice::Told(value.clone())
    } else {
        Choice::Unmet
    }
}

/// Whether no more than so many seconds passed since a date, whose last second counts, or a point in time.
fn is_within(value: &Value, seconds: u64, now: DateTime<Utc>) -> bool {
    let Some(text) = value.as_str() else {
        return false;
    };
    let end_of_day = |date: NaiveDate| Some(date.and_time(NaiveTime::from_hms_opt(23, 59, 59)?).and_utc());
    let moment = DateTime::parse_from_rfc3339(text)
        .ok()
        .map(|moment| moment.to_utc())
        .or_else(|| end_of_day(text.parse().ok()?));
    let age = i64::try_from(seconds).ok().and_then(TimeDelta::try_seconds);
    // An age that is no length of time is longer than any.
    moment.is_some_and(|moment| age.is_none_or(|age| now - moment <= age))
}

fn members<'a>(
    wanted: impl Iterator<Item = ((String, &'a Wish), &'a Shape)>,
    required: &[&str],
    data: Option<&Value>,
    now: DateTime<Utc>,
) -> Choice {
    let mut told = Map::new();
    for ((name, wish), shape) in wanted {
        let there = data.and_then(|data| data.get(&name));
        match choose(wish, shape, there, now) {
            Choice::Unmet => return Choice::Unmet,
            Choice::Nothing => {}
            Choice::Told(value) => {
                told.insert(name, value);
            }
        }
    }
    let valid = required.iter().all(|name| told.contains_key(*name));
    if valid && !told.is_empty() {
        Choice::Told(Value::Object(told))
    } else {
        Choice::Nothing
    }
}

/// Each entry that one of the wishes takes, with what the wishes that take it ask for.
fn entries(wishes: &[Wish], of: &Shape, data: Option<&Value>, now: DateTime<Utc>) -> Choice {
    let there = data.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let (mut taken, mut told) = (false, Vec::new());
    for entry in there {
        let choices = wishes.iter().map(|wish| choose(wish, of, Some(entry), now));
        let mut together: Option<Value> = None;
        for choice in choices.filter(|choice| *choice != Choice::Unmet) {
            taken = true;
            if let Choice::Told(value) = choice {
                together = Some(match together {
                    None => value,
                    Some(before) => join(before, value),
                });
            }
        }
        told.extend(together);
    }
    if !taken && wishes.iter().any(Wish::is_strict) {
        Choice::Unmet
    } else if told.is_empty() {
        Choice::Nothing
    } else {
        Choice::Told(Value::Array(told))
    }
}

/// Two choices from the same entry.
fn join(one: Value, other: Value) -> Value {
    match (one, other) {
        (Value::Object(mut one), Value::Object(other)) => {
            for (name, value) in other {
                let both = match one.remove(&name) {
                    None => value,
                    Some(before) => join(before, value),
                };
                one.insert(name, both);
            }
            Value::Object(one)
        }
        // Lists within an entry: the longer one was chosen with less demanded of it.
        (Value::Array(one), Value::Array(other)) if other.len() > one.len() => Value::Array(other),
        (one, _) => one,
    }
}
