//! Faults in the folder of sources, as an operator reads them, and the examples that ship.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::config::load;

/// A configuration with a folder of sources.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        let place = Self(tempfile::tempdir().unwrap());
        let shipped = shipped();
        fs::create_dir(place.path("sources.d")).unwrap();
        fs::write(place.path("key"), "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").unwrap();
        fs::write(place.path("bearer"), "a-key\n").unwrap();
        let text = format!(
            "environment = \"development\"\nissuer = \"http://localhost:8080\"\n\
             [listen]\naddress = \"127.0.0.1:0\"\noperations_address = \"127.0.0.1:0\"\n\
             [database]\nurl = \"sqlite://denizen.db\"\n[secrets]\nkey_encryption_key_file = \"key\"\n\
             [assurance]\nfile = \"{}\"\n[sources]\ndir = \"sources.d\"\n",
            shipped.join("assurance.toml").display()
        );
        fs::write(place.path("denizen.toml"), text).unwrap();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn source(&self, name: &str, text: &str) {
        fs::write(self.path("sources.d").join(name), text).unwrap();
    }

    /// Every fault, with the folder cut off.
    fn faults(&self) -> Vec<String> {
        match load(&self.path("denizen.toml"), &BTreeMap::new()) {
            Ok(_) => Vec::new(),
            Err(error) => {
                let here = format!("{}/", self.0.path().display());
                error
                    .0
                    .iter()
                    .map(|fault| fault.to_string().replace(&here, ""))
                    .collect()
            }
        }
    }
}

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../config")
        .canonicalize()
        .unwrap()
}

const GOOD: &str = "source = \"bank_card\"\nurl = \"http://127.0.0.1:1/check\"\nkey_file = \"../bearer\"\n";

#[test]
fn every_fault_of_a_source_says_the_file_the_line_the_key_and_what_to_write() {
    let cases = [
        (GOOD.to_owned(), ""),
        (
            GOOD.replace("bank_card", "bank_cart"),
            "sources.d/s.toml:1: source: this program has no source \"bank_cart\"; it has",
        ),
        (
            GOOD.replace("../bearer", "../nowhere"),
            "sources.d/s.toml:3: key_file: sources.d/../nowhere cannot be read",
        ),
        (
            format!("{GOOD}time_limit_ms = 0\n"),
            "sources.d/s.toml:4: time_limit_ms: must be 100 to 30000",
        ),
        (
            format!("{GOOD}daily_quota = 0\n"),
            "sources.d/s.toml:4: daily_quota: 0 would ask nobody",
        ),
        (
            format!("{GOOD}cost_fen = 99999999\n"),
            "sources.d/s.toml:4: cost_fen: must be 0 to 1000000",
        ),
        (
            format!("{GOOD}colour = 1\n"),
            "sources.d/s.toml:4: unknown field `colour`",
        ),
        (
            GOOD.replace("http:", "ftp:"),
            "sources.d/s.toml:2: url: must begin with https://",
        ),
        (
            "source = \"bank_card\"\nkey_file = \"../bearer\"\n".to_owned(),
            "sources.d/s.toml:1: source: url is missing",
        ),
        (
            "source = \"bank_card\"\nurl = \"http://127.0.0.1:1/\"\n".to_owned(),
            "sources.d/s.toml:1: source: key_file is missing",
        ),
        (format!("{GOOD}[settings]\nx = 1\n"), "settings.x"),
        (
            format!("{GOOD}[ladder]\nlevel = 2\n"),
            "sources.d/s.toml:4: ladder: the ladder's file names this source already",
        ),
    ];
    for (text, expected) in cases {
        let place = Place::new();
        place.source("s.toml", &text);
        let faults = place.faults();
        if expected.is_empty() {
            assert!(faults.is_empty(), "{faults:?}");
        } else {
            assert_eq!(faults.len(), 1, "{text}: {faults:?}");
            assert!(faults[0].contains(expected), "{text}: {faults:?}");
        }
    }
}

#[test]
fn one_source_in_two_files_is_a_fault_and_production_wants_https() {
    let place = Place::new();
    place.source("a.toml", GOOD);
    place.source("b.toml", GOOD);
    let faults = place.faults();
    assert!(
        faults[0].contains("stands in") && faults[0].contains("a.toml too"),
        "{faults:?}"
    );
    let place = Place::new();
    place.source("a.toml", GOOD);
    let text = fs::read_to_string(place.path("denizen.toml")).unwrap();
    fs::write(
        place.path("denizen.toml"),
        text.replace("development", "production"),
    )
    .unwrap();
    let faults = place.faults();
    assert!(
        faults
            .iter()
            .any(|fault| fault.starts_with("sources.d/a.toml:2: url: must be https in production")),
        "{faults:?}"
    );
}

#[test]
fn attack_136_production_wants_https_wherever_people_codes_and_secrets_go() {
    let place = Place::new();
    place.source(
        "a.toml",
        "source = \"trusted_sign_in\"\nkey_file = \"../bearer\"\n[settings]\nkind = \"oauth2-alipay\"\n\
         partner = { zh-CN = \"甲\", en = \"A\", vi = \"A\" }\npartner_id = \"a\"\napp_id = \"1\"\n\
         authorize_url = \"https://a.example/\"\ntoken_url = \"http://a.example/t\"\n\
         user_url = \"HTTP://a.example/u\"\n",
    );
    let path = place.path("denizen.toml");
    let text = fs::read_to_string(&path).unwrap();
    let section = "[account.sources.population_register]\nurl = \"http://r.example/\"\nkey = \"k\"\n";
    fs::write(&path, format!("{text}{section}")).unwrap();
    assert_eq!(place.faults(), Vec::<String>::new(), "not in development");
    let production = text.replace("development", "production");
    fs::write(&path, format!("{production}{section}")).unwrap();
    let faults = place.faults();
    for expected in [
        "sources.d/a.toml:9: settings.token_url: must be https in production",
        "sources.d/a.toml:10: settings.user_url: must be https in production",
        "population_register.url: must be https in production",
    ] {
        assert!(
            faults.iter().any(|fault| fault.contains(expected)),
            "{expected}: {faults:?}"
        );
    }
}

/// Every source that this program has comes with an example, and every example is accepted as it is.
#[test]
fn every_source_has_an_example_that_is_accepted() {
    let place = Place::new();
    let mut named = Vec::new();
    for file in fs::read_dir(shipped().join("sources.d")).unwrap() {
        let file = file.unwrap().path();
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        let Some(target) = name.strip_suffix(".example") else {
            continue;
        };
        let text = fs::read_to_string(&file).unwrap();
        let table: toml::Table = text.parse().unwrap_or_else(|fault| panic!("{name}: {fault}"));
        named.push(table["source"].as_str().unwrap().to_owned());
        // Files that an installation brings along.
        place.source(
            target,
            &text.replace("/etc/denizen/", &format!("{}/etc/", place.0.path().display())),
        );
        for word in text
            .split('"')
            .filter_map(|word| word.strip_prefix("/etc/denizen/"))
        {
            let path = place.path("etc").join(word);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            if !path.exists() {
                fs::write(&path, example_file(word)).unwrap();
            }
        }
    }
    assert_eq!(place.faults(), Vec::<String>::new());
    for source in account::evidence::sources::ALL {
        use account::evidence::port::Road;
        let ours = matches!(source.road, Road::Review | Road::Counter);
        assert_eq!(named.iter().any(|name| name == source.id), !ours, "{}", source.id);
    }
}

/// What a file that an example names may hold.
fn example_file(name: &str) -> &'static str {
    if Path::new(name).extension().is_some_and(|kind| kind == "pem") {
        AUTHORITY
    } else {
        "a-key\n"
    }
}

/// An authority that nobody trusts: its key was thrown away.
const AUTHORITY: &str = "\
-----BEGIN CERTIFICATE-----
MIIBlDCCATmgAwIBAgIBATAKBggqhkjOPQQDAjAwMRAwDgYDVQQKDAdFeGFtcGxl
MRwwGgYDVQQDDBNFeGFtcGxlIHByb3ZpbmNlIENBMCAXDTIwMDEwMTAwMDAwMFoY
DzIxMjAwMTAxMDAwMDAwWjAwMRAwDgYDVQQKDAdFeGFtcGxlMRwwGgYDVQQDDBNF
eGFtcGxlIHByb3ZpbmNlIENBMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE67Ex
Q1IHiNVgPmeB7fOnIzH6X8/ZPQJjX4Qee5gXdo0h0pkYG553D5oABC3SFYO4pszs
WqLE4jBaMIB2WrJMWaNCMEAwHQYDVR0OBBYEFLpQj52WUxLqdRA58hLeVK6UGk6e
MA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgEGMAoGCCqGSM49BAMCA0kA
MEYCIQDitUYocGPLnAe/Ksr6Jd/mB6tjvEFY3KSO/KTlW3gZjgIhAKiiXg6ktk+Q
QjFcW5pgo/EdJXGiA3i+A6jAUfR7/YY8
-----END CERTIFICATE-----
";
