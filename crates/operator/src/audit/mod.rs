//! The audit log: what operators do is written with who did it, and `/operator/audit` reads it.

mod page;

use axum::Router;
use axum::routing::get;
use model::event::Event;
use model::ids::OperatorId;
use serde_json::Value;
use store::audit::Entry;
use web::Visit;

use crate::Service;
use crate::session::Signed;

/// An entry about what an operator does, with `operator` among its details. Details are names and numbers of ours,
/// never personal data. Write it with `store::audit::record` in the transaction of the change.
pub fn audit(signed: &Signed, visit: &Visit, event: Event, details: Value) -> Entry {
    of(signed.operator.id, visit, event, details)
}

pub(crate) fn of(operator: OperatorId, visit: &Visit, event: Event, mut details: Value) -> Entry {
    if let Some(details) = details.as_object_mut() {
        details.insert("operator".to_owned(), Value::String(operator.to_string()));
    }
    let mut entry = Entry::new(event, visit.now()).details(details);
    entry.request_id = Some(visit.request_id().to_owned());
    entry
}

/// An entry about a sign-in that was refused; nobody is named where nobody is known.
pub(crate) fn refused(operator: Option<OperatorId>, visit: &Visit, details: Value) -> Entry {
    let event = Event::OperatorSignInRefused;
    if let Some(operator) = operator {
        return of(operator, visit, event, details);
    }
    let mut entry = Entry::new(event, visit.now()).details(details);
    entry.request_id = Some(visit.request_id().to_owned());
    entry
}

/// `/operator/audit`.
pub(crate) fn routes() -> Router<Service> {
    Router::new().route("/operator/audit", get(page::show))
}

#[cfg(test)]
mod tests;
