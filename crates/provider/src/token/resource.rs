//! Whom an access token is for (RFC 8707 section 2.2): resources that the client names, within what was granted.

use crate::client_auth::Form;
use crate::error::TokenError;

/// The resources named, each once and in the order of what was granted; all of it when none is named. Compared byte for
/// byte, so whatever is no address was never granted either.
pub(super) fn within(form: &Form, granted: &[String]) -> Result<Vec<String>, TokenError> {
    let named = form.all("resource");
    if named.iter().any(|name| !granted.iter().any(|one| one == name)) {
        return Err(TokenError::TargetRefused);
    }
    let picked = granted
        .iter()
        .filter(|one| named.is_empty() || named.contains(&one.as_str()));
    Ok(picked.cloned().collect())
}

/// The same for a client in its own name: what it names must be registered, and nothing named means the provider.
pub(super) fn named(form: &Form, registered: &[String]) -> Result<Vec<String>, TokenError> {
    if form.all("resource").is_empty() {
        return Ok(Vec::new());
    }
    within(form, registered)
}
