//! Forms that are sent twice. Without script a second press of the button sends the form again before the answer is there,
//! and the browser shows what came of the second one only. The work is done once; whoever sends the very same form again,
//! in the same browser and within some seconds, is led where the first one led. Nothing is tried and nothing is counted
//! for it. A form that comes while the first one is still being worked on waits for it, at the account's lock or by looking
//! for what it did for a moment.

use std::time::Duration;

use chrono::TimeDelta;
use model::event::Event;
use model::ids::SessionId;
use model::secret::{Token, TokenHash};
use serde_json::json;
use store::audit::{self, Entry};
use store::ceremonies::{self, Handle, NewCeremony, Purpose};
use store::sessions::{self, LiveSession};
use store::{StoreError, Tx};
use web::Visit;
use web::paths::LocalPath;

use super::Started;
use crate::Service;

/// For how long it is known what a form did, in seconds.
const SECONDS: i64 = 30;
/// The length of the windows in which a sign-in's cookie is found again, in seconds: it is for one of them at least.
const WINDOW_SECONDS: i64 = 15;
/// How often a sign-in is looked for that is still under way, and how long it is waited in between.
const LOOKS: u8 = 10;
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// Which form, and what tells this sending of it from another one: a value that its page made up, or that counts once.
pub(crate) type Sending<'a> = (&'static str, &'a str);

/// Nobody can work it out without our key and this browser's own secret, nor back what was sent.
fn handle(visit: &Visit, session: SessionId, (form, content): Sending<'_>) -> TokenHash {
    let name = format!("done\u{0}{form}\u{0}{session}\u{0}{content}");
    TokenHash::of(&visit.kit().csrf_key().token(&visit.browser_hash(), &name))
}

/// Remembers where a form leads, in the transaction of what it did.
pub(crate) async fn done(
    tx: &Tx,
    visit: &Visit,
    (session, sending): (&LiveSession, Sending<'_>),
    leads: &LocalPath,
) -> Result<(), StoreError> {
    if sending.1.is_empty() {
        return Ok(());
    }
    let (id, browser) = (handle(visit, session.id, sending), visit.browser_hash());
    let (now, ends) = (visit.now(), visit.now() + TimeDelta::seconds(SECONDS));
    let new = NewCeremony {
        account: Some(session.account.id),
        session: Some(session.id),
        onward: leads.as_str(),
        ..NewCeremony::new(&id, (&browser, Purpose::Done), (now, ends))
    };
    ceremonies::put(tx, &new).await
}

/// Where the same form led a moment ago. Whoever takes turns at the account asks once more behind the lock: what came first
/// has been done by then.
pub(crate) async fn led(
    tx: &Tx,
    visit: &Visit,
    (session, sending): (&LiveSession, Sending<'_>),
) -> Result<Option<LocalPath>, StoreError> {
    if sending.1.is_empty() {
        return Ok(None);
    }
    let (id, browser) = (handle(visit, session.id, sending), visit.browser_hash());
    let handle = Handle {
        id: &id,
        browser: &browser,
        purpose: Purpose::Done,
    };
    let found = ceremonies::look(tx, handle, visit.now()).await?;
    Ok(found.and_then(|found| LocalPath::parse(&found.onward).ok()))
}

/// The cookies under which the same form finds the sign-in that it began, for one that began now, a moment ago, or by the
/// clock of a node that is ahead. Whoever got hold of the whole request has nothing elsewhere: it must come from the same
/// network and the same kind of browser (A217).
fn cookies(visit: &Visit, (form, content): Sending<'_>) -> [Option<Token>; 3] {
    let (key, browser) = (visit.kit().csrf_key(), visit.browser_hash());
    let (network, device) = (visit.client_address().network(), visit.device().label());
    let window = visit.now().timestamp().div_euclid(WINDOW_SECONDS);
    [window, window - 1, window + 1].map(|window| {
        // No form has a name with a NUL.
        let name = format!("begun\u{0}{form}\u{0}{window}\u{0}{network}\u{0}{device}\u{0}{content}");
        Token::parse(&key.token(&browser, &name))
    })
}

/// Under which the device's cookie is found that a sign-in came with.
fn device_handle(visit: &Visit, cookie: &Token) -> TokenHash {
    let name = format!("begun device\u{0}{}", cookie.expose());
    TokenHash::of(&visit.kit().csrf_key().token(&visit.browser_hash(), &name))
}

/// Puts a sign-in that a form has just begun under a cookie that the same form finds again, in its transaction, and with it
/// the cookie of a device that is new.
pub(crate) async fn findable(
    tx: &Tx,
    visit: &Visit,
    sending: Sending<'_>,
    started: Started,
) -> Result<Started, StoreError> {
    if sending.1.is_empty() {
        return Ok(started);
    }
    let [Some(token), ..] = cookies(visit, sending) else {
        return Ok(started);
    };
    if !sessions::put_under(tx, started.id, &token.hash()).await? {
        return Ok(started);
    }
    if let Some(device) = started.new_device(visit) {
        let (id, browser) = (device_handle(visit, &token), visit.browser_hash());
        let (now, ends) = (visit.now(), visit.now() + TimeDelta::seconds(SECONDS));
        let new = NewCeremony {
            session: Some(started.id),
            state: device.expose().as_bytes(),
            ..NewCeremony::new(&id, (&browser, Purpose::Done), (now, ends))
        };
        ceremonies::put(tx, &new).await?;
    }
    Ok(started.under(token))
}

/// Gives the browser the cookies of the sign-in that the same form began a moment ago, and writes that down; `false` where
/// there is none.
pub(crate) async fn find_begun(
    service: &Service,
    visit: &mut Visit,
    sending: Sending<'_>,
) -> Result<bool, StoreError> {
    if sending.1.is_empty() {
        return Ok(false);
    }
    let (tx, limits) = (service.store().read(), &service.config().session);
    for token in cookies(visit, sending).into_iter().flatten() {
        let found = sessions::find_live(&tx, &token.hash(), limits, visit.now()).await?;
        let Some(session) = found else { continue };
        let mut entry = Entry::new(Event::SignedIn, visit.now())
            .account(session.account.id)
            .session(session.id)
            .details(json!({ "again": true }));
        entry.request_id = Some(visit.request_id().to_owned());
        audit::record(&tx, service.rng(), entry).await?;
        let (id, browser) = (device_handle(visit, &token), visit.browser_hash());
        let handle = Handle {
            id: &id,
            browser: &browser,
            purpose: Purpose::Done,
        };
        let kept = ceremonies::look(&tx, handle, visit.now()).await?;
        let device = kept.and_then(|kept| Token::parse(std::str::from_utf8(&kept.state).ok()?));
        visit.start_session(&token, None);
        if let Some(device) = device {
            visit.remember_device(&device);
        }
        return Ok(true);
    }
    Ok(false)
}

/// The same for a form whose code is right and was used: the one that used it may not be through yet.
pub(crate) async fn find_beginning(
    service: &Service,
    visit: &mut Visit,
    sending: Sending<'_>,
) -> Result<bool, StoreError> {
    for _ in 0..LOOKS {
        if find_begun(service, visit, sending).await? {
            return Ok(true);
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
    find_begun(service, visit, sending).await
}
