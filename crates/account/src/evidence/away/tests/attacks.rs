//! The attacks of the catalogue on this road, by number.

use std::sync::atomic::Ordering;

use axum::http::StatusCode;
use chrono::TimeDelta;

use super::*;
use crate::signin::testing::resident;

const STRANGER: (&str, &str) = ("李静宜", "420000198511150022");

#[tokio::test]
async fn attack_250_hb_31_another_persons_pair_raises_nothing_and_is_a_try() {
    for scene in scenes().await {
        let account = resident(&scene.world, PHONE).await;
        let mut browser = confirmed(&scene.world, PHONE).await;
        proven(&mut browser).await;
        for (source, party) in [
            (TRUSTED, &scene.trusted),
            (PROVINCE, &scene.province),
            (FACE, &scene.face),
        ] {
            // Another number, another name, and both.
            for (name, number) in [(NAME, STRANGER.1), (STRANGER.0, NUMBER), STRANGER] {
                party.say(Says::Vouches(name, number));
                let seen = journey(&mut browser, source).await;
                assert_eq!(seen.location, Some(saying(source, "differs")));
                let page = follow(&mut browser, &seen).await;
                assert!(
                    !page.body.contains(STRANGER.0) && !page.body.contains(STRANGER.1),
                    "{}",
                    page.body
                );
                assert!(page.body.contains("/verify/review"), "a person may be asked");
            }
            let page = browser.get(&page_of(source)).await;
            let seen = browser.post(&page_of(source), &page, &[("agree", "yes")]).await;
            assert_eq!(
                (seen.status, seen.page()),
                (StatusCode::TOO_MANY_REQUESTS, Some("verify-limit"))
            );
        }
        assert_eq!(level(&scene.world, account).await, 1, "{}", scene.world.kind);
        let tx = scene.world.service.store().read();
        let kept = store::accounts::find(&tx, account).await.unwrap().unwrap();
        assert_eq!(kept.citizen_id.unwrap().as_str(), NUMBER, "HB-22: never edited");
    }
}

#[tokio::test]
async fn attack_270_a_return_that_nobody_left_with_is_let_in_nowhere() {
    for scene in scenes().await {
        let account = resident(&scene.world, PHONE).await;
        let mut browser = confirmed(&scene.world, PHONE).await;
        proven(&mut browser).await;
        let made_up = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        let state = leave(&mut browser, TRUSTED, "").await;
        for query in [
            String::new(),
            "?state=".to_owned(),
            "?state=x".to_owned(),
            format!("?state={made_up}&code=c"),
            format!("?state={state}&state={made_up}"),
            format!("?state={state}&code=a&code=b"),
        ] {
            let seen = browser.get(&format!("{}/back{query}", page_of(TRUSTED))).await;
            assert_eq!(seen.location, Some(saying(TRUSTED, "lost")), "{query}");
        }
        // Another party's return does not count for this one (mix-up).
        let seen = back(&mut browser, PROVINCE, &state).await;
        assert_eq!(seen.location, Some(saying(PROVINCE, "lost")));
        assert_eq!(scene.trusted.asked.load(Ordering::SeqCst), 0);
        assert_eq!(level(&scene.world, account).await, 1, "{}", scene.world.kind);
        // None of it spoiled the real one.
        back(&mut browser, TRUSTED, &state).await;
        assert_eq!(level(&scene.world, account).await, 2);
    }
}

#[tokio::test]
async fn attack_271_another_browser_another_account_and_another_sign_in_are_not_let_in() {
    for scene in scenes().await {
        let victim = resident(&scene.world, PHONE).await;
        let other = resident(&scene.world, OTHER).await;
        let mut browser = confirmed(&scene.world, PHONE).await;
        let state = leave(&mut browser, TRUSTED, "").await;
        // The attacker's own journey, brought to its end in the victim's browser: the link that binds the attacker's
        // identity to the victim, or the other way round.
        let mut theirs = confirmed(&scene.world, OTHER).await;
        let seen = back(&mut theirs, TRUSTED, &state).await;
        assert_eq!(
            seen.location,
            Some(saying(TRUSTED, "lost")),
            "no word about whose it is"
        );
        // Nobody is signed in: the code waits nowhere.
        let mut nobody = scene.world.browser();
        let seen = back(&mut nobody, TRUSTED, &state).await;
        let to = seen.location.unwrap();
        assert!(
            to.starts_with("/sign-in?return_to=") && !to.contains(&state) && !to.contains("code"),
            "{to}"
        );
        // Somebody else signs in in the same browser meanwhile.
        let mut shared = browser.clone();
        let page = shared.get("/sign-out").await;
        shared.post("/sign-out", &page, &[]).await;
        crate::signin::testing::sign_in(&mut shared, OTHER, crate::signin::testing::PASSWORD).await;
        let seen = back(&mut shared, TRUSTED, &state).await;
        // Signing out gave the browser a new secret; to this one nothing is told of whose journey it was.
        assert_eq!(seen.location, Some(saying(TRUSTED, "lost")));
        assert_eq!(
            scene.trusted.asked.load(Ordering::SeqCst),
            0,
            "the party was not asked"
        );
        for account in [victim, other] {
            assert_eq!(level(&scene.world, account).await, 0, "{}", scene.world.kind);
        }
    }
}

#[tokio::test]
async fn attack_270_a_return_counts_once_and_for_ten_minutes() {
    for scene in scenes().await {
        let account = resident(&scene.world, PHONE).await;
        let mut browser = confirmed(&scene.world, PHONE).await;
        proven(&mut browser).await;
        scene.trusted.say(Says::Word(Word::Match));
        let state = leave(&mut browser, TRUSTED, "").await;
        let (mut one, mut two) = (browser.clone(), browser.clone());
        let both = tokio::join!(back(&mut one, TRUSTED, &state), back(&mut two, TRUSTED, &state));
        let mut said = [both.0.location.unwrap(), both.1.location.unwrap()];
        said.sort_by_key(|to| *to != saying(TRUSTED, "nameless"));
        let [looked_at, turned_away] = said;
        assert_eq!(looked_at, saying(TRUSTED, "nameless"));
        let busy = format!("{}&again={state}", saying(TRUSTED, "busy"));
        assert!(
            [saying(TRUSTED, "used"), busy].contains(&turned_away),
            "{turned_away}"
        );
        assert_eq!(scene.trusted.asked.load(Ordering::SeqCst), 1);
        scene.trusted.say(Says::Vouches(NAME, NUMBER));
        let state = leave(&mut browser, TRUSTED, "").await;
        scene.world.clock.advance(TimeDelta::minutes(10));
        let seen = back(&mut browser, TRUSTED, &state).await;
        assert_eq!(seen.location, Some(saying(TRUSTED, "expired")));
        assert_eq!(level(&scene.world, account).await, 1, "{}", scene.world.kind);
    }
}

#[tokio::test]
async fn attack_247_two_accounts_that_are_vouched_for_as_one_person_make_one_winner() {
    for scene in scenes().await {
        let (one, two) = (
            resident(&scene.world, PHONE).await,
            resident(&scene.world, OTHER).await,
        );
        let mut first = confirmed(&scene.world, PHONE).await;
        let mut second = confirmed(&scene.world, OTHER).await;
        let states = (
            leave(&mut first, TRUSTED, "").await,
            leave(&mut second, TRUSTED, "").await,
        );
        let seen = tokio::join!(
            back(&mut first, TRUSTED, &states.0),
            back(&mut second, TRUSTED, &states.1)
        );
        let conflicts = [&seen.0, &seen.1]
            .iter()
            .filter(|seen| {
                let to = seen.location.as_deref();
                to.is_some_and(|to| to.starts_with("/account/cases/"))
            })
            .count();
        assert_eq!(
            conflicts, 1,
            "{}: {} {}",
            scene.world.kind, seen.0.body, seen.1.body
        );
        let levels = [level(&scene.world, one).await, level(&scene.world, two).await];
        assert_eq!(levels.iter().sum::<u8>(), 2, "{}", scene.world.kind);
    }
}

#[tokio::test]
async fn attack_251_a_party_that_is_away_is_left_alone_and_garbage_brought_back_makes_nobody_ill() {
    for scene in scenes().await {
        let account = resident(&scene.world, PHONE).await;
        let mut browser = confirmed(&scene.world, PHONE).await;
        proven(&mut browser).await;
        scene.trusted.say(Says::Astray(Astray::NotRight));
        for _ in 0..6 {
            journey(&mut browser, TRUSTED).await;
        }
        assert_eq!(
            scene.trusted.asked.load(Ordering::SeqCst),
            6,
            "its breaker did not open"
        );
        scene
            .trusted
            .say(Says::Astray(Astray::Unasked(Word::Unavailable)));
        for _ in 0..5 {
            let seen = journey(&mut browser, TRUSTED).await;
            assert_eq!(seen.location, Some(saying(TRUSTED, "unavailable")));
        }
        let left = scene.trusted.away.load(Ordering::SeqCst);
        let page = browser.get(&page_of(TRUSTED)).await;
        let seen = browser.post(&page_of(TRUSTED), &page, &[]).await;
        assert_eq!(seen.location, Some(saying(TRUSTED, "unavailable")));
        assert_eq!(
            scene.trusted.away.load(Ordering::SeqCst),
            left,
            "nobody is sent there"
        );
        assert_eq!(
            scene.trusted.asked.load(Ordering::SeqCst),
            11,
            "after five it did"
        );
        assert_eq!(level(&scene.world, account).await, 1, "{}", scene.world.kind);
    }
}

#[tokio::test]
async fn attack_251_a_party_that_does_not_begin_leaves_the_person_here() {
    for scene in scenes().await {
        resident(&scene.world, PHONE).await;
        let mut browser = confirmed(&scene.world, PHONE).await;
        scene.trusted.say(Says::Word(Word::Refused));
        let page = browser.get(&page_of(TRUSTED)).await;
        let seen = browser.post(&page_of(TRUSTED), &page, &[]).await;
        assert_eq!(
            seen.location,
            Some(saying(TRUSTED, "unavailable")),
            "{}",
            scene.world.kind
        );
    }
}

#[tokio::test]
async fn attack_154_nobody_leaves_by_a_form_of_somebody_else() {
    for scene in scenes().await {
        resident(&scene.world, PHONE).await;
        let mut browser = confirmed(&scene.world, PHONE).await;
        let page = browser.get(&page_of(TRUSTED)).await;
        let seen = browser
            .post(&page_of(TRUSTED), &page, &[("csrf", "forged")])
            .await;
        assert_eq!(seen.status, StatusCode::FORBIDDEN);
        assert_eq!(
            scene.trusted.away.load(Ordering::SeqCst),
            0,
            "{}",
            scene.world.kind
        );
    }
}
