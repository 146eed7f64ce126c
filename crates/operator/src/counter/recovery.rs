//! `/operator/counter/recovery`: a person who cannot get into their account any more stands there with an identity
//! document and a phone. One operator looks at document and person and proposes; a second one looks at both, too, and
//! agrees on the page of the proposal (A241, [`super::proposal`]). The person reads out a code that goes to the phone, so
//! that it is in their hand. What then happens is `account::recovery::counter`'s: the phone becomes the account's, and the
//! person alone chooses a password with it.
//!
//! An account is named by the proven name and number, and by nothing else: only those are on a document.

use account::otp;
use account::recovery::counter::{self, Proposal, Seen};
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use model::citizen_id::CitizenId;
use model::ids::OperatorId;
use model::person_name::PersonName;
use model::phone::Phone;
use model::secret::Sensitive;
use serde::Deserialize;
use store::accounts::{self, Account};
use store::cases::{Factors, Input};
use store::operators;
use web::extract::{Form, FormName, Query};
use web::form::{Button, Errors, Field, FormPage, Words};
use web::markup::escape;
use web::paths::LocalPath;
use web::{Markup, Visit};

use super::person::{self, Looked, Person, is_own, note_look, prove};
use super::proposal;
use crate::Service;
use crate::layout::sheet;
use crate::review::desk::Desk;
use crate::roles::Permission;
use crate::session::{self, Signed, Stop};

pub(super) const HERE: LocalPath = LocalPath::known("/operator/counter/recovery");

/// What the form sends.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Sent {
    #[serde(flatten)]
    person: Person,
    phone: Sensitive<String>,
    #[serde(flatten)]
    looked: Looked,
    code: Sensitive<String>,
}

impl FormName for Sent {
    const FORM: &'static str = "operator-counter-recovery";
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    done: Option<String>,
}

/// What was typed, once it can be true.
struct Typed {
    name: PersonName,
    citizen_id: CitizenId,
    document: &'static str,
    phone: Phone,
}

pub(super) fn routes() -> Router<Service> {
    Router::new().route("/operator/counter/recovery", get(show).post(submit))
}

/// The way here from the counter's own page.
pub(super) fn link(visit: &Visit) -> Markup {
    Markup::from_rendered(format!(
        "<p><a href=\"{}\">{}</a></p>",
        HERE.as_str(),
        escape(&visit.t("counter-recovery-link"))
    ))
}

async fn show(
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Stop> {
    let signed = session::require(&service, &mut visit, Permission::Counter).await?;
    let page = Shown {
        service: &service,
        visit: &visit,
        signed: &signed,
        said: asked.done.as_deref().and_then(proposal::said),
    };
    page.render(&Sent::default(), (Errors::none(), false)).await
}

async fn submit(
    State(service): State<Service>,
    mut visit: Visit,
    Form(sent): Form<Sent>,
) -> Result<Response, Stop> {
    let signed = session::require_fresh(&service, &mut visit, Permission::Counter).await?;
    let desk = Desk::of(&service, &signed, &visit);
    let page = Shown {
        service: &service,
        visit: &visit,
        signed: &signed,
        said: None,
    };
    let typed = match parse(&sent, &visit) {
        Ok(typed) => typed,
        Err(errors) => return page.render(&sent, (errors, false)).await,
    };
    if is_own(&signed, &typed.name) {
        let errors = Errors::of("name", "desk-own-name");
        return page.render(&sent, (errors, false)).await;
    }
    let found = find(&service, &typed).await?;
    let looked = found.as_ref().map(|account| account.id);
    note_look(&service, (&signed, &visit), ("recovery", looked)).await?;
    let Some(account) = found else {
        let errors = Errors::of("citizen_id", "counter-recovery-unknown");
        return page.render(&sent, (errors, false)).await;
    };
    let facts = Input {
        name: typed.name,
        citizen_id: typed.citizen_id,
        phone: None,
        more: Factors::none(),
    };
    let to = (&account, otp::Purpose::NewPhone, &typed.phone);
    if let Err(errors) = prove((&desk, &visit), to, (&facts, &sent.code)).await? {
        return page.render(&sent, (errors, true)).await;
    }
    let seen = Seen {
        operator: signed.operator.id,
        document: typed.document.to_owned(),
        phone: typed.phone.e164().to_owned(),
        before: None,
    };
    let proposed = counter::propose(service.account(), visit.request_id(), &account, &seen).await?;
    let word = if proposed { "proposed" } else { "gone" };
    Ok(visit.redirect(&HERE.with("done", word)))
}

/// The account whose proven name and number these are, where a counter may open it.
async fn find(service: &Service, typed: &Typed) -> Result<Option<Account>, Stop> {
    let found = accounts::find_by_citizen_id(&service.store().read(), &typed.citizen_id).await?;
    let is = |account: &Account| {
        let same = |name: &PersonName| name.same_as(&typed.name);
        account.name.as_ref().is_some_and(same) && counter::is_served(account)
    };
    Ok(found.filter(is))
}

fn parse(sent: &Sent, visit: &Visit) -> Result<Typed, Errors> {
    let mut errors = Errors::none();
    let read = sent.person.read(&mut errors, visit.kit().today());
    let phone = Phone::parse(sent.phone.expose()).map_err(|_| "counter-recovery-phone-wrong");
    let phone = errors.take("phone", phone);
    sent.looked.check(&mut errors);
    match (read.name, read.citizen_id, read.document, phone) {
        (Some(name), Some(citizen_id), Some(document), Some(phone)) if errors.is_empty() => Ok(Typed {
            name,
            citizen_id,
            document,
            phone,
        }),
        _ => Err(errors),
    }
}

#[derive(askama::Template)]
#[template(path = "operator_counter_recovery.html")]
struct Content<'a> {
    visit: &'a Visit,
    said: Option<String>,
    form: Markup,
    /// What waits, for those whom it concerns.
    rows: Option<Vec<Row>>,
}

/// Something that waits. Whose account it is stands on its page, where each look is written down.
struct Row {
    words: String,
    /// Where somebody else than the proposer decides.
    decide: Option<LocalPath>,
    /// With what the proposer takes it back.
    withdraw: Option<Markup>,
}

struct Shown<'a> {
    service: &'a Service,
    visit: &'a Visit,
    signed: &'a Signed,
    said: Option<&'static str>,
}

impl Shown<'_> {
    async fn render(&self, sent: &Sent, (errors, code): (Errors, bool)) -> Result<Response, Stop> {
        let visit = self.visit;
        let content = Content {
            visit,
            said: self.said.map(|key| visit.t(key)),
            form: form(sent, code).render(visit, &errors),
            rows: self.waiting().await?,
        };
        let page = sheet("operator-counter-recovery", "counter-recovery-title")
            .caption("counter-caption")
            .errors(errors)
            .return_to(HERE);
        Ok(visit.render(page, &content))
    }

    /// What waits for a second operator: all of it for those who may confirm, and everybody's own.
    async fn waiting(&self) -> Result<Option<Vec<Row>>, Stop> {
        let (me, confirms) = (self.signed.operator.id, self.signed.may(Permission::Confirm));
        let mut all = counter::proposals(self.service.account()).await?;
        all.retain(|one| confirms || one.seen.operator == me);
        if all.is_empty() && !confirms {
            return Ok(None);
        }
        let ids: Vec<OperatorId> = all.iter().map(|one| one.seen.operator).collect();
        let names = operators::names(&self.service.store().read(), &ids).await?;
        Ok(Some(all.iter().map(|one| self.row(one, &names)).collect()))
    }

    fn row(&self, one: &Proposal, names: &[(OperatorId, String)]) -> Row {
        let visit = self.visit;
        let mine = one.seen.operator == self.signed.operator.id;
        let by = names.iter().find(|(id, _)| *id == one.seen.operator);
        let args = [
            ("by", by.map_or("", |(_, name)| name.as_str()).into()),
            ("at", visit.moment(one.at).into()),
            ("document", visit.t(person::name_of(&one.seen.document)).into()),
            ("phone", proposal::masked(&one.seen.phone).into()),
            ("until", visit.moment(one.until).into()),
        ];
        Row {
            words: visit.t_with("counter-recovery-one", &args),
            decide: (!mine).then(|| proposal::page_of(one.id)),
            withdraw: mine.then(|| proposal::withdraw_form(one.id).render(visit, &Errors::none())),
        }
    }
}

fn form(sent: &Sent, code: bool) -> FormPage {
    let phone = Field::text("phone", "counter-recovery-phone")
        .hint("counter-recovery-phone-hint")
        .value(sent.phone.expose())
        .autocomplete("off")
        .width("medium")
        .required();
    let form = sent.person.fields(FormPage::new(Sent::FORM, HERE)).field(phone);
    let mut form = sent.looked.boxes(form);
    if code {
        form = form.field(Field::code("code", "counter-code").hint(Words::key("counter-recovery-code-hint")));
    }
    form.button(Button::primary(if code {
        "counter-recovery-submit"
    } else {
        "counter-send-code"
    }))
}
