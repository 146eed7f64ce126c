//! How often may be asked: by an account, about a number, at one source and at all, and as the contract with a source
//! allows (A253).

use std::sync::atomic::Ordering;

use axum::http::StatusCode;
use chrono::TimeDelta;
use store::source_use;

use super::*;
use crate::evidence::connected;
use crate::evidence::port::{Adapter, Entry};
use crate::evidence::source::tests::facts;
use crate::signin::testing::resident;

#[tokio::test]
async fn attack_253_tries_at_all_sources_together_are_limited_by_account_and_by_number() {
    let mut config = Config::default();
    config.sources.tries_per_day_in_all = 4;
    config.sources.tries_per_day_for_number = 1;
    for (world, script) in worlds_of_all(config, Word::Match).await {
        let (_, mut browser) = verified(&world, PHONE).await;
        script.say(Word::NotFound);
        for (source, left) in [
            ("social_security", "2 tries"),
            ("provident_fund", "One try"),
            ("driving_licence", "no tries"),
        ] {
            let fields = FURTHER.iter().find(|(name, _)| *name == source).unwrap().1;
            let seen = fill(&mut browser, source, fields).await;
            assert!(seen.body.contains(left), "{source}: {}", seen.body);
        }
        let asked = script.asked.load(Ordering::SeqCst);
        let by_all = fill(&mut browser, "bank_card", FURTHER[1].1).await;
        assert_eq!(
            (by_all.status, by_all.page()),
            (StatusCode::TOO_MANY_REQUESTS, Some("verify-limit"))
        );
        // The number is used up for everybody, whichever source is asked.
        resident(&world, OTHER).await;
        let by_number = verify(&mut confirmed(&world, OTHER).await, NAME, NUMBER).await;
        let main = |seen: &Seen| seen.body.split_once("<main").unwrap().1.to_owned();
        assert_eq!(
            main(&by_all),
            main(&by_number),
            "nobody is told which limit it was"
        );
        assert_eq!(script.asked.load(Ordering::SeqCst), asked, "{}", world.kind);
        world.clock.advance(TimeDelta::days(1));
        confirm_again(&world, &mut browser).await;
        script.say(Word::Match);
        assert!(
            fill(&mut browser, "bank_card", FURTHER[1].1)
                .await
                .location
                .is_some(),
            "a new day"
        );
    }
}

async fn confirm_again(world: &World, browser: &mut Browser) {
    *browser = signed_in(world, PHONE).await;
    let page = browser.get(&page_of("bank_card")).await;
    let page = follow(browser, &page).await;
    assert_eq!(page.page(), Some("verify-confirm-phone"));
    let sent = browser
        .post(
            "/verify/confirm-phone",
            &page,
            &[("resend", "yes"), ("then", "bank-card")],
        )
        .await;
    let page = follow(browser, &sent).await;
    let code = world.code(E164).await;
    let done = browser
        .post(
            "/verify/confirm-phone",
            &page,
            &[("code", &code), ("then", "bank-card")],
        )
        .await;
    assert_eq!(
        done.location.as_deref(),
        Some("/verify/bank-card"),
        "HB-26 leads back to the page it came from"
    );
}

#[tokio::test]
async fn attack_253_a_denied_card_is_a_try_each_and_a_second_click_is_none_although_the_card_is_stored_nowhere()
 {
    for (world, script) in worlds_of_all(Config::default(), Word::Match).await {
        let (account, browser) = verified(&world, PHONE).await;
        script.say(Word::Mismatch);
        let before = script.asked.load(Ordering::SeqCst);
        let (mut one, mut two) = (browser.clone(), browser);
        let card: &[(&str, &str)] = &[("card", "6200000000000000018")];
        let seen = tokio::join!(
            fill(&mut one, "bank_card", card),
            fill(&mut two, "bank_card", card)
        );
        assert!(
            seen.0.body.contains("2 tries") && seen.1.body.contains("2 tries"),
            "{}",
            world.kind
        );
        let again = fill(&mut one, "bank_card", card).await;
        assert!(again.body.contains("2 tries") && again.errors().is_empty());
        assert_eq!(script.asked.load(Ordering::SeqCst), before + 1);
        let other = fill(&mut one, "bank_card", &[("card", "4111111111111111")]).await;
        assert!(
            other.body.contains("One try"),
            "another card is another question: {}",
            other.body
        );
        assert_eq!(script.asked.load(Ordering::SeqCst), before + 2);
        for seen in [&seen.0, &again, &other] {
            assert!(!seen.body.contains("6200000000000000018") && !seen.body.contains("4111111111111111"));
        }
        let since = world.clock.now() - TimeDelta::days(1);
        let denied = store::cases::list_denied(&world.service.store().read(), account, since)
            .await
            .unwrap();
        assert_eq!(denied.len(), 2);
        for case in denied {
            assert_eq!(
                case.input.unwrap().more.iter().count(),
                0,
                "the card is in no case"
            );
        }
    }
}

/// Worlds whose only source has a contract for two questions a day.
async fn worlds_with_a_quota() -> Vec<(World, Arc<Scripted>)> {
    let scripts = std::sync::Mutex::new(Vec::new());
    let made = worlds_with_sources(Config::default(), || {
        let script = Arc::new(Scripted::saying(Word::Mismatch));
        scripts.lock().unwrap().push(Arc::clone(&script));
        let entry = Entry {
            daily_quota: Some(2),
            cost_fen: 60,
            ..Entry::default()
        };
        let id = SourceId::parse(POPULATION_REGISTER).unwrap();
        Sources::with(
            [(id, Adapter::Asked(erased(&script)), entry)],
            breaker::Limits::default(),
        )
    })
    .await;
    made.into_iter().zip(scripts.into_inner().unwrap()).collect()
}

#[tokio::test]
async fn a_quota_that_is_used_up_is_an_outage_for_people_and_over_the_next_day() {
    for (world, script) in worlds_with_a_quota().await {
        let account = resident(&world, PHONE).await;
        let mut browser = confirmed(&world, PHONE).await;
        for name in ["张一", "张二"] {
            assert_eq!(
                verify(&mut browser, name, NUMBER).await.status,
                StatusCode::UNPROCESSABLE_ENTITY
            );
        }
        script.say(Word::Match);
        let id = SourceId::parse(POPULATION_REGISTER).unwrap();
        for _ in 0..3 {
            let seen = verify(&mut browser, NAME, NUMBER).await;
            assert_eq!(seen.page(), Some("verify-waiting"), "it costs no try either");
        }
        let (word, _) = connected::check(&world.service, &id, &facts()).await.unwrap();
        assert_eq!(
            (word, script.asked.load(Ordering::SeqCst)),
            (Word::Refused, 2),
            "nobody was asked"
        );
        let listed = &world.service.sources().list(world.clock.now())[0];
        assert!(!listed.is_resting, "no fault of the source");
        assert_eq!((listed.cost_fen, listed.daily_quota), (60, Some(2)));
        let day = crate::evidence::today(&world.service);
        let used = source_use::find(&world.service.store().read(), &id, day)
            .await
            .unwrap()
            .unwrap();
        assert_eq!((used.asked, used.denied, used.matched), (2, 2, 0));
        world.clock.advance(TimeDelta::days(1));
        assert_eq!(crate::case::retry_due(&world.service).await.unwrap(), 1);
        assert_eq!(
            (level(&world, account).await, script.asked.load(Ordering::SeqCst)),
            (1, 3),
            "{}",
            world.kind
        );
    }
}

#[tokio::test]
async fn attack_253_a_quota_holds_for_questions_at_the_same_moment() {
    for (world, script) in worlds_with_a_quota().await {
        let id = SourceId::parse(POPULATION_REGISTER).unwrap();
        let facts = facts();
        let ask = || connected::check(&world.service, &id, &facts);
        let said = tokio::join!(ask(), ask(), ask(), ask(), ask());
        let words = [said.0, said.1, said.2, said.3, said.4].map(|said| said.unwrap().0);
        assert_eq!(
            words.iter().filter(|word| **word == Word::Refused).count(),
            3,
            "{}",
            world.kind
        );
        assert_eq!(script.asked.load(Ordering::SeqCst), 2);
    }
}

#[tokio::test]
async fn attack_253_guesses_of_a_stranger_do_not_keep_a_number_from_its_owner() {
    let mut config = Config::default();
    config.sources.tries_per_day_for_number = 3;
    for (world, script) in worlds_of_all(config, Word::Match).await {
        let (account, mut owner) = verified(&world, PHONE).await;
        script.say(Word::Mismatch);
        resident(&world, OTHER).await;
        let mut mallory = confirmed(&world, OTHER).await;
        for name in ["张一", "张二"] {
            verify(&mut mallory, name, NUMBER).await;
        }
        let third = "13700000003";
        resident(&world, third).await;
        let mut third = confirmed(&world, third).await;
        let asked = script.asked.load(Ordering::SeqCst);
        // The number is full, and each refusal is no try of the account.
        for _ in 0..4 {
            let seen = verify(&mut third, "张三", NUMBER).await;
            assert_eq!(seen.page(), Some("verify-limit"), "{}", world.kind);
            assert!(seen.body.contains("href=\"/verify/document-review\""));
        }
        assert_eq!(script.asked.load(Ordering::SeqCst), asked);
        let seen = verify(&mut third, "张三", "420000198511150022").await;
        assert!(seen.body.contains("2 tries"), "{}", seen.body);
        // Who has proven it asks on.
        script.say(Word::Match);
        let seen = fill(&mut owner, "bank_card", FURTHER[1].1).await;
        assert!(seen.location.is_some(), "{}", seen.body);
        let tx = world.service.store().read();
        let own = accounts::find(&tx, account).await.unwrap().unwrap();
        let attempt = crate::evidence::check::Attempt {
            account,
            source: SourceId::parse(POPULATION_REGISTER).unwrap(),
            facts: store::cases::Input {
                citizen_id: own.citizen_id.unwrap(),
                ..facts()
            },
            request_id: None,
        };
        assert!(
            crate::evidence::tries::left(&world.service, &attempt)
                .await
                .unwrap()
                > 0
        );
    }
}

#[tokio::test]
async fn attack_253_tries_come_back_at_midnight_where_the_people_are_and_not_at_that_of_utc() {
    for (world, _) in worlds_of_all(Config::default(), Word::NotFound).await {
        let account = resident(&world, PHONE).await;
        let attempt = crate::evidence::check::Attempt {
            account,
            source: SourceId::parse("population_register").unwrap(),
            facts: facts(),
            request_id: None,
        };
        let left = || async {
            let left = crate::evidence::tries::left(&world.service, &attempt).await;
            left.unwrap()
        };
        // To the last minute before midnight of UTC: a morning in China.
        let to = |hour: u32, minute: u32| {
            let now = world.clock.now();
            let then = now.date_naive().and_hms_opt(hour, minute, 0).unwrap().and_utc();
            let wait = then - now;
            if wait < TimeDelta::zero() {
                wait + TimeDelta::days(1)
            } else {
                wait
            }
        };
        world.clock.advance(to(23, 59));
        let all = left().await;
        crate::evidence::tries::count(&world.service, &attempt)
            .await
            .unwrap()
            .unwrap();
        world.clock.advance(TimeDelta::minutes(2));
        assert_eq!(left().await, all - 1, "{}: it is the same day here", world.kind);
        world.clock.advance(to(15, 59));
        assert_eq!(left().await, all - 1, "the last minute");
        world.clock.advance(TimeDelta::minutes(1));
        assert_eq!(left().await, all, "{}: midnight in China", world.kind);
    }
}
