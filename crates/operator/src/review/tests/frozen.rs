//! Accounts that are frozen: opened by two people, and never closed for good by one.

use store::accounts::{Status, find, freeze};

use super::*;

async fn frozen(desks: &Desks, phone: &str) -> (AccountId, CaseNumber) {
    let account = desks.resident(phone, &[]).await;
    let tx = desks.world.service.store().read();
    assert!(freeze(&tx, account, desks.world.clock.now()).await.unwrap());
    let register = "population_register";
    let number = desks
        .case(account, register, State::Restricted, facts(NAME, NUMBER))
        .await;
    (account, number)
}

async fn status(desks: &Desks, account: AccountId) -> Status {
    let tx = desks.world.service.store().read();
    find(&tx, account).await.unwrap().unwrap().status
}

#[tokio::test]
async fn attack_241_a_frozen_account_is_opened_by_two_senior_reviewers_and_by_no_one_alone() {
    for desks in desks().await {
        let (account, number) = frozen(&desks, PHONE).await;
        let mut ben = desks.reviewer("ben").await;
        let page = ben.get(page_of(&number).as_str()).await;
        assert!(page.body.contains("needs a senior reviewer") && !page.body.contains(NUMBER));
        let (mut anna, mut carla) = (desks.senior("anna").await, desks.senior("carla").await);
        let open = take(&mut anna, &number).await;
        assert!(open.body.contains(NUMBER) && !open.body.contains("ask:not_legible"));
        assert!(open.body.contains("Two people have to agree"));
        decide(&mut anna, &number, "approve:record_corrected").await;
        assert_eq!(
            (status(&desks, account).await, desks.state(&number).await),
            (Status::Frozen, State::Restricted),
            "proposed is not decided"
        );
        take(&mut carla, &number).await;
        for word in [Word::Restricted, Word::Unavailable] {
            desks.register.say(word);
            let refused = decide(&mut carla, &number, "confirm").await;
            assert_eq!(refused.page(), Some("operator-case-stale"), "{word:?}");
            assert_eq!(status(&desks, account).await, Status::Frozen);
        }
        desks.register.say(Word::Match);
        decide(&mut carla, &number, "confirm").await;
        assert_eq!(
            (status(&desks, account).await, desks.state(&number).await),
            (Status::Active, State::Approved)
        );
    }
}

#[tokio::test]
async fn an_account_that_one_kept_frozen_is_looked_at_again_by_others() {
    for desks in desks().await {
        let (account, number) = frozen(&desks, PHONE).await;
        let (mut anna, mut carla) = (desks.senior("anna").await, desks.senior("carla").await);
        let (mut dora, mut ben) = (desks.senior("dora").await, desks.reviewer("ben").await);
        take(&mut anna, &number).await;
        decide(&mut anna, &number, "reject:record_stands").await;
        assert_eq!(desks.state(&number).await, State::Rejected);
        for browser in [&mut anna, &mut ben] {
            let page = browser.get(page_of(&number).as_str()).await;
            assert!(
                !page.body.contains("/reopen\""),
                "not who decided, not a reviewer"
            );
        }
        let done = press(&mut carla, &number, "/reopen", &[]).await;
        assert!(is_back_at(&done, &number), "{}", done.body);
        assert_eq!(desks.state(&number).await, State::Restricted);
        let page = anna.get(page_of(&number).as_str()).await;
        let refused = anna.post(step_of(&number, "/claim").as_str(), &page, &[]).await;
        assert_eq!(refused.status.as_u16(), 409, "the one who decided");
        desks.register.say(Word::Match);
        take(&mut carla, &number).await;
        decide(&mut carla, &number, "approve:record_corrected").await;
        take(&mut dora, &number).await;
        decide(&mut dora, &number, "confirm").await;
        assert_eq!(status(&desks, account).await, Status::Active);
        assert!(desks.history(&number).await.contains(&"reopened"));
    }
}

#[tokio::test]
async fn what_is_rejected_otherwise_is_not_opened_again_here() {
    for desks in desks().await {
        let (_, number) = desks.documents().await;
        let (mut anna, mut carla) = (desks.senior("anna").await, desks.senior("carla").await);
        take(&mut anna, &number).await;
        decide(&mut anna, &number, "reject:documents_differ").await;
        let page = carla.get(page_of(&number).as_str()).await;
        assert!(!page.body.contains("/reopen\""), "its owner can appeal");
    }
}

#[tokio::test]
async fn frozen_accounts_at_the_head_of_the_queue_keep_no_reviewer_from_the_next_case() {
    for desks in desks().await {
        for one in 0..9 {
            frozen(&desks, &format!("+861380000001{one}")).await;
        }
        let (_, number) = desks.documents().await;
        let mut ben = desks.reviewer("ben").await;
        let queue = ben.get("/operator/queue").await;
        let next = ben.post("/operator/queue", &queue, &[]).await;
        assert!(is_back_at(&next, &number), "{}", next.body);
    }
}

#[tokio::test]
async fn two_people_who_open_what_an_objection_froze_end_the_waiting_of_the_account_that_was_joined() {
    use store::changes::{self, Kind, NewChange};

    for desks in desks().await {
        let (stayed, number) = frozen(&desks, PHONE).await;
        let closed = desks.resident("+8613800009999", &[]).await;
        let register = "population_register";
        let joined = desks
            .case(closed, register, State::Replaced, facts(NAME, NUMBER))
            .await;
        let (tx, now) = (desks.world.service.store().read(), desks.world.clock.now());
        let case = store::cases::find_by_number(&tx, &number).await.unwrap().unwrap();
        let reference = format!("objection:{}", joined.as_str());
        store::cases::put_reference(&tx, case.id, &reference)
            .await
            .unwrap();
        let usual = now + chrono::TimeDelta::hours(3);
        let details = serde_json::json!({ "sites": [], "into": stayed, "otherwise": usual }).to_string();
        let new = NewChange {
            id: model::ids::ChangeId::new(now, desks.world.service.rng()),
            account: closed,
            kind: Kind::Closing,
            state: changes::State::Waiting,
            details: Some(&details),
            now,
            effective_at: now + chrono::TimeDelta::days(180),
            reversible_until: None,
        };
        assert!(changes::begin(&tx, &new).await.unwrap());
        let (mut anna, mut carla) = (desks.senior("anna").await, desks.senior("carla").await);
        desks.register.say(Word::Match);
        take(&mut anna, &number).await;
        decide(&mut anna, &number, "approve:record_corrected").await;
        take(&mut carla, &number).await;
        decide(&mut carla, &number, "confirm").await;
        assert_eq!(status(&desks, stayed).await, Status::Active);
        let open = changes::find_open(&tx, closed, Kind::Closing).await.unwrap();
        assert_eq!(open.unwrap().effective_at, usual);
    }
}
