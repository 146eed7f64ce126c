//! The way back: who comes must be who left, once and in time; then the party is asked server to server, and its word
//! is settled. Every end is a page of ours with a way on, at an address without codes in it.
//!
//! From where the return is taken on everything is run to its end, whether or not the browser still waits: who reloads
//! meanwhile is told that it was dealt with, and finds what came of it. A node that is killed in these seconds does lose
//! the journey; nothing of it counts then, and it begins again.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use chrono::NaiveDate;
use model::citizen_id::CitizenId;
use model::person_name::PersonName;
use model::secret::{Token, TokenHash};
use store::round_trips::{self, Refused, Traveller};
use tracing::Instrument as _;
use web::extract::RawParams;
use web::{Problem, Visit};
use zeroize::Zeroizing;

use super::leave::{self, Kept};
use super::page::Said;
use super::{Step, settle};
use crate::Service;
use crate::evidence::connected;
use crate::evidence::port::{Arrival, Astray, Away, Back, Definition};
use crate::evidence::source::Word;
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
    let journey = async move { look(&service, visit, step, party.as_ref(), (&state, &parameters)).await };
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
    (state, parameters): (&Token, &BTreeMap<String, String>),
) -> Result<Response, Stop> {
    let kept_text = match redeem(service, &visit, &step, &state.hash()).await? {
        Ok(kept) => kept,
        Err(refused) => return Ok(visit.redirect(&step.saying(said(refused)))),
    };
    let kept: Kept = serde_json::from_slice(&kept_text).map_err(Problem::internal)?;
    step.onward = Onward::new(kept.interaction.as_deref(), kept.return_to.as_deref());
    step.onward.speak(service, &mut visit).await?;
    let stated = stated(&visit, &kept)?;
    if stated.is_some() && stated != identity(&step) {
        // Somebody proved another identity meanwhile: what was stated there is not the account's any more.
        return Ok(visit.redirect(&step.saying(Said::Lost)));
    }
    let back = Back {
        parameters,
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
        return again(service, &visit, &step, (state, kept)).await;
    }
    settle::settle(service, &mut visit, &step, arrived).await
}

/// What the breaker and the sums learn. A browser that brings something wrong back makes no party ill.
const fn heard(arrived: &Result<Arrival, Astray>) -> Word {
    match arrived {
        Ok(arrival) => arrival.reply.word,
        Err(Astray::Unasked(word)) => *word,
        Err(Astray::Cancelled | Astray::NotRight) => Word::NotFound,
    }
}

async fn redeem(
    service: &Service,
    visit: &Visit,
    step: &Step,
    state: &TokenHash,
) -> Result<Result<Zeroizing<Vec<u8>>, Refused>, Stop> {
    let who = Traveller {
        account: step.session.account.id,
        session: step.session.id,
        browser: &visit.browser_hash(),
        source: &step.id,
    };
    let redeemed = round_trips::redeem(&service.store().read(), state, &who, service.now()).await?;
    if let Err(refused) = &redeemed {
        tracing::info!(
            source = step.source.id,
            ?refused,
            "somebody came back who is not let in"
        );
    }
    Ok(redeemed)
}

const fn said(refused: Refused) -> Said {
    match refused {
        Refused::Used => Said::Used,
        Refused::Expired => Said::Expired,
        Refused::OtherAccount => Said::OtherAccount,
        Refused::Unknown | Refused::OtherBrowser | Refused::OtherSession => Said::Lost,
    }
}

/// The result could not be asked for: it is there still, so that the same return counts once more, and a few times more.
async fn again(
    service: &Service,
    visit: &Visit,
    step: &Step,
    (state, mut kept): (&Token, Kept),
) -> Result<Response, Stop> {
    let page = step.saying(Said::Unavailable);
    kept.asked_in_vain = kept.asked_in_vain.saturating_add(1);
    if kept.asked_in_vain >= ASKED_MAX {
        return Ok(visit.redirect(&page));
    }
    let kept = Zeroizing::new(serde_json::to_vec(&kept).map_err(Problem::internal)?);
    let tx = service.store().read();
    let opened = round_trips::reopen(&tx, &state.hash(), &kept, service.now()).await?;
    Ok(visit.redirect(&if opened {
        page.with("again", state.expose())
    } else {
        page
    }))
}

/// The verified name and number of whoever is signed in.
pub(super) fn identity(step: &Step) -> Option<(PersonName, CitizenId)> {
    let account = &step.session.account;
    account.name.clone().zip(account.citizen_id.clone())
}

fn stated(visit: &Visit, kept: &Kept) -> Result<Option<(PersonName, CitizenId)>, Problem> {
    let Some((name, number)) = &kept.stated else {
        return Ok(None);
    };
    let name = PersonName::parse(name).map_err(Problem::internal)?;
    let number = CitizenId::parse_strict(number, today(visit)).map_err(Problem::internal)?;
    Ok(Some((name, number)))
}

/// Today, where the people are.
pub(super) fn today(visit: &Visit) -> NaiveDate {
    visit
        .now()
        .with_timezone(&visit.kit().branding().zone())
        .date_naive()
}
