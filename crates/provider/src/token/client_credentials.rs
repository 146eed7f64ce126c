//! The client credentials grant (RFC 6749 section 4.4): a client in its own name, never in a resident's (A077).
//!
//! Always a signed access token (RFC 9068) and no row: no statement at all but those that spend an assertion or a proof.
//! What may be asked are the words of `service_scopes`, which are never words about residents.

use model::client::{Client, GrantType};
use model::scope::Scope;
use model::secret::Sensitive;

use super::mint::Minted;
use super::possession::Possession;
use super::resource;
use crate::Service;
use crate::access_token::{self, Claims, Kind};
use crate::client_auth::{Caller, Refusal};
use crate::error::TokenError;

/// Gives a client a token in its own name.
pub(super) async fn grant(
    service: &Service,
    caller: &Caller,
    possession: &Possession,
) -> Result<Minted, Refusal> {
    let client = caller.client();
    if !client.auth_method.is_confidential() {
        return Err(TokenError::GrantNotAllowed.into());
    }
    let scope = scopes(client, caller.form().one("scope"))?;
    let resources = resource::named(caller.form(), &client.resources)?;

    let tx = service.store().read();
    let site = caller.admit(&tx).await?;
    possession.spend(&tx).await?;

    let (now, jti) = (service.now(), access_token::new_jti(service));
    let seconds = service.config().access_token_seconds;
    let claims = Claims {
        iss: service.issuer(),
        sub: client.client_id.as_str().to_owned(),
        aud: access_token::audience(service.issuer(), &resources),
        exp: now.timestamp() + seconds,
        iat: now.timestamp(),
        jti: &jti,
        client_id: client.client_id.as_str(),
        scope: &scope,
        auth_time: None,
        acr: None,
        amr: Vec::new(),
        cnf: access_token::confirmation(possession.jkt()),
    };
    let text = access_token::sign(service, site, &claims).ok_or(TokenError::NotSigned)?;
    tracing::info!(client = %client.client_id, grant = GrantType::ClientCredentials.as_str(), %jti, "token issued");
    Ok(Minted {
        access_token: Sensitive::new(text),
        kind: if possession.jkt().is_some() {
            Kind::Dpop
        } else {
            Kind::Bearer
        },
        expires_in_seconds: seconds,
        scope,
        id_token: None,
        refresh_token: None,
    })
}

/// The words asked for, or all that are registered when none is. A word about residents is never one of them, whatever
/// the registration says.
fn scopes(client: &Client, asked: Option<&str>) -> Result<String, TokenError> {
    let own = |word: &str| {
        Scope::parse(word).is_none() && client.service_scopes.iter().any(|registered| registered == word)
    };
    let registered = client.service_scopes.iter().map(String::as_str);
    let words: Vec<&str> = match asked {
        None => registered.filter(|word| own(word)).collect(),
        Some(asked) => asked.split(' ').filter(|word| !word.is_empty()).collect(),
    };
    if words.iter().all(|word| own(word)) {
        Ok(words.join(" "))
    } else {
        Err(TokenError::ServiceScopeRefused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn attack_077_only_registered_words_and_never_one_about_residents() {
        let mut client = testing::client("hefei");
        client.service_scopes = ["case:read", "case:write", "phone"].map(str::to_owned).to_vec();
        assert_eq!(scopes(&client, None).as_deref(), Ok("case:read case:write"));
        assert_eq!(scopes(&client, Some(" case:write ")).as_deref(), Ok("case:write"));
        for bad in [
            "openid",
            "case:read phone",
            "case:read other",
            "Case:read",
            "offline_access",
        ] {
            assert_eq!(
                scopes(&client, Some(bad)),
                Err(TokenError::ServiceScopeRefused),
                "{bad}"
            );
        }
        client.service_scopes.clear();
        assert_eq!(scopes(&client, None).as_deref(), Ok(""));
    }
}
