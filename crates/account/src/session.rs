//! A browser's sign-in: how it begins, who is signed in, how it ends.
//!
//! Every sign-in gets a new cookie value, and so does every rise of what the person has proven; the old value is dead
//! (A151). Whoever was signed in before in the same browser is signed out in the same transaction (A171). The cookie
//! ends with the browser (HB-69); limits are kept on the server (A163), shorter on a public computer (HB-68).

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use model::authn::{Method, Methods};
use model::event::Event;
use model::ids::{AccountId, SessionId};
use model::secret::Token;
use serde::Deserialize;
use store::accounts::Account;
use store::audit::Entry;
use store::sessions::{self, LiveSession, NewSession, Renewal};
use store::{StoreError, Tx};
use web::extract::{Form, FormName};
use web::form::{Button, Errors, FormPage};
use web::paths::LocalPath;
use web::{Page, Problem, Visit};

use crate::Service;
use crate::notice::Notice;

/// A sign-in that is stored. The browser gets its cookie once the transaction is committed.
#[derive(Debug)]
pub struct Started {
    /// Its identifier.
    pub id: SessionId,
    token: Token,
}

impl Started {
    /// Gives the browser its cookie, which ends with the browser.
    pub fn give_to(&self, visit: &mut Visit) {
        visit.start_session(&self.token, None);
    }
}

/// Stores a new sign-in and ends the one that the browser had.
pub async fn start(
    service: &Service,
    tx: &Tx,
    visit: &Visit,
    account: AccountId,
    methods: Methods,
    public_computer: bool,
) -> Result<Started, StoreError> {
    let (now, rng) = (visit.now(), service.kit().rng());
    let limits = &service.config().session;
    if let Some(old) = visit.session_token()
        && let Some(old) = sessions::find_live(tx, &old.hash(), limits, now).await?
    {
        sessions::end(tx, old.id, now).await?;
    }
    let started = Started {
        id: SessionId::new(now, rng),
        token: Token::generate(rng),
    };
    let new = NewSession {
        id: started.id,
        token_hash: started.token.hash(),
        account,
        methods,
        public_computer,
        now,
        expires_at: limits.expires_at(now, public_computer),
        device: visit.device().label(),
    };
    sessions::create(tx, &new).await?;
    Ok(started)
}

/// What a person added to their sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// A factor, proven just now.
    Factor(Method),
    /// Evidence; the factors are what they were.
    Evidence,
}

/// Puts a sign-in under a new cookie after its person proved more; `None` when it has ended meanwhile.
pub async fn renew(
    service: &Service,
    tx: &Tx,
    session: &LiveSession,
    added: Added,
) -> Result<Option<Started>, StoreError> {
    let (methods, auth_time) = match added {
        Added::Factor(method) => (
            Methods::new(session.methods.iter().chain([method])),
            service.kit().now(),
        ),
        Added::Evidence => (session.methods.clone(), session.auth_time),
    };
    let token = Token::generate(service.kit().rng());
    let new = Renewal {
        token_hash: token.hash(),
        methods: &methods,
        auth_time,
    };
    let renewed = sessions::renew(tx, session.id, &new).await?;
    Ok(renewed.then_some(Started {
        id: session.id,
        token,
    }))
}

/// Who is signed in.
pub async fn current(service: &Service, visit: &Visit) -> Result<Option<LiveSession>, StoreError> {
    let Some(token) = visit.session_token() else {
        return Ok(None);
    };
    let limits = &service.config().session;
    sessions::find_live(&service.store().read(), &token.hash(), limits, visit.now()).await
}

/// Why a handler stops early: something cannot be done, or another page comes first.
#[derive(Debug)]
pub enum Stop {
    /// A problem.
    Problem(Problem),
    /// Another page.
    Go(Response),
}

impl IntoResponse for Stop {
    fn into_response(self) -> Response {
        match self {
            Self::Problem(problem) => problem.into_response(),
            Self::Go(response) => response,
        }
    }
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Problem(Problem::unavailable(error))
    }
}

/// Who is signed in; otherwise the sign-in page, which comes back to `here` afterwards. Shows the navigation.
pub async fn require(service: &Service, visit: &mut Visit, here: &LocalPath) -> Result<LiveSession, Stop> {
    let Some(session) = current(service, visit).await? else {
        let sign_in = LocalPath::known("/sign-in").with("return_to", here.as_str());
        return Err(Stop::Go(visit.redirect(&sign_in)));
    };
    visit.set_signed_in(display_name(&session.account));
    Ok(session)
}

/// The person's name as their own pages show it: enough for the owner, little for who looks over a shoulder.
pub fn display_name(account: &Account) -> String {
    let name = account.name.as_ref().map(model::person_name::PersonName::masked);
    name.or_else(|| account.phone.as_ref().map(model::phone::Phone::masked))
        .unwrap_or_default()
}

/// Ends a sign-in with everything that it gave, and makes the browser forget it.
pub async fn end(service: &Service, visit: &mut Visit, session: &LiveSession) -> Result<(), StoreError> {
    let now = visit.now();
    let tx = service.store().begin().await?;
    if sessions::end(&tx, session.id, now).await? {
        let mut entry = Entry::new(Event::SignedOut, now)
            .account(session.account.id)
            .session(session.id);
        entry.request_id = Some(visit.request_id().to_owned());
        store::audit::record(&tx, service.kit().rng(), entry).await?;
    }
    tx.commit().await?;
    visit.end_session();
    Ok(())
}

/// `/sign-out`.
pub(crate) fn routes() -> Router<Service> {
    Router::new().route("/sign-out", get(ask).post(sign_out))
}

#[derive(Deserialize)]
struct SignOut {}

impl FormName for SignOut {
    // The layout's own button posts the same form.
    const FORM: &'static str = "sign-out";
}

/// GET changes nothing: it asks (A165), or says that nobody is signed in.
async fn ask(State(service): State<Service>, mut visit: Visit) -> Result<Response, Stop> {
    let Some(session) = current(&service, &visit).await? else {
        let notice = Notice::saying("signin-signed-out-text")
            .and("signin-signed-out-close")
            .link(LocalPath::known("/sign-in"), "signin-signed-out-again");
        return Ok(notice.respond(&visit, Page::new("signed-out", "signin-signed-out-title")));
    };
    visit.set_signed_in(display_name(&session.account));
    let form = FormPage::new(SignOut::FORM, LocalPath::known("/sign-out"))
        .button(Button::primary("signin-sign-out-button"))
        .render(&visit, &Errors::none());
    let notice = Notice::saying("signin-sign-out-text").action(form);
    Ok(notice.respond(&visit, Page::new("sign-out", "signin-sign-out-title")))
}

async fn sign_out(
    State(service): State<Service>,
    mut visit: Visit,
    Form(SignOut {}): Form<SignOut>,
) -> Result<Response, Stop> {
    match current(&service, &visit).await? {
        Some(session) => end(&service, &mut visit, &session).await?,
        None => visit.end_session(),
    }
    Ok(visit.redirect(&LocalPath::known("/sign-out")))
}
