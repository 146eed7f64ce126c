//! The texts: `/agreements/{id}`, and `/account/agreements`, which versions somebody accepted or refused, and what comes.

use axum::extract::{Path as UrlPath, State};
use axum::response::Response;
use model::language::Language;
use serde::Deserialize;
use store::agreements::{Acceptance, Answer};
use web::extract::Query;
use web::form::Words;
use web::markup::escape;
use web::paths::LocalPath;
use web::{Markup, Page, Problem, Visit};

use super::due::Due;
use super::{Agreement, Class, of_kind};
use crate::Service;
use crate::service::fault;
use crate::session::{self, Stop};
use crate::signin::Onward;

const LIST: LocalPath = LocalPath::known("/account/agreements");

#[derive(askama::Template)]
#[template(path = "agreements.html")]
struct List<'a> {
    visit: &'a Visit,
    due: bool,
    last_day: Option<String>,
    announced: Vec<Announced>,
    answers: Vec<Row>,
}

struct Announced {
    title: String,
    day: String,
    summary: String,
    class: &'static str,
    href: String,
}

struct Row {
    title: String,
    version: String,
    at: String,
    language: &'static str,
    accepted: bool,
    href: Option<String>,
}

/// What somebody accepted, what waits for an answer, and what comes.
pub(super) async fn list(State(service): State<Service>, mut visit: Visit) -> Result<Response, Stop> {
    let session = session::require(&service, &mut visit, &LIST).await?;
    let answers = store::agreements::list(&service.store().read(), session.account.id).await?;
    let (id, today) = (of_kind(session.account.kind), visit.kit().today());
    let agreements = service.agreements();
    let due = agreements.due(id, newest(&answers, id), today);
    let announced = agreements.versions(id).iter();
    let content = List {
        visit: &visit,
        due: matches!(due, Due::Accept(_)),
        last_day: match &due {
            Due::Accept(asked) => asked.last_day.map(|day| visit.date(day)),
            Due::Nothing | Due::Tell(_) => None,
        },
        announced: announced
            .filter(|version| version.effective > today)
            .map(|version| announced_row(&visit, version))
            .collect(),
        answers: answers
            .iter()
            .map(|answer| row(&service, &visit, answer))
            .collect(),
    };
    Ok(visit.page("account-agreements", "agreements-title", &content))
}

/// The version of the newest acceptance of an agreement.
pub(super) fn newest<'a>(answers: &'a [Acceptance], id: &str) -> Option<&'a str> {
    let accepted = answers
        .iter()
        .find(|one| one.agreement == id && one.answer == Answer::Accepted)?;
    Some(&accepted.version)
}

fn announced_row(visit: &Visit, version: &Agreement) -> Announced {
    let language = visit.language();
    Announced {
        title: version.title.in_language(language).to_owned(),
        day: visit.date(version.effective),
        summary: summary(version, language),
        class: class_key(version.class),
        href: text_of(version).map(|page| page.to_string()).unwrap_or_default(),
    }
}

fn row(service: &Service, visit: &Visit, answer: &Acceptance) -> Row {
    let versions = service.agreements().versions(&answer.agreement);
    let version = versions.iter().find(|one| one.version == answer.version);
    Row {
        title: version.map_or_else(
            || answer.agreement.clone(),
            |version| version.title.in_language(visit.language()).to_owned(),
        ),
        version: answer.version.clone(),
        at: visit.moment(answer.at),
        language: answer.language.own_name(),
        accepted: answer.answer == Answer::Accepted,
        href: version.and_then(text_of).map(|page| page.to_string()),
    }
}

/// The page with this version's text.
pub(super) fn text_of(version: &Agreement) -> Option<LocalPath> {
    let page = LocalPath::parse(&format!("/agreements/{}", version.id)).ok()?;
    Some(page.with("version", &version.version))
}

/// What a version changes; the first one changes nothing.
pub(super) fn summary(version: &Agreement, language: Language) -> String {
    let summary = version.summary.as_ref();
    summary
        .map(|summary| summary.in_language(language).to_owned())
        .unwrap_or_default()
}

/// The text that names a class.
pub(super) const fn class_key(class: Class) -> &'static str {
    match class {
        Class::Material => "agreements-class-material",
        Class::Supplement => "agreements-class-supplement",
    }
}

/// Which version, and on the way to where.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    version: Option<String>,
    interaction: Option<String>,
    return_to: Option<String>,
}

/// Shows the version in effect, or the one that is asked for: what somebody accepted can be read again, and what is
/// announced can be read before its day.
pub(super) async fn show(
    State(service): State<Service>,
    mut visit: Visit,
    UrlPath(id): UrlPath<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Problem> {
    // In the language of the page that it was opened from: that is the text which is accepted there.
    Onward::new(wanted.interaction.as_deref(), wanted.return_to.as_deref())
        .speak(&service, &mut visit)
        .await
        .map_err(fault)?;
    let agreements = service.agreements();
    let agreement = match &wanted.version {
        Some(version) => agreements
            .versions(&id)
            .iter()
            .find(|one| one.version == *version),
        None => agreements.current(&id, visit.kit().today()),
    };
    let agreement = agreement.ok_or_else(Problem::not_found)?;
    let language = visit.language();
    let title = Words::plain(agreement.title.in_language(language).to_owned());
    let caption = Words::with(
        "agreement-version",
        vec![
            ("version", agreement.version.as_str().into()),
            ("date", visit.date(agreement.effective).into()),
        ],
    );
    let page = Page::new("agreement", title).caption(caption);
    Ok(visit.render_markup(page, &formatted(agreement.text(language))))
}

/// Plain text as markup: `## ` begins a heading, `- ` an item of a list, an empty line ends a paragraph.
pub(super) fn formatted(text: &str) -> Markup {
    let blocks = text
        .split("\n\n")
        .map(str::trim)
        .filter(|block| !block.is_empty());
    let body: Vec<String> = blocks.map(formatted_block).collect();
    Markup::from_rendered(format!("<div class=\"prose\">{}</div>", body.concat()))
}

fn formatted_block(block: &str) -> String {
    if let Some(heading) = block.strip_prefix("## ") {
        return format!("<h2>{}</h2>", escape(heading));
    }
    let items: Option<Vec<&str>> = block.lines().map(|line| line.strip_prefix("- ")).collect();
    match items {
        Some(items) => {
            let items: Vec<String> = items
                .iter()
                .map(|item| format!("<li>{}</li>", escape(item)))
                .collect();
            format!("<ul>{}</ul>", items.concat())
        }
        None => format!("<p>{}</p>", escape(block)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_becomes_headings_lists_and_paragraphs_and_nothing_else() {
        let html = formatted("## 一\n\n<b>x</b>\n\n- one\n- two\n");
        assert_eq!(
            html.as_str(),
            "<div class=\"prose\"><h2>一</h2><p>&lt;b&gt;x&lt;/b&gt;</p><ul><li>one</li><li>two</li></ul></div>"
        );
    }
}
