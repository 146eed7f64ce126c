//! `/operator/standing/{account}`: one account. It shows what an operator needs to decide about its standing: masked, when
//! it was made, how it came to where it is, what waits, and what the owner says against it.

use account::history::{self, Happening, What};
use axum::extract::{Path, State};
use axum::response::Response;
use chrono::{DateTime, Utc};
use model::event::Event;
use model::ids::AccountId;
use model::standing::Status;
use model::standing_reason::Reason;
use serde_json::json;
use store::accounts::{self, Account};
use store::operators::independent;
use store::standing_changes::{self, Appeal, Change};
use web::extract::Query;
use web::form::{Button, Errors, Field, FormPage, Radios, TextArea, Words};
use web::{Markup, Problem, Visit};

use super::act::{Agree, Decide, Restore, Suspend, Terminate, Withdraw};
use super::{page_of, step_of};
use crate::Service;
use crate::audit::audit;
use crate::layout::page;
use crate::roles::Permission;
use crate::session::{self, Signed, Stop};

/// The longest note, in UTF-16 units.
pub(super) const NOTE_MAX: u32 = 500;

/// The parameters of the page.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    done: Option<String>,
}

#[derive(askama::Template)]
#[template(path = "operator_standing.html")]
struct Content<'a> {
    visit: &'a Visit,
    done: Option<String>,
    standing: &'static str,
    status: String,
    phone: String,
    since: String,
    changes: Vec<Row>,
    proposal: Option<String>,
    appeal: Option<String>,
    barred: bool,
    forms: Vec<Markup>,
}

struct Row {
    at: String,
    what: String,
    reason: String,
    note: Option<String>,
    waits: bool,
}

/// The words of a reason in the database.
pub(super) fn reason(visit: &Visit, word: &str) -> String {
    Reason::parse(word).map_or_else(|| word.to_owned(), |reason| visit.t(reason.text()))
}

/// The key of a standing's name.
pub(crate) const fn name_of(status: Status) -> &'static str {
    match status {
        Status::Pending => "standing-status-pending",
        Status::Active => "standing-status-active",
        Status::Held => "standing-status-held",
        Status::Frozen => "standing-status-frozen",
        Status::Suspended => "standing-status-suspended",
        Status::Closing => "standing-status-closing",
        Status::Terminated => "standing-status-terminated",
        Status::Closed => "standing-status-closed",
    }
}

/// What is known of an account here.
pub(super) struct Known {
    pub(super) account: Account,
    pub(super) changes: Vec<Change>,
    pub(super) appeal: Option<Appeal>,
    /// Whether this operator is another person than whoever proposed what waits.
    agrees: bool,
    /// The same for those who decided what the objection is against.
    decides: bool,
    /// What was typed into a form that could not be taken, by field: it stands there again.
    pub(super) typed: Vec<(&'static str, String)>,
}

impl Known {
    pub(super) async fn load(service: &Service, signed: &Signed, id: &str) -> Result<Self, Stop> {
        let me = signed.operator.id;
        let id: AccountId = id.parse().map_err(|_| Problem::not_found())?;
        let tx = service.store().read();
        let account = accounts::find(&tx, id).await?.ok_or_else(Problem::not_found)?;
        let changes = standing_changes::list(&tx, id).await?;
        let current = changes
            .iter()
            .find(|change| change.to == account.status && !change.is_proposal());
        let appeal = match current {
            Some(change) => standing_changes::appeal_against(&tx, change.id).await?,
            None => None,
        };
        let appeal = appeal.filter(|appeal| appeal.decided.is_none());
        let agrees = match waiting(&changes, service.now()) {
            Some(proposal) => independent(&tx, me, proposal.operators()).await?,
            None => false,
        };
        let decides = match current.filter(|_| appeal.is_some()) {
            Some(change) => independent(&tx, me, change.operators()).await?,
            None => false,
        };
        Ok(Self {
            account,
            changes,
            appeal,
            agrees,
            decides,
            typed: Vec::new(),
        })
    }

    fn typed(&self, field: &str) -> &str {
        let typed = self.typed.iter().find(|(name, _)| *name == field);
        typed.map_or("", |(_, value)| value.as_str())
    }

    /// What waits for a second operator.
    pub(super) fn proposal(&self, now: DateTime<Utc>) -> Option<&Change> {
        waiting(&self.changes, now)
    }
}

/// What waits for a second operator among the changes of an account.
pub(super) fn waiting(changes: &[Change], now: DateTime<Utc>) -> Option<&Change> {
    changes.iter().find(|change| waits(change, now))
}

fn waits(change: &Change, now: DateTime<Utc>) -> bool {
    change.is_proposal() && change.until.is_some_and(|until| until > now)
}

/// What the page says after a step.
fn said(word: &str) -> &'static str {
    match word {
        "stays" => "standing-done-stays",
        _ => "operator-done",
    }
}

/// Shows it. Every look is in the audit log, and its owner reads of it.
pub(super) async fn show(
    State(service): State<Service>,
    mut visit: Visit,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Stop> {
    let signed = session::require(&service, &mut visit, Permission::Standing).await?;
    let known = Known::load(&service, &signed, &id).await?;
    let mut entry = audit(&signed, &visit, Event::StandingLookedAt, json!({}));
    entry.account = Some(known.account.id);
    let tx = service.store().begin().await?;
    store::audit::record(&tx, service.rng(), entry).await?;
    // Of a closed account nothing is left that anybody could read.
    if known.account.status != Status::Closed {
        let happening = Happening::new(known.account.id, What::LookedUp);
        history::note_aside(service.account(), &tx, &happening).await?;
    }
    tx.commit().await?;
    let said = asked.done.as_deref().map(said);
    Ok(render(
        &service,
        (&visit, &signed),
        &known,
        (said, &Errors::none()),
    ))
}

/// The page, perhaps with the faults of a form.
pub(super) fn render(
    service: &Service,
    (visit, signed): (&Visit, &Signed),
    known: &Known,
    (done, errors): (Option<&'static str>, &Errors),
) -> Response {
    let account = &known.account;
    let now = service.now();
    // What nobody answered in its time is nothing any more.
    let shown = known
        .changes
        .iter()
        .filter(|change| !change.is_proposal() || waits(change, now));
    let changes = shown.map(|change| Row {
        at: visit.moment(change.at),
        what: visit.t(name_of(change.to)),
        reason: reason(visit, &change.reason),
        note: change.note.as_ref().map(|note| note.expose().clone()),
        waits: change.is_proposal(),
    });
    let proposal = known.proposal(now).map(|change| {
        let key = if change.operator == Some(signed.operator.id) {
            "standing-proposal-mine"
        } else if known.agrees {
            "standing-proposal"
        } else {
            "desk-same-voucher"
        };
        visit.t(key)
    });
    let content = Content {
        visit,
        done: done.map(|key| visit.t(key)),
        standing: account.status.as_str(),
        status: visit.t(name_of(account.status)),
        phone: account
            .phone
            .as_ref()
            .map(model::phone::Phone::masked)
            .unwrap_or_default(),
        since: visit.day(account.created_at),
        changes: changes.collect(),
        proposal,
        appeal: known.appeal.as_ref().map(|appeal| appeal.text.expose().clone()),
        barred: known.appeal.is_some() && !known.decides,
        forms: forms(service, visit, known, errors),
    };
    let page = page("operator-standing-account", "standing-account-title")
        .errors(errors.clone())
        .return_to(page_of(account.id));
    visit.render(page, &content)
}

fn reasons(known: &Known, field: &'static str, to: Status) -> Radios {
    let radios = Reason::all_for(to).fold(Radios::new(field, "standing-reason"), |radios, reason| {
        radios.option(reason.as_str(), reason.text())
    });
    radios.chosen(known.typed(field))
}

fn note(known: &Known, field: &'static str) -> TextArea {
    TextArea::new(field, "standing-note", NOTE_MAX)
        .hint("standing-note-hint")
        .value(known.typed(field))
}

/// What this operator can do about this account now.
fn forms(service: &Service, visit: &Visit, known: &Known, errors: &Errors) -> Vec<Markup> {
    let id = known.account.id;
    let status = known.account.status;
    let mut forms = Vec::new();
    let mut add = |form: FormPage| forms.push(form.render(visit, errors));
    if let Some(proposal) = known.proposal(service.now()) {
        let number = proposal.id.to_string();
        if known.agrees && status.may_become(Status::Terminated) {
            add(FormPage::new(Agree::NAME, step_of(id, "/agree"))
                .hidden("change", number.clone())
                .button(Button::danger("standing-agree").guarded()));
        }
        add(FormPage::new(Withdraw::NAME, step_of(id, "/withdraw"))
            .hidden("change", number)
            .button(Button::secondary("standing-withdraw")));
    }
    if known.appeal.is_some() && known.decides {
        add(FormPage::new(Decide::NAME, step_of(id, "/appeal"))
            .radios(
                Radios::new("outcome", "standing-outcome")
                    .option("granted", "standing-outcome-grant")
                    .option("refused", "standing-outcome-refuse"),
            )
            .button(Button::primary("standing-decide")));
    }
    if status == Status::Suspended {
        add(FormPage::new(Restore::NAME, step_of(id, "/restore"))
            .radios(reasons(known, "restore_reason", Status::Active))
            .area(note(known, "restore_note"))
            .button(Button::primary("standing-restore")));
    }
    if status.may_become(Status::Suspended) {
        let longest = service.account().config().standing.suspend_days_max;
        let hint = Words::with("standing-days-hint", vec![("longest", longest.into())]);
        add(FormPage::new(Suspend::NAME, step_of(id, "/suspend"))
            .radios(reasons(known, "suspend_reason", Status::Suspended))
            .area(note(known, "suspend_note"))
            .field(
                Field::text("suspend_days", "standing-days")
                    .hint(hint)
                    .value(known.typed("suspend_days"))
                    .inputmode("numeric")
                    .autocomplete("off")
                    .width("short"),
            )
            .button(Button::danger("standing-suspend")));
    }
    if status.may_become(Status::Terminated) && known.proposal(service.now()).is_none() {
        add(FormPage::new(Terminate::NAME, step_of(id, "/terminate"))
            .radios(reasons(known, "terminate_reason", Status::Terminated))
            .area(note(known, "terminate_note"))
            .button(Button::danger("standing-terminate")));
    }
    forms
}
