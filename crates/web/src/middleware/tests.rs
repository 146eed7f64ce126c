use super::*;
use crate::cookies::{Cookie, CookieMode};
use crate::extract::{Form, FormName};
use crate::page::{self, Page, Visit};
use axum::body::Body;
use axum::routing::{get, post};
use http::header::{ACCEPT, ACCEPT_LANGUAGE, COOKIE, SET_COOKIE};
use http_body_util::BodyExt as _;
use model::clock::Clock;
use model::rng::Rng;
use model::secret::Token;
use serde::Deserialize;
use tower::ServiceExt as _;

const HOST_NAME: &str = "localhost:8080";

#[derive(Deserialize)]
struct Sample {
    name: String,
}

impl FormName for Sample {
    const FORM: &'static str = "sample";
}

async fn show(visit: Visit) -> Response {
    visit.render_markup(Page::new("sample", "web-home"), &crate::Markup::text("hello"))
}

async fn take(visit: Visit, Form(sample): Form<Sample>) -> Response {
    visit.render_markup(
        Page::new("sample", "web-home"),
        &crate::Markup::text(&sample.name),
    )
}

fn kit() -> Kit {
    Kit::for_tests(&[], Clock::manual(chrono::DateTime::UNIX_EPOCH)).unwrap()
}

async fn explode() -> &'static str {
    panic!("secret detail")
}

fn app(kit: &Kit) -> Router {
    let pages = Router::new().route("/sample", get(show).post(take));
    let bare = Router::new()
        .route("/explode", get(explode))
        .route("/token", post(|| async { "token" }))
        .route("/slow", get(std::future::pending::<&'static str>))
        .route("/program/jwks", get(|| async { "{}" }))
        .route("/program/explode", get(explode))
        .route("/program/slow", get(std::future::pending::<&'static str>));
    let merged = page_routes(pages, kit.clone())
        .merge(bare)
        .with_state(kit.clone())
        .merge(page::router(kit.clone()));
    let metrics = HttpMetrics::unregistered();
    outer(
        merged,
        Outer {
            kit: kit.clone(),
            metrics,
            hosts: Hosts::Issuer,
            programs: &["/program/", "/token"],
            request_timeout_ms: 50,
        },
    )
}

fn request(method: &str, path: &str) -> http::request::Builder {
    Request::builder()
        .method(method)
        .uri(path)
        .header(HOST, HOST_NAME)
}

async fn answer(request: http::request::Builder, body: impl Into<Body>) -> (StatusCode, HeaderMap, String) {
    let response = app(&kit())
        .oneshot(request.body(body.into()).unwrap())
        .await
        .unwrap();
    let (parts, body) = response.into_parts();
    let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    (parts.status, parts.headers, text)
}

#[tokio::test]
async fn attack_158_174_every_answer_has_the_security_headers() {
    for path in ["/sample", "/missing", "/explode", "/favicon.ico"] {
        let (_, headers, _) = answer(request("GET", path), "").await;
        assert_eq!(headers["x-frame-options"], "DENY", "{path}");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["referrer-policy"], "same-origin");
        assert_eq!(headers["cross-origin-opener-policy"], "same-origin");
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(
            policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe"), "{policy}");
        assert!(!headers.contains_key("strict-transport-security"));
    }
}

#[tokio::test]
async fn attack_170_pages_are_not_stored_and_files_are() {
    assert_eq!(
        answer(request("GET", "/sample"), "").await.1["cache-control"],
        "no-store"
    );
    let files = answer(request("GET", &crate::assets::STYLE.path()), "").await;
    assert_eq!(files.0, StatusCode::OK);
    assert!(files.1["cache-control"].to_str().unwrap().contains("immutable"));
}

#[tokio::test]
async fn the_correlation_number_is_ours_on_the_page_and_in_the_header() {
    let (_, headers, html) = answer(
        request("GET", "/sample").header("x-request-id", "chosen-by-caller"),
        "",
    )
    .await;
    let id = headers["x-request-id"].to_str().unwrap();
    assert_ne!(id, "chosen-by-caller");
    assert!(html.contains(id));
}

#[tokio::test]
async fn attack_191_another_host_is_refused_and_forwarded_names_are_ignored() {
    for host in [
        "evil.test",
        "localhost",
        "localhost:8081",
        "localhost:8080.evil.test",
        "",
    ] {
        let request = Request::get("/sample").header(HOST, host);
        assert_eq!(
            answer(request, "").await.0,
            StatusCode::MISDIRECTED_REQUEST,
            "{host}"
        );
    }
    let absolute = Request::get("http://evil.test/sample").header(HOST, HOST_NAME);
    assert_eq!(answer(absolute, "").await.0, StatusCode::MISDIRECTED_REQUEST);
    let ours = Request::get("http://LOCALHOST:8080/sample").header(HOST, HOST_NAME);
    assert_eq!(answer(ours, "").await.0, StatusCode::OK);
    let two = request("GET", "/sample").header(HOST, HOST_NAME);
    assert_eq!(answer(two, "").await.0, StatusCode::BAD_REQUEST);
    assert_eq!(
        answer(Request::get("/sample"), "").await.0,
        StatusCode::BAD_REQUEST
    );
    let forwarded = request("GET", "/sample")
        .header("x-forwarded-host", "evil.test")
        .header("forwarded", "host=evil.test");
    let (status, _, html) = answer(forwarded, "").await;
    assert!(status == StatusCode::OK && !html.contains("evil.test"));
}

#[tokio::test]
async fn attack_319_a_panic_is_a_problem_page_that_says_nothing_about_it() {
    let (status, _, html) = answer(request("GET", "/explode").header(ACCEPT, "text/html"), "").await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(
        html.contains("data-page=\"problem\"") && html.contains("data-code=\"internal\""),
        "{html}"
    );
    assert!(!html.contains("secret detail"));
}

#[tokio::test]
async fn a_program_gets_a_problem_document_in_its_language() {
    let asked = request("GET", "/nowhere?secret=1")
        .header(ACCEPT, "application/json")
        .header(ACCEPT_LANGUAGE, "vi");
    let (status, headers, text) = answer(asked, "").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(headers["content-type"], "application/problem+json");
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["code"], "not-found");
    assert_eq!(document["title"], "Không tìm thấy trang");
    assert_eq!(document["correlation"], headers["x-request-id"].to_str().unwrap());
    assert!(!text.contains("secret"));
}

#[tokio::test]
async fn a_request_that_takes_too_long_ends_as_a_problem() {
    let (status, headers, _) = answer(request("GET", "/slow"), "").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(headers.contains_key("retry-after"));
    assert_eq!(
        answer(request("DELETE", "/sample"), "").await.0,
        StatusCode::METHOD_NOT_ALLOWED
    );
}

/// A form as a browser of ours would send it.
fn form(kit: &Kit, token: &Token, name: &str) -> (String, String) {
    let proof = kit.csrf_key().token(&token.hash(), name);
    let cookie = format!(
        "{}={}",
        Cookie::Browser.name(CookieMode::Development),
        token.expose()
    );
    (cookie, format!("csrf={proof}&name=visible"))
}

fn posting(cookie: &str) -> http::request::Builder {
    request("POST", "/sample")
        .header(COOKIE, cookie)
        .header("content-type", "application/x-www-form-urlencoded")
}

#[tokio::test]
async fn attack_153_173_posts_from_another_site_are_refused() {
    let token = Token::generate(&Rng::seeded(5));
    let (cookie, body) = form(&kit(), &token, "sample");
    for (name, value) in [
        ("origin", "https://evil.test"),
        ("origin", "null"),
        ("origin", "http://localhost:8081"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("sec-fetch-site", "nonsense"),
    ] {
        let (status, _, html) = answer(posting(&cookie).header(name, value), body.clone()).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{name}: {value}");
        assert!(html.contains("cross-site") && !html.contains("visible"));
    }
    let own = posting(&cookie)
        .header("origin", "http://localhost:8080")
        .header("sec-fetch-site", "same-origin");
    assert_eq!(answer(own, body.clone()).await.0, StatusCode::OK);
    let remembered = request("POST", "/preferences").header("origin", "https://evil.test");
    assert_eq!(answer(remembered, "").await.0, StatusCode::FORBIDDEN);
    let endpoint = request("POST", "/token").header("origin", "https://site.test");
    assert_eq!(answer(endpoint, "").await.0, StatusCode::OK);
}

#[tokio::test]
async fn attack_154_a_form_without_the_proof_of_this_browser_and_form_changes_nothing() {
    let rng = Rng::seeded(6);
    let (mine, other) = (Token::generate(&rng), Token::generate(&rng));
    let (cookie, body) = form(&kit(), &mine, "sample");
    assert_eq!(answer(posting(&cookie), body.clone()).await.0, StatusCode::OK);
    let wrong = [
        "name=visible".to_owned(),
        "csrf=&name=visible".to_owned(),
        form(&kit(), &other, "sample").1,
        form(&kit(), &mine, "another").1,
        format!("{body}&csrf=second"),
    ];
    for body in wrong {
        assert_eq!(
            answer(posting(&cookie), body.clone()).await.0,
            StatusCode::FORBIDDEN,
            "{body}"
        );
    }
    let plain = request("POST", "/sample")
        .header(COOKIE, &cookie)
        .header("content-type", "text/plain");
    assert_eq!(
        answer(plain, body.clone()).await.0,
        StatusCode::UNSUPPORTED_MEDIA_TYPE
    );
    let without_cookie =
        request("POST", "/sample").header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(answer(without_cookie, body).await.0, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn attack_155_a_doubled_session_cookie_is_cleared() {
    let asked = request("GET", "/sample").header(COOKIE, "denizen_session=a; denizen_session=b");
    let lines: Vec<String> = answer(asked, "")
        .await
        .1
        .get_all(SET_COOKIE)
        .iter()
        .map(|v| v.to_str().unwrap().into())
        .collect();
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with("denizen_session=;") && line.contains("Max-Age=0")),
        "{lines:?}"
    );
}

#[tokio::test]
async fn a_sibling_sites_cookie_that_is_not_ascii_changes_nothing_for_the_browser() {
    let token = Token::generate(&Rng::seeded(7));
    let (cookie, body) = form(&kit(), &token, "sample");
    let line = format!("user=张三; {cookie}; _ga={}", "x".repeat(9000));
    let value = http::HeaderValue::from_bytes(line.as_bytes()).unwrap();
    let (_, headers, _) = answer(request("GET", "/sample").header(COOKIE, value.clone()), "").await;
    assert!(!headers.contains_key(SET_COOKIE), "the browser keeps its token");
    let sent = request("POST", "/sample")
        .header(COOKIE, value)
        .header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(
        answer(sent, body).await.0,
        StatusCode::OK,
        "and its forms are still ours"
    );
}

/// What a program gets when the framework, not the endpoint, answers.
async fn for_a_program(request: http::request::Builder, status: StatusCode) -> (HeaderMap, String) {
    let (found, headers, text) = answer(request.header(ACCEPT, "text/html"), "").await;
    assert_eq!(found, status, "{text}");
    assert_eq!(headers["content-type"], "application/json", "{text}");
    assert_eq!(headers["cache-control"], "no-store");
    assert!(!headers.contains_key(SET_COOKIE) && headers.contains_key("x-request-id"));
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert!(document["error_description"].is_string());
    (headers, document["error"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn programs_get_json_without_cookies_when_the_framework_answers() {
    let doubled = |method, path| request(method, path).header(COOKIE, "denizen_session=a; denizen_session=b");
    let (headers, error) =
        for_a_program(doubled("PUT", "/program/jwks"), StatusCode::METHOD_NOT_ALLOWED).await;
    assert_eq!(error, "invalid_request");
    assert_eq!(headers["allow"], "GET,HEAD");
    let (headers, error) =
        for_a_program(doubled("GET", "/program/slow"), StatusCode::SERVICE_UNAVAILABLE).await;
    assert_eq!(error, "temporarily_unavailable");
    assert!(headers.contains_key("retry-after"));
    let panicked = doubled("GET", "/program/explode");
    let (_, error) = for_a_program(panicked, StatusCode::INTERNAL_SERVER_ERROR).await;
    assert_eq!(error, "server_error");
    let (_, error) = for_a_program(doubled("GET", "/program/missing"), StatusCode::NOT_FOUND).await;
    assert_eq!(error, "invalid_request");
    let elsewhere = Request::get("/token").header(HOST, "evil.test");
    for_a_program(elsewhere, StatusCode::MISDIRECTED_REQUEST).await;

    // The endpoint's own answers are its own, and a page beside it is still a page.
    let own = answer(request("POST", "/token"), "").await;
    assert_eq!((own.0, own.2.as_str()), (StatusCode::OK, "token"));
    let (_, headers, _) = answer(request("GET", "/tokens"), "").await;
    assert!(headers["content-type"].to_str().unwrap().starts_with("text/html"));
}

#[tokio::test]
async fn a_first_visit_gets_one_browser_cookie_and_the_page_is_whole() {
    let (_, headers, html) = answer(
        request("GET", "/sample?ui_locales=fr+vi").header(ACCEPT_LANGUAGE, "en"),
        "",
    )
    .await;
    assert_eq!(headers.get_all(SET_COOKIE).iter().count(), 1);
    assert_eq!(headers["content-language"], "vi");
    for part in [
        "<html lang=\"vi\"",
        "data-page=\"sample\"",
        "http://localhost:8080/",
        "href=\"#main\"",
    ] {
        assert!(html.contains(part), "{part}");
    }
    assert_eq!(html.matches("<h1>").count(), 1);
}

#[tokio::test]
async fn preferences_are_remembered_and_lead_back_to_a_local_page_only() {
    let kind = "application/x-www-form-urlencoded";
    let choose =
        |body: &'static str| answer(request("POST", "/preferences").header("content-type", kind), body);
    let (status, headers, _) = choose("language=vi&print=large&return_to=%2Fsample%3Fx%3D1").await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert_eq!(headers["location"], "/sample?x=1");
    let lines: Vec<&str> = headers
        .get_all(SET_COOKIE)
        .iter()
        .map(|line| line.to_str().unwrap())
        .collect();
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with("denizen_prefs=vi.large;")),
        "{lines:?}"
    );
    assert_eq!(
        choose("language=en&return_to=%2F%2Fevil.test").await.1["location"],
        "/"
    );

    let (_, _, html) = answer(
        request("GET", "/sample").header(COOKIE, "denizen_prefs=vi.large"),
        "",
    )
    .await;
    assert!(html.contains("<html lang=\"vi\" class=\"large\">"), "{html}");
}

#[test]
fn hosts_are_compared_exactly_and_the_schemes_own_port_may_be_named() {
    let mut config = crate::KitConfig {
        base_url: url::Url::parse("https://id.example.test").unwrap(),
        branding: crate::branding::Branding::default(),
        texts: crate::language::Texts::new(&[crate::language::MESSAGES]).unwrap(),
        csrf_key: crate::csrf::CsrfKey::new([1; 32]),
        trusted_proxies: crate::client_address::TrustedProxies::default(),
        clock: Clock::manual(chrono::DateTime::UNIX_EPOCH),
        rng: Rng::seeded(1),
    };
    config.branding.help_link = Some("https://help.example.test/".to_owned());
    let kit = Kit::new(config).unwrap();
    assert_eq!(kit.cookie_mode(), CookieMode::Secure);
    assert!(is_ours(&kit, "id.example.test") && is_ours(&kit, "ID.example.test:443"));
    assert!(
        !is_ours(&kit, "id.example.test:80")
            && !is_ours(&kit, "id.example.test.")
            && !is_ours(&kit, "x@id.example.test")
    );
}
