//! Tells the sandbox the answer of each captcha, so that tests can walk through the pages. Exists in development
//! only: production refuses to start with `captcha.sandbox_url`.

use std::time::Duration;

use model::ids::CaptchaId;
use reqwest::Client;
use serde::Serialize;
use url::Url;

/// How long the sandbox may take.
const TIME_LIMIT: Duration = Duration::from_secs(2);

/// The sandbox that is told.
#[derive(Debug)]
pub struct CaptchaSandbox {
    url: Url,
    client: Client,
}

#[derive(Serialize)]
struct Body<'a> {
    session: String,
    answer: &'a str,
}

impl CaptchaSandbox {
    /// A sandbox at its base address.
    pub fn new(mut base: Url, client: Client) -> Self {
        let path = format!("{}/captcha", base.path().trim_end_matches('/'));
        base.set_path(&path);
        Self { url: base, client }
    }

    /// Tells an answer. A sandbox that does not listen costs a line in the log.
    pub async fn tell(&self, id: CaptchaId, answer: &str) {
        let request = self
            .client
            .post(self.url.clone())
            .json(&Body {
                session: id.to_string(),
                answer,
            })
            .send();
        match tokio::time::timeout(TIME_LIMIT, request).await {
            Ok(Ok(response)) if response.status().is_success() => {}
            Ok(Ok(response)) => tracing::warn!(
                status = response.status().as_u16(),
                "sandbox did not take a captcha"
            ),
            Ok(Err(error)) => tracing::warn!(error = %error.without_url(), "sandbox was not told a captcha"),
            Err(_) => tracing::warn!("sandbox was not told a captcha in time"),
        }
    }
}
