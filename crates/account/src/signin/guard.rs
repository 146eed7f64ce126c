//! Counters of failed tries, by identifier (from one network, and from everywhere), network address and account, and
//! over everybody. From one network the limit is low, so that a stranger elsewhere does not lock a person out; from
//! everywhere together it is much higher, with a captcha before each try. Whether a captcha is
//! asked for, and when it is enough, depends on what was typed and from where, never on whether the account exists
//! (A203, A207).
//!
//! Beside these, failures in a row are counted, however slowly they come: after a hundred a password opens nothing any more
//! until its owner sets another one (NIST SP 800-63B-4 section 3.2.2). No time ends the row: a right password does while it
//! opens something, and a new one. So that a stranger cannot bring that about for somebody, a device
//! from which the account was used before has a count of its own.

use chrono::{DateTime, Utc};
use model::ids::AccountId;
use model::secret::Sensitive;
use store::accounts::Account;
use store::credentials::PasswordHash;
use store::devices;
use store::throttles::{self, Count, Rule};
use store::{StoreError, Tx};
use uuid::Uuid;
use web::Visit;

use super::Config;
use super::identifier::Identifier;

/// What is counted.
#[derive(Clone, Copy, Debug)]
enum Counter {
    Identifier,
    Here,
    Address,
    Account,
    InARow,
    NobodysRow,
    Everybody,
}

/// For how long a row is remembered that opens nothing whatever comes of it: nobody has the identifier. The same work is done
/// for it, and anybody can begin any number of them.
const NOBODYS_ROW_SECONDS: i64 = 24 * 3600;

fn rule(config: &Config, counter: Counter) -> Rule {
    let (name, limit) = match counter {
        Counter::Identifier => ("sign_in_identifier", config.identifier_limit),
        Counter::Here => ("sign_in_identifier_here", config.identifier_network_limit),
        Counter::Address => ("sign_in_address", config.address_limit),
        Counter::Account => ("sign_in_account", config.account_limit),
        Counter::InARow | Counter::NobodysRow => ("sign_in_in_a_row", config.in_a_row_limit),
        Counter::Everybody => ("sign_in_everybody", i64::MAX),
    };
    let window_seconds = match counter {
        Counter::InARow => throttles::ENDLESS_SECONDS,
        Counter::NobodysRow => NOBODYS_ROW_SECONDS,
        _ => config.window_seconds,
    };
    Rule {
        name,
        limit,
        window_seconds,
    }
}

/// Whose failures are counted: an account's, or those of an identifier that nobody has.
#[derive(Clone, Debug)]
pub(super) struct Owner {
    account: String,
    in_a_row: String,
    row: Counter,
}

impl Owner {
    /// The owner of what was typed. The same questions whether anybody has it or not. A password that is new begins a new
    /// row.
    pub(super) async fn of(
        tx: &Tx,
        visit: &Visit,
        (account, password): (Option<&Account>, Option<&PasswordHash>),
        identifier: &Identifier,
    ) -> Result<Self, StoreError> {
        let name = account.map_or_else(
            || format!("nobody:{}", identifier.key()),
            |account| account.id.to_string(),
        );
        let id = account.map_or(AccountId::from_uuid(Uuid::nil()), |account| account.id);
        let since = password.map_or(0, |password| password.changed_at.timestamp_micros());
        let in_a_row = match visit.device_token() {
            Some(device) if devices::is_known(tx, id, device).await? => {
                let handle = devices::handle_of(id, device);
                format!("{name}\u{0}{since}\u{0}{}", hex(handle.as_bytes()))
            }
            _ => format!("{name}\u{0}{since}"),
        };
        Ok(Self {
            account: name,
            in_a_row,
            row: account.map_or(Counter::NobodysRow, |_| Counter::InARow),
        })
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a text does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// What stands before a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gate {
    /// Nothing.
    Open,
    /// A captcha.
    Captcha,
    /// Too many tries; come back after so many seconds.
    Closed(i64),
}

/// Where the counters stand.
#[derive(Clone, Copy, Debug)]
struct Standing {
    identifier: Option<Count>,
    here: Option<Count>,
    address: Count,
    everybody: Count,
}

/// Decides from the counters alone.
fn gate(config: &Config, standing: &Standing, now: DateTime<Utc>) -> Gate {
    let counts = [standing.identifier, standing.here, Some(standing.address)];
    let full = counts
        .into_iter()
        .flatten()
        .filter(|count| count.count >= count.limit);
    if let Some(seconds) = full.map(|count| count.retry_after_seconds(now)).max() {
        return Gate::Closed(seconds);
    }
    let wanted = standing
        .identifier
        .is_some_and(|count| count.count >= config.captcha_after)
        || standing.address.count >= config.address_captcha_after
        || standing.everybody.count >= config.everybody_captcha_after;
    if wanted { Gate::Captcha } else { Gate::Open }
}

/// The keys of one try.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    identifier: Option<Sensitive<String>>,
    /// The identifier with the network address.
    here: Option<Sensitive<String>>,
    address: String,
}

impl Keys {
    /// The keys of a try with an identifier, or of a page before anything was typed.
    pub(super) fn new(visit: &Visit, identifier: Option<&str>) -> Self {
        let address = visit.client_address().network().to_string();
        Self {
            identifier: identifier.map(|key| Sensitive::new(key.to_owned())),
            here: identifier.map(|key| Sensitive::new(format!("{address}\u{0}{key}"))),
            address,
        }
    }

    /// What stands before a try now.
    pub(super) async fn gate(
        &self,
        tx: &Tx,
        config: &Config,
        now: DateTime<Utc>,
    ) -> Result<Gate, StoreError> {
        let look = async |counter, key: &Option<Sensitive<String>>| match key {
            Some(key) => throttles::look(tx, &rule(config, counter), key.expose(), now)
                .await
                .map(Some),
            None => Ok(None),
        };
        let identifier = look(Counter::Identifier, &self.identifier).await?;
        let here = look(Counter::Here, &self.here).await?;
        let address = throttles::look(tx, &rule(config, Counter::Address), &self.address, now).await?;
        let everybody = throttles::look(tx, &rule(config, Counter::Everybody), "", now).await?;
        Ok(gate(
            config,
            &Standing {
                identifier,
                here,
                address,
                everybody,
            },
            now,
        ))
    }

    /// Counts a try before its outcome is known, so that parallel tries all count. The account's own counter, or
    /// that of the identifier where there is none, says whether this try can still succeed.
    pub(super) async fn count(
        &self,
        tx: &Tx,
        config: &Config,
        owner: &Owner,
        now: DateTime<Utc>,
    ) -> Result<Counted, StoreError> {
        let mut within = true;
        for (counter, key) in self.counters(owner) {
            within &= !throttles::hit(tx, &rule(config, counter), key, now)
                .await?
                .exceeded();
        }
        Ok(if within { Counted::Within } else { Counted::Beyond })
    }

    /// Counts a try that names nobody: a passkey.
    pub(super) async fn count_unnamed(
        &self,
        tx: &Tx,
        config: &Config,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        throttles::hit(tx, &rule(config, Counter::Address), &self.address, now).await?;
        throttles::hit(tx, &rule(config, Counter::Everybody), "", now).await?;
        Ok(())
    }

    /// Takes one of these back, after success.
    pub(super) async fn take_back_unnamed(
        &self,
        tx: &Tx,
        config: &Config,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        throttles::give_back(tx, &rule(config, Counter::Address), &self.address, now).await?;
        throttles::give_back(tx, &rule(config, Counter::Everybody), "", now).await
    }

    /// Forgets failures after success. The address keeps the failures of others; only this try is taken back.
    pub(super) async fn forgive(
        &self,
        tx: &Tx,
        config: &Config,
        owner: &Owner,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        for (counter, key) in self.counters(owner) {
            match counter {
                Counter::Identifier
                | Counter::Here
                | Counter::Account
                | Counter::InARow
                | Counter::NobodysRow => {
                    throttles::clear(tx, &rule(config, counter), key, now).await?;
                }
                Counter::Address | Counter::Everybody => {
                    throttles::give_back(tx, &rule(config, counter), key, now).await?;
                }
            }
        }
        Ok(())
    }

    /// Takes back a try that came to no outcome.
    pub(super) async fn take_back(
        &self,
        tx: &Tx,
        config: &Config,
        owner: &Owner,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        for (counter, key) in self.counters(owner) {
            throttles::give_back(tx, &rule(config, counter), key, now).await?;
        }
        Ok(())
    }

    fn counters<'a>(&'a self, owner: &'a Owner) -> impl Iterator<Item = (Counter, &'a str)> {
        let typed = [
            (Counter::Identifier, &self.identifier),
            (Counter::Here, &self.here),
        ];
        let typed = typed
            .into_iter()
            .filter_map(|(counter, key)| Some((counter, key.as_ref()?.expose().as_str())));
        let others = [
            (Counter::Address, self.address.as_str()),
            (Counter::Account, owner.account.as_str()),
            (owner.row, owner.in_a_row.as_str()),
            (Counter::Everybody, ""),
        ];
        typed.chain(others)
    }
}

/// Whether a try was within the limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counted {
    /// It can succeed.
    Within,
    /// It fails whatever the password.
    Beyond,
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn standing((identifier, here): (i64, i64), address: i64, everybody: i64) -> Standing {
        let config = Config::default();
        let resets_at = store::testing::start_time() + TimeDelta::seconds(60);
        let count = |counter, count| Count {
            count,
            limit: rule(&config, counter).limit,
            resets_at,
        };
        Standing {
            identifier: Some(count(Counter::Identifier, identifier)),
            here: Some(count(Counter::Here, here)),
            address: count(Counter::Address, address),
            everybody: count(Counter::Everybody, everybody),
        }
    }

    fn gate_at(identifier: i64, address: i64, everybody: i64) -> Gate {
        gate(
            &Config::default(),
            &standing((identifier, Ord::min(identifier, 20)), address, everybody),
            store::testing::start_time(),
        )
    }

    #[test]
    fn a_captcha_comes_after_failures_and_the_end_after_more() {
        assert_eq!(gate_at(0, 0, 0), Gate::Open);
        assert_eq!(gate_at(2, 19, 599), Gate::Open);
        assert_eq!(gate_at(3, 0, 0), Gate::Captcha);
        assert_eq!(gate_at(0, 20, 0), Gate::Captcha);
        assert_eq!(gate_at(20, 0, 0), Gate::Closed(61));
        assert_eq!(gate_at(0, 200, 0), Gate::Closed(61));
    }

    #[test]
    fn failures_from_elsewhere_ask_for_a_captcha_and_close_nothing_here_until_there_are_very_many() {
        let at = |identifier| {
            let standing = standing((identifier, 0), 0, 0);
            gate(&Config::default(), &standing, store::testing::start_time())
        };
        assert_eq!(at(20), Gate::Captcha);
        assert_eq!(at(199), Gate::Captcha);
        assert_eq!(at(200), Gate::Closed(61));
    }

    #[test]
    fn attack_209_failures_of_everybody_together_raise_the_captcha_for_all() {
        assert_eq!(gate_at(0, 0, 600), Gate::Captcha);
    }
}
