//! `/account/security/history`: what happened to the account, with when, from where, by which factors, for which sub-site and
//! at which level.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::State;
use axum::response::Response;
use model::client::Client;
use model::ids::{ClientId, HappeningId};
use serde::Deserialize;
use store::history::{self, Entry, PAGE, What};
use store::{StoreError, Tx};
use web::extract::Query;
use web::paths::LocalPath;
use web::{Page, Visit};

use super::not_me;
use crate::Service;
use crate::session::{self, Stop};

const HERE: LocalPath = LocalPath::known("/account/security/history");

/// The sub-sites that entries name.
pub(super) struct Sites(BTreeMap<ClientId, Client>);

impl Sites {
    /// Looks the sub-sites up that some entries name, all at once.
    pub(super) async fn of(tx: &Tx, entries: impl Iterator<Item = &Entry>) -> Result<Self, StoreError> {
        let ids: BTreeSet<&ClientId> = entries.filter_map(|entry| entry.client.as_ref()).collect();
        if ids.is_empty() {
            return Ok(Self(BTreeMap::new()));
        }
        let all = store::clients::list(tx).await?;
        let named = all.into_iter().map(|stored| stored.client);
        let named = named.filter(|client| ids.contains(&client.client_id));
        Ok(Self(
            named.map(|client| (client.client_id.clone(), client)).collect(),
        ))
    }

    /// The name of the sub-site of an entry; its identifier when it is not registered any more.
    pub(super) fn name(&self, visit: &Visit, entry: &Entry) -> Option<String> {
        let id = entry.client.as_ref()?;
        let name = self
            .0
            .get(id)
            .map(|client| client.name.in_language(visit.language()).to_owned());
        Some(name.unwrap_or_else(|| id.to_string()))
    }
}

/// The parameters of the page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    before: Option<String>,
}

#[derive(askama::Template)]
#[template(path = "security_history.html")]
struct Content<'a> {
    visit: &'a Visit,
    rows: Vec<Row>,
    older: Option<LocalPath>,
}

struct Row {
    what: String,
    word: &'static str,
    at: String,
    device: Option<String>,
    network: Option<String>,
    client: Option<String>,
    methods: Option<String>,
    level: Option<u8>,
    here: bool,
    not_me: Option<LocalPath>,
}

/// Shows a page of it.
pub(super) async fn show(
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Stop> {
    let session = session::require(&service, &mut visit, &HERE).await?;
    let before = asked
        .before
        .as_deref()
        .and_then(|text| text.parse::<HappeningId>().ok());
    let tx = service.store().read();
    let entries = history::list(&tx, session.account.id, before).await?;
    let sites = Sites::of(&tx, entries.iter()).await?;
    let full = u64::try_from(entries.len()).is_ok_and(|count| count == PAGE);
    let last = entries.last().filter(|_| full);
    let content = Content {
        older: last.map(|last| HERE.with("before", &last.id.to_string())),
        rows: entries
            .iter()
            .map(|entry| Row {
                what: visit.t(&format!("history-what-{}", entry.what.as_str())),
                word: entry.what.as_str(),
                at: visit.moment(entry.at),
                device: entry.place.as_ref().map(|place| place.device.clone()),
                network: entry.place.as_ref().map(|place| place.network.clone()),
                client: sites.name(&visit, entry),
                methods: entry.methods.as_ref().map(|used| super::methods(&visit, used)),
                level: entry.level.map(model::ladder::Level::number),
                here: entry.session == Some(session.id),
                not_me: (entry.session != Some(session.id) && is_of_somebody(entry.what))
                    .then(|| not_me::page_of(entry.id)),
            })
            .collect(),
        visit: &visit,
    };
    Ok(visit.render(
        Page::new("account-security-history", "history-title")
            .return_to(HERE)
            .wide(),
        &content,
    ))
}

/// What somebody in a browser did, so that its owner may say that it was not them.
const fn is_of_somebody(what: What) -> bool {
    matches!(
        what,
        What::SignedIn
            | What::Strengthened
            | What::PasswordChanged
            | What::FactorAdded
            | What::FactorRenamed
            | What::FactorRemoving
            | What::FactorRemoved
            | What::CodesMade
            | What::CodeUsed
            | What::ContactChanging
            | What::ContactChanged
            | What::ScanApproved
            | What::Recovered
            | What::RecoveryStarted
            | What::ClosingStarted
            | What::DeviceForgotten
            | What::Exported
            | What::Visited
    )
}
