//! The part of the configuration that this crate reads. The server embeds it in its file; every key has a default.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use crate::password::HashingSettings;
use crate::{ageing, captcha, delivery, evidence, gateway, notices, otp, register, review, signin};

/// Everything that can be set about accounts.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Registering.
    pub register: register::Config,
    /// Picture captchas.
    pub captcha: captcha::Config,
    /// One-time codes and how many messages may go out.
    pub otp: otp::Config,
    /// The SMS gateway.
    pub sms: gateway::SmsConfig,
    /// The mail server.
    pub email: gateway::EmailConfig,
    /// What people are told about their account.
    pub notices: notices::Config,
    /// The worker that sends messages.
    pub delivery: delivery::Config,
    /// Passwords.
    pub password: PasswordConfig,
    /// Factors beside SMS.
    pub factors: crate::factors::Config,
    /// How long sign-ins last.
    pub session: store::sessions::Limits,
    /// Signing in.
    pub signin: signin::Config,
    /// Signing in by scanning.
    pub scan: crate::scan::Config,
    /// Sources of evidence.
    pub sources: evidence::Config,
    /// Levels that grow old.
    pub ageing: ageing::Config,
    /// Getting back into an account.
    pub recovery: crate::recovery::Config,
    /// Changes of phone, e-mail address and user name.
    pub changes: crate::changes::Config,
    /// Closing an account by oneself.
    pub closing: crate::closing::Config,
    /// Suspending and ending accounts, and objecting to that.
    pub standing: crate::standing::Config,
    /// Pictures of documents, cases that people decide, and accounts that are joined.
    pub review: review::Config,
}

impl Config {
    /// What production must not run with: each key with what is wrong about it.
    pub fn test_settings(&self) -> Vec<(&'static str, &'static str)> {
        let mut faults = Vec::new();
        if self.captcha.sandbox_url.is_some() {
            faults.push((
                "captcha.sandbox_url",
                "tells the answers of captchas; for development only",
            ));
        }
        if self.sms.url.is_none() {
            faults.push(("sms.url", "is not set: no codes can be sent"));
        }
        if self.email.is_bare() {
            faults.push((
                "email.security",
                "\"none\" sends mail over the network for everybody to read",
            ));
        }
        if self.register.by_email && self.email.server.is_none() {
            faults.push(("register.by_email", "needs email.server: no links can be sent"));
        }
        faults
    }
}

/// The `password` section.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PasswordConfig {
    /// A file of passwords that nobody may choose, one a line, beside the list that ships.
    pub breached_file: Option<PathBuf>,
    /// Memory for one hash, in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
    /// Hashes at a time; 0 is one for each core.
    pub permits: usize,
    /// How many callers may wait for their turn.
    pub queue: usize,
    /// How long they wait, in milliseconds, before they are told to come back (429).
    pub wait_ms: u64,
}

impl Default for PasswordConfig {
    fn default() -> Self {
        let settings = HashingSettings::default();
        Self {
            breached_file: None,
            memory_kib: settings.memory_kib,
            passes: settings.passes,
            lanes: settings.lanes,
            permits: 0,
            queue: settings.queue,
            wait_ms: 2000,
        }
    }
}

impl PasswordConfig {
    /// What the hashing service is started with.
    pub fn hashing(&self) -> HashingSettings {
        let defaults = HashingSettings::default();
        HashingSettings {
            memory_kib: self.memory_kib,
            passes: self.passes,
            lanes: self.lanes,
            permits: if self.permits == 0 {
                defaults.permits
            } else {
                self.permits
            },
            queue: self.queue,
            wait: Duration::from_millis(self.wait_ms),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_section_is_the_default_and_an_unknown_key_is_refused() {
        let config: Config = toml::from_str("").unwrap();
        assert_eq!(config.otp.tries, 5);
        assert!(toml::from_str::<Config>("[captcha]\nlife = 3\n").is_err());
        assert!(toml::from_str::<Config>("[captchas]\n").is_err());
    }

    #[test]
    fn a_captcha_that_tells_its_answers_is_a_test_setting() {
        let config: Config = toml::from_str("[captcha]\nsandbox_url = \"http://localhost:8090\"\n").unwrap();
        assert!(
            config
                .test_settings()
                .iter()
                .any(|(key, _)| *key == "captcha.sandbox_url")
        );
    }
}
