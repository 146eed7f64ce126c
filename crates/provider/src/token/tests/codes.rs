//! What a code gives, and what it takes.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use jose::verify::{Audience, Demand, Subject, Typ, Verification, verify};
use model::client::SigningAlg;
use model::ladder::Level;
use model::scope::Scope;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::{ALL, refused};
use crate::testing::{self, SECRET, VERIFIER, basic, claims, fields, redirect_uri};

#[tokio::test]
async fn attack_119_a_code_gives_tokens_that_say_exactly_what_they_should() {
    for world in testing::worlds().await {
        let code = world.issue("hefei", &world.details(ALL)).await;
        let answer = world.redeem("hefei", &code).await;
        assert_eq!(answer.status, 200, "{}", answer.json);
        assert_eq!(answer.headers["cache-control"], "no-store");
        assert_eq!(answer.headers["pragma"], "no-cache");
        assert_eq!(answer.json["token_type"], "Bearer");
        assert_eq!(answer.json["expires_in"], 600);
        let scope = "openid assurance seals profile real_name id_number phone";
        assert_eq!(answer.json["scope"], scope);
        assert!(answer.json.get("refresh_token").is_none());

        let id_token = answer.json["id_token"].as_str().unwrap();
        let ring = world.service.ring();
        let wanted = Verification {
            keys: ring.keys(),
            algs: &[SigningAlg::Es256],
            typ: Typ::OneOf(&["JWT"]),
            issuer: "http://localhost:8080",
            subject: Subject::Reported,
            audience: Audience::ExactlyOneOf(&["hefei"]),
            issued_at: Demand::Required,
            token_id: Demand::IfPresent,
            now: world.now(),
            leeway: std::time::Duration::ZERO,
            max_age: std::time::Duration::from_mins(5),
        };
        verify(id_token, &wanted).expect("verifies");
        let access_token = answer.json["access_token"].as_str().unwrap();
        let mut told = claims(id_token);
        assert_eq!(
            told["at_hash"],
            jose::alg::at_hash(SigningAlg::Es256, access_token)
        );
        let client = testing::client("hefei");
        assert_eq!(told["sub"], world.service.subject(&client, world.account));
        assert_eq!(told["sid"], world.service.sid(&client, world.session));
        for random in ["at_hash", "sub", "sid"] {
            told[random] = "…".into();
        }
        insta::assert_json_snapshot!("id_token_with_every_scope", told);
    }
}

#[tokio::test]
async fn a_plain_openid_request_gets_a_plain_id_token() {
    for world in testing::worlds().await {
        let mut details = world.details([Scope::Openid]);
        details.nonce = None;
        let code = world.issue("hefei", &details).await;
        let answer = world.redeem("hefei", &code).await;
        let told = claims(answer.json["id_token"].as_str().unwrap());
        let mut names: Vec<_> = told.as_object().unwrap().keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(
            names,
            [
                "acr",
                "amr",
                "at_hash",
                "aud",
                "auth_time",
                "exp",
                "iat",
                "iss",
                "sid",
                "sub"
            ]
        );
        assert_eq!(answer.json["scope"], "openid");
    }
}

#[tokio::test]
async fn a_client_that_asks_for_rs256_gets_it() {
    for world in testing::worlds().await {
        let mut client = testing::client("hefei");
        client.id_token_signed_response_alg = SigningAlg::Rs256;
        world.apply(client).await;
        let code = world.issue("hefei", &world.details([Scope::Openid])).await;
        let answer = world.redeem("hefei", &code).await;
        let header = answer.json["id_token"]
            .as_str()
            .unwrap()
            .split('.')
            .next()
            .unwrap();
        let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
        assert_eq!(header["alg"], "RS256");
        assert_eq!(
            header["kid"],
            world.service.ring().current_kid(SigningAlg::Rs256).unwrap()
        );
    }
}

#[tokio::test]
async fn acr_is_never_more_than_promised_nor_more_than_is_proven_now() {
    for world in testing::worlds().await {
        let mut details = world.details([Scope::Openid]);
        details.acr = Level::new(3).unwrap();
        let code = world.issue("hefei", &details).await;
        let answer = world.redeem("hefei", &code).await;
        assert_eq!(
            claims(answer.json["id_token"].as_str().unwrap())["acr"],
            "urn:denizen:loa:1"
        );

        world.prove("bank_card").await;
        let code = world
            .issue("hefei", &world.details([Scope::Openid, Scope::Assurance]))
            .await;
        let told = claims(
            world.redeem("hefei", &code).await.json["id_token"]
                .as_str()
                .unwrap(),
        );
        assert_eq!(
            (&told["acr"], &told["identity_level"]),
            (&json!("urn:denizen:loa:1"), &json!(2))
        );

        // The floor is compared with what is held, not with the name that is told.
        let mut client = testing::client("hefei");
        client.floor_level = Level::new(2);
        world.apply(client.clone()).await;
        let code = world.issue("hefei", &world.details([Scope::Openid])).await;
        let answer = world.redeem("hefei", &code).await;
        assert_eq!(
            claims(answer.json["id_token"].as_str().unwrap())["acr"],
            "urn:denizen:loa:1"
        );
        client.floor_level = Level::new(3);
        world.apply(client).await;
        let code = world.issue("hefei", &world.details([Scope::Openid])).await;
        refused(
            &world.redeem("hefei", &code).await,
            400,
            "invalid_grant",
            "below the floor",
        );
    }
}

#[tokio::test]
async fn attack_041_a_replay_is_refused_and_kills_the_first_access_token() {
    for world in testing::worlds().await {
        let code = world.issue("hefei", &world.details(ALL)).await;
        let first = world.redeem("hefei", &code).await;
        let token = first.json["access_token"].as_str().unwrap().to_owned();
        assert_eq!(world.userinfo(&token).await.status, 200);
        refused(
            &world.redeem("hefei", &code).await,
            400,
            "invalid_grant",
            "second use",
        );
        refused(
            &world.userinfo(&token).await,
            401,
            "invalid_token",
            "the first use's token",
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn attack_042_of_thirty_two_at_once_on_two_nodes_one_is_answered_and_its_token_dies() {
    for world in testing::worlds().await {
        let nodes = [world.node(), world.other_node().await];
        for _ in 0..3 {
            let code = world.issue("hefei", &world.details(ALL)).await;
            let mut tries = tokio::task::JoinSet::new();
            for node in nodes.iter().cycle().take(32) {
                let request = testing::token_request(Some(&basic("hefei", SECRET)), &fields("hefei", &code));
                tries.spawn(node.clone().oneshot(request));
            }
            let answers = tries.join_all().await;
            let mut statuses: Vec<_> = answers
                .into_iter()
                .map(|a| a.unwrap().status().as_u16())
                .collect();
            statuses.sort_unstable();
            assert_eq!(statuses[0], 200);
            assert!(statuses[1..].iter().all(|status| *status == 400), "{statuses:?}");
        }
    }
}

#[tokio::test]
async fn attack_043_a_code_of_another_client_is_refused_and_stays_good_for_its_own() {
    for world in testing::worlds().await {
        let code = world.issue("hefei", &world.details(ALL)).await;
        let answer = world
            .token(Some(&basic("wuhu", SECRET)), &fields("hefei", &code))
            .await;
        refused(&answer, 400, "invalid_grant", "other client");
        assert_eq!(world.redeem("hefei", &code).await.status, 200);
    }
}

#[tokio::test]
async fn attack_045_047_053_055_what_does_not_fit_the_request_is_refused() {
    for world in testing::worlds().await {
        let authorization = basic("hefei", SECRET);
        let redirect = redirect_uri("hefei");
        let longer = format!("{redirect}/");
        let cases: [(&str, &str, Option<&str>); 5] = [
            ("another address", "https://hefei.example/other", Some(VERIFIER)),
            ("a longer address", &longer, Some(VERIFIER)),
            ("no verifier", &redirect, None),
            (
                "another verifier",
                &redirect,
                Some("another-verifier-of-forty-three-characters-x"),
            ),
            ("the challenge itself", &redirect, Some(testing::CHALLENGE)),
        ];
        for (case, redirect, verifier) in cases {
            let code = world.issue("hefei", &world.details(ALL)).await;
            let mut form = vec![
                ("grant_type", "authorization_code"),
                ("code", &code),
                ("redirect_uri", redirect),
            ];
            form.extend(verifier.map(|verifier| ("code_verifier", verifier)));
            refused(
                &world.token(Some(&authorization), &form).await,
                400,
                "invalid_grant",
                case,
            );
            refused(
                &world.redeem("hefei", &code).await,
                400,
                "invalid_grant",
                &format!("{case}: the code is spent"),
            );
        }
        let code = world.issue_with("hefei", &world.details(ALL), None).await;
        refused(
            &world.redeem("hefei", &code).await,
            400,
            "invalid_grant",
            "attack_053: a verifier without a challenge",
        );
        let code = world.issue("hefei", &world.details(ALL)).await;
        let shorter: String = code.chars().take(42).collect();
        let other: String = code.chars().rev().collect();
        for bad in [
            shorter,
            format!("{code}A"),
            other,
            "x".to_owned(),
            "A".repeat(60_000),
        ] {
            refused(
                &world.redeem("hefei", &bad).await,
                400,
                "invalid_grant",
                "attack_047: an altered code",
            );
        }
        for missing in ["grant_type", "code", "redirect_uri"] {
            let form: Vec<_> = fields("hefei", &code)
                .into_iter()
                .filter(|(name, _)| *name != missing)
                .collect();
            refused(
                &world.token(Some(&authorization), &form).await,
                400,
                "invalid_request",
                missing,
            );
        }
        for grant in ["password", "implicit", "Authorization_Code"] {
            let form = [("grant_type", grant), ("username", "a"), ("password", "b")];
            refused(
                &world.token(Some(&authorization), &form).await,
                400,
                "unsupported_grant_type",
                grant,
            );
        }
        assert_eq!(
            world.redeem("hefei", &code).await.status,
            200,
            "none of it spent this code"
        );
    }
}

#[tokio::test]
async fn attack_046_a_code_is_worth_nothing_after_a_minute() {
    for world in testing::worlds().await {
        let (early, late) = (
            world.issue("hefei", &world.details(ALL)).await,
            world.issue("hefei", &world.details(ALL)).await,
        );
        world.clock.advance(TimeDelta::seconds(59));
        assert_eq!(world.redeem("hefei", &early).await.status, 200);
        world.clock.advance(TimeDelta::seconds(2));
        refused(&world.redeem("hefei", &late).await, 400, "invalid_grant", "61 s");
    }
}
