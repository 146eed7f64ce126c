//! The configuration of a world, written into a folder as an operator would write it.

use std::fs;
use std::path::{Path, PathBuf};

use sandbox::Bound;
use tempfile::TempDir;
use toml::{Table, Value};

use crate::clients::TestClient;

/// The root of the repository.
pub fn repository() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    root.canonicalize().expect("the repository")
}

/// A folder with `denizen.toml` and what it names.
#[derive(Debug)]
pub struct Folder {
    dir: TempDir,
}

/// What the configuration of a node differs by.
#[derive(Clone, Debug)]
pub struct Variant {
    /// `sqlite://…` or `postgres://…`.
    pub database: String,
    /// The issuer; a placeholder where the address is not known yet.
    pub issuer: String,
    /// The ports of the public and of the operations listener; 0 takes free ones.
    pub ports: (u16, u16),
    /// Changes to the usual configuration, as TOML.
    pub changes: String,
}

impl Folder {
    /// Writes everything but `denizen.toml`.
    pub fn new(sandbox: &Bound, clients: &[TestClient]) -> Self {
        let dir = tempfile::Builder::new()
            .prefix("denizen-world-")
            .tempdir()
            .expect("a folder");
        let folder = Self { dir };
        for name in ["clients.d", "agreements", "sources.d"] {
            fs::create_dir(folder.path(name)).expect("a folder");
        }
        for entry in fs::read_dir(repository().join("config/agreements")).expect("agreements") {
            let entry = entry.expect("a file");
            fs::copy(entry.path(), folder.path("agreements").join(entry.file_name())).expect("a copy");
        }
        fs::copy(
            repository().join("config/assurance.toml"),
            folder.path("assurance.toml"),
        )
        .expect("the ladder");
        folder.write("key-encryption.key", store::testing::KEY);
        folder.write("sources.key", &sandbox.config().keys.sources);
        folder.write("gateway.key", &sandbox.config().keys.gateway);
        folder.write("vendors.key", &sandbox.config().keys.vendors);
        for (name, text) in sandbox::dev::party_files(&sandbox.addresses().world_url()) {
            folder.write(&format!("sources.d/{name}"), &text);
        }
        let authority = sandbox::dev::authority_pem(&sandbox.config().keys).expect("an authority");
        folder.write("sources.d/sandbox-authority.pem", &authority);
        for route in [
            "bank-card",
            "social-security",
            "provident-fund",
            "driving-licence",
        ] {
            let (source, world) = (route.replace('-', "_"), sandbox.addresses().world_url());
            let text = format!(
                "source = \"{source}\"\nurl = \"{world}/sources/{route}/check\"\nkey_file = \"../sources.key\"\ntime_limit_ms = 1500\n"
            );
            folder.write(&format!("sources.d/{route}.toml"), &text);
        }
        for client in clients {
            folder.write_client(client);
        }
        let resource = sandbox.addresses().records_resource();
        for (site, url) in sandbox.config().sites.iter().zip(&sandbox.addresses().sites) {
            let id = &site.client_id;
            let text = sandbox::dev::sub_site_file(site, url, &resource);
            folder.write(&format!("clients.d/{id}.toml"), &text);
            if site.public_keys().is_none() {
                folder.write(&format!("clients.d/{id}.secret"), &site.client_secret);
            }
        }
        let office = &sandbox.config().records;
        let text = sandbox::dev::records_office_file(office, &resource);
        folder.write(&format!("clients.d/{}.toml", office.client_id), &text);
        folder.write(
            &format!("clients.d/{}.secret", office.client_id),
            &office.client_secret,
        );
        folder
    }

    /// Writes a client's file and its secret.
    pub fn write_client(&self, client: &TestClient) {
        let (text, secret) = client.files();
        self.write(&format!("clients.d/{}.toml", client.id), &text);
        if let Some(secret) = secret {
            self.write(&format!("clients.d/{}.secret", client.id), &secret);
        }
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file.
    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap_or_else(|fault| panic!("{name}: {fault}"));
    }

    /// Reads a file.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|fault| panic!("{name}: {fault}"))
    }

    /// Writes the configuration of one node and answers its path.
    pub fn write_node(
        &self,
        name: &str,
        sandbox: &sandbox::Addresses,
        keys: &sandbox::Keys,
        variant: &Variant,
    ) -> PathBuf {
        let mut config: Table = usual(sandbox, keys, variant)
            .parse()
            .expect("the usual configuration");
        let changes: Table = variant.changes.parse().expect("the changes");
        merge(&mut config, changes);
        let file = format!("{name}.toml");
        self.write(&file, &toml::to_string(&config).expect("TOML"));
        self.path(&file)
    }
}

fn usual(sandbox: &sandbox::Addresses, keys: &sandbox::Keys, variant: &Variant) -> String {
    let (world, (public, operations)) = (sandbox.world_url(), variant.ports);
    let Variant { database, issuer, .. } = variant;
    let source_key = &keys.sources;
    let smtp_port = sandbox.smtp.port();
    format!(
        r#"
environment = "development"
issuer = "{issuer}"

[listen]
address = "127.0.0.1:{public}"
operations_address = "127.0.0.1:{operations}"
# Tests come from many addresses at once and say so as a proxy would.
trusted_proxies = ["127.0.0.1"]

[database]
url = "{database}"
connections = 8

[secrets]
key_encryption_key_file = "key-encryption.key"

[assurance]
file = "assurance.toml"

[clients]
dir = "clients.d"

[agreements]
dir = "agreements"

# The parties that browsers are sent to; who is asked directly is below.
[sources]
dir = "sources.d"

# The sub-sites listen on loopback.
[outbound]
allow_addresses = ["127.0.0.0/8"]

[account.captcha]
sandbox_url = "{world}"

[account.register]
by_email = true

[account.email]
server = "127.0.0.1"
port = {smtp_port}
security = "none"
from = "no-reply@id.denizen.example"

[account.sms]
url = "{world}/gateway/sms"
key_file = "gateway.key"

# Cheap on purpose: hundreds of sign-ins in one run.
[account.password]
memory_kib = 256
passes = 1

# What a whole run does together is not what one attacker does.
[account.signin]
everybody_captcha_after = 1000000

[account.sources.population_register]
url = "{world}/sources/population-register/check"
key = "{source_key}"
time_limit_ms = 1500

[account.sources.mobile_operator]
url = "{world}/sources/mobile-operator/check"
key = "{source_key}"
time_limit_ms = 1500
"#
    )
}

fn merge(into: &mut Table, from: Table) {
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(Value::Table(old)), Value::Table(new)) => merge(old, new),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}
