//! Where the page "identity level" may lead back to: a page of ours, or an address that a sub-site has registered, to the
//! letter. Everything else is dropped (A011): a link to our page must not become a link to anybody's.

use model::client::Client;
use store::StoreError;
use url::Url;

use crate::Service;

/// The longest address that is looked at, in bytes.
const ADDRESS_BYTES: usize = 2000;

/// An address of a sub-site.
#[derive(Clone, Debug)]
pub(super) struct Outside {
    pub(super) url: Url,
    pub(super) client: Client,
}

/// What is asked for, when it is an address at all. Whose it is has not been looked at: no answer leads there yet.
pub(super) fn address(asked: Option<&str>) -> Option<Url> {
    let text = asked.filter(|text| !text.starts_with('/') && text.len() <= ADDRESS_BYTES)?;
    Url::parse(text).ok().filter(|url| is_usual(url, text))
}

/// The sub-site in use that has registered an address; nothing for an address that nobody has.
pub(super) async fn outside(service: &Service, address: Option<Url>) -> Result<Option<Outside>, StoreError> {
    let Some(url) = address else {
        return Ok(None);
    };
    let found = store::clients::find_by_address(&service.store().read(), url.as_str()).await?;
    Ok(found.map(|client| Outside { url, client }))
}

/// A web address as it is written: nothing that another reader would take for something else.
fn is_usual(url: &Url, text: &str) -> bool {
    matches!(url.scheme(), "https" | "http")
        && url.as_str() == text
        && url.username().is_empty()
        && url.password().is_none()
        && url.fragment().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attack_011_only_plain_web_addresses_are_looked_up_at_all() {
        let usual = |text: &str| Url::parse(text).is_ok_and(|url| is_usual(&url, text));
        assert!(usual("https://hefei.example/back?a=1"));
        assert!(usual("http://127.0.0.1:8101/"));
        for bad in [
            "javascript:alert(1)",
            "data:text/html,x",
            "https://user@hefei.example/",
            "https://hefei.example@evil.test/",
            "https://hefei.example/back#x",
            "https://HEFEI.example/",
            "https:\\\\evil.test/",
            "https://evil.test\\@hefei.example/",
            " https://hefei.example/",
            "//evil.test/",
        ] {
            assert!(!usual(bad), "{bad}");
        }
    }
}
