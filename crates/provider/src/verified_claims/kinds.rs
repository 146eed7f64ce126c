//! What each source is in the words of the standard: one table from source to evidence, which answers and metadata are
//! made from.
//!
//! Types and methods are those of the working group's list of shared values; where it has none the name is ours, and is
//! said with our prefix so that it collides with nobody's (section 10 of OpenID Connect for Identity Assurance 1.0).

use std::collections::BTreeSet;

use model::evidence::SourceId;
use model::ladder::Ladder;

/// What evidence of a source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// A document that the person has, of this type unless the evidence says otherwise.
    Document(&'static str),
    /// A record that somebody keeps about the person.
    Record(&'static str),
    /// People who are entitled to it say so.
    Vouch,
    /// A certificate that names the person.
    Signature,
}

impl Proof {
    /// The type of evidence.
    pub const fn evidence(self) -> &'static str {
        match self {
            Self::Document(_) => "document",
            Self::Record(_) => "electronic_record",
            Self::Vouch => "vouch",
            Self::Signature => "electronic_signature",
        }
    }
}

/// A source that proves who somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// What its evidence is.
    pub proof: Proof,
    /// How it was checked.
    pub methods: &'static [&'static str],
    /// Who keeps it, in plain words, where the configuration names nobody.
    pub organization: Option<&'static str>,
}

/// The types of document that a piece of evidence may name, as it is kept and as it is told.
pub const DOCUMENTS: [(&str, &str); 7] = [
    ("idcard", "idcard"),
    ("residence_permit", "residence_permit"),
    ("passport", "passport"),
    ("driving_permit", "driving_permit"),
    ("driving_licence", "driving_permit"),
    ("travel_permit", "urn:denizen:document:travel_permit"),
    ("foreign_card", "urn:denizen:document:foreign_card"),
];

/// The type of a vouch.
pub const ATTESTATION: &str = "digital_attestation";
/// The type of a signature.
pub const SIGNATURE: &str = "urn:denizen:signature:certificate";

const fn kind(proof: Proof, methods: &'static [&'static str], organization: Option<&'static str>) -> Kind {
    Kind {
        proof,
        methods,
        organization,
    }
}

/// What stands in no row is a record of its own type, so that a new source needs none.
const OTHER: Kind = kind(Proof::Record(""), &["data"], None);

/// What a source proves about a person; `None` for those that prove no identity, or that of an organisation.
pub fn of(source: &SourceId) -> Option<Kind> {
    use Proof::{Document, Record, Signature, Vouch};
    Some(match source.as_str() {
        // A channel is no identity, and an organisation is no person.
        "phone_sms"
        | "email_link"
        | "enterprise_register"
        | "representative_confirmed"
        | "representative_real_person"
        | "business_licence"
        | "organisation_certificate"
        | "legacy_organisation" => return None,
        "population_register" => kind(Document("idcard"), &["data"], Some("population register")),
        "driving_licence" => kind(
            Document("driving_permit"),
            &["data"],
            Some("driving licence register"),
        ),
        "document_review" => kind(Document("idcard"), &["vri", "pvr"], None),
        "counter" => kind(Document("idcard"), &["vpip", "pvp"], None),
        "face" => kind(Document("idcard"), &["bvr"], Some("population register")),
        "mobile_operator" => kind(
            Record("urn:denizen:record:mobile_operator"),
            &["data"],
            Some("mobile operator"),
        ),
        "bank_card" => kind(Record("bank_account"), &["data"], Some("bank")),
        "social_security" => kind(
            Record("social_security"),
            &["data"],
            Some("social security authority"),
        ),
        "provident_fund" => kind(
            Record("urn:denizen:record:provident_fund"),
            &["data"],
            Some("housing provident fund"),
        ),
        "trusted_sign_in" => kind(Record("urn:denizen:record:trusted_sign_in"), &["auth"], None),
        "network_id_face" => kind(
            Record("urn:denizen:record:network_id"),
            &["auth", "bvr"],
            Some("national network identity"),
        ),
        "other_province_level_3" => kind(Record("urn:denizen:record:other_province"), &["auth"], None),
        "legacy_real_name" => kind(Record("urn:denizen:record:legacy_account"), &["data"], None),
        "certificate" => kind(Signature, &[], None),
        name if name.starts_with("operator_override_") => {
            kind(Vouch, &["urn:denizen:check:two_operators"], None)
        }
        _ => OTHER,
    })
}

/// The type of a record.
pub fn record(named: &'static str, source: &SourceId) -> String {
    if named.is_empty() {
        format!("urn:denizen:record:{source}")
    } else {
        named.to_owned()
    }
}

/// The type of a document, as it is told: what the evidence names, or what its source always looks at. What we have no
/// word for is not told.
pub fn document(usual: &'static str, named: Option<&str>) -> Option<&'static str> {
    match named {
        None => Some(usual),
        Some(named) => DOCUMENTS
            .into_iter()
            .find(|(kept, _)| *kept == named)
            .map(|(_, told)| told),
    }
}

/// What the sources of a ladder prove.
fn proven(ladder: &Ladder) -> impl Iterator<Item = (&SourceId, Kind)> {
    ladder
        .sources()
        .filter_map(|(source, _)| Some((source, of(source)?)))
}

/// The types of evidence, for metadata.
pub fn evidence(ladder: &Ladder) -> BTreeSet<String> {
    proven(ladder)
        .map(|(_, kind)| kind.proof.evidence().to_owned())
        .collect()
}

/// The types of document. Where documents are compared by people, the evidence says which.
pub fn documents(ladder: &Ladder) -> BTreeSet<String> {
    let named = || DOCUMENTS.into_iter().map(|(_, told)| told);
    proven(ladder)
        .filter_map(|(_, kind)| match kind.proof {
            Proof::Document(usual) => Some(usual),
            Proof::Record(_) | Proof::Vouch | Proof::Signature => None,
        })
        .flat_map(|usual| named().chain([usual]))
        .map(str::to_owned)
        .collect()
}

/// How documents are checked.
pub fn document_methods(ladder: &Ladder) -> BTreeSet<String> {
    proven(ladder)
        .filter(|(_, kind)| matches!(kind.proof, Proof::Document(_)))
        .flat_map(|(_, kind)| kind.methods)
        .map(|method| (*method).to_owned())
        .collect()
}

/// The types of record.
pub fn records(ladder: &Ladder) -> BTreeSet<String> {
    proven(ladder)
        .filter_map(|(source, kind)| match kind.proof {
            Proof::Record(named) => Some(record(named, source)),
            Proof::Document(_) | Proof::Vouch | Proof::Signature => None,
        })
        .collect()
}
