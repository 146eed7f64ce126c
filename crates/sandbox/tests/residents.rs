//! `POST /residents` against pages shaped like the provider's: hidden fields carried over, captcha and code found in the
//! world, cookies kept, redirects followed.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test says what must hold by failing"
)]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use reqwest::header::AUTHORIZATION;
use sandbox::{Bound, Config};
use serde_json::{Value, json};

#[derive(Clone)]
struct Pages {
    world: String,
    client: reqwest::Client,
    /// The steps done, as the fields of each form.
    forms: Arc<Mutex<Vec<BTreeMap<String, String>>>>,
    /// Whether the last step may ever succeed.
    willing: bool,
}

impl Pages {
    fn page(name: &str, rest: &str) -> Response {
        let html = format!(
            "<body data-page={name}><form method=post action=/preferences><button name=language value=en>en</button></form>\
             <main><h1>{name}</h1>{rest}</main>"
        );
        (
            [
                (header::CONTENT_TYPE, "text/html"),
                (header::SET_COOKIE, "denizen_browser=b1; Path=/; HttpOnly"),
            ],
            html,
        )
            .into_response()
    }

    fn go(to: &'static str) -> Response {
        (
            StatusCode::SEE_OTHER,
            [
                (header::LOCATION, to),
                (header::SET_COOKIE, "denizen_session=s1; Path=/"),
            ],
        )
            .into_response()
    }
}

async fn show(State(pages): State<Pages>, uri: Uri) -> Response {
    match uri.path() {
        "/register" => {
            let body = json!({ "session": "cap1", "answer": "xY7k" });
            pages
                .client
                .post(format!("{}/captcha", pages.world))
                .json(&body)
                .send()
                .await
                .unwrap();
            Pages::page(
                "register",
                "<form method=post action='/register?step=1'><input type=hidden name=csrf value=c1>\
                 <input type=hidden name=captcha_id value=cap1><input type=radio name=kind value=resident>\
                 <input type=radio name=kind value=organisation checked><input name=phone><input name=captcha>\
                 <button name=refresh value=1>new</button><button>next</button></form>",
            )
        }
        "/register/code" => Pages::page(
            "register-code",
            "<form method=post><input type=hidden name=csrf value=c2><input name=sms_code><input type=password name=password>\
             <input type=password name=password_again><input type=checkbox name=agree value=v3>\
             <button name=resend value=1>again</button><button>next</button></form>",
        ),
        "/verify/population-register" => Pages::page(
            "verify",
            "<form method=post><input name=name><input name=citizen_id><button>check</button>\
             <button name=skip value=1>skip</button></form>",
        ),
        "/verify/mobile-operator" => Pages::page(
            "verify-mobile-operator",
            "<form method=post action=/verify/mobile-operator><input type=hidden name=csrf value=c3>\
             <button name=confirm value=yes>agree</button><button name=skip value=yes>skip</button></form>\
             <form method=post action=/verify/decline><button>no</button></form>",
        ),
        _ => {
            let level = if pages
                .forms
                .lock()
                .unwrap()
                .iter()
                .any(|form| form.contains_key("confirm"))
            {
                2
            } else {
                1
            };
            Pages::page("account", &format!("<p data-level={level}>fine</p>"))
        }
    }
}

async fn take(State(pages): State<Pages>, uri: Uri, headers: HeaderMap, body: String) -> Response {
    let form: BTreeMap<String, String> = url::form_urlencoded::parse(body.as_bytes())
        .into_owned()
        .collect();
    pages.forms.lock().unwrap().push(form.clone());
    assert!(
        headers[header::COOKIE]
            .to_str()
            .unwrap()
            .contains("denizen_browser=b1")
    );
    assert!(headers.contains_key(header::ORIGIN));
    match uri.path() {
        "/register" => {
            let sms = json!({ "to": form["phone"], "text": "code 424242", "reference": "r1" });
            let request = pages
                .client
                .post(format!("{}/gateway/sms", pages.world))
                .json(&sms);
            request
                .header(AUTHORIZATION, "Bearer sandbox-gateway-key")
                .send()
                .await
                .unwrap();
            Pages::go("/register/code")
        }
        "/register/code" => Pages::go("/verify/population-register"),
        _ if pages.willing => Pages::go("/account"),
        _ => Pages::go("/verify/population-register"),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test's own server, gone with the test's runtime"
)]
async fn ask(wish: Value, willing: bool) -> (u16, Value, Vec<BTreeMap<String, String>>) {
    drop(rustls::crypto::ring::default_provider().install_default());
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let bound = Bound::bind(Config::on_free_ports()).await.unwrap();
    let world = bound.addresses().world_url();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    let pages = Pages {
        world: world.clone(),
        client: client.clone(),
        forms: Arc::default(),
        willing,
    };
    let forms = Arc::clone(&pages.forms);
    let router = axum::Router::new().fallback_service(get(show).post(take).with_state(pages));
    drop(tokio::spawn(async move { axum::serve(listener, router).await }));
    let _running = bound.start(&issuer).unwrap();
    let response = client
        .post(format!("{world}/residents"))
        .json(&wish)
        .send()
        .await
        .unwrap();
    let status = response.status().as_u16();
    let answer = response.json().await.unwrap();
    let forms = forms.lock().unwrap().clone();
    (status, answer, forms)
}

#[tokio::test]
async fn a_resident_is_registered_and_verified_through_the_pages() {
    let wish = json!({ "citizen_id": "340000199003070012", "password": "Long-enough-1" });
    let (status, resident, forms) = ask(wish, true).await;
    assert_eq!(status, 201, "{resident}");
    assert_eq!(resident["name"], "张明远");
    assert_eq!(
        (&resident["phone"], &resident["level"]),
        (&json!("+8613800000001"), &json!(1))
    );
    assert_eq!(
        resident["cookies"],
        json!({ "denizen_browser": "b1", "denizen_session": "s1" })
    );
    assert_eq!(forms.len(), 3);
    assert_eq!(
        (
            forms[0]["csrf"].as_str(),
            forms[0]["captcha"].as_str(),
            forms[0]["kind"].as_str()
        ),
        ("c1", "xY7k", "resident")
    );
    assert_eq!(
        (forms[1]["sms_code"].as_str(), forms[1]["agree"].as_str()),
        ("424242", "v3")
    );
    assert_eq!(forms[1]["password"], forms[1]["password_again"]);
    assert_eq!(forms[2]["citizen_id"], "340000199003070012");
    assert!(forms.iter().all(|form| {
        !["refresh", "resend", "skip"]
            .iter()
            .any(|name| form.contains_key(*name))
    }));
}

#[tokio::test]
async fn a_resident_of_level_0_skips() {
    let (status, resident, forms) = ask(json!({ "level": 0 }), true).await;
    assert_eq!(status, 201, "{resident}");
    assert_eq!(forms[2].get("skip").map(String::as_str), Some("1"));
}

#[tokio::test]
async fn a_resident_of_level_2_goes_on_to_the_operator() {
    let (status, resident, forms) = ask(json!({ "level": 2 }), true).await;
    assert_eq!((status, &resident["level"]), (201, &json!(2)), "{resident}");
    assert_eq!(forms[3]["confirm"], "yes");
    assert_eq!(forms[3]["csrf"], "c3");
}

#[tokio::test]
async fn pages_that_keep_asking_are_reported_in_their_own_words() {
    let (status, answer, _) = ask(json!({}), false).await;
    assert_eq!(
        (status, answer["error"].as_str()),
        (502, Some("registration_failed"))
    );
    assert!(
        answer["detail"]
            .as_str()
            .unwrap()
            .contains("/verify/population-register keeps asking: verify"),
        "{answer}"
    );
    let (status, _, _) = ask(json!({ "colour": "red" }), true).await;
    assert_eq!(status, 400);
}
