//! What a certificate changes. It names a pair of name and number; whether that is the account's own is decided here, and
//! where the account has none yet, by the population register first.

use axum::response::Response;
use model::citizen_id::CitizenId;
use model::event::Event;
use model::evidence::SourceId;
use model::person_name::PersonName;
use serde_json::json;
use store::audit::Entry;
use store::cases::{Factors, Input};
use web::{Problem, Visit};

use super::page::{Said, Step};
use crate::Service;
use crate::evidence::check::{self, Attempt, Outcome};
use crate::evidence::port::{CertificateFault, Named};
use crate::evidence::source::{POPULATION_REGISTER, Reply, Word};
use crate::evidence::{form, pages};
use crate::session::Stop;

/// What is counted, and what the log says.
pub(super) const fn word(found: &Result<Named, CertificateFault>) -> Word {
    match found {
        Ok(_) => Word::Match,
        Err(CertificateFault::RevocationUnknown) => Word::Unavailable,
        Err(_) => Word::Mismatch,
    }
}

/// Settles what was found.
pub(super) async fn settle(
    service: &Service,
    visit: &mut Visit,
    step: &Step,
    found: Result<Named, CertificateFault>,
) -> Result<Response, Stop> {
    let named = match found {
        Ok(named) => named,
        Err(fault) => {
            note(service, visit, step, fault).await?;
            return Ok(visit.redirect(&step.saying(Said::Fault(fault))));
        }
    };
    let account = &step.session.account;
    let reply = Reply {
        word: Word::Match,
        reference: None,
        until: Some(named.until),
        details: named.details,
    };
    let pair = (named.name, named.number);
    match account.name.clone().zip(account.citizen_id.clone()) {
        Some(own) if own.0.same_as(&pair.0) && own.1 == pair.1 => {
            conclude(service, visit, step, (own, reply)).await
        }
        // Another person's. Whom it names is not kept: it is none of this account's business.
        Some(own) => {
            let reply = Reply::bare(Word::Mismatch);
            conclude(service, visit, step, (own, reply)).await
        }
        None => register(service, visit, step, (pair, reply)).await,
    }
}

/// The account has no verified name yet: the population register says first whether there is such a person.
async fn register(
    service: &Service,
    visit: &mut Visit,
    step: &Step,
    (pair, reply): ((PersonName, CitizenId), Reply),
) -> Result<Response, Stop> {
    let today = visit
        .now()
        .with_timezone(&visit.kit().branding().zone())
        .date_naive();
    if pair.1.age_on(today) < service.config().sources.adult_years {
        return Ok(pages::minor(service, visit, &pair.1, &step.onward));
    }
    let register = Attempt {
        source: SourceId::parse(POPULATION_REGISTER).map_err(Problem::internal)?,
        ..attempt(visit, step, pair.clone())
    };
    match check::run(service, &register).await? {
        Outcome::Passed => conclude(service, visit, step, (pair, reply)).await,
        Outcome::Denied { .. } => Ok(visit.redirect(&step.saying(Said::RegisterDiffers))),
        other => Ok(pages::outcome(service, visit, other, &step.onward)),
    }
}

fn attempt(visit: &Visit, step: &Step, (name, citizen_id): (PersonName, CitizenId)) -> Attempt {
    Attempt {
        account: step.session.account.id,
        source: step.id.clone(),
        facts: Input {
            name,
            citizen_id,
            phone: None,
            more: Factors::none(),
        },
        request_id: Some(visit.request_id().to_owned()),
    }
}

async fn conclude(
    service: &Service,
    visit: &mut Visit,
    step: &Step,
    (pair, reply): ((PersonName, CitizenId), Reply),
) -> Result<Response, Stop> {
    let attempt = attempt(visit, step, pair);
    match check::take_in(service, &attempt, reply).await? {
        Outcome::Passed => form::passed(service, visit, &step.session, &step.onward).await,
        Outcome::Denied { .. } => Ok(visit.redirect(&step.saying(Said::Differs))),
        other => Ok(pages::outcome(service, visit, other, &step.onward)),
    }
}

/// A certificate that does not count changes nothing, and is no guess at anybody's number.
async fn note(service: &Service, visit: &Visit, step: &Step, fault: CertificateFault) -> Result<(), Stop> {
    let mut entry = Entry::new(Event::SourceAsked, service.now())
        .account(step.session.account.id)
        .session(step.session.id)
        .details(json!({ "source": step.id, "answer": fault.as_str() }));
    entry.request_id = Some(visit.request_id().to_owned());
    store::audit::record(&service.store().read(), service.rng(), entry).await?;
    Ok(())
}
