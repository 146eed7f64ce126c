//! A circuit breaker: when a source has failed several times in a row it is left alone for a while, so that people
//! get their honest answer at once and the source can recover. Each node has its own; it is an estimate, not a fact
//! that nodes must share.
//!
//! Closed: every call goes through. Open: none does. After the pause one call is let through to try (half open); its
//! outcome decides. Time comes in as an argument.

use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

/// When the breaker opens, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// So many failures in a row open it.
    pub failures: u32,
    /// So long no call goes through, in seconds.
    pub pause_seconds: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            failures: 5,
            pause_seconds: 30,
        }
    }
}

/// The breaker of one source on one node.
#[derive(Debug, Default)]
pub struct Breaker {
    limits: Limits,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    failures: u32,
    /// No call goes through until then.
    open_until: Option<DateTime<Utc>>,
    /// One call is out to try.
    trying: bool,
}

/// Leave to make one call, whose outcome is told. A call that is given up says nothing about the source: somebody who
/// hangs up again and again must not keep everybody else from it.
#[derive(Debug)]
pub struct Permit<'a> {
    breaker: &'a Breaker,
    told: bool,
}

impl Breaker {
    /// A closed breaker.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            state: Mutex::default(),
        }
    }

    /// Leave to call, unless the breaker is open or somebody else is trying already.
    pub fn permit(&self, now: DateTime<Utc>) -> Option<Permit<'_>> {
        let mut state = self.state();
        if let Some(until) = state.open_until {
            if now < until || state.trying {
                return None;
            }
            state.trying = true;
        }
        Some(Permit {
            breaker: self,
            told: false,
        })
    }

    fn succeeded(&self) {
        *self.state() = State::default();
    }

    /// Whether no call goes through now.
    pub fn is_open(&self, now: DateTime<Utc>) -> bool {
        self.state().open_until.is_some_and(|until| now < until)
    }

    fn failed(&self, now: DateTime<Utc>) {
        let mut state = self.state();
        state.failures = state.failures.saturating_add(1);
        state.trying = false;
        if state.failures >= self.limits.failures {
            state.open_until = Some(now + TimeDelta::seconds(self.limits.pause_seconds));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit<'_> {
    /// The source answered, whatever it said.
    pub fn succeeded(mut self) {
        self.told = true;
        self.breaker.succeeded();
    }

    /// The source did not answer.
    pub fn failed(mut self, now: DateTime<Utc>) {
        self.told = true;
        self.breaker.failed(now);
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if !self.told {
            self.breaker.state().trying = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_780_300_800 + seconds, 0).unwrap()
    }

    fn fail(breaker: &Breaker, times: u32, seconds: i64) {
        for _ in 0..times {
            breaker.permit(at(seconds)).expect("closed").failed(at(seconds));
        }
    }

    #[test]
    fn opens_after_five_failures_in_a_row_and_not_before() {
        let breaker = Breaker::default();
        fail(&breaker, 4, 0);
        breaker.permit(at(0)).unwrap().succeeded();
        // The success in between started the count again: a fifth may fail.
        fail(&breaker, 5, 1);
        assert!(breaker.permit(at(1)).is_none());
        assert!(breaker.permit(at(30)).is_none());
    }

    #[test]
    fn after_the_pause_one_call_tries_and_its_outcome_decides() {
        let breaker = Breaker::default();
        fail(&breaker, 5, 0);
        let trial = breaker.permit(at(30)).expect("one may try");
        assert!(breaker.permit(at(30)).is_none(), "only one");
        trial.failed(at(33));
        assert!(breaker.permit(at(62)).is_none(), "open again for the whole pause");
        breaker.permit(at(63)).expect("one may try again").succeeded();
        assert!(
            breaker.permit(at(63)).is_some() && breaker.permit(at(63)).is_some(),
            "closed"
        );
    }

    #[test]
    fn a_call_that_is_given_up_says_nothing_and_frees_its_place() {
        let breaker = Breaker::new(Limits {
            failures: 1,
            pause_seconds: 10,
        });
        drop(breaker.permit(at(0)));
        breaker.permit(at(0)).expect("still closed").failed(at(0));
        assert!(breaker.is_open(at(9)) && breaker.permit(at(9)).is_none());
        drop(breaker.permit(at(10)));
        breaker.permit(at(10)).expect("its place is free").failed(at(10));
        assert!(breaker.permit(at(19)).is_none());
        assert!(!breaker.is_open(at(20)) && breaker.permit(at(20)).is_some());
    }
}
