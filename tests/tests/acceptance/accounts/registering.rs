//! Registering (HB-06 to HB-19, GG-07 to GG-17).

use acceptance::journey::{ask_for_code, confirm, level, newcomer, read_captcha, register, sign_in};
use acceptance::people::Person;
use acceptance::visitor::Visitor;
use acceptance::world::{Kind, Setup, World};
use chrono::TimeDelta;

#[tokio::test]
async fn source_hb_06_07_people_choose_what_they_are_and_organisations_are_told_who_comes_first() {
    let world = World::any().await;
    let mut visitor = Visitor::new(&world);
    visitor.open("/sign-in").await;
    visitor.follow("a[href=/register]").await;
    visitor.sees("register");
    let form = visitor.page.form_with("kind").expect("the choice");
    let kinds: Vec<&str> = form
        .fields
        .iter()
        .filter(|field| field.name == "kind")
        .map(|field| field.value.as_str())
        .collect();
    assert_eq!(kinds, ["resident", "organisation"]);
    visitor.fill("kind", "organisation").press("").await;
    visitor.sees("register-organisation");
}

#[tokio::test]
async fn source_hb_08_a_phone_has_one_account_and_its_owner_is_told_of_another_try() {
    for world in World::shared().await {
        let (_, owner) = newcomer(&world).await;
        let before = world.outside.message_count(&owner.phone).await;
        let mut visitor = Visitor::new(&world);
        ask_for_code(&mut visitor, &world, &owner.phone).await;
        visitor.sees("register-confirm");
        acceptance::wait::until_true("the message", std::time::Duration::from_secs(10), || async {
            world.outside.message_count(&owner.phone).await == before + 1
        })
        .await;
        let told = &world.outside.messages(&owner.phone).await[0];
        assert!(told["code"].is_null(), "no code for a second account: {told}");
        let mut first = Visitor::new(&world);
        sign_in(&mut first, &owner.phone, &owner.password).await;
        first.sees("account");
    }
}

#[tokio::test]
async fn source_hb_10_two_kinds_of_characters_are_enough_and_the_nine_symbols_count() {
    let world = World::any().await;
    for symbol in ['`', '~', '!', '_', '@', '#', '$', '%', '*'] {
        let person = world.outside.person().await;
        let person = Person {
            password: format!("kvtulmqz{symbol}"),
            ..person
        };
        let mut visitor = Visitor::new(&world);
        register(&mut visitor, &world, &person).await;
    }
}

#[tokio::test]
async fn source_hb_13_another_picture_keeps_what_was_typed_and_kills_the_old_one() {
    for world in World::shared().await {
        let person = Person::new();
        let mut visitor = Visitor::new(&world);
        visitor.open("/register").await;
        let old = read_captcha(&visitor, &world).await;
        let old_id = visitor.page.value("captcha_id").expect("an id");
        visitor.fill("phone", &person.phone).press("refresh").await;
        visitor.sees("register");
        assert_eq!(
            visitor.page.value("phone").as_deref(),
            Some(person.phone.as_str())
        );
        assert_ne!(visitor.page.value("captcha_id").as_deref(), Some(old_id.as_str()));
        assert!(visitor.page.errors().is_empty());
        let picture = visitor
            .page
            .all("img")
            .into_iter()
            .filter_map(|img| img.attribute("src"));
        let picture = picture
            .into_iter()
            .find(|src| src.starts_with("/captcha/"))
            .expect("a picture");
        let mut look = visitor.clone();
        look.open(&picture).await;
        assert_eq!(
            (
                look.status.as_u16(),
                look.headers["content-type"].to_str().unwrap()
            ),
            (200, "image/png")
        );
        look.open(&format!("/captcha/{old_id}.png")).await;
        assert_eq!(look.status.as_u16(), 404);
        // For people who cannot see it there is the same as sound.
        look.open(&picture.replace(".png", ".wav")).await;
        assert_eq!(
            (
                look.status.as_u16(),
                look.headers["content-type"].to_str().unwrap()
            ),
            (200, "audio/wav")
        );
        visitor.fill("captcha", &old).press("").await;
        visitor.sees_error_at("captcha");
    }
}

#[tokio::test]
async fn source_hb_15_16_a_code_is_sent_again_after_a_while_and_replaces_the_one_before() {
    for kind in Kind::all() {
        let world = Setup::new(kind).with_own_clock().start().await;
        let person = world.outside.person().await;
        let mut visitor = Visitor::new(&world);
        ask_for_code(&mut visitor, &world, &person.phone).await;
        let first = world.outside.code(&person.phone, 1).await;
        visitor.press("resend").await;
        assert_eq!(visitor.status.as_u16(), 429, "too soon");
        visitor.sees("register-confirm");
        world.advance(TimeDelta::seconds(61));
        visitor.press("resend").await;
        visitor.sees("register-confirm");
        let second = world.outside.code(&person.phone, 2).await;
        if first != second {
            visitor
                .fill("sms_code", &first)
                .fill("password", &person.password)
                .fill("password_again", &person.password);
            visitor.fill("agree", "").press("").await;
            visitor.sees_error_at("sms_code");
        }
        confirm(&mut visitor, &world, &person).await;
        visitor.sees("verify-population-register");
    }
}

#[tokio::test]
async fn source_hb_17_gg_14_without_the_tick_there_is_no_account_and_with_it_there_is_proof() {
    for world in World::shared().await {
        let person = world.outside.person().await;
        let mut visitor = Visitor::new(&world);
        ask_for_code(&mut visitor, &world, &person.phone).await;
        let link = visitor.page.get("a[href=/agreements/resident]");
        assert!(!link.text().is_empty());
        let mut reader = visitor.clone();
        reader.open("/agreements/resident").await;
        reader.sees("agreement");
        assert!(reader.page.words().len() > 400, "the text itself");
        let code = world.outside.code(&person.phone, 1).await;
        visitor
            .fill("sms_code", &code)
            .fill("password", &person.password)
            .fill("password_again", &person.password);
        visitor.press("").await;
        visitor.sees("register-confirm");
        visitor.sees_error_at("agree");
        confirm(&mut visitor, &world, &person).await;
        visitor.sees("verify-population-register");
        let (store, phone) = (
            world.store().clone(),
            model::phone::Phone::parse(&person.phone).expect("a phone"),
        );
        let accepted = acceptance::engine::run(async move {
            let tx = store.read();
            let account = store::accounts::find_by_phone(&tx, &phone)
                .await
                .expect("a look")
                .expect("an account");
            store::agreements::list(&tx, account.id).await.expect("a look")
        })
        .await;
        assert_eq!(accepted.len(), 1);
    }
}

#[tokio::test]
async fn source_hb_19_every_fault_is_named_nothing_typed_is_lost_and_no_secret_comes_back() {
    let world = World::any().await;
    let mut visitor = Visitor::new(&world);
    visitor.open("/register").await;
    for (phone, at) in [
        ("", "phone"),
        ("123", "phone"),
        ("1380000000x", "phone"),
        ("12800001234", "phone"),
        ("+4915112345678", "phone"),
    ] {
        let captcha = read_captcha(&visitor, &world).await;
        visitor
            .fill("phone", phone)
            .fill("captcha", &captcha)
            .press("")
            .await;
        visitor.sees("register");
        visitor.sees_error_at(at);
        assert_eq!(visitor.status.as_u16(), 422);
        assert_eq!(
            visitor.page.value("phone").unwrap_or_default(),
            phone,
            "nothing typed is lost"
        );
        let field = visitor.page.get("input#phone");
        assert_eq!(field.attribute("aria-invalid").as_deref(), Some("true"));
        let described = field
            .attribute("aria-describedby")
            .expect("the error is read out");
        assert!(
            described
                .split(' ')
                .any(|id| visitor.page.find(&format!("#{id}.error")).is_some()),
            "{described}"
        );
    }
    let person = world.outside.person().await;
    ask_for_code(&mut visitor, &world, &person.phone).await;
    visitor
        .fill("sms_code", "abc")
        .fill("password", "marker-1")
        .fill("password_again", "marker-2")
        .press("")
        .await;
    for field in ["sms_code", "password_again", "agree"] {
        visitor.sees_error_at(field);
    }
    assert!(!visitor.page.html.contains("marker-"), "no secret comes back");
}

#[tokio::test]
async fn a_lost_connection_costs_nothing() {
    for world in World::shared().await {
        let person = world.outside.person().await;
        let mut visitor = Visitor::new(&world);
        ask_for_code(&mut visitor, &world, &person.phone).await;
        world.outside.code(&person.phone, 1).await;
        // The browser was closed and opened again; it comes back by whichever address it remembers.
        let mut again = visitor.clone();
        again.open("/register").await;
        again.sees("register");
        assert!(
            !again.page.html.contains(&person.phone),
            "masked: the next person at the browser may see it"
        );
        again.follow("a[href=/register/confirm]").await;
        confirm(&mut again, &world, &person).await;
        again.sees("verify-population-register");
    }
}

#[tokio::test]
async fn sending_twice_and_going_back_do_no_harm() {
    for world in World::shared().await {
        let person = world.outside.person().await;
        let mut visitor = Visitor::new(&world);
        ask_for_code(&mut visitor, &world, &person.phone).await;
        let code = world.outside.code(&person.phone, 1).await;
        let send = |mut visitor: Visitor, person: Person, code: String| async move {
            visitor
                .fill("sms_code", &code)
                .fill("password", &person.password)
                .fill("password_again", &person.password);
            visitor.fill("agree", "").press("").await;
            visitor
        };
        // A double click: two requests at once from one page.
        let (one, two) = tokio::join!(
            send(visitor.clone(), person.clone(), code.clone()),
            send(visitor.clone(), person.clone(), code.clone())
        );
        for answer in [&one, &two] {
            answer.sees("verify-population-register");
            assert!(answer.cookie("denizen_session").is_some());
        }
        // The back button, and the same form once more.
        let mut back = visitor.clone();
        back.cookies = one.cookies.clone();
        let back = send(back, person.clone(), code.clone()).await;
        back.sees("verify-population-register");
        let mut back = back;
        back.open("/register/confirm").await;
        back.sees("verify-population-register");
        // Skipping twice.
        let mut skipped = back.clone();
        skipped.press("skip").await;
        let mut again = back;
        again.press("skip").await;
        assert_eq!(skipped.page.name(), again.page.name());
        assert_eq!(level(&mut again).await, 0);
        assert_eq!(world.outside.message_count(&person.phone).await, 1);
    }
}

#[tokio::test]
async fn source_gg_07_a_link_leads_straight_to_registering_and_back_to_the_sub_site() {
    let world = World::any().await;
    let person = world.outside.person().await;
    let mut visitor = Visitor::new(&world);
    visitor.open(&world.sites()[0]).await;
    visitor.follow("a#register").await;
    visitor.sees("register");
    register(&mut visitor, &world, &person).await;
    visitor.press("skip").await;
    visitor.sees("consent");
}
