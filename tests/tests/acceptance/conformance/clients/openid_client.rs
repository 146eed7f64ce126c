//! `openid-client`, the certified client for JavaScript.

use std::sync::Arc;

use acceptance::journey::{newcomer, resident};
use acceptance::relying::{Application, Registration};
use acceptance::visitor::Visitor;
use acceptance::wait;
use acceptance::world::Kind;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::rig::{NOTICE_LIMIT, Rig, agree, browser, seen, shown, text, type_password};

static RIGS: [OnceCell<Arc<Rig>>; 2] = [OnceCell::const_new(), OnceCell::const_new()];

/// One application and one world for each kind of database; the tests bring people of their own.
async fn rigs() -> Vec<Arc<Rig>> {
    let mut all = Vec::new();
    for (kind, cell) in Kind::all().into_iter().zip(&RIGS) {
        all.push(Arc::clone(
            cell.get_or_init(|| async {
                let application = Application::javascript().await;
                let clients = clients(&application).await;
                Arc::new(Rig::start(kind, application, &clients).await)
            })
            .await,
        ));
    }
    all
}

async fn any() -> Arc<Rig> {
    rigs().await.swap_remove(0)
}

/// How each client is registered; the application is told the same.
async fn clients(application: &Application) -> Vec<Registration> {
    let new = |id: &str, method| Registration::new(id, &application.base(id), method);
    let with_key = async |id: &str| {
        let key = application.key(id).await;
        new(id, "private_key_jwt").with_key(key)
    };
    let at = |id: &str, path: &str| application.at(id, path);
    vec![
        new("basic", "client_secret_basic").with(REFRESHES).with(&format!(
            "backchannel_logout_uri = \"{}\"",
            at("basic", "back-channel")
        )),
        new("post", "client_secret_post").with(&format!(
            "frontchannel_logout_uri = \"{}\"",
            at("post", "front-channel")
        )),
        new("secret", "client_secret_jwt"),
        new("public", "none").with(REFRESHES),
        with_key("key").await,
        new("fetched", "private_key_jwt")
            .with(&format!("jwks_uri = \"{}\"", application.keys_address("fetched"))),
        new("form", "client_secret_basic").knowing("parameters", json!({ "response_mode": "form_post" })),
        new("pushed", "client_secret_basic")
            .with("require_pushed_authorization_requests = true")
            .knowing("par", true.into()),
        with_key("object")
            .await
            .with("require_signed_request_object = true\nrequest_object_signing_alg = \"ES256\"")
            .knowing("request_object", true.into()),
        new("bound", "none")
            .with("dpop_bound_access_tokens = true")
            .with(REFRESHES)
            .knowing("dpop", "ES256".into()),
        new("signed", "client_secret_basic")
            .with("userinfo_signed_response_alg = \"ES256\"")
            .knowing("metadata", json!({ "userinfo_signed_response_alg": "ES256" })),
        new("ps256", "client_secret_basic")
            .with("id_token_signed_response_alg = \"PS256\"")
            .knowing("metadata", json!({ "id_token_signed_response_alg": "PS256" })),
        new("eddsa", "client_secret_basic")
            .with("id_token_signed_response_alg = \"EdDSA\"")
            .knowing("metadata", json!({ "id_token_signed_response_alg": "EdDSA" })),
        with_key("service")
            .await
            .with("grant_types = [\"client_credentials\"]\nservice_scopes = [\"records.read\"]")
            .with(&format!("resources = [\"{RECORDS}\"]")),
        new("records", "client_secret_basic").with(&format!("serves_resources = [\"{RECORDS}\"]")),
    ]
}

/// What a client says that wants refresh tokens.
pub(super) const REFRESHES: &str = "grant_types = [\"authorization_code\", \"refresh_token\"]";
/// A resource that has a server of its own (RFC 8707).
const RECORDS: &str = "https://records.site.example/";

#[tokio::test]
async fn openid_client_signs_a_person_in_and_out_in_a_browser() {
    for rig in rigs().await {
        let (_, person) = resident(&rig.world).await;
        let browser = browser().await;
        browser.go(&rig.application.at("basic", "sign-in")).await;
        type_password(&browser, &person).await;
        agree(&browser).await;
        let known = seen(&browser, "signed-in").await;
        assert_eq!(text(&known["claims"], "acr"), "urn:denizen:loa:1");
        assert_eq!(known["userinfo"]["name"], person.name.as_str());
        assert_eq!(known["userinfo"]["phone_number"], person.e164().as_str());
        assert_eq!(known["userinfo"]["sub"], known["claims"]["sub"]);

        browser.click_through("#sign-out").await;
        let farewell = seen(&browser, "farewell").await;
        assert_eq!(farewell["state"], "until-later");
        assert_eq!(
            farewell.as_object().map(serde_json::Map::len),
            Some(1),
            "{farewell}"
        );
        browser
            .go(&rig.application.at("basic", "sign-in?prompt=none"))
            .await;
        let failed = seen(&browser, "failed").await;
        assert_eq!(failed["error"], "login_required", "{failed}");
    }
}

#[tokio::test]
async fn openid_client_proves_itself_in_every_way_it_knows() {
    for rig in rigs().await {
        let (visitor, _) = newcomer(&rig.world).await;
        let mut visitor = rig.visitor(visitor);
        for client in ["basic", "post", "secret", "public", "key", "fetched"] {
            let known = rig.sign_in(&mut visitor, client, "").await;
            assert_eq!(known["claims"]["aud"], client, "{known}");
            assert!(known["claims"].get("nonce").is_some(), "{known}");
        }
    }
}

#[tokio::test]
async fn openid_client_refuses_answers_that_are_not_from_the_provider() {
    let rig = any().await;
    let (visitor, _) = newcomer(&rig.world).await;
    let mut visitor = rig.visitor(visitor);
    rig.sign_in(&mut visitor, "basic", "").await;
    for (change, what) in [
        ("another issuer", "iss"),
        ("no issuer", "iss"),
        ("another state", "state"),
    ] {
        let answer = answer_on_its_way(&rig, &mut visitor).await;
        let mut changed = answer.clone();
        changed.query_pairs_mut().clear();
        for (name, value) in answer.query_pairs() {
            match (name == what, change) {
                (true, "no issuer") => {}
                (true, _) => {
                    changed
                        .query_pairs_mut()
                        .append_pair(&name, "https://elsewhere.example");
                }
                (false, _) => {
                    changed.query_pairs_mut().append_pair(&name, &value);
                }
            }
        }
        visitor.open(changed.as_str()).await;
        assert_eq!(visitor.page.name(), "failed", "{change}");
        let failed = shown(&visitor);
        assert!(failed.to_string().contains(what), "{change}: {failed}");
    }
}

/// The address of the call-back, before the browser goes there.
async fn answer_on_its_way(rig: &Rig, visitor: &mut Visitor) -> url::Url {
    let mut halfway = visitor.clone().stays_at_the_provider();
    halfway.open(&rig.application.at("basic", "sign-in")).await;
    visitor.cookies = halfway.cookies.clone();
    halfway.away.clone().expect("an answer")
}

#[tokio::test]
async fn openid_client_refuses_metadata_of_another_name() {
    let rig = any().await;
    // The provider's own document, word for word, at an address that is not the provider's.
    let mut settings = Registration::new("elsewhere", &rig.application.base("elsewhere"), "none")
        .settings(&rig.application.base("basic"));
    settings["client_id"] = "public".into();
    rig.application.configure("elsewhere", &settings).await;
    let fault = rig
        .application
        .act("elsewhere", "metadata", "", &[])
        .await
        .expect_err("another issuer than the address");
    assert!(fault.to_string().contains("issuer"), "{fault}");
}

#[tokio::test]
async fn openid_client_verifies_id_tokens_of_every_kind_of_key() {
    let rig = any().await;
    let (visitor, _) = newcomer(&rig.world).await;
    let mut visitor = rig.visitor(visitor);
    for (client, alg) in [("basic", "ES256"), ("ps256", "PS256"), ("eddsa", "EdDSA")] {
        let known = rig.sign_in(&mut visitor, client, "").await;
        let header = header(text(&known, "id_token"));
        assert_eq!(header["alg"], alg, "{header}");
        assert!(header["kid"].is_string(), "{header}");
    }
}

pub(super) fn header(token: &str) -> Value {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let first = token.split('.').next().expect("a header");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(first).expect("base64url")).expect("JSON")
}

#[tokio::test]
async fn openid_client_takes_its_answer_by_form_post() {
    for rig in rigs().await {
        // Without script the page has a button.
        let (visitor, person) = newcomer(&rig.world).await;
        let mut visitor = rig.visitor(visitor);
        rig.sign_in(&mut visitor, "form", "").await;
        // In a browser it goes by itself.
        let browser = browser().await;
        browser.go(&rig.application.at("form", "sign-in")).await;
        type_password(&browser, &person).await;
        let known = seen(&browser, "signed-in").await;
        assert_eq!(known["claims"]["aud"], "form");
        // Errors come the same way.
        visitor
            .open(&rig.application.at("form", "sign-in?prompt=none&max_age=0"))
            .await;
        assert_eq!(visitor.page.name(), "form-post", "{}", visitor.page.words());
        visitor.press("").await;
        assert_eq!(shown(&visitor)["error"], "login_required");
    }
}

#[tokio::test]
async fn openid_client_pushes_its_requests_and_signs_them() {
    for rig in rigs().await {
        let (visitor, _) = newcomer(&rig.world).await;
        let mut visitor = rig.visitor(visitor);
        for client in ["pushed", "object"] {
            let known = rig
                .sign_in(&mut visitor, client, "?acr_values=urn:denizen:loa:0")
                .await;
            assert_eq!(known["claims"]["aud"], client);
            let asked = visitor.history.iter().rfind(|hop| hop.url.path() == "/authorize");
            let asked = asked
                .expect("a request at the provider")
                .url
                .query()
                .unwrap_or_default()
                .to_owned();
            assert!(
                !asked.contains("acr_values"),
                "nothing is said in the open: {asked}"
            );
        }
    }
}

#[tokio::test]
async fn openid_client_reads_signed_userinfo() {
    let rig = any().await;
    let (visitor, person) = resident(&rig.world).await;
    let mut visitor = rig.visitor(visitor);
    let known = rig.sign_in(&mut visitor, "signed", "").await;
    assert_eq!(known["userinfo"]["name"], person.name.as_str(), "{known}");
    assert_eq!(known["userinfo"]["aud"], "signed", "{known}");
}

#[tokio::test]
async fn openid_client_refreshes_and_a_replay_ends_the_family() {
    for rig in rigs().await {
        let (visitor, _) = newcomer(&rig.world).await;
        let mut visitor = rig.visitor(visitor);
        for (client, rotates) in [("basic", false), ("public", true)] {
            let known = rig.sign_in(&mut visitor, client, "").await;
            let session = text(&known, "id");
            let first = text(&known, "refresh_token");
            let refreshed = rig.application.does(client, "refresh", session, &[]).await;
            assert_eq!(refreshed["rotated"], rotates, "{client}: {refreshed}");
            assert_ne!(refreshed["access_token"], known["access_token"]);
            for same in ["iss", "sub", "aud", "auth_time", "sid"] {
                assert_eq!(
                    refreshed["claims"][same], known["claims"][same],
                    "{client}: {same}"
                );
            }
            let info = rig.application.does(client, "userinfo", session, &[]).await;
            assert_eq!(info["sub"], known["claims"]["sub"]);
            if rotates {
                let replayed = refresh_with(&rig, client, first).await.expect_err("used before");
                assert_eq!(replayed["error"], "invalid_grant", "{replayed}");
                let second = text(&refreshed, "refresh_token");
                let dead = refresh_with(&rig, client, second)
                    .await
                    .expect_err("the family is gone");
                assert_eq!(dead["error"], "invalid_grant", "{dead}");
                let token = rig.application.act(client, "userinfo", session, &[]).await;
                assert!(token.is_err(), "its access tokens too: {token:?}");
            }
        }
    }
}

async fn refresh_with(rig: &Rig, client: &str, token: &str) -> Result<Value, Value> {
    rig.application
        .act(client, "refresh-with", "", &[("token", token)])
        .await
}

#[tokio::test]
async fn openid_client_proves_possession_with_dpop() {
    for rig in rigs().await {
        let (visitor, _) = newcomer(&rig.world).await;
        let mut visitor = rig.visitor(visitor);
        let known = rig.sign_in(&mut visitor, "bound", "").await;
        assert!(text(&known, "token_type").eq_ignore_ascii_case("dpop"), "{known}");
        let (session, token) = (text(&known, "id"), text(&known, "access_token"));
        // The bare token is worth nothing.
        let userinfo = rig.world.at("/userinfo");
        let bare = acceptance::party::answer(rig.world.http.get(&userinfo).bearer_auth(token)).await;
        assert_eq!(bare.status.as_u16(), 401, "{}", bare.body);
        let refreshed = rig.application.does("bound", "refresh", session, &[]).await;
        assert!(
            text(&refreshed, "token_type").eq_ignore_ascii_case("dpop"),
            "{refreshed}"
        );
        rig.application.does("bound", "userinfo", session, &[]).await;
    }
}

#[tokio::test]
async fn openid_client_works_in_its_own_name_and_another_asks_what_its_token_is_worth() {
    for rig in rigs().await {
        let fields = [("scope", "records.read"), ("resource", RECORDS)];
        let given = rig
            .application
            .does("service", "client-credentials", "", &fields)
            .await;
        assert_eq!(given["scope"], "records.read", "{given}");
        let token = text(&given, "access_token");
        assert_eq!(header(token)["typ"], "at+jwt", "{given}");
        let asked = rig
            .application
            .does("records", "introspect", "", &[("token", token)])
            .await;
        assert_eq!(asked["active"], true, "{asked}");
        assert_eq!(asked["client_id"], "service", "{asked}");
        assert_eq!(asked["scope"], "records.read", "{asked}");
        // Whom it does not concern learns nothing.
        let other = rig
            .application
            .does("post", "introspect", "", &[("token", token)])
            .await;
        assert_eq!(other["active"], false, "{other}");
        rig.application
            .does("service", "revoke", "", &[("token", token)])
            .await;
        let asked = rig
            .application
            .does("records", "introspect", "", &[("token", token)])
            .await;
        assert_eq!(asked["active"], false, "{asked}");
        let wrong = rig
            .application
            .act("service", "client-credentials", "", &[("scope", "openid")])
            .await
            .expect_err("a service has no people");
        assert_eq!(wrong["error"], "invalid_scope", "{wrong}");
    }
}

#[tokio::test]
async fn openid_client_revokes_what_it_was_given() {
    for rig in rigs().await {
        let (visitor, _) = newcomer(&rig.world).await;
        let mut visitor = rig.visitor(visitor);
        let known = rig.sign_in(&mut visitor, "basic", "").await;
        let (session, refresh) = (text(&known, "id"), text(&known, "refresh_token"));
        rig.application
            .does("basic", "revoke", session, &[("token", refresh)])
            .await;
        let dead = rig.application.act("basic", "refresh", session, &[]).await;
        assert_eq!(dead.expect_err("revoked")["error"], "invalid_grant");
        assert!(
            rig.application
                .act("basic", "userinfo", session, &[])
                .await
                .is_err()
        );
    }
}

#[tokio::test]
async fn openid_client_is_told_of_a_sign_out_elsewhere_behind_the_browsers_back() {
    for rig in rigs().await {
        let (visitor, _) = newcomer(&rig.world).await;
        let mut visitor = rig.visitor(visitor);
        let known = rig.sign_in(&mut visitor, "basic", "").await;
        let sid = text(&known["claims"], "sid").to_owned();
        rig.sign_in(&mut visitor, "key", "").await;
        visitor.open(&rig.application.at("key", "sign-out")).await;
        let notice = wait::until("the notice", NOTICE_LIMIT, || async {
            let told = rig.application.told("basic").await;
            told.into_iter().find(|one| one["payload"]["sid"] == sid.as_str())
        })
        .await;
        assert_eq!(notice["by"], "back-channel", "{notice}");
        assert_eq!(notice["ended"], 1, "{notice}");
        assert_eq!(notice["payload"]["sub"], known["claims"]["sub"], "{notice}");
        let said: Vec<&String> = notice["payload"].as_object().expect("claims").keys().collect();
        let known_claims = ["aud", "events", "exp", "iat", "iss", "jti", "sid", "sub"];
        assert!(
            said.iter().all(|name| known_claims.contains(&name.as_str())),
            "{said:?}"
        );
        visitor.open(&rig.application.at("basic", "")).await;
        assert_eq!(visitor.page.name(), "signed-out", "its own session is gone");
        assert!(
            rig.application
                .told("basic")
                .await
                .iter()
                .all(|one| one.get("refused").is_none())
        );
    }
}

#[tokio::test]
async fn openid_client_is_told_of_a_sign_out_elsewhere_in_a_frame() {
    let rig = any().await;
    let (_, person) = newcomer(&rig.world).await;
    let browser = browser().await;
    browser.go(&rig.application.at("post", "sign-in")).await;
    type_password(&browser, &person).await;
    agree(&browser).await;
    let known = seen(&browser, "signed-in").await;
    let sid = text(&known["claims"], "sid").to_owned();
    browser.go(&rig.application.at("key", "sign-in")).await;
    agree(&browser).await;
    seen(&browser, "signed-in").await;
    browser.click_through("#sign-out").await;
    seen(&browser, "farewell").await;
    let told = rig.application.told("post").await;
    let notice = told.iter().find(|one| one["sid"] == sid.as_str());
    let notice = notice.unwrap_or_else(|| panic!("the browser left before the frame was loaded: {told:?}"));
    assert_eq!(notice["ended"], 1, "{notice}");
    browser.go(&rig.application.at("post", "")).await;
    seen(&browser, "signed-out").await;
}

#[tokio::test]
async fn openid_client_registers_itself_with_a_permission() {
    for rig in rigs().await {
        let token = permission(&rig).await;
        let name = "dynamic";
        let settings =
            Registration::new(name, &rig.application.base(name), "none").settings(&rig.world.issuer);
        let mut settings = settings;
        settings["scope"] = "openid assurance".into();
        rig.application.configure(name, &settings).await;
        let metadata = json!({
            "redirect_uris": [rig.application.at(name, "callback")],
            "token_endpoint_auth_method": "none",
            "client_name": "Registered by itself",
            "scope": "openid assurance",
        });
        let refused = rig.application.register(name, &metadata, "nonsense").await;
        assert_eq!(refused.expect_err("no permission")["status"], 401);
        let registered = rig.application.register(name, &metadata, &token).await;
        let registered = registered.unwrap_or_else(|fault| panic!("{fault:#}\n{}", rig.application.said()));
        let (visitor, _) = newcomer(&rig.world).await;
        let mut visitor = rig.visitor(visitor);
        let known = rig.sign_in(&mut visitor, name, "").await;
        assert_eq!(known["claims"]["aud"], registered["client_id"], "{known}");
        // Read and deleted with the token that came with it (RFC 7592).
        let place = text(&registered, "registration_client_uri");
        let key = text(&registered, "registration_access_token");
        let http = &rig.world.http;
        let read = acceptance::party::answer(http.get(place).bearer_auth(key)).await;
        assert_eq!(read.body["client_id"], registered["client_id"], "{}", read.body);
        let gone = acceptance::party::answer(http.delete(place).bearer_auth(key)).await;
        assert_eq!(gone.status.as_u16(), 204);
    }
}

#[tokio::test]
async fn openid_client_registers_with_a_document_of_its_sector() {
    let rig = any().await;
    let token = permission(&rig).await;
    let name = "sector";
    let mut settings =
        Registration::new(name, &rig.application.base(name), "none").settings(&rig.world.issuer);
    settings["scope"] = "openid".into();
    rig.application.configure(name, &settings).await;
    let metadata = |other: &str| {
        json!({
            "redirect_uris": [rig.application.at(name, "callback")],
            "sector_identifier_uri": rig.application.at(other, "").replace(other, &format!("sectors/{other}")).trim_end_matches('/'),
            "subject_type": "pairwise",
            "token_endpoint_auth_method": "none",
            "scope": "openid",
        })
    };
    let refused = rig.application.register(name, &metadata("another"), &token).await;
    assert_eq!(
        refused.expect_err("not in the document")["error"],
        "invalid_client_metadata"
    );
    let registered = rig.application.register(name, &metadata(name), &token).await;
    registered.unwrap_or_else(|fault| panic!("{fault:#}\n{}", rig.application.said()));
    let (visitor, _) = newcomer(&rig.world).await;
    let mut visitor = rig.visitor(visitor);
    let known = rig.sign_in(&mut visitor, name, "").await;
    assert!(known["claims"]["sub"].is_string(), "{known}");
}

/// A permission to register, as the operator's command makes it.
async fn permission(rig: &Rig) -> String {
    let file = rig.world.folder.path("node-0.toml");
    let config = file.to_str().expect("UTF-8");
    let made =
        acceptance::process::command(&["clients", "token", "--label", "test", "--config", config]).await;
    assert_eq!(made.code, 0, "{}", made.err);
    made.out.trim().to_owned()
}
