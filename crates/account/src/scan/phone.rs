//! The phone that lets a device in.

use axum::extract::{Path, State};
use axum::response::Response;
use model::event::Event;
use model::ids::ClientId;
use model::secret::Token;
use serde::Deserialize;
use serde_json::json;
use store::audit::Entry;
use store::scans::{self, Decision, Scan};
use web::extract::{Form, FormName};
use web::form::{Button, Errors, Field, FormPage};
use web::paths::LocalPath;
use web::{Markup, Page, Problem, Visit};

use super::Details;
use crate::Service;
use crate::confirm::{self, Need};
use crate::history::{self, Happening, What};
use crate::notice::Notice;
use crate::session::{self, Stop};

const SECURITY: LocalPath = LocalPath::known("/account/security");

/// The answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Sent {
    number: String,
    decision: String,
}

impl FormName for Sent {
    const FORM: &'static str = "scan-answer";
}

#[derive(askama::Template)]
#[template(path = "scan_phone.html")]
struct Content<'a> {
    visit: &'a Visit,
    device: &'a str,
    network: &'a str,
    site: Option<String>,
    elsewhere: bool,
    who: String,
    form: Markup,
}

/// The page of one code, and the code.
fn place(code: &str) -> Result<(LocalPath, Token), Problem> {
    let token = Token::parse(code).ok_or_else(Problem::not_found)?;
    let here = LocalPath::parse(&format!("/scan/{}", token.expose())).map_err(|_| Problem::not_found())?;
    Ok((here, token))
}

/// Shows what waits.
pub(super) async fn show(
    State(service): State<Service>,
    mut visit: Visit,
    Path(code): Path<String>,
) -> Result<Response, Stop> {
    let (here, code) = place(&code)?;
    let tx = service.store().read();
    // Before the person proves anything here, which takes its time: their first look gives them all of it. One without a
    // sign-in may be a previewer's or a scanner's of links, and must not use it up.
    if session::current(&service, &visit).await?.is_some() {
        let until = visit.now() + service.config().scan.life();
        scans::look(&tx, &code.hash(), &visit.browser_hash(), (visit.now(), until)).await?;
    }
    let session = confirm::require(&service, &mut visit, Need::Recent, &here).await?;
    let found = scans::find(&tx, &code.hash(), visit.now()).await?;
    let Some(scan) = found.filter(|scan| scan.decision.is_none()) else {
        return Ok(over(&visit, "scan-phone-over"));
    };
    if scan.browser == visit.browser_hash() {
        return Ok(over(&visit, "scan-phone-same"));
    }
    let who = crate::session::display_name(&session.account);
    page(&service, &visit, (&here, &scan, who), Errors::none()).await
}

async fn page(
    service: &Service,
    visit: &Visit,
    (here, scan, who): (&LocalPath, &Scan, String),
    errors: Errors,
) -> Result<Response, Stop> {
    let details: Details = serde_json::from_str(&scan.details).map_err(Problem::internal)?;
    let site = match details.client.as_deref().map(ClientId::parse) {
        Some(Ok(client)) => store::clients::find(&service.store().read(), &client).await?,
        Some(Err(_)) | None => None,
    };
    let form = FormPage::new(Sent::FORM, here.clone())
        .field(
            Field::code("number", "scan-number")
                .hint("scan-number-hint")
                .maxlength(2)
                .width("short"),
        )
        .button(Button::primary("scan-allow").sends("decision", "allow"))
        .button(Button::danger("scan-deny").sends("decision", "deny"));
    let content = Content {
        visit,
        device: &details.device,
        network: &details.network,
        site: site.map(|client| client.name.in_language(visit.language()).to_owned()),
        elsewhere: details.network != history::place_of(visit).network,
        who,
        form: form.render(visit, &errors),
    };
    let page = Page::new("scan", "scan-phone-title")
        .errors(errors)
        .return_to(here.clone());
    Ok(visit.render(page, &content))
}

fn over(visit: &Visit, text: &'static str) -> Response {
    Notice::saying(text)
        .link(SECURITY, "scan-security")
        .respond(visit, Page::new("scan-over", "scan-phone-title"))
}

/// Takes the answer.
pub(super) async fn submit(
    State(service): State<Service>,
    mut visit: Visit,
    Path(code): Path<String>,
    Form(sent): Form<Sent>,
) -> Result<Response, Stop> {
    let (here, code) = place(&code)?;
    let session = confirm::require(&service, &mut visit, Need::Recent, &here).await?;
    let now = visit.now();
    let found = scans::find(&service.store().read(), &code.hash(), now).await?;
    let Some(scan) = found.filter(|scan| scan.decision.is_none()) else {
        return Ok(over(&visit, "scan-phone-over"));
    };
    if scan.browser == visit.browser_hash() {
        return Ok(over(&visit, "scan-phone-same"));
    }
    let number = match sent.decision.as_str() {
        "deny" => None,
        "allow" => {
            let digits = sent.number.trim();
            let two = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
            let Some(number) = two.then(|| digits.parse().ok()).flatten() else {
                let who = crate::session::display_name(&session.account);
                let errors = Errors::of("number", "scan-number-missing");
                return page(&service, &visit, (&here, &scan, who), errors).await;
            };
            Some(number)
        }
        _ => return Err(Problem::bad_request().into()),
    };
    let tx = service.store().begin().await?;
    let phone = (session.account.id, session.id);
    let decided = scans::decide(&tx, &code.hash(), phone, number, now).await?;
    let Some(decision) = decided else {
        return Ok(over(&visit, "scan-phone-over"));
    };
    let event = match decision {
        Decision::Allowed => Event::ScanAllowed,
        Decision::Denied => Event::ScanRefused,
    };
    let mut entry = Entry::new(event, now)
        .account(session.account.id)
        .session(session.id)
        .details(json!({ "number": number.is_some() }));
    entry.request_id = Some(visit.request_id().to_owned());
    store::audit::record(&tx, service.rng(), entry).await?;
    if decision == Decision::Allowed {
        let happening = Happening::new(session.account.id, What::ScanApproved).in_session(session.id);
        history::note(&service, &tx, &visit, &happening).await?;
    }
    tx.commit().await?;
    Ok(over(
        &visit,
        match (decision, number) {
            (Decision::Allowed, _) => "scan-phone-allowed",
            (Decision::Denied, Some(_)) => "scan-phone-wrong",
            (Decision::Denied, None) => "scan-phone-denied",
        },
    ))
}
