//! What is proven about a person, and how (OpenID Connect for Identity Assurance 1.0 section 7): whatever metadata name is
//! told by a real request for `verified_claims`, nothing is told that they do not name, and what they do not name cannot
//! be had by asking for it. And the level endpoint, which is our own.

use std::collections::BTreeSet;

use acceptance::journey;
use acceptance::party::{Ask, Party, TokenAnswer, answer, peek};
use acceptance::people::Person;
use acceptance::visitor::Visitor;
use chrono::Utc;
use model::client::SubjectType;
use model::evidence::{Details, Evidence, SourceId};
use model::ids::EvidenceId;
use model::scope::{Scope, ScopeSet};
use serde_json::{Value, json};

use super::Walk;

/// Every source that proves who a resident is. The sandbox has the first two; what the others say is put into the store.
const SOURCES: [&str; 18] = [
    "population_register",
    "mobile_operator",
    "register_review",
    "bank_card",
    "social_security",
    "provident_fund",
    "driving_licence",
    "trusted_sign_in",
    "document_review",
    "face",
    "network_id_face",
    "other_province_level_3",
    "counter",
    "certificate",
    "legacy_real_name",
    "operator_override_1",
    "operator_override_2",
    "operator_override_3",
];

/// The clients that prove themselves, one for each method.
const CLIENTS: [&str; 4] = ["basic", "rs256", "key", "signer"];

fn frame(framework: Value, more: (&str, Value), claims: Value) -> Value {
    let mut element = json!({ "verification": { "trust_framework": framework }, "claims": claims });
    if !more.0.is_empty() {
        element["verification"][more.0] = more.1;
    }
    element
}

/// Evidence of one type with everything that makes it what it is, and one more demand.
fn entry(member: &str, value: &str) -> Value {
    let only = json!({ "value": value });
    match member {
        "evidence_supported" => json!({
            "type": only, "signature_type": null, "issuer": null, "serial_number": null, "check_details": null,
        }),
        "documents_supported" => {
            json!({ "type": { "value": "document" }, "document_details": { "type": only } })
        }
        "documents_check_methods_supported" => {
            json!({ "type": { "value": "document" }, "check_details": [{ "check_method": only }] })
        }
        "electronic_records_supported" => {
            json!({ "type": { "value": "electronic_record" }, "record": { "type": only } })
        }
        other => panic!("what evidence is in {other}?"),
    }
}

/// The values of a list of metadata that an answer has.
fn said(member: &str, told: &Value) -> BTreeSet<String> {
    let pieces = told["verification"]["evidence"].as_array();
    let pieces = pieces.map_or(&[][..], Vec::as_slice).iter();
    let values: Vec<Value> = match member {
        "evidence_supported" => pieces.map(|piece| piece["type"].clone()).collect(),
        "documents_supported" => pieces
            .filter(|piece| piece["document_details"].is_object())
            .map(|piece| piece["document_details"]["type"].clone())
            .collect(),
        "documents_check_methods_supported" => pieces
            .filter(|piece| piece["type"] == "document")
            .flat_map(|piece| piece["check_details"].as_array().cloned().unwrap_or_default())
            .map(|check| check["check_method"].clone())
            .collect(),
        _ => pieces
            .filter(|piece| piece["type"] == "electronic_record")
            .map(|piece| piece["record"]["type"].clone())
            .collect(),
    };
    let text = |value: Value| value.as_str().expect("a name").to_owned();
    values.into_iter().map(text).collect()
}

/// What the citizen ID number says of itself.
fn proven_of(person: &Person, claim: &str) -> Value {
    let id = &person.citizen_id;
    match claim {
        "name" => person.name.as_str().into(),
        "id_number" => id.as_str().into(),
        "birthdate" => format!("{}-{}-{}", &id[6..10], &id[10..12], &id[12..14]).into(),
        "gender" => {
            let digit: u8 = id[16..17].parse().expect("a digit");
            if digit % 2 == 1 { "male" } else { "female" }.into()
        }
        other => panic!("what proves {other}?"),
    }
}

impl Walk {
    /// What is told of one person in both places, which is the same.
    async fn proven_about(&self, visitor: &mut Visitor, element: &Value) -> Value {
        let wish =
            json!({ "id_token": { "verified_claims": element }, "userinfo": { "verified_claims": element } });
        let ask = self.party.ask().with("prompt", "consent");
        let tokens = self
            .tokens_of(visitor, &ask.with("claims", &wish.to_string()))
            .await;
        let said = peek(tokens.id_token()).remove("verified_claims");
        let userinfo = self.party.userinfo(tokens.access_token()).await;
        assert_eq!(
            said.unwrap_or_default(),
            userinfo.body["verified_claims"],
            "{element}"
        );
        userinfo.body["verified_claims"].clone()
    }

    /// Puts what a source says into the store.
    async fn prove(&self, source: &str, details: Details) {
        let (store, now) = (self.world.store().clone(), Utc::now());
        let phone = model::phone::Phone::parse(&self.known.1.e164()).expect("a phone");
        let source = SourceId::parse(source).expect("a source");
        acceptance::engine::run(async move {
            let tx = store.begin().await.expect("a transaction");
            let account = store::accounts::find_by_phone(&tx, &phone)
                .await
                .expect("a look")
                .expect("an account");
            let new = store::evidence::NewEvidence {
                evidence: Evidence {
                    id: EvidenceId::new(now, store.rng()),
                    source,
                    issued_at: now,
                    expires_at: None,
                    ended_at: None,
                },
                account: account.id,
                reference: None,
                case: None,
                details,
            };
            store::evidence::record(&tx, &new).await.expect("stored");
            tx.commit().await.expect("a commit");
        })
        .await;
    }

    /// `verified_claims_supported`: a resident at level 2, one at level 1, and one of whom nothing is proven.
    pub(super) async fn assured(&mut self) {
        assert_eq!(self.offer["verified_claims_supported"], true);
        let everything = json!({
            "verification": { "trust_framework": null, "assurance_level": null, "time": null, "evidence": null },
            "claims": { "name": null, "id_number": null },
        });
        let (mut stranger, _) = journey::newcomer(&self.world).await;
        assert_eq!(
            self.proven_about(&mut stranger, &everything).await,
            Value::Null,
            "nothing is proven at level 0"
        );
        for level in [1, 2] {
            let (mut visitor, person) = if level == 1 {
                journey::resident(&self.world).await
            } else {
                journey::well_known(&self.world).await
            };
            let told = self.proven_about(&mut visitor, &everything).await;
            let claims = json!({ "name": person.name, "id_number": person.citizen_id });
            assert_eq!(told["claims"], claims);
            let verification = &told["verification"];
            assert_eq!(verification["assurance_level"], format!("level{level}"));
            assert!(verification["time"].is_string(), "{told}");
            let framework = verification["trust_framework"].as_str().expect("a framework");
            assert_eq!(self.offered("trust_frameworks_supported"), [framework]);
            let kinds = said("evidence_supported", &told);
            let second = (level == 2).then_some("electronic_record");
            let expected: BTreeSet<_> = ["document"]
                .into_iter()
                .chain(second)
                .map(str::to_owned)
                .collect();
            assert_eq!(kinds, expected, "level {level}");
            for member in [
                "evidence_supported",
                "documents_supported",
                "documents_check_methods_supported",
                "electronic_records_supported",
            ] {
                let offered: BTreeSet<_> = self.offered(member).into_iter().collect();
                assert!(said(member, &told).is_subset(&offered), "{member}: {told}");
            }
            let above = json!({ "value": format!("level{}", level + 1) });
            let above = frame(Value::Null, ("assurance_level", above), json!({ "name": null }));
            assert_eq!(self.proven_about(&mut visitor, &above).await, Value::Null);
            // Nobody is told what was not asked for; and what is not advertised is never there.
            let quiet = self.tokens_of(&mut visitor, &self.everything()).await;
            assert!(!peek(quiet.id_token()).contains_key("verified_claims"));
            let attached = json!([{ "type": { "value": "document" }, "attachments": null }]);
            let attached = frame(Value::Null, ("evidence", attached), json!({ "name": null }));
            let told = self.proven_about(&mut visitor, &attached).await;
            assert!(!told.to_string().contains("attachments"), "{told}");
        }
    }

    pub(super) async fn frameworks(&mut self) {
        let member = "trust_frameworks_supported";
        let mut visitor = self.known.0.clone();
        let claims = json!({ "name": null });
        for framework in self.offered(member) {
            for how in [Value::Null, json!({ "value": framework })] {
                let told = self
                    .proven_about(&mut visitor, &frame(how, ("", Value::Null), claims.clone()))
                    .await;
                assert_eq!(told["verification"], json!({ "trust_framework": framework }));
                assert_eq!(told["claims"]["name"], self.known.1.name);
            }
        }
        for framework in self.missing(member) {
            for how in [json!({ "value": framework }), json!({ "values": [framework] })] {
                let told = self
                    .proven_about(&mut visitor, &frame(how, ("", Value::Null), claims.clone()))
                    .await;
                assert_eq!(told, Value::Null, "{framework}");
            }
        }
    }

    pub(super) async fn proven_claims(&mut self) {
        let member = "claims_in_verified_claims_supported";
        let mut visitor = self.known.0.clone();
        for claim in self.offered(member) {
            let element = frame(
                Value::Null,
                ("", Value::Null),
                json!({ claim.as_str(): { "essential": true } }),
            );
            let told = self.proven_about(&mut visitor, &element).await;
            let expected = json!({ claim.as_str(): proven_of(&self.known.1, &claim) });
            assert_eq!(told["claims"], expected);
        }
        for claim in self.missing(member) {
            let wish = json!({ claim: { "essential": true }, "name": null });
            let told = self
                .proven_about(&mut visitor, &frame(Value::Null, ("", Value::Null), wish))
                .await;
            assert_eq!(
                told["claims"],
                json!({ "name": self.known.1.name }),
                "{claim} is told and not advertised"
            );
        }
    }

    /// The lists about evidence: each value is told alone when it is asked for alone, and of somebody whom every source
    /// knows everything that is told is in the list.
    pub(super) async fn evidence(&mut self, member: &str) {
        let mut visitor = self.known.0.clone();
        for source in SOURCES {
            let certificate = source == "certificate";
            let details = Details {
                issuer: certificate.then(|| "issuer".to_owned()),
                serial: certificate.then(|| "01".to_owned()),
                ..Details::default()
            };
            self.prove(source, details).await;
        }
        let whole = frame(
            Value::Null,
            ("evidence", Value::Null),
            json!({ "name": null, "id_number": null }),
        );
        let mut all = said(member, &self.proven_about(&mut visitor, &whole).await);
        for value in self.offered(member) {
            if member == "documents_supported" {
                // A reviewer looks at one document at a time.
                let kept = value.rsplit(':').next().map(str::to_owned);
                let details = Details {
                    document: kept,
                    ..Details::default()
                };
                self.prove("document_review", details).await;
                all.extend(said(member, &self.proven_about(&mut visitor, &whole).await));
            }
            let told = self.proven_about(&mut visitor, &one(entry(member, &value))).await;
            assert_eq!(
                said(member, &told),
                BTreeSet::from([value.clone()]),
                "{member} {value}: {told}"
            );
        }
        if member == "documents_supported" {
            for unknown in self.missing(member) {
                let details = Details {
                    document: Some(unknown.to_owned()),
                    ..Details::default()
                };
                self.prove("document_review", details).await;
                all.extend(said(member, &self.proven_about(&mut visitor, &whole).await));
            }
        }
        let offered: BTreeSet<_> = self.offered(member).into_iter().collect();
        assert_eq!(all, offered, "{member}: what is told is what is advertised");
        for value in self.missing(member) {
            let told = self.proven_about(&mut visitor, &one(entry(member, value))).await;
            assert_eq!(told, Value::Null, "{member} {value} is not advertised");
        }
    }

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

fn one(entry: Value) -> Value {
    frame(
        Value::Null,
        ("evidence", json!([entry])),
        json!({ "name": null, "id_number": null }),
    )
}
