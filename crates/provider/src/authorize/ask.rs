//! A question to the resident in the middle of a request: which page asks it, and what it must know.

use model::authn::Strength;
use model::ids::ClientId;
use model::interaction::{InteractionId, Wants};
use model::ladder::Level;
use web::paths::LocalPath;

use crate::authorize::redirect::RedirectTrusted;
use crate::error::AuthorizeError;

/// The page that asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskPage {
    /// Who are you?
    SignIn,
    /// Will you make an account?
    Register,
    /// Do you accept what an agreement says now?
    Agreement,
    /// Will you raise your level to this one?
    Level(Level),
    /// Will you add what this sign-in lacks to be so strong? The level is there.
    Strength(Strength),
    /// Do you agree to the release?
    Consent,
}

impl AskPage {
    /// What the sub-site is told when nothing may be asked (`prompt=none`).
    pub const fn error_when_silent(self) -> AuthorizeError {
        match self {
            Self::SignIn | Self::Register => AuthorizeError::LoginRequired,
            Self::Level(_) => AuthorizeError::LevelTooLow,
            Self::Strength(_) => AuthorizeError::SignInTooWeak,
            Self::Agreement => AuthorizeError::AgreementDue,
            Self::Consent => AuthorizeError::ConsentRequired,
        }
    }

    fn path(self) -> LocalPath {
        match self {
            Self::SignIn => LocalPath::known("/sign-in"),
            Self::Register => LocalPath::known("/register"),
            Self::Level(level) => {
                LocalPath::known("/account/level").with("want", &level.number().to_string())
            }
            Self::Strength(strength) => {
                LocalPath::known("/sign-in/more").with("want", &strength.number().to_string())
            }
            Self::Agreement => LocalPath::known("/account/agreements/change"),
            Self::Consent => LocalPath::known("/consent"),
        }
    }
}

/// A question.
#[derive(Debug)]
pub struct Ask {
    /// The page that asks.
    pub page: AskPage,
    /// On whose behalf.
    pub client_id: ClientId,
    /// What the page must know.
    pub wants: Wants,
    parameters: Vec<(String, String)>,
    ui_locales: Option<String>,
}

impl Ask {
    pub(super) fn new(page: AskPage, redirect: &RedirectTrusted, wants: Wants) -> Self {
        Self {
            page,
            client_id: redirect.client().client_id.clone(),
            wants,
            parameters: redirect.raw().to_stored(),
            ui_locales: redirect.raw().ui_locales().map(str::to_owned),
        }
    }

    /// The request as far as it counts, to be walked again.
    pub fn parameters(&self) -> &[(String, String)] {
        &self.parameters
    }

    /// Where the browser is sent: the page, the interaction, and the languages that the sub-site asked for.
    pub fn path(&self, interaction: &InteractionId) -> LocalPath {
        let path = self.page.path().with("interaction", interaction.expose());
        match self.ui_locales.as_deref() {
            Some(locales) => path.with("ui_locales", locales),
            None => path,
        }
    }
}
