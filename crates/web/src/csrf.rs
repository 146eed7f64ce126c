//! Proof that a form was made by us for this browser (A153, A154).
//!
//! The hidden field is HMAC-SHA-256 over the hash of the browser token and the name of the form, so that a token of
//! another browser or of another form does not pass. It needs no storage and holds on every node that has the key.
//! It is one of three lines: the cookie is `SameSite=Lax`, and [`crate::middleware`] refuses cross-site POSTs.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use model::secret::TokenHash;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

/// The name of the hidden field.
pub const FIELD: &str = "csrf";

/// The key, the same on every node.
#[derive(Clone)]
pub struct CsrfKey([u8; 32]);

impl std::fmt::Debug for CsrfKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("CsrfKey(…)")
    }
}

impl CsrfKey {
    /// Takes the key over.
    pub const fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// The value of the hidden field for one form in one browser.
    pub fn token(&self, browser: &TokenHash, form: &str) -> String {
        let mut block = [0_u8; 64];
        for (to, from) in block.iter_mut().zip(self.0) {
            *to = from;
        }
        let mut mac = Hmac::<Sha256>::new(&block.into());
        mac.update(browser.as_bytes());
        mac.update(form.as_bytes());
        URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
    }

    /// Whether a value that came back is the one for this form in this browser.
    pub fn holds(&self, browser: &TokenHash, form: &str, sent: &str) -> bool {
        self.token(browser, form).as_bytes().ct_eq(sent.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::rng::Rng;
    use model::secret::Token;

    #[test]
    fn attack_154_a_token_holds_for_one_form_in_one_browser_under_one_key() {
        let rng = Rng::seeded(3);
        let (mine, other) = (Token::generate(&rng).hash(), Token::generate(&rng).hash());
        let key = CsrfKey::new([7; 32]);
        let token = key.token(&mine, "sign-in");
        assert!(key.holds(&mine, "sign-in", &token));
        assert!(!key.holds(&other, "sign-in", &token));
        assert!(!key.holds(&mine, "consent", &token));
        assert!(!CsrfKey::new([8; 32]).holds(&mine, "sign-in", &token));
        assert!(!key.holds(&mine, "sign-in", ""));
        assert!(!key.holds(&mine, "sign-in", &format!("{token}A")));
    }
}
