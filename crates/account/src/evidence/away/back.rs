//! The way back: who comes must be who left, once and in time; then the party is asked server to server, and its word
//! is settled. Every end is a page of ours with a way on, at an address without codes in it.
//!
//! From where the return is taken on everything is run to its end, whether or not the browser still waits: who reloads
//! meanwhile is told that it is being looked at, and goes on from there to what came of it. A node that is killed in these
//! seconds has settled nothing: when its lease is over the same browser comes again with the same value, by reloading or
//! by "go on", and the party is asked again with what came back the first time. Where that was good once, and was spent
//! before the kill, the page says that the check did not come through; no try is lost by it.

use std::collections::BTreeMap;
use std::future::Future;

use axum::extract::State;
use axum::response::Response;
use model::citizen_id::CitizenId;
use model::person_name::PersonName;
use model::secret::Token;
use store::round_trips::{self, Refused, Traveller};
use tracing::Instrument as _;
use web::extract::RawParams;
use web::paths::LocalPath;
use web::{Problem, Visit};
use zeroize::Zeroizing;

use super::leave::{self, Kept};
use super::page::Said;
use super::{Passage, Return, Step, settle};
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
    let mut step = Step::load(source, &service, &mut visit, Onward::default()).await?;
    let party = service
        .sources()
        .away(&step.passage.id)
        .ok_or_else(Problem::not_found)?;
    let Some((state, parameters)) = read(brought) else {
        return Ok(visit.redirect(&step.passage.saying(Said::Lost)));
    };
    to_its_end(async move {
        let came = (&state, parameters);
        match fetch(&service, &mut visit, &mut step.passage, party.as_ref(), came).await? {
            Fetched::Came(back) => settle::settle(&service, &mut visit, &step, (&state, *back)).await,
            Fetched::Told(page) => Ok(visit.redirect(&page)),
        }
    })
    .await
}

/// The value of the journey, and whatever else came back. A parameter that is there twice says nothing.
pub(crate) fn read(brought: RawParams) -> Option<(Token, BTreeMap<String, String>)> {
    let count = brought.query.len();
    let mut parameters: BTreeMap<String, String> = brought.query.into_iter().collect();
    let state = parameters
        .remove("state")
        .filter(|_| parameters.len() + 1 == count)?;
    Some((Token::parse(&state)?, parameters))
}

/// Runs what a return comes to, whether or not its browser waits.
pub(crate) async fn to_its_end(
    journey: impl Future<Output = Result<Response, Stop>> + Send + 'static,
) -> Result<Response, Stop> {
    #[expect(
        clippy::disallowed_methods,
        reason = "must outlive the request, whose browser may reload: a return counts once. Bounded by the time limits of \
                  the exchange, and one for each return that is taken"
    )]
    let task = tokio::spawn(journey.in_current_span());
    task.await.map_err(Problem::internal)?
}

/// What became of the question.
pub(crate) enum Fetched {
    /// It is to be settled.
    Came(Box<Return>),
    /// Nothing: this page says why.
    Told(LocalPath),
}

/// Takes the return and asks the party. From then on the person is on the way to where they were when they left.
pub(crate) async fn fetch(
    service: &Service,
    visit: &mut Visit,
    passage: &mut Passage,
    party: &dyn Away,
    (state, parameters): (&Token, BTreeMap<String, String>),
) -> Result<Fetched, Stop> {
    let (browser, source) = (visit.browser_hash(), passage.id.clone());
    let who = Traveller {
        account: passage.account.id,
        errand: passage.errand,
        browser: &browser,
        source: &source,
    };
    let taken = trip::take(service, &state.hash(), &who, |kept| Kept::with(kept, parameters)).await?;
    let taken = match taken {
        Ok(taken) => taken,
        Err(refused) => {
            let page = turned_away(service, passage, (state, &who, refused)).await?;
            return Ok(Fetched::Told(page));
        }
    };
    let kept: Kept = serde_json::from_slice(&taken.kept).map_err(Problem::internal)?;
    passage.onward = kept.onward();
    passage.onward.speak(service, visit).await?;
    let trip = Trip::new(taken.lease).leaving(kept.left()?);
    let stated = stated(service, &kept)?;
    if stated.is_some() && stated != identity(&passage.account) {
        // Somebody proved another identity meanwhile: what was stated there is not the account's any more.
        trip.settle(&service.store().read()).await?;
        return Ok(Fetched::Told(passage.saying(Said::Lost)));
    }
    let back = Back {
        parameters: &kept.brought,
        kept: &kept.party,
        return_to: &leave::return_to(visit, passage)?,
        stated: stated.as_ref().map(|(name, number)| (name, number)),
    };
    let exchange = async {
        let arrived = party.arrive(&back).await;
        (heard(&arrived), arrived)
    };
    let arrived = connected::metered(service, &passage.id, exchange).await?;
    let arrived = arrived.unwrap_or_else(|word| Err(Astray::Unasked(word)));
    if matches!(arrived, Err(Astray::Unasked(_) | Astray::NotRight)) && party.can_be_asked_again() {
        let page = again(service, passage, (state, &trip, kept)).await?;
        return Ok(Fetched::Told(page));
    }
    Ok(Fetched::Came(Box::new(Return {
        trip,
        again: taken.again,
        arrived,
    })))
}

/// Who is not let in is told why; who came before, on the way to where they were going.
async fn turned_away(
    service: &Service,
    passage: &mut Passage,
    (state, who, refused): (&Token, &Traveller<'_>, Refused),
) -> Result<LocalPath, Stop> {
    if matches!(refused, Refused::Busy | Refused::Used | Refused::Expired) {
        let kept = round_trips::find_kept(&service.store().read(), &state.hash(), who).await?;
        let kept = kept.and_then(|kept| serde_json::from_slice::<Kept>(&kept).ok());
        if let Some(kept) = kept {
            passage.onward = kept.onward();
        }
    }
    Ok(match refused {
        Refused::Busy => passage.busy(state),
        Refused::Used => passage.saying(Said::Used),
        Refused::Expired => passage.saying(Said::Expired),
        Refused::OtherAccount => passage.saying(Said::OtherAccount),
        Refused::Unknown | Refused::OtherBrowser | Refused::OtherErrand => passage.saying(Said::Lost),
    })
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
    passage: &Passage,
    (state, trip, mut kept): (&Token, &Trip, Kept),
) -> Result<LocalPath, Stop> {
    let page = passage.saying(Said::Unavailable);
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
    Ok(if opened {
        page.with("again", state.expose())
    } else {
        page
    })
}

fn stated(service: &Service, kept: &Kept) -> Result<Option<Pair>, Problem> {
    let Some((name, number)) = &kept.stated else {
        return Ok(None);
    };
    let name = PersonName::parse(name).map_err(Problem::internal)?;
    let number = CitizenId::parse_strict(number, today(service)).map_err(Problem::internal)?;
    Ok(Some((name, number)))
}
