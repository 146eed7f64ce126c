//! The token of a request (RFC 6750 section 2.1), and the counting of wrong ones.

use http::HeaderMap;
use http::header::AUTHORIZATION;
use model::secret::Token;
use store::throttles::{self, Rule};

use super::refusal::Refusal;
use crate::Service;
use crate::client_auth::Origin;
use crate::error::RegisterError;

/// Refused tokens from one network. What is guessed is 256 bits; this bounds what a hostile program costs, and the
/// right token is accepted all the while.
const REFUSALS: Rule = Rule {
    name: "registration-refused",
    limit: 30,
    window_seconds: 300,
};

/// One header with one token of our form; from nowhere else.
pub(super) fn read(headers: &HeaderMap) -> Result<Token, RegisterError> {
    let mut lines = headers.get_all(AUTHORIZATION).iter();
    let line = match (lines.next(), lines.next()) {
        (None, _) => return Err(RegisterError::TokenMissing),
        (Some(line), None) => line,
        _ => return Err(RegisterError::TokenRefused),
    };
    let (scheme, token) = line
        .to_str()
        .ok()
        .and_then(|line| line.split_once(' '))
        .ok_or(RegisterError::TokenRefused)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(RegisterError::TokenRefused);
    }
    Token::parse(token).ok_or(RegisterError::TokenRefused)
}

/// Counts a refused token.
pub(super) async fn refused(service: &Service, origin: &Origin, error: RegisterError) -> Refusal {
    let (tx, now) = (service.store().read(), service.now());
    let network = origin.address.network().to_string();
    match throttles::hit(&tx, &REFUSALS, &network, now).await {
        Ok(count) if count.exceeded() => Refusal::later(count.retry_after_seconds(now)),
        Ok(_) => error.into(),
        Err(failed) => RegisterError::from(failed).into(),
    }
}
