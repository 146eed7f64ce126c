//! The one transaction that makes an account: the code is used up, and account, password, evidence, acceptance,
//! sign-in and the entries of the audit log are there; or nothing is.

use model::authn::{Method, Methods};
use model::event::Event;
use model::evidence::{Evidence, SourceId};
use model::ids::{AccountId, EvidenceId, OtpId, SessionId};
use model::secret::Sensitive;
use serde_json::json;
use store::accounts::{self, NewAccount};
use store::agreements::{self, Acceptance};
use store::audit::{self, Entry};
use store::evidence::NewEvidence;
use store::registrations::{self, Registration};
use store::{StoreError, Tx, credentials};
use web::Visit;

use super::activation;
use crate::agreements::Agreement;
use crate::password::StoredPassword;
use crate::session::{self, Beginning, Made, Started};
use crate::{Service, otp};

/// The source that a code from the phone is evidence of.
const PHONE_SMS: &str = "phone_sms";

/// What an account is made from.
#[derive(Debug)]
pub(super) struct New<'a> {
    pub(super) draft: &'a Registration,
    /// The code that was tried and is right.
    pub(super) code: OtpId,
    pub(super) password: StoredPassword,
    pub(super) agreement: &'a Agreement,
    pub(super) public_computer: bool,
}

/// What came of it.
#[derive(Debug)]
pub(super) enum Created {
    /// There is an account, and its person is signed in.
    Done(Started),
    /// There is an account, and a link is on its way to its mailbox.
    Waiting,
    /// The code was used meanwhile, its time is over, or the draft is forgotten.
    CodeGone,
    /// The phone got an account meanwhile.
    PhoneTaken,
}

/// Makes the account.
pub(super) async fn create(service: &Service, visit: &Visit, new: &New<'_>) -> Result<Created, StoreError> {
    let now = visit.now();
    let account = AccountId::new(now, service.rng());
    let tx = service.store().begin().await?;
    // The guarded statement comes first: whoever loses here has changed nothing and waits for nothing else.
    if !store::otp::consume(&tx, new.code, now).await?
        || !registrations::complete(&tx, new.draft.id, account, now).await?
    {
        return Ok(Created::CodeGone);
    }
    let row = NewAccount {
        id: account,
        kind: new.draft.kind,
        language: visit.language(),
        phone: new.draft.phone.clone(),
        created_at: now,
    };
    let created = match &new.draft.mail {
        Some(mail) => accounts::create_pending(&tx, &row, &mail.name).await,
        None => accounts::create(&tx, &row).await,
    };
    match created {
        Ok(()) => {}
        Err(StoreError::Duplicate) => return Ok(Created::PhoneTaken),
        Err(error) => return Err(error),
    }
    let phc = Sensitive::new(new.password.as_str().to_owned());
    credentials::create_password(&tx, service.rng(), account, &phc, now).await?;
    record_phone(service, &tx, visit, account).await?;
    record_acceptance(service, &tx, visit, (account, new.agreement)).await?;
    let by = if new.draft.mail.is_some() {
        "email"
    } else {
        "phone"
    };
    let registered = Entry::new(Event::AccountRegistered, now)
        .account(account)
        .details(json!({ "kind": new.draft.kind.as_str(), "by": by }));
    if let Some(mail) = &new.draft.mail {
        record(service, &tx, visit, registered).await?;
        activation::begin(service, &tx, (account, visit.language()), (new.draft, mail)).await?;
        tx.commit().await?;
        return Ok(Created::Waiting);
    }
    let methods = Methods::new([Method::Sms]);
    let beginning = Beginning {
        account,
        methods,
        public_computer: new.public_computer,
        client: None,
        made: Made::Now,
    };
    let Some(started) = session::begin(service, &tx, visit, &beginning).await? else {
        return Ok(Created::CodeGone);
    };
    record(service, &tx, visit, registered).await?;
    record_sign_in(service, &tx, visit, account, started.id).await?;
    tx.commit().await?;
    Ok(Created::Done(started))
}

async fn record_phone(
    service: &Service,
    tx: &Tx,
    visit: &Visit,
    account: AccountId,
) -> Result<(), StoreError> {
    let now = visit.now();
    let source = SourceId::parse(PHONE_SMS).map_err(|_| StoreError::Malformed("evidence.source"))?;
    let expires_at = service.ladder().expiry(&source, now);
    let id = EvidenceId::new(now, service.rng());
    let evidence = Evidence {
        id,
        source,
        issued_at: now,
        expires_at,
        ended_at: None,
    };
    let new = NewEvidence {
        evidence,
        account,
        reference: None,
        case: None,
        details: model::evidence::Details::default(),
    };
    store::evidence::record(tx, &new).await?;
    let entry = Entry::new(Event::EvidenceRecorded, now).account(account);
    record(service, tx, visit, entry.details(json!({ "source": PHONE_SMS }))).await
}

async fn record_acceptance(
    service: &Service,
    tx: &Tx,
    visit: &Visit,
    (account, agreement): (AccountId, &Agreement),
) -> Result<(), StoreError> {
    let (now, language) = (visit.now(), visit.language());
    let acceptance = Acceptance {
        account,
        agreement: agreement.id.clone(),
        version: agreement.version.clone(),
        language,
        text_hash: agreement.text_hash(language),
        answer: agreements::Answer::Accepted,
        at: now,
    };
    agreements::answer(tx, service.rng(), &acceptance).await?;
    let details = json!({ "agreement": agreement.id, "version": agreement.version, "channel": "web" });
    record(
        service,
        tx,
        visit,
        Entry::new(Event::AgreementAccepted, now)
            .account(account)
            .details(details),
    )
    .await
}

/// The sign-in that follows, by the factor of this purpose alone.
pub(super) async fn record_sign_in(
    service: &Service,
    tx: &Tx,
    visit: &Visit,
    account: AccountId,
    session: SessionId,
) -> Result<(), StoreError> {
    let details = json!({ "after": otp::Purpose::Registration.as_str() });
    let entry = Entry::new(Event::SignedIn, visit.now())
        .account(account)
        .session(session);
    record(service, tx, visit, entry.details(details)).await
}

async fn record(service: &Service, tx: &Tx, visit: &Visit, mut entry: Entry) -> Result<(), StoreError> {
    entry.request_id = Some(visit.request_id().to_owned());
    audit::record(tx, service.rng(), entry).await
}
