//! What can be registered, and what is said back.

use http::Method;
use serde_json::{Value, json};

use super::*;

#[tokio::test]
async fn the_least_registration_is_filled_up_with_the_standards_defaults() {
    for world in worlds().await {
        let permission = permission(&world, 1).await;
        let answer = register(&world, &permission, &metadata(json!({}))).await;
        assert_eq!(answer.status, 201);
        assert_eq!(answer.headers["cache-control"], "no-store");
        let client = Registered::read(answer.json);
        let mut told = client.json.clone();
        for secret in [
            "client_id",
            "client_secret",
            "registration_access_token",
            "registration_client_uri",
        ] {
            told.as_object_mut().unwrap().remove(secret).expect(secret);
        }
        assert_eq!(
            told,
            json!({
                "redirect_uris": ["https://club.example/callback"],
                "application_type": "web",
                "response_types": ["code"],
                "response_modes": ["query", "form_post"],
                "grant_types": ["authorization_code"],
                "scope": "openid assurance phone",
                "token_endpoint_auth_method": "client_secret_basic",
                "subject_type": "pairwise",
                "id_token_signed_response_alg": "RS256",
                "require_signed_request_object": false,
                "require_pushed_authorization_requests": false,
                "dpop_bound_access_tokens": false,
                "require_auth_time": false,
                "client_name": "club.example",
                "client_id_issued_at": world.now().timestamp(),
                "client_secret_expires_at": (world.now() + TimeDelta::days(365)).timestamp(),
            })
        );
        // Shown again it is the same, but for the secret (A149).
        let mut shown = client.show(&world).await.json;
        shown["client_secret"] = client.json["client_secret"].clone();
        assert_eq!(shown, client.json);
        assert_eq!(client.path, format!("{REGISTRATION}/{}", client.id));
    }
}

#[tokio::test]
async fn every_member_of_the_standards_is_registered_and_said_back() {
    let sent = json!({
        "redirect_uris": ["https://club.example/callback", "https://club.example/other?x=1"],
        "post_logout_redirect_uris": ["https://club.example/bye"],
        "application_type": "web",
        "response_types": ["code"],
        "response_modes": ["form_post"],
        "grant_types": ["authorization_code", "refresh_token"],
        "scope": "openid phone offline_access",
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": "ES256",
        "jwks_uri": "https://club.example/jwks.json",
        "subject_type": "pairwise",
        "id_token_signed_response_alg": "ES256",
        "userinfo_signed_response_alg": "RS256",
        "request_object_signing_alg": "PS256",
        "require_signed_request_object": true,
        "require_pushed_authorization_requests": true,
        "dpop_bound_access_tokens": true,
        "default_max_age": 3600,
        "require_auth_time": true,
        "default_acr_values": ["urn:denizen:loa:2", "urn:denizen:loa:1"],
        "initiate_login_uri": "https://club.example/start",
        "backchannel_logout_uri": "https://club.example/backchannel",
        "backchannel_logout_session_required": true,
        "frontchannel_logout_uri": "https://club.example/frontchannel",
        "frontchannel_logout_session_required": true,
        "client_name": "Club",
        "client_name#zh-CN": "俱乐部",
        "client_name#vi": "Câu lạc bộ",
        "client_uri": "https://club.example/",
        "logo_uri": "https://club.example/logo.png",
        "policy_uri": "https://club.example/policy#data",
        "tos_uri": "https://club.example/terms",
        "contacts": ["ops@club.example"],
        "purpose": { "phone": { "zh-CN": "通知", "en": "To tell you", "vi": "Để báo" } },
        "software_id": "4NRB1-0XZABZI9E6-5SM3R",
        "software_version": "2.1",
    });
    for world in worlds().await {
        let permission = permission(&world, 1).await;
        let answer = register(&world, &permission, &sent).await;
        assert_eq!(answer.status, 201, "{}", answer.json);
        for (key, value) in sent.as_object().unwrap() {
            assert_eq!(answer.json[key], *value, "{key}");
        }
        for key in ["client_secret", "client_secret_expires_at"] {
            assert_eq!(answer.json[key], Value::Null);
        }
        let client = Registered::read(answer.json);
        assert_eq!(client.show(&world).await.json, client.json);
        let id = model::ids::ClientId::parse(&client.id).unwrap();
        let stored = world.service.client(&id).unwrap();
        assert_eq!(stored.client.faults(true), []);
        assert_eq!(stored.client.name.texts(), ["俱乐部", "Club", "Câu lạc bộ"]);
        assert_eq!(stored.client.default_level, Level::new(2));
        assert_eq!(stored.client.purpose[&Scope::Phone].texts()[1], "To tell you");
        assert!(stored.client.must_push() && stored.client.binds_tokens());

        // What a change leaves out is gone (RFC 7592 section 2.2), and what is null is left out.
        let changed = client.change(
            &world,
            json!({ "policy_uri": null, "tos_uri": "https://club.example/terms2" }),
        );
        let changed = changed.await.json;
        assert_eq!(changed["tos_uri"], "https://club.example/terms2");
        for key in [
            "policy_uri",
            "logo_uri",
            "jwks_uri",
            "backchannel_logout_uri",
            "software_id",
            "client_name#vi",
        ] {
            assert_eq!(changed[key], Value::Null, "{key}");
        }
        assert_eq!(changed["client_id_issued_at"], client.json["client_id_issued_at"]);
        assert_eq!(
            changed["registration_access_token"],
            client.json["registration_access_token"]
        );
        let shown = client.show(&world).await.json;
        assert_eq!(shown["tos_uri"], changed["tos_uri"]);
        assert_eq!(shown["policy_uri"], Value::Null);
    }
}

/// Metadata that is not offered, with the word that the answer has to say.
fn not_offered() -> Vec<(Value, &'static str)> {
    vec![
        (json!({ "response_types": ["id_token"] }), "response_types"),
        (
            json!({ "response_types": ["code", "code id_token"] }),
            "response_types",
        ),
        (
            json!({ "grant_types": ["authorization_code", "implicit"] }),
            "grant_types",
        ),
        (json!({ "grant_types": ["password"] }), "grant_types"),
        (json!({ "grant_types": ["refresh_token"] }), "grant_types"),
        (
            json!({ "id_token_signed_response_alg": "none" }),
            "id_token_signed_response_alg",
        ),
        (
            json!({ "id_token_signed_response_alg": "HS256" }),
            "id_token_signed_response_alg",
        ),
        (
            json!({ "userinfo_signed_response_alg": "none" }),
            "userinfo_signed_response_alg",
        ),
        (
            json!({ "request_object_signing_alg": "none", "jwks_uri": "https://club.example/jwks" }),
            "request_object_signing_alg",
        ),
        (
            json!({ "id_token_encrypted_response_alg": "RSA-OAEP" }),
            "id_token_encrypted_response_alg",
        ),
        (
            json!({ "userinfo_encrypted_response_alg": "RSA-OAEP" }),
            "userinfo_encrypted_response_alg",
        ),
        (
            json!({ "request_object_encryption_alg": "RSA-OAEP" }),
            "request_object_encryption_alg",
        ),
        (
            json!({ "tls_client_certificate_bound_access_tokens": true }),
            "tls_client_certificate_bound_access_tokens",
        ),
        (
            json!({ "request_uris": ["https://club.example/request"] }),
            "request_uris",
        ),
        (
            json!({ "token_endpoint_auth_method": "tls_client_auth" }),
            "token_endpoint_auth_method",
        ),
        (json!({ "token_endpoint_auth_method": "private_key_jwt" }), "jwks"),
        (json!({ "jwks": "x" }), "jwks"),
        (
            json!({ "jwks": { "keys": [{ "kty": "oct", "k": "AAAA" }] } }),
            "jwks",
        ),
        (
            json!({ "initiate_login_uri": "ftp://club.example/x" }),
            "initiate_login_uri",
        ),
        (json!({ "application_type": "desktop" }), "application_type"),
        (json!({ "default_max_age": "x" }), "default_max_age"),
        (json!({ "default_max_age": -1 }), "default_max_age"),
        (json!({ "contacts": "ops@club.example" }), "contacts"),
        (json!({ "scope": "phone" }), "scope"),
        (
            json!({ "frontchannel_logout_uri": "https://other.example/x" }),
            "frontchannel_logout_uri",
        ),
        (
            json!({ "redirect_uris": "https://club.example/cb" }),
            "redirect_uris",
        ),
    ]
}

#[tokio::test]
async fn what_is_not_offered_is_refused_by_name() {
    for world in worlds().await {
        let token = permission(&world, 10).await;
        let of_metadata = not_offered()
            .into_iter()
            .map(|(more, word)| (more, "invalid_client_metadata", word));
        let others = [
            (
                json!({ "software_statement": "x" }),
                "invalid_software_statement",
                "software_statement",
            ),
            (
                json!({ "software_statement": "a.b.c" }),
                "unapproved_software_statement",
                "software statements",
            ),
            (
                json!({ "redirect_uris": ["https://club.example/cb#x"] }),
                "invalid_redirect_uri",
                "redirect_uris",
            ),
            (
                json!({ "redirect_uris": ["com.example.app:/cb"] }),
                "invalid_redirect_uri",
                "redirect_uris",
            ),
            (
                json!({ "redirect_uris": null }),
                "invalid_redirect_uri",
                "redirect_uris",
            ),
        ];
        for (more, code, word) in of_metadata.chain(others) {
            let answer = register(&world, &token, &metadata(more.clone())).await;
            assert_eq!(
                (answer.status.as_u16(), answer.error()),
                (400, code),
                "{more} {}",
                answer.json
            );
            let text = answer.json["error_description"].as_str().unwrap();
            assert!(text.contains(word), "{more}: {text}");
            assert!(
                text.chars()
                    .all(|c| matches!(c, ' '..='~') && c != '"' && c != '\\'),
                "{text}"
            );
        }
        // The same members, asking for nothing, are nothing.
        let nothing =
            json!({ "request_uris": [], "tls_client_certificate_bound_access_tokens": false, "unknown": {} });
        assert_eq!(register(&world, &token, &metadata(nothing)).await.status, 201);
    }
}

#[tokio::test]
async fn attack_013_014_015_no_other_redirect_address_is_registered_than_a_file_may_have() {
    for world in worlds().await {
        let token = permission(&world, 1).await;
        for uri in [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "data:text/html,x",
            "https://club.example\\@evil.example/cb",
            "https://user@club.example/cb",
            "https://xn--80ak6aa92e.example/cb",
            "https://сlub.example/cb",
            "https://club。example/cb",
            "https://2130706433/cb",
            "https://0x7f.1/cb",
            "https://[fe80::1%25eth0]/cb",
            "https://club.example/x/../cb",
            "/cb",
            "",
        ] {
            let answer = register(&world, &token, &metadata(json!({ "redirect_uris": [uri] }))).await;
            assert_eq!(
                (answer.status.as_u16(), answer.error()),
                (400, "invalid_redirect_uri"),
                "{uri}"
            );
        }
        let many: Vec<_> = (0..21).map(|n| format!("https://club.example/{n}")).collect();
        let answer = register(&world, &token, &metadata(json!({ "redirect_uris": many }))).await;
        assert_eq!(answer.error(), "invalid_redirect_uri");
    }
}

#[tokio::test]
async fn a_change_names_its_client_and_holds_nothing_that_only_we_say() {
    for world in worlds().await {
        let client = Registered::new(&world, json!({})).await;
        for (key, value) in [
            ("registration_access_token", json!(client.token)),
            (
                "registration_client_uri",
                client.json["registration_client_uri"].clone(),
            ),
            ("client_secret_expires_at", json!(0)),
            ("client_id_issued_at", json!(1)),
        ] {
            let answer = client.change(&world, json!({ key: value })).await;
            assert_eq!(
                (answer.status.as_u16(), answer.error()),
                (400, "invalid_client_metadata"),
                "{key}"
            );
        }
        let nameless = metadata(json!({})).to_string();
        let answer = send(&world, Method::PUT, &client.path, &client.token, nameless).await;
        assert_eq!(answer.error(), "invalid_client_metadata");
        assert_eq!(
            client
                .change(&world, json!({ "client_secret": client.secret() }))
                .await
                .status,
            200
        );
    }
}

#[tokio::test]
async fn other_nodes_know_a_client_and_its_end_by_the_counter() {
    for world in worlds().await {
        let (kit, rules) = (world.service.kit().clone(), crate::testing::rules());
        let outbound = crate::testing::outbound();
        let other = crate::Service::new(settings(), world.store.clone(), kit, rules, outbound)
            .await
            .unwrap();
        let client = Registered::new(&world, json!({})).await;
        let id = model::ids::ClientId::parse(&client.id).unwrap();
        assert!(other.client(&id).is_none());
        other.refresh().await.unwrap();
        assert!(other.client(&id).is_some());
        // The other node answers for the registration as well as the one that made it.
        let node = crate::router(other.clone());
        let request = http::Request::delete(&client.path)
            .header("authorization", format!("Bearer {}", client.token))
            .body(axum::body::Body::empty())
            .unwrap();
        let gone = tower::ServiceExt::oneshot(node, request).await.unwrap();
        assert_eq!(gone.status(), 204);
        assert_eq!(client.show(&world).await.status, 401, "read from the database");
        world.service.refresh().await.unwrap();
        assert!(world.service.client(&id).is_none());
    }
}

/// What is said of a registration where people depend on the provider.
fn in_production(more: Value) -> Result<Value, crate::error::RegisterError> {
    let config = settings().registration;
    let text = || model::language::LocalizedText::new("x", "x", "x");
    let rules = super::super::site::Rules {
        config: &config,
        public_subjects: false,
        production: true,
        purpose: text(),
    };
    let who = super::super::site::Who {
        client_id: model::ids::ClientId::parse("dyn-1").unwrap(),
        agency: text(),
    };
    let sent = super::super::sent::Sent::read(metadata(more).to_string().as_bytes())
        .map_err(|refusal| refusal.error)?;
    let site = super::super::site::read(&sent, &rules, who).map_err(|refusal| refusal.error)?;
    Ok(Value::Object(site.metadata))
}

#[test]
fn in_production_everything_is_https_but_what_is_on_the_persons_own_device() {
    use crate::error::RegisterError::{Metadata, RedirectUri};

    for (more, error) in [
        (
            json!({ "redirect_uris": ["http://club.example/callback"] }),
            RedirectUri,
        ),
        (
            json!({ "redirect_uris": ["http://127.0.0.1:8101/callback"] }),
            RedirectUri,
        ),
        (
            json!({ "redirect_uris": ["https://localhost/callback"] }),
            RedirectUri,
        ),
        (
            json!({ "initiate_login_uri": "http://club.example/start" }),
            Metadata,
        ),
        (json!({ "jwks_uri": "http://club.example/jwks" }), Metadata),
        (
            json!({ "backchannel_logout_uri": "http://club.example/x" }),
            Metadata,
        ),
        (
            json!({ "sector_identifier_uri": "http://club.example/x" }),
            Metadata,
        ),
        (json!({ "policy_uri": "http://club.example/x" }), Metadata),
    ] {
        assert_eq!(in_production(more.clone()), Err(error), "{more}");
    }
    let native = json!({
        "application_type": "native", "token_endpoint_auth_method": "none",
        "redirect_uris": ["http://127.0.0.1:8101/callback"],
    });
    assert_eq!(in_production(native).unwrap()["application_type"], "native");
}
