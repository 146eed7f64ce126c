//! Boxes to tick and options to choose from.

use askama::Template;

use crate::form::{Errors, Notes, ShownError, Words};
use crate::markup::Markup;
use crate::page::Visit;

/// One box to tick. Sends `name=value` when ticked, nothing otherwise.
#[derive(Clone, Debug)]
pub struct Checkbox {
    name: String,
    value: String,
    label: Label,
    hint: Option<Words>,
    checked: bool,
    disabled: bool,
}

#[derive(Clone, Debug)]
enum Label {
    Words(Words),
    Markup(Markup),
}

impl Checkbox {
    /// A box with the value `yes`.
    pub fn new(name: impl Into<String>, label: impl Into<Words>) -> Self {
        Self {
            name: name.into(),
            value: "yes".to_owned(),
            label: Label::Words(label.into()),
            hint: None,
            checked: false,
            disabled: false,
        }
    }

    /// Another label, with links inside.
    #[must_use]
    pub fn label_markup(mut self, label: Markup) -> Self {
        self.label = Label::Markup(label);
        self
    }

    /// Another value than `yes`.
    #[must_use]
    pub fn value(mut self, value: impl Into<String>) -> Self {
        self.value = value.into();
        self
    }

    /// A sentence below the label.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Words>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Whether it is ticked.
    #[must_use]
    pub const fn checked(mut self, checked: bool) -> Self {
        self.checked = checked;
        self
    }

    /// Shows the box but takes no choice: what cannot be left out. A disabled box sends nothing.
    #[must_use]
    pub const fn disabled(mut self) -> Self {
        self.disabled = true;
        self
    }

    /// The box's HTML.
    pub fn render(&self, visit: &Visit, errors: &Errors) -> Markup {
        let Notes {
            hint,
            error,
            described,
        } = Notes::of(visit, &self.name, self.hint.as_ref(), errors);
        Markup::of(&Tick {
            name: &self.name,
            value: &self.value,
            label: match &self.label {
                Label::Words(words) => Markup::text(&words.text(visit)),
                Label::Markup(markup) => markup.clone(),
            },
            checked: self.checked,
            disabled: self.disabled,
            hint,
            error,
            described,
        })
    }
}

#[derive(Template)]
#[template(path = "form/checkbox.html")]
struct Tick<'a> {
    name: &'a str,
    value: &'a str,
    label: Markup,
    checked: bool,
    disabled: bool,
    hint: Option<String>,
    error: Option<ShownError>,
    described: String,
}

/// One of several options.
#[derive(Clone, Debug)]
pub struct Radios {
    name: &'static str,
    legend: Words,
    hint: Option<Words>,
    options: Vec<(String, Words, Option<Words>)>,
    chosen: Option<String>,
}

impl Radios {
    /// A question.
    pub fn new(name: &'static str, legend: impl Into<Words>) -> Self {
        Self {
            name,
            legend: legend.into(),
            hint: None,
            options: Vec::new(),
            chosen: None,
        }
    }

    /// A sentence below the question.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Words>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// One more option.
    #[must_use]
    pub fn option(mut self, value: impl Into<String>, label: impl Into<Words>) -> Self {
        self.options.push((value.into(), label.into(), None));
        self
    }

    /// One more option with a sentence of explanation.
    #[must_use]
    pub fn option_with_hint(
        mut self,
        value: impl Into<String>,
        label: impl Into<Words>,
        hint: impl Into<Words>,
    ) -> Self {
        self.options.push((value.into(), label.into(), Some(hint.into())));
        self
    }

    /// The option that is chosen.
    #[must_use]
    pub fn chosen(mut self, value: &str) -> Self {
        self.chosen = Some(value.to_owned());
        self
    }

    /// The question's HTML. The first option has the name as its id, so that the error summary leads there.
    pub fn render(&self, visit: &Visit, errors: &Errors) -> Markup {
        let Notes {
            hint,
            error,
            described,
        } = Notes::of(visit, self.name, self.hint.as_ref(), errors);
        let option = |(index, (value, label, hint)): (usize, &(String, Words, Option<Words>))| Choice {
            id: if index == 0 {
                self.name.to_owned()
            } else {
                format!("{}-{index}", self.name)
            },
            value: value.clone(),
            label: label.text(visit),
            hint: hint.as_ref().map(|hint| hint.text(visit)),
            chosen: self.chosen.as_ref() == Some(value),
        };
        Markup::of(&Question {
            name: self.name,
            legend: self.legend.text(visit),
            options: self.options.iter().enumerate().map(option).collect(),
            hint,
            error,
            described,
        })
    }
}

struct Choice {
    id: String,
    value: String,
    label: String,
    hint: Option<String>,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "form/radios.html")]
struct Question<'a> {
    name: &'a str,
    legend: String,
    options: Vec<Choice>,
    hint: Option<String>,
    error: Option<ShownError>,
    described: String,
}
