//! The sign-in page.

use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::Response;
use model::ids::CaptchaId;
use model::secret::Sensitive;
use serde::Deserialize;
use web::extract::FormName;
use web::form::{Button, Checkbox, Errors, Field, FormPage, Words};
use web::paths::LocalPath;
use web::{Markup, Page, Visit};

use super::onward::Onward;
use super::passkey::Offer;
use crate::captcha;

const HERE: LocalPath = LocalPath::known("/sign-in");

/// How much of a sub-site's hint is shown, in characters.
const HINT_CHARACTERS: usize = 40;

/// The longest identifier, in characters: an e-mail address.
pub(super) const IDENTIFIER_CHARACTERS: usize = 254;

/// What the form sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct SignIn {
    pub(super) identifier: Sensitive<String>,
    pub(super) password: Sensitive<String>,
    pub(super) public_computer: Option<String>,
    pub(super) captcha: String,
    pub(super) captcha_id: String,
    pub(super) interaction: Option<String>,
    pub(super) return_to: Option<String>,
    /// The button that draws another picture.
    pub(super) refresh: Option<String>,
    /// The button that leaves.
    pub(super) cancel: Option<String>,
    /// The button for another way in: `passkey`.
    pub(super) method: Option<String>,
    /// The question about a passkey that the page held.
    pub(super) passkey: String,
    /// What the browser says to it.
    pub(super) credential: String,
}

impl FormName for SignIn {
    const FORM: &'static str = "sign-in";
}

/// What the page shows.
#[derive(Debug, Default)]
pub(super) struct Shown {
    /// What was typed, or what the sub-site hints.
    pub(super) identifier: Sensitive<String>,
    pub(super) public_computer: bool,
    pub(super) captcha: Option<CaptchaId>,
    pub(super) onward: Onward,
    /// The name of the sub-site that waits.
    pub(super) client: Option<String>,
    /// What it says about itself.
    pub(super) links: Markup,
    /// Who is signed in already, where a fresh sign-in is asked for.
    pub(super) again: Option<String>,
    /// After how many seconds another try makes sense, where this one came to nothing for now.
    pub(super) retry_after: Option<u32>,
    /// A question that any passkey answers.
    pub(super) passkey: Option<Offer>,
}

/// A sub-site's hint, cut to what a phone or an ID number could be.
pub(super) fn hint(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .take(HINT_CHARACTERS)
        .collect()
}

#[derive(askama::Template)]
#[template(path = "sign_in.html")]
struct Content<'a> {
    visit: &'a Visit,
    again: Option<String>,
    form: Markup,
    scan: Markup,
    register: LocalPath,
    recover: LocalPath,
    links: Markup,
}

/// Answers with the page.
pub(super) fn render(visit: &Visit, shown: &Shown, errors: Errors) -> Response {
    let again = |who: &String| visit.t_with("signin-again", &[("who", who.as_str().into())]);
    let content = Content {
        visit,
        again: shown.again.as_ref().map(again),
        form: form(visit, shown).render(visit, &errors),
        scan: crate::scan::begin_form(visit, &shown.onward),
        register: shown.onward.through(LocalPath::known("/register")),
        recover: shown.onward.through(LocalPath::known("/recover")),
        links: shown.links.clone(),
    };
    let mut page = Page::new("sign-in", "signin-title")
        .errors(errors)
        .return_to(shown.onward.through(HERE));
    if shown.retry_after.is_some() {
        page = page.status(StatusCode::TOO_MANY_REQUESTS);
    }
    if let Some(client) = &shown.client {
        page = page.caption(Words::with(
            "signin-for-site",
            vec![("site", client.as_str().into())],
        ));
    }
    let mut response = visit.render(page, &content);
    if let Some(seconds) = shown.retry_after {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    response
}

fn form(visit: &Visit, shown: &Shown) -> FormPage {
    let identifier = Field::text("identifier", "signin-identifier")
        .hint("signin-identifier-hint")
        .value(shown.identifier.expose())
        .autocomplete("username webauthn")
        .maxlength(254)
        .required();
    let public = Checkbox::new("public_computer", "signin-public-computer")
        .hint("signin-public-computer-hint")
        .checked(shown.public_computer);
    let form = FormPage::new(SignIn::FORM, HERE);
    let mut form = shown.onward.in_form(form).field(identifier).field(
        Field::password("password", "signin-password")
            .maxlength(200)
            .required(),
    );
    if let Some(id) = shown.captcha {
        form = captcha::add_to(form, visit, id, "");
    }
    form = form.checkbox(public).button(Button::primary("signin-submit"));
    if let Some(offer) = &shown.passkey {
        form = form
            .hidden("passkey", &offer.sealed)
            .markup(web::passkey::ask(visit, &offer.options, web::passkey::Act::Offer))
            .button(Button::secondary("signin-passkey").sends("method", "passkey"));
    }
    if shown.captcha.is_some() {
        form = form.button(Button::link("captcha-refresh").sends("refresh", "captcha"));
    }
    if shown.onward.has_interaction() {
        form = form.button(Button::link("signin-cancel").sends("cancel", "yes"));
    }
    form
}
