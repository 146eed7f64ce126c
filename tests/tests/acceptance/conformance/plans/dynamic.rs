//! Plan "dynamic": registration by program (RFC 7591, 7592, OpenID Connect Dynamic Client Registration 1.0).

use acceptance::party::{TokenAnswer, answer};
use acceptance::visitor::Visitor;
use serde_json::{Value, json};

use super::suite::{Suite, is_unguessable};

/// A permission, made by the operator's command.
async fn permission(suite: &Suite) -> String {
    let file = suite.world.folder.path("node-0.toml");
    let config = file.to_str().expect("UTF-8");
    let made = acceptance::process::command(&[
        "clients", "token", "--label", "plan", "--uses", "50", "--config", config,
    ])
    .await;
    assert_eq!(made.code, 0, "{}", made.err);
    made.out.trim().to_owned()
}

struct Registrar<'a> {
    suite: &'a Suite,
    token: String,
    endpoint: String,
}

impl<'a> Registrar<'a> {
    async fn new(suite: &'a Suite) -> Self {
        let metadata = suite.metadata().await;
        Self {
            suite,
            token: permission(suite).await,
            endpoint: metadata["registration_endpoint"]
                .as_str()
                .expect("an address")
                .to_owned(),
        }
    }

    async fn register(&self, change: Value) -> TokenAnswer {
        let mut metadata = json!({
            "redirect_uris": ["https://dynamic.site.example/callback"],
            "client_name": "Plan",
            "response_types": ["code"],
            "grant_types": ["authorization_code"],
            "code_protection": "pkce",
        });
        for (name, value) in change.as_object().expect("an object") {
            metadata[name] = value.clone();
        }
        let request = self.suite.world.http.post(&self.endpoint);
        answer(request.bearer_auth(&self.token).json(&metadata)).await
    }

    async fn registered(&self, change: Value) -> Value {
        let given = self.register(change).await;
        assert_eq!(given.status.as_u16(), 201, "{}", given.body);
        given.body
    }

    async fn is_refused(&self, change: Value, errors: &[&str]) {
        let refused = self.register(change.clone()).await;
        assert_eq!(refused.status.as_u16(), 400, "{change}: {}", refused.body);
        assert!(errors.contains(&refused.error()), "{change}: {}", refused.body);
        refused.is_careful();
    }

    async fn at(&self, registered: &Value, method: reqwest::Method) -> TokenAnswer {
        let place = registered["registration_client_uri"]
            .as_str()
            .expect("an address");
        let token = registered["registration_access_token"].as_str().expect("a token");
        answer(self.suite.world.http.request(method, place).bearer_auth(token)).await
    }
}

const NOT_A_REDIRECT: &[&str] = &["invalid_redirect_uri", "invalid_client_metadata"];

#[tokio::test]
async fn plan_dynamic_a_registration_is_created_shown_and_deleted() {
    for suite in Suite::all().await {
        let registrar = Registrar::new(&suite).await;
        let given = registrar
            .register(json!({ "contacts": ["certification@site.example"] }))
            .await;
        assert_eq!(given.status.as_u16(), 201, "{}", given.body);
        given.is_careful();
        let body = &given.body;
        assert!(body.get("error").is_none());
        assert!(
            body["client_secret_expires_at"].is_i64(),
            "it goes with a secret: {body}"
        );
        is_unguessable(body["client_secret"].as_str().expect("a secret"));
        is_unguessable(body["registration_access_token"].as_str().expect("a token"));
        assert_eq!(
            body["redirect_uris"],
            json!(["https://dynamic.site.example/callback"])
        );
        let shown = registrar.at(body, reqwest::Method::GET).await;
        assert_eq!(
            (shown.status.as_u16(), &shown.body["client_id"]),
            (200, &body["client_id"])
        );
        let gone = registrar.at(body, reqwest::Method::DELETE).await;
        assert_eq!(gone.status.as_u16(), 204);
        let after = registrar.at(body, reqwest::Method::GET).await;
        assert_eq!(after.status.as_u16(), 401, "{}", after.body);
    }
}

#[tokio::test]
async fn plan_dynamic_what_is_not_said_is_filled_in_by_the_standard() {
    let suite = Suite::any().await;
    let registrar = Registrar::new(&suite).await;
    let told = registrar.registered(json!({})).await;
    assert_eq!(told["token_endpoint_auth_method"], "client_secret_basic");
    assert_eq!(told["id_token_signed_response_alg"], "RS256");
    assert_eq!(told["application_type"], "web");
    assert_eq!(told["response_types"], json!(["code"]));
}

#[tokio::test]
async fn plan_dynamic_a_redirect_address_with_a_fragment_is_refused() {
    let suite = Suite::any().await;
    let registrar = Registrar::new(&suite).await;
    for uri in [
        "https://dynamic.site.example/callback#foo=bar",
        "https://dynamic.site.example/#",
        "javascript:1",
        "/callback",
    ] {
        registrar
            .is_refused(json!({ "redirect_uris": [uri] }), NOT_A_REDIRECT)
            .await;
    }
    registrar
        .is_refused(json!({ "redirect_uris": [] }), NOT_A_REDIRECT)
        .await;
}

#[tokio::test]
async fn plan_dynamic_a_registered_query_is_matched_and_no_other() {
    let suite = Suite::any().await;
    let registrar = Registrar::new(&suite).await;
    let own = "https://dynamic.site.example/callback?foo=bar";
    let told = registrar.registered(json!({ "redirect_uris": [own] })).await;
    for (uri, fits) in [
        (Some(own), true),
        (Some("https://dynamic.site.example/callback?foo=baz"), false),
        (Some("https://dynamic.site.example/callback"), false),
        (Some("https://dynamic.site.example/callback?foo=bar&x=y"), false),
    ] {
        assert_eq!(is_answered(&suite, &told, uri).await, fits, "{uri:?}");
    }
}

#[tokio::test]
async fn plan_dynamic_of_two_redirect_addresses_one_has_to_be_named() {
    let suite = Suite::any().await;
    let registrar = Registrar::new(&suite).await;
    let two = [
        "https://dynamic.site.example/one",
        "https://dynamic.site.example/two",
    ];
    let told = registrar.registered(json!({ "redirect_uris": two })).await;
    assert!(!is_answered(&suite, &told, None).await);
    for uri in two {
        assert!(is_answered(&suite, &told, Some(uri)).await, "{uri}");
    }
}

/// Whether a request is answered at a redirect address, rather than by a page.
async fn is_answered(suite: &Suite, registered: &Value, redirect_uri: Option<&str>) -> bool {
    let mut url = url::Url::parse(&suite.world.at("/authorize")).expect("an address");
    url.query_pairs_mut()
        .append_pair("client_id", registered["client_id"].as_str().expect("an id"))
        .append_pair("response_type", "code")
        .append_pair("scope", "openid")
        .append_pair("prompt", "none")
        .append_pair("code_challenge", &acceptance::party::challenge("x"))
        .append_pair("code_challenge_method", "S256");
    if let Some(uri) = redirect_uri {
        url.query_pairs_mut().append_pair("redirect_uri", uri);
    }
    let mut visitor = Visitor::new(&suite.world);
    visitor.open(url.as_str()).await;
    if let Some(away) = &visitor.away {
        assert_eq!(visitor.answer()["error"], "login_required");
        assert!(away.as_str().starts_with(redirect_uri.expect("an address")));
        return true;
    }
    visitor.sees_problem(400);
    false
}

#[tokio::test]
async fn plan_dynamic_userinfo_can_be_registered_as_signed_and_the_login_address_is_told_again() {
    let suite = Suite::any().await;
    let registrar = Registrar::new(&suite).await;
    let wanted = json!({
        "userinfo_signed_response_alg": "RS256",
        "initiate_login_uri": "https://dynamic.site.example/login",
        "backchannel_logout_uri": "https://dynamic.site.example/back",
        "frontchannel_logout_uri": "https://dynamic.site.example/front",
        "policy_uri": "https://dynamic.site.example/policy",
        "tos_uri": "https://dynamic.site.example/tos",
        "logo_uri": "https://dynamic.site.example/logo.png",
    });
    let told = registrar.registered(wanted.clone()).await;
    let shown = registrar.at(&told, reqwest::Method::GET).await.body;
    for (name, value) in wanted.as_object().expect("an object") {
        assert_eq!(&told[name], value, "{name}");
        assert_eq!(&shown[name], value, "{name}");
    }
}

#[tokio::test]
async fn plan_dynamic_metadata_that_cannot_be_are_refused() {
    let suite = Suite::any().await;
    let registrar = Registrar::new(&suite).await;
    for change in [
        json!({ "initiate_login_uri": "login" }),
        json!({ "response_types": ["id_token token"] }),
        json!({ "grant_types": ["implicit"] }),
        json!({ "token_endpoint_auth_method": "tls_client_auth" }),
        json!({ "token_endpoint_auth_method": "private_key_jwt" }),
        json!({ "id_token_signed_response_alg": "none" }),
        json!({ "subject_type": "nonsense" }),
        json!({ "redirect_uris": "https://dynamic.site.example/callback" }),
        // Two hosts are two sectors, unless a document says that they are one.
        json!({ "redirect_uris": ["https://one.site.example/callback", "https://two.site.example/callback"] }),
        json!({ "sector_identifier_uri": "https://127.0.0.1:9/sector.json" }),
    ] {
        registrar.is_refused(change, NOT_A_REDIRECT).await;
    }
}

#[tokio::test]
async fn plan_dynamic_without_a_permission_nothing_is_registered() {
    let suite = Suite::any().await;
    let registrar = Registrar::new(&suite).await;
    let metadata = json!({ "redirect_uris": ["https://dynamic.site.example/callback"] });
    let http = &suite.world.http;
    for request in [
        http.post(&registrar.endpoint).json(&metadata),
        http.post(&registrar.endpoint)
            .bearer_auth("nonsense")
            .json(&metadata),
    ] {
        let refused = answer(request).await;
        assert_eq!(refused.status.as_u16(), 401);
        assert!(refused.headers.contains_key("www-authenticate"));
    }
}
