//! The provider as a conformance suite meets it: a process with TLS of its own and a certificate that it was given; and
//! a client under FAPI 2.0, which wants https everywhere.

use acceptance::browser::{Browser, Scripts};
use acceptance::certificate::Certificate;
use acceptance::journey::resident;
use acceptance::relying::{Application, Registration};
use acceptance::visitor::Visitor;
use acceptance::wait;
use acceptance::world::Kind;
use serde_json::json;

use super::openid_client::{REFRESHES, header};
use super::rig::{NOTICE_LIMIT, Rig, agree, seen, text, type_password};

async fn rig(kind: Kind, certificate: &Certificate) -> Rig {
    rig_with(kind, certificate, "").await
}

async fn rig_with(kind: Kind, certificate: &Certificate, more: &str) -> Rig {
    let application = Application::javascript_with(Some(certificate)).await;
    let fapi = Registration::new("fapi", &application.base("fapi"), "private_key_jwt")
        .with_key(application.key("fapi").await)
        .with("profile = \"fapi2-security\"\nid_token_signed_response_alg = \"PS256\"")
        .with(REFRESHES)
        .with(&format!(
            "backchannel_logout_uri = \"{}\"",
            application.at("fapi", "back-channel")
        ))
        .knowing("par", true.into())
        .knowing("dpop", "ES256".into())
        .knowing("metadata", json!({ "id_token_signed_response_alg": "PS256" }));
    let plain = Registration::new("plain", &application.base("plain"), "client_secret_basic");
    Rig::start_secure(kind, certificate, application, &[fapi, plain], more).await
}

#[tokio::test]
async fn openid_client_keeps_the_fapi_2_security_profile_over_tls_in_a_browser() {
    for kind in Kind::all() {
        let certificate = Certificate::make();
        let rig = rig(kind, &certificate).await;
        let (_, person) = resident(&rig.world).await;
        let browser = Browser::open_trusting("en", Scripts::On, Some(&certificate)).await;
        browser.go(&rig.application.at("fapi", "sign-in")).await;
        type_password(&browser, &person).await;
        agree(&browser).await;
        let known = seen(&browser, "signed-in").await;
        assert_eq!(known["userinfo"]["name"], person.name.as_str());
        assert_eq!(header(text(&known, "id_token"))["alg"], "PS256");
        assert!(text(&known, "token_type").eq_ignore_ascii_case("dpop"), "{known}");
        let session = text(&known, "id");
        rig.application.does("fapi", "refresh", session, &[]).await;
        rig.application.does("fapi", "userinfo", session, &[]).await;

        // The browser keeps the provider's cookies as ones that only this host can set and only TLS carries.
        browser.go(&rig.world.at("/account")).await;
        browser.sees("account").await;
        let cookies = browser.driver().get_all_cookies().await.expect("cookies");
        let ours: Vec<_> = cookies
            .iter()
            .filter(|one| one.name.contains("denizen_"))
            .collect();
        assert!(ours.len() >= 2, "{cookies:?}");
        for cookie in ours {
            assert!(cookie.name.starts_with("__Host-"), "{cookie:?}");
            assert_eq!(cookie.secure, Some(true), "{cookie:?}");
            assert_eq!(cookie.path.as_deref(), Some("/"), "{cookie:?}");
        }

        // A sign-out at another client is told over https, to a certificate that the configuration trusts.
        let sid = text(&known["claims"], "sid").to_owned();
        browser.go(&rig.application.at("plain", "sign-in")).await;
        agree(&browser).await;
        seen(&browser, "signed-in").await;
        browser.click_through("#sign-out").await;
        seen(&browser, "farewell").await;
        wait::until("the notice", NOTICE_LIMIT, || async {
            let told = rig.application.told("fapi").await;
            told.into_iter().find(|one| one["payload"]["sid"] == sid.as_str())
        })
        .await;
    }
}

#[tokio::test]
async fn a_scripted_browser_without_javascript_registers_signs_in_and_agrees_over_tls() {
    let certificate = Certificate::make();
    let rig = rig(Kind::Sqlite, &certificate).await;
    // Registering, in the middle of a request.
    let person = rig.world.outside.person().await;
    let mut visitor = rig.visitor(Visitor::new(&rig.world));
    visitor
        .open(&rig.application.at("plain", "sign-in?prompt=create"))
        .await;
    acceptance::journey::register(&mut visitor, &rig.world, &person).await;
    acceptance::journey::prove_name(&mut visitor, &person).await;
    let known = rig.go_on(&mut visitor, "plain").await;
    assert_eq!(known["userinfo"]["name"], person.name.as_str());
    for hop in &visitor.history {
        for line in hop.cookies().iter().filter(|line| line.contains("denizen_")) {
            assert!(line.starts_with("__Host-denizen_"), "{line}");
            assert!(
                line.contains("; Secure") && line.contains("; Path=/") && !line.contains("Domain"),
                "{line}"
            );
        }
    }
    // Signing in again, elsewhere.
    let mut elsewhere = rig.visitor(Visitor::new(&rig.world));
    elsewhere.open(&rig.application.at("plain", "sign-in")).await;
    acceptance::journey::sign_in(&mut elsewhere, &person.phone, &person.password).await;
    let again = rig.go_on(&mut elsewhere, "plain").await;
    assert_eq!(again["claims"]["sub"], known["claims"]["sub"]);
    // Saying no is possible, too.
    elsewhere
        .open(&rig.application.at("plain", "sign-in?prompt=consent"))
        .await;
    elsewhere.sees("consent");
    elsewhere.press("decision=deny").await;
    assert_eq!(super::rig::shown(&elsewhere)["error"], "access_denied");
}

/// What a run of a suite may want to be wider or narrower than usual.
const LIMITS: &str = r#"
[limits]
url_bytes = 16384
header_bytes = 32768

[account.signin]
captcha_after = 1000
address_captcha_after = 1000
identifier_network_limit = 1000

[account.otp]
phone_per_hour = 1000
resend_seconds = 10

[provider]
code_seconds = 600
par_seconds = 30
access_token_seconds = 3000
id_token_seconds = 1800
"#;

#[tokio::test]
async fn the_limits_that_a_run_of_a_suite_meets_can_be_moved() {
    let certificate = Certificate::make();
    let rig = rig_with(Kind::Sqlite, &certificate, LIMITS).await;
    let (_, person) = resident(&rig.world).await;
    let mut visitor = rig.visitor(Visitor::new(&rig.world));
    // More failures than anybody is usually allowed without a captcha, and then the right password.
    visitor.open(&rig.application.at("plain", "sign-in")).await;
    for _ in 0..8 {
        acceptance::journey::sign_in(&mut visitor, &person.phone, "not-the-password-1").await;
        visitor.sees("sign-in");
        assert!(
            visitor.page.value("captcha_id").is_none(),
            "{}",
            visitor.page.words()
        );
    }
    acceptance::journey::sign_in(&mut visitor, &person.phone, &person.password).await;
    let known = rig.go_on(&mut visitor, "plain").await;
    assert_eq!(known["expires_in"], 3000, "{known}");
    let claims = &known["claims"];
    assert_eq!(
        claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(),
        1800
    );
    // A longer address than usual.
    let long = format!("/sign-in?x={}", "x".repeat(12_000));
    visitor.open(&long).await;
    assert_ne!(visitor.status.as_u16(), 414);
}
