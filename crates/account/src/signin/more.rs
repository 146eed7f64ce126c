//! `/sign-in/more`: a sub-site wants a stronger sign-in than there is, and the account's level is enough. Just the factor
//! that is missing is asked for; then the interrupted request goes on. Who has no such factor is told so and where it is set
//! up. It raises the sign-in and nothing else, always under a new cookie (A151).

use axum::extract::State;
use axum::response::Response;
use chrono::TimeDelta;
use model::authn::{Method, Methods};
use model::event::Event;
use model::ids::SessionId;
use model::secret::{Sensitive, TokenHash};
use serde::Deserialize;
use serde_json::json;
use store::audit;
use store::ceremonies::{self, Handle, NewCeremony, Purpose};
use web::extract::{Form, FormName, Query};
use web::form::Errors;
use web::paths::LocalPath;
use web::{Problem, Visit};

use self::visited::Visited;
use super::attempt;
use super::factor::{self, By, Checked, Proof};
use super::onward::Onward;
use super::step::Question;
use crate::Service;
use crate::factors;
use crate::session::{self, Added, Stop};

mod visited;

const HERE: LocalPath = LocalPath::known("/sign-in/more");

/// The parameters of the page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    want: Option<String>,
    by: Option<String>,
    sent: Option<String>,
    interaction: Option<String>,
    return_to: Option<String>,
}

/// What the form sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct More {
    want: Option<String>,
    by: Option<String>,
    code: Sensitive<String>,
    password: Sensitive<String>,
    method: Option<String>,
    credential: String,
    /// The button that says "not now".
    decline: Option<String>,
    interaction: Option<String>,
    return_to: Option<String>,
}

impl FormName for More {
    const FORM: &'static str = "sign-in-more";
}

/// One question at a time for each sign-in: what stands for it is no secret, because only its browser finds it.
fn keys(visit: &Visit, session: SessionId) -> (TokenHash, TokenHash) {
    let browser = visit.browser_hash();
    (TokenHash::of(&format!("more\u{0}{session}")), browser)
}

const fn handle<'a>(id: &'a TokenHash, browser: &'a TokenHash) -> Handle<'a> {
    Handle {
        id,
        browser,
        purpose: Purpose::MoreProof,
    }
}

/// Shows the page. It sends nothing: a code goes out only when it is asked for.
pub(super) async fn show(
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Stop> {
    let onward = Onward::new(asked.interaction.as_deref(), asked.return_to.as_deref());
    let at = (asked.want.as_deref(), asked.by.as_deref());
    let visited = Visited::load(&service, &mut visit, at, onward).await?;
    Ok(visited.render(&visit, asked.sent.is_some(), (Errors::none(), None)))
}

/// Takes a factor, sends a code, asks the browser for a passkey, or takes a "not now".
pub(super) async fn submit(
    State(service): State<Service>,
    mut visit: Visit,
    Form(sent): Form<More>,
) -> Result<Response, Stop> {
    let onward = Onward::new(sent.interaction.as_deref(), sent.return_to.as_deref());
    if sent.decline.is_some() {
        onward
            .answer(&service, &visit, |answers| answers.level_declined = true)
            .await?;
        return Ok(visit.redirect(&onward.path()));
    }
    let at = (sent.want.as_deref(), sent.by.as_deref());
    let visited = Visited::load(&service, &mut visit, at, onward).await?;
    match sent.method.as_deref().and_then(By::parse) {
        Some(By::Sms) if visited.ways.contains(&By::Sms) => {
            return Ok(
                match factor::send(&service, &visit, &visited.session.account).await? {
                    Ok(()) => visit.redirect(&visited.here(By::Sms).with("sent", "yes")),
                    Err(refusal) => {
                        let (words, status) = factor::not_sent(refusal);
                        visited.render(&visit, true, (Errors::of_form(words), status))
                    }
                },
            );
        }
        Some(By::Passkey) if sent.credential.is_empty() => {
            return ask_passkey(&service, &visit, &visited).await;
        }
        _ => {}
    }
    if !sent.credential.is_empty() {
        return take_passkey(&service, &mut visit, visited, &sent.credential).await;
    }
    let Some(by) = visited.by else {
        return Ok(visited.render(&visit, false, (Errors::none(), None)));
    };
    let account = &visited.session.account;
    let typed = match by {
        By::Password => &sent.password,
        By::Passkey | By::Totp | By::Sms | By::Recovery => &sent.code,
    };
    match factor::check(&service, &visit, account, (by, typed)).await? {
        Checked::Right(proof) => add(&service, &mut visit, &visited, &proof).await,
        Checked::Wrong(words, status) => {
            attempt::refuse(&service, &visit, Some(account), by.as_str()).await?;
            Ok(visited.render(&visit, true, (by.error(words), status)))
        }
        Checked::Used(words) => {
            attempt::refuse(&service, &visit, Some(account), by.as_str()).await?;
            Ok(visited.render(&visit, true, (by.error(words), None)))
        }
    }
}

async fn ask_passkey(service: &Service, visit: &Visit, visited: &Visited) -> Result<Response, Stop> {
    if !visited.ways.contains(&By::Passkey) {
        return Err(Problem::not_found().into());
    }
    let asked = factors::begin_passkey(service, Some(&visited.enrolled.passkeys))?;
    let state = Question::text(Some(&Question::of(&asked)))?;
    let now = visit.now();
    let until = now + TimeDelta::minutes(service.config().signin.step_minutes);
    let (id, browser) = keys(visit, visited.session.id);
    let new = NewCeremony {
        account: Some(visited.session.account.id),
        session: Some(visited.session.id),
        state: &state,
        ..NewCeremony::new(&id, (&browser, Purpose::MoreProof), (now, until))
    };
    ceremonies::put(&service.store().read(), &new).await?;
    Ok(visit.redirect(&visited.here(By::Passkey)))
}

/// What was asked is gone with the answer, whatever it says (A217). The passkey of another account is nobody's (A283).
async fn take_passkey(
    service: &Service,
    visit: &mut Visit,
    mut visited: Visited,
    credential: &str,
) -> Result<Response, Stop> {
    let (id, browser) = keys(visit, visited.session.id);
    let (tx, account) = (service.store().read(), &visited.session.account);
    let taken = ceremonies::take(&tx, handle(&id, &browser), visit.now()).await?;
    let Some(question) = taken.and_then(|taken| Question::read(&taken.state)) else {
        return Ok(visit.redirect(&visited.here(By::Passkey)));
    };
    let expected = (Some(account.id), credential);
    match factors::finish_passkey(service, &tx, &question.state, expected).await? {
        Ok(_) => add(service, visit, &visited, &Proof::of(By::Passkey)).await,
        Err(reason) => {
            tracing::info!(%reason, "passkey refused");
            attempt::refuse(service, visit, Some(account), "passkey").await?;
            visited.question = None;
            visited.by = Some(By::Passkey)
                .filter(|by| visited.ways.contains(by))
                .or(visited.by);
            let errors = Errors::of_form("signin-passkey-refused");
            Ok(visited.render(visit, false, (errors, None)))
        }
    }
}

/// The factor is right: the sign-in is stronger, under a new cookie.
async fn add(
    service: &Service,
    visit: &mut Visit,
    visited: &Visited,
    proof: &Proof,
) -> Result<Response, Stop> {
    let Some(method) = proof.by.method() else {
        return Err(Problem::internal("a factor that makes nothing stronger").into());
    };
    let tx = service.store().begin().await?;
    if !proof.spend(service, &tx).await? {
        let errors = Errors::of("code", crate::evidence::code_tried(crate::otp::Tried::Expired));
        return Ok(visited.render(visit, true, (errors, None)));
    }
    let session = &visited.session;
    let Some(renewed) = session::renew(service, &tx, visit, session, Added::Factor(method)).await? else {
        return Ok(visit.redirect(&session::ended(&visited.here(proof.by))));
    };
    let mut entry = audit::Entry::new(Event::SignedIn, visit.now())
        .account(session.account.id)
        .session(session.id)
        .details(json!({ "added": amr_of(method) }));
    entry.request_id = Some(visit.request_id().to_owned());
    audit::record(&tx, service.rng(), entry).await?;
    tx.commit().await?;
    renewed.give_to(visit);
    Ok(visit.redirect(&visited.onward.path()))
}

fn amr_of(method: Method) -> Vec<&'static str> {
    Methods::new([method]).amr()
}
