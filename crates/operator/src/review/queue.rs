//! `/operator/queue`: what waits, for how long and in whose hands. Nothing that was typed and nobody's name: to see
//! these one takes the case.

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use model::ids::OperatorId;
use model::review::Happening;
use serde::Deserialize;
use store::case_reviews::{self, Ages, Taker, Waiting};
use web::extract::{Form, FormName};
use web::form::{Errors, FormPage};
use web::{Markup, Visit};

use super::desk::{About, Desk};
use super::{QUEUE, about, act, page_of};
use crate::layout::page;
use crate::roles::Permission;
use crate::session::{self, Stop};
use crate::{Notice, Service};

/// How many cases in a row are tried when colleagues are faster.
const TRIES: u32 = 8;
/// From this age on a case is shown as late, in hours.
const LATE_HOURS: i64 = 24;

#[derive(askama::Template)]
#[template(path = "review_queue.html")]
struct Content<'a> {
    visit: &'a Visit,
    counts: Vec<(&'static str, i64)>,
    ages: Option<String>,
    take: Markup,
    rows: Vec<Row>,
}

struct Row {
    href: String,
    number: String,
    about: String,
    level: u8,
    since: String,
    hours: String,
    late: bool,
    holder: Option<String>,
    proposed: Option<String>,
    appealed: bool,
}

/// What the button sends.
#[derive(Debug, Deserialize)]
pub(super) struct Take {}

impl FormName for Take {
    const FORM: &'static str = "operator-take";
}

pub(super) async fn show(State(service): State<Service>, mut visit: Visit) -> Result<Response, Stop> {
    let signed = session::require(&service, &mut visit, Permission::Review).await?;
    let (tx, now) = (service.store().read(), visit.now());
    let counts = case_reviews::count(&tx, signed.operator.id, now).await?;
    let waiting = case_reviews::list(&tx).await?;
    let mut ids: Vec<OperatorId> = waiting
        .iter()
        .flat_map(|one| {
            let proposer = one.review.proposal.map(|proposal| proposal.by);
            one.review.holder(now).into_iter().chain(proposer)
        })
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let names = store::operators::names(&tx, &ids).await?;
    let rows = waiting.iter().map(|one| row(&visit, one, &names, now));
    let content = Content {
        visit: &visit,
        counts: vec![
            ("desk-count-queued", counts.queued),
            ("desk-count-held", counts.held),
            ("desk-count-mine", counts.mine),
            ("desk-count-proposed", counts.proposed),
            ("desk-count-appealed", counts.appealed),
            ("desk-count-asked", counts.asked),
        ],
        ages: ages(&visit, counts.ages),
        take: take_next_form(&visit),
        rows: rows.collect(),
    };
    Ok(visit.render(page("operator-queue", "desk-queue-title"), &content))
}

fn ages(visit: &Visit, ages: Ages) -> Option<String> {
    let oldest = visit.moment(ages.oldest?);
    let args = [
        ("oldest", oldest.into()),
        ("late", ages.late.into()),
        ("older", ages.very_late.into()),
    ];
    Some(visit.t_with("desk-ages", &args))
}

fn row(visit: &Visit, one: &Waiting, names: &[(OperatorId, String)], now: DateTime<Utc>) -> Row {
    let name_of = |id: OperatorId| {
        let known = names.iter().find(|(known, _)| *known == id);
        known.map_or_else(|| visit.t("desk-somebody"), |(_, name)| name.clone())
    };
    let review = &one.review;
    let waited: TimeDelta = now - review.queued_at;
    Row {
        href: page_of(&one.number).to_string(),
        number: one.number.as_str().to_owned(),
        about: visit.t(about(one.state, one.source.as_str())),
        level: review.level.number(),
        since: visit.moment(review.queued_at),
        hours: visit.t_with("desk-hours", &[("hours", waited.num_hours().into())]),
        late: waited >= TimeDelta::hours(LATE_HOURS),
        holder: review.holder(now).map(name_of),
        proposed: review.proposal.map(|proposal| {
            let name = name_of(proposal.by);
            visit.t_with("desk-tag-proposed", &[("name", name.into())])
        }),
        appealed: review.appeals > 0,
    }
}

/// The button that takes the next case; the key `n` with the browser's own modifier presses it.
pub(super) fn take_next_form(visit: &Visit) -> Markup {
    FormPage::new(Take::FORM, QUEUE)
        .markup(key_button(visit, "desk-take-next", "n", "button"))
        .render(visit, &Errors::none())
}

/// A button with an access key.
pub(super) fn key_button(
    visit: &Visit,
    words: &'static str,
    key: &'static str,
    class: &'static str,
) -> Markup {
    Markup::of(&KeyButton {
        text: visit.t(words),
        key,
        class,
    })
}

#[derive(askama::Template)]
#[template(
    source = r#"<button type="submit" class="{{ class }}" accesskey="{{ key }}">{{ text }}</button>"#,
    ext = "html"
)]
struct KeyButton {
    text: String,
    key: &'static str,
    class: &'static str,
}

/// Takes what has waited longest of what the operator may take.
pub(super) async fn take_next(
    State(service): State<Service>,
    mut visit: Visit,
    Form(Take {}): Form<Take>,
) -> Result<Response, Stop> {
    let signed = session::require(&service, &mut visit, Permission::Review).await?;
    let desk = Desk::of(&service, &signed, &visit);
    let tx = service.store().read();
    let taker = Taker {
        operator: desk.me(),
        confirms: signed.may(Permission::Confirm),
    };
    let (mut behind, mut lost) = (None, 0);
    while lost < TRIES {
        let next = case_reviews::find_next(&tx, taker, desk.now, behind.as_ref()).await?;
        let Some(next) = next else { break };
        behind = Some(next.review.clone());
        if act::may_not_take(&desk, &signed, &next.number).await?.is_some() {
            // Left where it is: a colleague takes it.
            continue;
        }
        let about = About {
            case: next.review.case,
            account: next.review.account,
            number: next.number.clone(),
        };
        let work = service.store().begin().await?;
        if case_reviews::claim(&work, about.case, desk.me(), desk.lease()).await? {
            desk.note(&work, &about, (Happening::Claimed, None)).await?;
            work.commit().await?;
            return Ok(visit.redirect(&page_of(&next.number)));
        }
        lost += 1;
    }
    let notice = Notice::saying("desk-nothing-next").link(QUEUE, "desk-to-queue");
    Ok(notice.respond(
        &visit,
        page("operator-queue-empty", "desk-nothing-next-title").return_to(QUEUE),
    ))
}
