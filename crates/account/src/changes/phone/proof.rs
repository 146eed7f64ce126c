//! The evidence that hangs on the phone of an account: that a code reached it, and what was confirmed together with it. It
//! ends with the phone, and comes back with it, as old as it was: a link that is pressed proves no phone.

use chrono::{DateTime, Utc};
use model::evidence::{Details, Evidence, SourceId};
use model::ids::{AccountId, EvidenceId};
use serde::{Deserialize, Serialize};
use store::evidence::NewEvidence;
use store::{StoreError, Tx};

use crate::Service;
use crate::ageing;

const PHONE_SMS: &str = "phone_sms";
/// Why the proof of a phone ends that the account does not have any more.
const REPLACED: &str = "replaced";

/// What ended with a phone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ended {
    /// That a code reached it.
    code: Vec<EvidenceId>,
    /// What was confirmed together with it.
    bound: Vec<EvidenceId>,
}

fn phone_sms() -> Result<SourceId, StoreError> {
    SourceId::parse(PHONE_SMS).map_err(|_| StoreError::Malformed("evidence.source"))
}

/// Ends what hangs on the phone of an account, and answers what that was.
pub(super) async fn end(service: &Service, tx: &Tx, account: AccountId) -> Result<Ended, StoreError> {
    let held = store::evidence::list(tx, account).await?;
    let ids = |of: &dyn Fn(&Evidence) -> bool| {
        held.iter()
            .filter(|piece| of(piece))
            .map(|piece| piece.id)
            .collect()
    };
    let ended = Ended {
        code: ids(&|piece| piece.source.as_str() == PHONE_SMS),
        bound: ids(&ageing::events::is_bound_to_phone),
    };
    store::evidence::end_source(tx, account, &phone_sms()?, (service.now(), REPLACED)).await?;
    ageing::events::phone_replaced(service, tx, account).await?;
    Ok(ended)
}

/// Records that a code reached the account's phone.
pub(super) async fn record(
    service: &Service,
    tx: &Tx,
    account: AccountId,
    proven_at: DateTime<Utc>,
) -> Result<(), StoreError> {
    let source = phone_sms()?;
    let new = NewEvidence {
        evidence: Evidence {
            id: EvidenceId::new(service.now(), service.rng()),
            issued_at: proven_at,
            expires_at: service.ladder().expiry(&source, proven_at),
            ended_at: None,
            source,
        },
        account,
        reference: None,
        case: None,
        details: Details::default(),
    };
    store::evidence::record(tx, &new).await
}

/// The phone is the account's again: what ended with it holds again. Answers whether that was all of it; what was found out
/// about the person meanwhile stays found out.
pub(super) async fn restore(
    service: &Service,
    tx: &Tx,
    account: AccountId,
    (ended, since): (&Ended, DateTime<Utc>),
) -> Result<bool, StoreError> {
    let now = service.now();
    let code = store::evidence::restore(tx, account, &ended.code, (now, &[REPLACED])).await?;
    let bound = ageing::events::phone_put_back(service, tx, account, (&ended.bound, since)).await?;
    Ok(usize::try_from(code).is_ok_and(|code| code == ended.code.len()) && bound)
}
