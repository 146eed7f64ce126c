//! The token and userinfo endpoints.

use std::collections::BTreeSet;

use acceptance::journey::{newcomer, resident, tokens_for};
use acceptance::party::{Party, answer, peek};
use acceptance::world::World;
use jose::alg::at_hash;
use model::client::SigningAlg;

/// Claims that the protocol puts into an ID token by itself.
const PROTOCOL: &[&str] = &[
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "auth_time",
    "nonce",
    "acr",
    "amr",
    "azp",
    "at_hash",
    "sid",
];

#[tokio::test]
async fn every_way_to_authenticate_works_and_a_plain_request_gets_a_plain_token() {
    for world in World::shared().await {
        let (mut visitor, _) = newcomer(&world).await;
        for client in ["basic", "rs256", "key", "public"] {
            let party = Party::new(&world, client);
            let ask = party.ask();
            let answer = tokens_for(&mut visitor, &party, &ask).await;
            answer.is_careful();
            assert_eq!(
                answer.body["token_type"]
                    .as_str()
                    .map(str::to_lowercase)
                    .as_deref(),
                Some("bearer"),
                "{client}"
            );
            let life = answer.body["expires_in"].as_u64().expect("a number");
            assert!((60..=3600).contains(&life), "{client}: {life}");
            assert!(answer.access_token().len() >= 43);
            let claims = party.claims(answer.id_token(), Some(&ask.nonce)).await;
            let names: BTreeSet<&str> = claims.keys().map(String::as_str).collect();
            let extra: Vec<_> = names.iter().filter(|name| !PROTOCOL.contains(name)).collect();
            assert!(
                extra.is_empty(),
                "{client}: claims that nobody asked for: {extra:?}"
            );
            let alg = if client == "rs256" {
                SigningAlg::Rs256
            } else {
                SigningAlg::Es256
            };
            if let Some(hash) = claims.get("at_hash") {
                assert_eq!(*hash, at_hash(alg, answer.access_token()), "{client}");
            }
            assert_eq!(claims["aud"], client);
            let (issued, expires) = (claims["iat"].as_i64().unwrap(), claims["exp"].as_i64().unwrap());
            assert!(expires > issued && expires - issued <= 3600, "{client}");
            let info = party.userinfo(answer.access_token()).await;
            assert_eq!(
                (info.status.as_u16(), &info.body["sub"]),
                (200, &claims["sub"]),
                "{client}"
            );
        }
    }
}

#[tokio::test]
async fn the_access_token_is_taken_by_header_in_get_and_post_and_in_a_body() {
    let world = World::any().await;
    let (mut visitor, _) = newcomer(&world).await;
    let party = Party::new(&world, "basic");
    let token = tokens_for(&mut visitor, &party, &party.ask())
        .await
        .access_token()
        .to_owned();
    let endpoint = &party.userinfo_endpoint;
    for request in [
        world.http.get(endpoint).bearer_auth(&token),
        world.http.post(endpoint).bearer_auth(&token),
        world.http.post(endpoint).form(&[("access_token", &token)]),
    ] {
        let answer = answer(request).await;
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.body);
        answer.is_careful();
    }
}

#[tokio::test]
async fn attack_094_095_tokens_are_taken_whole_once_and_from_nowhere_else() {
    let world = World::any().await;
    let (mut visitor, _) = newcomer(&world).await;
    let party = Party::new(&world, "basic");
    let answer_one = tokens_for(&mut visitor, &party, &party.ask()).await;
    let (token, id_token) = (
        answer_one.access_token().to_owned(),
        answer_one.id_token().to_owned(),
    );
    let endpoint = party.userinfo_endpoint.clone();
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
    for bad in [
        &token[..token.len() - 1],
        &format!("{token}A"),
        &swapped,
        &id_token,
        "",
        "x",
    ] {
        let refused = answer(
            world
                .http
                .get(&endpoint)
                .header("authorization", format!("Bearer {bad}")),
        )
        .await;
        assert_eq!(refused.status.as_u16(), 401, "{bad}");
        assert!(
            refused.headers["www-authenticate"]
                .to_str()
                .unwrap()
                .starts_with("Bearer"),
            "RFC 6750 section 3"
        );
    }
    let in_query = answer(world.http.get(format!("{endpoint}?access_token={token}"))).await;
    assert!(
        [400, 401].contains(&in_query.status.as_u16()),
        "{}",
        in_query.status
    );
    let twice = world
        .http
        .post(&endpoint)
        .bearer_auth(&token)
        .form(&[("access_token", &token)]);
    assert_eq!(answer(twice).await.status.as_u16(), 400);
    let none = answer(world.http.get(&endpoint)).await;
    assert_eq!(none.status.as_u16(), 401);
}

#[tokio::test]
async fn attack_099_a_sub_site_is_told_what_it_asked_and_the_person_allowed() {
    for world in World::shared().await {
        let (mut visitor, person) = resident(&world).await;
        let party = Party::new(&world, "basic");
        let plain = tokens_for(&mut visitor, &party, &party.ask()).await;
        let info = party.userinfo(plain.access_token()).await;
        let names: Vec<&String> = info.body.as_object().expect("an object").keys().collect();
        assert_eq!(names, ["sub"], "by default no name, no number");

        let ask = party
            .ask()
            .with("scope", "openid real_name id_number phone profile");
        visitor.open(&ask.url()).await;
        visitor.sees("consent");
        let boxes = visitor.page.form_with("decision").expect("a form");
        let number = boxes
            .fields
            .iter()
            .find(|field| field.name == "id_number")
            .expect("a box of its own");
        assert!(
            !number.checked,
            "PIPL 29: sensitive data is never ticked beforehand"
        );
        visitor.untick("phone").press("decision=allow").await;
        let code = party.code(&visitor, &ask);
        let some = party.redeem(&code, &ask).await;
        let info = party.userinfo(some.access_token()).await.body;
        assert_eq!(info["name"], person.name);
        assert!(
            info.get("id_number").is_none() && info.get("phone_number").is_none(),
            "{info}"
        );
        assert!(
            !peek(some.id_token()).contains_key("name"),
            "claims about the person are at userinfo"
        );
        let told: BTreeSet<&str> = some.body["scope"].as_str().expect("scope").split(' ').collect();
        assert!(
            !told.contains("id_number") && !told.contains("phone"),
            "RFC 6749 5.1: what was granted: {told:?}"
        );
    }
}

#[tokio::test]
async fn single_claims_go_where_they_were_asked_for() {
    for world in World::shared().await {
        let (mut visitor, person) = resident(&world).await;
        let party = Party::new(&world, "basic");
        let ask = party.ask().with(
            "claims",
            r#"{"userinfo":{"name":{"essential":true}},"id_token":{"auth_time":{"essential":true}}}"#,
        );
        let answer = tokens_for(&mut visitor, &party, &ask).await;
        assert!(!peek(answer.id_token()).contains_key("name"));
        assert!(peek(answer.id_token()).contains_key("auth_time"));
        assert_eq!(
            party.userinfo(answer.access_token()).await.body["name"],
            person.name
        );
        let ask = party.ask().with("claims", r#"{"id_token":{"name":null}}"#);
        let answer = tokens_for(&mut visitor, &party, &ask).await;
        assert_eq!(peek(answer.id_token())["name"], person.name);
    }
}

#[tokio::test]
async fn subjects_are_the_same_within_a_sector_and_strangers_to_each_other_outside() {
    for world in World::shared().await {
        let (mut visitor, _) = newcomer(&world).await;
        let (mut other, _) = newcomer(&world).await;
        let mut subjects = Vec::new();
        for client in ["basic", "sibling", "stranger", "basic"] {
            let party = Party::new(&world, client);
            let answer = tokens_for(&mut visitor, &party, &party.ask()).await;
            subjects.push(peek(answer.id_token())["sub"].as_str().expect("sub").to_owned());
        }
        assert_eq!(subjects[0], subjects[1], "one sector");
        assert_eq!(subjects[0], subjects[3], "stable");
        assert_ne!(subjects[0], subjects[2], "another sector");
        let party = Party::new(&world, "basic");
        let answer = tokens_for(&mut other, &party, &party.ask()).await;
        assert_ne!(peek(answer.id_token())["sub"], subjects[0], "another person");
        assert!(
            subjects
                .iter()
                .all(|subject| subject.len() <= 255 && subject.is_ascii())
        );
    }
}

#[tokio::test]
async fn standard_claims_have_their_types_and_are_left_out_rather_than_empty() {
    let world = World::any().await;
    let (mut visitor, person) = resident(&world).await;
    let party = Party::new(&world, "basic");
    let scope = "openid profile real_name id_number phone assurance seals";
    let ask = party.ask().with("scope", scope);
    visitor.open(&ask.url()).await;
    visitor.fill("id_number", "").press("decision=allow").await;
    let code = party.code(&visitor, &ask);
    let answer = party.redeem(&code, &ask).await;
    let info = party.userinfo(answer.access_token()).await.body;
    assert_eq!(info["phone_number"], person.e164());
    assert_eq!(info["phone_number_verified"], true);
    assert_eq!(info["id_number"], person.citizen_id);
    assert!(
        info["updated_at"].is_i64() || info["updated_at"].is_u64(),
        "{info}"
    );
    assert!(["zh-CN", "en", "vi"].contains(&info["locale"].as_str().expect("locale")));
    for (name, value) in info.as_object().expect("an object") {
        assert!(!value.is_null() && value != "" && value != "null", "{name}");
    }
    // The same shape in the ID token for how well the person is known.
    let token = peek(answer.id_token());
    for name in [
        "identity_level",
        "authentication_strength",
        "identity_verified_at",
        "seals",
    ] {
        assert_eq!(token.get(name), info.get(name), "{name}");
        assert!(info.get(name).is_some(), "{name}: {info}");
    }
    assert_eq!(info["identity_level"], 1);
    let sources: Vec<&str> = info["seals"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|seal| seal["source"].as_str().expect("text"))
        .collect();
    assert_eq!(sources, ["phone_sms", "population_register"]);
}
