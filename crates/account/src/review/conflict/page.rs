//! The two pages of a conflict: the proof, and what will happen.

use axum::http::StatusCode;
use axum::response::Response;
use model::ids::CaptchaId;
use store::accounts::Account;
use web::extract::FormName as _;
use web::form::{Button, Errors, Field, FormPage, Radios, Words};
use web::markup::escape;
use web::paths::LocalPath;
use web::{Markup, Page, Problem, Visit};

use super::{Join, Prove, Step};
use crate::captcha;
use crate::evidence;

/// What the first page shows.
pub(super) struct Shown<'a> {
    pub(super) identifier: &'a str,
    pub(super) captcha: Option<CaptchaId>,
    pub(super) status: Option<StatusCode>,
}

#[derive(askama::Template)]
#[template(path = "conflict.html")]
struct Content<'a> {
    visit: &'a Visit,
    number: &'a str,
    form: Markup,
    review: Markup,
    not_now: Markup,
}

/// The page that asks for the proof.
pub(super) fn prove_page(
    visit: &Visit,
    step: &Step,
    shown: &Shown<'_>,
    errors: Errors,
) -> Result<Response, Problem> {
    let identifier = Field::text("identifier", "conflict-identifier")
        .hint("signin-identifier-hint")
        .value(shown.identifier)
        .autocomplete("off")
        .maxlength(64)
        .required();
    let password = Field::password("password", "conflict-password")
        .autocomplete("off")
        .maxlength(200)
        .required();
    let mut form = FormPage::new(Prove::FORM, step.here()?)
        .field(identifier)
        .field(password);
    if let Some(id) = shown.captcha {
        form = captcha::add_to(form, visit, id, "");
    }
    let not_now = if step.onward.has_interaction() {
        evidence::decline_form(visit, &step.onward, "evidence-go-on-without")
    } else {
        Markup::default()
    };
    let content = Content {
        visit,
        number: step.case.number.as_str(),
        form: form
            .button(Button::primary("conflict-prove"))
            .render(visit, &errors),
        review: evidence::review_form(visit, &step.case.number, &step.onward),
        not_now,
    };
    let mut page = Page::new("verify-conflict", "conflict-title")
        .caption("evidence-caption")
        .return_to(step.here()?)
        .errors(errors);
    if let Some(status) = shown.status {
        page = page.status(status);
    }
    Ok(visit.render(page, &content))
}

#[derive(askama::Template)]
#[template(path = "conflict_join.html")]
struct Confirm<'a> {
    visit: &'a Visit,
    older: String,
    since: String,
    newer: String,
    form: Markup,
    hours: i64,
    back: String,
}

/// The page that says what will happen.
pub(super) fn confirm_page(
    visit: &Visit,
    step: &Step,
    older: &Account,
    (chosen, errors): (&str, Errors),
) -> Result<Response, Problem> {
    let masked = |account: &Account| account.phone.as_ref().map(model::phone::Phone::masked);
    let (old_phone, new_phone) = (
        masked(older).unwrap_or_default(),
        masked(&step.session.account).unwrap_or_default(),
    );
    let with = |key, phone: &str| Words::with(key, vec![("phone", phone.into())]);
    let two_step = step.two_step();
    let mut radios = Radios::new("phone", "conflict-phone")
        .hint("conflict-phone-hint")
        .option("keep", with("conflict-phone-keep", &old_phone));
    if step.session.account.phone.is_some() {
        radios = radios.option_with_hint(
            "replace",
            with("conflict-phone-replace", &new_phone),
            "conflict-phone-replace-hint",
        );
    }
    // No choice is made for the person.
    if !chosen.is_empty() {
        radios = radios.chosen(chosen);
    }
    let action = LocalPath::parse(&format!("/verify/conflict/{}/join", step.case.number.as_str()));
    let action = step.onward.through(action.map_err(Problem::internal)?);
    let code = Field::code("code", "evidence-code")
        .hint(with("conflict-code-hint", &old_phone))
        .required();
    let form = FormPage::new(Join::FORM, action);
    let form = if two_step {
        // The phone of an account with a second factor is changed on its own page, which asks for that factor and waits.
        let stays = visit.t_with("conflict-phone-stays", &[("phone", old_phone.as_str().into())]);
        let stays = Markup::from_rendered(format!("<p>{}</p>", escape(&stays)));
        let second = Field::text("second", "conflict-second")
            .hint("conflict-second-hint")
            .autocomplete("off")
            .maxlength(64)
            .required();
        form.hidden("phone", "keep")
            .markup(stays)
            .field(code)
            .field(second)
    } else {
        form.radios(radios).field(code)
    };
    let form = form.button(Button::danger("conflict-join").guarded());
    let content = Confirm {
        visit,
        older: old_phone,
        since: visit.day(older.created_at),
        newer: new_phone,
        form: form.render(visit, &errors),
        hours: step.hours,
        back: step
            .onward
            .through(LocalPath::known("/account/level"))
            .to_string(),
    };
    let page = Page::new("verify-conflict-join", "conflict-join-title")
        .caption("evidence-caption")
        .return_to(step.here()?)
        .errors(errors);
    Ok(visit.render(page, &content))
}
