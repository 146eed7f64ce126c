//! What `/start` can be asked for: the sign-in button without parameters, a service, or a request of a tester's own.

use super::session::Wish;
use super::{Service, level_of_acr};
use crate::wire::Parameters;

/// What `/start` was asked for; `None` when it makes no sense.
pub(super) fn read(query: &Parameters, usual_scopes: &[String]) -> Option<Wish> {
    let mut wish = Wish {
        scopes: match query.value("scope") {
            Some(scopes) => scopes.split_whitespace().map(str::to_owned).collect(),
            None => usual_scopes.to_vec(),
        },
        prompt: query.value("prompt").map(words_of).unwrap_or_default(),
        essential: query.value("essential") == Some("1"),
        login_hint: query.value("login_hint").map(str::to_owned),
        return_to: query
            .value("return_to")
            .filter(|path| is_local(path))
            .unwrap_or("/")
            .to_owned(),
        ..Wish::default()
    };
    if let Some(seconds) = query.value("max_age") {
        wish.max_age_seconds = Some(seconds.parse().ok()?);
    }
    if let Some(acr) = query.value("acr") {
        wish.level = Some(level_of_acr(acr).or_else(|| acr.parse().ok().filter(|level| *level <= 4))?);
    }
    if let Some(key) = query.value("service") {
        let service = Service::ALL.into_iter().find(|service| service.key() == key)?;
        wish.level = Some(service.level());
        wish.essential = service.essential();
        wish.return_to = format!("{}?asked=1", service.path());
    }
    Some(wish)
}

fn words_of(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// Whether this is a path of ours and of nobody else.
fn is_local(path: &str) -> bool {
    let graphic = path.chars().all(|c| c.is_ascii_graphic() && c != '\\');
    path.starts_with('/') && !path.starts_with("//") && graphic
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attack_011_only_paths_of_this_site_are_returned_to() {
        assert!(is_local("/services/bills?asked=1"));
        for bad in [
            "",
            "services",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a b",
            "/a\r\nb",
        ] {
            assert!(!is_local(bad), "{bad:?}");
        }
    }
}
