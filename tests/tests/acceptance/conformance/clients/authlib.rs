//! Authlib, the client for Python, with Flask.

use acceptance::journey::{newcomer, resident};
use acceptance::relying::{Application, Registration};
use acceptance::world::Kind;

use super::openid_client::REFRESHES;
use super::rig::{Rig, agree, browser, seen, shown, text, type_password};

/// A resource that has a server of its own (RFC 8707).
const RECORDS: &str = "https://records.site.example/";

async fn rig() -> Rig {
    let application = Application::python().await;
    let new = |id: &str, method| Registration::new(id, &application.base(id), method);
    let clients = [
        new("basic", "client_secret_basic").with(REFRESHES),
        new("key", "private_key_jwt").with_key(application.key("key").await),
        new("secret", "client_secret_jwt").with(REFRESHES),
        new("service", "private_key_jwt")
            .with_key(application.key("service").await)
            .with("grant_types = [\"client_credentials\"]\nservice_scopes = [\"records.read\"]")
            .with(&format!("resources = [\"{RECORDS}\"]")),
        new("records", "client_secret_post").with(&format!("serves_resources = [\"{RECORDS}\"]")),
        new("rs256", "client_secret_post").with("id_token_signed_response_alg = \"RS256\""),
        // The same client, in an application that expects somebody else.
        new("misled", "client_secret_basic").knowing("expected_issuer", "https://elsewhere.example".into()),
    ];
    let kind = Kind::postgres_if_at_hand().unwrap_or(Kind::Sqlite);
    Rig::start(kind, application, &clients).await
}

#[tokio::test]
async fn authlib_signs_people_in_and_out_and_refuses_another_issuer() {
    let rig = rig().await;
    let (_, person) = resident(&rig.world).await;
    let browser = browser().await;
    browser.go(&rig.application.at("basic", "sign-in")).await;
    type_password(&browser, &person).await;
    agree(&browser).await;
    let known = seen(&browser, "signed-in").await;
    assert_eq!(text(&known["claims"], "acr"), "urn:denizen:loa:1");
    assert_eq!(known["userinfo"]["name"], person.name.as_str());
    browser.click_through("#sign-out").await;
    seen(&browser, "farewell").await;
    browser
        .go(&rig.application.at("basic", "sign-in?prompt=none"))
        .await;
    assert_eq!(seen(&browser, "failed").await["error"], "login_required");

    let (visitor, _) = newcomer(&rig.world).await;
    let mut visitor = rig.visitor(visitor);
    for client in ["key", "rs256", "secret"] {
        let known = rig.sign_in(&mut visitor, client, "").await;
        assert_eq!(known["claims"]["aud"], client, "{known}");
    }
    visitor.open(&rig.application.at("misled", "sign-in")).await;
    acceptance::journey::allow(&mut visitor).await;
    assert_eq!(visitor.page.name(), "failed", "{}", visitor.page.words());
    assert!(shown(&visitor).to_string().contains("issuer"));
}

#[tokio::test]
async fn authlib_refreshes_revokes_works_in_its_own_name_and_asks_what_tokens_are_worth() {
    let rig = rig().await;
    let (visitor, _) = newcomer(&rig.world).await;
    let mut visitor = rig.visitor(visitor);
    let does = async |client: &str, what: &str, session: &str, fields: &[(&str, &str)]| {
        rig.application.does(client, what, session, fields).await
    };
    for client in ["basic", "secret"] {
        let known = rig.sign_in(&mut visitor, client, "").await;
        let session = text(&known, "id");
        let refreshed = does(client, "refresh", session, &[]).await;
        assert_ne!(refreshed["access_token"], known["access_token"], "{client}");
        assert_eq!(refreshed["claims"]["sub"], known["claims"]["sub"], "{client}");
        assert_eq!(
            refreshed["claims"]["auth_time"], known["claims"]["auth_time"],
            "{client}"
        );
        does(client, "userinfo", session, &[]).await;
        // RFC 7009: 200, and nothing that a client could stumble over.
        let revoked = does(
            client,
            "revoke",
            session,
            &[("token", text(&known, "refresh_token"))],
        )
        .await;
        assert_eq!((&revoked["status"], &revoked["body"]), (&200.into(), &"".into()));
        let dead = rig.application.act(client, "refresh", session, &[]).await;
        assert_eq!(dead.expect_err("revoked")["error"], "invalid_grant", "{client}");
    }

    let fields = [("scope", "records.read"), ("resource", RECORDS)];
    let given = does("service", "client-credentials", "", &fields).await;
    let token = text(&given, "access_token");
    let asked = does("records", "introspect", "", &[("token", token)]).await;
    assert_eq!(
        (&asked["active"], &asked["scope"]),
        (&true.into(), &"records.read".into()),
        "{asked}"
    );
    let asked = does("records", "introspect", "", &[("token", "nonsense")]).await;
    assert_eq!(asked, serde_json::json!({ "active": false }));
}
