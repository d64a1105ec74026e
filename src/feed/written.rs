//! Entries as they were written, each once, however many feeds carry it.
//!
//! A release's entry depends on the release, on the words of its labels and on the site: as long as these stay, so do
//! its bytes. What is kept is bounded; an entry that fell out is written again.

use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::compose::{FeedSite, entry_of};
use super::model::{EntryBytes, Feed, FeedFormat};
use crate::catalog::{Live, Published, TopicEntry};
use crate::domain::{BodyGone, ReleaseId};

/// How many bytes of entries are kept.
const KEPT: u64 = 96 * 1024 * 1024;
/// What an entry in one format weighs, about.
const USUAL: u64 = 8 * 1024;

/// The entries of one site's feeds, as they were written.
#[derive(Debug)]
pub struct WrittenEntries {
    formats: Vec<FeedFormat>,
    kept: Cache<ReleaseId, Arc<Written>, Weight>,
}

/// An entry in every format that is wanted, and what it was made of.
#[derive(Debug)]
struct Written {
    published: Arc<Published>,
    labels: Vec<TopicEntry>,
    bytes: [Option<EntryBytes>; FeedFormat::ALL.len()],
}

#[derive(Debug, Clone)]
struct Weight;

impl Weighter<ReleaseId, Arc<Written>> for Weight {
    fn weight(&self, _: &ReleaseId, written: &Arc<Written>) -> u64 {
        written.bytes.iter().flatten().map(|bytes| bytes.len() as u64).sum::<u64>().max(1)
    }
}

impl WrittenEntries {
    /// None yet. Whenever one is written, it is in all of `formats`.
    #[must_use]
    pub fn new(formats: &[FeedFormat]) -> Self {
        let usual = usize::try_from(KEPT / USUAL).unwrap_or_default();
        Self { formats: formats.to_vec(), kept: Cache::with_weighter(usual, KEPT, Weight) }
    }

    /// The bytes of `feed` in `format`; its releases are live in `live`.
    ///
    /// # Errors
    /// When the text of one was left for later and its file changed meanwhile.
    pub fn feed(&self, feed: &Feed, live: &Live, site: &FeedSite, format: FeedFormat) -> Result<Vec<u8>, BodyGone> {
        let entries = feed.releases.iter().map(|published| self.entry(published, live, site, format));
        Ok(format.write(feed, &entries.collect::<Result<Vec<_>, _>>()?))
    }

    fn entry(
        &self,
        published: &Arc<Published>,
        live: &Live,
        site: &FeedSite,
        format: FeedFormat,
    ) -> Result<EntryBytes, BodyGone> {
        if let Some(written) = self.kept.get(&published.id).filter(|written| written.is_of(published, live))
            && let Some(bytes) = &written.bytes[format.place()]
        {
            return Ok(bytes.clone());
        }
        let entry = entry_of(published, live, site)?;
        let mut bytes = [const { None }; FeedFormat::ALL.len()];
        for wanted in self.formats.iter().chain([&format]) {
            let written = &mut bytes[wanted.place()];
            if written.is_none() {
                *written = Some(wanted.write_entry(&entry));
            }
        }
        let asked = bytes[format.place()].clone().unwrap_or_default();
        let labels = live.topics_of(&published.id).cloned().collect();
        self.kept.insert(published.id.clone(), Arc::new(Written { published: Arc::clone(published), labels, bytes }));
        Ok(asked)
    }
}

impl Written {
    /// Whether it is what would be written of `published` now.
    fn is_of(&self, published: &Arc<Published>, live: &Live) -> bool {
        let same_words =
            |(own, other): (&TopicEntry, &TopicEntry)| own.topic == other.topic && own.label == other.label;
        let labels = || live.topics_of(&published.id);
        (Arc::ptr_eq(&self.published, published) || self.published == *published)
            && labels().count() == self.labels.len()
            && self.labels.iter().zip(labels()).all(same_words)
    }
}
