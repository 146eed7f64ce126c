//! The limits of a connection, tried over real sockets with raw bytes.

use super::*;
use crate::client_address::ClientAddress;
use crate::extract::RawParams;
use crate::middleware::{Hosts, Outer, outer};
use crate::page::Kit;
use axum::routing::{get, post};
use model::clock::Clock;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::oneshot;

struct Running {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinSet<()>,
}

impl Running {
    async fn stop(mut self) {
        let _ = self.stop.take().unwrap().send(());
        while self.serving.join_next().await.is_some() {}
    }
}

fn routes() -> Router {
    Router::new()
        .route(
            "/",
            get(|address: ClientAddress| async move { format!("hello {}", address.0) }),
        )
        .route(
            "/form",
            post(|form: RawParams| async move { format!("{} fields", form.body.len()) }),
        )
        .route(
            "/upload/form",
            post(|form: RawParams| async move { format!("{} fields", form.body.len()) }),
        )
        .route("/large", get(|| async { "x".repeat(8 << 20) }))
        .route(
            "/wait",
            get(|| async {
                tokio::time::sleep(Duration::from_millis(150)).await;
                "waited"
            }),
        )
}

async fn start(limits: Limits) -> Running {
    let bound = Bound::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = bound.local_address();
    let kit = Kit::for_tests(&[], Clock::manual(chrono::DateTime::UNIX_EPOCH)).unwrap();
    let metrics = HttpMetrics::unregistered();
    let request_timeout_ms = 5_000;
    let layers = Outer {
        kit,
        metrics: metrics.clone(),
        hosts: Hosts::Any,
        programs: &[],
        request_timeout_ms,
    };
    let options = Options {
        limits,
        metrics,
        trusted_proxies: TrustedProxies::default(),
        uploads: &["/upload/"],
    };
    let (stop, stopped) = oneshot::channel::<()>();
    let mut serving = JoinSet::new();
    serving.spawn(bound.serve(outer(routes(), layers), options, async {
        let _ = stopped.await;
    }));
    Running {
        address,
        stop: Some(stop),
        serving,
    }
}

/// Sends raw bytes and reads until the server closes or is silent for a while.
async fn raw(running: &Running, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let _ = stream.write_all(bytes).await;
    read_all(&mut stream).await
}

async fn read_all(stream: &mut TcpStream) -> String {
    let mut got = Vec::new();
    let mut piece = [0; 4096];
    while let Ok(Ok(size)) = tokio::time::timeout(Duration::from_millis(700), stream.read(&mut piece)).await {
        if size == 0 {
            break;
        }
        got.extend_from_slice(&piece[..size]);
    }
    String::from_utf8_lossy(&got).into_owned()
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or("none")
}

#[tokio::test]
async fn attack_191_198_heads_that_can_be_read_in_two_ways_are_refused() {
    let running = start(Limits::default()).await;
    let fields = "Content-Type: application/x-www-form-urlencoded\r\n";
    let cases = [
        (
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".to_owned(),
            "200",
        ),
        ("GET / HTTP/1.1\r\n\r\n".to_owned(), "400"),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n".to_owned(), "400"),
        ("GET / HTTP/1.1\r\nHost: a\r\nhOST: b\r\n\r\n".to_owned(), "400"),
        (
            format!(
                "POST /form HTTP/1.1\r\nHost: a\r\n{fields}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            ),
            "400",
        ),
        (
            format!(
                "POST /form HTTP/1.1\r\nHost: a\r\n{fields}Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n"
            ),
            "400",
        ),
        (
            format!(
                "POST /form HTTP/1.1\r\nHost: a\r\n{fields}Content-Length: 3\r\nContent-Length: 3\r\n\r\na=b"
            ),
            "400",
        ),
        (
            format!("POST /form HTTP/1.1\r\nHost: a\r\n{fields}Content-Length: +3\r\n\r\na=b"),
            "400",
        ),
        (
            format!("POST /form HTTP/1.1\r\nHost: a\r\n{fields}Content-Length: 3, 3\r\n\r\na=b"),
            "400",
        ),
        (
            format!("POST /form HTTP/1.1\r\nHost: a\r\n{fields}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
            "400",
        ),
        (
            format!(
                "POST /form HTTP/1.1\r\nHost: a\r\n{fields}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n"
            ),
            "400",
        ),
        ("GET / HTTP/1.1\nHost: a\n\n".to_owned(), "400"),
        ("GET / HTTP/1.1\r\nHost: a\n\r\n".to_owned(), "400"),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n".to_owned(),
            "400",
        ),
        ("GET / HTTP/1.1\r\nHost : a\r\n\r\n".to_owned(), "400"),
        ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), "400"),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n".to_owned(), "400"),
        ("GET / HTTP/2.0\r\nHost: a\r\n\r\n".to_owned(), "400"),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), "400"),
        ("\u{16}\u{3}\u{1}nonsense\r\n\r\n".to_owned(), "400"),
    ];
    for (head, expected) in cases {
        let answer = raw(&running, head.as_bytes()).await;
        assert_eq!(status(&answer), expected, "{head:?} -> {answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{head:?} -> {answer}");
    }
    running.stop().await;
}

#[tokio::test]
async fn attack_303_large_heads_are_refused_and_the_answer_arrives() {
    let running = start(Limits::default()).await;
    let head = |lines: &str| format!("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{lines}\r\n");
    let many = |count: usize| "X: y\r\n".repeat(count);
    assert_eq!(status(&raw(&running, head(&many(62)).as_bytes()).await), "200");
    assert_eq!(status(&raw(&running, head(&many(63)).as_bytes()).await), "431");
    assert_eq!(status(&raw(&running, head(&many(101)).as_bytes()).await), "431");
    let cookie = |bytes: usize| head(&format!("Cookie: {}\r\n", "a".repeat(bytes)));
    assert_eq!(status(&raw(&running, cookie(15 * 1024).as_bytes()).await), "200");
    assert_eq!(status(&raw(&running, cookie(16 * 1024).as_bytes()).await), "431");
    assert_eq!(status(&raw(&running, cookie(420 * 1024).as_bytes()).await), "431");
    let url = |bytes: usize| {
        format!(
            "GET /?{} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            "a".repeat(bytes)
        )
    };
    assert_eq!(status(&raw(&running, url(8 * 1024 - 2).as_bytes()).await), "200");
    assert_eq!(status(&raw(&running, url(8 * 1024).as_bytes()).await), "414");
    assert_eq!(status(&raw(&running, url(64 * 1024).as_bytes()).await), "414");
    running.stop().await;
}

#[tokio::test]
async fn attack_302_slow_heads_and_bodies_and_idle_connections_are_dropped() {
    let limits = Limits {
        header_timeout_ms: 60,
        idle_timeout_ms: 90,
        request_timeout_ms: 80,
        ..Limits::default()
    };
    let running = start(limits).await;

    let answer = raw(&running, b"GET / HTTP/1.1\r\nHost: a\r\n").await;
    assert_eq!(status(&answer), "408", "{answer}");

    let fields = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 9";
    let answer = raw(
        &running,
        format!("POST /form HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\na=b").as_bytes(),
    )
    .await;
    assert_eq!(status(&answer), "408", "{answer}");

    // Silent from the start, and silent after an answer: closed without a word.
    assert_eq!(raw(&running, b"").await, "");
    let answer = raw(&running, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.matches("HTTP/1.1").count() == 1,
        "{answer}"
    );

    // Our own work is not the caller's silence.
    let answer = raw(&running, b"GET /wait HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(answer.ends_with("waited"), "{answer}");
    running.stop().await;
}

#[tokio::test]
async fn attack_302_a_reader_that_takes_nothing_is_dropped() {
    let running = start(Limits {
        write_timeout_ms: 60,
        drain_timeout_ms: 30_000,
        ..Limits::default()
    })
    .await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream
        .write_all(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        .await
        .unwrap();
    stream.readable().await.unwrap();
    let before = std::time::Instant::now();
    running.stop().await;
    assert!(before.elapsed() < Duration::from_secs(15));
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_whether_announced_or_not() {
    let running = start(Limits {
        body_bytes: 2048,
        ..Limits::default()
    })
    .await;
    let kind = "Host: a\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded";
    let sized = |bytes: usize| {
        format!(
            "POST /form HTTP/1.1\r\n{kind}\r\nContent-Length: {bytes}\r\n\r\n{}",
            "a".repeat(bytes)
        )
    };
    assert_eq!(status(&raw(&running, sized(2048).as_bytes()).await), "200");
    assert_eq!(status(&raw(&running, sized(2049).as_bytes()).await), "413");
    let chunked = |bytes: usize| {
        let text = "a".repeat(bytes);
        format!(
            "POST /form HTTP/1.1\r\n{kind}\r\nTransfer-Encoding: chunked\r\n\r\n{bytes:x}\r\n{text}\r\n0\r\n\r\n"
        )
    };
    assert_eq!(status(&raw(&running, chunked(2048).as_bytes()).await), "200");
    assert_eq!(status(&raw(&running, chunked(2049).as_bytes()).await), "413");
    running.stop().await;
}

#[tokio::test]
async fn attack_303_only_the_pages_that_take_pictures_take_large_bodies() {
    let running = start(Limits {
        body_bytes: 2048,
        upload_bytes: 8192,
        ..Limits::default()
    })
    .await;
    let kind = "Host: a\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded";
    let sized = |path: &str, bytes: usize| {
        let text = "a".repeat(bytes);
        format!("POST {path} HTTP/1.1\r\n{kind}\r\nContent-Length: {bytes}\r\n\r\n{text}")
    };
    for (path, bytes, expected) in [
        ("/upload/form", 8192, "200"),
        ("/upload/form", 8193, "413"),
        ("/form", 2049, "413"),
        ("/form?/upload/", 2049, "413"),
    ] {
        let answer = raw(&running, sized(path, bytes).as_bytes()).await;
        assert_eq!(status(&answer), expected, "{path} {bytes}");
    }
    running.stop().await;
}

#[tokio::test]
async fn a_connection_serves_many_requests_also_pipelined_and_in_pieces() {
    let running = start(Limits::default()).await;
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let all = format!(
        "GET / HTTP/1.1\r\nHost: a\r\n\r\nPOST /form HTTP/1.1\r\nHost: a\r\n{form}Content-Length: 7\r\n\r\na=1&b=2\r\n\
         POST /form HTTP/1.1\r\nHost: a\r\n{form}Transfer-Encoding: chunked\r\n\r\n3\r\na=1\r\n0\r\n\r\n\
         GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    );
    let answer = raw(&running, all.as_bytes()).await;
    assert_eq!(answer.matches("HTTP/1.1 200").count(), 4, "{answer}");
    assert!(answer.contains("2 fields") && answer.contains("1 fields"));

    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    for byte in all.as_bytes() {
        stream.write_all(std::slice::from_ref(byte)).await.unwrap();
        tokio::task::yield_now().await;
    }
    let answer = read_all(&mut stream).await;
    assert_eq!(answer.matches("HTTP/1.1 200").count(), 4, "{answer}");
    running.stop().await;
}

#[tokio::test]
async fn connections_over_the_caps_are_closed_and_seats_come_back() {
    let running = start(Limits {
        connections_per_address: 2,
        ..Limits::default()
    })
    .await;
    let hello = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let mut first = TcpStream::connect(running.address).await.unwrap();
    let mut second = TcpStream::connect(running.address).await.unwrap();
    for stream in [&mut first, &mut second] {
        stream.write_all(hello).await.unwrap();
        let mut piece = [0; 64];
        assert!(stream.read(&mut piece).await.unwrap() > 0);
    }
    assert_eq!(raw(&running, hello).await, "");
    drop(first);
    for _ in 0..100 {
        if !raw(&running, hello).await.is_empty() {
            drop(second);
            return running.stop().await;
        }
    }
    panic!("the seat did not come back");
}

#[tokio::test]
async fn shutdown_finishes_what_is_under_way() {
    let mut running = start(Limits::default()).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream
        .write_all(b"GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(30)).await;
    running.stop.take().unwrap().send(()).unwrap();
    assert!(read_all(&mut stream).await.ends_with("waited"));
    while running.serving.join_next().await.is_some() {}
    assert!(TcpStream::connect(running.address).await.is_err());
}

#[tokio::test]
async fn the_peers_address_reaches_the_handler_and_forwarded_ones_do_not() {
    let running = start(Limits::default()).await;
    let answer = raw(
        &running,
        b"GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 6.6.6.6\r\nConnection: close\r\n\r\n",
    )
    .await;
    assert!(answer.ends_with("hello 127.0.0.1"), "{answer}");
    running.stop().await;
}

#[test]
fn limits_are_checked_with_their_keys() {
    assert_eq!(Limits::default().faults(), Vec::new());
    let faults = Limits {
        url_bytes: 1,
        connections: 0,
        ..Limits::default()
    }
    .faults();
    assert_eq!(
        faults.iter().map(|fault| fault.key).collect::<Vec<_>>(),
        ["url_bytes", "connections"]
    );
}
