//! What was typed before a proof was asked for.

use super::*;
use crate::factors::testing::{confirm, wait};
use crate::signin::testing::PASSWORD;

/// Shows a form, lets the proof lapse, sends the form, and proves once more; answers the page that this leads to.
async fn lapsed(
    world: &World,
    browser: &mut Browser,
    (path, fields): (&str, &[(&str, &str)]),
    typed: &str,
) -> Seen {
    let page = browser.get(path).await;
    wait(world, 11 * 60);
    let asked = browser.post(path, &page, fields).await;
    let at = asked.location.expect("the page that asks for a proof");
    assert!(at.starts_with("/account/confirm"), "{at}");
    assert!(!at.contains(typed), "no personal data in the address: {at}");
    let fields = [("method", "password"), ("password", PASSWORD)];
    let proven = confirm(browser, &at, &fields).await;
    let back = proven.location.unwrap_or_else(|| panic!("{}", proven.body));
    assert!(back.starts_with(path) && !back.contains(typed), "{back}");
    browser.get(&back).await
}

#[tokio::test]
async fn attack_162_what_was_typed_is_there_again_after_the_proof_that_had_lapsed_and_in_no_address() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let path = "/account/contact/phone";
        let form = (path, &[("phone", NEW), ("lost", "yes")][..]);
        let seen = lapsed(&world, &mut browser, form, NEW).await;
        assert_eq!(seen.page(), Some("contact-phone"));
        assert!(seen.body.contains(&format!("value=\"{NEW}\"")), "{}", seen.body);
        assert!(seen.body.contains("checked") && seen.body.contains("data-confirmed"));
        // Whoever begins anew finds an empty form, and so does another browser.
        assert!(!browser.get(path).await.body.contains(NEW));
        let mut other = signed_in(&world, PHONE).await;
        let there = other.get(&format!("{path}?confirmed=yes")).await;
        assert!(!there.body.contains(NEW), "{}", world.kind);
        let form = ("/account/contact/email", &[("email", EMAIL)][..]);
        let seen = lapsed(&world, &mut browser, form, EMAIL).await;
        assert!(seen.body.contains(&format!("value=\"{EMAIL}\"")), "{}", seen.body);
        let form = ("/account/contact/username", &[("username", "zhang.wei.9")][..]);
        let seen = lapsed(&world, &mut browser, form, "zhang.wei.9").await;
        assert!(seen.body.contains("value=\"zhang.wei.9\""), "{}", seen.body);
        // It is sent from here as from any other form.
        let done = browser.post("/account/contact/username", &seen, form.1).await;
        assert_eq!(done.location.as_deref(), Some("/account/contact?done=username"));
    }
}

#[tokio::test]
async fn attack_162_the_number_under_way_is_there_again_after_the_proof_that_lapsed_before_its_codes_came() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        ask(&mut browser, &[("phone", NEW), ("lost", "yes")]).await;
        let form = ("/account/contact/phone/code", &[("new_code", "123456")][..]);
        let seen = lapsed(&world, &mut browser, form, "123456").await;
        assert_eq!(seen.page(), Some("contact-phone-code"), "{}", world.kind);
        assert!(seen.body.contains("data-confirmed"));
    }
}
