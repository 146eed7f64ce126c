//! From evidence that ends to the message, the fall and what sub-sites are to be told, on both databases.

use chrono::TimeDelta;
use model::client::{AccountKind, Client};
use model::evidence::{Details, Evidence, SourceId};
use model::ids::{AccountId, ClientId, EvidenceId, GrantId};
use model::ladder::Level;
use model::language::{Language, LocalizedText};
use model::phone::Phone;
use model::scope::ScopeSet;
use serde_json::json;
use store::accounts::{self, Account, NewAccount};
use store::clients::StoredClient;
use store::evidence::NewEvidence;
use store::grants::Grant;
use store::status_events::{self, Cause, State};

use super::worker::look_due;
use super::{events, wake};
use crate::testing::{World, worlds};

mod between;
mod recheck;
mod renamed;

const PHONE: &str = "+8613800138000";

impl World {
    async fn resident(&self, language: Language) -> AccountId {
        let now = self.clock.now();
        let new = NewAccount {
            id: AccountId::new(now, self.service.rng()),
            kind: AccountKind::Resident,
            language,
            phone: Phone::parse(PHONE).unwrap(),
            created_at: now,
        };
        accounts::create(&self.service.store().read(), &new)
            .await
            .unwrap();
        self.prove(new.id, "phone_sms").await;
        new.id
    }

    async fn prove(&self, account: AccountId, source: &str) {
        let now = self.clock.now();
        let source = SourceId::parse(source).unwrap();
        let evidence = Evidence {
            id: EvidenceId::new(now, self.service.rng()),
            expires_at: self.service.ladder().expiry(&source, now),
            source,
            issued_at: now,
            ended_at: None,
        };
        let new = NewEvidence {
            evidence,
            account,
            reference: None,
            case: None,
            details: Details::default(),
        };
        store::evidence::record(&self.service.store().read(), &new)
            .await
            .unwrap();
    }

    pub(crate) async fn site(&self, id: &str, events_uri: bool, ceiling: Option<u8>) {
        let text = LocalizedText::new("合肥", "Hefei", "Hợp Phì");
        let document = json!({
            "client_id": id, "name": text, "agency": text, "sector": id, "scopes": ["openid"],
            "redirect_uris": [format!("https://{id}.example/callback")], "auth_method": "none",
            "events_uri": events_uri.then(|| format!("https://{id}.example/events")),
            "ceiling_level": ceiling,
        });
        let client: Client = serde_json::from_value(document).unwrap();
        let stored = StoredClient::new(client, None);
        store::clients::put(&self.service.store().read(), &stored, self.clock.now())
            .await
            .unwrap();
    }

    pub(crate) async fn grant(&self, account: AccountId, client: &str, scopes: &str) -> GrantId {
        let now = self.clock.now();
        let grant = Grant {
            id: GrantId::new(now, self.service.rng()),
            client_id: ClientId::parse(client).unwrap(),
            allowed: ScopeSet::parse_lenient(scopes),
            asked: ScopeSet::parse_lenient(scopes),
            receipt: json!({}),
            created_at: now,
            revoked_at: None,
        };
        store::grants::put(&self.service.store().read(), account, &grant)
            .await
            .unwrap();
        grant.id
    }

    async fn look(&self) {
        while look_due(&self.service).await.unwrap() > 0 {}
    }

    async fn told(&self, account: AccountId) -> Vec<(String, status_events::LevelFell)> {
        let rows = status_events::of_account(&self.service.store().read(), account)
            .await
            .unwrap();
        assert!(rows.iter().all(|(_, state)| *state == State::Open(0)));
        let mut told: Vec<_> = rows
            .into_iter()
            .filter_map(|(notice, _)| match notice.said {
                status_events::Said::Fell(fell) => Some((notice.client.to_string(), fell)),
                status_events::Said::Account(_) => None,
            })
            .collect();
        told.sort_by(|one, other| one.0.cmp(&other.0));
        told
    }

    async fn account(&self, id: AccountId) -> Account {
        accounts::find(&self.service.store().read(), id)
            .await
            .unwrap()
            .unwrap()
    }

    async fn held(&self, account: AccountId) -> Vec<String> {
        let held = store::evidence::list(&self.service.store().read(), account)
            .await
            .unwrap();
        let mut names: Vec<_> = held.into_iter().map(|piece| piece.source.to_string()).collect();
        names.sort();
        names
    }
}

fn level(number: u8) -> Level {
    Level::new(number).unwrap()
}

#[tokio::test]
async fn a_person_is_reminded_by_sms_30_and_7_days_before_the_lapse_in_the_accounts_language() {
    for world in worlds().await {
        let account = world.resident(Language::Vi).await;
        world.prove(account, "population_register").await;
        world.prove(account, "bank_card").await;
        world.look().await;
        assert_eq!(world.sms_count().await, 0, "{}", world.kind);
        for (days, messages) in [(699, 0), (1, 1), (1, 1), (21, 1), (1, 2), (3, 2), (4, 2)] {
            world.clock.advance(TimeDelta::days(days));
            world.look().await;
            assert_eq!(world.sms_count().await, messages, "after {days} more");
        }
        let text = world.newest_sms(PHONE).await.unwrap();
        assert!(text.contains("Mức xác thực"), "{text}");
        assert!(text.contains("/account/level"), "{text}");
        let name = world.service.ladder().name(level(2), Language::Vi);
        assert!(text.contains(name), "{text}");
    }
}

#[tokio::test]
async fn two_nodes_that_look_at_once_send_one_reminder_and_one_notice() {
    for world in worlds().await {
        world.site("hefei", true, None).await;
        let account = world.resident(Language::En).await;
        world.prove(account, "population_register").await;
        world.prove(account, "bank_card").await;
        world.grant(account, "hefei", "openid assurance").await;
        world.look().await;
        for days in [700, 30] {
            world.clock.advance(TimeDelta::days(days));
            let mut nodes = tokio::task::JoinSet::new();
            for _ in 0..6 {
                let service = world.service.clone();
                nodes.spawn(async move { look_due(&service).await });
            }
            for looked in nodes.join_all().await {
                looked.unwrap();
            }
            assert_eq!(world.sms_count().await, 1, "{}", world.kind);
        }
        assert_eq!(world.told(account).await.len(), 1);
    }
}

#[tokio::test]
async fn a_lapse_is_told_to_sub_sites_that_asked_and_may_know_and_to_no_others() {
    for world in worlds().await {
        for (id, asks, ceiling) in [
            ("asks", true, None),
            ("silent", false, None),
            ("withdrawn", true, None),
            ("no-levels", true, None),
            ("low", true, Some(1)),
        ] {
            world.site(id, asks, ceiling).await;
        }
        let account = world.resident(Language::ZhCn).await;
        world.prove(account, "population_register").await;
        world.clock.advance(TimeDelta::days(1));
        world.prove(account, "mobile_operator").await;
        for id in ["asks", "silent", "low", "withdrawn"] {
            world.grant(account, id, "openid assurance").await;
        }
        world.grant(account, "no-levels", "openid phone").await;
        let id = world.grant(account, "withdrawn", "openid assurance").await;
        let tx = world.service.store().read();
        store::grants::revoke(&tx, account, id, world.clock.now())
            .await
            .unwrap();
        world.look().await;
        assert!(world.told(account).await.is_empty());

        world.clock.advance(TimeDelta::days(730));
        let lapse = world.clock.now();
        world.clock.advance(TimeDelta::hours(2));
        world.look().await;
        let told = world.told(account).await;
        assert_eq!(told.len(), 1, "{}: {told:?}", world.kind);
        let (site, fell) = &told[0];
        assert_eq!((site.as_str(), fell.from, fell.to), ("asks", level(2), level(1)));
        assert_eq!((fell.at, fell.cause, fell.dates), (lapse, Cause::Lapsed, true));
        assert!(fell.verified_at.is_some() && fell.lapses_at.is_some());
        world.look().await;
        assert_eq!(world.told(account).await.len(), 1, "once");
    }
}

#[tokio::test]
async fn what_ends_with_a_phone_is_what_the_file_of_a_source_says() {
    use crate::evidence::port::{Definition, FormRoad, Road};
    // A source that is not there yet needs no other change than its file.
    let bank = Definition {
        id: "postal_bank",
        road: Road::Form(FormRoad {
            with_phone: true,
            ..FormRoad::asking(&[])
        }),
        texts: &[],
        connect: crate::evidence::http::connect,
    };
    assert!(bank.compares_phone());
    let all = crate::evidence::sources::ALL;
    for world in worlds().await {
        let account = world.resident(Language::ZhCn).await;
        for source in all {
            world.prove(account, source.id).await;
        }
        let tx = world.service.store().begin().await.unwrap();
        events::phone_replaced(&world.service, &tx, account)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let held = world.held(account).await;
        for source in all {
            let with_phone = matches!(source.road, Road::Form(form) if form.with_phone);
            assert_eq!(
                held.iter().any(|id| id == source.id),
                !with_phone,
                "{}, {}",
                source.id,
                world.kind
            );
        }
    }
}

#[tokio::test]
async fn a_replaced_phone_ends_what_was_confirmed_with_it_and_is_told_at_once() {
    for world in worlds().await {
        world.site("hefei", true, None).await;
        let account = world.resident(Language::ZhCn).await;
        for source in [
            "population_register",
            "mobile_operator",
            "bank_card",
            "driving_licence",
        ] {
            world.prove(account, source).await;
        }
        world.grant(account, "hefei", "assurance").await;
        world.look().await;
        let tx = world.service.store().begin().await.unwrap();
        assert_eq!(
            events::phone_replaced(&world.service, &tx, account)
                .await
                .unwrap(),
            2
        );
        tx.commit().await.unwrap();
        world.look().await;
        assert_eq!(
            world.held(account).await,
            ["driving_licence", "phone_sms", "population_register"]
        );
        assert!(
            world.told(account).await.is_empty(),
            "the licence still carries level 2"
        );

        let account = {
            let other = world.account(account).await.id;
            let tx = world.service.store().read();
            let licence = SourceId::parse("driving_licence").unwrap();
            let end = (world.clock.now(), "test");
            store::evidence::end_source(&tx, other, &licence, end)
                .await
                .unwrap();
            other
        };
        world.look().await;
        let told = world.told(account).await;
        assert_eq!(
            (told[0].1.from, told[0].1.to, told[0].1.cause),
            (level(2), level(1), Cause::Ended)
        );
    }
}

#[tokio::test]
async fn source_hb_37_recovery_by_sms_alone_leaves_level_1_and_a_dead_record_leaves_none() {
    for world in worlds().await {
        let account = world.resident(Language::ZhCn).await;
        for source in ["population_register", "bank_card", "face", "counter"] {
            world.prove(account, source).await;
        }
        let owner = world.account(account).await;
        let tx = world.service.store().begin().await.unwrap();
        let ended = events::recovered_by_sms_alone(&world.service, &tx, &owner)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(ended, 3, "{}", world.kind);
        assert_eq!(world.held(account).await, ["phone_sms", "population_register"]);
        let tx = world.service.store().begin().await.unwrap();
        events::register_says_dead(&world.service, &tx, &owner)
            .await
            .unwrap();
        // A second time there is nothing left to end, and nothing is written.
        assert_eq!(
            events::register_says_dead(&world.service, &tx, &owner)
                .await
                .unwrap(),
            0
        );
        tx.commit().await.unwrap();
        assert_eq!(world.held(account).await, ["phone_sms"]);
        let audited = world.test.audited().await.unwrap();
        let reasons: Vec<_> = audited
            .iter()
            .filter(|(event, ..)| event == "evidence_ended")
            .map(|(_, _, details)| details["reason"].as_str().unwrap())
            .collect();
        assert_eq!(reasons.len(), 2);
        assert!(reasons.contains(&"recovered_by_sms") && reasons.contains(&"register_restricted"));
    }
}

#[tokio::test]
async fn a_frozen_account_is_not_reminded_and_a_wake_alone_changes_nothing() {
    for world in worlds().await {
        let account = world.resident(Language::En).await;
        world.prove(account, "population_register").await;
        world.look().await;
        world.clock.advance(TimeDelta::days(1800));
        let tx = world.service.store().read();
        accounts::freeze(&tx, account, world.clock.now()).await.unwrap();
        wake(&tx, account, world.clock.now()).await.unwrap();
        world.look().await;
        assert_eq!(world.sms_count().await, 0, "{}", world.kind);
        assert!(world.told(account).await.is_empty());
    }
}
