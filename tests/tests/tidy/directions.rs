//! Which crate may name which. The picture is in `ARCHITECTURE.md`; this is the one that counts.

use std::collections::BTreeSet;

use crate::repository::{files, none, toml};

const PRODUCT: &[&str] = &[
    "model",
    "jose",
    "store",
    "web",
    "account",
    "consent",
    "provider",
    "operator",
    "migrations",
];

/// A crate, and every crate of ours that it may name, in `dependencies` and `dev-dependencies` alike.
const MAY_NAME: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("migrations", &[]),
    ("jose", &["model"]),
    ("store", &["model", "migrations"]),
    ("web", &["model"]),
    ("account", &["model", "jose", "store", "web"]),
    ("consent", &["model", "store", "web"]),
    (
        "provider",
        &["model", "jose", "store", "web", "account", "consent"],
    ),
    (
        "operator",
        &["model", "store", "web", "account", "consent", "provider"],
    ),
    ("server", PRODUCT),
    // A relying party and a world: it knows the provider only over HTTP.
    ("sandbox", &["model"]),
    // Looks at everything from outside.
    (
        "acceptance",
        &[
            "model",
            "jose",
            "store",
            "web",
            "account",
            "consent",
            "provider",
            "operator",
            "server",
            "sandbox",
            "migrations",
        ],
    ),
];

/// A library that only these crates may name, so that what it can do wrong is looked after in one place.
const NAMED_ONLY_BY: &[(&str, &[&str])] = &[
    ("josekit", &["jose"]),
    // Certificates that name persons; the authority of the sandbox; the authenticator that operators' tests have.
    ("openssl", &["jose", "account", "operator", "sandbox"]),
    ("sea-orm", &["store", "migrations"]),
    ("sea-orm-migration", &["store", "migrations"]),
    ("sqlx", &["store"]),
    ("argon2", &["account"]),
    ("webauthn-rs", &["account", "operator"]),
    ("captcha", &["account"]),
    ("lettre", &["account"]),
    ("xorf", &["account"]),
    ("openidconnect", &["sandbox", "acceptance"]),
    ("aes-gcm", &["store"]),
    ("tokio-rustls", &["web"]),
    ("hyper", &["web"]),
    ("hyper-util", &["web"]),
    ("thirtyfour", &["acceptance"]),
];

/// A crate's name, its manifest's path, and every dependency that it names in any section.
fn crates() -> Vec<(String, String, BTreeSet<String>)> {
    let mut found = Vec::new();
    for folder in ["crates", "migrations", "tests"] {
        for manifest in files(folder, &["Cargo.toml"]) {
            let table = toml(&manifest.path);
            let Some(name) = table.get("package").and_then(|package| package.get("name")) else {
                continue;
            };
            let mut names = BTreeSet::new();
            dependencies(&table, &mut names);
            found.push((name.as_str().unwrap().to_owned(), manifest.path, names));
        }
    }
    assert!(found.len() >= MAY_NAME.len(), "the crates were not found");
    found
}

fn dependencies(table: &toml::Table, names: &mut BTreeSet<String>) {
    for (section, content) in table {
        let Some(content) = content.as_table() else {
            continue;
        };
        match section.as_str() {
            "dependencies" | "dev-dependencies" | "build-dependencies" => {
                for (name, value) in content {
                    let real = value.get("package").and_then(toml::Value::as_str).unwrap_or(name);
                    names.insert(real.to_owned());
                }
            }
            "target" => content
                .values()
                .filter_map(toml::Value::as_table)
                .for_each(|of| dependencies(of, names)),
            _ => {}
        }
    }
}

#[test]
fn crates_name_only_the_crates_below_them() {
    let ours: BTreeSet<&str> = MAY_NAME.iter().map(|(name, _)| *name).collect();
    let mut findings = Vec::new();
    for (name, manifest, dependencies) in crates() {
        let Some((_, allowed)) = MAY_NAME.iter().find(|(known, _)| *known == name) else {
            findings.push(format!(
                "{manifest}: the crate {name} is new; a decision record and a line here come first"
            ));
            continue;
        };
        for dependency in dependencies
            .iter()
            .filter(|dependency| ours.contains(dependency.as_str()))
        {
            if !allowed.contains(&dependency.as_str()) {
                findings.push(format!(
                    "{manifest}: {name} -> {dependency} is not an arrow of the picture"
                ));
            }
        }
    }
    none("Directions between crates", &findings);
}

#[test]
fn dangerous_libraries_are_named_in_one_place() {
    let mut findings = Vec::new();
    for (name, manifest, dependencies) in crates() {
        for (library, holders) in NAMED_ONLY_BY {
            if dependencies.contains(*library) && !holders.contains(&name.as_str()) {
                findings.push(format!(
                    "{manifest}: {library} is for {} only",
                    holders.join(", ")
                ));
            }
        }
    }
    none("Libraries named once", &findings);
}

#[test]
fn every_crate_takes_the_workspaces_lints_and_versions() {
    let mut findings = Vec::new();
    for (name, manifest, _) in crates() {
        let table = toml(&manifest);
        let lints = table
            .get("lints")
            .and_then(|lints| lints.get("workspace"))
            .and_then(toml::Value::as_bool);
        if lints != Some(true) && name != "acceptance" {
            findings.push(format!("{manifest}: [lints] workspace = true is missing"));
        }
        for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let Some(of) = table.get(section).and_then(toml::Value::as_table) else {
                continue;
            };
            for (dependency, value) in of {
                if value.get("workspace").and_then(toml::Value::as_bool) != Some(true) {
                    findings.push(format!(
                        "{manifest}: {dependency}: its version belongs into the root Cargo.toml"
                    ));
                }
            }
        }
    }
    none("One set of lints and versions", &findings);
}
