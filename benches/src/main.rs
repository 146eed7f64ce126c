//! Load on a running provider, every answer checked; prints what the provider's process spent on it, and the
//! database's. Which workloads there are and how to run it: `README.md` in this folder.

mod flow;
mod http;
mod meter;
mod residents;
mod timings;
mod unit;
mod work;

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use clap::Parser;

use crate::flow::Site;
use crate::meter::Meter;
use crate::timings::Timings;
use crate::work::{Shared, Work, Worker};

/// What to load, and how much.
#[derive(Debug, Parser)]
#[command(after_help = "Example:\n  load --pid $(pgrep -x denizen) --secret-file data/clients.d/hefei-portal.secret")]
struct Options {
    /// What to do, one after the other; comma-separated.
    #[arg(long, value_delimiter = ',', default_value = "sign-in")]
    work: Vec<Work>,
    /// How many residents there are.
    #[arg(long, default_value_t = 64)]
    residents: usize,
    /// How many requests are under way at a time.
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
    /// The sub-site.
    #[arg(long, default_value = "hefei-portal")]
    client: String,
    /// The file with its secret (client_secret_basic); left out for a public client.
    #[arg(long)]
    secret_file: Option<std::path::PathBuf>,
    /// Its redirect address.
    #[arg(long, default_value = "http://127.0.0.1:8101/callback")]
    redirect_uri: String,
    /// What it asks for in its own name.
    #[arg(long, default_value = "bench.read")]
    service_scope: String,
    /// The resource that it asks tokens in its own name for.
    #[arg(long)]
    resource: Option<String>,
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
    ensure!(
        options.concurrency > 0 && options.residents >= options.concurrency,
        "as many residents as requests at a time, or more"
    );
    let unit = unit::signature()?;
    println!("unit: {:.1} us of CPU for an ES256 token, here and now", unit * 1000.0);
    for work in options.work.clone() {
        one(&options, work, unit).await.with_context(|| format!("{work:?}"))?;
    }
    Ok(())
}

async fn one(options: &Options, work: Work, unit: f64) -> anyhow::Result<()> {
    let site = Site::open(options).await?;
    let residents = if work.has_residents() {
        eprintln!("registering {} residents ...", options.residents);
        residents::register(options, &site, work).await?
    } else {
        Vec::new()
    };
    let shared = Arc::new(Shared::new(site, work, options, residents));
    let mut workers = Vec::new();
    for _ in 0..options.concurrency {
        workers.push(Worker::ready(shared.clone()).await?);
    }
    eprintln!("warming up ...");
    let (workers, _) = run(workers, Duration::from_secs(1)).await?;
    let mut meter = Meter::start(options.pid, &options.database_pids)?;
    let begun = Instant::now();
    let (_, timings) = run(workers, Duration::from_secs(options.seconds)).await?;
    let reading = meter.stop()?;
    report(options, work, (timings, begun.elapsed()), &reading, unit);
    Ok(())
}

async fn run(workers: Vec<Worker>, life: Duration) -> anyhow::Result<(Vec<Worker>, Timings)> {
    let end = Instant::now() + life;
    let mut under_way = tokio::task::JoinSet::new();
    for mut worker in workers {
        under_way.spawn(async move {
            let mut timings = Timings::default();
            while Instant::now() < end {
                worker.round(&mut timings).await?;
            }
            anyhow::Ok((worker, timings))
        });
    }
    let (mut workers, mut all) = (Vec::new(), Timings::default());
    while let Some(done) = under_way.join_next().await {
        let (worker, timings) = done??;
        workers.push(worker);
        all.add(timings);
    }
    Ok((workers, all))
}

fn report(options: &Options, work: Work, (timings, wall): (Timings, Duration), reading: &meter::Reading, unit: f64) {
    let (rounds, requests) = (timings.rounds(), timings.requests());
    let per = |milliseconds: f64, number: usize| milliseconds / number.max(1) as f64;
    let (provider, database) = (per(reading.provider_ms, rounds), per(reading.database_ms, rounds));
    println!("== {work:?}: {} at a time, {:.1} s", options.concurrency, wall.as_secs_f64());
    println!("rounds {rounds}, requests {requests}, all answers right");
    println!(
        "rounds/s {:.0}, requests/s {:.0}",
        rounds as f64 / wall.as_secs_f64(),
        requests as f64 / wall.as_secs_f64()
    );
    println!(
        "provider CPU ms: {provider:.4} a round, {:.4} a request, {:.1} u a round",
        per(reading.provider_ms, requests),
        provider / unit
    );
    if !options.database_pids.is_empty() {
        println!("database CPU ms: {database:.4} a round, {:.1} u a round", database / unit);
    }
    println!("memory MiB: {:.1} now, {:.1} at most", reading.resident_mib, reading.peak_mib);
    for (name, p50, p99) in timings.percentiles() {
        println!("{name:13} p50 {p50:.2} ms, p99 {p99:.2} ms");
    }
}
