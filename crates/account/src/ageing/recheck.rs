//! Asks again about what was confirmed long ago: the population register about people (off unless the configuration says
//! how often, because every question costs and needs its legal ground), and revocation lists about certificates.
//!
//! Only bad news changes anything: a record that is locked, a certificate that was revoked. No answer, another name and
//! good news leave the evidence as it was; it still grows old.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use chrono::TimeDelta;
use model::evidence::SourceId;
use model::ids::EvidenceId;
use store::StoreError;
use store::accounts::{self, Status};
use store::cases::{Factors, Input};
use store::evidence::{self, Detailed};
use store::throttles::{self, Rule};

use super::events;
use crate::Service;
use crate::evidence::check::{self, Attempt};
use crate::evidence::connected;
use crate::evidence::source::{Denial, Finding, POPULATION_REGISTER};

/// How often everything is walked over.
const WALK_EVERY: Duration = Duration::from_hours(1);
/// How many pieces are read together.
const PAGE: u64 = 100;
/// One node asks about a piece at a time. Should it stop before the answer is written, another walk asks again.
const ASKING: Rule = Rule {
    name: "register_recheck_asking",
    limit: 1,
    window_seconds: 3600,
};
/// After so many questions in a row without an answer everybody else waits for the next walk. More than one: a record that
/// the register cannot answer for must not hold up those behind it.
const UNANSWERED_MAX: u32 = 3;
/// The seconds of a day.
const DAY_SECONDS: i64 = 24 * 3600;

/// Rechecks until told to stop.
pub async fn run(service: Service, shutdown: impl Future<Output = ()>) {
    let mut shutdown = pin!(shutdown);
    loop {
        let walk = async {
            if let Err(error) = certificates(&service).await {
                tracing::error!(%error, "certificates cannot be rechecked");
            }
            if let Err(error) = register(&service).await {
                tracing::error!(%error, "the population register cannot be asked again");
            }
            tokio::time::sleep(WALK_EVERY).await;
        };
        tokio::select! {
            biased;
            () = &mut shutdown => return,
            () = walk => {}
        }
    }
}

/// One walk over the certificates that evidence rests on; answers how much of it ended. Every node may walk: a piece ends
/// once. While nobody knows whether a certificate was revoked, its evidence stays.
pub async fn certificates(service: &Service) -> Result<u64, StoreError> {
    let mut ended = 0;
    for definition in crate::evidence::sources::ALL {
        let Ok(source) = SourceId::parse(definition.id) else {
            continue;
        };
        let Some(certificates) = service.sources().certificates(&source) else {
            continue;
        };
        certificates.refresh(service.now()).await;
        let mut after: Option<EvidenceId> = None;
        loop {
            let (now, tx) = (service.now(), service.store().read());
            let (page, last) = evidence::page_of_source(&tx, &source, (now, now), (after, PAGE)).await?;
            for piece in page {
                let (Some(issuer), Some(serial)) = (&piece.details.issuer, &piece.details.serial) else {
                    continue;
                };
                if certificates.is_revoked(issuer, serial, now).await == Some(true) {
                    let tx = service.store().begin().await?;
                    let revoked = events::certificate_revoked(service, &tx, piece.account, &piece.evidence);
                    ended += revoked.await?;
                    tx.commit().await?;
                }
            }
            match last {
                Some(_) => after = last,
                None => break,
            }
        }
    }
    Ok(ended)
}

/// One walk over what the population register has confirmed long enough ago; answers how many people it was asked about.
/// Each is asked about once in the configured time, whichever node walks. The walk takes no more of a day's questions
/// than the configuration allows, because people who wait at a page need them, and ends when nobody answers or the quota is used up.
pub async fn register(service: &Service) -> Result<usize, StoreError> {
    let days = i64::from(service.config().ageing.recheck_register_days);
    let Ok(source) = SourceId::parse(POPULATION_REGISTER) else {
        return Ok(0);
    };
    if days == 0 || !service.sources().has(&source) {
        return Ok(0);
    }
    let rule = Rule {
        name: "register_recheck",
        limit: 1,
        window_seconds: days.saturating_mul(DAY_SECONDS),
    };
    let day = Rule {
        name: "register_recheck_day",
        limit: i64::from(service.config().ageing.recheck_register_per_day),
        window_seconds: DAY_SECONDS,
    };
    let day_key = source.to_string();
    let (mut asked, mut unanswered) = (0, 0);
    let mut after: Option<EvidenceId> = None;
    loop {
        let (now, tx) = (service.now(), service.store().read());
        let times = (now - TimeDelta::days(days), now);
        let (page, last) = evidence::page_of_source(&tx, &source, times, (after, PAGE)).await?;
        for piece in page {
            let key = piece.evidence.id.to_string();
            if throttles::look(&tx, &rule, &key, now).await?.count > 0
                || throttles::hit(&tx, &ASKING, &key, now).await?.exceeded()
            {
                continue;
            }
            if throttles::hit(&tx, &day, &day_key, now).await?.exceeded() {
                throttles::give_back(&tx, &ASKING, &key, now).await?;
                return Ok(asked);
            }
            asked += 1;
            if ask(service, &source, &piece).await? {
                // Only now that what follows is written: a node that stops before leaves the question to the next walk.
                throttles::hit(&tx, &rule, &key, now).await?;
                unanswered = 0;
            } else {
                throttles::give_back(&tx, &ASKING, &key, now).await?;
                unanswered += 1;
                if unanswered >= UNANSWERED_MAX {
                    return Ok(asked);
                }
            }
        }
        match last {
            Some(_) => after = last,
            None => return Ok(asked),
        }
    }
}

/// Asks about one person; whether there was an answer.
async fn ask(service: &Service, source: &SourceId, piece: &Detailed) -> Result<bool, StoreError> {
    let account = accounts::find(&service.store().read(), piece.account).await?;
    let Some(account) = account.filter(|account| account.status == Status::Active) else {
        return Ok(true);
    };
    let (Some(name), Some(citizen_id)) = (account.name, account.citizen_id) else {
        return Ok(true);
    };
    let attempt = Attempt {
        account: account.id,
        source: source.clone(),
        facts: Input {
            name,
            citizen_id,
            phone: None,
            more: Factors::default(),
        },
        request_id: None,
    };
    let (word, finding) = connected::check(service, source, &attempt.facts).await?;
    match &finding {
        Finding::Not(Denial::Unavailable) => return Ok(false),
        Finding::Not(Denial::Restricted) => {}
        Finding::Not(_) => {
            // A change of name, most often: nothing that a machine should decide.
            tracing::warn!(account = %account.id, answer = word.as_str(), "the register answers otherwise than before");
            return Ok(true);
        }
        Finding::Match(_) => return Ok(true),
    }
    // Freezes the account, ends its evidence, and files a case for an operator.
    check::file(service, &attempt, (word, finding)).await?;
    Ok(true)
}
