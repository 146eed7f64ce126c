//! The `openidconnect` crate's many-parametered types, settled once for the sub-sites, and the client that it sends its
//! requests with.

use std::collections::BTreeMap;
use std::future::Future;

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreClaimName, CoreClaimType, CoreClientAuthMethod,
    CoreErrorResponseType, CoreGenderClaim, CoreGrantType, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm, CoreJwsSigningAlgorithm, CoreResponseMode, CoreResponseType,
    CoreRevocableToken, CoreRevocationErrorResponse, CoreSubjectIdentifierType,
    CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AdditionalClaims, AdditionalProviderMetadata, Client, EmptyExtraTokenFields, EndpointMaybeSet,
    EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, IdTokenFields, LogoutProviderMetadata,
    ProviderMetadata, StandardErrorResponse, StandardTokenResponse,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The largest answer that is read.
const ANSWER_MAX_BYTES: usize = 1024 * 1024;

/// Provider metadata that the crate does not know (RFC 9207 section 3).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct IssuerInAnswers {
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
}
impl AdditionalProviderMetadata for IssuerInAnswers {}

/// Claims that the crate does not know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct OtherClaims {
    #[serde(flatten)]
    pub all: BTreeMap<String, Value>,
}
impl AdditionalClaims for OtherClaims {}

pub(super) type Metadata = ProviderMetadata<
    LogoutProviderMetadata<IssuerInAnswers>,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;
pub(super) type Tokens = StandardTokenResponse<
    IdTokenFields<
        OtherClaims,
        EmptyExtraTokenFields,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    >,
    CoreTokenType,
>;
pub(super) type Party = Client<
    OtherClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// Why a request to the provider failed.
#[derive(Debug)]
pub(super) struct FetchError(String);

impl std::fmt::Display for FetchError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
impl std::error::Error for FetchError {}

/// Sends a request of the crate with our client.
pub(super) fn fetch(
    client: &reqwest::Client,
    request: HttpRequest,
) -> impl Future<Output = Result<HttpResponse, FetchError>> + 'static {
    let client = client.clone();
    async move {
        let failed = |error: reqwest::Error| {
            let error = error.without_url();
            let cause = std::error::Error::source(&error)
                .map(|cause| format!(": {cause}"))
                .unwrap_or_default();
            FetchError(format!("{error}{cause}"))
        };
        let mut response = client
            .execute(request.try_into().map_err(failed)?)
            .await
            .map_err(failed)?;
        let mut answer = openidconnect::http::Response::builder().status(response.status());
        for (name, value) in response.headers() {
            answer = answer.header(name, value);
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            body.extend_from_slice(&chunk);
            if body.len() > ANSWER_MAX_BYTES {
                return Err(FetchError("the answer is too large".to_owned()));
            }
        }
        answer.body(body).map_err(|error| FetchError(error.to_string()))
    }
}
