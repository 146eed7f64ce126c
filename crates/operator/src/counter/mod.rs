//! `/operator/counter`: a person stands there with an identity document. One operator looks at both and asks the register;
//! a second one confirms, and only then there is evidence (`crate::review`).
//!
//! The account is named by the phone that the person signs in with or by the number of one of their cases; the person
//! reads out a code that goes to the account's phone, so that nobody's account becomes another person's by a slip of a
//! finger or by intent. The page tells nothing else about an account. What it does not do: it opens no accounts, and minors with a guardian are not served
//! here; the page says so.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use chrono::NaiveDate;
use model::citizen_id::CitizenId;
use model::evidence::SourceId;
use model::ids::OtpId;
use model::ladder::Level;
use model::person_name::PersonName;
use model::phone::Phone;
use model::review::{Happening, Reason};
use model::secret::Sensitive;
use serde::Deserialize;
use store::accounts::{self, Account, Status};
use store::case_reviews;
use store::cases::{CaseNumber, Factors, Input};
use store::otp::Tried;
use web::extract::{Form, FormName};
use web::form::{Button, Checkbox, Errors, Field, FormPage, Radios, Words};
use web::paths::LocalPath;
use web::{Problem, Visit};

use account::evidence::source::Word;
use account::otp;

use crate::Service;
use crate::layout::sheet;
use crate::review::decide::{self, COUNTER, DOCUMENT, DOCUMENT_EXPIRES};
use crate::review::desk::Desk;
use crate::review::file::{self, Filing};
use crate::review::page_of;
use crate::roles::Permission;
use crate::session::{self, Signed, Stop};

mod recovery;

const HERE: LocalPath = LocalPath::known("/operator/counter");

/// Documents that are taken, with the keys of their names.
const DOCUMENTS: [(&str, &str); 2] = [
    ("idcard", "counter-document-idcard"),
    ("residence_permit", "counter-document-residence-permit"),
];

/// What the form sends.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Sent {
    who: String,
    name: String,
    citizen_id: String,
    document: String,
    document_expires: String,
    same_person: Option<String>,
    genuine: Option<String>,
    code: Sensitive<String>,
}

impl FormName for Sent {
    const FORM: &'static str = "operator-counter";
}

/// What was typed, once it can be true.
struct Typed {
    who: Who,
    facts: Input,
}

enum Who {
    Phone(Phone),
    Case(CaseNumber),
}

pub(crate) fn routes() -> Router<Service> {
    Router::new()
        .route("/operator/counter", get(show).post(submit))
        .merge(recovery::routes())
}

async fn show(State(service): State<Service>, mut visit: Visit) -> Result<Response, Stop> {
    session::require(&service, &mut visit, Permission::Counter).await?;
    Ok(render(&visit, &Sent::default(), &Errors::none(), None))
}

async fn submit(
    State(service): State<Service>,
    mut visit: Visit,
    Form(sent): Form<Sent>,
) -> Result<Response, Stop> {
    let signed = session::require(&service, &mut visit, Permission::Counter).await?;
    let desk = Desk::of(&service, &signed, &visit);
    let adult = service.account().config().sources.adult_years;
    let typed = match parse(&sent, desk.now.date_naive(), adult) {
        Ok(typed) => typed,
        Err(errors) => return Ok(render(&visit, &sent, &errors, None)),
    };
    let found = find(&service, &typed.who).await?;
    let Some((account, phone)) = found else {
        let errors = Errors::of("who", "counter-who-unknown");
        return Ok(render(&visit, &sent, &errors, None));
    };
    if let Some((field, words)) = not_here(&service, &signed, &account, &typed.facts).await? {
        return Ok(render(&visit, &sent, &Errors::of(field, words), None));
    }
    let code = match code(&service, &visit, &account, &phone, &sent.code).await? {
        Ok(code) => code,
        Err(errors) => return Ok(render(&visit, &sent, &errors, Some(&phone))),
    };
    let fault = match decide::ask_register(&desk, &typed.facts).await? {
        Some(Word::Match) | None => None,
        Some(Word::Mismatch) => Some("counter-register-mismatch"),
        Some(Word::NotFound) => Some("counter-register-not-found"),
        Some(Word::Restricted) => Some("counter-register-restricted"),
        Some(Word::Unavailable | Word::Refused) => Some("counter-register-unavailable"),
    };
    if let Some(fault) = fault {
        return Ok(render(&visit, &sent, &Errors::of_form(fault), Some(&phone)));
    }
    if !store::otp::consume(&service.store().read(), code, desk.now).await? {
        let errors = Errors::of("code", "counter-code-wrong");
        return Ok(render(&visit, &sent, &errors, Some(&phone)));
    }
    let filing = Filing {
        account: account.id,
        source: SourceId::parse(COUNTER).map_err(Problem::internal)?,
        level: Level::HIGHEST,
        facts: typed.facts,
        reason: Reason::SeenInPerson,
        what: Some(Happening::SeenAtCounter),
    };
    let filed = file::for_a_second_person(&desk, filing).await?;
    Ok(visit.redirect(&page_of(&filed)))
}

/// The account in use with its phone.
async fn find(service: &Service, who: &Who) -> Result<Option<(Account, Phone)>, Stop> {
    let read = service.store().read();
    let account = match who {
        Who::Phone(phone) => accounts::find_by_phone(&read, phone).await?,
        Who::Case(number) => match case_reviews::find(&read, number).await? {
            Some((case, _)) => accounts::find(&read, case.account).await?,
            None => None,
        },
    };
    Ok(account
        .filter(|account| account.status == Status::Active)
        .and_then(|account| {
            let phone = account.phone.clone()?;
            Some((account, phone))
        }))
}

/// Why this person is not served here: the operator themselves, or a number that is not this account's to prove.
async fn not_here(
    service: &Service,
    signed: &Signed,
    account: &Account,
    facts: &Input,
) -> Result<Option<(&'static str, &'static str)>, Stop> {
    if PersonName::parse(&signed.operator.name).is_ok_and(|own| own == facts.name) {
        return Ok(Some(("name", "desk-own-name")));
    }
    let owner = accounts::find_by_citizen_id(&service.store().read(), &facts.citizen_id).await?;
    let elsewhere = owner.is_some_and(|owner| owner.id != account.id);
    let proven = account.citizen_id.as_ref();
    let other = proven.is_some_and(|proven| *proven != facts.citizen_id);
    Ok((elsewhere || other).then_some(("citizen_id", "counter-other-number")))
}

/// The code that the person read out; sends one when none was typed.
async fn code(
    service: &Service,
    visit: &Visit,
    account: &Account,
    phone: &Phone,
    typed: &Sensitive<String>,
) -> Result<Result<OtpId, Errors>, Stop> {
    let browser = visit.browser_hash();
    let request = otp::Request {
        purpose: otp::Purpose::RaiseLevel,
        phone,
        browser: &browser,
        // The message is for the person, not for the operator.
        language: account.language,
    };
    if typed.expose().trim().is_empty() {
        let words = match otp::ask(service.account(), visit, &request).await? {
            Ok(()) | Err(otp::Refusal::TooSoon(_)) => "counter-code-missing",
            Err(otp::Refusal::TooMany(_) | otp::Refusal::Country) => "counter-code-too-many",
        };
        service.account().kick_delivery();
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

fn parse(sent: &Sent, today: NaiveDate, adult_years: u32) -> Result<Typed, Errors> {
    let mut errors = Errors::none();
    let who = match CaseNumber::parse(sent.who.trim()) {
        Some(number) => Ok(Who::Case(number)),
        None => Phone::parse(&sent.who)
            .map(Who::Phone)
            .map_err(|_| "counter-who-wrong"),
    };
    let who = errors.take("who", who);
    let name = errors.take(
        "name",
        PersonName::parse(&sent.name).map_err(|_| "counter-name-wrong"),
    );
    let number = CitizenId::parse(&sent.citizen_id, today).map_err(|_| "counter-citizen-id-wrong");
    let number = errors.take("citizen_id", number);
    if number
        .as_ref()
        .is_some_and(|number| number.age_on(today) < adult_years)
    {
        errors.add("citizen_id", "counter-minor");
    }
    let document = DOCUMENTS.iter().find(|(word, _)| *word == sent.document);
    let document = errors.take("document", document.ok_or("counter-document-missing"));
    let expires = NaiveDate::parse_from_str(sent.document_expires.trim(), "%Y-%m-%d");
    let expires = match expires {
        Ok(day) if day >= today => Ok(day),
        Ok(_) => Err("counter-document-expired"),
        Err(_) => Err("counter-document-expires-wrong"),
    };
    let expires = errors.take("document_expires", expires);
    for (name, ticked) in [("same_person", &sent.same_person), ("genuine", &sent.genuine)] {
        if ticked.is_none() {
            errors.add(name, "counter-look-missing");
        }
    }
    match (who, name, number, document, expires) {
        (Some(who), Some(name), Some(citizen_id), Some((document, _)), Some(expires))
            if errors.is_empty() =>
        {
            let more = Factors::none().with(DOCUMENT, (*document).to_owned(), true).with(
                DOCUMENT_EXPIRES,
                expires.to_string(),
                true,
            );
            Ok(Typed {
                who,
                facts: Input {
                    name,
                    citizen_id,
                    phone: None,
                    more,
                },
            })
        }
        _ => Err(errors),
    }
}

fn render(visit: &Visit, sent: &Sent, errors: &Errors, code_at: Option<&Phone>) -> Response {
    let document = DOCUMENTS.iter().fold(
        Radios::new("document", "counter-document"),
        |radios, (word, key)| radios.option(*word, *key),
    );
    let tick = |name: &str, words: &'static str, ticked: &Option<String>| {
        Checkbox::new(name, words).checked(ticked.is_some())
    };
    let mut form = FormPage::new(Sent::FORM, HERE)
        .field(
            Field::text("who", "counter-who")
                .hint("counter-who-hint")
                .value(&sent.who)
                .autocomplete("off")
                .width("medium")
                .required()
                .focus(),
        )
        .field(
            Field::text("name", "counter-name")
                .value(&sent.name)
                .autocomplete("off")
                .required(),
        )
        .field(
            Field::text("citizen_id", "counter-citizen-id")
                .hint("counter-citizen-id-hint")
                .value(&sent.citizen_id)
                .autocomplete("off")
                .width("medium")
                .required(),
        )
        .radios(document.chosen(&sent.document))
        .field(
            Field::text("document_expires", "counter-document-expires")
                .hint("counter-document-expires-hint")
                .value(&sent.document_expires)
                .autocomplete("off")
                .width("short")
                .required(),
        )
        .checkbox(tick("same_person", "counter-same-person", &sent.same_person))
        .checkbox(tick("genuine", "counter-genuine", &sent.genuine));
    let submit = match code_at {
        Some(phone) => {
            let hint = vec![("phone", phone.masked().into())];
            form =
                form.field(Field::code("code", "counter-code").hint(Words::with("counter-code-hint", hint)));
            "counter-submit"
        }
        None => "counter-send-code",
    };
    let form = form.button(Button::primary(submit)).markup(recovery::link(visit));
    let page = sheet("operator-counter", "counter-title").caption("counter-caption");
    visit.form(page.return_to(HERE), &form, errors)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent() -> Sent {
        Sent {
            who: "13800000001".to_owned(),
            name: "张明远".to_owned(),
            citizen_id: "340000199003070012".to_owned(),
            document: "idcard".to_owned(),
            document_expires: "2036-01-01".to_owned(),
            same_person: Some("yes".to_owned()),
            genuine: Some("yes".to_owned()),
            code: Sensitive::new(String::new()),
        }
    }

    fn fault(change: impl Fn(&mut Sent), field: &str) -> Option<&'static str> {
        let mut sent = sent();
        change(&mut sent);
        let today = NaiveDate::from_ymd_opt(2026, 6, 1).unwrap();
        let errors = parse(&sent, today, 18).err()?;
        errors.for_field(field).and_then(web::form::Words::code)
    }

    #[test]
    fn what_is_typed_at_the_counter_is_checked_before_anybody_is_asked() {
        assert_eq!(fault(|_| {}, "who"), None);
        assert_eq!(fault(|sent| sent.who = "260601-48291375".to_owned(), "who"), None);
        assert_eq!(
            fault(|sent| sent.who = "somebody".to_owned(), "who"),
            Some("counter-who-wrong")
        );
        assert_eq!(
            fault(|sent| sent.name.clear(), "name"),
            Some("counter-name-wrong")
        );
        let wrong = fault(
            |sent| sent.citizen_id = "340000199003070013".to_owned(),
            "citizen_id",
        );
        assert_eq!(wrong, Some("counter-citizen-id-wrong"));
        let minor = fault(
            |sent| sent.citizen_id = "650000201506010241".to_owned(),
            "citizen_id",
        );
        assert_eq!(minor, Some("counter-minor"));
        assert_eq!(
            fault(|sent| sent.document = "library_card".to_owned(), "document"),
            Some("counter-document-missing")
        );
        let over = fault(
            |sent| sent.document_expires = "2026-05-31".to_owned(),
            "document_expires",
        );
        assert_eq!(over, Some("counter-document-expired"));
        let odd = fault(
            |sent| sent.document_expires = "31.12.2030".to_owned(),
            "document_expires",
        );
        assert_eq!(odd, Some("counter-document-expires-wrong"));
        assert_eq!(
            fault(|sent| sent.genuine = None, "genuine"),
            Some("counter-look-missing")
        );
    }
}
