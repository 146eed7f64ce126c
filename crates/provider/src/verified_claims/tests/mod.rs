//! `verified_claims` from the request to the answer.

mod asked;
mod choosing;
mod reading;
mod schema;
mod sources;
mod telling;

use serde_json::{Value, json};

/// A request for everything that there can be.
pub fn everything() -> Value {
    let checks = json!([{ "check_method": null, "organization": null, "check_id": null, "time": null }]);
    json!({
        "verification": {
            "trust_framework": null, "assurance_level": null, "assurance_process": { "policy": null }, "time": null,
            "verification_process": null,
            "evidence": [
                { "type": { "value": "document" }, "check_details": checks,
                  "document_details": { "type": null, "issuer": { "name": null, "country_code": null }, "date_of_expiry": null } },
                { "type": { "value": "electronic_record" }, "check_details": checks,
                  "record": { "type": null, "source": { "name": null, "country_code": null }, "date_of_expiry": null } },
                { "type": { "value": "vouch" }, "check_details": checks,
                  "attestation": { "type": null, "reference_number": null, "date_of_issuance": null, "date_of_expiry": null,
                                   "voucher": { "organization": null, "country_code": null } } },
                { "type": { "value": "electronic_signature" }, "signature_type": null, "issuer": null,
                  "serial_number": null, "created_at": null },
            ],
        },
        "claims": { "name": null, "id_number": null, "birthdate": null, "gender": null },
    })
}
