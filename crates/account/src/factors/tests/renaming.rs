//! Renaming factors.

use axum::http::StatusCode;

use super::super::testing::{confirm, ids, wait, with_app};
use super::PHONE;
use crate::factors::totp;
use crate::history::What;
use crate::signin::testing::{resident, signed_in};
use crate::testing::worlds;

const RENAME: &str = "/account/security/factors/rename";
const LIST: &str = "/account/security/authenticator";

#[tokio::test]
async fn attack_235_a_factor_is_renamed_with_the_strongest_proof_and_its_owner_is_told() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let secret = with_app(&world, &mut browser).await;
        let one = ids(&browser.get(LIST).await).remove(0);
        let tx = world.service.store().read();
        let told = async || {
            let all = store::notices::list(&tx, id, (0, 50)).await.unwrap();
            let renamed = all.iter().filter(|one| one.kind.as_str() == "factor-renamed");
            renamed.count()
        };
        let at = format!("{RENAME}?id={one}");
        let page = browser.get(&at).await;
        let seen = browser.post(RENAME, &page, &[("id", &one), ("name", "  ")]).await;
        assert_eq!(seen.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(seen.errors(), ["factors-name-missing"]);
        // A162, A225: the password of a moment ago is not the app.
        let typed = [("id", one.as_str()), ("name", "<b>New</b> phone")];
        let seen = browser.post(RENAME, &page, &typed).await;
        let proof = seen.location.unwrap();
        assert!(proof.starts_with("/account/confirm?need=strongest"), "{proof}");
        assert!(
            browser.get(LIST).await.body.contains("Old phone"),
            "{}",
            world.kind
        );
        assert_eq!(told().await, 0);
        wait(&world, 60);
        let code = totp::code_at(&secret, world.clock.now());
        let seen = confirm(&mut browser, &proof, &[("method", "totp"), ("code", &code)]).await;
        let back = seen.location.unwrap();
        assert_eq!(back, format!("{at}&confirmed=yes"));
        // What was typed is there again, and the name of before is not.
        let page = browser.get(&back).await;
        assert!(page.body.contains("data-confirmed"), "{}", page.body);
        assert!(page.body.contains("value=\"&#60;b&#62;New"), "{}", page.body);
        let once = page.hidden("once").unwrap().to_owned();
        let fields = [typed[0], typed[1], ("once", once.as_str())];
        for _ in 0..2 {
            let seen = browser.post(RENAME, &page, &fields).await;
            assert_eq!(seen.location, Some(format!("{LIST}?done=renamed")));
        }
        let list = browser.get(LIST).await;
        assert!(!list.body.contains("<b>New</b>") && list.body.contains("New"));
        assert_eq!(told().await, 1, "sent twice, told once");
        let sms = world.newest_sms("+8613800001234").await.unwrap();
        assert!(sms.contains("another name") && sms.contains("/link/"), "{sms}");
        assert!(!sms.contains("phone"), "A222: {sms}");
        let rows = store::history::list(&tx, id, None).await.unwrap();
        let renamed = rows.iter().filter(|row| row.what == What::FactorRenamed);
        assert_eq!(renamed.count(), 1);
        let events = world.test.audited().await.unwrap();
        let changed = events.iter().filter(|(event, _, _)| event == "factor_changed");
        assert_eq!(changed.count(), 2, "added and renamed");
        // The same name again is no change.
        let page = browser.get(&at).await;
        let seen = browser.post(RENAME, &page, &typed).await;
        assert_eq!((seen.location.as_deref(), told().await), (Some(LIST), 1));
    }
}

#[tokio::test]
async fn a_name_that_was_typed_for_one_factor_does_not_stand_in_the_form_of_another() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let secret = with_app(&world, &mut browser).await;
        let second = store::factors::NewFactor {
            id: model::ids::FactorId::new(world.clock.now(), world.service.rng()),
            account: id,
            name: "Second",
            what: store::factors::What::Totp {
                secret: b"12345678901234567890",
                step: 0,
            },
            now: world.clock.now(),
        };
        let tx = world.service.store().read();
        store::factors::add(&tx, &second).await.unwrap();
        let all = ids(&browser.get(LIST).await);
        wait(&world, 660);
        let page = browser.get(&format!("{RENAME}?id={}", all[0])).await;
        let typed = [("id", all[0].as_str()), ("name", "Marker")];
        let proof = browser.post(RENAME, &page, &typed).await.location.unwrap();
        let code = totp::code_at(&secret, world.clock.now());
        confirm(&mut browser, &proof, &[("method", "totp"), ("code", &code)]).await;
        let other = browser
            .get(&format!("{RENAME}?id={}&confirmed=yes", all[1]))
            .await;
        assert!(!other.body.contains("Marker"), "{}", world.kind);
        let own = browser
            .get(&format!("{RENAME}?id={}&confirmed=yes", all[0]))
            .await;
        assert!(own.body.contains("Marker"), "{}", own.body);
    }
}
