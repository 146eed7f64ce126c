//! The stylesheet, the script and the icon: compiled in, served under names that carry their content's hash.
//!
//! A name never changes its content, so answers may be kept for a year. Other crates add a file of their own by
//! serving an [`Asset`] under its path.

use std::fmt::Write as _;

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use sha2::{Digest as _, Sha256};

use crate::page::Kit;

/// One static file.
#[derive(Clone, Copy, Debug)]
pub struct Asset {
    stem: &'static str,
    extension: &'static str,
    content: &'static [u8],
}

/// The stylesheet of all pages.
pub const STYLE: Asset = Asset::new("style", "css", include_bytes!("../assets/style.css"));
/// What script adds to pages that work without it.
pub const SCRIPT: Asset = Asset::new("enhance", "js", include_bytes!("../assets/enhance.js"));
/// The icon of the browser's tab.
pub const ICON: Asset = Asset::new("icon", "svg", include_bytes!("../assets/icon.svg"));

impl Asset {
    /// A file: stem and extension of its name, and its content.
    pub const fn new(stem: &'static str, extension: &'static str, content: &'static [u8]) -> Self {
        Self {
            stem,
            extension,
            content,
        }
    }

    /// The address: `/assets/style.0123456789ab.css`.
    pub fn path(&self) -> String {
        let mut hash = String::with_capacity(12);
        for byte in Sha256::digest(self.content).iter().take(6) {
            // Writing to a String does not fail.
            let _ = write!(hash, "{byte:02x}");
        }
        format!("/assets/{}.{hash}.{}", self.stem, self.extension)
    }

    /// The file as an answer that may be kept.
    pub fn respond(&self) -> Response {
        let kind = match self.extension {
            "css" => "text/css; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            "svg" => "image/svg+xml",
            "wav" => "audio/wav",
            _ => "application/octet-stream",
        };
        let headers = [
            (CONTENT_TYPE, HeaderValue::from_static(kind)),
            (
                CACHE_CONTROL,
                HeaderValue::from_static("public, max-age=31536000, immutable"),
            ),
        ];
        (headers, self.content).into_response()
    }
}

/// Serves the kit's files.
pub fn router() -> Router<Kit> {
    let mut router = Router::new().route("/favicon.ico", get(|| async { ICON.respond() }));
    for asset in [STYLE, SCRIPT, ICON, crate::passkey::SCRIPT] {
        router = router.route(&asset.path(), get(move || async move { asset.respond() }));
    }
    router
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_by_their_content() {
        let path = STYLE.path();
        assert!(
            path.starts_with("/assets/style.") && path.len() == "/assets/style.0123456789ab.css".len(),
            "{path}"
        );
        assert_ne!(path, Asset::new("style", "css", b"other").path());
    }

    #[test]
    fn nothing_is_loaded_from_elsewhere_and_nothing_needs_inline_permission() {
        for asset in [STYLE, SCRIPT, ICON, crate::passkey::SCRIPT] {
            let text = std::str::from_utf8(asset.content).unwrap();
            let allowed = text.replace("http://www.w3.org/2000/svg", "");
            for mark in [
                "http:",
                "https:",
                "@import",
                "url(",
                "eval(",
                "innerHTML",
                "style=",
            ] {
                assert!(!allowed.contains(mark), "{} contains {mark}", asset.path());
            }
        }
    }
}
