//! Answering a changed agreement, through the real router, on every database at hand.

use axum::http::StatusCode;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use model::ids::AccountId;
use model::language::Language;
use store::agreements::{Acceptance, Answer};
use web::branding::Branding;

use crate::agreements::{Agreement, Agreements, Class, RESIDENT};
use crate::signin::testing::{resident, signed_in};
use crate::testing::{Browser, World, worlds_in, worlds_with_agreements};

const PHONE: &str = "13800000001";
const OTHER: &str = "13900000002";
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

#[tokio::test]
async fn source_na_39_days_are_days_of_the_province_on_both_sides_of_midnight() {
    // Asia/Shanghai and Asia/Ho_Chi_Minh.
    for (zone, hours) in [("+08:00", 8), ("+07:00", 7)] {
        let branding = Branding {
            time_zone_offset_minutes: hours * 60,
            ..Branding::default()
        };
        let mut agreements = two(Class::Material, 1);
        let first_day: NaiveDate = "2026-07-01".parse().unwrap();
        agreements = {
            let mut versions = agreements.versions(RESIDENT).to_vec();
            versions[1].effective = first_day;
            Agreements::of(versions).unwrap()
        };
        for world in worlds_in(&agreements, &branding).await {
            let account = resident(&world, PHONE).await;
            accept_first(&world, account).await;
            // At this moment there: whether it is asked, and whether it may be put off.
            for (moment, asked, later) in [
                ("2026-06-30T23:59:59", false, false),
                ("2026-07-01T00:00:00", true, true),
                ("2026-07-02T23:59:59", true, true),
                ("2026-07-03T00:00:00", true, false),
            ] {
                let at: DateTime<Utc> = format!("{moment}{zone}").parse().unwrap();
                world.clock.advance(at - world.clock.now());
                let mut browser = signed_in(&world, PHONE).await;
                let page = browser.get(CHANGE).await;
                let what = format!("{moment}{zone}, {}", world.kind);
                assert_eq!(page.page() == Some("agreement-change"), asked, "{what}");
                assert_eq!(page.body.contains("value=\"later\""), later, "{what}");
                let home = browser.get("/account").await;
                assert_eq!(home.body.contains("data-agreement"), asked, "{what}");
                let text = browser.get("/agreements/resident").await;
                assert_eq!(text.body.contains("second"), asked, "the text in effect, {what}");
            }
            // The announcement named the day that the file names, whatever the zone.
            let notices = store::notices::list(&world.service.store().read(), account, (0, 50))
                .await
                .unwrap();
            let told = notices
                .iter()
                .find(|one| one.kind == model::notice::Kind::AgreementMaterial)
                .expect("told before its day");
            assert_eq!(told.args.get("day").map(String::as_str), Some("2026-07-01"));
            let mut browser = signed_in(&world, PHONE).await;
            let list = browser.get("/account/notices").await;
            assert!(list.body.contains("1 July 2026"), "{}", list.body);
        }
    }
}

/// What sub-sites would find put off.
async fn put_off(world: &World, browser: &Browser) -> Option<String> {
    let token = model::secret::Token::parse(browser.cookies.get("denizen_session").unwrap()).unwrap();
    let client = model::ids::ClientId::parse("hefei").unwrap();
    let (tx, limits) = (world.service.store().read(), &world.service.config().session);
    let now = world.clock.now();
    let found = store::sessions::find_standing(&tx, &token.hash(), (&client, RESIDENT), limits, now).await;
    found.unwrap().expect("a sign-in").put_off
}

#[tokio::test]
async fn source_na_39_later_is_kept_with_the_account_for_a_day_and_for_nobody_else() {
    for world in worlds_with_agreements(&two(Class::Material, 10)).await {
        for phone in [PHONE, OTHER] {
            let account = resident(&world, phone).await;
            accept_first(&world, account).await;
        }
        world.clock.advance(TimeDelta::days(31));
        let mut browser = signed_in(&world, PHONE).await;
        let mut tab = browser.clone();
        let (page, second) = (browser.get(CHANGE).await, tab.get(CHANGE).await);
        assert_eq!(put_off(&world, &browser).await, None, "a look is no answer");
        browser.post(CHANGE, &page, &[("answer", "later")]).await;
        assert_eq!(put_off(&world, &browser).await.as_deref(), Some("second"));
        // In every browser of the person, in no other person's, and once more from another tab.
        tab.post(CHANGE, &second, &[("answer", "later")]).await;
        let elsewhere = signed_in(&world, PHONE).await;
        assert_eq!(put_off(&world, &elsewhere).await.as_deref(), Some("second"));
        let stranger = signed_in(&world, OTHER).await;
        assert_eq!(put_off(&world, &stranger).await, None, "{}", world.kind);
        // The person may still answer at once.
        assert_eq!(browser.get(CHANGE).await.page(), Some("agreement-change"));
        world.clock.advance(TimeDelta::days(1));
        let next = signed_in(&world, PHONE).await;
        assert_eq!(put_off(&world, &next).await, None, "a day later");
    }
}
