//! `/account/security/codes`: the sheet of recovery codes. They count from the moment in which they are made, and are shown
//! for some minutes in the browser that made them, from a sealed ceremony; afterwards nobody can show them again.

use axum::extract::State;
use axum::response::Response;
use chrono::TimeDelta;
use model::event::Event;
use model::secret::{Token, TokenHash};
use serde::Deserialize;
use serde_json::json;
use store::ceremonies::{self, Handle, NewCeremony, Purpose};
use store::recovery_codes;
use store::sessions::LiveSession;
use web::extract::{Form, FormName, Query};
use web::form::{Button, Errors, FormPage};
use web::paths::LocalPath;
use web::{Markup, Page, Visit};
use zeroize::Zeroizing;

use super::finish::{Done, finish};
use super::{codes, tries};
use crate::Service;
use crate::confirm::{self, Need};
use crate::history::What;
use crate::notices;
use crate::session::{self, Stop, twice};

const HERE: LocalPath = LocalPath::known("/account/security/codes");
const SHEET: LocalPath = LocalPath::known("/account/security/codes/sheet");

/// For how long the codes are shown, in minutes.
const SHOWN_MINUTES: i64 = 10;

/// The parameters of the page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    /// The person was asked for a proof in between.
    confirmed: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Make {
    /// What tells one sheet that is asked for from the next.
    once: String,
}

impl FormName for Make {
    const FORM: &'static str = "make-codes";
}

#[derive(Debug, Deserialize)]
pub(super) struct Kept {}

impl FormName for Kept {
    const FORM: &'static str = "kept-codes";
}

#[derive(askama::Template)]
#[template(path = "codes.html")]
struct Content<'a> {
    visit: &'a Visit,
    confirmed: bool,
    left: Option<String>,
    make: Markup,
}

/// Says how many are left, and offers new ones.
pub(super) async fn show(
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Stop> {
    let session = session::require(&service, &mut visit, &HERE).await?;
    let sheet = recovery_codes::find(&service.store().read(), session.account.id).await?;
    let left = sheet.map(|sheet| {
        let day = visit.day(sheet.made_at);
        let args = [("count", sheet.left.into()), ("day", day.as_str().into())];
        visit.t_with("factors-codes-left", &args)
    });
    let words = if left.is_some() {
        "factors-codes-make-again"
    } else {
        "factors-codes-make"
    };
    let make = FormPage::new(Make::FORM, HERE)
        .hidden("once", Token::generate(service.rng()).expose())
        .button(Button::primary(words))
        .render(&visit, &Errors::none());
    let content = Content {
        visit: &visit,
        confirmed: asked.confirmed.is_some()
            && confirm::is_met(&service, &visit, &session, Need::Strongest).await?,
        left,
        make,
    };
    let page = Page::new("account-codes", "factors-codes-title")
        .own_forms_only()
        .return_to(HERE);
    Ok(visit.render(page, &content))
}

fn handle_of(session: &LiveSession) -> TokenHash {
    TokenHash::of(&format!("codes\u{0}{}", session.id))
}

/// Makes a sheet.
pub(super) async fn make(
    State(service): State<Service>,
    mut visit: Visit,
    Form(sent): Form<Make>,
) -> Result<Response, Stop> {
    let session = session::require(&service, &mut visit, &HERE).await?;
    let sending = (Make::FORM, sent.once.as_str());
    if let Some(page) = twice::led(&service.store().read(), &visit, (&session, sending)).await? {
        return Ok(visit.redirect(&page));
    }
    let here = HERE.with(confirm::CONFIRMED, "yes");
    let session = confirm::require(&service, &mut visit, Need::Strongest, &here).await?;
    let (account, now) = (session.account.id, visit.now());
    let sheet = codes::sheet(service.rng());
    let text: Vec<&str> = sheet.iter().map(|code| code.as_str()).collect();
    let kept = Zeroizing::new(text.join("\n"));
    let (id, browser) = (handle_of(&session), visit.browser_hash());
    let ends = now + TimeDelta::minutes(SHOWN_MINUTES);
    let new = NewCeremony {
        account: Some(account),
        session: Some(session.id),
        state: kept.as_bytes(),
        ..NewCeremony::new(&id, (&browser, Purpose::NewCodes), (now, ends))
    };
    let tx = service.store().begin().await?;
    // Two clicks at once: the sheet that is shown is the one that counts.
    store::accounts::take_turns(&tx, account).await?;
    if let Some(page) = twice::led(&tx, &visit, (&session, sending)).await? {
        return Ok(visit.redirect(&page));
    }
    recovery_codes::replace(&tx, service.rng(), account, (&text, now)).await?;
    ceremonies::put(&tx, &new).await?;
    let done = Done {
        event: Event::FactorChanged,
        details: json!({ "made": "recovery_codes" }),
        what: What::CodesMade,
        kind: notices::Kind::CodesMade,
        args: &[],
        ends_others: false,
        credential: None,
        sending,
        leads: SHEET,
        back: HERE,
    };
    let response = finish(&service, &mut visit, &session, (tx, done)).await?;
    tries::forgive(&service, account, tries::What::Code).await?;
    Ok(response)
}

#[derive(askama::Template)]
#[template(path = "codes_sheet.html")]
struct Sheet {
    text: String,
    whose: String,
    codes: Vec<Zeroizing<String>>,
    kept: Markup,
}

/// Shows the codes while they can be shown.
pub(super) async fn show_sheet(State(service): State<Service>, mut visit: Visit) -> Result<Response, Stop> {
    let session = session::require(&service, &mut visit, &HERE).await?;
    let (id, browser) = (handle_of(&session), visit.browser_hash());
    let handle = Handle {
        id: &id,
        browser: &browser,
        purpose: Purpose::NewCodes,
    };
    let tx = service.store().read();
    let found = ceremonies::look(&tx, handle, visit.now()).await?;
    // In another browser there may be a newer sheet, or none any more: these are good for nothing then.
    let newest = recovery_codes::find(&tx, session.account.id).await?;
    let good = |at| newest.is_some_and(|newest| newest.made_at <= at);
    let Some(found) = found.filter(|found| good(found.created_at)) else {
        let notice = crate::notice::Notice::saying("factors-sheet-gone").link(HERE, "factors-codes-manage");
        return Ok(notice.respond(&visit, Page::new("account-codes-gone", "factors-codes-title")));
    };
    let plain = String::from_utf8_lossy(&found.state);
    let (name, day) = (
        session::display_name(&session.account),
        visit.day(found.created_at),
    );
    let until = visit.moment(found.expires_at);
    let sheet = Sheet {
        text: visit.t_with("factors-sheet-text", &[("moment", until.as_str().into())]),
        whose: visit.t_with(
            "factors-sheet-for",
            &[("name", name.as_str().into()), ("day", day.as_str().into())],
        ),
        codes: plain.lines().map(codes::spelled).collect(),
        kept: FormPage::new(Kept::FORM, SHEET)
            .button(Button::primary("factors-sheet-done"))
            .render(&visit, &Errors::none()),
    };
    let page = Page::new("account-codes-sheet", "factors-sheet-title")
        .own_forms_only()
        .return_to(SHEET);
    Ok(visit.render(page, &sheet))
}

/// Forgets the plain codes at once.
pub(super) async fn kept(
    State(service): State<Service>,
    mut visit: Visit,
    Form(Kept {}): Form<Kept>,
) -> Result<Response, Stop> {
    let session = session::require(&service, &mut visit, &HERE).await?;
    let (id, browser) = (handle_of(&session), visit.browser_hash());
    let handle = Handle {
        id: &id,
        browser: &browser,
        purpose: Purpose::NewCodes,
    };
    ceremonies::take(&service.store().read(), handle, visit.now()).await?;
    Ok(visit.redirect(&HERE))
}
