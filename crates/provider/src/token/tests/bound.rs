//! Tokens that are bound to a key (RFC 9449), and FAPI 2.0 at the token endpoint.

use axum::body::Body;
use http::Request;
use model::client::{AuthMethod, Profile};
use model::scope::Scope;
use serde_json::json;

use super::refresh::{begin, public, refreshing, text};
use super::{ALL, refused};
use crate::testing::{self, Answer, Holder, SECRET, World, basic, claims, fields};

const TOKEN: (&str, &str) = ("POST", "http://localhost:8080/token");
const USERINFO: (&str, &str) = ("GET", "http://localhost:8080/userinfo");

async fn token(world: &World, form: &[(&str, &str)], holder: Option<&Holder>) -> Answer {
    let secret = form.iter().all(|(name, _)| *name != "client_id");
    let authorization = secret.then(|| basic("hefei", SECRET));
    let mut request = testing::token_request(authorization.as_deref(), form);
    if let Some(holder) = holder {
        let proof = holder.proof(TOKEN, world.now());
        request.headers_mut().insert("dpop", proof.parse().unwrap());
    }
    world.send(request).await
}

fn userinfo(scheme: &str, token: &str, proof: Option<&str>) -> Request<Body> {
    let mut request = Request::get("/userinfo").header("authorization", format!("{scheme} {token}"));
    if let Some(proof) = proof {
        request = request.header("dpop", proof);
    }
    request.body(Body::empty()).unwrap()
}

#[tokio::test]
async fn a_proof_binds_the_access_token_and_userinfo_takes_it_with_a_proof_and_in_no_other_way() {
    for world in testing::worlds().await {
        let (holder, thief) = (Holder::new(), Holder::new());
        let code = world.issue("hefei", &world.details(ALL)).await;
        let answer = token(&world, &fields("hefei", &code), Some(&holder)).await;
        assert_eq!(answer.status, 200, "{}", answer.json);
        assert_eq!(answer.json["token_type"], "DPoP");
        assert!(answer.headers.contains_key("dpop-nonce"), "a nonce for next time");
        let access = text(&answer, "access_token").to_owned();

        let good = holder.proof_for(USERINFO, &access, world.now());
        let told = world.send(userinfo("dpop", &access, Some(&good))).await;
        assert_eq!(told.status, 200, "{}", told.json);
        let cases = [
            (
                "the proof again",
                "DPoP",
                Some(good.clone()),
                "invalid_dpop_proof",
            ),
            ("attack_095: as a bearer token", "Bearer", None, "invalid_token"),
            (
                "a bearer token with a proof",
                "Bearer",
                Some(holder.proof_for(USERINFO, &access, world.now())),
                "invalid_token",
            ),
            ("no proof", "DPoP", None, "invalid_dpop_proof"),
            (
                "another key",
                "DPoP",
                Some(thief.proof_for(USERINFO, &access, world.now())),
                "invalid_token",
            ),
            (
                "no ath",
                "DPoP",
                Some(holder.proof(USERINFO, world.now())),
                "invalid_dpop_proof",
            ),
            (
                "ath of another",
                "DPoP",
                Some(holder.proof_for(USERINFO, "other", world.now())),
                "invalid_dpop_proof",
            ),
            (
                "another address",
                "DPoP",
                Some(holder.proof_for(("GET", "http://localhost:8080/token"), &access, world.now())),
                "invalid_dpop_proof",
            ),
            (
                "another method",
                "DPoP",
                Some(holder.proof_for(("POST", USERINFO.1), &access, world.now())),
                "invalid_dpop_proof",
            ),
        ];
        for (case, scheme, proof, error) in cases {
            let answer = world.send(userinfo(scheme, &access, proof.as_deref())).await;
            assert_eq!((answer.status.as_u16(), answer.error()), (401, error), "{case}");
            let challenge = answer.headers["www-authenticate"].to_str().unwrap();
            assert!(
                challenge.starts_with(&format!("DPoP error=\"{error}\"")),
                "{case}: {challenge}"
            );
            assert!(challenge.contains("algs=\""), "{case}");
        }
        let url = format!(
            "{}?q=1#f",
            USERINFO.1.replace("http://localhost", "HTTP://LOCALHOST")
        );
        let odd = holder.proof_for(("GET", &url), &access, world.now());
        let told = world.send(userinfo("DPoP", &access, Some(&odd))).await;
        assert_eq!(told.status, 200, "query, fragment and case of htu do not count");
        let mut two = userinfo(
            "DPoP",
            &access,
            Some(&holder.proof_for(USERINFO, &access, world.now())),
        );
        let second = holder.proof_for(USERINFO, &access, world.now()).parse().unwrap();
        two.headers_mut().append("dpop", second);
        assert_eq!(world.send(two).await.error(), "invalid_dpop_proof", "two headers");
    }
}

#[tokio::test]
async fn an_unbound_token_does_not_pass_under_the_other_scheme() {
    for world in testing::worlds().await {
        let holder = Holder::new();
        let code = world.issue("hefei", &world.details(ALL)).await;
        let answer = token(&world, &fields("hefei", &code), None).await;
        assert_eq!(answer.json["token_type"], "Bearer");
        let access = text(&answer, "access_token");
        let proof = holder.proof_for(USERINFO, access, world.now());
        let answer = world.send(userinfo("DPoP", access, Some(&proof))).await;
        assert_eq!((answer.status.as_u16(), answer.error()), (401, "invalid_token"));
        let none = world
            .send(Request::get("/userinfo").body(Body::empty()).unwrap())
            .await;
        let challenges: Vec<_> = none.headers.get_all("www-authenticate").iter().collect();
        assert_eq!(challenges[0], "Bearer");
        assert!(
            challenges[1].to_str().unwrap().starts_with("DPoP algs=\""),
            "{challenges:?}"
        );
    }
}

#[tokio::test]
async fn a_code_that_was_asked_for_with_a_key_is_redeemed_with_it_and_with_no_other() {
    for world in testing::worlds().await {
        let (holder, thief) = (Holder::new(), Holder::new());
        let mut details = world.details(ALL);
        details.jkt = Some(holder.jkt().to_owned());
        for (case, shown, error) in [
            ("another key", Some(&thief), "invalid_grant"),
            ("no key", None, "invalid_dpop_proof"),
        ] {
            let code = world.issue("hefei", &details).await;
            refused(
                &token(&world, &fields("hefei", &code), shown).await,
                400,
                error,
                case,
            );
        }
        let code = world.issue("hefei", &details).await;
        assert_eq!(
            token(&world, &fields("hefei", &code), Some(&holder)).await.status,
            200
        );
    }
}

#[tokio::test]
async fn a_public_clients_refresh_token_is_bound_to_its_key_and_a_confidential_ones_is_not() {
    for world in testing::worlds().await {
        let (holder, thief) = (Holder::new(), Holder::new());
        world.apply(public("hefei")).await;
        let code = world.issue("hefei", &world.details(ALL)).await;
        let mut form = fields("hefei", &code).to_vec();
        form.push(("client_id", "hefei"));
        let first = token(&world, &form, Some(&holder)).await;
        let mut form = vec![
            ("grant_type", "refresh_token"),
            ("client_id", "hefei"),
            ("refresh_token", text(&first, "refresh_token")),
        ];
        refused(
            &token(&world, &form, Some(&thief)).await,
            400,
            "invalid_grant",
            "another key",
        );
        refused(
            &token(&world, &form, None).await,
            400,
            "invalid_dpop_proof",
            "no key",
        );
        let second = token(&world, &form, Some(&holder)).await;
        assert_eq!(
            (second.status.as_u16(), text(&second, "token_type")),
            (200, "DPoP")
        );
        form[2].1 = text(&second, "refresh_token");
        refused(
            &token(&world, &form, Some(&thief)).await,
            400,
            "invalid_grant",
            "the next one too",
        );

        let bare = begin(&world, "hefei", &ALL).await;
        form[2].1 = text(&bare, "refresh_token");
        let bound = token(&world, &form, Some(&holder)).await;
        form[2].1 = text(&bound, "refresh_token");
        let answer = token(&world, &form, Some(&thief)).await;
        refused(&answer, 400, "invalid_grant", "bound since a key was shown");

        world.apply(refreshing("hefei")).await;
        let code = world.issue("hefei", &world.details(ALL)).await;
        let first = token(&world, &fields("hefei", &code), Some(&holder)).await;
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", text(&first, "refresh_token")),
        ];
        let other = token(&world, &form, Some(&thief)).await;
        assert_eq!(
            (other.status.as_u16(), text(&other, "token_type")),
            (200, "DPoP"),
            "{}",
            other.json
        );
    }
}

#[tokio::test]
async fn a_client_whose_tokens_are_bound_gets_none_without_a_key_and_a_proof_is_good_once() {
    for world in testing::worlds().await {
        let holder = Holder::new();
        let mut client = super::service::service("hefei");
        client.dpop_bound_access_tokens = true;
        world.apply(client).await;
        let code = world.issue("hefei", &world.details([Scope::Openid])).await;
        refused(
            &token(&world, &fields("hefei", &code), None).await,
            400,
            "invalid_dpop_proof",
            "code",
        );
        let own = [("grant_type", "client_credentials")];
        refused(
            &token(&world, &own, None).await,
            400,
            "invalid_dpop_proof",
            "client credentials",
        );
        let proof = holder.proof(TOKEN, world.now());
        let with = |form: &[(&str, &str)]| {
            let mut request = testing::token_request(Some(&basic("hefei", SECRET)), form);
            request.headers_mut().insert("dpop", proof.parse().unwrap());
            request
        };
        let answer = world.send(with(&own)).await;
        assert_eq!(
            (answer.status.as_u16(), text(&answer, "token_type")),
            (200, "DPoP")
        );
        assert_eq!(
            claims(text(&answer, "access_token"))["cnf"],
            json!({ "jkt": holder.jkt() })
        );
        refused(
            &world.send(with(&own)).await,
            400,
            "invalid_dpop_proof",
            "the proof again",
        );
        refused(
            &world.send(with(&fields("hefei", &code))).await,
            400,
            "invalid_dpop_proof",
            "for a code",
        );
        let answer = token(&world, &fields("hefei", &code), Some(&holder)).await;
        assert_eq!(answer.status, 200, "the code was not spent by any of it");
    }
}

#[tokio::test]
async fn fapi_demands_a_key_and_pkce_and_does_not_rotate() {
    use super::clients::{assert_with, assertion, with_key};
    use jose::sign::TokenType;
    use model::client::SigningAlg;

    for world in testing::worlds().await {
        let ring = with_key(&world).await;
        let id = model::ids::ClientId::parse("hefei").unwrap();
        let mut client = world.service.client(&id).unwrap().client.clone();
        assert_eq!(client.auth_method, AuthMethod::PrivateKeyJwt);
        client.profile = Profile::Fapi2Security;
        client.grant_types = refreshing("hefei").grant_types;
        world.apply(client).await;
        let holder = Holder::new();
        let sign = |jti: &str| {
            let claims = assertion(&world, |claims| claims["jti"] = jti.into());
            ring.sign(SigningAlg::Es256, TokenType::Jwt, &claims).unwrap()
        };
        let code = world.issue("hefei", &world.details(ALL)).await;
        let none = assert_with(&world, &sign("a"), &code).await;
        refused(&none, 400, "invalid_dpop_proof", "no key");

        let ask = async |jti: &str, form: &[(&str, &str)]| {
            let jwt = sign(jti);
            let mut form = form.to_vec();
            form.extend([
                ("client_assertion", jwt.as_str()),
                (
                    "client_assertion_type",
                    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                ),
                ("client_id", "hefei"),
            ]);
            token(&world, &form, Some(&holder)).await
        };
        let stripped = world.issue_with("hefei", &world.details(ALL), None).await;
        let bare: Vec<_> = fields("hefei", &stripped)
            .into_iter()
            .filter(|(name, _)| *name != "code_verifier")
            .collect();
        refused(
            &ask("b", &bare).await,
            400,
            "invalid_grant",
            "a code without PKCE",
        );
        let wrong = world.issue("hefei", &world.details(ALL)).await;
        let mut spoilt = fields("hefei", &wrong);
        spoilt[3].1 = "another-verifier-of-forty-three-characters-x";
        refused(&ask("c", &spoilt).await, 400, "invalid_grant", "another verifier");
        let first = ask("d", &fields("hefei", &code)).await;
        assert_eq!(
            (first.status.as_u16(), text(&first, "token_type")),
            (200, "DPoP"),
            "{}",
            first.json
        );
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", text(&first, "refresh_token")),
        ];
        let second = ask("e", &form).await;
        assert_eq!(
            (second.status.as_u16(), second.json.get("refresh_token")),
            (200, None)
        );
    }
}

#[tokio::test]
async fn attack_311_a_code_that_never_was_costs_nothing_in_the_name_of_a_client_without_a_credential() {
    for world in testing::worlds().await {
        world.apply(public("hefei")).await;
        let unknown = "A".repeat(43);
        let mut form = fields("hefei", &unknown).to_vec();
        form.push(("client_id", "hefei"));
        world.store.journal().take();
        let answer = token(&world, &form, Some(&Holder::new())).await;
        refused(&answer, 400, "invalid_grant", "a code that never was");
        let sent = world.store.journal().take();
        assert!(
            !sent.is_empty() && sent.iter().all(|statement| statement.starts_with("SELECT")),
            "{sent:?}"
        );
        // What was used before still ends everything that it gave.
        let code = world.issue("hefei", &world.details(ALL)).await;
        let mut form = fields("hefei", &code).to_vec();
        form.push(("client_id", "hefei"));
        let given = token(&world, &form, None).await;
        assert_eq!(given.status, 200, "{}", given.json);
        let again = token(&world, &form, Some(&Holder::new())).await;
        refused(&again, 400, "invalid_grant", "attack_041: a replay");
        let ended = world.userinfo(text(&given, "access_token")).await;
        assert_eq!(ended.status, 401, "attack_041");
    }
}
