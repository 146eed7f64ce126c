//! `/account/confirm`: the person proves once more that it is them, before something that a stolen sign-in must not do
//! (A162, A225).
//!
//! [`require`] lets a page in when the proof is fresh, and otherwise leads through this page and back. What was proven is
//! remembered for ten minutes in `store::ceremonies`, for one sign-in in one browser. A right proof also counts for the
//! sign-in itself, which gets a new cookie (A151).

use axum::Router;
use axum::routing::get;
use chrono::{DateTime, TimeDelta, Utc};
use model::authn::{Method, Methods};
use model::ids::{AccountId, SessionId};
use model::secret::TokenHash;
use store::ceremonies::{self, NewCeremony, Purpose};
use store::sessions::LiveSession;
use store::{StoreError, Tx};
use web::Visit;
use web::paths::LocalPath;

use crate::Service;
use crate::factors::Enrolled;
use crate::session::{self, Stop};

mod check;
mod kept;
mod page;

pub(crate) use check::password;
pub(crate) use kept::{above, back_to, kept, require_keeping};

/// For so long a proof is fresh, in minutes.
const FRESH_MINUTES: i64 = 10;

const HERE: LocalPath = LocalPath::known("/account/confirm");

/// The parameter with which a page is come back to whose form was interrupted: it says so, and asks to finish.
pub(crate) const CONFIRMED: &str = "confirmed";

/// What must be proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Anything that the account has, within ten minutes.
    Recent,
    /// The strongest kind that the account has, within ten minutes: what one weaker factor must not change alone (A225).
    Strongest,
}

/// One way to prove it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Proof {
    /// A passkey.
    Passkey,
    /// A code of an authenticator application.
    Totp,
    /// The password.
    Password,
    /// A code by SMS, for those who have nothing else.
    Sms,
    /// A printed recovery code.
    RecoveryCode,
}

impl Proof {
    const ALL: [Self; 5] = [
        Self::Passkey,
        Self::Totp,
        Self::Password,
        Self::Sms,
        Self::RecoveryCode,
    ];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Passkey => "passkey",
            Self::Totp => "totp",
            Self::Password => "password",
            Self::Sms => "sms",
            Self::RecoveryCode => "recovery_code",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|proof| proof.as_str() == text)
    }

    /// What it counts for in the sign-in; a printed code stands in for a lost factor and is none.
    const fn method(self) -> Option<Method> {
        match self {
            Self::Passkey => Some(Method::Passkey),
            Self::Totp => Some(Method::Totp),
            Self::Password => Some(Method::Password),
            Self::Sms => Some(Method::Sms),
            Self::RecoveryCode => None,
        }
    }

    const fn of(method: Method) -> Option<Self> {
        match method {
            Method::Passkey => Some(Self::Passkey),
            Method::Totp => Some(Self::Totp),
            Method::Password => Some(Self::Password),
            Method::Sms => Some(Self::Sms),
            Method::Certificate | Method::Scan => None,
        }
    }
}

/// Who is signed in and has proven it freshly; otherwise the sign-in page or this one, which come back to `here`.
pub async fn require(
    service: &Service,
    visit: &mut Visit,
    need: Need,
    here: &LocalPath,
) -> Result<LiveSession, Stop> {
    let session = session::require(service, visit, here).await?;
    if is_met(service, visit, &session, need).await? {
        return Ok(session);
    }
    let page = match need {
        Need::Recent => HERE,
        Need::Strongest => HERE.with("need", "strongest"),
    };
    Err(Stop::Go(visit.redirect(&page.with("return_to", here.as_str()))))
}

/// Whether what is needed was proven freshly.
pub async fn is_met(
    service: &Service,
    visit: &Visit,
    session: &LiveSession,
    need: Need,
) -> Result<bool, StoreError> {
    let fresh = Fresh::of(service, visit, session).await?;
    if need == Need::Recent {
        return Ok(fresh.recent);
    }
    let enrolled = crate::factors::of(&service.store().read(), &session.account).await?;
    Ok(fresh.is_enough(need, &enrolled))
}

/// Whether a code to the account's phone was typed in this browser within ten minutes (HB-26).
pub(crate) async fn has_proven_phone(
    service: &Service,
    visit: &Visit,
    session: &LiveSession,
) -> Result<bool, StoreError> {
    Ok(Fresh::of(service, visit, session).await?.has(Proof::Sms))
}

/// What a sign-in's methods say was proven in its own browser: nothing where it came by scanning, for then they are those of
/// the phone.
fn proven_here(methods: &Methods) -> Vec<Proof> {
    if methods.contains(Method::Scan) {
        return Vec::new();
    }
    methods.iter().filter_map(Proof::of).collect()
}

/// What was proven within ten minutes.
#[derive(Clone, Debug, Default)]
struct Fresh {
    recent: bool,
    proofs: Vec<Proof>,
}

impl Fresh {
    async fn of(service: &Service, visit: &Visit, session: &LiveSession) -> Result<Self, StoreError> {
        let now = visit.now();
        let ids = Proof::ALL.map(|proof| mark(session.id, proof));
        let (tx, browser) = (service.store().read(), visit.browser_hash());
        let found = ceremonies::which(&tx, &ids, (&browser, Purpose::Confirmed), now).await?;
        let marked = found
            .into_iter()
            .filter_map(|place| Proof::ALL.get(place).copied());
        let recent = now - session.auth_time <= TimeDelta::minutes(FRESH_MINUTES);
        // All that a sign-in began with was proven when it began.
        let began = (recent && session.auth_time == session.created_at)
            .then(|| proven_here(&session.methods))
            .into_iter()
            .flatten();
        let mut proofs: Vec<Proof> = marked.chain(began).collect();
        proofs.sort_unstable();
        proofs.dedup();
        // A printed code is no factor of the sign-in, and moves none of its times; a sign-in that came by scanning has
        // times, and nothing was proven here.
        let recent = !proofs.is_empty() || (recent && !session.methods.contains(Method::Scan));
        Ok(Self { recent, proofs })
    }

    fn has(&self, proof: Proof) -> bool {
        self.proofs.contains(&proof)
    }

    /// A printed code stands in for the strongest factor, together with the password where there is one.
    fn has_stand_in(&self, enrolled: &Enrolled) -> bool {
        self.has(Proof::RecoveryCode) && (enrolled.password.is_none() || self.has(Proof::Password))
    }

    fn is_enough(&self, need: Need, enrolled: &Enrolled) -> bool {
        if need == Need::Recent {
            return self.recent;
        }
        if !enrolled.passkeys.is_empty() {
            self.has(Proof::Passkey) || self.has_stand_in(enrolled)
        } else if !enrolled.totp.is_empty() {
            self.has(Proof::Totp) || self.has_stand_in(enrolled)
        } else if enrolled.password.is_some() {
            self.has(Proof::Password)
        } else {
            self.recent
        }
    }

    /// The ways that the page offers, best first.
    fn offered(&self, need: Need, enrolled: &Enrolled) -> Vec<Proof> {
        let (passkey, totp) = (!enrolled.passkeys.is_empty(), !enrolled.totp.is_empty());
        let (password, codes) = (enrolled.password.is_some(), enrolled.codes_left > 0);
        let second = need == Need::Strongest && (passkey || totp);
        let wanted = |proof: &Proof| match proof {
            Proof::Passkey => passkey,
            Proof::Totp => totp && !(need == Need::Strongest && passkey),
            // Beside a printed code, once that was right.
            Proof::Password if second => password && self.has(Proof::RecoveryCode),
            Proof::Password => password,
            Proof::Sms => !passkey && !totp && !password && enrolled.phone,
            Proof::RecoveryCode => codes && (passkey || totp) && !self.has(Proof::RecoveryCode),
        };
        Proof::ALL.into_iter().filter(wanted).collect()
    }
}

/// The handle of what is remembered of a proof. It is no secret: nothing that a browser sends is looked up as one.
fn mark(session: SessionId, proof: Proof) -> TokenHash {
    TokenHash::of(&format!("confirmed\u{0}{session}\u{0}{}", proof.as_str()))
}

/// Remembers that these factors of a sign-in were proven just now. For whoever adds a factor to a sign-in that is there
/// already, in the same transaction.
pub async fn note(
    tx: &Tx,
    visit: &Visit,
    (session, account): (SessionId, AccountId),
    methods: &Methods,
) -> Result<(), StoreError> {
    for proof in proven_here(methods) {
        remember(tx, visit, (session, account), (proof, visit.now())).await?;
    }
    Ok(())
}

/// Remembers that a sign-in was finished with a printed code, which need not be spent twice.
pub(crate) async fn note_code(tx: &Tx, visit: &Visit, who: (SessionId, AccountId)) -> Result<(), StoreError> {
    remember(tx, visit, who, (Proof::RecoveryCode, visit.now())).await
}

async fn remember(
    tx: &Tx,
    visit: &Visit,
    (session, account): (SessionId, AccountId),
    (proof, at): (Proof, DateTime<Utc>),
) -> Result<(), StoreError> {
    let (id, browser) = (mark(session, proof), visit.browser_hash());
    let ends = at + TimeDelta::minutes(FRESH_MINUTES);
    let new = NewCeremony {
        account: Some(account),
        session: Some(session),
        ..NewCeremony::new(&id, (&browser, Purpose::Confirmed), (at, ends))
    };
    ceremonies::put(tx, &new).await
}

/// The page.
pub(crate) fn routes() -> Router<Service> {
    Router::new().route("/account/confirm", get(page::show).post(page::submit))
}
