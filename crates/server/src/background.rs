//! What every node does beside requests.

use std::time::Duration;

use provider::letters::{Counters, Outgoing};
use store::Store;

use crate::tasks::Tasks;

/// How often a node looks whether sub-sites or keys were changed on another.
const REFRESH: Duration = Duration::from_secs(1);
/// How often signing keys are looked after: made, rotated by schedule, taken out when nothing valid is signed with them.
const KEYS: Duration = Duration::from_hours(1);
/// How often what is over is deleted.
const SWEEP: Duration = Duration::from_mins(1);
/// How often new audit rows are put into the hash chain.
const SEAL: Duration = Duration::from_secs(2);

/// The work that goes on beside requests. Every node does all of it; the database sees to it that nothing is
/// done twice.
pub(crate) fn keep(
    tasks: &mut Tasks,
    account: &account::Service,
    provider: &provider::Service,
    (store, keys): (&Store, provider::keys::Schedule),
) {
    let delivering = account.clone();
    tasks.keep("delivery", move |stop| {
        account::delivery::run(delivering.clone(), stop.wait())
    });
    let retrying = account.clone();
    tasks.keep("retries", move |stop| {
        account::case::run_retries(retrying.clone(), stop.wait())
    });
    let ageing = account.clone();
    tasks.keep("levels", move |stop| {
        account::ageing::run(ageing.clone(), stop.wait())
    });
    let rechecking = account.clone();
    tasks.keep("rechecks", move |stop| {
        account::ageing::recheck::run(rechecking.clone(), stop.wait())
    });
    let changing = account.clone();
    tasks.keep("changes", move |stop| {
        account::changes::run(changing.clone(), stop.wait())
    });
    let standing = account.clone();
    tasks.keep("standing", move |stop| {
        account::standing::worker::run(standing.clone(), stop.wait())
    });
    let refreshed = provider.clone();
    tasks.every("refresh", REFRESH, move || {
        let provider = refreshed.clone();
        async move { provider.refresh().await }
    });
    let kept = store.clone();
    tasks.every("keys", KEYS, move || {
        let store = kept.clone();
        async move { provider::keys::upkeep(&store, &keys).await }
    });
    let swept = store.clone();
    tasks.every("sweep", SWEEP, move || {
        let store = swept.clone();
        async move {
            while store::cleanup::sweep(&store.read(), store.clock().now()).await? > 0 {}
            Ok::<_, store::StoreError>(())
        }
    });
    let keeping = account.clone();
    tasks.every("cases", SWEEP, move || {
        let account = keeping.clone();
        async move {
            while account::review::upkeep::sweep(&account).await? > 0 {}
            while account::register::upkeep(&account).await? > 0 {}
            while account::notices::sweep(&account).await? > 0 {}
            Ok::<_, store::StoreError>(())
        }
    });
    let sealed = store.clone();
    tasks.every("seal audit", SEAL, move || {
        let store = sealed.clone();
        async move { store::audit::seal(&store).await.map(|_| ()) }
    });
}

/// Sub-sites are told of sign-outs and of levels that fell.
pub(crate) fn tell_sites(
    tasks: &mut Tasks,
    provider: &provider::Service,
    (logouts, events): (Counters, Counters),
) {
    let outgoing = Outgoing::form(provider.outbound());
    let telling = provider.clone();
    tasks.keep("sign-outs", move |stop| {
        provider::logout::run(telling.clone(), outgoing.clone(), logouts.clone(), stop.wait())
    });
    let outgoing = Outgoing::document(provider.outbound());
    let telling = provider.clone();
    tasks.keep("status events", move |stop| {
        provider::events::run(telling.clone(), outgoing.clone(), events.clone(), stop.wait())
    });
}
