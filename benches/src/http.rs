//! A small HTTP/1.1 client on one kept connection, so that the driver costs little beside what it measures.

use anyhow::Context as _;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{CONTENT_TYPE, HOST, HeaderMap, LOCATION, SET_COOKIE};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    /// The address of a redirect.
    pub fn location(&self) -> anyhow::Result<&str> {
        let location = self.headers.get(LOCATION).with_context(|| format!("no redirect but {}", self.status))?;
        Ok(location.to_str()?)
    }

    /// The cookies that it sets, as a request sends them.
    pub fn cookies(&self) -> Vec<String> {
        let lines = self.headers.get_all(SET_COOKIE).iter().filter_map(|line| line.to_str().ok());
        lines.filter_map(|line| Some(line.split_once(';')?.0.to_owned())).collect()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// One connection.
pub struct Connection {
    authority: String,
    sender: SendRequest<Full<Bytes>>,
}

impl Connection {
    pub async fn open(authority: &str) -> anyhow::Result<Self> {
        Ok(Self { authority: authority.to_owned(), sender: connect(authority).await? })
    }

    /// Where it leads, as a browser names it.
    pub fn origin(&self) -> String {
        format!("http://{}", self.authority)
    }

    pub async fn get(&mut self, path: &str, headers: &[(&str, &str)]) -> anyhow::Result<Answer> {
        self.send(Method::GET, path, headers, None).await
    }

    pub async fn post(&mut self, path: &str, headers: &[(&str, &str)], body: String) -> anyhow::Result<Answer> {
        self.send(Method::POST, path, headers, Some(("application/x-www-form-urlencoded", body))).await
    }

    pub async fn post_json(&mut self, path: &str, body: String) -> anyhow::Result<Answer> {
        self.send(Method::POST, path, &[], Some(("application/json", body))).await
    }

    async fn send(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<(&str, String)>,
    ) -> anyhow::Result<Answer> {
        if self.sender.ready().await.is_err() {
            self.sender = connect(&self.authority).await?;
        }
        let mut request = Request::builder().method(method).uri(path).header(HOST, &self.authority);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let bytes = match body {
            Some((kind, text)) => {
                request = request.header(CONTENT_TYPE, kind);
                Bytes::from(text)
            }
            None => Bytes::new(),
        };
        let response = self.sender.send_request(request.body(Full::new(bytes))?).await?;
        let (parts, body) = response.into_parts();
        Ok(Answer { status: parts.status, headers: parts.headers, body: body.collect().await?.to_bytes() })
    }
}

async fn connect(authority: &str) -> anyhow::Result<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(authority).await.with_context(|| format!("connecting to {authority}"))?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(async move {
        let _ = connection.await;
    });
    Ok(sender)
}
