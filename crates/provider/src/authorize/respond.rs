//! From the outcome of the steps to the answer of the endpoint: a code, an error, a page that asks, or a problem.
//! Statements on the silent path: one for sign-in, account, evidence and grant; then one transaction with code, event and
//! the visit that the person's own history shows.

use account::agreements::RESIDENT;
use account::history::{self, Happening, What};
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use model::client::{Client, ResponseMode};
use model::event::Event;
use model::ids::ClientId;
use model::interaction::{Answers, Interaction, InteractionId, Wants};
use model::language::Language;
use model::secret::{Token, TokenHash};
use store::audit::{self, Entry};
use store::codes::{self, NewCode};
use store::{StoreError, Tx, interactions, sessions};
use web::{Problem, Visit};

use crate::Service;
use crate::authorize::ask::Ask;
use crate::authorize::bounds::ASIDE;
use crate::authorize::course::{Course, Standing};
use crate::authorize::detour;
use crate::authorize::fault::PageFault;
use crate::authorize::form_post;
use crate::authorize::raw::Raw;
use crate::authorize::redirect::Reply;
use crate::authorize::steps::{self, Answer, Permitted, Stop};
use crate::par::Handle;

/// The longest life of a code under FAPI 2.0 (Security Profile section 5.3.2.1), in seconds.
const FAPI_CODE_SECONDS_MAX: i64 = 60;

/// Speaks the language that the request asks for.
pub(super) fn speak(visit: &mut Visit, raw: &Raw) {
    if let Some(language) = raw
        .ui_locales()
        .and_then(|tags| tags.split(' ').find_map(Language::from_tag))
    {
        visit.prefer_language(language);
    }
}

/// Walks the second half of the steps and answers.
pub async fn walk(
    service: &Service,
    visit: &Visit,
    permitted: Permitted,
    asked: Option<&Interaction>,
) -> Result<Response, Problem> {
    let standing = match look_up(service, visit, &permitted).await {
        Ok(standing) => standing,
        Err(error) => return Ok(reply(visit, &permitted.redirect().refuse(error.into()))),
    };
    let course = Course {
        now: service.now(),
        today: service.kit().today(),
        ladder: service.ladder(),
        agreements: service.agreements(),
        asked,
    };
    match steps::settle(permitted, standing, &course) {
        Ok(answer) => {
            let issued = issue(service, visit, &answer, asked).await;
            match issued.unwrap_or_else(|error| Ok(answer.redirect.refuse(error.into()))) {
                Ok(outcome) => Ok(reply(visit, &outcome)),
                Err(fault) => Err(fault.into()),
            }
        }
        Err(stop) => stopped(service, visit, stop, asked).await,
    }
}

/// Answers what ended before a code.
pub async fn stopped(
    service: &Service,
    visit: &Visit,
    stop: Stop,
    asked: Option<&Interaction>,
) -> Result<Response, Problem> {
    match stop {
        Stop::Page(fault) => Err(fault.into()),
        Stop::Reply(outcome) => {
            close(service, &outcome, asked).await?;
            Ok(reply(visit, &outcome))
        }
        Stop::Ask(question) => ask(service, visit, &question, asked).await,
    }
}

fn reply(visit: &Visit, reply: &Reply) -> Response {
    visit.with_cookies(travel(visit, reply))
}

/// The answer on its way to the sub-site, without cookies.
pub(super) fn travel(visit: &Visit, reply: &Reply) -> Response {
    log_refusal(reply);
    match reply.mode() {
        ResponseMode::Query => detour::redirect(reply.location().as_str()),
        ResponseMode::FormPost => form_post::page(visit, reply),
    }
}

/// Notes that a request got its final answer, which is no code.
pub(super) async fn close(
    service: &Service,
    reply: &Reply,
    asked: Option<&Interaction>,
) -> Result<(), Problem> {
    if asked.is_none() && reply.pushed().is_none() {
        return Ok(());
    }
    let closed = async {
        let tx = service.store().begin().await?;
        let closed = answered(&tx, reply.pushed(), asked, service.now()).await?;
        if closed {
            tx.commit().await?;
        }
        Ok::<_, StoreError>(closed)
    };
    if closed.await.map_err(Problem::unavailable)? {
        Ok(())
    } else {
        Err(PageFault::PushedAnswered.into())
    }
}

/// Notes in the acting transaction that a request is answered. False when it was pushed and has been answered in
/// another window: then nothing of the transaction may happen.
async fn answered(
    tx: &Tx,
    pushed: Option<&Handle>,
    asked: Option<&Interaction>,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    if let Some(interaction) = asked
        && !interactions::finish(tx, &interaction.id, now).await?
    {
        // The second time within the time for a second click: what had to be noted was noted by the first.
        return Ok(true);
    }
    match pushed {
        Some(handle) => store::pushed::spend(tx, &handle.hash(), now).await,
        None => Ok(true),
    }
}

fn log_refusal(reply: &Reply) {
    if let Some(error) = reply.error() {
        tracing::info!(client = %reply.client(), error = ?error, "an authorization request is refused");
    }
}

async fn look_up(service: &Service, visit: &Visit, permitted: &Permitted) -> Result<Standing, StoreError> {
    let Some(token) = visit.session_token() else {
        return Ok(Standing::default());
    };
    let client = permitted.redirect().client();
    let (tx, hash) = (service.store().read(), token.hash());
    let limits = &service.config().sessions;
    let standing = sessions::find_standing(&tx, &hash, (&client.client_id, RESIDENT), limits, service.now());
    let Some(standing) = standing.await? else {
        return Ok(Standing::default());
    };
    Ok(Standing {
        subject: service.subject(client, standing.session.account.id),
        evidence: standing.evidence,
        grant: standing.grant,
        agreed: standing.agreed,
        put_off: standing.put_off,
        session: Some(standing.session),
    })
}

/// Stores the code, the event and the end of the interaction and of the pushed request together.
async fn issue(
    service: &Service,
    visit: &Visit,
    answer: &Answer,
    asked: Option<&Interaction>,
) -> Result<Result<Reply, PageFault>, StoreError> {
    let now = service.now();
    let client = &answer.redirect.client().client_id;
    let (account, session) = (answer.session.account.id, answer.session.id);
    let code = Token::generate(service.store().rng());
    let tx = service.store().begin().await?;
    if !answered(&tx, answer.redirect.raw().way().pushed.as_ref(), asked, now).await? {
        return Ok(Err(PageFault::PushedAnswered));
    }
    let new = NewCode {
        code: &code,
        client_id: client,
        account,
        session,
        redirect_uri: answer.redirect.redirect_uri(),
        code_challenge: answer.code_challenge.as_deref(),
        details: &answer.details,
        now,
        expires_at: now + code_life(service.code_life(), answer.redirect.client()),
    };
    codes::issue(&tx, &new).await?;
    let mut entry = Entry::new(Event::CodeIssued, now)
        .account(account)
        .client(client)
        .session(session);
    entry.request_id = Some(visit.request_id().to_owned());
    entry.details = serde_json::json!({
        "acr": answer.details.acr.acr(),
        "scopes": answer.details.scopes.to_string(),
        "silent": asked.is_none(),
        "pushed": answer.redirect.raw().way().pushed.is_some(),
        "signed": answer.redirect.raw().way().signed,
    });
    audit::record(&tx, service.store().rng(), entry).await?;
    let happening = Happening::new(account, What::Visited)
        .in_session(session)
        .for_client(Some(client))
        .by(&answer.details.methods)
        .at_level(answer.details.acr);
    history::note_visit(&tx, service.store().rng(), visit, &happening).await?;
    tx.commit().await?;
    Ok(Ok(answer.redirect.deliver(&code)))
}

fn code_life(life: TimeDelta, client: &Client) -> TimeDelta {
    if client.profile.is_fapi() {
        life.min(TimeDelta::seconds(FAPI_CODE_SECONDS_MAX))
    } else {
        life
    }
}

/// Puts the request aside, or keeps it aside, and sends the browser to the page that asks.
async fn ask(
    service: &Service,
    visit: &Visit,
    question: &Ask,
    asked: Option<&Interaction>,
) -> Result<Response, Problem> {
    let tx = service.store().read();
    if let Some(interaction) = asked {
        if interaction.wants != question.wants {
            let changed = interactions::set_wants(&tx, interaction, &question.wants).await;
            changed.map_err(Problem::unavailable)?;
        }
        return Ok(visit.redirect(&question.path(&interaction.id)));
    }
    let id = InteractionId::generate(service.store().rng());
    let new = Interaction {
        parameters: question.parameters().to_vec(),
        wants: question.wants.clone(),
        ..aside(service, &id, &question.client_id)
    };
    put_aside(visit, &tx, &new, &visit.browser_hash()).await?;
    Ok(visit.redirect(&question.path(&id)))
}

/// A request that is about to be put aside, still without its parameters.
pub(super) fn aside(service: &Service, id: &InteractionId, client: &ClientId) -> Interaction {
    Interaction {
        id: id.clone(),
        client_id: client.clone(),
        parameters: Vec::new(),
        wants: Wants::default(),
        answers: Answers::default(),
        created_at: service.now(),
        finished_at: None,
    }
}

/// Stores a request for its holder: the browser, or whoever has the handle of a form that waits. Each is a row for an
/// hour, and nobody is signed in yet ([`super::bounds`], A311).
pub(super) async fn put_aside(
    visit: &Visit,
    tx: &Tx,
    new: &Interaction,
    holder: &TokenHash,
) -> Result<(), Problem> {
    let (client, now) = (new.client_id.as_str(), visit.now());
    let over = ASIDE.count(tx, visit.client_address(), client, now).await;
    if let Some((counter, count)) = over.map_err(Problem::unavailable)? {
        let seconds = u32::try_from(count.retry_after_seconds(now)).unwrap_or(u32::MAX);
        tracing::warn!(client, counter, "too many requests are put aside");
        return Err(Problem::too_many(seconds).caused_by("requests put aside"));
    }
    interactions::create(tx, new, holder)
        .await
        .map_err(Problem::unavailable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn attack_046_a_code_of_the_fapi_profile_lives_a_minute_at_most() {
        let (minute, longer) = (TimeDelta::seconds(60), TimeDelta::seconds(600));
        let mut client = testing::client("hefei");
        assert_eq!(code_life(longer, &client), longer);
        client.profile = model::client::Profile::Fapi2Security;
        assert_eq!(code_life(longer, &client), minute);
        assert_eq!(code_life(minute / 2, &client), minute / 2);
    }
}
