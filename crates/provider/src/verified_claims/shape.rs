//! What a verification can consist of (OpenID Identity Assurance Schema Definition 1.0, section 5), as one table: requests
//! are read by it, and answers are chosen by it.
//!
//! Members that the standard names and we never have are in it, because a condition on one of them must not be passed over;
//! members that the standard does not name are ignored (5.4.2).

/// One member of a verification.
#[derive(Debug)]
pub enum Shape {
    /// A text.
    Text,
    /// A date or a point in time: it can be too old.
    Date,
    /// An object with these members; without those that are required it is no valid answer.
    Object(&'static [(&'static str, Shape)], &'static [&'static str]),
    /// A list.
    List(&'static Shape),
    /// Evidence, whose members depend on its type.
    Evidence,
    /// Something that we never have.
    Unavailable,
}

use Shape::{Date, Evidence, List, Object, Text, Unavailable};

/// `verification`.
pub const VERIFICATION: Shape = Object(
    &[
        ("trust_framework", Text),
        ("assurance_level", Text),
        (
            "assurance_process",
            Object(
                &[
                    ("policy", Text),
                    ("procedure", Text),
                    ("assurance_details", Unavailable),
                ],
                &[],
            ),
        ),
        ("time", Date),
        ("verification_process", Text),
        ("evidence", List(&Evidence)),
    ],
    &["trust_framework"],
);

const CHECK: Shape = Object(
    &[
        ("check_method", Text),
        ("organization", Text),
        ("check_id", Text),
        ("time", Date),
    ],
    &["check_method"],
);

/// The members of an address, of which parties have only these.
const PARTY: Shape = Object(
    &[
        ("name", Text),
        ("country_code", Text),
        ("jurisdiction", Text),
        ("formatted", Text),
        ("street_address", Text),
        ("locality", Text),
        ("region", Text),
        ("postal_code", Text),
        ("country", Text),
    ],
    &[],
);

const VOUCHER: Shape = Object(
    &[
        ("name", Text),
        ("birthdate", Date),
        ("country_code", Text),
        ("occupation", Text),
        ("organization", Text),
        ("formatted", Text),
        ("street_address", Text),
        ("locality", Text),
        ("region", Text),
        ("postal_code", Text),
        ("country", Text),
    ],
    &[],
);

const DOCUMENT: Shape = Object(
    &[
        ("type", Text),
        ("check_details", List(&CHECK)),
        (
            "document_details",
            Object(
                &[
                    ("type", Text),
                    ("document_number", Text),
                    ("serial_number", Text),
                    ("date_of_issuance", Date),
                    ("date_of_expiry", Date),
                    ("issuer", PARTY),
                ],
                &["type"],
            ),
        ),
        ("attachments", Unavailable),
        ("derived_claims", Unavailable),
    ],
    &["type"],
);

const RECORD: Shape = Object(
    &[
        ("type", Text),
        ("check_details", List(&CHECK)),
        (
            "record",
            Object(
                &[
                    ("type", Text),
                    ("created_at", Date),
                    ("date_of_expiry", Date),
                    ("source", PARTY),
                ],
                &["type"],
            ),
        ),
        ("attachments", Unavailable),
        ("derived_claims", Unavailable),
    ],
    &["type"],
);

const VOUCH: Shape = Object(
    &[
        ("type", Text),
        ("check_details", List(&CHECK)),
        (
            "attestation",
            Object(
                &[
                    ("type", Text),
                    ("reference_number", Text),
                    ("date_of_issuance", Date),
                    ("date_of_expiry", Date),
                    ("voucher", VOUCHER),
                ],
                &["type"],
            ),
        ),
        ("attachments", Unavailable),
        ("derived_claims", Unavailable),
    ],
    &["type"],
);

const SIGNATURE: Shape = Object(
    &[
        ("type", Text),
        ("signature_type", Text),
        ("issuer", Text),
        ("serial_number", Text),
        ("created_at", Date),
        ("attachments", Unavailable),
        ("derived_claims", Unavailable),
    ],
    &["type", "signature_type", "issuer", "serial_number"],
);

/// What evidence of each type consists of.
pub const EVIDENCE: [(&str, Shape); 4] = [
    ("document", DOCUMENT),
    ("electronic_record", RECORD),
    ("vouch", VOUCH),
    ("electronic_signature", SIGNATURE),
];

/// What evidence of a type consists of; `None` for types that there are not.
pub fn evidence(kind: &str) -> Option<&'static Shape> {
    const TYPES: &[(&str, Shape)] = &EVIDENCE;
    TYPES
        .iter()
        .find(|(name, _)| *name == kind)
        .map(|(_, shape)| shape)
}
