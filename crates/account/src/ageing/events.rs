//! Events that lower a level at once. Each ends evidence in the caller's transaction, says so in the audit log, and has
//! the level looked at; the level itself follows at the next token.

use chrono::{DateTime, Utc};
use model::event::Event;
use model::evidence::{Evidence, SourceId};
use model::ids::{AccountId, EvidenceId};
use model::ladder::Level;
use serde_json::json;
use store::accounts::Account;
use store::audit::{self, Entry};
use store::history::{self, What};
use store::{StoreError, Tx, evidence};

use super::rules;
use crate::Service;
use crate::evidence::definition;
use crate::evidence::port::Definition;

/// Sources that say nothing about who somebody is.
const OF_NO_NAME: [&str; 2] = ["phone_sms", "email_link"];

/// Why evidence ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    PhoneReplaced,
    RegisterRestricted,
    CertificateRevoked,
    RecoveredBySms,
    RecoveredByFace,
    Renamed,
}

impl Reason {
    const fn as_str(self) -> &'static str {
        match self {
            Self::PhoneReplaced => "phone_replaced",
            Self::RegisterRestricted => "register_restricted",
            Self::CertificateRevoked => "certificate_revoked",
            Self::RecoveredBySms => "recovered_by_sms",
            Self::RecoveredByFace => "recovered_by_face",
            Self::Renamed => "renamed",
        }
    }
}

/// Whether a source confirmed the person together with the phone of the account, as the source's own file says.
pub(crate) fn is_bound_to_phone(piece: &Evidence) -> bool {
    definition(&piece.source).is_some_and(Definition::compares_phone)
}

/// The account has another phone: what was confirmed together with the one before ends. Answers how many pieces.
pub async fn phone_replaced(service: &Service, tx: &Tx, account: AccountId) -> Result<u64, StoreError> {
    let held = evidence::list(tx, account).await?;
    let bound = |piece: &&Evidence| is_bound_to_phone(piece);
    let pieces: Vec<_> = held.iter().filter(bound).collect();
    end(service, tx, account, &pieces, Reason::PhoneReplaced).await
}

/// The account has the phone of before again: what was confirmed together with that one holds again, as old as it was, unless
/// something was found out about the person since, or somebody got in with a phone alone. Answers whether all of it holds.
pub async fn phone_put_back(
    service: &Service,
    tx: &Tx,
    account: AccountId,
    (pieces, since): (&[EvidenceId], DateTime<Utc>),
) -> Result<bool, StoreError> {
    if pieces.is_empty() {
        return Ok(true);
    }
    let found_out = [
        Reason::RegisterRestricted,
        Reason::CertificateRevoked,
        Reason::RecoveredBySms,
        Reason::RecoveredByFace,
        Reason::Renamed,
    ]
    .map(Reason::as_str);
    if evidence::has_ended(tx, account, (since, &found_out)).await?
        || history::has(tx, account, (What::Recovered, since)).await?
    {
        return Ok(false);
    }
    let now = service.now();
    let restored = evidence::restore(tx, account, pieces, (now, &[Reason::PhoneReplaced.as_str()])).await?;
    if restored > 0 {
        let details = json!({ "restored": restored, "reason": "phone_put_back" });
        let entry = Entry::new(Event::EvidenceRecorded, now)
            .account(account)
            .details(details);
        audit::record(tx, service.rng(), entry).await?;
    }
    Ok(usize::try_from(restored).is_ok_and(|restored| restored == pieces.len()))
}

/// The population register says dead, cancelled or locked: nothing above the lowest level is left. Freezing the account
/// and filing a case for an operator is the check's business; both belong into one transaction.
pub async fn register_says_dead(service: &Service, tx: &Tx, account: &Account) -> Result<u64, StoreError> {
    lower(
        service,
        tx,
        account,
        (Level::REGISTERED, Reason::RegisterRestricted),
    )
    .await
}

/// The certificate that a piece of evidence rests on was revoked.
pub async fn certificate_revoked(
    service: &Service,
    tx: &Tx,
    account: AccountId,
    piece: &Evidence,
) -> Result<u64, StoreError> {
    end(service, tx, account, &[piece], Reason::CertificateRevoked).await
}

/// The account was recovered with nothing but a code by SMS: whoever has the phone does not have the high level by
/// it (HB-37).
pub async fn recovered_by_sms_alone(
    service: &Service,
    tx: &Tx,
    account: &Account,
) -> Result<u64, StoreError> {
    let level = service.config().ageing.level_after_sms_recovery;
    lower(service, tx, account, (level, Reason::RecoveredBySms)).await
}

/// The account was recovered by the phone and the word of a source that looks at people: what was proven beyond that is
/// proven again (A234). Where the ladder knows nothing that the source is part of, it is worth what the phone is worth.
pub async fn recovered_by_face(
    service: &Service,
    tx: &Tx,
    account: &Account,
    source: Option<&SourceId>,
) -> Result<u64, StoreError> {
    let carries = source.and_then(|source| service.ladder().carries(account.kind, source));
    let level = carries.unwrap_or(service.config().ageing.level_after_sms_recovery);
    lower(service, tx, account, (level, Reason::RecoveredByFace)).await
}

/// People of the province have found that the person has another name than the account: what was proven for the one
/// before ends. Answers how many pieces.
pub async fn renamed(service: &Service, tx: &Tx, account: AccountId) -> Result<u64, StoreError> {
    let held = evidence::list(tx, account).await?;
    let named = |piece: &&Evidence| !OF_NO_NAME.contains(&piece.source.as_str());
    let pieces: Vec<_> = held.iter().filter(named).collect();
    end(service, tx, account, &pieces, Reason::Renamed).await
}

async fn lower(
    service: &Service,
    tx: &Tx,
    account: &Account,
    (level, reason): (Level, Reason),
) -> Result<u64, StoreError> {
    let held = evidence::list(tx, account.id).await?;
    let ladder = service.ladder();
    let gone = rules::lower_to(ladder, (account.kind, level), &held, service.now());
    let pieces: Vec<_> = held.iter().filter(|piece| gone.contains(&piece.id)).collect();
    end(service, tx, account.id, &pieces, reason).await
}

async fn end(
    service: &Service,
    tx: &Tx,
    account: AccountId,
    pieces: &[&Evidence],
    reason: Reason,
) -> Result<u64, StoreError> {
    if pieces.is_empty() {
        return Ok(0);
    }
    let now = service.now();
    let ids: Vec<EvidenceId> = pieces.iter().map(|piece| piece.id).collect();
    let ended = evidence::end_pieces(tx, account, &ids, (now, reason.as_str())).await?;
    if ended > 0 {
        let sources: Vec<&SourceId> = pieces.iter().map(|piece| &piece.source).collect();
        let details = json!({ "sources": sources, "reason": reason.as_str() });
        let entry = Entry::new(Event::EvidenceEnded, now)
            .account(account)
            .details(details);
        audit::record(tx, service.rng(), entry).await?;
    }
    Ok(ended)
}
