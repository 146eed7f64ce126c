use std::collections::BTreeMap;

use model::authn::{Method, Methods, Strength};
use model::client::AccountKind;
use model::ladder::Level;
use model::language::Language;
use model::phone::Phone;
use model::scope::{Scope, ScopeSet};
use model::secret::Sensitive;

use sea_orm::Statement;

use super::*;
use crate::accounts::{self, NewAccount};
use crate::codes::{self, NewCode, Redemption, RequestedClaims};
use crate::credentials;
use crate::grants::{self, Grant};
use crate::sessions::{self, NewSession};
use crate::testing::{self, TestStore};
use crate::tokens::{NewAccessToken, TokenDetails};

struct World<'a> {
    test: &'a TestStore,
    client: ClientId,
    account: AccountId,
    session: SessionId,
    grant: GrantId,
}

async fn world(test: &TestStore) -> World<'_> {
    let (store, now) = (&test.store, test.clock.now());
    let tx = store.read();
    let account = AccountId::new(now, store.rng());
    let new = NewAccount {
        id: account,
        kind: AccountKind::Resident,
        language: Language::ZhCn,
        phone: Phone::parse("13800138000").expect("phone"),
        created_at: now,
    };
    accounts::create(&tx, &new).await.expect("account");
    let session = SessionId::new(now, store.rng());
    let new = NewSession {
        id: session,
        token_hash: Token::generate(store.rng()).hash(),
        account,
        methods: Methods::new([Method::Password]),
        public_computer: false,
        now,
        expires_at: now + TimeDelta::hours(12),
        device: "a browser".to_owned(),
    };
    sessions::create(&tx, &new).await.expect("session");
    let world = World {
        test,
        client: ClientId::parse("hefei").expect("id"),
        account,
        session,
        grant: GrantId::new(now, store.rng()),
    };
    world.decide(world.grant).await;
    world
}

impl World<'_> {
    fn now(&self) -> DateTime<Utc> {
        self.test.clock.now()
    }

    async fn decide(&self, id: GrantId) {
        let scopes = ScopeSet::from_iter([Scope::Phone]);
        let grant = Grant {
            id,
            client_id: self.client.clone(),
            allowed: scopes.clone(),
            asked: scopes,
            receipt: serde_json::Value::Null,
            created_at: self.now(),
            revoked_at: None,
        };
        grants::put(&self.test.store.read(), self.account, &grant)
            .await
            .expect("grant");
    }

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

    async fn is_alive(&self, token: &TokenHash) -> bool {
        let live = tokens::find_live(&self.test.store.read(), token, self.now()).await;
        live.expect("looked up").is_some()
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

#[tokio::test]
async fn idle_and_absolute_limits_hold_and_use_moves_only_the_idle_one() {
    for test in testing::stores().await {
        let world = world(&test).await;
        let token = world.start().await;
        let keep = async |until: DateTime<Utc>| {
            let kept = world.find(&token).await;
            let how = (Reach::Beyond, Use::Keep(Ord::min(until, kept.life.expires_at)));
            redeem(&test.store.read(), &kept, how, world.now())
                .await
                .expect("asked")
                .is_some()
        };
        for _ in 0..6 {
            test.clock.advance(TimeDelta::days(13));
            assert!(keep(world.now() + TimeDelta::days(14)).await);
        }
        test.clock.advance(TimeDelta::days(12));
        assert!(!keep(world.now()).await, "ninety days");
        let kept = world.find(&token).await;
        assert_eq!(kept.fault(&world.client, world.now()), Some(Worthless::Expired));

        let idle = world_again(&test).await.start().await;
        test.clock.advance(TimeDelta::days(14));
        let kept = world.find(&idle).await;
        assert_eq!(kept.fault(&world.client, world.now()), Some(Worthless::Expired));
        let how = (Reach::Beyond, Use::Keep(world.now()));
        assert!(
            redeem(&test.store.read(), &kept, how, world.now())
                .await
                .expect("asked")
                .is_none()
        );
    }
}

#[tokio::test]
async fn attack_090_a_token_dies_with_sign_out_password_account_and_consent_and_reaches_no_further_than_granted()
 {
    for test in testing::stores().await {
        let world = world(&test).await;
        let (tx, now) = (test.store.read(), world.now());
        let beyond = async |token: &TokenHash| {
            let kept = world.find(token).await;
            let how = (Reach::Beyond, Use::Keep(world.now() + TimeDelta::days(1)));
            let won = redeem(&tx, &kept, how, world.now())
                .await
                .expect("asked")
                .is_some();
            assert!(!won || kept.stands(Reach::Beyond, world.now()));
            won
        };

        let phc = Sensitive::new("phc".to_owned());
        credentials::create_password(&tx, test.store.rng(), world.account, &phc, now)
            .await
            .expect("password");
        let token = world.start().await;
        credentials::change_password(&tx, world.account, &phc, now)
            .await
            .expect("changed");
        assert_eq!(
            world.find(&token).await.fault(&world.client, now),
            Some(Worthless::Revoked),
            "password"
        );

        let token = world.start().await;
        assert!(beyond(&token).await);
        grants::revoke(&tx, world.account, world.grant, now)
            .await
            .expect("revoked");
        world.decide(GrantId::new(now, test.store.rng())).await;
        assert!(!beyond(&token).await, "a new consent does not bring it back");

        let token = world.start().await;
        test.clock.advance(TimeDelta::hours(12));
        assert!(world.spend(&token).await.is_none(), "the sign-in is over");
        assert!(!world.find(&token).await.stands(Reach::SignIn, world.now()));
        assert!(beyond(&token).await, "access beyond it goes on");
        sessions::end(&tx, world.session, world.now())
            .await
            .expect("ended");
        assert!(!beyond(&token).await, "signed out");
        assert_eq!(world.find(&token).await.holder.sign_in_over, None);

        let world = world_again(&test).await;
        let token = world.start().await;
        accounts::freeze(&tx, world.account, world.now())
            .await
            .expect("frozen");
        assert!(world.spend(&token).await.is_none(), "frozen");
    }
}

#[tokio::test]
async fn attack_090_a_code_that_waits_while_the_password_is_changed_gives_nothing() {
    for test in testing::stores().await {
        let world = world(&test).await;
        let (tx, now) = (test.store.read(), world.now());
        let phc = Sensitive::new("phc".to_owned());
        credentials::create_password(&tx, test.store.rng(), world.account, &phc, now)
            .await
            .expect("password");
        let code = Token::generate(test.store.rng());
        let new = NewCode {
            code: &code,
            client_id: &world.client,
            account: world.account,
            session: world.session,
            redirect_uri: "https://hefei.example/callback",
            code_challenge: None,
            details: &world.details(),
            now,
            expires_at: now + TimeDelta::minutes(1),
        };
        codes::issue(&tx, &new).await.expect("code");
        credentials::change_password(&tx, world.account, &phc, now)
            .await
            .expect("changed");
        let redeemed = codes::redeem(&tx, &code.hash(), &world.client, now)
            .await
            .expect("asked");
        assert!(
            matches!(redeemed, Redemption::Refused(_)),
            "{}: {redeemed:?}",
            test.database.kind()
        );
    }
}

/// How many rows of a table carry the note that they were revoked.
async fn noted(test: &TestStore, table: &str) -> i64 {
    let tx = test.store.read();
    let sql = format!("SELECT COUNT(*) AS n FROM {table} WHERE revoked_at IS NOT NULL");
    let counted = Statement::from_string(tx.get_database_backend(), sql);
    let row = tx.query_one_raw(counted).await.expect("counted").expect("a row");
    row.try_get("", "n").expect("a number")
}

#[tokio::test]
async fn what_is_worth_nothing_as_it_is_costs_a_sign_out_nothing() {
    for test in testing::stores().await {
        for way in ["sign-out", "family", "grant"] {
            let mut world = world_again(&test).await;
            world.grant = GrantId::new(world.now(), test.store.rng());
            world.decide(world.grant).await;
            let before = (
                noted(&test, "refresh_token").await,
                noted(&test, "access_token").await,
            );
            let (tx, grounds) = (test.store.read(), world.grounds().await);
            let life = world.life();
            for _ in 0..3 {
                let old = world.give(&tx, &grounds, life).await;
                assert!(world.spend(&old).await.is_some());
                world.access(&tx, &grounds).await;
            }
            test.clock.advance(TimeDelta::minutes(12));
            let held = world.give(&tx, &grounds, life).await;
            let alive = world.access(&tx, &grounds).await;
            match way {
                "sign-out" => drop(
                    sessions::end(&tx, world.session, world.now())
                        .await
                        .expect("ended"),
                ),
                "family" => drop(
                    revoke_family(&tx, &grounds.family, world.now())
                        .await
                        .expect("revoked"),
                ),
                _ => drop(
                    grants::revoke(&tx, world.account, world.grant, world.now())
                        .await
                        .expect("revoked"),
                ),
            }
            let after = (
                noted(&test, "refresh_token").await,
                noted(&test, "access_token").await,
            );
            assert_eq!(
                (after.0 - before.0, after.1 - before.1),
                (1, 1),
                "{way}, {}",
                test.database.kind()
            );
            assert!(!world.is_alive(&alive).await);
            assert_eq!(
                world.find(&held).await.fault(&world.client, world.now()),
                Some(Worthless::Revoked)
            );
        }
    }
}

#[tokio::test]
async fn a_sign_out_and_a_revocation_at_once_do_not_wait_for_each_other_in_a_circle() {
    for test in testing::stores().await {
        if test.database.kind() != "postgres" {
            // There is one writer at a time.
            continue;
        }
        let world = world(&test).await;
        let (tx, grounds) = (test.store.read(), world.grounds().await);
        world.give(&tx, &grounds, world.life()).await;
        world.access(&tx, &grounds).await;
        // A revocation of the family that has come half of its way.
        let half = test.store.begin().await.expect("begun");
        let family = Column::CodeHash.eq(grounds.family.as_bytes().to_vec());
        revoke_where(&half, family, world.now()).await.expect("revoked");
        let sign_out = async {
            let whole = test.store.begin().await.expect("begun");
            sessions::end(&whole, world.session, world.now())
                .await
                .expect("no deadlock");
            whole.commit().await.expect("ended");
        };
        let other_half = async {
            let waiting = "SELECT COUNT(*) AS n FROM pg_stat_activity \
                           WHERE datname = current_database() AND wait_event_type = 'Lock'";
            loop {
                let asked = Statement::from_string(tx.get_database_backend(), waiting);
                let row = tx.query_one_raw(asked).await.expect("asked").expect("a row");
                if row.try_get::<i64>("", "n").expect("a number") > 0 {
                    break;
                }
            }
            tokens::revoke_of_code(&half, &grounds.family, world.now())
                .await
                .expect("no deadlock");
            half.commit().await.expect("revoked");
        };
        tokio::join!(sign_out, other_half);
    }
}
