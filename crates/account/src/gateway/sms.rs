//! The adapter for an SMS gateway that takes JSON over HTTP with a bearer key.

use std::time::Duration;

use async_trait::async_trait;
use model::secret::Sensitive;
use reqwest::{Client, StatusCode};
use serde::Serialize;
use url::Url;

use super::{GatewayError, SendError, Sms, SmsConfig, SmsGateway};

/// Posts messages to a gateway.
#[derive(Debug)]
pub struct HttpSmsGateway {
    url: Url,
    key: Sensitive<String>,
    time_limit: Duration,
    client: Client,
}

#[derive(Serialize)]
struct Body<'a> {
    to: &'a str,
    text: &'a str,
    template: &'a str,
    reference: String,
}

impl HttpSmsGateway {
    /// A gateway at an address.
    pub fn new(url: Url, key: Sensitive<String>, time_limit: Duration, client: Client) -> Self {
        Self {
            url,
            key,
            time_limit,
            client,
        }
    }

    pub(super) fn from_config(config: &SmsConfig, url: Url, client: Client) -> Result<Self, GatewayError> {
        let file = config.key_file.as_ref().ok_or(GatewayError::NoKey)?;
        let key =
            std::fs::read_to_string(file).map_err(|error| GatewayError::KeyFile(file.clone(), error))?;
        let key = key.trim();
        if key.is_empty() {
            return Err(GatewayError::EmptyKey(file.clone()));
        }
        let time_limit = Duration::from_millis(config.time_limit_ms);
        Ok(Self::new(url, Sensitive::new(key.to_owned()), time_limit, client))
    }
}

#[async_trait]
impl SmsGateway for HttpSmsGateway {
    async fn send(&self, sms: &Sms<'_>) -> Result<(), SendError> {
        let body = Body {
            to: sms.to,
            text: sms.text,
            template: sms.template,
            reference: sms.reference.to_string(),
        };
        let request = self
            .client
            .post(self.url.clone())
            .bearer_auth(self.key.expose())
            .json(&body);
        match tokio::time::timeout(self.time_limit, request.send()).await {
            Ok(Ok(response)) => judge(response.status()),
            // The address of the gateway is ours, but an error's text could repeat a query with more in it.
            Ok(Err(error)) => Err(SendError::Unavailable(error.without_url().to_string())),
            Err(_) => Err(SendError::Unavailable("no answer in time".to_owned())),
        }
    }
}

/// What the gateway's status means. A key that is not taken is an operator's mistake and heals: not a refusal of
/// this message.
fn judge(status: StatusCode) -> Result<(), SendError> {
    match status {
        StatusCode::OK | StatusCode::ACCEPTED => Ok(()),
        StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE | StatusCode::UNPROCESSABLE_ENTITY => {
            Err(SendError::Refused(format!("status {status}")))
        }
        _ => Err(SendError::Unavailable(format!("status {status}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_message_that_is_wrong_itself_is_given_up() {
        for taken in [200, 202] {
            assert_eq!(judge(StatusCode::from_u16(taken).unwrap()), Ok(()));
        }
        for wrong in [400, 413, 422] {
            assert!(matches!(
                judge(StatusCode::from_u16(wrong).unwrap()),
                Err(SendError::Refused(_))
            ));
        }
        for later in [204, 301, 401, 403, 404, 408, 429, 500, 502, 503] {
            assert!(
                matches!(
                    judge(StatusCode::from_u16(later).unwrap()),
                    Err(SendError::Unavailable(_))
                ),
                "{later}"
            );
        }
    }
}
