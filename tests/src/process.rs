//! The real program in a process of its own, which can be killed at any moment and started again.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use rand::RngExt as _;

use crate::engine;
use crate::wait;

/// How long a program may take to its first answer. Debug builds on a busy machine are slow.
const START_LIMIT: Duration = Duration::from_secs(60);

/// Where programs listen that are told their port: below those that systems lend to outgoing connections (from 32768 on
/// Linux), one of which would take the port before the program does or while it is down, and beside those among which
/// `./test` looks for its PostgreSQL. Chromium refuses 10080.
const PORTS: std::ops::Range<u16> = 11_000..20_000;

/// A port that is free and that nobody else in this run is given.
pub fn free_port() -> u16 {
    static NEXT: LazyLock<AtomicUsize> =
        LazyLock::new(|| AtomicUsize::new(rand::rng().random_range(0..PORTS.len())));
    (0..PORTS.len())
        .filter_map(|_| {
            PORTS
                .clone()
                .nth(NEXT.fetch_add(1, Ordering::Relaxed) % PORTS.len())
        })
        .find(|port| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("a free port")
}

/// Where `cargo` put a program of the workspace.
pub fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a path");
    let folder = test.parent().and_then(Path::parent).expect("target/debug");
    let path = folder.join(name);
    assert!(
        path.exists(),
        "{} is missing; `cargo test --workspace` builds it",
        path.display()
    );
    path
}

/// What a command of the program answered.
#[derive(Debug)]
pub struct Finished {
    /// Its exit code.
    pub code: i32,
    /// Its results.
    pub out: String,
    /// Its talk.
    pub err: String,
}

/// Runs a command of the program to its end.
pub async fn command(arguments: &[&str]) -> Finished {
    let mut command = Command::new(binary("denizen"));
    command.args(arguments).stdin(Stdio::null());
    let done = tokio::task::spawn_blocking(move || command.output().expect("the program runs"));
    let done = done.await.expect("no panic");
    Finished {
        code: done.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&done.stdout).into_owned(),
        err: String::from_utf8_lossy(&done.stderr).into_owned(),
    }
}

/// A running program.
#[derive(Debug)]
pub struct Process {
    child: Child,
    config: PathBuf,
    public_port: u16,
    operations_port: u16,
    log: Arc<Mutex<String>>,
}

impl Process {
    /// Starts the provider.
    pub fn start(config: &Path, public_port: u16, operations_port: u16) -> Self {
        let log = Arc::new(Mutex::new(String::new()));
        Self {
            child: spawn(config, &log),
            config: config.to_owned(),
            public_port,
            operations_port,
            log,
        }
    }

    /// Waits until it answers.
    pub async fn is_ready(&self) {
        let http = engine::http(false);
        let url = format!("{}/health/ready", self.operations());
        let look = || async {
            let answer = engine::send(http.get(&url)).await.ok()?;
            answer.status().is_success().then_some(())
        };
        let what = format!("the provider to start; it said:\n{}", self.said());
        wait::until(&what, START_LIMIT, look).await;
    }

    /// The address of its second listener.
    pub fn operations(&self) -> String {
        format!("http://127.0.0.1:{}", self.operations_port)
    }

    /// The port of its public listener.
    pub fn port(&self) -> u16 {
        self.public_port
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it without a chance to say anything (SIGKILL).
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Asks it to end (SIGTERM) and waits; answers whether it ended well.
    pub async fn terminate(&mut self) -> bool {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status().expect("kill");
        assert!(sent.success());
        let child = &mut self.child;
        let mut status = None;
        for _ in 0..2000 {
            if let Some(ended) = child.try_wait().expect("its status") {
                status = Some(ended);
                break;
            }
            tokio::time::sleep(Duration::from_millis(15)).await;
        }
        status.expect("the program ends within 30 s of SIGTERM").success()
    }

    /// Starts it again, on the same database and ports.
    pub async fn restart(&mut self) {
        self.kill();
        self.child = spawn(&self.config, &self.log);
        self.is_ready().await;
    }

    /// Everything that it wrote to its standard error so far.
    pub fn said(&self) -> String {
        self.log.lock().expect("no panic").clone()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

fn spawn(config: &Path, log: &Arc<Mutex<String>>) -> Child {
    let mut child = Command::new(binary("denizen"))
        .arg("serve")
        .arg("--config")
        .arg(config)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let streams: [Box<dyn std::io::Read + Send>; 2] = [
        Box::new(child.stderr.take().expect("a pipe")),
        Box::new(child.stdout.take().expect("a pipe")),
    ];
    for stream in streams {
        let log = Arc::clone(log);
        std::thread::spawn(move || {
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                let mut log = log.lock().expect("no panic");
                log.push_str(&line);
                log.push('\n');
            }
        });
    }
    child
}
