//! Other people's cases, forms without proof, floods, and files that are no pictures.

use super::*;

#[tokio::test]
async fn attack_261_another_accounts_case_is_not_there() {
    for world in worlds().await {
        let (_, case) = filed(&world).await;
        ask_for_more(&world, &case).await;
        resident(&world, OTHER).await;
        let mut stranger = signed_in(&world, OTHER).await;
        let page = stranger.get("/account/security").await;
        let number = case.number.as_str();
        for path in ["", "/withdraw"] {
            let seen = stranger.get(&format!("/account/cases/{number}{path}")).await;
            assert_eq!(seen.status, StatusCode::NOT_FOUND, "{path}");
        }
        for path in ["/appeal", "/withdraw"] {
            let to = format!("/account/cases/{number}{path}");
            let seen = stranger.post(&to, &page, &[("text", "x")]).await;
            assert!(seen.status.is_client_error(), "{path} {}", seen.status);
        }
        let to = format!("/account/cases/{number}/answer");
        let picture = jpeg(400, 300);
        let files: [(&str, &[u8]); 1] = [("front", &picture)];
        let seen = stranger.post_parts(&to, &page, (&WHO, &files)).await;
        assert_eq!(seen.status, StatusCode::NOT_FOUND);
        assert_eq!(now_in(&world, &case).await, State::NeedsMoreInformation);
        assert_eq!(kept(&world, &case).await.len(), 3, "{}", world.kind);
        for strange in [
            "x",
            "260601-0000000%00",
            "260601-00000000",
            "..%2f..%2fetc",
            "260601-12345678'--",
        ] {
            let seen = stranger.get(&format!("/account/cases/{strange}")).await;
            assert_eq!(seen.status, StatusCode::NOT_FOUND, "{strange}");
        }
    }
}

#[tokio::test]
async fn attack_154_pictures_without_the_proof_of_the_form_are_not_taken() {
    for world in worlds().await {
        let account = resident(&world, PHONE).await;
        let mut browser = confirmed(&world, PHONE).await;
        let elsewhere = browser.get("/account/security").await;
        let picture = jpeg(400, 300);
        let files: [(&str, &[u8]); 1] = [("front", &picture)];
        let seen = browser.post_parts(HERE, &elsewhere, (&WHO, &files)).await;
        assert!(seen.status.is_client_error(), "{}", seen.status);
        let page = browser.get(HERE).await;
        let urlencoded = browser.post(HERE, &page, &WHO).await;
        assert_eq!(urlencoded.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
        let tx = world.service.store().read();
        let source = model::evidence::SourceId::parse("document_review").unwrap();
        let draft = cases::find_in(&tx, account, &source, &[State::Started])
            .await
            .unwrap();
        assert!(draft.is_none(), "{}", world.kind);
    }
}

#[tokio::test]
async fn attack_163_a_sign_in_that_is_over_leads_to_the_sign_in_page_and_nothing_is_kept() {
    for world in worlds().await {
        let account = resident(&world, PHONE).await;
        let mut browser = confirmed(&world, PHONE).await;
        let page = browser.get(HERE).await;
        world.test.clock.advance(TimeDelta::hours(13));
        let picture = jpeg(400, 300);
        let files: [(&str, &[u8]); 1] = [("front", &picture)];
        let seen = browser.post_parts(HERE, &page, (&WHO, &files)).await;
        let location = seen.location.expect("a redirect");
        assert!(location.starts_with("/sign-in?"), "{location}");
        assert!(cases_of(&world, account).await.is_empty(), "{}", world.kind);
    }
}

#[tokio::test]
async fn attack_315_forms_with_pictures_are_counted_before_they_are_read() {
    let mut config = Config::default();
    config.review.forms_per_hour = 2;
    for world in worlds_with(config).await {
        resident(&world, PHONE).await;
        let mut browser = confirmed(&world, PHONE).await;
        let page = browser.get(HERE).await;
        for expected in [422, 422, 429, 429] {
            let seen = browser.post_parts(HERE, &page, (&WHO, &[])).await;
            assert_eq!(seen.status.as_u16(), expected, "{}", seen.body);
        }
        world.test.clock.advance(TimeDelta::hours(1));
        let mut browser = confirmed(&world, PHONE).await;
        assert_eq!(send(&mut browser).await.status, StatusCode::SEE_OTHER);
    }
}

#[tokio::test]
async fn attack_245_246_what_is_typed_is_checked_before_anybody_looks() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        let mut browser = confirmed(&world, PHONE).await;
        let page = browser.get(HERE).await;
        let who = [
            ("name", "张\u{202e}明"),
            ("citizen_id", "340000199003070013"),
            ("store_pictures", "yes"),
        ];
        let seen = browser.post_parts(HERE, &page, (&who, &[])).await;
        let errors = seen.errors();
        assert!(errors.contains(&"evidence-name-character"), "{errors:?}");
        assert!(errors.contains(&"evidence-citizen-id-check"), "{errors:?}");
    }
}
