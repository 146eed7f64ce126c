//! Proving a name through the real router, with sources that say what the test wants, on every database at hand.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::http::StatusCode;
use chrono::TimeDelta;
use model::clock::Clock;
use model::evidence::SourceId;
use model::ids::AccountId;
use model::interaction::resume_path;
use store::accounts::{self, Status};
use store::cases;

use super::Sources;
use super::source::tests::{Scripted, facts};
use super::source::{Finding, MOBILE_OPERATOR, POPULATION_REGISTER, Source, Word};
use crate::Config;
use crate::signin::testing::{answers, interrupted, live, resident, signed_in, wants};
use crate::testing::{Browser, Seen, World, worlds_with_sources};

const PHONE: &str = "13800000001";
const E164: &str = "+8613800000001";
const OTHER: &str = "13900000002";
const NAME: &str = "张明远";
const NUMBER: &str = "340000199003070012";
const HERE: &str = "/verify/population-register";

fn erased(script: &Arc<Scripted>) -> Arc<dyn Source> {
    Arc::<Scripted>::clone(script)
}

/// Worlds whose two sources can be told what to say, one after the other.
async fn worlds(word: Word) -> Vec<(World, Arc<Scripted>)> {
    let mut worlds = Vec::new();
    // One script for each world, so that counts are their own.
    let scripts = std::sync::Mutex::new(Vec::new());
    let made = worlds_with_sources(Config::default(), || {
        let script = Arc::new(Scripted::saying(word));
        scripts.lock().unwrap().push(Arc::clone(&script));
        let both = [POPULATION_REGISTER, MOBILE_OPERATOR]
            .map(|name| (SourceId::parse(name).unwrap(), erased(&script)));
        Sources::new(both, super::breaker::Limits::default())
    })
    .await;
    for (world, script) in made.into_iter().zip(scripts.into_inner().unwrap()) {
        worlds.push((world, script));
    }
    worlds
}

/// A browser whose person has proven the phone by a code just now.
async fn confirmed(world: &World, phone: &str) -> Browser {
    let mut browser = signed_in(world, phone).await;
    let page = browser.get(HERE).await;
    let page = follow(&mut browser, &page).await;
    assert_eq!(page.page(), Some("verify-confirm-phone"), "{}", page.body);
    let fields = [("resend", "yes"), ("then", "population-register")];
    let sent = browser.post("/verify/confirm-phone", &page, &fields).await;
    let page = follow(&mut browser, &sent).await;
    let code = world.code(&format!("+86{phone}")).await;
    let fields = [("code", code.as_str()), ("then", "population-register")];
    let done = browser.post("/verify/confirm-phone", &page, &fields).await;
    assert_eq!(done.location.as_deref(), Some(HERE), "{}", done.body);
    browser
}

async fn follow(browser: &mut Browser, seen: &Seen) -> Seen {
    browser.get(seen.location.as_deref().expect("a redirect")).await
}

async fn verify(browser: &mut Browser, name: &str, number: &str) -> Seen {
    let page = browser.get(HERE).await;
    assert_eq!(page.page(), Some("verify-population-register"), "{}", page.body);
    browser
        .post(HERE, &page, &[("name", name), ("citizen_id", number)])
        .await
}

async fn level(world: &World, account: AccountId) -> u8 {
    let tx = world.service.store().read();
    let account = accounts::find(&tx, account).await.unwrap().unwrap();
    super::level_of(&world.service, &tx, &account)
        .await
        .unwrap()
        .level
        .number()
}

#[tokio::test]
async fn source_hb_26_27_a_code_first_then_name_and_number_and_the_level_follows_from_the_evidence() {
    for (world, script) in worlds(Word::Match).await {
        let account = resident(&world, PHONE).await;
        let mut browser = confirmed(&world, PHONE).await;
        assert_eq!(level(&world, account).await, 0);
        let before = browser.cookies["denizen_session"].clone();
        let seen = verify(&mut browser, " 张明远 ", NUMBER).await;
        assert_eq!(
            seen.location.as_deref(),
            Some("/account/level?done=yes"),
            "{}",
            seen.body
        );
        assert_eq!(level(&world, account).await, 1, "{}", world.kind);
        let session = live(&world, &browser).await.unwrap();
        assert_ne!(before, browser.cookies["denizen_session"], "A151: a new cookie");
        assert_eq!(session.methods.amr(), ["pwd", "sms", "mfa"]);
        let page = follow(&mut browser, &seen).await;
        assert!(
            page.body.contains("data-level=\"1\"") && page.body.contains("data-seal=\"population_register\"")
        );
        assert!(!page.body.contains(NAME) && !page.body.contains(NUMBER), "masked");
        // Once proven the page leads on, and nobody is asked again.
        assert!(browser.get(HERE).await.location.is_some());
        assert_eq!(script.asked.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test]
async fn a_second_source_makes_level_two_and_gives_the_sub_site_what_it_waits_for() {
    for (world, _) in worlds(Word::Match).await {
        let account = resident(&world, PHONE).await;
        let mut browser = confirmed(&world, PHONE).await;
        let id = interrupted(&world, &browser, wants(Some(2), None)).await;
        let page = browser
            .get(&format!("/account/level?want=2&interaction={}", id.expose()))
            .await;
        assert!(
            page.body.contains("/verify/population-register?interaction="),
            "{}",
            page.body
        );
        let page = browser.get(&format!("{HERE}?interaction={}", id.expose())).await;
        let one = browser
            .post(HERE, &page, &[("name", NAME), ("citizen_id", NUMBER)])
            .await;
        let next = format!("/account/level?want=2&interaction={}", id.expose());
        assert_eq!(one.location.as_deref(), Some(next.as_str()));
        let page = follow(&mut browser, &one).await;
        assert!(
            page.body.contains("href=\"/verify/mobile-operator?interaction="),
            "{}",
            page.body
        );
        let page = browser
            .get(&format!("/verify/mobile-operator?interaction={}", id.expose()))
            .await;
        assert!(page.body.contains("138****0001") && !page.body.contains(NUMBER));
        let two = browser
            .post("/verify/mobile-operator", &page, &[("confirm", "yes")])
            .await;
        assert_eq!(two.location, Some(resume_path(&id)));
        assert_eq!(level(&world, account).await, 2, "{}", world.kind);
        assert_eq!(browser.get(&next).await.location, Some(resume_path(&id)));
    }
}

#[tokio::test]
async fn not_now_goes_back_to_the_site_and_says_so() {
    for (world, script) in worlds(Word::Match).await {
        resident(&world, PHONE).await;
        let mut browser = confirmed(&world, PHONE).await;
        let id = interrupted(&world, &browser, wants(Some(1), None)).await;
        let page = browser.get(&format!("{HERE}?interaction={}", id.expose())).await;
        let seen = browser
            .post(HERE, &page, &[("skip", "yes"), ("name", ""), ("citizen_id", "")])
            .await;
        assert_eq!(seen.location, Some(resume_path(&id)));
        assert!(answers(&world, &browser, &id).await.level_declined);
        let id = interrupted(&world, &browser, wants(Some(1), None)).await;
        let page = browser
            .get(&format!("/account/level?want=1&interaction={}", id.expose()))
            .await;
        let seen = browser
            .post("/verify/decline", &page, &[("decline", "yes")])
            .await;
        assert_eq!(seen.location, Some(resume_path(&id)));
        assert!(answers(&world, &browser, &id).await.level_declined);
        assert_eq!(script.asked.load(Ordering::SeqCst), 0);
        let page = browser.get(HERE).await;
        let seen = browser.post(HERE, &page, &[("skip", "yes")]).await;
        assert_eq!(seen.location.as_deref(), Some("/account"));
    }
}

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
    for (world, script) in worlds(Word::Mismatch).await {
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
async fn a_restricted_record_freezes_the_account_and_ends_every_sign_in() {
    for (world, _) in worlds(Word::Restricted).await {
        let account = resident(&world, PHONE).await;
        let other = signed_in(&world, PHONE).await;
        let mut browser = confirmed(&world, PHONE).await;
        let seen = verify(&mut browser, NAME, NUMBER).await;
        assert_eq!(seen.page(), Some("verify-restricted"));
        assert!(live(&world, &browser).await.is_none() && live(&world, &other).await.is_none());
        let tx = world.service.store().read();
        assert_eq!(
            accounts::find(&tx, account).await.unwrap().unwrap().status,
            Status::Frozen
        );
        assert_eq!(
            cases::list_open(&tx, account).await.unwrap().len(),
            1,
            "{}",
            world.kind
        );
    }
}

#[tokio::test]
async fn a_denied_case_can_be_given_to_a_person_by_its_owner_only_and_once() {
    for (world, _) in worlds(Word::NotFound).await {
        let account = resident(&world, PHONE).await;
        resident(&world, OTHER).await;
        let mut browser = confirmed(&world, PHONE).await;
        let seen = verify(&mut browser, NAME, NUMBER).await;
        let number = seen.hidden("case").expect("a case").to_owned();
        let review = Seen {
            body: seen.body.split_once("/verify/review").unwrap().1.to_owned(),
            ..seen.clone()
        };
        let mut stranger = signed_in(&world, OTHER).await;
        let csrf = world.service.kit().csrf_key().token(
            &model::secret::TokenHash::of(&stranger.cookies["denizen_browser"]),
            "review",
        );
        let foreign = stranger
            .post("/verify/review", &review, &[("csrf", &csrf), ("case", &number)])
            .await;
        assert_eq!(foreign.status, StatusCode::NOT_FOUND, "A261");
        for _ in 0..2 {
            let filed = browser
                .post("/verify/review", &review, &[("case", &number)])
                .await;
            assert_eq!(
                (filed.status, filed.page()),
                (StatusCode::OK, Some("verify-review"))
            );
            assert!(filed.body.contains(&number));
        }
        let open = cases::list_open(&world.service.store().read(), account)
            .await
            .unwrap();
        assert_eq!((open.len(), open[0].state), (1, cases::State::InReview));
        assert!(open[0].input.is_some(), "the reviewer needs what was typed");
        assert!(
            browser
                .get("/account/level")
                .await
                .body
                .contains("data-state=\"in_review\"")
        );
    }
}

#[tokio::test]
async fn source_hb_26_an_older_proof_of_the_phone_is_not_enough_and_a_wrong_code_is_refused() {
    for (world, script) in worlds(Word::Match).await {
        resident(&world, PHONE).await;
        let mut browser = confirmed(&world, PHONE).await;
        let page = browser.get(HERE).await;
        world.clock.advance(TimeDelta::minutes(11));
        let late = browser
            .post(HERE, &page, &[("name", NAME), ("citizen_id", NUMBER)])
            .await;
        assert_eq!(
            late.location.as_deref(),
            Some("/verify/confirm-phone?then=population-register")
        );
        assert_eq!(script.asked.load(Ordering::SeqCst), 0);
        let page = follow(&mut browser, &late).await;
        let before = world.sms_count().await;
        browser
            .get("/verify/confirm-phone?then=population-register&sent=yes")
            .await;
        assert_eq!(world.sms_count().await, before, "A175: a GET sends nothing");
        let sent = browser
            .post("/verify/confirm-phone", &page, &[("resend", "yes")])
            .await;
        let page = follow(&mut browser, &sent).await;
        let right = world.code(E164).await;
        let wrong = if right == "000000" { "000001" } else { "000000" };
        let seen = browser
            .post("/verify/confirm-phone", &page, &[("code", wrong)])
            .await;
        assert_eq!(seen.errors(), ["evidence-code-wrong"]);
        let seen = browser
            .post("/verify/confirm-phone", &page, &[("code", "12")])
            .await;
        assert_eq!(seen.errors(), ["evidence-code-form"]);
        let seen = browser
            .post("/verify/confirm-phone", &page, &[("code", &right)])
            .await;
        assert_eq!(seen.location.as_deref(), Some(HERE));
    }
}

#[tokio::test]
async fn nobody_verifies_without_being_signed_in() {
    for (world, script) in worlds(Word::Match).await {
        let mut browser = world.browser();
        for path in [
            HERE,
            "/verify/mobile-operator",
            "/verify/confirm-phone",
            "/account/level",
            "/account/security",
        ] {
            let seen = browser.get(path).await;
            assert!(
                seen.location.unwrap().starts_with("/sign-in?return_to=%2F"),
                "{path}"
            );
        }
        assert_eq!(script.asked.load(Ordering::SeqCst), 0);
    }
}

#[tokio::test]
async fn attack_251_a_source_that_fails_five_times_is_left_alone_for_thirty_seconds() {
    let clock = Clock::manual(store::testing::start_time());
    let scripted = Arc::new(Scripted::saying(Word::Unavailable));
    let id = SourceId::parse(POPULATION_REGISTER).unwrap();
    let sources = Sources::new(
        [(id.clone(), erased(&scripted))],
        super::breaker::Limits::default(),
    );
    for _ in 0..8 {
        assert_eq!(sources.check(&id, &facts(), &clock).await.0, Word::Unavailable);
    }
    assert_eq!(scripted.asked.load(Ordering::SeqCst), 5);
    scripted.say(Word::Match);
    assert_eq!(
        sources.check(&id, &facts(), &clock).await.0,
        Word::Unavailable,
        "still open"
    );
    clock.advance(TimeDelta::seconds(30));
    assert!(matches!(
        sources.check(&id, &facts(), &clock).await.1,
        Finding::Match(_)
    ));
    assert_eq!(scripted.asked.load(Ordering::SeqCst), 6);
}

#[tokio::test]
async fn attack_251_a_source_that_is_not_connected_is_unavailable() {
    let id = SourceId::parse("bank_card").unwrap();
    let clock = Clock::manual(store::testing::start_time());
    let (word, finding) = Sources::default().check(&id, &facts(), &clock).await;
    assert_eq!(word, Word::Unavailable);
    assert!(matches!(
        finding,
        Finding::Not(super::source::Denial::Unavailable)
    ));
}
