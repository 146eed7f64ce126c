//! The OpenID Connect side of a sub-site (Core 1.0 section 3.1, RFC 7636, RFC 9207, RP-Initiated Logout 1.0), done by the
//! `openidconnect` crate. Discovery happens when it is first needed and again when a key is unknown, so it doesn't
//! matter which of provider and sub-site starts first.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use model::clock::Clock;
use model::rng::Rng;
use openidconnect::core::{CoreAuthPrompt, CoreGenderClaim, CoreResponseType};
use openidconnect::{
    AuthType, AuthenticationContextClass, AuthenticationFlow, AuthorizationCode, Client, ClientId,
    ClientSecret, CsrfToken, HttpResponse, IssuerUrl, LanguageTag, LoginHint, LogoutRequest, Nonce,
    OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier, PostLogoutRedirectUrl, RedirectUrl,
    RefreshToken, Scope, UserInfoClaims,
};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Url;

use super::acr_of_level;
use super::credential::Credential;
use super::developer::describe;
use super::failure::{Failure, token_failure};
use super::protocol::{Metadata, OtherClaims, Party, Tokens};
use super::sender::Sender;
use super::session::{Grant, Pending, SignedIn, Wish};
use super::verify;
use crate::config::{SiteAuth, SiteConfig, SiteProfile};
use crate::dpop::Prover;
use crate::jws::OwnKey;

/// How long discovery is believed.
const METADATA_LIFE: Duration = Duration::from_mins(10);

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
    pub(super) issuer: String,
    pub(super) client_id: ClientId,
    pub(super) credential: Credential,
    redirect_uri: String,
    after_sign_out: String,
    pub(super) sender: Sender,
    pub(super) clock: Clock,
    pub(super) rng: Rng,
    found: Mutex<Option<(Instant, Arc<Metadata>)>>,
}

impl RelyingParty {
    pub(super) fn new(
        config: &SiteConfig,
        base_url: &str,
        issuer: &str,
        clock: Clock,
    ) -> anyhow::Result<Self> {
        let secret = || ClientSecret::new(config.client_secret.clone());
        let rng = Rng::system();
        let prover = match config.profile {
            SiteProfile::Oidc => None,
            SiteProfile::Fapi2 => Some(Prover::new(clock.clone(), rng.clone())?),
        };
        Ok(Self {
            issuer: issuer.to_owned(),
            client_id: ClientId::new(config.client_id.clone()),
            credential: match config.auth_method {
                SiteAuth::ClientSecretBasic => Credential::Secret(secret(), AuthType::BasicAuth),
                SiteAuth::ClientSecretPost => Credential::Secret(secret(), AuthType::RequestBody),
                SiteAuth::PrivateKeyJwt => {
                    Credential::Key(Box::new(OwnKey::from_text(&config.client_secret)?))
                }
            },
            redirect_uri: format!("{base_url}/callback"),
            after_sign_out: format!("{base_url}/signed-out"),
            sender: Sender::new(prover)?,
            clock,
            rng,
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
        for acr in &wish.acr_values {
            request = request.add_auth_context_value(AuthenticationContextClass::new(acr.clone()));
        }
        if let Some(resource) = &wish.resource {
            request = request.add_extra_param("resource", resource.clone());
        }
        if let Some(thumbprint) = self.sender.thumbprint() {
            request = request.add_extra_param("dpop_jkt", thumbprint.to_owned());
        }
        if let Some(level) = wish.level.filter(|_| wish.acr_values.is_empty()) {
            let acr = acr_of_level(level);
            request = if wish.essential {
                let claims = json!({ "id_token": { "acr": { "essential": true, "values": [acr] } } });
                request.add_extra_param("claims", claims.to_string())
            } else {
                request.add_auth_context_value(AuthenticationContextClass::new(acr))
            };
        }
        let (url, state, nonce) = request.url();
        let url = match &self.credential {
            Credential::Secret(..) => url,
            Credential::Key(_) => self.push(&metadata, &url).await?,
        };
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
    pub(super) async fn finish(
        &self,
        pending: &Pending,
        answer: Answer,
    ) -> Result<(SignedIn, Grant), Failure> {
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
        let mut request = party
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|error| Failure::because("no_token_endpoint", error))?
            .set_pkce_verifier(PkceCodeVerifier::new(pending.verifier.clone()));
        for (name, value) in self.assertion()? {
            request = request.add_extra_param(name, value);
        }
        if let Some(resource) = &pending.wish.resource {
            request = request.add_extra_param("resource", resource.clone());
        }
        let http = |request| self.sender.clone().proven(request);
        let tokens: Tokens = request.request_async(&http).await.map_err(token_failure)?;
        self.verified(&metadata, |party, metadata| {
            verify::tokens(party, metadata, &tokens, pending)
        })
        .await?;
        let mut signed_in = describe(&tokens)?;
        match self.userinfo(&party, &tokens, &signed_in.subject).await {
            Ok(userinfo) => signed_in.userinfo = Some(userinfo),
            Err(failure) => signed_in.userinfo_error = Some(failure.description.unwrap_or(failure.code)),
        }
        let grant = self.grant(&tokens, pending.wish.resource.clone());
        Ok((signed_in, grant))
    }

    /// A new access token for the same resource (RFC 6749 section 6), with the refresh token to use next.
    pub(super) async fn refresh(&self, signed_in: &SignedIn, grant: &Grant) -> Result<Grant, Failure> {
        let refresh_token = grant
            .refresh_token
            .clone()
            .ok_or_else(|| Failure::new("no_refresh_token", None))?;
        let metadata = self.metadata(false).await?;
        let party = self.party(&metadata)?;
        let token = RefreshToken::new(refresh_token.clone());
        let mut request = party
            .exchange_refresh_token(&token)
            .map_err(|error| Failure::because("no_token_endpoint", error))?;
        for (name, value) in self.assertion()? {
            request = request.add_extra_param(name, value);
        }
        if let Some(resource) = &grant.resource {
            request = request.add_extra_param("resource", resource.clone());
        }
        let http = |request| self.sender.clone().proven(request);
        let tokens: Tokens = request.request_async(&http).await.map_err(token_failure)?;
        self.verified(&metadata, |party, metadata| {
            verify::renewed(party, metadata, &tokens, signed_in)
        })
        .await?;
        let mut renewed = self.grant(&tokens, grant.resource.clone());
        // RFC 6749 section 6: where no new one comes, the old one stays.
        renewed.refresh_token = renewed.refresh_token.or(Some(refresh_token));
        Ok(renewed)
    }

    fn grant(&self, tokens: &Tokens, resource: Option<String>) -> Grant {
        let life = tokens
            .expires_in()
            .and_then(|life| TimeDelta::from_std(life).ok());
        Grant {
            access_token: tokens.access_token().secret().clone(),
            refresh_token: tokens.refresh_token().map(|token| token.secret().clone()),
            expires_at: life.map(|life| self.clock.now() + life),
            resource,
        }
    }

    /// Asks a resource server something with an access token.
    pub(super) async fn ask(&self, url: &str, access_token: &str) -> Result<HttpResponse, Failure> {
        let request = openidconnect::http::Request::get(url)
            .header("accept", "application/json")
            .header("authorization", format!("Bearer {access_token}"))
            .body(Vec::new())
            .map_err(|error| Failure::because("invalid_configuration", error))?;
        self.sender
            .clone()
            .proven(request)
            .await
            .map_err(|error| Failure::because("records_unreachable", error))
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
        let http = |request| self.sender.clone().plain(request);
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
        let (secret, auth_type) = match &self.credential {
            Credential::Secret(secret, auth_type) => (Some(secret.clone()), auth_type.clone()),
            Credential::Key(_) => (None, AuthType::RequestBody),
        };
        Ok(
            Client::from_provider_metadata(metadata.clone(), self.client_id.clone(), secret)
                .set_redirect_uri(redirect)
                .set_auth_type(auth_type),
        )
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

    /// What the tokens must be, with the keys fetched anew when one is unknown, because providers rotate them.
    async fn verified(
        &self,
        metadata: &Metadata,
        check: impl Fn(&Party, &Metadata) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        match check(&self.party(metadata)?, metadata) {
            Err(failure) if failure.code == "unknown_key" => {
                let metadata = self.metadata(true).await?;
                check(&self.party(&metadata)?, &metadata)
            }
            outcome => outcome,
        }
    }

    async fn userinfo(&self, party: &Party, tokens: &Tokens, subject: &str) -> Result<Value, Failure> {
        let subject = openidconnect::SubjectIdentifier::new(subject.to_owned());
        let http = |request| self.sender.clone().proven(request);
        let claims: UserInfoClaims<OtherClaims, CoreGenderClaim> = party
            .user_info(tokens.access_token().clone(), Some(subject))
            .map_err(|error| Failure::because("no_userinfo_endpoint", error))?
            .request_async(&http)
            .await
            .map_err(|error| Failure::because("userinfo_failed", error))?;
        serde_json::to_value(&claims).map_err(|error| Failure::because("userinfo_failed", error))
    }
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
