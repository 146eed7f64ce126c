//! A try with a one-time code, for signing in and for proving once more. Each try counts before its outcome is known, and
//! the count lives until a right one: after [`Config::wrong_codes`](crate::Config) wrong ones in a row the operator is
//! locked until an administrator resets them, however slowly somebody guesses.

use model::event::Event;
use serde_json::json;
use store::StoreError;
use store::operators::{self, Operator};
use store::throttles::{self, Rule};
use web::Visit;

use crate::{Service, audit, totp};

/// A hundred years: the count ends with a right code or a reset, and not by time.
const WINDOW_SECONDS: i64 = 100 * 365 * 24 * 3600;

fn rule(limit: i64) -> Rule {
    Rule {
        name: "operator_code",
        limit,
        window_seconds: WINDOW_SECONDS,
    }
}

/// What became of a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Right, and used up.
    Right,
    /// Not six digits: nothing was tried.
    Unreadable,
    /// Wrong, or used before.
    Wrong,
    /// Wrong, and the last one.
    Locked,
}

/// Tries a code.
pub(crate) async fn attempt(
    service: &Service,
    visit: &Visit,
    operator: &Operator,
    typed: &str,
) -> Result<Outcome, StoreError> {
    let Some(code) = account::otp::read_code(typed) else {
        return Ok(Outcome::Unreadable);
    };
    let (tx, now) = (service.store().read(), visit.now());
    let (rule, key) = (rule(service.config().wrong_codes), operator.id.to_string());
    let count = throttles::hit(&tx, &rule, &key, now).await?;
    if !count.exceeded()
        && let Some(totp) = operators::totp(&tx, operator.id).await?
        && let Some(step) = totp::step_of(&totp.secret, code.expose(), now)
        && operators::use_step(&tx, operator.id, step, now).await?
    {
        throttles::clear(&tx, &rule, &key, now).await?;
        return Ok(Outcome::Right);
    }
    let last = count.count >= count.limit;
    let tx = service.store().begin().await?;
    let details = json!({"reason": "code"});
    let entry = audit::of(operator.id, visit, Event::OperatorSignInRefused, details);
    store::audit::record(&tx, service.rng(), entry).await?;
    if last && operators::lock(&tx, operator.id, now).await? {
        let entry = audit::of(operator.id, visit, Event::OperatorLocked, json!({}));
        store::audit::record(&tx, service.rng(), entry).await?;
        tracing::warn!(operator = %operator.id, "operator locked after wrong codes");
    }
    tx.commit().await?;
    Ok(if last { Outcome::Locked } else { Outcome::Wrong })
}

/// Forgets the count: the operator enrols anew.
pub(crate) async fn forget(
    tx: &store::Tx,
    operator: model::ids::OperatorId,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<(), StoreError> {
    throttles::clear(tx, &rule(0), &operator.to_string(), now).await
}
