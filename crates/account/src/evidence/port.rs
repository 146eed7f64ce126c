//! The port that every source of evidence stands behind. A source is one file in `sources/` with a [`Definition`], and
//! one entry in `sources.d/`; nothing else names it.
//!
//! A definition says which way a person goes ([`Road`]), what the pages say, and how an entry of the configuration
//! becomes an [`Adapter`]. What an answer is worth is the ladder's business, what it changes is [`super::check`]'s.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use model::citizen_id::CitizenId;
use model::clock::Clock;
use model::person_name::PersonName;
use model::rng::Rng;
use model::secret::Sensitive;
use url::Url;
use web::language::Messages;

use super::source::{Reply, Source};

/// A source as its own file describes it.
#[derive(Debug)]
pub struct Definition {
    /// Its name in the ladder, in claims and in the database: `bank_card`. Its page is `/verify/bank-card`.
    pub id: &'static str,
    /// The way that a person goes.
    pub road: Road,
    /// Its texts in every language, under keys that begin with `source-` and its name with `-` for `_`.
    pub texts: Messages,
    /// Makes the adapter from its entry in `sources.d/`; a fault in words that an operator understands.
    pub connect: fn(&Entry, &Outside) -> Result<Adapter, String>,
}

/// The way that a person goes to evidence from a source.
#[derive(Clone, Copy, Debug)]
pub enum Road {
    /// A form of ours; the source is asked and answers.
    Form(FormRoad),
    /// The browser goes to another party and comes back.
    Away,
    /// Pictures that a reviewer compares.
    Review,
    /// The person stands at a counter; an operator's page.
    Counter,
    /// A certificate signs a challenge.
    Certificate,
}

/// What a form asks for.
#[derive(Clone, Copy, Debug)]
pub struct FormRoad {
    /// Whether name and number are typed. Otherwise the verified ones are compared.
    pub types_identity: bool,
    /// Whether the account's proven phone is compared too.
    pub with_phone: bool,
    /// What is typed beside.
    pub fields: &'static [Field],
}

/// A field of a source's form.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name in the form and in the question to the source.
    pub name: &'static str,
    /// Whether it may be left empty.
    pub optional: bool,
    /// Whether it may be stored, sealed, while a case needs it, and shown again in the form.
    pub kept: bool,
    /// How a browser asks for it.
    pub shape: Shape,
    /// Its own check, before anybody outside is asked; the key of the words for a fault.
    pub parse: fn(&str) -> Result<String, &'static str>,
}

/// How a browser asks for a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Letters and digits.
    Text,
    /// Digits: phones show their digit keys.
    Digits,
    /// A day.
    Day,
}

/// An entry in `sources.d/`, read and checked as far as all sources have it in common.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Where the source is.
    pub url: Option<Url>,
    /// The bearer key or client secret.
    pub key: Option<Sensitive<String>>,
    /// How long an answer may take.
    pub time_limit: Duration,
    /// What one question costs, in hundredths of the currency.
    pub cost_fen: u32,
    /// How many questions a day the contract allows; `None` for no end.
    pub daily_quota: Option<u32>,
    /// What the source's own file reads.
    pub settings: toml::Table,
    /// The folder that file names in the settings start from.
    pub folder: PathBuf,
}

/// What adapters are made with.
#[derive(Clone, Debug)]
pub struct Outside {
    /// The client for outgoing requests: no redirects, a time limit.
    pub client: reqwest::Client,
    /// The public address of this service, where browsers come back to.
    pub base_url: Url,
    /// Time.
    pub clock: Clock,
    /// Randomness.
    pub rng: Rng,
}

/// A connected source.
#[derive(Clone, Debug)]
pub enum Adapter {
    /// Asked with facts.
    Asked(Arc<dyn Source>),
    /// A browser goes there.
    Away(Arc<dyn Away>),
    /// Certificates.
    Certificate(Arc<dyn Certificates>),
    /// People of ours decide; there is nobody to ask.
    People,
}

/// A party that a browser is sent to, and that says afterwards who was there.
#[async_trait]
pub trait Away: Send + Sync + fmt::Debug {
    /// Whether a face is compared there: then a consent of its own comes first.
    fn compares_a_face(&self) -> bool {
        false
    }

    /// Prepares the way out. `state` must come back with the browser.
    async fn leave(&self, traveller: &Traveller<'_>) -> Result<Departure, Reply>;

    /// Reads what came back: the parameters of the return address, and what [`Departure::kept`] said.
    async fn arrive(&self, back: &Back<'_>) -> Arrival;
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
    /// The person gave up there.
    pub cancelled: bool,
}

/// Certificates that name persons.
#[async_trait]
pub trait Certificates: Send + Sync + fmt::Debug {
    /// Checks a certificate and its signature over a challenge; who it names.
    async fn verify(&self, shown: &Shown<'_>, now: DateTime<Utc>) -> Arrival;

    /// Whether a certificate that was accepted earlier has been revoked; `None` while nobody knows.
    async fn is_revoked(&self, issuer: &str, serial: &str, now: DateTime<Utc>) -> Option<bool>;
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
