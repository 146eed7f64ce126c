//! An operator enrols with a passkey, signs in with it without typing anything, and proves with it that it is them. In a
//! real browser with an authenticator of its own (WebDriver's virtual authenticator).

use acceptance::browser::{Browser, Scripts};
use acceptance::world::{Setup, World};
use serde_json::json;

use super::browser::submit;
use super::review::invite;

const PASSWORD: &str = "Harbour-042-lantern";

/// Gives the browser an authenticator that verifies its user.
async fn give_authenticator(browser: &Browser) {
    let cdp = browser.driver().cdp();
    cdp.send_raw("WebAuthn.enable", json!({}))
        .await
        .expect("WebAuthn");
    let options = json!({
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": true,
        "hasUserVerification": true, "isUserVerified": true, "automaticPresenceSimulation": true,
    });
    cdp.send_raw("WebAuthn.addVirtualAuthenticator", json!({ "options": options }))
        .await
        .expect("an authenticator");
}

async fn sign_out(browser: &Browser) {
    browser.click_through("form.leave button").await;
    browser.sees("operator-sign-in").await;
}

async fn journey(world: &World) {
    let browser = Browser::open("en", Scripts::On).await;
    give_authenticator(&browser).await;
    browser.go(&invite(world, "zhao.min").await).await;
    browser.sees("operator-enrol").await;
    browser.keeps_the_rules().await;
    browser.fill("password", PASSWORD).await;
    browser.fill("password_again", PASSWORD).await;
    submit(&browser).await;
    browser.sees("operator-enrol-factor").await;
    browser.keeps_the_rules().await;
    browser.screenshot("operator-enrol-factor").await;
    browser.click_through("main button[value=passkey]").await;
    browser.sees("operator-passkey-new").await;
    browser.click("main form .buttons button").await;
    browser.sees("operator-home").await;
    browser.keeps_the_rules().await;

    // Without login, password and code.
    sign_out(&browser).await;
    browser.click_through("main button[value=passkey]").await;
    browser.sees("operator-passkey").await;
    browser.click("main form .buttons button").await;
    browser.sees("operator-home").await;
    browser.go(&world.at("/operator/security")).await;
    browser.sees("operator-security").await;
    browser.keeps_the_rules().await;

    // As the second step after the password.
    sign_out(&browser).await;
    browser.fill("login", "zhao.min").await;
    browser.fill("password", PASSWORD).await;
    submit(&browser).await;
    browser.sees("operator-code").await;
    browser.click_through("main button[value=passkey]").await;
    browser.sees("operator-passkey").await;
    browser.click("main form .buttons button").await;
    browser.sees("operator-home").await;

    // From a phone to a desk nothing scrolls sideways.
    for width in [360, 768, 1366] {
        browser.resize(width, 800).await;
        for page in ["/operator", "/operator/security", "/operator/security/codes"] {
            browser.go(&world.at(page)).await;
            browser.does_not_scroll_sideways().await;
        }
    }
    browser.screenshot("operator-security").await;
}

#[tokio::test]
async fn an_operator_enrols_and_signs_in_with_a_passkey_in_a_real_browser() {
    for kind in acceptance::world::Kind::all() {
        let world = Setup::new(kind).start().await;
        journey(&world).await;
    }
}
