//! Another e-mail address, or the first: `/account/contact/email`. A link goes to the new address, and one to the old. With
//! both it counts at once; when the old address does not answer it counts after the wait, if the new one was confirmed by
//! then. The first address of an account counts as soon as it is confirmed.
//!
//! A link is bound to the account, the change and the address (A238), and works once (A239), in any browser.

use axum::extract::State;
use axum::response::Response;
use chrono::TimeDelta;
use model::email::Email;
use model::event::Event;
use model::ids::{ChangeId, MessageId};
use model::link::Purpose;
use model::secret::Sensitive;
use model::standing::{Answer, Entry, answer};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::accounts::{self, Account, Status};
use store::changes::{self, Change, How, Kind, NewChange, State as ChangeState};
use store::links::Link;
use store::outbox::{Channel, NewMessage};
use store::throttles::{self, Rule};
use store::{StoreError, Tx};
use web::extract::{Form, FormName};
use web::form::{Button, Errors, Field, FormPage, Words};
use web::paths::LocalPath;
use web::{Page, Visit};

use super::worker::Applied;
use super::{CONTACT, undo};
use crate::Service;
use crate::confirm::{self, Need};
use crate::history::{self, Happening, What};
use crate::links::{self, Followed, Said};
use crate::notices::{self, Contact, Told, words};
use crate::recovery;
use crate::session::Stop;

const HERE: LocalPath = LocalPath::known("/account/contact/email");
/// How often an account can ask for links in a day: mail to strangers is no toy.
const MAILS: Rule = Rule {
    name: "contact_email",
    limit: 5,
    window_seconds: 24 * 3600,
};

/// What a change of address is applied, or taken back, with.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Kept {
    from: Option<String>,
    to: String,
    /// The new address was confirmed.
    new: bool,
    /// The old one agreed.
    old: bool,
}

/// The page as it is sent.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct New {
    email: Sensitive<String>,
}

impl FormName for New {
    const FORM: &'static str = "contact-email";
}

/// Shows the page.
pub(super) async fn show(State(service): State<Service>, mut visit: Visit) -> Result<Response, Stop> {
    let session = confirm::require(&service, &mut visit, Need::Strongest, &HERE).await?;
    Ok(render(&service, &visit, &session.account, ("", Errors::none())))
}

fn render(service: &Service, visit: &Visit, account: &Account, (typed, errors): (&str, Errors)) -> Response {
    let field = Field::email("email", "contact-email-new")
        .value(typed)
        .autocomplete("email")
        .maxlength(254)
        .required();
    let form = FormPage::new(New::FORM, HERE)
        .field(field)
        .button(Button::primary("contact-email-submit"))
        .render(visit, &errors);
    let hours = service.config().changes.wait_hours;
    let mut texts = vec![Words::key("contact-email-text")];
    if account.email.is_some() {
        texts.push(Words::with("contact-email-old", vec![("hours", hours.into())]));
    }
    let page = Page::new("contact-email", "contact-email-title").return_to(HERE);
    recovery::page::render(
        visit,
        page,
        (&texts, form),
        &[(CONTACT, "web-back")],
        (errors, None),
    )
}

/// Sends the links.
pub(super) async fn submit(
    State(service): State<Service>,
    mut visit: Visit,
    Form(sent): Form<New>,
) -> Result<Response, Stop> {
    let session = confirm::require(&service, &mut visit, Need::Strongest, &HERE).await?;
    let account = &session.account;
    let again = |words: &'static str| {
        let typed: String = sent.email.expose().chars().take(254).collect();
        render(&service, &visit, account, (&typed, Errors::of("email", words)))
    };
    let Ok(email) = Email::parse(sent.email.expose()) else {
        return Ok(again("contact-email-wrong"));
    };
    if account.email.as_ref() == Some(&email) {
        return Ok(again("contact-email-same"));
    }
    let now = service.now();
    let count = throttles::hit(&service.store().read(), &MAILS, &account.id.to_string(), now).await?;
    if count.exceeded() {
        return Ok(again("recover-too-many"));
    }
    begin(&service, &visit, account, &email).await?;
    Ok(visit.redirect(&CONTACT.with("done", "mail")))
}

async fn begin(service: &Service, visit: &Visit, account: &Account, email: &Email) -> Result<(), StoreError> {
    let (now, config) = (service.now(), &service.config().changes);
    let tx = service.store().begin().await?;
    accounts::take_turns(&tx, account.id).await?;
    if let Some(open) = changes::find_open(&tx, account.id, Kind::Email).await? {
        changes::stop(&tx, open.id, How::Replaced, now).await?;
    }
    let effective_at = now + TimeDelta::hours(config.wait_hours);
    let kept = Kept {
        from: account.email.as_ref().map(|email| email.as_str().to_owned()),
        to: email.as_str().to_owned(),
        new: false,
        old: account.email.is_none(),
    };
    let new = NewChange {
        id: ChangeId::new(now, service.rng()),
        account: account.id,
        kind: Kind::Email,
        state: ChangeState::Waiting,
        details: Some(&text(&kept)?),
        now,
        effective_at,
        reversible_until: Some(effective_at + TimeDelta::days(config.undo_days)),
    };
    if !changes::begin(&tx, &new).await? {
        return Ok(());
    }
    let details = json!({ "what": "email", "at": effective_at });
    super::record(
        service,
        &tx,
        Some(visit.request_id()),
        (account.id, Event::ContactChanging),
        details,
    )
    .await?;
    history::note(
        service,
        &tx,
        visit,
        &Happening::new(account.id, What::ContactChanging),
    )
    .await?;
    send(service, &tx, account, (new.id, email), "contact-mail-new").await?;
    if let Some(old) = &account.email {
        send(service, &tx, account, (new.id, old), "contact-mail-old").await?;
        if let Some(change) = changes::find(&tx, new.id).await? {
            let args = [("moment", notices::moment(effective_at))];
            let told = Told {
                args: &args,
                link: Some(undo::link(service, &tx, &change).await?),
                ..Told::of(notices::Kind::EmailChanging)
            };
            notices::tell(service, &tx, account, &told).await?;
        }
    }
    tx.commit().await?;
    service.kick_delivery();
    Ok(())
}

fn text(kept: &Kept) -> Result<String, StoreError> {
    serde_json::to_string(kept).map_err(|_| StoreError::Malformed("account_change.details"))
}

/// A mail with the link by which an address confirms. What the change is applied to is in the change, not in the link.
async fn send(
    service: &Service,
    tx: &Tx,
    account: &Account,
    (change, to): (ChangeId, &Email),
    template: &'static str,
) -> Result<(), StoreError> {
    let life = TimeDelta::hours(Ord::min(service.config().changes.wait_hours, 24));
    let contact = Contact::Email(to.clone());
    let new = links::New {
        purpose: Purpose::ConfirmEmail,
        account: account.id,
        about: Some(change.as_uuid()),
        target: Some(&contact),
        life,
    };
    let link = links::make(service, tx, &new).await?;
    let (kit, language, now) = (service.kit(), account.language, service.now());
    let subject = kit.t(language, &format!("{template}-subject"), &[]);
    let body = kit.t(
        language,
        &format!("{template}-text"),
        &[("hours", life.num_hours().into())],
    );
    let message = NewMessage {
        id: MessageId::new(now, service.rng()),
        channel: Channel::Email,
        template,
        recipient: Sensitive::new(to.as_str()),
        text: Sensitive::new(words::mail(kit, language, &subject, &[Some(body), Some(link)])),
        now,
        expires_at: now + life,
    };
    store::outbox::put(tx, &message).await
}

/// An address confirmed, by its link, which the caller has used up in the same transaction.
pub(crate) async fn confirmed(service: &Service, tx: &Tx, link: &Link) -> Result<Followed, StoreError> {
    accounts::take_turns(tx, link.account).await?;
    let Some((change, mut kept, account)) = open(tx, link).await? else {
        return Ok(Followed::Over);
    };
    let is = |text: &str| Email::parse(text).is_ok_and(|email| link.is_for(tx, &Contact::Email(email)));
    if is(&kept.to) {
        kept.new = true;
    } else if kept.from.as_deref().is_some_and(is) {
        kept.old = true;
    } else {
        return Ok(Followed::Over);
    }
    let at = change.effective_at;
    if !changes::amend(tx, change.id, Some(&text(&kept)?), at).await? {
        return Ok(Followed::Over);
    }
    let said = if kept.new && kept.old {
        if !changes::apply(tx, change.id, service.now()).await? {
            return Ok(Followed::Over);
        }
        match put(service, tx, &account, (&change, &kept)).await? {
            Applied::Done => "contact-mail-done",
            Applied::Failed => {
                // Another account has the address; whoever has its mailbox may know.
                changes::undo(tx, change.id, How::Failed, service.now()).await?;
                "contact-mail-taken"
            }
        }
    } else if kept.new {
        "contact-mail-half-new"
    } else {
        "contact-mail-half-old"
    };
    service.kick_delivery();
    Ok(Followed::Done(Said {
        title: "contact-mail-title",
        texts: vec![said.into()],
        next: Some((CONTACT, "contact-link-next")),
    }))
}

async fn open(tx: &Tx, link: &Link) -> Result<Option<(Change, Kept, Account)>, StoreError> {
    let Some(about) = link.about else {
        return Ok(None);
    };
    let change = changes::find(tx, ChangeId::from_uuid(about)).await?;
    let mine = |change: &Change| {
        change.account == link.account && change.kind == Kind::Email && change.state == ChangeState::Waiting
    };
    let Some(change) = change.filter(mine) else {
        return Ok(None);
    };
    let account = accounts::find(tx, link.account).await?;
    let account = account.filter(|account| answer(account.status, Entry::ConfirmLink) == Answer::Yes);
    Ok(read(&change)
        .zip(account)
        .map(|(kept, account)| (change, kept, account)))
}

fn read(change: &Change) -> Option<Kept> {
    serde_json::from_str(change.details.as_ref()?.expose()).ok()
}

/// Gives the account its address and tells everybody, the old one included.
async fn put(
    service: &Service,
    tx: &Tx,
    account: &Account,
    (change, kept): (&Change, &Kept),
) -> Result<Applied, StoreError> {
    let Ok(email) = Email::parse(&kept.to) else {
        return Ok(Applied::Failed);
    };
    let same = account.email.as_ref().map(Email::as_str) == kept.from.as_deref();
    let free = accounts::find_by_email(tx, &email).await?.is_none();
    let from_to = (account.email.as_ref(), Some(&email));
    if !same || !free || !accounts::set_email(tx, account.id, from_to, service.now()).await? {
        return Ok(Applied::Failed);
    }
    let details = json!({ "what": "email" });
    super::record(service, tx, None, (account.id, Event::ContactChanged), details).await?;
    history::note_aside(service, tx, &Happening::new(account.id, What::ContactChanged)).await?;
    let args = [("email", email.masked())];
    let told = Told {
        args: &args,
        link: Some(undo::link(service, tx, change).await?),
        ..Told::of(notices::Kind::EmailChanged)
    };
    notices::tell(service, tx, account, &told).await?;
    Ok(Applied::Done)
}

/// The wait is over: the old address did not answer, and did not object.
pub(super) async fn apply(service: &Service, tx: &Tx, change: &Change) -> Result<Applied, StoreError> {
    let (Some(kept), Some(account)) = (read(change), accounts::find(tx, change.account).await?) else {
        return Ok(Applied::Failed);
    };
    if !kept.new || account.status != Status::Active {
        return Ok(Applied::Failed);
    }
    put(service, tx, &account, (change, &kept)).await
}

/// Puts the address of before a change back, or none, where the account has what the last of those that are taken back
/// with it brought; `false` when the address is another account's by now.
pub(super) async fn take_back(
    service: &Service,
    tx: &Tx,
    (change, last): (&Change, &Change),
) -> Result<bool, StoreError> {
    let account = accounts::find(tx, change.account).await?;
    let (Some(kept), Some(last), Some(account)) = (read(change), read(last), account) else {
        return Ok(false);
    };
    let from = kept.from.and_then(|from| Email::parse(&from).ok());
    if account.email.as_ref().map(Email::as_str) != Some(last.to.as_str()) {
        return Ok(false);
    }
    if let Some(from) = &from
        && accounts::find_by_email(tx, from).await?.is_some()
    {
        return Ok(false);
    }
    let from_to = (account.email.as_ref(), from.as_ref());
    accounts::set_email(tx, account.id, from_to, service.now()).await
}

/// The address that a change is about, masked, for the page.
pub(super) fn target(change: &Change) -> Option<String> {
    let to = read(change)?.to;
    Email::parse(&to).ok().map(|email| email.masked())
}
