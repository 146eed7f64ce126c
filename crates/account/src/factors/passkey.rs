//! Passkeys (WebAuthn level 3) as a use case: what is asked of the browser, and what its answer is worth. User
//! verification is required, so that a passkey is two factors by itself (A279); attestation is not asked for (A281).
//!
//! The state of a ceremony is the caller's to keep, sealed and once (`store::ceremonies`, A217).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::ids::{AccountId, FactorId};
use model::secret::TokenHash;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::accounts::Account;
use store::factors::{self, Factor, Kind};
use store::{StoreError, Tx};
use web::{Kit, Problem};
use webauthn_rs::prelude::{
    DiscoverableAuthentication, Passkey, PasskeyAuthentication, PasskeyRegistration, PublicKeyCredential,
    RegisterPublicKeyCredential, Webauthn, WebauthnBuilder, WebauthnError,
};
use zeroize::Zeroizing;

use crate::Service;

/// What a page asks the browser, and what the answer is held against.
#[derive(Debug)]
pub struct Asked {
    /// For the page: [`web::passkey::ask`].
    pub options: String,
    /// For the ceremony.
    pub state: Zeroizing<Vec<u8>>,
}

#[derive(Serialize, Deserialize)]
enum State {
    /// A passkey of anybody.
    Anybody(Box<DiscoverableAuthentication>),
    /// One of these passkeys.
    Known(Box<PasskeyAuthentication>),
    /// A new passkey.
    New(Box<PasskeyRegistration>),
}

/// What the answer of a browser came to.
#[derive(Clone, Debug)]
pub struct Used {
    /// Whose passkey it is.
    pub account: AccountId,
    /// Which.
    pub factor: FactorId,
}

/// Why a passkey is not taken. For the log only.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Not what a browser sends, or two names that differ (A277).
    #[error("not the answer of a browser")]
    Unreadable,
    /// Nobody's, or somebody else's (A283).
    #[error("nobody's passkey, or somebody else's")]
    Unknown,
    /// Nothing of the kind was asked.
    #[error("something else was asked")]
    NotAsked,
    /// The library refuses it.
    #[error(transparent)]
    Library(#[from] WebauthnError),
}

/// Why there is no answer at all.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Something stored cannot be read, or the issuer has no name.
    #[error("{0}")]
    Broken(String),
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Store(error) => Self::unavailable(error),
            Fault::Broken(cause) => Self::internal(cause),
        }
    }
}

impl From<Fault> for crate::session::Stop {
    fn from(fault: Fault) -> Self {
        Self::Problem(fault.into())
    }
}

fn broken(error: impl std::fmt::Display) -> Fault {
    Fault::Broken(error.to_string())
}

/// What passkeys are checked with; none where the issuer has no name but an address.
pub(crate) fn webauthn_of(kit: &Kit) -> Option<Webauthn> {
    let host = kit.base_url().domain()?;
    let builder = WebauthnBuilder::new(host, kit.base_url())
        .map(|builder| builder.rp_name(host))
        .and_then(WebauthnBuilder::build);
    builder
        .inspect_err(|error| tracing::warn!(%error, "no passkeys at this issuer"))
        .ok()
}

fn webauthn(service: &Service) -> Result<&Webauthn, Fault> {
    service
        .passkeys()
        .ok_or_else(|| broken("no passkeys at this issuer"))
}

fn asked(options: &impl Serialize, state: &State) -> Result<Asked, Fault> {
    Ok(Asked {
        options: serde_json::to_string(options).map_err(broken)?,
        state: Zeroizing::new(serde_json::to_vec(state).map_err(broken)?),
    })
}

fn credential(factor: &Factor) -> Result<Passkey, Fault> {
    serde_json::from_slice(&factor.secret).map_err(broken)
}

/// Asks for one of these passkeys, or without any for a passkey of anybody that the browser finds by itself, so that
/// no list tells who exists (A206).
pub fn begin_passkey(service: &Service, of: Option<&[Factor]>) -> Result<Asked, Fault> {
    let webauthn = webauthn(service)?;
    let Some(factors) = of else {
        let (options, state) = webauthn.start_discoverable_authentication().map_err(broken)?;
        return asked(&options, &State::Anybody(Box::new(state)));
    };
    let known = factors.iter().filter(|one| one.kind == Kind::Passkey);
    let known: Vec<_> = known.map(credential).collect::<Result<_, _>>()?;
    let (options, state) = webauthn.start_passkey_authentication(&known).map_err(broken)?;
    asked(&options, &State::Known(Box::new(state)))
}

/// What the browser says to [`begin_passkey`]. A passkey of another account than the one that is expected is nobody's
/// (A283). Notes the use with the new counter.
pub async fn finish_passkey(
    service: &Service,
    tx: &Tx,
    state: &[u8],
    (expected, sent): (Option<AccountId>, &str),
) -> Result<Result<Used, Refused>, Fault> {
    let Ok(answer) = serde_json::from_str::<PublicKeyCredential>(sent) else {
        return Ok(Err(Refused::Unreadable));
    };
    if answer.id != URL_SAFE_NO_PAD.encode(&answer.raw_id) {
        return Ok(Err(Refused::Unreadable));
    }
    let found = factors::find_passkey(tx, &identifier(&answer.raw_id)).await?;
    let allowed = |factor: &Factor| expected.is_none_or(|account| account == factor.account);
    let Some(factor) = found.filter(allowed) else {
        return Ok(Err(Refused::Unknown));
    };
    let mut passkey = credential(&factor)?;
    let webauthn = webauthn(service)?;
    let checked = match serde_json::from_slice(state).map_err(broken)? {
        State::Anybody(state) => {
            let claimed = webauthn.identify_discoverable_authentication(&answer);
            claimed.and_then(|(user, _)| {
                // Who the passkey says it is for is who it is stored for.
                if AccountId::from_uuid(user) == factor.account {
                    webauthn.finish_discoverable_authentication_v2(&answer, *state, &passkey)
                } else {
                    Err(WebauthnError::InvalidUserUniqueId)
                }
            })
        }
        State::Known(state) => webauthn.finish_passkey_authentication(&answer, &state),
        State::New(_) => return Ok(Err(Refused::NotAsked)),
    };
    match checked {
        Ok(result) if !result.user_verified() => Ok(Err(WebauthnError::UserNotVerified.into())),
        Ok(result) => {
            passkey.update_credential(&result);
            let newer = serde_json::to_vec(&passkey).map_err(broken)?;
            // Removed a moment ago: it is nobody's now.
            if !factors::note_use(tx, factor.id, &newer, service.now()).await? {
                return Ok(Err(Refused::Unknown));
            }
            Ok(Ok(Used {
                account: factor.account,
                factor: factor.id,
            }))
        }
        Err(error) => Ok(Err(error.into())),
    }
}

/// Asks for a new passkey, on none of those that the account has.
pub(super) fn begin_new(service: &Service, account: &Account, have: &[Factor]) -> Result<Asked, Fault> {
    let have = have.iter().filter(|one| one.kind == Kind::Passkey);
    let have: Vec<_> = have.map(credential).collect::<Result<_, _>>()?;
    let exclude = have.iter().map(|one| one.cred_id().clone()).collect();
    // What the browser shows when it offers the passkey; enough for its owner.
    let name = crate::session::display_name(account);
    let (options, state) = webauthn(service)?
        .start_passkey_registration(account.id.as_uuid(), &name, &name, Some(exclude))
        .map_err(broken)?;
    let mut options = serde_json::to_value(&options).map_err(broken)?;
    // One that the browser finds by itself can be used without typing anything.
    let selection = options.pointer_mut("/publicKey/authenticatorSelection");
    if let Some(selection) = selection.and_then(|selection| selection.as_object_mut()) {
        selection.insert("residentKey".to_owned(), json!("preferred"));
    }
    asked(&options, &State::New(Box::new(state)))
}

/// A passkey that was made: the credential as it is kept, and the hash of its identifier.
pub(super) struct Made {
    pub(super) credential: Vec<u8>,
    pub(super) identifier: TokenHash,
}

/// What the browser says to [`begin_new`].
pub(super) fn finish_new(
    service: &Service,
    state: &[u8],
    sent: &str,
) -> Result<Result<Made, Refused>, Fault> {
    let Ok(answer) = serde_json::from_str::<RegisterPublicKeyCredential>(sent) else {
        return Ok(Err(Refused::Unreadable));
    };
    if answer.id != URL_SAFE_NO_PAD.encode(&answer.raw_id) {
        return Ok(Err(Refused::Unreadable));
    }
    let State::New(state) = serde_json::from_slice(state).map_err(broken)? else {
        return Ok(Err(Refused::NotAsked));
    };
    match webauthn(service)?.finish_passkey_registration(&answer, &state) {
        Ok(passkey) => Ok(Ok(Made {
            credential: serde_json::to_vec(&passkey).map_err(broken)?,
            identifier: identifier(passkey.cred_id()),
        })),
        Err(error) => Ok(Err(error.into())),
    }
}

/// What is stored of a credential's identifier.
fn identifier(id: &[u8]) -> TokenHash {
    TokenHash::of(&URL_SAFE_NO_PAD.encode(id))
}
