//! The ways out to people: ports that the delivery worker uses, and their adapters over HTTP and SMTP. No call is made
//! inside a transaction, each has a time limit, and no address or text of a message reaches a log.

mod mail;
mod sandbox;
mod sms;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use model::ids::MessageId;
use serde::Deserialize;
use url::Url;

use crate::Config;

pub use mail::{EmailConfig, Mail, MailGateway, Security, SmtpGateway};
pub use sandbox::CaptchaSandbox;
pub use sms::HttpSmsGateway;

/// The `sms` section.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SmsConfig {
    /// Where messages are posted. Without it codes cannot be sent.
    pub url: Option<Url>,
    /// The file with the gateway's key.
    pub key_file: Option<PathBuf>,
    /// How long the gateway may take, in milliseconds.
    pub time_limit_ms: u64,
}

impl Default for SmsConfig {
    fn default() -> Self {
        Self {
            url: None,
            key_file: None,
            time_limit_ms: 5000,
        }
    }
}

/// A text message on its way.
pub struct Sms<'a> {
    /// The phone, E.164.
    pub to: &'a str,
    /// What it says: a fixed text of ours with a code in it, nothing that anybody typed (A222).
    pub text: &'a str,
    /// The name of the text, which gateways ask for.
    pub template: &'a str,
    /// The message's own number: a gateway that sees it twice delivers once.
    pub reference: MessageId,
}

impl fmt::Debug for Sms<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sms({} {})", self.reference, self.template)
    }
}

/// Why a message did not go out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The gateway will never take this message.
    #[error("refused: {0}")]
    Refused(String),
    /// No answer, or none that can be understood; later it may work.
    #[error("unavailable: {0}")]
    Unavailable(String),
}

/// Sends text messages.
#[async_trait]
pub trait SmsGateway: Send + Sync + fmt::Debug {
    /// Hands a message over. Returns within the adapter's time limit.
    async fn send(&self, sms: &Sms<'_>) -> Result<(), SendError>;
}

/// Why the gateways cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// The file with the key cannot be read.
    #[error("sms.key_file: {0} cannot be read: {1}")]
    KeyFile(PathBuf, #[source] std::io::Error),
    /// The file with the key is empty.
    #[error("sms.key_file: {0} is empty")]
    EmptyKey(PathBuf),
    /// There is an address and no key.
    #[error("sms.key_file is needed beside sms.url")]
    NoKey,
    /// A file of the mail section cannot be read.
    #[error("email.{0}: {1} cannot be read: {2}")]
    EmailFile(&'static str, PathBuf, #[source] std::io::Error),
    /// The mail section cannot work.
    #[error("{0}")]
    Email(&'static str),
}

/// All gateways.
#[derive(Clone, Debug, Default)]
pub struct Gateways {
    /// Text messages; `None` when none is configured.
    pub sms: Option<Arc<dyn SmsGateway>>,
    /// Mail; `None` when no server is configured.
    pub mail: Option<Arc<dyn MailGateway>>,
    /// The sandbox that is told the answers of captchas, in development.
    pub captcha_sandbox: Option<Arc<CaptchaSandbox>>,
}

impl Gateways {
    /// The HTTP adapters of a configuration, over the guarded client that the server made.
    pub fn from_config(config: &Config, client: &reqwest::Client) -> Result<Self, GatewayError> {
        let sms: Option<Arc<dyn SmsGateway>> = match &config.sms.url {
            Some(url) => Some(Arc::new(HttpSmsGateway::from_config(
                &config.sms,
                url.clone(),
                client.clone(),
            )?)),
            None => None,
        };
        let mail: Option<Arc<dyn MailGateway>> = match &config.email.server {
            Some(server) => Some(Arc::new(SmtpGateway::from_config(&config.email, server)?)),
            None => None,
        };
        let sandbox = config.captcha.sandbox_url.clone();
        let captcha_sandbox = sandbox.map(|url| Arc::new(CaptchaSandbox::new(url, client.clone())));
        Ok(Self {
            sms,
            mail,
            captcha_sandbox,
        })
    }
}
