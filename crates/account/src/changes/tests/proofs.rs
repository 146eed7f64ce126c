//! The evidence that hangs on a phone, when the phone changes and comes back.

use chrono::{DateTime, Utc};
use model::evidence::{Details, Evidence, SourceId};
use model::ids::EvidenceId;
use store::evidence::NewEvidence;

use super::chain::{THIRD, THIRD_E164, both_agree};
use super::*;
use crate::history::{self, Happening, What};

async fn prove(world: &World, id: AccountId, source: &str) {
    let now = world.clock.now();
    let new = NewEvidence {
        evidence: Evidence {
            id: EvidenceId::new(now, world.service.rng()),
            source: SourceId::parse(source).unwrap(),
            issued_at: now,
            expires_at: None,
            ended_at: None,
        },
        account: id,
        reference: None,
        case: None,
        details: Details::default(),
    };
    store::evidence::record(&world.service.store().read(), &new)
        .await
        .unwrap();
}

/// What an account holds: identifier, source and date of each piece.
async fn held(world: &World, id: AccountId) -> Vec<(EvidenceId, String, DateTime<Utc>)> {
    let tx = world.service.store().read();
    let mut held: Vec<_> = store::evidence::list(&tx, id)
        .await
        .unwrap()
        .into_iter()
        .map(|piece| (piece.id, piece.source.as_str().to_owned(), piece.issued_at))
        .collect();
    held.sort_unstable();
    held
}

async fn proven_at(world: &World, id: AccountId) -> DateTime<Utc> {
    let held = held(world, id).await;
    let mut of_phone = held.iter().filter(|(_, source, _)| source == "phone_sms");
    let at = of_phone.next().unwrap().2;
    assert!(of_phone.next().is_none(), "one proof of one phone");
    at
}

#[tokio::test]
async fn attack_234_a_phone_that_comes_back_brings_its_evidence_as_old_as_it_was_and_none_that_nobody_gave() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        for source in ["population_register", "mobile_operator", "bank_card"] {
            prove(&world, id, source).await;
        }
        let before = held(&world, id).await;
        world.clock.advance(TimeDelta::days(10));
        let mut thief = signed_in(&world, PHONE).await;
        both_agree(&world, &mut thief, (E164, NEW_E164, NEW)).await;
        let between: Vec<String> = held(&world, id).await.into_iter().map(|piece| piece.1).collect();
        assert_eq!(between.len(), 2, "{between:?}");
        assert_ne!(held(&world, id).await, before);
        // What was confirmed with the thief's phone ends with it.
        prove(&world, id, "mobile_operator").await;
        let link = link_in(&world.newest_sms(E164).await.unwrap());
        let seen = press(&world, &link).await;
        assert!(seen.body.contains("It is as it was before"), "{}", seen.body);
        assert_eq!(held(&world, id).await, before, "{}", world.kind);
        assert_eq!(phone(&world, id).await.as_deref(), Some(E164));
    }
}

#[tokio::test]
async fn attack_235_the_first_of_two_changes_brings_the_evidence_of_the_first_phone() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        prove(&world, id, "mobile_operator").await;
        let before = held(&world, id).await;
        let mut thief = signed_in(&world, PHONE).await;
        both_agree(&world, &mut thief, (E164, NEW_E164, NEW)).await;
        prove(&world, id, "mobile_operator").await;
        both_agree(&world, &mut thief, (NEW_E164, THIRD_E164, THIRD)).await;
        let link = link_in(&world.newest_sms(E164).await.unwrap());
        press(&world, &link).await;
        assert_eq!(held(&world, id).await, before, "{}", world.kind);
    }
}

#[tokio::test]
async fn source_hb_37_what_was_found_out_meanwhile_stays_found_out_and_the_page_does_not_say_as_it_was() {
    for is_renamed in [true, false] {
        for world in worlds().await {
            let id = resident(&world, PHONE).await;
            for source in ["population_register", "mobile_operator"] {
                prove(&world, id, source).await;
            }
            let mut browser = signed_in(&world, PHONE).await;
            both_agree(&world, &mut browser, (E164, NEW_E164, NEW)).await;
            let tx = world.service.store().begin().await.unwrap();
            if is_renamed {
                crate::ageing::events::renamed(&world.service, &tx, id)
                    .await
                    .unwrap();
            } else {
                // Somebody got in with the phone that is the account's now; no level was left that could have fallen.
                let recovered = Happening::new(id, What::Recovered);
                history::note_aside(&world.service, &tx, &recovered)
                    .await
                    .unwrap();
            }
            tx.commit().await.unwrap();
            let link = link_in(&world.newest_sms(E164).await.unwrap());
            let seen = press(&world, &link).await;
            assert_eq!(seen.page(), Some("link-done"), "{}", seen.body);
            assert!(seen.body.contains("not everything is as it was"), "{}", seen.body);
            assert_eq!(phone(&world, id).await.as_deref(), Some(E164));
            let mut left: Vec<String> = held(&world, id).await.into_iter().map(|piece| piece.1).collect();
            left.sort();
            let expected: &[&str] = if is_renamed {
                &["phone_sms"]
            } else {
                &["phone_sms", "population_register"]
            };
            assert_eq!(left, expected, "{}", world.kind);
            let told = world.newest_sms(E164).await.unwrap();
            assert!(
                told.contains("taken back") && !told.contains("as it was"),
                "{told}"
            );
        }
    }
}

#[tokio::test]
async fn a_phone_that_waited_is_proven_since_the_code_was_given() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        ask(&mut browser, &[("phone", NEW), ("lost", "yes")]).await;
        let page = browser.get("/account/contact/phone/code").await;
        let new = world.code(NEW_E164).await;
        let given = world.clock.now();
        let fields = [("new_code", new.as_str())];
        browser.post("/account/contact/phone/code", &page, &fields).await;
        pass(&world, 73).await;
        assert_eq!(phone(&world, id).await.as_deref(), Some(NEW_E164));
        assert_eq!(proven_at(&world, id).await, given, "{}", world.kind);
    }
}

#[tokio::test]
async fn a_phone_that_was_added_where_none_was_can_be_taken_back() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        give_email(&world, id, EMAIL).await;
        let mut browser = signed_in(&world, PHONE).await;
        // The number went to somebody else.
        let (tx, now) = (world.service.store().read(), world.clock.now());
        let old = Phone::parse(PHONE).unwrap();
        assert!(
            accounts::set_phone(&tx, id, (Some(&old), None), now)
                .await
                .unwrap()
        );
        let source = SourceId::parse("phone_sms").unwrap();
        store::evidence::end_source(&tx, id, &source, (now, "number_gone"))
            .await
            .unwrap();
        ask(&mut browser, &[("phone", NEW)]).await;
        let page = browser.get("/account/contact/phone/code").await;
        let new = world.code(NEW_E164).await;
        let fields = [("new_code", new.as_str())];
        let done = browser.post("/account/contact/phone/code", &page, &fields).await;
        assert_eq!(
            done.location.as_deref(),
            Some("/account/contact?done=phone"),
            "{}",
            done.body
        );
        assert_eq!(phone(&world, id).await.as_deref(), Some(NEW_E164));
        let link = link_in(&world.newest_mail(EMAIL).await.unwrap());
        let seen = press(&world, &link).await;
        assert_eq!(seen.page(), Some("link-done"), "{}", seen.body);
        assert!(seen.body.contains("It is as it was before"), "{}", seen.body);
        assert_eq!(phone(&world, id).await, None, "{}", world.kind);
        assert!(held(&world, id).await.is_empty());
    }
}
