//! Whose certificates count, and the checks of one that is shown (RFC 5280 section 6, by the cryptographic library): a
//! chain to an authority of the configuration, in time, made for signatures of a person, strong enough, on no list of
//! what was revoked. OpenSSL walks the chain; `x509-parser` reads what it says.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use model::evidence::Details;
use openssl::pkey::PKey;
use openssl::sha::Sha256;
use openssl::stack::Stack;
use openssl::x509::store::{X509Store, X509StoreBuilder};
use openssl::x509::verify::{X509VerifyFlags, X509VerifyParam};
use openssl::x509::{X509, X509PurposeId, X509Ref, X509StoreContext, X509VerifyResult};
use serde::Deserialize;
use url::Url;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;

use super::crl::{self, Issuer, Keeping, Lists, Place, Standing};
use super::naming::{Field, Naming};
use super::shown;
use crate::evidence::port::{CertificateFault as Fault, Certificates, Entry, Named, Outside, Shown};

/// The longest chain between a person's certificate and the root.
const DEPTH: i32 = 4;
/// OpenSSL's level of 112 bits: no RSA below 2048 bits, no SHA-1, anywhere in the chain.
const STRENGTH: i32 = 2;
/// The province's time, in seconds east of Greenwich: numbers carry dates of birth.
const EAST_SECONDS: i64 = 8 * 3600;

/// The settings of the source.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::evidence) struct Settings {
    /// After so many minutes a revocation list is asked for again.
    #[serde(default = "refresh_minutes")]
    crl_refresh_minutes: u32,
    /// After so many hours a revocation list does not count, whatever it says itself.
    #[serde(default = "max_hours")]
    crl_max_hours: u32,
    /// The authorities.
    authority: Vec<AuthoritySettings>,
}

const fn refresh_minutes() -> u32 {
    60
}

const fn max_hours() -> u32 {
    168
}

/// One authority.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AuthoritySettings {
    /// Its short name, for the log.
    name: String,
    /// A PEM file with its root and what is between.
    ca_file: PathBuf,
    /// Where its revocation lists are.
    #[serde(default)]
    crl_urls: Vec<Url>,
    /// The same as files that somebody else keeps fresh.
    #[serde(default)]
    crl_files: Vec<PathBuf>,
    /// Where the ID number stands.
    #[serde(default)]
    number_oid: Option<String>,
    #[serde(default)]
    number_dn: Option<String>,
    #[serde(default = "the_value")]
    number_pattern: String,
    /// Where the name stands; the subject's common name when nothing is said.
    #[serde(default)]
    name_oid: Option<String>,
    #[serde(default)]
    name_dn: Option<String>,
    #[serde(default = "the_value")]
    name_pattern: String,
}

fn the_value() -> String {
    "{}".to_owned()
}

/// One authority, read.
struct Authority {
    name: String,
    certificates: Vec<X509>,
    naming: Naming,
    lists: Lists,
}

/// The authorities of the configuration.
pub(in crate::evidence) struct Authorities(Vec<Authority>);

impl std::fmt::Debug for Authorities {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|one| &one.name))
            .finish()
    }
}

impl Authorities {
    /// Reads the configuration; a fault in words that an operator understands.
    pub(in crate::evidence) fn read(
        settings: Settings,
        entry: &Entry,
        outside: &Outside,
    ) -> Result<Self, String> {
        if settings.authority.is_empty() {
            return Err("settings.authority: write at least one [[settings.authority]]".to_owned());
        }
        if !(1..=1440).contains(&settings.crl_refresh_minutes) {
            return Err("settings.crl_refresh_minutes: write a number from 1 to 1440".to_owned());
        }
        if !(1..=744).contains(&settings.crl_max_hours) {
            return Err("settings.crl_max_hours: write a number from 1 to 744".to_owned());
        }
        let keeping = Keeping {
            refresh: TimeDelta::minutes(i64::from(settings.crl_refresh_minutes)),
            at_most: TimeDelta::hours(i64::from(settings.crl_max_hours)),
            time_limit: entry.time_limit,
        };
        let read = |one: AuthoritySettings| {
            let name = one.name.clone();
            Authority::read(one, &entry.folder, (keeping, outside.client.clone()))
                .map_err(|problem| format!("settings.authority {name:?}: {problem}"))
        };
        settings
            .authority
            .into_iter()
            .map(read)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The checks, without waiting for anybody.
    fn check(&self, shown: &Shown<'_>, now: DateTime<Utc>) -> Result<Named, Fault> {
        let der = shown::certificate(shown.certificate)?;
        let signature = shown::signature(shown.signature)?;
        let (_, parsed) = X509Certificate::from_der(&der).map_err(|_| Fault::Unreadable)?;
        let certificate = X509::from_der(&der).map_err(|_| Fault::Unreadable)?;
        // Two readers must have read the same.
        if certificate.to_der().map_err(|_| Fault::Unreadable)? != der {
            return Err(Fault::Unreadable);
        }
        let (authority, chain) = self.chain(&certificate, now)?;
        check_usage(&parsed)?;
        let key = certificate.public_key().map_err(|_| Fault::Weak)?;
        shown::check_key(&key)?;
        if !crl::is_strong(&parsed.signature_algorithm.algorithm) {
            return Err(Fault::Weak);
        }
        let issuer = authority.check_revocation(&chain, now)?;
        shown::verify(&key, shown.challenge, &signature)?;
        let today = (now + TimeDelta::seconds(EAST_SECONDS)).date_naive();
        let (name, number) = authority.naming.person(&parsed, today)?;
        Ok(Named {
            name,
            number,
            until: DateTime::from_timestamp(parsed.validity().not_after.timestamp(), 0)
                .ok_or(Fault::Unreadable)?,
            details: Details {
                partner: Some(authority.name.clone()),
                issuer: Some(issuer),
                serial: Some(hex(crl::plain(parsed.raw_serial()))),
                ..Details::default()
            },
        })
    }

    /// The authority that a certificate leads to, with the chain. What an authority that does lead there says is the
    /// answer; without one, the first that knows the issuer.
    fn chain(&self, certificate: &X509, now: DateTime<Utc>) -> Result<(&Authority, Vec<X509>), Fault> {
        let mut fault = Fault::UnknownAuthority;
        for authority in &self.0 {
            match authority.chain(certificate, now) {
                Ok(chain) => return Ok((authority, chain)),
                Err(Fault::UnknownAuthority) => {}
                Err(other) => fault = other,
            }
        }
        Err(fault)
    }
}

#[async_trait]
impl Certificates for Authorities {
    async fn verify(&self, shown: &Shown<'_>, now: DateTime<Utc>) -> Result<Named, Fault> {
        match self.check(shown, now) {
            Err(Fault::RevocationUnknown) => {
                self.refresh(now).await;
                self.check(shown, now)
            }
            other => other,
        }
    }

    async fn is_revoked(&self, issuer: &str, serial: &str, now: DateTime<Utc>) -> Option<bool> {
        let serial = unhex(serial)?;
        let standings = self.0.iter().map(|one| one.lists.standing(issuer, &serial, now));
        standings
            .filter_map(|standing| match standing {
                Standing::Good => Some(false),
                Standing::Revoked => Some(true),
                Standing::Unknown => None,
            })
            .max()
    }

    async fn refresh(&self, now: DateTime<Utc>) {
        for authority in &self.0 {
            authority.lists.refresh(now).await;
        }
    }
}

impl Authority {
    fn read(
        settings: AuthoritySettings,
        folder: &Path,
        (keeping, client): (Keeping, reqwest::Client),
    ) -> Result<Self, String> {
        let path = folder.join(&settings.ca_file);
        let pem = std::fs::read(&path)
            .map_err(|error| format!("ca_file: {} cannot be read: {error}", path.display()))?;
        let certificates = X509::stack_from_pem(&pem)
            .ok()
            .filter(|certificates| certificates.iter().any(|one| is_root(one)))
            .ok_or("ca_file: has no root in PEM")?;
        let fault = |key: &'static str| move |problem: &'static str| format!("{key}: {problem}");
        let name_dn = settings.name_dn.as_deref();
        let common_name = settings.name_oid.is_none().then_some("CN");
        let naming = Naming {
            number: Field::read(
                settings.number_oid.as_deref(),
                settings.number_dn.as_deref(),
                &settings.number_pattern,
            )
            .map_err(fault("number"))?,
            name: Field::read(
                settings.name_oid.as_deref(),
                name_dn.or(common_name),
                &settings.name_pattern,
            )
            .map_err(fault("name"))?,
        };
        let files = settings
            .crl_files
            .iter()
            .map(|file| Place::File(folder.join(file)));
        let places: Vec<Place> = files
            .chain(settings.crl_urls.into_iter().map(Place::Address))
            .collect();
        if places.is_empty() {
            return Err("write crl_urls or crl_files: without them no certificate counts".to_owned());
        }
        let issuers: Option<Vec<Issuer>> = certificates.iter().map(Issuer::of).collect();
        Ok(Self {
            name: settings.name,
            naming,
            lists: Lists::new(
                issuers.ok_or("ca_file: cannot be read")?,
                places,
                (keeping, client),
            ),
            certificates,
        })
    }

    /// The chain to the root, the person's certificate first.
    fn chain(&self, certificate: &X509, now: DateTime<Utc>) -> Result<Vec<X509>, Fault> {
        let broken = |_| Fault::UnknownAuthority;
        let store = self.store(now).map_err(broken)?;
        let mut context = X509StoreContext::new().map_err(broken)?;
        let between = Stack::new().map_err(broken)?;
        let (error, chain) = context
            .init(&store, certificate, &between, |context| {
                let holds = context.verify_cert()?;
                let chain = context.chain().filter(|_| holds);
                let chain: Option<Vec<X509>> =
                    chain.map(|chain| chain.iter().map(X509Ref::to_owned).collect());
                Ok((context.error(), chain))
            })
            .map_err(broken)?;
        chain.ok_or_else(|| understand(error))
    }

    fn store(&self, now: DateTime<Utc>) -> Result<X509Store, openssl::error::ErrorStack> {
        let mut builder = X509StoreBuilder::new()?;
        for certificate in &self.certificates {
            builder.add_cert(certificate.clone())?;
        }
        let mut rules = X509VerifyParam::new()?;
        rules.set_flags(X509VerifyFlags::CHECK_SS_SIGNATURE)?;
        rules.set_time(now.timestamp());
        rules.set_depth(DEPTH);
        rules.set_auth_level(STRENGTH);
        rules.set_purpose(X509PurposeId::SSL_CLIENT)?;
        builder.set_param(&rules)?;
        Ok(builder.build())
    }

    /// Nothing in the chain below the root was revoked; who issued the person's certificate.
    fn check_revocation(&self, chain: &[X509], now: DateTime<Utc>) -> Result<String, Fault> {
        let mut direct = None;
        for pair in chain.windows(2) {
            let [below, above] = pair else { continue };
            let issuer = Issuer::of(above).ok_or(Fault::RevocationUnknown)?;
            let der = below.to_der().map_err(|_| Fault::RevocationUnknown)?;
            let (_, parsed) = X509Certificate::from_der(&der).map_err(|_| Fault::RevocationUnknown)?;
            match self
                .lists
                .standing(&issuer.id, crl::plain(parsed.raw_serial()), now)
            {
                Standing::Good => {}
                Standing::Revoked => return Err(Fault::Revoked),
                Standing::Unknown => return Err(Fault::RevocationUnknown),
            }
            direct.get_or_insert(issuer.id);
        }
        // An authority's own certificate names no person.
        direct.ok_or(Fault::Usage)
    }
}

impl Issuer {
    fn of(certificate: &X509) -> Option<Self> {
        let key = certificate
            .public_key()
            .and_then(|key: PKey<_>| key.public_key_to_der())
            .ok()?;
        let mut hash = Sha256::new();
        hash.update(&certificate.subject_name().to_der().ok()?);
        hash.update(&key);
        Some(Self {
            id: URL_SAFE_NO_PAD.encode(hash.finish()),
            certificate: certificate.clone(),
        })
    }
}

fn is_root(certificate: &X509Ref) -> bool {
    let names = (
        certificate.subject_name().to_der(),
        certificate.issuer_name().to_der(),
    );
    matches!(names, (Ok(subject), Ok(issuer)) if subject == issuer)
}

/// The certificate is a person's, and made for signatures: of a pair of certificates the one for encryption is refused.
fn check_usage(certificate: &X509Certificate<'_>) -> Result<(), Fault> {
    let usage = certificate.key_usage().map_err(|_| Fault::Usage)?;
    let signs = usage.is_some_and(|usage| usage.value.digital_signature());
    if signs && !certificate.is_ca() {
        Ok(())
    } else {
        Err(Fault::Usage)
    }
}

/// What a person can do something about has a word of its own.
fn understand(error: X509VerifyResult) -> Fault {
    match error.as_raw() {
        9 => Fault::NotYetValid,
        10 => Fault::Expired,
        26 | 79 => Fault::Usage,
        66..=68 => Fault::Weak,
        _ => Fault::UnknownAuthority,
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02X}");
        text
    })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let byte = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    pairs
        .iter()
        .map(byte)
        .collect::<Option<_>>()
        .filter(|_| rest.is_empty())
}
