//! What the console's pages look like, and pages that say one thing.

use axum::response::Response;
use web::form::Words;
use web::paths::LocalPath;
use web::{Markup, Page, Visit};

/// A page of the console. Its forms lead to the console only.
pub fn page(name: &'static str, title: impl Into<Words>) -> Page {
    Page::new(name, title).wide().own_forms_only()
}

/// A narrow page of the console: one form.
pub(crate) fn sheet(name: &'static str, title: impl Into<Words>) -> Page {
    Page::new(name, title).own_forms_only()
}

/// A page that says something and offers ways to go on.
#[derive(Debug, Default)]
pub struct Notice {
    texts: Vec<Words>,
    action: Markup,
    links: Vec<(LocalPath, &'static str)>,
}

#[derive(askama::Template)]
#[template(path = "operator_notice.html")]
struct Content<'a> {
    texts: Vec<String>,
    action: &'a Markup,
    links: Vec<(&'a str, String)>,
}

impl Notice {
    /// A page that says this.
    pub fn saying(text: impl Into<Words>) -> Self {
        Self::default().and(text)
    }

    /// One more paragraph.
    #[must_use]
    pub fn and(mut self, text: impl Into<Words>) -> Self {
        self.texts.push(text.into());
        self
    }

    /// A form, or anything else.
    #[must_use]
    pub fn action(mut self, action: Markup) -> Self {
        self.action = action;
        self
    }

    /// A link.
    #[must_use]
    pub fn link(mut self, to: LocalPath, text: &'static str) -> Self {
        self.links.push((to, text));
        self
    }

    /// Answers with the page.
    pub fn respond(&self, visit: &Visit, page: Page) -> Response {
        let content = Content {
            texts: self.texts.iter().map(|words| words.text(visit)).collect(),
            action: &self.action,
            links: self
                .links
                .iter()
                .map(|(to, key)| (to.as_str(), visit.t(key)))
                .collect(),
        };
        visit.render(page, &content)
    }
}
