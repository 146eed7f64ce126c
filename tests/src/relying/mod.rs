//! Relying parties that other people wrote, as programs of their own: `openid-client` (JavaScript), Authlib (Python) and
//! Apache's `mod_auth_openidc`. What they refuse is not up to us; that is what they are here for.
//!
//! `./test` installs them and says by environment variables where they are; without these a test fails and says so.

mod apache;
mod application;
mod registration;

use std::io::{BufRead as _, BufReader, Read};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

pub use apache::Apache;
pub use application::Application;
pub use registration::Registration;

/// What `./test` says about where things are.
fn variable(name: &str) -> String {
    let value = std::env::var(name).unwrap_or_default();
    assert!(
        !value.is_empty(),
        "{name} is not set: ./test installs the relying parties of the acceptance tests and says where they are"
    );
    value
}

/// A program that goes when its owner goes.
#[derive(Debug)]
struct Program {
    child: Child,
    said: Arc<Mutex<String>>,
}

impl Program {
    /// Starts it in a process group of its own; what it says is kept. It holds our end of its standard input as long
    /// as we live, so that one that several tests share ends with the last of them.
    fn start(mut command: Command) -> Self {
        let what = format!("{:?}", command.get_program());
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap_or_else(|fault| panic!("{what}: {fault}"));
        let said = Arc::new(Mutex::new(String::new()));
        let streams: [Box<dyn Read + Send>; 2] = [
            Box::new(child.stdout.take().expect("a pipe")),
            Box::new(child.stderr.take().expect("a pipe")),
        ];
        for stream in streams {
            let said = Arc::clone(&said);
            std::thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    let mut said = said.lock().expect("no panic");
                    said.push_str(&line);
                    said.push('\n');
                }
            });
        }
        Self { child, said }
    }

    /// Everything that it said so far.
    fn said(&self) -> String {
        self.said.lock().expect("no panic").clone()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let group = format!("-{}", self.child.id());
        drop(Command::new("kill").args(["-KILL", "--", &group]).status());
        drop(self.child.wait());
    }
}
