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
//! sub-site can ask by it. A registration that changes the names takes the hashes with it ([`follow`]).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use model::client::{Client, SubjectType};
use model::evidence::Evidence;
use model::ids::{AccountId, ClientId};
use model::scope::ScopeSet;
use model::secret::TokenHash;
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait as _, Query};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, FromQueryResult as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, QueryTrait as _,
};
use sha2::Sha256;
use url::Url;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::accounts::{self, Account, Status};
use crate::entity::{account, consent_grant};
use crate::error::StoreError;
use crate::evidence;
use crate::tx::Tx;
use crate::vault::Vault;

/// How many names are noted in one statement.
const NOTED_MAX: u64 = 200;

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

/// Whether a sub-site knows people by other names after a change of its registration.
pub fn are_renamed(old: &Client, new: &Client) -> bool {
    (sector(old), old.subject_type) != (sector(new), new.subject_type)
}

/// Takes the names that are noted with a sub-site's decisions over to a changed registration, so that it can ask by the
/// names that it learns from now on, and by the ones before no more; answers how many. To be called before tokens are
/// revoked: decisions first, as everywhere.
pub async fn follow(tx: &Tx, old: &Client, new: &Client) -> Result<u64, StoreError> {
    if are_renamed(old, new) {
        note_all(tx, new, NOTED_MAX).await
    } else {
        Ok(0)
    }
}

async fn note_all(tx: &Tx, client: &Client, at_once: u64) -> Result<u64, StoreError> {
    let names = Subjects::new(tx.vault());
    let mut after: Option<Uuid> = None;
    let mut noted = 0;
    loop {
        let mut query = consent_grant::Entity::find()
            .select_only()
            .columns([consent_grant::Column::Id, consent_grant::Column::AccountId])
            .filter(consent_grant::Column::ClientId.eq(client.client_id.as_str()))
            .filter(consent_grant::Column::RevokedAt.is_null())
            .order_by_asc(consent_grant::Column::Id)
            .limit(at_once);
        if let Some(after) = after {
            query = query.filter(consent_grant::Column::Id.gt(after));
        }
        let page: Vec<(Uuid, Uuid)> = query.into_tuple().all(tx).await?;
        let Some((last, _)) = page.last() else {
            return Ok(noted);
        };
        after = Some(*last);
        let mut hashes = CaseStatement::new();
        for (id, account) in &page {
            let subject = names.subject(client, AccountId::from_uuid(*account));
            let hash = TokenHash::of(&subject).as_bytes().to_vec();
            hashes = hashes.case(consent_grant::Column::Id.eq(*id), Expr::value(hash));
        }
        noted += consent_grant::Entity::update_many()
            .col_expr(consent_grant::Column::SubjectHash, hashes.into())
            .filter(consent_grant::Column::Id.is_in(page.iter().map(|(id, _)| *id)))
            .exec(tx)
            .await?
            .rows_affected;
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use model::client::AccountKind;
    use model::ids::GrantId;
    use model::language::Language;
    use model::phone::Phone;
    use serde_json::json;

    use super::*;
    use crate::accounts::NewAccount;
    use crate::grants::{self, Grant};
    use crate::testing::{self, TestStore};

    fn client(id: &str) -> Client {
        let text = json!({ "zh-CN": "合肥", "en": "Hefei", "vi": "Hợp Phì" });
        serde_json::from_value(json!({
            "client_id": id, "name": text, "agency": text, "sector": "hefei", "auth_method": "none",
            "redirect_uris": [format!("https://{id}.example/callback")], "scopes": ["openid"],
        }))
        .unwrap()
    }

    /// Somebody who decided about some sub-sites, by the names of today.
    async fn resident(test: &TestStore, number: usize, clients: &[&Client]) -> AccountId {
        let (now, tx) = (test.clock.now(), test.store.read());
        let id = AccountId::new(now, test.store.rng());
        let new = NewAccount {
            id,
            kind: AccountKind::Resident,
            language: Language::ZhCn,
            phone: Phone::parse(&format!("1380013800{number}")).unwrap(),
            created_at: now,
        };
        accounts::create(&tx, &new).await.unwrap();
        let names = Subjects::new(test.store.vault());
        for client in clients {
            let grant = Grant {
                id: GrantId::new(now, test.store.rng()),
                client_id: client.client_id.clone(),
                allowed: ScopeSet::parse_lenient("openid assurance"),
                asked: ScopeSet::parse_lenient("openid assurance"),
                receipt: json!({}),
                created_at: now,
                revoked_at: None,
            };
            grants::put(&tx, id, &grant).await.unwrap();
            grants::note_subject(&tx, grant.id, &names.subject(client, id))
                .await
                .unwrap();
        }
        id
    }

    async fn asks(test: &TestStore, client: &Client, by: &Client, account: AccountId) -> bool {
        let subject = Subjects::new(test.store.vault()).subject(by, account);
        let known = find(&test.store.read(), &client.client_id, &subject)
            .await
            .unwrap();
        assert!(known.as_ref().is_none_or(|known| known.account.id == account));
        known.is_some()
    }

    #[tokio::test]
    async fn a_sub_site_asks_by_the_names_of_its_changed_registration_and_by_the_old_ones_no_more() {
        for test in testing::stores().await {
            let (old, other) = (client("hefei"), client("wuhu"));
            let mut public = old.clone();
            public.subject_type = SubjectType::Public;
            let mut document = old.clone();
            document.sector_identifier_uri = Some("https://city.example/sites.json".to_owned());
            let mut people = Vec::new();
            for number in 0..5 {
                people.push(resident(&test, number, &[&old, &other]).await);
            }
            let tx = test.store.read();
            let withdrawn = grants::find_active(&tx, people[4], &old.client_id).await.unwrap();
            let now = test.clock.now() + TimeDelta::seconds(1);
            assert!(
                grants::revoke(&tx, people[4], withdrawn.unwrap().id, now)
                    .await
                    .unwrap()
            );
            assert_eq!(follow(&tx, &old, &old).await.unwrap(), 0, "nothing changed");
            for (before, after) in [(&old, &public), (&public, &document), (&document, &old)] {
                assert!(are_renamed(before, after));
                // In pages of two: the last one is not full.
                assert_eq!(note_all(&tx, after, 2).await.unwrap(), 4);
                for account in &people[..4] {
                    assert!(
                        asks(&test, &old, after, *account).await,
                        "{}",
                        test.database.kind()
                    );
                    assert!(!asks(&test, &old, before, *account).await);
                    assert!(asks(&test, &other, &other, *account).await, "nobody else's");
                }
                assert!(!asks(&test, &old, after, people[4]).await, "who took it back");
            }
            assert_eq!(follow(&tx, &old, &public).await.unwrap(), 4);
        }
    }
}
