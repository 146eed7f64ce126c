//! One try to sign in. The work is the same whether the account exists, is in use, frozen or closed (A203): the same
//! counters, the same queries, one password hash, one entry in the audit log.

use model::authn::{Method, Methods};
use model::event::Event;
use model::ids::{AccountId, ClientId};
use model::secret::{Sensitive, Token};
use model::standing::{Answer, Entry, answer};
use serde_json::json;
use store::Tx;
use store::accounts::Account;
use store::audit;
use store::ceremonies::Purpose;
use store::credentials::{self, PasswordHash};
use uuid::Uuid;
use web::{Problem, Visit};

use super::guard::{Counted, Keys, Owner};
use super::identifier::Identifier;
use super::step;
use crate::Service;
use crate::factors;
use crate::password::{HashingError, Password, StoredPassword, Verdict};
use crate::session::{self, Beginning, Made, Started, Stop};

/// What was sent.
#[derive(Debug)]
pub(super) struct Try<'a> {
    pub(super) identifier: &'a Identifier,
    pub(super) password: &'a Password,
    pub(super) public_computer: bool,
    /// The sub-site that waits.
    pub(super) client: Option<&'a ClientId>,
}

/// How a try ended.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The person is signed in.
    In(Started),
    /// The password is right, and the account has another factor, which is asked for next: the handle of the step.
    Second(Token),
    /// The password is right, and the account is being closed: the handle of the step that offers to keep it.
    Keep(Token),
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
    // Asked for an account that nobody has where there is none, so that the query happens either way.
    let id = account
        .as_ref()
        .map_or(AccountId::from_uuid(Uuid::nil()), |account| account.id);
    let stored = credentials::find_password(&tx, id).await?;
    let whose = (account.as_ref(), stored.as_ref());
    let owner = Owner::of(&tx, visit, whose, sent.identifier).await?;
    let counted = keys.count(&tx, config, &owner, now).await?;
    let verdict = match verify(service, sent.password, stored.as_ref()).await {
        Err(HashingError::Busy) => {
            keys.take_back(&tx, config, &owner, now).await?;
            return Ok(Outcome::Busy);
        }
        other => other.map_err(Problem::internal)?,
    };
    let admitted = admits(account.as_ref(), verdict, counted);
    if let (Some(way), Some(account), Some(stored)) = (admitted, &account, &stored) {
        let newer = rehash(service, verdict, sent.password).await;
        let right = Right {
            account,
            stored,
            newer,
            owner: &owner,
        };
        if let Some(outcome) = admit(service, visit, (keys, way), sent, right).await? {
            return Ok(outcome);
        }
    }
    refuse(service, visit, account.as_ref(), "password").await?;
    Ok(Outcome::Refused)
}

/// What the right password of an account leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    In,
    Keep,
}

/// Decides from what was found.
fn admits(account: Option<&Account>, verdict: Verdict, counted: Counted) -> Option<Way> {
    let way = match answer(account?.status, Entry::SignIn) {
        Answer::Yes => Way::In,
        Answer::OnlyToKeep => Way::Keep,
        Answer::OnlyToActivate
        | Answer::OnlyWithIdentity
        | Answer::OnlyTheNumber
        | Answer::HasAccount
        | Answer::AsIfUnknown => {
            return None;
        }
    };
    (verdict.is_right() && counted == Counted::Within).then_some(way)
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

struct Right<'a> {
    account: &'a Account,
    stored: &'a PasswordHash,
    newer: Option<Sensitive<String>>,
    owner: &'a Owner,
}

/// What follows from the right password, in one transaction. `None` for an account that was frozen or closed since it was
/// looked at.
async fn admit(
    service: &Service,
    visit: &Visit,
    (keys, way): (&Keys, Way),
    sent: &Try<'_>,
    right: Right<'_>,
) -> Result<Option<Outcome>, Stop> {
    let (now, account) = (visit.now(), right.account);
    let tx = service.store().begin().await?;
    if let Some(newer) = &right.newer {
        credentials::rehash_password(&tx, account.id, (&right.stored.phc, newer)).await?;
    }
    keys.forgive(&tx, &service.config().signin, right.owner, now)
        .await?;
    let enrolled = factors::of(&tx, account).await?;
    let methods = Methods::new([Method::Password]);
    let half = step::Half {
        account: account.id,
        methods: &methods,
        public_computer: sent.public_computer,
    };
    let outcome = if step::is_wanted(&enrolled) {
        Outcome::Second(step::put(service, &tx, visit, (Purpose::SignIn, &half)).await?)
    } else if way == Way::Keep {
        Outcome::Keep(step::put(service, &tx, visit, (Purpose::Keep, &half)).await?)
    } else {
        match enter(service, &tx, visit, (&half, sent.client)).await? {
            Some(started) => Outcome::In(started),
            None => return Ok(None),
        }
    };
    tx.commit().await?;
    Ok(Some(outcome))
}

/// Begins the sign-in and writes it down, in the caller's transaction.
pub(super) async fn enter(
    service: &Service,
    tx: &Tx,
    visit: &Visit,
    (half, client): (&step::Half<'_>, Option<&ClientId>),
) -> Result<Option<Started>, Stop> {
    let beginning = Beginning {
        account: half.account,
        methods: half.methods.clone(),
        public_computer: half.public_computer,
        client,
        made: Made::Before,
    };
    let Some(started) = session::begin(service, tx, visit, &beginning).await? else {
        return Ok(None);
    };
    let mut entry = audit::Entry::new(Event::SignedIn, visit.now())
        .account(half.account)
        .session(started.id)
        .details(json!({ "amr": half.methods.amr() }));
    entry.request_id = Some(visit.request_id().to_owned());
    audit::record(tx, service.rng(), entry).await?;
    Ok(Some(started))
}

/// The same entry for everybody; only an account that exists is named in it.
pub(super) async fn refuse(
    service: &Service,
    visit: &Visit,
    account: Option<&Account>,
    method: &str,
) -> Result<(), Stop> {
    let mut entry = audit::Entry::new(Event::SignInRefused, visit.now()).details(json!({ "method": method }));
    entry.account = account.map(|account| account.id);
    entry.request_id = Some(visit.request_id().to_owned());
    audit::record(&service.store().read(), service.rng(), entry).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use model::client::AccountKind;
    use model::language::Language;
    use store::accounts::Status;

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
            email: None,
            username: None,
            declared_name: None,
            citizen_id: None,
            created_at: at,
            updated_at: at,
        }
    }

    #[test]
    fn attack_203_only_an_account_in_use_with_the_right_password_within_limits_is_admitted() {
        for status in Status::ALL {
            for verdict in [Verdict::Right, Verdict::RightButOld, Verdict::Wrong] {
                for counted in [Counted::Within, Counted::Beyond] {
                    let proven = verdict != Verdict::Wrong && counted == Counted::Within;
                    let expected = match status {
                        Status::Active if proven => Some(Way::In),
                        Status::Closing if proven => Some(Way::Keep),
                        _ => None,
                    };
                    assert_eq!(
                        admits(Some(&account(status)), verdict, counted),
                        expected,
                        "{status:?}"
                    );
                    assert_eq!(admits(None, verdict, counted), None);
                }
            }
        }
    }
}
