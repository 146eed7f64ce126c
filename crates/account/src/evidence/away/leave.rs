//! The way out: the person has agreed, the party is told what it needs, and the browser goes.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use chrono::TimeDelta;
use model::citizen_id::CitizenId;
use model::event::Event;
use model::person_name::PersonName;
use model::secret::Token;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::audit::Entry;
use store::round_trips::{self, Errand, NewRoundTrip, Traveller};
use store::throttles::{self, Rule};
use web::extract::{Form, FormName};
use web::form::Errors;
use web::{Problem, Visit};
use zeroize::Zeroizing;

use super::page::{self, Said};
use super::{Passage, Step};
use crate::Service;
use crate::evidence::check::Outcome;
use crate::evidence::port::{self, Away, Definition};
use crate::evidence::source::{Reply, Word};
use crate::evidence::{connected, onward, pages};
use crate::session::Stop;
use crate::signin::{self, Onward};

/// How long a browser may be away, in minutes.
const AWAY_MINUTES: i64 = 10;
/// How often an account may leave for one source in a day: every journey costs the party, and may cost us.
const RULE: Rule = Rule {
    name: "verify_away",
    limit: 20,
    window_seconds: 24 * 3600,
};

/// What the form sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Leave {
    /// The consent to a comparison of faces.
    agree: Option<String>,
    skip: Option<String>,
    interaction: Option<String>,
    return_to: Option<String>,
}

impl FormName for Leave {
    const FORM: &'static str = "away";
}

/// What is kept, sealed, while a browser is away.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Kept {
    /// What the party's adapter needs.
    pub party: BTreeMap<String, String>,
    /// What the browser brought back, for a return that has to be looked at again.
    pub brought: BTreeMap<String, String>,
    /// The name and number that were stated.
    pub stated: Option<(String, String)>,
    pub interaction: Option<String>,
    pub return_to: Option<String>,
    /// How often the party was asked about it in vain.
    pub asked_in_vain: u8,
}

impl Kept {
    /// What is kept together with what the browser brought back.
    pub(super) fn with(kept: &[u8], brought: BTreeMap<String, String>) -> Option<Zeroizing<Vec<u8>>> {
        let kept: Self = serde_json::from_slice(kept).ok()?;
        let kept = Self { brought, ..kept };
        serde_json::to_vec(&kept).ok().map(Zeroizing::new)
    }

    /// Where the person is on the way to.
    pub(super) fn onward(&self) -> Onward {
        Onward::new(self.interaction.as_deref(), self.return_to.as_deref())
    }

    /// What stays of it once it is settled: where the person was on the way to.
    pub(super) fn left(&self) -> Result<Vec<u8>, Problem> {
        if self.interaction.is_none() && self.return_to.is_none() {
            return Ok(Vec::new());
        }
        let left = Self {
            interaction: self.interaction.clone(),
            return_to: self.return_to.clone(),
            ..Self::default()
        };
        serde_json::to_vec(&left).map_err(Problem::internal)
    }
}

/// Where the browser comes back to. Each source has an address of its own, so that the answer of one party is not taken
/// for that of another (RFC 9700 section 4.4.2.2).
pub(super) fn return_to(visit: &Visit, passage: &Passage) -> Result<url::Url, Problem> {
    let path = format!("{}/back", passage.page.as_str());
    visit.kit().base_url().join(&path).map_err(Problem::internal)
}

/// Takes the form.
pub(super) async fn submit(
    source: &'static Definition,
    State(service): State<Service>,
    mut visit: Visit,
    Form(sent): Form<Leave>,
) -> Result<Response, Stop> {
    let onward = Onward::new(sent.interaction.as_deref(), sent.return_to.as_deref());
    let step = Step::load(source, &service, &mut visit, onward).await?;
    let passage = &step.passage;
    if sent.skip.is_some() {
        return Ok(visit.redirect(&onward::decline(&service, &visit, &passage.onward).await?));
    }
    let party = service
        .sources()
        .away(&passage.id)
        .ok_or_else(Problem::not_found)?;
    if let Some(page) = page::first(&service, &visit, &step, party.as_ref()).await? {
        return Ok(visit.redirect(&page));
    }
    if party.compares_a_face() && sent.agree.as_deref() != Some("yes") {
        let errors = Errors::of("agree", "away-agree-missing");
        return page::render(&service, &visit, &step, party.as_ref(), (errors, None)).await;
    }
    if page::is_used_up(&service, &visit, passage).await? || !may_leave(&service, passage).await? {
        return Ok(pages::outcome(
            &service,
            &mut visit,
            Outcome::NoTriesLeft,
            &passage.onward,
        ));
    }
    let asked = signin::Asked {
        interaction: sent.interaction,
        return_to: sent.return_to,
    };
    depart(&service, &visit, passage, (party.as_ref(), asked)).await
}

/// Counts that somebody leaves; `false` when it was too often today.
pub(crate) async fn may_leave(service: &Service, passage: &Passage) -> Result<bool, Stop> {
    let key = format!("{}:{}", passage.id, passage.account.id);
    let count = throttles::hit(&service.store().read(), &RULE, &key, service.now()).await?;
    Ok(!count.exceeded())
}

/// Sends the browser to the party. Whoever calls has seen to the consent to a comparison of faces; that it was given is
/// written down here.
pub(crate) async fn depart(
    service: &Service,
    visit: &Visit,
    passage: &Passage,
    (party, asked): (&dyn Away, signin::Asked),
) -> Result<Response, Stop> {
    let (state, account) = (Token::generate(service.rng()), &passage.account);
    let return_to = return_to(visit, passage)?;
    let stated: Option<(&PersonName, &CitizenId)> = account.name.as_ref().zip(account.citizen_id.as_ref());
    let traveller = port::Traveller {
        state: state.expose(),
        return_to: &return_to,
        stated,
        language: visit.language().tag(),
    };
    let exchange = async {
        let departure = party.leave(&traveller).await;
        let word = departure
            .as_ref()
            .map_or_else(|reply| reply.word, |_| Word::Match);
        (word, departure)
    };
    let begun = connected::beginning(service, &passage.id, party.is_asked_first(), exchange).await?;
    let departure = match begun {
        Ok(Ok(departure)) => departure,
        Ok(Err(Reply { word, .. })) | Err(word) => {
            tracing::warn!(
                source = passage.source.id,
                word = word.as_str(),
                "nobody can be sent there"
            );
            return Ok(visit.redirect(&passage.saying(Said::Unavailable)));
        }
    };
    let kept = Kept {
        party: departure.kept,
        brought: BTreeMap::new(),
        stated: stated.map(|(name, number)| (name.as_str().to_owned(), number.as_str().to_owned())),
        interaction: asked.interaction,
        return_to: asked.return_to,
        asked_in_vain: 0,
    };
    let kept = serde_json::to_vec(&kept).map_err(Problem::internal)?;
    let now = service.now();
    let tx = service.store().begin().await?;
    let new = NewRoundTrip {
        state: &state.hash(),
        traveller: Traveller {
            account: account.id,
            errand: passage.errand,
            browser: &visit.browser_hash(),
            source: &passage.id,
        },
        kept: &kept,
        now,
        expires_at: now + TimeDelta::minutes(AWAY_MINUTES),
    };
    round_trips::begin(&tx, &new).await?;
    if party.compares_a_face() {
        let entry = Entry::new(Event::ConsentGiven, now).account(account.id);
        let source = &passage.id;
        let mut entry = match passage.errand {
            Errand::Evidence(session) => entry
                .session(session)
                .details(json!({ "source": source, "separate": true })),
            Errand::Recovery(_) => {
                entry.details(json!({ "source": source, "separate": true, "for": "recovery" }))
            }
        };
        entry.request_id = Some(visit.request_id().to_owned());
        store::audit::record(&tx, service.rng(), entry).await?;
    }
    tx.commit().await?;
    Ok(visit.redirect_outside(&departure.to))
}
