//! The world server as the provider and its tests see it: every wire contract, over real connections.
#![expect(clippy::unwrap_used, reason = "a test says what must hold by failing")]

mod registers;

use reqwest::header::{ACCEPT, AUTHORIZATION};
use sandbox::{Config, Running};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

struct World {
    running: Running,
    client: reqwest::Client,
}

impl World {
    async fn start() -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        let running = sandbox::start(Config::on_free_ports()).await.unwrap();
        Self {
            running,
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
        }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.running.addresses().world_url())
    }

    async fn ask(&self, source: &str, body: Value) -> (u16, Value) {
        let url = self.url(&format!("/sources/{source}/check"));
        let request = self
            .client
            .post(url)
            .header(AUTHORIZATION, "Bearer sandbox-sources-key")
            .json(&body);
        let response = request.send().await.unwrap();
        (
            response.status().as_u16(),
            response.json().await.unwrap_or(Value::Null),
        )
    }

    async fn sms(&self, to: &str, text: &str, reference: &str) -> u16 {
        let body = json!({ "to": to, "text": text, "template": "otp", "reference": reference });
        let request = self
            .client
            .post(self.url("/gateway/sms"))
            .header(AUTHORIZATION, "Bearer sandbox-gateway-key");
        request.json(&body).send().await.unwrap().status().as_u16()
    }

    async fn put(&self, path: &str, body: Value) -> (u16, Value) {
        let response = self.client.put(self.url(path)).json(&body).send().await.unwrap();
        (
            response.status().as_u16(),
            response.json().await.unwrap_or(Value::Null),
        )
    }

    async fn get(&self, path: &str) -> Value {
        self.client
            .get(self.url(path))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }

    async fn fault(&self, route: &str, fault: &str, calls: u32) {
        let (status, _) = self
            .put(
                "/faults",
                json!({ "route": route, "fault": fault, "calls": calls }),
            )
            .await;
        assert_eq!(status, 200);
    }
}

fn two(name: &str, citizen_id: &str) -> Value {
    json!({ "name": name, "citizen_id": citizen_id })
}

#[tokio::test]
async fn faults_are_met_for_as_many_calls_as_were_asked_and_no_more() {
    let world = World::start().await;
    let person = two("张明远", "340000199003070012");
    for (fault, status, result) in [
        ("down", 503, Value::Null),
        ("garbage", 200, Value::Null),
        ("wrong", 200, json!("perhaps")),
        ("refused", 403, Value::Null),
    ] {
        world.fault("population-register", fault, 1).await;
        let (got, answer) = world.ask("population-register", person.clone()).await;
        assert_eq!((got, &answer["result"]), (status, &result), "{fault}");
        assert_eq!(
            world.ask("population-register", person.clone()).await.1["result"],
            "match"
        );
    }
    world.fault("mobile-operator", "down", 1).await;
    assert_eq!(
        world.ask("population-register", person.clone()).await.0,
        200,
        "another route is not touched"
    );
    let (status, _) = world
        .put("/faults", json!({ "route": "moon", "fault": "down" }))
        .await;
    assert_eq!(status, 400);
    let slow = json!({ "route": "population-register", "fault": "slow", "delay_ms": 30, "calls": 1 });
    world.put("/faults", slow).await;
    let begun = tokio::time::Instant::now();
    assert_eq!(
        world.ask("population-register", person).await.1["result"],
        "match"
    );
    assert!(begun.elapsed().as_millis() >= 30);
}

#[tokio::test]
async fn the_journal_keeps_what_each_register_was_asked() {
    let world = World::start().await;
    world
        .ask("population-register", two("张明", "340000199003070012"))
        .await;
    world.sms("+8613800000001", "code 111111", "r").await;
    let entries = world.get("/journal?route=population-register").await;
    assert_eq!(entries.as_array().unwrap().len(), 1);
    assert_eq!(entries[0]["request"]["name"], "张明");
    assert_eq!(entries[0]["outcome"], "mismatch");
    assert_eq!(world.get("/journal").await.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn the_gateway_delivers_one_reference_once_into_the_outbox() {
    let world = World::start().await;
    assert_eq!(
        world
            .sms("+8613800000001", "验证码 123456，5 分钟内有效", "one")
            .await,
        202
    );
    assert_eq!(
        world
            .sms("+8613800000001", "验证码 123456，5 分钟内有效", "one")
            .await,
        202
    );
    assert_eq!(world.sms("+8613800000001", "验证码 654321", "two").await, 202);
    assert_eq!(world.sms("13800000001", "no plus sign", "three").await, 400);
    let messages = world.get("/outbox?to=%2B8613800000001&channel=sms").await;
    assert_eq!(messages.as_array().unwrap().len(), 2);
    assert_eq!(
        (&messages[0]["code"], &messages[1]["code"]),
        (&json!("654321"), &json!("123456"))
    );
    assert_eq!(
        (&messages[0]["channel"], &messages[0]["to"]),
        (&json!("sms"), &json!("+8613800000001"))
    );
    assert_eq!(messages[0]["link"], Value::Null);
    assert_eq!(world.get("/outbox?to=13900000000").await, json!([]));
}

#[tokio::test]
async fn captcha_answers_are_told_for_the_session_they_belong_to() {
    let world = World::start().await;
    for (session, answer) in [("a", "AB12"), ("b", "CD34"), ("a", "EF56")] {
        let body = json!({ "session": session, "answer": answer });
        assert!(
            world
                .client
                .post(world.url("/captcha"))
                .json(&body)
                .send()
                .await
                .unwrap()
                .status()
                .is_success()
        );
    }
    assert_eq!(world.get("/captcha/latest?session=a").await["answer"], "EF56");
    assert_eq!(world.get("/captcha/latest?session=b").await["answer"], "CD34");
    assert_eq!(
        world
            .client
            .get(world.url("/captcha/latest?session=c"))
            .send()
            .await
            .unwrap()
            .status(),
        404
    );
}

#[tokio::test]
async fn people_and_organisations_can_be_added_and_changed_in_every_register() {
    let world = World::start().await;
    let person = json!({ "name": "新来的", "phone": "+8613900000001" });
    assert_eq!(world.put("/people/11010519491231002X", person).await.0, 201);
    assert_eq!(
        world
            .ask("population-register", two("新来的", "11010519491231002X"))
            .await
            .1["result"],
        "match"
    );
    let person = json!({ "name": "新来的", "status": "locked" });
    assert_eq!(world.put("/people/11010519491231002X", person).await.0, 200);
    assert_eq!(
        world
            .ask("population-register", two("新来的", "11010519491231002X"))
            .await
            .1["result"],
        "restricted"
    );
    assert_eq!(
        world
            .put("/people/110105194912310021", json!({ "name": "x" }))
            .await
            .0,
        422
    );
    assert_eq!(
        world
            .put("/people/11010519491231002X", json!({ "nom": "x" }))
            .await
            .0,
        400
    );
    let firm = json!({ "name": "某公司", "kind": "enterprise", "legal_representative": two("新来的", "11010519491231002X") });
    assert_eq!(world.put("/enterprises/91330100799655058B", firm).await.0, 201);
    let (_, answer) = world
        .ask(
            "enterprise-register",
            json!({ "name": "某公司", "credit_code": "91330100799655058B" }),
        )
        .await;
    assert_eq!(answer["result"], "match");
}

#[tokio::test]
async fn everybody_in_the_world_passes_the_products_own_checks() {
    let world = World::start().await;
    let today = model::clock::Clock::system().now().date_naive();
    for person in world.get("/people").await.as_array().unwrap() {
        let text = |key: &str| person[key].as_str().unwrap();
        assert!(
            model::citizen_id::CitizenId::parse_strict(text("citizen_id"), today).is_ok(),
            "{person}"
        );
        assert!(model::phone::Phone::parse(text("phone")).is_ok(), "{person}");
        assert!(
            model::person_name::PersonName::parse(text("name")).is_ok(),
            "{person}"
        );
    }
    let enterprises: Vec<Value> = serde_json::from_str(include_str!("../../world/enterprises.json")).unwrap();
    for enterprise in enterprises {
        let code = enterprise["credit_code"].as_str().unwrap();
        assert!(model::credit_code::CreditCode::parse(code).is_ok(), "{code}");
    }
}

#[tokio::test]
async fn mail_over_a_real_connection_arrives_in_the_same_outbox() {
    let world = World::start().await;
    let mut stream = tokio::net::TcpStream::connect(world.running.addresses().smtp)
        .await
        .unwrap();
    stream
        .write_all(
            "EHLO test\r\nMAIL FROM:<id@example.org>\r\nRCPT TO:<A@Example.org>\r\nDATA\r\nSubject: Hello\r\n\r\n\
             Open https://id.example/email?t=1\r\n.\r\nQUIT\r\n"
                .as_bytes(),
        )
        .await
        .unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).await.unwrap();
    assert!(
        said.starts_with("220 ") && said.ends_with("221 sandbox goodbye\r\n"),
        "{said}"
    );
    let messages = world.get("/outbox?to=a@example.org&channel=email").await;
    assert_eq!(messages[0]["link"], "https://id.example/email?t=1");

    world.fault("smtp", "down", 1).await;
    let mut stream = tokio::net::TcpStream::connect(world.running.addresses().smtp)
        .await
        .unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).await.unwrap();
    assert!(said.starts_with("421 "), "{said}");
}

#[tokio::test]
async fn browsers_get_pages_in_each_language_with_one_heading_and_no_missing_text() {
    let world = World::start().await;
    world.sms("+8613800000001", "<b>code</b> 123456", "one").await;
    for path in [
        "/?lang=zh-CN",
        "/?lang=en",
        "/?lang=vi",
        "/outbox?lang=zh-CN",
        "/outbox?lang=en",
        "/outbox?lang=vi",
    ] {
        let response = world
            .client
            .get(world.url(path))
            .header(ACCEPT, "text/html")
            .send()
            .await
            .unwrap();
        assert!(
            response.headers()["content-security-policy"]
                .to_str()
                .unwrap()
                .contains("default-src 'none'")
        );
        let html = response.text().await.unwrap();
        assert_eq!(html.matches("<h1>").count(), 1, "{path}");
        assert!(!html.contains("[world-") && !html.contains("<b>code"), "{path}");
        assert!(html.contains(&format!("<html lang=\"{}\"", path.rsplit('=').next().unwrap())));
    }
}
