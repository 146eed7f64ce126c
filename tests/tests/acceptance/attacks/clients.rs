//! The token endpoint and how programs prove themselves there.

use acceptance::engine;
use acceptance::journey::{code_for, newcomer};
use acceptance::party::{Ask, Party, TokenAnswer, answer, assertion_fields, basic};
use acceptance::visitor::Visitor;
use acceptance::world::World;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::{TimeDelta, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use openidconnect::PrivateSigningKey as _;
use openidconnect::core::{CoreEdDsaPrivateSigningKey, CoreJwsSigningAlgorithm};
use serde_json::{Value, json};
use sha2::Sha256;

type Fields = Vec<(String, String)>;
type Headers = Vec<(String, String)>;

/// A program with a code that waits for its redemption.
struct Ready {
    party: Party,
    ask: Ask,
    code: String,
}

impl Ready {
    async fn new(world: &World, visitor: &mut Visitor, client: &str) -> Self {
        let party = Party::new(world, client);
        let ask = party.ask();
        let code = code_for(visitor, &party, &ask).await;
        Self { party, ask, code }
    }

    fn fields(&self, more: &[(&str, &str)]) -> Fields {
        let mut fields = self.party.redemption(&self.code, &self.ask);
        fields.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        fields
    }

    async fn try_with(&self, more: &[(&str, &str)], headers: &[(&str, String)]) -> TokenAnswer {
        let headers: Headers = headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        self.party.token_with(&self.fields(more), &headers).await
    }

    async fn try_assertion(&self, assertion: &str) -> TokenAnswer {
        let mut fields = self.fields(&[]);
        fields.extend(assertion_fields(assertion));
        self.party.token_with(&fields, &[]).await
    }

    /// The code was not touched by what was refused.
    async fn still_works(&self) {
        assert_eq!(self.party.redeem(&self.code, &self.ask).await.status.as_u16(), 200);
    }
}

fn is_refused(answer: &TokenAnswer, case: &str) {
    assert_eq!((answer.status.as_u16(), answer.error()), (401, "invalid_client"), "{case}: {}", answer.body);
    answer.is_careful();
    assert!(answer.headers.contains_key("www-authenticate"), "{case}");
}

fn secret_of(party: &Party) -> String {
    match &party.client.proof {
        acceptance::clients::Proof::Basic(secret) | acceptance::clients::Proof::Post(secret) => secret.clone(),
        _ => panic!("{} has no secret", party.client.id),
    }
}

#[tokio::test]
async fn attack_061_062_the_token_endpoint_takes_forms_by_post_and_nothing_in_the_address() {
    let world = World::any().await;
    let (mut visitor, _) = newcomer(&world).await;
    let ready = Ready::new(&world, &mut visitor, "basic").await;
    let (endpoint, id) = (&ready.party.token_endpoint, &ready.party.client.id);
    let secret = secret_of(&ready.party);
    let login = basic(id, &secret);
    let fields = ready.fields(&[]);
    for method in ["GET", "PUT", "DELETE", "PATCH"] {
        let request = world.http.request(method.parse().unwrap(), endpoint).header("authorization", &login).query(&fields);
        let refused = answer(request).await;
        assert_eq!(refused.status.as_u16(), 405, "{method}");
        assert_eq!(refused.headers["allow"], "POST");
    }
    let map: serde_json::Map<String, Value> = fields.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    let as_json = world.http.post(endpoint).header("authorization", &login).json(&map);
    let encoded = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
    let as_text = world.http.post(endpoint).header("authorization", &login).header("content-type", "text/plain").body(encoded.clone());
    let as_parts = world.http.post(endpoint).header("authorization", &login).header("content-type", "multipart/form-data; boundary=x").body("--x--");
    let as_nothing = world.http.post(endpoint).header("authorization", &login).body(encoded);
    for (case, request) in [("JSON", as_json), ("text", as_text), ("multipart", as_parts), ("no type", as_nothing)] {
        let refused = answer(request).await;
        assert_eq!((refused.status.as_u16(), refused.error()), (400, "invalid_request"), "{case}");
    }
    for name in ["client_secret", "code", "client_id", "client_assertion", "code_verifier"] {
        let request = world.http.post(format!("{endpoint}?{name}=x")).header("authorization", &login).form(&fields);
        answer(request).await.is_error(400, "invalid_request");
    }
    ready.still_works().await;
}

#[tokio::test]
async fn attack_063_065_two_proofs_at_once_are_none() {
    let world = World::any().await;
    let (mut visitor, _) = newcomer(&world).await;
    let ready = Ready::new(&world, &mut visitor, "basic").await;
    let secret = secret_of(&ready.party);
    let login = || ("authorization", basic("basic", &secret));
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let unsigned = format!("{}.{}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#), URL_SAFE_NO_PAD.encode(r#"{"iss":"basic","sub":"basic"}"#));
    let assertion = [("client_assertion_type", kind), ("client_assertion", unsigned.as_str())];
    let cases: [(&str, Vec<(&str, &str)>, Vec<(&str, String)>); 4] = [
        ("Basic and body", vec![("client_id", "basic"), ("client_secret", &secret)], vec![login()]),
        ("Basic and assertion", assertion.to_vec(), vec![login()]),
        ("body and assertion", [&assertion[..], &[("client_id", "basic"), ("client_secret", &secret)]].concat(), vec![]),
        ("Basic and another name", vec![("client_id", "stranger")], vec![login()]),
    ];
    for (case, fields, headers) in cases {
        let refused = ready.try_with(&fields, &headers).await;
        assert!([(400, "invalid_request"), (401, "invalid_client")].contains(&(refused.status.as_u16(), refused.error())), "{case}: {}", refused.body);
    }
    // Two headers of one kind.
    let request = world
        .http
        .post(&ready.party.token_endpoint)
        .header("authorization", basic("basic", &secret))
        .header("authorization", basic("basic", &secret))
        .form(&ready.fields(&[]));
    assert_ne!(answer(request).await.status.as_u16(), 200);
    ready.still_works().await;
}

#[tokio::test]
async fn attack_066_basic_credentials_are_read_strictly() {
    let world = World::any().await;
    let (mut visitor, _) = newcomer(&world).await;
    let ready = Ready::new(&world, &mut visitor, "basic").await;
    let secret = secret_of(&ready.party);
    let good = STANDARD.encode(format!("basic:{secret}"));
    let encode = |bytes: &[u8]| STANDARD.encode(bytes);
    for (case, value) in [
        ("no padding", format!("Basic {}", good.trim_end_matches('='))),
        ("a space inside", format!("Basic {} {}", &good[..8], &good[8..])),
        ("two spaces", format!("Basic  {good}")),
        ("nothing", "Basic ".to_owned()),
        ("no scheme", good.clone()),
        ("another scheme", format!("Digest {good}")),
        ("no colon", format!("Basic {}", encode(format!("basic{secret}").as_bytes()))),
        ("not UTF-8", format!("Basic {}", encode(&[b"basic:".as_slice(), &[0xff, 0xfe]].concat()))),
        ("half an escape", format!("Basic {}", encode(format!("basic:{secret}%4").as_bytes()))),
        ("a bad escape", format!("Basic {}", encode(format!("basic:{secret}%zz").as_bytes()))),
        ("a suffix", format!("Basic {good}AAAA")),
        ("a space before the name", format!("Basic {}", encode(format!(" basic:{secret}").as_bytes()))),
    ] {
        let refused = ready.try_with(&[], &[("authorization", value)]).await;
        // Unpadded base64 of a length that needs no padding is the same text.
        if case == "no padding" && good.trim_end_matches('=') == good {
            continue;
        }
        is_refused(&refused, case);
    }
    ready.still_works().await;
}

#[tokio::test]
async fn attack_067_075_079_081_wrong_secrets_and_grants_get_nothing() {
    let world = World::any().await;
    let (mut visitor, _) = newcomer(&world).await;
    let ready = Ready::new(&world, &mut visitor, "basic").await;
    let (mine, others) = (secret_of(&ready.party), secret_of(&Party::new(&world, "stranger")));
    for (case, id, secret) in [
        ("empty", "basic", ""), ("another's", "basic", others.as_str()), ("cut", "basic", &mine[..20]), ("longer", "basic", &format!("{mine}x")),
        ("unknown client", "nobody", mine.as_str()), ("A081: disabled", "disabled", "disabled-secret-of-more-than-43-characters-0123456789abcdef"),
    ] {
        is_refused(&ready.try_with(&[], &[("authorization", basic(id, secret))]).await, case);
        is_refused(&ready.try_with(&[("client_id", id), ("client_secret", secret)], &[]).await, case);
    }
    is_refused(&ready.try_with(&[("client_id", "basic")], &[]).await, "a confidential client without any proof");
    is_refused(&ready.try_with(&[("client_id", "basic"), ("client_secret", &mine)], &[]).await, "another method than the registered one");
    is_refused(&ready.try_with(&[], &[]).await, "no name either");
    // A073: certificates that were not checked by a proxy of ours count for nothing.
    for header in ["x-client-cert", "x-ssl-client-cert", "ssl-client-cert", "client-cert", "x-forwarded-client-cert"] {
        is_refused(&ready.try_with(&[("client_id", "basic")], &[(header, "MIIB".to_owned())]).await, header);
    }
    ready.still_works().await;
    let ready = Ready::new(&world, &mut visitor, "basic").await;
    for grant in [
        "implicit", "password", "refresh_token", "client_credentials", "AUTHORIZATION_CODE", "x",
        "urn:ietf:params:oauth:grant-type:token-exchange", "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "urn:ietf:params:oauth:grant-type:device_code", "urn:openid:params:grant-type:ciba",
    ] {
        let mut fields = ready.fields(&[("username", "x"), ("password", "x"), ("scope", "openid")]);
        fields.iter_mut().find(|(name, _)| name == "grant_type").expect("there").1 = grant.to_owned();
        let refused = ready.party.token(fields).await;
        let error = refused.error().to_owned();
        assert!(["unsupported_grant_type", "unauthorized_client"].contains(&error.as_str()), "{grant}: {error}");
        refused.is_error(400, &error);
    }
    let mut fields = ready.fields(&[]);
    fields.retain(|(name, _)| name != "grant_type");
    ready.party.token(fields).await.is_error(400, "invalid_request");
    ready.still_works().await;
}

#[tokio::test]
async fn attack_083_085_what_is_not_offered_is_not_there() {
    let world = World::any().await;
    for path in ["/introspect", "/introspection", "/revoke", "/revocation", "/device", "/par", "/register/client", "/checksession"] {
        let answer = engine::send(world.http.post(world.at(path)).form(&[("token", "x")])).await.expect("an answer");
        assert_eq!(answer.status().as_u16(), 404, "{path}");
    }
    let document = engine::send(world.http.get(world.at("/.well-known/openid-configuration"))).await.expect("metadata");
    let document: Value = document.json().await.expect("JSON");
    for name in [
        "introspection_endpoint", "revocation_endpoint", "registration_endpoint", "device_authorization_endpoint",
        "check_session_iframe", "pushed_authorization_request_endpoint", "backchannel_authentication_endpoint",
    ] {
        assert!(document.get(name).is_none(), "{name} is promised");
    }
}

/// A token with a header of the attacker's choice.
fn raw_token(header: &Value, claims: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()));
    let signature = sign(input.as_bytes());
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn hmac(key: &[u8], data: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length");
    mac.update(data);
    mac.finalize().into_bytes().to_vec()
}

/// The example key of RFC 8410, which everybody has.
const ATTACKER: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";

#[tokio::test]
async fn attack_069_no_forged_assertion_passes_and_no_key_is_fetched() {
    let world = World::any().await;
    let (mut visitor, _) = newcomer(&world).await;
    let ready = Ready::new(&world, &mut visitor, "key").await;
    let claims = || ready.party.assertion_claims(Utc::now());
    let acceptance::clients::Proof::Key(own) = &ready.party.client.proof else { panic!("a key") };
    let kid = own.jwks["keys"][0]["kid"].clone();
    let attacker = CoreEdDsaPrivateSigningKey::from_ed25519_pem(ATTACKER, None).expect("a key");
    let sign = |data: &[u8]| attacker.sign(&CoreJwsSigningAlgorithm::EdDsa, data).expect("a signature");
    let public = serde_json::to_value(attacker.as_verification_key()).expect("JSON");
    let jwks: Value = engine::send(world.http.get(world.at("/jwks.json"))).await.unwrap().json().await.unwrap();
    let ours = jwks["keys"][0].to_string().into_bytes();
    let evil = world.outside.base();
    let mut forged = vec![
        ("alg none", raw_token(&json!({"alg":"none"}), &claims(), |_| Vec::new())),
        ("alg None with the key's name", raw_token(&json!({"alg":"None","kid":kid}), &claims(), |_| Vec::new())),
        ("HS256 with its own public key", raw_token(&json!({"alg":"HS256","kid":kid}), &claims(), |data| hmac(own.jwks["keys"][0].to_string().as_bytes(), data))),
        ("HS256 with our public key", raw_token(&json!({"alg":"HS256"}), &claims(), |data| hmac(&ours, data))),
        ("HS256 with nothing", raw_token(&json!({"alg":"HS256"}), &claims(), |data| hmac(b"", data))),
        ("the attacker's key", raw_token(&json!({"alg":"EdDSA"}), &claims(), sign)),
        ("the attacker's key under the right name", raw_token(&json!({"alg":"EdDSA","kid":kid}), &claims(), sign)),
        ("ES256 promised, EdDSA given", raw_token(&json!({"alg":"ES256","kid":kid}), &claims(), sign)),
        ("another client's key", Party::new(&world, "key").client.proof.clone().forge(&claims())),
        ("no signature", own.sign(&claims()).rsplit_once('.').map(|(head, _)| format!("{head}.")).unwrap()),
        ("not a token", "x".to_owned()),
        ("empty", String::new()),
    ];
    for header in [
        json!({"alg":"EdDSA","jwk":public}),
        json!({"alg":"EdDSA","jku":format!("{evil}/jwks.json")}),
        json!({"alg":"EdDSA","x5u":format!("{evil}/cert.pem")}),
        json!({"alg":"EdDSA","x5c":["MIIB"]}),
        json!({"alg":"EdDSA","crit":["exp"],"exp":1}),
        json!({"alg":"EdDSA","kid":"../../../dev/null"}),
        json!({"alg":"EdDSA","kid":format!("{evil}/key")}),
    ] {
        forged.push(("a header that brings a key", raw_token(&header, &claims(), sign)));
    }
    for (case, assertion) in &forged {
        // Only so many refusals are written down for one client and address.
        let refused = ready.try_assertion(assertion).await;
        assert!([401, 429].contains(&refused.status.as_u16()), "{case}: {} {}", refused.status, refused.body);
        assert_eq!(refused.error(), "invalid_client", "{case}");
    }
    ready.still_works().await;
}

/// Signing with a key that nobody registered.
trait Forge {
    fn forge(self, claims: &Value) -> String;
}

impl Forge for acceptance::clients::Proof {
    fn forge(self, claims: &Value) -> String {
        acceptance::clients::Key::new().sign(claims)
    }
}

#[tokio::test]
async fn attack_070_an_assertion_is_for_us_alone_from_the_client_and_of_this_moment() {
    let world = World::any().await;
    let (mut visitor, _) = newcomer(&world).await;
    let ready = Ready::new(&world, &mut visitor, "key").await;
    let acceptance::clients::Proof::Key(own) = &ready.party.client.proof else { panic!("a key") };
    let now = Utc::now();
    let at = |seconds: i64| (now + TimeDelta::seconds(seconds)).timestamp();
    for (case, name, value) in [
        ("the token endpoint", "aud", json!(ready.party.token_endpoint)),
        ("another provider", "aud", json!("https://other.example")),
        ("a list with us in it", "aud", json!([ready.party.issuer])),
        ("a list with both", "aud", json!([ready.party.issuer, "https://other.example"])),
        ("with a slash", "aud", json!(format!("{}/", ready.party.issuer))),
        ("nobody", "aud", Value::Null),
        ("another subject", "sub", json!("basic")),
        ("another issuer", "iss", json!("basic")),
        ("expired", "exp", json!(at(-120))),
        ("for ever", "exp", json!(at(86_400))),
        ("no end", "exp", Value::Null),
        ("a text for an end", "exp", json!("2030-01-01")),
        ("not yet", "nbf", json!(at(300))),
        ("from the future", "iat", json!(at(300))),
        ("no number", "jti", Value::Null),
        ("an empty number", "jti", json!("")),
    ] {
        let mut claims = ready.party.assertion_claims(now);
        let map = claims.as_object_mut().expect("an object");
        if value.is_null() {
            map.remove(name);
        } else {
            map.insert(name.to_owned(), value);
        }
        is_refused(&ready.try_assertion(&own.sign(&claims)).await, case);
    }
    ready.still_works().await;
}

#[tokio::test]
async fn attack_071_an_assertion_is_good_once() {
    for world in World::shared().await {
        let (mut visitor, _) = newcomer(&world).await;
        let party = Party::new(&world, "key");
        let assertion = party.assertion_fields(&party.assertion_claims(Utc::now()));
        let mut tries = Vec::new();
        for _ in 0..6 {
            let ready = Ready::new(&world, &mut visitor, "key").await;
            let mut fields = ready.fields(&[]);
            fields.extend(assertion.clone());
            tries.push((ready.party.clone(), fields));
        }
        // Each with a good code of its own, all at once.
        let sent: Vec<_> = tries
            .into_iter()
            .map(|(party, fields)| tokio::spawn(async move { party.token_with(&fields, &[]).await.status.as_u16() }))
            .collect();
        let mut answers = Vec::new();
        for one in sent {
            answers.push(one.await.expect("no panic"));
        }
        answers.sort_unstable();
        assert_eq!(answers, [200, 401, 401, 401, 401, 401]);
    }
}
