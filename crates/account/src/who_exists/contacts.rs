//! What somebody who is signed in asks about phones, addresses and user names of others.

use chrono::TimeDelta;

use super::{Compared, Meter, Names, Status, committed, known};
use crate::signin::testing::{resident, signed_in};
use crate::testing::{Browser, World, worlds};

/// Somebody else, who has just signed in. A new one each time: changes are limited by account.
async fn somebody(world: &World, count: &mut u32) -> Browser {
    world.clock.advance(TimeDelta::hours(25));
    *count += 1;
    let phone = format!("1390000{:04}", *count);
    resident(world, &phone).await;
    signed_in(world, &phone).await
}

#[tokio::test]
async fn attack_203_a_taken_phone_or_address_is_asked_for_with_the_same_work_as_a_free_one() {
    for world in worlds().await {
        let mut who = vec![("nobody".to_owned(), Names::nobodys())];
        let known = known(&world).await.into_iter();
        who.extend(known.map(|one| (format!("{:?}", one.status), one.names)));
        let mut count = 0;
        let step = |what| Compared::new(what, &world);
        let mut steps = ["phone", "phone, looking", "phone, wrong codes", "e-mail"].map(step);
        let [phone, looking, wrong, email] = &mut steps;
        for (who, names) in &who {
            let mut browser = somebody(&world, &mut count).await;
            let page = browser.get("/account/contact/phone").await;
            let meter = Meter::new(&world);
            let sent = [("phone", names.phone.as_str())];
            let seen = browser.post("/account/contact/phone", &page, &sent).await;
            phone.add(who, &meter);
            let next = "/account/contact/phone/code";
            assert_eq!(seen.location.as_deref(), Some(next), "{who}: {}", seen.body);
            let meter = Meter::new(&world);
            let page = browser.get(next).await;
            looking.add(who, &meter);
            let meter = Meter::new(&world);
            let typed = [("new_code", "000000"), ("old_code", "000000")];
            let seen = browser.post(next, &page, &typed).await;
            wrong.add(who, &meter);
            assert_eq!(seen.errors().len(), 2, "{who}: {}", seen.body);

            let mut browser = somebody(&world, &mut count).await;
            let page = browser.get("/account/contact/email").await;
            let meter = Meter::new(&world);
            let sent = [("email", names.email.as_str())];
            let seen = browser.post("/account/contact/email", &page, &sent).await;
            email.add(who, &meter);
            let led = seen.location.as_deref();
            assert_eq!(led, Some("/account/contact?done=mail"), "{who}: {}", seen.body);
        }
        for compared in &steps {
            compared.is_the_same();
        }
        assert_eq!(committed(&steps[0].all[0].1), 1);
        assert_eq!(committed(&steps[3].all[0].1), 1);
    }
}

/// That a name is taken is said to whoever wants it, and counted; not whether who has it can still sign in.
#[tokio::test]
async fn attack_203_a_taken_user_name_says_nothing_of_the_standing_of_who_has_it() {
    for world in worlds().await {
        let mut compared = Compared::new("user name", &world);
        let mut count = 0;
        for one in known(&world).await {
            if one.status == Status::Closed {
                continue;
            }
            let mut browser = somebody(&world, &mut count).await;
            let page = browser.get("/account/contact/username").await;
            let meter = Meter::new(&world);
            let sent = [("username", one.names.username.as_str())];
            let seen = browser.post("/account/contact/username", &page, &sent).await;
            compared.add(format!("{:?}", one.status), &meter);
            assert_eq!(seen.errors(), ["contact-username-taken"], "{:?}", one.status);
        }
        compared.is_the_same();
    }
}
