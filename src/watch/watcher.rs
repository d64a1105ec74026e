//! Waits until something happened in the folders and they have come to rest.

use std::os::unix::fs::MetadataExt as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime};

use camino::{Utf8Path, Utf8PathBuf};
use chrono::TimeDelta;
use notify::event::ModifyKind;
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, sleep, sleep_until};

use super::cores::give_way;
use super::file_system::is_silent;
use super::hint::{Hint, Roots};
use super::rounds::Rounds;
use crate::clock::Clock;
use crate::config::{ContentSettings, PollMode};

/// How often to look where events do not come, and how often to ask whether the folders are the same ones still: a
/// link that is switched to another tree raises no event in either.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Under constant writing a look is taken after this many times the quiet time …
const PATIENCE: u32 = 10;
/// … and not before this.
const LEAST_PATIENCE: Duration = Duration::from_secs(5);

/// Watches the content folder and the uploads folder.
pub struct Watcher {
    content: Utf8PathBuf,
    uploads: Utf8PathBuf,
    quiet: Duration,
    /// How long to wait for stillness at most.
    patience: Duration,
    rescan: Duration,
    poll: PollMode,
    tick: Duration,
    told: Arc<Told>,
    /// Rounds by time, in which whatever no event told of is found.
    rounds: Rounds,
    /// Whether one was gone before a look at everything.
    has_gone_round: bool,
    /// The folders as they were last: one that was replaced must be looked at, and watched anew.
    known: Folders,
    attached: Option<Attached>,
}

/// What events told that nobody was told of yet.
#[derive(Default)]
struct Told {
    hint: Mutex<Option<Hint>>,
    happened: Notify,
}

impl Told {
    fn add(&self, hint: Hint) {
        let mut told = self.hint.lock().unwrap_or_else(PoisonError::into_inner);
        *told = Some(match told.take() {
            Some(before) => before.and(hint),
            None => hint,
        });
        drop(told);
        self.happened.notify_one();
    }

    fn is_everything(&self) -> bool {
        *self.hint.lock().unwrap_or_else(PoisonError::into_inner) == Some(Hint::Everything)
    }

    fn is_anything(&self) -> bool {
        self.hint.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    fn take(&self) -> Option<Hint> {
        self.hint.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Which folders the content and uploads folders are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Folders {
    content: Option<Identity>,
    uploads: Option<Identity>,
}

/// Events are coming; dropping it ends them.
struct Attached {
    _events: RecommendedWatcher,
    /// Set when one of the folders itself was removed or renamed: no more events come from it, even when a new one has
    /// its inode by now.
    lost: Arc<AtomicBool>,
}

impl std::fmt::Debug for Watcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watcher")
            .field("content", &self.content)
            .field("uploads", &self.uploads)
            .finish_non_exhaustive()
    }
}

impl Watcher {
    /// A watcher for the folders of `settings`. Events come from the first [`Watcher::changed`] on, which returns at once,
    /// for what was written before. A folder that is not there yet, or events that cannot be had, are no error: it looks
    /// by itself and tries again. `clock` tells whether a file's times can be trusted yet.
    #[must_use]
    pub fn new(settings: &ContentSettings, clock: Arc<dyn Clock>) -> Self {
        let duration = |delta: TimeDelta| delta.to_std().unwrap_or_default();
        let quiet = duration(settings.quiet);
        Self {
            content: settings.folder.clone(),
            uploads: settings.uploads.clone(),
            quiet,
            patience: quiet.saturating_mul(PATIENCE).max(LEAST_PATIENCE),
            rescan: duration(settings.rescan),
            poll: settings.poll,
            tick: LOOK_EVERY,
            told: Arc::default(),
            rounds: Rounds::new(settings, clock),
            has_gone_round: false,
            known: Folders { content: None, uploads: None },
            attached: None,
        }
    }

    /// Whether events come, so that a change is noticed at once.
    #[must_use]
    pub fn has_events(&self) -> bool {
        self.attached.is_some()
    }

    /// Returns when something happened and the folders have then been still for the quiet time (under constant writing
    /// after ten times that, at least five seconds), or when it is time to look anyway; and what there is to look at.
    /// What happens between two calls is not lost.
    ///
    /// Cancel safe: a call that is dropped loses no event.
    pub async fn changed(&mut self) -> Hint {
        self.attach().await;
        let due = Instant::now() + self.pause();
        loop {
            if self.told.is_everything() && !self.has_gone_round {
                // What the next round names, it names beside this one, after which everything is looked at.
                self.rounds.begin();
                self.rounds.over().await;
                self.has_gone_round = true;
            }
            if self.told.is_anything() {
                let is_still = self.stillness().await;
                // Events that come from now on wake the next call.
                let told = self.told.take();
                return told.filter(|_| is_still).unwrap_or(Hint::Everything);
            }
            let tick = Instant::now() + self.tick;
            let wake = if self.rounds.is_going() { tick } else { due.min(tick) };
            tokio::select! {
                () = self.told.happened.notified() => {}
                hint = self.rounds.over() => {
                    self.has_gone_round = true;
                    return hint;
                }
                () = sleep_until(wake) => {
                    if self.folders() != self.known {
                        self.told.take();
                        return Hint::Everything;
                    }
                    if Instant::now() >= due {
                        self.rounds.begin();
                    }
                }
            }
        }
    }

    fn folders(&self) -> Folders {
        Folders { content: identity(&self.content), uploads: identity(&self.uploads) }
    }

    /// How long to wait for an event before looking anyway.
    fn pause(&self) -> Duration {
        match self.poll {
            PollMode::Never => self.rescan,
            PollMode::Auto if self.has_events() => self.rescan,
            PollMode::Auto | PollMode::Always => self.rescan.min(LOOK_EVERY),
        }
    }

    /// Waits for it; `false` when patience ended first.
    async fn stillness(&self) -> bool {
        let latest = Instant::now() + self.patience;
        loop {
            tokio::select! {
                () = self.told.happened.notified() => {}
                () = sleep(self.quiet) => return true,
                () = sleep_until(latest) => return false,
            }
        }
    }

    /// Sees to it that events come from the folders as they are now.
    ///
    /// Cancel safe: dropped on the way, it begins again.
    async fn attach(&mut self) {
        let folders = self.folders();
        let is_same = folders == self.known;
        self.known = folders;
        if self.poll == PollMode::Always {
            return;
        }
        if is_same && self.attached.as_ref().is_some_and(|attached| !attached.lost.load(Ordering::Acquire)) {
            return;
        }
        self.attached = None;
        let silent = || is_silent(&self.content) || is_silent(&self.uploads);
        if folders.content.is_none() || (self.poll == PollMode::Auto && silent()) {
            return;
        }
        match self.events().await {
            Ok(attached) => {
                self.attached = Some(attached);
                // Whatever was written before the events came is looked at as well.
                self.told.add(Hint::Everything);
            }
            Err(error) => tracing::debug!(%error, "no events from the content folder; looking by time"),
        }
    }

    /// Events from now on. All folders are gone through for it: on a thread of its own, which gives way to those that
    /// answer, as the one does that it leaves behind to tell of what happens.
    async fn events(&self) -> notify::Result<Attached> {
        let (content, uploads, told) = (self.content.clone(), self.uploads.clone(), Arc::clone(&self.told));
        let (attached, attaching) = oneshot::channel();
        let attach = move || {
            give_way();
            // Whoever waits no more wants no events.
            drop(attached.send(attach(&content, &uploads, told)));
        };
        thread::Builder::new().name("attaching".to_owned()).spawn(attach).map_err(notify::Error::io)?;
        attaching.await.unwrap_or_else(|_| Err(notify::Error::generic("the thread ended before events came")))
    }
}

fn attach(content: &Utf8Path, uploads: &Utf8Path, told: Arc<Told>) -> notify::Result<Attached> {
    let lost = Arc::new(AtomicBool::new(false));
    let was_lost = Arc::clone(&lost);
    let (folders, roots) = ([content.to_owned(), uploads.to_owned()], Roots::new(content, uploads));
    let mut events = notify::recommended_watcher(move |event: notify::Result<Event>| {
        if event.as_ref().is_ok_and(|event| takes_away(event, &folders)) {
            was_lost.store(true, Ordering::Release);
        }
        // Events that failed to come are made up for by a look at everything.
        if let Some(hint) = event.map_or(Some(Hint::Everything), |event| roots.hint(&event)) {
            told.add(hint);
        }
    })?;
    events.watch(content.as_std_path(), RecursiveMode::Recursive)?;
    if uploads.is_dir() && !uploads.starts_with(content) {
        events.watch(uploads.as_std_path(), RecursiveMode::Recursive)?;
    }
    Ok(Attached { _events: events, lost })
}

/// Whether one of the watched folders itself was removed or renamed.
fn takes_away(event: &Event, roots: &[Utf8PathBuf]) -> bool {
    let goes = matches!(event.kind, EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_)));
    goes && event.paths.iter().any(|path| roots.iter().any(|root| root.as_std_path() == path))
}

/// Device, inode and, where the file system knows it, time of birth: a new folder may get the inode of the old one.
type Identity = (u64, u64, Option<SystemTime>);

/// Which folder is there, links followed.
fn identity(folder: &Utf8Path) -> Option<Identity> {
    let metadata = std::fs::metadata(folder).ok().filter(std::fs::Metadata::is_dir)?;
    Some((metadata.dev(), metadata.ino(), metadata.created().ok()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tokio::time::timeout;

    use super::*;
    use crate::clock::SystemClock;
    use crate::config::sample_content;
    use crate::domain::SourcePath;

    /// Far more than any machine needs; reached only when something is broken.
    const GENEROUS: Duration = Duration::from_mins(1);

    struct Desk {
        _temporary: tempfile::TempDir,
        settings: ContentSettings,
        clock: Arc<dyn Clock>,
    }

    impl Desk {
        /// Folders that are not there yet; looking by time alone would take an hour.
        fn new(poll: PollMode) -> Self {
            let temporary = tempfile::tempdir().unwrap();
            let root = Utf8PathBuf::from_path_buf(temporary.path().to_owned()).unwrap();
            let settings = ContentSettings {
                quiet: TimeDelta::milliseconds(20),
                poll,
                ..sample_content(root.join("content"), root.join("uploads"))
            };
            Self { _temporary: temporary, settings, clock: Arc::new(SystemClock) }
        }

        fn with_folders(self) -> Self {
            fs::create_dir(&self.settings.folder).unwrap();
            fs::create_dir(&self.settings.uploads).unwrap();
            self
        }
    }

    async fn wakes(watcher: &mut Watcher) -> bool {
        timeout(GENEROUS, watcher.changed()).await.is_ok()
    }

    #[tokio::test]
    async fn what_is_written_wakes() {
        let desk = Desk::new(PollMode::Never).with_folders();
        let mut watcher = Watcher::new(&desk.settings, desk.clock.clone());
        watcher.attach().await;
        assert!(watcher.has_events());
        assert!(wakes(&mut watcher).await, "what was written before counts");
        for (folder, name) in [(&desk.settings.folder, "a.md"), (&desk.settings.uploads, "a.pdf")] {
            fs::write(folder.join(name), "text").unwrap();
            assert!(wakes(&mut watcher).await, "written {name}");
            fs::remove_file(folder.join(name)).unwrap();
            assert!(wakes(&mut watcher).await, "removed {name}");
        }
    }

    /// What the watcher tells, several times if it takes that for all events of one change to come.
    async fn told(watcher: &mut Watcher) -> Hint {
        let mut told = timeout(GENEROUS, watcher.changed()).await.unwrap();
        while let Ok(more) = timeout(Duration::from_millis(150), watcher.changed()).await {
            told = told.and(more);
        }
        told
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn what_is_saved_is_named_and_a_folder_is_not() {
        let desk = Desk::new(PollMode::Never).with_folders();
        let content = desk.settings.folder.clone();
        fs::create_dir(content.join("a")).unwrap();
        let mut watcher = Watcher::new(&desk.settings, desk.clock.clone());
        assert_eq!(told(&mut watcher).await, Hint::Everything);
        let named = |names: &[&str]| Hint::Files(names.iter().map(|name| SourcePath::new(*name)).collect());
        fs::write(content.join("a/b.md"), "text").unwrap();
        assert_eq!(told(&mut watcher).await, named(&["a/b.md"]));
        // As editors save: beside it, then over it.
        fs::write(content.join("a/.b.md.swp"), "more").unwrap();
        fs::rename(content.join("a/.b.md.swp"), content.join("a/b.md")).unwrap();
        assert_eq!(told(&mut watcher).await, named(&["a/b.md"]));
        fs::write(content.join("c.md"), "text").unwrap();
        fs::remove_file(content.join("a/b.md")).unwrap();
        assert_eq!(told(&mut watcher).await, named(&["a/b.md", "c.md"]));
        fs::create_dir(content.join("d")).unwrap();
        assert_eq!(told(&mut watcher).await, Hint::Everything);
        fs::write(desk.settings.uploads.join("a.pdf"), "%PDF").unwrap();
        assert_eq!(told(&mut watcher).await, Hint::Everything);
        fs::rename(content.join("d"), content.join("e")).unwrap();
        assert_eq!(told(&mut watcher).await, named(&["d", "e"]), "which the folder knows as folders");
    }

    #[tokio::test]
    async fn a_call_that_is_dropped_loses_nothing() {
        let desk = Desk::new(PollMode::Always).with_folders();
        let mut watcher = Watcher::new(&desk.settings, desk.clock.clone());
        let quiet = std::mem::replace(&mut watcher.quiet, GENEROUS);
        let hint = Hint::Files([SourcePath::new("a.md")].into());
        watcher.told.add(hint.clone());
        assert!(timeout(Duration::from_millis(50), watcher.changed()).await.is_err());
        watcher.quiet = quiet;
        assert_eq!(timeout(GENEROUS, watcher.changed()).await, Ok(hint));
    }

    #[tokio::test]
    async fn reading_does_not_wake() {
        let desk = Desk::new(PollMode::Never).with_folders();
        fs::write(desk.settings.folder.join("a.md"), "text").unwrap();
        let mut watcher = Watcher::new(&desk.settings, desk.clock.clone());
        assert!(wakes(&mut watcher).await);
        fs::read(desk.settings.folder.join("a.md")).unwrap();
        let slept = timeout(Duration::from_millis(300), watcher.changed()).await.is_err();
        assert!(slept);
    }

    #[tokio::test]
    async fn a_folder_made_later_is_watched() {
        let desk = Desk::new(PollMode::Auto);
        let mut watcher = Watcher::new(&desk.settings, desk.clock.clone());
        watcher.attach().await;
        assert!(!watcher.has_events());
        assert_eq!(watcher.pause(), LOOK_EVERY);
        let desk = desk.with_folders();
        assert!(wakes(&mut watcher).await);
        assert!(watcher.has_events());
        // Replaced as a whole, as a deployment does.
        fs::rename(&desk.settings.folder, desk.settings.folder.with_file_name("old")).unwrap();
        fs::create_dir(&desk.settings.folder).unwrap();
        assert!(wakes(&mut watcher).await);
        assert_eq!(watcher.known.content, identity(&desk.settings.folder));
        while timeout(Duration::from_millis(100), watcher.changed()).await.is_ok() {}
        fs::write(desk.settings.folder.join("a.md"), "text").unwrap();
        assert!(wakes(&mut watcher).await);
    }

    #[tokio::test]
    async fn constant_writing_is_not_waited_for_for_ever() {
        let desk = Desk::new(PollMode::Always).with_folders();
        let mut watcher = Watcher::new(&desk.settings, desk.clock.clone());
        assert_eq!(watcher.patience, LEAST_PATIENCE);
        watcher.quiet = GENEROUS * 2;
        watcher.patience = Duration::from_millis(50);
        watcher.told.add(Hint::nothing());
        assert_eq!(timeout(GENEROUS, watcher.changed()).await, Ok(Hint::Everything));
    }

    #[tokio::test]
    async fn looking_by_time_needs_no_events() {
        let desk = Desk::new(PollMode::Always).with_folders();
        let mut watcher = Watcher::new(&desk.settings, desk.clock.clone());
        watcher.attach().await;
        assert!(!watcher.has_events());
        assert_eq!(watcher.pause(), LOOK_EVERY);
        watcher.rescan = Duration::from_millis(5);
        assert_eq!(watcher.pause(), watcher.rescan);
        assert!(wakes(&mut watcher).await);
    }

    /// Until nothing is left to be told; then a file written below the content folder wakes at once.
    async fn writing_wakes(watcher: &mut Watcher, desk: &Desk, name: &str) {
        while timeout(Duration::from_millis(150), watcher.changed()).await.is_ok() {}
        assert!(watcher.has_events());
        fs::write(desk.settings.folder.join(name), "text").unwrap();
        assert!(wakes(watcher).await, "{name}");
    }

    #[tokio::test]
    async fn a_folder_removed_and_made_again_is_watched_again() {
        let desk = Desk::new(PollMode::Never).with_folders();
        let mut watcher = Watcher::new(&desk.settings, desk.clock.clone());
        watcher.tick = Duration::from_millis(10);
        for round in 0..3 {
            writing_wakes(&mut watcher, &desk, &format!("{round}.md")).await;
            fs::remove_dir_all(&desk.settings.folder).unwrap();
            fs::create_dir(&desk.settings.folder).unwrap();
            assert!(wakes(&mut watcher).await);
        }
        writing_wakes(&mut watcher, &desk, "last.md").await;
        fs::remove_dir_all(&desk.settings.folder).unwrap();
        assert!(wakes(&mut watcher).await);
        while timeout(Duration::from_millis(150), watcher.changed()).await.is_ok() {}
        fs::create_dir(&desk.settings.folder).unwrap();
        assert!(wakes(&mut watcher).await, "made again later");
        writing_wakes(&mut watcher, &desk, "again.md").await;
    }

    #[tokio::test]
    async fn a_link_switched_to_another_tree_wakes_and_that_tree_is_watched() {
        let desk = Desk::new(PollMode::Never).with_folders();
        let (link, root) = (desk.settings.folder.clone(), desk.settings.folder.parent().unwrap().to_owned());
        for number in ["41", "42"] {
            fs::create_dir_all(root.join("releases").join(number)).unwrap();
        }
        fs::remove_dir(&link).unwrap();
        std::os::unix::fs::symlink(root.join("releases/41"), &link).unwrap();
        let mut watcher = Watcher::new(&desk.settings, desk.clock.clone());
        watcher.tick = Duration::from_millis(10);
        writing_wakes(&mut watcher, &desk, "a.md").await;
        while timeout(Duration::from_millis(150), watcher.changed()).await.is_ok() {}
        std::os::unix::fs::symlink(root.join("releases/42"), root.join("next")).unwrap();
        fs::rename(root.join("next"), &link).unwrap();
        assert!(wakes(&mut watcher).await, "the switch itself");
        writing_wakes(&mut watcher, &desk, "b.md").await;
        assert!(root.join("releases/42/b.md").exists());
    }
}
