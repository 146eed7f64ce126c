//! The program is killed at any moment and started again (R01, R02, R03): nothing that was acknowledged is lost, and
//! nothing that was spent can be spent again.

use std::time::Duration;

use acceptance::engine;
use acceptance::journey::{code_for, newcomer, register, sign_in, tokens_for};
use acceptance::party::{Party, basic};
use acceptance::process::command;
use acceptance::raw;
use acceptance::visitor::Visitor;
use acceptance::world::{Kind, Setup, World};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

fn config(world: &World) -> String {
    world.folder.path("node-0.toml").display().to_string()
}

/// The bytes of a redemption.
fn redemption(party: &Party, fields: &[(String, String)]) -> Vec<u8> {
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    let acceptance::clients::Proof::Basic(secret) = &party.client.proof else {
        panic!("a secret")
    };
    format!(
        "POST /token HTTP/1.1\r\nHost: {}\r\nAuthorization: {}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        raw::authority(&party.issuer),
        basic(&party.client.id, secret),
        body.len()
    )
    .into_bytes()
}

#[tokio::test]
async fn a_code_that_was_consumed_and_not_answered_is_not_good_after_the_restart() {
    for kind in Kind::all() {
        let mut world = Setup::new(kind).in_processes().start().await;
        let (mut visitor, person) = newcomer(&world).await;
        let party = Party::new(&world, "basic");
        let kept = tokens_for(&mut visitor, &party, &party.ask()).await;
        for _ in 0..2 {
            let ask = party.ask();
            let code = code_for(&mut visitor, &party, &ask).await;
            let mut stream = raw::connect(&world.issuer).await;
            stream
                .write_all(&redemption(&party, &party.redemption(&code, &ask)))
                .await
                .expect("sent");
            // The first byte of the answer says that the code is spent. Nobody reads the rest.
            stream.read_u8().await.expect("the beginning of an answer");
            world.process(0).kill();
            drop(stream);
            world.process(0).restart().await;
            party.redeem(&code, &ask).await.is_error(400, "invalid_grant");
        }
        // What was acknowledged before is there: the token, the sign-in, the account, its password.
        assert_eq!(party.userinfo(kept.access_token()).await.status.as_u16(), 200);
        code_for(&mut visitor, &party, &party.ask().with("prompt", "none")).await;
        let mut elsewhere = Visitor::new(&world);
        sign_in(&mut elsewhere, &person.phone, &person.password).await;
        elsewhere.sees("account");
    }
}

#[tokio::test]
async fn killed_under_load_nothing_is_spent_twice_and_nothing_acknowledged_is_lost() {
    for kind in Kind::all() {
        let mut world = Setup::new(kind).in_processes().start().await;
        let (mut visitor, _) = newcomer(&world).await;
        let party = Party::new(&world, "basic");
        for round in 0..3_usize {
            let mut codes = Vec::new();
            for _ in 0..16 {
                let ask = party.ask();
                let code = code_for(&mut visitor, &party, &ask).await;
                codes.push((code, ask));
            }
            let (sender, mut done) = tokio::sync::mpsc::unbounded_channel();
            for (number, (code, ask)) in codes.iter().cloned().enumerate() {
                let (party, sender) = (party.clone(), sender.clone());
                let http = engine::http(false);
                tokio::spawn(async move {
                    let acceptance::clients::Proof::Basic(secret) = &party.client.proof else {
                        panic!("a secret")
                    };
                    let request = http
                        .post(&party.token_endpoint)
                        .header("authorization", basic(&party.client.id, secret))
                        .form(&party.redemption(&code, &ask));
                    let answer = match engine::send(request).await {
                        Ok(answer) if answer.status().is_success() => {
                            answer.json::<serde_json::Value>().await.ok()
                        }
                        _ => None,
                    };
                    let token = answer.and_then(|answer| answer["access_token"].as_str().map(str::to_owned));
                    let _ = sender.send((number, token));
                });
            }
            drop(sender);
            // Killed after some of the answers; the others are anywhere.
            let mut answers = Vec::new();
            for _ in 0..=(round * 5) {
                answers.extend(done.recv().await);
            }
            world.process(0).kill();
            while let Some(answer) = done.recv().await {
                answers.push(answer);
            }
            world.process(0).restart().await;
            assert_eq!(answers.len(), codes.len());
            for (number, token) in answers {
                let (code, ask) = &codes[number];
                match token {
                    Some(token) => {
                        assert_eq!(
                            party.userinfo(&token).await.status.as_u16(),
                            200,
                            "acknowledged and lost"
                        );
                        party.redeem(code, ask).await.is_error(400, "invalid_grant");
                    }
                    None => {
                        let again = party.redeem(code, ask).await;
                        if again.status.as_u16() == 200 {
                            party.redeem(code, ask).await.is_error(400, "invalid_grant");
                        } else {
                            again.is_error(400, "invalid_grant");
                        }
                    }
                }
            }
        }
        let verified = command(&["audit", "verify", "--config", &config(&world)]).await;
        assert_eq!(
            verified.code, 0,
            "I7: the chain is unbroken: {} {}",
            verified.out, verified.err
        );
    }
}

#[tokio::test]
async fn a_registration_that_was_acknowledged_survives_a_kill() {
    for kind in Kind::all() {
        let mut world = Setup::new(kind).in_processes().start().await;
        let mut people = Vec::new();
        for _ in 0..3 {
            let person = world.outside.person().await;
            let mut visitor = Visitor::new(&world);
            register(&mut visitor, &world, &person).await;
            // The moment the answer is there.
            world.process(0).kill();
            world.process(0).restart().await;
            people.push((visitor, person));
        }
        for (mut visitor, person) in people {
            visitor.open("/account").await;
            visitor.sees("account");
            let mut elsewhere = Visitor::new(&world);
            sign_in(&mut elsewhere, &person.phone, &person.password).await;
            elsewhere.sees("account");
        }
    }
}

#[tokio::test]
async fn sigterm_lets_requests_finish_and_ends_well() {
    let mut world = Setup::new(Kind::Sqlite).in_processes().start().await;
    let person = world.outside.person().await;
    let mut visitor = Visitor::new(&world);
    register(&mut visitor, &world, &person).await;
    world.outside.fault("population-register", "slow").await;
    let under_way = tokio::spawn(async move {
        acceptance::journey::prove_name(&mut visitor, &person).await;
        visitor
    });
    let metrics = format!("{}/metrics", world.operations());
    acceptance::wait::until_true("the request to be under way", Duration::from_secs(5), || async {
        let answer = engine::send(world.http.get(&metrics)).await.expect("metrics");
        let text = answer.text().await.expect("text");
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("http_requests_in_flight "));
        // The look itself is one.
        line.and_then(|count| count.parse::<u32>().ok())
            .is_some_and(|count| count >= 2)
    })
    .await;
    let began = std::time::Instant::now();
    assert!(
        world.process(0).terminate().await,
        "exit code 0; it said:\n{}",
        world.process(0).said()
    );
    assert!(began.elapsed() < Duration::from_secs(20));
    let visitor = under_way.await.expect("the request was finished");
    visitor.sees("verify-waiting");
}
