//! Access tokens that resource servers read themselves (RFC 9068), and whom they are for (RFC 8707).

use model::client::AccessTokenFormat;
use model::ladder::Level;
use serde_json::json;

use super::refresh::{begin, refresh, refreshing, text};
use super::{ALL, refused};
use crate::testing::{self, SECRET, basic, claims, fields};

const CASES: &str = "https://cases.example";
const FILES: &str = "https://files.example";

#[tokio::test]
async fn a_client_that_wants_signed_tokens_gets_them_for_the_provider_and_userinfo_takes_them() {
    for world in testing::worlds().await {
        let mut client = refreshing("hefei");
        client.access_token_format = AccessTokenFormat::Jwt;
        world.apply(client.clone()).await;
        let answer = begin(&world, "hefei", &ALL).await;
        let token = text(&answer, "access_token");
        let mut told = claims(token);
        assert_eq!(told["sub"], world.service.subject(&client, world.account));
        assert_eq!(told["sub"], claims(text(&answer, "id_token"))["sub"]);
        for random in ["sub", "jti"] {
            told[random] = "…".into();
        }
        let now = world.now().timestamp();
        let expected = json!({
            "iss": "http://localhost:8080", "aud": "http://localhost:8080", "sub": "…", "client_id": "hefei", "jti": "…",
            "iat": now, "exp": now + 600, "auth_time": now - 300, "acr": "urn:denizen:loa:1",
            "amr": ["pwd", "sms", "mfa"],
            "scope": "openid assurance seals profile real_name id_number phone",
        });
        assert_eq!(told, expected);
        assert_eq!(world.userinfo(token).await.status, 200);
        let (start, _) = token.rsplit_once('.').unwrap();
        for bad in [format!("{start}."), format!("{start}.AAAA"), format!("{token}A")] {
            assert_eq!(world.userinfo(&bad).await.status, 401, "only to the letter");
        }
        store::sessions::end(&world.store.read(), world.session, world.now())
            .await
            .unwrap();
        assert_eq!(
            world.userinfo(token).await.status,
            401,
            "its row says that the sign-in ended"
        );
    }
}

#[tokio::test]
async fn attack_078_098_a_token_is_for_the_resources_that_were_granted_and_userinfo_is_none_of_them() {
    for world in testing::worlds().await {
        let mut client = refreshing("hefei");
        client.resources = vec![CASES.to_owned(), FILES.to_owned()];
        world.apply(client).await;
        let mut details = world.details(ALL);
        details.resources = vec![CASES.to_owned(), FILES.to_owned()];
        let code = world.issue("hefei", &details).await;
        let all = world.redeem("hefei", &code).await;
        assert_eq!(claims(text(&all, "access_token"))["aud"], json!([CASES, FILES]));
        let answer = world.userinfo(text(&all, "access_token")).await;
        assert_eq!((answer.status.as_u16(), answer.error()), (401, "invalid_token"));

        let token = text(&all, "refresh_token");
        let one = refresh(&world, "hefei", token, &[("resource", FILES)]).await;
        assert_eq!(claims(text(&one, "access_token"))["aud"], FILES);
        for bad in [
            "https://other.example",
            "https://cases.example/",
            "http://localhost:8080",
        ] {
            let answer = refresh(&world, "hefei", token, &[("resource", bad)]).await;
            refused(&answer, 400, "invalid_target", bad);
        }
        let again = refresh(&world, "hefei", token, &[]).await;
        assert_eq!(
            claims(text(&again, "access_token"))["aud"],
            json!([CASES, FILES]),
            "less was for once"
        );

        let code = world.issue("hefei", &details).await;
        let mut form = fields("hefei", &code).to_vec();
        form.push(("resource", CASES));
        let answer = world.token(Some(&basic("hefei", SECRET)), &form).await;
        assert_eq!(claims(text(&answer, "access_token"))["aud"], CASES);
        let code = world.issue("hefei", &world.details(ALL)).await;
        let mut form = fields("hefei", &code).to_vec();
        form.push(("resource", CASES));
        let answer = world.token(Some(&basic("hefei", SECRET)), &form).await;
        refused(&answer, 400, "invalid_target", "the request named none");
    }
}

#[tokio::test]
async fn attack_078_147_a_resource_that_left_the_registration_gets_no_more_tokens() {
    for world in testing::worlds().await {
        let mut client = refreshing("hefei");
        client.resources = vec![CASES.to_owned(), FILES.to_owned()];
        world.apply(client.clone()).await;
        let mut details = world.details(ALL);
        details.resources = client.resources.clone();
        let first = world.redeem("hefei", &world.issue("hefei", &details).await).await;
        let token = text(&first, "refresh_token");
        let late = [
            world.issue("hefei", &details).await,
            world.issue("hefei", &details).await,
        ];

        client.resources = vec![FILES.to_owned()];
        world.apply(client.clone()).await;
        let answer = refresh(&world, "hefei", token, &[]).await;
        assert_eq!(claims(text(&answer, "access_token"))["aud"], FILES);
        let answer = refresh(&world, "hefei", token, &[("resource", CASES)]).await;
        refused(&answer, 400, "invalid_target", "it is not the client's any more");
        let answer = world.redeem("hefei", &late[0]).await;
        assert_eq!(claims(text(&answer, "access_token"))["aud"], FILES);

        client.resources = vec!["https://other.example".to_owned()];
        world.apply(client.clone()).await;
        let answer = refresh(&world, "hefei", token, &[]).await;
        refused(
            &answer,
            400,
            "invalid_target",
            "nothing is left, and not the provider",
        );
        let answer = world.redeem("hefei", &late[1]).await;
        refused(&answer, 400, "invalid_target", "a code neither");

        client.resources = details.resources.clone();
        world.apply(client).await;
        let answer = refresh(&world, "hefei", token, &[]).await;
        assert_eq!(
            claims(text(&answer, "access_token"))["aud"],
            json!([CASES, FILES]),
            "nothing was spent"
        );
    }
}

#[tokio::test]
async fn attack_147_tokens_say_no_more_than_the_ceiling_of_today() {
    for world in testing::worlds().await {
        let mut client = refreshing("hefei");
        world.apply(client.clone()).await;
        let first = begin(&world, "hefei", &ALL).await;
        let token = text(&first, "refresh_token");
        assert_eq!(claims(text(&first, "id_token"))["acr"], "urn:denizen:loa:1");
        let mut details = world.details(ALL);
        details.acr_essential = true;
        let demanding = world.redeem("hefei", &world.issue("hefei", &details).await).await;

        client.ceiling_level = Level::new(0);
        world.apply(client).await;
        let answer = refresh(&world, "hefei", token, &[]).await;
        assert_eq!(claims(text(&answer, "id_token"))["acr"], "urn:denizen:loa:0");
        let answer = refresh(&world, "hefei", text(&demanding, "refresh_token"), &[]).await;
        refused(&answer, 400, "invalid_grant", "what was demanded is not lowered");
    }
}
