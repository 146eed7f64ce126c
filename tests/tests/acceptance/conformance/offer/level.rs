//! The level endpoint, which is our own: what a person lacks for a level, told to those that prove themselves.

use acceptance::journey;
use acceptance::party::{Ask, Party, TokenAnswer, answer, peek};
use model::client::SubjectType;
use model::scope::{Scope, ScopeSet};
use serde_json::json;

use super::Walk;

/// The clients that prove themselves, one for each method.
const CLIENTS: [&str; 4] = ["basic", "rs256", "key", "signer"];

impl Walk {
    /// `level_endpoint`, by `sub` and by token.
    pub(super) async fn level(&mut self) {
        let ask = decided(&self.party);
        let tokens = self.tokens(&ask).await;
        let sub = peek(tokens.id_token())["sub"]
            .as_str()
            .expect("a name")
            .to_owned();
        let held = peek(tokens.id_token())["acr"].as_str().expect("acr").to_owned();
        assert_eq!(held, "urn:denizen:loa:1");
        for level in self.offered("acr_values_supported") {
            let told = self.level_of(&sub, &level).await;
            assert_eq!(told.status.as_u16(), 200, "{level}: {}", told.body);
            told.is_careful();
            let by_token = self
                .world
                .http
                .get(self.offer["level_endpoint"].as_str().expect("an address"))
                .query(&[("level", &level)])
                .bearer_auth(tokens.access_token());
            assert_eq!(answer(by_token).await.body, told.body);
            assert_eq!(told.body["sub"], sub);
            assert_eq!(told.body["identity_level"], 1);
            let reached = level <= held;
            assert_eq!(told.body["reached"], reached, "{level}");
            let ways = told.body["missing"].as_array().expect("ways");
            assert_eq!(ways.is_empty(), reached, "{level}: {ways:?}");
            let page = told.body["raise_uri"].as_str();
            assert_eq!(page.is_none(), reached);
            assert!(page.is_none_or(|page| page.starts_with(&self.world.issuer)));
            if level.ends_with(":2") {
                // This one is open, and the walk's second resident went up by it.
                let operator = json!({ "level": 2, "sources": ["mobile_operator"], "open": true });
                assert!(ways.contains(&operator), "{ways:?}");
            }
        }
        for level in self.missing("acr_values_supported") {
            // A number is short for ours.
            let expected = if level == "0" {
                (200, "none")
            } else {
                (400, "invalid_request")
            };
            let told = self.level_of(&sub, level).await;
            assert_eq!((told.status.as_u16(), told.error()), expected, "{level}");
        }
        let stranger = Party::new(&self.world, "stranger");
        let theirs = journey::tokens_for(
            &mut self.visitor,
            &stranger,
            &stranger.ask().with("scope", "openid"),
        )
        .await;
        let theirs = peek(theirs.id_token())["sub"]
            .as_str()
            .expect("a name")
            .to_owned();
        for unknown in [theirs.as_str(), "p.nobody", ""] {
            let told = self.level_of(unknown, "2").await;
            let expected = if unknown.is_empty() {
                (400, "invalid_request")
            } else {
                (404, "unknown_person")
            };
            assert_eq!((told.status.as_u16(), told.error()), expected, "{unknown}");
        }
        let place = self.offer["level_endpoint"].as_str().expect("an address");
        let forged = self
            .world
            .http
            .get(place)
            .query(&[("level", "2")])
            .bearer_auth("x");
        assert_eq!(answer(forged).await.status.as_u16(), 401);
    }

    async fn level_of(&self, sub: &str, level: &str) -> TokenAnswer {
        let fields = super::clients::owned(&[("sub", sub), ("level", level)]);
        let headers = [("authorization".to_owned(), self.basic_credentials())];
        self.ask_at("level_endpoint", &fields, &headers).await
    }

    /// How clients prove themselves at the level endpoint: each of them asks about the same resident, whom it knows.
    pub(super) async fn level_proofs(&mut self, member: &str) {
        for id in CLIENTS {
            self.world
                .change_client(id, |client| {
                    client.subject_type = SubjectType::Public;
                    client.scopes = client
                        .scopes
                        .union(&ScopeSet::from_iter([Scope::Openid, Scope::Assurance]));
                })
                .await;
            self.subject = self.met_by(id).await;
        }
        if member.ends_with("_auth_methods_supported") {
            self.methods(member).await;
            self.level_is_refused().await;
        } else {
            self.assertions(member).await;
        }
        for id in CLIENTS {
            self.world
                .change_client(id, |client| client.subject_type = SubjectType::Pairwise)
                .await;
        }
    }

    /// Signs the resident in at a client; answers the name that the client is told.
    async fn met_by(&mut self, id: &str) -> String {
        let alg = match id {
            "key" => "ES256",
            "signer" => "HS256",
            _ => "",
        };
        let mut party = self.party.clone();
        if alg.is_empty() {
            party = Party::new(&self.world, id);
        } else {
            let place = format!("https://{id}.site.example/callback");
            let none = acceptance::clients::Proof::None;
            party.client = acceptance::clients::TestClient::registered(id, &place, none, false);
        }
        let ask = decided(&party);
        let code = journey::code_for(&mut self.visitor, &party, &ask).await;
        let tokens = if alg.is_empty() {
            party.redeem(&code, &ask).await
        } else {
            let fields = [party.redemption(&code, &ask), self.assertion(alg)].concat();
            self.ask_at("token_endpoint", &fields, &[]).await
        };
        let sub = peek(tokens.id_token())["sub"]
            .as_str()
            .expect("a name")
            .to_owned();
        let before = &self.subject;
        assert!(before.is_empty() || *before == sub, "one public name: {id}");
        sub
    }

    /// Nobody is told anything without a right proof, whatever else is right.
    async fn level_is_refused(&self) {
        let question = self.question("level_endpoint");
        let with = |fields: &[(&str, &str)]| [question.clone(), super::clients::owned(fields)].concat();
        let wrong = "wrong-secret-of-more-than-43-characters-0123456789abcdef";
        let in_header = [(
            "authorization".to_owned(),
            acceptance::party::basic("basic", wrong),
        )];
        let mut unsigned = self.assertion("ES256");
        unsigned[1].1.push('x');
        let tries = [
            (question.clone(), &in_header[..]),
            (with(&[("client_id", "basic"), ("client_secret", wrong)]), &[]),
            (with(&[("client_id", "rs256"), ("client_secret", wrong)]), &[]),
            (with(&[("client_id", "basic")]), &[]),
            (with(&[("client_id", "key")]), &[]),
            ([question.clone(), unsigned].concat(), &[]),
            ([question.clone(), self.assertion("none")].concat(), &[]),
            (question.clone(), &[]),
        ];
        for (fields, headers) in tries {
            let refused = self.ask_at("level_endpoint", &fields, headers).await;
            let status = refused.status.as_u16();
            assert!(
                [400, 401].contains(&status),
                "{status}: {fields:?} {}",
                refused.body
            );
            assert!(
                ["invalid_client", "invalid_request"].contains(&refused.error()),
                "{}",
                refused.body
            );
        }
    }
}

/// A request that is decided about anew: a client is answered by the name that it had when somebody last decided about it.
fn decided(party: &Party) -> Ask {
    let ask = party.ask().with("scope", "openid assurance");
    ask.with("prompt", "consent")
}
