//! What a sub-site was given, and its end.

use model::authn::{Methods, Strength};
use model::client::AccountKind;
use model::ids::{AccountId, GrantId, SessionId};
use model::ladder::Level;
use model::language::Language;
use model::phone::Phone;
use model::scope::{Scope, ScopeSet};
use model::secret::Token;
use sea_orm::{ConnectionTrait as _, Statement};

use super::*;
use crate::accounts::{self, NewAccount};
use crate::codes::{CodeDetails, RequestedClaims};
use crate::grants::{self, Grant};
use crate::refresh::{self, Life, NewRefreshToken, Reach, Use};
use crate::sessions::{self, NewSession};
use crate::testing::{TestStore, stores};
use crate::tokens::Grounds;

async fn resident(test: &TestStore) -> AccountId {
    let now = test.clock.now();
    let new = NewAccount {
        id: AccountId::new(now, test.store.rng()),
        kind: AccountKind::Resident,
        language: Language::ZhCn,
        phone: Phone::parse("13800138000").unwrap(),
        created_at: now,
    };
    accounts::create(&test.store.read(), &new).await.unwrap();
    new.id
}

#[tokio::test]
async fn consent_ends_with_the_sub_site_and_is_not_there_for_another_of_the_same_name() {
    for test in stores().await {
        let (tx, now) = (test.store.read(), test.clock.now());
        let account = resident(&test).await;
        let ids = ["hefei", "wuhu"].map(|id| ClientId::parse(id).unwrap());
        for id in &ids {
            put(&tx, &tests::site(id.as_str()), now).await.unwrap();
            let grant = Grant {
                id: GrantId::new(now, test.store.rng()),
                client_id: id.clone(),
                allowed: ScopeSet::from_iter([Scope::Phone]),
                asked: ScopeSet::from_iter([Scope::Phone]),
                receipt: serde_json::Value::Null,
                created_at: now,
                revoked_at: None,
            };
            grants::put(&tx, account, &grant).await.unwrap();
        }
        remove(&tx, &BTreeSet::from([ids[0].clone()]), now).await.unwrap();
        put(&tx, &tests::site("hefei"), now).await.unwrap();
        for (id, there) in ids.iter().zip([false, true]) {
            let found = grants::find_active(&tx, account, id).await.unwrap();
            assert_eq!(found.is_some(), there, "{id} on {}", test.database.kind());
        }
        assert_eq!(grants::list(&tx, account).await.unwrap().len(), 2, "history");
    }
}

#[tokio::test]
async fn what_a_sub_site_was_given_is_found_by_an_index() {
    for test in stores().await {
        let sqlite = test.database.kind() == "sqlite";
        let (explain, column) = if sqlite {
            ("EXPLAIN QUERY PLAN", "detail")
        } else {
            ("EXPLAIN", "QUERY PLAN")
        };
        let tx = test.store.begin().await.unwrap();
        if !sqlite {
            // An empty table is read from end to end unless that is forbidden.
            tx.execute_unprepared("SET LOCAL enable_seqscan = off")
                .await
                .unwrap();
        }
        for table in [
            "authorization_code",
            "access_token",
            "refresh_token",
            "consent_grant",
        ] {
            let sql = format!("{explain} UPDATE {table} SET account_id = account_id WHERE client_id = 'x'");
            let statement = Statement::from_string(tx.get_database_backend(), sql);
            let rows = tx.query_all_raw(statement).await.unwrap();
            let plan: Vec<String> = rows.iter().map(|row| row.try_get("", column).unwrap()).collect();
            let index = format!("ix_{table}_client_id");
            assert!(plan.join("\n").contains(&index), "{plan:?}");
        }
    }
}

fn details(test: &TestStore) -> CodeDetails {
    CodeDetails {
        scopes: ScopeSet::from_iter([Scope::Openid]),
        nonce: None,
        acr: Level::REGISTERED,
        acr_essential: false,
        identity_level: Level::REGISTERED,
        strength: Strength::A1,
        methods: Methods::default(),
        auth_time: test.clock.now(),
        auth_time_requested: false,
        claims: RequestedClaims::default(),
        grant: None,
        jkt: None,
        resources: Vec::new(),
    }
}

async fn session(test: &TestStore, account: AccountId) -> SessionId {
    let now = test.clock.now();
    let id = SessionId::new(now, test.store.rng());
    let new = NewSession {
        id,
        token_hash: Token::generate(test.store.rng()).hash(),
        account,
        methods: Methods::default(),
        public_computer: false,
        now,
        expires_at: now + TimeDelta::hours(12),
        device: "a browser".to_owned(),
    };
    sessions::create(&test.store.read(), &new).await.unwrap();
    id
}

async fn give(test: &TestStore, tx: &Tx, grounds: &Grounds) -> TokenHash {
    let (token, now) = (Token::generate(test.store.rng()), test.clock.now());
    let new = NewRefreshToken {
        token: &token,
        grounds,
        details: &details(test),
        life: Life {
            started_at: now,
            idle_expires_at: now + TimeDelta::days(14),
            expires_at: now + TimeDelta::days(90),
        },
        now,
    };
    refresh::issue(tx, &new).await.unwrap();
    token.hash()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_refresh_token_survives_that_is_made_while_a_sub_site_ends() {
    for test in stores().await {
        let (store, now) = (&test.store, test.clock.now());
        let account = resident(&test).await;
        let grounds = Grounds {
            family: TokenHash::of("code"),
            client_id: ClientId::parse("hefei").unwrap(),
            account,
            session: session(&test, account).await,
            grant: None,
        };
        for _ in 0..8 {
            let first = give(&test, &store.read(), &grounds).await;
            let kept = refresh::find(&store.read(), &first).await.unwrap().unwrap();
            let using = store.begin().await.unwrap();
            let how = (Reach::SignIn, Use::Spend);
            let won = refresh::redeem(&using, &kept, how, now).await.unwrap();
            assert!(won.is_some());
            let using = async {
                tokio::task::yield_now().await;
                let next = give(&test, &using, &grounds).await;
                using.commit().await.unwrap();
                next
            };
            let ending = async {
                let tx = store.begin().await.unwrap();
                revoke_tokens(&tx, &grounds.client_id, now).await.unwrap();
                tx.commit().await.unwrap();
            };
            let ((), next) = tokio::join!(ending, using);
            let kept = refresh::find(&store.read(), &next).await.unwrap().unwrap();
            let fault = kept.fault(&grounds.client_id, now);
            assert_eq!(
                fault,
                Some(refresh::Worthless::Revoked),
                "{}",
                test.database.kind()
            );
        }
    }
}
