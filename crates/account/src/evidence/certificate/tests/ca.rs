//! An authority of its own for each test, with its people and its lists.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use openssl::asn1::{Asn1Object, Asn1OctetString, Asn1Time};
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::{Padding, Rsa};
use openssl::sign::{RsaPssSaltlen, Signer};
use openssl::x509::extension::{BasicConstraints, ExtendedKeyUsage, KeyUsage};
use openssl::x509::{X509, X509Builder, X509CrlBuilder, X509Extension, X509Name, X509RevokedBuilder};

pub(super) const NAME: &str = "张明远";
pub(super) const NUMBER: &str = "340000199003070012";
/// Where the number stands in these certificates.
pub(super) const OID: &str = "1.2.156.10260.4.1.1";

pub(super) fn p256() -> PKey<Private> {
    ec(Nid::X9_62_PRIME256V1)
}

pub(super) fn ec(curve: Nid) -> PKey<Private> {
    let group = EcGroup::from_curve_name(curve).unwrap();
    PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap()
}

pub(super) fn rsa(bits: u32) -> PKey<Private> {
    PKey::from_rsa(Rsa::generate(bits).unwrap()).unwrap()
}

fn time(at: DateTime<Utc>) -> Asn1Time {
    Asn1Time::from_unix(at.timestamp()).unwrap()
}

fn name(common: &str) -> X509Name {
    let mut name = X509Name::builder().unwrap();
    name.append_entry_by_nid(Nid::COMMONNAME, common).unwrap();
    name.build()
}

/// The number as a DER string in an extension.
pub(super) fn number_extension(number: &str) -> X509Extension {
    let mut der = vec![0x0c, u8::try_from(number.len()).unwrap()];
    der.extend_from_slice(number.as_bytes());
    extension(&der, false)
}

pub(super) fn extension(der: &[u8], critical: bool) -> X509Extension {
    let oid = Asn1Object::from_str(OID).unwrap();
    X509Extension::new_from_der(&oid, critical, &Asn1OctetString::new_from_bytes(der).unwrap()).unwrap()
}

/// What a person's certificate says. The default is a good one.
pub(super) struct Wanted {
    pub(super) names: Vec<&'static str>,
    pub(super) extensions: Vec<X509Extension>,
    pub(super) key: PKey<Private>,
    pub(super) serial: u32,
    pub(super) from: DateTime<Utc>,
    pub(super) until: DateTime<Utc>,
    pub(super) usage: Option<X509Extension>,
    pub(super) extended: Option<X509Extension>,
    pub(super) is_ca: bool,
    pub(super) digest: MessageDigest,
}

impl Wanted {
    pub(super) fn good(now: DateTime<Utc>) -> Self {
        Self {
            names: vec![NAME],
            extensions: vec![number_extension(NUMBER)],
            key: p256(),
            serial: 4711,
            from: now - TimeDelta::days(30),
            until: now + TimeDelta::days(300),
            usage: Some(
                KeyUsage::new()
                    .digital_signature()
                    .non_repudiation()
                    .build()
                    .unwrap(),
            ),
            extended: Some(ExtendedKeyUsage::new().client_auth().build().unwrap()),
            is_ca: false,
            digest: MessageDigest::sha256(),
        }
    }
}

/// A certificate with its key.
pub(super) struct Holder {
    pub(super) certificate: X509,
    pub(super) key: PKey<Private>,
}

impl Holder {
    pub(super) fn pem(&self) -> String {
        String::from_utf8(self.certificate.to_pem().unwrap()).unwrap()
    }

    /// A signature as most software makes one.
    pub(super) fn sign(&self, text: &str) -> String {
        let mut signer = Signer::new(MessageDigest::sha256(), &self.key).unwrap();
        STANDARD.encode(signer.sign_oneshot_to_vec(text.as_bytes()).unwrap())
    }

    pub(super) fn sign_pss(&self, text: &str) -> String {
        let mut signer = Signer::new(MessageDigest::sha256(), &self.key).unwrap();
        signer.set_rsa_padding(Padding::PKCS1_PSS).unwrap();
        signer.set_rsa_mgf1_md(MessageDigest::sha256()).unwrap();
        signer.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH).unwrap();
        STANDARD.encode(signer.sign_oneshot_to_vec(text.as_bytes()).unwrap())
    }
}

/// An authority.
pub(super) struct Ca {
    pub(super) own: Holder,
    pub(super) now: DateTime<Utc>,
}

impl Ca {
    pub(super) fn root(now: DateTime<Utc>) -> Self {
        Self::made("Test root", now, None, p256())
    }

    pub(super) fn made(common: &str, now: DateTime<Utc>, above: Option<&Self>, key: PKey<Private>) -> Self {
        let mut builder = X509Builder::new().unwrap();
        builder.set_version(2).unwrap();
        let serial = BigNum::from_u32(if above.is_some() { 2 } else { 1 }).unwrap();
        builder
            .set_serial_number(&serial.to_asn1_integer().unwrap())
            .unwrap();
        let subject = name(common);
        builder.set_subject_name(&subject).unwrap();
        builder
            .set_issuer_name(above.map_or(&*subject, |ca| ca.own.certificate.subject_name()))
            .unwrap();
        builder.set_not_before(&time(now - TimeDelta::days(400))).unwrap();
        builder.set_not_after(&time(now + TimeDelta::days(4000))).unwrap();
        builder.set_pubkey(&key).unwrap();
        builder
            .append_extension(BasicConstraints::new().critical().ca().build().unwrap())
            .unwrap();
        let usage = KeyUsage::new()
            .critical()
            .key_cert_sign()
            .crl_sign()
            .build()
            .unwrap();
        builder.append_extension(usage).unwrap();
        let signing = above.map_or(&key, |ca| &ca.own.key);
        builder.sign(signing, MessageDigest::sha256()).unwrap();
        let certificate = builder.build();
        Self {
            own: Holder { certificate, key },
            now,
        }
    }

    pub(super) fn below(&self) -> Self {
        Self::made("Test issuer", self.now, Some(self), p256())
    }

    pub(super) fn issue(&self, wanted: Wanted) -> Holder {
        let mut builder = X509Builder::new().unwrap();
        builder.set_version(2).unwrap();
        let serial = BigNum::from_u32(wanted.serial).unwrap();
        builder
            .set_serial_number(&serial.to_asn1_integer().unwrap())
            .unwrap();
        let mut subject = X509Name::builder().unwrap();
        for common in &wanted.names {
            subject.append_entry_by_nid(Nid::COMMONNAME, common).unwrap();
        }
        builder.set_subject_name(&subject.build()).unwrap();
        builder
            .set_issuer_name(self.own.certificate.subject_name())
            .unwrap();
        builder.set_not_before(&time(wanted.from)).unwrap();
        builder.set_not_after(&time(wanted.until)).unwrap();
        builder.set_pubkey(&wanted.key).unwrap();
        if wanted.is_ca {
            builder
                .append_extension(BasicConstraints::new().critical().ca().build().unwrap())
                .unwrap();
        }
        for extension in wanted
            .usage
            .into_iter()
            .chain(wanted.extended)
            .chain(wanted.extensions)
        {
            builder.append_extension(extension).unwrap();
        }
        builder.sign(&self.own.key, wanted.digest).unwrap();
        Holder {
            certificate: builder.build(),
            key: wanted.key,
        }
    }

    pub(super) fn person(&self) -> Holder {
        self.issue(Wanted::good(self.now))
    }

    /// A list, good for a week from a moment.
    pub(super) fn list(&self, revoked: &[&X509], from: DateTime<Utc>) -> Vec<u8> {
        self.list_with(revoked, (from, from + TimeDelta::days(7)), (&self.own.key, None))
    }

    pub(super) fn list_with(
        &self,
        revoked: &[&X509],
        (from, until): (DateTime<Utc>, DateTime<Utc>),
        (key, extension): (&PKey<Private>, Option<X509Extension>),
    ) -> Vec<u8> {
        let mut builder = X509CrlBuilder::new().unwrap();
        builder
            .set_issuer_name(self.own.certificate.subject_name())
            .unwrap();
        builder.set_last_update(&time(from)).unwrap();
        builder.set_next_update(&time(until)).unwrap();
        for certificate in revoked {
            let mut entry = X509RevokedBuilder::new().unwrap();
            entry.set_serial_number(certificate.serial_number()).unwrap();
            entry.set_revocation_date(&time(from)).unwrap();
            builder.add_revoked(entry.build()).unwrap();
        }
        for (oid, value) in [
            ("2.5.29.35", &b"\x30\x06\x80\x04\x01\x02\x03\x04"[..]),
            ("2.5.29.20", b"\x02\x01\x01"),
        ] {
            let oid = Asn1Object::from_str(oid).unwrap();
            let value = Asn1OctetString::new_from_bytes(value).unwrap();
            let usual = X509Extension::new_from_der(&oid, false, &value).unwrap();
            builder.append_extension(usual).unwrap();
        }
        if let Some(extension) = extension {
            builder.append_extension(extension).unwrap();
        }
        builder.sort().unwrap();
        builder.sign(key, MessageDigest::sha256()).unwrap();
        builder.build().unwrap().to_der().unwrap()
    }
}

/// Writes what the configuration names into a folder.
pub(super) fn write(folder: &Path, authorities: &[&Ca], lists: &[(&str, Vec<u8>)]) {
    let pem: Vec<u8> = authorities
        .iter()
        .flat_map(|ca| ca.own.certificate.to_pem().unwrap())
        .collect();
    std::fs::write(folder.join("ca.pem"), pem).unwrap();
    for (file, list) in lists {
        std::fs::write(folder.join(file), list).unwrap();
    }
}

/// The entry of `sources.d/` for these files.
pub(super) fn settings(lists: &[&str]) -> String {
    let files: Vec<String> = lists.iter().map(|file| format!("{file:?}")).collect();
    format!(
        "[[authority]]\nname = \"test\"\nca_file = \"ca.pem\"\ncrl_files = [{}]\nnumber_oid = \"{OID}\"\n",
        files.join(", ")
    )
}
