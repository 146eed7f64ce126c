//! What a journey costs the party, and browsers that do not wait for its end.

use std::sync::atomic::Ordering;

use store::source_use;

use super::*;
use crate::signin::testing::resident;

async fn asked(scene: &Scene) -> (u32, u32) {
    let (tx, day) = (
        scene.world.service.store().read(),
        crate::evidence::today(&scene.world.service),
    );
    let used = source_use::find(&tx, &SourceId::parse(FACE).unwrap(), day)
        .await
        .unwrap();
    used.map_or((0, 0), |used| (used.asked, used.matched))
}

#[tokio::test]
async fn attack_253_a_return_is_asked_about_five_times_and_every_question_is_counted() {
    for scene in scenes().await {
        resident(&scene.world, PHONE).await;
        let mut browser = confirmed(&scene.world, PHONE).await;
        proven(&mut browser).await;
        let state = leave(&mut browser, FACE, "").await;
        assert_eq!(
            asked(&scene).await,
            (1, 0),
            "that a check begins is a question too"
        );
        scene.face.say(Says::Astray(Astray::NotRight));
        for time in 1..=5 {
            let seen = back(&mut browser, FACE, &state).await;
            let to = seen.location.unwrap();
            assert!(to.starts_with(&saying(FACE, "unavailable")), "{to}");
            assert_eq!(to.contains("again="), time < 5, "{to}");
        }
        scene.face.say(Says::Vouches(NAME, NUMBER));
        let seen = back(&mut browser, FACE, &state).await;
        assert_eq!(seen.location, Some(saying(FACE, "used")));
        assert_eq!(scene.face.asked.load(Ordering::SeqCst), 5, "{}", scene.world.kind);
        assert_eq!(asked(&scene).await, (6, 0));
    }
}

#[tokio::test]
async fn a_journey_is_settled_although_its_browser_has_gone() {
    for scene in scenes().await {
        let account = resident(&scene.world, PHONE).await;
        let mut browser = confirmed(&scene.world, PHONE).await;
        proven(&mut browser).await;
        let before = level(&scene.world, account).await;
        let state = leave(&mut browser, TRUSTED, "").await;
        let gate = scene.trusted.close();
        let mut gone = browser.clone();
        let waiting = back(&mut gone, TRUSTED, &state);
        tokio::select! {
            biased;
            _ = waiting => panic!("it waits for the party"),
            () = scene.trusted.reached.notified() => {}
        }
        let seen = back(&mut browser, TRUSTED, &state).await;
        assert_eq!(seen.location, Some(saying(TRUSTED, "used")));
        drop(gate);
        for _ in 0..200 {
            if level(&scene.world, account).await > before {
                break;
            }
            tokio::task::yield_now().await;
        }
        assert!(
            level(&scene.world, account).await > before,
            "{}",
            scene.world.kind
        );
    }
}
