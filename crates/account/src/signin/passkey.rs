//! Signing in with a passkey and nothing before it: the sign-in page holds a question that any passkey of this service can
//! answer, so that no list tells who has an account (A206). The browser offers it at the identifier field by itself
//! (conditional mediation) or when the button is pressed.
//!
//! The question is in the page, sealed for this browser and for minutes, so that looking at the page stores nothing. An
//! answer is taken once: its question is counted when it comes back (A217).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta};
use model::authn::{Method, Methods};
use model::ids::ClientId;
use model::secret::TokenHash;
use model::standing::{Answer, Entry, answer};
use serde::{Deserialize, Serialize};
use store::accounts;
use store::ceremonies::Purpose;
use store::throttles::{self, Rule};
use store::vault::Column;
use web::{Problem, Visit};

use super::attempt::{self, Outcome};
use super::step::{self, Half, Question};
use crate::Service;
use crate::factors;
use crate::session::Stop;

/// How long a question can be answered, in minutes: people leave the page open and come back.
const QUESTION_MINUTES: i64 = 15;

/// One answer to each question. It is counted in the window in which the question ends, whenever the answer comes: a second
/// one is never the first of the next window (A217).
const ONCE: Rule = Rule {
    name: "sign_in_passkey_once",
    limit: 1,
    window_seconds: 24 * 3600,
};
/// The longest sealed question and the longest answer that are looked at, in bytes.
const SENT_BYTES: usize = 16 * 1024;

#[derive(Serialize, Deserialize)]
struct Kept {
    state: Vec<u8>,
    until: i64,
}

/// A question for the page.
#[derive(Debug)]
pub(super) struct Offer {
    /// What the browser is asked.
    pub(super) options: String,
    /// What the form carries.
    pub(super) sealed: String,
}

/// Where it is sealed for: this browser and no other.
fn place(visit: &Visit) -> Vec<u8> {
    let mut place = b"sign-in\0".to_vec();
    place.extend_from_slice(visit.browser_hash().as_bytes());
    place
}

/// A question that any passkey answers; nothing where this service has no passkeys.
pub(super) fn offer(service: &Service, visit: &Visit) -> Result<Option<Offer>, Problem> {
    if service.passkeys().is_none() {
        return Ok(None);
    }
    let asked = factors::begin_passkey(service, None)?;
    let question = Question::of(&asked);
    let until = visit.now() + TimeDelta::minutes(QUESTION_MINUTES);
    let kept = Kept {
        state: question.state,
        until: until.timestamp(),
    };
    let text = serde_json::to_vec(&kept).map_err(Problem::internal)?;
    let sealed = service
        .store()
        .vault()
        .seal(Column::Ceremony, &place(visit), &text);
    Ok(Some(Offer {
        options: question.options,
        sealed: URL_SAFE_NO_PAD.encode(sealed.map_err(Problem::internal)?),
    }))
}

/// The question that came back, if it is this browser's, in time, and was not answered before.
async fn take(service: &Service, visit: &Visit, sealed: &str) -> Result<Option<Vec<u8>>, Stop> {
    if sealed.len() > SENT_BYTES {
        return Ok(None);
    }
    let Ok(bytes) = URL_SAFE_NO_PAD.decode(sealed) else {
        return Ok(None);
    };
    let opened = service
        .store()
        .vault()
        .open(Column::Ceremony, &place(visit), &bytes);
    let Some(kept) = opened
        .ok()
        .and_then(|text| serde_json::from_slice::<Kept>(&text).ok())
    else {
        return Ok(None);
    };
    if kept.until <= visit.now().timestamp() {
        return Ok(None);
    }
    let key = URL_SAFE_NO_PAD.encode(TokenHash::of(sealed).as_bytes());
    let Some(until) = DateTime::from_timestamp(kept.until, 0) else {
        return Ok(None);
    };
    let count = throttles::hit(&service.store().read(), &ONCE, &key, until).await?;
    Ok((!count.exceeded()).then_some(kept.state))
}

/// What the browser sent.
#[derive(Debug)]
pub(super) struct Sent<'a> {
    pub(super) sealed: &'a str,
    pub(super) credential: &'a str,
    pub(super) public_computer: bool,
    pub(super) client: Option<&'a ClientId>,
}

/// Signs in with what the browser says. Who was signed in before is signed out; nothing switches silently, because only
/// the sign-in page leads here (A283).
pub(super) async fn sign_in(service: &Service, visit: &Visit, sent: &Sent<'_>) -> Result<Outcome, Stop> {
    let state = match take(service, visit, sent.sealed).await? {
        Some(state) if sent.credential.len() <= SENT_BYTES => state,
        _ => return refused(service, visit, None, "no such question").await,
    };
    let tx = service.store().read();
    let used = match factors::finish_passkey(service, &tx, &state, (None, sent.credential)).await? {
        Ok(used) => used,
        Err(reason) => return refused(service, visit, None, &reason.to_string()).await,
    };
    let Some(account) = accounts::find(&tx, used.account).await? else {
        return refused(service, visit, None, "nobody's account").await;
    };
    let methods = Methods::new([Method::Passkey]);
    let half = Half {
        account: account.id,
        methods: &methods,
        public_computer: sent.public_computer,
    };
    let tx = service.store().begin().await?;
    let outcome = match answer(account.status, Entry::Passkey) {
        Answer::Yes => attempt::enter(service, &tx, visit, (&half, sent.client))
            .await?
            .map(Outcome::In),
        Answer::OnlyToKeep => {
            let handle = step::put(service, &tx, visit, (Purpose::Keep, &half)).await?;
            Some(Outcome::Keep(handle))
        }
        Answer::OnlyToActivate
        | Answer::OnlyWithIdentity
        | Answer::OnlyTheNumber
        | Answer::HasAccount
        | Answer::AsIfUnknown => None,
    };
    let Some(outcome) = outcome else {
        drop(tx);
        return refused(service, visit, Some(&account), "the account is not in use").await;
    };
    tx.commit().await?;
    Ok(outcome)
}

async fn refused(
    service: &Service,
    visit: &Visit,
    account: Option<&accounts::Account>,
    reason: &str,
) -> Result<Outcome, Stop> {
    tracing::info!(reason, "passkey refused");
    attempt::refuse(service, visit, account, "passkey").await?;
    Ok(Outcome::Refused)
}
