//! The OpenID Connect side of a sub-site (Core 1.0 section 3.1, RFC 7636, RFC 9207, RP-Initiated Logout 1.0), done by the
//! `openidconnect` crate. Discovery happens when it is first needed and again when a key is unknown, so it doesn't
//! matter which of provider and sub-site starts first.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use model::clock::Clock;
use openidconnect::core::{
    CoreAuthPrompt, CoreErrorResponseType, CoreGenderClaim, CoreJsonWebKey, CoreJwsSigningAlgorithm,
    CoreResponseType,
};
use openidconnect::{
    AccessTokenHash, AuthType, AuthenticationContextClass, AuthenticationFlow, AuthorizationCode, Client,
    ClientId, ClientSecret, CsrfToken, IdTokenVerifier, IssuerUrl, LanguageTag, LoginHint, LogoutRequest,
    Nonce, OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier, PostLogoutRedirectUrl, RedirectUrl,
    RequestTokenError, Scope, StandardErrorResponse, TokenResponse as _, UserInfoClaims,
};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Url;

use super::acr_of_level;
use super::developer::describe;
use super::protocol::{FetchError, Metadata, OtherClaims, Party, Tokens, fetch};
use super::session::{Pending, SignedIn, Wish};
use crate::config::{SiteAuth, SiteConfig};
use crate::wire;

/// How long discovery is believed.
const METADATA_LIFE: Duration = Duration::from_mins(10);
/// By how much clocks may differ.
const LEEWAY: TimeDelta = TimeDelta::seconds(30);

/// Why a sign-in did not come about: a code for programs, and what the other side said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub code: String,
    pub description: Option<String>,
}

impl Failure {
    pub(super) fn new(code: impl Into<String>, description: impl Into<Option<String>>) -> Self {
        Self {
            code: code.into(),
            description: description.into(),
        }
    }

    /// A failure with its whole chain of causes, which for a developer is the point.
    fn because(code: &str, cause: impl std::error::Error) -> Self {
        let mut text = cause.to_string();
        let mut next = cause.source();
        while let Some(inner) = next {
            text = format!("{text}: {inner}");
            next = inner.source();
        }
        Self::new(code, text)
    }
}

/// What the provider sent back through the browser.
#[derive(Clone, Debug, Default)]
pub(super) struct Answer {
    pub code: Option<String>,
    pub issuer: Option<String>,
    pub error: Option<String>,
    pub error_description: Option<String>,
}

/// One sub-site as a client of the provider.
pub(super) struct RelyingParty {
    issuer: String,
    client_id: ClientId,
    client_secret: ClientSecret,
    auth_type: AuthType,
    redirect_uri: String,
    after_sign_out: String,
    http: reqwest::Client,
    clock: Clock,
    found: Mutex<Option<(Instant, Arc<Metadata>)>>,
}

impl RelyingParty {
    pub(super) fn new(
        config: &SiteConfig,
        base_url: &str,
        issuer: &str,
        clock: Clock,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            issuer: issuer.to_owned(),
            client_id: ClientId::new(config.client_id.clone()),
            client_secret: ClientSecret::new(config.client_secret.clone()),
            auth_type: match config.auth_method {
                SiteAuth::ClientSecretBasic => AuthType::BasicAuth,
                SiteAuth::ClientSecretPost => AuthType::RequestBody,
            },
            redirect_uri: format!("{base_url}/callback"),
            after_sign_out: format!("{base_url}/signed-out"),
            http: wire::outbound()?,
            clock,
            found: Mutex::const_new(None),
        })
    }

    /// The address that starts an authorization request, and what must be remembered until it is answered.
    pub(super) async fn start(&self, wish: Wish, language: &str) -> Result<(Url, Pending), Failure> {
        let metadata = self.metadata(false).await?;
        let party = self.party(&metadata)?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let mut request = party
            .authorize_url(
                AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .set_pkce_challenge(challenge)
            .add_ui_locale(LanguageTag::new(language.to_owned()));
        for scope in wish.scopes.iter().filter(|scope| *scope != "openid") {
            request = request.add_scope(Scope::new(scope.clone()));
        }
        for prompt in &wish.prompt {
            request = request.add_prompt(prompt_of(prompt));
        }
        if let Some(seconds) = wish.max_age_seconds {
            request = request.set_max_age(Duration::from_secs(seconds));
        }
        if let Some(hint) = &wish.login_hint {
            request = request.set_login_hint(LoginHint::new(hint.clone()));
        }
        if let Some(level) = wish.level {
            let acr = acr_of_level(level);
            request = if wish.essential {
                let claims = json!({ "id_token": { "acr": { "essential": true, "values": [acr] } } });
                request.add_extra_param("claims", claims.to_string())
            } else {
                request.add_auth_context_value(AuthenticationContextClass::new(acr))
            };
        }
        let (url, state, nonce) = request.url();
        let pending = Pending {
            state: state.secret().clone(),
            nonce: nonce.secret().clone(),
            verifier: verifier.secret().clone(),
            started_at: self.clock.now(),
            wish,
        };
        Ok((url, pending))
    }

    /// Turns an answer into a signed-in resident, checking all that a relying party must.
    pub(super) async fn finish(&self, pending: &Pending, answer: Answer) -> Result<SignedIn, Failure> {
        let metadata = self.metadata(false).await?;
        self.check_issuer(&metadata, answer.issuer.as_deref())?;
        if let Some(error) = answer.error {
            return Err(Failure {
                code: error,
                description: answer.error_description,
            });
        }
        let code = answer
            .code
            .ok_or_else(|| Failure::new("invalid_response", "neither code nor error".to_owned()))?;
        let party = self.party(&metadata)?;
        let http = |request| fetch(&self.http, request);
        let tokens: Tokens = party
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|error| Failure::because("no_token_endpoint", error))?
            .set_pkce_verifier(PkceCodeVerifier::new(pending.verifier.clone()))
            .request_async(&http)
            .await
            .map_err(token_failure)?;
        self.check_tokens(&metadata, &tokens, pending).await?;
        let mut signed_in = describe(&tokens)?;
        match self.userinfo(&party, &tokens, &signed_in.subject).await {
            Ok(userinfo) => signed_in.userinfo = Some(userinfo),
            Err(failure) => signed_in.userinfo_error = Some(failure.description.unwrap_or(failure.code)),
        }
        Ok(signed_in)
    }

    /// The address that ends the session at the provider; `None` when the provider has none.
    pub(super) async fn sign_out(
        &self,
        id_token: &str,
        state: &str,
        language: &str,
    ) -> Result<Option<Url>, Failure> {
        let metadata = self.metadata(false).await?;
        let Some(endpoint) = metadata.additional_metadata().end_session_endpoint.clone() else {
            return Ok(None);
        };
        let token: openidconnect::core::CoreIdToken = id_token
            .parse()
            .map_err(|error| Failure::because("invalid_id_token", error))?;
        let back = PostLogoutRedirectUrl::new(self.after_sign_out.clone())
            .map_err(|error| Failure::because("invalid_configuration", error))?;
        let url = LogoutRequest::from(endpoint)
            .set_id_token_hint(&token)
            .set_client_id(self.client_id.clone())
            .set_post_logout_redirect_uri(back)
            .set_state(CsrfToken::new(state.to_owned()))
            .add_ui_locale(LanguageTag::new(language.to_owned()))
            .http_get_url();
        Ok(Some(url))
    }

    /// The provider's metadata and keys; `renew` asks again although the last answer is young.
    async fn metadata(&self, renew: bool) -> Result<Arc<Metadata>, Failure> {
        let mut found = self.found.lock().await;
        if let Some((at, metadata)) = found.as_ref()
            && !renew
            && at.elapsed() < METADATA_LIFE
        {
            return Ok(Arc::clone(metadata));
        }
        let issuer = IssuerUrl::new(self.issuer.clone())
            .map_err(|error| Failure::because("invalid_configuration", error))?;
        let http = |request| fetch(&self.http, request);
        let metadata = Metadata::discover_async(issuer, &http)
            .await
            .map_err(|error| Failure::because("provider_unreachable", error))?;
        let metadata = Arc::new(metadata);
        *found = Some((Instant::now(), Arc::clone(&metadata)));
        Ok(metadata)
    }

    fn party(&self, metadata: &Metadata) -> Result<Party, Failure> {
        let redirect = RedirectUrl::new(self.redirect_uri.clone())
            .map_err(|error| Failure::because("invalid_configuration", error))?;
        Ok(Client::from_provider_metadata(
            metadata.clone(),
            self.client_id.clone(),
            Some(self.client_secret.clone()),
        )
        .set_redirect_uri(redirect)
        .set_auth_type(self.auth_type.clone()))
    }

    /// RFC 9207 section 2.4: an answer that names another issuer is from another provider.
    fn check_issuer(&self, metadata: &Metadata, named: Option<&str>) -> Result<(), Failure> {
        let promised = metadata
            .additional_metadata()
            .additional_metadata
            .authorization_response_iss_parameter_supported;
        match named {
            Some(named) if named == self.issuer => Ok(()),
            None if !promised => Ok(()),
            Some(_) => Err(Failure::new(
                "issuer_mismatch",
                "the answer names another issuer".to_owned(),
            )),
            None => Err(Failure::new(
                "issuer_missing",
                "the answer does not say whose it is".to_owned(),
            )),
        }
    }

    /// Core section 3.1.3.7, with the keys fetched anew when one is unknown, because providers rotate them.
    async fn check_tokens(
        &self,
        metadata: &Metadata,
        tokens: &Tokens,
        pending: &Pending,
    ) -> Result<(), Failure> {
        match self.verify(metadata, tokens, pending) {
            Err(failure) if failure.code == "unknown_key" => {
                let metadata = self.metadata(true).await?;
                self.verify(&metadata, tokens, pending)
            }
            outcome => outcome,
        }
    }

    fn verify(&self, metadata: &Metadata, tokens: &Tokens, pending: &Pending) -> Result<(), Failure> {
        use openidconnect::{ClaimsVerificationError, SignatureVerificationError};

        let id_token = tokens
            .id_token()
            .ok_or_else(|| Failure::new("invalid_id_token", "there is none".to_owned()))?;
        let party = self.party(metadata)?;
        // Never an HMAC with our own secret, whatever the metadata say.
        let algorithms = metadata
            .id_token_signing_alg_values_supported()
            .iter()
            .filter(|alg| is_asymmetric(alg))
            .cloned();
        let verifier: IdTokenVerifier<'_, CoreJsonWebKey> =
            party.id_token_verifier().set_allowed_algs(algorithms);
        let claims = id_token
            .claims(&verifier, &Nonce::new(pending.nonce.clone()))
            .map_err(|error| match error {
                ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey) => {
                    Failure::because("unknown_key", error)
                }
                other => Failure::because("invalid_id_token", other),
            })?;
        if let Some(expected) = claims.access_token_hash() {
            let algorithm = id_token
                .signing_alg()
                .map_err(|error| Failure::because("invalid_id_token", error))?;
            let key = id_token
                .signing_key(&verifier)
                .map_err(|error| Failure::because("invalid_id_token", error))?;
            let actual = AccessTokenHash::from_token(tokens.access_token(), algorithm, key)
                .map_err(|error| Failure::because("invalid_id_token", error))?;
            if actual != *expected {
                return Err(Failure::new(
                    "invalid_id_token",
                    "at_hash is another token's".to_owned(),
                ));
            }
        }
        if let Some(seconds) = pending.wish.max_age_seconds {
            let limit = TimeDelta::seconds(i64::try_from(seconds).unwrap_or(i64::MAX / 1000)) + LEEWAY;
            let age = claims.auth_time().map(|at| pending.started_at - at);
            if age.is_none_or(|age| age > limit) {
                return Err(Failure::new(
                    "auth_time_too_old",
                    "signed in longer ago than max_age".to_owned(),
                ));
            }
        }
        let reached = claims
            .auth_context_ref()
            .and_then(|acr| super::level_of_acr(acr.as_str()));
        if pending.wish.essential && reached < pending.wish.level {
            return Err(Failure::new(
                "acr_too_low",
                "an essential level was not reached".to_owned(),
            ));
        }
        Ok(())
    }

    async fn userinfo(&self, party: &Party, tokens: &Tokens, subject: &str) -> Result<Value, Failure> {
        let subject = openidconnect::SubjectIdentifier::new(subject.to_owned());
        let http = |request| fetch(&self.http, request);
        let claims: UserInfoClaims<OtherClaims, CoreGenderClaim> = party
            .user_info(tokens.access_token().clone(), Some(subject))
            .map_err(|error| Failure::because("no_userinfo_endpoint", error))?
            .request_async(&http)
            .await
            .map_err(|error| Failure::because("userinfo_failed", error))?;
        serde_json::to_value(&claims).map_err(|error| Failure::because("userinfo_failed", error))
    }
}

const fn is_asymmetric(algorithm: &CoreJwsSigningAlgorithm) -> bool {
    use CoreJwsSigningAlgorithm as Alg;
    matches!(
        algorithm,
        Alg::EcdsaP256Sha256
            | Alg::EcdsaP384Sha384
            | Alg::RsaSsaPkcs1V15Sha256
            | Alg::RsaSsaPssSha256
            | Alg::EdDsa
    )
}

fn prompt_of(word: &str) -> CoreAuthPrompt {
    match word {
        "none" => CoreAuthPrompt::None,
        "login" => CoreAuthPrompt::Login,
        "consent" => CoreAuthPrompt::Consent,
        "select_account" => CoreAuthPrompt::SelectAccount,
        other => CoreAuthPrompt::Extension(other.to_owned()),
    }
}

fn token_failure(
    error: RequestTokenError<FetchError, StandardErrorResponse<CoreErrorResponseType>>,
) -> Failure {
    match error {
        RequestTokenError::ServerResponse(answer) => {
            Failure::new(answer.error().to_string(), answer.error_description().cloned())
        }
        RequestTokenError::Request(error) => Failure::because("provider_unreachable", error),
        // The body may hold tokens, so it is not repeated.
        RequestTokenError::Parse(error, _body) => Failure::because("invalid_token_response", error),
        RequestTokenError::Other(text) => Failure::new("invalid_token_response", text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_signatures_that_a_public_key_can_check_are_taken() {
        assert!(is_asymmetric(&CoreJwsSigningAlgorithm::EcdsaP256Sha256));
        assert!(!is_asymmetric(&CoreJwsSigningAlgorithm::HmacSha256));
        assert!(!is_asymmetric(&CoreJwsSigningAlgorithm::None));
    }
}
