//! Keys of what the page of a case says.

use model::case::State as CaseState;
use model::review::Happening;
use store::case_images;

use super::act::Bar;
use super::decide;

/// Where a case stands.
pub(super) const fn state(state: CaseState) -> &'static str {
    match state {
        CaseState::InReview => "desk-state-in-review",
        CaseState::NeedsMoreInformation => "desk-state-asked",
        CaseState::Approved => "desk-state-approved",
        CaseState::Rejected => "desk-state-rejected",
        CaseState::Appealed => "desk-state-appealed",
        CaseState::Restricted => "desk-state-restricted",
        _ => "desk-state-over",
    }
}

/// Why somebody may not take it.
pub(super) const fn bar(bar: Bar) -> &'static str {
    match bar {
        Bar::OwnName => "desk-own-name",
        Bar::Role => "desk-needs-senior",
    }
}

/// What the register answered, if this tells of it.
pub(super) const fn register(what: Happening) -> Option<&'static str> {
    Some(match what {
        Happening::RegisterAgreed => "desk-register-match",
        Happening::RegisterDiffered => "desk-register-mismatch",
        Happening::RegisterUnknown => "desk-register-not-found",
        Happening::RegisterLocked => "desk-register-restricted",
        Happening::RegisterSilent => "desk-register-unavailable",
        _ => return None,
    })
}

/// What a picture shows.
pub(super) const fn part(part: case_images::Part) -> &'static str {
    match part {
        case_images::Part::Front => "desk-part-front",
        case_images::Part::Back => "desk-part-back",
        case_images::Part::Portrait => "desk-part-portrait",
        case_images::Part::Other => "desk-part-other",
    }
}

/// The key of what else belongs to a case; a source's own factors have the names that its contract gives them.
pub(super) fn more(name: &str) -> Option<&'static str> {
    Some(match name {
        "answer" => "desk-more-answer",
        "appeal" => "desk-more-appeal",
        "objection_to" => "desk-more-objection-to",
        decide::UNTIL => "desk-more-until",
        decide::DOCUMENT => "desk-more-document",
        decide::DOCUMENT_EXPIRES => "desk-more-document-expires",
        _ => return None,
    })
}
