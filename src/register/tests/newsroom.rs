//! A folder that is changed and looked at, and what is remembered of it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::{Digest, Release, ReleaseId, SourcePath, sample_release};
use crate::register::{
    Announcement, Edit, FolderLook, KeptRegister, Minting, PlainEdits, Reconciled, Record, Register, Seen, Texts,
};

pub(super) const BODY: &str =
    "Le pont de la Vire ouvre lundi à la circulation après deux ans de travaux menés avec les riverains.";
pub(super) const OTHER: &str =
    "Chaque printemps les bacs reprennent leur service entre les deux rives pour la saison des foins.";
pub(super) const THIRD: &str =
    "La halte fluviale de Brumeval accueille désormais vingt bateaux, une capitainerie et un marché le samedi.";

/// A file with this source.
fn seen<'a>(path: &'a SourcePath, source: &str, release: &'a Release) -> Seen<'a> {
    Seen { path, digest: Digest::of(source.as_bytes()), release, significance: release.significance() }
}

/// A folder that is changed and looked at, and what is remembered of it.
pub(super) struct Newsroom {
    pub(super) files: BTreeMap<String, Release>,
    pub(super) broken: Vec<SourcePath>,
    pub(super) register: Register,
    pub(super) now: DateTime<Utc>,
    pub(super) authority: &'static str,
    pub(super) last: Option<Reconciled>,
    /// The last good texts, as the database would keep them.
    pub(super) kept: BTreeMap<ReleaseId, Arc<str>>,
}

/// The texts of a folder as it is now, and those kept.
struct RoomTexts<'a> {
    files: HashMap<&'a SourcePath, &'a str>,
    kept: &'a BTreeMap<ReleaseId, Arc<str>>,
}

impl Texts for RoomTexts<'_> {
    fn of_file(&self, path: &SourcePath, digest: Digest) -> Option<Arc<str>> {
        let text = self.files.get(path).copied().filter(|text| Digest::of(text.as_bytes()) == digest);
        text.map(Arc::from)
    }

    fn of_record(&self, record: &Record) -> Option<Arc<str>> {
        self.kept.get(&record.id).cloned()
    }
}

impl Newsroom {
    pub(super) fn new() -> Self {
        Self {
            files: BTreeMap::new(),
            broken: Vec::new(),
            register: Register::default(),
            now: "2026-11-23T10:00:00Z".parse().unwrap(),
            authority: "presse.example.org",
            last: None,
            kept: BTreeMap::new(),
        }
    }

    /// A newsroom that has looked at `files` (path, title, body) after an empty first look: each is news.
    pub(super) fn with(files: &[(&str, &str, &str)]) -> Self {
        let mut room = Self::new();
        room.look();
        for (path, title, body) in files {
            room.save(path, title, body);
            room.look();
        }
        room.wait(minutes(1));
        room
    }

    pub(super) fn save(&mut self, path: &str, title: &str, body: &str) -> &mut Release {
        self.files.insert(path.to_owned(), sample_release(path, title, body));
        self.files.get_mut(path).unwrap()
    }

    /// Another name; the permalink follows it.
    pub(super) fn rename(&mut self, from: &str, to: &str) {
        let release = self.files.remove(from).unwrap();
        let place = sample_release(to, "", "");
        self.files.insert(to.to_owned(), Release { path: place.path, permalink: place.permalink, ..release });
    }

    pub(super) fn copy(&mut self, from: &str, to: &str) {
        let original = self.files[from].clone();
        self.rename(from, to);
        self.files.insert(from.to_owned(), original);
    }

    pub(super) fn look(&mut self) -> &Reconciled {
        let reconciled = self.imagine(false);
        assert_eq!(reconciled, self.imagine(true), "the order of files makes a difference");
        self.register = reconciled.register.clone();
        self.keep_texts(&reconciled);
        self.last.insert(reconciled)
    }

    /// What the edits since the look at `before` come to by the short way, when there is nothing but edits.
    pub(super) fn plain_edits(
        &self,
        kept: &KeptRegister,
        before: &BTreeMap<String, Release>,
        next_change: Option<DateTime<Utc>>,
    ) -> Option<PlainEdits> {
        let changed: Vec<_> = before.iter().filter(|(path, release)| self.files.get(*path) != Some(release)).collect();
        let mut known = Vec::new();
        for (path, release) in changed {
            known.push((SourcePath::new(path.as_str()), self.find(path)?, release, self.files.get(path)?));
        }
        let sources: Vec<String> = known.iter().map(|(.., release)| source_of(release)).collect();
        let paths = known.iter().map(|(path, ..)| path);
        let texts = RoomTexts { files: paths.zip(sources.iter().map(String::as_str)).collect(), kept: &self.kept };
        let edits: Vec<_> = known
            .iter()
            .zip(&sources)
            .map(|((path, id, before, release), source)| {
                let seen = seen(path, source, release);
                Edit { id, before, seen }
            })
            .collect();
        kept.plain_edits(&edits, &texts, self.now, next_change)
    }

    /// What a look would come to, with the files in their order or in the opposite one.
    fn imagine(&self, backwards: bool) -> Reconciled {
        let paths: Vec<SourcePath> = self.files.keys().map(|path| SourcePath::new(path.as_str())).collect();
        let sources: Vec<String> = self.files.values().map(source_of).collect();
        let mut good: Vec<_> = self
            .files
            .values()
            .zip(&paths)
            .zip(&sources)
            .map(|((release, path), source)| seen(path, source, release))
            .collect();
        if backwards {
            good.reverse();
        }
        let texts =
            RoomTexts { files: paths.iter().zip(sources.iter().map(String::as_str)).collect(), kept: &self.kept };
        let look = FolderLook {
            good,
            broken: self.broken.iter().collect(),
            folder_missing: false,
            texts: &texts,
            keeps_reasons: true,
        };
        let minting = Minting { authority: self.authority, zone: chrono_tz::Europe::Paris };
        self.register.reconcile(&look, self.now, &minting)
    }

    /// As the store does: the texts that a look says are new.
    fn keep_texts(&mut self, reconciled: &Reconciled) {
        for id in &reconciled.changes.new_texts {
            let path = &reconciled.register.records[id].path;
            self.kept.insert(id.clone(), source_of(&self.files[path.as_str()]).into());
        }
        for record in reconciled.register.records.values() {
            assert_eq!(Digest::of(self.kept[&record.id].as_bytes()), record.file_digest, "the text of {}", record.id);
        }
    }

    pub(super) fn wait(&mut self, time: TimeDelta) {
        self.now += time;
    }

    pub(super) fn find(&self, path: &str) -> Option<ReleaseId> {
        let files = &self.last.as_ref().unwrap().files;
        files.iter().find(|(_, file)| file.as_str() == path).map(|(id, _)| id.clone())
    }

    #[track_caller]
    pub(super) fn id_of(&self, path: &str) -> ReleaseId {
        self.find(path).unwrap_or_else(|| panic!("{path} is no release: {:?}", self.last))
    }

    #[track_caller]
    pub(super) fn record(&self, path: &str) -> &Record {
        &self.register.records[&self.id_of(path)]
    }

    /// As policy does: the announcement of the release at `path` was opened.
    pub(super) fn announce(&mut self, path: &str) {
        let id = self.id_of(path);
        self.register.records.get_mut(&id).unwrap().announcement = Announcement::Opened;
    }

    /// What the last look decided, without its reasons.
    pub(super) fn decided(&self) -> Vec<&'static str> {
        self.last.as_ref().unwrap().changes.decisions.iter().map(|decision| decision.what).collect()
    }

    /// How many releases were ever news: undecided or announced.
    pub(super) fn news(&self) -> usize {
        let is_news = |record: &&Record| !matches!(record.announcement, Announcement::Never(_));
        self.register.records.values().filter(is_news).count()
    }
}

pub(super) fn minutes(count: i64) -> TimeDelta {
    TimeDelta::minutes(count)
}

/// The text of a release's file.
fn source_of(release: &Release) -> String {
    format!("{}\n{}\n{:?}\n{}", release.title, release.date, release.pinned_id, release.body().unwrap().as_str())
}
