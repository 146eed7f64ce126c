//! A285a: whatever is wrong with a certificate, its chain or its lists, it does not count.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use model::clock::Clock;
use model::rng::Rng;
use openssl::asn1::{Asn1Object, Asn1OctetString};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::x509::X509Extension;
use openssl::x509::extension::{ExtendedKeyUsage, KeyUsage};
use tempfile::TempDir;
use url::Url;

use super::super::{Authorities, Settings};
use super::ca::{self, Ca, Holder, NAME, NUMBER, Wanted};
use crate::evidence::port::{CertificateFault as Fault, Certificates as _, Entry, Named, Outside, Shown};

const TEXT: &str =
    "DENIZEN-CERTIFICATE-CHALLENGE-V1;purpose=raise-identity-level;account=138****0001;nonce=n";

/// Makes a list of an authority.
type Make = Box<dyn Fn(&Ca) -> Vec<u8>>;

fn now() -> DateTime<Utc> {
    store::testing::start_time()
}

struct World {
    folder: TempDir,
    authorities: Authorities,
    ca: Ca,
}

impl World {
    /// An authority whose list is fresh.
    fn new() -> Self {
        let ca = Ca::root(now());
        let list = ca.list(&[], now() - TimeDelta::hours(1));
        Self::with(ca, &[], &[("list.crl", list)])
    }

    fn with(ca: Ca, more: &[&Ca], lists: &[(&str, Vec<u8>)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let all: Vec<&Ca> = std::iter::once(&ca).chain(more.iter().copied()).collect();
        ca::write(folder.path(), &all, lists);
        let files: Vec<&str> = lists.iter().map(|(file, _)| *file).collect();
        let settings = ca::settings(if files.is_empty() {
            &["missing.crl"]
        } else {
            &files
        });
        let authorities = read(&folder, &settings).unwrap();
        Self {
            folder,
            authorities,
            ca,
        }
    }

    async fn show(&self, certificate: &str, signature: &str, at: DateTime<Utc>) -> Result<Named, Fault> {
        let shown = Shown {
            certificate,
            signature,
            challenge: TEXT,
        };
        self.authorities.verify(&shown, at).await
    }

    async fn verify(&self, holder: &Holder) -> Result<Named, Fault> {
        self.show(&holder.pem(), &holder.sign(TEXT), now()).await
    }

    async fn fault(&self, holder: &Holder) -> Fault {
        self.verify(holder).await.unwrap_err()
    }
}

fn read(folder: &TempDir, settings: &str) -> Result<Authorities, String> {
    drop(rustls::crypto::ring::default_provider().install_default());
    let settings: Settings = toml::from_str(settings).map_err(|error| error.to_string())?;
    let entry = Entry {
        folder: folder.path().to_owned(),
        time_limit: Duration::from_secs(3),
        ..Entry::default()
    };
    let outside = Outside {
        client: reqwest::Client::builder().build().unwrap(),
        base_url: Url::parse("https://id.example").unwrap(),
        clock: Clock::system(),
        rng: Rng::system(),
    };
    Authorities::read(settings, &entry, &outside)
}

#[tokio::test]
async fn a_good_certificate_names_its_person_until_its_end_and_says_issuer_and_serial() {
    let world = World::new();
    let named = world.verify(&world.ca.person()).await.unwrap();
    assert_eq!((named.name.as_str(), named.number.as_str()), (NAME, NUMBER));
    assert_eq!(named.until, now() + TimeDelta::days(300));
    assert_eq!(named.details.serial.as_deref(), Some("1267"));
    assert_eq!(named.details.partner.as_deref(), Some("test"));
    let written = serde_json::to_string(&named.details).unwrap();
    assert!(!written.contains(NUMBER) && !written.contains(NAME));
}

#[tokio::test]
async fn signatures_of_rsa_keys_and_signatures_as_a_pair_of_numbers_are_understood() {
    let world = World::new();
    let holder = world.ca.issue(Wanted {
        key: ca::rsa(2048),
        ..Wanted::good(now())
    });
    for signature in [holder.sign(TEXT), holder.sign_pss(TEXT)] {
        assert!(world.show(&holder.pem(), &signature, now()).await.is_ok());
    }
    let person = world.ca.person();
    let der = STANDARD.decode(person.sign(TEXT)).unwrap();
    let pair = openssl::ecdsa::EcdsaSig::from_der(&der).unwrap();
    let mut raw = pair.r().to_vec_padded(32).unwrap();
    raw.extend(pair.s().to_vec_padded(32).unwrap());
    assert!(
        world
            .show(&person.pem(), &STANDARD.encode(&raw), now())
            .await
            .is_ok()
    );
    let plain = STANDARD.encode(person.certificate.to_der().unwrap());
    assert!(
        world.show(&plain, &person.sign(TEXT), now()).await.is_ok(),
        "DER in base64"
    );
}

#[tokio::test]
async fn attack_285a_expired_not_yet_valid_and_weak_certificates_do_not_count() {
    let world = World::new();
    let wanted = |change: fn(&mut Wanted)| {
        let mut wanted = Wanted::good(now());
        change(&mut wanted);
        world.ca.issue(wanted)
    };
    let expired = wanted(|wanted| wanted.until = now());
    assert_eq!(world.fault(&expired).await, Fault::Expired);
    let early = wanted(|wanted| wanted.from = now() + TimeDelta::minutes(1));
    assert_eq!(world.fault(&early).await, Fault::NotYetValid);
    for weak in [
        wanted(|wanted| wanted.key = ca::rsa(1024)),
        wanted(|wanted| wanted.key = ca::ec(Nid::SECP384R1)),
        wanted(|wanted| wanted.key = ca::ec(Nid::SECP256K1)),
        wanted(|wanted| wanted.digest = MessageDigest::sha1()),
    ] {
        assert_eq!(world.fault(&weak).await, Fault::Weak);
    }
}

#[tokio::test]
async fn attack_285a_certificates_made_for_something_else_do_not_count() {
    let world = World::new();
    let wanted = |change: fn(&mut Wanted)| {
        let mut wanted = Wanted::good(now());
        change(&mut wanted);
        world.ca.issue(wanted)
    };
    for other in [
        wanted(|wanted| {
            wanted.usage = Some(
                KeyUsage::new()
                    .key_encipherment()
                    .data_encipherment()
                    .build()
                    .unwrap(),
            );
        }),
        wanted(|wanted| wanted.usage = None),
        wanted(|wanted| wanted.extended = Some(ExtendedKeyUsage::new().server_auth().build().unwrap())),
        wanted(|wanted| {
            wanted.is_ca = true;
            wanted.usage = Some(
                KeyUsage::new()
                    .digital_signature()
                    .key_cert_sign()
                    .build()
                    .unwrap(),
            );
        }),
    ] {
        assert_eq!(world.fault(&other).await, Fault::Usage);
    }
    assert_eq!(
        world.fault(&world.ca.own).await,
        Fault::Usage,
        "the authority's own"
    );
}

#[tokio::test]
async fn attack_285a_certificates_of_other_authorities_do_not_count_whatever_they_call_themselves() {
    let world = World::new();
    let twin = Ca::root(now());
    assert_eq!(world.fault(&twin.person()).await, Fault::UnknownAuthority);
    // One whom the authority named signs another.
    let person = world.ca.person();
    let false_ca = Ca {
        own: person,
        now: now(),
    };
    assert_eq!(world.fault(&false_ca.person()).await, Fault::UnknownAuthority);
    let own = Ca::root(now());
    assert_eq!(
        world.fault(&own.own).await,
        Fault::UnknownAuthority,
        "signed by itself"
    );
}

#[tokio::test]
async fn attack_285a_revoked_certificates_do_not_count_and_neither_do_those_of_a_revoked_issuer() {
    let ca = Ca::root(now());
    let person = ca.person();
    let list = ca.list(&[&person.certificate], now());
    let world = World::with(ca, &[], &[("list.crl", list)]);
    assert_eq!(world.fault(&person).await, Fault::Revoked);

    let root = Ca::root(now());
    let issuer = root.below();
    let person = issuer.person();
    let (below, good) = (issuer.list(&[], now()), root.list(&[], now()));
    let world = World::with(root, &[&issuer], &[("a.crl", below.clone()), ("b.crl", good)]);
    assert!(world.verify(&person).await.is_ok());
    let World { ca: root, .. } = world;
    let bad = root.list(&[&issuer.own.certificate], now());
    let world = World::with(root, &[&issuer], &[("a.crl", below.clone()), ("b.crl", bad)]);
    assert_eq!(world.fault(&person).await, Fault::Revoked);
    let World { ca: root, .. } = world;
    let world = World::with(root, &[&issuer], &[("a.crl", below)]);
    assert_eq!(
        world.fault(&person).await,
        Fault::RevocationUnknown,
        "every link has its list"
    );
}

#[tokio::test]
async fn attack_285a_when_no_list_holds_nobody_knows_and_nothing_counts() {
    let other = ca::p256();
    let partial = || {
        let oid = Asn1Object::from_str("2.5.29.28").unwrap();
        let value = Asn1OctetString::new_from_bytes(b"\x30\x00").unwrap();
        X509Extension::new_from_der(&oid, true, &value).unwrap()
    };
    let week = (now(), now() + TimeDelta::days(7));
    let lists: Vec<(&str, Make)> = vec![
        ("stale", Box::new(|ca| ca.list(&[], now() - TimeDelta::days(7)))),
        (
            "of tomorrow",
            Box::new(|ca| ca.list(&[], now() + TimeDelta::days(1))),
        ),
        (
            "signed by somebody else",
            Box::new(move |ca| ca.list_with(&[], week, (&other, None))),
        ),
        (
            "of another authority",
            Box::new(|_| Ca::root(now()).list(&[], now())),
        ),
        (
            "for a part",
            Box::new(move |ca| ca.list_with(&[], week, (&ca.own.key, Some(partial())))),
        ),
        ("garbage", Box::new(|_| b"<html>".to_vec())),
        ("empty", Box::new(|_| Vec::new())),
        (
            "with something behind",
            Box::new(|ca| {
                let mut list = ca.list(&[], now());
                list.push(0);
                list
            }),
        ),
        (
            "with its signature broken",
            Box::new(|ca| {
                let mut list = ca.list(&[], now());
                *list.last_mut().unwrap() ^= 1;
                list
            }),
        ),
    ];
    for (what, list) in lists {
        let ca = Ca::root(now());
        let (person, list) = (ca.person(), list(&ca));
        let world = World::with(ca, &[], &[("list.crl", list)]);
        assert_eq!(world.fault(&person).await, Fault::RevocationUnknown, "{what}");
    }
    let world = World::with(Ca::root(now()), &[], &[]);
    assert_eq!(
        world.fault(&world.ca.person()).await,
        Fault::RevocationUnknown,
        "missing"
    );
}

#[tokio::test]
async fn attack_285a_a_list_has_a_clear_end_and_an_older_one_does_not_take_its_place() {
    let world = World::new();
    let person = world.ca.person();
    assert!(world.verify(&person).await.is_ok());
    let file = world.folder.path().join("list.crl");
    let (pem, signature) = (person.pem(), person.sign(TEXT));
    let named = world.verify(&person).await.unwrap();
    let (issuer, serial) = (named.details.issuer.unwrap(), named.details.serial.unwrap());
    assert_eq!(
        world.authorities.is_revoked(&issuer, &serial, now()).await,
        Some(false)
    );

    // The list is gone: what was read holds until its own end, and no longer.
    std::fs::remove_file(&file).unwrap();
    let last = now() + TimeDelta::days(7) - TimeDelta::hours(1) - TimeDelta::seconds(1);
    world.authorities.refresh(last).await;
    assert!(world.show(&pem, &signature, last).await.is_ok());
    let over = last + TimeDelta::seconds(1);
    assert_eq!(
        world.show(&pem, &signature, over).await.unwrap_err(),
        Fault::RevocationUnknown
    );
    assert_eq!(world.authorities.is_revoked(&issuer, &serial, over).await, None);

    // A newer one revokes; the old one, which did not, comes back.
    let world = World::new();
    let person = world.ca.person();
    let named = world.verify(&person).await.unwrap();
    let (issuer, serial) = (named.details.issuer.unwrap(), named.details.serial.unwrap());
    let file = world.folder.path().join("list.crl");
    let old = std::fs::read(&file).unwrap();
    std::fs::write(&file, world.ca.list(&[&person.certificate], now())).unwrap();
    world.authorities.refresh(now() + TimeDelta::hours(2)).await;
    assert_eq!(world.fault(&person).await, Fault::Revoked);
    std::fs::write(&file, old).unwrap();
    world.authorities.refresh(now() + TimeDelta::hours(4)).await;
    let later = now() + TimeDelta::hours(4);
    assert_eq!(
        world.authorities.is_revoked(&issuer, &serial, later).await,
        Some(true)
    );
    assert_eq!(
        world.authorities.is_revoked("another", &serial, later).await,
        None
    );
    assert_eq!(
        world.authorities.is_revoked(&issuer, "12", later).await,
        Some(false)
    );
}

#[tokio::test]
async fn attack_285a_trailing_bytes_second_certificates_and_garbage_are_not_read() {
    let world = World::new();
    let person = world.ca.person();
    let (pem, signature) = (person.pem(), person.sign(TEXT));
    let mut der = person.certificate.to_der().unwrap();
    der.push(0);
    let huge = "A".repeat(1 << 20);
    let encoded = STANDARD.encode(&der);
    for text in [
        "",
        "garbage",
        "-----BEGIN CERTIFICATE-----",
        encoded.as_str(),
        huge.as_str(),
        &format!("{pem}{pem}"),
        &format!("x{pem}"),
        &format!("{pem}x"),
        &pem.replace("CERTIFICATE", "PRIVATE KEY"),
    ] {
        let shown = world.show(text, &signature, now()).await;
        assert_eq!(shown.unwrap_err(), Fault::Unreadable, "{text:.40}");
    }
    let lines = pem.replace('\n', "\r\n");
    assert!(
        world
            .show(&format!("\n {lines} \n"), &signature, now())
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn attack_285b_a_signature_is_of_this_key_over_this_text() {
    let world = World::new();
    let (person, other) = (world.ca.person(), world.ca.person());
    let pem = person.pem();
    let cut = person.sign(TEXT);
    let mut longer = STANDARD.decode(&cut).unwrap();
    longer.push(0);
    for signature in [
        other.sign(TEXT),
        person.sign(&TEXT.replace("raise-identity-level", "sign-in")),
        person.sign(&format!("{TEXT}\n")),
        person.sign(""),
        STANDARD.encode([0_u8; 64]),
        STANDARD.encode(b"\x30\x06\x02\x01\x00\x02\x01\x00"),
        STANDARD.encode(longer),
        STANDARD.encode([1_u8; 2000]),
        "%%%".to_owned(),
        String::new(),
    ] {
        let shown = world.show(&pem, &signature, now()).await;
        assert_eq!(shown.unwrap_err(), Fault::Signature, "{signature:.20}");
    }
}

#[tokio::test]
async fn attack_285a_a_certificate_that_names_nobody_or_two_does_not_count() {
    let world = World::new();
    let wanted = |change: fn(&mut Wanted)| {
        let mut wanted = Wanted::good(now());
        change(&mut wanted);
        world.ca.issue(wanted)
    };
    for nameless in [
        wanted(|wanted| wanted.extensions.clear()),
        wanted(|wanted| wanted.extensions.push(ca::number_extension("11010519491231002X"))),
        wanted(|wanted| wanted.extensions = vec![ca::number_extension("340000199003070013")]),
        wanted(|wanted| wanted.extensions = vec![ca::number_extension("11010519491231002x")]),
        wanted(|wanted| wanted.extensions = vec![ca::number_extension("３４0000199003070012")]),
        wanted(|wanted| wanted.names = vec![]),
        wanted(|wanted| wanted.names = vec![NAME, "李四"]),
        wanted(|wanted| wanted.names = vec!["张三1"]),
    ] {
        let fault = world.fault(&nameless).await;
        assert!(matches!(fault, Fault::Nameless | Fault::Unreadable), "{fault:?}");
    }
    let critical = wanted(|wanted| wanted.extensions = vec![ca::extension(b"\x0c\x03abc", true)]);
    assert_eq!(world.fault(&critical).await, Fault::UnknownAuthority);
}

#[test]
fn a_configuration_that_would_accept_nothing_or_anything_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let root = Ca::root(now());
    let issuer = root.below();
    ca::write(folder.path(), &[&root], &[]);
    std::fs::write(folder.path().join("below.pem"), issuer.own.pem()).unwrap();
    std::fs::write(folder.path().join("empty.pem"), "").unwrap();
    let good = ca::settings(&["list.crl"]);
    assert!(read(&folder, &good).is_ok());
    for (change, to, part) in [
        ("ca.pem", "missing.pem", "cannot be read"),
        ("ca.pem", "below.pem", "root"),
        ("ca.pem", "empty.pem", "root"),
        ("\"list.crl\"", "", "crl_urls"),
        ("number_oid", "number_somewhere", "unknown field"),
        ("1.2.156.10260.4.1.1", "one.two", "dotted"),
    ] {
        let fault = read(&folder, &good.replace(change, to)).unwrap_err();
        assert!(fault.contains(part), "{fault}");
    }
    for more in ["crl_max_hours = 0\n", "crl_refresh_minutes = 0\n"] {
        assert!(read(&folder, &format!("{more}{good}")).is_err());
    }
    assert!(read(&folder, "authority = []").is_err());
}

#[tokio::test]
async fn attack_285c_a_certificate_that_is_issued_again_is_another_one_by_issuer_and_serial() {
    const OTHER: &str = "11010519491231002X";
    let ca = Ca::root(now());
    let first = ca.person();
    let again = ca.issue(Wanted {
        extensions: vec![ca::number_extension(OTHER)],
        key: first.key.clone(),
        serial: 4712,
        ..Wanted::good(now())
    });
    let list = ca.list(&[&first.certificate], now() - TimeDelta::hours(1));
    let world = World::with(ca, &[], &[("list.crl", list)]);
    assert_eq!(world.fault(&first).await, Fault::Revoked);
    let named = world.verify(&again).await.unwrap();
    assert_eq!(
        named.number.as_str(),
        OTHER,
        "the same name and key say another person now"
    );
    let issuer = named.details.issuer.unwrap();
    for (issuer, serial, revoked) in [
        (issuer.as_str(), "1267", Some(true)),
        (&issuer, "1268", Some(false)),
        ("another-authority", "1267", None),
    ] {
        assert_eq!(
            world.authorities.is_revoked(issuer, serial, now()).await,
            revoked,
            "{serial}"
        );
    }
}
