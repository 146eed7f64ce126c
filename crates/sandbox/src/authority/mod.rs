//! A certification authority that issues certificates to the people of this world, with its revocation list, and a page
//! that stands for the software of a USB key: it signs a challenge with the key of a test person.
//!
//! The root's key comes out of the world's secret for its vendors, so that the provider's file and this server are of
//! one authority without a key on any disk; people's keys are made when they are first used.

mod pages;

use std::collections::BTreeMap;
use std::sync::Mutex;

use anyhow::Context as _;
use axum::Router;
use axum::routing::{get, post, put};
use chrono::{DateTime, TimeDelta, Utc};
use openssl::asn1::{Asn1Object, Asn1OctetString, Asn1Time};
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcKey, EcPoint};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::sha::Sha256;
use openssl::sign::Signer;
use openssl::x509::extension::{BasicConstraints, ExtendedKeyUsage, KeyUsage};
use openssl::x509::{X509, X509Builder, X509CrlBuilder, X509Extension, X509Name, X509RevokedBuilder};

use crate::world::{World, lock};

/// Where the citizen ID number stands in the certificates (GM/T 0015-2012).
pub const NUMBER_OID: &str = "1.2.156.10260.4.1.1";

/// How long a revocation list is good, in hours.
const LIST_HOURS: i64 = 24;

/// What is wrong with a certificate, as a tester wishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Flaw {
    /// Nothing.
    None,
    /// Its time is over.
    Expired,
    /// It is the one for encryption.
    Encryption,
}

impl Flaw {
    pub(crate) const ALL: [Self; 3] = [Self::None, Self::Expired, Self::Encryption];

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Expired => "expired",
            Self::Encryption => "encryption",
        }
    }

    pub(crate) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|flaw| flaw.word() == word)
    }
}

/// A certificate with its key.
#[derive(Clone)]
struct Issued {
    certificate: X509,
    key: PKey<Private>,
}

/// The authority.
pub(crate) struct Authority {
    root: Issued,
    people: Mutex<BTreeMap<(String, Flaw), Issued>>,
    revoked: Mutex<Vec<X509>>,
}

/// What the software of a USB key gives back.
pub(crate) struct Signed {
    pub(crate) certificate: String,
    pub(crate) signature: Vec<u8>,
}

/// The root's certificate, for the provider's configuration.
pub fn root_pem(secret: &str) -> anyhow::Result<String> {
    let authority = Authority::new(secret)?;
    Ok(String::from_utf8(authority.root.certificate.to_pem()?)?)
}

impl Authority {
    pub(crate) fn new(secret: &str) -> anyhow::Result<Self> {
        let key = root_key(secret).context("making the sandbox authority's key")?;
        let certificate = root(&key).context("making the sandbox authority")?;
        Ok(Self {
            root: Issued { certificate, key },
            people: Mutex::default(),
            revoked: Mutex::default(),
        })
    }

    fn pem(&self) -> anyhow::Result<Vec<u8>> {
        Ok(self.root.certificate.to_pem()?)
    }

    /// The list of what was revoked, made this moment.
    fn list(&self, now: DateTime<Utc>) -> anyhow::Result<Vec<u8>> {
        let mut builder = X509CrlBuilder::new()?;
        builder.set_issuer_name(self.root.certificate.subject_name())?;
        builder.set_last_update(&*time(now - TimeDelta::minutes(1))?)?;
        builder.set_next_update(&*time(now + TimeDelta::hours(LIST_HOURS))?)?;
        for certificate in lock(&self.revoked).iter() {
            let mut entry = X509RevokedBuilder::new()?;
            entry.set_serial_number(certificate.serial_number())?;
            entry.set_revocation_date(&*time(now)?)?;
            builder.add_revoked(entry.build())?;
        }
        // Which key signed, and the number of the list, which grows.
        builder.append_extension(extension("2.5.29.35", b"\x30\x06\x80\x04\x01\x02\x03\x04")?)?;
        let mut number = vec![0x02, 0x08];
        number.extend_from_slice(&now.timestamp().to_be_bytes());
        builder.append_extension(extension("2.5.29.20", &number)?)?;
        builder.sort()?;
        builder.sign(&self.root.key, MessageDigest::sha256())?;
        Ok(builder.build()?.to_der()?)
    }

    /// Signs as the key of a person would.
    pub(crate) fn sign(
        &self,
        (name, citizen_id): (&str, &str),
        flaw: Flaw,
        (text, now): (&str, DateTime<Utc>),
    ) -> anyhow::Result<Signed> {
        let mut people = lock(&self.people);
        let place = (citizen_id.to_owned(), flaw);
        let issued = if let Some(issued) = people.get(&place) {
            issued.clone()
        } else {
            let issued = self.issue((name, citizen_id), flaw, now)?;
            people.insert(place, issued.clone());
            issued
        };
        drop(people);
        let mut signer = Signer::new(MessageDigest::sha256(), &issued.key)?;
        Ok(Signed {
            certificate: String::from_utf8(issued.certificate.to_pem()?)?,
            signature: signer.sign_oneshot_to_vec(text.as_bytes())?,
        })
    }

    /// Revokes every certificate of a person and forgets their keys; how many there were.
    fn revoke(&self, citizen_id: &str) -> usize {
        let mut people = lock(&self.people);
        let gone: Vec<_> = people
            .keys()
            .filter(|(id, _)| id == citizen_id)
            .cloned()
            .collect();
        let mut revoked = lock(&self.revoked);
        for place in &gone {
            if let Some(issued) = people.remove(place) {
                revoked.push(issued.certificate);
            }
        }
        gone.len()
    }

    fn issue(
        &self,
        (name, citizen_id): (&str, &str),
        flaw: Flaw,
        now: DateTime<Utc>,
    ) -> anyhow::Result<Issued> {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
        let key = PKey::from_ec_key(EcKey::generate(&group)?)?;
        let mut builder = X509Builder::new()?;
        builder.set_version(2)?;
        let mut serial = BigNum::new()?;
        serial.rand(120, openssl::bn::MsbOption::ONE, false)?;
        builder.set_serial_number(&*serial.to_asn1_integer()?)?;
        builder.set_subject_name(&*named(name)?)?;
        builder.set_issuer_name(self.root.certificate.subject_name())?;
        builder.set_not_before(&*time(now - TimeDelta::days(30))?)?;
        let end = if flaw == Flaw::Expired {
            now - TimeDelta::days(1)
        } else {
            now + TimeDelta::days(700)
        };
        builder.set_not_after(&*time(end)?)?;
        builder.set_pubkey(&key)?;
        builder.append_extension(BasicConstraints::new().build()?)?;
        let usage = if flaw == Flaw::Encryption {
            KeyUsage::new()
                .critical()
                .key_encipherment()
                .data_encipherment()
                .build()?
        } else {
            KeyUsage::new()
                .critical()
                .digital_signature()
                .non_repudiation()
                .build()?
        };
        builder.append_extension(usage)?;
        builder.append_extension(ExtendedKeyUsage::new().client_auth().build()?)?;
        let mut number = vec![0x0c, u8::try_from(citizen_id.len())?];
        number.extend_from_slice(citizen_id.as_bytes());
        builder.append_extension(extension(NUMBER_OID, &number)?)?;
        builder.sign(&self.root.key, MessageDigest::sha256())?;
        Ok(Issued {
            certificate: builder.build(),
            key,
        })
    }
}

fn root_key(secret: &str) -> anyhow::Result<PKey<Private>> {
    let mut hash = Sha256::new();
    hash.update(b"denizen sandbox authority\0");
    hash.update(secret.as_bytes());
    let number = BigNum::from_slice(&hash.finish())?;
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
    let mut context = BigNumContext::new()?;
    let mut point = EcPoint::new(&group)?;
    point.mul_generator2(&group, &number, &mut context)?;
    let key = EcKey::from_private_components(&group, &number, &point)?;
    key.check_key()?;
    Ok(PKey::from_ec_key(key)?)
}

fn root(key: &PKey<Private>) -> anyhow::Result<X509> {
    let mut builder = X509Builder::new()?;
    builder.set_version(2)?;
    builder.set_serial_number(&*BigNum::from_u32(1)?.to_asn1_integer()?)?;
    let name = named("Denizen sandbox authority")?;
    builder.set_subject_name(&name)?;
    builder.set_issuer_name(&name)?;
    // 2020 to 2050: no test lives longer.
    builder.set_not_before(&*Asn1Time::from_unix(1_577_836_800)?)?;
    builder.set_not_after(&*Asn1Time::from_unix(2_524_608_000)?)?;
    builder.set_pubkey(key)?;
    builder.append_extension(BasicConstraints::new().critical().ca().build()?)?;
    builder.append_extension(KeyUsage::new().critical().key_cert_sign().crl_sign().build()?)?;
    builder.sign(key, MessageDigest::sha256())?;
    Ok(builder.build())
}

fn named(common: &str) -> anyhow::Result<X509Name> {
    let mut name = X509Name::builder()?;
    name.append_entry_by_nid(Nid::COMMONNAME, common)?;
    Ok(name.build())
}

fn time(at: DateTime<Utc>) -> anyhow::Result<Asn1Time> {
    Ok(Asn1Time::from_unix(at.timestamp())?)
}

fn extension(oid: &str, value: &[u8]) -> anyhow::Result<X509Extension> {
    let (oid, value) = (
        Asn1Object::from_str(oid)?,
        Asn1OctetString::new_from_bytes(value)?,
    );
    Ok(X509Extension::new_from_der(&oid, false, &value)?)
}

/// Everything under `/authority`.
pub(crate) fn router() -> Router<World> {
    Router::new()
        .route("/authority", get(pages::show))
        .route("/authority/sign", post(pages::sign))
        .route("/authority/root.pem", get(pages::root))
        .route("/authority/list.crl", get(pages::list))
        .route("/authority/revocations/{citizen_id}", put(pages::revoke))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_secret_is_one_authority_and_its_list_names_what_was_revoked() {
        let (one, two) = (
            Authority::new("secret").unwrap(),
            Authority::new("secret").unwrap(),
        );
        let other = Authority::new("another").unwrap();
        let key = |authority: &Authority| authority.root.certificate.public_key().unwrap();
        assert!(key(&one).public_eq(&key(&two)) && !key(&one).public_eq(&key(&other)));
        assert!(
            root_pem("secret")
                .unwrap()
                .starts_with("-----BEGIN CERTIFICATE-----")
        );

        let now = DateTime::from_timestamp(1_780_300_800, 0).unwrap();
        let person = ("张明远", "340000199003070012");
        let signed = one.sign(person, Flaw::None, ("text", now)).unwrap();
        let certificate = X509::from_pem(signed.certificate.as_bytes()).unwrap();
        assert!(certificate.verify(&key(&two)).unwrap());
        let again = one.sign(person, Flaw::None, ("other", now)).unwrap();
        assert_eq!(again.certificate, signed.certificate, "one certificate a person");
        assert_eq!((one.revoke(person.1), one.revoke(person.1)), (1, 0));
        let list = openssl::x509::X509Crl::from_der(&one.list(now).unwrap()).unwrap();
        assert!(list.verify(&key(&one)).unwrap());
        assert_eq!(list.get_revoked().unwrap().len(), 1);
        let fresh = one.sign(person, Flaw::None, ("text", now)).unwrap();
        assert_ne!(fresh.certificate, signed.certificate);
    }
}
