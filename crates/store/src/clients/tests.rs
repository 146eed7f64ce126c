use super::*;
use crate::testing::stores;

pub(super) fn site(id: &str) -> StoredClient {
    let text = serde_json::json!({ "zh-CN": "合肥", "en": "Hefei", "vi": "Hợp Phì" });
    let client = serde_json::json!({
        "client_id": id, "name": text, "agency": text, "sector": "hefei", "auth_method": "none",
        "redirect_uris": [format!("https://{id}.example/callback")], "scopes": ["openid"],
    });
    StoredClient::new(serde_json::from_value(client).expect("a client"), None)
}

async fn write(tx: &Tx, id: &str, document: String) {
    client::Entity::update_many()
        .col_expr(client::Column::Document, Expr::value(document))
        .filter(client::Column::ClientId.eq(id))
        .exec(tx)
        .await
        .expect("written");
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_left_out_and_a_newer_one_is_read() {
    for test in stores().await {
        let (tx, now) = (test.store.read(), test.clock.now());
        for id in ["broken", "good", "newer", "stricter"] {
            put(&tx, &site(id), now).await.expect("stored");
        }
        write(&tx, "broken", "{".to_owned()).await;
        for (id, member, value) in [("newer", "a_later_member", ""), ("stricter", "profile", "fapi2")] {
            let mut document = serde_json::to_value(site(id).client).expect("JSON");
            document[member] = value.into();
            write(&tx, id, document.to_string()).await;
        }
        let mut names: Vec<_> = list(&tx)
            .await
            .expect("a list")
            .into_iter()
            .map(|stored| stored.client.client_id)
            .collect();
        names.sort();
        // What a newer release says in words of ours that we do not know could be a rule that we would break.
        assert_eq!(
            names.iter().map(ClientId::as_str).collect::<Vec<_>>(),
            ["good", "newer"]
        );
        for (id, there) in [
            ("broken", false),
            ("good", true),
            ("newer", true),
            ("stricter", false),
        ] {
            let found = find(&tx, &ClientId::parse(id).expect("a name"))
                .await
                .expect("no error");
            assert_eq!(found.is_some(), there, "{id} on {}", test.database.kind());
        }
    }
}

#[tokio::test]
async fn of_too_many_the_same_ones_are_listed_and_all_are_counted() {
    for test in stores().await {
        let tx = test.store.begin().await.unwrap();
        put(&tx, &site("a"), test.clock.now()).await.unwrap();
        let row = client::Entity::find_by_id("a").one(&tx).await.unwrap().unwrap();
        let numbers: Vec<u64> = (0..CLIENTS_MAX).rev().collect();
        for numbers in numbers.chunks(500) {
            let rows = numbers.iter().map(|number| {
                let id = format!("site-{number:04}");
                let document = row.document.replace("\"a\"", &format!("\"{id}\""));
                client::ActiveModel::from(client::Model {
                    client_id: id,
                    document,
                    ..row.clone()
                })
            });
            client::Entity::insert_many(rows)
                .exec_without_returning(&tx)
                .await
                .unwrap();
        }
        assert_eq!(count(&tx).await.unwrap(), CLIENTS_MAX + 1);
        let listed = list(&tx).await.unwrap();
        let names: Vec<_> = listed.iter().map(|one| one.client.client_id.as_str()).collect();
        assert_eq!((names.len(), names[0]), (5000, "a"));
        assert_eq!((names[1], names[4999]), ("site-0000", "site-4998"));
        assert!(names.is_sorted());
    }
}

#[tokio::test]
async fn secrets_are_good_for_their_time_and_kept_sealed() {
    for test in stores().await {
        let (tx, now) = (test.store.read(), test.clock.now());
        let hour = chrono::TimeDelta::hours(1);
        let mut wanted = site("hefei");
        wanted.secret_hash = Some(TokenHash::of("new"));
        wanted.secret = Some(Sensitive::new("new".to_owned()));
        wanted.secret_expires_at = Some(now + hour * 2);
        wanted.previous = Some(PreviousSecret {
            hash: TokenHash::of("old"),
            secret: Some(Sensitive::new("old".to_owned())),
            until: now + hour,
        });
        wanted.dynamic = Some(Dynamic {
            token_hash: TokenHash::of("token"),
            metadata: "{}".to_owned(),
        });
        put(&tx, &wanted, now).await.unwrap();
        let id = &wanted.client.client_id;
        let found = find_stored(&tx, id).await.unwrap().unwrap();
        assert_eq!(found, wanted);
        let good = |secret: &str, at| found.accepts_secret(&TokenHash::of(secret), at);
        let signing = |at| found.signing_secrets(at).count();
        assert_eq!(
            (good("new", now), good("old", now), good("x", now)),
            (true, true, false)
        );
        assert_eq!((good("new", now + hour), good("old", now + hour)), (true, false));
        assert!(!good("new", now + hour * 2));
        assert_eq!([0, 1, 2].map(|hours| signing(now + hour * hours)), [2, 1, 0]);

        let row = client::Entity::find_by_id("hefei")
            .one(&tx)
            .await
            .unwrap()
            .unwrap();
        let sealed = row.secret_sealed.unwrap();
        assert!(!sealed.windows(3).any(|bytes| bytes == b"new"));

        assert_eq!(count_dynamic_to_add(&tx).await.unwrap(), 1);
        remove(&tx, &BTreeSet::from([id.clone()]), now).await.unwrap();
        assert_eq!(count_dynamic_to_add(&tx).await.unwrap(), 0);
        assert_eq!(find_stored(&tx, id).await.unwrap(), None);
        let row = client::Entity::find_by_id("hefei")
            .one(&tx)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (row.secret_hash, row.secret_sealed, row.registration_token_hash),
            (None, None, None)
        );
    }
}
