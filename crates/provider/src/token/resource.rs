//! Whom an access token is for (RFC 8707 section 2.2): resources that the client names, within what was granted.

use crate::client_auth::Form;
use crate::error::TokenError;

/// The resources named, each once and in the order of what was granted; all of it when none is named. Compared byte for
/// byte, so whatever is no address was never granted either. What is not in the registration any more is granted to
/// nobody any more (A078, A147); and nothing left of it is an error, because nothing named means the provider itself.
pub(super) fn within(
    form: &Form,
    granted: &[String],
    registered: &[String],
) -> Result<Vec<String>, TokenError> {
    let named = form.all("resource");
    let held: Vec<&String> = granted.iter().filter(|one| registered.contains(one)).collect();
    let lost = held.is_empty() && !granted.is_empty();
    if lost || named.iter().any(|name| !held.iter().any(|one| one == name)) {
        return Err(TokenError::TargetRefused);
    }
    let picked = held
        .into_iter()
        .filter(|one| named.is_empty() || named.contains(&one.as_str()));
    Ok(picked.cloned().collect())
}

/// The same for a client in its own name: what it names must be registered, and nothing named means the provider.
pub(super) fn named(form: &Form, registered: &[String]) -> Result<Vec<String>, TokenError> {
    if form.all("resource").is_empty() {
        return Ok(Vec::new());
    }
    within(form, registered, registered)
}
