//! The counters of what is sent to phones.

use model::phone::Phone;
use store::otp::Purpose;
use store::throttles::{self, Rule};
use store::{StoreError, Tx};

use super::{Config, HOUR_SECONDS};
use crate::Service;

const DAY_SECONDS: i64 = 24 * HOUR_SECONDS;
/// How many last digits of a number are left out to get its range.
const RANGE_DIGITS: usize = 4;

/// The counters of one message, the narrowest first.
pub(super) fn limits(config: &Config, network: &str, phone: &str, purpose: Purpose) -> Vec<(Rule, String)> {
    let rule = |name, limit, window_seconds| Rule {
        name,
        limit,
        window_seconds,
    };
    let range = phone
        .get(..phone.len().saturating_sub(RANGE_DIGITS))
        .unwrap_or(phone);
    let strangers = by_strangers(purpose).then(|| (strangers(config), phone.to_owned()));
    let (phone, range) = (for_purpose(purpose, phone), for_purpose(purpose, range));
    let totals = totals(config).map(|rule| (rule, String::new()));
    let mut limits = vec![
        (
            rule("sms_address_hour", config.address_per_hour, HOUR_SECONDS),
            network.to_owned(),
        ),
        (
            rule("sms_phone_hour", config.phone_per_hour, HOUR_SECONDS),
            phone.clone(),
        ),
        (rule("sms_phone_day", config.phone_per_day, DAY_SECONDS), phone),
    ];
    limits.extend(strangers);
    limits.push((rule("sms_range_hour", config.range_per_hour, HOUR_SECONDS), range));
    limits.extend(totals);
    limits
}

/// Whether anybody can cause such a message to any phone, by typing its number: without an account, or with one that they
/// made a moment ago.
const fn by_strangers(purpose: Purpose) -> bool {
    match purpose {
        Purpose::Registration | Purpose::Recovery | Purpose::Appeal | Purpose::NewPhone => true,
        Purpose::SignIn
        | Purpose::RaiseLevel
        | Purpose::JoinAccounts
        | Purpose::Objection
        | Purpose::OldPhone => false,
    }
}

/// What strangers can cause at one phone on a day, whatever they ask for (A221): many pages make no more messages than one.
const fn strangers(config: &Config) -> Rule {
    Rule {
        name: "sms_strangers_day",
        limit: config.strangers_per_day,
        window_seconds: DAY_SECONDS,
    }
}

/// All messages together.
const fn totals(config: &Config) -> [Rule; 2] {
    [
        Rule {
            name: "sms_total_hour",
            limit: config.total_per_hour,
            window_seconds: HOUR_SECONDS,
        },
        Rule {
            name: "sms_total_day",
            limit: config.total_per_day,
            window_seconds: DAY_SECONDS,
        },
    ]
}

/// Counts a notice at a phone that somebody caused who may be a stranger, so that codes stop where both together are too many.
/// It is not refused here but by limits of its own: whoever fills this counter must not keep an owner from hearing of it
/// (A235). The totals are not counted: one row for everybody, in transactions of every kind, would make them wait for each
/// other.
pub(crate) async fn count_notice(service: &Service, tx: &Tx, phone: &Phone) -> Result<(), StoreError> {
    let rule = strangers(&service.config().otp);
    throttles::hit(tx, &rule, phone.e164(), service.now())
        .await
        .map(drop)
}

/// The key of a counter that each purpose has for itself.
pub(super) fn for_purpose(purpose: Purpose, key: &str) -> String {
    format!("{}\u{0}{key}", purpose.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attack_221_messages_are_counted_by_address_phone_range_and_in_total() {
        let limits = limits(
            &Config::default(),
            "192.0.2.1",
            "+8613800001234",
            Purpose::Registration,
        );
        let keys: Vec<_> = limits
            .iter()
            .map(|(rule, key)| (rule.name, key.as_str()))
            .collect();
        assert!(keys.contains(&("sms_address_hour", "192.0.2.1")));
        assert!(keys.contains(&("sms_phone_day", "registration\u{0}+8613800001234")));
        assert!(keys.contains(&("sms_range_hour", "registration\u{0}+861380000")));
        assert!(keys.contains(&("sms_total_day", "")));
    }

    #[test]
    fn attack_221_each_purpose_has_its_own_counters_of_phones_and_ranges() {
        let keys = |purpose| limits(&Config::default(), "192.0.2.1", "+8613800001234", purpose);
        let pairs = keys(Purpose::SignIn).into_iter().zip(keys(Purpose::RaiseLevel));
        for ((rule, one), (_, other)) in pairs {
            let own = rule.name.starts_with("sms_phone") || rule.name.starts_with("sms_range");
            assert_eq!(one != other, own, "{}", rule.name);
        }
    }

    #[test]
    fn attack_221_what_strangers_can_cause_at_a_phone_has_one_counter_for_all_of_it() {
        let shared = |purpose| {
            let limits = limits(&Config::default(), "192.0.2.1", "+8613800001234", purpose);
            limits
                .into_iter()
                .find(|(rule, _)| rule.name == "sms_strangers_day")
        };
        let one = shared(Purpose::Registration).unwrap();
        assert_eq!(one.1, "+8613800001234");
        for purpose in [Purpose::Recovery, Purpose::Appeal, Purpose::NewPhone] {
            assert_eq!(shared(purpose).as_ref(), Some(&one), "{purpose:?}");
        }
        // What takes a password, a session or the phone itself is not a stranger's.
        for purpose in [Purpose::SignIn, Purpose::RaiseLevel, Purpose::OldPhone] {
            assert_eq!(shared(purpose), None, "{purpose:?}");
        }
    }
}
