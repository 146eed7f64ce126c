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

mod answers;
mod attacks;
mod counting;
mod example;
mod faults;
mod further;
mod interrupted;
mod journeys;
mod limits;
mod people;
mod returning;
mod waiting;

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

/// Every source with a form, with what a person types there; the name and number are the verified ones.
const FURTHER: [(&str, &[(&str, &str)]); 5] = [
    ("mobile_operator", &[]),
    ("bank_card", &[("card", "6200 0000 0000 0000 018")]),
    ("social_security", &[("account", "ah 3400001")]),
    ("provident_fund", &[("account", "0551-0000 0001")]),
    ("driving_licence", &[("file_number", "3401 0000 0001")]),
];

/// Worlds where every source with a form says what the script says.
async fn worlds_of_all(config: Config, word: Word) -> Vec<(World, Arc<Scripted>)> {
    let scripts = std::sync::Mutex::new(Vec::new());
    let limits = breaker::Limits {
        failures: u32::MAX,
        pause_seconds: 1,
    };
    let made = worlds_with_sources(config, || {
        let script = Arc::new(Scripted::saying(word));
        scripts.lock().unwrap().push(Arc::clone(&script));
        let names = FURTHER.iter().map(|(name, _)| *name).chain([POPULATION_REGISTER]);
        Sources::new(
            names.map(|name| (SourceId::parse(name).unwrap(), erased(&script))),
            limits,
        )
    })
    .await;
    made.into_iter().zip(scripts.into_inner().unwrap()).collect()
}

/// A browser of somebody at level 1 whose phone was proven just now.
async fn verified(world: &World, phone: &str) -> (AccountId, Browser) {
    let account = crate::signin::testing::resident(world, phone).await;
    let mut browser = confirmed(world, phone).await;
    let seen = verify(&mut browser, NAME, NUMBER).await;
    assert!(seen.location.is_some(), "{}", seen.body);
    (account, browser)
}

fn page_of(source: &str) -> String {
    format!("/verify/{}", source.replace('_', "-"))
}

/// Fills the form of a source in and sends it.
async fn fill(browser: &mut Browser, source: &str, fields: &[(&str, &str)]) -> Seen {
    let here = page_of(source);
    let page = browser.get(&here).await;
    assert_eq!(
        page.status,
        axum::http::StatusCode::OK,
        "{source}: {:?}",
        page.location
    );
    browser.post(&here, &page, fields).await
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
