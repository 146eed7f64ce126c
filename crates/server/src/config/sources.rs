//! Sources of evidence as files: one TOML file each in `sources.d/`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use account::evidence::http::Endpoint;
use account::evidence::source::{MOBILE_OPERATOR, POPULATION_REGISTER};
use model::secret::Sensitive;
use serde::Deserialize;
use url::Url;

use super::Fault;

/// How long a source may take when its file does not say, in milliseconds.
const TIME_LIMIT_MS: u64 = 3000;

/// One file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// Which source it is, by its name in the ladder.
    source: String,
    /// The address of its check.
    url: Url,
    /// The file with the bearer key that it wants.
    key_file: PathBuf,
    /// How long an answer may take, in milliseconds.
    #[serde(default = "time_limit_ms")]
    time_limit_ms: u64,
}

const fn time_limit_ms() -> u64 {
    TIME_LIMIT_MS
}

/// The sources of a folder, by name.
#[derive(Debug)]
pub(crate) struct Named(BTreeMap<String, Endpoint>);

impl Named {
    /// Puts the endpoints where accounts look for them.
    pub(crate) fn connect(mut self, sources: &mut account::evidence::Config) {
        sources.population_register = self.0.remove(POPULATION_REGISTER);
        sources.mobile_operator = self.0.remove(MOBILE_OPERATOR);
    }
}

/// Loads every `*.toml` of a folder.
pub(crate) fn load_sources(dir: &Path) -> Result<Named, Vec<Fault>> {
    let fault = |file: &Path, key: &str, problem: String| Fault {
        file: file.to_owned(),
        line: None,
        key: key.to_owned(),
        problem,
    };
    let mut named = BTreeMap::new();
    let mut faults = Vec::new();
    let files = super::clients::files(dir)
        .map_err(|error| vec![fault(dir, "sources.dir", format!("cannot be read: {error}"))])?;
    for file in files {
        match read(&file) {
            Ok((source, _)) if ![POPULATION_REGISTER, MOBILE_OPERATOR].contains(&source.as_str()) => {
                faults.push(fault(
                    &file,
                    "source",
                    format!("there is no adapter for {source:?}"),
                ));
            }
            Ok((source, endpoint)) => {
                if named.insert(source, endpoint).is_some() {
                    faults.push(fault(&file, "source", "stands in another file too".to_owned()));
                }
            }
            Err(problem) => faults.push(fault(&file, "", problem)),
        }
    }
    if faults.is_empty() {
        Ok(Named(named))
    } else {
        Err(faults)
    }
}

fn read(path: &Path) -> Result<(String, Endpoint), String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("cannot be read: {error}"))?;
    let entry: Entry = toml::from_str(&text).map_err(|error| error.message().to_owned())?;
    let key_path = path
        .parent()
        .unwrap_or_else(|| Path::new("."))
        .join(&entry.key_file);
    let key = std::fs::read_to_string(&key_path)
        .map_err(|error| format!("key_file: {} cannot be read: {error}", key_path.display()))?;
    let key = Sensitive::new(key.trim().to_owned());
    Ok((
        entry.source,
        Endpoint {
            url: entry.url,
            key,
            time_limit_ms: entry.time_limit_ms,
        },
    ))
}
