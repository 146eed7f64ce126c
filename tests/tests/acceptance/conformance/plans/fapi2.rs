//! Plan "FAPI 2.0 Security Profile" with private_key_jwt and DPoP.

use acceptance::journey::{allow, newcomer, sign_in};
use acceptance::party::{Ask, Party, TokenAnswer, answer, random_text};
use acceptance::visitor::Visitor;
use acceptance::world::Kind;
use chrono::{TimeDelta, Utc};
use jose::key::PrivateKey;
use jose::sign::craft;
use model::client::SigningAlg;
use serde_json::{Value, json};

use super::suite::{Suite, is_unguessable};

type Fields = Vec<(String, String)>;

/// A client of the profile, with the key that its tokens are bound to.
struct Client<'a> {
    suite: &'a Suite,
    party: Party,
    bound_to: PrivateKey,
    par: String,
}

impl<'a> Client<'a> {
    async fn new(suite: &'a Suite, id: &str) -> Self {
        let metadata = suite.metadata().await;
        let par = &metadata["pushed_authorization_request_endpoint"];
        Self {
            suite,
            party: Party::new(&suite.world, id),
            bound_to: PrivateKey::generate(SigningAlg::Es256).expect("a key"),
            par: par.as_str().expect("an address").to_owned(),
        }
    }

    fn id(&self) -> &str {
        &self.party.client.id
    }

    fn proof(&self, url: &str, token: Option<&str>) -> String {
        let method = if token.is_some() { "GET" } else { "POST" };
        proof(&self.bound_to, self.suite.now(), method, url, token)
    }

    /// What it says of itself.
    fn assertion(&self) -> Fields {
        self.suite.assertion(self.id(), |_, _| ())
    }

    /// Pushes a request with a proof of this key, where one is given.
    async fn push_with(&self, ask: &Ask, who: Fields, proof: Option<&str>) -> TokenAnswer {
        let mut fields: Fields = ask.parameters.clone();
        fields.extend(who);
        let mut request = self.suite.world.http.post(&self.par).form(&fields);
        if let Some(proof) = proof {
            request = request.header("dpop", proof);
        }
        answer(request).await
    }

    async fn push(&self, ask: &Ask) -> String {
        let pushed = self.push_with(ask, self.assertion(), None).await;
        assert_eq!(pushed.status.as_u16(), 201, "{}", pushed.body);
        pushed.body["request_uri"]
            .as_str()
            .expect("an address")
            .to_owned()
    }

    /// The short request at the authorization endpoint.
    fn request(&self, request_uri: &str) -> String {
        let at = &self.party.authorization_endpoint;
        url::Url::parse_with_params(at, [("client_id", self.id()), ("request_uri", request_uri)])
            .expect("an address")
            .to_string()
    }

    async fn code(&self, visitor: &mut Visitor, ask: &Ask) -> String {
        let handle = self.push(ask).await;
        visitor.open(&self.request(&handle)).await;
        if visitor.away.is_none() {
            allow(visitor).await;
        }
        self.party.code(visitor, ask)
    }

    async fn redeem_with(&self, code: &str, ask: &Ask, who: Fields, proof: Option<&str>) -> TokenAnswer {
        let mut fields = self.party.redemption(code, ask);
        fields.extend(who);
        let headers: Vec<_> = proof
            .map(|proof| ("dpop".to_owned(), proof.to_owned()))
            .into_iter()
            .collect();
        self.party.token_with(&fields, &headers).await
    }

    async fn redeem(&self, code: &str, ask: &Ask) -> TokenAnswer {
        let proof = self.proof(&self.party.token_endpoint, None);
        self.redeem_with(code, ask, self.assertion(), Some(&proof)).await
    }

    async fn userinfo(&self, token: &str) -> TokenAnswer {
        let at = &self.party.userinfo_endpoint;
        let request = self.suite.world.http.get(at);
        let request = request
            .header("authorization", format!("DPoP {token}"))
            .header("dpop", self.proof(at, Some(token)));
        answer(request).await
    }
}

fn proof(key: &PrivateKey, now: i64, method: &str, url: &str, token: Option<&str>) -> String {
    let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": key.public().to_value() });
    let mut claims = json!({
        "jti": random_text(), "htm": method, "htu": url, "iat": now,
    });
    if let Some(token) = token {
        claims["ath"] = jose::dpop::token_hash(token).into();
    }
    craft(key, &header.to_string(), &claims.to_string()).expect("a signature")
}

#[tokio::test]
async fn plan_fapi2_the_way_that_is_meant_works() {
    for suite in Suite::all().await {
        let (mut visitor, _) = newcomer(&suite.world).await;
        let client = Client::new(&suite, "fapi-first").await;
        // 64 characters of nonce are not too many; without state none comes back.
        let ask = client.party.ask().with("nonce", &"n".repeat(64));
        let handle = client.push_with(&ask, client.assertion(), None).await;
        assert_eq!(handle.status.as_u16(), 201, "{}", handle.body);
        handle.is_careful();
        let seconds = handle.body["expires_in"].as_i64().expect("a number");
        assert!((5..=31_536_000).contains(&seconds), "{seconds}");
        let uri = handle.body["request_uri"].as_str().expect("an address");
        is_unguessable(uri.rsplit(':').next().expect("its last part"));
        visitor.open(&client.request(uri)).await;
        if visitor.away.is_none() {
            allow(&mut visitor).await;
        }
        let code = client.party.code(&visitor, &ask);
        is_unguessable(&code);
        let given = client.redeem(&code, &ask).await;
        assert_eq!(given.status.as_u16(), 200, "{}", given.body);
        assert!(
            given.body["token_type"]
                .as_str()
                .expect("text")
                .eq_ignore_ascii_case("dpop")
        );
        let info = client.userinfo(given.access_token()).await;
        assert_eq!(info.status.as_u16(), 200, "{}", info.body);
        assert!(info.headers.contains_key("date"));
        client.party.claims(given.id_token(), Some(&"n".repeat(64))).await;

        let silent = client.party.ask().without("state").without("nonce");
        let handle = client.push(&silent).await;
        visitor.open(&client.request(&handle)).await;
        let told = visitor.answer();
        assert!(!told.contains_key("state"), "{told:?}");
        assert_eq!(told["iss"], suite.world.issuer);
        let given = client.redeem(&told["code"], &silent).await;
        client.party.claims(given.id_token(), None).await;
    }
}

#[tokio::test]
async fn plan_fapi2_an_assertion_names_the_issuer_alone_and_is_of_this_moment() {
    let suite = Suite::any().await;
    let client = Client::new(&suite, "fapi-first").await;
    let now = Utc::now().timestamp();
    let ask = client.party.ask();
    let change = |name: &str, value: Value| {
        let name = name.to_owned();
        suite.assertion(client.id(), move |_, claims| {
            if value.is_null() {
                claims.as_object_mut().expect("an object").remove(&name);
            } else {
                claims[&name] = value;
            }
        })
    };
    for (case, who) in [
        ("a list", change("aud", json!([suite.world.issuer]))),
        (
            "the token endpoint",
            change("aud", client.party.token_endpoint.clone().into()),
        ),
        ("the PAR endpoint", change("aud", client.par.clone().into())),
        (
            "another provider",
            change("aud", "https://elsewhere.example".into()),
        ),
        ("no subject", change("sub", Value::Null)),
        ("five minutes old", change("exp", (now - 300).into())),
        ("not yet", change("nbf", (now + 70).into())),
        ("no number", change("jti", Value::Null)),
        (
            "another client's key",
            suite.assertion("fapi-second", |_, claims| {
                claims["iss"] = "fapi-first".into();
                claims["sub"] = "fapi-first".into();
            }),
        ),
        ("nothing", vec![]),
        (
            "a secret",
            vec![("client_secret".to_owned(), "secret".to_owned())],
        ),
    ] {
        let refused = client.push_with(&ask, who, None).await;
        assert!(refused.status.is_client_error(), "{case}: {}", refused.status);
        assert_eq!(refused.error(), "invalid_client", "{case}: {}", refused.body);
    }
    let soon = client
        .push_with(&ask, change("nbf", (now + 8).into()), None)
        .await;
    assert_eq!(soon.status.as_u16(), 201, "8 s ahead is a clock: {}", soon.body);
}

#[tokio::test]
async fn plan_fapi2_pushed_requests_are_by_post_and_hold_no_other() {
    let suite = Suite::any().await;
    let client = Client::new(&suite, "fapi-first").await;
    let mut fields = client.party.ask().parameters;
    fields.extend(client.assertion());
    let put = answer(suite.world.http.put(&client.par).form(&fields)).await;
    assert_eq!(put.status.as_u16(), 405);
    let handle = client.push(&client.party.ask()).await;
    let nested = client.party.ask().with("request_uri", &handle);
    let refused = client.push_with(&nested, client.assertion(), None).await;
    assert_eq!(
        (refused.status.as_u16(), refused.error()),
        (400, "invalid_request"),
        "{}",
        refused.body
    );
}

#[tokio::test]
async fn plan_fapi2_only_code_with_s256_is_pushed() {
    let suite = Suite::any().await;
    let client = Client::new(&suite, "fapi-first").await;
    for (case, ask) in [
        (
            "hybrid",
            client.party.ask().with("response_type", "code id_token"),
        ),
        ("implicit", client.party.ask().with("response_type", "token")),
        ("no challenge", client.party.ask().without("code_challenge")),
        ("plain", client.party.ask().with("code_challenge_method", "plain")),
        (
            "another address",
            client
                .party
                .ask()
                .with("redirect_uri", "https://elsewhere.example/callback"),
        ),
        ("no address", client.party.ask().without("redirect_uri")),
    ] {
        let refused = client.push_with(&ask, client.assertion(), None).await;
        assert_eq!(refused.status.as_u16(), 400, "{case}: {}", refused.body);
        assert!(refused.body["error"].is_string(), "{case}: {}", refused.body);
    }
}

#[tokio::test]
async fn plan_fapi2_requests_come_by_par_and_what_stands_outside_does_not_count() {
    let suite = Suite::any().await;
    let (mut visitor, _) = newcomer(&suite.world).await;
    let client = Client::new(&suite, "fapi-first").await;
    let open = client.party.ask();
    visitor.open(&open.url()).await;
    client.party.is_refused(&visitor, &open, "invalid_request");

    let ask = client.party.ask();
    let handle = client.push(&ask).await;
    let url = format!(
        "{}&state=outside&scope=openid+phone&prompt=none&nonce=outside",
        client.request(&handle)
    );
    visitor.open(&url).await;
    if visitor.away.is_none() {
        allow(&mut visitor).await;
    }
    client.party.code(&visitor, &ask);
}

#[tokio::test]
async fn plan_fapi2_a_handle_is_of_one_client_may_be_looked_at_twice_and_is_answered_once() {
    for suite in Suite::all().await {
        let client = Client::new(&suite, "fapi-first").await;
        let other = Client::new(&suite, "fapi-second").await;
        let (_, person) = newcomer(&suite.world).await;
        let ask = client.party.ask();
        let handle = client.push(&ask).await;
        let mut visitor = Visitor::new(&suite.world);
        visitor.open(&other.request(&handle)).await;
        assert!(visitor.away.is_none() || visitor.answer().contains_key("error"));
        assert_ne!(visitor.page.name(), "sign-in", "not for another client");
        for _ in 0..2 {
            visitor.open(&client.request(&handle)).await;
            visitor.sees("sign-in");
        }
        sign_in(&mut visitor, &person.phone, &person.password).await;
        if visitor.away.is_none() {
            allow(&mut visitor).await;
        }
        client.party.code(&visitor, &ask);
        let mut again = visitor.clone();
        again.open(&client.request(&handle)).await;
        let code = again
            .away
            .as_ref()
            .is_some_and(|away| away.query_pairs().any(|(name, _)| name == "code"));
        assert!(!code, "used twice: {:?}", again.away);
    }
}

#[tokio::test]
async fn plan_fapi2_handles_and_codes_grow_old() {
    for kind in Kind::all() {
        let suite = Suite::with_own_clock(kind).await;
        let (mut visitor, _) = newcomer(&suite.world).await;
        let client = Client::new(&suite, "fapi-first").await;
        let ask = client.party.ask();
        let code = client.code(&mut visitor, &ask).await;
        let handle = client.push(&client.party.ask()).await;
        suite.world.advance(TimeDelta::seconds(61));
        client.redeem(&code, &ask).await.is_error(400, "invalid_grant");
        suite.world.advance(TimeDelta::seconds(60));
        visitor.open(&client.request(&handle)).await;
        let code = visitor
            .away
            .as_ref()
            .is_some_and(|away| away.query_pairs().any(|(name, _)| name == "code"));
        assert!(!code && visitor.page.name() != "consent", "{:?}", visitor.away);
    }
}

#[tokio::test]
async fn plan_fapi2_a_code_needs_verifier_client_and_the_key_that_it_is_bound_to() {
    for suite in Suite::all().await {
        let (mut visitor, _) = newcomer(&suite.world).await;
        let client = Client::new(&suite, "fapi-first").await;
        let other = Client::new(&suite, "fapi-second").await;
        // The verifier.
        for verifier in [None, Some(random_text())] {
            let ask = client.party.ask();
            let code = client.code(&mut visitor, &ask).await;
            let mut wrong = ask.clone();
            match verifier {
                Some(verifier) => wrong.verifier = verifier,
                None => wrong = wrong.without("code_challenge"),
            }
            let refused = client.redeem(&code, &wrong).await;
            assert_eq!(refused.status.as_u16(), 400);
            assert!(
                ["invalid_grant", "invalid_request"].contains(&refused.error()),
                "{}",
                refused.body
            );
        }
        // The client.
        let ask = client.party.ask();
        let code = client.code(&mut visitor, &ask).await;
        let mut theirs = client.party.redemption(&code, &ask);
        theirs.extend(other.assertion());
        let proof_of_theirs = other.proof(&client.party.token_endpoint, None);
        let refused = client
            .party
            .token_with(&theirs, &[("dpop".to_owned(), proof_of_theirs)])
            .await;
        refused.is_error(400, "invalid_grant");
        // A proof at all.
        let refused = client.redeem_with(&code, &ask, client.assertion(), None).await;
        assert_eq!(refused.status.as_u16(), 400, "{}", refused.body);
        // The key that was named, by parameter or by a proof when it was pushed.
        for by_proof in [false, true] {
            let mut ask = client.party.ask();
            let proof = by_proof.then(|| client.proof(&client.par, None));
            if !by_proof {
                ask = ask.with("dpop_jkt", client.bound_to.kid());
            }
            let pushed = client.push_with(&ask, client.assertion(), proof.as_deref()).await;
            assert_eq!(pushed.status.as_u16(), 201, "{}", pushed.body);
            visitor
                .open(&client.request(pushed.body["request_uri"].as_str().expect("text")))
                .await;
            let code = client.party.code(&visitor, &ask);
            let thief = proof_by_thief(&client.party.token_endpoint);
            let refused = client
                .redeem_with(&code, &ask, client.assertion(), Some(&thief))
                .await;
            assert_eq!(refused.status.as_u16(), 400, "{}", refused.body);
            assert!(
                ["invalid_grant", "invalid_dpop_proof"].contains(&refused.error()),
                "{}",
                refused.body
            );
        }
        // A key that differs from the proof beside it.
        let ask = client.party.ask().with("dpop_jkt", client.bound_to.kid());
        let thief = proof_by_thief(&client.par);
        let refused = client.push_with(&ask, client.assertion(), Some(&thief)).await;
        assert_eq!(refused.status.as_u16(), 400, "{}", refused.body);
    }
}

fn proof_by_thief(url: &str) -> String {
    let key = PrivateKey::generate(SigningAlg::Es256).expect("a key");
    proof(&key, Utc::now().timestamp(), "POST", url, None)
}

#[tokio::test]
async fn plan_fapi2_a_code_is_good_once_and_its_token_dies_with_it() {
    let suite = Suite::any().await;
    let (mut visitor, _) = newcomer(&suite.world).await;
    let client = Client::new(&suite, "fapi-first").await;
    let ask = client.party.ask();
    let code = client.code(&mut visitor, &ask).await;
    let given = client.redeem(&code, &ask).await;
    assert_eq!(given.status.as_u16(), 200, "{}", given.body);
    client.redeem(&code, &ask).await.is_error(400, "invalid_grant");
    assert_eq!(client.userinfo(given.access_token()).await.status.as_u16(), 401);
}

#[tokio::test]
async fn plan_fapi2_a_refresh_needs_the_client_and_not_the_first_key() {
    for suite in Suite::all().await {
        let (mut visitor, _) = newcomer(&suite.world).await;
        let mut client = Client::new(&suite, "fapi-first").await;
        let ask = client.party.ask();
        let code = client.code(&mut visitor, &ask).await;
        let given = client.redeem(&code, &ask).await;
        let refresh = given.body["refresh_token"]
            .as_str()
            .expect("a refresh token")
            .to_owned();
        let fields = |who: Fields| {
            let mut fields = vec![
                ("grant_type".to_owned(), "refresh_token".to_owned()),
                ("refresh_token".to_owned(), refresh.clone()),
            ];
            fields.extend(who);
            fields
        };
        let nobody = vec![("client_id".to_owned(), client.id().to_owned())];
        let proof = client.proof(&client.party.token_endpoint, None);
        let refused = client
            .party
            .token_with(&fields(nobody), &[("dpop".to_owned(), proof)])
            .await;
        assert_eq!(refused.error(), "invalid_client", "{}", refused.body);
        // A new key: the token is the client's, not the key's.
        client.bound_to = PrivateKey::generate(SigningAlg::Es256).expect("a key");
        let proof = client.proof(&client.party.token_endpoint, None);
        let renewed = client
            .party
            .token_with(&fields(client.assertion()), &[("dpop".to_owned(), proof)])
            .await;
        assert_eq!(renewed.status.as_u16(), 200, "{}", renewed.body);
        assert_eq!(client.userinfo(renewed.access_token()).await.status.as_u16(), 200);
    }
}

#[tokio::test]
async fn plan_fapi2_saying_no_is_access_denied() {
    let suite = Suite::any().await;
    let (mut visitor, _) = newcomer(&suite.world).await;
    let client = Client::new(&suite, "fapi-first").await;
    let ask = client
        .party
        .ask()
        .with("scope", "openid phone")
        .with("prompt", "consent");
    let handle = client.push(&ask).await;
    visitor.open(&client.request(&handle)).await;
    visitor.sees("consent");
    visitor.press("decision=deny").await;
    client.party.is_refused(&visitor, &ask, "access_denied");
}
