//! What cases say, in plain words.

use model::review::{Happening, Reason};
use store::case_images::Part;
use store::cases::State;
use web::Visit;

/// Where a case stands.
pub(crate) const fn state(state: State) -> &'static str {
    match state {
        State::Checking => "space-case-checking",
        State::Unavailable => "space-case-waiting",
        State::InReview => "space-case-in-review",
        State::NeedsMoreInformation => "space-case-needs-more",
        State::Appealed => "space-case-appealed",
        State::Restricted => "space-case-restricted",
        State::Passed => "space-case-passed",
        State::Approved => "space-case-approved",
        State::Rejected => "space-case-rejected",
        State::Mismatch | State::NotFound => "space-case-denied",
        State::Conflict => "space-case-conflict",
        State::Expired => "space-case-expired",
        State::Replaced | State::Started => "space-case-ended",
    }
}

/// What happened to it. Who did it is told by their role, never by a name.
pub(super) fn happening(visit: &Visit, what: Happening) -> String {
    visit.t(&format!("case-happening-{}", what.as_str()))
}

/// The role of somebody who worked on a case: the highest that they have today.
pub(super) fn role(roles: &[String]) -> &'static str {
    let has = |role: &str| roles.iter().any(|one| one == role);
    if has("senior_reviewer") {
        "case-role-senior-reviewer"
    } else if has("reviewer") {
        "case-role-reviewer"
    } else {
        "case-role-other"
    }
}

/// Why it was decided so, or what is needed, in words for the case's owner.
pub(super) fn reason(visit: &Visit, reason: Reason) -> String {
    let texts = visit.kit().texts();
    let find = |kind| texts.find(visit.language(), &format!("case-{kind}-{}", reason.as_str()), &[]);
    find("reply").or_else(|| find("reason")).unwrap_or_default()
}

/// What a picture shows.
pub(super) const fn part(part: Part) -> &'static str {
    match part {
        Part::Front => "review-part-front",
        Part::Back => "review-part-back",
        Part::Portrait => "review-part-portrait",
        Part::Other => "review-part-other",
    }
}

/// The same in the visitor's language.
pub(super) fn name(visit: &Visit, shown: Part) -> String {
    visit.t(part(shown))
}

#[cfg(test)]
mod tests {
    use model::language::Language;
    use model::review::Act;

    use super::*;

    #[test]
    fn every_state_happening_and_reason_has_words_in_every_language() {
        let texts = web::language::Texts::new(&[web::language::MESSAGES, crate::MESSAGES]).unwrap();
        let states = State::ALL.into_iter().map(|one| state(one).to_owned());
        let happenings = Happening::ALL
            .iter()
            .map(|one| format!("case-happening-{}", one.as_str()));
        let told = Reason::ALL.iter().filter(|one| !one.is_for(Act::SendBack));
        let reasons = told.map(|one| format!("case-reply-{}", one.as_str()));
        let parts = Part::ALL.into_iter().map(|one| part(one).to_owned());
        for key in states.chain(happenings).chain(reasons).chain(parts) {
            for language in Language::ALL {
                assert!(texts.find(language, &key, &[]).is_some(), "{key} {language:?}");
            }
        }
    }
}
