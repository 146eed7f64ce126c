//! Journeys to another party and back, attacks on them, and the adapters over real connections.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::NaiveDate;
use model::citizen_id::CitizenId;
use model::evidence::{Details, SourceId};
use model::ids::AccountId;
use model::language::LocalizedText;
use model::person_name::PersonName;
use url::Url;

use crate::Config;
use crate::evidence::port::{Adapter, Arrival, Astray, Away, Back, Departure, Entry, Party, Traveller};
use crate::evidence::source::tests::Scripted;
use crate::evidence::source::{POPULATION_REGISTER, Reply, Word};
use crate::evidence::{Sources, breaker};
use crate::signin::testing::signed_in;
use crate::testing::{Browser, Seen, World, worlds_with_sources};

mod attacks;
mod interrupted;
mod journeys;
mod limits;
mod openid;
mod parties;
mod provider;

const PHONE: &str = "13800000001";
const OTHER: &str = "13900000002";
const NAME: &str = "张明远";
const NUMBER: &str = "340000199003070012";
const FACE: &str = "face";
const TRUSTED: &str = "trusted_sign_in";
const PROVINCE: &str = "other_province_level_3";

pub(super) fn pair(name: &str, number: &str) -> (PersonName, CitizenId) {
    let today = NaiveDate::from_ymd_opt(2026, 6, 1).unwrap();
    (
        PersonName::parse(name).unwrap(),
        CitizenId::parse(number, today).unwrap(),
    )
}

/// What a scripted party says.
#[derive(Clone, Debug)]
pub(crate) enum Says {
    Vouches(&'static str, &'static str),
    /// A word about nobody.
    Word(Word),
    Astray(Astray),
}

/// A party that says what the test tells it to.
#[derive(Debug)]
pub(crate) struct Stage {
    face: bool,
    name: LocalizedText,
    says: Mutex<Says>,
    pub(crate) away: AtomicU32,
    pub(crate) asked: AtomicU32,
    /// Whoever comes back waits while a test holds it.
    gate: Mutex<Arc<tokio::sync::Mutex<()>>>,
    pub(crate) reached: tokio::sync::Notify,
}

impl Stage {
    fn new(face: bool) -> Arc<Self> {
        Arc::new(Self {
            face,
            name: LocalizedText::new("某方", "Party", "Bên"),
            says: Mutex::new(Says::Vouches(NAME, NUMBER)),
            away: AtomicU32::new(0),
            asked: AtomicU32::new(0),
            gate: Mutex::default(),
            reached: tokio::sync::Notify::new(),
        })
    }

    /// Keeps whoever comes back waiting until what it gives is dropped.
    pub(crate) fn close(&self) -> tokio::sync::OwnedMutexGuard<()> {
        self.door().try_lock_owned().unwrap()
    }

    fn door(&self) -> Arc<tokio::sync::Mutex<()>> {
        Arc::clone(&self.gate.lock().unwrap())
    }

    /// Lets those who come from now on pass; who waits goes on waiting.
    pub(crate) fn open_another(&self) {
        *self.gate.lock().unwrap() = Arc::default();
    }

    pub(crate) fn say(&self, says: Says) {
        *self.says.lock().unwrap() = says;
    }
}

#[async_trait]
impl Away for Stage {
    fn compares_a_face(&self) -> bool {
        self.face
    }

    fn can_be_asked_again(&self) -> bool {
        self.face
    }

    fn is_asked_first(&self) -> bool {
        self.face
    }

    fn party(&self) -> Option<Party<'_>> {
        Some(Party {
            name: &self.name,
            keeps_days: Some(7),
        })
    }

    async fn leave(&self, traveller: &Traveller<'_>) -> Result<Departure, Reply> {
        self.away.fetch_add(1, Ordering::SeqCst);
        if matches!(*self.says.lock().unwrap(), Says::Word(Word::Refused)) {
            return Err(Reply::bare(Word::Refused));
        }
        assert_eq!(
            traveller.stated.is_some(),
            self.face || traveller.stated.is_some()
        );
        let mut to = Url::parse("https://party.example/go").unwrap();
        to.query_pairs_mut().append_pair("state", traveller.state);
        Ok(Departure {
            to,
            kept: [("secret".to_owned(), "kept".to_owned())].into(),
        })
    }

    async fn arrive(&self, back: &Back<'_>) -> Result<Arrival, Astray> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.reached.notify_one();
        let door = self.door();
        drop(door.lock().await);
        assert_eq!(back.kept.get("secret").map(String::as_str), Some("kept"));
        assert!(!back.parameters.contains_key("state"));
        let says = self.says.lock().unwrap().clone();
        let arrival = |word, said| Arrival {
            reply: Reply {
                details: Details {
                    partner: Some("party".to_owned()),
                    method: Some("test".to_owned()),
                    ..Details::default()
                },
                ..Reply::bare(word)
            },
            said,
        };
        match says {
            Says::Vouches(name, number) => Ok(arrival(Word::Match, Some(pair(name, number)))),
            Says::Word(word) => Ok(arrival(word, None)),
            Says::Astray(astray) => Err(astray),
        }
    }
}

/// A world with a register and three parties, all scripted.
pub(crate) struct Scene {
    pub(crate) world: World,
    register: Arc<Scripted>,
    pub(crate) face: Arc<Stage>,
    trusted: Arc<Stage>,
    province: Arc<Stage>,
}

pub(crate) async fn scenes() -> Vec<Scene> {
    let made = Mutex::new(Vec::new());
    let worlds = worlds_with_sources(Config::default(), || {
        let register = Arc::new(Scripted::saying(Word::Match));
        let parties = [Stage::new(true), Stage::new(false), Stage::new(false)];
        let id = |name| SourceId::parse(name).unwrap();
        let asked: Arc<dyn crate::evidence::source::Source> = Arc::<Scripted>::clone(&register);
        let mut adapters = vec![(id(POPULATION_REGISTER), Adapter::Asked(asked), Entry::default())];
        for (name, party) in [FACE, TRUSTED, PROVINCE].into_iter().zip(&parties) {
            let party: Arc<dyn Away> = Arc::<Stage>::clone(party);
            adapters.push((id(name), Adapter::Away(party), Entry::default()));
        }
        made.lock().unwrap().push((register, parties));
        Sources::with(adapters, breaker::Limits::default())
    })
    .await;
    let made = made.into_inner().unwrap();
    worlds
        .into_iter()
        .zip(made)
        .map(|(world, (register, [face, trusted, province]))| Scene {
            world,
            register,
            face,
            trusted,
            province,
        })
        .collect()
}

fn page_of(source: &str) -> String {
    format!("/verify/{}", source.replace('_', "-"))
}

/// A browser whose person has proven the phone by a code just now.
async fn confirmed(world: &World, phone: &str) -> Browser {
    let mut browser = signed_in(world, phone).await;
    confirm(world, &mut browser, phone).await;
    browser
}

/// Proves the phone of who is signed in.
async fn confirm(world: &World, browser: &mut Browser, phone: &str) {
    let page = browser.get("/verify/confirm-phone?then=trusted-sign-in").await;
    let fields = [("resend", "yes"), ("then", "trusted-sign-in")];
    let sent = browser.post("/verify/confirm-phone", &page, &fields).await;
    let page = follow(browser, &sent).await;
    let code = world.code(&format!("+86{phone}")).await;
    let fields = [("code", code.as_str()), ("then", "trusted-sign-in")];
    let done = browser.post("/verify/confirm-phone", &page, &fields).await;
    assert_eq!(
        done.location.as_deref(),
        Some("/verify/trusted-sign-in"),
        "{}",
        done.body
    );
}

async fn follow(browser: &mut Browser, seen: &Seen) -> Seen {
    browser.get(seen.location.as_deref().expect("a redirect")).await
}

/// Makes the account's identity the usual one, by the register.
async fn proven(browser: &mut Browser) {
    let page = browser.get("/verify/population-register").await;
    let fields = [("name", NAME), ("citizen_id", NUMBER)];
    let seen = browser.post("/verify/population-register", &page, &fields).await;
    assert!(seen.location.is_some(), "{}", seen.body);
}

/// Leaves for a party; the value that must come back.
async fn leave(browser: &mut Browser, source: &str, query: &str) -> String {
    let page = browser.get(&format!("{}{query}", page_of(source))).await;
    assert_eq!(
        page.page(),
        Some(page_of(source).replace("/verify/", "verify-").as_str()),
        "{}",
        page.body
    );
    let seen = browser.post(&page_of(source), &page, &[("agree", "yes")]).await;
    let to = Url::parse(seen.location.as_deref().expect("away")).expect("another party");
    let parameters: BTreeMap<String, String> = to.query_pairs().into_owned().collect();
    parameters["state"].clone()
}

/// Comes back.
async fn back(browser: &mut Browser, source: &str, state: &str) -> Seen {
    browser
        .get(&format!("{}/back?state={state}&code=c", page_of(source)))
        .await
}

/// There and back.
async fn journey(browser: &mut Browser, source: &str) -> Seen {
    let state = leave(browser, source, "").await;
    back(browser, source, &state).await
}

async fn level(world: &World, account: AccountId) -> u8 {
    let tx = world.service.store().read();
    let account = store::accounts::find(&tx, account).await.unwrap().unwrap();
    let level = crate::evidence::level_of(&world.service, &tx, &account).await;
    level.unwrap().level.number()
}

/// Where a source's page says what became of a journey.
fn saying(source: &str, word: &str) -> String {
    format!("{}?said={word}", page_of(source))
}
