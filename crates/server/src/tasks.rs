//! Background work: counted, named, told to stop, and waited for. A task that fails or panics is started again after
//! a pause, because the rest of the program still serves people; readiness says which one it is ([`Health`]).

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};

/// How long a failed task rests before it starts again.
const RESTART_PAUSE: Duration = Duration::from_secs(1);

/// How long a task that was started again must run before it counts as well.
const SETTLED: Duration = Duration::from_mins(1);

/// The sign that work should end. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Shutdown(watch::Receiver<bool>);

impl Shutdown {
    /// Completes when the program is to stop.
    pub async fn wait(mut self) {
        // An error means that the sender is gone, which is a stop as well.
        let _ = self.0.wait_for(|stop| *stop).await;
    }

    /// Whether the program is to stop.
    pub fn is_due(&self) -> bool {
        *self.0.borrow()
    }
}

/// What is wrong with a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ill {
    /// It panicked and is being started again.
    Panicking,
    /// It ended and cannot be started again.
    Gone,
}

/// Which background work is not well. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Health(Arc<Mutex<BTreeMap<&'static str, Ill>>>);

impl Health {
    /// The tasks that are not well.
    pub fn ill(&self) -> Vec<&'static str> {
        self.tasks().keys().copied().collect()
    }

    /// The tasks that only a new start of the program brings back.
    pub fn gone(&self) -> Vec<&'static str> {
        self.tasks()
            .iter()
            .filter(|(_, ill)| **ill == Ill::Gone)
            .map(|(name, _)| *name)
            .collect()
    }

    fn is_ill(&self, name: &'static str, ill: Ill) {
        self.tasks().insert(name, ill);
    }

    fn is_well(&self, name: &'static str) {
        self.tasks().remove(name);
    }

    fn tasks(&self) -> MutexGuard<'_, BTreeMap<&'static str, Ill>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The background work of the program.
#[derive(Debug)]
pub struct Tasks {
    stop: watch::Sender<bool>,
    set: JoinSet<()>,
    health: Health,
    stop_wait: Duration,
    restart_pause: Duration,
    settled: Duration,
}

impl Tasks {
    /// No work yet. Work that is told to stop is waited for as long as `stop_wait`.
    pub fn new(stop_wait: Duration) -> Self {
        Self {
            stop: watch::channel(false).0,
            set: JoinSet::new(),
            health: Health::default(),
            stop_wait,
            restart_pause: RESTART_PAUSE,
            settled: SETTLED,
        }
    }

    /// The sign that work should end.
    pub fn shutdown(&self) -> Shutdown {
        Shutdown(self.stop.subscribe())
    }

    /// How the work is.
    pub fn health(&self) -> Health {
        self.health.clone()
    }

    /// Runs one piece of work that ends only with the program and cannot be started a second time.
    pub fn once(&mut self, name: &'static str, work: impl Future<Output = ()> + Send + 'static) {
        let (shutdown, health) = (self.shutdown(), self.health.clone());
        self.set.spawn(async move {
            let ended = alone(work).await;
            if let Err(error) = &ended {
                tracing::error!(task = name, %error, "background work panicked");
            }
            if ended.is_err() || !shutdown.is_due() {
                health.is_ill(name, Ill::Gone);
                tracing::error!(task = name, "background work is gone until the next start");
            }
        });
    }

    /// Runs work that goes on until the sign that it is given; when it ends before, it is started again.
    pub fn keep<F>(&mut self, name: &'static str, mut work: impl FnMut(Shutdown) -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (shutdown, health) = (self.shutdown(), self.health.clone());
        let (pause, settled) = (self.restart_pause, self.settled);
        self.set.spawn(async move {
            loop {
                let mut run = std::pin::pin!(alone(work(shutdown.clone())));
                let ended = tokio::select! {
                    ended = &mut run => ended,
                    () = tokio::time::sleep(settled) => {
                        health.is_well(name);
                        run.await
                    }
                };
                if shutdown.is_due() {
                    return;
                }
                health.is_ill(name, Ill::Panicking);
                let error = ended
                    .err()
                    .map_or_else(|| "ended".to_owned(), |error| error.to_string());
                tracing::error!(
                    task = name,
                    error,
                    "background work panicked and is started again"
                );
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    () = shutdown.clone().wait() => return,
                }
            }
        });
    }

    /// Runs `work` again and again, `pause` apart, until the program stops. Neither a failure nor a panic is
    /// fatal, nor a reason to be called unready: what stops upkeep on one node stops it on all, and people are
    /// better served without it than not at all.
    pub fn every<F, E>(
        &mut self,
        name: &'static str,
        pause: Duration,
        mut work: impl FnMut() -> F + Send + 'static,
    ) where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: std::fmt::Display + Send + 'static,
    {
        let (shutdown, restart_pause) = (self.shutdown(), self.restart_pause);
        self.set.spawn(async move {
            loop {
                let rest = match alone(work()).await {
                    Ok(Ok(())) => pause,
                    Ok(Err(error)) => {
                        tracing::warn!(task = name, %error, "background work failed");
                        pause.max(restart_pause)
                    }
                    Err(error) => {
                        tracing::error!(task = name, %error, "background work panicked and is started again");
                        restart_pause
                    }
                };
                tokio::select! {
                    () = tokio::time::sleep(rest) => {}
                    () = shutdown.clone().wait() => return,
                }
            }
        });
    }

    /// Tells everything to stop and waits for it.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        let finished = async { while self.set.join_next().await.is_some() {} };
        if tokio::time::timeout(self.stop_wait, finished).await.is_err() {
            tracing::warn!("background work was cut at the stop limit");
        }
    }
}

/// Runs work in a task of its own, so that its panic ends only itself. Dropped, it takes the work with it.
async fn alone<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> Result<T, JoinError> {
    let mut set = JoinSet::new();
    set.spawn(work);
    match set.join_next().await {
        Some(ended) => ended,
        // Not reached: the set has one task.
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::sync::mpsc::unbounded_channel;

    use super::*;

    fn tasks() -> Tasks {
        let short = Duration::from_millis(1);
        Tasks {
            restart_pause: short,
            settled: short,
            ..Tasks::new(Duration::from_secs(20))
        }
    }

    /// Waits for what another task does, without a time of its own.
    async fn until(condition: impl Fn() -> bool) {
        let waited = async {
            while !condition() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), waited)
            .await
            .expect("it happens");
    }

    #[tokio::test]
    async fn a_round_that_panics_is_followed_by_another_and_the_node_stays_ready() {
        let mut tasks = tasks();
        let health = tasks.health();
        let (told, mut rounds) = unbounded_channel();
        let (seen, mut number) = (health.clone(), 0);
        tasks.every("refresh", Duration::ZERO, move || {
            number += 1;
            let (told, ill, number) = (told.clone(), seen.ill(), number);
            async move {
                told.send((number, ill)).unwrap();
                assert!(number != 2, "a round goes wrong");
                Ok::<_, Infallible>(())
            }
        });
        let mut next = async || rounds.recv().await.expect("a round");
        assert_eq!(next().await, (1, vec![]));
        assert_eq!(next().await, (2, vec![]));
        assert_eq!(next().await, (3, vec![]));
        assert_eq!(next().await, (4, vec![]));
        assert!(health.gone().is_empty());
        tasks.stop().await;
    }

    #[tokio::test]
    async fn work_that_panics_is_started_again_and_counts_as_well_once_it_stays() {
        let mut tasks = tasks();
        let health = tasks.health();
        let starts = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&starts);
        tasks.keep("delivery", move |shutdown| {
            let first = counted.fetch_add(1, Ordering::SeqCst) == 0;
            async move {
                assert!(!first, "the first start goes wrong");
                shutdown.wait().await;
            }
        });
        until(|| starts.load(Ordering::SeqCst) == 2).await;
        until(|| health.ill().is_empty()).await;
        tasks.stop().await;
        assert_eq!(
            starts.load(Ordering::SeqCst),
            2,
            "a stop is no reason to start again"
        );
        assert!(health.ill().is_empty());
    }

    #[tokio::test]
    async fn a_listener_that_ends_by_itself_is_gone_and_one_that_was_stopped_is_not() {
        let mut tasks = tasks();
        let health = tasks.health();
        let stop = tasks.shutdown();
        tasks.once("operations listener", stop.wait());
        tasks.once("public listener", async { panic!("the accept loop goes wrong") });
        until(|| health.gone() == ["public listener"]).await;
        tasks.stop().await;
        assert_eq!(health.gone(), ["public listener"]);
    }

    #[tokio::test]
    async fn stopping_waits_for_what_is_under_way() {
        let mut tasks = tasks();
        let (told, mut heard) = unbounded_channel();
        let stop = tasks.shutdown();
        tasks.once("slow", async move {
            stop.wait().await;
            tokio::time::sleep(Duration::from_millis(5)).await;
            told.send("finished").unwrap();
        });
        tasks.stop().await;
        assert_eq!(heard.try_recv(), Ok("finished"));
    }
}
