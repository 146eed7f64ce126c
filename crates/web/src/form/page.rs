//! A whole form: the hidden fields, the fields in order, the buttons.

use askama::Template;

use crate::form::{Checkbox, Errors, Field, FilePicker, Radios, TextArea, Words};
use crate::markup::Markup;
use crate::page::Visit;
use crate::paths::LocalPath;

/// A button that sends the form.
#[derive(Clone, Debug)]
pub struct Button {
    words: Words,
    pair: Option<(&'static str, String)>,
    class: &'static str,
    guarded: bool,
    data: Vec<(&'static str, String)>,
}

impl Button {
    fn new(words: impl Into<Words>, class: &'static str) -> Self {
        Self {
            words: words.into(),
            pair: None,
            class,
            guarded: false,
            data: Vec::new(),
        }
    }

    /// The main thing to do; one on a page.
    pub fn primary(words: impl Into<Words>) -> Self {
        Self::new(words, "button")
    }

    /// Another thing to do.
    pub fn secondary(words: impl Into<Words>) -> Self {
        Self::new(words, "button quiet")
    }

    /// Something that takes away or ends.
    pub fn danger(words: impl Into<Words>) -> Self {
        Self::new(words, "button danger")
    }

    /// A button that looks like a link.
    pub fn link(words: impl Into<Words>) -> Self {
        Self::new(words, "button plain")
    }

    /// What the button adds to the form when it is the one that was pressed.
    #[must_use]
    pub fn sends(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.pair = Some((name, value.into()));
        self
    }

    /// Takes presses only after it was visible for half a second (A159); needs the script, works without.
    #[must_use]
    pub const fn guarded(mut self) -> Self {
        self.guarded = true;
        self
    }

    /// A `data-` attribute, a hook for the script.
    #[must_use]
    pub fn data(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.data.push((name, value.into()));
        self
    }

    /// The button's HTML.
    pub fn render(&self, visit: &Visit) -> Markup {
        Markup::of(&Press {
            class: self.class,
            pair: self.pair.as_ref().map(|(name, value)| (*name, value.as_str())),
            guarded: self.guarded,
            data: &self.data,
            text: self.words.text(visit),
        })
    }
}

#[derive(Template)]
#[template(path = "form/button.html")]
struct Press<'a> {
    class: &'static str,
    pair: Option<(&'static str, &'a str)>,
    guarded: bool,
    data: &'a [(&'static str, String)],
    text: String,
}

#[derive(Clone, Debug)]
enum Part {
    Field(Field),
    File(FilePicker),
    Area(TextArea),
    Checkbox(Checkbox),
    Radios(Radios),
    Markup(Markup),
}

/// A form with its CSRF field. Sends by POST to a path of ours.
#[derive(Clone, Debug)]
pub struct FormPage {
    name: &'static str,
    action: LocalPath,
    hidden: Vec<(&'static str, String)>,
    parts: Vec<Part>,
    buttons: Vec<Button>,
}

impl FormPage {
    /// A form. The name is the one that [`crate::extract::FormName`] gives to the type that receives it.
    pub const fn new(name: &'static str, action: LocalPath) -> Self {
        Self {
            name,
            action,
            hidden: Vec::new(),
            parts: Vec::new(),
            buttons: Vec::new(),
        }
    }

    /// A value that travels along, such as `interaction`.
    #[must_use]
    pub fn hidden(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.hidden.push((name, value.into()));
        self
    }

    /// A value that travels along if there is one.
    #[must_use]
    pub fn hidden_if(self, name: &'static str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.hidden(name, value),
            None => self,
        }
    }

    /// The next field.
    #[must_use]
    pub fn field(mut self, field: Field) -> Self {
        self.parts.push(Part::Field(field));
        self
    }

    /// The next file to pick. The form is sent as `multipart/form-data` then.
    #[must_use]
    pub fn file(mut self, file: FilePicker) -> Self {
        self.parts.push(Part::File(file));
        self
    }

    /// The next text of several lines.
    #[must_use]
    pub fn area(mut self, area: TextArea) -> Self {
        self.parts.push(Part::Area(area));
        self
    }

    /// The next box to tick.
    #[must_use]
    pub fn checkbox(mut self, checkbox: Checkbox) -> Self {
        self.parts.push(Part::Checkbox(checkbox));
        self
    }

    /// The next question with options.
    #[must_use]
    pub fn radios(mut self, radios: Radios) -> Self {
        self.parts.push(Part::Radios(radios));
        self
    }

    /// Anything else between the fields.
    #[must_use]
    pub fn markup(mut self, markup: Markup) -> Self {
        self.parts.push(Part::Markup(markup));
        self
    }

    /// The next button. Enter presses the first one.
    #[must_use]
    pub fn button(mut self, button: Button) -> Self {
        self.buttons.push(button);
        self
    }

    /// The form's HTML.
    pub fn render(&self, visit: &Visit, errors: &Errors) -> Markup {
        let part = |part: &Part| match part {
            Part::Field(field) => field.render(visit, errors),
            Part::File(file) => file.render(visit, errors),
            Part::Area(area) => area.render(visit, errors),
            Part::Checkbox(checkbox) => checkbox.render(visit, errors),
            Part::Radios(radios) => radios.render(visit, errors),
            Part::Markup(markup) => markup.clone(),
        };
        Markup::of(&Whole {
            action: self.action.as_str(),
            files: self.parts.iter().any(|part| matches!(part, Part::File(_))),
            csrf: visit.csrf_field(self.name),
            hidden: &self.hidden,
            parts: self.parts.iter().map(part).collect(),
            buttons: self.buttons.iter().map(|button| button.render(visit)).collect(),
        })
    }
}

// The browser's own checks are switched off (`novalidate`): ours name the field in the page's language and in the
// summary, and they are the same with and without script.
#[derive(Template)]
#[template(path = "form/form.html")]
struct Whole<'a> {
    action: &'a str,
    files: bool,
    csrf: Markup,
    hidden: &'a [(&'static str, String)],
    parts: Vec<Markup>,
    buttons: Vec<Markup>,
}
