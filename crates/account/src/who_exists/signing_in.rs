//! Signing in: by password with each identifier, by the second step, by a passkey.

use chrono::TimeDelta;
use model::ids::OperatorId;
use model::secret::{Token, TokenHash};
use model::standing_reason::Reason;

use super::{Compared, Meter, Names, Status, StatusCode, accounts, known};
use crate::factors::soft::Soft;
use crate::factors::testing::{sign_in_with, with_app, with_passkey};
use crate::signin::testing::{PASSWORD, resident, sign_in, signed_in};
use crate::standing::{self, Because, By};
use crate::testing::{Browser, Seen, World, worlds};

/// A browser from which somebody else signed in before.
async fn used(world: &World) -> Browser {
    resident(world, "13911111111").await;
    let mut browser = signed_in(world, "13911111111").await;
    browser.cookies.remove("denizen_session");
    assert!(browser.cookies.contains_key("denizen_device"));
    browser
}

/// The passwords that are refused: any where there is no account, the right one, too, where it is not in use.
fn refused(status: Option<Status>) -> &'static [&'static str] {
    match status {
        Some(Status::Active | Status::Closing) => &["wrong-27"],
        _ => &["wrong-27", PASSWORD],
    }
}

fn is_refused(seen: &Seen) -> bool {
    seen.status == StatusCode::UNPROCESSABLE_ENTITY && seen.page() == Some("sign-in")
}

#[tokio::test]
async fn attack_203_a_refused_password_costs_the_same_by_every_identifier_in_every_standing_and_for_nobody() {
    for world in worlds().await {
        let mut who: Vec<(Option<Status>, Names)> = vec![(None, Names::nobodys())];
        let known = known(&world).await.into_iter();
        who.extend(known.map(|one| (Some(one.status), one.names)));
        for browser in [world.browser(), used(&world).await] {
            for kind in 0..4 {
                let mut compared = Compared::new(format!("sign-in by identifier {kind}"), &world);
                for (status, names) in &who {
                    for password in refused(*status) {
                        world.clock.advance(TimeDelta::hours(2));
                        let mut browser = browser.clone();
                        let page = browser.get("/sign-in").await;
                        let fields = [("identifier", names.all()[kind]), ("password", password)];
                        let meter = Meter::new(&world);
                        let seen = browser.post("/sign-in", &page, &fields).await;
                        compared.add(format!("{status:?} {password}"), &meter);
                        assert!(is_refused(&seen), "{status:?} {password}: {}", seen.body);
                    }
                }
                let work = compared.is_the_same();
                assert_eq!(work.hashes, 1);
                assert!(work.statements.contains(&"INSERT audit".to_owned()));
            }
        }
    }
}

#[tokio::test]
async fn attack_206_a_refused_passkey_costs_the_same_whoever_it_claims_to_be() {
    for world in worlds().await {
        let id = resident(&world, "13800000001").await;
        let real = with_passkey(&mut signed_in(&world, "13800000001").await, b"credential-1").await;
        let mut compared = Compared::new("passkey", &world);
        let mut nobodys = Soft::new(b"credential-2");
        nobodys.user = uuid::Uuid::nil().as_bytes().to_vec();
        // Its identifier and its account with another key: what a stranger who has read them could send.
        let mut forged = Soft::new(&real.id);
        forged.user.clone_from(&real.user);
        for status in Status::ALL {
            world.test.set_status(id, status).await.unwrap();
            for (what, soft) in [("unknown", &mut nobodys), ("forged", &mut forged)] {
                world.clock.advance(TimeDelta::hours(2));
                let mut browser = world.browser();
                let meter = Meter::new(&world);
                let seen = sign_in_with(&mut browser, soft).await;
                compared.add(format!("{what} {status:?}"), &meter);
                assert!(is_refused(&seen), "{what} {status:?}: {}", seen.body);
            }
        }
        assert_eq!(compared.is_the_same().hashes, 0);
        // Who has the passkey itself is told apart from a stranger by having it, and cannot tell one standing from another.
        let mut compared = Compared::new("own passkey", &world);
        let mut real = real;
        for status in Status::ALL {
            if matches!(status, Status::Active | Status::Closing) {
                continue;
            }
            world.test.set_status(id, status).await.unwrap();
            world.clock.advance(TimeDelta::hours(2));
            let mut browser = world.browser();
            let meter = Meter::new(&world);
            let seen = sign_in_with(&mut browser, &mut real).await;
            compared.add(format!("{status:?}"), &meter);
            assert!(is_refused(&seen), "{status:?}: {}", seen.body);
        }
        compared.is_the_same();
    }
}

/// Sends the form of the second step, as whoever has seen its page can.
async fn second(
    world: &World,
    browser: &mut Browser,
    (page, step): (&Seen, &str),
    more: (&str, &str),
) -> Seen {
    let hash = TokenHash::of(&browser.cookies["denizen_browser"]);
    let csrf = world.service.kit().csrf_key().token(&hash, "sign-in-second");
    let fields = [("csrf", csrf.as_str()), ("step", step), ("by", "totp"), more];
    browser.post("/sign-in/second", page, &fields).await
}

/// The second step is reached with the right password alone. Here it was, and the account was taken out of use since.
#[tokio::test]
async fn attack_203_the_second_step_of_an_account_that_is_out_of_use_is_like_one_that_never_was() {
    for world in worlds().await {
        let id = resident(&world, "13800000001").await;
        let mut owner = signed_in(&world, "13800000001").await;
        with_app(&world, &mut owner).await;
        let mut browser = world.browser();
        let led = sign_in(&mut browser, "13800000001", PASSWORD).await;
        let led = led.location.expect("the second step");
        let (_, step) = led.split_once("step=").expect("a step");
        let tx = world.service.store().begin().await.unwrap();
        let account = accounts::find(&tx, id).await.unwrap().unwrap();
        let by = By::Operator(OperatorId::new(world.clock.now(), world.service.rng()));
        let because = Because::of(Reason::Misuse, by);
        let suspended = standing::suspend(&world.service, &tx, &account, &because).await;
        assert!(suspended.unwrap());
        tx.commit().await.unwrap();
        let never = Token::generate(world.service.rng());
        let page = browser.get("/sign-in").await;
        for more in [("code", "123456"), ("method", "sms"), ("cancel", "yes")] {
            let mut compared = Compared::new(format!("second step, {more:?}"), &world);
            for (what, step) in [("never", never.expose()), ("suspended", step)] {
                let meter = Meter::new(&world);
                let seen = second(&world, &mut browser, (&page, step), more).await;
                compared.add(what, &meter);
                assert_eq!(
                    seen.location.as_deref(),
                    Some("/sign-in?late=yes"),
                    "{}",
                    seen.body
                );
            }
            compared.is_the_same();
        }
    }
}
