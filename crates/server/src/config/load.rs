//! Reading the configuration and explaining every fault.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use account::agreements::Agreements;
use model::ladder::Ladder;
use serde::Deserialize as _;
use store::vault::KeyEncryptionKey;
use toml::{Table, Value};
use url::Url;

use super::sources::Named;
use super::{Config, Environment};

/// What the environment's names begin with.
const PREFIX: &str = "DENIZEN__";

/// One fault: where, and what to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The file.
    pub file: PathBuf,
    /// The line, where it is known.
    pub line: Option<usize>,
    /// The key, where it is known.
    pub key: String,
    /// What is wrong and what would be right.
    pub problem: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if !self.key.is_empty() {
            write!(f, ": {}", self.key)?;
        }
        write!(f, ": {}", self.problem)
    }
}

/// The configuration can't be used; every fault that was found.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct ConfigError(pub Vec<Fault>);

/// The configuration with the files that it names.
#[derive(Debug)]
pub struct Loaded {
    /// The values.
    pub config: Config,
    /// The key-encryption key.
    pub key: KeyEncryptionKey,
    /// The ladder.
    pub ladder: Ladder,
    /// Sub-sites.
    pub clients: Vec<store::clients::StoredClient>,
    /// Agreements.
    pub agreements: Agreements,
}

/// Loads everything that `serve` would load. `environment` is the process's variables.
pub fn load(file: &Path, environment: &BTreeMap<String, String>) -> Result<Loaded, ConfigError> {
    let fault = |key: &str, problem: String| Fault {
        file: file.to_owned(),
        line: None,
        key: key.to_owned(),
        problem,
    };
    let text = std::fs::read_to_string(file)
        .map_err(|error| ConfigError(vec![fault("", format!("cannot be read: {error}"))]))?;
    let mut config = parse(file, &text, environment).map_err(|fault| ConfigError(vec![fault]))?;
    let base = file.parent().unwrap_or_else(|| Path::new("."));
    resolve_paths(&mut config, base);
    let mut faults: Vec<Fault> = checks(&config)
        .into_iter()
        .map(|(key, problem)| located(file, &text, &key, problem))
        .collect();
    let key = read(&config.secrets.key_encryption_key_file)
        .and_then(|text| KeyEncryptionKey::parse(&text).map_err(|error| error.to_string()))
        .map_err(|problem| {
            faults.push(located(file, &text, "secrets.key_encryption_key_file", problem));
        });
    let named = match config.sources.dir.clone() {
        None => Ok(Named::default()),
        Some(dir) => super::load_sources(&dir).map_err(|found| faults.extend(found)),
    };
    // Faults of the sources are told first; the ladder is read without them then.
    let joined = named.as_ref().ok();
    let ladder = ladder((file, &text), &config.assurance.file, joined).map_err(|found| faults.extend(found));
    if let (Some(named), Ok(ladder)) = (joined, &ladder) {
        faults.extend(named.connect(&mut config, ladder));
    }
    let clients = match &config.clients.dir {
        None => Ok(Vec::new()),
        Some(dir) => super::load_clients(dir, super::ClientRules::from(&config))
            .map(|folder| folder.clients)
            .map_err(|found| faults.extend(found)),
    };
    let agreements = match &config.agreements.dir {
        None => Agreements::shipped(),
        Some(dir) => Agreements::load(dir),
    }
    .map_err(|error| faults.push(fault("agreements.dir", error.to_string())));
    if let Some(problem) = agreements
        .as_ref()
        .ok()
        .and_then(|agreements| sample(&config, agreements))
    {
        faults.push(located(file, &text, "agreements.dir", problem));
    }
    match (key, ladder, clients, agreements, faults.is_empty()) {
        (Ok(key), Ok(ladder), Ok(clients), Ok(agreements), true) => Ok(Loaded {
            config,
            key,
            ladder,
            clients,
            agreements,
        }),
        _ => Err(ConfigError(faults)),
    }
}

/// What is wrong with an agreement that people should not accept in earnest.
fn sample(config: &Config, agreements: &Agreements) -> Option<String> {
    let production = config.environment == Environment::Production;
    // Without a folder it is the one that ships, and that is told already.
    config.agreements.dir.as_ref().filter(|_| production)?;
    let version = agreements.example()?;
    Some(format!(
        "agreement {}, version {}, is an example (`example = true`); write your own",
        version.id, version.version
    ))
}

/// The ladder, with the sources that join it. A file that is not there is the fault of the key that names it; what is
/// wrong inside is its own.
fn ladder(
    (config_file, config_text): (&Path, &str),
    ladder_file: &Path,
    named: Option<&Named>,
) -> Result<Ladder, Vec<Fault>> {
    let text = read(ladder_file)
        .map_err(|problem| vec![located(config_file, config_text, "assurance.file", problem)])?;
    let none = Named::default();
    let named = named.unwrap_or(&none);
    Ladder::from_toml_with(&text, named.extras()).map_err(|error| named.own_faults(error, ladder_file))
}

fn read(file: &Path) -> Result<String, String> {
    std::fs::read_to_string(file).map_err(|error| format!("{} cannot be read: {error}", file.display()))
}

/// Parses the text with the environment's overrides on top.
fn parse(file: &Path, text: &str, environment: &BTreeMap<String, String>) -> Result<Config, Fault> {
    let at = |error: &toml::de::Error| Fault {
        file: file.to_owned(),
        line: error.span().map(|span| line_of(text, span.start)),
        key: String::new(),
        problem: error.message().to_owned(),
    };
    let mut table: Table = toml::from_str(text).map_err(|error| at(&error))?;
    for (name, value) in environment {
        if let Some(path) = name.strip_prefix(PREFIX) {
            let keys: Vec<_> = path.split("__").map(str::to_ascii_lowercase).collect();
            set(&mut table, &keys, override_value(value)).map_err(|problem| Fault {
                file: PathBuf::from(format!("environment variable {name}")),
                line: None,
                key: String::new(),
                problem,
            })?;
        }
    }
    Config::deserialize(table).map_err(|error| {
        // The text alone knows its lines; the merged table does not.
        match toml::from_str::<Config>(text) {
            Err(in_text) if in_text.message() == error.message() => at(&in_text),
            _ => Fault {
                file: file.to_owned(),
                line: None,
                key: String::new(),
                problem: error.to_string().trim().replace('\n', " "),
            },
        }
    })
}

/// A value from the environment: numbers, booleans and lists as TOML writes them, everything else as text.
fn override_value(text: &str) -> Value {
    match toml::from_str::<Table>(&format!("value = {text}")) {
        Ok(mut table) => table
            .remove("value")
            .unwrap_or_else(|| Value::String(text.to_owned())),
        Err(_) => Value::String(text.to_owned()),
    }
}

fn set(table: &mut Table, keys: &[String], value: Value) -> Result<(), String> {
    match keys {
        [] => Err("names no key".to_owned()),
        [last] => {
            table.insert(last.clone(), value);
            Ok(())
        }
        [first, rest @ ..] => {
            let inner = table
                .entry(first.clone())
                .or_insert_with(|| Value::Table(Table::new()));
            match inner {
                Value::Table(inner) => set(inner, rest, value),
                _ => Err(format!("{first} is a value, not a section")),
            }
        }
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

/// Finds the line of `section.key` in the text.
fn located(file: &Path, text: &str, key: &str, problem: String) -> Fault {
    let (section, name) = key.rsplit_once('.').unwrap_or(("", key));
    let mut current = String::new();
    let mut line = None;
    for (number, content) in text.lines().enumerate() {
        let content = content.trim();
        if let Some(header) = content.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            header.trim().clone_into(&mut current);
        } else if current == section
            && content
                .strip_prefix(name)
                .is_some_and(|rest| rest.trim_start().starts_with('='))
        {
            line = Some(number + 1);
            break;
        }
    }
    Fault {
        file: file.to_owned(),
        line,
        key: key.to_owned(),
        problem,
    }
}

/// Relative paths are relative to the file that names them.
fn resolve_paths(config: &mut Config, base: &Path) {
    let mut paths = vec![
        &mut config.secrets.key_encryption_key_file,
        &mut config.assurance.file,
    ];
    paths.extend(config.clients.dir.as_mut());
    paths.extend(config.agreements.dir.as_mut());
    paths.extend(config.sources.dir.as_mut());
    paths.extend(config.outbound.extra_ca_file.as_mut());
    if let Some(tls) = &mut config.listen.tls {
        paths.extend([&mut tls.certificate_file, &mut tls.key_file]);
    }
    paths.extend(config.account.sms.key_file.as_mut());
    paths.extend(config.account.email.ca_file.as_mut());
    paths.extend(config.account.email.password_file.as_mut());
    paths.extend(config.account.password.breached_file.as_mut());
    for path in paths {
        if path.is_relative() {
            *path = base.join(&path);
        }
    }
}

/// What the sections say about themselves.
fn sections(config: &Config, faults: &mut Vec<(String, String)>) {
    fn add<'a>(
        faults: &mut Vec<(String, String)>,
        section: &str,
        found: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) {
        let named = found.into_iter();
        faults.extend(named.map(|(key, problem)| (format!("{section}{key}"), problem.to_owned())));
    }
    let (account, provider) = (&config.account, &config.provider);
    add(faults, "", config.branding.faults());
    if config.environment == Environment::Production {
        add(faults, "account.", account.test_settings());
    }
    add(faults, "account.register.", account.register.faults());
    add(faults, "account.email.", account.email.faults());
    add(faults, "account.notices.", account.notices.faults());
    add(faults, "account.ageing.", account.ageing.faults());
    add(faults, "account.recovery.", account.recovery.faults());
    add(faults, "account.changes.", account.changes.faults());
    add(faults, "account.factors.", account.factors.faults());
    add(faults, "account.", account.closing.faults());
    add(faults, "account.", account.standing.faults());
    add(faults, "account.scan.", account.scan.faults());
    add(faults, "outbound.", config.outbound.faults());
    add(faults, "provider.", provider.faults());
    add(faults, "provider.pages.", provider.pages.faults());
    add(
        faults,
        "provider.verified_claims.",
        provider.verified_claims.faults(),
    );
    add(faults, "provider.registration.", provider.registration.faults());
    add(
        faults,
        "provider.backchannel_logout.",
        provider.backchannel_logout.faults(),
    );
    add(faults, "operator.", config.operator.faults());
    add(faults, "keys.", config.keys.faults());
}

/// Everything that is wrong beyond the form of the file.
fn checks(config: &Config) -> Vec<(String, String)> {
    let mut faults: Vec<(String, String)> = Vec::new();
    let mut fault = |key: &str, problem: &str| faults.push((key.to_owned(), problem.to_owned()));
    let production = config.environment == Environment::Production;
    match Url::parse(&config.issuer) {
        Ok(issuer) => {
            if config.issuer.ends_with('/') || issuer.query().is_some() || issuer.fragment().is_some() {
                fault("issuer", "write it without a slash, query or fragment at the end");
            }
            if issuer.path() != "/" {
                fault("issuer", "must be a host of its own, without a path");
            }
            match issuer.scheme() {
                "https" => {}
                "http" if !production => {}
                _ => fault("issuer", "must begin with https:// in production"),
            }
        }
        Err(_) => fault("issuer", "write an address such as https://id.province.example"),
    }
    let url = &config.database.url;
    if !["sqlite:", "postgres://", "postgresql://"]
        .iter()
        .any(|kind| url.starts_with(kind))
    {
        fault("database.url", "must begin with sqlite:// or postgres://");
    }
    // PostgreSQL: the lock of the start has a connection of its own.
    let fewest = if url.starts_with("sqlite:") { 1 } else { 2 };
    if !(fewest..=200).contains(&config.database.connections) {
        fault(
            "database.connections",
            &format!("write a number from {fewest} to 200"),
        );
    }
    if let Err(problem) = crate::logging::check_filter(&config.log.filter) {
        fault("log.filter", &problem);
    }
    if production && config.agreements.dir.is_none() {
        fault(
            "agreements.dir",
            "name the folder of agreements; the one that ships is an example",
        );
    }
    sections(config, &mut faults);
    for fault in config.limits.faults() {
        faults.push((
            format!("limits.{}", fault.key),
            format!("must be {}", fault.bound),
        ));
    }
    faults
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// The faults of an installation that copied the agreements that ship, and changed them.
    fn faults(environment: &str, change: impl Fn(String) -> String) -> Vec<String> {
        drop(rustls::crypto::ring::default_provider().install_default());
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config");
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name);
        fs::create_dir(at("agreements")).unwrap();
        for entry in fs::read_dir(shipped.join("agreements")).unwrap() {
            let entry = entry.unwrap();
            let text = change(fs::read_to_string(entry.path()).unwrap());
            fs::write(at("agreements").join(entry.file_name()), text).unwrap();
        }
        fs::write(at("key"), "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").unwrap();
        let text = format!(
            "environment = \"{environment}\"\nissuer = \"https://id.example\"\n\
             [listen]\naddress = \"127.0.0.1:0\"\noperations_address = \"127.0.0.1:0\"\n\
             [database]\nurl = \"sqlite://denizen.db\"\n[secrets]\nkey_encryption_key_file = \"key\"\n\
             [assurance]\nfile = \"{}\"\n[agreements]\ndir = \"agreements\"\n",
            shipped.join("assurance.toml").display()
        );
        fs::write(at("denizen.toml"), text).unwrap();
        let told = match load(&at("denizen.toml"), &BTreeMap::new()) {
            Ok(_) => Vec::new(),
            Err(error) => error.0.iter().map(ToString::to_string).collect(),
        };
        told.into_iter()
            .filter(|fault| fault.contains("agreements.dir"))
            .collect()
    }

    #[test]
    fn production_refuses_the_example_agreement_in_a_folder_too() {
        let as_it_ships = faults("production", |text| text);
        let [fault] = as_it_ships.as_slice() else {
            panic!("{as_it_ships:?}")
        };
        assert!(
            fault.contains("agreement resident, version 2026-1, is an example"),
            "{fault}"
        );
        assert_eq!(faults("development", |text| text), Vec::<String>::new());
        let own = faults("production", |text| text.replace("example = true\n", ""));
        assert_eq!(own, Vec::<String>::new());
    }
}
