//! `/account/close/keep`: somebody has just proven that a closing account is theirs, and may keep it. They are not signed in:
//! after the decision they sign in as ever.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use model::event::Event;
use model::notice::Kind;
use model::secret::Token;
use model::standing::{Answer, Entry as Way, Status, answer};
use serde::Deserialize;
use store::accounts::{self, Account};
use store::audit::Entry;
use store::ceremonies::{self, Handle, Purpose};
use store::changes::{self, How};
use store::status_events::AccountEvent;
use store::{StoreError, Tx};
use web::extract::{Form, FormName, Query};
use web::form::{Button, Errors, FormPage, Words};
use web::paths::LocalPath;
use web::{Page, Visit};

use super::KEEP;
use crate::Service;
use crate::notice::Notice;
use crate::notices::{self, Told};
use crate::session::Stop;
use crate::signin::Onward;
use crate::standing;

/// The parameters of the page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    step: Option<String>,
    interaction: Option<String>,
    return_to: Option<String>,
}

/// What the button sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Keep {
    step: String,
    interaction: Option<String>,
    return_to: Option<String>,
}

impl FormName for Keep {
    const FORM: &'static str = "keep-account";
}

/// Offers to keep the account.
pub(super) async fn show(
    State(service): State<Service>,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Stop> {
    let onward = Onward::new(asked.interaction.as_deref(), asked.return_to.as_deref());
    let sign_in = onward.through(LocalPath::known("/sign-in"));
    let Some(token) = asked.step.as_deref().and_then(Token::parse) else {
        return Ok(visit.redirect(&sign_in));
    };
    let (id, browser, tx) = (token.hash(), visit.browser_hash(), service.store().read());
    let at = Handle {
        id: &id,
        browser: &browser,
        purpose: Purpose::Keep,
    };
    let found = ceremonies::look(&tx, at, visit.now()).await?;
    let Some(account) = found.and_then(|found| found.account) else {
        return Ok(visit.redirect(&sign_in));
    };
    let closing = changes::find_open(&tx, account, changes::Kind::Closing).await?;
    let Some(closing) = closing else {
        return Ok(visit.redirect(&sign_in));
    };
    let form = onward
        .in_form(FormPage::new(Keep::FORM, KEEP).hidden("step", token.expose()))
        .button(Button::primary("closing-keep-submit"))
        .render(&visit, &Errors::none());
    let day = visit.day(closing.effective_at);
    let page =
        Page::new("account-close-keep", "closing-keep-title").return_to(super::keep_page(&token, &onward));
    Ok(
        Notice::saying(Words::with("closing-keep-text", vec![("day", day.into())]))
            .and("closing-keep-otherwise")
            .action(form)
            .link(LocalPath::known("/sign-in"), "closing-keep-leave")
            .respond(&visit, page),
    )
}

/// Keeps it.
pub(super) async fn submit(
    State(service): State<Service>,
    visit: Visit,
    Form(sent): Form<Keep>,
) -> Result<Response, Stop> {
    let onward = Onward::new(sent.interaction.as_deref(), sent.return_to.as_deref());
    let sign_in = onward.through(LocalPath::known("/sign-in"));
    let Some(token) = Token::parse(&sent.step) else {
        return Ok(over(&visit, sign_in));
    };
    let (id, browser) = (token.hash(), visit.browser_hash());
    let at = Handle {
        id: &id,
        browser: &browser,
        purpose: Purpose::Keep,
    };
    let tx = service.store().begin().await?;
    let taken = ceremonies::take(&tx, at, visit.now()).await?;
    let account = match taken.and_then(|taken| taken.account) {
        Some(account) => accounts::find(&tx, account).await?,
        None => None,
    };
    let kept = match account {
        Some(account) if answer(account.status, Way::SignIn) == Answer::OnlyToKeep => {
            stop(&service, &tx, &account).await?
        }
        _ => false,
    };
    if !kept {
        return Ok(over(&visit, sign_in));
    }
    tx.commit().await?;
    service.kick_delivery();
    Ok(Notice::saying("closing-kept-text")
        .link(sign_in, "closing-to-sign-in")
        .respond(&visit, Page::new("account-close-kept", "closing-kept-title")))
}

/// Too late, used, or never there: one page for all of it.
fn over(visit: &Visit, sign_in: LocalPath) -> Response {
    Notice::saying("closing-over-text")
        .link(sign_in, "closing-to-sign-in")
        .respond(
            visit,
            Page::new("account-close-over", "closing-over-title").status(StatusCode::NOT_FOUND),
        )
}

/// Stops the closing of an account, in the caller's transaction; of it and the worker one wins. `false` when the account is
/// not being closed (any more).
pub async fn stop(service: &Service, tx: &Tx, account: &Account) -> Result<bool, StoreError> {
    let now = service.now();
    accounts::take_turns(tx, account.id).await?;
    let closing = changes::find_open(tx, account.id, changes::Kind::Closing).await?;
    let Some(closing) = closing else {
        return Ok(false);
    };
    if !changes::stop(tx, closing.id, How::Stopped, now).await?
        || !accounts::change_status(tx, account.id, (Status::Closing, Status::Active), now).await?
    {
        return Ok(false);
    }
    standing::tell_sites(service, tx, account.id, AccountEvent::Enabled).await?;
    let entry = Entry::new(Event::ClosingStopped, now).account(account.id);
    store::audit::record(tx, service.rng(), entry).await?;
    notices::tell(service, tx, account, &Told::of(Kind::ClosingStopped)).await?;
    Ok(true)
}
