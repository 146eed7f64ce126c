//! Refresh tokens: spending and replay here; what they stand on in [`footing`].

mod footing;

use std::collections::BTreeMap;

use model::authn::{Method, Methods, Strength};
use model::ladder::Level;
use model::phone::Phone;
use model::scope::{Scope, ScopeSet};
use model::secret::Sensitive;

use sea_orm::Statement;

use super::*;
use crate::accounts;
use crate::codes::tests::{World, world};
use crate::codes::{self, NewCode, Redemption, RequestedClaims};
use crate::credentials;
use crate::grants;
use crate::requested::RequestedVerified;
use crate::sessions::{self, NewSession};
use crate::testing::{self, TestStore};
use crate::tokens::{NewAccessToken, TokenDetails};

impl World<'_> {
    fn details(&self) -> CodeDetails {
        CodeDetails {
            scopes: ScopeSet::from_iter([Scope::Openid, Scope::Phone]),
            nonce: None,
            acr: Level::REGISTERED,
            acr_essential: false,
            identity_level: Level::REGISTERED,
            strength: Strength::A1,
            methods: Methods::new([Method::Password]),
            auth_time: self.now(),
            auth_time_requested: false,
            claims: RequestedClaims::default(),
            grant: Some(self.grant),
            jkt: None,
            resources: Vec::new(),
        }
    }

    fn life(&self) -> Life {
        Life {
            started_at: self.now(),
            idle_expires_at: self.now() + TimeDelta::days(14),
            expires_at: self.now() + TimeDelta::days(90),
        }
    }

    /// Redeems a code, which is what refresh tokens are given on.
    async fn grounds(&self) -> Grounds {
        let (code, now) = (Token::generate(self.test.store.rng()), self.now());
        let tx = self.test.store.read();
        let new = NewCode {
            code: &code,
            client_id: &self.client,
            account: self.account,
            session: self.session,
            redirect_uri: "https://hefei.example/callback",
            code_challenge: None,
            details: &self.details(),
            now,
            expires_at: now + TimeDelta::minutes(1),
        };
        codes::issue(&tx, &new).await.expect("code");
        match codes::redeem(&tx, &code.hash(), &self.client, now)
            .await
            .expect("redeemed")
        {
            Redemption::Redeemed(redeemed) => redeemed.grounds(),
            other => panic!("{other:?}"),
        }
    }

    async fn give(&self, tx: &Tx, grounds: &Grounds, life: Life) -> TokenHash {
        let token = Token::generate(self.test.store.rng());
        let new = NewRefreshToken {
            token: &token,
            grounds,
            details: &self.details(),
            life,
            now: self.now(),
        };
        issue(tx, &new).await.expect("issued");
        token.hash()
    }

    /// A refresh token of a family of its own.
    async fn start(&self) -> TokenHash {
        let grounds = self.grounds().await;
        self.give(&self.test.store.read(), &grounds, self.life()).await
    }

    async fn find(&self, token: &TokenHash) -> Kept {
        find(&self.test.store.read(), token)
            .await
            .expect("read")
            .expect("there")
    }

    async fn spend(&self, token: &TokenHash) -> Option<Grounds> {
        let kept = self.find(token).await;
        redeem(
            &self.test.store.read(),
            &kept,
            (Reach::SignIn, Use::Spend),
            self.now(),
        )
        .await
        .expect("asked")
    }

    async fn access(&self, tx: &Tx, grounds: &Grounds) -> TokenHash {
        let details = TokenDetails {
            scopes: ScopeSet::from_iter([Scope::Openid]),
            acr: Level::REGISTERED,
            strength: Strength::A1,
            methods: Methods::new([Method::Password]),
            auth_time: self.now(),
            claims: BTreeMap::new(),
            verified_claims: RequestedVerified::default(),
            jkt: None,
            resources: Vec::new(),
            jti: None,
        };
        let hash = Token::generate(self.test.store.rng()).hash();
        let new = NewAccessToken {
            hash,
            grounds,
            details: &details,
            now: self.now(),
            expires_at: self.now() + TimeDelta::minutes(10),
        };
        tokens::issue(tx, &new).await.expect("token");
        hash
    }
}

#[tokio::test]
async fn a_refresh_token_reads_back_with_whom_it_is_about() {
    for test in testing::stores().await {
        let world = world(&test).await;
        let token = world.start().await;
        let kept = world.find(&token).await;
        assert_eq!(kept.details, world.details());
        assert_eq!(kept.life, world.life());
        assert_eq!(kept.holder.account.id, world.account);
        assert_eq!(
            kept.holder.allowed.as_ref().map(ToString::to_string).as_deref(),
            Some("phone")
        );
        assert_eq!(kept.holder.sign_in_over, Some(world.now() + TimeDelta::hours(12)));
        assert_eq!(kept.fault(&world.client, world.now()), None);
        let nobody = find(&test.store.read(), &TokenHash::of("x")).await.expect("read");
        assert!(nobody.is_none());
    }
}

#[tokio::test]
async fn attack_087_a_spent_token_is_used_up_and_a_replay_kills_the_family_with_its_access_tokens() {
    for test in testing::stores().await {
        let world = world(&test).await;
        let (other, first) = (world.start().await, world.start().await);
        let grounds = world.spend(&first).await.expect("won");
        let tx = test.store.read();
        let second = world.give(&tx, &grounds, world.life()).await;
        let access = world.access(&tx, &grounds).await;
        assert!(world.is_alive(&access).await);
        assert!(world.spend(&first).await.is_none());
        let kept = world.find(&first).await;
        assert_eq!(kept.fault(&world.client, world.now()), Some(Worthless::Used));
        let revoked = revoke_family(&tx, kept.family(), world.now())
            .await
            .expect("revoked");
        assert_eq!((revoked.refresh_tokens, revoked.access_tokens), (2, 1));
        assert!(!world.is_alive(&access).await);
        assert_eq!(
            world.find(&second).await.fault(&world.client, world.now()),
            Some(Worthless::Revoked)
        );
        assert!(world.spend(&second).await.is_none());
        assert!(world.spend(&other).await.is_some(), "another family");
        let again = revoke_family(&tx, kept.family(), world.now())
            .await
            .expect("revoked");
        assert_eq!(again, Revoked::default());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn attack_087_of_many_at_once_one_spends_the_token() {
    for test in testing::stores().await {
        let world = world(&test).await;
        let token = world.start().await;
        let kept = world.find(&token).await;
        let mut tries = tokio::task::JoinSet::new();
        for _ in 0..16 {
            let (store, kept, now) = (test.store.clone(), kept.clone(), world.now());
            tries.spawn(async move {
                let tx = store.begin().await.expect("begun");
                let won = redeem(&tx, &kept, (Reach::SignIn, Use::Spend), now)
                    .await
                    .expect("asked");
                tx.commit().await.expect("committed");
                won.is_some()
            });
        }
        let won = tries.join_all().await.into_iter().filter(|won| *won).count();
        assert_eq!(won, 1, "{}", test.database.kind());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn attack_087_nothing_of_a_family_survives_a_replay_that_meets_a_refresh() {
    for test in testing::stores().await {
        for _ in 0..8 {
            let world = world_again(&test).await;
            let first = world.start().await;
            let grounds = world.spend(&first).await.expect("won");
            let second = world.give(&test.store.read(), &grounds, world.life()).await;
            let kept = world.find(&second).await;
            let refreshing = async {
                let tx = test.store.begin().await.expect("begun");
                let won = redeem(&tx, &kept, (Reach::SignIn, Use::Spend), world.now()).await;
                let mut given = None;
                if let Some(grounds) = won.expect("asked") {
                    let third = world.give(&tx, &grounds, world.life()).await;
                    given = Some((third, world.access(&tx, &grounds).await));
                }
                tx.commit().await.expect("committed");
                given
            };
            let replaying = async {
                let tx = test.store.begin().await.expect("begun");
                revoke_family(&tx, kept.family(), world.now())
                    .await
                    .expect("revoked");
                tx.commit().await.expect("committed");
            };
            let (given, ()) = tokio::join!(refreshing, replaying);
            if let Some((third, access)) = given {
                assert!(world.spend(&third).await.is_none(), "{}", test.database.kind());
                assert!(!world.is_alive(&access).await, "{}", test.database.kind());
            }
        }
    }
}

/// The resident of the first world may have been made already.
async fn world_again(test: &TestStore) -> World<'_> {
    let phone = Phone::parse("13800138000").expect("phone");
    let tx = test.store.read();
    if let Some(account) = accounts::find_by_phone(&tx, &phone).await.expect("looked up") {
        let (store, now) = (&test.store, test.clock.now());
        let session = SessionId::new(now, store.rng());
        let new = NewSession {
            id: session,
            token_hash: Token::generate(store.rng()).hash(),
            account: account.id,
            methods: Methods::new([Method::Password]),
            public_computer: false,
            now,
            expires_at: now + TimeDelta::hours(12),
            device: "a browser".to_owned(),
        };
        sessions::create(&tx, &new).await.expect("session");
        return World {
            test,
            client: ClientId::parse("hefei").expect("id"),
            account: account.id,
            session,
            grant: GrantId::new(now, store.rng()),
        };
    }
    world(test).await
}
