//! What `clients apply` makes of a folder.

use model::authn::Methods;
use model::client::{AccountKind, SubjectType};
use model::ids::{AccountId, GrantId, SessionId};
use model::ladder::Level;
use model::language::Language;
use model::phone::Phone;
use model::scope::{Scope, ScopeSet};
use model::secret::{Sensitive, Token, TokenHash};
use store::accounts::NewAccount;
use store::clients::Dynamic;
use store::codes::{self, CodeDetails, NewCode, Redemption, RequestedClaims, Worthless};
use store::grants::{self, Grant};
use store::subjects::Subjects;
use store::testing::TestStore;

use super::*;

fn client(id: &str) -> StoredClient {
    let text = json!({ "zh-CN": "合肥", "en": "Hefei", "vi": "Hợp Phì" });
    let client = json!({
        "client_id": id, "name": text, "agency": text, "sector": "hefei", "auth_method": "none",
        "redirect_uris": [format!("https://{id}.example/callback")], "scopes": ["openid"],
    });
    StoredClient::new(serde_json::from_value(client).expect("a client"), None)
}

#[tokio::test]
async fn every_change_of_a_sub_site_is_in_the_audit_log() {
    for test in store::testing::stores().await {
        let mode = |dry_run| Mode {
            dry_run,
            prune: true,
            overlap: TimeDelta::hours(24),
        };
        let (one, two) = (client("hefei"), client("wuhu"));
        apply(&test.store, &[one.clone(), two.clone()], mode(false))
            .await
            .expect("added");
        let mut changed = one;
        changed.client.disabled = true;
        let lines = apply(&test.store, &[changed.clone(), two], mode(false))
            .await
            .expect("changed");
        assert_eq!(lines, ["~ hefei: disabled"]);
        for dry_run in [true, false] {
            let lines = apply(&test.store, std::slice::from_ref(&changed), mode(dry_run)).await;
            assert_eq!(lines.expect("removed"), ["- wuhu"]);
        }
        let mut written: Vec<String> = test
            .audited()
            .await
            .expect("audited")
            .into_iter()
            .map(|(event, client, details)| format!("{event} {} {details}", client.unwrap_or_default()))
            .collect();
        written.sort();
        assert_eq!(
            written,
            [
                r#"client_changed hefei {"change":"added"}"#,
                r#"client_changed hefei {"change":"changed","keys":"disabled"}"#,
                r#"client_changed wuhu {"change":"added"}"#,
                r#"client_changed wuhu {"change":"removed"}"#,
            ]
        );
    }
}

fn with_secret(mut stored: StoredClient, secret: &str) -> StoredClient {
    stored.client.auth_method = model::client::AuthMethod::ClientSecretJwt;
    stored.secret_hash = Some(TokenHash::of(secret));
    stored.secret = Some(Sensitive::new(secret.to_owned()));
    stored
}

async fn apply_one(store: &Store, stored: StoredClient, hours: i64) -> Vec<String> {
    let mode = Mode {
        dry_run: false,
        prune: false,
        overlap: TimeDelta::hours(hours),
    };
    apply(store, &[stored], mode).await.expect("applied")
}

#[tokio::test]
async fn a_changed_secret_leaves_the_old_one_good_for_a_while_unless_it_leaked() {
    for test in store::testing::stores().await {
        let (store, now) = (&test.store, test.clock.now());
        let site = || client("hefei");
        let look = async || {
            clients::find_stored(&store.read(), &site().client.client_id)
                .await
                .expect("read")
                .expect("there")
        };
        apply_one(store, with_secret(site(), "one"), 24).await;
        let lines = apply_one(store, with_secret(site(), "two"), 24).await;
        assert_eq!(
            lines,
            ["~ hefei: secret (the old one is good until 2026-06-02 08:00Z)"]
        );
        let good = |stored: &StoredClient, secret: &str, hours| {
            stored.accepts_secret(&TokenHash::of(secret), now + TimeDelta::hours(hours))
        };
        let stored = look().await;
        assert!(good(&stored, "two", 0) && good(&stored, "one", 23));
        assert!(good(&stored, "two", 24) && !good(&stored, "one", 24));
        assert_eq!(stored.signing_secrets(now).count(), 2);

        // The same file once more changes nothing, and the old secret keeps its time.
        assert!(apply_one(store, with_secret(site(), "two"), 24).await.is_empty());
        assert_eq!(look().await, stored);
        let lines = apply_one(store, with_secret(site(), "two"), 0).await;
        assert_eq!(lines, ["~ hefei: secret (the old one is not good any more)"]);
        assert!(!good(&look().await, "one", 0));

        assert_eq!(
            apply_one(store, with_secret(site(), "three"), 0).await,
            ["~ hefei: secret"]
        );
        assert!(!good(&look().await, "two", 0));
        // A method without a secret takes both away.
        apply_one(store, with_secret(site(), "four"), 24).await;
        apply_one(store, site(), 24).await;
        let stored = look().await;
        assert_eq!(
            (stored.secret_hash, stored.secret, stored.previous),
            (None, None, None)
        );
    }
}

#[test]
fn there_is_room_for_so_many_sub_sites_and_no_more() {
    assert!(check_room(4999, 1, 0).is_ok());
    assert!(check_room(5000, 0, 0).is_ok() && check_room(5000, 1, 1).is_ok());
    let refused = check_room(5000, 1, 0).expect_err("one too many").to_string();
    assert!(refused.starts_with("there would be 5001 sub-sites, and there can be 5000"));
}

#[tokio::test]
async fn a_secret_that_ends_by_itself_does_not_live_longer_for_being_replaced() {
    for test in store::testing::stores().await {
        let (store, now) = (&test.store, test.clock.now());
        for (hours, expected) in [(-1, None), (0, None), (5, Some(5)), (48, Some(24))] {
            let mut old = with_secret(client("hefei"), "one");
            old.secret_expires_at = Some(now + TimeDelta::hours(hours));
            clients::put(&store.read(), &old, now).await.expect("stored");
            apply_one(store, with_secret(client("hefei"), "two"), 24).await;
            let found = clients::find_stored(&store.read(), &old.client.client_id).await;
            let previous = found.expect("read").expect("there").previous;
            assert_eq!(
                previous.map(|previous| previous.until),
                expected.map(|hours| now + TimeDelta::hours(hours)),
                "{hours}"
            );
        }
    }
}

async fn resident(test: &TestStore) -> AccountId {
    let now = test.clock.now();
    let new = NewAccount {
        id: AccountId::new(now, test.store.rng()),
        kind: AccountKind::Resident,
        language: Language::ZhCn,
        phone: Phone::parse("13800138000").expect("a phone"),
        created_at: now,
    };
    let created = store::accounts::create(&test.store.read(), &new).await;
    created.expect("created");
    new.id
}

async fn consent(test: &TestStore, account: AccountId, id: &ClientId) {
    let now = test.clock.now();
    let grant = Grant {
        id: GrantId::new(now, test.store.rng()),
        client_id: id.clone(),
        allowed: ScopeSet::from_iter([Scope::Phone]),
        asked: ScopeSet::from_iter([Scope::Phone]),
        receipt: Value::Null,
        created_at: now,
        revoked_at: None,
    };
    let stored = grants::put(&test.store.read(), account, &grant).await;
    stored.expect("stored");
}

/// A code that was not redeemed yet.
async fn code(test: &TestStore, account: AccountId, id: &ClientId) -> Token {
    let (now, code) = (test.clock.now(), Token::generate(test.store.rng()));
    let methods = Methods::default();
    let details = CodeDetails {
        scopes: ScopeSet::from_iter([Scope::Openid]),
        nonce: None,
        acr: Level::REGISTERED,
        acr_essential: false,
        identity_level: Level::REGISTERED,
        strength: methods.strength(),
        methods,
        auth_time: now,
        auth_time_requested: false,
        claims: RequestedClaims::default(),
        grant: None,
        jkt: None,
        resources: Vec::new(),
    };
    let new = NewCode {
        code: &code,
        client_id: id,
        account,
        session: SessionId::new(now, test.store.rng()),
        redirect_uri: "https://hefei.example/callback",
        code_challenge: None,
        details: &details,
        now,
        expires_at: now + TimeDelta::minutes(1),
    };
    let issued = codes::issue(&test.store.read(), &new).await;
    issued.expect("issued");
    code
}

#[tokio::test]
async fn a_file_that_makes_another_party_of_a_sub_site_ends_what_it_was_given() {
    for test in store::testing::stores().await {
        let (store, now, account) = (&test.store, test.clock.now(), resident(&test).await);
        let mut site = client("hefei");
        let id = site.client.client_id.clone();
        apply_one(store, site.clone(), 24).await;
        let mut steps: Vec<(&str, bool, StoredClient)> = Vec::new();
        site.client.disabled = true;
        steps.push(("~ hefei: disabled", true, site.clone()));
        site.client.subject_type = SubjectType::Public;
        let line = "~ hefei: subject_type (its codes and tokens are revoked)";
        steps.push((line, true, site.clone()));
        let site = with_secret(site, "one");
        let line = "~ hefei: auth_method, secret (its codes and tokens are revoked)";
        steps.push((line, true, site.clone()));
        let mut site = site;
        site.client.sector = "wuhu".to_owned();
        let line = "~ hefei: sector (its consents, codes and tokens are revoked)";
        steps.push((line, false, site));
        for (line, consented, step) in steps {
            consent(&test, account, &id).await;
            let code = code(&test, account, &id).await;
            let subject = Subjects::new(store.vault()).subject(&step.client, account);
            assert_eq!(apply_one(store, step, 24).await, [line]);
            let known = subjects::find(&store.read(), &id, &subject).await.expect("asked");
            assert_eq!(known.is_some(), line.contains("subject_type"), "the names follow");
            let grant = grants::find_active(&store.read(), account, &id).await;
            assert_eq!(grant.expect("read").is_some(), consented, "{line}");
            let redeemed = codes::redeem(&store.read(), &code.hash(), &id, now).await;
            let revoked = matches!(redeemed.expect("asked"), Redemption::Refused(Worthless::Revoked));
            assert_eq!(revoked, line.contains("tokens are revoked"), "{line}");
        }
    }
}

#[tokio::test]
async fn sub_sites_of_programs_have_no_files_and_stay() {
    for test in store::testing::stores().await {
        let mut dynamic = client("dyn-1");
        dynamic.dynamic = Some(Dynamic {
            token_hash: TokenHash::of("token"),
            metadata: "{}".to_owned(),
        });
        let tx = test.store.read();
        clients::put(&tx, &dynamic, test.clock.now())
            .await
            .expect("stored");
        let mode = Mode {
            dry_run: false,
            prune: true,
            overlap: TimeDelta::hours(24),
        };
        let lines = apply(&test.store, &[client("hefei")], mode)
            .await
            .expect("applied");
        assert_eq!(lines, ["+ hefei"]);
        let [hefei, dynamic] = [&client("hefei"), &dynamic].map(|stored| stored.client.client_id.clone());
        assert_eq!(clients::list(&tx).await.expect("a list").len(), 2);
        assert!(!end_dynamic(&test.store, &hefei).await.expect("not one of a file"));
        assert!(end_dynamic(&test.store, &dynamic).await.expect("ended"));
        assert!(!end_dynamic(&test.store, &dynamic).await.expect("once"));
        assert_eq!(clients::list(&tx).await.expect("a list").len(), 1);
    }
}
