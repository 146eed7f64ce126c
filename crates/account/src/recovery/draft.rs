//! A recovery under way: what the browser has shown so far. One for each browser; a newer one takes its place.

use chrono::{DateTime, TimeDelta, Utc};
use model::authn::Methods;
use model::ids::{AccountId, ChangeId};
use model::phone::Phone;
use model::secret::TokenHash;
use serde::{Deserialize, Serialize};
use store::ceremonies::{self, Handle, NewCeremony, Purpose, Step};
use store::{StoreError, Tx};
use web::Visit;

use crate::Service;
use crate::signin::Onward;

/// What was shown beside the phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Second {
    /// A printed recovery code.
    RecoveryCode,
    /// A code of an authenticator application.
    Totp,
    /// A passkey.
    Passkey,
    /// A code that was sent to the account's e-mail address.
    Email,
    /// A source confirmed that the phone is that person's now.
    Identity,
    /// A source looked at the person, and saw whom the account belongs to.
    Person,
    /// Two operators saw the person and the document.
    Counter,
}

impl Second {
    /// The word in the audit log.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::RecoveryCode => "recovery_code",
            Self::Totp => "totp",
            Self::Passkey => "passkey",
            Self::Email => "email",
            Self::Identity => "identity",
            Self::Person => "person",
            Self::Counter => "counter",
        }
    }

    /// Whether it says who somebody is, or that they hold what only the owner was given: enough for an account that its
    /// owner had held. Whoever stole a wallet has the phone that the operator vouches for, and the card with the number.
    pub(super) const fn opens_held(self) -> bool {
        !matches!(self, Self::Email | Self::Identity)
    }

    /// Whether the level stays. Else it falls: to what a phone is worth (HB-37), or what a comparison of faces is (A234).
    /// An unlocked phone shows the mailbox as well.
    pub(super) const fn keeps_level(self) -> bool {
        !matches!(self, Self::Email | Self::Identity | Self::Person)
    }
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stage {
    /// A code is on its way.
    Code,
    /// The phone is proven.
    Proven,
    /// There is a new password.
    Done,
    /// There will be one.
    Waits,
    /// The number is going to leave the account.
    Disputed,
}

/// What is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Kept {
    id: String,
    phone: String,
    stage: Stage,
    second: Option<Second>,
    #[serde(default)]
    wait: bool,
    #[serde(default)]
    told: bool,
    proven_at: Option<DateTime<Utc>>,
    at: Option<DateTime<Utc>>,
}

/// A recovery of one browser.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    /// Which one: the pages of another tab may be about another.
    pub(super) id: String,
    /// The phone that was typed.
    pub(super) phone: Phone,
    /// How far it is.
    pub(super) stage: Stage,
    /// The account, once the phone is proven.
    pub(super) account: Option<AccountId>,
    /// What was shown beside the phone.
    pub(super) second: Option<Second>,
    /// Whether the person chose to wait instead.
    pub(super) wait: bool,
    /// Whether the owner was told that somebody goes to show their face.
    pub(super) told: bool,
    /// When the phone was proven.
    pub(super) proven_at: Option<DateTime<Utc>>,
    /// When what waits will happen.
    pub(super) at: Option<DateTime<Utc>>,
}

impl Draft {
    /// A new one for a phone.
    pub(super) fn new(service: &Service, phone: &Phone) -> Self {
        Self {
            id: ChangeId::new(service.now(), service.rng()).to_string(),
            phone: phone.clone(),
            stage: Stage::Code,
            account: None,
            second: None,
            wait: false,
            told: false,
            proven_at: None,
            at: None,
        }
    }

    /// Whether a page was about this one.
    pub(super) fn is(&self, id: &str) -> bool {
        self.id == id
    }

    fn bytes(&self) -> Result<Vec<u8>, StoreError> {
        let kept = Kept {
            id: self.id.clone(),
            phone: self.phone.e164().to_owned(),
            stage: self.stage,
            second: self.second,
            wait: self.wait,
            told: self.told,
            proven_at: self.proven_at,
            at: self.at,
        };
        serde_json::to_vec(&kept).map_err(|_| StoreError::Malformed("ceremony.state"))
    }

    /// Begins it in the place of the browser's earlier one.
    pub(super) async fn begin(&self, service: &Service, tx: &Tx, visit: &Visit) -> Result<(), StoreError> {
        let (id, browser) = (handle(visit), visit.browser_hash());
        let now = service.now();
        let expires_at = now + TimeDelta::minutes(service.config().recovery.draft_minutes);
        let state = self.bytes()?;
        let new = NewCeremony {
            account: self.account,
            state: &state,
            ..NewCeremony::new(&id, (&browser, Purpose::Recovery), (now, expires_at))
        };
        ceremonies::put(tx, &new).await
    }

    /// Keeps what a step has brought; `false` when it is over meanwhile.
    pub(super) async fn keep(&self, service: &Service, tx: &Tx, visit: &Visit) -> Result<bool, StoreError> {
        let (id, browser) = (handle(visit), visit.browser_hash());
        let state = self.bytes()?;
        let methods = Methods::default();
        let step = Step {
            account: self.account,
            methods: &methods,
            state: &state,
        };
        ceremonies::advance(tx, at(&id, &browser), &step, service.now()).await
    }

    /// Uses it up: of two that finish at once one does. What it came to is kept for a page that was sent twice.
    pub(super) async fn finish(
        &self,
        service: &Service,
        tx: &Tx,
        visit: &Visit,
        stage: Stage,
    ) -> Result<bool, StoreError> {
        let (id, browser) = (handle(visit), visit.browser_hash());
        let Some(taken) = ceremonies::take(tx, at(&id, &browser), service.now()).await? else {
            return Ok(false);
        };
        let same = read(&taken).is_some_and(|taken| taken.id == self.id && taken.stage == self.stage);
        if same {
            // What is under way for the account in any browser was begun with the password of before.
            if let (Stage::Done, Some(account)) = (stage, self.account) {
                ceremonies::end_of_account(tx, account, service.now()).await?;
            }
            let done = Self {
                stage,
                ..self.clone()
            };
            done.begin(service, tx, visit).await?;
        }
        Ok(same)
    }
}

/// The recovery of this browser.
pub(super) async fn find(service: &Service, visit: &Visit) -> Result<Option<Draft>, StoreError> {
    find_in(service, &service.store().read(), visit).await
}

/// The same, as a transaction sees it.
pub(super) async fn find_in(service: &Service, tx: &Tx, visit: &Visit) -> Result<Option<Draft>, StoreError> {
    let (id, browser) = (handle(visit), visit.browser_hash());
    let found = ceremonies::look(tx, at(&id, &browser), service.now()).await?;
    Ok(found.as_ref().and_then(read))
}

fn read(found: &ceremonies::Ceremony) -> Option<Draft> {
    let kept: Kept = serde_json::from_slice(&found.state).ok()?;
    Some(Draft {
        id: kept.id,
        phone: Phone::parse(&kept.phone).ok()?,
        stage: kept.stage,
        account: found.account,
        second: kept.second,
        wait: kept.wait,
        told: kept.told,
        proven_at: kept.proven_at,
        at: kept.at,
    })
}

/// One for each browser. Nobody without the browser's own secret and our key can work it out.
fn handle(visit: &Visit) -> TokenHash {
    TokenHash::of(
        &visit
            .kit()
            .csrf_key()
            .token(&visit.browser_hash(), "recovery\u{0}"),
    )
}

fn at<'a>(id: &'a TokenHash, browser: &'a TokenHash) -> Handle<'a> {
    Handle {
        id,
        browser,
        purpose: Purpose::Recovery,
    }
}

/// Where somebody goes whose step comes too early or too late (A223, A233).
pub(super) fn instead(draft: Option<&Draft>, onward: &Onward) -> web::paths::LocalPath {
    let page = match draft.map(|draft| draft.stage) {
        None => super::START.with("ended", "yes"),
        Some(Stage::Code) => super::CODE,
        Some(Stage::Proven) => super::PROOF,
        Some(Stage::Done | Stage::Waits | Stage::Disputed) => super::DONE,
    };
    onward.through(page)
}
