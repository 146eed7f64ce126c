//! `/account/agreements/change`: a material change waits for an answer. Accept it, put it off while that is possible, or
//! refuse it; nothing is accepted by silence (NA-39). The form carries the mark of the text that was shown, so that
//! nobody accepts one that they have not seen. What a refusal means is said on a page of its own, with the ways that
//! remain: read once more, take the data along, close the account (NA-38).

use axum::extract::State;
use axum::response::Response;
use chrono::TimeDelta;
use model::event::Event;
use serde::Deserialize;
use serde_json::json;
use store::agreements::{Acceptance, Answer};
use store::audit::Entry;
use store::sessions::LiveSession;
use web::extract::{Form, FormName, Query};
use web::form::{Button, Checkbox, Errors, FormPage, Words};
use web::paths::LocalPath;
use web::{Markup, Page, Visit};

use super::due::{Asked, Due};
use super::{Agreement, of_kind, page};
use crate::Service;
use crate::history::{self, Happening, What};
use crate::session::{self, Stop};
use crate::signin::{self, Onward};

const HERE: LocalPath = LocalPath::known("/account/agreements/change");
const LIST: LocalPath = LocalPath::known("/account/agreements");
/// For how long "later" holds, in hours.
const LATER_HOURS: i64 = 24;
const REFUSED: LocalPath = LocalPath::known("/account/agreements/refused");

/// What the form sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Sent {
    answer: String,
    agree: Option<String>,
    agreement: String,
    interaction: Option<String>,
    return_to: Option<String>,
}

impl FormName for Sent {
    const FORM: &'static str = "agreement-change";
}

#[derive(askama::Template)]
#[template(path = "agreement_change.html")]
struct Content<'a> {
    visit: &'a Visit,
    last_day: Option<String>,
    changes: Vec<Change>,
    text: Markup,
    form: Markup,
}

struct Change {
    version: String,
    day: String,
    class: &'static str,
    summary: String,
}

/// What waits for an answer of this person.
async fn due<'a>(service: &'a Service, session: &LiveSession) -> Result<Due<'a>, Stop> {
    let id = of_kind(session.account.kind);
    let tx = service.store().read();
    let accepted = store::agreements::newest_accepted(&tx, session.account.id, id).await?;
    let today = service.kit().today();
    Ok(service.agreements().due(id, accepted.as_deref(), today))
}

/// Shows what changed; where nothing waits, the person goes on.
pub(super) async fn show(
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<signin::Asked>,
) -> Result<Response, Stop> {
    let onward = Onward::from(asked);
    let session = session::require(&service, &mut visit, &onward.through(HERE)).await?;
    let interaction = onward.speak(&service, &mut visit).await?;
    if let Some(page) = onward.left_behind(&service, interaction.as_ref()).await? {
        return Ok(visit.redirect(&page));
    }
    match due(&service, &session).await? {
        Due::Accept(asked) => Ok(render(&visit, &onward, &asked, Errors::none())),
        Due::Nothing | Due::Tell(_) => Ok(visit.redirect(&onward_or_list(&onward))),
    }
}

fn onward_or_list(onward: &Onward) -> LocalPath {
    if onward.has_interaction() || onward.return_to().is_some() {
        onward.path()
    } else {
        LIST
    }
}

fn render(visit: &Visit, onward: &Onward, asked: &Asked<'_>, errors: Errors) -> Response {
    let language = visit.language();
    let changes = asked.since.iter().map(|version| Change {
        version: version.version.clone(),
        day: visit.date(version.effective),
        class: page::class_key(version.class),
        summary: page::summary(version, language),
    });
    let form = onward
        .in_form(FormPage::new(Sent::FORM, HERE))
        .hidden("agreement", asked.version.mark(language))
        .checkbox(Checkbox::new("agree", "agreements-agree"))
        .button(Button::primary("agreements-accept").sends("answer", "accept"));
    let form = if asked.last_day.is_some() {
        form.button(Button::secondary("agreements-later").sends("answer", "later"))
    } else {
        form
    };
    let form = form.button(Button::secondary("agreements-refuse").sends("answer", "refuse"));
    let title = Words::plain(asked.version.title.in_language(language).to_owned());
    let content = Content {
        visit,
        last_day: asked.last_day.map(|day| visit.date(day)),
        changes: changes.collect(),
        text: page::formatted(asked.version.text(language)),
        form: form.render(visit, &errors),
    };
    let page = Page::new("agreement-change", title)
        .errors(errors)
        .return_to(onward.through(HERE));
    visit.render(page, &content)
}

/// Takes the answer.
pub(super) async fn submit(
    State(service): State<Service>,
    mut visit: Visit,
    Form(sent): Form<Sent>,
) -> Result<Response, Stop> {
    let onward = Onward::new(sent.interaction.as_deref(), sent.return_to.as_deref());
    let session = session::require(&service, &mut visit, &onward.through(HERE)).await?;
    onward.speak(&service, &mut visit).await?;
    // Answered in another tab: the second click goes on like the first.
    let Due::Accept(asked) = due(&service, &session).await? else {
        return Ok(visit.redirect(&onward_or_list(&onward)));
    };
    let shown = sent.agreement == asked.version.mark(visit.language());
    match sent.answer.as_str() {
        "accept" if sent.agree.is_none() => Ok(render(
            &visit,
            &onward,
            &asked,
            Errors::of("agree", "agreements-agree-missing"),
        )),
        "accept" if !shown => Ok(render(
            &visit,
            &onward,
            &asked,
            Errors::of("agree", "register-agree-changed"),
        )),
        "accept" => {
            record(&service, &visit, &session, (asked.version, Answer::Accepted)).await?;
            Ok(visit.redirect(&onward_or_list(&onward)))
        }
        "later" if asked.last_day.is_some() => {
            put_off(&service, &visit, &session, asked.version).await?;
            Ok(visit.redirect(&onward_or_list(&onward)))
        }
        "refuse" => {
            record(&service, &visit, &session, (asked.version, Answer::Refused)).await?;
            onward
                .answer(&service, &visit, |answers| answers.agreement_refused = true)
                .await?;
            Ok(visit.redirect(&onward.through(REFUSED)))
        }
        _ => Ok(render(
            &visit,
            &onward,
            &asked,
            Errors::of_form("agreements-answer-missing"),
        )),
    }
}

/// Notes that the person answers later: for a day no sub-site asks, while it may be put off.
async fn put_off(
    service: &Service,
    visit: &Visit,
    session: &LiveSession,
    agreement: &Agreement,
) -> Result<(), Stop> {
    let (tx, now) = (service.store().read(), visit.now());
    let which = (agreement.id.as_str(), agreement.version.as_str());
    let until = (now, now + TimeDelta::hours(LATER_HOURS));
    store::agreements::put_off(&tx, service.rng(), session.account.id, which, until).await?;
    Ok(())
}

/// Writes the answer down, once for each version and answer, however often the button is pressed.
async fn record(
    service: &Service,
    visit: &Visit,
    session: &LiveSession,
    (agreement, answer): (&Agreement, Answer),
) -> Result<(), Stop> {
    let (account, now, language) = (session.account.id, visit.now(), visit.language());
    let tx = service.store().begin().await?;
    store::accounts::take_turns(&tx, account).await?;
    let answers = store::agreements::list(&tx, account).await?;
    let newest = answers.iter().find(|one| one.agreement == agreement.id);
    if newest.is_some_and(|one| one.version == agreement.version && one.answer == answer) {
        return Ok(());
    }
    let acceptance = Acceptance {
        account,
        agreement: agreement.id.clone(),
        version: agreement.version.clone(),
        language,
        text_hash: agreement.text_hash(language),
        answer,
        at: now,
    };
    store::agreements::answer(&tx, service.rng(), &acceptance).await?;
    let event = match answer {
        Answer::Accepted => Event::AgreementAccepted,
        Answer::Refused => Event::AgreementRefused,
    };
    let details = json!({ "agreement": agreement.id, "version": agreement.version, "channel": "web" });
    let mut entry = Entry::new(event, now)
        .account(account)
        .session(session.id)
        .details(details);
    entry.request_id = Some(visit.request_id().to_owned());
    store::audit::record(&tx, service.rng(), entry).await?;
    let happening = Happening::new(account, What::AgreementAnswered).in_session(session.id);
    history::note(service, &tx, visit, &happening).await?;
    tx.commit().await?;
    Ok(())
}

#[derive(askama::Template)]
#[template(path = "agreement_refused.html")]
struct Refused<'a> {
    visit: &'a Visit,
    last_day: Option<String>,
    read_again: String,
    onward: Option<String>,
}

/// What a refusal means.
pub(super) async fn refused(
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<signin::Asked>,
) -> Result<Response, Stop> {
    let onward = Onward::from(asked);
    let session = session::require(&service, &mut visit, &onward.through(REFUSED)).await?;
    onward.speak(&service, &mut visit).await?;
    let Due::Accept(asked) = due(&service, &session).await? else {
        return Ok(visit.redirect(&onward_or_list(&onward)));
    };
    let content = Refused {
        visit: &visit,
        last_day: asked.last_day.map(|day| visit.date(day)),
        read_again: onward.through(HERE).to_string(),
        onward: onward.has_interaction().then(|| onward.path().to_string()),
    };
    Ok(visit.page("agreement-refused", "agreements-refused-title", &content))
}

#[cfg(test)]
mod tests;
