//! The journey page by page, without JavaScript, at the two sub-sites.

use acceptance::journey::{
    allow, ask_for_code, confirm, level, newcomer, prove_name, prove_phone, register, resident,
    second_source, sign_in,
};
use acceptance::people::Person;
use acceptance::visitor::Visitor;
use acceptance::world::World;

/// What a sub-site shows of the person who is signed in.
#[derive(Debug, PartialEq, Eq)]
struct Known {
    name: String,
    level: String,
    seals: Vec<String>,
    subject: String,
}

fn known(visitor: &Visitor) -> Known {
    let page = &visitor.page;
    let seals = page
        .find("#seals")
        .map(|list| list.all("[data-source]"))
        .unwrap_or_default();
    Known {
        name: page.text_of("#name"),
        level: page.get("#level").attribute("data-level").unwrap_or_default(),
        seals: seals
            .into_iter()
            .filter_map(|seal| seal.attribute("data-source"))
            .collect(),
        subject: page.text_of("#subject"),
    }
}

/// Clicks the first link on the page that leads to a path.
async fn follow_to(visitor: &mut Visitor, path: &str) {
    let links = visitor
        .page
        .all("a")
        .into_iter()
        .filter_map(|link| link.attribute("href"));
    let found = links.into_iter().find(|href| href.starts_with(path));
    let href = found.unwrap_or_else(|| {
        panic!(
            "no link to {path} on {}:\n{}",
            visitor.page.name(),
            visitor.page.html
        )
    });
    visitor.open(&href).await;
}

async fn start(visitor: &mut Visitor, site: &str) {
    visitor.open(site).await;
    visitor.sees("home");
    visitor.follow("#sign-in").await;
}

#[tokio::test]
async fn the_main_job_end_to_end() {
    for world in World::shared().await {
        let person = world.outside.person().await;
        let mut visitor = Visitor::new(&world);
        let [hefei, yichang] = [0, 1].map(|index| world.sites()[index].clone());

        // A sub-site that has never seen this browser sends it to the provider, which offers to register.
        start(&mut visitor, &hefei).await;
        visitor.sees("sign-in");
        follow_to(&mut visitor, "/register").await;
        ask_for_code(&mut visitor, &world, &person.phone).await;
        confirm(&mut visitor, &world, &person).await;
        prove_name(&mut visitor, &person).await;

        // What the sub-site asks for, in words; then it knows the person.
        visitor.sees("consent");
        assert!(visitor.page.words().contains("Hefei"), "{}", visitor.page.words());
        allow(&mut visitor).await;
        visitor.sees("home");
        let at_hefei = known(&visitor);
        assert_eq!(at_hefei.level, "1");
        assert_eq!(at_hefei.seals, ["phone_sms", "population_register"]);
        assert_eq!(at_hefei.name, person.name);

        // The second sub-site: no page but its own consent, and another name for the same person.
        start(&mut visitor, &yichang).await;
        visitor.sees("consent");
        allow(&mut visitor).await;
        visitor.sees("home");
        let at_yichang = known(&visitor);
        assert_eq!(
            (&at_yichang.level, &at_yichang.seals),
            (&at_hefei.level, &at_hefei.seals)
        );
        assert_ne!(
            at_yichang.subject, at_hefei.subject,
            "A283: the cities cannot join the person by the subject"
        );

        // A service of level 2: what is missing, then back to the interrupted service.
        visitor.open(&format!("{hefei}/services/provident-fund")).await;
        visitor.sees("account-level");
        assert!(visitor.page.words().contains("Hefei"));
        follow_to(&mut visitor, "/verify/mobile-operator").await;
        prove_phone(&mut visitor, &world, &person).await;
        second_source(&mut visitor).await;
        visitor.sees("service-level-2");
        let raised = known(&visitor);
        assert_eq!(
            (raised.level.as_str(), raised.subject.as_str()),
            ("2", at_hefei.subject.as_str())
        );
        assert_eq!(
            raised.seals,
            ["phone_sms", "population_register", "mobile_operator"]
        );
        assert_eq!(level(&mut visitor).await, 2);
    }
}

#[tokio::test]
async fn the_second_sub_site_recognises_the_person_without_any_page() {
    for world in World::shared().await {
        let (mut visitor, _) = resident(&world).await;
        let yichang = world.sites()[1].clone();
        start(&mut visitor, &yichang).await;
        allow(&mut visitor).await;
        let before = known(&visitor);
        // Nobody knows the browser at the sub-site any more; the provider does.
        visitor
            .cookies
            .retain(|(_, name), _| !name.starts_with("yichang"));
        visitor.open(&format!("{yichang}/?silent=1")).await;
        visitor.sees("home");
        assert_eq!(known(&visitor), before);
        let pages = visitor.hops.iter().filter(|hop| hop.status.is_success()).count();
        assert_eq!(
            pages, 1,
            "no page on the way but the sub-site's own: {:#?}",
            visitor.hops
        );
        // By redirect and without prompt=none it is the same.
        visitor
            .cookies
            .retain(|(_, name), _| !name.starts_with("yichang"));
        start(&mut visitor, &yichang).await;
        visitor.sees("home");
        assert_eq!(known(&visitor).subject, before.subject);
    }
}

#[tokio::test]
async fn source_hb_18_20_whoever_skips_keeps_level_0_and_a_service_that_needs_more_says_so() {
    for world in World::shared().await {
        let person = world.outside.person().await;
        let mut visitor = Visitor::new(&world);
        let hefei = world.sites()[0].clone();
        start(&mut visitor, &hefei).await;
        visitor.sees("sign-in");
        follow_to(&mut visitor, "/register").await;
        register(&mut visitor, &world, &person).await;
        visitor.press("skip").await;
        allow(&mut visitor).await;
        visitor.sees("home");
        assert_eq!(
            (known(&visitor).level.as_str(), known(&visitor).seals),
            ("0", vec!["phone_sms".to_owned()])
        );
        visitor.open(&format!("{hefei}/services/guide")).await;
        visitor.sees("service-open");

        // Level 1 is a wish: whoever does not want to comes back as they are, and the sub-site explains.
        visitor.open(&format!("{hefei}/services/bills")).await;
        visitor.sees("account-level");
        visitor.press("decline").await;
        visitor.sees("level-needed");

        // Level 2 is a demand: that or an error.
        visitor.open(&format!("{hefei}/services/provident-fund")).await;
        visitor.sees("account-level");
        visitor.press("decline").await;
        visitor.sees("level-needed");
        assert_eq!(
            visitor.page.text_of("#error-code"),
            "unmet_authentication_requirements"
        );
        assert_eq!(level(&mut visitor).await, 0);

        // And whoever changes their mind can.
        visitor.open(&format!("{hefei}/services/bills")).await;
        follow_to(&mut visitor, "/verify/population-register").await;
        prove_phone(&mut visitor, &world, &person).await;
        prove_name(&mut visitor, &person).await;
        visitor.sees("service-level-1");
        assert_eq!(known(&visitor).level, "1");
    }
}

#[tokio::test]
async fn whoever_refuses_consent_goes_back_with_access_denied_and_is_asked_again() {
    for world in World::shared().await {
        let (mut visitor, _) = resident(&world).await;
        let hefei = world.sites()[0].clone();
        start(&mut visitor, &hefei).await;
        visitor.sees("consent");
        visitor.press("decision=deny").await;
        visitor.sees("problem");
        assert_eq!(visitor.page.text_of("#error-code"), "access_denied");
        start(&mut visitor, &hefei).await;
        visitor.sees("consent");
        allow(&mut visitor).await;
        visitor.sees("home");
    }
}

#[tokio::test]
async fn consent_is_listed_with_a_receipt_and_can_be_taken_back() {
    for world in World::shared().await {
        let (mut visitor, person) = resident(&world).await;
        let hefei = world.sites()[0].clone();
        start(&mut visitor, &hefei).await;
        allow(&mut visitor).await;
        assert_eq!(known(&visitor).name, person.name);

        visitor.open("/account/sharing").await;
        visitor.sees("account-sharing");
        assert!(visitor.page.words().contains("Hefei"), "{}", visitor.page.words());
        let receipt = visitor
            .page
            .all("a")
            .into_iter()
            .filter_map(|link| link.attribute("href"));
        let receipt = receipt
            .into_iter()
            .find(|href| href.starts_with("/account/sharing/"))
            .expect("a receipt to keep");
        let document = {
            let mut reader = visitor.clone();
            reader.open(&receipt).await;
            serde_json::from_str::<serde_json::Value>(&reader.page.html).expect("a document")
        };
        assert_eq!(document["site"]["client_id"], "hefei-portal");
        assert!(
            document["items"].as_array().is_some_and(|items| items.len() >= 4),
            "{document}"
        );

        visitor.press_in("grant").await;
        visitor.sees("account-sharing");
        visitor.open(&format!("{hefei}/start")).await;
        visitor.sees("consent");
    }
}

#[tokio::test]
async fn what_is_not_ticked_is_not_told() {
    for world in World::shared().await {
        let (mut visitor, person) = resident(&world).await;
        let hefei = world.sites()[0].clone();
        start(&mut visitor, &hefei).await;
        visitor.sees("consent");
        visitor
            .untick_all(&["real_name", "phone"])
            .press("decision=allow")
            .await;
        visitor.sees("home");
        assert_ne!(known(&visitor).name, person.name);
        visitor.open(&format!("{hefei}/developer")).await;
        let told = visitor.page.html.clone();
        assert!(
            !told.contains(&person.name) && !told.contains(&person.phone),
            "told what was not allowed"
        );
        assert_eq!(known(&visitor).level, "1");
    }
}

#[tokio::test]
async fn signing_out_at_a_sub_site_ends_the_sign_in_at_the_provider() {
    for world in World::shared().await {
        let (mut visitor, person) = resident(&world).await;
        let [hefei, yichang] = [0, 1].map(|index| world.sites()[index].clone());
        start(&mut visitor, &hefei).await;
        allow(&mut visitor).await;
        let before = known(&visitor);
        // The button is in the page's frame.
        visitor.open(&hefei).await;
        visitor.press_action("/sign-out").await;
        visitor.sees("signed-out");
        assert_eq!(
            visitor
                .page
                .get("#sign-out-result")
                .attribute("data-confirmed")
                .as_deref(),
            Some("true")
        );
        assert_eq!(visitor.cookie("denizen_session"), None);
        start(&mut visitor, &yichang).await;
        visitor.sees("sign-in");

        // The same person again: the same subject, and no second consent.
        start(&mut visitor, &hefei).await;
        sign_in(&mut visitor, &person.phone, &person.password).await;
        visitor.sees("home");
        assert_eq!(known(&visitor), before);
    }
}

#[tokio::test]
async fn source_hb_53_57_signing_in_by_phone_or_proven_number_leads_to_the_own_space() {
    for world in World::shared().await {
        let (_, person) = resident(&world).await;
        for identifier in [
            person.phone.clone(),
            person.e164(),
            person.citizen_id.to_lowercase(),
        ] {
            let mut visitor = Visitor::new(&world);
            sign_in(&mut visitor, &identifier, &person.password).await;
            visitor.sees("account");
        }
        let (_, unproven) = newcomer(&world).await;
        let mut visitor = Visitor::new(&world);
        sign_in(&mut visitor, &unproven.citizen_id, &unproven.password).await;
        visitor.sees("sign-in");
        assert!(
            !visitor.page.errors().is_empty(),
            "a number counts only once it is proven"
        );
    }
}

#[tokio::test]
async fn one_person_has_one_account() {
    for world in World::shared().await {
        let (_, owner) = resident(&world).await;
        let twin = Person {
            phone: Person::new().phone,
            ..owner.clone()
        };
        let mut visitor = Visitor::new(&world);
        register(&mut visitor, &world, &twin).await;
        prove_name(&mut visitor, &twin).await;
        visitor.sees("verify-conflict");
        assert_eq!(level(&mut visitor).await, 0);
        let mut first = Visitor::new(&world);
        sign_in(&mut first, &owner.citizen_id, &owner.password).await;
        assert_eq!(level(&mut first).await, 1, "the first account is as it was");
    }
}

#[tokio::test]
async fn the_sub_sites_developers_page_shows_the_token_as_it_came() {
    let world = World::any().await;
    let (mut visitor, _) = resident(&world).await;
    start(&mut visitor, &world.sites()[0]).await;
    allow(&mut visitor).await;
    visitor
        .open(&format!("{}/start?return_to=/developer", world.sites()[0]))
        .await;
    visitor.sees("developer");
    let raw = visitor.page.text_of("#raw-id-token");
    let claims: serde_json::Value =
        serde_json::from_str(&visitor.page.text_of("#id-token-claims")).expect("JSON");
    assert_eq!(raw.split('.').count(), 3);
    assert_eq!(claims["aud"], "hefei-portal");
    assert_eq!(claims["acr"], "urn:denizen:loa:1");
    assert_eq!(claims["identity_level"], 1);
}

#[tokio::test]
async fn the_sandbox_registers_residents_through_the_pages_for_load_and_acceptance_runs() {
    for world in World::shared().await {
        let made = world.outside.resident(2).await;
        assert_eq!(made["level"], 2, "{made}");
        let mut visitor = Visitor::new(&world);
        for (name, value) in made["cookies"].as_object().expect("cookies") {
            visitor.set_cookie(name, value.as_str());
        }
        assert_eq!(level(&mut visitor).await, 2);
    }
}
