//! `/account/security`: when the password was last changed, and where I am signed in.

use axum::extract::State;
use axum::response::Response;
use model::authn::{Method, Methods};
use model::event::Event;
use model::ids::SessionId;
use serde::Deserialize;
use serde_json::json;
use store::audit::Entry;
use store::sessions::{self, Listed, LiveSession};
use web::extract::{Form, FormName, Query};
use web::form::{Button, Errors, FormPage};
use web::paths::LocalPath;
use web::{Markup, Page, Problem, Visit};

use crate::Service;
use crate::session::{self, Stop};

const HERE: LocalPath = LocalPath::known("/account/security");

/// The parameters of the page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    ended: Option<String>,
}

/// What the buttons send: one sign-in, or all others.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct End {
    session: Option<String>,
    others: Option<String>,
}

impl FormName for End {
    const FORM: &'static str = "end-session";
}

#[derive(askama::Template)]
#[template(path = "security.html")]
struct Content<'a> {
    visit: &'a Visit,
    ended: bool,
    password_changed: Option<String>,
    sessions: Vec<Row>,
    end_others: Markup,
}

struct Row {
    device: String,
    methods: String,
    began: String,
    seen: String,
    here: bool,
    end: Markup,
}

/// Shows the page.
pub(super) async fn show(
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Stop> {
    let session = session::require(&service, &mut visit, &HERE).await?;
    let tx = service.store().read();
    let list = sessions::list(&tx, session.account.id, &service.config().session, visit.now()).await?;
    let password = store::credentials::find_password(&tx, session.account.id).await?;
    let others = list.iter().any(|one| one.id != session.id);
    let content = Content {
        visit: &visit,
        ended: asked.ended.is_some(),
        password_changed: password.map(|password| visit.moment(password.changed_at)),
        sessions: list.iter().map(|one| row(&visit, one, &session)).collect(),
        end_others: if others {
            button(&visit, ("others", "yes"), "space-security-end-others")
        } else {
            Markup::default()
        },
    };
    Ok(visit.render(
        Page::new("account-security", "space-security-title").own_forms_only(),
        &content,
    ))
}

/// Ends one sign-in of the person's own, or all but this one.
pub(super) async fn end(
    State(service): State<Service>,
    mut visit: Visit,
    Form(sent): Form<End>,
) -> Result<Response, Stop> {
    let session = session::require(&service, &mut visit, &HERE).await?;
    let (account, now) = (session.account.id, visit.now());
    if sent.others.is_some() {
        let tx = service.store().begin().await?;
        let count = sessions::end_all(&tx, account, Some(session.id), now).await?;
        let details = json!({ "others": count });
        let entry = Entry::new(Event::SignedOut, now)
            .account(account)
            .session(session.id)
            .details(details);
        store::audit::record(&tx, service.rng(), entry).await?;
        tx.commit().await?;
        return Ok(visit.redirect(&HERE.with("ended", "yes")));
    }
    let id = sent
        .session
        .as_deref()
        .and_then(|text| text.parse::<SessionId>().ok());
    let id = id.ok_or_else(Problem::not_found)?;
    if id == session.id {
        let page = session::end(&service, &mut visit, (session.id, account)).await?;
        return Ok(visit.redirect(&page));
    }
    let tx = service.store().begin().await?;
    // Only what is on the person's own list can be ended from it (A261).
    if !sessions::list(&tx, account, &service.config().session, now)
        .await?
        .iter()
        .any(|one| one.id == id)
    {
        return Err(Problem::not_found().into());
    }
    if sessions::end(&tx, id, now).await? {
        store::audit::record(
            &tx,
            service.rng(),
            Entry::new(Event::SignedOut, now).account(account).session(id),
        )
        .await?;
    }
    tx.commit().await?;
    Ok(visit.redirect(&HERE.with("ended", "yes")))
}

fn row(visit: &Visit, one: &Listed, current: &LiveSession) -> Row {
    let id = one.id.to_string();
    let here = one.id == current.id;
    Row {
        device: one.device.clone(),
        methods: methods(visit, &one.methods),
        began: visit.moment(one.created_at),
        seen: visit.moment(one.last_seen_at),
        here,
        end: if here {
            Markup::default()
        } else {
            button(visit, ("session", &id), "space-security-end")
        },
    }
}

fn button(visit: &Visit, (name, value): (&'static str, &str), words: &'static str) -> Markup {
    FormPage::new(End::FORM, LocalPath::known("/account/security/end"))
        .button(Button::secondary(words).sends(name, value))
        .render(visit, &Errors::none())
}

fn methods(visit: &Visit, methods: &Methods) -> String {
    let name = |method| match method {
        Method::Password => "space-method-password",
        Method::Sms => "space-method-sms",
        Method::Totp => "space-method-totp",
        Method::Passkey => "space-method-passkey",
        Method::Certificate => "space-method-certificate",
    };
    let names: Vec<String> = methods.iter().map(|method| visit.t(name(method))).collect();
    names.join(&visit.t("space-level-joint"))
}
