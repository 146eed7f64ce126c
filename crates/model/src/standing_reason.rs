//! Why an account's standing changes: a closed list.

use crate::reasons::reasons;
use crate::standing::Status;

reasons! {
    for Status, text "standing-reason-", told "standing-told-";
    /// Somebody else seems to use it.
    Hijacked = "hijacked" for Suspended;
    /// The person asked for it.
    OwnerAsked = "owner_asked" for Suspended | Active;
    /// The account was given to others.
    Shared = "shared" for Suspended | Terminated;
    /// It was opened or raised with somebody else's identity or false documents.
    FalseIdentity = "false_identity" for Suspended | Terminated;
    /// It was used against the law or the agreement.
    Misuse = "misuse" for Suspended | Terminated;
    /// A court or an authority ordered it.
    AuthorityOrdered = "authority_ordered" for Suspended | Terminated;
    /// What it was suspended or ended for was not so.
    Mistake = "mistake" for Active;
    /// What it was suspended for is settled.
    Settled = "settled" for Active;
    /// An appeal was granted. Chosen by no operator: it comes with the decision.
    AppealGranted = "appeal_granted" for;
    /// The owner said that it was not them.
    NotMe = "not_me" for;
    /// The owner has proven who they are.
    OwnerProved = "owner_proved" for;
    /// The time of a suspension is over.
    TimeOver = "time_over" for;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_read_back_and_operators_have_reasons_for_what_they_may_do_and_nothing_else() {
        for reason in Reason::ALL {
            assert_eq!(Reason::parse(reason.as_str()), Some(*reason));
        }
        for status in Status::ALL {
            let some = Reason::all_for(status).count() > 0;
            let theirs = matches!(status, Status::Suspended | Status::Terminated | Status::Active);
            assert_eq!(some, theirs, "{status:?}");
        }
    }
}
