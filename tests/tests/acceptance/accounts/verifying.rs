//! Proving a name (HB-20 to HB-27, and what each answer of the register leads to).

use acceptance::journey::{level, newcomer, prove_name, prove_phone, register, resident, sign_in};
use acceptance::people::{Person, complete_citizen_id};
use acceptance::visitor::Visitor;
use acceptance::world::{Kind, Setup, World};
use chrono::TimeDelta;
use serde_json::json;

const REGISTER: &str = "population-register";

/// Somebody who has just registered and is asked for the real name.
async fn asked(world: &World, special: serde_json::Value) -> (Visitor, Person) {
    let person = Person::new();
    world.outside.add_as(&person, special).await;
    let mut visitor = Visitor::new(world);
    register(&mut visitor, world, &person).await;
    (visitor, person)
}

#[tokio::test]
async fn attack_245_a_number_that_cannot_be_right_is_never_asked_about() {
    for world in World::shared().await {
        let (mut visitor, person) = asked(&world, json!({})).await;
        let good = &person.citizen_id;
        let last = if good.ends_with('1') { "2" } else { "1" };
        let region = complete_citizen_id(&format!("99{}", &good[2..17]));
        let future = complete_citizen_id("34000020990101001");
        let day = complete_citizen_id("34000019900230001");
        for bad in [
            format!("{}{last}", &good[..17]),
            good[..17].to_owned(),
            format!("{good}1"),
            "34000019900307001A".to_owned(),
            region,
            future,
            day,
            String::new(),
        ] {
            visitor
                .fill("name", &person.name)
                .fill("citizen_id", &bad)
                .press("")
                .await;
            visitor.sees("verify-population-register");
            visitor.sees_error_at("citizen_id");
            assert_eq!(visitor.page.value("name").as_deref(), Some(person.name.as_str()));
            assert!(
                world.outside.asked_about(REGISTER, &bad).await.is_empty(),
                "{bad}"
            );
        }
        for bad in ["", "张3", "张\u{202e}明", "·"] {
            visitor.fill("name", bad).fill("citizen_id", good).press("").await;
            visitor.sees_error_at("name");
        }
        assert!(world.outside.asked_about(REGISTER, good).await.is_empty());
        // Nothing of it counted as a try.
        visitor
            .fill("name", &person.name)
            .fill("citizen_id", &good.to_lowercase())
            .press("")
            .await;
        visitor.sees("account-level");
        assert_eq!(world.outside.asked_about(REGISTER, good).await.len(), 1);
    }
}

#[tokio::test]
async fn what_does_not_agree_says_so_without_saying_what_and_goes_to_review() {
    for kind in Kind::all() {
        let world = Setup::new(kind).with_own_clock().start().await;
        let (mut visitor, person) = asked(&world, json!({ "register_name": "某某某" })).await;
        for attempt in 1..=3 {
            prove_name(&mut visitor, &person).await;
            // The same question a moment later, by a second click, costs no try and asks nobody.
            prove_name(&mut visitor, &person).await;
            world.advance(TimeDelta::seconds(150));
            visitor.sees("verify-population-register");
            assert!(
                !visitor.page.errors().is_empty() && visitor.page.wrong_fields().is_empty(),
                "no hint at a field"
            );
            assert!(
                !visitor.page.html.contains("某某某"),
                "nothing of the register is told"
            );
            assert_eq!(
                world
                    .outside
                    .asked_about(REGISTER, &person.citizen_id)
                    .await
                    .len(),
                attempt
            );
        }
        let mut reviewed = visitor.clone();
        reviewed.press("review").await;
        reviewed.sees("verify-review");
        assert!(reviewed.page.find("[data-case]").is_some(), "a case number");
        // The fourth try of the day is not made.
        prove_name(&mut visitor, &person).await;
        visitor.sees("verify-limit");
        assert_eq!(visitor.status.as_u16(), 429);
        assert_eq!(
            world
                .outside
                .asked_about(REGISTER, &person.citizen_id)
                .await
                .len(),
            3
        );
        assert_eq!(level(&mut visitor).await, 0);
        visitor.open("/account/level").await;
        assert!(
            visitor.page.find("[data-state=in_review]").is_some(),
            "the case is shown:\n{}",
            visitor.page.words()
        );
        // A253: the number has a counter of its own, which is higher: a stranger keeps nobody out of the register.
        let twin = Person {
            phone: Person::new().phone,
            ..person.clone()
        };
        let mut other = Visitor::new(&world);
        register(&mut other, &world, &twin).await;
        prove_name(&mut other, &twin).await;
        other.sees("verify-population-register");
        assert!(!other.page.errors().is_empty());
        // The next day there are tries again, and a corrected name passes.
        world.advance(TimeDelta::hours(25));
        let mut visitor = Visitor::new(&world);
        sign_in(&mut visitor, &person.phone, &person.password).await;
        visitor.open("/verify/population-register").await;
        prove_phone(&mut visitor, &world, &person).await;
        prove_name(
            &mut visitor,
            &Person {
                name: "某某某".to_owned(),
                ..person.clone()
            },
        )
        .await;
        visitor.sees("account-level");
        assert_eq!(level(&mut visitor).await, 1);
    }
}

#[tokio::test]
async fn a_number_that_the_register_does_not_know_offers_another_way() {
    for world in World::shared().await {
        let (mut visitor, person) = asked(&world, json!({ "registered": false })).await;
        prove_name(&mut visitor, &person).await;
        visitor.sees("verify-population-register");
        assert!(!visitor.page.errors().is_empty());
        visitor.press("review").await;
        visitor.sees("verify-review");
        assert_eq!(level(&mut visitor).await, 0);
    }
}

#[tokio::test]
async fn a_restricted_entry_freezes_the_account() {
    for world in World::shared().await {
        for status in ["deceased", "cancelled", "locked"] {
            let (mut visitor, person) = asked(&world, json!({ "status": status })).await;
            prove_name(&mut visitor, &person).await;
            visitor.sees("verify-restricted");
            assert!(
                !visitor.page.words().to_lowercase().contains(status),
                "why is for the counter: {status}"
            );
            visitor.open("/account").await;
            visitor.sees("sign-in");
            sign_in(&mut visitor, &person.phone, &person.password).await;
            visitor.sees("sign-in");
        }
    }
}

#[tokio::test]
async fn people_under_age_are_sent_to_the_counter_without_a_check() {
    for world in World::shared().await {
        let year = chrono::Datelike::year(&chrono::Utc::now()) - 12;
        let body = format!("340000{year}0601{:03}", acceptance::people::unique() % 1000);
        let person = Person {
            citizen_id: complete_citizen_id(&body),
            ..Person::new()
        };
        world.outside.add(&person).await;
        let mut visitor = Visitor::new(&world);
        register(&mut visitor, &world, &person).await;
        prove_name(&mut visitor, &person).await;
        visitor.sees("verify-minor");
        assert!(
            world
                .outside
                .asked_about(REGISTER, &person.citizen_id)
                .await
                .is_empty()
        );
    }
}

#[tokio::test]
async fn source_hb_22_what_is_verified_cannot_be_changed() {
    for world in World::shared().await {
        let (mut visitor, _) = resident(&world).await;
        let other = world.outside.person().await;
        visitor.open("/verify/population-register").await;
        visitor.sees("account-level");
        // Not by the form that was open in another tab either.
        let (mut fresh, person) = asked(&world, json!({})).await;
        let mut tab = fresh.clone();
        prove_name(&mut fresh, &person).await;
        tab.cookies = fresh.cookies.clone();
        prove_name(&mut tab, &other).await;
        assert!(
            world
                .outside
                .asked_about(REGISTER, &other.citizen_id)
                .await
                .is_empty()
        );
        let mut by_number = Visitor::new(&world);
        sign_in(&mut by_number, &person.citizen_id, &person.password).await;
        by_number.sees("account");
        let mut by_other = Visitor::new(&world);
        sign_in(&mut by_other, &other.citizen_id, &person.password).await;
        by_other.sees("sign-in");
    }
}

#[tokio::test]
async fn source_hb_23_pages_show_names_and_numbers_masked() {
    let world = World::any().await;
    let (mut visitor, person) = resident(&world).await;
    for path in [
        "/account",
        "/account/level",
        "/account/security",
        "/account/sharing",
        "/verify/mobile-operator",
    ] {
        visitor.open(path).await;
        for secret in [&person.citizen_id, &person.phone, &person.name] {
            assert!(
                !visitor.page.html.contains(secret.as_str()),
                "{path} shows it whole"
            );
        }
    }
    visitor.open("/account").await;
    let family: String = person.name.chars().take(1).collect();
    assert!(visitor.page.words().contains(&family), "enough for the owner");
}

#[tokio::test]
async fn source_hb_24_26_27_later_the_phone_is_proven_again_before_the_name() {
    for kind in Kind::all() {
        let world = Setup::new(kind).with_own_clock().start().await;
        let (_, person) = newcomer(&world).await;
        world.advance(TimeDelta::hours(2));
        let mut visitor = Visitor::new(&world);
        sign_in(&mut visitor, &person.phone, &person.password).await;
        visitor.open("/account/level").await;
        visitor.sees("account-level");
        assert_eq!(
            visitor
                .page
                .get("[data-level]")
                .attribute("data-level")
                .as_deref(),
            Some("0")
        );
        visitor.open("/verify/population-register").await;
        visitor.sees("verify-confirm-phone");
        // Jumping over it does not help.
        visitor
            .post(
                "/verify/population-register",
                &[("name", &person.name), ("citizen_id", &person.citizen_id)],
            )
            .await;
        assert_eq!(visitor.hops[0].status.as_u16(), 403);
        visitor.open("/verify/population-register").await;
        prove_phone(&mut visitor, &world, &person).await;
        prove_name(&mut visitor, &person).await;
        visitor.sees("account-level");
        assert_eq!(level(&mut visitor).await, 1);
        visitor.open("/account/level").await;
        let mut seals: Vec<String> = visitor
            .page
            .all("[data-seal]")
            .iter()
            .filter_map(|seal| seal.attribute("data-seal"))
            .collect();
        seals.sort();
        assert_eq!(seals, ["phone_sms", "population_register"]);
    }
}

#[tokio::test]
async fn levels_lapse_with_their_evidence_and_tell_when() {
    for kind in Kind::all() {
        let world = Setup::new(kind).with_own_clock().start().await;
        let (mut visitor, person) = acceptance::journey::well_known(&world).await;
        assert_eq!(level(&mut visitor).await, 2);
        world.advance(TimeDelta::days(731));
        let mut visitor = Visitor::new(&world);
        sign_in(&mut visitor, &person.phone, &person.password).await;
        assert_eq!(
            level(&mut visitor).await,
            1,
            "the second source counts for two years"
        );
        world.advance(TimeDelta::days(1826 - 731));
        let mut visitor = Visitor::new(&world);
        sign_in(&mut visitor, &person.phone, &person.password).await;
        assert_eq!(level(&mut visitor).await, 0, "the register for five");
    }
}

#[tokio::test]
async fn names_with_dots_rare_characters_and_latin_letters_are_asked_as_the_register_writes_them() {
    for world in World::shared().await {
        for (name, citizen_id, typed) in [
            ("买买提·吐尔逊", "34000019930510007X", "买买提•吐尔逊"),
            ("𠮷某", "340000199003071234", " 𠮷某 "),
            ("WONG KA MING", "810000199003070015", "WONG KA MING"),
        ] {
            let person = Person {
                citizen_id: citizen_id.to_owned(),
                name: typed.to_owned(),
                ..Person::new()
            };
            let mut visitor = Visitor::new(&world);
            register(&mut visitor, &world, &person).await;
            prove_name(&mut visitor, &person).await;
            visitor.sees("account-level");
            let asked = world.outside.asked_about(REGISTER, citizen_id).await;
            assert_eq!(asked[0]["request"]["name"], name);
        }
    }
}

#[tokio::test]
async fn the_operator_is_asked_with_the_agreement_of_the_person_and_about_the_proven_phone() {
    for world in World::shared().await {
        let person = Person::new();
        world
            .outside
            .add_as(&person, json!({ "operator_phone": "+8613800009917" }))
            .await;
        let mut visitor = Visitor::new(&world);
        register(&mut visitor, &world, &person).await;
        prove_name(&mut visitor, &person).await;
        visitor.open("/verify/mobile-operator").await;
        prove_phone(&mut visitor, &world, &person).await;
        visitor.sees("verify-mobile-operator");
        assert!(
            world
                .outside
                .asked_about("mobile-operator", &person.citizen_id)
                .await
                .is_empty(),
            "not by looking"
        );
        visitor.press("confirm").await;
        visitor.sees("verify-mobile-operator");
        assert!(!visitor.page.errors().is_empty());
        assert_eq!(level(&mut visitor).await, 1);
        let asked = world
            .outside
            .asked_about("mobile-operator", &person.citizen_id)
            .await;
        assert_eq!(asked[0]["request"]["phone"], person.e164());
    }
}
