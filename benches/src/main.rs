//! Load: the whole silent sign-in (authorize with a live session, code, token, userinfo) for N residents, every
//! answer checked; prints what the provider's process spent on it. How to run it: `README.md` in this folder.

mod flow;
mod http;
mod meter;
mod residents;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use clap::Parser;

use crate::flow::{Site, Timings};
use crate::http::Connection;
use crate::meter::Meter;
use crate::residents::Resident;

/// What to load, and how much.
#[derive(Debug, Parser)]
#[command(after_help = "Example:\n  load --pid $(pgrep -x denizen) --secret-file data/clients.d/hefei-portal.secret")]
struct Options {
    /// How many residents sign in.
    #[arg(long, default_value_t = 64)]
    residents: usize,
    /// How many sign-ins are under way at a time.
    #[arg(long, default_value_t = 16)]
    concurrency: usize,
    /// For how long, in seconds, after one second of warming up.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// The provider.
    #[arg(long, default_value = "http://localhost:8080")]
    issuer: String,
    /// The sandbox world, which registers the residents.
    #[arg(long, default_value = "http://localhost:8090")]
    world: String,
    /// The sub-site that they sign in to.
    #[arg(long, default_value = "hefei-portal")]
    client: String,
    /// The file with its secret (client_secret_basic).
    #[arg(long)]
    secret_file: std::path::PathBuf,
    /// Its redirect address.
    #[arg(long, default_value = "http://127.0.0.1:8101/callback")]
    redirect_uri: String,
    /// The provider's process, whose time and memory are read.
    #[arg(long)]
    pid: u32,
    /// Processes of the database, whose time is read apart; comma-separated.
    #[arg(long, value_delimiter = ',')]
    database_pids: Vec<u32>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    ensure!(options.concurrency > 0 && options.residents >= options.concurrency, "as many residents as sign-ins at a time, or more");
    let site = Arc::new(Site::open(&options).await?);
    eprintln!("registering {} residents ...", options.residents);
    let residents = residents::register(&options, &site).await?;
    eprintln!("warming up ...");
    run(&options, &site, &residents, Duration::from_secs(1)).await?;
    let mut meter = Meter::start(options.pid, &options.database_pids)?;
    let begun = Instant::now();
    let timings = run(&options, &site, &residents, Duration::from_secs(options.seconds)).await?;
    let reading = meter.stop()?;
    report(&options, &timings, begun.elapsed(), &reading);
    Ok(())
}

async fn run(
    options: &Options,
    site: &Arc<Site>,
    residents: &Arc<Vec<Resident>>,
    life: Duration,
) -> anyhow::Result<Timings> {
    let next = Arc::new(AtomicUsize::new(0));
    let end = Instant::now() + life;
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..options.concurrency {
        let (site, residents, next) = (site.clone(), residents.clone(), next.clone());
        workers.spawn(async move {
            let mut connection = Connection::open(site.authority()).await?;
            let mut timings = Timings::default();
            while Instant::now() < end {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let resident = &residents[number % residents.len()];
                site.sign_in(&mut connection, resident, &mut timings)
                    .await
                    .with_context(|| format!("sign-in {number}"))?;
            }
            anyhow::Ok(timings)
        });
    }
    let mut all = Timings::default();
    while let Some(done) = workers.join_next().await {
        all.add(done??);
    }
    Ok(all)
}

fn report(options: &Options, timings: &Timings, wall: Duration, reading: &meter::Reading) {
    let flows = timings.flows();
    let per = |milliseconds: f64, number: usize| milliseconds / number.max(1) as f64;
    println!("residents {}, at a time {}, {:.1} s", options.residents, options.concurrency, wall.as_secs_f64());
    println!("flows {flows}, requests {}, all answers right", flows * 3);
    println!("flows/s {:.0}, requests/s {:.0}", flows as f64 / wall.as_secs_f64(), flows as f64 * 3.0 / wall.as_secs_f64());
    println!(
        "provider CPU ms: {:.3} a flow, {:.3} a request",
        per(reading.provider_ms, flows),
        per(reading.provider_ms, flows * 3)
    );
    if !options.database_pids.is_empty() {
        println!("database CPU ms: {:.3} a flow", per(reading.database_ms, flows));
    }
    println!("memory MiB: {:.1} now, {:.1} at most", reading.resident_mib, reading.peak_mib);
    for (name, p50, p99) in timings.percentiles() {
        println!("{name:9} p50 {p50:.2} ms, p99 {p99:.2} ms");
    }
}
