//! Metadata and keys.

use std::collections::BTreeSet;

use acceptance::engine;
use acceptance::world::World;
use reqwest::Response;
use serde_json::Value;

async fn fetch(world: &World, path: &str) -> Response {
    let answer = engine::send(world.http.get(world.at(path)))
        .await
        .expect("an answer");
    assert_eq!(answer.status().as_u16(), 200, "{path}");
    answer
}

#[tokio::test]
async fn metadata_say_what_there_is_and_where() {
    let world = World::any().await;
    let mut documents = Vec::new();
    for path in [
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
    ] {
        let answer = fetch(&world, path).await;
        assert_eq!(answer.headers()["content-type"], "application/json");
        assert!(
            answer.headers()["cache-control"]
                .to_str()
                .unwrap()
                .contains("max-age"),
            "{path}: can be kept"
        );
        documents.push(answer.json::<Value>().await.expect("JSON"));
    }
    assert_eq!(documents[0], documents[1]);
    let document = &documents[0];
    assert_eq!(document["issuer"], world.issuer);
    for name in [
        "authorization_endpoint",
        "token_endpoint",
        "userinfo_endpoint",
        "jwks_uri",
        "end_session_endpoint",
    ] {
        let address = document[name].as_str().unwrap_or_else(|| panic!("no {name}"));
        assert!(address.starts_with(&world.issuer), "{name}: {address}");
    }
    let list = |name: &str| -> BTreeSet<String> {
        let list = document[name].as_array().unwrap_or_else(|| panic!("no {name}"));
        list.iter()
            .map(|value| value.as_str().expect("text").to_owned())
            .collect()
    };
    let is = |name: &str, wanted: &[&str]| {
        assert_eq!(
            list(name),
            wanted.iter().map(|w| (*w).to_owned()).collect(),
            "{name}"
        )
    };
    // What there is beyond this, [`super::offer`] goes through value by value.
    is("response_types_supported", &["code"]);
    is("subject_types_supported", &["pairwise"]);
    is("code_challenge_methods_supported", &["S256"]);
    is("ui_locales_supported", &["zh-CN", "en", "vi"]);
    assert!(
        list("id_token_signing_alg_values_supported").contains("RS256"),
        "Discovery 1.0: it must be there"
    );
    assert!(list("scopes_supported").contains("openid"));
    assert!(
        list("claims_supported").is_superset(&["sub", "acr", "amr", "auth_time"].map(str::to_owned).into())
    );
    assert_eq!(list("acr_values_supported").len(), 5);
    for (name, value) in [
        ("claims_parameter_supported", true),
        ("request_parameter_supported", true),
        ("request_uri_parameter_supported", false),
        ("authorization_response_iss_parameter_supported", true),
    ] {
        assert_eq!(
            document[name], value,
            "{name}: said, because a default would say otherwise"
        );
    }
}

#[tokio::test]
async fn the_key_set_has_public_keys_only_each_with_a_name_of_its_own() {
    let world = World::any().await;
    let answer = fetch(&world, "/jwks.json").await;
    assert!(
        answer.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("application/")
    );
    let set: Value = answer.json().await.expect("JSON");
    let keys = set["keys"].as_array().expect("keys");
    let mut names = BTreeSet::new();
    let mut algorithms = BTreeSet::new();
    for key in keys {
        assert!(
            ["EC", "RSA", "OKP"].contains(&key["kty"].as_str().expect("kty")),
            "{key}"
        );
        for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert!(key.get(private).is_none(), "{private} is published");
        }
        assert_eq!(key["use"], "sig");
        algorithms.insert(key["alg"].as_str().expect("alg"));
        assert!(
            names.insert(key["kid"].as_str().expect("kid")),
            "two keys of one name"
        );
    }
    assert_eq!(algorithms, BTreeSet::from(["ES256", "RS256", "PS256", "EdDSA"]));
    assert!(
        keys.len() >= 8,
        "the next key of each algorithm is announced before it signs: {}",
        keys.len()
    );
}

#[tokio::test]
async fn attack_082_no_origin_is_let_in_by_cors() {
    let world = World::any().await;
    for path in ["/token", "/userinfo", "/authorize", "/sign-in"] {
        for origin in ["null", "https://evil.example"] {
            for method in ["OPTIONS", "GET", "POST"] {
                let request = world
                    .http
                    .request(method.parse().expect("a method"), world.at(path))
                    .header("origin", origin)
                    .header("access-control-request-method", "POST")
                    .header("access-control-request-headers", "authorization");
                let answer = engine::send(request).await.expect("an answer");
                let named = answer
                    .headers()
                    .keys()
                    .find(|name| name.as_str().starts_with("access-control-"));
                assert_eq!(named, None, "{method} {path} from {origin}");
            }
        }
    }
}

#[tokio::test]
async fn health_and_metrics_are_on_a_listener_of_their_own() {
    let world = World::any().await;
    for path in ["/health/live", "/health/ready", "/metrics"] {
        let inside = engine::send(world.http.get(format!("{}{path}", world.operations())))
            .await
            .expect("an answer");
        assert_eq!(inside.status().as_u16(), 200, "{path}");
        let outside = engine::send(world.http.get(world.at(path)))
            .await
            .expect("an answer");
        assert_eq!(outside.status().as_u16(), 404, "{path} is not for the public");
    }
    let metrics = engine::send(world.http.get(format!("{}/metrics", world.operations())))
        .await
        .expect("an answer");
    let text = metrics.text().await.expect("text");
    assert!(
        text.contains("# TYPE") && text.trim_end().ends_with("# EOF"),
        "{text}"
    );
}

#[tokio::test]
async fn attack_199_314_documents_are_the_same_for_everybody_and_are_not_sent_twice() {
    let world = World::any().await;
    for path in [
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
        "/jwks.json",
    ] {
        let plain = fetch(&world, path).await;
        let tag = plain.headers()["etag"].to_str().expect("text").to_owned();
        let cache = plain.headers()["cache-control"].clone();
        assert!(
            cache.to_str().expect("text").starts_with("public, max-age="),
            "{path}"
        );
        let text = plain.text().await.expect("text");
        for (name, value) in [
            ("x-forwarded-host", "evil.example"),
            ("x-forwarded-proto", "gopher"),
            ("x-original-url", "/evil"),
            ("forwarded", "host=evil.example;proto=gopher"),
            ("accept-language", "vi"),
            ("accept", "text/html"),
            ("cookie", "denizen_prefs=en; denizen_session=x"),
            ("origin", "https://evil.example"),
        ] {
            let request = world.http.get(world.at(path)).header(name, value);
            let answer = engine::send(request).await.expect("an answer");
            assert_eq!(answer.headers()["etag"], tag, "{path} with {name}");
            assert!(answer.headers().get("set-cookie").is_none(), "{path} with {name}");
            assert_eq!(answer.text().await.expect("text"), text, "{path} with {name}");
        }
        let request = world.http.get(world.at(path)).header("if-none-match", &tag);
        let known = engine::send(request).await.expect("an answer");
        assert_eq!(known.status().as_u16(), 304, "{path}");
        assert_eq!(known.headers()["etag"], tag);
        assert_eq!(known.headers()["cache-control"], cache);
        assert!(known.bytes().await.expect("nothing").is_empty());
    }
    // What depends on who asks is kept by nobody.
    for path in ["/sign-in", "/account", "/token", "/userinfo", "/authorize"] {
        let answer = engine::send(world.http.get(world.at(path)))
            .await
            .expect("an answer");
        let cache = answer
            .headers()
            .get("cache-control")
            .map(|value| value.to_str().expect("text").to_owned());
        assert!(
            cache.is_some_and(|cache| cache.contains("no-store")),
            "{path}: {}",
            answer.status()
        );
    }
}
