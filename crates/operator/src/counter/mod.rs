//! `/operator/counter`: a person stands there with an identity document. One operator looks at both and asks the register;
//! a second one confirms, and only then there is evidence (`crate::review`).
//!
//! The account is named by the phone that the person signs in with or by the number of one of their cases; the person
//! reads out a code that goes to the account's phone, so that nobody's account becomes another person's by a slip of a
//! finger or by intent. The page tells nothing else about an account, and every search for one is written down. What it
//! does not do: it opens no accounts, and minors with a guardian are not served here; the page says so.
//!
//! - `person` what every page of the counter asks
//! - `recovery` `/operator/counter/recovery`: somebody who cannot get in any more; one operator proposes
//! - `proposal` a second one looks, and agrees or not

use account::otp;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use chrono::NaiveDate;
use model::evidence::SourceId;
use model::ladder::Level;
use model::phone::Phone;
use model::review::{Happening, Reason};
use model::secret::Sensitive;
use serde::Deserialize;
use store::accounts::{self, Account, Status};
use store::case_reviews;
use store::cases::{CaseNumber, Factors, Input};
use web::extract::{Form, FormName};
use web::form::{Button, Errors, Field, FormPage, Words};
use web::paths::LocalPath;
use web::{Problem, Visit};

use self::person::{Looked, Person, is_own, note_look, prove};
use crate::Service;
use crate::layout::sheet;
use crate::review::decide::{COUNTER, DOCUMENT, DOCUMENT_EXPIRES};
use crate::review::desk::Desk;
use crate::review::file::{self, Filing};
use crate::review::page_of;
use crate::roles::Permission;
use crate::session::{self, Stop};

mod person;
mod proposal;
mod recovery;

const HERE: LocalPath = LocalPath::known("/operator/counter");

/// What the form sends.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Sent {
    who: String,
    #[serde(flatten)]
    person: Person,
    document_expires: String,
    #[serde(flatten)]
    looked: Looked,
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
        .merge(proposal::routes())
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
    let typed = match parse(&sent, visit.kit().today(), adult) {
        Ok(typed) => typed,
        Err(errors) => return Ok(render(&visit, &sent, &errors, None)),
    };
    if is_own(&signed, &typed.facts.name) {
        return Ok(render(&visit, &sent, &Errors::of("name", "desk-own-name"), None));
    }
    let found = find(&service, &typed.who).await?;
    let looked = found.as_ref().map(|(account, _)| account.id);
    note_look(&service, (&signed, &visit), ("counter", looked)).await?;
    let Some((account, phone)) = found else {
        let errors = Errors::of("who", "counter-who-unknown");
        return Ok(render(&visit, &sent, &errors, None));
    };
    if is_of_another(&service, &account, &typed.facts).await? {
        let errors = Errors::of("citizen_id", "counter-other-number");
        return Ok(render(&visit, &sent, &errors, None));
    }
    let to = (&account, otp::Purpose::RaiseLevel, &phone);
    if let Err(errors) = prove((&desk, &visit), to, (&typed.facts, &sent.code)).await? {
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

/// Whether a number is not this account's to prove.
async fn is_of_another(service: &Service, account: &Account, facts: &Input) -> Result<bool, Stop> {
    let owner = accounts::find_by_citizen_id(&service.store().read(), &facts.citizen_id).await?;
    let elsewhere = owner.is_some_and(|owner| owner.id != account.id);
    let proven = account.citizen_id.as_ref();
    Ok(elsewhere || proven.is_some_and(|proven| *proven != facts.citizen_id))
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
    let read = sent.person.read(&mut errors, today);
    if read
        .citizen_id
        .as_ref()
        .is_some_and(|number| number.age_on(today) < adult_years)
    {
        errors.add("citizen_id", "counter-minor");
    }
    let expires = NaiveDate::parse_from_str(sent.document_expires.trim(), "%Y-%m-%d");
    let expires = match expires {
        Ok(day) if day >= today => Ok(day),
        Ok(_) => Err("counter-document-expired"),
        Err(_) => Err("counter-document-expires-wrong"),
    };
    let expires = errors.take("document_expires", expires);
    sent.looked.check(&mut errors);
    match (who, read.name, read.citizen_id, read.document, expires) {
        (Some(who), Some(name), Some(citizen_id), Some(document), Some(expires)) if errors.is_empty() => {
            let more = Factors::none().with(DOCUMENT, document.to_owned(), true).with(
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
    let form = FormPage::new(Sent::FORM, HERE).field(
        Field::text("who", "counter-who")
            .hint("counter-who-hint")
            .value(&sent.who)
            .autocomplete("off")
            .width("medium")
            .required()
            .focus(),
    );
    let form = sent.person.fields(form).field(
        Field::text("document_expires", "counter-document-expires")
            .hint("counter-document-expires-hint")
            .value(&sent.document_expires)
            .autocomplete("off")
            .width("short")
            .required(),
    );
    let mut form = sent.looked.boxes(form);
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

    fn typed(text: &str) -> Sensitive<String> {
        Sensitive::new(text.to_owned())
    }

    fn sent() -> Sent {
        Sent {
            who: "13800000001".to_owned(),
            person: Person {
                name: typed("张明远"),
                citizen_id: typed("340000199003070012"),
                document: "idcard".to_owned(),
            },
            document_expires: "2036-01-01".to_owned(),
            looked: Looked {
                same_person: Some("yes".to_owned()),
                genuine: Some("yes".to_owned()),
            },
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
            fault(|sent| sent.person.name = typed(""), "name"),
            Some("counter-name-wrong")
        );
        let wrong = fault(
            |sent| sent.person.citizen_id = typed("340000199003070013"),
            "citizen_id",
        );
        assert_eq!(wrong, Some("counter-citizen-id-wrong"));
        let minor = fault(
            |sent| sent.person.citizen_id = typed("650000201506010241"),
            "citizen_id",
        );
        assert_eq!(minor, Some("counter-minor"));
        assert_eq!(
            fault(
                |sent| sent.person.document = "library_card".to_owned(),
                "document"
            ),
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
            fault(|sent| sent.looked.genuine = None, "genuine"),
            Some("counter-look-missing")
        );
    }
}
