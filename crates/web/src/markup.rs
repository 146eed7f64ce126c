//! Finished HTML, and the one way to escape text into it.
//!
//! A [`Markup`] is inserted by askama without `|safe`, because it can only be made by the kit's own builders or by
//! a template. Text becomes markup through [`escape`] and nothing else.

use std::fmt;

/// Finished HTML. Askama inserts it as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Markup(String);

impl Markup {
    /// Escapes a text into markup.
    pub fn text(text: &str) -> Self {
        Self(escape(text))
    }

    /// Renders a template. A template that fails leaves a gap on the page and a line in the log.
    pub fn of(template: &impl askama::Template) -> Self {
        Self(template.render().unwrap_or_else(|error| {
            tracing::error!(%error, "template failed");
            String::new()
        }))
    }

    /// Takes HTML that a template has rendered; the caller vouches for its escaping.
    pub fn from_rendered(html: String) -> Self {
        Self(html)
    }

    /// The HTML itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Markup {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl askama::filters::HtmlSafe for Markup {}

/// Escapes a text for HTML content and for double-quoted attribute values.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attack_161_text_cannot_leave_its_place_in_markup() {
        let hostile = "\"><script>alert('x')</script>&";
        let escaped = escape(hostile);
        assert!(!escaped.contains('<') && !escaped.contains('"') && !escaped.contains('\''));
        assert_eq!(
            escaped,
            "&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;"
        );
    }
}
