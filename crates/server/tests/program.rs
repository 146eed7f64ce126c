//! The program as operators use it: commands, exit codes, and a configuration file that tells the truth.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use server::config;

/// A folder with a configuration that works.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("key"), "00112233445566778899aabbccddeeff".repeat(2)).expect("key");
        let ladder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/assurance.toml");
        std::fs::copy(ladder, at("assurance.toml")).expect("ladder");
        std::fs::create_dir(at("clients.d")).expect("clients");
        let folder = Self(folder);
        folder.write(&folder.text());
        folder
    }

    fn text(&self) -> String {
        format!(
            "environment = \"development\"\nissuer = \"http://localhost:8080\"\n\
             [listen]\naddress = \"127.0.0.1:0\"\noperations_address = \"127.0.0.1:0\"\n\
             [database]\nurl = \"sqlite://{}/denizen.db\"\n\
             [secrets]\nkey_encryption_key_file = \"key\"\n\
             [assurance]\nfile = \"assurance.toml\"\n[clients]\ndir = \"clients.d\"\n",
            self.0.path().display()
        )
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("denizen.toml")
    }

    fn write(&self, text: &str) {
        std::fs::write(self.file(), text).expect("written");
    }

    fn denizen(&self, words: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_denizen"));
        command
            .args(words)
            .arg("--config")
            .arg(self.file())
            .output()
            .expect("denizen runs")
    }
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn the_reference_configuration_says_the_real_defaults() {
    let folder = Folder::new();
    let reference = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/denizen.toml");
    let reference = std::fs::read_to_string(reference).expect("reference");
    let reference: config::Config = toml::from_str(&reference).expect("the reference parses");
    let mut minimal: config::Config = toml::from_str(&folder.text()).expect("minimal parses");
    // What has no default is the installation's own.
    minimal.environment = reference.environment;
    minimal.issuer.clone_from(&reference.issuer);
    minimal.listen = reference.listen.clone();
    minimal.database = reference.database.clone();
    minimal.secrets = reference.secrets.clone();
    minimal.assurance = reference.assurance.clone();
    minimal.clients.dir.clone_from(&reference.clients.dir);
    minimal.agreements = reference.agreements.clone();
    minimal.sources = reference.sources.clone();
    minimal.account.sms.url.clone_from(&reference.account.sms.url);
    minimal
        .account
        .sms
        .key_file
        .clone_from(&reference.account.sms.key_file);
    assert_eq!(format!("{minimal:#?}"), format!("{reference:#?}"));
}

#[test]
fn check_config_explains_a_fault_with_file_line_and_key() {
    let folder = Folder::new();
    let good = folder.denizen(&["check-config"]);
    assert!(good.status.success(), "{}", stderr(&good));

    folder.write(&folder.text().replace("issuer =", "isuer ="));
    let bad = folder.denizen(&["check-config"]);
    assert_eq!(bad.status.code(), Some(2));
    assert!(stderr(&bad).contains("isuer"), "{}", stderr(&bad));
    assert!(stderr(&bad).contains("denizen.toml"), "{}", stderr(&bad));

    folder.write(&folder.text().replace("http://localhost:8080", "ftp://x"));
    let bad = folder.denizen(&["check-config"]);
    assert_eq!(bad.status.code(), Some(2));
    assert!(
        stderr(&bad).contains("denizen.toml:2: issuer"),
        "{}",
        stderr(&bad)
    );
}

#[test]
fn a_file_that_is_not_there_is_the_fault_of_the_key_that_names_it() {
    let folder = Folder::new();
    folder.write(&folder.text().replace("assurance.toml", "nowhere.toml"));
    let bad = folder.denizen(&["check-config"]);
    assert_eq!(bad.status.code(), Some(2));
    assert!(stderr(&bad).contains(": assurance.file: "), "{}", stderr(&bad));
    assert_eq!(
        stderr(&bad).matches("nowhere.toml").count(),
        1,
        "{}",
        stderr(&bad)
    );
}

#[test]
fn production_refuses_what_is_only_good_for_development() {
    let folder = Folder::new();
    let text = folder.text().replace("\"development\"", "\"production\"");
    folder.write(&format!(
        "{text}[account.captcha]\nsandbox_url = \"http://localhost:8090\"\n"
    ));
    let refused = folder.denizen(&["serve"]);
    assert_eq!(refused.status.code(), Some(2));
    for key in [
        "issuer",
        "account.captcha.sandbox_url",
        "account.sms.url",
        "agreements.dir",
    ] {
        assert!(stderr(&refused).contains(key), "{key} in {}", stderr(&refused));
    }
}

#[test]
fn everything_that_the_reference_documents_is_accepted() {
    let folder = Folder::new();
    let reference = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/denizen.toml");
    let reference = std::fs::read_to_string(reference).expect("reference");
    // What is commented out is a key or a section, not a sentence.
    let is_key = |line: &str| {
        let name = line.split_once(" = ").map_or("?", |(name, _)| name);
        line.starts_with('[') || name.chars().all(|c| c.is_ascii_lowercase() || c == '_')
    };
    let lines = reference.lines().map(|line| match line.strip_prefix("# ") {
        Some(key) if is_key(key) => key,
        _ => line,
    });
    let whole: String = lines.flat_map(|line| [line, "\n"]).collect();
    for key in [
        "extra_ca_file",
        "help_link",
        "sandbox_url",
        "breached_file",
        "certificate_file",
    ] {
        assert!(whole.contains(&format!("\n{key} = ")), "{key}");
    }
    toml::from_str::<config::Config>(&whole).expect("every key is known");

    for (key, values) in [
        ("DATABASE__CONNECTIONS", &["1", "200"][..]),
        ("PROVIDER__CODE_SECONDS", &["10", "600"]),
        ("PROVIDER__ACCESS_TOKEN_SECONDS", &["60", "3600"]),
        ("PROVIDER__ID_TOKEN_SECONDS", &["60", "3600"]),
        ("ACCOUNT__CAPTCHA__LENGTH", &["4", "6"]),
        ("ACCOUNT__PASSWORD__PERMITS", &["0"]),
        ("DATABASE__MIGRATE", &["on_start", "by_command"]),
        ("LOG__FORMAT", &["json", "text"]),
        ("LISTEN__TRUSTED_PROXIES", &["[\"10.0.0.0/24\", \"10.1.0.1\"]"]),
    ] {
        for value in values {
            let environment = BTreeMap::from([(format!("DENIZEN__{key}"), (*value).to_owned())]);
            let loaded = config::load(&folder.file(), &environment);
            assert!(
                loaded.is_ok(),
                "{key} = {value}: {}",
                loaded.expect_err("refused")
            );
        }
    }
}

#[test]
fn postgresql_needs_a_second_connection_for_the_lock_at_start() {
    let folder = Folder::new();
    let with = |connections: &str| {
        let environment = BTreeMap::from([
            (
                "DENIZEN__DATABASE__URL".to_owned(),
                "postgres://u@localhost/d".to_owned(),
            ),
            (
                "DENIZEN__DATABASE__CONNECTIONS".to_owned(),
                connections.to_owned(),
            ),
        ]);
        config::load(&folder.file(), &environment)
    };
    let refused = with("1").expect_err("would wait for itself").to_string();
    assert!(refused.contains("database.connections"), "{refused}");
    with("2").expect("enough");
}

#[test]
fn a_filter_that_is_none_is_a_fault_of_the_configuration() {
    let folder = Folder::new();
    let environment = BTreeMap::from([("DENIZEN__LOG__FILTER".to_owned(), "denizen=loud".to_owned())]);
    let refused = config::load(&folder.file(), &environment)
        .expect_err("no such level")
        .to_string();
    assert!(refused.contains("log.filter"), "{refused}");
}

/// One line of the log that says where the two listeners are: `public` and `operations`.
fn addresses(log: &mut impl std::io::BufRead) -> (String, String) {
    let mut line = String::new();
    while log.read_line(&mut line).expect("a log") > 0 {
        let entry: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
        let field = |name: &str| entry.get(name).and_then(serde_json::Value::as_str);
        if field("message") == Some("listening") {
            let at = |name: &str| field(name).expect("an address").to_owned();
            return (at("public"), at("operations"));
        }
        line.clear();
    }
    (String::new(), String::new())
}

#[test]
fn attack_313_a_node_whose_log_nobody_reads_still_answers_and_stops() {
    use std::io::{BufRead as _, BufReader, Write as _};

    let folder = Folder::new();
    let mut command = Command::new(env!("CARGO_BIN_EXE_denizen"));
    command.arg("serve").arg("--config").arg(folder.file());
    let mut node = command
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("denizen runs");
    // Held to the end and never read again: the pipe fills up.
    let mut log = BufReader::new(node.stderr.take().expect("a pipe"));
    let (_, operations) = addresses(&mut log);

    let mut connection = std::net::TcpStream::connect(operations).expect("a connection");
    connection
        .set_read_timeout(Some(std::time::Duration::from_secs(10)))
        .expect("set");
    let mut answers = BufReader::new(connection.try_clone().expect("a second handle"));
    for number in 0..2000 {
        connection
            .write_all(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
            .expect("sent");
        let mut line = String::new();
        let read = answers.read_line(&mut line);
        if read.is_err() {
            node.kill().expect("killed");
        }
        assert!(
            read.is_ok() && line.starts_with("HTTP/1.1 200"),
            "request {number}: {read:?} {line}"
        );
        while line != "live\n" {
            line.clear();
            answers.read_line(&mut line).expect("the rest");
        }
    }
    drop((connection, answers));
    Command::new("kill")
        .arg(node.id().to_string())
        .status()
        .expect("told to stop");
    assert!(
        node.wait()
            .expect("it stops, though its last lines cannot be written")
            .success()
    );
}

#[test]
fn the_environment_overrides_any_key() {
    let folder = Folder::new();
    let environment = BTreeMap::from([
        ("DENIZEN__ISSUER".to_owned(), "http://localhost:9999".to_owned()),
        ("DENIZEN__ACCOUNT__OTP__TRIES".to_owned(), "3".to_owned()),
    ]);
    let loaded = config::load(&folder.file(), &environment).expect("loads");
    assert_eq!(loaded.config.issuer, "http://localhost:9999");
    assert_eq!(loaded.config.account.otp.tries, 3);
    let unknown = BTreeMap::from([("DENIZEN__ISSUR".to_owned(), "x".to_owned())]);
    assert!(config::load(&folder.file(), &unknown).is_err());
}

#[test]
fn migrating_keys_and_sub_sites_by_command() {
    let folder = Folder::new();
    let dry = folder.denizen(&["migrate", "--dry-run"]);
    assert!(
        stdout(&dry).contains("would run m0001_accounts"),
        "{}{}",
        stdout(&dry),
        stderr(&dry)
    );
    assert!(stdout(&folder.denizen(&["migrate"])).contains("ran m0001_accounts"));
    assert!(stdout(&folder.denizen(&["migrate"])).contains("the schema is current"));

    let refused = folder.denizen(&["keys", "rotate"]);
    assert_eq!(
        refused.status.code(),
        Some(1),
        "sub-sites do not know the next keys yet"
    );
    assert!(stderr(&refused).contains("--now"), "{}", stderr(&refused));
    let rotated = stdout(&folder.denizen(&["keys", "rotate", "--now"]));
    assert_eq!(rotated.matches("now signs with").count(), 4, "{rotated}");
    let listed = stdout(&folder.denizen(&["keys", "list"]));
    for state in ["next", "current"] {
        assert!(listed.contains(state), "{listed}");
    }

    let example = include_str!("../../../config/clients.d/hefei-portal.toml.example");
    let clients = folder.0.path().join("more.d");
    std::fs::create_dir(&clients).expect("folder");
    std::fs::write(clients.join("secret"), "s".repeat(43)).expect("secret");
    let text = example.replace("/etc/denizen/hefei-portal-secret", "secret");
    std::fs::write(clients.join("hefei.toml"), text).expect("client");
    let dir = clients.to_string_lossy().into_owned();
    assert_eq!(
        stdout(&folder.denizen(&["clients", "apply", &dir, "--dry-run"])),
        "+ hefei-portal\n"
    );
    assert_eq!(
        stdout(&folder.denizen(&["clients", "apply", &dir])),
        "+ hefei-portal\n"
    );
    assert_eq!(
        stdout(&folder.denizen(&["clients", "apply", &dir])),
        "nothing to change\n"
    );
    std::fs::remove_file(clients.join("hefei.toml")).expect("removed");
    assert_eq!(
        stdout(&folder.denizen(&["clients", "apply", &dir, "--prune"])),
        "- hefei-portal\n"
    );
    assert!(stdout(&folder.denizen(&["audit", "verify"])).contains("the chain is whole"));
}

#[test]
fn every_command_has_help_with_an_example() {
    for words in [
        &["serve"][..],
        &["check-config"],
        &["migrate"],
        &["clients", "apply"],
        &["clients", "list"],
        &["clients", "token"],
        &["clients", "remove"],
        &["keys", "list"],
        &["keys", "rotate"],
        &["keys", "retire"],
        &["audit", "verify"],
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_denizen"));
        let output = command.args(words).arg("--help").output().expect("denizen runs");
        assert!(output.status.success());
        assert!(stdout(&output).contains("Example:"), "{words:?}");
    }
    let wrong = Command::new(env!("CARGO_BIN_EXE_denizen"))
        .arg("sreve")
        .output()
        .expect("denizen runs");
    assert_eq!(wrong.status.code(), Some(2));
}

#[test]
fn every_text_exists_in_every_language() {
    let texts = web::language::Texts::new(&[
        web::language::MESSAGES,
        account::MESSAGES,
        consent::MESSAGES,
        provider::MESSAGES,
    ])
    .expect("texts load");
    assert!(texts.missing().is_empty(), "{:?}", texts.missing());
}
