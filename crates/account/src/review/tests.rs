//! Cases that people decide, as their owners see them, through the real router and on every database at hand.

use axum::http::StatusCode;
use chrono::TimeDelta;
use model::case::State;
use model::ids::{AccountId, OperatorId};
use model::review::{Happening, Reason};
use store::case_images::{self, Part};
use store::case_reviews::{self, Eyes, Verdict};
use store::cases::{self, Case};
use store::{case_history, evidence};

use super::pictures::tests::jpeg;
use crate::Config;
use crate::signin::testing::{resident, signed_in};
use crate::testing::{Browser, Seen, World, worlds, worlds_with};

mod answers;
mod attacks;

pub(super) const PHONE: &str = "13800000001";
const OTHER: &str = "13900000002";
const NAME: &str = "张明远";
const NUMBER: &str = "340000199003070012";
const HERE: &str = "/verify/document-review";
const WHO: [(&str, &str); 3] = [("name", NAME), ("citizen_id", NUMBER), ("store_pictures", "yes")];

/// A browser whose person has proven the phone by a code just now.
async fn confirmed(world: &World, phone: &str) -> Browser {
    let mut browser = signed_in(world, phone).await;
    let page = browser.get(HERE).await;
    let page = browser
        .get(page.location.as_deref().expect("the phone first"))
        .await;
    assert_eq!(page.page(), Some("verify-confirm-phone"), "{}", page.body);
    let then = ("then", "document-review");
    let sent = browser
        .post("/verify/confirm-phone", &page, &[("resend", "yes"), then])
        .await;
    let page = browser.get(sent.location.as_deref().unwrap()).await;
    let code = world.code(&format!("+86{phone}")).await;
    let done = browser
        .post("/verify/confirm-phone", &page, &[("code", &code), then])
        .await;
    assert_eq!(done.location.as_deref(), Some(HERE), "{}", done.body);
    browser
}

/// The form as it is filled in by somebody who makes no mistake.
async fn send(browser: &mut Browser) -> Seen {
    let page = browser.get(HERE).await;
    assert_eq!(page.page(), Some("verify-document-review"), "{}", page.body);
    let picture = jpeg(400, 300);
    let files: [(&str, &[u8]); 3] = [("front", &picture), ("back", &picture), ("portrait", &picture)];
    browser.post_parts(HERE, &page, (&WHO, &files)).await
}

async fn cases_of(world: &World, account: AccountId) -> Vec<Case> {
    cases::list_all(&world.service.store().read(), account)
        .await
        .unwrap()
}

async fn kept(world: &World, case: &Case) -> Vec<Part> {
    let all = case_images::list(&world.service.store().read(), case.id)
        .await
        .unwrap();
    let left = all.iter().filter(|image| image.deleted_at.is_none());
    let mut parts: Vec<Part> = left.map(|image| image.part).collect();
    parts.sort_unstable();
    parts
}

fn page_of(case: &Case) -> String {
    format!("/account/cases/{}", case.number.as_str())
}

/// A case that was sent off, and whose browser it is.
async fn filed(world: &World) -> (Browser, Case) {
    let account = resident(world, PHONE).await;
    let mut browser = confirmed(world, PHONE).await;
    let sent = send(&mut browser).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
    let case = cases_of(world, account).await.remove(0);
    (browser, case)
}

/// An operator who takes the case.
async fn claimed(world: &World, case: &Case) -> OperatorId {
    let (tx, now) = (world.service.store().read(), world.clock.now());
    let operator = OperatorId::new(now, world.service.rng());
    let lease = (now, TimeDelta::minutes(30));
    assert!(case_reviews::claim(&tx, case.id, operator, lease).await.unwrap());
    operator
}

/// What an operator's page does when more is needed.
async fn ask_for_more(world: &World, case: &Case) {
    let (tx, now) = (world.service.store().read(), world.clock.now());
    let operator = claimed(world, case).await;
    let why = (operator, Reason::NotLegible);
    assert!(case_reviews::ask(&tx, case.id, why, now).await.unwrap());
    let steps = (State::InReview, State::NeedsMoreInformation);
    assert!(cases::change(&tx, case.id, steps, now).await.unwrap());
}

/// What an operator's page does when the answer is no.
async fn reject(world: &World, case: &Case, from: State) -> OperatorId {
    let (tx, now) = (world.service.store().read(), world.clock.now());
    let operator = claimed(world, case).await;
    let decision = (operator, Verdict::Reject, Reason::DocumentsDiffer);
    let decided = case_reviews::decide(&tx, case.id, decision, Eyes::Two, now).await;
    assert!(decided.unwrap());
    assert!(
        cases::change(&tx, case.id, (from, State::Rejected), now)
            .await
            .unwrap()
    );
    let entry = case_history::Entry::new((case.id, case.account), Happening::Rejected, now);
    let entry = entry.by(operator).because(Some(Reason::DocumentsDiffer));
    case_history::record(&tx, world.service.rng(), &entry)
        .await
        .unwrap();
    operator
}

async fn now_in(world: &World, case: &Case) -> State {
    let tx = world.service.store().read();
    cases::find(&tx, case.account, &case.number)
        .await
        .unwrap()
        .unwrap()
        .state
}

#[tokio::test]
async fn source_ah_22_gg_15_three_pictures_become_a_case_that_waits_for_a_person() {
    for world in worlds().await {
        let (mut browser, case) = filed(&world).await;
        let tx = world.service.store().read();
        assert_eq!(
            (case.state, case.source.as_str()),
            (State::InReview, "document_review")
        );
        assert_eq!(case.input.as_ref().unwrap().citizen_id.as_str(), NUMBER);
        assert_eq!(
            kept(&world, &case).await,
            [Part::Front, Part::Back, Part::Portrait]
        );
        let image = case_images::list(&tx, case.id).await.unwrap().remove(0);
        let opened = case_images::open(&tx, case.id, image.id).await.unwrap().unwrap();
        assert!(
            image::load_from_memory(&opened).is_ok(),
            "a picture of our own making"
        );
        let review = case_reviews::find_review(&tx, case.id).await.unwrap().unwrap();
        assert_eq!(review.stage, case_reviews::Stage::Queued);
        let page = browser.get(&format!("{}?filed=yes", page_of(&case))).await;
        assert_eq!(page.page(), Some("account-case"), "{}", page.body);
        assert!(page.body.contains("data-happening=\"filed\"") && page.body.contains("role=\"status\""));
        assert!(
            !page.body.contains(NUMBER) && !page.body.contains(NAME),
            "masked: HB-23"
        );
        let list = browser.get("/account/cases").await;
        assert!(list.body.contains(case.number.as_str()));
        let level = browser.get("/account/level").await;
        assert!(level.body.contains(&page_of(&case)), "{}", level.body);
        // Nothing is proven before somebody has decided.
        let held = evidence::list(&tx, case.account).await.unwrap();
        assert!(held.iter().all(|piece| piece.source.as_str() == "phone_sms"));
    }
}

#[tokio::test]
async fn a_second_click_and_the_back_button_find_the_case_that_was_sent() {
    for world in worlds().await {
        let account = resident(&world, PHONE).await;
        let mut browser = confirmed(&world, PHONE).await;
        let page = browser.get(HERE).await;
        let picture = jpeg(400, 300);
        let files: [(&str, &[u8]); 3] = [("front", &picture), ("back", &picture), ("portrait", &picture)];
        let (mut one, mut two) = (browser.clone(), browser.clone());
        let (first, second) = tokio::join!(
            one.post_parts(HERE, &page, (&WHO, &files)),
            two.post_parts(HERE, &page, (&WHO, &files))
        );
        let third = browser.post_parts(HERE, &page, (&WHO, &files)).await;
        let all = cases_of(&world, account).await;
        assert_eq!(all.len(), 1, "{}", world.kind);
        for seen in [first, second, third] {
            let location = seen.location.expect("a redirect");
            assert!(location.starts_with(&page_of(&all[0])), "{location}");
        }
        let shown = browser.get(HERE).await;
        assert_eq!(shown.location, Some(page_of(&all[0])));
        assert_eq!(kept(&world, &all[0]).await.len(), 3);
    }
}

#[tokio::test]
async fn source_gg_15_a_picture_that_was_good_need_not_be_sent_again() {
    for world in worlds().await {
        let account = resident(&world, PHONE).await;
        let mut browser = confirmed(&world, PHONE).await;
        let page = browser.get(HERE).await;
        let (good, bad) = (jpeg(400, 300), b"GIF89a".to_vec());
        let files: [(&str, &[u8]); 2] = [("front", &good), ("portrait", &bad)];
        let seen = browser.post_parts(HERE, &page, (&WHO, &files)).await;
        assert_eq!(seen.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(seen.errors(), ["review-picture-missing", "review-picture-format"]);
        assert!(seen.body.contains(NAME), "what was typed stays");
        assert!(cases_of(&world, account).await.is_empty(), "nothing is sent off");
        let page = browser.get(HERE).await;
        assert_eq!(
            page.body.matches("We have this picture").count(),
            1,
            "{}",
            page.body
        );
        let files: [(&str, &[u8]); 2] = [("back", &good), ("portrait", &good)];
        let sent = browser.post_parts(HERE, &page, (&WHO, &files)).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
        let case = cases_of(&world, account).await.remove(0);
        assert_eq!(kept(&world, &case).await.len(), 3);
    }
}

#[tokio::test]
async fn pictures_are_stored_only_with_a_consent_of_its_own_and_only_for_a_while() {
    for world in worlds().await {
        let account = resident(&world, PHONE).await;
        let mut browser = confirmed(&world, PHONE).await;
        let page = browser.get(HERE).await;
        let picture = jpeg(400, 300);
        let files: [(&str, &[u8]); 1] = [("front", &picture)];
        let without = [("name", NAME), ("citizen_id", NUMBER)];
        let seen = browser.post_parts(HERE, &page, (&without, &files)).await;
        assert!(seen.errors().contains(&"review-consent-missing"), "{}", seen.body);
        assert!(!browser.get(HERE).await.body.contains("We have this picture"));
        // A draft with its pictures goes by itself.
        browser.post_parts(HERE, &page, (&WHO, &files)).await;
        let tx = world.service.store().read();
        let source = model::evidence::SourceId::parse("document_review").unwrap();
        let draft = cases::find_in(&tx, account, &source, &[State::Started])
            .await
            .unwrap()
            .unwrap();
        assert_eq!(kept(&world, &draft).await, [Part::Front]);
        world.test.clock.advance(TimeDelta::minutes(61));
        super::upkeep::sweep(&world.service).await.unwrap();
        assert!(kept(&world, &draft).await.is_empty(), "{}", world.kind);
        let mut later = confirmed(&world, PHONE).await;
        assert!(!later.get(HERE).await.body.contains("We have this picture"));
    }
}

#[tokio::test]
async fn pictures_are_deleted_so_many_days_after_the_decision_and_the_page_says_so() {
    for world in worlds().await {
        let (_, case) = filed(&world).await;
        reject(&world, &case, State::InReview).await;
        world.test.clock.advance(TimeDelta::days(29));
        super::upkeep::sweep(&world.service).await.unwrap();
        assert_eq!(kept(&world, &case).await.len(), 3);
        let tx = world.service.store().read();
        let typed = async || {
            cases::find_by_number(&tx, &case.number)
                .await
                .unwrap()
                .unwrap()
                .input
        };
        assert!(typed().await.is_some(), "for an appeal");
        world.test.clock.advance(TimeDelta::days(2));
        super::upkeep::sweep(&world.service).await.unwrap();
        assert!(kept(&world, &case).await.is_empty(), "{}", world.kind);
        assert!(typed().await.is_none(), "and so is what was typed");
        let mut browser = signed_in(&world, PHONE).await;
        let page = browser.get(&page_of(&case)).await;
        assert_eq!(page.body.matches("data-picture=\"deleted\"").count(), 3);
        assert!(
            !page.body.contains("case-appeal"),
            "the time to appeal is over as well"
        );
    }
}

#[tokio::test]
async fn a_province_that_does_not_offer_it_has_no_such_page() {
    let mut config = Config::default();
    config.review.open = false;
    for world in worlds_with(config).await {
        resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        assert_eq!(browser.get(HERE).await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn source_hb_21_a_minor_is_told_where_to_go_and_nothing_is_kept() {
    for world in worlds().await {
        let account = resident(&world, PHONE).await;
        let mut browser = confirmed(&world, PHONE).await;
        let page = browser.get(HERE).await;
        let picture = jpeg(400, 300);
        let files: [(&str, &[u8]); 1] = [("front", &picture)];
        let who = [
            ("name", "古丽·艾山"),
            ("citizen_id", "650000201506010241"),
            ("store_pictures", "yes"),
        ];
        let seen = browser.post_parts(HERE, &page, (&who, &files)).await;
        assert_eq!(seen.page(), Some("verify-minor"), "{}", seen.body);
        assert!(seen.body.contains("under 14"), "{}", seen.body);
        let tx = world.service.store().read();
        let source = model::evidence::SourceId::parse("document_review").unwrap();
        let draft = cases::find_in(&tx, account, &source, &[State::Started])
            .await
            .unwrap();
        assert!(draft.is_none());
        let register = world.browser().get("/register").await;
        assert!(register.body.contains("14 or older"), "{}", register.body);
    }
}
