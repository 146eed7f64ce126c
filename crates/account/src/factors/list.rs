//! The page that lists factors of one kind.

use axum::response::Response;
use axum::routing::get;
use axum::{Router, routing::post};
use chrono::{DateTime, Utc};
use model::ids::FactorId;
use serde::Deserialize;
use store::changes;
use store::factors::{EACH_MAX, Factor, Kind};
use store::sessions::LiveSession;
use web::form::{Errors, Field};
use web::paths::LocalPath;
use web::{Markup, Page, Problem, Visit};

use super::{authenticator, keys, remove, rename};
use crate::Service;
use crate::session::{self, Stop};
use crate::signin::Onward;

/// The word for a page that was left open for too long.
pub(super) const LATE: &str = "late";

/// The most characters of a name.
const NAME_MAX: usize = 40;
/// Twice the characters: one outside the basic plane is two units.
pub(super) const NAME_UNITS: u32 = 80;

pub(super) fn routes() -> Router<Service> {
    Router::new()
        .route(
            "/account/security/factors/rename",
            get(rename::show).post(rename::submit),
        )
        .route(
            "/account/security/factors/remove",
            get(remove::show).post(remove::submit),
        )
        .route("/account/security/factors/stop", post(remove::stop))
}

/// The parameters of a list.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    done: Option<String>,
    wrong: Option<String>,
    return_to: Option<String>,
}

impl Asked {
    /// Where the person came from: a page of ours that wanted a factor.
    pub(super) fn onward(&self) -> Onward {
        Onward::new(None, self.return_to.as_deref())
    }

    fn done_key(&self, kind: Kind) -> Option<&'static str> {
        Some(match (self.done.as_deref()?, kind) {
            ("added", Kind::Totp) => "factors-authenticator-done",
            ("added", Kind::Passkey) => "factors-passkey-done",
            ("renamed", _) => "factors-renamed",
            ("removed", _) => "factors-removed",
            ("scheduled", _) => "factors-scheduled",
            ("stopped", _) => "factors-stopped",
            _ => return None,
        })
    }

    fn wrong_key(&self) -> Option<&'static str> {
        match self.wrong.as_deref()? {
            "many" => Some("factors-many"),
            "refused" => Some("factors-passkey-refused"),
            LATE => Some("factors-late"),
            _ => None,
        }
    }

    /// What went wrong on the way here.
    pub(super) fn errors(&self) -> Errors {
        self.wrong_key().map_or_else(Errors::none, Errors::of_form)
    }
}

/// Where the factors of a kind are listed.
pub(super) const fn of_kind(kind: Kind) -> LocalPath {
    match kind {
        Kind::Totp => authenticator::HERE,
        Kind::Passkey => keys::HERE,
    }
}

/// What factors of a kind are called.
pub(super) const fn name_key(kind: Kind) -> &'static str {
    match kind {
        Kind::Totp => "factors-authenticator",
        Kind::Passkey => "factors-passkeys",
    }
}

/// A name as it is kept; `None` for none.
pub(super) fn name(typed: &str) -> Option<String> {
    let kept: String = typed
        .trim()
        .chars()
        .filter(|c| !c.is_control())
        .take(NAME_MAX)
        .collect();
    let kept = kept.trim().to_owned();
    (!kept.is_empty()).then_some(kept)
}

/// The field for a name.
pub(super) fn name_field(value: &str) -> Field {
    Field::text("name", "factors-name")
        .hint("factors-name-hint")
        .value(value)
        .autocomplete("off")
        .maxlength(NAME_UNITS)
}

#[derive(askama::Template)]
#[template(path = "factors_list.html")]
struct Content<'a> {
    visit: &'a Visit,
    done: Option<&'static str>,
    text: &'static str,
    rows: Vec<Row>,
    add: Option<(String, &'static str)>,
    onward: Option<String>,
    nowhere: bool,
    many: bool,
}

struct Row {
    name: String,
    since: String,
    used: String,
    rename: String,
    remove: String,
    waiting: Option<Waiting>,
}

struct Waiting {
    text: String,
    stop: Markup,
}

/// Shows the factors of a kind.
pub(super) async fn show(
    service: &Service,
    mut visit: Visit,
    kind: Kind,
    asked: &Asked,
) -> Result<Response, Stop> {
    let onward = asked.onward();
    let session = session::require(service, &mut visit, &onward.through(of_kind(kind))).await?;
    let (visit, tx) = (&visit, service.store().read());
    let all = store::factors::list(&tx, session.account.id).await?;
    let open = changes::find_open(&tx, session.account.id, changes::Kind::Factor).await?;
    let going = open.and_then(|change| Some((remove::about(&change)?, change.effective_at)));
    let own = all.into_iter().filter(|one| one.kind == kind);
    let rows: Vec<Row> = own.map(|one| row(visit, one, going)).collect();
    let (name, title, text, add) = match kind {
        Kind::Totp => (
            "account-authenticator",
            "factors-authenticator-title",
            "factors-authenticator-text",
            (authenticator::NEW, "factors-authenticator-add"),
        ),
        Kind::Passkey => (
            "account-passkeys",
            "factors-passkeys-title",
            "factors-passkeys-text",
            (keys::NEW, "factors-passkeys-add"),
        ),
    };
    let (many, nowhere) = (
        rows.len() >= EACH_MAX,
        kind == Kind::Passkey && service.passkeys().is_none(),
    );
    let add = (onward.through(add.0).to_string(), add.1);
    let content = Content {
        visit,
        onward: onward.return_to().map(ToString::to_string),
        done: asked.done_key(kind),
        text,
        rows,
        add: (!many && !nowhere).then_some(add),
        nowhere,
        many,
    };
    let page = Page::new(name, title)
        .own_forms_only()
        .return_to(onward.through(of_kind(kind)))
        .errors(asked.errors())
        .status(axum::http::StatusCode::OK);
    Ok(visit.render(page, &content))
}

fn row(visit: &Visit, one: Factor, going: Option<(FactorId, DateTime<Utc>)>) -> Row {
    let id = one.id.to_string();
    let waiting = going.filter(|(which, _)| *which == one.id).map(|(_, at)| {
        let moment = visit.moment(at);
        Waiting {
            text: visit.t_with("factors-waiting", &[("moment", moment.as_str().into())]),
            stop: remove::stop_button(visit),
        }
    });
    Row {
        since: visit.day(one.created_at),
        used: one
            .last_used_at
            .map_or_else(|| visit.t("factors-never"), |at| visit.moment(at)),
        rename: rename::HERE.with("id", &id).as_str().to_owned(),
        remove: remove::HERE.with("id", &id).as_str().to_owned(),
        waiting,
        name: one.name,
    }
}

/// One of the account's own factors; 404 for anybody else's (A261).
pub(super) async fn own(
    service: &Service,
    session: &LiveSession,
    id: &str,
) -> Result<(Factor, Vec<Factor>), Stop> {
    let id = id.parse::<FactorId>().map_err(|_| Problem::not_found())?;
    let all = store::factors::list(&service.store().read(), session.account.id).await?;
    let one = all.iter().find(|one| one.id == id).cloned();
    Ok((one.ok_or_else(Problem::not_found)?, all))
}
