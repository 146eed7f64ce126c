//! Texts for people, from Fluent files, complete in every language.
//!
//! Each crate exports `MESSAGES`; the server merges all of them into one [`Texts`]. An id that two crates define is
//! refused at start. A key that is missing is shown as the key itself, logged, and listed by [`Texts::missing`] so
//! that a test can demand that there is none.

pub mod dates;
pub mod negotiate;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentError, FluentResource, FluentValue};
use model::language::Language;
use unic_langid::LanguageIdentifier;

/// One crate's texts: the Fluent source for each language.
pub type Messages = &'static [(Language, &'static str)];

/// The kit's own texts: layout, preferences, form furniture, general problems.
pub const MESSAGES: Messages = &[
    (Language::ZhCn, include_str!("../../locales/zh-CN/web.ftl")),
    (Language::En, include_str!("../../locales/en/web.ftl")),
    (Language::Vi, include_str!("../../locales/vi/web.ftl")),
];

/// A value that a text mentions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Text, inserted as it is.
    Text(String),
    /// A whole number; Fluent chooses the plural by it and formats it.
    Number(i64),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Number(i64::from(number))
    }
}

impl From<u8> for Value {
    fn from(number: u8) -> Self {
        Self::Number(i64::from(number))
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<usize> for Value {
    fn from(number: usize) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

/// Named values for one text: `&[("count", 3_u32.into())]`.
pub type Args<'a> = &'a [(&'a str, Value)];

/// Why the texts cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TextsError {
    /// The Fluent source does not parse.
    #[error("the texts for {language} do not parse: {detail}")]
    Syntax {
        /// The language of the file.
        language: &'static str,
        /// What the parser said.
        detail: String,
    },
    /// Two sources define one id.
    #[error("the texts for {language} define {id} twice")]
    Duplicate {
        /// The language of the file.
        language: &'static str,
        /// The message id.
        id: String,
    },
    /// The language's tag is not one that Fluent takes.
    #[error("the language tag {0} is not valid")]
    Tag(&'static str),
}

struct Catalogue {
    bundle: FluentBundle<FluentResource>,
    ids: BTreeSet<String>,
}

/// All texts in all languages.
pub struct Texts {
    catalogues: BTreeMap<&'static str, Catalogue>,
}

impl std::fmt::Debug for Texts {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Texts")
            .field("languages", &self.catalogues.keys())
            .finish_non_exhaustive()
    }
}

impl Texts {
    /// Merges the texts of several crates. Include [`MESSAGES`] of this crate.
    pub fn new(sources: &[Messages]) -> Result<Self, TextsError> {
        let mut catalogues = BTreeMap::new();
        for language in Language::ALL {
            catalogues.insert(language.tag(), catalogue(language, sources)?);
        }
        Ok(Self { catalogues })
    }

    /// The text of a key; the key itself, and a line in the log, if there is none.
    pub fn get(&self, language: Language, key: &str, args: Args<'_>) -> String {
        self.find(language, key, args).unwrap_or_else(|| {
            tracing::error!(key, language = language.tag(), "text missing");
            key.to_owned()
        })
    }

    /// The text of a key, if there is one.
    pub fn find(&self, language: Language, key: &str, args: Args<'_>) -> Option<String> {
        let catalogue = self.catalogues.get(language.tag())?;
        let pattern = catalogue.bundle.get_message(key)?.value()?;
        let mut fluent = FluentArgs::with_capacity(args.len());
        for (name, value) in args {
            fluent.set(
                Cow::Borrowed(*name),
                match value {
                    Value::Text(text) => FluentValue::from(text.as_str()),
                    Value::Number(number) => FluentValue::from(*number),
                },
            );
        }
        let mut errors = Vec::new();
        let text = catalogue
            .bundle
            .format_pattern(pattern, Some(&fluent), &mut errors)
            .into_owned();
        if !errors.is_empty() {
            tracing::error!(
                key,
                language = language.tag(),
                count = errors.len(),
                "text lacks an argument"
            );
        }
        Some(text)
    }

    /// Whether a language has the key.
    pub fn has(&self, language: Language, key: &str) -> bool {
        self.catalogues
            .get(language.tag())
            .is_some_and(|catalogue| catalogue.ids.contains(key))
    }

    /// Every id that some language has and another lacks. A test demands that the list is empty.
    pub fn missing(&self) -> Vec<(Language, String)> {
        let all: BTreeSet<&String> = self
            .catalogues
            .values()
            .flat_map(|catalogue| &catalogue.ids)
            .collect();
        let mut missing = Vec::new();
        for language in Language::ALL {
            for id in &all {
                if !self.has(language, id) {
                    missing.push((language, (*id).clone()));
                }
            }
        }
        missing
    }
}

fn catalogue(language: Language, sources: &[Messages]) -> Result<Catalogue, TextsError> {
    let tag = language.tag();
    let identifier: LanguageIdentifier = tag.parse().map_err(|_| TextsError::Tag(tag))?;
    let mut bundle = FluentBundle::new_concurrent(vec![identifier]);
    // Isolation marks are for mixed writing directions; all our languages run left to right, and the marks would
    // travel into copied phone numbers and codes.
    bundle.set_use_isolating(false);
    if bundle.add_builtins().is_err() {
        return Err(TextsError::Duplicate {
            language: tag,
            id: "NUMBER".to_owned(),
        });
    }
    let mut ids = BTreeSet::new();
    for (_, source) in sources
        .iter()
        .flat_map(|messages| messages.iter())
        .filter(|(of, _)| *of == language)
    {
        let resource =
            FluentResource::try_new((*source).to_owned()).map_err(|(_, errors)| TextsError::Syntax {
                language: tag,
                detail: format!("{errors:?}"),
            })?;
        bundle
            .add_resource(resource)
            .map_err(|errors| refused(tag, &errors))?;
        ids.extend(source.lines().filter_map(message_id));
    }
    Ok(Catalogue { bundle, ids })
}

fn refused(language: &'static str, errors: &[FluentError]) -> TextsError {
    for error in errors {
        if let FluentError::Overriding { id, .. } = error {
            return TextsError::Duplicate {
                language,
                id: id.clone(),
            };
        }
    }
    TextsError::Syntax {
        language,
        detail: format!("{errors:?}"),
    }
}

/// The id that a line of Fluent source defines: messages start in the first column, everything else does not.
fn message_id(line: &str) -> Option<String> {
    let (id, _) = line.split_once('=')?;
    let id = id.trim_end();
    let starts = id.chars().next().is_some_and(|first| first.is_ascii_alphabetic());
    let plain = id
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    (starts && plain).then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kits_own_texts_are_complete_in_every_language() {
        assert_eq!(Texts::new(&[MESSAGES]).unwrap().missing(), Vec::new());
    }

    #[test]
    fn an_id_that_two_sources_define_is_refused() {
        const TWICE: Messages = &[(Language::En, "web-skip = again")];
        let error = Texts::new(&[MESSAGES, TWICE]).unwrap_err();
        assert!(matches!(error, TextsError::Duplicate { language: "en", id } if id == "web-skip"));
    }

    #[test]
    fn a_missing_text_is_listed_and_shown_as_its_key() {
        const HALF: Messages = &[(Language::ZhCn, "half = 一半")];
        let texts = Texts::new(&[HALF]).unwrap();
        assert_eq!(
            texts.missing(),
            vec![
                (Language::En, "half".to_owned()),
                (Language::Vi, "half".to_owned())
            ]
        );
        assert_eq!(texts.get(Language::En, "half", &[]), "half");
        assert_eq!(texts.get(Language::ZhCn, "half", &[]), "一半");
    }

    #[test]
    fn arguments_are_inserted_without_isolation_marks_and_numbers_choose_the_plural() {
        const COUNT: Messages = &[(
            Language::En,
            "tries = { $count ->\n    [one] one try for { $name }\n   *[other] { $count } tries for { $name }\n }",
        )];
        let texts = Texts::new(&[COUNT]).unwrap();
        let text = |count: u32| {
            texts.get(
                Language::En,
                "tries",
                &[("count", count.into()), ("name", "138****0000".into())],
            )
        };
        assert_eq!(text(1), "one try for 138****0000");
        assert_eq!(text(3), "3 tries for 138****0000");
    }
}
