//! What the pages of a recovery have in common.

use axum::http::StatusCode;
use axum::response::Response;
use web::form::{Errors, Words};
use web::markup::escape;
use web::paths::LocalPath;
use web::{Markup, Page, Visit};

use crate::otp::Refusal;
use crate::signin::Onward;

/// A page: paragraphs, a form, ways elsewhere.
pub(crate) fn render(
    visit: &Visit,
    page: Page,
    (texts, form): (&[Words], Markup),
    links: &[(LocalPath, &'static str)],
    (errors, status): (Errors, Option<StatusCode>),
) -> Response {
    let mut content = String::new();
    for text in texts {
        content.push_str("<p>");
        content.push_str(&escape(&text.text(visit)));
        content.push_str("</p>");
    }
    content.push_str(&form.to_string());
    for (to, key) in links {
        let link = format!(
            "<p><a href=\"{}\">{}</a></p>",
            escape(to.as_str()),
            escape(&visit.t(key))
        );
        content.push_str(&link);
    }
    let page = page.errors(errors);
    let page = match status {
        Some(status) => page.status(status),
        None => page,
    };
    visit.render_markup(page, &Markup::from_rendered(content))
}

/// The sign-in page on the same way.
pub(super) fn sign_in(onward: &Onward) -> LocalPath {
    onward.through(LocalPath::known("/sign-in"))
}

/// The error for a message that is not sent.
pub(crate) fn refused(refusal: Refusal) -> (Errors, Option<StatusCode>) {
    let too_many = Some(StatusCode::TOO_MANY_REQUESTS);
    match refusal {
        Refusal::Country => (Errors::of("phone", "register-phone-country"), None),
        Refusal::TooSoon(seconds) => {
            let words = Words::with("register-code-too-soon", vec![("seconds", seconds.into())]);
            (Errors::of_form(words), too_many)
        }
        Refusal::TooMany(seconds) => {
            let minutes = seconds.saturating_add(59).div_euclid(60);
            let words = Words::with("register-code-too-many", vec![("minutes", minutes.into())]);
            (Errors::of_form(words), too_many)
        }
    }
}

/// The answer for a password queue that is full.
pub(super) fn busy() -> (Errors, Option<StatusCode>) {
    (
        Errors::of_form("register-busy"),
        Some(StatusCode::TOO_MANY_REQUESTS),
    )
}
