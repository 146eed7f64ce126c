//! Whom a certificate names. Where the ID number stands differs between authorities: an extension (GM/T 0015 and its
//! relatives), or an attribute of the subject; most write something around it. Both are settings of each authority.
//!
//! A field that is there twice names nobody, and so does one with another form than was configured.

use chrono::NaiveDate;
use model::citizen_id::CitizenId;
use model::person_name::PersonName;
use x509_parser::asn1_rs::{Any, Class, Oid, Tag};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;

use crate::evidence::port::CertificateFault as Fault;

/// Stands in a pattern for the value.
const VALUE: &str = "{}";
/// Stands in a pattern for anything, at its beginning or end.
const ANYTHING: char = '*';

/// Where a value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Extension(Oid<'static>),
    Subject(Oid<'static>),
}

/// Where a value stands, and what stands around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    place: Place,
    before: String,
    after: String,
}

impl Field {
    /// Reads the settings of a field: the dotted number of an extension, or an attribute of the subject by its usual name
    /// or its dotted number; and a pattern with one `{}`.
    pub(super) fn read(oid: Option<&str>, dn: Option<&str>, pattern: &str) -> Result<Self, &'static str> {
        let place = match (oid, dn) {
            (Some(oid), None) => Place::Extension(parse_oid(oid)?),
            (None, Some(name)) => Place::Subject(match name {
                "commonName" | "CN" => parse_oid("2.5.4.3")?,
                "serialNumber" => parse_oid("2.5.4.5")?,
                "organizationalUnitName" | "OU" => parse_oid("2.5.4.11")?,
                "userId" | "UID" => parse_oid("0.9.2342.19200300.100.1.1")?,
                other => parse_oid(other)?,
            }),
            _ => return Err("write either an extension (…_oid) or an attribute of the subject (…_dn)"),
        };
        let (before, after) = pattern
            .split_once(VALUE)
            .filter(|(_, after)| !after.contains(VALUE))
            .ok_or("a pattern has one {}")?;
        let inner = |text: &str, outer: Option<&str>| outer.unwrap_or(text).contains(ANYTHING);
        if inner(before, before.strip_prefix(ANYTHING)) || inner(after, after.strip_suffix(ANYTHING)) {
            return Err("in a pattern, * stands at the beginning or at the end only");
        }
        Ok(Self {
            place,
            before: before.to_owned(),
            after: after.to_owned(),
        })
    }

    /// The value in a certificate.
    fn value(&self, certificate: &X509Certificate<'_>) -> Option<String> {
        let text = match &self.place {
            Place::Extension(oid) => {
                let mut found = certificate.extensions().iter().filter(|one| one.oid == *oid);
                let (first, second) = (found.next()?, found.next());
                if second.is_some() {
                    return None;
                }
                extension_text(first.value)?
            }
            Place::Subject(oid) => {
                let attributes = certificate.subject().iter_attributes();
                let mut found = attributes.filter(|one| one.attr_type() == oid);
                let (first, second) = (found.next()?, found.next());
                if second.is_some() {
                    return None;
                }
                text_of(first.attr_value())?
            }
        };
        self.cut(&text).map(str::to_owned)
    }

    /// What the pattern takes out of a text.
    fn cut<'a>(&self, text: &'a str) -> Option<&'a str> {
        let text = match self.before.strip_prefix(ANYTHING) {
            // The last one: what stands before it may contain it.
            Some(before) if !before.is_empty() => text.rsplit_once(before)?.1,
            Some(_) => return None,
            None => text.strip_prefix(self.before.as_str())?,
        };
        match self.after.strip_suffix(ANYTHING) {
            Some(after) if !after.is_empty() => Some(text.split_once(after)?.0),
            Some(_) => None,
            None => text.strip_suffix(self.after.as_str()),
        }
    }
}

fn parse_oid(text: &str) -> Result<Oid<'static>, &'static str> {
    text.parse()
        .map_err(|_| "write a dotted number, such as 1.2.156.10260.4.1.1")
}

/// The value of an extension: a string, or the resident ID card among the choices of GM/T 0015-2012 (`[0]`). Nothing may
/// follow it.
fn extension_text(value: &[u8]) -> Option<String> {
    let (rest, any) = Any::from_der(value).ok()?;
    if !rest.is_empty() {
        return None;
    }
    if any.class() != Class::ContextSpecific {
        return text_of(&any);
    }
    if any.tag() != Tag(0) {
        return None;
    }
    if any.header.is_constructed() {
        let (rest, inner) = Any::from_der(any.data).ok()?;
        return rest.is_empty().then(|| text_of(&inner)).flatten();
    }
    std::str::from_utf8(any.data).ok().map(str::to_owned)
}

/// A string of a kind whose characters are known.
fn text_of(any: &Any<'_>) -> Option<String> {
    if any.class() != Class::Universal || any.header.is_constructed() {
        return None;
    }
    match any.tag() {
        Tag::Utf8String => std::str::from_utf8(any.data).ok().map(str::to_owned),
        Tag::PrintableString | Tag::Ia5String | Tag::NumericString => any
            .data
            .is_ascii()
            .then(|| std::str::from_utf8(any.data).ok().map(str::to_owned))
            .flatten(),
        Tag::BmpString => {
            let (pairs, rest) = any.data.as_chunks::<2>();
            let units: Vec<u16> = pairs.iter().map(|pair| u16::from_be_bytes(*pair)).collect();
            String::from_utf16(&units).ok().filter(|_| rest.is_empty())
        }
        _ => None,
    }
}

/// The fields of one authority's certificates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Naming {
    pub(super) number: Field,
    pub(super) name: Field,
}

impl Naming {
    /// Who is named.
    pub(super) fn person(
        &self,
        certificate: &X509Certificate<'_>,
        today: NaiveDate,
    ) -> Result<(PersonName, CitizenId), Fault> {
        let number = self.number.value(certificate).ok_or(Fault::Nameless)?;
        let name = self.name.value(certificate).ok_or(Fault::Nameless)?;
        let number = CitizenId::parse_strict(&number, today).map_err(|_| Fault::Nameless)?;
        let name = PersonName::parse(&name).map_err(|_| Fault::Nameless)?;
        Ok((name, number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(pattern: &str, text: &str) -> Option<String> {
        let field = Field::read(None, Some("CN"), pattern).unwrap();
        field.cut(text).map(str::to_owned)
    }

    #[test]
    fn a_pattern_takes_exactly_what_stands_in_it() {
        let number = "340000199003070012";
        let taken = Some(number.to_owned());
        assert_eq!(cut("{}", number), taken);
        assert_eq!(cut("SF{}", &format!("SF{number}")), taken);
        assert_eq!(cut("*SF{}", &format!("1@1005SF{number}")), taken);
        assert_eq!(cut("*SF{}", &format!("1@SF05SF{number}")), taken, "the last");
        assert_eq!(cut("{}@*", "张三@1"), Some("张三".to_owned()));
        assert_eq!(cut("CN-{}-*", "CN-张三-2-3"), Some("张三".to_owned()));
        for (pattern, text) in [
            ("SF{}", number),
            ("*SF{}", number),
            ("{}@*", number),
            ("{}X", number),
        ] {
            assert_eq!(cut(pattern, text), None, "{pattern}");
        }
    }

    #[test]
    fn settings_that_mean_nothing_are_refused() {
        for (oid, dn, pattern) in [
            (None, None, "{}"),
            (Some("1.2.3"), Some("CN"), "{}"),
            (Some("1.2.x"), None, "{}"),
            (None, Some("somewhere"), "{}"),
            (None, Some("CN"), "{}{}"),
            (None, Some("CN"), "value"),
            (None, Some("CN"), "a*b{}"),
            (None, Some("CN"), "{}*b"),
        ] {
            assert!(Field::read(oid, dn, pattern).is_err(), "{oid:?} {dn:?} {pattern}");
        }
    }

    #[test]
    fn attack_285a_values_of_an_extension_are_one_string_and_nothing_else() {
        let utf8 = b"\x0c\x03abc";
        assert_eq!(extension_text(utf8).as_deref(), Some("abc"));
        assert_eq!(extension_text(b"\x13\x03abc").as_deref(), Some("abc"));
        assert_eq!(
            extension_text(b"\x80\x03abc").as_deref(),
            Some("abc"),
            "[0] implicit"
        );
        assert_eq!(
            extension_text(b"\xa0\x05\x13\x03abc").as_deref(),
            Some("abc"),
            "[0] explicit"
        );
        assert_eq!(
            extension_text(b"\x1e\x04\x5f\x20\x4e\x09").as_deref(),
            Some("张三")
        );
        for bad in [
            &b""[..],
            b"abc",
            b"\x0c\x03abcd",
            b"\x0c\x04abc",
            b"\x0c\x02\xff\xfe",
            b"\x81\x03abc",
            b"\xa0\x06\x13\x03abcd",
            b"\x1e\x03\x5f\x20\x4e",
            b"\x04\x03abc",
            b"\x30\x05\x0c\x03abc",
        ] {
            assert_eq!(extension_text(bad), None, "{bad:?}");
        }
    }
}
