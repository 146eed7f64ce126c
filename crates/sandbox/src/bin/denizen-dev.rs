//! Starts the sandbox world and the provider together for development.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use sandbox::dev::{Options, Ports, run};

/// Runs the sandbox world and the provider on loopback, with SQLite in a throw-away directory, until Ctrl-C.
#[derive(Parser)]
#[command(version, after_help = "Example:\n  denizen-dev --keep ./dev-data")]
struct Arguments {
    /// Keep the data in this directory and go on with it next time.
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// Build the provider even when its binary is there.
    #[arg(long)]
    rebuild: bool,
    /// Port of the provider; 0 takes a free one, here and below.
    #[arg(long, default_value_t = Ports::default().provider)]
    provider_port: u16,
    /// Port of the provider's health and metrics.
    #[arg(long, default_value_t = Ports::default().operations)]
    operations_port: u16,
    /// Port of the world.
    #[arg(long, default_value_t = Ports::default().world)]
    world_port: u16,
    /// Port of the world's mail server.
    #[arg(long, default_value_t = Ports::default().smtp)]
    smtp_port: u16,
    /// Port of the Hefei sub-site.
    #[arg(long, default_value_t = Ports::default().hefei)]
    hefei_port: u16,
    /// Port of the Yichang sub-site.
    #[arg(long, default_value_t = Ports::default().yichang)]
    yichang_port: u16,
    /// Port of the Nanning sub-site.
    #[arg(long, default_value_t = Ports::default().nanning)]
    nanning_port: u16,
    /// Port of the records office.
    #[arg(long, default_value_t = Ports::default().records)]
    records_port: u16,
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let given = Arguments::parse();
    let options = Options {
        keep: given.keep,
        rebuild: given.rebuild,
        ports: Ports {
            provider: given.provider_port,
            operations: given.operations_port,
            world: given.world_port,
            smtp: given.smtp_port,
            hefei: given.hefei_port,
            yichang: given.yichang_port,
            nanning: given.nanning_port,
            records: given.records_port,
        },
    };
    match run(options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
