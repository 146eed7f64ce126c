//! `/operator/audit`: who did what, newest first. Shows identifiers and no personal data; reading it is itself an entry,
//! once for each search.

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, TimeZone as _, Utc};
use model::event::Event;
use model::ids::AccountId;
use serde::Deserialize;
use serde_json::json;
use store::audit::read::{self, Filter, PAGE};
use store::cases::CaseNumber;
use uuid::Uuid;
use web::extract::Query;
use web::form::{Errors, Field};
use web::paths::LocalPath;
use web::{Markup, Visit};

use crate::layout::page;
use crate::roles::Permission;
use crate::session::{self, Signed, Stop};
use crate::{Service, audit};

/// How far back the page looks when nothing else is asked for, in days.
const DAYS: i64 = 30;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    case: String,
    event: String,
    from: String,
    until: String,
    older: String,
}

#[derive(askama::Template)]
#[template(path = "operator_audit.html")]
struct Content<'a> {
    visit: &'a Visit,
    fields: Vec<Markup>,
    rows: Vec<Row>,
    older: Option<String>,
}

struct Row {
    at: String,
    event: String,
    account: Option<String>,
    client: Option<String>,
    request: Option<String>,
    details: String,
}

pub(super) async fn show(
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Stop> {
    let signed = session::require(&service, &mut visit, Permission::Audit).await?;
    let mut errors = Errors::none();
    let filter = filter(&service, &visit, &asked, &mut errors).await?;
    let read = if errors.is_empty() {
        note(&service, &visit, &signed, &filter).await?;
        read::read(&service.store().read(), &filter).await?
    } else {
        Vec::new()
    };
    let full = u64::try_from(read.len()).is_ok_and(|count| count == PAGE);
    let older = read.last().filter(|_| full).map(|last| older(&asked, last.id));
    let rows = read.into_iter().map(|one| Row {
        at: visit.moment(one.at),
        event: one.event,
        account: one.account.map(|id| id.to_string()),
        client: one.client,
        request: one.request_id,
        details: if one.details == "null" {
            String::new()
        } else {
            one.details
        },
    });
    let content = Content {
        visit: &visit,
        fields: fields(&visit, &asked, &errors),
        rows: rows.collect(),
        older,
    };
    let page = page("operator-audit", "operator-audit-title");
    Ok(visit.render(page.errors(errors), &content))
}

fn fields(visit: &Visit, asked: &Asked, errors: &Errors) -> Vec<Markup> {
    let field = |name, label, value: &str| {
        Field::text(name, label)
            .value(value)
            .width("medium")
            .maxlength(64)
    };
    [
        field("case", "operator-audit-case", &asked.case).hint("operator-audit-case-hint"),
        field("event", "operator-audit-event", &asked.event).hint("operator-audit-event-hint"),
        field("from", "operator-audit-from", &asked.from).hint("operator-audit-day-hint"),
        field("until", "operator-audit-until", &asked.until).hint("operator-audit-day-hint"),
    ]
    .iter()
    .map(|field| field.render(visit, errors))
    .collect()
}

fn older(asked: &Asked, last: Uuid) -> String {
    let mut path = LocalPath::known("/operator/audit");
    for (name, value) in [
        ("case", &asked.case),
        ("event", &asked.event),
        ("from", &asked.from),
        ("until", &asked.until),
    ] {
        if !value.is_empty() {
            path = path.with(name, value);
        }
    }
    path.with("older", &last.to_string()).to_string()
}

/// The beginning of a day where the people are.
fn begins(visit: &Visit, day: NaiveDate) -> Option<DateTime<Utc>> {
    let zone = visit.kit().branding().zone();
    let local = zone
        .from_local_datetime(&day.and_time(NaiveTime::MIN))
        .earliest()?;
    Some(local.with_timezone(&Utc))
}

async fn filter(
    service: &Service,
    visit: &Visit,
    asked: &Asked,
    errors: &mut Errors,
) -> Result<Filter, Stop> {
    let mut filter = Filter::default();
    let case = asked.case.trim();
    if !case.is_empty() {
        match account_of(service, case).await? {
            Some(account) => filter.account = Some(account),
            None => errors.add("case", "operator-audit-case-unknown"),
        }
    }
    let event = asked.event.trim();
    if !event.is_empty() {
        match serde_json::from_value::<Event>(event.into()) {
            Ok(event) => filter.event = Some(event.as_str().to_owned()),
            Err(_) => errors.add("event", "operator-audit-event-unknown"),
        }
    }
    let mut day = |name, text: &str, after: u64| {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        let day = text
            .parse::<NaiveDate>()
            .ok()
            .and_then(|day| day.checked_add_days(Days::new(after)));
        let begins = day.and_then(|day| begins(visit, day));
        if begins.is_none() {
            errors.add(name, "operator-audit-day-unreadable");
        }
        begins
    };
    filter.from = day("from", &asked.from, 0);
    // The last day counts as a whole.
    filter.until = day("until", &asked.until, 1);
    if filter.from.is_none() {
        let end = filter.until.unwrap_or_else(|| visit.now());
        filter.from = Some(end - TimeDelta::days(DAYS));
    }
    filter.older_than = asked.older.parse().ok();
    Ok(filter)
}

/// The account that a number names: a case's, or the account's own as this log writes it.
async fn account_of(service: &Service, typed: &str) -> Result<Option<AccountId>, Stop> {
    if let Ok(account) = typed.parse::<AccountId>() {
        return Ok(Some(account));
    }
    let Some(number) = CaseNumber::parse(typed) else {
        return Ok(None);
    };
    Ok(store::cases::find_by_number(&service.store().read(), &number)
        .await?
        .map(|case| case.account))
}

/// Reading is itself written down, once for each search: about which account, where one was named, and for which event.
/// Going on to older entries of the same search is no new one.
async fn note(service: &Service, visit: &Visit, signed: &Signed, filter: &Filter) -> Result<(), Stop> {
    if filter.older_than.is_some() {
        return Ok(());
    }
    let details = match &filter.event {
        Some(event) => json!({ "event": event }),
        None => json!({}),
    };
    let mut entry = audit(signed, visit, Event::AuditRead, details);
    if let Some(account) = filter.account {
        entry = entry.account(account);
    }
    store::audit::record(&service.store().read(), service.rng(), entry).await?;
    Ok(())
}
