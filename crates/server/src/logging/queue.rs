//! The bounded queue between those who log and the one thread that writes.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};

use crate::config::LogFormat;

/// Where log lines go in. Cheap to clone; never blocks.
#[derive(Clone, Debug)]
pub(super) struct Lines {
    queue: SyncSender<Vec<u8>>,
    counts: Arc<Counts>,
}

/// What went in, what came out, what did neither.
#[derive(Debug, Default)]
struct Counts {
    taken: AtomicU64,
    dropped: AtomicU64,
    written: Mutex<u64>,
    progress: Condvar,
}

impl Lines {
    /// Starts the thread that writes to `sink`. At most `capacity` lines wait for it.
    pub(super) fn to(
        sink: impl Write + Send + 'static,
        capacity: usize,
        format: LogFormat,
    ) -> io::Result<Self> {
        let (queue, waiting) = sync_channel(capacity);
        let counts = Arc::new(Counts::default());
        let mut output = Output {
            sink,
            counts: Arc::clone(&counts),
            format,
            since_notice: 0,
        };
        std::thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || output.run(&waiting, capacity))?;
        Ok(Self { queue, counts })
    }

    fn take(&self, line: &[u8]) {
        // Counted first: the writing thread must not be ahead of the count.
        self.counts.taken.fetch_add(1, Ordering::AcqRel);
        if self.queue.try_send(line.to_vec()).is_err() {
            self.counts.taken.fetch_sub(1, Ordering::AcqRel);
            self.counts.dropped.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Waits until everything that was taken up to now is written, but not longer than `limit`. Says whether it is.
    pub(super) fn flush_within(&self, limit: Duration) -> bool {
        let taken = self.counts.taken.load(Ordering::Acquire);
        let written = self.counts.written.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self
            .counts
            .progress
            .wait_timeout_while(written, limit, |written| {
                *written < taken || self.counts.dropped.load(Ordering::Acquire) > 0
            });
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }
}

impl Write for &Lines {
    /// The formatter hands over one whole line at a time.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.take(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = &'a Lines;

    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}

/// The writing thread's side.
struct Output<W> {
    sink: W,
    counts: Arc<Counts>,
    format: LogFormat,
    since_notice: usize,
}

impl<W: Write> Output<W> {
    fn run(&mut self, waiting: &Receiver<Vec<u8>>, capacity: usize) {
        loop {
            let line = match waiting.try_recv() {
                Ok(line) => line,
                Err(TryRecvError::Empty) => {
                    // Caught up: the moment to say what is missing.
                    self.notice();
                    match waiting.recv() {
                        Ok(line) => line,
                        Err(_) => return,
                    }
                }
                Err(TryRecvError::Disconnected) => return self.notice(),
            };
            // A line that cannot be written has nowhere else to go.
            let _ = self.sink.write_all(&line);
            self.progress(1);
            self.since_notice += 1;
            // Under a flood the queue is never empty; once for each queue's length is often enough.
            if self.since_notice >= capacity {
                self.notice();
            }
        }
    }

    /// Says how many lines were dropped since this was said last.
    fn notice(&mut self) {
        self.since_notice = 0;
        let lines = self.counts.dropped.load(Ordering::Acquire);
        if lines > 0 {
            let _ = self.sink.write_all(dropped(self.format, lines).as_bytes());
            self.counts.dropped.fetch_sub(lines, Ordering::AcqRel);
        }
        let _ = self.sink.flush();
        self.progress(0);
    }

    fn progress(&self, lines: u64) {
        *self.counts.written.lock().unwrap_or_else(PoisonError::into_inner) += lines;
        self.counts.progress.notify_all();
    }
}

/// The line that says how many are missing, in the form of the others.
fn dropped(format: LogFormat, lines: u64) -> String {
    let (target, message) = (module_path!(), "log lines were dropped");
    let mut time = String::new();
    let _ = SystemTime.format_time(&mut Writer::new(&mut time));
    match format {
        LogFormat::Json => {
            let line = serde_json::json!({
                "timestamp": time, "level": "WARN", "message": message, "lines": lines, "target": target,
            });
            format!("{line}\n")
        }
        LogFormat::Text => format!("{time}  WARN {target}: {message} lines={lines}\n"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};

    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    /// A reader of the log that takes nothing until it is told to go on.
    #[derive(Clone, Default)]
    struct Reader(Arc<Desk>);

    #[derive(Default)]
    struct Desk {
        read: Mutex<Read>,
        told: Condvar,
    }

    #[derive(Default)]
    struct Read {
        goes_on: bool,
        text: Vec<u8>,
    }

    impl Reader {
        fn go_on(&self) {
            self.0.read.lock().unwrap().goes_on = true;
            self.0.told.notify_all();
        }

        fn lines(&self) -> Vec<String> {
            let text = self.0.read.lock().unwrap().text.clone();
            String::from_utf8(text)
                .unwrap()
                .lines()
                .map(str::to_owned)
                .collect()
        }
    }

    impl Write for Reader {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let stalled = self.0.read.lock().unwrap();
            let mut read = self.0.told.wait_while(stalled, |read| !read.goes_on).unwrap();
            read.text.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Logs on a thread of its own, so that a log that blocks fails the test and does not stop it.
    fn log_many(lines: &Lines, count: u32, done: Sender<()>) {
        let layer = tracing_subscriber::fmt::layer()
            .json()
            .flatten_event(true)
            .with_writer(lines.clone());
        let subscriber = tracing_subscriber::registry().with(layer);
        std::thread::spawn(move || {
            tracing::subscriber::with_default(subscriber, || {
                for number in 0..count {
                    tracing::info!(number, "answered");
                }
            });
            done.send(()).unwrap();
        });
    }

    #[test]
    fn attack_313_a_log_that_is_not_read_blocks_nobody_and_later_says_what_is_missing() {
        let reader = Reader::default();
        let lines = Lines::to(reader.clone(), 8, LogFormat::Json).unwrap();
        let (done, finished) = channel();
        log_many(&lines, 100, done);
        finished.recv_timeout(LONG).expect("logging went on");
        assert!(
            !lines.flush_within(Duration::from_millis(1)),
            "and so does the end of the program"
        );

        reader.go_on();
        assert!(lines.flush_within(LONG));
        let entries: Vec<serde_json::Value> = reader
            .lines()
            .iter()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let (notices, written): (Vec<_>, Vec<_>) = entries
            .into_iter()
            .partition(|entry| entry["message"] == "log lines were dropped");
        let missing: u64 = notices
            .iter()
            .map(|notice| notice["lines"].as_u64().unwrap())
            .sum();
        assert_eq!(u64::try_from(written.len()).unwrap() + missing, 100);
        assert!(
            (8..=10).contains(&written.len()),
            "the queue's length: {}",
            written.len()
        );
        assert!(
            notices
                .iter()
                .all(|notice| notice["level"] == "WARN" && notice["timestamp"].is_string())
        );
    }

    #[test]
    fn everything_is_written_in_order_before_the_end() {
        let reader = Reader::default();
        reader.go_on();
        let lines = Lines::to(reader.clone(), 1000, LogFormat::Json).unwrap();
        let (done, finished) = channel();
        log_many(&lines, 500, done);
        finished.recv_timeout(LONG).unwrap();
        assert!(lines.flush_within(LONG));
        let numbers = reader.lines().into_iter().map(|line| {
            let entry: serde_json::Value = serde_json::from_str(&line).unwrap();
            entry["number"].as_u64().unwrap()
        });
        assert!(numbers.eq(0..500));
    }

    #[test]
    fn the_notice_has_the_form_of_the_other_lines() {
        let text = dropped(LogFormat::Text, 3);
        assert!(
            text.ends_with("log lines were dropped lines=3\n") && text.contains("WARN"),
            "{text}"
        );
    }
}
