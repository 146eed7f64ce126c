//! The sandbox's own API: what the world around the provider knows and does.

use std::time::Duration;

use reqwest::Client;
use serde_json::{Value, json};

use crate::engine;
use crate::people::Person;
use crate::wait;

/// How long a message may take from the page to the phone.
const MESSAGE_LIMIT: Duration = Duration::from_secs(10);

/// A handle on the sandbox's API.
#[derive(Clone, Debug)]
pub struct Outside {
    base: String,
    http: Client,
}

impl Outside {
    /// The API at an address.
    pub fn new(base: String) -> Self {
        Self {
            base,
            http: engine::http(true),
        }
    }

    /// Its address.
    pub fn base(&self) -> &str {
        &self.base
    }

    async fn put(&self, path: &str, body: &Value) {
        let sent = engine::send(self.http.put(format!("{}{path}", self.base)).json(body)).await;
        let answer = sent.expect("the sandbox answers");
        let status = answer.status();
        assert!(
            status.is_success(),
            "{path}: {status}: {}",
            answer.text().await.unwrap_or_default()
        );
    }

    async fn get(&self, path: &str, query: &[(&str, &str)]) -> Option<Value> {
        let sent = engine::send(self.http.get(format!("{}{path}", self.base)).query(query)).await;
        let answer = sent.expect("the sandbox answers");
        if !answer.status().is_success() {
            return None;
        }
        Some(answer.json().await.expect("JSON"))
    }

    /// Puts a person into every register.
    pub async fn add(&self, person: &Person) {
        self.add_as(person, json!({})).await;
    }

    /// Puts a person into every register, with something special about them (`status`, `register_name`, `delay_ms`, …).
    pub async fn add_as(&self, person: &Person, special: Value) {
        let mut body = json!({ "name": person.name, "phone": person.e164() });
        let fields = body.as_object_mut().expect("an object");
        fields.extend(special.as_object().expect("an object").clone());
        self.put(&format!("/people/{}", person.citizen_id), &body).await;
    }

    /// Somebody new who is in every register.
    pub async fn person(&self) -> Person {
        let person = Person::new();
        self.add(&person).await;
        person
    }

    /// Has the sandbox register a resident through the provider's pages (`POST /residents`).
    pub async fn resident(&self, level: u8) -> Value {
        let request = self
            .http
            .post(format!("{}/residents", self.base))
            .json(&json!({ "level": level }));
        let answer = engine::send(request).await.expect("the sandbox answers");
        let status = answer.status();
        let text = answer.text().await.expect("text");
        assert_eq!(status.as_u16(), 201, "{text}");
        serde_json::from_str(&text).expect("JSON")
    }

    /// Has the phone of a resident whom the sandbox registered answer a device (`PUT /approvals`).
    pub async fn approve(&self, approval: Value) -> Value {
        let request = self.http.put(format!("{}/approvals", self.base)).json(&approval);
        let answer = engine::send(request).await.expect("the sandbox answers");
        let status = answer.status();
        let text = answer.text().await.expect("text");
        assert_eq!(status.as_u16(), 200, "{text}");
        serde_json::from_str(&text).expect("JSON")
    }

    /// The messages to a phone, newest first.
    pub async fn messages(&self, phone: &str) -> Vec<Value> {
        let found = self
            .get("/outbox", &[("to", phone), ("channel", "sms")])
            .await
            .expect("an outbox");
        found.as_array().expect("a list").clone()
    }

    /// How many messages a phone has had.
    pub async fn message_count(&self, phone: &str) -> usize {
        self.messages(phone).await.len()
    }

    /// The code in message number `nth` (from 1) to a phone, or in the next one that has a code, waiting for it: notices come in
    /// between.
    pub async fn code(&self, phone: &str, nth: usize) -> String {
        let what = format!("SMS number {nth} to a phone");
        let message = wait::until(&what, MESSAGE_LIMIT, || async {
            let messages = self.messages(phone).await;
            let mut oldest_first = messages.into_iter().rev().skip(nth - 1);
            oldest_first.find(|one| one["code"].is_string())
        })
        .await;
        message["code"]
            .as_str()
            .expect("a code in the message")
            .to_owned()
    }

    /// Mail number `nth` (from 1) to an address, waiting for it: its text.
    pub async fn mail(&self, address: &str, nth: usize) -> String {
        let what = format!("mail number {nth} to a mailbox");
        let query = [("to", address), ("channel", "email")];
        let message = wait::until(&what, MESSAGE_LIMIT, || async {
            let found = self.get("/outbox", &query).await.expect("an outbox");
            let messages = found.as_array().expect("a list").clone();
            (messages.len() >= nth).then(|| messages[messages.len() - nth].clone())
        })
        .await;
        message["text"].as_str().expect("a text").to_owned()
    }

    /// What a captcha shows.
    pub async fn captcha(&self, id: &str) -> String {
        let found = self.get("/captcha/latest", &[("session", id)]).await;
        let found = found.unwrap_or_else(|| panic!("the sandbox was not told the answer of captcha {id}"));
        found["answer"].as_str().expect("an answer").to_owned()
    }

    /// Makes a route fail: `slow`, `down`, `garbage`, `wrong`, `refused`; `none` heals it.
    pub async fn fault(&self, route: &str, fault: &str) {
        self.put(
            "/faults",
            &json!({ "route": route, "fault": fault, "delay_ms": 3_000 }),
        )
        .await;
    }

    /// Makes a route fail for a number of calls.
    pub async fn fault_for(&self, route: &str, fault: &str, calls: u32) {
        let setting = json!({ "route": route, "fault": fault, "calls": calls, "delay_ms": 3_000 });
        self.put("/faults", &setting).await;
    }

    /// Makes a route so slow, once, that nobody waits for it who does not want to.
    pub async fn stall_once(&self, route: &str) {
        self.stall(route, 1).await;
    }

    /// The same for a number of calls.
    pub async fn stall(&self, route: &str, calls: u32) {
        let setting = json!({ "route": route, "fault": "slow", "calls": calls, "delay_ms": 20_000 });
        self.put("/faults", &setting).await;
    }

    /// Whether the call that [`Self::stall_once`] waits for has come.
    pub async fn has_stalled(&self, route: &str) -> bool {
        let all = self.get("/faults", &[]).await.expect("the faults");
        let left = all.as_array().expect("a list").iter();
        !left.into_iter().any(|setting| setting["route"] == route)
    }

    /// What a route was asked, newest first.
    pub async fn journal(&self, route: &str) -> Vec<Value> {
        let all = self
            .get("/journal", &[("route", route), ("limit", "1000")])
            .await
            .expect("a journal");
        all.as_array().expect("a list").clone()
    }

    /// What the software of a person's USB key makes of a text: the certificate, and the signature.
    pub async fn sign(&self, person: &Person, text: &str) -> (String, String) {
        let request = self
            .http
            .post(format!("{}/authority/sign", self.base))
            .header("accept", "application/json")
            .form(&[("citizen_id", person.citizen_id.as_str()), ("challenge", text)]);
        let answer = engine::send(request).await.expect("the sandbox answers");
        let signed: Value = answer.json().await.expect("JSON");
        let part = |name: &str| signed[name].as_str().expect("text").to_owned();
        (part("certificate"), part("signature"))
    }

    /// Has the authority revoke a person's certificates.
    pub async fn revoke(&self, person: &Person) {
        self.put(
            &format!("/authority/revocations/{}", person.citizen_id),
            &json!({}),
        )
        .await;
    }

    /// What a route was asked about a person, newest first.
    pub async fn asked_about(&self, route: &str, citizen_id: &str) -> Vec<Value> {
        let all = self.journal(route).await;
        all.into_iter()
            .filter(|entry| entry["request"]["citizen_id"] == citizen_id)
            .collect()
    }
}
