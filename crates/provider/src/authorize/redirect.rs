//! Who asks, and where answers may go (RFC 6749 sections 3.1.2 and 4.1.2, RFC 9700 section 2.1, RFC 9207).
//!
//! The address is trusted when it is one of the client's registered ones byte for byte: no prefix, no wildcard, no
//! normalising, nothing that a parser could read in two ways (A002 to A016). Only [`RedirectTrusted`] has the methods
//! that answer the sub-site, so that an open redirector does not compile.

use std::fmt;
use std::sync::Arc;

use model::client::{Client, ResponseMode};
use model::ids::ClientId;
use model::secret::Token;
use store::clients::StoredClient;
use url::Url;

use crate::authorize::fault::PageFault;
use crate::authorize::raw::Raw;
use crate::authorize::request::carries;
use crate::error::AuthorizeError;
use crate::par::Handle;

/// The first step: the sub-site is one of ours and switched on.
#[derive(Debug)]
pub struct ClientKnown {
    raw: Raw,
    stored: Arc<StoredClient>,
}

impl ClientKnown {
    /// Looks the client up.
    pub fn find(
        raw: Raw,
        find: impl FnOnce(&ClientId) -> Option<Arc<StoredClient>>,
    ) -> Result<Self, PageFault> {
        let id = raw
            .one("client_id")
            .map_err(|_| PageFault::ClientRepeated)?
            .ok_or(PageFault::ClientMissing)?;
        let id = ClientId::parse(id).map_err(|_| PageFault::ClientUnknown)?;
        let stored = find(&id).ok_or(PageFault::ClientUnknown)?;
        if stored.client.disabled {
            return Err(PageFault::ClientDisabled);
        }
        Ok(Self { raw, stored })
    }

    /// Who it is.
    pub fn id(&self) -> &ClientId {
        &self.stored.client.client_id
    }
}

/// The second step: the address is the client's. From here on the sub-site can be answered.
///
/// ```
/// use provider::authorize::redirect::{RedirectTrusted, Reply};
/// use provider::error::AuthorizeError;
///
/// fn answer(redirect: &RedirectTrusted) -> Reply {
///     redirect.refuse(AuthorizeError::Cancelled)
/// }
/// ```
///
/// Before it nobody can be answered, because the step before has no such method:
///
/// ```compile_fail,E0599
/// use provider::authorize::redirect::{ClientKnown, Reply};
/// use provider::error::AuthorizeError;
///
/// fn answer(redirect: &ClientKnown) -> Reply {
///     redirect.refuse(AuthorizeError::Cancelled)
/// }
/// ```
///
/// Nor can it be made in another way than by the check:
///
/// ```compile_fail,E0451
/// use provider::authorize::redirect::{ClientKnown, RedirectTrusted};
///
/// fn forge(client: ClientKnown, uri: url::Url) -> RedirectTrusted {
///     let mode = model::client::ResponseMode::Query;
///     RedirectTrusted { client, uri, state: None, mode, issuer: String::new() }
/// }
/// ```
#[derive(Debug)]
pub struct RedirectTrusted {
    client: ClientKnown,
    uri: Url,
    state: Option<String>,
    mode: ResponseMode,
    issuer: String,
}

impl RedirectTrusted {
    /// Compares the address with the registered ones.
    pub fn check(client: ClientKnown, issuer: &str) -> Result<Self, PageFault> {
        let sent = client
            .raw
            .one("redirect_uri")
            .map_err(|_| PageFault::RedirectRepeated)?;
        let sent = sent.ok_or(PageFault::RedirectMissing)?;
        if !client.stored.client.redirects_to(sent) {
            return Err(PageFault::RedirectNotRegistered);
        }
        let uri = Url::parse(sent).map_err(|_| PageFault::RedirectNotRegistered)?;
        let mode = mode(&client);
        let state = client.raw.state().filter(|state| carries(mode, state));
        Ok(Self {
            uri,
            state: state.map(str::to_owned),
            mode,
            issuer: issuer.to_owned(),
            client,
        })
    }

    /// The parameters.
    pub const fn raw(&self) -> &Raw {
        &self.client.raw
    }

    /// The sub-site.
    pub fn client(&self) -> &Client {
        &self.client.stored.client
    }

    /// The address as it was sent, which is as it is registered.
    pub fn redirect_uri(&self) -> &str {
        self.client
            .raw
            .one("redirect_uri")
            .ok()
            .flatten()
            .unwrap_or_default()
    }

    /// Tells the sub-site why there is no code.
    pub fn refuse(&self, error: AuthorizeError) -> Reply {
        self.refuse_with(error, error.row().text)
    }

    /// Tells the sub-site why there is no code, in words that say more than the table of errors.
    pub(super) fn refuse_with(&self, error: AuthorizeError, description: &str) -> Reply {
        let code = error.row().code.as_str();
        self.reply(
            &[("error", code), ("error_description", description)],
            Some(error),
        )
    }

    /// Gives the sub-site its code.
    pub(super) fn deliver(&self, code: &Token) -> Reply {
        self.reply(&[("code", code.expose())], None)
    }

    /// The answer with the unchanged `state` and the issuer (RFC 9207).
    fn reply(&self, answer: &[(&'static str, &str)], error: Option<AuthorizeError>) -> Reply {
        let state = self.state.as_deref().map(|state| ("state", state));
        let answer = answer.iter().copied().chain(state);
        Reply {
            address: self.uri.clone(),
            mode: self.mode,
            parameters: answer
                .chain([("iss", self.issuer.as_str())])
                .map(|(name, value)| (name, value.to_owned()))
                .collect(),
            client: self.client().client_id.clone(),
            pushed: self.raw().way().pushed.clone(),
            error,
        }
    }
}

/// How the answer travels: as the request says if the client may use that, else as it would without saying.
fn mode(client: &ClientKnown) -> ResponseMode {
    let allowed = &client.stored.client.response_modes;
    let asked = client.raw.one("response_mode").ok().flatten();
    let usual = if allowed.is_empty() || allowed.contains(&ResponseMode::Query) {
        ResponseMode::Query
    } else {
        ResponseMode::FormPost
    };
    asked
        .and_then(ResponseMode::from_word)
        .filter(|mode| allowed.contains(mode))
        .unwrap_or(usual)
}

/// What goes back to the sub-site: its address and the answer.
pub struct Reply {
    address: Url,
    mode: ResponseMode,
    parameters: Vec<(&'static str, String)>,
    client: ClientId,
    pushed: Option<Handle>,
    error: Option<AuthorizeError>,
}

impl fmt::Debug for Reply {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The parameters may hold a code.
        out.debug_struct("Reply")
            .field("client", &self.client)
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}

impl Reply {
    /// How it travels.
    pub const fn mode(&self) -> ResponseMode {
        self.mode
    }

    /// The registered address.
    pub const fn address(&self) -> &Url {
        &self.address
    }

    /// The answer.
    pub fn parameters(&self) -> &[(&'static str, String)] {
        &self.parameters
    }

    /// The registered address, its own query kept, with the answer in it.
    pub fn location(&self) -> Url {
        let mut location = self.address.clone();
        location.query_pairs_mut().extend_pairs(&self.parameters);
        location
    }

    /// The handle that this answers.
    pub const fn pushed(&self) -> Option<&Handle> {
        self.pushed.as_ref()
    }

    /// To which sub-site.
    pub const fn client(&self) -> &ClientId {
        &self.client
    }

    /// Why there is no code.
    pub const fn error(&self) -> Option<AuthorizeError> {
        self.error
    }
}
