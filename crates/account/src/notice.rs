//! A page that says something and offers ways to go on.

use axum::response::Response;
use web::form::Words;
use web::paths::LocalPath;
use web::{Markup, Page, Visit};

/// What the page says.
#[derive(Debug, Default)]
pub(crate) struct Notice {
    texts: Vec<Words>,
    case: Option<String>,
    action: Markup,
    links: Vec<(LocalPath, &'static str)>,
}

#[derive(askama::Template)]
#[template(path = "notice.html")]
struct Content<'a> {
    visit: &'a Visit,
    texts: Vec<String>,
    case: Option<&'a str>,
    action: &'a Markup,
    links: Vec<Link<'a>>,
}

struct Link<'a> {
    href: &'a str,
    text: String,
}

impl Notice {
    /// A page that says this.
    pub(crate) fn saying(text: impl Into<Words>) -> Self {
        Self::default().and(text)
    }

    /// One more paragraph.
    pub(crate) fn and(mut self, text: impl Into<Words>) -> Self {
        self.texts.push(text.into());
        self
    }

    /// The number of the case that it is about.
    pub(crate) fn case(mut self, number: &str) -> Self {
        self.case = Some(number.to_owned());
        self
    }

    /// A form.
    pub(crate) fn action(mut self, action: Markup) -> Self {
        self.action = action;
        self
    }

    /// A link.
    pub(crate) fn link(mut self, to: LocalPath, text: &'static str) -> Self {
        self.links.push((to, text));
        self
    }

    /// Answers with the page.
    pub(crate) fn respond(&self, visit: &Visit, page: Page) -> Response {
        let content = Content {
            visit,
            texts: self.texts.iter().map(|words| words.text(visit)).collect(),
            case: self.case.as_deref(),
            action: &self.action,
            links: self
                .links
                .iter()
                .map(|(to, key)| Link {
                    href: to.as_str(),
                    text: visit.t(key),
                })
                .collect(),
        };
        visit.render(page, &content)
    }
}
