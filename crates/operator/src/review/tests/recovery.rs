//! Recovery at the counter.

use model::secret::TokenHash;
use model::standing::{Answer, Entry, Status, answer};
use store::history::What;

use super::*;

const HERE: &str = "/operator/counter/recovery";
const NEW: &str = "+8613900005678";

const FORM: [(&str, &str); 6] = [
    ("name", NAME),
    ("citizen_id", NUMBER),
    ("document", "idcard"),
    ("phone", "13900005678"),
    ("same_person", "yes"),
    ("genuine", "yes"),
];
const LOOKED: [(&str, &str); 2] = [("same_person", "yes"), ("genuine", "yes")];

/// A resident with a proven name and number.
async fn named(desks: &Desks) -> AccountId {
    desks.register.say(Word::Match);
    let account = desks.resident(PHONE, &[]).await;
    let (tx, now) = (desks.world.service.store().read(), desks.world.clock.now());
    let pair = (
        &PersonName::parse(NAME).unwrap(),
        &CitizenId::parse(NUMBER, now.date_naive()).unwrap(),
    );
    assert!(
        store::accounts::set_identity(&tx, account, pair, now)
            .await
            .unwrap()
    );
    account
}

/// What an operator types, and the code that the person reads out. Answers the number of the proposal.
async fn propose(desks: &Desks, browser: &mut Browser) -> String {
    let page = browser.get(HERE).await;
    let asked = browser.post(HERE, &page, &FORM).await;
    assert_eq!(asked.errors(), ["counter-code-missing"], "{}", asked.body);
    let sms = desks.sms(NEW).await.expect("a code");
    let code: String = sms.chars().filter(char::is_ascii_digit).take(6).collect();
    let fields: Vec<_> = FORM.into_iter().chain([("code", code.as_str())]).collect();
    let proposed = browser.post(HERE, &asked, &fields).await;
    assert_eq!(said(&proposed), "proposed", "{}", proposed.body);
    let waiting = account::recovery::counter::proposals(desks.world.service.account()).await;
    waiting.unwrap().last().unwrap().id.to_string()
}

/// What the page of all proposals is to say.
fn said(seen: &Seen) -> &str {
    let to = seen.location.as_deref().unwrap_or_default();
    to.strip_prefix("/operator/counter/recovery?done=")
        .unwrap_or_default()
}

fn step(change: &str, step: &str) -> String {
    format!("{HERE}/{change}{step}")
}

/// Sends a form that a page may not have shown to this browser.
async fn forge(browser: &mut Browser, change: &str, (at, form): (&str, &str)) -> Seen {
    browser.get(HERE).await;
    let hash = TokenHash::of(browser.cookies.get("denizen_browser").unwrap());
    let token = CsrfKey::new([7; 32]).token(&hash, form);
    let fields: Vec<_> = [("csrf", token.as_str())].into_iter().chain(LOOKED).collect();
    browser.post_raw(&step(change, at), &fields).await
}

const AGREE: (&str, &str) = ("/agree", "operator-counter-recovery-agree");
const REFUSE: (&str, &str) = ("/refuse", "operator-counter-recovery-step");
const WITHDRAW: (&str, &str) = ("/withdraw", "operator-counter-recovery-step");

async fn has_phone(desks: &Desks, account: AccountId, phone: &str) -> bool {
    let tx = desks.world.service.store().read();
    let phone = Phone::parse(phone).unwrap();
    let found = store::accounts::find_by_phone(&tx, &phone).await.unwrap();
    found.is_some_and(|found| found.id == account)
}

async fn looks(desks: &Desks) -> Vec<(String, bool)> {
    let events = desks.world.test.audited().await.unwrap();
    let looks = events.iter().filter(|(event, ..)| event == "counter_looked_up");
    looks
        .map(|(.., details)| {
            let text = details.to_string();
            assert!(!text.contains(NAME) && !text.contains(NUMBER), "{text}");
            let page = details["page"].as_str().unwrap().to_owned();
            (page, details["found"].as_bool().unwrap())
        })
        .collect()
}

#[tokio::test]
async fn attack_241_nobody_gives_an_account_back_alone_and_no_reviewer_agrees() {
    for desks in desks().await {
        let account = named(&desks).await;
        let mut anna = desks.senior("anna").await;
        let change = propose(&desks, &mut anna).await;
        let own = anna.get(HERE).await;
        assert!(!own.body.contains(&step(&change, "\"")), "not one's own");
        assert_eq!(said(&anna.get(&step(&change, "")).await), "own");
        let mut ben = desks.reviewer("ben").await;
        let page = ben.get(HERE).await;
        assert!(!page.body.contains(&change), "a reviewer does not confirm");
        assert_eq!(ben.get(&step(&change, "")).await.status.as_u16(), 403);
        for at in [AGREE, REFUSE] {
            assert_eq!(forge(&mut ben, &change, at).await.status.as_u16(), 403);
        }
        assert_eq!(said(&forge(&mut ben, &change, WITHDRAW).await), "gone");
        assert_eq!(said(&forge(&mut anna, &change, AGREE).await), "own");
        let mut carla = desks.senior("carla").await;
        let list = carla.get(HERE).await;
        assert!(list.body.contains("Name of anna"), "who proposed: {}", list.body);
        let page = carla.get(&step(&change, "")).await;
        // Whose account it is, so that it can be compared: and nothing in full.
        for shown in [
            "张**",
            "340***********0012",
            "In use",
            "Identity card",
            "139****5678",
            "Name of anna",
        ] {
            assert!(page.main().contains(shown), "{shown}: {}", page.main());
        }
        assert!(!page.body.contains(NAME) && !page.body.contains(NUMBER));
        let path = step(&change, AGREE.0);
        let unseen = carla.post(&path, &page, &[("genuine", "yes")]).await;
        assert_eq!(unseen.errors(), ["counter-look-missing"], "{}", unseen.body);
        assert!(!has_phone(&desks, account, NEW).await);
        let agreed = carla.post(&path, &page, &LOOKED).await;
        assert_eq!(said(&agreed), "agreed", "{}", agreed.body);
        assert!(has_phone(&desks, account, NEW).await);
        assert_eq!(said(&carla.post(&path, &page, &LOOKED).await), "gone", "twice");
        assert_eq!(said(&carla.get(&step(&change, "")).await), "gone");
    }
}

#[tokio::test]
async fn attack_241_one_person_with_two_logins_and_the_owner_are_no_second_operator_and_see_nothing() {
    for desks in desks().await {
        let account = named(&desks).await;
        let world = &desks.world;
        let roles = [Role::SeniorReviewer];
        let (mut anna, one) = world.signed_in("anna", &roles).await;
        let below = world.operator_by(("anna2", "Anna"), &roles, Some(one.id)).await;
        let mut below = world.browser_of(&below).await;
        let owner = world.operator_by(("zhang", NAME), &roles, None).await;
        let mut owner = world.browser_of(&owner).await;
        let change = propose(&desks, &mut anna).await;
        let before = looks(&desks).await.len();
        for (browser, word) in [(&mut below, "same-voucher"), (&mut owner, "own-name")] {
            assert_eq!(said(&browser.get(&step(&change, "")).await), word);
            assert_eq!(
                said(&forge(browser, &change, AGREE).await),
                word,
                "{}",
                world.kind
            );
            let page = browser.get(&format!("{HERE}?done={word}")).await;
            assert!(page.main().contains("role=\"status\""), "{}", page.body);
        }
        assert_eq!(looks(&desks).await.len(), before, "there was nothing to see");
        assert_eq!(said(&forge(&mut owner, &change, REFUSE).await), "own-name");
        assert!(!has_phone(&desks, account, NEW).await);
        // Stopping it takes nothing from anybody.
        assert_eq!(said(&forge(&mut below, &change, REFUSE).await), "refused");
    }
}

#[tokio::test]
async fn attack_291_every_search_and_every_look_is_in_the_log_and_in_the_owner_s_history() {
    for desks in desks().await {
        let account = named(&desks).await;
        let mut anna = desks.reviewer("anna").await;
        let page = anna.get(HERE).await;
        let stranger = FORM.map(|(name, value)| (name, if name == "name" { "李四" } else { value }));
        let unknown = anna.post(HERE, &page, &stranger).await;
        assert_eq!(unknown.errors(), ["counter-recovery-unknown"], "{}", unknown.body);
        assert_eq!(looks(&desks).await, [("recovery".to_owned(), false)]);
        // Found, and nothing proposed.
        anna.post(HERE, &page, &FORM).await;
        let counter = anna.get("/operator/counter").await;
        let mut fields = vec![("who", "13800000001"), ("document_expires", "2030-12-31")];
        fields.extend(FORM.iter().filter(|(name, _)| *name != "phone"));
        anna.post("/operator/counter", &counter, &fields).await;
        fields[0].1 = "13900000009";
        let nobody = anna.post("/operator/counter", &counter, &fields).await;
        assert_eq!(nobody.errors(), ["counter-who-unknown"]);
        desks.world.wait(120);
        let change = propose(&desks, &mut anna).await;
        desks.senior("carla").await.get(&step(&change, "")).await;
        let all = looks(&desks).await;
        let count = |page: &str, found| all.iter().filter(|one| **one == (page.to_owned(), found)).count();
        assert_eq!(count("recovery", true), 3, "{all:?}");
        assert_eq!((count("counter", true), count("counter", false)), (1, 1));
        assert_eq!(count("proposal", true), 1, "{}", desks.world.kind);
        let tx = desks.world.service.store().read();
        let read = store::history::list(&tx, account, None).await.unwrap();
        let seen = |what| read.iter().filter(|entry| entry.what == what).count();
        assert_eq!((seen(What::LookedUp), seen(What::RecoveryStarted)), (5, 1));
    }
}

#[tokio::test]
async fn whoever_proposed_takes_it_back_with_the_right_that_they_have() {
    for desks in desks().await {
        let account = named(&desks).await;
        let (mut anna, mut ben) = (desks.reviewer("anna").await, desks.reviewer("ben").await);
        let change = propose(&desks, &mut anna).await;
        let page = anna.get(HERE).await;
        assert!(!ben.get(HERE).await.body.contains(&change));
        let taken = anna.post(&step(&change, WITHDRAW.0), &page, &[]).await;
        assert_eq!(said(&taken), "withdrawn", "{}", taken.body);
        let again = anna.post(&step(&change, WITHDRAW.0), &page, &[]).await;
        assert_eq!(said(&again), "gone");
        let mut carla = desks.senior("carla").await;
        assert_eq!(
            said(&forge(&mut carla, &change, AGREE).await),
            "gone",
            "{}",
            desks.world.kind
        );
        assert!(!has_phone(&desks, account, NEW).await);
    }
}

#[tokio::test]
async fn attack_162_241_the_second_operator_proves_who_they_are_and_a_page_of_before_counts_for_nothing() {
    for desks in desks().await {
        let account = named(&desks).await;
        let (mut anna, mut carla) = (desks.senior("anna").await, desks.senior("carla").await);
        let old = propose(&desks, &mut anna).await;
        let stale = carla.get(&step(&old, "")).await;
        desks.world.wait(120);
        let new = propose(&desks, &mut anna).await;
        let agreed = carla.post(&step(&old, AGREE.0), &stale, &LOOKED).await;
        assert_eq!(said(&agreed), "gone", "{}", agreed.body);
        desks.world.wait(16 * 60);
        for seen in [
            carla.get(&step(&new, "")).await,
            forge(&mut carla, &new, AGREE).await,
            forge(&mut carla, &new, REFUSE).await,
        ] {
            let to = seen.location.unwrap_or_default();
            assert!(to.starts_with("/operator/confirm?return_to="), "{to}");
            assert!(!to.contains("agree") && !to.contains("refuse"), "a page: {to}");
        }
        assert!(!has_phone(&desks, account, NEW).await, "{}", desks.world.kind);
    }
}

#[tokio::test]
async fn the_counter_finds_an_account_in_the_standings_that_the_table_says() {
    for desks in desks().await {
        let account = named(&desks).await;
        let mut anna = desks.senior("anna").await;
        let page = anna.get(HERE).await;
        for status in Status::ALL {
            desks.world.test.set_status(account, status).await.unwrap();
            let seen = anna.post(HERE, &page, &FORM).await;
            let unknown = seen.errors() == ["counter-recovery-unknown"];
            let expected = answer(status, Entry::Counter) == Answer::AsIfUnknown;
            assert_eq!(unknown, expected, "{status:?}: {:?}", seen.errors());
        }
    }
}
