//! The program `denizen`.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let cli = server::cli::Cli::parse();
    // Every outgoing TLS connection goes through rustls with ring; a second installation is not an error.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(server::cli::run(cli)),
        Err(_) => ExitCode::FAILURE,
    }
}
