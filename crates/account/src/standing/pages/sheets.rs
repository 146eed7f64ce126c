//! What the pages of an objection look like.

use axum::http::StatusCode;
use axum::response::Response;
use model::ids::CaptchaId;
use web::extract::FormName as _;
use web::form::{Button, Errors, Field, FormPage, TextArea};
use web::{Page, Visit};

use super::{BY_LINK, Begin, CODE, Code, START, TEXT_MAX, Text, WRITE};
use crate::captcha;
use crate::notice::Notice;

pub(super) fn start_page(
    visit: &Visit,
    sent: &Begin,
    (captcha, ended): (CaptchaId, bool),
    (errors, status): (Errors, Option<StatusCode>),
) -> Response {
    let phone = Field::telephone("phone", "appeal-phone")
        .hint("appeal-phone-hint")
        .value(sent.phone.expose())
        .autocomplete("tel")
        .maxlength(32)
        .width("medium")
        .required();
    let form = FormPage::new(Begin::FORM, START).field(phone);
    let form = captcha::add_to(form, visit, captcha, &sent.captcha)
        .button(Button::primary("appeal-send-code"))
        .button(Button::secondary("captcha-refresh").sends("refresh", "captcha"))
        .render(visit, &errors);
    let notice = if ended {
        Notice::saying("appeal-ended").and("appeal-text")
    } else {
        Notice::saying("appeal-text")
    };
    let page = Page::new("appeal", "appeal-title")
        .errors(errors)
        .return_to(START);
    let page = match status {
        Some(status) => page.status(status),
        None => page,
    };
    notice.action(form).respond(visit, page)
}

pub(super) fn code_page(visit: &Visit, errors: &Errors) -> Response {
    let form = FormPage::new(Code::FORM, CODE)
        .field(
            Field::code("code", "appeal-code")
                .hint("appeal-code-hint")
                .required(),
        )
        .button(Button::primary("web-continue"))
        .render(visit, errors);
    let page = Page::new("appeal-code", "appeal-code-title")
        .errors(errors.clone())
        .return_to(CODE);
    Notice::saying("appeal-code-text")
        .action(form)
        .link(START, "appeal-code-again")
        .respond(visit, page)
}

pub(super) fn text_page(visit: &Visit, link: Option<&str>, typed: &str, errors: &Errors) -> Response {
    let limit = u32::try_from(TEXT_MAX).unwrap_or(u32::MAX);
    let area = TextArea::new("text", "appeal-text-label", limit)
        .hint("appeal-text-hint")
        .value(typed);
    let (action, back) = match link {
        Some(link) => (BY_LINK, START.with("link", link)),
        None => (WRITE, WRITE),
    };
    let form = FormPage::new(Text::FORM, action)
        .hidden_if("link", link)
        .area(area)
        .button(Button::primary("appeal-submit"))
        .render(visit, errors);
    let page = Page::new("appeal-write", "appeal-write-title")
        .errors(errors.clone())
        .return_to(back);
    Notice::saying("appeal-write-text")
        .action(form)
        .respond(visit, page)
}

/// One page for what is over, was used, or never was.
pub(super) fn over(visit: &Visit) -> Response {
    Notice::saying("appeal-over-text")
        .link(START, "appeal-over-again")
        .respond(
            visit,
            Page::new("appeal-over", "appeal-over-title").status(StatusCode::NOT_FOUND),
        )
}
