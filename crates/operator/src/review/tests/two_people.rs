//! What two people must agree on.

use super::*;

const COUNTER_FORM: [(&str, &str); 7] = [
    ("who", "13800000001"),
    ("name", NAME),
    ("citizen_id", NUMBER),
    ("document", "idcard"),
    ("document_expires", "2030-12-31"),
    ("same_person", "yes"),
    ("genuine", "yes"),
];

/// What an operator types, and the code that the person reads out.
async fn at_counter(desks: &Desks, browser: &mut Browser) -> Seen {
    let page = browser.get("/operator/counter").await;
    let asked = browser.post("/operator/counter", &page, &COUNTER_FORM).await;
    assert_eq!(
        (asked.status.as_u16(), asked.location.is_none()),
        (422, true),
        "{}",
        asked.body
    );
    let sms = desks.sms(PHONE).await.expect("a code");
    let code: String = sms.chars().filter(char::is_ascii_digit).take(6).collect();
    let fields: Vec<_> = COUNTER_FORM
        .into_iter()
        .chain([("code", code.as_str())])
        .collect();
    browser.post("/operator/counter", &asked, &fields).await
}

fn number_in(seen: &Seen) -> CaseNumber {
    let path = seen.location.as_deref().unwrap_or_default();
    let number = path.rsplit('/').next().unwrap_or_default();
    CaseNumber::parse(number).unwrap_or_else(|| panic!("{} {}", path, seen.body))
}

#[tokio::test]
async fn attack_241_the_counter_gives_level_four_only_when_a_second_person_agrees() {
    for desks in desks().await {
        desks.register.say(Word::Match);
        let account = desks.resident(PHONE, &[]).await;
        let mut anna = desks.senior("anna").await;
        let number = number_in(&at_counter(&desks, &mut anna).await);
        assert_eq!(desks.level(account).await, 0, "proposed is not decided");
        let own = anna.get(page_of(&number).as_str()).await;
        assert!(
            !own.body.contains("/claim\"") && !own.body.contains(NUMBER),
            "the proposer does not confirm"
        );
        let mut ben = desks.reviewer("ben").await;
        let page = ben.get(page_of(&number).as_str()).await;
        assert!(
            page.body.contains("needs a senior reviewer"),
            "a reviewer does not confirm"
        );
        let mut carla = desks.senior("carla").await;
        let open = take(&mut carla, &number).await;
        assert!(open.body.contains(NUMBER) && open.body.contains("data-would=\"4\""));
        let early = decide(&mut carla, &number, "approve:seen_in_person").await;
        assert_eq!(
            early.location.as_deref(),
            Some(format!("{}?missing=choice", page_of(&number)).as_str())
        );
        decide(&mut carla, &number, "confirm").await;
        assert_eq!(
            (desks.level(account).await, desks.state(&number).await),
            (4, State::Approved)
        );
        let tx = desks.world.service.store().read();
        let held = store::evidence::list(&tx, account).await.unwrap();
        let counter = held
            .iter()
            .find(|piece| piece.source.as_str() == "counter")
            .unwrap();
        let ends = counter.expires_at.unwrap().date_naive().to_string();
        assert_eq!(ends, "2030-12-31", "no longer than the document");
        let history = desks.history(&number).await;
        assert!(
            history.contains(&"seen_at_counter") && history.contains(&"proposed_approval"),
            "{history:?}"
        );
    }
}

#[tokio::test]
async fn at_the_counter_the_register_is_asked_and_nothing_is_said_about_accounts() {
    for desks in desks().await {
        let account = desks.resident(PHONE, &[]).await;
        let mut anna = desks.reviewer("anna").await;
        for (word, code) in [
            (Word::Mismatch, "do not agree"),
            (Word::NotFound, "does not know this number"),
            (Word::Restricted, "locked, cancelled"),
            (Word::Unavailable, "does not answer"),
        ] {
            desks.register.say(word);
            desks.world.wait(120);
            let seen = at_counter(&desks, &mut anna).await;
            assert_eq!(seen.status.as_u16(), 422);
            assert!(seen.main().contains(code), "{word:?}: {}", seen.body);
            assert!(seen.main().contains(NAME), "what was typed is kept");
        }
        assert_eq!(desks.level(account).await, 0);
        assert!(!anna.get("/operator/counter").await.main().contains("138"));
    }
}

#[tokio::test]
async fn attack_243_nobody_s_account_becomes_another_person_s_at_the_counter_without_its_phone() {
    for desks in desks().await {
        desks.register.say(Word::Match);
        desks.resident(PHONE, &[]).await;
        let mut anna = desks.reviewer("anna").await;
        let page = anna.get("/operator/counter").await;
        let asked = anna.post("/operator/counter", &page, &COUNTER_FORM).await;
        for wrong in ["000000", "", "12345", "绝对"] {
            let fields: Vec<_> = COUNTER_FORM.into_iter().chain([("code", wrong)]).collect();
            let seen = anna.post("/operator/counter", &asked, &fields).await;
            assert_eq!(seen.status.as_u16(), 422, "{wrong}");
        }
        let tx = desks.world.service.store().read();
        assert!(case_reviews::list(&tx).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn what_an_operator_filed_ends_when_it_is_sent_back_and_is_filed_again() {
    for desks in desks().await {
        desks.register.say(Word::Match);
        let account = desks.resident(PHONE, &[]).await;
        let (mut anna, mut carla) = (desks.senior("anna").await, desks.senior("carla").await);
        let number = number_in(&at_counter(&desks, &mut anna).await);
        take(&mut carla, &number).await;
        decide(&mut carla, &number, "send_back:look_again").await;
        let history = desks.history(&number).await;
        assert!(
            history.contains(&"sent_back") && history.contains(&"rejected"),
            "{history:?}"
        );
        assert_eq!(
            (desks.level(account).await, desks.state(&number).await),
            (0, State::Rejected)
        );
        let closed = anna.get(page_of(&number).as_str()).await;
        assert!(!closed.body.contains("/claim\"") && !closed.body.contains(NUMBER));
        desks.world.wait(120);
        let number = number_in(&at_counter(&desks, &mut anna).await);
        take(&mut carla, &number).await;
        decide(&mut carla, &number, "confirm").await;
        assert_eq!(desks.level(account).await, 4);
    }
}

#[tokio::test]
async fn attack_241_an_override_that_was_sent_back_is_gone_and_an_appeal_of_it_is_for_seniors() {
    for desks in desks().await {
        let account = desks.resident(PHONE, &["population_register"]).await;
        let number = desks
            .case(account, "social_security", State::InReview, facts(NAME, NUMBER))
            .await;
        let (mut anna, mut carla) = (desks.senior("anna").await, desks.senior("carla").await);
        take(&mut anna, &number).await;
        let here = step_of(&number, "/override");
        let page = anna.get(here.as_str()).await;
        let fields = [("level", "2"), ("reason", "no_other_way"), ("days", "30")];
        let filed = number_in(&anna.post(here.as_str(), &page, &fields).await);
        take(&mut carla, &filed).await;
        decide(&mut carla, &filed, "send_back:look_again").await;
        assert_eq!(desks.state(&filed).await, State::Rejected);
        // Its owner appeals; whoever took part is out, and so is who may not set levels.
        let (tx, now) = (desks.world.service.store().read(), desks.world.clock.now());
        let (case, review) = case_reviews::find(&tx, &filed).await.unwrap().unwrap();
        let appealed = (State::Rejected, State::Appealed);
        assert!(store::cases::change(&tx, case.id, appealed, now).await.unwrap());
        case_reviews::enqueue(&tx, case.id, account, review.level, now)
            .await
            .unwrap();
        let mut ben = desks.reviewer("ben").await;
        let page = ben.get(page_of(&filed).as_str()).await;
        assert!(page.body.contains("needs a senior reviewer") && !page.body.contains("/claim\""));
        let mut dora = desks.senior("dora").await;
        let open = take(&mut dora, &filed).await;
        assert!(
            open.body.contains(NUMBER) && !open.body.contains("value=\"approve:"),
            "{}",
            open.body
        );
        let refused = decide(&mut dora, &filed, "approve:documents_agree").await;
        assert!(refused.location.unwrap_or_default().ends_with("missing=choice"));
        assert_eq!(desks.level(account).await, 1);
    }
}

#[tokio::test]
async fn an_override_takes_two_seniors_a_reason_and_a_last_day() {
    for desks in desks().await {
        let account = desks.resident(PHONE, &["population_register"]).await;
        let number = desks
            .case(account, "social_security", State::InReview, facts(NAME, NUMBER))
            .await;
        let (mut anna, mut carla) = (desks.senior("anna").await, desks.senior("carla").await);
        let here = step_of(&number, "/override");
        assert_eq!(anna.get(here.as_str()).await.status.as_u16(), 404, "not held");
        take(&mut anna, &number).await;
        let page = anna.get(here.as_str()).await;
        for (fields, field) in [
            (vec![("reason", "no_other_way"), ("days", "30")], "level"),
            (
                vec![("level", "4"), ("reason", "no_other_way"), ("days", "30")],
                "level",
            ),
            (
                vec![("level", "2"), ("reason", "because"), ("days", "30")],
                "reason",
            ),
            (
                vec![("level", "2"), ("reason", "no_other_way"), ("days", "91")],
                "days",
            ),
        ] {
            let seen = anna.post(here.as_str(), &page, &fields).await;
            assert!(
                seen.status.as_u16() == 422 && seen.body.contains(&format!("#{field}")),
                "{fields:?}"
            );
        }
        let fields = [("level", "2"), ("reason", "no_other_way"), ("days", "30")];
        let other = number_in(&anna.post(here.as_str(), &page, &fields).await);
        assert_eq!(desks.level(account).await, 1);
        let open = take(&mut carla, &other).await;
        assert!(open.body.contains("data-would=\"2\""), "{}", open.body);
        decide(&mut carla, &other, "confirm").await;
        assert_eq!(desks.level(account).await, 2);
        desks.world.wait(31 * 24 * 3600);
        assert_eq!(desks.level(account).await, 1, "it ends by itself");
        assert!(desks.history(&other).await.contains(&"overridden"));
    }
}

#[tokio::test]
async fn attack_247_a_number_moves_from_another_account_only_by_two_people_and_both_are_told() {
    for desks in desks().await {
        let thief = desks.resident("+8613800000009", &["population_register"]).await;
        let tx = desks.world.service.store().read();
        let identity = facts(NAME, NUMBER);
        let now = desks.world.clock.now();
        let pair = (&identity.name, &identity.citizen_id);
        assert!(
            store::accounts::set_identity(&tx, thief, pair, now)
                .await
                .unwrap()
        );
        let (account, number) = desks.documents().await;
        let (mut anna, mut carla) = (desks.senior("anna").await, desks.senior("carla").await);
        take(&mut anna, &number).await;
        let refused = decide(&mut anna, &number, "approve:documents_agree").await;
        assert_eq!(refused.status.as_u16(), 409, "not by the way");
        decide(&mut anna, &number, "approve:ownership_shown").await;
        assert_eq!((desks.level(account).await, desks.level(thief).await), (0, 1));
        take(&mut carla, &number).await;
        let looked = account::ageing::worker::look_due(desks.world.service.account()).await;
        assert!(looked.unwrap() > 0);
        decide(&mut carla, &number, "confirm").await;
        assert_eq!((desks.level(account).await, desks.level(thief).await), (2, 0));
        let other = store::accounts::find(&tx, thief).await.unwrap().unwrap();
        assert_eq!(
            (other.status, other.citizen_id),
            (store::accounts::Status::Frozen, None)
        );
        assert!(desks.history(&number).await.contains(&"number_moved"));
        let watch = store::level_watch::find(&tx, thief).await.unwrap().unwrap();
        assert!(
            watch.next_look_at <= desks.world.clock.now(),
            "the fall is looked at"
        );
        let waiting = case_reviews::list(&tx).await.unwrap();
        assert_eq!(waiting.len(), 1, "somebody looks at the other account next");
        assert_eq!(
            (waiting[0].state, waiting[0].review.account),
            (State::Restricted, thief)
        );
    }
}
