//! What every page of the counter asks: who stands there, which document they show, and that somebody looked. Typed
//! fields, boxes and the code are read, shown and checked here and nowhere else, and every search for an account is
//! written down here (A291).

use account::evidence::source::Word;
use account::history::{self, Happening, What};
use account::otp;
use chrono::NaiveDate;
use model::citizen_id::CitizenId;
use model::event::Event;
use model::ids::{AccountId, OtpId};
use model::person_name::PersonName;
use model::phone::Phone;
use model::secret::Sensitive;
use serde::Deserialize;
use serde_json::json;
use store::StoreError;
use store::accounts::Account;
use store::cases::Input;
use store::otp::Tried;
use web::Visit;
use web::form::{Checkbox, Errors, Field, FormPage, Radios};

use crate::Service;
use crate::audit::audit;
use crate::review::decide;
use crate::review::desk::Desk;
use crate::session::{Signed, Stop};

/// Documents that are taken, with the keys of their names.
const DOCUMENTS: [(&str, &str); 2] = [
    ("idcard", "counter-document-idcard"),
    ("residence_permit", "counter-document-residence-permit"),
];

/// The key of a document's name.
pub(super) fn name_of(document: &str) -> &'static str {
    let known = DOCUMENTS.iter().find(|(word, _)| *word == document);
    known.map_or("counter-document", |(_, key)| *key)
}

/// What is typed from a document.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Person {
    pub(super) name: Sensitive<String>,
    pub(super) citizen_id: Sensitive<String>,
    pub(super) document: String,
}

/// The same, as far as it can be true.
pub(super) struct Read {
    pub(super) name: Option<PersonName>,
    pub(super) citizen_id: Option<CitizenId>,
    pub(super) document: Option<&'static str>,
}

impl Person {
    pub(super) fn read(&self, errors: &mut Errors, today: NaiveDate) -> Read {
        let name = PersonName::parse(self.name.expose()).map_err(|_| "counter-name-wrong");
        let number =
            CitizenId::parse(self.citizen_id.expose(), today).map_err(|_| "counter-citizen-id-wrong");
        let document = DOCUMENTS.iter().find(|(word, _)| *word == self.document);
        let document = document.map(|(word, _)| *word);
        Read {
            name: errors.take("name", name),
            citizen_id: errors.take("citizen_id", number),
            document: errors.take("document", document.ok_or("counter-document-missing")),
        }
    }

    pub(super) fn fields(&self, form: FormPage) -> FormPage {
        let field = |name: &'static str, words: &'static str, value: &Sensitive<String>| {
            Field::text(name, words)
                .value(value.expose())
                .autocomplete("off")
                .required()
        };
        let number = field("citizen_id", "counter-citizen-id", &self.citizen_id);
        let document = DOCUMENTS.iter().fold(
            Radios::new("document", "counter-document"),
            |radios, (word, key)| radios.option(*word, *key),
        );
        form.field(field("name", "counter-name", &self.name))
            .field(number.hint("counter-citizen-id-hint").width("medium"))
            .radios(document.chosen(&self.document))
    }
}

/// That an operator compared person and document.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Looked {
    pub(super) same_person: Option<String>,
    pub(super) genuine: Option<String>,
}

impl Looked {
    fn all(&self) -> [(&'static str, &'static str, bool); 2] {
        [
            ("same_person", "counter-same-person", self.same_person.is_some()),
            ("genuine", "counter-genuine", self.genuine.is_some()),
        ]
    }

    pub(super) fn check(&self, errors: &mut Errors) {
        for (name, ..) in self.all().into_iter().filter(|(.., ticked)| !ticked) {
            errors.add(name, "counter-look-missing");
        }
    }

    pub(super) fn boxes(&self, form: FormPage) -> FormPage {
        self.all().into_iter().fold(form, |form, (name, words, ticked)| {
            form.checkbox(Checkbox::new(name, words).checked(ticked))
        })
    }
}

/// Whether a name is the operator's own: a colleague serves them.
pub(super) fn is_own(signed: &Signed, name: &PersonName) -> bool {
    PersonName::parse(&signed.operator.name).is_ok_and(|own| own.same_as(name))
}

/// Writes down that an account was looked for, and whether one was found, before the page tells: in the audit log, and for
/// its owner to read.
pub(super) async fn note_look(
    service: &Service,
    (signed, visit): (&Signed, &Visit),
    (page, found): (&'static str, Option<AccountId>),
) -> Result<(), StoreError> {
    let details = json!({ "page": page, "found": found.is_some() });
    let mut entry = audit(signed, visit, Event::CounterLookedUp, details);
    entry.account = found;
    let tx = service.store().begin().await?;
    if let Some(account) = found {
        let happening = Happening::new(account, What::LookedUp);
        history::note_aside(service.account(), &tx, &happening).await?;
    }
    store::audit::record(&tx, service.rng(), entry).await?;
    tx.commit().await
}

/// The code that went to a phone and that the person reads out, and what the register says about what was typed: where it
/// says of the account's own number that it is locked, the account is frozen. The code is used up where both are right.
pub(super) async fn prove(
    (desk, visit): (&Desk<'_>, &Visit),
    (account, purpose, phone): (&Account, otp::Purpose, &Phone),
    (facts, typed): (&Input, &Sensitive<String>),
) -> Result<Result<(), Errors>, Stop> {
    let code = match code((desk, visit), (account, purpose, phone), typed).await? {
        Ok(code) => code,
        Err(words) => return Ok(Err(Errors::of("code", words))),
    };
    let said = decide::ask_register(desk, account.id, facts).await?;
    let fault = match said.map(|(word, _)| word) {
        Some(Word::Match) | None => None,
        Some(Word::Mismatch) => Some("counter-register-mismatch"),
        Some(Word::NotFound) => Some("counter-register-not-found"),
        Some(Word::Restricted) => Some("counter-register-restricted"),
        Some(Word::Unavailable | Word::Refused) => Some("counter-register-unavailable"),
    };
    if let Some(fault) = fault {
        return Ok(Err(Errors::of_form(fault)));
    }
    let right = store::otp::consume(&desk.service.store().read(), code, desk.now).await?;
    Ok(if right {
        Ok(())
    } else {
        Err(Errors::of("code", "counter-code-wrong"))
    })
}

/// Which code it is; sends one when none was typed.
async fn code(
    (desk, visit): (&Desk<'_>, &Visit),
    (account, purpose, phone): (&Account, otp::Purpose, &Phone),
    typed: &Sensitive<String>,
) -> Result<Result<OtpId, &'static str>, Stop> {
    let service = desk.service.account();
    let browser = visit.browser_hash();
    let request = otp::Request {
        purpose,
        phone,
        browser: &browser,
        // The message is for the person, not for the operator.
        language: account.language,
    };
    if typed.expose().trim().is_empty() {
        let asked = otp::ask(service, visit, &request).await?;
        service.kick_delivery();
        return Ok(Err(match asked {
            Ok(()) | Err(otp::Refusal::TooSoon(_)) => "counter-code-missing",
            Err(otp::Refusal::TooMany(_) | otp::Refusal::Country) => "counter-code-too-many",
        }));
    }
    let Some(digits) = otp::read_code(typed.expose()) else {
        return Ok(Err("counter-code-wrong"));
    };
    Ok(match otp::check(service, &request, digits.expose()).await? {
        Tried::Right(id) => Ok(id),
        _ => Err("counter-code-wrong"),
    })
}
