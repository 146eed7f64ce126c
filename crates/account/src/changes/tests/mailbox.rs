//! Mails to addresses that somebody typed, counted for each mailbox.

use super::*;

/// Asks, with accounts of their own, for links to one mailbox; what each is answered.
async fn flood(world: &World, (phones, times): (&str, usize), to: &str) -> Vec<Vec<String>> {
    let mut answers = Vec::new();
    for turn in 0..times {
        let phone = format!("{phones}{turn:02}");
        resident(world, &phone).await;
        let mut browser = signed_in(world, &phone).await;
        let page = browser.get("/account/contact/email").await;
        let seen = browser
            .post("/account/contact/email", &page, &[("email", to)])
            .await;
        let mut answer: Vec<String> = seen.errors().into_iter().map(str::to_owned).collect();
        answer.extend(seen.location);
        answers.push(answer);
    }
    answers
}

#[tokio::test]
async fn attack_221_many_accounts_send_one_mailbox_no_more_than_its_share_whether_or_not_it_is_somebodys() {
    for world in worlds().await {
        let owner = resident(&world, PHONE).await;
        give_email(&world, owner, EMAIL).await;
        let mut seen = Vec::new();
        for (phones, to) in [("138000010", "nobody@example.com"), ("138000020", EMAIL)] {
            let before = world.mail_count().await;
            let answers = flood(&world, (phones, 8), to).await;
            seen.push((answers, world.mail_count().await - before));
        }
        assert_eq!(seen[0], seen[1], "A203: taken and free alike, {}", world.kind);
        let (answers, mails) = &seen[0];
        assert_eq!(*mails, 5, "as many as an hour allows");
        assert_eq!(answers[4], ["/account/contact?done=mail"]);
        assert_eq!(answers[5], ["recover-too-many"]);
        // What was refused began nothing.
        let tx = world.service.store().read();
        let sixth = accounts::find_by_phone(&tx, &Phone::parse("13800001005").unwrap()).await;
        let sixth = sixth.unwrap().unwrap();
        assert!(
            changes::find_open(&tx, sixth.id, Kind::Email)
                .await
                .unwrap()
                .is_none()
        );
    }
}

#[tokio::test]
async fn attack_221_asking_here_and_registering_share_the_counter_of_a_mailbox() {
    use crate::notices::letters::{To, admit};

    for world in worlds().await {
        let to = Email::parse("nobody@example.com").unwrap();
        for _ in 0..5 {
            let tx = world.service.store().begin().await.unwrap();
            assert!(admit(&world.service, &tx, To::Mailbox(&to)).await.unwrap());
            tx.commit().await.unwrap();
        }
        let answers = flood(&world, ("138000010", 1), to.as_str()).await;
        assert_eq!(answers, [["recover-too-many"]], "{}", world.kind);
    }
}
