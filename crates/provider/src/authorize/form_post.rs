//! The answer as a form that the browser posts to the sub-site (OAuth 2.0 Form Post Response Mode).
//!
//! A bare page without the frame of ours: it sends itself by a script of our own and has a button for browsers that
//! run none. Values are escaped (A022), scripts in the page do not run, and the policy lets the form go to the origin
//! of the registered address only. Chromium applies that to redirects after the post, too: a sub-site's callback has
//! to stay within its own origin.

use askama::Template;
use axum::response::{IntoResponse as _, Response};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use web::assets::{Asset, STYLE};
use web::page::is_origin;
use web::{Problem, Visit};

use crate::authorize::redirect::Reply;

/// What sends the form.
pub(crate) const SCRIPT: Asset = Asset::new("form-post", "js", include_bytes!("../../assets/form-post.js"));

#[derive(Template)]
#[template(path = "form-post.html")]
struct Content<'a> {
    language: &'static str,
    large: bool,
    title: String,
    text: String,
    button: String,
    address: &'a str,
    parameters: &'a [(&'static str, String)],
    style: String,
    script: String,
}

/// The page, without cookies.
pub(super) fn page(visit: &Visit, reply: &Reply) -> Response {
    let content = Content {
        language: visit.language().tag(),
        large: visit.large_print(),
        title: visit.t("form-post-title"),
        text: visit.t("form-post-text"),
        button: visit.t("form-post-button"),
        address: reply.address().as_str(),
        parameters: reply.parameters(),
        style: STYLE.path(),
        script: SCRIPT.path(),
    };
    // Only an origin that can be nothing else in a policy is written into one (A158).
    let origin = reply.address().origin().ascii_serialization();
    let target = if is_origin(&origin) {
        origin.as_str()
    } else {
        "'none'"
    };
    let policy = format!(
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action {target}; \
         frame-ancestors 'none'; base-uri 'none'"
    );
    match (content.render(), HeaderValue::try_from(policy)) {
        (Ok(html), Ok(policy)) => {
            let headers = [
                (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
                (CONTENT_LANGUAGE, HeaderValue::from_static(content.language)),
                (CACHE_CONTROL, HeaderValue::from_static("no-store")),
                (CONTENT_SECURITY_POLICY, policy),
            ];
            (headers, html).into_response()
        }
        (Err(error), _) => Problem::internal(error).into_response(),
        (_, Err(error)) => Problem::internal(error).into_response(),
    }
}
