use model::client::AccountKind;
use model::evidence::SourceId;
use model::ids::{AccountId, EvidenceId, GrantId};
use model::ladder::DEFAULT_TOML;
use model::language::Language;
use model::phone::Phone;
use model::rng::Rng;
use store::accounts::Status;

use super::*;
use crate::testing;

fn day(day: u32) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + chrono::TimeDelta::days(20_000 + i64::from(day))
}

fn account() -> Account {
    Account {
        id: AccountId::new(day(0), &Rng::seeded(1)),
        kind: AccountKind::Resident,
        status: Status::Active,
        language: Language::Vi,
        phone: Some(Phone::parse("13800138000").unwrap()),
        name: None,
        citizen_id: None,
        email: None,
        username: None,
        declared_name: None,
        created_at: day(0),
        updated_at: day(1),
    }
}

fn piece(source: &str, issued: u32) -> Evidence {
    Evidence {
        id: EvidenceId::new(day(issued), &Rng::system()),
        source: SourceId::parse(source).unwrap(),
        issued_at: day(issued),
        expires_at: None,
        ended_at: None,
    }
}

fn tell(place: Place, scopes: &[Scope], requested: &[&str], evidence: &[Evidence], now: u32) -> Value {
    let scopes: ScopeSet = scopes.iter().copied().collect();
    let permitted = Permitted {
        single: ScopeSet::from_iter(Scope::OFFERED),
        scopes,
    };
    let requested = requested
        .iter()
        .map(|name| ((*name).to_owned(), RequestedClaim::default()))
        .collect();
    let ladder = Ladder::from_toml(DEFAULT_TOML).unwrap();
    let facts = Facts {
        account: &account(),
        evidence,
        strength: Strength::A2,
        ladder: &ladder,
        now: day(now),
    };
    Value::Object(facts.tell(&Wanted {
        place,
        permitted: &permitted,
        requested: &requested,
    }))
}

#[test]
fn a_plain_request_is_told_nothing_but_the_protocols_own() {
    let evidence = [piece("phone_sms", 0)];
    assert_eq!(
        tell(Place::IdToken, &[Scope::Openid], &[], &evidence, 2),
        json!({})
    );
    assert_eq!(
        tell(
            Place::Userinfo,
            &[Scope::Openid],
            &["unknown", "sub"],
            &evidence,
            2
        ),
        json!({})
    );
}

#[test]
fn assurance_and_seals_go_into_the_id_token_and_the_person_does_not() {
    let evidence = [piece("population_register", 3), piece("phone_sms", 0)];
    let told = tell(Place::IdToken, &Scope::OFFERED, &[], &evidence, 4);
    let expected = json!({
        "identity_level": 1,
        "authentication_strength": 2,
        "identity_verified_at": "2024-10-07T00:00:00Z",
        "identity_lapses_at": "2029-10-06T00:00:00Z",
        "seals": [
            { "source": "phone_sms", "at": "2024-10-04" },
            { "source": "population_register", "at": "2024-10-07" },
        ],
    });
    assert_eq!(told, expected);
}

#[test]
fn a_lapsed_seal_is_not_shown_and_the_level_falls_with_it() {
    let evidence = [piece("population_register", 3), piece("phone_sms", 0)];
    let told = tell(
        Place::Userinfo,
        &[Scope::Assurance, Scope::Seals],
        &[],
        &evidence,
        3 + 1825,
    );
    let expected = json!({
        "identity_level": 0,
        "authentication_strength": 2,
        "seals": [{ "source": "phone_sms", "at": "2024-10-04" }],
    });
    assert_eq!(told, expected);
}

#[test]
fn what_the_person_is_comes_at_userinfo_or_when_asked_for_one_by_one_and_absent_is_left_out() {
    let scopes = [
        Scope::Openid,
        Scope::Phone,
        Scope::Email,
        Scope::Profile,
        Scope::RealName,
        Scope::IdNumber,
    ];
    let told = tell(Place::Userinfo, &scopes, &[], &[], 2);
    let expected = json!({
        "locale": "vi",
        "updated_at": day(1).timestamp(),
        "phone_number": "+8613800138000",
        "phone_number_verified": true,
    });
    assert_eq!(told, expected);
    let told = tell(
        Place::IdToken,
        &[Scope::Openid],
        &["phone_number", "email", "name"],
        &[],
        2,
    );
    assert_eq!(told, json!({ "phone_number": "+8613800138000" }));
}

#[test]
fn attack_099_registration_and_consent_bound_what_is_told_on_that_day() {
    let mut client = testing::client("hefei");
    client.scopes = ScopeSet::from_iter([Scope::Openid, Scope::Phone, Scope::RealName]);
    let allowed = ScopeSet::from_iter([Scope::Phone, Scope::IdNumber]);
    let granted = ScopeSet::from_iter([Scope::Openid, Scope::Phone, Scope::RealName, Scope::IdNumber]);
    let needed = Some(GrantId::new(day(0), &Rng::seeded(2)));
    let today =
        |granted: &ScopeSet, allowed: Option<&ScopeSet>| Permitted::today(granted, &client, needed, allowed);
    let with = today(&granted, Some(&allowed)).expect("permitted");
    assert_eq!(with.scopes.to_string(), "openid phone");
    assert_eq!(with.single.to_string(), "openid phone");
    let only_openid = ScopeSet::from_iter([Scope::Openid]);
    let plain = today(&only_openid, Some(&allowed)).expect("permitted");
    assert_eq!(
        (plain.scopes.to_string(), plain.single.to_string()),
        ("openid".into(), "openid phone".into())
    );
    let without = Permitted::today(&only_openid, &client, None, None).expect("nothing needs consent");
    assert_eq!(without.single.to_string(), "openid");
    // Taken back between the statement that found the token and the one that reads the decision.
    assert_eq!(today(&granted, None), None);
}

#[test]
fn every_name_reads_back_and_has_an_offered_scope() {
    let client = testing::client("hefei");
    for claim in Claim::ALL {
        assert_eq!(Claim::from_name(claim.name()), Some(claim));
        assert!(Scope::OFFERED.contains(&claim.scope()));
        assert_eq!(scope_of(&client, claim.name()), Some(claim.scope()));
    }
    assert_eq!(scope_of(&client, "verified_claims"), None);
}
