//! The step between the sign-in and the level: an agreement that has changed is answered first (NA-39).

use account::agreements::{self, Due};

use super::{SignedIn, Stop};
use crate::authorize::ask::AskPage;
use crate::authorize::course::Course;
use crate::error::AuthorizeError;

/// The sixth step: the agreement in effect is accepted, or may be put off.
#[derive(Debug)]
pub(super) struct Agreed(pub(super) SignedIn);

impl Agreed {
    pub(super) fn check(signed_in: SignedIn, course: &Course<'_>) -> Result<Self, Stop> {
        let permitted = &signed_in.permitted;
        let id = agreements::of_kind(signed_in.session.account.kind);
        let due = course
            .agreements
            .due(id, signed_in.agreed.as_deref(), course.today);
        let Due::Accept(asked) = due else {
            return Ok(Self(signed_in));
        };
        let answers = course.asked.map(|interaction| &interaction.answers);
        if answers.is_some_and(|answers| answers.agreement_refused) {
            return Err(permitted.refuse(AuthorizeError::AgreementRefused));
        }
        // "Later" holds for a day at every sub-site. While it may be put off, nothing is in the way of a request that must
        // not show a page either.
        let put_off = signed_in.put_off.as_ref() == Some(&asked.version.version);
        if asked.last_day.is_some() && (put_off || permitted.request.prompt.none) {
            return Ok(Self(signed_in));
        }
        Err(permitted.ask(AskPage::Agreement, course.auth_after(&permitted.request)))
    }
}
