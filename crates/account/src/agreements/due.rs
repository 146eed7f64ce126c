//! What later versions ask of somebody who accepted an earlier one. A material change has to be accepted afresh, and may
//! be put off for some days (NA-39); a supplement is told and binds without a signature (NA-45). Whoever has accepted
//! nothing at all accepts before anything else.

use chrono::{Days, NaiveDate};
use store::accounts::Account;
use store::{StoreError, Tx};

use super::{Agreement, Agreements, Class};
use crate::Service;

/// What is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Due<'a> {
    /// Nothing: the newest version is accepted.
    Nothing,
    /// To be told of these, oldest first.
    Tell(&'a [Agreement]),
    /// To be accepted.
    Accept(Asked<'a>),
}

/// A version that waits for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked<'a> {
    /// What is accepted: the newest version in effect.
    pub version: &'a Agreement,
    /// What came since the accepted one, oldest first, the newest among them.
    pub since: &'a [Agreement],
    /// The last day on which it may be put off; `None` where it may not.
    pub last_day: Option<NaiveDate>,
}

/// A change of an agreement that waits for somebody's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Awaited {
    /// The last day on which it may be put off; `None` where it may not.
    pub(crate) last_day: Option<NaiveDate>,
}

/// The change that waits for this person's answer, if there is one. Where an agreement has one version there is no
/// change, and the database is not asked.
pub(crate) async fn awaited(
    service: &Service,
    tx: &Tx,
    account: &Account,
) -> Result<Option<Awaited>, StoreError> {
    let (id, agreements) = (super::of_kind(account.kind), service.agreements());
    if agreements.versions(id).len() < 2 {
        return Ok(None);
    }
    let accepted = store::agreements::newest_accepted(tx, account.id, id).await?;
    let today = service.kit().today();
    Ok(match agreements.due(id, accepted.as_deref(), today) {
        Due::Accept(asked) => Some(Awaited {
            last_day: asked.last_day,
        }),
        Due::Nothing | Due::Tell(_) => None,
    })
}

impl Agreements {
    /// What is due today, a day of the province ([`web::Kit::today`]), for somebody whose newest acceptance is of version
    /// `accepted`. A version that no file holds any more counts as nothing accepted.
    pub fn due(&self, id: &str, accepted: Option<&str>, today: NaiveDate) -> Due<'_> {
        let in_effect = self.in_effect(id, today);
        let Some(version) = in_effect.last() else {
            return Due::Nothing;
        };
        let known =
            accepted.and_then(|accepted| self.versions(id).iter().position(|one| one.version == accepted));
        let Some(known) = known else {
            return Due::Accept(Asked {
                version,
                since: &[],
                last_day: None,
            });
        };
        // Somebody may have accepted a version before its day.
        let since = in_effect.get(known + 1..).unwrap_or_default();
        if since.is_empty() {
            return Due::Nothing;
        }
        let Some(material) = since.iter().find(|one| one.class == Class::Material) else {
            return Due::Tell(since);
        };
        let last_day = material
            .effective
            .checked_add_days(Days::new(u64::from(material.grace_days)))
            .filter(|last| today <= *last);
        Due::Accept(Asked {
            version,
            since,
            last_day,
        })
    }

    /// Versions of an agreement, oldest first, those that are announced among them.
    pub(super) fn versions(&self, id: &str) -> &[Agreement] {
        self.0.get(id).map(Vec::as_slice).unwrap_or_default()
    }

    fn in_effect(&self, id: &str, today: NaiveDate) -> &[Agreement] {
        let versions = self.versions(id);
        let count = versions.partition_point(|version| version.effective <= today);
        versions.get(..count).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::RESIDENT;
    use super::*;

    fn at(day: &str) -> NaiveDate {
        day.parse().unwrap()
    }

    /// 1 (January), 2 supplement (March), 3 material with 10 days (May), 4 supplement (July).
    fn agreements() -> Agreements {
        let shipped = Agreements::shipped().unwrap();
        let first = shipped.versions(RESIDENT).first().unwrap();
        let version = |name: &str, effective: &str, class| Agreement {
            version: name.to_owned(),
            effective: effective.parse().unwrap(),
            class,
            grace_days: 10,
            summary: Some(first.title.clone()),
            ..first.clone()
        };
        Agreements::of(vec![
            version("1", "2026-01-01", Class::Material),
            version("2", "2026-03-01", Class::Supplement),
            version("3", "2026-05-01", Class::Material),
            version("4", "2026-07-01", Class::Supplement),
        ])
        .unwrap()
    }

    fn words(due: &Due<'_>) -> String {
        match due {
            Due::Nothing => "nothing".to_owned(),
            Due::Tell(list) => format!("tell {}", list.len()),
            Due::Accept(asked) => format!(
                "accept {} of {} until {:?}",
                asked.version.version,
                asked.since.len(),
                asked.last_day.map(|day| day.to_string())
            ),
        }
    }

    #[test]
    fn source_na_39_na_45_supplements_are_told_and_material_changes_are_accepted_within_their_days() {
        let agreements = agreements();
        for (accepted, day, expected) in [
            (Some("1"), "2026-02-01", "nothing"),
            (Some("1"), "2026-03-01", "tell 1"),
            (Some("2"), "2026-03-01", "nothing"),
            (
                Some("1"),
                "2026-05-01",
                "accept 3 of 2 until Some(\"2026-05-11\")",
            ),
            (
                Some("2"),
                "2026-05-11",
                "accept 3 of 1 until Some(\"2026-05-11\")",
            ),
            (Some("2"), "2026-05-12", "accept 3 of 1 until None"),
            // The days run from the material change, not from what came after it.
            (Some("2"), "2026-07-02", "accept 4 of 2 until None"),
            (Some("3"), "2026-07-02", "tell 1"),
            (Some("4"), "2026-07-02", "nothing"),
            // Accepted before its day.
            (Some("3"), "2026-04-01", "nothing"),
            (None, "2026-02-01", "accept 1 of 0 until None"),
            (Some("gone"), "2026-02-01", "accept 1 of 0 until None"),
            (None, "2025-12-31", "nothing"),
        ] {
            let due = agreements.due(RESIDENT, accepted, at(day));
            assert_eq!(words(&due), expected, "{accepted:?} on {day}");
        }
    }

    #[test]
    fn a_later_version_says_what_it_changes() {
        let agreements = agreements();
        let mut versions = agreements.versions(RESIDENT).to_vec();
        versions.last_mut().unwrap().summary = None;
        let refused = Agreements::of(versions).unwrap_err().to_string();
        assert!(
            refused.contains("version 4") && refused.contains("summary"),
            "{refused}"
        );
    }
}
