//! The days in which somebody who closes their account can think again: how they begin.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use model::event::Event;
use model::ids::{ChangeId, ClientId};
use model::notice::Kind;
use serde_json::json;
use store::accounts::Account;
use store::audit::Entry;
use store::changes::{self, NewChange, State};
use store::{StoreError, Tx, status_events};

use crate::notices::{self, Told};
use crate::{Service, links};

/// Writes down when an account closes and whom to tell then, and tells its owner. The caller changes its standing and does
/// what follows from that. `false` when there is a day already.
pub(super) async fn begin(
    service: &Service,
    tx: &Tx,
    account: &Account,
    (sites, entry): (&BTreeSet<ClientId>, Entry),
) -> Result<bool, StoreError> {
    let now = service.now();
    let closes_at = now + TimeDelta::days(service.config().closing.cooling_off_days);
    let known: Vec<&str> = sites.iter().map(ClientId::as_str).collect();
    let details = json!({ "sites": known }).to_string();
    let change = NewChange {
        id: ChangeId::new(now, service.rng()),
        account: account.id,
        kind: changes::Kind::Closing,
        state: State::Waiting,
        details: Some(&details),
        now,
        effective_at: closes_at,
        reversible_until: None,
    };
    if !changes::begin(tx, &change).await? {
        return Ok(false);
    }
    store::audit::record(tx, service.rng(), entry).await?;
    let link = links::not_me(service, tx, account.id, Some(change.id.as_uuid())).await?;
    let args = [("day", notices::moment(closes_at))];
    let told = Told {
        args: &args,
        link: Some(link),
        ..Told::of(Kind::ClosingStarted)
    };
    notices::tell(service, tx, account, &told).await?;
    Ok(true)
}

/// Goes on with the closing of an account that operators had stopped meanwhile: its owner's wish holds, and the days begin
/// anew, because in those that went by nobody could think again. Sub-sites have heard long ago that it is disabled.
pub(crate) async fn go_on(service: &Service, tx: &Tx, account: &Account) -> Result<(), StoreError> {
    let sites = status_events::knowing(tx, account.id).await?;
    let entry = Entry::new(Event::ClosingStarted, service.now())
        .account(account.id)
        .details(json!({ "again": true }));
    begin(service, tx, account, (&sites, entry)).await?;
    Ok(())
}
