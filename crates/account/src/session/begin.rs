//! How a sign-in begins, whichever way led to it. The owner's history says so in the same transaction, and where the account
//! was never used from this device before, the owner is told.

use model::authn::{Method, Methods};
use model::ids::{AccountId, ClientId, SessionId};
use model::secret::Token;
use store::accounts::{self, Account};
use store::devices::{self, Seen};
use store::sessions::{self, NewSession};
use store::{StoreError, Tx};
use web::Visit;

use crate::Service;
use crate::agreements;
use crate::history::{self, Happening, What};
use crate::links;
use crate::notices::{self, Kind, Told};

/// A sign-in that is stored. The browser gets its cookie once the transaction is committed.
#[derive(Debug)]
pub struct Started {
    /// Its identifier.
    pub id: SessionId,
    token: Token,
    device: Option<Token>,
}

impl Started {
    /// A sign-in that goes on under another cookie.
    pub(super) const fn again(id: SessionId, token: Token) -> Self {
        Self {
            id,
            token,
            device: None,
        }
    }

    /// The same under another cookie.
    pub(super) fn under(self, token: Token) -> Self {
        Self { token, ..self }
    }

    /// What a device is known by from now on that was not known by anything before.
    pub(super) fn new_device(&self, visit: &Visit) -> Option<&Token> {
        self.device.as_ref().filter(|_| visit.device_token().is_none())
    }

    /// Gives the browser its cookie, which ends with the browser.
    pub fn give_to(&self, visit: &mut Visit) {
        visit.start_session(&self.token, None);
        if let Some(device) = &self.device {
            visit.remember_device(device);
        }
    }
}

/// A sign-in that begins.
#[derive(Clone, Debug)]
pub struct Beginning<'a> {
    /// Whose it is.
    pub account: AccountId,
    /// What was proven.
    pub methods: Methods,
    /// Whether the computer is shared with others.
    pub public_computer: bool,
    /// The sub-site that waits for it.
    pub client: Option<&'a ClientId>,
    /// Since when there is the account.
    pub made: Made,
}

/// Since when there is an account that somebody signs in to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    /// It was there before.
    Before,
    /// The request that signs in has made it: its owner need not hear of the device that they have in their hands.
    Now,
}

/// Stores a sign-in: a new one, which ends the one that another person had in the browser, or the person's own once
/// more. `None` for an account that is not in use, whichever way led here.
pub async fn begin(
    service: &Service,
    tx: &Tx,
    visit: &Visit,
    beginning: &Beginning<'_>,
) -> Result<Option<Started>, StoreError> {
    let (now, rng, account) = (visit.now(), service.kit().rng(), beginning.account);
    let limits = &service.config().session;
    if !sessions::may_begin(tx, account).await? {
        return Ok(None);
    }
    // One that lapsed is not over for sub-sites: their tokens and their own sign-ins hang on it.
    let old = match visit.session_token() {
        Some(token) => sessions::find_lapsed(tx, &token.hash(), now).await?,
        None => None,
    };
    let own = old.filter(|old| old.account == account);
    // Once said to be shared, the computer stays so until the person signs out.
    let public_computer = beginning.public_computer || own.is_some_and(|own| own.public_computer);
    let mut started = Started {
        id: own.map_or_else(|| SessionId::new(now, rng), |own| own.id),
        token: Token::generate(rng),
        device: None,
    };
    let new = NewSession {
        id: started.id,
        token_hash: started.token.hash(),
        account,
        methods: beginning.methods.clone(),
        public_computer,
        now,
        expires_at: limits.expires_at(now, public_computer),
        device: visit.device().label(),
    };
    match old {
        // Only the factors of this time: an older code must not look as fresh as the password typed now (HB-26).
        Some(old) if old.id == started.id => {
            if !sessions::begin_again(tx, &new).await? {
                return Ok(None);
            }
            crate::confirm::note(tx, visit, (started.id, account), &new.methods).await?;
        }
        // Sub-sites may still show the other person's pages to whoever comes next (A171).
        Some(old) => {
            sessions::end(tx, old.id, now).await?;
            sessions::create(tx, &new).await?;
        }
        None => sessions::create(tx, &new).await?,
    }
    started.device = remember(service, tx, visit, &new, beginning).await?;
    Ok(Some(started))
}

/// Writes the beginning down, and tells the owner of a device that is new.
async fn remember(
    service: &Service,
    tx: &Tx,
    visit: &Visit,
    new: &NewSession,
    beginning: &Beginning<'_>,
) -> Result<Option<Token>, StoreError> {
    let Some(account) = accounts::find(tx, new.account).await? else {
        return Ok(None);
    };
    agreements::tell(service, tx, &account).await?;
    if new.methods.contains(Method::Password) || new.methods.contains(Method::Passkey) {
        crate::recovery::owner_is_back(service, tx, &account).await?;
    }
    let held = store::evidence::list(tx, account.id).await?;
    let level = crate::evidence::level_from(service, &account, &held).level;
    let level = service.ladder().acr(level, new.methods.strength());
    let happening = Happening::new(account.id, What::SignedIn)
        .in_session(new.id)
        .for_client(beginning.client)
        .by(&new.methods)
        .at_level(level);
    history::note_sign_in(service, tx, visit, &happening).await?;
    let known = visit.device_token().cloned();
    // A computer that others use is not remembered, and not known the next time (HB-68).
    if new.public_computer {
        let seen = match &known {
            Some(device) => devices::is_known(tx, account.id, device).await?,
            None => false,
        };
        if !seen && beginning.made == Made::Before {
            tell(service, tx, visit, &account).await?;
        }
        return Ok(None);
    }
    let device = known.unwrap_or_else(|| Token::generate(service.rng()));
    // Also where no device is known: whoever has forgotten them all hears of the next one.
    let seen = devices::note(tx, account.id, (&device, &new.device), new.now).await?;
    if seen == Seen::New && beginning.made == Made::Before {
        tell(service, tx, visit, &account).await?;
    }
    Ok(Some(device))
}

/// Tells the owner that their account is used from a device that is new.
async fn tell(service: &Service, tx: &Tx, visit: &Visit, account: &Account) -> Result<(), StoreError> {
    let place = history::place_of(visit);
    let args = [("device", place.device), ("network", place.network)];
    let told = Told {
        kind: Kind::NewDevice,
        args: &args,
        link: Some(links::not_me(service, tx, account.id, None).await?),
        not_by: None,
    };
    notices::tell(service, tx, account, &told).await
}
