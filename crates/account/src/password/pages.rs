//! `/account/security/password`: a new password, or the first one (HB-33). The current one and the five before cannot be
//! chosen again. Codes and refresh tokens of sub-sites and all other sign-ins end with the old one (A090).

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use model::event::Event;
use model::ids::AccountId;
use model::secret::{Sensitive, Token};
use serde::Deserialize;
use serde_json::json;
use store::credentials::{self, PasswordHash};
use store::sessions::LiveSession;
use store::status_events::{Credential, CredentialStep};
use web::extract::{Form, FormName, Query};
use web::form::{Button, Errors, Field, FormPage};
use web::paths::LocalPath;
use web::{Markup, Page, Problem, Visit};

use super::{About, HashingError, Password, PasswordFault, StoredPassword};
use crate::Service;
use crate::confirm::{self, Need};
use crate::factors::Tried;
use crate::factors::finish::{Done, finish};
use crate::history::What;
use crate::notices::Kind;
use crate::session::{self, Stop, twice};
use crate::signin::Onward;

const HERE: LocalPath = LocalPath::known("/account/security/password");
const SECURITY: LocalPath = LocalPath::known("/account/security");
/// Where a word about an old password is put off.
pub(crate) const LATER: LocalPath = LocalPath::known("/account/security/password/later");

/// The most code units of the field.
const TYPED_UNITS: u32 = 256;

pub(crate) fn routes() -> Router<Service> {
    Router::new()
        .route("/account/security/password", get(show).post(submit))
        .route("/account/security/password/later", post(put_off))
}

/// The parameters of the page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    /// A page of ours that wanted a password.
    return_to: Option<String>,
    /// The person was asked for a proof in between.
    confirmed: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Sent {
    current: Sensitive<String>,
    password: Sensitive<String>,
    password_again: Sensitive<String>,
    return_to: Option<String>,
    /// What tells one sending from another.
    once: String,
}

impl FormName for Sent {
    const FORM: &'static str = "password";
}

/// Puts the word about an old password off.
#[derive(Debug, Deserialize)]
pub(crate) struct Later {}

impl FormName for Later {
    const FORM: &'static str = "password-later";
}

/// The two fields of a new password.
pub(crate) fn with_new_password(form: FormPage, visit: &Visit) -> FormPage {
    form.field(
        Field::password("password", "factors-password-new")
            .hint("register-password-hint")
            .autocomplete("new-password")
            .maxlength(TYPED_UNITS)
            .required()
            .data("show", visit.t("web-show-password"))
            .data("hide", visit.t("web-hide-password"))
            .data("weak", visit.t("register-strength-weak"))
            .data("fair", visit.t("register-strength-fair"))
            .data("strong", visit.t("register-strength-strong")),
    )
    .field(
        Field::password("password_again", "register-password-again")
            .autocomplete("new-password")
            .maxlength(TYPED_UNITS)
            .required(),
    )
}

/// One visit to the page.
struct Visited {
    session: LiveSession,
    stored: Option<PasswordHash>,
    onward: Onward,
    confirmed: bool,
}

impl Visited {
    async fn load(
        service: &Service,
        visit: &mut Visit,
        (return_to, confirmed): (Option<&str>, bool),
    ) -> Result<Self, Stop> {
        let onward = Onward::new(None, return_to);
        let session = session::require(service, visit, &onward.through(HERE)).await?;
        let stored = credentials::find_password(&service.store().read(), session.account.id).await?;
        Ok(Self {
            session,
            stored,
            onward,
            confirmed,
        })
    }

    /// With a password any fresh proof lets somebody in, and the current one typed here; without one it is the strongest
    /// that there is (A275).
    const fn need(&self) -> Need {
        if self.stored.is_some() {
            Need::Recent
        } else {
            Need::Strongest
        }
    }

    fn page(&self, service: &Service, visit: &Visit, errors: Errors) -> Response {
        let once = Token::generate(service.rng());
        let form = FormPage::new(Sent::FORM, HERE).hidden("once", once.expose());
        let mut form = self.onward.in_form(form);
        let mut page = Page::new("account-password", "factors-password-title");
        let has_one = self.stored.is_some();
        if has_one {
            form = form.field(
                Field::password("current", "factors-password-current")
                    .required()
                    .focus(),
            );
        } else {
            page = Page::new("account-password", "factors-password-title-first")
                .caption("factors-password-first-text");
        }
        let form = with_new_password(form, visit).button(Button::primary("factors-password-submit"));
        let content = Content {
            visit,
            confirmed: self.confirmed,
            form: form.render(visit, &errors),
            has_one,
        };
        let here = self.onward.through(HERE);
        visit.render(page.own_forms_only().return_to(here).errors(errors), &content)
    }
}

#[derive(askama::Template)]
#[template(path = "password.html")]
struct Content<'a> {
    visit: &'a Visit,
    confirmed: bool,
    form: Markup,
    has_one: bool,
}

async fn show(
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Stop> {
    let at = (asked.return_to.as_deref(), asked.confirmed.is_some());
    let visited = Visited::load(&service, &mut visit, at).await?;
    let here = visited.onward.through(HERE);
    confirm::require(&service, &mut visit, visited.need(), &here).await?;
    Ok(visited.page(&service, &visit, Errors::none()))
}

async fn submit(
    State(service): State<Service>,
    mut visit: Visit,
    Form(sent): Form<Sent>,
) -> Result<Response, Stop> {
    let at = (sent.return_to.as_deref(), false);
    let mut visited = Visited::load(&service, &mut visit, at).await?;
    let sending = (Sent::FORM, sent.once.as_str());
    if let Some(page) = twice::led(&service.store().read(), &visit, (&visited.session, sending)).await? {
        return Ok(visit.redirect(&page));
    }
    let has_one = visited.stored.is_some();
    // Where there is one, the current password is the proof, typed just now.
    if !has_one {
        let here = visited.onward.through(HERE.with(confirm::CONFIRMED, "yes"));
        visited.session = confirm::require(&service, &mut visit, visited.need(), &here).await?;
    }
    let mut errors = Errors::none();
    if has_one && sent.current.expose().is_empty() {
        errors.add("current", "factors-password-current-missing");
    }
    let chosen = choose(&service, &visited.session, &sent, &mut errors);
    let (Some(chosen), true) = (chosen, errors.is_empty()) else {
        return Ok(visited.page(&service, &visit, errors));
    };
    if has_one {
        let account = visited.session.account.id;
        let tried = confirm::password(&service, account, sent.current.expose()).await?;
        let words = match tried {
            Tried::Wrong => Some("factors-password-current-wrong".into()),
            other => other.words(),
        };
        if let Some(words) = words {
            // Sent twice, and the first one was under way: what was the current password is not that any more.
            if let Some(page) =
                twice::led(&service.store().read(), &visit, (&visited.session, sending)).await?
            {
                return Ok(visit.redirect(&page));
            }
            return Ok(visited.page(&service, &visit, Errors::of("current", words)));
        }
    }
    match change(&service, &mut visit, (&visited, sending), &chosen).await? {
        Ok(response) => Ok(response),
        Err(errors) => {
            // Sent twice, and the first one came through while this one was being looked at.
            if let Some(page) =
                twice::led(&service.store().read(), &visit, (&visited.session, sending)).await?
            {
                return Ok(visit.redirect(&page));
            }
            Ok(visited.page(&service, &visit, errors))
        }
    }
}

/// What was chosen, as far as it can be told without hashing.
fn choose(service: &Service, session: &LiveSession, sent: &Sent, errors: &mut Errors) -> Option<Password> {
    let (typed, again) = (sent.password.expose(), sent.password_again.expose());
    if typed.is_empty() {
        errors.add("password", "register-password-missing");
        return None;
    }
    let account = &session.account;
    let about = About {
        phone: account.phone.as_ref(),
        email: account.email.as_ref(),
        citizen_id: account.citizen_id.as_ref(),
        name: account.name.as_ref(),
        username: account.username.as_ref(),
    };
    let chosen = service
        .policy()
        .check(typed, &about)
        .map_err(PasswordFault::words);
    let chosen = errors.take("password", chosen);
    if typed != again {
        errors.add("password_again", "register-password-differs");
    }
    chosen
}

/// Whether a password is the current one, if that is to be looked at, or one of those before it. Up to six comparisons, one after the other: only
/// somebody who has proven who they are comes here.
pub(crate) async fn was_used(
    service: &Service,
    (account, current): (AccountId, bool),
    chosen: &Password,
) -> Result<bool, Stop> {
    let tx = service.store().read();
    let current = if current {
        credentials::find_password(&tx, account).await?
    } else {
        None
    };
    let former = credentials::former_passwords(&tx, account).await?;
    for phc in current.map(|current| current.phc).into_iter().chain(former) {
        let stored = StoredPassword::from_stored(phc.into_inner());
        let verdict = service.hashing().verify(chosen, Some(&stored)).await;
        if verdict.map_err(busy)?.is_right() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn busy(error: HashingError) -> Stop {
    match error {
        HashingError::Busy => Problem::too_many(5).into(),
        other => Problem::internal(other).into(),
    }
}

/// Stores the new password and leads on; the errors of the page where it cannot be.
async fn change(
    service: &Service,
    visit: &mut Visit,
    (visited, sending): (&Visited, twice::Sending<'_>),
    chosen: &Password,
) -> Result<Result<Response, Errors>, Stop> {
    let (session, stored) = (&visited.session, visited.stored.as_ref());
    let (account, now) = (session.account.id, visit.now());
    if was_used(service, (account, true), chosen).await? {
        return Ok(Err(Errors::of("password", "factors-password-used")));
    }
    let phc = service.hashing().hash(chosen).await.map_err(busy)?;
    let phc = Sensitive::new(phc.as_str().to_owned());
    let tx = service.store().begin().await?;
    let changed = match stored {
        Some(old) => credentials::retire_password(&tx, service.rng(), account, (&old.phc, &phc), now).await?,
        None => match credentials::create_password(&tx, service.rng(), account, &phc, now).await {
            Ok(()) => true,
            Err(store::StoreError::Duplicate) => false,
            Err(error) => return Err(error.into()),
        },
    };
    // Another tab was faster; what was typed as current is not that any more.
    if !changed {
        return Ok(Err(Errors::of("current", "factors-password-current-wrong")));
    }
    let step = match stored {
        Some(_) => CredentialStep::Update,
        None => CredentialStep::Create,
    };
    let done = Done {
        event: Event::PasswordChanged,
        details: json!({ "first": stored.is_none() }),
        what: What::PasswordChanged,
        kind: Kind::PasswordChanged,
        args: &[],
        ends_others: true,
        credential: Some((Credential::Password, step)),
        sending,
        leads: match visited.onward.return_to() {
            Some(page) => page.clone(),
            None => SECURITY.with("done", "password"),
        },
        back: visited.onward.through(HERE),
    };
    finish(service, visit, session, (tx, done)).await.map(Ok)
}

async fn put_off(
    State(service): State<Service>,
    mut visit: Visit,
    Form(Later {}): Form<Later>,
) -> Result<Response, Stop> {
    let session = session::require(&service, &mut visit, &SECURITY).await?;
    let (tx, now) = (service.store().read(), visit.now());
    credentials::put_off(&tx, service.rng(), session.account.id, now).await?;
    Ok(visit.redirect(&SECURITY))
}
