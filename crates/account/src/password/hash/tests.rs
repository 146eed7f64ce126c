use std::sync::mpsc;

use super::*;

fn hashing() -> Hashing {
    Hashing::new(HashingSettings::cheap_for_tests(), Rng::seeded(1)).unwrap()
}

fn password(text: &str) -> Password {
    Password::typed(text).unwrap()
}

#[tokio::test]
async fn the_right_password_is_right_and_others_are_wrong() {
    let hashing = hashing();
    let stored = hashing.hash(&password("kvtulm27")).await.unwrap();
    assert!(stored.as_str().starts_with("$argon2id$v=19$m=8,t=1,p=1$"));
    assert_eq!(
        hashing
            .verify(&password("kvtulm27"), Some(&stored))
            .await
            .unwrap(),
        Verdict::Right
    );
    for wrong in ["kvtulm28", "KVTULM27", "kvtulm27 ", ""] {
        assert_eq!(
            hashing.verify(&password(wrong), Some(&stored)).await.unwrap(),
            Verdict::Wrong
        );
    }
    let again = hashing.hash(&password("kvtulm27")).await.unwrap();
    assert!(stored != again, "two hashes of one password have two salts");
}

#[tokio::test]
async fn attack_211_a_password_typed_decomposed_matches_the_composed_one() {
    let hashing = hashing();
    let stored = hashing.hash(&password("mậtkhẩu😀27")).await.unwrap();
    let typed = password("ma\u{323}\u{302}tkha\u{302}\u{309}u😀27");
    assert!(hashing.verify(&typed, Some(&stored)).await.unwrap().is_right());
}

#[tokio::test]
async fn an_unknown_account_costs_a_hash_and_is_wrong() {
    let hashing = hashing();
    assert_eq!(
        hashing.verify(&password("kvtulm27"), None).await.unwrap(),
        Verdict::Wrong
    );
    let decoy = read(&hashing.0.decoy).unwrap();
    assert_eq!(
        Params::try_from(&decoy).unwrap(),
        hashing.0.params,
        "the decoy costs what a real one does"
    );
}

#[tokio::test]
async fn a_hash_of_older_parameters_is_right_but_made_again() {
    let old = hashing();
    let stored = old.hash(&password("kvtulm27")).await.unwrap();
    let settings = HashingSettings {
        passes: 2,
        ..HashingSettings::cheap_for_tests()
    };
    let new = Hashing::new(settings, Rng::seeded(2)).unwrap();
    assert!(new.needs_rehash(&stored) && !old.needs_rehash(&stored));
    assert_eq!(
        new.verify(&password("kvtulm27"), Some(&stored)).await.unwrap(),
        Verdict::RightButOld
    );
    assert_eq!(
        new.verify(&password("kvtulm28"), Some(&stored)).await.unwrap(),
        Verdict::Wrong
    );
}

#[tokio::test]
async fn what_is_not_a_hash_is_an_error_and_never_right() {
    for broken in ["", "kvtulm27", "$argon2id$", "$bcrypt$x", &"$".repeat(1 << 20)] {
        let stored = StoredPassword::from_stored(broken.to_owned());
        let result = hashing().verify(&password("kvtulm27"), Some(&stored)).await;
        assert!(matches!(result, Err(HashingError::Argon2(_))), "{result:?}");
    }
    // A hash without its output compares with nothing.
    let hollow = StoredPassword::from_stored("$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ".to_owned());
    let result = hashing().verify(&password("kvtulm27"), Some(&hollow)).await;
    assert!(!result.is_ok_and(Verdict::is_right));
}

#[tokio::test]
async fn impossible_settings_are_refused_at_the_start() {
    let settings = HashingSettings {
        memory_kib: 1,
        ..HashingSettings::cheap_for_tests()
    };
    assert!(matches!(
        Hashing::new(settings, Rng::seeded(1)),
        Err(HashingError::Settings(_))
    ));
}

/// Occupies every slot until the sender is dropped.
async fn occupy(hashing: &Hashing, slots: usize) -> Vec<mpsc::Sender<()>> {
    let mut senders = Vec::new();
    for _ in 0..slots {
        let (sender, receiver) = mpsc::channel::<()>();
        let (started, running) = tokio::sync::oneshot::channel();
        let hashing = hashing.clone();
        let work = async move {
            hashing
                .in_turn(move |_| {
                    let _ = started.send(());
                    let _ = receiver.recv();
                    Ok(())
                })
                .await
        };
        let mut set = tokio::task::JoinSet::new();
        set.spawn(work);
        running.await.unwrap();
        // The caller goes away; the slot stays taken.
        set.abort_all();
        while set.join_next().await.is_some() {}
        senders.push(sender);
    }
    senders
}

#[tokio::test]
async fn attack_301_the_queue_is_bounded_in_length_and_in_time() {
    let settings = HashingSettings {
        queue: 0,
        wait: Duration::from_mins(1),
        ..HashingSettings::cheap_for_tests()
    };
    let hashing = Hashing::new(settings, Rng::seeded(1)).unwrap();
    let busy = occupy(&hashing, 2).await;
    assert_eq!(
        hashing.free_slots(),
        0,
        "a caller who went away does not free a slot at work"
    );
    let result = hashing.verify(&password("kvtulm27"), None).await;
    assert!(matches!(result, Err(HashingError::Busy)), "no room to wait");
    drop(busy);

    let settings = HashingSettings {
        wait: Duration::from_millis(1),
        ..HashingSettings::cheap_for_tests()
    };
    let hashing = Hashing::new(settings, Rng::seeded(1)).unwrap();
    let busy = occupy(&hashing, 2).await;
    let result = hashing.hash(&password("kvtulm27")).await;
    assert!(matches!(result, Err(HashingError::Busy)), "waited long enough");
    drop(busy);
}

#[tokio::test]
async fn attack_301_those_who_wait_get_their_turn() {
    let hashing = hashing();
    let busy = occupy(&hashing, 2).await;
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..80 {
        let hashing = hashing.clone();
        tries.spawn(async move { hashing.verify(&password("kvtulm27"), None).await });
    }
    // Everybody has a place in the queue or an answer before the slots are freed.
    let refused_first = tries.join_next().await.unwrap().unwrap();
    assert!(matches!(refused_first, Err(HashingError::Busy)));
    drop(busy);
    let mut answers = vec![refused_first];
    while let Some(answer) = tries.join_next().await {
        answers.push(answer.unwrap());
    }
    let served = answers
        .iter()
        .filter(|answer| matches!(answer, Ok(Verdict::Wrong)))
        .count();
    assert!((64..80).contains(&served), "{served} of 80 served");
}
