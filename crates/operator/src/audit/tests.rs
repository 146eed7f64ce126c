use axum::http::StatusCode;
use model::event::Event;
use model::ids::AccountId;
use store::audit::Entry;

use crate::roles::Role;
use crate::testing::worlds;

#[tokio::test]
async fn the_audit_page_filters_by_account_event_and_day_and_shows_no_personal_data() {
    for world in worlds().await {
        let (mut browser, person) = world.signed_in("auditor", &[Role::Auditor]).await;
        let (tx, now, rng) = (
            world.service.store().read(),
            world.clock.now(),
            world.service.rng(),
        );
        let account = AccountId::new(now, rng);
        for event in [Event::SignedIn, Event::EvidenceRecorded] {
            let entry = Entry::new(event, now).account(account);
            store::audit::record(&tx, rng, entry).await.unwrap();
        }
        let other = Entry::new(Event::SignedOut, now - chrono::TimeDelta::days(40));
        store::audit::record(&tx, rng, other).await.unwrap();
        let seen = browser.get("/operator/audit").await;
        assert!(
            seen.body.contains("signed_in") && !seen.body.contains("<code>signed_out"),
            "thirty days"
        );
        let read = |audited: Vec<(String, Option<String>, serde_json::Value)>| {
            audited.iter().filter(|(event, ..)| event == "audit_read").count()
        };
        assert_eq!(
            read(world.test.audited().await.unwrap()),
            1,
            "without a search, too"
        );
        let older = model::ids::EvidenceId::new(now, rng);
        browser.get(&format!("/operator/audit?older={older}")).await;
        assert_eq!(
            read(world.test.audited().await.unwrap()),
            1,
            "the same search, further back"
        );
        let seen = browser
            .get("/operator/audit?from=2026-04-01&until=2026-04-30")
            .await;
        assert!(seen.body.contains("<code>signed_out") && !seen.body.contains("<code>signed_in"));
        let seen = browser
            .get(&format!("/operator/audit?case={account}&event=signed_in"))
            .await;
        assert!(seen.body.contains("<code>signed_in") && !seen.body.contains("<code>evidence_recorded"));
        let audited = world.test.audited().await.unwrap();
        let mut entries = audited.iter().filter(|(event, ..)| event == "audit_read");
        assert!(
            entries
                .clone()
                .all(|(.., details)| details["operator"] == person.id.to_string())
        );
        assert!(
            entries.any(|(.., details)| details["event"] == "signed_in"),
            "{}",
            world.kind
        );
        let seen = browser
            .get("/operator/audit?case=x&event=nonsense&from=yesterday&older=zzz")
            .await;
        assert_eq!(
            seen.errors(),
            [
                "operator-audit-case-unknown",
                "operator-audit-event-unknown",
                "operator-audit-day-unreadable"
            ]
        );
        assert_eq!(seen.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
}

#[test]
fn every_text_of_the_console_is_there_in_every_language() {
    let mut messages = vec![web::language::MESSAGES, crate::MESSAGES];
    messages.extend(account::messages());
    let texts = web::language::Texts::new(&messages).unwrap();
    assert!(texts.missing().is_empty(), "{:?}", texts.missing());
}
