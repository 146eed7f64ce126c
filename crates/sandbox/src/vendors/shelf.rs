//! A bounded memory of things under random names.

use std::collections::VecDeque;
use std::sync::Mutex;

use crate::world::lock;

/// How many things are remembered; the oldest go first.
const THINGS_MAX: usize = 10_000;

/// Things under names.
pub(super) struct Shelf<T>(Mutex<VecDeque<(String, T)>>);

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Shelf<T> {
    /// Puts a thing there, in place of what had the name.
    pub(super) fn put(&self, name: String, thing: T) {
        let mut all = lock(&self.0);
        all.retain(|(other, _)| *other != name);
        all.push_front((name, thing));
        all.truncate(THINGS_MAX);
    }

    /// Looks at a thing.
    pub(super) fn find(&self, name: &str) -> Option<T> {
        let all = lock(&self.0);
        all.iter()
            .find(|(other, _)| other == name)
            .map(|(_, thing)| thing.clone())
    }

    /// Takes a thing away: whoever comes second finds nothing.
    pub(super) fn take(&self, name: &str) -> Option<T> {
        let mut all = lock(&self.0);
        let at = all.iter().position(|(other, _)| other == name)?;
        all.remove(at).map(|(_, thing)| thing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thing_is_taken_once() {
        let shelf = Shelf::default();
        shelf.put("a".to_owned(), 1);
        shelf.put("a".to_owned(), 2);
        assert_eq!(
            (shelf.find("a"), shelf.take("a"), shelf.take("a")),
            (Some(2), Some(2), None)
        );
    }
}
