//! What a party's word changes. It vouches for a pair of name and number, or denies the account's own; the steps are those
//! of everybody who vouches ([`crate::evidence::vouched`]). Here it is said where each end is told.

use axum::response::Response;
use model::secret::Token;
use web::Visit;

use super::page::Said;
use super::{Passage, Step};
use crate::Service;
use crate::evidence::check::Outcome;
use crate::evidence::port::{Arrival, Astray};
use crate::evidence::source::Word;
use crate::evidence::trip::Trip;
use crate::evidence::vouched::{End, Journey, identity};
use crate::evidence::{form, pages};
use crate::session::Stop;

/// What came back, and how.
pub(crate) struct Return {
    /// The right to settle it.
    pub(crate) trip: Trip,
    /// Whether a node stopped while it looked at it before.
    pub(crate) again: bool,
    /// What the party said.
    pub(crate) arrived: Result<Arrival, Astray>,
}

/// What a return without a word of the party comes to: the word for the log, and what is said.
pub(crate) const fn astray(astray: Astray, again: bool) -> (&'static str, Said) {
    match astray {
        Astray::Cancelled => ("cancelled", Said::Cancelled),
        // What is good once at the party was spent on the node that stopped.
        Astray::NotRight if again => (Word::Unavailable.as_str(), Said::Interrupted),
        Astray::Unasked(word) if again => (word.as_str(), Said::Interrupted),
        Astray::NotRight => (Word::Unavailable.as_str(), Said::Unavailable),
        Astray::Unasked(word) => (word.as_str(), Said::Unavailable),
    }
}

/// Settles what came back.
pub(super) async fn settle(
    service: &Service,
    visit: &mut Visit,
    step: &Step,
    (state, back): (&Token, Return),
) -> Result<Response, Stop> {
    let passage = &step.passage;
    let journey = Journey {
        service,
        visit,
        account: &passage.account,
        session: Some(step.session.id),
        source: &passage.id,
        trip: &back.trip,
    };
    let (word, said) = match back.arrived {
        Err(reason) => astray(reason, back.again),
        Ok(Arrival { reply, said }) => match (reply.word, said, identity(&passage.account)) {
            (Word::Match, Some(pair), _) => {
                let end = journey.vouched(pair, reply).await?;
                return told(service, visit, step, (end, state)).await;
            }
            (Word::Match, None, _) => (reply.word.as_str(), Said::Nameless),
            // The party was told the account's own pair, and says that it is not so.
            (Word::Mismatch | Word::Restricted, _, Some(own)) => {
                let end = journey.conclude(own, reply).await?;
                return told(service, visit, step, (end, state)).await;
            }
            (Word::Mismatch | Word::Restricted, _, None) => (reply.word.as_str(), Said::Differs),
            (Word::NotFound, ..) => (reply.word.as_str(), Said::NotEnough),
            (Word::Unavailable | Word::Refused, ..) => (reply.word.as_str(), Said::Unavailable),
        },
    };
    let settled = journey.note(word).await?;
    Ok(visit.redirect(&if settled {
        passage.saying(said)
    } else {
        passage.busy(state)
    }))
}

/// Where an end is told.
async fn told(
    service: &Service,
    visit: &mut Visit,
    step: &Step,
    (end, state): (End, &Token),
) -> Result<Response, Stop> {
    let passage = &step.passage;
    let said = match end {
        End::Passed => return form::passed(service, visit, &step.session, &passage.onward).await,
        End::Other(outcome) => return Ok(ended(visit, passage, &outcome)?),
        End::Overtaken => return Ok(visit.redirect(&passage.busy(state))),
        End::Differs => Said::Differs,
        End::RegisterDiffers => Said::RegisterDiffers,
        End::Minor(_) => Said::Minor,
    };
    Ok(visit.redirect(&passage.saying(said)))
}

/// Where the other ends are told.
fn ended(visit: &mut Visit, passage: &Passage, outcome: &Outcome) -> Result<Response, web::Problem> {
    let limit = passage.saying(Said::Limit);
    pages::outcome_at(visit, outcome, &passage.onward, limit)
}
