//! Bytes on a connection: for what no client library would send, and for looking at exactly what comes back.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// How long an answer is waited for.
const LIMIT: Duration = Duration::from_secs(30);

/// An answer as it came.
#[derive(Clone, Debug)]
pub struct RawAnswer {
    /// The status; 0 when the connection was closed without one.
    pub status: u16,
    /// Head and body.
    pub text: String,
    /// Whether the connection was closed afterwards.
    pub closed: bool,
}

/// The `host:port` of an address such as `http://localhost:8080`.
pub fn authority(issuer: &str) -> &str {
    issuer.split_once("://").expect("an address").1
}

/// Opens a connection.
pub async fn connect(issuer: &str) -> TcpStream {
    let authority = authority(issuer).replace("localhost", "127.0.0.1");
    TcpStream::connect(authority).await.expect("a connection")
}

/// Sends bytes and reads until the connection ends or falls silent after a whole answer.
pub async fn send(issuer: &str, bytes: &[u8]) -> RawAnswer {
    let mut stream = connect(issuer).await;
    // A server that refuses early may close while we still write.
    let _ = stream.write_all(bytes).await;
    read(&mut stream).await
}

/// Reads one answer.
pub async fn read(stream: &mut TcpStream) -> RawAnswer {
    let mut got = Vec::new();
    let mut closed = false;
    let mut buffer = vec![0_u8; 16 * 1024];
    while !is_whole(&got) {
        match tokio::time::timeout(LIMIT, stream.read(&mut buffer)).await {
            Ok(Ok(0) | Err(_)) => {
                closed = true;
                break;
            }
            Ok(Ok(count)) => got.extend_from_slice(&buffer[..count]),
            Err(_) => panic!("no answer within {LIMIT:?}: {:?}", String::from_utf8_lossy(&got)),
        }
    }
    let text = String::from_utf8_lossy(&got).into_owned();
    let status = text
        .split(' ')
        .nth(1)
        .and_then(|word| word.parse().ok())
        .unwrap_or(0);
    closed |= text.to_ascii_lowercase().contains("connection: close");
    RawAnswer { status, text, closed }
}

fn is_whole(got: &[u8]) -> bool {
    let text = String::from_utf8_lossy(got);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let head = head.to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    match length.and_then(|length| length.trim().parse::<usize>().ok()) {
        Some(length) => body.len() >= length,
        None if head.contains("transfer-encoding: chunked") => body.ends_with("0\r\n\r\n"),
        None => head.starts_with("http/1.1 204") || head.starts_with("http/1.1 304"),
    }
}

/// A request with nothing special about it.
pub fn get(issuer: &str, path: &str, headers: &str) -> Vec<u8> {
    format!(
        "GET {path} HTTP/1.1\r\nHost: {}\r\n{headers}\r\n",
        authority(issuer)
    )
    .into_bytes()
}
