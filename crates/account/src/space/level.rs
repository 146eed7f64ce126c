//! `/account/level`: where I am, what carries it and until when, and what each higher level needs (HB-20, HB-24). A
//! sub-site that asks for more sends people here with `want`; they go on, or say "not now", and the interrupted
//! request continues.

use axum::extract::State;
use axum::response::Response;
use chrono::TimeDelta;
use model::evidence::Evidence;
use model::interaction::Interaction;
use model::ladder::Level;
use serde::Deserialize;
use store::accounts::Account;
use store::cases::Case;
use url::Url;
use web::Visit;
use web::extract::Query;
use web::paths::LocalPath;

use crate::Service;
use crate::evidence;
use crate::session::{self, Stop};
use crate::signin::Onward;

mod back;
mod roads;
mod view;

use roads::Standing;
pub use roads::open_sources;
pub(super) use roads::roads;
use view::View;

/// For how long a denied case is shown, in days: as long as what was typed for it is kept.
const DENIED_DAYS: i64 = 30;

const HERE: LocalPath = LocalPath::known("/account/level");

/// The parameters of the page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    want: Option<String>,
    done: Option<String>,
    /// Two accounts were just joined.
    joined: Option<String>,
    interaction: Option<String>,
    return_to: Option<String>,
}

impl Asked {
    fn want(&self) -> Option<Level> {
        let number = self.want.as_deref()?.parse().ok()?;
        // Everybody has the lowest level: a link that wants it would lead off this page at once.
        Level::new(number).filter(|want| *want > Level::REGISTERED)
    }
}

/// Shows the page, or goes on when the wanted level is reached.
pub(super) async fn show(
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Stop> {
    let onward = Onward::new(asked.interaction.as_deref(), asked.return_to.as_deref());
    if let Some(page) = from_here(&onward) {
        return Ok(visit.redirect(&page));
    }
    let address = back::address(asked.return_to.as_deref());
    let want = asked.want();
    let interaction = onward.speak(&service, &mut visit).await?;
    let session = session::require(&service, &mut visit, &here(want, &onward, address.as_ref())).await?;
    // Whose address it is, is looked up for people who are signed in.
    let outside = back::outside(&service, address).await?;
    let here = here(want, &onward, outside.as_ref().map(|outside| &outside.url));
    let tx = service.store().read();
    let held = store::evidence::list(&tx, session.account.id).await?;
    let now = evidence::level_from(&service, &session.account, &held);
    let want = want.or_else(|| {
        interaction
            .as_ref()
            .and_then(|interaction| interaction.wants.level)
    });
    if want.is_some_and(|want| now.level >= want) {
        let somewhere = interaction.is_some() || (!onward.has_interaction() && onward.return_to().is_some());
        match &outside {
            _ if somewhere => return Ok(visit.redirect(&onward.path())),
            Some(outside) if !onward.has_interaction() => return Ok(visit.redirect_outside(&outside.url)),
            _ => {}
        }
    }
    let site = match (&interaction, &outside) {
        (Some(interaction), _) => site_name(&service, &visit, interaction).await?,
        (None, Some(outside)) => Some(outside.client.name.in_language(visit.language()).to_owned()),
        (None, None) => None,
    };
    let view = View {
        service: &service,
        visit: &visit,
        standing: Standing::load(&service).await?,
        next: roads(&service, &session.account, &held, now.level),
        cases: cases(&service, &session.account, &held).await?,
        notice: match (asked.joined.is_some(), asked.done.is_some()) {
            (true, _) => Some("space-level-joined"),
            (false, true) => Some("space-level-done"),
            (false, false) => None,
        },
        // Pages on the way lead back here first, where the level is looked at again.
        on_the_way: if outside.is_some() {
            Onward::new(None, Some(here.as_str()))
        } else {
            onward.clone()
        },
        site,
        want: want.filter(|want| now.level < *want),
        held,
        now,
        onward,
        outside,
        here,
    };
    Ok(view.render())
}

/// This page as it was asked for.
fn here(want: Option<Level>, onward: &Onward, outside: Option<&Url>) -> LocalPath {
    let here = match want {
        Some(want) => onward.through(HERE.with("want", &want.number().to_string())),
        None => onward.through(HERE),
    };
    match outside {
        Some(url) => here.with("return_to", url.as_str()),
        None => here,
    }
}

/// Somebody comes from a page that they went to from here, with what was asked of this page then.
fn from_here(onward: &Onward) -> Option<LocalPath> {
    let back = onward.return_to().filter(|_| !onward.has_interaction())?;
    (back.path() == HERE.as_str()).then(|| back.clone().with("done", "yes"))
}

/// What is under way, and of what a source has denied lately the newest for each source that is still missing.
async fn cases(service: &Service, account: &Account, held: &[Evidence]) -> Result<Vec<Case>, Stop> {
    let (tx, now) = (service.store().read(), service.now());
    let mut cases = store::cases::list_open(&tx, account.id).await?;
    let since = now - TimeDelta::days(DENIED_DAYS);
    for case in store::cases::list_denied(&tx, account.id, since).await? {
        let proven = held
            .iter()
            .any(|piece| piece.source == case.source && piece.holds_at(now));
        let newer = cases.iter().any(|one| one.source == case.source);
        if !proven && !newer {
            cases.push(case);
        }
    }
    Ok(cases)
}

async fn site_name(
    service: &Service,
    visit: &Visit,
    interaction: &Interaction,
) -> Result<Option<String>, Stop> {
    let client = store::clients::find(&service.store().read(), &interaction.client_id).await?;
    Ok(client.map(|client| client.name.in_language(visit.language()).to_owned()))
}

#[cfg(test)]
mod tests;
