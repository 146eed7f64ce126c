//! Recovery at the counter.

use model::standing::{Answer, Entry, Status, answer};

use super::*;

const HERE: &str = "/operator/counter/recovery";
const DECIDE: &str = "/operator/counter/recovery/decide";
const NEW: &str = "+8613900005678";

const FORM: [(&str, &str); 6] = [
    ("name", NAME),
    ("citizen_id", NUMBER),
    ("document", "idcard"),
    ("phone", "13900005678"),
    ("same_person", "yes"),
    ("genuine", "yes"),
];

#[tokio::test]
async fn attack_241_nobody_gives_an_account_back_alone_and_no_reviewer_agrees() {
    for desks in desks().await {
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
        let mut anna = desks.senior("anna").await;
        let page = anna.get(HERE).await;
        let stranger = FORM.map(|(name, value)| (name, if name == "name" { "李四" } else { value }));
        let unknown = anna.post(HERE, &page, &stranger).await;
        assert_eq!(unknown.errors(), ["counter-recovery-unknown"], "{}", unknown.body);
        let asked = anna.post(HERE, &page, &FORM).await;
        assert_eq!(asked.errors(), ["counter-code-missing"], "{}", asked.body);
        let sms = desks.sms(NEW).await.expect("a code");
        let code: String = sms.chars().filter(char::is_ascii_digit).take(6).collect();
        let fields: Vec<_> = FORM.into_iter().chain([("code", code.as_str())]).collect();
        let proposed = anna.post(HERE, &asked, &fields).await;
        let expected = format!("{HERE}?done=proposed");
        assert_eq!(
            proposed.location.as_deref(),
            Some(expected.as_str()),
            "{}",
            proposed.body
        );
        let own = anna.get(HERE).await;
        assert!(!own.body.contains("name=\"agree\""), "not one's own");
        let mut ben = desks.reviewer("ben").await;
        assert!(
            !ben.get(HERE).await.body.contains(DECIDE),
            "a reviewer does not confirm"
        );
        let mut carla = desks.senior("carla").await;
        let page = carla.get(HERE).await;
        let form = page.form(DECIDE).expect("something waits");
        let (_, rest) = form.split_once("name=\"change\" value=\"").unwrap();
        let change = rest.split('"').next().unwrap().to_owned();
        let mine = anna.get(HERE).await;
        let fields = [("change", change.as_str()), ("agree", "yes")];
        let alone = anna.post(DECIDE, &mine, &fields).await;
        assert_eq!(
            alone.location.as_deref(),
            Some(format!("{HERE}?done=own").as_str())
        );
        let agreed = carla.post(DECIDE, &page, &fields).await;
        assert_eq!(
            agreed.location.as_deref(),
            Some(format!("{HERE}?done=agreed").as_str())
        );
        let phone = Phone::parse(NEW).unwrap();
        let found = store::accounts::find_by_phone(&tx, &phone).await.unwrap();
        assert_eq!(found.map(|found| found.id), Some(account));
        let again = carla.post(DECIDE, &page, &fields).await;
        assert_eq!(
            again.location.as_deref(),
            Some(format!("{HERE}?done=gone").as_str())
        );
    }
}

#[tokio::test]
async fn the_counter_finds_an_account_in_the_standings_that_the_table_says() {
    for desks in desks().await {
        desks.register.say(Word::Match);
        let account = desks.resident(PHONE, &[]).await;
        let (tx, now) = (desks.world.service.store().read(), desks.world.clock.now());
        let number = CitizenId::parse(NUMBER, now.date_naive()).unwrap();
        let name = PersonName::parse(NAME).unwrap();
        assert!(
            store::accounts::set_identity(&tx, account, (&name, &number), now)
                .await
                .unwrap()
        );
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
