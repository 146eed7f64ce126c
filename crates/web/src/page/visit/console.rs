//! What a visit has for the operators' console: a cookie of its own and a navigation of its own.

use model::secret::Token;

use super::Visit;
use crate::cookies::{self, Cookie};

/// The ways of a signed-in space other than the resident's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Navigation {
    /// Addresses with the keys of their names, in order.
    pub places: Vec<(&'static str, &'static str)>,
    /// The address of signing out, which is a POST, and the name of its form.
    pub leave: (&'static str, &'static str),
}

impl Visit {
    /// The bearer value of an operator's sign-in, if the browser sent exactly one that looks like one.
    pub const fn operator_token(&self) -> Option<&Token> {
        self.operator.as_ref()
    }

    /// Gives the browser an operator's sign-in. The cookie ends with the browser.
    pub fn start_operator(&mut self, token: &Token) {
        let mode = self.kit.cookie_mode();
        self.replace_cookie(
            Cookie::Operator,
            cookies::set_token(mode, Cookie::Operator, token, None),
        );
        self.operator = Some(token.clone());
    }

    /// Makes the browser forget an operator's sign-in and everything that was bound to the browser token.
    pub fn end_operator(&mut self) {
        let mode = self.kit.cookie_mode();
        self.replace_cookie(Cookie::Operator, cookies::clear(mode, Cookie::Operator));
        self.operator = None;
        self.signed_in = None;
        self.navigation = None;
        self.renew_browser();
    }

    /// Shows another navigation than the resident's. With [`Self::set_signed_in`].
    pub fn set_navigation(&mut self, navigation: Navigation) {
        self.navigation = Some(navigation);
    }

    /// The navigation, if it is not the resident's.
    pub(crate) const fn navigation(&self) -> Option<&Navigation> {
        self.navigation.as_ref()
    }
}
