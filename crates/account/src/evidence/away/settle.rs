//! What a party's word changes. It vouches for a pair of name and number; whether that is the account's own is decided
//! here, and where the account has none yet, by the population register first. Tries are counted and cases filed by
//! the rules of every source ([`crate::evidence::check`]).

use axum::response::Response;
use model::citizen_id::CitizenId;
use model::event::Event;
use model::evidence::SourceId;
use model::person_name::PersonName;
use serde_json::json;
use store::audit::Entry;
use store::cases::{Factors, Input};
use web::Visit;

use super::Step;
use super::back::{identity, today};
use super::page::Said;
use crate::Service;
use crate::evidence::check::{self, Attempt, Outcome};
use crate::evidence::port::{Arrival, Astray};
use crate::evidence::source::{POPULATION_REGISTER, Reply, Word};
use crate::evidence::{form, pages};
use crate::session::Stop;

/// An attempt at this source about a pair.
pub(super) fn attempt(visit: &Visit, step: &Step, (name, citizen_id): (PersonName, CitizenId)) -> Attempt {
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

/// Settles what came back.
pub(super) async fn settle(
    service: &Service,
    visit: &mut Visit,
    step: &Step,
    arrived: Result<Arrival, Astray>,
) -> Result<Response, Stop> {
    let (word, said) = match arrived {
        Err(Astray::Cancelled) => (None, Said::Cancelled),
        Err(Astray::NotRight) => (Some(Word::Unavailable), Said::Unavailable),
        Err(Astray::Unasked(word)) => (Some(word), Said::Unavailable),
        Ok(Arrival { reply, said, .. }) => match (reply.word, said, identity(step)) {
            (Word::Match, Some(pair), _) => return vouched(service, visit, step, (pair, reply)).await,
            (Word::Match, None, _) => (Some(reply.word), Said::Nameless),
            // The party was told the account's own pair, and says that it is not so.
            (Word::Mismatch | Word::Restricted, _, Some(own)) => {
                return conclude(service, visit, step, (own, reply)).await;
            }
            (Word::Mismatch | Word::Restricted, _, None) => (Some(reply.word), Said::Differs),
            (Word::NotFound, ..) => (Some(reply.word), Said::NotEnough),
            (Word::Unavailable | Word::Refused, ..) => (Some(reply.word), Said::Unavailable),
        },
    };
    note(service, visit, step, word).await?;
    Ok(visit.redirect(&step.saying(said)))
}

/// The party vouches for a pair.
async fn vouched(
    service: &Service,
    visit: &mut Visit,
    step: &Step,
    (pair, reply): ((PersonName, CitizenId), Reply),
) -> Result<Response, Stop> {
    match identity(step) {
        Some(own) if own.0.same_as(&pair.0) && own.1 == pair.1 => {
            conclude(service, visit, step, (own, reply)).await
        }
        // Another person's (HB-31). What was returned is not kept: it is none of this account's business.
        Some(own) => {
            conclude(
                service,
                visit,
                step,
                (
                    own,
                    Reply {
                        word: Word::Mismatch,
                        ..reply
                    },
                ),
            )
            .await
        }
        None => match register(service, visit, step, pair.clone()).await? {
            Registered::Yes => conclude(service, visit, step, (pair, reply)).await,
            Registered::No(response) => Ok(response),
        },
    }
}

/// Whether the population register agrees with a pair that the account does not have yet.
enum Registered {
    Yes,
    No(Response),
}

async fn register(
    service: &Service,
    visit: &mut Visit,
    step: &Step,
    pair: (PersonName, CitizenId),
) -> Result<Registered, Stop> {
    if pair.1.age_on(today(visit)) < service.config().sources.adult_years {
        return Ok(Registered::No(visit.redirect(&step.saying(Said::Minor))));
    }
    let register = Attempt {
        source: SourceId::parse(POPULATION_REGISTER).map_err(web::Problem::internal)?,
        ..attempt(visit, step, pair)
    };
    Ok(match check::run(service, &register).await? {
        Outcome::Passed => Registered::Yes,
        Outcome::Denied { .. } => Registered::No(visit.redirect(&step.saying(Said::RegisterDiffers))),
        other => Registered::No(ended(visit, step, &other)?),
    })
}

/// Counts the try, and writes what the word changes.
async fn conclude(
    service: &Service,
    visit: &mut Visit,
    step: &Step,
    (pair, reply): ((PersonName, CitizenId), Reply),
) -> Result<Response, Stop> {
    let attempt = attempt(visit, step, pair);
    let settled = check::take_in(service, &attempt, reply).await?;
    match settled {
        Outcome::Passed => form::passed(service, visit, &step.session, &step.onward).await,
        Outcome::Denied { .. } => Ok(visit.redirect(&step.saying(Said::Differs))),
        other => Ok(ended(visit, step, &other)?),
    }
}

/// Where the other ends are told.
fn ended(visit: &mut Visit, step: &Step, outcome: &Outcome) -> Result<Response, web::Problem> {
    let limit = step.saying(Said::Limit);
    pages::outcome_at(visit, outcome, &step.onward, limit)
}

/// What was answered when nothing changes by it.
async fn note(service: &Service, visit: &Visit, step: &Step, word: Option<Word>) -> Result<(), Stop> {
    let word = word.map_or("cancelled", Word::as_str);
    let mut entry = Entry::new(Event::SourceAsked, service.now())
        .account(step.session.account.id)
        .session(step.session.id)
        .details(json!({ "source": step.id, "answer": word }));
    entry.request_id = Some(visit.request_id().to_owned());
    let tx = service.store().begin().await?;
    store::audit::record(&tx, service.rng(), entry).await?;
    tx.commit().await?;
    Ok(())
}
