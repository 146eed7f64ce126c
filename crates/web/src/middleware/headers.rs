//! The security headers of every answer.

use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderValue};

/// The policy of pages.
///
/// There is no `form-action`: Chromium applies it to every redirect after a form's POST, and the forms of sign-in,
/// registration, level and consent end in a redirect to a sub-site. Injected forms, which the rule is against, are
/// held off by escaping, by the CSRF proof and by `base-uri 'none'`.
pub const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; \
    media-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'";

/// The policy of pages whose forms lead only to pages of ours.
pub const PAGE_POLICY_OWN_FORMS: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; \
    script-src 'self'; media-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; \
    base-uri 'none'";

/// The policy of everything else: documents of the protocol, redirects, files.
const BARE_POLICY: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'";

const PERMISSIONS: &str = "accelerometer=(), camera=(), geolocation=(), gyroscope=(), magnetometer=(), \
    microphone=(), payment=(), usb=(), browsing-topics=()";

/// Two years, in seconds.
const HSTS: &str = "max-age=63072000";

/// Adds what the answer does not say itself.
pub(super) fn secure(headers: &mut HeaderMap, https: bool) {
    let always = [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "same-origin"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (HeaderName::from_static("permissions-policy"), PERMISSIONS),
    ];
    for (name, value) in always {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
        .entry(CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(BARE_POLICY));
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    if https {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(HSTS));
    }
}
