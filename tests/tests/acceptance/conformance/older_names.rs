//! A sub-site that goes on reading an older system's names of levels: from its file to its tokens.

use acceptance::clients::{Proof, TestClient};
use acceptance::journey::{newcomer, prove_name, prove_phone, second_source, tokens_for};
use acceptance::party::{Party, peek};
use acceptance::world::{Kind, Setup, World};
use serde_json::{Value, json};

const CLAIM: &str = "creditable_level_of_account";
const SECRET: &str = "older-secret-of-more-than-43-characters-0123456789abcdef";

fn older() -> TestClient {
    let proof = Proof::Basic(SECRET.to_owned());
    TestClient::registered("older", "https://older.site.example/callback", proof, false)
}

/// A world with a file as an operator writes it.
async fn world(kind: Kind) -> World {
    let (text, secret) = older().files();
    let line = format!(
        "level_names = {{ claim = \"{CLAIM}\", names = {{ 0 = \"L0\", 1 = \"L1\", 3 = \"L2\", 4 = \"L3\" }} }}\nscopes = "
    );
    let text = text.replacen("scopes = ", &line, 1);
    Setup::new(kind)
        .with_file("clients.d/older.toml", &text)
        .with_file("clients.d/older.secret", &secret.expect("a secret"))
        .start()
        .await
}

#[tokio::test]
async fn an_older_name_of_the_level_goes_from_the_file_into_id_token_and_userinfo() {
    for kind in Kind::all() {
        let world = world(kind).await;
        let mut party = Party::new(&world, "basic");
        party.client = older();
        let (mut visitor, person) = newcomer(&world).await;
        for (level, name) in [(0, "L0"), (1, "L1"), (2, "L1")] {
            match level {
                1 => {
                    visitor.open("/verify/population-register").await;
                    prove_phone(&mut visitor, &world, &person).await;
                    prove_name(&mut visitor, &person).await;
                }
                2 => {
                    visitor.open("/verify/mobile-operator").await;
                    prove_phone(&mut visitor, &world, &person).await;
                    second_source(&mut visitor).await;
                }
                _ => {}
            }
            let ask = party.ask().with("scope", "openid assurance");
            let tokens = tokens_for(&mut visitor, &party, &ask).await;
            let claims = peek(tokens.id_token());
            assert_eq!(
                (&claims[CLAIM], &claims["identity_level"]),
                (&json!(name), &json!(level)),
                "{claims:?}"
            );
            let told = party.userinfo(tokens.access_token()).await;
            assert_eq!(told.body[CLAIM], name, "{}", told.body);
            // Without the scope of levels there is no older name of them either, and no other site gets one.
            let ask = party.ask().with("scope", "openid");
            let tokens = tokens_for(&mut visitor, &party, &ask).await;
            assert!(!peek(tokens.id_token()).contains_key(CLAIM));
            assert_eq!(
                party.userinfo(tokens.access_token()).await.body[CLAIM],
                Value::Null
            );
        }
        let basic = Party::new(&world, "basic");
        let ask = basic.ask().with("scope", "openid assurance");
        let tokens = tokens_for(&mut visitor, &basic, &ask).await;
        let claims = peek(tokens.id_token());
        assert!(
            !claims.contains_key(CLAIM) && claims["identity_level"] == 2,
            "{claims:?}"
        );
    }
}
