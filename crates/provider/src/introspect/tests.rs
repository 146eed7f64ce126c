use chrono::TimeDelta;
use http::Request;
use model::client::{AccessTokenFormat, AuthMethod, Client};
use model::scope::Scope;
use serde_json::{Value, json};

use crate::testing::{self, Answer, Holder, SECRET, World, basic, fields};
use crate::token::tests::ALL;
use crate::token::tests::refresh::{begin, refreshing, text};
use crate::token::tests::service::{ask, service};

const CASES: &str = "https://cases.example";
const FILES: &str = "https://files.example";

async fn introspect(world: &World, who: &str, form: &[(&str, &str)]) -> Answer {
    let request = Request::post("/introspect")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("authorization", basic(who, SECRET));
    let body = serde_urlencoded::to_string(form).unwrap();
    world.send(request.body(body.into()).unwrap()).await
}

/// What a client is told of a token.
async fn told(world: &World, who: &str, token: &str) -> Value {
    let answer = introspect(world, who, &[("token", token)]).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(answer.headers["cache-control"], "no-store");
    answer.json
}

fn inactive() -> Value {
    json!({ "active": false })
}

/// A sub-site that may ask for the resource.
fn asking_cases() -> Client {
    let mut client = refreshing("hefei");
    client.resources = vec![CASES.to_owned(), FILES.to_owned()];
    client
}

/// Two sub-sites and the server of a resource, of three sectors.
async fn sites(world: &World) {
    world.apply(asking_cases()).await;
    world.apply(refreshing("wuhu")).await;
    let mut server = testing::client("cases");
    server.serves_resources = vec![CASES.to_owned()];
    world.apply(server).await;
}

async fn for_cases(world: &World) -> Answer {
    let mut details = world.details(ALL);
    details.resources = vec![CASES.to_owned(), FILES.to_owned()];
    let code = world.issue("hefei", &details).await;
    world.redeem("hefei", &code).await
}

#[tokio::test]
async fn attack_083_098_a_token_is_active_for_its_own_client_and_its_audience_and_for_nobody_else() {
    for world in testing::worlds().await {
        sites(&world).await;
        let given = begin(&world, "hefei", &ALL).await;
        let opaque = text(&given, "access_token");
        let own = told(&world, "hefei", opaque).await;
        let now = world.now().timestamp();
        let expected = json!({
            "active": true, "client_id": "hefei", "iss": "http://localhost:8080", "aud": "http://localhost:8080",
            "scope": "openid assurance seals profile real_name id_number phone", "token_type": "Bearer",
            "sub": world.service.subject(&testing::client("hefei"), world.account),
            "iat": now, "exp": now + 600, "auth_time": now - 300,
            "acr": "urn:denizen:loa:1", "amr": ["pwd", "sms", "mfa"],
        });
        assert_eq!(own, expected);
        for who in ["wuhu", "cases"] {
            assert_eq!(told(&world, who, opaque).await, inactive(), "attack_083: {who}");
        }

        let given = for_cases(&world).await;
        let signed = text(&given, "access_token");
        let server = told(&world, "cases", signed).await;
        assert_eq!(server["active"], true);
        assert_eq!(server["aud"], json!([CASES, "https://files.example"]));
        assert_eq!(server["jti"], testing::claims(signed)["jti"]);
        assert_eq!(
            server["sub"],
            testing::claims(signed)["sub"],
            "attack_125: one token, one name"
        );
        assert_eq!(told(&world, "hefei", signed).await["active"], true);
        assert_eq!(told(&world, "wuhu", signed).await, inactive(), "attack_098");
    }
}

#[tokio::test]
async fn attack_125_one_token_has_one_name_for_whoever_holds_it() {
    for world in testing::worlds().await {
        sites(&world).await;
        let mut server = testing::client("cases");
        server.serves_resources = vec![CASES.to_owned(), world.service.issuer().to_owned()];
        world.apply(server.clone()).await;
        let given = for_cases(&world).await;
        let signed = text(&given, "access_token");
        let name = testing::claims(signed)["sub"].clone();
        let own = world.service.subject(&server, world.account);
        assert_ne!(name, own, "two sectors");
        for who in ["hefei", "cases"] {
            assert_eq!(told(&world, who, signed).await["sub"], name, "{who}");
        }
        let opaque = begin(&world, "hefei", &ALL).await;
        let opaque = text(&opaque, "access_token");
        assert_eq!(
            told(&world, "cases", opaque).await["sub"],
            own,
            "nothing is read in it"
        );
        assert_eq!(told(&world, "hefei", opaque).await["sub"], name);
    }
}

#[tokio::test]
async fn a_token_is_not_active_any_more_when_anything_behind_it_is_gone() {
    for world in testing::worlds().await {
        sites(&world).await;
        let (tx, token) = (
            world.store.read(),
            text(&for_cases(&world).await, "access_token").to_owned(),
        );
        world.decide("hefei", [Scope::Phone]).await;
        assert_eq!(
            told(&world, "cases", &token).await["scope"],
            "openid phone",
            "what is allowed today"
        );
        world.clock.advance(TimeDelta::minutes(10));
        assert_eq!(told(&world, "cases", &token).await, inactive(), "over");

        let token = text(&for_cases(&world).await, "access_token").to_owned();
        let mut client = asking_cases();
        client.disabled = true;
        world.apply(client).await;
        assert_eq!(
            told(&world, "cases", &token).await,
            inactive(),
            "its client is switched off"
        );
        world.apply(asking_cases()).await;
        assert_eq!(told(&world, "cases", &token).await["active"], true);
        store::sessions::end(&tx, world.session, world.now())
            .await
            .unwrap();
        assert_eq!(told(&world, "cases", &token).await, inactive(), "signed out");
    }
}

#[tokio::test]
async fn refresh_tokens_are_told_of_to_their_own_client_alone() {
    for world in testing::worlds().await {
        sites(&world).await;
        let given = begin(&world, "hefei", &ALL).await;
        let token = text(&given, "refresh_token");
        let own = told(&world, "hefei", token).await;
        let now = world.now().timestamp();
        assert_eq!(
            (&own["active"], &own["exp"]),
            (&json!(true), &json!(now + 14 * 24 * 3600))
        );
        assert!(own.get("token_type").is_none() && own.get("aud").is_none());
        for who in ["wuhu", "cases"] {
            assert_eq!(told(&world, who, token).await, inactive(), "{who}");
        }
        world.clock.advance(TimeDelta::hours(12));
        assert_eq!(
            told(&world, "hefei", token).await,
            inactive(),
            "the sign-in is over"
        );
    }
}

#[tokio::test]
async fn a_services_token_is_active_for_itself_and_its_audience_until_it_is_revoked() {
    for world in testing::worlds().await {
        sites(&world).await;
        world.apply(service("hefei")).await;
        let for_provider = text(&ask(&world, &[]).await, "access_token").to_owned();
        assert_eq!(told(&world, "cases", &for_provider).await, inactive());
        let token = text(&ask(&world, &[("resource", CASES)]).await, "access_token").to_owned();
        let now = world.now().timestamp();
        let expected = json!({
            "active": true, "client_id": "hefei", "sub": "hefei", "iss": "http://localhost:8080", "aud": CASES,
            "scope": "case:read case:write", "token_type": "Bearer", "iat": now, "exp": now + 600,
            "jti": testing::claims(&token)["jti"],
        });
        assert_eq!(told(&world, "cases", &token).await, expected);
        assert_eq!(told(&world, "hefei", &token).await, expected);
        assert_eq!(told(&world, "wuhu", &token).await, inactive());
        let (start, _) = token.rsplit_once('.').unwrap();
        for bad in [
            format!("{start}."),
            format!("{start}.AAAA"),
            format!("{token}A"),
            "a.b.c".to_owned(),
        ] {
            assert_eq!(told(&world, "hefei", &bad).await, inactive(), "{bad}");
        }
        store::revoked::add(
            &world.store.read(),
            expected["jti"].as_str().unwrap(),
            world.now(),
        )
        .await
        .unwrap();
        assert_eq!(told(&world, "cases", &token).await, inactive(), "revoked");
        world.clock.advance(TimeDelta::minutes(10));
        assert_eq!(told(&world, "hefei", &for_provider).await, inactive(), "over");
    }
}

#[tokio::test]
async fn a_bound_token_says_to_which_key() {
    for world in testing::worlds().await {
        sites(&world).await;
        let holder = Holder::new();
        let code = world.issue("hefei", &world.details(ALL)).await;
        let mut request = testing::token_request(Some(&basic("hefei", SECRET)), &fields("hefei", &code));
        let proof = holder.proof(("POST", "http://localhost:8080/token"), world.now());
        request.headers_mut().insert("dpop", proof.parse().unwrap());
        let given = world.send(request).await;
        let own = told(&world, "hefei", text(&given, "access_token")).await;
        assert_eq!(
            (&own["cnf"], &own["token_type"]),
            (&json!({ "jkt": holder.jkt() }), &json!("DPoP"))
        );
    }
}

#[tokio::test]
async fn a_signed_token_that_was_forged_from_a_residents_is_worth_nothing() {
    for world in testing::worlds().await {
        let mut client = refreshing("hefei");
        client.access_token_format = AccessTokenFormat::Jwt;
        world.apply(client).await;
        let given = begin(&world, "hefei", &ALL).await;
        let token = text(&given, "access_token");
        // The same claims under another valid signature have no row, and a resident's token without one is none.
        let claims = testing::claims(token).to_string();
        let ring = world.service.ring();
        let alg = model::client::SigningAlg::Es256;
        let again = ring
            .sign(alg, jose::sign::TokenType::AccessToken, &claims)
            .unwrap();
        assert_ne!(again, token);
        assert_eq!(told(&world, "hefei", token).await["active"], true);
        assert_eq!(told(&world, "hefei", &again).await, inactive());
        assert_eq!(
            told(&world, "hefei", text(&given, "id_token")).await,
            inactive(),
            "attack_093"
        );
    }
}

#[tokio::test]
async fn only_clients_that_prove_themselves_are_answered() {
    for world in testing::worlds().await {
        let mut public = testing::client("wuhu");
        public.auth_method = AuthMethod::None;
        world.apply(public).await;
        let token = text(&begin(&world, "hefei", &ALL).await, "access_token").to_owned();
        let post = |body: String| {
            Request::post("/introspect")
                .header("content-type", "application/x-www-form-urlencoded")
                .body(body.into())
                .unwrap()
        };
        for (case, body) in [
            ("a public client", format!("client_id=wuhu&token={token}")),
            ("nobody", format!("token={token}")),
            (
                "a wrong secret",
                format!("client_id=hefei&client_secret=x&token={token}"),
            ),
        ] {
            let answer = world.send(post(body)).await;
            assert_eq!(
                (answer.status.as_u16(), answer.error()),
                (401, "invalid_client"),
                "{case}"
            );
        }
        let answer = introspect(&world, "hefei", &[]).await;
        assert_eq!((answer.status.as_u16(), answer.error()), (400, "invalid_request"));
        for hint in ["access_token", "refresh_token", "nonsense"] {
            let form = [("token", token.as_str()), ("token_type_hint", hint)];
            assert_eq!(
                introspect(&world, "hefei", &form).await.json["active"],
                true,
                "{hint}"
            );
        }
        for bad in ["", "x", &"A".repeat(60_000), "..", &format!("{token}x")] {
            let answer = introspect(&world, "hefei", &[("token", bad)]).await;
            assert!(
                answer.status == 400 && bad.is_empty() || answer.json == inactive(),
                "{bad:?}"
            );
        }
        let get = world.get("/introspect?token=x").await;
        assert_eq!(
            (get.status.as_u16(), &get.headers["allow"]),
            (405, &"POST".parse().unwrap())
        );
        world.store.close().await.unwrap();
        let answer = introspect(&world, "hefei", &[("token", &token)]).await;
        assert_eq!(
            (answer.status.as_u16(), answer.error()),
            (503, "temporarily_unavailable")
        );
    }
}
