//! The roads that lead to another party and back, against the world's own companies: a comparison of faces, a payment
//! app's sign-in, another province.

use acceptance::browser::{Browser, Scripts};
use acceptance::journey::{newcomer, prove_phone, resident};
use acceptance::people::Person;
use acceptance::visitor::Visitor;
use acceptance::world::World;

/// Opens a source's page with a fresh code to the phone.
async fn come_to(visitor: &mut Visitor, world: &World, person: &Person, page: &str) {
    visitor.open(page).await;
    prove_phone(visitor, world, person).await;
    visitor.sees(&page.replace("/verify/", "verify-"));
}

/// Somebody who follows redirects to the world's companies.
fn traveller(visitor: Visitor, world: &World) -> Visitor {
    visitor.knows(world.outside.base())
}

async fn level(visitor: &mut Visitor) -> String {
    visitor.open("/account/level").await;
    visitor
        .page
        .get("[data-level]")
        .attribute("data-level")
        .expect("a level")
}

/// Says at a party that vouches for people who one is, and whatever else.
async fn be(visitor: &mut Visitor, person: &Person, others: &[(&str, &str)]) {
    visitor.fill("person", &person.citizen_id);
    for (name, value) in others {
        visitor.fill(name, value);
    }
    visitor.press("decision=allow").await;
}

#[tokio::test]
async fn source_hb_28_30_a_wallet_that_returns_the_same_name_and_number_raises_to_level_2() {
    for world in World::shared().await {
        let (visitor, person) = resident(&world).await;
        let mut visitor = traveller(visitor, &world);
        come_to(&mut visitor, &world, &person, "/verify/trusted-sign-in").await;
        visitor.press("").await;
        visitor.sees("vendor-payment");
        assert!(!visitor.url.as_str().contains(&person.citizen_id));
        be(&mut visitor, &person, &[]).await;
        visitor.sees("account-level");
        assert_eq!(
            visitor.url.query(),
            Some("done=yes"),
            "no code stays in the address"
        );
        assert_eq!(level(&mut visitor).await, "2");
    }
}

#[tokio::test]
async fn source_hb_30_a_newcomer_is_named_by_the_wallet_and_checked_by_the_register() {
    for world in World::shared().await {
        let (visitor, person) = newcomer(&world).await;
        let mut visitor = traveller(visitor, &world);
        come_to(&mut visitor, &world, &person, "/verify/trusted-sign-in").await;
        visitor.press("").await;
        be(&mut visitor, &person, &[]).await;
        assert_eq!(level(&mut visitor).await, "2");
    }
}

#[tokio::test]
async fn source_hb_30_31_linking_alone_and_another_persons_wallet_raise_nothing() {
    for world in World::shared().await {
        let (visitor, person) = resident(&world).await;
        let stranger = world.outside.person().await;
        let mut visitor = traveller(visitor, &world);
        for (who, withhold, said) in [
            (&person, "both", "did not return"),
            (&stranger, "nothing", "does not belong to the identity"),
        ] {
            come_to(&mut visitor, &world, &person, "/verify/trusted-sign-in").await;
            visitor.press("").await;
            be(&mut visitor, who, &[("withhold", withhold)]).await;
            visitor.sees("verify-trusted-sign-in");
            assert!(visitor.page.words().contains(said), "{}", visitor.page.words());
            assert!(!visitor.page.words().contains(&stranger.name));
            assert_eq!(level(&mut visitor).await, "1");
        }
    }
}

#[tokio::test]
async fn attack_250_another_provinces_word_counts_by_our_table_only() {
    for world in World::shared().await {
        let (visitor, person) = resident(&world).await;
        let mut visitor = traveller(visitor, &world);
        for (acr, lie, reached) in [
            ("urn:neighbour:level:real-name", "no", "1"),
            ("", "no", "1"),
            ("urn:neighbour:level:in-person", "unsigned", "1"),
            ("urn:neighbour:level:in-person", "other-key", "1"),
            ("urn:neighbour:level:in-person", "wrong-nonce", "1"),
            ("urn:neighbour:level:in-person", "other-issuer", "1"),
            ("urn:neighbour:level:in-person", "other-state", "1"),
            ("urn:neighbour:level:in-person", "old-sign-in", "1"),
            ("urn:neighbour:level:in-person", "no", "3"),
        ] {
            come_to(&mut visitor, &world, &person, "/verify/other-province-level-3").await;
            visitor.press("").await;
            visitor.sees("vendor-province");
            be(&mut visitor, &person, &[("acr", acr), ("lie", lie)]).await;
            assert_eq!(level(&mut visitor).await, reached, "{acr} {lie}");
        }
    }
}

#[tokio::test]
async fn a_face_needs_a_consent_of_its_own_and_whoever_cancels_finds_other_roads() {
    for world in World::shared().await {
        let (visitor, person) = resident(&world).await;
        let mut visitor = traveller(visitor, &world);
        come_to(&mut visitor, &world, &person, "/verify/face").await;
        visitor.press("").await;
        visitor.sees_error_at("agree");
        for (outcome, reached) in [
            ("cancels", "1"),
            ("fails", "1"),
            ("another-person", "1"),
            ("passes", "3"),
        ] {
            come_to(&mut visitor, &world, &person, "/verify/face").await;
            let links: Vec<_> = visitor
                .page
                .all("a")
                .into_iter()
                .filter_map(|link| link.attribute("href"))
                .collect();
            assert!(
                links
                    .iter()
                    .any(|href| href.starts_with("/verify/other-province-level-3")),
                "a road without a face: {links:?}"
            );
            visitor.fill("agree", "").press("").await;
            visitor.sees("vendor-face");
            visitor.press(&format!("outcome={outcome}")).await;
            assert_eq!(level(&mut visitor).await, reached, "{outcome}");
        }
    }
}

#[tokio::test]
async fn a_face_in_a_real_browser_with_and_without_scripts() {
    let world = World::any().await;
    for scripts in [Scripts::On, Scripts::Off] {
        let (mut visitor, person) = resident(&world).await;
        come_to(&mut visitor, &world, &person, "/verify/face").await;
        let browser = Browser::open("zh-CN", scripts).await;
        browser.go(&world.at("/sign-in")).await;
        super::browser::become_person(&browser, &visitor).await;
        browser.go(&world.at("/verify/face")).await;
        browser.sees("verify-face").await;
        if scripts == Scripts::On {
            browser.keeps_the_rules().await;
            browser.does_not_scroll_sideways().await;
        }
        browser.click("main input[name=agree]").await;
        super::browser::submit(&browser).await;
        browser.sees("vendor-face").await;
        browser.click_through("button[value=passes]").await;
        browser.sees("account-level").await;
        assert_eq!(browser.attribute("[data-level]", "data-level").await, "3");
    }
}
