//! The way back: who comes must be who left, once and in time; then the party is asked server to server, and its word
//! is settled. Every end is a page of ours with a way on, at an address without codes in it.
//!
//! From where the return is taken on everything is run to its end, whether or not the browser still waits: who reloads
//! meanwhile is told that it is being looked at, and goes on from there to what came of it. A node that is killed in these
//! seconds has settled nothing: when its lease is over the same browser comes again with the same value, by reloading or
//! by "go on", and the party is asked again with what came back the first time. Where that was good once, and was spent
//! before the kill, the page says that the check did not come through; no try is lost by it.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use model::citizen_id::CitizenId;
use model::person_name::PersonName;
use model::secret::Token;
use store::round_trips::{self, Refused, Traveller};
use tracing::Instrument as _;
use web::extract::RawParams;
use web::{Problem, Visit};
use zeroize::Zeroizing;

use super::leave::{self, Kept};
use super::page::Said;
use super::{Step, settle};
use crate::Service;
use crate::evidence::port::{Arrival, Astray, Away, Back, Definition};
use crate::evidence::source::Word;
use crate::evidence::trip::{self, Trip};
use crate::evidence::vouched::{Pair, identity};
use crate::evidence::{connected, today};
use crate::session::{self, Stop};
use crate::signin::Onward;

/// How often a party is asked in vain about one journey: it charges for each question, and has a quota for everybody.
const ASKED_MAX: u8 = 5;

/// Takes somebody who comes back.
pub(super) async fn arrive(
    source: &'static Definition,
    State(service): State<Service>,
    mut visit: Visit,
    brought: RawParams,
) -> Result<Response, Stop> {
    let page = source.page().ok_or_else(Problem::not_found)?;
    // Codes must not wait in the address of the sign-in page: who is signed out starts again.
    let signed_out = page.with("said", Said::SignedOut.word());
    drop(session::require(&service, &mut visit, &signed_out).await?);
    let step = Step::load(source, &service, &mut visit, Onward::default()).await?;
    let party = service.sources().away(&step.id).ok_or_else(Problem::not_found)?;
    // A parameter that is there twice says nothing.
    let mut parameters: BTreeMap<String, String> = BTreeMap::new();
    let count = brought.query.len();
    parameters.extend(brought.query);
    let state = parameters
        .remove("state")
        .filter(|_| parameters.len() + 1 == count);
    let Some(state) = state.and_then(|state| Token::parse(&state)) else {
        return Ok(visit.redirect(&step.saying(Said::Lost)));
    };
    let journey = async move { look(&service, visit, step, party.as_ref(), (&state, parameters)).await };
    #[expect(
        clippy::disallowed_methods,
        reason = "must outlive the request, whose browser may reload: a return counts once. Bounded by the time limits of \
                  the exchange, and one for each return that is taken"
    )]
    let task = tokio::spawn(journey.in_current_span());
    task.await.map_err(Problem::internal)?
}

/// Takes the return, asks the party, and settles what it says.
async fn look(
    service: &Service,
    mut visit: Visit,
    mut step: Step,
    party: &dyn Away,
    (state, parameters): (&Token, BTreeMap<String, String>),
) -> Result<Response, Stop> {
    let (browser, account, session) = (visit.browser_hash(), step.session.account.id, step.session.id);
    let source = step.id.clone();
    let who = Traveller {
        account,
        session,
        browser: &browser,
        source: &source,
    };
    let taken = trip::take(service, &state.hash(), &who, |kept| Kept::with(kept, parameters)).await?;
    let taken = match taken {
        Ok(taken) => taken,
        Err(refused) => return turned_away(service, &visit, &mut step, (state, &who, refused)).await,
    };
    let kept: Kept = serde_json::from_slice(&taken.kept).map_err(Problem::internal)?;
    step.onward = kept.onward();
    step.onward.speak(service, &mut visit).await?;
    let trip = Trip::new(taken.lease).leaving(kept.left()?);
    let stated = stated(service, &kept)?;
    if stated.is_some() && stated != identity(&step.session) {
        // Somebody proved another identity meanwhile: what was stated there is not the account's any more.
        trip.settle(&service.store().read()).await?;
        return Ok(visit.redirect(&step.saying(Said::Lost)));
    }
    let back = Back {
        parameters: &kept.brought,
        kept: &kept.party,
        return_to: &leave::return_to(&visit, &step)?,
        stated: stated.as_ref().map(|(name, number)| (name, number)),
    };
    let exchange = async {
        let arrived = party.arrive(&back).await;
        (heard(&arrived), arrived)
    };
    let arrived = connected::metered(service, &step.id, exchange).await?;
    let arrived = arrived.unwrap_or_else(|word| Err(Astray::Unasked(word)));
    if matches!(arrived, Err(Astray::Unasked(_) | Astray::NotRight)) && party.can_be_asked_again() {
        return again(service, &visit, &step, (state, &trip, kept)).await;
    }
    let back = settle::Return {
        state,
        trip: &trip,
        again: taken.again,
        arrived,
    };
    settle::settle(service, &mut visit, &step, back).await
}

/// Who is not let in is told why; who came before, on the way to where they were going.
async fn turned_away(
    service: &Service,
    visit: &Visit,
    step: &mut Step,
    (state, who, refused): (&Token, &Traveller<'_>, Refused),
) -> Result<Response, Stop> {
    if matches!(refused, Refused::Busy | Refused::Used | Refused::Expired) {
        let kept = round_trips::find_kept(&service.store().read(), &state.hash(), who).await?;
        let kept = kept.and_then(|kept| serde_json::from_slice::<Kept>(&kept).ok());
        if let Some(kept) = kept {
            step.onward = kept.onward();
        }
    }
    let page = match refused {
        Refused::Busy => step.busy(state),
        Refused::Used => step.saying(Said::Used),
        Refused::Expired => step.saying(Said::Expired),
        Refused::OtherAccount => step.saying(Said::OtherAccount),
        Refused::Unknown | Refused::OtherBrowser | Refused::OtherSession => step.saying(Said::Lost),
    };
    Ok(visit.redirect(&page))
}

/// What the breaker and the sums learn. A browser that brings something wrong back makes no party ill.
const fn heard(arrived: &Result<Arrival, Astray>) -> Word {
    match arrived {
        Ok(arrival) => arrival.reply.word,
        Err(Astray::Unasked(word)) => *word,
        Err(Astray::Cancelled | Astray::NotRight) => Word::NotFound,
    }
}

/// The result could not be asked for: it is there still, so that the same return counts once more, and a few times more.
async fn again(
    service: &Service,
    visit: &Visit,
    step: &Step,
    (state, trip, mut kept): (&Token, &Trip, Kept),
) -> Result<Response, Stop> {
    let page = step.saying(Said::Unavailable);
    kept.asked_in_vain = kept.asked_in_vain.saturating_add(1);
    let opened = if kept.asked_in_vain >= ASKED_MAX {
        trip.settle(&service.store().read()).await?;
        false
    } else {
        // Whoever comes again brings it again, or needs none of it.
        kept.brought.clear();
        let kept = Zeroizing::new(serde_json::to_vec(&kept).map_err(Problem::internal)?);
        trip.put_back(service, &kept).await?
    };
    Ok(visit.redirect(&if opened {
        page.with("again", state.expose())
    } else {
        page
    }))
}

fn stated(service: &Service, kept: &Kept) -> Result<Option<Pair>, Problem> {
    let Some((name, number)) = &kept.stated else {
        return Ok(None);
    };
    let name = PersonName::parse(name).map_err(Problem::internal)?;
    let number = CitizenId::parse_strict(number, today(service)).map_err(Problem::internal)?;
    Ok(Some((name, number)))
}
