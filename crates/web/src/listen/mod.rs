//! Our own listener: HTTP/1.1 by hyper behind limits that `axum::serve` does not have.
//!
//! hyper was measured to wait for ever for an unfinished header, and to accept two hosts, none, bare line feeds and
//! both lengths at once (the latter two cannot be seen any more once it has parsed). So every connection runs through
//! [`guard`], which reads each head before hyper does, refuses what [`head`] finds wrong, and keeps the time
//! (RFC 9112, sections 2.2, 3, 5 and 6; attacks A191, A198, A302, A303).
//!
//! HTTP/2 is not offered: a proxy in front may speak it.

mod body;
mod chunks;
mod guard;
mod head;
mod limits;
mod tls;

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tower::ServiceExt as _;

pub(crate) use body::BodyFault;
pub use limits::{Limits, LimitsFault};
pub use tls::{Tls, TlsError};

use crate::client_address::{PeerAddress, TrustedProxies};
use crate::metrics::HttpMetrics;
use guard::Guard;

/// How a listener treats its connections.
#[derive(Clone, Debug)]
pub struct Options {
    /// The limits.
    pub limits: Limits,
    /// The counters.
    pub metrics: HttpMetrics,
    /// Proxies have many people behind one address: the cap per address does not hold for them.
    pub trusted_proxies: TrustedProxies,
    /// Paths to which pictures are posted. One that ends with a slash stands for everything below it.
    pub uploads: &'static [&'static str],
}

/// How long a request may take whose body is larger than others'. The listener notes it at the request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UploadTime(pub(crate) Duration);

impl Options {
    /// Whether pictures may be posted to a path.
    fn takes_uploads(&self, request: &hyper::Request<Incoming>) -> bool {
        let path = request.uri().path();
        let fits = |known: &&str| path == *known || (known.ends_with('/') && path.starts_with(*known));
        request.method() == hyper::Method::POST && self.uploads.iter().any(fits)
    }
}

/// A listener that has its address and takes no connection yet.
#[derive(Debug)]
pub struct Bound {
    listener: TcpListener,
    local_address: SocketAddr,
    tls: Option<Tls>,
}

impl Bound {
    /// Takes an address. Port 0 lets the system choose.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let local_address = listener.local_addr()?;
        Ok(Self {
            listener,
            local_address,
            tls: None,
        })
    }

    /// The address that it has.
    pub const fn local_address(&self) -> SocketAddr {
        self.local_address
    }

    /// Speaks TLS.
    #[must_use]
    pub fn with_tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Serves until `shutdown` is done, then finishes what is under way, up to the drain limit.
    pub async fn serve(self, router: Router, options: Options, shutdown: impl Future<Output = ()> + Send) {
        let (stop, stopping) = watch::channel(false);
        let shared = Arc::new(Shared {
            router,
            tls: self.tls,
            options,
            per_address: Mutex::default(),
        });
        let drain = Duration::from_millis(shared.options.limits.drain_timeout_ms);
        let mut connections = JoinSet::new();
        let mut shutdown = std::pin::pin!(shutdown);
        loop {
            tokio::select! {
                () = &mut shutdown => break,
                Some(_) = connections.join_next() => {}
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, peer)) => {
                        if let Some(seat) = shared.seat(peer.ip(), connections.len()) {
                            connections.spawn(connection(stream, peer, Arc::clone(&shared), seat, stopping.clone()));
                        }
                    }
                    Err(error) => pause_after(&error).await,
                },
            }
        }
        drop(self.listener);
        let _ = stop.send(true);
        let finished = async { while connections.join_next().await.is_some() {} };
        if tokio::time::timeout(drain, finished).await.is_err() {
            tracing::warn!("connections were cut at the drain limit");
        }
        connections.shutdown().await;
    }
}

/// Out of file handles or a connection that was gone before we looked: not a reason to stop, nor to spin.
async fn pause_after(error: &io::Error) {
    let gone = matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    );
    if !gone {
        tracing::error!(%error, "accept failed");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

struct Shared {
    router: Router,
    tls: Option<Tls>,
    options: Options,
    per_address: Mutex<HashMap<IpAddr, usize>>,
}

impl Shared {
    /// A place for one more connection, or nothing when a cap is reached.
    fn seat(self: &Arc<Self>, peer: IpAddr, open: usize) -> Option<Seat> {
        let limits = &self.options.limits;
        let peer = peer.to_canonical();
        let mut per_address = self.per_address.lock().unwrap_or_else(PoisonError::into_inner);
        let here = per_address.entry(peer).or_insert(0);
        let capped = *here >= limits.connections_per_address && !self.options.trusted_proxies.contains(peer);
        if open >= limits.connections || capped {
            if *here == 0 {
                per_address.remove(&peer);
            }
            self.options.metrics.connection_refused();
            return None;
        }
        *here += 1;
        self.options.metrics.connections().inc();
        Some(Seat {
            shared: Arc::clone(self),
            peer,
        })
    }
}

/// One open connection in the counts; leaves them when dropped.
struct Seat {
    shared: Arc<Shared>,
    peer: IpAddr,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.shared.options.metrics.connections().dec();
        let mut per_address = self
            .shared
            .per_address
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(here) = per_address.get_mut(&self.peer) {
            *here -= 1;
            if *here == 0 {
                per_address.remove(&self.peer);
            }
        }
    }
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    shared: Arc<Shared>,
    seat: Seat,
    stopping: watch::Receiver<bool>,
) {
    let _ = stream.set_nodelay(true);
    let _seat = seat;
    match &shared.tls {
        None => speak(stream, peer, &shared, stopping).await,
        Some(tls) => {
            let limit = Duration::from_millis(shared.options.limits.header_timeout_ms);
            match tokio::time::timeout(limit, tls.accept(stream)).await {
                Ok(Ok(stream)) => speak(stream, peer, &shared, stopping).await,
                Ok(Err(error)) => tracing::debug!(%error, "TLS handshake failed"),
                Err(_) => tracing::debug!("TLS handshake too slow"),
            }
        }
    }
}

async fn speak<S>(stream: S, peer: SocketAddr, shared: &Shared, mut stopping: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let limits = shared.options.limits.clone();
    let router = shared.router.clone();
    let options = shared.options.clone();
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        let limits = &options.limits;
        let upload = options.takes_uploads(&request);
        let bounds = if upload {
            (limits.upload_bytes, limits.upload_timeout_ms)
        } else {
            (limits.body_bytes, limits.request_timeout_ms)
        };
        let mut request: Request = request.map(|body| Body::new(body::Bounded::new(body, bounds)));
        request.extensions_mut().insert(PeerAddress(peer));
        if upload {
            let time = UploadTime(Duration::from_millis(limits.upload_timeout_ms));
            request.extensions_mut().insert(time);
        }
        router.clone().oneshot(request)
    });
    let mut builder = http1::Builder::new();
    // The guard has refused longer heads before hyper sees them; these are the second line.
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(
            limits.idle_timeout_ms.saturating_add(limits.header_timeout_ms),
        ))
        .max_headers(limits.headers)
        .max_buf_size(limits.header_bytes.max(8192) + 4096);
    let mut serving =
        std::pin::pin!(builder.serve_connection(TokioIo::new(Guard::new(stream, limits)), service));
    let ended = tokio::select! {
        ended = serving.as_mut() => ended,
        () = stopped(&mut stopping) => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection ended");
    }
}

async fn stopped(stopping: &mut watch::Receiver<bool>) {
    // An error means that the listener itself is gone: that is a stop as well.
    let _ = stopping.wait_for(|stop| *stop).await;
}

#[cfg(test)]
mod tests;
