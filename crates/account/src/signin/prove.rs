//! Proof of another account's password, by somebody who is signed in with their own: for joining two accounts. It has
//! the same counters, the same work and the same answer as signing in (A203), so that it is no second place to guess,
//! and nobody is signed in by it.

use chrono::{DateTime, FixedOffset};
use model::event::Event;
use model::ids::{AccountId, CaptchaId};
use model::secret::Sensitive;
use model::standing::{Answer, Entry, answer};
use serde_json::json;
use store::accounts::Account;
use store::audit;
use store::credentials;
use uuid::Uuid;
use web::form::Errors;
use web::{Problem, Visit};

use super::guard::{Counted, Gate, Keys, Owner};
use super::identifier::Identifier;
use crate::Service;
use crate::captcha;
use crate::password::{HashingError, Password, StoredPassword};
use crate::session::Stop;

/// What was typed.
pub(crate) struct Typed<'a> {
    pub(crate) identifier: &'a Sensitive<String>,
    pub(crate) password: &'a Sensitive<String>,
    pub(crate) captcha: &'a str,
    pub(crate) captcha_id: &'a str,
}

/// What came of it.
pub(crate) enum Proof {
    /// The password is that of this account, which is in use.
    Of(Box<Account>),
    /// It is not. Why, nobody is told.
    Wrong,
    /// Something has to be put right first; nothing was tried.
    Again(Errors),
    /// Too many tries; come back after so many seconds.
    Paused(i64),
    /// Too many passwords are being checked at the moment.
    Busy,
}

/// The captcha that the page shows, where one is asked for.
pub(crate) async fn captcha_for(
    service: &Service,
    visit: &Visit,
    identifier: Option<&str>,
) -> Result<Option<CaptchaId>, Stop> {
    let today = today(visit);
    let key = identifier.and_then(|typed| Identifier::parse(typed, today.date_naive()).ok());
    let keys = Keys::new(visit, key.as_ref().map(Identifier::key));
    let tx = service.store().read();
    match keys.gate(&tx, &service.config().signin, visit.now()).await? {
        Gate::Open => Ok(None),
        Gate::Captcha | Gate::Closed(_) => Ok(Some(captcha::issue(service, visit).await?)),
    }
}

fn today(visit: &Visit) -> DateTime<FixedOffset> {
    visit.now().with_timezone(&visit.kit().branding().zone())
}

/// Tries a password.
pub(crate) async fn prove(service: &Service, visit: &Visit, typed: &Typed<'_>) -> Result<Proof, Stop> {
    let mut errors = Errors::none();
    let identifier = Identifier::parse(typed.identifier.expose(), today(visit).date_naive());
    let identifier = errors.take("identifier", identifier.map_err(|_| "signin-identifier-unusable"));
    if typed.password.expose().is_empty() {
        errors.add("password", "signin-password-missing");
    }
    let (Some(identifier), true) = (identifier, errors.is_empty()) else {
        return Ok(Proof::Again(errors));
    };
    let (tx, now, config) = (service.store().read(), visit.now(), &service.config().signin);
    let keys = Keys::new(visit, Some(identifier.key()));
    match keys.gate(&tx, config, now).await? {
        Gate::Open => {}
        Gate::Closed(seconds) => return Ok(Proof::Paused(seconds)),
        Gate::Captcha if typed.captcha.is_empty() => {
            return Ok(Proof::Again(Errors::of("captcha", "captcha-missing")));
        }
        Gate::Captcha => {
            if !captcha::redeem(service, visit, typed.captcha_id, typed.captcha).await? {
                return Ok(Proof::Again(Errors::of("captcha", "captcha-wrong")));
            }
        }
    }
    let Ok(password) = Password::typed(typed.password.expose()) else {
        return Ok(Proof::Wrong);
    };
    let account = identifier.find(&tx).await?;
    let id = account
        .as_ref()
        .map_or(AccountId::from_uuid(Uuid::nil()), |account| account.id);
    let stored = credentials::find_password(&tx, id).await?;
    let whose = (account.as_ref(), stored.as_ref());
    let owner = Owner::of(&tx, visit, whose, &identifier).await?;
    let counted = keys.count(&tx, config, &owner, now).await?;
    let stored = stored.map(|stored| StoredPassword::from_stored(stored.phc.into_inner()));
    let verdict = match service.hashing().verify(&password, stored.as_ref()).await {
        Err(HashingError::Busy) => {
            keys.take_back(&tx, config, &owner, now).await?;
            return Ok(Proof::Busy);
        }
        other => other.map_err(Problem::internal)?,
    };
    match account {
        Some(account)
            if answer(account.status, Entry::SignIn) == Answer::Yes
                && verdict.is_right()
                && counted == Counted::Within =>
        {
            keys.forgive(&tx, config, &owner, now).await?;
            Ok(Proof::Of(Box::new(account)))
        }
        other => {
            let mut entry = audit::Entry::new(Event::SignInRefused, now)
                .details(json!({ "method": "password", "for": "joining accounts" }));
            entry.account = other.map(|account| account.id);
            entry.request_id = Some(visit.request_id().to_owned());
            audit::record(&tx, service.rng(), entry).await?;
            Ok(Proof::Wrong)
        }
    }
}

/// A guess at the password of an account that was made elsewhere than at the sign-in, and counts as a failed one there.
pub(crate) struct Guess {
    counted: Option<(Keys, Owner)>,
    /// Whether it is looked at: not after too many of them.
    pub(crate) counts: bool,
}

impl Guess {
    /// Counts it, with the account's phone.
    pub(crate) async fn at(service: &Service, visit: &Visit, account: &Account) -> Result<Self, Stop> {
        let tx = service.store().read();
        let stored = credentials::find_password(&tx, account.id).await?;
        let (Some(phone), Some(stored)) = (&account.phone, stored) else {
            return Ok(Self {
                counted: None,
                counts: true,
            });
        };
        let identifier = Identifier::Phone(phone.clone());
        let keys = Keys::new(visit, Some(identifier.key()));
        let owner = Owner::of(&tx, visit, (Some(account), Some(&stored)), &identifier).await?;
        let config = &service.config().signin;
        let counts = keys.count(&tx, config, &owner, visit.now()).await? == Counted::Within;
        Ok(Self {
            counted: Some((keys, owner)),
            counts,
        })
    }

    /// It was none after all.
    pub(crate) async fn take_back(&self, service: &Service, visit: &Visit) -> Result<(), Stop> {
        if let Some((keys, owner)) = &self.counted {
            let (tx, config) = (service.store().read(), &service.config().signin);
            keys.take_back(&tx, config, owner, visit.now()).await?;
        }
        Ok(())
    }
}
