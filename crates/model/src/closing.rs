//! What may stay of a closed account: a closed list, so that each entry has a reason, a time in the configuration, a text
//! for the person, and a statement that forgets it.

/// Something that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kept {
    /// When and from where somebody signed in.
    SignIns,
    /// Which agreements were accepted, and when.
    Agreements,
    /// What sub-sites were allowed to be told: the receipts.
    Consents,
    /// That somebody was checked, by which source, and when; without name and number.
    Checks,
    /// What operators decided about the account, and appeals.
    Decisions,
}

impl Kept {
    /// All of them, in the order of pages.
    pub const ALL: [Self; 5] = [
        Self::SignIns,
        Self::Agreements,
        Self::Consents,
        Self::Checks,
        Self::Decisions,
    ];

    /// The word in the database and in texts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignIns => "sign_ins",
            Self::Agreements => "agreements",
            Self::Consents => "consents",
            Self::Checks => "checks",
            Self::Decisions => "decisions",
        }
    }

    /// The word for why.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::SignIns => "network_log",
            Self::Agreements => "proof_of_contract",
            Self::Consents => "proof_of_consent",
            Self::Checks => "proof_of_check",
            Self::Decisions => "claims",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kept| kept.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_back_and_differ() {
        for kept in Kept::ALL {
            assert_eq!(Kept::parse(kept.as_str()), Some(kept));
            assert!(!kept.reason().is_empty());
        }
        assert_eq!(Kept::parse("everything"), None);
    }
}
