//! From the content folder to the catalog: looks, reads what changed, lets the register say who is who.

mod edits;
mod keeping;
mod remarks;
mod texts;

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use foldhash::{HashMap, HashSet};
use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};

use self::edits::Last;
pub use self::keeping::Gathered;
use self::texts::LookTexts;
use super::last_good::LastGood;
use super::newsroom::Current;
use super::office::BrokenFile;
use super::reading::{ReadFile, Reader};
use crate::cache::Settled;
use crate::catalog::{Catalog, GONE_AFTER, Live, Published, departed};
use crate::config::{Config, Origin};
use crate::content::{JekyllConfig, ReadingSettings, SourceFile};
use crate::domain::{Release, ReleaseId, SourcePath, Uploads};
use crate::feed::{FeedFormat, FeedSite};
use crate::register::{FolderLook, KeptRegister, Minting, Reconciled, Record, Register, RegisterChanges, Texts};
use crate::resource::{Resources, Shelf};
use crate::template::Templates;
use crate::watch::{ChangedFile, Cores, Folder, Hint, Listed, Unreadable, UploadsFolder, UploadsListing, UploadsMark};

/// From so many releases on, work on them gives way to whoever is answered meanwhile.
pub(super) const MUCH: usize = 64;

/// Reads the content folder again and again.
#[derive(Debug)]
pub struct Ingest {
    folder: Folder,
    /// Where changed files are read.
    threads: Arc<rayon::ThreadPool>,
    uploads: Arc<UploadsFolder>,
    reader: Arc<Reader>,
    /// What uploads looked like when every file was last compared with it.
    uploads_mark: Option<UploadsMark>,
    config: Config,
    templates: Arc<Templates>,
    shelf: Arc<Shelf>,
    files: BTreeMap<SourcePath, ReadFile>,
    /// Files that are there and cannot be read, as of the last look.
    unreadable: Vec<Unreadable>,
    /// What sync programs left of two versions, as of the last look.
    conflicts: Vec<SourcePath>,
    /// The last good sources of releases whose file is broken, as they were read.
    kept: BTreeMap<ReleaseId, ReadFile>,
    /// Whether what a look comes to is saved.
    is_saved: bool,
    /// What the last look came to, once it was saved and shown.
    last: Option<Last>,
    /// What was taken up from the last run came to nothing else, and neither would it now.
    settled: Option<Settled>,
    /// The folder as it was listed while that was taken up.
    listed: Option<Listed>,
}

/// What one look came to. The changes are to be saved before the rest is shown to anybody.
#[derive(Debug)]
pub struct Ingested {
    /// What to save.
    pub changes: RegisterChanges,
    /// What is to be shown.
    pub current: Current,
    /// Files with errors: the office is told.
    pub broken: Vec<BrokenFile>,
    /// Whether anything differs from the look before: a file, a document, or what the register says of one.
    pub anything_new: bool,
    /// Files that were being written: the next look should come soon.
    pub unsettled: bool,
    /// Which release each file is shown as.
    pub shown: Arc<HashMap<SourcePath, ReleaseId>>,
    /// Whether nothing is left open that a later look may settle otherwise.
    pub settled: bool,
}

impl Found {
    /// How many files are otherwise than the look before had them, as far as they were counted.
    #[must_use]
    pub fn differing(&self) -> usize {
        self.changed.len().max(usize::from(!self.is_files_alone))
    }
}

/// What differs in the folder from the last look.
#[derive(Debug)]
pub struct Found {
    /// What the look before came to.
    last: Option<Last>,
    /// Files that appeared or changed, with the releases they were.
    changed: Vec<(SourcePath, Option<Arc<Release>>)>,
    /// Nothing else differs: no file went, none cannot be read, no document changed.
    is_files_alone: bool,
    root_missing: bool,
    unsettled: bool,
}

impl Ingest {
    /// Reads the folders of `config` on so many `cores`.
    #[must_use]
    pub fn new(config: &Config, uploads: Arc<UploadsFolder>, templates: Arc<Templates>, cores: Cores) -> Self {
        let jekyll = JekyllConfig::of(&config.content).map(|jekyll| match config.site.origins.permalink {
            Origin::Config => jekyll.without_permalinks(),
            Origin::Jekyll | Origin::Default => jekyll,
        });
        let settings = ReadingSettings {
            language: config.site.language,
            timezone: config.site.timezone,
            permalink: config.site.permalink.clone(),
            site: config.site.url.clone(),
            documents: config.content.documents,
            jekyll: jekyll.map(Arc::new),
        };
        let folder = Folder::new(&config.content);
        Self {
            reader: Arc::new(Reader::new(folder.files(), uploads.clone(), settings)),
            folder,
            threads: Arc::new(cores.pool()),
            uploads,
            uploads_mark: None,
            config: config.clone(),
            templates,
            shelf: Arc::default(),
            files: BTreeMap::new(),
            unreadable: Vec::new(),
            conflicts: Vec::new(),
            kept: BTreeMap::new(),
            is_saved: true,
            last: None,
            settled: None,
            listed: None,
        }
    }

    /// The same, but every text is read at once, and all there is to say of it is said.
    #[must_use]
    pub fn whole(mut self) -> Self {
        self.reader = Arc::new(self.reader.whole());
        self
    }

    /// The same, but nothing that a look comes to is saved: why each release became what it is, is not kept.
    #[must_use]
    pub fn unsaved(self) -> Self {
        Self { is_saved: false, ..self }
    }

    /// The same, made for feeds in these formats alone.
    #[must_use]
    pub fn for_formats(self, formats: &[FeedFormat]) -> Self {
        Self { shelf: Arc::new(Shelf::for_formats(formats)), ..self }
    }

    /// Reads on so many cores from now on.
    pub fn work_on(&mut self, cores: Cores) {
        self.threads = Arc::new(cores.pool());
    }

    /// Whether each look reads files again that were just written.
    #[must_use]
    pub fn has_fresh_files(&self) -> bool {
        self.folder.has_fresh_files()
    }

    /// Looks at what `hint` names of the folder and compares it with what `register` remembers; `last_good` are the texts
    /// that belong to it.
    pub fn look(&mut self, register: &Register, last_good: &LastGood, now: DateTime<Utc>, hint: &Hint) -> Ingested {
        let found = self.find(hint, now);
        if found.changed.len() < MUCH {
            return self.take_in_all(&found, register, last_good, now);
        }
        let threads = self.threads();
        threads.install(|| self.take_in_all(&found, register, last_good, now))
    }

    /// Does `work` that touches so many `releases`: much of it where it gives way to whoever is answered meanwhile.
    pub fn aside<T: Send>(&self, releases: usize, work: impl FnOnce() -> T + Send) -> T {
        if releases < MUCH { work() } else { self.threads.install(work) }
    }

    /// Where much work is done.
    #[must_use]
    pub fn threads(&self) -> Arc<rayon::ThreadPool> {
        Arc::clone(&self.threads)
    }

    /// What `found` comes to beside `kept`, the register as it is kept from look to look: what came of plain edits costs
    /// those edits alone.
    pub fn take_in(
        &mut self,
        found: &Found,
        kept: &mut KeptRegister,
        last_good: &LastGood,
        now: DateTime<Utc>,
    ) -> Ingested {
        let threads = self.threads();
        if found.changed.len() < MUCH {
            self.take_in_here(found, kept, last_good, now)
        } else {
            threads.install(|| self.take_in_here(found, kept, last_good, now))
        }
    }

    fn take_in_here(
        &mut self,
        found: &Found,
        kept: &mut KeptRegister,
        last_good: &LastGood,
        now: DateTime<Utc>,
    ) -> Ingested {
        let last = found.last.as_ref();
        let is_known = kept.agrees_with(last.map(|last| &last.current.register));
        let edits = last.filter(|_| is_known).and_then(|last| self.take_in_edits(last, found, kept, last_good, now));
        let as_kept = edits.or_else(|| self.take_in_as_kept(found, kept, last_good, now));
        as_kept.unwrap_or_else(|| self.take_in_all(found, kept.register(), last_good, now))
    }

    /// Takes note that what the last look came to is saved, and `current` is shown of it.
    pub fn keep(&mut self, current: &Current, shown: Arc<HashMap<SourcePath, ReleaseId>>, settled: bool) {
        self.last = Some(Last { current: current.clone(), shown, settled });
    }

    /// What differs in what `hint` names of the folder from the last look; what was read of it is kept.
    pub fn find(&mut self, hint: &Hint, now: DateTime<Utc>) -> Found {
        match hint {
            Hint::Files(_) => self.find_here(hint, now),
            Hint::Everything => self.threads().install(|| self.find_here(hint, now)),
        }
    }

    fn find_here(&mut self, hint: &Hint, now: DateTime<Utc>) -> Found {
        // Until it is saved and shown, what this look comes to is nothing to build on.
        let last = self.last.take();
        let is_taken_up = !self.folder.was_looked_at() && !self.files.is_empty();
        // Had anything under uploads changed, the hint would not be of files alone.
        let listing = (*hint == Hint::Everything).then(|| self.uploads.listed());
        let uploads: &(dyn Uploads + Sync) = match &listing {
            Some(listing) => listing,
            None => self.uploads.as_ref(),
        };
        let reader = &self.reader;
        let read = |file: SourceFile| reader.read(&file, uploads);
        let mut look = match self.listed.take() {
            Some(listed) => self.folder.look_at_listed(listed, now, &self.threads, &read),
            None => self.folder.look_at(now, hint, &self.threads, &read),
        };
        if is_taken_up && self.folder.has_closed_folders() {
            // What lies in them was not compared with what the last run saw.
            self.folder.forget();
            self.files.clear();
            look = self.folder.look_at(now, hint, &self.threads, &read);
        }
        let mut is_files_alone = look.vanished.is_empty() && !look.root_missing;
        for path in &look.vanished {
            self.files.remove(path);
        }
        let mark = listing.as_ref().map(UploadsListing::mark);
        if let Some(mark) = mark.filter(|mark| mark.is_none() || *mark != self.uploads_mark) {
            let lapsed = |(path, file): (&SourcePath, &ReadFile)| (!file.holds(uploads)).then(|| path.clone());
            let lapsed: Vec<SourcePath> = self.threads.install(|| self.files.par_iter().filter_map(lapsed).collect());
            for path in lapsed {
                // One that is not as it was is found by the next look.
                if let Some(file) = self.files.get_mut(&path)
                    && let Some(again) = reader.read_again(&path, file.digest, uploads)
                {
                    is_files_alone = false;
                    *file = again;
                }
            }
            self.uploads_mark = mark;
        }
        let mut changed = Vec::with_capacity(look.changed.len());
        if self.files.is_empty() {
            // What is in order is taken in as it stands.
            changed.extend(look.changed.iter().map(|file| (file.path.clone(), None)));
            self.files = look.changed.into_iter().map(|ChangedFile { path, taken, .. }| (path, taken)).collect();
        } else {
            for ChangedFile { path, taken, .. } in look.changed {
                let before = self.files.insert(path.clone(), taken).and_then(|file| file.release);
                changed.push((path, before));
            }
        }
        is_files_alone &= self.unreadable == look.unreadable && self.conflicts == look.conflicts;
        self.conflicts = look.conflicts;
        self.unreadable = look.unreadable;
        Found { last, changed, is_files_alone, root_missing: look.root_missing, unsettled: !look.unsettled.is_empty() }
    }

    /// What a look comes to, every release gone through.
    fn take_in_all(
        &mut self,
        found: &Found,
        register: &Register,
        last_good: &LastGood,
        now: DateTime<Utc>,
    ) -> Ingested {
        let unreadable: Vec<&SourcePath> = self.unreadable.iter().map(|unreadable| &unreadable.path).collect();
        let reconciled = self.reconcile(register, &unreadable, found.root_missing, last_good, now);
        let decided = reconciled.register != *register;
        let ingested = self.finish(reconciled, last_good, now);
        Ingested {
            anything_new: !found.is_files_alone || !found.changed.is_empty() || decided,
            unsettled: found.unsettled,
            ..ingested
        }
    }

    /// The texts of the files as the last look found them, and those that `last_good` has.
    pub fn texts<'a>(&'a self, last_good: &'a LastGood) -> impl Texts + use<'a> {
        LookTexts { reader: &self.reader, last_good, threads: &self.threads }
    }

    fn reconcile(
        &self,
        register: &Register,
        unreadable: &[&SourcePath],
        folder_missing: bool,
        last_good: &LastGood,
        now: DateTime<Utc>,
    ) -> Reconciled {
        let texts = self.texts(last_good);
        let known = LazyCell::new(|| known_paths(register));
        let broken = unreadable.to_vec();
        let keeps_reasons = self.is_saved;
        let mut look = FolderLook { good: Vec::new(), broken, folder_missing, texts: &texts, keeps_reasons };
        for (path, file) in &self.files {
            match file.seen(path) {
                Some(seen) => look.good.push(seen),
                None if file.is_broken() || known.contains(path) => look.broken.push(path),
                None => {}
            }
        }
        let minting = Minting { authority: self.config.site.url.host(), zone: self.config.site.timezone };
        register.reconcile(&look, now, &minting)
    }

    /// The look's catalog and everything public in it.
    fn finish(&mut self, reconciled: Reconciled, last_good: &LastGood, now: DateTime<Utc>) -> Ingested {
        let Reconciled { register, mut changes, files, kept, clashes, settled } = reconciled;
        let withdrawn = vanished_withdrawn(&register, now);
        self.kept.retain(|id, _| kept.contains(id) || withdrawn.contains(id));
        let mut published = Vec::new();
        {
            let mut records = register.records.values().peekable();
            for (id, path) in &files {
                // Both are in the order of ids.
                while records.next_if(|record| record.id < *id).is_some() {}
                let record = records.next_if(|record| record.id == *id);
                let release = self.files.get(path).and_then(|file| file.release.clone());
                published.extend(record.zip(release).map(|(record, release)| published_as(record, release)));
            }
        }
        for id in &kept {
            published
                .extend(self.last_good(&register, id, last_good).and_then(|release| publish(&register, id, release)));
        }
        let left = published.len();
        for id in &withdrawn {
            published
                .extend(self.last_good(&register, id, last_good).and_then(|release| publish(&register, id, release)));
        }
        let departed = departed(&register, &published);
        published.truncate(left);
        let (catalog, live) = self.threads.install(|| {
            let catalog = Catalog::new(published, &register.topic_slugs)
                .with_topic_aliases(self.config.topic_aliases.clone())
                .with_departed(departed)
                .with_links(now);
            let live = catalog.live(now);
            (catalog, live)
        });
        changes.topic_slugs = live.new_slugs().to_vec();
        let mut register = register;
        register.learn_slugs(&changes.topic_slugs);
        let (catalog, live) = if changes.topic_slugs.is_empty() {
            (catalog, live)
        } else {
            (catalog.with_slugs(&register.topic_slugs), live.with_slugs_settled())
        };
        let broken = self.broken(&register);
        let diagnostics = if self.reader.is_whole() {
            self.diagnostics(&catalog, &register, clashes, now).into()
        } else {
            Arc::default()
        };
        let resources = self.resources(&catalog, live, &register, now);
        Ingested {
            changes,
            current: Current { catalog, resources, register, diagnostics, doubts: self.doubts(), looked: now },
            broken,
            anything_new: true,
            unsettled: false,
            shown: Arc::new(files.into_iter().map(|(id, path)| (path, id)).collect()),
            settled,
        }
    }

    /// The last good version of a release whose file is broken, when it was live or is withdrawn.
    fn last_good(&mut self, register: &Register, id: &ReleaseId, texts: &LastGood) -> Option<Arc<Release>> {
        let record = register.records.get(id).filter(|record| record.first_live.is_some())?;
        let shown = |release: &Arc<Release>| record.live_since.is_some() || release.withdrawn.is_some();
        let is_same = |file: &&ReadFile| file.digest == record.file_digest && file.holds(self.uploads.as_ref());
        let known = self.kept.get(id).filter(is_same);
        if let Some(file) = known {
            return file.release.clone().filter(shown);
        }
        let file = self.reader.read_whole(&record.path, texts.text(id)?.as_bytes().to_vec());
        let release = file.release.clone().filter(shown);
        self.kept.insert(id.clone(), file);
        release
    }

    fn resources(&self, catalog: &Catalog, live: Live, register: &Register, now: DateTime<Utc>) -> Resources {
        let site = feed_site(&self.config, register, now);
        Resources::new(
            live,
            register.aliases.clone(),
            catalog.gone(now),
            self.templates.clone(),
            site,
            self.shelf.clone(),
        )
        .with_feed_aliases(self.config.feeds.aliases.clone())
    }
}

/// Where releases are remembered to stand: a file there that is none by now was emptied or cut, not taken away.
fn known_paths(register: &Register) -> HashSet<&SourcePath> {
    register.records.values().filter(|record| record.missing_since.is_none()).map(|record| &record.path).collect()
}

/// Releases that were public once and no more when their file vanished, a short while ago: they may have been withdrawn,
/// and what is gone does not become merely missing when its file is tidied away.
fn vanished_withdrawn(register: &Register, now: DateTime<Utc>) -> BTreeSet<ReleaseId> {
    let lately = |record: &&Record| {
        record.missing_since.is_some_and(|since| now < since + GONE_AFTER)
            && record.first_live.is_some()
            && record.publishable_since.is_none()
    };
    register.records.values().filter(lately).map(|record| record.id.clone()).collect()
}

fn publish(register: &Register, id: &ReleaseId, release: Arc<Release>) -> Option<Published> {
    register.records.get(id).map(|record| published_as(record, release))
}

fn published_as(record: &Record, release: Arc<Release>) -> Published {
    Published { id: record.id.clone(), release, updated: record.updated, live_since: record.live_since }
}

/// What feeds and pages say of the site.
#[must_use]
pub fn feed_site(config: &Config, register: &Register, now: DateTime<Utc>) -> FeedSite {
    let site = &config.site;
    FeedSite {
        title: site.title.clone(),
        description: site.description.clone(),
        url: site.url.clone(),
        releases_url: site.releases_url.clone(),
        authority: register.authority.clone().unwrap_or_else(|| site.url.host().to_owned()),
        language: site.language,
        timezone: site.timezone,
        entries: config.feeds.entries,
        ttl: config.feeds.ttl,
        started: register.started.unwrap_or(now),
        rights: config.feeds.rights.clone(),
        icon: config.feeds.icon.clone(),
        hub: config.feeds.hub.clone(),
        privacy: config.privacy.clone(),
    }
}
