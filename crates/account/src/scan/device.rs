//! The device that waits for the phone.

use axum::extract::State;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use model::authn::{Method, Methods};
use model::event::Event;
use model::secret::Token;
use serde::Deserialize;
use serde_json::json;
use store::audit::Entry;
use store::scans::{self, Decision, NewScan, Scan};
use store::throttles::{self, Rule};
use web::extract::{Form, FormName, Query};
use web::form::{Button, Checkbox, Errors, FormPage, Words};
use web::paths::LocalPath;
use web::{Markup, Page, Problem, Visit};

use super::Details;
use crate::Service;
use crate::factors::qr;
use crate::history;
use crate::notice::Notice;
use crate::notices::{self, Kind, Told};
use crate::session::{self, Beginning, Made, Stop};
use crate::signin::Onward;

const HERE: LocalPath = LocalPath::known("/sign-in/scan");
const FINISH: LocalPath = LocalPath::known("/sign-in/scan/finish");
const SIGN_IN: LocalPath = LocalPath::known("/sign-in");

/// Numbers run from 10 up to below this.
const NUMBERS_END: u32 = 100;
/// How often the page looks whether the phone has answered, in milliseconds.
const LOOK_MS: &str = "2000";

/// The button on the sign-in page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Begin {
    interaction: Option<String>,
    return_to: Option<String>,
}

impl FormName for Begin {
    const FORM: &'static str = "scan-begin";
}

/// The parameters of the page that waits.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    code: Option<String>,
    interaction: Option<String>,
    return_to: Option<String>,
}

/// The button with which the device goes on.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Finish {
    code: String,
    public_computer: Option<String>,
    interaction: Option<String>,
    return_to: Option<String>,
}

impl FormName for Finish {
    const FORM: &'static str = "scan-finish";
}

#[derive(askama::Template)]
#[template(path = "scan_device.html")]
struct Content<'a> {
    visit: &'a Visit,
    picture: Markup,
    address: &'a str,
    number: i32,
    until: String,
    allowed: bool,
    look: Option<String>,
    after: &'static str,
    form: Markup,
    back: LocalPath,
}

/// The button that leads here, for the sign-in page.
pub(crate) fn begin_form(visit: &Visit, onward: &Onward) -> Markup {
    onward
        .in_form(FormPage::new(Begin::FORM, HERE))
        .button(Button::secondary("scan-begin"))
        .render(visit, &Errors::none())
}

/// Begins to wait.
pub(super) async fn begin(
    State(service): State<Service>,
    mut visit: Visit,
    Form(sent): Form<Begin>,
) -> Result<Response, Stop> {
    let onward = Onward::new(sent.interaction.as_deref(), sent.return_to.as_deref());
    let interaction = onward.speak(&service, &mut visit).await?;
    let (tx, now, config) = (service.store().read(), visit.now(), &service.config().scan);
    let place = history::place_of(&visit);
    let rule = Rule {
        name: "scan_address_hour",
        limit: config.address_per_hour,
        window_seconds: 3600,
    };
    let count = throttles::hit(&tx, &rule, &place.network, now).await?;
    if count.exceeded() {
        return Ok(too_many(&visit, &onward, count.retry_after_seconds(now)));
    }
    let details = Details {
        device: place.device,
        network: place.network,
        client: interaction.map(|interaction| interaction.client_id.as_str().to_owned()),
    };
    let details = serde_json::to_string(&details).map_err(Problem::internal)?;
    let code = Token::generate(service.rng());
    let number = 10 + service.rng().below(NUMBERS_END - 10);
    let new = NewScan {
        id: &code.hash(),
        browser: &visit.browser_hash(),
        number: i32::try_from(number).map_err(Problem::internal)?,
        details: &details,
        now,
        expires_at: now + config.life(),
    };
    scans::put(&tx, &new).await?;
    Ok(visit.redirect(&onward.through(HERE.with("code", code.expose()))))
}

/// Many people behind one network address, as in a hall: nobody has done anything wrong, and every other way to sign in is
/// open to them, with the request that they came with.
fn too_many(visit: &Visit, onward: &Onward, seconds: i64) -> Response {
    let minutes = (seconds + 59).div_euclid(60).max(1);
    let page = Page::new("sign-in-scan-busy", "scan-title")
        .status(StatusCode::TOO_MANY_REQUESTS)
        .return_to(onward.through(SIGN_IN));
    let mut response = Notice::saying(Words::with("scan-busy", vec![("minutes", minutes.into())]))
        .and("scan-busy-other")
        .link(onward.through(SIGN_IN), "scan-back")
        .respond(visit, page);
    let headers = response.headers_mut();
    headers.insert(RETRY_AFTER, HeaderValue::from(seconds.max(1)));
    response
}

/// One of this browser that can still be used.
async fn own(service: &Service, visit: &Visit, code: &Token) -> Result<Option<Scan>, Stop> {
    let found = scans::find(&service.store().read(), &code.hash(), visit.now()).await?;
    Ok(found.filter(|scan| scan.browser == visit.browser_hash()))
}

/// Shows the code and the number, and what the phone has answered.
pub(super) async fn show(
    State(service): State<Service>,
    mut visit: Visit,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Stop> {
    let onward = Onward::new(wanted.interaction.as_deref(), wanted.return_to.as_deref());
    let interaction = onward.speak(&service, &mut visit).await?;
    if let Some(page) = onward.left_behind(&service, interaction.as_ref()).await? {
        return Ok(visit.redirect(&page));
    }
    let Some(code) = wanted.code.as_deref().and_then(Token::parse) else {
        return Ok(visit.redirect(&onward.through(SIGN_IN)));
    };
    let Some(scan) = own(&service, &visit, &code).await? else {
        return Ok(over(&visit, &onward, "scan-over"));
    };
    if scan.decision == Some(Decision::Denied) {
        return Ok(over(&visit, &onward, "scan-denied"));
    }
    let here = onward.through(HERE.with("code", code.expose()));
    let address = visit
        .kit()
        .base_url()
        .join(&format!("scan/{}", code.expose()))
        .map_err(Problem::internal)?;
    let allowed = scan.decision == Some(Decision::Allowed);
    let form = onward
        .in_form(FormPage::new(Finish::FORM, FINISH))
        .hidden("code", code.expose())
        .checkbox(
            Checkbox::new("public_computer", "signin-public-computer").hint("signin-public-computer-hint"),
        )
        .button(Button::primary("scan-continue"));
    let content = Content {
        visit: &visit,
        picture: qr::picture(address.as_str(), &visit.t("scan-picture")).unwrap_or_default(),
        address: address.as_str(),
        number: scan.number,
        until: visit.moment(scan.expires_at),
        allowed,
        look: (!allowed).then(|| here.to_string()),
        after: LOOK_MS,
        form: form.render(&visit, &Errors::none()),
        back: onward.through(SIGN_IN),
    };
    Ok(visit.render(
        Page::new("sign-in-scan", "scan-title").return_to(here.clone()),
        &content,
    ))
}

/// Nothing can come of it any more.
fn over(visit: &Visit, onward: &Onward, text: &'static str) -> Response {
    Notice::saying(text)
        .link(onward.through(SIGN_IN), "scan-again")
        .respond(visit, Page::new("sign-in-scan-over", "scan-title"))
}

/// Signs the device in, if the phone has allowed it.
pub(super) async fn finish(
    State(service): State<Service>,
    mut visit: Visit,
    Form(sent): Form<Finish>,
) -> Result<Response, Stop> {
    let onward = Onward::new(sent.interaction.as_deref(), sent.return_to.as_deref());
    let interaction = onward.speak(&service, &mut visit).await?;
    let Some(code) = Token::parse(&sent.code) else {
        return Ok(over(&visit, &onward, "scan-over"));
    };
    let now = visit.now();
    let tx = service.store().begin().await?;
    let Some(taken) = scans::take(&tx, &code.hash(), &visit.browser_hash(), now).await? else {
        drop(tx);
        // Too early, too late, or the second click of a sign-in that is there.
        return match own(&service, &visit, &code).await? {
            Some(_) => Ok(visit.redirect(&onward.through(HERE.with("code", code.expose())))),
            None if session::current(&service, &visit).await?.is_some() => Ok(visit.redirect(&onward.path())),
            None => Ok(over(&visit, &onward, "scan-over")),
        };
    };
    let client = interaction.as_ref().map(|interaction| &interaction.client_id);
    let beginning = Beginning {
        account: taken.account,
        methods: Methods::new(taken.methods.iter().chain([Method::Scan])),
        public_computer: sent.public_computer.is_some(),
        client,
        made: Made::Before,
    };
    // Frozen or closed since the phone answered.
    let Some(started) = session::begin(&service, &tx, &visit, &beginning).await? else {
        return Ok(over(&visit, &onward, "scan-over"));
    };
    let mut entry = Entry::new(Event::SignedIn, now)
        .account(taken.account)
        .session(started.id)
        .details(json!({ "method": "scan" }));
    entry.request_id = Some(visit.request_id().to_owned());
    store::audit::record(&tx, service.rng(), entry).await?;
    if let Some(account) = store::accounts::find(&tx, taken.account).await? {
        let place = history::place_of(&visit);
        let told = Told {
            args: &[("device", place.device), ("network", place.network)],
            ..Told::of(Kind::ScanApproved)
        };
        notices::tell(&service, &tx, &account, &told).await?;
    }
    tx.commit().await?;
    service.kick_delivery();
    started.give_to(&mut visit);
    Ok(visit.redirect(&onward.path()))
}
