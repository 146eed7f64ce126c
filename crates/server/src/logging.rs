//! Log lines: structured, to stderr, filtered by the configuration. Fields by name, messages fixed; what must
//! never be in a line is listed in `docs/logging.md`, and the types that hold it cannot be printed.
//!
//! Nothing that serves people ever waits for the log (A313): lines go into a bounded queue, and a thread of its own
//! writes them. When the reader of stderr stalls, the queue fills up, further lines are dropped and counted, and the
//! log says how many as soon as it can be written again. The audit log is elsewhere and loses nothing.

mod queue;

use std::time::Duration;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::{Log, LogFormat};
use queue::Lines;

/// How many lines wait at most.
const QUEUE_LINES: usize = 8192;

/// How long the end of the program waits for lines that are not written yet.
const FLUSH_LIMIT: Duration = Duration::from_secs(2);

/// Writes what still waits when it is dropped. Belongs to whoever runs the program to its end.
#[derive(Debug)]
#[must_use = "lines that wait are lost without it"]
pub struct Flush(Lines);

impl Drop for Flush {
    fn drop(&mut self) {
        self.0.flush_within(FLUSH_LIMIT);
    }
}

/// Whether a filter is one.
pub fn check_filter(filter: &str) -> Result<(), String> {
    EnvFilter::try_new(filter)
        .map(|_| ())
        .map_err(|error| error.to_string())
}

/// Starts logging. A second start (in tests) does nothing.
pub fn start(log: &Log) -> Result<Flush, String> {
    let filter = EnvFilter::try_new(&log.filter).map_err(|error| error.to_string())?;
    let lines = Lines::to(std::io::stderr(), QUEUE_LINES, log.format).map_err(|error| error.to_string())?;
    let registry = tracing_subscriber::registry().with(filter);
    let started = match log.format {
        LogFormat::Json => {
            let layer = fmt::layer()
                .json()
                .flatten_event(true)
                .with_current_span(true)
                .with_span_list(false);
            registry.with(layer.with_writer(lines.clone())).try_init()
        }
        LogFormat::Text => registry.with(fmt::layer().with_writer(lines.clone())).try_init(),
    };
    if started.is_ok() {
        report_panics();
    } else {
        tracing::debug!("logging was started before");
    }
    Ok(Flush(lines))
}

/// The standard hook writes to stderr by itself, which blocks like any other write. What the panic said is logged
/// where it is caught.
fn report_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map_or_else(|| "unknown".to_owned(), ToString::to_string);
        tracing::error!(place, "panicked");
    }));
}
