//! Documents that were made, kept as long as what they are made of stays the same, however often the catalog changes.
//!
//! What is kept is bounded: a document that fell out is made again when somebody asks for it.

use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::document::PublicDocument;
use crate::catalog::Published;
use crate::feed::{FeedFormat, WrittenEntries};

/// How many bytes of documents are kept, their compressed forms apart.
const KEPT: u64 = 256 * 1024 * 1024;
/// What a document weighs, about.
const USUAL: u64 = 32 * 1024;

/// What was made and may be asked for again.
#[derive(Debug)]
pub struct Shelf {
    /// The entries of feeds.
    pub(super) entries: WrittenEntries,
    documents: Cache<String, Arc<Made>, Weight>,
    /// The number of the next state of the site.
    states: AtomicU64,
}

/// A document and what it was made of.
#[derive(Debug)]
struct Made {
    document: Arc<PublicDocument>,
    ingredients: Ingredients,
    /// The last state of the site it was found to be of.
    state: AtomicU64,
}

/// What a document is made of: equal ingredients, equal bytes.
#[derive(Debug)]
pub(super) enum Ingredients {
    /// These releases, and else what has this hash.
    Releases(Vec<Arc<Published>>, u64),
    /// Anything: it is made anew for each state of the site.
    State(u64),
}

#[derive(Debug, Clone)]
struct Weight;

impl Weighter<String, Arc<Made>> for Weight {
    fn weight(&self, path: &String, made: &Arc<Made>) -> u64 {
        (path.len() + made.document.bytes().len()) as u64
    }
}

impl Default for Shelf {
    fn default() -> Self {
        Self::for_formats(&FeedFormat::ALL)
    }
}

impl Shelf {
    /// An empty one, for feeds in `formats`.
    #[must_use]
    pub fn for_formats(formats: &[FeedFormat]) -> Self {
        let usual = usize::try_from(KEPT / USUAL).unwrap_or_default();
        Self {
            entries: WrittenEntries::new(formats),
            documents: Cache::with_weighter(usual, KEPT, Weight),
            states: AtomicU64::default(),
        }
    }

    /// The number of a new state of the site.
    pub(super) fn next_state(&self) -> u64 {
        self.states.fetch_add(1, Ordering::Relaxed)
    }

    /// The document that was made under `name`, if it is still that of `state`, whose ingredients are asked for only
    /// when they may have changed.
    pub(super) fn find(
        &self,
        name: &str,
        state: u64,
        ingredients: impl FnOnce() -> Ingredients,
    ) -> Option<Arc<PublicDocument>> {
        let made = self.documents.get(name)?;
        if made.state.load(Ordering::Relaxed) != state {
            if made.ingredients != ingredients() {
                return None;
            }
            made.state.store(state, Ordering::Relaxed);
        }
        Some(Arc::clone(&made.document))
    }

    /// The document under `name`, if it was found to be of `state` before.
    pub(super) fn find_of(&self, name: &str, state: u64) -> Option<Arc<PublicDocument>> {
        let made = self.documents.get(name)?;
        (made.state.load(Ordering::Relaxed) == state).then(|| Arc::clone(&made.document))
    }

    /// What was found for a state since `since`, whatever was asked for last first; at most `most`.
    pub(super) fn found_since(&self, since: u64, most: usize) -> Vec<(String, Arc<PublicDocument>)> {
        let mut found: Vec<_> = self
            .documents
            .iter()
            .map(|(name, made)| (made.state.load(Ordering::Relaxed), name, made))
            .filter(|(state, ..)| *state >= since)
            .collect();
        found.sort_by(|(state, name, _), (other, later, _)| (other, name).cmp(&(state, later)));
        found.truncate(most);
        found.into_iter().map(|(_, name, made)| (name, Arc::clone(&made.document))).collect()
    }

    /// Whether what is kept under `name` is made of `ingredients`.
    pub(super) fn is_made_of(&self, name: &str, ingredients: &Ingredients) -> bool {
        self.documents.get(name).is_some_and(|made| made.ingredients == *ingredients)
    }

    /// Keeps a document of `state` under `name`.
    pub(super) fn keep(&self, name: String, document: &Arc<PublicDocument>, ingredients: Ingredients, state: u64) {
        let made = Made { document: Arc::clone(document), ingredients, state: AtomicU64::new(state) };
        self.documents.insert(name, Arc::new(made));
    }
}

/// A document made before the state of the site is shown that it belongs to.
#[derive(Debug)]
pub struct Ready {
    pub(super) path: String,
    pub(super) document: Arc<PublicDocument>,
    pub(super) ingredients: Ingredients,
}

impl PartialEq for Ingredients {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Releases(own, hash), Self::Releases(releases, other)) => {
                let same = |(own, other): (&Arc<Published>, &Arc<Published>)| Arc::ptr_eq(own, other) || own == other;
                hash == other && own.len() == releases.len() && own.iter().zip(releases).all(same)
            }
            (Self::State(own), Self::State(other)) => own == other,
            (Self::Releases(..), Self::State(_)) | (Self::State(_), Self::Releases(..)) => false,
        }
    }
}

impl Ingredients {
    /// `releases`, and else `others`.
    pub(super) fn of<'l>(releases: impl IntoIterator<Item = &'l Arc<Published>>, others: impl Hash) -> Self {
        let mut hasher = DefaultHasher::new();
        others.hash(&mut hasher);
        Self::Releases(releases.into_iter().cloned().collect(), hasher.finish())
    }
}
