//! The adapter for a mail server (RFC 5321, RFC 5322): plain text, in UTF-8, to one recipient at a time. A message's own
//! number is its Message-ID, so that a mailbox that gets a second copy can tell. Nothing of a message reaches a log, nor
//! do answers of the server: they repeat addresses.

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use lettre::address::Envelope;
use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::PoolConfig;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use model::ids::MessageId;
use serde::Deserialize;

use super::{GatewayError, SendError};

/// How the way to the mail server is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// TLS from the first byte (port 465).
    #[default]
    Tls,
    /// STARTTLS, and nothing without it (port 587).
    Starttls,
    /// None: a relay on the same machine, or a sandbox.
    None,
}

/// The `email` section.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EmailConfig {
    /// The mail server's name. Without it no mail is sent.
    pub server: Option<String>,
    /// Its port.
    pub port: u16,
    /// How the way there is protected.
    pub security: Security,
    /// An authority to trust beside the public ones, as PEM.
    pub ca_file: Option<std::path::PathBuf>,
    /// The name to sign in with.
    pub user: Option<String>,
    /// The file with its password.
    pub password_file: Option<std::path::PathBuf>,
    /// The sender's address.
    pub from: String,
    /// How long one message may take, in milliseconds.
    pub time_limit_ms: u64,
    /// How many connections are kept open.
    pub connections: u32,
    /// How many mails an address gets in an hour that nobody has proven.
    pub unproven_per_hour: i64,
    /// How many in a day.
    pub unproven_per_day: i64,
}

impl EmailConfig {
    /// What is wrong with the section: each key with what it must be.
    pub fn faults(&self) -> Vec<(&'static str, &'static str)> {
        let mut faults = Vec::new();
        if self.server.is_some() && self.from.parse::<Address>().is_err() {
            faults.push(("from", "name the sender's address"));
        }
        if self.user.is_some() != self.password_file.is_some() {
            faults.push(("user", "goes together with password_file"));
        }
        if !(100..=60_000).contains(&self.time_limit_ms) {
            faults.push(("time_limit_ms", "must be 100 to 60000"));
        }
        if !(1..=100).contains(&self.connections) {
            faults.push(("connections", "must be 1 to 100"));
        }
        if !(1..=100).contains(&self.unproven_per_hour) {
            faults.push(("unproven_per_hour", "must be 1 to 100"));
        }
        if !(1..=1000).contains(&self.unproven_per_day) {
            faults.push(("unproven_per_day", "must be 1 to 1000"));
        }
        faults
    }

    /// Whether mail would go over a network without protection.
    pub fn is_bare(&self) -> bool {
        let here = ["localhost", "127.0.0.1", "::1"];
        self.security == Security::None
            && self
                .server
                .as_deref()
                .is_some_and(|server| !here.contains(&server))
    }
}

impl Default for EmailConfig {
    fn default() -> Self {
        Self {
            server: None,
            port: 465,
            security: Security::Tls,
            ca_file: None,
            user: None,
            password_file: None,
            from: String::new(),
            time_limit_ms: 10_000,
            connections: 4,
            unproven_per_hour: 5,
            unproven_per_day: 10,
        }
    }
}

/// A mail on its way.
pub struct Mail<'a> {
    /// The mailbox.
    pub to: &'a str,
    /// The first line is the subject, the rest is the body.
    pub text: &'a str,
    /// The message's own number.
    pub reference: MessageId,
    /// Now.
    pub at: DateTime<Utc>,
}

impl std::fmt::Debug for Mail<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Mail({})", self.reference)
    }
}

/// Sends mail.
#[async_trait]
pub trait MailGateway: Send + Sync + std::fmt::Debug {
    /// Hands a mail over. Returns within the adapter's time limit.
    async fn send(&self, mail: &Mail<'_>) -> Result<(), SendError>;
}

/// Hands mail to a server by SMTP.
#[derive(Debug)]
pub struct SmtpGateway {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Address,
    time_limit: Duration,
}

impl SmtpGateway {
    /// A gateway to a server. Nothing is connected yet.
    pub fn from_config(config: &EmailConfig, server: &str) -> Result<Self, GatewayError> {
        let from: Address = config
            .from
            .parse()
            .map_err(|_| GatewayError::Email("email.from is not an address"))?;
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(server)
            .port(config.port)
            .timeout(Some(Duration::from_millis(config.time_limit_ms)))
            .hello_name(ClientId::Domain(from.domain().to_owned()))
            .pool_config(PoolConfig::new().max_size(config.connections.clamp(1, 100)))
            .tls(tls(config, server)?);
        match (&config.user, &config.password_file) {
            (Some(user), Some(file)) => {
                builder = builder.credentials(Credentials::new(user.clone(), secret(file)?));
            }
            (None, None) => {}
            _ => {
                return Err(GatewayError::Email(
                    "email.user and email.password_file go together",
                ));
            }
        }
        Ok(Self {
            transport: builder.build(),
            from,
            time_limit: Duration::from_millis(config.time_limit_ms),
        })
    }
}

fn secret(file: &Path) -> Result<String, GatewayError> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| GatewayError::EmailFile("password_file", file.to_owned(), error))?;
    let text = text.trim();
    if text.is_empty() {
        return Err(GatewayError::Email("email.password_file is empty"));
    }
    Ok(text.to_owned())
}

fn tls(config: &EmailConfig, server: &str) -> Result<Tls, GatewayError> {
    if config.security == Security::None {
        return Ok(Tls::None);
    }
    let mut parameters = TlsParameters::builder(server.to_owned());
    if let Some(file) = &config.ca_file {
        let pem =
            std::fs::read(file).map_err(|error| GatewayError::EmailFile("ca_file", file.clone(), error))?;
        let authority = Certificate::from_pem(&pem)
            .map_err(|_| GatewayError::Email("email.ca_file is not a certificate in PEM"))?;
        parameters = parameters.add_root_certificate(authority);
    }
    let parameters = parameters
        .build()
        .map_err(|_| GatewayError::Email("email: TLS cannot be set up"))?;
    Ok(if config.security == Security::Tls {
        Tls::Wrapper(parameters)
    } else {
        Tls::Required(parameters)
    })
}

/// Tells other programs that nobody waits for an answer (RFC 3834 section 5).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// The mail as it goes out.
fn compose(from: &Address, to: Address, mail: &Mail<'_>) -> Result<Message, lettre::error::Error> {
    let (subject, body) = mail.text.split_once('\n').unwrap_or((mail.text, ""));
    // The header is folded and encoded; what could end its line is no part of a subject.
    let subject: String = subject.chars().filter(|c| !c.is_control()).collect();
    Message::builder()
        .from(Mailbox::new(None, from.clone()))
        .to(Mailbox::new(None, to.clone()))
        .envelope(Envelope::new(Some(from.clone()), vec![to])?)
        .subject(subject)
        .date(mail.at.into())
        .message_id(Some(format!("<{}@{}>", mail.reference, from.domain())))
        .header(AutoSubmitted)
        .header(ContentType::TEXT_PLAIN)
        .body(body.to_owned())
}

#[async_trait]
impl MailGateway for SmtpGateway {
    async fn send(&self, mail: &Mail<'_>) -> Result<(), SendError> {
        let to: Address = mail
            .to
            .parse()
            .map_err(|_| SendError::Refused("not an address".to_owned()))?;
        let message =
            compose(&self.from, to, mail).map_err(|_| SendError::Refused("cannot be composed".to_owned()))?;
        match tokio::time::timeout(self.time_limit, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(judge(error.status().map(u16::from), error.is_tls())),
            Err(_) => Err(SendError::Unavailable("no answer in time".to_owned())),
        }
    }
}

/// What a server's reply means (RFC 5321 section 4.2.3). Only a mailbox that it does not have, and a message that it does
/// not take, are final: a server that refuses our name or our sender heals.
fn judge(status: Option<u16>, is_tls: bool) -> SendError {
    match status {
        Some(status @ (501 | 550..=553 | 555..=556)) => SendError::Refused(format!("reply {status}")),
        Some(status) => SendError::Unavailable(format!("reply {status}")),
        None if is_tls => SendError::Unavailable("TLS failed".to_owned()),
        None => SendError::Unavailable("no reply".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::rng::Rng;

    fn composed(text: &str) -> String {
        let at = store::testing::start_time();
        let from: Address = "no-reply@id.example.org".parse().unwrap();
        let mail = Mail {
            to: "zhang@example.com",
            text,
            reference: MessageId::new(at, &Rng::system()),
            at,
        };
        let message = compose(&from, mail.to.parse().unwrap(), &mail).unwrap();
        String::from_utf8(message.formatted()).unwrap()
    }

    #[test]
    fn a_mail_has_its_own_number_a_date_and_says_that_nobody_waits_for_an_answer() {
        let text = composed("Your account\nPlain words.\n\nMore.");
        for line in [
            "From: no-reply@id.example.org",
            "To: zhang@example.com",
            "Subject: Your account",
            "Auto-Submitted: auto-generated",
            "Content-Type: text/plain; charset=utf-8",
        ] {
            assert!(text.contains(line), "{line}: {text}");
        }
        assert!(text.contains("Message-ID: <") && text.contains("@id.example.org>"));
        assert!(text.contains("Date: ") && text.contains("\r\n\r\nPlain words."));
    }

    #[test]
    fn attack_222_a_subject_adds_no_header_and_other_scripts_are_encoded() {
        let text = composed("密码已修改\rBcc: other@example.com\n正文");
        assert!(!text.contains("\r\nBcc:") && !text.contains("\rBcc"), "{text}");
        assert!(text.contains("=?utf-8?"), "{text}");
    }

    #[test]
    fn only_a_mailbox_that_is_not_there_is_given_up() {
        for wrong in [501, 550, 551, 552, 553, 556] {
            assert!(
                matches!(judge(Some(wrong), false), SendError::Refused(_)),
                "{wrong}"
            );
        }
        for later in [
            Some(421),
            Some(450),
            Some(451),
            Some(452),
            Some(530),
            Some(535),
            Some(554),
            None,
        ] {
            assert!(
                matches!(judge(later, false), SendError::Unavailable(_)),
                "{later:?}"
            );
        }
    }

    #[tokio::test]
    async fn settings_that_cannot_work_are_refused_at_the_start() {
        let config = |from: &str| EmailConfig {
            from: from.to_owned(),
            ..EmailConfig::default()
        };
        assert!(SmtpGateway::from_config(&config("no-reply@id.example.org"), "mail.example.org").is_ok());
        assert!(SmtpGateway::from_config(&config("nobody"), "mail.example.org").is_err());
        let half = EmailConfig {
            user: Some("denizen".to_owned()),
            ..config("no-reply@id.example.org")
        };
        assert!(SmtpGateway::from_config(&half, "mail.example.org").is_err());
        let missing = EmailConfig {
            ca_file: Some("/nonexistent/ca.pem".into()),
            ..config("no-reply@id.example.org")
        };
        assert!(SmtpGateway::from_config(&missing, "mail.example.org").is_err());
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_unavailable_within_the_time_limit() {
        let config = EmailConfig {
            from: "no-reply@id.example.org".to_owned(),
            security: Security::None,
            port: 1,
            time_limit_ms: 500,
            ..EmailConfig::default()
        };
        let gateway = SmtpGateway::from_config(&config, "127.0.0.1").unwrap();
        let at = store::testing::start_time();
        let mail = Mail {
            to: "zhang@example.com",
            text: "a\nb",
            reference: MessageId::new(at, &Rng::system()),
            at,
        };
        assert!(matches!(
            gateway.send(&mail).await,
            Err(SendError::Unavailable(_))
        ));
    }
}
