//! Who counts as another person, and what an account comes back to.

use model::ids::{AppealId, StandingChangeId};
use model::secret::Sensitive;
use store::history::What;
use store::standing_changes::{self, Appeal};

use super::*;

const ROLES: [Role; 1] = [Role::SeniorReviewer];
const END: [(&str, &str); 1] = [("terminate_reason", "false_identity")];

/// Its owner objects to what it is now.
async fn object(world: &World, id: AccountId) -> StandingChangeId {
    let (tx, now) = (world.service.store().read(), world.clock.now());
    let stopped = status(world, id).await;
    let change = standing_changes::newest_to(&tx, id, stopped)
        .await
        .unwrap()
        .unwrap();
    let appeal = Appeal {
        id: AppealId::new(now, world.service.rng()),
        change: change.id,
        account: id,
        text: Sensitive::new("It was not me.".to_owned()),
        at: now,
        decided: None,
    };
    assert!(standing_changes::appeal(&tx, &appeal).await.unwrap());
    change.id
}

fn is_done(seen: &Seen, id: AccountId) -> bool {
    seen.location == Some(at(id, "?done=yes"))
}

#[tokio::test]
async fn attack_241_one_person_with_two_logins_neither_ends_an_account_nor_decides_about_it() {
    for world in worlds().await {
        let id = resident(&world).await;
        let (mut one, first) = world.signed_in("one", &ROLES).await;
        let below = world
            .operator_by(("below", "Below"), &ROLES, Some(first.id))
            .await;
        let mut below = world.browser_of(&below).await;
        let (mut two, _) = world.signed_in("two", &ROLES).await;
        act(&mut one, id, "/terminate", &END).await;
        let page = below.get(&at(id, "")).await;
        assert!(page.form(&at(id, "/agree")).is_none(), "{}", page.body);
        assert!(page.body.contains("do not count as two people"), "{}", page.body);
        // Nor by the form of somebody who may.
        let form = two.get(&at(id, "")).await;
        let form = form.form(&at(id, "/agree")).unwrap().to_owned();
        let change = form.split_once("name=\"change\" value=\"").unwrap().1;
        let change = change.split('"').next().unwrap().to_owned();
        let hash = model::secret::TokenHash::of(below.cookies.get("denizen_browser").unwrap());
        let csrf = web::csrf::CsrfKey::new([7; 32]).token(&hash, "operator-agree");
        let fields = [("csrf", csrf.as_str()), ("change", change.as_str())];
        let forged = below.post_raw(&at(id, "/agree"), &fields).await;
        assert!(!is_done(&forged, id), "{:?}", forged.location);
        assert_eq!(status(&world, id).await, Status::Active, "{}", world.kind);
        // It became held since it was proposed: that is what it comes back to.
        world.test.set_status(id, Status::Held).await.unwrap();
        world.wait(1);
        assert!(is_done(&act(&mut two, id, "/agree", &[]).await, id));
        assert_eq!(status(&world, id).await, Status::Terminated);
        object(&world, id).await;
        for browser in [&mut one, &mut below, &mut two] {
            let page = browser.get(&at(id, "")).await;
            assert!(page.form(&at(id, "/appeal")).is_none(), "{}", page.body);
            assert!(page.body.contains("Somebody else decides"), "{}", page.body);
        }
        let (mut three, _) = world.signed_in("three", &ROLES).await;
        let page = three.get(&at(id, "")).await;
        let path = at(id, "/appeal");
        let granted = three.post(&path, &page, &[("outcome", "granted")]).await;
        assert_eq!(granted.location, Some(at(id, "?done=stays")), "{}", granted.body);
        assert_eq!(status(&world, id).await, Status::Held, "{}", world.kind);
        let page = three.get(&at(id, "?done=stays")).await;
        assert!(page.main().contains("not used again yet"), "{}", page.body);
        let again = three
            .post_raw(&path, &[("csrf", "x"), ("outcome", "granted")])
            .await;
        assert!(!is_done(&again, id));
    }
}

#[tokio::test]
async fn attack_291_a_search_without_an_account_is_in_the_log_and_a_look_in_the_owner_s_history() {
    for world in worlds().await {
        let id = resident(&world).await;
        let (mut browser, _) = world.signed_in("lin", &ROLES).await;
        let list = browser.get("/operator/standing").await;
        let nobody = [("who", "13900000009")];
        browser.post("/operator/standing", &list, &nobody).await;
        let events = world.test.audited().await.unwrap();
        let looks = events.iter().filter(|(event, ..)| event == "standing_looked_at");
        let looks: Vec<_> = looks.map(|(.., details)| details.clone()).collect();
        assert_eq!(looks.len(), 1, "{looks:?}");
        assert_eq!(looks[0]["found"], false);
        assert!(!looks[0].to_string().contains("13900000009"));
        browser.get(&at(id, "")).await;
        world.test.set_status(id, Status::Closed).await.unwrap();
        browser.get(&at(id, "")).await;
        let tx = world.service.store().read();
        let seen = store::history::list(&tx, id, None).await.unwrap();
        let seen: Vec<What> = seen.iter().map(|entry| entry.what).collect();
        assert_eq!(
            seen,
            [What::LookedUp],
            "nothing is written into a shell, {}",
            world.kind
        );
    }
}
