//! What stands before two nodes: gives each request to the next node in turn, whatever connection it came on.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use tokio::net::TcpListener;

use crate::engine;

/// The front of a world with two nodes.
#[derive(Clone, Debug)]
pub struct Balancer {
    address: SocketAddr,
    listener: Arc<Mutex<Option<TcpListener>>>,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    targets: Mutex<Vec<SocketAddr>>,
    turn: AtomicUsize,
    /// How many requests each node was given.
    given: Mutex<Vec<usize>>,
    only: Mutex<Option<usize>>,
    http: Mutex<Option<reqwest::Client>>,
}

impl Balancer {
    /// Takes a port.
    pub async fn bind() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        Self {
            address: listener.local_addr().expect("an address"),
            listener: Arc::new(Mutex::new(Some(listener))),
            shared: Arc::default(),
        }
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Begins to answer.
    pub fn serve(&self, targets: Vec<SocketAddr>) {
        *self.shared.given.lock().expect("no panic") = vec![0; targets.len()];
        *self.shared.targets.lock().expect("no panic") = targets;
        *self.shared.http.lock().expect("no panic") = Some(engine::http(true));
        let listener = self
            .listener
            .lock()
            .expect("no panic")
            .take()
            .expect("served once");
        let router = Router::new().fallback(pass).with_state(Arc::clone(&self.shared));
        engine::start(async move {
            let _ = axum::serve(listener, router).await;
        });
    }

    /// How many requests each node was given.
    pub fn given(&self) -> Vec<usize> {
        self.shared.given.lock().expect("no panic").clone()
    }

    /// From now on gives everything to one node, or (`None`) to each in turn.
    pub fn only(&self, node: Option<usize>) {
        *self.shared.only.lock().expect("no panic") = node;
    }
}

async fn pass(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (number, target) = {
        let targets = shared.targets.lock().expect("no panic");
        let next = shared.turn.fetch_add(1, Ordering::Relaxed) % targets.len();
        let number = shared.only.lock().expect("no panic").unwrap_or(next);
        shared.given.lock().expect("no panic")[number] += 1;
        (number, targets[number])
    };
    let http = shared.http.lock().expect("no panic").clone().expect("a client");
    let (parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let body = to_bytes(body, 1 << 20).await.unwrap_or_default();
    let mut passed = http.request(parts.method, format!("http://{target}{path}"));
    for (name, value) in &parts.headers {
        // The Host stays the issuer's: that is what a proxy must keep.
        if name != header::CONTENT_LENGTH && name != header::CONNECTION {
            passed = passed.header(name, value);
        }
    }
    match passed.body(body).send().await {
        Ok(answer) => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = answer.status();
            for (name, value) in answer.headers() {
                if name != header::TRANSFER_ENCODING && name != header::CONNECTION {
                    response.headers_mut().append(name, value.clone());
                }
            }
            *response.body_mut() = Body::from(answer.bytes().await.unwrap_or_default());
            response
        }
        Err(_) => (StatusCode::BAD_GATEWAY, format!("node {number} does not answer")).into_response(),
    }
}
