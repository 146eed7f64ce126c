//! Requests that need a stronger sign-in than there is: just the missing factor is asked for (RFC 9470, and the strengths of
//! the product).

use model::authn::{Method, Methods};
use model::ids::SessionId;
use model::secret::Token;
use store::sessions::Renewal;

use super::browser::{Browser, Seen};
use crate::testing::{self, World, claims};

/// The address of the page, as far as it does not differ from one request to the next.
const MORE: &str = "/sign-in/more";

fn essential(level: u8) -> String {
    let value = format!("urn:denizen:loa:{level}");
    serde_json::json!({ "id_token": { "acr": { "essential": true, "values": [value] } } }).to_string()
}

/// What the page does once the person has shown a passkey.
async fn add_passkey(world: &World, browser: &Browser<'_>, session: SessionId) {
    let token = Token::generate(world.store.rng());
    let methods = Methods::new([Method::Password, Method::Passkey]);
    let new = Renewal {
        token_hash: token.hash(),
        methods: &methods,
        auth_time: world.now(),
    };
    assert!(
        store::sessions::renew(&world.store.read(), session, &new)
            .await
            .expect("renewed")
    );
    browser.set_cookie("denizen_session", token.expose());
}

async fn acr(world: &World, seen: &Seen) -> String {
    let tokens = world.redeem("hefei", &seen.code("hefei")).await;
    let told = claims(tokens.json["id_token"].as_str().expect("an ID token"));
    told["acr"].as_str().expect("a level").to_owned()
}

/// A resident at level 3 whose browser is signed in with a password alone, which carries level 2.
async fn at_level_3(world: &World) -> (Browser<'_>, SessionId) {
    world.prove("face").await;
    let browser = Browser::new(world);
    let session = browser.sign_in(world.account).await;
    (browser, session)
}

#[tokio::test]
async fn a_level_that_the_sign_in_is_too_weak_for_asks_for_the_missing_factor_and_goes_on() {
    for world in testing::worlds().await {
        let (browser, session) = at_level_3(&world).await;
        let demand = essential(3);
        let seen = browser.authorize("hefei", &[("claims", &demand)]).await;
        assert!(
            seen.location().starts_with("/sign-in/more?want=3&interaction="),
            "{}",
            seen.location()
        );
        let id = seen.asks(MORE);
        // Coming back without the factor asks once more; nothing goes through.
        assert_eq!(browser.resume(&id).await.asks(MORE).hash(), id.hash());
        add_passkey(&world, &browser, session).await;
        assert_eq!(acr(&world, &browser.resume(&id).await).await, "urn:denizen:loa:3");
        // The next request finds the sign-in strong enough, without a page.
        let silent = [("claims", &*demand), ("prompt", "none")];
        browser.authorize("hefei", &silent).await.code("hefei");
    }
}

#[tokio::test]
async fn attack_026_a_sign_in_that_is_too_weak_is_login_required_where_nothing_may_be_asked() {
    let world = testing::world().await;
    let (browser, _) = at_level_3(&world).await;
    let demand = essential(3);
    let silent = browser
        .authorize("hefei", &[("claims", &demand), ("prompt", "none")])
        .await;
    assert_eq!(silent.error("hefei"), "login_required");
    // A wish is no condition: the code says the level that this sign-in carries.
    let wished = [("acr_values", "urn:denizen:loa:3"), ("prompt", "none")];
    let seen = browser.authorize("hefei", &wished).await;
    assert_eq!(acr(&world, &seen).await, "urn:denizen:loa:2");
    // Who has agreed to nothing at a sub-site is not measured for it.
    world.apply(testing::client("bengbu")).await;
    let seen = browser
        .authorize("bengbu", &[("claims", &demand), ("prompt", "none")])
        .await;
    assert_eq!(seen.error("bengbu"), "consent_required");
}

#[tokio::test]
async fn who_does_not_want_to_add_a_factor_keeps_a_wish_from_nothing_and_a_demand_from_everything() {
    let world = testing::world().await;
    let (browser, _) = at_level_3(&world).await;
    let id = browser
        .authorize("hefei", &[("acr_values", "urn:denizen:loa:3")])
        .await
        .asks(MORE);
    browser.answer(&id, |answers| answers.level_declined = true).await;
    assert_eq!(acr(&world, &browser.resume(&id).await).await, "urn:denizen:loa:2");
    let demand = essential(3);
    let id = browser
        .authorize("hefei", &[("claims", &demand)])
        .await
        .asks(MORE);
    browser.answer(&id, |answers| answers.level_declined = true).await;
    let refused = browser.resume(&id).await;
    assert_eq!(refused.error("hefei"), "unmet_authentication_requirements");
    let why = refused.reply("hefei")["error_description"].clone();
    assert!(why.contains("not strong enough"), "{why}");
}

#[tokio::test]
async fn the_level_is_asked_for_first_and_the_factor_that_carries_it_afterwards() {
    let world = testing::world().await;
    let browser = Browser::new(&world);
    let session = browser.sign_in(world.account).await;
    let demand = essential(3);
    let id = browser
        .authorize("hefei", &[("claims", &demand)])
        .await
        .asks("/account/level");
    world.prove("face").await;
    browser.resume(&id).await.asks(MORE);
    add_passkey(&world, &browser, session).await;
    assert_eq!(acr(&world, &browser.resume(&id).await).await, "urn:denizen:loa:3");
}

#[tokio::test]
async fn attack_031_a_strength_that_no_factor_here_gives_is_refused_without_a_page() {
    let world = testing::world().await;
    world.prove("face").await;
    world.prove("counter").await;
    let browser = Browser::signed_in(&world).await;
    let seen = browser.authorize("hefei", &[("claims", &essential(4))]).await;
    assert_eq!(seen.error("hefei"), "unmet_authentication_requirements");
}
