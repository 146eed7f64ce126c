//! The authorization endpoint.

use acceptance::journey::{allow, code_for, newcomer, sign_in, tokens_for};
use acceptance::party::{Party, random_text};
use acceptance::visitor::Visitor;
use acceptance::world::World;

#[tokio::test]
async fn a_code_is_long_and_varied() {
    let world = World::any().await;
    let (mut visitor, _) = newcomer(&world).await;
    let party = Party::new(&world, "basic");
    let code = code_for(&mut visitor, &party, &party.ask()).await;
    let different: std::collections::BTreeSet<char> = code.chars().collect();
    assert!(
        code.len() >= 43 && different.len() >= 16,
        "at least 96 bits of entropy"
    );
    let other = code_for(&mut visitor, &party, &party.ask()).await;
    assert_ne!(code, other);
}

#[tokio::test]
async fn parameters_that_are_optional_or_unknown_are_never_an_error() {
    let world = World::any().await;
    let (mut visitor, _) = newcomer(&world).await;
    let party = Party::new(&world, "basic");
    code_for(&mut visitor, &party, &party.ask()).await;
    for (name, value) in [
        ("display", "page"),
        ("display", "popup"),
        ("ui_locales", "se de-DE"),
        ("claims_locales", "se"),
        ("login_hint", "bob@example.com"),
        ("extra", "foobar"),
        ("acr_values", "1 2"),
        ("acr_values", "urn:denizen:loa:0"),
        ("prompt", ""),
        ("max_age", "15000"),
        ("response_mode", "query"),
        ("scope", "openid unknown_scope"),
        ("claims", "{\"userinfo\":{\"unknown_claim\":null}}"),
    ] {
        let ask = party.ask().with(name, value);
        visitor.open(&ask.url()).await;
        party.code(&visitor, &ask);
    }
    let mut turned = party.ask();
    turned.parameters.reverse();
    code_for(&mut visitor, &party, &turned).await;
}

#[tokio::test]
async fn the_order_of_scopes_makes_no_difference() {
    let world = World::any().await;
    let (mut visitor, _) = newcomer(&world).await;
    let party = Party::new(&world, "basic");
    for scope in ["phone openid assurance", "openid assurance phone"] {
        let answer = tokens_for(&mut visitor, &party, &party.ask().with("scope", scope)).await;
        let info = party.userinfo(answer.access_token()).await;
        assert!(
            info.body.get("phone_number").is_some() && info.body.get("identity_level").is_some(),
            "{}",
            info.body
        );
    }
}

#[tokio::test]
async fn parameters_of_the_registered_address_are_kept() {
    let world = World::any().await;
    let (mut visitor, _) = newcomer(&world).await;
    let party = Party::new(&world, "query");
    let ask = party.ask();
    let code = code_for(&mut visitor, &party, &ask).await;
    assert_eq!(visitor.answer().get("site").map(String::as_str), Some("1"));
    assert_eq!(visitor.answer().get("empty").map(String::as_str), Some(""));
    assert_eq!(party.redeem(&code, &ask).await.status.as_u16(), 200);
    visitor
        .open(&party.ask().with("prompt", "none").with("max_age", "0").url())
        .await;
    assert_eq!(
        visitor.answer().get("site").map(String::as_str),
        Some("1"),
        "in errors too"
    );
}

#[tokio::test]
async fn a_request_by_post_works_like_one_by_get() {
    let world = World::any().await;
    let (mut visitor, _) = newcomer(&world).await;
    let party = Party::new(&world, "basic");
    code_for(&mut visitor, &party, &party.ask()).await;
    // As the sub-site's form sends it: across sites, so without the Lax cookies.
    let ask = party.ask();
    let cookies = std::mem::take(&mut visitor.cookies);
    let fields: Vec<(&str, &str)> = ask
        .parameters
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    visitor.extra = vec![("sec-fetch-site".to_owned(), "cross-site".to_owned())];
    let mut sender = visitor.clone();
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(&fields)
        .finish();
    let request = world
        .http
        .post(world.at("/authorize"))
        .header("content-type", "application/x-www-form-urlencoded")
        .header("origin", "https://basic.site.example")
        .body(body);
    let answer = acceptance::engine::send(request).await.expect("an answer");
    assert_eq!(answer.status().as_u16(), 303);
    assert!(
        answer.headers().get("set-cookie").is_none(),
        "the browser's own cookies must not be replaced"
    );
    sender.cookies = cookies;
    sender.open(answer.headers()["location"].to_str().unwrap()).await;
    party.code(&sender, &ask);
}

#[tokio::test]
async fn prompt_create_leads_to_registering_and_back() {
    let world = World::any().await;
    let person = world.outside.person().await;
    let mut visitor = Visitor::new(&world);
    let party = Party::new(&world, "basic");
    let ask = party.ask().with("prompt", "create");
    visitor.open(&ask.url()).await;
    visitor.sees("register");
    acceptance::journey::register(&mut visitor, &world, &person).await;
    visitor.press("skip").await;
    if visitor.away.is_none() {
        allow(&mut visitor).await;
    }
    party.code(&visitor, &ask);
}

#[tokio::test]
async fn request_objects_are_refused_by_name_and_never_ignored() {
    let world = World::any().await;
    let mut visitor = Visitor::new(&world);
    let party = Party::new(&world, "basic");
    for (name, value, error) in [
        ("request", "eyJhbGciOiJub25lIn0.e30.", "invalid_request_object"),
        (
            "request_uri",
            "https://basic.site.example/request",
            "request_uri_not_supported",
        ),
        (
            "request_uri",
            "urn:ietf:params:oauth:request_uri:x",
            "request_uri_not_supported",
        ),
        ("registration", "{}", "registration_not_supported"),
    ] {
        let ask = party.ask().with(name, value);
        visitor.open(&ask.url()).await;
        party.is_refused(&visitor, &ask, error);
    }
}

#[tokio::test]
async fn a_client_of_an_older_make_relies_on_nonce_and_may_use_pkce() {
    let world = World::any().await;
    let (mut visitor, _) = newcomer(&world).await;
    let party = Party::new(&world, "nonce");
    let plain = party
        .ask()
        .without("code_challenge")
        .without("code_challenge_method");
    let answer = tokens_for(&mut visitor, &party, &plain).await;
    party.claims(answer.id_token(), Some(&plain.nonce)).await;
    let with_pkce = party.ask();
    tokens_for(&mut visitor, &party, &with_pkce).await;
    let nothing = party
        .ask()
        .without("code_challenge")
        .without("code_challenge_method")
        .without("nonce");
    visitor.open(&nothing.url()).await;
    party.is_refused(&visitor, &nothing, "invalid_request");
}

#[tokio::test]
async fn without_nonce_there_is_none_in_the_token() {
    let world = World::any().await;
    let (mut visitor, _) = newcomer(&world).await;
    let party = Party::new(&world, "basic");
    let ask = party.ask().without("nonce");
    let answer = tokens_for(&mut visitor, &party, &ask).await;
    party.claims(answer.id_token(), None).await;
}

#[tokio::test]
async fn attack_023_the_state_comes_back_exactly_or_not_at_all() {
    let world = World::any().await;
    let (mut visitor, _) = newcomer(&world).await;
    let party = Party::new(&world, "basic");
    code_for(&mut visitor, &party, &party.ask()).await;
    let long = "s".repeat(128);
    for state in [
        long.as_str(),
        "a b+c%20d&e=f#g",
        "城市 🏙",
        "\"><script>",
        "\u{1}\u{7f}",
        "%00%0d%0a",
    ] {
        let ask = party.ask().with("state", state);
        visitor.open(&ask.url()).await;
        assert_eq!(visitor.answer().get("state").map(String::as_str), Some(state));
        let ask = ask.with("prompt", "none").with("max_age", "0");
        visitor.open(&ask.url()).await;
        assert_eq!(
            visitor.answer().get("state").map(String::as_str),
            Some(state),
            "in errors too"
        );
    }
    let ask = party.ask().with("state", &"s".repeat(4096));
    visitor.open(&ask.url()).await;
    let answer = visitor.answer();
    assert_eq!(answer.get("error").map(String::as_str), Some("invalid_request"));
    assert!(!answer.contains_key("state"), "refused by length, never altered");
}

#[tokio::test]
async fn attack_033_a_hint_fills_the_field_escaped_and_cut() {
    let world = World::any().await;
    let party = Party::new(&world, "basic");
    for hint in [
        "13800000000",
        "\"><script>alert(1)</script>",
        "' OR 1=1 --",
        &"x".repeat(5000),
    ] {
        let mut visitor = Visitor::new(&world);
        visitor.open(&party.ask().with("login_hint", hint).url()).await;
        visitor.sees("sign-in");
        let shown = visitor.page.value("identifier").expect("the field");
        assert!(hint.starts_with(&shown) && shown.len() <= 64, "{shown:?}");
        assert!(!visitor.page.html.contains("<script>alert"));
    }
}

#[tokio::test]
async fn attack_035_two_tabs_each_answer_their_own_request() {
    for world in World::shared().await {
        let (_, person) = newcomer(&world).await;
        let mut first = Visitor::new(&world);
        let (basic, query) = (Party::new(&world, "basic"), Party::new(&world, "query"));
        let (ask_one, ask_two) = (basic.ask(), query.ask());
        first.open(&ask_one.url()).await;
        first.sees("sign-in");
        let tab = first.clone();
        first.open(&ask_two.url()).await;
        let mut second = first.clone();
        // The first tab signs in; the second had the form open all along.
        first = tab;
        sign_in(&mut first, &person.phone, &person.password).await;
        if first.away.is_none() {
            allow(&mut first).await;
        }
        basic.code(&first, &ask_one);
        second.cookies = first.cookies.clone();
        sign_in(&mut second, &person.phone, &person.password).await;
        if second.away.is_none() {
            allow(&mut second).await;
        }
        query.code(&second, &ask_two);
    }
}

#[tokio::test]
async fn attack_034_the_answer_names_its_issuer_and_the_code_its_client() {
    let world = World::any().await;
    let (mut visitor, _) = newcomer(&world).await;
    let (honest, other) = (Party::new(&world, "basic"), Party::new(&world, "stranger"));
    let ask = honest.ask();
    let code = code_for(&mut visitor, &honest, &ask).await;
    let mut fields = other.redemption(&code, &ask);
    other.token(fields.clone()).await.is_error(400, "invalid_grant");
    fields
        .iter_mut()
        .find(|(name, _)| name == "redirect_uri")
        .expect("there")
        .1 = honest.client.redirect_uri.clone();
    other.token(fields).await.is_error(400, "invalid_grant");
    assert_ne!(random_text(), random_text());
}
