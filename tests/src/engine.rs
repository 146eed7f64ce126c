//! The threads that worlds run on. A test's own runtime ends with the test; a world that several tests share must not.

use std::future::Future;
use std::sync::LazyLock;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

static ENGINE: LazyLock<Runtime> = LazyLock::new(|| {
    install_tls();
    Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("world")
        .enable_all()
        .build()
        .expect("a runtime")
});

/// Runs something where it outlives the test that asks for it.
pub async fn run<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    ENGINE.spawn(work).await.expect("the world's work does not panic")
}

/// Starts something that nobody waits for.
pub fn start(work: impl Future<Output = ()> + Send + 'static) {
    drop(ENGINE.spawn(work));
}

/// `reqwest` is built without a TLS provider of its own. A second installation is refused and does no harm.
pub fn install_tls() {
    drop(rustls::crypto::ring::default_provider().install_default());
}

/// The client that everybody here uses: follows nothing, keeps no cookies, gives up in time.
pub fn http(keep_alive: bool) -> reqwest::Client {
    http_trusting(keep_alive, None)
}

/// The same, trusting one more authority, a PEM file.
pub fn http_trusting(keep_alive: bool, authority: Option<&std::path::Path>) -> reqwest::Client {
    install_tls();
    let mut builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .pool_idle_timeout(web::outbound::IDLE_LIMIT)
        .connect_timeout(Duration::from_secs(5))
        .timeout(Duration::from_secs(30));
    if let Some(authority) = authority {
        let pem = std::fs::read(authority).expect("an authority");
        builder = builder.tls_certs_merge([reqwest::Certificate::from_pem(&pem).expect("a certificate")]);
    }
    let builder = if keep_alive {
        builder
    } else {
        builder.pool_max_idle_per_host(0)
    };
    builder.build().expect("an HTTP client")
}

/// Sends a request where its connection outlives the test, because clients are shared between tests.
pub async fn send(request: reqwest::RequestBuilder) -> reqwest::Result<reqwest::Response> {
    run(request.send()).await
}
