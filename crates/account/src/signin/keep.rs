//! The right password, or a passkey, of an account that is being closed: there is no sign-in, only the page that offers to
//! keep the account. The page is `closing`'s; it takes the step that was put aside here (`Purpose::Keep`), once.

use web::paths::LocalPath;

use super::onward::Onward;

/// Where the offer is made.
pub(super) fn page_of(step: &str, onward: &Onward) -> LocalPath {
    onward.through(LocalPath::known("/account/close/keep").with("step", step))
}
