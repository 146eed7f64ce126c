//! Background work: counted, named, told to stop, and waited for. A task that fails is started again after a
//! pause, because the rest of the program still serves people.

use std::future::Future;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

/// How long a failed task rests before it starts again.
const RESTART_PAUSE: Duration = Duration::from_secs(1);

/// How long stopping tasks are waited for.
const STOP_WAIT: Duration = Duration::from_secs(10);

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

/// The background work of the program.
#[derive(Debug)]
pub struct Tasks {
    stop: watch::Sender<bool>,
    set: JoinSet<()>,
}

impl Default for Tasks {
    fn default() -> Self {
        Self { stop: watch::channel(false).0, set: JoinSet::new() }
    }
}

impl Tasks {
    /// The sign that work should end.
    pub fn shutdown(&self) -> Shutdown {
        Shutdown(self.stop.subscribe())
    }

    /// Runs one piece of work until it ends.
    pub fn spawn(&mut self, work: impl Future<Output = ()> + Send + 'static) {
        self.set.spawn(work);
    }

    /// Runs `work` again and again, `pause` apart, until the program stops. A failure is logged, not fatal.
    pub fn every<F, E>(
        &mut self,
        name: &'static str,
        pause: Duration,
        mut work: impl FnMut() -> F + Send + 'static,
    ) where
        F: Future<Output = Result<(), E>> + Send,
        E: std::fmt::Display,
    {
        let shutdown = self.shutdown();
        self.set.spawn(async move {
            loop {
                let rest = match work().await {
                    Ok(()) => pause,
                    Err(error) => {
                        tracing::warn!(task = name, %error, "background work failed");
                        pause.max(RESTART_PAUSE)
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
        if tokio::time::timeout(STOP_WAIT, finished).await.is_err() {
            tracing::warn!("background work was cut at the stop limit");
        }
    }
}
