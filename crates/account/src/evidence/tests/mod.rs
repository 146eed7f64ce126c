//! Proving a name through the real router, with sources that say what the test wants, on every database at hand.

use std::sync::Arc;

use model::evidence::SourceId;
use model::ids::AccountId;
use store::accounts;

use super::source::tests::Scripted;
use super::source::{MOBILE_OPERATOR, POPULATION_REGISTER, Source, Word};
use super::{Sources, breaker};
use crate::Config;
use crate::signin::testing::signed_in;
use crate::testing::{Browser, Seen, World, worlds_with_sources};

mod attacks;
mod journeys;
mod returning;

const PHONE: &str = "13800000001";
const E164: &str = "+8613800000001";
const OTHER: &str = "13900000002";
const NAME: &str = "张明远";
const NUMBER: &str = "340000199003070012";
const HERE: &str = "/verify/population-register";

fn erased(script: &Arc<Scripted>) -> Arc<dyn Source> {
    Arc::<Scripted>::clone(script)
}

/// Worlds whose two sources can be told what to say, one after the other.
async fn worlds(word: Word) -> Vec<(World, Arc<Scripted>)> {
    let mut worlds = Vec::new();
    // One script for each world, so that counts are their own.
    let scripts = std::sync::Mutex::new(Vec::new());
    let made = worlds_with_sources(Config::default(), || {
        let script = Arc::new(Scripted::saying(word));
        scripts.lock().unwrap().push(Arc::clone(&script));
        let both = [POPULATION_REGISTER, MOBILE_OPERATOR]
            .map(|name| (SourceId::parse(name).unwrap(), erased(&script)));
        Sources::new(both, breaker::Limits::default())
    })
    .await;
    for (world, script) in made.into_iter().zip(scripts.into_inner().unwrap()) {
        worlds.push((world, script));
    }
    worlds
}

/// A browser whose person has proven the phone by a code just now.
async fn confirmed(world: &World, phone: &str) -> Browser {
    let mut browser = signed_in(world, phone).await;
    confirm(world, &mut browser, phone).await;
    browser
}

/// Proves the phone of who is signed in.
async fn confirm(world: &World, browser: &mut Browser, phone: &str) {
    let page = browser.get(HERE).await;
    let page = follow(browser, &page).await;
    assert_eq!(page.page(), Some("verify-confirm-phone"), "{}", page.body);
    let fields = [("resend", "yes"), ("then", "population-register")];
    let sent = browser.post("/verify/confirm-phone", &page, &fields).await;
    let page = follow(browser, &sent).await;
    let code = world.code(&format!("+86{phone}")).await;
    let fields = [("code", code.as_str()), ("then", "population-register")];
    let done = browser.post("/verify/confirm-phone", &page, &fields).await;
    assert_eq!(done.location.as_deref(), Some(HERE), "{}", done.body);
}

async fn follow(browser: &mut Browser, seen: &Seen) -> Seen {
    browser.get(seen.location.as_deref().expect("a redirect")).await
}

async fn verify(browser: &mut Browser, name: &str, number: &str) -> Seen {
    let page = browser.get(HERE).await;
    assert_eq!(page.page(), Some("verify-population-register"), "{}", page.body);
    browser
        .post(HERE, &page, &[("name", name), ("citizen_id", number)])
        .await
}

async fn level(world: &World, account: AccountId) -> u8 {
    let tx = world.service.store().read();
    let account = accounts::find(&tx, account).await.unwrap().unwrap();
    super::level_of(&world.service, &tx, &account)
        .await
        .unwrap()
        .level
        .number()
}
