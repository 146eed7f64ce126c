//! What the steps end with.

use store::codes::CodeDetails;
use store::sessions::LiveSession;

use crate::authorize::redirect::RedirectTrusted;

/// The end: everything that a code stands for.
#[derive(Debug)]
pub struct Answer {
    /// Where it goes.
    pub redirect: RedirectTrusted,
    /// What it is bound to.
    pub code_challenge: Option<String>,
    /// Whose sign-in it is.
    pub session: LiveSession,
    /// The rest.
    pub details: CodeDetails,
}
