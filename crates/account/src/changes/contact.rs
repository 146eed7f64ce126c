//! `/account/contact`: phone, e-mail address and user name, with the ways to change them, and every change that waits or
//! can still be taken back.

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use model::ids::ChangeId;
use serde::Deserialize;
use store::accounts::Account;
use store::changes::{self, Change, How, Kind, State as ChangeState};
use web::extract::{Form, FormName, Query};
use web::form::{Button, Errors, FormPage};
use web::markup::escape;
use web::paths::LocalPath;
use web::{Markup, Page, Problem, Visit};

use super::undo::{self, Undone};
use super::{CONTACT, email, phone};
use crate::Service;
use crate::confirm::{self, Need};
use crate::session::{self, Stop};

const STOP: LocalPath = LocalPath::known("/account/contact/stop");

/// The page as it is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    done: Option<String>,
    /// The person was asked for a proof in between.
    confirmed: Option<String>,
}

/// The button that stops a change.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct StopIt {
    change: String,
}

impl FormName for StopIt {
    const FORM: &'static str = "contact-stop";
}

/// Shows the page.
pub(super) async fn show(
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Stop> {
    let session = session::require(&service, &mut visit, &CONTACT).await?;
    let confirmed =
        asked.confirmed.is_some() && confirm::is_met(&service, &visit, &session, Need::Strongest).await?;
    let account = &session.account;
    let all = changes::list(&service.store().read(), account.id).await?;
    let now = service.now();
    let live: Vec<&Change> = all.iter().filter(|change| is_live(change, now)).collect();
    let mut content = String::new();
    if let Some(key) = asked.done.as_deref().and_then(said) {
        let text = escape(&visit.t(key));
        content.extend(["<p class=\"notice success\">", &text, "</p>"]);
    }
    content.push_str(&facts(&visit, account));
    if !live.is_empty() {
        let heading = escape(&visit.t("contact-changes"));
        content.extend(["<h2>", &heading, "</h2><ul class=\"cards\">"]);
        for change in live {
            content.push_str(&card(&visit, change));
        }
        content.push_str("</ul>");
    }
    let page = Page::new("account-contact", "contact-title")
        .own_forms_only()
        .return_to(CONTACT);
    let content = confirm::above(&visit, confirmed, Markup::from_rendered(content));
    Ok(visit.render_markup(page, &content))
}

/// What was done a moment ago.
fn said(word: &str) -> Option<&'static str> {
    Some(match word {
        "phone" => "contact-done-phone",
        "waits" => "contact-done-waits",
        "elsewhere" => "contact-done-elsewhere",
        "mail" => "contact-done-mail",
        "username" => "contact-done-username",
        "stopped" => "contact-link-stopped",
        "undone" => "contact-link-undone",
        "undone-partly" => "contact-link-undone-partly",
        "changed" => "contact-link-changed",
        "impossible" => "contact-link-impossible",
        _ => return None,
    })
}

fn is_live(change: &Change, now: DateTime<Utc>) -> bool {
    match change.state {
        // Closing has its own page.
        ChangeState::Proposed | ChangeState::Waiting => change.kind != Kind::Closing,
        ChangeState::Applied => {
            let kept = change.details.is_some();
            kept && change.reversible_until.is_some_and(|until| until > now)
        }
        ChangeState::Ended => false,
    }
}

fn facts(visit: &Visit, account: &Account) -> String {
    let none = visit.t("contact-none");
    let rows = [
        (
            "contact-phone",
            account.phone.as_ref().map(model::phone::Phone::masked),
            "/account/contact/phone",
        ),
        (
            "contact-email",
            account.email.as_ref().map(model::email::Email::masked),
            "/account/contact/email",
        ),
        (
            "contact-username",
            account.username.as_ref().map(|name| name.as_str().to_owned()),
            "/account/contact/username",
        ),
    ];
    let rows = rows.map(|(key, value, to)| {
        let label = visit.t(key);
        let words = visit.t_with("contact-change", &[("what", label.as_str().into())]);
        format!(
            "<dt>{}</dt><dd>{} <a href=\"{to}\">{}</a></dd>",
            escape(&label),
            escape(value.as_deref().unwrap_or(&none)),
            escape(&words)
        )
    });
    format!("<dl class=\"facts\">{}</dl>", rows.concat())
}

fn card(visit: &Visit, change: &Change) -> String {
    let title = visit.t(match change.kind {
        Kind::Phone => "contact-change-phone",
        Kind::Email => "contact-change-email",
        Kind::Username => "contact-change-username",
        Kind::Recovery => "contact-change-recovery",
        Kind::NumberDispute => "contact-change-dispute",
        Kind::Closing => "contact-change-closing",
        Kind::Factor => "contact-change-factor",
    });
    let to = match change.kind {
        Kind::Phone => phone::target(change),
        Kind::Email => email::target(change),
        _ => None,
    };
    let (text, button) = if change.state == ChangeState::Applied {
        let until = change.reversible_until.unwrap_or(change.effective_at);
        let until = visit.moment(until);
        let text = visit.t_with("contact-change-done", &[("moment", until.as_str().into())]);
        (text, "contact-change-undo")
    } else {
        let at = visit.moment(change.effective_at);
        let text = visit.t_with("contact-change-waits", &[("moment", at.as_str().into())]);
        (text, "contact-change-stop")
    };
    let form = FormPage::new(StopIt::FORM, STOP)
        .hidden("change", change.id.to_string())
        .button(Button::secondary(button))
        .render(visit, &Errors::none());
    let to = to.map(|to| format!(" {}", escape(&to))).unwrap_or_default();
    format!(
        "<li><h3>{}{to}</h3><p>{}</p>{form}</li>",
        escape(&title),
        escape(&text)
    )
}

/// Stops a change of one's own, or takes it back. What has happened is taken back only with a fresh proof.
pub(super) async fn stop(
    State(service): State<Service>,
    mut visit: Visit,
    Form(sent): Form<StopIt>,
) -> Result<Response, Stop> {
    let session = session::require(&service, &mut visit, &CONTACT).await?;
    let account = &session.account;
    let id: ChangeId = sent.change.parse().map_err(|_| Problem::not_found())?;
    let found = changes::find(&service.store().read(), id).await?;
    // Another account's change is not there (A261).
    let Some(change) = found.filter(|change| change.account == account.id) else {
        return Err(Problem::not_found().into());
    };
    if change.state == ChangeState::Applied {
        let here = confirm::back_to(&CONTACT, true);
        confirm::require(&service, &mut visit, Need::Strongest, &here).await?;
    }
    let tx = service.store().begin().await?;
    let undone = undo::undo(&service, &tx, account, id, How::Stopped).await?;
    let word = match undone {
        Undone::Stopped => "stopped",
        Undone::TakenBack { whole: true, .. } => "undone",
        Undone::TakenBack { whole: false, .. } => "undone-partly",
        // What was tried is not kept.
        Undone::Changed => return Ok(visit.redirect(&CONTACT.with("done", "changed"))),
        Undone::Taken => return Ok(visit.redirect(&CONTACT.with("done", "impossible"))),
        Undone::Over => return Ok(visit.redirect(&CONTACT)),
    };
    tx.commit().await?;
    service.kick_delivery();
    Ok(visit.redirect(&CONTACT.with("done", word)))
}
