//! Words of human review: why something is decided, and what happened to a case. Both lists are closed: a reason is
//! chosen and never typed, so that it can be counted, translated and appealed, and holds no personal data.

use crate::reasons::reasons;

/// What an operator does with a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Act {
    /// It is so.
    Approve,
    /// It is not so.
    Reject,
    /// Something is needed first.
    Ask,
    /// A colleague's proposal is not confirmed.
    SendBack,
    /// A level is set although no source confirms it.
    Override,
}

reasons! {
    for Act, text "case-reason-", told "case-reply-";
    /// The documents show what was typed.
    DocumentsAgree = "documents_agree" for Approve;
    /// The name is written with another form of the same character.
    NameVariant = "name_variant" for Approve | Override;
    /// The register has not caught up with a change.
    RegisterLags = "register_lags" for Approve | Override;
    /// The person at the counter is the one on the document.
    SeenInPerson = "seen_in_person" for Approve;
    /// The person has shown that the number is theirs.
    OwnershipShown = "ownership_shown" for Approve;
    /// The record was wrong and is put right.
    RecordCorrected = "record_corrected" for Approve;
    /// The documents show something else.
    DocumentsDiffer = "documents_differ" for Reject;
    /// The document is not valid any more.
    DocumentExpired = "document_expired" for Reject | Ask;
    /// The person in the picture is not the one on the document.
    AnotherPerson = "another_person" for Reject;
    /// The document or the picture looks changed.
    LooksAltered = "looks_altered" for Reject;
    /// The person has not shown that the number is theirs.
    OwnershipNotShown = "ownership_not_shown" for Reject;
    /// The record stands.
    RecordStands = "record_stands" for Reject;
    /// Nothing came that could be decided on.
    NothingToDecideOn = "nothing_to_decide_on" for Reject;
    /// The picture cannot be read.
    NotLegible = "not_legible" for Ask;
    /// A side of the document is missing.
    PartMissing = "part_missing" for Ask;
    /// The face cannot be seen well.
    FaceNotClear = "face_not_clear" for Ask;
    /// Another document would help, such as a proof of a change of name.
    AnotherDocument = "another_document" for Ask;
    /// Somebody must look again.
    LookAgain = "look_again" for SendBack;
    /// The reason does not fit.
    ReasonDoesNotFit = "reason_does_not_fit" for SendBack;
    /// A court or an authority has decided.
    AuthorityDecided = "authority_decided" for Override;
    /// The person can use no other way, such as after a disability.
    NoOtherWay = "no_other_way" for Override;
}

macro_rules! happenings {
    ($($(#[$doc:meta])* $name:ident = $word:literal;)*) => {
        /// What happened to a case. Its owner reads it in the case's history.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Happening {
            $($(#[$doc])* $name,)*
        }

        impl Happening {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The word in the database.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// The key of its text.
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => concat!("case-happening-", $word),)* }
            }
        }
    };
}

happenings! {
    /// Its owner asked for a person to look.
    Filed = "filed";
    /// Its owner sent what was asked for.
    Answered = "answered";
    /// Its owner took it back.
    Withdrawn = "withdrawn";
    /// Its owner does not agree.
    Appealed = "appealed";
    /// Its owner did not answer in time.
    Expired = "expired";
    /// An operator took it.
    Claimed = "claimed";
    /// An operator gave it back.
    Released = "released";
    /// An operator looked at what was typed.
    Looked = "looked";
    /// An operator looked at a picture.
    LookedAtPicture = "looked_at_picture";
    /// An operator asked a register.
    RegisterAsked = "register_asked";
    /// The register said that name and number agree.
    RegisterAgreed = "register_agreed";
    /// The register said that something differs.
    RegisterDiffered = "register_differed";
    /// The register did not know the number.
    RegisterUnknown = "register_unknown";
    /// The register said that the record is locked, cancelled or of somebody who died.
    RegisterLocked = "register_locked";
    /// The register did not answer.
    RegisterSilent = "register_silent";
    /// An operator needs more.
    AskedForMore = "asked_for_more";
    /// An operator proposed to approve; a second one decides.
    ProposedApproval = "proposed_approval";
    /// The second operator did not confirm.
    SentBack = "sent_back";
    /// Decided: it is so.
    Approved = "approved";
    /// Decided: it is not so.
    Rejected = "rejected";
    /// The account can be used again.
    Unfrozen = "unfrozen";
    /// The account stays frozen.
    KeptFrozen = "kept_frozen";
    /// The number moved to this account.
    NumberMoved = "number_moved";
    /// A person was seen at a counter.
    SeenAtCounter = "seen_at_counter";
    /// A level was set by two operators.
    Overridden = "overridden";
    /// The account stayed frozen, and another senior reviewer had the case looked at again.
    Reopened = "reopened";
}

impl Happening {
    /// Reads the word in the database.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|one| one.as_str() == word)
    }

    /// Who did it has taken part in the decision: an appeal is for somebody else.
    pub const fn takes_part(self) -> bool {
        matches!(self, Self::ProposedApproval | Self::Approved | Self::Rejected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read_back_and_no_two_are_alike() {
        for reason in Reason::ALL {
            assert_eq!(Reason::parse(reason.as_str()), Some(*reason));
        }
        for happening in Happening::ALL {
            assert_eq!(Happening::parse(happening.as_str()), Some(*happening));
        }
        assert_eq!(Reason::parse("because"), None);
        assert_eq!(Happening::parse("Claimed"), None);
    }

    #[test]
    fn every_act_has_reasons_and_every_reason_an_act() {
        let acts = [Act::Approve, Act::Reject, Act::Ask, Act::SendBack, Act::Override];
        for act in acts {
            assert!(Reason::all_for(act).count() >= 2, "{act:?}");
        }
        for reason in Reason::ALL {
            assert!(acts.into_iter().any(|act| reason.is_for(act)), "{reason:?}");
        }
    }
}
