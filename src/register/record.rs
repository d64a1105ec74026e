//! What is remembered of each release, and what one look changes of it.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::shared_map::SharedMap;
use crate::domain::{Digest, HoldReason, Permalink, ReleaseId, Slug, SourcePath, Taxonomy};

/// What is remembered of one release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its id, for ever.
    pub id: ReleaseId,
    /// The file it was last read from.
    pub path: SourcePath,
    /// Its present address below the site's.
    pub permalink: Permalink,
    /// Since when its file is gone; `None` while it is there.
    pub missing_since: Option<DateTime<Utc>>,
    /// The digest of the last good file's bytes; its text, which stays published when the file breaks, is
    /// [`super::Texts::of_record`].
    pub file_digest: Digest,
    /// The digest of what readers would call a change ([`crate::domain::Release::significant_digest`]).
    pub significant: Digest,
    /// The digest of its documents' bytes alone ([`crate::domain::Release::documents_digest`]).
    pub documents: Digest,
    /// For lists.
    pub title: Arc<str>,
    /// Its own date.
    pub date: DateTime<Utc>,
    /// When its file was first seen, good or not meant to be seen yet.
    pub first_seen: DateTime<Utc>,
    /// When it was first seen meant to be public, under embargo or not.
    pub publishable_since: Option<DateTime<Utc>>,
    /// Since when it is live; a clock going back does not unmake it. `None` while it is not.
    pub live_since: Option<DateTime<Utc>>,
    /// When it first became public: never unset again. `None`: nobody outside ever saw it.
    pub first_live: Option<DateTime<Utc>>,
    /// The feeds' `updated`: the last significant change, with milliseconds that keep two releases apart.
    pub updated: DateTime<Utc>,
    /// What was decided about announcing it.
    pub announcement: Announcement,
    /// Why its announcement must wait for a person, as far as its history says.
    pub hold: Option<Box<HoldReason>>,
}

impl Record {
    /// Whether `other` says the same, what was decided about announcing apart.
    #[must_use]
    pub fn agrees_with(&self, other: &Self) -> bool {
        Self { announcement: self.announcement, hold: self.hold.clone(), ..other.clone() } == *self
    }
}

/// What was decided about announcing a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Announcement {
    /// Nothing left; something may.
    Undecided,
    /// An edition was opened: it was announced.
    Opened,
    /// It will never be announced.
    Never(NeverReason),
}

impl Announcement {
    /// Its word in the database: `undecided`, `opened`, or the reason.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Undecided => "undecided",
            Self::Opened => "opened",
            Self::Never(reason) => reason.as_str(),
        }
    }
}

impl FromStr for Announcement {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "undecided" => Ok(Self::Undecided),
            "opened" => Ok(Self::Opened),
            reason => reason.parse().map(Self::Never),
        }
    }
}

crate::domain::words! {
    /// Why a release is never announced.
    NeverReason {
        /// It was live when Depeche first started.
        LiveAtFirstStart = "live-at-first-start",
        /// It is a copy of a release that stands beside it.
        Copy = "copy",
        /// The office cancelled its announcement.
        Cancelled = "cancelled",
    }
}

/// A decision and its reason, kept with its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// About which release.
    pub release: ReleaseId,
    /// When it was taken.
    pub at: DateTime<Utc>,
    /// What was decided, one word: `new`, `renamed`, `edited`, `documents-changed` (and nothing else that readers would
    /// call a change), `missing`, `returned`, `live`, `announced`, `never`, `news` (no copy any more), `held`.
    pub what: &'static str,
    /// Why, as a sentence fragment for the log and `--why`.
    pub why: Cow<'static, str>,
}

/// A label's slug, settled when it was first seen live and never given to another label.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TopicSlug {
    /// Category or tag.
    pub taxonomy: Taxonomy,
    /// [`crate::domain::Label::folded`].
    pub folded: String,
    /// Its slug, numbered when another label has the plain one.
    pub slug: Slug,
}

/// A look at the folder that is not believed yet: too many releases are gone at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FolderAlarm {
    /// When it was first seen so.
    pub since: DateTime<Utc>,
    /// How many live releases are gone.
    pub missing: u32,
    /// Of how many.
    pub of: u32,
    /// Whether a person confirmed that they are meant to be gone.
    pub confirmed: bool,
}

/// The whole register. Cheap to clone.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Register {
    /// The authority of minted ids, settled at first start.
    pub authority: Option<String>,
    /// When the first look was taken; `None` before it.
    pub started: Option<DateTime<Utc>>,
    /// Every release ever seen, by id.
    pub records: SharedMap<ReleaseId, Record>,
    /// Old addresses and where they lead.
    pub aliases: SharedMap<Permalink, ReleaseId>,
    /// The slugs of labels, in their order.
    pub topic_slugs: Arc<Vec<TopicSlug>>,
    /// A look that is not believed yet.
    pub alarm: Option<FolderAlarm>,
}

impl Register {
    /// The look that is not believed yet, and that nobody has confirmed.
    #[must_use]
    pub fn open_alarm(&self) -> Option<FolderAlarm> {
        self.alarm.filter(|alarm| !alarm.confirmed)
    }

    /// Whether `other` says the same, what was decided about announcing apart.
    #[must_use]
    pub fn agrees_with(&self, other: &Self) -> bool {
        let is_same = |(own, other): (&Record, &Record)| std::ptr::eq(own, other) || own.agrees_with(other);
        self.records.len() == other.records.len()
            && (&self.authority, self.started, self.alarm) == (&other.authority, other.started, other.alarm)
            && (&self.aliases, &self.topic_slugs) == (&other.aliases, &other.topic_slugs)
            && self.records.values().zip(other.records.values()).all(is_same)
    }

    /// Takes in slugs that are settled now.
    pub fn learn_slugs(&mut self, slugs: &[TopicSlug]) {
        if !slugs.is_empty() {
            let known = Arc::make_mut(&mut self.topic_slugs);
            known.extend_from_slice(slugs);
            known.sort();
            known.dedup();
        }
    }
}

/// What one look changes: saved in one transaction.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RegisterChanges {
    /// Set when it is settled for the first time.
    pub authority: Option<String>,
    /// Set at the first look.
    pub started: Option<DateTime<Utc>>,
    /// Records to insert or replace, whole.
    pub records: Vec<Arc<Record>>,
    /// Those of the records whose text is another than before, and is to be saved with them.
    pub new_texts: BTreeSet<ReleaseId>,
    /// Old addresses to remember (an address that leads elsewhere now is replaced).
    pub aliases: Vec<(Permalink, ReleaseId)>,
    /// Slugs to remember; an existing one is never changed.
    pub topic_slugs: Vec<TopicSlug>,
    /// What was decided.
    pub decisions: Vec<Decision>,
    /// The alarm after this look: `None` clears it.
    pub alarm: Option<FolderAlarm>,
}
