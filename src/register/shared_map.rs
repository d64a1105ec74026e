//! A map whose copies share all that they have in common.
//!
//! The register goes from the look to what is shown, to the next look, to whoever plans editions: each has its own, and
//! a hundred thousand releases are not copied for it. Copying costs nothing and a change the depth of a tree.

use std::fmt;
use std::ops::Index;
use std::ptr;
use std::sync::Arc;

use rpds::RedBlackTreeMapSync;

/// A map in the order of its keys; cheap to clone, and cheap to compare with what it was cloned from.
#[derive(Clone)]
pub struct SharedMap<K: Ord, V> {
    entries: RedBlackTreeMapSync<K, Arc<V>>,
    /// One for all maps that hold the very same entries: another after each change.
    identity: Arc<()>,
}

impl<K: Ord, V> SharedMap<K, V> {
    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.size()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The value of `key`.
    #[must_use]
    pub fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key).map(AsRef::as_ref)
    }

    /// The value of `key`, to be held by others, too.
    #[must_use]
    pub fn shared(&self, key: &K) -> Option<Arc<V>> {
        self.entries.get(key).map(Arc::clone)
    }

    /// Whether there is a value of `key`.
    #[must_use]
    pub fn contains_key(&self, key: &K) -> bool {
        self.entries.contains_key(key)
    }

    /// The keys and their values, in the order of the keys.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.entries.iter().map(|(key, value)| (key, value.as_ref()))
    }

    /// The keys, in their order.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.entries.keys()
    }

    /// The values, in the order of their keys.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.entries.values().map(AsRef::as_ref)
    }
}

impl<K: Ord + Clone, V: Clone> SharedMap<K, V> {
    /// Sets the value of `key`.
    pub fn insert(&mut self, key: K, value: V) {
        self.insert_shared(key, Arc::new(value));
    }

    /// Sets the value of `key`, which others may hold, too.
    pub fn insert_shared(&mut self, key: K, value: Arc<V>) {
        self.diverge();
        self.entries.insert_mut(key, value);
    }

    /// The value of `key`, to be changed: here alone, in no other copy.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.diverge();
        self.entries.get_mut(key).map(Arc::make_mut)
    }

    fn diverge(&mut self) {
        if Arc::get_mut(&mut self.identity).is_none() {
            self.identity = Arc::default();
        }
    }
}

impl<K: Ord, V> Default for SharedMap<K, V> {
    fn default() -> Self {
        Self { entries: RedBlackTreeMapSync::default(), identity: Arc::default() }
    }
}

impl<K: Ord, V: PartialEq> PartialEq for SharedMap<K, V> {
    /// What both share is not looked into.
    fn eq(&self, other: &Self) -> bool {
        let is_same = |((key, value), (other_key, other_value)): ((&K, &V), (&K, &V))| {
            ptr::eq(value, other_value) || (key == other_key && value == other_value)
        };
        Arc::ptr_eq(&self.identity, &other.identity)
            || (self.len() == other.len() && self.iter().zip(other.iter()).all(is_same))
    }
}

impl<K: Ord + fmt::Debug, V: fmt::Debug> fmt::Debug for SharedMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<K: Ord, V> Index<&K> for SharedMap<K, V> {
    type Output = V;

    fn index(&self, key: &K) -> &V {
        self.entries[key].as_ref()
    }
}

impl<K: Ord + Clone, V: Clone> FromIterator<(K, V)> for SharedMap<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = Self::default();
        map.extend(entries);
        map
    }
}

impl<K: Ord + Clone, V: Clone> Extend<(K, V)> for SharedMap<K, V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        entries.into_iter().for_each(|(key, value)| self.insert(key, value));
    }
}

impl<K: Ord + Clone, V: Clone, const N: usize> From<[(K, V); N]> for SharedMap<K, V> {
    fn from(entries: [(K, V); N]) -> Self {
        entries.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_that_changes_leaves_the_other_alone() {
        let before: SharedMap<u32, String> = (0..100).rev().map(|n| (n, n.to_string())).collect();
        let mut after = before.clone();
        assert_eq!(before, after);
        after.insert(100, "cent".to_owned());
        after.get_mut(&7).unwrap().push('!');
        assert_eq!((before.len(), before[&7].as_str(), before.get(&100)), (100, "7", None));
        assert_eq!((after.len(), after[&7].as_str(), after[&100].as_str()), (101, "7!", "cent"));
        assert!(before != after && after.keys().is_sorted());
    }

    #[test]
    fn maps_are_equal_by_what_they_hold() {
        let one = SharedMap::from([(1, "un"), (2, "deux")]);
        let mut other = SharedMap::from([(2, "deux"), (1, "one")]);
        assert_ne!(one, other);
        other.insert(1, "un");
        assert_eq!(one, other);
        assert_ne!(one, SharedMap::from([(1, "un")]));
    }
}
