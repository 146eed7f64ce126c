//! `/account`: who I am here, masked, and where everything else is.

use axum::extract::State;
use axum::response::Response;
use model::ladder::LevelNow;
use store::accounts::Account;
use web::Visit;
use web::paths::LocalPath;

use crate::Service;
use crate::evidence;
use crate::session::{self, Stop};

const HERE: LocalPath = LocalPath::known("/account");

#[derive(askama::Template)]
#[template(path = "account.html")]
struct Home<'a> {
    visit: &'a Visit,
    level: u8,
    level_name: &'a str,
    lapses: Option<String>,
    can_rise: bool,
    name: Option<String>,
    citizen_id: Option<String>,
    phone: Option<String>,
    since: String,
}

/// Shows the page.
pub(super) async fn show(State(service): State<Service>, mut visit: Visit) -> Result<Response, Stop> {
    let session = session::require(&service, &mut visit, &HERE).await?;
    let tx = service.store().read();
    let held = store::evidence::list(&tx, session.account.id).await?;
    let now = evidence::level_from(&service, &session.account, &held);
    let roads = super::level::roads(&service, &session.account, &held, now.level);
    Ok(render(
        &service,
        &visit,
        &session.account,
        &now,
        !roads.is_empty(),
    ))
}

fn render(service: &Service, visit: &Visit, account: &Account, now: &LevelNow, can_rise: bool) -> Response {
    let home = Home {
        visit,
        level: now.level.number(),
        level_name: service.ladder().name(now.level, visit.language()),
        lapses: now.lapses_at.map(|at| visit.day(at)),
        can_rise,
        name: account.name.as_ref().map(model::person_name::PersonName::masked),
        citizen_id: account
            .citizen_id
            .as_ref()
            .map(model::citizen_id::CitizenId::masked),
        phone: account.phone.as_ref().map(model::phone::Phone::masked),
        since: visit.day(account.created_at),
    };
    visit.page("account", "space-home-title", &home)
}
