//! A source that looks at the person: what it opens, whose word counts for whom, and what is left when it comes to
//! nothing.

use std::sync::atomic::Ordering;

use super::held::{NEWER, app, hold};
use super::*;
use crate::evidence::away::tests::{Says, Scene, scenes};
use crate::evidence::check::Attempt;
use crate::evidence::port::Astray;
use crate::evidence::{filing, tries};

const HERE: &str = "/recover/face";
const OTHER: &str = "13900005678";
const STRANGER: Says = Says::Vouches("李静宜", "420000198511150022");
const OWNER: Says = Says::Vouches(NAME, NUMBER);

/// Proves a phone in a browser.
async fn prove(world: &World, browser: &mut Browser, phone: &str) {
    begin(browser, phone).await;
    let seen = code(browser, &world.code(&format!("+86{phone}")).await).await;
    assert_eq!(seen.location.as_deref(), Some("/recover/proof"), "{}", seen.body);
}

async fn known(scene: &Scene) -> AccountId {
    let id = resident(&scene.world, PHONE).await;
    name(&scene.world, id, Some(EMAIL)).await;
    id
}

async fn send(browser: &mut Browser, fields: &[(&str, &str)]) -> Seen {
    let page = browser.get(HERE).await;
    assert_eq!(page.page(), Some("recover-face"), "{:?}", page.location);
    browser.post(HERE, &page, fields).await
}

/// Leaves for the vendor; the value that must come back.
async fn leave(browser: &mut Browser) -> String {
    let fields = [("name", NAME), ("citizen_id", NUMBER), ("agree", "yes")];
    let seen = send(browser, &fields).await;
    let to = url::Url::parse(seen.location.as_deref().expect("away")).expect("another party");
    let state = to.query_pairs().find(|(name, _)| name == "state");
    state.expect("a state").1.into_owned()
}

fn address(state: &str) -> String {
    format!("{HERE}/back?state={state}")
}

async fn back(browser: &mut Browser, state: &str) -> Seen {
    browser.get(&address(state)).await
}

fn said(word: &str) -> String {
    format!("{HERE}?said={word}")
}

async fn left(scene: &Scene, account: AccountId) -> i64 {
    let attempt = Attempt {
        account,
        source: SourceId::parse("face").unwrap(),
        facts: store::cases::Input {
            name: PersonName::parse(NAME).unwrap(),
            citizen_id: CitizenId::parse(NUMBER, scene.world.clock.now().date_naive()).unwrap(),
            phone: None,
            more: store::cases::Factors::none(),
        },
        request_id: None,
    };
    tries::left(&scene.world.service, &attempt).await.unwrap()
}

/// A proof has not been given.
async fn asks_for_more(browser: &mut Browser) -> bool {
    let seen = browser.get("/recover/password").await;
    seen.location.as_deref() == Some("/recover/proof")
}

#[tokio::test]
async fn attack_225_235_a_held_account_opens_to_its_owners_face_and_what_was_enrolled_before_the_hold_goes() {
    for scene in scenes().await {
        let (world, id) = (&scene.world, known(&scene).await);
        app(world, id, NEWER).await;
        hold(world, id).await;
        let before = level(world, id).await;
        let mut browser = proven(world).await;
        let page = browser.get("/recover/proof").await;
        assert!(!page.body.contains(NAME), "A237: nothing of the owner is shown");
        let seen = browser.post("/recover/proof", &page, &[("way", "person")]).await;
        assert_eq!(seen.location.as_deref(), Some(HERE), "{}", seen.body);
        let page = browser.get(HERE).await;
        assert!(
            page.body.contains("7 days") && page.body.contains("your choice"),
            "{}",
            page.body
        );
        assert!(
            page.body.contains("href=\"/recover/proof\""),
            "another road beside a face"
        );
        assert!(!page.body.contains(NAME) && !page.body.contains(NUMBER));
        let state = leave(&mut browser).await;
        assert!(asks_for_more(&mut browser).await, "A233: away is not back");
        let seen = back(&mut browser, &state).await;
        assert_eq!(
            seen.location.as_deref(),
            Some("/recover/password"),
            "{}",
            seen.body
        );
        assert_eq!(
            status(world, id).await,
            Status::Held,
            "not before there is a password"
        );
        let done = choose(&mut browser).await;
        assert_eq!(done.location.as_deref(), Some("/recover/done"), "{}", done.body);
        assert_eq!(status(world, id).await, Status::Active, "{}", world.kind);
        assert_eq!(level(world, id).await, before);
        assert!(
            store::factors::list(&world.service.store().read(), id)
                .await
                .unwrap()
                .is_empty()
        );
        assert!(world.newest_sms(E164).await.unwrap().contains("/link/"));
        assert!(world.newest_mail(EMAIL).await.unwrap().contains("/link/"));
        assert!(live(world, &browser).await.is_none(), "nobody is signed in by it");
        assert!(signs_in(world, NEW).await && !signs_in(world, PASSWORD).await);
    }
}

/// Somebody was at a counter.
async fn seen_in_person(world: &World, id: AccountId) {
    let (tx, now) = (world.service.store().read(), world.clock.now());
    let new = NewEvidence {
        evidence: Evidence {
            id: EvidenceId::new(now, world.service.rng()),
            source: SourceId::parse("counter").unwrap(),
            issued_at: now,
            expires_at: None,
            ended_at: None,
        },
        account: id,
        reference: None,
        case: None,
        details: Details::default(),
    };
    store::evidence::record(&tx, &new).await.unwrap();
}

#[tokio::test]
async fn attack_234_what_is_above_a_comparison_of_faces_does_not_come_back_by_one() {
    for scene in scenes().await {
        let (world, id) = (&scene.world, known(&scene).await);
        let before = level(world, id).await;
        seen_in_person(world, id).await;
        assert_eq!(level(world, id).await, "Level(4)");
        let mut browser = proven(world).await;
        let page = browser.get("/recover/proof").await;
        assert!(page.body.contains("has to be proven again"), "{}", page.body);
        let state = leave(&mut browser).await;
        back(&mut browser, &state).await;
        choose(&mut browser).await;
        assert!(signs_in(world, NEW).await);
        assert_eq!(level(world, id).await, before, "{}", world.kind);
        let events = world.test.audited().await.unwrap();
        let ended: Vec<_> = events
            .iter()
            .filter(|event| event.0 == "evidence_ended")
            .collect();
        assert_eq!(ended.len(), 1);
        assert_eq!(ended[0].2["reason"], "recovered_by_face");
    }
}

#[tokio::test]
async fn attack_235_the_owner_hears_by_another_way_that_somebody_leaves_to_show_their_face_once() {
    for scene in scenes().await {
        let (world, id) = (&scene.world, known(&scene).await);
        let mut browser = proven(world).await;
        let texts = world.sms_count().await;
        leave(&mut browser).await;
        let told = world.newest_mail(EMAIL).await.expect("a mail");
        assert!(
            told.contains("do not show your face") && told.contains("/link/"),
            "{told}"
        );
        assert_eq!(world.sms_count().await, texts, "the phone acts");
        leave(&mut browser).await;
        let tx = world.service.store().read();
        let count = async || {
            let all = store::notices::list(&tx, id, (0, 50)).await.unwrap();
            let by_face = |one: &&store::notices::Notice| one.kind == crate::notices::Kind::RecoveryByFace;
            all.iter().filter(by_face).count()
        };
        assert_eq!(count().await, 1, "once, {}", world.kind);
    }
}

#[tokio::test]
async fn attack_234_a_face_gives_a_password_back_at_once_and_raises_nothing() {
    for scene in scenes().await {
        let (world, id) = (&scene.world, known(&scene).await);
        let before = level(world, id).await;
        let mut browser = proven(world).await;
        let state = leave(&mut browser).await;
        back(&mut browser, &state).await;
        choose(&mut browser).await;
        assert!(signs_in(world, NEW).await);
        assert_eq!(level(world, id).await, before, "{}", world.kind);
        let held = store::evidence::list(&world.service.store().read(), id)
            .await
            .unwrap();
        assert!(
            held.iter().all(|piece| piece.source.as_str() != "face"),
            "agreed to for this alone"
        );
        let written = world.test.audited().await.unwrap();
        for event in ["consent_given", "source_asked", "account_recovered"] {
            assert_eq!(
                written.iter().filter(|(name, ..)| name == event).count(),
                1,
                "{event}"
            );
        }
    }
}

#[tokio::test]
async fn attack_231_270_a_return_counts_for_its_own_recovery_browser_account_and_errand() {
    for scene in scenes().await {
        let (world, _) = (&scene.world, known(&scene).await);
        let other = resident(world, OTHER).await;
        {
            let (tx, now) = (world.service.store().read(), world.clock.now());
            let number = CitizenId::parse("420000198511150022", now.date_naive()).unwrap();
            let whose = PersonName::parse("李静宜").unwrap();
            let set = accounts::set_identity(&tx, other, (&whose, &number), now).await;
            assert!(set.unwrap());
        }
        let mut browser = proven(world).await;
        let state = leave(&mut browser).await;
        // The same phone in another browser; a sign-in of the same account in the same one.
        world.clock.advance(TimeDelta::seconds(61));
        let mut elsewhere = proven(world).await;
        assert_eq!(back(&mut elsewhere, &state).await.location, Some(said("lost")));
        let mut signed = browser.clone();
        sign_in(&mut signed, PHONE, PASSWORD).await;
        signed.cookies.insert(
            "denizen_browser".to_owned(),
            browser.cookies["denizen_browser"].clone(),
        );
        let seen = signed.get(&format!("/verify/face/back?state={state}")).await;
        assert_ne!(seen.location.as_deref(), Some("/account/level?done=yes"));
        // Another recovery of the same browser, of the same account and of another one.
        world.clock.advance(TimeDelta::seconds(61));
        let mut again = browser.clone();
        prove(world, &mut again, PHONE).await;
        assert_eq!(back(&mut again, &state).await.location, Some(said("lost")));
        world.clock.advance(TimeDelta::seconds(61));
        prove(world, &mut again, OTHER).await;
        let seen = back(&mut again, &state).await;
        assert_eq!(seen.location, Some(said("other-account")));
        let page = again.get(seen.location.as_deref().unwrap()).await;
        assert!(
            page.body.contains("Please start again") && !page.body.contains(NAME),
            "{}",
            page.body
        );
        assert_eq!(scene.face.asked.load(Ordering::SeqCst), 0, "{}", world.kind);
        assert!(asks_for_more(&mut again).await && asks_for_more(&mut elsewhere).await);
    }
}

#[tokio::test]
async fn attack_250_whoever_is_not_seen_as_the_owner_gets_nothing_and_loses_nothing() {
    for scene in scenes().await {
        let (world, id) = (&scene.world, known(&scene).await);
        let mut browser = proven(world).await;
        let all = left(&scene, id).await;
        for (says, word, used) in [
            (Says::Astray(Astray::Cancelled), "cancelled", 0),
            (Says::Word(Word::Match), "unavailable", 0),
            (Says::Word(Word::NotFound), "unavailable", 0),
            (Says::Word(Word::Mismatch), "differs", 1),
            (STRANGER, "differs", 2),
        ] {
            scene.face.say(says);
            let state = leave(&mut browser).await;
            let seen = back(&mut browser, &state).await;
            assert_eq!(seen.location, Some(said(word)), "{}", world.kind);
            assert_eq!(left(&scene, id).await, all - used, "{word}");
            let page = browser.get(seen.location.as_deref().unwrap()).await;
            assert_eq!(
                (page.status, page.page()),
                (StatusCode::UNPROCESSABLE_ENTITY, Some("recover-face"))
            );
            assert!(
                !page.body.contains("Your level") && !page.body.contains("recover-face-"),
                "{}",
                page.body
            );
            // It was dealt with, whoever brings it again.
            assert_eq!(back(&mut browser, &state).await.location, Some(said("used")));
            assert!(asks_for_more(&mut browser).await);
        }
        // What cannot be had is asked for again, and is no try.
        scene.face.say(Says::Astray(Astray::Unasked(Word::Unavailable)));
        let state = leave(&mut browser).await;
        let seen = back(&mut browser, &state).await;
        let page = browser.get(seen.location.as_deref().unwrap()).await;
        assert!(page.body.contains(&address(&state)), "{}", page.body);
        scene.face.say(OWNER);
        let seen = back(&mut browser, &state).await;
        assert_eq!(seen.location.as_deref(), Some("/recover/password"));
    }
}

#[tokio::test]
async fn attack_253_tries_are_those_of_the_account_for_the_day_and_another_way_is_left() {
    for scene in scenes().await {
        let (world, id) = (&scene.world, known(&scene).await);
        let mut browser = proven(world).await;
        scene.face.say(STRANGER);
        let mut states = Vec::new();
        for _ in 0..4 {
            states.push(leave(&mut browser).await);
        }
        let last = states.pop().unwrap();
        for state in &states {
            assert_eq!(back(&mut browser, state).await.location, Some(said("differs")));
        }
        assert_eq!(left(&scene, id).await, 0);
        scene.face.say(OWNER);
        assert_eq!(
            back(&mut browser, &last).await.location,
            Some(said("limit")),
            "{}",
            world.kind
        );
        let fields = [("name", NAME), ("citizen_id", NUMBER), ("agree", "yes")];
        assert_eq!(send(&mut browser, &fields).await.location, Some(said("limit")));
        let page = browser.get("/recover/proof").await;
        let seen = browser.post("/recover/proof", &page, &[("way", "wait")]).await;
        assert_eq!(seen.location.as_deref(), Some("/recover/password"));
    }
}

#[tokio::test]
async fn attack_231_a_node_that_stops_at_the_return_loses_nothing_and_two_tabs_pass_once() {
    for scene in scenes().await {
        let (world, id) = (&scene.world, known(&scene).await);
        let mut browser = proven(world).await;
        let state = leave(&mut browser).await;
        let all = left(&scene, id).await;
        let gate = scene.face.close();
        let mut gone = browser.clone();
        tokio::select! {
            biased;
            _ = back(&mut gone, &state) => panic!("it waits for the party"),
            () = scene.face.reached.notified() => {}
        }
        scene.face.open_another();
        let busy = Some(format!("{}&again={state}", said("busy")));
        assert_eq!(back(&mut browser, &state).await.location, busy);
        let page = browser.get(busy.as_deref().unwrap()).await;
        assert!(page.body.contains(&address(&state)), "{}", page.body);
        assert!(asks_for_more(&mut browser).await);
        world.clock.advance(TimeDelta::seconds(filing::LEASE_SECONDS));
        let (mut one, mut two) = (browser.clone(), browser.clone());
        let both = tokio::join!(back(&mut one, &state), back(&mut two, &state));
        let places = [both.0.location, both.1.location];
        assert!(
            places.contains(&Some("/recover/password".to_owned())),
            "{places:?}"
        );
        assert_eq!(left(&scene, id).await, all - 1, "one try, {}", world.kind);
        // The node only hung, and comes to its end now: it has nothing to say any more.
        drop(gate);
        for _ in 0..20_000 {
            tokio::task::yield_now().await;
        }
        assert_eq!(left(&scene, id).await, all - 1);
        // Who comes back once more goes on.
        let seen = back(&mut browser, &state).await;
        assert_eq!(seen.location.as_deref(), Some("/recover/password"));
        let done = choose(&mut browser).await;
        assert_eq!(done.location.as_deref(), Some("/recover/done"), "{}", done.body);
        let seen = back(&mut browser, &state).await;
        assert_eq!(seen.location.as_deref(), Some("/recover/done"), "it is over");
        assert_eq!(scene.face.asked.load(Ordering::SeqCst), 2, "once for each lease");
    }
}

#[tokio::test]
async fn attack_237_whoever_has_the_phone_and_does_not_know_whose_it_was_sends_nobodys_name_anywhere() {
    for scene in scenes().await {
        let (world, _) = (&scene.world, known(&scene).await);
        let mut stranger = proven(world).await;
        let seen = send(&mut stranger, &[("name", NAME), ("citizen_id", NUMBER)]).await;
        assert_eq!(seen.errors(), ["away-agree-missing"], "{}", seen.body);
        for _ in 0..10 {
            let fields = [("name", "李四"), ("citizen_id", NUMBER), ("agree", "yes")];
            let seen = send(&mut stranger, &fields).await;
            assert_eq!(seen.errors(), ["recover-identity-wrong"]);
            assert!(seen.body.contains("李四"), "what was typed is there");
        }
        let fields = [("name", NAME), ("citizen_id", NUMBER), ("agree", "yes")];
        let seen = send(&mut stranger, &fields).await;
        assert_eq!(seen.errors(), ["recover-too-many"], "{}", world.kind);
        assert_eq!(scene.face.away.load(Ordering::SeqCst), 0);
        let written = world.test.audited().await.unwrap();
        assert!(written.iter().all(|(event, ..)| event != "consent_given"));
    }
}

#[tokio::test]
async fn attack_203_nobody_is_offered_it_before_the_phone_is_proven_or_without_a_proven_name() {
    for scene in scenes().await {
        let (world, id) = (&scene.world, resident(&scene.world, PHONE).await);
        let mut browser = world.browser();
        let ended = Some("/recover?ended=yes");
        assert_eq!(browser.get(HERE).await.location.as_deref(), ended);
        assert_eq!(back(&mut browser, "x").await.location.as_deref(), ended);
        begin(&mut browser, PHONE).await;
        assert_eq!(browser.get(HERE).await.location.as_deref(), Some("/recover/code"));
        // Something is behind the phone, and no name.
        app(world, id, NEWER).await;
        code(&mut browser, &world.code(E164).await).await;
        let page = browser.get("/recover/proof").await;
        assert_eq!(page.page(), Some("recover-proof"));
        assert!(!page.body.contains("value=\"person\""), "{}", page.body);
        let seen = browser.post("/recover/proof", &page, &[("way", "person")]).await;
        assert_eq!(seen.location, None, "{}", world.kind);
        assert!(seen.body.contains("Choose one of the ways"), "{}", seen.body);
        assert_eq!(
            browser.get(HERE).await.location.as_deref(),
            Some("/recover/proof")
        );
    }
    // Nor where nobody is connected who could look.
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        name(&world, id, None).await;
        let mut browser = proven(&world).await;
        let page = browser.get("/recover/proof").await;
        assert!(!page.body.contains("value=\"person\""), "{}", world.kind);
        assert_eq!(
            browser.get(HERE).await.location.as_deref(),
            Some("/recover/proof")
        );
    }
}

#[tokio::test]
async fn attack_231_a_recovery_that_is_over_when_its_browser_comes_back_gains_nothing() {
    for scene in scenes().await {
        let (world, id) = (&scene.world, known(&scene).await);
        let mut late = proven(world).await;
        world.clock.advance(TimeDelta::minutes(25));
        let state = leave(&mut late).await;
        world.clock.advance(TimeDelta::minutes(6));
        let ended = Some("/recover?ended=yes");
        assert_eq!(back(&mut late, &state).await.location.as_deref(), ended);
        // The owner says "this wasn't me" while somebody is asked about.
        let mut browser = proven(world).await;
        let state = leave(&mut browser).await;
        let gate = scene.face.close();
        let mut waiting = browser.clone();
        let held = async {
            scene.face.reached.notified().await;
            hold(world, id).await;
            drop(gate);
        };
        let (seen, ()) = tokio::join!(back(&mut waiting, &state), held);
        assert_eq!(seen.location.as_deref(), ended, "{}", world.kind);
        assert_eq!(left(&scene, id).await, 3, "no try");
        assert_eq!(status(world, id).await, Status::Held);
        // A register that says that the person is dead: what is shut stays shut, and this recovery is over.
        world.clock.advance(TimeDelta::seconds(61));
        let mut browser = proven(world).await;
        scene.face.say(Says::Word(Word::Restricted));
        let state = leave(&mut browser).await;
        assert_eq!(back(&mut browser, &state).await.location.as_deref(), ended);
        let at = browser.get("/recover/proof").await.location;
        assert_eq!(at.as_deref(), ended, "{}", world.kind);
        assert_eq!(status(world, id).await, Status::Held);
        // An account in use is frozen, as everywhere, and nothing is said here.
        world.test.set_status(id, Status::Active).await.unwrap();
        world.clock.advance(TimeDelta::seconds(61));
        let mut browser = proven(world).await;
        scene.face.say(Says::Word(Word::Restricted));
        let state = leave(&mut browser).await;
        assert_eq!(back(&mut browser, &state).await.location, Some(said("differs")));
        assert!(browser.get(HERE).await.location.is_some(), "not offered any more");
        assert!(browser.get("/recover/password").await.location.is_some());
        assert_eq!(status(world, id).await, Status::Frozen, "{}", world.kind);
    }
}
