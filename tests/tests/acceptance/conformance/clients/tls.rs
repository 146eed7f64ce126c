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
    Rig::start_secure(kind, certificate, application, &[fapi, plain]).await
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
