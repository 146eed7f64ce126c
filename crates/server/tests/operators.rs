//! Operators as they are looked after at the machine.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder with a configuration that works.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("key"), "00112233445566778899aabbccddeeff".repeat(2)).expect("key");
        let ladder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/assurance.toml");
        std::fs::copy(ladder, at("assurance.toml")).expect("ladder");
        let text = format!(
            "environment = \"development\"\nissuer = \"http://localhost:8080\"\n\
             [listen]\naddress = \"127.0.0.1:0\"\noperations_address = \"127.0.0.1:0\"\n\
             [database]\nurl = \"sqlite://{}/denizen.db\"\n[secrets]\nkey_encryption_key_file = \"key\"\n\
             [assurance]\nfile = \"assurance.toml\"\n[operator]\nlink_hours = 2\n",
            folder.path().display()
        );
        std::fs::write(at("denizen.toml"), text).expect("configuration");
        Self(folder)
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, words: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_denizen"));
        let command = command.args(words).arg("--config").arg(self.at("denizen.toml"));
        command.output().expect("denizen runs")
    }

    fn create(&self, login: &str, roles: &[&str]) -> Output {
        let mut words = vec!["operator", "create", "--login", login, "--name", "王丽"];
        for role in roles {
            words.extend(["--role", role]);
        }
        self.run(&words)
    }

    fn listed(&self) -> String {
        let output = self.run(&["operator", "list"]);
        assert!(output.status.success(), "{}", stderr(&output));
        stdout(&output)
    }
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn an_operator_is_made_listed_reset_and_disabled_at_the_machine() {
    let folder = Folder::new();
    let made = folder.create("Wang.Li", &["administrator", "auditor"]);
    assert_eq!(made.status.code(), Some(0), "{}", stderr(&made));
    let link = stdout(&made);
    assert!(
        link.starts_with("http://localhost:8080/operator/enrol?token="),
        "{link}"
    );
    assert_eq!(link.lines().count(), 1, "the link alone, for a script");
    assert!(stderr(&made).contains("2 hours"), "{}", stderr(&made));
    assert_eq!(folder.listed(), "wang.li\tinvited\tauditor,administrator\t王丽\n");
    let again = folder.create("wang.li", &["reviewer"]);
    assert_eq!(again.status.code(), Some(1));
    assert!(stderr(&again).contains("reset"), "{}", stderr(&again));
    let reset = folder.run(&["operator", "reset", "wang.li"]);
    assert!(
        reset.status.success() && stdout(&reset) != link,
        "{}",
        stderr(&reset)
    );
    let disabled = folder.run(&["operator", "disable", "wang.li"]);
    assert_eq!(
        stdout(&disabled),
        "wang.li is disabled\n",
        "{}",
        stderr(&disabled)
    );
    assert!(folder.listed().contains("\tdisabled\t"));
    let log = folder.run(&["audit", "verify"]);
    assert!(log.status.success(), "{}", stderr(&log));
}

#[test]
fn wrong_use_is_explained_and_changes_nothing() {
    let folder = Folder::new();
    for (words, code) in [
        (vec!["operator", "create", "--login", "a", "--name", "A"], 2),
        (
            vec![
                "operator", "create", "--login", "ab", "--name", "A", "--role", "emperor",
            ],
            2,
        ),
        (
            vec![
                "operator", "create", "--login", "1", "--name", "A", "--role", "auditor",
            ],
            1,
        ),
        (
            vec![
                "operator", "create", "--login", "ab", "--name", " ", "--role", "auditor",
            ],
            1,
        ),
        (vec!["operator", "disable", "nobody"], 1),
        (vec!["operator", "reset", "nobody"], 1),
    ] {
        let output = folder.run(&words);
        assert_eq!(output.status.code(), Some(code), "{words:?}: {}", stderr(&output));
        assert!(
            !stderr(&output).is_empty() && stdout(&output).is_empty(),
            "{words:?}"
        );
    }
    assert_eq!(folder.listed(), "");
    for command in ["create", "list", "disable", "reset"] {
        let mut help = Command::new(env!("CARGO_BIN_EXE_denizen"));
        let output = help
            .args(["operator", command, "--help"])
            .output()
            .expect("denizen runs");
        assert!(stdout(&output).contains("Example:"), "{command}");
    }
}
