//! What each command does.

mod audit;
mod check_config;
mod clients;
mod keys;
mod migrate;
mod operator;
mod serve;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use model::clock::Clock;
use model::rng::Rng;
use store::Store;

use crate::cli::{Audit, Cli, Command, Keys};
use crate::config::{self, ConfigError, Loaded};

/// Wrong use, or a configuration that can't be used.
const WRONG_USE: u8 = 2;

/// Runs a command and answers with its exit code.
pub async fn run(cli: Cli) -> ExitCode {
    let done = match cli.command {
        Command::Serve(file) => Box::pin(serve::run(&file.config)).await,
        Command::CheckConfig(file) => check_config::run(&file.config).await,
        Command::Migrate { file, to, dry_run } => migrate::run(&file.config, to, dry_run).await,
        Command::Clients(command) => clients::run(command).await,
        Command::Keys(Keys::List(file)) => keys::list(&file.config).await,
        Command::Keys(Keys::Rotate { file, now }) => keys::rotate(&file.config, now).await,
        Command::Keys(Keys::Retire { file, kid, now }) => {
            keys::retire(&file.config, kid.as_deref(), now).await
        }
        Command::Operator(command) => operator::run(command).await,
        Command::Audit(Audit::Verify(file)) => audit::verify(&file.config).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            let wrong_use = error.downcast_ref::<ConfigError>().is_some();
            if wrong_use {
                ExitCode::from(WRONG_USE)
            } else {
                ExitCode::FAILURE
            }
        }
    }
}

#[expect(clippy::print_stderr, reason = "talk goes to stderr")]
fn complain(error: &anyhow::Error) {
    eprintln!("{error:#}");
}

/// Writes a line that is no result.
#[expect(clippy::print_stderr, reason = "talk goes to stderr")]
fn talk(line: &str) {
    eprintln!("{line}");
}

/// Writes a line of a command's result.
#[expect(clippy::print_stdout, reason = "results go to stdout")]
fn say(line: &str) {
    println!("{line}");
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the environment"
)]
fn load(file: &Path) -> Result<Loaded, ConfigError> {
    let environment: BTreeMap<_, _> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    config::load(file, &environment)
}

/// Opens the database that a configuration names.
async fn open_store(loaded: &Loaded) -> anyhow::Result<Store> {
    crate::app::open_store(loaded, Clock::system(), Rng::system()).await
}
