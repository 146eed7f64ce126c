//! Sources of evidence as files: one TOML file each in `sources.d/`. A fault is told with the file, the line and the
//! key it is in, and with what to write instead.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use account::evidence::port::{Entry, Outside};
use account::evidence::{Sources, sources};
use model::clock::Clock;
use model::evidence::SourceId;
use model::ladder::{Extra, Ladder, LadderError};
use model::rng::Rng;
use model::secret::Sensitive;
use serde::Deserialize;
use toml::Table;
use url::Url;

use super::{Config, Environment, Fault};

/// How long a source may take when its file does not say, in milliseconds.
const TIME_LIMIT_MS: u64 = 3000;
/// The longest and the shortest that may be written: an answer is waited for while somebody looks at a page.
const TIME_LIMITS_MS: std::ops::RangeInclusive<u64> = 100..=30_000;
/// The most that a question may cost, in hundredths of the currency: ten thousand of it.
const COST_MAX_FEN: u32 = 1_000_000;

/// One file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    /// Which source it is, by its name in the ladder.
    source: String,
    /// The address of its check.
    #[serde(default)]
    url: Option<Url>,
    /// The file with the key that it wants.
    #[serde(default)]
    key_file: Option<PathBuf>,
    /// How long an answer may take, in milliseconds.
    #[serde(default = "time_limit_ms")]
    time_limit_ms: u64,
    /// What one question costs, in hundredths of the currency.
    #[serde(default)]
    cost_fen: u32,
    /// How many questions a day the contract allows.
    #[serde(default)]
    daily_quota: Option<u32>,
    /// Its place in the ladder, where `assurance.toml` does not name it.
    #[serde(default)]
    ladder: Option<Place>,
    /// What the source's own file reads.
    #[serde(default)]
    settings: Table,
}

/// The place of a source in the ladder.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    /// The level that it helps to reach.
    level: i64,
    /// How many days its evidence counts.
    #[serde(default)]
    life_days: Option<i64>,
    /// The highest level that a combination with it can give.
    #[serde(default)]
    worth_at_most: Option<i64>,
    /// Whether it compares a face.
    #[serde(default)]
    uses_face: bool,
}

const fn time_limit_ms() -> u64 {
    TIME_LIMIT_MS
}

/// The sources of a folder.
#[derive(Debug, Default)]
pub(crate) struct Named {
    entries: BTreeMap<String, Entry>,
    /// Where each stands, with its text.
    files: BTreeMap<String, (PathBuf, String)>,
    extras: Vec<Extra>,
}

/// Loads every `*.toml` of a folder.
pub(crate) fn load_sources(dir: &Path) -> Result<Named, Vec<Fault>> {
    let files = super::clients::files(dir)
        .map_err(|error| vec![at(dir, None, "sources.dir", format!("cannot be read: {error}"))])?;
    let mut named = Named::default();
    let mut faults = Vec::new();
    for file in files {
        if let Err(found) = named.read(&file) {
            faults.extend(found);
        }
    }
    if faults.is_empty() { Ok(named) } else { Err(faults) }
}

impl Named {
    fn read(&mut self, file: &Path) -> Result<(), Vec<Fault>> {
        let text = std::fs::read_to_string(file)
            .map_err(|error| vec![at(file, None, "", format!("cannot be read: {error}"))])?;
        let written: Written = toml::from_str(&text).map_err(|error| {
            let line = error.span().map(|span| line_of(&text, span.start));
            vec![at(file, line, "", error.message().to_owned())]
        })?;
        let fault = |key: &str, problem: String| at(file, line_of_key(&text, key), key, problem);
        let mut faults: Vec<Fault> = written
            .faults()
            .into_iter()
            .map(|(key, problem)| fault(key, problem))
            .collect();
        let folder = file.parent().unwrap_or_else(|| Path::new(".")).to_owned();
        let key = match written.key_file.as_ref().map(|name| folder.join(name)) {
            None => None,
            Some(path) => match std::fs::read_to_string(&path) {
                Ok(key) if key.trim().is_empty() => {
                    faults.push(fault("key_file", format!("{} is empty", path.display())));
                    None
                }
                Ok(key) => Some(Sensitive::new(key.trim().to_owned())),
                Err(error) => {
                    faults.push(fault(
                        "key_file",
                        format!("{} cannot be read: {error}", path.display()),
                    ));
                    None
                }
            },
        };
        if let Some((first, _)) = self.files.get(&written.source) {
            let problem = format!("{:?} stands in {} too; keep one", written.source, first.display());
            faults.push(fault("source", problem));
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        self.extras.extend(written.extra());
        let entry = Entry {
            url: written.url,
            key,
            time_limit: Duration::from_millis(written.time_limit_ms),
            cost_fen: written.cost_fen,
            daily_quota: written.daily_quota,
            settings: written.settings,
            folder,
        };
        self.files.insert(written.source.clone(), (file.to_owned(), text));
        self.entries.insert(written.source, entry);
        Ok(())
    }

    /// What joins the ladder.
    pub(crate) fn extras(&self) -> &[Extra] {
        &self.extras
    }

    /// Faults of the ladder that are these files' own; the others stay the ladder's.
    pub(crate) fn own_faults(&self, error: LadderError, ladder_file: &Path) -> Vec<Fault> {
        let place = |problem: &model::ladder::Problem| {
            let (source, key) = problem.key.strip_prefix("sources.d: ")?.split_once(": ")?;
            let (file, text) = self.files.get(source)?;
            Some(at(file, line_of_key(text, key), key, problem.advice.clone()))
        };
        let whole = |error: &LadderError| at(ladder_file, None, "", error.to_string());
        let problems = match error {
            LadderError::Rules(problems) => problems,
            other => return vec![whole(&other)],
        };
        let mut faults = Vec::new();
        let mut rest = Vec::new();
        for problem in problems {
            match place(&problem) {
                Some(fault) => faults.push(fault),
                None => rest.push(problem),
            }
        }
        if !rest.is_empty() {
            faults.push(whole(&LadderError::Rules(rest)));
        }
        faults
    }

    /// Every address that carries people, codes or secrets and is not https: of the files, in their settings too, and of the
    /// sections of the configuration itself.
    fn plain_faults(&self, config: &Config) -> Vec<Fault> {
        let mut faults = Vec::new();
        for (name, entry) in config.account.sources.entries() {
            let mut keys = Vec::new();
            if entry.url.as_ref().is_some_and(|url| url.scheme() != "https") {
                keys.push("url".to_owned());
            }
            for (key, value) in &entry.settings {
                plain_settings(&format!("settings.{key}"), value, &mut keys);
            }
            for key in keys {
                let problem =
                    "must be https in production; plain http is for the sandbox world only".to_owned();
                // A section of the configuration takes the place of a file.
                let is_written_here = self.entries.get(&name).is_some_and(|own| own.url == entry.url);
                let file = self.files.get(&name).filter(|_| is_written_here);
                faults.push(match file {
                    Some((file, text)) => at(file, line_of_key(text, &key), &key, problem),
                    None => at(
                        Path::new("account.sources"),
                        None,
                        &format!("{name}.{key}"),
                        problem,
                    ),
                });
            }
        }
        faults
    }

    /// Puts the entries where accounts look for them, and tries whether each source's own file can make something of
    /// its entry.
    pub(crate) fn connect(&self, config: &mut Config, ladder: &Ladder) -> Vec<Fault> {
        let mut faults = Vec::new();
        for (name, (file, text)) in &self.files {
            let fault = |key: &str, problem: String| at(file, line_of_key(text, key), key, problem);
            let in_ladder = SourceId::parse(name).is_ok_and(|id| ladder.source(&id).is_some());
            if !in_ladder {
                let problem = "the ladder has no level that uses this source; name it in assurance.toml, or write a \
                               table [ladder] with its level here";
                faults.push(fault("source", problem.to_owned()));
            }
        }
        config.account.sources.named.clone_from(&self.entries);
        if config.environment == Environment::Production {
            faults.extend(self.plain_faults(config));
        }
        if let Err(found) = try_to_connect(config) {
            for (source, problem) in found {
                faults.push(match self.files.get(&source) {
                    Some((file, text)) => {
                        let key = problem.split([' ', ':']).next().unwrap_or_default();
                        let line = line_of_key(text, key);
                        let key = if line.is_some() { key } else { "source" };
                        at(
                            file,
                            line.or_else(|| line_of_key(text, "source")),
                            key,
                            problem.clone(),
                        )
                    }
                    None => at(Path::new("account.sources"), None, &source, problem),
                });
            }
        }
        faults
    }
}

/// The settings of an entry whose value is an address with plain http.
fn plain_settings(key: &str, value: &toml::Value, found: &mut Vec<String>) {
    match value {
        // Revocation lists are signed, and authorities publish them so.
        _ if key.ends_with(".crl_urls") => {}
        toml::Value::String(text) if Url::parse(text.trim()).is_ok_and(|url| url.scheme() == "http") => {
            found.push(key.to_owned());
        }
        toml::Value::Array(values) => {
            for value in values {
                plain_settings(key, value, found);
            }
        }
        toml::Value::Table(table) => {
            for (name, value) in table {
                plain_settings(&format!("{key}.{name}"), value, found);
            }
        }
        _ => {}
    }
}

/// Whether everything that is named can be connected; nobody is asked anything.
fn try_to_connect(config: &Config) -> Result<(), Vec<(String, String)>> {
    let Ok(base_url) = Url::parse(&config.issuer) else {
        // The issuer's own fault is told elsewhere.
        return Ok(());
    };
    let Ok(client) = crate::app::outbound(config) else {
        return Ok(());
    };
    let outside = Outside {
        client,
        base_url,
        clock: Clock::system(),
        rng: Rng::system(),
    };
    Sources::connect(&config.account.sources, &outside).map(drop)
}

impl Written {
    fn faults(&self) -> Vec<(&'static str, String)> {
        let mut faults = Vec::new();
        if !sources::ALL.iter().any(|one| one.id == self.source) {
            let known: Vec<&str> = sources::ALL.iter().map(|one| one.id).collect();
            faults.push((
                "source",
                format!(
                    "this program has no source {:?}; it has {}. A new one needs a file of its own, see \
                     docs/operators.md",
                    self.source,
                    known.join(", ")
                ),
            ));
        }
        if !TIME_LIMITS_MS.contains(&self.time_limit_ms) {
            let (low, high) = (TIME_LIMITS_MS.start(), TIME_LIMITS_MS.end());
            faults.push(("time_limit_ms", format!("must be {low} to {high}")));
        }
        if self.cost_fen > COST_MAX_FEN {
            faults.push(("cost_fen", format!("must be 0 to {COST_MAX_FEN}")));
        }
        if self.daily_quota == Some(0) {
            let problem =
                "0 would ask nobody; remove the file to disconnect the source, or the key for no limit";
            faults.push(("daily_quota", problem.to_owned()));
        }
        let plain = |url: &Url| matches!(url.scheme(), "http" | "https") && url.username().is_empty();
        if self.url.as_ref().is_some_and(|url| !plain(url)) {
            faults.push(("url", "must begin with https:// and hold no user name".to_owned()));
        }
        faults
    }

    fn extra(&self) -> Option<Extra> {
        let place = self.ladder.as_ref()?;
        Some(Extra {
            source: SourceId::parse(&self.source).ok()?,
            level: place.level,
            life_days: place.life_days,
            worth_at_most: place.worth_at_most,
            uses_face: place.uses_face,
        })
    }
}

fn at(file: &Path, line: Option<usize>, key: &str, problem: String) -> Fault {
    Fault {
        file: file.to_owned(),
        line,
        key: key.to_owned(),
        problem,
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

/// The line of a key, `ladder.level` or `url`.
fn line_of_key(text: &str, key: &str) -> Option<usize> {
    let (section, name) = key.rsplit_once('.').unwrap_or(("", key));
    let mut current = String::new();
    for (number, content) in text.lines().enumerate() {
        let content = content.trim();
        if let Some(header) = content.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            header.trim().clone_into(&mut current);
            if section.is_empty() && current == name {
                return Some(number + 1);
            }
        } else if current == section
            && content
                .strip_prefix(name)
                .is_some_and(|rest| rest.trim_start().starts_with('='))
        {
            return Some(number + 1);
        }
    }
    None
}

#[cfg(test)]
mod tests;
