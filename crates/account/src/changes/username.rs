//! Another user name, or the first: `/account/contact/username`. It counts at once and can be taken back.

use axum::extract::State;
use axum::response::Response;
use chrono::TimeDelta;
use model::event::Event;
use model::ids::ChangeId;
use model::username::{Username, UsernameError};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::accounts::{self, Account, Status};
use store::changes::{self, Change, Kind, NewChange, State as ChangeState};
use store::throttles::{self, Rule};
use store::{StoreError, Tx};
use web::extract::{Form, FormName, Query};
use web::form::{Button, Errors, Field, FormPage, Words};
use web::paths::LocalPath;
use web::{Page, Visit};

use super::undo::Back;
use super::{Asked, CONTACT, undo};
use crate::Service;
use crate::confirm::{self, Need};
use crate::history::{self, Happening, What};
use crate::notices::{self, Told};
use crate::recovery;
use crate::session::Stop;

const HERE: LocalPath = LocalPath::known("/account/contact/username");
/// How many names an account can try in a day: whether a name is taken cannot be hidden from whoever wants it.
const TRIES: Rule = Rule {
    name: "contact_username",
    limit: 20,
    window_seconds: 24 * 3600,
};

/// What a change is taken back with.
#[derive(Serialize, Deserialize)]
struct Kept {
    from: Option<String>,
    to: String,
}

/// The page as it is sent.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct New {
    username: String,
}

impl FormName for New {
    const FORM: &'static str = "contact-username";
}

/// Shows the page.
pub(super) async fn show(
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Stop> {
    let confirmed = asked.confirmed.is_some();
    let here = confirm::back_to(&HERE, confirmed);
    let session = confirm::require(&service, &mut visit, Need::Recent, &here).await?;
    let typed: Option<New> = confirm::kept(&service, &visit, &session, (New::FORM, confirmed)).await?;
    let name = session.account.username.as_ref().map_or("", Username::as_str);
    let name = typed.as_ref().map_or(name, |typed| &typed.username);
    Ok(render(&visit, (name, confirmed), Errors::none()))
}

fn render(visit: &Visit, (typed, confirmed): (&str, bool), errors: Errors) -> Response {
    let field = Field::text("username", "contact-username-new")
        .hint("contact-username-hint")
        .value(typed)
        .autocomplete("username")
        .maxlength(64)
        .width("medium")
        .required();
    let form = FormPage::new(New::FORM, HERE)
        .field(field)
        .button(Button::primary("contact-username-submit"))
        .render(visit, &errors);
    let form = confirm::above(visit, confirmed, form);
    let here = confirm::back_to(&HERE, confirmed);
    let page = Page::new("contact-username", "contact-username-title").return_to(here);
    recovery::page::render(visit, page, (&[], form), &[(CONTACT, "web-back")], (errors, None))
}

/// Changes it.
pub(super) async fn submit(
    State(service): State<Service>,
    mut visit: Visit,
    Form(sent): Form<New>,
) -> Result<Response, Stop> {
    let typed: String = sent.username.chars().take(64).collect();
    let kept = json!({ "username": typed });
    let form = (&HERE, New::FORM, &kept);
    let session = confirm::require_keeping(&service, &mut visit, Need::Recent, form).await?;
    let account = &session.account;
    let again = |words: Words| render(&visit, (&sent.username, false), Errors::of("username", words));
    let name = match Username::parse(&sent.username) {
        Ok(name) => name,
        Err(error) => return Ok(again(words(error).into())),
    };
    if account.username.as_ref() == Some(&name) {
        return Ok(visit.redirect(&CONTACT));
    }
    let (read, now) = (service.store().read(), service.now());
    let count = throttles::hit(&read, &TRIES, &account.id.to_string(), now).await?;
    if count.exceeded() {
        return Ok(again("recover-too-many".into()));
    }
    if accounts::find_by_username(&read, &name).await?.is_some() {
        return Ok(again("contact-username-taken".into()));
    }
    match change(&service, &visit, account, &name).await {
        Ok(true) => Ok(visit.redirect(&CONTACT.with("done", "username"))),
        Ok(false) => Ok(visit.redirect(&CONTACT)),
        // Somebody took it a moment ago.
        Err(StoreError::Duplicate) => Ok(again("contact-username-taken".into())),
        Err(error) => Err(error.into()),
    }
}

const fn words(error: UsernameError) -> &'static str {
    match error {
        UsernameError::Length => "contact-username-length",
        UsernameError::Character => "contact-username-character",
        UsernameError::Shape => "contact-username-shape",
        UsernameError::Reserved => "contact-username-taken",
    }
}

async fn change(
    service: &Service,
    visit: &Visit,
    account: &Account,
    name: &Username,
) -> Result<bool, StoreError> {
    let (now, id) = (service.now(), account.id);
    let tx = service.store().begin().await?;
    accounts::take_turns(&tx, id).await?;
    let account = accounts::find(&tx, id).await?;
    let Some(account) = account.filter(|account| account.status == Status::Active) else {
        return Ok(false);
    };
    let kept = Kept {
        from: account.username.as_ref().map(|name| name.as_str().to_owned()),
        to: name.as_str().to_owned(),
    };
    let kept = serde_json::to_string(&kept).map_err(|_| StoreError::Malformed("account_change.details"))?;
    let new = NewChange {
        id: ChangeId::new(now, service.rng()),
        account: id,
        kind: Kind::Username,
        state: ChangeState::Waiting,
        details: Some(&kept),
        now,
        effective_at: now,
        reversible_until: Some(now + TimeDelta::days(service.config().changes.undo_days)),
    };
    if !changes::begin(&tx, &new).await?
        || !changes::apply(&tx, new.id, now).await?
        || !accounts::set_username(&tx, id, Some(name), now).await?
    {
        return Ok(false);
    }
    let details = json!({ "what": "username" });
    super::record(
        service,
        &tx,
        Some(visit.request_id()),
        (id, Event::ContactChanged),
        details,
    )
    .await?;
    history::note(service, &tx, visit, &Happening::new(id, What::ContactChanged)).await?;
    if let Some(change) = changes::find(&tx, new.id).await? {
        let told = Told {
            link: Some(undo::link(service, &tx, &change).await?),
            ..Told::of(notices::Kind::UsernameChanged)
        };
        notices::tell(service, &tx, &account, &told).await?;
    }
    tx.commit().await?;
    service.kick_delivery();
    Ok(true)
}

/// Puts the name of before a change back, or none, where the account has what the last of those that are taken back with
/// it brought.
pub(super) async fn take_back(
    service: &Service,
    tx: &Tx,
    (change, last): (&Change, &Change),
) -> Result<Back, StoreError> {
    let read = |change: &Change| serde_json::from_str::<Kept>(change.details.as_ref()?.expose()).ok();
    let account = accounts::find(tx, change.account).await?;
    let (Some(kept), Some(last), Some(account)) = (read(change), read(last), account) else {
        return Ok(Back::Changed);
    };
    let now_has = account.username.as_ref().map(Username::as_str);
    let from = kept.from.and_then(|from| Username::parse(&from).ok());
    if now_has != Some(last.to.as_str()) {
        return Ok(Back::Changed);
    }
    if let Some(from) = &from
        && accounts::find_by_username(tx, from).await?.is_some()
    {
        return Ok(Back::Taken);
    }
    let back = accounts::set_username(tx, account.id, from.as_ref(), service.now()).await?;
    Ok(if back { Back::Whole } else { Back::Changed })
}
