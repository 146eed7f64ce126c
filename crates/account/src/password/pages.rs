//! `/account/security/password`: a new password, or the first one (HB-33). The current one and the five before cannot be
//! chosen again. Codes and refresh tokens of sub-sites and all other sign-ins end with the old one (A090).

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use model::event::Event;
use model::secret::Sensitive;
use serde::Deserialize;
use serde_json::json;
use store::credentials::{self, PasswordHash};
use store::sessions::LiveSession;
use store::status_events::{Credential, CredentialStep};
use web::extract::{Form, FormName};
use web::form::{Button, Errors, Field, FormPage, Words};
use web::paths::LocalPath;
use web::{Markup, Page, Problem, Visit};

use super::{About, HashingError, Password, PasswordFault, StoredPassword};
use crate::Service;
use crate::confirm::{self, Need};
use crate::factors::Tried;
use crate::factors::finish::{Done, finish};
use crate::history::What;
use crate::notices::Kind;
use crate::session::{self, Stop};

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

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Sent {
    current: Sensitive<String>,
    password: Sensitive<String>,
    password_again: Sensitive<String>,
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

/// What the page says when a password cannot be chosen.
pub(crate) fn fault_words(fault: PasswordFault) -> Words {
    Words::key(match fault {
        PasswordFault::TooShort => "password-fault-too-short",
        PasswordFault::TooLong => "password-fault-too-long",
        PasswordFault::Unprintable => "password-fault-unprintable",
        PasswordFault::TooFewKinds => "password-fault-too-few-kinds",
        PasswordFault::ContainsPhone => "password-fault-contains-phone",
        PasswordFault::ContainsCitizenId => "password-fault-contains-citizen-id",
        PasswordFault::ContainsBirthDate => "password-fault-contains-birth-date",
        PasswordFault::ContainsName => "password-fault-contains-name",
        PasswordFault::ContainsEmail => "password-fault-contains-email",
        PasswordFault::ContainsSiteName => "password-fault-contains-site-name",
        PasswordFault::Breached => "password-fault-breached",
    })
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

/// The confirmation as the person's page needs it: with a password any fresh proof and the current one typed here,
/// without one the strongest that there is (A275).
async fn enter(service: &Service, visit: &mut Visit) -> Result<(LiveSession, Option<PasswordHash>), Stop> {
    let session = session::require(service, visit, &HERE).await?;
    let stored = credentials::find_password(&service.store().read(), session.account.id).await?;
    let need = if stored.is_some() {
        Need::Recent
    } else {
        Need::Strongest
    };
    Ok((confirm::require(service, visit, need, &HERE).await?, stored))
}

fn page(visit: &Visit, has_one: bool, errors: Errors) -> Response {
    let mut form = FormPage::new(Sent::FORM, HERE);
    let mut page = Page::new("account-password", "factors-password-title");
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
        form: form.render(visit, &errors),
        has_one,
    };
    visit.render(page.own_forms_only().return_to(HERE).errors(errors), &content)
}

#[derive(askama::Template)]
#[template(path = "password.html")]
struct Content<'a> {
    visit: &'a Visit,
    form: Markup,
    has_one: bool,
}

async fn show(State(service): State<Service>, mut visit: Visit) -> Result<Response, Stop> {
    let (_, stored) = enter(&service, &mut visit).await?;
    Ok(page(&visit, stored.is_some(), Errors::none()))
}

async fn submit(
    State(service): State<Service>,
    mut visit: Visit,
    Form(sent): Form<Sent>,
) -> Result<Response, Stop> {
    let (session, stored) = enter(&service, &mut visit).await?;
    let has_one = stored.is_some();
    let mut errors = Errors::none();
    if has_one && sent.current.expose().is_empty() {
        errors.add("current", "factors-password-current-missing");
    }
    let chosen = choose(&service, &session, &sent, &mut errors);
    let (Some(chosen), true) = (chosen, errors.is_empty()) else {
        return Ok(page(&visit, has_one, errors));
    };
    if has_one {
        let tried = confirm::password(&service, session.account.id, sent.current.expose()).await?;
        let words = match tried {
            Tried::Wrong => Some("factors-password-current-wrong".into()),
            other => other.words(),
        };
        if let Some(words) = words {
            return Ok(page(&visit, has_one, Errors::of("current", words)));
        }
    }
    match change(&service, &mut visit, (&session, stored.as_ref()), &chosen).await {
        Ok(None) => Ok(visit.redirect(&SECURITY.with("done", "password"))),
        Ok(Some(errors)) => Ok(page(&visit, has_one, errors)),
        Err(stop) => Err(stop),
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
    };
    let chosen = service.policy().check(typed, &about).map_err(fault_words);
    let chosen = errors.take("password", chosen);
    if typed != again {
        errors.add("password_again", "register-password-differs");
    }
    chosen
}

/// Whether a password is the current one or one of those before it. Up to six comparisons, one after the other: only
/// somebody who has proven who they are comes here.
pub(crate) async fn was_used(
    service: &Service,
    account: model::ids::AccountId,
    chosen: &Password,
) -> Result<bool, Stop> {
    let tx = service.store().read();
    let current = credentials::find_password(&tx, account).await?;
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

/// Stores the new password; the errors of the page where it cannot be.
async fn change(
    service: &Service,
    visit: &mut Visit,
    (session, stored): (&LiveSession, Option<&PasswordHash>),
    chosen: &Password,
) -> Result<Option<Errors>, Stop> {
    let (account, now) = (session.account.id, visit.now());
    if was_used(service, account, chosen).await? {
        return Ok(Some(Errors::of("password", "factors-password-used")));
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
        return Ok(Some(Errors::of("current", "factors-password-current-wrong")));
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
    };
    finish(service, visit, session, (tx, done)).await?;
    Ok(None)
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
