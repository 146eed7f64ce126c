//! `/operator/sources`: what the sources of evidence are asked, what that costs, and whether they answer. Whether a source
//! is left alone after failures is this node's own view.

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use chrono::{Days, NaiveDate};
use store::source_use::{self, Use};
use web::Visit;

use crate::Service;
use crate::layout::page;
use crate::roles::Permission;
use crate::session::{self, Stop};

/// How many days the page looks back.
const DAYS: u64 = 30;

pub(crate) fn routes() -> Router<Service> {
    Router::new().route("/operator/sources", get(show))
}

#[derive(askama::Template)]
#[template(path = "operator_sources.html")]
struct Content<'a> {
    visit: &'a Visit,
    connected: Vec<Connected>,
    days: Vec<Day>,
}

struct Connected {
    id: String,
    rests: bool,
    price: String,
    today: u32,
    quota: Option<u32>,
    used_up: bool,
    spent: String,
}

struct Day {
    date: String,
    source: String,
    asked: u32,
    matched: u32,
    denied: u32,
    unavailable: u32,
    cost: String,
}

/// Hundredths as people write them.
fn money(hundredths: u64) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

fn cost(price: Option<&u32>, asked: u32) -> u64 {
    u64::from(price.copied().unwrap_or_default()).saturating_mul(u64::from(asked))
}

async fn show(State(service): State<Service>, mut visit: Visit) -> Result<Response, Stop> {
    session::require(&service, &mut visit, Permission::Sources).await?;
    let today = visit
        .now()
        .with_timezone(&visit.kit().branding().zone())
        .date_naive();
    let since = today.checked_sub_days(Days::new(DAYS)).unwrap_or(today);
    let uses = source_use::list(&service.store().read(), since).await?;
    let listed = service.account().sources().list(visit.now());
    let prices: BTreeMap<String, u32> = listed
        .iter()
        .map(|one| (one.id.as_str().to_owned(), one.cost_fen))
        .collect();
    let connected = listed.iter().map(|one| {
        let id = one.id.as_str();
        let (today, spent) = sums(&uses, id, today, prices.get(id));
        Connected {
            id: id.to_owned(),
            rests: one.is_resting,
            price: money(u64::from(one.cost_fen)),
            today,
            quota: one.daily_quota,
            used_up: one.daily_quota.is_some_and(|quota| today >= quota),
            spent: money(spent),
        }
    });
    let days = uses.iter().map(|one| Day {
        date: visit.date(one.day),
        asked: one.asked,
        matched: one.matched,
        denied: one.denied,
        unavailable: one.unavailable,
        cost: money(cost(prices.get(&one.source), one.asked)),
        source: one.source.clone(),
    });
    let content = Content {
        visit: &visit,
        connected: connected.collect(),
        days: days.collect(),
    };
    Ok(visit.render(page("operator-sources", "operator-sources-title"), &content))
}

/// How often a source was asked today, and what it cost in all these days.
fn sums(uses: &[Use], id: &str, today: NaiveDate, price: Option<&u32>) -> (u32, u64) {
    let own = || uses.iter().filter(|one| one.source == id);
    let asked_today = own().filter(|one| one.day == today).map(|one| one.asked).sum();
    let spent = own().map(|one| cost(price, one.asked)).sum();
    (asked_today, spent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_are_added_up_in_whole_hundredths() {
        let day = NaiveDate::from_ymd_opt(2026, 6, 1).unwrap();
        let one = |source: &str, day, asked| Use {
            source: source.to_owned(),
            day,
            asked,
            matched: 0,
            denied: 0,
            unavailable: 0,
        };
        let uses = [
            one("bank_card", day, 3),
            one("bank_card", day - Days::new(1), 4),
            one("face", day, 9),
        ];
        assert_eq!(sums(&uses, "bank_card", day, Some(&35)), (3, 245));
        assert_eq!(money(245), "2.45");
        assert_eq!(money(7), "0.07");
        assert_eq!(sums(&uses, "none", day, None), (0, 0));
    }
}
