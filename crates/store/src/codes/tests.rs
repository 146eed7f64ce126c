use std::collections::BTreeMap;

use chrono::TimeDelta;
use model::authn::Method;
use model::client::AccountKind;
use model::language::Language;
use model::phone::Phone;
use model::scope::Scope;

use super::*;
use crate::accounts::{self, NewAccount};
use crate::grants::{self, Grant};
use crate::requested::RequestedVerified;
use crate::sessions::{self, NewSession};
use crate::testing::{self, TestStore};
use crate::tokens::{self, NewAccessToken, TokenDetails};

const LIFE: TimeDelta = TimeDelta::seconds(60);

/// A resident who is signed in and allowed the client something.
pub(crate) struct World<'a> {
    pub(crate) test: &'a TestStore,
    pub(crate) client: ClientId,
    pub(crate) account: AccountId,
    pub(crate) session: SessionId,
    pub(crate) grant: GrantId,
}

pub(crate) async fn world(test: &TestStore) -> World<'_> {
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
    let client = ClientId::parse("hefei").expect("id");
    let grant = GrantId::new(now, store.rng());
    let world = World {
        test,
        client,
        account,
        session,
        grant,
    };
    world.decide(grant).await;
    world
}

impl World<'_> {
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.test.clock.now()
    }

    pub(crate) async fn decide(&self, id: GrantId) {
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

    async fn issue(&self) -> TokenHash {
        let code = Token::generate(self.test.store.rng());
        let details = CodeDetails {
            scopes: ScopeSet::from_iter([Scope::Openid, Scope::Phone]),
            nonce: Some("n".to_owned()),
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
        };
        let new = NewCode {
            code: &code,
            client_id: &self.client,
            account: self.account,
            session: self.session,
            redirect_uri: "https://hefei.example/callback",
            code_challenge: Some("challenge"),
            details: &details,
            now: self.now(),
            expires_at: self.now() + LIFE,
        };
        issue(&self.test.store.read(), &new).await.expect("issue");
        code.hash()
    }

    /// Redeems and gives an access token, as the token endpoint does.
    async fn redeem(&self, code: &TokenHash) -> (Redemption, Option<TokenHash>) {
        let now = self.now();
        let tx = self.test.store.begin().await.expect("begin");
        let outcome = redeem(&tx, code, &self.client, now).await.expect("redeem");
        let mut hash = None;
        if let Redemption::Redeemed(redeemed) = &outcome {
            let details = TokenDetails {
                scopes: redeemed.details.scopes.clone(),
                acr: redeemed.details.acr,
                strength: redeemed.details.strength,
                methods: redeemed.details.methods.clone(),
                auth_time: redeemed.details.auth_time,
                claims: BTreeMap::new(),
                verified_claims: RequestedVerified::default(),
                jkt: None,
                resources: Vec::new(),
                jti: None,
            };
            let token = Token::generate(self.test.store.rng()).hash();
            let expires_at = now + TimeDelta::minutes(10);
            let new = NewAccessToken {
                hash: token,
                grounds: &redeemed.grounds(),
                details: &details,
                now,
                expires_at,
            };
            tokens::issue(&tx, &new).await.expect("token");
            hash = Some(token);
        }
        tx.commit().await.expect("commit");
        (outcome, hash)
    }

    pub(crate) async fn is_alive(&self, token: &TokenHash) -> bool {
        tokens::find_live(&self.test.store.read(), token, self.now())
            .await
            .expect("find")
            .is_some()
    }

    async fn refused(&self, code: &TokenHash) -> Worthless {
        match self.redeem(code).await.0 {
            Redemption::Refused(why) => why,
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn attack_041_a_code_is_good_once_and_its_replay_revokes() {
    for test in testing::stores().await {
        let world = world(&test).await;
        let code = world.issue().await;
        let (first, token) = world.redeem(&code).await;
        let Redemption::Redeemed(first) = first else {
            panic!("{first:?}")
        };
        assert_eq!((first.account, first.session), (world.account, world.session));
        assert_eq!(first.details.nonce.as_deref(), Some("n"));
        let token = token.expect("token");
        assert!(world.is_alive(&token).await);
        let (second, _) = world.redeem(&code).await;
        assert!(
            matches!(
                second,
                Redemption::Replayed(Replay {
                    revoked_tokens: 1,
                    ..
                })
            ),
            "{second:?}"
        );
        assert!(!world.is_alive(&token).await, "{}", test.database.kind());
    }
}

#[tokio::test]
async fn attack_042_thirty_two_at_once_have_one_winner() {
    for test in testing::stores().await {
        let world = world(&test).await;
        for _ in 0..5 {
            let code = world.issue().await;
            let mut tries = Vec::new();
            for _ in 0..32 {
                tries.push(world.redeem(&code));
            }
            let outcomes = join_all(tries).await;
            let won = outcomes
                .iter()
                .filter(|(o, _)| matches!(o, Redemption::Redeemed(_)))
                .count();
            let replayed = outcomes
                .iter()
                .filter(|(o, _)| matches!(o, Redemption::Replayed(_)))
                .count();
            assert_eq!((won, replayed), (1, 31), "{}", test.database.kind());
        }
    }
}

/// Polls all of them by turns, so that their statements interleave.
async fn join_all<F: Future>(tries: Vec<F>) -> Vec<F::Output> {
    let mut tries: Vec<_> = tries.into_iter().map(|one| (Box::pin(one), None)).collect();
    std::future::poll_fn(move |context| {
        for (one, done) in tries.iter_mut().filter(|(_, done)| done.is_none()) {
            if let std::task::Poll::Ready(output) = one.as_mut().poll(context) {
                *done = Some(output);
            }
        }
        if tries.iter().all(|(_, done)| done.is_some()) {
            std::task::Poll::Ready(tries.iter_mut().filter_map(|(_, done)| done.take()).collect())
        } else {
            std::task::Poll::Pending
        }
    })
    .await
}

#[tokio::test]
async fn attack_043_another_clients_try_leaves_the_code_to_the_rightful_one() {
    for test in testing::stores().await {
        let world = world(&test).await;
        let code = world.issue().await;
        let other = ClientId::parse("wuhu").expect("id");
        let outcome = redeem(&test.store.read(), &code, &other, world.now())
            .await
            .expect("redeem");
        assert!(
            matches!(outcome, Redemption::Refused(Worthless::OtherClient)),
            "{outcome:?}"
        );
        assert!(matches!(world.redeem(&code).await.0, Redemption::Redeemed(_)));
    }
}

#[tokio::test]
async fn attack_046_a_code_lives_sixty_seconds() {
    for test in testing::stores().await {
        let world = world(&test).await;
        let (early, late) = (world.issue().await, world.issue().await);
        test.clock.advance(TimeDelta::seconds(59));
        assert!(matches!(world.redeem(&early).await.0, Redemption::Redeemed(_)));
        test.clock.advance(TimeDelta::seconds(1));
        assert_eq!(world.refused(&late).await, Worthless::Expired);
        assert_eq!(world.refused(&TokenHash::of("made up")).await, Worthless::Unknown);
    }
}

#[tokio::test]
async fn attack_039_058_059_a_code_and_its_token_fall_with_what_they_stand_on() {
    for test in testing::stores().await {
        let world = world(&test).await;
        let tx = test.store.read();

        let (used, code) = (world.issue().await, world.issue().await);
        let token = world.redeem(&used).await.1.expect("token");
        let second = GrantId::new(world.now(), test.store.rng());
        world.decide(second).await;
        assert!(
            world.is_alive(&token).await,
            "a new decision replaces the old one"
        );
        grants::revoke(&tx, world.account, second, world.now())
            .await
            .expect("withdraw");
        assert!(!world.is_alive(&token).await, "consent withdrawn");
        assert_eq!(world.refused(&code).await, Worthless::Revoked);

        // Issued in the moment of withdrawal: nothing marked it, the statement itself must notice.
        let code = world.issue().await;
        assert_eq!(world.refused(&code).await, Worthless::FootingLost);
        world.decide(GrantId::new(world.now(), test.store.rng())).await;

        let (used, code) = (world.issue().await, world.issue().await);
        let token = world.redeem(&used).await.1.expect("token");
        sessions::end(&tx, world.session, world.now()).await.expect("end");
        assert!(!world.is_alive(&token).await, "signed out");
        assert_eq!(world.refused(&code).await, Worthless::Revoked);
        let code = world.issue().await;
        assert_eq!(world.refused(&code).await, Worthless::FootingLost);
    }
}

#[tokio::test]
async fn attack_039_a_frozen_account_redeems_nothing() {
    for test in testing::stores().await {
        let world = world(&test).await;
        let (used, code) = (world.issue().await, world.issue().await);
        let token = world.redeem(&used).await.1.expect("token");
        accounts::freeze(&test.store.read(), world.account, world.now())
            .await
            .expect("freeze");
        assert!(!world.is_alive(&token).await);
        assert_eq!(world.refused(&code).await, Worthless::FootingLost);
    }
}
