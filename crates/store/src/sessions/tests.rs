//! Sign-ins on both databases.

use model::authn::Method;
use model::client::AccountKind;
use model::language::Language;
use model::phone::Phone;
use model::secret::Token;

use super::*;
use crate::testing::{TestStore, stores};

async fn person(test: &TestStore) -> AccountId {
    let (now, rng) = (test.clock.now(), test.store.rng());
    let id = AccountId::new(now, rng);
    let phone = Phone::parse(&format!("139{:08}", rng.below(100_000_000))).unwrap();
    let new = accounts::NewAccount {
        id,
        kind: AccountKind::Resident,
        language: Language::En,
        phone,
        created_at: now,
    };
    accounts::create(&test.store.read(), &new).await.unwrap();
    id
}

async fn sign_in(test: &TestStore, account: AccountId) -> (SessionId, TokenHash) {
    let (now, rng) = (test.clock.now(), test.store.rng());
    let new = NewSession {
        id: SessionId::new(now, rng),
        token_hash: Token::generate(rng).hash(),
        account,
        methods: Methods::new([Method::Password]),
        public_computer: false,
        now,
        expires_at: now + TimeDelta::hours(12),
        device: "Firefox, Linux".to_owned(),
    };
    create(&test.store.read(), &new).await.unwrap();
    (new.id, new.token_hash)
}

async fn is_live(test: &TestStore, token: &TokenHash) -> bool {
    let limits = Limits::default();
    find_live(&test.store.read(), token, &limits, test.clock.now())
        .await
        .unwrap()
        .is_some()
}

#[tokio::test]
async fn attack_151_a_renewed_session_has_a_new_cookie_and_the_old_one_is_dead() {
    for test in stores().await {
        let (id, old) = sign_in(&test, person(&test).await).await;
        let new = Token::generate(test.store.rng()).hash();
        let methods = Methods::new([Method::Password, Method::Sms]);
        let renewal = Renewal {
            token_hash: new,
            methods: &methods,
            auth_time: test.clock.now(),
        };
        assert!(renew(&test.store.read(), id, &renewal).await.unwrap());
        assert!(
            !is_live(&test, &old).await && is_live(&test, &new).await,
            "{}",
            test.database.kind()
        );
        end(&test.store.read(), id, test.clock.now()).await.unwrap();
        assert!(
            !renew(&test.store.read(), id, &renewal).await.unwrap(),
            "an ended session stays ended"
        );
    }
}

#[tokio::test]
async fn only_an_account_in_use_may_begin_a_sign_in() {
    for test in stores().await {
        let id = person(&test).await;
        assert!(
            may_begin(&test.store.read(), id).await.unwrap(),
            "{}",
            test.database.kind()
        );
        assert!(
            accounts::freeze(&test.store.read(), id, test.clock.now())
                .await
                .unwrap()
        );
        assert!(!may_begin(&test.store.read(), id).await.unwrap());
        let nobody = AccountId::new(test.clock.now(), test.store.rng());
        assert!(!may_begin(&test.store.read(), nobody).await.unwrap());
    }
}

#[tokio::test]
async fn attack_151_a_sign_in_that_begins_again_has_a_new_cookie_and_new_times_for_its_own_account_only()
{
    for test in stores().await {
        let (mine, other) = (person(&test).await, person(&test).await);
        let (id, old) = sign_in(&test, mine).await;
        test.clock.advance(TimeDelta::minutes(50));
        let now = test.clock.now();
        let again = |account| NewSession {
            id,
            token_hash: Token::generate(test.store.rng()).hash(),
            account,
            methods: Methods::new([Method::Sms]),
            public_computer: true,
            now,
            expires_at: now + TimeDelta::hours(1),
            device: "Edge, Windows".to_owned(),
        };
        let (foreign, own) = (again(other), again(mine));
        let tx = test.store.read();
        assert!(!begin_again(&tx, &foreign).await.unwrap());
        assert!(begin_again(&tx, &own).await.unwrap());
        assert!(!is_live(&test, &old).await);
        let live = find_live(&tx, &own.token_hash, &Limits::default(), now)
            .await
            .unwrap()
            .unwrap();
        assert_eq!((live.id, live.auth_time, live.public_computer), (id, now, true));
        assert_eq!(
            (live.methods, live.expires_at),
            (own.methods.clone(), own.expires_at)
        );
        let list = list(&tx, mine, &Limits::default(), now).await.unwrap();
        assert_eq!(list[0].device, "Edge, Windows");
        end(&tx, id, now).await.unwrap();
        assert!(
            !begin_again(&tx, &own).await.unwrap(),
            "an ended session stays ended"
        );
    }
}

#[tokio::test]
async fn a_sign_in_that_was_not_used_for_too_long_is_not_listed() {
    for test in stores().await {
        let mine = person(&test).await;
        sign_in(&test, mine).await;
        let count = async || {
            let (tx, now) = (test.store.read(), test.clock.now());
            list(&tx, mine, &Limits::default(), now).await.unwrap().len()
        };
        test.clock.advance(TimeDelta::minutes(59));
        assert_eq!(count().await, 1);
        test.clock.advance(TimeDelta::minutes(1));
        assert_eq!(count().await, 0, "{}", test.database.kind());
    }
}

#[tokio::test]
async fn all_sessions_of_one_account_end_but_the_one_to_keep() {
    for test in stores().await {
        let (mine, other) = (person(&test).await, person(&test).await);
        let (kept, kept_token) = sign_in(&test, mine).await;
        let (_, first) = sign_in(&test, mine).await;
        let (_, foreign) = sign_in(&test, other).await;
        let (tx, now) = (test.store.read(), test.clock.now());
        assert_eq!(end_all(&tx, mine, Some(kept), now).await.unwrap(), 1);
        assert!(is_live(&test, &kept_token).await && !is_live(&test, &first).await);
        assert_eq!(end_all(&tx, mine, None, now).await.unwrap(), 1);
        assert!(!is_live(&test, &kept_token).await && is_live(&test, &foreign).await);
    }
}

#[tokio::test]
async fn attack_163_idle_and_absolute_limits_hold_on_the_server() {
    for test in stores().await {
        let (_, token) = sign_in(&test, person(&test).await).await;
        for _ in 0..13 {
            test.clock.advance(TimeDelta::minutes(50));
            assert!(is_live(&test, &token).await, "in use");
        }
        test.clock.advance(TimeDelta::minutes(59));
        assert!(is_live(&test, &token).await);
        test.clock.advance(TimeDelta::minutes(12));
        assert!(!is_live(&test, &token).await, "twelve hours are over");
        let (_, idle) = sign_in(&test, person(&test).await).await;
        test.clock.advance(TimeDelta::minutes(60));
        assert!(!is_live(&test, &idle).await);
    }
}
