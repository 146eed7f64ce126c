//! A resident's passkeys, authenticator app, recovery codes and password, in a real browser with an authenticator of its
//! own (WebDriver's virtual authenticator); and what of it works without script.

use acceptance::browser::{Browser, Scripts};
use acceptance::journey;
use acceptance::people::Person;
use acceptance::world::{Kind, Setup, World};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::browser::{become_person, submit};

/// Gives the browser an authenticator that verifies its user.
pub(super) async fn give_authenticator(browser: &Browser) {
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

/// A person who has just registered, in a browser.
async fn signed_in(world: &World, scripts: Scripts) -> (Browser, Person) {
    let (visitor, person) = journey::newcomer(world).await;
    let browser = Browser::open("en", scripts).await;
    browser.go(&world.at("/sign-in")).await;
    become_person(&browser, &visitor).await;
    browser.go(&world.at("/account/security")).await;
    browser.sees("account-security").await;
    (browser, person)
}

/// Types the password where it is asked for: registering proved the phone, and the password is the stronger factor.
pub(super) async fn confirms(browser: &Browser, person: &Person) {
    browser.sees("account-confirm").await;
    browser.keeps_the_rules().await;
    browser.fill("password", &person.password).await;
    browser.click_through("main button[value=password]").await;
}

async fn look(browser: &Browser) {
    browser.keeps_the_rules().await;
    browser.does_not_scroll_sideways().await;
}

/// The secret that a page gives an application.
pub(super) async fn secret(browser: &Browser) -> Vec<u8> {
    let spelled = browser.words("[data-secret]").await.replace(' ', "");
    let secret = totp_rs::Secret::try_from_base32(&spelled).expect("base32");
    secret.to_vec()
}

/// The code that an application shows.
pub(super) fn code(secret: &[u8], now: DateTime<Utc>) -> String {
    let totp = totp_rs::Builder::new()
        .with_secret(secret.to_vec())
        .build()
        .expect("a secret");
    let seconds = u64::try_from(now.timestamp()).expect("after 1970");
    totp.generate(seconds).to_string()
}

async fn passkeys(browser: &Browser, world: &World, person: &Person) {
    browser
        .click_through("main a[href='/account/security/passkeys']")
        .await;
    browser.sees("account-passkeys").await;
    look(browser).await;
    browser
        .click_through("main a[href='/account/security/passkeys/new']")
        .await;
    confirms(browser, person).await;
    browser.sees("account-passkey-new").await;
    look(browser).await;
    browser.screenshot("account-passkey-new").await;
    browser.fill("name", "Work computer").await;
    browser.click("main form .buttons button").await;
    browser.sees("account-passkeys").await;
    assert!(
        browser
            .words("main [data-factor]")
            .await
            .contains("Work computer")
    );
    look(browser).await;

    // Without typing anything.
    browser.click_through("form.leave button").await;
    browser
        .go(&world.at("/sign-in?return_to=/account/security/passkeys"))
        .await;
    // The browser may offer it at the field, and somebody who takes that is faster than the button.
    let button = thirtyfour::By::Css("main button[value=passkey]");
    if let Ok(button) = browser.driver().find(button).await {
        drop(button.click().await);
    }
    browser.sees("account-passkeys").await;
    assert!(
        !browser.words("main [data-factor]").await.contains("Not yet"),
        "it was used"
    );

    browser.click_through("main a[href*='factors/rename']").await;
    browser.sees("account-factor-rename").await;
    look(browser).await;
    browser.fill("name", "Desk").await;
    submit(browser).await;
    browser.sees("account-passkeys").await;
    assert!(browser.words("main [data-factor]").await.contains("Desk"));
}

/// After a while the passkey is asked for before the next one is made, or this one goes.
async fn proves_again_and_removes(browser: &Browser, world: &World) {
    world.advance(TimeDelta::minutes(11));
    browser.go(&world.at("/account/security/passkeys")).await;
    browser.click_through("main a[href*='factors/remove']").await;
    browser.sees("account-factor-remove").await;
    look(browser).await;
    browser.screenshot("account-factor-remove").await;
    browser.click("main input[name=accept]").await;
    submit_awake(browser).await;
    browser.sees("account-confirm").await;
    look(browser).await;
    browser.screenshot("account-confirm").await;
    browser.click("main button[value=passkey]").await;
    browser.sees("account-factor-remove").await;
    // The page says why it is there again, with what was ticked.
    browser.find("main [data-confirmed]").await;
    browser.find("main input[name=accept]:checked").await;
    submit_awake(browser).await;
    browser.sees("account-passkeys").await;
    assert_eq!(browser.text("main [data-factor]").await, None, "it is gone");
}

/// Presses the button that sleeps until it was seen (A159).
async fn submit_awake(browser: &Browser) {
    let css = "main form .buttons button.danger";
    drop(browser.find(css).await.scroll_into_view().await);
    acceptance::wait::until_true(
        "the button to wake up",
        std::time::Duration::from_secs(10),
        || async { browser.find(css).await.is_enabled().await.unwrap_or(false) },
    )
    .await;
    browser.click_through(css).await;
}

async fn app(browser: &Browser, world: &World, person: &Person) {
    browser.go(&world.at("/account/security/authenticator")).await;
    browser.sees("account-authenticator").await;
    browser
        .click_through("main a[href='/account/security/authenticator/new']")
        .await;
    confirms(browser, person).await;
    browser.sees("account-authenticator-new").await;
    browser.keeps_the_rules().await;
    let code = code(&secret(browser).await, world.clock.now());
    browser.fill("code", &code).await;
    submit(browser).await;
    browser.sees("account-authenticator").await;
    assert!(browser.text("main [data-factor]").await.is_some());
}

async fn journey_with_script(kind: Kind) {
    let world = Setup::new(kind).with_own_clock().start().await;
    let (browser, person) = signed_in(&world, Scripts::On).await;
    give_authenticator(&browser).await;
    look(&browser).await;
    passkeys(&browser, &world, &person).await;
    proves_again_and_removes(&browser, &world).await;

    browser.go(&world.at("/account/security/codes")).await;
    browser.sees("account-codes").await;
    look(&browser).await;
    submit(&browser).await;
    // The passkey is gone, and with it what it proved.
    confirms(&browser, &person).await;
    browser.sees("account-codes").await;
    submit(&browser).await;
    browser.sees("account-codes-sheet").await;
    look(&browser).await;
    browser.screenshot("account-codes-sheet").await;
    assert_eq!(browser.words("[data-codes]").await.matches('-').count(), 30);
    submit(&browser).await;
    browser.sees("account-codes").await;
    for width in [360, 768, 1366] {
        browser.resize(width, 800).await;
        for page in ["", "/passkeys", "/authenticator", "/codes", "/password"] {
            browser.go(&world.at(&format!("/account/security{page}"))).await;
            browser.does_not_scroll_sideways().await;
        }
    }
}

#[tokio::test]
async fn a_resident_makes_uses_renames_and_removes_a_passkey_in_a_real_browser() {
    for kind in Kind::all() {
        journey_with_script(kind).await;
    }
}

#[tokio::test]
async fn without_script_an_app_is_set_up_and_the_password_changed() {
    let world = World::any().await;
    let (browser, person) = signed_in(&world, Scripts::Off).await;
    app(&browser, &world, &person).await;
    browser.go(&world.at("/account/security/password")).await;
    browser.sees("account-password").await;
    browser.keeps_the_rules().await;
    browser.fill("current", &person.password).await;
    browser.fill("password", "Lantern-771-harbour").await;
    browser.fill("password_again", "Lantern-771-harbour").await;
    submit(&browser).await;
    browser.sees("account-security").await;
    browser.go(&world.at("/account/security/passkeys/new")).await;
    // The app is the strongest kind now, and proving it needs no script either.
    browser.sees("account-confirm").await;
    browser.keeps_the_rules().await;
}
