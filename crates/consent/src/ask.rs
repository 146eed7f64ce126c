//! The rules: what has to be asked, and what a decision allows. Pure.
//!
//! Decided once for each client and set of scopes: what was asked before is not asked again, whether it was
//! allowed or declined, until the client asks for more or demands it (`prompt=consent`).

use model::client::Client;
use model::scope::{Scope, ScopeSet};

/// What a request would have released that the resident can decide on: what it asks for, within what the
/// client's registration allows. Access that outlives the sign-in releases nothing by itself, and is decided on too
/// (OpenID Connect Core 11).
pub fn releasable(client: &Client, requested: &ScopeSet) -> ScopeSet {
    requested
        .intersection(&client.scopes)
        .iter()
        .filter(|scope| scope.releases_personal_data() || *scope == Scope::OfflineAccess)
        .collect()
}

/// Whether a page has to ask.
pub fn must_ask(requested: &ScopeSet, decided: Option<&ScopeSet>, demanded: bool) -> bool {
    demanded
        || !requested.is_empty() && !decided.is_some_and(|decided| decided.covers(requested))
        || requested.is_empty() && decided.is_none()
}

/// What the resident may leave out one by one. How well a person is known is what recognition is made of, so
/// it goes with the whole; what names the person does not.
pub fn is_optional(scope: Scope) -> bool {
    matches!(
        scope,
        Scope::Profile
            | Scope::RealName
            | Scope::IdNumber
            | Scope::Phone
            | Scope::Email
            | Scope::Address
            | Scope::OfflineAccess
    )
}

/// What is allowed after a decision: everything that can't be left out, and what was ticked.
pub fn allowed(requested: &ScopeSet, ticked: &ScopeSet) -> ScopeSet {
    requested
        .iter()
        .filter(|scope| !is_optional(*scope) || ticked.contains(*scope))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(text: &str) -> ScopeSet {
        ScopeSet::parse_lenient(text)
    }

    #[test]
    fn a_decision_is_asked_for_once_for_each_set() {
        let asked = set("assurance phone");
        assert!(must_ask(&asked, None, false));
        assert!(!must_ask(&asked, Some(&asked), false));
        assert!(!must_ask(&set("phone"), Some(&asked), false));
        assert!(must_ask(&set("assurance phone real_name"), Some(&asked), false));
        assert!(must_ask(&asked, Some(&asked), true));
    }

    #[test]
    fn a_site_that_asks_for_nothing_but_recognition_is_agreed_to_once() {
        assert!(must_ask(&set(""), None, false));
        assert!(!must_ask(&set(""), Some(&set("")), false));
    }

    #[test]
    fn attack_289_what_is_optional_can_be_left_out_and_the_rest_goes_on() {
        let requested = set("assurance seals phone id_number");
        assert_eq!(allowed(&requested, &set("phone")), set("assurance seals phone"));
        assert_eq!(allowed(&requested, &set("")), set("assurance seals"));
        // To be recognised is not to be read while one is away.
        let offline = set("assurance offline_access");
        assert_eq!(allowed(&offline, &set("")), set("assurance"));
        assert_eq!(allowed(&offline, &set("offline_access")), offline);
        // A box that was not on the page allows nothing.
        assert_eq!(allowed(&set("assurance"), &set("id_number")), set("assurance"));
    }
}
