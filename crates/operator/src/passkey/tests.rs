use axum::http::StatusCode;
use store::operators::{self, passkeys};

use super::soft::{PRESENT, Soft, VERIFIED, Ways};
use crate::roles::Role;
use crate::testing::{Browser, COOKIE_NAME, PASSWORD, Person, Seen, World, worlds};
use crate::{people, totp};

/// What a page asks the browser.
fn options(page: &Seen) -> String {
    let (_, rest) = page.body.split_once("data-passkey=\"").expect("options");
    let text = rest.split('"').next().unwrap();
    text.replace("&#34;", "\"")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}

/// Adds a passkey to an operator who is signed in.
async fn add(browser: &mut Browser, soft: &mut Soft, ways: &Ways) -> Seen {
    let page = browser.get("/operator/security").await;
    let seen = browser
        .post("/operator/security/passkey", &page, &[("add", "yes")])
        .await;
    assert_eq!(seen.location.as_deref(), Some("/operator/passkey/new"));
    let page = browser.follow(seen).await;
    let answer = soft.make(&options(&page), ways);
    let fields = [("credential", answer.as_str()), ("name", "My key")];
    browser.post("/operator/passkey/new", &page, &fields).await
}

async fn with_passkey(world: &World, login: &str, id: &[u8]) -> (Browser, Person, Soft) {
    let (mut browser, person) = world.signed_in(login, &[Role::Reviewer]).await;
    let mut soft = Soft::new(id);
    let seen = add(&mut browser, &mut soft, &Ways::default()).await;
    assert_eq!(seen.location.as_deref(), Some("/operator/security?done=passkey"));
    (browser, person, soft)
}

/// The page that asks for anybody's passkey.
async fn asked(browser: &mut Browser) -> Seen {
    let page = browser.get("/operator/sign-in").await;
    let seen = browser
        .post("/operator/sign-in", &page, &[("method", "passkey")])
        .await;
    let page = browser.follow(seen).await;
    assert_eq!(page.page(), Some("operator-passkey"));
    page
}

async fn send(browser: &mut Browser, page: &Seen, answer: &str) -> Seen {
    browser
        .post("/operator/passkey", page, &[("credential", answer)])
        .await
}

fn is_in(seen: &Seen) -> bool {
    seen.location.as_deref() == Some("/operator")
}

#[tokio::test]
async fn an_operator_signs_in_with_a_passkey_and_without_typing() {
    for world in worlds().await {
        let (mut own, _, mut soft) = with_passkey(&world, "wang.li", b"credential-1").await;
        let page = own.get("/operator/security?done=passkey").await;
        assert!(page.body.contains("My key"));
        let mut browser = world.browser();
        let page = asked(&mut browser).await;
        let before = browser.cookies[COOKIE_NAME].clone();
        let answer = soft.prove(&options(&page), &Ways::default()).to_string();
        assert!(is_in(&send(&mut browser, &page, &answer).await), "{}", world.kind);
        assert_ne!(browser.cookies[COOKIE_NAME], before, "A151");
        let home = browser.get("/operator").await;
        assert!(home.body.contains("Name of wang.li"));
        // The same answer is worth nothing a second time, here and in another browser (A217).
        let mut other = world.browser();
        let page = asked(&mut other).await;
        assert!(!is_in(&send(&mut other, &page, &answer).await));
    }
}

#[tokio::test]
async fn attack_206_what_is_asked_of_a_stranger_names_no_passkeys() {
    for world in worlds().await {
        with_passkey(&world, "wang.li", b"credential-1").await;
        let page = asked(&mut world.browser()).await;
        let options: serde_json::Value = serde_json::from_str(&options(&page)).unwrap();
        let list = options["publicKey"]["allowCredentials"].as_array();
        assert!(list.is_none_or(Vec::is_empty), "{options}");
        assert_eq!(options["publicKey"]["userVerification"], "required");
    }
}

#[tokio::test]
async fn attack_279_without_presence_or_verification_of_the_person_nothing_is_taken() {
    for world in worlds().await {
        let (_, _, soft) = with_passkey(&world, "wang.li", b"credential-1").await;
        for flags in [0, PRESENT, VERIFIED] {
            let ways = Ways {
                flags,
                ..Ways::default()
            };
            let mut browser = world.browser();
            let page = asked(&mut browser).await;
            let answer = soft.clone().prove(&options(&page), &ways).to_string();
            let seen = send(&mut browser, &page, &answer).await;
            assert_eq!(seen.status, StatusCode::UNPROCESSABLE_ENTITY, "{flags}");
            let (mut own, person) = world.signed_in(&format!("other{flags}"), &[Role::Auditor]).await;
            let seen = add(&mut own, &mut Soft::new(&[flags, 9]), &ways).await;
            assert_eq!(
                seen.location.as_deref(),
                Some("/operator/security?passkey=refused"),
                "{flags}"
            );
            let stored = passkeys::list(&world.service.store().read(), person.id)
                .await
                .unwrap();
            assert!(stored.is_empty(), "{}", world.kind);
        }
    }
}

#[tokio::test]
async fn attack_277_an_answer_for_another_page_another_origin_or_another_person_is_refused() {
    for world in worlds().await {
        let (_, _, soft) = with_passkey(&world, "wang.li", b"credential-1").await;
        let (_, other, _) = with_passkey(&world, "zhao.min", b"credential-2").await;
        let mut first = world.browser();
        let older = asked(&mut first).await;
        let good = |page: &Seen, ways: &Ways| soft.clone().prove(&options(page), ways);
        let origin = Ways {
            origin: "https://evil.example",
            ..Ways::default()
        };
        let person = Ways {
            user: Some(other.id.as_uuid().as_bytes().to_vec()),
            ..Ways::default()
        };
        let mut browser = world.browser();
        for number in 0..7 {
            let page = asked(&mut browser).await;
            let mut answer = good(&page, &Ways::default());
            match number {
                0 => answer = good(&older, &Ways::default()),
                1 => answer = good(&page, &origin),
                2 => answer = good(&page, &person),
                3 => answer["id"] = "Y3JlZGVudGlhbC0y".into(),
                4 => answer["rawId"] = "Y3JlZGVudGlhbC0y".into(),
                5 => {
                    answer["id"] = "Y3JlZGVudGlhbC0y".into();
                    answer["rawId"] = "Y3JlZGVudGlhbC0y".into();
                }
                _ => answer = serde_json::json!({"id": "x"}),
            }
            let seen = send(&mut browser, &page, &answer.to_string()).await;
            assert_eq!(seen.status, StatusCode::UNPROCESSABLE_ENTITY, "{number}");
            let seen = browser.get("/operator").await;
            assert!(!seen.status.is_success(), "{number}, {}", world.kind);
        }
        let page = asked(&mut browser).await;
        for garbage in ["", "{", "null", &"[".repeat(30_000)] {
            let seen = send(&mut browser, &page, garbage).await;
            assert!(!is_in(&seen));
        }
        let page = asked(&mut browser).await;
        let answer = good(&page, &Ways::default()).to_string();
        assert!(is_in(&send(&mut browser, &page, &answer).await));
    }
}

#[tokio::test]
async fn attack_278_a_credential_that_anybody_has_is_not_taken_again() {
    for world in worlds().await {
        let (_, _, soft) = with_passkey(&world, "wang.li", b"credential-1").await;
        let (mut other, person) = world.signed_in("zhao.min", &[Role::Auditor]).await;
        let seen = add(&mut other, &mut soft.clone(), &Ways::default()).await;
        assert_eq!(
            seen.location.as_deref(),
            Some("/operator/security?passkey=refused")
        );
        let stored = passkeys::list(&world.service.store().read(), person.id)
            .await
            .unwrap();
        assert!(stored.is_empty(), "{}", world.kind);
    }
}

#[tokio::test]
async fn a_passkey_is_the_second_proof_after_the_password_and_a_fresh_one_later() {
    for world in worlds().await {
        let (_, person, mut soft) = with_passkey(&world, "wang.li", b"credential-1").await;
        let mut browser = world.browser();
        let seen = browser.give_password("wang.li", PASSWORD).await;
        let page = browser.follow(seen).await;
        let seen = browser
            .post("/operator/sign-in/code", &page, &[("method", "passkey")])
            .await;
        let page = browser.follow(seen).await;
        let asked: serde_json::Value = serde_json::from_str(&options(&page)).unwrap();
        assert_eq!(
            asked["publicKey"]["allowCredentials"].as_array().unwrap().len(),
            1
        );
        let answer = soft.prove(&options(&page), &Ways::default()).to_string();
        assert!(is_in(&send(&mut browser, &page, &answer).await), "{}", world.kind);
        world.wait(20 * 60);
        let page = browser
            .get("/operator/confirm?return_to=%2Foperator%2Fsecurity%2Fcodes")
            .await;
        let seen = browser
            .post("/operator/confirm", &page, &[("method", "passkey")])
            .await;
        let page = browser.follow(seen).await;
        let answer = soft.prove(&options(&page), &Ways::default()).to_string();
        let seen = send(&mut browser, &page, &answer).await;
        assert_eq!(seen.location.as_deref(), Some("/operator/security/codes"));
        assert_eq!(
            browser.get("/operator/security/codes").await.status,
            StatusCode::OK
        );
        drop(person);
    }
}

#[tokio::test]
async fn attack_283_anothers_passkey_neither_confirms_nor_completes_a_sign_in() {
    for world in worlds().await {
        let (_, _, mut theirs) = with_passkey(&world, "zhao.min", b"credential-2").await;
        let (mut own, _, _) = with_passkey(&world, "wang.li", b"credential-1").await;
        let page = own.get("/operator/confirm").await;
        let seen = own
            .post("/operator/confirm", &page, &[("method", "passkey")])
            .await;
        let page = own.follow(seen).await;
        let answer = theirs.prove(&options(&page), &Ways::default()).to_string();
        let seen = send(&mut own, &page, &answer).await;
        assert_eq!(seen.location.as_deref(), Some("/operator/confirm"));
        assert!(
            own.get("/operator").await.body.contains("Name of wang.li"),
            "still me"
        );
        let mut browser = world.browser();
        let seen = browser.give_password("wang.li", PASSWORD).await;
        let page = browser.follow(seen).await;
        let seen = browser
            .post("/operator/sign-in/code", &page, &[("method", "passkey")])
            .await;
        let page = browser.follow(seen).await;
        let answer = theirs.prove(&options(&page), &Ways::default()).to_string();
        assert!(
            !is_in(&send(&mut browser, &page, &answer).await),
            "{}",
            world.kind
        );
        assert!(!browser.get("/operator").await.status.is_success());
    }
}

#[tokio::test]
async fn a_disabled_operators_passkey_is_worth_nothing() {
    for world in worlds().await {
        let (_, person, mut soft) = with_passkey(&world, "wang.li", b"credential-1").await;
        let store = world.service.store();
        people::disable(store, person.id, people::By::Command)
            .await
            .unwrap();
        let mut browser = world.browser();
        let page = asked(&mut browser).await;
        let answer = soft.prove(&options(&page), &Ways::default()).to_string();
        let seen = send(&mut browser, &page, &answer).await;
        assert_eq!(seen.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", world.kind);
    }
}

#[tokio::test]
async fn a_passkey_is_the_first_second_proof_of_somebody_who_enrols() {
    for world in worlds().await {
        let person = world.operator("wang.li", &[Role::Auditor]).await;
        let (store, config) = (world.service.store(), world.service.config());
        let token = people::reset(store, config, person.id, people::By::Command)
            .await
            .unwrap()
            .unwrap();
        let mut browser = world.browser();
        let page = browser
            .get(&format!("/operator/enrol?token={}", token.expose()))
            .await;
        let fields = [
            ("password", "Ulmen-garten-77"),
            ("password_again", "Ulmen-garten-77"),
        ];
        let seen = browser.post("/operator/enrol", &page, &fields).await;
        let page = browser.follow(seen).await;
        let seen = browser
            .post("/operator/enrol/factor", &page, &[("method", "passkey")])
            .await;
        let page = browser.follow(seen).await;
        assert_eq!(page.page(), Some("operator-passkey-new"));
        let mut soft = Soft::new(b"credential-1");
        let answer = soft.make(&options(&page), &Ways::default());
        let seen = browser
            .post("/operator/passkey/new", &page, &[("credential", &answer)])
            .await;
        assert!(is_in(&seen), "{}: {}", world.kind, seen.body);
        // It is the only second proof, and stays; with codes beside it, it can go.
        let page = browser.get("/operator/security").await;
        let stored = passkeys::list(&store.read(), person.id).await.unwrap();
        let id = stored[0].id.to_string();
        let seen = browser
            .post("/operator/security/passkey", &page, &[("remove", &id)])
            .await;
        assert_eq!(seen.location.as_deref(), Some("/operator/security?passkey=kept"));
        let page = browser.get("/operator/security/codes").await;
        let spelled = page.body.split("data-secret>").nth(1).unwrap();
        let spelled: String = spelled.split('<').next().unwrap().split(' ').collect();
        let secret = totp_rs::Secret::try_from_base32(&spelled).unwrap();
        let code = totp::code_at(&secret, world.clock.now());
        let seen = browser
            .post("/operator/security/codes", &page, &[("code", &code)])
            .await;
        assert_eq!(seen.location.as_deref(), Some("/operator/security?done=codes"));
        let page = browser.get("/operator/security").await;
        let seen = browser
            .post("/operator/security/passkey", &page, &[("remove", &id)])
            .await;
        assert!(seen.location.unwrap().contains("done=passkey"));
        let stored = passkeys::list(&store.read(), person.id).await.unwrap();
        assert!(stored.is_empty());
        let found = operators::find(&store.read(), person.id).await.unwrap().unwrap();
        assert!(found.has_totp && found.has_password);
    }
}
