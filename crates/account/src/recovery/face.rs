//! `/recover/face`: a source that looks at the person says whether it is whom the account belongs to. It is asked about the
//! name and number that the account has proven, and about nobody else; what is typed here only keeps a number's next
//! holder from sending its former owner's name to anybody. There and back it is the road of evidence
//! ([`crate::evidence::away`]), bound to this draft: a return counts for no other recovery, account or browser, and for
//! evidence neither.
//!
//! A pass is one transaction: the end of the return, the try, and the draft that may choose a password now. It raises no
//! level and is kept as no evidence, because the person agreed to it for this recovery; what the account had above the level
//! that such a comparison carries is to be proven again (`finish`). The owner is told when somebody leaves for it.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use model::evidence::SourceId;
use model::ids::ChangeId;
use model::secret::{Sensitive, Token};
use serde::Deserialize;
use store::accounts::{self, Status};
use store::round_trips::Errand;
use store::{StoreError, Tx, ceremonies};
use web::extract::{Form, FormName, Query, RawParams};
use web::form::{Errors, Field, FormPage, Words};
use web::{Page, Problem, Visit};

use super::draft::{self, Draft, Second, Stage};
use super::plan::{self, Plan, Way};
use super::{FACE, PASSWORD, PROOF, START, proof, second};
use crate::Service;
use crate::evidence::away::{self, Aside, Fetched, OtherRoad, Passage, Return, Said};
use crate::evidence::port::{Arrival, Away, Definition};
use crate::evidence::source::{Reply, Word};
use crate::evidence::vouched::{self, Journey, Pair};
use crate::evidence::{sources, tries};
use crate::history::{self, Happening, What};
use crate::links;
use crate::notices::{self, Contact, Told};
use crate::session::Stop;
use crate::signin::{self, Onward};

/// The page as it is sent.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Leave {
    draft: String,
    name: Sensitive<String>,
    citizen_id: Sensitive<String>,
    agree: Option<String>,
    interaction: Option<String>,
    return_to: Option<String>,
}

impl FormName for Leave {
    const FORM: &'static str = "recover-face";
}

/// A source that looks at people.
pub(super) struct Looks {
    definition: &'static Definition,
    pub(super) id: SourceId,
    party: Arc<dyn Away>,
}

/// The one that is connected, if one is.
pub(super) fn source(service: &Service) -> Option<Looks> {
    sources::ALL.iter().copied().find_map(|definition| {
        let id = SourceId::parse(definition.id).ok()?;
        let party = service.sources().away(&id)?;
        party.compares_a_face().then_some(Looks {
            definition,
            id,
            party,
        })
    })
}

/// One visit.
struct Step {
    draft: Draft,
    passage: Passage,
    party: Arc<dyn Away>,
}

impl Step {
    /// The draft that may go this road; or where the person goes instead.
    async fn load(
        service: &Service,
        visit: &mut Visit,
        onward: Onward,
    ) -> Result<Result<Self, Response>, Stop> {
        onward.speak(service, visit).await?;
        let (draft, plan) = match proof::at_work(service, visit, &onward).await? {
            Ok(found) => found,
            Err(elsewhere) => return Ok(Err(elsewhere)),
        };
        let elsewhere = if plan.allows(draft.second) {
            Some(PASSWORD)
        } else {
            (!plan.ways(service).contains(&Way::Person)).then_some(PROOF)
        };
        if let Some(page) = elsewhere {
            return Ok(Err(visit.redirect(&onward.through(page))));
        }
        let looks = source(service).ok_or_else(Problem::not_found)?;
        let id: ChangeId = draft.id.parse().map_err(Problem::internal)?;
        let passage = Passage {
            source: looks.definition,
            id: looks.id,
            account: plan.account,
            errand: Errand::Recovery(id),
            onward,
            page: FACE,
        };
        Ok(Ok(Self {
            draft,
            passage,
            party: looks.party,
        }))
    }

    fn render(&self, visit: &Visit, sent: &Leave, (errors, asked): (Errors, away::Asked)) -> Response {
        let (passage, party) = (&self.passage, self.party.as_ref());
        let (said, again) = asked.heard();
        let errors = match said {
            Some(said) if errors.is_empty() => Errors::of_form(words(visit, passage, (party, said))),
            _ => errors,
        };
        let form = FormPage::new(Leave::FORM, FACE)
            .hidden("draft", &self.draft.id)
            .field(
                Field::text("name", "recover-name")
                    .autocomplete("off")
                    .maxlength(100)
                    .value(sent.name.expose()),
            )
            .field(
                Field::text("citizen_id", "recover-citizen-id")
                    .autocomplete("off")
                    .maxlength(32)
                    .width("medium")
                    .value(sent.citizen_id.expose()),
            );
        let form = passage.onward.in_form(form);
        let form = away::consent(visit, passage.source, (party, form)).render(visit, &errors);
        let aside = Aside {
            review: None,
            roads: vec![OtherRoad {
                href: passage.onward.through(PROOF).to_string(),
                text: visit.t("recover-face-other"),
            }],
        };
        let page = Page::new("recover-face", "recover-face-title").errors(errors);
        away::shown(visit, passage, party, (page, form, again), aside)
    }
}

/// What became of a journey. Nobody is signed in here, and no level is at stake.
fn words(visit: &Visit, passage: &Passage, (party, said): (&dyn Away, Said)) -> Words {
    let said = match said {
        Said::Used => return "recover-face-used".into(),
        Said::OtherAccount => Said::Lost,
        Said::NotEnough | Said::Nameless => Said::Unavailable,
        other => other,
    };
    away::words(visit, passage.source, party, said)
}

/// Shows the page.
pub(super) async fn show(
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<away::Asked>,
) -> Result<Response, Stop> {
    let onward = Onward::new(asked.interaction.as_deref(), asked.return_to.as_deref());
    Ok(match Step::load(&service, &mut visit, onward).await? {
        Ok(step) => step.render(&visit, &Leave::default(), (Errors::none(), asked)),
        Err(elsewhere) => elsewhere,
    })
}

/// Takes the form: the consent, and who the person says they are, before anything leaves.
pub(super) async fn submit(
    State(service): State<Service>,
    mut visit: Visit,
    Form(sent): Form<Leave>,
) -> Result<Response, Stop> {
    let onward = Onward::new(sent.interaction.as_deref(), sent.return_to.as_deref());
    let step = match Step::load(&service, &mut visit, onward).await? {
        Ok(step) => step,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let passage = &step.passage;
    if !step.draft.is(&sent.draft) {
        // Another tab is about another phone.
        return Ok(visit.redirect(&passage.onward.through(PROOF)));
    }
    let refused = |errors| step.render(&visit, &sent, (errors, away::Asked::default()));
    if sent.agree.as_deref() != Some("yes") {
        return Ok(refused(Errors::of("agree", "away-agree-missing")));
    }
    let typed = (sent.name.expose().as_str(), sent.citizen_id.expose().as_str());
    if let Err(words) = second::own_pair(&service, &passage.account, typed).await? {
        return Ok(refused(Errors::of("citizen_id", words)));
    }
    if away::is_used_up(&service, &visit, passage).await? || !away::may_leave(&service, passage).await? {
        return Ok(visit.redirect(&passage.saying(Said::Limit)));
    }
    if !tell(&service, &visit, &step).await? {
        return Ok(visit.redirect(&passage.onward.through(START.with("ended", "yes"))));
    }
    let asked = signin::Asked {
        interaction: sent.interaction,
        return_to: sent.return_to,
    };
    away::depart(&service, &visit, passage, (step.party.as_ref(), asked)).await
}

/// Tells the owner that somebody leaves to show their face: once for each recovery, and not by the phone that was just proven
/// where there is another way. Whoever has phone and card can send the company's page to them. `false` when it is over.
async fn tell(service: &Service, visit: &Visit, step: &Step) -> Result<bool, StoreError> {
    let tx = service.store().begin().await?;
    accounts::take_turns(&tx, step.passage.account.id).await?;
    let Some((mut draft, plan)) = still(service, visit, (&tx, step)).await? else {
        return Ok(false);
    };
    if draft.told {
        return Ok(true);
    }
    draft.told = true;
    if !draft.keep(service, &tx, visit).await? {
        return Ok(false);
    }
    let account = &plan.account;
    let link = match account.email {
        Some(_) => Some(links::not_me(service, &tx, account.id, None).await?),
        None => None,
    };
    let told = Told {
        link,
        not_by: Some(Contact::Phone(draft.phone)),
        ..Told::of(notices::Kind::RecoveryByFace)
    };
    notices::tell(service, &tx, account, &told).await?;
    history::note(
        service,
        &tx,
        visit,
        &Happening::new(account.id, What::RecoveryStarted),
    )
    .await?;
    tx.commit().await?;
    service.kick_delivery();
    Ok(true)
}

/// Takes somebody who comes back.
pub(super) async fn arrive(
    State(service): State<Service>,
    mut visit: Visit,
    brought: RawParams,
) -> Result<Response, Stop> {
    let mut step = match Step::load(&service, &mut visit, Onward::default()).await? {
        Ok(step) => step,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let Some((state, parameters)) = away::read(brought) else {
        return Ok(visit.redirect(&step.passage.saying(Said::Lost)));
    };
    away::to_its_end(async move {
        let (party, came) = (Arc::clone(&step.party), (&state, parameters));
        let fetched = away::fetch(&service, &mut visit, &mut step.passage, party.as_ref(), came);
        let page = match fetched.await? {
            Fetched::Came(back) => {
                let said = settle(&service, &visit, &step, *back).await?;
                said.page(&step.passage, &state)
            }
            Fetched::Told(page) => page,
        };
        Ok(visit.redirect(&page))
    })
    .await
}

/// What a return came to.
enum End {
    /// It is whom the account belongs to.
    Passed,
    /// The recovery is over meanwhile.
    Over,
    /// Somebody else looks at the same return by now; nothing was written.
    Overtaken,
    Said(Said),
}

impl End {
    fn page(&self, passage: &Passage, state: &Token) -> web::paths::LocalPath {
        match self {
            Self::Passed => passage.onward.through(PASSWORD),
            Self::Over => passage.onward.through(START.with("ended", "yes")),
            Self::Overtaken => passage.busy(state),
            Self::Said(said) => passage.saying(*said),
        }
    }
}

async fn settle(service: &Service, visit: &Visit, step: &Step, back: Return) -> Result<End, StoreError> {
    let journey = Journey {
        service,
        visit,
        account: &step.passage.account,
        session: None,
        source: &step.passage.id,
        trip: &back.trip,
    };
    let (word, said) = match back.arrived {
        Err(reason) => away::astray(reason, back.again),
        Ok(Arrival { reply, said }) => match (reply.word, said, vouched::identity(journey.account)) {
            (Word::Match, Some(pair), _) => return seen(&journey, step, Some(pair)).await,
            (Word::Mismatch, ..) => return seen(&journey, step, None).await,
            (Word::Restricted, _, Some(own)) => return restricted(&journey, own, reply).await,
            (word, ..) => (word.as_str(), Said::Unavailable),
        },
    };
    let settled = journey.note(word).await?;
    Ok(if settled { End::Said(said) } else { End::Overtaken })
}

/// The source looked at somebody: a try, and for the account's own pair the right to go on, all in one transaction.
async fn seen(journey: &Journey<'_>, step: &Step, pair: Option<Pair>) -> Result<End, StoreError> {
    let (service, visit) = (journey.service, journey.visit);
    let tx = service.store().begin().await?;
    // The account first, as every other transaction does.
    accounts::take_turns(&tx, journey.account.id).await?;
    if !journey.trip.settle(&tx).await? {
        return Ok(End::Overtaken);
    }
    let Some((mut draft, plan)) = still(service, visit, (&tx, step)).await? else {
        tx.commit().await?;
        return Ok(End::Over);
    };
    let Some(own) = vouched::identity(&plan.account) else {
        tx.commit().await?;
        return Ok(End::Over);
    };
    let is_own = pair.is_some_and(|pair| own.0.same_as(&pair.0) && own.1 == pair.1);
    let attempt = vouched::attempt(visit, &plan.account, journey.source, own);
    let end = if tries::count_in(service, &tx, &attempt).await?.is_none() {
        End::Said(Said::Limit)
    } else if is_own {
        draft.second = Some(Second::Person);
        draft.wait = false;
        if !draft.keep(service, &tx, visit).await? {
            // Over in this moment: without it nothing of this is worth anything.
            return Ok(End::Over);
        }
        End::Passed
    } else {
        End::Said(Said::Differs)
    };
    let answer = if is_own { Word::Match } else { Word::Mismatch };
    journey.audit(&tx, answer.as_str()).await?;
    tx.commit().await?;
    Ok(end)
}

/// The same draft, if it is still under way and its account can be recovered.
async fn still(
    service: &Service,
    visit: &Visit,
    (tx, step): (&Tx, &Step),
) -> Result<Option<(Draft, Plan)>, StoreError> {
    let draft = draft::find_in(service, tx, visit).await?;
    let Some(draft) = draft.filter(|draft| draft.is(&step.draft.id) && draft.stage == Stage::Proven) else {
        return Ok(None);
    };
    let plan = plan::of(service, tx, &draft).await?;
    Ok(plan.map(|plan| (draft, plan)))
}

/// The register behind the source says that this person has died, or may not be served: what follows is what follows
/// everywhere, and nobody is told it here. An account that its owner had held is shut already, and is no case for anybody
/// to decide: the word is in the log, and whatever is under way ends.
async fn restricted(journey: &Journey<'_>, own: Pair, reply: Reply) -> Result<End, StoreError> {
    if journey.account.status == Status::Held {
        let (service, account) = (journey.service, journey.account.id);
        let tx = service.store().begin().await?;
        accounts::take_turns(&tx, account).await?;
        if !journey.trip.settle(&tx).await? {
            return Ok(End::Overtaken);
        }
        ceremonies::end_of_account(&tx, account, service.now()).await?;
        journey.audit(&tx, reply.word.as_str()).await?;
        tx.commit().await?;
        return Ok(End::Over);
    }
    Ok(match journey.conclude(own, reply).await? {
        vouched::End::Overtaken => End::Overtaken,
        _ => End::Said(Said::Differs),
    })
}
