//! `/operator`: what waits, and the ways from here.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use chrono::{DateTime, Utc};
use web::Visit;
use web::paths::LocalPath;

use crate::layout::page;
use crate::roles::Permission;
use crate::session::{self, Stop};
use crate::{Service, people, review, standing};

/// Something that waits for somebody.
#[derive(Clone, Debug)]
pub struct Count {
    /// The key of what it is.
    pub label: &'static str,
    /// How many there are.
    pub number: u64,
    /// Since when the oldest waits.
    pub oldest: Option<DateTime<Utc>>,
    /// Where they are.
    pub page: LocalPath,
}

pub(crate) fn routes() -> Router<Service> {
    Router::new().route("/operator", get(show))
}

#[derive(askama::Template)]
#[template(path = "operator_home.html")]
struct Content<'a> {
    visit: &'a Visit,
    roles: String,
    counts: Vec<Waiting>,
    links: Vec<String>,
}

struct Waiting {
    label: String,
    number: u64,
    oldest: Option<String>,
    href: String,
}

async fn show(State(service): State<Service>, mut visit: Visit) -> Result<Response, Stop> {
    let signed = session::signed_in(&service, &mut visit).await?;
    let mut counts = review::counts(&service, &signed).await?;
    counts.extend(standing::counts(&service, &signed).await?);
    let counts = counts.into_iter().map(|count| Waiting {
        label: visit.t(count.label),
        number: count.number,
        oldest: count.oldest.map(|at| visit.moment(at)),
        href: count.page.to_string(),
    });
    let recent = if signed.may(Permission::Operators) {
        people::recent(&service.store().read(), visit.now()).await?
    } else {
        Vec::new()
    };
    let links = recent.into_iter().map(|link| {
        let by = link.by.unwrap_or_else(|| visit.t("operator-by-command"));
        let key = if link.again {
            "operator-home-reset"
        } else {
            "operator-home-invited"
        };
        let at = visit.moment(link.at);
        visit.t_with(
            key,
            &[("about", link.about.into()), ("by", by.into()), ("at", at.into())],
        )
    });
    let links = links.collect();
    let roles: Vec<String> = signed.roles.iter().map(|role| visit.t(role.key())).collect();
    let content = Content {
        visit: &visit,
        roles: roles.join(&visit.t("operator-list-separator")),
        counts: counts.collect(),
        links,
    };
    Ok(visit.render(page("operator-home", "operator-home-title"), &content))
}
