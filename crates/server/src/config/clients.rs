//! Sub-sites as files: one TOML file each in `clients.d/`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use model::client::Client;
use model::secret::TokenHash;
use serde::Deserialize as _;
use store::clients::StoredClient;
use toml::{Table, Value};

use super::Fault;

/// The fewest characters of a secret: 256 random bits are 43 characters of base64url.
const SECRET_CHARACTERS_MIN: usize = 32;

/// A folder of sub-sites, every file in order.
#[derive(Debug)]
pub struct ClientFolder {
    /// The sub-sites.
    pub clients: Vec<StoredClient>,
}

/// Loads every `*.toml` of a folder; answers with all faults of all files at once.
pub fn load_clients(dir: &Path, production: bool) -> Result<ClientFolder, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut clients = Vec::new();
    let mut seen = BTreeSet::new();
    let files = match files(dir) {
        Ok(files) => files,
        Err(error) => return Err(vec![fault(dir, None, "", format!("cannot be read: {error}"))]),
    };
    for file in files {
        match load_client(&file, production) {
            Ok(stored) => {
                if seen.insert(stored.client.client_id.clone()) {
                    clients.push(stored);
                } else {
                    faults.push(fault(
                        &file,
                        None,
                        "client_id",
                        "stands in another file too".to_owned(),
                    ));
                }
            }
            Err(found) => faults.extend(found),
        }
    }
    if faults.is_empty() {
        Ok(ClientFolder { clients })
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

fn load_client(file: &Path, production: bool) -> Result<StoredClient, Vec<Fault>> {
    let one = |problem: String| vec![fault(file, None, "", problem)];
    let text = std::fs::read_to_string(file).map_err(|error| one(format!("cannot be read: {error}")))?;
    let mut table: Table = toml::from_str(&text).map_err(|error| {
        let line = error
            .span()
            .map(|span| text.bytes().take(span.start).filter(|b| *b == b'\n').count() + 1);
        vec![fault(file, line, "", error.message().to_owned())]
    })?;
    let secret_file = table.remove("secret_file");
    let client =
        Client::deserialize(table).map_err(|error| one(error.to_string().trim().replace('\n', " ")))?;
    let mut faults: Vec<_> = client
        .faults(production)
        .into_iter()
        .map(|found| fault(file, line_of_key(&text, found.key), found.key, found.problem))
        .collect();
    if let Err(error) = provider::clients::check_keys(&client) {
        faults.push(fault(file, line_of_key(&text, "jwks"), "jwks", error.to_string()));
    }
    let mut secret_hash = None;
    match (client.auth_method.uses_secret(), secret_file) {
        (true, Some(Value::String(name))) => match read_secret(file, &name) {
            Ok(hash) => secret_hash = Some(hash),
            Err(problem) => faults.push(fault(
                file,
                line_of_key(&text, "secret_file"),
                "secret_file",
                problem,
            )),
        },
        (true, _) => {
            faults.push(fault(
                file,
                None,
                "secret_file",
                "name the file that holds the secret".to_owned(),
            ));
        }
        (false, Some(_)) => {
            faults.push(fault(
                file,
                None,
                "secret_file",
                "this auth_method has no secret".to_owned(),
            ));
        }
        (false, None) => {}
    }
    if faults.is_empty() {
        Ok(StoredClient { client, secret_hash })
    } else {
        Err(faults)
    }
}

fn line_of_key(text: &str, key: &str) -> Option<usize> {
    let has_key = |line: &str| {
        line.trim()
            .strip_prefix(key)
            .is_some_and(|rest| rest.trim_start().starts_with('='))
    };
    text.lines().position(has_key).map(|position| position + 1)
}

fn read_secret(client_file: &Path, name: &str) -> Result<TokenHash, String> {
    let path = client_file.parent().unwrap_or_else(|| Path::new(".")).join(name);
    let secret = std::fs::read_to_string(&path)
        .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    let secret = secret.trim();
    if secret.chars().count() < SECRET_CHARACTERS_MIN {
        return Err(format!(
            "the secret has fewer than {SECRET_CHARACTERS_MIN} characters"
        ));
    }
    Ok(TokenHash::of(secret))
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(load_clients(folder.path(), true).expect("good").clients.len(), 1);

        let bad = GOOD.replace("https://hefei.example/callback", "javascript:alert(1)");
        std::fs::write(folder.path().join("a.toml"), bad).expect("file");
        let faults = load_clients(folder.path(), true).expect_err("bad");
        assert_eq!(faults[0].key, "redirect_uris");
        assert_eq!(faults[0].line, Some(6));

        std::fs::write(folder.path().join("a.toml"), GOOD.replace("sector", "sektor")).expect("file");
        let faults = load_clients(folder.path(), true).expect_err("bad");
        assert!(faults[0].problem.contains("sektor"), "{}", faults[0]);
    }

    #[test]
    fn attack_067_short_secrets_are_refused() {
        let folder = tempfile::tempdir().expect("folder");
        std::fs::write(folder.path().join("hefei.secret"), "").expect("secret");
        std::fs::write(folder.path().join("a.toml"), GOOD).expect("file");
        assert!(load_clients(folder.path(), true).is_err());
    }
}
