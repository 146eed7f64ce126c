//! How the two pages of registering look.

use axum::http::StatusCode;
use axum::response::Response;
use model::ids::{CaptchaId, RegistrationId};
use web::form::{Button, Checkbox, Errors, Field, FormPage, Radios};
use web::markup::escape;
use web::{Markup, Page, Visit};

use super::input::{Boxes, ConfirmForm, StartForm, Typed, mark_of};
use super::{CONFIRM, START};
use crate::agreements::Agreement;
use crate::captcha;
use crate::signin::Onward;
use web::extract::FormName as _;
use web::paths::LocalPath;

/// Stands for a link while the sentence around it is escaped. A character of the private use area: no text has it.
const LINK: &str = "\u{e000}";
/// How much of a typed number is kept, in characters.
const PHONE_MAX: usize = 32;
/// The text that is agreed to.
const AGREEMENT: LocalPath = LocalPath::known("/agreements/resident");

/// What the first page shows.
pub(super) struct Start<'a> {
    pub(super) typed: &'a Typed,
    pub(super) captcha: CaptchaId,
    /// The number of a draft that can be gone on with, masked: the next person at the browser may see it.
    pub(super) unfinished: Option<String>,
    /// Whether the page before had nothing to go on with.
    pub(super) ended: bool,
}

/// The first page.
pub(super) fn start(
    visit: &Visit,
    onward: &Onward,
    (shown, by_email): (&Start<'_>, bool),
    (errors, status): (&Errors, Option<StatusCode>),
) -> Response {
    let typed = shown.typed;
    let kind = Radios::new("kind", "register-kind")
        .option_with_hint(
            "resident",
            "register-kind-resident",
            "register-kind-resident-hint",
        )
        .option_with_hint(
            "organisation",
            "register-kind-organisation",
            "register-kind-organisation-hint",
        )
        .chosen(if typed.organisation {
            "organisation"
        } else {
            "resident"
        });
    let phone = Field::telephone("phone", "register-phone")
        .hint("register-phone-hint")
        .value(typed.phone.expose())
        .maxlength(32)
        .width("medium")
        .required();
    let form = FormPage::new(StartForm::FORM, START).radios(kind).field(phone);
    let form = captcha::add_to(form, visit, shown.captcha, &typed.captcha)
        .button(Button::primary("register-send-code"))
        .button(Button::secondary("captcha-refresh").sends("refresh", "captcha"));
    let form = onward.in_form(form).render(visit, errors);
    let sign_in = onward.through(LocalPath::known("/sign-in"));
    let content = format!(
        "{}<p class=\"hint\">{}</p>{form}{}<p>{}</p>",
        before_start(visit, onward, shown),
        escape(&visit.t("register-who")),
        if by_email {
            let other = onward.through(LocalPath::known("/register/email"));
            format!("<p>{}</p>", link_sentence(visit, "register-by-email", &other))
        } else {
            String::new()
        },
        link_sentence(visit, "register-have-account", &sign_in)
    );
    let here = if shown.ended { ended() } else { START };
    let page = Page::new("register", "register-title").return_to(onward.through(here));
    respond(visit, page, errors, status, content)
}

/// The first page's address when there was nothing to go on with.
pub(super) fn ended() -> LocalPath {
    START.with("ended", "yes")
}

/// What is said above the form: why the person is here again, and the way to what they began.
fn before_start(visit: &Visit, onward: &Onward, shown: &Start<'_>) -> String {
    if let Some(phone) = &shown.unfinished {
        let sentence = visit.t_with("register-unfinished", &[("phone", phone.as_str().into())]);
        let on = link_sentence(visit, "register-unfinished-continue", &onward.through(CONFIRM));
        format!("<p class=\"notice\">{} {on}</p>", escape(&sentence))
    } else if shown.ended {
        format!("<p class=\"notice\">{}</p>", escape(&visit.t("register-ended")))
    } else {
        String::new()
    }
}

/// What the second page shows.
pub(super) struct Confirm<'a> {
    pub(super) draft: RegistrationId,
    pub(super) masked_phone: String,
    pub(super) minutes: i64,
    pub(super) resend_seconds: i64,
    pub(super) agreement: &'a Agreement,
    pub(super) boxes: Boxes,
}

/// The second page.
pub(super) fn confirm(
    visit: &Visit,
    onward: &Onward,
    shown: &Confirm<'_>,
    (errors, status): (&Errors, Option<StatusCode>),
) -> Response {
    let sent = [
        ("phone", shown.masked_phone.as_str().into()),
        ("minutes", shown.minutes.into()),
    ];
    let sent = format!(
        "<p class=\"notice\">{}</p>",
        escape(&visit.t_with("register-code-sent", &sent))
    );
    let form = FormPage::new(ConfirmForm::FORM, CONFIRM)
        .hidden("draft", shown.draft.to_string())
        .hidden("agreement", mark_of(shown.agreement, visit))
        .field(code_field(shown.resend_seconds))
        .field(password_field(visit))
        .field(
            Field::password("password_again", "register-password-again")
                .autocomplete("new-password")
                .maxlength(256)
                .required(),
        )
        .checkbox(agree_box(visit, onward, shown, errors))
        .checkbox(
            Checkbox::new("public_computer", "register-public-computer")
                .hint("register-public-computer-hint")
                .checked(shown.boxes.public_computer),
        )
        .button(Button::primary("register-submit"))
        .button(resend_button(visit, shown.resend_seconds));
    let form = onward.in_form(form).render(visit, errors);
    let change = onward.through(START);
    let content = format!(
        "{sent}{form}<p>{}</p>",
        link_sentence(visit, "register-change-phone", &change)
    );
    let page = Page::new("register-confirm", "register-confirm-title").return_to(onward.through(CONFIRM));
    respond(visit, page, errors, status, content)
}

fn code_field(resend_seconds: i64) -> Field {
    let hint = if resend_seconds > 0 {
        web::form::Words::with(
            "register-code-hint-wait",
            vec![("seconds", resend_seconds.into())],
        )
    } else {
        web::form::Words::key("register-code-hint")
    };
    Field::code("sms_code", "register-code")
        .hint(hint)
        .maxlength(16)
        .required()
        .focus()
}

/// Works at any time; with script it counts down until the server would send.
fn resend_button(visit: &Visit, seconds: i64) -> Button {
    let button = Button::secondary("register-resend").sends("resend", "code");
    if seconds <= 0 {
        return button;
    }
    let text = visit.t_with("web-resend-wait", &[("seconds", "%s".into())]);
    button
        .data("resend-after", seconds.to_string())
        .data("resend-text", text)
}

fn password_field(visit: &Visit) -> Field {
    Field::password("password", "register-password")
        .hint("register-password-hint")
        .autocomplete("new-password")
        .maxlength(256)
        .required()
        .data("show", visit.t("web-show-password"))
        .data("hide", visit.t("web-hide-password"))
        .data("weak", visit.t("register-strength-weak"))
        .data("fair", visit.t("register-strength-fair"))
        .data("strong", visit.t("register-strength-strong"))
}

/// The box is ticked only when the person ticked it a moment ago on the same text.
fn agree_box(visit: &Visit, onward: &Onward, shown: &Confirm<'_>, errors: &Errors) -> Checkbox {
    let title = shown.agreement.title.in_language(visit.language());
    let link = format!(
        "<a href=\"{}\" target=\"_blank\" rel=\"noopener\">{}</a>",
        escape(onward.through(AGREEMENT).as_str()),
        escape(title)
    );
    let sentence = escape(&visit.t_with("register-agree", &[("agreement", LINK.into())]));
    Checkbox::new("agree", "register-agree")
        .label_markup(Markup::from_rendered(sentence.replace(LINK, &link)))
        .checked(shown.boxes.agree && errors.for_field("agree").is_none())
}

/// The page for organisations: who registers first, and what to do now (HB-38). The way back is a form, because the
/// number that was typed must not be lost and is no part of an address.
pub(super) fn organisation(visit: &Visit, onward: &Onward, typed: &Typed) -> Response {
    let phone: String = typed.phone.expose().chars().take(PHONE_MAX).collect();
    let back = FormPage::new(StartForm::FORM, START)
        .hidden("kind", "resident")
        .hidden("phone", phone)
        .hidden(captcha::ID_FIELD, typed.captcha_id.as_str())
        .button(Button::primary("register-organisation-continue").sends("refresh", "captcha"));
    let content = format!(
        "<p>{}</p><p>{}</p>{}",
        escape(&visit.t("register-organisation-first")),
        escape(&visit.t("register-organisation-later")),
        onward.in_form(back).render(visit, &Errors::none()),
    );
    let page = Page::new("register-organisation", "register-organisation-title")
        .return_to(onward.through(START.with("kind", "organisation")));
    visit.render_markup(page, &Markup::from_rendered(content))
}

/// The page for a phone that got an account while its owner was registering: they have proven that it is theirs.
pub(super) fn phone_taken(visit: &Visit, onward: &Onward) -> Response {
    let sign_in = onward.through(LocalPath::known("/sign-in"));
    let content = format!(
        "<p>{}</p><p><a class=\"button\" href=\"{}\">{}</a></p>",
        escape(&visit.t("register-phone-taken")),
        escape(sign_in.as_str()),
        escape(&visit.t("register-phone-taken-sign-in")),
    );
    let page = Page::new("register-phone-taken", "register-phone-taken-title")
        .status(StatusCode::CONFLICT)
        .return_to(onward.through(CONFIRM));
    visit.render_markup(page, &Markup::from_rendered(content))
}

/// A sentence that is a link as a whole.
pub(super) fn link_sentence(visit: &Visit, key: &str, to: &LocalPath) -> String {
    format!(
        "<a href=\"{}\">{}</a>",
        escape(to.as_str()),
        escape(&visit.t(key))
    )
}

pub(super) fn respond(
    visit: &Visit,
    page: Page,
    errors: &Errors,
    status: Option<StatusCode>,
    content: String,
) -> Response {
    let page = page.errors(errors.clone());
    let page = match status {
        Some(status) => page.status(status),
        None => page,
    };
    visit.render_markup(page, &Markup::from_rendered(content))
}
