//! `/sign-in/more`: a sub-site wants a stronger sign-in than there is, and the account's level is enough. Just the factor
//! that is missing is asked for; then the interrupted request goes on. Who has no such factor is told so and where it is set
//! up. It raises the sign-in and nothing else, always under a new cookie (A151).

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::TimeDelta;
use model::authn::{Method, Methods, Strength};
use model::event::Event;
use model::ids::SessionId;
use model::interaction::Interaction;
use model::secret::{Sensitive, TokenHash};
use serde::Deserialize;
use serde_json::json;
use store::audit;
use store::ceremonies::{self, Handle, NewCeremony, Purpose};
use store::sessions::LiveSession;
use web::extract::{Form, FormName, Query};
use web::form::{Button, Errors, FormPage, Words};
use web::paths::LocalPath;
use web::{Markup, Page, Problem, Visit};

use super::attempt;
use super::factor::{self, Asking, By, Checked, Proof, at_code};
use super::onward::Onward;
use super::step::Question;
use crate::Service;
use crate::factors::{self, Enrolled};
use crate::session::{self, Added, Stop};

const HERE: LocalPath = LocalPath::known("/sign-in/more");
const PASSKEYS: LocalPath = LocalPath::known("/account/security/passkeys");
const AUTHENTICATOR: LocalPath = LocalPath::known("/account/security/authenticator");

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

#[derive(askama::Template)]
#[template(path = "sign_in_more.html")]
struct Content<'a> {
    visit: &'a Visit,
    text: String,
    form: Markup,
    enrol: Option<(LocalPath, &'static str)>,
    others: Vec<(String, &'static str)>,
}

/// How strong the sign-in is to become; what no factor here gives is as good as nothing asked.
fn wanted(text: Option<&str>) -> Strength {
    let number = text.and_then(|text| text.parse().ok());
    let strength = number.and_then(|number: u8| Strength::try_from(number).ok());
    strength
        .filter(|strength| *strength <= Strength::A3)
        .unwrap_or(Strength::A2)
}

/// What would do: each of these makes the sign-in as strong as it is wanted.
fn ways(session: &LiveSession, want: Strength) -> Vec<By> {
    let enough = |by: &By| {
        by.method()
            .is_some_and(|method| session.methods.with(method).strength() >= want)
    };
    By::ALL.into_iter().filter(enough).collect()
}

/// One visit to the page.
struct Visited {
    session: LiveSession,
    enrolled: Enrolled,
    want: Strength,
    /// What would do and is set up.
    ways: Vec<By>,
    by: Option<By>,
    onward: Onward,
    site: Option<String>,
    question: Option<Question>,
}

impl Visited {
    async fn load(
        service: &Service,
        visit: &mut Visit,
        (want, by): (Option<&str>, Option<&str>),
        onward: Onward,
    ) -> Result<Self, Stop> {
        let want = wanted(want);
        let interaction = onward.speak(service, visit).await?;
        if let Some(page) = onward.left_behind(service, interaction.as_ref()).await? {
            return Err(Stop::Go(visit.redirect(&page)));
        }
        let session = session::require(service, visit, &here(want, &onward)).await?;
        if session.methods.strength() >= want {
            return Err(Stop::Go(visit.redirect(&onward.path())));
        }
        let tx = service.store().read();
        let enrolled = factors::of(&tx, &session.account).await?;
        let mut ways = ways(&session, want);
        ways.retain(|by| by.is_there(service, &enrolled));
        let asked = by.and_then(By::parse).filter(|by| ways.contains(by));
        let question = Self::question(service, visit, session.id).await?;
        Ok(Self {
            by: asked.or_else(|| ways.first().copied()),
            site: site_name(service, visit, interaction.as_ref()).await?,
            session,
            enrolled,
            want,
            ways,
            onward,
            question,
        })
    }

    /// What the browser was asked about passkeys for this sign-in.
    async fn question(
        service: &Service,
        visit: &Visit,
        session: SessionId,
    ) -> Result<Option<Question>, Stop> {
        let (id, browser) = keys(visit, session);
        let at = handle(&id, &browser);
        let found = ceremonies::look(&service.store().read(), at, visit.now()).await?;
        Ok(found.and_then(|found| Question::read(&found.state)))
    }

    fn here(&self, by: By) -> LocalPath {
        here(self.want, &self.onward).with("by", by.as_str())
    }

    fn render(&self, visit: &Visit, sent: bool, (errors, status): (Errors, Option<StatusCode>)) -> Response {
        let form = FormPage::new(More::FORM, HERE).hidden("want", self.want.number().to_string());
        let mut form = self.onward.in_form(form);
        if let Some(by) = self.by {
            let asking = Asking {
                by,
                sent,
                question: self.question.as_ref(),
                account: &self.session.account,
            };
            form = asking.add_to(form.hidden("by", by.as_str()), visit);
        }
        if self.onward.has_interaction() {
            form = form.button(Button::link("signin-more-not-now").sends("decline", "yes"));
        }
        let others = self.ways.iter().copied().filter(|by| Some(*by) != self.by);
        let content = Content {
            visit,
            text: self.text(visit),
            form: form.render(visit, &errors),
            enrol: self.enrol(),
            others: others
                .map(|by| (self.here(by).as_str().to_owned(), by.link()))
                .collect(),
        };
        let here = match self.by {
            Some(by) => self.here(by),
            None => here(self.want, &self.onward),
        };
        let here = if sent { here.with("sent", "yes") } else { here };
        let mut page = Page::new("sign-in-more", "signin-more-title")
            .return_to(here)
            .errors(errors);
        if let Some(status) = status {
            page = page.status(status);
        }
        if let Some(site) = &self.site {
            page = page.caption(Words::with(
                "signin-for-site",
                vec![("site", site.as_str().into())],
            ));
        }
        visit.render(page, &content)
    }

    fn text(&self, visit: &Visit) -> String {
        let key = match (self.want >= Strength::A3, self.by.is_some()) {
            (true, true) => "signin-more-passkey",
            (true, false) => "signin-more-no-passkey",
            (false, true) => "signin-more-second",
            (false, false) => "signin-more-no-second",
        };
        visit.t(key)
    }

    /// Where a factor that would do is set up, for who has none; the page comes back here.
    fn enrol(&self) -> Option<(LocalPath, &'static str)> {
        if self.by.is_some() {
            return None;
        }
        let back = here(self.want, &self.onward);
        let (page, words) = if self.want >= Strength::A3 {
            (PASSKEYS, "signin-more-make-passkey")
        } else {
            (AUTHENTICATOR, "signin-more-make-authenticator")
        };
        Some((page.with("return_to", back.as_str()), words))
    }
}

fn here(want: Strength, onward: &Onward) -> LocalPath {
    onward.through(HERE.with("want", &want.number().to_string()))
}

async fn site_name(
    service: &Service,
    visit: &Visit,
    interaction: Option<&Interaction>,
) -> Result<Option<String>, Stop> {
    let Some(interaction) = interaction else {
        return Ok(None);
    };
    let client = store::clients::find(&service.store().read(), &interaction.client_id).await?;
    Ok(client.map(|client| client.name.in_language(visit.language()).to_owned()))
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
    match factor::check(&service, &visit, account, (by, &sent.code)).await? {
        Checked::Right(proof) => add(&service, &mut visit, &visited, &proof).await,
        Checked::Wrong(words, status) => {
            attempt::refuse(&service, &visit, Some(account), by.as_str()).await?;
            Ok(visited.render(&visit, true, (at_code(words), status)))
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
    let renewed = session::renew(service, &tx, visit, session, Added::Factor(method)).await?;
    let mut entry = audit::Entry::new(Event::SignedIn, visit.now())
        .account(session.account.id)
        .session(session.id)
        .details(json!({ "added": amr_of(method) }));
    entry.request_id = Some(visit.request_id().to_owned());
    audit::record(&tx, service.rng(), entry).await?;
    tx.commit().await?;
    if let Some(renewed) = renewed {
        renewed.give_to(visit);
    }
    Ok(visit.redirect(&visited.onward.path()))
}

fn amr_of(method: Method) -> Vec<&'static str> {
    Methods::new([method]).amr()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attack_011_what_is_wanted_is_a_strength_that_a_factor_here_can_give() {
        assert_eq!(wanted(Some("3")), Strength::A3);
        for other in [
            None,
            Some(""),
            Some("2"),
            Some("4"),
            Some("9"),
            Some("x"),
            Some("-1"),
        ] {
            assert_eq!(wanted(other), Strength::A2, "{other:?}");
        }
    }
}
