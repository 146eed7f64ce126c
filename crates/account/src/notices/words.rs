//! How a notice reads: the same title and text everywhere, in a frame that fits the channel. A message names the service
//! first, because that is how people tell a real one; a mail says in its last lines what we never ask for.

use chrono::{DateTime, Utc};
use model::language::Language;
use model::notice::{Channel, Kind};
use store::notices::Args;
use web::Kit;
use web::language::{Value, dates};

use super::{KEY, Told};

/// The longest value that goes into a text, in characters.
const VALUE_CHARS: usize = 200;

/// Title and text of a notice, in a language.
pub(super) fn read(kit: &Kit, language: Language, kind: Kind, args: &Args) -> (String, String) {
    let values: Vec<(&str, Value)> = kind
        .args()
        .iter()
        .map(|name| {
            let value = args.get(*name).map_or_else(
                || {
                    tracing::error!(kind = kind.as_str(), name, "a notice lacks a value");
                    ""
                },
                String::as_str,
            );
            (*name, Value::from(in_words(kit, language, name, value)))
        })
        .collect();
    (
        kit.t(language, kind.key(), &values),
        kit.t(language, kind.text_key(), &values),
    )
}

fn in_words(kit: &Kit, language: Language, name: &str, value: &str) -> String {
    if let Some(key) = value.strip_prefix(KEY) {
        return kit.t(language, key, &[]);
    }
    let zone = kit.branding().zone();
    let at = DateTime::parse_from_rfc3339(value).map(|at| at.with_timezone(&Utc));
    if let ("day", Ok(day)) = (name, value.parse()) {
        return dates::date(language, day);
    }
    match (name, at) {
        ("moment", Ok(at)) => dates::moment(language, at, zone),
        ("day", Ok(at)) => dates::date(language, at.with_timezone(&zone).date_naive()),
        _ => value
            .chars()
            .filter(|c| !c.is_control())
            .take(VALUE_CHARS)
            .collect(),
    }
}

/// A notice as it is sent. The first line of a mail is its subject.
pub(super) fn message(kit: &Kit, language: Language, told: &Told<'_>, channel: Channel) -> String {
    let args: Args = told
        .args
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect();
    let (title, text) = read(kit, language, told.kind, &args);
    let link = told
        .link
        .as_deref()
        .map(|link| link_line(kit, language, told.kind, link));
    match channel {
        Channel::Sms => {
            let service = kit.branding().service_name.in_language(language);
            let text = match link {
                Some(link) => format!("{text} {link}"),
                None => text,
            };
            let frame = [("service", Value::from(service)), ("text", Value::from(text))];
            kit.t(language, "notice-frame-sms", &frame)
        }
        Channel::Email => mail(kit, language, &title, &[Some(text), link]),
    }
}

/// A mail: subject, paragraphs and the lines that close every one.
pub(crate) fn mail(kit: &Kit, language: Language, subject: &str, paragraphs: &[Option<String>]) -> String {
    let branding = kit.branding();
    let service = branding.service_name.in_language(language);
    let agency = branding.agency.in_language(language);
    let subject = kit.t(
        language,
        "notice-frame-subject",
        &[("service", service.into()), ("title", subject.into())],
    );
    let close = [("service", Value::from(service)), ("agency", Value::from(agency))];
    let close = kit.t(language, "notice-frame-close", &close);
    let help = branding
        .help_phone
        .as_deref()
        .map(|phone| kit.t(language, "notice-frame-help", &[("phone", phone.into())]));
    let body: Vec<String> = paragraphs
        .iter()
        .flatten()
        .cloned()
        .chain([close])
        .chain(help)
        .collect();
    format!("{subject}\n{}", body.join("\n\n"))
}

/// The sentence around a link. Which it is depends on what the notice says.
fn link_line(kit: &Kit, language: Language, kind: Kind, link: &str) -> String {
    let words = match kind {
        Kind::Suspended | Kind::Terminated | Kind::AppealDecided => "notice-link-appeal",
        Kind::AgreementSupplement | Kind::AgreementMaterial | Kind::LevelLapses => "notice-link-read",
        _ => "notice-link-not-me",
    };
    kit.t(language, words, &[("link", link.into())])
}
