//! A sub-site's own sessions, in memory: who is signed in here, and which authorization requests are under way.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use chrono::{DateTime, TimeDelta, Utc};
use model::clock::Clock;
use model::rng::Rng;
use model::secret::Token;
use serde_json::Value;

use super::level_of_acr;
use crate::world::lock;

/// How long a session lives without a visit.
const IDLE: TimeDelta = TimeDelta::hours(8);
/// How long a resident may take at the provider: registering takes a while.
const PENDING_LIFE: TimeDelta = TimeDelta::hours(1);
/// How many requests one browser may have under way.
const PENDING_MAX: usize = 8;
/// How many sessions there may be.
const SESSIONS_MAX: usize = 10_000;

/// An authorization request that has not been answered.
pub(super) struct Pending {
    pub state: String,
    pub nonce: String,
    pub verifier: String,
    pub started_at: DateTime<Utc>,
    pub wish: Wish,
}

/// What a request asks for beyond the usual.
#[derive(Clone, Debug, Default)]
pub(super) struct Wish {
    /// The level to reach.
    pub level: Option<u8>,
    /// Whether less is an error.
    pub essential: bool,
    pub prompt: Vec<String>,
    pub max_age_seconds: Option<u64>,
    /// What a resource server asked for, in its own words (RFC 9470 section 4).
    pub acr_values: Vec<String>,
    /// The resource that a token is wanted for (RFC 8707).
    pub resource: Option<String>,
    pub scopes: Vec<String>,
    pub login_hint: Option<String>,
    /// The page to come back to, a path of this site.
    pub return_to: String,
}

impl Wish {
    /// Whether nobody is to be shown a page.
    pub(super) fn silent(&self) -> bool {
        self.prompt.iter().any(|prompt| prompt == "none")
    }
}

/// A resident who is signed in here.
#[derive(Clone, Debug)]
pub(super) struct SignedIn {
    pub subject: String,
    pub acr: Option<String>,
    pub id_token: String,
    pub header: Value,
    pub claims: Value,
    pub userinfo: Option<Value>,
    pub userinfo_error: Option<String>,
    pub token_response: Value,
    /// The provider said later that the level fell.
    pub fell: Option<Fell>,
}

/// That the level fell, as the provider said after the sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fell {
    /// The level now.
    pub level: u8,
    /// Since when.
    pub at: DateTime<Utc>,
}

impl SignedIn {
    /// The level this sign-in may be used at.
    pub(super) fn level(&self) -> Option<u8> {
        let level = self.acr.as_deref().and_then(level_of_acr)?;
        Some(self.fell.map_or(level, |fell| level.min(fell.level)))
    }

    /// Whether something that happened then was not known yet when the token was made.
    fn is_not_after(&self, at: DateTime<Utc>) -> bool {
        let made_at = self.claims.get("iat").and_then(Value::as_i64);
        made_at.is_none_or(|made_at| made_at <= at.timestamp())
    }

    /// A claim from the ID token, else from userinfo.
    pub(super) fn claim(&self, name: &str) -> Option<&Value> {
        self.claims
            .get(name)
            .or_else(|| self.userinfo.as_ref()?.get(name))
    }

    /// A claim that is text.
    pub(super) fn text_claim(&self, name: &str) -> Option<&str> {
        self.claim(name)?.as_str()
    }

    /// Takes over what userinfo said at an earlier sign-in of the same person, where it says nothing now: a token for
    /// a resource elsewhere may not be good for it.
    pub(super) fn keep_userinfo_of(&mut self, before: Option<&Self>) {
        if self.userinfo.is_none()
            && let Some(before) = before.filter(|before| before.subject == self.subject)
        {
            self.userinfo.clone_from(&before.userinfo);
        }
    }

    /// What to call the resident: the verified name where it was released.
    pub(super) fn name(&self) -> Option<&str> {
        self.text_claim("real_name").or_else(|| self.text_claim("name"))
    }
}

/// The tokens of a sign-in, which stay on the server.
#[derive(Clone)]
pub(super) struct Grant {
    pub access_token: String,
    pub refresh_token: Option<String>,
    pub expires_at: Option<DateTime<Utc>>,
    /// What the access token is for, where that was asked.
    pub resource: Option<String>,
}

/// How the provider ended a session here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Channel {
    /// From server to server.
    Back,
    /// Through a frame in the browser.
    Front,
    /// By an event about the account.
    Event,
}

impl Channel {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Back => "back",
            Self::Front => "front",
            Self::Event => "event",
        }
    }
}

/// That the provider ended the session here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ended {
    pub at: DateTime<Utc>,
    pub channel: Channel,
}

/// Whose sessions end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Whose {
    pub subject: Option<String>,
    pub sid: Option<String>,
}

impl Whose {
    /// Every member that is given must fit, and one must be given.
    fn fits(&self, signed_in: &SignedIn) -> bool {
        let subject = self.subject.as_ref().map(|subject| *subject == signed_in.subject);
        let sid = self
            .sid
            .as_ref()
            .map(|sid| signed_in.claims.get("sid").and_then(Value::as_str) == Some(sid.as_str()));
        match (subject, sid) {
            (None, None) => false,
            (subject, sid) => subject.unwrap_or(true) && sid.unwrap_or(true),
        }
    }
}

/// One browser's session.
#[derive(Default)]
pub(super) struct Session {
    pub pending: Vec<Pending>,
    pub signed_in: Option<Arc<SignedIn>>,
    /// The tokens of the sign-in.
    pub grant: Option<Grant>,
    /// The provider ended the last sign-in.
    pub ended: Option<Ended>,
    /// The state of a sign-out that the provider has not come back from.
    pub sign_out_state: Option<String>,
    /// The key of a text that the next page shows once.
    pub notice: Option<&'static str>,
}

struct Entry {
    session: Session,
    seen_at: DateTime<Utc>,
}

/// All sessions of one sub-site.
pub(super) struct Sessions {
    entries: Mutex<HashMap<String, Entry>>,
    clock: Clock,
    rng: Rng,
}

impl Sessions {
    pub(super) fn new(clock: Clock, rng: Rng) -> Self {
        Self {
            entries: Mutex::default(),
            clock,
            rng,
        }
    }

    /// Does something with a session that is there.
    pub(super) fn with<T>(&self, id: Option<&str>, action: impl FnOnce(&mut Session) -> T) -> Option<T> {
        let now = self.clock.now();
        let mut entries = lock(&self.entries);
        let entry = entries.get_mut(id?)?;
        if now - entry.seen_at > IDLE {
            return None;
        }
        entry.seen_at = now;
        Some(action(&mut entry.session))
    }

    /// Does something with a session, made if need be; gives the session's id.
    pub(super) fn with_or_new(&self, id: Option<&str>, action: impl FnOnce(&mut Session)) -> String {
        let now = self.clock.now();
        let mut entries = lock(&self.entries);
        let known = id.filter(|id| entries.get(*id).is_some_and(|entry| now - entry.seen_at <= IDLE));
        let id = match known {
            Some(id) => id.to_owned(),
            None => self.insert(&mut entries, Session::default()),
        };
        if let Some(entry) = entries.get_mut(&id) {
            entry.seen_at = now;
            action(&mut entry.session);
        }
        id
    }

    /// Moves a session to a new id, so that whoever knew the old one has nothing.
    pub(super) fn renew(&self, id: Option<&str>) -> String {
        let mut entries = lock(&self.entries);
        let session = id
            .and_then(|id| entries.remove(id))
            .map(|entry| entry.session)
            .unwrap_or_default();
        self.insert(&mut entries, session)
    }

    fn insert(&self, entries: &mut MutexGuard<'_, HashMap<String, Entry>>, session: Session) -> String {
        let now = self.clock.now();
        if entries.len() >= SESSIONS_MAX {
            entries.retain(|_, entry| now - entry.seen_at <= IDLE);
        }
        if entries.len() >= SESSIONS_MAX
            && let Some(oldest) = entries
                .iter()
                .min_by_key(|(_, entry)| entry.seen_at)
                .map(|(id, _)| id.clone())
        {
            entries.remove(&oldest);
        }
        let id = Token::generate(&self.rng).expose().to_owned();
        entries.insert(
            id.clone(),
            Entry {
                session,
                seen_at: now,
            },
        );
        id
    }

    /// Remembers a request under way.
    pub(super) fn remember(&self, id: Option<&str>, pending: Pending) -> String {
        self.with_or_new(id, |session| {
            session.pending.push(pending);
            let surplus = session.pending.len().saturating_sub(PENDING_MAX);
            session.pending.drain(..surplus);
        })
    }

    /// Ends the sign-ins of somebody, because the provider says so; tells how many there were.
    pub(super) fn end(&self, whose: &Whose, channel: Channel) -> usize {
        let at = self.clock.now();
        let mut ended = 0;
        for entry in lock(&self.entries).values_mut() {
            let session = &mut entry.session;
            if session
                .signed_in
                .as_ref()
                .is_some_and(|signed_in| whose.fits(signed_in))
            {
                session.signed_in = None;
                session.grant = None;
                session.ended = Some(Ended { at, channel });
                ended += 1;
            }
        }
        ended
    }

    /// Lowers the sign-ins of somebody whose level fell after them; tells how many there were.
    pub(super) fn lower(&self, subject: &str, fell: Fell) -> usize {
        let mut lowered = 0;
        for entry in lock(&self.entries).values_mut() {
            if let Some(signed_in) = &mut entry.session.signed_in
                && signed_in.subject == subject
                && signed_in.is_not_after(fell.at)
            {
                Arc::make_mut(signed_in).fell = Some(fell);
                lowered += 1;
            }
        }
        lowered
    }

    /// Ends the sign-ins of somebody from before something that happened to the account; tells how many there were.
    pub(super) fn end_before(&self, subject: &str, happened: DateTime<Utc>) -> usize {
        let ended = Ended {
            at: self.clock.now(),
            channel: Channel::Event,
        };
        let mut count = 0;
        for entry in lock(&self.entries).values_mut() {
            let session = &mut entry.session;
            let is_theirs = session
                .signed_in
                .as_ref()
                .is_some_and(|signed_in| signed_in.subject == subject && signed_in.is_not_after(happened));
            if is_theirs {
                session.signed_in = None;
                session.grant = None;
                session.ended = Some(ended);
                count += 1;
            }
        }
        count
    }

    /// Takes the request that an answer belongs to; a second answer finds nothing.
    pub(super) fn take(&self, id: Option<&str>, state: &str) -> Option<Pending> {
        let now = self.clock.now();
        self.with(id, |session| {
            let at = session
                .pending
                .iter()
                .position(|pending| pending.state == state)?;
            let pending = session.pending.remove(at);
            (now - pending.started_at <= PENDING_LIFE).then_some(pending)
        })
        .flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending(state: &str, now: DateTime<Utc>) -> Pending {
        Pending {
            state: state.to_owned(),
            nonce: String::new(),
            verifier: String::new(),
            started_at: now,
            wish: Wish::default(),
        }
    }

    #[test]
    fn a_state_is_taken_once_by_its_own_browser_and_in_time() {
        let clock = Clock::manual(DateTime::UNIX_EPOCH);
        let sessions = Sessions::new(clock.clone(), Rng::seeded(1));
        let mine = sessions.remember(None, pending("a", clock.now()));
        let mine = sessions.remember(Some(&mine), pending("b", clock.now()));
        let other = sessions.remember(None, pending("c", clock.now()));
        assert!(sessions.take(Some(&other), "a").is_none());
        assert!(sessions.take(None, "a").is_none());
        assert!(sessions.take(Some(&mine), "a").is_some());
        assert!(sessions.take(Some(&mine), "a").is_none());
        clock.advance(TimeDelta::hours(2));
        assert!(sessions.take(Some(&mine), "b").is_none());
    }

    #[test]
    fn a_level_that_fell_lowers_the_sign_ins_before_it_and_no_others() {
        let clock = Clock::manual(DateTime::UNIX_EPOCH + TimeDelta::days(20_000));
        let sessions = Sessions::new(clock.clone(), Rng::seeded(1));
        let fell = Fell {
            level: 1,
            at: clock.now(),
        };
        let signed_in = |subject: &str, seconds: i64| SignedIn {
            subject: subject.to_owned(),
            acr: Some("urn:denizen:loa:2".to_owned()),
            id_token: String::new(),
            header: Value::Null,
            claims: serde_json::json!({ "iat": clock.now().timestamp() + seconds }),
            userinfo: None,
            userinfo_error: None,
            token_response: Value::Null,
            fell: None,
        };
        let all = [("p", -60), ("q", -60), ("p", 60)].map(|(subject, seconds)| {
            sessions.with_or_new(None, |session| {
                session.signed_in = Some(Arc::new(signed_in(subject, seconds)));
            })
        });
        assert_eq!(sessions.lower("p", fell), 1);
        let levels = all.map(|id| {
            let level = |session: &mut Session| session.signed_in.as_ref().and_then(|one| one.level());
            sessions.with(Some(&id), level).flatten()
        });
        assert_eq!(levels, [Some(1), Some(2), Some(2)]);
        assert_eq!(sessions.end_before("p", fell.at), 1, "not the one from after it");
    }

    #[test]
    fn a_renewed_session_leaves_nothing_under_the_old_id() {
        let sessions = Sessions::new(Clock::manual(DateTime::UNIX_EPOCH), Rng::seeded(1));
        let old = sessions.with_or_new(None, |session| session.notice = Some("x"));
        let new = sessions.renew(Some(&old));
        assert!(sessions.with(Some(&old), |_| ()).is_none());
        assert_eq!(
            sessions.with(Some(&new), |session| session.notice).flatten(),
            Some("x")
        );
    }

    #[test]
    fn an_idle_session_ends_and_requests_under_way_are_bounded() {
        let clock = Clock::manual(DateTime::UNIX_EPOCH);
        let sessions = Sessions::new(clock.clone(), Rng::seeded(1));
        let mut id = None;
        for n in 0..20 {
            id = Some(sessions.remember(id.as_deref(), pending(&n.to_string(), clock.now())));
        }
        assert_eq!(
            sessions.with(id.as_deref(), |session| session.pending.len()),
            Some(PENDING_MAX)
        );
        clock.advance(TimeDelta::hours(9));
        assert!(sessions.with(id.as_deref(), |_| ()).is_none());
    }
}
