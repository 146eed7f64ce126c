//! Between the first factor of a sign-in and the second: half a sign-in, which opens nothing. It is the browser's own, lives
//! for minutes and is taken once (`store::ceremonies`, A223).

use chrono::TimeDelta;
use model::authn::Methods;
use model::ids::AccountId;
use model::secret::{Token, TokenHash};
use model::standing::{Answer, Entry, answer};
use serde::{Deserialize, Serialize};
use store::accounts::{self, Account};
use store::ceremonies::{self, Ceremony, Handle, NewCeremony, Purpose, Step};
use store::{StoreError, Tx};
use web::{Problem, Visit};
use zeroize::Zeroizing;

use crate::Service;
use crate::factors::{self, Enrolled};
use crate::session::Stop;

/// What was proven so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Half<'a> {
    pub(super) account: AccountId,
    pub(super) methods: &'a Methods,
    pub(super) public_computer: bool,
}

/// Whether a password is not enough for an account.
pub(super) const fn is_wanted(enrolled: &Enrolled) -> bool {
    enrolled.two_step()
}

/// Puts half a sign-in aside; answers its handle.
pub(super) async fn put(
    service: &Service,
    tx: &Tx,
    visit: &Visit,
    (purpose, half): (Purpose, &Half<'_>),
) -> Result<Token, StoreError> {
    let token = Token::generate(service.rng());
    let now = visit.now();
    let until = now + TimeDelta::minutes(service.config().signin.step_minutes);
    let (id, browser) = (token.hash(), visit.browser_hash());
    let new = NewCeremony {
        account: Some(half.account),
        methods: half.methods.clone(),
        public_computer: half.public_computer,
        ..NewCeremony::new(&id, (&browser, purpose), (now, until))
    };
    ceremonies::put(tx, &new).await?;
    Ok(token)
}

/// Half a sign-in that waits in this browser.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) token: Token,
    pub(super) ceremony: Ceremony,
    pub(super) account: Account,
    id: TokenHash,
    browser: TokenHash,
}

impl Waiting {
    /// Finds it by its handle; nothing for an account that cannot be signed in to any more.
    pub(super) async fn find(service: &Service, visit: &Visit, handle: &str) -> Result<Option<Self>, Stop> {
        let Some(token) = Token::parse(handle) else {
            return Ok(None);
        };
        let (id, browser) = (token.hash(), visit.browser_hash());
        let tx = service.store().read();
        let at = Handle {
            id: &id,
            browser: &browser,
            purpose: Purpose::SignIn,
        };
        let Some(ceremony) = ceremonies::look(&tx, at, visit.now()).await? else {
            return Ok(None);
        };
        let Some(owner) = ceremony.account else {
            return Ok(None);
        };
        let account = accounts::find(&tx, owner).await?;
        let account = account.filter(|account| {
            matches!(
                answer(account.status, Entry::SignIn),
                Answer::Yes | Answer::OnlyToKeep
            )
        });
        Ok(account.map(|account| Self {
            token,
            ceremony,
            account,
            id,
            browser,
        }))
    }

    const fn at(&self) -> Handle<'_> {
        Handle {
            id: &self.id,
            browser: &self.browser,
            purpose: Purpose::SignIn,
        }
    }

    /// Takes it: of several takers one gets it.
    pub(super) async fn take(&self, tx: &Tx, visit: &Visit) -> Result<bool, StoreError> {
        Ok(ceremonies::take(tx, self.at(), visit.now()).await?.is_some())
    }

    /// Keeps the question that the browser is asked, or forgets it.
    pub(super) async fn keep(&self, tx: &Tx, visit: &Visit, question: Option<&Question>) -> Result<(), Stop> {
        let state = Question::text(question)?;
        let step = Step {
            account: Some(self.account.id),
            methods: &self.ceremony.methods,
            state: &state,
        };
        ceremonies::advance(tx, self.at(), &step, visit.now()).await?;
        Ok(())
    }

    /// The question that the browser was asked.
    pub(super) fn question(&self) -> Option<Question> {
        Question::read(&self.ceremony.state)
    }
}

/// What a page asks the browser about passkeys, and what the answer is held against.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Question {
    pub(super) options: String,
    pub(super) state: Vec<u8>,
}

impl Question {
    pub(super) fn of(asked: &factors::Asked) -> Self {
        Self {
            options: asked.options.clone(),
            state: asked.state.to_vec(),
        }
    }

    pub(super) fn text(question: Option<&Self>) -> Result<Zeroizing<Vec<u8>>, Problem> {
        let Some(question) = question else {
            return Ok(Zeroizing::default());
        };
        let text = serde_json::to_vec(question).map_err(Problem::internal)?;
        Ok(Zeroizing::new(text))
    }

    pub(super) fn read(text: &[u8]) -> Option<Self> {
        serde_json::from_slice(text).ok()
    }
}
