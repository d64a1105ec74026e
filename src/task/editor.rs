//! The editor: looks at the folder, swaps in the new catalog, sees to announcements, and wakes for what falls due.
//!
//! Looking and announcing take turns in one task, so no edition opens between a look and the saving of what it found.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use rayon::ThreadPool;
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};
use tokio::task::{JoinError, spawn_blocking};
use tokio::time::{Instant, sleep, sleep_until};
use tracing::{error, info, warn};

use super::alarm::watch_clock;
use super::edition::see_to_editions;
use super::gap::{ALIVE_EVERY, longest_silence, take_up};
use super::ingest::{Ingest, Ingested, MUCH};
use super::keeping::{Keeping, opened, refresh};
use super::last_good::LastGood;
use super::newsroom::{Current, Newsroom};
use super::office::{OfficeError, log_untold};
use super::readying::make_ready;
use super::site_files::{FileNames, FilesWanted, SiteFilesError, site_files, stage_of};
use super::standing::LookNote;
use crate::cache::{Cache, OpenCache};
use crate::clock::{Clock as _, ClockDoubt};
use crate::config::{PublishPlace, PublishSettings};
use crate::publish::{PublishError, PublishReport, publish, stands};
use crate::register::{Announcement, FolderAlarm, KeptRegister, RegisterChanges};
use crate::resource::Ready;
use crate::store::{Revision, StoreError};
use crate::watch::{Cores, Hint, Watcher};

/// How often editions are looked at when nothing wakes the editor: commands at a terminal change them too.
const EDITIONS_LOOK: Duration = Duration::from_secs(1);
/// How soon a folder is looked at again in which a file was being written.
const UNSETTLED_LOOK: Duration = Duration::from_millis(200);

/// How soon a folder is looked at again in which files were just written: their times can be believed by then, and whoever
/// saves the next file need not wait until all of these are read again.
const FRESH_LOOK: Duration = Duration::from_secs(3);

/// How long one step in the database may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// The register's word for documents that changed while the rest of a release did not.
const DOCUMENTS_CHANGED: &str = "documents-changed";
/// The name of the lead among instances of one database: who holds it writes the register and opens editions.
const LEAD: &str = "editor";
/// How long the lead lasts without being renewed: as long as another instance waits when this one is killed.
const LEAD_LASTS: TimeDelta = TimeDelta::seconds(30);

/// Reads the folder and sees to announcements until it is stopped.
#[derive(Debug)]
pub struct Editor {
    newsroom: Arc<Newsroom>,
    /// What this instance is called in the database.
    owner: String,
    /// The machine's clock as it was last looked at.
    clock_doubt: Option<ClockDoubt>,
    /// The register as the database has it.
    register: Option<Box<KeptRegister>>,
    /// As of when; `None` before the first look.
    revision: Option<Revision>,
    /// How many records the last look saved; the next one finds them in the database.
    saved: usize,
    /// `None` only while a look is under way on another thread.
    ingest: Option<Box<Ingest>>,
    unsettled: bool,
    /// When to look again at files that were just written.
    fresh_look: Option<Instant>,
    /// A look broke down: the next one looks at everything.
    owes_look: bool,
    /// The public folder is not as it should be: to be tried again at the next look.
    unwritten: bool,
    /// What is kept for the next start.
    keeping: Option<Keeping>,
    /// When this instance last said in the database that it works; `None` before its first look.
    alive: Option<DateTime<Utc>>,
}

impl Editor {
    /// An editor for the folder of `ingest`, called `owner` among the instances of one database.
    #[must_use]
    pub fn new(newsroom: Arc<Newsroom>, ingest: Ingest, owner: String) -> Self {
        Self {
            newsroom,
            owner,
            clock_doubt: None,
            register: Some(Box::default()),
            revision: None,
            saved: 0,
            ingest: Some(Box::new(ingest)),
            unsettled: false,
            fresh_look: None,
            owes_look: false,
            unwritten: false,
            keeping: None,
            alive: None,
        }
    }

    /// The same, which takes up what `cache` has of the last run, and keeps there what the next may take up.
    #[must_use]
    pub fn keeping(self, cache: Cache) -> Self {
        Self { keeping: Some(Keeping::new(cache)), ..self }
    }

    /// Looks on so many cores from now on.
    pub fn work_on(&mut self, cores: Cores) {
        if let Some(ingest) = &mut self.ingest {
            ingest.work_on(cores);
        }
    }

    /// Whether this instance writes the register and opens editions: the only one, or the one that leads.
    async fn leads(&self) -> Result<bool, StoreError> {
        let (store, now) = (&self.newsroom.store, self.newsroom.now());
        if !store.is_shared() {
            return Ok(true);
        }
        let leads = store.take_lead(LEAD, &self.owner, now, LEAD_LASTS).await;
        // Whoever cannot renew the lead does not know whether it has it still.
        let is_leader = matches!(leads, Ok(true));
        match (self.newsroom.standing.leads(is_leader), is_leader) {
            (true, true) => info!(instance = self.owner, "{} leads from now on", self.owner),
            (true, false) => info!(instance = self.owner, "{} does not lead, or not any more", self.owner),
            (false, _) => {}
        }
        leads
    }

    /// Lets another instance lead at once.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn give_up_lead(&self) -> Result<(), StoreError> {
        if self.newsroom.store.is_shared() {
            self.newsroom.store.give_up_lead(LEAD, &self.owner).await?;
        }
        Ok(())
    }

    /// Says in the database that this instance works, before anything else and each minute: it may have stood still, or the
    /// database been away, for longer than what was under way may wait.
    async fn say_alive(&mut self, now: DateTime<Utc>) -> Result<(), StoreError> {
        if self.alive.is_none_or(|last| (now - last).abs() >= ALIVE_EVERY) {
            take_up(&self.newsroom, now).await?;
            self.alive = Some(now);
        }
        Ok(())
    }

    /// One look at the whole folder, saved, shown, and announced as far as anything is due now.
    ///
    /// # Errors
    /// When the database does not answer: what is shown stays as it was.
    pub async fn look(&mut self) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.look_at(Hint::Everything).await
    }

    /// The same for what `hint` names; says when it went well.
    async fn look_at(&mut self, hint: Hint) -> Result<Option<DateTime<Utc>>, StoreError> {
        let begun = Instant::now();
        let done = self.try_to_look_at(hint).await?;
        if !self.owes_look {
            self.newsroom.standing.looked(LookNote { over: self.newsroom.clock.elapsed(), took: begun.elapsed() });
        }
        Ok(done)
    }

    async fn try_to_look_at(&mut self, hint: Hint) -> Result<Option<DateTime<Utc>>, StoreError> {
        let hint = if std::mem::replace(&mut self.owes_look, true) { Hint::Everything } else { hint };
        // Whatever becomes of this look: it is not what to wait for any more.
        self.fresh_look.take_if(|at| *at <= Instant::now());
        self.clock_doubt = watch_clock(&self.newsroom, self.clock_doubt).await;
        let leads = self.leads().await?;
        let now = self.newsroom.now();
        self.say_alive(now).await?;
        // What breaks down on the way takes its register with it: the next look loads it whole.
        let kept = self.register.take().unwrap_or_else(|| {
            self.revision = None;
            Box::default()
        });
        let Some(mut ingest) = self.ingest.take() else { return Ok(None) };
        let cache = opened(&mut self.keeping).await;
        let (readings, threads) = (cache.clone(), ingest.threads());
        let finding = spawn_blocking(move || {
            let is_taken_up = readings.is_some_and(|cache| ingest.take_up(&cache));
            let found = ingest.find(&hint, now);
            (ingest, found, is_taken_up)
        });
        let (found, refreshed) = tokio::join!(finding, self.refresh(kept, cache.clone(), threads));
        let (mut ingest, found, is_taken_up) = match found {
            Ok(done) => done,
            Err(error) => return Ok(self.begin_anew(&error)),
        };
        let (mut kept, is_register_taken_up) = match refreshed {
            Ok((kept, Ok(is_taken_up))) => (kept, is_taken_up),
            Ok((kept, Err(error))) => {
                (self.register, self.ingest) = (Some(kept), Some(ingest));
                return Err(error);
            }
            Err(error) => return Ok(self.begin_anew(&error)),
        };
        let settled = cache.filter(|_| is_taken_up && is_register_taken_up).and_then(|cache| cache.settled());
        let is_as_kept = ingest.resume(&found, settled);
        if let Some(keeping) = &mut self.keeping {
            keeping.looked(&found, is_as_kept, self.revision, now);
        }
        let alarm_before = kept.register().alarm;
        let last_good = LastGood::of(&self.newsroom.store);
        let taking_in = spawn_blocking(move || {
            let ingested = ingest.take_in(&found, &mut kept, &last_good, now);
            (ingest, ingested, last_good, kept)
        });
        let (ingest, ingested, last_good, kept) = match taking_in.await {
            Ok(done) => done,
            Err(error) => return Ok(self.begin_anew(&error)),
        };
        let has_fresh_files = ingest.has_fresh_files();
        (self.register, self.ingest) = (Some(kept), Some(ingest));
        last_good.check()?;
        self.owes_look = false;
        let Ingested { changes, current, broken, anything_new, unsettled, shown: files, settled } = ingested;
        self.unsettled = unsettled;
        if anything_new {
            self.fresh_look = Some(Instant::now() + FRESH_LOOK);
        }
        self.fresh_look.take_if(|_| !has_fresh_files);
        let unchanged = changes == RegisterChanges { alarm: changes.alarm, ..RegisterChanges::default() };
        if !leads && (!unchanged || changes.alarm != alarm_before) {
            // What the register does not know yet is shown once the leader has decided about it.
            self.unsettled = true;
            return Ok(None);
        }
        let shown = self.newsroom.current();
        let current = Arc::new(current);
        // Before the texts of now take the place of those that are shown still.
        let ready = match self.make_ready(&shown, &current, changes.records.len()).await {
            Ok(ready) => ready,
            Err(error) => return Ok(self.begin_anew(&error)),
        };
        let mut changes = changes;
        if !unchanged || changes.alarm != alarm_before {
            changes = match self.save(changes, now).await {
                Ok(saved) => saved?,
                Err(error) => return Ok(self.begin_anew(&error)),
            };
            log_alarm(alarm_before, changes.alarm);
        }
        if let Some(ingest) = &mut self.ingest {
            ingest.keep(&current, files, settled);
        }
        // What was rendered before stays of use when nothing differs.
        let has_gone = shown.resources.gone() != current.resources.gone();
        if anything_new || has_gone || shown.register != current.register {
            self.swap_in(&current, ready).await;
            self.unwritten = !self.write_public(&current).await;
            for file in &broken {
                warn!(path = file.path, "{} has errors and is not read: {}", file.path, file.problems.join("; "));
                log_untold(self.newsroom.tell_broken(&current, file, now).await);
            }
            if let Some(alarm) = current.register.open_alarm() {
                log_untold(self.newsroom.tell_alarm(&current, &alarm, now).await);
            }
            self.ask_about_documents(&current, &changes, now).await;
        } else if self.unwritten {
            self.unwritten = !self.write_public(&shown).await;
        }
        // Whoever has it last clears it away: that takes long where very much was otherwise.
        match &self.ingest {
            Some(ingest) => ingest.threads().spawn(move || drop(shown)),
            None => drop(shown),
        }
        Ok(self.announce().await)
    }

    /// Brings `kept` up to what the database has; says whether all of it comes from `cache`. After much was saved, on
    /// `threads`, which give way to those that answer.
    async fn refresh(
        &mut self,
        mut kept: Box<KeptRegister>,
        cache: Option<Arc<OpenCache>>,
        threads: Arc<ThreadPool>,
    ) -> Result<(Box<KeptRegister>, Result<bool, StoreError>), JoinError> {
        if std::mem::take(&mut self.saved) < MUCH {
            let refreshing = refresh(&self.newsroom.store, cache, &mut kept, &mut self.revision);
            let refreshed = self.newsroom.store.patiently(PATIENCE, refreshing).await;
            return Ok((kept, refreshed));
        }
        let (store, runtime, mut revision) = (self.newsroom.store.clone(), Handle::current(), self.revision);
        let refreshing = spawn_blocking(move || {
            threads.install(|| {
                let refreshing = refresh(&store, cache, &mut kept, &mut revision);
                let refreshed = runtime.block_on(store.patiently(PATIENCE, refreshing));
                (kept, revision, refreshed)
            })
        });
        let (kept, revision, refreshed) = refreshing.await?;
        self.revision = revision;
        Ok((kept, refreshed))
    }

    /// Saves `changes` and says what was decided, on a thread that may wait: texts are read from their files for it.
    async fn save(
        &mut self,
        changes: RegisterChanges,
        now: DateTime<Utc>,
    ) -> Result<Result<RegisterChanges, StoreError>, JoinError> {
        let Some(ingest) = self.ingest.take() else { return Ok(Ok(changes)) };
        let (store, runtime) = (self.newsroom.store.clone(), Handle::current());
        let saving = spawn_blocking(move || {
            let saved = ingest.aside(changes.records.len(), || {
                let nothing = LastGood::default();
                let texts = ingest.texts(&nothing);
                let saving = store.save_register(&changes, now, &texts);
                let saved = runtime.block_on(store.patiently(PATIENCE, saving));
                saved.inspect(|()| log_decisions(&changes))
            });
            (ingest, saved.map(|()| changes))
        });
        let (ingest, saved) = saving.await?;
        self.ingest = Some(ingest);
        self.saved = saved.as_ref().map_or(0, |changes| changes.records.len());
        Ok(saved)
    }

    /// Shows `current`, of which `ready` are documents. What takes long with many of them, and with many releases that are
    /// not shown any more, takes it on a thread that may.
    async fn swap_in(&self, current: &Arc<Current>, ready: Vec<Ready>) {
        let newsroom = Arc::clone(&self.newsroom);
        if ready.is_empty() {
            newsroom.current.send_replace(Arc::clone(current));
            return;
        }
        let current = Arc::clone(current);
        let swapping = spawn_blocking(move || {
            current.resources.put_out(ready);
            newsroom.current.send_replace(current);
        });
        if let Err(error) = swapping.await {
            error!(%error, "documents could not be put out: {error}");
        }
    }

    /// The documents of `coming` that are to be ready when it is shown, in which so many `releases` are otherwise.
    async fn make_ready(
        &self,
        shown: &Arc<Current>,
        coming: &Arc<Current>,
        releases: usize,
    ) -> Result<Vec<Ready>, JoinError> {
        let Some(ingest) = self.ingest.as_ref().filter(|_| releases >= MUCH) else { return Ok(Vec::new()) };
        let (shown, coming, threads) = (Arc::clone(shown), Arc::clone(coming), ingest.threads());
        spawn_blocking(move || make_ready(&shown.resources, &coming.resources, &threads)).await
    }

    /// After a look that broke down: what is shown stays, and the next look begins from nothing, in case it was what was
    /// remembered.
    fn begin_anew(&mut self, error: &JoinError) -> Option<DateTime<Utc>> {
        error!(%error, "the look at the folder broke down: {error}");
        let Newsroom { config, uploads, templates, .. } = self.newsroom.as_ref();
        let ingest = Ingest::new(config, uploads.clone(), templates.clone(), Cores::AllButOne);
        self.ingest = Some(Box::new(ingest));
        self.owes_look = true;
        None
    }

    /// Asks the office about documents that changed after their release was mailed.
    async fn ask_about_documents(&self, current: &Current, changes: &RegisterChanges, now: DateTime<Utc>) {
        for decision in changes.decisions.iter().filter(|decision| decision.what == DOCUMENTS_CHANGED) {
            let record = current.register.records.get(&decision.release);
            let was_mailed = record.is_some_and(|record| record.announcement == Announcement::Opened);
            let published = current.resources.live().get(&decision.release).filter(|_| was_mailed);
            // Whoever corrects the release has thought of it already.
            if let Some(published) = published.filter(|published| published.release.correction.is_none()) {
                log_untold(self.newsroom.tell_documents_changed(current, published, now).await);
            }
        }
    }

    /// Does what is due for editions now; returns when something falls due next.
    pub async fn announce(&self) -> Option<DateTime<Utc>> {
        let now = self.newsroom.now();
        let seen_to = match self.leads().await {
            Ok(true) => {
                // Large: every kind of edition is in it.
                let seeing = Box::pin(see_to_editions(&self.newsroom, now));
                self.newsroom.store.patiently(PATIENCE, seeing).await
            }
            Ok(false) => Ok(None),
            Err(error) => Err(error.into()),
        };
        let next = seen_to.unwrap_or_else(|error| {
            match &error {
                OfficeError::Store(error) => self.newsroom.log_failure(error, "editions could not be seen to"),
                OfficeError::Template(error) => error!(%error, "editions could not be seen to: {error}"),
            }
            None
        });
        let current = self.newsroom.current();
        current.catalog.next_change(now).into_iter().chain(next).min()
    }

    /// Looks whenever the folder changed, at each instant something falls due, and when it is asked to.
    ///
    /// Attaching `watcher` goes through all folders, and nobody who asks for a feed waits for it: it begins by telling that
    /// anything may have changed before.
    pub async fn run(mut self, mut watcher: Watcher, mut stop: watch::Receiver<bool>) {
        let told = Arc::new(Hints::default());
        let telling = told.clone();
        let watching = tokio::spawn(async move {
            loop {
                telling.add(watcher.changed().await);
            }
        });
        let mut live_from = None;
        loop {
            if self.keeping.as_ref().is_some_and(|keeping| keeping.is_due(self.revision, self.newsroom.now())) {
                self.keep().await;
            }
            // Whoever wants a look from now on wakes us, even before we wait.
            let newsroom = self.newsroom.clone();
            let wanted = newsroom.look_wanted.notified();
            let pause = pause_until(live_from, self.newsroom.now());
            let look = tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => break,
                hint = told.taken() => Some(hint),
                () = newsroom.folder_look_wanted.notified() => Some(Hint::Everything),
                () = sleep(UNSETTLED_LOOK), if self.unsettled => Some(Hint::nothing()),
                () = sleep_until(self.fresh_look.unwrap_or_else(Instant::now)), if self.fresh_look.is_some() => {
                    Some(Hint::nothing())
                }
                () = wanted => None,
                () = newsroom.links.answered() => None,
                () = sleep(pause) => None,
            };
            self.clock_doubt = watch_clock(&self.newsroom, self.clock_doubt).await;
            let now = self.newsroom.now();
            let said = self.say_alive(now).await;
            if let Err(error) = &said {
                self.newsroom.log_failure(error, "the database does not know that a daemon works");
            }
            let due =
                self.newsroom.current().catalog.next_change(self.newsroom.current().looked).is_some_and(|at| at <= now);
            // What is about to leave leaves with the text of this moment, whether or not an event told of a change.
            let due = due || live_from.is_some_and(|at| at <= now);
            let look = if due || self.alarm_was_confirmed().await { Some(Hint::Everything) } else { look };
            live_from = match look {
                Some(hint) => self.look_or_log(hint).await,
                None if said.is_ok() => self.announce().await,
                // What is under way may have to be held first.
                None => None,
            };
        }
        watching.abort();
        if let Err(error) = self.give_up_lead().await {
            self.newsroom.log_failure(&error, "the lead could not be given up");
        }
        let longest = longest_silence(&self.newsroom.config);
        if let Err(error) = self.newsroom.store.still_alive(self.newsroom.now(), longest).await {
            self.newsroom.log_failure(&error, "the database does not know until when a daemon worked");
        }
        self.keep_for_next_start().await;
    }

    /// Keeps what the next start may take up, whatever was kept before, and waits until it is written.
    pub async fn keep_for_next_start(&mut self) {
        self.keep().await;
        if let Some(keeping) = &mut self.keeping {
            keeping.written().await;
        }
    }

    /// Keeps what the next start may take up, if anything differs from what is kept.
    async fn keep(&mut self) {
        let Some(keeping) = self.keeping.as_mut().filter(|_| !self.owes_look) else { return };
        let Some(kept) = &mut self.register else { return };
        let Some(ingest) = self.ingest.take() else { return };
        let gathering = tokio::task::spawn_blocking(move || (ingest.gather(), ingest));
        let refreshing = self.newsroom.store.refresh_register(kept, &mut self.revision);
        let refreshing = self.newsroom.store.patiently(PATIENCE, refreshing);
        let (gathered, refreshed) = tokio::join!(gathering, refreshing);
        let gathered = match gathered {
            Ok((gathered, ingest)) => {
                self.ingest = Some(ingest);
                gathered
            }
            Err(error) => {
                self.begin_anew(&error);
                return;
            }
        };
        if let Err(error) = refreshed {
            self.newsroom.log_failure(&error, "nothing is kept for the next start");
            keeping.failed(self.newsroom.now());
        } else if let Some(revision) = self.revision.filter(|_| keeping.differs(self.revision)) {
            keeping.write(gathered, kept.register().clone(), revision, self.newsroom.now());
        }
    }

    async fn look_or_log(&mut self, hint: Hint) -> Option<DateTime<Utc>> {
        self.look_at(hint).await.unwrap_or_else(|error| {
            self.newsroom.log_failure(&error, "the folder was not taken in");
            None
        })
    }

    /// Whether a person confirmed an alarm since the last look.
    async fn alarm_was_confirmed(&self) -> bool {
        let Some(alarm) = self.newsroom.current().register.open_alarm() else { return false };
        let stored = self.newsroom.store.folder_alarm().await.ok().flatten();
        stored.is_none_or(|stored| stored != alarm)
    }

    /// Writes everything public to `publish.folder`, when one is set, and says that it is shown; `false` when that failed.
    async fn write_public(&self, current: &Arc<Current>) -> bool {
        let PublishSettings { folder, precompress, bucket: _ } = self.newsroom.config.publish.clone();
        let Some(folder) = folder else {
            self.newsroom.shown.send_replace(current.clone());
            return true;
        };
        let shown = current.clone();
        let (current, uploads) = (current.clone(), self.newsroom.uploads.clone());
        let threads = self.ingest.as_ref().map(|ingest| ingest.threads());
        let written = tokio::task::spawn_blocking(move || {
            let threads = threads.unwrap_or_else(|| Arc::new(Cores::AllButOne.pool()));
            let is_there = |file: &str| stands(&folder, file);
            let wanted = FilesWanted {
                kinds: &|_| true,
                names: FileNames::Ending,
                precompressed: precompress,
                is_there: &is_there,
            };
            let files = site_files(&current, &uploads, wanted, &threads);
            publish(&folder, files.map(|file| file.map_err(WriteError::from)), stage_of)
        });
        let done = match written.await {
            Ok(Ok(report)) => {
                let PublishReport { written, removed, .. } = report;
                if written + removed > 0 {
                    info!(written, removed, "{written} files written, {removed} removed");
                }
                Ok(())
            }
            Ok(Err(error)) => {
                error!(%error, "the public folder could not be written: {error}");
                Err(error.to_string())
            }
            Err(error) => {
                error!(%error, "writing the public folder was cut off: {error}");
                Err(error.to_string())
            }
        };
        let is_shown = done.is_ok();
        self.newsroom.standing.publishing_ended(PublishPlace::Folder, done, self.newsroom.now());
        if is_shown {
            self.newsroom.shown.send_replace(shown);
        }
        is_shown
    }
}

/// What the watcher told and no look has begun with yet. Whatever is told during a look waits for the next.
#[derive(Debug, Default)]
struct Hints {
    waiting: Mutex<Option<Hint>>,
    told: Notify,
}

impl Hints {
    fn add(&self, hint: Hint) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        *waiting = Some(match waiting.take() {
            Some(before) => before.and(hint),
            None => hint,
        });
        drop(waiting);
        self.told.notify_one();
    }

    /// Everything told since the last call; waits for it. A call that is dropped takes nothing.
    async fn taken(&self) -> Hint {
        loop {
            if let Some(hint) = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).take() {
                return hint;
            }
            self.told.notified().await;
        }
    }
}

/// Logs what a look decided: a line each, but for a first start, which decides about every release there is.
fn log_decisions(changes: &RegisterChanges) {
    if changes.started.is_some() {
        let releases = changes.records.len();
        info!(
            releases,
            "first start: {releases} releases are known from now on, and those live today are not announced"
        );
        return;
    }
    for decision in &changes.decisions {
        let (release, what, why) = (&decision.release, decision.what, &*decision.why);
        info!(release.id = %release, what, why, "{release}: {what} ({why})");
    }
}

/// Logs that most of the folder is gone at once, or that this is over.
fn log_alarm(before: Option<FolderAlarm>, alarm: Option<FolderAlarm>) {
    let is_asked = |alarm: Option<FolderAlarm>| alarm.filter(|alarm| !alarm.confirmed);
    match (is_asked(before), is_asked(alarm)) {
        (None, Some(FolderAlarm { missing, of, .. })) => {
            warn!(missing, of, "{missing} of {of} live releases are gone at once: what was public is served on");
        }
        (Some(_), None) => info!("the folder is believed again"),
        (None, None) | (Some(_), Some(_)) => {}
    }
}

/// Why the public folder could not be written.
#[derive(Debug, thiserror::Error)]
enum WriteError {
    #[error(transparent)]
    Files(#[from] SiteFilesError),
    #[error(transparent)]
    Publish(#[from] PublishError),
}

/// How long to sleep until `instant`, never past the next look at the editions: the machine's clock may be set.
fn pause_until(instant: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Duration {
    let until = instant.map_or(EDITIONS_LOOK, |instant| (instant - now).to_std().unwrap_or_default());
    until.min(EDITIONS_LOOK)
}
