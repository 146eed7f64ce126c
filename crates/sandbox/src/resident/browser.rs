//! A browser without a screen: holds cookies, follows redirects within the provider, sends forms.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};
use axum::http::{StatusCode, header};
use url::Url;

use super::forms::{self, Page};

/// How many redirects are followed in a row.
const REDIRECTS_MAX: u8 = 10;
/// The largest page that is read.
const PAGE_MAX_BYTES: usize = 1024 * 1024;

/// One visitor's browser.
pub(super) struct Browser<'a> {
    client: &'a reqwest::Client,
    origin: &'a Url,
    cookies: BTreeMap<String, String>,
}

/// Where the browser is, and what it shows.
pub(super) struct Shown {
    pub url: Url,
    pub status: StatusCode,
    pub page: Page,
}

impl<'a> Browser<'a> {
    /// A browser that stays on one origin.
    pub(super) const fn new(client: &'a reqwest::Client, origin: &'a Url) -> Self {
        Self {
            client,
            origin,
            cookies: BTreeMap::new(),
        }
    }

    /// The cookies it holds.
    pub(super) fn into_cookies(self) -> BTreeMap<String, String> {
        self.cookies
    }

    /// Opens an address.
    pub(super) async fn open(&mut self, path: &str) -> anyhow::Result<Shown> {
        let url = self.origin.join(path)?;
        self.request(url, None).await
    }

    /// Sends a form from the page that shows it.
    pub(super) async fn send(
        &mut self,
        from: &Url,
        action: &str,
        fields: &[(String, String)],
    ) -> anyhow::Result<Shown> {
        let url = if action.is_empty() {
            from.clone()
        } else {
            from.join(action)?
        };
        self.request(url, Some(fields)).await
    }

    async fn request(&mut self, first: Url, form: Option<&[(String, String)]>) -> anyhow::Result<Shown> {
        let (mut url, mut form) = (first, form);
        for _ in 0..REDIRECTS_MAX {
            if url.origin() != self.origin.origin() {
                bail!("the pages led away, to {}", url.origin().ascii_serialization());
            }
            let response = self.exchange(&url, form).await?;
            let status = response.status();
            self.take_cookies(&response);
            if !status.is_redirection() {
                let page = forms::read(&read_text(response).await?);
                return Ok(Shown { url, status, page });
            }
            let location = response
                .headers()
                .get(header::LOCATION)
                .and_then(|value| value.to_str().ok());
            url = url.join(location.context("a redirect without an address")?)?;
            if !matches!(
                status,
                StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT
            ) {
                form = None;
            }
        }
        bail!(
            "more than {REDIRECTS_MAX} redirects in a row, the last to {}",
            url.path()
        )
    }

    async fn exchange(
        &self,
        url: &Url,
        form: Option<&[(String, String)]>,
    ) -> anyhow::Result<reqwest::Response> {
        let mut request = match form {
            Some(fields) => self
                .client
                .post(url.clone())
                .header(header::ORIGIN, self.origin.origin().ascii_serialization())
                .header("sec-fetch-site", "same-origin")
                .form(fields),
            None => self.client.get(url.clone()),
        };
        request = request
            .header(header::ACCEPT, "text/html")
            .header(header::ACCEPT_LANGUAGE, "en");
        if !self.cookies.is_empty() {
            let pairs: Vec<_> = self
                .cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            request = request.header(header::COOKIE, pairs.join("; "));
        }
        request
            .send()
            .await
            .with_context(|| format!("asking the provider for {}", url.path()))
    }

    fn take_cookies(&mut self, response: &reqwest::Response) {
        for line in response.headers().get_all(header::SET_COOKIE) {
            let Some((pair, attributes)) = line
                .to_str()
                .ok()
                .map(|line| line.split_once(';').unwrap_or((line, "")))
            else {
                continue;
            };
            let Some((name, value)) = pair.split_once('=') else {
                continue;
            };
            let gone = attributes
                .to_ascii_lowercase()
                .split(';')
                .any(|attribute| attribute.trim() == "max-age=0");
            if gone || value.is_empty() {
                self.cookies.remove(name.trim());
            } else {
                self.cookies
                    .insert(name.trim().to_owned(), value.trim().to_owned());
            }
        }
    }
}

async fn read_text(mut response: reqwest::Response) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > PAGE_MAX_BYTES {
            bail!("a page of more than {PAGE_MAX_BYTES} bytes");
        }
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
