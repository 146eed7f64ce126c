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
async fn attack_151_a_sign_in_that_begins_again_has_a_new_cookie_and_new_times_for_its_own_account_only() {
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

#[tokio::test]
async fn a_standing_is_what_its_parts_are_when_they_are_read_one_by_one() {
    for test in stores().await {
        let (tx, now, limits) = (test.store.read(), test.clock.now(), Limits::default());
        let account = person(&test).await;
        let other = person(&test).await;
        let (_, token) = sign_in(&test, account).await;
        let client = ClientId::parse("hefei").unwrap();
        let read = async || {
            let read = find_standing(&tx, &token, (&client, "resident"), &limits, test.clock.now()).await;
            read.unwrap().expect("a live sign-in")
        };
        let nothing = read().await;
        assert!(nothing.evidence.is_empty() && nothing.grant.is_none());

        for (number, source) in ["phone_sms", "population_register", "mobile_operator"]
            .into_iter()
            .enumerate()
        {
            for owner in [account, other] {
                let issued_at = now + TimeDelta::microseconds(i64::try_from(number).unwrap() * 1_000_001);
                let piece = Evidence {
                    id: model::ids::EvidenceId::new(now, test.store.rng()),
                    source: model::evidence::SourceId::parse(source).unwrap(),
                    issued_at,
                    expires_at: (number > 0).then(|| issued_at + TimeDelta::days(30)),
                    ended_at: None,
                };
                let new = evidence::NewEvidence {
                    evidence: piece,
                    account: owner,
                    reference: None,
                    case: None,
                    details: model::evidence::Details::default(),
                };
                evidence::record(&tx, &new).await.unwrap();
            }
        }
        let scopes = model::scope::ScopeSet::parse_lenient("openid phone");
        for id in ["hefei", "wuhu"] {
            let grant = Grant {
                id: model::ids::GrantId::new(now, test.store.rng()),
                client_id: ClientId::parse(id).unwrap(),
                allowed: scopes.clone(),
                asked: scopes.clone(),
                receipt: serde_json::json!({ "said": "\"同意\"" }),
                created_at: now,
                revoked_at: None,
            };
            grants::put(&tx, account, &grant).await.unwrap();
        }
        let standing = read().await;
        let kind = test.database.kind();
        assert_eq!(
            standing.evidence,
            evidence::list(&tx, account).await.unwrap(),
            "{kind}"
        );
        assert_eq!(standing.evidence.len(), 3, "{kind}");
        let grant = grants::find_active(&tx, account, &client).await.unwrap();
        assert_eq!(format!("{:?}", standing.grant), format!("{grant:?}"), "{kind}");
        let live = find_live(&tx, &token, &limits, now).await.unwrap();
        assert_eq!(
            format!("{:?}", Some(standing.session)),
            format!("{live:?}"),
            "{kind}"
        );

        grants::revoke(&tx, account, grant.unwrap().id, now)
            .await
            .unwrap();
        evidence::end_source(&tx, account, &standing.evidence[0].source, (now, "test"))
            .await
            .unwrap();
        let standing = read().await;
        assert!(standing.grant.is_none() && standing.evidence.len() == 2, "{kind}");
        test.clock.advance(TimeDelta::minutes(limits.idle_minutes));
        let idle = find_standing(&tx, &token, (&client, "resident"), &limits, test.clock.now()).await;
        assert!(idle.unwrap().is_none(), "{kind}: left alone for too long");
    }
}
