//! Fields that take more than a line: a picked file, and a text of several lines.

use askama::Template;

use crate::form::{Errors, Notes, ShownError, Words};
use crate::markup::Markup;
use crate::page::Visit;

/// Picks one file. A form with one is sent as `multipart/form-data`: take it with [`crate::extract::Upload`].
#[derive(Clone, Debug)]
pub struct FilePicker {
    name: &'static str,
    label: Words,
    hint: Option<Words>,
    accept: &'static str,
}

impl FilePicker {
    /// Picks a picture. A phone offers its camera as well, because no `capture` shuts out the pictures that are there.
    pub fn picture(name: &'static str, label: impl Into<Words>) -> Self {
        Self {
            name,
            label: label.into(),
            hint: None,
            accept: "image/jpeg,image/png",
        }
    }

    /// A sentence below the label.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Words>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The field's HTML.
    pub fn render(&self, visit: &Visit, errors: &Errors) -> Markup {
        let Notes {
            hint,
            error,
            described,
        } = Notes::of(visit, self.name, self.hint.as_ref(), errors);
        Markup::of(&Pick {
            name: self.name,
            label: self.label.text(visit),
            accept: self.accept,
            hint,
            error,
            described,
        })
    }
}

#[derive(Template)]
#[template(path = "form/file.html")]
struct Pick<'a> {
    name: &'a str,
    label: String,
    accept: &'a str,
    hint: Option<String>,
    error: Option<ShownError>,
    described: String,
}

/// A text of several lines.
#[derive(Clone, Debug)]
pub struct TextArea {
    name: &'static str,
    label: Words,
    hint: Option<Words>,
    value: String,
    maxlength: u32,
}

impl TextArea {
    /// A text of so many UTF-16 units at most.
    pub fn new(name: &'static str, label: impl Into<Words>, maxlength: u32) -> Self {
        Self {
            name,
            label: label.into(),
            hint: None,
            value: String::new(),
            maxlength,
        }
    }

    /// A sentence below the label.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Words>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// What was typed before.
    #[must_use]
    pub fn value(mut self, value: &str) -> Self {
        value.clone_into(&mut self.value);
        self
    }

    /// The field's HTML.
    pub fn render(&self, visit: &Visit, errors: &Errors) -> Markup {
        let Notes {
            hint,
            error,
            described,
        } = Notes::of(visit, self.name, self.hint.as_ref(), errors);
        Markup::of(&Area {
            name: self.name,
            label: self.label.text(visit),
            value: &self.value,
            maxlength: self.maxlength,
            hint,
            error,
            described,
        })
    }
}

#[derive(Template)]
#[template(path = "form/area.html")]
struct Area<'a> {
    name: &'a str,
    label: String,
    value: &'a str,
    maxlength: u32,
    hint: Option<String>,
    error: Option<ShownError>,
    described: String,
}
