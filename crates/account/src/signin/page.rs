//! `GET` and `POST /sign-in`.

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use model::interaction::{Interaction, Wants};
use model::secret::Sensitive;
use serde::Deserialize;
use store::sessions::LiveSession;
use web::extract::{Form, Query};
use web::form::{Errors, Words};
use web::site_links::site_links;
use web::{Markup, Visit};

use super::attempt::{self, Outcome, Try};
use super::form::{self, Shown, SignIn};
use super::guard::{Gate, Keys};
use super::identifier::Identifier;
use super::onward::Onward;
use super::{keep, passkey, second};
use crate::Service;
use crate::captcha;
use crate::password::Password;
use crate::session::{self, Stop};

/// How soon to come back when too many passwords are being checked, in seconds.
const BUSY_SECONDS: u32 = 5;

/// Shows the form, unless somebody is signed in and nothing newer is asked for.
pub(super) async fn show(
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<Shows>,
) -> Result<Response, Stop> {
    let onward = Onward::new(asked.interaction.as_deref(), asked.return_to.as_deref());
    let interaction = onward.speak(&service, &mut visit).await?;
    if let Some(page) = onward.left_behind(&service, interaction.as_ref()).await? {
        return Ok(visit.redirect(&page));
    }
    let session = session::current(&service, &visit).await?;
    let wants = interaction
        .as_ref()
        .map(|interaction| interaction.wants.clone())
        .unwrap_or_default();
    if let Some(session) = &session
        && is_fresh(session.auth_time, &wants)
    {
        return Ok(visit.redirect(&onward.path()));
    }
    let gate = Keys::new(&visit, None)
        .gate(&service.store().read(), &service.config().signin, visit.now())
        .await?;
    let (client, links) = client_of(&service, &visit, interaction.as_ref()).await?;
    let shown = Shown {
        client,
        links,
        identifier: Sensitive::new(wants.login_hint.as_deref().map(form::hint).unwrap_or_default()),
        captcha: if gate == Gate::Open {
            None
        } else {
            Some(captcha::issue(&service, &visit).await?)
        },
        again: session
            .as_ref()
            .map(|session| session::display_name(&session.account)),
        public_computer: session.as_ref().is_some_and(|session| session.public_computer),
        onward,
        retry_after: None,
        passkey: passkey::offer(&service, &visit)?,
    };
    let errors = match asked.late.as_deref() {
        Some("ended") => Errors::of_form("signin-ended"),
        Some(_) => Errors::of_form("signin-late"),
        None => Errors::none(),
    };
    Ok(form::render(&visit, &shown, errors))
}

/// The parameters of the page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Shows {
    interaction: Option<String>,
    return_to: Option<String>,
    /// Something came too late: a second factor, or what was sent in a sign-in that had ended (`ended`).
    late: Option<String>,
}

/// Takes the form.
pub(super) async fn submit(
    State(service): State<Service>,
    mut visit: Visit,
    Form(sent): Form<SignIn>,
) -> Result<Response, Stop> {
    let onward = Onward::new(sent.interaction.as_deref(), sent.return_to.as_deref());
    if sent.cancel.is_some() {
        onward
            .answer(&service, &visit, |answers| answers.cancelled = true)
            .await?;
        return Ok(visit.redirect(&onward.path()));
    }
    let interaction = onward.speak(&service, &mut visit).await?;
    let again = Again {
        service: &service,
        sent: &sent,
        onward: &onward,
        interaction: interaction.as_ref(),
    };
    if sent.method.as_deref() == Some("passkey") {
        return with_passkey(&mut visit, &again).await;
    }
    let today = visit
        .now()
        .with_timezone(&visit.kit().branding().zone())
        .date_naive();
    let typed = Identifier::parse(sent.identifier.expose(), today);
    if sent.refresh.is_some() {
        return again.page(&visit, Captcha::New, Errors::none()).await;
    }
    let (Ok(identifier), false) = (&typed, sent.password.expose().is_empty()) else {
        return again
            .page(&visit, Captcha::Same, missing(&sent, typed.is_ok()))
            .await;
    };
    let keys = Keys::new(&visit, Some(identifier.key()));
    match keys
        .gate(&service.store().read(), &service.config().signin, visit.now())
        .await?
    {
        Gate::Open => {}
        Gate::Closed(seconds) => return again.later(&visit, paused(seconds)).await,
        Gate::Captcha if sent.captcha.is_empty() => {
            return again
                .page(&visit, Captcha::New, Errors::of("captcha", "captcha-missing"))
                .await;
        }
        Gate::Captcha => {
            if !captcha::redeem(&service, &visit, &sent.captcha_id, &sent.captcha).await? {
                return again
                    .page(&visit, Captcha::New, Errors::of("captcha", "captcha-wrong"))
                    .await;
            }
        }
    }
    let outcome = match Password::typed(sent.password.expose()) {
        Ok(password) => {
            let public_computer = sent.public_computer.is_some();
            let one = Try {
                identifier,
                password: &password,
                public_computer,
                client: interaction.as_ref().map(|waiting| &waiting.client_id),
            };
            attempt::run(&service, &visit, &keys, &one).await?
        }
        // Longer than any password: no account has it, whoever it is.
        Err(_) => Outcome::Refused,
    };
    again.go_on(&mut visit, outcome, (&keys, "signin-wrong")).await
}

/// A passkey, and nothing typed.
async fn with_passkey(visit: &mut Visit, again: &Again<'_>) -> Result<Response, Stop> {
    let (service, sent) = (again.service, again.sent);
    if sent.credential.is_empty() {
        // The button was pressed where no script could ask the browser.
        let errors = Errors::of_form("signin-passkey-needs-script");
        return again.page(visit, Captcha::Same, errors).await;
    }
    let keys = Keys::new(visit, None);
    let tx = service.store().read();
    // A passkey cannot be guessed: no captcha stands before it, only the end.
    if let Gate::Closed(seconds) = keys.gate(&tx, &service.config().signin, visit.now()).await? {
        return again.later(visit, paused(seconds)).await;
    }
    let sent = passkey::Sent {
        sealed: &sent.passkey,
        credential: &sent.credential,
        public_computer: sent.public_computer.is_some(),
        client: again.interaction.map(|waiting| &waiting.client_id),
    };
    // Counted before its outcome is known: each refusal is written to the log.
    let (config, now) = (&service.config().signin, visit.now());
    keys.count_unnamed(&tx, config, now).await?;
    let outcome = passkey::sign_in(service, visit, &sent).await?;
    if !matches!(outcome, Outcome::Refused) {
        keys.take_back_unnamed(&tx, config, now).await?;
    }
    again
        .go_on(visit, outcome, (&keys, "signin-passkey-refused"))
        .await
}

/// Left, came back by the back button, and signed in after all.
pub(super) async fn uncancel(
    service: &Service,
    visit: &Visit,
    onward: &Onward,
    interaction: Option<&Interaction>,
) -> Result<(), Stop> {
    if interaction.is_some_and(|waiting| waiting.answers.cancelled) {
        onward
            .answer(service, visit, |answers| answers.cancelled = false)
            .await?;
    }
    Ok(())
}

/// Whether a sign-in of that time is new enough for a request.
fn is_fresh(auth_time: DateTime<Utc>, wants: &Wants) -> bool {
    wants.auth_after.is_none_or(|after| auth_time >= after)
}

fn missing(sent: &SignIn, identifier_is_good: bool) -> Errors {
    let mut errors = Errors::none();
    if sent.identifier.expose().trim().is_empty() {
        errors.add("identifier", "signin-identifier-missing");
    } else if !identifier_is_good {
        errors.add("identifier", "signin-identifier-unusable");
    }
    if sent.password.expose().is_empty() {
        errors.add("password", "signin-password-missing");
    }
    errors
}

/// The form again, with what was typed, for a try that cannot be made now.
fn paused(seconds: i64) -> (Errors, u32) {
    let seconds = u32::try_from(seconds).unwrap_or(u32::MAX);
    let minutes = seconds.div_ceil(60);
    tracing::warn!(seconds, "sign-in paused after failed tries");
    let words = Words::with("signin-paused", vec![("minutes", minutes.into())]);
    (Errors::of_form(words), seconds)
}

fn busy() -> (Errors, u32) {
    tracing::warn!("password hashing is full");
    let words = Words::with("signin-busy", vec![("seconds", BUSY_SECONDS.into())]);
    (Errors::of_form(words), BUSY_SECONDS)
}

/// The name of the sub-site that waits, and what it says about itself.
async fn client_of(
    service: &Service,
    visit: &Visit,
    interaction: Option<&Interaction>,
) -> Result<(Option<String>, Markup), Stop> {
    let Some(interaction) = interaction else {
        return Ok((None, Markup::default()));
    };
    let client = store::clients::find(&service.store().read(), &interaction.client_id).await?;
    Ok(client.map_or((None, Markup::default()), |client| {
        let name = client.name.in_language(visit.language()).to_owned();
        (Some(name), site_links(visit, &client))
    }))
}

/// Which captcha the page comes back with.
enum Captcha<'a> {
    /// One that nobody has tried yet.
    New,
    /// The one that was there, if there was one.
    Same,
    /// A new one where the counters ask for it now.
    AsNeeded(&'a Keys),
}

/// The page once more, with what was typed; the password never comes back.
struct Again<'a> {
    service: &'a Service,
    sent: &'a SignIn,
    onward: &'a Onward,
    interaction: Option<&'a Interaction>,
}

impl Again<'_> {
    async fn page(&self, visit: &Visit, captcha: Captcha<'_>, errors: Errors) -> Result<Response, Stop> {
        self.answer(visit, captcha, (errors, None)).await
    }

    /// On from what a try came to.
    async fn go_on(
        &self,
        visit: &mut Visit,
        outcome: Outcome,
        (keys, wrong): (&Keys, &'static str),
    ) -> Result<Response, Stop> {
        match outcome {
            Outcome::In(started) => {
                self.service.kick_delivery();
                uncancel(self.service, visit, self.onward, self.interaction).await?;
                started.give_to(visit);
                Ok(visit.redirect(&self.onward.path()))
            }
            Outcome::Second(step) => Ok(visit.redirect(&second::page_of(step.expose(), self.onward))),
            Outcome::Keep(step) => Ok(visit.redirect(&keep::page_of(step.expose(), self.onward))),
            Outcome::Refused => {
                self.page(visit, Captcha::AsNeeded(keys), Errors::of_form(wrong))
                    .await
            }
            Outcome::Busy => self.later(visit, busy()).await,
        }
    }

    /// The page for a try that can be made after so many seconds.
    async fn later(&self, visit: &Visit, (errors, seconds): (Errors, u32)) -> Result<Response, Stop> {
        let captcha = if self.sent.captcha_id.is_empty() {
            Captcha::Same
        } else {
            Captcha::New
        };
        self.answer(visit, captcha, (errors, Some(seconds))).await
    }

    async fn answer(
        &self,
        visit: &Visit,
        captcha: Captcha<'_>,
        (errors, retry_after): (Errors, Option<u32>),
    ) -> Result<Response, Stop> {
        let service = self.service;
        let captcha = match captcha {
            Captcha::New => Some(captcha::refresh(service, visit, &self.sent.captcha_id).await?),
            Captcha::Same if self.sent.captcha_id.is_empty() => None,
            Captcha::Same => Some(captcha::keep_or_issue(service, visit, &self.sent.captcha_id).await?),
            Captcha::AsNeeded(keys) => {
                let tx = service.store().read();
                match keys.gate(&tx, &service.config().signin, visit.now()).await? {
                    Gate::Open => None,
                    _ => Some(captcha::issue(service, visit).await?),
                }
            }
        };
        let session: Option<LiveSession> = session::current(service, visit).await?;
        let (client, links) = client_of(service, visit, self.interaction).await?;
        let shown = Shown {
            client,
            links,
            identifier: Sensitive::new(
                self.sent
                    .identifier
                    .expose()
                    .chars()
                    .take(form::IDENTIFIER_CHARACTERS)
                    .collect(),
            ),
            public_computer: self.sent.public_computer.is_some(),
            captcha,
            onward: self.onward.clone(),
            again: session.map(|session| session::display_name(&session.account)),
            retry_after,
            passkey: passkey::offer(service, visit)?,
        };
        Ok(form::render(visit, &shown, errors))
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn attack_029_an_older_sign_in_is_not_fresh_for_a_request_that_wants_a_newer_one() {
        let now = store::testing::start_time();
        let wants = |after| Wants {
            auth_after: after,
            ..Wants::default()
        };
        assert!(is_fresh(now, &wants(None)));
        assert!(is_fresh(now, &wants(Some(now))));
        assert!(!is_fresh(now, &wants(Some(now + TimeDelta::microseconds(1)))));
    }

    #[test]
    fn every_missing_field_is_named() {
        let sent = |identifier: &str, password: &str| SignIn {
            identifier: Sensitive::new(identifier.to_owned()),
            password: Sensitive::new(password.to_owned()),
            ..SignIn::default()
        };
        let errors = missing(&sent(" ", ""), false);
        assert_eq!(
            errors.for_field("identifier").and_then(web::form::Words::code),
            Some("signin-identifier-missing")
        );
        assert!(errors.for_field("password").is_some());
        let errors = missing(&sent("abc", "x"), false);
        assert_eq!(
            errors.for_field("identifier").and_then(web::form::Words::code),
            Some("signin-identifier-unusable")
        );
        assert!(errors.for_field("password").is_none());
    }
}
