//! Sub-sites as files: one TOML file each in `clients.d/`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use model::client::{Client, SubjectType};
use model::ids::ClientId;
use model::secret::{Sensitive, TokenHash};
use serde::Deserialize as _;
use store::clients::StoredClient;
use toml::{Table, Value};
use web::outbound::Guarded;

use super::{Config, Environment, Fault};

/// The fewest characters of a secret: 256 random bits are 43 characters of base64url.
const SECRET_CHARACTERS_MIN: usize = 32;

/// What files are held to beyond the rules of every registration.
#[derive(Clone, Copy, Debug)]
pub struct ClientRules {
    /// Whether plain http is refused.
    pub production: bool,
    /// Whether one subject for all sub-sites may be asked for.
    pub public_subjects: bool,
}

impl From<&Config> for ClientRules {
    fn from(config: &Config) -> Self {
        Self {
            production: config.environment == Environment::Production,
            public_subjects: config.provider.public_subjects,
        }
    }
}

/// A folder of sub-sites, every file in order.
#[derive(Debug)]
pub struct ClientFolder {
    /// The sub-sites.
    pub clients: Vec<StoredClient>,
    /// The file of each.
    files: BTreeMap<ClientId, PathBuf>,
}

impl ClientFolder {
    /// Fetches the document of each sector that has one, and looks for the sub-site's addresses in it (OpenID Connect
    /// Registration 1.0 section 5). Not done when a node starts: it must start while others are down.
    pub async fn check_sectors(&self, outbound: &Guarded) -> Vec<Fault> {
        let mut faults = Vec::new();
        for stored in &self.clients {
            let client = &stored.client;
            if let Err(error) = provider::register::sector::check(outbound, client).await
                && let Some(file) = self.files.get(&client.client_id)
            {
                let key = "sector_identifier_uri";
                let text = std::fs::read_to_string(file).unwrap_or_default();
                faults.push(fault(file, line_of_key(&text, key), key, error.to_string()));
            }
        }
        faults
    }
}

/// Loads every `*.toml` of a folder; answers with all faults of all files at once.
pub fn load_clients(dir: &Path, rules: ClientRules) -> Result<ClientFolder, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut clients = Vec::new();
    let mut by_id = BTreeMap::new();
    let files = match files(dir) {
        Ok(files) => files,
        Err(error) => return Err(vec![fault(dir, None, "", format!("cannot be read: {error}"))]),
    };
    for file in files {
        match load_client(&file, rules) {
            Ok(stored) => {
                if let Some(other) = by_id.insert(stored.client.client_id.clone(), file.clone()) {
                    let problem = format!("stands in {} too", other.display());
                    faults.push(fault(&file, None, "client_id", problem));
                } else {
                    clients.push(stored);
                }
            }
            Err(found) => faults.extend(found),
        }
    }
    if faults.is_empty() {
        Ok(ClientFolder {
            clients,
            files: by_id,
        })
    } else {
        Err(faults)
    }
}

pub(super) fn files(dir: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn fault(file: &Path, line: Option<usize>, key: &str, problem: String) -> Fault {
    Fault {
        file: file.to_owned(),
        line,
        key: key.to_owned(),
        problem,
    }
}

fn load_client(file: &Path, rules: ClientRules) -> Result<StoredClient, Vec<Fault>> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| vec![fault(file, None, "", format!("cannot be read: {error}"))])?;
    let mut table: Table = toml::from_str(&text).map_err(|error| {
        let line = error
            .span()
            .map(|span| text.bytes().take(span.start).filter(|b| *b == b'\n').count() + 1);
        vec![fault(file, line, "", error.message().to_owned())]
    })?;
    let secret_file = table.remove("secret_file");
    let client = Client::deserialize(table.clone())
        .map_err(|error| vec![misread(file, &text, &table, &error.to_string())])?;
    let at = |key: &str, problem: String| fault(file, line_of_key(&text, key), key, problem);
    let mut faults: Vec<_> = client
        .faults(rules.production)
        .into_iter()
        .map(|found| at(found.key, found.problem))
        .collect();
    if let Err(error) = provider::clients::check_keys(&client) {
        faults.push(at("jwks", error.to_string()));
    }
    if client.subject_type == SubjectType::Public && !rules.public_subjects {
        let problem = "public subjects are not allowed here; see provider.public_subjects";
        faults.push(at("subject_type", problem.to_owned()));
    }
    let mut secret = None;
    match (client.auth_method.uses_secret(), secret_file) {
        (true, Some(Value::String(name))) => match read_secret(file, &name) {
            Ok(read) => secret = Some(read),
            Err(problem) => faults.push(at("secret_file", problem)),
        },
        (true, _) => faults.push(at(
            "secret_file",
            "name the file that holds the secret".to_owned(),
        )),
        (false, Some(_)) => faults.push(at("secret_file", "this auth_method has no secret".to_owned())),
        (false, None) => {}
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let hash = secret.as_ref().map(|secret| TokenHash::of(secret.expose()));
    let mut stored = StoredClient::new(client, hash);
    stored.secret = secret.filter(|_| stored.client.auth_method.needs_plain_secret());
    Ok(stored)
}

/// A file that is TOML and no sub-site. The message names keys and words between backticks; the key that is meant is
/// the first that the file has, or the one that it lacks.
fn misread(file: &Path, text: &str, table: &Table, message: &str) -> Fault {
    let mut named = message.split('`').skip(1).step_by(2);
    let key = if message.starts_with("missing field") {
        named.next()
    } else {
        named.find(|word| table.contains_key(*word))
    };
    let key = key.unwrap_or_default();
    let line = if key.is_empty() {
        None
    } else {
        line_of_key(text, key)
    };
    fault(file, line, key, message.trim().replace('\n', " "))
}

fn line_of_key(text: &str, key: &str) -> Option<usize> {
    let starts = |line: &str| {
        let line = line.trim();
        let value = line
            .strip_prefix(key)
            .is_some_and(|rest| rest.trim_start().starts_with('='));
        let section = line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_prefix(key))
            .is_some_and(|rest| rest.starts_with([']', '.']));
        value || section
    };
    text.lines().position(starts).map(|position| position + 1)
}

fn read_secret(client_file: &Path, name: &str) -> Result<Sensitive<String>, String> {
    let path = client_file.parent().unwrap_or_else(|| Path::new(".")).join(name);
    let secret = std::fs::read_to_string(&path)
        .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    let secret = secret.trim();
    if secret.chars().count() < SECRET_CHARACTERS_MIN {
        return Err(format!(
            "the secret has fewer than {SECRET_CHARACTERS_MIN} characters"
        ));
    }
    Ok(Sensitive::new(secret.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: ClientRules = ClientRules {
        production: true,
        public_subjects: false,
    };

    const GOOD: &str = r#"
client_id = "hefei-portal"
name = { zh-CN = "合肥", en = "Hefei", vi = "Hợp Phì" }
agency = { zh-CN = "市局", en = "City office", vi = "Thành phố" }
sector = "hefei"
redirect_uris = ["https://hefei.example/callback"]
auth_method = "client_secret_basic"
secret_file = "hefei.secret"
scopes = ["openid"]
"#;

    #[test]
    fn attack_013_a_bad_file_is_explained_by_line_and_key() {
        let folder = tempfile::tempdir().expect("folder");
        std::fs::write(folder.path().join("hefei.secret"), "x".repeat(43)).expect("secret");
        std::fs::write(folder.path().join("a.toml"), GOOD).expect("file");
        assert_eq!(load_clients(folder.path(), RULES).expect("good").clients.len(), 1);

        let bad = GOOD.replace("https://hefei.example/callback", "javascript:alert(1)");
        std::fs::write(folder.path().join("a.toml"), bad).expect("file");
        let faults = load_clients(folder.path(), RULES).expect_err("bad");
        assert_eq!(faults[0].key, "redirect_uris");
        assert_eq!(faults[0].line, Some(6));

        std::fs::write(folder.path().join("a.toml"), GOOD.replace("sector", "sektor")).expect("file");
        let faults = load_clients(folder.path(), RULES).expect_err("bad");
        assert!(faults[0].problem.contains("sektor"), "{}", faults[0]);
    }

    #[test]
    fn attack_067_short_secrets_are_refused() {
        let folder = tempfile::tempdir().expect("folder");
        std::fs::write(folder.path().join("hefei.secret"), "").expect("secret");
        std::fs::write(folder.path().join("a.toml"), GOOD).expect("file");
        assert!(load_clients(folder.path(), RULES).is_err());
    }

    fn folder(text: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("folder");
        std::fs::write(folder.path().join("hefei.secret"), "x".repeat(43)).expect("secret");
        std::fs::write(folder.path().join("a.toml"), text).expect("file");
        folder
    }

    #[test]
    fn every_fault_of_a_file_has_its_line_and_key() {
        for (from, to, key, line) in [
            (
                "auth_method = \"client_secret_basic\"",
                "auth_method = \"password\"",
                "auth_method",
                7,
            ),
            ("scopes = [\"openid\"]", "scopes = \"openid\"", "scopes", 9),
            (
                "scopes = [\"openid\"]",
                "scopes = [\"openid\"]\ngrant_typs = []",
                "grant_typs",
                10,
            ),
            (
                "scopes = [\"openid\"]",
                "scopes = [\"openid\"]\ngrant_types = []",
                "grant_types",
                10,
            ),
            (
                "scopes = [\"openid\"]",
                "scopes = [\"openid\"]\nsubject_type = \"public\"",
                "subject_type",
                10,
            ),
            (
                "scopes = [\"openid\"]",
                "scopes = [\"openid\", \"phone\"]\n[purpose]",
                "purpose",
                10,
            ),
            ("hefei.secret", "nowhere.secret", "secret_file", 8),
        ] {
            let folder = folder(&GOOD.replace(from, to));
            let faults = load_clients(folder.path(), RULES).expect_err(to);
            assert_eq!(
                (faults[0].key.as_str(), faults[0].line),
                (key, Some(line)),
                "{to}: {}",
                faults[0]
            );
        }
        let lacking = folder(&GOOD.replace("sector = \"hefei\"\n", ""));
        let faults = load_clients(lacking.path(), RULES).expect_err("no sector");
        assert_eq!((faults[0].key.as_str(), faults[0].line), ("sector", None));
        let public = folder(&format!("{GOOD}subject_type = \"public\"\n"));
        let rules = ClientRules {
            public_subjects: true,
            ..RULES
        };
        load_clients(public.path(), rules).expect("allowed");
    }

    #[test]
    fn two_files_of_one_name_are_a_fault_of_the_second() {
        let folder = folder(GOOD);
        std::fs::write(folder.path().join("b.toml"), GOOD).expect("file");
        let faults = load_clients(folder.path(), RULES).expect_err("twice");
        assert!(faults[0].file.ends_with("b.toml"));
        assert!(faults[0].problem.contains("a.toml"), "{}", faults[0]);
    }

    #[test]
    fn a_secret_is_kept_itself_only_where_the_client_signs_with_it() {
        for (method, kept) in [
            ("client_secret_basic", false),
            ("client_secret_post", false),
            ("client_secret_jwt", true),
        ] {
            let folder = folder(&GOOD.replace("client_secret_basic", method));
            let loaded = load_clients(folder.path(), RULES).expect("loads");
            let stored = &loaded.clients[0];
            assert_eq!(
                stored.secret_hash,
                Some(TokenHash::of(&"x".repeat(43))),
                "{method}"
            );
            assert_eq!(stored.secret.is_some(), kept, "{method}");
        }
    }
}
