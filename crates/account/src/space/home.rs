//! `/account`: who I am here, masked, what waits for me, and where everything else is.

use axum::extract::State;
use axum::response::Response;
use model::ladder::LevelNow;
use store::accounts::Account;
use web::Visit;
use web::paths::LocalPath;

use crate::Service;
use crate::agreements::{self, Awaited};
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
    unread: u64,
    /// That a change of the agreement waits for an answer, and until when.
    agreement: Option<String>,
}

/// Shows the page.
pub(super) async fn show(State(service): State<Service>, mut visit: Visit) -> Result<Response, Stop> {
    let session = session::require(&service, &mut visit, &HERE).await?;
    let tx = service.store().read();
    let held = store::evidence::list(&tx, session.account.id).await?;
    let now = evidence::level_from(&service, &session.account, &held);
    let roads = super::level::roads(&service, &session.account, &held, now.level);
    let waiting = Waiting {
        unread: store::notices::count_unread(&tx, session.account.id).await?,
        agreement: agreements::awaited(&service, &tx, &session.account).await?,
    };
    let can_rise = !roads.is_empty();
    Ok(render(
        &service,
        &visit,
        &session.account,
        (&now, can_rise),
        waiting,
    ))
}

/// What waits for the person.
struct Waiting {
    unread: u64,
    agreement: Option<Awaited>,
}

fn render(
    service: &Service,
    visit: &Visit,
    account: &Account,
    (now, can_rise): (&LevelNow, bool),
    waiting: Waiting,
) -> Response {
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
        unread: waiting.unread,
        agreement: waiting.agreement.map(|awaited| match awaited.last_day {
            Some(day) => visit.t_with("agreements-due-until", &[("day", visit.date(day).into())]),
            None => visit.t("agreements-due-now"),
        }),
    };
    visit.page("account", "space-home-title", &home)
}
