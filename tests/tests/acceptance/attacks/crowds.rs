//! Attacks that need many tries: timing, stuffing, message pumping, filling tables.

use std::time::{Duration, Instant};

use acceptance::engine;
use acceptance::journey::{ask_for_code, newcomer, read_captcha};
use acceptance::party::Party;
use acceptance::people::Person;
use acceptance::visitor::Visitor;
use acceptance::world::{Kind, Setup};

/// How long one failed sign-in takes, from the page that is already there.
async fn failed_try(visitor: &Visitor, identifier: &str) -> Duration {
    let mut visitor = visitor.clone();
    visitor
        .fill("identifier", identifier)
        .fill("password", "wrong-password-1");
    let began = Instant::now();
    visitor.press("").await;
    let took = began.elapsed();
    visitor.sees("sign-in");
    took
}

#[tokio::test]
async fn attack_203_the_time_that_a_refusal_takes_does_not_tell_who_has_an_account() {
    // The real cost of a hash: leaving it out for unknown names would show as tens of milliseconds.
    let changes = "[account.password]\nmemory_kib = 19456\npasses = 2\n\
                   [account.signin]\ncaptcha_after = 1000\naddress_captcha_after = 100000\naddress_limit = 100000\n";
    let world = Setup::new(Kind::Sqlite).with(changes).start().await;
    let (_, known) = newcomer(&world).await;
    let (_, frozen) = newcomer(&world).await;
    world.freeze(&frozen.e164()).await;
    let mut page = Visitor::new(&world);
    page.open("/sign-in").await;
    // The shortest of many: what else the machine does only makes a try longer. Interleaved, and measured on for a while
    // where they differ, since chance wears off and a hash that is left out does not.
    let [mut of_known, mut of_frozen, mut of_unknown] = [Duration::MAX; 3];
    let gap = |one: Duration, two: Duration| one.abs_diff(two);
    for round in 1.. {
        of_known = of_known.min(failed_try(&page, &known.phone).await);
        of_unknown = of_unknown.min(failed_try(&page, &Person::new().phone).await);
        of_frozen = of_frozen.min(failed_try(&page, &frozen.phone).await);
        let most = of_known / 3;
        if round >= 16 && gap(of_known, of_unknown) < most && gap(of_known, of_frozen) < most {
            break;
        }
        assert!(
            round < 64,
            "known {of_known:?}, frozen {of_frozen:?}, unknown {of_unknown:?}"
        );
    }
}

#[tokio::test]
async fn attack_209_failures_of_many_names_from_many_addresses_raise_the_captcha_for_everybody() {
    for kind in Kind::all() {
        let world = Setup::new(kind)
            .with("[account.signin]\neverybody_captcha_after = 8\n")
            .start()
            .await;
        let (_, person) = newcomer(&world).await;
        for _ in 0..8 {
            let mut stuffer = Visitor::new(&world);
            stuffer.open("/sign-in").await;
            failed_try(&stuffer, &Person::new().phone).await;
        }
        let mut honest = Visitor::new(&world);
        honest.open("/sign-in").await;
        honest
            .fill("identifier", &person.phone)
            .fill("password", &person.password)
            .press("")
            .await;
        honest.sees("sign-in");
        honest.sees_error_at("captcha");
        let captcha = read_captcha(&honest, &world).await;
        honest
            .fill("password", &person.password)
            .fill("captcha", &captcha)
            .press("")
            .await;
        honest.sees("account");
    }
}

#[tokio::test]
async fn attack_221_one_address_causes_only_so_many_messages() {
    for kind in Kind::all() {
        let world = Setup::new(kind)
            .with("[account.otp]\naddress_per_hour = 3\n")
            .start()
            .await;
        let pump = Visitor::new(&world);
        let mut statuses = Vec::new();
        for _ in 0..5 {
            let person = Person::new();
            let mut browser = Visitor::new(&world);
            browser.address.clone_from(&pump.address);
            ask_for_code(&mut browser, &world, &person.phone).await;
            statuses.push((browser.page.name() == "register-confirm", browser.status.as_u16()));
        }
        assert_eq!(statuses[..3], [(true, 200); 3]);
        assert_eq!(statuses[3..], [(false, 429); 2], "LIMIT, with the form as it was");
        let person = Person::new();
        let mut other = Visitor::new(&world);
        ask_for_code(&mut other, &world, &person.phone).await;
        other.sees("register-confirm");
    }
}

#[tokio::test]
async fn attack_311_one_address_cannot_fill_the_table_of_waiting_requests() {
    let world = Setup::new(Kind::Sqlite).start().await;
    let party = Party::new(&world, "basic");
    let flood = Visitor::new(&world);
    let mut refused = 0;
    for _ in 0..13 {
        let batch: Vec<_> = (0..100)
            .map(|_| {
                let request = world
                    .http
                    .get(party.ask().url())
                    .header("x-forwarded-for", &flood.address);
                tokio::spawn(async move { engine::send(request).await.expect("an answer").status().as_u16() })
            })
            .collect();
        for one in batch {
            match one.await.expect("an answer") {
                303 => {}
                429 => refused += 1,
                other => panic!("{other}"),
            }
        }
    }
    assert!(refused >= 100, "{refused} of 1300 requests were refused");
    let mut other = Visitor::new(&world);
    other.open(&party.ask().url()).await;
    other.sees("sign-in");
}
