//! What the authorization endpoint refuses (RFC 6749 section 4.1.2.1, OpenID Connect Core 3.1.2.6) once it knows where
//! to send a refusal.

use super::faults;

faults! {
    /// Why a sub-site gets an error instead of a code (RFC 6749 section 4.1.2.1, OpenID Connect Core 3.1.2.6). Sent
    /// only to a redirect address that is registered, so there is no status of its own.
    AuthorizeError {
        /// A parameter is there twice (RFC 6749 section 3.1, A017, A018).
        ParameterRepeated => InvalidRequest, SEE_OTHER, "a parameter is repeated";
        /// A parameter is over its limit.
        TooLong => InvalidRequest, SEE_OTHER, "a parameter is too long";
        /// The parameters that count are over their limit together (A311).
        RequestTooLong => InvalidRequest, SEE_OTHER, "the parameters together are longer than 8192 bytes";
        /// `state` is over its limit; it is not sent back, because a part of it would be worth nothing (A023).
        StateTooLong => InvalidRequest, SEE_OTHER, "state is longer than 1024 bytes";
        /// No `response_type`.
        ResponseTypeMissing => InvalidRequest, SEE_OTHER, "response_type is missing; use code";
        /// Another `response_type` (A019).
        ResponseTypeUnsupported => UnsupportedResponseType, SEE_OTHER, "response_type must be code";
        /// `state` that a form would change on its way (A023).
        StateNotForForm => InvalidRequest, SEE_OTHER, "state has line ends or zeros, which form_post cannot carry";
        /// A `response_mode` that is not offered (A021).
        ResponseModeUnsupported => InvalidRequest, SEE_OTHER, "response_mode must be query or form_post";
        /// A `response_mode` that the registration does not name (A021).
        ResponseModeNotAllowed => InvalidRequest, SEE_OTHER, "this client may not use this response_mode";
        /// A request object that is not signed as registered, is over, or is not for us (A131).
        ObjectRefused => InvalidRequestObject, SEE_OTHER,
            "the request object is not signed as registered, has expired, or is not for this provider";
        /// A request object in a request object.
        ObjectNested => InvalidRequestObject, SEE_OTHER, "a request object must not hold request or request_uri";
        /// A request object of another client.
        ObjectOfOther => InvalidRequestObject, SEE_OTHER, "client_id in the request object is not the one outside";
        /// A parameter in the request object that is not of its type.
        ObjectMalformed => InvalidRequestObject, SEE_OTHER, "a parameter in the request object has a wrong type";
        /// A request object, and a pushed request as well.
        ObjectTwice => InvalidRequest, SEE_OTHER, "send request or request_uri and not both";
        /// A client that has to sign its requests did not (RFC 9101 section 10.5).
        NotSigned => InvalidRequest, SEE_OTHER, "this client must send a signed request object";
        /// A client that has to push its requests did not (RFC 9126 section 6, FAPI 2.0).
        NotPushed => InvalidRequest, SEE_OTHER, "this client must push its requests to the endpoint for that";
        /// Another `request_uri` than those that we give out (A133).
        RequestUri => RequestUriNotSupported, SEE_OTHER, "request_uri must come from the endpoint for pushed requests";
        /// What a request of the FAPI profile must not be.
        ProfileBroken => InvalidRequest, SEE_OTHER, "the request breaks a rule of FAPI 2.0, which is this client's profile";
        /// A client that may not ask for codes.
        GrantNotAllowed => UnauthorizedClient, SEE_OTHER, "this client may not use the authorization code grant";
        /// Not a thumbprint of a key.
        ThumbprintMalformed => InvalidRequest, SEE_OTHER, "dpop_jkt must be 43 characters of base64url";
        /// Not an absolute address, or too many.
        ResourceMalformed => InvalidTarget, SEE_OTHER, "resource must be an absolute URI without a fragment";
        /// A resource beyond the registration (A078).
        ResourceNotAllowed => InvalidTarget, SEE_OTHER, "a resource is not in the registration of this client";
        /// The metadata of a client that nobody registered.
        Registration => RegistrationNotSupported, SEE_OTHER, "the registration parameter is not supported";
        /// Too many words (A307).
        ScopeTooLong => InvalidScope, SEE_OTHER, "scope is too long";
        /// `scope` lacks `openid`.
        OpenidMissing => InvalidScope, SEE_OTHER, "scope must hold openid";
        /// Beyond the client's registration.
        ScopeNotAllowed => InvalidScope, SEE_OTHER, "a scope is not in the registration of this client";
        /// A client that relies on `nonce` sent none.
        NonceMissing => InvalidRequest, SEE_OTHER, "this client relies on nonce, which is missing";
        /// No PKCE (A049).
        ChallengeMissing => InvalidRequest, SEE_OTHER, "code_challenge is missing; use PKCE with S256";
        /// PKCE with `plain`, which is also what no method means (A050).
        ChallengeMethod => InvalidRequest, SEE_OTHER, "code_challenge_method must be S256";
        /// Not the form of a SHA-256 value (A051).
        ChallengeMalformed => InvalidRequest, SEE_OTHER, "code_challenge must be 43 characters of base64url";
        /// An unknown word in `prompt` (A027).
        PromptUnknown => InvalidRequest, SEE_OTHER, "prompt has an unknown value";
        /// `none` and something else (A027).
        PromptNoneNotAlone => InvalidRequest, SEE_OTHER, "prompt none must stand alone";
        /// Not a number, or more than a year (A027).
        MaxAgeMalformed => InvalidRequest, SEE_OTHER, "max_age must be 0 to 31536000 seconds";
        /// More than 8 KiB (A307).
        ClaimsTooLong => InvalidRequest, SEE_OTHER, "claims is longer than 8192 bytes";
        /// Not one JSON object in which nothing is said twice.
        ClaimsNotJson => InvalidRequest, SEE_OTHER, "claims must be one JSON object without repeated members";
        /// JSON of another shape than OpenID Connect Core 5.5 describes.
        ClaimsMalformed => InvalidRequest, SEE_OTHER, "claims does not have the form of OpenID Connect Core 5.5";
        /// `verified_claims` of another shape than its standard describes.
        VerifiedClaimsMalformed => InvalidRequest, SEE_OTHER,
            "verified_claims does not have the form of OpenID Connect for Identity Assurance 1.0";
        /// Not a token of ours, or issued to somebody else.
        HintRefused => InvalidRequest, SEE_OTHER, "id_token_hint is not an ID token that was issued to this client";
        /// Above what the client may ask for (A030).
        LevelNotAllowed => AccessDenied, SEE_OTHER, "this client may not ask for this level";
        /// Nobody is signed in, or not lately enough, or somebody else than the request names.
        LoginRequired => LoginRequired, SEE_OTHER, "a sign-in is needed";
        /// The level is too low, and nothing may be asked.
        LevelTooLow => InteractionRequired, SEE_OTHER, "the level is too low; send the request without prompt none";
        /// The account has the level, the sign-in is too weak for it, and nothing may be asked.
        SignInTooWeak => LoginRequired, SEE_OTHER,
            "the sign-in is not strong enough; send the request without prompt none";
        /// The level is too low and stays so. A sub-site that the resident has agreed to something at hears what is missing.
        LevelUnmet => UnmetAuthenticationRequirements, SEE_OTHER, "the demanded level was not reached";
        /// An agreement has changed and waits for an answer, and nothing may be asked.
        AgreementDue => InteractionRequired, SEE_OTHER,
            "an agreement has changed; send the request without prompt none";
        /// The resident refused a changed agreement.
        AgreementRefused => AccessDenied, SEE_OTHER, "the resident did not accept the agreement";
        /// The resident has not decided yet, and nothing may be asked.
        ConsentRequired => ConsentRequired, SEE_OTHER, "consent is needed; send the request without prompt none";
        /// The resident said no.
        ConsentDenied => AccessDenied, SEE_OTHER, "the resident did not agree";
        /// The resident left the page.
        Cancelled => AccessDenied, SEE_OTHER, "the resident cancelled";
        /// The account is of a kind that the client does not take.
        AccountKindNotAllowed => AccessDenied, SEE_OTHER, "accounts of this kind cannot sign in at this client";
        /// The database does not answer.
        StoreFailed => TemporarilyUnavailable, SEE_OTHER, "try again in a moment";
    }
}

impl From<store::StoreError> for AuthorizeError {
    fn from(error: store::StoreError) -> Self {
        tracing::error!(cause = %error, "the store failed at the authorization endpoint");
        Self::StoreFailed
    }
}
