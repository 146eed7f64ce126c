//! The token endpoint through the real router and a real database.

mod bound;
mod clients;
mod codes;
pub(crate) mod refresh;
mod resources;
pub(crate) mod service;
mod statements;
mod written;

use model::scope::Scope;

use crate::testing::Answer;

/// Every scope that is about the person.
pub(crate) const ALL: [Scope; 7] = [
    Scope::Openid,
    Scope::Assurance,
    Scope::Seals,
    Scope::Profile,
    Scope::RealName,
    Scope::IdNumber,
    Scope::Phone,
];

fn refused(answer: &Answer, status: u16, error: &str, case: &str) {
    assert_eq!(
        (answer.status.as_u16(), answer.error()),
        (status, error),
        "{case}"
    );
    assert_eq!(answer.headers["cache-control"], "no-store", "{case}");
    assert_eq!(answer.headers["content-type"], "application/json", "{case}");
    assert_eq!(answer.json.as_object().unwrap().len(), 2, "{case}: nothing else");
    assert!(
        !answer.headers.contains_key("access-control-allow-origin"),
        "{case}: attack_082"
    );
}

fn refused_client(answer: &Answer, case: &str) {
    refused(answer, 401, "invalid_client", case);
    assert!(answer.headers.contains_key("www-authenticate"), "{case}");
}
