//! The two applications of `tests/clients`, which are asked the same things: a server in JavaScript and one in Python.

use std::os::unix::fs::symlink;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Program, variable};
use crate::certificate::Certificate;
use crate::engine;
use crate::folder::repository;
use crate::wait;

/// How long an interpreter may take to its first word. A busy machine is slow.
const START_LIMIT: Duration = Duration::from_secs(60);

/// A running application, which plays any number of clients.
#[derive(Debug)]
pub struct Application {
    program: Program,
    base: String,
    http: reqwest::Client,
    _folder: TempDir,
}

impl Application {
    /// `openid-client` on Node.
    pub async fn javascript() -> Self {
        Self::javascript_with(None).await
    }

    /// The same over TLS, trusting the authority of the certificate.
    pub async fn javascript_with(certificate: Option<&Certificate>) -> Self {
        let folder = folder();
        // A module is looked for beside the file that asks for it, and the repository holds no libraries.
        let server = folder.path().join("server.mjs");
        std::fs::copy(repository().join("tests/clients/javascript/server.mjs"), &server).expect("a copy");
        let modules = variable("DENIZEN_TEST_NODE_MODULES");
        symlink(&modules, folder.path().join("node_modules")).expect("a link");
        let mut command = Command::new(variable("DENIZEN_TEST_NODE"));
        command.arg(server);
        if let Some(certificate) = certificate {
            command
                .args(certificate.files())
                .env("NODE_EXTRA_CA_CERTS", certificate.authority());
        }
        Self::start(command, folder, certificate).await
    }

    /// Authlib with Flask on Python.
    pub async fn python() -> Self {
        let folder = folder();
        let mut command = Command::new(variable("DENIZEN_TEST_PYTHON"));
        command
            .arg("-B")
            .arg(repository().join("tests/clients/python/server.py"));
        Self::start(command, folder, None).await
    }

    async fn start(command: Command, folder: TempDir, certificate: Option<&Certificate>) -> Self {
        let program = Program::start(command);
        let port = wait::until("a relying party to listen", START_LIMIT, || async {
            let said = program.said();
            said.lines()
                .find_map(|line| line.strip_prefix("listening ")?.parse::<u16>().ok())
        })
        .await;
        Self {
            program,
            base: match certificate {
                Some(_) => format!("https://127.0.0.1:{port}"),
                None => format!("http://127.0.0.1:{port}"),
            },
            http: engine::http_trusting(true, certificate.map(Certificate::authority).as_deref()),
            _folder: folder,
        }
    }

    /// Where a client's pages are, without a slash at the end.
    pub fn base(&self, client: &str) -> String {
        format!("{}/{client}", self.base)
    }

    /// One of a client's pages.
    pub fn at(&self, client: &str, path: &str) -> String {
        format!("{}/{client}/{path}", self.base)
    }

    /// Where a client publishes its keys.
    pub fn keys_address(&self, client: &str) -> String {
        format!("{}/keys/{client}", self.base)
    }

    /// The public half of a client's key.
    pub async fn key(&self, client: &str) -> Value {
        let set = self.ask(self.http.get(self.keys_address(client))).await;
        set.expect("keys")["keys"][0].clone()
    }

    /// Tells the application how a client is registered.
    pub async fn configure(&self, client: &str, settings: &Value) {
        let request = self
            .http
            .put(format!("{}/clients/{client}", self.base))
            .json(settings);
        self.ask(request).await.expect("settings that fit");
    }

    /// Has the library do something that needs no browser; answers what it answered, or how it failed.
    pub async fn act(
        &self,
        client: &str,
        what: &str,
        session: &str,
        fields: &[(&str, &str)],
    ) -> Result<Value, Value> {
        let request = self
            .http
            .post(self.at(client, &format!("do/{what}")))
            .query(&[("session", session)])
            .form(fields);
        self.ask(request).await
    }

    /// The same, where it has to work.
    pub async fn does(&self, client: &str, what: &str, session: &str, fields: &[(&str, &str)]) -> Value {
        self.act(client, what, session, fields)
            .await
            .unwrap_or_else(|fault| panic!("{client}: {what}: {fault:#}\n{}", self.program.said()))
    }

    /// Registers a client over the wire (RFC 7591).
    pub async fn register(&self, client: &str, metadata: &Value, token: &str) -> Result<Value, Value> {
        let request = self
            .http
            .post(self.at(client, "register"))
            .json(&json!({ "metadata": metadata, "token": token }));
        self.ask(request).await
    }

    /// What a client was told by the provider behind the browser's back, or in a frame.
    pub async fn told(&self, client: &str) -> Vec<Value> {
        let request = self.http.get(format!("{}/told/{client}", self.base));
        let told = self.ask(request).await.expect("a list");
        told.as_array().expect("a list").clone()
    }

    /// What it printed.
    pub fn said(&self) -> String {
        self.program.said()
    }

    async fn ask(&self, request: reqwest::RequestBuilder) -> Result<Value, Value> {
        let answer = engine::send(request).await.expect("the relying party answers");
        let status = answer.status();
        let text = answer.text().await.expect("text");
        let body = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{status}: no JSON: {text}"));
        if status.is_success() { Ok(body) } else { Err(body) }
    }
}

fn folder() -> TempDir {
    tempfile::Builder::new()
        .prefix("denizen-client-")
        .tempdir()
        .expect("a folder")
}
