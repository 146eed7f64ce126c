//! What a certificate changes. It names a pair of name and number; the steps are those of everybody who vouches
//! ([`crate::evidence::vouched`]). Here it is said where each end is told.

use axum::response::Response;
use web::Visit;

use super::page::{Said, Step};
use crate::Service;
use crate::evidence::port::{CertificateFault, Named};
use crate::evidence::source::{Reply, Word};
use crate::evidence::trip::Trip;
use crate::evidence::vouched::{End, Journey};
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
    (trip, found): (&Trip, Result<Named, CertificateFault>),
) -> Result<Response, Stop> {
    let journey = Journey {
        service,
        visit,
        account: &step.session.account,
        session: Some(step.session.id),
        source: &step.id,
        trip,
    };
    let named = match found {
        Ok(named) => named,
        // A certificate that does not count changes nothing.
        Err(fault) => {
            let settled = journey.note(fault.as_str()).await?;
            let said = if settled { Said::Fault(fault) } else { Said::Used };
            return Ok(visit.redirect(&step.saying(said)));
        }
    };
    let reply = Reply {
        word: Word::Match,
        reference: None,
        until: Some(named.until),
        details: named.details,
    };
    let said = match journey.vouched((named.name, named.number), reply).await? {
        End::Passed => return form::passed(service, visit, &step.session, &step.onward).await,
        End::Minor(number) => return Ok(pages::minor(service, visit, &number, &step.onward)),
        End::Other(outcome) => return Ok(pages::outcome(service, visit, outcome, &step.onward)),
        End::Differs => Said::Differs,
        End::RegisterDiffers => Said::RegisterDiffers,
        // Whoever took it over answers it.
        End::Overtaken => Said::Used,
    };
    Ok(visit.redirect(&step.saying(said)))
}
