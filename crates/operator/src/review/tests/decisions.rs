//! What decisions change.

use super::*;

#[tokio::test]
async fn source_vn_14_documents_that_agree_give_level_two_with_a_message_and_a_history() {
    for desks in desks().await {
        let (account, number) = desks.documents().await;
        let mut anna = desks.reviewer("anna").await;
        assert_eq!(desks.level(account).await, 0);
        let queue = anna.get("/operator/queue").await;
        assert!(queue.body.contains(number.as_str()) && !queue.body.contains(NAME));
        let taken = anna.post("/operator/queue", &queue, &[]).await;
        assert!(is_back_at(&taken, &number), "{taken:?}");
        let page = anna.follow(taken).await;
        assert!(page.body.contains(NAME) && page.body.contains(NUMBER));
        assert!(page.body.contains("data-would=\"2\""), "{}", page.body);
        assert!(
            page.body.contains("Chúng tôi đã đối chiếu"),
            "what the person will be told, in their language"
        );
        let done = decide(&mut anna, &number, "approve:documents_agree").await;
        assert!(is_back_at(&done, &number), "{}", done.body);
        assert_eq!(
            (desks.level(account).await, desks.state(&number).await),
            (2, State::Approved)
        );
        let after = anna.follow(done).await;
        assert!(!after.body.contains(NUMBER), "decided: closed");
        assert!(
            after.body.contains("action=\"/operator/queue\""),
            "the next case is one key away"
        );
        let sms = desks.sms(PHONE).await.expect("a message");
        assert!(!sms.contains(NAME) && !sms.contains(NUMBER), "{sms}");
        let history = desks.history(&number).await;
        for step in ["claimed", "looked", "approved"] {
            assert!(history.contains(&step), "{history:?}");
        }
        let audited = desks.world.test.audited().await.unwrap();
        let at_case = |event: &str| audited.iter().filter(|(name, ..)| name == event).count();
        assert!(at_case("case_looked_at") >= 1 && at_case("case_worked_on") == 2);
        assert!(
            audited
                .iter()
                .all(|(_, _, details)| !details.to_string().contains(NUMBER))
        );
    }
}

#[tokio::test]
async fn more_is_asked_for_and_the_case_comes_back_with_the_answer() {
    for desks in desks().await {
        let (account, number) = desks.documents().await;
        let mut anna = desks.reviewer("anna").await;
        take(&mut anna, &number).await;
        let done = decide(&mut anna, &number, "ask:not_legible").await;
        assert!(is_back_at(&done, &number));
        assert_eq!(desks.state(&number).await, State::NeedsMoreInformation);
        assert!(desks.sms(PHONE).await.is_some());
        let tx = desks.world.service.store().read();
        let (case, review) = case_reviews::find(&tx, &number).await.unwrap().unwrap();
        assert_eq!(
            review.reason.map(model::review::Reason::as_str),
            Some("not_legible")
        );
        let back = (State::NeedsMoreInformation, State::InReview);
        let now = desks.world.clock.now();
        assert!(store::cases::change(&tx, case.id, back, now).await.unwrap());
        case_reviews::enqueue(&tx, case.id, account, review.level, now)
            .await
            .unwrap();
        assert!(take(&mut anna, &number).await.body.contains(NUMBER));
    }
}

#[tokio::test]
async fn without_pictures_there_is_nothing_to_compare() {
    for desks in desks().await {
        let account = desks.resident(PHONE, &["population_register"]).await;
        let number = desks
            .case(account, "social_security", State::InReview, facts(NAME, NUMBER))
            .await;
        let mut anna = desks.reviewer("anna").await;
        take(&mut anna, &number).await;
        let refused = decide(&mut anna, &number, "approve:documents_agree").await;
        assert_eq!(refused.page(), Some("operator-case-stale"));
        assert_eq!(
            (desks.level(account).await, desks.state(&number).await),
            (1, State::InReview)
        );
    }
}

#[tokio::test]
async fn attack_251_nothing_is_approved_while_the_register_does_not_answer_or_says_locked() {
    for desks in desks().await {
        let (account, number) = desks.documents().await;
        let mut anna = desks.reviewer("anna").await;
        take(&mut anna, &number).await;
        for word in [Word::Unavailable, Word::Refused, Word::Restricted] {
            desks.register.say(word);
            let refused = decide(&mut anna, &number, "approve:documents_agree").await;
            assert_eq!(
                (refused.status.as_u16(), refused.page()),
                (409, Some("operator-case-stale"))
            );
            assert_eq!(desks.level(account).await, 0, "{word:?}");
        }
        let asked = press(&mut anna, &number, "/register", &[]).await;
        let page = anna.follow(asked).await;
        assert!(page.body.contains("locked, cancelled"), "{}", page.body);
        desks.register.say(Word::NotFound);
        assert!(is_back_at(
            &decide(&mut anna, &number, "approve:documents_agree").await,
            &number
        ));
        assert_eq!(desks.level(account).await, 2);
    }
}

#[tokio::test]
async fn an_appeal_is_decided_by_somebody_else() {
    for desks in desks().await {
        let (account, number) = desks.documents().await;
        let mut anna = desks.reviewer("anna").await;
        desks.reviewer("ben").await;
        take(&mut anna, &number).await;
        decide(&mut anna, &number, "reject:documents_differ").await;
        assert_eq!(desks.state(&number).await, State::Rejected);
        assert!(desks.sms(PHONE).await.is_some());
        desks.world.wait(3600);
        let (tx, now) = (desks.world.service.store().read(), desks.world.clock.now());
        let mut anna = desks.world.browser_of(&person(&desks, "anna").await).await;
        let (case, review) = case_reviews::find(&tx, &number).await.unwrap().unwrap();
        let appealed = (State::Rejected, State::Appealed);
        assert!(store::cases::change(&tx, case.id, appealed, now).await.unwrap());
        case_reviews::enqueue(&tx, case.id, account, review.level, now)
            .await
            .unwrap();
        let page = anna.get(page_of(&number).as_str()).await;
        let refused = anna.post(step_of(&number, "/claim").as_str(), &page, &[]).await;
        assert_eq!(refused.status.as_u16(), 409, "the one who decided");
        let mut ben = desks.world.browser_of(&person(&desks, "ben").await).await;
        take(&mut ben, &number).await;
        decide(&mut ben, &number, "approve:name_variant").await;
        assert_eq!(
            (desks.level(account).await, desks.state(&number).await),
            (2, State::Approved)
        );
    }
}

async fn person(desks: &Desks, login: &str) -> crate::testing::Person {
    let tx = desks.world.service.store().read();
    let found = store::operators::find_by_login(&tx, login)
        .await
        .unwrap()
        .unwrap();
    crate::testing::Person {
        id: found.operator.id,
        login: login.to_owned(),
        secret: Vec::new(),
    }
}

#[tokio::test]
async fn what_the_register_denies_is_not_approved_before_there_are_pictures() {
    for desks in desks().await {
        let account = desks.resident(PHONE, &[]).await;
        let number = desks
            .case(
                account,
                "population_register",
                State::InReview,
                facts(NAME, NUMBER),
            )
            .await;
        let mut anna = desks.reviewer("anna").await;
        take(&mut anna, &number).await;
        for choice in ["approve:documents_agree", "approve:register_lags"] {
            let refused = decide(&mut anna, &number, choice).await;
            assert_eq!(refused.page(), Some("operator-case-stale"), "{choice}");
        }
        assert_eq!(
            (desks.level(account).await, desks.state(&number).await),
            (0, State::InReview)
        );
        desks.picture(&number).await;
        decide(&mut anna, &number, "approve:name_variant").await;
        assert_eq!(desks.level(account).await, 2);
    }
}
