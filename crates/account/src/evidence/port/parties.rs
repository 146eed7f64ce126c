//! Ports of sources that are not asked with facts: a party that a browser goes to, and certificates.

use std::collections::BTreeMap;
use std::fmt;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use model::citizen_id::CitizenId;
use model::evidence::Details;
use model::language::LocalizedText;
use model::person_name::PersonName;
use url::Url;

use crate::evidence::source::{Reply, Word};

/// A party that a browser is sent to, and that says afterwards who was there.
#[async_trait]
pub trait Away: Send + Sync + fmt::Debug {
    /// Whether a face is compared there: then a consent of its own comes first.
    fn compares_a_face(&self) -> bool {
        false
    }

    /// Who it is, for the page before the way out.
    fn party(&self) -> Option<Party<'_>> {
        None
    }

    /// Whether the same return may be looked at again when the party could not be asked. Codes are good once.
    fn can_be_asked_again(&self) -> bool {
        false
    }

    /// Whether the party is asked something that it may charge for before anybody leaves.
    fn is_asked_first(&self) -> bool {
        false
    }

    /// Prepares the way out. `state` must come back with the browser.
    async fn leave(&self, traveller: &Traveller<'_>) -> Result<Departure, Reply>;

    /// Reads what came back: the parameters of the return address, and what [`Departure::kept`] said.
    async fn arrive(&self, back: &Back<'_>) -> Result<Arrival, Astray>;
}

/// Another party, as people know it.
#[derive(Clone, Copy, Debug)]
pub struct Party<'a> {
    /// Its name.
    pub name: &'a LocalizedText,
    /// For how many days at most it keeps what it sees of a person.
    pub keeps_days: Option<u32>,
}

/// Why nothing came of a journey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Astray {
    /// The person gave up there.
    Cancelled,
    /// What came back, or what the party answered, is not right. No pass, no try; and since anybody's browser can bring
    /// something wrong back, no sign that the party is ill either.
    NotRight,
    /// The party could not be asked, or does not serve us.
    Unasked(Word),
}

impl Astray {
    /// The word for it where nobody has left yet.
    pub const fn word(self) -> Word {
        match self {
            Self::Unasked(word) => word,
            Self::Cancelled | Self::NotRight => Word::Unavailable,
        }
    }
}

impl From<Word> for Astray {
    fn from(word: Word) -> Self {
        Self::Unasked(word)
    }
}

/// Who is sent.
#[derive(Debug)]
pub struct Traveller<'a> {
    /// The value that must come back.
    pub state: &'a str,
    /// Where the browser comes back to.
    pub return_to: &'a Url,
    /// The verified name and number, where the account has them.
    pub stated: Option<(&'a PersonName, &'a CitizenId)>,
    /// The language of the page, as a tag.
    pub language: &'static str,
}

/// The way out.
#[derive(Debug)]
pub struct Departure {
    /// Where the browser goes.
    pub to: Url,
    /// What is needed on return and nobody else may see: nonce, verifier, the party's own number. Sealed meanwhile.
    pub kept: BTreeMap<String, String>,
}

/// What came back with the browser.
#[derive(Debug)]
pub struct Back<'a> {
    /// The parameters of the return address, without `state`.
    pub parameters: &'a BTreeMap<String, String>,
    /// What the departure kept.
    pub kept: &'a BTreeMap<String, String>,
    /// Where the browser came back to.
    pub return_to: &'a Url,
    /// The verified name and number that were stated, where there were some.
    pub stated: Option<(&'a PersonName, &'a CitizenId)>,
}

/// What another party said.
#[derive(Debug)]
pub struct Arrival {
    /// Its word. `Match` only says that the party vouches; whether it is the same person is checked by us.
    pub reply: Reply,
    /// The name and number that it returned.
    pub said: Option<(PersonName, CitizenId)>,
}

/// Certificates that name persons.
#[async_trait]
pub trait Certificates: Send + Sync + fmt::Debug {
    /// Checks a certificate and its signature over a challenge; who it names.
    async fn verify(&self, shown: &Shown<'_>, now: DateTime<Utc>) -> Result<Named, CertificateFault>;

    /// Whether a certificate that was accepted earlier has been revoked; `None` while nobody knows.
    async fn is_revoked(&self, issuer: &str, serial: &str, now: DateTime<Utc>) -> Option<bool>;

    /// Gets fresh what must be fresh. Called every few minutes.
    async fn refresh(&self, now: DateTime<Utc>);
}

/// Whom a good certificate names.
#[derive(Debug)]
pub struct Named {
    /// The name.
    pub name: PersonName,
    /// The number.
    pub number: CitizenId,
    /// The end of the certificate.
    pub until: DateTime<Utc>,
    /// The authority, the issuer and the serial number.
    pub details: Details,
}

/// Why a certificate does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateFault {
    /// Not one certificate and nothing else.
    Unreadable,
    /// Of no authority of the configuration.
    UnknownAuthority,
    /// Its time has not come.
    NotYetValid,
    /// Its time is over.
    Expired,
    /// Revoked.
    Revoked,
    /// Nobody knows whether it was revoked; asked again later.
    RevocationUnknown,
    /// Not made for signatures of a person.
    Usage,
    /// A key or an algorithm that is too weak, or that is not known here.
    Weak,
    /// It does not say whom it names, where it should.
    Nameless,
    /// The signature is not of this certificate's key over this challenge.
    Signature,
}

impl CertificateFault {
    /// Every one.
    pub const ALL: [Self; 10] = [
        Self::Unreadable,
        Self::UnknownAuthority,
        Self::NotYetValid,
        Self::Expired,
        Self::Revoked,
        Self::RevocationUnknown,
        Self::Usage,
        Self::Weak,
        Self::Nameless,
        Self::Signature,
    ];

    /// The word in logs, texts and addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::UnknownAuthority => "unknown-authority",
            Self::NotYetValid => "not-yet-valid",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::RevocationUnknown => "revocation-unknown",
            Self::Usage => "usage",
            Self::Weak => "weak",
            Self::Nameless => "nameless",
            Self::Signature => "signature",
        }
    }
}

/// What a person shows.
#[derive(Debug)]
pub struct Shown<'a> {
    /// The certificate, PEM or DER in base64.
    pub certificate: &'a str,
    /// The signature, base64.
    pub signature: &'a str,
    /// The text that was signed.
    pub challenge: &'a str,
}
