//! Making passkeys.

use axum::http::StatusCode;
use serde_json::Value;

use super::super::soft::{PRESENT, Soft, Ways};
use super::super::testing::{options, send_new, wait, with_passkey};
use super::{OTHER, PHONE};
use crate::signin::testing::{resident, signed_in};
use crate::testing::worlds;

const NEW: &str = "/account/security/passkeys/new";

#[tokio::test]
async fn a_passkey_is_made_discoverable_with_user_verification_and_listed_by_its_name() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let page = browser.get(NEW).await;
        let asked: Value = serde_json::from_str(&options(&page)).unwrap();
        let selection = &asked["publicKey"]["authenticatorSelection"];
        assert_eq!(selection["userVerification"], "required");
        assert_eq!(selection["residentKey"], "preferred");
        let shown = asked["publicKey"]["user"]["name"].as_str().unwrap();
        assert!(!shown.contains(PHONE), "masked: {shown}");
        with_passkey(&mut browser, b"credential-1").await;
        let list = browser.get("/account/security/passkeys").await;
        assert!(list.body.contains("Work computer") && list.body.contains("Not yet"));
        // The next one is not to be made on the same authenticator.
        let page = browser.get(NEW).await;
        let at = page.location.clone();
        assert!(
            at.is_some_and(|at| at.contains("need=strongest")),
            "{}",
            world.kind
        );
    }
}

#[tokio::test]
async fn attack_278_a_credential_that_exists_is_refused_for_its_owner_and_for_others() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        resident(&world, OTHER).await;
        let mut browser = signed_in(&world, PHONE).await;
        with_passkey(&mut browser, b"credential-1").await;
        let mut other = signed_in(&world, OTHER).await;
        let mut same = Soft::new(b"credential-1");
        let seen = send_new(&mut other, &mut same, &Ways::default()).await;
        assert!(
            seen.location.unwrap().ends_with("wrong=refused"),
            "{}",
            world.kind
        );
        let list = other.get("/account/security/passkeys?wrong=refused").await;
        assert_eq!(list.status, StatusCode::OK);
        assert!(!list.body.contains("Work computer"));
    }
}

#[tokio::test]
async fn attack_277_names_that_differ_and_garbage_make_no_passkey() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let mut soft = Soft::new(b"credential-1");
        for change in ["id", "rawId", "all"] {
            let page = browser.get(NEW).await;
            let mut answer: Value =
                serde_json::from_str(&soft.make(&options(&page), &Ways::default())).unwrap();
            match change {
                "all" => answer = Value::String("garbage".to_owned()),
                name => answer[name] = Value::String("b3RoZXI".to_owned()),
            }
            let answer = answer.to_string();
            let fields = [
                ("ceremony", page.hidden("ceremony").unwrap()),
                ("credential", answer.as_str()),
            ];
            let seen = browser.post(NEW, &page, &fields).await;
            assert!(seen.location.unwrap().ends_with("wrong=refused"), "{change}");
        }
        for ways in [
            Ways {
                flags: PRESENT,
                ..Ways::default()
            },
            Ways {
                origin: "https://evil.test",
                ..Ways::default()
            },
        ] {
            let seen = send_new(&mut browser, &mut soft, &ways).await;
            assert!(seen.location.unwrap().ends_with("wrong=refused"), "{ways:?}");
        }
        let tx = world.service.store().read();
        let all = store::factors::list(&tx, id).await.unwrap();
        assert!(all.is_empty(), "{}", world.kind);
    }
}

#[tokio::test]
async fn attack_285b_an_answer_of_another_sign_in_makes_no_passkey() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        resident(&world, OTHER).await;
        let mut browser = signed_in(&world, PHONE).await;
        let mut other = signed_in(&world, OTHER).await;
        let (page, theirs) = (browser.get(NEW).await, other.get(NEW).await);
        let answer = Soft::new(b"credential-1").make(&options(&page), &Ways::default());
        let fields = [
            ("ceremony", page.hidden("ceremony").unwrap()),
            ("credential", answer.as_str()),
        ];
        let seen = other.post(NEW, &theirs, &fields).await;
        assert!(
            seen.location.unwrap().ends_with("wrong=refused"),
            "{}",
            world.kind
        );
        let seen = browser.post(NEW, &page, &fields).await;
        assert!(
            seen.location.unwrap().ends_with("done=added"),
            "it is still good in its own"
        );
        wait(&world, 31);
        let seen = browser.post(NEW, &page, &fields).await;
        assert!(!seen.location.unwrap().ends_with("done=added"), "once");
    }
}
