//! The page around a content: the template `layout.html` and what it is filled with.

use std::borrow::Cow;

use askama::Template;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, VARY};
use http::{HeaderValue, StatusCode};
use model::language::Language;

use crate::assets;
use crate::form::{Errors, Words};
use crate::language::Value;
use crate::markup::Markup;
use crate::middleware::{PAGE_POLICY, PAGE_POLICY_OWN_FORMS};
use crate::page::Visit;
use crate::paths::LocalPath;
use crate::problem::Problem;

/// How a page is answered: its name, title, status and errors.
#[derive(Clone, Debug)]
pub struct Page {
    name: Cow<'static, str>,
    title: Words,
    status: Option<StatusCode>,
    errors: Errors,
    wide: bool,
    own_forms: bool,
    caption: Option<Words>,
    return_to: Option<LocalPath>,
    frames: Vec<String>,
    onward: Option<(u32, String)>,
}

impl Page {
    /// A page: its name in `data-page`, and its title, which is the `h1` as well.
    pub fn new(name: impl Into<Cow<'static, str>>, title: impl Into<Words>) -> Self {
        Self {
            name: name.into(),
            title: title.into(),
            status: None,
            errors: Errors::none(),
            wide: false,
            own_forms: false,
            caption: None,
            return_to: None,
            frames: Vec::new(),
            onward: None,
        }
    }

    /// Arguments of the title.
    #[must_use]
    pub fn title_with(mut self, key: &'static str, args: Vec<(&'static str, Value)>) -> Self {
        self.title = Words::with(key, args);
        self
    }

    /// Another status than 200, or than 422 when there are errors.
    #[must_use]
    pub const fn status(mut self, status: StatusCode) -> Self {
        self.status = Some(status);
        self
    }

    /// What is wrong, for the summary on top.
    #[must_use]
    pub fn errors(mut self, errors: Errors) -> Self {
        self.errors = errors;
        self
    }

    /// A line above the title: the step of a longer way, the name of a sub-site.
    #[must_use]
    pub fn caption(mut self, words: impl Into<Words>) -> Self {
        self.caption = Some(words.into());
        self
    }

    /// Where the switches for language and print size lead back to, where that is not the address of the request:
    /// after a POST whose interaction is in a hidden field, or whose path takes no GET.
    #[must_use]
    pub fn return_to(mut self, path: LocalPath) -> Self {
        self.return_to = Some(path);
        self
    }

    /// Uses the whole width: tables and lists.
    #[must_use]
    pub const fn wide(mut self) -> Self {
        self.wide = true;
        self
    }

    /// Forms of this page lead only to pages of ours: adds `form-action 'self'` to its policy. Not for pages from
    /// which a request of a sub-site may go on, because Chromium applies the rule to every redirect after a POST.
    #[must_use]
    pub const fn own_forms_only(mut self) -> Self {
        self.own_forms = true;
        self
    }

    /// The page has frames of these origins, and of no others. Each is an origin as browsers write it; whatever is none
    /// gets no frame.
    #[must_use]
    pub fn frames(mut self, mut origins: Vec<String>) -> Self {
        origins.retain(|origin| is_origin(origin));
        self.frames = origins;
        self
    }

    /// Without script the browser goes on by itself after so many seconds. The content must have a link there too,
    /// and with script it must do the same.
    #[must_use]
    pub fn onward(mut self, seconds: u32, address: impl Into<String>) -> Self {
        self.onward = Some((seconds, address.into()));
        self
    }

    fn policy(&self) -> HeaderValue {
        let policy = if self.own_forms {
            PAGE_POLICY_OWN_FORMS
        } else {
            PAGE_POLICY
        };
        if self.frames.is_empty() {
            return HeaderValue::from_static(policy);
        }
        let policy = format!("{policy}; frame-src {}", self.frames.join(" "));
        // Origins are ASCII; should one not be, nothing is framed.
        HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static(PAGE_POLICY))
    }

    pub(crate) fn respond(self, visit: &Visit, content: &Markup) -> Response {
        let status = self.status.unwrap_or(if self.errors.is_empty() {
            StatusCode::OK
        } else {
            StatusCode::UNPROCESSABLE_ENTITY
        });
        let policy = self.policy();
        let layout = Layout::new(visit, &self, content);
        let html = match layout.render() {
            Ok(html) => html,
            Err(error) => return Problem::internal(error).into_response(),
        };
        let headers = [
            (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
            (CONTENT_LANGUAGE, HeaderValue::from_static(visit.language().tag())),
            (VARY, HeaderValue::from_static("Accept-Language, Cookie")),
            (CONTENT_SECURITY_POLICY, policy),
        ];
        (status, headers, html).into_response()
    }
}

/// Whether a text is the origin of a site as browsers write it, with a host that can stand in a policy and be nothing
/// else there: neither the end of a directive nor another source (A158, A161).
pub fn is_origin(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|address| {
        matches!(address.scheme(), "https" | "http")
            && model::client::has_plain_host(&address)
            && address.origin().ascii_serialization() == text
    })
}

struct Summary {
    href: Option<String>,
    text: String,
}

struct Tongue {
    tag: &'static str,
    name: &'static str,
    current: bool,
}

struct Place {
    href: &'static str,
    label: String,
    current: bool,
}

#[derive(Template)]
#[template(path = "layout.html")]
struct Layout<'a> {
    visit: &'a Visit,
    name: &'a str,
    title: String,
    caption: Option<String>,
    wide: bool,
    service: &'a str,
    agency: &'a str,
    origin: &'a str,
    help_phone: Option<&'a str>,
    help_link: Option<&'a str>,
    return_to: String,
    languages: Vec<Tongue>,
    errors: Vec<Summary>,
    places: Vec<Place>,
    leave: (&'static str, &'static str),
    onward: Option<String>,
    stylesheet: String,
    script: String,
    icon: String,
    content: &'a Markup,
}

impl<'a> Layout<'a> {
    fn new(visit: &'a Visit, page: &'a Page, content: &'a Markup) -> Self {
        let branding = visit.kit().branding();
        let language = visit.language();
        Self {
            visit,
            name: &page.name,
            title: page.title.text(visit),
            caption: page.caption.as_ref().map(|words| words.text(visit)),
            wide: page.wide,
            service: branding.service_name.in_language(language),
            agency: branding.agency.in_language(language),
            origin: visit.kit().origin(),
            help_phone: branding.help_phone.as_deref(),
            help_link: branding.help_link.as_deref(),
            return_to: page
                .return_to
                .clone()
                .or_else(|| visit.here())
                .unwrap_or(LocalPath::known("/"))
                .to_string(),
            languages: Language::ALL
                .into_iter()
                .map(|one| Tongue {
                    tag: one.tag(),
                    name: one.own_name(),
                    current: one == language,
                })
                .collect(),
            errors: summary(visit, &page.errors),
            places: places(visit),
            leave: visit.navigation().map_or(LEAVE, |navigation| navigation.leave),
            onward: page
                .onward
                .as_ref()
                .map(|(seconds, address)| format!("{seconds};url={address}")),
            stylesheet: assets::STYLE.path(),
            script: assets::SCRIPT.path(),
            icon: assets::ICON.path(),
            content,
        }
    }

    fn t(&self, key: &str) -> String {
        self.visit.t(key)
    }
}

fn summary(visit: &Visit, errors: &Errors) -> Vec<Summary> {
    let one = |error: &crate::form::FieldError| Summary {
        href: error.field.as_ref().map(|field| format!("#{field}")),
        text: error.words.text(visit),
    };
    errors.all().iter().map(one).collect()
}

/// The signed-in space. Only addresses of `design/surfaces.md`.
const PLACES: [(&str, &str); 4] = [
    ("/account", "web-nav-account"),
    ("/account/level", "web-nav-level"),
    ("/account/security", "web-nav-security"),
    ("/account/sharing", "web-nav-sharing"),
];

/// How a resident signs out: the address, and the name of the form.
const LEAVE: (&str, &str) = ("/sign-out", "sign-out");

fn places(visit: &Visit) -> Vec<Place> {
    if visit.signed_in().is_none() {
        return Vec::new();
    }
    let here = visit.path();
    let all = visit
        .navigation()
        .map_or(PLACES.as_slice(), |navigation| &navigation.places);
    let best = all
        .iter()
        .map(|(href, _)| *href)
        .filter(|href| here == *href || here.strip_prefix(href).is_some_and(|rest| rest.starts_with('/')))
        .max_by_key(|href| href.len());
    all.iter()
        .map(|(href, key)| Place {
            href,
            label: visit.t(key),
            current: best == Some(*href),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_frames_the_origins_that_it_names_and_no_others() {
        let policy = |page: Page| page.policy().to_str().unwrap().to_owned();
        assert_eq!(policy(Page::new("x", "web-home")), PAGE_POLICY);
        assert_eq!(
            policy(Page::new("x", "web-home").own_forms_only()),
            PAGE_POLICY_OWN_FORMS
        );
        let origins = vec![
            "https://hefei.example".to_owned(),
            "https://wuhu.example:8443".to_owned(),
        ];
        assert_eq!(
            policy(Page::new("x", "web-home").frames(origins)),
            format!("{PAGE_POLICY}; frame-src https://hefei.example https://wuhu.example:8443")
        );
        let broken = vec!["https://hefei.example\r\nx: y".to_owned()];
        assert_eq!(policy(Page::new("x", "web-home").frames(broken)), PAGE_POLICY);
    }

    #[test]
    fn attack_158_161_what_is_no_plain_origin_writes_nothing_into_a_policy() {
        let policy = |origins: &[&str]| {
            let origins = origins.iter().map(|&origin| origin.to_owned()).collect();
            let page = Page::new("x", "web-home").frames(origins);
            page.policy().to_str().unwrap().to_owned()
        };
        for bad in [
            "https://!;sandbox",
            "https://a.example;sandbox",
            "https://a,b.example",
            "https://*.example",
            "https://*",
            "*",
            "https:",
            "'unsafe-inline'",
            "data:",
            "null",
            "https://a.example https://b.example",
            "https://a.example/",
            "https://a.example/path",
            "https://A.example",
            "javascript:x",
            "",
        ] {
            assert!(!is_origin(bad), "{bad:?}");
            assert_eq!(policy(&[bad]), PAGE_POLICY, "{bad:?}");
            assert_eq!(
                policy(&[bad, "https://hefei.example"]),
                format!("{PAGE_POLICY}; frame-src https://hefei.example"),
                "{bad:?}"
            );
        }
        for good in [
            "https://hefei.example",
            "http://127.0.0.1:8101",
            "http://[::1]:8101",
            "http://localhost",
        ] {
            assert!(is_origin(good), "{good:?}");
        }
    }
}
