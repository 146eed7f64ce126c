//! What the operator of the mobile network says about the person, and how the person writes their own name.

use std::sync::Arc;

use super::*;

const IDENTITY: [(&str, &str); 3] = [("way", "identity"), ("name", NAME), ("citizen_id", NUMBER)];

async fn with_operator(word: Word) -> Vec<World> {
    worlds_with_sources(Config::default(), || {
        let source: Arc<dyn Source> = Arc::new(Scripted::saying(word));
        let operator = SourceId::parse(MOBILE_OPERATOR).unwrap();
        Sources::new([(operator, source)], breaker::Limits::default())
    })
    .await
}

#[tokio::test]
async fn an_operator_of_the_network_who_says_locked_freezes_the_account_and_the_answer_tells_nothing() {
    for world in with_operator(Word::Restricted).await {
        let id = resident(&world, PHONE).await;
        name(&world, id, None).await;
        let elsewhere = signed_in(&world, PHONE).await;
        let mut browser = proven(&world).await;
        let page = browser.get("/recover/proof").await;
        let stranger = [("way", "identity"), ("name", "李四"), ("citizen_id", NUMBER)];
        let wrong = browser.post("/recover/proof", &page, &stranger).await;
        assert_eq!(wrong.errors(), ["recover-identity-wrong"]);
        assert_eq!(status(&world, id).await, Status::Active, "nobody was asked");
        let seen = browser.post("/recover/proof", &page, &IDENTITY).await;
        assert_eq!(seen.errors(), ["recover-identity-wrong"], "{}", seen.body);
        assert_eq!(status(&world, id).await, Status::Frozen, "{}", world.kind);
        assert!(live(&world, &elsewhere).await.is_none(), "every sign-in ends");
        let tx = world.service.store().read();
        let cases = store::cases::list_all(&tx, id).await.unwrap();
        let restricted = cases
            .iter()
            .filter(|case| case.state == store::cases::State::Restricted);
        assert_eq!(restricted.count(), 1);
        let again = browser.post("/recover/proof", &page, &IDENTITY).await;
        assert_eq!(again.location.as_deref(), Some("/recover?ended=yes"));
        assert_eq!(store::cases::list_all(&tx, id).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn attack_246_the_own_name_in_other_letters_is_no_wrong_try() {
    for world in with_operator(Word::Match).await {
        let id = resident(&world, PHONE).await;
        let (tx, now) = (world.service.store().read(), world.clock.now());
        let number = CitizenId::parse(NUMBER, now.date_naive()).unwrap();
        let proven_name = PersonName::parse("John Smith").unwrap();
        assert!(
            accounts::set_identity(&tx, id, (&proven_name, &number), now)
                .await
                .unwrap()
        );
        let mut browser = proven(&world).await;
        let page = browser.get("/recover/proof").await;
        let typed = [
            ("way", "identity"),
            ("name", "JOHN SMITH"),
            ("citizen_id", NUMBER),
        ];
        let seen = browser.post("/recover/proof", &page, &typed).await;
        let to = seen.location.as_deref();
        assert_eq!(to, Some("/recover/password"), "{}: {}", world.kind, seen.body);
    }
}
