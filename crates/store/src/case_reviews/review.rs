//! What a review is: where it stands, who has it, what is proposed, what was decided.

use chrono::{DateTime, Utc};
use model::ids::{AccountId, CaseId, OperatorId};
use model::ladder::Level;
use model::review::Reason;

use crate::entity::case_review::Model;
use crate::error::StoreError;

/// Where the review of a case is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It waits for an operator, or an operator has it.
    Queued,
    /// It waits for its owner.
    Asked,
    /// It is decided, or of no more use.
    Done,
}

impl Stage {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Asked => "asked",
            Self::Done => "done",
        }
    }

    fn parse(word: &str) -> Result<Self, StoreError> {
        [Self::Queued, Self::Asked, Self::Done]
            .into_iter()
            .find(|stage| stage.as_str() == word)
            .ok_or(StoreError::Malformed("case_review.state"))
    }
}

/// What is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is so.
    Approve,
    /// It is not so.
    Reject,
}

impl Verdict {
    /// The word in the database.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
        }
    }
}

/// That an operator suggests to a second one to approve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// Who.
    pub by: OperatorId,
    /// Why.
    pub reason: Reason,
}

/// Who has a case, and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Who.
    pub by: OperatorId,
    /// Until when.
    pub until: DateTime<Utc>,
}

/// The review of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// The case.
    pub case: CaseId,
    /// Whose it is.
    pub account: AccountId,
    /// The level that it is about.
    pub level: Level,
    /// Where it is.
    pub stage: Stage,
    /// Since when it has waited for an operator.
    pub queued_at: DateTime<Utc>,
    /// Who has it; the lease may be over.
    pub claim: Option<Claim>,
    /// What somebody suggests.
    pub proposal: Option<Proposal>,
    /// Who decided last, and when.
    pub decided: Option<(OperatorId, DateTime<Utc>)>,
    /// Why it was decided so, or what is asked of the owner.
    pub reason: Option<Reason>,
    /// How often its owner did not agree.
    pub appeals: u32,
}

impl Review {
    /// Whether an operator has it now.
    pub fn is_held_by(&self, operator: OperatorId, now: DateTime<Utc>) -> bool {
        self.holder(now) == Some(operator)
    }

    /// Who has it now.
    pub fn holder(&self, now: DateTime<Utc>) -> Option<OperatorId> {
        self.claim
            .filter(|claim| self.stage == Stage::Queued && now < claim.until)
            .map(|claim| claim.by)
    }
}

/// How many people a decision takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Eyes {
    /// One person decides.
    Two,
    /// One has proposed just this, and another one decides.
    Four,
}

pub(super) fn from_row(row: Model) -> Result<Review, StoreError> {
    let malformed = StoreError::Malformed("case_review");
    let reason = |word: Option<String>| {
        word.map(|word| Reason::parse(&word).ok_or(StoreError::Malformed("case_review.reason")))
            .transpose()
    };
    let operator = OperatorId::from_uuid;
    let claim = row.claimed_by.zip(row.claimed_until);
    let proposal = match (
        row.proposed_by,
        row.proposed.as_deref(),
        reason(row.proposed_reason)?,
    ) {
        (Some(_), Some(word), _) if word != Verdict::Approve.as_str() => return Err(malformed),
        (Some(by), Some(_), Some(reason)) => Some(Proposal {
            by: operator(by),
            reason,
        }),
        _ => None,
    };
    Ok(Review {
        case: CaseId::from_uuid(row.case_id),
        account: AccountId::from_uuid(row.account_id),
        level: u8::try_from(row.level)
            .ok()
            .and_then(Level::new)
            .ok_or(StoreError::Malformed("case_review.level"))?,
        stage: Stage::parse(&row.state)?,
        queued_at: row.queued_at,
        claim: claim.map(|(by, until)| Claim {
            by: operator(by),
            until,
        }),
        proposal,
        decided: row
            .decided_by
            .zip(row.decided_at)
            .map(|(by, at)| (operator(by), at)),
        reason: reason(row.reason)?,
        appeals: u32::try_from(row.appeals).unwrap_or_default(),
    })
}
