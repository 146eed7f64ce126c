//! What sub-sites that listen hear about an account, written in the caller's transaction. Only what happened: never why,
//! and never by whom.

use model::ids::{AccountId, SessionId};
use store::ceremonies::{self, Purpose};
use store::status_events::{self, AccountEvent, Credential, CredentialStep, Happened};
use store::{StoreError, Tx, sessions};

use crate::Service;

/// Tells the sub-sites that know a person what happened to the account.
pub async fn tell_sites(
    service: &Service,
    tx: &Tx,
    account: AccountId,
    what: AccountEvent,
) -> Result<(), StoreError> {
    tell(service, tx, account, Happened::new(what, service.now())).await
}

/// Tells them that a password or another factor was made, changed or taken away.
pub async fn credential_changed(
    service: &Service,
    tx: &Tx,
    account: AccountId,
    credential: (Credential, CredentialStep),
) -> Result<(), StoreError> {
    let happened = Happened {
        credential: Some(credential),
        ..Happened::new(AccountEvent::CredentialChanged, service.now())
    };
    tell(service, tx, account, happened).await
}

/// What is half a sign-in: what it was opened with may be what has just been changed (A090).
const HALF_SIGN_INS: [Purpose; 3] = [Purpose::SignIn, Purpose::PasskeySignIn, Purpose::Keep];

/// Ends every sign-in but the one to keep, with those that are half done in whichever browser, and tells the sub-sites to
/// end theirs. Answers how many ended.
pub async fn end_sign_ins(
    service: &Service,
    tx: &Tx,
    account: AccountId,
    keep: Option<SessionId>,
) -> Result<u64, StoreError> {
    let now = service.now();
    // Who knows the person is asked for before: tokens that ended say nothing any more.
    let sites = status_events::knowing(tx, account).await?;
    let ended = sessions::end_all(tx, account, keep, now).await?;
    ceremonies::end_of_account_for(tx, account, &HALF_SIGN_INS, now).await?;
    // A sub-site may have kept a sign-in longer than we did. Only where the person goes on here and nothing else ended is
    // there nothing to tell.
    if ended > 0 || keep.is_none() {
        let happened = Happened::new(AccountEvent::SessionsRevoked, now);
        status_events::tell(tx, service.rng(), (account, &sites), &happened, now).await?;
    }
    Ok(ended)
}

async fn tell(service: &Service, tx: &Tx, account: AccountId, happened: Happened) -> Result<(), StoreError> {
    let sites = status_events::knowing(tx, account).await?;
    status_events::tell(tx, service.rng(), (account, &sites), &happened, happened.at).await
}
