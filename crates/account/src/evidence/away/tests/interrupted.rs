//! What a journey costs the party, and browsers that do not wait for its end.

use std::sync::atomic::Ordering;

use axum::http::StatusCode;
use model::interaction::resume_path;
use store::source_use;

use super::*;
use crate::signin::testing::{interrupted, resident, wants};

async fn asked(scene: &Scene) -> (u32, u32) {
    let (tx, day) = (
        scene.world.service.store().read(),
        crate::evidence::today(&scene.world.service),
    );
    let used = source_use::find(&tx, &SourceId::parse(FACE).unwrap(), day)
        .await
        .unwrap();
    used.map_or((0, 0), |used| (used.asked, used.matched))
}

#[tokio::test]
async fn attack_253_a_return_is_asked_about_five_times_and_every_question_is_counted() {
    for scene in scenes().await {
        resident(&scene.world, PHONE).await;
        let mut browser = confirmed(&scene.world, PHONE).await;
        proven(&mut browser).await;
        let state = leave(&mut browser, FACE, "").await;
        assert_eq!(
            asked(&scene).await,
            (1, 0),
            "that a check begins is a question too"
        );
        scene.face.say(Says::Astray(Astray::NotRight));
        for time in 1..=5 {
            let seen = back(&mut browser, FACE, &state).await;
            let to = seen.location.unwrap();
            assert!(to.starts_with(&saying(FACE, "unavailable")), "{to}");
            assert_eq!(to.contains("again="), time < 5, "{to}");
        }
        scene.face.say(Says::Vouches(NAME, NUMBER));
        let seen = back(&mut browser, FACE, &state).await;
        assert_eq!(seen.location, Some(saying(FACE, "used")));
        assert_eq!(scene.face.asked.load(Ordering::SeqCst), 5, "{}", scene.world.kind);
        assert_eq!(asked(&scene).await, (6, 0));
    }
}

#[tokio::test]
async fn a_journey_is_settled_although_its_browser_has_gone() {
    for scene in scenes().await {
        let account = resident(&scene.world, PHONE).await;
        let mut browser = confirmed(&scene.world, PHONE).await;
        proven(&mut browser).await;
        let before = level(&scene.world, account).await;
        let state = leave(&mut browser, TRUSTED, "").await;
        let gate = scene.trusted.close();
        let mut gone = browser.clone();
        let waiting = back(&mut gone, TRUSTED, &state);
        tokio::select! {
            biased;
            _ = waiting => panic!("it waits for the party"),
            () = scene.trusted.reached.notified() => {}
        }
        let seen = back(&mut browser, TRUSTED, &state).await;
        assert_eq!(seen.location, Some(busy(TRUSTED, &state)));
        let page = follow(&mut browser, &seen).await;
        assert!(page.body.contains(&go_on(TRUSTED, &state)), "{}", page.body);
        drop(gate);
        for _ in 0..20_000 {
            if level(&scene.world, account).await > before {
                break;
            }
            tokio::task::yield_now().await;
        }
        assert!(
            level(&scene.world, account).await > before,
            "{}",
            scene.world.kind
        );
        // Whoever goes on finds what came of it.
        let seen = browser.get(&go_on(TRUSTED, &state)).await;
        assert_eq!(seen.location, Some(saying(TRUSTED, "used")));
        let seen = follow(&mut browser, &seen).await;
        assert_eq!(seen.location.as_deref(), Some("/account/level"));
    }
}

#[tokio::test]
async fn attack_251_an_account_that_changed_while_the_party_was_asked_gains_nothing_and_the_return_is_over() {
    for scene in scenes().await {
        let account = resident(&scene.world, PHONE).await;
        let mut browser = confirmed(&scene.world, PHONE).await;
        proven(&mut browser).await;
        let before = level(&scene.world, account).await;
        let state = leave(&mut browser, TRUSTED, "").await;
        let gate = scene.trusted.close();
        let mut waiting = browser.clone();
        let renamed = async {
            scene.trusted.reached.notified().await;
            let (_, number) = pair(NAME, NUMBER);
            let name = model::person_name::PersonName::parse("赵敏").unwrap();
            let (tx, now) = (scene.world.service.store().read(), scene.world.clock.now());
            let new = store::accounts::set_identity(&tx, account, (&name, &number), now);
            assert!(new.await.unwrap());
            drop(gate);
        };
        let (told, ()) = tokio::join!(back(&mut waiting, TRUSTED, &state), renamed);
        let kind = scene.world.kind;
        assert_eq!(told.location.as_deref(), Some("/account"), "{kind}: not busy");
        assert_eq!(level(&scene.world, account).await, before, "{}", scene.world.kind);
        // It is settled: nobody takes it again, now or when a lease would have ended.
        for _ in 0..2 {
            let seen = browser.get(&go_on(TRUSTED, &state)).await;
            assert_eq!(
                seen.location,
                Some(saying(TRUSTED, "used")),
                "{}",
                scene.world.kind
            );
            wait_it_out(&scene);
        }
    }
}

/// Where it is said that a return is being looked at.
fn busy(source: &str, state: &str) -> String {
    format!("{}&again={state}", saying(source, "busy"))
}

/// The address of "go on".
fn go_on(source: &str, state: &str) -> String {
    format!("{}/back?state={state}", page_of(source))
}

/// Somebody comes back, and their node stops before the party has answered: what it waits for never comes.
async fn back_to_a_node_that_stops(
    browser: &Browser,
    (source, party): (&str, &Stage),
    state: &str,
) -> tokio::sync::OwnedMutexGuard<()> {
    let gate = party.close();
    let mut gone = browser.clone();
    tokio::select! {
        biased;
        _ = back(&mut gone, source, state) => panic!("it waits for the party"),
        () = party.reached.notified() => {}
    }
    party.open_another();
    gate
}

/// The lease of a node that stopped is over.
fn wait_it_out(scene: &Scene) {
    let lease = crate::evidence::filing::LEASE_SECONDS;
    scene.world.clock.advance(chrono::TimeDelta::seconds(lease));
}

/// How many tries are left at a source about the usual pair.
async fn left(scene: &Scene, account: AccountId, source: &str) -> i64 {
    let (name, citizen_id) = pair(NAME, NUMBER);
    let attempt = crate::evidence::check::Attempt {
        account,
        source: SourceId::parse(source).unwrap(),
        facts: store::cases::Input {
            name,
            citizen_id,
            phone: None,
            more: store::cases::Factors::none(),
        },
        request_id: None,
    };
    let left = crate::evidence::tries::left(&scene.world.service, &attempt).await;
    left.unwrap()
}

async fn pieces(scene: &Scene, account: AccountId, source: &str) -> usize {
    let held = store::evidence::list(&scene.world.service.store().read(), account).await;
    let of_it = |piece: &&model::evidence::Evidence| piece.source.as_str() == source;
    held.unwrap().iter().filter(of_it).count()
}

#[tokio::test]
async fn attack_270_a_node_that_stops_at_the_return_loses_nothing_and_the_sub_site_goes_on() {
    for scene in scenes().await {
        let account = resident(&scene.world, PHONE).await;
        let mut browser = confirmed(&scene.world, PHONE).await;
        proven(&mut browser).await;
        for (source, party) in [
            (TRUSTED, &scene.trusted),
            (PROVINCE, &scene.province),
            (FACE, &scene.face),
        ] {
            let id = interrupted(&scene.world, &browser, wants(Some(1), None)).await;
            let query = format!("?interaction={}", id.expose());
            let state = leave(&mut browser, source, &query).await;
            let tries = left(&scene, account, source).await;
            let gate = back_to_a_node_that_stops(&browser, (source, party), &state).await;
            // The lease is not over: nobody else is let in, and the way on is there.
            let seen = browser.get(&go_on(source, &state)).await;
            let (to, again) = (seen.location.clone().unwrap(), format!("&again={state}"));
            assert!(
                to.starts_with(&saying(source, "busy")) && to.contains(id.expose()) && to.ends_with(&again),
                "{to}"
            );
            assert_eq!(
                follow(&mut browser, &seen).await.status,
                StatusCode::UNPROCESSABLE_ENTITY
            );
            wait_it_out(&scene);
            // Another browser is not let in, whatever it knows.
            let mut other = signed_in(&scene.world, PHONE).await;
            let seen = back(&mut other, source, &state).await;
            assert_eq!(seen.location, Some(saying(source, "lost")));
            // "Go on" brings back no code: what was brought the first time was kept.
            let (mut one, mut two) = (browser.clone(), browser.clone());
            let address = go_on(source, &state);
            let both = tokio::join!(one.get(&address), two.get(&address));
            let places = [both.0.location.unwrap(), both.1.location.unwrap()];
            let passed = places.iter().filter(|to| **to == resume_path(&id)).count();
            assert_eq!(passed, 1, "{places:?} {}", scene.world.kind);
            browser = if places[0] == resume_path(&id) { one } else { two };
            assert_eq!(party.asked.load(Ordering::SeqCst), 2, "once for each lease");
            assert_eq!(pieces(&scene, account, source).await, 1, "{source}");
            assert_eq!(left(&scene, account, source).await, tries - 1, "one try");
            // The node only hung, and comes to its end now: it has nothing to say any more.
            drop(gate);
            for _ in 0..20_000 {
                tokio::task::yield_now().await;
            }
            assert_eq!(pieces(&scene, account, source).await, 1, "{source}");
            assert_eq!(left(&scene, account, source).await, tries - 1);
            // A replay stays refused, and the sub-site's request is not forgotten by it.
            for _ in 0..2 {
                let seen = back(&mut browser, source, &state).await;
                let to = seen.location.unwrap();
                assert!(
                    to.starts_with(&saying(source, "used")) && to.contains(id.expose()),
                    "{to}"
                );
                wait_it_out(&scene);
            }
            assert_eq!(party.asked.load(Ordering::SeqCst), 2);
            confirm(&scene.world, &mut browser, PHONE).await;
        }
    }
}

#[tokio::test]
async fn attack_251_what_was_spent_at_the_party_before_the_node_stopped_costs_no_try_and_begins_again() {
    for scene in scenes().await {
        let account = resident(&scene.world, PHONE).await;
        let mut browser = confirmed(&scene.world, PHONE).await;
        proven(&mut browser).await;
        let id = interrupted(&scene.world, &browser, wants(Some(2), None)).await;
        let query = format!("?interaction={}", id.expose());
        let state = leave(&mut browser, TRUSTED, &query).await;
        let tries = left(&scene, account, TRUSTED).await;
        let _gate = back_to_a_node_that_stops(&browser, (TRUSTED, &scene.trusted), &state).await;
        wait_it_out(&scene);
        scene.trusted.say(Says::Astray(Astray::NotRight));
        let seen = back(&mut browser, TRUSTED, &state).await;
        let to = seen.location.clone().unwrap();
        assert!(
            to.starts_with(&saying(TRUSTED, "interrupted")) && to.contains(id.expose()),
            "{to}"
        );
        let page = follow(&mut browser, &seen).await;
        assert!(
            page.body.contains("did not come through") && page.body.contains("start again"),
            "{}",
            page.body
        );
        assert!(page.hidden("interaction").is_some(), "the way to the sub-site");
        assert_eq!(
            left(&scene, account, TRUSTED).await,
            tries,
            "{}",
            scene.world.kind
        );
        let seen = back(&mut browser, TRUSTED, &state).await;
        assert!(seen.location.unwrap().starts_with(&saying(TRUSTED, "used")));
        // Again from the start.
        scene.trusted.say(Says::Vouches(NAME, NUMBER));
        let state = leave(&mut browser, TRUSTED, &query).await;
        let seen = back(&mut browser, TRUSTED, &state).await;
        assert_eq!(seen.location, Some(resume_path(&id)));
        assert_eq!(level(&scene.world, account).await, 2, "{}", scene.world.kind);
    }
}

#[tokio::test]
async fn a_return_that_nobody_comes_back_to_is_over_in_time() {
    for scene in scenes().await {
        let account = resident(&scene.world, PHONE).await;
        let mut browser = confirmed(&scene.world, PHONE).await;
        proven(&mut browser).await;
        let before = level(&scene.world, account).await;
        let state = leave(&mut browser, TRUSTED, "").await;
        let _gate = back_to_a_node_that_stops(&browser, (TRUSTED, &scene.trusted), &state).await;
        scene.world.clock.advance(chrono::TimeDelta::minutes(9));
        let seen = back(&mut browser, TRUSTED, &state).await;
        assert_eq!(seen.location, Some(saying(TRUSTED, "expired")));
        assert_eq!(scene.trusted.asked.load(Ordering::SeqCst), 1);
        assert_eq!(level(&scene.world, account).await, before, "{}", scene.world.kind);
    }
}
