//! One try to sign in. The work is the same whether the account exists, is in use, frozen or closed (A203): the same
//! counters, the same queries, one password hash, one entry in the audit log.

use model::authn::{Method, Methods};
use model::event::Event;
use model::ids::AccountId;
use model::secret::Sensitive;
use serde_json::json;
use store::accounts::{Account, Status};
use store::audit::Entry;
use store::credentials::{self, PasswordHash};
use uuid::Uuid;
use web::{Problem, Visit};

use super::guard::{Counted, Keys};
use super::identifier::Identifier;
use crate::Service;
use crate::password::{HashingError, Password, StoredPassword, Verdict};
use crate::session::{self, Started, Stop};

/// What was sent.
#[derive(Debug)]
pub(super) struct Try<'a> {
    pub(super) identifier: &'a Identifier,
    pub(super) password: &'a Password,
    pub(super) public_computer: bool,
}

/// How a try ended.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The person is signed in.
    In(Started),
    /// They are not. Why, nobody is told.
    Refused,
    /// Too many passwords are being checked at the moment; the try does not count.
    Busy,
}

/// Runs a try whose captcha, where one was asked for, is solved already.
pub(super) async fn run(
    service: &Service,
    visit: &Visit,
    keys: &Keys,
    sent: &Try<'_>,
) -> Result<Outcome, Stop> {
    let (tx, now, config) = (service.store().read(), visit.now(), &service.config().signin);
    let account = sent.identifier.find(&tx).await?;
    let owner = match &account {
        Some(account) => account.id.to_string(),
        None => format!("nobody:{}", sent.identifier.key()),
    };
    let counted = keys.count(&tx, config, &owner, now).await?;
    // Asked for an account that nobody has where there is none, so that the query happens either way.
    let id = account
        .as_ref()
        .map_or(AccountId::from_uuid(Uuid::nil()), |account| account.id);
    let stored = credentials::find_password(&tx, id).await?;
    let verdict = match verify(service, sent.password, stored.as_ref()).await {
        Err(HashingError::Busy) => {
            keys.take_back(&tx, config, &owner, now).await?;
            return Ok(Outcome::Busy);
        }
        other => other.map_err(Problem::internal)?,
    };
    match (admits(account.as_ref(), verdict, counted), account, stored) {
        (true, Some(account), Some(stored)) => {
            let newer = rehash(service, verdict, sent.password).await;
            let admitted = Admitted {
                account: &account,
                stored: &stored,
                newer,
                owner: &owner,
            };
            if let Some(started) = admit(service, visit, keys, sent, admitted).await? {
                return Ok(Outcome::In(started));
            }
            refuse(service, visit, Some(&account)).await?;
            Ok(Outcome::Refused)
        }
        (_, account, _) => refuse(service, visit, account.as_ref())
            .await
            .map(|()| Outcome::Refused),
    }
}

/// Decides from what was found.
fn admits(account: Option<&Account>, verdict: Verdict, counted: Counted) -> bool {
    let in_use = account.is_some_and(|account| account.status == Status::Active);
    in_use && verdict.is_right() && counted == Counted::Within
}

async fn verify(
    service: &Service,
    password: &Password,
    stored: Option<&PasswordHash>,
) -> Result<Verdict, HashingError> {
    let stored = stored.map(|stored| StoredPassword::from_stored(stored.phc.expose().clone()));
    service.hashing().verify(password, stored.as_ref()).await
}

/// The password under today's parameters, if it was stored under older ones and there is time for it now.
async fn rehash(service: &Service, verdict: Verdict, password: &Password) -> Option<Sensitive<String>> {
    if verdict != Verdict::RightButOld {
        return None;
    }
    let newer = service.hashing().hash(password).await.ok()?;
    Some(Sensitive::new(newer.as_str().to_owned()))
}

struct Admitted<'a> {
    account: &'a Account,
    stored: &'a PasswordHash,
    newer: Option<Sensitive<String>>,
    owner: &'a str,
}

async fn admit(
    service: &Service,
    visit: &Visit,
    keys: &Keys,
    sent: &Try<'_>,
    admitted: Admitted<'_>,
) -> Result<Option<Started>, Stop> {
    let (now, account) = (visit.now(), admitted.account.id);
    let tx = service.store().begin().await?;
    if let Some(newer) = &admitted.newer {
        credentials::rehash_password(&tx, account, (&admitted.stored.phc, newer)).await?;
    }
    let methods = Methods::new([Method::Password]);
    let started = session::start(service, &tx, visit, account, methods, sent.public_computer).await?;
    // Frozen or closed since it was looked at.
    let Some(started) = started else {
        return Ok(None);
    };
    let mut entry = Entry::new(Event::SignedIn, now)
        .account(account)
        .session(started.id);
    entry.request_id = Some(visit.request_id().to_owned());
    store::audit::record(&tx, service.rng(), entry).await?;
    keys.forgive(&tx, &service.config().signin, admitted.owner, now)
        .await?;
    tx.commit().await?;
    Ok(Some(started))
}

/// The same entry for everybody; only an account that exists is named in it.
async fn refuse(service: &Service, visit: &Visit, account: Option<&Account>) -> Result<(), Stop> {
    let mut entry = Entry::new(Event::SignInRefused, visit.now()).details(json!({ "method": "password" }));
    entry.account = account.map(|account| account.id);
    entry.request_id = Some(visit.request_id().to_owned());
    store::audit::record(&service.store().read(), service.rng(), entry).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use model::client::AccountKind;
    use model::language::Language;

    use super::*;

    fn account(status: Status) -> Account {
        let at = store::testing::start_time();
        Account {
            id: AccountId::from_uuid(Uuid::nil()),
            kind: AccountKind::Resident,
            status,
            language: Language::ZhCn,
            phone: None,
            name: None,
            citizen_id: None,
            created_at: at,
            updated_at: at,
        }
    }

    #[test]
    fn attack_203_only_an_account_in_use_with_the_right_password_within_limits_is_admitted() {
        for status in [Status::Active, Status::Frozen, Status::Closed] {
            for verdict in [Verdict::Right, Verdict::RightButOld, Verdict::Wrong] {
                for counted in [Counted::Within, Counted::Beyond] {
                    let expected =
                        status == Status::Active && verdict != Verdict::Wrong && counted == Counted::Within;
                    assert_eq!(admits(Some(&account(status)), verdict, counted), expected);
                    assert!(!admits(None, verdict, counted));
                }
            }
        }
    }
}
