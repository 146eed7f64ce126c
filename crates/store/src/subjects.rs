//! Names under which sub-sites know residents (OpenID Connect Core 8): pairwise, one for each sector; or public, one for
//! all sub-sites that were registered so, where the operator allows that.
//!
//! A sector is what the registration's `sector` says, or the host of its `sector_identifier_uri` if it has one, so that a
//! sub-site which names a document shares names with the other sites of that host and no others. A sub-site that had
//! none and gets one knows its residents by other names from then on, unless its `sector` said `https://` and that host.
//!
//! A keyed hash of sector and account: nothing to store, the same on every node and for good, and without the key
//! neither joined across sectors nor traced back to the account (A125). A closed account never comes back under its
//! identifier, so its subject does not either (A126). A decision about a sub-site carries the hash of the name, and so the
//! sub-site can ask by it.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use model::client::{Client, SubjectType};
use model::evidence::Evidence;
use model::ids::{AccountId, ClientId};
use model::scope::ScopeSet;
use model::secret::TokenHash;
use sea_orm::sea_query::{Expr, ExprTrait as _, Query};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, FromQueryResult as _, QueryFilter as _,
    QuerySelect as _, QueryTrait as _,
};
use sha2::Sha256;
use url::Url;
use zeroize::Zeroizing;

use crate::accounts::{self, Account, Status};
use crate::entity::{account, consent_grant};
use crate::error::StoreError;
use crate::evidence;
use crate::tx::Tx;
use crate::vault::Vault;

/// The keys of subjects. Public names have one of their own, so no sector can be named such that its names are theirs.
pub struct Subjects {
    pairwise: Zeroizing<[u8; 32]>,
    public: Zeroizing<[u8; 32]>,
}

impl fmt::Debug for Subjects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Subjects(…)")
    }
}

impl Subjects {
    /// Derives the keys.
    pub fn new(vault: &Vault) -> Self {
        Self {
            pairwise: vault.derive("subject"),
            public: vault.derive("public subject"),
        }
    }

    /// The `sub` of an account for a client.
    pub fn subject(&self, client: &Client, account: AccountId) -> String {
        let id = account.as_uuid();
        match client.subject_type {
            SubjectType::Pairwise => {
                format!(
                    "p.{}",
                    keyed(&self.pairwise, sector(client).as_bytes(), id.as_bytes())
                )
            }
            SubjectType::Public => format!("u.{}", keyed(&self.public, b"", id.as_bytes())),
        }
    }
}

/// The sector of a client. A host is written as an address, so that it is no file's sector by accident; an address
/// without a host is refused at registration.
pub fn sector(client: &Client) -> String {
    let document = client.sector_identifier_uri.as_deref();
    let host = document.and_then(|uri| Some(format!("https://{}", Url::parse(uri).ok()?.host_str()?)));
    host.unwrap_or_else(|| client.sector.clone())
}

/// Sectors and client ids have no NUL and identifiers have one length, so no two pairs give one input.
pub fn keyed(key: &[u8; 32], scope: &[u8], id: &[u8; 16]) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return String::new(); // HMAC takes keys of any length
    };
    mac.update(scope);
    mac.update(&[0]);
    mac.update(id);
    URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
}

/// A person as a sub-site knows them.
#[derive(Clone, Debug)]
pub struct Known {
    /// The account.
    pub account: Account,
    /// Its evidence that has not ended, newest first.
    pub evidence: Vec<Evidence>,
    /// What the person allows the sub-site today.
    pub allowed: ScopeSet,
}

/// The person of this name who allows the sub-site something today, if the account is in use. One statement.
pub async fn find(tx: &Tx, client: &ClientId, subject: &str) -> Result<Option<Known>, StoreError> {
    const EVIDENCE: &str = "evidence_today";
    const ALLOWED: &str = "allowed_today";
    let hash = TokenHash::of(subject).as_bytes().to_vec();
    let holds = || {
        Query::select()
            .from(consent_grant::Entity)
            .and_where(
                Expr::col((consent_grant::Entity, consent_grant::Column::ClientId)).eq(client.as_str()),
            )
            .and_where(
                Expr::col((consent_grant::Entity, consent_grant::Column::SubjectHash)).eq(hash.clone()),
            )
            .and_where(Expr::col((consent_grant::Entity, consent_grant::Column::RevokedAt)).is_null())
            .limit(1)
            .take()
    };
    let who = holds()
        .column((consent_grant::Entity, consent_grant::Column::AccountId))
        .take();
    let what = holds()
        .column((consent_grant::Entity, consent_grant::Column::Allowed))
        .take();
    let backend = tx.get_database_backend();
    let query = account::Entity::find()
        .filter(
            Expr::col((account::Entity, account::Column::Id)).eq(Expr::SubQuery(None, Box::new(who.into()))),
        )
        .filter(account::Column::Status.eq(Status::Active.as_str()))
        .expr_as(evidence::column(backend), EVIDENCE)
        .expr_as(Expr::SubQuery(None, Box::new(what.into())), ALLOWED)
        .into_query();
    let Some(found) = tx.query_one_raw(backend.build(&query)).await? else {
        return Ok(None);
    };
    let allowed: Option<String> = found.try_get("", ALLOWED)?;
    let held: Option<String> = found.try_get("", EVIDENCE)?;
    Ok(Some(Known {
        account: accounts::from_row(tx, account::Model::from_query_result(&found, "")?)?,
        evidence: evidence::from_column(held.as_deref())?.0,
        allowed: ScopeSet::parse_lenient(&allowed.unwrap_or_default()),
    }))
}
