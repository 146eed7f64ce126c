//! What is proven about a person, and how (OpenID Connect for Identity Assurance 1.0 section 7): whatever metadata name is
//! told by a real request for `verified_claims`, nothing is told that they do not name, and what they do not name cannot
//! be had by asking for it.

use std::collections::BTreeSet;

use acceptance::journey;
use acceptance::party::peek;
use acceptance::people::Person;
use acceptance::visitor::Visitor;
use chrono::Utc;
use model::evidence::{Details, Evidence, SourceId};
use model::ids::EvidenceId;
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
}

fn one(entry: Value) -> Value {
    frame(
        Value::Null,
        ("evidence", json!([entry])),
        json!({ "name": null, "id_number": null }),
    )
}
