//! The keys that were used a moment ago.

use super::key::Key;
use domain::shared::personal::Person;
use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};
use uuid::Uuid;

/// For how long a key is believed to be there after it was read. So long may a process show what
/// another one has forgotten.
pub const AGE: Duration = Duration::from_secs(3);

/// How many keys are kept at most.
const MOST: usize = 20_000;

pub(super) struct Cache {
    by_id: HashMap<Uuid, Kept>,
    /// Each with the key that they have now.
    by_person: HashMap<Person, Uuid>,
    /// Since when there is none that is too old.
    swept: Instant,
}

struct Kept {
    key: Arc<Key>,
    person: Person,
    read: Instant,
}

impl Default for Cache {
    fn default() -> Self {
        Self { by_id: HashMap::new(), by_person: HashMap::new(), swept: Instant::now() }
    }
}

impl Cache {
    pub(super) fn get(&self, id: Uuid, now: Instant) -> Option<Arc<Key>> {
        let kept = self.by_id.get(&id)?;
        (now.duration_since(kept.read) < AGE).then(|| kept.key.clone())
    }

    pub(super) fn of(&self, person: &Person, now: Instant) -> Option<Arc<Key>> {
        self.get(*self.by_person.get(person)?, now)
    }

    /// A key that was live when it was read, not before `read`.
    pub(super) fn put(&mut self, person: Person, key: Arc<Key>, read: Instant) {
        if self.by_id.len() >= MOST {
            self.by_id.clear();
            self.by_person.clear();
        }
        if read.duration_since(self.swept) >= AGE {
            self.by_id.retain(|_, kept| read.duration_since(kept.read) < AGE);
            self.by_person.retain(|_, id| self.by_id.contains_key(id));
            self.swept = read;
        }
        self.by_person.insert(person.clone(), key.id);
        self.by_id.insert(key.id, Kept { key, person, read });
    }

    pub(super) fn forget(&mut self, person: &Person) {
        self.by_person.remove(person);
        self.by_id.retain(|_, kept| kept.person != *person);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Id;

    fn person(id: &str) -> Person {
        Person::customer(&Id::new(id).unwrap())
    }

    fn key(id: u128) -> Arc<Key> {
        Arc::new(Key::new(Uuid::from_u128(id), &[1; 32]))
    }

    #[test]
    fn a_key_is_believed_for_a_moment_and_then_dropped() {
        let (mut cache, now) = (Cache::default(), Instant::now());
        cache.put(person("min"), key(1), now);
        assert!(cache.of(&person("min"), now).is_some());
        assert!(cache.get(Uuid::from_u128(1), now + AGE).is_none());
        cache.put(person("sue"), key(2), now + AGE * 2);
        assert_eq!((cache.by_id.len(), cache.by_person.len()), (1, 1));
    }

    #[test]
    fn who_is_forgotten_has_no_key_here() {
        let (mut cache, now) = (Cache::default(), Instant::now());
        cache.put(person("min"), key(1), now);
        cache.put(person("sue"), key(2), now);
        cache.forget(&person("min"));
        assert!(cache.of(&person("min"), now).is_none());
        assert!(cache.get(Uuid::from_u128(1), now).is_none());
        assert!(cache.of(&person("sue"), now).is_some());
    }
}
