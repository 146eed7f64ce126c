//! `/consent`: what a sub-site asks for, in words with its purpose, and the resident's decision.
//!
//! The law asks for consent of its own for each handler that is given personal data, naming it, its purpose and
//! the kinds of data (PIPL 23), and apart from the rest for sensitive data such as the ID number (PIPL 29).

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use model::client::Client;
use model::event::Event;
use model::ids::GrantId;
use model::interaction::{Answers, Decision, Interaction, InteractionId, resume_path};
use model::language::Language;
use model::scope::{Scope, ScopeSet};
use serde::Deserialize;
use serde_json::json;
use store::audit::{self, Entry};
use store::grants::{self, Grant};
use store::sessions::LiveSession;
use web::extract::{Form, FormName, Query};
use web::form::{Button, Checkbox, FormPage, Words};
use web::markup::{Markup, escape};
use web::paths::LocalPath;
use web::{Kit, Page, Problem, Visit};

use super::{Item, item};
use crate::Service;
use crate::ask;

/// The field that says in which language the question was shown.
const LANGUAGE: &str = "language";

/// The query of the page.
#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    interaction: String,
}

/// What the form sends.
#[derive(Debug, Deserialize)]
pub(crate) struct Answered {
    interaction: String,
    decision: String,
    language: Option<String>,
    profile: Option<String>,
    real_name: Option<String>,
    id_number: Option<String>,
    phone: Option<String>,
    email: Option<String>,
    address: Option<String>,
    offline_access: Option<String>,
}

impl FormName for Answered {
    const FORM: &'static str = "consent";
}

impl Answered {
    fn ticked(&self) -> ScopeSet {
        [
            (&self.profile, Scope::Profile),
            (&self.real_name, Scope::RealName),
            (&self.id_number, Scope::IdNumber),
            (&self.phone, Scope::Phone),
            (&self.email, Scope::Email),
            (&self.address, Scope::Address),
            (&self.offline_access, Scope::OfflineAccess),
        ]
        .into_iter()
        .filter_map(|(box_, scope)| box_.is_some().then_some(scope))
        .collect()
    }
}

/// Everything that both handlers need: the request that waits, who asks, who answers.
struct Question {
    interaction: Interaction,
    client: Client,
    session: LiveSession,
    requested: ScopeSet,
}

async fn question(
    service: &Service,
    visit: &mut Visit,
    id: &str,
) -> Result<Result<Question, Response>, Problem> {
    let gone = || Problem::new(StatusCode::BAD_REQUEST, "interaction");
    let id = InteractionId::parse(id).ok_or_else(gone)?;
    let tx = service.store().read();
    let found = store::interactions::find(&tx, &id, &visit.browser_hash())
        .await
        .map_err(Problem::unavailable)?;
    if found.is_none() {
        let left = store::interactions::find_left_behind(&tx, &id).await;
        if left.map_err(Problem::unavailable)?.is_some() {
            // A sign-out in another tab; that it is, is said there.
            let resume = LocalPath::known("/authorize/resume").with("interaction", id.expose());
            return Ok(Err(visit.redirect(&resume)));
        }
    }
    let interaction = found
        .filter(|found| found.is_open(visit.now()))
        .ok_or_else(gone)?;
    // The form is sent to an address that says no language; the receipt must be in the words of the page.
    if let Some(language) = interaction.language() {
        visit.prefer_language(language);
    }
    let client = store::clients::find(&tx, &interaction.client_id)
        .await
        .map_err(Problem::unavailable)?;
    let client = client.filter(|client| !client.disabled).ok_or_else(gone)?;
    let Some(session) = service.session(visit).await.map_err(Problem::unavailable)? else {
        let sign_in = LocalPath::known("/sign-in").with("interaction", id.expose());
        return Ok(Err(visit.redirect(&sign_in)));
    };
    let requested = ask::releasable(&client, &interaction.wants.scopes);
    Ok(Ok(Question {
        interaction,
        client,
        session,
        requested,
    }))
}

#[derive(Template)]
#[template(path = "consent.html")]
struct Content {
    intro: String,
    agency: String,
    always: Vec<Item>,
    always_heading: String,
    why: String,
    form: Markup,
    links: Markup,
    after: String,
}

/// Shows the question.
pub(crate) async fn show(
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let question = match question(&service, &mut visit, &asked.interaction).await? {
        Ok(question) => question,
        Err(elsewhere) => return Ok(elsewhere),
    };
    Ok(page(&visit, &question))
}

fn page(visit: &Visit, question: &Question) -> Response {
    let client = &question.client;
    let name = client.name.in_language(visit.language());
    let always = question
        .requested
        .iter()
        .filter(|scope| !ask::is_optional(*scope));
    let content = Content {
        intro: visit.t_with("consent-intro", &[("site", name.into())]),
        agency: visit.t_with(
            "consent-agency",
            &[("agency", client.agency.in_language(visit.language()).into())],
        ),
        always: std::iter::once(Scope::Openid)
            .chain(always)
            .map(|scope| {
                let mut item = item(visit.kit(), visit.language(), client, scope);
                if scope == Scope::Openid {
                    item.purpose = visit.t("consent-scope-openid-purpose");
                }
                item
            })
            .collect(),
        always_heading: visit.t("consent-always"),
        why: visit.t("consent-why"),
        form: form(visit, question),
        links: web::site_links::site_links(visit, client),
        after: visit.t("consent-after"),
    };
    let page = Page::new(
        "consent",
        Words::with("consent-title", vec![("site", name.into())]),
    );
    visit.render(page, &content)
}

fn form(visit: &Visit, question: &Question) -> Markup {
    let mut form = FormPage::new(Answered::FORM, LocalPath::known("/consent"))
        .hidden("interaction", question.interaction.id.expose())
        .hidden(LANGUAGE, visit.language().tag());
    let optional: Vec<_> = question
        .requested
        .iter()
        .filter(|scope| ask::is_optional(*scope))
        .collect();
    if !optional.is_empty() {
        let heading = format!("<h2>{}</h2>", escape(&visit.t("consent-optional")));
        form = form.markup(Markup::from_rendered(heading));
    }
    for scope in optional {
        let item = item(visit.kit(), visit.language(), &question.client, scope);
        let key = if item.purpose.is_empty() {
            "consent-hint-plain"
        } else if scope.needs_separate_consent() {
            "consent-hint-separate"
        } else {
            "consent-hint"
        };
        let hint = Words::with(
            key,
            vec![("detail", item.detail.into()), ("purpose", item.purpose.into())],
        );
        // Sensitive data is never ticked beforehand: the person has to do it (PIPL 29).
        form = form.checkbox(
            Checkbox::new(item.word, Words::plain(item.what))
                .hint(hint)
                .checked(!scope.needs_separate_consent()),
        );
    }
    form.button(
        Button::primary("consent-allow")
            .sends("decision", "allow")
            .guarded(),
    )
    .button(Button::secondary("consent-deny").sends("decision", "deny"))
    .render(visit, &web::form::Errors::none())
}

/// Takes the decision. The same decision sent twice is the same decision.
pub(crate) async fn answer(
    State(service): State<Service>,
    mut visit: Visit,
    Form(answered): Form<Answered>,
) -> Result<Response, Problem> {
    let question = match question(&service, &mut visit, &answered.interaction).await? {
        Ok(question) => question,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let decision = match answered.decision.as_str() {
        "allow" => Decision::Allowed,
        "deny" => Decision::Denied,
        _ => return Err(Problem::bad_request()),
    };
    // The person may have chosen another language since, on another page; the words that were shown are these.
    let shown = answered
        .language
        .as_deref()
        .and_then(Language::from_tag)
        .unwrap_or(visit.language());
    record(&service, &visit, (&question, shown), decision, &answered.ticked())
        .await
        .map_err(Problem::unavailable)?;
    match LocalPath::parse(&resume_path(&question.interaction.id)) {
        Ok(path) => Ok(visit.redirect(&path)),
        Err(_) => Ok(Problem::internal("resume path is not local").into_response()),
    }
}

async fn record(
    service: &Service,
    visit: &Visit,
    (question, shown): (&Question, Language),
    decision: Decision,
    ticked: &ScopeSet,
) -> Result<(), store::StoreError> {
    let (store, now) = (service.store(), visit.now());
    let account = question.session.account.id;
    let client = &question.client;
    let tx = store.begin().await?;
    let event = if decision == Decision::Allowed {
        let allowed = ask::allowed(&question.requested, ticked);
        let id = GrantId::new(now, store.rng());
        let before = grants::find_to_replace(&tx, account, &client.client_id).await?;
        // What was decided about other scopes before stays decided.
        let (kept_asked, kept_allowed) = before.map_or_else(Default::default, |before| {
            (before.asked.clone(), before.allowed.without(&question.requested))
        });
        let allowed = allowed.union(&kept_allowed);
        let asked = question.requested.union(&kept_asked);
        let receipt = receipt(client, (id, now), (visit.kit(), shown), (&asked, &allowed));
        let grant = Grant {
            id,
            client_id: client.client_id.clone(),
            allowed,
            asked,
            receipt,
            created_at: now,
            revoked_at: None,
        };
        grants::put(&tx, account, &grant).await?;
        let subject = service.subjects().subject(client, account);
        grants::note_subject(&tx, id, &subject).await?;
        Event::ConsentGiven
    } else {
        Event::ConsentDenied
    };
    let mut entry = Entry::new(event, now)
        .account(account)
        .client(&client.client_id)
        .session(question.session.id)
        .details(json!({ "asked": question.requested.to_string(), "ticked": ticked.to_string() }));
    entry.request_id = Some(visit.request_id().to_owned());
    audit::record(&tx, store.rng(), entry).await?;
    let answers = Answers {
        consent: Some(decision),
        ..question.interaction.answers.clone()
    };
    store::interactions::answer(&tx, &question.interaction.id, &answers).await?;
    tx.commit().await
}

/// The proof of a decision: who, to whom, what, why, when, in which words. The words are those that were shown.
fn receipt(
    client: &Client,
    (id, now): (GrantId, chrono::DateTime<chrono::Utc>),
    (kit, language): (&Kit, Language),
    (asked, allowed): (&ScopeSet, &ScopeSet),
) -> serde_json::Value {
    let items: Vec<_> = asked
        .iter()
        .map(|scope| {
            let item = item(kit, language, client, scope);
            json!({
                "scope": item.word,
                "what": item.what,
                "detail": item.detail,
                "purpose": item.purpose,
                "allowed": allowed.contains(scope),
            })
        })
        .collect();
    json!({
        "version": 1,
        "receipt": id.to_string(),
        "issuer": kit.origin(),
        "decided_at": now,
        "language": language.tag(),
        "site": { "client_id": client.client_id, "name": client.name.in_language(language) },
        "agency": client.agency.in_language(language),
        "items": items,
    })
}
