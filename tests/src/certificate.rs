//! A certificate for the provider's own TLS, and the authority that signed it: made for one test, by OpenSSL.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

/// A certificate for `localhost` and 127.0.0.1, as files in a folder.
#[derive(Clone, Debug)]
pub struct Certificate {
    folder: Arc<TempDir>,
}

impl Certificate {
    /// Makes an authority and a certificate.
    pub fn make() -> Self {
        let folder = tempfile::Builder::new().prefix("denizen-tls-").tempdir();
        let this = Self {
            folder: Arc::new(folder.expect("a folder")),
        };
        fs::write(
            this.path("names.txt"),
            "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n",
        )
        .expect("a file");
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
        for arguments in [
            format!("req -x509 {key} -keyout ca.key -out ca.pem -days 2 -subj /CN=authority"),
            format!("req {key} -keyout key.pem -out request.pem -subj /CN=localhost"),
            "x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names.txt \
             -out own.pem"
                .to_owned(),
        ] {
            this.openssl(&arguments);
        }
        let chain =
            ["own.pem", "ca.pem"].map(|name| fs::read_to_string(this.path(name)).expect("a certificate"));
        fs::write(this.path("chain.pem"), chain.concat()).expect("a chain");
        this
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The authority, as a PEM file.
    pub fn authority(&self) -> PathBuf {
        self.path("ca.pem")
    }

    /// The certificate with what leads to the authority, and its key, as PEM files.
    pub fn files(&self) -> [PathBuf; 2] {
        ["chain.pem", "key.pem"].map(|name| self.path(name))
    }

    /// The lines of the configuration.
    pub fn lines(&self) -> String {
        let [chain, key] = self.files();
        format!("\n[listen.tls]\ncertificate_file = {chain:?}\nkey_file = {key:?}\n")
    }

    /// The name by which a browser can be told to trust this one key: SHA-256 over its public half.
    pub fn fingerprint(&self) -> String {
        let key = self.openssl("pkey -in key.pem -pubout -outform DER");
        STANDARD.encode(Sha256::digest(key))
    }

    fn openssl(&self, arguments: &str) -> Vec<u8> {
        let done = Command::new("openssl")
            .args(arguments.split_whitespace())
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .output()
            .unwrap_or_else(|fault| panic!("openssl: {fault}"));
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "openssl {arguments}: {said}");
        done.stdout
    }
}
