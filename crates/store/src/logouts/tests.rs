//! Who is told of the end of a sign-in, and by whom, on both databases.

use model::authn::{Method, Methods};
use model::client::AccountKind;
use model::language::Language;
use model::phone::Phone;
use model::secret::Token;
use sea_orm::{ConnectionTrait as _, QueryTrait as _, Statement};
use tokio::task::JoinSet;

use super::*;
use crate::accounts;
use crate::entity::{authorization_code, refresh_token, session};
use crate::letters::{
    Due, Taken, confirmed, due, give_up, give_up_expired, retry_at, select_due, select_expired, take,
};
use crate::sessions::{self, NewSession};
use crate::testing::{TestStore, stores};

const LEASE: TimeDelta = TimeDelta::seconds(30);

async fn person(test: &TestStore) -> AccountId {
    let (now, rng) = (test.clock.now(), test.store.rng());
    let id = AccountId::new(now, rng);
    let new = accounts::NewAccount {
        id,
        kind: AccountKind::Resident,
        language: Language::En,
        phone: Phone::parse(&format!("139{:08}", rng.below(100_000_000))).unwrap(),
        created_at: now,
    };
    accounts::create(&test.store.read(), &new).await.unwrap();
    id
}

async fn sign_in(test: &TestStore, account: AccountId) -> SessionId {
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
    sessions::create(&test.store.read(), &new).await.unwrap();
    new.id
}

/// A code of a sign-in, redeemed or not.
async fn code(test: &TestStore, client: &str, (account, session): (AccountId, SessionId), used: bool) {
    let now = test.clock.now();
    let row = authorization_code::ActiveModel {
        code_hash: Set(Token::generate(test.store.rng()).hash().as_bytes().to_vec()),
        client_id: Set(client.to_owned()),
        account_id: Set(account.as_uuid()),
        session_id: Set(session.as_uuid()),
        grant_id: Set(None),
        redirect_uri: Set("https://hefei.example/callback".to_owned()),
        code_challenge: Set(None),
        details: Set("{}".to_owned()),
        created_at: Set(now),
        expires_at: Set(now + TimeDelta::minutes(1)),
        used_at: Set(used.then_some(now)),
        revoked_at: Set(None),
    };
    authorization_code::Entity::insert(row)
        .exec_without_returning(&test.store.read())
        .await
        .unwrap();
}

/// A refresh token of a sign-in.
async fn refresh(test: &TestStore, client: &str, (account, session): (AccountId, SessionId)) {
    let now = test.clock.now();
    let token = Token::generate(test.store.rng()).hash().as_bytes().to_vec();
    let row = refresh_token::ActiveModel {
        token_hash: Set(token.clone()),
        code_hash: Set(token),
        client_id: Set(client.to_owned()),
        account_id: Set(account.as_uuid()),
        session_id: Set(session.as_uuid()),
        grant_id: Set(None),
        details: Set("{}".to_owned()),
        created_at: Set(now),
        started_at: Set(now),
        idle_expires_at: Set(now + TimeDelta::days(1)),
        expires_at: Set(now + TimeDelta::days(30)),
        used_at: Set(None),
        revoked_at: Set(None),
    };
    refresh_token::Entity::insert(row)
        .exec_without_returning(&test.store.read())
        .await
        .unwrap();
}

async fn told_of(test: &TestStore, session: SessionId) -> Vec<String> {
    let rows = of_session(&test.store.read(), session).await.unwrap();
    rows.into_iter().map(|(client, _)| client.to_string()).collect()
}

async fn all_due(test: &TestStore) -> Vec<Due<Site>> {
    due(&test.store.read(), test.clock.now(), &BTreeSet::new(), 100)
        .await
        .unwrap()
}

#[tokio::test]
async fn every_sub_site_that_redeemed_a_code_or_holds_a_refresh_token_is_to_be_told_once() {
    for test in stores().await {
        let mine = person(&test).await;
        let session = sign_in(&test, mine).await;
        for _ in 0..3 {
            code(&test, "hefei", (mine, session), true).await;
        }
        code(&test, "never-redeemed", (mine, session), false).await;
        refresh(&test, "wuhu", (mine, session)).await;
        refresh(&test, "wuhu", (mine, session)).await;
        let elsewhere = sign_in(&test, mine).await;
        code(&test, "anqing", (mine, elsewhere), true).await;
        let (tx, now) = (test.store.begin().await.unwrap(), test.clock.now());
        assert!(sessions::end(&tx, session, now).await.unwrap());
        drop(tx);
        assert!(
            told_of(&test, session).await.is_empty(),
            "nothing without the commit"
        );
        let tx = test.store.begin().await.unwrap();
        assert!(sessions::end(&tx, session, now).await.unwrap());
        assert!(!sessions::end(&tx, session, now).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(
            told_of(&test, session).await,
            ["hefei", "wuhu"],
            "{}",
            test.database.kind()
        );
        assert!(told_of(&test, elsewhere).await.is_empty());
        assert_eq!(all_due(&test).await.len(), 2);
        let holds = refresh_token::Entity::find()
            .filter(refresh_token::Column::RevokedAt.is_null())
            .all(&test.store.read())
            .await
            .unwrap();
        assert!(holds.is_empty(), "refresh tokens end with the sign-in");
    }
}

#[tokio::test]
async fn ending_all_sign_ins_tells_the_sub_sites_of_those_that_it_ended() {
    for test in stores().await {
        let (mine, other) = (person(&test).await, person(&test).await);
        let mut sign_ins = Vec::new();
        for client in ["kept", "first", "second", "over"] {
            let session = sign_in(&test, mine).await;
            code(&test, client, (mine, session), true).await;
            sign_ins.push(session);
        }
        let foreign = sign_in(&test, other).await;
        code(&test, "first", (other, foreign), true).await;
        let tx = test.store.read();
        sessions::end(&tx, sign_ins[3], test.clock.now()).await.unwrap();
        test.clock.advance(TimeDelta::seconds(1));
        let now = test.clock.now();
        let ended = sessions::end_all(&tx, mine, Some(sign_ins[0]), now)
            .await
            .unwrap();
        assert_eq!(ended, 2, "{}", test.database.kind());
        assert!(told_of(&test, sign_ins[0]).await.is_empty());
        assert_eq!(told_of(&test, sign_ins[1]).await, ["first"]);
        assert_eq!(told_of(&test, sign_ins[2]).await, ["second"]);
        assert!(told_of(&test, foreign).await.is_empty());
        assert_eq!(sessions::end_all(&tx, mine, None, now).await.unwrap(), 1);
        assert_eq!(all_due(&test).await.len(), 4);
    }
}

#[tokio::test]
async fn what_a_sign_in_gave_is_remembered_for_as_long_as_it_holds() {
    for test in stores().await {
        let mine = person(&test).await;
        let session = sign_in(&test, mine).await;
        code(&test, "hefei", (mine, session), true).await;
        code(&test, "wuhu", (mine, session), false).await;
        let days = test.clock.now() + TimeDelta::days(3);
        session::Entity::update_many()
            .col_expr(session::Column::ExpiresAt, Expr::value(days))
            .exec(&test.store.read())
            .await
            .unwrap();
        test.clock.advance(TimeDelta::days(2));
        let (tx, now) = (test.store.read(), test.clock.now());
        assert_eq!(crate::cleanup::sweep(&tx, now).await.unwrap(), 1);
        sessions::end(&tx, session, now).await.unwrap();
        assert_eq!(
            told_of(&test, session).await,
            ["hefei"],
            "{}",
            test.database.kind()
        );
        assert_eq!(crate::cleanup::sweep(&tx, now).await.unwrap(), 1);
        test.clock.advance(TimeDelta::days(9));
        assert!(crate::cleanup::sweep(&tx, test.clock.now()).await.unwrap() >= 1);
        assert!(told_of(&test, session).await.is_empty(), "rows end as well");
    }
}

/// One sign-in that ended, with the sub-sites that knew of it.
async fn ended(test: &TestStore, clients: &[&str]) -> SessionId {
    let mine = person(test).await;
    let session = sign_in(test, mine).await;
    for client in clients {
        code(test, client, (mine, session), true).await;
    }
    sessions::end(&test.store.read(), session, test.clock.now())
        .await
        .unwrap();
    session
}

async fn take_all(store: &Store, now: DateTime<Utc>) -> Vec<Taken<Site>> {
    let tx = store.read();
    let mut all = Vec::new();
    for due in due(&tx, now, &BTreeSet::new(), 100).await.unwrap() {
        all.extend(take(&tx, &due, now, LEASE).await.unwrap());
    }
    all
}

#[tokio::test]
async fn a_sub_site_is_told_by_one_node_and_by_another_after_the_lease() {
    for test in stores().await {
        ended(&test, &["hefei", "wuhu"]).await;
        let now = test.clock.now();
        let mut nodes = JoinSet::new();
        for _ in 0..16 {
            let store = test.store.clone();
            nodes.spawn(async move { take_all(&store, now).await.len() });
        }
        let taken: usize = nodes.join_all().await.into_iter().sum();
        assert_eq!(taken, 2, "{}", test.database.kind());
        let before = now + LEASE - TimeDelta::microseconds(1);
        assert!(take_all(&test.store, before).await.is_empty());
        let again = take_all(&test.store, now + LEASE).await;
        assert_eq!(again.iter().map(Taken::attempt).collect::<Vec<_>>(), [2, 2]);
    }
}

#[tokio::test]
async fn what_a_node_notes_after_its_lease_counts_only_when_the_sub_site_confirmed() {
    for test in stores().await {
        let session = ended(&test, &["hefei", "wuhu"]).await;
        let (tx, now) = (test.store.read(), test.clock.now());
        let slow = take_all(&test.store, now).await;
        let later = now + LEASE;
        let fast = take_all(&test.store, later).await;
        retry_at(&tx, &slow[0], later).await.unwrap();
        assert!(!give_up(&tx, &slow[0], Ending::Refused, later).await.unwrap());
        assert!(take_all(&test.store, later).await.is_empty());
        confirmed(&tx, &slow[1], later).await.unwrap();
        assert!(!give_up(&tx, &fast[1], Ending::NoAnswer, later).await.unwrap());
        assert!(give_up(&tx, &fast[0], Ending::Refused, later).await.unwrap());
        let states = of_session(&tx, session).await.unwrap();
        let states: Vec<_> = states.into_iter().map(|(_, state)| state).collect();
        let (slow_one, fast_one) = (State::Confirmed, State::Ended(Ending::Refused));
        assert!(
            states.contains(&slow_one) && states.contains(&fast_one),
            "{states:?}"
        );
        assert!(take_all(&test.store, later + LEASE).await.is_empty());
    }
}

#[tokio::test]
async fn due_leaves_out_sub_sites_that_have_enough_and_rows_that_are_late() {
    for test in stores().await {
        let session = ended(&test, &["hefei", "wuhu"]).await;
        let (tx, now) = (test.store.read(), test.clock.now());
        let without = BTreeSet::from([ClientId::parse("hefei").unwrap()]);
        let some = due::<Site>(&tx, now, &without, 10).await.unwrap();
        assert_eq!(
            some.iter()
                .map(|due| due.letter.client.as_str())
                .collect::<Vec<_>>(),
            ["wuhu"]
        );
        assert!(give_up_expired::<Site>(&tx, now).await.unwrap().is_empty());
        let late = now + TimeDelta::hours(LIFE_HOURS);
        assert!(take_all(&test.store, late).await.is_empty());
        assert_eq!(give_up_expired::<Site>(&tx, late).await.unwrap().len(), 2);
        assert!(give_up_expired::<Site>(&tx, late).await.unwrap().is_empty());
        for (_, state) in of_session(&tx, session).await.unwrap() {
            assert_eq!(state, State::Ended(Ending::NoAnswer), "{}", test.database.kind());
        }
    }
}

#[tokio::test]
async fn a_ticket_is_good_in_one_browser_and_cannot_be_made_elsewhere() {
    for test in stores().await {
        let (now, rng) = (test.clock.now(), test.store.rng());
        let ticket = Ticket {
            session: SessionId::new(now, rng),
            at: now,
            client: Some(ClientId::parse("hefei").unwrap()),
            back: Some("https://hefei.example/signed-out?state=x".to_owned()),
        };
        let (mine, other) = (Token::generate(rng).hash(), Token::generate(rng).hash());
        let text = ticket.seal(&test.store, &mine).unwrap();
        assert!(!text.contains(&ticket.session.to_string()));
        assert_eq!(Ticket::open(&test.store, &mine, &text), Some(ticket));
        assert_eq!(Ticket::open(&test.store, &other, &text), None);
        let (cut, turned): (String, String) = (text.chars().skip(1).collect(), text.chars().rev().collect());
        for broken in ["", "x", &cut, &turned] {
            assert_eq!(Ticket::open(&test.store, &mine, broken), None);
        }
    }
}

#[tokio::test]
async fn rows_that_are_done_with_are_not_walked_over_to_find_the_others() {
    for test in stores().await {
        let (tx, now) = (test.store.begin().await.unwrap(), test.clock.now());
        let account = AccountId::new(now, test.store.rng());
        let sites = (0..2000).map(|_| Site {
            client: ClientId::parse("hefei").unwrap(),
            session: SessionId::new(now, test.store.rng()),
            account,
        });
        put(&tx, &sites.collect(), now).await.unwrap();
        for sql in [
            "UPDATE backchannel_logout SET told_at = created_at, outcome = 'confirmed'",
            "ANALYZE",
        ] {
            tx.execute_unprepared(sql).await.unwrap();
        }
        let (explain, column) = if test.database.kind() == "sqlite" {
            ("EXPLAIN QUERY PLAN", "detail")
        } else {
            ("EXPLAIN", "QUERY PLAN")
        };
        let backend = tx.get_database_backend();
        let without = BTreeSet::from([ClientId::parse("wuhu").unwrap()]);
        let asked = [
            select_due::<Site>(now, &without).limit(16).build(backend),
            select_expired::<Site>(now).build(backend),
        ];
        for (statement, index) in asked.into_iter().zip(["next_attempt_at", "open_expires_at"]) {
            let statement = Statement::from_string(backend, format!("{explain} {statement}"));
            let rows = tx.query_all_raw(statement).await.unwrap();
            let plan: Vec<String> = rows.iter().map(|row| row.try_get("", column).unwrap()).collect();
            assert!(
                plan.join("\n")
                    .contains(&format!("ix_backchannel_logout_{index}")),
                "{}: {plan:?}",
                test.database.kind()
            );
        }
    }
}
