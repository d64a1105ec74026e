//! Ids that readers know from an earlier feed of the same releases: which release each belongs to, and whether it may
//! have it. A reader shows what has another id a second time.
//!
//! This decides; writing is the store's. Where the feed comes from and how it is spelled is not known here.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::record::{Announcement, Record, Register};
use crate::domain::{Permalink, ReleaseId};

/// An entry of an earlier feed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KnownEntry {
    /// The id that readers store: an Atom id, or the text of an RSS guid.
    pub id: String,
    /// Where it leads.
    pub link: String,
    /// Its title as plain text.
    pub title: String,
    /// When it was published.
    pub published: Option<DateTime<Utc>>,
}

/// What is to become of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Adoption {
    /// The release takes the id over.
    Takes {
        /// The id it has.
        from: ReleaseId,
        /// The one it gets.
        to: ReleaseId,
        /// By what it was recognised.
        by: Recognised,
    },
    /// The release has this id already.
    Has(ReleaseId),
    /// No release is recognised in it.
    Unknown,
    /// Several releases might be meant.
    Doubtful(Vec<ReleaseId>),
    /// Its id is no absolute URI, as ids must be here.
    NoUri(ReleaseId),
    /// The release keeps its id, for this reason.
    Refused(ReleaseId, Refusal),
}

/// By what a release was recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recognised {
    /// Its address, or an old one.
    Link,
    /// Its title and its day, which no other has.
    TitleAndDay,
}

/// Why a release does not take an id over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It was announced under its own id.
    Announced,
    /// It took one over before.
    Again,
    /// Its file pins another.
    Pinned,
    /// Another release has that id, or is to get it.
    TakenElsewhere,
}

/// What is asked beside the register.
pub struct Circumstances<'a> {
    /// The site's zone, for days.
    pub zone: Tz,
    /// The paths of the site's addresses, which a link may carry before a release's own.
    pub base_paths: &'a [String],
    /// Releases whose file pins an id.
    pub pinned: &'a dyn Fn(&ReleaseId) -> bool,
    /// Old addresses that files give, beside those the register knows.
    pub old_addresses: &'a BTreeMap<Permalink, ReleaseId>,
    /// Releases that took an id over before.
    pub adopted: &'a dyn Fn(&ReleaseId) -> bool,
    /// Whether what was announced, or took an id over before, may take one, too.
    pub force: bool,
}

impl Register {
    /// What is to become of each entry, in their order.
    #[must_use]
    pub fn adoptions(&self, entries: &[KnownEntry], circumstances: &Circumstances<'_>) -> Vec<Adoption> {
        let recogniser = Recogniser::new(self, entries, circumstances);
        let mut given: HashMap<ReleaseId, ReleaseId> = HashMap::new();
        let mut decided = Vec::with_capacity(entries.len());
        for entry in entries {
            let adoption = match recogniser.find(entry) {
                Found::Nothing => Adoption::Unknown,
                Found::Several(ids) => Adoption::Doubtful(ids),
                Found::One(record, by) => self.decide(record, by, entry, &given, circumstances),
            };
            if let Adoption::Takes { from, to, .. } = &adoption {
                given.insert(to.clone(), from.clone());
            }
            decided.push(adoption);
        }
        decided
    }

    fn decide(
        &self,
        record: &Record,
        by: Recognised,
        entry: &KnownEntry,
        given: &HashMap<ReleaseId, ReleaseId>,
        circumstances: &Circumstances<'_>,
    ) -> Adoption {
        let from = record.id.clone();
        let Ok(to) = entry.id.parse::<ReleaseId>() else { return Adoption::NoUri(from) };
        if to == from || given.get(&to) == Some(&from) {
            return Adoption::Has(from);
        }
        let refusal = if (circumstances.pinned)(&from) {
            Some(Refusal::Pinned)
        } else if self.records.contains_key(&to)
            || given.contains_key(&to)
            || given.values().any(|other| *other == from)
        {
            Some(Refusal::TakenElsewhere)
        } else if !circumstances.force && (circumstances.adopted)(&from) {
            Some(Refusal::Again)
        } else if !circumstances.force && record.announcement == Announcement::Opened {
            Some(Refusal::Announced)
        } else {
            None
        };
        match refusal {
            Some(refusal) => Adoption::Refused(from, refusal),
            None => Adoption::Takes { from, to, by },
        }
    }
}

enum Found<'a> {
    Nothing,
    One(&'a Record, Recognised),
    Several(Vec<ReleaseId>),
}

/// A title in the form in which it is compared, and a day.
type TitleAndDay = (String, chrono::NaiveDate);

struct Recogniser<'a> {
    by_address: HashMap<String, &'a Record>,
    by_title: HashMap<TitleAndDay, Vec<&'a Record>>,
    /// How many entries have a title and a day.
    entries: HashMap<TitleAndDay, usize>,
    zone: Tz,
    base_paths: &'a [String],
}

impl<'a> Recogniser<'a> {
    fn new(register: &'a Register, entries: &[KnownEntry], circumstances: &Circumstances<'a>) -> Self {
        let mut recogniser = Self {
            by_address: HashMap::new(),
            by_title: HashMap::new(),
            entries: HashMap::new(),
            zone: circumstances.zone,
            base_paths: circumstances.base_paths,
        };
        let old = register.aliases.iter().chain(circumstances.old_addresses);
        for (permalink, record) in old.filter_map(|(permalink, id)| Some((permalink, register.records.get(id)?))) {
            recogniser.by_address.insert(plain_path(permalink.as_str()), record);
        }
        for record in register.records.values().filter(|record| record.missing_since.is_none()) {
            recogniser.by_address.insert(plain_path(record.permalink.as_str()), record);
            let key = recogniser.key(&record.title, record.date);
            recogniser.by_title.entry(key).or_default().push(record);
        }
        for entry in entries {
            if let Some(published) = entry.published {
                *recogniser.entries.entry(recogniser.key(&entry.title, published)).or_default() += 1;
            }
        }
        recogniser
    }

    fn key(&self, title: &str, at: DateTime<Utc>) -> TitleAndDay {
        (plain_title(title), at.with_timezone(&self.zone).date_naive())
    }

    fn find(&self, entry: &KnownEntry) -> Found<'a> {
        let path = match url::Url::parse(entry.link.trim()) {
            Ok(url) => url.path().to_owned(),
            Err(_) => entry.link.trim().to_owned(),
        };
        let below = self.base_paths.iter().filter_map(|base| path.strip_prefix(base.as_str())).chain([path.as_str()]);
        for path in below.filter(|path| path.starts_with('/')) {
            if let Some(record) = self.by_address.get(&plain_path(path)) {
                return Found::One(record, Recognised::Link);
            }
        }
        let Some(published) = entry.published else { return Found::Nothing };
        let key = self.key(&entry.title, published);
        match self.by_title.get(&key).map(Vec::as_slice) {
            None | Some([]) => Found::Nothing,
            Some([record]) if self.entries.get(&key) == Some(&1) => Found::One(record, Recognised::TitleAndDay),
            Some(records) => Found::Several(records.iter().map(|record| record.id.clone()).collect()),
        }
    }
}

/// A path as it is compared: decoded, without what servers leave out.
fn plain_path(path: &str) -> String {
    let decoded = percent_encoding::percent_decode_str(path).decode_utf8_lossy();
    let path = decoded.strip_suffix("index.html").unwrap_or(&decoded);
    let path = path.strip_suffix(".html").unwrap_or(path);
    path.trim_end_matches('/').to_owned()
}

/// A title as it is compared: feeds and sites set quotes, dots and spaces in their own ways.
fn plain_title(title: &str) -> String {
    let mut plain = String::with_capacity(title.len());
    for c in title.chars() {
        match c {
            '‘' | '’' => plain.push('\''),
            '“' | '”' => plain.push('"'),
            '…' => plain.push_str("..."),
            '–' | '—' => plain.push('-'),
            c => plain.extend(c.to_lowercase()),
        }
    }
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}
