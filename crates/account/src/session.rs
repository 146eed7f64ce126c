//! A browser's sign-in: how it begins, who is signed in, how it ends.
//!
//! Every sign-in gets a new cookie value, and so does every rise of what the person has proven; the old value is dead
//! (A151). Another person who was signed in before in the same browser is signed out in the same transaction (A171);
//! the same person keeps their sign-in, so that what sub-sites hold of it stays good. The cookie ends with the browser
//! (HB-69); limits are kept on the server (A163), shorter on a public computer (HB-68).

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use model::authn::{Method, Methods};
use model::event::Event;
use model::ids::{AccountId, SessionId};
use model::interaction::SIGNED_OUT_PATH;
use model::secret::Token;
use serde::Deserialize;
use store::accounts::Account;
use store::audit::Entry;
use store::interactions;
use store::logouts::Ticket;
use store::sessions::{self, LiveSession, Renewal};
use store::{StoreError, Tx};
use web::extract::{Form, FormName};
use web::form::{Button, Errors, FormPage};
use web::paths::LocalPath;
use web::{Page, Problem, Visit};

use crate::Service;
use crate::history::{self, Happening, What};
use crate::notice::Notice;

mod begin;
pub(crate) mod twice;

pub use begin::{Beginning, Made, Started, begin};

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
    visit: &Visit,
    session: &LiveSession,
    added: Added,
) -> Result<Option<Started>, StoreError> {
    let methods = match added {
        Added::Factor(method) => session.methods.with(method),
        Added::Evidence => session.methods.clone(),
    };
    // A sign-in is as old as the oldest of what its strength rests on: a password typed now does not make this morning's
    // passkey fresh for a request that wants both (A029, HB-26).
    let auth_time = match added {
        Added::Factor(method) if Methods::new([method]).strength() >= methods.strength() => {
            service.kit().now()
        }
        Added::Factor(_) | Added::Evidence => session.auth_time,
    };
    let token = successors(visit).into_iter().flatten().next();
    let token = token.unwrap_or_else(|| Token::generate(service.kit().rng()));
    let new = Renewal {
        token_hash: token.hash(),
        methods: &methods,
        auth_time,
    };
    if !sessions::renew(tx, session.id, &new).await? {
        return Ok(None);
    }
    if let Added::Factor(method) = added {
        let who = (session.id, session.account.id);
        crate::confirm::note(tx, visit, who, &Methods::new([method])).await?;
    }
    if methods != session.methods {
        let happening = Happening::new(session.account.id, What::Strengthened).in_session(session.id);
        history::note(service, tx, visit, &happening.by(&methods)).await?;
    }
    Ok(Some(Started::again(session.id, token)))
}

/// For so long, at least, the cookie that a renewed sign-in had leads its own browser to the new one, in seconds.
const LOST_ANSWER_SECONDS: i64 = 15;

/// The cookies that come after the one the browser sent, for a renewal now, a moment ago, or by the clock of a node that is
/// ahead. A form that was
/// sent twice loses the first answer and with it the new cookie: the second request still has the old one, which is
/// good for nothing but this. Nobody can work the value out without our key and this browser's own secret, so that
/// who knows only the old cookie, or planted it, has nothing (A151).
fn successors(visit: &Visit) -> [Option<Token>; 3] {
    let (key, browser) = (visit.kit().csrf_key(), visit.browser_hash());
    let window = visit.now().timestamp().div_euclid(LOST_ANSWER_SECONDS);
    [window, window - 1, window + 1].map(|window| {
        let old = visit.session_token()?;
        // No form has a name with a NUL.
        Token::parse(&key.token(&browser, &format!("renewed\u{0}{window}\u{0}{}", old.expose())))
    })
}

/// Finds the sign-in whose new cookie the browser has not got, and gives it.
async fn recover(service: &Service, visit: &mut Visit) -> Result<Option<LiveSession>, StoreError> {
    let (tx, limits) = (service.store().read(), &service.config().session);
    for token in successors(visit).into_iter().flatten() {
        if let Some(session) = sessions::find_live(&tx, &token.hash(), limits, visit.now()).await? {
            visit.start_session(&token, None);
            return Ok(Some(session));
        }
    }
    Ok(None)
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
    let session = match current(service, visit).await? {
        Some(session) => Some(session),
        None => recover(service, visit).await?,
    };
    let Some(session) = session else {
        let sign_in = LocalPath::known("/sign-in").with("return_to", here.as_str());
        return Err(Stop::Go(visit.redirect(&sign_in)));
    };
    visit.set_signed_in(display_name(&session.account));
    Ok(session)
}

/// Where it is said that a sign-in ended before what was sent in it could be done; the way goes on to a page of ours.
pub(crate) fn ended(back: &LocalPath) -> LocalPath {
    LocalPath::known("/sign-in")
        .with("late", "ended")
        .with("return_to", back.as_str())
}

/// The person's name as their own pages show it: enough for the owner, little for who looks over a shoulder.
pub fn display_name(account: &Account) -> String {
    let name = account.name.as_ref().map(model::person_name::PersonName::masked);
    name.or_else(|| account.phone.as_ref().map(model::phone::Phone::masked))
        .unwrap_or_default()
}

/// Ends a sign-in with everything that it gave, and makes the browser forget it; answers with the page that says so.
/// Where sub-sites know of the sign-in it is the page that shows what became of telling them.
pub async fn end(
    service: &Service,
    visit: &mut Visit,
    session: (SessionId, AccountId),
) -> Result<LocalPath, StoreError> {
    let (id, account) = session;
    let now = visit.now();
    let tx = service.store().begin().await?;
    let sites = sessions::sites(&tx, id).await?;
    if sessions::end(&tx, id, now).await? {
        let mut entry = Entry::new(Event::SignedOut, now).account(account).session(id);
        entry.request_id = Some(visit.request_id().to_owned());
        store::audit::record(&tx, service.kit().rng(), entry).await?;
        let happening = Happening::new(account, What::SignedOut).in_session(id);
        history::note(service, &tx, visit, &happening).await?;
    }
    interactions::leave_behind(&tx, &visit.browser_hash(), now).await?;
    tx.commit().await?;
    visit.end_session();
    if sites.is_empty() {
        return Ok(SIGN_OUT);
    }
    let ticket = Ticket {
        session: id,
        at: now,
        client: None,
        back: None,
    };
    let ticket = ticket.seal(service.store(), &visit.browser_hash())?;
    Ok(LocalPath::known(SIGNED_OUT_PATH).with("ticket", &ticket))
}

const SIGN_OUT: LocalPath = LocalPath::known("/sign-out");

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

/// What is signed out already needs no proof: another tab was faster, and with it the form lost its own.
async fn sign_out(
    State(service): State<Service>,
    mut visit: Visit,
    form: Result<Form<SignOut>, Problem>,
) -> Result<Response, Stop> {
    let session = current(&service, &visit).await?;
    if form.is_err() && session.is_none() {
        return Ok(visit.redirect(&SIGN_OUT));
    }
    let Form(SignOut {}) = form?;
    let lapsed = match visit.session_token() {
        Some(token) if session.is_none() => {
            sessions::find_lapsed(&service.store().read(), &token.hash(), visit.now()).await?
        }
        _ => None,
    };
    let ending = session.map(|session| (session.id, session.account.id));
    // Sub-sites still know of a sign-in that lapsed by itself.
    let ending = ending.or_else(|| lapsed.map(|lapsed| (lapsed.id, lapsed.account)));
    let page = match ending {
        Some(ending) => end(&service, &mut visit, ending).await?,
        None => SIGN_OUT,
    };
    Ok(visit.redirect(&page))
}

#[cfg(test)]
mod tests;
