//! Every message that the provider sent, by SMS or mail, where testers and tests can read it.

use std::collections::{HashSet, VecDeque};
use std::sync::Mutex;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::lock;

/// How many messages are kept.
const MESSAGES_MAX: usize = 10_000;

/// How many references are remembered, so that a message sent twice is delivered once.
const REFERENCES_MAX: usize = 100_000;

/// How a message came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Channel {
    Sms,
    Email,
}

/// A message as it was sent.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub channel: Channel,
    pub to: String,
    pub subject: Option<String>,
    pub text: String,
    pub template: Option<String>,
    /// The sender's own reference.
    pub reference: Option<String>,
}

/// A message as it lies in the outbox.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Message {
    /// Counts up; later messages have higher numbers.
    pub number: u64,
    pub channel: Channel,
    pub to: String,
    pub subject: Option<String>,
    pub text: String,
    pub template: Option<String>,
    /// The six-digit code in the text.
    pub code: Option<String>,
    /// The first web address in the text.
    pub link: Option<String>,
    pub at: DateTime<Utc>,
}

#[derive(Default)]
struct State {
    messages: VecDeque<Message>,
    seen: HashSet<String>,
    seen_order: VecDeque<String>,
    count: u64,
}

/// The outbox.
pub(crate) struct Outbox {
    state: Mutex<State>,
    arrived: watch::Sender<u64>,
}

impl Default for Outbox {
    fn default() -> Self {
        Self {
            state: Mutex::default(),
            arrived: watch::Sender::new(0),
        }
    }
}

impl Outbox {
    /// Delivers a message; one whose reference was seen before is taken and dropped.
    pub(crate) fn deliver(&self, draft: Draft, at: DateTime<Utc>) {
        let mut state = lock(&self.state);
        if let Some(reference) = &draft.reference {
            if !state.seen.insert(reference.clone()) {
                return;
            }
            state.seen_order.push_back(reference.clone());
            if state.seen_order.len() > REFERENCES_MAX
                && let Some(oldest) = state.seen_order.pop_front()
            {
                state.seen.remove(&oldest);
            }
        }
        state.count += 1;
        let number = state.count;
        state.messages.push_front(Message {
            number,
            channel: draft.channel,
            code: find_code(&draft.text),
            link: find_link(&draft.text),
            to: draft.to,
            subject: draft.subject,
            text: draft.text,
            template: draft.template,
            at,
        });
        state.messages.truncate(MESSAGES_MAX);
        drop(state);
        self.arrived.send_replace(number);
    }

    /// How many messages there have been.
    pub(crate) fn count(&self) -> u64 {
        lock(&self.state).count
    }

    /// The newest messages, to one address or to all, by one channel or by both.
    pub(crate) fn list(&self, to: Option<&str>, channel: Option<Channel>, limit: usize) -> Vec<Message> {
        let wanted = to.map(normal_address);
        let state = lock(&self.state);
        state
            .messages
            .iter()
            .filter(|message| channel.is_none_or(|channel| channel == message.channel))
            .filter(|message| {
                wanted
                    .as_ref()
                    .is_none_or(|wanted| *wanted == normal_address(&message.to))
            })
            .take(limit)
            .cloned()
            .collect()
    }

    /// The newest code sent to an address after message number `after`, waiting for it if need be.
    pub(crate) async fn wait_for_code(&self, to: &str, after: u64, limit: Duration) -> Option<String> {
        let mut arrivals = self.arrived.subscribe();
        let search = async {
            loop {
                let newest = self
                    .list(Some(to), None, 1)
                    .into_iter()
                    .find(|message| message.number > after);
                if let Some(code) = newest.and_then(|message| message.code) {
                    return Some(code);
                }
                arrivals.changed().await.ok()?;
            }
        };
        tokio::time::timeout(limit, search).await.ok().flatten()
    }
}

/// One spelling for one address: in a query a bare `+` arrives as a space, and people leave the country code out.
fn normal_address(address: &str) -> String {
    if address.contains('@') {
        return address.trim().to_lowercase();
    }
    let digits: String = address.chars().filter(char::is_ascii_digit).collect();
    match digits.strip_prefix("86") {
        Some(national) if national.len() == 11 => national.to_owned(),
        _ => digits,
    }
}

/// The first number of exactly six digits.
fn find_code(text: &str) -> Option<String> {
    text.split(|c: char| !c.is_ascii_alphanumeric())
        .find(|word| word.len() == 6 && word.chars().all(|c| c.is_ascii_digit()))
        .map(str::to_owned)
}

/// The first web address, without the punctuation that follows it.
fn find_link(text: &str) -> Option<String> {
    let start = [text.find("http://"), text.find("https://")]
        .into_iter()
        .flatten()
        .min()?;
    let tail = text.get(start..)?;
    let link = tail
        .split(|c: char| c.is_whitespace() || c.is_control() || "<>\"'（）()，。；、".contains(c))
        .next()?;
    Some(link.trim_end_matches(['.', ',', ';', ':', '!', '?']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sms(to: &str, text: &str, reference: &str) -> Draft {
        Draft {
            channel: Channel::Sms,
            to: to.to_owned(),
            subject: None,
            text: text.to_owned(),
            template: None,
            reference: Some(reference.to_owned()),
        }
    }

    #[test]
    fn codes_and_links_are_found_in_chinese_and_english_texts() {
        assert_eq!(
            find_code("验证码：123456，5分钟内有效").as_deref(),
            Some("123456")
        );
        assert_eq!(find_code("验证码123456。勿告他人").as_deref(), Some("123456"));
        assert_eq!(find_code("Case 20260504 has no code, A123456 neither"), None);
        assert_eq!(
            find_link("请点击 http://localhost:8080/e?t=a_b-c。").as_deref(),
            Some("http://localhost:8080/e?t=a_b-c")
        );
        assert_eq!(
            find_link("Open https://id.example/x.").as_deref(),
            Some("https://id.example/x")
        );
        assert_eq!(find_link("no link"), None);
    }

    #[test]
    fn one_reference_is_delivered_once_and_lists_are_newest_first() {
        let outbox = Outbox::default();
        for (to, text, reference) in [
            ("+8613800000001", "111111", "a"),
            ("+8613800000001", "111111", "a"),
            ("13800000001", "222222", "b"),
        ] {
            outbox.deliver(sms(to, text, reference), DateTime::UNIX_EPOCH);
        }
        let mine = outbox.list(Some(" 8613800000001"), Some(Channel::Sms), 10);
        assert_eq!(
            mine.iter().map(|m| m.text.as_str()).collect::<Vec<_>>(),
            ["222222", "111111"]
        );
        assert!(outbox.list(Some("13800000002"), None, 10).is_empty());
        assert!(outbox.list(None, Some(Channel::Email), 10).is_empty());
    }

    #[tokio::test]
    async fn waiting_for_a_code_sees_one_that_comes_later_and_no_earlier_one() {
        let outbox = Outbox::default();
        outbox.deliver(sms("+8613800000001", "111111", "a"), DateTime::UNIX_EPOCH);
        let later = async {
            tokio::task::yield_now().await;
            outbox.deliver(sms("+8613800000001", "222222", "b"), DateTime::UNIX_EPOCH);
        };
        let (code, ()) = tokio::join!(
            outbox.wait_for_code("13800000001", 1, Duration::from_secs(5)),
            later
        );
        assert_eq!(code.as_deref(), Some("222222"));
    }
}
