//! Waiting for something that can be seen, with a limit.

use std::future::Future;
use std::time::{Duration, Instant};

/// How long a look that found nothing is followed by the next.
const PAUSE: Duration = Duration::from_millis(15);

/// Looks until there is something, and fails loudly when the limit is over.
pub async fn until<T, F>(what: &str, limit: Duration, mut look: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    let began = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(
            began.elapsed() < limit,
            "waited {} s in vain for {what}",
            limit.as_secs_f32()
        );
        tokio::time::sleep(PAUSE).await;
    }
}

/// The same for a condition.
pub async fn until_true<F>(what: &str, limit: Duration, mut look: impl FnMut() -> F)
where
    F: Future<Output = bool>,
{
    until(what, limit, || {
        let look = look();
        async move { look.await.then_some(()) }
    })
    .await;
}

/// The time between two looks, for who looks in a way of their own.
pub async fn pause() {
    tokio::time::sleep(PAUSE).await;
}
