//! What tests may reach outside of the provider.

use web::outbound::{Guarded, Rules};

/// Requests to this computer alone, without TLS.
pub fn outbound() -> Guarded {
    let rules = Rules {
        allow_addresses: vec!["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()],
        plain_http: true,
        ..Rules::default()
    };
    Guarded::new(rules, Vec::new()).unwrap()
}
