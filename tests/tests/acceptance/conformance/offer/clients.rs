//! What clients are given, how they prove themselves, and what they are told afterwards.

use std::collections::BTreeSet;

use acceptance::clients::Proof;
use acceptance::journey;
use acceptance::party::{Party, TokenAnswer, answer, basic, peek};
use acceptance::visitor::Visitor;
use model::client::SubjectType;
use serde_json::{Value, json};

use super::Walk;

impl Walk {
    /// Registers a client by the standard's words, with the rest made up.
    pub(super) async fn register(&self, members: &Value) -> TokenAnswer {
        let mut sent =
            json!({ "redirect_uris": ["https://registered.site.example/callback"], "client_name": "walk" });
        for (name, value) in members.as_object().expect("members") {
            sent[name] = value.clone();
        }
        let request = self
            .world
            .http
            .post(self.world.at("/connect/register"))
            .bearer_auth(&self.invitation);
        answer(request.json(&sent)).await
    }

    pub(super) fn basic_credentials(&self) -> String {
        basic("basic", &self.secret_of("basic"))
    }

    fn secret_of(&self, id: &str) -> String {
        match &Party::new(&self.world, id).client.proof {
            Proof::Basic(secret) | Proof::Post(secret) => secret.clone(),
            _ => panic!("{id} has no secret"),
        }
    }

    /// An address: there is something, below the issuer, and it does what it is for.
    pub(super) async fn place(&mut self, member: &str) {
        let place = self.offer[member].as_str().expect("an address").to_owned();
        assert!(place.starts_with(&self.world.issuer), "{member}: {place}");
        let ask = self.party.ask();
        match member {
            "authorization_endpoint" | "token_endpoint" => drop(self.tokens(&ask).await),
            "pushed_authorization_request_endpoint" => self.push().await,
            "userinfo_endpoint" => {
                let tokens = self.tokens(&ask).await;
                let told = self.party.userinfo(tokens.access_token()).await;
                assert_eq!(told.body["sub"], peek(tokens.id_token())["sub"]);
            }
            "introspection_endpoint" | "revocation_endpoint" => self.judge().await,
            "jwks_uri" => {
                let set = answer(self.world.http.get(&place)).await.body;
                let algs: BTreeSet<_> = set["keys"]
                    .as_array()
                    .expect("keys")
                    .iter()
                    .map(|key| key["alg"].clone().to_string())
                    .collect();
                assert_eq!(
                    algs.len(),
                    self.offered("id_token_signing_alg_values_supported").len()
                );
            }
            "registration_endpoint" => {
                let answer = self.register(&json!({})).await;
                assert_eq!(answer.status.as_u16(), 201, "{}", answer.body);
                let id = answer.body["client_id"].as_str().expect("a name").to_owned();
                let place = answer.body["registration_client_uri"]
                    .as_str()
                    .expect("an address")
                    .to_owned();
                let token = answer.body["registration_access_token"]
                    .as_str()
                    .expect("a token")
                    .to_owned();
                let shown = acceptance::party::answer(self.world.http.get(place).bearer_auth(token)).await;
                assert_eq!(shown.body["client_id"], id);
            }
            "end_session_endpoint" => {
                let (mut visitor, _) = journey::newcomer(&self.world).await;
                visitor.open(&place).await;
                visitor.sees("logout");
                visitor.press("").await;
                visitor.sees("signed-out");
            }
            "level_endpoint" => self.level().await,
            other => panic!("what is {other} for?"),
        }
    }

    async fn push(&mut self) {
        let ask = self.party.ask();
        let headers = [(
            "authorization".to_owned(),
            basic("basic", &self.secret_of("basic")),
        )];
        let pushed = self
            .ask_at("pushed_authorization_request_endpoint", &ask.parameters, &headers)
            .await;
        assert_eq!(pushed.status.as_u16(), 201, "{}", pushed.body);
        let handle = pushed.body["request_uri"].as_str().expect("a handle").to_owned();
        let mut url = url::Url::parse(&self.world.at("/authorize")).expect("an address");
        url.query_pairs_mut()
            .append_pair("client_id", "basic")
            .append_pair("request_uri", &handle);
        self.visitor.open(url.as_str()).await;
        let code = self.party.code(&self.visitor, &ask);
        assert_eq!(self.party.redeem(&code, &ask).await.status.as_u16(), 200);
    }

    /// What is a token worth, before and after it is revoked?
    async fn judge(&mut self) {
        let ask = self.party.ask();
        let tokens = self.tokens(&ask).await;
        let fields = [("token".to_owned(), tokens.access_token().to_owned())];
        let headers = [(
            "authorization".to_owned(),
            basic("basic", &self.secret_of("basic")),
        )];
        for active in [true, false] {
            let told = self.ask_at("introspection_endpoint", &fields, &headers).await;
            assert_eq!(told.body["active"], active, "{}", told.body);
            let revoked = self.ask_at("revocation_endpoint", &fields, &headers).await;
            assert_eq!(revoked.status.as_u16(), 200);
        }
        assert_eq!(
            self.party.userinfo(tokens.access_token()).await.status.as_u16(),
            401
        );
    }

    pub(super) async fn subjects(&mut self) {
        assert_eq!(self.offered("subject_types_supported"), ["pairwise", "public"]);
        let other = Party::new(&self.world, "stranger");
        let mut seen = Vec::new();
        for kind in [SubjectType::Pairwise, SubjectType::Public] {
            for id in ["basic", "stranger"] {
                self.world
                    .change_client(id, |client| client.subject_type = kind)
                    .await;
            }
            let ask = self.party.ask();
            let mine = peek(self.tokens(&ask).await.id_token())["sub"].clone();
            let tokens = journey::tokens_for(&mut self.visitor, &other, &other.ask()).await;
            let theirs = peek(tokens.id_token())["sub"].clone();
            assert_eq!(mine == theirs, kind == SubjectType::Public, "{kind:?}");
            seen.push(mine);
        }
        assert_ne!(seen[0], seen[1]);
        for id in ["basic", "stranger"] {
            self.world
                .change_client(id, |client| client.subject_type = SubjectType::Pairwise)
                .await;
        }
        assert_eq!(self.missing("subject_types_supported"), Vec::<&str>::new());
        let answer = self.register(&json!({ "subject_type": "ephemeral" })).await;
        assert_eq!(answer.error(), "invalid_client_metadata");
    }

    pub(super) async fn grants(&mut self) {
        for grant in self.offered("grant_types_supported") {
            match grant.as_str() {
                "authorization_code" | "refresh_token" => {
                    let ask = self.party.ask();
                    let tokens = self.tokens(&ask).await;
                    let refresh = tokens.body["refresh_token"]
                        .as_str()
                        .expect("a refresh token")
                        .to_owned();
                    let fields = [("grant_type", "refresh_token"), ("refresh_token", &refresh)];
                    let again = self.party.token(owned(&fields)).await;
                    assert_eq!(again.status.as_u16(), 200, "{}", again.body);
                }
                "client_credentials" => {
                    let answer = self.party.token(self.question("token_endpoint")).await;
                    assert_eq!(answer.status.as_u16(), 200, "{}", answer.body);
                }
                other => panic!("what gives {other}?"),
            }
        }
        for grant in self.missing("grant_types_supported") {
            let fields = [
                ("grant_type", grant),
                ("username", "13800138000"),
                ("password", "a password"),
                ("device_code", "a code"),
                ("assertion", "e30.e30.x"),
                ("subject_token", "a token"),
                (
                    "subject_token_type",
                    "urn:ietf:params:oauth:token-type:access_token",
                ),
                ("auth_req_id", "a number"),
            ];
            self.party
                .token(owned(&fields))
                .await
                .is_error(400, "unsupported_grant_type");
            let answer = self.register(&json!({ "grant_types": [grant] })).await;
            assert_eq!(
                answer.error(),
                "invalid_client_metadata",
                "{grant}: {}",
                answer.body
            );
        }
    }

    /// How clients prove themselves at an endpoint.
    pub(super) async fn methods(&mut self, member: &str) {
        let endpoint = member.replace("_auth_methods_supported", "");
        for method in self.offered(member) {
            let answer = self.proven(&endpoint, &method).await;
            assert_eq!(answer.status.as_u16(), 200, "{member} {method}: {}", answer.body);
        }
        for method in self.missing(member) {
            if method == "none" {
                let fields = [self.question(&endpoint), owned(&[("client_id", "public")])].concat();
                let answer = self.ask_at(&endpoint, &fields, &[]).await;
                assert_eq!(
                    (answer.status.as_u16(), answer.error()),
                    (401, "invalid_client"),
                    "{member}"
                );
            } else {
                let answer = self
                    .register(&json!({ "token_endpoint_auth_method": method }))
                    .await;
                assert_eq!(
                    answer.error(),
                    "invalid_client_metadata",
                    "{method}: {}",
                    answer.body
                );
            }
        }
    }

    async fn proven(&mut self, endpoint: &str, method: &str) -> TokenAnswer {
        let mut fields = self.question(endpoint);
        match method {
            "client_secret_basic" => {
                let headers = [(
                    "authorization".to_owned(),
                    basic("basic", &self.secret_of("basic")),
                )];
                self.ask_at(endpoint, &fields, &headers).await
            }
            "client_secret_post" => {
                self.world
                    .change_client("rs256", |client| {
                        client.grant_types = model::client::GrantType::ALL.to_vec();
                        client.service_scopes = vec!["walk.read".to_owned()];
                        client.serves_resources = vec!["https://api.walk.example".to_owned()];
                    })
                    .await;
                fields.extend(owned(&[
                    ("client_id", "rs256"),
                    ("client_secret", &self.secret_of("rs256")),
                ]));
                self.ask_at(endpoint, &fields, &[]).await
            }
            "client_secret_jwt" => self.asserted(endpoint, "HS256").await,
            "private_key_jwt" => self.asserted(endpoint, "ES256").await,
            // A client without a credential has nothing in its own name; it redeems codes.
            "none" if endpoint == "token_endpoint" => {
                let public = Party::new(&self.world, "public");
                journey::tokens_for(&mut self.visitor, &public, &public.ask()).await
            }
            "none" => {
                fields.extend(owned(&[("client_id", "public")]));
                self.ask_at(endpoint, &fields, &[]).await
            }
            other => panic!("how does one prove oneself by {other}?"),
        }
    }

    /// Signing out tells the sub-sites, in the way that is advertised.
    pub(super) async fn sign_out(&mut self, member: &str) {
        assert_eq!(self.offer[member], true);
        let (mut visitor, _) = journey::newcomer(&self.world).await;
        if member == "backchannel_logout_supported" {
            let site = self.world.sites()[0].clone();
            visitor.open(&format!("{site}/start")).await;
            journey::allow(&mut visitor).await;
            sign_out(&mut visitor).await;
            acceptance::wait::until_true(
                "the sub-site to be told",
                std::time::Duration::from_secs(20),
                || {
                    let (mut visitor, site) = (visitor.clone(), site.clone());
                    async move {
                        visitor.open(&site).await;
                        visitor.page.find("#ended-by-provider").is_some()
                    }
                },
            )
            .await;
            return;
        }
        let frame = "https://basic.site.example/front";
        self.world
            .change_client("basic", |client| {
                client.frontchannel_logout_uri = Some(frame.to_owned())
            })
            .await;
        let ask = self.party.ask();
        let tokens = journey::tokens_for(&mut visitor, &self.party, &ask).await;
        sign_out(&mut visitor).await;
        let frames = visitor.page.all("iframe");
        let sources: Vec<_> = frames.iter().filter_map(|frame| frame.attribute("src")).collect();
        let source = sources
            .iter()
            .find(|source| source.starts_with(frame))
            .unwrap_or_else(|| panic!("{sources:?}"));
        let told: Vec<_> = url::Url::parse(source)
            .expect("an address")
            .query_pairs()
            .into_owned()
            .collect();
        let sid = peek(tokens.id_token())["sid"].as_str().expect("a sid").to_owned();
        assert!(
            told.contains(&("iss".to_owned(), self.world.issuer.clone())),
            "{told:?}"
        );
        assert!(told.contains(&("sid".to_owned(), sid)), "{told:?}");
        self.world
            .change_client("basic", |client| client.frontchannel_logout_uri = None)
            .await;
    }
}

async fn sign_out(visitor: &mut Visitor) {
    visitor.open("/logout").await;
    visitor.sees("logout");
    visitor.press("").await;
    visitor.sees("signed-out");
}

pub(super) fn owned(fields: &[(&str, &str)]) -> Vec<(String, String)> {
    fields
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}
