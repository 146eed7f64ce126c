//! What a sub-site says about itself, as links (OpenID Connect Dynamic Client Registration 1.0 section 2: its policy
//! and terms are to be shown to the person, and its logo).
//!
//! The logo is a link too and no picture: a picture would be fetched from the sub-site by everybody who sees the page,
//! and so tell it who looks, before they agreed to anything; our policy of content forbids it besides. A link opens a
//! window of its own, so that what is asked for stays, and tells the other side nothing about us.

use model::client::Client;

use crate::markup::{Markup, escape};
use crate::page::Visit;

/// The links of a sub-site; nothing when it has none.
pub fn site_links(visit: &Visit, client: &Client) -> Markup {
    let site = client.name.in_language(visit.language());
    let links: String = [
        ("web-site-policy", &client.policy_uri),
        ("web-site-terms", &client.tos_uri),
        ("web-site-home", &client.client_uri),
        ("web-site-logo", &client.logo_uri),
    ]
    .into_iter()
    .filter_map(|(key, uri)| {
        // What is stored was checked when it was registered; an older row may not have been.
        let uri = uri
            .as_deref()
            .filter(|uri| uri.starts_with("https://") || uri.starts_with("http://"))?;
        let text = visit.t_with(key, &[("site", site.into())]);
        Some(format!(
            "<li><a href=\"{}\" target=\"_blank\" rel=\"noopener noreferrer\">{}</a></li>",
            escape(uri),
            escape(&text)
        ))
    })
    .collect();
    if links.is_empty() {
        return Markup::default();
    }
    Markup::from_rendered(format!("<ul class=\"site-links\">{links}</ul>"))
}
