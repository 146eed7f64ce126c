//! Scopes: what a sub-site may ask to be told. A closed list; words outside it are never granted
//! (OpenID Connect Core 1.0 section 5.4, and the product's own).

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

/// One scope value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// The request is an OpenID Connect request.
    Openid,
    /// Levels and their dates.
    Assurance,
    /// Which sources vouch for the person, and since when.
    Seals,
    /// What the person calls themselves, language, time of the last change.
    Profile,
    /// The verified name.
    RealName,
    /// The citizen ID number; needs consent of its own.
    IdNumber,
    /// The phone number.
    Phone,
    /// The e-mail address.
    Email,
    /// The postal address.
    Address,
    /// The organisation for which the person acts.
    Organisation,
    /// The powers under which the person acts.
    Mandates,
    /// Access that goes on after the sign-in lapsed (OpenID Connect Core 11).
    OfflineAccess,
}

impl Scope {
    /// Every scope there is.
    pub const ALL: [Self; 12] = [
        Self::Openid,
        Self::Assurance,
        Self::Seals,
        Self::Profile,
        Self::RealName,
        Self::IdNumber,
        Self::Phone,
        Self::Email,
        Self::Address,
        Self::Organisation,
        Self::Mandates,
        Self::OfflineAccess,
    ];

    /// The scopes that something can be released for today; discovery advertises exactly these.
    pub const OFFERED: [Self; 9] = [
        Self::Openid,
        Self::Assurance,
        Self::Seals,
        Self::Profile,
        Self::RealName,
        Self::IdNumber,
        Self::Phone,
        Self::Email,
        Self::OfflineAccess,
    ];

    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Openid => "openid",
            Self::Assurance => "assurance",
            Self::Seals => "seals",
            Self::Profile => "profile",
            Self::RealName => "real_name",
            Self::IdNumber => "id_number",
            Self::Phone => "phone",
            Self::Email => "email",
            Self::Address => "address",
            Self::Organisation => "organisation",
            Self::Mandates => "mandates",
            Self::OfflineAccess => "offline_access",
        }
    }

    /// Reads a word; `None` for words that are not scopes of ours.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == word)
    }

    /// Whether the law asks for a consent of its own, apart from the rest (PIPL 29).
    pub const fn needs_separate_consent(self) -> bool {
        matches!(self, Self::IdNumber)
    }

    /// Whether anything about the person is released, so that the person has to agree. The subject alone
    /// (`openid`) is what recognition itself is; how well it is known (`assurance`, `seals`) is asked for too; `offline_access` releases nothing by itself.
    pub const fn releases_personal_data(self) -> bool {
        !matches!(self, Self::Openid | Self::OfflineAccess)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A set of scopes in a fixed order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ScopeSet(BTreeSet<Scope>);

impl ScopeSet {
    /// Reads the `scope` parameter; words that are not ours are left out (RFC 6749 section 3.3 allows the
    /// server to ignore them, and answers say what was granted).
    pub fn parse_lenient(text: &str) -> Self {
        text.split(' ').filter_map(Scope::parse).collect()
    }

    /// Whether the set holds a scope.
    pub fn contains(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    /// Whether all of `other` is in this set.
    pub fn covers(&self, other: &Self) -> bool {
        self.0.is_superset(&other.0)
    }

    /// What is in both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        Self(self.0.intersection(&other.0).copied().collect())
    }

    /// What is in either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0).copied().collect())
    }

    /// What is in this set and not in the other.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        Self(self.0.difference(&other.0).copied().collect())
    }

    /// Adds a scope.
    pub fn insert(&mut self, scope: Scope) {
        self.0.insert(scope);
    }

    /// The scopes in order.
    pub fn iter(&self) -> impl Iterator<Item = Scope> + '_ {
        self.0.iter().copied()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Scope> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().collect())
    }
}

impl fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, scope) in self.iter().enumerate() {
            if position > 0 {
                f.write_str(" ")?;
            }
            f.write_str(scope.as_str())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back() {
        for scope in Scope::ALL {
            assert_eq!(Scope::parse(scope.as_str()), Some(scope));
        }
        assert_eq!(
            ScopeSet::parse_lenient("phone openid other").to_string(),
            "openid phone"
        );
    }
}
