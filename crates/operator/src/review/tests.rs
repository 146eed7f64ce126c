//! Cases at the console, on both databases: what is shown to whom, what is decided once, and by how many people.

use std::sync::{Arc, Mutex};

use account::agreements::Agreements;
use account::evidence::source::{Reply, Source, Word};
use account::evidence::{Sources, breaker};
use account::gateway::Gateways;
use account::password::{BreachedList, Hashing, HashingSettings, PasswordPolicy};
use async_trait::async_trait;
use chrono::TimeDelta;
use model::citizen_id::CitizenId;
use model::client::AccountKind;
use model::evidence::{Details, Evidence, SourceId};
use model::ids::{AccountId, CaseId, EvidenceId};
use model::ladder::{DEFAULT_TOML, Ladder, Level};
use model::language::Language;
use model::person_name::PersonName;
use model::phone::Phone;
use store::accounts::NewAccount;
use store::case_images::{NewImage, Part};
use store::cases::{CaseNumber, Factors, Input, NewCase};
use store::evidence::NewEvidence;
use store::testing::{TestStore, stores};
use web::csrf::CsrfKey;
use web::{Kit, KitConfig};

use super::*;
use crate::roles::Role;
use crate::testing::{Browser, Seen, World};
use crate::{Config, MESSAGES};

mod attacks;
mod decisions;
mod frozen;
mod locked;
mod recovery;
mod roles;
mod two_people;

const NAME: &str = "张明远";
const NUMBER: &str = "340000199003070012";
const PHONE: &str = "+8613800000001";

/// A register that says what the test tells it to.
#[derive(Clone, Debug)]
struct Register(Arc<Mutex<Word>>);

#[async_trait]
impl Source for Register {
    async fn ask(&self, _facts: &Input) -> Reply {
        Reply::bare(*self.0.lock().unwrap())
    }
}

impl Register {
    fn say(&self, word: Word) {
        *self.0.lock().unwrap() = word;
    }
}

/// A console with a register beside it.
struct Desks {
    world: World,
    register: Register,
}

async fn desks() -> Vec<Desks> {
    stores().await.into_iter().map(desk).collect()
}

fn desk(test: TestStore) -> Desks {
    let register = Register(Arc::new(Mutex::new(Word::Mismatch)));
    let source: Arc<dyn Source> = Arc::new(register.clone());
    let sources = Sources::new(
        [(SourceId::parse("population_register").unwrap(), source)],
        breaker::Limits::default(),
    );
    let kit = Kit::new(KitConfig {
        base_url: "http://localhost:8080".parse().unwrap(),
        branding: web::branding::Branding::default(),
        texts: web::language::Texts::new(&[web::language::MESSAGES, account::MESSAGES, MESSAGES]).unwrap(),
        csrf_key: CsrfKey::new([7; 32]),
        trusted_proxies: web::client_address::TrustedProxies::default(),
        clock: test.clock.clone(),
        rng: test.store.rng().clone(),
    })
    .unwrap();
    let rng = test.store.rng().clone();
    let accounts = account::Service::new(account::Parts {
        config: account::Config::default(),
        store: test.store.clone(),
        kit,
        ladder: Arc::new(Ladder::from_toml(DEFAULT_TOML).unwrap()),
        hashing: Hashing::new(HashingSettings::cheap_for_tests(), rng).unwrap(),
        policy: PasswordPolicy::new(["Denizen"], Arc::new(BreachedList::load(None).unwrap())),
        agreements: Agreements::shipped().unwrap(),
        gateways: Gateways {
            sms: None,
            mail: None,
            captcha_sandbox: None,
        },
        sources,
    });
    let world = World {
        service: Service::new(Config::default(), accounts),
        clock: test.clock.clone(),
        kind: test.database.kind(),
        test,
    };
    Desks { world, register }
}

fn facts(name: &str, number: &str) -> Input {
    let today = store::testing::start_time().date_naive();
    Input {
        name: PersonName::parse(name).unwrap(),
        citizen_id: CitizenId::parse(number, today).unwrap(),
        phone: None,
        more: Factors::none(),
    }
}

impl Desks {
    /// A resident with a phone, and evidence from these sources.
    async fn resident(&self, phone: &str, sources: &[&str]) -> AccountId {
        let (tx, now, rng) = (
            self.world.service.store().read(),
            self.world.clock.now(),
            self.world.service.rng(),
        );
        let new = NewAccount {
            id: AccountId::new(now, rng),
            kind: AccountKind::Resident,
            language: Language::Vi,
            phone: Phone::parse(phone).unwrap(),
            created_at: now,
        };
        store::accounts::create(&tx, &new).await.unwrap();
        for source in ["phone_sms"].iter().chain(sources) {
            let evidence = Evidence {
                id: EvidenceId::new(now, rng),
                source: SourceId::parse(source).unwrap(),
                issued_at: now,
                expires_at: None,
                ended_at: None,
            };
            let piece = NewEvidence {
                evidence,
                account: new.id,
                reference: None,
                case: None,
                details: Details::default(),
            };
            store::evidence::record(&tx, &piece).await.unwrap();
        }
        new.id
    }

    /// A case of a resident in the queue.
    async fn case(&self, account: AccountId, source: &str, state: State, facts: Input) -> CaseNumber {
        let (tx, now, rng) = (
            self.world.service.store().read(),
            self.world.clock.now(),
            self.world.service.rng(),
        );
        let new = NewCase {
            id: CaseId::new(now, rng),
            number: CaseNumber::generate(now, rng),
            account,
            source: SourceId::parse(source).unwrap(),
            state,
            input: facts,
            next_attempt_at: None,
            reference: None,
            created_at: now,
        };
        assert!(store::cases::create(&tx, &new).await.unwrap());
        let level = Level::new(2).unwrap();
        case_reviews::enqueue(&tx, new.id, account, level, now)
            .await
            .unwrap();
        new.number
    }

    /// A resident who sent pictures to be compared.
    async fn documents(&self) -> (AccountId, CaseNumber) {
        let account = self.resident(PHONE, &[]).await;
        let number = self
            .case(account, "document_review", State::InReview, facts(NAME, NUMBER))
            .await;
        self.picture(&number).await;
        (account, number)
    }

    async fn picture(&self, number: &CaseNumber) -> String {
        let (store, now) = (self.world.service.store(), self.world.clock.now());
        let (case, _) = case_reviews::find(&store.read(), number).await.unwrap().unwrap();
        let new = NewImage {
            case: case.id,
            account: case.account,
            part: Part::Front,
            picture: &watermark::tests::picture(640, 400),
            now,
            delete_after: now + TimeDelta::days(30),
        };
        let id = store::case_images::put(&store.read(), self.world.service.rng(), &new)
            .await
            .unwrap();
        step_of(number, &format!("/pictures/{id}")).to_string()
    }

    async fn level(&self, account: AccountId) -> u8 {
        let tx = self.world.service.store().read();
        let account = store::accounts::find(&tx, account).await.unwrap().unwrap();
        let level = account::evidence::level_of(self.world.service.account(), &tx, &account).await;
        level.unwrap().level.number()
    }

    async fn state(&self, number: &CaseNumber) -> State {
        let tx = self.world.service.store().read();
        case_reviews::find(&tx, number).await.unwrap().unwrap().0.state
    }

    /// What the owner reads, oldest first.
    async fn history(&self, number: &CaseNumber) -> Vec<&'static str> {
        let tx = self.world.service.store().read();
        let (case, _) = case_reviews::find(&tx, number).await.unwrap().unwrap();
        let list = store::case_history::list(&tx, case.id).await.unwrap();
        list.iter().rev().map(|entry| entry.what.as_str()).collect()
    }

    /// The newest message to a phone.
    async fn sms(&self, phone: &str) -> Option<String> {
        let (tx, now) = (self.world.service.store().read(), self.world.clock.now());
        let sent = store::outbox::claim(&tx, now, TimeDelta::seconds(1), 20)
            .await
            .unwrap();
        let mut to = sent.iter().filter(|sms| sms.recipient.expose() == phone);
        to.next_back().map(|sms| sms.text.expose().clone())
    }

    async fn reviewer(&self, login: &str) -> Browser {
        self.world.signed_in(login, &[Role::Reviewer]).await.0
    }

    async fn senior(&self, login: &str) -> Browser {
        self.world.signed_in(login, &[Role::SeniorReviewer]).await.0
    }
}

/// Presses a button at a case.
async fn press(browser: &mut Browser, number: &CaseNumber, step: &str, fields: &[(&str, &str)]) -> Seen {
    let page = browser.get(page_of(number).as_str()).await;
    browser.post(step_of(number, step).as_str(), &page, fields).await
}

/// Takes a case and answers its page.
async fn take(browser: &mut Browser, number: &CaseNumber) -> Seen {
    let taken = press(browser, number, "/claim", &[]).await;
    browser.follow(taken).await
}

async fn decide(browser: &mut Browser, number: &CaseNumber, choice: &str) -> Seen {
    press(browser, number, "/decide", &[("choice", choice)]).await
}

fn is_back_at(seen: &Seen, number: &CaseNumber) -> bool {
    seen.location.as_deref() == Some(page_of(number).as_str())
}
