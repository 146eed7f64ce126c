//! What a party's word changes. It vouches for a pair of name and number, or denies the account's own; the steps are those
//! of everybody who vouches ([`crate::evidence::vouched`]). Here it is said where each end is told.

use axum::response::Response;
use model::secret::Token;
use web::Visit;

use super::Step;
use super::page::Said;
use crate::Service;
use crate::evidence::check::Outcome;
use crate::evidence::port::{Arrival, Astray};
use crate::evidence::source::Word;
use crate::evidence::trip::Trip;
use crate::evidence::vouched::{End, Journey, identity};
use crate::evidence::{form, pages};
use crate::session::Stop;

/// What came back, and how.
pub(super) struct Return<'a> {
    /// The value that came back.
    pub state: &'a Token,
    /// The right to settle it.
    pub trip: &'a Trip,
    /// Whether a node stopped while it looked at it before.
    pub again: bool,
    /// What the party said.
    pub arrived: Result<Arrival, Astray>,
}

/// Settles what came back.
pub(super) async fn settle(
    service: &Service,
    visit: &mut Visit,
    step: &Step,
    back: Return<'_>,
) -> Result<Response, Stop> {
    let journey = Journey {
        service,
        visit,
        session: &step.session,
        source: &step.id,
        trip: back.trip,
    };
    let said = match back.arrived {
        Err(Astray::Cancelled) => (None, Said::Cancelled),
        // What is good once at the party was spent on the node that stopped.
        Err(Astray::NotRight) if back.again => (Some(Word::Unavailable), Said::Interrupted),
        Err(Astray::Unasked(word)) if back.again => (Some(word), Said::Interrupted),
        Err(Astray::NotRight) => (Some(Word::Unavailable), Said::Unavailable),
        Err(Astray::Unasked(word)) => (Some(word), Said::Unavailable),
        Ok(Arrival { reply, said }) => match (reply.word, said, identity(&step.session)) {
            (Word::Match, Some(pair), _) => {
                let end = journey.vouched(pair, reply).await?;
                return told(service, visit, step, (end, back.state)).await;
            }
            (Word::Match, None, _) => (Some(reply.word), Said::Nameless),
            // The party was told the account's own pair, and says that it is not so.
            (Word::Mismatch | Word::Restricted, _, Some(own)) => {
                let end = journey.conclude(own, reply).await?;
                return told(service, visit, step, (end, back.state)).await;
            }
            (Word::Mismatch | Word::Restricted, _, None) => (Some(reply.word), Said::Differs),
            (Word::NotFound, ..) => (Some(reply.word), Said::NotEnough),
            (Word::Unavailable | Word::Refused, ..) => (Some(reply.word), Said::Unavailable),
        },
    };
    let (word, said) = said;
    let settled = journey.note(word.map_or("cancelled", Word::as_str)).await?;
    Ok(visit.redirect(&if settled {
        step.saying(said)
    } else {
        step.busy(back.state)
    }))
}

/// Where an end is told.
async fn told(
    service: &Service,
    visit: &mut Visit,
    step: &Step,
    (end, state): (End, &Token),
) -> Result<Response, Stop> {
    let said = match end {
        End::Passed => return form::passed(service, visit, &step.session, &step.onward).await,
        End::Other(outcome) => return Ok(ended(visit, step, &outcome)?),
        End::Overtaken => return Ok(visit.redirect(&step.busy(state))),
        End::Differs => Said::Differs,
        End::RegisterDiffers => Said::RegisterDiffers,
        End::Minor(_) => Said::Minor,
    };
    Ok(visit.redirect(&step.saying(said)))
}

/// Where the other ends are told.
fn ended(visit: &mut Visit, step: &Step, outcome: &Outcome) -> Result<Response, web::Problem> {
    let limit = step.saying(Said::Limit);
    pages::outcome_at(visit, outcome, &step.onward, limit)
}
