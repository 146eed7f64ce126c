//! The token endpoint and how programs prove themselves there.

use acceptance::engine;
use acceptance::journey::{code_for, newcomer};
use acceptance::party::{Ask, Party, TokenAnswer, answer, assertion_fields, basic};
use acceptance::visitor::Visitor;
use acceptance::world::World;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

type Fields = Vec<(String, String)>;
type Headers = Vec<(String, String)>;
/// What it is, the fields, the headers.
type Case<'a> = (&'a str, Vec<(&'a str, &'a str)>, Vec<(&'a str, String)>);

/// A program with a code that waits for its redemption.
pub(super) struct Ready {
    pub(super) party: Party,
    ask: Ask,
    code: String,
}

impl Ready {
    pub(super) async fn new(world: &World, visitor: &mut Visitor, client: &str) -> Self {
        let party = Party::new(world, client);
        let ask = party.ask();
        let code = code_for(visitor, &party, &ask).await;
        Self { party, ask, code }
    }

    pub(super) fn fields(&self, more: &[(&str, &str)]) -> Fields {
        let mut fields = self.party.redemption(&self.code, &self.ask);
        fields.extend(
            more.iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        fields
    }

    async fn try_with(&self, more: &[(&str, &str)], headers: &[(&str, String)]) -> TokenAnswer {
        let headers: Headers = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect();
        self.party.token_with(&self.fields(more), &headers).await
    }

    pub(super) async fn try_assertion(&self, assertion: &str) -> TokenAnswer {
        let mut fields = self.fields(&[]);
        fields.extend(assertion_fields(assertion));
        self.party.token_with(&fields, &[]).await
    }

    /// The code was not touched by what was refused.
    pub(super) async fn still_works(&self) {
        assert_eq!(
            self.party.redeem(&self.code, &self.ask).await.status.as_u16(),
            200
        );
    }
}

pub(super) fn is_refused(answer: &TokenAnswer, case: &str) {
    assert_eq!(
        (answer.status.as_u16(), answer.error()),
        (401, "invalid_client"),
        "{case}: {}",
        answer.body
    );
    answer.is_careful();
    assert!(answer.headers.contains_key("www-authenticate"), "{case}");
}

fn secret_of(party: &Party) -> String {
    match &party.client.proof {
        acceptance::clients::Proof::Basic(secret) | acceptance::clients::Proof::Post(secret) => {
            secret.clone()
        }
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
        let request = world
            .http
            .request(method.parse().unwrap(), endpoint)
            .header("authorization", &login)
            .query(&fields);
        let refused = answer(request).await;
        assert_eq!(refused.status.as_u16(), 405, "{method}");
        assert_eq!(refused.headers["allow"], "POST");
    }
    let map: serde_json::Map<String, Value> = fields
        .iter()
        .map(|(name, value)| (name.clone(), json!(value)))
        .collect();
    let as_json = world
        .http
        .post(endpoint)
        .header("authorization", &login)
        .json(&map);
    let encoded = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(&fields)
        .finish();
    let as_text = world
        .http
        .post(endpoint)
        .header("authorization", &login)
        .header("content-type", "text/plain")
        .body(encoded.clone());
    let as_parts = world
        .http
        .post(endpoint)
        .header("authorization", &login)
        .header("content-type", "multipart/form-data; boundary=x")
        .body("--x--");
    let as_nothing = world
        .http
        .post(endpoint)
        .header("authorization", &login)
        .body(encoded);
    for (case, request) in [
        ("JSON", as_json),
        ("text", as_text),
        ("multipart", as_parts),
        ("no type", as_nothing),
    ] {
        let refused = answer(request).await;
        assert_eq!(
            (refused.status.as_u16(), refused.error()),
            (400, "invalid_request"),
            "{case}"
        );
    }
    for name in [
        "client_secret",
        "code",
        "client_id",
        "client_assertion",
        "code_verifier",
    ] {
        let request = world
            .http
            .post(format!("{endpoint}?{name}=x"))
            .header("authorization", &login)
            .form(&fields);
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
    let unsigned = format!(
        "{}.{}.",
        URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#),
        URL_SAFE_NO_PAD.encode(r#"{"iss":"basic","sub":"basic"}"#)
    );
    let assertion = [
        ("client_assertion_type", kind),
        ("client_assertion", unsigned.as_str()),
    ];
    let cases: [Case<'_>; 4] = [
        (
            "Basic and body",
            vec![("client_id", "basic"), ("client_secret", &secret)],
            vec![login()],
        ),
        ("Basic and assertion", assertion.to_vec(), vec![login()]),
        (
            "body and assertion",
            [
                &assertion[..],
                &[("client_id", "basic"), ("client_secret", &secret)],
            ]
            .concat(),
            vec![],
        ),
        (
            "Basic and another name",
            vec![("client_id", "stranger")],
            vec![login()],
        ),
    ];
    for (case, fields, headers) in cases {
        let refused = ready.try_with(&fields, &headers).await;
        assert!(
            [(400, "invalid_request"), (401, "invalid_client")]
                .contains(&(refused.status.as_u16(), refused.error())),
            "{case}: {}",
            refused.body
        );
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
        (
            "no colon",
            format!("Basic {}", encode(format!("basic{secret}").as_bytes())),
        ),
        (
            "not UTF-8",
            format!(
                "Basic {}",
                encode(&[b"basic:".as_slice(), &[0xff, 0xfe]].concat())
            ),
        ),
        (
            "half an escape",
            format!("Basic {}", encode(format!("basic:{secret}%4").as_bytes())),
        ),
        (
            "a bad escape",
            format!("Basic {}", encode(format!("basic:{secret}%zz").as_bytes())),
        ),
        ("a suffix", format!("Basic {good}AAAA")),
        (
            "a space before the name",
            format!("Basic {}", encode(format!(" basic:{secret}").as_bytes())),
        ),
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
    let (mine, others) = (
        secret_of(&ready.party),
        secret_of(&Party::new(&world, "stranger")),
    );
    for (case, id, secret) in [
        ("empty", "basic", ""),
        ("another's", "basic", others.as_str()),
        ("cut", "basic", &mine[..20]),
        ("longer", "basic", &format!("{mine}x")),
        ("unknown client", "nobody", mine.as_str()),
        (
            "A081: disabled",
            "disabled",
            "disabled-secret-of-more-than-43-characters-0123456789abcdef",
        ),
    ] {
        is_refused(
            &ready.try_with(&[], &[("authorization", basic(id, secret))]).await,
            case,
        );
        is_refused(
            &ready
                .try_with(&[("client_id", id), ("client_secret", secret)], &[])
                .await,
            case,
        );
    }
    is_refused(
        &ready.try_with(&[("client_id", "basic")], &[]).await,
        "a confidential client without any proof",
    );
    is_refused(
        &ready
            .try_with(&[("client_id", "basic"), ("client_secret", &mine)], &[])
            .await,
        "another method than the registered one",
    );
    is_refused(&ready.try_with(&[], &[]).await, "no name either");
    // A073: certificates that were not checked by a proxy of ours count for nothing.
    for header in [
        "x-client-cert",
        "x-ssl-client-cert",
        "ssl-client-cert",
        "client-cert",
        "x-forwarded-client-cert",
    ] {
        is_refused(
            &ready
                .try_with(&[("client_id", "basic")], &[(header, "MIIB".to_owned())])
                .await,
            header,
        );
    }
    ready.still_works().await;
    let ready = Ready::new(&world, &mut visitor, "basic").await;
    for grant in [
        "implicit",
        "password",
        "refresh_token",
        "client_credentials",
        "AUTHORIZATION_CODE",
        "x",
        "urn:ietf:params:oauth:grant-type:token-exchange",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "urn:ietf:params:oauth:grant-type:device_code",
        "urn:openid:params:grant-type:ciba",
    ] {
        let mut fields = ready.fields(&[("username", "x"), ("password", "x"), ("scope", "openid")]);
        fields
            .iter_mut()
            .find(|(name, _)| name == "grant_type")
            .expect("there")
            .1 = grant.to_owned();
        let refused = ready.party.token(fields).await;
        let error = refused.error().to_owned();
        assert!(
            ["unsupported_grant_type", "unauthorized_client"].contains(&error.as_str()),
            "{grant}: {error}"
        );
        refused.is_error(400, &error);
    }
    let mut fields = ready.fields(&[]);
    fields.retain(|(name, _)| name != "grant_type");
    ready.party.token(fields).await.is_error(400, "invalid_request");
    ready.still_works().await;
}

#[tokio::test]
async fn attack_083_085_who_does_not_prove_itself_learns_nothing_and_revokes_nothing() {
    let world = World::any().await;
    for path in ["/introspect", "/revoke", "/par"] {
        for fields in [
            vec![("token", "x")],
            vec![("token", "x"), ("client_id", "basic")],
            vec![("token", "x"), ("client_id", "nobody"), ("client_secret", "x")],
        ] {
            let refused = answer(world.http.post(world.at(path)).form(&fields)).await;
            assert!(
                [(401, "invalid_client"), (429, "invalid_client")]
                    .contains(&(refused.status.as_u16(), refused.error())),
                "{path} {fields:?}: {}",
                refused.body
            );
            refused.is_careful();
        }
    }
}

#[tokio::test]
async fn attack_079_what_is_not_offered_is_not_there() {
    let world = World::any().await;
    for path in [
        "/introspection",
        "/revocation",
        "/device",
        "/register/client",
        "/checksession",
    ] {
        let answer = engine::send(world.http.post(world.at(path)).form(&[("token", "x")]))
            .await
            .expect("an answer");
        assert_eq!(answer.status().as_u16(), 404, "{path}");
    }
    let document = engine::send(world.http.get(world.at("/.well-known/openid-configuration")))
        .await
        .expect("metadata");
    let document: Value = document.json().await.expect("JSON");
    for name in [
        "registration_endpoint",
        "device_authorization_endpoint",
        "check_session_iframe",
        "backchannel_authentication_endpoint",
    ] {
        assert!(document.get(name).is_none(), "{name} is promised");
    }
}
