//! Everything that could be told of a verification, for a sub-site that may be told it: the tree from which
//! [`super::choose`] takes what was asked for.
//!
//! What carries a number that is the same everywhere (the serial number of a certificate) is in it only for those who may
//! know the person's number. References to cases and checks are other ones in each sector (A125); from each we find the
//! row again.

use chrono::{DateTime, SecondsFormat, Utc};
use model::evidence::{Details, Evidence};
use model::ladder::LevelNow;
use model::scope::Scope;
use serde_json::{Map, Value, json};
use store::evidence::Background;

use super::kinds::{self, Kind, Proof};
use super::{Config, Teller};

impl Teller<'_> {
    /// The verification at a level of this name, as far as it may be told.
    pub(super) fn verification(&self, level: &str, basis: &LevelNow) -> Value {
        let config = self.config();
        let mut verification = Map::new();
        verification.insert(
            "trust_framework".to_owned(),
            config.trust_framework.as_str().into(),
        );
        if self.may(Scope::Assurance) {
            verification.insert("assurance_level".to_owned(), level.into());
            if let Some(policy) = &config.policy {
                verification.insert("assurance_process".to_owned(), json!({ "policy": policy }));
            }
            if let Some(since) = basis.since {
                verification.insert("time".to_owned(), moment(since).into());
            }
            if let Some(process) = self.process(basis) {
                verification.insert("verification_process".to_owned(), process.into());
            }
        }
        if self.may(Scope::Seals) {
            let mut pieces: Vec<_> = self
                .facts
                .evidence
                .iter()
                .filter(|piece| self.facts.counts(piece))
                .collect();
            pieces.sort_by_key(|piece| (piece.issued_at, &piece.source));
            let evidence: Vec<_> = pieces
                .into_iter()
                .filter_map(|piece| Some(self.evidence(piece, kinds::of(&piece.source)?)))
                .flatten()
                .collect();
            if !evidence.is_empty() {
                verification.insert("evidence".to_owned(), evidence.into());
            }
        }
        Value::Object(verification)
    }

    /// The case with which the verification was complete.
    fn process(&self, basis: &LevelNow) -> Option<String> {
        let carries = |piece: &&Evidence| basis.carried_by.contains(&piece.id);
        let last = self
            .facts
            .evidence
            .iter()
            .filter(carries)
            .max_by_key(|piece| (piece.issued_at, piece.id))?;
        let case = self.background(last).and_then(|background| background.case);
        let id = case.map_or(last.id.as_uuid(), model::ids::CaseId::as_uuid);
        Some(self.references.name(id))
    }

    fn background(&self, piece: &Evidence) -> Option<&Background> {
        self.backgrounds.get(&piece.id)
    }

    /// One piece of evidence; `None` where it may not be told, or not validly.
    fn evidence(&self, piece: &Evidence, kind: Kind) -> Option<Value> {
        let nothing = Details::default();
        let details = self
            .background(piece)
            .map_or(&nothing, |background| &background.details);
        let mut told = Map::new();
        told.insert("type".to_owned(), kind.proof.evidence().into());
        if !kind.methods.is_empty() {
            told.insert(
                "check_details".to_owned(),
                self.checks(piece, kind, details).into(),
            );
        }
        let config = self.config();
        match kind.proof {
            Proof::Document(usual) => {
                if let Some(document) = document(usual, details, config) {
                    told.insert("document_details".to_owned(), document);
                }
            }
            Proof::Record(named) => {
                let mut source = json!({ "country_code": config.country_code });
                if let Some(name) = self.organization(piece, kind, details) {
                    put(&mut source, "name", name);
                }
                let mut record = json!({ "type": kinds::record(named, &piece.source), "source": source });
                if let Some(end) = self.end(piece) {
                    put(&mut record, "date_of_expiry", end.date_naive().to_string());
                }
                told.insert("record".to_owned(), record);
            }
            Proof::Vouch => {
                let mut voucher = json!({ "country_code": config.country_code });
                if let Some(name) = self.organization(piece, kind, details) {
                    put(&mut voucher, "organization", name);
                }
                let mut attestation = json!({
                    "type": kinds::ATTESTATION,
                    "reference_number": self.references.name(piece.id.as_uuid()),
                    "date_of_issuance": piece.issued_at.date_naive(),
                    "voucher": voucher,
                });
                if let Some(end) = self.end(piece) {
                    put(&mut attestation, "date_of_expiry", end.date_naive().to_string());
                }
                told.insert("attestation".to_owned(), attestation);
            }
            Proof::Signature => {
                let issuer = details.partner.as_ref().or(details.issuer.as_ref());
                let serial = details.serial.as_ref().filter(|_| self.may(Scope::IdNumber));
                told.insert("signature_type".to_owned(), kinds::SIGNATURE.into());
                told.insert("issuer".to_owned(), issuer?.as_str().into());
                told.insert("serial_number".to_owned(), serial?.as_str().into());
                told.insert("created_at".to_owned(), moment(piece.issued_at).into());
            }
        }
        Some(Value::Object(told))
    }

    /// What was done, each with the same reference: it was one check in several respects.
    fn checks(&self, piece: &Evidence, kind: Kind, details: &Details) -> Vec<Value> {
        let organization = self.organization(piece, kind, details);
        let check = |method: &&str| {
            let mut check = json!({
                "check_method": method,
                "check_id": self.references.name(piece.id.as_uuid()),
                "time": moment(piece.issued_at),
            });
            if let Some(organization) = organization {
                put(&mut check, "organization", organization);
            }
            check
        };
        kind.methods.iter().map(check).collect()
    }

    /// Who checked: the party that the evidence names, who the configuration names, or in plain words.
    fn organization<'a>(&'a self, piece: &Evidence, kind: Kind, details: &'a Details) -> Option<&'a str> {
        let configured = self.config().organizations.get(&piece.source);
        details
            .partner
            .as_deref()
            .or(configured.map(String::as_str))
            .or(kind.organization)
    }

    /// When a piece stops counting.
    fn end(&self, piece: &Evidence) -> Option<DateTime<Utc>> {
        let life = self.facts.ladder.expiry(&piece.source, piece.issued_at);
        match (piece.ends_at(), life) {
            (Some(own), Some(life)) => Some(own.min(life)),
            (own, life) => own.or(life),
        }
    }
}

fn document(usual: &'static str, details: &Details, config: &Config) -> Option<Value> {
    let kind = kinds::document(usual, details.document.as_deref())?;
    let mut document = json!({ "type": kind });
    // A passport may be of any country.
    if kind != "passport" {
        put(
            &mut document,
            "issuer",
            json!({ "country_code": config.country_code }),
        );
    }
    if let Some(end) = details.document_expires {
        put(&mut document, "date_of_expiry", end.to_string());
    }
    Some(document)
}

fn put(object: &mut Value, name: &str, value: impl Into<Value>) {
    if let Value::Object(members) = object {
        members.insert(name.to_owned(), value.into());
    }
}

/// In UTC and by the second, so that it says nothing about a place (section 8 of OpenID Connect for Identity Assurance
/// 1.0).
fn moment(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
