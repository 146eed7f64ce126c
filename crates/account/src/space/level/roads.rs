//! Which ways up there are, and which of them can be gone now: the source is connected, answers, and has something left
//! of its quota. What cannot be gone now is said with the reason.

use std::collections::{BTreeMap, BTreeSet};

use model::evidence::{Evidence, SourceId};
use model::ladder::Level;
use store::StoreError;
use store::accounts::Account;
use store::source_use;
use web::paths::LocalPath;

use crate::Service;
use crate::evidence;
use crate::review::DOCUMENT_REVIEW;

/// A higher level with the ways to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::space) struct Next {
    pub(in crate::space) level: Level,
    pub(in crate::space) ways: Vec<Vec<SourceId>>,
}

/// The sources that would raise an account one way or another to each higher level, shortest ways first.
pub(in crate::space) fn roads(
    service: &Service,
    account: &Account,
    held: &[Evidence],
    from: Level,
) -> Vec<Next> {
    let (ladder, now) = (service.ladder(), service.now());
    let mut next: Vec<Next> = Vec::new();
    for level in Level::ALL.into_iter().filter(|level| *level > from) {
        let roads = ladder.roads(account.kind, level, held, now);
        let ways: Vec<Vec<SourceId>> = roads
            .into_iter()
            .filter(|road| road.level == level)
            .map(|road| road.sources)
            .collect();
        if !ways.is_empty() {
            next.push(Next { level, ways });
        }
    }
    next
}

/// Why a source cannot be used now: the key of the words.
pub(super) type Closed = &'static str;

/// The sources that can be asked at present, for programs: the same that the page offers, the counter among them.
pub async fn open_sources(service: &Service) -> Result<BTreeSet<SourceId>, StoreError> {
    let standing = Standing::load(service).await?;
    let all = evidence::sources::ALL.iter();
    let known = all.filter_map(|one| SourceId::parse(one.id).ok());
    Ok(known.filter(|source| standing.page(source).is_ok()).collect())
}

/// How the sources are now.
#[derive(Debug)]
pub(super) struct Standing {
    /// What is connected: nothing, or why it cannot be asked now.
    connected: BTreeMap<SourceId, Option<Closed>>,
    documents: bool,
}

impl Standing {
    /// One statement, however many sources there are.
    pub(super) async fn load(service: &Service) -> Result<Self, StoreError> {
        let today = evidence::today(service);
        let used = source_use::list(&service.store().read(), today).await?;
        let asked = |id: &SourceId| {
            let mut today_only = used.iter().filter(|one| one.day == today);
            today_only
                .find(|one| one.source == id.as_str())
                .map_or(0, |one| one.asked)
        };
        let mut connected = BTreeMap::new();
        for source in service.sources().list(service.now()) {
            let used_up = source.daily_quota.is_some_and(|quota| asked(&source.id) >= quota);
            let closed = if source.is_resting {
                Some("space-road-not-answering")
            } else {
                used_up.then_some("space-road-used-up")
            };
            connected.insert(source.id, closed);
        }
        Ok(Self {
            connected,
            documents: service.config().review.open,
        })
    }

    /// The page of a source, when it can be used now.
    pub(super) fn page(&self, source: &SourceId) -> Result<LocalPath, Closed> {
        let name = source.as_str();
        let Some(page) = evidence::page_of(source) else {
            return Err(match name {
                _ if name.starts_with("legacy_") => "space-road-legacy",
                _ if name.starts_with("operator_override_") || name == "register_review" => {
                    "space-road-people"
                }
                _ => "space-road-not-connected",
            });
        };
        if name == DOCUMENT_REVIEW {
            return if self.documents {
                Ok(page)
            } else {
                Err("space-road-not-connected")
            };
        }
        match self.connected.get(source) {
            Some(None) => Ok(page),
            Some(Some(closed)) => Err(closed),
            None => Err("space-road-not-connected"),
        }
    }

    /// Whether a way can be gone to its end now.
    pub(super) fn is_open(&self, way: &[SourceId]) -> bool {
        way.iter().all(|source| self.page(source).is_ok())
    }

    /// Which page to take now to come nearer to a level: the first thing missing on the shortest open way.
    pub(super) fn first_page(&self, next: &[Next], wanted: Level) -> Option<LocalPath> {
        let ways = next
            .iter()
            .filter(|one| one.level >= wanted)
            .flat_map(|one| &one.ways);
        // Nobody is sent to a counter by a button that says "continue", while something can be done here.
        let effort = |way: &&Vec<SourceId>| {
            (
                way.iter().any(|source| !evidence::is_gone_here(source)),
                way.len(),
            )
        };
        let way = ways.filter(|way| self.is_open(way)).min_by_key(effort)?;
        way.first().and_then(|source| self.page(source).ok())
    }
}
