//! A payment app's sign-in after the model of Alipay (`facts/domain.md` 3.2): OAuth 2 with words of its own (`app_id`,
//! `auth_code`), name and number only where the app's contract has them. PKCE is sent along for those that check it; a
//! nonce has no place here, the state does its work. Requests signed with RSA, which the real gateway wants, are made by
//! the province's own gateway in front of it: here the secret is sent in the body of a POST, never in an address.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::secret::{Sensitive, Token};
use serde_json::{Map, Value};
use url::Url;

use super::openid::code;
use super::wire;
use crate::evidence::port::{Astray, Back, Departure, Outside, Traveller};

/// How the app is spoken to.
#[derive(Clone, Debug)]
pub(in crate::evidence) struct Contract {
    /// Where people sign in.
    pub authorize: Url,
    /// Where codes are redeemed.
    pub token: Url,
    /// Where the user document is.
    pub user: Url,
    /// Our name there.
    pub app_id: String,
    /// Our secret there.
    pub secret: Sensitive<String>,
    /// What is asked for.
    pub scope: String,
    /// How long each answer may take.
    pub limit: Duration,
}

/// What the app says of who was there.
pub(in crate::evidence) struct Answer {
    /// Its own name for the customer.
    pub user: String,
    /// Whether it has checked the customer's real name; `None` when it does not say.
    pub is_certified: Option<bool>,
    /// The name.
    pub name: Option<String>,
    /// The number of the identity card.
    pub number: Option<String>,
}

/// A payment app.
pub(in crate::evidence) struct Alipay {
    contract: Contract,
    outside: Outside,
}

impl fmt::Debug for Alipay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Alipay")
            .field("app_id", &self.contract.app_id)
            .finish_non_exhaustive()
    }
}

const NOT_RIGHT: Astray = Astray::NotRight;

impl Alipay {
    /// An app under a contract.
    pub(in crate::evidence) const fn new(contract: Contract, outside: Outside) -> Self {
        Self { contract, outside }
    }

    /// The way out.
    pub(in crate::evidence) fn leave(&self, traveller: &Traveller<'_>) -> Departure {
        let verifier = Token::generate(&self.outside.rng);
        let challenge = URL_SAFE_NO_PAD.encode(verifier.hash().as_bytes());
        let mut to = self.contract.authorize.clone();
        to.query_pairs_mut()
            .append_pair("app_id", &self.contract.app_id)
            .append_pair("scope", &self.contract.scope)
            .append_pair("redirect_uri", traveller.return_to.as_str())
            .append_pair("state", traveller.state)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        Departure {
            to,
            kept: [("verifier".to_owned(), verifier.expose().to_owned())].into(),
        }
    }

    /// Reads what came back, and asks who was there.
    pub(in crate::evidence) async fn arrive(&self, back: &Back<'_>) -> Result<Answer, Astray> {
        let code = code(back.parameters, "auth_code")?;
        // The app says for whom the code is: one of another app is not redeemed.
        let app = back.parameters.get("app_id");
        if app.is_some_and(|app| *app != self.contract.app_id) {
            return Err(NOT_RIGHT);
        }
        let verifier = back.kept.get("verifier").ok_or(NOT_RIGHT)?;
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("code_verifier", verifier.as_str()),
        ];
        let token = self.ask(&self.contract.token, &fields).await?;
        let access = wire::text(&token, "access_token").ok_or(NOT_RIGHT)?;
        let owner = wire::text(&token, "user_id").ok_or(NOT_RIGHT)?;
        let user = self.ask(&self.contract.user, &[("auth_token", access)]).await?;
        if wire::text(&user, "user_id") != Some(owner) {
            return Err(NOT_RIGHT);
        }
        let is_card =
            wire::text(&user, "cert_type").is_none_or(|kind| ["IDENTITY_CARD", "0"].contains(&kind));
        let text = |name: &str| wire::text(&user, name).map(str::to_owned);
        Ok(Answer {
            user: owner.to_owned(),
            is_certified: wire::text(&user, "is_certified").map(|word| word == "T"),
            name: text("user_name"),
            number: text("cert_no").filter(|_| is_card),
        })
    }

    async fn ask(&self, address: &Url, fields: &[(&str, &str)]) -> Result<Map<String, Value>, Astray> {
        let own = [
            ("app_id", self.contract.app_id.as_str()),
            ("app_secret", self.contract.secret.expose().as_str()),
        ];
        let form: Vec<(&str, &str)> = own.into_iter().chain(fields.iter().copied()).collect();
        let request = self.outside.client.post(address.clone()).form(&form);
        wire::object(
            request,
            self.contract.limit,
            address.host_str().unwrap_or_default(),
        )
        .await
    }
}
