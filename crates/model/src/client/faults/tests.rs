//! Every rule, once broken and once kept.

use serde_json::{Value, json};

use super::*;

fn text() -> Value {
    json!({ "zh-CN": "合肥", "en": "Hefei", "vi": "Hợp Phì" })
}

/// A sub-site with nothing wrong, changed by `changes`; `null` takes a member out.
fn site(changes: Value) -> Client {
    let mut document = json!({
        "client_id": "hefei", "name": text(), "agency": text(), "sector": "hefei", "scopes": ["openid"],
        "redirect_uris": ["https://hefei.example/callback"], "auth_method": "client_secret_basic",
    });
    for (key, value) in changes.as_object().expect("an object") {
        document[key] = value.clone();
    }
    document
        .as_object_mut()
        .expect("an object")
        .retain(|_, value| !value.is_null());
    serde_json::from_value(document).expect("a client")
}

/// The keys that are faulty, each once.
fn keys(changes: Value) -> Vec<&'static str> {
    let mut keys: Vec<_> = site(changes)
        .faults(true)
        .into_iter()
        .map(|fault| fault.key)
        .collect();
    keys.dedup();
    keys
}

#[track_caller]
fn bad(key: &str, changes: Value) {
    assert_eq!(keys(changes.clone()), [key], "{changes}");
}

#[track_caller]
fn good(changes: Value) {
    let faults = site(changes.clone()).faults(true);
    assert!(faults.is_empty(), "{changes}: {faults:?}");
}

fn jwks() -> Value {
    json!({ "keys": [] })
}

#[test]
fn a_plain_sub_site_has_no_fault() {
    good(json!({}));
}

#[test]
fn attack_013_addresses_are_web_addresses_and_not_too_many() {
    for key in ["redirect_uris", "post_logout_redirect_uris"] {
        bad(key, json!({ key: ["javascript:alert(1)"] }));
        let many: Vec<_> = (0..=REDIRECT_URIS_MAX)
            .map(|n| format!("https://hefei.example/{n}"))
            .collect();
        bad(key, json!({ key: many }));
        good(json!({ key: many[1..] }));
    }
    bad("redirect_uris", json!({ "redirect_uris": [] }));
    bad("home_uri", json!({ "home_uri": "data:text/html,x" }));
    good(json!({ "home_uri": "https://hefei.example/" }));
}

#[test]
fn addresses_that_are_fetched_or_linked_are_https() {
    for key in [
        "jwks_uri",
        "sector_identifier_uri",
        "initiate_login_uri",
        "client_uri",
        "logo_uri",
        "policy_uri",
        "tos_uri",
        "backchannel_logout_uri",
        "events_uri",
    ] {
        good(json!({ key: "https://hefei.example/x?y=1" }));
        for uri in [
            "http://hefei.example/x",
            "http://127.0.0.1/x",
            "javascript:alert(1)",
            "data:text/html,x",
            "https://user@hefei.example/x",
            "/x",
            "",
        ] {
            bad(key, json!({ key: uri }));
        }
        // On a developer's computer plain http will do.
        let local = site(json!({ key: "http://127.0.0.1:8101/x" }));
        assert_eq!(local.faults(false), [], "{key}");
    }
    for key in ["client_uri", "logo_uri", "policy_uri", "tos_uri"] {
        good(json!({ key: "https://hefei.example/x#privacy" }));
        bad(key, json!({ key: "https://hefei.example/x#<script>\n" }));
    }
    bad("jwks_uri", json!({ "jwks_uri": "https://hefei.example/x#y" }));
}

#[test]
fn attack_146_names_are_text_that_stays_where_it_is_put() {
    for key in ["name", "agency"] {
        for bad_text in [
            "",
            "  ",
            "a\nb",
            "a\u{202e}b",
            &"x".repeat(NAME_CHARACTERS_MAX + 1),
        ] {
            let mut names = text();
            names["vi"] = bad_text.into();
            bad(key, json!({ key: names }));
        }
        let mut names = text();
        names["en"] = "<b>Hefei</b> & \"sons\"".into();
        good(json!({ key: names }));
    }
    for sector in ["", "a\nb", &"x".repeat(256)] {
        bad("sector", json!({ "sector": sector }));
    }
}

#[test]
fn contacts_are_mailboxes() {
    good(json!({ "contacts": ["ops@hefei.example", "a+b@x.example"] }));
    for contact in ["", "ops", "@x", "ops@", "a@b@c", "a b@c", "a@b\n"] {
        bad("contacts", json!({ "contacts": [contact] }));
    }
    bad("contacts", json!({ "contacts": vec!["a@b"; CONTACTS_MAX + 1] }));
    bad("account_kinds", json!({ "account_kinds": [] }));
}

#[test]
fn attack_147_scopes_are_offered_ones_with_a_purpose() {
    bad("scopes", json!({ "scopes": [] }));
    bad(
        "scopes",
        json!({ "scopes": ["openid", "mandates"], "purpose": { "mandates": text() } }),
    );
    bad("purpose", json!({ "scopes": ["openid", "phone"] }));
    good(json!({ "scopes": ["openid", "phone"], "purpose": { "phone": text() } }));
    let mut long = text();
    long["en"] = "x".repeat(PURPOSE_CHARACTERS_MAX + 1).into();
    bad(
        "purpose",
        json!({ "scopes": ["openid", "phone"], "purpose": { "phone": long } }),
    );
    let offline = json!({ "scopes": ["openid", "offline_access"], "purpose": { "offline_access": text() } });
    bad("scopes", offline.clone());
    let mut with_refresh = offline;
    with_refresh["grant_types"] = json!(["authorization_code", "refresh_token"]);
    good(with_refresh);
}

#[test]
fn grant_types_fit_each_other_and_the_client() {
    bad("grant_types", json!({ "grant_types": [], "redirect_uris": [] }));
    bad("grant_types", json!({ "grant_types": ["refresh_token"] }));
    good(json!({ "grant_types": ["authorization_code", "refresh_token"] }));
    let service = json!({
        "grant_types": ["client_credentials"], "service_scopes": ["cases:read"], "redirect_uris": [], "scopes": [],
    });
    good(service.clone());
    let mut public = service.clone();
    public["auth_method"] = "none".into();
    bad("grant_types", public);
    let mut nothing = service;
    nothing["service_scopes"] = json!([]);
    bad("service_scopes", nothing);
    bad("service_scopes", json!({ "service_scopes": ["cases:read"] }));
    bad("response_modes", json!({ "response_modes": [] }));
}

#[test]
fn keys_and_algorithms_fit_the_way_of_authentication() {
    let key_client = |more: Value| {
        let mut changes = json!({ "auth_method": "private_key_jwt", "jwks": jwks() });
        for (key, value) in more.as_object().expect("an object") {
            changes[key] = value.clone();
        }
        changes
    };
    good(key_client(json!({})));
    good(key_client(
        json!({ "jwks": null, "jwks_uri": "https://hefei.example/jwks.json" }),
    ));
    bad("jwks", key_client(json!({ "jwks": null })));
    bad(
        "jwks_uri",
        key_client(json!({ "jwks_uri": "https://hefei.example/jwks.json" })),
    );
    let alg = "token_endpoint_auth_signing_alg";
    good(key_client(json!({ alg: "PS256" })));
    for name in ["HS256", "none", "RS512", ""] {
        bad(alg, key_client(json!({ alg: name })));
    }
    good(json!({ "auth_method": "client_secret_jwt", alg: "HS256" }));
    for name in ["RS256", "HS512", "none"] {
        bad(alg, json!({ "auth_method": "client_secret_jwt", alg: name }));
    }
    for method in ["client_secret_basic", "client_secret_post", "none"] {
        bad(alg, json!({ "auth_method": method, alg: "HS256" }));
    }
    bad(
        "code_protection",
        json!({ "auth_method": "none", "code_protection": "nonce" }),
    );
    good(json!({ "code_protection": "nonce" }));
    for (key, value) in [
        ("request_object_signing_alg", json!("RS256")),
        ("require_signed_request_object", json!(true)),
    ] {
        bad(key, json!({ key: value }));
        good(json!({ key: value, "jwks": jwks() }));
    }
}

#[test]
fn ages_and_levels_are_in_their_bounds() {
    for age in [-1, MAX_AGE_SECONDS_MAX + 1] {
        bad("default_max_age", json!({ "default_max_age": age }));
    }
    for age in [0, MAX_AGE_SECONDS_MAX] {
        good(json!({ "default_max_age": age }));
    }
    bad("floor_level", json!({ "floor_level": 3, "ceiling_level": 2 }));
    bad("default_level", json!({ "default_level": 3, "ceiling_level": 2 }));
    good(json!({ "floor_level": 2, "default_level": 2, "ceiling_level": 2 }));
}

#[test]
fn the_frame_of_a_front_channel_logout_is_the_sub_sites_own() {
    let key = "frontchannel_logout_uri";
    good(json!({ key: "https://hefei.example/logout?x=1" }));
    for uri in [
        "https://other.example/logout",
        "https://hefei.example:8443/logout",
        "http://hefei.example/logout",
    ] {
        let faults = keys(json!({ key: uri }));
        assert_eq!(faults, [key], "{uri}");
    }
}

#[test]
fn resources_and_the_scopes_of_services_have_the_form_of_their_standards() {
    for key in ["resources", "serves_resources"] {
        good(json!({ key: ["https://api.hefei.example/cases", "urn:hefei:cases"] }));
        for resource in ["", "/cases", "https://api.hefei.example/#x", "a b"] {
            bad(key, json!({ key: [resource] }));
        }
        bad(key, json!({ key: vec!["https://x.example/"; RESOURCES_MAX + 1] }));
    }
    bad(
        "serves_resources",
        json!({ "auth_method": "none", "serves_resources": ["https://x.example/"] }),
    );
    let service = |words: Value| json!({ "grant_types": ["authorization_code", "client_credentials"], "service_scopes": words });
    good(service(json!(["cases:read", "a/b.c"])));
    for word in ["", "a b", "a\"b", "phone", "openid", &"x".repeat(65)] {
        bad("service_scopes", service(json!([word])));
    }
    bad("service_scopes", service(json!(vec!["a"; RESOURCES_MAX + 1])));
}

#[test]
fn the_profile_of_fapi_refuses_what_it_refuses() {
    let fapi = |more: Value| {
        let mut changes =
            json!({ "profile": "fapi2-security", "auth_method": "private_key_jwt", "jwks": jwks() });
        for (key, value) in more.as_object().expect("an object") {
            changes[key] = value.clone();
        }
        changes
    };
    good(fapi(json!({})));
    bad(
        "auth_method",
        fapi(json!({ "auth_method": "client_secret_basic" })),
    );
    bad("auth_method", fapi(json!({ "auth_method": "client_secret_jwt" })));
    bad("auth_method", fapi(json!({ "auth_method": "none" })));
    bad("code_protection", fapi(json!({ "code_protection": "nonce" })));
    // What is fit for everybody else while a sub-site is built.
    for uri in ["http://localhost:8101/callback", "http://hefei.example/callback"] {
        let one = json!({ "redirect_uris": ["https://hefei.example/callback", uri] });
        assert!(site(one.clone()).faults(false).is_empty(), "{uri}");
        let faults = site(fapi(one)).faults(false);
        assert_eq!(
            faults.iter().map(|fault| fault.key).collect::<Vec<_>>(),
            ["redirect_uris"],
            "{uri}"
        );
    }
    good(fapi(
        json!({ "redirect_uris": ["http://127.0.0.1:8101/callback", "http://[::1]:8101/callback"] }),
    ));
    for key in [
        "id_token_signed_response_alg",
        "userinfo_signed_response_alg",
        "request_object_signing_alg",
        "token_endpoint_auth_signing_alg",
    ] {
        bad(key, fapi(json!({ key: "RS256" })));
        for alg in ["PS256", "ES256", "EdDSA"] {
            good(fapi(json!({ key: alg })));
        }
    }
}
