//! `/account/export`: one's own data, as a page that can be read and as a JSON document (NA-44; the right to a copy). Both
//! show the same value, so neither says less than the other. It holds numbers and names in full: it asks for a fresh
//! proof, is kept by no cache, and is written into the account's history.

use axum::Router;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use model::event::Event;
use serde_json::Value;
use store::audit::Entry;
use store::sessions::LiveSession;
use web::markup::escape;
use web::paths::LocalPath;
use web::{Markup, Page, Problem, Visit};

use crate::Service;
use crate::confirm::{self, Need};
use crate::history::{self, Happening, What};
use crate::session::Stop;

mod data;
mod parts;

const HERE: LocalPath = LocalPath::known("/account/export");

/// The page and the document.
pub(crate) fn routes() -> Router<Service> {
    Router::new()
        .route("/account/export", get(show))
        .route("/account/export.json", get(document))
}

#[derive(askama::Template)]
#[template(path = "export.html")]
struct Content<'a> {
    visit: &'a Visit,
    parts: Markup,
}

/// The page.
async fn show(State(service): State<Service>, mut visit: Visit) -> Result<Response, Stop> {
    let session = confirm::require(&service, &mut visit, Need::Recent, &HERE).await?;
    let value = read(&service, &visit, &session, "page").await?;
    let Value::Object(parts) = &value else {
        return Err(Problem::internal("an export is an object").into());
    };
    let mut html = String::new();
    for (name, part) in parts {
        if part.is_object() || part.is_array() {
            let heading = escape(&visit.t(&key(name)));
            html.extend(["<h2>", &heading, "</h2>"]);
            html.push_str(&shown(&visit, part));
        }
    }
    let content = Content {
        visit: &visit,
        parts: Markup::from_rendered(html),
    };
    Ok(visit.render(Page::new("account-export", "export-title").wide(), &content))
}

/// The document, as a file to keep.
async fn document(State(service): State<Service>, mut visit: Visit) -> Result<Response, Stop> {
    let session = confirm::require(&service, &mut visit, Need::Recent, &HERE).await?;
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

/// Reads the data, and writes down that they were taken.
async fn read(service: &Service, visit: &Visit, session: &LiveSession, form: &str) -> Result<Value, Stop> {
    let export = data::read(service, &session.account).await?;
    let tx = service.store().begin().await?;
    let happening = Happening::new(session.account.id, What::Exported).in_session(session.id);
    history::note(service, &tx, visit, &happening).await?;
    let mut entry = Entry::new(Event::DataExported, visit.now())
        .account(session.account.id)
        .session(session.id)
        .details(serde_json::json!({ "form": form }));
    entry.request_id = Some(visit.request_id().to_owned());
    store::audit::record(&tx, service.rng(), entry).await?;
    tx.commit().await?;
    Ok(serde_json::to_value(&export).map_err(Problem::internal)?)
}

/// The key of the text that names a member.
fn key(name: &str) -> String {
    format!("export-{}", name.replace('_', "-"))
}

/// A part as people read it: members by name, lists one below the other; what is not there is left out.
fn shown(visit: &Visit, part: &Value) -> String {
    let texts = visit.kit().texts();
    match part {
        Value::Object(members) => {
            let rows: Vec<String> = members
                .iter()
                .filter(|(_, value)| !is_empty(value))
                .map(|(name, value)| {
                    let words = texts.find(visit.language(), &key(name), &[]);
                    let name = escape(&words.unwrap_or_else(|| name.clone()));
                    format!("<dt>{name}</dt><dd>{}</dd>", shown(visit, value))
                })
                .collect();
            format!("<dl class=\"facts\">{}</dl>", rows.concat())
        }
        Value::Array(list) if list.is_empty() => format!("<p>{}</p>", escape(&visit.t("export-nothing"))),
        Value::Array(list) if list.iter().all(|one| !one.is_object()) => {
            let words: Vec<String> = list.iter().map(|one| shown(visit, one)).collect();
            words.join(", ")
        }
        Value::Array(list) => {
            let cards: Vec<String> = list
                .iter()
                .map(|one| format!("<li>{}</li>", shown(visit, one)))
                .collect();
            format!("<ul class=\"cards\">{}</ul>", cards.concat())
        }
        Value::String(text) => match text.parse() {
            Ok(moment) => escape(&visit.moment(moment)),
            Err(_) => escape(text),
        },
        Value::Null => String::new(),
        other => escape(&other.to_string()),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::String(text) => text.is_empty(),
        _ => false,
    }
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
