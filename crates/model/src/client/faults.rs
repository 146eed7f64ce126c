//! What is wrong with a registration: every fault at once, so that one look mends the file. The same rules hold for
//! files and for registrations by program (OpenID Connect Dynamic Client Registration 1.0 section 2, RFC 7591
//! section 2, FAPI 2.0 Security Profile 5.3). What depends on other clients, on the configuration or on the network
//! is not looked at here: whether subjects may be public, and what a sector's document says.

use url::Url;

use super::address::is_redirect_uri_of_fapi;
use super::{AuthMethod, Client, CodeProtection, GrantType, SigningAlg};
use crate::scope::Scope;

mod found;

pub use found::ClientFault;
pub(super) use found::Faults;

/// The most redirect addresses a sub-site may register.
pub const REDIRECT_URIS_MAX: usize = 20;
/// The most characters of a name for people.
pub const NAME_CHARACTERS_MAX: usize = 100;
/// The most characters of a purpose.
pub const PURPOSE_CHARACTERS_MAX: usize = 300;
/// The most mailboxes.
pub const CONTACTS_MAX: usize = 10;
/// The most resources, and the most scopes of a service.
pub const RESOURCES_MAX: usize = 20;
/// The longest `default_max_age`, in seconds: a year.
pub const MAX_AGE_SECONDS_MAX: i64 = 365 * 24 * 3600;

/// The only algorithm of assertions that are made with a secret.
const SECRET_ALG: &str = "HS256";

impl Client {
    /// Every fault of the registration, so that one look mends the file. `production` refuses plain http for
    /// everything but loopback addresses.
    pub fn faults(&self, production: bool) -> Vec<ClientFault> {
        let mut faults = Faults::new(production);
        self.check_addresses(&mut faults);
        self.check_people(&mut faults);
        self.check_scopes(&mut faults);
        self.check_grants(&mut faults);
        self.check_proof(&mut faults);
        self.check_requests(&mut faults);
        self.check_levels(&mut faults);
        self.check_logout(&mut faults);
        self.check_resources(&mut faults);
        if self.profile.is_fapi() {
            self.check_fapi(&mut faults);
        }
        faults.into_list()
    }

    fn check_addresses(&self, faults: &mut Faults) {
        for (key, list) in [
            ("redirect_uris", &self.redirect_uris),
            ("post_logout_redirect_uris", &self.post_logout_redirect_uris),
        ] {
            faults.unless(
                list.len() <= REDIRECT_URIS_MAX,
                key,
                format!("at most {REDIRECT_URIS_MAX} addresses"),
            );
            for uri in list {
                faults.address(key, uri);
            }
        }
        faults.unless(
            !self.redirect_uris.is_empty() || !self.may_use(GrantType::AuthorizationCode),
            "redirect_uris",
            "name at least one address",
        );
        if let Some(uri) = &self.home_uri {
            faults.address("home_uri", uri);
        }
        faults.secure_address("jwks_uri", self.jwks_uri.as_ref());
        faults.secure_address("sector_identifier_uri", self.sector_identifier_uri.as_ref());
        faults.secure_address("initiate_login_uri", self.initiate_login_uri.as_ref());
        faults.page("client_uri", self.client_uri.as_ref());
        faults.page("logo_uri", self.logo_uri.as_ref());
        faults.page("policy_uri", self.policy_uri.as_ref());
        faults.page("tos_uri", self.tos_uri.as_ref());
    }

    fn check_people(&self, faults: &mut Faults) {
        let sector = &self.sector;
        faults.unless(
            !sector.is_empty() && sector.len() <= 255 && !sector.chars().any(char::is_control),
            "sector",
            "write 1 to 255 characters, for example the city's code or host name",
        );
        faults.text("name", &self.name, NAME_CHARACTERS_MAX);
        faults.text("agency", &self.agency, NAME_CHARACTERS_MAX);
        faults.unless(
            self.contacts.len() <= CONTACTS_MAX,
            "contacts",
            format!("at most {CONTACTS_MAX} mailboxes"),
        );
        for contact in &self.contacts {
            let good = contact.len() <= 254
                && contact.chars().all(|c| c.is_ascii_graphic())
                && contact
                    .split_once('@')
                    .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'));
            faults.unless(good, "contacts", "write mailboxes such as ops@hefei.example");
        }
        faults.unless(
            !self.account_kinds.is_empty(),
            "account_kinds",
            "name resident, organisation or both",
        );
    }

    fn check_scopes(&self, faults: &mut Faults) {
        let people_sign_in = self.may_use(GrantType::AuthorizationCode);
        faults.unless(
            self.scopes.contains(Scope::Openid) || !people_sign_in,
            "scopes",
            "openid is missing",
        );
        for scope in self.scopes.iter() {
            faults.unless(
                Scope::OFFERED.contains(&scope),
                "scopes",
                format!("{scope} is not offered yet"),
            );
            match self.purpose.get(&scope) {
                Some(text) => faults.text("purpose", text, PURPOSE_CHARACTERS_MAX),
                None => faults.unless(
                    !scope.releases_personal_data(),
                    "purpose",
                    format!("say why {scope} is asked for, in zh-CN, en and vi"),
                ),
            }
        }
        faults.unless(
            !self.scopes.contains(Scope::OfflineAccess) || self.may_use(GrantType::RefreshToken),
            "scopes",
            "offline_access is worth nothing without refresh_token in grant_types",
        );
    }

    fn check_grants(&self, faults: &mut Faults) {
        faults.unless(
            !self.grant_types.is_empty(),
            "grant_types",
            "name at least one of authorization_code, refresh_token and client_credentials",
        );
        faults.unless(
            !self.may_use(GrantType::RefreshToken) || self.may_use(GrantType::AuthorizationCode),
            "grant_types",
            "refresh_token needs authorization_code, which it begins with",
        );
        let service = self.may_use(GrantType::ClientCredentials);
        faults.unless(
            !service || self.auth_method.is_confidential(),
            "grant_types",
            "client_credentials is not for a public client",
        );
        faults.unless(
            service != self.service_scopes.is_empty(),
            "service_scopes",
            "client_credentials and service_scopes need each other",
        );
        faults.unless(
            !self.response_modes.is_empty(),
            "response_modes",
            "name query, form_post or both",
        );
    }

    fn check_proof(&self, faults: &mut Faults) {
        let has_keys = self.jwks.is_some() || self.jwks_uri.is_some();
        faults.unless(
            self.jwks.is_none() || self.jwks_uri.is_none(),
            "jwks_uri",
            "write jwks or jwks_uri, not both",
        );
        faults.unless(
            has_keys || self.auth_method != AuthMethod::PrivateKeyJwt,
            "jwks",
            "private_key_jwt needs the public keys, or jwks_uri",
        );
        if let Some(alg) = &self.token_endpoint_auth_signing_alg {
            let problem = match self.auth_method {
                AuthMethod::ClientSecretJwt if alg != SECRET_ALG => {
                    Some("client_secret_jwt is made with HS256")
                }
                AuthMethod::PrivateKeyJwt if SigningAlg::from_name(alg).is_none() => {
                    Some("write ES256, RS256, PS256 or EdDSA")
                }
                AuthMethod::ClientSecretJwt | AuthMethod::PrivateKeyJwt => None,
                _ => Some("this auth_method makes no assertions"),
            };
            if let Some(problem) = problem {
                faults.add("token_endpoint_auth_signing_alg", problem);
            }
        }
        faults.unless(
            self.code_protection != CodeProtection::Nonce || self.auth_method.is_confidential(),
            "code_protection",
            "a public client must use pkce",
        );
    }

    fn check_requests(&self, faults: &mut Faults) {
        let has_keys = self.jwks.is_some() || self.jwks_uri.is_some();
        faults.unless(
            has_keys || self.request_object_signing_alg.is_none(),
            "request_object_signing_alg",
            "request objects are verified with jwks or jwks_uri, which are missing",
        );
        faults.unless(
            has_keys || !self.require_signed_request_object,
            "require_signed_request_object",
            "request objects are verified with jwks or jwks_uri, which are missing",
        );
        faults.unless(
            SigningAlg::OFFERED.contains(&self.id_token_signed_response_alg),
            "id_token_signed_response_alg",
            "write ES256, RS256, PS256 or EdDSA",
        );
        faults.unless(
            self.default_max_age
                .is_none_or(|age| (0..=MAX_AGE_SECONDS_MAX).contains(&age)),
            "default_max_age",
            format!("write 0 to {MAX_AGE_SECONDS_MAX} seconds"),
        );
    }

    fn check_levels(&self, faults: &mut Faults) {
        let above = |low, high| matches!((low, high), (Some(low), Some(high)) if low > high);
        faults.unless(
            !above(self.floor_level, self.ceiling_level),
            "floor_level",
            "is above ceiling_level",
        );
        faults.unless(
            !above(self.default_level, self.ceiling_level),
            "default_level",
            "is above ceiling_level",
        );
        if let Some(names) = &self.level_names {
            names.check(faults);
        }
    }

    fn check_logout(&self, faults: &mut Faults) {
        faults.secure_address("backchannel_logout_uri", self.backchannel_logout_uri.as_ref());
        faults.secure_address("events_uri", self.events_uri.as_ref());
        faults.secure_address("frontchannel_logout_uri", self.frontchannel_logout_uri.as_ref());
        // Front-Channel Logout 2: the frame is of the sub-site itself.
        let origin = |uri: &String| Url::parse(uri).ok().map(|parsed| parsed.origin());
        let own = |uri: &String| {
            let frame = origin(uri);
            frame.is_none() || self.redirect_uris.iter().any(|own| origin(own) == frame)
        };
        faults.unless(
            self.frontchannel_logout_uri.as_ref().is_none_or(own),
            "frontchannel_logout_uri",
            "must have scheme, host and port of a redirect address",
        );
    }

    fn check_resources(&self, faults: &mut Faults) {
        for (key, list) in [
            ("resources", &self.resources),
            ("serves_resources", &self.serves_resources),
        ] {
            faults.unless(
                list.len() <= RESOURCES_MAX,
                key,
                format!("at most {RESOURCES_MAX} addresses"),
            );
            for resource in list {
                // RFC 8707 section 2: absolute, without a fragment.
                let good = resource.len() <= 500
                    && resource.chars().all(|c| c.is_ascii_graphic())
                    && Url::parse(resource).is_ok_and(|parsed| parsed.fragment().is_none());
                faults.unless(
                    good,
                    key,
                    format!("{resource:?} is no absolute address without a fragment"),
                );
            }
        }
        faults.unless(
            self.serves_resources.is_empty() || self.auth_method.is_confidential(),
            "serves_resources",
            "a public client cannot ask what tokens mean",
        );
        faults.unless(
            self.service_scopes.len() <= RESOURCES_MAX,
            "service_scopes",
            format!("at most {RESOURCES_MAX} words"),
        );
        for word in &self.service_scopes {
            // RFC 6749 section 3.3, without what would need quoting.
            let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | ':' | '/');
            faults.unless(
                (1..=64).contains(&word.len()) && word.chars().all(allowed),
                "service_scopes",
                format!("{word:?} is not 1 to 64 letters, digits or . _ - : /"),
            );
            faults.unless(
                Scope::parse(word).is_none(),
                "service_scopes",
                format!("{word} is about people, and a service has none"),
            );
        }
    }

    /// FAPI 2.0 Security Profile 5.3.2, 5.4. Pushed requests and bound tokens follow from the profile itself.
    fn check_fapi(&self, faults: &mut Faults) {
        const ALGS: &str = "the profile fapi2-security takes PS256, ES256 or EdDSA";
        faults.unless(
            self.auth_method == AuthMethod::PrivateKeyJwt,
            "auth_method",
            "the profile fapi2-security needs private_key_jwt",
        );
        faults.unless(
            self.code_protection == CodeProtection::Pkce,
            "code_protection",
            "the profile fapi2-security needs pkce",
        );
        for uri in self
            .redirect_uris
            .iter()
            .filter(|uri| !is_redirect_uri_of_fapi(uri))
        {
            let problem =
                "the profile fapi2-security needs https, or http to a loopback address such as 127.0.0.1";
            faults.add("redirect_uris", format!("{uri:?}: {problem}"));
        }
        let allowed = |alg: SigningAlg| SigningAlg::FAPI.contains(&alg);
        faults.unless(
            allowed(self.id_token_signed_response_alg),
            "id_token_signed_response_alg",
            ALGS,
        );
        faults.unless(
            self.userinfo_signed_response_alg.is_none_or(allowed),
            "userinfo_signed_response_alg",
            ALGS,
        );
        faults.unless(
            self.request_object_signing_alg.is_none_or(allowed),
            "request_object_signing_alg",
            ALGS,
        );
        let named = self
            .token_endpoint_auth_signing_alg
            .as_deref()
            .and_then(SigningAlg::from_name);
        faults.unless(named.is_none_or(allowed), "token_endpoint_auth_signing_alg", ALGS);
    }
}

#[cfg(test)]
mod tests;
