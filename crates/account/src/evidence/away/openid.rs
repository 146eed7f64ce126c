//! The relying party's side of OpenID Connect (Core 1.0 section 3.1, Discovery 1.0) towards a party that vouches for
//! people: authorization code with PKCE (RFC 7636) and nonce, an issuer that says who it is (RFC 9207), and an identity
//! token that is verified with the issuer's own keys.
//!
//! The person signs in there anew (`prompt=login`, `max_age`): on a shared computer somebody else's open sign-in must
//! vouch for nobody. Nothing is kept of the exchange but what [`Answer`] says. Encrypted tokens are not read.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use jose::key_set::PublicKeySet;
use jose::verify::{self, Audience, Demand, Subject, Typ, Verification, Verified, VerifyError};
use model::client::SigningAlg;
use model::secret::{Sensitive, Token, TokenHash};
use reqwest::RequestBuilder;
use serde_json::{Map, Value};
use subtle::ConstantTimeEq as _;
use url::Url;

use super::wire;
use crate::evidence::port::{Astray, Back, Departure, Outside, Traveller};
use crate::evidence::source::Word;

/// How long metadata and keys are believed.
const LIFE: TimeDelta = TimeDelta::minutes(10);
/// The pause between two looks for a key that is not known (A142, A314).
const PAUSE: TimeDelta = TimeDelta::seconds(60);
/// How old the sign-in at the party may be when the person comes back, in seconds.
const SIGN_IN_SECONDS: i64 = 600;
/// How far the party's clock may be from ours.
const LEEWAY: Duration = Duration::from_mins(1);
/// The longest life of an identity token, and the longest time since it was issued.
const TOKEN_LIFE: Duration = Duration::from_hours(12);
/// The longest authorization code, in bytes.
const CODE_BYTES: usize = 2048;

const ALGORITHMS: [SigningAlg; 4] = [
    SigningAlg::Es256,
    SigningAlg::EdDsa,
    SigningAlg::Ps256,
    SigningAlg::Rs256,
];

/// How the party is spoken to.
#[derive(Clone, Debug)]
pub(in crate::evidence) struct Contract {
    /// The issuer, byte for byte.
    pub issuer: Url,
    /// Our name there.
    pub client_id: String,
    /// Our secret there.
    pub secret: Sensitive<String>,
    /// What is asked for: the least that names a person.
    pub scope: String,
    /// The levels that are asked for, in the party's words.
    pub acr_values: Vec<String>,
    /// The claim with the name.
    pub name_claim: String,
    /// The claim with the citizen ID number.
    pub number_claim: String,
    /// Whether name and number may come from the user endpoint, which is not signed.
    pub asks_user_endpoint: bool,
    /// How long each answer may take.
    pub limit: Duration,
}

/// What the party says of who was there.
pub(in crate::evidence) struct Answer {
    /// Its own name for the person.
    pub subject: String,
    /// The level, in its words.
    pub acr: Option<String>,
    /// The name.
    pub name: Option<String>,
    /// The number.
    pub number: Option<String>,
}

const NOT_RIGHT: Astray = Astray::NotRight;

/// A party with OpenID Connect.
pub(in crate::evidence) struct OpenId {
    contract: Contract,
    outside: Outside,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    found: Option<Arc<Found>>,
    /// When somebody last looked for a key that was not there.
    renewed_at: Option<DateTime<Utc>>,
}

struct Found {
    at: DateTime<Utc>,
    authorization: Url,
    token: Url,
    user: Option<Url>,
    says_issuer: bool,
    basic: bool,
    keys: PublicKeySet,
}

impl fmt::Debug for OpenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenId")
            .field("issuer", &self.contract.issuer.as_str())
            .finish_non_exhaustive()
    }
}

impl OpenId {
    /// A party under a contract; nothing is asked yet.
    pub(in crate::evidence) fn new(contract: Contract, outside: Outside) -> Self {
        Self {
            contract,
            outside,
            known: Mutex::default(),
        }
    }

    /// The way out.
    pub(in crate::evidence) async fn leave(&self, traveller: &Traveller<'_>) -> Result<Departure, Astray> {
        let found = self.found(false).await?;
        let (verifier, nonce) = (
            Token::generate(&self.outside.rng),
            Token::generate(&self.outside.rng),
        );
        let challenge = URL_SAFE_NO_PAD.encode(verifier.hash().as_bytes());
        let mut to = found.authorization.clone();
        {
            let mut query = to.query_pairs_mut();
            query
                .append_pair("response_type", "code")
                .append_pair("client_id", &self.contract.client_id)
                .append_pair("redirect_uri", traveller.return_to.as_str())
                .append_pair("scope", &self.contract.scope)
                .append_pair("state", traveller.state)
                .append_pair("nonce", nonce.expose())
                .append_pair("code_challenge", &challenge)
                .append_pair("code_challenge_method", "S256")
                .append_pair("prompt", "login")
                .append_pair("max_age", &SIGN_IN_SECONDS.to_string())
                .append_pair("ui_locales", traveller.language);
            if !self.contract.acr_values.is_empty() {
                query.append_pair("acr_values", &self.contract.acr_values.join(" "));
            }
        }
        let kept = [("verifier", verifier.expose()), ("nonce", nonce.expose())];
        Ok(Departure {
            to,
            kept: kept
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
        })
    }

    /// Reads what came back, and asks who was there.
    pub(in crate::evidence) async fn arrive(&self, back: &Back<'_>) -> Result<Answer, Astray> {
        let found = self.found(false).await?;
        self.check_issuer(&found, back.parameters)?;
        let code = code(back.parameters, "code")?;
        let answer = self.redeem(&found, code, back).await?;
        let token = wire::text(&answer, "id_token").ok_or(NOT_RIGHT)?;
        let nonce = back.kept.get("nonce").ok_or(NOT_RIGHT)?;
        let verified = self.verify(&found, token, nonce).await?;
        let subject = verified.subject().ok_or(NOT_RIGHT)?.to_owned();
        let claim = |name: &str| verified.text(name).map(str::to_owned);
        let mut said = Answer {
            acr: claim("acr"),
            name: claim(&self.contract.name_claim),
            number: claim(&self.contract.number_claim),
            subject,
        };
        let complete = said.name.is_some() && said.number.is_some();
        if !complete && self.contract.asks_user_endpoint {
            let access = wire::text(&answer, "access_token").ok_or(NOT_RIGHT)?;
            let user = self.user(&found, access, &said.subject).await?;
            let claim = |name: &str| wire::text(&user, name).map(str::to_owned);
            said.name = claim(&self.contract.name_claim);
            said.number = claim(&self.contract.number_claim);
        }
        Ok(said)
    }

    /// The answer of one issuer must not be taken for that of another (RFC 9207 section 2.4).
    fn check_issuer(&self, found: &Found, parameters: &BTreeMap<String, String>) -> Result<(), Astray> {
        match parameters.get("iss") {
            Some(issuer) if *issuer == self.issuer() => Ok(()),
            None if !found.says_issuer => Ok(()),
            _ => {
                tracing::warn!(
                    party = self.issuer(),
                    "an answer came back that is not this issuer's"
                );
                Err(NOT_RIGHT)
            }
        }
    }

    async fn redeem(&self, found: &Found, code: &str, back: &Back<'_>) -> Result<Map<String, Value>, Astray> {
        let verifier = back.kept.get("verifier").ok_or(NOT_RIGHT)?;
        let (id, secret) = (
            self.contract.client_id.as_str(),
            self.contract.secret.expose().as_str(),
        );
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", back.return_to.as_str()),
            ("code_verifier", verifier.as_str()),
        ];
        let request = self.outside.client.post(found.token.clone());
        let request = if found.basic {
            // Each part is written as in a form first (RFC 6749 section 2.3.1).
            let encoded =
                |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            request.basic_auth(encoded(id), Some(encoded(secret)))
        } else {
            form.extend([("client_id", id), ("client_secret", secret)]);
            request
        };
        self.ask(request.form(&form)).await
    }

    async fn user(&self, found: &Found, access: &str, subject: &str) -> Result<Map<String, Value>, Astray> {
        let address = found.user.clone().ok_or(NOT_RIGHT)?;
        let user = self
            .ask(self.outside.client.get(address).bearer_auth(access))
            .await?;
        // Core 1.0 section 5.3.2: a document about somebody else must not be used.
        if wire::text(&user, "sub") != Some(subject) {
            return Err(NOT_RIGHT);
        }
        Ok(user)
    }

    /// Verifies the identity token, a second time when the issuer has newer keys.
    async fn verify(&self, found: &Found, token: &str, nonce: &str) -> Result<Verified, Astray> {
        let verified = match self.verify_with(&found.keys, token) {
            Err(VerifyError::UnknownKey) => {
                let found = self.found(true).await?;
                self.verify_with(&found.keys, token)
            }
            outcome => outcome,
        };
        let verified = verified.map_err(|error| {
            tracing::warn!(party = self.issuer(), %error, "an identity token is refused");
            NOT_RIGHT
        })?;
        let fault = self.fault_of(&verified, nonce);
        if let Some(fault) = fault {
            tracing::warn!(party = self.issuer(), fault, "an identity token is refused");
            return Err(NOT_RIGHT);
        }
        Ok(verified)
    }

    fn verify_with(&self, keys: &PublicKeySet, token: &str) -> Result<Verified, VerifyError> {
        verify::verify(
            token,
            &Verification {
                keys,
                algs: &ALGORITHMS,
                typ: Typ::AbsentOrOneOf(&["JWT"]),
                issuer: &self.issuer(),
                subject: Subject::Reported,
                audience: Audience::Contains(&[&self.contract.client_id]),
                issued_at: Demand::Required,
                token_id: Demand::IfPresent,
                now: self.outside.clock.now(),
                leeway: LEEWAY,
                max_age: TOKEN_LIFE,
            },
        )
    }

    /// What Core 1.0 section 3.1.3.7 wants beside signature, issuer, audience and times.
    fn fault_of(&self, verified: &Verified, nonce: &str) -> Option<&'static str> {
        let said = TokenHash::of(verified.text("nonce").unwrap_or_default());
        if !bool::from(said.as_bytes().ct_eq(TokenHash::of(nonce).as_bytes())) {
            return Some("the nonce is another");
        }
        let azp = verified.text("azp");
        let several = verified.audience().len() > 1;
        if azp.is_some_and(|azp| azp != self.contract.client_id) || (several && azp.is_none()) {
            return Some("it was issued to somebody else");
        }
        let signed_in = verified.claims().get("auth_time").and_then(Value::as_i64);
        let signed_in = signed_in.and_then(|at| DateTime::from_timestamp(at, 0));
        let leeway = TimeDelta::from_std(LEEWAY).unwrap_or_default();
        let since = self.outside.clock.now() - TimeDelta::seconds(SIGN_IN_SECONDS) - leeway;
        match signed_in {
            None => Some("it does not say when the person signed in"),
            Some(at) if at < since => Some("the person signed in there too long ago"),
            Some(_) => None,
        }
    }

    /// Metadata and keys, read when they are old, or because a key is missing.
    async fn found(&self, key_missing: bool) -> Result<Arc<Found>, Astray> {
        let now = self.outside.clock.now();
        {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            let fresh = known.found.clone().filter(|found| now - found.at < LIFE);
            if let Some(found) = fresh {
                let lately = known.renewed_at.is_some_and(|at| now - at < PAUSE);
                if !key_missing || lately {
                    return Ok(found);
                }
                known.renewed_at = Some(now);
            }
        }
        let found = Arc::new(self.discover(now).await?);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.found = Some(Arc::clone(&found));
        Ok(found)
    }

    async fn discover(&self, now: DateTime<Utc>) -> Result<Found, Astray> {
        let address = format!(
            "{}/.well-known/openid-configuration",
            self.issuer().trim_end_matches('/')
        );
        let metadata = self.ask(self.outside.client.get(address)).await?;
        let endpoint = |name: &str| {
            wire::text(&metadata, name).and_then(|text| wire::address(text, &self.contract.issuer))
        };
        // Discovery 1.0 section 4.3.
        if wire::text(&metadata, "issuer") != Some(self.issuer().as_str()) {
            tracing::error!(party = self.issuer(), "its metadata name another issuer");
            return Err(Word::Unavailable.into());
        }
        let (Some(authorization), Some(token), Some(keys_at)) = (
            endpoint("authorization_endpoint"),
            endpoint("token_endpoint"),
            endpoint("jwks_uri"),
        ) else {
            tracing::error!(party = self.issuer(), "its metadata lack an address");
            return Err(Word::Unavailable.into());
        };
        let keys = self.ask(self.outside.client.get(keys_at)).await?;
        let keys = PublicKeySet::from_value(&Value::Object(keys)).map_err(|error| {
            tracing::error!(party = self.issuer(), %error, "its key set is refused");
            Astray::from(Word::Unavailable)
        })?;
        let methods = metadata.get("token_endpoint_auth_methods_supported");
        let methods = methods.and_then(Value::as_array);
        Ok(Found {
            at: now,
            authorization,
            token,
            user: endpoint("userinfo_endpoint"),
            says_issuer: metadata.get("authorization_response_iss_parameter_supported")
                == Some(&Value::Bool(true)),
            basic: methods.is_none_or(|all| all.iter().any(|one| one == "client_secret_basic")),
            keys,
        })
    }

    async fn ask(&self, request: RequestBuilder) -> Result<Map<String, Value>, Astray> {
        wire::object(request, self.contract.limit, &self.issuer()).await
    }

    /// The issuer's name. Of an address without a path the slash that parsing adds is no part.
    fn issuer(&self) -> String {
        let text = self.contract.issuer.as_str();
        if self.contract.issuer.path() == "/" {
            text.trim_end_matches('/').to_owned()
        } else {
            text.to_owned()
        }
    }
}

/// The code that came back; a refusal of the person is one, any other error is the party's.
pub(super) fn code<'a>(parameters: &'a BTreeMap<String, String>, name: &str) -> Result<&'a str, Astray> {
    match parameters.get("error").map(String::as_str) {
        Some("access_denied") => return Err(Astray::Cancelled),
        Some(_) => return Err(NOT_RIGHT),
        None => {}
    }
    let code = parameters.get(name).map(String::as_str).unwrap_or_default();
    let plain = code.bytes().all(|byte| byte.is_ascii_graphic());
    (plain && (1..=CODE_BYTES).contains(&code.len()))
        .then_some(code)
        .ok_or(NOT_RIGHT)
}
