//! The pages over HTTP, without script, on each database.

use axum::Router;
use axum::body::Body;
use axum::http::header::{ACCEPT_LANGUAGE, CONTENT_TYPE, COOKIE};
use axum::http::{Request, StatusCode};
use chrono::TimeDelta;
use model::authn::{Method, Methods};
use model::client::{AccountKind, Client};
use model::ids::{AccountId, ClientId, SessionId};
use model::interaction::{Answers, Interaction, InteractionId, Wants};
use model::language::Language;
use model::phone::Phone;
use model::scope::ScopeSet;
use model::secret::Token;
use serde_json::json;
use store::accounts::NewAccount;
use store::clients::StoredClient;
use store::grants::Grant;
use store::sessions::{Limits, NewSession};
use store::testing::TestStore;
use tower::ServiceExt as _;
use web::Kit;

use crate::{MESSAGES, Service};

/// A signed-in resident whom a sub-site asks for a phone number and a recognition, in English.
struct World {
    test: TestStore,
    router: Router,
    browser: Token,
    session: Token,
    account: AccountId,
    interaction: InteractionId,
}

fn client() -> Client {
    let text = json!({ "zh-CN": "合肥", "en": "Hefei", "vi": "Hợp Phì" });
    let client = json!({
        "client_id": "hefei", "name": text, "agency": text, "sector": "hefei", "auth_method": "none",
        "redirect_uris": ["https://hefei.example/callback"], "scopes": ["openid", "assurance", "phone"],
        "purpose": { "assurance": text, "phone": text },
    });
    serde_json::from_value(client).unwrap()
}

async fn worlds() -> Vec<World> {
    let mut worlds = Vec::new();
    for test in store::testing::stores().await {
        worlds.push(World::new(test).await);
    }
    worlds
}

impl World {
    async fn new(test: TestStore) -> Self {
        let (tx, now, rng) = (test.store.read(), test.clock.now(), test.store.rng().clone());
        let kit = Kit::for_tests(&[MESSAGES], test.clock.clone()).unwrap();
        let (browser, session) = (Token::generate(&rng), Token::generate(&rng));
        let account = AccountId::new(now, &rng);
        let new = NewAccount {
            id: account,
            kind: AccountKind::Resident,
            language: Language::ZhCn,
            phone: Phone::parse("13800138000").unwrap(),
            created_at: now,
        };
        store::accounts::create(&tx, &new).await.unwrap();
        let new = NewSession {
            id: SessionId::new(now, &rng),
            token_hash: session.hash(),
            account,
            methods: Methods::new([Method::Password]),
            public_computer: false,
            now,
            expires_at: now + TimeDelta::hours(12),
            device: "a browser".to_owned(),
        };
        store::sessions::create(&tx, &new).await.unwrap();
        store::clients::put(&tx, &StoredClient::new(client(), None), now)
            .await
            .unwrap();
        let interaction = Interaction {
            id: InteractionId::generate(&rng),
            client_id: ClientId::parse("hefei").unwrap(),
            parameters: vec![("ui_locales".to_owned(), "fr en".to_owned())],
            wants: Wants {
                scopes: ScopeSet::parse_lenient("openid assurance phone"),
                ..Wants::default()
            },
            answers: Answers::default(),
            created_at: now,
            finished_at: None,
        };
        store::interactions::create(&tx, &interaction, &browser.hash())
            .await
            .unwrap();
        let service = Service::new(test.store.clone(), kit, Limits::default());
        Self {
            router: service.router(),
            browser,
            session,
            account,
            interaction: interaction.id,
            test,
        }
    }

    async fn send(&self, request: Request<Body>) -> (StatusCode, String) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, String::from_utf8_lossy(&body).into_owned())
    }

    /// The browser itself speaks Chinese; `chosen` is what the person chose on a page.
    fn request(
        &self,
        request: axum::http::request::Builder,
        chosen: Option<&str>,
    ) -> axum::http::request::Builder {
        let mut cookies = format!(
            "denizen_browser={}; denizen_session={}",
            self.browser.expose(),
            self.session.expose()
        );
        if let Some(language) = chosen {
            cookies.extend(["; denizen_prefs=", language]);
        }
        request.header(COOKIE, cookies).header(ACCEPT_LANGUAGE, "zh-CN")
    }

    async fn question(&self, more: &str, chosen: Option<&str>) -> String {
        let path = format!("/consent?interaction={}{more}", self.interaction.expose());
        let request = self
            .request(Request::get(path), chosen)
            .body(Body::empty())
            .unwrap();
        let (status, body) = self.send(request).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        body
    }

    async fn allow(&self, page: &str, chosen: Option<&str>) -> StatusCode {
        self.allow_with(page, chosen, "phone").await
    }

    async fn allow_with(&self, page: &str, chosen: Option<&str>, ticked: &str) -> StatusCode {
        let hidden = |name: &str| {
            let (_, main) = page.split_once("<main").unwrap();
            let (_, rest) = main
                .split_once(&format!("type=\"hidden\" name=\"{name}\" value=\""))
                .unwrap();
            rest.split('"').next().unwrap().to_owned()
        };
        let fields = ["csrf", "interaction", "language"].map(|name| format!("{name}={}", hidden(name)));
        let body = format!("{}&decision=allow&{ticked}=yes", fields.join("&"));
        let request = self.request(Request::post("/consent"), chosen);
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(body)).unwrap()).await.0
    }

    async fn grants(&self) -> Vec<Grant> {
        store::grants::list(&self.test.store.read(), self.account)
            .await
            .unwrap()
    }
}

#[tokio::test]
async fn the_receipt_is_in_the_words_that_were_shown() {
    for world in worlds().await {
        // What the request asked for; what the address asks for, against what the person chose before.
        for (more, chosen, language) in [
            ("", None, "en"),
            ("", Some("vi"), "vi"),
            ("&ui_locales=en", Some("vi"), "en"),
        ] {
            let page = world.question(more, chosen).await;
            assert!(
                page.contains(&format!("<html lang=\"{language}\"")),
                "{more} {chosen:?}"
            );
            assert_eq!(world.allow(&page, chosen).await, StatusCode::SEE_OTHER);
            let grants = world.grants().await;
            let grant = grants.iter().find(|grant| grant.revoked_at.is_none()).unwrap();
            assert_eq!(grant.receipt["language"], language);
            for item in grant.receipt["items"].as_array().unwrap() {
                let what = item["what"].as_str().unwrap();
                assert!(page.contains(&web::markup::escape(what)), "{what} was not shown");
            }
        }
    }
}

#[tokio::test]
async fn both_answers_of_a_double_click_go_on() {
    for world in worlds().await {
        let page = world.question("", None).await;
        for _ in 0..3 {
            let answers = tokio::join!(world.allow(&page, None), world.allow(&page, None));
            let on = StatusCode::SEE_OTHER;
            assert_eq!(answers, (on, on), "{}", world.test.database.kind());
        }
        let holding = world
            .grants()
            .await
            .iter()
            .filter(|grant| grant.revoked_at.is_none())
            .count();
        assert_eq!(holding, 1);
    }
}

#[tokio::test]
async fn access_while_one_is_away_is_a_box_of_its_own_and_needs_a_tick() {
    for world in worlds().await {
        let (tx, now) = (world.test.store.read(), world.test.clock.now());
        let mut client = client();
        client.scopes = ScopeSet::parse_lenient("openid assurance phone offline_access");
        store::clients::put(&tx, &StoredClient::new(client, None), now)
            .await
            .unwrap();
        let found = store::interactions::find(&tx, &world.interaction, &world.browser.hash()).await;
        let interaction = found.unwrap().unwrap();
        let wants = Wants {
            scopes: ScopeSet::parse_lenient("assurance offline_access"),
            ..Wants::default()
        };
        store::interactions::set_wants(&tx, &interaction, &wants)
            .await
            .unwrap();
        for (chosen, words) in [
            (None, "Access while you are away"),
            (Some("zh-CN"), "您离开后继续访问"),
            (Some("vi"), "Truy cập khi bạn không có mặt"),
        ] {
            let page = world.question("", chosen).await;
            assert!(
                page.contains("name=\"offline_access\"") && page.contains(words),
                "{page}"
            );
            assert!(!page.contains("consent-"), "every text is there");
        }
        // `allow` ticks the phone only, which was not asked for here.
        let page = world.question("", None).await;
        assert_eq!(world.allow(&page, None).await, StatusCode::SEE_OTHER);
        let holding = |grants: Vec<Grant>| {
            grants
                .into_iter()
                .find(|grant| grant.revoked_at.is_none())
                .unwrap()
        };
        let grant = holding(world.grants().await);
        assert_eq!(grant.allowed.to_string(), "assurance");
        assert_eq!(grant.asked.to_string(), "assurance offline_access");
        let ticked = world.allow_with(&page, None, "offline_access").await;
        assert_eq!(ticked, StatusCode::SEE_OTHER);
        let grant = holding(world.grants().await);
        assert_eq!(grant.allowed.to_string(), "assurance offline_access");
        let items = grant.receipt["items"].as_array().unwrap().clone();
        assert!(
            items
                .iter()
                .any(|item| item["scope"] == "offline_access" && item["allowed"] == true)
        );
    }
}

#[tokio::test]
async fn attack_146_what_a_site_says_of_itself_is_text_and_links_and_nothing_is_fetched() {
    for world in worlds().await {
        let hostile = "<img src=x onerror=alert(1)>";
        let mut client = client();
        client.name = model::language::LocalizedText::new(hostile, hostile, hostile);
        client.policy_uri = Some("https://hefei.example/policy?a=1&b=\"2\"".to_owned());
        client.tos_uri = Some("https://hefei.example/terms".to_owned());
        client.logo_uri = Some("https://hefei.example/logo.png".to_owned());
        // A row of before the rules.
        client.client_uri = Some("javascript:alert(1)".to_owned());
        let stored = StoredClient::new(client, None);
        store::clients::put(&world.test.store.read(), &stored, world.test.clock.now())
            .await
            .unwrap();
        let page = world.question("", None).await;
        for link in [
            "href=\"https://hefei.example/policy?a=1&amp;b=&quot;2&quot;\"",
            "href=\"https://hefei.example/terms\"",
            "href=\"https://hefei.example/logo.png\"",
        ] {
            let with_rel = format!("{link} target=\"_blank\" rel=\"noopener noreferrer\"");
            assert!(page.contains(&with_rel), "{link} in {page}");
        }
        assert!(!page.contains("<img src=x"), "{page}");
        assert!(!page.contains("javascript:alert"));
        assert!(
            !page.contains("src=\"https://hefei.example"),
            "a picture would tell who looks"
        );
    }
}
