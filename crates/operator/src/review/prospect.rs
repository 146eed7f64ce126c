//! What an approval would do, computed from today's evidence by today's ladder and shown before anybody decides.

use model::case::State;
use model::evidence::{Evidence, SourceId};
use model::ids::EvidenceId;
use model::ladder::{Level, LevelNow};
use store::accounts::Account;
use store::case_reviews::{Eyes, Review};
use store::cases::Case;
use store::{StoreError, Tx, case_images};

use account::evidence::decided;

use super::decide::{COUNTER, DOCUMENTS, REGISTER_SETTLED, is_override, source};
use super::desk::Desk;

/// What an approval would do.
#[derive(Clone, Debug)]
pub(crate) struct Prospect {
    /// The evidence that it would give.
    pub(crate) sources: Vec<SourceId>,
    /// What the account is now.
    pub(crate) now: Level,
    /// What it would be.
    pub(crate) then: LevelNow,
    /// Whether two people have to agree.
    pub(crate) eyes: Eyes,
}

/// What an approval would do, by today's ladder and today's evidence.
pub(crate) async fn prospect(
    desk: &Desk<'_>,
    tx: &Tx,
    (case, review): (&Case, &Review),
    account: &Account,
) -> Result<Prospect, StoreError> {
    let service = desk.service.account();
    let held = store::evidence::list(tx, account.id).await?;
    let level = |evidence: &[Evidence]| service.ladder().level(account.kind, evidence, desk.now);
    let imagine = |sources: &[SourceId]| {
        let new = sources.iter().map(|source| Evidence {
            id: EvidenceId::new(desk.now, desk.service.rng()),
            source: source.clone(),
            issued_at: desk.now,
            expires_at: service.ladder().expiry(source, desk.now),
            ended_at: None,
        });
        held.iter().cloned().chain(new).collect::<Vec<_>>()
    };
    let pictures = case_images::list(tx, case.id).await?;
    let pictures = pictures.iter().any(|picture| picture.deleted_at.is_none());
    let mut sources = Vec::new();
    if decided::is_of_people(&case.source) && case.source.as_str() != DOCUMENTS {
        sources.push(case.source.clone());
    } else if pictures {
        sources.push(source(DOCUMENTS)?);
    }
    let frozen = case.state == State::Restricted;
    let by_people = case.source.as_str() == COUNTER || is_override(case);
    // Nothing is settled by looking at what was typed: without pictures the owner is asked for them first.
    if !by_people && pictures && !frozen {
        // Documents are the second source; without the first the reviewer settles that as well.
        let settled = source(REGISTER_SETTLED)?;
        let with = [sources.as_slice(), std::slice::from_ref(&settled)].concat();
        if level(&imagine(&with)).level > level(&imagine(&sources)).level {
            sources.push(settled);
        }
    }
    let (now, then) = (level(&held).level, level(&imagine(&sources)));
    let high = |level: Level| level.number() >= desk.service.config().review.four_eyes_from;
    let raises = then.level > now && high(then.level);
    let two = by_people || frozen || raises || high(review.level);
    Ok(Prospect {
        eyes: if two || review.proposal.is_some() {
            Eyes::Four
        } else {
            Eyes::Two
        },
        sources,
        now,
        then,
    })
}
