//! The provider as a child process: found or built, started, waited for, stopped.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

use super::Plan;
use crate::Running;
use crate::wire;

/// How long the provider may take to start: it makes its schema and keys.
const START: Duration = Duration::from_mins(2);
/// How long the provider may take to stop before it is killed.
const STOP: Duration = Duration::from_secs(10);
/// How often its state is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// The provider's binary beside this one; built when it is missing.
pub(super) fn find_or_build(rebuild: bool) -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().context("asking for the path of this program")?;
    let dir = own.parent().context("this program has no folder")?;
    let binary = dir.join("denizen");
    if binary.exists() && !rebuild {
        return Ok(binary);
    }
    super::say(&["Building the provider; the first time takes some minutes ..."])?;
    let mut build = Command::new("cargo");
    build.args(["build", "--quiet", "-p", "server", "--bin", "denizen"]);
    if dir.file_name().is_some_and(|name| name == "release") {
        build.arg("--release");
    }
    let status = build
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .status()
        .context("running cargo to build the provider")?;
    if !status.success() || !binary.exists() {
        bail!("the provider could not be built ({status}); try: cargo build -p server --bin denizen");
    }
    Ok(binary)
}

/// A running provider.
pub(super) struct Provider {
    child: Child,
}

impl Provider {
    /// Starts the provider; its log goes where ours goes.
    pub(super) fn spawn(binary: &Path, config: &Path) -> anyhow::Result<Self> {
        let child = Command::new(binary)
            .arg("serve")
            .arg("--config")
            .arg(config)
            .stdin(Stdio::null())
            .spawn()
            .with_context(|| format!("starting {}", binary.display()))?;
        Ok(Self { child })
    }

    /// Waits until it answers, or says why it does not.
    pub(super) async fn wait_until_ready(&mut self, plan: &Plan) -> anyhow::Result<()> {
        let client = wire::outbound()?;
        let urls = [
            format!("http://{}/health/ready", plan.operations),
            format!("{}/.well-known/openid-configuration", plan.issuer),
        ];
        let answers = async {
            for url in &urls {
                while !client
                    .get(url)
                    .send()
                    .await
                    .is_ok_and(|response| response.status().is_success())
                {
                    tokio::time::sleep(LOOK).await;
                }
            }
        };
        tokio::select! {
            () = answers => Ok(()),
            ended = self.wait() => ended,
            () = tokio::time::sleep(START) => bail!("the provider did not become ready within {} s", START.as_secs()),
        }
    }

    /// Waits for the end of the provider, which is always an error: it was to run on.
    pub(super) async fn wait(&mut self) -> anyhow::Result<()> {
        let status = self.ended().await?;
        bail!("the provider ended: {status}")
    }

    /// Asks it to stop and waits; kills it when it does not.
    pub(super) async fn stop(mut self) {
        // A Ctrl-C in a terminal has reached it as well; a signal to this process alone has not.
        let asked = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .stderr(Stdio::null())
            .status();
        if asked.is_err() || tokio::time::timeout(STOP, self.ended()).await.is_err() {
            drop(self.child.kill());
            drop(self.child.wait());
        }
    }

    async fn ended(&mut self) -> anyhow::Result<ExitStatus> {
        loop {
            if let Some(status) = self.child.try_wait().context("looking after the provider")? {
                return Ok(status);
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            drop(self.child.kill());
        }
    }
}

/// Registers one resident, so that there is somebody to sign in as; says how, or nothing when it did not work (in a kept
/// directory the resident is there already).
pub(super) async fn seed_resident(running: &Running) -> Option<String> {
    let wish = json!({ "citizen_id": "420000198511150022", "level": 1, "password": "Lotus-harbour-58" });
    let client = wire::outbound().ok()?;
    let url = format!("{}/residents", running.addresses().world_url());
    let response = client
        .post(url)
        .timeout(Duration::from_mins(1))
        .json(&wish)
        .send()
        .await
        .ok()?;
    let created = response.status().is_success();
    let answer: Value = response.json().await.ok()?;
    if !created {
        tracing::info!(%answer, "no resident was registered in advance");
        return None;
    }
    let text = |key: &str| {
        answer
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let level = answer.get("level").and_then(Value::as_u64).unwrap_or_default();
    let phone = text("phone");
    let national = phone.strip_prefix("+86").unwrap_or(&phone);
    Some(format!(
        "{}   {}   {national}   password {}   (level {level})",
        text("name"),
        text("citizen_id"),
        text("password")
    ))
}
