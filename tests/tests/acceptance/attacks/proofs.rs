//! Tokens that are bound to a key (DPoP, RFC 9449): what a thief of a token, of a proof or of a code can do with it.

use acceptance::journey::{code_for, newcomer};
use acceptance::party::{Ask, Party, TokenAnswer, answer, basic};
use acceptance::world::World;
use chrono::Utc;
use jose::key::PrivateKey;
use jose::sign::craft;
use model::client::SigningAlg;
use serde_json::{Value, json};

/// Whoever holds a key.
struct Holder(PrivateKey);

impl Holder {
    fn new() -> Self {
        Self(PrivateKey::generate(SigningAlg::Es256).expect("a key"))
    }

    fn proof(&self, method: &str, url: &str, token: Option<&str>) -> String {
        self.spoilt(method, url, token, |_, _| ())
    }

    fn spoilt(
        &self,
        method: &str,
        url: &str,
        token: Option<&str>,
        spoil: impl FnOnce(&mut Value, &mut Value),
    ) -> String {
        let mut header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": self.0.public().to_value() });
        let mut claims = json!({
            "jti": acceptance::party::random_text(), "htm": method, "htu": url, "iat": Utc::now().timestamp(),
        });
        if let Some(token) = token {
            claims["ath"] = jose::dpop::token_hash(token).into();
        }
        spoil(&mut header, &mut claims);
        craft(&self.0, &header.to_string(), &claims.to_string()).expect("a signature")
    }
}

fn credentials(party: &Party) -> (String, String) {
    let acceptance::clients::Proof::Basic(secret) = &party.client.proof else {
        panic!("{} has no secret", party.client.id)
    };
    ("authorization".to_owned(), basic(&party.client.id, secret))
}

async fn redeem(party: &Party, code: &str, ask: &Ask, proofs: &[String]) -> TokenAnswer {
    let mut headers = vec![credentials(party)];
    headers.extend(proofs.iter().map(|proof| ("dpop".to_owned(), proof.clone())));
    party.token_with(&party.redemption(code, ask), &headers).await
}

async fn userinfo(world: &World, party: &Party, scheme: &str, token: &str, proofs: &[String]) -> TokenAnswer {
    let mut request = world
        .http
        .get(&party.userinfo_endpoint)
        .header("authorization", format!("{scheme} {token}"));
    for proof in proofs {
        request = request.header("dpop", proof);
    }
    answer(request).await
}

#[tokio::test]
async fn a_bound_token_is_worth_nothing_without_its_key() {
    for world in World::shared().await {
        let (mut visitor, _) = newcomer(&world).await;
        let party = Party::new(&world, "basic");
        let ask = party.ask();
        let code = code_for(&mut visitor, &party, &ask).await;
        let holder = Holder::new();
        let granted = redeem(
            &party,
            &code,
            &ask,
            &[holder.proof("POST", &party.token_endpoint, None)],
        )
        .await;
        assert_eq!(granted.status.as_u16(), 200, "{}", granted.body);
        assert_eq!(granted.body["token_type"], "DPoP");
        assert!(granted.headers.contains_key("dpop-nonce"), "one is offered");
        let token = granted.access_token();
        let at = party.userinfo_endpoint.as_str();
        let good = || holder.proof("GET", at, Some(token));

        let told = userinfo(&world, &party, "DPoP", token, &[good()]).await;
        assert_eq!(told.status.as_u16(), 200, "{}", told.body);
        let told = userinfo(&world, &party, "dpop", token, &[good()]).await;
        assert_eq!(told.status.as_u16(), 200, "the scheme has no case: {}", told.body);

        let thief = Holder::new();
        let once = good();
        assert_eq!(
            userinfo(&world, &party, "DPoP", token, std::slice::from_ref(&once))
                .await
                .status
                .as_u16(),
            200
        );
        for (case, scheme, proofs) in [
            ("as a bearer token", "Bearer", vec![]),
            ("as a bearer token with a proof", "Bearer", vec![good()]),
            ("without a proof", "DPoP", vec![]),
            (
                "with the thief's key",
                "DPoP",
                vec![thief.proof("GET", at, Some(token))],
            ),
            ("with a proof that was seen", "DPoP", vec![once]),
            ("with two proofs", "DPoP", vec![good(), good()]),
            (
                "for another method",
                "DPoP",
                vec![holder.proof("POST", at, Some(token))],
            ),
            (
                "for another address",
                "DPoP",
                vec![holder.proof("GET", &party.token_endpoint, Some(token))],
            ),
            (
                "for another token",
                "DPoP",
                vec![holder.proof("GET", at, Some("another"))],
            ),
            ("for no token", "DPoP", vec![holder.proof("GET", at, None)]),
        ] {
            let refused = userinfo(&world, &party, scheme, token, &proofs).await;
            assert!(
                [400, 401].contains(&refused.status.as_u16()) && refused.body["sub"].is_null(),
                "{case}: {} {}",
                refused.status,
                refused.body
            );
            assert!(refused.headers.contains_key("www-authenticate"), "{case}");
        }
    }
}

#[tokio::test]
async fn a_proof_that_is_not_one_gives_no_token_and_leaves_the_code() {
    let world = World::any().await;
    let (mut visitor, _) = newcomer(&world).await;
    let party = Party::new(&world, "basic");
    let ask = party.ask();
    let code = code_for(&mut visitor, &party, &ask).await;
    let (holder, at) = (Holder::new(), party.token_endpoint.as_str());
    let now = Utc::now().timestamp();
    let spoilt = |spoil: &dyn Fn(&mut Value, &mut Value)| holder.spoilt("POST", at, None, |h, c| spoil(h, c));
    let private = json!({ "kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA", "d": "AAAA" });
    for (case, proof) in [
        ("nothing", String::new()),
        ("no token", "a.b.c".to_owned()),
        ("another type", spoilt(&|h, _| h["typ"] = json!("JWT"))),
        ("alg none", spoilt(&|h, _| h["alg"] = json!("none"))),
        ("RS256", spoilt(&|h, _| h["alg"] = json!("RS256"))),
        ("a private key", spoilt(&|h, _| h["jwk"] = private.clone())),
        (
            "a secret",
            spoilt(&|h, _| h["jwk"] = json!({ "kty": "oct", "k": "AAAA" })),
        ),
        (
            "a key elsewhere",
            spoilt(&|h, _| h["jku"] = json!(world.outside.base())),
        ),
        (
            "another key",
            spoilt(&|h, _| h["jwk"] = Holder::new().0.public().to_value()),
        ),
        ("another method", spoilt(&|_, c| c["htm"] = json!("GET"))),
        (
            "another address",
            spoilt(&|_, c| c["htu"] = json!(party.userinfo_endpoint)),
        ),
        ("no address", spoilt(&|_, c| c["htu"] = Value::Null)),
        ("no number", spoilt(&|_, c| c["jti"] = Value::Null)),
        ("an hour ago", spoilt(&|_, c| c["iat"] = json!(now - 3600))),
        ("in an hour", spoilt(&|_, c| c["iat"] = json!(now + 3600))),
    ] {
        let refused = redeem(&party, &code, &ask, &[proof]).await;
        assert_eq!(
            (refused.status.as_u16(), refused.error()),
            (400, "invalid_dpop_proof"),
            "{case}: {}",
            refused.body
        );
        refused.is_careful();
    }
    let two = [holder.proof("POST", at, None), holder.proof("POST", at, None)];
    redeem(&party, &code, &ask, &two)
        .await
        .is_error(400, "invalid_dpop_proof");
    let strange = spoilt(&|_, c| c["nonce"] = json!("a nonce of somebody else"));
    let refused = redeem(&party, &code, &ask, &[strange]).await;
    refused.is_error(400, "use_dpop_nonce");
    // With the nonce that the refusal brought it goes on; and the code is as good as it was.
    let nonce = refused.headers["dpop-nonce"].to_str().expect("text").to_owned();
    let proof = spoilt(&|_, c| c["nonce"] = json!(nonce));
    let granted = redeem(&party, &code, &ask, &[proof]).await;
    assert_eq!(granted.status.as_u16(), 200, "{}", granted.body);
}

#[tokio::test]
async fn a_proof_is_good_once_however_many_try_at_the_same_time() {
    for world in World::shared().await {
        let (mut visitor, _) = newcomer(&world).await;
        let party = Party::new(&world, "basic");
        let proof = Holder::new().proof("POST", &party.token_endpoint, None);
        let mut tries = Vec::new();
        for _ in 0..5 {
            let ask = party.ask();
            let code = code_for(&mut visitor, &party, &ask).await;
            tries.push((party.clone(), code, ask));
        }
        // Each with a good code of its own.
        let sent: Vec<_> = tries
            .into_iter()
            .map(|(party, code, ask)| {
                let proof = proof.clone();
                tokio::spawn(async move { redeem(&party, &code, &ask, &[proof]).await.status.as_u16() })
            })
            .collect();
        let mut answers = Vec::new();
        for one in sent {
            answers.push(one.await.expect("no panic"));
        }
        answers.sort_unstable();
        assert_eq!(answers, [200, 400, 400, 400, 400]);
    }
}

#[tokio::test]
async fn a_request_that_names_a_key_gives_a_code_for_that_key_alone() {
    let world = World::any().await;
    let (mut visitor, _) = newcomer(&world).await;
    let party = Party::new(&world, "basic");
    let holder = Holder::new();
    let ask = party.ask().with("dpop_jkt", holder.0.kid());
    let at = party.token_endpoint.as_str();
    for (case, proofs) in [
        ("without a proof", vec![]),
        ("with another key", vec![Holder::new().proof("POST", at, None)]),
    ] {
        let code = code_for(&mut visitor, &party, &ask).await;
        let refused = redeem(&party, &code, &ask, &proofs).await;
        assert_eq!(refused.status.as_u16(), 400, "{case}: {}", refused.body);
        assert!(
            ["invalid_grant", "invalid_dpop_proof"].contains(&refused.error()),
            "{case}: {}",
            refused.body
        );
    }
    let code = code_for(&mut visitor, &party, &ask).await;
    let granted = redeem(&party, &code, &ask, &[holder.proof("POST", at, None)]).await;
    assert_eq!(granted.status.as_u16(), 200, "{}", granted.body);
}
