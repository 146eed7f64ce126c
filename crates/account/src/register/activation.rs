//! The link to the mailbox, without which an account that was registered by e-mail cannot be used (VN-17).
//!
//! The link confirms the address of one registration and nothing else (A238). The address belongs to the account from
//! then on and not before: somebody else's address can be typed, but not kept from its owner. An address that has an
//! account gets a message that says so instead of a link.

use chrono::TimeDelta;
use model::email::Email;
use model::event::Event;
use model::ids::AccountId;
use model::language::Language;
use model::link::Purpose;
use model::notice::{Contact, Kind};
use model::standing::{self, Answer, Entry, Status};
use serde_json::json;
use store::paging::After;
use store::registrations::{self, ByEmail, Registration};
use store::{StoreError, Tx, accounts};
use uuid::Uuid;
use web::Visit;
use web::form::Words;
use web::paths::LocalPath;

use super::start;
use crate::Service;
use crate::links::{self, Followed, Link, Said};
use crate::notices::texts::Text;
use crate::notices::{self, Told, letters};

/// How many registrations of one address get a link at a time.
const WAITING_MAX: u64 = 3;
/// How many accounts are read together.
const BATCH: u64 = 100;
/// The account of links that are made for the work of it.
const NOBODY: AccountId = AccountId::from_uuid(Uuid::nil());

/// Sends the first link, in the transaction that makes the account, and keeps what was typed until it is confirmed.
pub(super) async fn begin(
    service: &Service,
    tx: &Tx,
    (account, language): (AccountId, Language),
    (draft, mail): (&Registration, &ByEmail),
) -> Result<(), StoreError> {
    let until = service.now() + TimeDelta::days(service.config().register.pending_days);
    registrations::keep_until(tx, draft.id, until).await?;
    write(
        service,
        tx,
        (Some(account), language),
        (draft.id.as_uuid(), &mail.email),
    )
    .await
}

/// Writes a link to a mailbox; to one that has an account, a message that says so. Links that were sent before stay good:
/// mails overtake each other. Where no account waits the same is written for nobody.
pub(super) async fn write(
    service: &Service,
    tx: &Tx,
    (account, language): (Option<AccountId>, Language),
    (registration, email): (Uuid, &Email),
) -> Result<(), StoreError> {
    let hours = service.config().register.activation_hours;
    let owner = accounts::find_by_email(tx, email).await?;
    let target = Contact::Email(email.clone());
    // Made in either case, so that both take the same time; one that is not sent is known to nobody.
    let new = links::New {
        purpose: Purpose::ActivateEmail,
        account: account.unwrap_or(NOBODY),
        about: Some(registration),
        target: Some(&target),
        life: TimeDelta::hours(hours),
    };
    let link = links::make(service, tx, &new).await?;
    let letter = match owner {
        None => letters::Letter {
            text: Text::MailActivate,
            language,
            args: vec![("link", link.into()), ("hours", hours.into())],
        },
        Some(owner) => letters::Letter {
            text: Text::MailHasAccount,
            language: owner.language,
            args: Vec::new(),
        },
    };
    let to = if account.is_some() {
        letters::To::Mailbox(email)
    } else {
        letters::To::Nobody(email)
    };
    letters::write(service, tx, to, &letter).await.map(drop)
}

/// What the page of the link says beside its words: whose account it is. `None` when there is nothing to activate.
pub(crate) async fn about(service: &Service, link: &Link) -> Result<Option<Vec<Words>>, StoreError> {
    let waiting = waiting(service, &service.store().read(), link).await?;
    Ok(waiting.map(|(registration, _)| {
        let phone = registration.phone.masked();
        vec![Words::with("link-activate-phone", vec![("phone", phone.into())])]
    }))
}

/// The registration that a link is about, if it is for the address that was typed there and the account still waits.
async fn waiting(
    service: &Service,
    tx: &Tx,
    link: &Link,
) -> Result<Option<(Registration, ByEmail)>, StoreError> {
    let Some(id) = link.about.map(model::ids::RegistrationId::from_uuid) else {
        return Ok(None);
    };
    let Some(found) = registrations::find_waiting(tx, id, service.now()).await? else {
        return Ok(None);
    };
    let Some(mail) = found.mail.clone() else {
        return Ok(None);
    };
    let is_its = link.is_for(tx, &Contact::Email(mail.email.clone()));
    let own = found.account == Some(link.account);
    if !is_its || !own || !may_activate(tx, link.account).await? {
        return Ok(None);
    }
    Ok(Some((found, mail)))
}

async fn may_activate(tx: &Tx, account: AccountId) -> Result<bool, StoreError> {
    let account = accounts::find(tx, account).await?;
    let answer = account.map(|account| standing::answer(account.status, Entry::ActivateLink));
    Ok(answer == Some(Answer::OnlyToActivate))
}

/// Makes the account usable: the address is its own from now on. The link was used up in the same transaction.
pub(crate) async fn activate(
    service: &Service,
    tx: &Tx,
    visit: &Visit,
    link: &Link,
) -> Result<Followed, StoreError> {
    let now = service.now();
    let Some((registration, mail)) = waiting(service, tx, link).await? else {
        return Ok(Followed::Over);
    };
    let sign_in = (LocalPath::known("/sign-in"), "link-activate-sign-in");
    if accounts::find_by_email(tx, &mail.email).await?.is_some() {
        // The link stays good: the other account may give the address up in time.
        return Ok(Followed::Not(Said {
            title: "link-activate-taken-title",
            texts: vec![Words::key("link-activate-taken")],
            next: Some(sign_in),
        }));
    }
    let changed = accounts::change_status(tx, link.account, (Status::Pending, Status::Active), now).await?
        && accounts::set_email(tx, link.account, (None, Some(&mail.email)), now).await?;
    if !changed {
        return Err(StoreError::Malformed("account.status"));
    }
    registrations::forget(tx, registration.id).await?;
    store::links::end(tx, link.account, (Purpose::ActivateEmail, None), now).await?;
    let mut entry = store::audit::Entry::new(Event::AccountActivated, now)
        .account(link.account)
        .details(json!({ "by": "email" }));
    entry.request_id = Some(visit.request_id().to_owned());
    store::audit::record(tx, service.rng(), entry).await?;
    if let Some(account) = accounts::find(tx, link.account).await? {
        let told = Told {
            not_by: Some(Contact::Email(mail.email)),
            ..Told::of(Kind::Activated)
        };
        notices::tell(service, tx, &account, &told).await?;
    }
    Ok(Followed::Done(Said {
        title: "link-activate-done-title",
        texts: vec![Words::key("link-activate-done")],
        next: Some(sign_in),
    }))
}

/// Gives up accounts that nobody activated in time, page by page; answers how many. Their phone and their address are free
/// again.
pub async fn upkeep(service: &Service) -> Result<u64, StoreError> {
    let before = service.now() - TimeDelta::days(service.config().register.pending_days);
    let (mut given_up, mut next) = (0, Some(After::default()));
    while let Some(after) = next {
        let page = accounts::list_pending(&service.store().read(), before, (after, BATCH)).await?;
        next = page.next;
        for account in page.rows {
            // One that fails keeps the others from nothing; it is tried again at the next look.
            match give_up(service, account).await {
                Ok(true) => given_up += 1,
                Ok(false) => {}
                Err(error) => tracing::error!(%account, %error, "an account was not given up"),
            }
        }
    }
    Ok(given_up)
}

/// `false` when it was activated meanwhile, or another node was faster.
async fn give_up(service: &Service, account: AccountId) -> Result<bool, StoreError> {
    let now = service.now();
    let tx = service.store().begin().await?;
    if !accounts::change_status(&tx, account, (Status::Pending, Status::Closed), now).await? {
        return Ok(false);
    }
    store::links::end_all(&tx, account, now).await?;
    store::erasure::erase(&tx, account, &[], now).await?;
    let entry = store::audit::Entry::new(Event::AccountClosed, now)
        .account(account)
        .details(json!({ "why": "not activated" }));
    store::audit::record(&tx, service.rng(), entry).await?;
    tx.commit().await?;
    Ok(true)
}

/// The registration of this browser, if its account waits.
pub(super) async fn own(
    service: &Service,
    visit: &Visit,
) -> Result<Option<(AccountId, Registration, ByEmail)>, StoreError> {
    let found = start::find(service, visit).await?;
    let Some((account, found, mail)) =
        found.and_then(|found| Some((found.account?, found.clone(), found.mail.clone()?)))
    else {
        return Ok(None);
    };
    let waits = may_activate(&service.store().read(), account).await?;
    Ok(waits.then_some((account, found, mail)))
}

/// Links for the accounts that wait for an address. Where none does the same is written for nobody, and committed, so that
/// neither the page nor the time says who waits (A203). Several that wait for one address make the work of several.
pub(super) async fn send_to(service: &Service, visit: &Visit, email: &Email) -> Result<(), StoreError> {
    let (tx, now) = (service.store().begin().await?, service.now());
    let found = registrations::list_waiting(&tx, email, (now, WAITING_MAX)).await?;
    if found.is_empty() {
        may_activate(&tx, NOBODY).await?;
    }
    let mut any = false;
    for registration in found {
        if let Some(account) = registration.account
            && may_activate(&tx, account).await?
        {
            any = true;
            let whose = (Some(account), registration.language);
            write(service, &tx, whose, (registration.id.as_uuid(), email)).await?;
        }
    }
    if !any {
        write(service, &tx, (None, visit.language()), (Uuid::nil(), email)).await?;
    }
    tx.commit().await?;
    service.kick_delivery();
    Ok(())
}
