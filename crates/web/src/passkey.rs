//! What a page needs for passkeys (WebAuthn): the script that asks the browser, and the box in a form that tells the
//! script what to ask. What is asked, and what an answer is worth, is the caller's business.

use askama::Template;

use crate::assets::Asset;
use crate::markup::Markup;
use crate::page::Visit;

/// The script.
pub const SCRIPT: Asset = Asset::new("passkey", "js", include_bytes!("../assets/passkey.js"));

/// What the browser is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Make a passkey.
    Make,
    /// Prove that it has one.
    Use,
    /// The same, and offer those that it has at the form's own field. Says nothing where there is no script.
    Offer,
}

#[derive(Template)]
#[template(path = "form/passkey.html")]
struct Ask<'a> {
    visit: &'a Visit,
    options: &'a str,
    make: bool,
    offer: bool,
    script: String,
}

/// The box for a form: `options` as the WebAuthn library writes them. The form gets the answer as `credential`; where it
/// has a button with the value `passkey`, that button begins and is sent with it.
pub fn ask(visit: &Visit, options: &str, act: Act) -> Markup {
    Markup::of(&Ask {
        visit,
        options,
        make: act == Act::Make,
        offer: act == Act::Offer,
        script: SCRIPT.path(),
    })
}
