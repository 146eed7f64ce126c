//! One line of input with its label, hint and error.

use askama::Template;

use crate::form::{Errors, Notes, ShownError, Words};
use crate::markup::Markup;
use crate::page::Visit;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Telephone,
    Email,
    /// A secret: what was typed is never written back.
    Password,
    /// A code of digits that is used once.
    Code,
}

/// An input field. Its id is its name.
#[derive(Clone, Debug)]
pub struct Field {
    kind: Kind,
    name: &'static str,
    label: Words,
    hint: Option<Words>,
    value: String,
    autocomplete: Option<&'static str>,
    inputmode: Option<&'static str>,
    maxlength: Option<u32>,
    width: Option<&'static str>,
    required: bool,
    focus: bool,
    data: Vec<(&'static str, String)>,
    after: Markup,
}

impl Field {
    fn new(kind: Kind, name: &'static str, label: impl Into<Words>) -> Self {
        Self {
            kind,
            name,
            label: label.into(),
            hint: None,
            value: String::new(),
            autocomplete: None,
            inputmode: None,
            maxlength: None,
            width: None,
            required: false,
            focus: false,
            data: Vec::new(),
            after: Markup::default(),
        }
    }

    /// Plain text.
    pub fn text(name: &'static str, label: impl Into<Words>) -> Self {
        Self::new(Kind::Text, name, label)
    }

    /// A telephone number.
    pub fn telephone(name: &'static str, label: impl Into<Words>) -> Self {
        Self::new(Kind::Telephone, name, label)
            .autocomplete("tel")
            .inputmode("tel")
            .maxlength(20)
    }

    /// An e-mail address.
    pub fn email(name: &'static str, label: impl Into<Words>) -> Self {
        Self::new(Kind::Email, name, label)
            .autocomplete("email")
            .inputmode("email")
            .maxlength(254)
    }

    /// A password that exists. For a new one add `.autocomplete("new-password")`.
    pub fn password(name: &'static str, label: impl Into<Words>) -> Self {
        Self::new(Kind::Password, name, label).autocomplete("current-password")
    }

    /// A code of digits that was sent by message. Never written back.
    pub fn code(name: &'static str, label: impl Into<Words>) -> Self {
        Self::new(Kind::Code, name, label)
            .autocomplete("one-time-code")
            .inputmode("numeric")
            .maxlength(8)
            .width("short")
    }

    /// A sentence below the label.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Words>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// What was typed before. Secrets ignore it.
    #[must_use]
    pub fn value(mut self, value: &str) -> Self {
        value.clone_into(&mut self.value);
        self
    }

    /// The HTML autocomplete token.
    #[must_use]
    pub const fn autocomplete(mut self, token: &'static str) -> Self {
        self.autocomplete = Some(token);
        self
    }

    /// The keyboard that a phone shows.
    #[must_use]
    pub const fn inputmode(mut self, mode: &'static str) -> Self {
        self.inputmode = Some(mode);
        self
    }

    /// The greatest length in UTF-16 units. Leave room: a browser cuts pasted text silently.
    #[must_use]
    pub const fn maxlength(mut self, units: u32) -> Self {
        self.maxlength = Some(units);
        self
    }

    /// How wide the field is drawn: `short` (a code), `medium` (a number); full otherwise.
    #[must_use]
    pub const fn width(mut self, width: &'static str) -> Self {
        self.width = Some(width);
        self
    }

    /// Marks the field as required for assistive technology; the server checks.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// The cursor starts here when the page has no errors.
    #[must_use]
    pub const fn focus(mut self) -> Self {
        self.focus = true;
        self
    }

    /// A `data-` attribute, a hook for the script: `.data("strength", "…")`.
    #[must_use]
    pub fn data(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.data.push((name, value.into()));
        self
    }

    /// Markup that follows the input, inside the field: a picture, a button to send a code.
    #[must_use]
    pub fn after(mut self, markup: Markup) -> Self {
        self.after = markup;
        self
    }

    /// The field's HTML.
    pub fn render(&self, visit: &Visit, errors: &Errors) -> Markup {
        let Notes {
            hint,
            error,
            described,
        } = Notes::of(visit, self.name, self.hint.as_ref(), errors);
        let secret = matches!(self.kind, Kind::Password | Kind::Code);
        Markup::of(&Input {
            name: self.name,
            label: self.label.text(visit),
            hint,
            error,
            described,
            kind: match self.kind {
                Kind::Text | Kind::Code => "text",
                Kind::Telephone => "tel",
                Kind::Email => "email",
                Kind::Password => "password",
            },
            width: self.width,
            value: (!secret && !self.value.is_empty()).then_some(self.value.as_str()),
            autocomplete: self.autocomplete,
            inputmode: self.inputmode,
            maxlength: self.maxlength,
            prose: self.kind == Kind::Text,
            required: self.required,
            focus: self.focus && errors.is_empty(),
            data: &self.data,
            after: &self.after,
        })
    }
}

#[derive(Template)]
#[template(path = "form/field.html")]
struct Input<'a> {
    name: &'a str,
    label: String,
    hint: Option<String>,
    error: Option<ShownError>,
    described: String,
    kind: &'static str,
    width: Option<&'static str>,
    value: Option<&'a str>,
    autocomplete: Option<&'static str>,
    inputmode: Option<&'static str>,
    maxlength: Option<u32>,
    prose: bool,
    required: bool,
    focus: bool,
    data: &'a [(&'static str, String)],
    after: &'a Markup,
}
