//! The signed event (RFC 8417 section 2.2): a level that fell is one logical event in two vocabularies, that of OpenID CAEP
//! 1.0 section 3.4 for receivers who know it, and our own, which says what tokens say. What happens to an account is said
//! in the words of OpenID RISC 1.0 section 2 (disabled, enabled, purged) and CAEP 1.0 sections 3.1 and 3.3 (session
//! revoked, credential change), without any reason: that is between the person and the province.
//!
//! There is no `sub` and no `exp` (RFC 8417 section 4.6), and `typ` is `secevent+jwt`, so that an event is never taken for
//! an ID token. `jti` is the same each time that one event is sent to one sub-site, and another at every sub-site.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, SecondsFormat, Utc};
use jose::sign::{SignError, TokenType};
use model::client::Client;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use store::status_events::{
    AccountEvent, Cause, Credential, CredentialStep, Happened, LevelFell, Notice, Said,
};

use crate::Service;

/// How CAEP events name our levels.
const NAMESPACE: &str = "urn:denizen:loa";

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    iat: i64,
    jti: String,
    aud: &'a str,
    toe: i64,
    sub_id: Subject<'a>,
    events: Events,
}

/// RFC 9493 section 3.2.2.
#[derive(Serialize)]
struct Subject<'a> {
    format: &'static str,
    iss: &'a str,
    sub: String,
}

/// RFC 8417 section 2.2: an object with one member for each vocabulary.
#[derive(Serialize)]
#[serde(untagged)]
enum Events {
    Level {
        #[serde(rename = "urn:denizen:event:identity-level-changed")]
        ours: Box<LevelChanged>,
        #[serde(rename = "https://schemas.openid.net/secevent/caep/event-type/assurance-level-change")]
        caep: Box<AssuranceLevelChange>,
    },
    Disabled {
        #[serde(rename = "https://schemas.openid.net/secevent/risc/event-type/account-disabled")]
        event: Nothing,
    },
    Enabled {
        #[serde(rename = "https://schemas.openid.net/secevent/risc/event-type/account-enabled")]
        event: Nothing,
    },
    Purged {
        #[serde(rename = "https://schemas.openid.net/secevent/risc/event-type/account-purged")]
        event: Nothing,
    },
    SessionsRevoked {
        #[serde(rename = "https://schemas.openid.net/secevent/caep/event-type/session-revoked")]
        event: When,
    },
    CredentialChange {
        #[serde(rename = "https://schemas.openid.net/secevent/caep/event-type/credential-change")]
        event: CredentialChange,
    },
}

/// These events have no members of their own.
#[derive(Serialize)]
struct Nothing {}

#[derive(Serialize)]
struct When {
    event_timestamp: i64,
}

#[derive(Serialize)]
struct CredentialChange {
    credential_type: Credential,
    change_type: CredentialStep,
    event_timestamp: i64,
}

#[derive(Serialize)]
struct LevelChanged {
    acr: String,
    previous_acr: String,
    reason: Cause,
    at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity_level: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_identity_level: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity_verified_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity_lapses_at: Option<String>,
}

#[derive(Serialize)]
struct AssuranceLevelChange {
    namespace: &'static str,
    current_level: String,
    previous_level: String,
    change_direction: &'static str,
    initiating_entity: &'static str,
    event_timestamp: i64,
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn account(happened: &Happened) -> Events {
    let event_timestamp = happened.at.timestamp();
    match happened.what {
        AccountEvent::Disabled => Events::Disabled { event: Nothing {} },
        AccountEvent::Enabled => Events::Enabled { event: Nothing {} },
        AccountEvent::Purged => Events::Purged { event: Nothing {} },
        AccountEvent::SessionsRevoked => Events::SessionsRevoked {
            event: When { event_timestamp },
        },
        AccountEvent::CredentialChanged => {
            let (credential_type, change_type) = happened
                .credential
                .unwrap_or((Credential::Password, CredentialStep::Update));
            Events::CredentialChange {
                event: CredentialChange {
                    credential_type,
                    change_type,
                    event_timestamp,
                },
            }
        }
    }
}

fn fell(fell: &LevelFell) -> Events {
    Events::Level {
        ours: Box::new(LevelChanged {
            acr: fell.to.acr(),
            previous_acr: fell.from.acr(),
            reason: fell.cause,
            at: time(fell.at),
            identity_level: fell.dates.then(|| fell.to.number()),
            previous_identity_level: fell.dates.then(|| fell.from.number()),
            identity_verified_at: fell.verified_at.filter(|_| fell.dates).map(time),
            identity_lapses_at: fell.lapses_at.filter(|_| fell.dates).map(time),
        }),
        caep: Box::new(AssuranceLevelChange {
            namespace: NAMESPACE,
            current_level: fell.to.number().to_string(),
            previous_level: fell.from.number().to_string(),
            change_direction: "decrease",
            initiating_entity: match fell.cause {
                Cause::Lapsed => "policy",
                Cause::Ended => "system",
            },
            event_timestamp: fell.at.timestamp(),
        }),
    }
}

/// The event for one sub-site, signed as its ID tokens are.
pub(super) fn mint(service: &Service, client: &Client, notice: &Notice) -> Result<String, SignError> {
    let claims = Claims {
        iss: service.issuer(),
        iat: notice.created_at.timestamp(),
        jti: jti(notice),
        aud: client.client_id.as_str(),
        toe: notice.said.at().timestamp(),
        sub_id: Subject {
            format: "iss_sub",
            iss: service.issuer(),
            sub: service.subject(client, notice.account),
        },
        events: match &notice.said {
            Said::Fell(level) => fell(level),
            Said::Account(happened) => account(happened),
        },
    };
    // Strings and numbers always make JSON.
    let claims = serde_json::to_string(&claims).map_err(|_| SignError::Library)?;
    service.ring().sign(
        client.id_token_signed_response_alg,
        TokenType::SecurityEvent,
        &claims,
    )
}

/// The row's own name carries its time and stays here.
fn jti(notice: &Notice) -> String {
    let digest = Sha256::new()
        .chain_update(b"status event\0")
        .chain_update(notice.id.as_uuid().as_bytes())
        .finalize();
    URL_SAFE_NO_PAD.encode(digest)
}
