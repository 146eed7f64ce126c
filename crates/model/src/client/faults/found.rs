//! Collecting faults, and the checks of one value that several keys share.

use std::fmt::Display;

use crate::client::address::check_redirect_uri;
use crate::language::LocalizedText;

/// What is wrong with a sub-site's registration: the key, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {problem}")]
pub struct ClientFault {
    /// The key in the file.
    pub key: &'static str,
    /// What is wrong and what would be right.
    pub problem: String,
}

/// The faults that were found so far.
pub(in crate::client) struct Faults {
    production: bool,
    found: Vec<ClientFault>,
}

impl Faults {
    pub(in crate::client) const fn new(production: bool) -> Self {
        Self {
            production,
            found: Vec::new(),
        }
    }

    pub(in crate::client) fn into_list(self) -> Vec<ClientFault> {
        self.found
    }

    pub(in crate::client) fn add(&mut self, key: &'static str, problem: impl Display) {
        let problem = problem.to_string();
        self.found.push(ClientFault { key, problem });
    }

    pub(in crate::client) fn unless(&mut self, good: bool, key: &'static str, problem: impl Display) {
        if !good {
            self.add(key, problem);
        }
    }

    /// An address that browsers are sent to, compared byte for byte.
    pub(in crate::client) fn address(&mut self, key: &'static str, uri: &str) {
        if let Err(problem) = check_redirect_uri(uri, self.production) {
            self.add(key, format!("{uri:?} {problem}"));
        }
    }

    /// An address that is opened or linked to, so that plain http on loopback is no use in production.
    pub(in crate::client) fn secure_address(&mut self, key: &'static str, uri: Option<&String>) {
        let Some(uri) = uri else { return };
        match check_redirect_uri(uri, self.production) {
            Err(problem) => self.add(key, format!("{uri:?} {problem}")),
            Ok(()) if self.production && !uri.starts_with("https:") => {
                self.add(key, format!("{uri:?} must be https"));
            }
            Ok(()) => {}
        }
    }

    /// A page for people; the place on the page may be named.
    pub(in crate::client) fn page(&mut self, key: &'static str, uri: Option<&String>) {
        let whole = uri.map(|uri| uri.split('#').next().unwrap_or_default().to_owned());
        if uri.is_some_and(|uri| uri.len() > 500 || uri.chars().any(|c| !c.is_ascii_graphic())) {
            self.add(key, "write at most 500 plain characters");
        } else {
            self.secure_address(key, whole.as_ref());
        }
    }

    pub(in crate::client) fn text(&mut self, key: &'static str, text: &LocalizedText, most: usize) {
        let good = |text: &&str| {
            !text.trim().is_empty() && text.chars().count() <= most && text.chars().all(is_plain)
        };
        let good = text.texts().iter().all(good);
        self.unless(
            good,
            key,
            format!("write 1 to {most} characters in each of zh-CN, en and vi"),
        );
    }
}

/// Neither a control character nor one that changes the direction of what stands around it: a name is shown in the
/// middle of our own sentences (A146).
fn is_plain(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}
