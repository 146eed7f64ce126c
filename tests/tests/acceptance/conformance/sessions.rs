//! Signing in again, or not: prompt, max_age, hints. The clock is the test's.

use acceptance::journey::{code_for, newcomer, sign_in, tokens_for};
use acceptance::party::{Party, peek};
use acceptance::visitor::Visitor;
use acceptance::world::{Kind, Setup, World};
use chrono::TimeDelta;

fn auth_time(token: &str) -> i64 {
    peek(token)["auth_time"].as_i64().expect("auth_time")
}

#[tokio::test]
async fn prompt_none_answers_at_once_with_the_same_person_or_an_error() {
    for world in World::shared().await {
        let party = Party::new(&world, "basic");
        let mut nobody = Visitor::new(&world);
        let ask = party.ask().with("prompt", "none");
        nobody.open(&ask.url()).await;
        party.is_refused(&nobody, &ask, "login_required");

        let (mut visitor, _) = newcomer(&world).await;
        let first = tokens_for(&mut visitor, &party, &party.ask().with("max_age", "10000")).await;
        let again = party.ask().with("prompt", "none").with("max_age", "10000");
        let second = tokens_for(&mut visitor, &party, &again).await;
        let (one, two) = (peek(first.id_token()), peek(second.id_token()));
        assert_eq!((&one["sub"], &one["auth_time"]), (&two["sub"], &two["auth_time"]));
        assert_eq!(visitor.hops.len(), 1, "no page");
    }
}

#[tokio::test]
async fn prompt_login_demands_a_new_sign_in_and_says_when_it_was() {
    for kind in Kind::all() {
        let world = Setup::new(kind).with_own_clock().start().await;
        let (mut visitor, person) = newcomer(&world).await;
        let party = Party::new(&world, "basic");
        let first = tokens_for(&mut visitor, &party, &party.ask().with("max_age", "10000")).await;
        for prompt in ["login", "select_account"] {
            world.advance(TimeDelta::seconds(1));
            let ask = party.ask().with("prompt", prompt).with("max_age", "10000");
            visitor.open(&ask.url()).await;
            visitor.sees("sign-in");
            sign_in(&mut visitor, &person.phone, &person.password).await;
            let code = party.code(&visitor, &ask);
            let second = party.redeem(&code, &ask).await;
            assert!(
                auth_time(second.id_token()) > auth_time(first.id_token()),
                "{prompt}"
            );
            assert_eq!(peek(second.id_token())["sub"], peek(first.id_token())["sub"]);
        }
    }
}

#[tokio::test]
async fn max_age_demands_a_new_sign_in_when_the_old_one_is_older() {
    for kind in Kind::all() {
        let world = Setup::new(kind).with_own_clock().start().await;
        let (mut visitor, person) = newcomer(&world).await;
        let party = Party::new(&world, "basic");
        let first = tokens_for(&mut visitor, &party, &party.ask().with("max_age", "15000")).await;
        world.advance(TimeDelta::seconds(2));
        let same = tokens_for(&mut visitor, &party, &party.ask().with("max_age", "10000")).await;
        assert_eq!(auth_time(first.id_token()), auth_time(same.id_token()));
        let ask = party.ask().with("max_age", "1");
        visitor.open(&ask.url()).await;
        visitor.sees("sign-in");
        sign_in(&mut visitor, &person.phone, &person.password).await;
        let code = party.code(&visitor, &ask);
        let newer = party.redeem(&code, &ask).await;
        assert!(auth_time(newer.id_token()) >= auth_time(first.id_token()) + 2);
        world.advance(TimeDelta::seconds(2));
        let ask = party.ask().with("max_age", "1").with("prompt", "none");
        visitor.open(&ask.url()).await;
        party.is_refused(&visitor, &ask, "login_required");
    }
}

#[tokio::test]
async fn a_hint_of_the_same_person_passes_and_one_of_another_does_not() {
    for world in World::shared().await {
        let party = Party::new(&world, "basic");
        let (mut one, _) = newcomer(&world).await;
        let (mut two, _) = newcomer(&world).await;
        let mine = tokens_for(&mut one, &party, &party.ask())
            .await
            .id_token()
            .to_owned();
        let theirs = tokens_for(&mut two, &party, &party.ask())
            .await
            .id_token()
            .to_owned();
        let ask = party.ask().with("prompt", "none").with("id_token_hint", &mine);
        code_for(&mut one, &party, &ask).await;
        let ask = party.ask().with("prompt", "none").with("id_token_hint", &theirs);
        one.open(&ask.url()).await;
        party.is_refused(&one, &ask, "login_required");
        for bad in ["nonsense", &format!("{}x", &mine[..mine.len() - 4])] {
            let ask = party.ask().with("prompt", "none").with("id_token_hint", bad);
            one.open(&ask.url()).await;
            let error = one.answer().get("error").cloned().unwrap_or_default();
            assert!(
                ["login_required", "invalid_request"].contains(&error.as_str()),
                "{error}"
            );
        }
    }
}

#[tokio::test]
async fn prompt_consent_asks_again_and_remembers_otherwise() {
    for world in World::shared().await {
        let (mut visitor, _) = newcomer(&world).await;
        let party = Party::new(&world, "basic");
        let scope = "openid phone";
        tokens_for(&mut visitor, &party, &party.ask().with("scope", scope)).await;
        let silent = party.ask().with("scope", scope).with("prompt", "none");
        code_for(&mut visitor, &party, &silent).await;
        visitor
            .open(&party.ask().with("scope", scope).with("prompt", "consent").url())
            .await;
        visitor.sees("consent");
        // What was not decided yet is asked.
        let more = party
            .ask()
            .with("scope", "openid phone real_name")
            .with("prompt", "none");
        visitor.open(&more.url()).await;
        party.is_refused(&visitor, &more, "consent_required");
    }
}

#[tokio::test]
async fn attack_026_prompt_none_never_shows_a_page() {
    for world in World::shared().await {
        let (mut visitor, _) = newcomer(&world).await;
        for (client, change, error) in [
            ("basic", ("scope", "openid phone"), "consent_required"),
            // Nor does a sub-site learn the level of somebody who has agreed to nothing there.
            ("floor", ("scope", "openid"), "consent_required"),
        ] {
            let party = Party::new(&world, client);
            let ask = party.ask().with(change.0, change.1).with("prompt", "none");
            visitor.open(&ask.url()).await;
            party.is_refused(&visitor, &ask, error);
        }
    }
}

#[tokio::test]
async fn attack_029_leaving_the_new_sign_in_changes_nothing() {
    for world in World::shared().await {
        let (mut visitor, _) = newcomer(&world).await;
        let party = Party::new(&world, "basic");
        let before = tokens_for(&mut visitor, &party, &party.ask()).await;
        let session = visitor.cookie("denizen_session");
        let ask = party.ask().with("prompt", "login");
        visitor.open(&ask.url()).await;
        visitor.sees("sign-in");
        visitor.press("cancel").await;
        party.is_refused(&visitor, &ask, "access_denied");
        assert_eq!(visitor.cookie("denizen_session"), session);
        let after = tokens_for(&mut visitor, &party, &party.ask().with("prompt", "none")).await;
        assert_eq!(peek(after.id_token())["sub"], peek(before.id_token())["sub"]);
    }
}

#[tokio::test]
async fn attack_163_sign_ins_end_after_idleness_and_after_their_time() {
    for kind in Kind::all() {
        let world = Setup::new(kind).with_own_clock().start().await;
        let party = Party::new(&world, "basic");
        let (mut visitor, person) = newcomer(&world).await;
        tokens_for(&mut visitor, &party, &party.ask()).await;
        // Used every half hour it lives on, to the end of its time.
        for _ in 0..23 {
            world.advance(TimeDelta::minutes(30));
            code_for(&mut visitor, &party, &party.ask().with("prompt", "none")).await;
        }
        world.advance(TimeDelta::minutes(31));
        let ask = party.ask().with("prompt", "none");
        visitor.open(&ask.url()).await;
        party.is_refused(&visitor, &ask, "login_required");

        for (public, idle) in [(false, 60), (true, 10)] {
            let mut visitor = Visitor::new(&world);
            visitor.open("/sign-in").await;
            if public {
                visitor.fill("public_computer", "");
            }
            sign_in(&mut visitor, &person.phone, &person.password).await;
            visitor.sees("account");
            world.advance(TimeDelta::minutes(idle - 2));
            visitor.open("/account").await;
            visitor.sees("account");
            world.advance(TimeDelta::minutes(idle + 1));
            visitor.open("/account").await;
            visitor.sees("sign-in");
        }
    }
}
