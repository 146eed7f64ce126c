//! Front-channel logout (OpenID Connect Front-Channel Logout 1.0): the page after a sign-out shows, in frames that
//! nobody sees, the page of each sub-site that ends the site's own sign-in. Nobody can tell from outside whether it
//! worked, and browsers that keep third-party cookies away stop it, so nothing is ever confirmed by it.

use model::ids::SessionId;
use store::clients::StoredClient;
use url::Url;

use crate::Service;

/// How long the page waits for the frames before it goes on, in milliseconds.
pub const WAIT_MS: u32 = 3000;

/// The same without script, in seconds.
pub const WAIT_SECONDS: u32 = 4;

/// One frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The sub-site's registered address with `iss` and `sid`.
    pub src: String,
    /// The origin that the page's policy allows.
    pub origin: String,
}

/// The frame of a sub-site, if it has one. `iss` and `sid` are sent whether or not it demands them.
pub fn frame(service: &Service, stored: &StoredClient, session: SessionId) -> Option<Frame> {
    let client = &stored.client;
    if client.disabled {
        return None;
    }
    let mut src = Url::parse(client.frontchannel_logout_uri.as_deref()?).ok()?;
    if !matches!(src.scheme(), "https" | "http") {
        return None;
    }
    let origin = src.origin().ascii_serialization();
    src.query_pairs_mut()
        .append_pair("iss", service.issuer())
        .append_pair("sid", &service.sid(client, session));
    Some(Frame {
        src: src.into(),
        origin,
    })
}
