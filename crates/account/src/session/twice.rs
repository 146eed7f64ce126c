//! Forms that are sent twice. Without script a second press of the button sends the form again before the answer is there,
//! and the browser shows what came of the second one only. The work is done once; whoever sends the very same form again,
//! in the same browser and within some seconds, is led where the first one led. Nothing is tried and nothing is counted
//! for it.

use chrono::TimeDelta;
use model::ids::SessionId;
use model::secret::{Token, TokenHash};
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

/// Where the same form led a moment ago.
pub(crate) async fn led(
    service: &Service,
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
    let found = ceremonies::look(&service.store().read(), handle, visit.now()).await?;
    Ok(found.and_then(|found| LocalPath::parse(&found.onward).ok()))
}

/// The cookies under which the same form finds the sign-in that it began, for one that began now and for one a moment ago.
fn cookies(visit: &Visit, (form, content): Sending<'_>) -> [Option<Token>; 2] {
    let (key, browser) = (visit.kit().csrf_key(), visit.browser_hash());
    let window = visit.now().timestamp().div_euclid(WINDOW_SECONDS);
    [window, window - 1].map(|window| {
        // No form has a name with a NUL.
        let name = format!("begun\u{0}{form}\u{0}{window}\u{0}{content}");
        Token::parse(&key.token(&browser, &name))
    })
}

/// Puts a sign-in that a form has just begun under a cookie that the same form finds again, in its transaction.
pub(crate) async fn findable(
    tx: &Tx,
    visit: &Visit,
    sending: Sending<'_>,
    started: Started,
) -> Result<Started, StoreError> {
    if sending.1.is_empty() {
        return Ok(started);
    }
    let [Some(token), _] = cookies(visit, sending) else {
        return Ok(started);
    };
    let moved = sessions::put_under(tx, started.id, &token.hash()).await?;
    Ok(if moved { started.under(token) } else { started })
}

/// Gives the browser the cookie of the sign-in that the same form began a moment ago; `false` where there is none.
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
        if sessions::find_live(&tx, &token.hash(), limits, visit.now())
            .await?
            .is_some()
        {
            visit.start_session(&token, None);
            return Ok(true);
        }
    }
    Ok(false)
}
