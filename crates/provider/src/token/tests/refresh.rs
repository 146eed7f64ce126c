//! Refresh tokens: what they give, and when they are worth nothing (A087 to A094).

use chrono::TimeDelta;
use jose::sign::TokenType;
use model::client::{AuthMethod, Client, GrantType, SigningAlg};
use model::ladder::Level;
use model::scope::{Scope, ScopeSet};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::{ALL, refused};
use crate::testing::{self, Answer, SECRET, World, basic, claims, fields};

/// A client that may have refresh tokens.
pub(crate) fn refreshing(id: &str) -> Client {
    let mut client = testing::client(id);
    client.grant_types.push(GrantType::RefreshToken);
    client.scopes.insert(Scope::OfflineAccess);
    client
}

/// The same without a credential.
pub(crate) fn public(id: &str) -> Client {
    let mut client = refreshing(id);
    client.auth_method = AuthMethod::None;
    client
}

pub(crate) fn text<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.json[name]
        .as_str()
        .unwrap_or_else(|| panic!("no {name}: {}", answer.json))
}

pub(crate) async fn refresh(world: &World, id: &str, token: &str, more: &[(&str, &str)]) -> Answer {
    let mut form = vec![("grant_type", "refresh_token"), ("refresh_token", token)];
    form.extend(more);
    let stored = world
        .service
        .client(&model::ids::ClientId::parse(id).unwrap())
        .unwrap();
    if stored.client.auth_method == AuthMethod::None {
        form.push(("client_id", id));
        return world.token(None, &form).await;
    }
    world.token(Some(&basic(id, SECRET)), &form).await
}

/// Redeems a code of these scopes.
pub(crate) async fn begin(world: &World, id: &str, scopes: &[Scope]) -> Answer {
    let code = world.issue(id, &world.details(scopes.iter().copied())).await;
    let mut form = fields(id, &code).to_vec();
    let public = world
        .service
        .client(&model::ids::ClientId::parse(id).unwrap())
        .unwrap();
    let answer = if public.client.auth_method == AuthMethod::None {
        form.push(("client_id", id));
        world.token(None, &form).await
    } else {
        world.redeem(id, &code).await
    };
    assert_eq!(answer.status, 200, "{}", answer.json);
    answer
}

/// The messages that wait for delivery.
async fn outbox(world: &World) -> Vec<store::outbox::Claimed> {
    let lease = TimeDelta::zero();
    store::outbox::claim(&world.store.read(), world.now(), lease, 50)
        .await
        .unwrap()
}

fn count(events: &[String], kind: &str) -> usize {
    events.iter().filter(|event| *event == kind).count()
}

#[tokio::test]
async fn a_confidential_client_keeps_its_refresh_token_and_gets_the_same_sign_in_again() {
    for world in testing::worlds().await {
        world.apply(refreshing("hefei")).await;
        let first = begin(&world, "hefei", &ALL).await;
        let token = text(&first, "refresh_token").to_owned();
        assert_eq!(token.len(), 43);
        world.clock.advance(TimeDelta::seconds(5));
        let again = refresh(&world, "hefei", &token, &[]).await;
        assert_eq!(again.status, 200, "{}", again.json);
        assert_eq!(again.headers["cache-control"], "no-store");
        assert!(
            again.json.get("refresh_token").is_none(),
            "no rotation for whoever proves itself"
        );
        assert_eq!(again.json["scope"], first.json["scope"]);
        assert_ne!(again.json["access_token"], first.json["access_token"]);
        let (one, two) = (claims(text(&first, "id_token")), claims(text(&again, "id_token")));
        for same in ["iss", "sub", "aud", "auth_time", "sid", "acr", "amr", "seals"] {
            assert_eq!(one[same], two[same], "{same}");
        }
        assert!(one["nonce"].is_string() && two.get("nonce").is_none());
        assert_ne!(one["iat"], two["iat"]);
        assert_eq!(
            two["at_hash"],
            jose::alg::at_hash(SigningAlg::Es256, text(&again, "access_token"))
        );
        assert_eq!(world.userinfo(text(&again, "access_token")).await.status, 200);
        assert_eq!(world.userinfo(text(&first, "access_token")).await.status, 200);
        assert_eq!(refresh(&world, "hefei", &token, &[]).await.status, 200);
        assert_eq!(count(&world.audited().await, "token_refreshed"), 2);
    }
}

#[tokio::test]
async fn refresh_tokens_are_for_clients_that_were_registered_for_them() {
    for world in testing::worlds().await {
        assert!(
            begin(&world, "hefei", &ALL)
                .await
                .json
                .get("refresh_token")
                .is_none()
        );
        let form = [("grant_type", "refresh_token"), ("refresh_token", "x")];
        let answer = world.token(Some(&basic("hefei", SECRET)), &form).await;
        refused(
            &answer,
            400,
            "unauthorized_client",
            "attack_075: not in the registration",
        );
        world.apply(refreshing("hefei")).await;
        let form = [("grant_type", "refresh_token")];
        let answer = world.token(Some(&basic("hefei", SECRET)), &form).await;
        refused(&answer, 400, "invalid_request", "no token");
    }
}

#[tokio::test]
async fn attack_087_a_public_clients_token_rotates_and_its_replay_kills_the_family_and_tells_the_resident() {
    for world in testing::worlds().await {
        world.apply(public("hefei")).await;
        let first = begin(&world, "hefei", &ALL).await;
        let second = refresh(&world, "hefei", text(&first, "refresh_token"), &[]).await;
        assert_eq!(second.status, 200, "{}", second.json);
        assert_ne!(first.json["refresh_token"], second.json["refresh_token"]);
        let third = refresh(&world, "hefei", text(&second, "refresh_token"), &[]).await;
        assert_eq!(third.status, 200);
        for answer in [&first, &second, &third] {
            assert_eq!(world.userinfo(text(answer, "access_token")).await.status, 200);
        }
        assert!(outbox(&world).await.is_empty());
        for _ in 0..2 {
            let replay = refresh(&world, "hefei", text(&first, "refresh_token"), &[]).await;
            refused(&replay, 400, "invalid_grant", "a used token");
        }
        for answer in [&first, &second, &third] {
            assert_eq!(world.userinfo(text(answer, "access_token")).await.status, 401);
        }
        let newest = refresh(&world, "hefei", text(&third, "refresh_token"), &[]).await;
        refused(&newest, 400, "invalid_grant", "the newest of the family");
        let events = world.audited().await;
        assert_eq!(
            (
                count(&events, "refresh_replayed"),
                count(&events, "refresh_refused")
            ),
            (2, 1)
        );
        let told = outbox(&world).await;
        assert_eq!(told.len(), 1, "once for a family: {told:?}");
        assert_eq!(told[0].template, "sms-refresh-replayed");
        assert_eq!(told[0].recipient.expose(), "+8613800138000");
        assert!(
            told[0].text.expose().contains("合肥"),
            "{}",
            told[0].text.expose()
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn attack_087_of_sixteen_refreshes_at_once_on_two_nodes_one_is_answered() {
    for world in testing::worlds().await {
        world.apply(public("hefei")).await;
        let nodes = [world.node(), world.other_node().await];
        let token = text(&begin(&world, "hefei", &ALL).await, "refresh_token").to_owned();
        let mut tries = tokio::task::JoinSet::new();
        for node in nodes.iter().cycle().take(16) {
            let form = [
                ("grant_type", "refresh_token"),
                ("refresh_token", token.as_str()),
                ("client_id", "hefei"),
            ];
            tries.spawn(node.clone().oneshot(testing::token_request(None, &form)));
        }
        let answers = tries.join_all().await;
        let mut statuses: Vec<_> = answers
            .into_iter()
            .map(|a| a.unwrap().status().as_u16())
            .collect();
        statuses.sort_unstable();
        assert_eq!(statuses[0], 200);
        assert!(statuses[1..].iter().all(|status| *status == 400), "{statuses:?}");
        assert_eq!(outbox(&world).await.len(), 1);
    }
}

#[tokio::test]
async fn attack_089_another_clients_try_is_refused_written_down_and_leaves_the_token_to_its_own() {
    for world in testing::worlds().await {
        world.apply(refreshing("hefei")).await;
        world.apply(refreshing("wuhu")).await;
        let token = text(&begin(&world, "hefei", &ALL).await, "refresh_token").to_owned();
        refused(
            &refresh(&world, "wuhu", &token, &[]).await,
            400,
            "invalid_grant",
            "another client",
        );
        assert_eq!(count(&world.audited().await, "refresh_refused"), 1);
        assert_eq!(refresh(&world, "hefei", &token, &[]).await.status, 200);
    }
}

#[tokio::test]
async fn attack_090_sign_out_freezing_and_consent_taken_back_end_it_and_each_is_written_down() {
    for world in testing::worlds().await {
        world.apply(refreshing("hefei")).await;
        world.decide("hefei", Scope::OFFERED).await;
        let (tx, mut refusals) = (world.store.read(), 0);
        let offline = [Scope::Openid, Scope::Phone, Scope::OfflineAccess];
        let mut dead = async |token: &str, why: &str| {
            refused(
                &refresh(&world, "hefei", token, &[]).await,
                400,
                "invalid_grant",
                why,
            );
            refusals += 1;
            assert_eq!(
                count(&world.audited().await, "refresh_refused"),
                refusals,
                "{why}"
            );
        };

        let token = text(&begin(&world, "hefei", &offline).await, "refresh_token").to_owned();
        let grant = world.decide("hefei", [Scope::Phone]).await;
        store::grants::revoke(&tx, world.account, grant, world.now())
            .await
            .unwrap();
        dead(&token, "consent taken back").await;
        world.decide("hefei", Scope::OFFERED).await;
        dead(&token, "a new consent does not bring it back").await;

        let token = text(&begin(&world, "hefei", &offline).await, "refresh_token").to_owned();
        store::refresh::revoke_of_account(&tx, world.account, world.now())
            .await
            .unwrap();
        dead(&token, "the password was changed").await;

        let token = text(&begin(&world, "hefei", &offline).await, "refresh_token").to_owned();
        let access = refresh(&world, "hefei", &token, &[]).await;
        store::sessions::end(&tx, world.session, world.now())
            .await
            .unwrap();
        dead(&token, "signed out").await;
        assert_eq!(world.userinfo(text(&access, "access_token")).await.status, 401);
    }
}

#[tokio::test]
async fn attack_090_a_frozen_account_refreshes_nothing() {
    for world in testing::worlds().await {
        world.apply(refreshing("hefei")).await;
        let token = text(&begin(&world, "hefei", &ALL).await, "refresh_token").to_owned();
        store::accounts::freeze(&world.store.read(), world.account, world.now())
            .await
            .unwrap();
        refused(
            &refresh(&world, "hefei", &token, &[]).await,
            400,
            "invalid_grant",
            "frozen",
        );
    }
}

#[tokio::test]
async fn attack_090_a_level_below_the_floor_or_the_demand_refreshes_nothing() {
    for world in testing::worlds().await {
        let mut client = refreshing("hefei");
        world.apply(client.clone()).await;
        let token = text(&begin(&world, "hefei", &ALL).await, "refresh_token").to_owned();
        client.floor_level = Some(Level::new(3).unwrap());
        world.apply(client.clone()).await;
        refused(
            &refresh(&world, "hefei", &token, &[]).await,
            400,
            "invalid_grant",
            "below the floor",
        );
        assert_eq!(count(&world.audited().await, "refresh_refused"), 1);
        client.floor_level = None;
        world.apply(client).await;
        assert_eq!(
            refresh(&world, "hefei", &token, &[]).await.status,
            200,
            "nothing was spent"
        );
    }
}

#[tokio::test]
async fn without_offline_access_it_ends_with_the_sign_in_and_with_it_it_goes_on_to_its_own_limits() {
    for world in testing::worlds().await {
        world.apply(refreshing("hefei")).await;
        world.decide("hefei", Scope::OFFERED).await;
        let plain = text(&begin(&world, "hefei", &ALL).await, "refresh_token").to_owned();
        let scopes = [Scope::Openid, Scope::Phone, Scope::OfflineAccess];
        let lasting = text(&begin(&world, "hefei", &scopes).await, "refresh_token").to_owned();
        world.clock.advance(TimeDelta::hours(11) + TimeDelta::minutes(55));
        let last = refresh(&world, "hefei", &plain, &[]).await;
        assert_eq!(last.json["expires_in"], 300, "not longer than the sign-in");
        world.clock.advance(TimeDelta::minutes(6));
        assert_eq!(world.userinfo(text(&last, "access_token")).await.status, 401);
        refused(
            &refresh(&world, "hefei", &plain, &[]).await,
            400,
            "invalid_grant",
            "lapsed",
        );
        let answer = refresh(&world, "hefei", &lasting, &[]).await;
        assert_eq!(answer.status, 200, "{}", answer.json);
        assert_eq!(world.userinfo(text(&answer, "access_token")).await.status, 200);
        for _ in 0..6 {
            world.clock.advance(TimeDelta::days(13));
            assert_eq!(refresh(&world, "hefei", &lasting, &[]).await.status, 200);
        }
        world.clock.advance(TimeDelta::days(12));
        refused(
            &refresh(&world, "hefei", &lasting, &[]).await,
            400,
            "invalid_grant",
            "ninety days",
        );
    }
}

#[tokio::test]
async fn an_unused_token_is_worth_nothing_after_a_fortnight_and_rotation_does_not_lengthen_the_family() {
    for world in testing::worlds().await {
        world.apply(public("hefei")).await;
        world.decide("hefei", Scope::OFFERED).await;
        let scopes = [Scope::Openid, Scope::OfflineAccess];
        let idle = text(&begin(&world, "hefei", &scopes).await, "refresh_token").to_owned();
        let mut used = text(&begin(&world, "hefei", &scopes).await, "refresh_token").to_owned();
        for round in 1..=6 {
            world.clock.advance(TimeDelta::days(13));
            let answer = refresh(&world, "hefei", &used, &[]).await;
            assert_eq!(answer.status, 200, "{round}: {}", answer.json);
            used = text(&answer, "refresh_token").to_owned();
            if round == 2 {
                refused(
                    &refresh(&world, "hefei", &idle, &[]).await,
                    400,
                    "invalid_grant",
                    "26 days idle",
                );
            }
        }
        world.clock.advance(TimeDelta::days(12));
        refused(
            &refresh(&world, "hefei", &used, &[]).await,
            400,
            "invalid_grant",
            "ninety days",
        );
        assert!(outbox(&world).await.is_empty(), "nobody replayed anything");
    }
}

#[tokio::test]
async fn attack_091_scope_may_be_narrowed_and_never_grows() {
    for world in testing::worlds().await {
        world.apply(public("hefei")).await;
        let scopes = [Scope::Openid, Scope::Phone, Scope::Assurance];
        let token = text(&begin(&world, "hefei", &scopes).await, "refresh_token").to_owned();
        for grown in [
            "openid real_name",
            "openid phone id_number",
            "email",
            "nothing of ours",
        ] {
            let answer = refresh(&world, "hefei", &token, &[("scope", grown)]).await;
            refused(&answer, 400, "invalid_scope", grown);
        }
        let less = refresh(&world, "hefei", &token, &[("scope", "openid unknown phone")]).await;
        assert_eq!(
            (less.status.as_u16(), text(&less, "scope")),
            (200, "openid phone")
        );
        let told = world.userinfo(text(&less, "access_token")).await.json;
        assert!(told.get("phone_number").is_some() && told.get("identity_level").is_none());
        let alone = refresh(
            &world,
            "hefei",
            text(&less, "refresh_token"),
            &[("scope", "phone")],
        )
        .await;
        assert!(alone.json.get("id_token").is_none(), "no openid, no ID token");
        let answer = world.userinfo(text(&alone, "access_token")).await;
        assert_eq!(
            (answer.status.as_u16(), answer.error()),
            (403, "insufficient_scope")
        );
        let whole = refresh(&world, "hefei", text(&alone, "refresh_token"), &[]).await;
        assert_eq!(
            text(&whole, "scope"),
            "openid assurance phone",
            "less was for once"
        );
    }
}

#[tokio::test]
async fn registration_and_consent_of_today_bound_what_a_refresh_gives() {
    for world in testing::worlds().await {
        let mut client = refreshing("hefei");
        world.apply(client.clone()).await;
        let token = text(&begin(&world, "hefei", &ALL).await, "refresh_token").to_owned();
        world.decide("hefei", [Scope::Phone, Scope::RealName]).await;
        client.scopes = ScopeSet::from_iter([Scope::Openid, Scope::Phone, Scope::IdNumber]);
        world.apply(client.clone()).await;
        assert_eq!(
            text(&refresh(&world, "hefei", &token, &[]).await, "scope"),
            "openid phone"
        );
        client
            .grant_types
            .retain(|grant| *grant != GrantType::RefreshToken);
        world.apply(client).await;
        refused(
            &refresh(&world, "hefei", &token, &[]).await,
            400,
            "unauthorized_client",
            "not any more",
        );
    }
}

#[tokio::test]
async fn attack_041_a_replayed_code_kills_refresh_tokens_and_signed_access_tokens_too() {
    for world in testing::worlds().await {
        let mut client = refreshing("hefei");
        client.access_token_format = model::client::AccessTokenFormat::Jwt;
        world.apply(client).await;
        let code = world.issue("hefei", &world.details(ALL)).await;
        let first = world.redeem("hefei", &code).await;
        let second = refresh(&world, "hefei", text(&first, "refresh_token"), &[]).await;
        refused(
            &world.redeem("hefei", &code).await,
            400,
            "invalid_grant",
            "second use",
        );
        for answer in [&first, &second] {
            assert_eq!(world.userinfo(text(answer, "access_token")).await.status, 401);
        }
        let token = text(&first, "refresh_token");
        refused(
            &refresh(&world, "hefei", token, &[]).await,
            400,
            "invalid_grant",
            "the refresh token",
        );
    }
}

#[tokio::test]
async fn attack_093_094_only_a_refresh_token_is_one_and_only_to_the_letter() {
    for world in testing::worlds().await {
        world.apply(refreshing("hefei")).await;
        let given = begin(&world, "hefei", &ALL).await;
        let token = text(&given, "refresh_token").to_owned();
        let shorter: String = token.chars().take(42).collect();
        let code = world.issue("hefei", &world.details(ALL)).await;
        let logout = json!({ "iss": "http://localhost:8080", "aud": "hefei", "events": {} });
        let ring = world.service.ring();
        let logout = ring
            .sign(SigningAlg::Es256, TokenType::LogoutToken, &logout.to_string())
            .unwrap();
        let swapped: String = token
            .chars()
            .map(|c| {
                if c.is_lowercase() {
                    c.to_ascii_uppercase()
                } else {
                    c.to_ascii_lowercase()
                }
            })
            .collect();
        for (case, bad) in [
            ("an access token", text(&given, "access_token")),
            ("an ID token", text(&given, "id_token")),
            ("a code", &code),
            ("a logout token", &logout),
            ("truncated", &shorter),
            ("extended", &format!("{token}A")),
            ("another case", &swapped),
            ("padded", &format!("{token}=")),
            ("a kilobyte", &"A".repeat(1024)),
        ] {
            refused(
                &refresh(&world, "hefei", bad, &[]).await,
                400,
                "invalid_grant",
                case,
            );
        }
        for (case, bad) in [
            ("a refresh token as an access token", token.as_str()),
            ("an ID token as an access token", text(&given, "id_token")),
            ("a logout token as an access token", &logout),
        ] {
            assert_eq!(world.userinfo(bad).await.status, 401, "{case}");
        }
        assert_eq!(refresh(&world, "hefei", &token, &[]).await.status, 200);
        assert_eq!(
            world.redeem("hefei", &code).await.status,
            200,
            "the code was not spent by it"
        );
    }
}

#[tokio::test]
async fn attack_121_no_token_of_ours_passes_for_another_kind() {
    for world in testing::worlds().await {
        let mut client = refreshing("hefei");
        client.access_token_format = model::client::AccessTokenFormat::Jwt;
        world.apply(client).await;
        let given = begin(&world, "hefei", &ALL).await;
        let typ = |jwt: &str| -> Value {
            use base64::Engine as _;
            let header = jwt.split('.').next().unwrap();
            let header = base64::engine::general_purpose::URL_SAFE_NO_PAD
                .decode(header)
                .unwrap();
            serde_json::from_slice::<Value>(&header).unwrap()["typ"].clone()
        };
        assert_eq!(typ(text(&given, "id_token")), "JWT");
        assert_eq!(typ(text(&given, "access_token")), "at+jwt");
        let (ring, now) = (world.service.ring(), world.now());
        let issuer = world.service.issuer();
        assert!(
            ring.access_token(text(&given, "access_token"), issuer, now)
                .is_ok()
        );
        assert!(ring.access_token(text(&given, "id_token"), issuer, now).is_err());
        let leeway = std::time::Duration::ZERO;
        assert!(
            ring.id_token_hint(text(&given, "id_token"), issuer, now, leeway)
                .is_ok()
        );
        assert!(
            ring.id_token_hint(text(&given, "access_token"), issuer, now, leeway)
                .is_err()
        );
    }
}
