//! A number that is somebody else's by now, and the account of whoever had it before (A234, A237).

use super::*;
use crate::changes::worker::apply_due;

/// The ways that the page offers.
fn ways(page: &Seen) -> Vec<&'static str> {
    [
        "code",
        "totp",
        "passkey",
        "send-email",
        "person",
        "identity",
        "wait",
    ]
    .into_iter()
    .filter(|way| page.body.contains(&format!("value=\"{way}\"")))
    .collect()
}

async fn address(world: &World, id: AccountId) {
    let (tx, now) = (world.service.store().read(), world.clock.now());
    let email = Email::parse(EMAIL).unwrap();
    assert!(
        accounts::set_email(&tx, id, (None, Some(&email)), now)
            .await
            .unwrap()
    );
}

async fn wait(browser: &mut Browser, page: &Seen) {
    browser.post("/recover/proof", page, &[("way", "wait")]).await;
    let done = choose(browser).await;
    assert_eq!(done.location.as_deref(), Some("/recover/done"), "{}", done.body);
    assert_eq!(browser.get("/recover/done").await.page(), Some("recover-waits"));
}

#[tokio::test]
async fn attack_237_a_number_of_another_holder_does_not_open_an_account_that_has_an_address() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        address(&world, id).await;
        let mut stranger = proven(&world).await;
        let page = stranger.get("/recover/proof").await;
        assert_eq!(page.page(), Some("recover-proof"), "{:?}", page.location);
        assert_eq!(ways(&page), ["send-email", "wait"], "{}", world.kind);
        assert!(!page.body.contains("zhang@"), "{}", page.body);
        let jumped = stranger.get("/recover/password").await;
        assert_eq!(jumped.location.as_deref(), Some("/recover/proof"));
        wait(&mut stranger, &page).await;
        assert!(!signs_in(&world, NEW).await, "not at once");
        // The mailbox is told in time, and its link holds the account; the phone has none.
        let mail = world.newest_mail(EMAIL).await.unwrap();
        assert!(!world.newest_sms(E164).await.unwrap().contains("/link/"));
        let (mut owner, link) = (world.browser(), link_in(&mail));
        let page = owner.get(&link).await;
        owner.post(&link, &page, &[]).await;
        pass(&world, 48).await;
        assert_eq!(status(&world, id).await, Status::Held);
        assert!(!signs_in(&world, NEW).await);
    }
}

#[tokio::test]
async fn attack_237_an_account_in_use_for_a_while_waits_though_nothing_but_a_phone_is_behind_it() {
    for stops in ["nobody", "sign-in", "link"] {
        for world in worlds().await {
            resident(&world, PHONE).await;
            world.clock.advance(TimeDelta::hours(24));
            let mut browser = proven(&world).await;
            let page = browser.get("/recover/proof").await;
            assert_eq!(ways(&page), ["wait"], "{}: {}", world.kind, page.body);
            assert!(page.body.contains("does not open this account at once"));
            wait(&mut browser, &page).await;
            let told = world.newest_sms(E164).await.unwrap();
            match stops {
                "sign-in" => assert!(signs_in(&world, PASSWORD).await),
                "link" => {
                    let (mut owner, link) = (world.browser(), link_in(&told));
                    let page = owner.get(&link).await;
                    owner.post(&link, &page, &[]).await;
                }
                _ => {}
            }
            pass(&world, 23).await;
            assert!(!signs_in(&world, NEW).await, "{stops}");
            pass(&world, 1).await;
            apply_due(&world.service).await.unwrap();
            let recovered = stops == "nobody";
            assert_eq!(signs_in(&world, NEW).await, recovered, "{stops} {}", world.kind);
            assert_eq!(signs_in(&world, PASSWORD).await, !recovered, "{stops}");
        }
    }
}

#[tokio::test]
async fn source_hb_37_what_the_operator_of_the_network_is_asked_in_a_recovery_counts_and_is_written_down() {
    for world in with_operator(Word::Mismatch).await {
        let id = resident(&world, PHONE).await;
        name(&world, id, None).await;
        let mut browser = proven(&world).await;
        let page = browser.get("/recover/proof").await;
        let fields = [("way", "identity"), ("name", NAME), ("citizen_id", NUMBER)];
        let tries = world.service.config().sources.tries_per_day;
        for _ in 0..tries {
            let seen = browser.post("/recover/proof", &page, &fields).await;
            assert_eq!(seen.errors(), ["recover-identity-wrong"], "{}", world.kind);
        }
        let seen = browser.post("/recover/proof", &page, &fields).await;
        assert_eq!(seen.errors(), ["recover-too-many"], "A253, {}", world.kind);
        let audited = world.test.audited().await.unwrap();
        let asked = audited.iter().filter(|(event, ..)| event == "source_asked");
        assert_eq!(asked.count(), usize::try_from(tries).unwrap());
    }
}

#[tokio::test]
async fn attack_251_a_question_that_nobody_answered_at_a_recovery_is_no_try_and_is_written_down() {
    for world in with_operator(Word::Unavailable).await {
        let id = resident(&world, PHONE).await;
        name(&world, id, None).await;
        let mut browser = proven(&world).await;
        let page = browser.get("/recover/proof").await;
        let fields = [("way", "identity"), ("name", NAME), ("citizen_id", NUMBER)];
        for _ in 0..=world.service.config().sources.tries_per_day {
            let seen = browser.post("/recover/proof", &page, &fields).await;
            assert_eq!(seen.errors(), ["recover-identity-unavailable"], "{}", world.kind);
        }
        let audited = world.test.audited().await.unwrap();
        assert!(audited.iter().any(|(event, ..)| event == "source_asked"));
    }
}
