//! The sandbox world on its own.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use sandbox::Config;

/// The world around Denizen: registers, message gateways, an outbox, three city sub-sites, a records office. For development only.
#[derive(Parser)]
#[command(
    version,
    after_help = "Example:\n  denizen-sandbox serve --config sandbox.toml"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Answers until stopped by Ctrl-C.
    #[command(
        after_help = "Example:\n  denizen-sandbox serve --config sandbox.toml\n\nWithout a file: world on 127.0.0.1:8090, mail on :8025, sub-sites on :8101 to :8103, records office on :8104, provider at http://localhost:8080."
    )]
    Serve {
        /// The configuration, TOML.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let Command::Serve { config } = Arguments::parse().command;
    let config = match config.map_or_else(|| Ok(Config::default()), |file| Config::read(&file)) {
        Ok(config) => config,
        Err(error) => {
            tracing::error!("{error:#}");
            return ExitCode::from(2);
        }
    };
    match sandbox::serve_until_stopped(config).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
