//! Residents, made up for one test each: no two tests share a phone, a number or a name at the registers.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use rand::Rng as _;

/// A resident as they know themselves.
#[derive(Clone, Debug)]
pub struct Person {
    /// Eleven digits, as people type it.
    pub phone: String,
    /// The name on the identity card.
    pub name: String,
    /// The number on the identity card.
    pub citizen_id: String,
    /// The password they choose.
    pub password: String,
}

static START: LazyLock<u64> = LazyLock::new(|| u64::from(rand::rng().next_u32()));
static COUNT: AtomicU64 = AtomicU64::new(0);

/// A number that nobody else in this run has.
pub fn unique() -> u64 {
    // Steps that share no factor with the moduli below visit every value before one comes again.
    START.wrapping_add(COUNT.fetch_add(1, Ordering::Relaxed).wrapping_mul(7919))
}

/// A network address that nobody else in this run has.
pub fn network_address() -> String {
    let number = unique();
    format!(
        "10.{}.{}.{}",
        number / 64_516 % 254 + 1,
        number / 254 % 254 + 1,
        number % 254 + 1
    )
}

impl Person {
    /// Somebody new, grown up, whom no register knows yet; see [`crate::outside::Outside::add`].
    pub fn new() -> Self {
        let number = unique();
        let year = 1950 + number % 50;
        let (month, day) = (1 + number / 50 % 12, 1 + number / 600 % 28);
        let body = format!("340000{year}{month:02}{day:02}{:03}", number / 16_800 % 1000);
        Self {
            phone: format!("19{:09}", number % 1_000_000_000),
            name: name(number),
            citizen_id: complete_citizen_id(&body),
            // Few enough that none of them is by chance taken for a breached one (1 in 65,536 is).
            password: format!("Harbour-{:03}-lantern", number % 1000),
        }
    }

    /// The phone in E.164.
    pub fn e164(&self) -> String {
        format!("+86{}", self.phone)
    }
}

impl Default for Person {
    fn default() -> Self {
        Self::new()
    }
}

fn name(number: u64) -> String {
    const FAMILY: &str = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张";
    const GIVEN: &str = "安宁清和明远思齐嘉言书越景行子衿若水星河知秋云舒";
    let pick = |from: &str, number: u64| {
        let count = from.chars().count() as u64;
        from.chars().nth((number % count) as usize).expect("a character")
    };
    [
        pick(FAMILY, number),
        pick(GIVEN, number / 24),
        pick(GIVEN, number / 576),
    ]
    .iter()
    .collect()
}

/// The 18 characters for 17 digits (GB 11643-1999), written independently of the product.
pub fn complete_citizen_id(body: &str) -> String {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = body
        .chars()
        .zip(WEIGHTS)
        .map(|(digit, weight)| digit.to_digit(10).expect("a digit") * weight)
        .sum();
    format!("{body}{}", "10X98765432".as_bytes()[(sum % 11) as usize] as char)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_different_and_their_numbers_are_right() {
        let (one, two) = (Person::new(), Person::new());
        assert_ne!(one.phone, two.phone);
        assert_ne!(one.citizen_id, two.citizen_id);
        assert_eq!(complete_citizen_id("11010519491231002"), "11010519491231002X");
        for person in [one, two] {
            let today = chrono::Utc::now().date_naive();
            assert!(model::citizen_id::CitizenId::parse(&person.citizen_id, today).is_ok());
            assert!(model::phone::Phone::parse(&person.phone).is_ok());
            assert!(model::person_name::PersonName::parse(&person.name).is_ok());
        }
    }
}
