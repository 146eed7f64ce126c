//! Taking over an account, finding out about one, doing it twice, and objecting.

use store::accounts;

use super::*;

#[tokio::test]
async fn attack_203_every_wrong_proof_gets_the_same_answer_and_no_code_is_sent() {
    for world in worlds().await {
        let two = two(&world).await;
        let third = "13700000003";
        resident(&world, third).await;
        let mut browser = signed_in(&world, NEW).await;
        let first = browser.get(&page_of(&two.case)).await;
        for hidden in ["139****0002", "139", "2026"] {
            let main = first
                .body
                .split("<main")
                .nth(1)
                .unwrap()
                .split("</main")
                .next()
                .unwrap();
            let shown = main.replace(two.case.number.as_str(), "");
            assert!(!shown.contains(hidden), "{hidden} in {shown}");
        }
        let sent = world.sms_count().await;
        // The wrong password, nobody's phone, and an account that is not the one with the number.
        for (identifier, password) in [(OLD, "not it 99"), ("13600000009", PASSWORD), (third, PASSWORD)] {
            let mut browser = browser.clone();
            let seen = show_password(&mut browser, &two, identifier, password).await;
            assert_eq!(seen.status, StatusCode::UNPROCESSABLE_ENTITY, "{identifier}");
            assert!(
                seen.body.contains("conflict-wrong") || seen.body.contains("does not show"),
                "{}",
                seen.body
            );
            assert_eq!(
                browser.get(&page_of(&two.case)).await.page(),
                Some("verify-conflict")
            );
        }
        assert_eq!(world.sms_count().await, sent, "{}", world.kind);
    }
}

#[tokio::test]
async fn attack_266_the_phone_alone_or_one_click_joins_nothing() {
    for world in worlds().await {
        let two = two(&world).await;
        let mut browser = signed_in(&world, NEW).await;
        let page = browser.get(&page_of(&two.case)).await;
        let to = format!("{}/join", page_of(&two.case));
        // Without the password there is no code to type, and none of another purpose will do.
        let owner = Phone::parse(OLD).unwrap();
        let visitor = model::secret::TokenHash::of(browser.cookies.get("denizen_browser").unwrap());
        let request = crate::otp::Request {
            purpose: crate::otp::Purpose::SignIn,
            phone: &owner,
            browser: &visitor,
            language: model::language::Language::En,
        };
        let tx = world.service.store().begin().await.unwrap();
        let letter = crate::otp::Letter::Code;
        crate::otp::write_message(&world.service, &tx, &request, letter)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let code = world.code(OLD_E164).await;
        for fields in [
            vec![("phone", "keep")],
            vec![("phone", "replace"), ("code", "")],
            vec![("phone", "replace"), ("code", code.as_str())],
        ] {
            let seen = browser.post(&to, &page, &fields).await;
            assert_ne!(seen.location.as_deref(), Some("/account/level?joined=yes"));
        }
        for id in [two.old, two.new] {
            assert_eq!(account(&world, id).await.status, Status::Active, "{}", world.kind);
        }
    }
}

#[tokio::test]
async fn attack_214_a_code_that_was_sent_to_another_browser_joins_nothing() {
    for world in worlds().await {
        let two = two(&world).await;
        let _asked = halfway(&world, &two).await;
        let code = world.code(OLD_E164).await;
        let mut other = signed_in(&world, NEW).await;
        let page = other.get(&page_of(&two.case)).await;
        assert_eq!(
            page.page(),
            Some("verify-conflict"),
            "the proof was made elsewhere"
        );
        let to = format!("{}/join", page_of(&two.case));
        let seen = other
            .post(&to, &page, &[("code", &code), ("phone", "keep")])
            .await;
        assert_ne!(seen.location.as_deref(), Some("/account/level?joined=yes"));
        assert_eq!(
            account(&world, two.new).await.status,
            Status::Active,
            "{}",
            world.kind
        );
    }
}

#[tokio::test]
async fn attack_247_269_of_two_joins_at_the_same_moment_one_happens() {
    for world in worlds().await {
        let two = two(&world).await;
        let mut browser = halfway(&world, &two).await;
        let page = browser.get(&page_of(&two.case)).await;
        let code = world.code(OLD_E164).await;
        let to = format!("{}/join", page_of(&two.case));
        let (mut left, mut right) = (browser.clone(), browser.clone());
        let fields = [("code", code.as_str()), ("phone", "keep")];
        let (one, other) = tokio::join!(left.post(&to, &page, &fields), right.post(&to, &page, &fields));
        let joined = [&one, &other]
            .into_iter()
            .filter(|seen| seen.location.as_deref() == Some("/account/level?joined=yes"));
        assert_eq!(joined.count(), 1, "{} {one:?} {other:?}", world.kind);
        assert_eq!(account(&world, two.old).await.status, Status::Active);
        let events = world.test.audited().await.unwrap();
        assert_eq!(
            events.iter().filter(|event| event.0 == "accounts_joined").count(),
            1
        );
        // And once more, by the back button.
        let again = browser.post(&to, &page, &fields).await;
        assert_ne!(again.location.as_deref(), Some("/account/level?joined=yes"));
    }
}

#[tokio::test]
async fn attack_261_another_accounts_conflict_is_not_there() {
    for world in worlds().await {
        let two = two(&world).await;
        let third = "13700000003";
        resident(&world, third).await;
        for phone in [third, OLD] {
            let mut stranger = signed_in(&world, phone).await;
            let seen = stranger.get(&page_of(&two.case)).await;
            assert_eq!(seen.status, StatusCode::NOT_FOUND, "{phone}");
        }
        let mut nobody = world.browser();
        let seen = nobody.get(&page_of(&two.case)).await;
        assert!(seen.location.unwrap().starts_with("/sign-in?"), "{}", world.kind);
    }
}

#[tokio::test]
async fn an_account_that_was_frozen_or_changed_meanwhile_is_not_joined() {
    for world in worlds().await {
        let two = two(&world).await;
        let mut browser = halfway(&world, &two).await;
        let page = browser.get(&page_of(&two.case)).await;
        let code = world.code(OLD_E164).await;
        let tx = world.service.store().read();
        assert!(accounts::freeze(&tx, two.old, world.clock.now()).await.unwrap());
        let to = format!("{}/join", page_of(&two.case));
        let seen = browser
            .post(&to, &page, &[("code", &code), ("phone", "keep")])
            .await;
        assert_eq!(seen.location, Some(page_of(&two.case)));
        assert_eq!(
            account(&world, two.new).await.status,
            Status::Active,
            "{}",
            world.kind
        );
    }
}

#[tokio::test]
async fn attack_247_a_password_that_was_changed_after_the_code_went_out_joins_nothing() {
    for world in worlds().await {
        let two = two(&world).await;
        let mut browser = halfway(&world, &two).await;
        let page = browser.get(&page_of(&two.case)).await;
        let code = world.code(OLD_E164).await;
        world.clock.advance(TimeDelta::seconds(1));
        let new = "Lantern-771-harbour";
        let hashing = world.service.hashing();
        let hash = hashing
            .hash(&crate::password::Password::typed(new).unwrap())
            .await;
        let phc = model::secret::Sensitive::new(hash.unwrap().as_str().to_owned());
        let tx = world.service.store().read();
        store::credentials::change_password(&tx, two.old, &phc, world.clock.now())
            .await
            .unwrap();
        let to = format!("{}/join", page_of(&two.case));
        let fields = [("code", code.as_str()), ("phone", "replace")];
        let seen = browser.post(&to, &page, &fields).await;
        assert_eq!(seen.location, Some(page_of(&two.case)));
        for id in [two.old, two.new] {
            assert_eq!(account(&world, id).await.status, Status::Active, "{}", world.kind);
        }
        // From the beginning, and by the new password alone.
        world.clock.advance(TimeDelta::seconds(61));
        let seen = show_password(&mut browser, &two, OLD, PASSWORD).await;
        assert!(seen.body.contains("does not show"), "{}", seen.body);
        show_password(&mut browser, &two, OLD, new).await;
        let seen = join(&world, &mut browser, &two, "keep").await;
        assert_eq!(seen.location.as_deref(), Some("/account/level?joined=yes"));
    }
}

#[tokio::test]
async fn attack_253_proofs_are_limited_for_the_account_that_makes_them() {
    for world in worlds().await {
        let two = two(&world).await;
        let mut last = None;
        for index in 0..11 {
            // Another phone each time, so that it is the account's own counter that ends it.
            let mut browser = signed_in(&world, NEW).await;
            let nobody = format!("136000000{index:02}");
            last = Some(show_password(&mut browser, &two, &nobody, PASSWORD).await.status);
            world.test.clock.advance(TimeDelta::minutes(16));
        }
        assert_eq!(last, Some(StatusCode::TOO_MANY_REQUESTS), "{}", world.kind);
    }
}

#[tokio::test]
async fn whoever_has_one_of_the_phones_can_object_and_the_account_is_frozen_until_somebody_has_looked() {
    for world in worlds().await {
        let two = two(&world).await;
        let mut browser = halfway(&world, &two).await;
        join(&world, &mut browser, &two, "replace").await;
        let word = word(&world, OLD_E164).await;
        let number = two.case.number.as_str();
        let mut anybody = world.browser();
        let page = anybody.get("/verify/objection").await;
        for (case, typed) in [
            (number, "ABCDEFGHJKMN"),
            ("260601-00000000", word.as_str()),
            ("x", ""),
            ("", ""),
        ] {
            let seen = anybody
                .post("/verify/objection", &page, &[("case", case), ("word", typed)])
                .await;
            assert_eq!(seen.status, StatusCode::UNPROCESSABLE_ENTITY, "{case}");
        }
        assert!(live(&world, &browser).await.is_some());
        let (first, second) = word.split_at(6);
        let spelled = format!(" {}-{second} ", first.to_lowercase());
        let fields = [("case", number), ("word", spelled.as_str())];
        let done = anybody.post("/verify/objection", &page, &fields).await;
        assert_eq!(done.page(), Some("verify-objection-done"), "{}", done.body);
        assert_eq!(account(&world, two.old).await.status, Status::Frozen);
        assert!(live(&world, &browser).await.is_none(), "{}", world.kind);
        let tx = world.service.store().read();
        let open = cases::list_open(&tx, two.old).await.unwrap();
        assert_eq!(open.len(), 1);
        assert_eq!(open[0].state, State::Restricted);
        let told = format!("data-case=\"{}\"", open[0].number.as_str());
        assert!(done.body.contains(&told), "{}", done.body);
        let review = store::case_reviews::find_review(&tx, open[0].id).await.unwrap();
        assert!(review.is_some(), "an operator is told");
        let again = anybody.post("/verify/objection", &page, &fields).await;
        assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "once");
    }
}

#[tokio::test]
async fn an_objection_is_looked_at_even_where_the_account_has_lost_its_number() {
    for world in worlds().await {
        let two = two(&world).await;
        let mut browser = halfway(&world, &two).await;
        join(&world, &mut browser, &two, "keep").await;
        let word = word(&world, OLD_E164).await;
        let (tx, now) = (world.service.store().read(), world.test.clock.now());
        let number = account(&world, two.old).await.citizen_id.unwrap();
        assert!(
            accounts::forget_identity(&tx, two.old, &number, now)
                .await
                .unwrap()
        );
        let mut anybody = world.browser();
        let page = anybody.get("/verify/objection").await;
        let fields = [("case", two.case.number.as_str()), ("word", word.as_str())];
        let done = anybody.post("/verify/objection", &page, &fields).await;
        assert_eq!(done.page(), Some("verify-objection-done"), "{}", done.body);
        let open = cases::list_open(&tx, two.old).await.unwrap();
        let review = store::case_reviews::find_review(&tx, open[0].id).await.unwrap();
        assert!(review.is_some() && open[0].input.is_none(), "{}", world.kind);
    }
}

#[tokio::test]
async fn after_the_time_to_object_nobody_freezes_anything() {
    for world in worlds().await {
        let two = two(&world).await;
        let mut browser = halfway(&world, &two).await;
        join(&world, &mut browser, &two, "keep").await;
        let word = word(&world, NEW_E164).await;
        world.test.clock.advance(TimeDelta::hours(72));
        let mut anybody = world.browser();
        let page = anybody.get("/verify/objection").await;
        let fields = [("case", two.case.number.as_str()), ("word", word.as_str())];
        let late = anybody.post("/verify/objection", &page, &fields).await;
        assert_eq!(late.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(
            account(&world, two.old).await.status,
            Status::Active,
            "{}",
            world.kind
        );
    }
}

#[tokio::test]
async fn attack_225_joining_asks_the_older_accounts_second_factor_and_leaves_its_phone() {
    for world in worlds().await {
        let two = two(&world).await;
        let mut owner = signed_in(&world, OLD).await;
        let secret = crate::factors::testing::with_app(&world, &mut owner).await;
        world.clock.advance(TimeDelta::seconds(90));
        let mut browser = halfway(&world, &two).await;
        let page = browser.get(&page_of(&two.case)).await;
        assert!(!page.body.contains("value=\"replace\""), "{}", page.body);
        let sms = world.code(OLD_E164).await;
        let right = crate::factors::totp::code_at(&secret, world.clock.now());
        let to = format!("{}/join", page_of(&two.case));
        for (phone, second) in [("replace", right.as_str()), ("keep", ""), ("keep", "000000")] {
            let fields = [("code", sms.as_str()), ("phone", phone), ("second", second)];
            let seen = browser.post(&to, &page, &fields).await;
            assert_eq!(seen.status, StatusCode::UNPROCESSABLE_ENTITY, "{phone} {second}");
            assert_eq!(account(&world, two.new).await.status, Status::Active);
        }
        let fields = [
            ("code", sms.as_str()),
            ("phone", "keep"),
            ("second", right.as_str()),
        ];
        let seen = browser.post(&to, &page, &fields).await;
        assert!(seen.location.is_some(), "{} {}", seen.body, world.kind);
        let session = live(&world, &browser).await.unwrap();
        assert_eq!(session.account.id, two.old);
        assert!(session.methods.contains(model::authn::Method::Totp));
        assert_eq!(
            account(&world, two.old).await.phone,
            Some(Phone::parse(OLD).unwrap())
        );
        assert_eq!(account(&world, two.new).await.status, Status::Closed);
    }
}
