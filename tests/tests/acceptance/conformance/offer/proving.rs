//! Signatures: of requests, of proofs of possession, of clients, and ours.

use acceptance::clients::Proof;
use acceptance::party::{Ask, TokenAnswer, answer, assertion_fields, basic, peek, random_text};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Utc;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jose::key_set::PublicKeySet;
use jose::verify::{Audience, Demand, Subject, Typ, Verification};
use model::client::{Client, SigningAlg};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{SIGNER_SECRET, Walk};

/// A token that says that it is signed with an algorithm, and is signed by a key that the other side knows: with a
/// known algorithm rightly, otherwise as well as somebody could who tries it.
fn token(walk: &Walk, header: Value, claims: &Value) -> String {
    let alg = header["alg"].as_str().expect("alg").to_owned();
    let key = SigningAlg::from_name(&alg).and_then(|alg| walk.keys.get(&alg));
    match key {
        Some(key) => {
            let mut header = header;
            header["kid"] = key.kid().into();
            jose::sign::craft(key, &header.to_string(), &claims.to_string()).expect("signed")
        }
        None if alg == "none" => format!("{}.{}.", encode(&header), encode(claims)),
        None if alg == "HS256" => by_secret(&header, claims, SIGNER_SECRET),
        None => jose::sign::craft(
            &walk.keys[&SigningAlg::Es256],
            &header.to_string(),
            &claims.to_string(),
        )
        .expect("signed"),
    }
}

fn encode(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn by_secret(header: &Value, claims: &Value, secret: &str) -> String {
    let signed = format!("{}.{}", encode(header), encode(claims));
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length");
    mac.update(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

fn own_name() -> Vec<(String, String)> {
    [("grant_type", "client_credentials"), ("scope", "walk.read")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
}

impl Walk {
    fn request_object(&self, ask: &Ask, alg: &str) -> String {
        let now = Utc::now().timestamp();
        let mut claims =
            json!({ "iss": "basic", "aud": self.world.issuer, "iat": now, "nbf": now, "exp": now + 60 });
        for (name, value) in &ask.parameters {
            claims[name] = value.as_str().into();
        }
        token(self, json!({ "alg": alg, "typ": "oauth-authz-req+jwt" }), &claims)
    }

    pub(super) async fn request_objects(&mut self) {
        assert_eq!(self.offer["request_parameter_supported"], true);
        let member = "request_object_signing_alg_values_supported";
        for alg in self.offered(member) {
            let ask = self.party.ask();
            let object = self.request_object(&ask, &alg);
            // Outside stands only what OAuth wants there; everything else counts from inside.
            let outside = self
                .party
                .ask()
                .without("nonce")
                .without("state")
                .with("request", &object);
            self.visitor.open(&outside.url()).await;
            let code = self.party.code(&self.visitor, &ask);
            let id_token = self.party.redeem(&code, &ask).await;
            assert_eq!(peek(id_token.id_token())["nonce"], ask.nonce, "{alg}");
        }
        for alg in self.missing(member) {
            let ask = self.party.ask();
            let object = self.request_object(&ask, alg);
            self.refused(&ask.with("request", &object), &["invalid_request_object"])
                .await;
        }
    }

    /// Puts the client under another registration for a while.
    async fn with_client(&self, id: &str, change: impl FnOnce(&mut Client)) {
        self.world.change_client(id, change).await;
    }

    pub(super) async fn id_token_algs(&mut self) {
        let member = "id_token_signing_alg_values_supported";
        for alg in self.offered(member) {
            let alg = SigningAlg::from_name(&alg).expect("an algorithm of ours");
            self.with_client("basic", |client| client.id_token_signed_response_alg = alg)
                .await;
            let ask = self.party.ask();
            let tokens = self.tokens(&ask).await;
            self.verified(tokens.id_token(), alg).await;
        }
        self.with_client("basic", |client| {
            client.id_token_signed_response_alg = SigningAlg::Es256
        })
        .await;
        self.not_registered(member, "id_token_signed_response_alg").await;
    }

    pub(super) async fn userinfo_algs(&mut self) {
        let member = "userinfo_signing_alg_values_supported";
        for alg in self.offered(member) {
            let alg = SigningAlg::from_name(&alg).expect("an algorithm of ours");
            self.with_client("basic", |client| client.userinfo_signed_response_alg = Some(alg))
                .await;
            let ask = self.party.ask();
            let tokens = self.tokens(&ask).await;
            let request = self
                .world
                .http
                .get(self.world.at("/userinfo"))
                .bearer_auth(tokens.access_token());
            let told = acceptance::engine::send(request).await.expect("an answer");
            assert_eq!(told.headers()["content-type"], "application/jwt");
            let text = told.text().await.expect("a token");
            let header = header(&text);
            assert_eq!(header["alg"], alg.name());
            assert_eq!(peek(&text)["sub"], peek(tokens.id_token())["sub"]);
        }
        self.with_client("basic", |client| client.userinfo_signed_response_alg = None)
            .await;
        self.not_registered(member, "userinfo_signed_response_alg").await;
    }

    /// What is not offered cannot be registered either.
    async fn not_registered(&self, list: &str, member: &str) {
        for value in self.missing(list) {
            let answer = self.register(&json!({ member: value })).await;
            assert_eq!(
                answer.error(),
                "invalid_client_metadata",
                "{member}: {value}: {}",
                answer.body
            );
        }
    }

    async fn verified(&self, id_token: &str, alg: SigningAlg) {
        let set = answer(self.world.http.get(self.world.at("/jwks.json")))
            .await
            .body;
        let keys = PublicKeySet::from_value(&set).expect("a key set");
        let wanted = Verification {
            keys: &keys,
            algs: &[alg],
            typ: Typ::OneOf(&["JWT"]),
            issuer: &self.world.issuer,
            subject: Subject::Reported,
            audience: Audience::ExactlyOneOf(&["basic"]),
            issued_at: Demand::Required,
            token_id: Demand::IfPresent,
            now: Utc::now(),
            leeway: std::time::Duration::from_secs(5),
            max_age: std::time::Duration::from_mins(10),
        };
        let verified = jose::verify::verify(id_token, &wanted).expect("a good ID token");
        assert_eq!(verified.header().alg, alg);
    }

    pub(super) async fn possession(&mut self) {
        let endpoint = self.world.at("/token");
        let member = "dpop_signing_alg_values_supported";
        let ask = async |walk: &Self, alg: &str| {
            let key = SigningAlg::from_name(alg).unwrap_or(SigningAlg::Es256);
            let header = json!({ "typ": "dpop+jwt", "alg": alg, "jwk": walk.keys[&key].public().to_value() });
            let claims = json!({ "jti": random_text(), "htm": "POST", "htu": endpoint, "iat": Utc::now().timestamp() });
            let mut proof = token(walk, header.clone(), &claims);
            if SigningAlg::from_name(alg).is_some() {
                proof = jose::sign::craft(&walk.keys[&key], &header.to_string(), &claims.to_string())
                    .expect("signed");
            }
            let Proof::Basic(secret) = &walk.party.client.proof else {
                panic!("basic is registered otherwise")
            };
            let headers = [
                ("authorization".to_owned(), basic("basic", secret)),
                ("dpop".to_owned(), proof),
            ];
            walk.party.token_with(&own_name(), &headers).await
        };
        for alg in self.offered(member) {
            let answer = ask(self, &alg).await;
            assert_eq!(answer.status.as_u16(), 200, "{alg}: {}", answer.body);
            assert_eq!(answer.body["token_type"], "DPoP", "{alg}");
            assert!(peek(answer.access_token())["cnf"]["jkt"].is_string());
        }
        for alg in self.missing(member) {
            let answer = ask(self, alg).await;
            answer.is_error(400, "invalid_dpop_proof");
        }
    }

    pub(super) async fn certificates(&mut self) {
        assert_eq!(self.offer["tls_client_certificate_bound_access_tokens"], false);
        let answer = self
            .register(&json!({ "tls_client_certificate_bound_access_tokens": true }))
            .await;
        assert_eq!(answer.error(), "invalid_client_metadata");
    }

    /// Assertions at an endpoint, by the client with keys and by the one with a secret that it signs with.
    pub(super) async fn assertions(&mut self, member: &str) {
        let endpoint = member.replace("_auth_signing_alg_values_supported", "");
        for alg in self.offered(member) {
            let answer = self.asserted(&endpoint, &alg).await;
            assert_eq!(answer.status.as_u16(), 200, "{member} {alg}: {}", answer.body);
        }
        for alg in self.missing(member) {
            let answer = self.asserted(&endpoint, alg).await;
            assert_eq!(
                (answer.status.as_u16(), answer.error()),
                (401, "invalid_client"),
                "{member} {alg}"
            );
        }
    }

    pub(super) async fn asserted(&self, endpoint: &str, alg: &str) -> TokenAnswer {
        let fields = [self.question(endpoint), self.assertion(alg)].concat();
        self.ask_at(endpoint, &fields, &[]).await
    }

    pub(super) fn assertion(&self, alg: &str) -> Vec<(String, String)> {
        let id = if alg == "HS256" { "signer" } else { "key" };
        let now = Utc::now().timestamp();
        let claims = json!({
            "iss": id, "sub": id, "aud": self.world.issuer, "jti": random_text(), "iat": now, "exp": now + 60,
        });
        assertion_fields(&token(self, json!({ "alg": alg, "typ": "JWT" }), &claims))
    }

    /// Something that every client may ask at an endpoint.
    pub(super) fn question(&self, endpoint: &str) -> Vec<(String, String)> {
        match endpoint {
            "token_endpoint" => own_name(),
            "level_endpoint" => [("sub", self.subject.as_str()), ("level", "1")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .to_vec(),
            _ => vec![("token".to_owned(), random_text())],
        }
    }

    pub(super) async fn ask_at(
        &self,
        endpoint: &str,
        fields: &[(String, String)],
        headers: &[(String, String)],
    ) -> TokenAnswer {
        let place = self.offer[endpoint]
            .as_str()
            .unwrap_or_else(|| panic!("no {endpoint}"));
        // A network of its own: what is refused here on purpose is no attack.
        let address = acceptance::people::network_address();
        let mut request = self
            .world
            .http
            .post(place)
            .header("x-forwarded-for", address)
            .form(fields);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        answer(request).await
    }
}

fn header(token: &str) -> Value {
    let part = token.split('.').next().expect("a header");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
}
