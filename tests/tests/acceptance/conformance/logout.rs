//! Signing out because a sub-site says so.

use acceptance::journey::{newcomer, tokens_for};
use acceptance::party::Party;
use acceptance::visitor::Visitor;
use acceptance::world::World;
use url::Url;

fn logout(world: &World, parameters: &[(&str, &str)]) -> String {
    Url::parse_with_params(&world.at("/logout"), parameters)
        .expect("an address")
        .to_string()
}

async fn is_signed_in(visitor: &mut Visitor, party: &Party) -> bool {
    visitor.open(&party.ask().with("prompt", "none").url()).await;
    !visitor.answer().contains_key("error")
}

#[tokio::test]
async fn with_a_hint_and_a_registered_address_the_browser_comes_back_with_the_state_alone() {
    for world in World::shared().await {
        let party = Party::new(&world, "basic");
        let out = "https://basic.site.example/out";
        let state = "s".repeat(128);
        for sent in [Some(state.as_str()), None] {
            let (mut visitor, _) = newcomer(&world).await;
            let answer = tokens_for(&mut visitor, &party, &party.ask()).await;
            let mut parameters = vec![
                ("id_token_hint", answer.id_token()),
                ("post_logout_redirect_uri", out),
            ];
            parameters.extend(sent.map(|state| ("state", state)));
            visitor.open(&logout(&world, &parameters)).await;
            let away = visitor.away.clone().expect("sent back");
            assert!(away.as_str().starts_with(out));
            let back: Vec<_> = visitor.answer().into_iter().collect();
            let wanted: Vec<_> = sent
                .map(|state| ("state".to_owned(), state.to_owned()))
                .into_iter()
                .collect();
            assert_eq!(back, wanted);
            assert!(!is_signed_in(&mut visitor, &party).await);
            assert_eq!(
                party.userinfo(answer.access_token()).await.status.as_u16(),
                401,
                "the tokens end with it"
            );
        }
    }
}

#[tokio::test]
async fn without_anything_the_person_is_asked_and_then_told() {
    for world in World::shared().await {
        let party = Party::new(&world, "basic");
        for parameters in [&[][..], &[("state", "x")], &[("client_id", "basic")]] {
            let (mut visitor, _) = newcomer(&world).await;
            tokens_for(&mut visitor, &party, &party.ask()).await;
            visitor.open(&logout(&world, parameters)).await;
            visitor.sees("logout");
            assert!(
                is_signed_in(&mut visitor.clone(), &party).await,
                "A165: nothing has happened yet"
            );
            visitor.press_action("/logout/confirm").await;
            visitor.sees("signed-out");
            assert!(!is_signed_in(&mut visitor, &party).await);
            visitor.open(&logout(&world, &[])).await;
            visitor.sees("signed-out");
        }
    }
}

#[tokio::test]
async fn attack_166_nobody_is_sent_to_an_address_that_is_not_registered_for_the_hints_client() {
    let world = World::any().await;
    let (party, stranger) = (Party::new(&world, "basic"), Party::new(&world, "stranger"));
    let (mut visitor, _) = newcomer(&world).await;
    let hint = tokens_for(&mut visitor, &party, &party.ask())
        .await
        .id_token()
        .to_owned();
    let others = tokens_for(&mut visitor, &stranger, &stranger.ask())
        .await
        .id_token()
        .to_owned();
    let none = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJ4In0.";
    let forged = {
        let mut parts: Vec<&str> = hint.split('.').collect();
        parts[2] = others.split('.').nth(2).expect("a signature");
        parts.join(".")
    };
    let out = "https://basic.site.example/out";
    for parameters in [
        vec![
            ("id_token_hint", hint.as_str()),
            ("post_logout_redirect_uri", "https://evil.example/"),
        ],
        vec![
            ("id_token_hint", &hint),
            ("post_logout_redirect_uri", "https://basic.site.example/out?x=1"),
        ],
        vec![
            ("id_token_hint", &hint),
            ("post_logout_redirect_uri", "https://basic.site.example/out/"),
        ],
        vec![
            ("id_token_hint", &hint),
            ("post_logout_redirect_uri", "https://stranger.site.example/out"),
        ],
        vec![
            ("id_token_hint", &hint),
            ("client_id", "stranger"),
            ("post_logout_redirect_uri", out),
        ],
        vec![("id_token_hint", &others), ("post_logout_redirect_uri", out)],
        vec![("id_token_hint", none), ("post_logout_redirect_uri", out)],
        vec![("id_token_hint", &forged), ("post_logout_redirect_uri", out)],
        vec![("post_logout_redirect_uri", out)],
        vec![("client_id", "nobody"), ("post_logout_redirect_uri", out)],
        vec![
            ("client_id", "basic"),
            ("post_logout_redirect_uri", "javascript:alert(1)"),
        ],
        vec![
            ("client_id", "basic"),
            ("post_logout_redirect_uri", out),
            ("post_logout_redirect_uri", out),
        ],
    ] {
        visitor.open(&logout(&world, &parameters)).await;
        assert_eq!(visitor.away, None, "{parameters:?}");
        visitor.sees_problem(400);
        assert!(
            is_signed_in(&mut visitor.clone(), &party).await,
            "{parameters:?}: no session change"
        );
    }
}

#[tokio::test]
async fn attack_165_an_image_on_another_page_signs_nobody_out() {
    let world = World::any().await;
    let party = Party::new(&world, "basic");
    let (mut visitor, _) = newcomer(&world).await;
    tokens_for(&mut visitor, &party, &party.ask()).await;
    for path in ["/logout", "/logout/confirm", "/sign-out"] {
        visitor.open(path).await;
        assert!(is_signed_in(&mut visitor.clone(), &party).await, "GET {path}");
        visitor.post(path, &[]).await;
        assert!(
            is_signed_in(&mut visitor.clone(), &party).await,
            "POST {path} without a form of ours"
        );
    }
}
