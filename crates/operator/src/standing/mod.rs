//! The standing of accounts: suspended by one operator, ended by two, brought back, and objections decided by somebody who
//! had no part in it (NA-37).
//!
//! | page | shows, does |
//! |---|---|
//! | `/operator/standing` | what waits for a second operator, objections, and a way to find one account |
//! | `/operator/standing/{account}` | one account: its standing and how it came to it, nobody's name |
//! | `/operator/standing/{account}/{step}` | suspend, terminate, agree, withdraw, restore, decide |
//!
//! An account is found by the phone that its owner signs in with or by the number of one of their cases, one at a time, and
//! every look is in the audit log and in the history that its owner reads (A291). Reasons are chosen from a list; a note is for colleagues and never leaves the
//! console.

use axum::Router;
use axum::routing::{get, post};
use model::ids::AccountId;
use store::{StoreError, standing_changes};
use web::paths::LocalPath;

use crate::Service;
use crate::home::Count;
use crate::roles::Permission;
use crate::session::Signed;

mod act;
mod list;
mod show;
#[cfg(test)]
mod tests;

pub(crate) use show::name_of;

const LIST: LocalPath = LocalPath::known("/operator/standing");

pub(crate) fn routes() -> Router<Service> {
    Router::new()
        .route("/operator/standing", get(list::show).post(list::find))
        .route("/operator/standing/{account}", get(show::show))
        .route("/operator/standing/{account}/suspend", post(act::suspend))
        .route("/operator/standing/{account}/terminate", post(act::propose))
        .route("/operator/standing/{account}/agree", post(act::agree))
        .route("/operator/standing/{account}/withdraw", post(act::withdraw))
        .route("/operator/standing/{account}/restore", post(act::restore))
        .route("/operator/standing/{account}/appeal", post(act::decide))
}

/// The page of an account.
fn page_of(account: AccountId) -> LocalPath {
    step_of(account, "")
}

/// The address of a step.
fn step_of(account: AccountId, step: &str) -> LocalPath {
    LocalPath::parse(&format!("/operator/standing/{account}{step}")).unwrap_or(LIST)
}

/// What waits, for the first page.
pub(crate) async fn counts(service: &Service, signed: &Signed) -> Result<Vec<Count>, StoreError> {
    if !signed.may(Permission::Standing) {
        return Ok(Vec::new());
    }
    let tx = service.store().read();
    let proposals = standing_changes::proposals(&tx, service.now()).await?;
    let appeals = standing_changes::open_appeals(&tx).await?;
    let count = |label, number: usize, oldest| Count {
        label,
        number: u64::try_from(number).unwrap_or_default(),
        oldest,
        page: LIST,
    };
    Ok(vec![
        count(
            "standing-count-proposals",
            proposals.len(),
            proposals.first().map(|one| one.at),
        ),
        count(
            "standing-count-appeals",
            appeals.len(),
            appeals.first().map(|one| one.at),
        ),
    ])
}
