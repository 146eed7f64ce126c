//! The chain on both databases: whole, changed, cut, computed anew.

use model::event::Event;

use super::*;
use crate::audit::{Entry, record};
use crate::testing::{self, TestStore};

async fn happen(test: &TestStore, times: usize) {
    let tx = test.store.begin().await.expect("begun");
    for _ in 0..times {
        let entry = Entry::new(Event::SignedIn, test.clock.now());
        record(&tx, test.store.rng(), entry).await.expect("recorded");
    }
    tx.commit().await.expect("committed");
}

async fn verdict(test: &TestStore) -> Verdict {
    verify(&test.store.read()).await.expect("verified")
}

fn assert_whole(verdict: &Verdict, rows: i64, wait: u64) {
    let Verdict::Whole {
        sealed,
        waiting,
        head,
    } = verdict
    else {
        panic!("{verdict:?}")
    };
    assert_eq!((*sealed, *waiting), (rows, wait));
    assert_eq!(head.len(), if rows == 0 { 0 } else { 64 });
}

async fn cut_from(test: &TestStore, position: i64) {
    let tx = test.store.read();
    audit::Entity::delete_many()
        .filter(audit::Column::Position.gte(position))
        .exec(&tx)
        .await
        .expect("cut");
}

#[tokio::test]
async fn attack_326_a_changed_row_breaks_the_chain() {
    for test in testing::stores().await {
        assert_whole(&verdict(&test).await, 0, 0);
        happen(&test, 3).await;
        assert_whole(&verdict(&test).await, 0, 3);
        assert_eq!(seal(&test.store).await.expect("sealed"), 3);
        assert_eq!(seal(&test.store).await.expect("sealed"), 0);
        happen(&test, 1).await;
        assert_whole(&verdict(&test).await, 3, 1);
        audit::Entity::update_many()
            .col_expr(audit::Column::Details, Expr::value("{}"))
            .filter(audit::Column::Position.eq(2))
            .exec(&test.store.read())
            .await
            .expect("changed");
        assert_eq!(verdict(&test).await, Verdict::Broken { position: 2 });
    }
}

#[tokio::test]
async fn attack_326_a_cut_end_is_found_and_is_not_sealed_over() {
    for test in testing::stores().await {
        happen(&test, 7).await;
        seal(&test.store).await.expect("sealed");
        cut_from(&test, 6).await;
        assert_eq!(verdict(&test).await, Verdict::Cut { sealed: 5, head: 7 });
        happen(&test, 2).await;
        assert_eq!(seal(&test.store).await.expect("sealed"), 2);
        assert_eq!(verdict(&test).await, Verdict::Broken { position: 6 });
    }
}

#[tokio::test]
async fn attack_326_a_chain_that_was_computed_anew_is_not_ours() {
    for test in testing::stores().await {
        happen(&test, 4).await;
        seal(&test.store).await.expect("sealed");
        let tx = test.store.read();
        let rows = audit::Entity::find()
            .order_by_asc(audit::Column::Position)
            .all(&tx)
            .await
            .expect("rows");
        let mut head = Head::default();
        for mut row in rows {
            "nothing happened".clone_into(&mut row.details);
            head.follow(&row);
            audit::Entity::update_many()
                .col_expr(audit::Column::Details, Expr::value(row.details.clone()))
                .col_expr(audit::Column::ChainHash, Expr::value(head.hash.clone()))
                .filter(audit::Column::Id.eq(row.id))
                .exec(&tx)
                .await
                .expect("changed");
        }
        assert_eq!(verdict(&test).await, Verdict::Rebuilt { position: 4 });
        audit_head::Entity::update_many()
            .col_expr(audit_head::Column::ChainHash, Expr::value(head.hash.clone()))
            .exec(&tx)
            .await
            .expect("changed");
        assert_eq!(verdict(&test).await, Verdict::HeadForged);
        happen(&test, 1).await;
        assert!(matches!(seal(&test.store).await, Err(StoreError::Sealed(_))));
        audit_head::Entity::delete_many()
            .exec(&tx)
            .await
            .expect("deleted");
        assert_eq!(verdict(&test).await, Verdict::HeadForged);
        assert!(matches!(seal(&test.store).await, Err(StoreError::Sealed(_))));
    }
}

#[tokio::test]
async fn everything_that_waits_is_sealed_in_one_call() {
    for test in testing::stores().await {
        happen(&test, 1203).await;
        let (one, two) = tokio::join!(seal(&test.store), seal(&test.store));
        assert_eq!(
            one.expect("one") + two.expect("two"),
            1203,
            "{}",
            test.database.kind()
        );
        assert_whole(&verdict(&test).await, 1203, 0);
    }
}
