//! Authorization codes and PKCE, on both databases.

use acceptance::journey::{code_for, newcomer, sign_in, tokens_for};
use acceptance::party::{Ask, Party, random_text};
use acceptance::world::{Kind, Setup, World};
use chrono::TimeDelta;

fn set(fields: &mut Vec<(String, String)>, name: &str, value: Option<&str>) {
    fields.retain(|(other, _)| other != name);
    fields.extend(value.map(|value| (name.to_owned(), value.to_owned())));
}

#[tokio::test]
async fn attack_041_a_code_is_good_once_and_its_replay_revokes_what_it_gave() {
    for world in World::shared().await {
        let (mut visitor, _) = newcomer(&world).await;
        for client in ["basic", "public", "key"] {
            let party = Party::new(&world, client);
            let ask = party.ask();
            let code = code_for(&mut visitor, &party, &ask).await;
            let first = party.redeem(&code, &ask).await;
            assert_eq!(first.status.as_u16(), 200);
            assert_eq!(party.userinfo(first.access_token()).await.status.as_u16(), 200);
            party.redeem(&code, &ask).await.is_error(400, "invalid_grant");
            assert_eq!(
                party.userinfo(first.access_token()).await.status.as_u16(),
                401,
                "{client}"
            );
            party.redeem(&code, &ask).await.is_error(400, "invalid_grant");
        }
    }
}

#[tokio::test]
async fn attack_042_of_32_redemptions_at_once_one_wins() {
    for world in World::shared().await {
        let (mut visitor, _) = newcomer(&world).await;
        let party = Party::new(&world, "basic");
        for _ in 0..8 {
            let ask = party.ask();
            let code = code_for(&mut visitor, &party, &ask).await;
            let tries = (0..32).map(|_| {
                let (party, code, ask) = (party.clone(), code.clone(), ask.clone());
                tokio::spawn(async move { party.redeem(&code, &ask).await.status.as_u16() })
            });
            let mut answers = Vec::new();
            for one in tries.collect::<Vec<_>>() {
                answers.push(one.await.expect("no panic"));
            }
            assert_eq!(
                answers.iter().filter(|status| **status == 200).count(),
                1,
                "{answers:?}"
            );
            assert_eq!(
                answers.iter().filter(|status| **status == 400).count(),
                31,
                "{answers:?}"
            );
        }
    }
}

#[tokio::test]
async fn attack_043_another_clients_try_leaves_the_code_to_the_rightful_one() {
    for world in World::shared().await {
        let (mut visitor, _) = newcomer(&world).await;
        let (owner, thief) = (Party::new(&world, "basic"), Party::new(&world, "stranger"));
        let ask = owner.ask();
        let code = code_for(&mut visitor, &owner, &ask).await;
        let mut fields = owner.redemption(&code, &ask);
        thief.token(fields.clone()).await.is_error(400, "invalid_grant");
        set(&mut fields, "client_id", Some("public"));
        Party::new(&world, "public")
            .token_with(&fields, &[])
            .await
            .is_error(400, "invalid_grant");
        assert_eq!(owner.redeem(&code, &ask).await.status.as_u16(), 200);
    }
}

#[tokio::test]
async fn attack_045_the_redirect_address_is_said_again() {
    for world in World::shared().await {
        let (mut visitor, _) = newcomer(&world).await;
        let party = Party::new(&world, "basic");
        for (value, error) in [
            (None, "invalid_request"),
            (Some(""), "invalid_request"),
            (Some("https://basic.site.example/second"), "invalid_grant"),
            (Some("https://evil.example/"), "invalid_grant"),
        ] {
            let ask = party.ask();
            let code = code_for(&mut visitor, &party, &ask).await;
            let mut fields = party.redemption(&code, &ask);
            set(&mut fields, "redirect_uri", value);
            party.token(fields).await.is_error(400, error);
        }
    }
}

#[tokio::test]
async fn attack_046_a_code_lives_for_a_minute() {
    for kind in Kind::all() {
        let world = Setup::new(kind).with_own_clock().start().await;
        let (mut visitor, _) = newcomer(&world).await;
        let party = Party::new(&world, "basic");
        for (seconds, good) in [(59, true), (61, false)] {
            let ask = party.ask();
            let code = code_for(&mut visitor, &party, &ask).await;
            world.advance(TimeDelta::seconds(seconds));
            let answer = party.redeem(&code, &ask).await;
            if good {
                assert_eq!(answer.status.as_u16(), 200);
            } else {
                answer.is_error(400, "invalid_grant");
            }
        }
    }
}

#[tokio::test]
async fn attack_047_a_code_that_is_changed_in_any_way_is_none() {
    let world = World::any().await;
    let (mut visitor, _) = newcomer(&world).await;
    let party = Party::new(&world, "basic");
    let ask = party.ask();
    let code = code_for(&mut visitor, &party, &ask).await;
    let other = if code.starts_with('A') { "B" } else { "A" };
    for bad in [
        format!("{other}{}", &code[1..]),
        code[..code.len() - 1].to_owned(),
        format!("{code}A"),
        format!("{code}="),
        format!(" {code}"),
        format!("{code}\n"),
        code.to_lowercase(),
        "x".repeat(20_000),
        "\u{0}".to_owned(),
    ] {
        if bad != code {
            party.redeem(&bad, &ask).await.is_error(400, "invalid_grant");
        }
    }
    let answer = party.redeem(&"x".repeat(1 << 20), &ask).await;
    assert!([400, 413].contains(&answer.status.as_u16()), "{}", answer.status);
    let mut fields = party.redemption(&code, &ask);
    set(&mut fields, "code", Some(""));
    party.token(fields).await.is_error(400, "invalid_request");
    assert_eq!(
        party.redeem(&code, &ask).await.status.as_u16(),
        200,
        "the right one is still good"
    );
}

#[tokio::test]
async fn attack_053_055_verifier_and_challenge_belong_together() {
    for world in World::shared().await {
        let (mut visitor, _) = newcomer(&world).await;
        // A05: none, another's, an empty one, the challenge itself.
        let party = Party::new(&world, "basic");
        for verifier in [
            None,
            Some(random_text()),
            Some(String::new()),
            Some("x".repeat(43)),
            Some("x".repeat(129)),
        ] {
            let ask = party.ask();
            let code = code_for(&mut visitor, &party, &ask).await;
            let mut fields = party.redemption(&code, &ask);
            set(&mut fields, "code_verifier", verifier.as_deref());
            party.token(fields).await.is_error(400, "invalid_grant");
            party.redeem(&code, &ask).await.is_error(400, "invalid_grant");
        }
        // A053: a verifier where the request had no challenge.
        let older = Party::new(&world, "nonce");
        let ask = older
            .ask()
            .without("code_challenge")
            .without("code_challenge_method");
        let code = code_for(&mut visitor, &older, &ask).await;
        let mut fields = older.redemption(&code, &ask);
        set(&mut fields, "code_verifier", Some(&ask.verifier));
        older.token(fields).await.is_error(400, "invalid_grant");
    }
}

#[tokio::test]
async fn attack_054_pkce_cannot_be_taken_out_on_the_way() {
    for world in World::shared().await {
        let (_, person) = newcomer(&world).await;
        let mut visitor = acceptance::visitor::Visitor::new(&world);
        let party = Party::new(&world, "public");
        let ask = party.ask();
        visitor.open(&ask.url()).await;
        let interaction = visitor.page.value("interaction").expect("the handle");
        sign_in(&mut visitor, &person.phone, &person.password).await;
        // The attacker edits everything that the browser holds.
        let tampered = format!(
            "/authorize/resume?interaction={interaction}&code_challenge=&code_challenge_method=plain&client_id=basic&redirect_uri=https://evil.example/"
        );
        visitor.open(&tampered).await;
        if visitor.page.name() == "consent" {
            acceptance::journey::allow(&mut visitor).await;
        }
        let code = party.code(&visitor, &ask);
        let mut fields = party.redemption(&code, &ask);
        set(&mut fields, "code_verifier", None);
        party.token(fields).await.is_error(400, "invalid_grant");
    }
}

#[tokio::test]
async fn attack_058_signing_out_ends_codes_and_tokens() {
    for world in World::shared().await {
        let (mut visitor, _) = newcomer(&world).await;
        let party = Party::new(&world, "basic");
        let token = tokens_for(&mut visitor, &party, &party.ask()).await;
        let ask = party.ask();
        let code = code_for(&mut visitor, &party, &ask).await;
        visitor.open("/account").await;
        visitor.press_action("/sign-out").await;
        party.redeem(&code, &ask).await.is_error(400, "invalid_grant");
        assert_eq!(party.userinfo(token.access_token()).await.status.as_u16(), 401);
    }
}

#[tokio::test]
async fn attack_059_taking_consent_back_ends_codes_and_tokens() {
    for world in World::shared().await {
        let (mut visitor, _) = newcomer(&world).await;
        let party = Party::new(&world, "basic");
        let ask = || party.ask().with("scope", "openid phone");
        let token = tokens_for(&mut visitor, &party, &ask()).await;
        let last: Ask = ask();
        let code = code_for(&mut visitor, &party, &last).await;
        visitor.open("/account/sharing").await;
        visitor.press_in("grant").await;
        party.redeem(&code, &last).await.is_error(400, "invalid_grant");
        assert_eq!(
            party.userinfo(token.access_token()).await.status.as_u16(),
            401,
            "I4: no live token"
        );
    }
}

#[tokio::test]
async fn attack_039_a_frozen_account_gets_no_code_no_token_and_no_sign_in() {
    for world in World::shared().await {
        let (mut visitor, person) = newcomer(&world).await;
        let party = Party::new(&world, "basic");
        let token = tokens_for(&mut visitor, &party, &party.ask()).await;
        let ask = party.ask();
        let code = code_for(&mut visitor, &party, &ask).await;
        world.freeze(&person.e164()).await;
        party.redeem(&code, &ask).await.is_error(400, "invalid_grant");
        assert_eq!(party.userinfo(token.access_token()).await.status.as_u16(), 401);
        let ask = party.ask().with("prompt", "none");
        visitor.open(&ask.url()).await;
        party.is_refused(&visitor, &ask, "login_required");
        visitor.open("/account").await;
        sign_in(&mut visitor, &person.phone, &person.password).await;
        visitor.sees("sign-in");
    }
}

#[tokio::test]
async fn attack_038_081_a_client_that_is_switched_off_is_refused_at_every_step() {
    for kind in Kind::all() {
        let world = Setup::new(kind).start().await;
        let (mut visitor, _) = newcomer(&world).await;
        let party = Party::new(&world, "basic");
        let ask = party.ask();
        let code = code_for(&mut visitor, &party, &ask).await;
        let token = tokens_for(&mut visitor, &party, &party.ask()).await;
        let waiting = party.ask().with("scope", "openid phone");
        visitor.open(&waiting.url()).await;
        visitor.sees("consent");
        world
            .change_client("basic", |client| client.disabled = true)
            .await;
        visitor.press("decision=allow").await;
        assert_eq!(visitor.away, None);
        visitor.sees_problem(400);
        party.redeem(&code, &ask).await.is_error(401, "invalid_client");
        assert_eq!(party.userinfo(token.access_token()).await.status.as_u16(), 401);
        visitor.open(&party.ask().url()).await;
        visitor.sees_problem(400);
    }
}
