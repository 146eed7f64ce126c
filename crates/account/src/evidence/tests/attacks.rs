//! The attacks of the catalogue's section 2.13 that exist here, by number.

use std::sync::atomic::Ordering;

use axum::http::StatusCode;
use chrono::TimeDelta;
use model::evidence::SourceId;
use store::{accounts, cases};

use super::*;
use crate::evidence::connected;
use crate::evidence::source::Finding;
use crate::evidence::source::tests::facts;
use crate::signin::testing::resident;

#[tokio::test]
async fn attack_245_a_number_with_a_fault_and_a_minor_cost_no_question_and_no_try() {
    for (world, script) in worlds(Word::Match).await {
        let account = resident(&world, PHONE).await;
        let mut browser = confirmed(&world, PHONE).await;
        for _ in 0..5 {
            let seen = verify(&mut browser, NAME, "340000199003070013").await;
            assert_eq!(seen.errors(), ["evidence-citizen-id-check"]);
            assert!(
                seen.body.contains("340000199003070013") && seen.body.contains(NAME),
                "typed values stay"
            );
        }
        let minor = verify(&mut browser, "古丽·艾山", "650000201506010241").await;
        assert_eq!(minor.page(), Some("verify-minor"));
        assert_eq!(
            (script.asked.load(Ordering::SeqCst), level(&world, account).await),
            (0, 0)
        );
        assert!(verify(&mut browser, NAME, NUMBER).await.location.is_some());
    }
}

#[tokio::test]
async fn attack_253_three_tries_a_day_by_account_and_by_number_with_the_same_answer() {
    let mut config = Config::default();
    config.sources.tries_per_day_for_number = 3;
    for (world, script) in worlds_of_all(config, Word::Mismatch).await {
        resident(&world, PHONE).await;
        resident(&world, OTHER).await;
        let mut first = confirmed(&world, PHONE).await;
        for left in ["2 tries", "One try", "no tries"] {
            verify(&mut first, NAME, NUMBER).await;
            // A second click changes nothing.
            let seen = verify(&mut first, NAME, NUMBER).await;
            world.clock.advance(TimeDelta::seconds(121));
            assert_eq!(seen.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(
                seen.body.contains(left) && seen.body.contains(NAME),
                "{}",
                seen.body
            );
            assert!(seen.errors().is_empty(), "no word about which field it was");
        }
        let by_account = verify(&mut first, "李静宜", "420000198511150022").await;
        let by_number = verify(&mut confirmed(&world, OTHER).await, NAME, NUMBER).await;
        assert_eq!(by_account.status, StatusCode::TOO_MANY_REQUESTS);
        let main = |seen: &Seen| seen.body.split_once("<main").unwrap().1.to_owned();
        assert_eq!(
            (by_account.status, main(&by_account)),
            (by_number.status, main(&by_number)),
            "{}",
            world.kind
        );
        assert_eq!(script.asked.load(Ordering::SeqCst), 3);
        // The first account's attempts on the second number took none from its owner.
        script.say(Word::Match);
        let mut second = signed_in(&world, OTHER).await;
        assert!(second.get("/account").await.body.contains("data-level=\"0\""));
        world.clock.advance(TimeDelta::days(1));
        let mut first = confirmed(&world, PHONE).await;
        assert!(
            verify(&mut first, NAME, NUMBER).await.location.is_some(),
            "a new day"
        );
    }
}

#[tokio::test]
async fn attack_253_parallel_guesses_all_count() {
    for (world, script) in worlds(Word::Mismatch).await {
        resident(&world, PHONE).await;
        let mut browser = confirmed(&world, PHONE).await;
        let page = browser.get(HERE).await;
        let guess = |name: &'static str| {
            let (mut browser, page) = (browser.clone(), page.clone());
            async move {
                browser
                    .post(HERE, &page, &[("name", name), ("citizen_id", NUMBER)])
                    .await
                    .status
            }
        };
        let all = tokio::join!(
            guess("张一"),
            guess("张二"),
            guess("张三"),
            guess("张四"),
            guess("张五"),
            guess("张六")
        );
        let all = [all.0, all.1, all.2, all.3, all.4, all.5];
        assert_eq!(
            all.iter()
                .filter(|status| **status == StatusCode::TOO_MANY_REQUESTS)
                .count(),
            3
        );
        assert_eq!(script.asked.load(Ordering::SeqCst), 3, "{}", world.kind);
    }
}

#[tokio::test]
async fn attack_243_a_number_proven_elsewhere_is_not_taken_over_and_nothing_changes() {
    for (world, _) in worlds(Word::Match).await {
        let (owner, other) = (resident(&world, PHONE).await, resident(&world, OTHER).await);
        let mut browser = confirmed(&world, PHONE).await;
        verify(&mut browser, NAME, NUMBER).await;
        let mut second = confirmed(&world, OTHER).await;
        let seen = verify(&mut second, NAME, NUMBER).await;
        assert_eq!(
            (seen.status, seen.page()),
            (StatusCode::OK, Some("verify-conflict")),
            "{}",
            seen.body
        );
        assert!(
            !seen.body.contains("138****0001"),
            "nothing about the other account"
        );
        assert_eq!(
            (level(&world, owner).await, level(&world, other).await),
            (1, 0),
            "{}",
            world.kind
        );
        let tx = world.service.store().read();
        assert!(
            accounts::find(&tx, other)
                .await
                .unwrap()
                .unwrap()
                .citizen_id
                .is_none()
        );
    }
}

#[tokio::test]
async fn attack_247_two_accounts_that_prove_one_number_at_the_same_moment_make_one_winner() {
    for (world, _) in worlds(Word::Match).await {
        let (one, two) = (resident(&world, PHONE).await, resident(&world, OTHER).await);
        let (mut first, mut second) = (confirmed(&world, PHONE).await, confirmed(&world, OTHER).await);
        let seen = tokio::join!(
            verify(&mut first, NAME, NUMBER),
            verify(&mut second, NAME, NUMBER)
        );
        let conflicts = [&seen.0, &seen.1]
            .iter()
            .filter(|seen| seen.page() == Some("verify-conflict"))
            .count();
        assert_eq!(
            conflicts, 1,
            "{}: {} {}",
            world.kind, seen.0.status, seen.1.status
        );
        assert_eq!(level(&world, one).await + level(&world, two).await, 1);
    }
}

#[tokio::test]
async fn attack_251_an_outage_is_no_pass_and_no_try_and_the_case_goes_on_by_itself() {
    for (world, script) in worlds(Word::Unavailable).await {
        let account = resident(&world, PHONE).await;
        let mut browser = confirmed(&world, PHONE).await;
        for word in [Word::Unavailable, Word::Refused, Word::Unavailable, Word::Refused] {
            script.say(word);
            let seen = verify(&mut browser, NAME, NUMBER).await;
            assert_eq!(
                (seen.status, seen.page()),
                (StatusCode::OK, Some("verify-waiting")),
                "{}",
                seen.body
            );
        }
        assert_eq!(level(&world, account).await, 0);
        let open = cases::list_open(&world.service.store().read(), account)
            .await
            .unwrap();
        assert_eq!(open.len(), 1, "a newer case takes the place of the older");
        let page = browser.get("/account/level").await;
        assert!(page.body.contains("data-state=\"waiting\"") && page.body.contains(open[0].number.as_str()));

        world.clock.advance(TimeDelta::seconds(61));
        assert_eq!(crate::case::retry_due(&world.service).await.unwrap(), 1);
        assert_eq!(
            crate::case::retry_due(&world.service).await.unwrap(),
            0,
            "not again at once"
        );
        script.say(Word::Match);
        let before = world.sms_count().await;
        world.clock.advance(TimeDelta::seconds(121));
        let (one, two) = tokio::join!(
            crate::case::retry_due(&world.service),
            crate::case::retry_due(&world.service)
        );
        assert_eq!(one.unwrap() + two.unwrap(), 1, "one of two nodes");
        assert_eq!(level(&world, account).await, 1, "{}", world.kind);
        assert_eq!(world.sms_count().await, before + 1);
        let told = world.newest_sms(E164).await.unwrap();
        assert!(
            told.contains("verified") && !told.contains(NAME) && !told.contains(NUMBER),
            "{told}"
        );
        assert!(
            cases::list_open(&world.service.store().read(), account)
                .await
                .unwrap()
                .is_empty()
        );
    }
}

#[tokio::test]
async fn attack_251_a_source_that_never_answers_ends_the_case_with_a_notice() {
    for (world, _) in worlds(Word::Unavailable).await {
        let account = resident(&world, PHONE).await;
        let mut browser = confirmed(&world, PHONE).await;
        verify(&mut browser, NAME, NUMBER).await;
        world.clock.advance(TimeDelta::days(8));
        assert_eq!(crate::case::retry_due(&world.service).await.unwrap(), 1);
        assert!(
            cases::list_open(&world.service.store().read(), account)
                .await
                .unwrap()
                .is_empty()
        );
        assert!(
            world
                .newest_sms(E164)
                .await
                .unwrap()
                .contains("could not be done"),
            "{}",
            world.kind
        );
        assert_eq!(level(&world, account).await, 0);
    }
}

#[tokio::test]
async fn attack_251_a_source_that_fails_five_times_is_left_alone_for_thirty_seconds() {
    for (world, script) in worlds(Word::Unavailable).await {
        let id = SourceId::parse(POPULATION_REGISTER).unwrap();
        let check = async || connected::check(&world.service, &id, &facts()).await.unwrap();
        for _ in 0..8 {
            assert_eq!(check().await.0, Word::Unavailable);
        }
        assert_eq!(script.asked.load(Ordering::SeqCst), 5);
        script.say(Word::Match);
        assert_eq!(check().await.0, Word::Unavailable, "still open");
        let listed = world.service.sources().list(world.clock.now());
        let resting: Vec<_> = listed
            .iter()
            .filter(|one| one.is_resting)
            .map(|one| &one.id)
            .collect();
        assert_eq!(resting, [&id]);
        world.clock.advance(TimeDelta::seconds(30));
        assert!(matches!(check().await.1, Finding::Match(_)));
        assert_eq!(script.asked.load(Ordering::SeqCst), 6);
        let day = crate::evidence::today(&world.service);
        let used = store::source_use::find(&world.service.store().read(), &id, day)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (used.asked, used.matched, used.unavailable),
            (6, 1, 5),
            "only what was asked is counted"
        );
    }
}

#[tokio::test]
async fn attack_251_a_source_that_is_not_connected_is_unavailable() {
    for (world, _) in worlds(Word::Match).await {
        let id = SourceId::parse("bank_card").unwrap();
        let (word, finding) = connected::check(&world.service, &id, &facts()).await.unwrap();
        assert_eq!(word, Word::Unavailable);
        assert!(matches!(
            finding,
            Finding::Not(crate::evidence::source::Denial::Unavailable)
        ));
    }
}
