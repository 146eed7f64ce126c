//! The words of the world's pages, in every language, from the Fluent files in `locales/`.

use std::sync::LazyLock;

use axum::http::{HeaderMap, header};
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use model::language::Language;

static TEXTS: LazyLock<Vec<(Language, FluentBundle<FluentResource>)>> = LazyLock::new(|| {
    [
        (Language::ZhCn, include_str!("../locales/zh-CN/sandbox.ftl")),
        (Language::En, include_str!("../locales/en/sandbox.ftl")),
        (Language::Vi, include_str!("../locales/vi/sandbox.ftl")),
    ]
    .into_iter()
    .map(|(language, source)| (language, bundle(language, source)))
    .collect()
});

fn bundle(language: Language, source: &str) -> FluentBundle<FluentResource> {
    let mut bundle = FluentBundle::new_concurrent(vec![language.tag().parse().unwrap_or_default()]);
    bundle.set_use_isolating(false);
    // A file with a fault still yields its sound messages; a test reads all three files strictly.
    let resource = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(resource, _faults)| resource);
    if let Err(faults) = bundle.add_resource(resource) {
        tracing::error!(?faults, language = language.tag(), "a text is defined twice");
    }
    bundle
}

/// The texts in one language, as templates use them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Words(Language);

impl Words {
    /// The texts in this language.
    pub(crate) const fn in_language(language: Language) -> Self {
        Self(language)
    }

    /// The language's tag, for `lang`.
    pub(crate) const fn tag(self) -> &'static str {
        self.0.tag()
    }

    /// Every language with its tag, its own name, and whether it is this one.
    pub(crate) fn choices(self) -> Vec<(&'static str, &'static str, bool)> {
        Language::ALL
            .into_iter()
            .map(|other| (other.tag(), other.own_name(), other == self.0))
            .collect()
    }

    /// A text.
    pub(crate) fn say(self, key: &str) -> String {
        self.format(key, [])
    }

    /// A text with one value in it.
    pub(crate) fn with(self, key: &str, name: &str, value: impl ToString) -> String {
        self.format(key, [(name, value.to_string())])
    }

    /// A text, when there is one.
    pub(crate) fn find(self, key: &str) -> Option<String> {
        has(self.0, key).then(|| self.say(key))
    }

    /// A text with values in it; a text that is missing shows its key, which a test looks for.
    pub(crate) fn format<'a>(self, key: &str, values: impl IntoIterator<Item = (&'a str, String)>) -> String {
        let Some((_, bundle)) = TEXTS.iter().find(|(language, _)| *language == self.0) else {
            return key.to_owned();
        };
        let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else {
            tracing::error!(key, language = self.tag(), "a text is missing");
            return format!("[{key}]");
        };
        let mut arguments = FluentArgs::new();
        for (name, value) in values {
            arguments.set(name.to_owned(), value);
        }
        let mut faults = Vec::new();
        bundle
            .format_pattern(pattern, Some(&arguments), &mut faults)
            .into_owned()
    }
}

fn has(language: Language, key: &str) -> bool {
    TEXTS
        .iter()
        .any(|(other, bundle)| *other == language && bundle.has_message(key))
}

/// The language of a page: asked for in the address, remembered, or the browser's own.
pub(crate) fn choose(asked: Option<&str>, remembered: Option<&str>, headers: &HeaderMap) -> Language {
    asked
        .and_then(Language::from_tag)
        .or_else(|| remembered.and_then(Language::from_tag))
        .or_else(|| {
            let accepted = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
            accepted
                .split(',')
                .find_map(|range| Language::from_tag(range.split(';').next()?.trim()))
        })
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn keys(source: &str) -> BTreeSet<&str> {
        source
            .lines()
            .filter_map(|line| line.split_once(" ="))
            .map(|(key, _)| key)
            .filter(|key| key.starts_with(|c: char| c.is_ascii_lowercase()))
            .collect()
    }

    #[test]
    fn every_text_exists_in_every_language_and_every_file_is_sound() {
        let files = [
            include_str!("../locales/zh-CN/sandbox.ftl"),
            include_str!("../locales/en/sandbox.ftl"),
            include_str!("../locales/vi/sandbox.ftl"),
        ];
        for file in files {
            assert_eq!(keys(file), keys(files[0]));
            FluentResource::try_new(file.to_owned())
                .map_err(|(_, faults)| faults)
                .unwrap();
        }
        for key in keys(files[0]) {
            assert!(
                Language::ALL.into_iter().all(|language| has(language, key)),
                "{key}"
            );
        }
    }

    #[test]
    fn the_language_asked_for_wins_over_the_remembered_one_and_the_browser() {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, "fr, vi;q=0.8, en;q=0.7".parse().unwrap());
        assert_eq!(choose(None, None, &headers), Language::Vi);
        assert_eq!(choose(None, Some("en"), &headers), Language::En);
        assert_eq!(choose(Some("zh"), Some("en"), &headers), Language::ZhCn);
        assert_eq!(choose(Some("xx"), None, &HeaderMap::new()), Language::ZhCn);
    }
}
