//! The parties elsewhere as the provider and a browser see them: faces, payment app, bank, another province.
#![expect(clippy::unwrap_used, reason = "a test says what must hold by failing")]

use std::collections::BTreeMap;

use reqwest::Url;
use reqwest::header::LOCATION;
use sandbox::{Config, Running};
use serde_json::{Value, json};

const KEY: &str = "sandbox-vendors-key";
const BACK: &str = "http://localhost:8080/verify/x/back";
const ZHANG: &str = "340000199003070012";
/// 32 bytes in base64url, and its SHA-256 (RFC 7636 appendix B).
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

struct World {
    running: Running,
    client: reqwest::Client,
}

impl World {
    async fn start() -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none());
        Self {
            running: sandbox::start(Config::on_free_ports()).await.unwrap(),
            client: client.build().unwrap(),
        }
    }

    fn url(&self, path: &str) -> String {
        if path.starts_with("http") {
            return path.to_owned();
        }
        format!("{}{path}", self.running.addresses().world_url())
    }

    async fn page(&self, path: &str, query: &[(&str, &str)]) -> (u16, String) {
        let response = self.client.get(self.url(path)).query(query).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    /// Sends a form as a browser does; where it leads.
    async fn send(&self, path: &str, fields: &[(&str, &str)]) -> Option<Url> {
        let response = self
            .client
            .post(self.url(path))
            .form(fields)
            .send()
            .await
            .unwrap();
        let location = response.headers().get(LOCATION)?.to_str().unwrap().to_owned();
        Some(Url::parse(&location).unwrap())
    }

    async fn form(&self, path: &str, fields: &[(&str, &str)]) -> (u16, Value) {
        let response = self
            .client
            .post(self.url(path))
            .form(fields)
            .send()
            .await
            .unwrap();
        (
            response.status().as_u16(),
            response.json().await.unwrap_or_default(),
        )
    }

    async fn ask(&self, path: &str, key: &str, body: Value) -> (u16, Value) {
        let request = self.client.post(self.url(path)).bearer_auth(key).json(&body);
        let response = request.send().await.unwrap();
        (
            response.status().as_u16(),
            response.json().await.unwrap_or_default(),
        )
    }

    async fn fault(&self, route: &str, fault: &str) {
        let body = json!({ "route": route, "fault": fault, "calls": 1 });
        let request = self.client.put(self.url("/faults")).json(&body);
        assert_eq!(request.send().await.unwrap().status(), 200);
    }

    async fn start_face(&self, name: &str, number: &str) -> (String, String) {
        let body = json!({ "reference": "r-1", "name": name, "citizen_id": number, "return_url": BACK });
        let (status, answer) = self.ask("/vendors/face/start", KEY, body).await;
        assert_eq!(status, 200, "{answer}");
        let text = |name: &str| answer.get(name).and_then(Value::as_str).unwrap().to_owned();
        (text("certify_id"), text("url"))
    }

    async fn face_result(&self, certify_id: &str) -> Value {
        let (status, answer) = self
            .ask("/vendors/face/result", KEY, json!({ "certify_id": certify_id }))
            .await;
        assert_eq!(status, 200);
        answer
    }

    /// Signs in at a party; where the browser is sent back to.
    async fn sign_in(
        &self,
        party: &str,
        query: &[(&str, &str)],
        fields: &[(&str, &str)],
    ) -> BTreeMap<String, String> {
        let path = if party == "payment" {
            "oauth2/authorize"
        } else {
            "authorize"
        };
        let (status, html) = self.page(&format!("/vendors/{party}/{path}"), query).await;
        assert_eq!(status, 200, "{html}");
        let (_, rest) = html.split_once("name=\"request\" value=\"").unwrap();
        let request = rest.split('"').next().unwrap();
        let mut all = vec![("request", request)];
        all.extend(fields);
        let back = self
            .send(&format!("/vendors/{party}/decide"), &all)
            .await
            .unwrap();
        assert!(back.as_str().starts_with(BACK));
        back.query_pairs().into_owned().collect()
    }
}

fn openid_query() -> [(&'static str, &'static str); 8] {
    [
        ("response_type", "code"),
        ("client_id", "denizen"),
        ("redirect_uri", BACK),
        ("scope", "openid profile"),
        ("state", "s-1"),
        ("nonce", "n-1"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]
}

fn token_form(code: &str) -> [(&str, &str); 6] {
    [
        ("grant_type", "authorization_code"),
        ("client_id", "denizen"),
        ("client_secret", KEY),
        ("redirect_uri", BACK),
        ("code_verifier", VERIFIER),
        ("code", code),
    ]
}

#[tokio::test]
async fn source_a_face_is_compared_for_the_stated_pair_and_the_result_is_fetched() {
    let world = World::start().await;
    for (name, number, outcome, state) in [
        ("张明远", ZHANG, "passes", "passed"),
        ("张明远", ZHANG, "fails", "failed"),
        ("张明远", ZHANG, "cancels", "cancelled"),
        // Nobody passes who is not in the register as stated.
        ("张明", ZHANG, "passes", "failed"),
        ("孙立群", "21000019790918013X", "passes", "failed"),
        ("郑未来", "370000198707120111", "passes", "failed"),
    ] {
        let (id, url) = world.start_face(name, number).await;
        assert_eq!(world.face_result(&id).await["state"], "pending");
        let (status, html) = world.page(&url, &[]).await;
        assert!(status == 200 && !html.contains(number), "no number on the page");
        let back = world.send(&url, &[("outcome", outcome)]).await.unwrap();
        assert_eq!(back.as_str(), format!("{BACK}?certify_id={id}"));
        let result = world.face_result(&id).await;
        assert_eq!(
            (&result["state"], &result["reference"], &result["citizen_id"]),
            (&json!(state), &json!("r-1"), &json!(number)),
            "{name} {outcome}"
        );
    }
}

#[tokio::test]
async fn source_the_face_company_can_hang_lie_fail_and_refuse() {
    let world = World::start().await;
    let (id, url) = world.start_face("张明远", ZHANG).await;
    assert!(world.send(&url, &[("outcome", "hangs")]).await.is_none());
    assert_eq!(world.face_result(&id).await["state"], "pending");
    world.send(&url, &[("outcome", "another-person")]).await.unwrap();
    let result = world.face_result(&id).await;
    assert_eq!(result["state"], "passed");
    assert_ne!(result["citizen_id"], ZHANG);
    world.fault("face-result", "down").await;
    let asked = json!({ "certify_id": id });
    assert_eq!(world.ask("/vendors/face/result", KEY, asked.clone()).await.0, 503);
    assert_eq!(world.ask("/vendors/face/result", "wrong", asked).await.0, 401);
    let elsewhere = json!({ "reference": "r", "name": "张明远", "citizen_id": ZHANG,
        "return_url": "https://evil.example/verify/x" });
    assert_eq!(world.ask("/vendors/face/start", KEY, elsewhere).await.0, 400);
}

#[tokio::test]
async fn source_the_payment_app_tells_name_and_number_or_less_for_a_code_that_is_good_once() {
    let world = World::start().await;
    let query = [
        ("app_id", "denizen"),
        ("scope", "auth_user"),
        ("redirect_uri", BACK),
        ("state", "s-1"),
        ("code_challenge", CHALLENGE),
    ];
    for (withhold, has_name, has_number) in [
        ("nothing", true, true),
        ("number", true, false),
        ("both", false, false),
    ] {
        let fields = [("person", ZHANG), ("withhold", withhold), ("decision", "allow")];
        let back = world.sign_in("payment", &query, &fields).await;
        assert_eq!(
            (back["state"].as_str(), back["app_id"].as_str()),
            ("s-1", "denizen")
        );
        let redeem = [
            ("app_id", "denizen"),
            ("app_secret", KEY),
            ("grant_type", "authorization_code"),
            ("code_verifier", VERIFIER),
            ("code", back["auth_code"].as_str()),
        ];
        let (status, token) = world.form("/vendors/payment/gateway/token", &redeem).await;
        assert_eq!(status, 200, "{token}");
        assert_eq!(
            world.form("/vendors/payment/gateway/token", &redeem).await.0,
            400,
            "once"
        );
        let ask = [
            ("app_id", "denizen"),
            ("app_secret", KEY),
            ("auth_token", token["access_token"].as_str().unwrap()),
        ];
        let (status, user) = world.form("/vendors/payment/gateway/user", &ask).await;
        assert_eq!((status, &user["user_id"]), (200, &token["user_id"]));
        let told = (user.get("user_name").is_some(), user.get("cert_no").is_some());
        assert_eq!(told, (has_name, has_number), "{withhold}");
    }
    let denied = world.sign_in("payment", &query, &[("decision", "deny")]).await;
    assert_eq!(denied["error"], "access_denied");
    let without = [("app_id", "denizen"), ("grant_type", "authorization_code")];
    assert_eq!(
        world.form("/vendors/payment/gateway/token", &without).await.0,
        401
    );
}

#[tokio::test]
async fn source_the_openid_providers_say_who_they_are_and_want_secret_verifier_and_address() {
    let world = World::start().await;
    for party in ["bank", "province"] {
        let issuer = world.url(&format!("/vendors/{party}"));
        let metadata: Value = {
            let address = format!("{issuer}/.well-known/openid-configuration");
            world
                .client
                .get(address)
                .send()
                .await
                .unwrap()
                .json()
                .await
                .unwrap()
        };
        assert_eq!(metadata["issuer"], issuer);
        let fields = [
            ("person", ZHANG),
            ("decision", "allow"),
            ("acr", "urn:neighbour:level:real-person"),
        ];
        let back = world.sign_in(party, &openid_query(), &fields).await;
        assert_eq!((back["state"].as_str(), &back["iss"]), ("s-1", &issuer));
        let endpoint = metadata["token_endpoint"].as_str().unwrap();
        let (status, answer) = world.form(endpoint, &token_form(&back["code"])).await;
        assert_eq!(status, 200, "{answer}");
        assert_eq!(answer["id_token"].as_str().unwrap().split('.').count(), 3);
        assert_eq!(
            world.form(endpoint, &token_form(&back["code"])).await.0,
            400,
            "once"
        );
        let user = world.client.get(metadata["userinfo_endpoint"].as_str().unwrap());
        let user = user
            .bearer_auth(answer["access_token"].as_str().unwrap())
            .send()
            .await
            .unwrap();
        assert_eq!(user.json::<Value>().await.unwrap()["citizen_id"], ZHANG);

        for (name, wrong, status) in [
            ("client_secret", "wrong", 401),
            ("code_verifier", CHALLENGE, 400),
            ("redirect_uri", "http://localhost:8080/verify/y", 400),
        ] {
            let back = world.sign_in(party, &openid_query(), &fields).await;
            let form: Vec<_> = token_form(&back["code"])
                .into_iter()
                .map(|(key, value)| (key, if key == name { wrong } else { value }))
                .collect();
            assert_eq!(world.form(endpoint, &form).await.0, status, "{name}");
        }
    }
    assert_eq!(world.page("/vendors/payment/jwks", &[]).await.0, 404);
    let mut elsewhere = openid_query();
    elsewhere[2].1 = "https://evil.example/verify/x";
    assert_eq!(world.page("/vendors/bank/authorize", &elsewhere).await.0, 400);
    assert_eq!(
        world
            .page("/vendors/bank/authorize", &openid_query()[..6])
            .await
            .0,
        400,
        "PKCE"
    );
}

#[tokio::test]
async fn the_pages_of_the_parties_are_whole_in_every_language() {
    let world = World::start().await;
    let (_, camera) = world.start_face("张明远", ZHANG).await;
    for language in ["zh-CN", "en", "vi"] {
        let mut query = openid_query().to_vec();
        query.push(("lang", language));
        let pages = [
            world.page("/vendors/province/authorize", &query).await.1,
            world.page(&camera, &[("lang", language)]).await.1,
            world
                .page("/vendors/bank/authorize", &[("lang", language)])
                .await
                .1,
        ];
        for html in pages {
            assert_eq!(html.matches("<h1>").count(), 1);
            assert!(!html.contains("[vendor-"), "{html}");
            assert!(html.contains(&format!("<html lang=\"{language}\"")));
        }
    }
}
