//! Attacks A143 to A150, and what else must not come through.

use axum::body::Body;
use http::{Method, Request};
use serde_json::{Value, json};

use super::*;
use crate::testing::{self, SECRET, basic, world};

#[tokio::test]
async fn attack_143_nobody_registers_where_it_is_switched_off_or_without_a_permission() {
    let closed = world().await;
    let token = permission(&closed, 1).await;
    let answer = register(&closed, &token, &metadata(json!({}))).await;
    assert_eq!(answer.status, 404, "off by default");
    assert_eq!(
        closed.get("/.well-known/openid-configuration").await.json["registration_endpoint"],
        Value::Null
    );

    for world in worlds().await {
        let at = world.get("/.well-known/openid-configuration").await.json["registration_endpoint"].clone();
        assert_eq!(at, "http://localhost:8080/connect/register");
        let stranger = Token::generate(world.store.rng());
        for token in ["", "x", stranger.expose(), &testing::basic("hefei", SECRET)] {
            let answer = register(&world, token, &metadata(json!({}))).await;
            assert_eq!((answer.status.as_u16(), answer.error()), (401, "invalid_token"));
            let challenge = answer.headers["www-authenticate"].to_str().unwrap();
            assert!(challenge.starts_with("Bearer "), "{challenge}");
            assert_eq!(challenge.contains("error="), !token.is_empty());
        }
        // In the address it would be in logs.
        let token = permission(&world, 1).await;
        let path = format!("{REGISTRATION}?access_token={token}");
        let answer = send(&world, Method::POST, &path, "", metadata(json!({})).to_string()).await;
        assert_eq!(answer.status, 401);

        // Used up by its one use, and not by tries that came to nothing.
        let refused = register(&world, &token, &json!({})).await;
        assert_eq!(refused.status, 400);
        assert_eq!(register(&world, &token, &metadata(json!({}))).await.status, 201);
        let answer = register(&world, &token, &metadata(json!({}))).await;
        assert_eq!((answer.status.as_u16(), answer.error()), (401, "invalid_token"));

        // Over.
        let token = permission(&world, 1).await;
        world.clock.advance(TimeDelta::hours(24));
        assert_eq!(register(&world, &token, &metadata(json!({}))).await.status, 401);
    }
}

#[tokio::test]
async fn attack_143_of_many_at_once_with_one_permission_one_registers() {
    for world in worlds().await {
        let token = permission(&world, 1).await;
        let body = metadata(json!({}));
        let one = || register(&world, &token, &body);
        let answers = tokio::join!(one(), one(), one(), one());
        let created = [&answers.0, &answers.1, &answers.2, &answers.3]
            .into_iter()
            .filter(|answer| answer.status == 201)
            .count();
        assert_eq!(created, 1);
    }
}

#[tokio::test]
async fn no_more_clients_register_than_the_operator_allows() {
    for world in worlds().await {
        let token = permission(&world, 10).await;
        let mut last = None;
        for _ in 0..3 {
            let answer = register(&world, &token, &metadata(json!({}))).await;
            assert_eq!(answer.status, 201);
            last = Some(Registered::read(answer.json));
        }
        let answer = register(&world, &token, &metadata(json!({}))).await;
        assert_eq!((answer.status.as_u16(), answer.error()), (403, "access_denied"));
        // One that ends makes room.
        assert_eq!(last.unwrap().forget(&world).await.status, 204);
        assert_eq!(register(&world, &token, &metadata(json!({}))).await.status, 201);
    }
}

#[tokio::test]
async fn attack_145_a_change_is_checked_like_a_new_registration() {
    for world in worlds().await {
        let public = Registered::new(&world, json!({ "token_endpoint_auth_method": "none" })).await;
        assert_eq!(public.json["client_secret"], Value::Null);
        for (more, code) in [
            // Confidential without a key, with a key of the server's making, with none.
            (
                json!({ "token_endpoint_auth_method": "private_key_jwt" }),
                "invalid_client_metadata",
            ),
            (
                json!({ "token_endpoint_auth_method": "tls_client_auth" }),
                "invalid_client_metadata",
            ),
            (
                json!({ "token_endpoint_auth_method": "client_secret_basic", "client_secret": "chosen by the client" }),
                "invalid_client_metadata",
            ),
            (
                json!({ "redirect_uris": ["javascript:alert(1)"] }),
                "invalid_redirect_uri",
            ),
            (json!({ "redirect_uris": [] }), "invalid_redirect_uri"),
            (json!({ "grant_types": ["implicit"] }), "invalid_client_metadata"),
            (
                json!({ "id_token_signed_response_alg": "none" }),
                "invalid_client_metadata",
            ),
        ] {
            let answer = public.change(&world, more.clone()).await;
            assert_eq!((answer.status.as_u16(), answer.error()), (400, code), "{more}");
            assert_eq!(answer.json["client_secret"], Value::Null);
        }
        // Nothing of it stayed.
        let shown = public.show(&world).await.json;
        assert_eq!(shown["token_endpoint_auth_method"], "none");
        assert_eq!(shown["redirect_uris"], public.json["redirect_uris"]);

        // A client that becomes confidential gets a secret of ours, and only what that secret proves is let in.
        let answer = public.change(&world, json!({})).await;
        assert_eq!(answer.status, 200, "{}", answer.json);
        let secret = answer.json["client_secret"].as_str().unwrap().to_owned();
        let code = world.issue(&public.id, &world.details([])).await;
        let with = |authorization: Option<String>| {
            let fields = testing::fields(&public.id, &code);
            let world = &world;
            async move {
                world
                    .token(authorization.as_deref(), &fields)
                    .await
                    .error()
                    .to_owned()
            }
        };
        assert_eq!(with(Some(basic(&public.id, "x"))).await, "invalid_client");
        assert_ne!(with(Some(basic(&public.id, &secret))).await, "invalid_client");
    }
}

#[tokio::test]
async fn attack_146_names_are_text_and_links_are_web_addresses() {
    for world in worlds().await {
        let token = permission(&world, 10).await;
        let name = "<script>alert(1)</script>\"'&";
        let answer = register(&world, &token, &metadata(json!({ "client_name": name }))).await;
        assert_eq!(answer.status, 201);
        assert_eq!(answer.json["client_name"], name, "said back as it is, in JSON");
        assert_eq!(answer.headers["content-type"], "application/json");

        for key in [
            "policy_uri",
            "tos_uri",
            "logo_uri",
            "client_uri",
            "initiate_login_uri",
        ] {
            for uri in [
                "javascript:alert(1)",
                "JaVaScript:alert(1)",
                "data:text/html,x",
                "vbscript:x",
                "/x",
                "https://x y",
            ] {
                let answer = register(&world, &token, &metadata(json!({ key: uri }))).await;
                assert_eq!(
                    (answer.status.as_u16(), answer.error()),
                    (400, "invalid_client_metadata"),
                    "{key} {uri}"
                );
            }
        }
        for name in ["", "\u{202e}gpj.exe", "a\u{0}b", &"x".repeat(101)] {
            let answer = register(&world, &token, &metadata(json!({ "client_name": name }))).await;
            assert_eq!(answer.status, 400, "{name:?}");
        }
    }
}

#[tokio::test]
async fn attack_147_nothing_is_registered_that_the_operator_did_not_open() {
    for world in worlds().await {
        let token = permission(&world, 10).await;
        let beyond = [
            json!({ "scope": "openid id_number" }),
            json!({ "scope": "openid real_name" }),
            json!({ "scope": "openid something" }),
            json!({ "default_acr_values": ["urn:denizen:loa:3"] }),
            json!({ "default_acr_values": ["urn:denizen:loa:1", "urn:denizen:loa:4"] }),
            json!({ "default_acr_values": ["gold"] }),
            json!({ "grant_types": ["authorization_code", "client_credentials"] }),
            json!({ "subject_type": "public" }),
        ];
        for more in &beyond {
            let answer = register(&world, &token, &metadata(more.clone())).await;
            assert_eq!(
                (answer.status.as_u16(), answer.error()),
                (400, "invalid_client_metadata"),
                "{more}"
            );
        }
        // What only files may say is no member at all.
        let files = json!({
            "ceiling_level": 4, "floor_level": 0, "service_scopes": ["cases:read"], "serves_resources": ["https://x.example/"],
            "resources": ["https://x.example/"], "sector": "sector-of-hefei", "client_id": "hefei", "agency": "x",
            "code_protection": "nonce", "profile": "fapi2-security", "access_token_format": "jwt", "scopes": ["id_number"],
        });
        let answer = register(&world, &token, &metadata(files.clone())).await;
        assert_eq!(answer.status, 201, "{}", answer.json);
        let client = Registered::read(answer.json);
        assert!(client.id.starts_with("dyn-"));
        for key in files
            .as_object()
            .unwrap()
            .keys()
            .filter(|key| *key != "client_id")
        {
            assert_eq!(client.json[key], Value::Null, "{key}");
        }
        // Nor by a change.
        for more in &beyond {
            assert_eq!(client.change(&world, more.clone()).await.status, 400, "{more}");
        }
        let mut renamed = metadata(files);
        renamed["client_id"] = "hefei".into();
        let answer = send(
            &world,
            Method::PUT,
            &client.path,
            &client.token,
            renamed.to_string(),
        )
        .await;
        assert_eq!(answer.status, 400, "the name of another");
        let id = model::ids::ClientId::parse(&client.id).unwrap();
        let stored = world.service.client(&id).unwrap();
        assert_eq!(stored.client.ceiling_level, Level::new(2));
        assert_eq!(stored.client.sector, "https://club.example");
        assert_eq!(stored.client.scopes.to_string(), "openid assurance phone");
        assert!(stored.client.service_scopes.is_empty() && stored.client.serves_resources.is_empty());
        assert_eq!(
            stored.client.agency.texts(),
            ["Hefei Data Bureau"; 3],
            "whom the operator gave the permission to"
        );
    }
}

#[tokio::test]
async fn attack_149_the_secret_is_in_the_answer_that_makes_it_and_in_no_other() {
    for world in worlds().await {
        let client = Registered::new(&world, json!({})).await;
        let secret = client.secret().to_owned();
        assert_eq!(secret.len(), 43);
        let answers = [
            client.show(&world).await,
            client.change(&world, json!({})).await,
            client
                .change(&world, json!({ "client_secret": secret, "client_name": "x" }))
                .await,
            client
                .change(
                    &world,
                    json!({ "token_endpoint_auth_method": "client_secret_post" }),
                )
                .await,
            client.show(&world).await,
        ];
        for answer in answers {
            assert_eq!(answer.status, 200, "{}", answer.json);
            assert_eq!(answer.json["client_secret"], Value::Null);
            assert!(!answer.json.to_string().contains(&secret));
            assert_eq!(answer.headers["cache-control"], "no-store");
        }
        // Not in the database and not in the log of changes either.
        let row = format!("{:?}", store::clients::list(&world.store.read()).await.unwrap());
        assert!(!row.contains(&secret));
        assert!(!world.audited().await.join("\n").contains(&secret));
    }
}

#[tokio::test]
async fn attack_150_the_token_of_one_client_shows_nothing_of_another() {
    for world in worlds().await {
        let [one, other] = [
            Registered::new(&world, json!({})).await,
            Registered::new(&world, json!({})).await,
        ];
        let at = |id: &str| format!("{REGISTRATION}/{id}");
        let mut told = Vec::new();
        // Another client, one of a file, one that does not exist, what is no name.
        for path in [
            at(&other.id),
            at("hefei"),
            at("dyn-nobody"),
            at("a%20b"),
            at("%ff"),
        ] {
            let mut change = metadata(json!({}));
            change["client_id"] = other.id.clone().into();
            for (method, body) in [
                (Method::GET, String::new()),
                (Method::PUT, change.to_string()),
                (Method::PUT, "{".to_owned()),
                (Method::DELETE, String::new()),
            ] {
                let answer = send(&world, method.clone(), &path, &one.token, body).await;
                assert_eq!(answer.status, 401, "{method} {path}");
                told.push((answer.json, answer.headers["www-authenticate"].clone()));
            }
        }
        assert!(
            told.iter().all(|one| *one == told[0]),
            "one answer for all: {told:?}"
        );
        for client in [&one, &other] {
            assert_eq!(client.show(&world).await.status, 200, "nothing happened to it");
        }
        // A permission to register is no token of a registration.
        let permission = permission(&world, 1).await;
        let answer = send(&world, Method::GET, &one.path, &permission, Body::empty()).await;
        assert_eq!(answer.status, 401);
        // A token of a registration is no permission to register.
        assert_eq!(
            register(&world, &one.token, &metadata(json!({}))).await.status,
            401
        );
    }
}

#[tokio::test]
async fn a_client_that_goes_takes_all_its_tokens_with_it() {
    for world in worlds().await {
        let client = Registered::new(&world, json!({})).await;
        world.decide(&client.id, [Scope::Openid]).await;
        let redirect = "https://club.example/callback";
        let code = |code: String| {
            [
                ("grant_type", "authorization_code".to_owned()),
                ("code", code),
                ("redirect_uri", redirect.to_owned()),
                ("code_verifier", testing::VERIFIER.to_owned()),
            ]
        };
        let authorization = basic(&client.id, client.secret());
        let redeem = async |issued: String| {
            let fields = code(issued);
            let fields: Vec<_> = fields
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect();
            world.token(Some(&authorization), &fields).await
        };
        let details = world.details([Scope::Openid]);
        let answer = redeem(issue(&world, &client.id, &details).await).await;
        assert_eq!(answer.status, 200, "{}", answer.json);
        let access = answer.json["access_token"].as_str().unwrap().to_owned();
        assert_eq!(world.userinfo(&access).await.status, 200);
        let waiting = issue(&world, &client.id, &details).await;

        let gone = client.forget(&world).await;
        assert_eq!((gone.status.as_u16(), gone.json), (204, Value::Null));
        assert_eq!(world.userinfo(&access).await.status, 401);
        assert_eq!(redeem(waiting).await.error(), "invalid_client");
        for answer in [
            client.show(&world).await,
            client.change(&world, json!({})).await,
            client.forget(&world).await,
        ] {
            assert_eq!((answer.status.as_u16(), answer.error()), (401, "invalid_token"));
        }
        let id = model::ids::ClientId::parse(&client.id).unwrap();
        assert!(world.service.client(&id).is_none(), "this node knows at once");
        assert!(
            store::clients::find(&world.store.read(), &id)
                .await
                .unwrap()
                .is_none()
        );
    }
}

async fn issue(world: &World, id: &str, details: &store::codes::CodeDetails) -> String {
    let code = Token::generate(world.store.rng());
    let new = store::codes::NewCode {
        code: &code,
        client_id: &model::ids::ClientId::parse(id).unwrap(),
        account: world.account,
        session: world.session,
        redirect_uri: "https://club.example/callback",
        code_challenge: Some(testing::CHALLENGE),
        details,
        now: world.now(),
        expires_at: world.now() + world.service.code_life(),
    };
    store::codes::issue(&world.store.read(), &new).await.unwrap();
    code.expose().to_owned()
}

#[tokio::test]
async fn bodies_that_are_not_one_strict_object_are_refused() {
    for world in worlds().await {
        let token = permission(&world, 1).await;
        for (kind, body, status) in [
            ("application/json", "{".to_owned(), 400),
            ("application/json", "[]".to_owned(), 400),
            ("application/json", String::new(), 400),
            (
                "application/json",
                r#"{"redirect_uris":["https://a.example/"],"redirect_uris":["https://b.example/"]}"#
                    .to_owned(),
                400,
            ),
            (
                "application/json",
                format!("{{\"x\":{}1{}}}", "[".repeat(5000), "]".repeat(5000)),
                400,
            ),
            (
                "application/json",
                format!("{{\"x\":\"{}\"}}", "x".repeat(70_000)),
                413,
            ),
            ("text/plain", metadata(json!({})).to_string(), 400),
            (
                "application/x-www-form-urlencoded",
                "redirect_uris=x".to_owned(),
                400,
            ),
        ] {
            let request = Request::post(REGISTRATION)
                .header("content-type", kind)
                .header("authorization", format!("Bearer {token}"))
                .body(Body::from(body))
                .unwrap();
            let answer = world.send(request).await;
            assert_eq!(
                (answer.status.as_u16(), answer.error()),
                (status, "invalid_client_metadata"),
                "{kind}"
            );
        }
    }
}

#[tokio::test]
async fn guessing_tokens_is_slowed_down_and_the_right_one_is_heard() {
    for world in worlds().await {
        let client = Registered::new(&world, json!({})).await;
        let mut last = 0;
        for _ in 0..40 {
            let wrong = Token::generate(world.store.rng());
            last = send(&world, Method::GET, &client.path, wrong.expose(), Body::empty())
                .await
                .status
                .as_u16();
        }
        assert_eq!(last, 429);
        assert_eq!(client.show(&world).await.status, 200);
    }
}
