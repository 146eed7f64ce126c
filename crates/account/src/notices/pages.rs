//! `/account/notices`: what I was told, newest first; and `/account/notices/preferences`: what goes out by which channel
//! beside what always does.

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use model::notice::{Channel, Topic};
use serde::Deserialize;
use store::accounts::Account;
use store::notices::{self, Notice, Wishes};
use web::extract::{Form, FormName, Query};
use web::form::{Button, Checkbox, Errors, FormPage};
use web::markup::escape;
use web::paths::LocalPath;
use web::{Markup, Page, Visit};

use super::words;
use crate::Service;
use crate::session::{self, Stop};

const LIST: LocalPath = LocalPath::known("/account/notices");
const PREFERENCES: LocalPath = LocalPath::known("/account/notices/preferences");
/// How many notices are on one page.
const PER_PAGE: u64 = 20;
/// The last page that is looked for.
const PAGES_MAX: u64 = 500;

/// The parameters of the list.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    page: Option<u64>,
}

#[derive(askama::Template)]
#[template(path = "notices.html")]
struct Content<'a> {
    visit: &'a Visit,
    notices: Vec<Row>,
    mark: Markup,
    newer: Option<LocalPath>,
    older: Option<LocalPath>,
}

struct Row {
    kind: &'static str,
    title: String,
    text: String,
    at: String,
    new: bool,
}

/// The list. Looking at it changes nothing; a button marks it as read.
pub(super) async fn list(
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Stop> {
    let session = session::require(&service, &mut visit, &LIST).await?;
    let page = asked.page.unwrap_or(1).clamp(1, PAGES_MAX);
    let tx = service.store().read();
    let skip = (page - 1).saturating_mul(PER_PAGE);
    let mut found = notices::list(&tx, session.account.id, (skip, PER_PAGE + 1)).await?;
    let unread = notices::count_unread(&tx, session.account.id).await?;
    let more = found.len() > usize::try_from(PER_PAGE).unwrap_or(usize::MAX);
    found.truncate(usize::try_from(PER_PAGE).unwrap_or(usize::MAX));
    let newest = found.first().map(|one| one.created_at);
    let at_page = |page: u64| LIST.with("page", &page.to_string());
    let content = Content {
        visit: &visit,
        mark: match newest {
            Some(newest) if unread > 0 => mark(&visit, newest),
            _ => Markup::default(),
        },
        notices: found.iter().map(|one| row(&service, &visit, one)).collect(),
        newer: (page > 1).then(|| at_page(page - 1)),
        older: more.then(|| at_page(page + 1)),
    };
    Ok(visit.render(
        Page::new("account-notices", "notices-title").own_forms_only(),
        &content,
    ))
}

fn row(service: &Service, visit: &Visit, one: &Notice) -> Row {
    let (title, text) = words::read(service.kit(), visit.language(), one.kind, &one.args);
    Row {
        kind: one.kind.as_str(),
        title,
        text,
        at: visit.moment(one.created_at),
        new: one.read_at.is_none(),
    }
}

fn mark(visit: &Visit, newest: DateTime<Utc>) -> Markup {
    FormPage::new(Read::FORM, LocalPath::known("/account/notices/read"))
        .hidden("until", newest.to_rfc3339())
        .button(Button::secondary("notices-mark-read"))
        .render(visit, &Errors::none())
}

/// The button: everything up to the newest one that the page showed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Read {
    until: String,
}

impl FormName for Read {
    const FORM: &'static str = "notices-read";
}

/// Marks what the person saw as read.
pub(super) async fn read(
    State(service): State<Service>,
    mut visit: Visit,
    Form(sent): Form<Read>,
) -> Result<Response, Stop> {
    let session = session::require(&service, &mut visit, &LIST).await?;
    if let Ok(until) = DateTime::parse_from_rfc3339(&sent.until) {
        let until = until.with_timezone(&Utc);
        notices::read_until(&service.store().read(), session.account.id, until, visit.now()).await?;
    }
    Ok(visit.redirect(&LIST))
}

/// The parameters of the choices.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PreferencesAsked {
    saved: Option<String>,
}

/// Shows the choices.
pub(super) async fn preferences(
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<PreferencesAsked>,
) -> Result<Response, Stop> {
    let session = session::require(&service, &mut visit, &PREFERENCES).await?;
    let wishes = notices::wishes(&service.store().read(), session.account.id).await?;
    let saved = if asked.saved.is_some() {
        format!(
            "<p class=\"notice success\" role=\"status\">{}</p>",
            escape(&visit.t("notices-saved"))
        )
    } else {
        String::new()
    };
    let form = form(&service, &visit, &session.account, &wishes);
    let content = format!(
        "{saved}<p>{}</p><p class=\"hint\">{}</p>{}<p><a href=\"{}\">{}</a></p>",
        escape(&visit.t("notices-preferences-intro")),
        escape(&visit.t("notices-preferences-always")),
        form.render(&visit, &Errors::none()),
        LIST.as_str(),
        escape(&visit.t("notices-preferences-back")),
    );
    let page = Page::new("account-notices-preferences", "notices-preferences-title").own_forms_only();
    Ok(visit.render_markup(page, &Markup::from_rendered(content)))
}

/// Every optional topic by each channel.
fn choices() -> impl Iterator<Item = (Topic, Channel)> {
    let topics = Topic::ALL.into_iter().filter(|topic| topic.is_optional());
    topics.flat_map(|topic| Channel::ALL.map(|channel| (topic, channel)))
}

/// The name of a box.
fn box_of(topic: Topic, channel: Channel) -> String {
    format!("{}-{}", topic.as_str(), channel.as_str())
}

const fn topic_key(topic: Topic) -> &'static str {
    match topic {
        Topic::Security => "notices-topic-security",
        Topic::SignIns => "notices-topic-sign-ins",
        Topic::Level => "notices-topic-level",
        Topic::Terms => "notices-topic-terms",
    }
}

fn form(service: &Service, visit: &Visit, account: &Account, wishes: &Wishes) -> FormPage {
    let mut page = FormPage::new(Choices::FORM, PREFERENCES);
    let mut last = None;
    for (topic, channel) in choices() {
        if last != Some(topic) {
            last = Some(topic);
            let title = format!("<h2>{}</h2>", escape(&visit.t(topic_key(topic))));
            page = page.markup(Markup::from_rendered(title));
        }
        let (label, reachable) = match channel {
            Channel::Sms => ("notices-by-sms", account.phone.is_some()),
            Channel::Email => (
                "notices-by-email",
                account.email.is_some() && service.gateways().mail.is_some(),
            ),
        };
        let mut one = Checkbox::new(box_of(topic, channel), label).checked(wishes.wants(topic, channel));
        if !reachable {
            one = one.hint(match channel {
                Channel::Sms => "notices-no-phone",
                Channel::Email => "notices-no-email",
            });
        }
        page = page.checkbox(one);
    }
    page.button(Button::primary("notices-save"))
}

/// The boxes that are ticked, by name.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Choices {
    #[serde(rename = "sign-ins-sms")]
    sign_ins_sms: Option<String>,
    #[serde(rename = "sign-ins-email")]
    sign_ins_email: Option<String>,
    #[serde(rename = "level-sms")]
    level_sms: Option<String>,
    #[serde(rename = "level-email")]
    level_email: Option<String>,
    #[serde(rename = "terms-sms")]
    terms_sms: Option<String>,
    #[serde(rename = "terms-email")]
    terms_email: Option<String>,
}

impl FormName for Choices {
    const FORM: &'static str = "notices-preferences";
}

impl Choices {
    const fn ticked(&self, topic: Topic, channel: Channel) -> bool {
        match (topic, channel) {
            (Topic::Security, _) => true,
            (Topic::SignIns, Channel::Sms) => self.sign_ins_sms.is_some(),
            (Topic::SignIns, Channel::Email) => self.sign_ins_email.is_some(),
            (Topic::Level, Channel::Sms) => self.level_sms.is_some(),
            (Topic::Level, Channel::Email) => self.level_email.is_some(),
            (Topic::Terms, Channel::Sms) => self.terms_sms.is_some(),
            (Topic::Terms, Channel::Email) => self.terms_email.is_some(),
        }
    }
}

/// Stores the choices.
pub(super) async fn choose(
    State(service): State<Service>,
    mut visit: Visit,
    Form(sent): Form<Choices>,
) -> Result<Response, Stop> {
    let session = session::require(&service, &mut visit, &PREFERENCES).await?;
    let (account, now) = (session.account.id, visit.now());
    let tx = service.store().begin().await?;
    for (topic, channel) in choices() {
        let choice = (topic, channel, sent.ticked(topic, channel));
        notices::wish(&tx, service.rng(), account, choice, now).await?;
    }
    tx.commit().await?;
    Ok(visit.redirect(&PREFERENCES.with("saved", "yes")))
}
