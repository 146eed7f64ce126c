//! The threads that hash. They are few and always the same ones, and each keeps its 19 MiB of working memory: the C
//! library hands out such large aligned blocks anew each time and cannot use the old ones again, so that a process
//! which asks for one a hash grows by one a hash.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use argon2::Block;
use tokio::sync::oneshot;

/// The working memory of one thread.
pub(super) type Memory = Vec<Block>;

type Work = Box<dyn FnOnce(&mut Memory) + Send>;

/// The threads. They end when the last handle is gone.
#[derive(Debug)]
pub(super) struct Threads(Sender<Work>);

impl Threads {
    /// Starts so many threads.
    pub(super) fn start(number: usize) -> std::io::Result<Self> {
        let (sender, receiver) = channel::<Work>();
        let receiver = Arc::new(Mutex::new(receiver));
        for index in 0..number.max(1) {
            let receiver = Arc::clone(&receiver);
            thread::Builder::new()
                .name(format!("hashing-{index}"))
                .spawn(move || work(&receiver))?;
        }
        Ok(Self(sender))
    }

    /// Does the work on one of the threads. `None` when it panicked, or the threads are gone.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Memory) -> T + Send + 'static,
    ) -> Option<T> {
        let (answer, answered) = oneshot::channel();
        let job = move |memory: &mut Memory| {
            // Whoever asked may have gone away; the work is done all the same.
            let _ = answer.send(work(memory));
        };
        self.0.send(Box::new(job)).ok()?;
        answered.await.ok()
    }
}

fn work(receiver: &Mutex<Receiver<Work>>) {
    let mut memory = Memory::new();
    loop {
        let next = receiver.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { return };
        // A panic costs one answer, not the thread.
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| job(&mut memory)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn attack_319_a_panic_costs_one_answer_and_no_thread() {
        let threads = Threads::start(1).unwrap();
        let lost: Option<()> = threads.run(|_| panic!("on purpose")).await;
        assert_eq!(lost, None);
        assert_eq!(threads.run(|_| 7).await, Some(7));
    }

    #[tokio::test]
    async fn attack_301_the_same_few_threads_do_all_the_work() {
        let threads = Threads::start(2).unwrap();
        let mut names = std::collections::BTreeSet::new();
        for _ in 0..20 {
            let name = threads.run(|_| thread::current().name().map(str::to_owned)).await;
            names.extend(name.flatten());
        }
        assert!(
            names.iter().all(|name| name.starts_with("hashing-")) && names.len() <= 2,
            "{names:?}"
        );
    }
}
