//! `/link/TOKEN`: what the button will do, and the button. The value stands in the address, as it must in a message; the
//! page loads nothing from elsewhere, is not kept by caches, and logs have the route, not the address.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use model::link::{LinkToken, Purpose};
use serde::Deserialize;
use web::extract::{Form, FormName};
use web::form::{Button, Errors, FormPage};
use web::paths::LocalPath;
use web::{Page, Problem, Visit};

use super::follow::{self, Followed, Said};
use crate::Service;
use crate::notice::Notice;
use crate::service::fault;

/// Where an appeal is written.
const APPEAL: LocalPath = LocalPath::known("/appeal");

/// The button. The link is in the address.
#[derive(Debug, Deserialize)]
pub(super) struct Press {}

impl FormName for Press {
    const FORM: &'static str = "link";
}

/// Says what the button does. Changes nothing.
pub(super) async fn show(
    State(service): State<Service>,
    visit: Visit,
    typed: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let typed = value(typed);
    let (Some(token), Some(link)) = (
        LinkToken::parse(&typed),
        super::look(&service, &typed).await.map_err(fault)?,
    ) else {
        return Ok(over(&visit));
    };
    if link.purpose == Purpose::Appeal {
        return Ok(visit.redirect(&APPEAL.with("link", token.expose())));
    }
    let Some(texts) = follow::about(&service, &link).await.map_err(fault)? else {
        return Ok(over(&visit));
    };
    let words = words_of(link.purpose);
    let Ok(action) = LocalPath::parse(&format!("/link/{}", token.expose())) else {
        return Ok(over(&visit));
    };
    let form = FormPage::new(Press::FORM, action.clone())
        .button(button(link.purpose))
        .render(&visit, &Errors::none());
    let mut notice = Notice::saying(words.text);
    for text in texts {
        notice = notice.and(text);
    }
    let page = Page::new("link", words.title).return_to(action).own_forms_only();
    Ok(notice.action(form).respond(&visit, page))
}

/// Uses the link up and does what it is for, or says that it is over. Two presses at once do it once.
pub(super) async fn press(
    State(service): State<Service>,
    visit: Visit,
    typed: Result<Path<String>, PathRejection>,
    Form(Press {}): Form<Press>,
) -> Result<Response, Problem> {
    let typed = value(typed);
    let Some(found) = super::look(&service, &typed).await.map_err(fault)? else {
        return Ok(over(&visit));
    };
    let tx = service.store().begin().await.map_err(fault)?;
    let taken = super::take(&service, &tx, &typed, found.purpose)
        .await
        .map_err(fault)?;
    let Some(link) = taken else {
        return Ok(over(&visit));
    };
    let followed = follow::follow(&service, &tx, &visit, &link)
        .await
        .map_err(fault)?;
    match followed {
        Followed::Done(said) => {
            tx.commit().await.map_err(fault)?;
            service.kick_delivery();
            Ok(done(&visit, "link-done", said))
        }
        // A link is used up only if something happened: what was in the way may be gone another day.
        Followed::Not(said) => Ok(done(&visit, "link-not-done", said)),
        Followed::Over => Ok(over(&visit)),
    }
}

/// What stands in the address; bytes that are no text are no link either.
fn value(typed: Result<Path<String>, PathRejection>) -> String {
    typed.map(|Path(typed)| typed).unwrap_or_default()
}

fn done(visit: &Visit, name: &'static str, said: Said) -> Response {
    let mut notice = Notice::default();
    for text in said.texts {
        notice = notice.and(text);
    }
    if let Some((to, words)) = said.next {
        notice = notice.link(to, words);
    }
    notice.respond(visit, Page::new(name, said.title))
}

/// One page for a link that was used, is too old, belongs to something that has ended, or never was: whoever guesses
/// learns nothing.
fn over(visit: &Visit) -> Response {
    Notice::saying("link-over-text")
        .and("link-over-used")
        .link(LocalPath::known("/sign-in"), "link-over-sign-in")
        .respond(
            visit,
            Page::new("link-over", "link-over-title").status(StatusCode::NOT_FOUND),
        )
}

struct WordsOf {
    title: &'static str,
    text: &'static str,
    button: &'static str,
}

const fn words_of(purpose: Purpose) -> WordsOf {
    let (title, text, button) = match purpose {
        Purpose::ActivateEmail => (
            "link-activate-title",
            "link-activate-text",
            "link-activate-button",
        ),
        Purpose::ConfirmEmail => ("link-confirm-title", "link-confirm-text", "link-confirm-button"),
        Purpose::NotMe => ("link-not-me-title", "link-not-me-text", "link-not-me-button"),
        Purpose::UndoChange => ("link-undo-title", "link-undo-text", "link-undo-button"),
        Purpose::Appeal => ("link-appeal-title", "link-appeal-text", "link-appeal-button"),
    };
    WordsOf { title, text, button }
}

fn button(purpose: Purpose) -> Button {
    let words = words_of(purpose).button;
    match purpose {
        Purpose::NotMe => Button::danger(words),
        _ => Button::primary(words),
    }
}
