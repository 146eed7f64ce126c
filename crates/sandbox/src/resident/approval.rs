//! `PUT /approvals`: how the phone of a test resident answers when another device asks to be let in. With the address and
//! the number that the device shows the phone answers at once, through the provider's own pages: it opens the address, as
//! a camera would, signs in, and allows or denies. Without an address the answer is remembered for the next time.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};

use super::browser::{Browser, Shown};
use super::forms::Form;
use super::{e164, excerpt};
use crate::world::World;

/// What a phone does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    /// Types the number and lets the device in.
    #[default]
    Allow,
    /// Refuses.
    Deny,
    /// Stays in the pocket.
    Ignore,
}

/// A phone that the sandbox can pick up.
#[derive(Clone, Default)]
struct Phone {
    password: Option<String>,
    answer: Answer,
}

/// The phones of test residents. `Debug` is not there: passwords are in it.
#[derive(Default)]
pub(crate) struct Phones(Mutex<BTreeMap<String, Phone>>);

impl Phones {
    /// Remembers what a resident signs in with.
    pub(super) fn remember(&self, phone: &str, password: &str) {
        self.change(phone, |one| one.password = Some(password.to_owned()));
    }

    fn change(&self, phone: &str, change: impl FnOnce(&mut Phone)) -> Phone {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let one = all.entry(phone.to_owned()).or_default();
        change(one);
        one.clone()
    }
}

/// What is wanted.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wish {
    phone: String,
    /// What it does from now on; as before when left out, and at first `allow`.
    answer: Option<Answer>,
    /// What the resident signs in with, where the sandbox has not registered them.
    password: Option<String>,
    /// The address in the code that a device shows.
    address: Option<String>,
    /// The number that the device shows.
    number: Option<String>,
}

/// What came of it.
#[derive(Debug, Serialize)]
pub(crate) struct Done {
    answer: Answer,
    /// The page that the phone saw last; none where it did nothing.
    page: Option<String>,
    /// What that page said.
    words: Option<String>,
}

/// Sets how a phone answers, and has it answer where a device asks.
pub(crate) async fn answer(world: &World, wish: Wish) -> anyhow::Result<Done> {
    let name = e164(wish.phone);
    let phone = world.phones().change(&name, |phone| {
        phone.answer = wish.answer.unwrap_or(phone.answer);
        phone.password = wish.password.or_else(|| phone.password.take());
    });
    let mut done = Done {
        answer: phone.answer,
        page: None,
        words: None,
    };
    let Some(address) = wish.address.filter(|_| phone.answer != Answer::Ignore) else {
        return Ok(done);
    };
    let password = phone
        .password
        .context("password: the sandbox has not registered this phone")?;
    let mut browser = Browser::new(world.client(), world.issuer());
    let mut shown = browser.open(&address).await?;
    if let Some(form) = asking(&shown, "identifier").cloned() {
        let typed = [("identifier", name.as_str()), ("password", password.as_str())];
        shown = send(&mut browser, &shown, (&form, typed.as_slice())).await?;
    }
    if let Some(form) = asking(&shown, "number").cloned() {
        let number = wish.number.unwrap_or_default();
        let typed = match phone.answer {
            Answer::Allow => [("number", number.as_str()), ("decision", "allow")],
            Answer::Deny | Answer::Ignore => [("number", ""), ("decision", "deny")],
        };
        shown = send(&mut browser, &shown, (&form, typed.as_slice())).await?;
    }
    if !shown.status.is_success() {
        bail!(
            "{} answered {}: {}",
            shown.url.path(),
            shown.status,
            excerpt(&shown.page.text)
        );
    }
    done.words = Some(excerpt(&shown.page.text));
    done.page = Some(shown.page.name);
    Ok(done)
}

/// The form that asks for something.
fn asking<'a>(shown: &'a Shown, name: &str) -> Option<&'a Form> {
    shown.page.forms.iter().find(|form| form.posts && form.asks(name))
}

async fn send(
    browser: &mut Browser<'_>,
    from: &Shown,
    (form, typed): (&Form, &[(&str, &str)]),
) -> anyhow::Result<Shown> {
    let mut fields = form.defaults();
    for (name, value) in typed {
        fields.retain(|(other, _)| other != name);
        fields.push(((*name).to_owned(), (*value).to_owned()));
    }
    browser.send(&from.url, &form.action, &fields).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Keys;

    fn wish(text: &str) -> Wish {
        serde_json::from_str(text).unwrap()
    }

    #[tokio::test]
    async fn an_answer_is_remembered_and_a_phone_in_the_pocket_does_nothing() {
        let world = World::new(Keys::default(), "http://localhost:1").unwrap();
        let set = answer(&world, wish(r#"{"phone": "13800000001", "answer": "ignore"}"#)).await;
        assert_eq!(set.unwrap().answer, Answer::Ignore);
        let asked = r#"{"phone": "+8613800000001", "address": "http://localhost:1/scan/x", "number": "42"}"#;
        let done = answer(&world, wish(asked)).await.unwrap();
        assert_eq!((done.answer, done.page), (Answer::Ignore, None));
    }

    #[tokio::test]
    async fn a_phone_opens_no_address_of_others_and_signs_in_with_nothing_made_up() {
        let world = World::new(Keys::default(), "http://localhost:1").unwrap();
        let unknown = r#"{"phone": "13800000001", "address": "http://localhost:1/scan/x"}"#;
        let refused = answer(&world, wish(unknown)).await.unwrap_err().to_string();
        assert!(refused.contains("password"), "{refused}");
        world.phones().remember("+8613800000001", "Long-enough-1");
        let foreign = r#"{"phone": "13800000001", "address": "http://other.test/scan/x"}"#;
        let refused = answer(&world, wish(foreign)).await.unwrap_err().to_string();
        assert!(refused.contains("led away"), "{refused}");
    }
}
