//! One request of a browser at a sub-site: who it is, in which language, and how an answer is finished.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::Response;

use super::Site;
use super::failure::Failure;
use super::pages::{EndedView, Frame, LevelNeeded, Me, ProblemPage, level_name, render};
use super::session::SignedIn;
use crate::texts::{self, Words};
use crate::wire::{self, Parameters};

/// What somebody lacks, in words, and where to get it.
pub(super) struct Wanted {
    pub level: u8,
    /// What is needed.
    pub needs: String,
    /// What the button says.
    pub raise: String,
    /// Where the button leads.
    pub retry: String,
}

/// One request of a browser.
pub(super) struct Visit {
    pub w: Words,
    pub query: Parameters,
    /// Whether a parameter came twice.
    pub repeated: bool,
    pub session: Option<String>,
    path: String,
    /// The language was chosen with this request and is to be remembered.
    language_chosen: bool,
}

impl Visit {
    pub(super) fn new(site: &Site, headers: &HeaderMap, uri: &Uri) -> Self {
        let query = Parameters::of_uri(uri);
        let repeated = query.is_none();
        let query = query.unwrap_or_default();
        let remembered = wire::cookie(headers, site.0.city.language_cookie());
        let language = texts::choose(query.value("lang"), remembered.as_deref(), headers);
        Self {
            w: Words::in_language(language),
            language_chosen: query.value("lang").is_some(),
            query,
            repeated,
            session: wire::cookie(headers, site.0.city.session_cookie()),
            path: uri.path().to_owned(),
        }
    }

    pub(super) fn signed_in(&self, site: &Site) -> Option<Arc<SignedIn>> {
        site.0
            .sessions
            .with(self.session.as_deref(), |session| session.signed_in.clone())
            .flatten()
    }

    pub(super) fn level(&self, site: &Site) -> Option<u8> {
        self.signed_in(site)?.level()
    }

    /// The frame of a page whose title is the text `title`.
    pub(super) fn frame(&self, site: &Site, page: &'static str, title: &str) -> Frame {
        let (notice, ended) = site
            .0
            .sessions
            .with(self.session.as_deref(), |session| {
                (session.notice.take(), session.ended)
            })
            .unwrap_or_default();
        Frame {
            w: self.w,
            city: site.0.city.key(),
            page,
            title: self.w.say(title),
            // Answers to requests are used up: another language for them starts at home.
            path: if matches!(page, "problem" | "level-needed") {
                "/".to_owned()
            } else {
                self.path.clone()
            },
            me: self.signed_in(site).map(|signed_in| Me::of(&signed_in, self.w)),
            notice: notice.map(|key| self.w.say(key)),
            ended: ended.map(|ended| EndedView::of(&ended, self.w)),
        }
    }

    /// Finishes an answer with the cookies that belong to it.
    pub(super) fn answer(&self, site: &Site, mut response: Response, session: Option<&str>) -> Response {
        let mut cookies = Vec::new();
        if let Some(id) = session {
            cookies.push(format!(
                "{}={id}; Path=/; HttpOnly; SameSite=Lax",
                site.0.city.session_cookie()
            ));
        }
        if self.language_chosen {
            let (name, tag) = (site.0.city.language_cookie(), self.w.tag());
            cookies.push(format!(
                "{name}={tag}; Path=/; HttpOnly; SameSite=Lax; Max-Age=31536000"
            ));
        }
        for cookie in cookies {
            if let Ok(value) = HeaderValue::from_str(&cookie) {
                response.headers_mut().append(header::SET_COOKIE, value);
            }
        }
        response
    }

    pub(super) fn problem(&self, site: &Site, status: StatusCode, failure: Failure) -> Response {
        let advice = format!("problem-{}", failure.code.replace('_', "-"));
        let page = ProblemPage {
            f: self.frame(site, "problem", "problem-title"),
            advice: self
                .w
                .find(&advice)
                .unwrap_or_else(|| self.w.say("problem-other")),
            code: failure.code,
            description: failure.description,
        };
        self.answer(site, render(site, status, &page), None)
    }

    /// What is shown where the level does not do.
    pub(super) fn level_needed(
        &self,
        site: &Site,
        needed: u8,
        retry: String,
        failure: Option<Failure>,
    ) -> Response {
        let needs = self.w.format(
            "level-needed-needs",
            [
                ("level", needed.to_string()),
                ("name", level_name(self.w, needed)),
            ],
        );
        let raise = self.w.with("level-needed-raise", "level", needed);
        let wanted = Wanted {
            level: needed,
            needs,
            raise,
            retry,
        };
        self.more_needed(site, wanted, failure)
    }

    /// What is shown where somebody is not proven well or lately enough.
    pub(super) fn more_needed(&self, site: &Site, wanted: Wanted, failure: Option<Failure>) -> Response {
        let have = match self.level(site) {
            Some(level) => self.w.format(
                "level-needed-have",
                [("level", level.to_string()), ("name", level_name(self.w, level))],
            ),
            None => self.w.say("level-needed-have-none"),
        };
        let (error, description) =
            failure.map_or((None, None), |failure| (Some(failure.code), failure.description));
        let page = LevelNeeded {
            f: self.frame(site, "level-needed", "level-needed-title"),
            needs: wanted.needs,
            needed: wanted.level,
            have,
            raise: wanted.raise,
            retry: wanted.retry,
            error,
            description,
        };
        self.answer(site, render(site, StatusCode::FORBIDDEN, &page), None)
    }
}
