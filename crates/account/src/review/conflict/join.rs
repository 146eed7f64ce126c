//! Joining two accounts of one person, in one transaction: the older one stays as it is, with its evidence and with the
//! subjects that sub-sites know; the newer one closes, with its sign-ins, tokens and cases. Both phones are told, and
//! whoever has one of them can object for some days, which freezes the account until somebody has looked. When nobody did,
//! the newer one is erased like every account that closes.

use chrono::TimeDelta;
use model::authn::{Method, Methods};
use model::case::State;
use model::event::Event;
use model::evidence::{Details, Evidence, SourceId};
use model::ids::{AccountId, EvidenceId, OtpId};
use model::phone::Phone;
use model::secret::{Sensitive, TokenHash};
use serde_json::json;
use store::accounts::{self, Account, Status};
use store::audit::Entry;
use store::cases::{self, Case, CaseNumber};
use store::evidence::NewEvidence;
use store::otp::{Holder, NewOtp};
use store::sessions::LiveSession;
use store::{StoreError, Tx, case_images, case_reviews, joins, sessions, status_events};
use web::Visit;

use crate::Service;
use crate::ageing;
use crate::closing;
use crate::factors;
use crate::history::{self, Happening, What};
use crate::notices::texts::{Sms, Text};
use crate::otp::Purpose;
use crate::session::{self, Beginning, Made, Started};

/// Characters of the word that objects: without those that look alike.
const ALPHABET: &[u8] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";
/// How many of them: nobody guesses it, so that nobody can use up somebody else's tries either.
const OBJECTION_CHARACTERS: usize = 12;

/// The evidence that a code reached a phone.
const PHONE_SMS: &str = "phone_sms";

/// Which phone the account has afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    /// Its own.
    Older,
    /// That of the account that closes.
    Newer,
}

/// Which second factor of the older account was proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Second {
    /// Its authenticator application.
    App,
    /// A code that its owner printed.
    Printed,
}

/// Two accounts, and what was proven.
pub(super) struct Pair<'a> {
    pub(super) newer: &'a LiveSession,
    pub(super) older: &'a Account,
    /// The phone of the older one, to which the code went.
    pub(super) phone: &'a Phone,
    pub(super) case: &'a Case,
    pub(super) code: OtpId,
    pub(super) keep: Keep,
    /// Where the older one has a second factor.
    pub(super) second: Option<Second>,
}

/// How it ended.
pub(super) enum Joined {
    /// They are one, and the person is signed in to it by what they proved.
    Done(Started),
    /// Something is not as it was a moment ago. Nothing was changed.
    Not,
}

/// Joins them, once.
pub(super) async fn join(service: &Service, visit: &Visit, pair: &Pair<'_>) -> Result<Joined, StoreError> {
    let (now, newer, older) = (service.now(), pair.newer.account.id, pair.older.id);
    let tx = service.store().begin().await?;
    joins::take_turns(&tx, newer, older).await?;
    if !is_still_so(&tx, visit, pair).await?
        || !store::otp::consume(&tx, pair.code, now).await?
        || !cases::change(&tx, pair.case.id, (State::Conflict, State::Replaced), now).await?
    {
        return Ok(Joined::Not);
    }
    cases::put_reference(&tx, pair.case.id, &reference(older)).await?;
    let held = store::evidence::list(&tx, newer).await?;
    let sites = status_events::knowing(&tx, newer).await?;
    close(service, &tx, newer).await?;
    let until = now + TimeDelta::hours(service.config().review.objection_hours);
    closing::after_join(service, &tx, (newer, older), (sites, until)).await?;
    if pair.keep == Keep::Newer {
        move_phone(service, &tx, pair, &held).await?;
    }
    let mut methods = Methods::new([Method::Password, Method::Sms]);
    if pair.second == Some(Second::App) {
        methods = methods.with(Method::Totp);
    }
    let beginning = Beginning {
        account: older,
        methods,
        public_computer: pair.newer.public_computer,
        client: None,
        made: Made::Before,
    };
    let Some(started) = session::begin(service, &tx, visit, &beginning).await? else {
        return Ok(Joined::Not);
    };
    if pair.second == Some(Second::Printed) {
        let happening = Happening::new(older, What::CodeUsed).in_session(started.id);
        history::note(service, &tx, visit, &happening).await?;
    }
    record(service, &tx, visit, pair, &started).await?;
    tell(service, &tx, pair).await?;
    tx.commit().await?;
    service.kick_delivery();
    Ok(Joined::Done(started))
}

/// What a joined case refers to: the account that stayed.
fn reference(older: AccountId) -> String {
    format!("joined:{older}")
}

/// The account that stayed after a case was joined.
pub(super) async fn stayed(tx: &Tx, case: &Case) -> Result<Option<AccountId>, StoreError> {
    let reference = cases::find_reference(tx, case.id).await?;
    let id = reference.as_deref().and_then(|text| text.strip_prefix("joined:"));
    Ok(id.and_then(|id| id.parse().ok()))
}

/// The code that went to the older account's phone when its password was right in this browser. A password that was changed
/// since makes it worth nothing: who typed the one before has shown nothing any more (A231, A247).
pub(super) async fn proof(
    tx: &Tx,
    visit: &Visit,
    older: &Account,
) -> Result<Option<store::otp::Issued>, StoreError> {
    let Some(phone) = &older.phone else {
        return Ok(None);
    };
    let browser = visit.browser_hash();
    let holder = Holder {
        purpose: Purpose::JoinAccounts,
        target: phone.e164(),
        browser: &browser,
    };
    let newest = store::otp::find_newest(tx, &holder).await?;
    let password = store::credentials::find_password(tx, older.id).await?;
    Ok(newest.filter(|issued| {
        let same = password.is_some_and(|password| password.changed_at <= issued.created_at);
        same && visit.now() < issued.expires_at
    }))
}

/// Looked up again behind the locks: nobody else changes either account now.
async fn is_still_so(tx: &Tx, visit: &Visit, pair: &Pair<'_>) -> Result<bool, StoreError> {
    let older = accounts::find(tx, pair.older.id).await?;
    let newer = accounts::find(tx, pair.newer.account.id).await?;
    let (Some(older), Some(newer), Some(facts)) = (older, newer, &pair.case.input) else {
        return Ok(false);
    };
    let proof = proof(tx, visit, &older).await?;
    if proof.is_none_or(|issued| issued.id != pair.code) {
        return Ok(false);
    }
    // A second factor that was set up meanwhile is not passed by, and where there is one the phone stays.
    let two_step = factors::of(tx, &older).await?.two_step();
    if two_step && (pair.second.is_none() || pair.keep == Keep::Newer) {
        return Ok(false);
    }
    let both_in_use = older.status == Status::Active && newer.status == Status::Active;
    let has_it = older.citizen_id.as_ref() == Some(&facts.citizen_id);
    // An account that has proven a number of its own is not somebody's second one.
    let is_second = newer.citizen_id.is_none();
    let same_phones = older.phone.as_ref() == Some(pair.phone) && newer.phone == pair.newer.account.phone;
    Ok(both_in_use && has_it && is_second && same_phones && older.kind == newer.kind && older.id != newer.id)
}

/// Closes an account with everything that it gave; sub-sites are told as after a sign-out. What is known of the person stays
/// until nobody can object any more (`closing::finish`).
async fn close(service: &Service, tx: &Tx, id: AccountId) -> Result<(), StoreError> {
    let now = service.now();
    sessions::end_all(tx, id, None, now).await?;
    for case in cases::list_open(tx, id).await? {
        case_reviews::withdraw(tx, case.id, now).await?;
    }
    cases::end_all(tx, id, now).await?;
    case_images::delete_of_account(tx, id, now).await?;
    store::evidence::end_all(tx, id, (now, "joined")).await?;
    if !joins::close(tx, id, now).await? {
        return Err(StoreError::Malformed("account.status"));
    }
    Ok(())
}

/// The phones change places: the account gets the new one, and the old one stays known at the closed account. No page
/// puts it back; who objects has the account frozen. What had been compared with the old phone ends.
async fn move_phone(
    service: &Service,
    tx: &Tx,
    pair: &Pair<'_>,
    held: &[Evidence],
) -> Result<(), StoreError> {
    let Some(phone) = &pair.newer.account.phone else {
        return Ok(());
    };
    let (now, older) = (service.now(), pair.older.id);
    joins::put_phone(tx, (pair.newer.account.id, Status::Closed), pair.phone, now).await?;
    if !joins::put_phone(tx, (older, Status::Active), phone, now).await? {
        return Err(StoreError::Malformed("account.status"));
    }
    ageing::events::phone_replaced(service, tx, older).await?;
    // No code goes to the new phone here: what the account that closes had proven of it comes along, as old as it is.
    let source = SourceId::parse(PHONE_SMS).map_err(|_| StoreError::Malformed("evidence.source"))?;
    store::evidence::end_source(tx, older, &source, (now, "replaced")).await?;
    if let Some(piece) = held.iter().find(|piece| piece.source == source) {
        let new = NewEvidence {
            evidence: Evidence {
                id: EvidenceId::new(now, service.rng()),
                ..piece.clone()
            },
            account: older,
            reference: None,
            case: None,
            details: Details::default(),
        };
        store::evidence::record(tx, &new).await?;
    }
    // Whoever had the old phone, and with it a sign-in somewhere, signs in again.
    sessions::end_all(tx, older, None, now).await?;
    Ok(())
}

async fn record(
    service: &Service,
    tx: &Tx,
    visit: &Visit,
    pair: &Pair<'_>,
    started: &Started,
) -> Result<(), StoreError> {
    let (now, rng) = (service.now(), service.rng());
    let (newer, older) = (pair.newer.account.id, pair.older.id);
    let phone = if pair.keep == Keep::Newer {
        "replaced"
    } else {
        "kept"
    };
    let number = pair.case.number.as_str();
    for (account, event, details) in [
        (
            newer,
            Event::AccountClosed,
            json!({ "case": number, "reason": "joined", "into": older.to_string() }),
        ),
        (
            older,
            Event::AccountsJoined,
            json!({ "case": number, "closed": newer.to_string(), "phone": phone }),
        ),
    ] {
        let mut entry = Entry::new(event, now).account(account).details(details);
        entry.request_id = Some(visit.request_id().to_owned());
        store::audit::record(tx, rng, entry).await?;
    }
    let mut entry = Entry::new(Event::SignedIn, now)
        .account(older)
        .session(started.id);
    entry.request_id = Some(visit.request_id().to_owned());
    store::audit::record(tx, rng, entry).await
}

/// Tells both phones, with the word that objects.
async fn tell(service: &Service, tx: &Tx, pair: &Pair<'_>) -> Result<(), StoreError> {
    let (now, rng, kit) = (service.now(), service.rng(), service.kit());
    let hours = service.config().review.objection_hours;
    let expires_at = now + TimeDelta::hours(hours);
    let word = Sensitive::new(word(service));
    let anyone = anyone();
    let new = NewOtp {
        id: OtpId::new(now, rng),
        holder: objector(&pair.case.number, &anyone),
        code: Some(word.expose()),
        tries: u16::MAX,
        now,
        expires_at,
    };
    store::otp::issue(tx, &new).await?;
    let page = format!(
        "{}/verify/objection",
        kit.base_url().as_str().trim_end_matches('/')
    );
    let args = [
        ("case", pair.case.number.as_str().into()),
        ("word", word.expose().as_str().into()),
        ("page", page.as_str().into()),
        ("hours", hours.into()),
    ];
    let phones = [Some(pair.phone), pair.newer.account.phone.as_ref()];
    for phone in phones.into_iter().flatten() {
        let sms = Sms {
            text: Text::AccountsJoined,
            language: pair.older.language,
            args: &args,
            to: phone,
            expires_at,
        };
        store::outbox::put(tx, &sms.message(kit)).await?;
    }
    Ok(())
}

fn word(service: &Service) -> String {
    let size = u32::try_from(ALPHABET.len()).unwrap_or(1);
    let mut word = String::with_capacity(OBJECTION_CHARACTERS);
    for _ in 0..OBJECTION_CHARACTERS {
        let index = usize::try_from(service.rng().below(size)).unwrap_or_default();
        word.push(char::from(ALPHABET.get(index).copied().unwrap_or(b'2')));
    }
    word
}

/// Whoever has one of the phones may object, in any browser.
pub(super) fn anyone() -> TokenHash {
    TokenHash::of("objection")
}

/// Whose word it is that objects to a joined case.
pub(super) fn objector<'a>(number: &'a CaseNumber, anyone: &'a TokenHash) -> Holder<'a> {
    Holder {
        purpose: Purpose::Objection,
        target: number.as_str(),
        browser: anyone,
    }
}
