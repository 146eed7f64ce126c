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
use serde::Deserialize;
use serde_json::json;
use store::accounts::{self, Account, Status};
use store::changes::{self, How, Kind, NewChange, State as ChangeState};
use store::outbox::{Channel, NewMessage};
use store::throttles::{self, Rule};
use store::{StoreError, Tx};
use web::extract::{Form, FormName, Query};
use web::form::{Button, Errors, Field, FormPage, Words};
use web::paths::LocalPath;
use web::{Page, Visit};

use super::{Asked, CONTACT, undo};
use crate::Service;
use crate::confirm::{self, Need};
use crate::history::{self, Happening, What};
use crate::links;
use crate::notices::texts::Text;
use crate::notices::{self, Contact, Told, letters, words};
use crate::recovery;
use crate::session::Stop;

mod change;

pub(crate) use change::confirmed;
use change::{Kept, text};
pub(super) use change::{apply, take_back, target, was_told};

const HERE: LocalPath = LocalPath::known("/account/contact/email");
/// How often an account can ask for links in a day: mail to strangers is no toy. Each mailbox has its own limit beside it, by
/// the counters of [`letters`].
const MAILS: Rule = Rule {
    name: "contact_email",
    limit: 5,
    window_seconds: 24 * 3600,
};

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
pub(super) async fn show(
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Stop> {
    let confirmed = asked.confirmed.is_some();
    let here = confirm::back_to(&HERE, confirmed);
    let session = confirm::require(&service, &mut visit, Need::Strongest, &here).await?;
    let typed: Option<New> = confirm::kept(&service, &visit, &session, (New::FORM, confirmed)).await?;
    let typed = typed.as_ref().map_or("", |typed| typed.email.expose());
    let account = &session.account;
    Ok(render(
        &service,
        &visit,
        account,
        (typed, confirmed, Errors::none()),
    ))
}

fn render(
    service: &Service,
    visit: &Visit,
    account: &Account,
    (typed, confirmed, errors): (&str, bool, Errors),
) -> Response {
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
    let form = confirm::above(visit, confirmed, form);
    let here = confirm::back_to(&HERE, confirmed);
    let page = Page::new("contact-email", "contact-email-title").return_to(here);
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
    let typed: String = sent.email.expose().chars().take(254).collect();
    let kept = json!({ "email": typed });
    let form = (&HERE, New::FORM, &kept);
    let session = confirm::require_keeping(&service, &mut visit, Need::Strongest, form).await?;
    let account = &session.account;
    let again = |words: &'static str| {
        let errors = Errors::of("email", words);
        render(&service, &visit, account, (&typed, false, errors))
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
    match begin(&service, &visit, account, &email).await? {
        Begun::TooMany => Ok(again("recover-too-many")),
        Begun::Sent | Begun::Over => Ok(visit.redirect(&CONTACT.with("done", "mail"))),
    }
}

/// What came of it.
enum Begun {
    /// The mails are on their way.
    Sent,
    /// The account is not in use any more.
    Over,
    /// The mailbox got too many mails of strangers, this person among them. It is the same for one that nobody has.
    TooMany,
}

async fn begin(
    service: &Service,
    visit: &Visit,
    account: &Account,
    email: &Email,
) -> Result<Begun, StoreError> {
    let (now, config) = (service.now(), &service.config().changes);
    let tx = service.store().begin().await?;
    // The page checked who it is before it waited for its turn.
    accounts::take_turns(&tx, account.id).await?;
    let account = accounts::find(&tx, account.id).await?;
    let Some(account) = account.filter(|account| account.status == Status::Active) else {
        return Ok(Begun::Over);
    };
    if !letters::admit(service, &tx, letters::To::Mailbox(email)).await? {
        // The counts stay.
        tx.commit().await?;
        return Ok(Begun::TooMany);
    }
    let account = &account;
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
        return Ok(Begun::Over);
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
    send(service, &tx, account, (new.id, email), Text::MailNewAddress).await?;
    if let Some(old) = &account.email {
        send(service, &tx, account, (new.id, old), Text::MailOldAddress).await?;
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
    Ok(Begun::Sent)
}

/// A mail with the link by which an address confirms. What the change is applied to is in the change, not in the link.
async fn send(
    service: &Service,
    tx: &Tx,
    account: &Account,
    (change, to): (ChangeId, &Email),
    mail: Text,
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
    let subject = kit.t(language, &mail.subject_key(), &[]);
    let body = kit.t(language, &mail.text_key(), &[("hours", life.num_hours().into())]);
    let message = NewMessage {
        id: MessageId::new(now, service.rng()),
        channel: Channel::Email,
        template: mail.template(),
        recipient: Sensitive::new(to.as_str()),
        text: Sensitive::new(words::mail(kit, language, &subject, &[Some(body), Some(link)])),
        now,
        expires_at: now + life,
    };
    store::outbox::put(tx, &message).await
}
