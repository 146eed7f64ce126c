//! What each source is told as.

use model::evidence::Details;
use model::scope::{Scope, ScopeSet};
use serde_json::{Value, json};

use super::everything;
use super::telling::{FRAMEWORK, at_userinfo};
use crate::testing;

#[tokio::test]
async fn every_source_is_told_validly_and_as_metadata_says() {
    let world = testing::world().await;
    let document = world.get("/.well-known/openid-configuration").await.json;
    let offers = |list: &str, value: &Value| document[list].as_array().unwrap().contains(value);
    let named = Details {
        partner: Some("alipay".to_owned()),
        issuer: Some("ca".to_owned()),
        serial: Some("0123".to_owned()),
        ..Details::default()
    };
    let sources: Vec<String> = world
        .service
        .ladder()
        .sources()
        .map(|(id, _)| id.to_string())
        .collect();
    for source in sources {
        let source_id = model::evidence::SourceId::parse(&source).unwrap();
        world.prove_with(&source, None, named.clone()).await;
        let told = at_userinfo(&world, &everything()).await;
        let evidence = told["verification"]["evidence"].as_array().unwrap();
        let Some(kind) = super::super::kinds::of(&source_id) else {
            store::evidence::end_source(
                &world.store.read(),
                world.account,
                &source_id,
                (world.now(), "test"),
            )
            .await
            .unwrap();
            continue;
        };
        assert!(
            evidence.iter().any(|one| one["type"] == kind.proof.evidence()),
            "{source}"
        );
        for one in evidence {
            assert!(offers("evidence_supported", &one["type"]), "{source}");
            for (member, list) in [
                ("document_details", "documents_supported"),
                ("record", "electronic_records_supported"),
            ] {
                assert!(
                    one.get(member)
                        .is_none_or(|details| offers(list, &details["type"])),
                    "{one}"
                );
            }
            for check in one["check_details"].as_array().into_iter().flatten() {
                let right = one["type"] != "document"
                    || offers("documents_check_methods_supported", &check["check_method"]);
                assert!(right, "{one}");
            }
        }
    }
    for claim in super::super::VerifiedClaim::ALL {
        assert!(offers(
            "claims_in_verified_claims_supported",
            &claim.name().into()
        ));
    }
    assert_eq!(document["trust_frameworks_supported"], json!([FRAMEWORK]));
    assert_eq!(document["verified_claims_supported"], true);
}

#[tokio::test]
async fn a_certificates_number_is_told_to_those_who_may_know_the_persons() {
    let world = testing::world().await;
    let certificate = Details {
        partner: Some("Anhui CA".to_owned()),
        serial: Some("5A3F".to_owned()),
        ..Details::default()
    };
    world.prove_with("certificate", None, certificate).await;
    let request = json!({
        "verification": { "trust_framework": null, "evidence": [{
            "type": { "value": "electronic_signature" }, "signature_type": null, "issuer": null, "serial_number": null,
        }] },
        "claims": { "name": null },
    });
    let told = at_userinfo(&world, &request).await;
    let expected = json!([{ "type": "electronic_signature", "signature_type": "urn:denizen:signature:certificate",
                            "issuer": "Anhui CA", "serial_number": "5A3F" }]);
    assert_eq!(told["verification"]["evidence"], expected);
    let mut short = request.clone();
    short["verification"]["evidence"][0]
        .as_object_mut()
        .unwrap()
        .remove("serial_number");
    let told = at_userinfo(&world, &short).await;
    assert_eq!(
        told["verification"],
        json!({ "trust_framework": FRAMEWORK }),
        "without it the entry is not valid"
    );
    let mut site = testing::client("hefei");
    site.scopes = ScopeSet::from_iter([Scope::Openid, Scope::RealName, Scope::Seals]);
    world.apply(site).await;
    assert_eq!(at_userinfo(&world, &request).await, Value::Null);
}
