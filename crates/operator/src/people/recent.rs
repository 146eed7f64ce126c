//! Links to enrol by that were made of late. Whoever makes one could open it themselves, so every administrator sees them.

use chrono::{DateTime, TimeDelta, Utc};
use model::event::Event;
use model::ids::OperatorId;
use serde::Deserialize;
use store::audit::read::{self, Filter};
use store::operators;
use store::{StoreError, Tx};

/// How far back, in days.
const DAYS: i64 = 30;

/// A link that was made.
#[derive(Debug)]
pub(crate) struct Recent {
    /// For whom: the name.
    pub(crate) about: String,
    /// By whom: the name; `None` is the command line.
    pub(crate) by: Option<String>,
    /// When.
    pub(crate) at: DateTime<Utc>,
    /// Whether proofs that were there before are gone.
    pub(crate) again: bool,
}

#[derive(Deserialize)]
struct Details {
    about: OperatorId,
    operator: String,
    #[serde(default)]
    again: bool,
}

/// The links of the last days, newest first, one page of the log at most.
pub(crate) async fn recent(tx: &Tx, now: DateTime<Utc>) -> Result<Vec<Recent>, StoreError> {
    let filter = Filter {
        event: Some(Event::OperatorInvited.as_str().to_owned()),
        from: Some(now - TimeDelta::days(DAYS)),
        ..Filter::default()
    };
    let entries = read::read(tx, &filter).await?;
    let made: Vec<(DateTime<Utc>, Details, Option<OperatorId>)> = entries
        .into_iter()
        .filter_map(|entry| {
            let details: Details = serde_json::from_str(&entry.details).ok()?;
            let by = details.operator.parse().ok();
            Some((entry.at, details, by))
        })
        .collect();
    let ids: Vec<OperatorId> = made
        .iter()
        .flat_map(|(_, details, by)| by.iter().copied().chain([details.about]))
        .collect();
    let names = operators::names(tx, &ids).await?;
    let name = |id: OperatorId| {
        let found = names.iter().find(|(one, _)| *one == id);
        found.map_or_else(|| id.to_string(), |(_, name)| name.clone())
    };
    let made = made.into_iter().map(|(at, details, by)| Recent {
        about: name(details.about),
        by: by.map(name),
        at,
        again: details.again,
    });
    Ok(made.collect())
}
