//! How people read the document: each word that it holds (`active`, `recovery_codes`, `signed-in`) in their language, sites by
//! their names, moments in the province's time. A word that has no text stands as it is, so that nothing is left out. The
//! document itself keeps its words: programs read it.

use std::collections::BTreeMap;

use model::evidence::SourceId;
use model::language::Language;
use model::notice::Kind;
use model::standing_reason::Reason;
use serde_json::Value;
use store::StoreError;
use store::cases::State;
use web::markup::escape;
use web::paths::LocalPath;
use web::{Markup, Visit};

use crate::Service;
use crate::evidence;
use crate::review::words;

/// The key of the text that names a member.
pub(super) fn key(name: &str) -> String {
    format!("export-{}", name.replace('_', "-"))
}

/// Where a value stands: the part of the document, and the member in it.
pub(super) type Place<'a> = (&'a str, &'a str);

/// The key of the text for a word of the document; `None` where a value is no word.
pub(super) fn word_key((part, member): Place<'_>, word: &str) -> Option<String> {
    let of = |class: &str| Some(format!("export-{class}-{}", word.replace('_', "-")));
    match (part, member) {
        ("account", "kind") => Some(format!("register-kind-{word}")),
        ("account", "status") | ("standing", "from" | "to") => of("status"),
        ("cases", "state") => State::parse(word).map(|state| words::state(state).to_owned()),
        ("factors", "kind") if word == "recovery_codes" => of("factor"),
        ("factors", "kind") | (_, "methods") => Some(format!("space-method-{word}")),
        ("history", "what") => Some(format!("history-what-{word}")),
        ("agreements", "answer") => of("answer"),
        ("changes", "kind") => of("change"),
        ("changes", "state") => of("state"),
        // The words of the page on which it was decided; `consent` has them.
        ("sharing", "allowed") => Some(format!("consent-scope-{word}")),
        ("standing", "reason") => Reason::parse(word).map(|reason| reason.text().to_owned()),
        ("objections", "outcome") => of("outcome"),
        ("preferences", "topic") => Some(format!("notices-topic-{word}")),
        ("preferences", "channels") => of("channel"),
        ("notices", "kind") => Kind::parse(word).map(|kind| kind.key().to_owned()),
        _ => None,
    }
}

/// What the page needs to know beside the document.
pub(super) struct Readable<'a> {
    visit: &'a Visit,
    service: &'a Service,
    sites: BTreeMap<String, String>,
}

impl<'a> Readable<'a> {
    /// Looks the names of sites up, all at once.
    pub(super) async fn of(service: &'a Service, visit: &'a Visit) -> Result<Self, StoreError> {
        let all = store::clients::list(&service.store().read()).await?;
        let named = all.into_iter().map(|stored| {
            let name = stored.client.name.in_language(visit.language()).to_owned();
            (stored.client.client_id.as_str().to_owned(), name)
        });
        Ok(Self {
            visit,
            service,
            sites: named.collect(),
        })
    }

    /// The parts, each under its heading.
    pub(super) fn document(&self, document: &Value) -> Markup {
        let parts = document.as_object().into_iter().flatten();
        let mut html = String::new();
        for (name, part) in parts.filter(|(_, part)| part.is_object() || part.is_array()) {
            let heading = escape(&self.visit.t(&key(name)));
            html.extend(["<h2>", &heading, "</h2>"]);
            html.push_str(&self.shown((name, name), part));
        }
        Markup::from_rendered(html)
    }

    /// A value as people read it: members by name, lists one below the other; what is not there is left out.
    fn shown(&self, place: Place<'_>, value: &Value) -> String {
        match value {
            // In the words in which it was given, on a page of its own.
            Value::Object(receipt) if place == ("sharing", "receipt") => self.receipt(receipt),
            Value::Object(members) => {
                let texts = self.visit.kit().texts();
                let rows = members.iter().filter(|(_, value)| !is_empty(value));
                let rows: Vec<String> = rows
                    .map(|(name, value)| {
                        let words = texts.find(self.visit.language(), &key(name), &[]);
                        let title = escape(&words.unwrap_or_else(|| name.clone()));
                        format!("<dt>{title}</dt><dd>{}</dd>", self.shown((place.0, name), value))
                    })
                    .collect();
                format!("<dl class=\"facts\">{}</dl>", rows.concat())
            }
            Value::Array(list) if list.is_empty() => {
                format!("<p>{}</p>", escape(&self.visit.t("export-nothing")))
            }
            Value::Array(list) if list.iter().all(|one| !one.is_object()) => {
                let words: Vec<String> = list.iter().map(|one| self.shown(place, one)).collect();
                let joint = if place.1 == "methods" {
                    "space-level-joint"
                } else {
                    "export-joint"
                };
                words.join(&escape(&self.visit.t(joint)))
            }
            Value::Array(list) => {
                let cards = list
                    .iter()
                    .map(|one| format!("<li>{}</li>", self.shown(place, one)));
                let cards: Vec<String> = cards.collect();
                format!("<ul class=\"cards\">{}</ul>", cards.concat())
            }
            Value::String(text) => escape(&self.text(place, text)),
            Value::Null => String::new(),
            other => escape(&other.to_string()),
        }
    }

    fn receipt(&self, receipt: &serde_json::Map<String, Value>) -> String {
        let number = receipt.get("receipt").and_then(Value::as_str).unwrap_or_default();
        let page = LocalPath::parse(&format!("/account/sharing/{number}"));
        let open = escape(&self.visit.t("export-receipt-open"));
        page.map(|page| format!("<a href=\"{}\">{open}</a>", escape(page.as_str())))
            .unwrap_or_default()
    }

    fn text(&self, place: Place<'_>, text: &str) -> String {
        let (visit, language) = (self.visit, self.visit.language());
        let found = match place {
            (_, "source") => SourceId::parse(text).ok().map(|id| evidence::name_of(visit, &id)),
            (_, "client") => self.sites.get(text).cloned(),
            ("account" | "agreements", "language") => {
                Language::from_tag(text).map(|one| one.own_name().to_owned())
            }
            ("agreements", "agreement") => self
                .service
                .agreements()
                .title(text)
                .map(|title| title.in_language(language).to_owned()),
            _ => word_key(place, text).and_then(|key| visit.kit().texts().find(language, &key, &[])),
        };
        let moment = || text.parse().ok().map(|moment| visit.moment(moment));
        found.or_else(moment).unwrap_or_else(|| text.to_owned())
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}
