//! `/sign-in/second`: another factor, after the right password of an account that has one. Nobody is signed in before it is
//! right; whoever does not have it starts again, or recovers the account.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use model::secret::Sensitive;
use model::standing::{Answer, Entry, answer};
use serde::Deserialize;
use store::ceremonies::Purpose;
use web::extract::{Form, FormName, Query};
use web::form::{Button, Errors, FormPage, Words};
use web::paths::LocalPath;
use web::{Markup, Page, Problem, Visit};

use super::attempt;
use super::factor::{self, Asking, By, Checked, Proof};
use super::onward::Onward;
use super::step::{self, Half, Question, Waiting};
use crate::Service;
use crate::factors::{self, Enrolled};
use crate::history::{self, Happening, What};
use crate::session::Stop;
use crate::session::twice::{self, Sending};

const HERE: LocalPath = LocalPath::known("/sign-in/second");
const SIGN_IN: LocalPath = LocalPath::known("/sign-in");

/// Where half a sign-in goes on.
pub(super) fn page_of(step: &str, onward: &Onward) -> LocalPath {
    onward.through(HERE.with("step", step))
}

/// The parameters of the page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    step: String,
    by: Option<String>,
    sent: Option<String>,
    interaction: Option<String>,
    return_to: Option<String>,
}

/// What the form sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Second {
    step: String,
    by: String,
    code: Sensitive<String>,
    /// The button that sends a code or asks for a passkey.
    method: Option<String>,
    /// What the browser says about a passkey.
    credential: String,
    /// The button that leaves.
    cancel: Option<String>,
    interaction: Option<String>,
    return_to: Option<String>,
}

impl FormName for Second {
    const FORM: &'static str = "sign-in-second";
}

impl Second {
    /// What was given, for whoever sends the very same form again; nothing where nothing was.
    fn given(&self) -> String {
        if self.code.expose().is_empty() && self.credential.is_empty() {
            return String::new();
        }
        let parts = [&self.step, &self.by, self.code.expose(), &self.credential];
        parts.map(String::as_str).join("\u{0}")
    }
}

#[derive(askama::Template)]
#[template(path = "sign_in_factor.html")]
struct Content<'a> {
    visit: &'a Visit,
    form: Markup,
    others: Vec<(String, &'static str)>,
    recover: LocalPath,
}

/// One visit to the page.
struct Visited {
    waiting: Waiting,
    enrolled: Enrolled,
    by: By,
    onward: Onward,
}

impl Visited {
    async fn load(
        service: &Service,
        visit: &mut Visit,
        (step, by): (&str, Option<&str>),
        onward: Onward,
    ) -> Result<Self, Stop> {
        onward.speak(service, visit).await?;
        let Some(waiting) = Waiting::find(service, visit, step).await? else {
            return Err(Stop::Go(
                visit.redirect(&onward.through(SIGN_IN.with("late", "yes"))),
            ));
        };
        let enrolled = factors::of(&service.store().read(), &waiting.account).await?;
        let there = |by: &By| By::SECOND.contains(by) && by.is_there(service, &enrolled);
        let asked = by.and_then(By::parse).filter(there);
        // What is fastest and strongest first; SMS and paper for whoever lacks the rest.
        let first = if waiting.question().is_some() {
            By::Passkey
        } else {
            By::Totp
        };
        let by = asked
            .or_else(|| Some(first).filter(there))
            .or_else(|| By::SECOND.into_iter().find(there));
        let Some(by) = by else {
            return Err(Problem::internal("an account with a second step and no factor").into());
        };
        Ok(Self {
            waiting,
            enrolled,
            by,
            onward,
        })
    }

    fn here(&self, by: By) -> LocalPath {
        page_of(self.waiting.token.expose(), &self.onward).with("by", by.as_str())
    }

    fn render(
        &self,
        service: &Service,
        visit: &Visit,
        sent: bool,
        (errors, status): (Errors, Option<StatusCode>),
    ) -> Response {
        let question = self.waiting.question();
        let asking = Asking {
            by: self.by,
            sent,
            question: question.as_ref(),
            account: &self.waiting.account,
        };
        let form = FormPage::new(Second::FORM, HERE)
            .hidden("step", self.waiting.token.expose())
            .hidden("by", self.by.as_str());
        let form = asking
            .add_to(self.onward.in_form(form), visit)
            .button(Button::link("signin-factor-leave").sends("cancel", "yes"));
        let others = By::SECOND.into_iter().filter(|by| *by != self.by);
        let others = others.filter(|by| by.is_there(service, &self.enrolled));
        let content = Content {
            visit,
            form: form.render(visit, &errors),
            others: others
                .map(|by| (self.here(by).as_str().to_owned(), by.link()))
                .collect(),
            recover: self.onward.through(LocalPath::known("/recover")),
        };
        let here = self.here(self.by);
        let here = if sent { here.with("sent", "yes") } else { here };
        let mut page = Page::new("sign-in-second", "signin-second-title")
            .return_to(here)
            .errors(errors);
        if let Some(status) = status {
            page = page.status(status);
        }
        visit.render(page, &content)
    }
}

/// Shows the page. It sends nothing: a code goes out only when it is asked for.
pub(super) async fn show(
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Stop> {
    let onward = Onward::new(asked.interaction.as_deref(), asked.return_to.as_deref());
    let at = (asked.step.as_str(), asked.by.as_deref());
    let visited = Visited::load(&service, &mut visit, at, onward).await?;
    Ok(visited.render(&service, &visit, asked.sent.is_some(), (Errors::none(), None)))
}

/// Takes a factor, sends a code, or asks the browser for a passkey.
pub(super) async fn submit(
    State(service): State<Service>,
    mut visit: Visit,
    Form(sent): Form<Second>,
) -> Result<Response, Stop> {
    let onward = Onward::new(sent.interaction.as_deref(), sent.return_to.as_deref());
    let at = (sent.step.as_str(), Some(sent.by.as_str()));
    let given = sent.given();
    let sending = (Second::FORM, given.as_str());
    if twice::find_begun(&service, &mut visit, sending).await? {
        return Ok(visit.redirect(&onward.path()));
    }
    let visited = match Visited::load(&service, &mut visit, at, onward.clone()).await {
        // Sent twice, and the first one came through in between.
        Err(Stop::Go(late)) => {
            let begun = twice::find_begun(&service, &mut visit, sending).await?;
            return Ok(if begun {
                visit.redirect(&onward.path())
            } else {
                late
            });
        }
        loaded => loaded?,
    };
    if sent.cancel.is_some() {
        visited.waiting.take(&service.store().read(), &visit).await?;
        return Ok(visit.redirect(&visited.onward.through(SIGN_IN)));
    }
    match sent.method.as_deref().and_then(By::parse) {
        Some(By::Sms) => {
            return Ok(
                match factor::send(&service, &visit, &visited.waiting.account).await? {
                    Ok(()) => visit.redirect(&visited.here(By::Sms).with("sent", "yes")),
                    Err(refusal) => {
                        let (words, status) = factor::not_sent(refusal);
                        visited.render(&service, &visit, true, (Errors::of_form(words), status))
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
        return take_passkey(&service, &mut visit, &visited, (&sent.credential, sending)).await;
    }
    let account = &visited.waiting.account;
    match factor::check(&service, &visit, account, (visited.by, &sent.code)).await? {
        Checked::Right(proof) => enter(&service, &mut visit, &visited, (&proof, sending)).await,
        Checked::Wrong(words, status) => refuse(&service, &visit, &visited, (words, status)).await,
        Checked::Used(words) => {
            // Sent twice, and the first one is under way: it used the code up.
            if twice::find_beginning(&service, &mut visit, sending).await? {
                return Ok(visit.redirect(&visited.onward.path()));
            }
            refuse(&service, &visit, &visited, (words, None)).await
        }
    }
}

/// Says what is wrong with a code.
async fn refuse(
    service: &Service,
    visit: &Visit,
    visited: &Visited,
    (words, status): (Words, Option<StatusCode>),
) -> Result<Response, Stop> {
    attempt::refuse(
        service,
        visit,
        Some(&visited.waiting.account),
        visited.by.as_str(),
    )
    .await?;
    Ok(visited.render(service, visit, true, (visited.by.error(words), status)))
}

async fn ask_passkey(service: &Service, visit: &Visit, visited: &Visited) -> Result<Response, Stop> {
    if !By::Passkey.is_there(service, &visited.enrolled) {
        return Err(Problem::not_found().into());
    }
    let asked = factors::begin_passkey(service, Some(&visited.enrolled.passkeys))?;
    let question = Question::of(&asked);
    let tx = service.store().read();
    visited.waiting.keep(&tx, visit, Some(&question)).await?;
    Ok(visit.redirect(&visited.here(By::Passkey)))
}

/// What was asked is gone with the answer, whatever it says (A217).
async fn take_passkey(
    service: &Service,
    visit: &mut Visit,
    visited: &Visited,
    (credential, sending): (&str, Sending<'_>),
) -> Result<Response, Stop> {
    let Some(question) = visited.waiting.question() else {
        return Ok(visit.redirect(&visited.here(By::Passkey)));
    };
    let (tx, account) = (service.store().read(), &visited.waiting.account);
    visited.waiting.keep(&tx, visit, None).await?;
    let expected = (Some(account.id), credential);
    match factors::finish_passkey(service, &tx, &question.state, expected).await? {
        Ok(_) => enter(service, visit, visited, (&Proof::of(By::Passkey), sending)).await,
        Err(reason) => {
            tracing::info!(%reason, "passkey refused");
            attempt::refuse(service, visit, Some(account), "passkey").await?;
            let again = Waiting::find(service, visit, visited.waiting.token.expose()).await?;
            let Some(waiting) = again else {
                return Ok(visit.redirect(&visited.onward.through(SIGN_IN)));
            };
            let again = Visited {
                waiting,
                enrolled: visited.enrolled.clone(),
                by: By::Passkey,
                onward: visited.onward.clone(),
            };
            let errors = Errors::of_form("signin-passkey-refused");
            Ok(again.render(service, visit, false, (errors, None)))
        }
    }
}

/// Both factors are right.
async fn enter(
    service: &Service,
    visit: &mut Visit,
    visited: &Visited,
    (proof, sending): (&Proof, Sending<'_>),
) -> Result<Response, Stop> {
    let waiting = &visited.waiting;
    let first = &waiting.ceremony.methods;
    let methods = proof
        .by
        .method()
        .map_or_else(|| first.clone(), |method| first.with(method));
    let half = Half {
        account: waiting.account.id,
        methods: &methods,
        public_computer: waiting.ceremony.public_computer,
    };
    let interaction = visited.onward.load(service, visit).await?;
    let client = interaction.as_ref().map(|interaction| &interaction.client_id);
    let tx = service.store().begin().await?;
    if !waiting.take(&tx, visit).await? || !proof.spend(service, &tx).await? {
        drop(tx);
        // Sent twice, and the first one came through while this one waited for its turn.
        if twice::find_begun(service, visit, sending).await? {
            return Ok(visit.redirect(&visited.onward.path()));
        }
        return Ok(visit.redirect(&visited.onward.through(SIGN_IN.with("late", "yes"))));
    }
    if proof.by == By::Recovery {
        let happening = Happening::new(waiting.account.id, What::CodeUsed);
        history::note(service, &tx, visit, &happening).await?;
    }
    if answer(waiting.account.status, Entry::SignIn) == Answer::OnlyToKeep {
        let handle = step::put(service, &tx, visit, (Purpose::Keep, &half)).await?;
        tx.commit().await?;
        return Ok(visit.redirect(&super::keep::page_of(handle.expose(), &visited.onward)));
    }
    let Some(started) = attempt::enter(service, &tx, visit, (&half, client)).await? else {
        return Ok(visit.redirect(&visited.onward.through(SIGN_IN)));
    };
    let started = twice::findable(&tx, visit, sending, started).await?;
    if proof.by == By::Recovery {
        crate::confirm::note_code(&tx, visit, (started.id, waiting.account.id)).await?;
    }
    tx.commit().await?;
    service.kick_delivery();
    super::page::uncancel(service, visit, &visited.onward, interaction.as_ref()).await?;
    started.give_to(visit);
    Ok(visit.redirect(&visited.onward.path()))
}
