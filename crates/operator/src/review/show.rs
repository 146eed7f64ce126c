//! `/operator/cases/{number}`: a case. What was typed and sent is shown to the operator who holds it, and to nobody else;
//! each time it is shown is written down first.

use axum::extract::{Path, State};
use axum::response::Response;
use model::ids::OperatorId;
use model::review::{Act, Happening, Reason};
use serde::Deserialize;
use store::case_reviews::{self, Eyes, Review, Stage};
use store::cases::{Case, Input};
use store::{StoreError, accounts, case_history, case_images};
use web::extract::Query;
use web::form::{Errors, FormPage, Radios, Words};
use web::{Markup, Visit};

use super::act::{Bar, Chosen, Step, bar, can_ask, find};
use super::decide;
use super::desk::{About, Desk};
use super::prospect::{Prospect, prospect};
use super::queue::{key_button, take_next_form};
use super::{about, frozen, page_of, step_of, words};
use crate::Service;
use crate::layout::page;
use crate::overrides;
use crate::roles::Permission;
use crate::session::{self, Signed, Stop};

/// What the page is asked with: what was missing in the form.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    missing: Option<String>,
}

#[derive(askama::Template)]
#[template(path = "review_case.html")]
struct Content<'a> {
    visit: &'a Visit,
    about: String,
    state: String,
    level: u8,
    since: String,
    appeals: Option<u32>,
    holder: Option<String>,
    until: Option<String>,
    proposal: Option<Proposed>,
    outcome: Option<String>,
    bar: Option<String>,
    register: Option<String>,
    open: Option<Open>,
    actions: Vec<Markup>,
    history: Vec<Line>,
    to_queue: &'static str,
}

struct Proposed {
    by: String,
    what: String,
    reason: String,
}

struct Line {
    at: String,
    what: String,
    who: String,
    reason: Option<String>,
}

/// What only the holder sees.
struct Open {
    facts: Vec<(String, String)>,
    pictures: Vec<Picture>,
    level_then: u8,
    would: String,
    two: bool,
    conflict: bool,
}

struct Picture {
    href: String,
    part: String,
    who: String,
}

pub(super) async fn show(
    State(service): State<Service>,
    mut visit: Visit,
    Path(number): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Stop> {
    let signed = session::require(&service, &mut visit, Permission::Review).await?;
    let desk = Desk::of(&service, &signed, &visit);
    let read = service.store().read();
    let (case, review) = find(&read, &number).await?;
    let held = case_reviews::open(&read, &case.number, desk.me(), desk.now).await?;
    let barred = bar(&desk, &signed, (&case, &review)).await?;
    let open = match (held, barred) {
        (Some((case, review)), None) => Some(open(&desk, &visit, (&case, &review)).await?),
        _ => None,
    };
    let history = case_history::list(&read, case.id).await?;
    let account = accounts::find(&read, case.account).await?;
    let may_reopen = account.is_some_and(|account| account.status == accounts::Status::Frozen)
        && signed.may(Permission::Confirm)
        && frozen::may_reopen(&case, &history, desk.me());
    let names = names(&service, &review, &history).await?;
    let name_of = |id: OperatorId| {
        let known = names.iter().find(|(known, _)| *known == id);
        known.map_or_else(|| visit.t("desk-somebody"), |(_, name)| name.clone())
    };
    let language = match &open {
        Some(open) => open.1,
        None => visit.language(),
    };
    let content = Content {
        visit: &visit,
        about: visit.t(about(case.state, case.source.as_str())),
        state: visit.t(words::state(case.state)),
        level: review.level.number(),
        since: visit.moment(review.queued_at),
        appeals: Some(review.appeals).filter(|appeals| *appeals > 0),
        holder: review.holder(desk.now).map(name_of),
        until: review
            .claim
            .filter(|claim| claim.until > desk.now)
            .map(|claim| visit.t_with("desk-until", &[("at", visit.moment(claim.until).into())])),
        proposal: review.proposal.map(|proposal| Proposed {
            by: name_of(proposal.by),
            what: visit.t("desk-verdict-approve"),
            reason: visit.t(proposal.reason.text()),
        }),
        outcome: match review.stage {
            Stage::Queued => None,
            Stage::Asked | Stage::Done => review.reason.map(|reason| visit.t(reason.text())),
        },
        bar: barred.map(|bar| visit.t(words::bar(bar))),
        register: register(&visit, &history),
        actions: if may_reopen {
            vec![step(&visit, &case, "/reopen", ("desk-reopen", "o", "button"))]
        } else {
            let seen = (open.is_some(), barred);
            actions(&visit, &signed, (&case, &review), seen, language)
        },
        open: open.map(|(open, _)| open),
        history: history
            .iter()
            .map(|entry| Line {
                at: visit.moment(entry.at),
                what: visit.t(entry.what.text()),
                who: entry.operator.map_or_else(|| visit.t("desk-owner"), name_of),
                reason: entry.reason.map(|reason| visit.t(reason.text())),
            })
            .collect(),
        to_queue: "/operator/queue",
    };
    let mut errors = Errors::none();
    if asked.missing.is_some() {
        errors.add("choice", "desk-choice-missing");
    }
    let title = Words::with("desk-case-title", vec![("number", case.number.as_str().into())]);
    let page = page("operator-case", title).errors(errors);
    Ok(visit.render(page.return_to(page_of(&case.number)), &content))
}

async fn names(
    service: &Service,
    review: &Review,
    history: &[case_history::Entry],
) -> Result<Vec<(OperatorId, String)>, StoreError> {
    let mut ids: Vec<OperatorId> = history.iter().filter_map(|entry| entry.operator).collect();
    ids.extend(review.proposal.map(|proposal| proposal.by));
    ids.extend(review.claim.map(|claim| claim.by));
    ids.sort_unstable();
    ids.dedup();
    store::operators::names(&service.store().read(), &ids).await
}

/// Writes the look down, and only then gives what is looked at. With the language of the case's owner.
async fn open(
    desk: &Desk<'_>,
    visit: &Visit,
    (case, review): (&Case, &Review),
) -> Result<(Open, model::language::Language), StoreError> {
    let tx = desk.service.store().begin().await?;
    desk.note(&tx, &About::from(case), (Happening::Looked, None))
        .await?;
    tx.commit().await?;
    let read = desk.service.store().read();
    let account = accounts::find(&read, case.account)
        .await?
        .ok_or(StoreError::Malformed("case_review.account_id"))?;
    let pictures = case_images::list(&read, case.id).await?;
    let prospect = prospect(desk, &read, (case, review), &account).await?;
    let owner = match &case.input {
        Some(facts) => accounts::find_by_citizen_id(&read, &facts.citizen_id).await?,
        None => None,
    };
    let conflict = owner.is_some_and(|owner| owner.id != account.id);
    let who = format!(
        "{} · {} · {} · {}",
        desk.operator.name,
        desk.operator.login,
        case.number.as_str(),
        visit.moment(desk.now)
    );
    let shown = pictures.iter().filter(|picture| picture.deleted_at.is_none());
    let pictures = shown.map(|picture| Picture {
        href: step_of(&case.number, &format!("/pictures/{}", picture.id)).to_string(),
        part: visit.t(words::part(picture.part)),
        who: who.clone(),
    });
    let open = Open {
        facts: case
            .input
            .as_ref()
            .map(|facts| facts_of(visit, facts, &account))
            .unwrap_or_default(),
        pictures: pictures.collect(),
        level_then: prospect.then.level.number(),
        would: would(visit, &prospect),
        two: prospect.eyes == Eyes::Four,
        conflict,
    };
    Ok((open, account.language))
}

/// What an approval would do, in a few sentences.
fn would(visit: &Visit, prospect: &Prospect) -> String {
    let levels = [
        ("now", prospect.now.number().into()),
        ("then", prospect.then.level.number().into()),
    ];
    let mut text = vec![visit.t_with("desk-would", &levels)];
    if let Some(at) = prospect.then.lapses_at {
        text.push(visit.t_with("desk-would-until", &[("day", visit.day(at).into())]));
    }
    if !prospect.sources.is_empty() {
        let sources: Vec<&str> = prospect
            .sources
            .iter()
            .map(model::evidence::SourceId::as_str)
            .collect();
        text.push(visit.t_with("desk-would-sources", &[("sources", sources.join(", ").into())]));
    }
    text.join(" ")
}

fn facts_of(visit: &Visit, facts: &Input, account: &accounts::Account) -> Vec<(String, String)> {
    let age = facts.citizen_id.age_on(visit.kit().today());
    let born = facts.citizen_id.birth_date();
    let phone = facts.phone.as_ref().or(account.phone.as_ref());
    let mut shown = vec![
        (visit.t("desk-fact-name"), facts.name.as_str().to_owned()),
        (visit.t("desk-fact-number"), facts.citizen_id.as_str().to_owned()),
        (
            visit.t("desk-fact-born"),
            visit.t_with(
                "desk-fact-born-text",
                &[("day", visit.date(born).into()), ("age", age.into())],
            ),
        ),
    ];
    if let Some(phone) = phone {
        shown.push((visit.t("desk-fact-phone"), phone.masked()));
    }
    if let Some(name) = &account.name {
        shown.push((visit.t("desk-fact-verified-name"), name.as_str().to_owned()));
    }
    for (name, factor) in facts.more.iter() {
        let label = words::more(name).map_or_else(|| name.to_owned(), |key| visit.t(key));
        shown.push((label, factor.value.expose().clone()));
    }
    shown
}

/// A button that takes a step.
fn step(
    visit: &Visit,
    case: &Case,
    path: &str,
    (words, key, class): (&'static str, &'static str, &'static str),
) -> Markup {
    let form = <Step as web::extract::FormName>::FORM;
    FormPage::new(form, step_of(&case.number, path))
        .markup(key_button(visit, words, key, class))
        .render(visit, &Errors::none())
}

/// What the register said last, with the time.
fn register(visit: &Visit, history: &[case_history::Entry]) -> Option<String> {
    let said = |entry: &case_history::Entry| Some((entry.at, words::register(entry.what)?));
    let (at, key) = history.iter().find_map(said)?;
    Some(format!("{} · {}", visit.moment(at), visit.t(key)))
}

/// The forms of the page, in the order of work: decide, ask the register, give back; or take it; or take the next.
fn actions(
    visit: &Visit,
    signed: &Signed,
    (case, review): (&Case, &Review),
    (is_open, barred): (bool, Option<Bar>),
    language: model::language::Language,
) -> Vec<Markup> {
    let step = |path: &str, words, key, class| step(visit, case, path, (words, key, class));
    if is_open {
        let mut forms = vec![decision(visit, (case, review), language)];
        forms.push(step("/register", "desk-ask-register", "q", "button quiet"));
        if signed.may(Permission::Override) && review.proposal.is_none() && !decide::is_override(case) {
            forms.push(overrides::link(visit, &case.number));
        }
        forms.push(step("/claim", "desk-hold", "h", "button quiet"));
        forms.push(step("/release", "desk-release", "r", "button quiet"));
        return forms;
    }
    let free = review.stage == Stage::Queued
        && review.claim.is_none_or(|claim| claim.until <= visit.now())
        && review
            .proposal
            .is_none_or(|proposal| proposal.by != signed.operator.id);
    if free && barred.is_none() {
        return vec![step("/claim", "desk-claim", "c", "button")];
    }
    vec![take_next_form(visit)]
}

/// The question of the page. What the owner will be told stands below each answer, in their own language.
fn decision(visit: &Visit, (case, review): (&Case, &Review), language: model::language::Language) -> Markup {
    let action = step_of(&case.number, "/decide");
    let form = FormPage::new(<Chosen as web::extract::FormName>::FORM, action);
    let mut radios = Radios::new("choice", "desk-choice");
    let reply = |reason: Reason| Words::plain(visit.kit().t(language, reason.told(), &[]));
    let label = |act: &'static str, reason: Reason| {
        let reason = visit.t(reason.text());
        Words::plain(visit.t_with(act, &[("reason", reason.into())]))
    };
    if let Some(proposal) = review.proposal {
        radios = radios.option_with_hint("confirm", "desk-confirm", reply(proposal.reason));
        for reason in Reason::all_for(Act::SendBack) {
            let value = decide::choice(Act::SendBack, reason);
            radios = radios.option(value, label("desk-send-back", reason));
        }
    } else {
        for (act, words) in [
            (Act::Approve, "desk-approve"),
            (Act::Ask, "desk-ask"),
            (Act::Reject, "desk-reject"),
        ] {
            if act == Act::Ask && !can_ask(case.state) {
                continue;
            }
            for reason in Reason::all_for(act).filter(|reason| decide::fits(case, act, *reason)) {
                let value = decide::choice(act, reason);
                radios = radios.option_with_hint(value, label(words, reason), reply(reason));
            }
        }
    }
    form.radios(radios)
        .markup(key_button(visit, "desk-decide", "d", "button"))
        .render(visit, &Errors::none())
}
