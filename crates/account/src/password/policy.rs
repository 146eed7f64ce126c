//! What may be chosen as a password. HB-10: at least two of digits, letters and symbols; the nine symbols named
//! there are accepted, and every other printable character too. GG-13: long enough and not easily guessed, so the
//! person's own numbers and the passwords that everybody tries are refused (OWASP ASVS 5.0, V6.2).

use std::sync::Arc;

use model::citizen_id::CitizenId;
use model::email::Email;
use model::person_name::PersonName;
use model::phone::Phone;
use model::username::Username;
use web::form::Words;

use super::Password;
use super::breached::BreachedList;

/// The fewest code points.
pub const LENGTH_MIN: usize = 8;
/// The most code points.
pub const LENGTH_MAX: usize = 64;
/// The fewest kinds of characters.
const KINDS_MIN: usize = 2;
/// Shorter words say nothing about a person or a site.
const WORD_MIN: usize = 4;

/// Why a password cannot be chosen, in the order in which it is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum PasswordFault {
    /// Fewer than 8 characters.
    #[error("fewer than 8 characters")]
    TooShort,
    /// More than 64 characters.
    #[error("more than 64 characters")]
    TooLong,
    /// A control character.
    #[error("a character that cannot be printed")]
    Unprintable,
    /// Only one of digits, letters and symbols.
    #[error("only one of digits, letters and symbols")]
    TooFewKinds,
    /// The phone number, or the last digits of it.
    #[error("contains the phone number")]
    ContainsPhone,
    /// The ID number, or the last digits of it.
    #[error("contains the ID number")]
    ContainsCitizenId,
    /// The birth date, in one of the usual orders.
    #[error("contains the birth date")]
    ContainsBirthDate,
    /// The name.
    #[error("contains the name")]
    ContainsName,
    /// The e-mail address, or the part before the `@`.
    #[error("contains the e-mail address")]
    ContainsEmail,
    /// The user name.
    #[error("contains the user name")]
    ContainsUsername,
    /// The name of this site.
    #[error("contains the name of the site")]
    ContainsSiteName,
    /// Among the passwords that everybody tries.
    #[error("among the passwords that are tried first")]
    Breached,
}

impl PasswordFault {
    /// What the page says.
    pub const fn words(self) -> Words {
        Words::key(match self {
            Self::TooShort => "password-fault-too-short",
            Self::TooLong => "password-fault-too-long",
            Self::Unprintable => "password-fault-unprintable",
            Self::TooFewKinds => "password-fault-too-few-kinds",
            Self::ContainsPhone => "password-fault-contains-phone",
            Self::ContainsCitizenId => "password-fault-contains-citizen-id",
            Self::ContainsBirthDate => "password-fault-contains-birth-date",
            Self::ContainsName => "password-fault-contains-name",
            Self::ContainsEmail => "password-fault-contains-email",
            Self::ContainsUsername => "password-fault-contains-username",
            Self::ContainsSiteName => "password-fault-contains-site-name",
            Self::Breached => "password-fault-breached",
        })
    }
}

/// What is known about whoever chooses.
#[derive(Clone, Copy, Debug, Default)]
pub struct About<'a> {
    /// The phone number.
    pub phone: Option<&'a Phone>,
    /// The e-mail address.
    pub email: Option<&'a Email>,
    /// The ID number; the birth date is read from it.
    pub citizen_id: Option<&'a CitizenId>,
    /// The name.
    pub name: Option<&'a PersonName>,
    /// The user name.
    pub username: Option<&'a Username>,
}

/// The rules of one installation.
#[derive(Clone, Debug)]
pub struct PasswordPolicy {
    site_words: Vec<String>,
    breached: Arc<BreachedList>,
}

impl PasswordPolicy {
    /// The rules with the names that the site goes by (the product's, the province's, the host's); names of fewer
    /// than four letters are left out.
    pub fn new<'a>(site_names: impl IntoIterator<Item = &'a str>, breached: Arc<BreachedList>) -> Self {
        Self {
            site_words: site_names.into_iter().flat_map(words).collect(),
            breached,
        }
    }

    /// Checks a password that somebody wants to choose.
    pub fn check(&self, typed: &str, about: &About<'_>) -> Result<Password, PasswordFault> {
        let password = Password::typed(typed).map_err(|_| PasswordFault::TooLong)?;
        check_characters(password.expose())?;
        let text = Searchable::of(password.expose());
        check_person(&text, about)?;
        if self.site_words.iter().any(|word| text.contains(word)) {
            return Err(PasswordFault::ContainsSiteName);
        }
        if self.breached.contains(password.expose()) {
            return Err(PasswordFault::Breached);
        }
        Ok(password)
    }

    /// The list of passwords that everybody tries, for the meter.
    pub fn breached(&self) -> &BreachedList {
        &self.breached
    }
}

/// Which kinds of characters a password has.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Kinds {
    digits: bool,
    letters: bool,
    symbols: bool,
}

impl Kinds {
    pub(super) fn of(text: &str) -> Self {
        text.chars().fold(Self::default(), |kinds, c| Self {
            digits: kinds.digits || c.is_numeric(),
            letters: kinds.letters || c.is_alphabetic(),
            symbols: kinds.symbols || !c.is_alphanumeric(),
        })
    }

    pub(super) fn counted(self) -> usize {
        [self.digits, self.letters, self.symbols]
            .into_iter()
            .filter(|kind| *kind)
            .count()
    }
}

fn check_characters(text: &str) -> Result<(), PasswordFault> {
    let length = text.chars().count();
    if length < LENGTH_MIN {
        return Err(PasswordFault::TooShort);
    }
    if length > LENGTH_MAX {
        return Err(PasswordFault::TooLong);
    }
    // U+FFFD is what a broken encoding leaves behind; nobody can type it again.
    if text
        .chars()
        .any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{fffd}'))
    {
        return Err(PasswordFault::Unprintable);
    }
    if Kinds::of(text).counted() < KINDS_MIN {
        Err(PasswordFault::TooFewKinds)
    } else {
        Ok(())
    }
}

/// A password in lower case, once as it is and once without what people put between digits.
struct Searchable {
    whole: String,
    compact: String,
}

impl Searchable {
    fn of(text: &str) -> Self {
        let whole = text.to_lowercase();
        let compact = whole.chars().filter(|c| c.is_alphanumeric()).collect();
        Self { whole, compact }
    }

    /// `word` is in lower case and not empty.
    fn contains(&self, word: &str) -> bool {
        !word.is_empty() && (self.whole.contains(word) || self.compact.contains(word))
    }
}

fn check_person(text: &Searchable, about: &About<'_>) -> Result<(), PasswordFault> {
    if let Some(phone) = about.phone {
        // The last eight digits are what people take for "part of my number".
        if text.contains(last(&phone.national(), 8)) {
            return Err(PasswordFault::ContainsPhone);
        }
    }
    if let Some(id) = about.citizen_id {
        if text.contains(&last(id.as_str(), 6).to_lowercase()) {
            return Err(PasswordFault::ContainsCitizenId);
        }
        let date = id.birth_date();
        let orders = ["%Y%m%d", "%d%m%Y", "%y%m%d"];
        if orders
            .iter()
            .any(|order| text.contains(&date.format(order).to_string()))
        {
            return Err(PasswordFault::ContainsBirthDate);
        }
    }
    if about.name.is_some_and(|name| contains_name(text, name)) {
        return Err(PasswordFault::ContainsName);
    }
    if let Some(email) = about.email {
        let local = email.as_str().split('@').next().unwrap_or_default();
        if local.chars().count() >= WORD_MIN && text.contains(local) {
            return Err(PasswordFault::ContainsEmail);
        }
    }
    if about.username.is_some_and(|name| contains_username(text, name)) {
        return Err(PasswordFault::ContainsUsername);
    }
    Ok(())
}

/// The whole name, however short when it is written in Han characters, or one of its longer words.
fn contains_name(text: &Searchable, name: &PersonName) -> bool {
    let whole: String = name
        .as_str()
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric())
        .collect();
    let is_latin = whole.is_ascii();
    let whole_counts = whole.chars().count() >= if is_latin { WORD_MIN } else { 2 };
    (whole_counts && text.contains(&whole)) || words(name.as_str()).iter().any(|word| text.contains(word))
}

/// The user name, also without what stands between its letters.
fn contains_username(text: &Searchable, name: &Username) -> bool {
    let whole = name.as_str().to_lowercase();
    let compact: String = whole.chars().filter(|c| c.is_alphanumeric()).collect();
    text.contains(&whole) || (compact.len() >= WORD_MIN && text.contains(&compact))
}

/// The words of at least four letters, in lower case.
fn words(text: &str) -> Vec<String> {
    text.to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.chars().count() >= WORD_MIN)
        .map(str::to_owned)
        .collect()
}

/// The last `count` characters of an ASCII text; all of it when it is shorter.
fn last(text: &str, count: usize) -> &str {
    text.get(text.len().saturating_sub(count)..).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use proptest::prelude::*;

    use super::*;

    fn policy() -> PasswordPolicy {
        PasswordPolicy::new(
            ["Denizen", "id.province.example"],
            Arc::new(BreachedList::load(None).unwrap()),
        )
    }

    fn check(typed: &str) -> Result<Password, PasswordFault> {
        policy().check(typed, &About::default())
    }

    #[test]
    fn source_hb_10_two_kinds_of_characters_are_needed_and_the_nine_symbols_count() {
        for symbol in "`~!_@#$%*".chars() {
            assert!(check(&format!("kvtulmqx{symbol}")).is_ok(), "{symbol}");
            assert!(check(&format!("{symbol}27385196")).is_ok(), "{symbol}");
        }
        assert!(check("kvtulm27").is_ok());
        assert_eq!(check("kvtulmqx"), Err(PasswordFault::TooFewKinds));
        assert_eq!(check("27385196"), Err(PasswordFault::TooFewKinds));
        assert_eq!(check("!@#$%*~_"), Err(PasswordFault::TooFewKinds));
        assert_eq!(check("        "), Err(PasswordFault::TooFewKinds));
    }

    #[test]
    fn source_gg_13_lengths_are_counted_in_code_points_after_composition() {
        assert_eq!(check("kvtul27"), Err(PasswordFault::TooShort));
        assert_eq!(check("kvtula\u{301}1"), Err(PasswordFault::TooShort));
        assert!(check(&format!("kvt27{}", "😀".repeat(59))).is_ok());
        assert_eq!(
            check(&format!("kvt27{}", "😀".repeat(60))),
            Err(PasswordFault::TooLong)
        );
    }

    #[test]
    fn attack_211_endless_passwords_are_refused_and_every_printable_character_is_welcome() {
        assert_eq!(check(&"a1".repeat(1 << 19)), Err(PasswordFault::TooLong));
        assert_eq!(
            check(&format!("a{}", "1".repeat(128))),
            Err(PasswordFault::TooLong)
        );
        for good in [
            "密码安全很重要7",
            "mậtkhẩurấtdài7",
            "kvt ulm gx",
            "😀😃😄😁kvtu",
            "<script>7\"'",
        ] {
            assert!(check(good).is_ok(), "{good}");
        }
        for bad in [
            "kvtulm27\0",
            "kvtulm27\n",
            "kvtulm27\u{85}",
            "kvtulm27\u{2028}",
            "kvtulm27\u{fffd}",
        ] {
            assert_eq!(check(bad), Err(PasswordFault::Unprintable), "{bad:?}");
        }
    }

    #[test]
    fn attack_210_what_is_known_about_the_person_cannot_be_the_password() {
        let today = NaiveDate::from_ymd_opt(2026, 5, 4).unwrap();
        let phone = Phone::parse("13800001234").unwrap();
        let email = Email::parse("li.meihua@example.com").unwrap();
        let id = CitizenId::parse("34000019930510007X", today).unwrap();
        let name = PersonName::parse("Nguyễn Văn Anh").unwrap();
        let username = Username::parse("kiwi.garden_7").unwrap();
        let about = About {
            phone: Some(&phone),
            email: Some(&email),
            citizen_id: Some(&id),
            name: Some(&name),
            username: Some(&username),
        };
        for (typed, fault) in [
            ("kv13800001234", PasswordFault::ContainsPhone),
            ("138-0000-1234", PasswordFault::ContainsPhone),
            ("+8613800001234", PasswordFault::ContainsPhone),
            ("kv00001234", PasswordFault::ContainsPhone),
            ("34000019930510007x", PasswordFault::ContainsCitizenId),
            ("kvtu 10007X", PasswordFault::ContainsCitizenId),
            ("kvt19930510", PasswordFault::ContainsBirthDate),
            ("1993-05-10", PasswordFault::ContainsBirthDate),
            ("10.05.1993", PasswordFault::ContainsBirthDate),
            ("kvtu930510", PasswordFault::ContainsBirthDate),
            ("NGUYỄN2785", PasswordFault::ContainsName),
            ("li.meihua27", PasswordFault::ContainsEmail),
            ("kiwi.garden_7", PasswordFault::ContainsUsername),
            ("My-KIWI.Garden_7!", PasswordFault::ContainsUsername),
            ("kiwigarden7", PasswordFault::ContainsUsername),
            ("MyDenizen27", PasswordFault::ContainsSiteName),
            ("province-27", PasswordFault::ContainsSiteName),
            ("Password1!", PasswordFault::Breached),
            ("woaini1314", PasswordFault::Breached),
        ] {
            assert_eq!(policy().check(typed, &about), Err(fault), "{typed}");
        }
        assert!(policy().check("kvtulm27", &about).is_ok());
    }

    #[test]
    fn attack_210_short_names_count_when_they_are_written_in_full() {
        let name = PersonName::parse("张三").unwrap();
        let about = About {
            name: Some(&name),
            ..About::default()
        };
        assert_eq!(
            policy().check("张三kvtulm27", &about),
            Err(PasswordFault::ContainsName)
        );
        let name = PersonName::parse("An Li").unwrap();
        let about = About {
            name: Some(&name),
            ..About::default()
        };
        assert!(policy().check("kvtulmli27an", &about).is_ok());
    }

    proptest! {
        #[test]
        fn checking_never_panics_and_what_is_chosen_can_be_typed_again(typed in "\\PC{0,80}|[a-z0-9!]{6,20}") {
            static POLICY: std::sync::LazyLock<PasswordPolicy> = std::sync::LazyLock::new(policy);
            if let Ok(password) = POLICY.check(&typed, &About::default()) {
                prop_assert_eq!(Password::typed(&typed), Ok(password));
            }
        }
    }
}
