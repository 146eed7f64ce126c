//! The table of every standing and every way in: what the running handlers answer is what `model::standing::answer` says,
//! and what `docs/account-states.md` shows. The counter and the console are driven in `operator::standing`.

use chrono::TimeDelta;
use model::email::Email;
use model::ids::{AccountId, ChangeId, OperatorId, StandingChangeId};
use model::link::Purpose;
use model::notice::Contact;
use model::standing::{Answer, Entry, Status, answer};
use store::changes::{Kind, NewChange, State};
use store::standing_changes::{self, Change};
use uuid::Uuid;

use super::{NOBODY, PHONE, TO};
use crate::factors::testing::{sign_in_with, with_codes, with_passkey};
use crate::links;
use crate::signin::testing::{PASSWORD, resident, sign_in, signed_in};
use crate::testing::{Browser, Seen, World, worlds};

/// The document.
const DOCUMENT: &str = include_str!("../../../../../docs/account-states.md");

fn table() -> String {
    let mut text = String::from("| way in |");
    for status in Status::ALL {
        text.extend([" ", status.as_str(), " |"]);
    }
    text.push_str("\n| --- |");
    text.push_str(&" --- |".repeat(Status::ALL.len()));
    for entry in Entry::ALL {
        text.extend(["\n| ", entry.as_str(), " |"]);
        for status in Status::ALL {
            text.extend([" ", answer(status, entry).as_str(), " |"]);
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

#[tokio::test]
async fn attack_203_sign_in_passkey_and_session_answer_what_the_table_says_in_every_standing() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        let mut soft = with_passkey(&mut signed_in(&world, PHONE).await, b"credential-1").await;
        for status in Status::ALL {
            world.test.set_status(id, Status::Active).await.unwrap();
            // A passkey is a second factor after the password; alone it is both.
            let mut inside = world.browser();
            let seen = sign_in_with(&mut inside, &mut soft).await;
            assert_eq!(seen.location.as_deref(), Some("/account"), "{}", seen.body);
            world.test.set_status(id, status).await.unwrap();
            let session = inside.get("/account").await;
            let expected = answer(status, Entry::Session) == Answer::Yes;
            assert_eq!(session.status.is_success(), expected, "session {status:?}");
            let passkey = sign_in_with(&mut world.browser(), &mut soft).await;
            assert_eq!(
                outcome(&passkey),
                answer(status, Entry::Passkey),
                "passkey {status:?}"
            );
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

fn has_code(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_digit())
        .any(|run| run.len() == 6)
}

/// Sends the first page of recovering or registering.
async fn begin(browser: &mut Browser, path: &str) -> Seen {
    let page = browser.get(path).await;
    let captcha = browser.look_at_captcha(&page).await;
    let fields = [
        ("kind", "resident"),
        ("phone", PHONE),
        ("captcha", captcha.as_str()),
    ];
    browser.post(path, &page, &fields).await
}

#[tokio::test]
async fn attack_205_recovery_answers_what_the_table_says_and_a_held_account_demands_identity() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        with_codes(&mut signed_in(&world, PHONE).await).await;
        world.clock.advance(TimeDelta::days(8));
        for status in Status::ALL {
            world.test.set_status(id, status).await.unwrap();
            world.clock.advance(TimeDelta::hours(25));
            let mut browser = world.browser();
            let seen = begin(&mut browser, "/recover").await;
            // One answer for whoever looks at the page, in every standing.
            assert_eq!(
                seen.location.as_deref(),
                Some("/recover/code"),
                "{status:?}: {}",
                seen.body
            );
            let told = world.newest_sms(TO).await.unwrap();
            let shown = if has_code(&told) {
                let page = browser.get("/recover/code").await;
                let code = world.code(TO).await;
                browser.post("/recover/code", &page, &[("sms_code", &code)]).await;
                let ahead = browser.get("/recover/password").await;
                assert_eq!(ahead.location.as_deref(), Some("/recover/proof"), "{status:?}");
                // An account in use may wait; a held one opens with what was set up long before; the others with nothing.
                let page = browser.get("/recover/proof").await;
                assert!(page.body.contains("/recover/number"), "{status:?}: {}", page.body);
                if page.body.contains("value=\"wait\"") {
                    Answer::Yes
                } else if page.body.contains("name=\"recovery_code\"") {
                    Answer::OnlyWithIdentity
                } else {
                    Answer::OnlyTheNumber
                }
            } else {
                Answer::AsIfUnknown
            };
            assert_eq!(
                shown,
                answer(status, Entry::Recovery),
                "{status:?} {}",
                world.kind
            );
        }
    }
}

#[tokio::test]
async fn attack_205_registering_tells_the_phone_what_the_table_says_and_the_page_nothing() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        for status in Status::ALL {
            world.test.set_status(id, status).await.unwrap();
            world.clock.advance(TimeDelta::hours(25));
            let seen = begin(&mut world.browser(), "/register").await;
            assert_eq!(
                seen.location.as_deref(),
                Some("/register/confirm"),
                "{status:?}: {}",
                seen.body
            );
            let told = world.newest_sms(TO).await.unwrap();
            let shown = match (has_code(&told), told.contains("/register/activation")) {
                (true, false) => Answer::AsIfUnknown,
                (false, true) => Answer::OnlyToActivate,
                (false, false) => Answer::HasAccount,
                (true, true) => panic!("{told}"),
            };
            assert_eq!(
                shown,
                answer(status, Entry::Register),
                "{status:?} {}: {told}",
                world.kind
            );
        }
    }
}

/// Makes a link for an account and presses its button.
async fn press(world: &World, new: &links::New<'_>) -> bool {
    let tx = world.service.store().begin().await.unwrap();
    let link = links::make(&world.service, &tx, new).await.unwrap();
    tx.commit().await.unwrap();
    let path = crate::testing::link_in(&link);
    let mut browser = world.browser();
    let page = browser.get(&path).await;
    browser.post(&path, &page, &[]).await.page() == Some("link-done")
}

fn link(purpose: Purpose, account: AccountId, about: Option<Uuid>) -> links::New<'static> {
    links::New {
        purpose,
        account,
        about,
        target: None,
        life: TimeDelta::days(1),
    }
}

/// A change of the address that waits, or of the user name that can be taken back.
async fn change(world: &World, account: AccountId, kind: Kind, details: &str) -> Uuid {
    let (now, rng) = (world.clock.now(), world.service.rng());
    let tx = world.service.store().read();
    let new = NewChange {
        id: ChangeId::new(now, rng),
        account,
        kind,
        state: State::Waiting,
        details: Some(details),
        now,
        effective_at: now + TimeDelta::days(3),
        reversible_until: None,
    };
    assert!(store::changes::begin(&tx, &new).await.unwrap());
    new.id.as_uuid()
}

#[tokio::test]
async fn a_link_does_what_the_table_says_for_its_purpose_in_every_standing_and_is_over_otherwise() {
    for world in worlds().await {
        for (number, status) in Status::ALL.into_iter().enumerate() {
            let yes = |entry| answer(status, entry) == Answer::Yes;
            let id = resident(&world, &format!("1380000010{number}")).await;
            let kept = r#"{"from":null,"to":"li@example.com","new":false,"old":false}"#;
            let about = change(&world, id, Kind::Email, kept).await;
            world.test.set_status(id, status).await.unwrap();
            let contact = Contact::Email(Email::parse("li@example.com").unwrap());
            let confirm = links::New {
                target: Some(&contact),
                ..link(Purpose::ConfirmEmail, id, Some(about))
            };
            let confirmed = press(&world, &confirm).await;
            assert_eq!(confirmed, yes(Entry::ConfirmLink), "confirm {status:?}");
            let undone = press(&world, &link(Purpose::UndoChange, id, Some(about))).await;
            assert_eq!(undone, yes(Entry::UndoLink), "undo {status:?}");
            // "This wasn't me" holds an account that somebody could use, or could keep from closing; where it is held already,
            // what the link is about is stopped. Where it is over, it does nothing at all.
            let other = change(&world, id, Kind::Username, "{}").await;
            let held = press(&world, &link(Purpose::NotMe, id, Some(other))).await;
            assert_eq!(held, yes(Entry::NotMeLink), "not me {status:?}");
            let tx = world.service.store().read();
            let after = store::accounts::find(&tx, id).await.unwrap().unwrap().status;
            assert_eq!(after, if held { Status::Held } else { status }, "{}", world.kind);
            let change = store::changes::find(&tx, ChangeId::from_uuid(other))
                .await
                .unwrap();
            assert_eq!(change.unwrap().state == State::Waiting, !held, "{status:?}");
        }
    }
}

#[tokio::test]
async fn an_objection_is_taken_where_the_table_says() {
    for world in worlds().await {
        for (number, status) in Status::ALL.into_iter().enumerate() {
            let id = resident(&world, &format!("1380000020{number}")).await;
            world.test.set_status(id, status).await.unwrap();
            let tx = world.service.store().begin().await.unwrap();
            let decided = Change {
                id: StandingChangeId::new(world.clock.now(), world.service.rng()),
                account: id,
                from: Status::Active,
                to: status,
                reason: "misuse".to_owned(),
                note: None,
                operator: None,
                second: (status == Status::Terminated)
                    .then(|| OperatorId::new(world.clock.now(), world.service.rng())),
                at: world.clock.now(),
                until: None,
                doubted_from: None,
            };
            standing_changes::record(&tx, &decided).await.unwrap();
            let made = links::make(
                &world.service,
                &tx,
                &link(Purpose::Appeal, id, Some(decided.id.as_uuid())),
            )
            .await
            .unwrap();
            tx.commit().await.unwrap();
            let mut browser = world.browser();
            let path = crate::testing::link_in(&made);
            let to = browser
                .get(&path)
                .await
                .location
                .expect("the page of the objection");
            let page = browser.get(&to).await;
            let typed = path.trim_start_matches("/link/");
            let fields = [("link", typed), ("text", "I did not do that.")];
            let filed = browser.post("/appeal/link", &page, &fields).await;
            let expected = answer(status, Entry::Appeal) == Answer::Yes;
            assert_eq!(
                filed.page() == Some("appeal-done"),
                expected,
                "{status:?}: {}",
                filed.body
            );
        }
    }
}
