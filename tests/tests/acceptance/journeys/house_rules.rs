//! What holds for every page: one heading, a language, a name for programs, headers that protect, all three languages.

use acceptance::engine;
use acceptance::journey::{newcomer, resident, sign_in};
use acceptance::visitor::Visitor;
use acceptance::world::World;

const LANGUAGES: [&str; 3] = ["zh-CN", "en", "vi"];

/// Pages for anybody.
const PUBLIC: &[&str] = &[
    "/",
    "/sign-in",
    "/register",
    "/agreements/resident",
    "/logout",
    "/logout/done",
    "/no-such-page",
];

/// Pages for whoever is signed in.
const OWN: &[&str] = &[
    "/account",
    "/account/level",
    "/account/level?want=2",
    "/account/security",
    "/account/sharing",
];

fn keeps_the_rules(visitor: &Visitor, path: &str, language: &str) {
    let page = &visitor.page;
    assert_eq!(page.all("h1").len(), 1, "{path}: one h1");
    assert!(!page.heading().is_empty(), "{path}: the h1 says something");
    assert!(!page.name().is_empty(), "{path}: data-page");
    let lang = page.get("html").attribute("lang");
    assert_eq!(lang.as_deref(), Some(language), "{path}: lang");
    assert!(
        !page
            .find("title")
            .map(|title| title.text())
            .unwrap_or_default()
            .is_empty(),
        "{path}: title"
    );
    let header = |name: &str| {
        let value = visitor
            .headers
            .get(name)
            .unwrap_or_else(|| panic!("{path}: no {name}"));
        value.to_str().expect("ASCII").to_owned()
    };
    let policy = header("content-security-policy");
    assert!(policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
    assert!(
        !policy.contains("unsafe-inline") && !policy.contains("unsafe-eval"),
        "{path}: {policy}"
    );
    assert_eq!(header("x-frame-options"), "DENY", "{path}");
    assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
    assert_eq!(header("cross-origin-opener-policy"), "same-origin", "{path}");
    assert!(header("cache-control").contains("no-store"), "{path}: A170");
    assert!(
        !page.html.contains("<script>"),
        "{path}: no script within the page"
    );
    assert!(
        page.all("script")
            .iter()
            .all(|script| script.attribute("src").is_some()),
        "{path}"
    );
    for field in page
        .all("input")
        .iter()
        .filter(|field| field.attribute("type").as_deref() != Some("hidden"))
    {
        let id = field
            .attribute("id")
            .unwrap_or_else(|| panic!("{path}: {field:?} has no id"));
        assert!(
            page.find(&format!("label[for={id}]")).is_some(),
            "{path}: no label for {id}"
        );
    }
}

#[tokio::test]
async fn every_page_has_one_heading_a_language_a_name_and_protecting_headers_in_all_languages() {
    let world = World::any().await;
    let (visitor, _) = resident(&world).await;
    for language in LANGUAGES {
        for path in PUBLIC {
            let mut anybody = Visitor::new(&world).who_reads(language);
            anybody.open(path).await;
            keeps_the_rules(&anybody, path, language);
        }
        for path in OWN {
            let mut reader = visitor.clone();
            reader.open("/account").await;
            reader.page.forms();
            reader.press(&format!("language={language}")).await;
            reader.open(path).await;
            keeps_the_rules(&reader, path, language);
            assert!(
                !reader.page.name().is_empty() && reader.status.is_success(),
                "{path}: {}",
                reader.status
            );
        }
    }
}

#[tokio::test]
async fn the_language_is_chosen_by_the_sub_site_then_by_choice_then_by_the_browser() {
    let world = World::any().await;
    let lang = |visitor: &Visitor| visitor.page.get("html").attribute("lang").unwrap_or_default();
    let mut visitor = Visitor::new(&world).who_reads("vi,en;q=0.5");
    visitor.open("/sign-in").await;
    assert_eq!(lang(&visitor), "vi", "the browser's");
    visitor.press("language=zh-CN").await;
    visitor.sees("sign-in");
    assert_eq!(lang(&visitor), "zh-CN", "the choice, back on the same page");
    visitor.open("/register").await;
    assert_eq!(lang(&visitor), "zh-CN", "remembered");
    let party = acceptance::party::Party::new(&world, "basic");
    visitor.open(&party.ask().with("ui_locales", "xx en").url()).await;
    visitor.sees("sign-in");
    assert_eq!(lang(&visitor), "en", "the sub-site's");
    let mut unknown = Visitor::new(&world).who_reads("eo");
    unknown.open("/sign-in").await;
    assert_eq!(lang(&unknown), "zh-CN", "nothing that fits: the first language");
}

#[tokio::test]
async fn large_print_is_remembered() {
    let world = World::any().await;
    let mut visitor = Visitor::new(&world);
    let large = |visitor: &Visitor| {
        visitor
            .page
            .get("html")
            .attribute("class")
            .unwrap_or_default()
            .contains("large")
    };
    visitor.open("/sign-in").await;
    assert!(!large(&visitor));
    visitor.press("print=large").await;
    visitor.sees("sign-in");
    assert!(large(&visitor));
    visitor.open("/register").await;
    assert!(large(&visitor));
    visitor.press("print=normal").await;
    assert!(!large(&visitor));
}

#[tokio::test]
async fn source_gg_20_every_problem_page_has_a_number_and_says_what_to_do() {
    let world = World::any().await;
    let mut visitor = Visitor::new(&world);
    for (path, status) in [
        ("/no-such-page", 404),
        ("/authorize", 400),
        ("/authorize/resume?interaction=x", 400),
    ] {
        visitor.open(path).await;
        visitor.sees_problem(status);
        assert!(visitor.page.words().len() > 40, "{path}: says what to do");
        assert_eq!(visitor.headers["content-type"], "text/html; charset=utf-8");
    }
    let answer = engine::send(
        world
            .http
            .get(world.at("/no-such-page"))
            .header("accept", "application/json"),
    )
    .await
    .unwrap();
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    let document: serde_json::Value = answer.json().await.unwrap();
    assert_eq!(document["status"], 404);
    assert!(
        document["correlation"]
            .as_str()
            .is_some_and(|number| !number.is_empty())
    );
}

#[tokio::test]
async fn attack_157_every_cookie_is_http_only_lax_and_for_the_whole_site() {
    let world = World::any().await;
    let (mut visitor, person) = newcomer(&world).await;
    visitor.press("language=en").await;
    visitor.open("/logout").await;
    visitor.press("").await;
    sign_in(&mut visitor, &person.phone, &person.password).await;
    let mut names = std::collections::BTreeSet::new();
    for hop in visitor
        .history
        .iter()
        .filter(|hop| hop.url.as_str().starts_with(&world.issuer))
    {
        for line in hop.cookies() {
            let (pair, attributes) = line.split_once(';').expect("attributes");
            names.insert(pair.split('=').next().expect("a name").to_owned());
            let attributes: Vec<String> = attributes
                .split(';')
                .map(|one| one.trim().to_lowercase())
                .collect();
            for wanted in ["httponly", "samesite=lax", "path=/"] {
                assert!(attributes.iter().any(|one| one == wanted), "{line}");
            }
            assert!(!attributes.iter().any(|one| one.starts_with("domain")), "{line}");
        }
    }
    // Over plain http, in development, the names have no prefix; what https adds is tested in crates/web.
    assert_eq!(
        names.into_iter().collect::<Vec<_>>(),
        [
            "denizen_browser",
            "denizen_device",
            "denizen_prefs",
            "denizen_session"
        ]
    );
}

#[tokio::test]
async fn nothing_personal_is_ever_in_an_address() {
    for world in World::shared().await {
        let (mut visitor, person) = resident(&world).await;
        visitor.open(&format!("{}/start", world.sites()[0])).await;
        visitor.press("decision=allow").await;
        visitor.open("/account").await;
        for hop in &visitor.history {
            let places = [Some(hop.url.clone()), hop.location()];
            for place in places.into_iter().flatten() {
                let shown: String = place
                    .query_pairs()
                    .map(|(_, value)| format!("{value} "))
                    .collect();
                let shown = format!("{} {shown}", place.path());
                for secret in [&person.phone, &person.citizen_id, &person.name, &person.password] {
                    assert!(!shown.contains(secret.as_str()), "{shown}");
                }
            }
        }
    }
}
