//! What becomes of a recovery that nobody finishes: at a counter, or in its wait.

use super::*;

#[tokio::test]
async fn attack_297_what_nobody_agrees_to_at_a_counter_is_forgotten_in_its_time() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        name(&world, id, Some(EMAIL)).await;
        let account = accounts::find(&world.service.store().read(), id)
            .await
            .unwrap()
            .unwrap();
        let seen = SeenThere {
            operator: OperatorId::new(world.clock.now(), world.service.rng()),
            document: "idcard".to_owned(),
            phone: "+8613900005678".to_owned(),
            before: None,
        };
        assert!(
            counter::propose(&world.service, "r-1", &account, &seen)
                .await
                .unwrap()
        );
        pass(&world, 25).await;
        let list = store::changes::list(&world.service.store().read(), id)
            .await
            .unwrap();
        assert_eq!(
            list[0].ended_how,
            Some(store::changes::How::Refused),
            "{}",
            world.kind
        );
        assert!(list[0].details.is_none());
    }
}

#[tokio::test]
async fn attack_235_the_owner_who_signs_in_stops_a_recovery_that_waits() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        name(&world, id, None).await;
        let mut thief = proven(&world).await;
        let page = thief.get("/recover/proof").await;
        thief.post("/recover/proof", &page, &[("way", "wait")]).await;
        choose(&mut thief).await;
        assert!(signs_in(&world, PASSWORD).await);
        pass(&world, 25).await;
        assert!(
            signs_in(&world, PASSWORD).await && !signs_in(&world, NEW).await,
            "{}",
            world.kind
        );
    }
}

#[tokio::test]
async fn attack_241_what_two_operators_allowed_is_taken_back_with_the_phone_and_its_draft_is_worth_nothing() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        name(&world, id, Some(EMAIL)).await;
        let (now, rng) = (world.clock.now(), world.service.rng());
        let account = accounts::find(&world.service.store().read(), id)
            .await
            .unwrap()
            .unwrap();
        let seen = SeenThere {
            operator: OperatorId::new(now, rng),
            document: "idcard".to_owned(),
            phone: "+8613900005678".to_owned(),
            before: None,
        };
        assert!(
            counter::propose(&world.service, "r-1", &account, &seen)
                .await
                .unwrap()
        );
        let proposal = counter::proposals(&world.service).await.unwrap().remove(0);
        let second = OperatorId::new(now, rng);
        let agreed = counter::agree(&world.service, "r-2", proposal.id, (second, "Operator"))
            .await
            .unwrap();
        assert_eq!(agreed, Outcome::Done);
        let mut fraud = world.browser();
        begin(&mut fraud, "13900005678").await;
        code(&mut fraud, &world.code("+8613900005678").await).await;
        fraud.get("/recover/proof").await;
        // The owner reads the mail.
        let link = link_in(&world.newest_mail(EMAIL).await.unwrap());
        let mut owner = world.browser();
        let page = owner.get(&link).await;
        owner.post(&link, &page, &[]).await;
        let found = accounts::find(&world.service.store().read(), id)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(found.status, Status::Held);
        assert_eq!(
            found.phone.as_ref().map(Phone::e164),
            Some(E164),
            "{}",
            world.kind
        );
        let page = fraud.get("/recover").await;
        let fields = [("password", NEW), ("password_again", NEW)];
        let seen = fraud.post("/recover/password", &page, &fields).await;
        assert_ne!(seen.location.as_deref(), Some("/recover/done"));
    }
}
