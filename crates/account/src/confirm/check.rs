//! Whether what was sent proves what it says.

use model::ids::AccountId;
use model::secret::Token;
use store::ceremonies::{self, Handle, Purpose};
use store::credentials;
use store::sessions::LiveSession;
use web::form::Errors;
use web::{Problem, Visit};

use super::Proof;
use super::page::Sent;
use crate::Service;
use crate::factors::tries::{self, What};
use crate::factors::{self, Tried};
use crate::otp::{self, Purpose as Letter, Request};
use crate::password::{HashingError, Password, StoredPassword};
use crate::session::Stop;

/// Checks a proof; the errors of the page where it is none.
pub(super) async fn check(
    service: &Service,
    visit: &Visit,
    (session, proof): (&LiveSession, Proof),
    sent: &Sent,
) -> Result<Result<(), Errors>, Stop> {
    let account = session.account.id;
    let (field, tried) = match proof {
        Proof::Passkey => return passkey(service, visit, session, sent).await,
        Proof::Sms => return sms(service, visit, session, sent).await,
        Proof::Password => {
            let tried = password(service, account, sent.password.expose()).await?;
            if tried == Tried::Wrong {
                return Ok(Err(Errors::of("password", "confirm-password-wrong")));
            }
            ("password", tried)
        }
        Proof::Totp => (
            "code",
            factors::verify_totp(service, account, sent.code.expose()).await?,
        ),
        Proof::RecoveryCode => (
            "recovery_code",
            factors::verify_code(service, account, sent.recovery_code.expose()).await?,
        ),
    };
    Ok(match tried.words() {
        None => Ok(()),
        Some(words) => Err(Errors::of(field, words)),
    })
}

/// Tries the password of somebody who is signed in.
pub(crate) async fn password(service: &Service, account: AccountId, typed: &str) -> Result<Tried, Stop> {
    let Ok(typed) = Password::typed(typed) else {
        return Ok(Tried::Wrong);
    };
    let stored = credentials::find_password(&service.store().read(), account).await?;
    let what = What::Password(stored.as_ref().map(|stored| stored.changed_at));
    if let Some(stopped) = tries::count(service, account, what).await? {
        return Ok(stopped);
    }
    let stored = stored.map(|stored| StoredPassword::from_stored(stored.phc.into_inner()));
    match service.hashing().verify(&typed, stored.as_ref()).await {
        Ok(verdict) if verdict.is_right() => {
            tries::forgive(service, account, what).await?;
            Ok(Tried::Right)
        }
        Ok(_) => Ok(Tried::Wrong),
        Err(HashingError::Busy) => {
            tries::take_back(service, account, what).await?;
            Err(Problem::too_many(5).into())
        }
        Err(error) => Err(Problem::internal(error).into()),
    }
}

async fn passkey(
    service: &Service,
    visit: &Visit,
    session: &LiveSession,
    sent: &Sent,
) -> Result<Result<(), Errors>, Stop> {
    let refused = Errors::of_form("confirm-passkey-refused");
    let Some(handle) = Token::parse(&sent.ceremony) else {
        return Ok(Err(refused));
    };
    let (id, browser, tx) = (handle.hash(), visit.browser_hash(), service.store().read());
    let handle = Handle {
        id: &id,
        browser: &browser,
        purpose: Purpose::Confirm,
    };
    let taken = ceremonies::take(&tx, handle, visit.now()).await?;
    let Some(taken) = taken.filter(|taken| taken.session == Some(session.id)) else {
        return Ok(Err(refused));
    };
    let who = (Some(session.account.id), sent.credential.as_str());
    match factors::finish_passkey(service, &tx, &taken.state, who).await? {
        Ok(_) => Ok(Ok(())),
        Err(reason) => {
            tracing::info!(%reason, "passkey refused");
            Ok(Err(refused))
        }
    }
}

async fn sms(
    service: &Service,
    visit: &Visit,
    session: &LiveSession,
    sent: &Sent,
) -> Result<Result<(), Errors>, Stop> {
    let Some(phone) = &session.account.phone else {
        return Ok(Err(Errors::of("sms_code", "factors-code-wrong")));
    };
    let Some(code) = otp::read_code(sent.sms_code.expose()) else {
        return Ok(Err(Errors::of("sms_code", "factors-code-unreadable")));
    };
    let browser = visit.browser_hash();
    let request = Request::of(visit, &browser, Letter::SignIn, phone);
    let otp::Tried::Right(id) = otp::check(service, &request, code.expose()).await? else {
        return Ok(Err(Errors::of("sms_code", "factors-code-wrong")));
    };
    let used = store::otp::consume(&service.store().read(), id, visit.now()).await?;
    Ok(if used {
        Ok(())
    } else {
        Err(Errors::of("sms_code", "factors-code-wrong"))
    })
}
