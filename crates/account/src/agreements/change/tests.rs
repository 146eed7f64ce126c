//! Answering a changed agreement, through the real router, on every database at hand.

use axum::http::StatusCode;
use chrono::TimeDelta;
use model::ids::AccountId;
use model::language::Language;
use store::agreements::{Acceptance, Answer};

use crate::agreements::{Agreement, Agreements, Class, RESIDENT};
use crate::signin::testing::{resident, signed_in};
use crate::testing::{World, worlds_with_agreements};

const PHONE: &str = "13800000001";
const CHANGE: &str = "/account/agreements/change";

/// The version that ships, and one that changes it a month after the start of the tests' clock.
fn two(class: Class, grace_days: u16) -> Agreements {
    let shipped = Agreements::shipped().unwrap();
    let first = shipped.versions(RESIDENT).first().unwrap().clone();
    let second = Agreement {
        version: "second".to_owned(),
        effective: (store::testing::start_time() + TimeDelta::days(30)).date_naive(),
        class,
        grace_days,
        summary: Some(first.title.clone()),
        ..first.clone()
    };
    Agreements::of(vec![first, second]).unwrap()
}

async fn accept_first(world: &World, account: AccountId) {
    let agreement = world.service.agreements().versions(RESIDENT).first().unwrap();
    let accepted = Acceptance {
        account,
        agreement: agreement.id.clone(),
        version: agreement.version.clone(),
        language: Language::En,
        text_hash: agreement.text_hash(Language::En),
        answer: Answer::Accepted,
        at: world.clock.now(),
    };
    let (tx, rng) = (world.service.store().read(), world.service.rng());
    store::agreements::answer(&tx, rng, &accepted).await.unwrap();
}

async fn answers(world: &World, account: AccountId) -> Vec<(String, Answer)> {
    let list = store::agreements::list(&world.service.store().read(), account)
        .await
        .unwrap();
    list.into_iter().map(|one| (one.version, one.answer)).collect()
}

#[tokio::test]
async fn source_na_39_a_material_change_is_accepted_put_off_or_refused_and_never_by_silence() {
    for world in worlds_with_agreements(&two(Class::Material, 10)).await {
        let account = resident(&world, PHONE).await;
        accept_first(&world, account).await;
        world.clock.advance(TimeDelta::days(31));
        let mut browser = signed_in(&world, PHONE).await;
        let home = browser.get("/account").await;
        assert!(home.body.contains("data-agreement"), "{}", home.body);
        let list = browser.get("/account/agreements").await;
        assert!(list.body.contains(CHANGE), "{}", list.body);
        let page = browser.get(CHANGE).await;
        assert_eq!(page.page(), Some("agreement-change"));
        assert!(page.body.contains("value=\"later\""));
        // The button alone is no acceptance, and neither is a text that was not shown.
        let silent = browser.post(CHANGE, &page, &[("answer", "accept")]).await;
        assert_eq!(silent.status, StatusCode::UNPROCESSABLE_ENTITY);
        let other = [
            ("answer", "accept"),
            ("agree", "yes"),
            ("agreement", "second:vi:00"),
        ];
        let other = browser.post(CHANGE, &page, &other).await;
        assert_eq!(other.status, StatusCode::UNPROCESSABLE_ENTITY);
        let later = browser.post(CHANGE, &page, &[("answer", "later")]).await;
        assert_eq!(later.location.as_deref(), Some("/account/agreements"));
        let first = answers(&world, account).await;
        assert_eq!(first.len(), 1, "{}", world.kind);

        let refused = browser.post(CHANGE, &page, &[("answer", "refuse")]).await;
        assert_eq!(refused.location.as_deref(), Some("/account/agreements/refused"));
        browser.post(CHANGE, &page, &[("answer", "refuse")]).await;
        let refusal = browser.get("/account/agreements/refused").await;
        assert!(refusal.body.contains("/account/close") && refusal.body.contains("/account/export"));
        world.clock.advance(TimeDelta::seconds(1));
        // A refusal can be changed, and the second click goes on like the first.
        let agreed = [("answer", "accept"), ("agree", "yes")];
        for _ in 0..2 {
            let accepted = browser.post(CHANGE, &page, &agreed).await;
            assert_eq!(accepted.location.as_deref(), Some("/account/agreements"));
        }
        let all = answers(&world, account).await;
        let words: Vec<_> = all
            .iter()
            .map(|(version, answer)| (version.as_str(), *answer))
            .collect();
        assert_eq!(
            words[..2],
            [("second", Answer::Accepted), ("second", Answer::Refused)]
        );
        assert_eq!(words.len(), 3, "each answer once, {}", world.kind);
        let gone = browser.get(CHANGE).await;
        assert_eq!(gone.location.as_deref(), Some("/account/agreements"));
    }
}

#[tokio::test]
async fn after_its_days_a_material_change_cannot_be_put_off() {
    for world in worlds_with_agreements(&two(Class::Material, 10)).await {
        let account = resident(&world, PHONE).await;
        accept_first(&world, account).await;
        world.clock.advance(TimeDelta::days(42));
        let mut browser = signed_in(&world, PHONE).await;
        let page = browser.get(CHANGE).await;
        assert!(!page.body.contains("value=\"later\""));
        let later = browser.post(CHANGE, &page, &[("answer", "later")]).await;
        assert_eq!(later.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
}

#[tokio::test]
async fn source_na_45_a_supplement_asks_nothing_and_is_told_once_at_the_next_sign_in() {
    for world in worlds_with_agreements(&two(Class::Supplement, 0)).await {
        let account = resident(&world, PHONE).await;
        accept_first(&world, account).await;
        world.clock.advance(TimeDelta::days(31));
        for _ in 0..2 {
            let mut browser = signed_in(&world, PHONE).await;
            let page = browser.get(CHANGE).await;
            assert_eq!(
                page.location.as_deref(),
                Some("/account/agreements"),
                "nothing to answer"
            );
        }
        let tx = world.service.store().read();
        let notices = store::notices::list(&tx, account, (0, 50)).await.unwrap();
        let told = notices
            .iter()
            .filter(|one| one.kind == model::notice::Kind::AgreementSupplement);
        assert_eq!(told.count(), 1, "{}", world.kind);
    }
}

#[tokio::test]
async fn nobody_answers_for_somebody_who_is_not_signed_in_or_from_another_site() {
    for world in worlds_with_agreements(&two(Class::Material, 10)).await {
        let account = resident(&world, PHONE).await;
        accept_first(&world, account).await;
        world.clock.advance(TimeDelta::days(31));
        let mut stranger = world.browser();
        let page = stranger.get(CHANGE).await;
        assert!(page.location.unwrap().starts_with("/sign-in"));
        let mut browser = signed_in(&world, PHONE).await;
        let page = browser.get(CHANGE).await;
        let forged = [("answer", "accept"), ("agree", "yes"), ("csrf", "AAAA")];
        let forged = browser.post(CHANGE, &page, &forged).await;
        assert_eq!(forged.status, StatusCode::FORBIDDEN);
        assert_eq!(answers(&world, account).await.len(), 1);
    }
}
