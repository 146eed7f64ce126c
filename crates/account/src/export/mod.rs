//! `/account/export`: one's own data, as a page that can be read and as a JSON document (NA-44; the right to a copy). Both
//! show the same value, so neither says less than the other. It holds numbers and names in full: it asks for a fresh
//! proof, is kept by no cache, is written into the account's history and told by every channel.
//!
//! - `data`, `parts` the document; `readable` how the page shows it

use axum::Router;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use chrono::TimeDelta;
use model::event::Event;
use model::secret::TokenHash;
use serde::Deserialize;
use serde_json::Value;
use store::audit::Entry;
use store::ceremonies::{self, Handle, NewCeremony, Purpose};
use store::sessions::LiveSession;
use store::{StoreError, Tx, accounts};
use web::extract::Query;
use web::paths::LocalPath;
use web::{Markup, Page, Problem, Visit};

use crate::Service;
use crate::confirm::{self, Need};
use crate::history::{self, Happening, What};
use crate::links;
use crate::notices::{self, Kind, Told};
use crate::session::Stop;

mod data;
mod parts;
mod readable;

use readable::Readable;

const HERE: LocalPath = LocalPath::known("/account/export");

/// For so long after a copy further ones of the same sign-in are neither written down nor told, in minutes.
const TOLD_MINUTES: i64 = 60;

/// The page and the document.
pub(crate) fn routes() -> Router<Service> {
    Router::new()
        .route("/account/export", get(show))
        .route("/account/export.json", get(document))
}

/// The parameters of the page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    /// The file was wanted, and a proof was asked for in between.
    confirmed: Option<String>,
}

#[derive(askama::Template)]
#[template(path = "export.html")]
struct Content<'a> {
    visit: &'a Visit,
    confirmed: bool,
    parts: Markup,
}

/// The page.
async fn show(
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Stop> {
    let session = confirm::require(&service, &mut visit, Need::Recent, &HERE).await?;
    let value = read(&service, &visit, &session, "page").await?;
    let readable = Readable::of(&service, &visit).await?;
    let content = Content {
        visit: &visit,
        confirmed: asked.confirmed.is_some(),
        parts: readable.document(&value),
    };
    Ok(visit.render(Page::new("account-export", "export-title").wide(), &content))
}

/// The document, as a file to keep.
async fn document(State(service): State<Service>, mut visit: Visit) -> Result<Response, Stop> {
    let back = HERE.with(confirm::CONFIRMED, "yes");
    let session = confirm::require(&service, &mut visit, Need::Recent, &back).await?;
    let value = read(&service, &visit, &session, "json").await?;
    let text = serde_json::to_string_pretty(&value).map_err(Problem::internal)?;
    let mut response = visit.with_cookies(text.into_response());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(
        CONTENT_DISPOSITION,
        HeaderValue::from_static("attachment; filename=\"account.json\""),
    );
    Ok(response)
}

/// Reads the data, and writes down that they were taken; once for who reads the page and then takes the file.
async fn read(service: &Service, visit: &Visit, session: &LiveSession, form: &str) -> Result<Value, Stop> {
    let export = data::read(service, &session.account).await?;
    let value = serde_json::to_value(&export).map_err(Problem::internal)?;
    let tx = service.store().begin().await?;
    accounts::take_turns(&tx, session.account.id).await?;
    if !is_first(&tx, visit, session).await? {
        return Ok(value);
    }
    let happening = Happening::new(session.account.id, What::Exported).in_session(session.id);
    history::note(service, &tx, visit, &happening).await?;
    let mut entry = Entry::new(Event::DataExported, visit.now())
        .account(session.account.id)
        .session(session.id)
        .details(serde_json::json!({ "form": form }));
    entry.request_id = Some(visit.request_id().to_owned());
    store::audit::record(&tx, service.rng(), entry).await?;
    tell(service, &tx, session).await?;
    tx.commit().await?;
    service.kick_delivery();
    Ok(value)
}

/// Whether it is the first copy of a sign-in in an hour, by the account's lock; from then on it is not.
async fn is_first(tx: &Tx, visit: &Visit, session: &LiveSession) -> Result<bool, StoreError> {
    let id = TokenHash::of(&format!("exported\u{0}{}", session.id));
    let (browser, now) = (visit.browser_hash(), visit.now());
    let handle = Handle {
        id: &id,
        browser: &browser,
        purpose: Purpose::Done,
    };
    if ceremonies::look(tx, handle, now).await?.is_some() {
        return Ok(false);
    }
    let new = NewCeremony {
        account: Some(session.account.id),
        session: Some(session.id),
        ..NewCeremony::new(
            &id,
            (&browser, Purpose::Done),
            (now, now + TimeDelta::minutes(TOLD_MINUTES)),
        )
    };
    ceremonies::put(tx, &new).await?;
    Ok(true)
}

/// Tells the owner, whatever they chose, with the link that says that it was not them.
async fn tell(service: &Service, tx: &Tx, session: &LiveSession) -> Result<(), StoreError> {
    let link = links::not_me(service, tx, session.account.id, None).await?;
    let told = Told {
        link: Some(link),
        ..Told::of(Kind::DataExported)
    };
    notices::tell(service, tx, &session.account, &told).await
}

/// Every name of a member in a value, once.
#[cfg(test)]
fn names(value: &Value, found: &mut std::collections::BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                found.insert(name.clone());
                if name != "receipt" {
                    names(value, found);
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|one| names(one, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
