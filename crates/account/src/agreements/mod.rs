//! The agreements that people accept (HB-17, NA-08, GG-14): versioned texts from files, in every language. Each version
//! is a table in a TOML file of the configured folder with its texts beside it; what is stored on acceptance is the
//! version, the language and the SHA-256 of the very text.
//!
//! - `due`: what a later version asks of somebody who accepted an earlier one (NA-39, NA-45)
//! - `page`: the texts
//! - `change`: accept a later version, put it off, or refuse
//! - `told`: supplements, which are told and not accepted
//!
//! Registration asks for the first acceptance.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use chrono::NaiveDate;
use model::client::AccountKind;
use model::language::{Language, LocalizedText};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::Service;

mod change;
mod due;
mod page;
mod told;

pub use due::Due;
pub(crate) use due::{Awaited, awaited};
pub(crate) use told::tell;

/// The agreement that residents accept when they register.
pub const RESIDENT: &str = "resident";

/// The longest text that is read, in bytes.
const TEXT_BYTES_MAX: u64 = 512 * 1024;
/// The most files in the folder that are read.
const FILES_MAX: usize = 200;

/// Why the agreements cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AgreementsError {
    /// A file or the folder cannot be read.
    #[error("{0}: cannot be read: {1}")]
    Unreadable(PathBuf, #[source] std::io::Error),
    /// A file is not a table of ours.
    #[error("{0}: {1}")]
    Malformed(PathBuf, #[source] Box<toml::de::Error>),
    /// A text is empty or too long.
    #[error("{0}: the text is empty or longer than 512 KiB")]
    Text(PathBuf),
    /// Two files are the same version.
    #[error("agreement {0} has version {1} twice")]
    Duplicate(String, String),
    /// A later version that does not say what it changes.
    #[error("agreement {0}, version {1}: `summary` is needed, it says what changed since the version before")]
    NoSummary(String, String),
    /// The agreement that registration needs is not there.
    #[error("there is no agreement `{0}`")]
    Missing(&'static str),
}

/// One version of an agreement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// Which agreement.
    pub id: String,
    /// Which version of it.
    pub version: String,
    /// The day of the province from which it is the one to accept.
    pub effective: NaiveDate,
    /// What it asks of those who accepted an earlier one.
    pub class: Class,
    /// For how many days after `effective` a material change may be put off.
    pub grace_days: u16,
    /// Its title.
    pub title: LocalizedText,
    /// What is other than in the version before; the first version has none.
    pub summary: Option<LocalizedText>,
    /// Whether it is a text for development and tests, which nobody should accept in earnest.
    pub is_example: bool,
    texts: LocalizedText,
}

/// The two classes of change (NA-39, NA-45).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Binds nobody who has not accepted it.
    #[default]
    Material,
    /// Part of what was accepted already; people are told.
    Supplement,
}

/// The agreement that accounts of a kind accept.
pub const fn of_kind(kind: AccountKind) -> &'static str {
    match kind {
        // Organisations cannot register yet; their people accept what residents accept.
        AccountKind::Resident | AccountKind::Organisation => RESIDENT,
    }
}

impl Agreement {
    /// The text in a language.
    pub fn text(&self, language: Language) -> &str {
        self.texts.in_language(language)
    }

    /// SHA-256 of the text in a language.
    pub fn text_hash(&self, language: Language) -> [u8; 32] {
        Sha256::digest(self.text(language).as_bytes()).into()
    }

    /// What a form carries to say which text was shown; another text has another mark.
    pub fn mark(&self, language: Language) -> String {
        let hash = self.text_hash(language);
        let head = hash.first_chunk().map_or(0, |head| u64::from_be_bytes(*head));
        format!("{}:{}:{head:016x}", self.version, language.tag())
    }
}

/// A version as its file tells it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    id: String,
    version: String,
    effective: NaiveDate,
    #[serde(default)]
    class: Class,
    #[serde(default = "grace_days")]
    grace_days: u16,
    title: LocalizedText,
    #[serde(default)]
    summary: Option<LocalizedText>,
    #[serde(default)]
    example: bool,
    /// The names of the files with the text, by language.
    text: LocalizedText,
}

const fn grace_days() -> u16 {
    30
}

/// All versions of all agreements. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Agreements(Arc<BTreeMap<String, Vec<Agreement>>>);

impl Agreements {
    /// The synthetic agreement that ships, for development and tests.
    pub fn shipped() -> Result<Self, AgreementsError> {
        let table = include_str!("../../../../config/agreements/resident-2026-1.toml");
        Self::of(vec![read(Path::new("resident-2026-1.toml"), table, |name| {
            Ok(match name {
                "resident-2026-1.zh-CN.txt" => {
                    include_str!("../../../../config/agreements/resident-2026-1.zh-CN.txt").to_owned()
                }
                "resident-2026-1.vi.txt" => {
                    include_str!("../../../../config/agreements/resident-2026-1.vi.txt").to_owned()
                }
                _ => include_str!("../../../../config/agreements/resident-2026-1.en.txt").to_owned(),
            })
        })?])
    }

    /// Reads a folder.
    pub fn load(dir: &Path) -> Result<Self, AgreementsError> {
        let unreadable = |error| AgreementsError::Unreadable(dir.to_owned(), error);
        let mut files = Vec::new();
        for entry in std::fs::read_dir(dir).map_err(unreadable)?.take(FILES_MAX) {
            let path = entry.map_err(unreadable)?.path();
            if path.extension().is_some_and(|extension| extension == "toml") {
                files.push(path);
            }
        }
        files.sort();
        let versions = files.iter().map(|path| {
            let table = read_text(path)?;
            read(path, &table, |name| read_text(&dir.join(name)))
        });
        Self::of(versions.collect::<Result<_, _>>()?)
    }

    /// Puts versions together and looks for what cannot be.
    pub fn of(versions: Vec<Agreement>) -> Result<Self, AgreementsError> {
        let mut by_id: BTreeMap<String, Vec<Agreement>> = BTreeMap::new();
        for version in versions {
            let list = by_id.entry(version.id.clone()).or_default();
            if list.iter().any(|other| other.version == version.version) {
                return Err(AgreementsError::Duplicate(version.id, version.version));
            }
            list.push(version);
        }
        for list in by_id.values_mut() {
            list.sort_by(|a, b| {
                a.effective
                    .cmp(&b.effective)
                    .then_with(|| a.version.cmp(&b.version))
            });
            let later = list.iter().skip(1).find(|version| version.summary.is_none());
            if let Some(version) = later {
                return Err(AgreementsError::NoSummary(
                    version.id.clone(),
                    version.version.clone(),
                ));
            }
        }
        if by_id.contains_key(RESIDENT) {
            Ok(Self(Arc::new(by_id)))
        } else {
            Err(AgreementsError::Missing(RESIDENT))
        }
    }

    /// A version that is an example only, if there is one.
    pub fn example(&self) -> Option<&Agreement> {
        self.0.values().flatten().find(|version| version.is_example)
    }

    /// The title of an agreement, as its newest version has it.
    pub(crate) fn title(&self, id: &str) -> Option<&LocalizedText> {
        self.versions(id).last().map(|version| &version.title)
    }

    /// The version that is accepted on a day, that of the province ([`web::Kit::today`]): the newest that is in effect.
    pub fn current(&self, id: &str, today: NaiveDate) -> Option<&Agreement> {
        let versions = self.0.get(id)?;
        versions.iter().rev().find(|version| version.effective <= today)
    }
}

fn read(
    path: &Path,
    table: &str,
    text: impl Fn(&str) -> Result<String, AgreementsError>,
) -> Result<Agreement, AgreementsError> {
    let file: File = toml::from_str(table)
        .map_err(|error| AgreementsError::Malformed(path.to_owned(), Box::new(error)))?;
    let of = |language| {
        let name = file.text.in_language(language);
        let text = text(name)?;
        if text.trim().is_empty() {
            Err(AgreementsError::Text(PathBuf::from(name)))
        } else {
            Ok(text)
        }
    };
    let texts = LocalizedText::new(of(Language::ZhCn)?, of(Language::En)?, of(Language::Vi)?);
    Ok(Agreement {
        id: file.id,
        version: file.version,
        effective: file.effective,
        class: file.class,
        grace_days: file.grace_days,
        title: file.title,
        summary: file.summary,
        is_example: file.example,
        texts,
    })
}

fn read_text(path: &Path) -> Result<String, AgreementsError> {
    let unreadable = |error| AgreementsError::Unreadable(path.to_owned(), error);
    if std::fs::metadata(path).map_err(unreadable)?.len() > TEXT_BYTES_MAX {
        return Err(AgreementsError::Text(path.to_owned()));
    }
    std::fs::read_to_string(path).map_err(unreadable)
}

/// The pages.
pub fn routes() -> Router<Service> {
    Router::new()
        .route("/agreements/{id}", get(page::show))
        .route("/account/agreements", get(page::list))
        .route(
            "/account/agreements/change",
            get(change::show).post(change::submit),
        )
        .route("/account/agreements/refused", get(change::refused))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: &str) -> NaiveDate {
        day.parse().unwrap()
    }

    #[test]
    fn source_na_08_the_agreement_that_ships_is_complete_and_every_text_has_its_own_hash() {
        let agreements = Agreements::shipped().unwrap();
        let agreement = agreements.current(RESIDENT, at("2026-06-01")).unwrap();
        let hashes = Language::ALL.map(|language| agreement.text_hash(language));
        assert!(hashes[0] != hashes[1] && hashes[1] != hashes[2] && hashes[0] != hashes[2]);
        assert_ne!(agreement.mark(Language::En), agreement.mark(Language::Vi));
        assert!(agreements.current("nothing", at("2026-06-01")).is_none());
    }

    fn write(dir: &Path, version: &str, effective: &str) {
        let summary = "summary = { \"zh-CN\" = \"s\", en = \"s\", vi = \"s\" }";
        let table = format!(
            "{summary}\nid = \"resident\"\nversion = \"{version}\"\neffective = \"{effective}\"\n\
             title = {{ \"zh-CN\" = \"协议\", en = \"Agreement\", vi = \"Thỏa thuận\" }}\n\
             text = {{ \"zh-CN\" = \"a.txt\", en = \"a.txt\", vi = \"a.txt\" }}\n"
        );
        std::fs::write(dir.join(format!("{version}.toml")), table).unwrap();
        std::fs::write(dir.join("a.txt"), "text").unwrap();
    }

    #[test]
    fn source_hb_17_the_newest_version_in_effect_is_the_one_to_accept() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(
            Agreements::load(dir.path()),
            Err(AgreementsError::Missing(_))
        ));
        write(dir.path(), "1", "2026-01-01");
        write(dir.path(), "2", "2026-07-01");
        let agreements = Agreements::load(dir.path()).unwrap();
        assert_eq!(
            agreements.current(RESIDENT, at("2026-06-30")).unwrap().version,
            "1"
        );
        assert_eq!(
            agreements.current(RESIDENT, at("2026-07-01")).unwrap().version,
            "2"
        );
        assert!(agreements.current(RESIDENT, at("2025-12-31")).is_none());
        std::fs::write(dir.path().join("a.txt"), " \n").unwrap();
        assert!(matches!(
            Agreements::load(dir.path()),
            Err(AgreementsError::Text(_))
        ));
    }
}
