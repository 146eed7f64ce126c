//! Forms that work without script: fields with their label, hint and error wired together, and the errors of a page.
//!
//! A handler collects [`Errors`] under stable keys, builds [`Field`]s from what was typed, and renders a [`FormPage`]
//! (or puts single fields into its own template). Secrets are never written back. The error summary on top of the
//! page is the layout's; it links to the fields by their names, which are also their ids.

mod choice;
mod field;
mod longer;
mod page;

pub use choice::{Checkbox, Radios};
pub use field::Field;
pub use longer::{FilePicker, TextArea};
pub use page::{Button, FormPage};

use crate::language::Value;
use crate::page::Visit;

/// A text for people: a key of the catalogue with its arguments, or a text that a configuration file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words(Source);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Source {
    Key(&'static str, Vec<(&'static str, Value)>),
    Plain(String),
}

impl Words {
    /// A key of the catalogue.
    pub const fn key(key: &'static str) -> Self {
        Self(Source::Key(key, Vec::new()))
    }

    /// A key of the catalogue with arguments.
    pub const fn with(key: &'static str, args: Vec<(&'static str, Value)>) -> Self {
        Self(Source::Key(key, args))
    }

    /// A text that is already in the visitor's language.
    pub const fn plain(text: String) -> Self {
        Self(Source::Plain(text))
    }

    /// The text in the visitor's language, not escaped.
    pub fn text(&self, visit: &Visit) -> String {
        match &self.0 {
            Source::Key(key, args) => visit.t_with(key, args),
            Source::Plain(text) => text.clone(),
        }
    }

    /// The key, if it is one: the stable code of an error.
    pub const fn code(&self) -> Option<&'static str> {
        match self.0 {
            Source::Key(key, _) => Some(key),
            Source::Plain(_) => None,
        }
    }
}

impl From<&'static str> for Words {
    fn from(key: &'static str) -> Self {
        Self::key(key)
    }
}

/// One thing that is wrong with what was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The field, by its name; `None` for the form as a whole.
    pub field: Option<String>,
    /// What is wrong and what to do.
    pub words: Words,
}

/// Everything that is wrong with what was sent, in the order of the page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Errors(Vec<FieldError>);

impl Errors {
    /// Nothing wrong.
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// One wrong field.
    pub fn of(field: &str, words: impl Into<Words>) -> Self {
        let mut errors = Self::none();
        errors.add(field, words);
        errors
    }

    /// Something wrong that is no single field's.
    pub fn of_form(words: impl Into<Words>) -> Self {
        let mut errors = Self::none();
        errors.add_general(words);
        errors
    }

    /// Adds a wrong field. A field keeps its first error.
    pub fn add(&mut self, field: &str, words: impl Into<Words>) {
        if self.for_field(field).is_none() {
            self.0.push(FieldError {
                field: Some(field.to_owned()),
                words: words.into(),
            });
        }
    }

    /// Adds something wrong that is no single field's.
    pub fn add_general(&mut self, words: impl Into<Words>) {
        self.0.push(FieldError {
            field: None,
            words: words.into(),
        });
    }

    /// Takes the value of a parse, or adds its error to the field.
    pub fn take<T, E: Into<Words>>(&mut self, field: &str, parsed: Result<T, E>) -> Option<T> {
        match parsed {
            Ok(value) => Some(value),
            Err(error) => {
                self.add(field, error);
                None
            }
        }
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The error of one field.
    pub fn for_field(&self, field: &str) -> Option<&Words> {
        self.0
            .iter()
            .find(|error| error.field.as_deref() == Some(field))
            .map(|error| &error.words)
    }

    /// All errors.
    pub fn all(&self) -> &[FieldError] {
        &self.0
    }
}

/// An error as the templates of single fields show it.
struct ShownError {
    code: &'static str,
    prefix: String,
    text: String,
}

/// Hint and error of a field, and the ids that describe its input.
struct Notes {
    hint: Option<String>,
    error: Option<ShownError>,
    described: String,
}

impl Notes {
    fn of(visit: &Visit, name: &str, hint: Option<&Words>, errors: &Errors) -> Self {
        let hint = hint.map(|hint| hint.text(visit));
        let error = errors.for_field(name).map(|words| ShownError {
            code: words.code().unwrap_or_default(),
            prefix: visit.t("web-error-prefix"),
            text: words.text(visit),
        });
        let ids = [hint.as_ref().map(|_| "hint"), error.as_ref().map(|_| "error")];
        let described: Vec<String> = ids
            .into_iter()
            .flatten()
            .map(|part| format!("{name}-{part}"))
            .collect();
        Self {
            hint,
            error,
            described: described.join(" "),
        }
    }
}

#[cfg(test)]
mod tests;
