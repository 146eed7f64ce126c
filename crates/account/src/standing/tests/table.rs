//! The table of every standing and every way in: what the running handlers answer is what `model::standing::answer` says,
//! and what `docs/account-states.md` shows. The counter and the console are driven in `operator::standing`.

use chrono::TimeDelta;
use model::link::Purpose;
use model::standing::{Answer, Entry, Status, answer};

use super::{NOBODY, PHONE, TO};
use crate::factors::soft::{Soft, Ways};
use crate::factors::testing::{options, with_passkey};
use crate::links;
use crate::signin::testing::{PASSWORD, resident, sign_in, signed_in};
use crate::testing::{Seen, World, worlds};

/// The document.
const DOCUMENT: &str = include_str!("../../../../../docs/account-states.md");

fn table() -> String {
    let mut text = String::from("| way in |");
    for status in Status::ALL {
        text.push_str(&format!(" {} |", status.as_str()));
    }
    text.push_str("\n| --- |");
    text.push_str(&" --- |".repeat(Status::ALL.len()));
    for entry in Entry::ALL {
        text.push_str(&format!("\n| {} |", entry.as_str()));
        for status in Status::ALL {
            text.push_str(&format!(" {} |", answer(status, entry).as_str()));
        }
    }
    text.push('\n');
    text
}

#[test]
fn the_document_shows_the_table_that_every_way_in_asks() {
    let table = table();
    assert!(
        DOCUMENT.contains(&table),
        "docs/account-states.md is to contain:\n{table}"
    );
}

/// What an attempt to get in came to.
fn outcome(seen: &Seen) -> Answer {
    match seen.location.as_deref() {
        Some("/account") => Answer::Yes,
        Some(path) if path.starts_with("/account/close/keep?step=") => Answer::OnlyToKeep,
        _ => Answer::AsIfUnknown,
    }
}

async fn by_passkey(world: &World, soft: &mut Soft) -> Seen {
    by_passkey_in(&mut world.browser(), soft).await
}

#[tokio::test]
async fn attack_203_sign_in_passkey_and_session_answer_what_the_table_says_in_every_standing() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        let mut soft = with_passkey(&mut signed_in(&world, PHONE).await, b"credential-1").await;
        for status in Status::ALL {
            world.test.set_status(id, Status::Active).await.unwrap();
            // A passkey is a second factor after the password; alone it is both.
            let mut inside = world.browser();
            let seen = by_passkey_in(&mut inside, &mut soft).await;
            assert_eq!(seen.location.as_deref(), Some("/account"), "{}", seen.body);
            world.test.set_status(id, status).await.unwrap();
            let session = inside.get("/account").await;
            let expected = answer(status, Entry::Session) == Answer::Yes;
            assert_eq!(session.status.is_success(), expected, "session {status:?}");
            let passkey = by_passkey(&world, &mut soft).await;
            assert_eq!(outcome(&passkey), answer(status, Entry::Passkey), "passkey {status:?}");
        }
        let other = resident(&world, "13800000002").await;
        for status in Status::ALL {
            world.test.set_status(other, status).await.unwrap();
            let right = sign_in(&mut world.browser(), "13800000002", PASSWORD).await;
            let shown = outcome(&right);
            let expected = match answer(status, Entry::SignIn) {
                Answer::Yes => Answer::Yes,
                Answer::OnlyToKeep => Answer::OnlyToKeep,
                _ => Answer::AsIfUnknown,
            };
            assert_eq!(shown, expected, "sign-in {status:?} {}", world.kind);
            if expected == Answer::AsIfUnknown {
                let nobody = sign_in(&mut world.browser(), NOBODY, PASSWORD).await;
                assert_eq!((right.status, right.page()), (nobody.status, nobody.page()));
                assert_eq!(right.errors(), nobody.errors(), "{status:?}");
            }
            world.clock.advance(TimeDelta::hours(2));
        }
    }
}

async fn by_passkey_in(browser: &mut crate::testing::Browser, soft: &mut Soft) -> Seen {
    let page = browser.get("/sign-in").await;
    let sealed = page.hidden("passkey").unwrap().to_owned();
    let ways = Ways {
        user: Some(soft.user.clone()),
        ..Ways::default()
    };
    let credential = soft.prove(&options(&page), &ways).to_string();
    let fields = [
        ("method", "passkey"),
        ("identifier", ""),
        ("password", ""),
        ("passkey", sealed.as_str()),
        ("credential", credential.as_str()),
    ];
    browser.post("/sign-in", &page, &fields).await
}

fn has_code(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_digit()).any(|run| run.len() == 6)
}

#[tokio::test]
async fn attack_205_recovery_and_registering_answer_what_the_table_says_in_every_standing() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        for status in Status::ALL {
            world.test.set_status(id, status).await.unwrap();
            for (path, next, entry) in [
                ("/recover", "/recover/code", Entry::Recovery),
                ("/register", "/register/confirm", Entry::Register),
            ] {
                world.clock.advance(TimeDelta::hours(25));
                let mut browser = world.browser();
                let page = browser.get(path).await;
                let captcha = browser.look_at_captcha(&page).await;
                let fields = [("kind", "resident"), ("phone", PHONE), ("captcha", captcha.as_str())];
                let seen = browser.post(path, &page, &fields).await;
                // One answer for whoever looks at the page, in every standing.
                assert_eq!(seen.location.as_deref(), Some(next), "{status:?} {path}: {}", seen.body);
                let told = world.newest_sms(TO).await.unwrap();
                let expected = match (entry, status) {
                    (Entry::Recovery, _) => answer(status, entry) != Answer::AsIfUnknown,
                    // A code to register with goes to a phone that no account has: of a closed one nothing is left.
                    (_, Status::Closed) => true,
                    _ => false,
                };
                assert_eq!(has_code(&told), expected, "{entry:?} {status:?} {}: {told}", world.kind);
            }
        }
    }
}

#[tokio::test]
async fn a_link_says_it_is_over_where_the_table_says_that_nothing_is_left() {
    for world in worlds().await {
        for (number, status) in Status::ALL.into_iter().enumerate() {
            let phone = format!("1380000010{number}");
            let id = resident(&world, &phone).await;
            let tx = world.service.store().begin().await.unwrap();
            let new = links::New {
                purpose: Purpose::NotMe,
                account: id,
                about: None,
                target: None,
                life: TimeDelta::days(1),
            };
            let link = links::make(&world.service, &tx, &new).await.unwrap();
            tx.commit().await.unwrap();
            world.test.set_status(id, status).await.unwrap();
            let path = crate::testing::link_in(&link);
            let mut browser = world.browser();
            let page = browser.get(&path).await;
            let seen = browser.post(&path, &page, &[]).await;
            // "This wasn't me" holds an account that somebody could use, or could keep from closing.
            let expected = matches!(status, Status::Active | Status::Closing);
            assert_eq!(seen.page() == Some("link-done"), expected, "{status:?}: {}", seen.body);
        }
    }
}
