//! What a node remembers of sub-sites while it tells them of sign-outs or of levels that fell, so that one that hangs delays no other: how
//! many requests are under way there, how often it failed in a row, until when it is left alone. Forgotten with the
//! node; the rows are the truth.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use model::ids::ClientId;

/// The longest rest of a sub-site that fails, in seconds.
const REST_SECONDS_MAX: i64 = 60;

/// One in so many places is for sub-sites that failed last time, all of them together.
const FAILING_SHARE: usize = 4;

#[derive(Debug, Default)]
struct Book {
    under_way: usize,
    failures: u32,
    rests_until: Option<DateTime<Utc>>,
}

/// The books of all sub-sites.
#[derive(Debug)]
pub(crate) struct Books {
    concurrency: usize,
    per_site: usize,
    sites: BTreeMap<ClientId, Book>,
}

impl Books {
    pub(crate) const fn new(concurrency: usize, per_site: usize) -> Self {
        Self {
            concurrency,
            per_site,
            sites: BTreeMap::new(),
        }
    }

    /// How many more requests may be made at all.
    pub(crate) fn free(&self) -> usize {
        let under_way: usize = self.sites.values().map(|book| book.under_way).sum();
        self.concurrency.saturating_sub(under_way)
    }

    /// Takes a place for a request to a sub-site; whether there was one.
    pub(crate) fn begin(&mut self, client: &ClientId, now: DateTime<Utc>) -> bool {
        if self.free() == 0 || !self.may(client, now) {
            return false;
        }
        self.sites.entry(client.clone()).or_default().under_way += 1;
        true
    }

    /// Whether a sub-site may get a request. One that failed last time gets one at a time, after its rest, and only
    /// as long as those that fail do not take the places of the others.
    pub(crate) fn may(&self, client: &ClientId, now: DateTime<Utc>) -> bool {
        let Some(book) = self.sites.get(client) else {
            return true;
        };
        if book.failures == 0 {
            return book.under_way < self.per_site;
        }
        book.under_way == 0
            && book.rests_until.is_none_or(|until| until <= now)
            && self.failing() < (self.concurrency / FAILING_SHARE).max(1)
    }

    /// The sub-sites that may not get a request now.
    pub(crate) fn busy(&self, now: DateTime<Utc>) -> BTreeSet<ClientId> {
        let sites = self.sites.keys();
        sites.filter(|client| !self.may(client, now)).cloned().collect()
    }

    fn failing(&self) -> usize {
        let failing = self.sites.values().filter(|book| book.failures > 0);
        failing.map(|book| book.under_way).sum()
    }

    /// Gives a place back that was not needed.
    pub(crate) fn end_unused(&mut self, client: &ClientId) {
        if let Some(book) = self.sites.get_mut(client) {
            book.under_way = book.under_way.saturating_sub(1);
            if book.failures == 0 && book.under_way == 0 {
                self.sites.remove(client);
            }
        }
    }

    /// Gives the place back.
    pub(crate) fn end(&mut self, client: &ClientId, answered: bool, now: DateTime<Utc>) {
        let Some(book) = self.sites.get_mut(client) else {
            return;
        };
        book.under_way = book.under_way.saturating_sub(1);
        if answered {
            book.failures = 0;
            book.rests_until = None;
        } else {
            book.failures = book.failures.saturating_add(1);
            let seconds = 1_i64
                .checked_shl(book.failures.min(16))
                .unwrap_or(REST_SECONDS_MAX);
            book.rests_until = Some(now + TimeDelta::seconds(seconds.min(REST_SECONDS_MAX)));
        }
        if book.failures == 0 && book.under_way == 0 {
            self.sites.remove(client);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(name: &str) -> ClientId {
        ClientId::parse(name).unwrap()
    }

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000, 0).unwrap()
    }

    #[test]
    fn one_sub_site_takes_no_more_than_its_places() {
        let mut books = Books::new(8, 2);
        let (hefei, wuhu) = (site("hefei"), site("wuhu"));
        assert!(books.begin(&hefei, now()) && books.begin(&hefei, now()));
        assert!(!books.begin(&hefei, now()) && books.begin(&wuhu, now()));
        assert_eq!(books.busy(now()), BTreeSet::from([hefei.clone()]));
        books.end(&hefei, true, now());
        assert!(books.begin(&hefei, now()));
        assert_eq!(books.free(), 5);
    }

    #[test]
    fn attack_169_sub_sites_that_fail_rest_and_never_take_the_places_of_the_others() {
        let mut books = Books::new(8, 2);
        let failing: Vec<_> = (0..8).map(|number| site(&format!("failing-{number}"))).collect();
        for client in &failing {
            assert!(books.begin(client, now()));
        }
        assert!(!books.begin(&site("healthy"), now()), "the bound holds");
        for client in &failing {
            books.end(client, false, now());
        }
        assert_eq!(books.busy(now()).len(), 8, "all rest");
        let later = now() + TimeDelta::seconds(2);
        let begun = failing.iter().filter(|client| books.begin(client, later)).count();
        assert_eq!(begun, 2, "a quarter of the places");
        for number in 0..6 {
            assert!(books.begin(&site(&format!("healthy-{number}")), later));
        }
        assert_eq!(books.free(), 0);
    }

    #[test]
    fn rests_grow_to_a_minute_and_an_answer_ends_them() {
        let mut books = Books::new(4, 2);
        let hefei = site("hefei");
        let mut at = now();
        for seconds in [2, 4, 8, 16, 32, 60, 60] {
            assert!(books.begin(&hefei, at));
            books.end(&hefei, false, at);
            at += TimeDelta::seconds(seconds);
            assert!(!books.may(&hefei, at - TimeDelta::microseconds(1)));
        }
        assert!(books.begin(&hefei, at));
        books.end(&hefei, true, at);
        assert!(books.may(&hefei, at) && books.busy(at).is_empty());
    }
}
