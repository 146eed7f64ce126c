//! The sources that this installation is connected to, each behind a breaker of its own and a quota for the day.
//!
//! A quota that is used up is `refused`: for the person the same as unavailable, an alarm in the log, and over the next
//! day. What was asked and answered is counted for the operators, who pay for it.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use model::evidence::SourceId;
use store::StoreError;
use store::cases::Input;
use store::source_use::{self, Answered};

use super::breaker::{self, Breaker};
use super::port::{Adapter, Away, Certificates, Definition, Entry, Outside, Road};
use super::source::{self, Finding, Reply, Source, Word};
use super::{Config, definition};
use crate::Service;

/// No answer is waited for longer, whatever an adapter does: the case that waits for it is then nobody else's yet.
const ANSWER_LIMIT: Duration = Duration::from_mins(1);

/// The sources that this installation is connected to. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Sources(Arc<Inner>);

#[derive(Default)]
struct Inner {
    connections: BTreeMap<SourceId, Connection>,
    /// Known to this process only.
    secret: [u8; 32],
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.connections.keys()).finish()
    }
}

#[derive(Debug)]
struct Connection {
    adapter: Adapter,
    breaker: Breaker,
    cost_fen: u32,
    daily_quota: Option<u32>,
    /// The day on which the log was told that the quota is used up.
    alarmed: Mutex<Option<NaiveDate>>,
}

impl Connection {
    fn new(adapter: Adapter, entry: &Entry, limits: breaker::Limits) -> Self {
        Self {
            adapter,
            breaker: Breaker::new(limits),
            cost_fen: entry.cost_fen,
            daily_quota: entry.daily_quota,
            alarmed: Mutex::default(),
        }
    }

    /// Once a day and node: an alarm, not a flood.
    fn alarm(&self, id: &SourceId, day: NaiveDate) {
        let mut alarmed = self.alarmed.lock().unwrap_or_else(PoisonError::into_inner);
        if alarmed.replace(day) != Some(day) {
            let quota = self.daily_quota.unwrap_or_default();
            tracing::error!(
                source = id.as_str(),
                quota,
                "the source's quota for today is used up"
            );
        }
    }
}

/// A connected source, for the operators' page.
#[derive(Clone, Debug)]
pub struct Connected {
    /// The source.
    pub id: SourceId,
    /// What one question costs, in hundredths of the currency.
    pub cost_fen: u32,
    /// How many questions a day the contract allows.
    pub daily_quota: Option<u32>,
    /// Whether this node leaves it alone for a while, because it failed several times in a row.
    pub is_resting: bool,
}

impl Sources {
    /// Connects what the configuration names. Every fault with the source that has it.
    pub fn connect(config: &Config, outside: &Outside) -> Result<Self, Vec<(String, String)>> {
        let entries = config.entries();
        let mut faults = Vec::new();
        let mut connections = BTreeMap::new();
        for name in entries.keys() {
            if SourceId::parse(name).map_or(true, |id| definition(&id).is_none()) {
                faults.push((name.clone(), unknown(name)));
            }
        }
        for definition in super::sources::ALL {
            let ours = matches!(definition.road, Road::Review | Road::Counter);
            let entry = match entries.get(definition.id) {
                Some(entry) => entry.clone(),
                None if ours => Entry::default(),
                None => continue,
            };
            match (
                SourceId::parse(definition.id),
                (definition.connect)(&entry, outside),
            ) {
                (Ok(id), Ok(adapter)) => {
                    let connection = Connection::new(adapter, &entry, config.breaker());
                    connections.insert(id, connection);
                }
                (Ok(_), Err(problem)) => faults.push((definition.id.to_owned(), problem)),
                (Err(_), _) => {
                    faults.push((definition.id.to_owned(), "is not a name of a source".to_owned()));
                }
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Self(Arc::new(Inner {
            connections,
            secret: outside.rng.bytes::<32>(),
        })))
    }

    /// The given sources, asked with facts.
    pub fn new(
        sources: impl IntoIterator<Item = (SourceId, Arc<dyn Source>)>,
        limits: breaker::Limits,
    ) -> Self {
        let asked = |(id, source)| (id, Adapter::Asked(source), Entry::default());
        Self::with(sources.into_iter().map(asked), limits)
    }

    /// The given adapters, each with its cost and quota.
    pub fn with(
        adapters: impl IntoIterator<Item = (SourceId, Adapter, Entry)>,
        limits: breaker::Limits,
    ) -> Self {
        let connect = |(id, adapter, entry)| (id, Connection::new(adapter, &entry, limits));
        Self(Arc::new(Inner {
            connections: adapters.into_iter().map(connect).collect(),
            secret: [0; 32],
        }))
    }

    /// Whether a source is connected.
    pub fn has(&self, id: &SourceId) -> bool {
        self.0.connections.contains_key(id)
    }

    /// The party that a browser is sent to.
    pub fn away(&self, id: &SourceId) -> Option<Arc<dyn Away>> {
        match &self.0.connections.get(id)?.adapter {
            Adapter::Away(away) => Some(away.clone()),
            _ => None,
        }
    }

    /// Who checks certificates.
    pub fn certificates(&self, id: &SourceId) -> Option<Arc<dyn Certificates>> {
        match &self.0.connections.get(id)?.adapter {
            Adapter::Certificate(certificates) => Some(certificates.clone()),
            _ => None,
        }
    }

    /// What is connected, by name.
    pub fn list(&self, now: DateTime<Utc>) -> Vec<Connected> {
        let connected = |(id, connection): (&SourceId, &Connection)| Connected {
            id: id.clone(),
            cost_fen: connection.cost_fen,
            daily_quota: connection.daily_quota,
            is_resting: connection.breaker.is_open(now),
        };
        self.0.connections.iter().map(connected).collect()
    }

    /// What this process alone can make out of a text, for marks of what must not be stored.
    pub(super) fn digest(&self, text: &str) -> String {
        use sha2::Digest as _;
        let mut hash = sha2::Sha256::new();
        hash.update(self.0.secret);
        hash.update(text.as_bytes());
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, hash.finalize())
    }
}

fn unknown(name: &str) -> String {
    let known: Vec<&str> = super::sources::ALL.iter().map(|one| one.id).collect();
    format!(
        "there is no source {name:?} in this program; it knows {}",
        known.join(", ")
    )
}

/// Asks a source with facts. Answers within its time limit, at once while its breaker is open.
pub async fn check(service: &Service, id: &SourceId, facts: &Input) -> Result<(Word, Finding), StoreError> {
    let asked = match service.sources().0.connections.get(id).map(|one| &one.adapter) {
        Some(Adapter::Asked(source)) => Some(source.clone()),
        _ => None,
    };
    let mut reply = match asked {
        Some(source) => {
            let question = async {
                let reply = source.ask(facts).await;
                (reply.word, reply)
            };
            metered(service, id, question).await?.unwrap_or_else(Reply::bare)
        }
        None => Reply::bare(Word::Unavailable),
    };
    if reply.word == Word::Match
        && let Some(form) = definition(id).and_then(Definition::form)
    {
        reply.details = (form.details)(&facts.more);
    }
    let word = reply.word;
    Ok((word, source::judge(id, facts, reply)))
}

/// Runs the question to a source whose answer counts under its breaker and its quota, and counts it. Every exchange that
/// a source may charge for goes through here or through [`beginning`]. The error is why nobody was asked.
pub(crate) async fn metered<T>(
    service: &Service,
    id: &SourceId,
    exchange: impl Future<Output = (Word, T)>,
) -> Result<Result<T, Word>, StoreError> {
    guarded(service, id, Exchange::Question, exchange).await
}

/// Runs what comes before a browser leaves for a party, under the same breaker; under the quota and in the sums too where
/// it `is_asked` something that it may charge for. That it went well closes no breaker: whether the party answers
/// afterwards is another matter.
pub(crate) async fn beginning<T>(
    service: &Service,
    id: &SourceId,
    is_asked: bool,
    exchange: impl Future<Output = (Word, T)>,
) -> Result<Result<T, Word>, StoreError> {
    guarded(service, id, Exchange::Beginning { is_asked }, exchange).await
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Exchange {
    Question,
    Beginning { is_asked: bool },
}

async fn guarded<T>(
    service: &Service,
    id: &SourceId,
    kind: Exchange,
    exchange: impl Future<Output = (Word, T)>,
) -> Result<Result<T, Word>, StoreError> {
    let Some(connection) = service.sources().0.connections.get(id) else {
        return Ok(Err(Word::Unavailable));
    };
    let Some(permit) = connection.breaker.permit(service.now()) else {
        return Ok(Err(Word::Unavailable));
    };
    let (tx, day) = (service.store().read(), super::today(service));
    let is_counted = kind != Exchange::Beginning { is_asked: false };
    if is_counted && !source_use::take(&tx, id, day, connection.daily_quota).await? {
        connection.alarm(id, day);
        return Ok(Err(Word::Refused));
    }
    let answer = tokio::time::timeout(ANSWER_LIMIT, exchange).await.ok();
    let word = answer.as_ref().map_or(Word::Unavailable, |(word, _)| *word);
    match word {
        Word::Unavailable => permit.failed(service.now()),
        _ if kind == Exchange::Question => permit.succeeded(),
        _ => drop(permit),
    }
    if word == Word::Refused {
        tracing::error!(
            source = id.as_str(),
            "the source refuses to serve us: key, quota or allow-list"
        );
    }
    let answered = match word {
        Word::Unavailable | Word::Refused => Some(Answered::Unavailable),
        // Nothing was said of anybody yet.
        _ if kind != Exchange::Question => None,
        Word::Match => Some(Answered::Matched),
        Word::Mismatch | Word::NotFound | Word::Restricted => Some(Answered::Denied),
    };
    if let Some(answered) = answered.filter(|_| is_counted)
        && let Err(error) = source_use::count(&tx, id, day, answered).await
    {
        // The answer is worth more than its place in a sum.
        tracing::error!(%error, source = id.as_str(), "an answer was not counted");
    }
    Ok(answer.map(|(_, value)| value).ok_or(Word::Unavailable))
}
