//! A register that says locked or dead of a proven number is heard wherever it is asked.

use store::accounts::{Status, find};

use super::*;

const RECOVERY: &str = "/operator/counter/recovery";
/// The phone that somebody brings to the counter.
const BROUGHT: &str = "+8613900005678";

/// A resident of level 1 whose name and number are proven.
async fn proven(desks: &Desks) -> AccountId {
    let account = desks.resident(PHONE, &["population_register"]).await;
    let (tx, now) = (desks.world.service.store().read(), desks.world.clock.now());
    let known = facts(NAME, NUMBER);
    let pair = (&known.name, &known.citizen_id);
    let set = store::accounts::set_identity(&tx, account, pair, now).await;
    assert!(set.unwrap());
    assert_eq!(desks.level(account).await, 1);
    account
}

/// The same with pictures that somebody is to compare.
async fn with_documents(desks: &Desks) -> (AccountId, CaseNumber) {
    let account = proven(desks).await;
    let number = desks
        .case(account, "document_review", State::InReview, facts(NAME, NUMBER))
        .await;
    desks.picture(&number).await;
    (account, number)
}

async fn status(desks: &Desks, account: AccountId) -> Status {
    let tx = desks.world.service.store().read();
    find(&tx, account).await.unwrap().unwrap().status
}

/// The cases of an account that a register's word has opened.
async fn restricted(desks: &Desks, account: AccountId) -> Vec<store::cases::Case> {
    let tx = desks.world.service.store().read();
    let mut all = store::cases::list_all(&tx, account).await.unwrap();
    all.retain(|case| case.state == State::Restricted);
    all
}

async fn is_frozen_with_one_case(desks: &Desks, account: AccountId, at: &str) {
    let kind = desks.world.kind;
    assert_eq!(status(desks, account).await, Status::Frozen, "{at}, {kind}");
    assert_eq!(desks.level(account).await, 0, "{at}, {kind}");
    let cases = restricted(desks, account).await;
    assert_eq!(cases.len(), 1, "{at}, {kind}");
    let mut senior = desks.senior("zoe").await;
    let open = take(&mut senior, &cases[0].number).await;
    assert!(
        open.body.contains(NUMBER),
        "a senior reviewer takes it: {}",
        open.body
    );
    let audited = desks.world.test.audited().await.unwrap();
    let frozen = audited.iter().filter(|(event, ..)| event == "account_frozen");
    assert_eq!(frozen.count(), 1, "{at}, {kind}");
}

#[tokio::test]
async fn a_register_that_says_locked_at_an_approval_freezes_whose_number_it_is() {
    for desks in desks().await {
        let (account, number) = with_documents(&desks).await;
        let mut anna = desks.reviewer("anna").await;
        take(&mut anna, &number).await;
        desks.register.say(Word::Unavailable);
        decide(&mut anna, &number, "approve:documents_agree").await;
        assert_eq!(
            status(&desks, account).await,
            Status::Active,
            "not known is not locked"
        );
        desks.register.say(Word::Restricted);
        let refused = decide(&mut anna, &number, "approve:documents_agree").await;
        assert_eq!(
            (refused.status.as_u16(), refused.page()),
            (409, Some("operator-case-stale"))
        );
        assert!(refused.main().contains("frozen now"), "{}", refused.body);
        assert!(
            !refused.main().contains("Nothing was changed"),
            "{}",
            refused.body
        );
        is_frozen_with_one_case(&desks, account, "approval").await;
        desks.register.say(Word::Match);
        decide(&mut anna, &number, "approve:documents_agree").await;
        assert_eq!(
            (status(&desks, account).await, desks.level(account).await),
            (Status::Frozen, 0),
            "a better word later opens nothing"
        );
    }
}

#[tokio::test]
async fn a_reviewer_who_asks_the_register_freezes_whose_number_is_locked_and_nobody_else() {
    for desks in desks().await {
        let (account, number) = with_documents(&desks).await;
        let stranger = desks.resident("+8613800000009", &[]).await;
        let theirs = desks
            .case(stranger, "document_review", State::InReview, facts(NAME, NUMBER))
            .await;
        let mut anna = desks.reviewer("anna").await;
        desks.register.say(Word::Restricted);
        take(&mut anna, &theirs).await;
        press(&mut anna, &theirs, "/register", &[]).await;
        for one in [stranger, account] {
            assert_eq!(
                status(&desks, one).await,
                Status::Active,
                "a number that was only typed"
            );
        }
        take(&mut anna, &number).await;
        let asked = press(&mut anna, &number, "/register", &[]).await;
        assert!(is_back_at(&asked, &number), "{}", asked.body);
        is_frozen_with_one_case(&desks, account, "asked").await;
        assert_eq!(status(&desks, stranger).await, Status::Active);
        // Asked again it is the same, and no second case.
        press(&mut anna, &number, "/register", &[]).await;
        assert_eq!(restricted(&desks, account).await.len(), 1);
    }
}

/// Fills in a page of the counter up to the register's answer.
async fn at(desks: &Desks, (path, phone): (&str, &str), fields: &[(&str, &str)]) -> Seen {
    let mut anna = desks.reviewer("anna").await;
    let page = anna.get(path).await;
    let asked = anna.post(path, &page, fields).await;
    let sms = desks.sms(phone).await.expect("a code");
    let code: String = sms.chars().filter(char::is_ascii_digit).take(6).collect();
    let mut fields = fields.to_vec();
    fields.push(("code", &code));
    anna.post(path, &asked, &fields).await
}

#[tokio::test]
async fn a_register_that_says_locked_at_either_counter_freezes_whose_number_it_is() {
    let person = [
        ("name", NAME),
        ("citizen_id", NUMBER),
        ("document", "idcard"),
        ("same_person", "yes"),
        ("genuine", "yes"),
    ];
    let evidence = [("who", "13800000001"), ("document_expires", "2030-12-31")];
    let recovery = [("phone", "13900005678")];
    let places = [
        ("/operator/counter", PHONE, &evidence[..]),
        (RECOVERY, BROUGHT, &recovery[..]),
    ];
    for (path, phone, more) in places {
        for desks in desks().await {
            let account = proven(&desks).await;
            desks.register.say(Word::Restricted);
            let fields: Vec<_> = person.iter().chain(more).copied().collect();
            let seen = at(&desks, (path, phone), &fields).await;
            assert_eq!(seen.status.as_u16(), 422, "{}", seen.body);
            assert!(seen.main().contains("locked, cancelled"), "{}", seen.body);
            is_frozen_with_one_case(&desks, account, path).await;
        }
    }
}

#[tokio::test]
async fn an_account_that_its_owner_had_held_is_no_case_at_the_counter_and_loses_its_level() {
    for desks in desks().await {
        let account = proven(&desks).await;
        desks.world.test.set_status(account, Status::Held).await.unwrap();
        desks.register.say(Word::Restricted);
        let fields = [
            ("name", NAME),
            ("citizen_id", NUMBER),
            ("document", "idcard"),
            ("phone", "13900005678"),
            ("same_person", "yes"),
            ("genuine", "yes"),
        ];
        let seen = at(&desks, (RECOVERY, BROUGHT), &fields).await;
        assert!(seen.main().contains("locked, cancelled"), "{}", seen.body);
        assert_eq!(status(&desks, account).await, Status::Held);
        assert_eq!(desks.level(account).await, 0);
        assert!(restricted(&desks, account).await.is_empty());
        let audited = desks.world.test.audited().await.unwrap();
        assert!(
            audited
                .iter()
                .any(|(event, _, details)| event == "source_asked" && details["answer"] == "restricted")
        );
    }
}

#[tokio::test]
async fn attack_246_a_name_in_other_letters_is_the_same_person_at_the_counter_and_before_a_colleague() {
    for desks in desks().await {
        let account = desks.resident(PHONE, &[]).await;
        let (tx, now) = (desks.world.service.store().read(), desks.world.clock.now());
        let known = facts("John Smith", NUMBER);
        let pair = (&known.name, &known.citizen_id);
        assert!(
            store::accounts::set_identity(&tx, account, pair, now)
                .await
                .unwrap()
        );
        desks.register.say(Word::Match);
        let fields = [
            ("name", "JOHN SMITH"),
            ("citizen_id", NUMBER),
            ("document", "idcard"),
            ("phone", "13900005678"),
            ("same_person", "yes"),
            ("genuine", "yes"),
        ];
        let seen = at(&desks, (RECOVERY, BROUGHT), &fields).await;
        let to = seen.location.as_deref();
        assert_eq!(
            to,
            Some("/operator/counter/recovery?done=proposed"),
            "{}",
            seen.body
        );
        let number = desks
            .case(
                account,
                "document_review",
                State::InReview,
                facts("JOHN SMITH", NUMBER),
            )
            .await;
        let world = &desks.world;
        let own = world
            .operator_by(("john", "John Smith"), &[Role::Reviewer], None)
            .await;
        let mut own = world.browser_of(&own).await;
        let page = own.get(page_of(&number).as_str()).await;
        assert!(
            page.main().contains("The name in this case is your own"),
            "{}",
            page.body
        );
        assert!(!page.body.contains("/claim\""));
    }
}

#[tokio::test]
async fn days_at_the_counter_are_the_province_s() {
    for desks in desks().await {
        let account = desks.resident(PHONE, &[]).await;
        desks.register.say(Word::Match);
        // One in the morning of 2 June in the province; 1 June, 17:00, in UTC.
        desks.world.wait(9 * 3600);
        assert_eq!(desks.world.clock.now().to_rfc3339(), "2026-06-01T17:00:00+00:00");
        let form = |expires| {
            [
                ("who", "13800000001"),
                ("name", NAME),
                ("citizen_id", NUMBER),
                ("document", "idcard"),
                ("document_expires", expires),
                ("same_person", "yes"),
                ("genuine", "yes"),
            ]
        };
        let mut ben = desks.reviewer("ben").await;
        let page = ben.get("/operator/counter").await;
        let over = ben.post("/operator/counter", &page, &form("2026-06-01")).await;
        assert_eq!(over.errors(), ["counter-document-expired"], "{}", over.body);
        let seen = at(&desks, ("/operator/counter", PHONE), &form("2026-06-02")).await;
        let number = seen.location.as_deref().and_then(|path| path.rsplit('/').next());
        let number = CaseNumber::parse(number.unwrap_or_default()).expect("a case");
        let mut carla = desks.senior("carla").await;
        take(&mut carla, &number).await;
        decide(&mut carla, &number, "confirm").await;
        let tx = desks.world.service.store().read();
        let held = store::evidence::list(&tx, account).await.unwrap();
        let counter = held.iter().find(|piece| piece.source.as_str() == "counter");
        let ends = counter.and_then(|piece| piece.expires_at).unwrap();
        assert_eq!(
            ends.to_rfc3339(),
            "2026-06-02T15:59:59+00:00",
            "the end of that day there"
        );
    }
}
