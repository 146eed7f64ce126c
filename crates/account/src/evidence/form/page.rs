//! What the page of a source looks like: what is compared, the fields that its definition names, and the button by
//! which the person agrees.

use axum::response::Response;
use store::cases::CaseNumber;
use web::form::{Button, Errors, Field, FormPage, Words};
use web::markup::escape;
use web::{Markup, Page, Visit};

use super::{Sent, Step};
use crate::evidence::input::Entered;
use crate::evidence::pages;
use crate::evidence::port::{self, Shape};

impl Step {
    pub(super) fn render(&self, visit: &Visit, typed: &Entered, shown: Shown<'_>) -> Response {
        let words = |what: &str| visit.t(&self.definition.key(what));
        let form = self.form(visit, typed, &shown.errors);
        let content = Content {
            visit,
            welcome: shown.welcome,
            text: words("text"),
            facts: self.facts(visit),
            consent: words("consent"),
            form,
            review: shown
                .case
                .map(|case| pages::review_form(visit, case, &self.onward)),
        };
        let page = Page::new(format!("verify-{}", self.slug), Words::plain(words("title")));
        let here = if shown.welcome {
            self.here.clone().with("welcome", "yes")
        } else {
            self.here.clone()
        };
        let page = page.caption("evidence-caption").errors(shown.errors);
        visit.render(page.return_to(self.onward.through(here)), &content)
    }

    /// What is compared beside what is typed, as far as a person needs to recognise it.
    fn facts(&self, visit: &Visit) -> Vec<(String, String)> {
        let account = &self.session.account;
        let mut facts = Vec::new();
        if !self.road.types_identity {
            let name = account.name.as_ref().map(model::person_name::PersonName::masked);
            let number = account
                .citizen_id
                .as_ref()
                .map(model::citizen_id::CitizenId::masked);
            facts.push((visit.t("evidence-name"), name.unwrap_or_default()));
            facts.push((visit.t("evidence-citizen-id"), number.unwrap_or_default()));
        }
        if let Some(phone) = account.phone.as_ref().filter(|_| self.road.with_phone) {
            facts.push((visit.t("evidence-phone"), phone.masked()));
        }
        facts
    }

    fn form(&self, visit: &Visit, typed: &Entered, errors: &Errors) -> Markup {
        let mut form = self.onward.in_form(FormPage::new(
            <Sent as web::extract::FormName>::FORM,
            self.here.clone(),
        ));
        if self.road.types_identity {
            for field in identity_fields(typed) {
                form = form.field(field);
            }
        }
        let mut optional = String::new();
        let mut open = false;
        for field in self.road.fields {
            let shown = self.field(visit, field, typed);
            if field.optional {
                open |= !typed.text(field.name).is_empty() || errors.for_field(field.name).is_some();
                optional.push_str(&shown.render(visit, errors).to_string());
            } else {
                form = form.field(shown.required());
            }
        }
        if !optional.is_empty() {
            form = form.markup(self.optional(visit, &optional, open));
        }
        let submit = if self.road.types_identity {
            Button::primary("evidence-submit")
        } else {
            Button::primary("evidence-agree-submit").sends("confirm", "yes")
        };
        form.button(submit)
            .button(Button::secondary("evidence-skip").sends("skip", "yes"))
            .render(visit, errors)
    }

    fn field(&self, visit: &Visit, field: &port::Field, typed: &Entered) -> Field {
        let label = visit.t(&self.definition.key(field.name));
        let hint = visit.t(&self.definition.key(&format!("{}-hint", field.name)));
        let shown = Field::text(field.name, Words::plain(label))
            .hint(Words::plain(hint))
            .autocomplete("off")
            .maxlength(60)
            .width("medium");
        let shown = match field.shape {
            Shape::Digits => shown.inputmode("numeric"),
            Shape::Text | Shape::Day => shown,
        };
        // What may not be kept is not sent back to the browser either.
        if field.kept {
            shown.value(typed.text(field.name))
        } else {
            shown
        }
    }

    /// What need not be filled in stays folded until somebody wants it.
    fn optional(&self, visit: &Visit, fields: &str, open: bool) -> Markup {
        let summary = escape(&visit.t(&self.definition.key("more")));
        let text = escape(&visit.t(&self.definition.key("more-text")));
        let open = if open { " open" } else { "" };
        Markup::from_rendered(format!(
            "<details{open}><summary>{summary}</summary><div class=\"stack\"><p class=\"hint\">{text}</p>{fields}</div></details>"
        ))
    }
}

/// What a page shows beside its form.
#[derive(Default)]
pub(super) struct Shown<'a> {
    pub(super) errors: Errors,
    /// The case that a person may be asked to look at.
    pub(super) case: Option<&'a CaseNumber>,
    pub(super) welcome: bool,
}

#[derive(askama::Template)]
#[template(path = "verify_source.html")]
struct Content<'a> {
    visit: &'a Visit,
    welcome: bool,
    text: String,
    facts: Vec<(String, String)>,
    consent: String,
    form: Markup,
    review: Option<Markup>,
}

fn identity_fields(typed: &Entered) -> [Field; 2] {
    let name = Field::text("name", "evidence-name")
        .hint("evidence-name-hint")
        .value(&typed.name)
        .autocomplete("name")
        .maxlength(200)
        .required();
    let number = Field::text("citizen_id", "evidence-citizen-id")
        .hint("evidence-citizen-id-hint")
        .value(&typed.citizen_id)
        .autocomplete("off")
        .maxlength(40)
        .width("medium")
        .required();
    [name, number]
}
