//! Answering, appealing, taking back, and what happens when nobody answers.

use model::language::Language;
use model::secret::TokenHash;
use store::operators::{Link, NewOperator};

use super::*;

#[tokio::test]
async fn source_vn_14_what_was_asked_for_is_sent_once_and_the_case_goes_back_to_the_queue() {
    for world in worlds().await {
        let (mut browser, case) = filed(&world).await;
        ask_for_more(&world, &case).await;
        let page = browser.get(&page_of(&case)).await;
        assert!(
            page.body.contains("data-reason") && page.body.contains("case-answer")
                || page.body.contains("/answer")
        );
        let to = format!("{}/answer", page_of(&case));
        let empty = browser.post_parts(&to, &page, (&[], &[])).await;
        assert_eq!(empty.errors(), ["case-answer-empty"], "{}", empty.body);
        let picture = jpeg(500, 400);
        let files: [(&str, &[u8]); 1] = [("front", &picture)];
        let unconsented = browser.post_parts(&to, &page, (&[("text", "x")], &files)).await;
        assert!(unconsented.errors().contains(&"review-consent-missing"));
        assert_eq!(kept(&world, &case).await.len(), 3);
        let texts = [
            ("text", "The light was bad.\u{202e}\u{7}"),
            ("store_pictures", "yes"),
        ];
        let sent = browser.post_parts(&to, &page, (&texts, &files)).await;
        assert_eq!(sent.location, Some(format!("{}?done=answered", page_of(&case))));
        let again = browser.post_parts(&to, &page, (&texts, &files)).await;
        assert_eq!(
            again.location,
            Some(page_of(&case)),
            "a second click changes nothing"
        );
        let tx = world.service.store().read();
        let found = cases::find(&tx, case.account, &case.number)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(found.state, State::InReview);
        let input = found.input.unwrap();
        assert!(
            input
                .more
                .get("answer")
                .unwrap()
                .starts_with("The light was bad.")
        );
        let review = case_reviews::find_review(&tx, case.id).await.unwrap().unwrap();
        assert_eq!((review.stage, review.appeals), (case_reviews::Stage::Queued, 0));
        let history = case_history::list(&tx, case.id).await.unwrap();
        let answered = history.iter().filter(|entry| entry.what == Happening::Answered);
        assert_eq!(answered.count(), 1, "{}", world.kind);
    }
}

#[tokio::test]
async fn a_rejection_is_taken_to_another_person_once() {
    for world in worlds().await {
        let (mut browser, case) = filed(&world).await;
        let first = reject(&world, &case, State::InReview).await;
        world.test.clock.advance(TimeDelta::minutes(1));
        let page = browser.get(&page_of(&case)).await;
        let to = format!("{}/appeal", page_of(&case));
        assert!(
            page.body.contains(&to) && page.body.contains("data-reason"),
            "{}",
            page.body
        );
        let long = "长".repeat(501);
        let refused = browser.post(&to, &page, &[("text", &long)]).await;
        assert_eq!(refused.errors(), ["case-text-long"]);
        let sent = browser.post(&to, &page, &[("text", "It is me.")]).await;
        assert_eq!(sent.location, Some(format!("{}?done=appealed", page_of(&case))));
        let again = browser.post(&to, &page, &[("text", "It is me.")]).await;
        assert_eq!(again.location, Some(page_of(&case)));
        assert_eq!(now_in(&world, &case).await, State::Appealed);
        let (tx, now) = (world.service.store().read(), world.clock.now());
        let lease = (now, TimeDelta::minutes(30));
        let same = case_reviews::claim(&tx, case.id, first, lease).await.unwrap();
        assert!(!same, "another person decides");
        reject(&world, &case, State::Appealed).await;
        let page = browser.get(&page_of(&case)).await;
        assert!(!page.body.contains(&to), "once: {}", page.body);
        let third = browser.post(&to, &page, &[("text", "")]).await;
        assert_ne!(third.location, Some(format!("{}?done=appealed", page_of(&case))));
        assert_eq!(now_in(&world, &case).await, State::Rejected, "{}", world.kind);
    }
}

#[tokio::test]
async fn a_case_that_is_taken_back_loses_its_pictures_at_once_and_nobody_decides_it() {
    for world in worlds().await {
        let (mut browser, case) = filed(&world).await;
        let operator = claimed(&world, &case).await;
        let to = format!("{}/withdraw", page_of(&case));
        let page = browser.get(&to).await;
        assert_eq!(page.page(), Some("account-case-withdraw"));
        let done = browser.post(&to, &page, &[]).await;
        assert_eq!(done.location, Some(format!("{}?done=withdrawn", page_of(&case))));
        assert!(kept(&world, &case).await.is_empty());
        let (tx, now) = (world.service.store().read(), world.clock.now());
        let decision = (operator, Verdict::Approve, Reason::DocumentsAgree);
        let late = case_reviews::decide(&tx, case.id, decision, Eyes::Two, now).await;
        assert!(!late.unwrap(), "{}", world.kind);
        let again = browser.post(&to, &page, &[]).await;
        assert_eq!(again.location, Some(page_of(&case)));
        assert_eq!(now_in(&world, &case).await, State::Replaced);
        // And a new one can be begun.
        let mut browser = confirmed(&world, PHONE).await;
        assert_eq!(send(&mut browser).await.status, StatusCode::SEE_OTHER);
    }
}

#[tokio::test]
async fn a_case_that_nobody_answers_ends_and_its_owner_is_told() {
    for world in worlds().await {
        let (_, case) = filed(&world).await;
        ask_for_more(&world, &case).await;
        world.test.clock.advance(TimeDelta::days(29));
        super::super::upkeep::sweep(&world.service).await.unwrap();
        assert_eq!(now_in(&world, &case).await, State::NeedsMoreInformation);
        world.test.clock.advance(TimeDelta::days(2));
        super::super::upkeep::sweep(&world.service).await.unwrap();
        assert_eq!(super::super::upkeep::sweep(&world.service).await.unwrap(), 0);
        assert_eq!(now_in(&world, &case).await, State::Expired);
        assert!(kept(&world, &case).await.is_empty());
        let told = world.newest_sms(&format!("+86{PHONE}")).await.unwrap();
        assert!(told.contains("has ended") && !told.contains(NAME), "{told}");
        let mut browser = signed_in(&world, PHONE).await;
        let page = browser.get(&page_of(&case)).await;
        assert!(page.body.contains("data-state=\"expired\"") && !page.body.contains("/answer"));
    }
}

#[tokio::test]
async fn what_waits_to_be_typed_again_goes_to_the_source_and_not_to_a_reviewer() {
    for world in worlds().await {
        let account = resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let (tx, now) = (world.service.store().read(), world.clock.now());
        let bank = model::evidence::SourceId::parse("bank_card").unwrap();
        let new = cases::NewCase {
            id: model::ids::CaseId::new(now, world.service.rng()),
            number: cases::CaseNumber::generate(now, world.service.rng()),
            account,
            source: bank.clone(),
            state: State::NeedsMoreInformation,
            input: cases::Input {
                name: model::person_name::PersonName::parse(NAME).unwrap(),
                citizen_id: model::citizen_id::CitizenId::parse(NUMBER, now.date_naive()).unwrap(),
                phone: None,
                more: cases::Factors::none(),
            },
            next_attempt_at: Some(now + TimeDelta::days(40)),
            reference: None,
            created_at: now,
        };
        assert!(cases::create(&tx, &new).await.unwrap());
        let case = cases_of(&world, account).await.remove(0);
        let page = browser.get(&page_of(&case)).await;
        assert!(
            page.body.contains("href=\"/verify/bank-card\"") && !page.body.contains("/answer"),
            "{}",
            page.body
        );
        let to = format!("{}/answer", page_of(&case));
        let sent = browser.post_parts(&to, &page, (&[("text", "x")], &[])).await;
        assert_eq!(sent.location, Some(page_of(&case)), "{}", sent.body);
        assert_eq!(now_in(&world, &case).await, State::NeedsMoreInformation);
        assert!(case_reviews::find_review(&tx, case.id).await.unwrap().is_none());
        // Its time is that of the source, not that of an answer to a reviewer.
        world.test.clock.advance(TimeDelta::days(31));
        super::super::upkeep::sweep(&world.service).await.unwrap();
        assert_eq!(
            now_in(&world, &case).await,
            State::NeedsMoreInformation,
            "{}",
            world.kind
        );
    }
}

#[tokio::test]
async fn every_look_is_in_the_owners_history_without_a_name() {
    for world in worlds().await {
        let (mut browser, case) = filed(&world).await;
        claimed(&world, &case).await;
        let (tx, now) = (world.service.store().read(), world.clock.now());
        let operator = OperatorId::new(now, world.service.rng());
        let new = NewOperator {
            id: operator,
            login: "li.wen",
            name: "Li Wen",
            roles: &["auditor", "reviewer"],
            language: Language::En,
            link: Link {
                hash: TokenHash::of("invited"),
                expires_at: now,
                by: None,
            },
            now,
        };
        store::operators::create(&tx, &new).await.unwrap();
        for what in [Happening::Claimed, Happening::Looked, Happening::LookedAtPicture] {
            let entry = case_history::Entry::new((case.id, case.account), what, now).by(operator);
            case_history::record(&tx, world.service.rng(), &entry)
                .await
                .unwrap();
        }
        let proposed = case_history::Entry::new((case.id, case.account), Happening::ProposedApproval, now)
            .by(operator)
            .because(Some(Reason::LooksAltered));
        case_history::record(&tx, world.service.rng(), &proposed)
            .await
            .unwrap();
        let page = browser.get(&page_of(&case)).await;
        for what in ["claimed", "looked", "looked_at_picture", "proposed_approval"] {
            assert!(
                page.body.contains(&format!("data-happening=\"{what}\"")),
                "{what}"
            );
        }
        assert!(!page.body.contains(&operator.to_string()) && !page.body.contains("Li Wen"));
        let roles = page.body.matches("<span data-role>").count();
        assert_eq!(roles, 4, "the owner's own steps have none: {}", page.body);
        assert!(
            page.body.contains("<span data-role>reviewer</span>"),
            "{}",
            page.body
        );
        // What is only proposed has no reason yet for its owner.
        assert!(!page.body.contains("looks changed"), "{}", page.body);
    }
}
