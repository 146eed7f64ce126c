//! The languages of every page, and texts that exist in each.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A language that pages are complete in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Language {
    /// Simplified Chinese, the default.
    #[default]
    #[serde(rename = "zh-CN")]
    ZhCn,
    /// English.
    #[serde(rename = "en")]
    En,
    /// Vietnamese.
    #[serde(rename = "vi")]
    Vi,
}

impl Language {
    /// All languages, the default first.
    pub const ALL: [Self; 3] = [Self::ZhCn, Self::En, Self::Vi];

    /// The BCP 47 tag in canonical case.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::ZhCn => "zh-CN",
            Self::En => "en",
            Self::Vi => "vi",
        }
    }

    /// The language's own name for itself.
    pub const fn own_name(self) -> &'static str {
        match self {
            Self::ZhCn => "简体中文",
            Self::En => "English",
            Self::Vi => "Tiếng Việt",
        }
    }

    /// The language that a tag asks for, by its primary subtag; `None` when it is not one of ours.
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next()?;
        [(Self::ZhCn, "zh"), (Self::En, "en"), (Self::Vi, "vi")]
            .into_iter()
            .find_map(|(language, name)| primary.eq_ignore_ascii_case(name).then_some(language))
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

/// A short text in each language, as operators write it in configuration files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocalizedText {
    #[serde(rename = "zh-CN")]
    zh_cn: String,
    en: String,
    vi: String,
}

impl LocalizedText {
    /// A text in the three languages.
    pub fn new(zh_cn: impl Into<String>, en: impl Into<String>, vi: impl Into<String>) -> Self {
        Self {
            zh_cn: zh_cn.into(),
            en: en.into(),
            vi: vi.into(),
        }
    }

    /// The text in one language.
    pub fn in_language(&self, language: Language) -> &str {
        match language {
            Language::ZhCn => &self.zh_cn,
            Language::En => &self.en,
            Language::Vi => &self.vi,
        }
    }

    /// All three texts, for checks.
    pub fn texts(&self) -> [&str; 3] {
        [&self.zh_cn, &self.en, &self.vi]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_understood_by_their_primary_subtag() {
        assert_eq!(Language::from_tag("zh-Hant-TW"), Some(Language::ZhCn));
        assert_eq!(Language::from_tag("EN-gb"), Some(Language::En));
        assert_eq!(Language::from_tag("vi"), Some(Language::Vi));
        assert_eq!(Language::from_tag("fr"), None);
        assert_eq!(Language::from_tag(""), None);
    }
}
