//! Why an authorization request ends on a page: everything before the redirect address is trusted (RFC 6749 section
//! 4.1.2.1). What goes wrong after it goes back to the sub-site, see [`crate::error::AuthorizeError`].

use http::StatusCode;
use web::Problem;

use crate::error::AuthorizeError;

/// The client or its redirect address is in doubt, so the person gets a page and is never sent anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PageFault {
    /// No `client_id`.
    #[error("client_id is missing")]
    ClientMissing,
    /// More than one `client_id`.
    #[error("client_id is there more than once")]
    ClientRepeated,
    /// No such sub-site.
    #[error("client_id is not known")]
    ClientUnknown,
    /// The sub-site is switched off.
    #[error("the client is switched off")]
    ClientDisabled,
    /// No `redirect_uri`.
    #[error("redirect_uri is missing")]
    RedirectMissing,
    /// More than one `redirect_uri`.
    #[error("redirect_uri is there more than once")]
    RedirectRepeated,
    /// Not one of the registered addresses, byte for byte.
    #[error("redirect_uri is not registered")]
    RedirectNotRegistered,
    /// The request object, or where it is, is refused, and there is no address outside to say so to.
    #[error("the request cannot be read: {0}")]
    RequestUnreadable(AuthorizeError),
    /// No pushed request has this handle (A134).
    #[error("no such pushed request")]
    PushedUnknown,
    /// Another client pushed it.
    #[error("the pushed request is another client's")]
    PushedByOther,
    /// It was answered already.
    #[error("the pushed request was answered")]
    PushedAnswered,
    /// Nobody began with it in time.
    #[error("the pushed request has expired")]
    PushedExpired,
    /// The interrupted request is not this browser's, or there is none (A037).
    #[error("no such interaction in this browser")]
    NotThisBrowser,
}

impl From<PageFault> for Problem {
    fn from(fault: PageFault) -> Self {
        let code = match fault {
            PageFault::ClientMissing
            | PageFault::ClientRepeated
            | PageFault::ClientUnknown
            | PageFault::ClientDisabled => "authorize-client",
            PageFault::RedirectMissing | PageFault::RedirectRepeated | PageFault::RedirectNotRegistered => {
                "authorize-redirect"
            }
            PageFault::RequestUnreadable(_) => "authorize-request",
            PageFault::PushedUnknown
            | PageFault::PushedByOther
            | PageFault::PushedAnswered
            | PageFault::PushedExpired => "authorize-pushed",
            PageFault::NotThisBrowser => "authorize-not-here",
        };
        Self::new(StatusCode::BAD_REQUEST, code).caused_by(fault)
    }
}
