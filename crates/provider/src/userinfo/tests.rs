use axum::body::Body;
use chrono::TimeDelta;
use http::Request;
use http::header::CONTENT_TYPE;
use model::ids::ClientId;
use model::scope::{Scope, ScopeSet};
use serde_json::json;
use store::codes::RequestedClaim;

use crate::testing::{self, Answer, CITIZEN_ID, NAME, World};

const FORM: &str = "application/x-www-form-urlencoded";

async fn access_token(world: &World, scopes: &[Scope]) -> String {
    let code = world.issue("hefei", &world.details(scopes.iter().copied())).await;
    world.redeem("hefei", &code).await.json["access_token"]
        .as_str()
        .unwrap()
        .to_owned()
}

fn refused(answer: &Answer, status: u16, error: &str, case: &str) {
    assert_eq!(
        (answer.status.as_u16(), answer.error()),
        (status, error),
        "{case}"
    );
    assert_eq!(answer.headers["cache-control"], "no-store", "{case}");
    let challenge = answer.headers["www-authenticate"].to_str().unwrap();
    assert!(
        challenge.starts_with(&format!("Bearer error=\"{error}\"")),
        "{case}: {challenge}"
    );
}

#[tokio::test]
async fn userinfo_tells_what_was_agreed_under_the_same_subject() {
    for world in testing::worlds().await {
        let token = access_token(&world, &Scope::OFFERED).await;
        let answer = world.userinfo(&token).await;
        assert_eq!(answer.status, 200, "{}", answer.json);
        assert_eq!(answer.headers["content-type"], "application/json");
        let expected = json!({
            "sub": world.service.subject(&testing::client("hefei"), world.account),
            "identity_level": 1,
            "authentication_strength": 2,
            "identity_verified_at": "2026-06-04T08:00:00Z",
            "identity_lapses_at": "2031-06-03T08:00:00Z",
            "seals": [
                { "source": "phone_sms", "at": "2026-06-01" },
                { "source": "population_register", "at": "2026-06-04" },
            ],
            "locale": "zh-CN",
            "updated_at": store::testing::start_time().timestamp(),
            "name": NAME,
            "id_number": CITIZEN_ID,
            "phone_number": "+8613800138000",
            "phone_number_verified": true,
        });
        assert_eq!(answer.json, expected);
        let plain = world
            .userinfo(&access_token(&world, &[Scope::Openid]).await)
            .await;
        assert_eq!(plain.json.as_object().unwrap().len(), 1, "only sub");
    }
}

#[tokio::test]
async fn single_claims_come_where_they_were_asked_for() {
    for world in testing::worlds().await {
        let mut details = world.details([Scope::Openid]);
        let asked = RequestedClaim {
            essential: true,
            ..RequestedClaim::default()
        };
        details.claims.userinfo.insert("name".to_owned(), asked.clone());
        details.claims.id_token.insert("phone_number".to_owned(), asked);
        let code = world.issue("hefei", &details).await;
        let answer = world.redeem("hefei", &code).await.json;
        let in_token = testing::claims(answer["id_token"].as_str().unwrap());
        assert_eq!(in_token["phone_number"], "+8613800138000");
        assert!(in_token.get("name").is_none());
        let userinfo = world
            .userinfo(answer["access_token"].as_str().unwrap())
            .await
            .json;
        assert_eq!(userinfo["name"], NAME);
        assert!(userinfo.get("phone_number").is_none());
    }
}

#[tokio::test]
async fn oidc_core_5_4_a_proven_address_is_told_by_its_scope_or_one_by_one_and_no_other_is() {
    for world in testing::worlds().await {
        let (tx, account) = (world.store.read(), world.account);
        let scopes = [Scope::Openid, Scope::Email];
        let told = async || {
            let token = access_token(&world, &scopes).await;
            world.userinfo(&token).await.json
        };
        assert_eq!(
            told().await.as_object().unwrap().len(),
            1,
            "nothing is proven yet: only sub"
        );
        let email = model::email::Email::parse("Xiaoming@Example.cn").unwrap();
        let set = store::accounts::set_email(&tx, account, (None, Some(&email)), world.now()).await;
        assert!(set.unwrap());
        let answer = told().await;
        assert_eq!(answer["email"], email.as_str(), "{}", world.test.database.kind());
        assert_eq!(answer["email_verified"], true);
        let other = world
            .userinfo(&access_token(&world, &[Scope::Openid, Scope::Phone]).await)
            .await;
        assert!(other.json.get("email").is_none() && other.json.get("email_verified").is_none());

        let mut details = world.details([Scope::Openid]);
        let asked = RequestedClaim::default();
        details.claims.id_token.insert("email".to_owned(), asked);
        let code = world.issue("hefei", &details).await;
        let answer = world.redeem("hefei", &code).await.json;
        let in_token = testing::claims(answer["id_token"].as_str().unwrap());
        assert_eq!(in_token["email"], email.as_str());
        assert!(in_token.get("email_verified").is_none());

        // What the person does not allow is not told, whatever the token was granted.
        let token = access_token(&world, &scopes).await;
        world.decide("hefei", [Scope::Phone]).await;
        let less = world.userinfo(&token).await.json;
        assert!(less.get("email").is_none(), "attack 099: {less}");
        assert!(
            store::accounts::set_email(&tx, account, (Some(&email), None), world.now())
                .await
                .unwrap()
        );
        world.decide("hefei", Scope::OFFERED).await;
        let gone = told().await;
        assert!(gone.get("email").is_none() && gone.get("email_verified").is_none());
    }
}

#[tokio::test]
async fn attack_095_the_token_comes_once_and_never_in_the_address() {
    for world in testing::worlds().await {
        let token = access_token(&world, &[Scope::Openid]).await;
        let request = |method: &str, uri: &str| Request::builder().method(method).uri(uri.to_owned());
        let bearer = format!("bearer {token}");
        let body = || Body::from(format!("access_token={token}"));

        let answer = world
            .send(request("GET", "/userinfo").body(Body::empty()).unwrap())
            .await;
        assert_eq!(
            (
                answer.status.as_u16(),
                answer.headers["www-authenticate"].to_str().unwrap()
            ),
            (401, "Bearer")
        );
        let post = request("POST", "/userinfo")
            .header("authorization", &bearer)
            .body(Body::empty())
            .unwrap();
        assert_eq!(
            world.send(post).await.status,
            200,
            "the scheme's case does not count"
        );
        let post = request("POST", "/userinfo")
            .header(CONTENT_TYPE, FORM)
            .body(body())
            .unwrap();
        assert_eq!(world.send(post).await.status, 200);

        let both = request("POST", "/userinfo")
            .header("authorization", &bearer)
            .header(CONTENT_TYPE, FORM);
        refused(
            &world.send(both.body(body()).unwrap()).await,
            400,
            "invalid_request",
            "header and body",
        );
        let two = request("GET", "/userinfo")
            .header("authorization", &bearer)
            .header("authorization", &bearer);
        refused(
            &world.send(two.body(Body::empty()).unwrap()).await,
            400,
            "invalid_request",
            "two headers",
        );
        let query = request("GET", &format!("/userinfo?access_token={token}"));
        refused(
            &world.send(query.body(Body::empty()).unwrap()).await,
            400,
            "invalid_request",
            "in the query",
        );
        let id_token = "e30.e30.AAAA";
        let shorter: String = token.chars().take(42).collect();
        for bad in [&shorter, &format!("{token}x"), &token.to_uppercase(), id_token] {
            refused(
                &world.userinfo(bad).await,
                401,
                "invalid_token",
                "attack_093_094: altered",
            );
        }
    }
}

#[tokio::test]
async fn attack_058_059_a_token_dies_with_its_time_its_sign_in_and_its_consent() {
    for world in testing::worlds().await {
        let tx = world.store.read();
        let token = access_token(&world, &Scope::OFFERED).await;
        world.clock.advance(TimeDelta::seconds(599));
        assert_eq!(world.userinfo(&token).await.status, 200);
        world.clock.advance(TimeDelta::seconds(1));
        refused(&world.userinfo(&token).await, 401, "invalid_token", "ten minutes");

        let token = access_token(&world, &Scope::OFFERED).await;
        let grant = world.decide("hefei", [Scope::Phone]).await;
        let answer = world.userinfo(&token).await;
        assert_eq!(
            answer.json.as_object().unwrap().len(),
            3,
            "attack_099: only what is allowed now: {}",
            answer.json
        );
        store::grants::revoke(&tx, world.account, grant, world.now())
            .await
            .unwrap();
        refused(
            &world.userinfo(&token).await,
            401,
            "invalid_token",
            "consent withdrawn",
        );

        world.decide("hefei", Scope::OFFERED).await;
        let token = access_token(&world, &Scope::OFFERED).await;
        store::sessions::end(&tx, world.session, world.now())
            .await
            .unwrap();
        refused(&world.userinfo(&token).await, 401, "invalid_token", "signed out");
    }
}

#[tokio::test]
async fn a_client_that_is_gone_or_may_ask_less_is_told_less() {
    for world in testing::worlds().await {
        let token = access_token(&world, &Scope::OFFERED).await;
        let mut client = testing::client("hefei");
        client.scopes = ScopeSet::from_iter([Scope::Openid, Scope::Profile]);
        world.apply(client.clone()).await;
        let told = world.userinfo(&token).await.json;
        let mut names: Vec<_> = told.as_object().unwrap().keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["locale", "sub", "updated_at"]);
        client.disabled = true;
        world.apply(client).await;
        refused(
            &world.userinfo(&token).await,
            401,
            "invalid_token",
            "switched off",
        );
        let gone = [ClientId::parse("hefei").unwrap()].into();
        store::clients::remove(&world.store.read(), &gone, world.now())
            .await
            .unwrap();
        world.service.refresh().await.unwrap();
        refused(&world.userinfo(&token).await, 401, "invalid_token", "removed");
    }
}

#[tokio::test]
async fn attack_097_a_client_gets_the_signed_answer_it_is_registered_for_whatever_it_accepts() {
    use model::client::SigningAlg;
    use tower::ServiceExt as _;
    for world in testing::worlds().await {
        for alg in SigningAlg::OFFERED {
            let mut client = testing::client("hefei");
            client.userinfo_signed_response_alg = Some(alg);
            world.apply(client.clone()).await;
            let token = access_token(&world, &Scope::OFFERED).await;
            for accept in ["application/json", "application/jwt", "*/*"] {
                let request = Request::get("/userinfo")
                    .header("authorization", format!("Bearer {token}"))
                    .header("accept", accept);
                let response = world
                    .node()
                    .oneshot(request.body(Body::empty()).unwrap())
                    .await
                    .unwrap();
                assert_eq!(response.status(), 200);
                assert_eq!(response.headers()["content-type"], "application/jwt", "{accept}");
                assert_eq!(response.headers()["cache-control"], "no-store");
                let ring = world.service.ring();
                let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
                let text = String::from_utf8(body.to_vec()).unwrap();
                let told = testing::claims(&text);
                assert_eq!(
                    (&told["iss"], &told["aud"]),
                    (&json!("http://localhost:8080"), &json!("hefei"))
                );
                assert_eq!(told["sub"], world.service.subject(&client, world.account));
                assert_eq!(told["name"], NAME);
                assert!(
                    told.get("exp").is_none() && told.get("iat").is_none() && told.get("nonce").is_none()
                );
                let hint = ring.id_token_hint(
                    &text,
                    world.service.issuer(),
                    world.now(),
                    std::time::Duration::ZERO,
                );
                assert!(hint.is_err(), "it is no ID token");
            }
        }
        world.apply(testing::client("hefei")).await;
        let token = access_token(&world, &Scope::OFFERED).await;
        let request = Request::get("/userinfo")
            .header("authorization", format!("Bearer {token}"))
            .header("accept", "application/jwt");
        let answer = world.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.headers["content-type"], "application/json");
    }
}
