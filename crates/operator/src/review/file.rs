//! A case that an operator opens for a person: it begins with a proposal, and a second operator decides.

use model::evidence::SourceId;
use model::ids::{AccountId, CaseId};
use model::ladder::Level;
use model::review::{Happening, Reason};
use store::case_reviews::{self, Proposal};
use store::cases::{self, CaseNumber, Input, NewCase, State};
use store::{StoreError, accounts};

use super::desk::{About, Desk};

/// A hundred million numbers a day: so many tries never all meet one that is taken.
const NUMBERS_TRIED: u32 = 16;

/// What is proposed.
pub(crate) struct Filing {
    pub(crate) account: AccountId,
    pub(crate) source: SourceId,
    pub(crate) level: Level,
    pub(crate) facts: Input,
    pub(crate) reason: Reason,
    /// What is told of it beside the proposal.
    pub(crate) what: Option<Happening>,
}

/// Opens the case and proposes to approve it, in one transaction.
pub(crate) async fn for_a_second_person(desk: &Desk<'_>, filing: Filing) -> Result<CaseNumber, StoreError> {
    let rng = desk.service.rng();
    let tx = desk.service.store().begin().await?;
    accounts::take_turns(&tx, filing.account).await?;
    let mut new = NewCase {
        id: CaseId::new(desk.now, rng),
        number: CaseNumber::generate(desk.now, rng),
        account: filing.account,
        source: filing.source,
        state: State::InReview,
        input: filing.facts,
        next_attempt_at: None,
        reference: None,
        created_at: desk.now,
    };
    let mut created = false;
    for _ in 0..NUMBERS_TRIED {
        created = cases::create(&tx, &new).await?;
        if created {
            break;
        }
        new.number = CaseNumber::generate(desk.now, rng);
    }
    if !created {
        return Err(StoreError::Malformed("verification_case.number"));
    }
    case_reviews::enqueue(&tx, new.id, new.account, filing.level, desk.now).await?;
    let proposal = Proposal {
        by: desk.me(),
        reason: filing.reason,
    };
    let taken = case_reviews::claim(&tx, new.id, desk.me(), desk.lease()).await?;
    if !taken || !case_reviews::propose(&tx, new.id, &proposal, desk.now).await? {
        return Err(StoreError::Malformed("case_review"));
    }
    let about = About {
        case: new.id,
        account: new.account,
        number: new.number.clone(),
    };
    if let Some(what) = filing.what {
        desk.note(&tx, &about, (what, None)).await?;
    }
    desk.note(&tx, &about, (Happening::ProposedApproval, Some(filing.reason)))
        .await?;
    tx.commit().await?;
    Ok(new.number)
}
