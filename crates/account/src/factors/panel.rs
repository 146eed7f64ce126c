//! The list of factors on `/account/security`, and the gentle word about an old password.

use chrono::TimeDelta;
use store::accounts::Account;
use store::{StoreError, credentials};
use web::form::{Button, Errors, FormPage};
use web::{Markup, Visit};

use super::Enrolled;
use crate::Service;
use crate::password::pages::{LATER, Later};

#[derive(askama::Template)]
#[template(path = "factors_panel.html")]
struct Panel<'a> {
    visit: &'a Visit,
    old: Option<Old>,
    password: Option<String>,
    apps: String,
    passkeys: String,
    codes: Option<String>,
}

struct Old {
    title: String,
    later: Markup,
}

/// The factors of an account with links to their pages, headed by an `h2`.
pub async fn panel(service: &Service, visit: &Visit, account: &Account) -> Result<Markup, StoreError> {
    let tx = service.store().read();
    let enrolled = super::of(&tx, account).await?;
    let codes = enrolled.sheet.map(|sheet| {
        let day = visit.day(sheet.made_at);
        let left = [("count", sheet.left.into()), ("day", day.as_str().into())];
        visit.t_with("factors-codes-left", &left)
    });
    let count = |key, number: usize| visit.t_with(key, &[("count", number.into())]);
    Ok(Markup::of(&Panel {
        visit,
        old: old(service, visit, account, &enrolled).await?,
        password: enrolled.password.map(|at| visit.moment(at)),
        apps: count("factors-authenticator-count", enrolled.totp.len()),
        passkeys: count("factors-passkeys-count", enrolled.passkeys.len()),
        codes,
    }))
}

/// A word about a password that has been in use for long. It forces nobody: passwords do not grow worse with time (NIST
/// SP 800-63B-4, section 3.1.1.2).
async fn old(
    service: &Service,
    visit: &Visit,
    account: &Account,
    enrolled: &Enrolled,
) -> Result<Option<Old>, StoreError> {
    let (config, now) = (&service.config().factors, visit.now());
    let Some(changed) = enrolled.password else {
        return Ok(None);
    };
    let days = (now - changed).num_days();
    if config.password_suggest_days == 0 || days < config.password_suggest_days {
        return Ok(None);
    }
    let put_off = credentials::put_off_at(&service.store().read(), account.id).await?;
    if put_off.is_some_and(|at| now - at < TimeDelta::days(config.password_later_days)) {
        return Ok(None);
    }
    let later = FormPage::new(<Later as web::extract::FormName>::FORM, LATER)
        .button(Button::secondary("factors-old-later"))
        .render(visit, &Errors::none());
    Ok(Some(Old {
        title: visit.t_with("factors-old-title", &[("days", days.into())]),
        later,
    }))
}
