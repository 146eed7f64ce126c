//! A number whose former owner cannot use the account: stopped, frozen, held, ended (A237, attacks 2.12).

use model::standing::{Answer, Entry, answer};

use super::*;

/// The standings in which an account has its number and nothing opens it here.
fn shut() -> impl Iterator<Item = Status> {
    let of = |status| answer(status, Entry::Recovery) == Answer::OnlyTheNumber;
    Status::ALL.into_iter().filter(move |status| of(*status))
}

/// What a person reads on a page.
fn main(seen: &Seen) -> String {
    let (_, main) = seen.body.split_once("<h1").expect("a page");
    let main = main.split_once("</main>").map_or(main, |(main, _)| main);
    ["csrf", "draft"]
        .iter()
        .filter_map(|name| seen.hidden(name))
        .fold(main.to_owned(), |main, value| main.replace(value, ""))
}

async fn register(world: &World) -> String {
    let mut browser = world.browser();
    let page = browser.get("/register").await;
    let captcha = browser.look_at_captcha(&page).await;
    let fields = [
        ("kind", "resident"),
        ("phone", PHONE),
        ("captcha", captcha.as_str()),
    ];
    let seen = browser.post("/register", &page, &fields).await;
    assert_eq!(
        seen.location.as_deref(),
        Some("/register/confirm"),
        "{}",
        seen.body
    );
    world.newest_sms(E164).await.unwrap()
}

fn has_code(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_digit())
        .any(|run| run.len() == 6)
}

#[tokio::test]
async fn attack_237_the_number_of_an_account_that_is_shut_becomes_free_for_who_has_it_and_opens_nothing() {
    let all: Vec<Status> = shut().chain([Status::Held]).collect();
    assert_eq!(all.len(), 6);
    for status in all {
        for world in worlds().await {
            let id = resident(&world, PHONE).await;
            name(&world, id, Some(EMAIL)).await;
            world.test.set_status(id, status).await.unwrap();
            let mut browser = proven(&world).await;
            let page = browser.get("/recover/number").await;
            assert_eq!(page.page(), Some("recover-number"), "{status:?}: {}", page.body);
            let done = browser.post("/recover/number", &page, &[]).await;
            assert_eq!(done.location.as_deref(), Some("/recover/done"));
            // A second press finds it begun.
            let again = browser.post("/recover/number", &page, &[]).await;
            assert_eq!(again.location.as_deref(), Some("/recover/done"));
            let told = world.newest_mail(EMAIL).await.unwrap();
            assert!(told.contains("/link/"), "{status:?}: {told}");
            for way in [
                "sign in and say so",
                "more than the phone",
                "object to what was decided",
            ] {
                assert!(told.contains(way), "{status:?}: {told}");
            }
            let phone = Phone::parse(PHONE).unwrap();
            let tx = world.service.store().read();
            pass(&world, 7 * 24 - 1).await;
            assert!(accounts::find_by_phone(&tx, &phone).await.unwrap().is_some());
            world.clock.advance(TimeDelta::hours(1));
            // Two nodes at once.
            let (one, two) = tokio::join!(
                worker::apply_due(&world.service),
                worker::apply_due(&world.service)
            );
            assert_eq!(one.unwrap() + two.unwrap(), 1, "{status:?} {}", world.kind);
            assert!(accounts::find_by_phone(&tx, &phone).await.unwrap().is_none());
            assert_eq!(self::status(&world, id).await, status, "it opens nothing");
            assert!(live(&world, &browser).await.is_none());
            assert!(has_code(&register(&world).await), "free for its new holder");
        }
    }
}

#[tokio::test]
async fn attack_203_whoever_has_the_phone_learns_nothing_of_why_an_account_is_shut_and_gets_no_further() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        name(&world, id, None).await;
        let mut seen = Vec::new();
        for status in shut() {
            // Pages that were open when the account was shut, and the same address afterwards.
            world.test.set_status(id, Status::Active).await.unwrap();
            let mut browser = proven(&world).await;
            let ways = browser.get("/recover/proof").await;
            let waits = browser.post("/recover/proof", &ways, &[("way", "wait")]).await;
            assert_eq!(waits.location.as_deref(), Some("/recover/password"));
            let choosing = browser.get("/recover/password").await;
            world.test.set_status(id, status).await.unwrap();
            let page = browser.get("/recover/proof").await;
            assert_eq!(page.page(), Some("recover-proof"), "{status:?}: {}", page.body);
            assert!(page.body.contains("/recover/number"), "{}", page.body);
            let counter = page.body.contains("identity document");
            assert!(!counter, "{status:?}: it serves them not");
            // Jumping ahead, and sending forms that are not offered any more (A223, A233).
            let ahead = browser.get("/recover/password").await;
            let mut sent = Vec::new();
            for way in [
                "wait",
                "code",
                "totp",
                "email",
                "send-email",
                "identity",
                "passkey",
            ] {
                let answer = browser.post("/recover/proof", &ways, &[("way", way)]).await;
                assert_eq!(
                    answer.status,
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "{status:?} {way}"
                );
                sent.push(main(&answer));
            }
            let fields = [("password", super::NEW), ("password_again", super::NEW)];
            let forced = browser.post("/recover/password", &choosing, &fields).await;
            seen.push((main(&page), ahead.location, sent, forced.location));
            world.clock.advance(TimeDelta::hours(25));
            worker::apply_due(&world.service).await.unwrap();
        }
        for (at, one) in seen.iter().enumerate() {
            assert_eq!(*one, seen[0], "{at} {}", world.kind);
        }
        assert_eq!(seen[0].1.as_deref(), Some("/recover/proof"));
        assert_eq!(seen[0].3.as_deref(), Some("/recover/proof"));
        world.test.set_status(id, Status::Active).await.unwrap();
        assert!(signs_in(&world, PASSWORD).await, "the password is the one before");
    }
}

#[tokio::test]
async fn attack_207_what_the_phone_is_told_by_registering_and_by_recovering_never_contradicts() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        for status in Status::ALL {
            world.test.set_status(id, status).await.unwrap();
            world.clock.advance(TimeDelta::hours(25));
            let registering = register(&world).await;
            begin(&mut world.browser(), PHONE).await;
            let recovering = world.newest_sms(E164).await.unwrap();
            if status == Status::Closed {
                assert!(has_code(&registering), "{registering}");
                assert!(recovering.contains("There is no account"), "{recovering}");
            } else {
                assert!(registering.contains("account"), "{status:?}: {registering}");
                assert!(!has_code(&registering), "{status:?}: {registering}");
                assert!(has_code(&recovering), "{status:?} {}: {recovering}", world.kind);
            }
            if !matches!(status, Status::Closed | Status::Pending) {
                assert!(registering.contains("/recover"), "{status:?}: {registering}");
            }
        }
    }
}

#[tokio::test]
async fn attack_237_a_number_that_the_account_has_no_more_is_not_disputed_by_a_page_that_was_open() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        world.test.set_status(id, Status::Suspended).await.unwrap();
        let mut browser = proven(&world).await;
        let page = browser.get("/recover/number").await;
        let (tx, now) = (world.service.store().read(), world.clock.now());
        let [old, new] = [PHONE, "13900005678"].map(|phone| Phone::parse(phone).unwrap());
        assert!(
            accounts::set_phone(&tx, id, (Some(&old), Some(&new)), now)
                .await
                .unwrap()
        );
        browser.post("/recover/number", &page, &[]).await;
        let open = store::changes::find_open(&tx, id, store::changes::Kind::NumberDispute).await;
        assert!(open.unwrap().is_none(), "{}", world.kind);
    }
}

#[tokio::test]
async fn a_dispute_that_waits_is_written_down_once_whoever_says_it_again() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        name(&world, id, Some(EMAIL)).await;
        let mut at = Vec::new();
        for _ in 0..2 {
            let mut browser = proven(&world).await;
            let page = browser.get("/recover/number").await;
            browser.post("/recover/number", &page, &[]).await;
            at.push(main(&browser.get("/recover/done").await));
            world.clock.advance(TimeDelta::hours(25));
        }
        assert_eq!(at[0], at[1], "the day does not move");
        let events = world.test.audited().await.unwrap();
        let written = events.iter().filter(|event| event.0 == "number_disputed");
        assert_eq!(written.count(), 1, "{}", world.kind);
    }
}
