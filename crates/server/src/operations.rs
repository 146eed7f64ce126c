//! The second listener: health and metrics, for the platform and not for people.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use store::Store;

use crate::tasks::{Health, Shutdown};

/// What the answers are made from.
#[derive(Clone, Debug)]
pub struct Operations {
    /// The database that readiness asks.
    pub store: Store,
    /// The counters.
    pub registry: Arc<Registry>,
    /// Whether the program is stopping.
    pub shutdown: Shutdown,
    /// How the background work is.
    pub health: Health,
}

/// All of it is for programs: see [`web::middleware::Outer::programs`].
pub const PROGRAMS: [&str; 1] = ["/"];

/// `/health/live`, `/health/ready`, `/metrics`.
pub fn router(operations: Operations) -> Router {
    Router::new()
        .route("/health/live", get(live))
        .route("/health/ready", get(ready))
        .route("/metrics", get(metrics))
        .with_state(operations)
}

/// A new start would help: only then it is not live.
async fn live(State(operations): State<Operations>) -> Response {
    match operations.health.gone().as_slice() {
        [] => "live\n".into_response(),
        gone => (
            StatusCode::SERVICE_UNAVAILABLE,
            format!("gone: {}\n", gone.join(", ")),
        )
            .into_response(),
    }
}

async fn ready(State(operations): State<Operations>) -> Response {
    if operations.shutdown.is_due() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n").into_response();
    }
    let ill = operations.health.ill();
    if !ill.is_empty() {
        let text = format!("background work panicked: {}\n", ill.join(", "));
        return (StatusCode::SERVICE_UNAVAILABLE, text).into_response();
    }
    match operations.store.ping().await {
        Ok(()) => "ready\n".into_response(),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response()
        }
    }
}

async fn metrics(State(operations): State<Operations>) -> Response {
    let mut text = String::new();
    match encode(&mut text, &operations.registry) {
        Ok(()) => {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(CONTENT_TYPE, kind)], text).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::body::to_bytes;

    use super::*;
    use crate::tasks::Tasks;

    async fn text(response: Response) -> (StatusCode, String) {
        let status = response.status();
        let bytes = to_bytes(response.into_body(), 1000).await.unwrap();
        (status, String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_node_without_its_listener_is_neither_ready_nor_live_and_says_why() {
        let stores = store::testing::stores().await;
        let mut tasks = Tasks::new(Duration::from_secs(20));
        let operations = Operations {
            store: stores[0].store.clone(),
            registry: Arc::default(),
            shutdown: tasks.shutdown(),
            health: tasks.health(),
        };
        let ask = async || {
            let (live, ready) = (
                live(State(operations.clone())).await,
                ready(State(operations.clone())).await,
            );
            (text(live).await, text(ready).await)
        };
        let (live, ready) = ask().await;
        assert_eq!(live, (StatusCode::OK, "live\n".to_owned()));
        assert_eq!(ready, (StatusCode::OK, "ready\n".to_owned()));

        tasks.once("public listener", async { panic!("the accept loop goes wrong") });
        while operations.health.gone().is_empty() {
            tokio::task::yield_now().await;
        }
        let (live, ready) = ask().await;
        assert_eq!(live.0, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(ready.0, StatusCode::SERVICE_UNAVAILABLE);
        assert!(ready.1.contains("public listener"), "{}", ready.1);
        tasks.stop().await;
        assert_eq!(ask().await.1.1, "stopping\n");
    }
}
