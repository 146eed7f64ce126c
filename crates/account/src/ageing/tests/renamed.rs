//! People of the province find that somebody has another name: what was proven for the one before counts no more.

use model::citizen_id::CitizenId;
use model::ids::CaseId;
use model::person_name::PersonName;
use store::cases::{Factors, Input};

use super::*;
use crate::evidence::decided::{self, Decided, Decision};

#[tokio::test]
async fn a_decision_with_another_name_ends_what_was_proven_for_the_one_before() {
    for world in worlds().await {
        let account = world.resident(Language::En).await;
        let now = world.clock.now();
        let number = CitizenId::parse("340000199003070012", now.date_naive()).unwrap();
        let name = PersonName::parse("张明远").unwrap();
        let tx = world.service.store().read();
        let identity = (&name, &number);
        assert!(accounts::set_identity(&tx, account, identity, now).await.unwrap());
        for source in ["population_register", "bank_card", "mobile_operator"] {
            world.prove(account, source).await;
        }
        world.look().await;
        let decide = async |name: &str, source: &str| {
            let decision = Decision {
                account,
                case: CaseId::new(world.clock.now(), world.service.rng()),
                source: SourceId::parse(source).unwrap(),
                facts: Input {
                    name: PersonName::parse(name).unwrap(),
                    citizen_id: number.clone(),
                    phone: None,
                    more: Factors::none(),
                },
                until: None,
                details: Details::default(),
            };
            let tx = world.service.store().begin().await.unwrap();
            let decided = decided::record(&world.service, &tx, &decision).await.unwrap();
            tx.commit().await.unwrap();
            assert!(matches!(decided, Decided::Recorded(_)), "{decided:?}");
        };
        decide("张明远", "document_review").await;
        let all = [
            "bank_card",
            "document_review",
            "mobile_operator",
            "phone_sms",
            "population_register",
        ];
        assert_eq!(world.held(account).await, all, "{}: the same name", world.kind);
        world.look().await;
        // Two pieces of one decision stand side by side.
        decide("张远", "document_review").await;
        decide("张远", "register_review").await;
        assert_eq!(
            world.held(account).await,
            ["document_review", "phone_sms", "register_review"]
        );
        assert_eq!(world.account(account).await.name.unwrap().as_str(), "张远");
        assert_eq!(
            look_due(&world.service).await.unwrap(),
            1,
            "the level is looked at"
        );
        let audited = world.test.audited().await.unwrap();
        let renamed = audited
            .iter()
            .filter(|(_, _, details)| details["reason"] == "renamed");
        assert_eq!(renamed.count(), 1);
    }
}
