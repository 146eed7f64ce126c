//! Factors that somebody else may have enrolled. Whoever had the phone or a sign-in for a while could enrol their own, and
//! the owner hears of it and has some days to say "this wasn't me" (`account.notices.not_me_days`). What was enrolled in
//! the days before that counts for nothing while the account is held, and goes when it opens (A225, A235).

use chrono::{DateTime, TimeDelta, Utc};
use model::event::Event;
use model::standing::Status;
use serde_json::json;
use store::accounts::Account;
use store::audit::Entry;
use store::factors::Kind;
use store::status_events::{Credential, CredentialStep};
use store::{StoreError, Tx, recovery_codes, standing_changes};

use super::Enrolled;
use super::finish::credential;
use crate::Service;
use crate::history::{self, Happening, What};
use crate::notices::{self, Told};
use crate::standing;

/// From which moment on factors are doubted, when the owner said at another one that somebody else used the account.
pub(crate) fn window(service: &Service, said_at: DateTime<Utc>) -> DateTime<Utc> {
    said_at - TimeDelta::days(service.config().notices.not_me_days)
}

/// The same for an account that is held, or was when operators stopped it; `None` for one that was not.
pub(crate) async fn since(
    service: &Service,
    tx: &Tx,
    account: &Account,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    let list = standing_changes::list(tx, account.id).await?;
    // The first time since the account was last in use: operators may have stopped it and given it back in between.
    let held = list
        .iter()
        .filter(|change| !change.is_proposal())
        .take_while(|change| change.to != Status::Active)
        .filter(|change| change.to == Status::Held)
        .last();
    let unwritten = (account.status == Status::Held).then(|| service.now());
    let at = held.map(|change| change.at).or(unwritten);
    let from = at.map(|at| window(service, at));
    // Whoever said since when is believed that it was so long.
    let said = held.and_then(|change| change.doubted_from);
    Ok(from.map(|from| said.map_or(from, |said| Ord::min(said, from))))
}

impl Enrolled {
    /// Forgets what was enrolled from a moment on.
    pub(crate) fn keep_older(&mut self, from: DateTime<Utc>) {
        self.totp.retain(|one| one.created_at < from);
        self.passkeys.retain(|one| one.created_at < from);
        if self.sheet.is_some_and(|sheet| sheet.made_at >= from) {
            self.sheet = None;
            self.codes_left = 0;
        }
    }
}

/// Removes what was enrolled from a moment on, and says so to the owner and to the sub-sites that listen.
pub(crate) async fn remove(
    service: &Service,
    tx: &Tx,
    account: &Account,
    from: DateTime<Utc>,
) -> Result<(), StoreError> {
    let enrolled = super::of(tx, account).await?;
    let newer = |list: &[store::factors::Factor]| list.iter().any(|one| one.created_at >= from);
    let sheet = enrolled.sheet.is_some_and(|sheet| sheet.made_at >= from);
    let gone = [
        (
            newer(&enrolled.totp),
            "factors-authenticator",
            Some(credential(Kind::Totp)),
        ),
        (
            newer(&enrolled.passkeys),
            "factors-passkeys",
            Some(credential(Kind::Passkey)),
        ),
        (sheet, "factors-codes", None::<Credential>),
    ];
    if gone.iter().all(|(gone, ..)| !gone) {
        return Ok(());
    }
    let factors = store::factors::remove_since(tx, account.id, from).await?;
    if sheet {
        recovery_codes::remove_all(tx, account.id).await?;
    }
    let details = json!({ "removed": "doubtful", "factors": factors, "codes": sheet });
    let entry = Entry::new(Event::FactorChanged, service.now())
        .account(account.id)
        .details(details);
    store::audit::record(tx, service.rng(), entry).await?;
    history::note_aside(service, tx, &Happening::new(account.id, What::FactorRemoved)).await?;
    for (_, name, credential) in gone.into_iter().filter(|(gone, ..)| *gone) {
        if let Some(credential) = credential {
            standing::credential_changed(service, tx, account.id, (credential, CredentialStep::Delete))
                .await?;
        }
        let told = Told {
            args: &[("factor", notices::key(name))],
            ..Told::of(notices::Kind::FactorRemoved)
        };
        notices::tell(service, tx, account, &told).await?;
    }
    Ok(())
}
