//! Sub-sites as operators look after them: files, secrets, permissions to register, lists.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder with a configuration that works and one sub-site.
struct Folder(tempfile::TempDir);

const SITE: &str = r#"client_id = "hefei"
name = { zh-CN = "合肥", en = "Hefei", vi = "Hợp Phì" }
agency = { zh-CN = "市局", en = "City office", vi = "Thành phố" }
sector = "hefei"
redirect_uris = ["https://hefei.example/callback"]
auth_method = "client_secret_basic"
secret_file = "hefei.secret"
scopes = ["openid"]
"#;

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("key"), "00112233445566778899aabbccddeeff".repeat(2)).expect("key");
        std::fs::create_dir(at("clients.d")).expect("clients");
        let ladder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/assurance.toml");
        std::fs::copy(ladder, at("assurance.toml")).expect("ladder");
        let text = format!(
            "environment = \"development\"\nissuer = \"http://localhost:8080\"\n\
             [listen]\naddress = \"127.0.0.1:0\"\noperations_address = \"127.0.0.1:0\"\n\
             [database]\nurl = \"sqlite://{}/denizen.db\"\n[secrets]\nkey_encryption_key_file = \"key\"\n\
             [assurance]\nfile = \"assurance.toml\"\n[clients]\ndir = \"clients.d\"\n\
             [outbound]\nallow_addresses = [\"127.0.0.1\"]\n",
            folder.path().display()
        );
        std::fs::write(at("denizen.toml"), text).expect("configuration");
        let folder = Self(folder);
        folder.secret("one");
        folder.site(SITE);
        folder
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn site(&self, text: &str) {
        std::fs::write(self.at("clients.d/hefei.toml"), text).expect("file");
    }

    fn secret(&self, word: &str) {
        std::fs::write(self.at("clients.d/hefei.secret"), word.repeat(20)).expect("secret");
    }

    fn run(&self, words: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_denizen"));
        let command = command.args(words).arg("--config").arg(self.at("denizen.toml"));
        command.output().expect("denizen runs")
    }

    /// What a command that must succeed prints.
    fn told(&self, words: &[&str]) -> String {
        let output = self.run(words);
        assert!(output.status.success(), "{words:?}: {}", stderr(&output));
        String::from_utf8(output.stdout).expect("text")
    }

    fn apply(&self, more: &[&str]) -> String {
        let dir = self.at("clients.d").to_string_lossy().into_owned();
        self.told(&[&["clients", "apply", &dir], more].concat())
    }
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_secret_is_changed_with_overlap_and_a_leaked_one_without() {
    let folder = Folder::new();
    assert_eq!(folder.apply(&[]), "+ hefei\n");
    assert_eq!(
        folder.told(&["clients", "list"]),
        "hefei file client_secret_basic \"Hefei\"\n"
    );

    folder.secret("two");
    let told = folder.apply(&["--dry-run"]);
    assert!(
        told.starts_with("~ hefei: secret (the old one is good until 2"),
        "{told}"
    );
    folder.apply(&[]);
    assert_eq!(folder.apply(&[]), "nothing to change\n");
    let listed = folder.told(&["clients", "list"]);
    assert!(listed.contains(", old secret good until 2"), "{listed}");

    assert_eq!(
        folder.apply(&["--no-overlap"]),
        "~ hefei: secret (the old one is not good any more)\n"
    );
    folder.secret("three");
    assert_eq!(folder.apply(&["--no-overlap"]), "~ hefei: secret\n");
    assert!(!folder.told(&["clients", "list"]).contains("old secret"));
    assert_eq!(folder.apply(&["--prune"]), "nothing to change\n");
}

#[test]
fn attack_143_a_permission_is_printed_once_and_kept_as_a_hash() {
    let folder = Folder::new();
    let output = folder.run(&[
        "clients",
        "token",
        "--label",
        "Hefei Data Bureau",
        "--uses",
        "2",
        "--hours",
        "1",
    ]);
    assert!(output.status.success(), "{}", stderr(&output));
    let token = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    assert_eq!(token.len(), 43, "nothing else goes to stdout");
    assert!(stderr(&output).contains("not shown again"), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("provider.registration.enabled"),
        "{}",
        stderr(&output)
    );
    assert!(!stderr(&output).contains(&token));
    for file in std::fs::read_dir(folder.0.path()).expect("folder") {
        let path = file.expect("file").path();
        let content = if path.is_file() {
            std::fs::read(&path).expect("read")
        } else {
            Vec::new()
        };
        let holds = content
            .windows(token.len())
            .any(|bytes| bytes == token.as_bytes());
        assert!(!holds, "{}", path.display());
    }
    let end = ["clients", "token", "--end", "--label", "Hefei Data Bureau"];
    assert_eq!(folder.told(&end), "1 ended\n");
    assert_eq!(folder.told(&end), "0 ended\n");

    for wrong in [
        &["--label", "x", "--uses", "0"][..],
        &["--label", "x", "--uses", "1001"],
        &["--label", "x", "--hours", "721"],
        &["--label", ""],
        &["--label", "a\nb"],
        &["--uses", "1"],
    ] {
        let output = folder.run(&[&["clients", "token"], wrong].concat());
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
        assert!(output.stdout.is_empty());
    }
    assert!(folder.told(&["audit", "verify"]).contains("the chain is whole"));
}

#[test]
fn a_sub_site_of_a_file_is_not_removed_by_name() {
    let folder = Folder::new();
    folder.apply(&[]);
    for name in ["hefei", "nobody", "a b"] {
        let output = folder.run(&["clients", "remove", name]);
        assert_eq!(output.status.code(), Some(1), "{name}");
        assert!(stderr(&output).contains("--prune"), "{}", stderr(&output));
    }
    assert!(folder.told(&["clients", "list"]).starts_with("hefei file"));
}

/// A server with one document, for as long as the test runs.
fn serve(body: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let uri = format!(
        "http://{}/sector.json",
        listener.local_addr().expect("an address")
    );
    let answer = format!(
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    uri
}

#[test]
fn the_document_of_a_sector_is_looked_at_when_files_are_checked_and_applied() {
    let folder = Folder::new();
    let dir = folder.at("clients.d").to_string_lossy().into_owned();
    let with = |body: &str| folder.site(&format!("{SITE}sector_identifier_uri = \"{}\"\n", serve(body)));

    with(r#"["https://hefei.example/callback"]"#);
    assert!(folder.told(&["check-config"]).contains("good"));
    assert_eq!(folder.apply(&[]), "+ hefei\n");

    for (body, word) in [
        ("[]", "lacks"),
        ("{}", "not a JSON list"),
        ("", "not a JSON list"),
    ] {
        with(body);
        for words in [&["check-config"][..], &["clients", "apply", &dir]] {
            let output = folder.run(words);
            assert_eq!(output.status.code(), Some(2), "{words:?}");
            let told = stderr(&output);
            assert!(
                told.contains("hefei.toml:9: sector_identifier_uri: ") && told.contains(word),
                "{told}"
            );
        }
    }
    // Nobody is asked behind the wall.
    folder.site(&format!("{SITE}sector_identifier_uri = \"http://10.0.0.1/x\"\n"));
    let told = stderr(&folder.run(&["check-config"]));
    assert!(told.contains("outbound.allow_addresses"), "{told}");
}

#[test]
fn the_example_shows_every_key_and_is_good() {
    let example = include_str!("../../../config/clients.d/every-key.toml.example");
    let folder = Folder::new();
    folder.site(example);
    assert_eq!(folder.apply(&[]), "+ hefei-cases\n");

    let client: model::client::Client = toml::from_str(example).expect("a sub-site");
    let keys = serde_json::to_value(client).expect("JSON");
    for key in keys
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .chain(["secret_file"])
    {
        let shown = |line: &str| {
            let line = line.strip_prefix("# ").unwrap_or(line);
            line == format!("[{key}]") || line.starts_with(&format!("{key} = "))
        };
        assert!(example.lines().any(shown), "{key}");
    }
}
