//! How often somebody may come back (A253).

use super::*;
use crate::signin::testing::resident;

#[tokio::test]
async fn attack_253_a_return_after_the_last_try_is_not_taken_in_whatever_it_says() {
    for scene in scenes().await {
        let account = resident(&scene.world, PHONE).await;
        let mut browser = confirmed(&scene.world, PHONE).await;
        proven(&mut browser).await;
        // On the way more often than there are tries.
        let mut states = Vec::new();
        for _ in 0..4 {
            states.push(leave(&mut browser, TRUSTED, "").await);
        }
        let last = states.pop().unwrap();
        scene.trusted.say(Says::Vouches("李静宜", "420000198511150022"));
        for state in &states {
            let seen = back(&mut browser, TRUSTED, state).await;
            assert_eq!(seen.location, Some(saying(TRUSTED, "differs")));
        }
        scene.trusted.say(Says::Vouches(NAME, NUMBER));
        let seen = back(&mut browser, TRUSTED, &last).await;
        assert_eq!(
            seen.location,
            Some(saying(TRUSTED, "limit")),
            "{}",
            scene.world.kind
        );
        assert_eq!(level(&scene.world, account).await, 1);
        // Settled all the same: it is good for nothing on the next day either.
        scene.world.clock.advance(chrono::TimeDelta::minutes(5));
        let seen = back(&mut browser, TRUSTED, &last).await;
        assert_eq!(seen.location, Some(saying(TRUSTED, "used")));
        assert_eq!(level(&scene.world, account).await, 1);
    }
}
