//! `/operator/counter/recovery`: a person who cannot get into their account any more stands there with an identity
//! document and a phone. One operator looks at document and person and proposes; a second one, with another login, agrees
//! (A241). The person reads out a code that goes to the phone, so that it is in their hand. What then happens is
//! `account::recovery::counter`'s: the phone becomes the account's, and the person alone chooses a password with it.
//!
//! An account is named by the proven name and number, and by nothing else: only those are on a document.

use account::evidence::source::Word;
use account::otp;
use account::recovery::counter::{self, Outcome, Proposal, Seen};
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use model::citizen_id::CitizenId;
use model::ids::{ChangeId, OtpId};
use model::person_name::PersonName;
use model::phone::Phone;
use model::secret::Sensitive;
use model::standing::{Answer, Entry, answer};
use serde::Deserialize;
use store::accounts::{self, Account};
use store::cases::{Factors, Input};
use store::otp::Tried;
use web::extract::{Form, FormName, Query};
use web::form::{Button, Checkbox, Errors, Field, FormPage, Radios, Words};
use web::markup::escape;
use web::paths::LocalPath;
use web::{Markup, Problem, Visit};

use super::DOCUMENTS;
use crate::Service;
use crate::layout::sheet;
use crate::review::decide;
use crate::review::desk::Desk;
use crate::roles::Permission;
use crate::session::{self, Signed, Stop};

const HERE: LocalPath = LocalPath::known("/operator/counter/recovery");
const DECIDE: LocalPath = LocalPath::known("/operator/counter/recovery/decide");

/// What the form sends.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Sent {
    name: Sensitive<String>,
    citizen_id: Sensitive<String>,
    document: String,
    phone: Sensitive<String>,
    same_person: Option<String>,
    genuine: Option<String>,
    code: Sensitive<String>,
}

impl FormName for Sent {
    const FORM: &'static str = "operator-counter-recovery";
}

/// What a second operator says.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Decision {
    change: String,
    agree: Option<String>,
}

impl FormName for Decision {
    const FORM: &'static str = "operator-counter-recovery-decide";
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
    Router::new()
        .route("/operator/counter/recovery", get(show).post(submit))
        .route("/operator/counter/recovery/decide", post(decide_one))
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
    let said = asked.done.as_deref().and_then(said);
    let page = Shown {
        service: &service,
        visit: &visit,
        signed: &signed,
        said,
    };
    page.render(&Sent::default(), (Errors::none(), false)).await
}

fn said(word: &str) -> Option<&'static str> {
    Some(match word {
        "proposed" => "counter-recovery-proposed",
        "agreed" => "counter-recovery-agreed",
        "refused" => "counter-recovery-refused",
        "gone" => "counter-recovery-gone",
        "own" => "counter-recovery-own",
        "taken" => "counter-recovery-taken",
        _ => return None,
    })
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
    if PersonName::parse(&signed.operator.name).is_ok_and(|own| own == typed.name) {
        return page
            .render(&sent, (Errors::of("name", "desk-own-name"), false))
            .await;
    }
    let Some(account) = find(&service, &typed).await? else {
        let errors = Errors::of("citizen_id", "counter-recovery-unknown");
        return page.render(&sent, (errors, false)).await;
    };
    let facts = Input {
        name: typed.name.clone(),
        citizen_id: typed.citizen_id.clone(),
        phone: None,
        more: Factors::none(),
    };
    if let Some(word) = decide::ask_register(&desk, &facts).await?
        && word != Word::Match
    {
        let words = match word {
            Word::Restricted => "counter-register-restricted",
            Word::Unavailable | Word::Refused => "counter-register-unavailable",
            _ => "counter-register-mismatch",
        };
        return page.render(&sent, (Errors::of_form(words), false)).await;
    }
    let code = match code(&service, &visit, (&account, &typed.phone), &sent.code).await? {
        Ok(code) => code,
        Err(errors) => return page.render(&sent, (errors, true)).await,
    };
    if !store::otp::consume(&service.store().read(), code, visit.now()).await? {
        let errors = Errors::of("code", "counter-code-wrong");
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
    Ok(found.filter(|account| {
        account.name.as_ref() == Some(&typed.name)
            && answer(account.status, Entry::Counter) != Answer::AsIfUnknown
    }))
}

/// The code that the person read out; sends one when none was typed.
async fn code(
    service: &Service,
    visit: &Visit,
    (account, phone): (&Account, &Phone),
    typed: &Sensitive<String>,
) -> Result<Result<OtpId, Errors>, Stop> {
    let browser = visit.browser_hash();
    let request = otp::Request {
        purpose: otp::Purpose::NewPhone,
        phone,
        browser: &browser,
        language: account.language,
    };
    if typed.expose().trim().is_empty() {
        let words = match otp::ask(service.account(), visit, &request).await? {
            Ok(()) | Err(otp::Refusal::TooSoon(_)) => "counter-code-missing",
            Err(otp::Refusal::TooMany(_) | otp::Refusal::Country) => "counter-code-too-many",
        };
        return Ok(Err(Errors::of("code", words)));
    }
    let Some(digits) = otp::read_code(typed.expose()) else {
        return Ok(Err(Errors::of("code", "counter-code-wrong")));
    };
    Ok(
        match otp::check(service.account(), &request, digits.expose()).await? {
            Tried::Right(id) => Ok(id),
            _ => Err(Errors::of("code", "counter-code-wrong")),
        },
    )
}

fn parse(sent: &Sent, visit: &Visit) -> Result<Typed, Errors> {
    let mut errors = Errors::none();
    let today = visit.now().date_naive();
    let name = PersonName::parse(sent.name.expose()).map_err(|_| "counter-name-wrong");
    let name = errors.take("name", name);
    let number = CitizenId::parse(sent.citizen_id.expose(), today).map_err(|_| "counter-citizen-id-wrong");
    let number = errors.take("citizen_id", number);
    let document = DOCUMENTS.iter().find(|(word, _)| *word == sent.document);
    let document = errors.take("document", document.ok_or("counter-document-missing"));
    let phone = Phone::parse(sent.phone.expose()).map_err(|_| "counter-who-wrong");
    let phone = errors.take("phone", phone);
    for (name, ticked) in [("same_person", &sent.same_person), ("genuine", &sent.genuine)] {
        if ticked.is_none() {
            errors.add(name, "counter-look-missing");
        }
    }
    match (name, number, document, phone) {
        (Some(name), Some(citizen_id), Some(&(document, _)), Some(phone)) if errors.is_empty() => Ok(Typed {
            name,
            citizen_id,
            document,
            phone,
        }),
        _ => Err(errors),
    }
}

/// A second operator agrees, or somebody refuses.
async fn decide_one(
    State(service): State<Service>,
    mut visit: Visit,
    Form(sent): Form<Decision>,
) -> Result<Response, Stop> {
    let signed = session::require_fresh(&service, &mut visit, Permission::Confirm).await?;
    let id: ChangeId = sent.change.parse().map_err(|_| Problem::not_found())?;
    let (account, request_id, me) = (service.account(), visit.request_id(), signed.operator.id);
    let outcome = if sent.agree.is_some() {
        counter::agree(account, request_id, id, me).await?
    } else {
        counter::refuse(account, request_id, id, me).await?
    };
    let word = match outcome {
        Outcome::Done if sent.agree.is_some() => "agreed",
        Outcome::Done => "refused",
        Outcome::Gone => "gone",
        Outcome::Own => "own",
        Outcome::PhoneTaken => "taken",
    };
    Ok(visit.redirect(&HERE.with("done", word)))
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
        let mut content = String::new();
        if let Some(key) = self.said {
            content.extend(["<p class=\"notice\">", &escape(&visit.t(key)), "</p>"]);
        }
        content.extend(["<p>", &escape(&visit.t("counter-recovery-text")), "</p>"]);
        content.push_str(&form(sent, code).render(visit, &errors).to_string());
        if self.signed.may(Permission::Confirm) {
            content.push_str(&self.waiting().await?);
        }
        let page = sheet("operator-counter-recovery", "counter-recovery-title")
            .caption("counter-caption")
            .errors(errors)
            .return_to(HERE);
        Ok(visit.render_markup(page, &Markup::from_rendered(content)))
    }

    /// What waits for a second operator. One's own is shown and cannot be agreed to.
    async fn waiting(&self) -> Result<String, Stop> {
        let all = counter::proposals(self.service.account()).await?;
        let mut list = format!("<h2>{}</h2>", escape(&self.visit.t("counter-recovery-waiting")));
        if all.is_empty() {
            let none = escape(&self.visit.t("counter-recovery-none"));
            list.extend(["<p>", &none, "</p>"]);
        }
        let cards: Vec<String> = all.iter().map(|one| self.card(one)).collect();
        list.extend(["<ul class=\"cards\">", &cards.concat(), "</ul>"]);
        Ok(list)
    }

    fn card(&self, one: &Proposal) -> String {
        let (visit, mine) = (self.visit, one.seen.operator == self.signed.operator.id);
        let document = DOCUMENTS.iter().find(|(word, _)| *word == one.seen.document);
        let document = document.map(|(_, key)| visit.t(key)).unwrap_or_default();
        let phone = Phone::parse(&one.seen.phone)
            .map(|phone| phone.masked())
            .unwrap_or_default();
        let until = visit.moment(one.until);
        let args = [
            ("document", document.as_str().into()),
            ("phone", phone.as_str().into()),
            ("moment", until.as_str().into()),
        ];
        let mut form = FormPage::new(Decision::FORM, DECIDE).hidden("change", one.id.to_string());
        if !mine {
            form = form.button(Button::primary("counter-recovery-agree").sends("agree", "yes"));
        }
        let form = form.button(Button::secondary("counter-recovery-refuse"));
        format!(
            "<li><p>{}</p>{}</li>",
            escape(&visit.t_with("counter-recovery-one", &args)),
            form.render(visit, &Errors::none())
        )
    }
}

fn form(sent: &Sent, code: bool) -> FormPage {
    let document = DOCUMENTS.iter().fold(
        Radios::new("document", "counter-document"),
        |radios, (word, key)| radios.option(*word, *key),
    );
    let tick = |name: &'static str, words: &'static str, ticked: &Option<String>| {
        Checkbox::new(name, words).checked(ticked.is_some())
    };
    let field = |name: &'static str, words: &'static str, value: &Sensitive<String>| {
        Field::text(name, words)
            .value(value.expose())
            .autocomplete("off")
            .required()
    };
    let mut form = FormPage::new(Sent::FORM, HERE)
        .field(field("name", "counter-name", &sent.name))
        .field(field("citizen_id", "counter-citizen-id", &sent.citizen_id).width("medium"))
        .radios(document.chosen(&sent.document))
        .field(
            field("phone", "counter-recovery-phone", &sent.phone)
                .hint("counter-recovery-phone-hint")
                .width("medium"),
        )
        .checkbox(tick("same_person", "counter-same-person", &sent.same_person))
        .checkbox(tick("genuine", "counter-genuine", &sent.genuine));
    if code {
        form = form.field(Field::code("code", "counter-code").hint(Words::key("counter-recovery-code-hint")));
    }
    form.button(Button::primary(if code {
        "counter-recovery-submit"
    } else {
        "counter-send-code"
    }))
}
