//! A node that stops in the middle of a question, and people who go away meanwhile: nothing is lost, nobody gets a level
//! without an answer (A251).

use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use store::cases::Input;
use store::cases::{self, Case, State};

use super::*;
use crate::evidence::source::Reply;

/// A source that takes the question and does not answer, until it is told to.
#[derive(Debug)]
struct Silent {
    script: Arc<Scripted>,
    silent: std::sync::atomic::AtomicBool,
}

#[async_trait]
impl Source for Silent {
    async fn ask(&self, facts: &Input) -> Reply {
        let reply = self.script.ask(facts).await;
        if self.silent.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        reply
    }
}

async fn worlds_in_silence() -> Vec<(World, Arc<Silent>)> {
    let made_of = std::sync::Mutex::new(Vec::new());
    let made = worlds_with_sources(Config::default(), || {
        let silent = Arc::new(Silent {
            script: Arc::new(Scripted::saying(Word::Match)),
            silent: std::sync::atomic::AtomicBool::new(false),
        });
        made_of.lock().unwrap().push(Arc::clone(&silent));
        let names = [POPULATION_REGISTER, MOBILE_OPERATOR, "bank_card"];
        let source = |name| {
            let source: Arc<dyn Source> = Arc::<Silent>::clone(&silent);
            (SourceId::parse(name).unwrap(), source)
        };
        Sources::new(names.map(source), breaker::Limits::default())
    })
    .await;
    made.into_iter().zip(made_of.into_inner().unwrap()).collect()
}

/// Sends a form and is gone before the answer, as when the node is killed.
async fn cut_off(browser: &mut Browser, source: &str, fields: &[(&str, &str)], silent: &Silent) {
    let here = page_of(source);
    let page = browser.get(&here).await;
    let asked = silent.script.asked.load(Ordering::SeqCst);
    let posted = browser.post(&here, &page, fields);
    tokio::pin!(posted);
    loop {
        let cut = tokio::time::timeout(Duration::from_millis(20), &mut posted).await;
        assert!(cut.is_err(), "no answer came");
        if silent.script.asked.load(Ordering::SeqCst) > asked {
            break;
        }
    }
}

async fn only_case(world: &World, account: AccountId) -> Case {
    let open = cases::list_open(&world.service.store().read(), account)
        .await
        .unwrap();
    assert_eq!(open.len(), 1, "{open:?}");
    open.into_iter().next().unwrap()
}

/// How many tries an account has left at a source today.
async fn tries_left(world: &World, account: AccountId, source: &str) -> i64 {
    let attempt = crate::evidence::check::Attempt {
        account,
        source: SourceId::parse(source).unwrap(),
        facts: crate::evidence::source::tests::facts(),
        request_id: None,
    };
    crate::evidence::tries::left(&world.service, &attempt)
        .await
        .unwrap()
}

#[tokio::test]
async fn attack_253_a_guess_counts_although_a_node_stopped_after_it_took_the_case_up_again() {
    for (world, silent) in worlds_in_silence().await {
        let account = crate::signin::testing::resident(&world, PHONE).await;
        let mut browser = confirmed(&world, PHONE).await;
        silent.script.say(Word::Unavailable);
        verify(&mut browser, NAME, NUMBER).await;
        assert_eq!(tries_left(&world, account, POPULATION_REGISTER).await, 3);
        world.clock.advance(TimeDelta::seconds(61));
        let now = world.clock.now();
        let lease = now + TimeDelta::seconds(120);
        let taken = cases::claim_due(&world.service.store().read(), (now, lease), 10).await;
        assert_eq!(taken.unwrap().len(), 1, "and this node is gone");
        world.clock.advance(TimeDelta::seconds(121));
        silent.script.say(Word::Mismatch);
        assert_eq!(crate::case::retry_due(&world.service).await.unwrap(), 1);
        let left = tries_left(&world, account, POPULATION_REGISTER).await;
        assert_eq!(left, 2, "{}", world.kind);
    }
}

#[tokio::test]
async fn attack_251_a_node_that_is_killed_while_it_asks_loses_nothing_and_the_try_counts_once() {
    for (world, silent) in worlds_in_silence().await {
        let account = crate::signin::testing::resident(&world, PHONE).await;
        let mut browser = confirmed(&world, PHONE).await;
        silent.silent.store(true, Ordering::SeqCst);
        cut_off(
            &mut browser,
            POPULATION_REGISTER,
            &[("name", NAME), ("citizen_id", NUMBER)],
            &silent,
        )
        .await;
        let case = only_case(&world, account).await;
        assert_eq!((case.state, level(&world, account).await), (State::Checking, 0));
        assert_eq!(
            case.input.unwrap().name.as_str(),
            NAME,
            "what was typed is kept, sealed"
        );
        silent.silent.store(false, Ordering::SeqCst);
        assert_eq!(
            crate::case::retry_due(&world.service).await.unwrap(),
            0,
            "its lease is not over"
        );
        world.clock.advance(TimeDelta::seconds(121));
        silent.script.say(Word::Mismatch);
        let before = world.sms_count().await;
        assert_eq!(crate::case::retry_due(&world.service).await.unwrap(), 1);
        assert_eq!(world.sms_count().await, before + 1, "its owner is told");
        assert_eq!(level(&world, account).await, 0);
        silent.script.say(Word::Mismatch);
        world.clock.advance(TimeDelta::seconds(121));
        let seen = verify(&mut browser, "张一", NUMBER).await;
        assert!(
            seen.body.contains("One try"),
            "two tries are gone, not three: {}",
            seen.body
        );
        assert_eq!(silent.script.asked.load(Ordering::SeqCst), 3, "{}", world.kind);
    }
}

#[tokio::test]
async fn attack_251_a_case_that_was_cut_off_passes_when_the_source_answers_later() {
    for (world, silent) in worlds_in_silence().await {
        let account = crate::signin::testing::resident(&world, PHONE).await;
        let mut browser = confirmed(&world, PHONE).await;
        silent.silent.store(true, Ordering::SeqCst);
        cut_off(
            &mut browser,
            POPULATION_REGISTER,
            &[("name", NAME), ("citizen_id", NUMBER)],
            &silent,
        )
        .await;
        silent.silent.store(false, Ordering::SeqCst);
        // The source is down at first, and then well.
        for (word, state) in [(Word::Unavailable, Some(State::Unavailable)), (Word::Match, None)] {
            silent.script.say(word);
            world.clock.advance(TimeDelta::seconds(121));
            assert_eq!(crate::case::retry_due(&world.service).await.unwrap(), 1);
            if let Some(state) = state {
                assert_eq!(only_case(&world, account).await.state, state);
            }
        }
        assert_eq!(level(&world, account).await, 1, "{}", world.kind);
        assert!(
            world
                .newest_sms(E164)
                .await
                .unwrap()
                .contains("has been verified")
        );
    }
}

#[tokio::test]
async fn source_na_22_an_interrupted_card_is_asked_for_again_and_was_kept_nowhere() {
    const CARD: &str = "6200000000000000018";
    for (world, silent) in worlds_in_silence().await {
        let (account, mut browser) = verified(&world, PHONE).await;
        silent.silent.store(true, Ordering::SeqCst);
        cut_off(&mut browser, "bank_card", &[("card", CARD)], &silent).await;
        let case = only_case(&world, account).await;
        assert_eq!(case.state, State::Checking);
        assert_eq!(
            case.input.unwrap().more.iter().count(),
            0,
            "the card is not in the case"
        );
        silent.silent.store(false, Ordering::SeqCst);
        let asked = silent.script.asked.load(Ordering::SeqCst);
        world.clock.advance(TimeDelta::seconds(121));
        assert_eq!(crate::case::retry_due(&world.service).await.unwrap(), 1);
        assert_eq!(
            silent.script.asked.load(Ordering::SeqCst),
            asked,
            "nobody is asked without the card"
        );
        let case = only_case(&world, account).await;
        assert_eq!(
            (case.state, level(&world, account).await),
            (State::NeedsMoreInformation, 1)
        );
        assert_eq!(
            tries_left(&world, account, "bank_card").await,
            3,
            "nobody answered"
        );
        let told = world.newest_sms(E164).await.unwrap();
        assert!(told.contains("enter it again") && !told.contains(CARD), "{told}");
        // Its owner comes back within the time.
        assert!(
            fill(&mut browser, "bank_card", &[("card", CARD)])
                .await
                .location
                .is_some()
        );
        assert_eq!(level(&world, account).await, 2, "{}", world.kind);
        assert!(
            cases::list_open(&world.service.store().read(), account)
                .await
                .unwrap()
                .is_empty()
        );
    }
}

#[tokio::test]
async fn source_na_22_a_bank_that_does_not_answer_costs_no_try_and_the_page_keeps_the_rest() {
    for (world, script) in worlds_of_all(Config::default(), Word::Match).await {
        let (account, mut browser) = verified(&world, PHONE).await;
        script.say(Word::Unavailable);
        for _ in 0..4 {
            let seen = fill(&mut browser, "bank_card", FURTHER[1].1).await;
            assert_eq!(seen.page(), Some("verify-again"), "{}", seen.body);
            assert!(seen.body.contains("/verify/bank-card") && !seen.body.contains("6200"));
        }
        let case = only_case(&world, account).await;
        assert_eq!(
            (case.state, level(&world, account).await),
            (State::NeedsMoreInformation, 1)
        );
        world.clock.advance(TimeDelta::hours(1));
        assert_eq!(
            crate::case::retry_due(&world.service).await.unwrap(),
            0,
            "not without its owner"
        );
        world.clock.advance(TimeDelta::days(7));
        crate::case::retry_due(&world.service).await.unwrap();
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
    }
}

#[tokio::test]
async fn people_who_hang_up_again_and_again_keep_nobody_else_from_a_source() {
    for (world, silent) in worlds_in_silence().await {
        let account = crate::signin::testing::resident(&world, PHONE).await;
        crate::signin::testing::resident(&world, OTHER).await;
        let mut rude = confirmed(&world, PHONE).await;
        let mut polite = confirmed(&world, OTHER).await;
        silent.silent.store(true, Ordering::SeqCst);
        for name in ["张一", "张二", "张三"] {
            cut_off(
                &mut rude,
                POPULATION_REGISTER,
                &[("name", name), ("citizen_id", "420000198511150022")],
                &silent,
            )
            .await;
        }
        silent.silent.store(false, Ordering::SeqCst);
        assert!(
            verify(&mut polite, NAME, NUMBER).await.location.is_some(),
            "{}",
            world.kind
        );
        assert_eq!(level(&world, account).await, 0);
        let seen = verify(&mut rude, "张四", "420000198511150022").await;
        assert_eq!(seen.page(), Some("verify-limit"), "each was a try");
    }
}
