//! Whether somebody has an account is told by nothing that a stranger can ask (A203, A205, A206): an account in any standing
//! and none at all cause the same statements in the same order, as many committed transactions among them, and as many
//! password hashes. What the pages say is compared beside each page.

use axum::http::StatusCode;
use model::citizen_id::CitizenId;
use model::email::Email;
use model::ids::AccountId;
use model::person_name::PersonName;
use model::standing::Status;
use model::username::Username;
use store::accounts;

use crate::Config;
use crate::signin::testing::resident;
use crate::testing::World;

mod contacts;
mod messages;
mod signing_in;

/// Numbers of identity cards with right check digits, one for each standing.
const NUMBERS: [&str; 8] = [
    "340000199003071015",
    "340000199003071023",
    "340000199003071031",
    "34000019900307104X",
    "340000199003071058",
    "340000199003071066",
    "340000199003071074",
    "340000199003071082",
];

/// What people can say who they are.
#[derive(Clone, Debug)]
struct Names {
    phone: String,
    email: String,
    username: String,
    number: &'static str,
}

impl Names {
    /// Of nobody.
    fn nobodys() -> Self {
        Self {
            phone: "13700000003".to_owned(),
            email: "nobody@example.vn".to_owned(),
            username: "nobody.here".to_owned(),
            number: "340000199003071090",
        }
    }

    fn all(&self) -> [&str; 4] {
        [&self.phone, &self.email, &self.username, self.number]
    }
}

/// An account with everything that it can be named by.
struct Known {
    id: AccountId,
    status: Status,
    names: Names,
}

/// One account in each standing.
async fn known(world: &World) -> Vec<Known> {
    let (tx, now) = (world.service.store().read(), world.clock.now());
    let mut all = Vec::new();
    for (index, (status, number)) in Status::ALL.into_iter().zip(NUMBERS).enumerate() {
        let names = Names {
            phone: format!("1380000010{index}"),
            email: format!("an.{index}@example.vn"),
            username: format!("an.nguyen{index}"),
            number,
        };
        let id = resident(world, &names.phone).await;
        let email = Email::parse(&names.email).unwrap();
        let named = accounts::set_email(&tx, id, (None, Some(&email)), now).await;
        assert!(named.unwrap());
        let username = Username::parse(&names.username).unwrap();
        assert!(
            accounts::set_username(&tx, id, Some(&username), now)
                .await
                .unwrap()
        );
        let name = PersonName::parse("张明远").unwrap();
        let number = CitizenId::parse(number, now.date_naive()).unwrap();
        let proven = accounts::set_identity(&tx, id, (&name, &number), now).await;
        assert!(proven.unwrap());
        world.test.set_status(id, status).await.unwrap();
        all.push(Known { id, status, names });
    }
    all
}

/// What an answer cost.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Work {
    statements: Vec<String>,
    hashes: usize,
}

/// What is done from now on.
struct Meter<'a> {
    world: &'a World,
    hashes: usize,
}

impl<'a> Meter<'a> {
    fn new(world: &'a World) -> Self {
        world.service.store().journal().take();
        let hashes = world.service.hashing().turns();
        Self { world, hashes }
    }

    fn work(&self) -> Work {
        Work {
            statements: self.world.service.store().journal().take_short(),
            hashes: self.world.service.hashing().turns() - self.hashes,
        }
    }
}

/// The work of everybody who asked the same.
struct Compared<'a> {
    what: String,
    world: &'a World,
    all: Vec<(String, Work)>,
}

impl<'a> Compared<'a> {
    fn new(what: impl Into<String>, world: &'a World) -> Self {
        Self {
            what: what.into(),
            world,
            all: Vec::new(),
        }
    }

    fn add(&mut self, who: impl Into<String>, meter: &Meter<'_>) {
        self.all.push((who.into(), meter.work()));
    }

    /// Fails unless it is the same for all, and something at all; answers it.
    #[track_caller]
    fn is_the_same(&self) -> &Work {
        let [(first, expected), others @ ..] = self.all.as_slice() else {
            panic!("{}: nobody asked", self.what)
        };
        assert!(!others.is_empty() && !expected.statements.is_empty());
        for (who, work) in others {
            assert_eq!(
                work, expected,
                "{} on {}: {who} and {first}",
                self.what, self.world.kind
            );
        }
        expected
    }
}

fn committed(work: &Work) -> usize {
    let commits = work.statements.iter().filter(|one| *one == "COMMIT").count();
    let begun = work.statements.iter().filter(|one| *one == "BEGIN").count();
    assert_eq!(commits, begun, "what was begun is committed: {work:?}");
    commits
}
