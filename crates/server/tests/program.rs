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
        command.args(words).arg("--config").arg(self.file()).output().expect("denizen runs")
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
    minimal.account.sms.key_file.clone_from(&reference.account.sms.key_file);
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
    assert!(stderr(&bad).contains("denizen.toml:2: issuer"), "{}", stderr(&bad));
}

#[test]
fn production_refuses_what_is_only_good_for_development() {
    let folder = Folder::new();
    let text = folder.text().replace("\"development\"", "\"production\"");
    folder.write(&format!("{text}[account.captcha]\nsandbox_url = \"http://localhost:8090\"\n"));
    let refused = folder.denizen(&["serve"]);
    assert_eq!(refused.status.code(), Some(2));
    for key in ["issuer", "account.captcha.sandbox_url", "account.sms.url", "agreements.dir"] {
        assert!(stderr(&refused).contains(key), "{key} in {}", stderr(&refused));
    }
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
    assert!(stdout(&dry).contains("would run m0001_accounts"), "{}{}", stdout(&dry), stderr(&dry));
    assert!(stdout(&folder.denizen(&["migrate"])).contains("ran m0001_accounts"));
    assert!(stdout(&folder.denizen(&["migrate"])).contains("the schema is current"));

    assert!(folder.denizen(&["keys", "rotate"]).status.success());
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
    assert_eq!(stdout(&folder.denizen(&["clients", "apply", &dir, "--dry-run"])), "+ hefei-portal\n");
    assert_eq!(stdout(&folder.denizen(&["clients", "apply", &dir])), "+ hefei-portal\n");
    assert_eq!(stdout(&folder.denizen(&["clients", "apply", &dir])), "nothing to change\n");
    std::fs::remove_file(clients.join("hefei.toml")).expect("removed");
    assert_eq!(stdout(&folder.denizen(&["clients", "apply", &dir, "--prune"])), "- hefei-portal\n");
    assert!(stdout(&folder.denizen(&["audit", "verify"])).contains("the chain is whole"));
}

#[test]
fn every_command_has_help_with_an_example() {
    for words in [
        &["serve"][..],
        &["check-config"],
        &["migrate"],
        &["clients", "apply"],
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
    let wrong = Command::new(env!("CARGO_BIN_EXE_denizen")).arg("sreve").output().expect("denizen runs");
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
