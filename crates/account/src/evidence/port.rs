//! The port that every source of evidence stands behind. A source is one file in `sources/` with a [`Definition`], and
//! one entry in `sources.d/`; nothing else names it.
//!
//! A definition says which way a person goes ([`Road`]), what the pages say, and how an entry of the configuration
//! becomes an [`Adapter`]. What an answer is worth is the ladder's business, what it changes is [`super::check`]'s.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveDate;
use model::clock::Clock;
use model::evidence::Details;
use model::rng::Rng;
use model::secret::Sensitive;
use store::cases::Factors;
use url::Url;
use web::language::Messages;
use web::paths::LocalPath;

use super::source::Source;

mod parties;

pub use parties::{
    Arrival, Astray, Away, Back, CertificateFault, Certificates, Departure, Named, Party, Shown, Traveller,
};

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

impl Definition {
    /// The name in addresses: `bank-card`.
    pub fn slug(&self) -> String {
        self.id.replace('_', "-")
    }

    /// Its page.
    pub fn page(&self) -> Option<LocalPath> {
        LocalPath::parse(&format!("/verify/{}", self.slug())).ok()
    }

    /// What its form asks for, where its road is a form.
    pub const fn form(&self) -> Option<&FormRoad> {
        match &self.road {
            Road::Form(form) => Some(form),
            _ => None,
        }
    }

    /// Whether the account's proven phone is part of what it compares: what it confirmed ends with that phone.
    pub fn compares_phone(&self) -> bool {
        self.form().is_some_and(|form| form.with_phone)
    }

    /// The key of one of its texts.
    pub fn key(&self, what: &str) -> String {
        format!("source-{}-{}", self.slug(), what.replace('_', "-"))
    }
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
    /// Whether the account's proven phone is compared too. Evidence from such a source ends with the phone.
    pub with_phone: bool,
    /// What is typed beside.
    pub fields: &'static [Field],
    /// Whether what was typed fits together on a day; otherwise a field, and the key of the words for the fault.
    pub together: fn(&Factors, NaiveDate) -> Result<(), Misfit>,
    /// What the evidence of a match says about how it was gained.
    pub details: fn(&Factors) -> Details,
}

/// A field, and the key of the words for what is wrong with it beside the others.
pub type Misfit = (&'static str, &'static str);

impl FormRoad {
    /// A form for these fields; name and number are the verified ones.
    pub const fn asking(fields: &'static [Field]) -> Self {
        Self {
            types_identity: false,
            with_phone: false,
            fields,
            together: |_, _| Ok(()),
            details: |_| Details::default(),
        }
    }
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

impl Field {
    /// A field that must be filled in and may be kept.
    pub const fn new(
        name: &'static str,
        shape: Shape,
        parse: fn(&str) -> Result<String, &'static str>,
    ) -> Self {
        Self {
            name,
            optional: false,
            kept: true,
            shape,
            parse,
        }
    }

    /// It may be left empty.
    #[must_use]
    pub const fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// It is compared once and stored nowhere, not even sealed.
    #[must_use]
    pub const fn never_stored(mut self) -> Self {
        self.kept = false;
        self
    }
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

impl Default for Entry {
    /// The entry of a source that needs none, because people of ours decide.
    fn default() -> Self {
        Self {
            url: None,
            key: None,
            time_limit: Duration::from_secs(3),
            cost_fen: 0,
            daily_quota: None,
            settings: toml::Table::new(),
            folder: PathBuf::new(),
        }
    }
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
