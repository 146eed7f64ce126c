//! Apache with `mod_auth_openidc`.

use acceptance::browser::Browser;
use acceptance::journey::resident;
use acceptance::relying::{Apache, Registration};
use acceptance::wait;
use acceptance::world::{Kind, World};
use serde_json::Value;

use super::openid_client::REFRESHES;
use super::rig::{NOTICE_LIMIT, agree, browser, setup, type_password};

const CLIENT: &str = "apache";

/// A world with the server in it.
async fn rig(kind: Kind, more: impl Fn(&str) -> String, lines: &str) -> (World, Apache) {
    let mut apache = Apache::reserve();
    let client = Registration::new(CLIENT, &apache.base(), "client_secret_basic").with(&more(&apache.base()));
    let world = client.apply(setup(kind)).start().await;
    let secret = client.secret().expect("a secret");
    apache
        .start(&format!(
            "{}{lines}",
            documented(&world.issuer, &apache.base(), &secret)
        ))
        .await;
    (world, apache)
}

/// The example of the documents, with the addresses of this world.
fn documented(issuer: &str, site: &str, secret: &str) -> String {
    const BEGIN: &str = "```apache\n";
    let folder = acceptance::folder::repository().join("docs");
    let pages = std::fs::read_dir(folder).expect("documents");
    let texts = pages.filter_map(|page| std::fs::read_to_string(page.ok()?.path()).ok());
    let page = texts
        .into_iter()
        .find(|text| text.contains(BEGIN))
        .expect("an example for Apache");
    let (_, example) = page.split_once(BEGIN).expect("an example for Apache");
    let (example, _) = example.split_once("```").expect("its end");
    let secret = format!("OIDCClientSecret {secret}");
    let lines = example
        .lines()
        .filter(|line| !line.starts_with("OIDCCryptoPassphrase"));
    lines
        .map(|line| {
            line.replace("https://id.province.example", issuer)
                .replace("https://www.hefei.example", site)
                .replace("hefei-portal", CLIENT)
                .replace("openid assurance seals", "openid assurance seals phone")
                .replace("OIDCClientSecret        ...", &secret)
                + "\n"
        })
        .collect()
}

async fn claim(browser: &Browser, name: &str) -> String {
    browser.words(&format!("#{name}")).await
}

#[tokio::test]
async fn apache_signs_people_in_and_asks_for_a_higher_level_where_a_path_needs_it() {
    for kind in Kind::all() {
        let (world, apache) = rig(kind, |_| String::new(), "").await;
        let (mut visitor, person) = resident(&world).await;
        let browser = browser().await;
        browser.go(&apache.at("/services/")).await;
        type_password(&browser, &person).await;
        agree(&browser).await;
        browser.sees("services").await;
        let subject = claim(&browser, "sub").await;
        assert_eq!(claim(&browser, "acr").await, "urn:denizen:loa:1");
        assert_eq!(claim(&browser, "identity_level").await, "1");

        // The path that needs level 2 sends the person back to be raised.
        browser.go(&apache.at("/services/social-security/")).await;
        browser.sees("account-level").await;
        visitor.open("/verify/mobile-operator").await;
        acceptance::journey::prove_phone(&mut visitor, &world, &person).await;
        acceptance::journey::second_source(&mut visitor).await;
        browser.go(&apache.at("/services/social-security/")).await;
        browser.sees("social-security").await;
        assert_eq!(claim(&browser, "acr").await, "urn:denizen:loa:2");
        assert_eq!(claim(&browser, "sub").await, subject);

        // Signing out there signs out here.
        let after = apache.at("/signed-out");
        browser
            .go(&apache.at(&format!("/callback?logout={}", encoded(&after))))
            .await;
        browser.sees("signed-out").await;
        browser.go(&apache.at("/services/")).await;
        browser.sees("sign-in").await;
    }
}

/// What the module knows of the session, as its page for that says it.
async fn information(browser: &Browser, apache: &Apache) -> Value {
    browser.go(&apache.at("/callback?info=json")).await;
    let text = browser.words("body").await;
    serde_json::from_str(&text).unwrap_or_else(|_| panic!("no JSON: {text}\n{}", apache.said()))
}

/// Form post, refresh, and sign-outs that the provider tells of.
const MORE: &str = "OIDCResponseMode form_post\n\
                    OIDCInfoHook access_token id_token userinfo refresh_token session\n";

async fn refreshes_and_is_told_of_sign_outs(kind: Kind, logout: &str) {
    let told = |base: &str| format!("{REFRESHES}\n{}", logout.replace("BASE", base));
    let (world, apache) = rig(kind, told, MORE).await;
    let (_, person) = resident(&world).await;
    let browser = browser().await;
    browser.go(&apache.at("/services/")).await;
    type_password(&browser, &person).await;
    agree(&browser).await;
    browser.sees("services").await;
    let phone = claim(&browser, "phone_number").await;
    assert_eq!(phone, person.e164(), "{}", apache.said());

    assert!(apache.said().contains("response_mode=form_post"));

    let before = information(&browser, &apache).await;
    let token = before["access_token"]
        .as_str()
        .expect("an access token")
        .to_owned();
    let back = encoded(&apache.at("/services/"));
    browser
        .go(&apache.at(&format!(
            "/callback?refresh={back}&access_token={}",
            encoded(&token)
        )))
        .await;
    browser.sees("services").await;
    let after = information(&browser, &apache).await;
    assert!(after["access_token"].is_string());
    assert_ne!(after["access_token"], before["access_token"], "{}", apache.said());
    assert_eq!(after["id_token"]["sub"], before["id_token"]["sub"]);

    // The person signs out at the provider; whoever comes to the path next is asked to sign in.
    browser.go(&world.at("/logout")).await;
    browser.click_through("main form button:first-of-type").await;
    browser.sees("signed-out").await;
    wait::until_true("Apache to forget the person", NOTICE_LIMIT, || async {
        browser.go(&apache.at("/services/")).await;
        browser.page().await == "sign-in"
    })
    .await;
}

#[tokio::test]
async fn apache_takes_form_posts_refreshes_and_is_told_behind_the_browsers_back() {
    let logout = "backchannel_logout_uri = \"BASE/callback?logout=backchannel\"";
    refreshes_and_is_told_of_sign_outs(Kind::Sqlite, logout).await;
}

#[tokio::test]
async fn apache_takes_form_posts_refreshes_and_is_told_in_a_frame() {
    let logout = "frontchannel_logout_uri = \"BASE/callback?logout=get\"";
    let kind = Kind::postgres_if_at_hand().unwrap_or(Kind::Sqlite);
    refreshes_and_is_told_of_sign_outs(kind, logout).await;
}

#[tokio::test]
async fn apache_refuses_an_answer_of_another_issuer() {
    let (world, apache) = rig(Kind::Sqlite, |_| String::new(), "").await;
    let (visitor, _) = resident(&world).await;
    let mut visitor = visitor.stays_at_the_provider();
    visitor.open(&apache.at("/services/")).await;
    acceptance::journey::allow(&mut visitor).await;
    let answer = visitor.away.clone().expect("an answer");
    let mut wrong = answer.clone();
    wrong.query_pairs_mut().clear();
    for (name, value) in answer.query_pairs() {
        let value = if name == "iss" {
            "https://elsewhere.example".into()
        } else {
            value
        };
        wrong.query_pairs_mut().append_pair(&name, &value);
    }
    visitor.open(wrong.as_str()).await;
    assert!(visitor.away.is_none(), "{:?}", visitor.away);
    let said = apache.said();
    let refused = said
        .lines()
        .find(|line| line.contains(":error]") && line.contains("elsewhere.example"));
    assert!(refused.is_some(), "{said}");
    visitor.open(&apache.at("/services/")).await;
    assert_ne!(visitor.page.name(), "services", "nobody is signed in");
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
