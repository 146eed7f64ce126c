//! The two forms.

use axum::response::Response;
use store::accounts::Account;
use web::extract::FormName as _;
use web::form::{Button, Checkbox, Errors, Field, FormPage, Words};
use web::{Page, Visit};

use super::{CODE, CONTACT, Codes, Draft, HERE, New};
use crate::{Service, confirm, recovery};

pub(super) fn first(
    visit: &Visit,
    account: &Account,
    (sent, confirmed): (&New, bool),
    errors: Errors,
) -> Response {
    let mut form = FormPage::new(New::FORM, HERE).field(
        Field::telephone("phone", "contact-phone-new")
            .hint("register-phone-hint")
            .value(sent.phone.expose())
            .autocomplete("tel")
            .maxlength(32)
            .width("medium")
            .required(),
    );
    if account.phone.is_some() {
        form = form.checkbox(
            Checkbox::new("lost", "contact-phone-lost")
                .hint("contact-phone-lost-hint")
                .checked(sent.lost.is_some()),
        );
    }
    let form = form
        .button(Button::primary("register-send-code"))
        .render(visit, &errors);
    let form = confirm::above(visit, confirmed, form);
    let here = confirm::back_to(&HERE, confirmed);
    let page = Page::new("contact-phone", "contact-phone-title").return_to(here);
    let text = [Words::key("contact-phone-text")];
    recovery::page::render(
        visit,
        page,
        (&text, form),
        &[(CONTACT, "web-back")],
        (errors, None),
    )
}

pub(super) fn second(
    service: &Service,
    visit: &Visit,
    (draft, confirmed): (&Draft, bool),
    errors: Errors,
) -> Response {
    let mut form = FormPage::new(Codes::FORM, CODE).hidden("draft", &draft.id).field(
        Field::code("new_code", "contact-phone-new-code")
            .maxlength(16)
            .required(),
    );
    if !draft.lost {
        form = form.field(
            Field::code("old_code", "contact-phone-old-code")
                .maxlength(16)
                .required(),
        );
    }
    let form = form
        .button(Button::primary("contact-phone-submit"))
        .button(Button::secondary("register-resend").sends("resend", "code"))
        .render(visit, &errors);
    let hours = service.config().changes.wait_hours;
    let text = if draft.lost {
        Words::with("contact-phone-waits", vec![("hours", hours.into())])
    } else {
        Words::key("contact-phone-both")
    };
    let form = confirm::above(visit, confirmed, form);
    let here = confirm::back_to(&CODE, confirmed);
    let page = Page::new("contact-phone-code", "contact-phone-code-title").return_to(here);
    let links = [(HERE, "register-change-phone")];
    recovery::page::render(visit, page, (&[text], form), &links, (errors, None))
}
