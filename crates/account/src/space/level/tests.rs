//! The page "identity level": where it leads back to, and which roads are open now.

use std::sync::Arc;

use axum::http::StatusCode;
use model::client::Client;
use model::evidence::{Details, Evidence, SourceId};
use model::ids::{AccountId, EvidenceId};
use store::clients::{self, StoredClient};
use store::evidence::NewEvidence;
use store::source_use;

use crate::Config;
use crate::evidence::port::{Adapter, Entry};
use crate::evidence::source::tests::Scripted;
use crate::evidence::source::{Source, Word};
use crate::evidence::{Sources, breaker};
use crate::signin::testing::{resident, signed_in};
use crate::testing::{World, worlds, worlds_with_sources};

const PHONE: &str = "13800000001";
const SITE: &str = "https://hefei.example/back?from=denizen";

async fn register_site(world: &World) {
    let document = serde_json::json!({
        "client_id": "hefei-portal",
        "name": { "zh-CN": "合肥", "en": "Hefei", "vi": "Hợp Phì" },
        "agency": { "zh-CN": "合肥", "en": "Hefei", "vi": "Hợp Phì" },
        "sector": "hefei",
        "redirect_uris": [SITE, "https://hefei.example/50%25_off"],
        "auth_method": "none",
        "scopes": ["openid"],
        "purpose": {},
    });
    let client = Client::from_document(&document.to_string()).unwrap();
    let (tx, now) = (world.service.store().read(), world.clock.now());
    clients::put(&tx, &StoredClient::new(client, None), now)
        .await
        .unwrap();
}

async fn prove(world: &World, account: AccountId, source: &str) {
    let now = world.clock.now();
    let evidence = NewEvidence {
        evidence: Evidence {
            id: EvidenceId::new(now, world.service.rng()),
            source: SourceId::parse(source).unwrap(),
            issued_at: now,
            expires_at: None,
            ended_at: None,
        },
        account,
        reference: None,
        case: None,
        details: Details::default(),
    };
    let tx = world.service.store().read();
    store::evidence::record(&tx, &evidence).await.unwrap();
}

fn encoded(address: &str) -> String {
    url::form_urlencoded::byte_serialize(address.as_bytes()).collect()
}

#[tokio::test]
async fn source_hb_20_a_sub_sites_registered_address_is_led_back_to_once_the_level_is_reached() {
    for world in worlds().await {
        register_site(&world).await;
        let account = resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let path = format!("/account/level?want=1&return_to={}", encoded(SITE));
        let page = browser.get(&path).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        assert!(page.body.contains("Hefei") && page.body.contains("https://hefei.example/back"));
        prove(&world, account, "population_register").await;
        let page = browser.get(&path).await;
        assert_eq!(page.location.as_deref(), Some(SITE), "{}", world.kind);
        // From a page of ours on the way there.
        let nested = format!("/account/level?return_to={}", encoded(&path));
        let page = browser.get(&nested).await;
        let page = browser.get(page.location.as_deref().unwrap()).await;
        assert_eq!(page.location.as_deref(), Some(SITE));
    }
}

#[tokio::test]
async fn attack_011_an_address_that_no_sub_site_registered_leads_nowhere() {
    for world in worlds().await {
        register_site(&world).await;
        let account = resident(&world, PHONE).await;
        prove(&world, account, "population_register").await;
        let mut browser = signed_in(&world, PHONE).await;
        let lowest = format!("/account/level?want=0&return_to={}", encoded(SITE));
        let page = browser.get(&lowest).await;
        assert_eq!(page.status, StatusCode::OK, "everybody has the lowest level");
        for bad in [
            "https://evil.test/",
            "https://hefei.example/back",
            "https://hefei.example/back?from=denizen&x=1",
            "https://hefei.example/back?from=denize_",
            "https://hefei.example/%25",
            "https://hefei.example@evil.test/back?from=denizen",
            "HTTPS://hefei.example/back?from=denizen",
            "//evil.test",
            "javascript:alert(1)",
            "hefei-portal",
            "%",
            "\"redirect_uris\"",
        ] {
            let path = format!("/account/level?want=1&return_to={}", encoded(bad));
            let page = browser.get(&path).await;
            assert_eq!(page.status, StatusCode::OK, "{bad}");
            assert!(
                !page.body.contains("evil.test") && !page.body.contains("Back to"),
                "{bad}"
            );
        }
    }
}

#[tokio::test]
async fn attack_011_nobody_is_led_to_a_sub_site_that_is_disabled_and_a_pattern_finds_itself_alone() {
    for world in worlds().await {
        register_site(&world).await;
        let tx = world.service.store().read();
        let odd = "https://hefei.example/50%25_off";
        for (address, found) in [
            (SITE, true),
            (odd, true),
            ("https://hefei.example/50%25xoff", false),
            ("https://hefei.example/5%", false),
            ("https://hefei.example/", false),
        ] {
            let site = clients::find_by_address(&tx, address).await.unwrap();
            assert_eq!(site.is_some(), found, "{address} {}", world.kind);
        }
        let mut site = clients::find_by_address(&tx, SITE).await.unwrap().unwrap();
        site.disabled = true;
        let now = world.clock.now();
        clients::put(&tx, &StoredClient::new(site, None), now)
            .await
            .unwrap();
        assert!(clients::find_by_address(&tx, SITE).await.unwrap().is_none());
        let account = resident(&world, PHONE).await;
        prove(&world, account, "population_register").await;
        let mut browser = signed_in(&world, PHONE).await;
        let path = format!("/account/level?want=1&return_to={}", encoded(SITE));
        let page = browser.get(&path).await;
        assert_eq!(page.status, StatusCode::OK, "{}", world.kind);
        assert!(!page.body.contains("hefei.example"));
    }
}

#[tokio::test]
async fn source_hb_24_programs_are_told_the_same_open_roads_as_people() {
    let ids = |names: &[&str]| -> std::collections::BTreeSet<SourceId> {
        names.iter().map(|name| SourceId::parse(name).unwrap()).collect()
    };
    for world in with_bank(Word::Match, Some(1)).await {
        let open = super::open_sources(&world.service).await.unwrap();
        assert_eq!(open, ids(&["bank_card", "document_review"]), "{}", world.kind);
        let (tx, bank) = (
            world.service.store().read(),
            SourceId::parse("bank_card").unwrap(),
        );
        let today = crate::evidence::today(&world.service);
        assert!(source_use::take(&tx, &bank, today, Some(1)).await.unwrap());
        let open = super::open_sources(&world.service).await.unwrap();
        assert_eq!(open, ids(&["document_review"]), "used up: {}", world.kind);
    }
}

/// Worlds in which the bank answers, with so many questions a day.
async fn with_bank(word: Word, quota: Option<u32>) -> Vec<World> {
    worlds_with_sources(Config::default(), || {
        let script: Arc<dyn Source> = Arc::new(Scripted::saying(word));
        let entry = Entry {
            daily_quota: quota,
            ..Entry::default()
        };
        let limits = breaker::Limits {
            failures: 1,
            ..breaker::Limits::default()
        };
        let bank = SourceId::parse("bank_card").unwrap();
        Sources::with([(bank, Adapter::Asked(script), entry)], limits)
    })
    .await
}

#[tokio::test]
async fn source_hb_24_the_page_says_what_carries_the_level_and_which_roads_are_open_now() {
    for world in with_bank(Word::Match, Some(2)).await {
        let account = resident(&world, PHONE).await;
        prove(&world, account, "population_register").await;
        let mut browser = signed_in(&world, PHONE).await;
        let page = browser.get("/account/level?want=2").await;
        assert!(
            page.body.contains("data-level=\"1\"") && page.body.contains("data-why"),
            "{}",
            page.body
        );
        assert!(page.body.contains("href=\"/verify/bank-card\""), "{}", page.body);
        assert!(page.body.contains("href=\"/verify/document-review\""));
        assert!(!page.body.contains("href=\"/verify/provident-fund\""));
        assert!(page.body.contains("not offered here yet"));
        // The quota of the day is used up: said, and not offered.
        let (tx, bank) = (
            world.service.store().read(),
            SourceId::parse("bank_card").unwrap(),
        );
        let today = crate::evidence::today(&world.service);
        for _ in 0..2 {
            assert!(source_use::take(&tx, &bank, today, Some(2)).await.unwrap());
        }
        let page = browser.get("/account/level?want=2").await;
        assert!(
            !page.body.contains("href=\"/verify/bank-card\""),
            "{}",
            world.kind
        );
        assert!(page.body.contains("used up for today"));
    }
}
